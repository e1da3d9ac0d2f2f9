/* Creates the backend of an engine: the best single device, or a device group. */
#include "engine/backends.h"
#include "backend/host.h"
#include "backend/opencl/opencl.h"
#include "backend/parallel.h"
#include "engine/device_list.h"
#include "platform/platform.h"
#include <stdio.h>
#include <string.h>

carrynet_status engine_one_backend(struct backend **backend, const carrynet_settings *settings,
                                   const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION])
{
    const char *spec = options->device;
    const bool automatic = spec == NULL || spec[0] == '\0' || sys_same_word(spec, "auto");
    const bool reference = !automatic && sys_same_word(spec, "reference");
    const bool host = reference || (!automatic && sys_same_word(spec, "host"));
    static const char *const best[] = {"gpu", "cpu"};
    carrynet_engine_options tried = *options;
    for (size_t i = 0; i < (automatic ? 2u : 1u) && !host; ++i) {
        tried.device = automatic ? best[i] : spec;
        const carrynet_status status = opencl_trainer_create(backend, settings, &tried, description);
        /* What a lesser device might do is tried there; bad settings and too little memory are not. */
        if (status == CARRYNET_OK || !automatic ||
            (status != CARRYNET_ERROR_DEVICE && status != CARRYNET_ERROR_UNSUPPORTED))
            return status;
    }
    (void)snprintf(description, BACKEND_DESCRIPTION, "%s C on one core, fp%d (%s)",
                   reference ? "reference, plain" : "host, tiled", (int)settings->precision,
                   host ? "as asked" : carrynet_message());
    return host_backend_create(backend, settings, reference);
}

static carrynet_status open_listed(void *self, size_t device, struct backend **backend,
                                   const carrynet_settings *settings, const carrynet_engine_options *options,
                                   char description[BACKEND_DESCRIPTION])
{
    const struct device_list *list = self;
    carrynet_engine_options one = *options;
    one.device = list->specs[device];
    return engine_one_backend(backend, settings, &one, description);
}

carrynet_status engine_open_backend(struct backend **backend, const carrynet_settings *settings,
                                    const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION])
{
    struct device_list list;
    carrynet_status status =
        comm_allreduce_status(options->comm, device_list_create(&list, options->device, options->comm));
    if (status == CARRYNET_OK && (list.count > 1 || carrynet_comm_size(options->comm) > 1))
        status = parallel_create(backend, settings, options,
                                 &(struct parallel_devices){.count = list.count, .open = open_listed, .self = &list},
                                 description);
    else if (status == CARRYNET_OK)
        status = open_listed(&list, 0, backend, settings, options, description);
    sys_free(list.specs);
    return status;
}
