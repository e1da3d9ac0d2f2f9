/*
 * JSON for --json and --log: values that always exist, settings under the names of their options, one object a line.
 * Numbers are plain, shares lie between 0 and 1.
 */
#ifndef CLI_JSON_VALUES_H
#define CLI_JSON_VALUES_H

#include <carrynet/carrynet.h>
#include <jansson.h>
#include <stdio.h>

enum {
    JSON_DIGITS = 15,     /* a decimal number that was typed comes back as it was */
    JSON_DIGITS_FP32 = 9, /* every binary32 value comes back as it was */
    JSON_DIGITS_FP64 = 17
};

/* Bytes that are not UTF-8 (a file name can have them) become '?'. */
json_t *json_of_text(const char *text);
/* A whole number, up to 2^64 - 1. */
json_t *json_of_count(uint64_t count);
/* null for NaN and infinity. */
json_t *json_of_real(double real);
json_t *json_of_settings(const carrynet_settings *settings);

/* object[name] = value, which is taken over; likewise for arrays. NULL, for want of memory, makes all JSON incomplete. */
void json_put(json_t *object, const char *name, json_t *value);
void json_append(json_t *array, json_t *value);

/* Whether a value could not be made, for want of memory, so that some object lacks it. */
bool json_incomplete(void);

/*
 * Writes the value as one line and frees it. False, with errno, if it could not be made whole or written; that it could
 * not be made for standard output is said, and is the program's exit code.
 */
bool json_line(FILE *stream, json_t *value, size_t digits);

#endif
