/*
 * Shared by the parts of the prover: the caller's stop request and progress callback, and the word that refutes a
 * network.
 */
#ifndef PROVE_PROVER_H
#define PROVE_PROVER_H

#include <carrynet/prove.h>

/* When to give up without a verdict. */
struct prove_stop {
    double deadline; /* of sys_seconds; 0: none */
    int (*interrupted)(void *self);
    void (*progress)(void *self, const carrynet_prove_progress *progress); /* or NULL */
    void *self;
    carrynet_prove_progress before; /* when the current part began */
};
bool prove_stopped(const struct prove_stop *stop);

/* Reports to the caller how much the current part has done since it began; accepts NULL. */
void prove_notify(const struct prove_stop *stop, uint64_t done);

/* A word, one byte a symbol: the words of a search are short. */
struct prove_word {
    uint8_t *symbols; /* [length], sys_allocate */
    size_t length;
};

#endif
