/*
 * Problems as people write them, "93 + 38", and back. This file splits the text into operands; the library parses the
 * numbers and converts them to bits.
 */
#include "cli/problem_text.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *problem_word(const carrynet_task *task)
{
    return task->sign == '+' ? "sums" : task->sign == '-' ? "differences" : "problems";
}

static carrynet_status text_status(const sys_text *text)
{
    return text->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to write a problem down") : CARRYNET_OK;
}

carrynet_status problem_add_number(sys_text *text, const uint32_t *words, uint32_t bits, uint32_t which, size_t steps,
                                   size_t digits)
{
    char *decimal = NULL;
    const carrynet_status status = carrynet_operand_unpack(&decimal, words, bits, which, steps);
    if (status != CARRYNET_OK)
        return status;
    const size_t length = strlen(decimal);
    if (digits == 0 || length <= digits)
        sys_text_add(text, "%s", decimal);
    else
        sys_text_add(text, "%.8s...%s (%zu digits)", decimal, decimal + length - 8, length);
    carrynet_decimal_free(decimal);
    return text_status(text);
}

carrynet_status problem_add_question(sys_text *text, const carrynet_task *task, const uint32_t *symbols, size_t steps,
                                     size_t digits)
{
    carrynet_status status = CARRYNET_OK;
    for (uint32_t i = 0; i < task->inputs && status == CARRYNET_OK; ++i) {
        if (i > 0 && task->sign != 0)
            sys_text_add(text, " %c ", task->sign);
        else if (i > 0)
            sys_text_add(text, " ");
        status = problem_add_number(text, symbols, task->inputs, i, steps, digits);
    }
    return status;
}

const char *problem_equals(const carrynet_task *task)
{
    return task->sign != 0 ? " = " : " -> ";
}

carrynet_status problem_add_answer(sys_text *text, const carrynet_task *task, const uint32_t *outputs, size_t steps,
                                   size_t digits)
{
    carrynet_status status = CARRYNET_OK;
    for (uint32_t o = 0; o < task->outputs && status == CARRYNET_OK; ++o) {
        if (o > 0)
            sys_text_add(text, " ");
        status = problem_add_number(text, outputs, task->outputs, o, steps, digits);
    }
    return status;
}

carrynet_status problem_pack(uint32_t **words, const uint32_t *values, uint32_t bits, size_t steps)
{
    const carrynet_status status = sys_allocate(words, carrynet_packed_words(bits, steps), sizeof **words);
    if (status != CARRYNET_OK)
        return status;
    for (size_t t = 0; t < steps; ++t)
        carrynet_packed_set(*words, bits, t, values[t]);
    return CARRYNET_OK;
}

void problem_example(char *text, size_t size, const carrynet_task *task, size_t steps, bool with_sign)
{
    static const unsigned numbers[CARRYNET_TASK_INPUTS] = {93, 38, 21, 7};
    const size_t length = steps > task->closing_count ? steps - task->closing_count : 1;
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < task->inputs && used < size; ++i) {
        char between[4] = " ";
        if (with_sign && task->sign != 0)
            (void)snprintf(between, sizeof between, " %c ", task->sign);
        const unsigned number = length >= 7 ? numbers[i] : numbers[i] & ((1u << length) - 1);
        used += (size_t)snprintf(text + used, size - used, "%s%u", i == 0 ? "" : between, number);
    }
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool meets_constraint(const char *const *operands, const carrynet_task *task, char *why, size_t size)
{
    uint32_t *symbols = NULL;
    size_t steps = 0;
    if (task->constraint == CARRYNET_CONSTRAINT_NONE)
        return true;
    const bool met = carrynet_operands_pack(&symbols, &steps, task, operands, 1) == CARRYNET_OK;
    if (!met)
        (void)snprintf(why, size, "%s", carrynet_message());
    carrynet_operands_free(symbols);
    return met;
}

bool problem_read(const char **operands, const carrynet_task *task, char *line, char *why, size_t size)
{
    char *starts[CARRYNET_TASK_INPUTS], *ends[CARRYNET_TASK_INPUTS];
    char example[64], *p = line;
    uint32_t found = 0;
    char wanted[16];
    problem_example(example, sizeof example, task, 8, true);
    (void)snprintf(wanted, sizeof wanted, task->inputs == 1 ? "one number" : "%u numbers", task->inputs);
    for (;;) {
        while (is_blank(*p))
            ++p;
        if (found > 0 && task->sign != 0 && *p == task->sign) {
            ++p;
            while (is_blank(*p))
                ++p;
        } else if (*p == '\0') {
            break;
        }
        char *start = p;
        while (*p != '\0' && !is_blank(*p) && (task->sign == 0 || *p != task->sign))
            ++p;
        size_t digits = 0;
        while (start + digits < p && isdigit((unsigned char)start[digits]))
            ++digits;
        if (digits == 0 || start + digits != p) {
            (void)snprintf(why, size, "'%.*s' is not a whole number; write %s, such as %s",
                           (int)(p - start > 40 ? 40
                                 : p > start    ? p - start
                                                : 1),
                           start, wanted, example);
            return false;
        }
        if (found == task->inputs) {
            (void)snprintf(why, size, "more than %s; write %s, such as %s", wanted, wanted, example);
            return false;
        }
        starts[found] = start;
        ends[found++] = p;
    }
    if (found < task->inputs) {
        (void)snprintf(why, size, "%s; write %s, such as %s",
                       found == 0   ? "no number"
                       : found == 1 ? "only one number"
                                    : "too few numbers",
                       wanted, example);
        return false;
    }
    /* Only now, since an end may be the sign that parts two numbers. */
    for (uint32_t i = 0; i < found; ++i) {
        *ends[i] = '\0';
        operands[i] = starts[i];
    }
    return meets_constraint(operands, task, why, size);
}
