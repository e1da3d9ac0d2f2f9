/*
 * JSON for --json and --log: values that always exist, settings under the names of their options, one object per line.
 * Numbers are not abbreviated; shares lie between 0 and 1.
 */
#ifndef CLI_JSON_VALUES_H
#define CLI_JSON_VALUES_H

#include <carrynet/carrynet.h>
#include <jansson.h>
#include <stdio.h>

enum {
    JSON_DIGITS = 15,     /* a decimal number that was typed is printed as typed */
    JSON_DIGITS_FP32 = 9, /* every binary32 value round-trips */
    JSON_DIGITS_FP64 = 17
};

/* A string; bytes that are not UTF-8 (possible in file names) become '?'. */
json_t *json_of_text(const char *text);
/* A whole number, up to 2^64 - 1. */
json_t *json_of_count(uint64_t count);
/* A number; null for NaN and infinity. */
json_t *json_of_real(double real);
json_t *json_of_settings(const carrynet_settings *settings);

/*
 * Sets object[name] = value and takes ownership of value; likewise for arrays. A NULL value, for lack of memory, marks
 * all JSON as incomplete.
 */
void json_put(json_t *object, const char *name, json_t *value);
void json_append(json_t *array, json_t *value);

/* Whether some value could not be created, for lack of memory, so that an object lacks it. */
bool json_incomplete(void);

/*
 * Writes the value as one line and frees it. False, with errno, if the value is incomplete or cannot be written. For
 * standard output, a value that could not be created is also reported and decides the program's exit code.
 */
bool json_line(FILE *stream, json_t *value, size_t digits);

#endif
