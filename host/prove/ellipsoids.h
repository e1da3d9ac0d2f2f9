/*
 * The proof by ellipsoids: bases and covers of several kinds are tried, the cheapest first, until one is whole; it is
 * written as a certificate, which the checker has the last word on.
 */
#ifndef PROVE_ELLIPSOIDS_H
#define PROVE_ELLIPSOIDS_H

#include "prove/branches.h"
#include "prove/prover.h"

/* Attempts: the cheap ones, and all. */
enum { ELLIPSOID_CHEAP = 2, ELLIPSOID_ATTEMPTS = 4 };

/*
 * Seeks a proof with attempts *attempt, ..., below `last`, within options->budget, and moves *attempt on. Adds to
 * proof->steps; where a proof is found sets by_ellipsoids, checked and the certificate, else the reason, and keeps the
 * branches at which it failed (NULL: does not). OK either way; UNSUPPORTED: weights beyond the bounds; MEMORY.
 */
carrynet_status ellipsoids_prove(carrynet_proof *proof, struct branches *branches, size_t *attempt, size_t last,
                                 const carrynet_model *model, size_t network, const carrynet_task *task,
                                 const carrynet_prove_options *options, const struct prove_stop *stop);

#endif
