/* One network of a sweep: its outcome as its row states it, and the same network trained again. */
#include "sweep/sweep_rows.h"
#include <string.h>

static uint64_t digest_of(const carrynet_model *model, uint32_t network)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const size_t size = carrynet_shape_size(&settings->shape), width = settings->precision / 8;
    const char *values = (const char *)carrynet_model_values_const(model) + network * size * width;
    uint64_t digest = SYS_DIGEST;
    for (size_t i = 0; i < size; ++i) {
        uint32_t single = 0;
        uint64_t bits = 0;
        if (width == sizeof single) {
            memcpy(&single, values + i * width, sizeof single);
            bits = single;
        } else {
            memcpy(&bits, values + i * width, sizeof bits);
        }
        digest = sys_digest(digest, bits, width);
    }
    return digest;
}

carrynet_sweep_result sweep_result(const carrynet_model *model, uint32_t network, const carrynet_outcome *outcome)
{
    const carrynet_network *record = &carrynet_model_networks_const(model)[network];
    return (carrynet_sweep_result){
        .finished = outcome->finished,
        .exact = record->exact && !outcome->diverged,
        .proved = outcome->proved,
        .updates = record->updates,
        .bit_error = outcome->diverged ? 1 : (double)outcome->wrong_bits / (double)outcome->bits,
        .digest = digest_of(model, network),
        .seconds = outcome->seconds,
    };
}

carrynet_status carrynet_sweep_reproduce(carrynet_model **model, carrynet_sweep_result *result,
                                         const carrynet_settings *settings, const carrynet_engine_options *engine,
                                         const carrynet_train_options *options)
{
    carrynet_outcome outcome = {0};
    carrynet_train_options watched;
    carrynet_train_options_init(&watched);
    if (options != NULL)
        watched = *options;
    watched.outcomes = &outcome;
    *result = (carrynet_sweep_result){0};
    const carrynet_status status = carrynet_train(model, settings, engine, &watched);
    if (status == CARRYNET_OK)
        *result = sweep_result(*model, 0, &outcome);
    return status;
}
