/*
 * carrynet train: from options to settings, the training, the file, the check over all problems, and advice. The output
 * is tested before the training and written before the check, so that no result is lost; certificates of proved
 * networks are written after the model. With --json, standard output is one object.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/job_ranks.h"
#include "cli/json_values.h"
#include "cli/settings_options.h"
#include "cli/signals.h"
#include "cli/train_checkpoints.h"
#include "cli/train_end.h"
#include "cli/train_progress.h"
#include "cli/train_proof.h"
#include "cli/train_snapshots.h"
#include <inttypes.h>
#include <string.h>

enum { CHECK_PROBLEMS = 16384 };
static const double CHECK_OPERATIONS = 4e9; /* a second or two on one core in plain C */
static const double PLAIN_OPERATIONS = 4e8; /* less than a device takes to get ready once more */

/* Operations of a forward pass of one problem. */
static double forward_operations(const carrynet_settings *s)
{
    const double hidden = s->shape.hidden, outputs = s->shape.outputs;
    return s->steps * (2 * hidden * (hidden + outputs) + 40 * hidden);
}

/* Every problem, where that is a matter of a second; else as many of the evaluation set as are. */
static uint64_t problems_to_check(const carrynet_settings *s)
{
    const double each = forward_operations(s);
    const uint64_t all = carrynet_problem_count(&s->task, s->steps);
    if (all != 0 && (double)all * each <= CHECK_OPERATIONS)
        return 0;
    const double affordable = CHECK_OPERATIONS / each;
    return affordable < 4 ? 4 : affordable < (double)CHECK_PROBLEMS ? (uint64_t)affordable : CHECK_PROBLEMS;
}

static carrynet_status check_model(final_check *check, const carrynet_model *model,
                                   const carrynet_engine_options *options)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const uint32_t count = s->networks <= CHECKED_NETWORKS ? s->networks : 1;
    const uint64_t problems = problems_to_check(s) == 0 ? carrynet_problem_count(&s->task, s->steps) : CHECK_PROBLEMS;
    carrynet_engine_options checker = *options;
    carrynet_engine *engine = NULL;
    if ((double)count * (double)problems * forward_operations(s) <= PLAIN_OPERATIONS)
        checker.device = "host";
    carrynet_status status = carrynet_model_engine(&engine, model, 0, count, &checker);
    for (uint32_t n = 0; n < count && status == CARRYNET_OK; ++n) {
        carrynet_evaluation evaluation = {0};
        (void)console_progress("Checking network %u of %u ...", n, count);
        status = carrynet_evaluate(&evaluation, engine, &s->task, n, s->steps, problems_to_check(s));
        console_progress_clear();
        if (status == CARRYNET_OK) {
            check->networks = n + 1;
            check->exhaustive = evaluation.exhaustive;
            check->problems = evaluation.problems;
            check->wrong[n] = evaluation.wrong;
            check->all_wrong += evaluation.wrong;
        }
        carrynet_evaluation_free(&evaluation);
    }
    carrynet_engine_free(engine);
    return status;
}

/* Networks that solved the validation set of the training. */
static uint32_t count_exact(carrynet_model *model)
{
    const carrynet_network *records = carrynet_model_networks(model);
    uint32_t exact = 0;
    for (uint32_t n = 0; n < carrynet_model_settings(model)->networks; ++n)
        exact += records[n].exact ? 1 : 0;
    return exact;
}

static uint32_t count_diverged(const carrynet_outcome *outcomes, uint32_t networks)
{
    uint32_t diverged = 0;
    for (uint32_t n = 0; n < networks && outcomes != NULL; ++n)
        diverged += outcomes[n].diverged ? 1 : 0;
    return diverged;
}

/* ---- the options ----------------------------------------------------------------------------------------------- */

static struct {
    cli_value network_batch, keep, snapshot_at;
    train_checkpoints_given checkpoints;
    const char *output, *log;
    bool quiet, json;
} given;

/* In the order of their names. */
typedef enum kept_networks { KEEP_ALL = 0, KEEP_BEST, KEEP_EXACT } kept_networks;
static const char *const kept_names[] = {"all", "best", "exact", NULL};

const cli_option train_options[] = {
    {OPT_TASK},
    {.fields = "What to learn"},
    {.fields = "The network"},
    {.name = "wave",
     .kind = OPTION_COUNT,
     .argument = "W",
     .least = 1,
     .most = 16777216,
     .meaning = "train at most W of them at a time, where memory is short; changes no result",
     .fallback = "all",
     .value = &given.network_batch},
    {.field = "seed"},
    {.fields = "Training"},
    {OPT_UNTIL},
    {.field = "updates"},
    {.name = "updates",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = UINT32_MAX,
     .meaning = "do exactly N updates instead",
     .value = &given_settings.updates},
    {.fields = "How long"},
    {.include = device_options},
    {OPT_OUTPUT_BINARY(&given.output, "where the model goes", "TASK.safetensors")},
    {.name = "keep",
     .kind = OPTION_NAME,
     .argument = "WHICH",
     .names = kept_names,
     .meaning = "which of several networks the file holds: all, those that are exact, or the best, which was exact "
                "first or else has the fewest wrong bits",
     .fallback = "all",
     .value = &given.keep},
    {.name = "snapshot-at",
     .kind = OPTION_COUNTS,
     .argument = "N,N,...",
     .most = UINT32_MAX,
     .meaning = "also write the weights after N updates, such as 0,100,1k, of every network that trains so long, to "
                "MODEL.at-N.safetensors",
     .fallback = "none",
     .value = &given.snapshot_at},
    {.name = "checkpoint",
     .kind = OPTION_WRITE,
     .argument = "FILE",
     .meaning = "write the state of the training there now and then, and at Ctrl-C; the one before it stays as "
                "FILE.previous",
     .no_stream = "every checkpoint takes the place of the one before; name a file",
     .text = &given.checkpoints.path},
    {.name = "checkpoint-every",
     .kind = OPTION_TEXT,
     .argument = "N",
     .meaning = "how often: every N updates, or every N seconds as 30s",
     .fallback = "30s",
     .text = &given.checkpoints.every},
    {.name = "resume",
     .meaning = "go on from the --checkpoint FILE, if it is there, to the same bits, on any device",
     .flag = &given.checkpoints.resume},
    {OPT_LOG(&given.log)},
    {OPT_QUIET(&given.quiet)},
    {OPT_JSON(&given.json)},
    {0},
};

/* ---- what the file holds --------------------------------------------------------------------------------------- */

/* Whether a comes before b: proved first, then exact and early, else with fewer wrong bits; then by number. */
static bool better(const carrynet_network *records, const carrynet_outcome *outcomes, uint32_t a, uint32_t b)
{
    if (outcomes[a].proved != outcomes[b].proved)
        return outcomes[a].proved;
    if (records[a].exact != records[b].exact)
        return records[a].exact;
    if (records[a].exact)
        return records[a].updates < records[b].updates;
    if (outcomes[a].finished != outcomes[b].finished)
        return outcomes[a].finished;
    return outcomes[a].wrong_bits < outcomes[b].wrong_bits;
}

/* The model of the networks that are kept, NULL where none is; and with outcomes, which of them are proved: [kept]. */
static carrynet_status keep_networks(carrynet_model **kept, bool **proved, carrynet_model *model, kept_networks keep,
                                     const carrynet_outcome *outcomes)
{
    const uint32_t networks = carrynet_model_settings(model)->networks;
    const carrynet_network *records = carrynet_model_networks(model);
    uint32_t *which = NULL, count = 0;
    *kept = NULL;
    *proved = NULL;
    carrynet_status status = sys_allocate(&which, networks, sizeof *which);
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
        if (keep == KEEP_BEST && (n == 0 || (outcomes != NULL && better(records, outcomes, n, which[0]))))
            count = 1, which[0] = n;
        else if (keep == KEEP_ALL || (keep == KEEP_EXACT && records[n].exact))
            which[count++] = n;
    if (status == CARRYNET_OK && count > 0)
        status = carrynet_model_select(kept, model, which, count);
    if (status == CARRYNET_OK && outcomes != NULL)
        status = sys_allocate(proved, networks, sizeof **proved);
    for (uint32_t i = 0; i < count && status == CARRYNET_OK && outcomes != NULL; ++i)
        (*proved)[i] = outcomes[which[i]].proved;
    sys_free(which);
    return status;
}

/* The last line of the log of a run that has no result. */
static void log_failure(train_progress *progress, const char *message)
{
    json_t *failure = json_object();
    if (progress->log != NULL) {
        json_put(failure, "error", json_of_text(message));
        (void)train_progress_end(progress, json_incref(failure));
    }
    json_decref(failure);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* The exit code of a training that ran to its end with the goal to become exact, or proved. */
static int judge(const carrynet_settings *settings, const final_check *check, uint32_t exact,
                 const carrynet_report *last)
{
    const uint64_t updates = last->updates;
    if (exact < settings->networks) {
        console_error("not exact after %" PRIu64 " update%s; try more --max-updates, another --seed, a larger --hidden "
                      "or another --lr",
                      updates, updates == 1 ? "" : "s");
        return EXIT_CODE_NOT_REACHED;
    }
    if (settings->until_proved != 0 && last->proved < settings->networks) {
        console_error("not proved after %" PRIu64
                      " update%s; try more --max-updates, another --seed, a larger --hidden, "
                      "--bias or another --noise",
                      updates, updates == 1 ? "" : "s");
        return EXIT_CODE_NOT_REACHED;
    }
    if (check->all_wrong != 0) { /* of more problems than the training looked at */
        console_error("right on the whole validation set of the training, but not on all problems; try another --seed");
        return EXIT_CODE_CHECK;
    }
    return EXIT_CODE_DONE;
}

/* The same test for the certificates. False with *code set, after a message. */
static bool can_write_proof(train_proof *proof, const cli_arguments *arguments, const char *path, const char *log_path,
                            int *code)
{
    if (sys_is_stream(path)) {
        *code = arguments_wrong(
            arguments, "-o is %.200s, but --until proved writes a certificate beside the model: name a file", path);
        return false;
    }
    const carrynet_status status = train_proof_prepare(proof, path);
    *code =
        status != CARRYNET_OK ? console_status(status)
        : log_path != NULL && sys_same_path(log_path, proof->path.data)
            ? arguments_wrong(arguments, "--log names %s, where the certificate goes; give it another file", log_path)
            : EXIT_CODE_DONE;
    return *code == EXIT_CODE_DONE;
}

/* False, with *code set after a message, if --snapshot-at does not fit. */
static bool can_take_snapshots(train_snapshots *snapshots, const cli_arguments *arguments,
                               const carrynet_settings *settings, const char *path, int *code)
{
    if (given.snapshot_at.given && given.network_batch.given) {
        *code = arguments_wrong(arguments, "--snapshot-at looks at all networks at once, --wave trains some after the "
                                           "others; leave one of them out");
        return false;
    }
    return train_snapshots_prepare(snapshots, arguments, &given.snapshot_at, settings, path, given.log, code);
}

int command_train(const cli_arguments *arguments)
{
    const bool as_json = given.json;
    carrynet_settings settings;
    carrynet_engine_options engine;
    carrynet_train_options options;
    carrynet_model *model = NULL, *kept = NULL;
    carrynet_outcome *outcomes = NULL;
    bool *proved = NULL;
    train_proof proof = {0};
    train_snapshots snapshots = {0};
    train_checkpoints checkpoints = {0};
    char name[CARRYNET_TASK_NAME + 16];
    int code;
    if (!settings_from_options(&settings, arguments, NULL, &code))
        return code;
    engine_from_options(&engine, NULL);
    (void)snprintf(name, sizeof name, "%s.safetensors", settings.task.name);
    const char *path = given.output != NULL ? given.output : name;
    const char *log_path = given.log;
    train_progress progress = {
        .settings = &settings, .log_path = job_is_first() ? log_path : NULL, .quiet = given.quiet, .samples = true};
    const bool good = train_progress_can_write(arguments, path, log_path, &code) &&
                      (settings.until_proved == 0 || can_write_proof(&proof, arguments, path, log_path, &code)) &&
                      can_take_snapshots(&snapshots, arguments, &settings, path, &code) &&
                      train_checkpoints_prepare(&checkpoints, arguments, &given.checkpoints, &progress, path, &code);
    if (good)
        code = EXIT_CODE_DONE;
    if (!job_agree(&code))
        goto done;
    carrynet_train_options_init(&options);
    options.checkpoints = checkpoints.wanted.path != NULL ? &checkpoints.wanted : NULL;
    options.report = train_progress_report;
    options.interrupted = train_progress_interrupted;
    options.self = &progress;
    options.report_seconds = log_path != NULL ? 0 : 0.1;
    options.observer = snapshots.count > 0 ? &snapshots.observer : NULL;
    options.network_batch = (uint32_t)given.network_batch.count;
    const kept_networks keep = (kept_networks)given.keep.name;
    carrynet_status status = CARRYNET_OK;
    /* Not for what the training refuses, before anything is allocated. */
    const bool fits = sys_memory() == 0 || carrynet_train_memory(&settings) <= sys_memory();
    if (fits && (settings.networks > 1 || keep == KEEP_BEST || settings.until_proved != 0))
        status = sys_allocate(&outcomes, settings.networks, sizeof *outcomes);
    options.outcomes = outcomes;
    signals_catch();
    if (!progress.quiet)
        (void)console_progress("Preparing the device ...");
    if (status == CARRYNET_OK)
        status = carrynet_train(&model, &settings, &engine, &options);
    console_progress_clear();
    if (status != CARRYNET_OK) {
        code = engine_status(status, &engine);
        if (status == CARRYNET_ERROR_NUMERIC)
            console_note("Nothing was saved. Try a smaller --lr, or --clip 1.");
        if (status == CARRYNET_ERROR_MEMORY)
            console_note("Try a smaller --batch, --bits or --hidden, or --wave to train fewer networks at a time.");
        if (status == CARRYNET_ERROR_DEVICE || status == CARRYNET_ERROR_MEMORY)
            train_checkpoints_say(&checkpoints);
        log_failure(&progress, carrynet_message());
        goto done;
    }
    /* All ranks have the model; what is made of it is one process's work. */
    code = EXIT_CODE_DONE;
    engine.comm = NULL;
    train_progress_share_signal(&progress, job_ranks());
    if (!job_is_first()) {
        code = signals_code(EXIT_CODE_DONE);
        goto done;
    }
    train_end end = {.model = model,
                     .outcomes = outcomes,
                     .exact = count_exact(model),
                     .diverged = count_diverged(outcomes, settings.networks),
                     .proof = &proof,
                     .progress = &progress,
                     .path = path};
    if (outcomes != NULL && end.diverged == settings.networks) {
        console_error("every network was lost to NaN or infinity: nothing was saved; try a smaller --lr, or --clip 1");
        log_failure(&progress, "every network was lost to NaN or infinity");
        if (as_json)
            (void)json_line(stdout, train_end_json(&end), JSON_DIGITS);
        code = EXIT_CODE_NOT_REACHED;
        goto done;
    }
    status = keep_networks(&kept, &proved, model, keep, outcomes);
    end.kept = kept;
    if (status == CARRYNET_OK && kept == NULL) {
        console_error("no network is exact after %" PRIu64 " update%s, and --keep exact keeps no other: nothing was "
                      "saved; try more --%supdates, a larger --hidden or another --lr",
                      progress.last.updates, progress.last.updates == 1 ? "" : "s", settings.until_exact ? "max-" : "");
        log_failure(&progress, "no network is exact");
        if (as_json)
            (void)json_line(stdout, train_end_json(&end), JSON_DIGITS);
        code = signals_caught() != 0 ? 128 + signals_caught() : EXIT_CODE_NOT_REACHED;
        goto done;
    }
    if (status == CARRYNET_OK)
        status = carrynet_model_save(kept, path);
    const bool saved = status == CARRYNET_OK;
    signals_release();
    if (saved && settings.until_proved != 0)
        status = train_proof_write(&proof, kept, proved);
    if (status == CARRYNET_OK && signals_caught() == 0)
        status = check_model(&end.check, kept, &engine);
    code = status != CARRYNET_OK ? console_status(status) : EXIT_CODE_DONE;
    if (!saved)
        train_checkpoints_say(&checkpoints);
    if (saved && status != CARRYNET_OK)
        console_note("The model is in %s, but was not checked%s.", path,
                     settings.until_proved != 0 && !proof.written ? ", and no certificate was written" : "");

    json_t *result = kept == NULL ? NULL : train_end_json(&end);
    if (snapshots.count > 0 && result != NULL)
        json_put(result, "snapshots", train_snapshots_json(&snapshots));
    if (!progress.quiet)
        train_snapshots_say(&snapshots);
    if (kept == NULL)
        log_failure(&progress, carrynet_message());
    else if (log_path != NULL && !train_progress_end(&progress, json_incref(result)) && code == EXIT_CODE_DONE)
        code = EXIT_CODE_FILE;
    if (status == CARRYNET_OK && as_json)
        (void)json_line(stdout, json_incref(result), JSON_DIGITS);
    else if (status == CARRYNET_OK)
        train_end_print(&end);
    json_decref(result);
    if (code == EXIT_CODE_DONE && signals_caught() != 0)
        code = 128 + signals_caught();
    if (code == EXIT_CODE_DONE && (snapshots.failed || checkpoints.failed))
        code = EXIT_CODE_FILE;
    if (code == EXIT_CODE_DONE && settings.until_exact)
        code = judge(&settings, &end.check, end.exact, &progress.last);
done:
    carrynet_model_free(kept);
    carrynet_model_free(model);
    sys_free(outcomes);
    sys_free(proved);
    train_proof_free(&proof);
    train_snapshots_free(&snapshots);
    return code;
}
