/* The options of prove, and the options of effort that prove and report share: --budget, --states and --seconds. */
#ifndef CLI_PROVE_OPTIONS_H
#define CLI_PROVE_OPTIONS_H

#include "cli/options.h"

typedef struct prove_given {
    const char *task, *output;
    cli_value net, arithmetic, by;
    bool all, json;
} prove_given;
extern prove_given given_prove;

/* Names in the order of carrynet_prove_by. */
extern const char *const prove_ways[];

extern const cli_option effort_options[];

/* The library's proof options with the given values; seconds are 0 if not given. */
void effort_from_options(carrynet_prove_options *options);

#endif
