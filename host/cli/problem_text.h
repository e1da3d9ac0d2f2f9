/*
 * Problems as people write them, "93 + 38", and back: for run, show, the samples of train and the first wrong sum of
 * eval. Numbers are decimal and of any length.
 */
#ifndef CLI_PROBLEM_TEXT_H
#define CLI_PROBLEM_TEXT_H

#include "platform/platform.h"
#include <carrynet/carrynet.h>
#include <stdbool.h>

enum { PROBLEM_DIGITS = 24 /* of a number in a message; longer ones are shortened in the middle */ };

/* What the task's problems are called: "sums", "differences", "problems". */
const char *problem_word(const carrynet_task *task);

/*
 * Adds one number: bit `which` of `steps` packed symbols of `bits` bits. With digits > 0 a longer number is shown by
 * its two ends and its length. MEMORY.
 */
carrynet_status problem_add_number(sys_text *text, const uint32_t *words, uint32_t bits, uint32_t which, size_t steps,
                                   size_t digits);

/* Adds "93 + 38" for packed symbols, "131" for packed outputs (one number an output, with blanks). MEMORY. */
carrynet_status problem_add_question(sys_text *text, const carrynet_task *task, const uint32_t *symbols, size_t steps,
                                     size_t digits);
carrynet_status problem_add_answer(sys_text *text, const carrynet_task *task, const uint32_t *outputs, size_t steps,
                                   size_t digits);

/* What stands between the two: " = ", or " -> " where the task has no sign of arithmetic. */
const char *problem_equals(const carrynet_task *task);

/* Packs values [steps] of `bits` bits: *words is the caller's, to free with sys_free. MEMORY. */
carrynet_status problem_pack(uint32_t **words, const uint32_t *values, uint32_t bits, size_t steps);

/* An example of a problem of the task, with numbers that `steps` steps hold: "93 + 38". */
void problem_example(char *text, size_t size, const carrynet_task *task, size_t steps, bool with_sign);

/*
 * Reads "93 + 38" or "93 38", without the sign where the task has none, from `line`, which is cut up: operands
 * [inputs] point into it. False, with what is wrong in `why`, if it is anything else, or if the operands do not meet
 * the task's constraint.
 */
bool problem_read(const char **operands, const carrynet_task *task, char *line, char *why, size_t size);

#endif
