/*
 * A model: N trained networks of one shape with the settings that made them, and its file.
 *
 * The file is safetensors: w_xh [N,I,H], w_hh [N,H,H], w_hy [N,H,O], and where present b_h [N,H], b_y [N,O], h_0 [N,H],
 * F32 or F64; metadata: the task table, the settings, seed and updates of every network, the versions of arithmetic and
 * defaults. Equal runs give equal files: nothing in it depends on device, threads or time.
 */
#ifndef CARRYNET_MODEL_H
#define CARRYNET_MODEL_H

#include <carrynet/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The record of one network. */
typedef struct carrynet_network {
    uint64_t seed;
    uint64_t updates; /* optimizer updates done */
    bool exact;       /* right on the whole validation set when it was last tested */
} carrynet_network;

typedef struct carrynet_model carrynet_model;

/* A model with settings->networks networks, values and records zeroed except seeds. MEMORY, ARGUMENT. */
CARRYNET_API carrynet_status carrynet_model_create(carrynet_model **model, const carrynet_settings *settings);
CARRYNET_API void carrynet_model_free(carrynet_model *model);

/* The settings; networks is the number of networks that the model holds. Valid as long as the model. */
CARRYNET_API const carrynet_settings *carrynet_model_settings(const carrynet_model *model);

/*
 * The parameters, float or double by the precision: [networks][carrynet_shape_size]; and the records: [networks]. The
 * model owns both.
 */
CARRYNET_API void *carrynet_model_values(carrynet_model *model);
CARRYNET_API const void *carrynet_model_values_const(const carrynet_model *model);
CARRYNET_API carrynet_network *carrynet_model_networks(carrynet_model *model);
CARRYNET_API const carrynet_network *carrynet_model_networks_const(const carrynet_model *model);

/*
 * A model of the networks which [count] of another, in that order, with the seed of the first as its settings' seed: of
 * one network it is the model of its lone run. The caller's, to free with carrynet_model_free. MEMORY; ARGUMENT: none,
 * or no such network.
 */
CARRYNET_API carrynet_status carrynet_model_select(carrynet_model **model, const carrynet_model *from,
                                                   const uint32_t *which, size_t count);

/*
 * Writes the file: to a temporary file beside it, synced, then renamed, so that the old file stands until the new one
 * is whole. A pipe or device (/dev/stdout, /dev/fd/N) is written directly, from its current position; writing to a pipe
 * without a reader raises SIGPIPE. IO names the path and the failing call. NUMERIC, before anything is written, for a
 * weight that is NaN, infinite or beyond 2^60, since such a file could not be loaded.
 */
CARRYNET_API carrynet_status carrynet_model_save(const carrynet_model *model, const char *path);

/*
 * Reads a file, or a pipe to its end. Sizes are checked before they are trusted. IO if it cannot be read; FORMAT, naming the field, if it is
 * truncated, has offsets outside the file, wrong types or shapes, NaN or infinite weights, or another version of the
 * arithmetic. The caller frees the model with carrynet_model_free.
 */
CARRYNET_API carrynet_status carrynet_model_load(carrynet_model **model, const char *path);

/*
 * SHA-256 of one network in hexadecimal: of the line "carrynet network PRECISION I H O BIAS STATE\n" (32 or 64; sizes;
 * 0 or 1 for biases and h_0) and its parameters in file order, little-endian. ARGUMENT: no such network; MEMORY.
 */
#define CARRYNET_DIGEST_TEXT 65 /* bytes of it with its end */
CARRYNET_API carrynet_status carrynet_network_digest(char digest[CARRYNET_DIGEST_TEXT], const carrynet_model *model,
                                                     size_t network);

/* IO, with the reason, if `path` could not be written now. Leaves nothing behind. */
CARRYNET_API carrynet_status carrynet_writable(const char *path);

#ifdef __cplusplus
}
#endif

#endif
