/*
 * From blocks to batches: cuts a batch into blocks of 64, runs them, and reduces their sums as a binary counter carries
 * (kernels/ARITHMETIC.md 5). Also the table of this variant's loops.
 */
#include "backend/tiled/loops.h"
#include <string.h>

static size_t gradient_size(const carrynet_settings *settings)
{
    return carrynet_shape_trained(&settings->shape) + 2;
}

static uint64_t rounded(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Partial sums of the tree that stand at once, at most: one a bit of the number of blocks, and the new one. */
static size_t levels_of(size_t sequences)
{
    size_t levels = 2;
    for (size_t blocks = (sequences + BLOCK - 1) / BLOCK; blocks > 1; blocks /= 2)
        ++levels;
    return levels;
}

/*
 * Lays the arrays of a block out in scratch, or with scratch NULL only counts their bytes; the partial sum stack follows. The
 * deltas of a window of steps are kept: as many as make about a block, since their chains are then long and they stay in
 * the cache.
 */
static uint64_t lay_out(struct block *b, real **partials, char *scratch, const carrynet_settings *settings,
                        size_t steps, size_t sequences, enum reference_keeps keeps)
{
    uint64_t at = 0;
    const bool trains = keeps == REFERENCE_TRAINS;
    const uint64_t rows = sequences < BLOCK ? sequences : BLOCK; /* products may exceed a size_t of 32 bits */
    const size_t H = settings->shape.hidden, O = settings->shape.outputs, I = settings->shape.inputs;
    const size_t enough = (size_t)((BLOCK + rows - 1) / rows), window = enough < steps ? enough : steps;
    *b = (struct block){.T = steps, .I = I, .H = H, .O = O, .window = window, .keeps = keeps != REFERENCE_MEASURES};
#define TAKE(pointer, count)                                                                                           \
    do {                                                                                                               \
        (pointer) = scratch == NULL ? NULL : (void *)(scratch + (size_t)at);                                           \
        at += rounded((count) * sizeof *(pointer));                                                                    \
    } while (0)
    TAKE(b->symbol, steps * rows);
    TAKE(b->target, steps * rows);
    TAKE(b->h, (b->keeps ? steps + 1 : 2) * rows * H);
    TAKE(b->z, steps * rows * O);
    TAKE(b->y, steps * rows * O);
    TAKE(b->row, ((size_t)1 << I) * H);
    TAKE(b->w_hy_transposed, O * H);
    if (trains) {
        TAKE(b->dy, steps * rows * O);
        TAKE(b->dh, (1 + window) * rows * H);
        TAKE(b->w_hh_transposed, H * H);
        TAKE(b->dw_hy, O * H);
    }
    TAKE(*partials, levels_of(sequences) * (trains ? gradient_size(settings) : 2));
#undef TAKE
    return at;
}

/* In the order of carrynet_parameter, as carrynet_shape_tensor has them; this is once a pass, so without its table. */
static struct parameters by_name(const real *values, const carrynet_shape *shape)
{
    const size_t I = shape->inputs, H = shape->hidden, O = shape->outputs;
    const real *w_hh = values + I * H, *w_hy = w_hh + H * H, *b_h = w_hy + H * O;
    const real *h_0 = b_h + (shape->bias ? H + O : 0);
    return (struct parameters){.w_xh = values,
                               .w_hh = w_hh,
                               .w_hy = w_hy,
                               .b_h = shape->bias ? b_h : NULL,
                               .b_y = shape->bias ? b_h + H : NULL,
                               .h_0 = shape->initial_state ? h_0 : NULL};
}

/* The symbols or targets of a packed sequence: those of step t at (steps - 1 - t) * S, as place has it. */
static void unpack(uint32_t *out, size_t S, const uint32_t *words, size_t bits, size_t steps)
{
    uint32_t packed = 0;
    for (size_t t = 0, left = 0; t < steps; ++t, --left, packed >>= bits) {
        if (left == 0) {
            packed = *words++;
            left = 32 / bits;
        }
        out[(steps - 1 - t) * S] = packed & ((1u << bits) - 1);
    }
}

/* Four rows at a time, as runs of four in out. */
static void transpose(real *restrict out /* [columns][rows] */, const real *restrict in, size_t rows, size_t columns)
{
    size_t i = 0;
    for (; rows - i >= 4; i += 4)
        for (size_t j = 0; j < columns; ++j) {
            const real *from = in + i * columns + j;
            real *to = out + j * rows + i;
            to[0] = from[0];
            to[1] = from[columns];
            to[2] = from[2 * columns];
            to[3] = from[3 * columns];
        }
    for (; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j)
            out[j * rows + i] = in[i * columns + j];
}

/* Reads sequences first, ..., first + S - 1 of the pass into the block, and their h[0]. */
static void open_block(struct block *b, const struct parameters *p, const struct net_pass *pass, const real *state,
                       size_t first)
{
    const real *const starts = pass->resume ? state : NULL;
    b->S = pass->sequences - first < BLOCK ? pass->sequences - first : BLOCK;
    b->start = pass->resume || p->h_0 != NULL;
    for (size_t s = 0; s < b->S; ++s) {
        unpack(b->symbol + s, b->S, pass->symbols + (first + s) * pass->symbol_words, b->I, b->T);
        unpack(b->target + s, b->S, pass->targets + (first + s) * pass->target_words, b->O, b->T);
        const real *start = starts != NULL ? starts + (first + s) * b->H : p->h_0;
        for (size_t j = 0; j < b->H; ++j)
            b->h[hidden_place(b, b->T, s) * b->H + j] = start != NULL ? start[j] : 0;
    }
}

/* Where the partial sum of the next block is made. */
static real *next_partial(real *partials, size_t size, uint64_t blocks)
{
    for (uint64_t n = blocks; n > 0; n >>= 1)
        partials += (n & 1) * size;
    return partials;
}

/*
 * The tree: a stack of partial sums, each of `size` values, where the partial sum of level l is present if bit l of the number of
 * blocks is set. The new block lies on top (behind the last partial sum); it reduces as long as the bit is set.
 */
static void push(real *partials, size_t size, uint64_t blocks_before)
{
    real *top = next_partial(partials, size, blocks_before);
    for (uint64_t n = blocks_before; n & 1; n >>= 1, top -= size)
        add_values(top - size, top, size);
}

/* Reduces what remains, from the smallest level up, into partials[0]. */
static void collapse(real *partials, size_t size, uint64_t blocks)
{
    for (real *top = next_partial(partials, size, blocks) - size; top > partials; top -= size)
        add_values(top - size, top, size);
}

static uint64_t scratch_bytes(const carrynet_settings *settings, size_t steps, size_t sequences,
                              enum reference_keeps keeps)
{
    struct block block;
    real *partials;
    return lay_out(&block, &partials, NULL, settings, steps, sequences, keeps);
}

static void gradient(void *partial, struct reference_counts *counts, const void *values,
                     const carrynet_settings *settings, const struct net_pass *pass, void *scratch)
{
    struct block b;
    real *partials;
    (void)lay_out(&b, &partials, scratch, settings, pass->steps, pass->sequences, REFERENCE_TRAINS);
    const struct parameters p = by_name(values, &settings->shape);
    transpose(b.w_hh_transposed, p.w_hh, b.H, b.H);
    transpose(b.w_hy_transposed, p.w_hy, b.H, b.O);
    const size_t size = gradient_size(settings);
    uint64_t blocks = 0;
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK, ++blocks) {
        real *mine = next_partial(partials, size, blocks);
        open_block(&b, &p, pass, NULL, first);
        forward_block(&b, &p, pass, first);
        measure_block(mine + size - 2, counts, &b, settings->loss);
        backward_block(mine, &b, &p, settings->loss);
        push(partials, size, blocks);
    }
    collapse(partials, size, blocks);
    memcpy(partial, partials, size * sizeof(real));
}

/* Copies n values for each step and sequence of a block to [sequences][T][n]. */
static void copy_out(real *out, const real *in, const struct block *b, size_t first, size_t n)
{
    for (size_t t = 0; out != NULL && t < b->T; ++t)
        for (size_t s = 0; s < b->S; ++s)
            memcpy(out + ((first + s) * b->T + t) * n, in + place(b, t, s) * n, n * sizeof *out);
}

static void forward(const struct reference_outputs *outputs, void *metrics, struct reference_counts *counts,
                    const void *values, const carrynet_settings *settings, const struct net_pass *pass, void *scratch)
{
    struct block b;
    real *partials, *state = outputs->state;
    (void)lay_out(&b, &partials, scratch, settings, pass->steps, pass->sequences,
                  outputs->h != NULL ? REFERENCE_WRITES_H : REFERENCE_MEASURES);
    const struct parameters p = by_name(values, &settings->shape);
    transpose(b.w_hy_transposed, p.w_hy, b.H, b.O);
    uint64_t blocks = 0;
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK, ++blocks) {
        if (pass->until_wrong && counts->wrong_sequences > 0)
            break;
        open_block(&b, &p, pass, state, first);
        forward_block(&b, &p, pass, first);
        measure_block(next_partial(partials, 2, blocks), counts, &b, settings->loss);
        push(partials, 2, blocks);
        copy_out(outputs->y, b.y, &b, first, b.O);
        copy_out(outputs->z, b.z, &b, first, b.O);
        copy_out(outputs->h, b.h, &b, first, b.H);
        if (state != NULL)
            memcpy(state + first * b.H, b.h, b.S * b.H * sizeof *state);
    }
    collapse(partials, 2, blocks);
    memcpy(metrics, partials, 2 * sizeof(real));
}

#define OPERATIONS_(bits, variant) tiled_##bits##_##variant
#define OPERATIONS(bits, variant) OPERATIONS_(bits, variant)
extern const struct network_operations OPERATIONS(CARRYNET_REAL_BITS, C_VARIANT);
const struct network_operations OPERATIONS(CARRYNET_REAL_BITS, C_VARIANT) = {
    .scratch_bytes = scratch_bytes,
    .gradient = gradient,
    .forward = forward,
    .update = update_network,
};
