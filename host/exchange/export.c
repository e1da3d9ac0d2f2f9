/* Exports a network of a model for other tools: selects the format, and checks the written file. */
#include "exchange/exports.h"
#include <math.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    carrynet_status (*write)(const exported *net, const char *path);
} formats[] = {
    [CARRYNET_FORMAT_ONNX] = {"onnx", export_onnx},
    [CARRYNET_FORMAT_NPZ] = {"npz", export_npz},
    [CARRYNET_FORMAT_C] = {"c", export_c},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- formats --------------------------------------------------------------------------------------------------- */

const char *carrynet_format_name(carrynet_format format)
{
    return (unsigned)format < FORMATS ? formats[format].name : NULL;
}

static carrynet_status find(carrynet_format *format, const char *name, int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < FORMATS; ++i)
        if (compare(name, formats[i].name) == 0) {
            *format = (carrynet_format)i;
            return CARRYNET_OK;
        }
    return CARRYNET_ERROR_ARGUMENT;
}

carrynet_status carrynet_format_find(carrynet_format *format, const char *name)
{
    const carrynet_status status = find(format, name, strcmp);
    return status == CARRYNET_OK
               ? status
               : sys_fail(status, "there is no format '%.40s' to export to: the formats are onnx, npz, c", name);
}

carrynet_status carrynet_format_of_path(carrynet_format *format, const char *path)
{
    const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path, *dot = strrchr(file, '.');
    carrynet_status status = CARRYNET_ERROR_ARGUMENT;
    if (dot != NULL && dot > file)
        status = find(format, dot + 1, strcasecmp);
    return status == CARRYNET_OK
               ? status
               : sys_fail(status, "%s: its ending is not that of a format to export to: .onnx, .npz, .c", path);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static carrynet_status check_values(const exported *net, size_t network)
{
    const carrynet_shape *shape = &net->settings->shape;
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(shape, (carrynet_parameter)p);
        for (size_t i = 0; i < tensor.size; ++i)
            if (!isfinite(exported_value(net, &tensor, i)))
                return sys_fail(
                    CARRYNET_ERROR_NUMERIC, "network %zu: %s: value %zu of %zu is %s; such a network is not exported",
                    network, tensor.name, i, tensor.size, isnan(exported_value(net, &tensor, i)) ? "NaN" : "infinite");
    }
    return CARRYNET_OK;
}

carrynet_status carrynet_export(const carrynet_model *model, size_t network, const char *path, carrynet_format format)
{
    exported net = {.settings = carrynet_model_settings(model)};
    if ((unsigned)format >= FORMATS)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "format %u of %u", (unsigned)format, (unsigned)FORMATS);
    carrynet_status status = carrynet_network_digest(net.digest, model, network);
    if (status != CARRYNET_OK)
        return status;
    net.network = carrynet_model_networks_const(model) + network;
    net.values = (const char *)carrynet_model_values_const(model) +
                 network * carrynet_shape_size(&net.settings->shape) * ((size_t)net.settings->precision / 8);
    status = check_values(&net, network);
    return status == CARRYNET_OK ? formats[format].write(&net, path) : status;
}
