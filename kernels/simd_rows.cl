/*
 * SIMD variant: forward, BPTT and summed gradient of a chunk of blocks, one block after another; lanes are hidden units.
 *
 *     dh[t] = (dh[t+1] w_hh^T + dy[t] w_hy^T) h (1 - h);  dw_hh = h[t]^T dh, dw_hy = h[t+1]^T dy, dw_xh = x^T dh
 */
#pragma OPENCL FP_CONTRACT OFF

/* Scratch of a work-item (layout.h). */
struct scratch {
    global real *h, *dy, *dh, *bucket, *dw_hh, *dw_hy, *db_y, *partial, *levels;
};

INLINE struct scratch scratch_of(global real *base, const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = SIZES;
    const struct carrynet_rows_scratch at = carrynet_rows_scratch(&sizes, pass);
    const struct scratch s = {.h = base + at.h,
                              .dy = base + at.dy,
                              .dh = base + at.dh,
                              .bucket = base + at.bucket,
                              .dw_hh = base + at.dw_hh,
                              .dw_hy = base + at.dw_hy,
                              .db_y = base + at.db_y,
                              .partial = base + at.partial,
                              .levels = base + at.levels};
    return s;
}

/* h += uniform noise, row by row: word (p T + t) 4 ceil(H/4) + j of the noise stream. */
INLINE void add_noise(global real *h, const uint sequences, const ulong first_word, const ulong word_step,
                      const global uint *config, const uint update, const real amount)
{
    for (uint s = 0; s < sequences; ++s)
        for (uint first = 0; first < COLUMNS; first += 4 * LANES) {
            const ulong base = (first_word + s * word_step + first) / 4;
            const vword low = (vword)((uint)base) + (vword)(CARRYNET_LANE_NUMBERS);
            vword c0 = low, c1, c2 = (vword)(update);
            vword c3 = (vword)(CARRYNET_STREAM_NOISE);
            uint high[LANES], lows[LANES];
            CARRYNET_PASTE(vstore, LANES)(low, 0, lows);
            for (int i = 0; i < LANES; ++i)
                high[i] = (uint)(base >> 32) + (lows[i] < (uint)base ? 1 : 0);
            c1 = CARRYNET_PASTE(vload, LANES)(0, high);
            philox4x32(&c0, &c1, &c2, &c3, (vword)(config[CARRYNET_CONFIG_SEED]),
                       (vword)(config[CARRYNET_CONFIG_SEED + 1]));
            /* Lane i of word l is unit first + 4 i + l. */
            real part[4][LANES], noise[4 * LANES];
            CARRYNET_PASTE(vstore, LANES)(uniform(c0, (vreal)(amount)), 0, part[0]);
            CARRYNET_PASTE(vstore, LANES)(uniform(c1, (vreal)(amount)), 0, part[1]);
            CARRYNET_PASTE(vstore, LANES)(uniform(c2, (vreal)(amount)), 0, part[2]);
            CARRYNET_PASTE(vstore, LANES)(uniform(c3, (vreal)(amount)), 0, part[3]);
            for (int i = 0; i < LANES; ++i)
                for (int l = 0; l < 4; ++l)
                    noise[4 * i + l] = part[l][i];
            global vreal *row = (global vreal *)(h + s * PITCH + first);
            for (int v = 0; v < 4 && first + v * LANES < COLUMNS; ++v)
                row[v] = flush(row[v] + CARRYNET_PASTE(vload, LANES)(v, noise));
        }
}

/* One tile of dh[t]; dh_next is only read if chained. */
INLINE void backward_tile(global real *dh, const global real *dh_next, const int chained, const global real *dy,
                          const uint rows, const global real *h, const global vreal *packed, const int panel,
                          const int width)
{
    vreal acc[TILE_ROWS][TILE_VECTORS];
    const int first = panel * TILE_VECTORS;
#pragma unroll
    for (int r = 0; r < TILE_ROWS; ++r)
#pragma unroll
        for (int v = 0; v < width; ++v) {
            acc[r][v] = REAL(0x0p0);
#pragma unroll
            for (int o = 0; o < O; ++o)
                acc[r][v] = fma((vreal)(dy[o * rows + r]), packed[PACKED_HY + o * VECTORS + first + v], acc[r][v]);
        }
    if (chained)
        tile_chain(acc, width, dh_next, packed + PACKED_HH_TRANSPOSED + (size_t)first * H);
#pragma unroll
    for (int r = 0; r < TILE_ROWS; ++r)
#pragma unroll
        for (int v = 0; v < width; ++v) {
            const vreal x = ((const global vreal *)(h + r * PITCH))[first + v];
            ((global vreal *)(dh + r * PITCH))[first + v] = flush(acc[r][v] * (x * (REAL(0x1p0) - x)));
        }
}

INLINE void hidden_backward(global real *dh, const global real *dh_next, const int chained, const global real *dy,
                            const uint rows, const global real *h, const global vreal *packed, const uint sequences)
{
    for (int panel = 0; panel < VECTORS / TILE_VECTORS; ++panel)
        for (uint r = 0; r < sequences; r += TILE_ROWS)
            backward_tile(dh + r * PITCH, dh_next + r * PITCH, chained, dy + r, rows, h + r * PITCH, packed, panel,
                          TILE_VECTORS);
#if NARROW
    for (uint r = 0; r < sequences; r += TILE_ROWS)
        backward_tile(dh + r * PITCH, dh_next + r * PITCH, chained, dy + r, rows, h + r * PITCH, packed, PANELS - 1,
                      NARROW);
#endif
}

/* What a step's gradient comes from. */
struct gradient_step {
    const global real *h;      /* h[t], [rows][PITCH] */
    const global real *h_next; /* h[t+1] */
    const global real *dh;
    const global real *dy; /* [O][rows] */
    const uint *symbol;
    uint rows, sequences, bias;
};

/*
 * Links: a tile of dw_hh, TILE_ROWS units of h[t] from k on x `width` vectors of dh[t], one chain an element over the
 * sequences. Rest: the same columns of dw_hy and of the buckets, whose few chains alone would wait for each other.
 */
INLINE void gradient_tile(const struct scratch *g, const struct gradient_step *step, const uint k, const int panel,
                          const int width, const int links, const int rest)
{
    const uint column = panel * TILE_VECTORS * LANES;
    global real *dw_hh = g->dw_hh + k * COLUMNS + column, *dw_hy = g->dw_hy + column;
    vreal acc[TILE_ROWS][TILE_VECTORS], out[O][TILE_VECTORS];
#pragma unroll
    for (int v = 0; v < width; ++v) {
#pragma unroll
        for (int r = 0; r < TILE_ROWS; ++r)
            acc[r][v] = ((const global vreal *)(dw_hh + r * COLUMNS))[v];
#pragma unroll
        for (int o = 0; o < O; ++o)
            out[o][v] = ((const global vreal *)(dw_hy + o * COLUMNS))[v];
    }
    for (uint s = 0; s < step->sequences; ++s) {
        const global vreal *dh = (const global vreal *)(step->dh + s * PITCH + column);
        const global vreal *h_next = (const global vreal *)(step->h_next + s * PITCH + column);
        vreal d[TILE_VECTORS];
#pragma unroll
        for (int v = 0; v < width; ++v)
            d[v] = dh[v];
        if (rest) {
            global vreal *bucket = (global vreal *)(g->bucket + step->symbol[s] * COLUMNS + column);
#pragma unroll
            for (int v = 0; v < width; ++v)
                bucket[v] = plus(bucket[v], d[v]);
        }
#pragma unroll
        for (int r = 0; links && r < TILE_ROWS; ++r) {
            const vreal x = (vreal)(step->h[s * PITCH + k + r]);
#pragma unroll
            for (int v = 0; v < width; ++v)
                acc[r][v] = fma(x, d[v], acc[r][v]);
        }
#pragma unroll
        for (int v = 0; rest && v < width; ++v)
#pragma unroll
            for (int o = 0; o < O; ++o)
                out[o][v] = fma(h_next[v], (vreal)(step->dy[o * step->rows + s]), out[o][v]);
    }
#pragma unroll
    for (int v = 0; v < width; ++v) {
#pragma unroll
        for (int r = 0; links && r < TILE_ROWS; ++r)
            ((global vreal *)(dw_hh + r * COLUMNS))[v] = acc[r][v];
#pragma unroll
        for (int o = 0; rest && o < O; ++o)
            ((global vreal *)(dw_hy + o * COLUMNS))[v] = out[o][v];
    }
}

/* A panel of dw_hh with its columns of the rest; where nothing is chained, h[t] = 0, only the rest. */
INLINE void gradient_panel(const struct scratch *g, const struct gradient_step *step, const int panel, const int width,
                           const int chained)
{
    if (!chained) {
        gradient_tile(g, step, 0, panel, width, 0, 1);
        return;
    }
    gradient_tile(g, step, 0, panel, width, 1, 1);
    for (uint k = TILE_ROWS; k < H; k += TILE_ROWS)
        gradient_tile(g, step, k, panel, width, 1, 0);
}

/* Adds one step to the gradient. */
INLINE void accumulate(const struct scratch *g, const struct gradient_step *step, const int chained)
{
    for (int panel = 0; panel < VECTORS / TILE_VECTORS; ++panel)
        gradient_panel(g, step, panel, TILE_VECTORS, chained);
#if NARROW
    gradient_panel(g, step, PANELS - 1, NARROW, chained);
#endif
    for (int o = 0; step->bias && o < O; ++o)
        for (uint s = 0; s < step->sequences; ++s)
            g->db_y[o] = plus_real(g->db_y[o], step->dy[o * step->rows + s]);
}

/* The block's gradient in the order of the parameters; what pads the partial sum is zero. */
INLINE void write_partial(const struct scratch *g, const struct carrynet_pass *pass)
{
    global real *dw_xh = g->partial, *dw_hh = dw_xh + I * H, *dw_hy = dw_hh + H * H;
    for (uint i = 0; i < I; ++i)
        for (uint j = 0; j < H; ++j) {
            real sum = g->bucket[(1 << i) * COLUMNS + j];
            for (uint a = (1 << i) + 1; a < SYMBOLS; ++a)
                if (a >> i & 1)
                    sum = plus_real(sum, g->bucket[a * COLUMNS + j]);
            dw_xh[i * H + j] = sum;
        }
    for (uint k = 0; k < H; ++k)
        for (uint j = 0; j < H; ++j)
            dw_hh[k * H + j] = g->dw_hh[k * COLUMNS + j];
    for (uint j = 0; j < H; ++j)
        for (uint o = 0; o < O; ++o)
            dw_hy[j * O + o] = g->dw_hy[o * COLUMNS + j];
    global real *db_h = dw_hy + H * O, *db_y = db_h + H; /* where there are biases */
    for (uint j = 0; pass->bias && j < H; ++j) {
        real sum = g->bucket[j];
        for (uint a = 1; a < SYMBOLS; ++a)
            sum = plus_real(sum, g->bucket[a * COLUMNS + j]);
        db_h[j] = sum;
    }
    for (uint o = 0; pass->bias && o < O; ++o)
        db_y[o] = g->db_y[o];
    for (uint i = TRAINED(pass->bias) + 2; i < pass->partial_stride; ++i)
        g->partial[i] = 0;
}

/* A block of a network. */
struct block {
    struct sequences symbols, targets;
    uint sequences;
    ulong first_sequence; /* its number in the update's batch */
    const global uint *config;
    uint update;
};

/* One block: its partial sum stands in g->partial afterwards. Without learning no noise and no gradient: the metrics alone. */
INLINE void run_block(const struct carrynet_pass *pass, const struct scratch *g, const global vreal *packed,
                      const struct block *b, const int learn, struct wrong *counts)
{
    const uint sequences = b->sequences;
    const uint rows = pass->rows;
    const size_t step = (size_t)rows * PITCH;
    const ulong word_step = (ulong)pass->steps * (4 * ((H + 3) / 4));
    const real noise = learn ? noise_of(b->config) : 0;
    uint symbol[BLOCK], target[BLOCK];
    struct measures measures;
    measures_start(&measures, pass->loss);
    for (uint s = 0; pass->initial_state && s < rows; ++s)
        for (uint v = 0; v < VECTORS; ++v)
            ((global vreal *)(g->h + s * PITCH))[v] = packed[PACKED_H_0 + v];
    for (uint t = 0; t < pass->steps; ++t) {
        global real *next = g->h + (t + 1) * step;
        unpack_step(symbol, &b->symbols, I, t, sequences, rows);
        unpack_step(target, &b->targets, O, t, sequences, rows);
        hidden_forward(next, g->h + t * step, t > 0 || pass->initial_state, symbol, packed, rows);
        if (noise > 0)
            add_noise(next, sequences, b->first_sequence * word_step + t * (4ul * ((H + 3) / 4)), word_step,
                      b->config, b->update, noise);
        for (uint s = 0; s < rows; s += LANES)
            for (uint o = 0; o < O; ++o) {
                vreal z = logits(next + s * PITCH, packed + PACKED_HY + o * VECTORS);
                if (pass->bias)
                    z = (vreal)(((const global real *)(packed + PACKED_B_Y + o))[0]) + z;
                const vreal dy = measure(&measures, s / LANES, z, sigmoid(z), targets_of(target + s, o));
                *(global vreal *)(g->dy + ((size_t)t * O + o) * rows + s) = of_sequences(dy, s, sequences);
            }
    }
    for (global vreal *sum = (global vreal *)g->bucket; sum < (global vreal *)g->partial; ++sum)
        *sum = REAL(0x0p0);
    for (uint t = learn ? pass->steps : 0; t-- > 0;) {
        const struct gradient_step now = {.h = g->h + t * step,
                                          .h_next = g->h + (t + 1) * step,
                                          .dh = g->dh + (t % 2) * step,
                                          .dy = g->dy + (size_t)t * O * rows,
                                          .symbol = symbol,
                                          .rows = rows,
                                          .sequences = sequences,
                                          .bias = pass->bias};
        unpack_step(symbol, &b->symbols, I, t, sequences, rows);
        hidden_backward(g->dh + (t % 2) * step, g->dh + ((t + 1) % 2) * step, t + 1 < pass->steps, now.dy, rows,
                        now.h_next, packed, sequences);
        accumulate(g, &now, t > 0 || pass->initial_state);
    }
    write_partial(g, pass);
    measures_end(&measures, sequences, g->partial + TRAINED(pass->bias), counts);
}

INLINE void run_chunk(const struct carrynet_pass *pass, const struct scratch *g, const struct chunk *c)
{
    const global uint *config = c->staged + CARRYNET_CONFIG * c->network;
    const uint chunk_sequences = pass->chunk_blocks * BLOCK;
    struct block b = {.config = config, .update = config[CARRYNET_CONFIG_UPDATE] + c->update_offset};
    struct wrong wrong = {0, 0};
    uint blocks = 0;
    for (uint in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK, ++blocks) {
        const ulong first = (ulong)c->number * chunk_sequences + in_chunk;
        if (first >= pass->sequences || (pass->until_wrong && wrong.sequences > 0))
            break;
        b.sequences = pass->sequences - first < BLOCK ? (uint)(pass->sequences - first) : BLOCK;
        b.first_sequence = pass->first_sequence + first;
        block_symbols(&b.symbols, pass, c->staged, c->part, first);
        block_targets(&b.targets, pass, c->staged, c->part, first);
        run_block(pass, g, c->packed, &b, c->learn, &wrong);
        push_partial(g->levels, g->partial, pass->partial_stride, blocks);
    }
    collapse_partials(c->partial, g->levels, pass->partial_stride, blocks);
    c->counts[0] = wrong.bits;
    c->counts[1] = wrong.sequences;
}
