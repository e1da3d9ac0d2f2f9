/*
 * SIMD variant, few hidden units: as simd_rows.cl, but lanes are blocks, LANES of them interleaved, so that no lane is wasted on
 * padding: blocks of one network (simd_interleaved.cl), or one block of each of LANES networks (simd_networks.cl). Everything
 * is vertical: a vector holds one value of each of the blocks.
 *
 * Sequences that a block lacks have h = 0 and dy = 0 and add exact zeros.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Register tiles: INTERLEAVED_ROWS sequences (or units of h) x INTERLEAVED_UNITS units. */
#define INTERLEAVED_ROWS (TILE / 4)
#define INTERLEAVED_UNITS 4
#define REST (H % INTERLEAVED_UNITS) /* units of a narrower last tile */
#define INTERLEAVED_SHARED (SYMBOLS <= 4 ? TILE / 4 : 1) /* units that share the choice of their bucket */

/* Scratch of a work-item (layout.h). */
struct scratch {
    global vreal *h, *dy, *dh;
    global vreal *row, *first, *w_hh, *w_hy, *h_0, *b_y;
    global vreal *bucket, *dw_hh, *dw_hy, *db_y, *partials;
    global vword *symbols, *targets;
    global real *rest; /* of those who share this */
    uint bias, initial_state;
};

INLINE struct scratch scratch_of(global real *base, const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = SIZES;
    const struct carrynet_abreast_scratch at = carrynet_abreast_scratch(&sizes, pass);
    const struct scratch s = {.h = (global vreal *)(base + at.h),
                              .dy = (global vreal *)(base + at.dy),
                              .dh = (global vreal *)(base + at.dh),
                              .row = (global vreal *)(base + at.rows),
                              .first = (global vreal *)(base + at.sigmoids),
                              .w_hh = (global vreal *)(base + at.w_hh),
                              .w_hy = (global vreal *)(base + at.w_hy),
                              .h_0 = (global vreal *)(base + at.h_0),
                              .b_y = (global vreal *)(base + at.b_y),
                              .bucket = (global vreal *)(base + at.bucket),
                              .dw_hh = (global vreal *)(base + at.dw_hh),
                              .dw_hy = (global vreal *)(base + at.dw_hy),
                              .db_y = (global vreal *)(base + at.db_y),
                              .partials = (global vreal *)(base + at.partials),
                              .symbols = (global vword *)(base + at.symbols),
                              .targets = (global vword *)(base + at.targets),
                              .rest = base + at.rest,
                              .bias = pass->bias,
                              .initial_state = pass->initial_state};
    return s;
}

/* What LANES blocks run with beside their weights and symbols. */
struct interleaved {
    vreal sequences; /* of each */
    uint rows;       /* of the longest, rounded up to INTERLEAVED_ROWS */
    int fused_updates;       /* all have so many */
    int noisy;
    vreal noise;
    vword key_low, key_high, update; /* of the noise */
    ulong first;                     /* number of lane 0's first sequence in its update, and from lane to lane */
    ulong lane_step;
};

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
INLINE void mask_sequences(global vreal *values, const struct interleaved *b)
{
    for (uint s = 0; !b->fused_updates && s < b->rows; ++s)
        for (uint j = 0; j < H; ++j)
            values[s * H + j] = (vreal)((real)s) < b->sequences ? values[s * H + j] : REAL(0x0p0);
}

/*
 * acc[r][u] += sum over k of left[r][k] w[k * link + u * unit], k ascending: w_hh, or its transpose with the strides
 * exchanged.
 */
INLINE void interleaved_chain(vreal acc[INTERLEAVED_ROWS][INTERLEAVED_UNITS], const int width, const global vreal *left,
                          const global vreal *w, const uint link, const uint unit)
{
    for (uint k = 0; k < H; ++k)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            const vreal weight = w[k * link + u * unit];
#pragma unroll
            for (int r = 0; r < INTERLEAVED_ROWS; ++r)
                acc[r][u] = fma(left[r * H + k], weight, acc[r][u]);
        }
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

/* Units j, ... of the sequences s, ... of h[t+1]. */
INLINE void interleaved_forward_tile(const struct scratch *g, const uint t, const uint s, const uint j, const int width)
{
    const global vreal *h = g->h + ((size_t)t * BLOCK + s) * H;
    global vreal *next = g->h + ((size_t)(t + 1) * BLOCK + s) * H;
    vreal acc[INTERLEAVED_ROWS][INTERLEAVED_UNITS];
#pragma unroll
    for (int r = 0; r < INTERLEAVED_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            acc[r][u] = chosen(g->row, j + u, word_at(g->symbols, I, s + r, t));
    interleaved_chain(acc, width, h, g->w_hh + j, H, 1);
#pragma unroll
    for (int r = 0; r < INTERLEAVED_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            next[r * H + j + u] = acc[r][u];
}

/* h[t+1] before noise, 0 for the sequences that a block lacks. */
INLINE void interleaved_forward(const struct scratch *g, const struct interleaved *b, const uint t, const int chained)
{
    global vreal *next = g->h + (size_t)(t + 1) * BLOCK * H;
    if (!chained)
        for (uint s = 0; s < b->rows; ++s)
            for (uint j = 0; j < H; ++j)
                next[s * H + j] = chosen(g->first, j, word_at(g->symbols, I, s, t));
    for (uint s = 0; chained && s < b->rows; s += INTERLEAVED_ROWS) {
        for (uint j = 0; j + INTERLEAVED_UNITS <= H; j += INTERLEAVED_UNITS)
            interleaved_forward_tile(g, t, s, j, INTERLEAVED_UNITS);
#if REST
        interleaved_forward_tile(g, t, s, H - REST, REST);
#endif
        for (uint e = s * H; e < (s + INTERLEAVED_ROWS) * H; ++e)
            next[e] = sigmoid(next[e]);
    }
    mask_sequences(next, b);
}

/* h[t+1] += uniform noise: of sequence p word (p T + t) 4 ceil(H/4) + j of the stream. */
INLINE void interleaved_noise(const struct scratch *g, const struct interleaved *b, const uint t, const uint steps)
{
    for (uint s = 0; s < b->rows; ++s)
        for (uint quad = 0; quad < (H + 3) / 4; ++quad) {
            uint low[LANES], high[LANES];
            for (uint lane = 0; lane < LANES; ++lane) {
                const ulong counter = ((b->first + lane * b->lane_step + s) * steps + t) * ((H + 3) / 4) + quad;
                low[lane] = (uint)counter;
                high[lane] = (uint)(counter >> 32);
            }
            vword c[4] = {CARRYNET_PASTE(vload, LANES)(0, low), CARRYNET_PASTE(vload, LANES)(0, high), b->update,
                          (vword)(CARRYNET_STREAM_NOISE)};
            philox4x32(&c[0], &c[1], &c[2], &c[3], b->key_low, b->key_high);
            global vreal *h = g->h + ((size_t)(t + 1) * BLOCK + s) * H + 4 * quad;
            for (uint l = 0; l < 4 && 4 * quad + l < H; ++l) {
                const vreal noised = flush(h[l] + uniform(c[l], b->noise));
                const vreal kept = b->noise > REAL(0x0p0) ? noised : h[l];
                h[l] = (vreal)((real)s) < b->sequences ? kept : REAL(0x0p0);
            }
        }
}

/* The logit of output o: 16 partial sums, then halves to halves, of which those without units are left out. */
INLINE vreal interleaved_logit(const struct scratch *g, const global vreal *h, const uint o)
{
    vreal partial[OUTPUT_PARTIALS];
#pragma unroll
    for (int k = 0; k < OUTPUT_PARTIALS; ++k)
        partial[k] = k < H ? fma(h[k < H ? k : 0], g->w_hy[o * H + (k < H ? k : 0)], REAL(0x0p0)) : REAL(0x0p0);
    for (uint first = OUTPUT_PARTIALS; first < H; first += OUTPUT_PARTIALS)
#pragma unroll
        for (int k = 0; k < OUTPUT_PARTIALS; ++k)
            if (first + k < H)
                partial[k] = fma(h[first + k], g->w_hy[o * H + first + k], partial[k]);
#pragma unroll
    for (int width = OUTPUT_PARTIALS / 2; width > 0; width /= 2)
#pragma unroll
        for (int k = 0; k < width; ++k)
            if (k + width < H)
                partial[k] = plus(partial[k], partial[k + width]);
    return g->bias ? g->b_y[o] + partial[0] : partial[0];
}

/* ---- backward and gradient ------------------------------------------------------------------------------------- */

INLINE void interleaved_backward_tile(const struct scratch *g, const uint t, const int chained, const uint s, const uint j,
                                  const int width)
{
    const global vreal *dh_next = g->dh + ((t + 1) % 2 * BLOCK + s) * H;
    const global vreal *dy = g->dy + ((size_t)t * BLOCK + s) * O, *h = g->h + ((size_t)(t + 1) * BLOCK + s) * H;
    global vreal *dh = g->dh + (t % 2 * BLOCK + s) * H;
    vreal acc[INTERLEAVED_ROWS][INTERLEAVED_UNITS];
#pragma unroll
    for (int r = 0; r < INTERLEAVED_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            acc[r][u] = REAL(0x0p0);
#pragma unroll
            for (int o = 0; o < O; ++o)
                acc[r][u] = fma(dy[r * O + o], g->w_hy[o * H + j + u], acc[r][u]);
        }
    if (chained)
        interleaved_chain(acc, width, dh_next, g->w_hh + j * H, 1, H);
#pragma unroll
    for (int r = 0; r < INTERLEAVED_ROWS; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u) {
            const vreal x = h[r * H + j + u];
            dh[r * H + j + u] = flush(acc[r][u] * (x * (REAL(0x1p0) - x)));
        }
}

/* dw_hh of units k, ... to units j, ..., one chain an element over the sequences. */
INLINE void interleaved_gradient_tile(const struct scratch *g, const struct interleaved *b, const uint t, const uint k,
                                  const int rows, const uint j, const int width)
{
    const global vreal *h = g->h + (size_t)t * BLOCK * H + k, *dh = g->dh + t % 2 * BLOCK * H + j;
    global vreal *dw = g->dw_hh + k * H + j;
    vreal acc[INTERLEAVED_ROWS][INTERLEAVED_UNITS];
#pragma unroll
    for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int u = 0; u < width; ++u)
            acc[r][u] = dw[r * H + u];
    for (uint s = 0; s < b->rows; ++s)
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

INLINE void interleaved_gradient_rows(const struct scratch *g, const struct interleaved *b, const uint t, const uint k,
                                  const int rows)
{
    for (uint j = 0; j + INTERLEAVED_UNITS <= H; j += INTERLEAVED_UNITS)
        interleaved_gradient_tile(g, b, t, k, rows, j, INTERLEAVED_UNITS);
#if REST
    interleaved_gradient_tile(g, b, t, k, rows, H - REST, REST);
#endif
}

/* dw_hy and the buckets of units j, ..., which share the choice of the bucket. */
INLINE void interleaved_units(const struct scratch *g, const struct interleaved *b, const uint t, const uint j, const int width)
{
    const global vreal *h = g->h + (size_t)(t + 1) * BLOCK * H + j, *dh = g->dh + t % 2 * BLOCK * H + j;
    const global vreal *dy = g->dy + (size_t)t * BLOCK * O;
    vreal bucket[SYMBOLS][INTERLEAVED_SHARED], out[O][INTERLEAVED_SHARED];
#pragma unroll
    for (int u = 0; u < width; ++u) {
#pragma unroll
        for (int a = 0; a < SYMBOLS; ++a)
            bucket[a][u] = g->bucket[a * H + j + u];
#pragma unroll
        for (int o = 0; o < O; ++o)
            out[o][u] = g->dw_hy[o * H + j + u];
    }
    for (uint s = 0; s < b->rows; ++s) {
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
INLINE void interleaved_backward(const struct scratch *g, const struct interleaved *b, const uint t, const int last,
                             const int chained)
{
    for (uint s = 0; s < b->rows; s += INTERLEAVED_ROWS) {
        for (uint j = 0; j + INTERLEAVED_UNITS <= H; j += INTERLEAVED_UNITS)
            interleaved_backward_tile(g, t, !last, s, j, INTERLEAVED_UNITS);
#if REST
        interleaved_backward_tile(g, t, !last, s, H - REST, REST);
#endif
    }
    mask_sequences(g->dh + t % 2 * BLOCK * H, b);
    if (chained) {
        for (uint k = 0; k + INTERLEAVED_ROWS <= H; k += INTERLEAVED_ROWS)
            interleaved_gradient_rows(g, b, t, k, INTERLEAVED_ROWS);
#if H % INTERLEAVED_ROWS
        interleaved_gradient_rows(g, b, t, H - H % INTERLEAVED_ROWS, H % INTERLEAVED_ROWS);
#endif
    }
    for (uint j = 0; j + INTERLEAVED_SHARED <= H; j += INTERLEAVED_SHARED)
        interleaved_units(g, b, t, j, INTERLEAVED_SHARED);
#if H % INTERLEAVED_SHARED
    interleaved_units(g, b, t, H - H % INTERLEAVED_SHARED, H % INTERLEAVED_SHARED);
#endif
    for (uint o = 0; g->bias && o < O; ++o)
        for (uint s = 0; s < b->rows; ++s)
            g->db_y[o] = plus(g->db_y[o], g->dy[((size_t)t * BLOCK + s) * O + o]);
}

/* ---- partial sums ----------------------------------------------------------------------------------------------------- */

/* Sum over the symbols that have bit i. */
INLINE vreal bucket_sum(const struct scratch *g, const uint i, const uint j)
{
    vreal sum = g->bucket[(1 << i) * H + j];
    for (uint a = (1 << i) + 1; a < SYMBOLS; ++a)
        if (a >> i & 1)
            sum = plus(sum, g->bucket[a * H + j]);
    return sum;
}

/* The blocks' partial sums, a block a lane: the gradient in the order of the parameters, then the metrics. */
INLINE void interleaved_partials(const struct scratch *g, const struct interleaved *b, const struct measures *m)
{
    global vreal *dw_xh = g->partials, *dw_hh = dw_xh + I * H, *dw_hy = dw_hh + H * H;
    vreal loss = REAL(0x0p0), absolute = REAL(0x0p0);
    for (uint j = 0; j < H; ++j) {
        for (uint i = 0; i < I; ++i)
            dw_xh[i * H + j] = bucket_sum(g, i, j);
        for (uint k = 0; k < H; ++k)
            dw_hh[k * H + j] = g->dw_hh[k * H + j];
        for (uint o = 0; o < O; ++o)
            dw_hy[j * O + o] = g->dw_hy[o * H + j];
        if (g->bias) {
            vreal sum = g->bucket[j];
            for (uint a = 1; a < SYMBOLS; ++a)
                sum = plus(sum, g->bucket[a * H + j]);
            dw_hy[H * O + j] = sum;
        }
    }
    for (uint o = 0; g->bias && o < O; ++o)
        dw_hy[H * O + H + o] = g->db_y[o];
    for (uint s = 0; s < b->rows; ++s) {
        loss = (vreal)((real)s) < b->sequences ? plus(loss, m->loss[s]) : loss;
        absolute = (vreal)((real)s) < b->sequences ? plus(absolute, m->absolute[s]) : absolute;
    }
    g->partials[TRAINED(g->bias)] = loss;
    g->partials[TRAINED(g->bias) + 1] = absolute;
}

/* ---- a block in each lane ---------------------------------------------------------------------------------------- */

/* Adds counts in reals to those of each lane, and begins anew. */
INLINE void add_counts(ulong to[LANES], vreal *counts)
{
    real of_lanes[LANES];
    CARRYNET_PASTE(vstore, LANES)(*counts, 0, of_lanes);
    for (uint lane = 0; lane < LANES; ++lane)
        to[lane] += (ulong)of_lanes[lane];
    *counts = REAL(0x0p0);
}

/*
 * LANES blocks: their partial sums, and what each has wrong is added to the counts of its lane. Without learning no noise and
 * no gradient.
 */
INLINE void run_interleaved(const struct carrynet_pass *pass, const struct scratch *g, const struct interleaved *b,
                        const int learn, ulong wrong_bits[LANES], ulong wrong_sequences[LANES])
{
    const int many_bits = pass->steps >= (1u << 24) / (BLOCK * O); /* a block's would be more than a real counts */
    vreal bits = REAL(0x0p0), sequences = REAL(0x0p0);
    struct measures measures;
    measures_start(&measures, pass->loss);
    for (uint s = 0; g->initial_state && s < b->rows; ++s)
        for (uint j = 0; j < H; ++j)
            g->h[s * H + j] = (vreal)((real)s) < b->sequences ? g->h_0[j] : REAL(0x0p0);
    for (uint t = 0; t < pass->steps; ++t) {
        interleaved_forward(g, b, t, t > 0 || g->initial_state);
        if (b->noisy && learn)
            interleaved_noise(g, b, t, pass->steps);
        for (uint s = 0; s < b->rows; ++s)
            for (uint o = 0; o < O; ++o) {
                const vreal z = interleaved_logit(g, g->h + ((size_t)(t + 1) * BLOCK + s) * H, o);
                const vreal target = real_from_word(word_at(g->targets, O, s, t) >> o & (vword)(1u));
                const vreal dy = measure(&measures, s, z, sigmoid(z), target);
                g->dy[((size_t)t * BLOCK + s) * O + o] = (vreal)((real)s) < b->sequences ? dy : REAL(0x0p0);
            }
    }
    for (global vreal *sum = g->bucket; sum < g->partials; ++sum)
        *sum = REAL(0x0p0);
    for (uint t = learn ? pass->steps : 0; t-- > 0;)
        interleaved_backward(g, b, t, t + 1 == pass->steps, t > 0 || g->initial_state);
    interleaved_partials(g, b, &measures);
    for (uint s = 0; s < b->rows; ++s) {
        const vreal wrong = (vreal)((real)s) < b->sequences ? measures.wrong[s] : REAL(0x0p0);
        bits = plus(bits, wrong);
        sequences = plus(sequences, wrong > REAL(0x0p0) ? REAL(0x1p0) : REAL(0x0p0));
        if (many_bits)
            add_counts(wrong_bits, &bits);
    }
    add_counts(wrong_bits, &bits);
    add_counts(wrong_sequences, &sequences);
}
