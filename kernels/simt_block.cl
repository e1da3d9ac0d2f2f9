/*
 * SIMT variant, what its kernels share. A work-group of GROUP work-items works on SEQUENCES sequences of one block at a time. Local memory
 * holds their hidden values and deltas of two steps, [sequence][quad of units].
 *
 * Products with w_hh are made in register tiles: an item has one quad of units of TILE sequences, ACROSS apart, so that a weight is
 * loaded once for TILE sequences, and a hidden value once for four units. Every element has one chain in one item: any
 * group size, tile and number of sequences gives the same bits.
 *
 * Build constants, chosen by the host (host/backend/opencl/tiles.c): CARRYNET_GROUP, CARRYNET_SEQUENCES (divides 64), CARRYNET_TILE (divides
 * SEQUENCES), CARRYNET_WEIGHTS_LOCAL (1: the weights are copied to local memory; 0: read from packed weights, simt_pack.cl).
 */
#pragma OPENCL FP_CONTRACT OFF

#define I CARRYNET_INPUTS
#define H CARRYNET_HIDDEN
#define O CARRYNET_OUTPUTS
#define BLOCK ((int)CARRYNET_BLOCK)
#define OUTPUT_PARTIALS CARRYNET_OUTPUT_PARTIALS
#define SYMBOLS (1 << I)
#define TRAINED(bias) (I * H + H * H + H * O + (bias) * (H + O)) /* parameters of a network */

#define GROUP CARRYNET_GROUP
#define SEQUENCES CARRYNET_SEQUENCES
#define TILE CARRYNET_TILE

#define QUADS CARRYNET_QUADS(H)
#define COLUMNS CARRYNET_SIMT_COLUMNS(H)
#define PITCH CARRYNET_LOCAL_PITCH(H) /* quads from sequence to sequence in local memory */
#define STEP (SEQUENCES * PITCH)      /* quads of a step there */
#define ACROSS (SEQUENCES / TILE)
#define TILES (QUADS * ACROSS)
#define LOCAL_ID ((int)get_local_id(0))

/* Every tile of the item. */
#if TILES <= GROUP
#define EACH_TILE(tile)                                                                                                \
    const int tile = LOCAL_ID;                                                                                         \
    if (TILES == GROUP || tile < TILES)
#else
#define EACH_TILE(tile) for (int tile = LOCAL_ID; tile < TILES; tile += GROUP)
#endif

/*
 * Every element e of n, distributed over the work-group. pocl 3.1 goes wrong, near barriers, where items go round a loop a different number of
 * times; pocl 6 where the index is stepped beside a count. There all go round as often, and the index follows from the count.
 */
#ifdef POCL_DEVICE_ADDRESS_BITS
#define EACH(e, n)                                                                                                     \
    for (int round = 0, e = LOCAL_ID; round < ((int)(n) + GROUP - 1) / GROUP; ++round, e = LOCAL_ID + round * GROUP)   \
        if (e >= (int)(n)) {                                                                                           \
        } else
#else
#define EACH(e, n) for (int e = LOCAL_ID; e < (int)(n); e += GROUP)
#endif

/* Parameters of a network by their place in the flat array. */
#define W_XH 0
#define W_HH (I * H)
#define W_HY (W_HH + H * H)
#define B_H (W_HY + H * O)
#define B_Y (B_H + H)
#define H_0(bias) (B_H + (bias) * (H + O))

#if CARRYNET_REAL_BITS == 64
typedef double2 real2;
typedef double4 real4;
#else
typedef float2 real2;
typedef float4 real4;
#endif

#if CARRYNET_WEIGHTS_LOCAL
#define WEIGHTS local
#else
#define WEIGHTS const global
#endif

/*
 * Loops that are unrolled: those of a few rounds, known where a kernel is compiled, so that arrays become registers; chains over hidden units; long ones
 * in part. On pocl none is: a kernel would take twice as long to compile, and pocl 3.1 goes wrong with many conditional stores beside each other. It also needs a
 * barrier at the end of a loop that has one. Oclgrind and Intel's runtime check the other form.
 */
#ifdef POCL_DEVICE_ADDRESS_BITS
#define UNROLL 1
#define UNROLL_CHAIN 1
#define UNROLL_LONG 1
#define BARRIER_ENDS_LOOP barrier(CLK_LOCAL_MEM_FENCE)
#else
#define UNROLL 64
#if H <= 32
#define UNROLL_CHAIN 16
#else
#define UNROLL_CHAIN 2
#endif
#define UNROLL_LONG 8
#define BARRIER_ENDS_LOOP
#endif

/* What a group works with. */
struct work {
    WEIGHTS real4 *row;     /* [SYMBOLS][QUADS]: b_h and the rows of w_xh whose bit of the symbol is set */
    WEIGHTS real4 *weights; /* [H][QUADS]: w_hh or its transpose */
    WEIGHTS real4 *w_hy;    /* [O][QUADS] */
    local real4 *hidden;    /* [2][SEQUENCES][PITCH]: of steps of equal parity */
    local uint *symbols;    /* [2][SEQUENCES] */
    local real *loss, *absolute; /* [SEQUENCES or 64]: metrics of each sequence */
    local uint *wrong;
};

/* The sequences that a group works on. */
struct block {
    struct sequences symbols; /* of the first sequence on */
    struct sequences targets;
    int count; /* at most SEQUENCES */
};

/* ---- weights ---------------------------------------------------------------------------------------------------- */

static inline real row_element(const global real *p, const uint bias, const int a, const int j)
{
    real sum = 0;
    if (bias)
        sum = p[B_H + j];
    for (int i = 0; i < I; ++i)
        if (a >> i & 1)
            sum = plus(sum, p[W_XH + i * H + j]);
    return sum;
}

/* Element e of the input rows [SYMBOLS][COLUMNS], of w_hh or its transpose [H][COLUMNS], of w_hy [O][COLUMNS]. */
static inline real packed_row(const global real *p, const uint bias, const int e)
{
    return e % COLUMNS < H ? row_element(p, bias, e / COLUMNS, e % COLUMNS) : 0;
}

static inline real packed_hh(const global real *p, const int transposed, const int e)
{
    const int k = e / COLUMNS, j = e % COLUMNS;
    return j < H ? p[W_HH + (transposed ? j * H + k : k * H + j)] : 0;
}

static inline real packed_hy(const global real *p, const int e)
{
    const int o = e / COLUMNS, j = e % COLUMNS;
    return j < H ? p[W_HY + j * O + o] : 0;
}

/* A quad of h_0, which may lie anywhere. */
static inline real4 start_quad(const global real *p, const uint bias, const int quad)
{
    real v[4];
#pragma unroll UNROLL
    for (int c = 0; c < 4; ++c)
        v[c] = 4 * quad + c < H ? p[H_0(bias) + 4 * quad + c] : 0;
    return (real4)(v[0], v[1], v[2], v[3]);
}

/* h_0 to the hidden values before step 0. */
static inline void load_start(const struct work *g, const global real *p, const uint bias)
{
    EACH(e, SEQUENCES * QUADS)
    g->hidden[e / QUADS * PITCH + e % QUADS] = start_quad(p, bias, e % QUADS);
}

/* ---- products --------------------------------------------------------------------------------------------------- */

/* sum[c] = fma(x, w[c], sum[c]) */
#define FMA_QUAD(sum, x, w)                                                                                            \
    ((sum)[0] = fma(x, (w).s0, (sum)[0]), (sum)[1] = fma(x, (w).s1, (sum)[1]), (sum)[2] = fma(x, (w).s2, (sum)[2]),    \
     (sum)[3] = fma(x, (w).s3, (sum)[3]))

/* sum[r][c] += sum over k of from[r ACROSS][k] weights[k][c], k ascending: `from` of the tile's first sequence, weights of its quad. */
static inline void chain(real sum[TILE][4], const local real4 *from, WEIGHTS real4 *weights)
{
#pragma unroll UNROLL_CHAIN
    for (int q = 0; q < H / 4; ++q) {
        const real4 w0 = weights[(4 * q) * QUADS], w1 = weights[(4 * q + 1) * QUADS];
        const real4 w2 = weights[(4 * q + 2) * QUADS], w3 = weights[(4 * q + 3) * QUADS];
#pragma unroll UNROLL
        for (int r = 0; r < TILE; ++r) {
            const real4 v = from[r * ACROSS * PITCH + q];
            FMA_QUAD(sum[r], v.s0, w0);
            FMA_QUAD(sum[r], v.s1, w1);
            FMA_QUAD(sum[r], v.s2, w2);
            FMA_QUAD(sum[r], v.s3, w3);
        }
    }
#if H % 4 != 0
#pragma unroll UNROLL
    for (int k = H / 4 * 4; k < H; ++k) {
        const real4 w = weights[k * QUADS];
#pragma unroll UNROLL
        for (int r = 0; r < TILE; ++r) {
            const real x = ((const local real *)(from + r * ACROSS * PITCH))[k];
            FMA_QUAD(sum[r], x, w);
        }
    }
#endif
}

static inline real4 quad_of(const real v[4])
{
    return (real4)(v[0], v[1], v[2], v[3]);
}

/* h[t+1] before noise, above the flush's limit. */
static inline void hidden_tile(real sum[TILE][4], const struct work *g, const int chained, const int t, const int first,
                               const int quad)
{
#pragma unroll UNROLL
    for (int r = 0; r < TILE; ++r) {
        const real4 row = g->row[g->symbols[t % 2 * SEQUENCES + first + r * ACROSS] * QUADS + quad];
        sum[r][0] = row.s0, sum[r][1] = row.s1, sum[r][2] = row.s2, sum[r][3] = row.s3;
    }
    if (chained)
        chain(sum, g->hidden + t % 2 * STEP + first * PITCH, g->weights + quad);
#pragma unroll UNROLL
    for (int r = 0; r < TILE; ++r)
#pragma unroll UNROLL
        for (int c = 0; c < 4; ++c)
            sum[r][c] = sigmoid(sum[r][c]);
}

/* The logit of one output from one sequence's h[t+1]; without b_y. */
static inline real logit(const local real4 *h, WEIGHTS real4 *w_hy)
{
    real partial[OUTPUT_PARTIALS];
#pragma unroll UNROLL
    for (int k = 0; k < OUTPUT_PARTIALS; ++k)
        partial[k] = 0;
#pragma unroll UNROLL_CHAIN
    for (int q = 0; q < H / 16 * 4; q += 4)
#pragma unroll UNROLL
        for (int i = 0; i < 4; ++i) {
            const real4 v = h[q + i], w = w_hy[q + i];
            partial[4 * i] = fma(v.s0, w.s0, partial[4 * i]);
            partial[4 * i + 1] = fma(v.s1, w.s1, partial[4 * i + 1]);
            partial[4 * i + 2] = fma(v.s2, w.s2, partial[4 * i + 2]);
            partial[4 * i + 3] = fma(v.s3, w.s3, partial[4 * i + 3]);
        }
#pragma unroll UNROLL
    for (int k = 0; k < H % 16; ++k)
        partial[k] = fma(((const local real *)h)[H / 16 * 16 + k], ((WEIGHTS real *)w_hy)[H / 16 * 16 + k], partial[k]);
#pragma unroll UNROLL
    for (int width = OUTPUT_PARTIALS / 2; width > 0; width /= 2)
#pragma unroll UNROLL
        for (int k = 0; k < width; ++k)
            partial[k] = plus(partial[k], partial[k + width]);
    return partial[0];
}

/* ---- metrics ---------------------------------------------------------------------------------------------------- */

/* Adds one output of sequence s to its metrics; returns dy. */
static inline real measure(const struct work *g, const uint kind, const int s, const real z, const real y, const uint target)
{
    const real one = 1, e = (target ? one : 0) - y;
    real slope = e;
    if (kind == CARRYNET_LOSS_CROSS_ENTROPY_) {
        const real least = REAL(0x1p-40), right = target ? y : one - y;
        g->loss[s] = plus(g->loss[s], -logarithm(right < least ? least : right));
    } else {
        const real output = kind == CARRYNET_LOSS_SQUARED_ ? y : e;
        g->loss[s] = fma(product(REAL(0x1p-1), e), e, g->loss[s]);
        slope = e * (output * (one - output));
    }
    g->absolute[s] = plus(g->absolute[s], e < 0 ? -e : e);
    g->wrong[s] += (z > 0) != (target != 0);
    return flush(slope);
}

static inline void clear_metrics(const struct work *g, const int count)
{
    EACH(s, count)
    {
        g->loss[s] = g->absolute[s] = 0;
        g->wrong[s] = 0;
    }
}

/* An element of the sum of a block's sequences: loss (which = 0) or absolute error (1). */
static inline real metric_of(const struct work *g, const int count, const int which)
{
    const local real *from = which == 0 ? g->loss : g->absolute;
    real sum = 0;
#pragma unroll UNROLL_LONG
    for (int s = 0; s < count; ++s)
        sum = plus(sum, from[s]);
    return sum;
}

/* The symbols of step t, for the next step's tiles; beyond the last sequence 0. */
static inline void stage_symbols(const struct work *g, const struct block *b, const int t)
{
    EACH(s, SEQUENCES)
    g->symbols[t % 2 * SEQUENCES + s] = s < b->count ? unpacked(&b->symbols, I, s, t) : 0;
}

/* ---- reduction tree ---------------------------------------------------------------------------------------------- */

/*
 * The tree of a chunk (sum_tree.h), element by element: takes element e of the partial sum of block number `blocks`;
 * levels [.][size] hold one partial sum a level. An element always belongs to the same work-item, so that no barrier is needed
 * between blocks.
 */
static inline void push_element(global real *levels, const uint size, const uint e, real value, const uint blocks)
{
    CARRYNET_TREE_PUSH(levels + e, size, blocks, value);
}

static inline real collapsed_element(const global real *levels, const uint size, const uint e, const uint blocks)
{
    real sum = 0;
    CARRYNET_TREE_SUM(sum, levels + e, size, blocks);
    return sum;
}
