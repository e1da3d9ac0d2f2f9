/*
 * The engine against known answers in binary64 (tests/data/PROVENANCE.md), on the reference and on OpenCL in both
 * kernel variants: hidden values, outputs and gradients of eight cases, within 1e-12 of the largest value in the array.
 */
#include "each_backend.h"
#include "known_answers.h"

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
    double *y = capacity(size * outputs), *h = capacity(size * hidden), *state = capacity(batch->sequences * hidden);
    double *ordered = capacity(size * outputs), *expected = capacity(size * (outputs > hidden ? outputs : hidden));
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

static void check_gradient(const json_t *fixture, const struct test_backend *backend)
{
    const size_t hidden = integer(fixture, "hidden"), outputs = integer(fixture, "outputs");
    const size_t steps = integer(fixture, "steps"), sequences = integer(fixture, "batch");
    const carrynet_task task = widened(json_string_value(json_object_get(fixture, "op")), (uint32_t)outputs);
    carrynet_settings settings = seed_settings(&task, hidden, steps);
    char label[256];
    (void)snprintf(label, sizeof label, "%s, %s", json_string_value(json_object_get(fixture, "name")), backend->label);
    MUST(carrynet_loss_find(&settings.loss, json_string_value(json_object_get(fixture, "loss"))));

    const size_t size = carrynet_shape_size(&settings.shape);
    const size_t xh = 2 * hidden, hh = hidden * hidden, hy = hidden * outputs;
    cr_assert_eq(size, xh + hh + hy);
    double *weights = capacity(size), *gradient = capacity(size), *expected = capacity(size);
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
    MUST(carrynet_engine_create(&engine, &settings, &backend->options));
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
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP64);
    json_t *root = load("gradients.json");
    cr_assert_eq(json_array_size(root), 8);
    for (size_t b = 0; b < count; ++b)
        for (size_t i = 0; i < json_array_size(root); ++i)
            check_gradient(json_array_get(root, i), &backends[b]);
    json_decref(root);
}
