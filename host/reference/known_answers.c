/*
 * The host's own arithmetic, before anything is compared with it: known answers of single operations, where compilers,
 * C libraries and processors have gone wrong, and the bits of small updates by the loops themselves.
 *
 * Operands and answers are exact in the precision that they are for. They go through memory, so that no compiler can
 * compute them beforehand, and are compared as bits, since a compiler that computes wrong may compare wrong.
 */
#include "kernels/arguments.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include "reference/reference.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* Results of a start-up vector (formulas/start_vectors.c). */
enum { FMA, APART, SUM, QUOTIENT, ROOT, CONVERSION, SIGMOID, FLUSH, RUNNING, COMPOUND };

struct answer {
    int result;
    double operand[CARRYNET_OPERANDS];
    double right;
    const char *what;
};

/* What is wrong where an answer is not right. */
static const char rounding[] = "it does not round to nearest, ties to even", once[] = "an fma rounds twice",
                  contraction[] = "a product is not rounded before it is added", order[] = "a sum is not in its order",
                  division[] = "a division is not rounded once", root[] = "a square root is not rounded once",
                  steps[] = "operations within an expression are not rounded to their own type",
                  specials[] = "infinities and NaN are not kept", zeros[] = "the sign of a zero is lost",
                  subnormals[] = "subnormal numbers are flushed", functions[] = "the sigmoid is wrong";

static const struct answer single[] = {
    {SUM, {0x1p0, 0x1p-24}, 0x1p0, rounding},
    {SUM, {0x1.000002p0, 0x1p-24}, 0x1.000004p0, rounding},
    {SUM, {-0x1.000002p0, -0x1p-24}, -0x1.000004p0, rounding},
    {SUM, {0x1p0, 0x1.8p-24}, 0x1.000002p0, rounding},
    {CONVERSION, {0x1.000006p0}, 0x1.fcp29, rounding}, /* bits 0x3f800003 */
    {FMA, {0x1p0, 0x1.8p0, 0x1p24}, 0x1.000002p24, rounding},
    {FMA, {0x1.001p0, 0x1.001p0, 0x1p-60}, 0x1.002002p0, once},
    {FMA, {0x1.001p0, 0x1.001p0, -0x1p-60}, 0x1.002p0, once},
    {FMA, {0x1.000002p0, 0x1.000002p0, -0x1.000004p0}, 0x1p-46, once},
    {FMA, {0x1.fffffep0, 0x1.fffffep0, -0x1.fffffcp1}, 0x1p-46, once},
    {APART, {0x1.001p0, 0x1.001p0, 0x1p-60}, 0x1.002p0, contraction},
    {APART, {0x1.000002p0, 0x1.000002p0, -0x1.000004p0}, 0x0p0, contraction},
    {COMPOUND, {0x1p0, 0x1p-30, 0x1p0}, 0x0p0, steps},
    {COMPOUND, {0x1p24, 0x1p0, 0x1p24}, 0x0p0, steps},
    {RUNNING, {0x1p24, 0x1p0, -0x1p24}, 0x1p24, order},
    {QUOTIENT, {0x1p0, 0x1.8p1}, 0x1.555556p-2, division},
    {QUOTIENT, {0x1p0, 0x1.fffffep0}, 0x1.000002p-1, division},
    {QUOTIENT, {0x1.4p2, 0x1.8p3}, 0x1.aaaaaap-2, division},
    {ROOT, {0x0p0, 0x1p0, 0x1p1}, 0x1.6a09e6p0, root},
    {ROOT, {0x0p0, 0x1p0, 0x1.fffffep-1}, 0x1.fffffep-1, root},
    {SIGMOID, {0x0p0, 0x1p0, 0x0p0}, 0x1p-1, functions},
    {SIGMOID, {0x0p0, 0x1p0, NAN}, NAN, specials},
    {SIGMOID, {0x0p0, 0x1p0, INFINITY}, 0x1p0, specials},
    {FLUSH, {NAN, 0x1p0, 0x1p0}, NAN, specials},
    {SUM, {INFINITY, -INFINITY}, NAN, specials},
    {QUOTIENT, {0x1p0, 0x0p0}, INFINITY, specials},
    {FMA, {INFINITY, 0x0p0, 0x1p0}, NAN, specials},
    {FMA, {0x1p100, 0x1p100, 0x1p0}, INFINITY, specials},
    {FMA, {-0x1p0, 0x0p0, -0x0p0}, -0x0p0, zeros},
    {FMA, {-0x1p0, 0x0p0, 0x0p0}, 0x0p0, zeros},
    {SUM, {-0x0p0, -0x0p0}, -0x0p0, zeros},
};

static const struct answer twice[] = {
    {SUM, {0x1p0, 0x1p-53}, 0x1p0, rounding},
    {SUM, {0x1.0000000000001p0, 0x1p-53}, 0x1.0000000000002p0, rounding},
    {SUM, {-0x1.0000000000001p0, -0x1p-53}, -0x1.0000000000002p0, rounding},
    {SUM, {0x1p0, 0x1.8p-53}, 0x1.0000000000001p0, rounding},
    {FMA, {0x1p0, 0x1.8p0, 0x1p53}, 0x1.0000000000001p53, rounding},
    {FMA, {0x1.0000002p0, 0x1.0000004p0, 0x1p-120}, 0x1.0000006000001p0, once},
    {FMA, {0x1.0000002p0, 0x1.0000004p0, -0x1p-120}, 0x1.0000006p0, once},
    {FMA, {0x1.0000000000001p0, 0x1.0000000000001p0, -0x1.0000000000002p0}, 0x1p-104, once},
    {APART, {0x1.0000002p0, 0x1.0000004p0, 0x1p-120}, 0x1.0000006p0, contraction},
    {APART, {0x1.0000000000001p0, 0x1.0000000000001p0, -0x1.0000000000002p0}, 0x0p0, contraction},
    {SUM, {0x1p0, 0x1.002p-53}, 0x1.0000000000001p0, steps}, /* by way of 64 bits: a tie, then to even */
    {COMPOUND, {0x1p0, 0x1p-60, 0x1p0}, 0x0p0, steps},
    {COMPOUND, {0x1p53, 0x1p0, 0x1p53}, 0x0p0, steps},
    {RUNNING, {0x1p53, 0x1p0, -0x1p53}, 0x1p53, order},
    {QUOTIENT, {0x1p0, 0x1.8p1}, 0x1.5555555555555p-2, division},
    {QUOTIENT, {0x1p0, 0x1.fffffffffffffp0}, 0x1.0000000000001p-1, division},
    {QUOTIENT, {0x1.4p2, 0x1.8p3}, 0x1.aaaaaaaaaaaabp-2, division},
    {ROOT, {0x0p0, 0x1p0, 0x1p1}, 0x1.6a09e667f3bcdp0, root},
    {SIGMOID, {0x0p0, 0x1p0, 0x0p0}, 0x1p-1, functions},
    {SIGMOID, {0x0p0, 0x1p0, NAN}, NAN, specials},
    {SUM, {INFINITY, -INFINITY}, NAN, specials},
    {QUOTIENT, {0x1p0, 0x0p0}, INFINITY, specials},
    {FMA, {-0x1p0, 0x0p0, -0x0p0}, -0x0p0, zeros},
    {SUM, {-0x0p0, -0x0p0}, -0x0p0, zeros},
    {APART, {0x1p-1000, 0x1p-60, 0x0p0}, 0x1p-1060, subnormals}, /* the result, then an operand */
    {APART, {0x1p-1060, 0x1p60, 0x0p0}, 0x1p-1000, subnormals},
    {FMA, {0x1p-1000, 0x1p-60, 0x0p0}, 0x1p-1060, subnormals},
};

/* The same bits, or both a NaN. */
static bool same_single(float got, double wanted)
{
    const float right = (float)wanted;
    uint32_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &right, sizeof b);
    return a == b || ((a & 0x7fffffff) > 0x7f800000 && (b & 0x7fffffff) > 0x7f800000);
}

static bool same_twice(double got, double right)
{
    const uint64_t magnitude = 0x7fffffffffffffff, infinity = 0x7ff0000000000000;
    uint64_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &right, sizeof b);
    return a == b || ((a & magnitude) > infinity && (b & magnitude) > infinity);
}

static bool is_right(const struct answer *answer, const struct reference *reference, carrynet_precision precision)
{
    float narrow[CARRYNET_OPERANDS], narrow_results[CARRYNET_RESULTS];
    double wide_results[CARRYNET_RESULTS];
    if (precision == CARRYNET_FP64) {
        reference->start_vectors(wide_results, answer->operand, 1);
        return same_twice(wide_results[answer->result], answer->right);
    }
    for (size_t i = 0; i < CARRYNET_OPERANDS; ++i)
        narrow[i] = (float)answer->operand[i];
    reference->start_vectors(narrow_results, narrow, 1);
    return same_single(narrow_results[answer->result], answer->right);
}

/* ---- small updates ---------------------------------------------------------------------------------------------- */

/*
 * More than a tile of units, partial sums and a block, all of them odd. Whoever changes a digest below changes
 * CARRYNET_ARITHMETIC_VERSION too.
 */
enum { INPUTS = 2, HIDDEN = 19, OUTPUTS = 2, STEPS = 3, SEQUENCES = 67, OPTIMIZERS = 4 };

static uint64_t digest_of(uint64_t digest, const void *values, size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; ++i) {
        uint64_t bits = 0;
        uint32_t narrow;
        if (bytes == sizeof narrow) {
            memcpy(&narrow, (const char *)values + i * bytes, bytes);
            bits = narrow;
        } else {
            memcpy(&bits, (const char *)values + i * bytes, bytes);
        }
        digest = sys_digest(digest, bits, bytes);
    }
    return digest;
}

/* One update each with every optimizer, of other networks and problems: initial weights, sums, weights and moments. */
static carrynet_status digest_updates(uint64_t *digest, const struct network_operations *operations,
                                      carrynet_precision precision)
{
    uint32_t symbols[SEQUENCES], targets[SEQUENCES], state = 1;
    carrynet_settings settings = {.shape = {.inputs = INPUTS, .hidden = HIDDEN, .outputs = OUTPUTS, .bias = true},
                                  .precision = precision,
                                  .steps = STEPS,
                                  .batch = SEQUENCES,
                                  .momentum = 0.9,
                                  .decay = 0.99,
                                  .clip = 0.001};
    const size_t bytes = precision / 8, size = carrynet_shape_size(&settings.shape), sums = size + 2;
    char *parameters = NULL, *first = NULL, *second = NULL, *partial = NULL, *scratch = NULL;
    struct reference_counts counts;
    *digest = SYS_DIGEST;
    carrynet_status status = sys_allocate(&parameters, size, bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&first, size, bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&second, size, bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&partial, sums, bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&scratch, 1, operations->scratch_bytes(&settings, STEPS, SEQUENCES, REFERENCE_TRAINS));
    for (uint32_t optimizer = 0; optimizer < OPTIMIZERS && status == CARRYNET_OK; ++optimizer) {
        const carrynet_network_config config = {.noise = optimizer % 2 == 0 ? 0.1 : 0, .seed = optimizer};
        const struct net_pass pass = {.symbols = symbols,
                                      .targets = targets,
                                      .sequences = SEQUENCES,
                                      .steps = STEPS,
                                      .symbol_words = 1,
                                      .target_words = 1,
                                      .configs = &config};
        settings.optimizer = (carrynet_optimizer)optimizer;
        settings.loss = optimizer < 2 ? CARRYNET_LOSS_SQUARED : CARRYNET_LOSS_CROSS_ENTROPY;
        for (size_t s = 0; s < SEQUENCES; ++s) {
            state = state * 1664525 + 1013904223; /* Numerical Recipes' generator: any will do */
            symbols[s] = state >> 26;
            targets[s] = state >> 20 & 0x3f;
        }
        carrynet_initialize(parameters, &settings.shape, precision, optimizer + 1, 1);
        carrynet_initialize(first, &settings.shape, precision, optimizer + 11, 0x1p-8);
        memset(second, 0, size * bytes);
        operations->gradient(partial, &counts, parameters, &settings, &pass, scratch);
        *digest = digest_of(*digest, partial, sums, bytes);
        operations->update(parameters, first, second, partial, &settings, SEQUENCES,
                           (struct net_rates){.rate = 0.05, .epsilon = 0x1p-30});
        *digest = digest_of(*digest, parameters, size, bytes);
        *digest = digest_of(*digest, first, size, bytes);
        *digest = digest_of(*digest, second, size, bytes);
    }
    sys_free(scratch);
    sys_free(partial);
    sys_free(second);
    sys_free(first);
    sys_free(parameters);
    return status;
}

/* ---- the check --------------------------------------------------------------------------------------------------- */

static carrynet_status wrong_host(carrynet_precision precision, const char *what)
{
    return sys_fail(
        CARRYNET_ERROR_DEVICE,
        "this build of carrynet does not compute by IEEE 754 on this host: %s (fp%d). Its results would differ "
        "from those of other machines; no OpenCL device is at fault. Build it without options that change "
        "floating-point arithmetic, or with another compiler or C library",
        what, (int)precision);
}

static carrynet_status check_answers(const struct reference *reference, carrynet_precision precision,
                                     const struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (!is_right(&answers[i], reference, precision))
            return wrong_host(precision, answers[i].what);
    return CARRYNET_OK;
}

carrynet_status reference_check_updates(const struct network_operations *operations, carrynet_precision precision)
{
    const uint64_t right = precision == CARRYNET_FP32 ? 0xcaa8aba5f4106398 : 0xcb36c416b8fb0417;
    const fenv_t environment = sys_enter_arithmetic();
    uint64_t digest;
    carrynet_status status = digest_updates(&digest, operations, precision);
    if (status == CARRYNET_OK && digest != right)
        status = wrong_host(precision, "small updates have other bits");
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status reference_check(const struct reference *narrow, const struct reference *wide)
{
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status = check_answers(narrow, CARRYNET_FP32, single, sizeof single / sizeof single[0]);
    if (status == CARRYNET_OK)
        status = reference_check_updates(&narrow->operations, CARRYNET_FP32);
    if (status == CARRYNET_OK)
        status = check_answers(wide, CARRYNET_FP64, twice, sizeof twice / sizeof twice[0]);
    if (status == CARRYNET_OK)
        status = reference_check_updates(&wide->operations, CARRYNET_FP64);
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status reference_admit(void)
{
    static atomic_bool right; /* asked once; the answer stays */
    if (atomic_load(&right))
        return CARRYNET_OK;
    const carrynet_status status = reference_check(reference_of(CARRYNET_FP32), reference_of(CARRYNET_FP64));
    if (status == CARRYNET_OK)
        atomic_store(&right, true);
    return status;
}
