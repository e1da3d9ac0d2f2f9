/*
 * A training on its way: what the loop (training.c) and its checkpoints (checkpoint.c) share.
 */
#ifndef TRAIN_TRAINING_H
#define TRAIN_TRAINING_H

#include "comm/collectives.h"
#include "eval/held_out.h"
#include "train/population.h"

struct training {
    const carrynet_settings *settings;
    const carrynet_train_options *options;
    carrynet_engine *engine; /* of the network batch */
    carrynet_engine *plain;  /* the reference with network 0, for samples; made when first needed */
    carrynet_source source;
    carrynet_batch check;
    struct held_out held;
    const carrynet_engine_options *device; /* the caller's, or NULL */
    carrynet_comm *comm;                   /* whose clocks and callers may differ: what they decide is agreed on */
    struct population population;
    struct population_records records;
    uint32_t network_batch, network_batches;
    uint32_t batch_first, batch_count; /* networks that the network batch began with */
    uint64_t updates;                  /* done in this network batch */
    uint64_t look;                     /* updates before the observer looks again */
    uint64_t trained;                  /* sequences, of all networks */
    double held_wrong_share;           /* of the held-out problems, when last measured */
    double loss, wrong_share;          /* means of the last batch that was measured */
    bool check_due;                    /* the updates up to a check are done, the check itself is not */
    bool stop;                         /* the caller's request */
    struct attempts_stop ended;        /* the same, within proofs */
    double start, reported;            /* the kernels are ready at the start */
    carrynet_outcome *own_outcomes;    /* for checkpoints, where the caller has none */
    uint64_t saved_updates;            /* where the last checkpoint of this network batch was written, or read */
    double saved;                      /* when */
    bool saved_at_stop;
};

#endif
