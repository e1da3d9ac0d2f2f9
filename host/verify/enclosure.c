/*
 * u = 2^-53. A sum of n products in any order is off by at most gamma_n times the sum of their magnitudes, gamma_n = n
 * u / (1 - n u). Every bound below is a sum of at most 2^21 numbers of one sign in binary64, hence off by less than
 * 2^-31 relatively: the factor UP covers this and the denominator of gamma. Each underflow loses less than 2^-1022
 * (with subnormals or without), and 2^-500 under a root: TINY covers it. Overflow and NaN fail the final tests, all of
 * which are false for NaN.
 */
#include "verify/enclosure.h"
#include "verify/sigmoid_lines.h"
#include <float.h>
#include <math.h>
#include <string.h>

#if defined(__FAST_MATH__) || (FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16)
#error "the checker's bounds need IEEE arithmetic: compile without -ffast-math; on 32-bit x86 with -msse2 -mfpmath=sse"
#endif

#define UNIT 0x1p-53
#define UP (1 + 0x1p-30)
#define TINY 0x1p-500
#define WIDE 0x1p40 /* largest magnitude of a sum that is followed */

/* Of H products and up to 8 roundings more in a chain, whose terms' magnitudes sum to size. */
static double rounding(size_t hidden, double size)
{
    return (double)(hidden + 8) * UNIT * UP * size + TINY;
}

void verify_product(double *restrict y, const double *restrict x, const double *restrict w, size_t rows, size_t inner,
                    size_t columns)
{
    memset(y, 0, rows * columns * sizeof *y);
    for (size_t i = 0; i < rows; ++i) {
        double *restrict sum = y + i * columns;
        size_t k = 0;
        for (; k + 4 <= inner; k += 4) { /* four at a time, so that a sum is loaded and stored less often */
            const double *a = x + i * inner + k, *w_0 = w + k * columns, *w_1 = w_0 + columns, *w_2 = w_1 + columns,
                         *w_3 = w_2 + columns;
            if (a[0] == 0 && a[1] == 0 && a[2] == 0 && a[3] == 0) /* most of a new box */
                continue;
            for (size_t j = 0; j < columns; ++j)
                sum[j] += (a[0] * w_0[j] + a[1] * w_1[j]) + (a[2] * w_2[j] + a[3] * w_3[j]);
        }
        for (; k < inner; ++k)
            for (size_t j = 0; j < columns; ++j)
                sum[j] += x[i * inner + k] * w[k * columns + j];
    }
}

void verify_image(struct verify_image *image, const double *centre, const struct verify_set *set, const double *matrix,
                  size_t hidden, size_t columns)
{
    const size_t rows = hidden + set->boxes;
    verify_product(image->centre, centre, matrix, 1, hidden, columns);
    verify_product(image->rows, set->rows, matrix, rows, hidden, columns);
    for (size_t k = 0; k < hidden; ++k)
        image->spread[k] = fabs(centre[k]);
    for (size_t i = 0; i < rows; ++i)
        for (size_t k = 0; k < hidden; ++k)
            image->spread[k] += fabs(set->rows[i * hidden + k]);
    memset(image->ball, 0, columns * sizeof *image->ball);
    memset(image->box, 0, columns * sizeof *image->box);
    memset(image->size, 0, columns * sizeof *image->size);
    for (size_t k = 0; k < hidden; ++k)
        for (size_t j = 0; j < columns; ++j)
            image->size[j] += image->spread[k] * fabs(matrix[k * columns + j]);
    for (size_t i = 0; i < hidden; ++i)
        for (size_t j = 0; j < columns; ++j)
            image->ball[j] += image->rows[i * columns + j] * image->rows[i * columns + j];
    for (size_t j = 0; j < columns; ++j)
        image->ball[j] = sqrt(image->ball[j]);
    for (size_t i = hidden; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j)
            image->box[j] += fabs(image->rows[i * columns + j]);
}

/*
 * A state h = c + u G + v E of the set has t = row + h w_hh = z + u A + v D + rho with the image's A = G w_hh, D = E w_hh as
 * computed, |rho_j| <= error: H products, I + 1 additions of b, w_xh and the product's sum. It becomes
 *
 *     sigma(t) + e = (k z + m) + u (A k) + v (D k) + (k rho + delta + e),     |delta| <= half, |e| <= state_error
 *
 * whose first three terms, as computed, are the new centre and rows. k z and the products with k add one rounding to each
 * term of the size, and k <= 1/4: within the 8 roundings of `error`. The sum k z + m has 2^-52 of it.
 */
bool verify_step(struct verify_set *next, const struct verify_image *image, const struct verify_set *set,
                 const struct verify_network *network, uint32_t symbol)
{
    const size_t hidden = network->hidden, rows = hidden + set->boxes;
    double *const diagonal = next->rows + rows * hidden;
    next->boxes = set->boxes + hidden;
    memset(diagonal, 0, hidden * hidden * sizeof *diagonal);
    for (size_t j = 0; j < hidden; ++j) {
        const double z = network->rows[symbol * hidden + j] + image->centre[j];
        const double error = rounding(hidden, network->row_sizes[j] + image->size[j]);
        const double radius = UP * (image->ball[j] + image->box[j] + error + 0x1p-50 * fabs(z)) + TINY;
        if (!(fabs(z) + radius <= WIDE))
            return false;
        /* The last term of radius is more than the rounding of these two: u (|z| + radius). */
        const struct verify_lines lines = verify_lines(z - radius, z + radius);
        const double own = network->state_error[j];
        const double low = lines.at_low - own - 2 * VERIFY_SIGMOID_ERROR;
        const double high = lines.at_high + own + 2 * VERIFY_SIGMOID_ERROR;
        next->centre[j] = lines.slope * z + lines.middle;
        diagonal[j * hidden + j] =
            UP * (lines.half + own + lines.slope * error + 0x1p-52 * fabs(next->centre[j])) + TINY;
        next->low[j] = low > 0 ? low : 0;
        next->high[j] = high < 1 ? high : 1;
        image->slopes[j] = lines.slope;
    }
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < hidden; ++j)
            next->rows[i * hidden + j] = image->slopes[j] * image->rows[i * hidden + j];
    return true;
}

double verify_margin(const struct verify_image *image, const struct verify_set *set,
                     const struct verify_network *network, uint32_t output, bool right)
{
    const size_t hidden = network->hidden, outputs = network->outputs;
    const double sign = right ? 1 : -1, bias = sign * network->b_y[output];
    /* The set as it is: */
    const double z = bias + sign * image->centre[output];
    const double error = rounding(hidden, fabs(bias) + image->size[output]);
    const double reach = UP * (image->ball[output] + image->box[output] + error + 0x1p-50 * fabs(z)) + TINY;
    const double affine = z - reach - network->logit_error[output];
    /* Each unit apart, within 0 to 1, where every stored value is: */
    double sum = bias, size = fabs(bias);
    for (size_t j = 0; j < hidden; ++j) {
        const double w = sign * network->w_hy[j * outputs + output];
        sum += w * (w > 0 ? set->low[j] : set->high[j]);
        size += fabs(w);
    }
    const double apart = sum - UP * (rounding(hidden, size) + 0x1p-50 * fabs(sum)) - network->logit_error[output];
    return affine > apart ? affine : apart;
}

/*
 * x = h - centre for h in the set. If x = radius y B then x M = radius y (I - F), F = I - B M, so |y| <= |x M| / (radius (1 -
 * ||F||)), and B is invertible as ||F|| < 1. x M is the image of the set with the centre moved, whose subtraction adds one
 * rounding: its centre, boxes and rounding are bounded unit by unit, its ball by the norm of the image of G.
 */
bool verify_inside(struct verify_image *image, double *scratch, const struct verify_set *set, const double *centre,
                   double radius, const struct verify_basis *basis, size_t hidden)
{
    double sum = 0, ball = 0;
    for (size_t j = 0; j < hidden; ++j)
        scratch[j] = set->centre[j] - centre[j];
    verify_image(image, scratch, set, basis->inverse, hidden, hidden);
    for (size_t j = 0; j < hidden; ++j) {
        const double reach = fabs(image->centre[j]) + image->box[j] + rounding(hidden, image->size[j]);
        sum += reach * reach;
        ball += image->ball[j] * image->ball[j];
    }
    const double room = radius * (1 - basis->residual - 0x1p-50), apart = UP * sqrt(sum) + TINY;
    if (UP * (apart + UP * sqrt(ball) + TINY) <= room)
        return true;
    return UP * (apart + verify_norm(image->rows, scratch, hidden)) <= room;
}

/* ---- norms ----------------------------------------------------------------------------------------------------- */

/* At least the Frobenius norm, which is at least the 2-norm. */
static double frobenius(const double *a, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; ++i)
        sum += a[i] * a[i];
    return UP * sqrt(sum) + TINY;
}

/*
 * ||A||^2 = ||A'A|| <= ||N|| + error for N = A'A as computed: of its entries the errors are gamma_n |A|'|A|, whose norm is at
 * most the square of A's Frobenius norm. Three times, then the Frobenius norm: too large by a factor n^(1/16) at most.
 */
double verify_norm(const double *a, double *scratch, size_t n)
{
    enum { TIMES = 3 };
    double errors[TIMES];
    for (int t = 0; t < TIMES; ++t) {
        double *const transposed = scratch, *const gram = scratch + (t % 2 == 0 ? 1 : 2) * n * n;
        const double size = frobenius(a, n * n);
        errors[t] = rounding(n, size * size);
        for (size_t i = 0; i < n; ++i)
            for (size_t k = 0; k < n; ++k)
                transposed[i * n + k] = a[k * n + i];
        verify_product(gram, transposed, a, n, n, n);
        a = gram;
    }
    double norm = frobenius(a, n * n);
    for (int t = TIMES; t-- > 0;)
        norm = UP * sqrt(norm + errors[t]);
    return norm;
}

/* ---- bases ----------------------------------------------------------------------------------------------------- */

static void swap_rows(double *a, double *b, size_t count)
{
    for (size_t j = 0; j < count; ++j) {
        const double kept = a[j];
        a[j] = b[j];
        b[j] = kept;
    }
}

/* Gauss and Jordan's elimination of [B I] with the largest pivots: good enough or not, the residual will say. */
void verify_invert(struct verify_basis *basis, double *scratch, size_t hidden)
{
    const size_t n = hidden, width = 2 * n;
    double *const work = scratch;
    memset(work, 0, n * width * sizeof *work);
    for (size_t i = 0; i < n; ++i) {
        memcpy(work + i * width, basis->basis + i * n, n * sizeof *work);
        work[i * width + n + i] = 1;
    }
    for (size_t k = 0; k < n; ++k) {
        size_t best = k;
        for (size_t i = k + 1; i < n; ++i)
            best = fabs(work[i * width + k]) > fabs(work[best * width + k]) ? i : best;
        if (best != k)
            swap_rows(work + k * width, work + best * width, width);
        const double pivot = work[k * width + k];
        for (size_t j = 0; j < width; ++j)
            work[k * width + j] /= pivot;
        for (size_t i = 0; i < n; ++i) {
            const double factor = work[i * width + k];
            if (i != k && factor != 0)
                for (size_t j = 0; j < width; ++j)
                    work[i * width + j] -= factor * work[k * width + j];
        }
    }
    for (size_t i = 0; i < n; ++i)
        memcpy(basis->inverse + i * n, work + i * width + n, n * sizeof *work);
}

void verify_residual(struct verify_basis *basis, double *scratch, size_t hidden)
{
    const size_t n = hidden;
    double *const product = scratch, *const size = scratch + n * n;
    verify_product(product, basis->basis, basis->inverse, n, n, n);
    memset(size, 0, n * n * sizeof *size);
    for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < n; ++k)
            for (size_t j = 0; j < n; ++j)
                size[i * n + j] += fabs(basis->basis[i * n + k] * basis->inverse[k * n + j]);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            const double one = i == j ? 1 : 0;
            product[i * n + j] = fabs(one - product[i * n + j]) + rounding(n, one + size[i * n + j]);
        }
    basis->residual = frobenius(product, n * n);
}
