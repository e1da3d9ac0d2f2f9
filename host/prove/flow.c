/* Steps of sets (flow.h). */
#include "prove/flow.h"
#include "model/value.h"
#include "platform/platform.h"
#include "prove/dense.h"
#include "verify/bounds.h"
#include <math.h>
#include <string.h>

/* Room left for the checker's roundings, beside those that are estimated. */
static const double ROOM = 1e-12;

/* ---- the network ----------------------------------------------------------------------------------------------- */

carrynet_status flow_network_create(struct flow_network *net, const void *values, const carrynet_shape *shape,
                                    carrynet_precision precision, const carrynet_task *task, carrynet_bounds bounds)
{
    const size_t I = shape->inputs, H = shape->hidden, O = shape->outputs, symbols = (size_t)1 << I;
    carrynet_tensor tensors[CARRYNET_PARAMETERS];
    *net = (struct flow_network){.task = task, .inputs = I, .hidden = H, .outputs = O, .symbols = symbols};
    carrynet_status status = verify_values(values, shape, precision);
    if (status == CARRYNET_OK)
        status = sys_allocate(&net->memory, H * H + symbols * H + O * H + 2 * O + 2 * H, sizeof(double));
    if (status != CARRYNET_OK)
        return status;
    net->w_hh = net->memory;
    net->rows = net->w_hh + H * H;
    net->w_hy = net->rows + symbols * H;
    net->b_y = net->w_hy + O * H;
    net->h_0 = net->b_y + O;
    net->state_error = net->h_0 + H;
    net->logit_error = net->state_error + H;
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p)
        tensors[p] = carrynet_shape_tensor(shape, (carrynet_parameter)p);
    for (size_t i = 0; i < H * H; ++i)
        net->w_hh[i] = net_value(values, precision, tensors[CARRYNET_W_HH].offset + i);
    for (size_t a = 0; a < symbols; ++a)
        for (size_t j = 0; j < H; ++j) {
            double sum =
                tensors[CARRYNET_B_H].size > 0 ? net_value(values, precision, tensors[CARRYNET_B_H].offset + j) : 0;
            for (size_t i = 0; i < I; ++i)
                if (a >> i & 1)
                    sum += net_value(values, precision, tensors[CARRYNET_W_XH].offset + i * H + j);
            net->rows[a * H + j] = sum;
        }
    for (size_t o = 0; o < O; ++o) {
        for (size_t j = 0; j < H; ++j)
            net->w_hy[o * H + j] = net_value(values, precision, tensors[CARRYNET_W_HY].offset + j * O + o);
        net->b_y[o] =
            tensors[CARRYNET_B_Y].size > 0 ? net_value(values, precision, tensors[CARRYNET_B_Y].offset + o) : 0;
    }
    for (size_t j = 0; j < H && tensors[CARRYNET_H_0].size > 0; ++j)
        net->h_0[j] = net_value(values, precision, tensors[CARRYNET_H_0].offset + j);
    verify_errors(net->state_error, net->logit_error, values, shape, precision, bounds);
    return CARRYNET_OK;
}

void flow_network_free(struct flow_network *net)
{
    sys_free(net->memory);
    *net = (struct flow_network){0};
}

/* ---- the sigmoid ----------------------------------------------------------------------------------------------- */

/* sigma(x) to some units in the last place, from plain operations, so that every machine finds the same proof. */
static inline double sigma(double x)
{
    static const double log2_e = 0x1.71547652b82fep+0, ln2_high = 0x1.62e42fefa39efp-1, ln2_low = 0x1.abc9e3b39803fp-56;
    const double y = x < -40 ? 40 : x > 40 ? -40 : -x;
    const double shifted = y * log2_e + 0x1.80000000003ffp52, n = shifted - 0x1.80000000003ffp52;
    const double f = (y - n * ln2_high) - n * ln2_low;
    /* e^f by its series to f^12; 2^n from the low bits of n and the exponent's bias, which the sum put there. */
    double p = 1.0 / 479001600, scale;
    p = p * f + 1.0 / 39916800;
    p = p * f + 1.0 / 3628800;
    p = p * f + 1.0 / 362880;
    p = p * f + 1.0 / 40320;
    p = p * f + 1.0 / 5040;
    p = p * f + 1.0 / 720;
    p = p * f + 1.0 / 120;
    p = p * f + 1.0 / 24;
    p = p * f + 1.0 / 6;
    p = p * f + 0.5;
    p = p * f + 1;
    p = p * f + 1;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 52;
    memcpy(&scale, &bits, sizeof scale);
    return 1 / (1 + p * scale);
}

/* y [n] = sigma of x [n]. */
DENSE_WIDE
static void sigmas(double *restrict y, const double *restrict x, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        y[i] = sigma(x[i]);
}

/* log x for a normal x > 0, likewise: x = m 2^k, log m = 2 atanh((m - 1) / (m + 1)). */
static double logarithm(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t above = bits - 0x3fe6a09e667f3bcd; /* of sqrt(1/2) */
    const double k = (double)((int64_t)above >> 52);
    bits = (above & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd;
    double m, sum = 0;
    memcpy(&m, &bits, sizeof m);
    const double s = (m - 1) / (m + 1), square = s * s;
    for (int power = 21; power > 0; power -= 2)
        sum = sum * square + 1.0 / power;
    return k * 0x1.62e42fefa39efp-1 + 2 * s * sum;
}

/* Two lines: sigma(t) - k t in [m - d, m + d] on [low, high]. */
struct lines {
    double k, m, d;
};

static struct lines between_lines(double low, double high, double at_low, double at_high)
{
    struct lines lines;
    const double width = high - low;
    double k = width > 1e-6 ? (at_high - at_low) / width : at_low * (1 - at_low);
    k = !(k > 1e-15) ? 1e-15 : k > 0.25 ? 0.25 : k;
    /* sigma - k t has its extrema at the ends and at +-t, where sigma (1 - sigma) = k. */
    const double root = sqrt(1 - 4 * k), top = (1 + root) / 2, t = logarithm(top * top / k);
    const double first = at_low - k * low, last = at_high - k * high, peak = top - k * t;
    double upper = first > last ? first : last, lower = first > last ? last : first;
    if (t > low && t < high && peak > upper)
        upper = peak;
    if (-t > low && -t < high && 1 - peak < lower)
        lower = 1 - peak;
    lines.k = k;
    lines.m = (upper + lower) / 2;
    lines.d = (upper - lower) / 2;
    return lines;
}

/* ---- points ---------------------------------------------------------------------------------------------------- */

void flow_point(double *h_next, double *slope, const struct flow_network *net, const double *h, uint32_t symbol)
{
    const size_t H = net->hidden;
    double z[CARRYNET_HIDDEN];
    dense_row_times(z, h, net->w_hh, H, H);
    for (size_t j = 0; j < H; ++j)
        z[j] += net->rows[symbol * H + j];
    sigmas(h_next, z, H);
    for (size_t j = 0; j < H && slope != NULL; ++j)
        slope[j] = h_next[j] * (1 - h_next[j]);
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

carrynet_status flow_set_create(struct flow_set *set, size_t hidden, size_t capacity)
{
    *set = (struct flow_set){0};
    const size_t rows = 3 + 2 * hidden + 2 * capacity;
    const carrynet_status status = sys_allocate(&set->memory, rows, hidden * sizeof(double));
    if (status != CARRYNET_OK)
        return status;
    set->c = set->memory;
    set->z = set->c + hidden;
    set->r = set->z + hidden;
    set->g = set->r + hidden;
    set->a = set->g + hidden * hidden;
    set->e = set->a + hidden * hidden;
    set->d = set->e + capacity * hidden;
    return CARRYNET_OK;
}

void flow_set_free(struct flow_set *set)
{
    sys_free(set->memory);
    *set = (struct flow_set){0};
}

void flow_expand(struct flow_set *set, const struct flow_network *net)
{
    const size_t H = net->hidden;
    dense_row_times(set->z, set->c, net->w_hh, H, H);
    dense_multiply(set->a, set->g, net->w_hh, H, H, H);
    dense_multiply(set->d, set->e, net->w_hh, set->rows, H, H);
    for (size_t j = 0; j < H; ++j)
        set->r[j] = 0;
    for (size_t i = 0; i < H; ++i)
        for (size_t j = 0; j < H; ++j)
            set->r[j] += set->a[i * H + j] * set->a[i * H + j];
    for (size_t j = 0; j < H; ++j)
        set->r[j] = sqrt(set->r[j]);
    for (size_t i = 0; i < set->rows; ++i)
        for (size_t j = 0; j < H; ++j)
            set->r[j] += fabs(set->d[i * H + j]);
}

/* The least (2 out_o - 1) z_o over the set, by its affine form or the range [low, high] of every unit. */
static double logit_margin(const struct flow_set *set, const struct flow_network *net, const double *low,
                           const double *high, size_t o, bool positive)
{
    const size_t H = net->hidden;
    const double *w = net->w_hy + o * H, sign = positive ? 1 : -1;
    double affine = dense_dot(set->c, w, H), squares = 0, range = 0;
    for (size_t i = 0; i < H; ++i) {
        const double x = dense_dot(set->g + i * H, w, H);
        squares += x * x;
    }
    affine = sign * affine - sqrt(squares);
    for (size_t i = 0; i < set->rows; ++i)
        affine -= fabs(dense_dot(set->e + i * H, w, H));
    for (size_t j = 0; j < H; ++j)
        range += sign * w[j] > 0 ? sign * w[j] * low[j] : sign * w[j] * high[j];
    return (affine > range ? affine : range) + sign * net->b_y[o] - net->logit_error[o];
}

double flow_step(struct flow_set *next, const struct flow_set *set, const struct flow_network *net, uint32_t symbol,
                 uint32_t out)
{
    enum { MOST = CARRYNET_HIDDEN };
    const size_t H = net->hidden;
    const double *row = net->rows + symbol * H;
    double slope[MOST], z_low[MOST], z_high[MOST], low[MOST], high[MOST], least = INFINITY;
    if (H == 0)
        return least; /* never; gcc for 32 bits warns of unset values otherwise */
    next->rows = set->rows + H;
    double *added = next->e + set->rows * H;
    memset(added, 0, H * H * sizeof *added);
    for (size_t j = 0; j < H; ++j) {
        const double z = set->z[j] + row[j], r = set->r[j] + ROOM * (1 + fabs(z) + set->r[j]);
        z_low[j] = z - r;
        z_high[j] = z + r;
    }
    sigmas(low, z_low, H);
    sigmas(high, z_high, H);
    for (size_t j = 0; j < H; ++j) {
        const double z = set->z[j] + row[j];
        const struct lines lines = between_lines(z_low[j], z_high[j], low[j], high[j]);
        slope[j] = lines.k;
        next->c[j] = lines.k * z + lines.m;
        added[j * H + j] = lines.d + net->state_error[j] + ROOM * (1 + lines.k * (fabs(z) + set->r[j]));
        low[j] -= net->state_error[j] + ROOM;
        high[j] += net->state_error[j] + ROOM;
        low[j] = low[j] < 0 ? 0 : low[j];
        high[j] = high[j] > 1 ? 1 : high[j];
    }
    for (size_t i = 0; i < H; ++i)
        for (size_t j = 0; j < H; ++j)
            next->g[i * H + j] = set->a[i * H + j] * slope[j];
    for (size_t i = 0; i < set->rows; ++i)
        for (size_t j = 0; j < H; ++j)
            next->e[i * H + j] = set->d[i * H + j] * slope[j];
    for (size_t o = 0; o < net->outputs; ++o) {
        const double margin = logit_margin(next, net, low, high, o, (out >> o & 1) != 0);
        least = margin < least ? margin : least;
    }
    return least;
}
