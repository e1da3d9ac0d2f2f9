/*
 * Networks of other programs: every set of names from both kinds of file, a tanh network against itself as a sigmoid one,
 * what the bounds of any arithmetic cover, and every way in which a file can be wrong.
 */
#include "bodies.h"
#include "exchange/npz.h"
#include "file/safetensors.h"
#include <carrynet/evaluate.h>
#include <carrynet/import.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path[80];

static void enter(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/carrynet-import-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/n", folder);
}

static void leave(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

TestSuite(import, .init = enter, .fini = leave);

/* ---- files ----------------------------------------------------------------------------------------------------- */

enum { MOST = 8, VALUES = 64 };

/* A file to be written: names, shapes, and values that differ from one another. */
struct made {
    npz_array arrays[MOST];
    size_t count;
    float narrow[MOST][VALUES];
    double wide[MOST][VALUES];
    bool as_double;
};

/* Small multiples of 1/64, as a linear congruential generator has them: sums of them are exact. */
static double any_value(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return ((double)(*seed >> 24) - 128) / 64;
}

/* Dimensions of 0 end the shape. */
static void add(struct made *made, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    const size_t i = made->count++;
    const uint64_t shape[] = {a, b, c};
    uint32_t seed = (uint32_t)i * 977 + 5;
    npz_array *array = &made->arrays[i];
    *array = (npz_array){.name = name, .kind = NPZ_FLOAT, .width = made->as_double ? 8 : 4};
    size_t size = 1;
    for (; array->rank < 3 && shape[array->rank] > 0; ++array->rank)
        size *= array->shape[array->rank] = shape[array->rank];
    cr_assert_leq(size, VALUES);
    for (size_t k = 0; k < size; ++k)
        made->narrow[i][k] = (float)(made->wide[i][k] = any_value(&seed));
    array->size = size * array->width;
    array->data = made->as_double ? (const void *)made->wide[i] : made->narrow[i];
}

static void write_npz(const struct made *made)
{
    cr_assert_eq(npz_write(path, made->arrays, made->count), CARRYNET_OK, "%s", carrynet_message());
}

/* These tests run on little-endian machines, where the bytes are the file's. */
static void write_safetensors(const struct made *made)
{
    safetensors_tensor tensors[MOST];
    for (size_t i = 0; i < made->count; ++i) {
        const npz_array *array = &made->arrays[i];
        tensors[i] = (safetensors_tensor){.name = array->name,
                                          .type = array->width == 4 ? SAFETENSORS_F32 : SAFETENSORS_F64,
                                          .rank = array->rank,
                                          .data = array->data,
                                          .size = array->size};
        memcpy(tensors[i].shape, array->shape, sizeof tensors[i].shape);
    }
    const safetensors_entry entry = {"format", "pt"};
    cr_assert_eq(safetensors_write(path, tensors, made->count, &entry, 1), CARRYNET_OK, "%s", carrynet_message());
}

static carrynet_model *import(carrynet_imported *imported, carrynet_cell cell, carrynet_precision precision)
{
    carrynet_model *model = NULL;
    const carrynet_import_options options = {.cell = cell, .precision = precision};
    cr_assert_eq(carrynet_import(&model, imported, path, &options), CARRYNET_OK, "%s", carrynet_message());
    return model;
}

/* The model's value of a parameter. */
static double value(const carrynet_model *model, carrynet_parameter parameter, size_t network, size_t i)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const size_t at = network * carrynet_shape_size(&s->shape) + carrynet_shape_place(&s->shape, parameter).offset + i;
    const void *values = carrynet_model_values_const(model);
    return s->precision == CARRYNET_FP32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void expect_as_they_are(const struct made *made, carrynet_names names, size_t networks)
{
    for (int kind = 0; kind < 2; ++kind) {
        carrynet_imported imported;
        (kind == 0 ? write_npz : write_safetensors)(made);
        carrynet_model *model = import(&imported, CARRYNET_CELL_UNSAID, 0);
        const carrynet_settings *s = carrynet_model_settings(model);
        cr_expect_eq(imported.names, names);
        cr_expect_eq(imported.cell, CARRYNET_CELL_SIGMOID);
        cr_expect(imported.covered && imported.task_by_shape);
        cr_expect_str_eq(imported.from[CARRYNET_W_XH], made->arrays[0].name);
        cr_expect_str_eq(s->task.name, "add");
        cr_expect_str_eq(s->origin, "import of n");
        cr_expect_eq(s->precision, made->as_double ? CARRYNET_FP64 : CARRYNET_FP32);
        cr_assert_eq(s->networks, networks);
        cr_expect_eq(s->updates, 0);
        cr_expect_eq(s->shape.bias, made->count > 3);
        cr_expect_eq(s->shape.initial_state, made->count > 5);
        for (size_t p = 0; p < made->count; ++p) {
            const size_t size = made->arrays[p].size / made->arrays[p].width / networks;
            for (size_t n = 0; n < networks; ++n)
                for (size_t i = 0; i < size; ++i)
                    cr_expect_eq(value(model, (carrynet_parameter)p, n, i), made->wide[p][n * size + i]);
        }
        carrynet_model_free(model);
    }
}

Test(import, our_names)
{
    struct made plain = {0}, several = {.as_double = true}, biased = {0};
    add(&plain, "w_xh", 2, 3, 0);
    add(&plain, "w_hh", 3, 3, 0);
    add(&plain, "w_hy", 3, 1, 0);
    expect_as_they_are(&plain, CARRYNET_NAMES_OWN, 1);
    add(&several, "w_xh", 2, 2, 3);
    add(&several, "w_hh", 2, 3, 3);
    add(&several, "w_hy", 2, 3, 1);
    add(&several, "b_h", 2, 3, 0);
    add(&several, "b_y", 2, 1, 0);
    add(&several, "h_0", 2, 3, 0);
    expect_as_they_are(&several, CARRYNET_NAMES_OWN, 2);
    add(&biased, "w_xh", 2, 3, 0);
    add(&biased, "w_hh", 3, 3, 0);
    add(&biased, "w_hy", 3, 1, 0);
    add(&biased, "b_h", 3, 0, 0);
    add(&biased, "b_y", 1, 0, 0);
    expect_as_they_are(&biased, CARRYNET_NAMES_OWN, 1);
}

Test(import, names_of_the_seeds)
{
    static const char *const sets[][3] = {
        {"synapse_0", "synapse_h", "synapse_1"}, {"U", "W", "V"}, {"weight_i2h", "weight_h2h", "weight_h2o"}};
    for (size_t i = 0; i < 3; ++i) {
        struct made made = {.as_double = i == 0};
        add(&made, sets[i][0], 2, 4, 0);
        add(&made, sets[i][1], 4, 4, 0);
        add(&made, sets[i][2], 4, 1, 0);
        expect_as_they_are(&made, CARRYNET_NAMES_SEEDS, 1);
    }
}

static void add_pytorch(struct made *made, const char *const names[6])
{
    add(made, names[0], 3, 2, 0); /* weight_ih */
    add(made, names[1], 3, 3, 0); /* weight_hh */
    add(made, names[2], 1, 3, 0); /* head */
    if (names[3] == NULL)
        return;
    add(made, names[3], 3, 0, 0); /* bias_ih */
    add(made, names[4], 3, 0, 0);
    add(made, names[5], 1, 0, 0);
}

static const char *const torch_names[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "fc.weight",
                                          "rnn.bias_ih_l0",   "rnn.bias_hh_l0",   "fc.bias"};

Test(import, names_of_pytorch)
{
    static const char *const sets[][6] = {
        {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "fc.weight", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "fc.bias"},
        {"weight_ih_l0", "weight_hh_l0", "linear.weight", NULL, NULL, NULL},
        {"module.cell.weight_ih", "module.cell.weight_hh", "module.head.0.weight", "module.cell.bias_ih",
         "module.cell.bias_hh", "module.head.0.bias"},
    };
    for (size_t set = 0; set < 3; ++set)
        for (int kind = 0; kind < 2; ++kind) {
            struct made made = {0};
            carrynet_imported imported;
            add_pytorch(&made, sets[set]);
            (kind == 0 ? write_npz : write_safetensors)(&made);
            carrynet_model *model = import(&imported, CARRYNET_CELL_SIGMOID, 0);
            const carrynet_settings *s = carrynet_model_settings(model);
            cr_expect_eq(imported.names, CARRYNET_NAMES_PYTORCH);
            cr_expect_eq(s->shape.bias, set != 1);
            cr_expect(!s->shape.initial_state);
            for (size_t j = 0; j < 3; ++j) {
                for (size_t i = 0; i < 2; ++i)
                    cr_expect_eq(value(model, CARRYNET_W_XH, 0, i * 3 + j), made.wide[0][j * 2 + i]);
                for (size_t i = 0; i < 3; ++i)
                    cr_expect_eq(value(model, CARRYNET_W_HH, 0, i * 3 + j), made.wide[1][j * 3 + i]);
                cr_expect_eq(value(model, CARRYNET_W_HY, 0, j), made.wide[2][j]);
                if (set != 1)
                    cr_expect_eq(value(model, CARRYNET_B_H, 0, j), made.wide[3][j] + made.wide[4][j]);
            }
            if (set == 0)
                cr_expect_str_eq(imported.from[CARRYNET_B_H], "rnn.bias_ih_l0 + rnn.bias_hh_l0");
            carrynet_model_free(model);
        }
}

/* ---- tanh ------------------------------------------------------------------------------------------------------ */

enum { H = 3, STEPS = 24 };

/* The tanh network of PyTorch's names in double, as its documentation has it: g [STEPS][H] and logits z [STEPS]. */
static void run_tanh(double g[STEPS][H], double z[STEPS], const struct made *made, const double *g_0,
                     const uint32_t *symbols)
{
    for (size_t t = 0; t < STEPS; ++t) {
        const uint32_t x = carrynet_packed_get(symbols, 2, t);
        for (size_t j = 0; j < H; ++j) {
            double sum = made->wide[3][j] + made->wide[4][j];
            for (size_t i = 0; i < 2; ++i)
                sum += made->wide[0][j * 2 + i] * (x >> i & 1u);
            for (size_t i = 0; i < H; ++i)
                sum += made->wide[1][j * H + i] * (t > 0 ? g[t - 1][i] : g_0[i]);
            g[t][j] = tanh(sum);
        }
        z[t] = made->wide[5][0];
        for (size_t j = 0; j < H; ++j)
            z[t] += made->wide[2][j] * g[t][j];
    }
}

static void expect_same_network(const struct made *made, const double *g_0, carrynet_precision precision, double most)
{
    carrynet_imported imported;
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_sample sample;
    uint32_t symbols[STEPS * 2 / 32 + 1] = {0x9d3c5a17u, 0x0000e8b4u};
    double g[STEPS][H], z[STEPS], worst = 0;
    carrynet_model *model = import(&imported, CARRYNET_CELL_TANH, precision);
    const carrynet_settings *s = carrynet_model_settings(model);
    cr_expect(s->shape.bias && s->shape.initial_state);
    carrynet_engine_options_init(&options);
    options.device = "reference";
    MUST(carrynet_model_engine(&engine, model, 0, 1, &options));
    MUST(carrynet_sample_run(&sample, engine, &s->task, 0, symbols, STEPS));
    run_tanh(g, z, made, g_0, symbols);
    for (size_t t = 0; t < STEPS; ++t) {
        worst = fmax(worst, fabs(sample.y[t] - 1 / (1 + exp(-z[t]))));
        for (size_t j = 0; j < H; ++j)
            worst = fmax(worst, fabs(sample.h[t * H + j] - (1 + g[t][j]) / 2));
    }
    cr_expect(worst < most, "the networks differ by %g", worst);
    carrynet_sample_free(&sample);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
}

Test(import, tanh_is_sigmoid)
{
    for (int initial = 0; initial < 2; ++initial) {
        struct made made = {.as_double = true};
        const double zero[H] = {0};
        add_pytorch(&made, torch_names);
        if (initial)
            add(&made, "h0", 1, 1, H);
        for (size_t i = 0; i < 9; ++i)
            made.wide[1][i] /= 2; /* so that a difference does not grow */
        for (size_t i = 0; i < H; ++i)
            made.wide[6][i] /= 4; /* a value of tanh */
        const double *g_0 = initial ? made.wide[6] : zero;
        write_npz(&made);
        expect_same_network(&made, g_0, CARRYNET_FP64, 1e-13);
        expect_same_network(&made, g_0, CARRYNET_FP32, 1e-6);
        write_safetensors(&made);
        expect_same_network(&made, g_0, 0, 1e-13);
    }
}

Test(import, tanh_says_what_it_did)
{
    struct made made = {0};
    carrynet_imported imported;
    add_pytorch(&made, torch_names);
    write_safetensors(&made);
    carrynet_model *model = import(&imported, CARRYNET_CELL_TANH, 0);
    cr_expect_str_eq(imported.from[CARRYNET_W_XH], "2 * rnn.weight_ih_l0 transposed");
    cr_expect_str_eq(imported.from[CARRYNET_W_HH], "4 * rnn.weight_hh_l0 transposed");
    cr_expect_str_eq(imported.from[CARRYNET_B_H],
                     "2 * (rnn.bias_ih_l0 + rnn.bias_hh_l0 - row sums of rnn.weight_hh_l0)");
    cr_expect_str_eq(imported.from[CARRYNET_B_Y], "fc.bias - row sums of fc.weight");
    cr_expect_str_eq(imported.from[CARRYNET_H_0], "(1 + 0) / 2");
    for (size_t j = 0; j < H; ++j)
        cr_expect_eq(value(model, CARRYNET_H_0, 0, j), 0.5);
    carrynet_model_free(model);
    /* Our names can be of a tanh network as well. */
    struct made ours = {0};
    add(&ours, "U", 2, 3, 0);
    add(&ours, "W", 3, 3, 0);
    add(&ours, "V", 3, 1, 0);
    write_npz(&ours);
    model = import(&imported, CARRYNET_CELL_TANH, 0);
    cr_expect_str_eq(imported.from[CARRYNET_B_H], "2 * (0 - column sums of W)");
    cr_expect_eq(value(model, CARRYNET_B_H, 0, 1), -2 * (ours.wide[1][1] + ours.wide[1][4] + ours.wide[1][7]));
    cr_expect_eq(value(model, CARRYNET_W_XH, 0, 4), 2 * ours.wide[0][4]);
    carrynet_model_free(model);
}

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

Test(import, what_the_bounds_cover)
{
    for (int cell = CARRYNET_CELL_SIGMOID; cell <= CARRYNET_CELL_TANH; ++cell) {
        struct made made = {0};
        carrynet_imported imported;
        add_pytorch(&made, torch_names);
        write_safetensors(&made);
        carrynet_model_free(import(&imported, (carrynet_cell)cell, 0));
        cr_expect(imported.covered, "%s", imported.uncovered);
        cr_expect_eq(imported.precision, CARRYNET_FP32);
        /* A wider model claims more than the file's program computes. */
        carrynet_model_free(import(&imported, (carrynet_cell)cell, CARRYNET_FP64));
        cr_expect(!imported.covered);
        cr_expect_not_null(strstr(imported.uncovered, "import it as fp32"));
        /* Two biases that cancel leave no trace in their sum. */
        made.narrow[3][1] = 4096;
        made.narrow[4][1] = -4096;
        write_safetensors(&made);
        carrynet_model_free(import(&imported, (carrynet_cell)cell, 0));
        cr_expect(!imported.covered);
        cr_expect_str_eq(imported.uncovered, "hidden unit 1 of network 0 has two biases that nearly cancel");
    }
    struct made wide = {.as_double = true};
    carrynet_imported imported;
    add_pytorch(&wide, torch_names);
    write_npz(&wide);
    carrynet_model_free(import(&imported, CARRYNET_CELL_TANH, CARRYNET_FP32));
    cr_expect(imported.covered, "%s", imported.uncovered);
    carrynet_model_free(import(&imported, CARRYNET_CELL_TANH, 0));
    cr_expect(imported.covered, "%s", imported.uncovered);
}

/* ---- bad files ------------------------------------------------------------------------------------------------- */

static void expect_bad(const struct made *made, carrynet_cell cell, carrynet_status status, const char *says)
{
    for (int kind = 0; kind < 2; ++kind) {
        carrynet_model *model = NULL;
        const carrynet_import_options options = {.cell = cell};
        (kind == 0 ? write_npz : write_safetensors)(made);
        cr_expect_eq(carrynet_import(&model, NULL, path, &options), status, "for '%s'", says);
        cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
        cr_expect_not_null(strstr(carrynet_message(), path), "no name of the file in: %s", carrynet_message());
        cr_expect_null(model);
        carrynet_model_free(model);
    }
}

static void expect_bad_tanh(const struct made *made, const char *says)
{
    expect_bad(made, CARRYNET_CELL_TANH, CARRYNET_ERROR_FORMAT, says);
}

Test(import, bad_names)
{
    static const struct {
        const char *more, *says;
        uint64_t a, b;
    } cases[] = {
        {"rnn.weight_ih_l1", "'rnn.weight_ih_l1' is of another layer: one layer can be imported (num_layers=1)", 3, 3},
        {"rnn.weight_ih_l0_reverse", "'rnn.weight_ih_l0_reverse' is of a second direction (bidirectional=True)", 3, 2},
        {"rnn.weight_hr_l0", "'rnn.weight_hr_l0' is a projection", 3, 3},
        {"embedding", "'embedding' is unknown; found: rnn.weight_ih_l0, rnn.weight_hh_l0, fc.weight", 4, 2},
        {"fc2.weight", "'fc2.weight' is of a second linear layer", 1, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct made made = {0};
        add_pytorch(&made, torch_names);
        add(&made, cases[i].more, cases[i].a, cases[i].b, 0);
        expect_bad_tanh(&made, cases[i].says);
    }
    struct made made = {0};
    add_pytorch(&made, torch_names);
    expect_bad(&made, CARRYNET_CELL_UNSAID, CARRYNET_ERROR_ARGUMENT, "no file says what its cell computes");
    made.arrays[5].name = "other.bias";
    expect_bad_tanh(&made, "'other.bias' is no bias of the head");
    made.count = 4;
    expect_bad_tanh(&made, "one of bias_ih_l0 and bias_hh_l0, which belong together");
    made.count = 2;
    expect_bad_tanh(&made, "lack a linear head, such as fc.weight");
    made.count = 1;
    expect_bad_tanh(&made, "lack weight_hh_l0");
    made.arrays[0].name = "kernel";
    expect_bad_tanh(&made, "are of no known network; found: kernel; known are w_xh");
    made.count = 0;
    made.arrays[0].name = "synapse_0";
    made.count = 1;
    expect_bad_tanh(&made, "'synapse_h' is missing; found: synapse_0");
    struct made ours = {0};
    add(&ours, "w_xh", 2, 3, 0);
    add(&ours, "w_hh", 3, 3, 0);
    add(&ours, "w_hy", 3, 1, 0);
    add(&ours, "b_h", 3, 0, 0);
    expect_bad_tanh(&ours, "'b_y' is missing; b_h and b_y belong together");
    ours.arrays[3].name = "W";
    expect_bad_tanh(&ours, "'W' is unknown; found: w_xh");
}

Test(import, bad_shapes)
{
    struct made made = {0};
    add_pytorch(&made, torch_names);
    struct made bad = made;
    for (size_t i = 0; i < MOST; ++i)
        bad.arrays[i].data = bad.narrow[i];
    const struct made good = bad;
    bad.arrays[4].shape[0] = 2;
    bad.arrays[4].size = 8;
    expect_bad_tanh(&bad, "array 'rnn.bias_hh_l0': shape is [2], must be [3]");
    bad = good;
    bad.arrays[0].shape[0] = 2;
    bad.arrays[0].shape[1] = 3;
    expect_bad_tanh(&bad, "array 'rnn.weight_ih_l0': shape is [2, 3], must be [3, 3]");
    bad = good;
    bad.arrays[2].rank = 1;
    bad.arrays[2].shape[0] = 3;
    expect_bad_tanh(&bad, "array 'fc.weight': shape is [3], must have 2 dimensions");
    for (uint64_t gates = 3; gates <= 4; ++gates) {
        struct made gated = {0};
        add(&gated, "weight_ih_l0", gates * 2, 2, 0);
        add(&gated, "weight_hh_l0", gates * 2, 2, 0);
        add(&gated, "fc.weight", 1, 2, 0);
        expect_bad_tanh(&gated, gates == 4 ? "[8, 2], as an LSTM's; only an nn.RNN" : "[6, 2], as a GRU's");
    }
    struct made wide = {0};
    add(&wide, "U", 5, 3, 0);
    add(&wide, "W", 3, 3, 0);
    add(&wide, "V", 3, 1, 0);
    expect_bad_tanh(&wide, "array 'U': shape is [5, 3], must be of 1 to 4 inputs");
    struct made many = {0};
    add(&many, "U", 2, 3, 0);
    add(&many, "W", 3, 3, 0);
    add(&many, "V", 3, 3, 0);
    expect_bad(&many, 0, CARRYNET_ERROR_ARGUMENT, "2 inputs and 3 outputs: name its task");
    struct made one = {0};
    add(&one, "U", 1, 3, 0);
    add(&one, "W", 3, 3, 0);
    add(&one, "V", 3, 1, 0);
    expect_bad(&one, 0, CARRYNET_ERROR_ARGUMENT, "times3, parity");
    const carrynet_import_options options = {.task = carrynet_task_at(0)};
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_import(&model, NULL, path, &options), CARRYNET_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(carrynet_message(), "the network has 1 inputs and 1 outputs, task add has 2 and 1"));
}

Test(import, bad_values)
{
    static const struct {
        float value;
        const char *says;
    } cases[] = {{NAN, "array 'rnn.weight_hh_l0': [1, 2] is NaN"},
                 {INFINITY, "array 'rnn.weight_hh_l0': [1, 2] is inf, the largest allowed is 2^60"},
                 {-0x1.8p60f, "the largest allowed is 2^60"},
                 {0x1p60f, "the largest allowed is 2^60"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct made made = {0};
        add_pytorch(&made, torch_names);
        made.narrow[1][5] = cases[i].value;
        expect_bad_tanh(&made, cases[i].says);
    }
}

static void expect_bad_file(const char *bytes, size_t size, carrynet_status status, const char *says)
{
    carrynet_model *model = NULL;
    const carrynet_import_options options = {.cell = CARRYNET_CELL_TANH};
    MUST(base_write_file(path, (const void *const[]){bytes}, &size, 1));
    cr_expect_eq(carrynet_import(&model, NULL, path, &options), status);
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
}

Test(import, bad_types)
{
    static const char *const types[] = {"F16", "BF16", "I8", "I64"};
    for (size_t i = 0; i < 4; ++i) {
        char bytes[160] = {0}, says[96];
        const int length =
            snprintf(bytes + 8, sizeof bytes - 8,
                     "{\"fc.weight\": {\"dtype\": \"%s\", \"shape\": [0], \"data_offsets\": [0, 0]}}", types[i]);
        bytes[0] = (char)length;
        (void)snprintf(says, sizeof says, "tensor 'fc.weight': dtype is '%s', must be F32 or F64", types[i]);
        expect_bad_file(bytes, (size_t)length + 8, CARRYNET_ERROR_FORMAT, says);
    }
    expect_bad_file("\x93NUMPY", 6, CARRYNET_ERROR_FORMAT, "a lone NumPy array");
    expect_bad_file("PK", 2, CARRYNET_ERROR_FORMAT, "not an NPZ file");
    expect_bad_file("", 0, CARRYNET_ERROR_FORMAT, "too few for a safetensors file");
    struct made made = {0};
    carrynet_model *model = NULL;
    const int8_t small[6] = {0};
    add(&made, "U", 2, 3, 0);
    add(&made, "W", 3, 3, 0);
    add(&made, "V", 3, 1, 0);
    made.arrays[0] = (npz_array){"U", NPZ_SIGNED, 1, 2, {2, 3}, small, 6};
    write_npz(&made);
    cr_expect_eq(carrynet_import(&model, NULL, path, &(carrynet_import_options){0}), CARRYNET_ERROR_FORMAT);
    cr_expect_not_null(strstr(carrynet_message(), "array 'U': its type is int8, must be float32 or float64"));
    cr_expect_eq(carrynet_import(&model, NULL, "/nonexistent/n", &(carrynet_import_options){0}), CARRYNET_ERROR_IO);
}
