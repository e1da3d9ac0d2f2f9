/*
 * Runs a sweep chunk by chunk. The networks of one group train together, each with its own seed, learning rate and
 * noise. Finished rows are saved from time to time. Neither saving nor chunking changes a row.
 */
#include "sweep/sweep_rows.h"
#include <stdio.h>
#include <string.h>

void carrynet_sweep_options_init(carrynet_sweep_options *options)
{
    *options = (carrynet_sweep_options){0};
}

/* ---- running --------------------------------------------------------------------------------------------------- */

struct sweep_run {
    carrynet_sweep *sweep;
    const carrynet_sweep_options *options;
    struct sweep_chunk chunk;
    carrynet_network_config *configs; /* [SWEEP_TOGETHER], of the chunk */
    carrynet_outcome *outcomes;
    carrynet_sweep_tally tally;  /* without the chunk in training */
    double work, worked;         /* of all chunks, and of those that are done */
    double start, saved, saving; /* when the last saving was, and what it took */
    double trained, training;    /* seconds of those that are done and of this one, without getting devices ready */
    bool stop, changed;
    char device[512];
    char unsaved[512]; /* why the last saving failed, or "" */
};

/* Reports progress to the caller, with what the chunk in training has finished, and the share of its work done. */
static void report_progress(struct sweep_run *run, uint32_t finished, uint32_t exact, uint32_t proved, double share,
                            bool last)
{
    const double worked = run->worked + share * run->chunk.work, trained = run->trained + run->training;
    carrynet_sweep_report report = {
        .device = run->device,
        .tally = run->tally,
        .seconds = sys_seconds() - run->start,
        .left = worked > 0 && trained > 0 ? trained / worked * (run->work - worked) : -1,
        .unsaved = run->unsaved[0] != '\0' ? run->unsaved : NULL,
        .last = last,
    };
    report.tally.finished += finished;
    report.tally.exact += exact;
    report.tally.proved += proved;
    if (run->options->report != NULL && run->options->report(run->options->self, &report) != 0)
        run->stop = true;
}

static int on_report(void *self, const carrynet_report *report)
{
    struct sweep_run *run = self;
    const double count = run->chunk.count;
    const double finished = report->finished / count;
    const double trained = (double)report->sequences / (count * (double)run->sweep->sequences);
    (void)snprintf(run->device, sizeof run->device, "%s", report->device);
    run->training = report->seconds;
    if (!report->last)
        report_progress(run, report->finished, report->exact, report->proved,
                        finished > trained ? finished
                        : trained < 1      ? trained
                                           : 1,
                        false);
    return run->stop ? 1 : 0;
}

static int on_interrupted(void *self)
{
    struct sweep_run *run = self;
    if (run->options->interrupted != NULL && run->options->interrupted(run->options->self) != 0)
        run->stop = true;
    return run->stop ? 1 : 0;
}

static carrynet_status train_chunk(struct sweep_run *run, const carrynet_engine_options *engine)
{
    carrynet_sweep *sweep = run->sweep;
    const struct sweep_chunk *chunk = &run->chunk;
    carrynet_settings settings;
    carrynet_train_options options;
    carrynet_model *model = NULL;
    sweep_chunk_settings(&settings, run->configs, chunk->count, sweep, chunk);
    memset(run->outcomes, 0, chunk->count * sizeof *run->outcomes);
    carrynet_train_options_init(&options);
    options.report = on_report;
    options.interrupted = on_interrupted;
    options.self = run;
    options.report_seconds = run->options->report_seconds;
    options.configs = run->configs;
    options.outcomes = run->outcomes;
    options.network_batch = run->options->network_batch;
    const carrynet_status status = carrynet_train(&model, &settings, engine, &options);
    for (uint32_t n = 0; n < chunk->count && status == CARRYNET_OK; ++n) {
        const carrynet_sweep_result result = sweep_result(model, n, &run->outcomes[n]);
        run->stop = run->stop || !result.finished; /* the caller has ended it */
        if (!result.finished)
            continue;
        sweep->results[chunk->rows[n] - 1] = result;
        ++run->tally.finished;
        run->tally.exact += result.exact ? 1 : 0;
        run->tally.proved += result.proved ? 1 : 0;
        run->changed = true;
    }
    run->worked += chunk->work;
    run->trained += run->training;
    run->training = 0;
    carrynet_model_free(model);
    return status;
}

static carrynet_status save(struct sweep_run *run)
{
    const double start = sys_seconds();
    const carrynet_status status = carrynet_sweep_save(run->sweep, run->options->path);
    run->saved = sys_seconds();
    run->saving = run->saved - start;
    (void)snprintf(run->unsaved, sizeof run->unsaved, "%s", status == CARRYNET_OK ? "" : carrynet_message());
    return status;
}

/* Saves before an error is handed on, which stays the one that is reported. */
static void save_the_rest(struct sweep_run *run, carrynet_status failed)
{
    sys_text message = {0};
    sys_text_add(&message, "%s", carrynet_message());
    if (save(run) != CARRYNET_OK && !message.failed)
        (void)sys_fail(failed, "%s; then, %s", message.data, carrynet_message());
    sys_text_free(&message);
}

carrynet_status carrynet_sweep_run(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                   const carrynet_sweep_options *options)
{
    carrynet_sweep_options silent;
    carrynet_sweep_options_init(&silent);
    if (options != NULL && carrynet_comm_size(options->comm) > 1)
        return sweep_run_ranks(sweep, engine, options);
    struct sweep_run run = {.sweep = sweep, .options = options != NULL ? options : &silent};
    const char *path = run.options->path;
    carrynet_status status = sys_allocate(&run.chunk.rows, SWEEP_TOGETHER, sizeof *run.chunk.rows);
    if (status == CARRYNET_OK)
        status = sys_allocate(&run.configs, SWEEP_TOGETHER, sizeof *run.configs);
    if (status == CARRYNET_OK)
        status = sys_allocate(&run.outcomes, SWEEP_TOGETHER, sizeof *run.outcomes);
    if (status != CARRYNET_OK)
        goto done;
    run.tally = carrynet_sweep_count(sweep);
    run.work = sweep_work_left(sweep);
    run.start = run.saved = sys_seconds();
    for (;;) {
        sweep_next_chunk(&run.chunk, sweep);
        if (run.chunk.count == 0 || on_interrupted(&run) != 0)
            break;
        status = train_chunk(&run, engine);
        const double since = sys_seconds() - run.saved;
        if (status == CARRYNET_OK && path != NULL && since >= SWEEP_SAVE_SECONDS &&
            since >= SWEEP_SAVE_SHARE * run.saving)
            (void)save(&run); /* what fails here is reported, and tried again later: the last one counts */
        if (status != CARRYNET_OK || run.stop)
            break;
    }
    if (status != CARRYNET_OK && path != NULL && run.changed)
        save_the_rest(&run, status);
    if (status == CARRYNET_OK && path != NULL)
        status = save(&run);
    run.chunk.work = 0;
    if (status == CARRYNET_OK)
        report_progress(&run, 0, 0, 0, 0, true);
done:
    sys_free(run.chunk.rows);
    sys_free(run.configs);
    sys_free(run.outcomes);
    return status;
}
