/*
 * SIMT variant: forward, BPTT and summed gradient of one chunk of blocks after another.
 *
 * Work-group g runs tasks g, g + groups, ...; task = network * chunks + chunk. Items: hidden elements (sequence, unit),
 * outputs (sequence), weights (from, to), in turn, with a barrier between.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Scratch of a work-group, offsets in reals. The host computes the same (host/backend/opencl). */
struct scratch {
    global real *h;          /* [T + 1][64][H] */
    global real *dy;         /* [T][64][O] */
    global real *dh;         /* [2][64][H] */
    global real *transposed; /* [H][H], of w_hh */
    global real *row;        /* [SYMBOLS][H] */
    global real *bucket;     /* [SYMBOLS][H] */
    global real *dw;         /* [TRAINED(bias)]: all but w_xh and b_h, which come from the buckets */
    global real *levels;     /* [log2(chunk_blocks) + 1][partial_stride] */
};

static inline struct scratch scratch_of(global real *base, const struct carrynet_pass *pass)
{
    struct scratch s;
    const size_t step = (size_t)pass->rows * H;
    s.h = base;
    s.dy = s.h + (pass->steps + 1) * step;
    s.dh = s.dy + (size_t)pass->steps * pass->rows * O;
    s.transposed = s.dh + 2 * step;
    s.row = s.transposed + H * H;
    s.bucket = s.row + SYMBOLS * H;
    s.dw = s.bucket + SYMBOLS * H;
    s.levels = s.dw + pass->partial_stride;
    return s;
}

/* Noise of one element: word (p T + t) 4 ceil(H/4) + j. */
static inline real noise_element(const ulong first_word, const uint j, const global uint *config,
                                 const uint update, const real amount)
{
    const ulong counter = (first_word + j) / 4;
    uint c[4] = {(uint)counter, (uint)(counter >> 32), update, CARRYNET_STREAM_NOISE};
    philox4x32(&c[0], &c[1], &c[2], &c[3], (vword)(config[CARRYNET_CONFIG_SEED]),
               (vword)(config[CARRYNET_CONFIG_SEED + 1]));
    return uniform(c[j % 4], (vreal)(amount));
}

static inline void forward_step(const struct scratch *g, const struct block *b, const struct measures *m,
                                const struct carrynet_pass *pass, const global real *p, const uint t,
                                const global uint *config, const uint update, const real noise,
                                const ulong first_sequence)
{
    const size_t step = (size_t)pass->rows * H;
    const global real *h = g->h + t * step;
    global real *next = g->h + (t + 1) * step;
    EACH(e, TILES(b->sequences) * H)
    {
        const uint tile = e / H * ROWS, j = e % H;
        real value[ROWS];
        hidden_tile(value, b, g->row, h, p, t > 0 || pass->initial_state, t, tile, j);
        for (uint r = 0; r < ROWS && tile + r < b->sequences; ++r) {
            if (noise > 0) {
                const ulong word_of = ((first_sequence + tile + r) * pass->steps + t) * (4ul * ((H + 3) / 4));
                value[r] = flush(value[r] + noise_element(word_of, j, config, update, noise));
            }
            next[(tile + r) * H + j] = value[r];
        }
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    EACH(s, b->sequences)
    {
        const uint target = target_at(b, s, t);
        for (uint o = 0; o < O; ++o) {
            const real z = logit(next + s * H, p, o, pass->bias);
            g->dy[((size_t)t * pass->rows + s) * O + o] = measure(m, s, z, sigmoid(z), target >> o & 1);
        }
    }
}

/* Adds one step to ROWS weights of w_hh from row `first` on, in column j. */
static inline void sum_tile(global real *dw_hh, const uint sequences, const global real *h, const global real *dh,
                            const uint first, const uint j)
{
    real sum[ROWS];
    uint from[ROWS];
#pragma unroll
    for (uint r = 0; r < ROWS; ++r) {
        from[r] = first + r < H ? first + r : H - 1;
        sum[r] = dw_hh[from[r] * H + j];
    }
    for (uint s = 0; s < sequences; ++s) {
        const real d = dh[s * H + j];
#pragma unroll
        for (uint r = 0; r < ROWS; ++r)
            sum[r] = fma(h[s * H + from[r]], d, sum[r]);
    }
    for (uint r = 0; r < ROWS && first + r < H; ++r)
        dw_hh[(first + r) * H + j] = sum[r];
}

/* Adds one step to sum number e: tiles of w_hh, the weights of w_hy, the units' buckets, b_y. */
static inline void sum_element(const struct scratch *g, const struct block *b, const global real *h,
                               const global real *h_next, const global real *dh, const global real *dy, const uint t,
                               const int chained, uint e)
{
    const uint S = b->sequences;
    if (e < TILES(H) * H) {
        if (chained)
            sum_tile(g->dw + W_HH, S, h, dh, e / H * ROWS, e % H);
    } else if ((e -= TILES(H) * H) < H * O) {
        const uint j = e / O, o = e % O;
        real sum = g->dw[W_HY + e];
        for (uint s = 0; s < S; ++s)
            sum = fma(h_next[s * H + j], dy[s * O + o], sum);
        g->dw[W_HY + e] = sum;
    } else if ((e -= H * O) < H) {
        for (uint s = 0; s < S; ++s) {
            const uint at = symbol_at(b, s, t) * H + e;
            g->bucket[at] = plus(g->bucket[at], dh[s * H + e]);
        }
    } else {
        const uint o = e - H;
        for (uint s = 0; s < S; ++s)
            g->dw[B_Y + o] = plus(g->dw[B_Y + o], dy[s * O + o]);
    }
}

static inline void backward_step(const struct scratch *g, const struct block *b, const struct carrynet_pass *pass,
                                 const global real *p, const uint t)
{
    const size_t step = (size_t)pass->rows * H;
    const global real *h = g->h + t * step, *h_next = h + step, *dh_next = g->dh + ((t + 1) % 2) * step;
    const global real *dy = g->dy + (size_t)t * pass->rows * O;
    global real *dh = g->dh + (t % 2) * step;
    const uint S = b->sequences;
    EACH(e, TILES(S) * H)
    {
        const uint tile = e / H * ROWS, j = e % H;
        real sum[ROWS];
#pragma unroll
        for (uint r = 0; r < ROWS; ++r) {
            sum[r] = 0;
            for (uint o = 0; o < O && tile + r < S; ++o)
                sum[r] = fma(dy[(tile + r) * O + o], p[W_HY + j * O + o], sum[r]);
        }
        if (t + 1 < pass->steps)
            tile_chain(sum, dh_next, tile, S, g->transposed, j);
        for (uint r = 0; r < ROWS && tile + r < S; ++r) {
            const real x = h_next[(tile + r) * H + j];
            dh[(tile + r) * H + j] = flush(sum[r] * (x * (1 - x)));
        }
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    /* All sums in one loop: it keeps more work-items busy, and pocl 3.1 cannot compile several short ones at H = 1. */
    EACH(e, TILES(H) * H + H * O + H + pass->bias * O)
    sum_element(g, b, h, h_next, dh, dy, t, t > 0 || pass->initial_state, e);
}

/* Element e of the block's partial sum: the gradient in the order of the parameters, then the metrics. */
static inline real partial_element(const struct scratch *g, const struct measures *m, const uint sequences,
                                const uint bias, const uint e)
{
    if (e >= TRAINED(bias))
        return e < TRAINED(bias) + 2 ? measured(m, sequences, e - TRAINED(bias)) : 0;
    if (e < I * H) {
        const uint i = e / H, j = e % H;
        real sum = g->bucket[(1 << i) * H + j];
        for (uint a = (1 << i) + 1; a < SYMBOLS; ++a)
            if (a >> i & 1)
                sum = plus(sum, g->bucket[a * H + j]);
        return sum;
    }
    if (e >= B_H && e < B_Y) { /* there are biases */
        real sum = g->bucket[e - B_H];
        for (uint a = 1; a < SYMBOLS; ++a)
            sum = plus(sum, g->bucket[a * H + e - B_H]);
        return sum;
    }
    return g->dw[e];
}

kernel void simt_gradient(const struct carrynet_pass pass, const global real *parameters, const global uint *staged,
                         global real *scratch, global real *partials, global ulong *counts)
{
    local real loss[BLOCK], absolute[BLOCK];
    local uint wrong[BLOCK];
    const struct measures m = {loss, absolute, wrong, pass.loss};
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    const ulong tasks = (ulong)pass.networks * pass.chunks;
    for (ulong task = get_group_id(0); task < tasks; task += get_num_groups(0)) {
        const uint network = (uint)(task / pass.chunks), chunk = (uint)(task % pass.chunks);
        const global real *p = parameters + (size_t)network * pass.parameter_stride;
        const global uint *config = staged + CARRYNET_CONFIG * network;
        const real noise = noise_of(config);
        const uint update = config[CARRYNET_CONFIG_UPDATE] + pass.update;
        const uint chunk_sequences = pass.chunk_blocks * BLOCK;
        ulong wrong_bits = 0, wrong_sequences = 0;
        uint blocks = 0;
        symbol_rows(g.row, p, pass.bias);
        EACH(e, H * H)
        g.transposed[e] = p[W_HH + e % H * H + e / H];
        for (uint in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK) {
            const ulong first = (ulong)chunk * chunk_sequences + in_chunk;
            if (first >= pass.sequences)
                break;
            struct block b;
            block_symbols(&b.symbols, &pass, staged, network, first);
            block_targets(&b.targets, &pass, staged, network, first);
            b.sequences = pass.sequences - first < BLOCK ? (uint)(pass.sequences - first) : BLOCK;
            EACH(s, BLOCK)
            {
                loss[s] = absolute[s] = 0;
                wrong[s] = 0;
            }
            if (pass.initial_state)
                EACH(e, b.sequences * H)
                g.h[e] = p[H_0(pass.bias) + e % H];
            EACH(e, SYMBOLS * H)
            g.bucket[e] = 0;
            EACH(e, TRAINED(pass.bias))
            g.dw[e] = 0;
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
            for (uint t = 0; t < pass.steps; ++t)
                forward_step(&g, &b, &m, &pass, p, t, config, update, noise, pass.first_sequence + first);
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
            for (uint t = pass.steps; t-- > 0;)
                backward_step(&g, &b, &pass, p, t);
            barrier(CLK_GLOBAL_MEM_FENCE);
            EACH(e, pass.partial_stride)
            push_element(g.levels, pass.partial_stride, e, partial_element(&g, &m, b.sequences, pass.bias, e), blocks);
            if (get_local_id(0) == 0)
                for (uint s = 0; s < b.sequences; ++s) {
                    wrong_bits += wrong[s];
                    wrong_sequences += wrong[s] > 0;
                }
            ++blocks;
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
        }
        EACH(e, pass.partial_stride)
        partials[task * pass.partial_stride + e] = collapsed_element(g.levels, pass.partial_stride, e, blocks);
        if (get_local_id(0) == 0) {
            counts[2 * task] = wrong_bits;
            counts[2 * task + 1] = wrong_sequences;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}
