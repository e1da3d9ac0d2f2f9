/*
 * Estimates the cost of a sweep. The chunk that needs most memory and the chunk with most work are set up as for
 * training; the second is timed for about a second. The time of the other chunks follows from their work.
 */
#include "sweep/sweep_rows.h"
#include <stdio.h>

static const double PROBE_SECONDS = 1;

/* A training that is watched and soon stopped. */
struct probe {
    carrynet_sweep_estimate *estimate;
    double start, most; /* seconds */
    double seconds, sequences;
};

static int on_report(void *self, const carrynet_report *report)
{
    struct probe *probe = self;
    if (probe->start == 0) /* the kernels are ready */
        probe->start = sys_seconds();
    (void)snprintf(probe->estimate->device, sizeof probe->estimate->device, "%s", report->device);
    probe->seconds = report->seconds;
    probe->sequences = (double)report->sequences;
    return 0;
}

static int on_interrupted(void *self)
{
    const struct probe *probe = self;
    return sys_seconds() - probe->start >= probe->most;
}

/* Before the first update and after it, when all buffers are there. */
static carrynet_status observe(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next)
{
    struct probe *probe = self;
    const uint64_t memory = carrynet_engine_memory(engine);
    probe->estimate->memory = memory > probe->estimate->memory ? memory : probe->estimate->memory;
    *next = updates == 0 ? 1 : 0;
    return CARRYNET_OK;
}

/* Trains a chunk as a run does, for so many seconds; *unit: seconds of a unit of its work. */
static carrynet_status probe_chunk(double *unit, struct probe *probe, const carrynet_sweep *sweep,
                                   const struct sweep_chunk *chunk, const carrynet_engine_options *engine,
                                   uint32_t network_batch)
{
    const carrynet_observer observer = {observe, probe};
    carrynet_network_config *configs = NULL;
    carrynet_outcome *outcomes = NULL;
    carrynet_model *model = NULL;
    carrynet_settings settings = {0};
    carrynet_train_options options;
    carrynet_train_options_init(&options);
    carrynet_status status = sys_allocate(&configs, chunk->count, sizeof *configs);
    if (status == CARRYNET_OK)
        status = sys_allocate(&outcomes, chunk->count, sizeof *outcomes);
    if (status == CARRYNET_OK) {
        sweep_chunk_settings(&settings, configs, chunk->count, sweep, chunk);
        settings.until_proved = 0; /* a proof takes nothing of the device */
        options.report = on_report;
        options.interrupted = on_interrupted;
        options.self = probe;
        options.report_seconds = probe->most;
        options.observer = &observer;
        options.configs = configs;
        options.outcomes = outcomes;
        options.network_batch = network_batch;
        status = carrynet_train(&model, &settings, engine, &options);
    }
    if (status == CARRYNET_OK && probe->sequences > 0) {
        const double budget = (double)settings.updates * settings.batch * chunk->count;
        *unit = probe->seconds / (probe->sequences / budget * chunk->work);
    }
    carrynet_model_free(model);
    sys_free(outcomes);
    sys_free(configs);
    return status;
}

/* Bytes of the weights and moments of a chunk, but for a factor. */
static double memory_of(const struct sweep_chunk *chunk, const carrynet_sweep *sweep, uint32_t network_batch)
{
    const double hidden = sweep->points[(chunk->rows[0] - 1) / sweep->seeds].hidden;
    return (network_batch > 0 && network_batch < chunk->count ? network_batch : chunk->count) * hidden * (hidden + 4);
}

carrynet_status carrynet_sweep_probe(carrynet_sweep_estimate *estimate, const carrynet_sweep *sweep,
                                     const carrynet_engine_options *engine, uint32_t network_batch)
{
    struct sweep_chunk chunk = {0}, largest = {0}, longest = {0}; /* the last two as they stand before */
    double memory = 0, work = 0, all_work = 0, unit = 0;
    *estimate = (carrynet_sweep_estimate){0};
    carrynet_status status = sys_allocate(&chunk.rows, SWEEP_TOGETHER, sizeof *chunk.rows);
    if (status != CARRYNET_OK)
        return status;
    for (;;) {
        const struct sweep_chunk before = chunk;
        sweep_next_chunk(&chunk, sweep);
        if (chunk.count == 0)
            break;
        if (memory_of(&chunk, sweep, network_batch) > memory) {
            memory = memory_of(&chunk, sweep, network_batch);
            largest = before;
        }
        if (chunk.work > work) {
            work = chunk.work;
            longest = before;
        }
        estimate->networks += chunk.count;
        ++estimate->groups;
        all_work += chunk.work;
    }
    if (estimate->networks > 0 && (largest.place != longest.place || largest.seed != longest.seed)) {
        sweep_next_chunk(&largest, sweep);
        status = probe_chunk(&unit, &(struct probe){.estimate = estimate}, sweep, &largest, engine, network_batch);
    }
    if (estimate->networks > 0 && status == CARRYNET_OK) {
        sweep_next_chunk(&longest, sweep);
        status = probe_chunk(&unit, &(struct probe){.estimate = estimate, .most = PROBE_SECONDS}, sweep, &longest,
                             engine, network_batch);
    }
    estimate->seconds = unit * all_work;
    sys_free(chunk.rows);
    return status;
}
