/*
 * The device's peak: fused multiply-adds in registers, in chains enough to hide their latency. For benchmarks; nothing
 * depends on what it computes. Both variants; every work-item runs CHAINS * rounds of them, CARRYNET_LANES wide.
 */
#pragma OPENCL FP_CONTRACT OFF

enum { CHAINS = 12 };

kernel void peak(const uint rounds, global real *out)
{
    const vreal factor = REAL(0x1.fffffep-1), addend = (vreal)((real)get_global_id(0));
    vreal chain[CHAINS], sum = REAL(0x0p0);
#pragma unroll
    for (int i = 0; i < CHAINS; ++i)
        chain[i] = (vreal)((real)i);
    for (uint r = 0; r < rounds; ++r)
#pragma unroll
        for (int i = 0; i < CHAINS; ++i)
            chain[i] = fma(chain[i], factor, addend);
#pragma unroll
    for (int i = 0; i < CHAINS; ++i)
        sum = plus(sum, chain[i]);
#if CARRYNET_LANES == 1
    out[get_global_id(0)] = sum;
#else
    out[get_global_id(0)] = sum.s0;
#endif
}
