/*
 * A sweep on several ranks. Chunks, smaller than in a single process, are dispatched to ranks as they become free. Each
 * rank sends its finished rows to rank 0, which keeps, saves and reports them. A chunk is identified by its position in
 * the order of all chunks, which every rank computes alike.
 */
#include "comm/collectives.h"
#include "engine/device_list.h"
#include "sweep/sweep_rows.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { PORTIONS_OF_RANK = 4 }; /* at least, where there are as many networks */

/* Where a chunk starts, and how many networks it has. */
struct sweep_start {
    size_t place;
    uint32_t seed, count;
    double work;
};

/* A finished row, as it travels. */
struct sweep_finished {
    uint64_t row;
    carrynet_sweep_result result;
};

struct distributed_sweep {
    carrynet_sweep *sweep;
    const carrynet_sweep_options *options;
    carrynet_engine_options engine; /* this rank's */
    struct sweep_start *starts;     /* [count] */
    size_t count, capacity;
    struct sweep_chunk chunk; /* the one that this rank works at */
    carrynet_network_config *configs;
    carrynet_outcome *outcomes;
    pthread_mutex_t lock; /* of what follows, of sweep->results, and of the caller's functions */
    carrynet_sweep_tally tally;
    double work, worked, start, saved, saving;
    uint32_t finished, exact, proved; /* of this rank's chunk, so far */
    bool stop, changed;
    char device[512];
    char unsaved[512];
};

/* ---- chunks --------------------------------------------------------------------------------------------------- */

/* What rank 0 knows to be finished is so on all. */
static carrynet_status share_finished(struct distributed_sweep *all)
{
    carrynet_sweep *sweep = all->sweep;
    carrynet_comm *comm = all->options->comm;
    const uint32_t rank = carrynet_comm_rank(comm);
    unsigned char *flags = NULL;
    uint64_t *counts = NULL;
    carrynet_status status = sys_allocate(&flags, sweep->row_count, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&counts, carrynet_comm_size(comm), sizeof *counts);
    for (size_t i = 0; i < sweep->row_count && status == CARRYNET_OK; ++i)
        flags[i] = sweep->results[i].finished ? 1 : 0;
    status = comm_allreduce_status(comm, status);
    if (status == CARRYNET_OK) {
        counts[0] = sweep->row_count;
        status = comm_allgather(comm, CARRYNET_OK, flags, counts, flags);
    }
    for (size_t i = 0; i < sweep->row_count && status == CARRYNET_OK && rank > 0; ++i)
        sweep->results[i].finished = flags[i] != 0;
    sys_free(counts);
    sys_free(flags);
    return status;
}

static carrynet_status list_chunks(struct distributed_sweep *all)
{
    struct sweep_chunk *chunk = &all->chunk;
    carrynet_status status = CARRYNET_OK;
    *chunk = (struct sweep_chunk){.rows = chunk->rows, .enough = chunk->enough};
    for (;;) {
        struct sweep_start start = {.place = chunk->place, .seed = chunk->seed};
        sweep_next_chunk(chunk, all->sweep);
        if (chunk->count == 0)
            return CARRYNET_OK;
        start.count = chunk->count;
        start.work = chunk->work;
        if (all->count == all->capacity) {
            struct sweep_start *more = NULL;
            all->capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
            status = sys_allocate(&more, all->capacity, sizeof *more);
            if (status != CARRYNET_OK)
                return status;
            if (all->count > 0)
                memcpy(more, all->starts, all->count * sizeof *more);
            sys_free(all->starts);
            all->starts = more;
        }
        all->starts[all->count++] = start;
    }
}

/* The rows of a chunk: those of others may have come to their end since it was listed. */
static void take_up_chunk(struct distributed_sweep *all, const struct sweep_start *start)
{
    all->chunk.place = start->place;
    all->chunk.seed = start->seed;
    sweep_next_chunk(&all->chunk, all->sweep);
    all->chunk.count = start->count;
    all->chunk.work = start->work;
    all->finished = all->exact = all->proved = 0;
}

/* ---- reports of rank 0, under the lock -------------------------------------------------------------------- */

static void report_progress(struct distributed_sweep *all, bool last)
{
    const double seconds = sys_seconds() - all->start;
    carrynet_sweep_report report = {
        .device = all->device,
        .tally = all->tally,
        .seconds = seconds,
        .left = all->worked > 0 ? seconds / all->worked * (all->work - all->worked) : -1,
        .unsaved = all->unsaved[0] != '\0' ? all->unsaved : NULL,
        .last = last,
    };
    report.tally.finished += all->finished;
    report.tally.exact += all->exact;
    report.tally.proved += all->proved;
    if (all->options->report != NULL && carrynet_comm_rank(all->options->comm) == 0 &&
        all->options->report(all->options->self, &report) != 0)
        all->stop = true;
}

static int on_report(void *self, const carrynet_report *report)
{
    struct distributed_sweep *all = self;
    (void)pthread_mutex_lock(&all->lock);
    (void)snprintf(all->device, sizeof all->device, "%u ranks, networks shared out: %s on rank 0",
                   carrynet_comm_size(all->options->comm), report->device);
    all->finished = report->finished;
    all->exact = report->exact;
    all->proved = report->proved;
    if (!report->last)
        report_progress(all, false);
    const int stop = all->stop ? 1 : 0;
    (void)pthread_mutex_unlock(&all->lock);
    return stop;
}

static int on_interrupted(void *self)
{
    struct distributed_sweep *all = self;
    (void)pthread_mutex_lock(&all->lock);
    if (all->options->interrupted != NULL && all->options->interrupted(all->options->self) != 0)
        all->stop = true;
    const int stop = all->stop ? 1 : 0;
    (void)pthread_mutex_unlock(&all->lock);
    return stop;
}

static carrynet_status save(struct distributed_sweep *all)
{
    const double start = sys_seconds();
    const carrynet_status status = carrynet_sweep_save(all->sweep, all->options->path);
    all->saved = sys_seconds();
    all->saving = all->saved - start;
    (void)snprintf(all->unsaved, sizeof all->unsaved, "%s", status == CARRYNET_OK ? "" : carrynet_message());
    return status;
}

/* ---- what is dispatched ----------------------------------------------------------------------------------------- */

static carrynet_status train_chunk(void *self, uint64_t item, sys_text *result)
{
    struct distributed_sweep *all = self;
    const struct sweep_chunk *chunk = &all->chunk;
    carrynet_settings settings;
    carrynet_train_options options;
    carrynet_model *model = NULL;
    (void)pthread_mutex_lock(&all->lock);
    take_up_chunk(all, &all->starts[item]);
    (void)pthread_mutex_unlock(&all->lock);
    sweep_chunk_settings(&settings, all->configs, chunk->count, all->sweep, chunk);
    memset(all->outcomes, 0, chunk->count * sizeof *all->outcomes);
    carrynet_train_options_init(&options);
    options.report = on_report;
    options.interrupted = on_interrupted;
    options.self = all;
    options.report_seconds = all->options->report_seconds;
    options.configs = all->configs;
    options.outcomes = all->outcomes;
    options.network_batch = all->options->network_batch;
    const carrynet_status status = carrynet_train(&model, &settings, &all->engine, &options);
    (void)pthread_mutex_lock(&all->lock);
    for (uint32_t n = 0; n < chunk->count && status == CARRYNET_OK; ++n) {
        struct sweep_finished finished;
        memset(&finished, 0, sizeof finished);
        finished.row = chunk->rows[n];
        finished.result = sweep_result(model, n, &all->outcomes[n]);
        all->stop = all->stop || !finished.result.finished; /* the caller has ended it */
        if (finished.result.finished)
            sys_text_append(result, (const char *)&finished, sizeof finished);
    }
    all->finished = all->exact = all->proved = 0;
    (void)pthread_mutex_unlock(&all->lock);
    carrynet_model_free(model);
    return status;
}

static carrynet_status take_rows(void *self, uint64_t item, const char *result, size_t size)
{
    struct distributed_sweep *all = self;
    (void)pthread_mutex_lock(&all->lock);
    for (size_t at = 0; at + sizeof(struct sweep_finished) <= size; at += sizeof(struct sweep_finished)) {
        struct sweep_finished finished;
        memcpy(&finished, result + at, sizeof finished);
        all->sweep->results[finished.row - 1] = finished.result;
        ++all->tally.finished;
        all->tally.exact += finished.result.exact ? 1 : 0;
        all->tally.proved += finished.result.proved ? 1 : 0;
        all->changed = true;
    }
    all->worked += all->starts[item].work;
    const double since = sys_seconds() - all->saved;
    if (all->options->path != NULL && since >= SWEEP_SAVE_SECONDS && since >= SWEEP_SAVE_SHARE * all->saving)
        (void)save(all); /* what fails here is reported, and tried again later: the last one counts */
    report_progress(all, false);
    (void)pthread_mutex_unlock(&all->lock);
    return CARRYNET_OK;
}

static bool is_stopped(void *self)
{
    return on_interrupted(self) != 0;
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static carrynet_status prepare(struct distributed_sweep *all, const carrynet_engine_options *engine, sys_text *device)
{
    carrynet_comm *comm = all->options->comm;
    char id[24];
    (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)carrynet_sweep_id(all->sweep));
    carrynet_status status = sys_allocate(&all->chunk.rows, SWEEP_TOGETHER, sizeof *all->chunk.rows);
    if (status == CARRYNET_OK)
        status = sys_allocate(&all->configs, SWEEP_TOGETHER, sizeof *all->configs);
    if (status == CARRYNET_OK)
        status = sys_allocate(&all->outcomes, SWEEP_TOGETHER, sizeof *all->outcomes);
    if (status == CARRYNET_OK)
        status = device_list_text(device, engine->device, comm);
    status = comm_check_same(comm, status, "the sweep", id);
    if (status == CARRYNET_OK)
        status = share_finished(all);
    if (status != CARRYNET_OK)
        return status;
    all->engine = *engine;
    all->engine.device = device->data;
    all->engine.comm = NULL;
    all->tally = carrynet_sweep_count(all->sweep);
    all->work = sweep_work_left(all->sweep);
    all->chunk.enough = all->work / ((double)PORTIONS_OF_RANK * (double)carrynet_comm_size(comm));
    return comm_allreduce_status(comm, list_chunks(all));
}

carrynet_status sweep_run_ranks(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                const carrynet_sweep_options *options)
{
    struct distributed_sweep all = {.sweep = sweep, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER};
    const bool saves = options->path != NULL && carrynet_comm_rank(options->comm) == 0;
    sys_text device = {0}, message = {0};
    all.start = all.saved = sys_seconds();
    carrynet_status status = prepare(&all, engine, &device);
    if (status == CARRYNET_OK) {
        const struct comm_work work = {all.count, train_chunk, take_rows, is_stopped, &all};
        status = comm_distribute(options->comm, &work);
    }
    /* The error that is handed on stays the one that is reported. */
    if (status != CARRYNET_OK && saves && all.changed) {
        sys_text_add(&message, "%s", carrynet_message());
        if (save(&all) != CARRYNET_OK && !message.failed)
            (void)sys_fail(status, "%s; then, %s", message.data, carrynet_message());
        else if (!message.failed)
            (void)sys_fail(status, "%s", message.data);
    } else if (status == CARRYNET_OK && saves) {
        status = save(&all);
    }
    /* Nobody leaves, and has the job ended, before rank 0 has saved. */
    status = comm_allreduce_status(options->comm, status);
    all.finished = all.exact = all.proved = 0;
    if (status == CARRYNET_OK)
        report_progress(&all, true);
    sys_text_free(&message);
    sys_text_free(&device);
    sys_free(all.starts);
    sys_free(all.chunk.rows);
    sys_free(all.configs);
    sys_free(all.outcomes);
    return status;
}
