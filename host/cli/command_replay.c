/*
 * carrynet replay: prints one original script's transcript on standard output and everything else on standard error;
 * with --all, prints a table of all scripts beside their known transcripts.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/options.h"
#include "cli/signals.h"
#include "cli/train_progress.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Sequences a second of the script of 000 under Python 3.11 and NumPy 1.24, on one core of an AMD EPYC (Zen 4). */
static const double SCRIPT_SPEED = 4100;

enum { MOST_TRANSCRIPT = 1 << 26 /* bytes of a file to compare with: two million prints */ };

/* One replay: what it is told, and what came of it. */
typedef struct replay_run {
    const carrynet_recipe *recipe;
    train_progress progress;
    bool prints; /* the transcript, on standard output */
    bool keeps;  /* it, in `transcript` */
    sys_text transcript;
    carrynet_model *model;
    double seconds; /* of the training alone */
    uint64_t updates, problems, right;
} replay_run;

/* ---- the first difference -------------------------------------------------------------------------------------- */

typedef struct text_line {
    const char *start;
    size_t size;
} text_line;

static text_line line_at(const char *text, size_t at)
{
    size_t start = at;
    while (start > 0 && text[start - 1] != '\n')
        --start;
    return (text_line){text + start, strcspn(text + start, "\n")};
}

/* The number of the first line, from 1, in which `got` differs from `right`; 0 if the texts are equal. */
static size_t first_difference(text_line *got_line, text_line *right_line, const char *got, const char *right)
{
    size_t at = 0, number = 1;
    while (got[at] == right[at] && got[at] != '\0')
        number += got[at++] == '\n';
    if (got[at] == right[at])
        return 0;
    *got_line = line_at(got, at);
    *right_line = line_at(right, at);
    return number;
}

/* As much of a line as fits into a message. */
static const char *quoted(char *text, size_t size, const text_line *line)
{
    (void)snprintf(text, size, line->size == 0 ? "nothing" : "'%.*s'", line->size < 80 ? (int)line->size : 80,
                   line->start);
    return text;
}

/* ---- running one ----------------------------------------------------------------------------------------------- */

static carrynet_status take(void *self, const char *text)
{
    replay_run *run = self;
    if (run->keeps)
        sys_text_add(&run->transcript, "%s", text);
    if (run->transcript.failed)
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory to keep the transcript");
    if (!run->prints)
        return CARRYNET_OK;
    console_progress_clear();
    if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
        return sys_fail(CARRYNET_ERROR_IO, "standard output: %s", strerror(errno));
    return CARRYNET_OK;
}

static int note(void *self, const carrynet_report *report)
{
    replay_run *run = self;
    if (!report->last) /* the last one comes after the test of the finished network */
        run->seconds = report->seconds;
    return train_progress_report(&run->progress, report);
}

static int interrupted(void *self)
{
    replay_run *run = self;
    return train_progress_interrupted(&run->progress);
}

static carrynet_status count_right(replay_run *run, const carrynet_engine_options *options)
{
    const carrynet_settings *settings = carrynet_model_settings(run->model);
    carrynet_engine *engine = NULL;
    carrynet_evaluation evaluation = {0};
    carrynet_status status = carrynet_model_engine(&engine, run->model, 0, 1, options);
    if (status == CARRYNET_OK)
        status = carrynet_evaluate(&evaluation, engine, &settings->task, 0, settings->steps, 0);
    run->problems = evaluation.problems;
    run->right = evaluation.problems - evaluation.wrong;
    carrynet_evaluation_free(&evaluation);
    carrynet_engine_free(engine);
    return status;
}

/* Replays run->recipe and counts its right sums. run_free in every case. */
static carrynet_status run_recipe(replay_run *run, carrynet_replay_options *options,
                                  const carrynet_engine_options *engine)
{
    carrynet_settings settings;
    carrynet_train_options train;
    carrynet_train_options_init(&train);
    train.report = note;
    train.interrupted = interrupted;
    train.self = run;
    options->write = take;
    options->self = run;
    carrynet_status status = carrynet_replay_settings(&settings, run->recipe, options);
    run->progress.settings = &settings;
    if (status == CARRYNET_OK)
        status = carrynet_replay(&run->model, run->recipe, options, engine, &train);
    console_progress_clear();
    if (status == CARRYNET_OK && !run->progress.stopped)
        status = count_right(run, engine);
    if (status == CARRYNET_OK)
        run->updates = carrynet_model_networks(run->model)[0].updates;
    run->progress.settings = NULL;
    return status;
}

static void run_free(replay_run *run)
{
    carrynet_model_free(run->model);
    sys_text_free(&run->transcript);
    run->model = NULL;
}

static double times_faster(const replay_run *run)
{
    return run->seconds > 0 ? (double)run->updates / run->seconds / SCRIPT_SPEED : 0;
}

static json_t *result_of(const replay_run *run)
{
    json_t *object = json_object();
    json_put(object, "name", json_of_text(run->recipe->name));
    json_put(object, "updates", json_of_count(run->updates));
    json_put(object, "right", json_of_count(run->right));
    json_put(object, "problems", json_of_count(run->problems));
    json_put(object, "seconds", json_of_real(run->seconds));
    json_put(object, "times_faster", json_of_real(times_faster(run)));
    return object;
}

/* ---- replay NAME ----------------------------------------------------------------------------------------------- */

static int compare_with(const replay_run *run, const char *path, const char *right)
{
    char got_text[128], right_text[128];
    text_line got_line, right_line;
    const char *got = run->transcript.data != NULL ? run->transcript.data : "";
    const size_t line = first_difference(&got_line, &right_line, got, right);
    if (line == 0) {
        console_note("Equal to %s, byte for byte", path);
        return EXIT_CODE_DONE;
    }
    console_error("differs from %s in line %zu: %s, where the file has %s", path, line,
                  quoted(got_text, sizeof got_text, &got_line), quoted(right_text, sizeof right_text, &right_line));
    return EXIT_CODE_CHECK;
}

static void say_end(const replay_run *run, const char *path)
{
    if (!run->progress.stopped)
        console_note("%" PRIu64 " of %" PRIu64 " sums right; %.3g s for %" PRIu64 " updates, %.3g times as fast as the "
                     "script's %.0f a second",
                     run->right, run->problems, run->seconds, run->updates, times_faster(run), SCRIPT_SPEED);
    if (path != NULL)
        console_note("Wrote %s", path);
    if (run->recipe->lesson != NULL && !run->progress.quiet)
        console_note("%s", run->recipe->lesson);
}

static struct {
    cli_value updates, seed, hidden;
    const char *against, *output, *log;
    bool list, all, quiet, json;
} given;

const char *replay_offer(size_t index)
{
    return index < carrynet_recipe_count() ? carrynet_recipe_at(index)->name : NULL;
}

static const char NO_STREAM[] = "the transcript goes there; name a file";

const cli_option replay_options[] = {
    {.heading = "What to run", .name = "list", .meaning = "say what there is, a line each", .flag = &given.list},
    {.name = "all",
     .meaning = "run them all as the documents do, and compare with what those show, as a table",
     .flag = &given.all},
    {.name = "updates",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = UINT32_MAX,
     .meaning = "iterations of the script's loop",
     .fallback = "the document's",
     .value = &given.updates},
    {.name = "seed",
     .kind = OPTION_COUNT,
     .argument = "S",
     .most = UINT32_MAX,
     .meaning = "of numpy.random.seed",
     .fallback = "the document's, 0",
     .value = &given.seed},
    {.heading = "What to run", .field = "hidden", .fallback = "the document's, 16 or 32", .value = &given.hidden},
    {.name = "against",
     .kind = OPTION_READ,
     .argument = "FILE",
     .meaning = "compare the transcript with this file; exit code 1 if a byte differs",
     .text = &given.against},
    {.include = host_device_options},
    {OPT_OUTPUT(&given.output, "FILE", "save the model", "not saved"), .no_stream = NO_STREAM},
    {OPT_LOG(&given.log), .no_stream = NO_STREAM},
    {OPT_QUIET(&given.quiet)},
    {OPT_JSON_MEANING(&given.json, "the table of --all as JSON")},
    {0},
};

static int replay_one(const cli_arguments *arguments, const carrynet_recipe *recipe)
{
    const char *against = given.against;
    const char *path = given.output;
    const char *log_path = given.log;
    carrynet_engine_options engine;
    carrynet_replay_options options;
    replay_run run = {
        .recipe = recipe,
        .progress = {.log_path = log_path, .quiet = given.quiet},
        .prints = true,
        .keeps = against != NULL,
    };
    char *right = NULL;
    size_t size = 0;
    int code = EXIT_CODE_DONE;
    engine_from_options(&engine, "host");
    carrynet_replay_options_init(&options, recipe);
    if (given.updates.given)
        options.iterations = given.updates.count;
    if (given.seed.given)
        options.seed = (uint32_t)given.seed.count;
    if (given.hidden.given)
        options.hidden = (uint32_t)given.hidden.count;
    if (!train_progress_can_write(arguments, path, log_path, &code))
        return code;
    carrynet_status status = against != NULL ? sys_read_file(&right, &size, against, MOST_TRANSCRIPT) : CARRYNET_OK;
    if (status != CARRYNET_OK)
        return console_status(status);
    signals_catch();
    status = run_recipe(&run, &options, &engine);
    if (run.model != NULL && path != NULL && status == CARRYNET_OK)
        status = carrynet_model_save(run.model, path);
    signals_release();
    if (status == CARRYNET_OK)
        say_end(&run, path);
    else if (ferror(stdout))
        code = EXIT_CODE_FILE; /* main says so */
    else
        code = engine_status(status, &engine);
    if (run.progress.log != NULL || (log_path != NULL && status == CARRYNET_OK)) {
        json_t *result = result_of(&run);
        if (status != CARRYNET_OK)
            json_put(result, "error", json_of_text(carrynet_message()));
        if (!train_progress_end(&run.progress, result) && code == EXIT_CODE_DONE)
            code = EXIT_CODE_FILE;
    }
    if (code == EXIT_CODE_DONE && signals_caught() != 0)
        code = 128 + signals_caught();
    else if (code == EXIT_CODE_DONE && against != NULL)
        code = compare_with(&run, against, right);
    sys_free(right);
    run_free(&run);
    return code;
}

/* ---- replay --all ---------------------------------------------------------------------------------------------- */

static void print_row(const replay_run *run, const char *verdict)
{
    char right[32];
    (void)snprintf(right, sizeof right, "%" PRIu64 " of %" PRIu64, run->right, run->problems);
    (void)printf("%-10s %7" PRIu64 "  %-19s %16s %8.3f %6.1f\n", run->recipe->name, run->updates, verdict, right,
                 run->seconds, times_faster(run));
    (void)fflush(stdout);
}

static int replay_all(void)
{
    const bool as_json = given.json;
    carrynet_engine_options engine;
    json_t *rows = as_json ? json_array() : NULL;
    size_t different = 0;
    int code = EXIT_CODE_DONE;
    engine_from_options(&engine, "host");
    signals_catch();
    for (size_t i = 0; i < carrynet_recipe_count() && code == EXIT_CODE_DONE; ++i) {
        replay_run run = {.recipe = carrynet_recipe_at(i), .progress = {.quiet = true}, .keeps = true};
        const char *right = carrynet_recipe_transcript(run.recipe);
        char verdict[40] = "no transcript";
        text_line got_line, right_line;
        size_t line = 0;
        carrynet_replay_options options;
        carrynet_replay_options_init(&options, run.recipe);
        (void)console_progress("Replaying %s ...", run.recipe->name);
        const carrynet_status status = run_recipe(&run, &options, &engine);
        if (i == 0 && status == CARRYNET_OK)
            console_note("Device: %s", run.progress.device);
        if (i == 0 && !as_json && status == CARRYNET_OK)
            (void)printf("%-10s %7s  %-19s %16s %8s %6s\n", "name", "updates", "transcript", "sums right", "seconds",
                         "times");
        if (status != CARRYNET_OK) {
            code = engine_status(status, &engine);
        } else if (run.progress.stopped) {
            code = 128 + signals_caught();
        } else {
            if (right != NULL)
                line = first_difference(&got_line, &right_line, run.transcript.data, right);
            if (right != NULL)
                (void)snprintf(verdict, sizeof verdict, line == 0 ? "equal" : "line %zu differs", line);
            different += line != 0;
            if (as_json) {
                json_t *row = result_of(&run);
                json_put(row, "transcript",
                         right == NULL ? json_null() : json_of_text(line == 0 ? "equal" : "different"));
                json_put(row, "first_different_line", line == 0 ? json_null() : json_of_count(line));
                json_append(rows, row);
            } else {
                print_row(&run, verdict);
            }
        }
        run_free(&run);
    }
    if (as_json && code == EXIT_CODE_DONE) {
        json_t *object = json_object();
        json_put(object, "replays", json_incref(rows));
        json_put(object, "different", json_of_count(different));
        (void)json_line(stdout, object, JSON_DIGITS);
    } else if (code == EXIT_CODE_DONE) {
        console_note("times: as fast as the script's %.0f sequences a second", SCRIPT_SPEED);
    }
    json_decref(rows);
    return code == EXIT_CODE_DONE && different > 0 ? EXIT_CODE_CHECK : code;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int list(void)
{
    for (size_t i = 0; i < carrynet_recipe_count(); ++i)
        (void)printf("%-10s %s\n", carrynet_recipe_at(i)->name, carrynet_recipe_at(i)->summary);
    return EXIT_CODE_DONE;
}

static int no_such_recipe(const cli_arguments *arguments, const char *name)
{
    const char *names[32];
    size_t count = 0;
    sys_text message = {0};
    for (; count < carrynet_recipe_count() && count < sizeof names / sizeof names[0]; ++count)
        names[count] = carrynet_recipe_at(count)->name;
    console_unknown(&message, "script", name, names, count);
    const int code = arguments_wrong(arguments, "%s", message.data != NULL ? message.data : name);
    sys_text_free(&message);
    return code;
}

int command_replay(const cli_arguments *arguments)
{
    const struct {
        bool given;
        const char *name;
    } of_one[] = {{given.updates.given, "updates"},   {given.seed.given, "seed"},       {given.hidden.given, "hidden"},
                  {given.against != NULL, "against"}, {given.output != NULL, "output"}, {given.log != NULL, "log"}};
    const bool lists = given.list, all = given.all;
    const carrynet_recipe *recipe = NULL;
    if (lists + all + (int)arguments->operand_count != 1)
        return arguments_wrong(arguments, "it needs one of: a name, such as 000; --all; --list");
    for (size_t i = 0; i < sizeof of_one / sizeof of_one[0]; ++i)
        if (of_one[i].given && arguments->operand_count == 0)
            return arguments_wrong(arguments, "--%s is for one script; name it, or leave --%s out", of_one[i].name,
                                   of_one[i].name);
    if (given.json && !all)
        return arguments_wrong(arguments, "--json is for --all");
    if (lists)
        return list();
    if (all)
        return replay_all();
    if (carrynet_recipe_find(&recipe, arguments->operands[0]) != CARRYNET_OK)
        return no_such_recipe(arguments, arguments->operands[0]);
    return replay_one(arguments, recipe);
}
