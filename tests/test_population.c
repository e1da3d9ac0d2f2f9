/*
 * A population of networks that differ in all they may: each comes out, bit for bit and at the same update, as its lone
 * run in plain C; on every backend, in one network batch and in several, whoever leaves meanwhile.
 */
#include "each_backend.h"
#include <math.h>
#include <stdlib.h>

enum { NETWORKS = 37, DIVERGED = 11, INFINITE = 20, VALUES = 2 * 16 + 16 * 16 + 16 };

struct population {
    carrynet_settings settings;
    carrynet_network_config configs[NETWORKS];
    float initial[NETWORKS * VALUES]; /* [NETWORKS][size] */
    size_t size;
};

/* Few bits and few hidden units: some become exact soon, some late, some never in the updates that they have. */
static void mix(struct population *p, uint32_t hidden, uint32_t batch)
{
    const double rates[] = {0.03, 0.06, 0.1}, noises[] = {0, 0.05}, scales[] = {1, 0.5, 2, 1.5};
    carrynet_settings_init(&p->settings, carrynet_task_at(0));
    p->settings.steps = 5;
    p->settings.shape.hidden = hidden;
    p->settings.batch = batch;
    p->settings.networks = NETWORKS;
    p->settings.updates = 250;
    p->settings.clip = 1;
    p->size = carrynet_shape_size(&p->settings.shape);
    cr_assert_leq(p->size, (size_t)VALUES);
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        carrynet_network_config *one = &p->configs[n];
        *one = (carrynet_network_config){
            .seed = n % 5 == 4 ? (UINT64_C(1) << 40) + n : 100 + 7 * n,
            .problem_seed = n % 3 == 0 ? 3 : UINT64_MAX - n,
            .rate = rates[n % 3],
            .noise = noises[n / 4 % 2],
            .scale = scales[n % 4],
        };
        carrynet_initialize(p->initial + n * p->size, &p->settings.shape, CARRYNET_FP32, one->seed, one->scale);
    }
    p->initial[DIVERGED * p->size + 3] = NAN;
    p->initial[INFINITE * p->size + 3] = INFINITY;
}

/* Ends the training at a call, from 1; 0: never. */
struct stop {
    int at, calls;
};

static int stop_there(void *self)
{
    struct stop *stop = self;
    return ++stop->calls == stop->at;
}

static carrynet_model *train(const struct population *p, const carrynet_engine_options *engine, uint32_t first,
                             uint32_t count, uint32_t network_batch, carrynet_outcome *outcomes, struct stop *stop)
{
    carrynet_settings settings = p->settings;
    carrynet_train_options options;
    carrynet_model *model = NULL;
    settings.networks = count;
    carrynet_train_options_init(&options);
    options.configs = p->configs + first;
    options.initial = p->initial + first * p->size;
    options.outcomes = outcomes;
    options.network_batch = network_batch;
    options.interrupted = stop != NULL ? stop_there : NULL;
    options.self = stop;
    MUST(carrynet_train(&model, &settings, engine, &options));
    return model;
}

struct lone {
    carrynet_model *models[NETWORKS];
    carrynet_outcome outcomes[NETWORKS];
};

static void expect_equal(const struct population *p, const struct lone *lone, carrynet_model *model,
                         const carrynet_outcome *outcomes, const char *label)
{
    const carrynet_network *records = carrynet_model_networks_const(model);
    const float *values = carrynet_model_values_const(model);
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        const carrynet_network *alone = carrynet_model_networks_const(lone->models[n]);
        cr_expect_eq(records[n].seed, p->configs[n].seed);
        cr_expect_eq(records[n].updates, alone->updates, "%s, network %u: %llu updates, alone %llu", label, n,
                     (unsigned long long)records[n].updates, (unsigned long long)alone->updates);
        cr_expect_eq(records[n].exact, alone->exact, "%s, network %u", label, n);
        cr_expect_eq(
            memcmp(values + n * p->size, carrynet_model_values_const(lone->models[n]), p->size * sizeof *values), 0,
            "%s, network %u: other weights than alone", label, n);
        cr_expect(outcomes[n].finished, "%s, network %u", label, n);
        cr_expect_eq(outcomes[n].diverged, lone->outcomes[n].diverged, "%s, network %u", label, n);
        cr_expect_gt(outcomes[n].seconds, 0, "%s, network %u", label, n);
        cr_expect_eq(outcomes[n].bits, lone->outcomes[n].bits);
        cr_expect_eq(outcomes[n].wrong_bits, lone->outcomes[n].wrong_bits, "%s, network %u", label, n);
        cr_expect_eq(outcomes[n].wrong_bits == 0, records[n].exact, "%s, network %u", label, n);
    }
}

static void compare(uint32_t hidden, uint32_t batch, carrynet_launches launches)
{
    struct population *p = calloc(1, sizeof *p);
    struct lone *lone = calloc(1, sizeof *lone);
    struct test_backend backends[TEST_BACKENDS];
    carrynet_outcome outcomes[NETWORKS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    uint32_t exact = 0, late = 0;
    cr_assert(p != NULL && lone != NULL);
    mix(p, hidden, batch);
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        lone->models[n] = train(p, &backends[0].options, n, 1, 0, &lone->outcomes[n], NULL);
        const carrynet_network *one = carrynet_model_networks_const(lone->models[n]);
        exact += one->exact;
        late += one->exact && one->updates > 128;
    }
    cr_expect(lone->outcomes[DIVERGED].diverged && lone->outcomes[INFINITE].diverged);
    cr_expect(exact >= 3 && exact <= NETWORKS - 3 && late >= 1, "a poor mixture: %u exact, %u of them late", exact,
              late);
    for (size_t b = 0; b < count; ++b) {
        const uint32_t network_batches[] = {0, 10};
        for (int w = 0; w < 2; ++w) {
            char label[80];
            (void)snprintf(label, sizeof label, "%.40s, hidden %u, waves of %u", backends[b].label, hidden,
                           network_batches[w]);
            backends[b].options.launches = b == 1 ? launches : CARRYNET_LAUNCHES_AUTO;
            carrynet_model *model = train(p, &backends[b].options, 0, NETWORKS, network_batches[w], outcomes, NULL);
            expect_equal(p, lone, model, outcomes, label);
            carrynet_model_free(model);
        }
    }
    for (uint32_t n = 0; n < NETWORKS; ++n)
        carrynet_model_free(lone->models[n]);
    free(lone);
    free(p);
}

Test(population, each_as_alone)
{
    compare(12, 32, CARRYNET_LAUNCHES_INTERLEAVED);
}

Test(population, each_as_alone_with_few_units)
{
    compare(5, 70, CARRYNET_LAUNCHES_AUTO);
}

Test(population, each_as_alone_by_steps)
{
    compare(12, 32, CARRYNET_LAUNCHES_STEPS);
}

/* Whoever has finished when the caller ends the training, at any moment, has finished as ever; no other has. */
Test(population, an_end_by_the_caller_changes_none)
{
    struct population *p = calloc(1, sizeof *p);
    struct test_backend backends[TEST_BACKENDS];
    carrynet_outcome whole[NETWORKS], part[NETWORKS];
    struct stop never = {0};
    (void)test_backends(backends, CARRYNET_FP32);
    mix(p, 6, 16);
    carrynet_model *all = train(p, &backends[0].options, 0, NETWORKS, 0, whole, &never);
    const carrynet_network *records = carrynet_model_networks_const(all);
    const float *values = carrynet_model_values_const(all);
    for (int percent = 10; percent <= 100; percent += 15) {
        struct stop stop = {.at = never.calls * percent / 100};
        carrynet_model *model = train(p, &backends[0].options, 0, NETWORKS, 0, part, &stop);
        const carrynet_network *stopped = carrynet_model_networks_const(model);
        const float *left = carrynet_model_values_const(model);
        uint32_t finished = 0;
        for (uint32_t n = 0; n < NETWORKS; ++n) {
            finished += part[n].finished;
            cr_expect_eq(part[n].finished, percent == 100 || stopped[n].updates == records[n].updates);
            if (!part[n].finished)
                continue;
            cr_expect_eq(stopped[n].exact, records[n].exact, "stopped at %d%%, network %u", percent, n);
            cr_expect_eq(part[n].diverged, whole[n].diverged, "stopped at %d%%, network %u", percent, n);
            cr_expect_eq(part[n].wrong_bits, whole[n].wrong_bits, "stopped at %d%%, network %u", percent, n);
            cr_expect_eq(memcmp(left + n * p->size, values + n * p->size, p->size * sizeof *left), 0);
        }
        cr_expect(percent == 100 ? finished == NETWORKS : finished < NETWORKS, "%u of all at %d%%", finished, percent);
        carrynet_model_free(model);
    }
    carrynet_model_free(all);
    free(p);
}

Test(population, those_who_stay_close_up)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    for (size_t b = 0; b < count; ++b) {
        carrynet_settings settings;
        carrynet_engine *engine = NULL;
        const bool stays[] = {true, false, true, false, false, true, true}, none[4] = {false};
        const uint32_t wanted[] = {0, 5, 2, 6};
        float before[7][VALUES + 32], after[7][VALUES + 32];
        uint32_t from[7], left = 0;
        carrynet_settings_init(&settings, carrynet_task_at(0));
        settings.networks = 7;
        const size_t size = carrynet_shape_size(&settings.shape);
        MUST(carrynet_engine_create(&engine, &settings, &backends[b].options));
        for (uint32_t n = 0; n < 7; ++n)
            MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, n, 1, before[n]));
        MUST(carrynet_engine_compact(engine, stays, from, &left));
        cr_assert_eq(left, 4u);
        cr_expect_eq(carrynet_engine_settings(engine)->networks, 4u);
        for (uint32_t n = 0; n < left; ++n) {
            cr_expect_eq(from[n], wanted[n]);
            cr_expect_eq(carrynet_engine_network_configs(engine)[n].seed, settings.seed + wanted[n]);
            MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, n, 1, after[n]));
            cr_expect_eq(memcmp(after[n], before[wanted[n]], size * sizeof(float)), 0, "%s, network %u",
                         backends[b].label, n);
        }
        cr_expect_eq(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 4, 1, after[0]), CARRYNET_ERROR_ARGUMENT);
        cr_expect_eq(carrynet_engine_compact(engine, none, from, &left), CARRYNET_ERROR_ARGUMENT);
        carrynet_engine_free(engine);
    }
}

/* What a device got ready for training has not changed what it measures, which a training that goes on may do first. */
Test(population, measured_before_the_first_update)
{
    enum { MEASURED = 12, SEQUENCES = 64 };
    static const carrynet_launches launches[] = {CARRYNET_LAUNCHES_STEPS, CARRYNET_LAUNCHES_FUSED,
                                                 CARRYNET_LAUNCHES_INTERLEAVED};
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    carrynet_metrics want[MEASURED];
    carrynet_settings settings;
    carrynet_batch batch;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.networks = MEASURED;
    settings.shape.hidden = 4;
    const carrynet_source source = carrynet_counter_source(&settings.task);
    MUST(carrynet_batch_create(&batch, &settings.task, SEQUENCES, settings.steps));
    MUST(source.fill(source.self, 1, 0, 0, SEQUENCES, settings.steps, batch.symbols, batch.targets));
    for (size_t b = 0; b < count; ++b)
        for (size_t way = 0; way < sizeof launches / sizeof launches[0]; ++way) {
            carrynet_engine *engine = NULL;
            carrynet_metrics got[MEASURED];
            backends[b].options.launches = b == 1 ? launches[way] : CARRYNET_LAUNCHES_AUTO;
            MUST(carrynet_engine_create(&engine, &settings, &backends[b].options));
            MUST(carrynet_engine_train(engine, &source, 0, NULL));
            MUST(carrynet_engine_forward(engine, &batch, &(carrynet_forward){.metrics = b + way == 0 ? want : got}));
            for (uint32_t n = 0; n < MEASURED && b + way > 0; ++n)
                cr_expect(memcmp(&got[n].loss, &want[n].loss, sizeof want[n].loss) == 0 &&
                              got[n].wrong_bits == want[n].wrong_bits,
                          "%s, way %zu, network %u: %llu wrong bits, not %llu", backends[b].label, way, n,
                          (unsigned long long)got[n].wrong_bits, (unsigned long long)want[n].wrong_bits);
            carrynet_engine_free(engine);
        }
    carrynet_batch_free(&batch);
}
