/*
 * The built-in tasks. A new task is one more table here: for each state a row of next states and a row of outputs, with
 * an entry per symbol. Bit i of a symbol is the bit of operand i, so symbol 1 is a = 1, b = 0.
 *
 * The seven languages are those of M. Tomita, "Dynamic construction of finite-state automata from examples using
 * hill-climbing" (1982), a standard test of recurrent networks; the output is 1 if the input so far is in the language.
 * The third is the complement of ((0|1)*0)*1(11)*(0(0|1)*1)*0(00)*(1(0|1)*)*.
 */
#include "platform/platform.h"
#include <carrynet/task.h>
#include <string.h>

typedef struct built_in_task {
    const char *meaning;
    carrynet_task task;
} built_in_task;

/* One bit in, the accept bit out. */
#define LANGUAGE(number) .name = "tomita" number, .inputs = 1, .outputs = 1

static const built_in_task built_in[] = {
    /* The state is the carry: a + b + carry = out + 2 next. */
    {"a + b",
     {.name = "add",
      .inputs = 2,
      .outputs = 1,
      .states = 2,
      .closing_count = 1,
      .sign = '+',
      .next = {{0, 0, 0, 1}, {0, 1, 1, 1}},
      .out = {{0, 1, 1, 0}, {1, 0, 0, 1}}}},
    /* The state is the borrow: a - b - borrow = out - 2 next. */
    {"a - b, where a is not less than b",
     {.name = "sub",
      .inputs = 2,
      .outputs = 1,
      .states = 2,
      .closing_count = 1,
      .constraint = CARRYNET_CONSTRAINT_NOT_LESS,
      .sign = '-',
      .next = {{0, 0, 1, 0}, {1, 0, 1, 1}},
      .out = {{0, 1, 1, 0}, {1, 0, 0, 1}}}},
    /* The state is the carry, up to 2: a + b + c + carry = out + 2 next. Two closing zeros let all of it out. */
    {"a + b + c",
     {.name = "add3",
      .inputs = 3,
      .outputs = 1,
      .states = 3,
      .closing_count = 2,
      .sign = '+',
      .next = {{0, 0, 0, 1, 0, 1, 1, 1}, {0, 1, 1, 1, 1, 1, 1, 2}, {1, 1, 1, 2, 1, 2, 2, 2}},
      .out = {{0, 1, 1, 0, 1, 0, 0, 1}, {1, 0, 0, 1, 0, 1, 1, 0}, {0, 1, 1, 0, 1, 0, 0, 1}}}},
    /*
     * The state is 0: equal so far, 1: a is greater, 2: a is less; the highest bits that differ decide. States 0 and 2
     * answer alike, so that the smallest table has two states.
     */
    {"whether a > b, of the bits read so far",
     {.name = "compare",
      .inputs = 2,
      .outputs = 1,
      .states = 3,
      .next = {{0, 1, 2, 0}, {1, 1, 2, 1}, {2, 1, 2, 2}},
      .out = {{0, 1, 0, 0}, {1, 1, 0, 1}, {0, 1, 0, 0}}}},
    /* The state is the carry, up to 2: 3 a + carry = out + 2 next. Two closing zeros let all of it out. */
    {"3 a",
     {.name = "times3",
      .inputs = 1,
      .outputs = 1,
      .states = 3,
      .closing_count = 2,
      .next = {{0, 1}, {0, 2}, {1, 2}},
      .out = {{0, 1}, {1, 0}, {0, 1}}}},
    /* The state is the parity. */
    {"whether the ones read so far are odd in number",
     {.name = "parity", .inputs = 1, .outputs = 1, .states = 2, .next = {{0, 1}, {1, 0}}, .out = {{0, 1}, {1, 0}}}},
    /* The state is the last bit and twice the one before; zeros before the first. */
    {"the bit read two steps ago",
     {.name = "delay2",
      .inputs = 1,
      .outputs = 1,
      .states = 4,
      .next = {{0, 1}, {2, 3}, {0, 1}, {2, 3}},
      .out = {{0, 0}, {0, 0}, {1, 1}, {1, 1}}}},
    /* State 1: there was a zero. */
    {"1*", {LANGUAGE("1"), .states = 2, .next = {{1, 0}, {1, 1}}, .out = {{0, 1}, {0, 0}}}},
    /* State 1: a zero must follow; 2: lost. */
    {"(10)*", {LANGUAGE("2"), .states = 3, .next = {{2, 1}, {0, 2}, {2, 2}}, .out = {{0, 0}, {1, 0}, {0, 0}}}},
    /* State 1: an odd run of ones; 2, 3: one is over, the zeros now are odd or even in number; 4: lost. */
    {"no odd run of zeros anywhere after an odd run of ones",
     {LANGUAGE("3"), .states = 5, .next = {{0, 1}, {2, 0}, {3, 4}, {2, 3}, {4, 4}},
      .out = {{1, 1}, {0, 1}, {1, 0}, {0, 1}, {0, 0}}}},
    /* The state is the number of zeros at the end; 3: lost. */
    {"no 000 anywhere",
     {LANGUAGE("4"), .states = 4, .next = {{1, 0}, {2, 0}, {3, 0}, {3, 3}}, .out = {{1, 1}, {1, 1}, {0, 1}, {0, 0}}}},
    /* The state is the parity of the zeros and twice that of the ones. */
    {"an even number of zeros and an even number of ones",
     {LANGUAGE("5"), .states = 4, .next = {{1, 2}, {0, 3}, {3, 0}, {2, 1}}, .out = {{0, 0}, {1, 0}, {0, 1}, {0, 0}}}},
    /* The state is the difference modulo 3. */
    {"zeros less ones divisible by 3",
     {LANGUAGE("6"), .states = 3, .next = {{1, 2}, {2, 0}, {0, 1}}, .out = {{0, 0}, {0, 1}, {1, 0}}}},
    /* The state is the number of changes; 4: lost. */
    {"0*1*0*1*",
     {LANGUAGE("7"), .states = 5, .next = {{0, 1}, {2, 1}, {2, 3}, {4, 3}, {4, 4}},
      .out = {{1, 1}, {1, 1}, {1, 1}, {0, 1}, {0, 0}}}},
};

size_t carrynet_task_count(void)
{
    return sizeof built_in / sizeof built_in[0];
}

const carrynet_task *carrynet_task_at(size_t index)
{
    return index < carrynet_task_count() ? &built_in[index].task : NULL;
}

const char *carrynet_task_meaning(size_t index)
{
    return index < carrynet_task_count() ? built_in[index].meaning : NULL;
}

carrynet_status carrynet_task_find(const carrynet_task **task, const char *name)
{
    sys_text list = {0};
    *task = NULL;
    for (size_t i = 0; i < carrynet_task_count(); ++i) {
        if (strcmp(built_in[i].task.name, name) == 0) {
            *task = &built_in[i].task;
            break;
        }
        sys_text_add(&list, "%s%s", i == 0 ? "" : ", ", built_in[i].task.name);
    }
    carrynet_status status = CARRYNET_OK;
    if (*task == NULL)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "no task is called '%.64s'; there are: %s", name,
                          list.failed ? "add" : list.data);
    sys_text_free(&list);
    return status;
}
