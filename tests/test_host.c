/*
 * The host's own arithmetic: the known answers, which every variant of the C code gives and broken ones do not, each fault
 * by its name; and the float fma by way of double, against MPFR.
 */
#define CARRYNET_REAL_BITS 32
#include "backend/host.h"
#include "each_backend.h"
#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include "reference/reference.h"
#include <carrynet/device.h>
#include <fenv.h>
#include <mpfr.h>

extern const struct reference reference_32_portable, reference_64_portable;
extern const struct network_operations tiled_32_portable, tiled_64_portable;

/* ---- known answers ---------------------------------------------------------------------------------------------- */

Test(host, computes_as_it_should)
{
    MUST(carrynet_host_admit());
    MUST(reference_check(&reference_32_portable, &reference_64_portable));
    MUST(reference_check(reference_of(CARRYNET_FP32), reference_of(CARRYNET_FP64)));
}

Test(host, is_admitted_whatever_the_caller_runs_with)
{
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; ++i) {
        cr_assert_eq(fesetround(modes[i]), 0);
        const carrynet_status status = reference_check(&reference_32_portable, &reference_64_portable);
        cr_expect_eq(fegetround(), modes[i], "it was changed");
        cr_assert_eq(fesetround(FE_TONEAREST), 0);
        cr_expect_eq(status, CARRYNET_OK, "mode %zu: %s", i, carrynet_message());
    }
}

/* What goes wrong in a broken host: it changes the results of a vector. */
typedef void fault(double *result, double a, double b, double c, bool narrow);

static fault *now;

static double as(double x, bool narrow)
{
    return narrow ? (double)(float)x : x;
}

static void break_vectors(void *results, const void *operands, bool narrow)
{
    double o[CARRYNET_OPERANDS], r[CARRYNET_RESULTS];
    if (narrow)
        reference_32_portable.start_vectors(results, operands, 1);
    else
        reference_64_portable.start_vectors(results, operands, 1);
    for (int i = 0; i < CARRYNET_OPERANDS; ++i)
        o[i] = narrow ? (double)((const float *)operands)[i] : ((const double *)operands)[i];
    for (int i = 0; i < CARRYNET_RESULTS; ++i)
        r[i] = narrow ? (double)((float *)results)[i] : ((double *)results)[i];
    now(r, o[0], o[1], o[2], narrow);
    for (int i = 0; i < CARRYNET_RESULTS; ++i)
        if (narrow)
            ((float *)results)[i] = (float)r[i];
        else
            ((double *)results)[i] = r[i];
}

static void break_single(void *results, const void *operands, size_t count)
{
    cr_assert_eq(count, 1);
    break_vectors(results, operands, true);
}

static void break_twice(void *results, const void *operands, size_t count)
{
    cr_assert_eq(count, 1);
    break_vectors(results, operands, false);
}

static void rounds_twice(double *r, double a, double b, double c, bool narrow)
{
    r[0] = narrow ? as(a * b + c, true) : (double)((long double)a * b + c);
}

static void contracts(double *r, double a, double b, double c, bool narrow)
{
    (void)narrow;
    (void)a, (void)b, (void)c;
    r[1] = r[0];
}

static void rounds_up(double *r, double a, double b, double c, bool narrow)
{
    (void)c;
    const volatile double x = a, y = b;
    (void)fesetround(FE_UPWARD);
    const volatile float sum = (float)x + (float)y;
    const volatile double wide = x + y;
    (void)fesetround(FE_TONEAREST);
    r[2] = narrow ? (double)sum : wide;
}

static void keeps_digits(double *r, double a, double b, double c, bool narrow)
{
    r[9] = as((double)((((long double)a + b) - c) * b), narrow);
}

static void reorders(double *r, double a, double b, double c, bool narrow)
{
    double parts[4] = {0};
    const double o[] = {a, b, c};
    for (size_t k = 0; k < CARRYNET_SUMMED; ++k)
        parts[k % 4] = as(parts[k % 4] + o[k % 3], narrow);
    r[8] = as(as(parts[0] + parts[1], narrow) + as(parts[2] + parts[3], narrow), narrow);
}

static void takes_the_reciprocal(double *r, double a, double b, double c, bool narrow)
{
    (void)c;
    r[3] = as(a * as(1 / b, narrow), narrow);
}

static void flushes(double *r, double a, double b, double c, bool narrow)
{
    (void)b, (void)c;
    for (int i = 0; i < CARRYNET_RESULTS && !narrow; ++i)
        r[i] = fpclassify(r[i]) == FP_SUBNORMAL || fpclassify(a) == FP_SUBNORMAL ? 0 : r[i];
}

static void knows_no_nan(double *r, double a, double b, double c, bool narrow)
{
    (void)a, (void)b, (void)narrow;
    r[6] = isnan(c) ? 1 : r[6];
}

static void knows_no_signed_zero(double *r, double a, double b, double c, bool narrow)
{
    (void)a, (void)b, (void)c, (void)narrow;
    r[2] = r[2] == 0 ? 0 : r[2];
}

static void has_no_root(double *r, double a, double b, double c, bool narrow)
{
    (void)a, (void)b;
    r[4] = isfinite(c) && c > 0 && c != 1 ? as(r[4] * (narrow ? 1 - 0x1p-23 : 1 - 0x1p-52), narrow) : r[4];
}

Test(host, faults_are_named)
{
    static const struct {
        fault *fault;
        const char *name;
        bool single, twice; /* precisions that show it */
    } faults[] = {
        {rounds_twice, "an fma rounds twice", true, LDBL_MANT_DIG > 53},
        {contracts, "a product is not rounded before it is added", true, true},
        {rounds_up, "it does not round to nearest", true, true},
        {keeps_digits, "not rounded to their own type", true, LDBL_MANT_DIG > 53},
        {reorders, "a sum is not in its order", true, true},
        {takes_the_reciprocal, "a division is not rounded once", true, true},
        {flushes, "subnormal numbers are flushed", false, true},
        {knows_no_nan, "infinities and NaN are not kept", true, true},
        {knows_no_signed_zero, "the sign of a zero is lost", true, true},
        {has_no_root, "a square root is not rounded once", true, true},
    };
    struct reference single = reference_32_portable, twice = reference_64_portable;
    single.start_vectors = break_single;
    twice.start_vectors = break_twice;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; ++i)
        for (int narrow = 0; narrow < 2; ++narrow) {
            if (narrow ? !faults[i].single : !faults[i].twice)
                continue;
            now = faults[i].fault;
            const carrynet_status status =
                reference_check(narrow ? &single : &reference_32_portable, narrow ? &reference_64_portable : &twice);
            cr_expect_eq(status, CARRYNET_ERROR_DEVICE, "%s, %d", faults[i].name, narrow);
            cr_expect(strstr(carrynet_message(), faults[i].name) != NULL, "no '%s' in: %s", faults[i].name,
                      carrynet_message());
            cr_expect(strstr(carrynet_message(), narrow ? "(fp32)" : "(fp64)") != NULL, "%s", carrynet_message());
        }
}

static void wrong_gradient(void *node, struct reference_counts *counts, const void *parameters,
                           const carrynet_settings *settings, const struct net_pass *pass, void *scratch)
{
    reference_32_portable.operations.gradient(node, counts, parameters, settings, pass, scratch);
    ((uint32_t *)node)[7] ^= 1;
}

static void wrong_update(void *parameters, void *first, void *second, const void *sums,
                         const carrynet_settings *settings, uint64_t sequences, struct net_rates rates)
{
    reference_64_portable.operations.update(parameters, first, second, sums, settings, sequences, rates);
    ((uint64_t *)second)[3] ^= settings->optimizer == CARRYNET_OPTIMIZER_ADAM ? 1 : 0;
}

Test(host, one_wrong_bit_of_an_update_is_seen)
{
    struct reference single = reference_32_portable, twice = reference_64_portable;
    single.operations.gradient = wrong_gradient;
    cr_expect_eq(reference_check(&single, &twice), CARRYNET_ERROR_DEVICE);
    cr_expect(strstr(carrynet_message(), "small updates have other bits (fp32)") != NULL, "%s", carrynet_message());
    twice.operations.update = wrong_update;
    cr_expect_eq(reference_check(&reference_32_portable, &twice), CARRYNET_ERROR_DEVICE);
    cr_expect(strstr(carrynet_message(), "small updates have other bits (fp64)") != NULL, "%s", carrynet_message());
}

Test(host, tiles_are_checked_too)
{
    struct network_operations wrong = tiled_64_portable;
    MUST(tiled_admit());
    MUST(reference_check_updates(&tiled_32_portable, CARRYNET_FP32));
    MUST(reference_check_updates(&tiled_64_portable, CARRYNET_FP64));
    wrong.update = wrong_update;
    cr_expect_eq(reference_check_updates(&wrong, CARRYNET_FP64), CARRYNET_ERROR_DEVICE);
}

/* ---- the float fma by way of double -------------------------------------------------------------------------------- */

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state ^ *state >> 32;
}

struct judge {
    mpfr_t a, b, c, result;
};

/* The exact fma in binary32, subnormals too. */
static float exact(struct judge *judge, float a, float b, float c)
{
    (void)mpfr_set_flt(judge->a, a, MPFR_RNDN);
    (void)mpfr_set_flt(judge->b, b, MPFR_RNDN);
    (void)mpfr_set_flt(judge->c, c, MPFR_RNDN);
    const int ternary = mpfr_fma(judge->result, judge->a, judge->b, judge->c, MPFR_RNDN);
    (void)mpfr_subnormalize(judge->result, ternary, MPFR_RNDN);
    return mpfr_get_flt(judge->result, MPFR_RNDN);
}

static void check_fused(struct judge *judge, float a, float b, float c)
{
    const float got = carrynet_fused_by_double(a, b, c), right = exact(judge, a, b, c);
    cr_assert(bits_of(got) == bits_of(right) || (isnan(got) && isnan(right)), "fma(%a, %a, %a) is %a, not %a",
              (double)a, (double)b, (double)c, (double)got, (double)right);
}

Test(host, float_fma_by_double_is_exact)
{
    static const uint32_t special[] = {
        0,          1,          2,          0x00400000, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff, 0x1f800000,
        0x2b800000, 0x33800000, 0x33800001, 0x34000000, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3f800800,
        0x40000000, 0x4b800000, 0x5f000000, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0x7f800000, 0x7fc00000};
    enum { COUNT = 2 * sizeof special / sizeof special[0] };
    struct judge judge;
    mpfr_inits2(24, judge.a, judge.b, judge.c, judge.result, (mpfr_ptr)0);
    cr_assert_eq(mpfr_set_emin(-148), 0);
    cr_assert_eq(mpfr_set_emax(128), 0);
    float value[COUNT];
    for (size_t i = 0; i < COUNT; ++i)
        value[i] = real_of((vbits)(special[i / 2] | (uint32_t)(i % 2) << 31));
    for (size_t i = 0; i < COUNT; ++i)
        for (size_t j = 0; j < COUNT; ++j)
            for (size_t k = 0; k < COUNT; ++k)
                check_fused(&judge, value[i], value[j], value[k]);
    uint64_t state = 5;
    for (int i = 0; i < 300000; ++i) {
        const uint64_t x = next(&state), y = next(&state);
        const float a = real_of((vbits)(uint32_t)x), b = real_of((vbits)(uint32_t)(x >> 32));
        check_fused(&judge, a, b, real_of((vbits)(uint32_t)y));
        check_fused(&judge, a, b, -(a * b));
    }
    mpfr_clears(judge.a, judge.b, judge.c, judge.result, (mpfr_ptr)0);
}
