/*
 * One block backward in time (kernels/ARITHMETIC.md 4): deltas and the summed gradient, in the descent direction:
 *
 *     dh[t] = (dh[t+1] w_hh^T + dy[t] w_hy^T) h (1 - h);  dw_hy = h[t+1]^T dy, dw_hh = h[t]^T dh, dw_xh = x^T dh
 */
#include "backend/tiled/loops.h"
#include <string.h>

static real output_delta(real e, real y, carrynet_loss loss)
{
    switch (loss) {
    case CARRYNET_LOSS_SQUARED:
        return e * (y * (1 - y));
    case CARRYNET_LOSS_FAULTY_SQUARED:
        return e * (e * (1 - e));
    case CARRYNET_LOSS_CROSS_ENTROPY:
        break;
    }
    return e;
}

static void output_deltas(struct block *b, carrynet_loss loss)
{
    for (size_t n = 0; n < b->T * b->S; ++n)
        for (size_t o = 0; o < b->O; ++o) {
            const real y = b->y[n * b->O + o];
            const real e = (b->target[n] >> o & 1 ? REAL(0x1p0) : REAL(0x0p0)) - y;
            b->dy[n * b->O + o] = flush(output_delta(e, y, loss));
        }
}

/* The chain over the outputs, of one sequence. */
static void output_part(real *restrict dh /* [H] */, const real *restrict dy /* [O] */,
                        const real *restrict w_hy_transposed /* [O][H] */, size_t H, size_t O)
{
    for (size_t j = 0; j < H; ++j)
        dh[j] = fused(dy[0], w_hy_transposed[j], REAL(0x0p0));
    for (size_t o = 1; o < O; ++o)
        for (size_t j = 0; j < H; ++j)
            dh[j] = fused(dy[o], w_hy_transposed[o * H + j], dh[j]);
}

/* dh of a step: the output's part, then that of the step after it (NULL at the last), then h (1 - h). */
static void hidden_deltas(real *restrict dh /* [S][H] */, const real *dh_after /* [S][H] */,
                          const real *dy /* [S][O] */, const real *restrict h /* [S][H] */, const struct block *b)
{
    const size_t S = b->S, H = b->H, O = b->O;
    for (size_t s = 0; s < S; ++s)
        output_part(dh + s * H, dy + s * O, b->w_hy_transposed, H, O);
    if (dh_after != NULL)
        add_chains(dh, S, H, dh_after, H, 1, b->w_hh_transposed, H);
    for (size_t i = 0; i < S * H; ++i)
        dh[i] = flush(dh[i] * (h[i] * (1 - h[i])));
}

void backward_block(real *gradient, struct block *b, const struct parameters *p, carrynet_loss loss)
{
    const size_t S = b->S, I = b->I, H = b->H, O = b->O, symbols = (size_t)1 << I;
    const size_t size = I * H + H * H + H * O + (p->b_h != NULL ? H + O : 0);
    real *dw_xh = gradient, *dw_hh = dw_xh + I * H, *dw_hy = dw_hh + H * H;
    real *db_h = p->b_h != NULL ? dw_hy + H * O : NULL, *db_y = db_h != NULL ? db_h + H : NULL;
    real *bucket = b->row; /* [2^I][H]: the forward rows have served */
    memset(gradient, 0, size * sizeof *gradient);
    memset(bucket, 0, symbols * H * sizeof *bucket);
    memset(b->dw_hy, 0, O * H * sizeof *b->dw_hy);
    output_deltas(b, loss);
    /* From the last step on: the deltas of a window of steps, then their part of the gradient. */
    for (size_t first = 0; first < b->T; first += b->window) {
        const size_t steps = b->T - first < b->window ? b->T - first : b->window, pairs = steps * S;
        /* The pairs of step and sequence that have an h before them: not those of step 0 without an h[0]. */
        const size_t linked = first + steps < b->T || b->start ? pairs : pairs - S;
        const real *h = b->h + first * S * H, *dy = b->dy + first * S * O;
        real *dh = b->dh + S * H;
        for (size_t n = 0; n < pairs; n += S)
            hidden_deltas(dh + n * H, first + n > 0 ? dh + n * H - S * H : NULL, dy + n * O, h + n * H, b);
        add_chains(dw_hh, H, H, h + S * H, 1, H, dh, linked);
        add_chains(b->dw_hy, O, H, dy, 1, O, h, pairs);
        for (size_t n = 0; n < pairs; ++n)
            add_values(bucket + b->symbol[first * S + n] * H, dh + n * H, H);
        for (size_t n = 0; db_y != NULL && n < pairs; ++n)
            for (size_t o = 0; o < O; ++o)
                db_y[o] += dy[n * O + o];
        memcpy(b->dh, dh + (pairs - S) * H, S * H * sizeof *dh);
    }
    for (size_t j = 0; j < H; ++j)
        for (size_t o = 0; o < O; ++o)
            dw_hy[j * O + o] = b->dw_hy[o * H + j];
    for (size_t i = 0; i < I; ++i) {
        const size_t lowest = (size_t)1 << i;
        memcpy(dw_xh + i * H, bucket + lowest * H, H * sizeof *dw_xh);
        for (size_t a = lowest + 1; a < symbols; ++a)
            if (a >> i & 1)
                add_values(dw_xh + i * H, bucket + a * H, H);
    }
    if (db_h != NULL)
        memcpy(db_h, bucket, H * sizeof *db_h);
    for (size_t a = 1; db_h != NULL && a < symbols; ++a)
        add_values(db_h, bucket + a * H, H);
}
