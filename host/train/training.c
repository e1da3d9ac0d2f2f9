/*
 * The training loop: E updates, a test of exactness, a report, until every network is exact or the planned updates are
 * done. What happens depends on counts alone; the clock only decides when a report is worth making.
 */
#include "base/base.h"
#include <carrynet/train.h>
#include <math.h>
#include <string.h>

enum { MOST_CHECKED = 16384, CHECK_STEPS = 1 << 22, CHECK_BITS = 14 };

/* Multiplications after which the caller is asked for its wish to stop: some milliseconds on a slow device. */
static const double STRIDE_WORK = 1 << 22;

/* Multiplications of a sample, likewise. */
static const double SAMPLE_WORK = 1 << 24;

struct training {
    const carrynet_settings *settings;
    const carrynet_train_options *options;
    carrynet_engine *engine;
    carrynet_engine *plain; /* the reference with network 0, for samples; made when first needed */
    carrynet_model *model;
    carrynet_source source;
    carrynet_batch check;      /* the check set (kernels/ARITHMETIC.md 7) */
    carrynet_metrics *metrics; /* [networks], of the last update's batch */
    carrynet_metrics *checked; /* [networks], of one slice of the check set */
    bool *wrong;               /* [networks], in the check that runs */
    uint64_t updates;          /* done */
    uint64_t look;             /* updates before the watch looks again */
    uint64_t trained;          /* sequences, all networks in training */
    uint32_t exact;
    double start, reported; /* the kernels are ready at the start */
};

void carrynet_train_options_init(carrynet_train_options *options)
{
    *options = (carrynet_train_options){0};
}

static carrynet_status make_check_set(struct training *training)
{
    const carrynet_task *task = &training->settings->task;
    const size_t steps = training->settings->steps;
    const bool every = (steps - task->closing_count) * task->inputs <= CHECK_BITS;
    size_t count = CHECK_STEPS / steps / 4 * 4;
    count = count < 4 ? 4 : count > MOST_CHECKED ? MOST_CHECKED : count;
    if (every)
        count = (size_t)carrynet_problem_count(task, steps);
    const carrynet_status status = carrynet_batch_create(&training->check, task, count, steps);
    if (status != CARRYNET_OK)
        return status;
    uint64_t cursor = 0;
    if (every)
        (void)carrynet_enumerate(task, &cursor, &training->check);
    for (size_t s = 0; s < count && !every; ++s)
        carrynet_evaluation_problem(task, s, steps, training->check.symbols + s * training->check.symbol_words,
                                    training->check.targets + s * training->check.target_words);
    return CARRYNET_OK;
}

static bool all_wrong(const struct training *training)
{
    const carrynet_network *networks = carrynet_model_networks(training->model);
    for (uint32_t n = 0; n < training->settings->networks; ++n)
        if (!training->wrong[n] && !networks[n].exact)
            return false;
    return true;
}

static bool all_finite(const char *values, carrynet_precision precision, size_t bytes)
{
    const size_t value = precision / 8;
    bool finite = true;
    for (size_t i = 0; i < bytes / value && finite; ++i)
        finite = precision == CARRYNET_FP32 ? isfinite(((const float *)(const void *)values)[i])
                                            : isfinite(((const double *)(const void *)values)[i]);
    return finite;
}

/* Copies the state of network n, as it is now, into the model; one that is lost to NaN or infinity has zeros there. */
static carrynet_status record(struct training *training, uint32_t n)
{
    const size_t bytes = carrynet_shape_size(&training->settings->shape) * (training->settings->precision / 8);
    carrynet_model_networks(training->model)[n].updates = training->updates;
    char *values = (char *)carrynet_model_values(training->model) + n * bytes;
    const carrynet_status status = carrynet_engine_get(training->engine, CARRYNET_PART_PARAMETERS, n, 1, values);
    if (status == CARRYNET_OK && !all_finite(values, training->settings->precision, bytes))
        memset(values, 0, bytes);
    return status;
}

/* Tests the networks that are not exact yet; those that are right throughout are recorded and count as exact. */
static carrynet_status test_exactness(struct training *training)
{
    const uint32_t networks = training->settings->networks;
    const carrynet_batch *check = &training->check;
    carrynet_status status = CARRYNET_OK;
    memset(training->wrong, 0, networks * sizeof *training->wrong);
    /* Slices that grow, since a network that is still learning fails in the first. */
    for (size_t first = 0, slice = 256; first < check->sequences && status == CARRYNET_OK; first += slice, slice *= 4) {
        if (all_wrong(training))
            break;
        carrynet_batch part = *check;
        part.sequences = check->sequences - first < slice ? check->sequences - first : slice;
        part.symbols += first * check->symbol_words;
        part.targets += first * check->target_words;
        status = carrynet_engine_forward(training->engine, &part, &(carrynet_forward){.metrics = training->checked});
        for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
            training->wrong[n] = training->wrong[n] || training->checked[n].wrong_sequences > 0;
    }
    carrynet_network *records = carrynet_model_networks(training->model);
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
        if (!training->wrong[n] && !records[n].exact) {
            status = record(training, n);
            records[n].exact = true;
            ++training->exact;
        }
    return status;
}

/*
 * One problem as network 0 solves it now; sample->steps stays 0 where that would take long. In plain C, which has the
 * same bits and is done before a device has begun.
 */
static carrynet_status take_sample(struct training *training, carrynet_sample *sample)
{
    const carrynet_settings *settings = training->settings;
    const carrynet_source counter = carrynet_counter_source(&settings->task);
    const double hidden = settings->shape.hidden;
    carrynet_batch problem = {0};
    char *values = NULL;
    carrynet_status status = CARRYNET_OK;
    if (settings->steps * hidden * (hidden + 16) > SAMPLE_WORK)
        return CARRYNET_OK;
    if (training->plain == NULL) {
        const carrynet_engine_options options = {.device = "reference"};
        carrynet_settings one = *settings;
        one.networks = 1;
        status = carrynet_engine_create(&training->plain, &one, &options);
    }
    if (status == CARRYNET_OK)
        status = base_allocate(&values, carrynet_shape_size(&settings->shape), settings->precision / 8);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(training->engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
    if (status == CARRYNET_OK)
        status = carrynet_engine_set(training->plain, CARRYNET_PART_PARAMETERS, 0, 1, values);
    if (status == CARRYNET_OK)
        status = carrynet_batch_create(&problem, &settings->task, 1, settings->steps);
    if (status == CARRYNET_OK)
        status = counter.fill(counter.self, settings->seed, training->updates, 0, 1, settings->steps, problem.symbols,
                              problem.targets);
    if (status == CARRYNET_OK)
        status = carrynet_sample_run(sample, training->plain, &settings->task, 0, problem.symbols, settings->steps);
    carrynet_batch_free(&problem);
    base_free(values);
    return status;
}

/* Tells the caller how it goes; *stop if the caller wants no more. */
static carrynet_status report(struct training *training, bool last, bool *stop)
{
    const carrynet_settings *settings = training->settings;
    const double now = base_seconds();
    const bool due = last || training->updates == 0 || now - training->reported >= training->options->report_seconds;
    if (training->options->report == NULL || !due)
        return CARRYNET_OK;
    training->reported = now;
    carrynet_report told = {
        .device = carrynet_engine_description(training->engine),
        .updates = training->updates,
        .sequences = training->trained,
        .exact = training->exact,
        .networks = settings->networks,
        .seconds = now - training->start,
        .last = last,
    };
    const carrynet_network *records = carrynet_model_networks(training->model);
    uint32_t counted = 0;
    for (uint32_t n = 0; n < settings->networks; ++n)
        if ((!records[n].exact || training->exact == settings->networks) && isfinite(training->metrics[n].loss)) {
            told.loss += training->metrics[n].loss / settings->batch;
            told.wrong_share += (double)training->metrics[n].wrong_sequences / settings->batch;
            ++counted;
        }
    if (counted > 0) {
        told.loss /= counted;
        told.wrong_share /= counted;
    }
    carrynet_sample sample = {0};
    const carrynet_status status = take_sample(training, &sample);
    told.sample = sample.steps > 0 ? &sample : NULL;
    if (status == CARRYNET_OK)
        *stop = training->options->report(training->options->self, &told) != 0;
    carrynet_sample_free(&sample);
    return status;
}

/* Lets the watch look where it is due. */
static carrynet_status watch(struct training *training)
{
    const carrynet_watch *watch = training->options->watch;
    if (watch == NULL || training->updates != training->look)
        return CARRYNET_OK;
    return watch->look(watch->self, training->engine, training->updates, &training->look);
}

/* Updates that can be run at once, of `left`: up to the next look, and not for long. */
static uint64_t stride(const struct training *training, uint64_t left)
{
    const carrynet_settings *s = training->settings;
    const double hidden = s->shape.hidden, steps = (double)s->networks * s->batch * s->steps;
    const double affordable = STRIDE_WORK / (steps * hidden * (hidden + 16));
    uint64_t count = affordable < 1 ? 1 : (uint64_t)affordable;
    if (training->options->watch != NULL && training->look > training->updates &&
        training->look - training->updates < count)
        count = training->look - training->updates;
    return left < count ? left : count;
}

/* The updates up to the next check; *stop if the caller interrupts them. */
static carrynet_status run_updates(struct training *training, bool *stop)
{
    const carrynet_settings *settings = training->settings;
    const uint64_t planned = settings->updates - training->updates;
    uint64_t left = planned < settings->check_every ? planned : settings->check_every;
    carrynet_status status = CARRYNET_OK;
    while (left > 0 && !*stop && status == CARRYNET_OK) {
        const uint64_t count = stride(training, left);
        left -= count;
        status =
            carrynet_engine_train(training->engine, &training->source, count, left == 0 ? training->metrics : NULL);
        if (status != CARRYNET_OK)
            break;
        training->updates += count;
        training->trained += count * settings->batch * (settings->networks - training->exact);
        status = watch(training);
        *stop = training->options->interrupted != NULL && training->options->interrupted(training->options->self) != 0;
    }
    return status;
}

static carrynet_status run(struct training *training)
{
    const carrynet_settings *settings = training->settings;
    bool stop = false;
    carrynet_status status = report(training, false, &stop);
    if (status == CARRYNET_OK)
        status = watch(training);
    while (training->updates < settings->updates && !stop && status == CARRYNET_OK) {
        if (settings->until_exact && training->exact == settings->networks)
            break;
        status = run_updates(training, &stop);
        if (status != CARRYNET_OK || stop)
            break;
        if (settings->until_exact)
            status = test_exactness(training);
        if (status == CARRYNET_OK)
            status = report(training, false, &stop);
    }
    /* Networks that go on to the end are recorded there, and an exact count of updates ends with the test too. */
    const carrynet_network *records = carrynet_model_networks(training->model);
    for (uint32_t n = 0; n < settings->networks && status == CARRYNET_OK; ++n)
        if (!records[n].exact)
            status = record(training, n);
    if (status == CARRYNET_OK && !settings->until_exact)
        status = test_exactness(training);
    if (status == CARRYNET_OK)
        status = report(training, true, &stop);
    return status;
}

carrynet_status carrynet_train(carrynet_model **model, const carrynet_settings *settings,
                               const carrynet_engine_options *engine, const carrynet_train_options *options)
{
    carrynet_train_options silent;
    carrynet_train_options_init(&silent);
    struct training training = {.settings = settings, .options = options != NULL ? options : &silent};
    *model = NULL;
    /* The engine first: it computes what all this takes before anything is allocated. */
    carrynet_status status = carrynet_engine_create(&training.engine, settings, engine);
    if (status == CARRYNET_OK && training.options->initial != NULL)
        status = carrynet_engine_set(training.engine, CARRYNET_PART_PARAMETERS, 0, settings->networks,
                                     training.options->initial);
    if (status == CARRYNET_OK)
        status = carrynet_model_create(&training.model, settings);
    if (status == CARRYNET_OK)
        status = base_allocate(&training.metrics, settings->networks, sizeof *training.metrics);
    if (status == CARRYNET_OK)
        status = base_allocate(&training.checked, settings->networks, sizeof *training.checked);
    if (status == CARRYNET_OK)
        status = base_allocate(&training.wrong, settings->networks, sizeof *training.wrong);
    if (status == CARRYNET_OK)
        status = make_check_set(&training);
    if (status != CARRYNET_OK)
        goto done;
    training.source =
        training.options->source != NULL ? *training.options->source : carrynet_counter_source(&settings->task);
    status = carrynet_engine_train(training.engine, &training.source, 0, NULL);
    training.start = training.reported = base_seconds();
    if (status == CARRYNET_OK)
        status = run(&training);
    if (status != CARRYNET_OK)
        goto done;
    *model = training.model;
    training.model = NULL;
done:
    carrynet_engine_free(training.engine);
    carrynet_engine_free(training.plain);
    carrynet_batch_free(&training.check);
    base_free(training.wrong);
    base_free(training.checked);
    base_free(training.metrics);
    carrynet_model_free(training.model);
    return status;
}
