/*
 * NumPy's legacy generator, numpy.random.seed and related functions: MT19937 (Matsumoto and Nishimura, "Mersenne
 * Twister", 1998), random_sample with 53 bits, randint by masked rejection.
 */
#ifndef REPLAY_NUMPY_RANDOM_H
#define REPLAY_NUMPY_RANDOM_H

#include <stdint.h>

enum { NUMPY_RANDOM_WORDS = 624 };

struct numpy_random {
    uint32_t state[NUMPY_RANDOM_WORDS];
    uint32_t used; /* words of the state already used */
};

/* numpy.random.seed(seed) for one integer */
void numpy_random_seed(struct numpy_random *random, uint32_t seed);

/* The next 32 bits. */
uint32_t numpy_random_word(struct numpy_random *random);

/* numpy.random.random_sample(): 53 bits from two words, in [0, 1) */
double numpy_random_sample(struct numpy_random *random);

/* numpy.random.randint(bound), bound from 1 to 2^32 - 1: words masked to the bits of bound - 1 until one is below */
uint32_t numpy_random_below(struct numpy_random *random, uint32_t bound);

#endif
