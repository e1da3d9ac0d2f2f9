/*
 * Small dense matrices of doubles, row by row, for the prover. Plain loops in a stated order, so that a proof is found
 * alike on every machine; the checker has its own.
 */
#ifndef PROVE_DENSE_H
#define PROVE_DENSE_H

#include <limits.h> /* with which glibc says that it is there */
#include <stdbool.h>
#include <stddef.h>

/*
 * Compiles a function twice, once for wider vectors, and chooses when the program starts; contraction is off, so the
 * bits are the same. That takes a loader that knows indirect functions, which musl's does not.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__UCLIBC__) && defined(__GNUC__) && !defined(__clang__) &&   \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define DENSE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define DENSE_WIDE
#endif

/* product [n][m] = a [n][k] b [k][m]; no two overlap. */
void dense_multiply(double *restrict product, const double *restrict a, const double *restrict b, size_t n, size_t k,
                    size_t m);

/* product [n][m] = a^T b of a [k][n] and b [k][m]; no two overlap. */
void dense_multiply_transposed(double *restrict product, const double *restrict a, const double *restrict b, size_t n,
                               size_t k, size_t m);

/* y [m] = x [k] a [k][m], and y [k] = a [k][m] x [m]. */
void dense_row_times(double *restrict y, const double *restrict x, const double *restrict a, size_t k, size_t m);
void dense_times_column(double *restrict y, const double *restrict a, const double *restrict x, size_t k, size_t m);

double dense_dot(const double *a, const double *b, size_t n);

/* The upper triangular b [n][n] with b^T b = p; false unless p is positive definite. b may be p. */
bool dense_cholesky(double *b, const double *p, size_t n);

/* The inverse of an upper triangular matrix with a diagonal that is not 0; inverse is not b. */
void dense_invert_upper(double *restrict inverse, const double *restrict b, size_t n);

/*
 * An upper bound of the spectral norm of a [n][n]: the 8th root of the Frobenius norm of (a^T a)^4, at most n^(1/16)
 * times too large. scratch [2 n n].
 */
double dense_norm(const double *a, size_t n, double *scratch);

#endif
