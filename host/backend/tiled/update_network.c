/*
 * One update of one network (kernels/ARITHMETIC.md 5): average, clipping by norm, weight decay, optimizer. The update adds: the
 * gradient is the direction of descent.
 */
#include "backend/tiled/loops.h"

/* A value of the averaged gradient: F(sum r), saturated to [-2^60, 2^60]. */
static real averaged(real sum, real r)
{
    const real most = REAL(0x1p60), g = flush(sum * r), low = g < -most ? -most : g;
    return low > most ? most : low;
}

/* The factor of clipping: 1 where the norm is at most c. Runs of 64 values meet as blocks do. */
static real clip_factor(const real *sums, size_t count, real r, real c)
{
    real partials[LEVELS] = {0};
    size_t depth = 0;
    uint64_t runs = 0;
    for (size_t first = 0; first < count; first += RUN, ++runs) {
        real sum = 0;
        for (size_t i = first; i < count && i < first + RUN; ++i) {
            const real q = product(REAL(0x1p20), averaged(sums[i], r));
            sum = fused(q, q, sum);
        }
        for (uint64_t n = runs; n & 1; n >>= 1)
            sum = partials[--depth] + sum;
        partials[depth++] = sum;
    }
    real squares = partials[--depth];
    while (depth > 0)
        squares = partials[--depth] + squares;
    if (!(squares <= REAL(0x1p100)))
        squares = (real)NAN;
    const real norm = product(REAL(0x1p-20), square_root(squares));
    return norm <= c ? REAL(0x1p0) : quotient(c, norm);
}

/* What is left of a weight; without decay all of it, the sign of a zero too. */
static real decayed(real w, real decay)
{
    return decay > 0 ? fused(-decay, w, w) : w;
}

static real second_moment_forward(real v, real g, real decay, real rest)
{
    const real most = REAL(0x1p100), q = product(REAL(0x1p20), g);
    const real next = flush(fused(decay, v, product(rest, product(q, q))));
    return next > most ? most : next;
}

/* w + rate numerator / (sqrt(v) 2^-20 + epsilon) */
static real scaled_step(real w, real numerator, real v, real rate, real epsilon)
{
    const real denominator = fused(square_root(v), REAL(0x1p-20), epsilon);
    return flush(fused(rate, quotient(numerator, denominator), w));
}

/* The same clipped; a factor of 1 changes no bit. */
static real clipped(real sum, real r, real factor)
{
    return flush(averaged(sum, r) * factor);
}

void update_network(void *parameters, void *first_moment, void *second_moment, const void *sums_,
                    const carrynet_settings *settings, uint64_t sequences, struct net_rates rates)
{
    real *restrict w = parameters, *restrict m = first_moment, *restrict v = second_moment;
    const real *restrict sums = sums_;
    const size_t trained = carrynet_shape_trained(&settings->shape);
    const real r = (real)(0x1p0 / (double)sequences), rate = (real)rates.rate, epsilon = (real)rates.epsilon;
    const real shrink = (real)rates.decay;
    const real momentum = (real)settings->momentum, momentum_rest = (real)(1 - settings->momentum);
    const real decay = (real)settings->decay, decay_rest = (real)(1 - settings->decay);
    const real factor = settings->clip > 0 ? clip_factor(sums, trained, r, (real)settings->clip) : 1;
    switch (settings->optimizer) {
    case CARRYNET_OPTIMIZER_SGD:
        for (size_t i = 0; i < trained; ++i)
            w[i] = flush(fused(rate, clipped(sums[i], r, factor), decayed(w[i], shrink)));
        break;
    case CARRYNET_OPTIMIZER_MOMENTUM:
        for (size_t i = 0; i < trained; ++i) {
            m[i] = flush(fused(momentum, m[i], clipped(sums[i], r, factor)));
            w[i] = flush(fused(rate, m[i], decayed(w[i], shrink)));
        }
        break;
    case CARRYNET_OPTIMIZER_RMSPROP:
        for (size_t i = 0; i < trained; ++i) {
            const real g = clipped(sums[i], r, factor);
            v[i] = second_moment_forward(v[i], g, decay, decay_rest);
            w[i] = scaled_step(decayed(w[i], shrink), g, v[i], rate, epsilon);
        }
        break;
    case CARRYNET_OPTIMIZER_ADAM:
        for (size_t i = 0; i < trained; ++i) {
            const real g = clipped(sums[i], r, factor);
            m[i] = flush(fused(momentum, m[i], product(momentum_rest, g)));
            v[i] = second_moment_forward(v[i], g, decay, decay_rest);
            w[i] = scaled_step(decayed(w[i], shrink), m[i], v[i], rate, epsilon);
        }
        break;
    }
}
