/*
 * Checks of kernels/arithmetic.h that hold in both precisions; test_arithmetic.c and test_arithmetic_64.c include this
 * after they have set CARRYNET_REAL_BITS. The judge is long double, which has at least 64 bits of significand where it
 * is used.
 */
#ifndef TESTS_ARITHMETIC_CHECKS_H
#define TESTS_ARITHMETIC_CHECKS_H

#include "fast_fma.h"
#include "kernels/arithmetic.h"
#include <Random123/philox.h>
#include <criterion/criterion.h>
#include <float.h>

#undef philox4x32 /* Random123 has a macro of the name; the function of kernels/arithmetic.h is meant below */

#if CARRYNET_REAL_BITS == 32
#define CHECK_SUITE arithmetic
#define CHECK_SIGNIFICAND 24 /* bits */
#define CHECK_INFINITY 0x7f800000
#define CHECK_DIGESTS 0x46de3cd0f9e8418f, 0xaef5b7d54334facc, 0x674d3fadf79fe6f0 /* sigmoid, logarithm, uniform */
typedef uint32_t unsigned_bits;
#else
#define CHECK_SUITE arithmetic_64
#define CHECK_SIGNIFICAND 53
#define CHECK_INFINITY 0x7ff0000000000000
#define CHECK_DIGESTS 0xa29d8144f69f2d5a, 0x2980d169ac4a46e3, 0x97c8b8ebe92c6c6b
typedef uint64_t unsigned_bits;
#endif

static inline real real_of_unsigned(unsigned_bits b)
{
    return real_of((vbits)b);
}

static inline int same_bits(real a, real b)
{
    return bits_of(a) == bits_of(b);
}

/* A stream of 64-bit numbers for drawing test inputs: xorshift64*, nothing that the project itself uses. */
static inline uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/* A real with a random significand, a random exponent in [low, high] and, if signs is set, a random sign. */
static inline real draw_real(uint64_t *state, int low, int high, int signs)
{
    const uint64_t a = draw(state), b = draw(state);
    const int exponent = low + (int)((b >> 8) % (uint64_t)(high - low + 1));
    const int bias = CARRYNET_REAL_BITS == 32 ? 127 : 1023;
    const unsigned_bits significand = (unsigned_bits)a & (((unsigned_bits)1 << (CHECK_SIGNIFICAND - 1)) - 1);
    const unsigned_bits sign = (unsigned_bits)(signs ? b & 1 : 0) << (CARRYNET_REAL_BITS - 1);
    return real_of_unsigned(sign | ((unsigned_bits)(exponent + bias) << (CHECK_SIGNIFICAND - 1)) | significand);
}

/* The unit in the last place of a number of this precision with the size of x. */
static inline long double ulp_at(long double x)
{
    int exponent;
    frexpl(x, &exponent);
    return ldexpl(1.0L, exponent - CHECK_SIGNIFICAND);
}

static inline long double true_sigmoid(long double x)
{
    return 1.0L / (1.0L + expl(-x));
}

Test(CHECK_SUITE, long_double_can_judge)
{
    cr_assert_geq(LDBL_MANT_DIG, 64, "long double has only %d bits", LDBL_MANT_DIG);
}

Test(CHECK_SUITE, flush_keeps_nan_and_infinity)
{
    const unsigned_bits infinity = (unsigned_bits)CHECK_INFINITY, sign = (unsigned_bits)1 << (CARRYNET_REAL_BITS - 1);
    const unsigned_bits kept[] = {infinity, infinity + 1, infinity | (infinity >> 1), sign - 1};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; ++i) {
        /* Moving a signalling NaN may quiet it on some processors; it has to stay a NaN. */
        const real plus = flush(real_of_unsigned(kept[i])), minus = flush(real_of_unsigned(kept[i] | sign));
        cr_assert(kept[i] == infinity ? isinf(plus) && isinf(minus) && plus > minus : isnan(plus) && isnan(minus),
                  "pattern %zu", i);
    }
}

Test(CHECK_SUITE, product_rounds_once_and_has_no_negative_zero)
{
    uint64_t state = 11;
    for (int i = 0; i < 1000000; ++i) {
        const real a = draw_real(&state, -50, 50, 1), b = draw_real(&state, -50, 50, 1);
        cr_assert(same_bits(product(a, b), a * b), "%a * %a = %a", (double)a, (double)b, (double)product(a, b));
    }
    const real one = REAL(0x1p0), zero = REAL(0x0p0);
    cr_assert(same_bits(product(-one, zero), zero) && same_bits(product(zero, -zero), zero));
    cr_assert(same_bits(product(-zero, -zero), zero) && same_bits(product(-one, one), -one));
}

Test(CHECK_SUITE, nan_gives_nan)
{
    const unsigned_bits infinity = (unsigned_bits)CHECK_INFINITY, sign = (unsigned_bits)1 << (CARRYNET_REAL_BITS - 1);
    const unsigned_bits top = sign - 1 - infinity; /* all bits of the payload */
    for (int bit = 0; bit < CHECK_SIGNIFICAND - 1; ++bit) {
        const unsigned_bits one = (unsigned_bits)1 << bit;
        const unsigned_bits payloads[] = {one, top, top ^ one, (one << 1) - 1, top & ~((one << 1) - 1)};
        for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; ++i) {
            if (payloads[i] == 0 || payloads[i] > top)
                continue;
            const real plus = real_of_unsigned(infinity | payloads[i]);
            const real minus = real_of_unsigned(sign | infinity | payloads[i]);
            cr_assert(isnan(plus) && isnan(minus));
            cr_assert(isnan(sigmoid(plus)) && isnan(sigmoid(minus)), "payload %llx", (unsigned long long)payloads[i]);
            cr_assert(isnan(square_root(plus)) && isnan(quotient(plus, REAL(0x1p0))));
            cr_assert(isnan(quotient(REAL(0x1p0), plus)) && isnan(product(plus, REAL(0x0p0))));
            cr_assert(isnan(logarithm(plus)) && isnan(logarithm(minus)), "payload %llx",
                      (unsigned long long)payloads[i]);
        }
    }
}

Test(CHECK_SUITE, sigmoid_is_a_half_at_zero_and_saturates)
{
    const real infinity = real_of_unsigned((unsigned_bits)CHECK_INFINITY);
    const real half = REAL(0x1p-1), one = REAL(0x1p0);
    const real low = CARRYNET_REAL_BITS == 32 ? REAL(-0x1.bp4) : REAL(-0x1.62p9);
    const real high = CARRYNET_REAL_BITS == 32 ? REAL(0x1.4p5) : REAL(0x1.62p9);
    cr_assert(same_bits(sigmoid(REAL(0x0p0)), half) && same_bits(sigmoid(REAL(-0x0p0)), half));
    cr_assert(same_bits(sigmoid(high), one) && same_bits(sigmoid(infinity), one));
    cr_assert(same_bits(sigmoid(REAL(0x1.8p9)), one) && same_bits(sigmoid(REAL(0x1.fp40)), one));
    const real least = sigmoid(low);
    cr_assert(same_bits(sigmoid(-infinity), least) && same_bits(sigmoid(REAL(-0x1.8p9)), least));
    cr_assert(least > REAL(0x0p0));
#if CARRYNET_REAL_BITS == 32
    cr_assert(least >= REAL(0x1p-40), "sigmoid(-27) = %a would be flushed", (double)least);
#else
    cr_assert(isnormal(least), "sigmoid(-708) = %a", least);
#endif
    /* Rounding makes the last place uneven, but whole steps of 2^-4 never go down. */
    for (real x = low; x < high; x += REAL(0x1p-4))
        cr_assert(sigmoid(x) <= sigmoid(x + REAL(0x1p-4)), "at %a", (double)x);
}

/* Distance of the logarithm from logl in units in the last place of the result, at its worst over `count` inputs. */
static long double logarithm_worst_plain(uint64_t seed, int low, int high, long count, real *where)
{
    long double worst = 0.0L;
    for (long i = 0; i < count; ++i) {
        const real x = draw_real(&seed, low, high, 0);
        const long double y = logarithm(x), truth = logl((long double)x);
        const long double distance = truth == 0.0L ? fabsl(y) : fabsl(y - truth) / ulp_at(truth);
        if (!(distance <= worst)) {
            worst = distance;
            *where = x;
        }
    }
    return worst;
}
WITH_FMA(long double, logarithm_worst, (uint64_t seed, int low, int high, long count, real *where),
         (seed, low, high, count, where))

/*
 * The bits of version 1: FNV-1a, 32 bits at a time, over one function's results for 2^20 inputs spread over its range.
 * Bounds let a wrong last place pass; this does not. Whoever changes a digest changes CARRYNET_ARITHMETIC_VERSION too.
 */
static uint64_t digest_plain(int function)
{
    uint64_t hash = 0xcbf29ce484222325u, state = 21;
    for (int i = 0; i < 1 << 20; ++i) {
        real y = REAL(0x0p0);
        if (function == 0)
            y = sigmoid(draw_real(&state, -20, 5, 1));
        else if (function == 1)
            y = logarithm(draw_real(&state, -40, 4, 0));
        else {
            const real scale = draw_real(&state, -10, 3, 0);
            y = uniform((word)(draw(&state) >> 32), scale);
        }
        const uint64_t b = (uint64_t)bits_of(y);
        hash = (hash ^ (b & 0xffffffffu)) * 0x100000001b3u;
        if (CARRYNET_REAL_BITS == 64)
            hash = (hash ^ b >> 32) * 0x100000001b3u;
    }
    return hash;
}
WITH_FMA(uint64_t, digest, (int function), (function))

Test(CHECK_SUITE, bits_are_those_of_the_version)
{
    static const uint64_t expected[] = {CHECK_DIGESTS};
    static const char *const names[] = {"sigmoid", "logarithm", "uniform"};
    cr_assert_eq(CARRYNET_ARITHMETIC_VERSION, 1);
    for (int f = 0; f < 3; ++f) {
        cr_expect_eq(digest(f), expected[f], "%s: 0x%016llx", names[f], (unsigned long long)digest(f));
        cr_expect_eq(digest_plain(f), expected[f], "%s, without the FMA instruction", names[f]);
    }
}

Test(CHECK_SUITE, philox_known_answers)
{
    /* kat_vectors of Random123 1.14, philox4x32 10. */
    static const word answers[3][10] = {{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
                                         0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
                                         0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; ++i) {
        const word *a = answers[i];
        word c[4] = {a[0], a[1], a[2], a[3]};
        philox4x32(&c[0], &c[1], &c[2], &c[3], a[4], a[5]);
        for (int k = 0; k < 4; ++k)
            cr_assert_eq(c[k], a[6 + k], "vector %d, word %d: %08x", i, k, (unsigned)c[k]);
    }
}

Test(CHECK_SUITE, philox_equals_random123)
{
    uint64_t state = 5;
    for (int i = 0; i < 1000000; ++i) {
        const uint64_t a = draw(&state), b = draw(&state), k = draw(&state);
        word c[4] = {(word)a, (word)(a >> 32), (word)b, (word)(b >> 32)};
        const philox4x32_ctr_t counter = {{c[0], c[1], c[2], c[3]}};
        const philox4x32_key_t key = {{(word)k, (word)(k >> 32)}};
        const philox4x32_ctr_t expected = philox4x32_R(10, counter, key);
        philox4x32(&c[0], &c[1], &c[2], &c[3], (word)k, (word)(k >> 32));
        for (int lane = 0; lane < 4; ++lane)
            cr_assert_eq(c[lane], expected.v[lane], "draw %d, lane %d", i, lane);
    }
}

Test(CHECK_SUITE, uniform_stays_in_its_range)
{
    uint64_t state = 3;
    static const double scales[] = {0x1p-30, 0x1.999999999999ap-4, 0x1p0, 0x1.8p0, 0x1p10};
    for (size_t s = 0; s < sizeof scales / sizeof scales[0]; ++s) {
        const real scale = (real)scales[s];
        long double sum = 0.0L;
        for (int i = 0; i < 200000; ++i) {
            const real u = uniform((word)(draw(&state) >> 32), scale);
            cr_assert(u >= -scale && u < scale, "%a of scale %a", (double)u, (double)scale);
            sum += u;
        }
        /* The mean of 200,000: standard deviation scale / sqrt(600000). */
        cr_assert(fabsl(sum / 200000.0L) < 6.0L * scale / 774.6L, "mean %Lg of scale %a", sum / 200000.0L,
                  (double)scale);
    }
    cr_assert(same_bits(uniform(0x12345678u, REAL(0x0p0)), REAL(0x0p0)), "scale 0 gives +0");
}

#endif
