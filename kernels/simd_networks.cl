/*
 * SIMD variant, many small networks: fused updates as in simd_train.cl, but lanes are networks, LANES of them interleaved
 * (simd_interleaved_block.cl), problems, gradient, clipping and optimizer included. Their weights and moments stand in
 * scratch, a vector a parameter, for all updates of a launch.
 *
 * Work-group size 1. Work-item g trains networks LANES g, ... and LANES (g + groups), ...; lanes beyond the last network
 * do again what it does, and are left.
 */
#pragma OPENCL FP_CONTRACT OFF

/* What LANES networks have beside the scratch of a block (layout.h). */
struct networks {
    global vreal *w, *first, *second, *sums, *levels;
    uint trained, size; /* parameters: trained, and all */
    uint partial;          /* values of one: the gradient and two metrics */
    uint number[LANES]; /* the networks */
    vword update, problems_low, problems_high;
};

INLINE struct networks networks_of(const struct scratch *g, const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = SIZES;
    const struct carrynet_networks_rest at = carrynet_networks_rest(&sizes, pass);
    struct networks n;
    n.trained = TRAINED(g->bias);
    n.size = n.trained + g->initial_state * H;
    n.partial = n.trained + 2;
    n.w = (global vreal *)(g->rest + at.parameters);
    n.first = (global vreal *)(g->rest + at.first);
    n.second = (global vreal *)(g->rest + at.second);
    n.sums = (global vreal *)(g->rest + at.sums);
    n.levels = (global vreal *)(g->rest + at.levels);
    return n;
}

/* Word `at` of each network's network config. */
INLINE vword config_words(const struct networks *n, const global uint *staged, const uint at)
{
    uint words[LANES];
    for (uint lane = 0; lane < LANES; ++lane)
        words[lane] = staged[CARRYNET_CONFIG * n->number[lane] + at];
    return CARRYNET_PASTE(vload, LANES)(0, words);
}

/* A value of each network, `stride` apart. */
INLINE vreal gathered(const struct networks *n, const global real *from, const size_t stride)
{
    real values[LANES];
    for (uint lane = 0; lane < LANES; ++lane)
        values[lane] = from[n->number[lane] * stride];
    return CARRYNET_PASTE(vload, LANES)(0, values);
}

/* `count` values of each network, rows `stride` apart, a vector a value; and back, of the first `lanes` networks. */
INLINE void load_rows(global vreal *to, const struct networks *n, const global real *from, const size_t stride,
                      const uint count)
{
    for (uint i = 0; i < count; ++i)
        to[i] = gathered(n, from + i, stride);
}

INLINE void store_rows(global real *to, const struct networks *n, const global vreal *from, const size_t stride,
                       const uint count, const uint lanes)
{
    for (uint lane = 0; lane < lanes; ++lane)
        for (uint i = 0; i < count; ++i)
            to[n->number[lane] * stride + i] = ((const global real *)(from + i))[lane];
}

/* The weights as the passes read them. */
INLINE void arrange_weights(const struct scratch *g, const global vreal *w)
{
    const global vreal *w_xh = w, *w_hh = w_xh + I * H, *w_hy = w_hh + H * H, *rest = w_hy + H * O;
    const global vreal *b_h = rest, *b_y = rest + H; /* where there are biases */
    if (g->bias)
        rest += H + O;
    for (uint j = 0; j < H; ++j) {
        for (uint a = 0; a < SYMBOLS; ++a) {
            vreal sum = REAL(0x0p0);
            if (g->bias)
                sum = b_h[j];
            for (uint i = 0; i < I; ++i)
                if (a >> i & 1)
                    sum = plus(sum, w_xh[i * H + j]);
            g->row[a * H + j] = sum;
            g->first[a * H + j] = sigmoid(sum);
        }
        for (uint o = 0; o < O; ++o)
            g->w_hy[o * H + j] = w_hy[j * O + o];
        if (g->initial_state)
            g->h_0[j] = rest[j];
    }
    for (uint e = 0; e < H * H; ++e)
        g->w_hh[e] = w_hh[e];
    for (uint o = 0; g->bias && o < O; ++o)
        g->b_y[o] = b_y[o];
}

/* The problems of a block that begins with sequence `first`, a multiple of 64: as generate_block, a network a lane. */
INLINE void generate_problems_interleaved(const struct carrynet_pass *pass, const struct scratch *g, const struct networks *n,
                                  const global uint *task, const uint update_offset, const ulong first,
                                  const uint rows)
{
    const uint words = pass->drawn_words;
    const ulong block = first / 4 * words; /* of the network's stream */
    for (uint i = 0; i < rows * words; i += 4) {
        vword c[4];
        const ulong counter = block + i / 4;
        problem_block(c, (vword)((uint)counter), (vword)((uint)(counter >> 32)), n->update + (vword)(update_offset),
                      CARRYNET_STREAM_PROBLEMS, n->problems_low, n->problems_high);
#pragma unroll
        for (uint k = 0; k < 4; ++k)
            g->symbols[(i + k) % words * BLOCK + (i + k) / words] = c[k];
    }
    for (uint s = 0; s < rows; ++s)
        finish_problems((global uint *)(g->symbols + s), (global uint *)(g->targets + s), BLOCK * LANES, pass, task);
}

/* The summed gradient and metrics of an update into n->sums; what is wrong in it, [LANES]. */
INLINE void sum_gradient(const struct carrynet_pass *pass, const struct scratch *g, const struct networks *n,
                         struct interleaved *b, const global uint *task, const uint update_offset, ulong *wrong_bits,
                         ulong *wrong_sequences)
{
    uint blocks = 0;
    for (uint lane = 0; lane < LANES; ++lane)
        wrong_bits[lane] = wrong_sequences[lane] = 0;
    b->update = n->update + (vword)(update_offset);
    for (ulong first = 0; first < pass->sequences; first += BLOCK, ++blocks) {
        const uint sequences = pass->sequences - first < BLOCK ? (uint)(pass->sequences - first) : BLOCK;
        b->sequences = (vreal)((real)sequences);
        b->rows = (sequences + INTERLEAVED_ROWS - 1) / INTERLEAVED_ROWS * INTERLEAVED_ROWS;
        b->fused_updates = sequences == b->rows;
        b->first = first;
        generate_problems_interleaved(pass, g, n, task, update_offset, first, b->rows);
        run_interleaved(pass, g, b, 1, wrong_bits, wrong_sequences);
        push_partial((global real *)n->levels, (const global real *)g->partials, n->partial * LANES, blocks);
    }
    collapse_partials((global real *)n->sums, (const global real *)n->levels, n->partial * LANES, blocks);
}

/* The factors of clipping: chains of runs of 64 parameters, and their tree (update.cl). */
INLINE vreal clip_interleaved(const global vreal *sums, const uint trained, const global real *constants)
{
    const real r = constants[CARRYNET_CONSTANT_AVERAGE];
    vreal levels[LEVELS], squares = REAL(0x0p0);
    uint runs = 0;
    for (uint first = 0; first < trained; first += RUN, ++runs) {
        vreal chain = REAL(0x0p0);
        for (uint i = first; i < first + RUN && i < trained; ++i) {
            const vreal q = product(REAL(0x1p20), averaged(sums[i], r));
            chain = fma(q, q, chain);
        }
        CARRYNET_TREE_PUSH(levels, 1, runs, chain);
    }
    CARRYNET_TREE_SUM(squares, levels, 1, runs);
    return clip_factor(squares, constants);
}

__attribute__((reqd_work_group_size(1, 1, 1))) kernel void
simd_networks(const struct carrynet_pass pass, const struct carrynet_step step, const uint updates,
             const global uint *staged, const global uint *task, const global real *rates,
             const global real *constants, global real *parameters, global real *first_moments,
             global real *second_moments, global real *scratch, global real *sums, global ulong *totals)
{
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    const uint stride = step.parameter_stride;
    const uint has_first = step.optimizer == CARRYNET_OPTIMIZER_MOMENTUM_ || step.optimizer == CARRYNET_OPTIMIZER_ADAM_;
    const uint has_second = step.optimizer == CARRYNET_OPTIMIZER_RMSPROP_ || step.optimizer == CARRYNET_OPTIMIZER_ADAM_;
    struct networks n = networks_of(&g, &pass);
    ulong wrong_bits[LANES], wrong_sequences[LANES];
    for (uint first = (uint)get_group_id(0) * LANES; first < pass.networks; first += (uint)get_num_groups(0) * LANES) {
        const uint lanes = pass.networks - first < LANES ? pass.networks - first : LANES;
        struct interleaved b = {.noisy = 0, .lane_step = 0};
        real noises[LANES];
        for (uint lane = 0; lane < LANES; ++lane) {
            n.number[lane] = lane < lanes ? first + lane : pass.networks - 1;
            noises[lane] = noise_of(staged + CARRYNET_CONFIG * n.number[lane]);
            b.noisy |= noises[lane] > 0;
        }
        b.noise = CARRYNET_PASTE(vload, LANES)(0, noises);
        b.key_low = config_words(&n, staged, CARRYNET_CONFIG_SEED);
        b.key_high = config_words(&n, staged, CARRYNET_CONFIG_SEED + 1);
        n.update = config_words(&n, staged, CARRYNET_CONFIG_UPDATE);
        n.problems_low = config_words(&n, staged, CARRYNET_CONFIG_PROBLEMS);
        n.problems_high = config_words(&n, staged, CARRYNET_CONFIG_PROBLEMS + 1);
        load_rows(n.w, &n, parameters, stride, n.size);
        load_rows(n.first, &n, first_moments, has_first * stride, has_first * n.trained);
        load_rows(n.second, &n, second_moments, has_second * stride, has_second * n.trained);
        for (uint u = 0; u < updates; ++u) {
            const global real *now = rates + (size_t)u * pass.networks * CARRYNET_RATES;
            const vreal rate = gathered(&n, now + CARRYNET_RATE, CARRYNET_RATES);
            const vreal epsilon = gathered(&n, now + CARRYNET_EPSILON, CARRYNET_RATES);
            const vreal decay = gathered(&n, now + CARRYNET_WEIGHT_DECAY, CARRYNET_RATES);
            arrange_weights(&g, n.w);
            sum_gradient(&pass, &g, &n, &b, task, u, wrong_bits, wrong_sequences);
            const vreal factor = step.clipped ? clip_interleaved(n.sums, n.trained, constants) : REAL(0x1p0);
            for (uint i = 0; i < n.trained; ++i) {
                const vreal mean = averaged(n.sums[i], constants[CARRYNET_CONSTANT_AVERAGE]);
                n.w[i] = updated(n.w[i], step.clipped ? flush(mean * factor) : mean, n.first + i, n.second + i, rate,
                                 epsilon, decay, step.optimizer, constants);
            }
        }
        store_rows(parameters, &n, n.w, stride, n.trained, lanes);
        store_rows(first_moments, &n, n.first, stride, has_first * n.trained, lanes);
        store_rows(second_moments, &n, n.second, stride, has_second * n.trained, lanes);
        store_rows(sums, &n, n.sums, pass.partial_stride, updates > 0 ? n.partial : 0, lanes);
        for (uint lane = 0; lane < lanes && updates > 0; ++lane) {
            totals[2 * (first + lane)] = wrong_bits[lane];
            totals[2 * (first + lane) + 1] = wrong_sequences[lane];
        }
    }
}
