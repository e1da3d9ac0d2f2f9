/*
 * A task's table as JSON:
 *
 *     {"name": "sub", "inputs": 2, "outputs": 1, "states": 2, "start": 0, "closing": [0], "constraint": "not-less",
 *      "sign": "-", "next": [[...], ...], "out": [[...], ...]}
 *
 * next and out have one row per state and one entry per symbol: states x 2^inputs. constraint is "none" or "not-less";
 * sign may be "". closing, constraint and sign are optional. Any other field is an error, since it is probably
 * misspelt.
 */
#include "model/task_json.h"
#include "platform/json_text.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const constraints[] = {"none", "not-less"};

enum { LONGEST = 1 << 20 }; /* bytes; a full table with room for blanks takes a twentieth */

typedef uint8_t task_row[CARRYNET_TASK_SYMBOLS];

/* Only printable ASCII: names go to terminals. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; ++text)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

static json_t *bytes_to_json(const uint8_t *bytes, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; ++i)
        if (json_array_append_new(array, json_integer(bytes[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *table_to_json(const task_row *table, const carrynet_task *task)
{
    json_t *rows = json_array();
    for (size_t state = 0; state < task->states; ++state)
        if (json_array_append_new(rows, bytes_to_json(table[state], (size_t)1 << task->inputs)) != 0) {
            json_decref(rows);
            return NULL;
        }
    return rows;
}

carrynet_status task_to_json(char **text, const carrynet_task *task)
{
    carrynet_status status = CARRYNET_OK;
    const char sign[2] = {task->sign, '\0'};
    *text = NULL;
    json_t *json =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:o, s:s, s:s, s:o, s:o}", "name", task->name, "inputs", (int)task->inputs,
                  "outputs", (int)task->outputs, "states", (int)task->states, "start", (int)task->start, "closing",
                  bytes_to_json(task->closing, task->closing_count), "constraint", constraints[task->constraint],
                  "sign", sign, "next", table_to_json(task->next, task), "out", table_to_json(task->out, task));
    if (json == NULL) {
        status = sys_fail(CARRYNET_ERROR_MEMORY, "task: no memory for the table");
        goto done;
    }
    size_t size = 0;
    status = sys_json_write(text, &size, json, JSON_COMPACT);
done:
    json_decref(json);
    return status;
}

static carrynet_status read_number(uint32_t *value, const json_t *json, const char *field, uint32_t least,
                                   uint32_t most)
{
    const json_t *number = json_object_get(json, field);
    const json_int_t found = json_integer_value(number);
    if (!json_is_integer(number) || found < least || found > most)
        return sys_fail(CARRYNET_ERROR_FORMAT, "task: %s is missing or not a whole number from %u to %u", field, least,
                        most);
    *value = (uint32_t)found;
    return CARRYNET_OK;
}

static carrynet_status read_words(carrynet_task *task, const json_t *json)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const json_t *has_constraint = json_object_get(json, "constraint"), *has_sign = json_object_get(json, "sign");
    const char *constraint = has_constraint == NULL ? constraints[0] : json_string_value(has_constraint);
    const char *sign = has_sign == NULL ? "" : json_string_value(has_sign);
    if (name == NULL || name[0] == '\0' || strlen(name) >= sizeof task->name || !is_plain(name))
        return sys_fail(CARRYNET_ERROR_FORMAT, "task: name is missing or not 1 to %zu printable ASCII characters",
                        sizeof task->name - 1);
    if (sign == NULL || strlen(sign) > 1 || !is_plain(sign))
        return sys_fail(CARRYNET_ERROR_FORMAT, "task: sign is not one printable ASCII character");
    memcpy(task->name, name, strlen(name));
    task->sign = sign[0];
    for (size_t i = 0; constraint != NULL && i < sizeof constraints / sizeof constraints[0]; ++i)
        if (strcmp(constraint, constraints[i]) == 0) {
            task->constraint = (carrynet_constraint)i;
            return CARRYNET_OK;
        }
    return sys_fail(CARRYNET_ERROR_FORMAT, "task: constraint is neither none nor not-less");
}

/* That each field is one of those that a task has. */
static carrynet_status check_fields(json_t *json)
{
    static const char *const fields[] = {"name",    "inputs",     "outputs", "states", "start",
                                         "closing", "constraint", "sign",    "next",   "out"};
    for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (i < sizeof fields / sizeof fields[0] && strcmp(fields[i], key) != 0)
            ++i;
        if (i == sizeof fields / sizeof fields[0])
            return sys_fail(CARRYNET_ERROR_FORMAT, "task: there is no field '%.32s'",
                            is_plain(key) ? key : "(not printable)");
    }
    return CARRYNET_OK;
}

/* Whole numbers below `end` from an array of `count`. */
static carrynet_status read_bytes(uint8_t *bytes, const json_t *array, const char *field, size_t count, uint32_t end)
{
    if (!json_is_array(array) || json_array_size(array) != count)
        return sys_fail(CARRYNET_ERROR_FORMAT, "task: %s is missing or not an array of %zu", field, count);
    for (size_t i = 0; i < count; ++i) {
        const json_t *entry = json_array_get(array, i);
        const json_int_t value = json_integer_value(entry);
        if (!json_is_integer(entry) || value < 0 || value >= end)
            return sys_fail(CARRYNET_ERROR_FORMAT, "task: %s: entry %zu is not a whole number below %u", field, i, end);
        bytes[i] = (uint8_t)value;
    }
    return CARRYNET_OK;
}

static carrynet_status read_table(task_row *table, const json_t *json, const char *field, const carrynet_task *task,
                                  uint32_t end)
{
    const json_t *rows = json_object_get(json, field);
    if (!json_is_array(rows) || json_array_size(rows) != task->states)
        return sys_fail(CARRYNET_ERROR_FORMAT, "task: %s is missing or not an array of %u rows", field, task->states);
    carrynet_status status = CARRYNET_OK;
    for (size_t state = 0; state < task->states && status == CARRYNET_OK; ++state) {
        char place[48];
        (void)snprintf(place, sizeof place, "%s, state %zu", field, state);
        status = read_bytes(table[state], json_array_get(rows, state), place, (size_t)1 << task->inputs, end);
    }
    return status;
}

carrynet_status task_from_json(carrynet_task *task, const char *text)
{
    carrynet_status status = CARRYNET_OK;
    json_error_t error;
    *task = (carrynet_task){0};
    json_t *json = NULL;
    if (strlen(text) > LONGEST) {
        status = sys_fail(CARRYNET_ERROR_FORMAT, "task: the table is longer than %d bytes", LONGEST);
        goto done;
    }
    status = sys_json_read(&json, &error, text, strlen(text), JSON_REJECT_DUPLICATES);
    if (status == CARRYNET_ERROR_MEMORY)
        goto done;
    if (!json_is_object(json)) {
        status = json == NULL && is_plain(error.text)
                     ? sys_fail(CARRYNET_ERROR_FORMAT, "task: the table is not a JSON object: line %d: %s", error.line,
                                error.text)
                     : sys_fail(CARRYNET_ERROR_FORMAT, "task: the table is not a JSON object");
        goto done;
    }
    status = check_fields(json);
    if (status == CARRYNET_OK)
        status = read_words(task, json);
    if (status == CARRYNET_OK)
        status = read_number(&task->inputs, json, "inputs", 1, CARRYNET_TASK_INPUTS);
    if (status == CARRYNET_OK)
        status = read_number(&task->outputs, json, "outputs", 1, CARRYNET_TASK_OUTPUTS);
    if (status == CARRYNET_OK)
        status = read_number(&task->states, json, "states", 1, CARRYNET_TASK_STATES);
    if (status == CARRYNET_OK)
        status = read_number(&task->start, json, "start", 0, task->states - 1);
    if (status != CARRYNET_OK)
        goto done;
    const json_t *closing = json_object_get(json, "closing");
    task->closing_count = (uint32_t)json_array_size(closing);
    if (closing != NULL && json_array_size(closing) > CARRYNET_TASK_CLOSING)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "task: closing has more than %d symbols", CARRYNET_TASK_CLOSING);
    if (status == CARRYNET_OK && closing != NULL)
        status = read_bytes(task->closing, closing, "closing", task->closing_count, 1u << task->inputs);
    if (status == CARRYNET_OK)
        status = read_table(task->next, json, "next", task, task->states);
    if (status == CARRYNET_OK)
        status = read_table(task->out, json, "out", task, 1u << task->outputs);
    /* The parts are in range; the whole may still not fit (a constraint on one operand). */
    if (status == CARRYNET_OK && carrynet_task_check(task) != CARRYNET_OK)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s", carrynet_message());
done:
    json_decref(json);
    return status;
}
