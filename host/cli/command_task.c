/*
 * carrynet task [T]: prints a task's table as text, as JSON (the form of --task FILE) or for Graphviz; or the minimal
 * equivalent table; or, with --equal A B, a shortest word on which two tasks differ. A symbol is written as its bits,
 * operand a's first.
 */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include <string.h>

enum { COLUMNS = 79, BITS = 5 /* of a symbol or an output, with its end */ };

/* "10": bit 0 first. */
static const char *bits_text(char text[BITS], uint32_t value, uint32_t bits)
{
    uint32_t i = 0;
    for (; i < bits && i < BITS - 1; ++i)
        text[i] = (char)('0' + (value >> i & 1u));
    text[i] = '\0';
    return text;
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static int list_tasks(bool as_json)
{
    json_t *array = json_array();
    if (!as_json)
        (void)printf("%-8s %6s %6s %6s  %s\n", "task", "inputs", "output", "states", "what it is");
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        const carrynet_task *task = carrynet_task_at(i);
        if (!as_json) {
            (void)printf("%-8s %6u %6u %6u  ", task->name, task->inputs, task->outputs, task->states);
            console_fold(stdout, 31, 31, carrynet_task_meaning(i));
            (void)putchar('\n');
            continue;
        }
        json_t *object = json_object();
        json_put(object, "name", json_of_text(task->name));
        json_put(object, "meaning", json_of_text(carrynet_task_meaning(i)));
        json_put(object, "inputs", json_of_count(task->inputs));
        json_put(object, "outputs", json_of_count(task->outputs));
        json_put(object, "states", json_of_count(task->states));
        json_append(array, object);
    }
    if (as_json)
        (void)json_line(stdout, json_incref(array), JSON_DIGITS);
    json_decref(array);
    return EXIT_CODE_DONE;
}

/* ---- one table ------------------------------------------------------------------------------------------------- */

static void print_head(const carrynet_task *task)
{
    char text[BITS];
    (void)printf("Task %s: %u operand%s, %u output%s, %u state%s, starts in %u\n", task->name, task->inputs,
                 plural(task->inputs), task->outputs, plural(task->outputs), task->states, plural(task->states),
                 task->start);
    if (task->closing_count > 0)
        (void)printf("Every problem ends with:");
    for (uint32_t i = 0; i < task->closing_count; ++i)
        (void)printf(" %s", bits_text(text, task->closing[i], task->inputs));
    if (task->closing_count > 0)
        (void)putchar('\n');
    if (task->constraint == CARRYNET_CONSTRAINT_NOT_LESS)
        (void)printf("Operand a is not less than b.\n");
}

static void print_table(const carrynet_task *task)
{
    const uint32_t symbols = 1u << task->inputs;
    const int width = (task->states > 100 ? 3 : task->states > 10 ? 2 : 1) + 1 + (int)task->outputs;
    const int column = 2 + (width > (int)task->inputs ? width : (int)task->inputs);
    const bool wide = 7 + column * (int)symbols > COLUMNS; /* then an entry a line */
    char text[BITS], entry[16];
    print_head(task);
    (void)printf("\n%7s", "state");
    for (uint32_t a = 0; a < symbols && !wide; ++a)
        (void)printf("%*s", column, bits_text(text, a, task->inputs));
    (void)printf(wide ? "  symbol  next/output\n" : "\n");
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < symbols; ++a) {
            if (a == 0 || wide)
                (void)printf("%7u", q);
            if (wide)
                (void)printf("  %6s", bits_text(text, a, task->inputs));
            (void)snprintf(entry, sizeof entry, "%u/%s", task->next[q][a],
                           bits_text(text, task->out[q][a], task->outputs));
            (void)printf("%*s%s", wide ? 13 : column, entry, wide || a + 1 == symbols ? "\n" : "");
        }
    (void)putchar('\n');
    console_fold(stdout, 0, 0,
                 "An entry is next state/output bits. A symbol and the outputs are written as bits, that of the first "
                 "operand or output first.");
    (void)putchar('\n');
}

/* Arrows with the same ends are one, with a label of several lines. */
static void print_dot(const carrynet_task *task)
{
    char symbol[BITS], out[BITS];
    /* A name that carrynet_task_read takes needs no escapes. */
    (void)printf("digraph \"%s\" {\n    rankdir=LR;\n    node [shape=circle];\n    start [shape=point];\n", task->name);
    (void)printf("    start -> %u;\n", task->start);
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t r = 0; r < task->states; ++r) {
            bool any = false;
            for (uint32_t a = 0; a < 1u << task->inputs; ++a) {
                if (task->next[q][a] != r)
                    continue;
                if (!any)
                    (void)printf("    %u -> %u [label=\"", q, r);
                (void)printf("%s%s/%s", any ? "\\n" : "", bits_text(symbol, a, task->inputs),
                             bits_text(out, task->out[q][a], task->outputs));
                any = true;
            }
            if (any)
                (void)printf("\"];\n");
        }
    (void)printf("}\n");
}

static struct {
    bool minimise, equal, dot, json;
} given;

const cli_option task_options[] = {
    {.heading = "What to do",
     .name = "minimise",
     .meaning = "print the smallest automaton that answers alike",
     .flag = &given.minimise},
    {.name = "equal",
     .meaning =
         "compare what two tasks answer to all words, and show a shortest one that they answer differently; exit "
         "code 1 if there is one",
     .flag = &given.equal},
    {.heading = "Output", .name = "dot", .meaning = "the automaton as a drawing for Graphviz", .flag = &given.dot},
    {OPT_JSON_MEANING(&given.json, "the table as JSON, as --task FILE takes it; with --equal, what came out")},
    {0},
};

static int print_task(const carrynet_task *task)
{
    char *text = NULL;
    if (given.dot) {
        print_dot(task);
    } else if (given.json) {
        const carrynet_status status = carrynet_task_text(&text, task);
        if (status != CARRYNET_OK)
            return console_status(status);
        (void)fputs(text, stdout);
        carrynet_task_text_free(text);
    } else {
        print_table(task);
    }
    return EXIT_CODE_DONE;
}

/* ---- two of them ----------------------------------------------------------------------------------------------- */

static int compare_tasks(const carrynet_task *a, const carrynet_task *b, const cli_arguments *arguments)
{
    const bool as_json = given.json;
    carrynet_task_difference found;
    char text[BITS], other[BITS];
    /* Over different symbols they differ before any word. */
    const bool alike = a->inputs == b->inputs && a->outputs == b->outputs;
    const carrynet_status status = carrynet_task_distinguish(&found, a, b);
    if (alike && status != CARRYNET_OK)
        return console_status(status);
    const bool equal = alike && found.length == 0;
    if (as_json) {
        json_t *object = json_object(), *word = json_array(), *outputs = json_array();
        json_put(object, "equal", json_boolean(equal));
        for (size_t i = 0; i < found.length; ++i)
            json_append(word, json_of_text(bits_text(text, found.word[i], a->inputs)));
        for (size_t i = 0; i < 2 && found.length > 0; ++i)
            json_append(outputs, json_of_text(bits_text(text, found.outputs[i], a->outputs)));
        json_put(object, "word", word);
        json_put(object, "outputs", outputs);
        (void)json_line(stdout, object, JSON_DIGITS);
    } else if (!alike) {
        (void)printf("Different: %s reads %u bit%s a step and writes %u, %s reads %u and writes %u\n",
                     arguments->operands[0], a->inputs, plural(a->inputs), a->outputs, arguments->operands[1],
                     b->inputs, b->outputs);
    } else if (equal) {
        (void)printf("Equal: the same outputs for every word\n");
    } else {
        (void)printf("Different, first after %zu symbol%s:", found.length, plural((uint32_t)found.length));
        for (size_t i = 0; i < found.length; ++i)
            (void)printf(" %s", bits_text(text, found.word[i], a->inputs));
        (void)printf("\nThen %s writes %s, %s writes %s\n", arguments->operands[0],
                     bits_text(text, found.outputs[0], a->outputs), arguments->operands[1],
                     bits_text(other, found.outputs[1], a->outputs));
    }
    return equal ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

int command_task(const cli_arguments *arguments)
{
    const size_t count = arguments->operand_count;
    const bool equal = given.equal;
    carrynet_task a, b;
    int code;
    if (equal && (count != 2 || given.dot || given.minimise))
        return arguments_wrong(arguments, count != 2 ? "--equal needs two tasks, such as --equal add mine.json"
                                                     : "--equal prints no table: leave out --dot and --minimise");
    if (!equal && count == 2)
        return arguments_wrong(arguments, "'%.64s' is one task too many; two are compared with --equal",
                               arguments->operands[1]);
    if (given.dot && given.json)
        return arguments_wrong(arguments, "--dot and --json are two forms of the table; leave one out");
    if (count == 0 && (given.dot || given.minimise))
        return arguments_wrong(arguments, "which task? Such as carrynet task add --%s", given.dot ? "dot" : "minimise");
    if (count == 0)
        return list_tasks(given.json);
    if (!task_from_word(&a, arguments, "TASK", arguments->operands[0], &code))
        return code;
    if (equal)
        return task_from_word(&b, arguments, "TASK", arguments->operands[1], &code) ? compare_tasks(&a, &b, arguments)
                                                                                    : code;
    if (given.minimise)
        carrynet_task_minimise(&a, &a);
    return print_task(&a);
}
