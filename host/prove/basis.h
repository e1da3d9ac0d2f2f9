/*
 * The shapes of the cells: for every kind q of hidden states an ellipsoid { u B_q : |u|_2 <= 1 } that the network's
 * linearised steps contract. With P_q = B_q^T B_q and products J of Jacobians along words from q to q':
 *
 *     J^T P_q J <= g^2 P_q'        for the least g that is found
 *
 * J takes a row vector dh to dh J. A kind is a state of the automaton, or a state together with the last symbol, since
 * hidden states cluster by these (Ahmadi, Jungers, Parrilo, Roozbehani: path-complete Lyapunov functions, 2014).
 */
#ifndef PROVE_BASIS_H
#define PROVE_BASIS_H

#include "prove/flow.h"

struct basis_effort {
    uint32_t samples; /* products of Jacobians */
    uint32_t length;  /* Jacobians in each */
    uint32_t rounds;
    bool by_symbol; /* a kind is a pair of state and last symbol, unless these are very many */
};

/* One ellipsoid per kind, as matrix and inverse. */
struct basis {
    size_t count;   /* kinds */
    uint32_t apart; /* kinds of a state: 1, or one for each symbol */
    double *b;      /* [kinds][H][H], upper triangular; the largest half width along a unit is 1 */
    double *m;      /* [kinds][H][H]: inverses */
};

/* The kind of the hidden states in automaton state `state` after symbol `symbol`. */
static inline uint32_t basis_kind(const struct basis *basis, uint32_t state, uint32_t symbol)
{
    return basis->apart == 1 ? state : state * basis->apart + symbol;
}

/* Searches for a basis; the caller frees the basis. MEMORY. */
carrynet_status basis_seek(struct basis *basis, const struct flow_network *net, const struct basis_effort *effort);
void basis_free(struct basis *basis);

#endif
