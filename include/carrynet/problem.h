/*
 * Problems as the kernels read them, and where they come from.
 *
 * A sequence of T symbols of I bits is packed into 32-bit words, floor(32 / I) symbols a word, first symbol in the
 * lowest bits; its targets likewise with O bits a step. A source fills batches: counter-based (any problem of any
 * update of any network alone, kernels/ARITHMETIC.md 6) or explicit (the caller's own problems).
 */
#ifndef CARRYNET_PROBLEM_H
#define CARRYNET_PROBLEM_H

#include <carrynet/task.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Words that `steps` symbols of `bits` bits take. */
CARRYNET_API size_t carrynet_packed_words(uint32_t bits, size_t steps);

/* Symbol number `step` of a packed sequence of `bits`-bit symbols, and its assignment (the old value is replaced). */
CARRYNET_API uint32_t carrynet_packed_get(const uint32_t *words, uint32_t bits, size_t step);
CARRYNET_API void carrynet_packed_set(uint32_t *words, uint32_t bits, size_t step, uint32_t symbol);

/*
 * A batch of sequences, all of the same number of steps: sequence s has its symbols at symbols[s * symbol_words] and
 * its targets at targets[s * target_words]. Both arrays are the caller's.
 */
typedef struct carrynet_batch {
    size_t sequences;
    size_t steps;        /* T */
    size_t symbol_words; /* carrynet_packed_words(inputs, steps) */
    size_t target_words; /* carrynet_packed_words(outputs, steps) */
    uint32_t *symbols;   /* [sequences][symbol_words] */
    uint32_t *targets;   /* [sequences][target_words] */
} carrynet_batch;

/* Allocates the arrays of a batch, zeroed; carrynet_batch_free releases them (not the struct). MEMORY, ARGUMENT. */
CARRYNET_API carrynet_status carrynet_batch_create(carrynet_batch *batch, const carrynet_task *task, size_t sequences,
                                                   size_t steps);
CARRYNET_API void carrynet_batch_free(carrynet_batch *batch);

/* Runs the automaton from `state` over one packed sequence and writes its targets; returns the state after it. */
CARRYNET_API uint32_t carrynet_targets(const carrynet_task *task, uint32_t state, const uint32_t *symbols, size_t steps,
                                       uint32_t *targets);

/*
 * Where training problems come from. fill writes problems first, ..., first + count - 1 of update `update` of the
 * network with the problem seed `seed`: symbols [count][symbol_words], closing symbols included, and targets
 * [count][target_words]. It is called in order of updates, from one thread; `self` is its own.
 */
typedef struct carrynet_source {
    carrynet_status (*fill)(void *self, uint64_t seed, uint64_t update, size_t first, size_t count, size_t steps,
                            uint32_t *symbols, uint32_t *targets);
    void *self;
    /* The task of the counter-based source, whose problems a device may generate itself; NULL for every other source. */
    const carrynet_task *counter;
} carrynet_source;

/* The counter-based source of a task, uniform over its problems. The task must outlive it. Nothing to free. */
CARRYNET_API carrynet_source carrynet_counter_source(const carrynet_task *task);

/*
 * Which problems are drawn for training, and which are held out to see what is learnt beyond them: a function of the
 * seed and the operands alone (kernels/ARITHMETIC.md 6, "Held-out problems").
 */
typedef struct carrynet_split {
    const carrynet_task *task;
    uint64_t seed;
    double fraction; /* share of the problems that is drawn, 0.01 to 0.99 */
} carrynet_split;

/* Whether a packed problem of `steps` steps, closing symbols included, is held out. */
CARRYNET_API bool carrynet_held_out(const carrynet_split *split, const uint32_t *symbols, size_t steps);

/*
 * The counter-based source without the held-out problems. The split must outlive it. Nothing to free. fill: UNSUPPORTED if
 * 4,096 candidates for one problem are all held out.
 */
CARRYNET_API carrynet_source carrynet_split_source(const carrynet_split *split);

/*
 * A source that repeats one batch, given by the caller, in every update of every network. The batch must outlive it and
 * be packed for the inputs and outputs of the engine that it feeds.
 */
CARRYNET_API carrynet_source carrynet_explicit_source(const carrynet_batch *batch);

/* How many different problems of `steps` steps a task has, where it is at most 2^63; 0 beyond. */
CARRYNET_API uint64_t carrynet_problem_count(const carrynet_task *task, size_t steps);

/*
 * Enumerates every problem: fills a batch with the problems from *cursor on (start with 0) and moves *cursor on;
 * returns how many were written, at most batch->sequences; 0 at the end. Only where inputs * (steps - closing symbols)
 * <= 40.
 */
CARRYNET_API size_t carrynet_enumerate(const carrynet_task *task, uint64_t *cursor, const carrynet_batch *batch);

/*
 * Problem `index` of the evaluation set of kernels/ARITHMETIC.md 8: random ones, carry chains, constant, alternating.
 */
CARRYNET_API void carrynet_evaluation_problem(const carrynet_task *task, uint64_t index, size_t steps,
                                              uint32_t *symbols, uint32_t *targets);

#ifdef __cplusplus
}
#endif

#endif
