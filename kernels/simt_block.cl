/*
 * SIMT variant, what its kernels share: a work-group runs whole blocks of up to 64 sequences; its work-items distribute the
 * elements of each step, index = local id, + local size, ... Any local size gives the same bits, since every element has
 * one chain in one item.
 *
 * Products are made in register tiles, an item a column of one unit for ROWS sequences (or a weight's column for ROWS
 * units): a weight is loaded once for all of them, the other factor is the same for neighbouring items. Arrays of a
 * block lie in global scratch, [sequence][unit], so neighbouring items read and write neighbouring units.
 */
#pragma OPENCL FP_CONTRACT OFF

#define I CARRYNET_INPUTS
#define H CARRYNET_HIDDEN
#define O CARRYNET_OUTPUTS
#define BLOCK CARRYNET_BLOCK
#define OUTPUT_PARTIALS CARRYNET_OUTPUT_PARTIALS
#define SYMBOLS (1 << I)
#define TRAINED(bias) (I * H + H * H + H * O + (bias) * (H + O)) /* parameters of a network */

#ifndef ROWS
#define ROWS 4
#endif
#define TILES(n) (((n) + ROWS - 1) / ROWS)

/* Every element e of n, distributed over the work-group. */
#define EACH(e, n) for (uint e = (uint)get_local_id(0); e < (n); e += (uint)get_local_size(0))

/* Parameters of a network by their place in the flat array. */
#define W_XH 0
#define W_HH (I * H)
#define W_HY (W_HH + H * H)
#define B_H (W_HY + H * O)
#define B_Y (B_H + H)
#define H_0(bias) (B_H + (bias) * (H + O))

/* The sequences of a block. */
struct block {
    struct sequences symbols; /* of the block's first sequence on */
    struct sequences targets;
    uint sequences;
};

static inline uint symbol_at(const struct block *b, const uint s, const uint t)
{
    return unpacked(&b->symbols, I, s, t);
}

static inline uint target_at(const struct block *b, const uint s, const uint t)
{
    return unpacked(&b->targets, O, s, t);
}

/* row[a] = b_h + the rows of w_xh whose bit of symbol a is set. */
static inline void symbol_rows(global real *row, const global real *p, const uint bias)
{
    EACH(e, SYMBOLS * H)
    {
        const uint a = e / H, j = e % H;
        real sum = 0;
        if (bias)
            sum = p[B_H + j];
        for (uint i = 0; i < I; ++i)
            if (a >> i & 1)
                sum = plus(sum, p[W_XH + i * H + j]);
        row[e] = sum;
    }
}

/* sum[r] += sum over k of left[first + r][k] right[k][j], k ascending; rows beyond the last repeat it. */
static inline void tile_chain(real sum[ROWS], const global real *left, const uint first, const uint rows,
                              const global real *right, const uint j)
{
    uint at[ROWS];
#pragma unroll
    for (uint r = 0; r < ROWS; ++r)
        at[r] = (first + r < rows ? first + r : rows - 1) * H;
    for (uint k = 0; k < H; ++k) {
        const real w = right[k * H + j];
#pragma unroll
        for (uint r = 0; r < ROWS; ++r)
            sum[r] = fma(left[at[r] + k], w, sum[r]);
    }
}

/* h[t+1] before noise: unit j of sequences first, ..., first + ROWS - 1; above the flush's limit. */
static inline void hidden_tile(real value[ROWS], const struct block *b, const global real *row, const global real *h,
                               const global real *p, const int chained, const uint t, const uint first, const uint j)
{
#pragma unroll
    for (uint r = 0; r < ROWS; ++r)
        value[r] = first + r < b->sequences ? row[symbol_at(b, first + r, t) * H + j] : 0;
    if (chained)
        tile_chain(value, h, first, b->sequences, p + W_HH, j);
#pragma unroll
    for (uint r = 0; r < ROWS; ++r)
        value[r] = sigmoid(value[r]);
}

/* The logit of output o from one sequence's h[t+1]. */
static inline real logit(const global real *h, const global real *p, const uint o, const uint bias)
{
    real partial[OUTPUT_PARTIALS];
    for (uint k = 0; k < OUTPUT_PARTIALS; ++k)
        partial[k] = 0;
    for (uint j = 0; j < H; ++j)
        partial[j % OUTPUT_PARTIALS] = fma(h[j], p[W_HY + j * O + o], partial[j % OUTPUT_PARTIALS]);
    for (uint width = OUTPUT_PARTIALS / 2; width > 0; width /= 2)
        for (uint k = 0; k < width; ++k)
            partial[k] = plus(partial[k], partial[k + width]);
    return bias ? p[B_Y + o] + partial[0] : partial[0];
}

/* Metrics of each sequence of the block, in local memory. */
struct measures {
    local real *loss;
    local real *absolute;
    local uint *wrong;
    uint kind; /* of loss */
};

/* Adds one output of sequence s to its metrics; returns dy. */
static inline real measure(const struct measures *m, const uint s, const real z, const real y, const uint target)
{
    const real one = 1, e = (target ? one : 0) - y;
    real slope = e;
    if (m->kind == CARRYNET_LOSS_CROSS_ENTROPY_) {
        const real least = REAL(0x1p-40), right = target ? y : one - y;
        m->loss[s] = plus(m->loss[s], -logarithm(right < least ? least : right));
    } else {
        const real output = m->kind == CARRYNET_LOSS_SQUARED_ ? y : e;
        m->loss[s] = fma(product(REAL(0x1p-1), e), e, m->loss[s]);
        slope = e * (output * (one - output));
    }
    m->absolute[s] = plus(m->absolute[s], e < 0 ? -e : e);
    m->wrong[s] += (z > 0) != (target != 0);
    return flush(slope);
}

/* An element of the sum of a block's sequences: loss (which = 0) or absolute error (1). */
static inline real measured(const struct measures *m, const uint sequences, const uint which)
{
    real sum = 0;
    for (uint s = 0; s < sequences; ++s)
        sum = plus(sum, which == 0 ? m->loss[s] : m->absolute[s]);
    return sum;
}

/*
 * The reduction tree of a chunk (sum_tree.h), element by element: takes element e of the partial sum of block number `blocks`;
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
