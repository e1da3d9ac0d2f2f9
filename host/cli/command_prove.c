/*
 * carrynet prove MODEL: a verdict on every network of a file, and the certificates of the proved networks. Networks are
 * independent and share the cores. Exhaustion, which fills memory and has its own threads, runs on one network at a
 * time. Results are printed in the order of the networks.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/drivers.h"
#include "cli/job_ranks.h"
#include "cli/prove_options.h"
#include "cli/prove_ranks.h"
#include "cli/prove_report.h"
#include "cli/signals.h"
#include "comm/collectives.h"
#include "prove/proof_bytes.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const double MUCH_MEMORY = 1e9; /* bytes, worth a word before they are taken */

typedef struct proving {
    saved_network saved; /* its engine is made when it is named or needed */
    carrynet_task task;
    carrynet_prove_options options;
    double start, deadline; /* of sys_seconds; deadline 0: none */
    double seconds;         /* as asked for */
    bool as_json, all;
    size_t first, count; /* networks */
    pthread_mutex_t exhausting;
    atomic_bool ended;     /* by an error: nothing more is begun */
    pthread_mutex_t lock;  /* of all that follows, and of the console */
    prove_result *results; /* [count] */
    bool *done;            /* [count] */
    size_t reported;       /* results that were reported, the first so many */
    size_t proved, refuted, unknown, unfinished, certificates;
    double shown;                     /* when progress was */
    carrynet_prove_progress progress; /* of one network alone */
    json_t *array;
    carrynet_status status;
    sys_text message; /* of the error */
} proving;

static bool out_of_time(const proving *p)
{
    return p->deadline > 0 && sys_seconds() >= p->deadline;
}

static bool stopped(const proving *p)
{
    return atomic_load(&p->ended) || signals_caught() != 0 || out_of_time(p);
}

/* The progress line, while the lock is held; not more often than can be read. */
static void show(proving *p)
{
    const double now = sys_seconds();
    const carrynet_prove_progress *progress = &p->progress;
    char time[32];
    if (now - p->shown < 0.1)
        return;
    p->shown = now;
    (void)console_duration(time, sizeof time, now - p->start);
    if (p->count > 1)
        (void)console_progress("Proving: %zu of %zu networks decided, %s", p->reported, p->count, time);
    else if (progress->part == CARRYNET_PROVE_WORDS)
        (void)console_progress("Proving: looking for a wrong word, %s", time);
    else if (progress->part == CARRYNET_PROVE_CHECK)
        (void)console_progress("Proving: checking the certificate, %s", time);
    else
        (void)console_progress("Proving: %" PRIu64 " of at most %" PRIu64 " %s, %s", progress->done, progress->most,
                               progress->part == CARRYNET_PROVE_STATES ? "states" : "steps of ellipsoids", time);
}

/* Asked by the prover now and then, in any thread. */
static int interrupted(void *self)
{
    proving *p = self;
    if (pthread_mutex_trylock(&p->lock) == 0) {
        show(p);
        (void)pthread_mutex_unlock(&p->lock);
    }
    return stopped(p) ? 1 : 0;
}

/* Called by the prover. A new part may be silent for long: it is shown at once. */
static void keep_progress(void *self, const carrynet_prove_progress *progress)
{
    proving *p = self;
    (void)pthread_mutex_lock(&p->lock);
    const bool other = p->count == 1 && p->progress.part != progress->part;
    if (other && progress->part == CARRYNET_PROVE_STATES)
        signals_open_device(); /* exhaustion opens it; of one network nothing is lost */
    p->progress = *progress;
    p->shown = other ? 0 : p->shown;
    show(p);
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- one network ----------------------------------------------------------------------------------------------- */

static void leave_unfinished(carrynet_proof *proof)
{
    *proof = (carrynet_proof){.aborted = true};
    (void)snprintf(proof->reason, sizeof proof->reason, "stopped before the end");
}

static carrynet_status prove_by(carrynet_proof *proof, proving *p, size_t network, carrynet_prove_by by,
                                uint64_t states)
{
    carrynet_prove_options options = p->options;
    options.by = by;
    options.states = states;
    if (stopped(p)) {
        leave_unfinished(proof);
        return CARRYNET_OK;
    }
    if (p->deadline > 0)
        options.seconds = p->deadline - sys_seconds() > 1e-6 ? p->deadline - sys_seconds() : 1e-6;
    carrynet_status status = carrynet_prove(proof, p->saved.model, network, &p->task, &p->saved.options, &options);
    if (status == CARRYNET_ERROR_UNSUPPORTED) { /* weights that no bound holds for: that is a property of the network */
        carrynet_proof_free(proof);
        (void)snprintf(proof->reason, sizeof proof->reason, "%s", carrynet_message());
        status = CARRYNET_OK;
    }
    return status;
}

static carrynet_status exhaust(carrynet_proof *proof, proving *p, size_t network, carrynet_prove_by by)
{
    (void)pthread_mutex_lock(&p->exhausting);
    const carrynet_status status = prove_by(proof, p, network, by, p->options.states);
    (void)pthread_mutex_unlock(&p->exhausting);
    return status;
}

/* One of several: what the prover does for one alone, exhaustion apart. */
static carrynet_status prove_among(carrynet_proof *proof, proving *p, size_t network)
{
    const carrynet_prove_by by = p->options.by;
    if (by == CARRYNET_BY_EXHAUSTION || by == CARRYNET_BY_ALL)
        return exhaust(proof, p, network, by);
    carrynet_status status = prove_by(proof, p, network, by, by == CARRYNET_BY_AUTO ? 0 : p->options.states);
    if (status != CARRYNET_OK || by != CARRYNET_BY_AUTO || proof->verdict != CARRYNET_VERDICT_UNKNOWN ||
        proof->aborted || p->options.bounds != CARRYNET_BOUNDS_OWN)
        return status;
    carrynet_proof last = {0};
    status = exhaust(&last, p, network, CARRYNET_BY_EXHAUSTION);
    last.steps = proof->steps;
    carrynet_proof_free(proof);
    *proof = last;
    return status;
}

static carrynet_status open_engine(proving *p, size_t network)
{
    carrynet_engine_options options = p->saved.options;
    if (p->saved.engine != NULL)
        return saved_network_choose(&p->saved, network);
    if (options.device == NULL)
        options.device = "host"; /* as for carrynet run */
    p->saved.network = network;
    return carrynet_model_engine(&p->saved.engine, p->saved.model, network, 1, &options);
}

/* ---- results ---------------------------------------------------------------------------------------------- */

static void fail(proving *p, carrynet_status status)
{
    if (p->status == CARRYNET_OK) {
        p->status = status;
        sys_text_add(&p->message, "%s", carrynet_message());
    }
    atomic_store(&p->ended, true);
}

static carrynet_status print_result(proving *p, prove_result *result)
{
    carrynet_proof *proof = &result->proof;
    carrynet_status status = CARRYNET_OK;
    const bool first_wrong = proof->verdict == CARRYNET_VERDICT_REFUTED && p->refuted == 0;
    if (proof->verdict == CARRYNET_VERDICT_REFUTED) {
        status = open_engine(p, result->network);
        if (status == CARRYNET_OK)
            status = wrong_sum_replay(&result->wrong, &p->saved, &p->task, &proof->wrong);
    }
    if (status != CARRYNET_OK)
        return status;
    if (proof->aborted && out_of_time(p) && signals_caught() == 0)
        (void)snprintf(proof->reason, sizeof proof->reason, "stopped by --seconds %g; try more", p->seconds);
    p->proved += proof->verdict == CARRYNET_VERDICT_PROVED ? 1 : 0;
    p->refuted += proof->verdict == CARRYNET_VERDICT_REFUTED ? 1 : 0;
    p->unknown += proof->verdict == CARRYNET_VERDICT_UNKNOWN ? 1 : 0;
    p->unfinished += proof->aborted ? 1 : 0;
    p->certificates += proof->certificate != NULL ? 1 : 0;
    if (p->as_json)
        status = prove_report_json(p->array, result, &p->task);
    else if (p->count == 1 && p->saved.settings->networks > 1)
        (void)printf("Network %zu, seed %" PRIu64 "\n", result->network, result->seed);
    if (!p->as_json && p->count == 1)
        status = prove_report_alone(result, &p->task);
    else if (!p->as_json && !proof->aborted)
        status = prove_report_row(result, &p->task, first_wrong || p->all);
    (void)fflush(stdout);
    return status;
}

/* Tells the results that come next and are there. */
static void report_next(proving *p)
{
    for (; p->reported < p->count && p->done[p->reported] && p->status == CARRYNET_OK; ++p->reported) {
        prove_result *result = &p->results[p->reported];
        const carrynet_status status = print_result(p, result);
        if (status != CARRYNET_OK)
            fail(p, status);
        /* Of many networks the certificates alone are kept. */
        char *certificate = result->proof.certificate;
        const size_t size = result->proof.certificate_size;
        result->proof.certificate = NULL;
        prove_result_free(result);
        result->proof.certificate = certificate;
        result->proof.certificate_size = size;
    }
}

/* The proof of a network is in its place, or there is none; under the lock. */
static void put_proof(proving *p, size_t i, carrynet_status status)
{
    prove_result *result = &p->results[i];
    result->network = p->first + i;
    result->seed = p->saved.networks[result->network].seed;
    console_progress_clear();
    if (status != CARRYNET_OK)
        fail(p, status);
    else
        p->done[i] = true;
    report_next(p);
}

static void prove_one(void *self, size_t i)
{
    proving *p = self;
    carrynet_proof *proof = &p->results[i].proof;
    const size_t network = p->first + i;
    const carrynet_status status =
        p->count == 1 ? prove_by(proof, p, network, p->options.by, p->options.states) : prove_among(proof, p, network);
    (void)pthread_mutex_lock(&p->lock);
    put_proof(p, i, status);
    (void)pthread_mutex_unlock(&p->lock);
}

/* ---- among ranks ----------------------------------------------------------------------------------------------- */

static carrynet_status prove_somewhere(void *self, carrynet_proof *proof, size_t i)
{
    proving *p = self;
    return prove_among(proof, p, p->first + i);
}

static carrynet_status take_proof(void *self, size_t i, carrynet_status status, const carrynet_proof *proof)
{
    proving *p = self;
    (void)pthread_mutex_lock(&p->lock);
    p->results[i].proof = *proof;
    put_proof(p, i, status);
    status = p->status == CARRYNET_OK ? CARRYNET_OK : sys_fail(p->status, "%s", p->message.data);
    (void)pthread_mutex_unlock(&p->lock);
    return status;
}

static bool is_stopped(void *self)
{
    return stopped(self);
}

static void prove_everywhere(proving *p)
{
    const prove_work work = {p->count, &p->task, prove_somewhere, take_proof, is_stopped, p};
    const carrynet_status status = prove_on_ranks(&work);
    if (status != CARRYNET_OK)
        fail(p, status);
    /* What nobody has begun. */
    for (size_t i = 0; i < p->count && job_is_first() && p->status == CARRYNET_OK; ++i)
        if (!p->done[i]) {
            leave_unfinished(&p->results[i].proof);
            put_proof(p, i, CARRYNET_OK);
        }
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static carrynet_status write_certificates(const proving *p, const char *path)
{
    const void **parts = NULL;
    size_t *sizes = NULL, count = 0;
    carrynet_status status = sys_allocate(&parts, p->certificates, sizeof *parts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sizes, p->certificates, sizeof *sizes);
    for (size_t i = 0; i < p->count && status == CARRYNET_OK; ++i)
        if (p->results[i].proof.certificate != NULL) {
            parts[count] = p->results[i].proof.certificate;
            sizes[count++] = p->results[i].proof.certificate_size;
        }
    if (status == CARRYNET_OK)
        status = sys_write_file(path, parts, sizes, count);
    sys_free(parts);
    sys_free(sizes);
    return status;
}

static void print_total(const proving *p)
{
    (void)printf("%zu of %zu networks proved, %zu refuted, %zu unknown", p->proved, p->count, p->refuted,
                 p->unknown - p->unfinished);
    (void)printf(p->unfinished > 0 ? ", %zu not finished\n" : "\n", p->unfinished);
}

/* What became of the file of certificates. */
static void print_file(const proving *p, const char *path, bool asked)
{
    if (p->certificates > 1)
        (void)printf("Wrote %zu certificates to %s\n", p->certificates, path);
    else if (p->certificates == 1)
        (void)printf("Wrote %s\n", path);
    if (p->proved > p->certificates && (p->count > 1 || asked))
        console_note("%s has no certificate: exhaustion makes none.", p->count == 1 ? "The proof" : "Some proofs");
    if (p->certificates == 0 && !sys_is_stream(path) && access(path, F_OK) == 0)
        console_note("%s is left as it was; it is not of this verdict.", path);
}

static void print_json(const proving *p, const char *model, const char *path)
{
    json_t *object = json_object();
    json_put(object, "model", json_of_text(model));
    json_put(object, "task", json_of_text(p->task.name));
    json_put(object, "by", json_of_text(prove_ways[p->options.by]));
    json_put(object, "arithmetic", json_of_text(prove_arithmetics[p->options.bounds]));
    json_put(object, "networks", json_incref(p->array));
    json_put(object, "proved", json_of_count(p->proved));
    json_put(object, "refuted", json_of_count(p->refuted));
    json_put(object, "unknown", json_of_count(p->unknown));
    json_put(object, "certificates", p->certificates > 0 ? json_of_text(path) : json_null());
    (void)json_line(stdout, object, JSON_DIGITS_FP64);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int read_options(proving *p, const cli_arguments *arguments)
{
    effort_from_options(&p->options);
    p->seconds = p->options.seconds;
    p->options.seconds = 0; /* those of all networks together */
    p->options.interrupted = interrupted;
    p->options.progress = keep_progress;
    p->options.self = p;
    if (given_prove.by.given)
        p->options.by = (carrynet_prove_by)given_prove.by.name;
    if (given_prove.arithmetic.given)
        p->options.bounds = (carrynet_bounds)given_prove.arithmetic.name;
    if (p->seconds > 0)
        p->deadline = p->start + p->seconds;
    p->as_json = given_prove.json;
    p->all = given_prove.all;
    if (p->options.by == CARRYNET_BY_EXHAUSTION && p->options.bounds == CARRYNET_BOUNDS_ANY)
        return arguments_wrong(arguments,
                               "exhaustion steps Carrynet's own arithmetic: --arithmetic any needs ellipsoids");
    return EXIT_CODE_DONE;
}

/* Where certificates go: one of several networks has a file of its own, so that the file of all stays. */
static const char *output_path(sys_text *name, const proving *p, const cli_arguments *arguments)
{
    if (given_prove.output != NULL)
        return given_prove.output;
    sys_text_add(name, "%s", arguments->operands[0]);
    if (given_prove.net.given && p->saved.settings->networks > 1)
        sys_text_add(name, ".%zu", p->first);
    sys_text_add(name, ".cert");
    return name->data;
}

/* The output and the device, before anything is spent. */
static int prepare(proving *p, const cli_arguments *arguments, const char *path)
{
    const bool certifies = p->options.by != CARRYNET_BY_EXHAUSTION;
    if (sys_same_file(path, arguments->operands[0]) ||
        (given_prove.task != NULL && sys_same_file(path, given_prove.task)))
        return arguments_wrong(arguments, "-o names %s, which it reads", path);
    if (certifies && given_prove.output == NULL && sys_is_stream(arguments->operands[0]))
        return arguments_wrong(arguments, "the model comes through a pipe, so that there is no name for its "
                                          "certificates: name a file with -o FILE.cert");
    carrynet_status status = certifies || given_prove.output != NULL ? job_writable(path) : CARRYNET_OK;
    if (status != CARRYNET_OK)
        return console_status(status);
    if (p->saved.options.device != NULL) {
        status = open_engine(p, p->first);
        if (status != CARRYNET_OK)
            return engine_status(status, &p->saved.options);
        if (!p->as_json)
            console_note("Device: %s", carrynet_engine_description(p->saved.engine));
    }
    const double memory = (double)carrynet_prove_memory(p->saved.settings, p->options.states);
    if ((p->options.by == CARRYNET_BY_EXHAUSTION || p->options.by == CARRYNET_BY_ALL) && memory > MUCH_MEMORY)
        console_note("Exhaustion takes up to %.1f GB of memory for %" PRIu64 " states.", memory / 1e9,
                     p->options.states);
    return EXIT_CODE_DONE;
}

/* Whether a device that nobody named is likely to be opened: by a lone network in doubt not, since few need one. */
static bool may_exhaust(const proving *p)
{
    const carrynet_prove_by by = p->options.by;
    return p->saved.options.device == NULL && by != CARRYNET_BY_ELLIPSOIDS &&
           (by != CARRYNET_BY_AUTO || p->count > 1) && p->options.states > 0 &&
           p->options.bounds == CARRYNET_BOUNDS_OWN;
}

static int verdict_code(const proving *p)
{
    if (p->unfinished > 0 && signals_caught() != 0)
        return 128 + signals_caught();
    return p->refuted > 0 ? EXIT_CODE_CHECK : p->unknown > 0 ? EXIT_CODE_NOT_REACHED : EXIT_CODE_DONE;
}

int command_prove(const cli_arguments *arguments)
{
    proving p = {.start = sys_seconds(), .lock = PTHREAD_MUTEX_INITIALIZER, .exhausting = PTHREAD_MUTEX_INITIALIZER};
    carrynet_engine_options engine;
    sys_text name = {0}, device = {0};
    int code = read_options(&p, arguments);
    device_wish(&engine, NULL);
    if (!device_in_c(engine.device))
        drivers_prepare(engine.device != NULL); /* few proofs need one: it opens it itself */
    if (code != EXIT_CODE_DONE || !saved_network_load(&p.saved, arguments, &given_prove.net, &code))
        goto done;
    p.saved.options = engine;
    p.task = p.saved.settings->task;
    if (given_prove.task != NULL && !task_from_word(&p.task, arguments, "--task", given_prove.task, &code))
        goto done;
    p.first = p.saved.network;
    p.count = given_prove.net.given ? 1 : p.saved.settings->networks;
    p.array = json_array();
    const char *path = output_path(&name, &p, arguments);
    carrynet_status status =
        name.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory for a name") : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = sys_allocate(&p.results, p.count, sizeof *p.results);
    if (status == CARRYNET_OK)
        status = sys_allocate(&p.done, p.count, sizeof *p.done);
    if (may_exhaust(&p))
        drivers_prepare(true);
    signals_catch();
    if (status == CARRYNET_OK)
        status = job_own_engine(&p.saved.options, &device);
    code = status != CARRYNET_OK ? console_status(status) : prepare(&p, arguments, path);
    if (!job_agree(&code) || !job_same_model(p.saved.model, &code) || (p.count == 1 && !job_is_first()))
        goto done;
    if (p.count == 1)
        prove_one(&p, 0);
    else if (job_ranks() != NULL)
        prove_everywhere(&p);
    else
        sys_parallel(p.count, prove_one, &p);
    console_progress_clear();
    if (p.status != CARRYNET_OK) {
        code = engine_status(sys_fail(p.status, "%s", p.message.failed ? "out of memory" : p.message.data), &engine);
        if (p.status == CARRYNET_ERROR_NUMERIC) /* two ways disagree */
            code = EXIT_CODE_CHECK;
        goto done;
    }
    code = signals_code(EXIT_CODE_DONE);
    if (!job_is_first())
        goto done;
    if (p.certificates > 0)
        status = write_certificates(&p, path);
    if (p.as_json && status == CARRYNET_OK)
        print_json(&p, arguments->operands[0], path);
    if (p.count > 1 && !p.as_json)
        print_total(&p);
    if (status == CARRYNET_OK && !p.as_json)
        print_file(&p, path, given_prove.output != NULL);
    code = status != CARRYNET_OK ? console_status(status) : verdict_code(&p);
done:
    for (size_t i = 0; i < p.count && p.results != NULL; ++i)
        prove_result_free(&p.results[i]);
    sys_free(p.results);
    sys_free(p.done);
    sys_text_free(&p.message);
    sys_text_free(&name);
    sys_text_free(&device);
    json_decref(p.array);
    saved_network_close(&p.saved);
    return code;
}
