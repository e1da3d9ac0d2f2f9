/* The choice among the compiled variants of the reference. */
#include "reference/reference.h"

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
