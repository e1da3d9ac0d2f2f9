/*
 * Passes of the reference over a batch: cuts it into blocks of 64 sequences, has training_step.c compute each, and sums them by the
 * reduction tree. Also what one block computes on its way (a trace), and the table of this precision's and variant's functions.
 */
#include "reference/formulas/training_step.h"
#include <string.h>

static const real zero = REAL(0x0p0);

/* Scratch of a pass, in the order of carve: a block's sequences, then what their sums take. */
struct workspace {
    struct sequence sequence[BLOCK]; /* as many as the pass holds at once */
    real *w_hh_transposed;           /* [H][H] */
    real *bucket;                    /* [2^I][H] */
    real *partial;                   /* [size]: a block's sums, its loss and absolute error last */
    struct tree tree;
};

/* The next array of `bytes`, from *at on; NULL, and only counted, where there is no scratch. */
static void *carve(char *scratch, uint64_t *at, uint64_t bytes)
{
    void *array = scratch != NULL ? scratch + (size_t)*at : NULL;
    *at += (bytes + 63) / 64 * 64;
    return array;
}

static size_t levels_of(size_t sequences)
{
    size_t levels = 1;
    for (size_t blocks = (sequences + BLOCK - 1) / BLOCK; blocks > 1; blocks /= 2)
        ++levels;
    return levels;
}

/* Lays the arrays out in scratch and returns their bytes. A gradient holds a block at once, a forward pass one sequence. */
static uint64_t lay_out(struct workspace *w, char *scratch, const carrynet_settings *settings, size_t T,
                        size_t sequences, bool trains)
{
    const size_t I = settings->shape.inputs, H = settings->shape.hidden, O = settings->shape.outputs;
    const size_t at_once = !trains ? 1 : sequences < BLOCK ? sequences : BLOCK;
    const size_t size = (trains ? carrynet_shape_trained(&settings->shape) : 0) + 2;
    uint64_t at = 0;
    for (size_t s = 0; s < at_once; ++s)
        w->sequence[s] = (struct sequence){
            .symbol = carve(scratch, &at, (uint64_t)T * sizeof(uint32_t)),
            .target = carve(scratch, &at, (uint64_t)T * sizeof(uint32_t)),
            .h = carve(scratch, &at, (uint64_t)(T + 1) * H * sizeof(real)),
            .z = carve(scratch, &at, (uint64_t)T * O * sizeof(real)),
            .y = carve(scratch, &at, (uint64_t)T * O * sizeof(real)),
            .dy = trains ? carve(scratch, &at, (uint64_t)T * O * sizeof(real)) : NULL,
            .dh = trains ? carve(scratch, &at, (uint64_t)T * H * sizeof(real)) : NULL,
        };
    w->w_hh_transposed = trains ? carve(scratch, &at, (uint64_t)H * H * sizeof(real)) : NULL;
    w->bucket = trains ? carve(scratch, &at, (uint64_t)((size_t)H << I) * sizeof(real)) : NULL;
    w->partial = carve(scratch, &at, (uint64_t)size * sizeof(real));
    w->tree = (struct tree){.levels = carve(scratch, &at, (uint64_t)levels_of(sequences) * size * sizeof(real)),
                            .size = size};
    return at;
}

/* Views of parameters in file order: w_xh, w_hh, w_hy, b_h, b_y, h_0. */
static struct network view(const void *parameters, const carrynet_shape *shape)
{
    const size_t I = shape->inputs, H = shape->hidden, O = shape->outputs;
    struct network n = {.I = I, .H = H, .O = O, .w_xh = parameters};
    n.w_hh = n.w_xh + I * H;
    n.w_hy = n.w_hh + H * H;
    const real *rest = n.w_hy + H * O;
    n.b_h = shape->bias ? rest : NULL;
    n.b_y = shape->bias ? rest + H : NULL;
    n.h_0 = shape->initial_state ? rest + (shape->bias ? H + O : 0) : NULL;
    return n;
}

/* Symbols or targets of T steps, `bits` each, floor(32 / bits) to a word, lowest first (section 6). */
static void unpack(uint32_t *out /* [T] */, const uint32_t *words, size_t bits, size_t T)
{
    const size_t per_word = 32 / bits;
    for (size_t t = 0; t < T; ++t)
        out[t] = words[t / per_word] >> (t % per_word * bits) & ((1u << bits) - 1);
}

/* Reads sequence s of the pass and its h[0]: from state [sequences][H] where that is given, else h_0, else zeros. */
static void read_sequence(struct sequence *q, size_t s, const struct network *n, const struct net_pass *pass,
                          const real *state)
{
    const real *start = state != NULL ? state + s * n->H : n->h_0;
    unpack(q->symbol, pass->symbols + s * pass->symbol_words, n->I, pass->steps);
    unpack(q->target, pass->targets + s * pass->target_words, n->O, pass->steps);
    q->has_start = start != NULL;
    for (size_t j = 0; j < n->H; ++j)
        q->h[j] = start != NULL ? start[j] : zero;
}

static void transpose(real *out /* [H][H] */, const real *in /* [H][H] */, size_t H)
{
    for (size_t k = 0; k < H; ++k)
        for (size_t j = 0; j < H; ++j)
            out[k * H + j] = in[j * H + k];
}

/* Adds a sequence's metrics to those of its block, and counts. */
static void add_metrics(real metrics[2], struct reference_counts *counts, const struct sequence *q,
                        const struct network *n, carrynet_loss loss, size_t T)
{
    real mine[2];
    const uint64_t wrong = sequence_measure(mine, q, n->O, loss, T);
    metrics[0] += mine[0];
    metrics[1] += mine[1];
    counts->wrong_bits += wrong;
    counts->wrong_sequences += wrong > 0;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Sequences first, ..., first + S - 1 forward and back; w->partial becomes their block's sums. */
static void run_block(struct workspace *w, struct reference_counts *counts, size_t first, size_t S,
                      const struct network *n, const carrynet_settings *settings, const struct net_pass *pass)
{
    real *metrics = w->partial + w->tree.size - 2;
    metrics[0] = metrics[1] = zero;
    for (size_t s = 0; s < S; ++s) {
        read_sequence(&w->sequence[s], first + s, n, pass, NULL);
        sequence_forward(&w->sequence[s], pass->first_sequence + first + s, n, pass);
        add_metrics(metrics, counts, &w->sequence[s], n, settings->loss, pass->steps);
        sequence_backward(&w->sequence[s], n, settings->loss, pass->steps);
    }
    block_gradient(w->partial, w->bucket, w->sequence, S, n, pass->steps);
}

static void gradient(void *partial, struct reference_counts *counts, const void *parameters,
                     const carrynet_settings *settings, const struct net_pass *pass, void *scratch)
{
    struct workspace w;
    struct network n = view(parameters, &settings->shape);
    (void)lay_out(&w, scratch, settings, pass->steps, pass->sequences, true);
    transpose(w.w_hh_transposed, n.w_hh, n.H);
    n.w_hh_transposed = w.w_hh_transposed;
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK) {
        run_block(&w, counts, first, smaller(pass->sequences - first, BLOCK), &n, settings, pass);
        tree_add(&w.tree, w.partial);
    }
    tree_total(partial, &w.tree);
}

/* to[s] = from, where anyone wants it. */
static void copy_out(real *to /* [sequences][count] */, size_t s, const real *from /* [count] */, size_t count)
{
    if (to != NULL)
        memcpy(to + s * count, from, count * sizeof *to);
}

static void evaluate(const struct reference_outputs *outputs, void *metrics, struct reference_counts *counts,
                     const void *parameters, const carrynet_settings *settings, const struct net_pass *pass,
                     void *scratch)
{
    struct workspace w;
    const struct network n = view(parameters, &settings->shape);
    const size_t T = pass->steps;
    (void)lay_out(&w, scratch, settings, T, pass->sequences, false);
    const struct sequence *q = &w.sequence[0];
    *counts = (struct reference_counts){0};
    for (size_t first = 0; first < pass->sequences; first += BLOCK) {
        if (pass->until_wrong && counts->wrong_sequences > 0)
            break;
        w.partial[0] = w.partial[1] = zero;
        for (size_t s = first; s < first + smaller(pass->sequences - first, BLOCK); ++s) {
            read_sequence(&w.sequence[0], s, &n, pass, pass->resume ? outputs->state : NULL);
            sequence_forward(&w.sequence[0], pass->first_sequence + s, &n, pass);
            add_metrics(w.partial, counts, q, &n, settings->loss, T);
            copy_out(outputs->y, s, q->y, T * n.O);
            copy_out(outputs->z, s, q->z, T * n.O);
            copy_out(outputs->h, s, q->h + n.H, T * n.H);
            copy_out(outputs->state, s, q->h + T * n.H, n.H);
        }
        tree_add(&w.tree, w.partial);
    }
    tree_total(metrics, &w.tree);
}

static uint64_t scratch_bytes(const carrynet_settings *settings, size_t steps, size_t sequences,
                              enum reference_keeps keeps)
{
    struct workspace w;
    return lay_out(&w, NULL, settings, steps, sequences, keeps == REFERENCE_TRAINS);
}

static uint64_t trace_bytes(const carrynet_settings *settings, size_t steps, size_t sequences)
{
    return scratch_bytes(settings, steps, sequences, REFERENCE_TRAINS);
}

/* Steps of one sequence, count values each, into an array [steps][S][count] of the whole block. */
static void spread(void *to, size_t s, size_t S, const real *from /* [steps][count] */, size_t steps, size_t count)
{
    for (size_t t = 0; t < steps; ++t)
        memcpy((real *)to + (t * S + s) * count, from + t * count, count * sizeof(real));
}

static void trace(const struct reference_trace *to, const void *parameters, const carrynet_settings *settings,
                  const struct net_pass *pass, void *scratch)
{
    struct workspace w;
    struct network n = view(parameters, &settings->shape);
    const size_t T = pass->steps, S = pass->sequences, symbols = (size_t)1 << n.I;
    real *rows = to->rows, *first = to->first;
    struct reference_counts counts = {0};
    (void)lay_out(&w, scratch, settings, T, S, true);
    transpose(w.w_hh_transposed, n.w_hh, n.H);
    n.w_hh_transposed = w.w_hh_transposed;
    run_block(&w, &counts, 0, S, &n, settings, pass);
    for (uint32_t a = 0; a < symbols; ++a)
        input_row(rows + a * n.H, a, &n);
    for (size_t i = 0; i < symbols * n.H; ++i)
        first[i] = flush(sigmoid(rows[i]));
    for (size_t s = 0; s < S; ++s) {
        spread(to->h, s, S, w.sequence[s].h, T + 1, n.H);
        spread(to->z, s, S, w.sequence[s].z, T, n.O);
        spread(to->y, s, S, w.sequence[s].y, T, n.O);
        spread(to->dy, s, S, w.sequence[s].dy, T, n.O);
        spread(to->dh, s, S, w.sequence[s].dh, T, n.H);
    }
    memcpy(to->buckets, w.bucket, symbols * n.H * sizeof(real));
    memcpy(to->partial, w.partial, w.tree.size * sizeof(real));
}

static double clip_factor(const void *sums, const carrynet_settings *settings, uint64_t sequences)
{
    return (double)norm_factor(sums, settings, (real)(0x1p0 / (double)sequences));
}

extern const struct reference REFERENCE();
const struct reference REFERENCE() = {
    .operations = {.scratch_bytes = scratch_bytes, .gradient = gradient, .forward = evaluate, .update = update_network},
    .trace_bytes = trace_bytes,
    .trace = trace,
    .clip_factor = clip_factor,
    .peak = run_peak,
    .start_vectors = compute_start_vectors,
};
