/* The results file that sweep and merge write, and the seconds beside it, looked at before anything is spent on them. */
#ifndef CLI_RESULTS_FILE_H
#define CLI_RESULTS_FILE_H

#include "cli/options.h"

#define OPT_TABLE(to)                                                                                                  \
    .heading = "Output", .name = "output", .letter = 'o', .kind = OPTION_WRITE, .argument = "FILE",                    \
    .meaning = "where the results go, NAME.csv; NAME.times.csv has the seconds of each row", .fallback = "sweep.csv",  \
    .text = (to), .no_stream = "the seconds of a table go beside it, to NAME.times.csv; name a file NAME.csv"

typedef enum results_use {
    RESULTS_NONE, /* only the name is looked at */
    RESULTS_OLD,  /* written over */
    RESULTS_NEW   /* neither may be there */
} results_use;

/* False, with *code set after a message, if it cannot be used so. */
bool results_file_fits(const cli_arguments *arguments, const char *path, results_use use, int *code);

/* Says that it is there already; the exit code. */
int results_file_exists(const cli_arguments *arguments, const char *path);

#endif
