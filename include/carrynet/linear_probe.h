/*
 * Linear probes of hidden states: the affine function w h + c that minimises sum (w h + c - target)^2 + r |w|^2 over
 * points, by the normal equations and Cholesky's method; the small r makes them solvable where units agree. For display
 * only: no result depends on it.
 */
#ifndef CARRYNET_LINEAR_PROBE_H
#define CARRYNET_LINEAR_PROBE_H

#include <carrynet/status.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct carrynet_linear_probe {
    const double *h; /* [points][hidden], the caller's */
    size_t points, hidden;
    double *factor; /* [hidden + 1][hidden + 1], lower half: of the normal equations */
} carrynet_linear_probe;

/* Prepares probes of these points; to be closed in any case. MEMORY; NUMERIC if a hidden value is not finite. */
CARRYNET_API carrynet_status carrynet_linear_probe_open(carrynet_linear_probe *probe, const double *h, size_t points,
                                                        size_t hidden);
CARRYNET_API void carrynet_linear_probe_close(carrynet_linear_probe *probe);

/* The weights [hidden + 1], the constant last, that fit target [points] best. */
CARRYNET_API void carrynet_linear_probe_fit(double *weights, const carrynet_linear_probe *probe, const double *target);

/* The value of the affine function at one point, h [hidden]. */
CARRYNET_API double carrynet_linear_probe_at(const double *weights, const double *h, size_t hidden);

#ifdef __cplusplus
}
#endif

#endif
