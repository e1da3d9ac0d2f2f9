/*
 * The shapes of the cells: for every state q of the automaton an ellipsoid { u B_q : |u|_2 <= 1 } that the network's
 * linearised steps shrink: with P_q = B_q^T B_q and products J of Jacobians along words from q to q'
 *
 *     J^T P_q J <= g^2 P_q'        for the least g that is found
 *
 * where J takes a row vector dh to dh J.
 */
#ifndef PROVE_BASIS_H
#define PROVE_BASIS_H

#include "prove/flow.h"

struct basis_effort {
    uint32_t samples; /* products of Jacobians */
    uint32_t length;  /* Jacobians in each */
    uint32_t rounds;
};

/* One shape for every state of the task, and their inverses. */
struct basis {
    size_t count; /* states */
    double *b;    /* [states][H][H], upper triangular; the largest half width along a unit is 1 */
    double *m;    /* [states][H][H]: inverses */
};

/* Seeks a basis; the caller frees it. MEMORY. */
carrynet_status basis_seek(struct basis *basis, const struct flow_network *net, const struct basis_effort *effort);
void basis_free(struct basis *basis);

#endif
