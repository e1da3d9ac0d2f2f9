/*
 * Sweeps: which rows there are, that each is its network trained alone, that stopped and resumed they give the same
 * file, byte for byte, on every backend, and that a row comes back. test_sweep_files.c has shards and forged files.
 */
#include "sweep_sample.h"
#include <Random123/philox.h>
#include <math.h>

TestSuite(sweep, .init = program_enter, .fini = program_leave, .timeout = 300);

/* ---- which rows ------------------------------------------------------------------------------------------------ */

Test(sweep, lists_its_rows_in_order)
{
    const uint32_t hidden[] = {3, 2}, batches[] = {64, 100, 4096};
    const carrynet_optimizer optimizers[] = {CARRYNET_OPTIMIZER_SGD, CARRYNET_OPTIMIZER_ADAM};
    const carrynet_loss losses[] = {CARRYNET_LOSS_SQUARED, CARRYNET_LOSS_CROSS_ENTROPY};
    const double noises[] = {0, 0.1};
    struct sample sample;
    carrynet_settings settings;
    sample_init(&sample);
    carrynet_sweep_spec *spec = &sample.spec;
    spec->hidden = hidden;
    spec->batches = batches;
    spec->batch_count = 3;
    spec->optimizers = optimizers;
    spec->losses = losses;
    spec->optimizer_count = spec->loss_count = spec->noise_count = 2;
    spec->rates = NULL;
    spec->noises = noises;
    spec->sequences = 1000;
    spec->check_every = 0;
    carrynet_sweep *sweep = make(spec);
    cr_assert_eq(carrynet_sweep_rows(sweep), 2 * 3 * 2 * 2 * 2 * 4);
    uint64_t row = 1;
    for (size_t h = 0; h < 2; ++h)
        for (size_t b = 0; b < 3; ++b)
            for (size_t o = 0; o < 2; ++o)
                for (size_t l = 0; l < 2; ++l)
                    for (size_t n = 0; n < 2; ++n)
                        for (uint64_t seed = 3; seed < 7; ++seed, ++row) {
                            carrynet_sweep_settings(&settings, sweep, row);
                            cr_assert_eq(settings.shape.hidden, hidden[h]);
                            cr_assert_eq(settings.batch, batches[b]);
                            cr_assert_eq(settings.optimizer, optimizers[o]);
                            cr_assert_eq(settings.loss, losses[l]);
                            cr_assert_eq(settings.rate, carrynet_default_rate(optimizers[o], losses[l]));
                            cr_assert_eq(settings.noise, noises[n]);
                            cr_assert_eq(settings.seed, seed);
                            cr_assert_eq(settings.networks, 1u);
                            cr_assert_eq(settings.updates, b == 0 ? 15u : b == 1 ? 10u : 1u);
                            cr_assert_eq(settings.check_every, b == 0 ? 16u : b == 1 ? 11u : 1u);
                            cr_assert(settings.until_exact);
                            cr_assert_not(carrynet_sweep_result_of(sweep, row)->finished);
                        }
    carrynet_sweep_free(sweep);
}

/* kernels/ARITHMETIC.md 6, from Random123 and, for the ranges, from logarithms. */
Test(sweep, draws_points)
{
    const uint32_t hidden[] = {2, 3, 5}, batches[] = {16, 32};
    const carrynet_optimizer optimizers[] = {CARRYNET_OPTIMIZER_SGD, CARRYNET_OPTIMIZER_ADAM};
    const double rates[] = {0.001, 2}, noises[] = {0, 0.25};
    struct sample sample;
    carrynet_settings settings;
    sample_init(&sample);
    carrynet_sweep_spec *spec = &sample.spec;
    spec->settings.seed = UINT64_C(0x123456789abcdef);
    spec->hidden = hidden;
    spec->hidden_count = 3;
    spec->batches = batches;
    spec->batch_count = 2;
    spec->optimizers = optimizers;
    spec->optimizer_count = 2;
    spec->rates = rates;
    spec->rate_range = true;
    spec->noises = noises;
    spec->noise_count = 2;
    spec->noise_range = true;
    spec->points = 300;
    carrynet_sweep *sweep = make(spec);
    cr_assert_eq(carrynet_sweep_rows(sweep), 1200);
    for (uint32_t p = 0; p < 300; ++p) {
        const philox4x32_key_t key = {{0x89abcdef, 0x1234567}};
        const philox4x32_ctr_t first = {{2 * p, 0, 0, 4}}, second = {{2 * p + 1, 0, 0, 4}};
        const philox4x32_ctr_t a = philox4x32(first, key), b = philox4x32(second, key);
        carrynet_sweep_settings(&settings, sweep, 4 * p + 1 + p % 4);
        cr_assert_eq(settings.shape.hidden, hidden[(uint64_t)a.v[0] * 3 >> 32]);
        cr_assert_eq(settings.batch, batches[a.v[1] >> 31]);
        cr_assert_eq(settings.optimizer, optimizers[a.v[2] >> 31]);
        cr_assert_eq(settings.loss, CARRYNET_LOSS_CROSS_ENTROPY);
        cr_assert_eq(settings.seed, spec->settings.seed + p % 4);
        const double rate = 0.001 * pow(2000, b.v[0] * 0x1p-32), noise = 0.25 * (b.v[1] * 0x1p-32);
        cr_assert(fabs(settings.rate - rate) <= 5.1e-4 * rate, "point %u: rate %g, not %g", p, settings.rate, rate);
        cr_assert(fabs(settings.noise - noise) <= 5.1e-4 * noise, "point %u: noise %g", p, settings.noise);
        char digits[32];
        (void)snprintf(digits, sizeof digits, "%.3e", settings.rate);
        cr_assert_eq(strtod(digits, NULL), settings.rate, "%.17g has more than 4 digits", settings.rate);
    }
    carrynet_sweep_free(sweep);
}

Test(sweep, has_a_number_of_its_own)
{
    struct sample sample;
    uint64_t seen[20];
    size_t count = 0;
    const carrynet_task *sub = NULL;
    MUST(carrynet_task_find(&sub, "sub"));
    for (int change = 0; change < 20; ++change) {
        sample_init(&sample);
        carrynet_settings *s = &sample.spec.settings;
        const double noise = 0.5;
        const uint32_t batch = 17;
        const carrynet_loss loss = CARRYNET_LOSS_SQUARED;
        const carrynet_optimizer optimizer = CARRYNET_OPTIMIZER_SGD;
        switch (change) {
        case 1:
            s->task = *sub;
            break;
        case 2:
            s->steps = 5;
            break;
        case 3:
            s->shape.bias = true;
            break;
        case 4:
            s->precision = CARRYNET_FP64;
            break;
        case 5:
            s->schedule = CARRYNET_SCHEDULE_COSINE;
            break;
        case 6:
            s->momentum = 0.8;
            break;
        case 7:
            s->decay = 0.99;
            break;
        case 8:
            s->epsilon = 1e-7;
            break;
        case 9:
            s->clip = 1;
            break;
        case 10:
            s->scale = 2;
            break;
        case 11:
            s->seed = 4;
            break;
        case 12:
            sample.spec.seeds = 5;
            break;
        case 13:
            sample.spec.sequences = 4001;
            break;
        case 14:
            sample.spec.check_every = 11;
            break;
        case 15:
            sample.hidden[1] = 13;
            break;
        case 16:
            sample.rates[0] = nextafter(0.05, 1);
            break;
        case 17:
            sample.spec.noises = &noise;
            break;
        case 18:
            sample.spec.batches = &batch;
            break;
        case 19:
            sample.spec.points = 4;
            break;
        default:
            break;
        }
        carrynet_sweep *sweep = make(&sample.spec);
        seen[count++] = carrynet_sweep_id(sweep);
        carrynet_sweep_free(sweep);
        for (size_t i = 0; i + 1 < count; ++i)
            cr_expect_neq(seen[i], seen[count - 1], "changes %zu and %d", i, change);
        sample_init(&sample);
        sample.spec.losses = change % 2 == 0 ? &loss : sample.spec.losses;
        sample.spec.optimizers = change % 2 == 1 ? &optimizer : sample.spec.optimizers;
        sweep = make(&sample.spec);
        cr_expect_neq(carrynet_sweep_id(sweep), seen[0]);
        carrynet_sweep_free(sweep);
    }
    /* The shard is no part of it. */
    sample_init(&sample);
    sample.spec.shard = sample.spec.shards = 3;
    carrynet_sweep *sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_id(sweep), seen[0]);
    cr_expect_eq(carrynet_sweep_count(sweep).networks, 5u);
    carrynet_sweep_free(sweep);
}

static void expect_refused(const carrynet_sweep_spec *spec, const char *part)
{
    carrynet_sweep *sweep = NULL;
    cr_expect_eq(carrynet_sweep_create(&sweep, spec), CARRYNET_ERROR_ARGUMENT, "not refused: %s", part);
    cr_expect_null(sweep);
    EXPECT_SAYS(carrynet_message(), part);
}

Test(sweep, refuses_wrong_specifications)
{
    const double ends[] = {0.2, 0.1}, nan_ends[] = {NAN, 1}, beyond[] = {0.5, 3}, wrong[] = {NAN, 0.1},
                 tiny[] = {0, 1e-12};
    const uint32_t zero = 0;
    struct sample s;
#define REFUSED(part, ...)                                                                                             \
    do {                                                                                                               \
        sample_init(&s);                                                                                               \
        __VA_ARGS__;                                                                                                   \
        expect_refused(&s.spec, part);                                                                                 \
    } while (0)
    REFUSED("the list of hidden is empty", s.spec.hidden_count = 0);
    REFUSED("the list of batch is empty", s.spec.batch_count = 0);
    REFUSED("the list of optimizer is empty", s.spec.optimizer_count = 0);
    REFUSED("the list of loss is empty", s.spec.loss_count = 0);
    REFUSED("the list of lr is empty", s.spec.rate_count = 0);
    REFUSED("the list of noise is empty", s.spec.noise_count = 0);
    REFUSED("the list of seeds is empty", s.spec.seeds = 0);
    REFUSED("sequences is 0", s.spec.sequences = 0);
    REFUSED("no shard 0 of 1", s.spec.shard = 0);
    REFUSED("no shard 3 of 2", s.spec.shard = 3, s.spec.shards = 2);
    REFUSED("67108868 networks are more than the 16777216", s.spec.seeds = 16777217);
    REFUSED("are more than the 16777216", s.spec.points = UINT64_MAX);
    REFUSED("leaves no seeds", s.spec.settings.seed = UINT64_MAX - 2);
    REFUSED("lr is nan", s.rates[1] = NAN);
    REFUSED("lr is inf", s.rates[1] = INFINITY);
    REFUSED("lr is -1", s.rates[0] = -1);
    REFUSED("lr is", s.spec.rates = wrong);
    REFUSED("noise is 3", s.spec.noises = beyond, s.spec.noise_count = 2);
    REFUSED("batch is 0", s.spec.batches = &zero);
    REFUSED("hidden", s.hidden[1] = 1025);
    REFUSED("lr is a range, from which only random points are drawn", s.spec.rate_range = true);
    REFUSED("noise is a range", s.spec.noise_range = true);
    REFUSED("lr is no range", s.spec.rate_range = true, s.spec.points = 3, s.spec.rates = ends);
    REFUSED("lr is no range", s.spec.rate_range = true, s.spec.points = 3, s.spec.rates = nan_ends);
    REFUSED("lr is no range", s.spec.rate_range = true, s.spec.points = 3, s.spec.rate_count = 1);
    REFUSED("noise is 3", s.spec.noise_range = true, s.spec.points = 3, s.spec.noises = beyond, s.spec.noise_count = 2);
    REFUSED("sequences is 18446744073709551615, must be below 68719476736 with batch 16",
            s.spec.sequences = UINT64_MAX);
    REFUSED("noise", s.spec.noise_range = true, s.spec.points = 3, s.spec.noises = tiny, s.spec.noise_count = 2);
    REFUSED("bits is 1, must be 2 to 1000000", s.spec.settings.steps = 1);
    REFUSED("bits is 1000001, must be 2 to 1000000", s.spec.settings.steps = 1000001);
    REFUSED("momentum is 1, must be 0 or more, below 1", s.spec.settings.momentum = 1);
#undef REFUSED
}

/* ---- results --------------------------------------------------------------------------------------------------- */

Test(sweep, each_row_is_its_network_alone)
{
    const carrynet_engine_options reference = on_reference();
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    struct sample sample;
    sample_init(&sample);
    carrynet_sweep *sweep = make(&sample.spec);
    MUST(carrynet_sweep_run(sweep, &reference, NULL));
    uint64_t exact = 0;
    for (uint64_t row = 1; row <= carrynet_sweep_rows(sweep); ++row) {
        const carrynet_sweep_result *result = carrynet_sweep_result_of(sweep, row);
        carrynet_sweep_result alone;
        carrynet_settings settings;
        carrynet_model *model = NULL;
        carrynet_sweep_settings(&settings, sweep, row);
        MUST(carrynet_train(&model, &settings, &reference, NULL));
        const carrynet_network *record = carrynet_model_networks_const(model);
        const size_t values = carrynet_shape_size(&settings.shape);
        uint64_t digest = 0xcbf29ce484222325u;
        for (size_t i = 0; i < values; ++i) {
            uint32_t bits;
            memcpy(&bits, (const float *)carrynet_model_values_const(model) + i, sizeof bits);
            for (int byte = 0; byte < 4; ++byte)
                digest = (digest ^ (bits >> 8 * byte & 0xff)) * 0x100000001b3u;
        }
        cr_expect(result->finished && result->exact == record->exact && result->updates == record->updates &&
                      result->digest == digest,
                  "row %d", (int)row);
        cr_expect_eq(result->bit_error == 0, result->exact);
        cr_expect(result->bit_error >= 0 && result->bit_error <= 1 && result->seconds >= 0);
        exact += result->exact ? 1 : 0;
        carrynet_model_free(model);
        MUST(carrynet_sweep_reproduce(&model, &alone, &settings, &reference, NULL));
        cr_expect(alone.finished && alone.digest == digest && alone.bit_error == result->bit_error);
        carrynet_model_free(model);
    }
    cr_expect(exact > 0 && exact < carrynet_sweep_rows(sweep), "a poor sample: %d exact", (int)exact);
    MUST(carrynet_sweep_save(sweep, "reference.csv"));
    carrynet_sweep_free(sweep);
    for (size_t b = 1; b < count; ++b) {
        run_into("device.csv", &sample.spec, &backends[b].options, b == 1 ? 3 : 0);
        expect_same("reference.csv", "device.csv");
    }
}

/* Also with a rate that throws the weights far away. */
Test(sweep, reproduces_rows_in_binary64)
{
    const carrynet_engine_options reference = on_reference();
    struct sample sample;
    carrynet_sweep_row *row = malloc(sizeof *row);
    sample_init(&sample);
    sample.spec.settings.precision = CARRYNET_FP64;
    sample.rates[1] = 1e6;
    run_into("64.csv", &sample.spec, &reference, 0);
    for (uint64_t r = 1; r <= 16; ++r) {
        carrynet_model *model = NULL;
        carrynet_sweep_result made;
        MUST(carrynet_sweep_read(row, "64.csv", r));
        cr_expect_eq(row->settings.precision, CARRYNET_FP64);
        MUST(carrynet_sweep_reproduce(&model, &made, &row->settings, &reference, NULL));
        cr_expect(made.digest == row->result.digest && made.exact == row->result.exact &&
                      made.bit_error == row->result.bit_error && made.updates == row->result.updates,
                  "row %d", (int)r);
        carrynet_model_free(model);
    }
    free(row);
}

/* ---- stopped and resumed --------------------------------------------------------------------------------------- */

struct stopper {
    int questions; /* after which it stops */
    carrynet_sweep_tally last;
    int reports;
};

static int stop(void *self)
{
    return ((struct stopper *)self)->questions-- <= 0;
}

static int watch(void *self, const carrynet_sweep_report *report)
{
    struct stopper *stopper = self;
    cr_expect_geq(report->tally.finished, report->tally.exact);
    cr_expect_leq(report->tally.finished, report->tally.networks);
    stopper->last = report->tally;
    ++stopper->reports;
    return 0;
}

Test(sweep, resumed_is_whole)
{
    const carrynet_engine_options reference = on_reference();
    static const int questions[] = {0, 30, 66, 70, 76, 84, 100, 1000};
    struct sample sample;
    carrynet_sweep_options options;
    size_t partial = 0;
    sample_init(&sample);
    sample.spec.sequences = 40000;
    sample.spec.settings.batch = 64;
    sample.spec.batches = &sample.spec.settings.batch;
    run_into("whole.csv", &sample.spec, &reference, 0);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; ++i) {
        struct stopper stopper = {.questions = questions[i]};
        carrynet_sweep *sweep = make(&sample.spec);
        carrynet_sweep_options_init(&options);
        options.report = watch;
        options.interrupted = stop;
        options.self = &stopper;
        options.path = "part.csv";
        options.network_batch = i % 2 == 0 ? 0 : 3;
        MUST(carrynet_sweep_run(sweep, &reference, &options));
        const carrynet_sweep_tally tally = carrynet_sweep_count(sweep);
        cr_expect_eq(memcmp(&tally, &stopper.last, sizeof tally), 0);
        cr_expect_geq(stopper.reports, 1);
        partial += tally.finished > 0 && tally.finished < tally.networks ? 1 : 0;
        cr_expect(questions[i] > 0 || tally.finished == 0);
        carrynet_sweep_free(sweep);

        /* Another process goes on. */
        sweep = make(&sample.spec);
        MUST(carrynet_sweep_load(sweep, "part.csv"));
        cr_expect_eq(carrynet_sweep_count(sweep).finished, tally.finished);
        carrynet_sweep_options_init(&options);
        options.path = "part.csv";
        MUST(carrynet_sweep_run(sweep, &reference, &options));
        carrynet_sweep_free(sweep);
        expect_same("whole.csv", "part.csv");
    }
    cr_expect_geq(partial, 3, "only %zu were stopped in between", partial);
}

Test(sweep, keeps_seconds_and_what_was_finished_before_an_error)
{
    const carrynet_engine_options reference = on_reference();
    struct sample sample;
    carrynet_sweep_options options;
    sample_init(&sample);
    run_into("whole.csv", &sample.spec, &reference, 0);
    char *times = program_file("whole.times.csv", NULL);
    cr_assert_not_null(times);
    cr_expect_eq(strncmp(times, "row,seconds\n1,0.", 16), 0, "%s", times);
    carrynet_sweep *sweep = make(&sample.spec);
    MUST(carrynet_sweep_load(sweep, "whole.csv"));
    MUST(carrynet_sweep_save(sweep, "again"));
    cr_expect_eq(carrynet_sweep_saved(sweep), 16u);
    expect_same("whole.csv", "again");
    expect_same("whole.times.csv", "again.times.csv");
    carrynet_sweep_free(sweep);
    free(times);

    /* The second group does not fit into any memory; the first is saved. */
    sample.hidden[1] = 1024;
    sample.spec.seeds = 200000;
    sample.spec.sequences = 16;
    sample.spec.rate_count = 1;
    sample.spec.settings.steps = 2;
    sample.spec.shards = 400000 / 20000;
    sweep = make(&sample.spec);
    carrynet_sweep_options_init(&options);
    options.path = "first.csv";
    cr_expect_eq(carrynet_sweep_run(sweep, &reference, &options), CARRYNET_ERROR_MEMORY);
    EXPECT_SAYS(carrynet_message(), "10000 networks, hidden 1024");
    cr_expect_eq(carrynet_sweep_count(sweep).finished, 10000u);
    carrynet_sweep_free(sweep);
    sweep = make(&sample.spec);
    MUST(carrynet_sweep_load(sweep, "first.csv"));
    cr_expect_eq(carrynet_sweep_count(sweep).finished, 10000u);
    carrynet_sweep_free(sweep);
}

/* ---- remaking and measuring ------------------------------------------------------------------------------------ */

/* A hundred random rows from the columns of their file alone, in plain C and on a device, some in its other shape. */
Test(sweep, reproduces_rows)
{
    const uint32_t hidden[] = {2, 12};
    const double rates[] = {0.001, 1}, noises[] = {0, 0.1};
    const carrynet_engine_options reference = on_reference();
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    carrynet_sweep_row *row = malloc(sizeof *row);
    struct sample sample;
    sample_init(&sample);
    carrynet_sweep_spec *spec = &sample.spec;
    spec->points = 60;
    spec->seeds = 5;
    spec->hidden = hidden;
    spec->rates = rates;
    spec->rate_range = true;
    spec->noises = noises;
    spec->noise_count = 2;
    spec->noise_range = true;
    spec->sequences = 1600;
    run_into("random.csv", spec, &reference, 0);
    uint32_t random = 12345;
    for (int i = 0; i < 100; ++i) {
        random = random * 1664525 + 1013904223;
        MUST(carrynet_sweep_read(row, "random.csv", (random >> 8) % 300 + 1));
        for (size_t b = 0; b < (i % 10 == 0 || count < 2 ? count : 2); ++b) {
            carrynet_model *model = NULL;
            carrynet_sweep_result made;
            MUST(carrynet_sweep_reproduce(&model, &made, &row->settings, &backends[b].options, NULL));
            cr_expect(made.finished && made.digest == row->result.digest && made.exact == row->result.exact &&
                          made.updates == row->result.updates && made.bit_error == row->result.bit_error,
                      "row %d on %s", (int)row->row, backends[b].label);
            carrynet_model_free(model);
        }
    }
    free(row);
}

Test(sweep, measures_what_a_run_would_take)
{
    const carrynet_engine_options reference = on_reference();
    carrynet_sweep_estimate estimate;
    struct sample sample;
    sample_init(&sample);
    carrynet_sweep *sweep = make(&sample.spec);
    MUST(carrynet_sweep_probe(&estimate, sweep, &reference, 0));
    cr_expect_eq(estimate.networks, 16u);
    cr_expect_eq(estimate.groups, 2u);
    cr_expect_gt(estimate.memory, 8u * 16 * sizeof(float));
    cr_expect(estimate.seconds > 0 && estimate.seconds < 100);
    EXPECT_SAYS(estimate.device, "reference");
    cr_expect_eq(carrynet_sweep_count(sweep).finished, 0u);
    carrynet_sweep_free(sweep);
}
