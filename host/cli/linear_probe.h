/*
 * Linear probes of hidden states: the affine function w h + c that minimises sum (w h + c - target)^2 + r |w|^2 over
 * points, by the normal equations and Cholesky's method; the small r makes them solvable where units agree. For the eye
 * alone: no result depends on it.
 */
#ifndef CLI_LINEAR_PROBE_H
#define CLI_LINEAR_PROBE_H

#include "platform/platform.h"

typedef struct linear_probe {
    const double *h; /* [points][hidden], the caller's */
    size_t points, hidden;
    double *factor; /* [hidden + 1][hidden + 1], lower half: of the normal equations */
} linear_probe;

/* Prepares probes of these points; to be closed in any case. MEMORY; NUMERIC if a hidden value is not finite. */
carrynet_status linear_probe_open(linear_probe *probe, const double *h, size_t points, size_t hidden);
void linear_probe_close(linear_probe *probe);

/* The weights [hidden + 1], the constant last, that fit target [points] best. */
void linear_probe_fit(double *weights, const linear_probe *probe, const double *target);

/* What weights say of one point, h [hidden]. */
double linear_probe_at(const double *weights, const double *h, size_t hidden);

#endif
