/* The uniform function of kernels/arithmetic.h in binary64, for files that are compiled for binary32. */
#ifndef MODEL_UNIFORM_64_H
#define MODEL_UNIFORM_64_H

#include <stdint.h>

double net_uniform_64(uint32_t random, double scale);

#endif
