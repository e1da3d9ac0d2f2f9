/*
 * The reference: sections 4 and 5 of kernels/ARITHMETIC.md as plain C, a function a formula, in the order of that page. One
 * sequence at a time goes forward and back; a block of 64 sums their gradients; a tree sums the blocks; an update follows:
 *
 *     h[t+1] = sigmoid(b_h + x[t] w_xh + h[t] w_hh);  z[t] = b_y + h[t+1] w_hy;  y = sigmoid(z)
 *     dh[t] = (dh[t+1] w_hh^T + dy[t] w_hy^T) h (1 - h);  dw_hy = h[t+1]^T dy, dw_hh = h[t]^T dh, dw_xh = x^T dh
 *
 * All that is compared with it must have equal bits, so nothing here is tiled, reordered or stored twice. It is compiled once a
 * precision (CARRYNET_REAL_BITS); the scalar functions are those of kernels/arithmetic.h.
 */
#include "reference/formulas/training_step.h"
#include <string.h>

enum { OUTPUT_PARTIALS = 16, RUN = 64 };

static const real zero = REAL(0x0p0), one = REAL(0x1p0);

/* ---- 4. Hidden values ------------------------------------------------------------------------------------------ */

void input_row(real *row /* [H] */, uint32_t symbol, const struct network *n)
{
    for (size_t j = 0; j < n->H; ++j)
        row[j] = n->b_h != NULL ? n->b_h[j] : zero;
    for (size_t i = 0; i < n->I; ++i)
        for (size_t j = 0; j < n->H && (symbol >> i & 1); ++j)
            row[j] += n->w_xh[i * n->H + j];
}

/* h_next = F(sigmoid(row + h w_hh)), one chain a unit, over k ascending; without h (NULL) the row alone */
static void hidden_forward(real *h_next /* [H] */, const real *h /* [H] */, uint32_t symbol, const struct network *n)
{
    real *s = h_next;
    input_row(s, symbol, n);
    for (size_t k = 0; k < n->H && h != NULL; ++k)
        for (size_t j = 0; j < n->H; ++j)
            s[j] = fused(h[k], n->w_hh[k * n->H + j], s[j]);
    for (size_t j = 0; j < n->H; ++j)
        h_next[j] = flush(sigmoid(s[j]));
}

/* h[j] = F(h[j] + uniform(word, v)), section 6: word (p T + t) 4 ceil(H/4) + j of the noise stream for problem p of the batch */
static void add_noise(real *h /* [H] */, uint64_t p, size_t t, const struct network *n, const struct net_pass *pass)
{
    const carrynet_network_config *config = pass->configs;
    const uint64_t first = (p * pass->steps + t) * 4 * ((n->H + 3) / 4);
    for (size_t j = 0; j < n->H; ++j) {
        const uint64_t block = (first + j) / 4;
        uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)config->updates, CARRYNET_STREAM_NOISE};
        philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)config->seed, (uint32_t)(config->seed >> 32));
        h[j] = flush(h[j] + uniform(c[j % 4], (real)config->noise));
    }
}

/* ---- 4. Outputs ------------------------------------------------------------------------------------------------ */

/* z = b_y[o] + h w_hy[][o]: 16 partial sums, each a chain, then halving additions */
static real logit(const real *h /* [H] */, size_t o, const struct network *n)
{
    real partial[OUTPUT_PARTIALS] = {0};
    for (size_t j = 0; j < n->H; ++j)
        partial[j % OUTPUT_PARTIALS] = fused(h[j], n->w_hy[j * n->O + o], partial[j % OUTPUT_PARTIALS]);
    for (size_t width = OUTPUT_PARTIALS / 2; width > 0; width /= 2)
        for (size_t k = 0; k < width; ++k)
            partial[k] += partial[k + width];
    return n->b_y != NULL ? n->b_y[o] + partial[0] : partial[0];
}

void sequence_forward(struct sequence *q, uint64_t p, const struct network *n, const struct net_pass *pass)
{
    for (size_t t = 0; t < pass->steps; ++t) {
        real *h = q->h + t * n->H, *h_next = h + n->H;
        hidden_forward(h_next, t > 0 || q->has_start ? h : NULL, q->symbol[t], n);
        if (pass->configs != NULL && pass->configs->noise > 0)
            add_noise(h_next, p, t, n, pass);
        for (size_t o = 0; o < n->O; ++o) {
            q->z[t * n->O + o] = logit(h_next, o, n);
            q->y[t * n->O + o] = sigmoid(q->z[t * n->O + o]);
        }
    }
}

/* ---- 4. Deltas ------------------------------------------------------------------------------------------------- */

/* e = target - y */
static real error_of(const struct sequence *q, size_t t, size_t o, size_t O)
{
    return ((q->target[t] >> o & 1) ? one : zero) - q->y[t * O + o];
}

static real output_delta(real e, real y, carrynet_loss loss)
{
    switch (loss) {
    case CARRYNET_LOSS_SQUARED:
        return flush(e * (y * (one - y)));
    case CARRYNET_LOSS_CROSS_ENTROPY:
        return flush(e);
    case CARRYNET_LOSS_FAULTY_SQUARED:
        return flush(e * (e * (one - e)));
    }
    return zero;
}

/* dh = F((dy w_hy^T + dh_next w_hh^T) h (1 - h)) for the h after the step; without dh_next (NULL), the last step */
static void hidden_delta(real *dh /* [H] */, const real *dh_next /* [H] */, const real *dy /* [O] */,
                         const real *h /* [H] */, const struct network *n)
{
    real *s = dh;
    for (size_t j = 0; j < n->H; ++j) {
        s[j] = zero;
        for (size_t o = 0; o < n->O; ++o)
            s[j] = fused(dy[o], n->w_hy[j * n->O + o], s[j]);
    }
    for (size_t k = 0; k < n->H && dh_next != NULL; ++k)
        for (size_t j = 0; j < n->H; ++j)
            s[j] = fused(dh_next[k], n->w_hh_transposed[k * n->H + j], s[j]);
    for (size_t j = 0; j < n->H; ++j)
        dh[j] = flush(s[j] * (h[j] * (one - h[j])));
}

void sequence_backward(struct sequence *q, const struct network *n, carrynet_loss loss, size_t T)
{
    for (size_t t = T; t-- > 0;) {
        for (size_t o = 0; o < n->O; ++o)
            q->dy[t * n->O + o] = output_delta(error_of(q, t, o, n->O), q->y[t * n->O + o], loss);
        hidden_delta(q->dh + t * n->H, t + 1 < T ? q->dh + (t + 1) * n->H : NULL, q->dy + t * n->O,
                     q->h + (t + 1) * n->H, n);
    }
}

/* ---- 4. Gradient and metrics of a block ------------------------------------------------------------------------ */

/* total[j] += values[j] */
static void add(real *total /* [count] */, const real *values /* [count] */, size_t count)
{
    for (size_t j = 0; j < count; ++j)
        total[j] += values[j];
}

/* total[r][c] = fma(a[r], b[c], total[r][c]) */
static void add_outer_product(real *total /* [rows][columns] */, const real *a /* [rows] */,
                              const real *b /* [columns] */, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t c = 0; c < columns; ++c)
            total[r * columns + c] = fused(a[r], b[c], total[r * columns + c]);
}

/* Every sum starts at +0; steps descend, within a step the sequences ascend. */
void block_gradient(real *gradient /* [trained], in file order */, real *bucket /* [2^I][H] */,
                    const struct sequence *sequences /* [S] */, size_t S, const struct network *n, size_t T)
{
    const size_t I = n->I, H = n->H, O = n->O, symbols = (size_t)1 << I;
    real *dw_xh = gradient, *dw_hh = dw_xh + I * H, *dw_hy = dw_hh + H * H, *db_h = dw_hy + H * O, *db_y = db_h + H;
    memset(gradient, 0, (I * H + H * H + H * O + (n->b_h != NULL ? H + O : 0)) * sizeof *gradient);
    memset(bucket, 0, symbols * H * sizeof *bucket);
    for (size_t t = T; t-- > 0;)
        for (size_t s = 0; s < S; ++s) {
            const struct sequence *q = &sequences[s];
            const real *h = q->h + t * H, *h_next = h + H, *dh = q->dh + t * H, *dy = q->dy + t * O;
            if (t > 0 || q->has_start)
                add_outer_product(dw_hh, h, dh, H, H);
            add_outer_product(dw_hy, h_next, dy, H, O);
            add(bucket + q->symbol[t] * H, dh, H);
            if (n->b_y != NULL)
                add(db_y, dy, O);
        }
    for (size_t i = 0; i < I; ++i) {
        const size_t first = (size_t)1 << i; /* the lowest symbol with bit i */
        memcpy(dw_xh + i * H, bucket + first * H, H * sizeof *dw_xh);
        for (size_t a = first + 1; a < symbols; ++a)
            if (a >> i & 1)
                add(dw_xh + i * H, bucket + a * H, H);
    }
    if (n->b_h != NULL) {
        memcpy(db_h, bucket, H * sizeof *db_h);
        for (size_t a = 1; a < symbols; ++a)
            add(db_h, bucket + a * H, H);
    }
}

uint64_t sequence_measure(real metrics[2], const struct sequence *q, size_t O, carrynet_loss kind, size_t T)
{
    const real least = REAL(0x1p-40);
    real loss = zero, absolute = zero;
    uint64_t wrong = 0;
    for (size_t t = 0; t < T; ++t)
        for (size_t o = 0; o < O; ++o) {
            const bool target = q->target[t] >> o & 1;
            const real y = q->y[t * O + o], e = error_of(q, t, o, O);
            if (kind == CARRYNET_LOSS_CROSS_ENTROPY) {
                const real p = target ? y : one - y;
                loss = loss - logarithm(p < least ? least : p);
            } else {
                loss = fused(product(REAL(0x1p-1), e), e, loss);
            }
            absolute += e < 0 ? -e : e;
            wrong += (q->z[t * O + o] > 0) != target;
        }
    metrics[0] = loss;
    metrics[1] = absolute;
    return wrong;
}

/* ---- 5. The reduction tree ----------------------------------------------------------------------------------------- */

void tree_add(struct tree *tree, real *block /* [size] */)
{
    size_t level = 0;
    for (; tree->blocks >> level & 1; ++level)
        for (size_t i = 0; i < tree->size; ++i)
            block[i] = tree->levels[level * tree->size + i] + block[i];
    memcpy(tree->levels + level * tree->size, block, tree->size * sizeof *block);
    ++tree->blocks;
}

void tree_total(real *total /* [size] */, const struct tree *tree)
{
    bool empty = true;
    memset(total, 0, tree->size * sizeof *total);
    for (size_t level = 0; level < TREE_LEVELS; ++level) {
        const real *sum = tree->levels + level * tree->size;
        if (!(tree->blocks >> level & 1))
            continue;
        for (size_t i = 0; i < tree->size; ++i)
            total[i] = empty ? sum[i] : sum[i] + total[i];
        empty = false;
    }
}

/* ---- 5. The update --------------------------------------------------------------------------------------------- */

/* G = F(sum * r), saturated to [-2^60, 2^60] */
static real average(real sum, real r)
{
    const real most = REAL(0x1p60), g = flush(sum * r);
    return g < -most ? -most : g > most ? most : g;
}

real norm_factor(const real *sums /* [trained] */, const carrynet_settings *settings, real r)
{
    const size_t trained = carrynet_shape_trained(&settings->shape);
    const real c = (real)settings->clip;
    real levels[TREE_LEVELS], S;
    struct tree tree = {.levels = levels, .size = 1};
    if (!(settings->clip > 0))
        return one;
    for (size_t first = 0; first < trained; first += RUN) {
        real squares = zero;
        for (size_t i = first; i < trained && i < first + RUN; ++i) {
            const real q = product(REAL(0x1p20), average(sums[i], r));
            squares = fused(q, q, squares);
        }
        tree_add(&tree, &squares);
    }
    tree_total(&S, &tree);
    if (!(S <= REAL(0x1p100)))
        S = (real)NAN;
    const real norm = product(REAL(0x1p-20), square_root(S));
    return norm <= c ? one : quotient(c, norm);
}

/* w' = w - d w; without decay w itself */
static real decayed(real w, real d)
{
    return d > 0 ? fused(-d, w, w) : w;
}

/* v = V(fma(rho, v, (1 - rho) q^2)) with q = 2^20 G */
static real second_moment(real v, real G, real rho, real rest)
{
    const real most = REAL(0x1p100), q = product(REAL(0x1p20), G);
    const real next = flush(fused(rho, v, product(rest, product(q, q))));
    return next > most ? most : next;
}

/* F(fma(rate, numerator / (sqrt(v) 2^-20 + epsilon), w)) */
static real scaled_step(real w, real numerator, real v, real rate, real epsilon)
{
    return flush(fused(rate, quotient(numerator, fused(square_root(v), REAL(0x1p-20), epsilon)), w));
}

void update_network(void *parameters, void *first_moment, void *second_moment_, const void *sums_,
                    const carrynet_settings *settings, uint64_t sequences, struct net_rates rates)
{
    real *w = parameters, *m = first_moment, *v = second_moment_;
    const real *sums = sums_, r = (real)(0x1p0 / (double)sequences);
    const real rate = (real)rates.rate, epsilon = (real)rates.epsilon, d = (real)rates.decay;
    const real mu = (real)settings->momentum, mu_rest = (real)(1 - settings->momentum);
    const real rho = (real)settings->decay, rho_rest = (real)(1 - settings->decay);
    const size_t trained = carrynet_shape_trained(&settings->shape);
    const real factor = norm_factor(sums, settings, r);
    for (size_t i = 0; i < trained; ++i) {
        const real G = flush(average(sums[i], r) * factor); /* a factor of 1 changes no bit */
        const real kept = decayed(w[i], d);
        switch (settings->optimizer) {
        case CARRYNET_OPTIMIZER_SGD:
            w[i] = flush(fused(rate, G, kept));
            break;
        case CARRYNET_OPTIMIZER_MOMENTUM:
            m[i] = flush(fused(mu, m[i], G));
            w[i] = flush(fused(rate, m[i], kept));
            break;
        case CARRYNET_OPTIMIZER_RMSPROP:
            v[i] = second_moment(v[i], G, rho, rho_rest);
            w[i] = scaled_step(kept, G, v[i], rate, epsilon);
            break;
        case CARRYNET_OPTIMIZER_ADAM:
            m[i] = flush(fused(mu, m[i], product(mu_rest, G)));
            v[i] = second_moment(v[i], G, rho, rho_rest);
            w[i] = scaled_step(kept, m[i], v[i], rate, epsilon);
            break;
        }
    }
}
