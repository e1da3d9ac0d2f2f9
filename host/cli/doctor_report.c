/* Prints the report of `carrynet doctor`. */
#include "cli/doctor_report.h"
#include "cli/console.h"
#include "cli/json_values.h"
#include <string.h>

enum { VALUE_COLUMN = 26, STEP = 2 };

/* "_" as a blank, but not in the name of a variable. */
static void print_name(FILE *stream, size_t indent, const char *name)
{
    const bool variable = strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL;
    (void)fprintf(stream, "%*s", (int)indent, "");
    for (const char *p = name; *p != '\0'; ++p)
        (void)fputc(*p == '_' && !variable ? ' ' : *p, stream);
}

static void print_scalar(FILE *stream, size_t column, size_t indent, const json_t *value)
{
    char text[64];
    if (json_is_string(value)) {
        console_fold(stream, column, indent, json_string_value(value));
    } else {
        (void)snprintf(text, sizeof text, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "none");
        if (json_is_integer(value))
            (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        if (json_is_real(value))
            (void)snprintf(text, sizeof text, "%.2f", json_real_value(value));
        console_fold(stream, column, indent, text);
    }
    (void)fputc('\n', stream);
}

static void print_members(FILE *stream, const json_t *object, size_t indent);

static void print_entries(FILE *stream, const json_t *array, size_t indent)
{
    for (size_t i = 0; i < json_array_size(array); ++i) {
        const json_t *entry = json_array_get(array, i);
        if (json_is_object(entry)) {
            if (i > 0)
                (void)fputc('\n', stream);
            print_members(stream, entry, indent);
        } else {
            (void)fprintf(stream, "%*s- ", (int)indent, "");
            print_scalar(stream, indent + 2, indent + 2, entry);
        }
    }
}

static void print_members(FILE *stream, const json_t *object, size_t indent)
{
    const char *name;
    json_t *value;
    /* jansson keeps the order in which members were put in, but iterates through a pointer that is not const. */
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const bool nested = json_is_object(value) || json_is_array(value);
        print_name(stream, indent, name);
        if (!nested) {
            const size_t column = indent + strlen(name);
            const size_t gap = column + 1 < VALUE_COLUMN ? VALUE_COLUMN - column : 1;
            (void)fprintf(stream, "%*s", (int)gap, "");
            print_scalar(stream, column + gap, VALUE_COLUMN, value);
        } else if (json_object_size(value) + json_array_size(value) == 0) {
            const size_t column = indent + strlen(name);
            (void)fprintf(stream, "%*snone\n", (int)(column + 1 < VALUE_COLUMN ? VALUE_COLUMN - column : 1), "");
        } else {
            (void)fputc('\n', stream);
            if (json_is_object(value))
                print_members(stream, value, indent + STEP);
            else
                print_entries(stream, value, indent + STEP);
        }
    }
}

void doctor_print(FILE *stream, const json_t *report)
{
    print_members(stream, report, 0);
}
