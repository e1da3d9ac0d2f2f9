/*
 * Words in windows. A resumed step reads the hidden values that the step before wrote: the bits are those of one long
 * pass.
 */
#include "prove/word.h"
#include "model/value.h"
#include "platform/platform.h"
#include "task/task_fit.h"
#include <math.h>
#include <string.h>

enum { LONGEST = 960, LOGITS = 1 << 18 };

size_t word_window(const carrynet_task *task, size_t sequences)
{
    const size_t steps = LOGITS / (sequences * task->outputs);
    return steps < 1 ? 1 : steps > LONGEST ? LONGEST : steps;
}

carrynet_status word_runs_create(struct word_runs *runs, carrynet_engine *engine, const carrynet_task *task,
                                 size_t sequences, size_t steps)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t value = settings->precision / 8;
    *runs = (struct word_runs){
        .engine = engine,
        .task = task,
        .sequences = sequences,
        .steps = steps,
        .bytes = settings->shape.hidden * value,
    };
    if (settings->networks != 1)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "words are run by one network, not %u", settings->networks);
    carrynet_status status = task_check_fit(task, settings->shape.inputs, settings->shape.outputs);
    if (status == CARRYNET_OK)
        status = carrynet_batch_create(&runs->window, task, sequences, steps);
    if (status == CARRYNET_OK)
        status = sys_allocate(&runs->symbols, sequences, steps);
    if (status == CARRYNET_OK)
        status = sys_allocate(&runs->hidden, sequences, runs->bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&runs->automaton, sequences, sizeof *runs->automaton);
    if (status == CARRYNET_OK)
        status = sys_allocate(&runs->errors, sequences, sizeof *runs->errors);
    if (status == CARRYNET_OK)
        status = sys_allocate(&runs->z, sequences * steps, task->outputs * value);
    if (status == CARRYNET_OK)
        word_runs_start(runs);
    return status;
}

void word_runs_free(struct word_runs *runs)
{
    carrynet_batch_free(&runs->window);
    sys_free(runs->symbols);
    sys_free(runs->hidden);
    sys_free(runs->automaton);
    sys_free(runs->errors);
    sys_free(runs->z);
    *runs = (struct word_runs){0};
}

void word_runs_start(struct word_runs *runs)
{
    runs->done = 0;
    for (size_t s = 0; s < runs->sequences; ++s) {
        runs->automaton[s] = runs->task->start;
        runs->errors[s] = (struct word_error){0};
    }
}

void word_runs_copy(struct word_runs *runs, size_t to, size_t from)
{
    if (to == from)
        return;
    memcpy(runs->hidden + to * runs->bytes, runs->hidden + from * runs->bytes, runs->bytes);
    runs->automaton[to] = runs->automaton[from];
    runs->errors[to] = runs->errors[from];
}

/* Moves the automaton over the window of a sequence; fills in its error unless it has one. */
static void judge(struct word_runs *runs, size_t s, carrynet_precision precision)
{
    const uint32_t outputs = runs->task->outputs;
    struct word_error *error = &runs->errors[s];
    for (size_t t = 0; t < runs->steps; ++t) {
        const uint32_t right = carrynet_task_step(runs->task, &runs->automaton[s], runs->symbols[s * runs->steps + t]);
        for (uint32_t o = 0; o < outputs && !error->wrong; ++o) {
            const size_t i = (s * runs->steps + t) * outputs + o;
            const double z = net_value(runs->z, precision, i);
            if (isnan(z) || (z > 0) != (right >> o & 1))
                *error = (struct word_error){
                    .wrong = true, .at = runs->done + t, .output = o, .right = right >> o & 1, .logit = z};
        }
    }
}

carrynet_status word_runs_step(struct word_runs *runs)
{
    const carrynet_settings *settings = carrynet_engine_settings(runs->engine);
    const uint32_t inputs = settings->shape.inputs;
    runs->window.sequences = runs->sequences;
    runs->window.steps = runs->steps;
    runs->window.symbol_words = carrynet_packed_words(inputs, runs->steps);
    runs->window.target_words = carrynet_packed_words(settings->shape.outputs, runs->steps);
    for (size_t s = 0; s < runs->sequences; ++s)
        for (size_t t = 0; t < runs->steps; ++t)
            carrynet_packed_set(runs->window.symbols + s * runs->window.symbol_words, inputs, t,
                                runs->symbols[s * runs->steps + t]);
    const carrynet_forward outputs = {.z = runs->z, .state = runs->hidden, .resume = runs->done > 0};
    const carrynet_status status = carrynet_engine_forward(runs->engine, &runs->window, &outputs);
    if (status != CARRYNET_OK)
        return status;
    for (size_t s = 0; s < runs->sequences; ++s)
        judge(runs, s, settings->precision);
    runs->done += runs->steps;
    return CARRYNET_OK;
}

/* Symbols of the window of a word; beyond its end, 0. */
static void fill(uint8_t *symbols, size_t steps, const struct prove_word *word, uint64_t done)
{
    const size_t left = word->length > done ? (size_t)(word->length - done) : 0;
    const size_t count = left < steps ? left : steps;
    if (count > 0)
        memcpy(symbols, word->symbols + done, count);
    memset(symbols + count, 0, steps - count);
}

carrynet_status word_errors(struct word_error *errors, carrynet_engine *engine, const carrynet_task *task,
                            const struct prove_word *words, size_t count, const struct prove_stop *stop)
{
    struct word_runs runs = {0};
    size_t longest = 0;
    memset(errors, 0, count * sizeof *errors);
    for (size_t i = 0; i < count; ++i)
        longest = words[i].length > longest ? words[i].length : longest;
    if (longest == 0)
        return CARRYNET_OK;
    const size_t window = word_window(task, count), steps = longest < window ? longest : window;
    carrynet_status status = word_runs_create(&runs, engine, task, count, steps);
    while (status == CARRYNET_OK && runs.done < longest && !prove_stopped(stop)) {
        bool open = false; /* a word goes on, and is right so far */
        runs.steps = longest - runs.done < steps ? (size_t)(longest - runs.done) : steps;
        for (size_t i = 0; i < count; ++i)
            fill(runs.symbols + i * runs.steps, runs.steps, &words[i], runs.done);
        status = word_runs_step(&runs);
        for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
            /* What stands behind the end of a word is no part of it. */
            if (runs.errors[i].wrong && runs.errors[i].at < words[i].length)
                errors[i] = runs.errors[i];
            else if (words[i].length > runs.done)
                open = true;
        }
        if (!open)
            break;
    }
    word_runs_free(&runs);
    return status;
}
