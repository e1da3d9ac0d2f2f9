/* One problem, solved by a network step by step: for show and demo. */
#ifndef CLI_SHOWN_PROBLEM_H
#define CLI_SHOWN_PROBLEM_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>

/* The problem in words, with its answers; start with {0}. */
typedef struct shown_problem {
    uint32_t *symbols, *targets, *bits; /* packed */
    sys_text question, right, given;
} shown_problem;

/* Fills in the words from a sample; numbers of more than `digits` digits (0: no limit) are shortened. MEMORY. */
carrynet_status shown_describe(shown_problem *words, const carrynet_sample *sample, const carrynet_task *task,
                               size_t digits);
void shown_free(shown_problem *words);

/* Prints the words and the table on standard output; plain: no colours, ASCII only. */
void shown_print(const shown_problem *words, const carrynet_sample *sample, const carrynet_task *task, bool plain);

#endif
