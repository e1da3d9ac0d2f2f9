/*
 * Hidden states of a network over many problems, with inputs, outputs, targets and the state of the task's automaton.
 */
#ifndef CARRYNET_STATES_H
#define CARRYNET_STATES_H

#include <carrynet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* S problems of T steps, lowest bit first. The arrays belong to the struct; carrynet_states_free releases them. */
typedef struct carrynet_states {
    bool exhaustive; /* every problem; else the first of the source or of the evaluation set */
    size_t problems; /* S */
    size_t steps;    /* T */
    uint32_t inputs, hidden, outputs;
    carrynet_precision precision; /* of h and y: float or double */
    void *h;                      /* [S][T][H]: after the step */
    void *y;                      /* [S][T][O] */
    uint8_t *x;                   /* [S][T][I]: 0 or 1 */
    uint8_t *target;              /* [S][T][O]: 0 or 1 */
    uint8_t *state;               /* [S][T]: of the automaton, before the step */
    uint64_t *operands;           /* [S][I]: the numbers, without the closing symbols; NULL above 64 bits */
} carrynet_states;

/*
 * Steps network `network` of an engine through problems of `steps` steps: every problem if `problems` is 0 and there
 * are at most 16,384, else the first `problems` (0: 1,024) of the source (seed 0, update 0) or, if that is NULL, of the
 * evaluation set (kernels/ARITHMETIC.md 8). Memory is computed before it is allocated: MEMORY states the need and the
 * limit. ARGUMENT: no such network, a task of other sizes, too few or more than 1,000,000 steps.
 */
CARRYNET_API carrynet_status carrynet_states_collect(carrynet_states *states, carrynet_engine *engine,
                                                     const carrynet_task *task, size_t network, size_t steps,
                                                     uint64_t problems, const carrynet_source *source);
CARRYNET_API void carrynet_states_free(carrynet_states *states);

/* The symbol or the output bits of point s T + t: bits is `x` or `target`, `count` the inputs or outputs. */
CARRYNET_API uint32_t carrynet_states_word(const uint8_t *bits, uint32_t count, size_t point);

/* The state of the task's automaton after point s T + t. */
CARRYNET_API uint32_t carrynet_states_after(const carrynet_states *states, const carrynet_task *task, size_t point);

#ifdef __cplusplus
}
#endif

#endif
