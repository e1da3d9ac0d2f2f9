/*
 * The files of a command line: "-" for standard input and output, which input can be given once, what is both read and
 * written, and what may go to standard output. When a file goes there, what the command says goes to standard error.
 */
#include "cli/console.h"
#include "cli/options.h"
#include <signal.h>
#include <string.h>

static char INPUT[] = "/dev/stdin"; /* in place of a word of argv */
static const char OUTPUT[] = "/dev/stdout";

typedef struct named_option {
    option_id id;
    const char *name;
} named_option;
static const named_option outputs[] = {
    {OPTION_OUTPUT, "-o"}, {OPTION_LOG, "--log"}, {OPTION_CHECKPOINT, "--checkpoint"}};
static const named_option inputs[] = {
    {OPTION_TASK, "--task"}, {OPTION_AGAINST, "--against"}, {OPTION_PROOF, "--proof"}};
enum { OUTPUTS = sizeof outputs / sizeof outputs[0], INPUTS = sizeof inputs / sizeof inputs[0] };

static bool is_built_in_task(const char *word)
{
    size_t i = 0;
    while (i < carrynet_task_count() && strcmp(carrynet_task_at(i)->name, word) != 0)
        ++i;
    return i < carrynet_task_count();
}

/* The file that an option reads or writes, or NULL. */
static const char *file_of(const cli_arguments *arguments, const named_option *option)
{
    const option_value *value = &arguments->values[option->id];
    const bool built_in = option->id == OPTION_TASK && value->given && is_built_in_task(value->text);
    return value->given && !built_in ? value->text : NULL;
}

/* How many of the operands are files, which come first. */
static size_t file_operands(const cli_arguments *arguments)
{
    switch (arguments->command->id) {
    case COMMAND_RUN:
    case COMMAND_SHOW:
    case COMMAND_REMAKE:
        return arguments->operand_count < 1 ? 0 : 1;
    case COMMAND_REPLAY:
    case COMMAND_HELP:
        return 0;
    default:
        return arguments->operand_count;
    }
}

/* ---- standard input -------------------------------------------------------------------------------------------- */

/* "-" becomes a path; false with *code set, after a message, if two are standard input, which can be read once. */
static bool take_inputs(cli_arguments *arguments, int *code)
{
    base_stream stream;
    bool taken = false;
    const bool asks = arguments->command->id == COMMAND_RUN && arguments->operand_count == 1;
    const size_t operands = file_operands(arguments);
    for (size_t i = 0; i < operands + INPUTS; ++i) {
        const char *path = i < operands ? arguments->operands[i] : file_of(arguments, &inputs[i - operands]);
        if (path == NULL)
            continue;
        if (strcmp(path, "-") == 0 && i < operands)
            path = arguments->operands[i] = INPUT;
        else if (strcmp(path, "-") == 0)
            path = arguments->values[inputs[i - operands].id].text = INPUT;
        if (base_find_stream(&stream, path) == CARRYNET_ERROR_MEMORY)
            *code = console_status(CARRYNET_ERROR_MEMORY);
        else if (stream.input && asks)
            *code = arguments_wrong(arguments, "the model is standard input, so that no problems can come from there; "
                                               "write the numbers behind it");
        else if (stream.input && taken)
            *code = arguments_wrong(arguments, "two of its files are standard input, which can be read once");
        if (*code != EXIT_CODE_DONE)
            return false;
        taken = taken || stream.input;
    }
    return true;
}

/* ---- standard output ------------------------------------------------------------------------------------------- */

static bool is_binary(const cli_arguments *arguments, option_id id)
{
    const option_value *format = &arguments->values[OPTION_FORMAT];
    switch (arguments->command->id) {
    case COMMAND_TRAIN:
    case COMMAND_REMAKE:
    case COMMAND_IMPORT:
    case COMMAND_STATES:
        return id == OPTION_OUTPUT;
    case COMMAND_EXPORT:
        return !format->given || (carrynet_format)format->choice != CARRYNET_FORMAT_C;
    default:
        return false;
    }
}

/* Why this file cannot go to standard output; NULL if it can. */
static const char *no_output(const cli_arguments *arguments, option_id id)
{
    const option_value *values = arguments->values;
    switch (arguments->command->id) {
    case COMMAND_COMPARE:
        return "it is a folder";
    case COMMAND_SWEEP:
    case COMMAND_MERGE:
        return "the seconds of a table go beside it, to NAME.times.csv; name a file NAME.csv";
    case COMMAND_REPLAY:
        return "the transcript goes there; name a file";
    default:
        break;
    }
    if (id == OPTION_CHECKPOINT)
        return "every checkpoint takes the place of the one before; name a file";
    return values[OPTION_JSON].given     ? "the JSON of --json goes there; name a file"
           : values[OPTION_SCRIPT].given ? "the script goes there; leave -o out"
                                         : NULL;
}

/* "-" becomes a path; standard output is kept for what goes there. False with *code set, after a message. */
static bool take_outputs(cli_arguments *arguments, int *code)
{
    base_stream stream;
    bool taken = false, streams = false;
    for (size_t o = 0; o < OUTPUTS; ++o) {
        const char *path = file_of(arguments, &outputs[o]), *why = NULL;
        if (path == NULL)
            continue;
        if (strcmp(path, "-") == 0)
            path = arguments->values[outputs[o].id].text = OUTPUT;
        const carrynet_status found = base_find_stream(&stream, path);
        why = stream.output ? no_output(arguments, outputs[o].id) : NULL;
        if (found != CARRYNET_OK)
            *code = console_status(found);
        else if (why != NULL)
            *code = arguments_wrong(arguments, "%s is standard output, but %s", outputs[o].name, why);
        else if (stream.terminal && is_binary(arguments, outputs[o].id))
            *code = arguments_wrong(
                arguments, "%s is a terminal, and the file is not text; send it to a pipe or a file", outputs[o].name);
        if (*code != EXIT_CODE_DONE)
            return false;
        taken = taken || stream.output;
        streams = streams || stream.is;
    }
    if (streams) /* a reader that has gone away is an error of writing, which is told */
        (void)signal(SIGPIPE, SIG_IGN);
    const carrynet_status status = taken ? base_take_output() : CARRYNET_OK;
    if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

/* False, after a message, if an output is a file that an option reads. */
static bool are_apart(const cli_arguments *arguments)
{
    for (size_t o = 0; o < OUTPUTS; ++o)
        for (size_t i = 0; i < INPUTS; ++i) {
            const char *output = file_of(arguments, &outputs[o]), *input = file_of(arguments, &inputs[i]);
            if (output != NULL && input != NULL && base_same_file(output, input)) {
                (void)arguments_wrong(arguments, "%s names %.200s, which %s reads; choose another name",
                                      outputs[o].name, output, inputs[i].name);
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
