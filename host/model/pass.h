/* The descriptor of a pass over sequences, passed between the engine and the backends. */
#ifndef MODEL_PASS_H
#define MODEL_PASS_H

#include "model/limits.h"
#include <carrynet/engine.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pass over sequences, forward only or with the gradient: the engine's request to a backend, and the backend's answer
 * once the pass is staged.
 */
struct net_pass {
    size_t sequences; /* of one network */
    size_t steps;
    size_t symbol_words;
    size_t target_words;
    bool shared;               /* all networks read the same sequences: staged once */
    uint64_t first_sequence;   /* index of the first one in the batch: selects noise and generated problem */
    const carrynet_task *task; /* source of generated problems; NULL: the backend generates none */
    const carrynet_network_config *configs; /* gradient: [networks], for noise and problems; NULL: forward, no noise */
    bool measures;                          /* forward: only metrics are asked for */
    bool resume;                            /* forward: h[0] comes from the state */
    bool until_wrong;                       /* forward: a network may stop after a wrong output */

    /* To be filled after staging: [networks, or 1 if shared][sequences][words]. NULL: the backend generates them. */
    uint32_t *symbols;
    uint32_t *targets;
};

/* The pass of one update; given the networks' task, the backend may generate the problems. */
static inline struct net_pass net_training_pass(const carrynet_settings *settings, const carrynet_task *task,
                                                const carrynet_network_config *configs)
{
    return (struct net_pass){
        .sequences = settings->batch,
        .steps = settings->steps,
        .symbol_words = carrynet_packed_words(settings->shape.inputs, settings->steps),
        .target_words = carrynet_packed_words(settings->shape.outputs, settings->steps),
        .task = task,
        .configs = configs,
    };
}

/* The largest pass with which training measures exactness. */
static inline struct net_pass net_measuring_pass(const carrynet_settings *settings)
{
    struct net_pass pass = net_training_pass(settings, NULL, NULL);
    pass.sequences = net_measured_sequences(settings->steps);
    pass.shared = true;
    pass.measures = true;
    return pass;
}

#endif
