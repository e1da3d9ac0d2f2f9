/*
 * The error bounds of the arithmetic that a proof allows for, from kernels/ARITHMETIC.md. Over the reals f_a(h) =
 * sigma(b_h + x_a w_xh + h w_hh); a network's stored state h in [0,1]^H goes to F_a(h) with
 *
 *     |F_a(h) - f_a(h)|_j <= state_j = c (H+I+1) u / 4 (sum_i |w_xh_ij| + sum_i |w_hh_ij| + |b_j|) + e_S + 1e-12
 *
 * for any order of summation, fused or not: each of at most H+I+1 terms is rounded at most H+I+1 times, gamma_n = n u /
 * (1 - n u) <= 1.02 n u for n <= 4096, and sigma has slope at most 1/4. Binary32 values below 2^-40 become 0. This
 * changes no sigmoid, since none is below 2^-39. It changes an h_0 by at most 2^-40, less than the u of one rounding
 * that its terms do not have. It changes weights of models that were never in a file: their magnitudes are added, times
 * 1/4 here. A logit has the right sign, and y = S(z) lies on the right side of 1/2, if over the reals its magnitude
 * exceeds
 *
 *     logit_o = c (H+2) u (sum_j |w_hy_jo| + |b_y_o|) + tau + 1e-30
 *
 * c = 1.02, doubled for CARRYNET_BOUNDS_ANY. 1e-12 and 1e-30 cover operations below the normal range (at most 4096 *
 * 2^-126) and the rounding of these sums, which are also rounded up.
 */
#ifndef VERIFY_BOUNDS_H
#define VERIFY_BOUNDS_H

#include <carrynet/verify.h>

/* Largest magnitude of a weight and most terms of a sum for which the bounds hold. */
#define VERIFY_WEIGHT 0x1p20
#define VERIFY_TERMS 4096

/* The constants of one arithmetic. */
struct verify_arithmetic {
    double unit;    /* u: half the distance from 1 to the next number */
    double factor;  /* c */
    double sigmoid; /* e_S: |S(x) - sigma(x)| for every x that is not NaN */
    double side;    /* tau: S(x) > 1/2 for x > tau and S(x) < 1/2 for x < -tau */
};
struct verify_arithmetic verify_arithmetic(carrynet_precision precision, carrynet_bounds bounds);

/*
 * Sets the bounds state [H] and logit [O] for the parameters of one network (float or double by the precision), rounded
 * up.
 */
void verify_errors(double *state, double *logit, const void *values, const carrynet_shape *shape,
                   carrynet_precision precision, carrynet_bounds bounds);

/*
 * UNSUPPORTED, naming the parameter, for a value that is NaN, infinite or beyond VERIFY_WEIGHT, an h_0 outside 0 to 1,
 * or too many terms.
 */
carrynet_status verify_values(const void *values, const carrynet_shape *shape, carrynet_precision precision);

#endif
