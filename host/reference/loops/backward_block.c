/*
 * One block backward in time (kernels/ARITHMETIC.md 4): deltas and the summed gradient, in the descent direction:
 *
 *     dh[t] = (dh[t+1] w_hh^T + dy[t] w_hy^T) h (1 - h);  dw_hy = h[t+1]^T dy, dw_hh = h[t]^T dh, dw_xh = x^T dh
 */
#include "reference/loops/loops.h"
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
    for (size_t t = 0; t < b->T; ++t)
        for (size_t s = 0; s < b->S; ++s)
            for (size_t o = 0; o < b->O; ++o) {
                const size_t i = (t * b->S + s) * b->O + o;
                const uint32_t target = b->target[t * b->S + s] >> o & 1;
                const real y = b->y[i], e = (target ? REAL(0x1p0) : REAL(0x0p0)) - y;
                b->dy[i] = flush(output_delta(e, y, loss));
            }
}

/* dh of one sequence at one step: the output's part, then the next step's (NULL at the last), then h (1 - h). */
static void hidden_backward(real *dh /* [H] */, const real *dh_next /* [H] */, const real *dy /* [O] */,
                            const real *h /* [H] */, const real *w_hh_transposed /* [H][H] */,
                            const real *w_hy /* [H][O] */, size_t H, size_t O)
{
    for (size_t j = 0; j < H; ++j) {
        dh[j] = 0;
        for (size_t o = 0; o < O; ++o)
            dh[j] = fused(dy[o], w_hy[j * O + o], dh[j]);
    }
    for (size_t k = 0; dh_next != NULL && k < H; ++k)
        for (size_t j = 0; j < H; ++j)
            dh[j] = fused(dh_next[k], w_hh_transposed[k * H + j], dh[j]);
    for (size_t j = 0; j < H; ++j)
        dh[j] = flush(dh[j] * (h[j] * (1 - h[j])));
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
    for (size_t k = 0; k < H; ++k)
        for (size_t j = 0; j < H; ++j)
            b->w_hh_transposed[j * H + k] = p->w_hh[k * H + j];
    output_deltas(b, loss);
    for (size_t t = b->T; t-- > 0;)
        for (size_t s = 0; s < S; ++s) {
            real *dh = b->dh + (t % 2 * S + s) * H;
            const real *dh_next = t + 1 < b->T ? b->dh + ((t + 1) % 2 * S + s) * H : NULL;
            const real *dy = b->dy + (t * S + s) * O;
            const real *h = b->h + (t * S + s) * H, *h_next = b->h + ((t + 1) * S + s) * H;
            hidden_backward(dh, dh_next, dy, h_next, b->w_hh_transposed, p->w_hy, H, O);
            for (size_t k = 0; (t > 0 || b->start) && k < H; ++k)
                for (size_t j = 0; j < H; ++j)
                    dw_hh[k * H + j] = fused(h[k], dh[j], dw_hh[k * H + j]);
            for (size_t j = 0; j < H; ++j)
                for (size_t o = 0; o < O; ++o)
                    dw_hy[j * O + o] = fused(h_next[j], dy[o], dw_hy[j * O + o]);
            real *sum = bucket + b->symbol[t * S + s] * H;
            for (size_t j = 0; j < H; ++j)
                sum[j] += dh[j];
            for (size_t o = 0; db_y != NULL && o < O; ++o)
                db_y[o] += dy[o];
        }
    for (size_t i = 0; i < I; ++i)
        for (size_t j = 0; j < H; ++j) {
            const size_t lowest = (size_t)1 << i;
            real sum = bucket[lowest * H + j];
            for (size_t a = lowest + 1; a < symbols; ++a)
                if (a >> i & 1)
                    sum += bucket[a * H + j];
            dw_xh[i * H + j] = sum;
        }
    for (size_t j = 0; db_h != NULL && j < H; ++j) {
        db_h[j] = bucket[j];
        for (size_t a = 1; a < symbols; ++a)
            db_h[j] += bucket[a * H + j];
    }
}
