/*
 * Words that the engine steps side by side, a window of steps at a time, carrying the hidden values from window to
 * window; and the network's errors in them, by its own bit (z > 0).
 */
#ifndef PROVE_WORD_H
#define PROVE_WORD_H

#include "prove/prover.h"

/* The first wrong bit of a word. */
struct word_error {
    bool wrong;
    uint64_t at;            /* step, from 0 */
    uint32_t output, right; /* as in carrynet_counterexample */
    double logit;           /* may be NaN, which counts as wrong */
};

struct word_runs {
    carrynet_engine *engine; /* which holds one network */
    const carrynet_task *task;
    size_t sequences, steps; /* steps of the next window: at most those at creation */
    uint64_t done;           /* steps before the next window */
    carrynet_batch window;
    uint8_t *symbols;          /* [sequences][steps], filled by the caller before every window */
    char *hidden;              /* [sequences][hidden], after the last window */
    size_t bytes;              /* of one sequence's hidden values */
    uint32_t *automaton;       /* [sequences], after the last window */
    struct word_error *errors; /* [sequences], the first error so far */
    char *z;
};

/*
 * Creates the runs. ARGUMENT: an engine of several networks, or a task of other sizes; MEMORY. Free with word_runs_free
 * in any case.
 */
carrynet_status word_runs_create(struct word_runs *runs, carrynet_engine *engine, const carrynet_task *task,
                                 size_t sequences, size_t steps);
void word_runs_free(struct word_runs *runs);

/* Resets every sequence to the start. */
void word_runs_start(struct word_runs *runs);

/* Copies the current state of sequence `from` to sequence `to`. */
void word_runs_copy(struct word_runs *runs, size_t to, size_t from);

/* Steps the window. Errors of the engine. */
carrynet_status word_runs_step(struct word_runs *runs);

/* The first error of each of several words: errors [count], words [count], each with its own length. */
carrynet_status word_errors(struct word_error *errors, carrynet_engine *engine, const carrynet_task *task,
                            const struct prove_word *words, size_t count, const struct prove_stop *stop);

/* Steps per window for so many sequences: as many as keep its arrays small. */
size_t word_window(const carrynet_task *task, size_t sequences);

#endif
