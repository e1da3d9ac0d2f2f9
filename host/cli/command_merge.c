/* carrynet merge: joins the tables of a sweep's shards to the table of the whole sweep. */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include "cli/results_file.h"

static struct {
    const char *output;
    bool quiet, json;
} given;

const cli_option merge_options[] = {
    {OPT_TABLE(&given.output)},
    {OPT_QUIET(&given.quiet)},
    {OPT_JSON(&given.json)},
    {0},
};

int command_merge(const cli_arguments *arguments)
{
    const char *path = given.output != NULL ? given.output : "sweep.csv";
    const char *const *parts = (const char *const *)arguments->operands;
    int code;
    if (!results_file_fits(arguments, path, RESULTS_NEW, &code))
        return code;
    const carrynet_status status = carrynet_sweep_merge(path, parts, arguments->operand_count);
    if (status != CARRYNET_OK)
        return console_status(status);
    if (given.json) {
        json_t *object = json_object();
        json_put(object, "results", json_of_text(path));
        json_put(object, "parts", json_of_count(arguments->operand_count));
        (void)json_line(stdout, object, JSON_DIGITS);
    } else {
        (void)printf("Joined %zu file%s: wrote %s\n", arguments->operand_count,
                     arguments->operand_count == 1 ? "" : "s", path);
    }
    return EXIT_CODE_DONE;
}
