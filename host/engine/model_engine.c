/* Creates an engine that holds networks of a model. */
#include "platform/platform.h"
#include <carrynet/evaluate.h>

carrynet_status carrynet_model_engine(carrynet_engine **engine, const carrynet_model *model, size_t first, size_t count,
                                      const carrynet_engine_options *options)
{
    carrynet_settings settings = *carrynet_model_settings(model);
    *engine = NULL;
    if (count < 1 || first >= settings.networks || count > settings.networks - first)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "network %zu: the file has %u, numbered from 0", first + count - 1,
                        settings.networks);
    const size_t bytes = carrynet_shape_size(&settings.shape) * (settings.precision / 8);
    const carrynet_network *networks = carrynet_model_networks_const(model) + first;
    settings.networks = (uint32_t)count;
    settings.seed = networks[0].seed;
    /* The memory of training is not needed. */
    settings.batch = 1;
    settings.steps = settings.task.closing_count + 1;
    carrynet_status status = carrynet_engine_create(engine, &settings, options);
    if (status == CARRYNET_OK)
        status = carrynet_engine_set(*engine, CARRYNET_PART_PARAMETERS, 0, count,
                                     (const char *)carrynet_model_values_const(model) + first * bytes);
    for (size_t n = 0; n < count && status == CARRYNET_OK; ++n) {
        carrynet_network_config *one = &carrynet_engine_network_configs(*engine)[n];
        one->seed = one->problem_seed = networks[n].seed;
        one->updates = networks[n].updates;
    }
    if (status != CARRYNET_OK) {
        carrynet_engine_free(*engine);
        *engine = NULL;
    }
    return status;
}
