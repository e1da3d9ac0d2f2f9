/*
 * Creates the backend of several devices or ranks: population_parallel if every worker gets networks, else
 * data_parallel. Both compute the same bits as one device.
 */
#ifndef BACKEND_PARALLEL_H
#define BACKEND_PARALLEL_H

#include "backend/backend.h"
#include "comm/collectives.h"

/* The devices of this process, and how one is opened with its share of the settings. */
struct parallel_devices {
    size_t count;
    carrynet_status (*open)(void *self, size_t device, struct backend **backend, const carrynet_settings *settings,
                            const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION]);
    void *self;
};

/* Collective if the options have a communicator. To free with backend_free; description: a line that names the devices. */
carrynet_status parallel_create(struct backend **backend, const carrynet_settings *settings,
                                const carrynet_engine_options *options, const struct parallel_devices *devices,
                                char description[BACKEND_DESCRIPTION]);

#endif
