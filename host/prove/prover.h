/*
 * What the parts of the prover share: the caller's request to stop and to be notified of its progress, and the word that refutes.
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
    carrynet_prove_progress before; /* when the part at hand began */
};
bool prove_stopped(const struct prove_stop *stop);

/* Tells the caller that the part has done so much since it began; takes NULL. */
void prove_notify(const struct prove_stop *stop, uint64_t done);

/* A word of symbols, one a byte: the words of a search are short. */
struct prove_word {
    uint8_t *symbols; /* [length], sys_allocate */
    size_t length;
};

#endif
