/*
 * Positions of the values of a block in the kernels' buffers, as offsets and strides: scratch and packed weights of the
 * SIMD variant, and the scratch of the SIMT variant, by kernels/layout.h.
 */
#include "conformance/launch_checks.h"
#include "kernels/layout.h"
#include "platform/platform.h"
#include <string.h>

carrynet_status launch_add(struct launch_check **out, struct launch_checks *checks, const struct launch_check *like)
{
    carrynet_status status = CARRYNET_OK;
    *out = NULL;
    if (checks->count == checks->capacity) {
        const size_t capacity = checks->capacity > 0 ? 2 * checks->capacity : 32;
        struct launch_check *more = NULL;
        status = sys_allocate(&more, capacity, sizeof *more);
        if (status != CARRYNET_OK)
            return status;
        if (checks->count > 0)
            memcpy(more, checks->all, checks->count * sizeof *more);
        sys_free(checks->all);
        checks->all = more;
        checks->capacity = capacity;
    }
    struct launch_check *check = &checks->all[checks->count];
    *check = *like;
    for (int i = 0; i < 3; ++i)
        if (check->axes[i] == NULL && check->count[i] == 0)
            check->count[i] = 1;
    check->network = checks->network;
    check->expected = NULL;
    status =
        sys_allocate(&check->expected, (size_t)(check->count[0] * check->count[1] * check->count[2]), check->bytes);
    if (status == CARRYNET_OK) {
        ++checks->count;
        *out = check;
    }
    return status;
}

void launch_checks_free(struct launch_checks *checks)
{
    for (size_t i = 0; i < checks->count; ++i)
        sys_free(checks->all[i].expected);
    sys_free(checks->all);
    *checks = (struct launch_checks){0};
}

/* ---- scratch --------------------------------------------------------------------------------------------------- */

static struct carrynet_sizes sizes_of(const carrynet_shape *shape, const struct opencl_record *record)
{
    return (struct carrynet_sizes){shape->inputs, shape->hidden, shape->outputs, record->lanes, record->gap};
}

/* simd_rows.cl */
static struct scratch_layout rows_layout(const carrynet_shape *shape, const struct opencl_record *record,
                                         const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = sizes_of(shape, record);
    const struct carrynet_rows_scratch at = carrynet_rows_scratch(&sizes, pass);
    const uint64_t C = CARRYNET_ROUNDED(shape->hidden), pitch = CARRYNET_PITCH(C), step = pass->rows * pitch;
    return (struct scratch_layout){
        .h = at.h,
        .h_step = step,
        .h_sequence = pitch,
        .h_unit = 1,
        .dy = at.dy,
        .dy_step = shape->outputs * pass->rows,
        .dy_sequence = 1,
        .dy_output = pass->rows,
        .dh = at.dh,
        .dh_step = step,
        .dh_sequence = pitch,
        .dh_unit = 1,
        .bucket = at.bucket,
        .bucket_symbol = C,
        .bucket_unit = 1,
        .dw_hh = at.dw_hh,
        .hh_row = C,
        .hh_column = 1,
        .dw_hy = at.dw_hy,
        .hy_unit = 1,
        .hy_output = C,
        .db_y = at.db_y,
        .y_output = 1,
    };
}

/* simt_gradient.cl, simt_stages.cl: no sums, which stay in registers. */
static struct scratch_layout simt_layout(const carrynet_shape *shape, const struct opencl_record *record,
                                         const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = sizes_of(shape, record);
    const struct carrynet_group_scratch at = carrynet_group_scratch(&sizes, pass);
    const uint64_t columns = CARRYNET_SIMT_COLUMNS((uint64_t)shape->hidden), step = pass->rows * columns;
    return (struct scratch_layout){
        .sums_hidden = true,
        .dh_hidden = !pass->two_stages,
        .h = at.h,
        .h_step = step,
        .h_sequence = columns,
        .h_unit = 1,
        .dy = at.dy,
        .dy_step = pass->rows * shape->outputs,
        .dy_sequence = shape->outputs,
        .dy_output = 1,
        .dh = at.dh,
        .dh_step = step,
        .dh_sequence = columns,
        .dh_unit = 1,
    };
}

/* simd_interleaved_block.cl: vectors of a block or a network a lane, so that every stride has L lanes. */
static struct scratch_layout interleaved_layout(const carrynet_shape *shape, const struct opencl_record *record,
                                                const struct carrynet_pass *pass)
{
    const struct carrynet_sizes sizes = sizes_of(shape, record);
    const struct carrynet_abreast_scratch at = carrynet_abreast_scratch(&sizes, pass);
    const uint64_t L = record->lanes, H = shape->hidden * L, O = shape->outputs * L;
    return (struct scratch_layout){
        .h = at.h,
        .h_step = CARRYNET_BLOCK * H,
        .h_sequence = H,
        .h_unit = L,
        .dy = at.dy,
        .dy_step = CARRYNET_BLOCK * O,
        .dy_sequence = O,
        .dy_output = L,
        .dh = at.dh,
        .dh_step = CARRYNET_BLOCK * H,
        .dh_sequence = H,
        .dh_unit = L,
        .bucket = at.bucket,
        .bucket_symbol = H,
        .bucket_unit = L,
        .dw_hh = at.dw_hh,
        .hh_row = H,
        .hh_column = L,
        .dw_hy = at.dw_hy,
        .hy_unit = L,
        .hy_output = H,
        .db_y = at.db_y,
        .y_output = L,
        .symbols = at.symbols,
        .targets = at.targets,
    };
}

struct scratch_layout launch_layout(const struct witness *w, const struct opencl_record *record,
                                    const struct carrynet_pass *pass, bool interleaved)
{
    return interleaved    ? interleaved_layout(&w->settings.shape, record, pass)
           : record->simd ? rows_layout(&w->settings.shape, record, pass)
                          : simt_layout(&w->settings.shape, record, pass);
}

/* ---- gaps in scratch --------------------------------------------------------------------------------------------- */

/* An array of scratch; zeroed: its gap too, with those of the sums beside it. */
struct array {
    const char *name;
    uint64_t end; /* where the next begins, behind the gap; 0: no such array */
    bool zeroed;
};

enum { ARRAYS = 24 };

/* The arrays that a launch uses, in order, name NULL after the last. */
static void arrays_of(struct array arrays[ARRAYS], const carrynet_shape *shape, const struct opencl_record *record)
{
    const struct carrynet_sizes sizes = sizes_of(shape, record);
    const struct carrynet_pass *pass = record->arguments[0].value;
    const bool learns = record->id == OPENCL_GRADIENT || record->id == OPENCL_TRAIN,
               networks = record->id == OPENCL_NETWORKS;
    if (record->id == OPENCL_FORWARD) {
        const struct carrynet_forward_scratch s = carrynet_forward_scratch(&sizes, pass);
        const struct array all[] = {{"h", s.partial, false}, {"node", s.levels, false}, {"levels", s.end, false}};
        memcpy(arrays, all, sizeof all);
    } else if (learns && !record->blocks_interleaved) {
        const struct carrynet_rows_scratch s = carrynet_rows_scratch(&sizes, pass);
        const struct array all[] = {
            {"h", s.dy, false},         {"dy", s.dh, false},       {"dh", s.bucket, false},
            {"buckets", s.dw_hh, true}, {"dw_hh", s.dw_hy, true},  {"dw_hy", s.db_y, true},
            {"db_y", s.partial, true},  {"node", s.levels, false}, {"levels", s.end, false},
        };
        memcpy(arrays, all, sizeof all);
    } else if (learns || networks) {
        const struct carrynet_abreast_scratch s = carrynet_abreast_scratch(&sizes, pass);
        const struct carrynet_blocks_rest b = carrynet_blocks_rest(&sizes, pass);
        const struct carrynet_networks_rest n = carrynet_networks_rest(&sizes, pass);
        const struct array all[] = {
            {"h", s.dy, false},          {"dy", s.dh, false},         {"dh", s.rows, false},
            {"rows", s.sigmoids, false}, {"sigmoids", s.w_hh, false}, {"w_hh", s.w_hy, false},
            {"w_hy", s.h_0, false},      {"h_0", s.b_y, false},       {"b_y", s.bucket, false},
            {"buckets", s.dw_hh, true},  {"dw_hh", s.dw_hy, true},    {"dw_hy", s.db_y, true},
            {"db_y", s.partials, true},  {"nodes", s.symbols, false}, {"symbols", s.targets, false},
            {"targets", s.rest, false},
        };
        const struct array of_blocks[] = {{"node", s.rest + b.levels, false}, {"levels", s.rest + b.end, false}};
        const struct array of_networks[] = {{"parameters", s.rest + n.first, false},
                                            {"first moments", s.rest + n.second, false},
                                            {"second moments", s.rest + n.sums, false},
                                            {"sums", s.rest + n.levels, false},
                                            {"levels", s.rest + n.end, false}};
        memcpy(arrays, all, sizeof all);
        memcpy(arrays + sizeof all / sizeof all[0], networks ? of_networks : of_blocks,
               networks ? sizeof of_networks : sizeof of_blocks);
    }
}

/* Whether the bytes are as they were, or where they may be, zero. */
static bool is_left(const char *before, const char *after, size_t bytes, bool zeroed)
{
    size_t zeros = 0;
    while (zeroed && zeros < bytes && after[zeros] == 0)
        ++zeros;
    return zeros == bytes || memcmp(before, after, bytes) == 0;
}

const char *launch_missed(size_t *worker, const carrynet_settings *settings, const struct opencl_record *record)
{
    struct array arrays[ARRAYS] = {{NULL, 0, false}};
    const struct opencl_recorded_argument *scratch = NULL;
    const size_t value = settings->precision / 8, bytes = record->gap * value;
    const char *missed = NULL;
    for (size_t i = 0; i < record->count; ++i)
        if (record->arguments[i].name != NULL && strcmp(record->arguments[i].name, "scratch") == 0)
            scratch = &record->arguments[i];
    if (scratch == NULL || record->gap == 0 || !record->simd)
        return NULL;
    arrays_of(arrays, &settings->shape, record);
    const struct carrynet_pass *pass = record->arguments[0].value;
    for (size_t w = 0; w < record->items / record->group && missed == NULL; ++w)
        for (size_t i = 0; arrays[i].name != NULL && missed == NULL; ++i) {
            const size_t at = (size_t)(w * pass->scratch_stride + arrays[i].end) * value - bytes;
            *worker = w;
            if (!is_left(scratch->before + at, scratch->after + at, bytes, arrays[i].zeroed))
                missed = arrays[i].name;
        }
    return missed;
}

/* ---- a block ---------------------------------------------------------------------------------------------------- */

/* Adds a check of a tensor of reals and fills in what is expected, dense [count]. */
static carrynet_status add_dense(struct launch_checks *checks, const struct launch_check *like, const void *expected)
{
    struct launch_check *check;
    const carrynet_status status = launch_add(&check, checks, like);
    if (status == CARRYNET_OK)
        memcpy(check->expected, expected, (size_t)(check->count[0] * check->count[1] * check->count[2]) * check->bytes);
    return status;
}

carrynet_status launch_expect_block(struct launch_checks *checks, const struct witness *w,
                                    const struct reference_trace *trace, const struct scratch_layout *l,
                                    size_t argument, uint64_t base, uint64_t first, uint64_t S)
{
    const carrynet_shape *shape = &w->settings.shape;
    const uint64_t T = w->settings.steps, H = shape->hidden, O = shape->outputs, I = shape->inputs, symbols = 1u << I;
    const size_t value = w->value;
    const char *partial = trace->partial, *const h = trace->h, *const dh = trace->dh;
    struct launch_check like = {.argument = argument, .bytes = value, .kind = CHECK_REAL};
    like.operation = "forward step";
    like.tensor = "h";
    like.axes[0] = "step", like.axes[1] = "sequence", like.axes[2] = "unit";
    like.base[1] = first;
    like.offset = base + l->h + l->h_step; /* h[1]: what step 0 makes */
    like.count[0] = T, like.count[1] = S, like.count[2] = H;
    like.stride[0] = l->h_step, like.stride[1] = l->h_sequence, like.stride[2] = l->h_unit;
    carrynet_status status = add_dense(checks, &like, h + S * H * value);
    like.operation = "output and its delta";
    like.tensor = "dy";
    like.axes[2] = "output";
    like.offset = base + l->dy;
    like.count[2] = O;
    like.stride[0] = l->dy_step, like.stride[1] = l->dy_sequence, like.stride[2] = l->dy_output;
    if (status == CARRYNET_OK)
        status = add_dense(checks, &like, trace->dy);
    like.operation = "backward step";
    like.tensor = "dh";
    like.axes[2] = "unit";
    like.count[0] = 1, like.count[2] = H;
    like.stride[1] = l->dh_sequence, like.stride[2] = l->dh_unit;
    /* Two steps are kept in turn: those of steps 1 and 0 at last. */
    for (uint64_t t = l->dh_hidden ? 0 : T > 1 ? 2 : 1; t-- > 0 && status == CARRYNET_OK;) {
        like.base[0] = t;
        like.offset = base + l->dh + t % 2 * l->dh_step;
        status = add_dense(checks, &like, dh + t * S * H * value);
    }
    if (l->sums_hidden)
        return status;
    like = (struct launch_check){.operation = "gradient of a block", .argument = argument, .bytes = value};
    like.tensor = "buckets of dw_xh";
    like.axes[0] = "symbol", like.axes[1] = "unit";
    like.offset = base + l->bucket;
    like.count[0] = symbols, like.count[1] = H;
    like.stride[0] = l->bucket_symbol, like.stride[1] = l->bucket_unit;
    if (status == CARRYNET_OK)
        status = add_dense(checks, &like, trace->buckets);
    partial += I * H * value;
    like.tensor = "dw_hh";
    like.axes[0] = "from unit", like.axes[1] = "to unit";
    like.offset = base + l->dw_hh;
    like.count[0] = H;
    like.stride[0] = l->hh_row, like.stride[1] = l->hh_column;
    if (status == CARRYNET_OK)
        status = add_dense(checks, &like, partial);
    partial += H * H * value;
    like.tensor = "dw_hy";
    like.axes[0] = "unit", like.axes[1] = "output";
    like.offset = base + l->dw_hy;
    like.count[1] = O;
    like.stride[0] = l->hy_unit, like.stride[1] = l->hy_output;
    if (status == CARRYNET_OK)
        status = add_dense(checks, &like, partial);
    partial += (H * O + H) * value;
    like.tensor = "db_y";
    like.axes[0] = "output", like.axes[1] = NULL;
    like.offset = base + l->db_y;
    like.count[0] = O, like.count[1] = 1;
    like.stride[0] = l->y_output;
    if (status == CARRYNET_OK && shape->bias)
        status = add_dense(checks, &like, partial);
    return status;
}

/* ---- packed weights --------------------------------------------------------------------------------------------- */

/* Panels of [H][columns] of w_hh, or of its transpose, from offset `at` on. */
static carrynet_status expect_panels(struct launch_checks *checks, const struct witness *w, const char *w_hh,
                                     uint64_t at, uint64_t columns, uint64_t panel, bool transposed,
                                     struct launch_check like)
{
    const uint64_t H = w->settings.shape.hidden;
    struct launch_check *check;
    carrynet_status status = CARRYNET_OK;
    like.tensor = transposed ? "packed transpose of w_hh" : "packed w_hh";
    like.axes[0] = "row", like.axes[1] = "column";
    for (uint64_t first = 0; first < columns && status == CARRYNET_OK; first += panel) {
        const uint64_t width = columns - first < panel ? columns - first : panel;
        like.base[1] = first;
        like.offset = at + first * H;
        like.count[0] = H, like.count[1] = width;
        like.stride[0] = width, like.stride[1] = 1;
        status = launch_add(&check, checks, &like);
        for (uint64_t k = 0; k < H && status == CARRYNET_OK; ++k)
            for (uint64_t j = first; j < first + width && j < H; ++j)
                memcpy(check->expected + (k * width + j - first) * w->value,
                       w_hh + (transposed ? j * H + k : k * H + j) * w->value, w->value);
    }
    return status;
}

/* Rows [count][columns] of which the first H of each are given, [count][H], or [H][count] where `across`. */
static carrynet_status expect_rows(struct launch_checks *checks, const struct witness *w, const char *values,
                                   const struct launch_check *like, bool across)
{
    const uint64_t H = w->settings.shape.hidden, rows = like->count[0], columns = like->count[1];
    struct launch_check *check;
    const carrynet_status status = launch_add(&check, checks, like);
    for (uint64_t r = 0; r < rows && values != NULL && status == CARRYNET_OK; ++r)
        for (uint64_t j = 0; j < H; ++j)
            memcpy(check->expected + (r * columns + j) * w->value,
                   values + (across ? j * rows + r : r * H + j) * w->value, w->value);
    return status;
}

/* simt_pack.cl */
static carrynet_status expect_packed_simt(struct launch_checks *checks, struct witness *w, size_t argument,
                                          size_t network)
{
    const carrynet_shape *shape = &w->settings.shape;
    const uint64_t I = shape->inputs, H = shape->hidden, O = shape->outputs, C = CARRYNET_SIMT_COLUMNS(H);
    const char *w_hh = w->parameters + (network * w->size + I * H) * w->value, *w_hy = w_hh + H * H * w->value;
    const uint64_t at = network * CARRYNET_SIMT_PACKED(I, H, O);
    struct reference_trace trace;
    checks->network = (uint32_t)network;
    carrynet_status status = witness_trace(&trace, w, network, 0, 1);
    struct launch_check like = {.operation = "packing of the weights", .argument = argument, .bytes = w->value};
    if (status == CARRYNET_OK)
        status = expect_panels(checks, w, w_hh, at + CARRYNET_SIMT_HH(I, H), C, C, false, like);
    if (status == CARRYNET_OK)
        status = expect_panels(checks, w, w_hh, at + CARRYNET_SIMT_HH_TRANSPOSED(I, H), C, C, true, like);
    like.stride[0] = C, like.stride[1] = 1;
    like.axes[0] = "symbol", like.axes[1] = "unit";
    like.tensor = "packed input rows";
    like.offset = at;
    like.count[0] = (uint64_t)1 << I, like.count[1] = C;
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, trace.rows, &like, false);
    like.axes[0] = "output";
    like.tensor = "packed w_hy";
    like.offset = at + CARRYNET_SIMT_HY(I, H);
    like.count[0] = O;
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, w_hy, &like, true);
    witness_trace_free(&trace);
    return status;
}

static carrynet_status expect_packed_network(struct launch_checks *checks, struct witness *w,
                                             const struct opencl_record *record, size_t argument, size_t network)
{
    const carrynet_shape *shape = &w->settings.shape;
    const uint64_t I = shape->inputs, H = shape->hidden, O = shape->outputs, L = record->lanes, symbols = 1u << I;
    const uint64_t C = CARRYNET_ROUNDED(H), widest = CARRYNET_WIDEST_PANEL(8 * w->value * L);
    const uint64_t panel = CARRYNET_PANEL_VECTORS(C / L, widest) * L;
    const char *w_hh = w->parameters + (network * w->size + I * H) * w->value, *w_hy = w_hh + H * H * w->value;
    const char *rest = w_hy + H * O * w->value, *b_y = rest + H * w->value;
    const char *h_0 = rest + (shape->bias ? H + O : 0) * w->value;
    const uint64_t at = network * CARRYNET_PACKED_SIZE(C, symbols, H, O, L);
    struct reference_trace trace;
    checks->network = (uint32_t)network;
    carrynet_status status = witness_trace(&trace, w, network, 0, 1);
    struct launch_check like = {.operation = "packing of the weights", .argument = argument, .bytes = w->value};
    if (status == CARRYNET_OK)
        status = expect_panels(checks, w, w_hh, at + CARRYNET_PACKED_HH(C, symbols), C, panel, false, like);
    if (status == CARRYNET_OK)
        status =
            expect_panels(checks, w, w_hh, at + CARRYNET_PACKED_HH_TRANSPOSED(C, symbols, H), C, panel, true, like);
    like.tensor = "packed input rows";
    like.axes[0] = "symbol", like.axes[1] = "unit";
    like.offset = at + CARRYNET_PACKED_ROWS;
    like.count[0] = symbols, like.count[1] = H;
    like.stride[0] = C, like.stride[1] = 1;
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, trace.rows, &like, false);
    like.operation = "sigmoid";
    like.tensor = "sigmoids of the input rows";
    like.offset = at + CARRYNET_PACKED_SIGMOIDS(C, symbols);
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, trace.first, &like, false);
    like.operation = "packing of the weights";
    like.tensor = "packed w_hy";
    like.axes[0] = "output";
    like.offset = at + CARRYNET_PACKED_HY(C, symbols, H);
    like.count[0] = O, like.count[1] = C;
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, w_hy, &like, true);
    like.tensor = "packed h_0";
    like.axes[0] = NULL;
    like.offset = at + CARRYNET_PACKED_H_0(C, symbols, H, O);
    like.count[0] = 1;
    if (status == CARRYNET_OK)
        status = expect_rows(checks, w, shape->initial_state ? h_0 : NULL, &like, false);
    like.tensor = "packed b_y";
    like.axes[0] = "output", like.axes[1] = NULL;
    like.offset = at + CARRYNET_PACKED_B_Y(C, symbols, H, O);
    like.count[0] = O, like.count[1] = 1;
    like.stride[0] = L;
    struct launch_check *check;
    if (status == CARRYNET_OK)
        status = launch_add(&check, checks, &like);
    if (status == CARRYNET_OK && shape->bias)
        memcpy(check->expected, b_y, (size_t)O * w->value);
    witness_trace_free(&trace);
    return status;
}

carrynet_status launch_expect_packed(struct launch_checks *checks, struct witness *w,
                                     const struct opencl_record *record, size_t argument)
{
    carrynet_status status = CARRYNET_OK;
    for (size_t n = 0; n < w->settings.networks && status == CARRYNET_OK; ++n)
        status = record->simd ? expect_packed_network(checks, w, record, argument, n)
                              : expect_packed_simt(checks, w, argument, n);
    return status;
}
