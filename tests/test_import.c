/*
 * Networks of other programs: every set of names from both kinds of file, a tanh network against itself as a sigmoid one,
 * and what the bounds of any arithmetic cover. Bad files are in test_import_bad.c.
 */
#include "foreign_files.h"
#include "verify/bounds.h"
#include <carrynet/evaluate.h>
#include <math.h>

TestSuite(import, .init = foreign_enter, .fini = foreign_leave);

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
    const size_t at = network * carrynet_shape_size(&s->shape) + carrynet_shape_tensor(&s->shape, parameter).offset + i;
    const void *values = carrynet_model_values_const(model);
    return s->precision == CARRYNET_FP32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static void expect_as_they_are(const struct made *made, const char *names, size_t networks)
{
    for (int kind = 0; kind < 2; ++kind) {
        carrynet_imported imported;
        (kind == 0 ? write_npz : write_safetensors)(made);
        carrynet_model *model = import(&imported, CARRYNET_CELL_UNSAID, 0);
        const carrynet_settings *s = carrynet_model_settings(model);
        cr_expect_str_eq(imported.names, names);
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
    expect_as_they_are(&plain, "Carrynet's names", 1);
    add(&several, "w_xh", 2, 2, 3);
    add(&several, "w_hh", 2, 3, 3);
    add(&several, "w_hy", 2, 3, 1);
    add(&several, "b_h", 2, 3, 0);
    add(&several, "b_y", 2, 1, 0);
    add(&several, "h_0", 2, 3, 0);
    expect_as_they_are(&several, "Carrynet's names", 2);
    add(&biased, "w_xh", 2, 3, 0);
    add(&biased, "w_hh", 3, 3, 0);
    add(&biased, "w_hy", 3, 1, 0);
    add(&biased, "b_h", 3, 0, 0);
    add(&biased, "b_y", 1, 0, 0);
    expect_as_they_are(&biased, "Carrynet's names", 1);
    biased.arrays[3] = (npz_array){"b_h", NPZ_FLOAT, 4, 2, {1, 3}, biased.narrow[3], 12}; /* a row of NumPy's */
    expect_as_they_are(&biased, "Carrynet's names", 1);
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
        expect_as_they_are(&made, "the seeds' names", 1);
    }
}

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
            cr_expect_str_eq(imported.names, "PyTorch's names");
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

/* One step in float32, as a framework may compute it (input and hidden part apart, two biases), from any state. */
Test(import, the_bounds_hold_for_a_step_in_float32)
{
    struct made made = {0};
    carrynet_imported imported;
    uint32_t seed = 12345;
    double state[H], logit[1], closest = 0;
    add_pytorch(&made, torch_names);
    for (size_t a = 0; a < 6; ++a) /* values that are no short sums of powers of two */
        for (size_t i = 0; i < made.arrays[a].size / 4; ++i)
            made.wide[a][i] = made.narrow[a][i] = (float)made.wide[a][i] * 1.2345678f;
    write_safetensors(&made);
    carrynet_model *model = import(&imported, CARRYNET_CELL_TANH, 0);
    cr_assert(imported.covered);
    verify_errors(state, logit, carrynet_model_values_const(model), &carrynet_model_settings(model)->shape,
                  CARRYNET_FP32, CARRYNET_BOUNDS_ANY);
    for (int trial = 0; trial < 20000; ++trial) {
        float g[H], after[H];
        const uint32_t x = (uint32_t)trial & 3u;
        for (size_t j = 0; j < H; ++j)
            g[j] = tanhf((float)any_value(&seed) * 1.7f + (float)any_value(&seed) / 77);
        float z = 0;
        double exact_z = value(model, CARRYNET_B_Y, 0, 0);
        for (size_t j = 0; j < H; ++j) {
            float part = made.narrow[3][j], sum = made.narrow[4][j];
            double exact = value(model, CARRYNET_B_H, 0, j);
            for (size_t i = 0; i < 2; ++i) {
                part += made.narrow[0][j * 2 + i] * (float)(x >> i & 1u);
                exact += value(model, CARRYNET_W_XH, 0, i * H + j) * (x >> i & 1u);
            }
            for (size_t i = 0; i < H; ++i) {
                sum += made.narrow[1][j * H + i] * g[i];
                exact += value(model, CARRYNET_W_HH, 0, i * H + j) * (1 + (double)g[i]) / 2;
            }
            after[j] = tanhf(part + sum);
            const double error = fabs((1 + (double)after[j]) / 2 - 1 / (1 + exp(-exact)));
            cr_assert(error <= state[j], "trial %d, unit %zu: an error of %g, allowed are %g", trial, j, error,
                      state[j]);
            closest = fmax(closest, error / state[j]);
            z += made.narrow[2][j] * after[j];
            exact_z += value(model, CARRYNET_W_HY, 0, j) * (1 + (double)after[j]) / 2;
        }
        z += made.narrow[5][0];
        cr_assert(fabs((double)z - exact_z) <= logit[0]);
    }
    cr_expect(closest > 1e-3, "the bounds are nowhere near: %g", closest); /* or nothing was compared */
    carrynet_model_free(model);
}
