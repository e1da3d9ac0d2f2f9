/*
 * Proof attempts during training. The prover gets each exact network, on all cores, with a limited budget of steps. The
 * outcome of an attempt depends on the network's weights alone.
 */
#ifndef TRAIN_ATTEMPTS_H
#define TRAIN_ATTEMPTS_H

#include "comm/collectives.h"
#include <carrynet/train.h>
#include <stdatomic.h>

/* The caller's stop request. Any thread may ask, but never two at once. */
struct attempts_stop {
    int (*interrupted)(void *self); /* or NULL */
    void *self;
    atomic_int asking; /* a lock: exchanged, since the 1-byte exchange is a library call on riscv64 */
    atomic_bool ended;
    carrynet_comm *comm; /* whose ranks share the attempts and the request */
};

/* Whether the caller has ended the attempts. Networks not proved by then may have been left half searched. */
bool attempts_ended(struct attempts_stop *stop);

/*
 * Sets proved[which[i]] to whether network which[i] of the engine is proved, for i < count. had[which[i]] is the
 * network's number of failed attempts so far; NULL: use the largest budget. Collective. Errors of the engine and of the
 * prover; a network outside the prover's bounds is not an error.
 */
carrynet_status attempts_prove(bool *proved, carrynet_engine *engine, const uint32_t *which, uint32_t count,
                               const uint32_t *had, struct attempts_stop *stop);

#endif
