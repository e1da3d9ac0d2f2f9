/*
 * SIMT variant, large networks: the gradient in two stages, launched in turn for block after block of each chunk.
 *
 * simt_deltas: group = slot * PARTS + part: forward pass and deltas of SEQUENCES sequences of the block of a slot, so that few blocks keep many
 * groups busy. h, dy and dh of all steps go to the slot's scratch. A slot works on task first_task + slot, task = network * chunks + chunk.
 *
 * simt_sums: group = slot * JOBS + job: the block's sums, over all steps descending and sequences ascending. A job is a tile of FROM x TO weights of
 * w_hh, in item tiles of 8 x 4, or GROUP columns of the buckets and of w_hy, or the rest: b_y and the metrics.
 */
#pragma OPENCL FP_CONTRACT OFF

#define PARTS (BLOCK / SEQUENCES)

#define ITEM_FROM CARRYNET_ITEM_FROM
#define ITEM_TO CARRYNET_ITEM_TO
#define FROM CARRYNET_FROM
#define TO CARRYNET_TO
#define FROM_JOBS ((H + FROM - 1) / FROM)
#define TO_JOBS ((H + TO - 1) / TO)
#define WEIGHT_JOBS (FROM_JOBS * TO_JOBS)
#define COLUMN_JOBS ((H + GROUP - 1) / GROUP)
#define JOBS (WEIGHT_JOBS + COLUMN_JOBS + 1)

#define ITEM_TILES (FROM / ITEM_FROM * (TO / ITEM_TO))
#define ITEM_TILES_EACH ((ITEM_TILES + GROUP - 1) / GROUP)
#define DEPTH CARRYNET_PANEL_DEPTH
#define PANEL (DEPTH * (FROM + TO) / 4)           /* quads: h [DEPTH][FROM / 4], then dh [DEPTH][TO / 4] */
#define LOADS_EACH ((PANEL + GROUP - 1) / GROUP)  /* in all PANEL_SPACE: each item loads as many */
#define PANEL_SPACE (LOADS_EACH * GROUP)
#if ITEM_TILES <= 2 * GROUP
#define UNROLL_TILES UNROLL
#define UNROLL_LOADS UNROLL
#else
#define UNROLL_TILES 1
#define UNROLL_LOADS 1
#endif

/* The block that a slot works on. */
struct place {
    uint network, task;
    ulong first;         /* sequence of the network */
    int count;           /* sequences; 0: nothing is left for the slot */
    int last;            /* whether it is the chunk's last */
    global real *memory; /* scratch */
};

static inline void find_place(struct place *to, const struct carrynet_pass *pass, const uint slot, global real *scratch)
{
    const uint task = pass->first_task + slot;
    const ulong length = (ulong)pass->chunk_blocks * CARRYNET_BLOCK, start = task % pass->chunks * length;
    const ulong end = start + length < pass->sequences ? start + length : pass->sequences;
    to->task = task;
    to->network = task / pass->chunks;
    to->first = start + (ulong)pass->chunk_block * CARRYNET_BLOCK;
    to->count = to->first >= end ? 0 : end - to->first < CARRYNET_BLOCK ? (int)(end - to->first) : BLOCK;
    to->last = to->first + CARRYNET_BLOCK >= end;
    to->memory = scratch + slot * pass->scratch_stride;
}

/* ---- first stage ------------------------------------------------------------------------------------------------- */

/* The deltas of all steps, from the history in scratch. */
static inline void backward_sequences(const struct training *g, const struct block *b, const struct carrynet_pass *pass)
{
    const int rows = (int)pass->rows, T = (int)pass->steps;
    stage_slopes(g, b, pass, T - 1);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int t = T - 1; t >= 0; --t) {
        EACH_TILE(tile)
        {
            const int quad = tile % QUADS, first = tile / QUADS;
            real sum[TILE][4];
            real4 x[TILE]; /* h[t+1] */
#pragma unroll UNROLL
            for (int r = 0; r < TILE; ++r) {
                const int s = first + r * ACROSS;
                x[r] = (real4)(0);
                if (s < b->count)
                    x[r] = g->h[(size_t)((t + 1) * rows + s) * QUADS + quad];
            }
            delta_tile(sum, g, t + 1 < T, t, first, quad);
#pragma unroll UNROLL
            for (int r = 0; r < TILE; ++r) {
                const int s = first + r * ACROSS;
                const real4 value = delta_quad(sum[r], x[r]);
                g->deltas[t % 2 * STEP + s * PITCH + quad] = value;
                if (s < b->count)
                    g->dh[(size_t)(t * rows + s) * QUADS + quad] = value;
            }
        }
        if (t > 0)
            stage_slopes(g, b, pass, t - 1);
        barrier(CLK_LOCAL_MEM_FENCE);
        BARRIER_ENDS_LOOP;
    }
}

__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void
simt_deltas(const struct carrynet_pass pass, const global real *parameters, const global real *packed, const global uint *staged,
            global real *scratch)
{
    local real4 hidden[2 * STEP]; /* then the deltas */
    local real slopes[2 * SEQUENCES * O], loss[SEQUENCES], absolute[SEQUENCES];
    local uint symbols[2 * SEQUENCES], wrong[SEQUENCES];
    const struct carrynet_sizes sizes = {I, H, O, 1, CARRYNET_GAP};
    const struct carrynet_group_scratch at = carrynet_group_scratch(&sizes, &pass);
    const int offset = (int)(get_group_id(0) % PARTS) * SEQUENCES; /* of the group's first sequence in the block */
    struct place place;
    find_place(&place, &pass, (uint)(get_group_id(0) / PARTS), scratch);
    const global real *p = parameters + (size_t)place.network * pass.parameter_stride;
    const global real *w = packed + (size_t)place.network * CARRYNET_SIMT_PACKED(I, H, O);
    const global uint *config = staged + CARRYNET_CONFIG * place.network;
    const struct noise noise = {config, config[CARRYNET_CONFIG_UPDATE] + pass.update, noise_of(config),
                                pass.first_sequence + place.first + offset};
    const struct training g = {{(const global real4 *)w, (const global real4 *)(w + CARRYNET_SIMT_HH(I, H)),
                                (const global real4 *)(w + CARRYNET_SIMT_HY(I, H)), hidden, symbols, loss, absolute, wrong},
                               hidden,
                               slopes,
                               (const global real4 *)(w + CARRYNET_SIMT_HH_TRANSPOSED(I, H)),
                               (global real4 *)(place.memory + at.h) + (size_t)offset * QUADS,
                               place.memory + at.dy + offset * O,
                               (global real4 *)(place.memory + at.dh) + (size_t)offset * QUADS};
    struct block b;
    block_symbols(&b.symbols, &pass, staged, place.network, place.first);
    block_targets(&b.targets, &pass, staged, place.network, place.first);
    b.symbols.words += offset * b.symbols.sequence_stride;
    b.targets.words += offset * b.targets.sequence_stride;
    b.count = place.count - offset < SEQUENCES ? place.count - offset : SEQUENCES;
    if (b.count <= 0)
        return;
    clear_metrics(&g.work, SEQUENCES);
    if (pass.initial_state)
        EACH(e, b.count * QUADS)
        g.h[e] = start_quad(p, pass.bias, e % QUADS);
    forward_block(&g, &b, &pass, p, &noise);
    backward_sequences(&g, &b, &pass);
    EACH(s, b.count)
    {
        place.memory[at.loss + offset + s] = loss[s];
        place.memory[at.absolute + offset + s] = absolute[s];
        ((global uint *)(place.memory + at.wrong))[offset + s] = wrong[s];
    }
}

/* ---- second stage ------------------------------------------------------------------------------------------------ */

/* Element e of the block's partial sum to the chunk's tree, and of the chunk's last block the whole to `partial`. */
static inline void push(const struct carrynet_pass *pass, const struct place *place, global real *levels, global real *partial,
                        const int e, const real value)
{
    push_element(levels, pass->partial_stride, (uint)e, value, pass->chunk_block);
    if (place->last)
        partial[e] = collapsed_element(levels, pass->partial_stride, (uint)e, pass->chunk_block + 1);
}

/* Quad e of panel number n: h and dh of DEPTH sequences of a step, the last step first. */
static inline real4 panel_quad(const global real4 *h, const global real4 *dh, const int rows, const int count, const int T,
                               const int from, const int to, const int n, const int e)
{
    const int panels = (count + DEPTH - 1) / DEPTH, t = T - 1 - n / panels, s = n % panels * DEPTH;
    const int is_h = e < DEPTH * FROM / 4, wide = is_h ? FROM / 4 : TO / 4, at = is_h ? e : e - DEPTH * FROM / 4;
    const int quad = (is_h ? from : to) / 4 + at % wide, sequence = s + at / wide;
    real4 value = (real4)(0);
    if (quad < QUADS && sequence < count && at < DEPTH * wide)
        value = (is_h ? h : dh)[(size_t)(t * rows + sequence) * QUADS + quad];
    return value;
}

/* sum[a][c] += h dh over the `depth` sequences of a panel. */
static inline void panel_chain(real sum[ITEM_FROM][ITEM_TO], const local real4 *h, const local real4 *dh, const int depth)
{
#pragma unroll UNROLL_LONG
    for (int s = 0; s < depth; ++s) {
        const real4 x0 = h[s * (FROM / 4)], x1 = h[s * (FROM / 4) + 1], d = dh[s * (TO / 4)];
        FMA_QUAD(sum[0], x0.s0, d);
        FMA_QUAD(sum[1], x0.s1, d);
        FMA_QUAD(sum[2], x0.s2, d);
        FMA_QUAD(sum[3], x0.s3, d);
        FMA_QUAD(sum[4], x1.s0, d);
        FMA_QUAD(sum[5], x1.s1, d);
        FMA_QUAD(sum[6], x1.s2, d);
        FMA_QUAD(sum[7], x1.s3, d);
    }
}

/* Sums of dy over steps descending and sequences ascending; of the sequences' metrics. */
static inline real bias_sum(const global real *dy, const int rows, const int count, const int T, const int o)
{
    real sum = 0;
    for (int t = T - 1; t >= 0; --t)
#pragma unroll UNROLL_LONG
        for (int s = 0; s < count; ++s)
            sum = plus(sum, dy[(t * rows + s) * O + o]);
    return sum;
}

static inline real metric_sum(const global real *values, const int count)
{
    real sum = 0;
#pragma unroll UNROLL_LONG
    for (int s = 0; s < count; ++s)
        sum = plus(sum, values[s]);
    return sum;
}

__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void
simt_sums(const struct carrynet_pass pass, const global uint *staged, global real *scratch, global real *partials,
          global ulong *counts)
{
    local real4 panel[2][PANEL_SPACE];
    local real slopes[2][BLOCK * O];
    local uint symbols[2][BLOCK];
    const struct carrynet_sizes sizes = {I, H, O, 1, CARRYNET_GAP};
    const struct carrynet_group_scratch at = carrynet_group_scratch(&sizes, &pass);
    const int job = (int)(get_group_id(0) % JOBS), rows = (int)pass.rows, T = (int)pass.steps;
    struct place place;
    find_place(&place, &pass, (uint)(get_group_id(0) / JOBS), scratch);
    const int count = place.count, bias = (int)pass.bias;
    const global real4 *h = (const global real4 *)(place.memory + at.h), *dh = (const global real4 *)(place.memory + at.dh);
    const global real *dy = place.memory + at.dy;
    global real *levels = place.memory + at.levels, *partial = partials + (size_t)place.task * pass.partial_stride;
    if (count == 0)
        return;
    if (job < WEIGHT_JOBS) {
        const int from = job / TO_JOBS * FROM, to = job % TO_JOBS * TO;
        const int panels = (count + DEPTH - 1) / DEPTH, all = (pass.initial_state ? T : T - 1) * panels;
        real sum[ITEM_TILES_EACH][ITEM_FROM][ITEM_TO];
        real4 loads[LOADS_EACH];
#pragma unroll UNROLL_TILES
        for (int n = 0; n < ITEM_TILES_EACH; ++n)
#pragma unroll UNROLL
            for (int a = 0; a < ITEM_FROM; ++a)
#pragma unroll UNROLL
                for (int c = 0; c < ITEM_TO; ++c)
                    sum[n][a][c] = 0;
        EACH(e, PANEL_SPACE)
        panel[0][e] = all > 0 ? panel_quad(h, dh, rows, count, T, from, to, 0, e) : (real4)(0);
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int n = 0; n < all; ++n) {
            const int left = count - n % panels * DEPTH;
#pragma unroll UNROLL_LOADS
            for (int i = 0; i < LOADS_EACH; ++i)
                if (n + 1 < all)
                    loads[i] = panel_quad(h, dh, rows, count, T, from, to, n + 1, LOCAL_ID + i * GROUP);
#pragma unroll UNROLL_TILES
            for (int i = 0; i < ITEM_TILES_EACH; ++i) {
                /* An item without a tile repeats the last one: all items go round alike. */
                const int tile = LOCAL_ID + i * GROUP, e = tile < ITEM_TILES ? tile : ITEM_TILES - 1;
                panel_chain(sum[i], panel[n % 2] + e / (TO / ITEM_TO) * (ITEM_FROM / 4),
                            panel[n % 2] + DEPTH * FROM / 4 + e % (TO / ITEM_TO), left < DEPTH ? left : DEPTH);
            }
#pragma unroll UNROLL_LOADS
            for (int i = 0; i < LOADS_EACH; ++i)
                if (n + 1 < all)
                    panel[(n + 1) % 2][LOCAL_ID + i * GROUP] = loads[i];
            barrier(CLK_LOCAL_MEM_FENCE);
        }
#pragma unroll UNROLL_TILES
        for (int i = 0; i < ITEM_TILES_EACH; ++i) {
            const int e = LOCAL_ID + i * GROUP, k = from + e / (TO / ITEM_TO) * ITEM_FROM, j = to + e % (TO / ITEM_TO) * ITEM_TO;
#pragma unroll UNROLL
            for (int a = 0; a < ITEM_FROM; ++a)
#pragma unroll UNROLL
                for (int c = 0; c < ITEM_TO; ++c)
                    if (e < ITEM_TILES && k + a < H && j + c < H)
                        push(&pass, &place, levels, partial, W_HH + (k + a) * H + j + c, sum[i][a][c]);
        }
    } else if (job < WEIGHT_JOBS + COLUMN_JOBS) {
        const int j = (job - WEIGHT_JOBS) * GROUP + LOCAL_ID, column = j < H ? j : H - 1; /* all items go round alike */
        const global real *h_j = (const global real *)h + column, *dh_j = (const global real *)dh + column;
        struct sequences words;
        real bucket[SYMBOLS], w_hy[O];
#pragma unroll UNROLL
        for (int a = 0; a < SYMBOLS; ++a)
            bucket[a] = 0;
#pragma unroll UNROLL
        for (int o = 0; o < O; ++o)
            w_hy[o] = 0;
        block_symbols(&words, &pass, staged, place.network, place.first);
        for (int t = T - 1; t >= 0; --t) {
            /* Two steps' symbols and slopes in turn, so that one barrier a step is enough. */
            EACH(s, count)
            {
                symbols[t % 2][s] = unpacked(&words, I, s, t);
                for (int o = 0; o < O; ++o)
                    slopes[t % 2][s * O + o] = dy[(t * rows + s) * O + o];
            }
            barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll UNROLL_LONG
            for (int s = 0; s < count; ++s) {
                const real d = dh_j[(size_t)(t * rows + s) * COLUMNS], x = h_j[(size_t)((t + 1) * rows + s) * COLUMNS];
                /* +0 changes no running sum that began with it. */
#pragma unroll UNROLL
                for (int a = 0; a < SYMBOLS; ++a)
                    bucket[a] = plus(bucket[a], symbols[t % 2][s] == a ? d : 0);
#pragma unroll UNROLL
                for (int o = 0; o < O; ++o)
                    w_hy[o] = fma(x, slopes[t % 2][s * O + o], w_hy[o]);
            }
            BARRIER_ENDS_LOOP;
        }
        if (j < H) {
#pragma unroll UNROLL
            for (int o = 0; o < O; ++o)
                push(&pass, &place, levels, partial, W_HY + j * O + o, w_hy[o]);
#pragma unroll UNROLL
            for (int i = 0; i < I; ++i) {
                real sum = bucket[1 << i];
#pragma unroll UNROLL
                for (int a = (1 << i) + 1; a < SYMBOLS; ++a)
                    if (a >> i & 1)
                        sum = plus(sum, bucket[a]);
                push(&pass, &place, levels, partial, W_XH + i * H + j, sum);
            }
            real sum = bucket[0];
#pragma unroll UNROLL
            for (int a = 1; a < SYMBOLS; ++a)
                sum = plus(sum, bucket[a]);
            if (bias)
                push(&pass, &place, levels, partial, B_H + j, sum);
        }
    } else {
        const int rest = (int)pass.partial_stride - TRAINED(bias); /* the metrics, and padding */
        EACH(e, (bias ? O : 0) + rest)
        {
            const int metric = e - (bias ? O : 0);
            const real sum = metric < 0     ? bias_sum(dy, rows, count, T, e)
                             : metric < 2 ? metric_sum(place.memory + (metric == 0 ? at.loss : at.absolute), count)
                                          : 0;
            push(&pass, &place, levels, partial, metric < 0 ? B_Y + e : TRAINED(bias) + metric, sum);
        }
        if (LOCAL_ID == 0) {
            const global uint *wrong = (const global uint *)(place.memory + at.wrong);
            ulong bits = 0, sequences = 0;
            for (int s = 0; s < count; ++s) {
                bits += wrong[s];
                sequences += wrong[s] > 0;
            }
            counts[2 * place.task] = (pass.chunk_block > 0 ? counts[2 * place.task] : 0) + bits;
            counts[2 * place.task + 1] = (pass.chunk_block > 0 ? counts[2 * place.task + 1] : 0) + sequences;
        }
    }
}
