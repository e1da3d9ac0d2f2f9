/*
 * The output of train during training, on standard error, and its log, one JSON object per line: {"settings",
 * "device"}, then a line for each report, then {"result"}. The clock decides when something is printed, never the
 * results.
 */
#include "cli/train_progress.h"
#include "cli/console.h"
#include "cli/drivers.h"
#include "cli/job_ranks.h"
#include "cli/problem_text.h"
#include "cli/signals.h"
#include "comm/collectives.h"
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Bytes from which on what a training takes is announced. */
static const double LARGE = 0x1p27;

enum { SAMPLE_STEPS = 36, SAMPLE_ENDS = 16 }; /* bits of a line of 80 columns; with more, so many of each end */

bool train_progress_can_write(const cli_arguments *arguments, const char *path, const char *log_path, int *code)
{
    carrynet_status status = CARRYNET_OK;
    if (path != NULL && log_path != NULL && sys_same_path(path, log_path)) {
        *code = arguments_wrong(arguments, "-o and --log both name %s; give each its own file", path);
        return false;
    }
    if (path != NULL)
        status = job_writable(path);
    if (status == CARRYNET_OK && log_path != NULL)
        status = job_writable(log_path);
    if (status != CARRYNET_OK)
        *code = console_status(status);
    return status == CARRYNET_OK;
}

void train_progress_share_signal(train_progress *progress, carrynet_comm *comm)
{
    progress->stopped = comm_allreduce_or(comm, progress->stopped);
    if (progress->stopped)
        signals_assume(SIGTERM);
}

/* ---- the first lines ------------------------------------------------------------------------------------------- */

static void introduce(const train_progress *progress, const carrynet_report *report)
{
    const double on_device = (double)report->device_memory, beside = (double)report->host_memory;
    const carrynet_settings *s = progress->settings;
    char seeds[64], goal[64], noise[64] = "";
    console_note("Device: %s", progress->device);
    (void)snprintf(seeds, sizeof seeds, "seed %" PRIu64, s->seed);
    if (s->networks > 1)
        (void)snprintf(seeds, sizeof seeds, "%" PRIu32 " networks, seeds %" PRIu64 " to %" PRIu64, s->networks, s->seed,
                       s->seed + s->networks - 1);
    (void)snprintf(goal, sizeof goal, "%s%" PRIu64 " update%s",
                   s->until_proved != 0 ? "until proved or "
                   : s->until_exact     ? "until exact or "
                                        : "",
                   s->updates, s->updates == 1 ? "" : "s");
    if (s->noise > 0)
        (void)snprintf(noise, sizeof noise, ", noise %g", s->noise);
    console_note("Task %s: %u-bit operands, %u steps; %u hidden units, fp%d; %s", s->task.name,
                 s->steps - s->task.closing_count, s->steps, s->shape.hidden, (int)s->precision, seeds);
    if (s->train_fraction != 0)
        console_note("About %g of all problems are drawn; the others are held out, split seed %" PRIu64,
                     s->train_fraction, s->split_seed);
    console_note("Training: %s, rate %g%s, batch %u, %s", carrynet_optimizer_name(s->optimizer), s->rate, noise,
                 s->batch, goal);
    if (on_device + beside >= LARGE)
        console_note("Memory: at most %.1f GB on the device and %.1f GB beside it", on_device / 1e9, beside / 1e9);
}

/* ---- a sample, as the original scripts print it --------------------------------------------------------------------------- */

/* "Pred:[0 1 0 1]", highest bit first; the middle of a long one is left out. */
static void add_bits(sys_text *text, const char *name, const uint32_t *values, uint32_t output, size_t steps)
{
    sys_text_add(text, "%s:[", name);
    for (size_t i = 0; i < steps; ++i) {
        if (steps > SAMPLE_STEPS && i == SAMPLE_ENDS) {
            sys_text_add(text, " ...");
            i = steps - SAMPLE_ENDS;
        }
        sys_text_add(text, "%s%u", i == 0 ? "" : " ", values[steps - 1 - i] >> output & 1u);
    }
    sys_text_add(text, "]\n");
}

static void print_sample(const carrynet_sample *sample, const carrynet_task *task)
{
    uint32_t *symbols = NULL, *bits = NULL;
    sys_text text = {0};
    sys_text_add(&text, "Error:[%.8f]\n", sample->error);
    for (uint32_t o = 0; o < sample->outputs; ++o)
        add_bits(&text, "Pred", sample->bits, o, sample->steps);
    for (uint32_t o = 0; o < sample->outputs; ++o)
        add_bits(&text, "True", sample->targets, o, sample->steps);
    carrynet_status status = problem_pack(&symbols, sample->symbols, sample->inputs, sample->steps);
    if (status == CARRYNET_OK)
        status = problem_pack(&bits, sample->bits, sample->outputs, sample->steps);
    if (status == CARRYNET_OK)
        status = problem_add_question(&text, task, symbols, sample->steps, PROBLEM_DIGITS);
    sys_text_add(&text, "%s", problem_equals(task));
    if (status == CARRYNET_OK)
        status = problem_add_answer(&text, task, bits, sample->steps, PROBLEM_DIGITS);
    sys_text_add(&text, "\n------------");
    if (status == CARRYNET_OK && !text.failed)
        console_note("%s", text.data);
    sys_text_free(&text);
    sys_free(symbols);
    sys_free(bits);
}

/* ---- the progress line ----------------------------------------------------------------------------------------- */

/* Training for a count of updates looks for exact networks at its end alone. */
static bool knows_exact(const carrynet_report *report, const carrynet_settings *settings)
{
    return settings->until_exact || report->last;
}

static void write_line(char *line, size_t size, const carrynet_report *report, const carrynet_settings *settings)
{
    char rate[32], left[32], exact[64] = "", remaining[64] = "", held_out[64] = "";
    const double per_second = report->seconds > 0 ? (double)report->sequences / report->seconds : 0;
    if (report->networks > 1 && knows_exact(report, settings))
        (void)snprintf(exact, sizeof exact, ", %u of %u %s",
                       settings->until_proved != 0 ? report->proved : report->exact, report->networks,
                       settings->until_proved != 0 ? "proved" : "exact");
    const double to_do = (double)(settings->updates - report->updates);
    const double seconds_left = report->updates > 0 ? report->seconds / (double)report->updates * to_do : 0;
    if (!report->last && seconds_left >= 1) {
        (void)console_duration(left, sizeof left, seconds_left);
        (void)snprintf(remaining, sizeof remaining, settings->until_exact ? ", at most %s left" : ", %s left", left);
    }
    if (report->held_out > 0)
        (void)snprintf(held_out, sizeof held_out, ", %.1f%% of the held-out",
                       (double)(int)(1000 * (1 - report->held_out_wrong_share)) / 10);
    /* Rounded down: not before every sum is right does it say 100%. */
    (void)snprintf(line, size, "%" PRIu64 " update%s, loss %.4g%s, %.1f%% right%s, %s sequences/s%s", report->updates,
                   report->updates == 1 ? "" : "s", report->loss, exact,
                   (double)(int)(1000 * (1 - report->wrong_share)) / 10, held_out,
                   console_rate(rate, sizeof rate, per_second), remaining);
}

static void show_progress(train_progress *progress, const carrynet_report *report)
{
    char line[256];
    const bool is_new = report->updates != progress->sampled || progress->next_sample == 0;
    const bool sample_due = progress->samples && report->sample != NULL && is_new &&
                            (report->last || report->seconds >= progress->next_sample);
    write_line(line, sizeof line, report, progress->settings);
    if (sample_due) {
        print_sample(report->sample, &progress->settings->task);
        progress->next_sample = report->seconds < 1 ? 1 : 3 * report->seconds;
        progress->sampled = report->updates;
    }
    if (report->sequences == 0)
        return; /* nothing is measured yet */
    if (!report->last && console_progress("%s", line))
        return;
    /* In a pipe or a file the lines stay: the longer it takes the fewer. */
    if (report->last || report->seconds >= progress->next_line) {
        console_note("%s", line);
        progress->next_line = report->seconds + (report->seconds < 10 ? 1 : 0.1 * report->seconds);
    }
}

/* ---- the log --------------------------------------------------------------------------------------------------- */

static void log_fails(train_progress *progress)
{
    console_error("%s: cannot write the log: %s; training goes on", progress->log_path, strerror(errno));
    progress->log_failed = true;
}

/* Behind a line that is not whole comes no other. */
static void log_line(train_progress *progress, json_t *value)
{
    if (progress->log == NULL || progress->log_failed) {
        json_decref(value);
        return;
    }
    if (!json_line(progress->log, value, JSON_DIGITS) || fflush(progress->log) != 0) {
        log_fails(progress);
        return;
    }
    const off_t size = progress->log_streams ? 0 : ftello(progress->log);
    progress->log_size = size > 0 ? (uint64_t)size : 0;
}

/* The old log up to the place where the training goes on; NULL if it is not there so far, or cannot be written. */
static FILE *reopen_log(train_progress *progress)
{
    const off_t size = (off_t)progress->log_size;
    FILE *log = fopen(progress->log_path, "r+");
    bool good = log != NULL && fseeko(log, 0, SEEK_END) == 0;
    const off_t there = good ? ftello(log) : -1;
    const bool shorter = log == NULL ? errno == ENOENT : there >= 0 && there < size;
    good = there >= size && ftruncate(fileno(log), size) == 0 && fseeko(log, 0, SEEK_END) == 0;
    if (good)
        return log;
    if (shorter)
        console_note("%s: does not hold the log up to update %" PRIu64 "; it starts anew", progress->log_path,
                     progress->resumed);
    else
        log_fails(progress);
    if (log != NULL)
        (void)fclose(log);
    return NULL;
}

static void open_log(train_progress *progress)
{
    if (progress->log_path == NULL || progress->log != NULL || progress->log_failed)
        return;
    progress->log_streams = sys_is_stream(progress->log_path);
    if (progress->log_size > 0 && !progress->log_streams) /* to a stream it starts anew */
        progress->log = reopen_log(progress);
    const bool goes_on = progress->log != NULL;
    if (progress->log_failed)
        return;
    if (!goes_on) {
        int file = -1;
        progress->log_size = 0;
        if (sys_open_stream(&file, progress->log_path) != CARRYNET_OK) {
            console_error("%s; training goes on without its log", carrynet_message());
            progress->log_failed = true;
            return;
        }
        progress->log = fdopen(file, "w");
        if (progress->log == NULL)
            (void)close(file);
    }
    if (progress->log == NULL) {
        log_fails(progress);
        return;
    }
    json_t *object = json_object();
    if (goes_on)
        json_put(object, "resumed", json_of_count(progress->resumed));
    else
        json_put(object, "settings", json_of_settings(progress->settings));
    json_put(object, "device", json_of_text(progress->device));
    json_put(object, "memory", json_of_count(progress->memory));
    json_put(object, "version", json_of_text(carrynet_version()));
    log_line(progress, object);
}

void train_progress_mark(const train_progress *progress, uint64_t *marks)
{
    marks[0] = progress->log_size;
    marks[1] = progress->logged;
    marks[2] = progress->next_log;
}

void train_progress_resume(train_progress *progress, uint64_t updates, const uint64_t *marks)
{
    progress->resumed = updates;
    progress->log_size = marks[0];
    progress->logged = marks[1];
    progress->next_log = marks[2];
}

static void log_report(train_progress *progress, const carrynet_report *report)
{
    /* All of the first thousand updates' reports, then one for each thousandth more: no run fills the disk. */
    if (report->updates == 0)
        progress->next_log = 0; /* another network batch */
    if (progress->log == NULL || report->updates == 0 || report->updates == progress->resumed ||
        (!report->last && report->updates < progress->next_log))
        return;
    /* The last report of several networks is of all that there were: that is the result's. */
    if (report->last && (report->networks > 1 || report->updates == progress->logged))
        return;
    progress->logged = report->updates;
    progress->next_log = report->updates + report->updates / 1000;
    json_t *object = json_object();
    if (report->network_batches > 1 && !report->last)
        json_put(object, "wave", json_of_count(report->network_batch));
    json_put(object, "updates", json_of_count(report->updates));
    json_put(object, "sequences", json_of_count(report->sequences));
    json_put(object, "loss", json_of_real(report->loss));
    json_put(object, "wrong_share", json_of_real(report->wrong_share));
    if (report->held_out > 0)
        json_put(object, "held_out_wrong_share", json_of_real(report->held_out_wrong_share));
    json_put(object, "exact", knows_exact(report, progress->settings) ? json_of_count(report->exact) : json_null());
    if (progress->settings->until_proved != 0)
        json_put(object, "proved", json_of_count(report->proved));
    json_put(object, "networks", json_of_count(report->networks));
    json_put(object, "seconds", json_of_real(report->seconds));
    log_line(progress, object);
}

bool train_progress_end(train_progress *progress, json_t *result)
{
    json_t *object = json_object();
    json_put(object, "result", result);
    if (progress->log_path != NULL)
        open_log(progress);
    log_line(progress, object);
    if (progress->log != NULL && fclose(progress->log) != 0 && !progress->log_failed) {
        console_error("%s: cannot write the log: %s", progress->log_path, strerror(errno));
        progress->log_failed = true;
    }
    progress->log = NULL;
    return !progress->log_failed;
}

/* ---- the report ------------------------------------------------------------------------------------------------ */

int train_progress_report(void *self, const carrynet_report *report)
{
    train_progress *progress = self;
    const bool first = progress->device[0] == '\0';
    if (first)
        (void)snprintf(progress->device, sizeof progress->device, "%s", report->device);
    if (first)
        progress->memory = report->device_memory + report->host_memory;
    if (first && !progress->quiet)
        introduce(progress, report);
    else if (first)
        drivers_say_fallback(report->device);
    open_log(progress);
    log_report(progress, report);
    if (!progress->quiet)
        show_progress(progress, report);
    progress->last = *report;
    progress->last.device = NULL;
    progress->last.sample = NULL;
    return report->last ? 0 : train_progress_interrupted(progress);
}

int train_progress_interrupted(void *self)
{
    train_progress *progress = self;
    const bool caught = signals_caught() != 0;
    if (caught && !progress->stopped) {
        console_note("Stopping here and saving; once more ends it at once.");
        progress->stopped = true;
    }
    return caught;
}
