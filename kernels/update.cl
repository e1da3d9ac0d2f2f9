/*
 * From the chunks' partial sums to the new weights (ARITHMETIC.md 5): reduction, clipping, weight decay, optimizer. Both variants use it, and
 * simd_networks.cl its formulas, lane by lane. An item
 * is CARRYNET_LANES neighbouring parameters of one network, so it runs at any vector width; work-items distribute the items.
 */
#pragma OPENCL FP_CONTRACT OFF

enum { LEVELS = 32, RUN = 64 };

/* sums [networks][partial_stride] from partials [networks][chunks][partial_stride]; totals [networks][2] from counts. */
static inline void join_item(const struct carrynet_step *step, const global real *partials, const global ulong *counts,
                             global real *sums, global ulong *totals, const uint network, const uint i)
{
    const uint vectors = step->partial_stride / CARRYNET_LANES;
    const global vreal *partial = (const global vreal *)(partials + (size_t)network * step->chunks * step->partial_stride) + i;
    vreal levels[LEVELS], sum = REAL(0x0p0);
    for (uint chunk = 0; chunk < step->chunks; ++chunk) {
        vreal value = partial[(size_t)chunk * vectors];
        CARRYNET_TREE_PUSH(levels, 1, chunk, value);
    }
    CARRYNET_TREE_SUM(sum, levels, 1, step->chunks);
    ((global vreal *)(sums + (size_t)network * step->partial_stride))[i] = sum;
    if (i == 0) {
        ulong bits = 0, sequences = 0;
        for (uint chunk = 0; chunk < step->chunks; ++chunk) {
            bits += counts[2 * ((size_t)network * step->chunks + chunk)];
            sequences += counts[2 * ((size_t)network * step->chunks + chunk) + 1];
        }
        totals[2 * network] = bits;
        totals[2 * network + 1] = sequences;
    }
}

#if !CARRYNET_FUSED
kernel void reduce(const struct carrynet_step step, const global real *partials, const global ulong *counts,
                 global real *sums, global ulong *totals)
{
    const size_t vectors = step.partial_stride / CARRYNET_LANES, items = step.networks * vectors;
    for (size_t i = get_global_id(0); i < items; i += get_global_size(0))
        join_item(&step, partials, counts, sums, totals, (uint)(i / vectors), (uint)(i % vectors));
}
#endif

/* F(sum r), saturated to [-2^60, 2^60]. */
static inline vreal averaged(const vreal sum, const real r)
{
    const vreal most = REAL(0x1p60), g = flush(sum * (vreal)(r)), low = g < -most ? -most : g;
    return low > most ? most : low;
}

/* The factor for a sum of squares. */
static inline vreal clip_factor(const vreal squares, const global real *constants)
{
    const vreal limit = REAL(0x1p100), c = (vreal)(constants[CARRYNET_CONSTANT_CLIP]);
    /* Above the range of the square root the norm counts as NaN. */
    const vreal nan = (vreal)(NAN);
    const vreal norm = product(REAL(0x1p-20), square_root(squares <= limit ? squares : nan));
    return norm <= c ? REAL(0x1p0) : quotient(c, norm);
}

/*
 * The factor of clipping of each network. Item: a network; lanes are neighbouring runs of 64 parameters, of which a
 * vector works on CARRYNET_LANES at once.
 */
static inline void clip_item(const struct carrynet_step *step, const global real *sums, const global real *constants,
                             global real *factors, const uint network)
{
    const uint runs = (step->trained + RUN - 1) / RUN;
    const global real *sum = sums + (size_t)network * step->partial_stride;
    const real r = constants[CARRYNET_CONSTANT_AVERAGE];
    vreal levels[LEVELS], squares = REAL(0x0p0); /* the same in all lanes */
    for (uint first = 0; first < runs; first += CARRYNET_LANES) {
        vreal chain = REAL(0x0p0);
        for (uint i = 0; i < RUN; ++i) {
            real values[CARRYNET_LANES];
            for (uint lane = 0; lane < CARRYNET_LANES; ++lane) {
                const uint at = (first + lane) * RUN + i;
                values[lane] = at < step->trained ? sum[at] : 0;
            }
#if CARRYNET_LANES == 1
            const vreal g = averaged(values[0], r);
#else
            const vreal g = averaged(CARRYNET_PASTE(vload, CARRYNET_LANES)(0, values), r);
#endif
            const vreal q = product(REAL(0x1p20), g);
            chain = fma(q, q, chain);
        }
        real parts[CARRYNET_LANES];
#if CARRYNET_LANES == 1
        parts[0] = chain;
#else
        CARRYNET_PASTE(vstore, CARRYNET_LANES)(chain, 0, parts);
#endif
        for (uint lane = 0; lane < CARRYNET_LANES && first + lane < runs; ++lane) {
            vreal value = (vreal)(parts[lane]);
            CARRYNET_TREE_PUSH(levels, 1, first + lane, value);
        }
    }
    CARRYNET_TREE_SUM(squares, levels, 1, runs);
    const vreal factor = clip_factor(squares, constants);
#if CARRYNET_LANES == 1
    factors[network] = factor;
#else
    factors[network] = factor.s0;
#endif
}

#if !CARRYNET_FUSED
kernel void clip(const struct carrynet_step step, const global real *sums, const global real *constants,
                 global real *factors)
{
    for (size_t n = get_global_id(0); n < step.networks; n += get_global_size(0))
        clip_item(&step, sums, constants, factors, (uint)n);
}
#endif

static inline vreal second_moment_forward(const vreal v, const vreal g, const global real *constants)
{
    const vreal most = REAL(0x1p100), q = product(REAL(0x1p20), g);
    const vreal rest = (vreal)(constants[CARRYNET_CONSTANT_DECAY_REST]);
    const vreal next = flush(fma((vreal)(constants[CARRYNET_CONSTANT_DECAY]), v, product(rest, product(q, q))));
    return next > most ? most : next;
}

/* w + rate numerator / (sqrt(v) 2^-20 + epsilon) */
static inline vreal scaled_step(const vreal w, const vreal numerator, const vreal v, const vreal rate,
                                const vreal epsilon)
{
    const vreal denominator = fma(square_root(v), REAL(0x1p-20), epsilon);
    return flush(fma(rate, quotient(numerator, denominator), w));
}

/* The new parameters from averaged and clipped gradients; the moments that the optimizer keeps move on. */
static inline vreal updated(const vreal old, const vreal g, global vreal *first_moment, global vreal *second_moment,
                            const vreal rate, const vreal epsilon, const vreal decay, const uint optimizer,
                            const global real *constants)
{
    const vreal kept = decay > 0 ? fma(-decay, old, old) : old; /* by lanes, which may be networks */
    const int adam = optimizer == CARRYNET_OPTIMIZER_ADAM_;
    vreal numerator = g;
    if (adam || optimizer == CARRYNET_OPTIMIZER_MOMENTUM_) {
        const vreal rest = (vreal)(constants[CARRYNET_CONSTANT_MOMENTUM_REST]);
        numerator = flush(fma((vreal)(constants[CARRYNET_CONSTANT_MOMENTUM]), *first_moment,
                              adam ? product(rest, g) : g));
        *first_moment = numerator;
    }
    if (!adam && optimizer != CARRYNET_OPTIMIZER_RMSPROP_)
        return flush(fma(rate, numerator, kept));
    const vreal second = second_moment_forward(*second_moment, g, constants);
    *second_moment = second;
    return scaled_step(kept, numerator, second, rate, epsilon);
}

/* One update of one vector of parameters. What lies beyond the trained parameters keeps its value. */
static inline void apply_item(const struct carrynet_step *step, const global real *sums, const global real *rates,
                              const global real *constants, const global real *factors, global real *parameters,
                              global real *first_moments, global real *second_moments, const uint network,
                              const uint i)
{
    const size_t at = (size_t)network * step->parameter_stride / CARRYNET_LANES + i;
    global vreal *w = (global vreal *)parameters + at;
    const global real *mine = rates + step->first_rate + CARRYNET_RATES * network;
    vreal g = averaged(((const global vreal *)(sums + (size_t)network * step->partial_stride))[i],
                       constants[CARRYNET_CONSTANT_AVERAGE]);
    if (step->clipped)
        g = flush(g * (vreal)(factors[network]));
    const vreal next = updated(*w, g, (global vreal *)first_moments + at, (global vreal *)second_moments + at,
                               (vreal)(mine[CARRYNET_RATE]), (vreal)(mine[CARRYNET_EPSILON]),
                               (vreal)(mine[CARRYNET_WEIGHT_DECAY]), step->optimizer, constants);
#if CARRYNET_LANES == 1
    *w = next;
#else
    /* The last vector may end beyond the trained parameters: h_0 stays. */
    if ((i + 1) * CARRYNET_LANES <= step->trained) {
        *w = next;
    } else {
        real values[CARRYNET_LANES];
        CARRYNET_PASTE(vstore, CARRYNET_LANES)(next, 0, values);
        for (uint lane = 0; i * CARRYNET_LANES + lane < step->trained; ++lane)
            ((global real *)w)[lane] = values[lane];
    }
#endif
}

#if !CARRYNET_FUSED
kernel void apply(const struct carrynet_step step, const global real *sums, const global real *rates,
                  const global real *constants, const global real *factors, global real *parameters,
                  global real *first_moments, global real *second_moments)
{
    const size_t vectors = (step.trained + CARRYNET_LANES - 1) / CARRYNET_LANES, items = step.networks * vectors;
    for (size_t i = get_global_id(0); i < items; i += get_global_size(0))
        apply_item(&step, sums, rates, constants, factors, parameters, first_moments, second_moments,
                   (uint)(i / vectors), (uint)(i % vectors));
}
#endif
