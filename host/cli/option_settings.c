/*
 * From options to the library's settings and engine options, and back to the defaults that --help shows. The defaults
 * themselves are the library's.
 */
#include "cli/console.h"
#include "cli/drivers.h"
#include "cli/job.h"
#include "cli/job_ranks.h"
#include "cli/options.h"
#include <carrynet/fields.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings -------------------------------------------------------------------------------------------------- */

/* The field that an option sets, which has its name; NULL: it shapes no result, or is --task, which comes first. */
static const carrynet_field *field_of(option_id id)
{
    char key[32] = "";
    const option_row *row = NULL;
    for (size_t i = 0; (row = option_at(i)) != NULL && row->id != id; ++i)
        ;
    (void)snprintf(key, sizeof key, "%s", id == OPTION_MAX_UPDATES ? "updates" : row != NULL ? row->name : "");
    for (char *p = key; *p != '\0'; ++p)
        *p = (char)(*p == '-' ? '_' : *p);
    return carrynet_field_find(key);
}

static void apply(carrynet_settings *settings, option_id id, const option_value *value)
{
    const carrynet_field *field = field_of(id);
    if (id == OPTION_UPDATES)
        settings->until_exact = false;
    if (field == NULL)
        return;
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        carrynet_field_set_count(settings, field, value->count);
        break;
    case CARRYNET_FIELD_REAL:
        carrynet_field_set_number(settings, field, value->real);
        break;
    case CARRYNET_FIELD_FLAG:
        carrynet_field_set_number(settings, field, 1);
        break;
    case CARRYNET_FIELD_NAME:
        carrynet_field_set_number(settings, field, field->names[value->choice].value);
        break;
    }
}

/* Whether an option has several values, of which no single settings could have all. */
static bool is_several(const option_value *value)
{
    return value->list != NULL || value->reals != NULL;
}

/* An option that no chosen optimizer looks at is a misunderstanding: better said than ignored. */
static bool fits_optimizer(const cli_arguments *arguments, carrynet_optimizer optimizer)
{
    const option_value *given = &arguments->values[OPTION_OPTIMIZER];
    bool first = false, second = false;
    for (size_t i = 0; i < (is_several(given) ? given->count : 1); ++i) {
        const carrynet_optimizer one = is_several(given) ? (carrynet_optimizer)given->list[i] : optimizer;
        first = first || one == CARRYNET_OPTIMIZER_MOMENTUM || one == CARRYNET_OPTIMIZER_ADAM;
        second = second || one == CARRYNET_OPTIMIZER_RMSPROP || one == CARRYNET_OPTIMIZER_ADAM;
    }
    const struct {
        option_id id;
        const char *name, *others;
        bool used;
    } wants[] = {
        {OPTION_MOMENTUM, "momentum", "momentum or adam", first},
        {OPTION_DECAY, "decay", "rmsprop or adam", second},
        {OPTION_EPSILON, "epsilon", "rmsprop or adam", second},
    };
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; ++i)
        if (arguments->values[wants[i].id].given && !wants[i].used) {
            (void)arguments_wrong(arguments, "--%s means nothing to --optimizer %s; leave it out, or choose %s",
                                  wants[i].name, is_several(given) ? given->text : carrynet_optimizer_name(optimizer),
                                  wants[i].others);
            return false;
        }
    return true;
}

/* The goal, and what suits it where nothing else is asked for. */
static void aim_at_a_proof(carrynet_settings *settings, const option_value *values)
{
    const carrynet_settings given = *settings;
    carrynet_settings_until_proved(settings);
    if (values[OPTION_LR].given)
        settings->rate = given.rate;
    if (values[OPTION_NOISE].given)
        settings->noise = given.noise;
    if (values[OPTION_CLIP].given)
        settings->clip = given.clip;
    if (values[OPTION_BITS].given)
        settings->steps = given.steps;
}

bool settings_from_arguments(carrynet_settings *settings, const cli_arguments *arguments, int *code)
{
    const option_value *values = arguments->values;
    carrynet_task task = *carrynet_task_at(0);
    if (values[OPTION_TASK].given && !task_from_word(&task, arguments, "--task", values[OPTION_TASK].text, code))
        return false;
    *code = EXIT_CODE_USAGE;
    carrynet_settings_init(settings, &task);
    if (values[OPTION_UPDATES].given && (values[OPTION_MAX_UPDATES].given || values[OPTION_UNTIL].given)) {
        (void)arguments_wrong(arguments, "--updates does exactly so many updates; leave out --%s, or --updates",
                              values[OPTION_UNTIL].given ? "until" : "max-updates");
        return false;
    }
    for (size_t i = 0; i < OPTION_IDS; ++i)
        if (values[i].given && !is_several(&values[i]))
            apply(settings, (option_id)i, &values[i]);
    if (!values[OPTION_LR].given)
        settings->rate = carrynet_default_rate(settings->optimizer, settings->loss);
    if (values[OPTION_UNTIL].given && values[OPTION_UNTIL].choice == UNTIL_PROVED)
        aim_at_a_proof(settings, values);
    if (values[OPTION_SPLIT_SEED].given && !values[OPTION_TRAIN_FRACTION].given) {
        (void)arguments_wrong(arguments, "--split-seed chooses what is held out; it needs --train-fraction");
        return false;
    }
    if (!fits_optimizer(arguments, settings->optimizer))
        return false;
    /* The seed of the last network must be a number too. */
    if (settings->seed > UINT64_MAX - (settings->networks - 1)) {
        (void)arguments_wrong(arguments, "--seed %llu leaves no seeds for %lu networks; choose a smaller one",
                              (unsigned long long)settings->seed, (unsigned long)settings->networks);
        return false;
    }
    if (carrynet_settings_check(settings) != CARRYNET_OK) {
        (void)arguments_wrong(arguments, "%s", carrynet_message());
        return false;
    }
    *code = EXIT_CODE_DONE;
    return true;
}

const char *settings_default(char *text, size_t size, const option_row *row)
{
    carrynet_settings s;
    carrynet_prove_options prove;
    carrynet_settings_init(&s, carrynet_task_at(0));
    carrynet_prove_options_init(&prove);
    (void)snprintf(text, size, "%s", row->fallback != NULL ? row->fallback : "");
    if (row->fallback != NULL)
        return text;
    const carrynet_field *field = row->id != OPTION_UPDATES ? field_of(row->id) : NULL;
    char value[CARRYNET_FIELD_TEXT];
    if (row->id == OPTION_TASK)
        (void)snprintf(text, size, "%s", s.task.name);
    else if (row->id == OPTION_BUDGET)
        (void)snprintf(text, size, "%llu", (unsigned long long)prove.budget);
    else if (row->id == OPTION_STATES)
        (void)snprintf(text, size, "%llu", (unsigned long long)prove.states);
    else if (field != NULL && field->kind != CARRYNET_FIELD_FLAG)
        (void)snprintf(text, size, "%s", carrynet_field_text(value, &s, field, CARRYNET_MEDIUM_JSON));
    return text;
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

bool device_in_c(const char *device)
{
    return device != NULL && (base_same_word(device, "host") || base_same_word(device, "reference"));
}

void engine_from_arguments(carrynet_engine_options *options, const cli_arguments *arguments, const char *device)
{
    const option_value *values = arguments->values;
    const char *variable = getenv("CARRYNET_DEVICE");
    carrynet_engine_options_init(options);
    options->comm = job_ranks();
    options->device = values[OPTION_DEVICE].given               ? values[OPTION_DEVICE].text
                      : variable != NULL && variable[0] != '\0' ? variable
                                                                : device;
    if (values[OPTION_KERNEL_SHAPE].given)
        options->kernel_shape = (carrynet_kernel_shape)(values[OPTION_KERNEL_SHAPE].choice + 1);
    options->work_group_size = (uint32_t)values[OPTION_WORK_GROUP_SIZE].count;
    options->allow_inexact = values[OPTION_ALLOW_INEXACT].given;
    if (values[OPTION_THREADS].given)
        job_set_threads(values[OPTION_THREADS].text); /* OpenCL has no call for this */
    if (!device_in_c(options->device))
        drivers_prepare(options->device != NULL ||
                        arguments->command->id != COMMAND_PROVE); /* few proofs need one: it opens it itself */
}

int engine_status(carrynet_status status, const carrynet_engine_options *options)
{
    static const char *const words[] = {"gpu", "cpu", "host", "reference", "auto"};
    const size_t count = sizeof words / sizeof words[0];
    const char *near = NULL;
    if (status == CARRYNET_ERROR_DEVICE && options->device != NULL) {
        near = console_nearest(options->device, words, count);
        for (size_t i = 0; i < count; ++i)
            if (base_same_word(options->device, words[i]))
                near = NULL; /* spelt well: it is not there, or does not work */
    }
    if (near == NULL)
        return console_status(status);
    console_error("%s\nDid you mean '%s'?", carrynet_message(), near);
    return console_exit_code(status);
}
