/*
 * The data of the page other than the hidden states: numbers as the engine computes them, so that the page can compare
 * its own.
 */
#include "cli/report/report_data.h"
#include "cli/problem_text.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    REPORTS_MOST = 2000,    /* of a course; more cannot be told apart */
    STEPS_MOST = 64,        /* of a sample that was not asked for */
    WRONG_STEPS_MOST = 256, /* of a wrong sum that is shown step by step */
    VALUES_MOST = 1 << 18,  /* hidden values of a sample */
    DRAWN = 2               /* samples */
};

static json_t *list_of_reals(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i)
        json_append(list, json_of_real(values[i]));
    return list;
}

static json_t *list_of_words(const uint32_t *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i)
        json_append(list, json_of_count(values[i]));
    return list;
}

static json_t *list_of_bytes(const uint8_t *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i)
        json_append(list, json_of_count(values[i]));
    return list;
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

static json_t *json_of_task(const carrynet_task *task)
{
    const size_t symbols = (size_t)1 << task->inputs;
    char sign[2] = {task->sign, '\0'};
    json_t *object = json_object(), *next = json_array(), *out = json_array();
    for (uint32_t s = 0; s < task->states; ++s) {
        json_append(next, list_of_bytes(task->next[s], symbols));
        json_append(out, list_of_bytes(task->out[s], symbols));
    }
    json_put(object, "name", json_of_text(task->name));
    json_put(object, "inputs", json_of_count(task->inputs));
    json_put(object, "outputs", json_of_count(task->outputs));
    json_put(object, "states", json_of_count(task->states));
    json_put(object, "start", json_of_count(task->start));
    json_put(object, "closing", list_of_bytes(task->closing, task->closing_count));
    json_put(object, "not_less", json_boolean(task->constraint == CARRYNET_CONSTRAINT_NOT_LESS));
    json_put(object, "sign", json_of_text(sign));
    json_put(object, "next", next);
    json_put(object, "out", out);
    return object;
}

static json_t *json_of_parameter(const saved_network *saved, carrynet_parameter parameter)
{
    const carrynet_shape *shape = &saved->settings->shape;
    const carrynet_tensor tensor = carrynet_shape_tensor(shape, parameter);
    const size_t first = saved->network * carrynet_shape_size(shape) + tensor.offset;
    const void *values = carrynet_model_values_const(saved->model);
    json_t *list = json_array();
    for (size_t i = first; i < first + tensor.size; ++i)
        json_append(list, json_of_real(carrynet_value(values, saved->settings->precision, i)));
    return list;
}

carrynet_status report_put_network(json_t *page, const saved_network *saved)
{
    const carrynet_settings *s = saved->settings;
    const carrynet_network *network = &saved->networks[saved->network];
    char digest[CARRYNET_DIGEST_TEXT], seed[24];
    const carrynet_status status = carrynet_network_digest(digest, saved->model, saved->network);
    if (status != CARRYNET_OK)
        return status;
    json_t *shape = json_object(), *parameters = json_object();
    json_put(shape, "inputs", json_of_count(s->shape.inputs));
    json_put(shape, "hidden", json_of_count(s->shape.hidden));
    json_put(shape, "outputs", json_of_count(s->shape.outputs));
    json_put(shape, "bits", json_of_count(s->precision == CARRYNET_FP32 ? 32 : 64));
    for (size_t p = 0; p < CARRYNET_PARAMETERS; ++p)
        json_put(parameters, carrynet_shape_tensor(&s->shape, (carrynet_parameter)p).name,
                 json_of_parameter(saved, (carrynet_parameter)p));
    (void)snprintf(seed, sizeof seed, "%" PRIu64, network->seed);
    json_put(page, "settings", json_of_settings(s));
    json_put(page, "task", json_of_task(&s->task));
    json_put(page, "shape", shape);
    json_put(page, "parameters", parameters);
    json_put(page, "digest", json_of_text(digest));
    json_put(page, "network", json_of_count(saved->network));
    json_put(page, "networks", json_of_count(s->networks));
    json_put(page, "seed", json_of_text(seed)); /* which the page shows, and its numbers have 53 bits */
    json_put(page, "updates", json_of_count(network->updates));
    json_put(page, "exact", json_boolean(network->exact));
    return CARRYNET_OK;
}

/* ---- the course of the training -------------------------------------------------------------------------------- */

void report_put_course(json_t *page, const training_log *log)
{
    const size_t step = (log->count + REPORTS_MOST - 1) / REPORTS_MOST;
    json_t *course = json_object();
    json_t *updates = json_array(), *sequences = json_array(), *loss = json_array(), *wrong = json_array();
    json_t *held_out = json_array(), *exact = json_array();
    for (size_t i = 0; i < log->count; ++i) {
        const training_report *report = &log->reports[i];
        if (i % step != 0 && i + 1 != log->count)
            continue;
        json_append(updates, json_of_real(report->updates));
        json_append(sequences, json_of_real(report->sequences));
        json_append(loss, json_of_real(report->loss));
        json_append(wrong, json_of_real(1 - report->right));
        json_append(held_out, json_of_real(report->held_out_wrong));
        json_append(exact, json_of_real(report->exact));
    }
    json_put(course, "updates", updates);
    json_put(course, "sequences", sequences);
    json_put(course, "loss", loss);
    json_put(course, "wrong", wrong);
    json_put(course, "held_out", held_out);
    json_put(course, "exact", exact);
    json_put(course, "several", json_boolean(log->several));
    json_put(course, "loss_name", json_of_text(log->loss));
    json_put(page, "course", course);
}

/* ---- what was checked ------------------------------------------------------------------------------------------ */

carrynet_status report_put_evaluation(json_t *page, saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const size_t steps = saved->settings->steps;
    carrynet_evaluation e = {0};
    wrong_sum first = {0};
    sys_text words = {0};
    carrynet_status status = carrynet_evaluate(&e, saved->engine, task, 0, steps, 0);
    if (status == CARRYNET_OK && e.first_symbols != NULL) {
        first = (wrong_sum){.steps = steps, .symbols = e.first_symbols};
        e.first_symbols = NULL;
        status = wrong_sum_answer(&first, saved, task);
        if (status == CARRYNET_OK)
            status = wrong_sum_text(&words, &first, task);
    }
    if (status == CARRYNET_OK) {
        json_t *object = json_object();
        json_put(object, "exhaustive", json_boolean(e.exhaustive));
        json_put(object, "bits", json_of_count(steps));
        json_put(object, "operand_bits", json_of_count(steps - task->closing_count));
        json_put(object, "problems", json_of_count(e.problems));
        json_put(object, "wrong", json_of_count(e.wrong));
        json_put(object, "wrong_bits", json_of_count(e.wrong_bits));
        json_put(object, "what", json_of_text(problem_word(task)));
        if (words.data != NULL)
            json_put(object, "first_wrong", json_of_text(words.data));
        json_put(page, "evaluation", object);
    }
    sys_text_free(&words);
    wrong_sum_free(&first);
    carrynet_evaluation_free(&e);
    return status;
}

carrynet_status report_put_proof(json_t *page, const prove_result *result, const carrynet_task *task)
{
    sys_text text = {0};
    json_t *array = json_array();
    carrynet_status status = prove_report_text(&text, result, task);
    if (status == CARRYNET_OK && text.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to write a verdict down");
    if (status == CARRYNET_OK)
        status = prove_report_json(array, result, task);
    if (status == CARRYNET_OK) {
        json_t *object = json_incref(json_array_get(array, 0));
        json_put(object, "text", json_of_text(text.data));
        json_put(page, "proof", object);
    }
    json_decref(array);
    sys_text_free(&text);
    return status;
}

/* ---- samples --------------------------------------------------------------------------------------------------- */

static json_t *json_of_sample(const carrynet_sample *sample, const char *const words[3])
{
    json_t *object = json_object(), *y = json_array(), *h = json_array();
    for (size_t t = 0; t < sample->steps; ++t) {
        json_append(y, list_of_reals(sample->y + t * sample->outputs, sample->outputs));
        json_append(h, list_of_reals(sample->h + t * sample->hidden, sample->hidden));
    }
    json_put(object, "question", json_of_text(words[0]));
    json_put(object, "right", json_of_text(words[1]));
    json_put(object, "given", json_of_text(words[2]));
    json_put(object, "symbols", list_of_words(sample->symbols, sample->steps));
    json_put(object, "targets", list_of_words(sample->targets, sample->steps));
    json_put(object, "bits", list_of_words(sample->bits, sample->steps));
    json_put(object, "states", list_of_words(sample->states, sample->steps));
    json_put(object, "y", y);
    json_put(object, "h", h);
    return object;
}

static carrynet_status add_sample(json_t *samples, saved_network *saved, const uint32_t *symbols, size_t steps)
{
    const carrynet_task *task = &saved->settings->task;
    carrynet_sample sample = {0};
    uint32_t *packed[2] = {NULL, NULL};
    sys_text words[3] = {{0}, {0}, {0}};
    carrynet_status status = carrynet_sample_run(&sample, saved->engine, task, 0, symbols, steps);
    if (status == CARRYNET_OK)
        status = problem_pack(&packed[0], sample.targets, task->outputs, steps);
    if (status == CARRYNET_OK)
        status = problem_pack(&packed[1], sample.bits, task->outputs, steps);
    if (status == CARRYNET_OK)
        status = problem_add_question(&words[0], task, symbols, steps, PROBLEM_DIGITS);
    for (size_t i = 0; i < 2 && status == CARRYNET_OK; ++i)
        status = problem_add_answer(&words[1 + i], task, packed[i], steps, PROBLEM_DIGITS);
    if (status == CARRYNET_OK)
        json_append(samples,
                    json_of_sample(&sample, (const char *const[3]){words[0].data, words[1].data, words[2].data}));
    for (size_t i = 0; i < 3; ++i)
        sys_text_free(&words[i]);
    sys_free(packed[0]);
    sys_free(packed[1]);
    carrynet_sample_free(&sample);
    return status;
}

/* The problem that the README asks, or as much of it as the steps hold. */
static carrynet_status add_example(json_t *samples, saved_network *saved, size_t steps)
{
    const carrynet_task *task = &saved->settings->task;
    const char *operands[CARRYNET_TASK_INPUTS];
    char line[64], why[512];
    uint32_t *symbols = NULL;
    carrynet_status status = CARRYNET_OK;
    problem_example(line, sizeof line, task, steps, false);
    if (!problem_read(operands, task, line, why, sizeof why)) /* a constraint that the example does not meet */
        return CARRYNET_OK;
    size_t length = 0;
    status = carrynet_operands_pack(&symbols, &length, task, operands, steps);
    if (status == CARRYNET_OK)
        status = add_sample(samples, saved, symbols, length);
    carrynet_operands_free(symbols);
    return status;
}

carrynet_status report_put_samples(json_t *page, saved_network *saved, const wrong_sum *wrong)
{
    const carrynet_task *task = &saved->settings->task;
    const size_t hidden = saved->settings->shape.hidden;
    const size_t steps = saved->settings->steps < STEPS_MOST ? saved->settings->steps : STEPS_MOST;
    const carrynet_source source = carrynet_counter_source(task);
    carrynet_batch batch = {0};
    json_t *samples = json_array();
    carrynet_status status = carrynet_batch_create(&batch, task, DRAWN, steps);
    if (status == CARRYNET_OK)
        status = source.fill(source.self, 0, 0, 0, DRAWN, steps, batch.symbols, batch.targets);
    if (status == CARRYNET_OK && wrong->given != NULL && wrong->steps <= WRONG_STEPS_MOST &&
        wrong->steps * hidden <= VALUES_MOST)
        status = add_sample(samples, saved, wrong->symbols, wrong->steps);
    if (status == CARRYNET_OK)
        status = add_example(samples, saved, steps);
    for (size_t i = 0; i < DRAWN && status == CARRYNET_OK; ++i)
        status = add_sample(samples, saved, batch.symbols + i * batch.symbol_words, steps);
    if (status == CARRYNET_OK)
        json_put(page, "samples", json_incref(samples));
    json_decref(samples);
    carrynet_batch_free(&batch);
    return status;
}
