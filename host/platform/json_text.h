/*
 * JSON as text, through jansson. jansson does not report every lack of memory as such; these functions do, so that a
 * file is not called invalid for it and no text is truncated.
 */
#ifndef PLATFORM_JSON_TEXT_H
#define PLATFORM_JSON_TEXT_H

#include "platform/platform.h"
#include <jansson.h>

/*
 * Whole numbers from 2^63 to 2^64 - 1, which jansson lacks: in memory a string of SYS_JSON_WIDE and the digits, in text
 * the digits alone. The mark is a character that Unicode reserves for such use.
 */
#define SYS_JSON_WIDE "\xef\xb7\x90"

json_t *sys_json_of_count(uint64_t count);
/* Whether the value is such a number, a smaller whole number, or a string of digits, as in older logs. */
bool sys_json_count(uint64_t *count, const json_t *value);

/* A flag beside jansson's: accept wide numbers. Without it they are an error. */
enum { SYS_JSON_COUNTS = 1 << 20 };

/*
 * Parses text [size], skipping a byte order mark, with jansson's flags; *value is the caller's to json_decref. FORMAT,
 * with jansson's *error, if the text is not JSON; MEMORY.
 */
carrynet_status sys_json_read(json_t **value, json_error_t *error, const char *text, size_t size, size_t flags);

/*
 * Writes an object or array with jansson's flags to *text (free with sys_free), with a NUL after its *size bytes.
 * MEMORY.
 */
carrynet_status sys_json_write(char **text, size_t *size, const json_t *value, size_t flags);

#endif
