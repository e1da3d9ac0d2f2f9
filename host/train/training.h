/* A training in progress: the state that the loop (training.c) and its checkpoints (checkpoint.c) share. */
#ifndef TRAIN_TRAINING_H
#define TRAIN_TRAINING_H

#include "comm/collectives.h"
#include "eval/held_out.h"
#include "train/population.h"

struct training {
    const carrynet_settings *settings;
    const carrynet_train_options *options;
    carrynet_engine *engine; /* of the network batch */
    carrynet_engine *plain;  /* the reference with network 0, for samples; created when first needed */
    carrynet_source source;
    carrynet_batch check;
    struct held_out held;
    const carrynet_engine_options *device; /* the caller's, or NULL */
    carrynet_comm *comm;                   /* clocks and callers differ between ranks: decisions are agreed on */
    struct population population;
    struct population_records records;
    uint32_t network_batch, network_batches;
    uint32_t batch_first, batch_count; /* networks at the start of the network batch */
    uint64_t updates;                  /* done in this network batch */
    uint64_t look;                     /* updates before the next call of the observer */
    uint64_t trained;                  /* sequences, of all networks */
    double held_wrong_share;           /* of the held-out problems, when last measured */
    double loss, wrong_share;          /* means of the last batch that was measured */
    bool check_due;                    /* the updates up to a check are done, but not the check */
    bool stop;                         /* the caller's request */
    struct attempts_stop ended;        /* the same request, within proofs */
    double start, reported;            /* start: when the kernels were ready */
    carrynet_outcome *own_outcomes;    /* for checkpoints, if the caller has none */
    uint64_t saved_updates;            /* when this network batch was last saved or restored */
    double saved;                      /* time of that */
    bool saved_at_stop;
};

#endif
