/*
 * kernels/arithmetic.h in binary64: sigmoid and logarithm against long double with stated bounds, and what both
 * precisions share. Division and square root are the IEEE instructions here. All bounds are measured ones, rounded up.
 */
#define CARRYNET_REAL_BITS 64
#include "arithmetic_checks.h"

Test(arithmetic_64, flush_keeps_everything)
{
    uint64_t state = 1;
    for (int i = 0; i < 1000000; ++i) {
        const real x = real_of_unsigned(draw(&state));
        if (!isnan(x))
            cr_assert(same_bits(flush(x), x), "%a", x);
    }
    cr_assert(same_bits(flush(REAL(-0x0p0)), REAL(-0x0p0)));
}

/* Worst distance from the true sigmoid over `count` inputs of exponents low to high, both signs. */
static long double sigmoid_worst_plain(uint64_t seed, int low, int high, long count, real *where)
{
    long double worst = 0.0L;
    for (long i = 0; i < count; ++i) {
        const real x = draw_real(&seed, low, high, 1);
        const long double error = fabsl((long double)sigmoid(x) - true_sigmoid((long double)x));
        if (!(error <= worst)) {
            worst = error;
            *where = x;
        }
    }
    return worst;
}
WITH_FMA(long double, sigmoid_worst, (uint64_t seed, int low, int high, long count, real *where),
         (seed, low, high, count, where))

/* Measured over 60 million inputs: 0x1.7fcp-53, 1.664e-16. */
#define SIGMOID_BOUND_64 0x1.9p-53L

Test(arithmetic_64, sigmoid_keeps_its_bound)
{
    const struct {
        int low, high; /* exponents */
        long count;
    } runs[] = {{-4, 5, 4000000}, {-60, -5, 500000}, {6, 9, 500000}, {10, 1023, 100000}};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; ++i) {
        real where = REAL(0x0p0);
        const long double worst = sigmoid_worst(7 + i, runs[i].low, runs[i].high, runs[i].count, &where);
        cr_assert_leq(worst, SIGMOID_BOUND_64, "error %Lg at %a", worst, where);
    }
}

Test(arithmetic_64, sigmoid_is_relatively_right_in_the_tail)
{
    uint64_t state = 9;
    for (int i = 0; i < 500000; ++i) {
        const real x = REAL(-0x1.6p9) * (real)(draw(&state) >> 11) * REAL(0x1p-53);
        const long double truth = true_sigmoid((long double)x), error = fabsl((long double)sigmoid(x) - truth);
        cr_assert_leq(error, truth * 0x1p-51L, "sigmoid(%a): relative error %Lg", x, error / truth);
    }
}

/* Measured over 80 million inputs: 2.008 ulp at 0x1.6986c9ba242d1p-1. */
#define LOGARITHM_BOUND_64 2.25L

Test(arithmetic_64, logarithm_keeps_its_bound)
{
    real where = REAL(0x0p0);
    long double worst = logarithm_worst(1, -1022, 1023, 1000000, &where);
    cr_assert_leq(worst, LOGARITHM_BOUND_64, "%Lg ulp at %a", worst, where);
    worst = logarithm_worst(2, -2, 1, 3000000, &where);
    cr_assert_leq(worst, LOGARITHM_BOUND_64, "%Lg ulp at %a", worst, where);
    cr_assert_geq(worst, 0.5L, "%Lg ulp: is the judge as coarse as what it judges?", worst);
    cr_assert(same_bits(logarithm(REAL(0x1p0)), REAL(0x0p0)), "log 1 is +0");
}

Test(arithmetic_64, uniform_known_values)
{
    const real one = REAL(0x1p0);
    cr_assert(same_bits(uniform(0u, one), -one));
    cr_assert(same_bits(uniform(1u, one), REAL(-0x1.fffffffcp-1)), "-1 + 2^-31");
    cr_assert(same_bits(uniform(0x7fffffffu, one), REAL(-0x1p-31)));
    cr_assert(same_bits(uniform(0x80000000u, one), REAL(0x0p0)));
    cr_assert(same_bits(uniform(0xc0000000u, REAL(0x1.8p1)), REAL(0x1.8p0)), "3/4 of [-3, 3) is 1.5");
    cr_assert(same_bits(uniform(0xffffffffu, one), REAL(0x1.fffffffcp-1)), "1 - 2^-31");
}
