/* Converts options to the library's settings and checks constraints between options. The defaults are the library's. */
#include "cli/settings_options.h"
#include "cli/console.h"
#include <string.h>

const char *const settings_goals[] = {"exact", "proved", NULL};
settings_given given_settings;

static carrynet_settings values; /* of the fields that were given, */
static uint64_t given;           /* which are these: a bit for each row of the library's table */

/* ---- while the line is read ------------------------------------------------------------------------------------ */

static uint64_t bit_of(const carrynet_field *field)
{
    const carrynet_field *first = carrynet_field_at(0);
    return UINT64_C(1) << (size_t)(field - first);
}

void settings_begin(void)
{
    given_settings = (settings_given){0};
    carrynet_settings_init(&values, carrynet_task_at(0));
    given = 0;
}

void settings_take(const cli_option *row, const cli_value *value)
{
    const carrynet_field *field = row->of;
    given |= bit_of(field);
    if (row->value != NULL)
        return;
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        carrynet_field_set_count(&values, field, value->count);
        break;
    case CARRYNET_FIELD_REAL:
        carrynet_field_set_number(&values, field, value->real);
        break;
    case CARRYNET_FIELD_FLAG:
        carrynet_field_set_number(&values, field, 1);
        break;
    case CARRYNET_FIELD_NAME:
        carrynet_field_set_number(&values, field, field->names[value->name].value);
        break;
    }
}

bool settings_gave(const char *key)
{
    return (given & bit_of(carrynet_field_find(key))) != 0;
}

/* ---- the settings ---------------------------------------------------------------------------------------------- */

static void copy_given(carrynet_settings *settings)
{
    const carrynet_field *field;
    for (size_t i = 0; (field = carrynet_field_at(i)) != NULL; ++i) {
        if ((given & bit_of(field)) == 0)
            continue;
        if (field->kind == CARRYNET_FIELD_U32 || field->kind == CARRYNET_FIELD_U64)
            carrynet_field_set_count(settings, field, carrynet_field_count(&values, field));
        else
            carrynet_field_set_number(settings, field, carrynet_field_number(&values, field));
    }
}

/* An option that no chosen optimizer looks at is a misunderstanding: better said than ignored. */
static bool fits_optimizer(const cli_arguments *arguments, carrynet_optimizer optimizer, const cli_value *optimizers)
{
    const bool several = optimizers != NULL && optimizers->given;
    bool first = false, second = false;
    for (size_t i = 0; i < (several ? optimizers->count : 1); ++i) {
        const carrynet_optimizer one = several ? (carrynet_optimizer)optimizers->list[i] : optimizer;
        first = first || one == CARRYNET_OPTIMIZER_MOMENTUM || one == CARRYNET_OPTIMIZER_ADAM;
        second = second || one == CARRYNET_OPTIMIZER_RMSPROP || one == CARRYNET_OPTIMIZER_ADAM;
    }
    const struct {
        const char *name, *others;
        bool used;
    } wants[] = {
        {"momentum", "momentum or adam", first},
        {"decay", "rmsprop or adam", second},
        {"epsilon", "rmsprop or adam", second},
    };
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; ++i)
        if (settings_gave(wants[i].name) && !wants[i].used) {
            (void)arguments_wrong(arguments, "--%s means nothing to --optimizer %s; leave it out, or choose %s",
                                  wants[i].name, several ? optimizers->text : carrynet_optimizer_name(optimizer),
                                  wants[i].others);
            return false;
        }
    return true;
}

/* The goal, and what suits it where nothing else is asked for. */
static void aim_at_a_proof(carrynet_settings *settings)
{
    const carrynet_settings wanted = *settings;
    carrynet_settings_until_proved(settings);
    if (settings_gave("lr"))
        settings->rate = wanted.rate;
    if (settings_gave("noise"))
        settings->noise = wanted.noise;
    if (settings_gave("clip"))
        settings->clip = wanted.clip;
    if (settings_gave("bits"))
        settings->steps = wanted.steps;
}

bool settings_from_options(carrynet_settings *settings, const cli_arguments *arguments, const cli_value *optimizers,
                           int *code)
{
    const cli_value *until = &given_settings.until, *updates = &given_settings.updates;
    carrynet_task task = *carrynet_task_at(0);
    if (given_settings.task != NULL && !task_from_word(&task, arguments, "--task", given_settings.task, code))
        return false;
    *code = EXIT_CODE_USAGE;
    carrynet_settings_init(settings, &task);
    if (updates->given && (settings_gave("updates") || until->given)) {
        (void)arguments_wrong(arguments, "--updates does exactly so many updates; leave out --%s, or --updates",
                              until->given ? "until" : "max-updates");
        return false;
    }
    copy_given(settings);
    if (updates->given) {
        settings->until_exact = false;
        settings->updates = updates->count;
    }
    if (!settings_gave("lr"))
        settings->rate = carrynet_default_rate(settings->optimizer, settings->loss);
    if (until->given && until->name == UNTIL_PROVED)
        aim_at_a_proof(settings);
    if (settings_gave("split_seed") && !settings_gave("train_fraction")) {
        (void)arguments_wrong(arguments, "--split-seed chooses what is held out; it needs --train-fraction");
        return false;
    }
    if (!fits_optimizer(arguments, settings->optimizer, optimizers))
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
