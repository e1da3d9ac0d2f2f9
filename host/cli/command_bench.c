/*
 * carrynet bench: sequences per second of full training steps, as the median of several windows, and the peak that the
 * same threads reach with fused multiply-adds in the same process. The peak is measured before and after each window,
 * since the speed of a shared machine changes from second to second.
 *
 *     share of the peak = sequences/s * T (6 H^2 + 12 H) / peak        forward, backward and gradient, two FLOP each
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/job_ranks.h"
#include "cli/json_values.h"
#include "cli/settings_options.h"
#include "comm/collectives.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { WINDOWS = 9 };
static const double WINDOW_SECONDS = 0.2;

/* A window more of a rank, in which each exchange begins with a barrier, so that waiting and sending can be told apart. */
typedef struct bench_rank {
    double seconds;
    carrynet_traffic traffic;
} bench_rank;

/* What was measured of one case. */
typedef struct bench_result {
    carrynet_settings settings;
    const char *device;
    double speed[WINDOWS]; /* sequences a second, sorted */
    double peak[WINDOWS];  /* FLOP a second beside each window, sorted */
    double busy;           /* seconds of processor over seconds of wall clock */
    uint64_t updates;      /* of a window */
    uint64_t device_bytes, process_bytes;
    carrynet_profile profile; /* of all windows */
    bench_rank *ranks;        /* [of them], or NULL: one process */
} bench_result;

static double nominal_work(const carrynet_settings *s)
{
    const double hidden = s->shape.hidden;
    return s->steps * (6 * hidden * hidden + 12 * hidden);
}

static double processor_seconds(void)
{
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- measuring ------------------------------------------------------------------------------------------------- */

/* Seconds that `updates` updates take, up to the metrics of the last. */
static carrynet_status time_updates(double *seconds, carrynet_engine *engine, const carrynet_source *source,
                                    uint64_t updates, carrynet_metrics *metrics)
{
    const double start = sys_seconds();
    const carrynet_status status = carrynet_engine_train(engine, source, updates, metrics);
    *seconds = sys_seconds() - start;
    job_take_first(seconds); /* which decides how many updates follow */
    return status;
}

/* The same kernels come in the same order. */
static void add_profile(carrynet_profile *sum, const carrynet_profile *window)
{
    sum->kernels = window->kernels;
    sum->threads = window->threads;
    sum->bytes_written += window->bytes_written;
    sum->bytes_read += window->bytes_read;
    for (size_t i = 0; i < window->kernels; ++i) {
        sum->kernel[i].name = window->kernel[i].name;
        sum->kernel[i].launches += window->kernel[i].launches;
        sum->kernel[i].seconds += window->kernel[i].seconds;
    }
}

static carrynet_status measure_windows(bench_result *result, carrynet_engine *engine, carrynet_metrics *metrics)
{
    const carrynet_settings *s = &result->settings;
    const carrynet_source source = carrynet_counter_source(&s->task);
    double seconds = 0, before = 0, after = 0;
    carrynet_status status = time_updates(&seconds, engine, &source, 1, metrics); /* compiles */
    for (result->updates = 1; status == CARRYNET_OK; result->updates *= 2) {
        status = time_updates(&seconds, engine, &source, result->updates, metrics);
        if (seconds > WINDOW_SECONDS / 4)
            break;
    }
    if (status != CARRYNET_OK)
        return status;
    result->updates = (uint64_t)((double)result->updates * WINDOW_SECONDS / seconds) + 1;
    status = carrynet_engine_peak(engine, &before);
    carrynet_profile window = {0};
    if (status == CARRYNET_OK)
        status = carrynet_engine_profile(engine, &window); /* counts anew */
    double wall = 0, processor = 0;
    for (int w = 0; w < WINDOWS && status == CARRYNET_OK; ++w) {
        (void)console_progress("Window %d of %d ...", w + 1, (int)WINDOWS);
        const double started = sys_seconds(), used = processor_seconds();
        status = time_updates(&seconds, engine, &source, result->updates, metrics);
        wall += sys_seconds() - started;
        processor += processor_seconds() - used;
        if (status == CARRYNET_OK)
            status = carrynet_engine_profile(engine, &window);
        if (status == CARRYNET_OK)
            add_profile(&result->profile, &window);
        if (status == CARRYNET_OK)
            status = carrynet_engine_peak(engine, &after);
        if (status == CARRYNET_OK) /* without the kernel that measures the peak */
            status = carrynet_engine_profile(engine, &window);
        result->speed[w] = (double)result->updates * s->networks * s->batch / seconds;
        result->peak[w] = (before + after) / 2;
        before = after;
    }
    console_progress_clear();
    result->busy = processor / wall;
    qsort(result->speed, WINDOWS, sizeof result->speed[0], by_value);
    qsort(result->peak, WINDOWS, sizeof result->peak[0], by_value);
    return status;
}

/* What the messages take, of every rank. */
static carrynet_status measure_messages(bench_result *result, carrynet_engine *engine, carrynet_metrics *metrics)
{
    carrynet_comm *comm = job_ranks();
    const carrynet_source source = carrynet_counter_source(&result->settings.task);
    uint64_t *sizes = NULL;
    bench_rank mine = {0};
    if (comm == NULL)
        return CARRYNET_OK;
    carrynet_status status = sys_allocate(&result->ranks, carrynet_comm_size(comm), sizeof *result->ranks);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sizes, carrynet_comm_size(comm), sizeof *sizes);
    status = comm_allreduce_status(comm, status);
    if (status == CARRYNET_OK) {
        carrynet_comm_measure(comm, true);
        const double start = sys_seconds();
        status = carrynet_engine_train(engine, &source, result->updates, metrics);
        mine.seconds = sys_seconds() - start;
        mine.traffic = carrynet_comm_traffic(comm);
        carrynet_comm_measure(comm, false);
        for (uint32_t r = 0; r < carrynet_comm_size(comm); ++r)
            sizes[r] = sizeof mine;
        status = comm_allgather(comm, status, result->ranks, sizes, &mine);
    }
    sys_free(sizes);
    return status;
}

static carrynet_status measure(bench_result *result, const carrynet_engine_options *options, char *device, size_t size)
{
    carrynet_engine *engine = NULL;
    carrynet_metrics *metrics = NULL;
    struct rusage used;
    carrynet_status status = carrynet_engine_create(&engine, &result->settings, options);
    if (status != CARRYNET_OK)
        return status;
    (void)snprintf(device, size, "%s", carrynet_engine_description(engine));
    result->device = device;
    status = sys_allocate(&metrics, result->settings.networks, sizeof *metrics);
    if (status == CARRYNET_OK)
        status = measure_windows(result, engine, metrics);
    if (status == CARRYNET_OK)
        status = measure_messages(result, engine, metrics);
    (void)getrusage(RUSAGE_SELF, &used);
    result->process_bytes = (uint64_t)used.ru_maxrss * 1024;
    result->device_bytes = carrynet_engine_memory(engine);
    sys_free(metrics);
    carrynet_engine_free(engine);
    return status;
}

/* Of the medians. */
static double share_of_peak(const bench_result *r)
{
    return r->speed[WINDOWS / 2] * nominal_work(&r->settings) / r->peak[WINDOWS / 2];
}

/* ---- saying it ------------------------------------------------------------------------------------------------- */

static double all_kernels(const carrynet_profile *profile)
{
    double seconds = 0;
    for (size_t i = 0; i < profile->kernels; ++i)
        seconds += profile->kernel[i].seconds;
    return seconds;
}

static void print_heading(const bench_result *r)
{
    console_note("Device: %s", r->device);
    (void)printf("%6s %5s %8s %6s  %12s %17s %8s %6s %8s  %s\n", "hidden", "bits", "batch", "nets", "sequences/s",
                 "slowest, fastest", "GFLOP/s", "share", "cpu/wall", "memory");
}

static void print_result(const bench_result *r)
{
    const carrynet_settings *s = &r->settings;
    const double median = r->speed[WINDOWS / 2], all = all_kernels(&r->profile);
    char spread[64];
    (void)snprintf(spread, sizeof spread, "%+.1f%%, %+.1f%%", 100 * (r->speed[0] / median - 1),
                   100 * (r->speed[WINDOWS - 1] / median - 1));
    (void)printf("%6u %5u %8u %6u  %12.0f %17s %8.1f %5.1f%% %8.2f  %.1f MB\n", s->shape.hidden, s->steps, s->batch,
                 s->networks, median, spread, median * nominal_work(s) / 1e9, 100 * share_of_peak(r), r->busy,
                 (double)r->device_bytes / 1e6);
    (void)printf("      ");
    for (size_t i = 0; i < r->profile.kernels; ++i)
        (void)printf(" %s %.1f%%,", r->profile.kernel[i].name, all > 0 ? 100 * r->profile.kernel[i].seconds / all : 0);
    uint64_t launches = 0;
    for (size_t i = 0; i < r->profile.kernels; ++i)
        launches += r->profile.kernel[i].launches;
    const double updates = (double)r->updates * (double)WINDOWS;
    (void)printf(" %.2f launches and %.0f bytes an update; peak %.1f GFLOP/s\n", (double)launches / updates,
                 (double)(r->profile.bytes_written + r->profile.bytes_read) / updates, r->peak[WINDOWS / 2] / 1e9);
    for (uint32_t i = 0; r->ranks != NULL && i < carrynet_comm_size(job_ranks()); ++i) {
        const bench_rank *rank = &r->ranks[i];
        const carrynet_traffic *t = &rank->traffic;
        const double of = 100 / rank->seconds, each = (double)r->updates;
        (void)printf(
            "       rank %u: computes %.1f%%, waits %.1f%%, messages %.1f%%; %.2f exchanges and %.0f bytes sent "
            "an update\n",
            i, of * (rank->seconds - t->waiting - t->sending), of * t->waiting, of * t->sending,
            (double)t->exchanges / each, (double)t->bytes / each);
    }
    (void)fflush(stdout);
}

/* Of the window of measure_messages. */
static json_t *json_of_ranks(const bench_result *r)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < carrynet_comm_size(job_ranks()); ++i) {
        const bench_rank *rank = &r->ranks[i];
        const carrynet_traffic *t = &rank->traffic;
        json_t *object = json_object();
        json_put(object, "seconds", json_of_real(rank->seconds));
        json_put(object, "computing", json_of_real(rank->seconds - t->waiting - t->sending));
        json_put(object, "waiting", json_of_real(t->waiting));
        json_put(object, "sending", json_of_real(t->sending));
        json_put(object, "exchanges", json_of_count(t->exchanges));
        json_put(object, "bytes", json_of_count(t->bytes));
        json_append(array, object);
    }
    return array;
}

static void put_result(const bench_result *r, const carrynet_engine_options *options)
{
    const carrynet_settings *s = &r->settings;
    const double median = r->speed[WINDOWS / 2], all = all_kernels(&r->profile);
    json_t *object = json_object(), *windows = json_array(), *kernels = json_object();
    json_put(object, "case", json_of_text("train"));
    json_put(object, "hidden", json_of_count(s->shape.hidden));
    json_put(object, "bits", json_of_count(s->steps));
    json_put(object, "batch", json_of_count(s->batch));
    json_put(object, "nets", json_of_count(s->networks));
    json_put(object, "precision", json_of_text(s->precision == CARRYNET_FP32 ? "fp32" : "fp64"));
    json_put(object, "optimizer", json_of_text(carrynet_optimizer_name(s->optimizer)));
    json_put(object, "loss", json_of_text(carrynet_loss_name(s->loss)));
    json_put(object, "device", json_of_text(r->device));
    json_put(object, "kernel_shape",
             options->kernel_variant == CARRYNET_KERNEL_VARIANT_AUTO
                 ? json_null()
                 : json_of_text(options->kernel_variant == CARRYNET_KERNEL_VARIANT_SIMD ? "cpu" : "gpu"));
    json_put(object, "threads", json_of_count(r->profile.threads));
    json_put(object, "sequences_per_second", json_of_real(median));
    for (int w = 0; w < WINDOWS; ++w)
        json_append(windows, json_of_real(r->speed[w]));
    json_put(object, "windows", windows);
    json_put(object, "gflops", json_of_real(median * nominal_work(s) / 1e9));
    json_put(object, "share_of_peak", json_of_real(share_of_peak(r)));
    json_put(object, "peak_gflops", json_of_real(r->peak[WINDOWS / 2] / 1e9));
    json_put(object, "updates_per_window", json_of_count(r->updates));
    for (size_t i = 0; i < r->profile.kernels; ++i) {
        json_t *kernel = json_object();
        json_put(kernel, "launches", json_of_count(r->profile.kernel[i].launches));
        json_put(kernel, "seconds", json_of_real(r->profile.kernel[i].seconds));
        json_put(kernel, "share", json_of_real(all > 0 ? r->profile.kernel[i].seconds / all : 0));
        json_put(kernels, r->profile.kernel[i].name, kernel);
    }
    json_put(object, "kernels", kernels);
    json_put(object, "bytes_written", json_of_count(r->profile.bytes_written));
    json_put(object, "bytes_read", json_of_count(r->profile.bytes_read));
    json_put(object, "device_bytes", json_of_count(r->device_bytes));
    json_put(object, "peak_process_bytes", json_of_count(r->process_bytes));
    json_put(object, "cpu_over_wall", json_of_real(r->busy));
    if (r->ranks != NULL)
        json_put(object, "ranks", json_of_ranks(r));
    (void)json_line(stdout, object, JSON_DIGITS);
    (void)fflush(stdout);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static bool as_json;

const cli_option bench_options[] = {
    {.field = "bits"},
    {.field = "hidden"},
    {.field = "bias"},
    {.field = "precision"},
    {.field = "nets"},
    {.field = "batch"},
    {.field = "optimizer"},
    {.field = "loss"},
    {.include = device_options},
    {OPT_JSON_MEANING(&as_json, "a JSON object a line and case on standard output")},
    {0},
};

int command_bench(const cli_arguments *arguments)
{
    static const struct {
        uint32_t hidden, steps, batch;
    } table[] = {{16, 8, 4096},   {16, 8, 16384},  {32, 8, 16384}, {64, 32, 4096}, {128, 64, 1024},
                 {256, 32, 1024}, {512, 16, 1024}, {1024, 8, 256}, {93, 8, 4096},  {7, 8, 16384}};
    const bool one =
        settings_gave("hidden") || settings_gave("bits") || settings_gave("batch") || settings_gave("nets");
    carrynet_settings settings;
    carrynet_engine_options options;
    char device[512];
    int code;
    if (!settings_from_options(&settings, arguments, NULL, &code))
        return code;
    engine_from_options(&options, NULL);
    options.profile = true;
    /* The seeds' recipe where nothing else is asked for, which is also what the peers are measured with. */
    if (!settings_gave("optimizer"))
        settings.optimizer = CARRYNET_OPTIMIZER_SGD;
    if (!settings_gave("loss"))
        settings.loss = CARRYNET_LOSS_SQUARED;
    settings.rate = 0.1;
    settings.until_exact = false;
    for (size_t i = 0; i < (one ? 1 : sizeof table / sizeof table[0]); ++i) {
        bench_result result = {.settings = settings};
        if (!one) {
            result.settings.shape.hidden = table[i].hidden;
            result.settings.steps = table[i].steps;
            result.settings.batch = table[i].batch;
        }
        result.settings.scale = 1.0 / result.settings.shape.hidden; /* keeps large networks out of saturation */
        const carrynet_status status = measure(&result, &options, device, sizeof device);
        if (status != CARRYNET_OK) {
            sys_free(result.ranks);
            return engine_status(status, &options);
        }
        if (as_json) {
            put_result(&result, &options);
        } else {
            if (i == 0)
                print_heading(&result);
            print_result(&result);
        }
        sys_free(result.ranks);
    }
    return EXIT_CODE_DONE;
}
