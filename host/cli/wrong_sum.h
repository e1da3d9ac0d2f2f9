/*
 * A problem that a network gets wrong, as the program shows it: "93 + 38 = 131, but the network says 130". For eval,
 * and for the counterexamples of prove.
 */
#ifndef CLI_WRONG_SUM_H
#define CLI_WRONG_SUM_H

#include "cli/json_values.h"
#include "cli/saved_network.h"

typedef struct wrong_sum {
    size_t steps;
    uint32_t *symbols;       /* packed, including closing symbols; sys_allocate */
    uint32_t *right, *given; /* packed results: the task's and the network's; NULL: there is no wrong sum */
} wrong_sum;

/*
 * Fills in right and given from the symbols, with the engine. MEMORY, errors of the engine. Free with wrong_sum_free.
 */
carrynet_status wrong_sum_answer(wrong_sum *sum, saved_network *saved, const carrynet_task *task);
void wrong_sum_free(wrong_sum *sum);

/*
 * The whole problem that begins with the word of a counterexample: adds the task's closing symbols, preceded by (1,0)
 * if the word alone belongs to no problem. The engine's network answers it, step by step and as `carrynet run` does.
 * DEVICE if the error does not occur at the same place with the same logit. Free with wrong_sum_free in any case.
 */
carrynet_status wrong_sum_replay(wrong_sum *sum, saved_network *saved, const carrynet_task *task,
                                 const carrynet_counterexample *wrong);

/* Adds "93 + 38 = 131, but the network says 130", with long numbers shortened. MEMORY. */
carrynet_status wrong_sum_text(sys_text *text, const wrong_sum *sum, const carrynet_task *task);

/* Puts "operands", "right" and "given", lists of whole numbers as text, into the object. MEMORY. */
carrynet_status wrong_sum_json(json_t *object, const wrong_sum *sum, const carrynet_task *task);

#endif
