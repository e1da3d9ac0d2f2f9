/*
 * The settings of a training as options. A command includes fields of the library's table (carrynet/fields.h), by
 * heading or individually. Rows without a destination for their value, and the options here, are combined into the
 * settings.
 */
#ifndef CLI_SETTINGS_OPTIONS_H
#define CLI_SETTINGS_OPTIONS_H

#include "cli/options.h"

/* Names in the order of settings_goals. */
typedef enum training_goal { UNTIL_EXACT = 0, UNTIL_PROVED } training_goal;
extern const char *const settings_goals[];

/* The given values other than fields. */
typedef struct settings_given {
    const char *task;
    cli_value until, updates; /* updates: exactly this number */
} settings_given;
extern settings_given given_settings;

#define OPT_TASK                                                                                                       \
    .heading = "What to learn", .name = "task", .kind = OPTION_TASK, .argument = "TASK",                               \
    .meaning = "what the network learns: a built-in task, which `carrynet task` lists, or a file with a table",        \
    .fallback = "add", .text = &given_settings.task
#define OPT_UNTIL                                                                                                      \
    .heading = "How long", .name = "until", .kind = OPTION_NAME, .argument = "GOAL", .names = settings_goals,          \
    .meaning = "stop a network when it solves the whole validation set, every problem up to 8 bits, a sample above; "  \
               "or when it is proved right for every length too, for which it learns with noise, at a lower rate "     \
               "and, of one number, with more bits, unless --noise, --lr and --bits say otherwise",                    \
    .fallback = "exact", .value = &given_settings.until

/* Resets all given values; called before a command line is parsed. */
void settings_begin(void);

/* Records an option of that field; the value goes to the settings if the row has no destination of its own. */
void settings_take(const cli_option *row, const cli_value *value);

/* Whether an option of the field with that key was given. */
bool settings_gave(const char *key);

/*
 * The settings from the options, checked. An option with several values leaves its default: `optimizers` has those
 * values, or is NULL. False, with *code set after a message, if the options conflict.
 */
bool settings_from_options(carrynet_settings *settings, const cli_arguments *arguments, const cli_value *optimizers,
                           int *code);

#endif
