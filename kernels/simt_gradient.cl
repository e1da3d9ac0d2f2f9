/*
 * SIMT variant, small networks: forward, BPTT and summed gradient of one block after another, a work-group a block at a time.
 * Work-group g runs tasks g, g + groups, ...; task = network * chunks + chunk.
 *
 * The sums stay in registers while the steps are walked back: an item has tiles of SIDE x SIDE weights of w_hh; the buckets and
 * w_hy belong to items beside the tiles' where there are enough, else to all. Step t adds h[t] with dh[t] and with dy[t-1], so that
 * one barrier a step is enough.
 */
#pragma OPENCL FP_CONTRACT OFF

#define SIDE CARRYNET_SIDE
#define SIDES ((H + SIDE - 1) / SIDE)
#define WEIGHT_TILES (SIDES * SIDES)
#define REST_FIRST (GROUP >= WEIGHT_TILES + CARRYNET_BLOCK ? (WEIGHT_TILES + 31) / 32 * 32 : 0)
#define REST (GROUP - REST_FIRST)
#define BUCKETS (SYMBOLS * H)
#define OUTS (H * O)

/* Of each an item has so many; the loops over them are unrolled where they are few. */
#define WEIGHT_TILES_EACH ((WEIGHT_TILES + GROUP - 1) / GROUP)
#define BUCKETS_EACH ((BUCKETS + REST - 1) / REST)
#define OUTS_EACH ((OUTS + REST - 1) / REST)
#define BIASES_EACH ((O + REST - 1) / REST)
#if WEIGHT_TILES <= 4 * GROUP
#define UNROLL_TILES UNROLL
#else
#define UNROLL_TILES 1
#endif
#if BUCKETS <= 4 * REST && OUTS <= 4 * REST
#define UNROLL_REST UNROLL
#else
#define UNROLL_REST 1
#endif

#if SIDE == 2
typedef real2 side_real;
#define SPREAD(to, v) ((to)[0] = (v).s0, (to)[1] = (v).s1)
#else
typedef real4 side_real;
#define SPREAD(to, v) ((to)[0] = (v).s0, (to)[1] = (v).s1, (to)[2] = (v).s2, (to)[3] = (v).s3)
#endif

/* The sums of a block that an item holds. */
struct sums {
    real w_hh[WEIGHT_TILES_EACH][SIDE][SIDE];
    real bucket[BUCKETS_EACH];
    real w_hy[OUTS_EACH];
    real b_y[BIASES_EACH];
};

static inline void clear_sums(struct sums *sums)
{
#pragma unroll UNROLL_TILES
    for (int n = 0; n < WEIGHT_TILES_EACH; ++n)
#pragma unroll UNROLL
        for (int a = 0; a < SIDE; ++a)
#pragma unroll UNROLL
            for (int c = 0; c < SIDE; ++c)
                sums->w_hh[n][a][c] = 0;
#pragma unroll UNROLL_REST
    for (int n = 0; n < BUCKETS_EACH; ++n)
        sums->bucket[n] = 0;
#pragma unroll UNROLL_REST
    for (int n = 0; n < OUTS_EACH; ++n)
        sums->w_hy[n] = 0;
    for (int n = 0; n < BIASES_EACH; ++n)
        sums->b_y[n] = 0;
}

/* Adds h[t] dh[t] to the item's tiles of w_hh. */
static inline void sum_weights(struct sums *sums, const local real *h, const local real *dh, const int count)
{
#pragma unroll UNROLL_TILES
    for (int n = 0; n < WEIGHT_TILES_EACH; ++n) {
        const int e = LOCAL_ID + n * GROUP;
        if (WEIGHT_TILES % GROUP != 0 && e >= WEIGHT_TILES)
            break;
        const local real *from = h + e / SIDES * SIDE, *to = dh + e % SIDES * SIDE;
#pragma unroll UNROLL_LONG
        for (int s = 0; s < count; ++s, from += 4 * PITCH, to += 4 * PITCH) {
            real x[SIDE], d[SIDE];
            SPREAD(x, *(const local side_real *)from);
            SPREAD(d, *(const local side_real *)to);
#pragma unroll UNROLL
            for (int a = 0; a < SIDE; ++a)
#pragma unroll UNROLL
                for (int c = 0; c < SIDE; ++c)
                    sums->w_hh[n][a][c] = fma(x[a], d[c], sums->w_hh[n][a][c]);
        }
    }
}

/*
 * Adds dh[t] to the item's buckets. A running sum from +0 is never -0, so that adding +0 where the symbol is another changes nothing, and no
 * load waits for a symbol.
 */
static inline void sum_buckets(struct sums *sums, const local real *dh, const local uint *symbols, const int count)
{
#pragma unroll UNROLL_REST
    for (int n = 0; n < BUCKETS_EACH; ++n) {
        const int e = LOCAL_ID - REST_FIRST + n * REST;
        const uint symbol = (uint)(e / H);
        const local real *to = dh + e % H;
        real sum = sums->bucket[n];
        if (BUCKETS % REST != 0 && e >= BUCKETS)
            break;
#pragma unroll UNROLL_LONG
        for (int s = 0; s < count; ++s, to += 4 * PITCH)
            sum = plus(sum, symbols[s] == symbol ? *to : 0);
        sums->bucket[n] = sum;
    }
}

/* Adds h[t] dy[t-1]; from the last item down, since the first ones have the odd buckets. */
static inline void sum_outputs(struct sums *sums, const local real *h, const local real *dy, const int count, const uint bias)
{
    const int rest = LOCAL_ID - REST_FIRST;
#pragma unroll UNROLL_REST
    for (int n = 0; n < OUTS_EACH; ++n) {
        const int e = REST - 1 - rest + n * REST;
        const local real *from = h + e / O, *to = dy + e % O;
        real sum = sums->w_hy[n];
        if (OUTS % REST != 0 && e >= OUTS)
            break;
#pragma unroll UNROLL_LONG
        for (int s = 0; s < count; ++s, from += 4 * PITCH, to += O)
            sum = fma(*from, *to, sum);
        sums->w_hy[n] = sum;
    }
    for (int n = 0; n < BIASES_EACH && bias; ++n)
        for (int s = 0; s < count && rest + n * REST < O; ++s)
            sums->b_y[n] = plus(sums->b_y[n], dy[s * O + rest + n * REST]);
}

/* The backward pass and the sums of the block; the transpose of w_hh is there. */
static inline void backward_block(struct sums *sums, const struct training *g, const struct block *b,
                                  const struct carrynet_pass *pass, const global real *p)
{
    const int rows = (int)pass->rows, T = (int)pass->steps;
    stage_slopes(g, b, pass, T - 1);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (LOCAL_ID >= REST_FIRST)
        sum_outputs(sums, (const local real *)(g->work.hidden + T % 2 * STEP), g->slopes + (T - 1) % 2 * SEQUENCES * O, b->count,
                    pass->bias);
    BARRIER_ENDS_LOOP;
    for (int t = T - 1; t >= 0; --t) {
        const int chained = t > 0 || pass->initial_state;
        local real4 *h = g->work.hidden + t % 2 * STEP, *dh = g->deltas + t % 2 * STEP;
        const local real4 *h_next = g->work.hidden + (t + 1) % 2 * STEP;
        EACH_TILE(tile)
        {
            const int quad = tile % QUADS, first = tile / QUADS;
            real sum[TILE][4];
            real4 before[TILE]; /* h[t] */
#pragma unroll UNROLL
            for (int r = 0; r < TILE; ++r) {
                const int s = first + r * ACROSS;
                before[r] = (real4)(0);
                if (t > 0 && s < b->count)
                    before[r] = g->h[(size_t)(t * rows + s) * QUADS + quad];
                else if (t == 0 && chained)
                    before[r] = start_quad(p, pass->bias, quad);
            }
            delta_tile(sum, g, t + 1 < T, t, first, quad);
#pragma unroll UNROLL
            for (int r = 0; r < TILE; ++r) {
                const int at = (first + r * ACROSS) * PITCH + quad;
                dh[at] = delta_quad(sum[r], h_next[at]);
                h[at] = before[r];
            }
        }
        stage_symbols(&g->work, b, t);
        if (t > 0)
            stage_slopes(g, b, pass, t - 1);
        barrier(CLK_LOCAL_MEM_FENCE);
        if (chained)
            sum_weights(sums, (const local real *)h, (const local real *)dh, b->count);
        if (LOCAL_ID >= REST_FIRST) {
            sum_buckets(sums, (const local real *)dh, g->work.symbols + t % 2 * SEQUENCES, b->count);
            if (t > 0)
                sum_outputs(sums, (const local real *)h, g->slopes + (t - 1) % 2 * SEQUENCES * O, b->count, pass->bias);
        }
        BARRIER_ENDS_LOOP;
    }
}

/* ---- from a block to the chunk's partial sum ---------------------------------------------------------------------- */

/* Buckets to the gradient of w_xh and b_h; [SYMBOLS][H] in local memory. */
static inline real input_element(const local real *bucket, const int i, const int j)
{
    real sum = bucket[(1 << i) * H + j];
    for (int a = (1 << i) + 1; a < SYMBOLS; ++a)
        if (a >> i & 1)
            sum = plus(sum, bucket[a * H + j]);
    return sum;
}

static inline real bias_element(const local real *bucket, const int j)
{
    real sum = bucket[j];
    for (int a = 1; a < SYMBOLS; ++a)
        sum = plus(sum, bucket[a * H + j]);
    return sum;
}

/* The block's partial sum, to the tree's levels: an element always by the same item. */
static inline void push_block(const struct sums *sums, const struct training *g, const struct carrynet_pass *pass,
                              const int count, global real *levels, local real *bucket, const uint blocks)
{
    const uint size = pass->partial_stride;
    const int rest = LOCAL_ID - REST_FIRST;
#pragma unroll UNROLL_TILES
    for (int n = 0; n < WEIGHT_TILES_EACH; ++n) {
        const int e = LOCAL_ID + n * GROUP, k = e / SIDES * SIDE, j = e % SIDES * SIDE;
#pragma unroll UNROLL
        for (int a = 0; a < SIDE; ++a)
#pragma unroll UNROLL
            for (int c = 0; c < SIDE; ++c)
                if (e < WEIGHT_TILES && k + a < H && j + c < H)
                    push_element(levels, size, W_HH + (k + a) * H + j + c, sums->w_hh[n][a][c], blocks);
    }
    if (rest >= 0) {
#pragma unroll UNROLL_REST
        for (int n = 0; n < OUTS_EACH; ++n)
            if (REST - 1 - rest + n * REST < OUTS)
                push_element(levels, size, W_HY + REST - 1 - rest + n * REST, sums->w_hy[n], blocks);
        for (int n = 0; n < BIASES_EACH && pass->bias; ++n)
            if (rest + n * REST < O)
                push_element(levels, size, B_Y + rest + n * REST, sums->b_y[n], blocks);
#pragma unroll UNROLL_REST
        for (int n = 0; n < BUCKETS_EACH; ++n)
            if (rest + n * REST < BUCKETS)
                bucket[rest + n * REST] = sums->bucket[n];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    EACH(e, I * H)
    push_element(levels, size, e, input_element(bucket, e / H, e % H), blocks);
    if (pass->bias)
        EACH(e, H)
        push_element(levels, size, B_H + e, bias_element(bucket, e), blocks);
    for (int e = GROUP - 1 - LOCAL_ID; e < (int)size - TRAINED(pass->bias); e += GROUP)
        push_element(levels, size, TRAINED(pass->bias) + e, e < 2 ? metric_of(&g->work, count, e) : 0, blocks);
}

/*
 * One chunk of one network: its partial sum and two counts, of wrong bits and wrong sequences. Text and no function, since pocl 3.1 goes wrong
 * with a function around all these barriers. `part` is the network's place in what is staged.
 */
#define RUN_CHUNK(p, noise, part, chunk, partial_to, counts_to)                                                        \
    do {                                                                                                               \
        const int chunk_sequences = (int)pass.chunk_blocks * BLOCK;                                                    \
        ulong wrong_bits = 0, wrong_sequences = 0;                                                                     \
        uint blocks = 0;                                                                                               \
        EACH(e, SYMBOLS * COLUMNS)                                                                                     \
        ((local real *)row)[e] = packed_row(p, pass.bias, e);                                                          \
        EACH(e, O * COLUMNS)                                                                                           \
        ((local real *)w_hy)[e] = packed_hy(p, e);                                                                     \
        for (int in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK) {                                        \
            const ulong first = (ulong)(chunk) * chunk_sequences + in_chunk;                                           \
            if (first >= pass.sequences)                                                                               \
                break;                                                                                                 \
            struct block b;                                                                                            \
            struct sums sums;                                                                                          \
            block_symbols(&b.symbols, &pass, staged, part, first);                                                     \
            block_targets(&b.targets, &pass, staged, part, first);                                                     \
            b.count = pass.sequences - first < BLOCK ? (int)(pass.sequences - first) : BLOCK;                          \
            clear_sums(&sums);                                                                                         \
            clear_metrics(&g.work, BLOCK);                                                                             \
            (noise).first = pass.first_sequence + first;                                                               \
            EACH(e, H * COLUMNS)                                                                                       \
            ((local real *)weights)[e] = packed_hh(p, 0, e);                                                           \
            forward_block(&g, &b, &pass, p, &(noise));                                                                 \
            EACH(e, H * COLUMNS)                                                                                       \
            ((local real *)weights)[e] = packed_hh(p, 1, e);                                                           \
            backward_block(&sums, &g, &b, &pass, p);                                                                   \
            push_block(&sums, &g, &pass, b.count, levels, bucket, blocks);                                             \
            for (int s = 0; s < b.count && LOCAL_ID == 0; ++s) {                                                       \
                wrong_bits += wrong[s];                                                                                \
                wrong_sequences += wrong[s] > 0;                                                                       \
            }                                                                                                          \
            ++blocks;                                                                                                  \
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);                                                       \
        }                                                                                                              \
        EACH(e, pass.partial_stride)                                                                                   \
        (partial_to)[e] = collapsed_element(levels, pass.partial_stride, e, blocks);                                   \
        if (LOCAL_ID == 0) {                                                                                           \
            (counts_to)[0] = wrong_bits;                                                                               \
            (counts_to)[1] = wrong_sequences;                                                                          \
        }                                                                                                              \
        barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);                                                           \
    } while (0)

/* The local memory of a group, and what points there and into scratch; in a kernel. */
#define GROUP_MEMORY                                                                                                   \
    local real4 row[SYMBOLS * QUADS], weights[H * QUADS], w_hy[O * QUADS], hidden[2 * STEP], deltas[2 * STEP];         \
    local real slopes[2 * BLOCK * O], bucket[BUCKETS], loss[BLOCK], absolute[BLOCK];                                   \
    local uint symbols[2 * BLOCK], wrong[BLOCK];                                                                       \
    const struct carrynet_sizes sizes = {I, H, O, 1, CARRYNET_GAP};                                                    \
    const struct carrynet_group_scratch at = carrynet_group_scratch(&sizes, &pass);                                    \
    global real *mine = scratch + get_group_id(0) * pass.scratch_stride, *levels = mine + at.levels;                   \
    const struct training g = {{row, weights, w_hy, hidden, symbols, loss, absolute, wrong},                           \
                               deltas,                                                                                 \
                               slopes,                                                                                 \
                               weights,                                                                                \
                               (global real4 *)(mine + at.h),                                                          \
                               mine + at.dy,                                                                           \
                               0}

__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void
simt_gradient(const struct carrynet_pass pass, const global real *parameters, const global uint *staged, global real *scratch,
              global real *partials, global ulong *counts)
{
    GROUP_MEMORY;
    const ulong tasks = (ulong)pass.networks * pass.chunks;
    for (ulong task = get_group_id(0); task < tasks; task += get_num_groups(0)) {
        const uint network = (uint)(task / pass.chunks), chunk = (uint)(task % pass.chunks);
        const global real *p = parameters + (size_t)network * pass.parameter_stride;
        const global uint *config = staged + CARRYNET_CONFIG * network;
        struct noise noise = {config, config[CARRYNET_CONFIG_UPDATE] + pass.update, noise_of(config), 0};
        RUN_CHUNK(p, noise, network, chunk, partials + task * pass.partial_stride, counts + 2 * task);
    }
}
