/*
 * How networks leave the population: the test for exactness, the records, and compaction of the remaining networks.
 */
#include "train/population.h"
#include "model/limits.h"
#include "model/value.h"
#include "platform/platform.h"
#include <math.h>
#include <string.h>

enum { CHECK_BITS = 14, FIRST_SLICE = 256, SLICE = 4096, CHUNK = 1024 };

/* ---- the validation set --------------------------------------------------------------------------------------------- */

carrynet_status population_check_set(carrynet_batch *check, const carrynet_settings *settings)
{
    const carrynet_task *task = &settings->task;
    const size_t steps = settings->steps;
    const bool every = (steps - task->closing_count) * task->inputs <= CHECK_BITS;
    const size_t count = every ? (size_t)carrynet_problem_count(task, steps) : net_measured_sequences(steps);
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

/* Sequences first, ... of the validation set, at most `count`. */
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
    carrynet_status status = sys_allocate(&p->number, count, sizeof *p->number);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->metrics, count, sizeof *p->metrics);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->checked, count, sizeof *p->checked);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->wrong_bits, count, sizeof *p->wrong_bits);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->stays, count, sizeof *p->stays);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->proved, count, sizeof *p->proved);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->due, count, sizeof *p->due);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->had, count, sizeof *p->had);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p->from, count, sizeof *p->from);
    for (uint32_t n = 0; n < count && status == CARRYNET_OK; ++n)
        p->number[n] = first + n;
    return status;
}

void population_close(struct population *p)
{
    sys_free(p->number);
    sys_free(p->metrics);
    sys_free(p->checked);
    sys_free(p->wrong_bits);
    sys_free(p->stays);
    sys_free(p->proved);
    sys_free(p->due);
    sys_free(p->had);
    sys_free(p->from);
    *p = (struct population){0};
}

void population_start(struct population *p)
{
    p->clock = sys_seconds();
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static bool all_finite(const char *values, carrynet_precision precision, size_t bytes)
{
    const size_t value = precision / 8;
    bool finite = true;
    for (size_t i = 0; i < bytes / value && finite; ++i)
        finite = isfinite(net_value(values, precision, i));
    return finite;
}

/* The last batch of a network that leaves, if one was measured. */
static void add_batch(struct population_records *records, const carrynet_metrics *metrics)
{
    if (metrics->sequences == 0 || !isfinite(metrics->loss))
        return;
    records->loss += metrics->loss / (double)metrics->sequences;
    records->wrong_share += (double)metrics->wrong_sequences / (double)metrics->sequences;
    ++records->measured;
}

/* A network into the run's records. One with a weight that is NaN or infinite, which no file holds, is lost. */
static void record(struct population *p, uint32_t number, const char *values, carrynet_outcome outcome, bool exact,
                   uint64_t updates)
{
    const carrynet_precision precision = p->settings->precision;
    const size_t bytes = carrynet_shape_size(&p->settings->shape) * (precision / 8);
    char *kept = (char *)carrynet_model_values(p->records->model) + number * bytes;
    struct population_records *records = p->records;
    outcome.diverged = outcome.diverged || !all_finite(values, precision, bytes);
    outcome.proved = outcome.proved && !outcome.diverged;
    if (outcome.diverged) {
        outcome.wrong_bits = outcome.bits;
        memset(kept, 0, bytes);
    } else {
        memcpy(kept, values, bytes);
    }
    carrynet_model_networks(records->model)[number].updates = updates;
    carrynet_model_networks(records->model)[number].exact = exact && !outcome.diverged;
    if (records->outcomes != NULL)
        records->outcomes[number] = outcome;
    records->exact += exact && !outcome.diverged ? 1 : 0;
    records->proved += outcome.proved ? 1 : 0;
    records->diverged += outcome.diverged ? 1 : 0;
    records->finished += outcome.finished ? 1 : 0;
    records->updates = updates > records->updates ? updates : records->updates;
}

/* Who does not stay: their weights are read, neighbours at once; p->wrong_bits and p->proved are theirs. */
static carrynet_status record_leaving(struct population *p, carrynet_outcome outcome, bool exact, uint64_t updates)
{
    const size_t bytes = carrynet_shape_size(&p->settings->shape) * (p->settings->precision / 8);
    char *values = NULL;
    const double now = sys_seconds();
    outcome.bits = (uint64_t)p->check->sequences * p->check->steps * p->settings->shape.outputs;
    outcome.seconds = p->seconds += (now - p->clock) / p->running;
    p->clock = now;
    carrynet_status status = sys_allocate(&values, p->running < CHUNK ? p->running : CHUNK, bytes);
    for (uint32_t n = 0, count; n < p->running && status == CARRYNET_OK; n += count) {
        for (count = 0; count < CHUNK && n + count < p->running && !p->stays[n + count];)
            ++count;
        status = carrynet_engine_get(p->engine, CARRYNET_PART_PARAMETERS, n, count, values);
        for (uint32_t i = 0; i < count && status == CARRYNET_OK; ++i) {
            outcome.wrong_bits = p->wrong_bits[n + i];
            outcome.proved = p->proved[n + i];
            record(p, p->number[n + i], values + i * bytes, outcome, exact, updates);
            add_batch(p->records, &p->metrics[n + i]);
        }
        count += count == 0 ? 1 : 0;
    }
    sys_free(values);
    return status;
}

/* Those that stay become the engine's first. */
static carrynet_status compact(struct population *p)
{
    uint32_t count = 0;
    for (uint32_t n = 0; n < p->running; ++n)
        count += p->stays[n] ? 1 : 0;
    if (count == p->running || count == 0) {
        p->running = count;
        return CARRYNET_OK;
    }
    const carrynet_status status = carrynet_engine_compact(p->engine, p->stays, p->from, &p->running);
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n) {
        p->number[n] = p->number[p->from[n]];
        p->metrics[n] = p->metrics[p->from[n]];
        p->due[n] = p->due[p->from[n]];
        p->had[n] = p->had[p->from[n]];
    }
    return status;
}

/* ---- leaving --------------------------------------------------------------------------------------------------- */

static bool all_stay(const struct population *p)
{
    for (uint32_t n = 0; n < p->running; ++n)
        if (!p->stays[n])
            return false;
    return true;
}

carrynet_status population_drop_diverged(struct population *p, uint64_t updates)
{
    carrynet_status status = CARRYNET_OK;
    memset(p->proved, 0, p->running * sizeof *p->proved);
    for (uint32_t n = 0; n < p->running; ++n)
        p->stays[n] = isfinite(p->metrics[n].loss);
    if (!all_stay(p))
        status = record_leaving(p, (carrynet_outcome){.finished = true, .diverged = true}, false, updates);
    return status == CARRYNET_OK ? compact(p) : status;
}

/* Whoever is wrong on the validation set stays. */
static carrynet_status test_exactness(struct population *p)
{
    carrynet_status status = CARRYNET_OK;
    memset(p->stays, 0, p->running * sizeof *p->stays);
    memset(p->proved, 0, p->running * sizeof *p->proved);
    memset(p->wrong_bits, 0, p->running * sizeof *p->wrong_bits);
    /* Slices that grow, since a network that is still learning fails in the first. */
    for (size_t first = 0, size = FIRST_SLICE; first < p->check->sequences && status == CARRYNET_OK && !all_stay(p);
         first += size, size *= 4) {
        const carrynet_batch slice = slice_of(p->check, first, size);
        status =
            carrynet_engine_forward(p->engine, &slice, &(carrynet_forward){.metrics = p->checked, .until_wrong = true});
        for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
            p->stays[n] = p->stays[n] || p->checked[n].wrong_sequences > 0;
    }
    return status;
}

carrynet_status population_drop_exact(struct population *p, uint64_t updates, bool finished)
{
    carrynet_status status = test_exactness(p);
    if (status == CARRYNET_OK && !all_stay(p))
        status = record_leaving(p, (carrynet_outcome){.finished = finished}, true, updates);
    return status == CARRYNET_OK ? compact(p) : status;
}

/* After how many updates the next attempt is due: a quarter more. */
static uint64_t next_attempt(uint64_t updates)
{
    return updates + (updates < 4 ? 1 : updates / 4);
}

static bool any_due(const struct population *p, uint64_t updates)
{
    for (uint32_t n = 0; n < p->running; ++n)
        if (p->due[n] <= updates)
            return true;
    return false;
}

/* Of the exact networks, those that are proved; of which an attempt is due, or of all. */
static carrynet_status prove_exact(struct population *p, uint64_t updates, bool all, struct attempts_stop *stop)
{
    uint32_t *candidates = NULL, count = 0;
    carrynet_status status = sys_allocate(&candidates, p->running, sizeof *candidates);
    for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
        if (!p->stays[n] && (all || p->due[n] <= updates))
            candidates[count++] = n;
    if (status == CARRYNET_OK && count > 0)
        status = attempts_prove(p->proved, p->engine, candidates, count, all ? NULL : p->had, stop);
    for (uint32_t i = 0; i < count && !attempts_ended(stop); ++i) {
        ++p->had[candidates[i]];
        p->due[candidates[i]] = next_attempt(updates);
    }
    sys_free(candidates);
    return status;
}

carrynet_status population_test_proved(struct population *p, uint64_t updates, bool last, struct attempts_stop *stop)
{
    memset(p->stays, 1, p->running * sizeof *p->stays);
    memset(p->proved, 0, p->running * sizeof *p->proved);
    if (!last && !any_due(p, updates))
        return CARRYNET_OK;
    carrynet_status status = test_exactness(p);
    if (status == CARRYNET_OK && !all_stay(p))
        status = prove_exact(p, updates, last, stop);
    for (uint32_t n = 0; n < p->running && (!last || attempts_ended(stop)); ++n)
        p->stays[n] = p->stays[n] || !p->proved[n];
    return status;
}

carrynet_status population_drop_proved(struct population *p, uint64_t updates)
{
    const carrynet_status status =
        all_stay(p) ? CARRYNET_OK : record_leaving(p, (carrynet_outcome){.finished = true}, true, updates);
    return status == CARRYNET_OK ? compact(p) : status;
}

carrynet_status population_end(struct population *p, uint64_t updates, bool finished)
{
    const bool measured = finished && p->records->outcomes != NULL;
    carrynet_status status = CARRYNET_OK;
    if (p->running == 0)
        return CARRYNET_OK;
    memset(p->stays, 0, p->running * sizeof *p->stays);
    memset(p->proved, 0, p->running * sizeof *p->proved);
    memset(p->wrong_bits, 0, p->running * sizeof *p->wrong_bits);
    for (size_t first = 0; first < p->check->sequences && measured && status == CARRYNET_OK; first += SLICE) {
        const carrynet_batch slice = slice_of(p->check, first, SLICE);
        status = carrynet_engine_forward(p->engine, &slice, &(carrynet_forward){.metrics = p->checked});
        for (uint32_t n = 0; n < p->running && status == CARRYNET_OK; ++n)
            p->wrong_bits[n] += p->checked[n].wrong_bits;
    }
    if (status == CARRYNET_OK)
        status = record_leaving(p, (carrynet_outcome){.finished = finished}, false, updates);
    p->running = 0;
    return status;
}
