/*
 * SIMD variant, few hidden units and many blocks: a chunk of a network's blocks, LANES of them interleaved
 * (simd_interleaved_block.cl) with the same weights. Takes the place of simd_rows.cl.
 */
#pragma OPENCL FP_CONTRACT OFF

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

/* Pushes the partial sums of blocks `blocks`, ..., blocks + count - 1. */
INLINE void push_lanes(const struct scratch *g, global real *partial, global real *levels, const uint size,
                       const uint blocks, const uint count)
{
    for (uint e = TRAINED(g->bias) + 2; e < size; ++e)
        partial[e] = 0;
    if (count == LANES) {
        for (uint e = 0; e < TRAINED(g->bias) + 2; ++e)
            partial[e] = LANE_TREE(g->partials[e]);
        push_partial(levels + (size_t)LANE_LEVELS * size, partial, size, blocks >> LANE_LEVELS);
        return;
    }
    for (uint lane = 0; lane < count; ++lane) {
        for (uint e = 0; e < TRAINED(g->bias) + 2; ++e)
            partial[e] = ((const global real *)(g->partials + e))[lane];
        push_partial(levels, partial, size, blocks + lane);
    }
}

INLINE void run_chunk(const struct carrynet_pass *pass, const struct scratch *g, const struct chunk *c)
{
    const global uint *config = c->staged + CARRYNET_CONFIG * c->network;
    const uint update = config[CARRYNET_CONFIG_UPDATE] + c->update_offset;
    const ulong chunk_first = (ulong)c->number * pass->chunk_blocks * BLOCK;
    const real noise = noise_of(config);
    struct wrong wrong = {0, 0};
    uint blocks = 0;
    const struct carrynet_sizes sizes = SIZES;
    const struct carrynet_blocks_rest at = carrynet_blocks_rest(&sizes, pass);
    spread_weights(g, c->packed);
    while (blocks < pass->chunk_blocks && chunk_first + (ulong)blocks * BLOCK < pass->sequences &&
           !(pass->until_wrong && wrong.sequences > 0)) {
        struct sequences symbols[LANES], targets[LANES];
        uint sequences[LANES], count = 0;
        for (uint lane = 0; lane < LANES; ++lane) {
            const ulong first = chunk_first + (ulong)(blocks + lane) * BLOCK;
            const int there = blocks + lane < pass->chunk_blocks && first < pass->sequences;
            sequences[lane] = !there ? 0 : pass->sequences - first < BLOCK ? (uint)(pass->sequences - first) : BLOCK;
            block_symbols(&symbols[lane], pass, c->staged, c->part, there ? first : 0);
            block_targets(&targets[lane], pass, c->staged, c->part, there ? first : 0);
            count += there;
        }
        gather_words(g->symbols, pass->symbol_words, symbols, sequences);
        gather_words(g->targets, pass->target_words, targets, sequences);
        const struct interleaved b = {
            .sequences = real_from_word(CARRYNET_PASTE(vload, LANES)(0, sequences)),
            .rows = (sequences[0] + INTERLEAVED_ROWS - 1) / INTERLEAVED_ROWS * INTERLEAVED_ROWS,
            .fused_updates = sequences[LANES - 1] == BLOCK,
            .noisy = noise > 0,
            .noise = (vreal)(noise),
            .key_low = (vword)(config[CARRYNET_CONFIG_SEED]),
            .key_high = (vword)(config[CARRYNET_CONFIG_SEED + 1]),
            .update = (vword)(update),
            .first = pass->first_sequence + chunk_first + (ulong)blocks * BLOCK,
            .lane_step = BLOCK,
        };
        ulong bits_of_lanes[LANES] = {0}, sequences_of_lanes[LANES] = {0};
        run_interleaved(pass, g, &b, c->learn, bits_of_lanes, sequences_of_lanes);
        for (uint lane = 0; lane < LANES; ++lane) {
            wrong.bits += bits_of_lanes[lane];
            wrong.sequences += sequences_of_lanes[lane];
        }
        push_lanes(g, g->rest + at.partial, g->rest + at.levels, pass->partial_stride, blocks, count);
        blocks += count;
    }
    collapse_partials(c->partial, g->rest + at.levels, pass->partial_stride, blocks);
    c->counts[0] = wrong.bits;
    c->counts[1] = wrong.sequences;
}
