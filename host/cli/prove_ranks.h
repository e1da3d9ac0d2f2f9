/* Proofs of many networks, distributed among the ranks of the job; each rank works on several at once. */
#ifndef CLI_PROVE_RANKS_H
#define CLI_PROVE_RANKS_H

#include "platform/platform.h"
#include <carrynet/prove.h>

typedef struct prove_work {
    size_t count; /* networks */
    const carrynet_task *task;
    /* Proves network i, on any rank and in any thread. */
    carrynet_status (*prove)(void *self, carrynet_proof *proof, size_t i);
    /*
     * Takes over the proof of a network on rank 0; a status other than OK means that there is none. Never called
     * concurrently.
     */
    carrynet_status (*take)(void *self, size_t i, carrynet_status status, const carrynet_proof *proof);
    bool (*stopped)(void *self); /* no further proof is begun */
    void *self;
} prove_work;

/* Collective. Returns the first error, on every rank; networks not begun when the job was stopped are not passed on. */
carrynet_status prove_on_ranks(const prove_work *work);

#endif
