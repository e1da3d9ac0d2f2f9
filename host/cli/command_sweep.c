/*
 * carrynet sweep: converts options to a sweep, runs the sweep and prints the outcome. An existing results file is never
 * replaced: --resume continues it, without --resume it is an error.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/drivers.h"
#include "cli/job_ranks.h"
#include "cli/json_values.h"
#include "cli/results_file.h"
#include "cli/settings_options.h"
#include "cli/signals.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* ---- the specification ----------------------------------------------------------------------------------------- */

/* What the lists of a specification point to, where the options' own do not serve. */
/* ---- the options ----------------------------------------------------------------------------------------------- */

static struct {
    cli_value hidden, batch, optimizer, loss, lr, noise, points, seeds, sequences, network_batch;
    const char *shard, *output;
    bool resume, dry_run, quiet, json;
} given;

const cli_option sweep_options[] = {
    {.heading = "What to vary",
     .field = "hidden",
     .kind = OPTION_COUNTS,
     .argument = "H,H,...",
     .value = &given.hidden},
    {.heading = "What to vary", .field = "batch", .kind = OPTION_COUNTS, .argument = "B,B,...", .value = &given.batch},
    {.heading = "What to vary",
     .field = "optimizer",
     .kind = OPTION_NAMES,
     .argument = "NAME,...",
     .value = &given.optimizer},
    {.heading = "What to vary",
     .field = "loss",
     .kind = OPTION_NAMES,
     .argument = "NAME,...",
     .meaning = "what is made small",
     .value = &given.loss},
    {.heading = "What to vary",
     .field = "lr",
     .kind = OPTION_REALS,
     .argument = "X,X,...",
     .meaning = "learning rates; with --random also LO..HI, of which each part of the same ratio is as likely",
     .fallback = "what suits optimizer and loss",
     .value = &given.lr},
    {.heading = "What to vary",
     .field = "noise",
     .kind = OPTION_REALS,
     .argument = "X,X,...",
     .meaning = "random numbers from -X to X, added to the hidden units while training; with --random also LO..HI",
     .value = &given.noise},
    {.name = "random",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = CARRYNET_SWEEP_ROWS,
     .meaning = "draw N points from the lists and ranges, by --seed, instead of all combinations",
     .value = &given.points},
    {.name = "seeds",
     .kind = OPTION_COUNT,
     .argument = "COUNT",
     .least = 1,
     .most = CARRYNET_SWEEP_ROWS,
     .meaning = "networks of each point, with seeds S, S+1, ...",
     .fallback = "1",
     .value = &given.seeds},
    {.heading = "What to vary", .field = "seed", .meaning = "the first of the seeds"},
    {.heading = "How long",
     .name = "sequences",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = UINT64_C(1) << 56,
     .meaning = "give a network up after N training sequences",
     .fallback = "1000000",
     .value = &given.sequences},
    {.field = "check_every", .fallback = "as many as 1024 sequences take"},
    {.heading = "Which part, and how",
     .name = "shard",
     .kind = OPTION_TEXT,
     .argument = "I/N",
     .meaning = "only rows I, I+N, I+2N, ...; `carrynet merge` joins the files of 1/N to N/N",
     .fallback = "all rows",
     .text = &given.shard},
    {.name = "resume", .meaning = "go on with the rows that FILE lacks", .flag = &given.resume},
    {.name = "dry-run", .meaning = "only say how many networks, how much memory and how long", .flag = &given.dry_run},
    {.name = "wave",
     .kind = OPTION_COUNT,
     .argument = "W",
     .least = 1,
     .most = 16777216,
     .meaning = "train at most W networks at a time, where memory is short; changes no result",
     .fallback = "as many as fit together",
     .value = &given.network_batch},
    {OPT_TASK},
    {.fields = "What to learn", .of_rows = true},
    {.fields = "The network", .of_rows = true},
    {.fields = "Training", .of_rows = true},
    {OPT_UNTIL},
    {.include = device_options},
    {OPT_TABLE(&given.output)},
    {OPT_QUIET(&given.quiet)},
    {OPT_JSON(&given.json)},
    {0},
};

/* ---- the sweep ------------------------------------------------------------------------------------------------- */

typedef struct sweep_lists {
    uint32_t *hidden, *batches;
    carrynet_optimizer *optimizers;
    carrynet_loss *losses;
} sweep_lists;

static void lists_free(sweep_lists *lists)
{
    sys_free(lists->hidden);
    sys_free(lists->batches);
    sys_free(lists->optimizers);
    sys_free(lists->losses);
}

static carrynet_status fill_lists(carrynet_sweep_spec *spec, sweep_lists *lists)
{
    const cli_value *hidden = &given.hidden, *batch = &given.batch;
    const cli_value *optimizer = &given.optimizer, *loss = &given.loss;
    carrynet_status status = sys_allocate(&lists->hidden, hidden->count, sizeof *lists->hidden);
    if (status == CARRYNET_OK)
        status = sys_allocate(&lists->batches, batch->count, sizeof *lists->batches);
    if (status == CARRYNET_OK)
        status = sys_allocate(&lists->optimizers, optimizer->count, sizeof *lists->optimizers);
    if (status == CARRYNET_OK)
        status = sys_allocate(&lists->losses, loss->count, sizeof *lists->losses);
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = 0; i < hidden->count; ++i)
        lists->hidden[i] = (uint32_t)hidden->list[i];
    for (size_t i = 0; i < batch->count; ++i)
        lists->batches[i] = (uint32_t)batch->list[i];
    for (size_t i = 0; i < optimizer->count; ++i)
        lists->optimizers[i] = (carrynet_optimizer)optimizer->list[i];
    for (size_t i = 0; i < loss->count; ++i)
        lists->losses[i] = (carrynet_loss)loss->list[i];
    if (hidden->given)
        spec->hidden = lists->hidden, spec->hidden_count = (size_t)hidden->count;
    if (batch->given)
        spec->batches = lists->batches, spec->batch_count = (size_t)batch->count;
    if (optimizer->given)
        spec->optimizers = lists->optimizers, spec->optimizer_count = (size_t)optimizer->count;
    if (loss->given)
        spec->losses = lists->losses, spec->loss_count = (size_t)loss->count;
    if (given.lr.given) {
        spec->rates = given.lr.reals;
        spec->rate_count = (size_t)given.lr.count;
        spec->rate_range = given.lr.range;
    }
    if (given.noise.given) {
        spec->noises = given.noise.reals;
        spec->noise_count = (size_t)given.noise.count;
        spec->noise_range = given.noise.range;
    }
    return CARRYNET_OK;
}

/* "I/N", I from 1 to N. */
static bool read_shard(carrynet_sweep_spec *spec, const cli_arguments *arguments)
{
    const char *text = given.shard;
    uint64_t shard = 0, shards = 0;
    const char *rest = sys_read_whole(&shard, text, UINT32_MAX);
    if (rest != NULL)
        rest = *rest == '/' ? sys_read_whole(&shards, rest + 1, UINT32_MAX) : NULL;
    if (rest == NULL || *rest != '\0' || shard == 0 || shard > shards) {
        (void)arguments_wrong(arguments, "--shard is '%.64s', but must be I/N with I from 1 to N, such as 1/4", text);
        return false;
    }
    spec->shard = (uint32_t)shard;
    spec->shards = (uint32_t)shards;
    return true;
}

static bool refuse_ranges(const cli_arguments *arguments)
{
    static const struct {
        const cli_value *value;
        const char *name;
    } ranged[] = {{&given.lr, "lr"}, {&given.noise, "noise"}};
    for (size_t i = 0; i < sizeof ranged / sizeof ranged[0] && !given.points.given; ++i)
        if (ranged[i].value->range) {
            (void)arguments_wrong(arguments,
                                  "--%s %.64s is a range, from which --random N draws; without --random give a list, "
                                  "such as 0.1,0.3",
                                  ranged[i].name, ranged[i].value->text);
            return true;
        }
    return false;
}

/* The sweep that the options ask for. False with *code set, after a message. */
static bool sweep_from_arguments(carrynet_sweep **sweep, const cli_arguments *arguments, int *code)
{
    carrynet_settings settings;
    carrynet_sweep_spec spec;
    sweep_lists lists = {0};
    *code = EXIT_CODE_USAGE;
    if (refuse_ranges(arguments) || !settings_from_options(&settings, arguments, &given.optimizer, code))
        return false;
    carrynet_sweep_spec_init(&spec, &settings);
    if (given.shard != NULL && !read_shard(&spec, arguments)) {
        *code = EXIT_CODE_USAGE;
        return false;
    }
    if (given.points.given)
        spec.points = given.points.count;
    if (given.seeds.given)
        spec.seeds = (uint32_t)given.seeds.count;
    if (given.sequences.given)
        spec.sequences = given.sequences.count;
    if (settings_gave("check_every"))
        spec.check_every = settings.check_every;
    carrynet_status status = fill_lists(&spec, &lists);
    if (status == CARRYNET_OK)
        status = carrynet_sweep_create(sweep, &spec);
    lists_free(&lists);
    *code = status == CARRYNET_OK               ? EXIT_CODE_DONE
            : status == CARRYNET_ERROR_ARGUMENT ? arguments_wrong(arguments, "%s", carrynet_message())
                                                : console_status(status);
    return status == CARRYNET_OK;
}

/* ---- progress -------------------------------------------------------------------------------------------------- */

typedef struct sweep_progress {
    bool quiet, proofs, introduced, stopping, unsaved, opening;
    char device[512];
    double seconds, next_line;
    const carrynet_sweep *sweep;
} sweep_progress;

static int on_interrupted(void *self)
{
    sweep_progress *progress = self;
    const int number = signals_caught();
    if (progress->device[0] == '\0' && !progress->opening)
        signals_open_device(); /* the first poll comes before the device is open; only rank 0 learns its name */
    progress->opening = true;
    if (number != 0 && !progress->stopping) {
        console_note("Stopping here and saving what is finished; once more ends it at once.");
        progress->stopping = true;
    }
    return number != 0;
}

static int on_report(void *self, const carrynet_sweep_report *report)
{
    sweep_progress *progress = self;
    const carrynet_sweep_tally *tally = &report->tally;
    char line[192], duration[32], left[64] = "", proved[32] = "";
    (void)snprintf(progress->device, sizeof progress->device, "%s", report->device);
    progress->seconds = report->seconds;
    if (report->unsaved != NULL && !progress->unsaved)
        console_error("%s; training goes on, and saving is tried again", report->unsaved);
    progress->unsaved = report->unsaved != NULL;
    if (progress->quiet && !progress->introduced && report->device[0] != '\0') {
        drivers_say_fallback(report->device);
        progress->introduced = true;
    }
    if (progress->quiet)
        return on_interrupted(self);
    if (!progress->introduced && report->device[0] != '\0') {
        console_note("Device: %s", report->device);
        console_note("Sweep %016" PRIx64 ": %" PRIu64 " network%s", carrynet_sweep_id(progress->sweep), tally->networks,
                     tally->networks == 1 ? "" : "s");
        progress->introduced = true;
    }
    if (!report->last && report->left >= 1)
        (void)snprintf(left, sizeof left, ", about %s left", console_duration(duration, sizeof duration, report->left));
    if (progress->proofs)
        (void)snprintf(proved, sizeof proved, ", %" PRIu64 " proved", tally->proved);
    (void)snprintf(line, sizeof line, "%" PRIu64 " of %" PRIu64 " network%s done, %" PRIu64 " exact%s%s",
                   tally->finished, tally->networks, tally->networks == 1 ? "" : "s", tally->exact, proved, left);
    /* In a pipe or a file the lines stay: the longer it takes the fewer. */
    if (report->last || (!console_progress("%s", line) && report->seconds >= progress->next_line)) {
        console_note("%s", line);
        progress->next_line = report->seconds + (report->seconds < 10 ? 1 : 0.1 * report->seconds);
    }
    return report->last ? 0 : on_interrupted(self);
}

/* ---- a dry run ------------------------------------------------------------------------------------------------- */

static void say_need(carrynet_status status, const carrynet_sweep *sweep, uint32_t network_batch)
{
    if (status != CARRYNET_ERROR_MEMORY)
        return;
    const bool can_split = network_batch != 1 && carrynet_sweep_together(sweep) > 1;
    console_note("%s a smaller --hidden, --batch or --bits.",
                 can_split ? "--wave W trains at most W networks at a time; or try" : "Try");
}

static int dry_run(const carrynet_sweep *sweep, const carrynet_engine_options *engine, uint32_t network_batch,
                   bool as_json)
{
    carrynet_sweep_estimate estimate;
    char memory[32], duration[32];
    (void)console_progress("Measuring for a second ...");
    const carrynet_status status = carrynet_sweep_probe(&estimate, sweep, engine, network_batch);
    console_progress_clear();
    if (status != CARRYNET_OK) {
        const int code = engine_status(status, engine);
        say_need(status, sweep, network_batch);
        return code;
    }
    if (as_json) {
        json_t *object = json_object();
        json_put(object, "device", json_of_text(estimate.device));
        json_put(object, "networks", json_of_count(estimate.networks));
        json_put(object, "groups", json_of_count(estimate.groups));
        json_put(object, "memory", json_of_count(estimate.memory));
        json_put(object, "seconds_at_most", json_of_real(estimate.seconds));
        (void)json_line(stdout, object, JSON_DIGITS);
        return EXIT_CODE_DONE;
    }
    (void)snprintf(memory, sizeof memory, "%.3g MiB", (double)estimate.memory / (1 << 20));
    if (estimate.memory < 1 << 20)
        (void)snprintf(memory, sizeof memory, "%.3g KiB", (double)estimate.memory / (1 << 10));
    if (estimate.device[0] != '\0')
        (void)printf("Device: %s\n", estimate.device);
    (void)printf("%" PRIu64 " network%s to train, in %" PRIu64 " group%s one after another\n", estimate.networks,
                 estimate.networks == 1 ? "" : "s", estimate.groups, estimate.groups == 1 ? "" : "s");
    (void)printf("Memory: %s on the device at most\n", memory);
    (void)printf("Time: about %s, if every network uses up its sequences, plus the time to build kernels for %" PRIu64
                 " group%s\n",
                 console_duration(duration, sizeof duration, estimate.seconds), estimate.groups,
                 estimate.groups == 1 ? "" : "s");
    return EXIT_CODE_DONE;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* The results file: taken up where that is asked for, else made. False with *code set, after a message. */
static bool take_up(carrynet_sweep *sweep, const cli_arguments *arguments, const char *path, int *code)
{
    const bool dry = given.dry_run;
    const bool resume = given.resume, goes_on = resume && access(path, F_OK) == 0;
    if (resume && !goes_on && errno != ENOENT) {
        *code = console_status(sys_fail(CARRYNET_ERROR_IO, "%s: cannot look for it: %s", path, strerror(errno)));
        return false;
    }
    if (!results_file_fits(arguments, path, dry ? RESULTS_NONE : goes_on ? RESULTS_OLD : RESULTS_NEW, code))
        return false;
    const carrynet_status status = dry       ? CARRYNET_OK
                                   : goes_on ? carrynet_sweep_load(sweep, path)
                                             : carrynet_sweep_reserve(sweep, path);
    if (status == CARRYNET_ERROR_ARGUMENT)
        *code = results_file_exists(arguments, path);
    else if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

static void print_end(const carrynet_sweep *sweep, const char *path, const sweep_progress *progress, bool as_json)
{
    const carrynet_sweep_tally tally = carrynet_sweep_count(sweep);
    const bool whole = tally.finished == tally.networks;
    if (as_json) {
        char id[32];
        (void)snprintf(id, sizeof id, "%016" PRIx64, carrynet_sweep_id(sweep));
        json_t *object = json_object();
        json_put(object, "results", json_of_text(path));
        json_put(object, "device", json_of_text(progress->device));
        json_put(object, "sweep", json_of_text(id));
        json_put(object, "rows", json_of_count(carrynet_sweep_rows(sweep)));
        json_put(object, "networks", json_of_count(tally.networks));
        json_put(object, "finished", json_of_count(tally.finished));
        json_put(object, "exact", json_of_count(tally.exact));
        if (progress->proofs)
            json_put(object, "proved", json_of_count(tally.proved));
        json_put(object, "seconds", json_of_real(progress->seconds));
        json_put(object, "stopped", json_boolean(!whole));
        (void)json_line(stdout, object, JSON_DIGITS);
        return;
    }
    (void)printf("%" PRIu64 " of %" PRIu64 " network%s exact\n", tally.exact, tally.finished,
                 tally.finished == 1 ? "" : "s");
    if (progress->proofs)
        (void)printf("%" PRIu64 " of them proved right for every length\n", tally.proved);
    (void)printf(whole ? "Wrote %s\n" : "Stopped early; wrote what is finished to %s\n", path);
    (void)fflush(stdout);
    if (!whole && !progress->quiet)
        console_note("The same command with --resume goes on: %" PRIu64 " of %" PRIu64 " network%s left.",
                     tally.networks - tally.finished, tally.networks, tally.networks == 1 ? " is" : "s are");
}

int command_sweep(const cli_arguments *arguments)
{
    const char *path = given.output != NULL ? given.output : "sweep.csv";
    const uint32_t network_batch = (uint32_t)given.network_batch.count;
    carrynet_engine_options engine;
    carrynet_sweep_options options;
    carrynet_sweep *sweep = NULL;
    int code = EXIT_CODE_DONE;
    engine_from_options(&engine, NULL);
    engine.comm = NULL; /* each has an engine of its own */
    /* The file is rank 0's, which tells the others what is in it. */
    if (sweep_from_arguments(&sweep, arguments, &code) && job_is_first())
        (void)take_up(sweep, arguments, path, &code);
    if (!job_agree(&code))
        goto done;
    if (given.dry_run) {
        code = !job_is_first() ? EXIT_CODE_DONE : dry_run(sweep, &engine, network_batch, given.json);
        goto done;
    }
    sweep_progress progress = {
        .quiet = given.quiet, .proofs = given_settings.until.name == UNTIL_PROVED, .sweep = sweep};
    carrynet_sweep_options_init(&options);
    options.report = on_report;
    options.interrupted = on_interrupted;
    options.self = &progress;
    options.report_seconds = 0.1;
    options.network_batch = network_batch;
    options.path = job_is_first() ? path : NULL;
    options.comm = job_ranks();
    signals_catch();
    if (!progress.quiet)
        (void)console_progress("Preparing the device ...");
    const carrynet_status status = carrynet_sweep_run(sweep, &engine, &options);
    console_progress_clear();
    signals_release();
    if (status != CARRYNET_OK) {
        code = engine_status(status, &engine);
        say_need(status, sweep, network_batch);
        const uint64_t saved = carrynet_sweep_saved(sweep);
        if (!job_is_first())
            goto done;
        if (saved > 0)
            console_note("%s holds %" PRIu64 " finished row%s; --resume goes on with %s.", path, saved,
                         saved == 1 ? "" : "s", saved == 1 ? "it" : "them");
        else if (signals_caught() == 0)
            carrynet_sweep_release(sweep, path);
        goto done;
    }
    if (job_is_first())
        print_end(sweep, path, &progress, given.json);
    code = signals_code(code);
done:
    carrynet_sweep_free(sweep);
    return code;
}
