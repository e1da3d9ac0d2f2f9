/* The backend that splits a population among the workers of a group, each of which has some of the networks. */
#ifndef BACKEND_POPULATION_PARALLEL_H
#define BACKEND_POPULATION_PARALLEL_H

#include "backend/device_group.h"

/* The settings of worker `worker` of all, by group->first, which splits the networks. */
carrynet_settings population_parallel_share(const struct device_group *group, size_t worker);

/* *group, with open workers, moves into *backend if the call succeeds, and is then empty. MEMORY. */
carrynet_status population_parallel_create(struct backend **backend, struct device_group *group);

#endif
