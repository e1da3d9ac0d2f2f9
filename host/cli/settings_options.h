/*
 * The settings of a training as options. A command includes fields of the library's table (carrynet/fields.h), by
 * heading or one by one; rows without a place for their value, and those here, come together in the settings.
 */
#ifndef CLI_SETTINGS_OPTIONS_H
#define CLI_SETTINGS_OPTIONS_H

#include "cli/options.h"

/* In the order of settings_goals. */
typedef enum training_goal { UNTIL_EXACT = 0, UNTIL_PROVED } training_goal;
extern const char *const settings_goals[];

/* What was given but for the fields. */
typedef struct settings_given {
    const char *task;
    cli_value until, updates; /* updates: exactly so many */
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

/* Nothing is given; called before a command line is read. */
void settings_begin(void);

/* An option of that field was given; the value is the settings' where the row has no place of its own for it. */
void settings_take(const cli_option *row, const cli_value *value);

/* Whether an option of the field with that key was given. */
bool settings_gave(const char *key);

/*
 * The settings that the options ask for, checked; an option with several values leaves its default: `optimizers` are
 * those, or NULL. False with *code set, after a message, if they do not fit.
 */
bool settings_from_options(carrynet_settings *settings, const cli_arguments *arguments, const cli_value *optimizers,
                           int *code);

#endif
