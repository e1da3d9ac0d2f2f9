/*
 * kernels/arithmetic.h in binary32: division and square root without their instructions against IEEE ones, sigmoid and
 * logarithm against long double with stated bounds, flushing, uniform numbers, Philox. All bounds are measured ones,
 * rounded up.
 */
#define CARRYNET_REAL_BITS 32
#include "arithmetic_checks.h"

/* ---- division without a divide instruction --------------------------------------------------------------------- */

/*
 * Wrong quotients a / b where a / b lies as near as it can to the middle between two numbers, for one divisor of
 * `significand` in [2^23, 2^24): with b = significand, a 2^k = m b + d for odd m (the middle) and small d. m follows
 * from d modulo a power of two.
 */
static inline uint64_t wrong_near_middles(uint32_t significand, int64_t d, int k)
{
    int zeros = 0;
    uint64_t odd = significand;
    while (odd % 2 == 0) {
        odd /= 2;
        ++zeros;
    }
    if (zeros >= k)
        return 0;
    uint64_t inverse = odd;
    for (int i = 0; i < 6; ++i)
        inverse *= 2 - odd * inverse;
    const uint64_t modulus = (uint64_t)1 << (k - zeros), from = (uint64_t)1 << 24;
    uint64_t m = ((uint64_t)-d * inverse) % modulus;
    if (modulus <= from)
        m += from + significand * 2654435761u % (from / modulus) * modulus;
    if (m < from)
        return 0;
    const uint64_t numerator = ((uint64_t)((int64_t)(m * odd) + d)) / modulus;
    if (numerator < (1u << 23) || numerator >= (1u << 24))
        return 0;
    const real a = (real)numerator, b = (real)significand;
    return (same_bits(quotient_by_newton(a, b), a / b) ? 0u : 1u) +
           (same_bits(quotient_by_newton(-a, b), -a / b) ? 0u : 1u);
}

/*
 * Wrong quotients over all significands of the divisor: the reciprocal, an all-ones and a random numerator, and hard
 * cases.
 */
static inline uint64_t wrong_for_all_divisors_plain(real *where)
{
    uint64_t wrong = 0, state = 1;
    for (uint32_t significand = 1u << 23; significand < 1u << 24; ++significand) {
        const real b = (real)significand;
        const real numerators[] = {REAL(0x1p23), REAL(0x1.fffffep23), draw_real(&state, 23, 23, 0)};
        uint64_t here = 0;
        for (size_t i = 0; i < sizeof numerators / sizeof numerators[0]; ++i)
            here += same_bits(quotient_by_newton(numerators[i], b), numerators[i] / b) ? 0 : 1;
        for (int64_t d = -1; d <= 1; d += 2)
            here += wrong_near_middles(significand, d, 24) + wrong_near_middles(significand, d, 25);
        if (here > 0)
            *where = b;
        wrong += here;
    }
    return wrong;
}
WITH_FMA(uint64_t, wrong_for_all_divisors, (real * where), (where))

Test(arithmetic, quotient_is_right_for_every_significand_of_the_divisor)
{
    real where = REAL(0x0p0);
    const uint64_t wrong = wrong_for_all_divisors(&where);
    cr_assert_eq(wrong, 0, "%llu wrong quotients, the last with the divisor %a", (unsigned long long)wrong,
                 (double)where);
}

/* Wrong quotients of all numerators by one divisor. */
static inline uint64_t wrong_for_all_numerators_plain(real b, real *where)
{
    uint64_t wrong = 0;
    for (uint32_t significand = 1u << 23; significand < 1u << 24; ++significand) {
        const real a = (real)significand;
        if (!same_bits(quotient_by_newton(a, b), a / b)) {
            ++wrong;
            *where = a;
        }
    }
    return wrong;
}
WITH_FMA(uint64_t, wrong_for_all_numerators, (real b, real *where), (b, where))

Test(arithmetic, quotient_is_right_for_the_exceptional_divisors)
{
    /* The significand for which Newton's iteration ends one unit too low, its neighbours and the other end. */
    const real divisors[] = {REAL(0x1.fffffep0), REAL(0x1.fffffcp0), REAL(0x1.fffffap0),  REAL(0x1.fffff6p0),
                             REAL(0x1p0),        REAL(0x1.000002p0), REAL(0x1.fffffep63), REAL(0x1.fffffep-60)};
    for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; ++i) {
        real where = REAL(0x0p0);
        const uint64_t wrong = wrong_for_all_numerators(divisors[i], &where);
        cr_assert_eq(wrong, 0, "%llu wrong, such as %a / %a", (unsigned long long)wrong, (double)where,
                     (double)divisors[i]);
    }
}

/* Wrong quotients of random operands over the whole range of the exponents, and of exact quotients of short numbers. */
static inline uint64_t wrong_for_random_plain(long count, real *where_a, real *where_b)
{
    uint64_t wrong = 0, state = 2;
    for (long i = 0; i < count; ++i) {
        real a = draw_real(&state, -60, 63, 1), b = draw_real(&state, -60, 63, 0);
        if (i % 8 == 0) { /* exact: a = b times an integer, both short */
            b = (real)((draw(&state) >> 52) + 1);
            a = b * (real)((draw(&state) >> 52) + 1);
        }
        if (!same_bits(quotient_by_newton(a, b), a / b)) {
            ++wrong;
            *where_a = a;
            *where_b = b;
        }
    }
    return wrong;
}
WITH_FMA(uint64_t, wrong_for_random, (long count, real *where_a, real *where_b), (count, where_a, where_b))

Test(arithmetic, quotient_is_right_for_random_operands)
{
    real a = REAL(0x0p0), b = REAL(0x0p0);
    const uint64_t wrong = wrong_for_random(40000000, &a, &b);
    cr_assert_eq(wrong, 0, "%llu wrong, such as %a / %a", (unsigned long long)wrong, (double)a, (double)b);
}

Test(arithmetic, quotient_is_right_at_the_ends_of_its_range)
{
    const real ends[] = {REAL(0x1p-60), REAL(0x1.000002p-60), REAL(0x1.fffffep-60), REAL(0x1.fffffep-1), REAL(0x1p0),
                         REAL(0x1.8p1), REAL(0x1.fffffep63),  REAL(0x1.fffffcp63),  REAL(0x1p64)};
    const size_t count = sizeof ends / sizeof ends[0];
    for (size_t i = 0; i < count; ++i) {
        for (size_t k = 0; k < count; ++k) {
            const real a = ends[i], b = ends[k];
            cr_assert(same_bits(quotient_by_newton(a, b), a / b), "%a / %a", (double)a, (double)b);
            cr_assert(same_bits(quotient_by_newton(-a, b), -a / b), "-%a / %a", (double)a, (double)b);
        }
        cr_assert(same_bits(quotient_by_newton(REAL(0x0p0), ends[i]), REAL(0x0p0)), "0 / %a", (double)ends[i]);
    }
}

/* ---- square root without its instruction ----------------------------------------------------------------------- */

static inline uint64_t wrong_roots_plain(long random, real *where)
{
    uint64_t wrong = 0, state = 3;
    /* Every significand with an even and with an odd exponent: [1, 4). */
    for (uint32_t i = 0; i < 1u << 24; ++i) {
        const real x = real_of_unsigned(0x3f800000u + i);
        if (!same_bits(square_root_by_newton(x), sqrtf(x))) {
            ++wrong;
            *where = x;
        }
    }
    for (long i = 0; i < random; ++i) {
        const real x = draw_real(&state, -60, 99, 0);
        if (!same_bits(square_root_by_newton(x), sqrtf(x))) {
            ++wrong;
            *where = x;
        }
    }
    return wrong;
}
WITH_FMA(uint64_t, wrong_roots, (long random, real *where), (random, where))

Test(arithmetic, square_root_is_right_for_every_significand)
{
    real where = REAL(0x0p0);
    const uint64_t wrong = wrong_roots(20000000, &where);
    cr_assert_eq(wrong, 0, "%llu wrong roots, such as that of %a", (unsigned long long)wrong, (double)where);
    const real ends[] = {REAL(0x0p0),          REAL(0x1p-60),       REAL(0x1.000002p-60),
                         REAL(0x1.fffffep-60), REAL(0x1.fffffep99), REAL(0x1p100)};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; ++i)
        cr_assert(same_bits(square_root_by_newton(ends[i]), sqrtf(ends[i])), "%a", (double)ends[i]);
}

/* ---- the reciprocal from an approximate seed ------------------------------------------------------------------- */

/* Wrong reciprocals of all significands, with exponents in turn, from seeds `off` units from the right one. */
static inline uint64_t wrong_by_seed_plain(int32_t off, real *where)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < 1u << 23; ++i) {
        const real m = real_of_unsigned(0x3f800000u | i), x = real_of_unsigned((127 + i % 41) << 23 | i);
        if (!same_bits(reciprocal_from_seed(x, real_of(bits_of(REAL(0x1p0) / m) + off)), REAL(0x1p0) / x)) {
            ++wrong;
            *where = x;
        }
    }
    return wrong;
}
WITH_FMA(uint64_t, wrong_by_seed, (int32_t off, real *where), (off, where))

/* bounds/reciprocal_bound.txt has every offset up to 1,024. */
Test(arithmetic, reciprocal_by_seed_is_right_for_every_significand)
{
    const int32_t offsets[] = {-1024, -300, -1, 0, 1, 1024};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; ++i) {
        real where = REAL(0x0p0);
        const uint64_t wrong = wrong_by_seed(offsets[i], &where);
        cr_assert_eq(wrong, 0, "seeds off by %d: %llu wrong reciprocals, such as that of %a", (int)offsets[i],
                     (unsigned long long)wrong, (double)where);
    }
}

Test(arithmetic, reciprocal_of_nan_is_nan_and_its_seed_is_asked_in_range)
{
    const uint32_t nans[] = {0x7fc00000u, 0xffc00000u, 0x7fffffffu, 0xffffffffu, 0x7fd55555u};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; ++i) {
        const real x = real_of_unsigned(nans[i]), m = significand_of(x);
        cr_assert(m >= REAL(0x1p0) && m < REAL(0x1p1), "%a", (double)m);
        cr_assert(isnan(reciprocal_from_seed(x, REAL(0x1p0) / m)) && isnan(reciprocal(x)));
    }
    uint64_t state = 5;
    for (int i = 0; i < 100000; ++i) {
        const real x = draw_real(&state, 0, 40, 0), m = significand_of(x);
        int exponent;
        cr_assert(same_bits(m, 2 * frexpf(x, &exponent)), "%a gives %a", (double)x, (double)m);
        cr_assert(same_bits(reciprocal(x), REAL(0x1p0) / x));
    }
}

/* ---- functions ------------------------------------------------------------------------------------------------- */

Test(arithmetic, flush_replaces_what_is_below_its_limit_by_plus_zero)
{
    uint64_t kept = 0, flushed = 0;
    for (uint64_t i = 0; i < (uint64_t)1 << 32; i += 1021) {
        const uint32_t bits = (uint32_t)i, magnitude = bits & 0x7fffffffu;
        if (magnitude > CHECK_INFINITY)
            continue;
        const real expected = magnitude < 0x2b800000u ? REAL(0x0p0) : real_of_unsigned(bits);
        cr_assert(same_bits(flush(real_of_unsigned(bits)), expected), "pattern %08x", (unsigned)bits);
        kept += magnitude >= 0x2b800000u;
        flushed += magnitude < 0x2b800000u;
    }
    cr_assert(kept > 1000000 && flushed > 1000000);
    const real limit = REAL(0x1p-40), below = REAL(0x1.fffffep-41);
    cr_assert(same_bits(flush(limit), limit) && same_bits(flush(-limit), -limit));
    cr_assert(same_bits(flush(below), REAL(0x0p0)) && same_bits(flush(-below), REAL(0x0p0)));
    cr_assert(same_bits(flush(REAL(-0x0p0)), REAL(0x0p0)) && same_bits(flush(REAL(0x1p-149)), REAL(0x0p0)));
}

/* bounds/sigmoid_bound.txt proves 9.4643063e-8 by running all inputs; here every 1021st. */
#define SIGMOID_BOUND 9.4644e-8L

Test(arithmetic, sigmoid_keeps_its_bound_and_range)
{
    long double worst = 0.0L;
    real where = REAL(0x0p0);
    for (uint64_t i = 0; i < (uint64_t)1 << 32; i += 1021) {
        const real x = real_of_unsigned((uint32_t)i);
        if (isnan(x))
            continue;
        const real y = sigmoid(x);
        cr_assert(y >= REAL(0x1p-40) && y <= REAL(0x1p0), "sigmoid(%a) = %a", (double)x, (double)y);
        const long double error = fabsl((long double)y - true_sigmoid((long double)x));
        if (error > worst) {
            worst = error;
            where = x;
        }
    }
    cr_assert_leq(worst, SIGMOID_BOUND, "error %Lg at %a", worst, (double)where);
    cr_assert_geq(worst, 0x1p-25L, "error %Lg: is the judge as coarse as what it judges?", worst);
}

/* All of [2^-40, 4), which holds every argument that a loss has, was run once: 1.97 ulp at 0x1.00fd16p+0. */
#define LOGARITHM_BOUND 2.0L

Test(arithmetic, logarithm_keeps_its_bound)
{
    real where = REAL(0x0p0);
    long double worst = logarithm_worst(1, -126, 127, 1000000, &where);
    cr_assert_leq(worst, LOGARITHM_BOUND, "%Lg ulp at %a", worst, (double)where);
    worst = logarithm_worst(2, -2, 1, 3000000, &where);
    cr_assert_leq(worst, LOGARITHM_BOUND, "%Lg ulp at %a", worst, (double)where);
    cr_assert_geq(worst, 0.5L, "%Lg ulp: is the judge as coarse as what it judges?", worst);
    cr_assert(same_bits(logarithm(REAL(0x1p0)), REAL(0x0p0)), "log 1 is +0");
}

Test(arithmetic, uniform_known_values)
{
    const real one = REAL(0x1p0);
    cr_assert(same_bits(uniform(0u, one), -one));
    cr_assert(same_bits(uniform(0x000000ffu, one), -one), "the low 8 bits do not count");
    cr_assert(same_bits(uniform(0x00000100u, one), REAL(-0x1.fffffcp-1)), "-1 + 2^-23");
    cr_assert(same_bits(uniform(0x7fffffffu, one), REAL(-0x1p-23)));
    cr_assert(same_bits(uniform(0x80000000u, one), REAL(0x0p0)));
    cr_assert(same_bits(uniform(0xc0000000u, REAL(0x1.8p1)), REAL(0x1.8p0)), "3/4 of [-3, 3) is 1.5");
    cr_assert(same_bits(uniform(0xffffffffu, one), REAL(0x1.fffffcp-1)), "1 - 2^-23");
}
