/*
 * The loops of dense.h. The innermost loop runs along a row, so that a compiler can vectorise it without changing bits.
 */
#include "prove/dense.h"
#include <math.h>
#include <string.h>

/* Rows of a tile that stays in registers. */
enum { ROWS = 4 };

/* sums over l ascending of a[i down + l across] b[l m + j], into product[i m + j], for a tile at the edge. */
static inline void edge_tile(double *restrict product, const double *restrict a, size_t down, size_t across,
                             const double *restrict b, size_t k, size_t m, size_t rows, size_t columns)
{
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) {
            double sum = 0;
            for (size_t l = 0; l < k; ++l)
                sum += a[i * down + l * across] * b[l * m + j];
            product[i * m + j] = sum;
        }
}

/*
 * A function that multiplies in tiles, with vectors of `lanes` doubles, two a row of the tile. Defined once for every
 * width, since a compiler breaks up vectors that its target has not: the sums are the same.
 */
#define DEFINE_MULTIPLY(name, target, vector, lanes)                                                                   \
    target static void name(double *restrict product, const double *restrict a, size_t down, size_t across,            \
                            const double *restrict b, size_t n, size_t k, size_t m)                                    \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i += ROWS)                                                                           \
            for (size_t j = 0; j < m; j += 2 * (lanes)) {                                                              \
                double *to = product + i * m + j;                                                                      \
                const double *from = a + i * down;                                                                     \
                if (n - i < ROWS || m - j < 2 * (lanes)) {                                                             \
                    edge_tile(to, from, down, across, b + j, k, m, n - i < ROWS ? n - i : ROWS,                        \
                              m - j < 2 * (lanes) ? m - j : 2 * (lanes));                                              \
                    continue;                                                                                          \
                }                                                                                                      \
                vector left[ROWS] = {{0}}, right[ROWS] = {{0}};                                                        \
                for (size_t l = 0; l < k; ++l) {                                                                       \
                    const vector first = *(const vector *)(b + l * m + j);                                             \
                    const vector second = *(const vector *)(b + l * m + j + (lanes));                                  \
                    for (size_t r = 0; r < ROWS; ++r) {                                                                \
                        const vector factor = from[r * down + l * across] - (vector){0};                               \
                        left[r] += factor * first;                                                                     \
                        right[r] += factor * second;                                                                   \
                    }                                                                                                  \
                }                                                                                                      \
                for (size_t r = 0; r < ROWS; ++r) {                                                                    \
                    *(vector *)(to + r * m) = left[r];                                                                 \
                    *(vector *)(to + r * m + (lanes)) = right[r];                                                      \
                }                                                                                                      \
            }                                                                                                          \
    }

typedef double two __attribute__((vector_size(16), aligned(8)));
DEFINE_MULTIPLY(multiply_by_two, , two, 2)

#if defined(__x86_64__)
typedef double four __attribute__((vector_size(32), aligned(8)));
DEFINE_MULTIPLY(multiply_by_four, __attribute__((target("avx2"))), four, 4)
#endif

static void multiply(double *restrict product, const double *restrict a, size_t down, size_t across,
                     const double *restrict b, size_t n, size_t k, size_t m)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        multiply_by_four(product, a, down, across, b, n, k, m);
        return;
    }
#endif
    multiply_by_two(product, a, down, across, b, n, k, m);
}

void dense_multiply(double *restrict product, const double *restrict a, const double *restrict b, size_t n, size_t k,
                    size_t m)
{
    multiply(product, a, k, 1, b, n, k, m);
}

void dense_multiply_transposed(double *restrict product, const double *restrict a, const double *restrict b, size_t n,
                               size_t k, size_t m)
{
    multiply(product, a, 1, n, b, n, k, m);
}

DENSE_WIDE
void dense_row_times(double *restrict y, const double *restrict x, const double *restrict a, size_t k, size_t m)
{
    memset(y, 0, m * sizeof *y);
    for (size_t l = 0; l < k; ++l)
        for (size_t j = 0; j < m; ++j)
            y[j] += x[l] * a[l * m + j];
}

void dense_times_column(double *restrict y, const double *restrict a, const double *restrict x, size_t k, size_t m)
{
    for (size_t i = 0; i < k; ++i)
        y[i] = dense_dot(a + i * m, x, m);
}

double dense_dot(const double *a, const double *b, size_t n)
{
    /* Four sums, since one would wait for itself. */
    double sums[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; ++k)
            sums[k] += a[i + k] * b[i + k];
    for (; i < n; ++i)
        sums[0] += a[i] * b[i];
    return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

bool dense_cholesky(double *b, const double *p, size_t n)
{
    if (b != p)
        memcpy(b, p, n * n * sizeof *b);
    for (size_t i = 0; i < n; ++i) {
        const double pivot = b[i * n + i];
        if (!(pivot > 0) || !isfinite(pivot))
            return false;
        const double root = sqrt(pivot);
        for (size_t j = i; j < n; ++j)
            b[i * n + j] /= root;
        for (size_t k = i + 1; k < n; ++k) {
            const double factor = b[i * n + k];
            for (size_t j = k; j < n; ++j)
                b[k * n + j] -= factor * b[i * n + j];
        }
        for (size_t j = 0; j < i; ++j)
            b[i * n + j] = 0;
    }
    return true;
}

void dense_invert_upper(double *restrict inverse, const double *restrict b, size_t n)
{
    /* From the last row up: b_ii x_i = e_i - sum of b_ik x_k over k > i. */
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = n; i-- > 0;) {
        double *row = inverse + i * n;
        row[i] = 1;
        for (size_t k = i + 1; k < n; ++k)
            for (size_t j = k; j < n; ++j)
                row[j] -= b[i * n + k] * inverse[k * n + j];
        for (size_t j = i; j < n; ++j)
            row[j] /= b[i * n + i];
    }
}

double dense_norm(const double *a, size_t n, double *scratch)
{
    double *gram = scratch, *square = scratch + n * n;
    dense_multiply_transposed(gram, a, a, n, n, n);
    dense_multiply(square, gram, gram, n, n, n);
    dense_multiply(gram, square, square, n, n, n);
    return sqrt(sqrt(sqrt(sqrt(dense_dot(gram, gram, n * n)))));
}
