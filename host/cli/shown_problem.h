/* One problem as a network solves it, step by step: for show and demo. */
#ifndef CLI_SHOWN_PROBLEM_H
#define CLI_SHOWN_PROBLEM_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>

/* The problem in words; start with {0}. */
/* The problem in words. */
typedef struct shown_problem {
    uint32_t *symbols, *targets, *bits; /* packed */
    sys_text question, right, given;
} shown_problem;

/* Fills the words from a sample, numbers of more than `digits` digits (0: any) shortened. MEMORY. */
carrynet_status shown_describe(shown_problem *words, const carrynet_sample *sample, const carrynet_task *task,
                               size_t digits);
void shown_free(shown_problem *words);

/* Prints them and the table on standard output; plain: neither colours nor characters beyond ASCII. */
void shown_print(const shown_problem *words, const carrynet_sample *sample, const carrynet_task *task, bool plain);

#endif
