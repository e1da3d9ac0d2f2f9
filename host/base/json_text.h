/*
 * JSON as text, through jansson, which does not say of every failure whether memory was short: here it is told apart, so
 * that a file is not called bad for it, and no text is half of what it should be.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include "base/base.h"
#include <jansson.h>

/*
 * The value that text [size] holds, in *value (json_decref it), with jansson's flags. FORMAT, with *error as jansson has
 * it, if it is not JSON; MEMORY.
 */
carrynet_status base_json_read(json_t **value, json_error_t *error, const char *text, size_t size, size_t flags);

/* The text of an object or array, with jansson's flags, in *text (base_free it) with a NUL after its *size bytes. MEMORY. */
carrynet_status base_json_write(char **text, size_t *size, const json_t *value, size_t flags);

#endif
