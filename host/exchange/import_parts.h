/* What a foreign network is made of: arrays found by name (import_names.c), made into parameters (import_values.c). */
#ifndef EXCHANGE_IMPORT_PARTS_H
#define EXCHANGE_IMPORT_PARTS_H

#include "exchange/foreign.h"
#include <carrynet/import.h>

enum { IMPORT_ARRAYS = CARRYNET_PARAMETERS + 1, IMPORT_SECOND_BIAS = CARRYNET_PARAMETERS };

typedef struct import_parts {
    carrynet_names names;
    carrynet_cell cell;
    /* By carrynet_parameter, and the second bias of the hidden units; NULL where there is none. */
    const foreign_array *arrays[IMPORT_ARRAYS];
    bool transposed; /* matrices are [columns][rows] */
    uint64_t networks, inputs, hidden, outputs;
    carrynet_precision narrow, wide; /* of the arrays */
} import_parts;

/* Finds the arrays and checks names, types, shapes and values. Errors of carrynet_import. */
carrynet_status import_find(import_parts *parts, const char *path, const foreign_file *file, carrynet_cell cell);

/* Fills the model's values, whose shape is that of the parts; and what carrynet_imported says of them. */
carrynet_status import_values(carrynet_model *model, carrynet_imported *imported, const char *path,
                              const import_parts *parts);

#endif
