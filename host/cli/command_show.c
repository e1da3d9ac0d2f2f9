/*
 * carrynet show MODEL 93 38: a line per bit, lowest first: the bits of the numbers, the automaton's state after the
 * step (the carry), the hidden units as bars, y, the output bit, right or wrong. 80 columns for any number of hidden
 * units: above what fits, a bar is the mean of neighbours. The numbers are the engine's.
 */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/problem_text.h"
#include "cli/saved_network.h"
#include <string.h>

enum {
    COLUMNS = 79,
    VALUES_MOST = 1 << 26 /* steps * hidden units: half a gigabyte of numbers; nobody reads more */
};

/* The problem in words. */
typedef struct shown {
    uint32_t *symbols, *targets, *bits; /* packed */
    base_text question, right, given;
} shown;

static carrynet_status describe(shown *words, const carrynet_sample *sample, const carrynet_task *task, size_t digits)
{
    carrynet_status status = problem_pack(&words->symbols, sample->symbols, task->inputs, sample->steps);
    if (status == CARRYNET_OK)
        status = problem_pack(&words->targets, sample->targets, task->outputs, sample->steps);
    if (status == CARRYNET_OK)
        status = problem_pack(&words->bits, sample->bits, task->outputs, sample->steps);
    if (status == CARRYNET_OK)
        status = problem_add_question(&words->question, task, words->symbols, sample->steps, digits);
    if (status == CARRYNET_OK)
        status = problem_add_answer(&words->right, task, words->targets, sample->steps, digits);
    if (status == CARRYNET_OK)
        status = problem_add_answer(&words->given, task, words->bits, sample->steps, digits);
    return status;
}

static void shown_free(shown *words)
{
    base_free(words->symbols);
    base_free(words->targets);
    base_free(words->bits);
    base_text_free(&words->question);
    base_text_free(&words->right);
    base_text_free(&words->given);
}

static bool all_right(const carrynet_sample *sample)
{
    return memcmp(sample->bits, sample->targets, sample->steps * sizeof *sample->bits) == 0;
}

/* What the state of the automaton is called. */
static const char *state_word(const carrynet_task *task)
{
    static const char *const carrying[] = {"add", "add3", "times3"};
    for (size_t i = 0; i < sizeof carrying / sizeof carrying[0]; ++i)
        if (strcmp(task->name, carrying[i]) == 0)
            return "carry";
    return strcmp(task->name, "sub") == 0 ? "borrow" : "state";
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

/* One bar for a value in [0, 1]: an eighth block on a UTF-8 terminal, else its first digit after the point. */
static void print_bar(double value, bool unicode)
{
    static const char *const blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    const double within = value < 0 ? 0 : value > 1 ? 1 : value; /* training noise and biases of elsewhere aside */
    if (unicode) {
        const unsigned level = (unsigned)(within * 8);
        (void)fputs(blocks[level > 7 ? 7 : level], stdout);
    } else {
        const unsigned level = (unsigned)(within * 10);
        (void)putchar((int)('0' + (level > 9 ? 9 : level)));
    }
}

static void print_table(const carrynet_sample *sample, const carrynet_task *task)
{
    const bool unicode = console_is_unicode(stdout), colour = console_has_colour(stdout);
    const char *state = state_word(task);
    size_t bit_width = 3;
    for (size_t most = 1000; most <= sample->steps - 1; most *= 10)
        ++bit_width;
    const size_t state_width = strlen(state);
    const size_t around =
        bit_width + 2 * (size_t)task->inputs + 3 + state_width + 2 + 7 * (size_t)task->outputs + 5 + 7;
    const size_t room = COLUMNS - around;
    const size_t units = (sample->hidden + room - 1) / room; /* of a bar */
    const size_t bars = (sample->hidden + units - 1) / units;
    const char *heading = bars >= strlen("hidden units") ? "hidden units" : bars >= strlen("hidden") ? "hidden" : "h";
    const int bar_width = (int)(bars > strlen(heading) ? bars : strlen(heading));

    (void)printf("\n%*s ", (int)bit_width, "bit");
    for (uint32_t i = 0; i < task->inputs; ++i)
        (void)printf(" %c", (char)('a' + i));
    (void)printf("  %s  %-*s", state, bar_width, heading);
    for (uint32_t o = 0; o < task->outputs; ++o)
        (void)printf("  %5s", "y");
    (void)printf("  %*s\n", task->outputs > 3 ? 4 : 3, "out");
    for (size_t t = 0; t < sample->steps; ++t) {
        const bool right = sample->bits[t] == sample->targets[t];
        (void)printf("%*zu ", (int)bit_width, t);
        for (uint32_t i = 0; i < task->inputs; ++i)
            (void)printf(" %u", sample->symbols[t] >> i & 1u);
        (void)printf("  %*u  ", (int)state_width, sample->states[t]);
        for (size_t bar = 0; bar < bars; ++bar) {
            double sum = 0;
            size_t count = 0;
            for (size_t j = bar * units; j < (bar + 1) * units && j < sample->hidden; ++j, ++count)
                sum += sample->h[t * sample->hidden + j];
            print_bar(sum / (double)count, unicode);
        }
        (void)printf("%*s", bar_width - (int)bars, "");
        for (uint32_t o = 0; o < task->outputs; ++o)
            (void)printf("  %5.3f", sample->y[t * task->outputs + o]);
        (void)printf("  ");
        (void)printf("%*s", task->outputs < 3 ? 3 - (int)task->outputs : 0, "");
        for (uint32_t o = 0; o < task->outputs; ++o)
            (void)printf("%u", sample->bits[t] >> o & 1u);
        (void)printf("  %s\n", right ? "right" : colour ? "\033[1;31mWRONG\033[0m" : "WRONG");
    }
    (void)printf("\n%s: after the step\n", state);
    if (units == 1)
        (void)printf("hidden units: one %s each", unicode ? "bar" : "digit");
    else
        (void)printf("%u hidden units in %zu %s, each the mean of %zu", sample->hidden, bars,
                     unicode ? "bars" : "digits", units);
    (void)printf(unicode ? ", \u2581 for 0 to \u2588 for 1\n" : ", tenths from 0 to 9\n");
}

static void print_shown(const shown *words, const carrynet_sample *sample, const carrynet_task *task)
{
    base_text line = {0};
    base_text_add(&line, "%s%s%s", words->question.data, problem_equals(task), words->right.data);
    if (all_right(sample))
        base_text_add(&line, ", and so says the network.");
    else
        base_text_add(&line, ", but the network says %s.", words->given.data);
    console_fold(stdout, 0, 0, line.failed ? words->question.data : line.data);
    (void)putchar('\n');
    print_table(sample, task);
    base_text_free(&line);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static bool print_json(const shown *words, const carrynet_sample *sample, const saved_network *saved)
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

int command_show(const cli_arguments *arguments)
{
    const bool as_json = arguments->values[OPTION_JSON].given;
    const char *operands[CARRYNET_TASK_INPUTS];
    char why[512];
    carrynet_sample sample = {0};
    saved_network saved;
    shown words = {0};
    base_text line = {0};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    int code;
    if (!saved_network_open(&saved, arguments, "reference", &code))
        goto done;
    const carrynet_task *task = &saved.settings->task;
    for (size_t i = 1; i < arguments->operand_count; ++i)
        base_text_add(&line, "%s%s", i == 1 ? "" : " ", arguments->operands[i]);
    if (line.failed || !problem_read(operands, task, line.data, why, sizeof why)) {
        code = arguments_wrong(arguments, "%s", line.failed ? "not enough memory for the numbers" : why);
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
        status = describe(&words, &sample, task, as_json ? 0 : PROBLEM_DIGITS);
    if (status != CARRYNET_OK) {
        code = console_status(status);
        goto done;
    }
    if (as_json)
        (void)print_json(&words, &sample, &saved);
    else
        print_shown(&words, &sample, task);
done:
    shown_free(&words);
    carrynet_sample_free(&sample);
    carrynet_operands_free(symbols);
    base_text_free(&line);
    saved_network_close(&saved);
    return code;
}
