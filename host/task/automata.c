/*
 * Operations on automata: the minimal equivalent table (Moore's partition refinement over the reachable states), and
 * the shortest word on which two automata differ (breadth-first search over pairs of states).
 */
#include "platform/platform.h"
#include <carrynet/task.h>
#include <stdbool.h>
#include <string.h>

enum { STATES = CARRYNET_TASK_STATES, SYMBOLS = CARRYNET_TASK_SYMBOLS };

/* ---- the smallest table ---------------------------------------------------------------------------------------- */

/* The states that can be reached, breadth first, symbols ascending. Returns their number. */
static uint32_t reach(uint8_t order[STATES], const carrynet_task *task)
{
    bool seen[STATES] = {false};
    uint32_t count = 1;
    order[0] = (uint8_t)task->start;
    seen[task->start] = true;
    for (uint32_t i = 0; i < count; ++i)
        for (uint32_t a = 0; a < 1u << task->inputs; ++a) {
            const uint8_t next = task->next[order[i]][a];
            if (!seen[next])
                order[count++] = next;
            seen[next] = true;
        }
    return count;
}

/*
 * Splits the classes once: class_of[q] becomes the place in `order` of the first state of the same class whose row of
 * what is in `rows` is the same. Returns the number of classes.
 */
static uint32_t split(uint8_t class_of[STATES], const uint8_t rows[STATES][SYMBOLS], const uint8_t *order,
                      uint32_t count)
{
    uint8_t before[STATES];
    uint32_t classes = 0;
    memcpy(before, class_of, sizeof before);
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t k = 0;
        while (before[order[k]] != before[order[i]] || memcmp(rows[order[k]], rows[order[i]], SYMBOLS) != 0)
            ++k;
        class_of[order[i]] = (uint8_t)k;
        classes += k == i ? 1 : 0;
    }
    return classes;
}

void carrynet_task_minimise(carrynet_task *minimal, const carrynet_task *task)
{
    const uint32_t symbols = 1u << task->inputs;
    uint8_t order[STATES], class_of[STATES] = {0}, rows[STATES][SYMBOLS] = {{0}}, number[STATES] = {0};
    carrynet_task made = *task;
    const uint32_t count = reach(order, task);
    for (uint32_t i = 0; i < count; ++i)
        memcpy(rows[order[i]], task->out[order[i]], symbols);
    uint32_t classes = split(class_of, (const uint8_t(*)[SYMBOLS])rows, order, count), before;
    do {
        before = classes;
        for (uint32_t i = 0; i < count; ++i)
            for (uint32_t a = 0; a < symbols; ++a)
                rows[order[i]][a] = class_of[task->next[order[i]][a]];
        classes = split(class_of, (const uint8_t(*)[SYMBOLS])rows, order, count);
    } while (classes != before);

    /* Classes in the order of their first states: as breadth first search through the result would meet them. */
    memset(made.next, 0, sizeof made.next);
    memset(made.out, 0, sizeof made.out);
    made.states = 0;
    made.start = 0;
    for (uint32_t i = 0; i < count; ++i)
        if (class_of[order[i]] == i)
            number[i] = (uint8_t)made.states++;
    for (uint32_t i = 0; i < count; ++i)
        for (uint32_t a = 0; a < symbols && class_of[order[i]] == i; ++a) {
            made.next[number[i]][a] = number[class_of[task->next[order[i]][a]]];
            made.out[number[i]][a] = task->out[order[i]][a];
        }
    *minimal = made;
}

/* ---- two automata ---------------------------------------------------------------------------------------------- */

/* A pair of states, how the search came to it first, and its place in the queue of pairs. */
struct pair {
    uint16_t before; /* the number of the pair from which */
    uint16_t queued; /* the number of the pair that entered the queue at this place */
    uint8_t symbol;  /* under which */
    bool seen;
};

/* The word that leads to pair `at`, and `last` after it. */
static void put_word(carrynet_task_difference *found, const struct pair *pairs, uint32_t start, uint32_t at,
                     uint32_t last)
{
    size_t length = 1;
    for (uint32_t p = at; p != start; p = pairs[p].before)
        ++length;
    found->length = length;
    found->word[--length] = (uint8_t)last;
    for (uint32_t p = at; p != start; p = pairs[p].before)
        found->word[--length] = pairs[p].symbol;
}

carrynet_status carrynet_task_distinguish(carrynet_task_difference *difference, const carrynet_task *a,
                                          const carrynet_task *b)
{
    const uint32_t columns = b->states, start = a->start * columns + b->start;
    struct pair *pairs = NULL;
    size_t queued = 1;
    *difference = (carrynet_task_difference){0};
    if (a->inputs != b->inputs || a->outputs != b->outputs)
        return sys_fail(CARRYNET_ERROR_ARGUMENT,
                        "task %s reads %u and writes %u bits a step, task %s %u and %u: they cannot be compared",
                        a->name, a->inputs, a->outputs, b->name, b->inputs, b->outputs);
    const carrynet_status status = sys_allocate(&pairs, (size_t)a->states * b->states, sizeof *pairs);
    if (status != CARRYNET_OK)
        return status;
    pairs[0].queued = (uint16_t)start;
    pairs[start].seen = true;
    for (size_t i = 0; i < queued; ++i) {
        const uint32_t at = pairs[i].queued, p = at / columns, q = at % columns;
        for (uint32_t s = 0; s < 1u << a->inputs; ++s)
            if (a->out[p][s] != b->out[q][s]) {
                put_word(difference, pairs, start, at, s);
                difference->outputs[0] = a->out[p][s];
                difference->outputs[1] = b->out[q][s];
                goto done;
            }
        for (uint32_t s = 0; s < 1u << a->inputs; ++s) {
            struct pair *next = &pairs[a->next[p][s] * columns + b->next[q][s]];
            if (next->seen)
                continue;
            next->seen = true;
            next->before = (uint16_t)at;
            next->symbol = (uint8_t)s;
            pairs[queued++].queued = (uint16_t)(next - pairs);
        }
    }
done:
    sys_free(pairs);
    return CARRYNET_OK;
}
