/*
 * The expected results of each kernel (launch_checks.h): problems, blocks, partial sums, sums, factors, moments,
 * weights, from the reference, which advances launch by launch. Arguments are numbered as in the kernels.
 */
#include "conformance/launch_checks.h"
#include "kernels/layout.h"
#include "model/optimizer.h"
#include "platform/platform.h"
#include <string.h>

/* What launch_expect hands around. */
struct expected {
    struct launch_checks *checks;
    struct witness *w;
    const struct opencl_record *record;
    const struct carrynet_pass *pass; /* of launches that have one */
    carrynet_status status;
};

/* Adds a check; NULL once anything has failed, so that one test at the end is enough. */
static struct launch_check *add(struct expected *e, struct launch_check like)
{
    struct launch_check *check = NULL;
    if (like.bytes == 0)
        like.bytes = like.kind == CHECK_REAL ? e->w->value : like.kind == CHECK_WORD ? 4 : 8;
    if (e->status == CARRYNET_OK)
        e->status = launch_add(&check, e->checks, &like);
    return check;
}

static size_t groups(const struct opencl_record *record)
{
    return record->items / record->group;
}

/* ---- problems -------------------------------------------------------------------------------------------------- */

/* Words [blocks][words][64 or fewer] of a network's batch, made at `offset`, in blocks `block` words apart. */
static void expect_words(struct expected *e, size_t argument, uint64_t offset, const uint32_t *given, size_t words,
                         const char *tensor, size_t sequences)
{
    for (size_t first = 0; first < sequences; first += CARRYNET_BLOCK) {
        const size_t S = sequences - first < CARRYNET_BLOCK ? sequences - first : CARRYNET_BLOCK;
        struct launch_check *check = add(e, (struct launch_check){.operation = "generation of the problems",
                                                                  .tensor = tensor,
                                                                  .axes = {"word", "problem"},
                                                                  .base = {0, first},
                                                                  .offset = offset + first * words,
                                                                  .count = {words, S},
                                                                  .stride = {CARRYNET_BLOCK, 1},
                                                                  .argument = argument,
                                                                  .kind = CHECK_WORD});
        for (size_t i = 0; i < words * S && check != NULL; ++i)
            memcpy(check->expected + 4 * i, &given[(first + i % S) * words + i / S], 4);
    }
}

/* The problems of a network, made in part `part` of what is staged. */
static void expect_problems(struct expected *e, size_t argument, size_t network, size_t part)
{
    const carrynet_batch *batch = witness_batch(e->w, network);
    const struct carrynet_pass *pass = e->pass;
    e->checks->network = (uint32_t)network;
    expect_words(e, argument, pass->first_symbol + part * pass->symbol_stride, batch->symbols, batch->symbol_words,
                 "symbols", batch->sequences);
    expect_words(e, argument, pass->first_target + part * pass->target_stride, batch->targets, batch->target_words,
                 "targets", batch->sequences);
}

/* ---- blocks, partial sums, sums --------------------------------------------------------------------------------------- */

/* A block of a network, as a worker left it in its scratch. */
static void expect_block(struct expected *e, const struct scratch_layout *layout, size_t argument, uint64_t base,
                         size_t network, uint64_t first)
{
    const uint64_t sequences = witness_batch(e->w, network)->sequences;
    const uint64_t S = sequences - first < CARRYNET_BLOCK ? sequences - first : CARRYNET_BLOCK;
    struct reference_trace trace = {0};
    e->checks->network = (uint32_t)network;
    if (e->status == CARRYNET_OK)
        e->status = witness_trace(&trace, e->w, network, (size_t)first, (size_t)S);
    if (e->status == CARRYNET_OK)
        e->status = launch_expect_block(e->checks, e->w, &trace, layout, argument, base, first, S);
    witness_trace_free(&trace);
}

/* The last block (CPU rows, GPU) or lanes of blocks that a worker ran of a network's sequences first, ..., end - 1. */
static void expect_last_blocks(struct expected *e, const struct scratch_layout *layout, size_t argument, size_t worker,
                               size_t network, uint64_t first, uint64_t end)
{
    const uint64_t blocks = (end - first + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK,
                   base = worker * e->pass->scratch_stride;
    const uint64_t interleaved = e->record->blocks_interleaved ? e->record->lanes : 1,
                   start = (blocks - 1) / interleaved * interleaved;
    for (uint64_t b = start; b < blocks; ++b)
        expect_block(e, layout, argument, base + b - start, network, first + b * CARRYNET_BLOCK);
}

/* What a partial sum's value number i is: a part of the parameters, or a metric. */
static void expect_partial(struct expected *e, size_t argument, uint64_t offset, const char *operation,
                           const char *partial, bool metrics_alone)
{
    static const char *const parts[] = {"sum of dw_xh", "sum of dw_hh", "sum of dw_hy", "sum of db_h", "sum of db_y"};
    const size_t value = e->w->value;
    uint64_t at = 0;
    for (int p = 0; p <= CARRYNET_B_Y && !metrics_alone; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&e->w->settings.shape, (carrynet_parameter)p);
        if (tensor.size == 0)
            continue;
        struct launch_check *check = add(e, (struct launch_check){.operation = operation,
                                                                  .tensor = parts[p],
                                                                  .axes = {"element"},
                                                                  .offset = offset + tensor.offset,
                                                                  .count = {tensor.size},
                                                                  .stride = {1},
                                                                  .argument = argument});
        if (check != NULL)
            memcpy(check->expected, partial + tensor.offset * value, tensor.size * value);
        at = tensor.offset + tensor.size;
    }
    for (int i = 0; i < 2; ++i) {
        struct launch_check *check =
            add(e, (struct launch_check){.operation = strcmp(operation, "reduction tree") == 0 ? operation : "metrics",
                                         .tensor = i == 0 ? "loss" : "absolute error",
                                         .offset = offset + at + (uint64_t)i,
                                         .argument = argument});
        if (check != NULL)
            memcpy(check->expected, partial + (at + (uint64_t)i) * value, value);
    }
}

static void expect_counts(struct expected *e, size_t argument, uint64_t offset, const struct reference_counts *counts)
{
    struct launch_check *check = add(e, (struct launch_check){.operation = "metrics",
                                                              .tensor = "wrong bits, wrong sequences",
                                                              .axes = {"number"},
                                                              .offset = offset,
                                                              .count = {2},
                                                              .stride = {1},
                                                              .argument = argument,
                                                              .kind = CHECK_COUNT});
    if (check == NULL)
        return;
    memcpy(check->expected, &counts->wrong_bits, 8);
    memcpy(check->expected + 8, &counts->wrong_sequences, 8);
}

/* Where item `item` of a pass, a chunk of a network, begins and ends. */
static void chunk_of(const struct carrynet_pass *pass, uint64_t item, size_t *network, uint64_t *first, uint64_t *end)
{
    const uint64_t length = (uint64_t)pass->chunk_blocks * CARRYNET_BLOCK;
    *network = (size_t)(item / pass->chunks);
    *first = item % pass->chunks * length;
    *end = *first + length < pass->sequences ? *first + length : pass->sequences;
}

/* The partial sums and counts of chunks first, ..., end - 1. */
static void expect_chunks(struct expected *e, size_t argument, uint64_t first_item, uint64_t end_item)
{
    const struct carrynet_pass *pass = e->pass;
    char *partial = NULL;
    size_t network;
    uint64_t first, end;
    if (e->status == CARRYNET_OK)
        e->status = sys_allocate(&partial, e->w->trained + 2, e->w->value);
    for (uint64_t item = first_item; item < end_item && e->status == CARRYNET_OK; ++item) {
        struct reference_counts counts = {0};
        chunk_of(pass, item, &network, &first, &end);
        e->checks->network = (uint32_t)network;
        witness_partial(e->w, network, (size_t)first, (size_t)(end - first), partial, &counts);
        expect_partial(e, argument, item * pass->partial_stride, "reduction tree in a chunk", partial, false);
        expect_counts(e, argument + 1, 2 * item, &counts);
    }
    sys_free(partial);
}

static void expect_gradient(struct expected *e)
{
    const struct carrynet_pass *pass = e->pass;
    const struct scratch_layout layout = launch_layout(e->w, e->record, pass, e->record->blocks_interleaved);
    const uint64_t items = (uint64_t)pass->networks * pass->chunks, workers = groups(e->record);
    size_t network;
    uint64_t first, end;
    /* A worker's scratch shows the last of its items. */
    for (uint64_t g = 0; g < workers && g < items; ++g) {
        chunk_of(pass, g + (items - 1 - g) / workers * workers, &network, &first, &end);
        expect_last_blocks(e, &layout, 3, (size_t)g, network, first, end);
    }
    expect_chunks(e, 4, 0, items);
    if (e->status == CARRYNET_OK)
        witness_sums(e->w);
}

/* Of the two stages: what a launch works on, tasks first_task, ..., *end - 1. */
static void expect_deltas(struct expected *e, uint64_t groups_a_slot)
{
    const struct carrynet_pass *pass = e->pass;
    const struct scratch_layout layout = launch_layout(e->w, e->record, pass, false);
    const uint64_t slots = groups(e->record) / groups_a_slot;
    for (uint64_t slot = 0; slot < slots; ++slot) {
        size_t network;
        uint64_t first, end;
        chunk_of(pass, pass->first_task + slot, &network, &first, &end);
        first += (uint64_t)pass->chunk_block * CARRYNET_BLOCK;
        if (first < end)
            expect_block(e, &layout, 4, slot * pass->scratch_stride, network, first);
    }
}

static void expect_stage_sums(struct expected *e, uint64_t groups_a_slot)
{
    const struct carrynet_pass *pass = e->pass;
    const uint64_t slots = groups(e->record) / groups_a_slot, end = pass->first_task + slots;
    if (pass->chunk_block + 1 < pass->chunk_blocks)
        return;
    expect_chunks(e, 3, pass->first_task, end);
    if (end == (uint64_t)pass->networks * pass->chunks && e->status == CARRYNET_OK)
        witness_sums(e->w);
}

/* The sums of all networks, from argument `sums` on, and their counts. */
static void expect_sums(struct expected *e, size_t sums, uint64_t stride, bool metrics_alone)
{
    const struct witness *w = e->w;
    for (size_t n = 0; n < w->settings.networks; ++n) {
        e->checks->network = (uint32_t)n;
        expect_partial(e, sums, n * stride, "reduction tree", w->sums + n * (w->trained + 2) * w->value, metrics_alone);
        expect_counts(e, sums + 1, 2 * n, &w->counts[n]);
    }
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

/* Adds an output of one network, [steps][sequences][n] of the buffer's [sequences][steps][n]. */
static void expect_output(struct expected *e, const char *operation, const char *tensor, size_t argument,
                          size_t network, const char *values, uint64_t n)
{
    const uint64_t S = e->pass->sequences, T = e->pass->steps;
    struct launch_check *check =
        add(e, (struct launch_check){.operation = operation,
                                     .tensor = tensor,
                                     .axes = {"step", "sequence", tensor[0] == 'h' ? "unit" : "output"},
                                     .offset = network * S * T * n,
                                     .count = {T, S, n},
                                     .stride = {n, T * n, 1},
                                     .argument = argument});
    for (uint64_t i = 0; i < T * S && check != NULL; ++i)
        memcpy(check->expected + i * n * e->w->value, values + (i % S * T + i / S) * n * e->w->value,
               (size_t)n * e->w->value);
}

static void expect_forward(struct expected *e, struct launch_place *place)
{
    struct witness *w = e->w;
    const struct carrynet_pass *pass = e->pass;
    const uint64_t S = pass->sequences, T = pass->steps, H = w->settings.shape.hidden, O = w->settings.shape.outputs;
    char *y = NULL, *z = NULL, *h = NULL, *state = NULL, metrics[2 * sizeof(double)];
    struct reference_counts counts;
    e->status = sys_allocate(&y, S * T, O * w->value);
    if (e->status == CARRYNET_OK)
        e->status = sys_allocate(&z, S * T, O * w->value);
    if (e->status == CARRYNET_OK)
        e->status = sys_allocate(&h, S * T, H * w->value);
    if (e->status == CARRYNET_OK)
        e->status = sys_allocate(&state, S, H * w->value);
    for (size_t n = 0; n < w->settings.networks && e->status == CARRYNET_OK; ++n) {
        const struct reference_outputs outputs = {y, z, h, state};
        e->checks->network = (uint32_t)n;
        if (place->resume)
            memcpy(state, place->start + n * S * H * w->value, (size_t)(S * H * w->value));
        witness_forward(w, &outputs, metrics, &w->counts[n], n, 0, (size_t)S, place->resume);
        /* The metrics stand where expect_partial looks for them. */
        memcpy(w->sums + n * (w->trained + 2) * w->value, metrics, 2 * w->value);
        expect_output(e, "forward step", "h", 8, n, h, H);
        expect_output(e, "logits", "z", 7, n, z, O);
        expect_output(e, "sigmoid of the logits", "y", 6, n, y, O);
        struct launch_check *check = add(e, (struct launch_check){.operation = "forward step",
                                                                  .tensor = "state",
                                                                  .axes = {"sequence", "unit"},
                                                                  .offset = n * S * H,
                                                                  .count = {S, H},
                                                                  .stride = {H, 1},
                                                                  .argument = 9});
        if (check != NULL)
            memcpy(check->expected, state, (size_t)(S * H * w->value));
        for (uint64_t c = 0; c < pass->chunks && e->status == CARRYNET_OK; ++c) {
            const uint64_t item = n * pass->chunks + c;
            size_t network;
            uint64_t first, end;
            chunk_of(pass, item, &network, &first, &end);
            const struct reference_outputs none = {.state = state};
            if (place->resume)
                memcpy(state, place->start + (n * S + first) * H * w->value, (size_t)((end - first) * H * w->value));
            witness_forward(w, &none, metrics, &counts, n, (size_t)first, (size_t)(end - first), place->resume);
            expect_partial(e, 4, item * pass->partial_stride, "metrics", metrics, true);
            expect_counts(e, 5, 2 * item, &counts);
        }
    }
    sys_free(y);
    sys_free(z);
    sys_free(h);
    sys_free(state);
}

/* ---- updates --------------------------------------------------------------------------------------------------- */

static void expect_factors(struct expected *e, size_t argument)
{
    struct launch_check *check = add(e, (struct launch_check){.operation = "clipping",
                                                              .tensor = "factor",
                                                              .axes = {"network"},
                                                              .count = {e->w->settings.networks},
                                                              .stride = {1},
                                                              .argument = argument});
    if (check != NULL)
        memcpy(check->expected, e->w->factors, e->w->settings.networks * e->w->value);
}

/* Moments and weights, arguments `weights`, ..., weights + 2, rows `stride` apart. */
static void expect_update(struct expected *e, size_t weights, uint64_t stride)
{
    const struct witness *w = e->w;
    const carrynet_optimizer optimizer = w->settings.optimizer;
    const bool present[] = {net_first_moment(optimizer), net_second_moment(optimizer), true};
    static const char *const tensors[] = {"first moment", "second moment", "weights"};
    for (size_t i = 0; i < 3; ++i) {
        const size_t size = i == 2 ? w->size : w->trained;
        if (!present[i])
            continue;
        struct launch_check *check = add(e, (struct launch_check){.operation = "update",
                                                                  .tensor = tensors[i],
                                                                  .axes = {"network", "parameter"},
                                                                  .count = {w->settings.networks, size},
                                                                  .stride = {stride, 1},
                                                                  .argument = i == 2 ? weights : weights + 1 + i});
        if (check != NULL)
            memcpy(check->expected, i == 2 ? w->parameters : w->moments[i], w->settings.networks * size * w->value);
    }
}

/* The problems of a worker's lane-interleaved networks, [words][64] vectors of a network a lane. */
static void expect_words_interleaved(struct expected *e, const char *tensor, uint64_t offset, const uint32_t *given,
                                     size_t words, size_t first, size_t S)
{
    const uint64_t L = e->record->lanes;
    struct launch_check *check = add(e, (struct launch_check){.operation = "generation of the problems",
                                                              .tensor = tensor,
                                                              .axes = {"word", "problem"},
                                                              .base = {0, first},
                                                              .offset = offset,
                                                              .count = {words, S},
                                                              .stride = {CARRYNET_BLOCK * L, L},
                                                              .argument = 10,
                                                              .kind = CHECK_WORD});
    for (size_t i = 0; i < words * S && check != NULL; ++i)
        memcpy(check->expected + 4 * i, &given[(first + i % S) * words + i / S], 4);
}

/* The last block of the networks that a worker trained last, a network a lane. */
static void expect_networks(struct expected *e, size_t worker)
{
    const struct carrynet_pass *pass = e->pass;
    const uint64_t L = e->record->lanes, N = pass->networks, groups_of_lanes = (N + L - 1) / L,
                   workers = groups(e->record);
    const struct scratch_layout layout = launch_layout(e->w, e->record, pass, true);
    const uint64_t group_of_lanes = worker + (groups_of_lanes - 1 - worker) / workers * workers;
    const uint64_t first = (pass->sequences - 1) / CARRYNET_BLOCK * CARRYNET_BLOCK, S = pass->sequences - first;
    for (uint64_t lane = 0; lane < L && group_of_lanes * L + lane < N; ++lane) {
        const size_t network = (size_t)(group_of_lanes * L + lane);
        const carrynet_batch *batch = witness_batch(e->w, network);
        const uint64_t base = worker * pass->scratch_stride + lane;
        e->checks->network = (uint32_t)network;
        const uint64_t scratch = worker * pass->scratch_stride, words = e->w->value / 4; /* of a real */
        expect_words_interleaved(e, "symbols", (scratch + layout.symbols) * words + lane, batch->symbols,
                                 batch->symbol_words, (size_t)first, (size_t)S);
        expect_words_interleaved(e, "targets", (scratch + layout.targets) * words + lane, batch->targets,
                                 batch->target_words, (size_t)first, (size_t)S);
        expect_block(e, &layout, 10, base, network, first);
    }
}

/* Whole updates in one launch: what the last of them left. */
static void expect_fused(struct expected *e, struct launch_place *place, const carrynet_source *source)
{
    struct witness *w = e->w;
    const bool lanes = e->record->id == OPENCL_NETWORKS;
    const uint64_t workers = groups(e->record), N = w->settings.networks, L = lanes ? e->record->lanes : 1;
    const struct carrynet_step *step = e->record->arguments[1].value;
    uint32_t updates;
    memcpy(&updates, e->record->arguments[2].value, sizeof updates);
    for (uint32_t u = 0; u < updates && e->status == CARRYNET_OK; ++u, ++place->update) {
        e->status = witness_problems(w, source, place->update);
        if (e->status != CARRYNET_OK)
            return;
        witness_sums(w);
        if (u + 1 == updates)
            for (uint64_t g = 0; g < workers && g * L < N; ++g) {
                if (lanes) {
                    expect_networks(e, (size_t)g);
                } else {
                    const size_t network = (size_t)(g + (N - 1 - g) / workers * workers);
                    const struct scratch_layout layout =
                        launch_layout(w, e->record, e->pass, e->record->blocks_interleaved);
                    expect_problems(e, 3, network, (size_t)g);
                    expect_last_blocks(e, &layout, 11, (size_t)g, network, 0, e->pass->sequences);
                }
            }
        if (u + 1 == updates)
            expect_sums(e, lanes ? 11 : 12, e->pass->partial_stride, false);
        witness_update(w, place->update);
    }
    if (updates == 0)
        return;
    if (!lanes && step->clipped)
        expect_factors(e, 14);
    expect_update(e, 7, step->parameter_stride);
    if (!lanes && e->status == CARRYNET_OK)
        e->status = launch_expect_packed(e->checks, w, e->record, 10);
}

/* ---- all kernels ------------------------------------------------------------------------------------------------ */

carrynet_status launch_expect(struct launch_checks *checks, struct witness *w, struct launch_place *place,
                              const struct opencl_record *record, const carrynet_source *source)
{
    struct expected e = {checks, w, record, record->arguments[0].value, CARRYNET_OK};
    const struct carrynet_step *step = record->arguments[0].value;
    switch (record->id) {
    case OPENCL_PACK:
        return launch_expect_packed(checks, w, record, 2);
    case OPENCL_GENERATE:
        e.status = witness_problems(w, source, place->update);
        for (size_t n = 0; n < w->settings.networks && e.status == CARRYNET_OK; ++n)
            expect_problems(&e, 2, n, n);
        break;
    case OPENCL_GRADIENT:
        expect_gradient(&e);
        break;
    case OPENCL_DELTAS:
        expect_deltas(&e, record->groups_a_slot);
        break;
    case OPENCL_SUMS:
        expect_stage_sums(&e, record->groups_a_slot);
        break;
    case OPENCL_FORWARD:
        expect_forward(&e, place);
        break;
    case OPENCL_REDUCE:
        expect_sums(&e, 3, step->partial_stride, place->phase == PASS_FORWARD);
        break;
    case OPENCL_CLIP:
        witness_factors(w);
        expect_factors(&e, 3);
        break;
    case OPENCL_APPLY:
        witness_update(w, place->update++);
        expect_update(&e, 5, step->parameter_stride);
        break;
    case OPENCL_TRAIN:
    case OPENCL_NETWORKS:
        expect_fused(&e, place, source);
        break;
    case OPENCL_ADMIT:
    case OPENCL_ADMIT_RECIPROCAL:
    case OPENCL_PEAK:
    case OPENCL_KERNELS:
        break;
    }
    return e.status;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

uint64_t launch_bits(const char *value, size_t bytes, enum check_kind kind, bool *nan)
{
    uint64_t bits = 0;
    uint32_t single = 0;
    if (bytes == 4) {
        memcpy(&single, value, 4);
        *nan = kind == CHECK_REAL && (single & 0x7fffffffu) > 0x7f800000u;
        return *nan ? 0x7fc00000u : single;
    }
    memcpy(&bits, value, 8);
    *nan = kind == CHECK_REAL && (bits & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
    return *nan ? 0x7ff8000000000000u : bits;
}

size_t launch_at(const struct launch_check *c, const uint64_t index[3])
{
    return (size_t)(c->offset + index[0] * c->stride[0] + index[1] * c->stride[1] + index[2] * c->stride[2]) * c->bytes;
}

size_t launch_expected_at(const struct launch_check *c, const uint64_t index[3])
{
    return (size_t)((index[0] * c->count[1] + index[1]) * c->count[2] + index[2]) * c->bytes;
}

bool launch_differs(size_t *check, uint64_t index[3], const struct launch_checks *checks,
                    const struct opencl_record *record)
{
    for (size_t i = 0; i < checks->count; ++i) {
        const struct launch_check *c = &checks->all[i];
        const char *given = record->arguments[c->argument].after;
        bool nan;
        for (index[0] = 0; index[0] < c->count[0]; ++index[0])
            for (index[1] = 0; index[1] < c->count[1]; ++index[1])
                for (index[2] = 0; index[2] < c->count[2]; ++index[2])
                    if (launch_bits(given + launch_at(c, index), c->bytes, c->kind, &nan) !=
                        launch_bits(c->expected + launch_expected_at(c, index), c->bytes, c->kind, &nan)) {
                        *check = i;
                        return true;
                    }
    }
    return false;
}
