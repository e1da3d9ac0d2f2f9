/*
 * The refuter searches for a word that the network gets wrong, in the engine's arithmetic and by the engine's own bit.
 * In turn: every short word (reach.h, with few states); states merged by cells, which reaches far; words u v^n w; and
 * words that other parts suggest. Finding none is no evidence.
 */
#ifndef PROVE_REFUTE_H
#define PROVE_REFUTE_H

#include "prove/branches.h"
#include "prove/prover.h"

/* Default effort of the program, in steps of states. */
#define REFUTE_EFFORT 2000000

/*
 * Searches for a wrong word with about `effort` steps of states and shortens a word that it finds; wrong->symbols stays
 * NULL if there is none. The engine holds one network. OK either way; ARGUMENT: another engine, or a task of other
 * sizes; MEMORY; errors of the engine. Free with refute_free.
 */
carrynet_status refute_search(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              uint64_t effort, const struct prove_stop *stop);

/* The parts of refute_search, with the same arguments and errors. */
carrynet_status refute_short_words(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                                   uint64_t effort, const struct prove_stop *stop);
carrynet_status refute_cells(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             uint64_t effort, const struct prove_stop *stop);
carrynet_status refute_lassos(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              uint64_t effort, const struct prove_stop *stop);

/*
 * Likewise, steps the branches at which ellipsoids failed, each with its end repeated: where sets grow, states may
 * drift until a bit is wrong. Steps the newest first, as many as `effort` allows.
 */
carrynet_status refute_branches(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                                const struct branches *branches, uint64_t effort, const struct prove_stop *stop);

/*
 * Steps one word [length]. wrong becomes its prefix up to the first wrong bit, not shortened, or stays without symbols.
 */
carrynet_status refute_replay(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const uint8_t *word, size_t length);

/* Steps several words. wrong becomes the shortest wrong prefix of all, the first of equals, shortened. */
carrynet_status refute_words(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             const struct prove_word *words, size_t count, const struct prove_stop *stop);

/* Replaces a wrong word by a shorter one, if leaving out runs of symbols gives a wrong word. */
carrynet_status refute_shorten(struct prove_word *word, carrynet_engine *engine, const carrynet_task *task,
                               const struct prove_stop *stop);

/* Frees the word of a counterexample; accepts a counterexample without one. */
void refute_free(carrynet_counterexample *wrong);

#endif
