/*
 * Problems as people write them, "93 + 38", and back: for run, show, the samples of train and the first wrong sum of
 * eval. Numbers are decimal and of any length.
 */
#ifndef CLI_PROBLEM_TEXT_H
#define CLI_PROBLEM_TEXT_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>
#include <stdbool.h>

enum { PROBLEM_DIGITS = 24 /* digits of a number in a message; longer numbers are shortened in the middle */ };

/* The name of the task's problems: "sums", "differences", "problems". */
const char *problem_word(const carrynet_task *task);

/*
 * Adds one number: bit `which` of `steps` packed symbols of `bits` bits each. With digits > 0 a longer number is shown
 * by both ends and its length. MEMORY.
 */
carrynet_status problem_add_number(sys_text *text, const uint32_t *words, uint32_t bits, uint32_t which, size_t steps,
                                   size_t digits);

/*
 * Adds "93 + 38" for packed symbols, or "131" for packed outputs (one number per output, separated by blanks). MEMORY.
 */
carrynet_status problem_add_question(sys_text *text, const carrynet_task *task, const uint32_t *symbols, size_t steps,
                                     size_t digits);
carrynet_status problem_add_answer(sys_text *text, const carrynet_task *task, const uint32_t *outputs, size_t steps,
                                   size_t digits);

/* The separator of the two: " = ", or " -> " if the task has no arithmetic sign. */
const char *problem_equals(const carrynet_task *task);

/* Packs values [steps] of `bits` bits each; the caller frees *words with sys_free. MEMORY. */
carrynet_status problem_pack(uint32_t **words, const uint32_t *values, uint32_t bits, size_t steps);

/* An example problem of the task, with numbers that fit in `steps` steps: "93 + 38". */
void problem_example(char *text, size_t size, const carrynet_task *task, size_t steps, bool with_sign);

/*
 * Parses "93 + 38" or "93 38", without the sign if the task has none, from `line`, which is modified: operands [inputs]
 * point into it. False, with the reason in `why`, for any other text, or if the operands violate the task's constraint.
 */
bool problem_read(const char **operands, const carrynet_task *task, char *line, char *why, size_t size);

#endif
