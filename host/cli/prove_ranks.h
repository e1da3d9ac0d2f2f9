/* Proofs of many networks, distributed among the ranks of the job, each of which works at several at once. */
#ifndef CLI_PROVE_RANKS_H
#define CLI_PROVE_RANKS_H

#include "platform/platform.h"
#include <carrynet/prove.h>

typedef struct prove_work {
    size_t count; /* networks */
    const carrynet_task *task;
    /* Proves network i of them, on any rank and in any thread. */
    carrynet_status (*prove)(void *self, carrynet_proof *proof, size_t i);
    /* Takes its proof over, on rank 0; or, with a status that is not OK, that there is none. Never two at once. */
    carrynet_status (*take)(void *self, size_t i, carrynet_status status, const carrynet_proof *proof);
    bool (*stopped)(void *self); /* nothing more is begun */
    void *self;
} prove_work;

/* Collective. The first error, on every rank; networks that nobody has begun when it was stopped are not taken. */
carrynet_status prove_on_ranks(const prove_work *work);

#endif
