/*
 * Checkpoints of a training: when one is due, what it holds, and how a training goes on from it. The settings stand in
 * the file as texts and are only ever compared; every size follows from them and from the number of networks in
 * training.
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "train/checkpoint_file.h"
#include "train/training.h"

/* What a training goes on from. */
struct checkpoint {
    bool found;
    uint32_t batch_first, running; /* networks of the engine that is needed */
    double seconds;                /* spent before */
    struct checkpoint_file file;
};

/*
 * Looks for one, where the options want to go on from one, and compares it with the settings; says to the caller what
 * it found; removes, if it tidies, what killed writers left. UNSUPPORTED with a source of the caller's. ARGUMENT, FORMAT, IO as carrynet_train says.
 */
carrynet_status checkpoint_find(struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, bool tidies);

/*
 * ARGUMENT, naming rank and difference, unless all ranks have the same settings and go on from the same checkpoint;
 * `status` is this rank's.
 */
carrynet_status checkpoint_same(const struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, carrynet_comm *comm, carrynet_status status);
void checkpoint_free(struct checkpoint *from);

/*
 * Sets records, network batch, population and engine, which must have from->running networks, as they were; the population is
 * opened. FORMAT; MEMORY; errors of the engine.
 */
carrynet_status checkpoint_restore(struct checkpoint *from, struct training *training);

/* Updates at which the next is due by count: beyond all if none is. */
uint64_t checkpoint_next(const struct training *training);

/* Writes one if it is due; and where the caller has ended the training. Errors that the caller does not let pass. */
carrynet_status checkpoint_when_due(struct training *training);
carrynet_status checkpoint_at_stop(struct training *training);

#endif
