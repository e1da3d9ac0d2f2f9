/*
 * Packed symbols, and the sources of problems: counter-based, explicit, exhaustive, and the evaluation set
 * (kernels/ARITHMETIC.md 6 and 8).
 */
#include "kernels/arithmetic.h"
#include "kernels/problems.h"
#include "platform/platform.h"
#include <carrynet/problem.h>
#include <stdbool.h>
#include <string.h>

/* ---- packing --------------------------------------------------------------------------------------------------- */

size_t carrynet_packed_words(uint32_t bits, size_t steps)
{
    const size_t per_word = 32 / bits;
    return (steps + per_word - 1) / per_word;
}

uint32_t carrynet_packed_get(const uint32_t *words, uint32_t bits, size_t step)
{
    const size_t per_word = 32 / bits;
    return words[step / per_word] >> (bits * (step % per_word)) & ((1u << bits) - 1);
}

void carrynet_packed_set(uint32_t *words, uint32_t bits, size_t step, uint32_t symbol)
{
    const size_t per_word = 32 / bits, shift = bits * (step % per_word);
    uint32_t *held = &words[step / per_word];
    *held = (*held & ~(((1u << bits) - 1) << shift)) | symbol << shift;
}

carrynet_status carrynet_batch_create(carrynet_batch *batch, const carrynet_task *task, size_t sequences, size_t steps)
{
    carrynet_batch made = {.sequences = sequences, .steps = steps};
    *batch = made;
    if (sequences == 0 || steps == 0)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a batch needs at least one sequence of at least one step");
    made.symbol_words = carrynet_packed_words(task->inputs, steps);
    made.target_words = carrynet_packed_words(task->outputs, steps);
    if (sequences > SIZE_MAX / 8 / (made.symbol_words + made.target_words))
        return sys_fail(CARRYNET_ERROR_MEMORY, "a batch of %zu sequences of %zu steps does not fit in memory",
                        sequences, steps);
    carrynet_status status = sys_allocate(&made.symbols, sequences * made.symbol_words, sizeof *made.symbols);
    if (status == CARRYNET_OK)
        status = sys_allocate(&made.targets, sequences * made.target_words, sizeof *made.targets);
    if (status != CARRYNET_OK) {
        carrynet_batch_free(&made);
        return status;
    }
    *batch = made;
    return CARRYNET_OK;
}

void carrynet_batch_free(carrynet_batch *batch)
{
    sys_free(batch->symbols);
    sys_free(batch->targets);
    *batch = (carrynet_batch){0};
}

uint32_t carrynet_targets(const carrynet_task *task, uint32_t state, const uint32_t *symbols, size_t steps,
                          uint32_t *targets)
{
    const size_t words = carrynet_packed_words(task->outputs, steps);
    memset(targets, 0, words * sizeof *targets);
    for (size_t t = 0; t < steps; ++t) {
        const uint32_t symbol = carrynet_packed_get(symbols, task->inputs, t);
        carrynet_packed_set(targets, task->outputs, t, carrynet_task_step(task, &state, symbol));
    }
    return state;
}

/* ---- from random or counted words to a problem ----------------------------------------------------------------- */

/* Symbols before the closing ones. */
static size_t free_steps(const carrynet_task *task, size_t steps)
{
    return steps > task->closing_count ? steps - task->closing_count : 0;
}

/* Whether operand 0 < operand 1: the highest word in which they differ decides. */
static bool is_less(const carrynet_task *task, const uint32_t *symbols, size_t words)
{
    for (size_t w = words; w-- > 0;) {
        const uint32_t difference = problem_difference(symbols[w], task->inputs);
        if (difference != 0)
            return (symbols[w] & difference) == 0;
    }
    return false;
}

/*
 * Cuts the free symbols off above their last, applies the constraint, appends the closing symbols, computes the
 * targets.
 */
static void finish(const carrynet_task *task, size_t steps, uint32_t *symbols, uint32_t *targets)
{
    const size_t length = free_steps(task, steps), per_word = 32 / task->inputs;
    const size_t used = carrynet_packed_words(task->inputs, length);
    for (size_t w = 0; w < used; ++w) {
        const size_t left = length - w * per_word;
        symbols[w] = problem_symbols(symbols[w], task->inputs, (uint32_t)(left < per_word ? left : per_word));
    }
    memset(symbols + used, 0, (carrynet_packed_words(task->inputs, steps) - used) * sizeof *symbols);
    if (task->constraint == CARRYNET_CONSTRAINT_NOT_LESS && is_less(task, symbols, used))
        for (size_t w = 0; w < used; ++w)
            symbols[w] = problem_exchanged(symbols[w], task->inputs);
    for (size_t t = length; t < steps; ++t)
        carrynet_packed_set(symbols, task->inputs, t, task->closing[t - length]);
    (void)carrynet_targets(task, task->start, symbols, steps, targets);
}

/* Words first, ..., first + count - 1 of a stream. */
static void stream_words(uint32_t *words, uint64_t first, size_t count, uint64_t key, uint32_t update, uint32_t stream)
{
    for (size_t done = 0; done < count;) {
        const uint64_t block = (first + done) / 4;
        uint32_t c[4];
        problem_block(c, (uint32_t)block, (uint32_t)(block >> 32), update, stream, (uint32_t)key,
                      (uint32_t)(key >> 32));
        for (size_t lane = (first + done) % 4; lane < 4 && done < count; ++lane)
            words[done++] = c[lane];
    }
}

/* ---- sources --------------------------------------------------------------------------------------------------- */

static carrynet_status counter_fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count,
                                    size_t steps, uint32_t *symbols, uint32_t *targets)
{
    const carrynet_task *task = self;
    const size_t drawn = carrynet_packed_words(task->inputs, free_steps(task, steps));
    const size_t symbol_words = carrynet_packed_words(task->inputs, steps);
    const size_t target_words = carrynet_packed_words(task->outputs, steps);
    if (steps <= task->closing_count)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "%zu steps leave no room for a problem", steps);
    for (size_t p = 0; p < count; ++p) {
        uint32_t *sequence = symbols + p * symbol_words;
        stream_words(sequence, (first + p) * (uint64_t)drawn, drawn, seed, (uint32_t)update, CARRYNET_STREAM_PROBLEMS);
        finish(task, steps, sequence, targets + p * target_words);
    }
    return CARRYNET_OK;
}

carrynet_source carrynet_counter_source(const carrynet_task *task)
{
    /* The task is only read; the cast serves the source's one kind of self. */
    return (carrynet_source){.fill = counter_fill, .self = (void *)(uintptr_t)task, .counter = task};
}

/* ---- held-out problems ----------------------------------------------------------------------------------------- */

enum { CANDIDATES = 4096 };

bool carrynet_held_out(const carrynet_split *split, const uint32_t *symbols, size_t steps)
{
    const uint32_t inputs = split->task->inputs;
    const size_t length = free_steps(split->task, steps), per_word = 32 / inputs;
    size_t words = carrynet_packed_words(inputs, length);
    uint32_t digest = 0;
    bool leading = true; /* words that are 0 so far, from the highest down */
    for (size_t w = words; w-- > 1 && leading;) {
        const size_t left = length - w * per_word;
        leading = problem_symbols(symbols[w], inputs, (uint32_t)(left < per_word ? left : per_word)) == 0;
        words -= leading ? 1 : 0;
    }
    for (size_t w = 0; w < words; ++w) {
        const size_t left = length - w * per_word;
        uint32_t c[4] = {problem_symbols(symbols[w], inputs, (uint32_t)(left < per_word ? left : per_word)), digest,
                         (uint32_t)w, CARRYNET_STREAM_SPLIT};
        philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)split->seed, (uint32_t)(split->seed >> 32));
        digest = c[0];
    }
    return digest >= (uint64_t)(split->fraction * 0x1p32);
}

static carrynet_status split_fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count, size_t steps,
                                  uint32_t *symbols, uint32_t *targets)
{
    const carrynet_split *split = self;
    const carrynet_task *task = split->task;
    const size_t drawn = carrynet_packed_words(task->inputs, free_steps(task, steps));
    const size_t symbol_words = carrynet_packed_words(task->inputs, steps);
    const size_t target_words = carrynet_packed_words(task->outputs, steps);
    const carrynet_status status =
        counter_fill((void *)(uintptr_t)task, seed, update, first, count, steps, symbols, targets);
    for (size_t p = 0; p < count && status == CARRYNET_OK; ++p) {
        uint32_t *sequence = symbols + p * symbol_words;
        const uint64_t begin = (uint64_t)(first + p) * (CANDIDATES - 1) * drawn;
        size_t candidate = 0;
        while (carrynet_held_out(split, sequence, steps) && ++candidate < CANDIDATES) {
            stream_words(sequence, begin + (candidate - 1) * drawn, drawn, seed, (uint32_t)update,
                         CARRYNET_STREAM_REDRAW);
            finish(task, steps, sequence, targets + p * target_words);
        }
        if (candidate == CANDIDATES)
            return sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                            "update %llu of seed %llu: %d candidates for problem %zu are all held out; choose a larger "
                            "train-fraction or another split-seed",
                            (unsigned long long)update, (unsigned long long)seed, CANDIDATES, first + p);
    }
    return status;
}

carrynet_source carrynet_split_source(const carrynet_split *split)
{
    return (carrynet_source){.fill = split_fill, .self = (void *)(uintptr_t)split};
}

/* ---- problems of the caller ------------------------------------------------------------------------------------ */

static carrynet_status explicit_fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count,
                                     size_t steps, uint32_t *symbols, uint32_t *targets)
{
    const carrynet_batch *batch = self;
    (void)seed;
    (void)update;
    if (steps != batch->steps || first > batch->sequences || count > batch->sequences - first)
        return sys_fail(CARRYNET_ERROR_ARGUMENT,
                        "problems %zu to %zu of %zu steps asked of a batch with %zu of %zu steps", first,
                        first + count - 1, steps, batch->sequences, batch->steps);
    memcpy(symbols, batch->symbols + first * batch->symbol_words, count * batch->symbol_words * sizeof *symbols);
    memcpy(targets, batch->targets + first * batch->target_words, count * batch->target_words * sizeof *targets);
    return CARRYNET_OK;
}

carrynet_source carrynet_explicit_source(const carrynet_batch *batch)
{
    return (carrynet_source){.fill = explicit_fill, .self = (void *)(uintptr_t)batch};
}

/* ---- every problem --------------------------------------------------------------------------------------------- */

uint64_t carrynet_problem_count(const carrynet_task *task, size_t steps)
{
    const size_t length = free_steps(task, steps);
    if (length > 63 / task->inputs)
        return 0;
    const uint64_t all = 1ull << (task->inputs * length);
    if (task->constraint == CARRYNET_CONSTRAINT_NONE)
        return all;
    /* Pairs with operand 0 >= operand 1: n (n + 1) / 2 of n^2, for each setting of the other operands. */
    const uint64_t n = 1ull << length;
    return all / n / n * (n == 1 ? 1 : n / 2 * (n + 1));
}

size_t carrynet_enumerate(const carrynet_task *task, uint64_t *cursor, const carrynet_batch *batch)
{
    const size_t length = free_steps(task, batch->steps), per_word = 32 / task->inputs;
    const uint64_t end = 1ull << (task->inputs * length), word_mask = (1ull << (per_word * task->inputs)) - 1;
    size_t count = 0;
    for (; count < batch->sequences && *cursor < end; ++*cursor) {
        uint32_t *symbols = batch->symbols + count * batch->symbol_words;
        uint64_t rest = *cursor;
        for (size_t w = 0; w < batch->symbol_words; ++w) {
            symbols[w] = (uint32_t)(rest & word_mask);
            rest = rest >> (per_word * task->inputs - 1) >> 1;
        }
        if (task->constraint == CARRYNET_CONSTRAINT_NOT_LESS && is_less(task, symbols, batch->symbol_words))
            continue;
        finish(task, batch->steps, symbols, batch->targets + count * batch->target_words);
        ++count;
    }
    return count;
}

/* ---- the evaluation set ---------------------------------------------------------------------------------------- */

void carrynet_evaluation_problem(const carrynet_task *task, uint64_t index, size_t steps, uint32_t *symbols,
                                 uint32_t *targets)
{
    const size_t length = free_steps(task, steps), drawn = carrynet_packed_words(task->inputs, length);
    const uint32_t ones = (1u << task->inputs) - 1;
    /* Four words of the problem's own decide its kind; the string's words follow at the next whole block. */
    const uint64_t base = index * 4 * ((uint64_t)drawn / 4 + 2);
    uint32_t choice[4];
    stream_words(choice, base, 4, 0, (uint32_t)steps, CARRYNET_STREAM_EVALUATION);
    stream_words(symbols, base + 4, drawn, 0, (uint32_t)steps, CARRYNET_STREAM_EVALUATION);
    /* The first of each kind is the plainest: the longest carry, all ones, alternating bits. */
    const uint32_t one = index == 1 ? 1 : index == 2 || index == 3 ? ones : choice[0] & ones;
    const uint32_t other = index == 3 ? 0 : choice[1] & ones;
    switch (length == 0 ? 0 : index % 4) {
    case 1: { /* a carry chain: both operands 1, then a run of one symbol, in a random string */
        const size_t start = index == 1 ? 0 : (size_t)(((uint64_t)choice[2] * length) >> 32);
        const size_t run = index == 1 ? length : (size_t)(((uint64_t)choice[3] * (length - start)) >> 32);
        carrynet_packed_set(symbols, task->inputs, start, ones);
        for (size_t t = start + 1; t <= start + run && t < length; ++t)
            carrynet_packed_set(symbols, task->inputs, t, one);
        break;
    }
    case 2: /* one symbol throughout */
        for (size_t t = 0; t < length; ++t)
            carrynet_packed_set(symbols, task->inputs, t, one);
        break;
    case 3: /* two symbols in turn */
        for (size_t t = 0; t < length; ++t)
            carrynet_packed_set(symbols, task->inputs, t, t % 2 == 0 ? one : other);
        break;
    default:
        break;
    }
    finish(task, steps, symbols, targets);
}
