/*
 * SIMD variant, what its kernels share: a work-item runs whole blocks of up to 64 sequences; lanes are hidden units (in
 * simd_interleaved_block.cl blocks, of one network or of several).
 *
 *     h[t+1] = sigmoid(row[symbol] + h[t] w_hh)      as register tiles of TILE_ROWS sequences x TILE_VECTORS vectors of
 *     units
 *
 * Hidden arrays are [rows][PITCH], of which COLUMNS = H rounded up to 16. Padded columns have zero weights, so what stands
 * there adds exact zeros; padded rows have dy = 0 and do the same.
 */
#pragma OPENCL FP_CONTRACT OFF

#define I CARRYNET_INPUTS
#define H CARRYNET_HIDDEN
#define O CARRYNET_OUTPUTS
#define LANES CARRYNET_LANES
#define BLOCK CARRYNET_BLOCK
#define OUTPUT_PARTIALS CARRYNET_OUTPUT_PARTIALS

#define COLUMNS CARRYNET_ROUNDED(H)
#define PITCH CARRYNET_PITCH(COLUMNS)
#define VECTORS (COLUMNS / LANES)
#define SYMBOLS (1 << I)
#define TRAINED(bias) (I * H + H * H + H * O + (bias) * (H + O)) /* parameters of a network */
#define GROUPS (BLOCK / LANES) /* a step's outputs are vectors of LANES sequences */

/* A tile, as wide as a panel, holds half of the vector registers: 32 where vectors have 512 bits, else 16. */
#define WIDEST CARRYNET_WIDEST_PANEL(CARRYNET_REAL_BITS * LANES)
#define TILE (4 * WIDEST)
#define PANELS CARRYNET_PANELS(VECTORS, WIDEST)
#define TILE_VECTORS CARRYNET_PANEL_VECTORS(VECTORS, WIDEST)
#define TILE_ROWS (TILE / (TILE_VECTORS == 3 ? 4 : TILE_VECTORS))
#define NARROW (VECTORS % TILE_VECTORS) /* vectors of a narrower last panel; 0: all have TILE_VECTORS */

#define INLINE static inline __attribute__((always_inline))

/*
 * A network's packed weights (layout.h), offsets in vectors. A panel is TILE_VECTORS columns of vectors (the last may be
 * narrower), [H][width], so that a tile reads it front to back.
 */
#define PACKED_ROWS CARRYNET_PACKED_ROWS
#define PACKED_FIRST CARRYNET_PACKED_SIGMOIDS(VECTORS, SYMBOLS)
#define PACKED_HH CARRYNET_PACKED_HH(VECTORS, SYMBOLS)
#define PACKED_HH_TRANSPOSED CARRYNET_PACKED_HH_TRANSPOSED(VECTORS, SYMBOLS, H)
#define PACKED_HY CARRYNET_PACKED_HY(VECTORS, SYMBOLS, H)
#define PACKED_H_0 CARRYNET_PACKED_H_0(VECTORS, SYMBOLS, H, O)
#define PACKED_B_Y CARRYNET_PACKED_B_Y(VECTORS, SYMBOLS, H, O)
#define PACKED_SIZE CARRYNET_PACKED_SIZE(VECTORS, SYMBOLS, H, O, 1)

/* What the scratch of a worker depends on. */
#define SIZES {I, H, O, LANES, CARRYNET_GAP}

/* Where column j of a panelled [H][COLUMNS] matrix begins, in reals; *width from row to row. */
INLINE size_t panel_column(const uint column, uint *width)
{
    const uint panel = column / (TILE_VECTORS * LANES), within = column % (TILE_VECTORS * LANES);
    const uint left = COLUMNS - panel * TILE_VECTORS * LANES;
    *width = left < TILE_VECTORS * LANES ? left : TILE_VECTORS * LANES;
    return (size_t)panel * TILE_VECTORS * LANES * H + within;
}

/* What is wrong in blocks so far. */
struct wrong {
    ulong bits, sequences;
};

/* One chunk of a network's blocks, its problems in `part` of what is staged. Without learning the metrics alone. */
struct chunk {
    const global vreal *packed; /* the network's */
    const global uint *staged;
    uint network, part, number;
    uint update_offset;
    int learn;
    global real *partial;    /* its result, */
    global ulong *counts; /* [2] */
};

/* Symbols or targets of step `step` of the sequences of a block; 0 beyond them. */
INLINE void unpack_step(uint *values, const struct sequences *from, const uint bits, const uint step,
                        const uint sequences, const uint rows)
{
    uint s = 0;
    if (from->sequence_stride == 1) {
        const uint per_word = 32 / bits, shift = bits * (step % per_word);
        const global uint *words = from->words + (size_t)(step / per_word) * from->word_stride;
        for (; s + LANES <= sequences; s += LANES) {
            const vword word = CARRYNET_PASTE(vload, LANES)(0, words + s);
            CARRYNET_PASTE(vstore, LANES)(word >> shift & (vword)((1u << bits) - 1), 0, values + s);
        }
    }
    for (; s < sequences; ++s)
        values[s] = unpacked(from, bits, s, step);
    for (; s < rows; ++s)
        values[s] = 0;
}

/* acc[r][v] += sum over k of left[r][k] panel[k][v]: one chain an element, k ascending. */
INLINE void tile_chain(vreal acc[TILE_ROWS][TILE_VECTORS], const int width, const global real *left,
                       const global vreal *panel)
{
    for (uint k = 0; k < H; ++k) {
        vreal w[TILE_VECTORS];
#pragma unroll
        for (int v = 0; v < width; ++v)
            w[v] = panel[k * width + v];
#pragma unroll
        for (int r = 0; r < TILE_ROWS; ++r) {
            const vreal x = (vreal)(left[r * PITCH + k]);
#pragma unroll
            for (int v = 0; v < width; ++v)
                acc[r][v] = fma(x, w[v], acc[r][v]);
        }
    }
}

/* ---- hidden units forward -------------------------------------------------------------------------------------- */

/* One tile of h[t+1]. */
INLINE void forward_tile(global real *next, const global real *h, const uint *symbol, const global vreal *packed,
                         const int panel, const int width)
{
    vreal acc[TILE_ROWS][TILE_VECTORS];
    const int first = panel * TILE_VECTORS;
#pragma unroll
    for (int r = 0; r < TILE_ROWS; ++r)
#pragma unroll
        for (int v = 0; v < width; ++v)
            acc[r][v] = packed[PACKED_ROWS + symbol[r] * VECTORS + first + v];
    tile_chain(acc, width, h, packed + PACKED_HH + (size_t)first * H);
#pragma unroll
    for (int r = 0; r < TILE_ROWS; ++r)
#pragma unroll
        for (int v = 0; v < width; ++v)
            ((global vreal *)(next + r * PITCH))[first + v] = acc[r][v];
    /* Apart, since so many sigmoids in line are long to compile and no faster. */
    for (int i = 0; i < TILE_ROWS * width; ++i) {
        global vreal *place = (global vreal *)(next + i / width * PITCH) + first + i % width;
        *place = sigmoid(*place); /* above the flush's limit */
    }
}

/*
 * h[t+1] of a block from h[t]; where nothing is chained, h[0] = 0, h[1] depends on the symbol alone. All sequences meet
 * a panel while it is in the cache.
 */
INLINE void hidden_forward(global real *next, const global real *h, const int chained, const uint *symbol,
                           const global vreal *packed, const uint rows)
{
    for (uint r = 0; r < rows && !chained; ++r)
        for (int v = 0; v < VECTORS; ++v)
            ((global vreal *)(next + r * PITCH))[v] = packed[PACKED_FIRST + symbol[r] * VECTORS + v];
    for (int panel = 0; chained && panel < VECTORS / TILE_VECTORS; ++panel)
        for (uint r = 0; r < rows; r += TILE_ROWS)
            forward_tile(next + r * PITCH, h + r * PITCH, symbol + r, packed, panel, TILE_VECTORS);
#if NARROW
    for (uint r = 0; chained && r < rows; r += TILE_ROWS)
        forward_tile(next + r * PITCH, h + r * PITCH, symbol + r, packed, PANELS - 1, NARROW);
#endif
}

/* ---- outputs: LANES sequences at a time ------------------------------------------------------------------------ */

/*
 * Adds the upper half of each group of lanes to its lower half, for two vectors at once, and puts the results side by
 * side.
 */
#if LANES == 16
#define HALVE_16(a, b) ((vreal)(a.s01234567, b.s01234567) + (vreal)(a.s89abcdef, b.s89abcdef))
#define HALVE_8(a, b)                                                                                                 \
    ((vreal)(a.s0123, a.s89ab, b.s0123, b.s89ab) + (vreal)(a.s4567, a.scdef, b.s4567, b.scdef))
#define HALVE_4(a, b)                                                                                                 \
    ((vreal)(a.s01, a.s45, a.s89, a.scd, b.s01, b.s45, b.s89, b.scd) +                                                \
     (vreal)(a.s23, a.s67, a.sab, a.sef, b.s23, b.s67, b.sab, b.sef))
#define HALVE_2(a, b) ((vreal)(a.even, b.even) + (vreal)(a.odd, b.odd))
#elif LANES == 8
#define HALVE_8(a, b) ((vreal)(a.s0123, b.s0123) + (vreal)(a.s4567, b.s4567))
#define HALVE_4(a, b) ((vreal)(a.s01, a.s45, b.s01, b.s45) + (vreal)(a.s23, a.s67, b.s23, b.s67))
#define HALVE_2(a, b) ((vreal)(a.even, b.even) + (vreal)(a.odd, b.odd))
#else
#define HALVE_4(a, b) ((vreal)(a.s01, b.s01) + (vreal)(a.s23, b.s23))
#define HALVE_2(a, b) ((vreal)(a.even, b.even) + (vreal)(a.odd, b.odd))
#endif

/* The partial sums of a sequence as far as they add lane by lane: partial sum k + partial sum k + 8, ... down to LANES. */
INLINE vreal lane_sum(const vreal partial[OUTPUT_PARTIALS / LANES])
{
#if LANES == 16
    return partial[0];
#elif LANES == 8
    return partial[0] + partial[1];
#else
    return (partial[0] + partial[2]) + (partial[1] + partial[3]);
#endif
}

/*
 * The logits of LANES sequences, one a lane: the 16 partial sums of each sequence, then their sums, partial sum k + partial sum k + 8,
 * ..., the ones side by side at last.
 */
INLINE vreal logits(const global real *h, const global vreal *w_hy)
{
    vreal partial[LANES][OUTPUT_PARTIALS / LANES], part[LANES];
#pragma unroll
    for (int s = 0; s < LANES; ++s)
#pragma unroll
        for (int i = 0; i < OUTPUT_PARTIALS / LANES; ++i)
            partial[s][i] = REAL(0x0p0);
    for (int v = 0; v < VECTORS; v += OUTPUT_PARTIALS / LANES)
#pragma unroll
        for (int s = 0; s < LANES; ++s)
#pragma unroll
            for (int i = 0; i < OUTPUT_PARTIALS / LANES; ++i)
                partial[s][i] = fma(((const global vreal *)(h + s * PITCH))[v + i], w_hy[v + i], partial[s][i]);
#pragma unroll
    for (int s = 0; s < LANES; ++s)
        part[s] = lane_sum(partial[s]);
#if LANES == 16
#pragma unroll
    for (int s = 0; s < 8; ++s)
        part[s] = HALVE_16(part[2 * s], part[2 * s + 1]);
#endif
#if LANES >= 8
#pragma unroll
    for (int s = 0; s < 4; ++s)
        part[s] = HALVE_8(part[2 * s], part[2 * s + 1]);
#endif
#pragma unroll
    for (int s = 0; s < 2; ++s)
        part[s] = HALVE_4(part[2 * s], part[2 * s + 1]);
    return HALVE_2(part[0], part[1]);
}

/* Metrics of a block, a vector a group of LANES sequences; or of LANES blocks, a vector a sequence (simd_interleaved_block.cl). */
#if CARRYNET_INTERLEAVED
#define MEASURED BLOCK
#else
#define MEASURED GROUPS
#endif
struct measures {
    vreal loss[MEASURED];
    vreal absolute[MEASURED];
    vreal wrong[MEASURED]; /* wrong bits, counted in reals: exact below 2^24 */
    uint kind;             /* of loss */
};

INLINE void measures_start(struct measures *m, const uint kind)
{
    m->kind = kind;
    for (int g = 0; g < MEASURED; ++g) {
        m->loss[g] = REAL(0x0p0);
        m->absolute[g] = REAL(0x0p0);
        m->wrong[g] = REAL(0x0p0);
    }
}

/* Targets of LANES sequences for output o, as 0 or 1. */
INLINE vreal targets_of(const uint *target, const uint o)
{
    return real_from_word(CARRYNET_PASTE(vload, LANES)(0, target) >> o & (vword)(1u));
}

/* Adds one output to metrics number `group`; returns dy. */
INLINE vreal measure(struct measures *m, const uint group, const vreal z, const vreal y, const vreal target)
{
    const vreal zero = REAL(0x0p0), one = REAL(0x1p0);
    const vreal e = target - y;
    vreal slope = e;
    if (m->kind == CARRYNET_LOSS_CROSS_ENTROPY_) {
        const vreal least = REAL(0x1p-40);
        const vreal right = target > zero ? y : one - y;
        m->loss[group] = plus(m->loss[group], -logarithm(right < least ? least : right));
    } else {
        const vreal output = m->kind == CARRYNET_LOSS_SQUARED_ ? y : e;
        m->loss[group] = fma(product(REAL(0x1p-1), e), e, m->loss[group]);
        slope = e * (output * (one - output));
    }
    m->absolute[group] = plus(m->absolute[group], e < zero ? -e : e);
    const vreal difference = (z > zero ? one : zero) - target;
    m->wrong[group] = fma(difference, difference, m->wrong[group]);
    return flush(slope);
}

/* A value of sequences first, ..., first + LANES - 1 of a block; 0 for lanes that are no sequences. */
INLINE vreal of_sequences(const vreal value, const uint first, const uint sequences)
{
    const vreal number = (vreal)(CARRYNET_LANE_NUMBERS) + (vreal)((real)first);
    return number < (vreal)((real)sequences) ? value : REAL(0x0p0);
}

/*
 * The block's metrics, summed over its sequences in order: partial[0] loss, partial[1] absolute error; counts are added to.
 */
INLINE void measures_end(const struct measures *m, const uint sequences, global real *partial, struct wrong *counts)
{
    real loss[BLOCK], absolute[BLOCK], wrong[BLOCK], loss_sum = 0, absolute_sum = 0;
    for (int g = 0; g < GROUPS; ++g) {
        CARRYNET_PASTE(vstore, LANES)(m->loss[g], g, loss);
        CARRYNET_PASTE(vstore, LANES)(m->absolute[g], g, absolute);
        CARRYNET_PASTE(vstore, LANES)(m->wrong[g], g, wrong);
    }
    for (uint s = 0; s < sequences; ++s) {
        loss_sum = plus_real(loss_sum, loss[s]);
        absolute_sum = plus_real(absolute_sum, absolute[s]);
        counts->bits += (ulong)wrong[s];
        counts->sequences += wrong[s] > 0;
    }
    partial[0] = loss_sum;
    partial[1] = absolute_sum;
}

/* ---- the reduction tree of a chunk (sum_tree.h): partials [size], one a level ------------------------------------------- */

/* Takes the partial sum of block number `blocks` of the chunk. */
INLINE void push_partial(global real *levels, const global real *partial, const uint size, const uint blocks)
{
    for (uint i = 0; i < size / LANES; ++i) {
        vreal value = ((const global vreal *)partial)[i];
        CARRYNET_TREE_PUSH((global vreal *)levels + i, size / LANES, blocks, value);
    }
}

/* The sum of `blocks` blocks. */
INLINE void collapse_partials(global real *result, const global real *levels, const uint size, const uint blocks)
{
    for (uint i = 0; i < size / LANES; ++i) {
        vreal sum = REAL(0x0p0);
        CARRYNET_TREE_SUM(sum, (const global vreal *)levels + i, size / LANES, blocks);
        ((global vreal *)result)[i] = sum;
    }
}
