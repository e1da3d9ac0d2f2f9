/* The host's peak for benchmarks: chains of fused multiply-adds, enough of them to hide their latency. */
#include "reference/formulas/training_step.h"

enum { CHAINS = 64 };

double run_peak(double *result, uint64_t rounds)
{
    real chain[CHAINS], sum = 0;
    const real factor = REAL(0x1.fffffep-1), addend = (real)(rounds & 1);
    for (int i = 0; i < CHAINS; ++i)
        chain[i] = (real)i;
    for (uint64_t r = 0; r < rounds; ++r)
        for (int i = 0; i < CHAINS; ++i)
            chain[i] = fused(chain[i], factor, addend);
    for (int i = 0; i < CHAINS; ++i)
        sum += chain[i];
    *result = (double)sum;
    return (double)(2 * CHAINS) * (double)rounds;
}
