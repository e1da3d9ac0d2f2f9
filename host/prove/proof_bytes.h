/*
 * A proof as bytes, for another process of the same build: the struct, the symbols of its wrong word, its certificate.
 */
#ifndef PROVE_PROOF_BYTES_H
#define PROVE_PROOF_BYTES_H

#include "platform/platform.h"
#include <carrynet/prove.h>

/* Adds the bytes of a proof to *bytes. */
void proof_put(sys_text *bytes, const carrynet_proof *proof, const carrynet_task *task);

/* Reads a proof from bytes [size]; call carrynet_proof_free in any case. FORMAT, MEMORY. */
carrynet_status proof_take(carrynet_proof *proof, const char *bytes, size_t size, const carrynet_task *task);

#endif
