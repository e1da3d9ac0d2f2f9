/*
 * The settings of a run: defaults, settings suited to proofs, and constraints between fields (fields.c has the fields).
 */
#include "platform/platform.h"
#include "task/task_fit.h"
#include <carrynet/fields.h>
#include <carrynet/prove.h>
#include <carrynet/settings.h>
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
    return sys_fail(CARRYNET_ERROR_ARGUMENT, "origin must be printable ASCII, at most %d characters",
                    CARRYNET_ORIGIN - 1);
}

carrynet_status carrynet_settings_check(const carrynet_settings *settings)
{
    const carrynet_settings *s = settings;
    carrynet_status status = carrynet_task_check(&s->task);
    if (status == CARRYNET_OK)
        status = carrynet_shape_check(&s->shape);
    if (status == CARRYNET_OK)
        status = task_check_fit(&s->task, s->shape.inputs, s->shape.outputs);
    const carrynet_field *field;
    for (size_t i = 0; (field = carrynet_field_at(i)) != NULL && status == CARRYNET_OK; ++i)
        status = carrynet_field_check(s, field);
    if (status == CARRYNET_OK && s->weight_decay * s->rate > 1)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "weight_decay times lr is %.10g, must be at most 1",
                          s->weight_decay * s->rate);
    if (status == CARRYNET_OK && s->train_fraction == 0 && s->split_seed != 0)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "split-seed without train-fraction: nothing is held out");
    if (status == CARRYNET_OK && s->until_proved != 0 && !s->until_exact)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "until proved without until exact: only an exact network is proved");
    if (status == CARRYNET_OK)
        status = check_origin(s->origin);
    return status;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static const char *name_of(const char *key, int value)
{
    const carrynet_field *field = carrynet_field_find(key);
    const carrynet_field_name *n = field->names;
    while (n->name != NULL && n->value != value)
        ++n;
    return n->name != NULL ? n->name : "unknown";
}

static carrynet_status find(int *value, const char *key, const char *name)
{
    const carrynet_field *field = carrynet_field_find(key);
    sys_text list = {0};
    for (const carrynet_field_name *n = field->names; n->name != NULL; ++n) {
        if (strcmp(n->name, name) == 0) {
            *value = n->value;
            sys_text_free(&list);
            return CARRYNET_OK;
        }
        sys_text_add(&list, "%s%s", n == field->names ? "" : ", ", n->name);
    }
    const carrynet_status status = sys_fail(CARRYNET_ERROR_ARGUMENT, "no %s is called '%.64s'; there are: %s", key,
                                            name, list.failed ? field->names[0].name : list.data);
    sys_text_free(&list);
    return status;
}

const char *carrynet_loss_name(carrynet_loss loss)
{
    return name_of("loss", (int)loss);
}

const char *carrynet_optimizer_name(carrynet_optimizer optimizer)
{
    return name_of("optimizer", (int)optimizer);
}

const char *carrynet_schedule_name(carrynet_schedule schedule)
{
    return name_of("schedule", (int)schedule);
}

carrynet_status carrynet_loss_find(carrynet_loss *loss, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "loss", name);
    if (status == CARRYNET_OK)
        *loss = (carrynet_loss)value;
    return status;
}

carrynet_status carrynet_optimizer_find(carrynet_optimizer *optimizer, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "optimizer", name);
    if (status == CARRYNET_OK)
        *optimizer = (carrynet_optimizer)value;
    return status;
}

carrynet_status carrynet_schedule_find(carrynet_schedule *schedule, const char *name)
{
    int value = 0;
    const carrynet_status status = find(&value, "schedule", name);
    if (status == CARRYNET_OK)
        *schedule = (carrynet_schedule)value;
    return status;
}
