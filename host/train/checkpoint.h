/*
 * Checkpoints of a training: when a checkpoint is due, what the file holds, and how a training resumes. The file holds
 * the settings as texts, which are only compared. All sizes follow from the settings and the number of networks in
 * training.
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "train/checkpoint_file.h"
#include "train/training.h"

/* The checkpoint that a training resumes from. */
struct checkpoint {
    bool found;
    uint32_t batch_first, running; /* networks of the engine to create */
    double seconds;                /* spent before the checkpoint */
    struct checkpoint_file file;
};

/*
 * Looks for a checkpoint if the options ask to resume, compares it with the settings and reports to the caller what was
 * found. If `tidies`, also removes files that killed writers left. UNSUPPORTED with a source of the caller's; ARGUMENT,
 * FORMAT, IO as carrynet_train says.
 */
carrynet_status checkpoint_find(struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, bool tidies);

/*
 * ARGUMENT, naming the rank and the difference, unless all ranks have the same settings and resume from the same
 * checkpoint. `status` is this rank's status.
 */
carrynet_status checkpoint_same(const struct checkpoint *from, const carrynet_settings *settings,
                                const carrynet_train_options *options, carrynet_comm *comm, carrynet_status status);
void checkpoint_free(struct checkpoint *from);

/*
 * Restores the records, network batch, population and engine; the engine must have from->running networks. Opens the
 * population. FORMAT; MEMORY; errors of the engine.
 */
carrynet_status checkpoint_restore(struct checkpoint *from, struct training *training);

/* Update count at which the next checkpoint is due by count; beyond all updates if none is. */
uint64_t checkpoint_next(const struct training *training);

/*
 * Write a checkpoint: if one is due; if the caller has ended the training. Errors that the caller does not let pass.
 */
carrynet_status checkpoint_when_due(struct training *training);
carrynet_status checkpoint_at_stop(struct training *training);

#endif
