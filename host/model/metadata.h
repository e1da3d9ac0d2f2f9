/* The metadata of a model file, all that it holds besides the weights (keys in metadata.c). */
#ifndef MODEL_METADATA_H
#define MODEL_METADATA_H

#include "model/safetensors.h"
#include <carrynet/model.h>

/* The settings as texts: `always` entries that every file has, then entries that only some files have. */
enum { METADATA_ENTRIES = 32 };
struct metadata_entries {
    safetensors_entry entries[METADATA_ENTRIES]; /* [count], pointing into the other members and into the settings */
    size_t count, always;
    char *task;
    char texts[METADATA_ENTRIES][SYS_NUMBER];
};

/*
 * Creates the entries of settings; the settings must outlive them, and *made must not move. Free with
 * metadata_entries_free, also after a failure. MEMORY.
 */
carrynet_status metadata_entries_make(struct metadata_entries *made, const carrynet_settings *settings);
void metadata_entries_free(struct metadata_entries *made);

/*
 * Writes the file: tensors, with the metadata of settings and networks [settings->networks]. Errors of
 * safetensors_write.
 */
carrynet_status metadata_write(const char *path, const safetensors_tensor *tensors, size_t tensor_count,
                               const carrynet_settings *settings, const carrynet_network *networks);

/*
 * Reads the settings except hidden, bias, initial_state and networks, which the tensors give; carrynet_settings_check
 * tests their ranges. FORMAT, naming the field, also for another version of the arithmetic.
 */
carrynet_status metadata_read(carrynet_settings *settings, const char *path, const safetensors_file *file);

/* Reads the records of `count` networks. FORMAT, naming the field. */
carrynet_status metadata_read_networks(carrynet_network *networks, size_t count, const char *path,
                                       const safetensors_file *file);

#endif
