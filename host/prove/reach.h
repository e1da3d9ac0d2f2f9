/*
 * Exhaustion: breadth-first search over the pairs of automaton state and hidden values that words lead to;
 * bit-identical pairs count once. If the search closes without a wrong bit, every word of every length is right: the
 * arithmetic is exact, and a step depends on nothing else.
 *
 * The result is that of a search that takes states one by one in the order of discovery, symbols ascending, and ends at
 * the first wrong bit, or at the first step whose new state would exceed the limit. Batches, threads and devices change
 * nothing.
 */
#ifndef PROVE_REACH_H
#define PROVE_REACH_H

#include "prove/prover.h"

struct reach_options {
    uint64_t states; /* most states that may be held; exact; at least 1 */
    size_t batch;    /* steps of states per engine pass; 0: chosen */
    size_t threads;  /* 0: one per core */
};

struct reach {
    bool closed;      /* every state found was stepped, without a wrong bit */
    bool limited;     /* there are more states than may be held */
    bool stopped;     /* by the clock or the caller: the fields below are then as far as it went */
    bool wrong;       /* `word` ends in a wrong bit; every shorter word is right */
    uint64_t states;  /* found */
    uint64_t stepped; /* (state, symbol) pairs */
    uint32_t levels;  /* symbols of the longest of the shortest words to the states found */
    double margin; /* least |logit| of the steps, negative for a wrong one; NaN if one is NaN; infinite without steps */
    struct prove_word word; /* the lowest of the shortest wrong words; free with reach_free */
    uint32_t output, right; /* as in carrynet_counterexample */
    double logit;
    double engine_seconds, table_seconds; /* time spent; not part of the result */
};

/*
 * Searches with network 0 of an engine that holds one network. OK with any result; ARGUMENT: another engine, or a task
 * of other sizes; MEMORY, naming --states; errors of the engine. Free with reach_free in any case.
 */
carrynet_status reach_search(struct reach *reach, carrynet_engine *engine, const carrynet_task *task,
                             const struct reach_options *options, const struct prove_stop *stop);
void reach_free(struct reach *reach);

/* Approximate host memory in bytes of a search that holds `states` states. */
uint64_t reach_memory(const carrynet_shape *shape, carrynet_precision precision, uint64_t states);

#endif
