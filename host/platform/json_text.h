/*
 * JSON as text, through jansson, which does not say of every failure whether memory was short: here it is told apart, so
 * that a file is not called bad for it, and no text is half of what it should be.
 */
#ifndef PLATFORM_JSON_TEXT_H
#define PLATFORM_JSON_TEXT_H

#include "platform/platform.h"
#include <jansson.h>

/*
 * Whole numbers from 2^63 to 2^64 - 1, which jansson does not have: in memory a string of SYS_JSON_WIDE and the digits,
 * as text the digits alone. The mark is a character that Unicode keeps for such use.
 */
#define SYS_JSON_WIDE "\xef\xb7\x90"

json_t *sys_json_of_count(uint64_t count);
/* Whether it is such a number or a smaller one, or its digits as a string, as older logs have them. */
bool sys_json_count(uint64_t *count, const json_t *value);

/* A flag beside jansson's: wide numbers are read. Without it they are no JSON. */
enum { SYS_JSON_COUNTS = 1 << 20 };

/*
 * The value that text [size] holds, behind a byte order mark if there is one, in *value (json_decref it), with jansson's flags. FORMAT, with *error as jansson has
 * it, if it is not JSON; MEMORY.
 */
carrynet_status sys_json_read(json_t **value, json_error_t *error, const char *text, size_t size, size_t flags);

/* The text of an object or array, with jansson's flags, in *text (sys_free it) with a NUL after its *size bytes. MEMORY. */
carrynet_status sys_json_write(char **text, size_t *size, const json_t *value, size_t flags);

#endif
