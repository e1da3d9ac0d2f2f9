/*
 * Where the kernels keep what a worker works on, one text for C11 (which allocates it and looks into it) and
 * OpenCL C: the arrays of a worker's scratch, and a network's packed weights; of the SIMD variant, then of the SIMT variant. Offsets are in reals.
 *
 * Between the arrays of scratch lie `gap` reals that belong to none, 0 but in tests: whoever writes there has missed his
 * array (CARRYNET_GAP in a kernel's build options).
 */
#ifndef CARRYNET_LAYOUT_H
#define CARRYNET_LAYOUT_H

#ifndef __OPENCL_VERSION__
#include "kernels/arguments.h"
#endif

#ifndef CARRYNET_GAP
#define CARRYNET_GAP 0
#endif

/* ---- columns and panels ---------------------------------------------------------------------------------------- */

/* The next multiple of 16: columns of H hidden units, rows of a block, strides. */
#define CARRYNET_ROUNDED(count)                                                                                        \
    (((count) + CARRYNET_OUTPUT_PARTIALS - 1) / CARRYNET_OUTPUT_PARTIALS * CARRYNET_OUTPUT_PARTIALS)

/* Reals from row to row of hidden values: rows of 1,024 bytes and more would fall on few sets of a cache. */
#define CARRYNET_PITCH(columns) ((columns) + ((columns) >= 256 ? CARRYNET_OUTPUT_PARTIALS : 0))

/*
 * Matrices [H][columns] are packed in panels, as evenly wide as can be: at most 4 vectors where they have 512 bits, else
 * 2, so that a tile fills half of the vector registers.
 */
#define CARRYNET_WIDEST_PANEL(vector_bits) ((vector_bits) == 512 ? 4 : 2)
#define CARRYNET_PANELS(vectors, widest) ((vectors) / (widest) + ((vectors) % (widest) > 0))
#define CARRYNET_PANEL_VECTORS(vectors, widest)                                                                        \
    (((vectors) + CARRYNET_PANELS(vectors, widest) - 1) / CARRYNET_PANELS(vectors, widest))

/* ---- packed weights of a network (simd_pack.cl) ----------------------------------------------------------------- */

/*
 * One after another, `width` being the length of a row of columns, in reals or in vectors:
 *     input rows [symbols][width], their sigmoids [symbols][width], w_hh in panels [H][width], its transpose likewise,
 *     w_hy [O][width], h_0 [width], b_y [O] of a vector's length `lane` each, of which the first real counts
 */
#define CARRYNET_PACKED_ROWS 0
#define CARRYNET_PACKED_SIGMOIDS(width, symbols) ((symbols) * (width))
#define CARRYNET_PACKED_HH(width, symbols) (2 * (symbols) * (width))
#define CARRYNET_PACKED_HH_TRANSPOSED(width, symbols, hidden) (CARRYNET_PACKED_HH(width, symbols) + (hidden) * (width))
#define CARRYNET_PACKED_HY(width, symbols, hidden)                                                                     \
    (CARRYNET_PACKED_HH_TRANSPOSED(width, symbols, hidden) + (hidden) * (width))
#define CARRYNET_PACKED_H_0(width, symbols, hidden, outputs)                                                           \
    (CARRYNET_PACKED_HY(width, symbols, hidden) + (outputs) * (width))
#define CARRYNET_PACKED_B_Y(width, symbols, hidden, outputs)                                                           \
    (CARRYNET_PACKED_H_0(width, symbols, hidden, outputs) + (width))
#define CARRYNET_PACKED_SIZE(width, symbols, hidden, outputs, lane)                                                    \
    (CARRYNET_PACKED_B_Y(width, symbols, hidden, outputs) + (outputs) * (lane))

/* ---- scratch of a worker --------------------------------------------------------------------------------------- */

/* What the arrays' sizes depend on, beside the pass; constants where a kernel is compiled. */
struct carrynet_sizes {
    carrynet_u64 inputs, hidden, outputs, lanes, gap;
};

/* Takes room for an array, and a gap: where it begins. */
static inline carrynet_u64 carrynet_array(carrynet_u64 *end, const carrynet_u64 reals, const carrynet_u64 gap)
{
    const carrynet_u64 place = *end;
    *end = place + reals + gap;
    return place;
}

/* Partial sums that the tree of so many blocks, a power of two, holds at once: one a level. */
static inline carrynet_u64 carrynet_levels(const carrynet_u32 blocks)
{
    carrynet_u64 levels = 1;
    for (carrynet_u32 rest = blocks; rest > 1; rest /= 2)
        ++levels;
    return levels;
}

/* Trained parameters of a network. */
static inline carrynet_u64 carrynet_trained(const struct carrynet_sizes *n, const struct carrynet_pass *pass)
{
    return n->hidden * (n->inputs + n->hidden + n->outputs) + pass->bias * (n->hidden + n->outputs);
}

/* simd_forward.cl */
struct carrynet_forward_scratch {
    carrynet_u64 h;       /* [2][rows][pitch] */
    carrynet_u64 partial; /* [partial_stride] */
    carrynet_u64 levels;  /* [levels][partial_stride] */
    carrynet_u64 end;
};

static inline struct carrynet_forward_scratch carrynet_forward_scratch(const struct carrynet_sizes *n,
                                                                       const struct carrynet_pass *pass)
{
    const carrynet_u64 step = pass->rows * CARRYNET_PITCH(CARRYNET_ROUNDED(n->hidden));
    struct carrynet_forward_scratch s;
    s.end = 0;
    s.h = carrynet_array(&s.end, 2 * step, n->gap);
    s.partial = carrynet_array(&s.end, pass->partial_stride, n->gap);
    s.levels = carrynet_array(&s.end, carrynet_levels(pass->chunk_blocks) * pass->partial_stride, n->gap);
    return s;
}

/* simd_rows.cl: lanes are hidden units. The four sums are zeroed in one go. */
struct carrynet_rows_scratch {
    carrynet_u64 h;       /* [T + 1][rows][pitch] */
    carrynet_u64 dy;      /* [T][O][rows] */
    carrynet_u64 dh;      /* [2][rows][pitch]: of the steps t and t + 1 */
    carrynet_u64 bucket;  /* [symbols][columns]: the sum of dh for each symbol */
    carrynet_u64 dw_hh;   /* [columns][columns] */
    carrynet_u64 dw_hy;   /* [O][columns] */
    carrynet_u64 db_y;    /* [16] */
    carrynet_u64 partial; /* [partial_stride] */
    carrynet_u64 levels;  /* [levels][partial_stride] */
    carrynet_u64 end;
};

static inline struct carrynet_rows_scratch carrynet_rows_scratch(const struct carrynet_sizes *n,
                                                                 const struct carrynet_pass *pass)
{
    const carrynet_u64 columns = CARRYNET_ROUNDED(n->hidden), step = pass->rows * CARRYNET_PITCH(columns);
    struct carrynet_rows_scratch s;
    s.end = 0;
    s.h = carrynet_array(&s.end, ((carrynet_u64)pass->steps + 1) * step, n->gap);
    s.dy = carrynet_array(&s.end, pass->steps * n->outputs * pass->rows, n->gap);
    s.dh = carrynet_array(&s.end, 2 * step, n->gap);
    s.bucket = carrynet_array(&s.end, columns << n->inputs, n->gap);
    s.dw_hh = carrynet_array(&s.end, columns * columns, n->gap);
    s.dw_hy = carrynet_array(&s.end, n->outputs * columns, n->gap);
    s.db_y = carrynet_array(&s.end, CARRYNET_OUTPUT_PARTIALS, n->gap);
    s.partial = carrynet_array(&s.end, pass->partial_stride, n->gap);
    s.levels = carrynet_array(&s.end, carrynet_levels(pass->chunk_blocks) * pass->partial_stride, n->gap);
    return s;
}

/* simd_interleaved_block.cl: arrays of vectors, of which a lane is a block. */
struct carrynet_abreast_scratch {
    carrynet_u64 h;        /* [T + 1][64][H] */
    carrynet_u64 dy;       /* [T][64][O] */
    carrynet_u64 dh;       /* [2][64][H] */
    carrynet_u64 rows;     /* [symbols][H]: from here on the weights, as the passes read them */
    carrynet_u64 sigmoids; /* [symbols][H] */
    carrynet_u64 w_hh;     /* [H][H] */
    carrynet_u64 w_hy;     /* [O][H] */
    carrynet_u64 h_0;      /* [H] */
    carrynet_u64 b_y;      /* [O] */
    carrynet_u64 bucket;   /* [symbols][H] */
    carrynet_u64 dw_hh;    /* [H][H] */
    carrynet_u64 dw_hy;    /* [O][H] */
    carrynet_u64 db_y;     /* [O] */
    carrynet_u64 partials; /* [trained + 2]: a partial sum of each block */
    carrynet_u64 symbols;  /* words [symbol_words][64], each in a real's place at most */
    carrynet_u64 targets;  /* words [target_words][64] */
    carrynet_u64 rest;     /* what follows is below, in offsets from here */
};

static inline struct carrynet_abreast_scratch carrynet_abreast_scratch(const struct carrynet_sizes *n,
                                                                       const struct carrynet_pass *pass)
{
    const carrynet_u64 H = n->hidden, O = n->outputs, L = n->lanes, block = CARRYNET_BLOCK * L;
    struct carrynet_abreast_scratch s;
    s.rest = 0;
    s.h = carrynet_array(&s.rest, ((carrynet_u64)pass->steps + 1) * block * H, n->gap);
    s.dy = carrynet_array(&s.rest, pass->steps * block * O, n->gap);
    s.dh = carrynet_array(&s.rest, 2 * block * H, n->gap);
    s.rows = carrynet_array(&s.rest, H * L << n->inputs, n->gap);
    s.sigmoids = carrynet_array(&s.rest, H * L << n->inputs, n->gap);
    s.w_hh = carrynet_array(&s.rest, H * H * L, n->gap);
    s.w_hy = carrynet_array(&s.rest, O * H * L, n->gap);
    s.h_0 = carrynet_array(&s.rest, H * L, n->gap);
    s.b_y = carrynet_array(&s.rest, O * L, n->gap);
    s.bucket = carrynet_array(&s.rest, H * L << n->inputs, n->gap);
    s.dw_hh = carrynet_array(&s.rest, H * H * L, n->gap);
    s.dw_hy = carrynet_array(&s.rest, O * H * L, n->gap);
    s.db_y = carrynet_array(&s.rest, O * L, n->gap);
    s.partials = carrynet_array(&s.rest, (carrynet_trained(n, pass) + 2) * L, n->gap);
    s.symbols = carrynet_array(&s.rest, pass->symbol_words * block, n->gap);
    s.targets = carrynet_array(&s.rest, pass->target_words * block, n->gap);
    return s;
}

/* simd_interleaved.cl: blocks of one network; reals. */
struct carrynet_blocks_rest {
    carrynet_u64 partial; /* [partial_stride] */
    carrynet_u64 levels;  /* [levels][partial_stride] */
    carrynet_u64 end;
};

static inline struct carrynet_blocks_rest carrynet_blocks_rest(const struct carrynet_sizes *n,
                                                               const struct carrynet_pass *pass)
{
    struct carrynet_blocks_rest s;
    s.end = 0;
    s.partial = carrynet_array(&s.end, pass->partial_stride, n->gap);
    s.levels = carrynet_array(&s.end, carrynet_levels(pass->chunk_blocks) * pass->partial_stride, n->gap);
    return s;
}

/* simd_networks.cl: a block of each of several networks; vectors. */
struct carrynet_networks_rest {
    carrynet_u64 parameters; /* [trained, and H where there is an h_0] */
    carrynet_u64 first;      /* [trained]: moments */
    carrynet_u64 second;     /* [trained] */
    carrynet_u64 sums;       /* [trained + 2] */
    carrynet_u64 levels;     /* [levels][trained + 2] */
    carrynet_u64 end;
};

static inline struct carrynet_networks_rest carrynet_networks_rest(const struct carrynet_sizes *n,
                                                                   const struct carrynet_pass *pass)
{
    const carrynet_u64 trained = carrynet_trained(n, pass), partial = (trained + 2) * n->lanes;
    struct carrynet_networks_rest s;
    s.end = 0;
    s.parameters = carrynet_array(&s.end, (trained + pass->initial_state * n->hidden) * n->lanes, n->gap);
    s.first = carrynet_array(&s.end, trained * n->lanes, n->gap);
    s.second = carrynet_array(&s.end, trained * n->lanes, n->gap);
    s.sums = carrynet_array(&s.end, partial, n->gap);
    s.levels = carrynet_array(&s.end, carrynet_levels(pass->chunk_blocks) * partial, n->gap);
    return s;
}

/* ---- SIMT variant ------------------------------------------------------------------------------------------------- */

/* Hidden units in quads; and quads from sequence to sequence in local memory: odd, so that neighbours fall on different banks. */
#define CARRYNET_QUADS(hidden) (((hidden) + 3) / 4)
#define CARRYNET_LOCAL_PITCH(hidden) (CARRYNET_QUADS(hidden) | 1)

/* simt_sums: weights of w_hh of a register tile, from units x to units; sequences of a panel in local memory. */
#define CARRYNET_ITEM_FROM 8
#define CARRYNET_ITEM_TO 4
#define CARRYNET_PANEL_DEPTH 8

/*
 * Packed weights of a network (simt_pack.cl), columns padded to quads:
 *     input rows [symbols][columns], w_hh [H][columns], its transpose likewise, w_hy [O][columns]
 */
#define CARRYNET_SIMT_COLUMNS(hidden) (4 * CARRYNET_QUADS(hidden))
#define CARRYNET_SIMT_HH(inputs, hidden) (CARRYNET_SIMT_COLUMNS(hidden) << (inputs))
#define CARRYNET_SIMT_HH_TRANSPOSED(inputs, hidden)                                                                    \
    (CARRYNET_SIMT_HH(inputs, hidden) + CARRYNET_SIMT_COLUMNS(hidden) * (hidden))
#define CARRYNET_SIMT_HY(inputs, hidden)                                                                               \
    (CARRYNET_SIMT_HH_TRANSPOSED(inputs, hidden) + CARRYNET_SIMT_COLUMNS(hidden) * (hidden))
#define CARRYNET_SIMT_PACKED(inputs, hidden, outputs)                                                                  \
    (CARRYNET_SIMT_HY(inputs, hidden) + CARRYNET_SIMT_COLUMNS(hidden) * (outputs))

/* A block's history and sums: simt_gradient.cl; simt_stages.cl, where the first stage leaves dh and metrics for the second. */
struct carrynet_group_scratch {
    carrynet_u64 h;        /* [T + 1][rows][columns], columns padded to quads */
    carrynet_u64 dh;       /* [T][rows][columns], of two stages alone, as the metrics */
    carrynet_u64 dy;       /* [T][rows][O] */
    carrynet_u64 loss;     /* [64]: of the sequences */
    carrynet_u64 absolute; /* [64] */
    carrynet_u64 wrong;    /* [64] words, each in a real's place at most */
    carrynet_u64 levels;   /* [levels][partial_stride] */
    carrynet_u64 end;
};

static inline struct carrynet_group_scratch carrynet_group_scratch(const struct carrynet_sizes *n,
                                                                   const struct carrynet_pass *pass)
{
    const carrynet_u64 T = pass->steps, step = pass->rows * CARRYNET_SIMT_COLUMNS(n->hidden);
    const carrynet_u64 metrics = pass->two_stages ? CARRYNET_BLOCK : 0;
    struct carrynet_group_scratch s;
    s.end = 0;
    s.h = carrynet_array(&s.end, (T + 1) * step, n->gap);
    s.dh = carrynet_array(&s.end, pass->two_stages ? T * step : 0, n->gap);
    s.dy = carrynet_array(&s.end, T * pass->rows * n->outputs, n->gap);
    s.loss = carrynet_array(&s.end, metrics, n->gap);
    s.absolute = carrynet_array(&s.end, metrics, n->gap);
    s.wrong = carrynet_array(&s.end, metrics, n->gap);
    s.levels = carrynet_array(&s.end, carrynet_levels(pass->chunk_blocks) * pass->partial_stride, n->gap);
    return s;
}

/* simt_forward.cl: the metrics' levels. */
static inline carrynet_u64 carrynet_metrics_scratch(const struct carrynet_pass *pass)
{
    return carrynet_levels(pass->chunk_blocks) * pass->partial_stride;
}

#endif
