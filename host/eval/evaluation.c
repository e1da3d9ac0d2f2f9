/* Evaluation of a network on every problem, or on the evaluation set; and on problems of the user. */
#include "engine/stream.h"
#include "platform/platform.h"
#include <carrynet/evaluate.h>
#include <stdlib.h>
#include <string.h>

/* Most bits of operands whose strings are all enumerated; steps that are run in one pass, and in all by default. */
enum { EXHAUSTIVE_BITS = 22, PASS_STEPS = 1 << 18, DEFAULT_STEPS = 1 << 27, DEFAULT_PROBLEMS = 16384, ONE_PASS = 960 };

/* ---- evaluation ------------------------------------------------------------------------------------------------ */

/* Whether the sequence's answer differs from its targets, and in how many bits. */
static uint64_t wrong_bits(const uint32_t *bits, const uint32_t *targets, size_t words)
{
    uint64_t wrong = 0;
    for (size_t w = 0; w < words; ++w)
        for (uint32_t difference = bits[w] ^ targets[w]; difference != 0; difference &= difference - 1)
            ++wrong;
    return wrong;
}

/* Counts the wrong problems of a batch from the network's answers; keeps the first wrong one. */
static carrynet_status count_wrong(carrynet_evaluation *evaluation, carrynet_engine *engine, size_t network,
                                   const carrynet_batch *batch, uint32_t *bits)
{
    carrynet_status status = stream_bits(bits, engine, network, batch);
    for (size_t s = 0; s < batch->sequences && status == CARRYNET_OK; ++s) {
        const uint64_t wrong =
            wrong_bits(bits + s * batch->target_words, batch->targets + s * batch->target_words, batch->target_words);
        evaluation->wrong_bits += wrong;
        evaluation->wrong += wrong > 0;
        if (wrong > 0 && !evaluation->has_first_wrong) {
            status = sys_allocate(&evaluation->first_symbols, batch->symbol_words, sizeof(uint32_t));
            if (status != CARRYNET_OK)
                break;
            memcpy(evaluation->first_symbols, batch->symbols + s * batch->symbol_words,
                   batch->symbol_words * sizeof(uint32_t));
            evaluation->has_first_wrong = true;
            evaluation->first_wrong = evaluation->problems + s;
        }
    }
    evaluation->problems += batch->sequences;
    return status;
}

/*
 * Counts by the engine's metrics, which brings no logits back; only a batch with the first error is looked at closer.
 */
static carrynet_status count_wrong_quickly(carrynet_evaluation *evaluation, carrynet_engine *engine, size_t network,
                                           const carrynet_batch *batch, uint32_t *bits, carrynet_metrics *metrics)
{
    carrynet_status status = carrynet_engine_forward(engine, batch, &(carrynet_forward){.metrics = metrics});
    if (status != CARRYNET_OK)
        return status;
    if (metrics[network].wrong_sequences > 0 && !evaluation->has_first_wrong)
        return count_wrong(evaluation, engine, network, batch, bits);
    evaluation->wrong += metrics[network].wrong_sequences;
    evaluation->wrong_bits += metrics[network].wrong_bits;
    evaluation->problems += batch->sequences;
    return CARRYNET_OK;
}

carrynet_status carrynet_evaluate(carrynet_evaluation *evaluation, carrynet_engine *engine, const carrynet_task *task,
                                  size_t network, size_t steps, uint64_t problems)
{
    *evaluation = (carrynet_evaluation){0};
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    carrynet_batch batch = {0};
    carrynet_metrics *metrics = NULL;
    uint32_t *bits = NULL;
    if (stream_fits(engine, task, network) != CARRYNET_OK)
        return CARRYNET_ERROR_ARGUMENT;
    if (steps <= task->closing_count || steps > 1000000)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "bits is %zu, must be %u to 1000000", steps, task->closing_count + 1);
    evaluation->exhaustive = problems == 0 && (steps - task->closing_count) * task->inputs <= EXHAUSTIVE_BITS;
    if (evaluation->exhaustive)
        problems = carrynet_problem_count(task, steps);
    else if (problems == 0)
        problems = steps < DEFAULT_STEPS / DEFAULT_PROBLEMS ? DEFAULT_PROBLEMS : DEFAULT_STEPS / steps;
    size_t chunk = PASS_STEPS / steps < 64 ? 64 : PASS_STEPS / steps;
    if (chunk > problems)
        chunk = (size_t)problems;
    carrynet_status status = carrynet_batch_create(&batch, task, chunk, steps);
    if (status == CARRYNET_OK)
        status = sys_allocate(&bits, chunk * batch.target_words, sizeof *bits);
    if (status == CARRYNET_OK)
        status = sys_allocate(&metrics, settings->networks, sizeof *metrics);
    uint64_t cursor = 0;
    while (evaluation->problems < problems && status == CARRYNET_OK) {
        if (evaluation->exhaustive) {
            batch.sequences = chunk;
            batch.sequences = carrynet_enumerate(task, &cursor, &batch);
        } else {
            if (problems - evaluation->problems < chunk)
                batch.sequences = (size_t)(problems - evaluation->problems);
            for (size_t s = 0; s < batch.sequences; ++s)
                carrynet_evaluation_problem(task, evaluation->problems + s, steps,
                                            batch.symbols + s * batch.symbol_words,
                                            batch.targets + s * batch.target_words);
        }
        status = steps > ONE_PASS ? count_wrong(evaluation, engine, network, &batch, bits)
                                  : count_wrong_quickly(evaluation, engine, network, &batch, bits, metrics);
    }
    sys_free(metrics);
    sys_free(bits);
    carrynet_batch_free(&batch);
    if (status != CARRYNET_OK)
        carrynet_evaluation_free(evaluation);
    return status;
}

void carrynet_evaluation_free(carrynet_evaluation *evaluation)
{
    sys_free(evaluation->first_symbols);
    *evaluation = (carrynet_evaluation){0};
}

/* ---- problems of the user -------------------------------------------------------------------------------------- */

/* The answer's bits as text: a decimal number an output, separated by spaces. */
static carrynet_status answer_text(char **answer, const carrynet_task *task, const uint32_t *bits, size_t steps)
{
    sys_text text = {0};
    carrynet_status status = CARRYNET_OK;
    for (uint32_t o = 0; o < task->outputs && status == CARRYNET_OK; ++o) {
        char *decimal = NULL;
        status = carrynet_operand_unpack(&decimal, bits, task->outputs, o, steps);
        if (status == CARRYNET_OK)
            sys_text_add(&text, "%s%s", o == 0 ? "" : " ", decimal);
        carrynet_decimal_free(decimal);
    }
    if (status == CARRYNET_OK && text.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate an answer of %zu bits", steps);
    if (status != CARRYNET_OK)
        sys_text_free(&text);
    *answer = text.data;
    return status;
}

static carrynet_status solve_one(char **answer, carrynet_engine *engine, const carrynet_task *task, size_t network,
                                 const char *const *operands)
{
    carrynet_batch batch = {.sequences = 1};
    uint32_t *bits = NULL;
    carrynet_status status = carrynet_operands_pack(&batch.symbols, &batch.steps, task, operands, 0);
    if (status != CARRYNET_OK)
        goto done;
    batch.symbol_words = carrynet_packed_words(task->inputs, batch.steps);
    batch.target_words = carrynet_packed_words(task->outputs, batch.steps);
    status = sys_allocate(&bits, batch.target_words, sizeof *bits);
    if (status == CARRYNET_OK)
        status = stream_bits(bits, engine, network, &batch);
    if (status == CARRYNET_OK)
        status = answer_text(answer, task, bits, batch.steps);
done:
    sys_free(bits);
    carrynet_operands_free(batch.symbols);
    return status;
}

carrynet_status carrynet_solve(char ***answers, carrynet_engine *engine, const carrynet_task *task, size_t network,
                               const char *const *operands, size_t count)
{
    char **made = NULL;
    *answers = NULL;
    carrynet_status status = stream_fits(engine, task, network);
    if (status == CARRYNET_OK)
        status = sys_allocate(&made, count, sizeof *made);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = solve_one(&made[i], engine, task, network, operands + i * task->inputs);
    if (status != CARRYNET_OK) {
        carrynet_answers_free(made, count);
        made = NULL;
    }
    *answers = made;
    return status;
}

void carrynet_answers_free(char **answers, size_t count)
{
    for (size_t i = 0; answers != NULL && i < count; ++i)
        free(answers[i]); /* a sys_text's data */
    sys_free(answers);
}
