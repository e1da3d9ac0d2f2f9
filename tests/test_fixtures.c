/*
 * The engine against known answers in binary64 (tests/data/PROVENANCE.md), on the reference and on OpenCL in both
 * kernel shapes: hidden values, outputs and gradients of eight cases; weights along three training runs of the seed
 * scripts. Tolerance: 1e-12 of the largest value in the same array.
 */
#include "bodies.h"
#include "numpy_legacy.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *load(const char *name)
{
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/data/%s", TESTS_DIR, name);
    json_t *root = json_load_file(path, 0, &error);
    cr_assert_not_null(root, "%s: %s", path, error.text);
    return root;
}

static double number(const json_t *value)
{
    return json_is_string(value) ? strtod(json_string_value(value), NULL) : json_number_value(value);
}

static size_t integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "%s", key);
    return (size_t)json_integer_value(value);
}

/* Copies the array object[key] of `count` numbers to values. */
static void numbers(double *values, const json_t *object, const char *key, size_t count)
{
    const json_t *array = json_object_get(object, key);
    cr_assert_eq(json_array_size(array), count, "%s has %zu numbers", key, json_array_size(array));
    for (size_t i = 0; i < count; ++i)
        values[i] = number(json_array_get(array, i));
}

/* Fails unless every got is within 1e-12 of the largest expected value; NaN fails. */
static void compare(const double *got, const double *expected, size_t count, const char *what, const char *label)
{
    double largest = 0.0, worst = 0.0;
    size_t at = 0;
    for (size_t i = 0; i < count; ++i)
        largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; ++i) {
        const double distance = fabs(got[i] - expected[i]);
        if (!(distance <= worst)) {
            worst = distance;
            at = i;
            if (isnan(distance))
                break;
        }
    }
    cr_assert(worst <= 1e-12 * largest, "%s on %s: value %zu of %zu is %a, expected %a (%g of the largest)", what,
              label, at, count, got[at], expected[at], worst / largest);
}

static double *room(size_t count)
{
    double *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; ++i)
        values[i] = (double)NAN; /* what is not written fails */
    return values;
}

/* The built-in task with every output bit repeated on `outputs` outputs. */
static carrynet_task widened(const char *name, uint32_t outputs)
{
    const carrynet_task *found = NULL;
    MUST(carrynet_task_find(&found, name));
    carrynet_task task = *found;
    task.outputs = outputs;
    for (uint32_t state = 0; state < task.states; ++state)
        for (uint32_t symbol = 0; symbol < 1u << task.inputs; ++symbol)
            task.out[state][symbol] = (uint8_t)(task.out[state][symbol] * ((1u << outputs) - 1));
    return task;
}

/* One problem as packed symbols and targets: a, b and their result c, each bit of c on every output. */
static void pack(uint32_t *symbols, uint32_t *targets, uint32_t outputs, size_t steps, uint64_t a, uint64_t b,
                 uint64_t c)
{
    for (size_t t = 0; t < steps; ++t) {
        carrynet_packed_set(symbols, 2, t, (uint32_t)((a >> t & 1) | (b >> t & 1) << 1));
        carrynet_packed_set(targets, outputs, t, c >> t & 1 ? (1u << outputs) - 1 : 0);
    }
}

static carrynet_settings seed_settings(const carrynet_task *task, size_t hidden, size_t steps)
{
    carrynet_settings settings;
    carrynet_settings_init(&settings, task);
    settings.shape.hidden = (uint32_t)hidden;
    settings.precision = CARRYNET_FP64;
    settings.steps = (uint32_t)steps;
    settings.batch = 1;
    settings.loss = CARRYNET_LOSS_SQUARED;
    settings.optimizer = CARRYNET_OPTIMIZER_SGD;
    settings.rate = 0.1;
    settings.clip = 0;
    settings.noise = 0;
    return settings;
}

/* ---- gradients ------------------------------------------------------------------------------------------------- */

/* Hidden values after the last step, outputs in the order of the file, [steps][batch][outputs]. */
static void check_forward(carrynet_engine *engine, const carrynet_batch *batch, const json_t *fixture, size_t hidden,
                          size_t outputs, const char *label)
{
    const size_t size = batch->sequences * batch->steps;
    double *y = room(size * outputs), *h = room(size * hidden), *state = room(batch->sequences * hidden);
    double *ordered = room(size * outputs), *expected = room(size * (outputs > hidden ? outputs : hidden));
    MUST(carrynet_engine_forward(engine, batch, &(carrynet_forward){.y = y, .h = h, .state = state}));
    for (size_t t = 0; t < batch->steps; ++t)
        for (size_t s = 0; s < batch->sequences; ++s)
            for (size_t o = 0; o < outputs; ++o)
                ordered[(t * batch->sequences + s) * outputs + o] = y[(s * batch->steps + t) * outputs + o];
    numbers(expected, fixture, "y", size * outputs);
    compare(ordered, expected, size * outputs, "y", label);
    numbers(expected, fixture, "h_last", batch->sequences * hidden);
    compare(state, expected, batch->sequences * hidden, "the last state", label);
    for (size_t s = 0; s < batch->sequences; ++s)
        compare(h + (s * batch->steps + batch->steps - 1) * hidden, expected + s * hidden, hidden, "h_last", label);
    free(y);
    free(h);
    free(state);
    free(ordered);
    free(expected);
}

static void check_gradient(const json_t *fixture, const struct test_body *body)
{
    const size_t hidden = integer(fixture, "hidden"), outputs = integer(fixture, "outputs");
    const size_t steps = integer(fixture, "steps"), sequences = integer(fixture, "batch");
    const carrynet_task task = widened(json_string_value(json_object_get(fixture, "op")), (uint32_t)outputs);
    carrynet_settings settings = seed_settings(&task, hidden, steps);
    char label[256];
    (void)snprintf(label, sizeof label, "%s, %s", json_string_value(json_object_get(fixture, "name")), body->label);
    MUST(carrynet_loss_find(&settings.loss, json_string_value(json_object_get(fixture, "loss"))));

    const size_t size = carrynet_shape_size(&settings.shape);
    const size_t xh = 2 * hidden, hh = hidden * hidden, hy = hidden * outputs;
    cr_assert_eq(size, xh + hh + hy);
    double *weights = room(size), *gradient = room(size), *expected = room(size);
    numbers(weights, fixture, "w_xh", xh);
    numbers(weights + xh, fixture, "w_hh", hh);
    numbers(weights + xh + hh, fixture, "w_hy", hy);

    carrynet_batch batch;
    MUST(carrynet_batch_create(&batch, &task, sequences, steps));
    for (size_t s = 0; s < sequences; ++s) {
        uint32_t *targets = batch.targets + s * batch.target_words;
        pack(batch.symbols + s * batch.symbol_words, targets, task.outputs, steps,
             (uint64_t)json_integer_value(json_array_get(json_object_get(fixture, "a"), s)),
             (uint64_t)json_integer_value(json_array_get(json_object_get(fixture, "b"), s)),
             (uint64_t)json_integer_value(json_array_get(json_object_get(fixture, "c"), s)));
        for (size_t t = 0; t < steps; ++t) { /* the automaton says the same as integer arithmetic did */
            uint32_t automaton[32] = {0};
            (void)carrynet_targets(&task, task.start, batch.symbols + s * batch.symbol_words, steps, automaton);
            cr_assert_eq(carrynet_packed_get(automaton, task.outputs, t), carrynet_packed_get(targets, task.outputs, t),
                         "%s: sequence %zu, step %zu", label, s, t);
        }
    }

    carrynet_engine *engine = NULL;
    carrynet_metrics metrics;
    MUST(carrynet_engine_create(&engine, &settings, &body->options));
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
    MUST(carrynet_engine_gradient(engine, &batch, 0, 0, gradient, &metrics));
    numbers(expected, fixture, "grad_w_xh", xh);
    compare(gradient, expected, xh, "dw_xh", label);
    numbers(expected, fixture, "grad_w_hh", hh);
    compare(gradient + xh, expected, hh, "dw_hh", label);
    numbers(expected, fixture, "grad_w_hy", hy);
    compare(gradient + xh + hh, expected, hy, "dw_hy", label);
    const double error = number(json_object_get(fixture, "abs_error_sum"));
    compare(&metrics.absolute_error, &error, 1, "absolute error", label);
    check_forward(engine, &batch, fixture, hidden, outputs, label);
    carrynet_engine_free(engine);
    carrynet_batch_free(&batch);
    free(weights);
    free(gradient);
    free(expected);
}

Test(fixtures, gradients)
{
    struct test_body bodies[3];
    const size_t count = test_bodies(bodies, CARRYNET_FP64);
    json_t *root = load("gradients.json");
    cr_assert_eq(json_array_size(root), 8);
    for (size_t b = 0; b < count; ++b)
        for (size_t i = 0; i < json_array_size(root); ++i)
            check_gradient(json_array_get(root, i), &bodies[b]);
    json_decref(root);
}

/* ---- trajectories ---------------------------------------------------------------------------------------------- */

enum { ITERATIONS = 10000 };

/* The recipe's problems: those of the iterations that train, in order, and how many iterations precede each. */
struct recipe {
    uint32_t outputs;
    bool subtract;
    size_t updates;
    struct {
        uint32_t a, b, iteration;
    } problems[ITERATIONS];
};

static carrynet_status recipe_fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count, size_t steps,
                                   uint32_t *symbols, uint32_t *targets)
{
    const struct recipe *recipe = self;
    (void)seed;
    cr_assert(first == 0 && count == 1 && update < recipe->updates);
    const uint32_t a = recipe->problems[update].a, b = recipe->problems[update].b;
    pack(symbols, targets, recipe->outputs, steps, a, b, recipe->subtract ? a - b : a + b);
    return CARRYNET_OK;
}

static void check_trajectory(const json_t *root, const char *name, const char *operation, size_t hidden,
                             uint32_t outputs, const struct test_body *body)
{
    enum { STEPS = 8 };
    const carrynet_task task = widened(operation, outputs);
    const carrynet_settings settings = seed_settings(&task, hidden, STEPS);
    const size_t xh = 2 * hidden, hh = hidden * hidden, hy = hidden * outputs, size = xh + hh + hy;
    double *weights = room(size), *expected = room(size);
    char label[256];

    static struct numpy_legacy random;
    numpy_legacy_seed(&random, 0);
    for (size_t i = 0; i < xh; ++i)
        weights[i] = 2 * numpy_legacy_double(&random) - 1;
    for (size_t i = 0; i < hy; ++i)
        weights[xh + hh + i] = 2 * numpy_legacy_double(&random) - 1;
    for (size_t i = 0; i < hh; ++i)
        weights[xh + i] = 2 * numpy_legacy_double(&random) - 1;

    static struct recipe recipe;
    recipe = (struct recipe){.outputs = outputs, .subtract = strcmp(operation, "sub") == 0};
    for (uint32_t iteration = 0; iteration < ITERATIONS; ++iteration) {
        const uint32_t a = numpy_legacy_below(&random, 128), b = numpy_legacy_below(&random, 128);
        if (recipe.subtract && a < b)
            continue;
        recipe.problems[recipe.updates].a = a;
        recipe.problems[recipe.updates].b = b;
        recipe.problems[recipe.updates++].iteration = iteration;
    }

    carrynet_engine *engine = NULL;
    const carrynet_source source = {recipe_fill, &recipe};
    MUST(carrynet_engine_create(&engine, &settings, &body->options));
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
    const json_t *points = json_object_get(root, name);
    cr_assert_geq(json_array_size(points), 4);
    size_t done = 0;
    for (size_t p = 0; p < json_array_size(points); ++p) {
        const json_t *point = json_array_get(points, p);
        const size_t iterations = integer(point, "iterations");
        size_t until = done;
        while (until < recipe.updates && recipe.problems[until].iteration < iterations)
            ++until;
        MUST(carrynet_engine_train(engine, &source, until - done, NULL));
        done = until;
        MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
        numbers(expected, point, "w_xh", xh);
        numbers(expected + xh, point, "w_hh", hh);
        numbers(expected + xh + hh, point, "w_hy", hy);
        (void)snprintf(label, sizeof label, "%s after %zu iterations, %s", name, iterations, body->label);
        compare(weights, expected, size, "weights", label);
    }
    carrynet_engine_free(engine);
    free(weights);
    free(expected);
}

static void check_trajectory_on_all(const char *name, const char *operation, size_t hidden, uint32_t outputs)
{
    struct test_body bodies[3];
    const size_t count = test_bodies(bodies, CARRYNET_FP64);
    json_t *root = load("trajectories.json");
    for (size_t b = 0; b < count; ++b)
        check_trajectory(root, name, operation, hidden, outputs, &bodies[b]);
    json_decref(root);
}

Test(fixtures, trajectory_of_addition)
{
    check_trajectory_on_all("add_h16_seed0", "add", 16, 1);
}

Test(fixtures, trajectory_of_subtraction)
{
    check_trajectory_on_all("sub_h16_seed0", "sub", 16, 1);
}

Test(fixtures, trajectory_with_two_outputs)
{
    check_trajectory_on_all("add_h32_o2_seed0", "add", 32, 2);
}

/* ---- the generator that the trajectories start from ------------------------------------------------------------ */

static void check_integers(const json_t *root, const char *key, const uint32_t *got, size_t count)
{
    const json_t *expected = json_object_get(root, key);
    cr_assert_eq(json_array_size(expected), count, "%s", key);
    for (size_t i = 0; i < count; ++i)
        cr_assert_eq(got[i], json_integer_value(json_array_get(expected, i)), "%s, draw %zu: %u", key, i,
                     (unsigned)got[i]);
}

Test(fixtures, legacy_generator_of_numpy)
{
    json_t *root = load("numpy_legacy_rng.json");
    struct numpy_legacy random;
    uint32_t draws[16];
    numpy_legacy_seed(&random, 0);
    const json_t *samples = json_object_get(root, "seed0_random_sample_first8");
    cr_assert_eq(json_array_size(samples), 8);
    for (size_t i = 0; i < 8; ++i)
        cr_assert_eq(numpy_legacy_double(&random), number(json_array_get(samples, i)), "sample %zu", i);
    for (size_t i = 8; i < 304; ++i)
        (void)numpy_legacy_double(&random);
    for (size_t i = 0; i < 8; ++i)
        draws[i] = numpy_legacy_below(&random, 128);
    check_integers(root, "seed0_after_304_doubles_randint128_first8", draws, 8);
    numpy_legacy_seed(&random, 0);
    for (size_t i = 0; i < 16; ++i)
        draws[i] = numpy_legacy_below(&random, 128);
    check_integers(root, "seed0_randint128_first16", draws, 16);
    numpy_legacy_seed(&random, 0);
    for (size_t i = 0; i < 16; ++i)
        draws[i] = numpy_legacy_below(&random, 100);
    check_integers(root, "seed0_randint100_first16_masked_rejection", draws, 16);
    numpy_legacy_seed(&random, 12345);
    for (size_t i = 0; i < 8; ++i)
        draws[i] = numpy_legacy_word(&random);
    check_integers(root, "seed12345_raw32_first8", draws, 8);
    json_decref(root);
}
