/* Runs a case on a device and on the reference, and compares every bit. */
#include "conformance/cases.h"
#include "model/optimizer.h"
#include "model/value.h"
#include "platform/platform.h"
#include <stdio.h>
#include <string.h>

enum { FORWARD_SEQUENCES = CASE_FORWARD_SEQUENCES, WHOLE_UPDATES = 10, INTERLEAVED_NETWORKS = 9 };

size_t carrynet_case_count(void)
{
    size_t count = 0;
    while (test_cases[count].name != NULL)
        ++count;
    return count;
}

const char *carrynet_case_name(size_t index)
{
    return index < carrynet_case_count() ? test_cases[index].name : NULL;
}

/* ---- running --------------------------------------------------------------------------------------------------- */

/* What a case needs while it runs. */
struct run {
    const carrynet_settings *settings;
    carrynet_engine *engine;
    struct case_values *values;
    size_t value; /* bytes of one */
    size_t capacity;
};

/* Poison, so that what is not written is seen: a NaN of its own. */
static void *begin_tensor(struct run *run, const char *name, size_t count)
{
    struct case_values *values = run->values;
    void *at = values->values + values->count * run->value;
    values->tensor[values->tensors].name = name;
    values->tensor[values->tensors++].first = values->count;
    values->count += count;
    memset(at, 0xff, count * run->value);
    return at;
}

static void put_metrics(struct run *run, const char *name, const carrynet_metrics *metrics)
{
    const size_t networks = run->settings->networks;
    void *to = begin_tensor(run, name, 4 * networks);
    for (size_t n = 0; n < networks; ++n) {
        net_put_value(to, run->settings->precision, 4 * n, metrics[n].loss);
        net_put_value(to, run->settings->precision, 4 * n + 1, metrics[n].absolute_error);
        net_put_value(to, run->settings->precision, 4 * n + 2, (double)metrics[n].wrong_bits);
        net_put_value(to, run->settings->precision, 4 * n + 3, (double)metrics[n].wrong_sequences);
    }
}

carrynet_status case_weights(carrynet_engine *engine)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const carrynet_shape *shape = &settings->shape;
    const size_t size = carrynet_shape_size(shape), value = settings->precision / 8;
    const carrynet_shape plain = {.inputs = 4, .hidden = shape->hidden + 16, .outputs = 4};
    char *values = NULL, *words = NULL;
    carrynet_status status = sys_allocate(&values, size, value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&words, carrynet_shape_size(&plain), value);
    for (uint32_t n = 0; n < settings->networks && status == CARRYNET_OK; ++n) {
        carrynet_initialize(values, shape, settings->precision, settings->seed + n, settings->scale);
        carrynet_initialize(words, &plain, settings->precision, n + 1, 0.5);
        for (int p = CARRYNET_B_H; p <= CARRYNET_H_0; ++p) {
            const carrynet_tensor tensor = carrynet_shape_tensor(shape, (carrynet_parameter)p);
            memcpy(values + tensor.offset * value, words + tensor.offset % 64 * value, tensor.size * value);
        }
        status = carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, n, 1, values);
    }
    sys_free(words);
    sys_free(values);
    return status;
}

static carrynet_status run_gradient(struct run *run, const carrynet_source *source, carrynet_metrics *metrics)
{
    const carrynet_settings *settings = run->settings;
    carrynet_batch batch = {0};
    carrynet_status status = carrynet_batch_create(&batch, &settings->task, settings->batch, settings->steps);
    if (status == CARRYNET_OK)
        status = source->fill(source->self, settings->seed, CASE_GRADIENT_UPDATE, 0, batch.sequences, batch.steps,
                              batch.symbols, batch.targets);
    if (status == CARRYNET_OK)
        status = carrynet_engine_gradient(
            run->engine, &batch, CASE_GRADIENT_UPDATE, CASE_GRADIENT_FIRST,
            begin_tensor(run, "gradient", settings->networks * carrynet_shape_trained(&settings->shape)), metrics);
    if (status == CARRYNET_OK)
        put_metrics(run, "metrics", metrics);
    carrynet_batch_free(&batch);
    return status;
}

static carrynet_status run_training(struct run *run, const carrynet_source *source, uint64_t updates,
                                    carrynet_metrics *metrics)
{
    const carrynet_settings *settings = run->settings;
    const size_t networks = settings->networks, trained = networks * carrynet_shape_trained(&settings->shape);
    const bool first = net_first_moment(settings->optimizer), second = net_second_moment(settings->optimizer);
    carrynet_status status = carrynet_engine_train(run->engine, source, updates, metrics);
    if (status == CARRYNET_OK)
        put_metrics(run, "last metrics", metrics);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(run->engine, CARRYNET_PART_PARAMETERS, 0, networks,
                                     begin_tensor(run, "parameters", networks * carrynet_shape_size(&settings->shape)));
    if (status == CARRYNET_OK && first)
        status = carrynet_engine_get(run->engine, CARRYNET_PART_FIRST_MOMENT, 0, networks,
                                     begin_tensor(run, "first moment", trained));
    if (status == CARRYNET_OK && second)
        status = carrynet_engine_get(run->engine, CARRYNET_PART_SECOND_MOMENT, 0, networks,
                                     begin_tensor(run, "second moment", trained));
    return status;
}

/* Forward in two windows, the second from the state of the first; outputs of the second. */
static carrynet_status run_forward(struct run *run, const carrynet_source *source, carrynet_metrics *metrics)
{
    const carrynet_settings *settings = run->settings;
    const size_t rows = (size_t)settings->networks * FORWARD_SEQUENCES, outputs = settings->shape.outputs;
    const size_t steps = settings->steps, hidden = settings->shape.hidden;
    carrynet_batch batch = {0};
    carrynet_status status = carrynet_batch_create(&batch, &settings->task, FORWARD_SEQUENCES, steps);
    if (status == CARRYNET_OK)
        status = source->fill(source->self, settings->seed, CASE_FORWARD_UPDATE, 0, batch.sequences, steps,
                              batch.symbols, batch.targets);
    if (status == CARRYNET_OK) {
        carrynet_forward all = {
            .metrics = metrics,
            .y = begin_tensor(run, "y", rows * steps * outputs),
            .z = begin_tensor(run, "z", rows * steps * outputs),
            .h = begin_tensor(run, "h", rows * steps * hidden),
            .state = begin_tensor(run, "state", rows * hidden),
        };
        status = carrynet_engine_forward(run->engine, &batch, &(carrynet_forward){.state = all.state});
        all.resume = true;
        if (status == CARRYNET_OK)
            status = carrynet_engine_forward(run->engine, &batch, &all);
    }
    if (status == CARRYNET_OK)
        put_metrics(run, "forward metrics", metrics);
    carrynet_batch_free(&batch);
    return status;
}

carrynet_launches case_launches(const struct test_case *one)
{
    return one->networks >= INTERLEAVED_NETWORKS ? CARRYNET_LAUNCHES_INTERLEAVED
           : one->updates >= WHOLE_UPDATES       ? CARRYNET_LAUNCHES_FUSED
                                                 : CARRYNET_LAUNCHES_STEPS;
}

carrynet_status case_run(struct case_values *values, const struct test_case *one,
                         const carrynet_engine_options *options)
{
    carrynet_settings settings;
    carrynet_metrics *metrics = NULL;
    carrynet_engine_options cut = *options;
    case_settings(&settings, one);
    if (cut.launches == CARRYNET_LAUNCHES_AUTO)
        cut.launches = case_launches(one);
    *values = (struct case_values){0};
    struct run run = {.settings = &settings, .values = values, .value = settings.precision / 8};
    const size_t per_network =
        4 * carrynet_shape_size(&settings.shape) + 16 +
        FORWARD_SEQUENCES * (size_t)(settings.steps + 1) * (settings.shape.hidden + 2 * settings.shape.outputs);
    carrynet_status status = sys_allocate(&values->values, settings.networks * per_network, run.value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&metrics, settings.networks, sizeof *metrics);
    if (status == CARRYNET_OK)
        status = carrynet_engine_create(&run.engine, &settings, &cut);
    if (status == CARRYNET_OK)
        status = case_weights(run.engine);
    const carrynet_source source = carrynet_counter_source(&settings.task);
    if (status == CARRYNET_OK)
        status = run_gradient(&run, &source, metrics);
    if (status == CARRYNET_OK)
        status = run_training(&run, &source, one->updates, metrics);
    if (status == CARRYNET_OK)
        status = run_forward(&run, &source, metrics);
    carrynet_engine_free(run.engine);
    sys_free(metrics);
    if (status != CARRYNET_OK)
        case_values_free(values);
    return status;
}

void case_values_free(struct case_values *values)
{
    sys_free(values->values);
    *values = (struct case_values){0};
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

/* The bits of value i, every NaN as one (kernels/ARITHMETIC.md 2, rule 5), ordered like the numbers. */
static uint64_t bits_of_value(const char *values, size_t value, size_t i, bool *nan)
{
    if (value == sizeof(float)) {
        uint32_t bits;
        memcpy(&bits, values + i * value, value);
        *nan = (bits & 0x7fffffffu) > 0x7f800000u;
        return *nan ? 0x7fc00000u : bits;
    }
    uint64_t bits;
    memcpy(&bits, values + i * value, value);
    *nan = (bits & 0x7fffffffffffffffu) > 0x7ff0000000000000u;
    return *nan ? 0x7ff8000000000000u : bits;
}

/* Distance in units in the last place. */
static uint64_t distance(uint64_t a, uint64_t b, size_t value)
{
    const uint64_t sign = 1ull << (8 * value - 1);
    const uint64_t above_a = a & sign ? sign - (a & ~sign) : sign + a,
                   above_b = b & sign ? sign - (b & ~sign) : sign + b;
    return above_a > above_b ? above_a - above_b : above_b - above_a;
}

static void compare(carrynet_case_result *result, const struct case_values *got, const struct case_values *expected,
                    size_t value)
{
    result->digest = SYS_DIGEST; /* of the canonical bits */
    result->values = got->count;
    for (size_t i = 0; i < got->count; ++i) {
        bool nan_a = false, nan_b = false;
        const uint64_t a = bits_of_value(got->values, value, i, &nan_a);
        const uint64_t b = bits_of_value(expected->values, value, i, &nan_b);
        result->digest = sys_digest(result->digest, a, value);
        /* No case makes a NaN: one is an output that was not written, on whichever side. */
        if (a == b && !nan_a) {
            ++result->equal;
            continue;
        }
        const uint64_t ulp = nan_a || nan_b ? UINT64_MAX : distance(a, b, value);
        if (ulp < result->worst_ulp || (ulp == 0 && result->worst_tensor[0] != '\0'))
            continue;
        size_t tensor = 0;
        while (tensor + 1 < got->tensors && got->tensor[tensor + 1].first <= i)
            ++tensor;
        result->worst_ulp = ulp;
        result->worst_index = i - got->tensor[tensor].first;
        (void)snprintf(result->worst_tensor, sizeof result->worst_tensor, "%s", got->tensor[tensor].name);
    }
}

carrynet_status carrynet_case_compare(carrynet_case_result *result, size_t index,
                                      const carrynet_engine_options *options)
{
    struct case_values got = {0}, expected = {0};
    carrynet_engine_options reference;
    *result = (carrynet_case_result){0};
    if (index >= carrynet_case_count())
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "case %zu of %zu", index, carrynet_case_count());
    const struct test_case *one = &test_cases[index];
    (void)snprintf(result->name, sizeof result->name, "%s", one->name);
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    carrynet_status status = case_run(&got, one, options);
    if (status == CARRYNET_ERROR_UNSUPPORTED) {
        result->skipped = true;
        (void)snprintf(result->reason, sizeof result->reason, "%s", carrynet_message());
        return CARRYNET_OK;
    }
    if (status == CARRYNET_OK)
        status = case_run(&expected, one, &reference);
    if (status == CARRYNET_OK)
        compare(result, &got, &expected, (size_t)one->precision / 8);
    case_values_free(&expected);
    case_values_free(&got);
    return status;
}
