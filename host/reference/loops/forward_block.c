/*
 * One block forward, and its metrics (kernels/ARITHMETIC.md 4):
 *
 *     h[t+1] = sigmoid(b_h + x[t] w_xh + h[t] w_hh);  z[t] = b_y + h[t+1] w_hy;  y = sigmoid(z)
 */
#include "reference/loops/loops.h"

/* row[a] = b_h + the rows of w_xh whose bit of symbol a is set. */
static void symbol_rows(real *row /* [2^I][H] */, const struct parameters *p, size_t I, size_t H)
{
    for (size_t a = 0; a < (size_t)1 << I; ++a)
        for (size_t j = 0; j < H; ++j) {
            real sum = p->b_h != NULL ? p->b_h[j] : 0;
            for (size_t i = 0; i < I; ++i)
                if (a >> i & 1)
                    sum += p->w_xh[i * H + j];
            row[a * H + j] = sum;
        }
}

/* next = row + h w_hh, one chain a unit, ascending; h is NULL where the chain is skipped. */
static void hidden_forward(real *next /* [H] */, const real *row /* [H] */, const real *h /* [H] */,
                           const real *w_hh /* [H][H] */, size_t H)
{
    for (size_t j = 0; j < H; ++j)
        next[j] = row[j];
    for (size_t k = 0; h != NULL && k < H; ++k)
        for (size_t j = 0; j < H; ++j)
            next[j] = fused(h[k], w_hh[k * H + j], next[j]);
    for (size_t j = 0; j < H; ++j)
        next[j] = flush(sigmoid(next[j]));
}

/* h += uniform noise, word (p T + t) 4 ceil(H/4) + j of the noise stream for problem p. */
static void add_noise(real *h /* [H] */, size_t H, uint64_t first_word, const struct reference_pass *pass)
{
    uint32_t c[4] = {0};
    for (size_t j = 0; j < H; ++j) {
        if (j % 4 == 0) {
            const uint64_t counter = (first_word + j) / 4;
            c[0] = (uint32_t)counter;
            c[1] = (uint32_t)(counter >> 32);
            c[2] = pass->update;
            c[3] = CARRYNET_STREAM_NOISE;
            philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)pass->seed, (uint32_t)(pass->seed >> 32));
        }
        h[j] = flush(h[j] + uniform(c[j % 4], (real)pass->noise));
    }
}

/* The logit of output o: 16 stripes of chains, then halving additions. */
static real output_forward(const real *h /* [H] */, const struct parameters *p, size_t o, size_t H, size_t O)
{
    real stripe[STRIPES] = {0};
    for (size_t j = 0; j < H; ++j)
        stripe[j % STRIPES] = fused(h[j], p->w_hy[j * O + o], stripe[j % STRIPES]);
    for (size_t half = STRIPES / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; ++k)
            stripe[k] += stripe[k + half];
    return p->b_y != NULL ? p->b_y[o] + stripe[0] : stripe[0];
}

void forward_block(struct block *b, const struct parameters *p, const struct reference_pass *pass, size_t first)
{
    const size_t S = b->S, H = b->H, O = b->O;
    symbol_rows(b->row, p, b->I, H);
    for (size_t t = 0; t < b->T; ++t)
        for (size_t s = 0; s < S; ++s) {
            const real *h = t > 0 || b->start ? b->h + (t * S + s) * H : NULL;
            real *next = b->h + ((t + 1) * S + s) * H;
            hidden_forward(next, b->row + b->symbol[t * S + s] * H, h, p->w_hh, H);
            if (pass->noise > 0)
                add_noise(next, H, ((pass->first_sequence + first + s) * b->T + t) * 4 * ((H + 3) / 4), pass);
            for (size_t o = 0; o < O; ++o) {
                const size_t i = (t * S + s) * O + o;
                b->z[i] = output_forward(next, p, o, H, O);
                b->y[i] = sigmoid(b->z[i]);
            }
        }
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
                const size_t i = (t * b->S + s) * b->O + o;
                const uint32_t target = b->target[t * b->S + s] >> o & 1;
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
