/*
 * Attempts at proofs while networks train: those that are exact are given to the prover, on all cores, each for so many
 * steps and no more. What comes out of each depends on its weights alone.
 */
#ifndef TRAIN_ATTEMPTS_H
#define TRAIN_ATTEMPTS_H

#include "comm/collectives.h"
#include <carrynet/train.h>
#include <stdatomic.h>

/* The caller's request to stop, asked from any thread but never from two at once. */
struct attempts_stop {
    int (*interrupted)(void *self); /* or NULL */
    void *self;
    atomic_int asking; /* exchanged; that of one byte is a library's call on riscv64 */
    atomic_bool ended;
    carrynet_comm *comm; /* which share the attempts, and the request */
};

/* Whether the caller has ended attempts; what was not proved by then may have been left in the middle. */
bool attempts_ended(struct attempts_stop *stop);

/*
 * proved[which[i]] becomes whether network which[i] of the engine is proved, for i below count, after had[which[i]]
 * attempts that failed, or with the largest budget where had is NULL; collective. Errors of the engine and of the prover; that a
 * network is beyond the prover is none.
 */
carrynet_status attempts_prove(bool *proved, carrynet_engine *engine, const uint32_t *which, uint32_t count,
                               const uint32_t *had, struct attempts_stop *stop);

#endif
