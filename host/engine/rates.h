/* Rate and epsilon of a network's update number `update` (from 0), kernels/ARITHMETIC.md 5. */
#ifndef ENGINE_RATES_H
#define ENGINE_RATES_H

#include "model/optimizer.h"

struct net_rates engine_rates(const carrynet_settings *settings, double rate, uint64_t update);

#endif
