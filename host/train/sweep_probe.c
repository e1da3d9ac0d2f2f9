/*
 * What a sweep would take: the portion that needs most memory and the one with most work are set up as they would be
 * trained, and the second is timed for about a second. The time of the others follows from their work.
 */
#include "train/sweep_rows.h"
#include <stdio.h>
#include <string.h>

enum { PROBE_UPDATES = 1 << 20 };
static const double PROBE_SECONDS = 1;

/* Waits until the device has done what it was given. */
static carrynet_status finish(carrynet_engine *engine)
{
    char *values = NULL;
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    carrynet_status status =
        base_allocate(&values, carrynet_shape_size(&settings->shape), (size_t)settings->precision / 8);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
    base_free(values);
    return status;
}

/* Trains in doubling strides for about a second: *updates in *seconds. */
static carrynet_status time_updates(uint64_t *updates, double *seconds, carrynet_engine *engine)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const carrynet_source source = carrynet_counter_source(&settings->task);
    carrynet_status status = carrynet_engine_train(engine, &source, 1, NULL);
    if (status == CARRYNET_OK)
        status = finish(engine);
    *updates = 0;
    *seconds = 0;
    for (uint64_t stride = 1; status == CARRYNET_OK && *seconds < PROBE_SECONDS && *updates < PROBE_UPDATES;
         stride *= 2) {
        const double start = base_seconds();
        status = carrynet_engine_train(engine, &source, stride, NULL);
        if (status == CARRYNET_OK)
            status = finish(engine);
        *seconds += base_seconds() - start;
        *updates += stride;
    }
    return status;
}

/* Sets a portion up as it would train; *seconds, if not NULL, of one unit of work. */
static carrynet_status probe_portion(carrynet_sweep_estimate *estimate, double *seconds, const carrynet_sweep *sweep,
                                     const struct sweep_portion *portion, const carrynet_engine_options *options,
                                     uint32_t wave)
{
    const uint32_t count = wave > 0 && wave < portion->count ? wave : portion->count;
    carrynet_individual *individuals = NULL;
    carrynet_engine *engine = NULL;
    carrynet_settings settings;
    uint64_t updates = 0;
    double took = 0;
    carrynet_status status = base_allocate(&individuals, count, sizeof *individuals);
    if (status != CARRYNET_OK)
        return status;
    sweep_portion_settings(&settings, individuals, count, sweep, portion);
    status = carrynet_engine_create(&engine, &settings, options);
    if (status == CARRYNET_OK) {
        memcpy(carrynet_engine_individuals(engine), individuals, count * sizeof *individuals);
        status = carrynet_engine_initialize(engine, 0, count);
    }
    const carrynet_source source = carrynet_counter_source(&settings.task);
    if (status == CARRYNET_OK)
        status = carrynet_engine_train(engine, &source, 0, NULL);
    if (status == CARRYNET_OK && seconds != NULL)
        status = time_updates(&updates, &took, engine);
    if (status == CARRYNET_OK) {
        const uint64_t memory = carrynet_engine_memory(engine);
        estimate->memory = memory > estimate->memory ? memory : estimate->memory;
        (void)snprintf(estimate->device, sizeof estimate->device, "%s", carrynet_engine_description(engine));
    }
    if (status == CARRYNET_OK && seconds != NULL)
        *seconds = took / ((double)updates / (double)settings.updates * portion->work / portion->count * count);
    carrynet_engine_free(engine);
    base_free(individuals);
    return status;
}

/* Bytes of the weights and moments of a portion, but for a factor. */
static double memory_of(const struct sweep_portion *portion, const carrynet_sweep *sweep, uint32_t wave)
{
    const double hidden = sweep->points[(portion->rows[0] - 1) / sweep->seeds].hidden;
    return (wave > 0 && wave < portion->count ? wave : portion->count) * hidden * (hidden + 4);
}

carrynet_status carrynet_sweep_probe(carrynet_sweep_estimate *estimate, const carrynet_sweep *sweep,
                                     const carrynet_engine_options *engine, uint32_t wave)
{
    struct sweep_portion portion = {0}, largest = {0}, longest = {0}; /* the last two as they stand before */
    double memory = 0, work = 0, all_work = 0, unit = 0;
    *estimate = (carrynet_sweep_estimate){0};
    carrynet_status status = base_allocate(&portion.rows, SWEEP_TOGETHER, sizeof *portion.rows);
    if (status != CARRYNET_OK)
        return status;
    for (;;) {
        const struct sweep_portion before = portion;
        sweep_next_portion(&portion, sweep);
        if (portion.count == 0)
            break;
        if (memory_of(&portion, sweep, wave) > memory) {
            memory = memory_of(&portion, sweep, wave);
            largest = before;
        }
        if (portion.work > work) {
            work = portion.work;
            longest = before;
        }
        estimate->networks += portion.count;
        ++estimate->groups;
        all_work += portion.work;
    }
    if (estimate->networks > 0 && (largest.place != longest.place || largest.seed != longest.seed)) {
        sweep_next_portion(&largest, sweep);
        status = probe_portion(estimate, NULL, sweep, &largest, engine, wave);
    }
    if (estimate->networks > 0 && status == CARRYNET_OK) {
        sweep_next_portion(&longest, sweep);
        status = probe_portion(estimate, &unit, sweep, &longest, engine, wave);
    }
    estimate->seconds = unit * all_work;
    base_free(portion.rows);
    return status;
}
