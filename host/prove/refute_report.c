/* The report of a wrong word, always one that the engine has just stepped again. */
#include "platform/platform.h"
#include "prove/refute_parts.h"
#include "prove/word.h"

void refute_free(carrynet_counterexample *wrong)
{
    sys_free(wrong->symbols);
    *wrong = (carrynet_counterexample){0};
}

/* The counterexample of a word with that first error. */
static carrynet_status report(carrynet_counterexample *wrong, const carrynet_task *task, const struct prove_word *word,
                              const struct word_error *error, bool shortest)
{
    const size_t steps = (size_t)error->at + 1;
    uint32_t *symbols = NULL;
    const carrynet_status status = sys_allocate(&symbols, carrynet_packed_words(task->inputs, steps), sizeof *symbols);
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
        return sys_fail(CARRYNET_ERROR_DEVICE,
                        "the device answered a word of %zu symbols differently when it was asked again", word->length);
    return report(wrong, task, word, &error, shortest);
}

carrynet_status refute_replay(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              const uint8_t *word, size_t length)
{
    struct prove_word copy = {.length = length};
    struct word_error error = {0};
    *wrong = (carrynet_counterexample){0};
    carrynet_status status = sys_allocate(&copy.symbols, length, 1);
    for (size_t i = 0; i < length && status == CARRYNET_OK; ++i) {
        copy.symbols[i] = word[i];
        if (word[i] >> task->inputs != 0)
            status = sys_fail(CARRYNET_ERROR_ARGUMENT, "symbol %u of a word, task %s has %u", (unsigned)word[i],
                              task->name, 1u << task->inputs);
    }
    if (status == CARRYNET_OK)
        status = word_errors(&error, engine, task, &copy, 1, NULL);
    if (status == CARRYNET_OK && error.wrong)
        status = report(wrong, task, &copy, &error, false);
    sys_free(copy.symbols);
    return status;
}

carrynet_status refute_found(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             struct prove_word *word, const struct prove_stop *stop)
{
    const carrynet_status status = refute_shorten(word, engine, task, stop);
    return status == CARRYNET_OK ? refute_report(wrong, engine, task, word, false) : status;
}
