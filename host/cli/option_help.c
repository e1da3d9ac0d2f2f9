/*
 * --help of the program and of each command, and --version: printed from the tables, within 79 columns. Defaults come
 * from the library, so that the text cannot lag behind.
 */
#include "cli/console.h"
#include "cli/doctor_probe.h"
#include "cli/options.h"
#include "opencl/installation.h"
#include <string.h>

enum { MEANING_COLUMN = 27 };

void help_program(FILE *stream)
{
    (void)fputs("carrynet: small recurrent networks that learn to add, on OpenCL, with the same\n"
                "bits on every device.\n\n"
                "Usage: carrynet COMMAND [OPTIONS]\n\n",
                stream);
    for (size_t i = 0; i < command_table_size; ++i)
        (void)fprintf(stream, "  %-10s%s\n", command_table[i].name, command_table[i].summary);
    (void)fputs("\n"
                "  carrynet COMMAND --help says more, carrynet --version which version this is.\n"
                "  A FILE can be a pipe; - is standard input, or the output of one file.\n\n"
                "Start with:  carrynet train && carrynet run add.safetensors 93 38\n\n"
                "Exit codes:  ",
                stream);
    base_text codes = {0};
    for (const cli_meaning *m = exit_meanings; m->name != NULL; ++m)
        base_text_add(&codes, "%s%s %s", m == exit_meanings ? "" : ", ", m->name, m->meaning);
    console_fold(stream, strlen("Exit codes:  "), strlen("Exit codes:  "), codes.failed ? "" : codes.data);
    (void)fputc('\n', stream);
    base_text_free(&codes);
}

/* "NAME, NAME or NAME" after the meaning of an option. */
static void add_names(base_text *text, const cli_option *row)
{
    for (size_t i = 0; option_name(row, i) != NULL; ++i)
        base_text_add(text, "%s%s",
                      i == 0                            ? ": "
                      : option_name(row, i + 1) == NULL ? " or "
                                                        : ", ",
                      option_name(row, i));
}

void help_meaning(base_text *text, const cli_option *row)
{
    base_text_add(text, "%s", row->meaning);
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
    base_text text = {0};
    if (row->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
    (void)snprintf(before, sizeof before, "  %s--%s%s%s", letter, row->name, row->argument != NULL ? " " : "",
                   row->argument != NULL ? row->argument : "");
    help_meaning(&text, row);
    if (help_default(holds, sizeof holds, row)[0] != '\0')
        base_text_add(&text, " [%s]", holds);
    (void)fputs(before, stream);
    size_t column = strlen(before);
    if (column + 2 > MEANING_COLUMN) {
        (void)fputc('\n', stream);
        column = 0;
    }
    (void)fprintf(stream, "%*s", (int)(MEANING_COLUMN - column), "");
    console_fold(stream, MEANING_COLUMN, MEANING_COLUMN, text.failed ? row->meaning : text.data);
    (void)fputc('\n', stream);
    base_text_free(&text);
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

void help_version(FILE *stream)
{
    opencl_loader about;
    opencl_loader_find(&about);
    const doctor_answer loader = doctor_ask_loader(), all = doctor_ask_all(NULL, &about);
    const char *mpi = carrynet_comm_library(), *text = json_string_value(loader.value);
    const json_t *platforms = json_object_get(all.value, "platforms");
    const size_t count = json_array_size(platforms);
    (void)fprintf(stream,
                  "carrynet %s\narithmetic version %d\ndefaults version %d\nprover version %d\n"
                  "model format safetensors\nOpenCL loader %s\n",
                  carrynet_version(), carrynet_arithmetic_version(), CARRYNET_DEFAULTS_VERSION, CARRYNET_PROVER_VERSION,
                  text != NULL ? text : "unknown");
    (void)fprintf(stream, "MPI %.*s\n", mpi != NULL ? (int)strcspn(mpi, ",") : 12, mpi != NULL ? mpi : "not built in");
    for (size_t i = 0; i < count; ++i) {
        char line[512];
        const char *name = json_string_value(json_object_get(json_array_get(platforms, i), "name"));
        const char *version = json_string_value(json_object_get(json_array_get(platforms, i), "version"));
        (void)snprintf(line, sizeof line, "OpenCL platform %zu %s, %s\n", i, name != NULL ? name : "",
                       version != NULL ? version : "");
        console_fold(stream, 0, 0, line);
    }
    if (all.how[0] != '\0' && !all.died)
        (void)fprintf(stream, "OpenCL platforms %s\n", all.how);
    else if (all.died)
        (void)fprintf(stream, "a driver stops every program that uses OpenCL (%s);\n`carrynet doctor` says which\n",
                      all.how);
    else if (count == 0)
        (void)fputs("no OpenCL platform\n", stream);
    json_decref(loader.value);
    json_decref(all.value);
}

const char *command_offer(size_t index)
{
    return index < command_table_size ? command_table[index].name : NULL;
}

int command_help(const cli_arguments *arguments)
{
    if (arguments->operand_count == 0) {
        help_program(stdout);
        return EXIT_CODE_DONE;
    }
    const cli_command *command = command_find(arguments->operands[0]);
    if (command == NULL)
        return EXIT_CODE_USAGE;
    help_command(stdout, command);
    return EXIT_CODE_DONE;
}
