/*
 * A sweep among ranks: chunks smaller than those of one process are dispatched as ranks become free, and what a rank
 * has finished travels to rank 0 as rows, which keeps, saves and tells them. A chunk is its place in the order of all,
 * which every rank lists alike.
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

struct sweep_team {
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
static carrynet_status share_finished(struct sweep_team *team)
{
    carrynet_sweep *sweep = team->sweep;
    carrynet_comm *comm = team->options->comm;
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

static carrynet_status list_chunks(struct sweep_team *team)
{
    struct sweep_chunk *chunk = &team->chunk;
    carrynet_status status = CARRYNET_OK;
    *chunk = (struct sweep_chunk){.rows = chunk->rows, .enough = chunk->enough};
    for (;;) {
        struct sweep_start start = {.place = chunk->place, .seed = chunk->seed};
        sweep_next_chunk(chunk, team->sweep);
        if (chunk->count == 0)
            return CARRYNET_OK;
        start.count = chunk->count;
        start.work = chunk->work;
        if (team->count == team->capacity) {
            struct sweep_start *more = NULL;
            team->capacity = team->capacity == 0 ? 64 : 2 * team->capacity;
            status = sys_allocate(&more, team->capacity, sizeof *more);
            if (status != CARRYNET_OK)
                return status;
            if (team->count > 0)
                memcpy(more, team->starts, team->count * sizeof *more);
            sys_free(team->starts);
            team->starts = more;
        }
        team->starts[team->count++] = start;
    }
}

/* The rows of a chunk: those of others may have come to their end since it was listed. */
static void take_up_chunk(struct sweep_team *team, const struct sweep_start *start)
{
    team->chunk.place = start->place;
    team->chunk.seed = start->seed;
    sweep_next_chunk(&team->chunk, team->sweep);
    team->chunk.count = start->count;
    team->chunk.work = start->work;
    team->finished = team->exact = team->proved = 0;
}

/* ---- what is told, by rank 0, under the lock -------------------------------------------------------------------- */

static void tell(struct sweep_team *team, bool last)
{
    const double seconds = sys_seconds() - team->start;
    carrynet_sweep_report told = {
        .device = team->device,
        .tally = team->tally,
        .seconds = seconds,
        .left = team->worked > 0 ? seconds / team->worked * (team->work - team->worked) : -1,
        .unsaved = team->unsaved[0] != '\0' ? team->unsaved : NULL,
        .last = last,
    };
    told.tally.finished += team->finished;
    told.tally.exact += team->exact;
    told.tally.proved += team->proved;
    if (team->options->report != NULL && carrynet_comm_rank(team->options->comm) == 0 &&
        team->options->report(team->options->self, &told) != 0)
        team->stop = true;
}

static int on_report(void *self, const carrynet_report *report)
{
    struct sweep_team *team = self;
    (void)pthread_mutex_lock(&team->lock);
    (void)snprintf(team->device, sizeof team->device, "%u ranks, networks shared out: %s on rank 0",
                   carrynet_comm_size(team->options->comm), report->device);
    team->finished = report->finished;
    team->exact = report->exact;
    team->proved = report->proved;
    if (!report->last)
        tell(team, false);
    const int stop = team->stop ? 1 : 0;
    (void)pthread_mutex_unlock(&team->lock);
    return stop;
}

static int on_interrupted(void *self)
{
    struct sweep_team *team = self;
    (void)pthread_mutex_lock(&team->lock);
    if (team->options->interrupted != NULL && team->options->interrupted(team->options->self) != 0)
        team->stop = true;
    const int stop = team->stop ? 1 : 0;
    (void)pthread_mutex_unlock(&team->lock);
    return stop;
}

static carrynet_status save(struct sweep_team *team)
{
    const double start = sys_seconds();
    const carrynet_status status = carrynet_sweep_save(team->sweep, team->options->path);
    team->saved = sys_seconds();
    team->saving = team->saved - start;
    (void)snprintf(team->unsaved, sizeof team->unsaved, "%s", status == CARRYNET_OK ? "" : carrynet_message());
    return status;
}

/* ---- what is dispatched ----------------------------------------------------------------------------------------- */

static carrynet_status train_chunk(void *self, uint64_t item, sys_text *result)
{
    struct sweep_team *team = self;
    const struct sweep_chunk *chunk = &team->chunk;
    carrynet_settings settings;
    carrynet_train_options options;
    carrynet_model *model = NULL;
    (void)pthread_mutex_lock(&team->lock);
    take_up_chunk(team, &team->starts[item]);
    (void)pthread_mutex_unlock(&team->lock);
    sweep_chunk_settings(&settings, team->configs, chunk->count, team->sweep, chunk);
    memset(team->outcomes, 0, chunk->count * sizeof *team->outcomes);
    carrynet_train_options_init(&options);
    options.report = on_report;
    options.interrupted = on_interrupted;
    options.self = team;
    options.report_seconds = team->options->report_seconds;
    options.configs = team->configs;
    options.outcomes = team->outcomes;
    options.network_batch = team->options->network_batch;
    const carrynet_status status = carrynet_train(&model, &settings, &team->engine, &options);
    (void)pthread_mutex_lock(&team->lock);
    for (uint32_t n = 0; n < chunk->count && status == CARRYNET_OK; ++n) {
        struct sweep_finished told;
        memset(&told, 0, sizeof told);
        told.row = chunk->rows[n];
        told.result = sweep_result(model, n, &team->outcomes[n]);
        team->stop = team->stop || !told.result.finished; /* the caller has ended it */
        if (told.result.finished)
            sys_text_append(result, (const char *)&told, sizeof told);
    }
    team->finished = team->exact = team->proved = 0;
    (void)pthread_mutex_unlock(&team->lock);
    carrynet_model_free(model);
    return status;
}

static carrynet_status take_rows(void *self, uint64_t item, const char *result, size_t size)
{
    struct sweep_team *team = self;
    (void)pthread_mutex_lock(&team->lock);
    for (size_t at = 0; at + sizeof(struct sweep_finished) <= size; at += sizeof(struct sweep_finished)) {
        struct sweep_finished told;
        memcpy(&told, result + at, sizeof told);
        team->sweep->results[told.row - 1] = told.result;
        ++team->tally.finished;
        team->tally.exact += told.result.exact ? 1 : 0;
        team->tally.proved += told.result.proved ? 1 : 0;
        team->changed = true;
    }
    team->worked += team->starts[item].work;
    const double since = sys_seconds() - team->saved;
    if (team->options->path != NULL && since >= SWEEP_SAVE_SECONDS && since >= SWEEP_SAVE_SHARE * team->saving)
        (void)save(team); /* what fails here is told, and tried again later: the last one counts */
    tell(team, false);
    (void)pthread_mutex_unlock(&team->lock);
    return CARRYNET_OK;
}

static bool is_stopped(void *self)
{
    return on_interrupted(self) != 0;
}

/* ---- the run ---------------------------------------------------------------------------------------------------- */

static carrynet_status prepare(struct sweep_team *team, const carrynet_engine_options *engine, sys_text *device)
{
    carrynet_comm *comm = team->options->comm;
    char id[24];
    (void)snprintf(id, sizeof id, "%016llx", (unsigned long long)carrynet_sweep_id(team->sweep));
    carrynet_status status = sys_allocate(&team->chunk.rows, SWEEP_TOGETHER, sizeof *team->chunk.rows);
    if (status == CARRYNET_OK)
        status = sys_allocate(&team->configs, SWEEP_TOGETHER, sizeof *team->configs);
    if (status == CARRYNET_OK)
        status = sys_allocate(&team->outcomes, SWEEP_TOGETHER, sizeof *team->outcomes);
    if (status == CARRYNET_OK)
        status = device_list_text(device, engine->device, comm);
    status = comm_check_same(comm, status, "the sweep", id);
    if (status == CARRYNET_OK)
        status = share_finished(team);
    if (status != CARRYNET_OK)
        return status;
    team->engine = *engine;
    team->engine.device = device->data;
    team->engine.comm = NULL;
    team->tally = carrynet_sweep_count(team->sweep);
    team->work = sweep_work_left(team->sweep);
    team->chunk.enough = team->work / ((double)PORTIONS_OF_RANK * (double)carrynet_comm_size(comm));
    return comm_allreduce_status(comm, list_chunks(team));
}

carrynet_status sweep_run_ranks(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                const carrynet_sweep_options *options)
{
    struct sweep_team team = {.sweep = sweep, .options = options, .lock = PTHREAD_MUTEX_INITIALIZER};
    const bool saves = options->path != NULL && carrynet_comm_rank(options->comm) == 0;
    sys_text device = {0}, message = {0};
    team.start = team.saved = sys_seconds();
    carrynet_status status = prepare(&team, engine, &device);
    if (status == CARRYNET_OK) {
        const struct comm_work work = {team.count, train_chunk, take_rows, is_stopped, &team};
        status = comm_distribute(options->comm, &work);
    }
    if (status != CARRYNET_OK && saves && team.changed) { /* the error that is handed on stays the one that is told */
        sys_text_add(&message, "%s", carrynet_message());
        if (save(&team) != CARRYNET_OK && !message.failed)
            (void)sys_fail(status, "%s; then, %s", message.data, carrynet_message());
        else if (!message.failed)
            (void)sys_fail(status, "%s", message.data);
    } else if (status == CARRYNET_OK && saves) {
        status = save(&team);
    }
    /* Nobody leaves, and has the job ended, before rank 0 has saved. */
    status = comm_allreduce_status(options->comm, status);
    team.finished = team.exact = team.proved = 0;
    if (status == CARRYNET_OK)
        tell(&team, true);
    sys_text_free(&message);
    sys_text_free(&device);
    sys_free(team.starts);
    sys_free(team.chunk.rows);
    sys_free(team.configs);
    sys_free(team.outcomes);
    return status;
}
