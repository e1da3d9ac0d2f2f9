/*
 * Finds the first difference of a case. The case runs with its launches recorded, and each launch is compared with the
 * reference at once (launch_checks.h); the first wrong one ends the run. Then ever smaller cases run as long as the
 * same kernel is wrong.
 */
#include "conformance/bisect.h"
#include "backend/opencl/record.h"
#include "engine/backends.h"
#include "platform/platform.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One run: a case, or a smaller one made of it. */
struct trial {
    struct test_case one;
    uint32_t forward; /* sequences of the forward pass */
    carrynet_launches launches;
    bool passes[PASS_TRAINING + 1]; /* which are run */
};

/* What a run's recorder knows. */
struct run {
    const struct trial *trial;
    carrynet_engine *engine;
    struct witness witness;
    struct launch_place place;
    carrynet_source source;
    const char *folder; /* where the fault is written to, or NULL */
    carrynet_difference *difference;
    enum opencl_kernel_id kernel;
};

/* ---- words ------------------------------------------------------------------------------------------------------ */

const char *bisect_element(char *text, size_t size, const struct launch_check *c, const uint64_t index[3])
{
    int length = 0;
    bool networks = false;
    for (int i = 0; i < 3; ++i)
        networks = networks || (c->axes[i] != NULL && strcmp(c->axes[i], "network") == 0);
    if (!networks)
        length = snprintf(text, size, "network %" PRIu32, c->network);
    for (int i = 0; i < 3 && (size_t)length < size; ++i)
        if (c->axes[i] != NULL)
            length += snprintf(text + length, size - (size_t)length, "%s%s %" PRIu64, length > 0 ? ", " : "",
                               c->axes[i], c->base[i] + index[i]);
    return text;
}

const char *bisect_value(char *text, size_t size, const struct launch_check *c, const char *value)
{
    bool nan = false;
    char number[SYS_NUMBER];
    const uint64_t bits = launch_bits(value, c->bytes, c->kind, &nan);
    float single;
    double twice;
    memcpy(&single, value, sizeof single);
    if (c->bytes == sizeof single)
        twice = (double)single;
    else
        memcpy(&twice, value, sizeof twice);
    if (c->kind == CHECK_COUNT)
        (void)snprintf(text, size, "%" PRIu64, bits);
    else if (c->kind == CHECK_WORD)
        (void)snprintf(text, size, "0x%08" PRIx64, bits);
    else if (nan || twice - twice != 0)
        (void)snprintf(text, size, "%s (0x%0*" PRIx64 ")",
                       nan         ? "NaN"
                       : twice > 0 ? "infinity"
                                   : "-infinity",
                       (int)(2 * c->bytes), bits);
    else
        (void)snprintf(text, size, "%s (0x%0*" PRIx64 ")", sys_real_text(number, twice), (int)(2 * c->bytes), bits);
    return text;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static void describe(struct run *run, const struct bisect_fault *fault)
{
    static const char *const passes[] = {"forward", "gradient", "training"};
    carrynet_difference *d = run->difference;
    const struct test_case *one = &run->trial->one;
    const struct launch_check *c = &fault->checks->all[fault->check];
    const uint64_t updates = run->place.update;
    const bool after = fault->record->id == OPENCL_APPLY || fault->record->id == OPENCL_TRAIN ||
                       fault->record->id == OPENCL_NETWORKS; /* the place has moved on */
    *d = (carrynet_difference){.found = true};
    (void)snprintf(d->pass, sizeof d->pass, "%s", passes[run->place.phase]);
    d->update = run->place.phase == PASS_TRAINING && after && updates > 0 ? updates - 1 : updates;
    (void)snprintf(d->kernel, sizeof d->kernel, "%s", fault->record->kernel);
    (void)snprintf(d->operation, sizeof d->operation, "%s", c->operation);
    (void)snprintf(d->tensor, sizeof d->tensor, "%s", c->tensor);
    (void)bisect_element(d->element, sizeof d->element, c, fault->index);
    (void)bisect_value(d->expected, sizeof d->expected, c, c->expected + launch_expected_at(c, fault->index));
    (void)bisect_value(d->given, sizeof d->given, c,
                       fault->record->arguments[c->argument].after + launch_at(c, fault->index));
    d->inputs = one->inputs;
    d->hidden = one->hidden;
    d->outputs = one->outputs;
    d->steps = one->steps;
    d->batch = run->place.phase == PASS_FORWARD ? run->trial->forward : one->batch;
    d->networks = one->networks;
    d->updates = run->place.phase == PASS_TRAINING ? one->updates : 0;
}

/* The recorder: a status other than OK, with difference->found, ends the run. */
static carrynet_status launched(void *self, const struct opencl_record *record)
{
    struct run *run = self;
    struct launch_checks checks = {0};
    struct bisect_fault fault = {.record = record, .checks = &checks};
    carrynet_status status = launch_expect(&checks, &run->witness, &run->place, record, &run->source);
    if (status == CARRYNET_OK && launch_differs(&fault.check, fault.index, &checks, record)) {
        describe(run, &fault);
        run->kernel = record->id;
        if (run->folder != NULL)
            status = bisect_write(run->folder, &fault, run->difference);
        if (status == CARRYNET_OK)
            status = sys_fail(CARRYNET_ERROR_DEVICE, "%s: %s differs", record->kernel, run->difference->tensor);
        else
            run->difference->found = false; /* which says that the status is an error */
    }
    launch_checks_free(&checks);
    return status;
}

static carrynet_status run_forward(struct run *run)
{
    struct witness *w = &run->witness;
    const carrynet_settings *s = &w->settings;
    const size_t rows = (size_t)s->networks * run->trial->forward, steps = rows * s->steps;
    carrynet_metrics *metrics = NULL;
    char *parts[4] = {NULL, NULL, NULL, NULL}, *start = NULL;
    const size_t sizes[] = {s->shape.outputs, s->shape.outputs, s->shape.hidden, s->shape.hidden};
    carrynet_status status = witness_shared(w, &run->source, run->trial->forward, CASE_FORWARD_UPDATE);
    for (int i = 0; i < 4 && status == CARRYNET_OK; ++i)
        status = sys_allocate(&parts[i], i < 3 ? steps : rows, sizes[i] * w->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&start, rows, s->shape.hidden * w->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&metrics, s->networks, sizeof *metrics);
    carrynet_forward all = {.metrics = metrics, .y = parts[0], .z = parts[1], .h = parts[2], .state = parts[3]};
    run->place = (struct launch_place){.phase = PASS_FORWARD, .start = start};
    if (status == CARRYNET_OK)
        status = carrynet_engine_forward(run->engine, &w->batches[0], &all);
    if (status == CARRYNET_OK) {
        memcpy(start, parts[3], rows * s->shape.hidden * w->value);
        all.resume = run->place.resume = true;
        status = carrynet_engine_forward(run->engine, &w->batches[0], &all);
    }
    for (int i = 0; i < 4; ++i)
        sys_free(parts[i]);
    sys_free(start);
    sys_free(metrics);
    return status;
}

static carrynet_status run_gradient(struct run *run)
{
    struct witness *w = &run->witness;
    const carrynet_settings *s = &w->settings;
    char *sums = NULL;
    carrynet_status status = witness_shared(w, &run->source, s->batch, CASE_GRADIENT_UPDATE);
    w->noisy = true;
    w->first_sequence = CASE_GRADIENT_FIRST;
    run->place = (struct launch_place){.phase = PASS_GRADIENT};
    if (status == CARRYNET_OK)
        status = sys_allocate(&sums, s->networks, w->trained * w->value);
    if (status == CARRYNET_OK)
        status = carrynet_engine_gradient(run->engine, &w->batches[0], CASE_GRADIENT_UPDATE, CASE_GRADIENT_FIRST, sums,
                                          NULL);
    sys_free(sums);
    return status;
}

static carrynet_status run_training(struct run *run)
{
    run->place = (struct launch_place){.phase = PASS_TRAINING};
    /* The weights are packed before the problems are generated. */
    const carrynet_status status = witness_problems(&run->witness, &run->source, 0);
    return status == CARRYNET_OK ? carrynet_engine_train(run->engine, &run->source, run->trial->one.updates, NULL)
                                 : status;
}

/*
 * Runs a trial until the first launch that is wrong; difference->found is false where there is none, or where there are
 * no such settings. folder: where to write the fault, or NULL.
 */
static carrynet_status run_trial(carrynet_difference *difference, enum opencl_kernel_id *kernel,
                                 const struct trial *trial, const carrynet_engine_options *options, const char *folder)
{
    static carrynet_status (*const passes[])(struct run *) = {run_forward, run_gradient, run_training};
    carrynet_engine_options chosen = *options;
    struct run run = {.trial = trial, .folder = folder, .difference = difference};
    carrynet_settings settings;
    const struct opencl_recorder recorder = {launched, &run, 0};
    *difference = (carrynet_difference){0};
    case_settings(&settings, &trial->one);
    if (carrynet_settings_check(&settings) != CARRYNET_OK)
        return CARRYNET_OK;
    chosen.launches = trial->launches;
    chosen.allow_inexact = true;
    run.source = carrynet_counter_source(&settings.task);
    carrynet_status status = witness_open(&run.witness, &settings);
    if (status == CARRYNET_OK)
        status = carrynet_engine_create(&run.engine, &settings, &chosen);
    if (status == CARRYNET_OK)
        status = case_weights(run.engine);
    if (status == CARRYNET_OK)
        status =
            carrynet_engine_get(run.engine, CARRYNET_PART_PARAMETERS, 0, settings.networks, run.witness.parameters);
    if (status == CARRYNET_OK)
        opencl_record_launches(engine_backend(run.engine), &recorder);
    for (int i = 0; i <= PASS_TRAINING && status == CARRYNET_OK; ++i)
        if (trial->passes[i])
            status = passes[i](&run);
    carrynet_engine_free(run.engine);
    witness_close(&run.witness);
    *kernel = run.kernel;
    return difference->found ? CARRYNET_OK : status;
}

/* ---- smaller ---------------------------------------------------------------------------------------------------- */

/* What has been found so far. */
struct search {
    const carrynet_engine_options *options;
    struct trial best;
    carrynet_difference found;
    enum opencl_kernel_id kernel;
};

/* Tries a smaller one: it is the best so far if the same kernel goes wrong. */
static carrynet_status try_smaller(struct search *search, const struct trial *trial, bool *smaller)
{
    carrynet_difference difference;
    enum opencl_kernel_id kernel = OPENCL_KERNELS;
    const carrynet_status status = run_trial(&difference, &kernel, trial, search->options, NULL);
    *smaller = status == CARRYNET_OK && difference.found && kernel == search->kernel;
    if (*smaller) {
        search->best = *trial;
        search->found = difference;
    }
    return status;
}

/* Sizes worth a try, ascending: the smallest, and those about the tiles, vectors, partial sums and blocks of the kernels. */
static const uint32_t sizes[] = {1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64, 65, 128, 129, 256, 512, 1024, 2048};

/* The smallest size of one kind (a member of the trial) that still shows it. */
static carrynet_status shrink(struct search *search, size_t member)
{
    struct trial trial = search->best;
    uint32_t now;
    carrynet_status status = CARRYNET_OK;
    bool smaller = false;
    memcpy(&now, (char *)&trial + member, sizeof now);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && sizes[i] < now && status == CARRYNET_OK && !smaller; ++i) {
        memcpy((char *)&trial + member, &sizes[i], sizeof sizes[i]);
        status = try_smaller(search, &trial, &smaller);
    }
    return status;
}

/* Without noise, clipping, biases, h_0 and weight decay, as far as it shows then too. */
static carrynet_status simplify(struct search *search)
{
    carrynet_status status = CARRYNET_OK;
    bool smaller;
    for (int i = 0; i < 5 && status == CARRYNET_OK; ++i) {
        struct trial trial = search->best;
        struct test_case *one = &trial.one;
        const bool has = i == 0   ? one->noise > 0
                         : i == 1 ? one->clip > 0
                         : i == 2 ? one->bias
                         : i == 3 ? one->initial_state
                                  : one->weight_decay > 0;
        if (i == 0)
            one->noise = 0;
        else if (i == 1)
            one->clip = 0;
        else if (i == 2)
            one->bias = false;
        else if (i == 3)
            one->initial_state = false;
        else
            one->weight_decay = 0;
        if (has)
            status = try_smaller(search, &trial, &smaller);
    }
    return status;
}

#define MEMBER(name) offsetof(struct trial, name)

static carrynet_status shrink_all(struct search *search)
{
    /* Those that cost no compilation first. */
    static const size_t members[] = {MEMBER(one.networks), MEMBER(one.batch),  MEMBER(forward),
                                     MEMBER(one.steps),    MEMBER(one.hidden), MEMBER(one.updates)};
    carrynet_status status = CARRYNET_OK;
    bool smaller;
    struct trial trial = search->best;
    for (int i = 0; i <= PASS_TRAINING; ++i)
        trial.passes[i] = (i == PASS_FORWARD && strcmp(search->found.pass, "forward") == 0) ||
                          (i == PASS_GRADIENT && strcmp(search->found.pass, "gradient") == 0) ||
                          (i == PASS_TRAINING && strcmp(search->found.pass, "training") == 0);
    if (trial.passes[PASS_TRAINING] && search->found.update < trial.one.updates)
        trial.one.updates = (uint32_t)search->found.update + 1;
    if (!trial.passes[PASS_FORWARD])
        trial.forward = 1;
    status = try_smaller(search, &trial, &smaller);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && status == CARRYNET_OK; ++i) {
        const bool of_pass = members[i] == MEMBER(forward)       ? search->best.passes[PASS_FORWARD]
                             : members[i] == MEMBER(one.batch)   ? true
                             : members[i] == MEMBER(one.updates) ? search->best.passes[PASS_TRAINING]
                                                                 : true;
        if (of_pass)
            status = shrink(search, members[i]);
    }
    return status == CARRYNET_OK ? simplify(search) : status;
}

carrynet_status carrynet_case_bisect(carrynet_difference *first, carrynet_difference *smallest, size_t index,
                                     const carrynet_engine_options *options, const char *folder)
{
    struct search search = {.options = options};
    *first = (carrynet_difference){0};
    if (smallest != NULL)
        *smallest = *first;
    if (index >= carrynet_case_count())
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "case %zu of %zu", index, carrynet_case_count());
    search.best = (struct trial){.one = test_cases[index], .forward = CASE_FORWARD_SEQUENCES};
    search.best.launches =
        options->launches == CARRYNET_LAUNCHES_AUTO ? case_launches(&search.best.one) : options->launches;
    for (int i = 0; i <= PASS_TRAINING; ++i)
        search.best.passes[i] = true;
    carrynet_status status = run_trial(&search.found, &search.kernel, &search.best, options, NULL);
    if (status != CARRYNET_OK || !search.found.found)
        return status;
    *first = search.found;
    if (smallest == NULL)
        return CARRYNET_OK;
    status = shrink_all(&search);
    *smallest = search.found;
    if (status == CARRYNET_OK && folder != NULL)
        status = run_trial(smallest, &search.kernel, &search.best, options, folder);
    return status;
}
