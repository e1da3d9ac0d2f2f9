/* The header of an NPY array (format in npz.h). */
#ifndef EXCHANGE_NPZ_HEADER_H
#define EXCHANGE_NPZ_HEADER_H

#include "exchange/npz.h"

/* Most bytes of a header, including the bytes before it: NumPy's own limit and its padding. */
#define NPZ_HEADER 10240
#define NPZ_WHY 256 /* bytes of a reason, with its NUL */

typedef struct npz_layout {
    npz_kind kind; /* NPZ_OTHER: unknown type; width and bytes are 0 */
    size_t width;
    bool swapped; /* the most significant byte first */
    bool fortran; /* the first dimension varies fastest, and there are several */
    size_t rank;
    uint64_t shape[NPZ_RANK];
    uint64_t bytes;     /* of the values */
    size_t data_begins; /* bytes before the values */
} npz_layout;

/*
 * Reads the header from the first `size` bytes of an array's file. False, with the reason in `why`. For NPZ_OTHER,
 * `why` describes the values.
 */
bool npz_header_read(npz_layout *layout, char why[NPZ_WHY], const char *bytes, size_t size);

/* Writes the header of an array whose values follow, little-endian; returns its bytes. */
size_t npz_header_write(char header[NPZ_HEADER], const npz_array *array);

/* Reverses the byte order of `count` values. */
void npz_swap_bytes(unsigned char *data, size_t count, size_t width);

#endif
