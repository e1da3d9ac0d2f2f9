/*
 * The stages of an import. Arrays are found by their names (import_names.c, with the table of import_conventions.c) or
 * by --map (import_map.c), checked for shapes and types (import_shapes.c), and converted to parameters
 * (import_values.c). import_messages.c has the error messages.
 */
#ifndef EXCHANGE_IMPORT_PARTS_H
#define EXCHANGE_IMPORT_PARTS_H

#include "exchange/foreign.h"
#include <carrynet/import.h>

enum { IMPORT_ARRAYS = CARRYNET_PARAMETERS + 1, IMPORT_SECOND_BIAS = CARRYNET_PARAMETERS, IMPORT_MATRICES = 3 };

/* How an array of the file is used. */
typedef enum import_use { IMPORT_FREE = 0, IMPORT_USED, IMPORT_PASSED_OVER } import_use;

typedef struct import_parts {
    const char *names;  /* carrynet_imported.names */
    carrynet_cell cell; /* UNSAID: neither the options nor the names determine it */
    bool cell_by_names, cell_guessed;
    /* Indexed by carrynet_parameter, then the second bias of the hidden units; NULL if missing. */
    const foreign_array *arrays[IMPORT_ARRAYS];
    import_use *uses;             /* [arrays of the file] */
    bool turned[IMPORT_MATRICES]; /* w_xh, w_hh, w_hy are [columns][rows]; until shapes are known, by the names */
    bool turns_said;              /* --map determines the order: the shapes must fit */
    bool either;                  /* both orders fit the shapes */
    bool turned_by_shape;         /* the order is not the one of the names */
    uint64_t networks, inputs, hidden, outputs; /* outputs of the file; with two_logits two per bit */
    bool two_logits;
    carrynet_precision narrow, wide; /* of the arrays; whole numbers fit any */
    bool half;                       /* some are float16 or bfloat16 */
} import_parts;

/* A set of names that programs and scripts use; import_conventions.c has the table. */
typedef struct import_convention {
    const char *names; /* "Keras' names" */
    /* Ends of the arrays' paths, after a common prefix; "h_0|h0": either. NULL if there is none. */
    const char *words[IMPORT_ARRAYS];
    bool head_apart;    /* w_hy and b_y belong to a separate layer with another prefix; h_0 may have any */
    bool turned;        /* matrices are [columns][rows] */
    carrynet_cell cell; /* its default cell; UNSAID: --cell must say */
} import_convention;

extern const import_convention import_conventions[];
extern const size_t import_convention_count;

/* The order of unnamed arrays, by their number: places [count]. */
typedef struct import_order {
    size_t count;
    int places[IMPORT_ARRAYS];
} import_order;
extern const import_order import_orders[];
extern const size_t import_order_count;

/* Why a network with such an array cannot be imported, and advice; NULL if no reason is known. */
const char *import_obstacle(const foreign_array *array);

/* Whether the name shows that an array does not belong to a network: state of a training. */
bool import_is_beside(const foreign_array *array);

/*
 * Whether a path ends with the word of a convention, or with one of its alternatives; *prefix becomes the number of
 * bytes before it.
 */
bool import_ends_with(size_t *prefix, const char *path, const char *words);

/* Takes the arrays that --map names and marks those that it skips. ARGUMENT, naming the wrong word. */
carrynet_status import_take_map(import_parts *parts, const char *path, const foreign_file *file, const char *map);

/* FORMAT: "FILE: WHAT; found: ...", with an example of --map. `name`: the array in question, or NULL. */
carrynet_status import_fail_names(const char *path, const foreign_file *file, const char *name, const char *what);

/* Finds the arrays. Errors of carrynet_import. The caller frees parts->uses, also after a failure. */
carrynet_status import_find(import_parts *parts, const char *path, const foreign_file *file, const char *map);

/*
 * Determines sizes and orders of dimensions. With `strict`, matrices must have exactly two dimensions and vectors one.
 */
carrynet_status import_shapes(import_parts *parts, const char *path, bool strict);

/* Check the types and determine the precisions; check the values. FORMAT, naming the array. */
carrynet_status import_check_types(import_parts *parts, const char *path);
carrynet_status import_check_values(const import_parts *parts, const char *path);

/*
 * Fills the values of the model, which has the shape of the parts, and the members of *imported that describe them.
 */
carrynet_status import_values(carrynet_model *model, carrynet_imported *imported, const char *path,
                              const import_parts *parts);

#endif
