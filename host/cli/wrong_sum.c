/* A wrong sum: from a problem or a counterexample to the right result and the network's, as text and as JSON. */
#include "cli/wrong_sum.h"
#include "cli/problem_text.h"
#include <math.h>
#include <string.h>

void wrong_sum_free(wrong_sum *sum)
{
    sys_free(sum->symbols);
    sys_free(sum->right);
    sys_free(sum->given);
    *sum = (wrong_sum){0};
}

static carrynet_status answer(wrong_sum *sum, saved_network *saved, const carrynet_task *task, double *logits)
{
    const size_t words = carrynet_packed_words(task->outputs, sum->steps);
    carrynet_status status = sys_allocate(&sum->right, words, sizeof *sum->right);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sum->given, words, sizeof *sum->given);
    if (status != CARRYNET_OK)
        return status;
    (void)carrynet_targets(task, task->start, sum->symbols, sum->steps, sum->right);
    return saved_network_outputs(saved, sum->symbols, sum->steps, sum->given, logits);
}

carrynet_status wrong_sum_answer(wrong_sum *sum, saved_network *saved, const carrynet_task *task)
{
    return answer(sum, saved, task, NULL);
}

/* ---- counterexamples ------------------------------------------------------------------------------------------- */

/* Whether `length` symbols, as operands, meet the task's constraint. */
static bool meets_constraint(const carrynet_task *task, const uint32_t *symbols, size_t length)
{
    if (task->constraint != CARRYNET_CONSTRAINT_NOT_LESS)
        return true;
    for (size_t t = length; t-- > 0;) {
        const uint32_t symbol = carrynet_packed_get(symbols, task->inputs, t);
        if ((symbol & 1u) != (symbol >> 1 & 1u))
            return (symbol & 1u) != 0;
    }
    return true;
}

/*
 * Bits of the operands of a problem that begins with the word: decimal numbers have no leading zeros, so a word that
 * ends in them, other than as the closing symbols, must be followed by a one; as must one that breaks the constraint.
 */
static size_t operand_bits(const carrynet_task *task, const uint32_t *symbols, size_t length)
{
    size_t bits = length;
    while (bits > 1 && carrynet_packed_get(symbols, task->inputs, bits - 1) == 0)
        --bits;
    bool whole = length - bits <= task->closing_count;
    for (size_t t = bits; whole && t < length; ++t)
        whole = task->closing[t - bits] == 0;
    return whole && meets_constraint(task, symbols, bits) ? bits : length + 1;
}

/* `carrynet run` gets the same sum, and gives the same answer. */
static carrynet_status run_alike(bool *alike, const wrong_sum *sum, saved_network *saved, const carrynet_task *task)
{
    char *operands[CARRYNET_TASK_INPUTS] = {0}, **answers = NULL;
    const char *asked[CARRYNET_TASK_INPUTS];
    sys_text given = {0};
    carrynet_status status = CARRYNET_OK;
    for (uint32_t i = 0; i < task->inputs && status == CARRYNET_OK; ++i) {
        status = carrynet_operand_unpack(&operands[i], sum->symbols, task->inputs, i, sum->steps - task->closing_count);
        asked[i] = operands[i];
    }
    if (status == CARRYNET_OK)
        status = carrynet_solve(&answers, saved->engine, task, 0, asked, 1);
    if (status == CARRYNET_OK)
        status = problem_add_answer(&given, task, sum->given, sum->steps, 0);
    *alike = status == CARRYNET_OK && strcmp(answers[0], given.data) == 0;
    if (answers != NULL)
        carrynet_answers_free(answers, 1);
    for (uint32_t i = 0; i < task->inputs; ++i)
        carrynet_decimal_free(operands[i]);
    sys_text_free(&given);
    return status;
}

static carrynet_status make_problem(wrong_sum *sum, const carrynet_task *task, const carrynet_counterexample *wrong)
{
    const size_t bits = operand_bits(task, wrong->symbols, wrong->steps);
    sum->steps = bits + task->closing_count;
    const carrynet_status status =
        sys_allocate(&sum->symbols, carrynet_packed_words(task->inputs, sum->steps), sizeof *sum->symbols);
    for (size_t t = 0; t < sum->steps && status == CARRYNET_OK; ++t) {
        const uint32_t symbol = t >= bits           ? task->closing[t - bits]
                                : t == wrong->steps ? 1
                                                    : carrynet_packed_get(wrong->symbols, task->inputs, t);
        carrynet_packed_set(sum->symbols, task->inputs, t, symbol);
    }
    return status;
}

carrynet_status wrong_sum_replay(wrong_sum *sum, saved_network *saved, const carrynet_task *task,
                                 const carrynet_counterexample *wrong)
{
    double *logits = NULL;
    bool alike = false;
    *sum = (wrong_sum){0};
    carrynet_status status = make_problem(sum, task, wrong);
    if (status == CARRYNET_OK)
        status = sys_allocate(&logits, sum->steps * task->outputs, sizeof *logits);
    if (status == CARRYNET_OK)
        status = answer(sum, saved, task, logits);
    if (status == CARRYNET_OK)
        status = run_alike(&alike, sum, saved, task);
    if (status != CARRYNET_OK)
        goto done;
    const size_t step = wrong->steps - 1;
    const double logit = logits[step * task->outputs + wrong->output];
    const uint32_t right = carrynet_packed_get(sum->right, task->outputs, step) >> wrong->output & 1u;
    const bool same = logit == wrong->logit || (isnan(logit) && isnan(wrong->logit));
    if (!alike || !same || right != wrong->right || (!isnan(logit) && (uint32_t)(logit > 0) == right))
        status = sys_fail(CARRYNET_ERROR_DEVICE,
                          "the wrong sum that was found for network %zu comes out otherwise on %s (a logit of %g, not "
                          "%g, at step %zu): run carrynet compare",
                          saved->network, carrynet_engine_description(saved->engine), logit, wrong->logit, step);
done:
    sys_free(logits);
    return status;
}

/* ---- in words -------------------------------------------------------------------------------------------------- */

carrynet_status wrong_sum_text(sys_text *text, const wrong_sum *sum, const carrynet_task *task)
{
    carrynet_status status = problem_add_question(text, task, sum->symbols, sum->steps, PROBLEM_DIGITS);
    sys_text_add(text, "%s", problem_equals(task));
    if (status == CARRYNET_OK)
        status = problem_add_answer(text, task, sum->right, sum->steps, PROBLEM_DIGITS);
    sys_text_add(text, ", but the network says ");
    if (status == CARRYNET_OK)
        status = problem_add_answer(text, task, sum->given, sum->steps, PROBLEM_DIGITS);
    return status;
}

static void put_number(json_t *numbers, const uint32_t *words, uint32_t bits, uint32_t which, size_t steps,
                       carrynet_status *status)
{
    sys_text text = {0};
    if (*status == CARRYNET_OK)
        *status = problem_add_number(&text, words, bits, which, steps, 0);
    if (*status == CARRYNET_OK)
        json_append(numbers, json_of_text(text.data));
    sys_text_free(&text);
}

carrynet_status wrong_sum_json(json_t *object, const wrong_sum *sum, const carrynet_task *task)
{
    carrynet_status status = CARRYNET_OK;
    json_t *operands = json_array(), *right = json_array(), *given = json_array();
    for (uint32_t i = 0; i < task->inputs; ++i)
        put_number(operands, sum->symbols, task->inputs, i, sum->steps, &status);
    for (uint32_t o = 0; o < task->outputs; ++o) {
        put_number(right, sum->right, task->outputs, o, sum->steps, &status);
        put_number(given, sum->given, task->outputs, o, sum->steps, &status);
    }
    json_put(object, "operands", operands);
    json_put(object, "right", right);
    json_put(object, "given", given);
    return status;
}
