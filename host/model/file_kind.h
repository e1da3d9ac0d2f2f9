/*
 * Identifies a file by its first bytes, so that a reader that expected another format can say what the file is: one
 * table of formats, with advice for each. File names are ignored.
 */
#ifndef MODEL_FILE_KIND_H
#define MODEL_FILE_KIND_H

#include "platform/platform.h"

/* Whether the first 8 bytes can be the length of a safetensors header and a brace follows, perhaps after blanks. */
bool file_kind_is_safetensors(const char *bytes, size_t size);

/* Whether the file begins as a zip; and whether, by its first entry's name, the zip can be an NPZ file. */
bool file_kind_is_zip(const char *bytes, size_t size);
bool file_kind_is_npz(const char *bytes, size_t size);

/*
 * FORMAT, "PATH: not WANTED but an HDF5 file (Keras, h5py); WHAT TO DO", for a file of `size` bytes that cannot be read
 * as `wanted`, such as "a safetensors file". OK, without a message, if the format is unknown.
 */
carrynet_status file_kind_refuse(const char *path, const char *wanted, const char *bytes, size_t size);

#endif
