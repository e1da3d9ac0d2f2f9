/*
 * The proof by ellipsoids: tries several bases and covers, the cheapest first, until a cover is whole, and writes the
 * cover as a certificate. The checker decides whether the certificate is accepted.
 */
#ifndef PROVE_ELLIPSOIDS_H
#define PROVE_ELLIPSOIDS_H

#include "prove/branches.h"
#include "prove/prover.h"

/* Number of attempts: the cheap ones, and all. */
enum { ELLIPSOID_CHEAP = 2, ELLIPSOID_ATTEMPTS = 4 };

/*
 * Searches for a proof with attempts *attempt, ..., below `last`, within options->budget, and advances *attempt. Adds
 * to proof->steps. If a proof is found, sets by_ellipsoids, checked and the certificate; else sets the reason and keeps
 * the failed branches (unless `branches` is NULL). OK either way; UNSUPPORTED: weights beyond the bounds; MEMORY.
 */
carrynet_status ellipsoids_prove(carrynet_proof *proof, struct branches *branches, size_t *attempt, size_t last,
                                 const carrynet_model *model, size_t network, const carrynet_task *task,
                                 const carrynet_prove_options *options, const struct prove_stop *stop);

#endif
