/*
 * Small dense row-major matrices of doubles for the prover. Plain loops in a stated order find the same proof on every
 * machine. The checker has routines of its own.
 */
#ifndef PROVE_DENSE_H
#define PROVE_DENSE_H

#include <limits.h> /* defines __GLIBC__ */
#include <stdbool.h>
#include <stddef.h>

/*
 * Compiles a function twice, once for wider vectors, and selects one at program start. Contraction is off, so the bits
 * are the same. The loader must support indirect functions, which musl's does not.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__UCLIBC__) && defined(__GNUC__) && !defined(__clang__) &&   \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DENSE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define DENSE_WIDE
#endif

/* product [n][m] = a [n][k] b [k][m]; the arrays do not overlap. */
void dense_multiply(double *restrict product, const double *restrict a, const double *restrict b, size_t n, size_t k,
                    size_t m);

/* product [n][m] = a^T b for a [k][n] and b [k][m]; the arrays do not overlap. */
void dense_multiply_transposed(double *restrict product, const double *restrict a, const double *restrict b, size_t n,
                               size_t k, size_t m);

/* y [m] = x [k] a [k][m], and y [k] = a [k][m] x [m]. */
void dense_row_times(double *restrict y, const double *restrict x, const double *restrict a, size_t k, size_t m);
void dense_times_column(double *restrict y, const double *restrict a, const double *restrict x, size_t k, size_t m);

double dense_dot(const double *a, const double *b, size_t n);

/* The upper triangular b [n][n] with b^T b = p; false unless p is positive definite. b may be p. */
bool dense_cholesky(double *b, const double *p, size_t n);

/* The inverse of an upper triangular matrix without a zero on the diagonal; inverse must not be b. */
void dense_invert_upper(double *restrict inverse, const double *restrict b, size_t n);

/*
 * An upper bound of the spectral norm of a [n][n]: the 8th root of the Frobenius norm of (a^T a)^4, too large by a
 * factor of at most n^(1/16). scratch [2 n n].
 */
double dense_norm(const double *a, size_t n, double *scratch);

#endif
