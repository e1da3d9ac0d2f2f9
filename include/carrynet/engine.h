/*
 * The engine: N networks of one shape on one device, with one interface for OpenCL, for C (`host`), and for the plain C
 * reference. All give the same bits (kernels/ARITHMETIC.md).
 *
 * Arrays named "values" are float or double by the engine's precision. Calls block until their results are there;
 * carrynet_engine_update, and carrynet_engine_train without metrics, may return while the device works.
 */
#ifndef CARRYNET_ENGINE_H
#define CARRYNET_ENGINE_H

#include <carrynet/comm.h>
#include <carrynet/device.h>
#include <carrynet/problem.h>
#include <carrynet/settings.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct carrynet_engine carrynet_engine;

/* How a device trains with problems that it generates itself. All give the same bits. */
typedef enum carrynet_launches {
    CARRYNET_LAUNCHES_AUTO = 0, /* fused updates for small or many networks, else steps */
    CARRYNET_LAUNCHES_STEPS,    /* a launch for each step of an update */
    CARRYNET_LAUNCHES_FUSED, /* SIMD variant: many fused updates in a launch, a worker a network; SIMT variant: steps */
    CARRYNET_LAUNCHES_INTERLEAVED /* SIMD variant: likewise, a network a vector lane; SIMT variant: steps */
} carrynet_launches;

typedef struct carrynet_engine_options {
    /*
     * "P:D", "gpu", "cpu", part of a name, "host" or "reference" (tiled or plain C on one core), case does not matter;
     * NULL or "auto": a GPU, else an OpenCL CPU, else host. "P:D/N": N equal parts of a device, each a device of its
     * own. A list with commas, or "all" (every OpenCL device), computes on several devices together; the second "gpu"
     * of a list is the second GPU.
     */
    const char *device;
    /*
     * NULL: this process alone. Otherwise every call that creates, trains, reads or runs the engine is collective, and
     * the ranks of a machine take the devices that `device` names there in turn.
     */
    carrynet_comm *comm;
    carrynet_kernel_variant kernel_variant;
    bool allow_inexact;       /* go on with a device that is not admitted, without the promise of equal bits */
    uint32_t work_group_size; /* SIMT variant; 0: chosen from the device */
    uint32_t lanes;           /* SIMD variant: vector width 4, 8 or 16; 0: chosen from the device */
    uint32_t work_items;      /* work-items (SIMD variant) or groups (SIMT variant) of a launch; 0: chosen */
    carrynet_launches launches;
    bool profile;                /* time the kernels, for carrynet_engine_profile */
    bool divide_by_newton;       /* use the forms without divide instructions even where they are not needed */
    bool reciprocal_by_quotient; /* SIMT variant: divide even where the device's approximate reciprocals would do */
} carrynet_engine_options;

/* All automatic. */
CARRYNET_API void carrynet_engine_options_init(carrynet_engine_options *options);

/* The configuration of one network; ranges as in settings.h. Networks of an engine may differ in every field. */
typedef struct carrynet_network_config {
    uint64_t seed;         /* key of its initial weights and noise */
    uint64_t problem_seed; /* key of its problems; the program uses the seed */
    uint64_t updates;      /* optimizer updates done */
    double rate;           /* learning rate before the schedule */
    double noise;
    double scale; /* of its initial weights */
} carrynet_network_config;

/* The configuration of network `network` of these settings before its first update. */
CARRYNET_API carrynet_network_config carrynet_network_config_of(const carrynet_settings *settings, uint32_t network);

/* Measurements of one network over the sequences of a pass. */
typedef struct carrynet_metrics {
    double loss;           /* summed over the sequences */
    double absolute_error; /* |target - y|, summed over sequences, steps and outputs */
    uint64_t wrong_bits;
    uint64_t wrong_sequences; /* sequences with at least one wrong bit */
    uint64_t sequences;
} carrynet_metrics;

typedef enum carrynet_part {
    CARRYNET_PART_PARAMETERS = 0, /* [shape size] values a network */
    CARRYNET_PART_FIRST_MOMENT,   /* momentum and adam: [trained] values a network */
    CARRYNET_PART_SECOND_MOMENT   /* rmsprop and adam: [trained] values a network, scaled by 2^40 */
} carrynet_part;

/*
 * Makes an engine for settings->networks networks, initialised from their seeds (settings->seed + i), moments zero. The
 * caller frees it. Memory is computed before anything is allocated: MEMORY states the need and the device's limit.
 * ARGUMENT: the settings are invalid. DEVICE: no device matches (the message lists them), the device is not admitted,
 * the host fails carrynet_host_admit, or an OpenCL call fails (the message has its name and the build log).
 * UNSUPPORTED: the device lacks fp64.
 */
CARRYNET_API carrynet_status carrynet_engine_create(carrynet_engine **engine, const carrynet_settings *settings,
                                                    const carrynet_engine_options *options);
CARRYNET_API void carrynet_engine_free(carrynet_engine *engine);

/* One line: the device, how it was chosen, the kernel variant. Valid as long as the engine. */
CARRYNET_API const char *carrynet_engine_description(const carrynet_engine *engine);

/* The settings given at creation, except that `networks` is the current number. Valid as long as the engine. */
CARRYNET_API const carrynet_settings *carrynet_engine_settings(const carrynet_engine *engine);

/* Bytes that the engine holds now on the devices of this process. */
CARRYNET_API uint64_t carrynet_engine_memory(const carrynet_engine *engine);

/*
 * Bytes on the device that training with these settings and tests of exactness need at most, computed before anything
 * was allocated. Passes that return h, y or z need memory for these in addition.
 */
CARRYNET_API uint64_t carrynet_engine_need(const carrynet_engine *engine);

/* The networks' configurations, [networks]. The engine owns them; the caller may read and change them between calls. */
CARRYNET_API carrynet_network_config *carrynet_engine_network_configs(carrynet_engine *engine);

/*
 * Reads or replaces a part of the state of networks first, ..., first + count - 1. ARGUMENT: no such part or network.
 */
CARRYNET_API carrynet_status carrynet_engine_get(carrynet_engine *engine, carrynet_part part, size_t first,
                                                 size_t count, void *values);
CARRYNET_API carrynet_status carrynet_engine_set(carrynet_engine *engine, carrynet_part part, size_t first,
                                                 size_t count, const void *values);

/*
 * Reinitialises networks first, ..., first + count - 1 from the seed and scale of their configurations: new weights,
 * zero moments, zero updates. ARGUMENT: no such network.
 */
CARRYNET_API carrynet_status carrynet_engine_initialize(carrynet_engine *engine, size_t first, size_t count);

/*
 * Removes the networks whose stays [networks] is false; at least one must stay. The others become networks 0, ...,
 * *count - 1: a network below *count keeps its number, the others take the free numbers in order, and network i was
 * network from[i] (from [networks]; *count entries are written). State and configurations move along and change no bit.
 * From then on launches are smaller, and every array [networks] has *count entries. ARGUMENT: no network stays. After
 * any other error the engine can only be freed.
 */
CARRYNET_API carrynet_status carrynet_engine_compact(carrynet_engine *engine, const bool *stays, uint32_t *from,
                                                     uint32_t *count);

/*
 * Trains every network for `updates` updates with problems from the source. metrics [networks]: of the last update's
 * batch; or NULL. NUMERIC, naming seed and update, if every loss that is read is NaN or infinite; a single diverged
 * network among others shows only in its metrics. With updates = 0 the device compiles its kernels, so that a caller
 * can start a clock afterwards.
 */
CARRYNET_API carrynet_status carrynet_engine_train(carrynet_engine *engine, const carrynet_source *source,
                                                   uint64_t updates, carrynet_metrics *metrics);

/*
 * The gradient alone, summed (not averaged) over a batch that all networks share, as a partial sum of the reduction
 * tree: values [networks][trained]; metrics [networks] or NULL. `update` selects the noise; first_sequence (a multiple
 * of 64) is the batch's offset within the update's batch.
 */
CARRYNET_API carrynet_status carrynet_engine_gradient(carrynet_engine *engine, const carrynet_batch *batch,
                                                      uint64_t update, uint64_t first_sequence, void *values,
                                                      carrynet_metrics *metrics);

/* Applies gradients [networks][trained], summed over `sequences` sequences, as one update of every network. */
CARRYNET_API carrynet_status carrynet_engine_update(carrynet_engine *engine, const void *values, uint64_t sequences);

/*
 * Forward alone, without noise, over a batch that all networks share. Any output may be NULL.
 *     metrics [networks];  y and z [networks][sequences][steps][outputs];  h [networks][sequences][steps][hidden]
 * state [networks][sequences][hidden]: if not NULL, h[0] is read from it where resume is set, and the last h is written
 * to it, so that long sequences can be streamed.
 * until_wrong, with metrics alone: a network may stop at its first wrong sequences, since all that is asked is whether
 * wrong_sequences is 0; the other metrics are then not defined.
 */
typedef struct carrynet_forward {
    carrynet_metrics *metrics;
    void *y;
    void *z;
    void *h;
    void *state;
    bool resume;
    bool until_wrong;
} carrynet_forward;
CARRYNET_API carrynet_status carrynet_engine_forward(carrynet_engine *engine, const carrynet_batch *batch,
                                                     const carrynet_forward *outputs);

#ifdef __cplusplus
}
#endif

#endif
