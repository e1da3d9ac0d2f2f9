/*
 * The file of a checkpoint, which is valid only as a whole:
 *
 *     "carrynet checkpoint 1\n"
 *     size of the header, 8 bytes, and the header: a JSON object of texts
 *     the parts, one after another, as they lie in memory (the header says the byte order); their sizes follow from the header
 *     XXH3, 128 bits of all that precedes, 16 bytes, highest first
 *
 * This module knows nothing of trainings. The reader checks the hash first and trusts no size.
 */
#ifndef TRAIN_CHECKPOINT_FILE_H
#define TRAIN_CHECKPOINT_FILE_H

#include "platform/platform.h"

struct checkpoint_part {
    void *data;
    size_t size; /* bytes */
};

struct checkpoint_file {
    char *header; /* NUL-terminated */
    const char *data;
    size_t size; /* bytes of all parts */
    char *bytes; /* owns `data` */
};

/*
 * Writes parts [count] under the header. The previous file at `path` is kept as `previous`; a complete file exists at
 * every moment. IO.
 */
carrynet_status checkpoint_file_write(const char *path, const char *previous, const char *header,
                                      const struct checkpoint_part *parts, size_t count);

/*
 * Reads a file. IO; FORMAT: incomplete, or of another version. Free with checkpoint_file_free, also after a failure.
 */
carrynet_status checkpoint_file_read(struct checkpoint_file *file, const char *path);
void checkpoint_file_free(struct checkpoint_file *file);

#endif
