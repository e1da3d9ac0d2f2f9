/*
 * --help of a command, printed from the tables within 79 columns. Defaults come from the library, so the text is always
 * current.
 */
#include "cli/console.h"
#include "cli/options.h"
#include <string.h>

enum { MEANING_COLUMN = 27 };

/* "NAME, NAME or NAME" after the meaning of an option. */
static void add_names(sys_text *text, const cli_option *row)
{
    for (size_t i = 0; option_name(row, i) != NULL; ++i)
        sys_text_add(text, "%s%s",
                     i == 0                            ? ": "
                     : option_name(row, i + 1) == NULL ? " or "
                                                       : ", ",
                     option_name(row, i));
}

void help_meaning(sys_text *text, const cli_option *row)
{
    sys_text_add(text, "%s", row->meaning);
    if ((row->kind == OPTION_NAME || row->kind == OPTION_NAMES) && option_name(row, 1) != NULL)
        add_names(text, row);
}

const char *help_default(char *text, size_t size, const cli_option *row)
{
    carrynet_settings settings;
    char value[CARRYNET_FIELD_TEXT] = "";
    carrynet_settings_init(&settings, carrynet_task_at(0));
    if (row->fallback != NULL)
        (void)snprintf(text, size, "%s", row->fallback);
    else if (row->preset != NULL)
        (void)snprintf(text, size, "%llu", (unsigned long long)row->preset());
    else if (row->of != NULL && row->of->kind != CARRYNET_FIELD_FLAG)
        (void)snprintf(text, size, "%s", carrynet_field_text(value, &settings, row->of, CARRYNET_MEDIUM_JSON));
    else
        text[0] = '\0';
    return text;
}

static void help_option(FILE *stream, const cli_option *row)
{
    char before[64], letter[8] = "", holds[64];
    sys_text text = {0};
    if (row->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
    (void)snprintf(before, sizeof before, "  %s--%s%s%s", letter, row->name, row->argument != NULL ? " " : "",
                   row->argument != NULL ? row->argument : "");
    help_meaning(&text, row);
    if (help_default(holds, sizeof holds, row)[0] != '\0')
        sys_text_add(&text, " [%s]", holds);
    (void)fputs(before, stream);
    size_t column = strlen(before);
    if (column + 2 > MEANING_COLUMN) {
        (void)fputc('\n', stream);
        column = 0;
    }
    (void)fprintf(stream, "%*s", (int)(MEANING_COLUMN - column), "");
    console_fold(stream, MEANING_COLUMN, MEANING_COLUMN, text.failed ? row->meaning : text.data);
    (void)fputc('\n', stream);
    sys_text_free(&text);
}

void help_command(FILE *stream, const cli_command *command)
{
    const char *heading = "";
    (void)fprintf(stream, "Usage: carrynet %s%s%s%s%s [OPTIONS]\n\n", command->name,
                  command->operands[0] != '\0' ? " " : "", command->operands, command->output != NULL ? " " : "",
                  command->output != NULL ? command->output : "");
    console_fold(stream, 0, 0, command->text);
    (void)fputc('\n', stream);
    cli_option row;
    for (size_t i = 0; option_at(&row, command, i); ++i) {
        if (strcmp(heading, row.heading) != 0)
            (void)fprintf(stream, "\n%s\n", row.heading);
        heading = row.heading;
        help_option(stream, &row);
    }
    (void)fputs("\nExamples\n", stream);
    for (size_t i = 0; command->example[i] != NULL; ++i)
        (void)fprintf(stream, "  %s\n", command->example[i]);
}
