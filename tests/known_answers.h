/* Known answers in tests/data: JSON with hexadecimal floats, texts, and the comparison with what was computed. */
#ifndef TESTS_KNOWN_ANSWERS_H
#define TESTS_KNOWN_ANSWERS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static inline json_t *load(const char *name)
{
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/data/%s", TESTS_DIR, name);
    json_t *root = json_load_file(path, 0, &error);
    cr_assert_not_null(root, "%s: %s", path, error.text);
    return root;
}

static inline double number(const json_t *value)
{
    return json_is_string(value) ? strtod(json_string_value(value), NULL) : json_number_value(value);
}

static inline size_t integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_integer(value), "%s", key);
    return (size_t)json_integer_value(value);
}

/* Copies the array object[key] of `count` numbers to values. */
static inline void numbers(double *values, const json_t *object, const char *key, size_t count)
{
    const json_t *array = json_object_get(object, key);
    cr_assert_eq(json_array_size(array), count, "%s has %zu numbers", key, json_array_size(array));
    for (size_t i = 0; i < count; ++i)
        values[i] = number(json_array_get(array, i));
}

/* Fails unless every got is within 1e-12 of the largest expected value; NaN fails. */
static inline void compare(const double *got, const double *expected, size_t count, const char *what, const char *label)
{
    double largest = 0.0, worst = 0.0;
    size_t at = 0;
    for (size_t i = 0; i < count; ++i)
        largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < count; ++i) {
        const double distance = fabs(got[i] - expected[i]);
        if (!(distance <= worst)) {
            worst = distance;
            at = i;
            if (isnan(distance))
                break;
        }
    }
    cr_assert(worst <= 1e-12 * largest, "%s on %s: value %zu of %zu is %a, expected %a (%g of the largest)", what,
              label, at, count, got[at], expected[at], worst / largest);
}

static inline double *capacity(size_t count)
{
    double *values = malloc(count * sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < count; ++i)
        values[i] = (double)NAN; /* what is not written fails */
    return values;
}

/* A whole text file of tests/data, malloc'd. */
static inline char *load_text(const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/data/%s", TESTS_DIR, name);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    cr_assert_not_null(text);
    cr_assert_eq(fread(text, 1, size, file), size);
    text[size] = '\0';
    (void)fclose(file);
    return text;
}

#endif
