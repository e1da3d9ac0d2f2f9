/* Small sweeps for tests: a specification with short lists, running one into a file, and comparing files. */
#ifndef TESTS_SWEEP_SAMPLE_H
#define TESTS_SWEEP_SAMPLE_H

#include "each_backend.h"
#include "program_run.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define DEFAULTS TEXT(CARRYNET_DEFAULTS_VERSION)
#define PROVER TEXT(CARRYNET_PROVER_VERSION)

struct sample {
    carrynet_sweep_spec spec;
    uint32_t hidden[2];
    double rates[2];
};

static inline void sample_init(struct sample *sample)
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

static inline carrynet_sweep *make(const carrynet_sweep_spec *spec)
{
    carrynet_sweep *sweep = NULL;
    MUST(carrynet_sweep_create(&sweep, spec));
    return sweep;
}

static inline carrynet_engine_options on_reference(void)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    return options;
}

/* Runs the whole of it, or its shard, into a file. */
static inline void run_into(const char *path, const carrynet_sweep_spec *spec, const carrynet_engine_options *engine,
                            uint32_t network_batch)
{
    carrynet_sweep *sweep = make(spec);
    carrynet_sweep_options options;
    carrynet_sweep_options_init(&options);
    options.path = path;
    options.network_batch = network_batch;
    MUST(carrynet_sweep_run(sweep, engine, &options));
    const carrynet_sweep_tally tally = carrynet_sweep_count(sweep);
    cr_expect_eq(tally.finished, tally.networks);
    carrynet_sweep_free(sweep);
}

static inline void expect_same(const char *a, const char *b)
{
    size_t sizes[2] = {0};
    char *bytes[2] = {program_file(a, &sizes[0]), program_file(b, &sizes[1])};
    cr_assert(bytes[0] != NULL && bytes[1] != NULL, "%s or %s is not there", a, b);
    cr_expect(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%s and %s differ:\n%s%s", a, b,
              bytes[0], bytes[1]);
    free(bytes[0]);
    free(bytes[1]);
}

#endif
