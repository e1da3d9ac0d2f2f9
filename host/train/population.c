/* Leaving a population: the test of exactness, the records, and the closing up of those who stay. */
#include "train/population.h"
#include "base/base.h"
#include <math.h>
#include <string.h>

enum { MOST_CHECKED = 16384, CHECK_STEPS = 1 << 22, CHECK_BITS = 14, FIRST_SLICE = 256, SLICE = 4096 };

/* ---- the check set --------------------------------------------------------------------------------------------- */

carrynet_status population_check_set(carrynet_batch *check, const carrynet_settings *settings)
{
    const carrynet_task *task = &settings->task;
    const size_t steps = settings->steps;
    const bool every = (steps - task->closing_count) * task->inputs <= CHECK_BITS;
    size_t count = CHECK_STEPS / steps / 4 * 4;
    count = count < 4 ? 4 : count > MOST_CHECKED ? MOST_CHECKED : count;
    if (every)
        count = (size_t)carrynet_problem_count(task, steps);
    const carrynet_status status = carrynet_batch_create(check, task, count, steps);
    if (status != CARRYNET_OK)
        return status;
    uint64_t cursor = 0;
    if (every)
        (void)carrynet_enumerate(task, &cursor, check);
    for (size_t s = 0; s < count && !every; ++s)
        carrynet_evaluation_problem(task, s, steps, check->symbols + s * check->symbol_words,
                                    check->targets + s * check->target_words);
    return CARRYNET_OK;
}

/* Sequences first, ... of the check set, at most `count`. */
static carrynet_batch slice_of(const carrynet_batch *check, size_t first, size_t count)
{
    carrynet_batch slice = *check;
    slice.sequences = check->sequences - first < count ? check->sequences - first : count;
    slice.symbols += first * check->symbol_words;
    slice.targets += first * check->target_words;
    return slice;
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

carrynet_status population_open(struct population *p, carrynet_engine *engine, const carrynet_batch *check,
                                struct population_records *records, uint32_t first, uint32_t count)
{
    *p = (struct population){
        .engine = engine,
        .settings = carrynet_engine_settings(engine),
        .check = check,
        .records = records,
        .running = count,
    };
    carrynet_status status = base_allocate(&p->number, count, sizeof *p->number);
    if (status == CARRYNET_OK)
        status = base_allocate(&p->metrics, count, sizeof *p->metrics);
    if (status == CARRYNET_OK)
        status = base_allocate(&p->checked, count, sizeof *p->checked);
    if (status == CARRYNET_OK)
        status = base_allocate(&p->wrong, count, sizeof *p->wrong);
    if (status == CARRYNET_OK)
        status = base_allocate(&p->from, count, sizeof *p->from);
    for (uint32_t n = 0; n < count && status == CARRYNET_OK; ++n)
        p->number[n] = first + n;
    return status;
}

void population_close(struct population *p)
{
    base_free(p->number);
    base_free(p->metrics);
    base_free(p->checked);
    base_free(p->wrong);
    base_free(p->from);
    *p = (struct population){0};
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static bool all_finite(const char *values, carrynet_precision precision, size_t bytes)
{
    const size_t value = precision / 8;
    bool finite = true;
    for (size_t i = 0; i < bytes / value && finite; ++i)
        finite = precision == CARRYNET_FP32 ? isfinite(((const float *)(const void *)values)[i])
                                            : isfinite(((const double *)(const void *)values)[i]);
    return finite;
}

/* How network n of the engine stands now, into the run's records; weights that are NaN or infinite count as zero. */
static carrynet_status record(struct population *p, uint32_t n, uint64_t updates, const carrynet_outcome *outcome)
{
    const carrynet_precision precision = p->settings->precision;
    const size_t bytes = carrynet_shape_size(&p->settings->shape) * (precision / 8), number = p->number[n];
    char *values = (char *)carrynet_model_values(p->records->model) + number * bytes;
    carrynet_model_networks(p->records->model)[number].updates = updates;
    if (p->records->outcomes != NULL)
        p->records->outcomes[number] = *outcome;
    p->records->finished += outcome->finished ? 1 : 0;
    const carrynet_status status = carrynet_engine_get(p->engine, CARRYNET_PART_PARAMETERS, n, 1, values);
    if (status == CARRYNET_OK && (outcome->lost || !all_finite(values, precision, bytes)))
        memset(values, 0, bytes);
    return status;
}

/* Output bits of the check set. */
static uint64_t check_bits(const struct population *p)
{
    return (uint64_t)p->check->sequences * p->check->steps * p->settings->shape.outputs;
}

/* Those with p->wrong stay. */
static carrynet_status close_up(struct population *p)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < p->running; ++n)
        count += p->wrong[n] ? 1 : 0;
    if (count == p->running || count == 0) {
        p->running = count;
        return CARRYNET_OK;
    }
    const carrynet_status status = carrynet_engine_keep(p->engine, p->wrong, p->from, &p->running);
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n) {
        p->number[n] = p->number[p->from[n]];
        p->metrics[n] = p->metrics[p->from[n]];
    }
    return status;
}

/* ---- leaving --------------------------------------------------------------------------------------------------- */

carrynet_status population_drop_lost(struct population *p, uint64_t updates)
{
    const carrynet_outcome outcome = {
        .finished = true, .lost = true, .wrong_bits = check_bits(p), .bits = check_bits(p), .seconds = p->seconds};
    carrynet_status status = CARRYNET_OK;
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n) {
        p->wrong[n] = isfinite(p->metrics[n].loss);
        if (!p->wrong[n])
            status = record(p, n, updates, &outcome);
        p->records->lost += p->wrong[n] ? 0 : 1;
    }
    return status == CARRYNET_OK ? close_up(p) : status;
}

static bool all_wrong(const struct population *p)
{
    for (uint32_t n = 0; n < p->running; ++n)
        if (!p->wrong[n])
            return false;
    return true;
}

carrynet_status population_drop_exact(struct population *p, uint64_t updates)
{
    const carrynet_outcome outcome = {.finished = true, .bits = check_bits(p), .seconds = p->seconds};
    carrynet_status status = CARRYNET_OK;
    memset(p->wrong, 0, p->running * sizeof *p->wrong);
    /* Slices that grow, since a network that is still learning fails in the first. */
    for (size_t first = 0, size = FIRST_SLICE; first < p->check->sequences && status == CARRYNET_OK && !all_wrong(p);
         first += size, size *= 4) {
        const carrynet_batch slice = slice_of(p->check, first, size);
        status =
            carrynet_engine_forward(p->engine, &slice, &(carrynet_forward){.metrics = p->checked, .until_wrong = true});
        for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
            p->wrong[n] = p->wrong[n] || p->checked[n].wrong_sequences > 0;
    }
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
        if (!p->wrong[n]) {
            status = record(p, n, updates, &outcome);
            carrynet_model_networks(p->records->model)[p->number[n]].exact = true;
            ++p->records->exact;
        }
    return status == CARRYNET_OK ? close_up(p) : status;
}

carrynet_status population_end(struct population *p, uint64_t updates, bool finished)
{
    uint64_t *wrong_bits = NULL;
    carrynet_status status = base_allocate(&wrong_bits, p->running, sizeof *wrong_bits);
    const bool measured = finished && p->records->outcomes != NULL;
    for (size_t first = 0; first < p->check->sequences && p->running > 0 && measured && status == CARRYNET_OK;
         first += SLICE) {
        const carrynet_batch slice = slice_of(p->check, first, SLICE);
        status = carrynet_engine_forward(p->engine, &slice, &(carrynet_forward){.metrics = p->checked});
        for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
            wrong_bits[n] += p->checked[n].wrong_bits;
    }
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
        status = record(
            p, n, updates,
            &(carrynet_outcome){
                .finished = finished, .wrong_bits = wrong_bits[n], .bits = check_bits(p), .seconds = p->seconds});
    base_free(wrong_bits);
    p->running = 0;
    return status;
}
