/*
 * The log of a training (train --log, replay --log: a JSON object a line), read for those who draw it: plot and report.
 */
#ifndef CLI_TRAINING_LOG_H
#define CLI_TRAINING_LOG_H

#include "cli/json_values.h"
#include "platform/platform.h"
#include <stdbool.h>

enum { TRAINING_LOG_LINE = 1 << 20 }; /* bytes of a line: parsed, it takes a hundred times that */

/* What a line reports. NaN where the log has null; the shares lie between 0 and 1. */
typedef struct training_report {
    double updates, loss, right, exact; /* shares: of the batch's sequences right, of the networks exact */
    double sequences;                   /* NaN too where the line does not say */
    double held_out_wrong;              /* share of the held-out sequences; NaN likewise */
} training_report;

typedef struct training_log {
    training_report *reports; /* [count], with room for more */
    size_t count, capacity;
    bool several;       /* networks */
    bool says_exact;    /* some report does, so that it is no training for a count of updates */
    bool says_held_out; /* likewise */
    sys_text title;
    char loss[64];    /* its name, with the loss' own */
    json_t *settings; /* as the log has them; NULL if it has none */
} training_log;

/*
 * Reads `text`, the contents of `path`; start with {0}. A last line that is not finished is left out with a note. FORMAT,
 * naming path and line; MEMORY. Free with training_log_free in any case.
 */
carrynet_status training_log_read(training_log *log, const char *path, const char *text);
void training_log_free(training_log *log);

#endif
