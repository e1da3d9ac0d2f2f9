/*
 * What train and replay say while they learn: the device, a progress line (rewritten on a terminal, now and then a new one in a
 * pipe), samples as the original scripts print them, and the log.
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
    bool samples; /* show one now and then */

    carrynet_report last; /* without its pointers */
    char device[512];     /* the engine's description, once it is known */
    uint64_t memory;      /* bytes that the training may take, on the device and beside it */
    FILE *log;            /* opened with the first report, so that a run that never starts leaves the old log alone */
    bool log_failed;      /* said already */
    bool log_streams;     /* it goes to a stream, which has no size and no end to go on from */
    bool stopped;         /* by a signal, before its end; that is said too */
    double next_line, next_sample;      /* seconds */
    uint64_t next_log, logged, sampled; /* updates */
    uint64_t resumed, log_size;         /* updates at which it goes on; bytes of the log that are whole lines */
} train_progress;

/*
 * Tests, before anything is spent on it, that the model (or NULL) and the log (or NULL) can be written. False, with
 * *code set after a message, if one cannot.
 */
bool train_progress_can_write(const cli_arguments *arguments, const char *path, const char *log_path, int *code);

/* To be told to carrynet_train; `self` is the train_progress. */
int train_progress_report(void *self, const carrynet_report *report);
int train_progress_interrupted(void *self);

/*
 * The place in the log, for a checkpoint: marks [CARRYNET_MARKS]; and a training that goes on from there after so many
 * updates, before its first report: the log is cut to what it was.
 */
void train_progress_mark(const train_progress *progress, uint64_t *marks);
void train_progress_resume(train_progress *progress, uint64_t updates, const uint64_t *marks);

/*
 * Writes a last line, which is taken over, to the log and closes it. False, after a message, if anything of the log
 * could not be written.
 */
bool train_progress_end(train_progress *progress, json_t *result);

/* What has stopped one rank has stopped all: where another had a signal in training, so had this one. Collective. */
void train_progress_share_signal(train_progress *progress, carrynet_comm *comm);

#endif
