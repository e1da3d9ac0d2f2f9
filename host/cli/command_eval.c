/*
 * carrynet eval MODEL: counts wrong sums. One network and one length make two lines of text; several networks (--nets)
 * or lengths make a table. The first wrong problem is shown with the right result and the network's. Exit code 1 if
 * any is wrong.
 */
#include "cli/console.h"
#include "cli/json_values.h"
#include "cli/problem_text.h"
#include "cli/saved_network.h"
#include <inttypes.h>
#include <string.h>

/* What eval reports of one network at one length. */
typedef struct eval_outcome {
    size_t network;
    size_t steps;
    carrynet_evaluation evaluation;
    uint32_t *right; /* packed results of the first wrong problem, and those that the network gave */
    uint32_t *given;
} eval_outcome;

static void outcome_free(eval_outcome *outcome)
{
    carrynet_evaluation_free(&outcome->evaluation);
    base_free(outcome->right);
    base_free(outcome->given);
}

static carrynet_status evaluate(eval_outcome *outcome, saved_network *saved, size_t network, size_t steps,
                                uint64_t problems)
{
    const carrynet_task *task = &saved->settings->task;
    carrynet_evaluation *evaluation = &outcome->evaluation;
    outcome->network = network;
    outcome->steps = steps;
    carrynet_status status = carrynet_evaluate(evaluation, saved->engine, task, 0, steps, problems);
    if (status != CARRYNET_OK || evaluation->first_symbols == NULL)
        return status;
    const size_t words = carrynet_packed_words(task->outputs, steps);
    status = base_allocate(&outcome->right, words, sizeof *outcome->right);
    if (status == CARRYNET_OK)
        status = base_allocate(&outcome->given, words, sizeof *outcome->given);
    if (status == CARRYNET_OK) {
        (void)carrynet_targets(task, task->start, evaluation->first_symbols, steps, outcome->right);
        status = saved_network_outputs(saved, evaluation->first_symbols, steps, outcome->given);
    }
    return status;
}

/* "93 + 38 = 131, but the network says 130". */
static carrynet_status add_first_wrong(base_text *text, const eval_outcome *outcome, const carrynet_task *task)
{
    carrynet_status status =
        problem_add_question(text, task, outcome->evaluation.first_symbols, outcome->steps, PROBLEM_DIGITS);
    base_text_add(text, "%s", problem_equals(task));
    if (status == CARRYNET_OK)
        status = problem_add_answer(text, task, outcome->right, outcome->steps, PROBLEM_DIGITS);
    base_text_add(text, ", but the network says ");
    if (status == CARRYNET_OK)
        status = problem_add_answer(text, task, outcome->given, outcome->steps, PROBLEM_DIGITS);
    return status;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static size_t number_bits(const carrynet_task *task, size_t steps)
{
    return steps - task->closing_count;
}

static carrynet_status print_first_wrong(const eval_outcome *outcome, const carrynet_task *task, const char *before)
{
    base_text text = {0};
    if (outcome->given == NULL)
        return CARRYNET_OK;
    base_text_add(&text, "%s", before);
    const carrynet_status status = add_first_wrong(&text, outcome, task);
    if (status == CARRYNET_OK && !text.failed) {
        console_fold(stdout, 0, strspn(before, " "), text.data + strspn(before, " "));
        (void)putchar('\n');
    }
    base_text_free(&text);
    return status;
}

static carrynet_status print_alone(const eval_outcome *outcome, const saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const carrynet_evaluation *e = &outcome->evaluation;
    if (saved->settings->networks > 1)
        (void)printf("Network %zu, seed %" PRIu64 "\n", outcome->network, saved->networks[outcome->network].seed);
    (void)printf("%zu-bit operands, %zu steps: %s\n", number_bits(task, outcome->steps), outcome->steps,
                 e->exhaustive ? "every problem there is"
                               : "random problems, carry chains, constant and alternating bits");
    (void)printf("%" PRIu64 " of %" PRIu64 " %s right", e->problems - e->wrong, e->problems, problem_word(task));
    if (e->wrong != 0)
        (void)printf("; %" PRIu64 " wrong, with %" PRIu64 " wrong bits", e->wrong, e->wrong_bits);
    (void)putchar('\n');
    return print_first_wrong(outcome, task, "First wrong: ");
}

static void print_heading(bool several)
{
    (void)printf("%s%8s %9s %10s %10s %10s  %s\n", several ? " network " : "", "steps", "operands", "problems", "right",
                 "wrong", "checked");
}

static carrynet_status print_row(const eval_outcome *outcome, const carrynet_task *task, bool several)
{
    const carrynet_evaluation *e = &outcome->evaluation;
    if (several)
        (void)printf("%8zu ", outcome->network);
    (void)printf("%8zu %5zu-bit %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %s\n", outcome->steps,
                 number_bits(task, outcome->steps), e->problems, e->problems - e->wrong, e->wrong,
                 e->exhaustive ? "all" : "a sample");
    const carrynet_status status = print_first_wrong(outcome, task, "    first wrong: ");
    (void)fflush(stdout);
    return status;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void put_number(json_t *numbers, const uint32_t *words, uint32_t bits, uint32_t which, size_t steps,
                       carrynet_status *status)
{
    base_text text = {0};
    if (*status == CARRYNET_OK)
        *status = problem_add_number(&text, words, bits, which, steps, 0);
    if (*status == CARRYNET_OK)
        json_append(numbers, json_of_text(text.data));
    base_text_free(&text);
}

static carrynet_status put_outcome(json_t *results, const eval_outcome *outcome, const saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const carrynet_evaluation *e = &outcome->evaluation;
    carrynet_status status = CARRYNET_OK;
    json_t *object = json_object();
    json_put(object, "network", json_of_count(outcome->network));
    json_put(object, "seed", json_of_count(saved->networks[outcome->network].seed));
    json_put(object, "bits", json_of_count(outcome->steps));
    json_put(object, "exhaustive", json_boolean(e->exhaustive));
    json_put(object, "problems", json_of_count(e->problems));
    json_put(object, "wrong", json_of_count(e->wrong));
    json_put(object, "wrong_bits", json_of_count(e->wrong_bits));
    if (outcome->given != NULL) {
        json_t *first = json_object(), *operands = json_array(), *right = json_array(), *given = json_array();
        for (uint32_t i = 0; i < task->inputs; ++i)
            put_number(operands, e->first_symbols, task->inputs, i, outcome->steps, &status);
        for (uint32_t o = 0; o < task->outputs; ++o) {
            put_number(right, outcome->right, task->outputs, o, outcome->steps, &status);
            put_number(given, outcome->given, task->outputs, o, outcome->steps, &status);
        }
        json_put(first, "index", json_of_count(e->first_wrong));
        json_put(first, "operands", operands);
        json_put(first, "right", right);
        json_put(first, "given", given);
        json_put(object, "first_wrong", first);
    }
    json_append(results, object);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/*
 * The lengths to check: --lengths, --bits, or as trained; they must leave room for a number beside the closing
 * symbols.
 */
static bool lengths_fit(const saved_network *saved, const cli_arguments *arguments, const uint64_t *lengths,
                        size_t count, int *code)
{
    const carrynet_task *task = &saved->settings->task;
    for (size_t i = 0; i < count; ++i)
        if (lengths[i] <= task->closing_count) {
            *code = arguments_wrong(arguments, "%llu steps are too few for task %s, which needs at least %u",
                                    (unsigned long long)lengths[i], task->name, task->closing_count + 1);
            return false;
        }
    return true;
}

int command_eval(const cli_arguments *arguments)
{
    const option_value *values = arguments->values;
    const bool as_json = values[OPTION_JSON].given;
    json_t *results = NULL;
    uint64_t wrong = 0;
    saved_network saved = {0};
    int code;
    if (values[OPTION_BITS].given && values[OPTION_LENGTHS].given)
        return arguments_wrong(arguments, "--bits and --lengths both say how long; leave one out");
    if (!saved_network_open(&saved, arguments, NULL, &code))
        goto done;
    const carrynet_task *task = &saved.settings->task;
    const uint64_t one = values[OPTION_BITS].given ? values[OPTION_BITS].count : saved.settings->steps;
    const uint64_t *lengths = values[OPTION_LENGTHS].given ? values[OPTION_LENGTHS].list : &one;
    const size_t length_count = values[OPTION_LENGTHS].given ? (size_t)values[OPTION_LENGTHS].count : 1;
    const size_t first = saved.network, count = values[OPTION_NET].given ? 1 : saved.settings->networks;
    const bool several = count > 1;
    if (!lengths_fit(&saved, arguments, lengths, length_count, &code))
        goto done;
    if (!as_json && saved.settings->origin[0] != '\0')
        console_note("Origin: %s", saved.settings->origin);
    if (!as_json)
        console_note("Device: %s", carrynet_engine_description(saved.engine));
    results = json_array();
    if (!as_json && (several || length_count > 1))
        print_heading(several);
    for (size_t network = first; network < first + count; ++network) {
        carrynet_status status = network == saved.network ? CARRYNET_OK : saved_network_choose(&saved, network);
        for (size_t i = 0; i < length_count && status == CARRYNET_OK; ++i) {
            eval_outcome outcome = {0};
            (void)console_progress("Checking network %zu with %" PRIu64 " steps ...", network, lengths[i]);
            status = evaluate(&outcome, &saved, network, (size_t)lengths[i], values[OPTION_PROBLEMS].count);
            console_progress_clear();
            wrong += outcome.evaluation.wrong;
            if (status == CARRYNET_OK && as_json)
                status = put_outcome(results, &outcome, &saved);
            else if (status == CARRYNET_OK && (several || length_count > 1))
                status = print_row(&outcome, task, several);
            else if (status == CARRYNET_OK)
                status = print_alone(&outcome, &saved);
            outcome_free(&outcome);
        }
        if (status != CARRYNET_OK) {
            code = console_status(status);
            goto done;
        }
    }
    if (as_json) {
        json_t *object = json_object();
        json_put(object, "model", json_of_text(arguments->operands[0]));
        json_put(object, "task", json_of_text(task->name));
        json_put(object, "device", json_of_text(carrynet_engine_description(saved.engine)));
        json_put(object, "results", json_incref(results));
        json_put(object, "wrong", json_of_count(wrong));
        (void)json_line(stdout, object, JSON_DIGITS);
    }
    code = wrong == 0 ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
done:
    json_decref(results);
    saved_network_close(&saved);
    return code;
}
