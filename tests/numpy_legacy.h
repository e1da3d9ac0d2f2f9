/*
 * NumPy's legacy generator for the known answers in tests/data: MT19937 (Matsumoto and Nishimura, 1998) seeded by one
 * integer, random_sample with 53 bits, and randint by masked rejection.
 */
#ifndef TESTS_NUMPY_LEGACY_H
#define TESTS_NUMPY_LEGACY_H

#include <stdint.h>

struct numpy_legacy {
    uint32_t state[624];
    int used; /* words of the state that were already given out */
};

/* numpy.random.seed(seed) */
static inline void numpy_legacy_seed(struct numpy_legacy *random, uint32_t seed)
{
    random->state[0] = seed;
    for (uint32_t i = 1; i < 624; ++i) {
        const uint32_t last = random->state[i - 1];
        random->state[i] = 1812433253u * (last ^ last >> 30) + i;
    }
    random->used = 624;
}

static inline uint32_t numpy_legacy_word(struct numpy_legacy *random)
{
    if (random->used == 624) {
        uint32_t *s = random->state;
        for (int i = 0; i < 624; ++i) {
            const uint32_t mixed = (s[i] & 0x80000000u) | (s[(i + 1) % 624] & 0x7fffffffu);
            s[i] = s[(i + 397) % 624] ^ mixed >> 1 ^ (mixed & 1 ? 0x9908b0dfu : 0);
        }
        random->used = 0;
    }
    uint32_t word = random->state[random->used++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

/* numpy.random.random_sample(): 53 bits in [0, 1) */
static inline double numpy_legacy_double(struct numpy_legacy *random)
{
    const uint32_t high = numpy_legacy_word(random) >> 5, low = numpy_legacy_word(random) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

/* numpy.random.randint(bound) for a bound from 2 to 2^32 - 1 */
static inline uint32_t numpy_legacy_below(struct numpy_legacy *random, uint32_t bound)
{
    uint32_t mask = bound - 1, value;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    do {
        value = numpy_legacy_word(random) & mask;
    } while (value >= bound);
    return value;
}

#endif
