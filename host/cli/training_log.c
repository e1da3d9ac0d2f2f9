/*
 * Reads the log of a training: lines with updates are its reports; other lines are the settings, the result, or
 * ignored.
 */
#include "cli/training_log.h"
#include "cli/console.h"
#include "platform/json_text.h"
#include <carrynet/fields.h>
#include <math.h>
#include <string.h>

static bool member(double *number, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    *number = json_is_null(value) ? (double)NAN : json_number_value(value);
    return json_is_number(value) || json_is_null(value);
}

static void read_settings(training_log *log, const json_t *settings)
{
    const carrynet_field *field = NULL;
    double networks;
    if (!member(&networks, settings, "nets") || isnan(networks))
        networks = 1;
    log->title.size = 0;
    sys_text_add(&log->title, "%.0f network%s", networks, networks == 1 ? "" : "s");
    for (size_t i = 0; i == 0 || (field = carrynet_field_at(i - 1)) != NULL; ++i) {
        const char *key = field == NULL ? "task" : field->in[CARRYNET_MEDIUM_JSON].key;
        const json_t *value = json_object_get(settings, key);
        if (field != NULL && (field->traits & CARRYNET_FIELD_TITLE) == 0)
            continue;
        if (json_is_string(value))
            sys_text_add(&log->title, ", %s %s", key, json_string_value(value));
        else if (json_is_number(value))
            sys_text_add(&log->title, ", %s %.6g", key, json_number_value(value));
    }
    const char *loss = json_string_value(json_object_get(settings, "loss"));
    if (loss != NULL)
        (void)snprintf(log->loss, sizeof log->loss, "loss (%.40s)", loss);
}

/* Room for one more report. */
static carrynet_status reserve(training_log *log)
{
    if (log->count < log->capacity)
        return CARRYNET_OK;
    const size_t capacity = log->capacity == 0 ? 256 : 2 * log->capacity;
    const carrynet_status status = sys_grow(&log->reports, log->count, capacity, sizeof *log->reports);
    if (status == CARRYNET_OK)
        log->capacity = capacity;
    return status;
}

/* A report is a line with updates; others (settings, the result) are something else. */
static carrynet_status read_line(training_log *log, const json_t *object, const char *path, size_t line)
{
    double wrong, exact, networks;
    const json_t *settings = json_object_get(object, "settings");
    if (json_is_object(settings)) {
        read_settings(log, settings);
        json_decref(log->settings);
        log->settings = json_deep_copy(settings);
        if (log->settings == NULL)
            return sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory for its settings", path);
    }
    if (json_object_get(object, "updates") == NULL)
        return CARRYNET_OK;
    const carrynet_status status = reserve(log);
    if (status != CARRYNET_OK)
        return status;
    training_report *next = &log->reports[log->count];
    if (!member(&next->updates, object, "updates") || !member(&next->loss, object, "loss") ||
        !member(&wrong, object, "wrong_share") || !member(&exact, object, "exact") ||
        !member(&networks, object, "networks") || isnan(networks) || isnan(next->updates))
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: line %zu: updates, loss, wrong_share, exact and networks must be numbers", path, line);
    if (!(next->updates >= 0 && next->updates <= UINT32_MAX) || floor(next->updates) != next->updates ||
        next->loss < 0 || wrong < 0 || wrong > 1 || !(networks >= 1 && networks <= 16777216) || exact < 0 ||
        exact > networks)
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: line %zu: updates %g, loss %g, wrong_share %g, exact %g of %g networks are not what a "
                        "training can report",
                        path, line, next->updates, next->loss, wrong, exact, networks);
    if (!member(&next->sequences, object, "sequences"))
        next->sequences = NAN;
    if (!member(&next->held_out_wrong, object, "held_out_wrong_share"))
        next->held_out_wrong = NAN;
    next->right = 1 - wrong;
    next->exact = exact / networks;
    log->several = log->several || networks > 1;
    log->says_exact = log->says_exact || !isnan(exact);
    log->says_held_out = log->says_held_out || !isnan(next->held_out_wrong);
    ++log->count;
    return CARRYNET_OK;
}

carrynet_status training_log_read(training_log *log, const char *path, const char *text)
{
    carrynet_status status = CARRYNET_OK;
    size_t line = 0;
    (void)snprintf(log->loss, sizeof log->loss, "loss");
    for (const char *end; status == CARRYNET_OK && *text != '\0'; text = end) {
        json_error_t error;
        const size_t length = strcspn(text, "\n");
        end = text + length + (text[length] == '\n' ? 1 : 0);
        ++line;
        if (strspn(text, " \t\r") >= length)
            continue;
        if (length > TRAINING_LOG_LINE) {
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is too long for a report", path, line);
            break;
        }
        json_t *object = NULL;
        status = sys_json_read(&object, &error, text, length, SYS_JSON_COUNTS);
        if (status == CARRYNET_ERROR_MEMORY)
            break;
        status = CARRYNET_OK;
        if (json_is_object(object))
            status = read_line(log, object, path, line);
        else if (text[length] == '\0' && line > 1)
            console_note("%s: line %zu is not finished, and is left out", path, line);
        else
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: %s", path, line,
                              object == NULL ? error.text : "is not a JSON object");
        json_decref(object);
    }
    if (status == CARRYNET_OK && log->count == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no report of a training, as train --log writes it", path);
    if (status == CARRYNET_OK && log->title.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the title");
    return status;
}

void training_log_free(training_log *log)
{
    sys_free(log->reports);
    sys_text_free(&log->title);
    json_decref(log->settings);
    *log = (training_log){0};
}
