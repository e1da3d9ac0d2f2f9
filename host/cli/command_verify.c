/*
 * carrynet verify MODEL CERTIFICATE: prints a line for every certificate, and the networks without one. Exit codes: 0
 * if each certificate is accepted and every network has one, else 1; 4 if a file cannot be read.
 */
#include "cli/console.h"
#include "cli/prove_report.h"
#include <inttypes.h>

enum { LISTED = 10 };

static void print_checked(const carrynet_checked *checked, size_t networks)
{
    sys_text text = {0};
    sys_text_add(&text, "Line %zu, ", checked->line);
    if (checked->number < networks)
        sys_text_add(&text, "network %zu: ", checked->number);
    else
        sys_text_add(&text, "network %.16s...: ", checked->network);
    if (checked->accepted) {
        sys_text_add(&text, "accepted, ");
        prove_report_cells(&text, checked);
        sys_text_add(&text, "%s", checked->bounds == CARRYNET_BOUNDS_ANY ? ", in any program's arithmetic" : "");
    } else {
        sys_text_add(&text, "rejected: %s", checked->reason);
    }
    console_put(&text, "what is said of a line");
}

static void print_without(const carrynet_verified *verified)
{
    size_t found = 0;
    for (size_t n = 0; n < verified->networks; ++n)
        if (!verified->proved[n] && ++found <= LISTED)
            (void)printf("%s%zu",
                         found > 1                                             ? ", "
                         : verified->networks - verified->proved_networks == 1 ? "Not proved: network "
                                                                               : "Not proved: networks ",
                         n);
    if (found > LISTED)
        (void)printf(" and %zu more", found - LISTED);
    (void)printf(found > 0 ? "\n" : "");
}

static void print_json(const carrynet_verified *verified, const carrynet_task *task, const char *const *files,
                       bool accepted)
{
    json_t *object = json_object(), *array = json_array();
    for (size_t i = 0; i < verified->count; ++i) {
        const carrynet_checked *checked = &verified->checked[i];
        json_t *one = json_object();
        json_put(one, "line", json_of_count(checked->line));
        json_put(one, "network", checked->number < verified->networks ? json_of_count(checked->number) : json_null());
        json_put(one, "digest", json_of_text(checked->network));
        json_put(one, "accepted", json_boolean(checked->accepted));
        if (checked->accepted)
            prove_report_checked(one, checked);
        else
            json_put(one, "reason", json_of_text(checked->reason));
        json_append(array, one);
    }
    json_put(object, "model", json_of_text(files[0]));
    json_put(object, "certificates", json_of_text(files[1]));
    json_put(object, "task", json_of_text(task->name));
    json_put(object, "checked", array);
    json_put(object, "networks", json_of_count(verified->networks));
    json_put(object, "proved", json_of_count(verified->proved_networks));
    json_put(object, "accepted", json_boolean(accepted));
    (void)json_line(stdout, object, JSON_DIGITS_FP64);
}

static struct {
    const char *task;
    bool json;
} given;

const cli_option verify_options[] = {
    {OPT_TASK_OF_MODEL("What to prove", &given.task, "the model's")},
    {OPT_JSON(&given.json)},
    {0},
};

int command_verify(const cli_arguments *arguments)
{
    const char *files[] = {arguments->operands[0], arguments->operands[1]};
    const bool as_json = given.json;
    carrynet_verified verified = {0};
    saved_network saved;
    carrynet_task task;
    int code;
    if (!saved_network_load(&saved, arguments, NULL, &code))
        goto done;
    task = saved.settings->task;
    if (given.task != NULL && !task_from_word(&task, arguments, "--task", given.task, &code))
        goto done;
    const carrynet_status status = carrynet_verify_file(&verified, saved.model, &task, files[1]);
    bool accepted = verified.proved_networks == verified.networks;
    for (size_t i = 0; i < verified.count; ++i) {
        accepted = accepted && verified.checked[i].accepted;
        if (!as_json)
            print_checked(&verified.checked[i], verified.networks);
    }
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    code = accepted ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
    if (as_json) {
        print_json(&verified, &task, files, accepted);
        goto done;
    }
    if (verified.networks == 1)
        (void)printf(verified.proved_networks == 1 ? "PROVED for every length\n" : "Not proved\n");
    else
        (void)printf("%zu of %zu networks PROVED for every length\n", verified.proved_networks, verified.networks);
    if (verified.networks > 1)
        print_without(&verified);
done:
    carrynet_verified_free(&verified);
    saved_network_close(&saved);
    return code;
}
