/*
 * What a body of the engine offers: the reference and OpenCL each fill this table. A body holds parameters and moments
 * of N networks, and one node of gradient sums a network between gradient and update.
 */
#ifndef ENGINE_BODY_H
#define ENGINE_BODY_H

#include "net/pass.h"
#include "opencl/record.h"
#include <carrynet/profile.h>

struct engine_operations {
    void (*free)(void *body);
    uint64_t (*memory)(void *body);
    uint64_t (*need)(void *body); /* the most that memory may become by training and measuring */
    carrynet_status (*get)(void *body, carrynet_part part, size_t first, size_t count, void *values);
    carrynet_status (*set)(void *body, carrynet_part part, size_t first, size_t count, const void *values);

    /* Networks 0, ..., count - 1 become those that were from [count], from[i] >= i, each taken once; the rest leave. */
    carrynet_status (*keep)(void *body, const uint32_t *from, uint32_t count);

    /*
     * Room for the sequences of the next pass: symbols and targets [networks, or 1 if shared][sequences][words], to be
     * filled before it.
     */
    carrynet_status (*stage)(void *body, const struct net_pass *pass, uint32_t **symbols, uint32_t **targets);

    /*
     * Which sequences of network `network` a pass needs from this process: *count from *first on; the others need not be
     * filled. NULL: all.
     */
    void (*wants)(void *body, const struct net_pass *pass, uint32_t network, size_t *first, size_t *count);

    /* The gradient of the staged sequences into the sums. May return before it is done; individuals are copied. */
    carrynet_status (*gradient)(void *body, const struct net_pass *pass, const carrynet_individual *individuals);

    /*
     * The same of sequences pass->first_sequence, ... of the counter-based source of `task`, which the device makes; a
     * multiple of 64. NULL where a body cannot.
     */
    carrynet_status (*gradient_made)(void *body, const struct net_pass *pass, const carrynet_task *task,
                                     const carrynet_individual *individuals);

    /*
     * Trains for `updates` updates with the problems of the counter-based source of `task`, which the device makes;
     * rates [updates][networks]. The sums are then those of the last update. May return before it is done. For no
     * updates it gets its kernels ready. NULL where a body cannot.
     */
    carrynet_status (*train)(void *body, const struct net_pass *pass, const carrynet_task *task,
                             const carrynet_individual *individuals, const struct net_rates *rates, uint32_t updates);

    /* Reads the sums: values [networks][trained] or NULL, and metrics [networks] or NULL (sequences are not set). */
    carrynet_status (*get_sums)(void *body, void *values, carrynet_metrics *metrics);
    carrynet_status (*set_sums)(void *body, const void *values);

    /* Applies the sums over `sequences` sequences: rates [networks], copied. May return before it is done. */
    carrynet_status (*update)(void *body, const struct net_rates *rates, uint64_t sequences);

    carrynet_status (*forward)(void *body, const struct net_pass *pass, const carrynet_forward *outputs);

    /* Records launches from now on (NULL: no longer). NULL where a body has none. */
    void (*record)(void *body, const struct opencl_recorder *recorder);

    /* As in profile.h. */
    carrynet_status (*profile)(void *body, carrynet_profile *profile);
    carrynet_status (*peak)(void *body, double *flops);
};

/* Bytes of a line that names a device and how it is used. */
enum { ENGINE_DESCRIPTION = 512 };

/*
 * Makers: *body to free with operations->free. description is replaced by a line that names the device. The first is the
 * one that chooses: what the options' device and ranks ask for, several devices too.
 */
carrynet_status engine_open_body(void **body, const struct engine_operations **operations,
                                 const carrynet_settings *settings, const carrynet_engine_options *options,
                                 char description[ENGINE_DESCRIPTION]);
carrynet_status engine_one_body(void **body, const struct engine_operations **operations,
                                const carrynet_settings *settings, const carrynet_engine_options *options,
                                char description[ENGINE_DESCRIPTION]);
/* In C: plain, the reference, or not, the backend `host`. */
carrynet_status engine_host_body(void **body, const struct engine_operations **operations,
                                 const carrynet_settings *settings, bool plain);
carrynet_status engine_opencl_body(void **body, const struct engine_operations **operations,
                                   const carrynet_settings *settings, const carrynet_engine_options *options,
                                   char *description, size_t description_size);

/* Lets an engine's launches be recorded from now on, NULL: no longer. The reference has none. */
void engine_record(carrynet_engine *engine, const struct opencl_recorder *recorder);

/* Rate and epsilon of a network's update number `update` (from 0), kernels/ARITHMETIC.md 5. */
struct net_rates engine_rates(const carrynet_settings *settings, double rate, uint64_t update);

#endif
