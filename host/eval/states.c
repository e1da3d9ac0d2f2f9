/* Hidden states of a network: forward passes in chunks, with the automaton's states beside them. */
#include "engine/stream.h"
#include "platform/platform.h"
#include <carrynet/states.h>
#include <inttypes.h>
#include <string.h>

/* Most bits of operands whose strings are all taken; steps of one pass; problems where not all are. */
enum { ALL_BITS = 14, PASS_STEPS = 1 << 16, DEFAULT_PROBLEMS = 1024, MOST_STEPS = 1000000, OPERAND_BITS = 64 };

static carrynet_status allocate(carrynet_states *s, const carrynet_task *task)
{
    const size_t width = s->precision / 8;
    const bool numbers = s->steps - task->closing_count <= OPERAND_BITS;
    const double need =
        (double)s->problems *
        ((double)s->steps * ((double)(s->hidden + s->outputs) * (double)width + s->inputs + s->outputs + 1.0) +
         (numbers ? 8.0 * s->inputs : 0.0));
    const uint64_t there = sys_memory();
    if (need > 0x1p62 || (there != 0 && need > (double)there))
        return sys_fail(CARRYNET_ERROR_MEMORY,
                        "the states of %zu problems of %zu steps take %.3g GB; there are %.3g GB of memory; ask "
                        "for fewer problems or steps",
                        s->problems, s->steps, need / 1e9, (double)there / 1e9);
    const size_t all = s->problems * s->steps;
    carrynet_status status = sys_allocate(&s->h, all * s->hidden, width);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->y, all * s->outputs, width);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->x, all * s->inputs, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->target, all * s->outputs, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->state, all, 1);
    if (status == CARRYNET_OK && numbers)
        status = sys_allocate(&s->operands, s->problems * s->inputs, sizeof *s->operands);
    return status;
}

/* Unpacks problem `from` of a batch as problem `to`. */
static void unpack(carrynet_states *s, size_t to, const carrynet_task *task, const carrynet_batch *batch, size_t from)
{
    const uint32_t *const symbols = batch->symbols + from * batch->symbol_words;
    const uint32_t *const targets = batch->targets + from * batch->target_words;
    uint32_t state = task->start;
    for (size_t t = 0; t < s->steps; ++t) {
        const size_t at = to * s->steps + t;
        const uint32_t symbol = carrynet_packed_get(symbols, s->inputs, t);
        const uint32_t target = carrynet_packed_get(targets, s->outputs, t);
        for (uint32_t i = 0; i < s->inputs; ++i) {
            const uint32_t bit = symbol >> i & 1u;
            s->x[at * s->inputs + i] = (uint8_t)bit;
            if (s->operands != NULL && t + task->closing_count < s->steps)
                s->operands[to * s->inputs + i] |= (uint64_t)bit << t;
        }
        for (uint32_t o = 0; o < s->outputs; ++o)
            s->target[at * s->outputs + o] = (uint8_t)(target >> o & 1u);
        s->state[at] = (uint8_t)state;
        (void)carrynet_task_step(task, &state, symbol);
    }
}

/* Fills a batch with problems `done` and on, and sets how many. */
static carrynet_status fill(carrynet_batch *batch, const carrynet_states *s, const carrynet_task *task,
                            const carrynet_source *source, uint64_t *cursor, size_t done)
{
    if (s->exhaustive) {
        batch->sequences = carrynet_enumerate(task, cursor, batch);
        return CARRYNET_OK;
    }
    if (s->problems - done < batch->sequences)
        batch->sequences = s->problems - done;
    if (source != NULL)
        return source->fill(source->self, 0, 0, done, batch->sequences, s->steps, batch->symbols, batch->targets);
    for (size_t i = 0; i < batch->sequences; ++i)
        carrynet_evaluation_problem(task, done + i, s->steps, batch->symbols + i * batch->symbol_words,
                                    batch->targets + i * batch->target_words);
    return CARRYNET_OK;
}

carrynet_status carrynet_states_collect(carrynet_states *states, carrynet_engine *engine, const carrynet_task *task,
                                        size_t network, size_t steps, uint64_t problems, const carrynet_source *source)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t width = settings->precision / 8;
    carrynet_batch batch = {0};
    char *h = NULL, *y = NULL;
    uint64_t cursor = 0;
    *states = (carrynet_states){0};
    if (stream_fits(engine, task, network) != CARRYNET_OK)
        return CARRYNET_ERROR_ARGUMENT;
    if (steps <= task->closing_count || steps > MOST_STEPS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "bits is %zu, must be %u to %d", steps, task->closing_count + 1,
                        MOST_STEPS);
    states->exhaustive = problems == 0 && (steps - task->closing_count) * task->inputs <= ALL_BITS;
    states->problems = states->exhaustive ? (size_t)carrynet_problem_count(task, steps)
                       : problems != 0    ? (size_t)problems
                                          : DEFAULT_PROBLEMS;
    states->steps = steps;
    states->inputs = task->inputs;
    states->hidden = settings->shape.hidden;
    states->outputs = task->outputs;
    states->precision = settings->precision;
    carrynet_status status = allocate(states, task);
    size_t chunk = PASS_STEPS / steps < 1 ? 1 : PASS_STEPS / steps;
    if (chunk > states->problems)
        chunk = states->problems;
    const size_t h_bytes = steps * states->hidden * width, y_bytes = steps * states->outputs * width;
    if (status == CARRYNET_OK)
        status = carrynet_batch_create(&batch, task, chunk, steps);
    if (status == CARRYNET_OK)
        status = sys_allocate(&h, settings->networks * chunk, h_bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&y, settings->networks * chunk, y_bytes);
    for (size_t done = 0; done < states->problems && status == CARRYNET_OK; done += batch.sequences) {
        batch.sequences = chunk;
        status = fill(&batch, states, task, source, &cursor, done);
        if (status == CARRYNET_OK)
            status = carrynet_engine_forward(engine, &batch, &(carrynet_forward){.h = h, .y = y});
        if (status != CARRYNET_OK)
            break;
        const size_t first = network * batch.sequences;
        memcpy((char *)states->h + done * h_bytes, h + first * h_bytes, batch.sequences * h_bytes);
        memcpy((char *)states->y + done * y_bytes, y + first * y_bytes, batch.sequences * y_bytes);
        for (size_t i = 0; i < batch.sequences; ++i)
            unpack(states, done + i, task, &batch, i);
    }
    carrynet_batch_free(&batch);
    sys_free(h);
    sys_free(y);
    if (status != CARRYNET_OK)
        carrynet_states_free(states);
    return status;
}

void carrynet_states_free(carrynet_states *states)
{
    sys_free(states->h);
    sys_free(states->y);
    sys_free(states->x);
    sys_free(states->target);
    sys_free(states->state);
    sys_free(states->operands);
    *states = (carrynet_states){0};
}

uint32_t carrynet_states_word(const uint8_t *bits, uint32_t count, size_t point)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < count; ++i)
        word |= (uint32_t)bits[point * count + i] << i;
    return word;
}

uint32_t carrynet_states_after(const carrynet_states *states, const carrynet_task *task, size_t point)
{
    return task->next[states->state[point]][carrynet_states_word(states->x, states->inputs, point)];
}
