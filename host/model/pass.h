/* The descriptor of a pass over sequences, from the engine to the backends and back. */
#ifndef MODEL_PASS_H
#define MODEL_PASS_H

#include "model/limits.h"
#include <carrynet/engine.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A pass over sequences, forward alone or with the gradient: what the engine asks of a backend, and what the backend gives
 * back when it has staged it.
 */
struct net_pass {
    size_t sequences; /* of one network */
    size_t steps;
    size_t symbol_words;
    size_t target_words;
    bool shared; /* all networks read the same sequences: staged once */
    uint64_t
        first_sequence; /* place of the first one in the update's batch: names its noise, and the generated problem */
    const carrynet_task
        *task; /* a backend that can generates the problems of its counter-based source; NULL: none does */
    const carrynet_network_config
        *configs;     /* gradient: [networks], whose noise and problems; NULL: forward, no noise */
    bool measures;    /* forward: all that is asked for are metrics */
    bool resume;      /* forward: h[0] comes from the state */
    bool until_wrong; /* forward: a network may stop where it was wrong */

    /* Of a staged pass, to be filled: [networks, or 1 if shared][sequences][words]. NULL: the backend generates them. */
    uint32_t *symbols;
    uint32_t *targets;
};

/* The pass of one update of networks, whose problems the backend may generate if it is given their task. */
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

/* The largest pass with which training measures. */
static inline struct net_pass net_measuring_pass(const carrynet_settings *settings)
{
    struct net_pass pass = net_training_pass(settings, NULL, NULL);
    pass.sequences = net_measured_sequences(settings->steps);
    pass.shared = true;
    pass.measures = true;
    return pass;
}

#endif
