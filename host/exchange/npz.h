/*
 * NPZ files, NumPy's container of arrays: a zip of NAME.npy files, each a short header and the values.
 *
 *     "\x93NUMPY" 1 0 (2 bytes: length) {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   values
 *
 * Formats 1.0 to 3.0, stored or deflated, as numpy.savez and numpy.savez_compressed write them. The reader supports
 * booleans, whole numbers of 1 to 8 bytes, float16, float32 and float64 in either byte order and either order of
 * dimensions. It lists arrays of other types without reading their values, trusts nothing, and knows nothing of
 * networks.
 */
#ifndef EXCHANGE_NPZ_H
#define EXCHANGE_NPZ_H

#include "platform/platform.h"

#define NPZ_RANK 8                    /* most dimensions */
#define NPZ_NAME 256                  /* bytes of an array's name, with its NUL */
#define NPZ_LIMIT (UINT64_C(1) << 32) /* most uncompressed bytes of the arrays of a file */

/* The first four as NumPy names them. */
typedef enum npz_kind {
    NPZ_BOOLEAN = 'b',
    NPZ_SIGNED = 'i',
    NPZ_UNSIGNED = 'u',
    NPZ_FLOAT = 'f',
    NPZ_BFLOAT = 'B', /* bfloat16, which NPZ files do not have */
    NPZ_OTHER = '?'   /* values that were not read: `data` is a text that describes them, `size` is 0 */
} npz_kind;

typedef struct npz_array {
    const char *name;
    npz_kind kind;
    size_t width; /* bytes of a value: 1 for booleans, 1, 2, 4 or 8 for whole numbers, 2, 4 or 8 for floats */
    size_t rank;
    uint64_t shape[NPZ_RANK]; /* last dimension fastest */
    /*
     * The values, size = product of shape, times width. After reading: little-endian, whatever the byte order of file
     * and machine; read them with npz_real. For writing: in the machine's byte order.
     */
    const void *data;
    size_t size;
} npz_array;

typedef struct npz_file {
    npz_array *arrays; /* [count], in the file's order */
    size_t count;
    void **owned; /* [count]: data, followed by the name */
} npz_file;

/*
 * Reads a file at `path`, or of `size` bytes in memory; `path` is then its name in messages. Free with npz_free, also
 * after a failure. IO; FORMAT, naming array and field; UNSUPPORTED beyond NPZ_LIMIT; MEMORY.
 */
carrynet_status npz_read(npz_file *file, const char *path);
carrynet_status npz_parse(npz_file *file, const char *path, const char *bytes, size_t size);
void npz_free(npz_file *file);

/* The array of that name; NULL if there is none. */
const npz_array *npz_find(const npz_file *file, const char *name);

/* Value i of an array that was read and is not of NPZ_OTHER; exact except for whole numbers beyond 2^53. */
double npz_real(const npz_array *array, size_t i);

/* "float32", "uint8", ...; "other" for NPZ_OTHER. */
const char *npz_type_name(char name[16], npz_kind kind, size_t width);

/*
 * Writes arrays [count], at least one, in the given order, stored and little-endian: equal input gives equal bytes on
 * every machine. Names must differ. The old file stays until the new file is complete. IO; MEMORY.
 */
carrynet_status npz_write(const char *path, const npz_array *arrays, size_t count);

#endif
