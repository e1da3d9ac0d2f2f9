/* The results file of sweep and merge and the file of seconds beside it, checked before any work. */
#ifndef CLI_RESULTS_FILE_H
#define CLI_RESULTS_FILE_H

#include "cli/options.h"

#define OPT_TABLE(to)                                                                                                  \
    .heading = "Output", .name = "output", .letter = 'o', .kind = OPTION_WRITE, .argument = "FILE",                    \
    .meaning = "where the results go, NAME.csv; NAME.times.csv has the seconds of each row", .fallback = "sweep.csv",  \
    .text = (to), .no_stream = "the seconds of a table go beside it, to NAME.times.csv; name a file NAME.csv"

typedef enum results_use {
    RESULTS_NONE, /* only the name is checked */
    RESULTS_OLD,  /* will be overwritten */
    RESULTS_NEW   /* neither file may exist */
} results_use;

/* False, with *code set after a message, if the file cannot be used in this way. */
bool results_file_fits(const cli_arguments *arguments, const char *path, results_use use, int *code);

/* Reports that the file already exists; returns the exit code. */
int results_file_exists(const cli_arguments *arguments, const char *path);

#endif
