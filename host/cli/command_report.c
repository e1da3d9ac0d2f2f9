/*
 * carrynet report MODEL [LOG] -o report.html: collects the data of one network (report_data.c, report_states.c) and
 * writes them with the page's text, style and script (report/) as one self-contained file, which loads nothing from
 * elsewhere. In page.html the words @TITLE@, @STYLE@, @DATA@ and @SCRIPT@ stand for the parts.
 */
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/prove_options.h"
#include "cli/report/report_data.h"
#include "cli/signals.h"
#include "platform/embedded.h"
#include "platform/json_text.h"
#include <carrynet/fields.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file embedded_report[];

static const uint64_t LOG_MOST = UINT64_C(1) << 30; /* bytes */

typedef struct reporting {
    cli_arguments arguments; /* with the model as their first operand */
    char *operands[2];
    const char *log_path, *output; /* log_path NULL: none */
    saved_network saved;
    training_log log;
    prove_result proof;
    double start, shown; /* of sys_seconds */
    json_t *page;
} reporting;

/* ---- what it reads --------------------------------------------------------------------------------------------- */

/*
 * A log is lines of JSON; a model begins with eight bytes of a length, of which the highest are zero. What can be read
 * only once is what the other is not, or by its place.
 */
static carrynet_status is_log(bool *log, const char *path)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */
    char bytes[16];
    size_t size = sizeof bytes, at = 0;
    const carrynet_status status = sys_read_start(bytes, &size, path);
    if (status == CARRYNET_OK && size > 3 && memcmp(bytes, mark, 3) == 0)
        at = 3;
    while (at < size && strchr(" \t\r\n", bytes[at]) != NULL && bytes[at] != '\0')
        ++at;
    *log = status == CARRYNET_OK && at < size && bytes[at] == '{' && memchr(bytes, '\0', size) == NULL;
    return status;
}

static int sort_operands(reporting *r, const cli_arguments *arguments)
{
    bool log[2] = {false, true};
    bool once[2] = {false, false};
    r->arguments = *arguments;
    for (size_t i = 0; i < arguments->operand_count; ++i) {
        once[i] = sys_is_stream(arguments->operands[i]);
        const carrynet_status status = once[i] ? CARRYNET_OK : is_log(&log[i], arguments->operands[i]);
        if (status != CARRYNET_OK)
            return console_status(status);
    }
    for (size_t i = 0; i < arguments->operand_count && arguments->operand_count == 2; ++i)
        if (once[i] && !once[1 - i])
            log[i] = !log[1 - i];
    if (arguments->operand_count == 1 && log[0])
        return arguments_wrong(arguments, "%s is the log of a training; the name of a model file is missing",
                               arguments->operands[0]);
    if (log[0] == log[1])
        return arguments_wrong(arguments, "%s and %s are both %s; name one model and the log of its training",
                               arguments->operands[0], arguments->operands[1],
                               log[0] ? "logs" : "models, or something else");
    r->operands[0] = arguments->operands[log[0] ? 1 : 0];
    if (arguments->operand_count == 2)
        r->log_path = r->operands[1] = arguments->operands[log[0] ? 0 : 1];
    r->arguments.operands = r->operands;
    return EXIT_CODE_DONE;
}

/* What the log's settings and the model's do not agree in, in words; NULL if in nothing. */
static const char *other_training(const reporting *r)
{
    const carrynet_field *field = NULL;
    const char *other = NULL;
    json_t *own = json_of_settings(r->saved.settings);
    for (size_t i = 0; other == NULL && (i == 0 || (field = carrynet_field_at(i - 1)) != NULL); ++i) {
        const char *key = field == NULL ? "task" : field->in[CARRYNET_MEDIUM_JSON].key;
        const json_t *said = json_object_get(r->log.settings, key), *had = json_object_get(own, key);
        if (field != NULL && (field->traits & CARRYNET_FIELD_SHAPES) == 0)
            continue;
        const bool numbers = json_is_number(said) && json_is_number(had);
        uint64_t count, own_count;
        const bool counts = sys_json_count(&count, said) && sys_json_count(&own_count, had);
        if (said != NULL && (counts    ? count != own_count
                             : numbers ? json_number_value(said) != json_number_value(had)
                                       : !json_equal(said, had)))
            other = key;
    }
    json_decref(own);
    return other;
}

static carrynet_status read_log(reporting *r)
{
    char *text = NULL;
    size_t size = 0;
    json_t *notes = json_array();
    carrynet_status status = CARRYNET_OK;
    if (r->log_path != NULL)
        status = sys_read_text(&text, &size, r->log_path, LOG_MOST);
    if (status == CARRYNET_OK && r->log_path != NULL && memchr(text, '\0', size) != NULL)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: is not a text file", r->log_path);
    if (status == CARRYNET_OK && r->log_path != NULL)
        status = training_log_read(&r->log, r->log_path, text);
    if (status == CARRYNET_OK && r->log_path != NULL) {
        const char *other = other_training(r);
        sys_text note = {0};
        if (other != NULL)
            sys_text_add(&note, "%s is the log of another training than that of %s: its %s differs", r->log_path,
                         r->operands[0], other);
        if (note.data != NULL) {
            console_note("%s", note.data);
            json_append(notes, json_of_text(note.data));
        }
        sys_text_free(&note);
        json_put(r->page, "log", json_of_text(r->log_path));
        report_put_course(r->page, &r->log);
    }
    json_put(r->page, "notes", notes);
    sys_free(text);
    return status;
}

/* ---- the proof ------------------------------------------------------------------------------------------------- */

static int interrupted(void *self)
{
    reporting *r = self;
    const double now = sys_seconds();
    char time[32];
    if (now - r->shown >= 0.1) {
        r->shown = now;
        (void)console_progress("Proving ..., %s", console_duration(time, sizeof time, now - r->start));
    }
    return signals_caught() != 0;
}

static struct {
    cli_value net;
    const char *output;
} given;

const cli_option report_options[] = {
    {.include = effort_options},
    {OPT_ONE_NET(&given.net)},
    {.include = device_options},
    {OPT_OUTPUT(&given.output, "FILE", "where the page goes", "report.html")},
    {0},
};

static carrynet_status prove(reporting *r)
{
    const carrynet_task *task = &r->saved.settings->task;
    carrynet_prove_options options;
    effort_from_options(&options);
    options.interrupted = interrupted;
    options.self = r;
    r->start = sys_seconds();
    r->proof.network = r->saved.network;
    r->proof.seed = r->saved.networks[r->saved.network].seed;
    carrynet_status status =
        carrynet_prove(&r->proof.proof, r->saved.model, r->saved.network, NULL, &r->saved.options, &options);
    console_progress_clear();
    if (status == CARRYNET_ERROR_UNSUPPORTED) { /* weights that no bound holds for: that is a property of the network */
        carrynet_proof_free(&r->proof.proof);
        (void)snprintf(r->proof.proof.reason, sizeof r->proof.proof.reason, "%s", carrynet_message());
        status = CARRYNET_OK;
    }
    if (status == CARRYNET_OK && r->proof.proof.aborted && options.seconds > 0)
        (void)snprintf(r->proof.proof.reason, sizeof r->proof.proof.reason, "stopped by --seconds %g; try more",
                       options.seconds);
    if (status == CARRYNET_OK && r->proof.proof.verdict == CARRYNET_VERDICT_REFUTED)
        status = wrong_sum_replay(&r->proof.wrong, &r->saved, task, &r->proof.proof.wrong);
    return status == CARRYNET_OK ? report_put_proof(r->page, &r->proof, task) : status;
}

/* ---- the page -------------------------------------------------------------------------------------------------- */

/* JSON within a script element: '<' stands in strings alone, and could end the element there. */
static carrynet_status add_data(sys_text *page, json_t *data, size_t digits)
{
    char *text = NULL;
    size_t size = 0;
    if (json_incomplete() ||
        sys_json_write(&text, &size, data, JSON_COMPACT | JSON_REAL_PRECISION(digits)) != CARRYNET_OK)
        return sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory for the page");
    for (const char *p = text; *p != '\0';) {
        const size_t plain = strcspn(p, "<");
        sys_text_append(page, p, plain);
        if (p[plain] == '<')
            sys_text_add(page, "\\u003c");
        p += plain + (p[plain] != '\0' ? 1 : 0);
    }
    sys_free(text);
    return CARRYNET_OK;
}

static void add_escaped(sys_text *page, const char *text)
{
    for (; *text != '\0'; ++text) {
        const char *name = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : NULL;
        if (name != NULL)
            sys_text_add(page, "%s", name);
        else
            sys_text_append(page, text, 1);
    }
}

static const char *embedded(const char *name)
{
    return sys_embedded(embedded_report, name);
}

static carrynet_status write_page(reporting *r)
{
    const size_t digits = r->saved.settings->precision == CARRYNET_FP32 ? JSON_DIGITS_FP32 : JSON_DIGITS_FP64;
    const char *text = embedded("page.html");
    sys_text page = {0};
    carrynet_status status = CARRYNET_OK;
    while (*text != '\0' && status == CARRYNET_OK) {
        const size_t plain = strcspn(text, "@");
        sys_text_append(&page, text, plain);
        text += plain;
        if (strncmp(text, "@TITLE@", 7) == 0) {
            const char *name = json_string_value(json_object_get(r->page, "model"));
            add_escaped(&page, name != NULL ? name : "");
            text += 7;
        } else if (strncmp(text, "@STYLE@", 7) == 0) {
            sys_text_add(&page, "%s", embedded("page.css"));
            text += 7;
        } else if (strncmp(text, "@SCRIPT@", 8) == 0) {
            sys_text_add(&page, "%s%s%s", embedded("network.js"), embedded("drawing.js"), embedded("page.js"));
            text += 8;
        } else if (strncmp(text, "@DATA@", 6) == 0) {
            status = add_data(&page, r->page, digits);
            text += 6;
        } else if (*text == '@') {
            sys_text_append(&page, text++, 1);
        }
    }
    if (status == CARRYNET_OK && page.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory for the page");
    if (status == CARRYNET_OK)
        status = sys_write_file(r->output, (const void *const[1]){page.data}, &page.size, 1);
    sys_text_free(&page);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static int prepare(reporting *r, const cli_arguments *arguments)
{
    r->output = given.output != NULL ? given.output : "report.html";
    const int code = sort_operands(r, arguments);
    if (code != EXIT_CODE_DONE)
        return code;
    for (size_t i = 0; i < arguments->operand_count; ++i)
        if (sys_same_file(r->output, r->operands[i]))
            return arguments_wrong(arguments, "-o names %s, which it reads", r->output);
    const carrynet_status status = carrynet_writable(r->output);
    return status == CARRYNET_OK ? EXIT_CODE_DONE : console_status(status);
}

static carrynet_status gather(reporting *r)
{
    json_put(r->page, "model", json_of_text(r->operands[0]));
    json_put(r->page, "version", json_of_text(carrynet_version()));
    json_put(r->page, "device", json_of_text(carrynet_engine_description(r->saved.engine)));
    carrynet_status status = report_put_network(r->page, &r->saved);
    if (status == CARRYNET_OK)
        status = read_log(r);
    if (status == CARRYNET_OK) {
        (void)console_progress("Checking network %zu ...", r->saved.network);
        status = report_put_evaluation(r->page, &r->saved);
        console_progress_clear();
    }
    if (status == CARRYNET_OK)
        status = prove(r);
    if (status == CARRYNET_OK)
        status = report_put_samples(r->page, &r->saved, &r->proof.wrong);
    if (status == CARRYNET_OK)
        status = report_put_states(r->page, &r->saved);
    return status;
}

int command_report(const cli_arguments *arguments)
{
    reporting r = {.page = json_object()};
    int code = prepare(&r, arguments);
    if (code != EXIT_CODE_DONE || !saved_network_open(&r.saved, &r.arguments, &given.net, NULL, &code))
        goto done;
    signals_catch();
    carrynet_status status = gather(&r);
    if (signals_caught() != 0) {
        console_note("Stopped; %s is not written.", r.output);
        code = 128 + signals_caught();
        goto done;
    }
    if (status == CARRYNET_OK)
        status = write_page(&r);
    if (status == CARRYNET_OK)
        (void)printf("Wrote %s\n", r.output);
    code = status != CARRYNET_OK ? console_status(status) : EXIT_CODE_DONE;
done:
    prove_result_free(&r.proof);
    training_log_free(&r.log);
    json_decref(r.page);
    saved_network_close(&r.saved);
    return code;
}
