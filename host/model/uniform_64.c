/* The uniform function of kernels/arithmetic.h, compiled for binary64. */
#define CARRYNET_REAL_BITS 64
#include "model/uniform_64.h"
#include "kernels/arithmetic.h"

double net_uniform_64(uint32_t random, double scale)
{
    return uniform(random, scale);
}
