/*
 * Words that the engine steps side by side, a window of steps at a time, with its hidden values carried from window to
 * window; and what the network gets wrong in them, by its own bit (z > 0).
 */
#ifndef PROVE_WORD_H
#define PROVE_WORD_H

#include "prove/prover.h"

/* The first wrong bit of a word. */
struct word_error {
    bool wrong;
    uint64_t at;            /* step, from 0 */
    uint32_t output, right; /* as in carrynet_counterexample */
    double logit;           /* may be NaN, which is wrong */
};

struct word_runs {
    carrynet_engine *engine; /* network 0 of one */
    const carrynet_task *task;
    size_t sequences, steps; /* of the next window: at most those it was made for */
    uint64_t done;           /* steps before it */
    carrynet_batch window;
    uint8_t *symbols;          /* [sequences][steps], to be filled before every window */
    char *hidden;              /* [sequences][hidden], after the last window */
    size_t bytes;              /* of the hidden values of a sequence */
    uint32_t *automaton;       /* [sequences], likewise */
    struct word_error *errors; /* [sequences], the first error so far */
    char *z;
};

/* ARGUMENT: not one network, or a task of other sizes; MEMORY. Free with word_runs_free in any case. */
carrynet_status word_runs_create(struct word_runs *runs, carrynet_engine *engine, const carrynet_task *task,
                                 size_t sequences, size_t steps);
void word_runs_free(struct word_runs *runs);

/* Every sequence back to the start. */
void word_runs_start(struct word_runs *runs);

/* Sequence `to` becomes as sequence `from` is now. */
void word_runs_copy(struct word_runs *runs, size_t to, size_t from);

/* Steps the window; errors of the engine. */
carrynet_status word_runs_step(struct word_runs *runs);

/* The first error of each of some words: errors [count], words [count] of lengths of their own. */
carrynet_status word_errors(struct word_error *errors, carrynet_engine *engine, const carrynet_task *task,
                            const struct prove_word *words, size_t count, const struct prove_stop *stop);

/* Steps of a window of so many sequences: as many as keep its arrays small. */
size_t word_window(const carrynet_task *task, size_t sequences);

#endif
