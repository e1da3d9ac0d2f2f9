/*
 * train --checkpoint FILE --checkpoint-every 500 (updates) or 30s --resume: the options, and what is said about them. The
 * log of a training that goes on is cut to where it stood.
 */
#ifndef CLI_TRAIN_CHECKPOINTS_H
#define CLI_TRAIN_CHECKPOINTS_H

#include "cli/options.h"
#include "cli/train_progress.h"

/* Of the command line. */
typedef struct train_checkpoints_given {
    const char *path, *every;
    bool resume;
} train_checkpoints_given;

typedef struct train_checkpoints {
    carrynet_checkpoints wanted; /* for carrynet_train, if path is not NULL */
    train_progress *progress;
    bool failed;      /* one could not be written, which was said */
    bool stands;      /* there is one, of this run or of the one that it goes on from: */
    uint64_t updates; /* with so many */
} train_checkpoints;

/* False, with *code set after a message, for options that do not fit, or a file that cannot be written. */
bool train_checkpoints_prepare(train_checkpoints *checkpoints, const cli_arguments *arguments,
                               const train_checkpoints_given *given, train_progress *progress, const char *path,
                               int *code);

/* After a failure: how to go on from the last checkpoint, if there is one. */
void train_checkpoints_say(const train_checkpoints *checkpoints);

#endif
