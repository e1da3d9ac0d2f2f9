/* The arrays of another program's file, safetensors or NPZ, in one form. */
#ifndef EXCHANGE_FOREIGN_H
#define EXCHANGE_FOREIGN_H

#include "exchange/npz.h"
#include "model/safetensors.h"
#include "platform/platform.h"

#define FOREIGN_RANK 8

typedef struct foreign_array {
    const char *name;
    const char *path; /* the name as words separated by '/': "cell.weight:0" and "['cell']['weight']" are cell/weight */
    char type[16];    /* "float32" */
    size_t rank;
    uint64_t shape[FOREIGN_RANK];
    size_t size;      /* values */
    npz_array values; /* little-endian; NPZ_OTHER, with a description, if they are not readable numbers */
} foreign_array;

typedef struct foreign_file {
    foreign_array *arrays; /* [count], in the file's order */
    size_t count;
    const char *task; /* JSON of the task if the file is a Carrynet model; else NULL */
    safetensors_file tensors;
    npz_file zipped;
    char *bytes; /* contents of the file, to which tensors points */
    char *paths; /* of the arrays */
} foreign_file;

/*
 * Reads a file; free with foreign_free, also after a failure. IO; FORMAT, naming array and field; UNSUPPORTED; MEMORY.
 */
carrynet_status foreign_read(foreign_file *file, const char *path);
void foreign_free(foreign_file *file);

/* The array of that name; NULL if there is none. */
const foreign_array *foreign_find(const foreign_file *file, const char *name);

/* Value i; exact. */
double foreign_value(const foreign_array *array, size_t i);

/* "[16, 2]". Returns text. */
enum { FOREIGN_SHAPE = 200 };
const char *foreign_shape(char text[FOREIGN_SHAPE], const uint64_t *shape, size_t rank);

#endif
