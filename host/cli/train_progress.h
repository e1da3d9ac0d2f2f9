/*
 * The output of train and replay during training: the device, a progress line (rewritten on a terminal, repeated at
 * intervals in a pipe), samples as the original scripts print them, and the log.
 */
#ifndef CLI_TRAIN_PROGRESS_H
#define CLI_TRAIN_PROGRESS_H

#include "cli/json_values.h"
#include "cli/options.h"
#include <carrynet/carrynet.h>
#include <stdbool.h>
#include <stdio.h>

#define OPT_LOG(to)                                                                                                    \
    .heading = "Output", .name = "log", .kind = OPTION_WRITE, .argument = "FILE",                                      \
    .meaning = "write the course of the training, a JSON object a line", .text = (to)

typedef struct train_progress {
    const carrynet_settings *settings;
    const char *log_path; /* or NULL */
    bool quiet;
    bool samples; /* show a sample now and then */

    carrynet_report last;          /* the pointers are not kept */
    char device[512];              /* the engine's description, once it is known */
    uint64_t memory;               /* bytes that the training may take, on the device and on the host */
    FILE *log;                     /* opened with the first report, so that a run that never starts keeps the old log */
    bool log_failed;               /* already reported */
    bool log_streams;              /* the log goes to a stream, which has no size and cannot be truncated */
    bool stopped;                  /* by a signal, before the end; that is printed too */
    double next_line, next_sample; /* seconds */
    uint64_t next_log, logged, sampled; /* updates */
    uint64_t resumed, log_size;         /* updates at which training resumes; bytes of complete lines in the log */
} train_progress;

/*
 * Tests, before any work, whether the model (or NULL) and the log (or NULL) can be written. False, with *code set after
 * a message, if one cannot.
 */
bool train_progress_can_write(const cli_arguments *arguments, const char *path, const char *log_path, int *code);

/* Callbacks for carrynet_train; `self` is the train_progress. */
int train_progress_report(void *self, const carrynet_report *report);
int train_progress_interrupted(void *self);

/*
 * The log's position, for a checkpoint: marks [CARRYNET_MARKS]; and the resumption of a training at that position after
 * so many updates, before its first report: truncates the log.
 */
void train_progress_mark(const train_progress *progress, uint64_t *marks);
void train_progress_resume(train_progress *progress, uint64_t updates, const uint64_t *marks);

/*
 * Writes a last line, taking ownership of it, and closes the log. False, after a message, if any part of the log could
 * not be written.
 */
bool train_progress_end(train_progress *progress, json_t *result);

/*
 * Shares stop requests between ranks: if another rank received a signal in training, this rank records it too.
 * Collective.
 */
void train_progress_share_signal(train_progress *progress, carrynet_comm *comm);

#endif
