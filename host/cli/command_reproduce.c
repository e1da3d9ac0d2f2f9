/*
 * carrynet reproduce: trains the network of one row of a sweep's table again, from the row alone, saves it, and
 * compares. The columns after the settings are claims, all of which are checked: exact, updates, bit_error, digest, and
 * proved if a proof was the goal.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/train_progress.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { CLAIMS = 5 };

/* What the row claims in a column, what came out, and whether they are the same. */
typedef struct claim {
    const char *column;
    char here[SYS_NUMBER], there[SYS_NUMBER]; /* in the row; trained */
    bool equal;
} claim;

static void compare(claim claims[CLAIMS], const carrynet_sweep_result *row, const carrynet_sweep_result *made)
{
    const carrynet_sweep_result *sides[2] = {row, made};
    static const char *const columns[CLAIMS] = {"exact", "proved", "updates", "bit_error", "digest"};
    const bool equal[CLAIMS] = {row->exact == made->exact, row->proved == made->proved, row->updates == made->updates,
                                row->bit_error == made->bit_error, row->digest == made->digest};
    for (size_t side = 0; side < 2; ++side)
        for (size_t i = 0; i < CLAIMS; ++i) {
            const carrynet_sweep_result *r = sides[side];
            char *text = side == 0 ? claims[i].here : claims[i].there;
            claims[i].column = columns[i];
            claims[i].equal = equal[i];
            if (i == 3)
                (void)sys_real_text(text, r->bit_error);
            else if (i == 4)
                (void)snprintf(text, SYS_NUMBER, "%016" PRIx64, r->digest);
            else
                (void)snprintf(text, SYS_NUMBER, "%" PRIu64,
                               i == 0   ? (uint64_t)r->exact
                               : i == 1 ? (uint64_t)r->proved
                                        : r->updates);
        }
}

static struct {
    const char *task, *output;
    bool quiet, json;
} given;

const cli_option reproduce_options[] = {
    {.heading = "What to learn",
     .name = "task",
     .kind = OPTION_TASK,
     .argument = "FILE",
     .meaning = "the table of the row's task, where that is not built in",
     .fallback = "",
     .text = &given.task},
    {.include = device_options},
    {OPT_OUTPUT_BINARY(&given.output, "where the model goes", "row-ROW.safetensors")},
    {OPT_QUIET(&given.quiet)},
    {OPT_JSON(&given.json)},
    {0},
};

static int print_result(const cli_arguments *arguments, uint64_t row, const claim claims[CLAIMS], const char *path,
                        const char *device)
{
    json_t *object = json_object(), *different = json_array();
    bool equal = true;
    for (size_t i = 0; i < CLAIMS; ++i) {
        if (claims[i].equal)
            continue;
        equal = false;
        json_append(different, json_of_text(claims[i].column));
        console_error("row %" PRIu64 " of %s: %s is %s, but training gives %s", row, arguments->operands[0],
                      claims[i].column, claims[i].here, claims[i].there);
    }
    json_put(object, "model", json_of_text(path));
    json_put(object, "device", json_of_text(device));
    json_put(object, "digest", json_of_text(claims[CLAIMS - 1].there));
    json_put(object, "equal", json_boolean(equal));
    json_put(object, "different", different);
    if (given.json)
        (void)json_line(stdout, json_incref(object), JSON_DIGITS);
    else
        (void)printf("Row %" PRIu64 ": %s, digest %s\nWrote %s\n", row,
                     equal ? "the same bits" : "NOT what the table says", claims[CLAIMS - 1].there, path);
    json_decref(object);
    return equal ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
}

/* The table of a task that the program does not have. False with *code set, after a message, if it is not the row's. */
static bool supply_task(carrynet_sweep_row *row, const cli_arguments *arguments, int *code)
{
    carrynet_task task;
    *code = EXIT_CODE_DONE;
    if (given.task == NULL && row->settings.task.states == 0)
        *code = arguments_wrong(arguments,
                                "row %" PRIu64 " is of task %s, whose table is not in %s: give its file with --task "
                                "FILE",
                                row->row, row->settings.task.name, arguments->operands[0]);
    else if (given.task != NULL && task_from_word(&task, arguments, "--task", given.task, code) &&
             carrynet_sweep_supply(row, &task) != CARRYNET_OK)
        *code = arguments_wrong(arguments, "--task %.64s: %s", given.task, carrynet_message());
    return *code == EXIT_CODE_DONE;
}

int command_reproduce(const cli_arguments *arguments)
{
    const char *table = arguments->operands[0], *number = arguments->operands[1];
    char name[64];
    uint64_t number_of_row = 0;
    carrynet_sweep_row *row = NULL;
    carrynet_sweep_result made = {0};
    carrynet_engine_options engine;
    carrynet_train_options options;
    carrynet_model *model = NULL;
    claim claims[CLAIMS];
    int code = EXIT_CODE_DONE;
    const char *end = sys_read_whole(&number_of_row, number, CARRYNET_SWEEP_ROWS);
    if (end == NULL || *end != '\0' || number_of_row == 0)
        return arguments_wrong(arguments, "ROW is '%.64s', but must be a whole number from 1 to %d", number,
                               CARRYNET_SWEEP_ROWS);
    (void)snprintf(name, sizeof name, "row-%" PRIu64 ".safetensors", number_of_row);
    const char *path = given.output != NULL ? given.output : name;
    if (sys_same_file(path, table))
        return arguments_wrong(arguments, "-o names the table, %s; choose another -o for the model", table);
    engine_from_options(&engine, NULL);
    carrynet_status status = sys_allocate(&row, 1, sizeof *row);
    if (status == CARRYNET_OK)
        status = carrynet_sweep_read(row, table, number_of_row);
    if (status == CARRYNET_OK && !supply_task(row, arguments, &code))
        goto done;
    if (status == CARRYNET_OK)
        status = carrynet_writable(path);
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    train_progress progress = {.settings = &row->settings, .quiet = given.quiet};
    carrynet_train_options_init(&options);
    options.report = train_progress_report;
    options.interrupted = train_progress_interrupted;
    options.self = &progress;
    options.report_seconds = 0.1;
    signals_catch();
    if (!progress.quiet)
        (void)console_progress("Preparing the device ...");
    status = carrynet_sweep_reproduce(&model, &made, &row->settings, &engine, &options);
    console_progress_clear();
    if (status != CARRYNET_OK) {
        code = engine_status(status, &engine);
        goto done;
    }
    if (!made.finished) {
        console_error("stopped before the end: nothing was saved or compared");
        code = 128 + signals_caught();
        goto done;
    }
    status = carrynet_model_save(model, path);
    compare(claims, &row->result, &made);
    code = status != CARRYNET_OK ? console_status(status)
                                 : print_result(arguments, number_of_row, claims, path, progress.device);
done:
    carrynet_model_free(model);
    sys_free(row);
    return code;
}
