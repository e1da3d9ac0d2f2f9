/* Reads the log of a training (train --log, replay --log: one JSON object per line), for plot and report. */
#ifndef CLI_TRAINING_LOG_H
#define CLI_TRAINING_LOG_H

#include "cli/json_values.h"
#include "platform/platform.h"
#include <stdbool.h>

enum { TRAINING_LOG_LINE = 1 << 20 }; /* most bytes of a line: parsing takes a hundred times that */

/* The values of one report. NaN if the log has null; the shares lie between 0 and 1. */
typedef struct training_report {
    double updates, loss, right, exact; /* shares: of the batch's sequences right, of the networks exact */
    double sequences;                   /* NaN also if the line lacks it */
    double held_out_wrong;              /* share of the held-out sequences; NaN likewise */
} training_report;

typedef struct training_log {
    training_report *reports; /* [count], with spare capacity */
    size_t count, capacity;
    bool several;       /* networks */
    bool says_exact;    /* some report has it, so that the goal is not a number of updates */
    bool says_held_out; /* likewise */
    sys_text title;
    char loss[64];    /* its label, with the name of the loss */
    json_t *settings; /* as in the log; NULL if it has none */
} training_log;

/*
 * Parses `text`, the contents of `path`; start with {0}. An unfinished last line is skipped with a note. FORMAT, naming
 * path and line; MEMORY. Free with training_log_free in any case.
 */
carrynet_status training_log_read(training_log *log, const char *path, const char *text);
void training_log_free(training_log *log);

#endif
