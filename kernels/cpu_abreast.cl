/*
 * CPU shape, few hidden units: as cpu_rows.cl, but lanes are blocks, LANES of a chunk abreast, so that no lane is wasted
 * on padding. Everything is vertical: a vector holds one value of each of the blocks, which have the same weights.
 *
 * Sequences that a block lacks have the symbol 0, h = 0 and dy = 0 and add exact zeros.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Register tiles: ABREAST_ROWS sequences (or units of h) x ABREAST_UNITS units. */
#define ABREAST_ROWS (TILE / 4)
#define ABREAST_UNITS 4
#define REST (H % ABREAST_UNITS) /* units of a narrower last tile */
#define ABREAST_SHARED (SYMBOLS <= 4 ? TILE / 4 : 1) /* units that share the choice of their bucket */

#define TRAINED (I * H + H * H + H * O + CARRYNET_BIAS * (H + O))

/* Scratch of a work-item. The host computes the same (host/opencl). */
struct scratch {
    global vreal *h;      /* [T + 1][BLOCK][H] */
    global vreal *dy;     /* [T][BLOCK][O] */
    global vreal *dh;     /* [2][BLOCK][H] */
    global vreal *row;    /* [SYMBOLS][H] */
    global vreal *first;  /* [SYMBOLS][H], their sigmoids */
    global vreal *w_hh;   /* [H][H] */
    global vreal *w_hy;   /* [O][H] */
    global vreal *h_0;    /* [H] */
    global vreal *b_y;    /* [O] */
    global vreal *bucket; /* [SYMBOLS][H] */
    global vreal *dw_hh;  /* [H][H] */
    global vreal *dw_hy;  /* [O][H] */
    global vreal *db_y;   /* [O] */
    global vreal *nodes;  /* [TRAINED + 2]: a node of each block */
    global vword *symbols; /* [symbol_words][BLOCK] */
    global vword *targets; /* [target_words][BLOCK] */
    global real *node;     /* [node_stride] */
    global real *levels;   /* [log2(chunk_blocks) + 1][node_stride] */
};

INLINE struct scratch scratch_of(global real *base, const struct carrynet_pass *pass)
{
    struct scratch s;
    s.h = (global vreal *)base;
    s.dy = s.h + (size_t)(pass->steps + 1) * BLOCK * H;
    s.dh = s.dy + (size_t)pass->steps * BLOCK * O;
    s.row = s.dh + 2 * BLOCK * H;
    s.first = s.row + SYMBOLS * H;
    s.w_hh = s.first + SYMBOLS * H;
    s.w_hy = s.w_hh + H * H;
    s.h_0 = s.w_hy + O * H;
    s.b_y = s.h_0 + H;
    s.bucket = s.b_y + O;
    s.dw_hh = s.bucket + SYMBOLS * H;
    s.dw_hy = s.dw_hh + H * H;
    s.db_y = s.dw_hy + O * H;
    s.nodes = s.db_y + O;
    s.symbols = (global vword *)(s.nodes + TRAINED + 2);
    s.targets = s.symbols + (size_t)pass->symbol_words * BLOCK;
    s.node = (global real *)(s.nodes + TRAINED + 2 + (size_t)(pass->symbol_words + pass->target_words) * BLOCK);
    s.levels = s.node + pass->node_stride;
    return s;
}

/* The packed weights, each in all lanes. */
INLINE void spread_weights(const struct scratch *g, const global vreal *packed)
{
    const global real *from = (const global real *)packed;
    uint width;
    for (uint j = 0; j < H; ++j) {
        const size_t at = panel_column(j, &width);
        for (uint a = 0; a < SYMBOLS; ++a) {
            g->row[a * H + j] = (vreal)(from[PACKED_ROWS * LANES + a * COLUMNS + j]);
            g->first[a * H + j] = (vreal)(from[PACKED_FIRST * LANES + a * COLUMNS + j]);
        }
        for (uint k = 0; k < H; ++k)
            g->w_hh[k * H + j] = (vreal)(from[PACKED_HH * LANES + at + k * width]);
        for (uint o = 0; o < O; ++o)
            g->w_hy[o * H + j] = (vreal)(from[PACKED_HY * LANES + o * COLUMNS + j]);
        g->h_0[j] = (vreal)(from[PACKED_H_0 * LANES + j]);
    }
    for (uint o = 0; o < O; ++o)
        g->b_y[o] = (vreal)(from[(PACKED_B_Y + o) * LANES]);
}

/* Words of the blocks' sequences, `words` of each, a block a lane; 0 beyond them. */
INLINE void gather_words(global vword *to, const uint words, const struct sequences from[LANES],
                         const uint sequences[LANES])
{
    for (uint w = 0; w < words; ++w)
        for (uint s = 0; s < BLOCK; ++s)
            for (uint lane = 0; lane < LANES; ++lane)
                ((global uint *)(to + (size_t)w * BLOCK + s))[lane] =
                    s < sequences[lane] ? from[lane].words[(size_t)w * from[lane].word_stride +
                                                           (size_t)s * from[lane].sequence_stride]
                                        : 0;
}

/* Symbol or target `step` of sequence s of each block. */
INLINE vword word_at(const global vword *words, const uint bits, const uint s, const uint step)
{
    const uint per_word = 32 / bits;
    return words[(size_t)(step / per_word) * BLOCK + s] >> bits * (step % per_word) & (vword)((1u << bits) - 1);
}

/* Of the values of unit j for each symbol, table [SYMBOLS][H], that of each lane's symbol. */
INLINE vreal chosen(const global vreal *table, const uint j, const vword symbol)
{
    vreal value[SYMBOLS];
#pragma unroll
    for (int a = 0; a < SYMBOLS; ++a)
        value[a] = table[a * H + j];
#pragma unroll
    for (int i = 0; i < I; ++i) {
        const vreal bit = real_from_word(symbol >> i & (vword)(1u));
#pragma unroll
        for (int a = 0; a < SYMBOLS >> (i + 1); ++a)
            value[a] = bit > REAL(0x0p0) ? value[2 * a + 1] : value[2 * a];
    }
    return value[0];
}

/* Zeros for the sequences that a block lacks, values [BLOCK][H]; they might be NaN where a weight is infinite. */
INLINE void mask_sequences(global vreal *values, const vreal sequences, const int whole)
{
    for (uint s = 0; !whole && s < BLOCK; ++s)
        for (uint j = 0; j < H; ++j)
            values[s * H + j] = (vreal)((real)s) < sequences ? values[s * H + j] : REAL(0x0p0);
}

/*
 * acc[r][u] += sum over k of left[r][k] w[k * link + u * unit], k ascending: w_hh, or its transpose with the strides
 * exchanged.
 */
INLINE void abreast_chain(vreal acc[ABREAST_ROWS][ABREAST_UNITS], const int width, const global vreal *left,
                          const global vreal *w, const uint link, const uint unit)
{
    for (uint k = 0; k < H; ++k)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            const vreal weight = w[k * link + u * unit];
#pragma unroll
            for (int r = 0; r < ABREAST_ROWS; ++r)
                acc[r][u] = fma(left[r * H + k], weight, acc[r][u]);
        }
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

/* Units j, ... of the sequences s, ... of h[t+1]. */
INLINE void abreast_forward_tile(const struct scratch *g, const uint t, const uint s, const uint j, const int width)
{
    const global vreal *h = g->h + ((size_t)t * BLOCK + s) * H;
    global vreal *next = g->h + ((size_t)(t + 1) * BLOCK + s) * H;
    vreal acc[ABREAST_ROWS][ABREAST_UNITS];
#pragma unroll
    for (int r = 0; r < ABREAST_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            acc[r][u] = chosen(g->row, j + u, word_at(g->symbols, I, s + r, t));
    abreast_chain(acc, width, h, g->w_hh + j, H, 1);
#pragma unroll
    for (int r = 0; r < ABREAST_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            next[r * H + j + u] = acc[r][u];
}

/* h[t+1] before noise, 0 for the sequences that a block lacks. */
INLINE void abreast_forward(const struct scratch *g, const uint t, const int chained, const vreal sequences,
                            const int whole)
{
    global vreal *next = g->h + (size_t)(t + 1) * BLOCK * H;
    if (!chained)
        for (uint s = 0; s < BLOCK; ++s)
            for (uint j = 0; j < H; ++j)
                next[s * H + j] = chosen(g->first, j, word_at(g->symbols, I, s, t));
    for (uint s = 0; chained && s < BLOCK; s += ABREAST_ROWS) {
        for (uint j = 0; j + ABREAST_UNITS <= H; j += ABREAST_UNITS)
            abreast_forward_tile(g, t, s, j, ABREAST_UNITS);
#if REST
        abreast_forward_tile(g, t, s, H - REST, REST);
#endif
        for (uint e = s * H; e < (s + ABREAST_ROWS) * H; ++e)
            next[e] = sigmoid(next[e]);
    }
    mask_sequences(next, sequences, whole);
}

/* h[t+1] += uniform noise: sequence p = first_sequence + 64 lane + s, word (p T + t) 4 ceil(H/4) + j of the stream. */
INLINE void abreast_noise(const struct scratch *g, const uint t, const uint steps, const ulong first_sequence,
                          const vreal sequences, const global uint *individual, const uint update, const real amount)
{
    for (uint s = 0; s < BLOCK; ++s)
        for (uint quad = 0; quad < (H + 3) / 4; ++quad) {
            uint low[LANES], high[LANES];
            for (uint lane = 0; lane < LANES; ++lane) {
                const ulong counter = ((first_sequence + lane * BLOCK + s) * steps + t) * ((H + 3) / 4) + quad;
                low[lane] = (uint)counter;
                high[lane] = (uint)(counter >> 32);
            }
            vword c[4] = {CARRYNET_PASTE(vload, LANES)(0, low), CARRYNET_PASTE(vload, LANES)(0, high), (vword)(update),
                          (vword)(CARRYNET_STREAM_NOISE)};
            philox4x32(&c[0], &c[1], &c[2], &c[3], individual[CARRYNET_INDIVIDUAL_SEED],
                       individual[CARRYNET_INDIVIDUAL_SEED + 1]);
            global vreal *h = g->h + ((size_t)(t + 1) * BLOCK + s) * H + 4 * quad;
            for (uint l = 0; l < 4 && 4 * quad + l < H; ++l)
                h[l] = (vreal)((real)s) < sequences ? flush(h[l] + uniform(c[l], amount)) : REAL(0x0p0);
        }
}

/* The logit of output o: 16 stripes, then halves to halves, of which those without units are left out. */
INLINE vreal abreast_logit(const struct scratch *g, const global vreal *h, const uint o)
{
    vreal stripe[STRIPES];
#pragma unroll
    for (int k = 0; k < STRIPES; ++k)
        stripe[k] = k < H ? fma(h[k < H ? k : 0], g->w_hy[o * H + (k < H ? k : 0)], REAL(0x0p0)) : REAL(0x0p0);
#pragma unroll
    for (int width = STRIPES / 2; width > 0; width /= 2)
#pragma unroll
        for (int k = 0; k < width; ++k)
            if (k + width < H)
                stripe[k] = plus(stripe[k], stripe[k + width]);
#if CARRYNET_BIAS
    return g->b_y[o] + stripe[0];
#else
    return stripe[0];
#endif
}

/* ---- backward and gradient ------------------------------------------------------------------------------------- */

INLINE void abreast_backward_tile(const struct scratch *g, const uint t, const int chained, const uint s, const uint j,
                                  const int width)
{
    const global vreal *dh_next = g->dh + ((t + 1) % 2 * BLOCK + s) * H;
    const global vreal *dy = g->dy + ((size_t)t * BLOCK + s) * O, *h = g->h + ((size_t)(t + 1) * BLOCK + s) * H;
    global vreal *dh = g->dh + (t % 2 * BLOCK + s) * H;
    vreal acc[ABREAST_ROWS][ABREAST_UNITS];
#pragma unroll
    for (int r = 0; r < ABREAST_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            acc[r][u] = REAL(0x0p0);
#pragma unroll
            for (int o = 0; o < O; ++o)
                acc[r][u] = fma(dy[r * O + o], g->w_hy[o * H + j + u], acc[r][u]);
        }
    if (chained)
        abreast_chain(acc, width, dh_next, g->w_hh + j * H, 1, H);
#pragma unroll
    for (int r = 0; r < ABREAST_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            const vreal x = h[r * H + j + u];
            dh[r * H + j + u] = flush(acc[r][u] * (x * (REAL(0x1p0) - x)));
        }
}

/* dw_hh of units k, ... to units j, ..., one chain an element over the sequences. */
INLINE void abreast_gradient_tile(const struct scratch *g, const uint t, const uint k, const int rows, const uint j,
                                  const int width)
{
    const global vreal *h = g->h + (size_t)t * BLOCK * H + k, *dh = g->dh + t % 2 * BLOCK * H + j;
    global vreal *dw = g->dw_hh + k * H + j;
    vreal acc[ABREAST_ROWS][ABREAST_UNITS];
#pragma unroll
    for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            acc[r][u] = dw[r * H + u];
    for (uint s = 0; s < BLOCK; ++s)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            const vreal d = dh[s * H + u];
#pragma unroll
            for (int r = 0; r < rows; ++r)
                acc[r][u] = fma(h[s * H + r], d, acc[r][u]);
        }
#pragma unroll
    for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            dw[r * H + u] = acc[r][u];
}

INLINE void abreast_gradient_rows(const struct scratch *g, const uint t, const uint k, const int rows)
{
    for (uint j = 0; j + ABREAST_UNITS <= H; j += ABREAST_UNITS)
        abreast_gradient_tile(g, t, k, rows, j, ABREAST_UNITS);
#if REST
    abreast_gradient_tile(g, t, k, rows, H - REST, REST);
#endif
}

/* dw_hy and the buckets of units j, ..., which share the choice of the bucket. */
INLINE void abreast_units(const struct scratch *g, const uint t, const uint j, const int width)
{
    const global vreal *h = g->h + (size_t)(t + 1) * BLOCK * H + j, *dh = g->dh + t % 2 * BLOCK * H + j;
    const global vreal *dy = g->dy + (size_t)t * BLOCK * O;
    vreal bucket[SYMBOLS][ABREAST_SHARED], out[O][ABREAST_SHARED];
#pragma unroll
    for (int u = 0; u < width; ++u) {
#pragma unroll
        for (int a = 0; a < SYMBOLS; ++a)
            bucket[a][u] = g->bucket[a * H + j + u];
#pragma unroll
        for (int o = 0; o < O; ++o)
            out[o][u] = g->dw_hy[o * H + j + u];
    }
    for (uint s = 0; s < BLOCK; ++s) {
        const vreal symbol = real_from_word(word_at(g->symbols, I, s, t));
#pragma unroll
        for (int a = 0; a < SYMBOLS; ++a)
#pragma unroll
            for (int u = 0; u < width; ++u)
                bucket[a][u] = symbol == (vreal)((real)a) ? plus(bucket[a][u], dh[s * H + u]) : bucket[a][u];
#pragma unroll
        for (int o = 0; o < O; ++o)
#pragma unroll
            for (int u = 0; u < width; ++u)
                out[o][u] = fma(h[s * H + u], dy[s * O + o], out[o][u]);
    }
#pragma unroll
    for (int u = 0; u < width; ++u) {
#pragma unroll
        for (int a = 0; a < SYMBOLS; ++a)
            g->bucket[a * H + j + u] = bucket[a][u];
#pragma unroll
        for (int o = 0; o < O; ++o)
            g->dw_hy[o * H + j + u] = out[o][u];
    }
}

/* One step of BPTT and its part of the gradient. */
INLINE void abreast_backward(const struct scratch *g, const uint t, const int last, const int chained,
                             const vreal sequences, const int whole)
{
    for (uint s = 0; s < BLOCK; s += ABREAST_ROWS) {
        for (uint j = 0; j + ABREAST_UNITS <= H; j += ABREAST_UNITS)
            abreast_backward_tile(g, t, !last, s, j, ABREAST_UNITS);
#if REST
        abreast_backward_tile(g, t, !last, s, H - REST, REST);
#endif
    }
    mask_sequences(g->dh + t % 2 * BLOCK * H, sequences, whole);
    if (chained) {
        for (uint k = 0; k + ABREAST_ROWS <= H; k += ABREAST_ROWS)
            abreast_gradient_rows(g, t, k, ABREAST_ROWS);
#if H % ABREAST_ROWS
        abreast_gradient_rows(g, t, H - H % ABREAST_ROWS, H % ABREAST_ROWS);
#endif
    }
    for (uint j = 0; j + ABREAST_SHARED <= H; j += ABREAST_SHARED)
        abreast_units(g, t, j, ABREAST_SHARED);
#if H % ABREAST_SHARED
    abreast_units(g, t, H - H % ABREAST_SHARED, H % ABREAST_SHARED);
#endif
#if CARRYNET_BIAS
    for (uint o = 0; o < O; ++o)
        for (uint s = 0; s < BLOCK; ++s)
            g->db_y[o] = plus(g->db_y[o], g->dy[((size_t)t * BLOCK + s) * O + o]);
#endif
}

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

/* Sum over the symbols that have bit i. */
INLINE vreal bucket_sum(const struct scratch *g, const uint i, const uint j)
{
    vreal sum = g->bucket[(1 << i) * H + j];
    for (uint a = (1 << i) + 1; a < SYMBOLS; ++a)
        if (a >> i & 1)
            sum = plus(sum, g->bucket[a * H + j]);
    return sum;
}

/* The blocks' nodes, a block a lane: the gradient in the order of the parameters, then the metrics. */
INLINE void abreast_nodes(const struct scratch *g, const struct measures *m, const vreal sequences)
{
    global vreal *dw_xh = g->nodes, *dw_hh = dw_xh + I * H, *dw_hy = dw_hh + H * H;
    vreal loss = REAL(0x0p0), absolute = REAL(0x0p0);
    for (uint j = 0; j < H; ++j) {
        for (uint i = 0; i < I; ++i)
            dw_xh[i * H + j] = bucket_sum(g, i, j);
        for (uint k = 0; k < H; ++k)
            dw_hh[k * H + j] = g->dw_hh[k * H + j];
        for (uint o = 0; o < O; ++o)
            dw_hy[j * O + o] = g->dw_hy[o * H + j];
#if CARRYNET_BIAS
        vreal sum = g->bucket[j];
        for (uint a = 1; a < SYMBOLS; ++a)
            sum = plus(sum, g->bucket[a * H + j]);
        dw_hy[H * O + j] = sum;
#endif
    }
#if CARRYNET_BIAS
    for (uint o = 0; o < O; ++o)
        dw_hy[H * O + H + o] = g->db_y[o];
#endif
    for (uint s = 0; s < BLOCK; ++s) {
        loss = (vreal)((real)s) < sequences ? plus(loss, m->loss[s]) : loss;
        absolute = (vreal)((real)s) < sequences ? plus(absolute, m->absolute[s]) : absolute;
    }
    g->nodes[TRAINED] = loss;
    g->nodes[TRAINED + 1] = absolute;
}

/* The tree over the lanes: neighbours first. */
#define NEIGHBOURS(v) ((v).even + (v).odd)
#if LANES == 16
#define LANE_LEVELS 4
#define LANE_TREE(v) NEIGHBOURS(NEIGHBOURS(NEIGHBOURS(NEIGHBOURS(v))))
#elif LANES == 8
#define LANE_LEVELS 3
#define LANE_TREE(v) NEIGHBOURS(NEIGHBOURS(NEIGHBOURS(v)))
#else
#define LANE_LEVELS 2
#define LANE_TREE(v) NEIGHBOURS(NEIGHBOURS(v))
#endif

/* Pushes the nodes of blocks `blocks`, ..., blocks + count - 1. */
INLINE void push_lanes(const struct scratch *g, const uint size, const uint blocks, const uint count)
{
    for (uint e = TRAINED + 2; e < size; ++e)
        g->node[e] = 0;
    if (count == LANES) {
        for (uint e = 0; e < TRAINED + 2; ++e)
            g->node[e] = LANE_TREE(g->nodes[e]);
        push_node(g->levels, g->node, size, blocks, LANE_LEVELS);
        return;
    }
    for (uint lane = 0; lane < count; ++lane) {
        for (uint e = 0; e < TRAINED + 2; ++e)
            g->node[e] = ((const global real *)(g->nodes + e))[lane];
        push_node(g->levels, g->node, size, blocks + lane, 0);
    }
}

/* ---- a chunk --------------------------------------------------------------------------------------------------- */

/* LANES blocks, the first of which begins with sequence number first_sequence of the update. */
INLINE void run_lanes(const struct carrynet_pass *pass, const struct scratch *g, const uint sequences[LANES],
                      const global uint *individual, const uint update, const ulong first_sequence, const int learn,
                      ulong *wrong_bits, ulong *wrong_sequences)
{
    const real noise = learn ? noise_of(individual) : 0;
    const vreal counts = real_from_word(CARRYNET_PASTE(vload, LANES)(0, sequences));
    const int whole = sequences[LANES - 1] == BLOCK;
    struct measures measures;
    measures_start(&measures);
#if CARRYNET_INITIAL_STATE
    for (uint s = 0; s < BLOCK; ++s)
        for (uint j = 0; j < H; ++j)
            g->h[s * H + j] = (vreal)((real)s) < counts ? g->h_0[j] : REAL(0x0p0);
#endif
    for (uint t = 0; t < pass->steps; ++t) {
        abreast_forward(g, t, t > 0 || CARRYNET_INITIAL_STATE, counts, whole);
        if (noise > 0)
            abreast_noise(g, t, pass->steps, first_sequence, counts, individual, update, noise);
        for (uint s = 0; s < BLOCK; ++s)
            for (uint o = 0; o < O; ++o) {
                const vreal z = abreast_logit(g, g->h + ((size_t)(t + 1) * BLOCK + s) * H, o);
                const vreal target = real_from_word(word_at(g->targets, O, s, t) >> o & (vword)(1u));
                const vreal dy = measure(&measures, s, z, sigmoid(z), target);
                g->dy[((size_t)t * BLOCK + s) * O + o] = (vreal)((real)s) < counts ? dy : REAL(0x0p0);
            }
    }
    for (global vreal *sum = g->bucket; sum < g->nodes; ++sum)
        *sum = REAL(0x0p0);
    for (uint t = learn ? pass->steps : 0; t-- > 0;)
        abreast_backward(g, t, t + 1 == pass->steps, t > 0 || CARRYNET_INITIAL_STATE, counts, whole);
    abreast_nodes(g, &measures, counts);
    for (uint s = 0; s < BLOCK; ++s)
        for (uint lane = 0; lane < LANES; ++lane)
            if (s < sequences[lane]) {
                const real wrong = ((const real *)&measures.wrong[s])[lane];
                *wrong_bits += (ulong)wrong;
                *wrong_sequences += wrong > 0;
            }
}

/* As in cpu_rows.cl: one chunk of a network's blocks, its problems in `part`: its node, and its counts [2]. */
INLINE void run_chunk(const struct carrynet_pass *pass, const struct scratch *g, const global vreal *packed,
                      const global uint *staged, const uint network, const uint part, const uint chunk,
                      const uint update_offset, const int learn, global real *node, global ulong *counts)
{
    const global uint *individual = staged + CARRYNET_INDIVIDUAL * network;
    const uint update = individual[CARRYNET_INDIVIDUAL_UPDATE] + update_offset;
    const ulong chunk_first = (ulong)chunk * pass->chunk_blocks * BLOCK;
    ulong wrong_bits = 0, wrong_sequences = 0;
    uint blocks = 0;
    spread_weights(g, packed);
    while (blocks < pass->chunk_blocks && chunk_first + (ulong)blocks * BLOCK < pass->sequences &&
           !(pass->until_wrong && wrong_sequences > 0)) {
        struct sequences symbols[LANES], targets[LANES];
        uint sequences[LANES], count = 0;
        for (uint lane = 0; lane < LANES; ++lane) {
            const ulong first = chunk_first + (ulong)(blocks + lane) * BLOCK;
            const int there = blocks + lane < pass->chunk_blocks && first < pass->sequences;
            sequences[lane] = !there ? 0 : pass->sequences - first < BLOCK ? (uint)(pass->sequences - first) : BLOCK;
            symbols[lane] = block_symbols(pass, staged, part, there ? first : 0);
            targets[lane] = block_targets(pass, staged, part, there ? first : 0);
            count += there;
        }
        gather_words(g->symbols, pass->symbol_words, symbols, sequences);
        gather_words(g->targets, pass->target_words, targets, sequences);
        run_lanes(pass, g, sequences, individual, update, pass->first_sequence + chunk_first + (ulong)blocks * BLOCK,
                  learn, &wrong_bits, &wrong_sequences);
        push_lanes(g, pass->node_stride, blocks, count);
        blocks += count;
    }
    collapse_nodes(node, g->levels, pass->node_stride, blocks);
    counts[0] = wrong_bits;
    counts[1] = wrong_sequences;
}
