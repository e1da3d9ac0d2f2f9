/*
 * What a foreign network is made of: arrays found by their names (import_names.c, by the table of import_conventions.c) or
 * as --map says (import_map.c), of known shapes and types (import_shapes.c), made into parameters (import_values.c); and the
 * refusals (import_messages.c).
 */
#ifndef EXCHANGE_IMPORT_PARTS_H
#define EXCHANGE_IMPORT_PARTS_H

#include "exchange/foreign.h"
#include <carrynet/import.h>

enum { IMPORT_ARRAYS = CARRYNET_PARAMETERS + 1, IMPORT_SECOND_BIAS = CARRYNET_PARAMETERS, IMPORT_MATRICES = 3 };

/* What becomes of an array of the file. */
typedef enum import_use { IMPORT_FREE = 0, IMPORT_USED, IMPORT_PASSED_OVER } import_use;

typedef struct import_parts {
    const char *names;  /* carrynet_imported.names */
    carrynet_cell cell; /* UNSAID: neither the options nor the names say it */
    bool cell_by_names, cell_guessed;
    /* By carrynet_parameter, and the second bias of the hidden units; NULL where there is none. */
    const foreign_array *arrays[IMPORT_ARRAYS];
    import_use *uses; /* [arrays of the file] */
    bool turned
        [IMPORT_MATRICES]; /* w_xh, w_hh, w_hy are [columns][rows]: until shapes are known, as the names have it */
    bool turns_said;       /* --map says which: the shapes must fit */
    bool either;           /* both orders fit the shapes */
    bool turned_by_shape;  /* the other order than the names have */
    uint64_t networks, inputs, hidden, outputs; /* outputs of the file, two for a bit with two_logits */
    bool two_logits;
    carrynet_precision narrow, wide; /* of the arrays; whole numbers fit in any */
    bool half;                       /* some are float16 or bfloat16 */
} import_parts;

/* A set of names that programs and scripts use; import_conventions.c has the table. */
typedef struct import_convention {
    const char *names; /* "Keras' names" */
    /* Ends of the arrays' paths, after a prefix that they share; "h_0|h0": one of two. NULL where there is none. */
    const char *words[IMPORT_ARRAYS];
    bool head_apart;    /* w_hy and b_y are of a layer of their own, with another prefix, and h_0 may have any */
    bool turned;        /* matrices are [columns][rows] */
    carrynet_cell cell; /* what it has without more; UNSAID: --cell must say it */
} import_convention;

extern const import_convention import_conventions[];
extern const size_t import_convention_count;

/* Orders of arrays without names, by how many there are: places [count]. */
typedef struct import_order {
    size_t count;
    int places[IMPORT_ARRAYS];
} import_order;
extern const import_order import_orders[];
extern const size_t import_order_count;

/* Why a network with such an array is none that can be imported, and what to do; NULL for no known reason. */
const char *import_obstacle(const foreign_array *array);

/* Whether an array is no part of a network, by its name: state of a training. */
bool import_is_beside(const foreign_array *array);

/* Whether a path ends with the word of a convention, or one of its words; *prefix gets the bytes before it. */
bool import_ends_with(size_t *prefix, const char *path, const char *words);

/* Takes what --map names, and marks what it passes over. ARGUMENT, naming the word that is wrong. */
carrynet_status import_take_map(import_parts *parts, const char *path, const foreign_file *file, const char *map);

/* FORMAT: "FILE: WHAT; found: ...", with an example of --map. `name`: the array in question, or NULL. */
carrynet_status import_fail_names(const char *path, const foreign_file *file, const char *name, const char *what);

/* Finds the arrays. Errors of carrynet_import. parts->uses is to be freed, also after a failure. */
carrynet_status import_find(import_parts *parts, const char *path, const foreign_file *file, const char *map);

/* Finds sizes and orders of dimensions. With `strict`, matrices have two dimensions of their own and vectors one. */
carrynet_status import_shapes(import_parts *parts, const char *path, bool strict);

/* Checks the types, and finds the precisions; the values. FORMAT, naming the array. */
carrynet_status import_check_types(import_parts *parts, const char *path);
carrynet_status import_check_values(const import_parts *parts, const char *path);

/* Fills the model's values, whose shape is that of the parts; and what carrynet_imported says of them. */
carrynet_status import_values(carrynet_model *model, carrynet_imported *imported, const char *path,
                              const import_parts *parts);

#endif
