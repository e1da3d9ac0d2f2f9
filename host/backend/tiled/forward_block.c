/*
 * One block forward, and its metrics (kernels/ARITHMETIC.md 4):
 *
 *     h[t+1] = sigmoid(b_h + x[t] w_xh + h[t] w_hh);  z[t] = b_y + h[t+1] w_hy;  y = sigmoid(z)
 */
#include "backend/tiled/loops.h"
#include <string.h>

/* row[a] = b_h + the rows of w_xh whose bit of symbol a is set. */
static void symbol_rows(real *row /* [2^I][H] */, const struct parameters *p, size_t I, size_t H)
{
    for (size_t a = 0; a < (size_t)1 << I; ++a, row += H) {
        for (size_t j = 0; j < H; ++j)
            row[j] = p->b_h != NULL ? p->b_h[j] : 0;
        for (size_t i = 0; i < I; ++i)
            if (a >> i & 1)
                add_values(row, p->w_xh + i * H, H);
    }
}

/* h += uniform noise, word (p T + t) 4 ceil(H/4) + j of the noise stream for problem p. */
static void add_noise(real *h /* [H] */, size_t H, uint64_t first_word, const carrynet_network_config *config)
{
    uint32_t c[4] = {0};
    for (size_t j = 0; j < H; ++j) {
        if (j % 4 == 0) {
            const uint64_t counter = (first_word + j) / 4;
            c[0] = (uint32_t)counter;
            c[1] = (uint32_t)(counter >> 32);
            c[2] = (uint32_t)config->updates;
            c[3] = CARRYNET_STREAM_NOISE;
            philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)config->seed, (uint32_t)(config->seed >> 32));
        }
        h[j] = flush(h[j] + uniform(c[j % 4], (real)config->noise));
    }
}

/* A logit without its bias: 16 partial sums of chains, then halving additions, written out as their widths are constants. */
static real output_forward(const real *h /* [H] */, const real *w_hy /* [H] */, size_t H)
{
    real partial[OUTPUT_PARTIALS];
    size_t first = 0;
    memset(partial, 0, sizeof partial);
    for (; H - first >= OUTPUT_PARTIALS; first += OUTPUT_PARTIALS)
        for (size_t k = 0; k < OUTPUT_PARTIALS; ++k)
            partial[k] = fused(h[first + k], w_hy[first + k], partial[k]);
    for (size_t k = 0; first + k < H; ++k)
        partial[k] = fused(h[first + k], w_hy[first + k], partial[k]);
    for (size_t k = 0; k < OUTPUT_PARTIALS / 2; ++k)
        partial[k] += partial[k + OUTPUT_PARTIALS / 2];
    for (size_t k = 0; k < OUTPUT_PARTIALS / 4; ++k)
        partial[k] += partial[k + OUTPUT_PARTIALS / 4];
    for (size_t k = 0; k < OUTPUT_PARTIALS / 8; ++k)
        partial[k] += partial[k + OUTPUT_PARTIALS / 8];
    return partial[0] + partial[1];
}

/* All sequences of one step: h[t+1], one chain a unit from its row, and z. */
static void step_forward(struct block *b, const struct parameters *p, const struct net_pass *pass, size_t first,
                         size_t t)
{
    const size_t S = b->S, H = b->H, O = b->O, at = place(b, t, 0);
    const real *last = b->h + hidden_place(b, b->T - t, 0) * H;
    real *next = b->h + hidden_place(b, b->T - 1 - t, 0) * H;
    for (size_t s = 0; s < S; ++s)
        memcpy(next + s * H, b->row + b->symbol[at + s] * H, H * sizeof *next);
    if (t > 0 || b->start)
        add_chains(next, S, H, last, H, 1, p->w_hh, H);
    for (size_t i = 0; i < S * H; ++i)
        next[i] = flush(sigmoid(next[i]));
    const carrynet_network_config *config = pass->configs;
    for (size_t s = 0; config != NULL && config->noise > 0 && s < S; ++s)
        add_noise(next + s * H, H, ((pass->first_sequence + first + s) * b->T + t) * 4 * ((H + 3) / 4), config);
    for (size_t s = 0; s < S; ++s)
        for (size_t o = 0; o < O; ++o) {
            const real sum = output_forward(next + s * H, b->w_hy_transposed + o * H, H);
            b->z[(at + s) * O + o] = p->b_y != NULL ? p->b_y[o] + sum : sum;
        }
}

void forward_block(struct block *b, const struct parameters *p, const struct net_pass *pass, size_t first)
{
    symbol_rows(b->row, p, b->I, b->H);
    for (size_t t = 0; t < b->T; ++t)
        step_forward(b, p, pass, first, t);
    for (size_t i = 0; i < b->T * b->S * b->O; ++i)
        b->y[i] = sigmoid(b->z[i]);
}

void measure_block(real metrics[2], struct reference_counts *counts, const struct block *b, carrynet_loss kind)
{
    const real least = REAL(0x1p-40);
    metrics[0] = metrics[1] = 0;
    for (size_t s = 0; s < b->S; ++s) {
        real loss = 0, absolute = 0;
        uint64_t wrong = 0;
        for (size_t t = 0; t < b->T; ++t)
            for (size_t o = 0; o < b->O; ++o) {
                const size_t i = place(b, t, s) * b->O + o;
                const uint32_t target = b->target[place(b, t, s)] >> o & 1;
                const real y = b->y[i], e = (target ? REAL(0x1p0) : REAL(0x0p0)) - y;
                if (kind != CARRYNET_LOSS_CROSS_ENTROPY) {
                    loss = fused(product(REAL(0x1p-1), e), e, loss);
                } else {
                    const real right = target ? y : REAL(0x1p0) - y;
                    loss = loss - logarithm(right < least ? least : right);
                }
                absolute += e < 0 ? -e : e;
                wrong += (b->z[i] > 0) != (target == 1);
            }
        metrics[0] += loss;
        metrics[1] += absolute;
        counts->wrong_bits += wrong;
        counts->wrong_sequences += wrong > 0;
    }
}
