/* The state that an optimizer keeps for a network, and its inputs for an update. */
#ifndef MODEL_OPTIMIZER_H
#define MODEL_OPTIMIZER_H

#include <carrynet/settings.h>
#include <stdbool.h>

/* Whether an optimizer keeps a first moment (mean of gradients), a second moment (mean of their squares). */
static inline bool net_first_moment(carrynet_optimizer optimizer)
{
    return optimizer == CARRYNET_OPTIMIZER_MOMENTUM || optimizer == CARRYNET_OPTIMIZER_ADAM;
}

static inline bool net_second_moment(carrynet_optimizer optimizer)
{
    return optimizer == CARRYNET_OPTIMIZER_RMSPROP || optimizer == CARRYNET_OPTIMIZER_ADAM;
}

/*
 * Learning rate, epsilon and decay (d) of one network's update, computed by engine_rates (kernels/ARITHMETIC.md 5,
 * rates).
 */
struct net_rates {
    double rate;
    double epsilon;
    double decay;
};

#endif
