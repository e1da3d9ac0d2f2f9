/* MT19937 and the NumPy functions that use its words. */
#include "replay/numpy_random.h"

enum { N = NUMPY_RANDOM_WORDS, M = 397 };

void numpy_random_seed(struct numpy_random *random, uint32_t seed)
{
    random->state[0] = seed;
    for (uint32_t i = 1; i < N; ++i) { /* init_genrand, with Knuth's multiplier */
        const uint32_t last = random->state[i - 1];
        random->state[i] = 1812433253u * (last ^ last >> 30) + i;
    }
    random->used = N;
}

static void renew(uint32_t state[N])
{
    for (uint32_t i = 0; i < N; ++i) {
        const uint32_t joined = (state[i] & 0x80000000u) | (state[(i + 1) % N] & 0x7fffffffu);
        state[i] = state[(i + M) % N] ^ joined >> 1 ^ (joined % 2 != 0 ? 0x9908b0dfu : 0);
    }
}

uint32_t numpy_random_word(struct numpy_random *random)
{
    if (random->used == N) {
        renew(random->state);
        random->used = 0;
    }
    uint32_t word = random->state[random->used++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

double numpy_random_sample(struct numpy_random *random)
{
    const uint32_t high = numpy_random_word(random) >> 5, low = numpy_random_word(random) >> 6;
    return (high * 0x1p26 + low) * 0x1p-53; /* exact */
}

uint32_t numpy_random_below(struct numpy_random *random, uint32_t bound)
{
    uint32_t mask = bound - 1, value;
    for (int shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    if (mask == 0)
        return 0; /* and no word is drawn */
    do
        value = numpy_random_word(random) & mask;
    while (value >= bound);
    return value;
}
