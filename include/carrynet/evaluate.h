/*
 * Evaluation of models: exhaustive where possible, else on the evaluation set (kernels/ARITHMETIC.md 8); single
 * problems of any length; one problem step by step.
 */
#ifndef CARRYNET_EVALUATE_H
#define CARRYNET_EVALUATE_H

#include <carrynet/engine.h>
#include <carrynet/model.h>
#include <carrynet/operands.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One problem step by step. carrynet_sample_free frees the arrays. */
typedef struct carrynet_sample {
    size_t steps;
    uint32_t inputs, outputs, hidden;
    uint32_t *symbols; /* [steps] */
    uint32_t *targets; /* [steps] */
    uint32_t *bits;    /* [steps], the network's answers */
    uint32_t *states;  /* [steps], of the automaton after the step */
    double *y;         /* [steps][outputs] */
    double *h;         /* [steps][hidden] */
    double error;      /* sum of |target - y| */
} carrynet_sample;

/*
 * Runs network `network` of an engine on one packed problem (symbols as in problem.h). Free with carrynet_sample_free.
 */
CARRYNET_API carrynet_status carrynet_sample_run(carrynet_sample *sample, carrynet_engine *engine,
                                                 const carrynet_task *task, size_t network, const uint32_t *symbols,
                                                 size_t steps);
CARRYNET_API void carrynet_sample_free(carrynet_sample *sample);

typedef struct carrynet_evaluation {
    bool exhaustive; /* every problem was tried; else the evaluation set */
    uint64_t problems;
    uint64_t wrong; /* problems with a wrong bit */
    uint64_t wrong_bits;
    bool has_first_wrong;
    uint64_t first_wrong;    /* its number in the order of evaluation */
    uint32_t *first_symbols; /* its packed symbols, closing ones included, or NULL; owned by the evaluation */
} carrynet_evaluation;

/*
 * Evaluates one network on problems of `steps` steps: on every problem if problems is 0 and inputs * (steps - closing)
 * <= 22, else on `problems` problems of the evaluation set (0: the smaller of 16,384 and 2^27 / steps). Long sequences
 * are streamed, so that only the packed problems grow with steps. Free with carrynet_evaluation_free.
 */
CARRYNET_API carrynet_status carrynet_evaluate(carrynet_evaluation *evaluation, carrynet_engine *engine,
                                               const carrynet_task *task, size_t network, size_t steps,
                                               uint64_t problems);
CARRYNET_API void carrynet_evaluation_free(carrynet_evaluation *evaluation);

/*
 * An engine that holds networks first, ..., first + count - 1 of a model with their seeds and updates, for forward
 * passes and gradients. Its settings have a batch of one short sequence, so that it needs no memory for training.
 * device as in carrynet_engine_options. The caller frees it. ARGUMENT: no such network.
 */
CARRYNET_API carrynet_status carrynet_model_engine(carrynet_engine **engine, const carrynet_model *model, size_t first,
                                                   size_t count, const carrynet_engine_options *options);

/*
 * Solves problems given as decimal operands of any length, operands [count][inputs] as strings of digits: answers
 * [count] are strings, decimal for tasks with one output, one number an output separated by spaces otherwise; free with
 * carrynet_answers_free. Each problem gets as many steps as its longest operand has bits, and the closing symbols.
 * ARGUMENT, naming the operands: one is not a number, or they violate the task's constraint (5 - 7).
 */
CARRYNET_API carrynet_status carrynet_solve(char ***answers, carrynet_engine *engine, const carrynet_task *task,
                                            size_t network, const char *const *operands, size_t count);
CARRYNET_API void carrynet_answers_free(char **answers, size_t count);

#ifdef __cplusplus
}
#endif

#endif
