/* Shared by the files of the refuter. */
#ifndef PROVE_REFUTE_PARTS_H
#define PROVE_REFUTE_PARTS_H

#include "prove/refute.h"

/*
 * Steps a wrong word again and reports it, from its start to its first wrong bit. DEVICE if the word is right this
 * time, or if the word is claimed to be a shortest one and its first wrong bit is elsewhere.
 */
carrynet_status refute_report(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const struct prove_word *word, bool shortest);

/* Words u v^n. */
struct lasso {
    const uint8_t *u, *v;
    size_t u_length, v_length; /* v_length >= 1 */
};

/*
 * Steps lassos [count] side by side, n up to 100,000 symbols or until the hidden values repeat, and from time to time
 * every short word after them, with about `effort` steps. word becomes the first wrong word, which the caller frees, or
 * has no symbols. Adds to *steps. Reorders the lassos.
 */
carrynet_status refute_lasso_list(struct prove_word *word, uint64_t *steps, carrynet_engine *engine,
                                  const carrynet_task *task, struct lasso *lassos, size_t count, uint64_t effort,
                                  const struct prove_stop *stop);

/* Whether a word is a power of a shorter word, whose lasso is the same. */
bool refute_is_power(const uint8_t *word, size_t length);

/* Shortens a wrong word and reports it. */
carrynet_status refute_found(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             struct prove_word *word, const struct prove_stop *stop);

#endif
