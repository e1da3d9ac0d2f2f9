/*
 * The files of a command line: "-" for standard input and output, inputs that can be read only once, files both read
 * and written, and files that may go to standard output. If a file goes there, the command's messages go to standard
 * error.
 */
#include "cli/console.h"
#include "cli/options.h"
#include <signal.h>
#include <string.h>

static char INPUT[] = "/dev/stdin"; /* in place of a word of argv */
static const char OUTPUT[] = "/dev/stdout";

/* The name of an option as messages about its file have it. */
typedef struct file_name {
    char text[32];
} file_name;

static file_name name_of(const cli_option *row)
{
    file_name name;
    if (row->letter != 0)
        (void)snprintf(name.text, sizeof name.text, "-%c", row->letter);
    else
        (void)snprintf(name.text, sizeof name.text, "--%s", row->name);
    return name;
}

static bool is_built_in_task(const char *word)
{
    size_t i = 0;
    while (i < carrynet_task_count() && strcmp(carrynet_task_at(i)->name, word) != 0)
        ++i;
    return i < carrynet_task_count();
}

static bool is_read(const cli_option *row)
{
    return row->kind == OPTION_READ || row->kind == OPTION_TASK;
}

static bool is_written(const cli_option *row)
{
    return row->kind == OPTION_WRITE || row->kind == OPTION_WRITE_BINARY;
}

/* The file that an option reads or writes, or NULL. */
static const char *file_of(const cli_option *row)
{
    if ((!is_read(row) && !is_written(row)) || *row->text == NULL)
        return NULL;
    return row->kind == OPTION_TASK && is_built_in_task(*row->text) ? NULL : *row->text;
}

/* ---- standard input -------------------------------------------------------------------------------------------- */

/* One of the files that are read, *taken saying whether one was standard input. False with *code, after a message. */
static bool take_input(const cli_arguments *arguments, const char *path, bool *taken, int *code)
{
    sys_stream stream;
    if (sys_find_stream(&stream, path) == CARRYNET_ERROR_MEMORY)
        *code = console_status(CARRYNET_ERROR_MEMORY);
    else if (stream.input && *taken)
        *code = arguments_wrong(arguments, "two of its files are standard input, which can be read once");
    else
        *taken = *taken || stream.input;
    return *code == EXIT_CODE_DONE;
}

/* "-" becomes a path; false with *code set, after a message, if two are standard input, which can be read once. */
static bool take_inputs(cli_arguments *arguments, int *code)
{
    const size_t most = arguments->command->files;
    cli_option row;
    bool taken = false;
    for (size_t i = 0; i < arguments->operand_count && i < most; ++i) {
        if (strcmp(arguments->operands[i], "-") == 0)
            arguments->operands[i] = INPUT;
        if (!take_input(arguments, arguments->operands[i], &taken, code))
            return false;
    }
    for (size_t i = 0; option_at(&row, arguments->command, i); ++i) {
        const char *path = is_read(&row) ? file_of(&row) : NULL;
        if (path == NULL)
            continue;
        if (strcmp(path, "-") == 0)
            path = *row.text = INPUT;
        if (!take_input(arguments, path, &taken, code))
            return false;
    }
    return true;
}

/* ---- standard output ------------------------------------------------------------------------------------------- */

static bool is_binary(const cli_option *row)
{
    return row->kind == OPTION_WRITE_BINARY && (row->is_text == NULL || !row->is_text());
}

/* Why this file cannot go to standard output; NULL if it can. */
static const char *no_output(const cli_arguments *arguments, const cli_option *output)
{
    const char *why = output->no_stream;
    cli_option row;
    for (size_t i = 0; why == NULL && option_at(&row, arguments->command, i); ++i)
        if (row.fills_output != NULL && *row.flag)
            why = row.fills_output;
    return why;
}

/* "-" becomes a path; standard output is kept for what goes there. False with *code set, after a message. */
static bool take_outputs(const cli_arguments *arguments, int *code)
{
    sys_stream stream;
    cli_option row;
    bool taken = false, streams = false;
    for (size_t i = 0; option_at(&row, arguments->command, i); ++i) {
        const char *path = is_written(&row) ? file_of(&row) : NULL;
        if (path == NULL)
            continue;
        if (strcmp(path, "-") == 0)
            path = *row.text = OUTPUT;
        const carrynet_status found = sys_find_stream(&stream, path);
        const char *why = stream.output ? no_output(arguments, &row) : NULL;
        if (found != CARRYNET_OK)
            *code = console_status(found);
        else if (why != NULL)
            *code = arguments_wrong(arguments, "%s is standard output, but %s", name_of(&row).text, why);
        else if (stream.terminal && is_binary(&row))
            *code =
                arguments_wrong(arguments, "%s is a terminal, and the file is not text; send it to a pipe or a file",
                                name_of(&row).text);
        if (*code != EXIT_CODE_DONE)
            return false;
        taken = taken || stream.output;
        streams = streams || stream.is;
    }
    if (streams) /* a reader that has gone away is an error of writing, which is told */
        (void)signal(SIGPIPE, SIG_IGN);
    const carrynet_status status = taken ? sys_take_output() : CARRYNET_OK;
    if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

/* False, after a message, if an output is a file that an option reads. */
static bool are_apart(const cli_arguments *arguments)
{
    cli_option output, input;
    for (size_t o = 0; option_at(&output, arguments->command, o); ++o)
        for (size_t i = 0; is_written(&output) && option_at(&input, arguments->command, i); ++i) {
            const char *to = file_of(&output), *from = is_read(&input) ? file_of(&input) : NULL;
            if (to != NULL && from != NULL && sys_same_file(to, from)) {
                (void)arguments_wrong(arguments, "%s names %.200s, which %s reads; choose another name",
                                      name_of(&output).text, to, name_of(&input).text);
                return false;
            }
        }
    return true;
}

bool arguments_take_files(cli_arguments *arguments, int *code)
{
    *code = EXIT_CODE_DONE;
    if (!take_inputs(arguments, code))
        return false;
    if (are_apart(arguments))
        return take_outputs(arguments, code);
    *code = EXIT_CODE_USAGE;
    return false;
}
