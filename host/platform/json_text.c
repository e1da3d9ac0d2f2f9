/*
 * If memory is short, jansson may drop a byte of a text and go on (it does not check whether a token could grow). So
 * jansson gets its input byte by byte: before each byte, errno tells whether an allocation has failed; if so, input
 * ends. Output is counted, since jansson may stop midway.
 */
#include "platform/json_text.h"
#include "platform/environment.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MARK = sizeof SYS_JSON_WIDE - 1, DIGITS = 24 };

struct reading {
    const char *text;
    size_t left;
    const char *before; /* what comes before the text: of a wide number its quote and mark */
    size_t digits;      /* of a wide number that are still to come, then its quote */
    bool within;        /* a string */
    bool escaped;       /* the next character of it */
    bool number;        /* the last character was of a number or a word */
    bool wide;          /* whether such numbers are read */
    bool short_of_memory;
};

/* The digits of a whole number from 2^63 to 2^64 - 1, if one begins here. */
static size_t wide_number(const struct reading *reading)
{
    char text[DIGITS];
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < reading->left && reading->text[digits] >= '0' && reading->text[digits] <= '9')
        ++digits;
    const char behind = digits < reading->left ? reading->text[digits] : '\0';
    if (digits < 19 || digits >= sizeof text || reading->text[0] == '0' || behind == '.' || behind == 'e' ||
        behind == 'E')
        return 0;
    memcpy(text, reading->text, digits);
    text[digits] = '\0';
    return sys_read_whole(&value, text, UINT64_MAX) != NULL && value > INT64_MAX ? digits : 0;
}

static size_t next_byte(void *byte, size_t capacity, void *self)
{
    struct reading *reading = self;
    (void)capacity;
    reading->short_of_memory = reading->short_of_memory || errno == ENOMEM;
    if (reading->short_of_memory)
        return 0;
    if (reading->wide && *reading->before == '\0' && reading->left > 0 && !reading->within && !reading->number &&
        reading->digits == 0) {
        reading->digits = wide_number(reading);
        if (reading->digits > 0)
            reading->before = "\"" SYS_JSON_WIDE;
    }
    if (*reading->before != '\0') {
        *(char *)byte = *reading->before++;
        return 1;
    }
    if (reading->left == 0)
        return 0;
    const char c = *reading->text++;
    --reading->left;
    if (reading->digits > 0 && --reading->digits == 0)
        reading->before = "\"";
    if (reading->within && !reading->escaped)
        reading->within = c != '"';
    else if (!reading->within)
        reading->within = c == '"';
    reading->escaped = reading->within && !reading->escaped && c == '\\';
    reading->number = !reading->within && strchr("0123456789+-.eE", c) != NULL && c != '\0';
    *(char *)byte = c;
    return 1;
}

carrynet_status sys_json_read(json_t **value, json_error_t *error, const char *text, size_t size, size_t flags)
{
    const size_t mark = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct reading reading = {
        .text = text + mark, .left = size - mark, .before = "", .wide = (flags & SYS_JSON_COUNTS) != 0};
    const fenv_t environment = sys_enter_arithmetic(); /* numbers are the nearest, whatever the caller runs with */
    errno = 0;
    *value = json_load_callback(next_byte, &reading, flags & ~(size_t)SYS_JSON_COUNTS, error);
    (void)sys_leave_arithmetic(&environment, CARRYNET_OK);
    if (reading.short_of_memory || errno == ENOMEM) {
        json_decref(*value);
        *value = NULL;
        return sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to read %zu bytes of JSON", size);
    }
    return *value != NULL ? CARRYNET_OK : sys_fail(CARRYNET_ERROR_FORMAT, "line %d: %s", error->line, error->text);
}

json_t *sys_json_of_count(uint64_t count)
{
    char digits[MARK + DIGITS];
    if (count <= INT64_MAX)
        return json_integer((json_int_t)count);
    (void)snprintf(digits, sizeof digits, "%s%" PRIu64, SYS_JSON_WIDE, count);
    return json_string(digits);
}

bool sys_json_count(uint64_t *count, const json_t *value)
{
    const char *text = json_string_value(value);
    *count = 0;
    if (text == NULL && (!json_is_integer(value) || json_integer_value(value) < 0))
        return false;
    if (text == NULL) {
        *count = (uint64_t)json_integer_value(value);
        return true;
    }
    const char *end = sys_read_whole(count, strncmp(text, SYS_JSON_WIDE, MARK) == 0 ? text + MARK : text, UINT64_MAX);
    return end != NULL && *end == '\0';
}

/* Digits in place of the strings that stand for them, which are never longer. */
static void write_wide(char *text, size_t *size)
{
    static const char begins[] = "\"" SYS_JSON_WIDE;
    const size_t length = sizeof begins - 1;
    size_t to = 0;
    bool within = false;
    for (size_t from = 0; from < *size;) {
        size_t digits = 0;
        if (!within && *size - from > length && memcmp(text + from, begins, length) == 0)
            digits = strspn(text + from + length, "0123456789");
        if (digits > 0 && text[from + length + digits] == '"') {
            memmove(text + to, text + from + length, digits);
            to += digits;
            from += length + digits + 1;
            continue;
        }
        if (within && text[from] == '\\')
            text[to++] = text[from++];
        else if (text[from] == '"')
            within = !within;
        text[to++] = text[from++];
    }
    text[to] = '\0';
    *size = to;
}

carrynet_status sys_json_write(char **text, size_t *size, const json_t *value, size_t flags)
{
    const fenv_t environment = sys_enter_arithmetic();
    *text = NULL;
    *size = value == NULL ? 0 : json_dumpb(value, NULL, 0, flags);
    carrynet_status status = *size == 0 ? CARRYNET_ERROR_MEMORY : sys_allocate(text, *size + 1, 1);
    if (status == CARRYNET_OK && json_dumpb(value, *text, *size, flags) != *size)
        status = CARRYNET_ERROR_MEMORY;
    if (sys_leave_arithmetic(&environment, status) == CARRYNET_OK) {
        write_wide(*text, size);
        return CARRYNET_OK;
    }
    sys_free(*text);
    *text = NULL;
    return sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to write JSON");
}
