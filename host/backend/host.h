/*
 * The backend `host`: the reference's operations in tiles (tiled/), on one core, with equal bits and several times the
 * speed. It serves where there is no OpenCL device, and for passes too small to be worth opening one.
 */
#ifndef BACKEND_HOST_H
#define BACKEND_HOST_H

#include "reference/reference.h"

/* The operations for a precision: with FMA instructions where this processor has them. Static. */
const struct network_operations *host_operations(carrynet_precision precision);

/* Whether they give the bits of small updates that the reference has to give; asked once. Errors of reference_admit. */
carrynet_status tiled_admit(void);

#endif
