/*
 * NPZ files, NumPy's container of arrays: a zip of NAME.npy, each a short header and the values.
 *
 *     "\x93NUMPY" 1 0 (2 bytes: length) {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   values
 *
 * Formats 1.0 to 3.0, stored or deflated, as numpy.savez and numpy.savez_compressed write them. The reader knows
 * booleans, whole numbers of 1 to 8 bytes, float16, float32 and float64 in any byte order and either order of dimensions,
 * names arrays of other types without reading their values, and trusts nothing; it knows no network.
 */
#ifndef EXCHANGE_NPZ_H
#define EXCHANGE_NPZ_H

#include "platform/platform.h"

#define NPZ_RANK 8                    /* most dimensions */
#define NPZ_NAME 256                  /* bytes of an array's name with its end */
#define NPZ_LIMIT (UINT64_C(1) << 32) /* most bytes that the arrays of a file may unfold to */

/* The first four as NumPy writes them. */
typedef enum npz_kind {
    NPZ_BOOLEAN = 'b',
    NPZ_SIGNED = 'i',
    NPZ_UNSIGNED = 'u',
    NPZ_FLOAT = 'f',
    NPZ_BFLOAT = 'B', /* bfloat16, which no NPZ file has */
    NPZ_OTHER = '?'   /* values that were not read: `data` is a text that says what they are, `size` is 0 */
} npz_kind;

typedef struct npz_array {
    const char *name;
    npz_kind kind;
    size_t width; /* bytes of a value: 1 for booleans, 1, 2, 4 or 8 for whole numbers, 2, 4 or 8 for floats */
    size_t rank;
    uint64_t shape[NPZ_RANK]; /* last dimension fastest */
    /*
     * The values, size = product of shape, times width. As read: little-endian, whatever the file and the machine have;
     * npz_real has their values. To be written: in the machine's byte order.
     */
    const void *data;
    size_t size;
} npz_array;

typedef struct npz_file {
    npz_array *arrays; /* [count], in the file's order */
    size_t count;
    void **owned; /* [count]: data, with the name behind it */
} npz_file;

/*
 * Reads a file, at `path` or of `size` bytes in memory; `path` is its name in messages. Release it with npz_free, also
 * after a failure. IO; FORMAT, naming array and field; UNSUPPORTED beyond NPZ_LIMIT; MEMORY.
 */
carrynet_status npz_read(npz_file *file, const char *path);
carrynet_status npz_parse(npz_file *file, const char *path, const char *bytes, size_t size);
void npz_free(npz_file *file);

/* The array of that name; NULL if there is none. */
const npz_array *npz_find(const npz_file *file, const char *name);

/* Value i of an array that was read, not of NPZ_OTHER; exact but for whole numbers beyond 2^53. */
double npz_real(const npz_array *array, size_t i);

/* "float32", "uint8", ...; of NPZ_OTHER "other". */
const char *npz_type_name(char name[16], npz_kind kind, size_t width);

/*
 * Writes arrays [count], at least one, in the order given, stored and little-endian: the same input gives the same
 * bytes on every machine. Names must differ. The old file stands until the new one is whole. IO; MEMORY.
 */
carrynet_status npz_write(const char *path, const npz_array *arrays, size_t count);

#endif
