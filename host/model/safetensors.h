/*
 * Safetensors files: an 8-byte little-endian header length, a JSON header, and the tensors' bytes, little-endian.
 *
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}}
 *
 * Offsets count from the end of the header. The reader knows the width of every type of the format, does not interpret
 * values, and trusts nothing; it knows nothing of networks.
 */
#ifndef MODEL_SAFETENSORS_H
#define MODEL_SAFETENSORS_H

#include "platform/platform.h"

#define SAFETENSORS_RANK 8           /* most dimensions */
#define SAFETENSORS_HEADER 100000000 /* most bytes of a header */
#define SAFETENSORS_VALUES 1000000   /* most values of a header, about ten per tensor */
#define SAFETENSORS_QUOTE 64         /* most bytes that safetensors_quote writes */

typedef enum safetensors_type {
    SAFETENSORS_BOOL = 0,
    SAFETENSORS_U8,
    SAFETENSORS_I8,
    SAFETENSORS_U16,
    SAFETENSORS_I16,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_U32,
    SAFETENSORS_I32,
    SAFETENSORS_F32,
    SAFETENSORS_U64,
    SAFETENSORS_I64,
    SAFETENSORS_F64,
    SAFETENSORS_OTHER /* floats of 4, 6 or 8 bits, complex numbers: see `dtype` */
} safetensors_type;

typedef struct safetensors_tensor {
    const char *name;
    safetensors_type type;
    const char *dtype; /* as in the file; not used for writing */
    size_t rank;
    uint64_t shape[SAFETENSORS_RANK];
    const unsigned char *data; /* [size], at any alignment */
    size_t size;               /* bytes: product of shape, times the width of a value */
} safetensors_tensor;

typedef struct safetensors_entry {
    const char *key;
    const char *value;
} safetensors_entry;

typedef struct safetensors_file {
    safetensors_tensor *tensors; /* [tensor_count], in the order of their data, without gap or overlap */
    size_t tensor_count;
    safetensors_entry *metadata; /* [metadata_count], in the order of the header */
    size_t metadata_count;
    void *header; /* owns names and metadata */
    char *bytes;  /* owns the data if safetensors_read read them */
} safetensors_file;

/*
 * Reads a file at `path`, or of `size` bytes in memory that must outlive *file; `path` is then its name in messages.
 * Free with safetensors_free, also after a failure. IO; FORMAT, naming the field; MEMORY.
 */
carrynet_status safetensors_read(safetensors_file *file, const char *path);
carrynet_status safetensors_parse(safetensors_file *file, const char *path, const char *bytes, size_t size);
void safetensors_free(safetensors_file *file);

/* The tensor, or the metadata text, of that name; NULL if there is none. */
const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name);
const char *safetensors_metadata(const safetensors_file *file, const char *key);

/*
 * Writes tensors and metadata in the given order; equal input gives equal bytes. Names must differ. The old file stays
 * until the new file is complete. IO; ARGUMENT for text that is not UTF-8 or a header beyond the limit; MEMORY.
 */
carrynet_status safetensors_write(const char *path, const safetensors_tensor *tensors, size_t tensor_count,
                                  const safetensors_entry *metadata, size_t metadata_count);

/* Makes an untrusted text fit for a message: shortened, with control and non-ASCII bytes as '?'. Returns quote. */
const char *safetensors_quote(char quote[SAFETENSORS_QUOTE], const char *text);

#endif
