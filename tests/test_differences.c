/*
 * The gradient against finite differences of the loss in binary64: both losses, biases and h_0, two outputs, awkward
 * shapes, on the reference and on OpenCL in both kernel variants. The gradient is the descent direction: minus the
 * derivative.
 *
 *     -(L(w + d) - L(w - d)) / (2 d)        d = 2^-17: error about d^2 = 6e-11, and 2^-53 L / d = 4e-9 from rounding
 */
#include "each_backend.h"
#include <math.h>
#include <stdlib.h>

/* Addition with the carry as a second output and no closing symbol, so that one step is a whole problem. */
static carrynet_task sum_and_carry(void)
{
    carrynet_task task = {.name = "sum-and-carry", .inputs = 2, .outputs = 2, .states = 2};
    for (uint32_t carry = 0; carry < 2; ++carry) {
        for (uint32_t symbol = 0; symbol < 4; ++symbol) {
            const uint32_t sum = carry + (symbol & 1) + (symbol >> 1);
            task.next[carry][symbol] = (uint8_t)(sum >> 1);
            task.out[carry][symbol] = (uint8_t)sum;
        }
    }
    return task;
}

/* Uniform in [-1, 1), from a stream of its own. */
static double draw_weight(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) * 0x1p-52 - 1.0;
}

static double loss_of(carrynet_engine *engine, const carrynet_batch *batch, const double *parameters)
{
    carrynet_metrics metrics = {.loss = (double)NAN};
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, parameters));
    MUST(carrynet_engine_forward(engine, batch, &(carrynet_forward){.metrics = &metrics}));
    return metrics.loss;
}

static void check_differences(const carrynet_settings *settings, size_t sequences, const struct test_backend *backend)
{
    const double step = 0x1p-17;
    const size_t size = carrynet_shape_size(&settings->shape), trained = carrynet_shape_trained(&settings->shape);
    double *parameters = malloc(size * sizeof *parameters), *gradient = malloc(trained * sizeof *gradient);
    cr_assert(parameters != NULL && gradient != NULL);
    uint64_t state = 77;
    char label[512];
    (void)snprintf(label, sizeof label, "%s, H=%u, T=%u, B=%zu, %s%s%s", backend->label,
                   (unsigned)settings->shape.hidden, (unsigned)settings->steps, sequences,
                   carrynet_loss_name(settings->loss), settings->shape.bias ? ", bias" : "",
                   settings->shape.initial_state ? ", h_0" : "");
    for (size_t i = 0; i < size; ++i)
        parameters[i] = draw_weight(&state);
    for (size_t i = 0; i < trained; ++i)
        gradient[i] = (double)NAN;

    carrynet_batch batch;
    MUST(carrynet_batch_create(&batch, &settings->task, sequences, settings->steps));
    for (size_t s = 0; s < sequences; ++s) {
        uint32_t *symbols = batch.symbols + s * batch.symbol_words;
        for (size_t t = 0; t < settings->steps; ++t)
            carrynet_packed_set(symbols, 2, t, (uint32_t)(2.0 * draw_weight(&state) + 2.0));
        (void)carrynet_targets(&settings->task, settings->task.start, symbols, settings->steps,
                               batch.targets + s * batch.target_words);
    }

    carrynet_engine *engine = NULL;
    carrynet_metrics metrics;
    MUST(carrynet_engine_create(&engine, settings, &backend->options));
    const double loss = loss_of(engine, &batch, parameters);
    MUST(carrynet_engine_gradient(engine, &batch, 0, 0, gradient, &metrics));
    cr_assert(loss > 0.0 && fabs(loss - metrics.loss) <= 1e-12 * loss, "%s: loss %a forward, %a with the gradient",
              label, loss, metrics.loss);
    double largest = 1.0;
    for (size_t i = 0; i < trained; ++i)
        largest = fmax(largest, fabs(gradient[i]));
    for (size_t i = 0; i < trained; ++i) {
        const double kept = parameters[i];
        parameters[i] = kept + step;
        const double above = loss_of(engine, &batch, parameters);
        parameters[i] = kept - step;
        const double below = loss_of(engine, &batch, parameters);
        parameters[i] = kept;
        const double difference = (below - above) / (2.0 * step);
        cr_assert(fabs(gradient[i] - difference) <= 1e-7 * largest,
                  "%s: gradient %zu of %zu is %.12g, difference %.12g", label, i, trained, gradient[i], difference);
    }
    carrynet_engine_free(engine);
    carrynet_batch_free(&batch);
    free(parameters);
    free(gradient);
}

static void check_all_shapes(carrynet_loss loss, bool bias, bool initial_state)
{
    static const uint32_t hidden[] = {1, 3, 7}, steps[] = {1, 5};
    static const size_t sequences[] = {1, 65};
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP64);
    const carrynet_task task = sum_and_carry();
    carrynet_settings settings;
    carrynet_settings_init(&settings, &task);
    settings.precision = CARRYNET_FP64;
    settings.loss = loss;
    settings.noise = 0;
    settings.shape.bias = bias;
    settings.shape.initial_state = initial_state;
    for (size_t b = 0; b < count; ++b) {
        for (size_t i = b == 0 ? 0 : 2; i < 3; ++i) { /* a device has the reference's bits, and long to compile */
            for (size_t k = 0; k < 4; ++k) {
                settings.shape.hidden = hidden[i];
                settings.steps = steps[k % 2];
                check_differences(&settings, sequences[k / 2], &backends[b]);
            }
        }
    }
}

Test(differences, squared_error)
{
    check_all_shapes(CARRYNET_LOSS_SQUARED, false, false);
}

Test(differences, cross_entropy)
{
    check_all_shapes(CARRYNET_LOSS_CROSS_ENTROPY, false, false);
}

Test(differences, squared_error_with_bias_and_initial_state)
{
    check_all_shapes(CARRYNET_LOSS_SQUARED, true, true);
}

Test(differences, cross_entropy_with_bias_and_initial_state)
{
    check_all_shapes(CARRYNET_LOSS_CROSS_ENTROPY, true, true);
}
