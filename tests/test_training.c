/*
 * Training and evaluation on the reference (equal bits carry the results over to devices): learning, blocks as nodes,
 * networks in a population, streaming, what a run records, settings out of range.
 */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static carrynet_settings defaults(const char *name)
{
    const carrynet_task *task = NULL;
    carrynet_settings settings;
    cr_assert_eq(carrynet_task_find(&task, name), CARRYNET_OK);
    carrynet_settings_init(&settings, task);
    return settings;
}

static carrynet_engine_options on_reference(void)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    return options;
}

static carrynet_engine *engine_for(const carrynet_settings *settings)
{
    const carrynet_engine_options options = on_reference();
    carrynet_engine *engine = NULL;
    cr_assert_eq(carrynet_engine_create(&engine, settings, &options), CARRYNET_OK, "%s", carrynet_message());
    return engine;
}

static carrynet_model *trained(const carrynet_settings *settings)
{
    const carrynet_engine_options options = on_reference();
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_train(&model, settings, &options, NULL), CARRYNET_OK, "%s", carrynet_message());
    return model;
}

static void check_learns(const char *task, uint64_t seed, uint64_t problems)
{
    carrynet_settings settings = defaults(task);
    carrynet_evaluation evaluation;
    carrynet_engine *engine = NULL;
    const carrynet_engine_options options = on_reference();
    settings.seed = seed;
    carrynet_model *model = trained(&settings);
    cr_assert(carrynet_model_networks(model)[0].exact);
    cr_assert_lt(carrynet_model_networks(model)[0].updates, settings.updates);
    cr_assert_eq(carrynet_model_networks(model)[0].updates % settings.check_every, 0u);
    cr_assert_eq(carrynet_model_engine(&engine, model, 0, 1, &options), CARRYNET_OK);
    cr_assert_eq(carrynet_evaluate(&evaluation, engine, &settings.task, 0, 8, 0), CARRYNET_OK);
    cr_assert(evaluation.exhaustive && evaluation.wrong == 0 && evaluation.problems == problems);
    carrynet_evaluation_free(&evaluation);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
}

Test(training, learns_to_add)
{
    check_learns("add", 1, 16384);
}

Test(training, learns_to_subtract)
{
    check_learns("sub", 2, 8256);
}

/* ---- looking on, and another start ------------------------------------------------------------------------------ */

struct onlooker {
    uint64_t seen[8];
    size_t looks;
    float weight[8]; /* the first, at each look */
};

static carrynet_status look(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next)
{
    static const uint64_t wanted[] = {3, 4, 40, 100, 1000};
    struct onlooker *onlooker = self;
    float values[16 * 16 + 48];
    const carrynet_status status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
    onlooker->weight[onlooker->looks] = values[0];
    onlooker->seen[onlooker->looks] = updates;
    *next = wanted[onlooker->looks++];
    return status;
}

/* An observer sees the networks when it asked to, end included, and changes nothing. */
Test(training, watched)
{
    const carrynet_engine_options reference = on_reference();
    carrynet_settings settings = defaults("add");
    carrynet_train_options options;
    struct onlooker onlooker = {0};
    const carrynet_observer observed = {look, &onlooker};
    const size_t bytes = carrynet_shape_size(&settings.shape) * sizeof(float);
    carrynet_model *model = NULL;
    settings.until_exact = false;
    settings.updates = 100;
    carrynet_train_options_init(&options);
    options.observer = &observed;
    cr_assert_eq(carrynet_train(&model, &settings, &reference, &options), CARRYNET_OK, "%s", carrynet_message());
    static const uint64_t expected[] = {0, 3, 4, 40, 100};
    cr_assert_eq(onlooker.looks, 5);
    cr_assert_arr_eq(onlooker.seen, expected, sizeof expected);
    carrynet_model *alone = trained(&settings);
    cr_assert_eq(memcmp(carrynet_model_values(model), carrynet_model_values(alone), bytes), 0);
    cr_assert_eq(onlooker.weight[4], ((float *)carrynet_model_values(alone))[0]);
    carrynet_model_free(alone);
    settings.updates = 40;
    alone = trained(&settings);
    cr_assert_eq(onlooker.weight[3], ((float *)carrynet_model_values(alone))[0]);
    carrynet_model_free(alone);
    carrynet_model_free(model);
}

/* Weights to start from in place of those from the seed. */
Test(training, from_given_weights)
{
    const carrynet_engine_options reference = on_reference();
    carrynet_settings settings = defaults("add");
    carrynet_train_options options;
    carrynet_model *model = NULL;
    float start[16 * 16 + 48];
    settings.until_exact = false;
    settings.updates = 5;
    settings.seed = 9;
    carrynet_initialize(start, &settings.shape, settings.precision, 9, settings.scale);
    carrynet_model *first = trained(&settings);
    carrynet_train_options_init(&options);
    options.initial = start;
    cr_assert_eq(carrynet_train(&model, &settings, &reference, &options), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(memcmp(carrynet_model_values(model), carrynet_model_values(first), sizeof start), 0);
    carrynet_model_free(model);
    start[0] += 0.25f;
    cr_assert_eq(carrynet_train(&model, &settings, &reference, &options), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_neq(memcmp(carrynet_model_values(model), carrynet_model_values(first), sizeof start), 0);
    carrynet_model_free(model);
    carrynet_model_free(first);
}

/* ---- learning --------------------------------------------------------------------------------------------------- */

/* Loss falls and every optimizer learns from the same start, in both precisions. */
Test(training, every_optimizer_learns)
{
    const double rates[] = {2, 0.5, 0.03, 0.03};
    for (int optimizer = 0; optimizer < 4; ++optimizer)
        for (int precision = 32; precision <= 64; precision += 32) {
            carrynet_settings settings = defaults("add");
            carrynet_metrics first, last;
            settings.optimizer = (carrynet_optimizer)optimizer;
            settings.precision = (carrynet_precision)precision;
            settings.rate = rates[optimizer];
            settings.clip = 1;
            carrynet_engine *engine = engine_for(&settings);
            const carrynet_source source = carrynet_counter_source(&settings.task);
            cr_assert_eq(carrynet_engine_train(engine, &source, 1, &first), CARRYNET_OK);
            cr_assert_eq(carrynet_engine_train(engine, &source, 600, &last), CARRYNET_OK);
            cr_assert_lt(last.loss, 0.5 * first.loss, "%s fp%d: %g after %g",
                         carrynet_optimizer_name(settings.optimizer), precision, last.loss, first.loss);
            carrynet_engine_free(engine);
        }
}

/* The gradient of blocks 0..3 is a partial sum of the reduction tree: with that of the rest it sums to the whole, bit for bit. */
Test(training, gradients_are_partial_sums_of_the_tree)
{
    carrynet_settings settings = defaults("add");
    settings.batch = 300;
    carrynet_engine *engine = engine_for(&settings);
    const carrynet_source source = carrynet_counter_source(&settings.task);
    carrynet_batch batch;
    enum { TRAINED = 2 * 16 + 16 * 16 + 16, FIRST = 256 };
    float whole[TRAINED], lower[TRAINED], upper[TRAINED];
    carrynet_metrics all, low, high;
    cr_assert_eq(carrynet_shape_trained(&settings.shape), (size_t)TRAINED);
    cr_assert_eq(carrynet_batch_create(&batch, &settings.task, 300, 8), CARRYNET_OK);
    cr_assert_eq(source.fill(source.self, 5, 0, 0, 300, 8, batch.symbols, batch.targets), CARRYNET_OK);
    cr_assert_eq(carrynet_engine_gradient(engine, &batch, 0, 0, whole, &all), CARRYNET_OK);
    carrynet_batch part = batch;
    part.sequences = FIRST;
    cr_assert_eq(carrynet_engine_gradient(engine, &part, 0, 0, lower, &low), CARRYNET_OK);
    part.symbols += FIRST * batch.symbol_words;
    part.targets += FIRST * batch.target_words;
    part.sequences = 300 - FIRST;
    cr_assert_eq(carrynet_engine_gradient(engine, &part, 0, FIRST, upper, &high), CARRYNET_OK);
    for (size_t i = 0; i < TRAINED; ++i)
        cr_assert_eq(whole[i], lower[i] + upper[i]);
    cr_assert_eq((float)all.loss, (float)low.loss + (float)high.loss);
    cr_assert_eq(all.wrong_bits, low.wrong_bits + high.wrong_bits);
    cr_assert_eq(all.sequences, 300u);

    /* And an update from these sums is the update of training. */
    float parameters[TRAINED], again[TRAINED];
    carrynet_engine *other = engine_for(&settings);
    const carrynet_source given = carrynet_explicit_source(&batch);
    cr_assert_eq(carrynet_engine_update(engine, whole, 300), CARRYNET_OK);
    cr_assert_eq(carrynet_engine_train(other, &given, 1, NULL), CARRYNET_OK);
    cr_assert_eq(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, parameters), CARRYNET_OK);
    cr_assert_eq(carrynet_engine_get(other, CARRYNET_PART_PARAMETERS, 0, 1, again), CARRYNET_OK);
    cr_assert_arr_eq(parameters, again, sizeof parameters);
    carrynet_batch_free(&batch);
    carrynet_engine_free(other);
    carrynet_engine_free(engine);
}

/* Network i of a run with several is the network of its own run, stopping update included. */
Test(training, a_network_in_a_population_equals_its_lone_run)
{
    carrynet_settings settings = defaults("add");
    settings.seed = 40;
    settings.networks = 4;
    carrynet_model *together = trained(&settings);
    const size_t bytes = carrynet_shape_size(&settings.shape) * sizeof(float);
    for (uint32_t n = 0; n < 4; ++n) {
        carrynet_settings lone = settings;
        lone.seed = 40 + n;
        lone.networks = 1;
        carrynet_model *alone = trained(&lone);
        cr_assert_eq(carrynet_model_networks(together)[n].updates, carrynet_model_networks(alone)[0].updates);
        cr_assert_eq(carrynet_model_networks(together)[n].seed, 40 + n);
        cr_assert_arr_eq((const char *)carrynet_model_values_const(together) + n * bytes,
                         carrynet_model_values_const(alone), bytes);
        carrynet_model_free(alone);
    }
    carrynet_model_free(together);
}

/* Windows with the state carried over give the logits of one pass. */
Test(training, long_sequences_stream)
{
    carrynet_settings settings = defaults("add");
    carrynet_engine *engine = engine_for(&settings);
    enum { STEPS = 100, CUT = 32 };
    carrynet_batch batch;
    float whole[STEPS], parts[STEPS], state[16];
    cr_assert_eq(carrynet_batch_create(&batch, &settings.task, 1, STEPS), CARRYNET_OK);
    carrynet_evaluation_problem(&settings.task, 0, STEPS, batch.symbols, batch.targets);
    cr_assert_eq(carrynet_engine_forward(engine, &batch, &(carrynet_forward){.z = whole}), CARRYNET_OK);
    for (size_t first = 0; first < STEPS; first += CUT) {
        carrynet_batch part = batch;
        part.steps = STEPS - first < CUT ? STEPS - first : CUT;
        part.symbols += first / 16;
        part.targets += first / 32;
        part.symbol_words = carrynet_packed_words(2, part.steps);
        part.target_words = carrynet_packed_words(1, part.steps);
        cr_assert_eq(carrynet_engine_forward(
                         engine, &part, &(carrynet_forward){.z = parts + first, .state = state, .resume = first > 0}),
                     CARRYNET_OK);
    }
    cr_assert_arr_eq(whole, parts, sizeof whole);
    carrynet_batch_free(&batch);
    carrynet_engine_free(engine);
}

static int stop_at_once(void *self, const carrynet_report *report)
{
    int *calls = self;
    ++*calls;
    cr_assert_not_null(report->device);
    cr_assert(isfinite(report->loss));
    return 1;
}

Test(training, a_report_can_stop_the_run)
{
    carrynet_settings settings = defaults("add");
    carrynet_model *model = NULL;
    carrynet_train_options train;
    int calls = 0;
    const carrynet_engine_options options = on_reference();
    carrynet_train_options_init(&train);
    train.report = stop_at_once;
    train.self = &calls;
    cr_assert_eq(carrynet_train(&model, &settings, &options, &train), CARRYNET_OK);
    cr_assert_eq(calls, 2); /* before the first update, and the last */
    cr_assert_eq(carrynet_model_networks(model)[0].updates, 0u);
    cr_assert(!carrynet_model_networks(model)[0].exact);
    carrynet_model_free(model);
}

Test(training, solves_problems_of_any_length)
{
    carrynet_settings settings = defaults("add");
    settings.seed = 1;
    carrynet_model *model = trained(&settings);
    const carrynet_engine_options options = on_reference();
    carrynet_engine *engine = NULL;
    const char *operands[] = {"93", "38", "340282366920938463463374607431768211455", "1", "0", "0"};
    char **answers = NULL;
    cr_assert_eq(carrynet_model_engine(&engine, model, 0, 1, &options), CARRYNET_OK);
    cr_assert_eq(carrynet_solve(&answers, engine, &settings.task, 0, operands, 3), CARRYNET_OK);
    cr_assert_str_eq(answers[0], "131");
    cr_assert_str_eq(answers[1], "340282366920938463463374607431768211456");
    cr_assert_str_eq(answers[2], "0");
    carrynet_answers_free(answers, 3);
    operands[3] = "1x";
    cr_assert_eq(carrynet_solve(&answers, engine, &settings.task, 0, operands, 3), CARRYNET_ERROR_ARGUMENT);
    cr_assert_null(answers);
    cr_assert_eq(carrynet_model_engine(&engine, model, 1, 1, &options), CARRYNET_ERROR_ARGUMENT);
    carrynet_model_free(model);
}

/* An untrained network is wrong, and the first wrong problem that is reported is wrong indeed. */
Test(evaluation, finds_the_first_wrong_problem)
{
    carrynet_settings settings = defaults("add");
    carrynet_engine *engine = engine_for(&settings);
    for (size_t steps = 8; steps <= 2000; steps *= 5) {
        carrynet_evaluation evaluation;
        carrynet_sample sample;
        size_t wrong = 0;
        cr_assert_eq(carrynet_evaluate(&evaluation, engine, &settings.task, 0, steps, steps > 8 ? 20 : 0), CARRYNET_OK);
        cr_assert_gt(evaluation.wrong, 0u);
        cr_assert(evaluation.has_first_wrong);
        cr_assert_eq(evaluation.exhaustive, steps == 8);
        cr_assert_eq(evaluation.problems, steps == 8 ? 16384u : 20u);
        cr_assert_eq(carrynet_sample_run(&sample, engine, &settings.task, 0, evaluation.first_symbols, steps),
                     CARRYNET_OK);
        for (size_t t = 0; t < steps; ++t)
            wrong += sample.bits[t] != sample.targets[t];
        cr_assert_gt(wrong, 0u);
        carrynet_sample_free(&sample);
        carrynet_evaluation_free(&evaluation);
    }
    carrynet_engine_free(engine);
}

Test(settings, out_of_range_is_named)
{
    const struct {
        const char *word;
        double rate, noise, momentum;
        uint32_t hidden, steps, batch;
    } bad[] = {
        {"lr", 0, 0, 0.9, 16, 8, 64},         {"lr", NAN, 0, 0.9, 16, 8, 64},     {"lr", -1, 0, 0.9, 16, 8, 64},
        {"noise", 0.1, 2, 0.9, 16, 8, 64},    {"momentum", 0.1, 0, 1, 16, 8, 64}, {"hidden", 0.1, 0, 0.9, 0, 8, 64},
        {"hidden", 0.1, 0, 0.9, 1025, 8, 64}, {"bits", 0.1, 0, 0.9, 16, 1, 64},   {"batch", 0.1, 0, 0.9, 16, 8, 0},
    };
    const carrynet_engine_options options = on_reference();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        carrynet_settings settings = defaults("add");
        carrynet_engine *engine = NULL;
        settings.rate = bad[i].rate;
        settings.noise = bad[i].noise;
        settings.momentum = bad[i].momentum;
        settings.shape.hidden = bad[i].hidden;
        settings.steps = bad[i].steps;
        settings.batch = bad[i].batch;
        cr_assert_eq(carrynet_engine_create(&engine, &settings, &options), CARRYNET_ERROR_ARGUMENT, "row %zu", i);
        cr_assert_null(engine);
        cr_assert_not_null(strstr(carrynet_message(), bad[i].word), "%s", carrynet_message());
    }
}

Test(settings, too_much_memory_is_refused_before_it_is_taken)
{
    carrynet_settings settings = defaults("add");
    carrynet_engine *engine = NULL;
    const carrynet_engine_options options = on_reference();
    settings.networks = 16000000;
    settings.shape.hidden = 1024;
    cr_assert_eq(carrynet_engine_create(&engine, &settings, &options), CARRYNET_ERROR_MEMORY);
    cr_assert_not_null(strstr(carrynet_message(), "GB"), "%s", carrynet_message());
}

Test(training, a_diverging_run_is_stopped)
{
    carrynet_settings settings = defaults("add");
    settings.optimizer = CARRYNET_OPTIMIZER_SGD;
    settings.precision = CARRYNET_FP64;
    carrynet_engine *engine = engine_for(&settings);
    double values[2 * 16 + 16 * 16 + 16];
    carrynet_metrics metrics;
    const carrynet_source source = carrynet_counter_source(&settings.task);
    cr_assert_eq(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values), CARRYNET_OK);
    values[40] = NAN;
    cr_assert_eq(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, values), CARRYNET_OK);
    cr_assert_eq(carrynet_engine_train(engine, &source, 1, &metrics), CARRYNET_ERROR_NUMERIC);
    cr_assert_not_null(strstr(carrynet_message(), "seed 0 is NaN at update 0; its largest weight, w_xh[0,0] is NaN;"),
                       "%s", carrynet_message());
    carrynet_engine_free(engine);
}
