/*
 * carrynet show MODEL 93 38: prints one line per bit, lowest first (shown_problem.c), or the same numbers as JSON. The
 * numbers come from the engine.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/json_values.h"
#include "cli/problem_text.h"
#include "cli/saved_network.h"
#include "cli/shown_problem.h"

enum {
    VALUES_MOST = 1 << 26 /* steps * hidden units: half a gigabyte of numbers; nobody reads more */
};

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static bool print_json(const shown_problem *words, const carrynet_sample *sample, const saved_network *saved)
{
    json_t *object = json_object(), *steps = json_array();
    json_put(object, "network", json_of_count(saved->network));
    json_put(object, "seed", json_of_count(saved->networks[saved->network].seed));
    json_put(object, "problem", json_of_text(words->question.data));
    json_put(object, "right", json_of_text(words->right.data));
    json_put(object, "given", json_of_text(words->given.data));
    json_put(object, "error", json_of_real(sample->error));
    for (size_t t = 0; t < sample->steps; ++t) {
        json_t *step = json_object(), *inputs = json_array(), *outputs = json_array(), *targets = json_array();
        json_t *h = json_array(), *y = json_array();
        for (uint32_t i = 0; i < sample->inputs; ++i)
            json_append(inputs, json_of_count(sample->symbols[t] >> i & 1u));
        for (uint32_t o = 0; o < sample->outputs; ++o) {
            json_append(y, json_of_real(sample->y[t * sample->outputs + o]));
            json_append(outputs, json_of_count(sample->bits[t] >> o & 1u));
            json_append(targets, json_of_count(sample->targets[t] >> o & 1u));
        }
        for (size_t j = 0; j < sample->hidden; ++j)
            json_append(h, json_of_real(sample->h[t * sample->hidden + j]));
        json_put(step, "bit", json_of_count(t));
        json_put(step, "inputs", inputs);
        json_put(step, "state", json_of_count(sample->states[t]));
        json_put(step, "h", h);
        json_put(step, "y", y);
        json_put(step, "outputs", outputs);
        json_put(step, "targets", targets);
        json_append(steps, step);
    }
    json_put(object, "steps", steps);
    return json_line(stdout, object, saved->settings->precision == CARRYNET_FP32 ? JSON_DIGITS_FP32 : JSON_DIGITS_FP64);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static struct {
    cli_value net;
    bool json;
} given;

const cli_option show_options[] = {
    {OPT_ONE_NET(&given.net)},
    {.include = host_device_options},
    {OPT_JSON(&given.json)},
    {0},
};

int command_show(const cli_arguments *arguments)
{
    const bool as_json = given.json;
    const char *operands[CARRYNET_TASK_INPUTS];
    char why[512];
    carrynet_sample sample = {0};
    saved_network saved;
    shown_problem words = {0};
    sys_text line = {0};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    int code;
    if (!saved_network_open(&saved, arguments, &given.net, "host", &code))
        goto done;
    const carrynet_task *task = &saved.settings->task;
    for (size_t i = 1; i < arguments->operand_count; ++i)
        sys_text_add(&line, "%s%s", i == 1 ? "" : " ", arguments->operands[i]);
    if (line.failed) {
        code = console_status(sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory for the numbers"));
        goto done;
    }
    if (!problem_read(operands, task, line.data, why, sizeof why)) {
        code = arguments_wrong(arguments, "%s", why);
        goto done;
    }
    carrynet_status status = carrynet_operands_pack(&symbols, &steps, task, operands, 1);
    if (status == CARRYNET_OK && steps > VALUES_MOST / saved.settings->shape.hidden) {
        code = arguments_wrong(arguments, "%zu bits are too many to show; `carrynet run` answers without", steps);
        goto done;
    }
    if (status == CARRYNET_OK)
        status = carrynet_sample_run(&sample, saved.engine, task, 0, symbols, steps);
    if (status == CARRYNET_OK)
        status = shown_describe(&words, &sample, task, as_json ? 0 : PROBLEM_DIGITS);
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    if (as_json)
        (void)print_json(&words, &sample, &saved);
    else
        shown_print(&words, &sample, task, false);
done:
    shown_free(&words);
    carrynet_sample_free(&sample);
    carrynet_operands_free(symbols);
    sys_text_free(&line);
    saved_network_close(&saved);
    return code;
}
