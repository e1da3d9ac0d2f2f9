/* Numbers for tests that try many: the same in every run. */
#ifndef DRAWS_H
#define DRAWS_H

#include <math.h>
#include <stdint.h>

static uint64_t random_state = 1;

/* Uniform in [low, high). */
static inline double drawn(double low, double high)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * ((double)(random_state >> 11) * 0x1p-53);
}

/* Of any size from 10^low to 10^high, either sign. */
static inline double drawn_size(double low, double high)
{
    return (drawn(0, 1) < 0.5 ? -1 : 1) * pow(10, drawn(low, high));
}

#endif
