/*
 * JSON for --json and --log, through jansson. A failure to create a value (no memory) is recorded, so that callers need
 * not test each value; an incomplete object is not written.
 */
#include "cli/json_values.h"
#include "cli/console.h"
#include "platform/json_text.h"
#include <carrynet/fields.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool incomplete;

bool json_incomplete(void)
{
    return incomplete;
}

json_t *json_of_text(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char *plain = strdup(text);
    if (plain == NULL)
        return NULL;
    for (char *p = plain; *p != '\0'; ++p)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(plain);
    free(plain);
    return value;
}

json_t *json_of_count(uint64_t count)
{
    return sys_json_of_count(count);
}

json_t *json_of_real(double real)
{
    return isfinite(real) ? json_real(real) : json_null();
}

void json_put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        incomplete = true;
}

void json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        incomplete = true;
}

static json_t *json_of_field(const carrynet_settings *settings, const carrynet_field *field)
{
    char text[CARRYNET_FIELD_TEXT];
    switch (field->kind) {
    case CARRYNET_FIELD_U32:
    case CARRYNET_FIELD_U64:
        return json_of_count(carrynet_field_count(settings, field));
    case CARRYNET_FIELD_REAL:
        return json_of_real(carrynet_field_number(settings, field));
    case CARRYNET_FIELD_FLAG:
        return json_boolean(carrynet_field_number(settings, field) != 0);
    case CARRYNET_FIELD_NAME:
        break;
    }
    return json_of_text(carrynet_field_text(text, settings, field, CARRYNET_MEDIUM_JSON));
}

json_t *json_of_settings(const carrynet_settings *settings)
{
    const carrynet_settings *s = settings;
    const carrynet_field *field;
    json_t *object = json_object();
    json_put(object, "task", json_of_text(s->task.name));
    for (unsigned place = 1; (field = carrynet_field_in(CARRYNET_MEDIUM_JSON, place)) != NULL; ++place) {
        const char *key = field->in[CARRYNET_MEDIUM_JSON].key;
        if (strcmp(key, "max_updates") == 0) { /* the goal, and what the number of updates means for it */
            json_put(object, "until",
                     s->until_proved != 0 ? json_of_text("proved")
                     : s->until_exact     ? json_of_text("exact")
                                          : json_null());
            key = s->until_exact ? key : "updates";
        }
        if (carrynet_field_is_set(s, field))
            json_put(object, key, json_of_field(s, field));
    }
    if (s->origin[0] != '\0')
        json_put(object, "origin", json_of_text(s->origin));
    return object;
}

bool json_line(FILE *stream, json_t *value, size_t digits)
{
    char *text = NULL;
    size_t size = 0;
    const bool made =
        value != NULL && !incomplete && sys_json_write(&text, &size, value, JSON_REAL_PRECISION(digits)) == CARRYNET_OK;
    json_decref(value);
    if (!made && stream == stdout)
        console_no_memory("the JSON object on standard output");
    const bool written = made && fwrite(text, 1, size, stream) == size && fputc('\n', stream) != EOF;
    sys_free(text);
    if (!made)
        errno = ENOMEM;
    return written;
}
