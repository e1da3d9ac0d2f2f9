/*
 * Training until proved: a network stops where kernels/ARITHMETIC.md 7 has it, in a population as alone, on every backend,
 * with the same certificate, which the checker accepts; and sweeps of such networks.
 */
#include "sweep_sample.h"
#include <stdatomic.h>

TestSuite(until_proved, .init = program_enter, .fini = program_leave, .timeout = 300);

enum { NETWORKS = 14, HIDDEN = 4, UPDATES = 150, EVERY = 16 };

/*
 * Small networks of a small task, with so few bits that most are exact before they are right for every length: then they
 * are refuted, and proved later or never.
 */
static void small(carrynet_settings *settings)
{
    const carrynet_task *task = NULL;
    MUST(carrynet_task_find(&task, "tomita1"));
    carrynet_settings_init(settings, task);
    carrynet_settings_until_proved(settings);
    settings->shape.hidden = HIDDEN;
    settings->steps = 3;
    settings->rate = 0.04;
    settings->noise = 0.07;
    settings->check_every = EVERY;
    settings->updates = UPDATES;
}

static void mix(carrynet_network_config configs[NETWORKS])
{
    const double rates[] = {0.04, 0.08, 0.02}, noises[] = {0.05, 0, 0.1};
    for (uint32_t n = 0; n < NETWORKS; ++n)
        configs[n] = (carrynet_network_config){
            .seed = 100 + n, .problem_seed = 7 * n, .rate = rates[n % 3], .noise = noises[n / 3 % 3], .scale = 1};
}

static carrynet_model *train(const carrynet_settings *settings, const carrynet_engine_options *engine,
                             const carrynet_network_config *configs, carrynet_outcome *outcomes, uint32_t network_batch)
{
    carrynet_model *model = NULL;
    carrynet_train_options options;
    carrynet_train_options_init(&options);
    options.configs = configs;
    options.outcomes = outcomes;
    options.network_batch = network_batch;
    MUST(carrynet_train(&model, settings, engine, &options));
    return model;
}

/*
 * The certificate as it was while training, by an attempt after so many that failed, or the last: the caller's, to free
 * with carrynet_proof_free.
 */
static bool prove(carrynet_proof *proof, const carrynet_model *model, size_t network, uint32_t had, bool last)
{
    carrynet_prove_options options;
    carrynet_train_proof(&options);
    cr_assert_eq(options.budget, 64000);
    if (!last && had < 3)
        options.budget = (uint64_t)8000 << had;
    MUST(carrynet_prove(proof, model, network, NULL, NULL, &options));
    return proof->verdict == CARRYNET_VERDICT_PROVED;
}

/* ---- one network ----------------------------------------------------------------------------------------------- */

/* Replays the schedule with trainings of so many updates each. Returns where the network is proved, or `updates`. */
static uint64_t stop_by_hand(const carrynet_settings *settings, bool *proved, uint32_t *attempts)
{
    carrynet_settings part = *settings;
    uint64_t due = 0;
    part.until_exact = false;
    part.until_proved = 0;
    *proved = false;
    *attempts = 0;
    for (part.updates = EVERY;; part.updates += EVERY) {
        const bool last = part.updates >= settings->updates;
        part.updates = last ? settings->updates : part.updates;
        const carrynet_engine_options reference = on_reference();
        carrynet_model *model = train(&part, &reference, NULL, NULL, 0);
        if (carrynet_model_networks(model)->exact && (last || part.updates >= due)) {
            carrynet_proof proof;
            *proved = prove(&proof, model, 0, *attempts, last);
            carrynet_proof_free(&proof);
            ++*attempts;
            due = part.updates + part.updates / 4;
        }
        carrynet_model_free(model);
        if (*proved || last)
            return part.updates;
    }
}

Test(until_proved, stops_where_the_schedule_says)
{
    const carrynet_engine_options reference = on_reference();
    uint32_t most = 0, proofs = 0;
    for (uint64_t seed = 0; seed < 8; ++seed) {
        carrynet_settings settings;
        carrynet_outcome outcome;
        bool proved;
        uint32_t attempts;
        small(&settings);
        settings.seed = seed;
        settings.updates = 150; /* no multiple of EVERY */
        const uint64_t updates = stop_by_hand(&settings, &proved, &attempts);
        carrynet_model *model = train(&settings, &reference, NULL, &outcome, 0);
        cr_expect_eq(carrynet_model_networks(model)->updates, updates, "seed %llu", (unsigned long long)seed);
        cr_expect_eq(outcome.proved, proved, "seed %llu", (unsigned long long)seed);
        cr_expect(outcome.finished && (carrynet_model_networks(model)->exact || !proved));
        most = attempts > most ? attempts : most;
        proofs += proved;
        carrynet_model_free(model);
    }
    cr_expect(proofs >= 3 && proofs < 8 && most >= 2, "a poor choice: %u of 8 proved, %u attempts at most", proofs,
              most);
}

Test(until_proved, is_a_goal_with_settings_of_its_own)
{
    carrynet_settings settings, plain;
    carrynet_model *model = NULL;
    const carrynet_engine_options reference = on_reference();
    carrynet_settings_init(&plain, carrynet_task_at(0));
    settings = plain;
    carrynet_settings_until_proved(&settings);
    cr_expect(settings.until_exact && settings.until_proved == CARRYNET_PROVER_VERSION);
    cr_expect(settings.noise > 0 && plain.noise == 0 && settings.rate < plain.rate);
    MUST(carrynet_settings_check(&settings));
    settings.until_exact = false;
    cr_expect_eq(carrynet_settings_check(&settings), CARRYNET_ERROR_ARGUMENT);
    EXPECT_SAYS(carrynet_message(), "until proved");
    settings.until_exact = true;
    settings.until_proved = CARRYNET_PROVER_VERSION + 1;
    MUST(carrynet_settings_check(&settings));
    cr_expect_eq(carrynet_train(&model, &settings, &reference, NULL), CARRYNET_ERROR_UNSUPPORTED);
    EXPECT_SAYS(carrynet_message(), "of the prover; this program has version " PROVER);
    cr_expect_null(model);
}

/* ---- many ------------------------------------------------------------------------------------------------------ */

struct lone {
    carrynet_model *models[NETWORKS];
    carrynet_outcome outcomes[NETWORKS];
    carrynet_proof proofs[NETWORKS];
};

static void expect_as_alone(const struct lone *lone, carrynet_model *model, const carrynet_outcome *outcomes,
                            const char *label)
{
    const size_t size = carrynet_shape_size(&carrynet_model_settings(model)->shape);
    const float *values = carrynet_model_values_const(model);
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        const carrynet_network *alone = carrynet_model_networks_const(lone->models[n]);
        const carrynet_network *here = &carrynet_model_networks_const(model)[n];
        cr_expect_eq(here->updates, alone->updates, "%s, network %u: %llu updates, alone %llu", label, n,
                     (unsigned long long)here->updates, (unsigned long long)alone->updates);
        cr_expect_eq(here->exact, alone->exact, "%s, network %u", label, n);
        cr_expect_eq(outcomes[n].proved, lone->outcomes[n].proved, "%s, network %u", label, n);
        cr_expect_eq(outcomes[n].wrong_bits, lone->outcomes[n].wrong_bits, "%s, network %u", label, n);
        cr_expect(outcomes[n].finished, "%s, network %u", label, n);
        cr_expect_eq(memcmp(values + n * size, carrynet_model_values_const(lone->models[n]), size * sizeof *values), 0,
                     "%s, network %u: other weights than alone", label, n);
        if (!outcomes[n].proved)
            continue;
        carrynet_proof proof;
        cr_expect(prove(&proof, model, n, 0, true), "%s, network %u", label, n);
        cr_expect(proof.certificate_size == lone->proofs[n].certificate_size &&
                      memcmp(proof.certificate, lone->proofs[n].certificate, proof.certificate_size) == 0,
                  "%s, network %u: another certificate", label, n);
        carrynet_proof_free(&proof);
    }
}

Test(until_proved, each_as_alone)
{
    struct lone *lone = calloc(1, sizeof *lone);
    struct test_backend backends[TEST_BACKENDS];
    carrynet_network_config configs[NETWORKS];
    carrynet_outcome outcomes[NETWORKS];
    carrynet_settings settings;
    const size_t count = test_backends(backends, CARRYNET_FP32);
    uint32_t proved = 0, exact = 0;
    cr_assert_not_null(lone);
    small(&settings);
    mix(configs);
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        carrynet_checked checked;
        lone->models[n] = train(&settings, &backends[0].options, configs + n, &lone->outcomes[n], 0);
        exact += carrynet_model_networks(lone->models[n])->exact;
        if (!lone->outcomes[n].proved)
            continue;
        ++proved;
        cr_expect(carrynet_model_networks(lone->models[n])->exact);
        cr_assert(prove(&lone->proofs[n], lone->models[n], 0, 0, true));
        cr_assert(lone->proofs[n].by_ellipsoids);
        MUST(carrynet_verify(&checked, lone->models[n], 0, NULL, lone->proofs[n].certificate,
                             lone->proofs[n].certificate_size));
        cr_expect(checked.accepted, "network %u: %s", n, checked.reason);
    }
    cr_expect(proved >= 4 && proved < NETWORKS && exact > proved, "a poor mixture: %u proved, %u exact", proved, exact);
    settings.networks = NETWORKS;
    for (size_t b = 0; b < count; ++b)
        for (uint32_t network_batch = 0; network_batch <= 5; network_batch += 5) {
            char label[80];
            (void)snprintf(label, sizeof label, "%.40s, waves of %u", backends[b].label, network_batch);
            carrynet_model *model = train(&settings, &backends[b].options, configs, outcomes, network_batch);
            expect_as_alone(lone, model, outcomes, label);
            carrynet_model_free(model);
        }
    for (uint32_t n = 0; n < NETWORKS; ++n) {
        carrynet_model_free(lone->models[n]);
        carrynet_proof_free(&lone->proofs[n]);
    }
    free(lone);
}

/* Ends the training at a call, from 1; 0: never. */
struct stop {
    int at, calls;
    atomic_int inside;
    bool twice;
};

static int stop_there(void *self)
{
    struct stop *stop = self;
    stop->twice = stop->twice || atomic_fetch_add(&stop->inside, 1) != 0;
    const bool there = ++stop->calls == stop->at;
    (void)atomic_fetch_sub(&stop->inside, 1);
    return there;
}

static carrynet_model *train_stopped(carrynet_outcome *outcomes, struct stop *stop)
{
    const carrynet_engine_options reference = on_reference();
    carrynet_network_config configs[NETWORKS];
    carrynet_train_options options;
    carrynet_model *model = NULL;
    carrynet_settings settings;
    small(&settings);
    mix(configs);
    settings.networks = NETWORKS;
    carrynet_train_options_init(&options);
    options.configs = configs;
    options.outcomes = outcomes;
    options.interrupted = stop_there;
    options.self = stop;
    MUST(carrynet_train(&model, &settings, &reference, &options));
    cr_expect_not(stop->twice, "asked from two threads at once");
    return model;
}

/* Also within a proof: whoever has finished has finished as ever, whoever is in the middle has not. */
Test(until_proved, an_end_by_the_caller_changes_none)
{
    carrynet_outcome whole[NETWORKS], part[NETWORKS];
    struct stop never = {0};
    carrynet_model *all = train_stopped(whole, &never);
    const carrynet_network *records = carrynet_model_networks_const(all);
    uint32_t most = 0, least = NETWORKS;
    for (int percent = 1; percent < 100; percent += 7) {
        struct stop stop = {.at = 1 + never.calls * percent / 100};
        carrynet_model *model = train_stopped(part, &stop);
        uint32_t finished = 0;
        for (uint32_t n = 0; n < NETWORKS; ++n) {
            const carrynet_network *one = &carrynet_model_networks_const(model)[n];
            finished += part[n].finished;
            cr_expect(part[n].finished || !part[n].proved);
            cr_expect(!part[n].finished || (one->updates == records[n].updates && one->exact == records[n].exact &&
                                            part[n].proved == whole[n].proved),
                      "at %d%%, network %u: %llu updates, else %llu", percent, n, (unsigned long long)one->updates,
                      (unsigned long long)records[n].updates);
        }
        most = finished > most ? finished : most;
        least = finished < least ? finished : least;
        carrynet_model_free(model);
    }
    cr_expect(least < most, "always %u of %d had finished", most, NETWORKS);
    carrynet_model_free(all);
}

/* ---- sweeps ---------------------------------------------------------------------------------------------------- */

static void sweep_sample(struct sample *sample)
{
    carrynet_settings settings;
    sample_init(sample);
    small(&settings);
    carrynet_sweep_spec_init(&sample->spec, &settings);
    sample->hidden[0] = HIDDEN;
    sample->hidden[1] = 1;
    sample->spec.hidden = sample->hidden;
    sample->spec.hidden_count = 2;
    sample->spec.seeds = 5;
    sample->spec.sequences = 250 * 64;
    sample->spec.check_every = EVERY;
}

Test(until_proved, a_table_of_a_sweep_says_so)
{
    struct test_backend backends[TEST_BACKENDS];
    struct sample sample;
    const size_t count = test_backends(backends, CARRYNET_FP32);
    const char *const shards[] = {"b.csv", "a.csv"};
    sweep_sample(&sample);
    run_into("whole.csv", &sample.spec, &backends[0].options, 0);
    for (size_t b = 0; b < count; ++b) {
        run_into("again.csv", &sample.spec, &backends[b].options, 3);
        expect_same("whole.csv", "again.csv");
    }
    sample.spec.shards = 2;
    run_into("a.csv", &sample.spec, &backends[0].options, 0);
    sample.spec.shard = 2;
    run_into("b.csv", &sample.spec, &backends[0].options, 0);
    MUST(carrynet_sweep_merge("joined.csv", shards, 2));
    expect_same("whole.csv", "joined.csv");
    char *text = program_file("whole.csv", NULL);
    EXPECT_SAYS(text, ",arithmetic,defaults,prover,exact,proved,updates,sequences,");
    free(text);

    sample.spec.shard = sample.spec.shards = 1;
    carrynet_sweep *sweep = make(&sample.spec);
    MUST(carrynet_sweep_load(sweep, "whole.csv"));
    uint32_t proved = 0;
    for (uint64_t row = 1; row <= 10; ++row) {
        carrynet_sweep_row found;
        carrynet_sweep_result made;
        carrynet_model *model = NULL;
        const carrynet_sweep_result *result = carrynet_sweep_result_of(sweep, row);
        MUST(carrynet_sweep_read(&found, "joined.csv", row));
        cr_expect_eq(found.settings.until_proved, (uint32_t)CARRYNET_PROVER_VERSION);
        MUST(carrynet_sweep_reproduce(&model, &made, &found.settings, &backends[0].options, NULL));
        cr_expect_eq(made.digest, result->digest);
        cr_expect_eq(made.updates, result->updates);
        cr_expect_eq(made.proved, result->proved);
        cr_expect_eq(found.result.proved, result->proved);
        proved += result->proved;
        carrynet_model_free(model);
    }
    cr_expect_eq(carrynet_sweep_count(sweep).proved, proved);
    cr_expect(proved >= 2 && proved < 10, "a poor choice: %u of 10 proved", proved);
    carrynet_sweep_free(sweep);
}

/* `text` with the first `from` replaced, as forged.csv. */
static void forge(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    cr_assert_not_null(at, "no '%s' in:\n%s", from, text);
    FILE *file = fopen("forged.csv", "wb");
    cr_assert_not_null(file);
    (void)fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    cr_assert_eq(fclose(file), 0);
}

Test(until_proved, refuses_forged_tables)
{
    static const struct {
        const char *from, *to, *says;
    } forgeries[] = {
        {"," DEFAULTS "," PROVER ",", "," DEFAULTS ",0,", "line 2: prover must be the version of a prover, from 1"},
        {"," DEFAULTS "," PROVER ",", "," DEFAULTS ",99,",
         "column prover is 99 in the file, " PROVER " by these options"},
        {"," DEFAULTS "," PROVER ",", "," DEFAULTS ",-1,", "column prover is '-1', must be a whole number"},
        {",0,0,250,", ",0,1,250,", "exact must be 1 where proved is 1"},
        {",0,0,250,", ",0,2,250,", "column proved is '2', must be 0 or 1"},
        {",1e-08,0.05,0.07,1,0,16,250,1," DEFAULTS "," PROVER ",0,0,250,16000,", ",",
         "line 2 has fewer than 31 columns"},
        {"prover,exact,proved,", "exact,", "column exact is '" PROVER "', must be 0 or 1"},
        {"prover,", "", "line 1 is not the header"},
    };
    const carrynet_engine_options reference = on_reference();
    struct sample sample;
    double rate;
    sweep_sample(&sample);
    rate = sample.spec.settings.rate;
    sample.hidden[0] = 1; /* never exact */
    sample.spec.hidden_count = 1;
    sample.spec.seeds = 2;
    run_into("whole.csv", &sample.spec, &reference, 0);
    char *text = program_file("whole.csv", NULL);
    carrynet_sweep *sweep = make(&sample.spec);
    for (size_t i = 0; i < sizeof forgeries / sizeof forgeries[0]; ++i) {
        forge(text, forgeries[i].from, forgeries[i].to);
        cr_expect_eq(carrynet_sweep_load(sweep, "forged.csv"), CARRYNET_ERROR_FORMAT, "not refused: %s",
                     forgeries[i].says);
        EXPECT_SAYS(carrynet_message(), forgeries[i].says);
    }
    free(text);
    carrynet_sweep_free(sweep);

    /* A sweep until exact takes no such table, nor the other way round; they are not of one sweep. */
    sample.spec.settings.until_proved = 0;
    sample.spec.rates = &rate;
    sample.spec.rate_count = 1;
    sweep = make(&sample.spec);
    cr_expect_eq(carrynet_sweep_load(sweep, "whole.csv"), CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "column prover is " PROVER " in the file, 0 by these options");
    carrynet_sweep_free(sweep);
    sample.spec.shards = sample.spec.shard = 2;
    run_into("exact.csv", &sample.spec, &reference, 0);
    cr_expect_eq(carrynet_sweep_merge("joined.csv", (const char *const[]){"whole.csv", "exact.csv"}, 2),
                 CARRYNET_ERROR_FORMAT);
    EXPECT_SAYS(carrynet_message(), "prover is " PROVER " in whole.csv, 0 in exact.csv");
}
