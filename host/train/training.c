/*
 * The training loop: E updates, a test for exactness, a report, until every network has left or the planned updates are
 * done; then the next network batch. Results depend on counts alone; the clock only decides when to report.
 */
#include "train/training.h"
#include "model/limits.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include "train/checkpoint.h"
#include <math.h>
#include <string.h>

/* Multiplications after which the caller is asked for its request to stop: some milliseconds on a slow device. */
static const double STRIDE_WORK = 1 << 27;

/* Multiplications of a sample, likewise. */
static const double SAMPLE_WORK = 1 << 24;

uint64_t carrynet_train_memory(const carrynet_settings *settings)
{
    return (uint64_t)net_host_need(settings);
}

void carrynet_train_options_init(carrynet_train_options *options)
{
    *options = (carrynet_train_options){0};
}

/* ---- reports --------------------------------------------------------------------------------------------------- */

/* Parameters of network 0 as it is now, or as it left. */
static carrynet_status get_network_0(struct training *training, void *values)
{
    const struct population *p = &training->population;
    const carrynet_settings *settings = training->settings;
    for (uint32_t n = 0; n < p->running; ++n)
        if (p->number[n] == 0)
            return carrynet_engine_get(training->engine, CARRYNET_PART_PARAMETERS, n, 1, values);
    memcpy(values, carrynet_model_values_const(training->records.model),
           carrynet_shape_size(&settings->shape) * (settings->precision / 8));
    return CARRYNET_OK;
}

/*
 * One problem as network 0 solves it now; sample->steps stays 0 where that would take long. In plain C, which has the
 * same bits and is done before a device has begun.
 */
static carrynet_status take_sample(struct training *training, carrynet_sample *sample)
{
    const carrynet_settings *settings = training->settings;
    const carrynet_network_config *configs = training->options->configs;
    const uint64_t seed = configs != NULL ? configs[0].problem_seed : settings->seed;
    const carrynet_source counter = carrynet_counter_source(&settings->task);
    const double hidden = settings->shape.hidden;
    carrynet_batch problem = {0};
    char *values = NULL;
    carrynet_status status = CARRYNET_OK;
    if (settings->steps * hidden * (hidden + 16) > SAMPLE_WORK)
        return CARRYNET_OK;
    if (training->plain == NULL) {
        const carrynet_engine_options options = {.device = "host"};
        carrynet_settings one = *settings;
        one.networks = 1;
        status = carrynet_engine_create(&training->plain, &one, &options);
    }
    if (status == CARRYNET_OK)
        status = sys_allocate(&values, carrynet_shape_size(&settings->shape), settings->precision / 8);
    status = comm_allreduce_status(training->comm, status); /* since all take part in what follows, or none */
    if (status == CARRYNET_OK)
        status = get_network_0(training, values);
    if (status == CARRYNET_OK)
        status = carrynet_engine_set(training->plain, CARRYNET_PART_PARAMETERS, 0, 1, values);
    if (status == CARRYNET_OK)
        status = carrynet_batch_create(&problem, &settings->task, 1, settings->steps);
    if (status == CARRYNET_OK)
        status = counter.fill(counter.self, seed, training->updates, 0, 1, settings->steps, problem.symbols,
                              problem.targets);
    if (status == CARRYNET_OK)
        status = carrynet_sample_run(sample, training->plain, &settings->task, 0, problem.symbols, settings->steps);
    carrynet_batch_free(&problem);
    sys_free(values);
    return status;
}

/* How the networks that train, or were the last to, do on the held-out problems; at the end all of them. */
static carrynet_status measure_held_out(struct training *training, bool last)
{
    const uint32_t network_batch = training->options->network_batch;
    if (training->held.batch.sequences == 0)
        return CARRYNET_OK;
    if (!last)
        return held_out_measure(&training->held_wrong_share, &training->held, training->engine);
    return held_out_measure_model(&training->held_wrong_share, &training->held, training->records.model,
                                  network_batch > 0 ? network_batch : training->settings->networks, training->device);
}

/* Reports progress to the caller. */
static carrynet_status report(struct training *training, bool last)
{
    const carrynet_train_options *options = training->options;
    const double now = sys_seconds();
    const bool due = options->report != NULL &&
                     (last || training->trained == 0 || now - training->reported >= options->report_seconds);
    if (!comm_broadcast_flag(training->comm, due)) /* who may be the only one with a report */
        return CARRYNET_OK;
    training->reported = now;
    carrynet_sample sample = {0};
    carrynet_status status = comm_allreduce_status(training->comm, take_sample(training, &sample));
    if (status == CARRYNET_OK)
        status = measure_held_out(training, last);
    /* Others may still measure: they are not waited for. */
    if (status != CARRYNET_OK)
        goto done;
    const struct population_records *records = &training->records;
    const bool all = last && records->measured > 0;
    const carrynet_report report = {
        .device = carrynet_engine_description(training->engine),
        .updates = last ? records->updates : training->updates,
        .sequences = training->trained,
        .loss = all ? records->loss / records->measured : training->loss,
        .wrong_share = all ? records->wrong_share / records->measured : training->wrong_share,
        .held_out = training->held.batch.sequences,
        .held_out_wrong_share = training->held_wrong_share,
        .exact = records->exact,
        .proved = records->proved,
        .finished = records->finished,
        .networks = training->settings->networks,
        .network_batch = training->network_batch,
        .network_batches = training->network_batches,
        .device_memory = carrynet_engine_need(training->engine),
        .host_memory = carrynet_train_memory(training->settings),
        .seconds = now - training->start,
        .last = last,
        .sample = sample.steps > 0 ? &sample : NULL,
    };
    const bool stop = options->report != NULL && options->report(options->self, &report) != 0;
    training->stop = comm_allreduce_or(training->comm, training->stop || stop);
done:
    carrynet_sample_free(&sample);
    return status;
}

/* Lets the observer run where it is due. */
static carrynet_status watch(struct training *training)
{
    const carrynet_observer *observer = training->options->observer;
    if (observer == NULL || training->updates != training->look)
        return CARRYNET_OK;
    return comm_allreduce_status(
        training->comm, observer->observe(observer->self, training->engine, training->updates, &training->look));
}

/* ---- updates --------------------------------------------------------------------------------------------------- */

/* Updates that can be run at once, of `left`: up to the next look or checkpoint, and not for long. */
static uint64_t stride(const struct training *training, uint64_t left)
{
    const carrynet_settings *s = training->settings;
    const double hidden = s->shape.hidden, steps = (double)training->population.running * s->batch * s->steps;
    const double work = STRIDE_WORK * carrynet_comm_size(training->comm); /* which they share */
    const double affordable = work / (steps * hidden * (hidden + 16));
    uint64_t count = affordable < 1 ? 1 : (uint64_t)affordable;
    if (training->options->observer != NULL && training->look > training->updates &&
        training->look - training->updates < count)
        count = training->look - training->updates;
    const uint64_t checkpoint = checkpoint_next(training) - training->updates;
    if (checkpoint < count)
        count = checkpoint;
    return left < count ? left : count;
}

/* Means over the networks that have not diverged. */
static void take_means(struct training *training)
{
    const struct population *p = &training->population;
    const double batch = training->settings->batch;
    uint32_t counted = 0;
    training->loss = training->wrong_share = 0;
    for (uint32_t n = 0; n < p->running; ++n)
        if (isfinite(p->metrics[n].loss)) {
            training->loss += p->metrics[n].loss / batch;
            training->wrong_share += (double)p->metrics[n].wrong_sequences / batch;
            ++counted;
        }
    if (counted > 0) {
        training->loss /= counted;
        training->wrong_share /= counted;
    }
}

/*
 * The updates up to the next check; *reached unless the caller has ended the training before. NUMERIC if every network
 * there is lost.
 */
static carrynet_status run_updates(struct training *training, bool *reached)
{
    const carrynet_settings *settings = training->settings;
    struct population *p = &training->population;
    const uint64_t planned = settings->updates - training->updates;
    const uint64_t check = settings->check_every - training->updates % settings->check_every;
    uint64_t left = planned < check ? planned : check;
    carrynet_status status = CARRYNET_OK;
    while (left > 0 && !training->stop && status == CARRYNET_OK) {
        const uint64_t count = stride(training, left);
        left -= count;
        status = carrynet_engine_train(training->engine, &training->source, count, left == 0 ? p->metrics : NULL);
        if (status != CARRYNET_OK && status != CARRYNET_ERROR_NUMERIC)
            break;
        training->updates += count;
        training->trained += count * settings->batch * p->running;
        if (status == CARRYNET_OK)
            status = watch(training);
        if (status == CARRYNET_OK && left > 0)
            status = checkpoint_when_due(training);
        const bool stop =
            training->options->interrupted != NULL && training->options->interrupted(training->options->self) != 0;
        training->stop = comm_allreduce_or(training->comm, stop);
    }
    *reached = left == 0;
    if (*reached && status == CARRYNET_OK)
        take_means(training);
    return status;
}

/* The test of those in training; some leave. */
static carrynet_status check_networks(struct training *training)
{
    struct population *p = &training->population;
    const carrynet_settings *settings = training->settings;
    carrynet_status status = population_drop_diverged(p, training->updates);
    if (status != CARRYNET_OK || p->running == 0 || !settings->until_exact)
        return status;
    if (settings->until_proved == 0)
        return population_drop_exact(p, training->updates, true);
    const bool last = training->updates == settings->updates;
    status = population_test_proved(p, training->updates, last, &training->ended);
    /* A test that the caller has ended says nothing: who goes on from here repeats it. */
    if (status == CARRYNET_OK && attempts_ended(&training->ended)) {
        training->stop = true;
        status = checkpoint_at_stop(training);
    }
    return status == CARRYNET_OK ? population_drop_proved(p, training->updates) : status;
}

/* To the next check, where networks leave. */
static carrynet_status run_to_check(struct training *training)
{
    struct population *p = &training->population;
    carrynet_status status = CARRYNET_OK;
    if (!training->check_due)
        status = run_updates(training, &training->check_due);
    /* Where all others have left well, or the caller looks at each, the loss of the last is no error. */
    if (status == CARRYNET_ERROR_NUMERIC &&
        (training->options->outcomes != NULL || training->records.diverged + p->running < training->settings->networks))
        status = CARRYNET_OK;
    if (status != CARRYNET_OK || !training->check_due)
        return status;
    status = check_networks(training);
    training->check_due = false;
    return status;
}

/* ---- network batches ----------------------------------------------------------------------------------------------------- */

/* The engine of networks first, ..., first + count - 1. */
static carrynet_status open_network_batch(struct training *training, uint32_t first, uint32_t count)
{
    const carrynet_train_options *options = training->options;
    carrynet_settings network_batch = *training->settings;
    network_batch.networks = count;
    network_batch.seed += first;
    carrynet_status status = carrynet_engine_create(&training->engine, &network_batch, training->device);
    if (status == CARRYNET_OK && options->configs != NULL) {
        memcpy(carrynet_engine_network_configs(training->engine), options->configs + first,
               count * sizeof *options->configs);
        status = carrynet_engine_initialize(training->engine, 0, count);
    }
    const size_t bytes = carrynet_shape_size(&network_batch.shape) * (network_batch.precision / 8);
    if (status == CARRYNET_OK && options->initial != NULL)
        status = carrynet_engine_set(training->engine, CARRYNET_PART_PARAMETERS, 0, count,
                                     (const char *)options->initial + first * bytes);
    return status;
}

static carrynet_status run_network_batch(struct training *training)
{
    const carrynet_settings *settings = training->settings;
    struct population *p = &training->population;
    population_start(p);
    carrynet_status status = report(training, false);
    if (status == CARRYNET_OK)
        status = watch(training);
    while ((training->updates < settings->updates || training->check_due) && p->running > 0 && !training->stop &&
           status == CARRYNET_OK) {
        status = run_to_check(training);
        if (status == CARRYNET_OK && !training->stop)
            status = report(training, false);
        if (status == CARRYNET_OK && !training->stop && p->running > 0)
            status = checkpoint_when_due(training);
    }
    if (status == CARRYNET_OK && training->stop && p->running > 0)
        status = checkpoint_at_stop(training);
    const bool finished = training->updates == settings->updates && !attempts_ended(&training->ended);
    if (status == CARRYNET_OK && p->running > 0 && !settings->until_exact)
        status = population_drop_exact(p, training->updates, finished);
    return status == CARRYNET_OK ? population_end(p, training->updates, finished) : status;
}

/* The networks from `first` on, which the caller did not wait for: as they would begin. */
static void leave_unstarted(struct training *training, uint32_t first)
{
    const carrynet_settings *s = training->settings;
    const carrynet_train_options *options = training->options;
    const carrynet_network *records = carrynet_model_networks(training->records.model);
    const size_t bytes = carrynet_shape_size(&s->shape) * (s->precision / 8);
    for (uint32_t n = first; n < s->networks; ++n) {
        char *values = (char *)carrynet_model_values(training->records.model) + n * bytes;
        if (options->initial != NULL)
            memcpy(values, (const char *)options->initial + n * bytes, bytes);
        else
            carrynet_initialize(values, &s->shape, s->precision, records[n].seed,
                                options->configs != NULL ? options->configs[n].scale : s->scale);
    }
}

/* A network batch from its first update on. */
static carrynet_status begin_network_batch(struct training *training, uint32_t first, uint32_t count)
{
    training->batch_first = first;
    training->batch_count = count;
    training->updates = training->look = training->saved_updates = 0;
    training->loss = training->wrong_share = 0;
    training->check_due = false;
    carrynet_status status = CARRYNET_OK;
    if (training->engine == NULL)
        status = open_network_batch(training, first, count);
    return status == CARRYNET_OK ? population_open(&training->population, training->engine, &training->check,
                                                   &training->records, first, count)
                                 : status;
}

static carrynet_status run_network_batches(struct training *training, struct checkpoint *from)
{
    const uint32_t networks = training->settings->networks;
    const uint32_t most = training->options->network_batch > 0 ? training->options->network_batch : networks;
    carrynet_status status = CARRYNET_OK;
    uint32_t first = 0;
    training->network_batches = (networks - 1) / most + 1;
    training->start = training->reported = training->saved = sys_seconds();
    do {
        const uint32_t count = networks - first < most ? networks - first : most;
        status = from->found ? checkpoint_restore(from, training) : begin_network_batch(training, first, count);
        training->network_batch = training->batch_first / most;
        if (status == CARRYNET_OK)
            status = carrynet_engine_train(training->engine, &training->source, 0, NULL);
        if (first == 0) /* the kernels are ready */
            training->start = training->reported = training->saved = sys_seconds() - from->seconds;
        if (status == CARRYNET_OK)
            status = run_network_batch(training);
        population_close(&training->population);
        from->found = false;
        first = training->batch_first + training->batch_count;
        if (first < networks && status == CARRYNET_OK && !training->stop) {
            carrynet_engine_free(training->engine);
            training->engine = NULL;
        }
    } while (first < networks && status == CARRYNET_OK && !training->stop);
    if (status != CARRYNET_OK)
        return status;
    leave_unstarted(training, first);
    return report(training, true);
}

/* The model holds every network, however few a network batch has: what the engine does not count. */
static carrynet_status check_memory(const carrynet_settings *settings)
{
    const double need = (double)carrynet_train_memory(settings), limit = (double)sys_memory();
    if (limit == 0 || need <= limit)
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_MEMORY,
                    "the model of %u networks, hidden %u, needs %.1f GB, this machine allows %.1f GB; use fewer or "
                    "smaller networks",
                    settings->networks, settings->shape.hidden, need / 1e9, limit / 1e9);
}

carrynet_status carrynet_train(carrynet_model **model, const carrynet_settings *settings,
                               const carrynet_engine_options *engine, const carrynet_train_options *options)
{
    carrynet_train_options silent;
    carrynet_train_options_init(&silent);
    struct training training = {.settings = settings,
                                .options = options != NULL ? options : &silent,
                                .device = engine,
                                .comm = engine != NULL ? engine->comm : NULL};
    struct checkpoint from = {0};
    const uint32_t network_batch = training.options->network_batch;
    const fenv_t environment = sys_enter_arithmetic();
    *model = NULL;
    carrynet_status status = carrynet_settings_check(settings);
    if (status == CARRYNET_OK && settings->until_proved != 0 && settings->until_proved != CARRYNET_PROVER_VERSION)
        status = sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                          "trained until proved by version %lu of the prover; this program has version %d, which may "
                          "stop elsewhere",
                          (unsigned long)settings->until_proved, CARRYNET_PROVER_VERSION);
    if (status == CARRYNET_OK)
        status = check_memory(settings);
    if (status == CARRYNET_OK)
        status = checkpoint_find(&from, settings, training.options, carrynet_comm_rank(training.comm) == 0);
    status = checkpoint_same(&from, settings, training.options, training.comm, status);
    if (status != CARRYNET_OK)
        goto done;
    /* The engine first: it computes what all this takes before anything is allocated. */
    if (from.found)
        status = open_network_batch(&training, from.batch_first, from.running);
    else
        status = open_network_batch(
            &training, 0, network_batch > 0 && network_batch < settings->networks ? network_batch : settings->networks);
    if (status == CARRYNET_OK)
        status = carrynet_model_create(&training.records.model, settings);
    if (status == CARRYNET_OK)
        status = population_check_set(&training.check, settings);
    if (status == CARRYNET_OK)
        status = held_out_open(&training.held, settings, &training.check);
    if (status == CARRYNET_OK && training.options->checkpoints != NULL && training.options->outcomes == NULL)
        status = sys_allocate(&training.own_outcomes, settings->networks, sizeof *training.own_outcomes);
    status = comm_allreduce_status(training.comm, status);
    if (status != CARRYNET_OK)
        goto done;
    training.records.outcomes = training.options->outcomes != NULL ? training.options->outcomes : training.own_outcomes;
    training.ended = (struct attempts_stop){
        .interrupted = training.options->interrupted, .self = training.options->self, .comm = training.comm};
    for (uint32_t n = 0; n < settings->networks; ++n) {
        if (training.records.outcomes != NULL)
            training.records.outcomes[n] = (carrynet_outcome){0};
        if (training.options->configs != NULL)
            carrynet_model_networks(training.records.model)[n].seed = training.options->configs[n].seed;
    }
    training.source = training.options->source != NULL ? *training.options->source
                      : settings->train_fraction != 0  ? carrynet_split_source(&training.held.split)
                                                       : carrynet_counter_source(&settings->task);
    status = run_network_batches(&training, &from);
    if (status != CARRYNET_OK)
        goto done;
    *model = training.records.model;
    training.records.model = NULL;
done:
    checkpoint_free(&from);
    carrynet_engine_free(training.engine);
    carrynet_engine_free(training.plain);
    carrynet_batch_free(&training.check);
    held_out_close(&training.held);
    sys_free(training.own_outcomes);
    carrynet_model_free(training.records.model);
    return sys_leave_arithmetic(&environment, status);
}
