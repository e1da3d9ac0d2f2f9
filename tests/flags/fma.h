/* A C library whose fma rounds twice. */
#ifndef FLAGS_FMA_H
#define FLAGS_FMA_H

#include <math.h>

static inline double wrong_fma(double a, double b, double c)
{
    volatile double product = a * b;
    return product + c;
}
#define fma(a, b, c) wrong_fma(a, b, c)

#endif
