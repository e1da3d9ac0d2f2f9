/* The choice among the compiled variants of the reference, and the check of the host's own arithmetic. */
#include "reference/reference.h"
#include "base/base.h"
#include "kernels/arguments.h"

extern const struct reference reference_32_portable, reference_64_portable;

#ifdef CARRYNET_X86_FMA
extern const struct reference reference_32_fma, reference_64_fma;

bool reference_has_fma(void)
{
    return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
}
#else
bool reference_has_fma(void)
{
    return false;
}
#endif

const struct reference *reference_of(carrynet_precision precision)
{
#ifdef CARRYNET_X86_FMA
    if (reference_has_fma())
        return precision == CARRYNET_FP32 ? &reference_32_fma : &reference_64_fma;
#endif
    return precision == CARRYNET_FP32 ? &reference_32_portable : &reference_64_portable;
}

/*
 * Known answers where C libraries and compilers have gone wrong: an fma by way of a wider type rounds twice, a
 * contracted product is not rounded, a flushed subnormal is lost.
 */
carrynet_status reference_admit(void)
{
    static const float single[][CARRYNET_OPERANDS] = {{0x1.001p0f, 0x1.001p0f, 0x1p-60f},
                                                      {0x1.000002p0f, 0x1.000002p0f, -0x1.000004p0f},
                                                      {0x1p0f, 0x1.8p0f, 0x1p24f}};
    static const float single_fused[] = {0x1.002002p0f, 0x1p-46f, 0x1.000002p24f};
    static const float single_apart[] = {0x1.002p0f, 0x0p0f, 0x1.000002p24f};
    static const double twice[][CARRYNET_OPERANDS] = {{0x1.0000002p0, 0x1.0000004p0, 0x1p-120},
                                                      {0x1.0000000000001p0, 0x1.0000000000001p0, -0x1.0000000000002p0},
                                                      {0x1p-1000, 0x1p-60, 0x0p0}};
    static const double twice_fused[] = {0x1.0000006000001p0, 0x1p-104, 0x1p-1060};
    static const double twice_apart[] = {0x1.0000006p0, 0x0p0, 0x1p-1060};
    enum { COUNT = sizeof single / sizeof single[0] };
    float results[COUNT][CARRYNET_RESULTS];
    double results_64[COUNT][CARRYNET_RESULTS];
    reference_of(CARRYNET_FP32)->start_vectors(results, single, COUNT);
    reference_of(CARRYNET_FP64)->start_vectors(results_64, twice, COUNT);
    for (size_t i = 0; i < COUNT; ++i)
        if (results[i][0] != single_fused[i] || results[i][1] != single_apart[i] ||
            results_64[i][0] != twice_fused[i] || results_64[i][1] != twice_apart[i])
            return base_fail(CARRYNET_ERROR_DEVICE,
                             "this host's fma or rounding is not IEEE 754 (start-up vector %zu): the reference cannot "
                             "keep its promise; use another C library or compiler",
                             i);
    return CARRYNET_OK;
}
