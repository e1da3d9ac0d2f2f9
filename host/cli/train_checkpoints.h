/*
 * train --checkpoint FILE --checkpoint-every 500 (updates) or 30s --resume: the options and their messages. When a
 * training resumes, its log is truncated to the checkpoint's position.
 */
#ifndef CLI_TRAIN_CHECKPOINTS_H
#define CLI_TRAIN_CHECKPOINTS_H

#include "cli/options.h"
#include "cli/train_progress.h"

/* The values on the command line. */
typedef struct train_checkpoints_given {
    const char *path, *every;
    bool resume;
} train_checkpoints_given;

typedef struct train_checkpoints {
    carrynet_checkpoints wanted; /* for carrynet_train, if path is not NULL */
    train_progress *progress;
    bool failed;      /* a checkpoint could not be written, which was reported */
    bool stands;      /* a checkpoint exists, of this run or of the run that it resumes: */
    uint64_t updates; /* and its updates */
} train_checkpoints;

/* False, with *code set after a message, for conflicting options or a file that cannot be written. */
bool train_checkpoints_prepare(train_checkpoints *checkpoints, const cli_arguments *arguments,
                               const train_checkpoints_given *given, train_progress *progress, const char *path,
                               int *code);

/* After a failure: prints how to resume from the last checkpoint, if there is one. */
void train_checkpoints_say(const train_checkpoints *checkpoints);

#endif
