/*
 * NumPy's array printing, as numpy/core/arrayprint.py prints short arrays of a few kinds. NumPy prints the fewest
 * digits that identify a value, at most 8 after the point. For values as small as these, that is the exact value
 * rounded to 8 digits with trailing zeros removed.
 */
#include "replay/numpy_text.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 8, ROOM = 48 };

void numpy_text_bits(sys_text *text, uint32_t bits, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        sys_text_add(text, "%c%u", i == 0 ? '[' : ' ', bits >> (count - 1 - i) & 1u);
    sys_text_add(text, "]");
}

/* Where the fraction of a number ends if its trailing zeros are cut, counted from the point: 0 for "2.000". */
static size_t fraction_digits(const char *number)
{
    const char *fraction = strchr(number, '.') + 1;
    size_t digits = strspn(fraction, "0123456789");
    while (digits > 0 && fraction[digits - 1] == '0')
        --digits;
    return digits;
}

static bool is_scientific(const double *values, size_t count)
{
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < count; ++i)
        if (values[i] != 0) {
            least = values[i] < least ? values[i] : least;
            most = values[i] > most ? values[i] : most;
        }
    return most != 0 && (most >= 1e8 || least < 0.0001 || most / least > 1000.0);
}

void numpy_text_floats(sys_text *text, const double *values, size_t count, bool old)
{
    char number[NUMPY_TEXT_VALUES][ROOM];
    size_t digits[NUMPY_TEXT_VALUES], whole = 0, fraction = 0;
    const bool scientific = is_scientific(values, count);
    assert(count >= 1 && count <= NUMPY_TEXT_VALUES);
    for (size_t i = 0; i < count; ++i) {
        (void)snprintf(number[i], ROOM, scientific ? "%.*e" : "%.*f", DIGITS, values[i]);
        sys_point(number[i]);
        digits[i] = scientific && old ? DIGITS : fraction_digits(number[i]);
        const size_t before = (size_t)(strchr(number[i], '.') - number[i]);
        whole = before > whole ? before : whole;
        fraction = digits[i] > fraction ? digits[i] : fraction;
    }
    if (old)
        whole += scientific ? 2 : 1; /* room for a sign, whether there is one or not */
    for (size_t i = 0; i < count; ++i) {
        const int point = (int)(strchr(number[i], '.') - number[i]);
        const char *exponent = strchr(number[i], 'e');
        sys_text_add(text, "%c%*s%.*s", i == 0 ? '[' : ' ', (int)whole - point, "", point + 1, number[i]);
        if (exponent != NULL)
            sys_text_add(text, "%.*s%s", (int)fraction, number[i] + point + 1, exponent);
        else
            sys_text_add(text, "%.*s%*s", (int)digits[i], number[i] + point + 1, (int)(fraction - digits[i]), "");
    }
    sys_text_add(text, "]");
}
