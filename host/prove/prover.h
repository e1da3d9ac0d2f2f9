/*
 * What the parts of the prover share: the network as an engine steps it, the caller's wish to stop, and the word that
 * refutes.
 */
#ifndef PROVE_PROVER_H
#define PROVE_PROVER_H

#include <carrynet/prove.h>

/* When to give up without a verdict. */
struct prove_stop {
    double deadline; /* of base_seconds; 0: none */
    int (*interrupted)(void *self);
    void *self;
};
bool prove_stopped(const struct prove_stop *stop);

/* A word of symbols, one a byte: the words of a search are short. */
struct prove_word {
    uint8_t *symbols; /* [length], base_allocate */
    size_t length;
};

#endif
