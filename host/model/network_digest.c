/*
 * The digest of one network: a line with its precision and shape, then its parameters, least significant bytes first.
 */
#include "platform/platform.h"
#include <carrynet/model.h>
#include <stdio.h>
#include <string.h>

carrynet_status carrynet_network_digest(char digest[CARRYNET_DIGEST_TEXT], const carrynet_model *model, size_t network)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const carrynet_shape *shape = &settings->shape;
    const size_t count = carrynet_shape_size(shape), width = settings->precision / 8;
    unsigned char *bytes = NULL;
    char line[96];
    if (network >= settings->networks)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "network %zu of %u", network, settings->networks);
    const carrynet_status status = sys_allocate(&bytes, count, width);
    if (status != CARRYNET_OK)
        return status;
    const char *const values = (const char *)carrynet_model_values_const(model) + network * count * width;
    for (size_t i = 0; i < count; ++i) {
        uint64_t bits = 0;
        if (settings->precision == CARRYNET_FP32) {
            uint32_t half;
            memcpy(&half, values + i * width, sizeof half);
            bits = half;
        } else
            memcpy(&bits, values + i * width, sizeof bits);
        for (size_t byte = 0; byte < width; ++byte)
            bytes[i * width + byte] = (unsigned char)(bits >> (8 * byte));
    }
    (void)snprintf(line, sizeof line, "carrynet network %d %u %u %u %d %d\n", (int)settings->precision, shape->inputs,
                   shape->hidden, shape->outputs, shape->bias, shape->initial_state);
    (void)sys_sha256(digest, (const void *const[]){line, bytes}, (const size_t[]){strlen(line), count * width}, 2);
    sys_free(bytes);
    return CARRYNET_OK;
}
