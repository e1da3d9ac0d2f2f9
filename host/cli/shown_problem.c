/*
 * One problem, solved by a network, in words and as a table with one line per bit: the bits of the numbers, the
 * automaton's state after the step, the hidden units as bars, y, the output bit. Fits in 80 columns for any number of
 * hidden units: beyond the available width, a bar is the mean of neighbours.
 */
#include "cli/shown_problem.h"
#include "cli/console.h"
#include "cli/problem_text.h"
#include <string.h>

enum { COLUMNS = 79 };

carrynet_status shown_describe(shown_problem *words, const carrynet_sample *sample, const carrynet_task *task,
                               size_t digits)
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

void shown_free(shown_problem *words)
{
    sys_free(words->symbols);
    sys_free(words->targets);
    sys_free(words->bits);
    sys_text_free(&words->question);
    sys_text_free(&words->right);
    sys_text_free(&words->given);
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

static void print_table(const carrynet_sample *sample, const carrynet_task *task, bool plain)
{
    const bool unicode = !plain && console_is_unicode(stdout), colour = !plain && console_has_colour(stdout);
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

void shown_print(const shown_problem *words, const carrynet_sample *sample, const carrynet_task *task, bool plain)
{
    sys_text line = {0};
    sys_text_add(&line, "%s%s%s", words->question.data, problem_equals(task), words->right.data);
    if (all_right(sample))
        sys_text_add(&line, ", and so says the network.");
    else
        sys_text_add(&line, ", but the network says %s.", words->given.data);
    console_put(&line, "the answer in words");
    print_table(sample, task, plain);
}
