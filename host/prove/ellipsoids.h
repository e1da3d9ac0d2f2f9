/*
 * The proof by ellipsoids: bases and covers of several kinds are tried, the cheapest first, until one is whole; it is
 * written as a certificate, which the checker has the last word on.
 */
#ifndef PROVE_ELLIPSOIDS_H
#define PROVE_ELLIPSOIDS_H

#include "prove/prover.h"

/*
 * Seeks a proof with attempts *attempt, ..., below `last` (ELLIPSOID_ATTEMPTS: all) within options->budget, and moves *attempt on: adds to
 * proof->steps, and where one is found sets by_ellipsoids, checked and the certificate;
 * else proof->reason. suspect is the word from the start at which the first step failed, if there is one; the caller's to
 * free. OK either way; UNSUPPORTED: weights beyond the bounds; MEMORY.
 */
enum { ELLIPSOID_CHEAP = 2, ELLIPSOID_ATTEMPTS = 4 };
carrynet_status ellipsoids_prove(carrynet_proof *proof, struct prove_word *suspect, size_t *attempt, size_t last,
                                 const carrynet_model *model, size_t network, const carrynet_task *task,
                                 const carrynet_prove_options *options, const struct prove_stop *stop);

#endif
