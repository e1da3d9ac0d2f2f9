/* What the files of the refuter share. */
#ifndef PROVE_REFUTE_PARTS_H
#define PROVE_REFUTE_PARTS_H

#include "prove/refute.h"

/*
 * Steps a wrong word again and reports it, from its start to its first wrong bit. DEVICE if it is right this time, or if
 * it is said to be a shortest one and ends elsewhere.
 */
carrynet_status refute_report(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const struct prove_word *word, bool shortest);

/* Words u v^n. */
struct lasso {
    const uint8_t *u, *v;
    size_t u_length, v_length; /* v_length >= 1 */
};

/*
 * Steps lassos [count] side by side, n up to 100,000 symbols or until the hidden values repeat, and now and then every
 * short word behind them, with about `effort` steps: word is the first wrong one, to be freed, or has no symbols. Adds
 * to *steps. The lassos are moved about.
 */
carrynet_status refute_lasso_list(struct prove_word *word, uint64_t *steps, carrynet_engine *engine,
                                  const carrynet_task *task, struct lasso *lassos, size_t count, uint64_t effort,
                                  const struct prove_stop *stop);

/* Whether a word is a power of a shorter one, whose lasso is the same. */
bool refute_is_power(const uint8_t *word, size_t length);

/* Shortens a wrong word and reports it. */
carrynet_status refute_found(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             struct prove_word *word, const struct prove_stop *stop);

#endif
