/* Arrays as NumPy's str() writes them, in the current format and in the format before NumPy 1.14 (legacy='1.13'). */
#ifndef REPLAY_NUMPY_TEXT_H
#define REPLAY_NUMPY_TEXT_H

#include "platform/platform.h"
#include <stdbool.h>

enum { NUMPY_TEXT_VALUES = 4 }; /* most values of a float array */

/* "[0 1 0 0]": `count` bits of a packed word, highest first */
void numpy_text_bits(sys_text *text, uint32_t bits, size_t count);

/*
 * "[3.45638663]", or "[ 3.45638663]" in the old format: values [count] finite, not negative, below 2^24; count 1 to
 * NUMPY_TEXT_VALUES. NumPy's rules with its default precision of 8 digits: scientific if a value is below 1e-4 or
 * values differ by more than a factor of 1000; trailing zeros removed; columns aligned.
 */
void numpy_text_floats(sys_text *text, const double *values, size_t count, bool old);

#endif
