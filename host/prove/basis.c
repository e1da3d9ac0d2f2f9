/*
 * Bases by multiplicative updates (basis.h). Samples that contract badly get large weights. Along the direction v in
 * which sample J from q to q' grows most, P_q' is enlarged; P_q is reduced along the direction u that maps to v:
 *
 *     A = B_q J M_q' with M = B^-1, largest singular value s, A^T u = s v;  N_q' += w v v^T,  N_q -= w u u^T
 *     P_q <- B_q^T (I + rate N_q) B_q
 */
#include "prove/basis.h"
#include "platform/platform.h"
#include "prove/dense.h"
#include <math.h>
#include <string.h>

/* How much shapes change in the first round and in the last. */
static const double FIRST_RATE = 0.6, LAST_RATE = 0.05;

enum { WARM_UP = 8, TRAJECTORY = 48, AVERAGES = 12, MOST_KINDS = 256 };

struct sample {
    uint32_t from, to; /* kinds */
    double growth;     /* singular value in the current basis */
};

struct seek {
    const struct flow_network *net;
    size_t hidden;
    struct sample *samples; /* [count] */
    size_t count;
    double *jacobians; /* [count][H][H] */
    double *v;         /* [count][H] */
    double *u;         /* [count][H] */
    double *changes;   /* [kinds][H][H]: N_q */
    double *scratch;   /* [4][H][H] */
};

/* ---- samples --------------------------------------------------------------------------------------------------- */

/* A small generator (Steele, Lea, Flood: SplitMix64), with a fixed start. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Products of Jacobians along trajectories, half of random symbols and half of held ones. */
static void take_samples(struct seek *seek, const struct basis *basis, const struct basis_effort *effort)
{
    const struct flow_network *net = seek->net;
    const size_t H = seek->hidden;
    uint64_t random = 1;
    double *h = seek->scratch, *next = h + H, *slope = next + H, *product = seek->scratch + H * H,
           *longer = product + H * H;
    seek->count = 0;
    for (uint64_t trajectory = 0; seek->count < effort->samples; ++trajectory) {
        uint32_t state = net->task->start, symbol = (uint32_t)(trajectory % net->symbols);
        memcpy(h, net->h_0, H * sizeof *h);
        const uint64_t hold = trajectory % 2 == 0 ? 1 : 1 + draw(&random) % 16;
        for (uint64_t t = 0; t < TRAJECTORY && seek->count < effort->samples; ++t) {
            const bool starts = t >= WARM_UP / 2 && t % effort->length == 0 && t + effort->length <= TRAJECTORY;
            if (starts) {
                seek->samples[seek->count].from = basis_kind(basis, state, symbol);
                memset(product, 0, H * H * sizeof *product);
                for (size_t i = 0; i < H; ++i)
                    product[i * H + i] = 1;
            }
            if (t % hold == 0)
                symbol = (uint32_t)(draw(&random) >> 32) & (uint32_t)(net->symbols - 1);
            flow_point(next, slope, net, h, symbol);
            (void)carrynet_task_step(net->task, &state, symbol);
            memcpy(h, next, H * sizeof *h);
            if (t < WARM_UP / 2)
                continue;
            dense_multiply(longer, product, net->w_hh, H, H, H);
            for (size_t i = 0; i < H * H; ++i)
                product[i] = longer[i] * slope[i % H];
            if ((t + 1) % effort->length == 0 && t + 1 >= WARM_UP / 2 + effort->length) {
                seek->samples[seek->count].to = basis_kind(basis, state, symbol);
                memcpy(seek->jacobians + seek->count++ * H * H, product, H * H * sizeof *product);
            }
        }
    }
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

/* B and M of every state from P in b; false if one is not positive definite. */
static bool factor(struct basis *basis, size_t H)
{
    for (size_t q = 0; q < basis->count; ++q) {
        if (!dense_cholesky(basis->b + q * H * H, basis->b + q * H * H, H))
            return false;
        dense_invert_upper(basis->m + q * H * H, basis->b + q * H * H, H);
    }
    return true;
}

/* Scales all shapes alike, so that the largest half width along a unit is 1. */
static void normalize(struct basis *basis, size_t H)
{
    double largest = 0;
    for (size_t q = 0; q < basis->count; ++q)
        for (size_t j = 0; j < H; ++j) {
            double width = 0;
            for (size_t i = 0; i < H; ++i)
                width += basis->b[(q * H + i) * H + j] * basis->b[(q * H + i) * H + j];
            largest = width > largest ? width : largest;
        }
    const double scale = sqrt(largest);
    for (size_t i = 0; i < basis->count * H * H; ++i) {
        basis->b[i] /= scale;
        basis->m[i] *= scale;
    }
}

/* The first shapes: the covariance that the samples' average makes of itself and some of every direction. */
static bool start(struct basis *basis, struct seek *seek)
{
    const size_t H = seek->hidden, size = H * H;
    double *sum = seek->changes;
    for (size_t i = 0; i < basis->count * size; ++i)
        basis->b[i] = i % size % (H + 1) == 0 ? 1 : 0;
    for (int round = 0; round < AVERAGES; ++round) {
        memset(sum, 0, basis->count * size * sizeof *sum);
        for (size_t s = 0; s < seek->count; ++s) {
            const struct sample *one = &seek->samples[s];
            const double *j = seek->jacobians + s * size;
            double *half = seek->scratch, *whole = half + size;
            dense_multiply(half, basis->b + one->from * size, j, H, H, H);
            dense_multiply_transposed(whole, j, half, H, H, H);
            for (size_t i = 0; i < size; ++i)
                sum[one->to * size + i] += whole[i];
        }
        double trace = 0;
        for (size_t i = 0; i < basis->count * size; ++i)
            trace += i % size % (H + 1) == 0 ? sum[i] : 0;
        if (!(trace > 0) || !isfinite(trace))
            return false;
        trace /= (double)(H * basis->count);
        for (size_t i = 0; i < basis->count * size; ++i)
            basis->b[i] = sum[i] / trace + (i % size % (H + 1) == 0 ? 0.1 : 0);
    }
    return factor(basis, H);
}

/* One step of the power method for every sample's A; returns the largest singular value. */
static double measure(struct basis *basis, struct seek *seek, int steps)
{
    const size_t H = seek->hidden, size = H * H;
    double *x = seek->scratch, *y = x + H, largest = 0;
    for (size_t s = 0; s < seek->count; ++s) {
        struct sample *one = &seek->samples[s];
        const double *j = seek->jacobians + s * size, *b = basis->b + one->from * size, *m = basis->m + one->to * size;
        double *u = seek->u + s * H, *v = seek->v + s * H;
        for (int step = 0; step < steps; ++step) {
            dense_times_column(x, m, v, H, H);
            dense_times_column(y, j, x, H, H);
            dense_times_column(u, b, y, H, H);
            const double length = sqrt(dense_dot(u, u, H));
            for (size_t i = 0; i < H; ++i)
                u[i] /= length;
            dense_row_times(x, u, b, H, H);
            dense_row_times(y, x, j, H, H);
            dense_row_times(v, y, m, H, H);
            one->growth = sqrt(dense_dot(v, v, H));
            for (size_t i = 0; i < H; ++i)
                v[i] /= one->growth;
        }
        if (!(one->growth < largest))
            largest = one->growth;
    }
    return largest;
}

/* P_q <- B_q^T (I + rate N_q) B_q, as B_q <- C B_q with C^T C = I + rate N_q. */
static bool change(struct basis *basis, struct seek *seek, double rate)
{
    const size_t H = seek->hidden, size = H * H;
    for (size_t q = 0; q < basis->count; ++q) {
        double *c = seek->scratch, *product = c + size;
        for (size_t i = 0; i < size; ++i)
            c[i] = rate * seek->changes[q * size + i] + (i % (H + 1) == 0 ? 1 : 0);
        if (!dense_cholesky(c, c, H))
            return false;
        dense_multiply(product, c, basis->b + q * size, H, H, H);
        memcpy(basis->b + q * size, product, size * sizeof *product);
        dense_invert_upper(basis->m + q * size, basis->b + q * size, H);
    }
    return true;
}

static bool improve(struct basis *basis, struct seek *seek, double largest, double rate)
{
    const size_t H = seek->hidden, size = H * H;
    double total = 0;
    memset(seek->changes, 0, basis->count * size * sizeof *seek->changes);
    for (int pass = 0; pass < 2; ++pass)
        for (size_t s = 0; s < seek->count; ++s) {
            const struct sample *one = &seek->samples[s];
            /* Worse samples count more, but the worst must not be all: some words grow for a while in any shape. */
            const double share = one->growth / largest;
            const double weight = share * share * share;
            if (pass == 0) {
                total += weight;
                continue;
            }
            if (weight < 1e-9)
                continue;
            const double *u = seek->u + s * H, *v = seek->v + s * H;
            double *to = seek->changes + one->to * size, *from = seek->changes + one->from * size;
            for (size_t i = 0; i < H; ++i)
                for (size_t j = 0; j < H; ++j) {
                    to[i * H + j] += weight / total * v[i] * v[j];
                    from[i * H + j] -= weight / total * u[i] * u[j];
                }
        }
    return change(basis, seek, rate);
}

static void seek_rounds(struct basis *basis, struct seek *seek, uint32_t rounds)
{
    const size_t H = seek->hidden;
    for (size_t i = 0; i < seek->count * H; ++i)
        seek->v[i] = 1 / sqrt((double)H);
    for (uint32_t round = 0; round < rounds; ++round) {
        const double largest = measure(basis, seek, round == 0 ? 4 : 1), along = (double)round / rounds;
        if (!isfinite(largest) || !improve(basis, seek, largest, FIRST_RATE + along * (LAST_RATE - FIRST_RATE)))
            return;
    }
}

carrynet_status basis_seek(struct basis *basis, const struct flow_network *net, const struct basis_effort *effort)
{
    const size_t H = net->hidden, size = H * H;
    struct seek seek = {.net = net, .hidden = H};
    const bool apart = effort->by_symbol && net->task->states * net->symbols <= MOST_KINDS;
    const size_t kinds = apart ? net->task->states * net->symbols : net->task->states;
    *basis = (struct basis){.count = kinds, .apart = apart ? (uint32_t)net->symbols : 1};
    carrynet_status status = sys_allocate(&seek.samples, effort->samples, sizeof *seek.samples);
    if (status == CARRYNET_OK)
        status = sys_allocate(&seek.jacobians, effort->samples * (size + 2 * H) + (kinds + 4) * size + 4 * H,
                              sizeof(double));
    if (status == CARRYNET_OK)
        status = sys_allocate(&basis->b, 2 * kinds, size * sizeof(double));
    if (status == CARRYNET_OK) {
        basis->m = basis->b + kinds * size;
        seek.v = seek.jacobians + effort->samples * size;
        seek.u = seek.v + effort->samples * H;
        seek.changes = seek.u + effort->samples * H;
        seek.scratch = seek.changes + kinds * size;
        take_samples(&seek, basis, effort);
        if (start(basis, &seek)) {
            seek_rounds(basis, &seek, effort->rounds);
            normalize(basis, H);
        }
    }
    sys_free(seek.samples);
    sys_free(seek.jacobians);
    return status;
}

void basis_free(struct basis *basis)
{
    sys_free(basis->b);
    *basis = (struct basis){0};
}
