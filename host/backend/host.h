/*
 * The backend `host`: the reference's operations in tiles (tiled/), on one core, with equal bits and several times the
 * speed. It serves where there is no OpenCL device, and for passes too small to be worth opening one. The reference is a
 * backend by the same code, with its own operations.
 */
#ifndef BACKEND_HOST_H
#define BACKEND_HOST_H

#include "backend/backend.h"
#include "reference/reference.h"

/* Makes the reference, or if not plain, `host`. DEVICE: this machine does not compute as it should; MEMORY, with the need. */
carrynet_status host_backend_create(struct backend **backend, const carrynet_settings *settings, bool plain);

/* The tiled operations for a precision: with FMA instructions where this processor has them. Static. */
const struct network_operations *host_operations(carrynet_precision precision);

/* Whether they give the bits of small updates that the reference has to give; asked once. Errors of reference_admit. */
carrynet_status tiled_admit(void);

#endif
