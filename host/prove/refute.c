/* Runs the refuter's parts in turn and keeps the shorter of two wrong words. */
#include "platform/platform.h"
#include "prove/reach.h"
#include "prove/refute_parts.h"
#include "prove/word.h"
#include <string.h>

carrynet_status refute_words(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             const struct prove_word *words, size_t count, const struct prove_stop *stop)
{
    struct word_error *errors = NULL;
    struct prove_word word = {0};
    size_t best = count;
    *wrong = (carrynet_counterexample){0};
    carrynet_status status = sys_allocate(&errors, count, sizeof *errors);
    if (status == CARRYNET_OK && count > 0)
        status = word_errors(errors, engine, task, words, count, stop);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        if (errors[i].wrong && (best == count || errors[i].at < errors[best].at))
            best = i;
    if (status != CARRYNET_OK || best == count)
        goto done;
    status = sys_allocate(&word.symbols, (size_t)errors[best].at + 1, 1);
    if (status != CARRYNET_OK)
        goto done;
    word.length = (size_t)errors[best].at + 1;
    memcpy(word.symbols, words[best].symbols, word.length);
    status = refute_found(wrong, engine, task, &word, stop);
done:
    sys_free(word.symbols);
    sys_free(errors);
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
