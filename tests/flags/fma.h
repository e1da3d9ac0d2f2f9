/* A C library whose fma rounds twice, included before everything (with -Dfma=wrong_fma). */
#ifndef FLAGS_FMA_H
#define FLAGS_FMA_H

static inline double wrong_fma(double a, double b, double c)
{
    volatile double product = a * b;
    return product + c;
}

#endif
