/* A value of an array in either precision. */
#ifndef MODEL_VALUE_H
#define MODEL_VALUE_H

#include <carrynet/net.h>

/* values[i], float or double by the precision; exact. */
static inline double net_value(const void *values, carrynet_precision precision, size_t i)
{
    return precision == CARRYNET_FP32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

/* Sets values[i], rounded to the precision. */
static inline void net_put_value(void *values, carrynet_precision precision, size_t i, double value)
{
    if (precision == CARRYNET_FP32)
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

#endif
