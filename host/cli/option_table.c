/* The options of a command as one list: included arrays expanded, settings filled in from the library's table. */
#include "cli/options.h"
#include <string.h>

static bool asked_for_help; /* --help ends the reading of a line, so nobody looks */

static const cli_option help_row = {
    .heading = "Output", .name = "help", .letter = 'h', .meaning = "this text", .flag = &asked_for_help};

static bool is_end(const cli_option *row)
{
    return row->name == NULL && row->field == NULL && row->include == NULL && row->fields == NULL;
}

/* Whether the command has a row of its own for the field. */
static bool has_row(const cli_option *rows, const carrynet_field *field)
{
    for (; !is_end(rows); ++rows)
        if (rows->field != NULL && strcmp(rows->field, field->key) == 0)
            return true;
    return false;
}

/* The next field under the heading of an include, from *place on in the order of options; NULL after the last. */
static const carrynet_field *next_field(const cli_option *include, const cli_option *rows, unsigned *place)
{
    const carrynet_field *field;
    while ((field = carrynet_field_in(CARRYNET_MEDIUM_JSON, ++*place)) != NULL) {
        const bool in_rows =
            field->in[CARRYNET_MEDIUM_CSV].key != NULL && (field->traits & CARRYNET_FIELD_FOLLOWS_BATCH) == 0;
        if (field->option.name != NULL && strcmp(field->option.heading, include->fields) == 0 &&
            (in_rows || !include->of_rows) && !has_row(rows, field))
            return field;
    }
    return NULL;
}

static option_kind kind_of(const carrynet_field *field)
{
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        return OPTION_COUNT;
    case CARRYNET_FIELD_REAL:
        return OPTION_REAL;
    case CARRYNET_FIELD_NAME:
        return OPTION_NAME;
    case CARRYNET_FIELD_FLAG:
        break;
    }
    return OPTION_FLAG;
}

/* Fills in what the row of a field does not say itself. */
static void fill_in(cli_option *row, const carrynet_field *field)
{
    const carrynet_field_option *option = &field->option;
    const bool narrower = option->most != 0;
    const double least = narrower ? option->least : field->least, most = narrower ? option->most : field->most;
    row->of = field;
    row->name = option->name;
    if (row->heading == NULL)
        row->heading = option->heading;
    if (row->kind == OPTION_FLAG)
        row->kind = kind_of(field);
    if (row->argument == NULL)
        row->argument = option->argument;
    if (row->meaning == NULL)
        row->meaning = option->meaning;
    if (row->fallback == NULL)
        row->fallback = option->fallback;
    row->least = (uint64_t)least;
    row->most = most >= 0x1p64 ? UINT64_MAX : (uint64_t)most;
    row->least_real = least;
    row->most_real = most;
    row->below = (field->traits & CARRYNET_FIELD_BELOW) != 0;
}

/* The option *index options on from here, *heading being that of the one before; else *index counts down to there. */
static bool find(cli_option *row, const cli_option *rows, size_t *index, const char **heading)
{
    for (const cli_option *here = rows; !is_end(here); ++here) {
        unsigned place = 0;
        const carrynet_field *field = here->fields != NULL ? next_field(here, rows, &place) : NULL;
        if (here->include != NULL && find(row, here->include, index, heading))
            return true;
        for (; field != NULL; field = next_field(here, rows, &place)) {
            *row = (cli_option){0};
            fill_in(row, field);
            *heading = row->heading;
            if ((*index)-- == 0)
                return true;
        }
        if (here->include != NULL || here->fields != NULL)
            continue;
        *row = *here;
        if (row->field != NULL)
            fill_in(row, carrynet_field_find(row->field));
        if (row->heading == NULL)
            row->heading = *heading;
        *heading = row->heading;
        if ((*index)-- == 0)
            return true;
    }
    return false;
}

bool option_at(cli_option *row, const cli_command *command, size_t index)
{
    const char *heading = NULL;
    if (command->options != NULL && find(row, command->options, &index, &heading))
        return true;
    *row = help_row;
    return index == 0;
}

const char *option_name(const cli_option *row, size_t index)
{
    if (row->names != NULL)
        return row->names[index];
    if (row->choice != NULL)
        return row->choice(index);
    return row->of != NULL && row->of->names != NULL ? row->of->names[index].name : NULL;
}
