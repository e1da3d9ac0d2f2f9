/* Limits of a pass's length, the size of training's measurement of exactness, and training's memory on the host. */
#ifndef MODEL_LIMITS_H
#define MODEL_LIMITS_H

#include <carrynet/settings.h>
#include <stddef.h>

/* Most sequences of one pass. */
#define NET_SEQUENCES 16777216

/* Most steps of all sequences, and most sequences, on which training measures exactness (train/population.c). */
enum { NET_MEASURED_STEPS = 1 << 22, NET_MEASURED_LEAST = 4, NET_MEASURED_MOST = 16384 };

static inline size_t net_measured_sequences(size_t steps)
{
    const size_t count = NET_MEASURED_STEPS / steps / 4 * 4;
    return count < NET_MEASURED_LEAST ? NET_MEASURED_LEAST : count > NET_MEASURED_MOST ? NET_MEASURED_MOST : count;
}

/*
 * Bytes that training takes on the host beside an engine: a copy of the parameters, and the records of each network in
 * each layer of the program.
 */
static inline double net_host_need(const carrynet_settings *settings)
{
    const size_t value = settings->precision / 8, values = carrynet_shape_size(&settings->shape);
    return settings->networks * ((double)values * (double)value + 256.0);
}

#endif
