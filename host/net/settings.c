/* The settings of a run: defaults, ranges, names. */
#include "base/base.h"
#include <carrynet/prove.h>
#include <carrynet/settings.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

double carrynet_default_rate(carrynet_optimizer optimizer, carrynet_loss loss)
{
    const bool squared = loss != CARRYNET_LOSS_CROSS_ENTROPY;
    switch (optimizer) {
    case CARRYNET_OPTIMIZER_SGD:
        return squared ? 4 : 1;
    case CARRYNET_OPTIMIZER_MOMENTUM:
        return squared ? 0.7 : 0.15;
    case CARRYNET_OPTIMIZER_RMSPROP:
        return 0.01;
    case CARRYNET_OPTIMIZER_ADAM:
        break;
    }
    return 0.07;
}

void carrynet_settings_init(carrynet_settings *settings, const carrynet_task *task)
{
    *settings = (carrynet_settings){
        .task = *task,
        .shape = {.inputs = task->inputs, .hidden = 16, .outputs = task->outputs},
        .precision = CARRYNET_FP32,
        .steps = 8,
        .batch = 64,
        .loss = CARRYNET_LOSS_CROSS_ENTROPY,
        .optimizer = CARRYNET_OPTIMIZER_ADAM,
        .schedule = CARRYNET_SCHEDULE_CONSTANT,
        .rate = carrynet_default_rate(CARRYNET_OPTIMIZER_ADAM, CARRYNET_LOSS_CROSS_ENTROPY),
        .momentum = 0.9,
        .decay = 0.999,
        .epsilon = 1e-8,
        .scale = 1.0,
        .networks = 1,
        .updates = 20000,
        .until_exact = true,
        .check_every = 16,
        .defaults_version = CARRYNET_DEFAULTS_VERSION,
    };
}

/* By measurement: see README, "Proofs". */
static const double PROOF_RATE = 0.04, PROOF_CLIP = 0.05;
static const double PROOF_NOISE = 0.07, LESS_NOISE = 0.02, FAINT_NOISE = 0.01;
enum { PROOF_BITS = 14, MANY_INPUTS = 3 };

/* Whether every symbol only exchanges the states, as in parity, so that nothing is ever forgotten. */
static bool forgets_nothing(const carrynet_task *task)
{
    for (uint32_t a = 0; a < 1u << task->inputs; ++a) {
        bool reached[CARRYNET_TASK_STATES] = {false};
        for (uint32_t q = 0; q < task->states; ++q) {
            if (reached[task->next[q][a]])
                return false;
            reached[task->next[q][a]] = true;
        }
    }
    return true;
}

void carrynet_settings_until_proved(carrynet_settings *settings)
{
    settings->until_exact = true;
    settings->until_proved = CARRYNET_PROVER_VERSION;
    settings->noise = forgets_nothing(&settings->task)       ? FAINT_NOISE
                      : settings->task.inputs >= MANY_INPUTS ? LESS_NOISE
                                                             : PROOF_NOISE;
    /* As long as all sequences can be tested: what is right up to there is right beyond, or learns it soon. */
    const uint32_t inputs = settings->task.inputs > 0 ? settings->task.inputs : 1;
    const uint32_t steps = PROOF_BITS / inputs + settings->task.closing_count;
    if (settings->steps < steps)
        settings->steps = steps;
    if (settings->optimizer == CARRYNET_OPTIMIZER_ADAM) {
        settings->rate = PROOF_RATE;
        settings->clip = PROOF_CLIP; /* else a rare large gradient, after many small ones, may undo it all */
    }
}

static carrynet_status check_origin(const char *origin)
{
    size_t length = 0;
    while (length < CARRYNET_ORIGIN && origin[length] >= ' ' && origin[length] <= '~')
        ++length;
    if (length < CARRYNET_ORIGIN && origin[length] == '\0')
        return CARRYNET_OK;
    return base_fail(CARRYNET_ERROR_ARGUMENT, "origin must be printable ASCII, at most %d characters",
                     CARRYNET_ORIGIN - 1);
}

/* A setting and what it may be. */
struct range {
    const char *name; /* as options and tables have it */
    double value, least, most;
    bool below; /* most itself is too much */
};

/* NaN fails every one of these. */
static carrynet_status in_range(const struct range *range)
{
    char value[BASE_NUMBER], least[BASE_NUMBER], most[BASE_NUMBER];
    if (range->value >= range->least && (range->below ? range->value < range->most : range->value <= range->most))
        return CARRYNET_OK;
    if (isfinite(range->value))
        (void)base_real_text(value, range->value);
    else
        (void)snprintf(value, sizeof value, "%g", range->value);
    /* Whole ones are shown whole, others need no more than this. */
    (void)snprintf(least, sizeof least, "%.10g", range->least);
    (void)snprintf(most, sizeof most, "%.10g", range->most);
    return base_fail(CARRYNET_ERROR_ARGUMENT, "%s is %s, must be %s%s %s", range->name, value, least,
                     range->below ? " or more, below" : " to", most);
}

carrynet_status carrynet_settings_check(const carrynet_settings *settings)
{
    const carrynet_settings *s = settings;
    carrynet_status status = carrynet_task_check(&s->task);
    if (status == CARRYNET_OK)
        status = carrynet_shape_check(&s->shape);
    if (status == CARRYNET_OK && (s->shape.inputs != s->task.inputs || s->shape.outputs != s->task.outputs))
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "the shape has %u inputs and %u outputs, task %s has %u and %u",
                           s->shape.inputs, s->shape.outputs, s->task.name, s->task.inputs, s->task.outputs);
    if (status == CARRYNET_OK && s->precision != CARRYNET_FP32 && s->precision != CARRYNET_FP64)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "precision is %d, must be 32 or 64", (int)s->precision);
    if (status == CARRYNET_OK && (unsigned)s->loss > CARRYNET_LOSS_FAULTY_SQUARED)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "loss %d is unknown", (int)s->loss);
    if (status == CARRYNET_OK && (unsigned)s->optimizer > CARRYNET_OPTIMIZER_ADAM)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "optimizer %d is unknown", (int)s->optimizer);
    if (status == CARRYNET_OK && (unsigned)s->schedule > CARRYNET_SCHEDULE_COSINE)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "schedule %d is unknown", (int)s->schedule);
    const struct range ranges[] = {
        {"bits", s->steps, s->task.closing_count + 1.0, 1000000, false},
        {"batch", s->batch, 1, 16777216, false},
        {"lr", s->rate, 0x1p-40, 0x1p20, false},
        {"momentum", s->momentum, 0, 1, true},
        {"decay", s->decay, 0, 1, true},
        {"epsilon", s->epsilon, 0x1p-40, 1, false},
        {"clip", s->clip, 0, 0x1p60, false},
        {"noise", s->noise, 0, 1, false},
        {"scale", s->scale, 0x1p-30, 0x1p10, false},
        {"networks", s->networks, 1, 16777216, false},
        {"updates", (double)s->updates, 0, 4294967295.0, false},
        {"check_every", s->check_every, 1, 4294967295.0, false},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0] && status == CARRYNET_OK; ++i)
        status = in_range(&ranges[i]);
    /* Smaller ones would make subnormal products in binary32 (kernels/ARITHMETIC.md 2, rule 4). */
    const double floored[] = {s->clip, s->noise, s->momentum, s->decay};
    for (size_t i = 0; i < sizeof floored / sizeof floored[0] && status == CARRYNET_OK; ++i)
        if (floored[i] != 0 && floored[i] < 0x1p-30)
            status = base_fail(CARRYNET_ERROR_ARGUMENT, "clip, noise, momentum and decay must be 0 or at least 2^-30");
    if (status == CARRYNET_OK && s->train_fraction != 0)
        status = in_range(&(struct range){"train-fraction", s->train_fraction, 0.01, 0.99, false});
    if (status == CARRYNET_OK && s->train_fraction == 0 && s->split_seed != 0)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "split-seed without train-fraction: nothing is held out");
    if (status == CARRYNET_OK && s->until_proved != 0 && !s->until_exact)
        status =
            base_fail(CARRYNET_ERROR_ARGUMENT, "until proved without until exact: only an exact network is proved");
    if (status == CARRYNET_OK)
        status = check_origin(s->origin);
    return status;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const char *const losses[] = {"squared", "cross-entropy", "faulty-squared"};
static const char *const optimizers[] = {"sgd", "momentum", "rmsprop", "adam"};
static const char *const schedules[] = {"constant", "cosine"};

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}

static carrynet_status find(int *value, const char *what, const char *const *names, size_t count, const char *name)
{
    base_text list = {0};
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(names[i], name) == 0) {
            *value = (int)i;
            base_text_free(&list);
            return CARRYNET_OK;
        }
        base_text_add(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    const carrynet_status status = base_fail(CARRYNET_ERROR_ARGUMENT, "no %s is called '%.64s'; there are: %s", what,
                                             name, list.failed ? names[0] : list.data);
    base_text_free(&list);
    return status;
}

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

const char *carrynet_loss_name(carrynet_loss loss)
{
    return name_of(losses, COUNT(losses), (unsigned)loss);
}

const char *carrynet_optimizer_name(carrynet_optimizer optimizer)
{
    return name_of(optimizers, COUNT(optimizers), (unsigned)optimizer);
}

const char *carrynet_schedule_name(carrynet_schedule schedule)
{
    return name_of(schedules, COUNT(schedules), (unsigned)schedule);
}

carrynet_status carrynet_loss_find(carrynet_loss *loss, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "loss", losses, COUNT(losses), name);
    if (status == CARRYNET_OK)
        *loss = (carrynet_loss)value;
    return status;
}

carrynet_status carrynet_optimizer_find(carrynet_optimizer *optimizer, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "optimizer", optimizers, COUNT(optimizers), name);
    if (status == CARRYNET_OK)
        *optimizer = (carrynet_optimizer)value;
    return status;
}

carrynet_status carrynet_schedule_find(carrynet_schedule *schedule, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "schedule", schedules, COUNT(schedules), name);
    if (status == CARRYNET_OK)
        *schedule = (carrynet_schedule)value;
    return status;
}
