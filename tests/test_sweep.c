/*
 * Sweeps: which rows there are, that each is its network trained alone, and that stopped and resumed, or cut into parts
 * and joined, they give the same file, byte for byte, on every body; and that no file is believed that is not its own.
 */
#include "bodies.h"
#include "program_run.h"
#include <Random123/philox.h>
#include <math.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define DEFAULTS TEXT(CARRYNET_DEFAULTS_VERSION)

TestSuite(sweep, .init = program_enter, .fini = program_leave, .timeout = 300);

/* A small sweep of 2 groups, 2 rates and 4 seeds, some of which become exact: 16 rows. */
struct sample {
    carrynet_sweep_spec spec;
    uint32_t hidden[2];
    double rates[2];
};

static void sample_init(struct sample *sample)
{
    carrynet_settings settings;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.steps = 4;
    settings.batch = 16;
    settings.seed = 3;
    carrynet_sweep_spec_init(&sample->spec, &settings);
    sample->hidden[0] = 2;
    sample->hidden[1] = 12;
    sample->rates[0] = 0.05;
    sample->rates[1] = 0.1;
    sample->spec.hidden = sample->hidden;
    sample->spec.hidden_count = 2;
    sample->spec.rates = sample->rates;
    sample->spec.rate_count = 2;
    sample->spec.seeds = 4;
    sample->spec.sequences = 4000;
    sample->spec.check_every = 10;
}

static carrynet_sweep *make(const carrynet_sweep_spec *spec)
{
    carrynet_sweep *sweep = NULL;
    MUST(carrynet_sweep_create(&sweep, spec));
    return sweep;
}

static carrynet_engine_options on_reference(void)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    return options;
}

/* Runs the whole of it, or its shard, into a file. */
static void run_into(const char *path, const carrynet_sweep_spec *spec, const carrynet_engine_options *engine,
                     uint32_t wave)
{
    carrynet_sweep *sweep = make(spec);
    carrynet_sweep_options options;
    carrynet_sweep_options_init(&options);
    options.path = path;
    options.wave = wave;
    MUST(carrynet_sweep_run(sweep, engine, &options));
    const carrynet_sweep_tally tally = carrynet_sweep_count(sweep);
    cr_expect_eq(tally.finished, tally.networks);
    carrynet_sweep_free(sweep);
}

static void expect_same(const char *a, const char *b)
{
    size_t sizes[2] = {0};
    char *bytes[2] = {program_file(a, &sizes[0]), program_file(b, &sizes[1])};
    cr_assert(bytes[0] != NULL && bytes[1] != NULL, "%s or %s is not there", a, b);
    cr_expect(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%s and %s differ:\n%s%s", a, b,
              bytes[0], bytes[1]);
    free(bytes[0]);
    free(bytes[1]);
}

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
    struct test_body bodies[3];
    const size_t count = test_bodies(bodies, CARRYNET_FP32);
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
        MUST(carrynet_sweep_remake(&model, &alone, &settings, &reference, NULL));
        cr_expect(alone.finished && alone.digest == digest && alone.bit_error == result->bit_error);
        carrynet_model_free(model);
    }
    cr_expect(exact > 0 && exact < carrynet_sweep_rows(sweep), "a poor sample: %d exact", (int)exact);
    MUST(carrynet_sweep_save(sweep, "reference.csv"));
    carrynet_sweep_free(sweep);
    for (size_t b = 1; b < count; ++b) {
        run_into("device.csv", &sample.spec, &bodies[b].options, b == 1 ? 3 : 0);
        expect_same("reference.csv", "device.csv");
    }
}

/* Also with a rate that throws the weights far away. */
Test(sweep, remakes_rows_in_binary64)
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
        MUST(carrynet_sweep_remake(&model, &made, &row->settings, &reference, NULL));
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
        options.wave = i % 2 == 0 ? 0 : 3;
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

/* ---- parts ----------------------------------------------------------------------------------------------------- */

Test(sweep, joined_is_whole)
{
    const carrynet_engine_options reference = on_reference();
    static const char *const names[] = {"p1.csv", "p2.csv", "p3.csv", "p4.csv", "p5.csv"};
    struct sample sample;
    sample_init(&sample);
    sample.spec.seeds = 1;
    run_into("whole.csv", &sample.spec, &reference, 0);
    for (uint32_t shards = 1; shards <= 5; ++shards) { /* of 4 rows: the fifth has none */
        const char *backwards[5];
        for (uint32_t i = 0; i < shards; ++i) {
            sample.spec.shard = i + 1;
            sample.spec.shards = shards;
            run_into(names[i], &sample.spec, &reference, 0);
            backwards[shards - 1 - i] = names[i];
        }
        MUST(carrynet_sweep_merge("joined.csv", backwards, shards));
        expect_same("whole.csv", "joined.csv");
        char *times = program_file("joined.times.csv", NULL);
        size_t lines = 0;
        for (const char *p = times; (p = strchr(p, '\n')) != NULL; ++p)
            ++lines;
        cr_expect_eq(lines, 5, "%s", times);
        free(times);
    }
    /* p1 to p4 of 5 hold all rows; without the third one is missing, with the whole all are there twice. */
    const char *const gap[] = {"p1.csv", "p2.csv", "p4.csv"}, *const twice[] = {"whole.csv", "p2.csv"};
    const char *const empty[] = {"p5.csv"};
    cr_expect_eq(carrynet_sweep_merge("no.csv", gap, 3), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "1 of 4 rows is in none of the files, the first is row 3");
    cr_expect_eq(carrynet_sweep_merge("no.csv", twice, 2), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 2 is in whole.csv and in p2.csv");
    cr_expect_eq(carrynet_sweep_merge("no.csv", empty, 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "has no row");
    sample.spec.settings.seed = 4;
    sample.spec.shard = sample.spec.shards = 1;
    run_into("other.csv", &sample.spec, &reference, 0);
    const char *const others[] = {"p1.csv", "other.csv"};
    cr_expect_eq(carrynet_sweep_merge("no.csv", others, 2), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "seed is 3 in p1.csv, 4 in other.csv; only parts of one sweep can be joined");
    cr_expect_neq(access("no.csv", F_OK), 0);
}

/* ---- files that are not what they should be -------------------------------------------------------------------- */

/* Replaces the first `from` behind the header by `to` and writes the file. */
static void forge(const char *path, const char *text, const char *from, const char *to)
{
    const char *at = strstr(strchr(text, '\n'), from);
    cr_assert_not_null(at, "no '%s'", from);
    const size_t before = (size_t)(at - text), size = strlen(text) - strlen(from) + strlen(to);
    char *forged = malloc(size + 1);
    (void)snprintf(forged, size + 1, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    program_write(path, forged, size);
    free(forged);
}

Test(sweep, refuses_forged_files)
{
    static const struct {
        const char *from, *to, *says;
    } forgeries[] = {
        {"\n1,", "\n2,", "column seed is 3 in the file, 4 by these options; it was changed"},
        {"\n1,", "\n0,", "line 2: row must be from 1 to of"},
        {"\n1,", "\n9,", "line 2: row must be from 1 to of"},
        {"\n1,", "\n,", "line 2: column row is '', must be a whole number"},
        {"\n1,", "\n-1,", "line 2: column row is '-1'"},
        {"\n1,", "\n 1,", "column row is ' 1'"},
        {"\n1,2,", "\n1,99999999,", "line 2: of is more than a sweep can have"},
        {"\n1,2,", "\n1,3,", "column of is 3 in the file, 2 by these options"},
        {",add,", ",mul,", "column task is 'mul', must be the name of a task"},
        {",add,4,", ",add,1,", "line 2: bits is 1, must be 2 to 1000000"},
        {",add,4,", ",add,5,", "column bits is 5 in the file, 4 by these options"},
        {",add,4,2,0,", ",add,4,1025,0,", "line 2: hidden"},
        {",add,4,2,0,", ",add,4,4294967296,0,", "column hidden is '4294967296', must be a whole number below 2^32"},
        {",add,4,2,0,", ",add,4,2,2,", "column bias is '2', must be 0 or 1"},
        {",fp32,", ",fp16,", "column precision is 'fp16', must be fp32 or fp64"},
        {",fp32,16,", ",fp32,0,", "line 2: batch is 0"},
        {",cross-entropy,", ",crossentropy,", "column loss is"},
        {",adam,", ",adamw,", "column optimizer is"},
        {",constant,", ",linear,", "column schedule is"},
        {",0.05,", ",nan,", "column lr is 'nan', must be a decimal number"},
        {",0.05,", ",inf,", "column lr is 'inf'"},
        {",0.05,", ",1e999,", "column lr is '1e999'"},
        {",0.05,", ",0x1p-4,", "column lr is '0x1p-4'"},
        {",0.05,", ",-1,", "line 2: lr is -1, must be 9.094947018e-13 to 1048576"},
        {",0.05,", ",0.06,", "column lr is 0.06 in the file, 0.05 by these options"},
        {",0.05,", ",,", "column lr is ''"},
        {",250,1," DEFAULTS ",", ",250,2," DEFAULTS ",",
         "column arithmetic is '2', must be 1, the version that this program computes"},
        {",250,1," DEFAULTS ",", ",250,1,0,", "column defaults is 0 in the file, " DEFAULTS " by these options"},
        {",add,", ",add", "column task is 'add4'"},
        {",1e-08,0,0,1,3,10,250,1," DEFAULTS ",0,250,4000,", ",", "line 2 has fewer than 29 columns"},
        {",add,", ",add,add,", "column bits is 'add'"},
        {"\n2,", ",7\n2,", "line 2 has more than 29 columns"},
        {"\n2,", "\r\n2,", "must be 16 hexadecimal digits"},
        {"\n2,", "\n\n2,", "line 3 has fewer than 29 columns"},
        {",add,",
         ",aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,",
         "column task is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...', must be shorter"},
        {",4000,", ",4001,", "line 2: sequences is not updates times batch"},
    };
    const carrynet_engine_options reference = on_reference();
    struct sample sample;
    size_t size = 0;
    sample_init(&sample);
    sample.spec.seeds = 2;
    sample.spec.hidden_count = sample.spec.rate_count = 1;
    run_into("whole.csv", &sample.spec, &reference, 0);
    char *text = program_file("whole.csv", &size);
    carrynet_sweep *sweep = make(&sample.spec);
    cr_assert_not_null(strstr(text, ",0,250,4000,"), "the first row should not become exact:\n%s", text);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; ++i) {
        forge("forged.csv", text, forgeries[i].from, forgeries[i].to);
        cr_expect_eq(carrynet_sweep_load(sweep, "forged.csv"), CARRYNET_ERROR_FORMAT, "not refused: %s",
                     forgeries[i].says);
        EXPECT_SAYS(carrynet_message(), forgeries[i].says);
        EXPECT_SAYS(carrynet_message(), "forged.csv: ");
        cr_expect_eq(carrynet_sweep_count(sweep).finished, 0u, "a refused file was taken up: %s", forgeries[i].says);
    }
    /* Cut anywhere but behind a line, and with any byte replaced by one that stands nowhere in such a file. */
    for (size_t cut = 0; cut < size; ++cut) {
        program_write("cut.csv", text, cut);
        const bool whole_lines = cut > 0 && text[cut - 1] == '\n';
        cr_expect_eq(carrynet_sweep_load(sweep, "cut.csv") == CARRYNET_OK, whole_lines, "cut to %zu bytes", cut);
        char kept = text[cut];
        text[cut] = cut % 2 == 0 ? '\0' : '\xff';
        program_write("bad.csv", text, size);
        cr_expect_eq(carrynet_sweep_load(sweep, "bad.csv"), CARRYNET_ERROR_FORMAT, "byte %zu", cut);
        text[cut] = kept;
    }
    cr_expect_eq(carrynet_sweep_load(sweep, "nowhere.csv"), CARRYNET_ERROR_IO);
    cr_expect_eq(carrynet_sweep_load(sweep, "."), CARRYNET_ERROR_IO);
    carrynet_sweep_free(sweep);

    /* A file need not be of a sweep that is at hand to be seen through. */
    carrynet_sweep_row *row = malloc(sizeof *row);
    forge("forged.csv", text, "\n2,", "\n1,");
    cr_expect_eq(carrynet_sweep_read(row, "forged.csv", 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "line 3: row 1 comes after row 1; the lines are out of order");
    forge("forged.csv", text, "\n2,2,", "\n2,3,");
    cr_expect_eq(carrynet_sweep_read(row, "forged.csv", 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "line 3 is of another sweep than the lines before");

    /* Another program has saved it; or it is in other words, which only a reader of one row takes. */
    static const char *const starts[][2] = {
        {"\xef\xbb\xbfrow,of", "byte order mark"}, {"row;of;sweep", "; between"}, {"", "it is empty"}};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; ++i) {
        program_write("start.csv", starts[i][0], strlen(starts[i][0]));
        cr_expect_eq(carrynet_sweep_read(row, "start.csv", 1), CARRYNET_ERROR_FORMAT);
        EXPECT_SAYS(carrynet_message(), starts[i][1]);
    }
    text[strcspn(text, "\n")] = '\r';
    program_write("start.csv", text, size);
    text[strcspn(text, "\r")] = '\n';
    cr_expect_eq(carrynet_sweep_read(row, "start.csv", 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "it ends in CR LF");
    const char *const forged_part[] = {"forged.csv"};
    forge("forged.csv", text, ",0.05,", ",5e-2,");
    MUST(carrynet_sweep_read(row, "forged.csv", 1));
    cr_expect_eq(carrynet_sweep_merge("no.csv", forged_part, 1), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "forged.csv: line 2: column lr is not as a sweep writes it");

    /* Of another sweep, and of another shard. */
    sample.spec.sequences = 4016;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(),
                "whole.csv: line 2: column max_updates is 250 in the file, 251 by these options; give "
                "the options that it was made with, or another -o");
    carrynet_sweep_free(sweep);
    sample.spec.sequences = 4000;
    sample.spec.hidden_count = 2; /* the first rows are the same */
    sample.spec.seeds = 1;
    forge("forged.csv", text, strchr(strchr(text, '\n') + 1, '\n'), "\n");
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "forged.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "forged.csv: is of another sweep");
    carrynet_sweep_free(sweep);
    sample.spec.hidden_count = 1;
    sample.spec.seeds = 2;
    sample.spec.shards = 2;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 2 belongs to shard 2 of 2, not to 1");
    carrynet_sweep_free(sweep);

    cr_expect_eq(carrynet_sweep_read(row, "whole.csv", 3), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "row 3 is not in it; the sweep has rows 1 to 2");
    MUST(carrynet_sweep_read(row, "whole.csv", 2));
    cr_expect_eq(row->settings.seed, 4u);
    free(row);

    program_write("whole.times.csv", "row,seconds\n2,1\n1,1\n", 20);
    sample.spec.shards = 1;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "whole.times.csv: line 3 is not a later row");
    carrynet_sweep_free(sweep);
    free(text);
}

/* ---- remaking and measuring ------------------------------------------------------------------------------------ */

/* A hundred random rows from the columns of their file alone, in plain C and on a device, some in its other shape. */
Test(sweep, remakes_rows)
{
    const uint32_t hidden[] = {2, 12};
    const double rates[] = {0.001, 1}, noises[] = {0, 0.1};
    const carrynet_engine_options reference = on_reference();
    struct test_body bodies[3];
    const size_t count = test_bodies(bodies, CARRYNET_FP32);
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
            MUST(carrynet_sweep_remake(&model, &made, &row->settings, &bodies[b].options, NULL));
            cr_expect(made.finished && made.digest == row->result.digest && made.exact == row->result.exact &&
                          made.updates == row->result.updates && made.bit_error == row->result.bit_error,
                      "row %d on %s", (int)row->row, bodies[b].label);
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
