/* The refuter's parts in turn, and the report of what they find: always a word that the engine has just stepped again. */
#include "prove/refute.h"
#include "base/base.h"
#include "prove/reach.h"
#include "prove/word.h"
#include <string.h>

void refute_free(carrynet_counterexample *wrong)
{
    base_free(wrong->symbols);
    *wrong = (carrynet_counterexample){0};
}

/* The counterexample of a word with that first error. */
static carrynet_status report(carrynet_counterexample *wrong, const carrynet_task *task, const struct prove_word *word,
                              const struct word_error *error, bool shortest)
{
    const size_t steps = (size_t)error->at + 1;
    uint32_t *symbols = NULL;
    const carrynet_status status = base_allocate(&symbols, carrynet_packed_words(task->inputs, steps), sizeof *symbols);
    if (status != CARRYNET_OK)
        return status;
    for (size_t t = 0; t < steps; ++t)
        carrynet_packed_set(symbols, task->inputs, t, word->symbols[t]);
    *wrong = (carrynet_counterexample){
        .symbols = symbols,
        .steps = steps,
        .output = error->output,
        .right = error->right,
        .logit = error->logit,
        .shortest = shortest,
    };
    return CARRYNET_OK;
}

carrynet_status refute_report(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const struct prove_word *word, bool shortest)
{
    struct word_error error = {0};
    *wrong = (carrynet_counterexample){0};
    const carrynet_status status = word_errors(&error, engine, task, word, 1, NULL);
    if (status != CARRYNET_OK)
        return status;
    if (!error.wrong || (shortest && error.at + 1 != word->length))
        return base_fail(CARRYNET_ERROR_DEVICE,
                         "the device answered a word of %zu symbols differently when it was asked again", word->length);
    return report(wrong, task, word, &error, shortest);
}

carrynet_status refute_replay(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const uint8_t *word, size_t length)
{
    struct prove_word copy = {.length = length};
    struct word_error error = {0};
    *wrong = (carrynet_counterexample){0};
    carrynet_status status = base_allocate(&copy.symbols, length, 1);
    for (size_t i = 0; i < length && status == CARRYNET_OK; ++i) {
        copy.symbols[i] = word[i];
        if (word[i] >> task->inputs != 0)
            status = base_fail(CARRYNET_ERROR_ARGUMENT, "symbol %u of a word, task %s has %u", (unsigned)word[i],
                               task->name, 1u << task->inputs);
    }
    if (status == CARRYNET_OK)
        status = word_errors(&error, engine, task, &copy, 1, NULL);
    if (status == CARRYNET_OK && error.wrong)
        status = report(wrong, task, &copy, &error, false);
    base_free(copy.symbols);
    return status;
}

carrynet_status refute_found(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             struct prove_word *word, const struct prove_stop *stop)
{
    const carrynet_status status = refute_shorten(word, engine, task, stop);
    return status == CARRYNET_OK ? refute_report(wrong, engine, task, word, false) : status;
}

carrynet_status refute_words(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             const struct prove_word *words, size_t count, const struct prove_stop *stop)
{
    struct word_error *errors = NULL;
    struct prove_word word = {0};
    size_t best = count;
    *wrong = (carrynet_counterexample){0};
    carrynet_status status = base_allocate(&errors, count, sizeof *errors);
    if (status == CARRYNET_OK && count > 0)
        status = word_errors(errors, engine, task, words, count, stop);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        if (errors[i].wrong && (best == count || errors[i].at < errors[best].at))
            best = i;
    if (status != CARRYNET_OK || best == count)
        goto done;
    status = base_allocate(&word.symbols, (size_t)errors[best].at + 1, 1);
    if (status != CARRYNET_OK)
        goto done;
    word.length = (size_t)errors[best].at + 1;
    memcpy(word.symbols, words[best].symbols, word.length);
    status = refute_found(wrong, engine, task, &word, stop);
done:
    base_free(word.symbols);
    base_free(errors);
    return status;
}

/* All short words, with as many states as the effort steps; every word up to *right symbols is then right. */
static carrynet_status short_words(carrynet_counterexample *wrong, uint32_t *right, carrynet_engine *engine,
                                   const carrynet_task *task, uint64_t effort, const struct prove_stop *stop)
{
    struct reach reach = {0};
    const uint64_t states = effort >> task->inputs;
    const struct reach_options options = {.states = states < 1 ? 1 : states};
    *wrong = (carrynet_counterexample){0};
    *right = 0;
    carrynet_status status = reach_search(&reach, engine, task, &options, stop);
    if (status == CARRYNET_OK && reach.wrong)
        status = refute_report(wrong, engine, task, &reach.word, true);
    /* The deepest states found may be unstepped, and some of those before them. */
    if (status == CARRYNET_OK && reach.closed)
        *right = UINT32_MAX;
    else if (status == CARRYNET_OK && reach.levels > 0)
        *right = reach.levels - 1;
    reach_free(&reach);
    return status;
}

carrynet_status refute_short_words(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                                   uint64_t effort, const struct prove_stop *stop)
{
    uint32_t right;
    return short_words(wrong, &right, engine, task, effort, stop);
}

/* Keeps the shorter of two counterexamples in *wrong, the first of equals, and releases the other. */
static void keep_shorter(carrynet_counterexample *wrong, carrynet_counterexample *other)
{
    if (other->symbols != NULL && (wrong->symbols == NULL || other->steps < wrong->steps)) {
        const carrynet_counterexample longer = *wrong;
        *wrong = *other;
        *other = longer;
    }
    refute_free(other);
}

carrynet_status refute_search(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              uint64_t effort, const struct prove_stop *stop)
{
    carrynet_counterexample other = {0};
    uint32_t right = 0;
    carrynet_status status = short_words(wrong, &right, engine, task, effort / 4, stop);
    if (status != CARRYNET_OK || wrong->symbols != NULL || right == UINT32_MAX)
        return status;
    status = refute_lassos(wrong, engine, task, effort / 2, stop);
    if (status == CARRYNET_OK)
        status = refute_cells(&other, engine, task, effort / 4, stop);
    keep_shorter(wrong, &other);
    if (status != CARRYNET_OK)
        refute_free(wrong);
    wrong->shortest = wrong->symbols != NULL && wrong->steps == (size_t)right + 1;
    return status;
}
