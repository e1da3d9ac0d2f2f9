/*
 * What a file is, by its first bytes, so that a reader who expected something else can say so: one table of formats, with
 * what to do about each. Names of files count for nothing.
 */
#ifndef MODEL_FILE_KIND_H
#define MODEL_FILE_KIND_H

#include "platform/platform.h"

/* Whether the first 8 bytes can be the length of a safetensors header, and a brace follows, after blanks perhaps. */
bool file_kind_is_safetensors(const char *bytes, size_t size);

/* Whether it begins as a zip does; and whether as one that can be an NPZ file, for all its first entry's name says. */
bool file_kind_is_zip(const char *bytes, size_t size);
bool file_kind_is_npz(const char *bytes, size_t size);

/*
 * FORMAT, "PATH: not WANTED but an HDF5 file (Keras, h5py); WHAT TO DO", for a file of `size` bytes that cannot be read as
 * `wanted`, "a safetensors file". OK, without a message, if it is nothing that is known.
 */
carrynet_status file_kind_refuse(const char *path, const char *wanted, const char *bytes, size_t size);

#endif
