/*
 * From blocks to batches: cuts a batch into blocks of 64, runs them, and joins their sums as a binary counter carries
 * (kernels/ARITHMETIC.md 5). Also the table of this variant's loops.
 */
#include "reference/loops/loops.h"
#include <string.h>

static size_t gradient_size(const carrynet_settings *settings)
{
    return carrynet_shape_trained(&settings->shape) + 2;
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Lays the arrays of a block out in scratch, or with scratch NULL only counts their bytes; the node stack follows. */
static size_t lay_out(struct block *b, real **nodes, char *scratch, const carrynet_settings *settings, size_t steps,
                      size_t sequences)
{
    size_t at = 0;
    const size_t rows = sequences < BLOCK ? sequences : BLOCK;
    const size_t H = settings->shape.hidden, O = settings->shape.outputs, I = settings->shape.inputs;
    *b = (struct block){.T = steps, .I = I, .H = H, .O = O};
#define TAKE(pointer, count)                                                                                           \
    do {                                                                                                               \
        pointer = scratch == NULL ? NULL : (void *)(scratch + at);                                                     \
        at += rounded((count) * sizeof *(pointer));                                                                    \
    } while (0)
    TAKE(b->symbol, steps * rows);
    TAKE(b->target, steps * rows);
    TAKE(b->h, (steps + 1) * rows * H);
    TAKE(b->z, steps * rows * O);
    TAKE(b->y, steps * rows * O);
    TAKE(b->dy, steps * rows * O);
    TAKE(b->dh, 2 * rows * H);
    TAKE(b->row, ((size_t)1 << I) * H);
    TAKE(b->w_hh_transposed, H * H);
    TAKE(*nodes, LEVELS * gradient_size(settings));
#undef TAKE
    return at;
}

static struct parameters by_name(const real *values, const carrynet_shape *shape)
{
    const real *p[CARRYNET_PARAMETERS];
    for (int i = 0; i < CARRYNET_PARAMETERS; ++i) {
        const carrynet_place place = carrynet_shape_place(shape, (carrynet_parameter)i);
        p[i] = place.size > 0 ? values + place.offset : NULL;
    }
    return (struct parameters){p[CARRYNET_W_XH], p[CARRYNET_W_HH], p[CARRYNET_W_HY],
                               p[CARRYNET_B_H],  p[CARRYNET_B_Y],  p[CARRYNET_H_0]};
}

/* Symbol or target number t of a packed sequence. */
static uint32_t unpacked(const uint32_t *words, size_t bits, size_t t)
{
    const size_t per_word = 32 / bits;
    return words[t / per_word] >> (bits * (t % per_word)) & ((1u << bits) - 1);
}

/* Reads sequences first, ..., first + S - 1 of the pass into the block, and their h[0]. */
static void open_block(struct block *b, const struct parameters *p, const struct reference_pass *pass,
                       const real *state, size_t first)
{
    b->S = pass->sequences - first < BLOCK ? pass->sequences - first : BLOCK;
    b->start = pass->resume || p->h_0 != NULL;
    for (size_t s = 0; s < b->S; ++s) {
        for (size_t t = 0; t < b->T; ++t) {
            b->symbol[t * b->S + s] = unpacked(pass->symbols + (first + s) * pass->symbol_words, b->I, t);
            b->target[t * b->S + s] = unpacked(pass->targets + (first + s) * pass->target_words, b->O, t);
        }
        const real *start = pass->resume ? state + (first + s) * b->H : p->h_0;
        for (size_t j = 0; j < b->H; ++j)
            b->h[s * b->H + j] = start != NULL ? start[j] : 0;
    }
}

/* Where the node of the next block is made. */
static real *next_node(real *nodes, size_t size, uint64_t blocks)
{
    for (uint64_t n = blocks; n > 0; n >>= 1)
        nodes += (n & 1) * size;
    return nodes;
}

/*
 * The tree: a stack of nodes, each of `size` values, where the node of level l is present if bit l of the number of
 * blocks is set. The new block lies on top (behind the last node); it joins as long as the bit is set.
 */
static void push(real *nodes, size_t size, uint64_t blocks_before)
{
    real *top = next_node(nodes, size, blocks_before);
    for (uint64_t n = blocks_before; n & 1; n >>= 1, top -= size)
        for (size_t i = 0; i < size; ++i)
            (top - size)[i] += top[i];
}

/* Joins what remains, from the smallest level up, into nodes[0]. */
static void collapse(real *nodes, size_t size, uint64_t blocks)
{
    for (real *top = next_node(nodes, size, blocks) - size; top > nodes; top -= size)
        for (size_t i = 0; i < size; ++i)
            (top - size)[i] += top[i];
}

static size_t scratch_bytes(const carrynet_settings *settings, size_t steps, size_t sequences)
{
    struct block block;
    real *nodes;
    return lay_out(&block, &nodes, NULL, settings, steps, sequences);
}

static void gradient(void *node, struct reference_counts *counts, const void *values, const carrynet_settings *settings,
                     const struct reference_pass *pass, void *scratch)
{
    struct block b;
    real *nodes;
    (void)lay_out(&b, &nodes, scratch, settings, pass->steps, pass->sequences);
    const struct parameters p = by_name(values, &settings->shape);
    const size_t size = gradient_size(settings);
    uint64_t blocks = 0;
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK, ++blocks) {
        real *mine = next_node(nodes, size, blocks);
        open_block(&b, &p, pass, NULL, first);
        forward_block(&b, &p, pass, first);
        measure_block(mine + size - 2, counts, &b, settings->loss);
        backward_block(mine, &b, &p, settings->loss);
        push(nodes, size, blocks);
    }
    collapse(nodes, size, blocks);
    memcpy(node, nodes, size * sizeof(real));
}

/* Copies [T][S][n] values of a block to [sequences][T][n]. */
static void copy_out(real *out, const real *in, const struct block *b, size_t first, size_t n)
{
    for (size_t t = 0; out != NULL && t < b->T; ++t)
        for (size_t s = 0; s < b->S; ++s)
            memcpy(out + ((first + s) * b->T + t) * n, in + (t * b->S + s) * n, n * sizeof *out);
}

static void forward(const struct reference_outputs *outputs, void *metrics, struct reference_counts *counts,
                    const void *values, const carrynet_settings *settings, const struct reference_pass *pass,
                    void *scratch)
{
    struct block b;
    real *nodes, *state = outputs->state;
    (void)lay_out(&b, &nodes, scratch, settings, pass->steps, pass->sequences);
    const struct parameters p = by_name(values, &settings->shape);
    uint64_t blocks = 0;
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK, ++blocks) {
        open_block(&b, &p, pass, state, first);
        forward_block(&b, &p, pass, first);
        measure_block(next_node(nodes, 2, blocks), counts, &b, settings->loss);
        push(nodes, 2, blocks);
        copy_out(outputs->y, b.y, &b, first, b.O);
        copy_out(outputs->z, b.z, &b, first, b.O);
        copy_out(outputs->h, b.h + b.S * b.H, &b, first, b.H);
        if (state != NULL)
            memcpy(state + first * b.H, b.h + b.T * b.S * b.H, b.S * b.H * sizeof *state);
    }
    collapse(nodes, 2, blocks);
    memcpy(metrics, nodes, 2 * sizeof(real));
}

#define LOOPS_TABLE_(bits, variant) reference_##bits##_##variant
#define LOOPS_TABLE(bits, variant) LOOPS_TABLE_(bits, variant)
extern const struct reference_loops LOOPS_TABLE(CARRYNET_REAL_BITS, REFERENCE_VARIANT);
const struct reference_loops LOOPS_TABLE(CARRYNET_REAL_BITS, REFERENCE_VARIANT) = {
    .scratch_bytes = scratch_bytes,
    .gradient = gradient,
    .forward = forward,
    .update = update_network,
    .peak = run_peak,
    .start_vectors = compute_start_vectors,
};
