/* carrynet merge: the tables of a sweep's shards, joined to the table of the whole. */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include "cli/results_file.h"

int command_merge(const cli_arguments *arguments)
{
    const option_value *values = arguments->values;
    const char *path = values[OPTION_OUTPUT].given ? values[OPTION_OUTPUT].text : "sweep.csv";
    const char *const *parts = (const char *const *)arguments->operands;
    int code;
    if (!results_file_fits(arguments, path, RESULTS_NEW, &code))
        return code;
    const carrynet_status status = carrynet_sweep_merge(path, parts, arguments->operand_count);
    if (status != CARRYNET_OK)
        return console_status(status);
    if (values[OPTION_JSON].given) {
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
