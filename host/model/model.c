/*
 * Models in memory and their file: one safetensors tensor for each parameter, over all networks.
 *
 *     memory: values[network][w_xh w_hh w_hy b_h b_y h_0]        file: w_xh[network], then w_hh[network], ...
 *
 * This file checks the contents of a model file against the settings in its metadata; safetensors.c has checked the
 * format.
 */
#include "kernels/arithmetic.h"
#include "model/metadata.h"
#include "model/safetensors.h"
#include "model/value.h"
#include "platform/platform.h"
#include <carrynet/model.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct carrynet_model {
    carrynet_settings settings;
    void *values;               /* [networks][shape size], float or double */
    carrynet_network *networks; /* [networks] */
};

/* Weights that a file may hold: beyond it products leave the range that the arithmetic is specified for. */
#define LARGEST 0x1p60

carrynet_status carrynet_model_create(carrynet_model **model, const carrynet_settings *settings)
{
    carrynet_model *made = NULL;
    *model = NULL;
    carrynet_status status = carrynet_settings_check(settings);
    if (status == CARRYNET_OK)
        status = sys_allocate(&made, 1, sizeof *made);
    if (status != CARRYNET_OK)
        goto done;
    made->settings = *settings;
    const size_t network_bytes = carrynet_shape_size(&settings->shape) * (size_t)settings->precision / 8;
    status = sys_allocate(&made->networks, settings->networks, sizeof *made->networks);
    if (status == CARRYNET_OK)
        status = sys_allocate(&made->values, settings->networks, network_bytes);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t n = 0; n < settings->networks; ++n)
        made->networks[n].seed = settings->seed + n;
    *model = made;
    made = NULL;
done:
    carrynet_model_free(made);
    return status;
}

void carrynet_model_free(carrynet_model *model)
{
    if (model == NULL)
        return;
    sys_free(model->values);
    sys_free(model->networks);
    sys_free(model);
}

const carrynet_settings *carrynet_model_settings(const carrynet_model *model)
{
    return &model->settings;
}

void *carrynet_model_values(carrynet_model *model)
{
    return model->values;
}

const void *carrynet_model_values_const(const carrynet_model *model)
{
    return model->values;
}

carrynet_network *carrynet_model_networks(carrynet_model *model)
{
    return model->networks;
}

const carrynet_network *carrynet_model_networks_const(const carrynet_model *model)
{
    return model->networks;
}

carrynet_status carrynet_writable(const char *path)
{
    return sys_writable(path);
}

carrynet_status carrynet_model_select(carrynet_model **model, const carrynet_model *from, const uint32_t *which,
                                      size_t count)
{
    carrynet_settings settings = from->settings;
    const size_t bytes = carrynet_shape_size(&settings.shape) * (settings.precision / 8);
    *model = NULL;
    for (size_t i = 0; i < count; ++i)
        if (which[i] >= from->settings.networks)
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "network %u of %u", which[i], from->settings.networks);
    if (count < 1 || count > from->settings.networks)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "%zu of %u networks cannot be selected", count,
                        from->settings.networks);
    settings.networks = (uint32_t)count;
    settings.seed = from->networks[which[0]].seed;
    const carrynet_status status = carrynet_model_create(model, &settings);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        (*model)->networks[i] = from->networks[which[i]];
        memcpy((char *)(*model)->values + i * bytes, (const char *)from->values + which[i] * bytes, bytes);
    }
    return status;
}

/* ---- one value ------------------------------------------------------------------------------------------------- */

static void put_little(unsigned char *bytes, uint64_t bits, size_t width)
{
    for (size_t i = 0; i < width; ++i)
        bytes[i] = (unsigned char)(bits >> (8 * i));
}

static uint64_t get_little(const unsigned char *bytes, size_t width)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < width; ++i)
        bits |= (uint64_t)bytes[i] << (8 * i);
    return bits;
}

static void value_to_bytes(unsigned char *bytes, const void *values, carrynet_precision precision, size_t index)
{
    if (precision == CARRYNET_FP32) {
        uint32_t bits;
        memcpy(&bits, (const float *)values + index, sizeof bits);
        put_little(bytes, bits, sizeof bits);
    } else {
        uint64_t bits;
        memcpy(&bits, (const double *)values + index, sizeof bits);
        put_little(bytes, bits, sizeof bits);
    }
}

/*
 * What is below 2^-40 in a file of another program counts as zero, as everywhere in binary32 (ARITHMETIC.md 2, rule 4).
 */
static void value_from_bytes(void *values, carrynet_precision precision, size_t index, const unsigned char *bytes)
{
    if (precision == CARRYNET_FP32) {
        const uint32_t bits = (uint32_t)get_little(bytes, sizeof bits);
        float value;
        memcpy(&value, &bits, sizeof value);
        ((float *)values)[index] = flush(value);
    } else {
        const uint64_t bits = get_little(bytes, sizeof bits);
        memcpy((double *)values + index, &bits, sizeof bits);
    }
}

/* Names the value, "w_hh[3,4,5]", and what is wrong with it; OK if nothing is. */
static carrynet_status check_value(double value, const char *path, const carrynet_tensor *tensor, size_t network,
                                   size_t index, carrynet_status wrong)
{
    if (fabs(value) <= LARGEST)
        return CARRYNET_OK;
    char where[64];
    if (tensor->vector)
        (void)snprintf(where, sizeof where, "%zu,%zu", network, index);
    else
        (void)snprintf(where, sizeof where, "%zu,%zu,%zu", network, index / tensor->columns, index % tensor->columns);
    if (isnan(value))
        return sys_fail(wrong, "%s: tensor %s: [%s] is NaN", path, tensor->name, where);
    return sys_fail(wrong, "%s: tensor %s: [%s] is %g, the largest allowed is 2^60", path, tensor->name, where, value);
}

/* ---- saving ---------------------------------------------------------------------------------------------------- */

/* The tensor of a parameter, its bytes gathered from all networks. */
static carrynet_status gather(safetensors_tensor *tensor, unsigned char *bytes, const carrynet_model *model,
                              const carrynet_tensor *parameter_tensor, const char *path)
{
    const carrynet_settings *settings = &model->settings;
    const size_t stride = carrynet_shape_size(&settings->shape), width = (size_t)settings->precision / 8;
    carrynet_status status = CARRYNET_OK;
    *tensor = (safetensors_tensor){
        .name = parameter_tensor->name,
        .type = settings->precision == CARRYNET_FP32 ? SAFETENSORS_F32 : SAFETENSORS_F64,
        .rank = parameter_tensor->vector ? 2 : 3,
        .shape = {settings->networks, parameter_tensor->vector ? parameter_tensor->columns : parameter_tensor->rows,
                  parameter_tensor->columns},
        .data = bytes,
        .size = settings->networks * parameter_tensor->size * width,
    };
    for (size_t n = 0; n < settings->networks && status == CARRYNET_OK; ++n)
        for (size_t i = 0; i < parameter_tensor->size && status == CARRYNET_OK; ++i) {
            const size_t index = n * stride + parameter_tensor->offset + i;
            status = check_value(net_value(model->values, settings->precision, index), path, parameter_tensor, n, i,
                                 CARRYNET_ERROR_NUMERIC);
            value_to_bytes(bytes + (n * parameter_tensor->size + i) * width, model->values, settings->precision, index);
        }
    return status;
}

carrynet_status carrynet_model_save(const carrynet_model *model, const char *path)
{
    const carrynet_settings *settings = &model->settings;
    const size_t width = (size_t)settings->precision / 8;
    safetensors_tensor tensors[CARRYNET_PARAMETERS];
    size_t count = 0;
    unsigned char *bytes = NULL;
    carrynet_status status = sys_allocate(&bytes, settings->networks, carrynet_shape_size(&settings->shape) * width);
    for (int p = 0; p < CARRYNET_PARAMETERS && status == CARRYNET_OK; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&settings->shape, (carrynet_parameter)p);
        if (tensor.size > 0)
            status =
                gather(&tensors[count++], bytes + settings->networks * tensor.offset * width, model, &tensor, path);
    }
    if (status == CARRYNET_OK)
        status = metadata_write(path, tensors, count, settings, model->networks);
    sys_free(bytes);
    return status;
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

/* The sizes that the tensors say: networks and hidden from w_xh, biases and h_0 from their presence. */
static carrynet_status read_sizes(carrynet_settings *settings, const char *path, const safetensors_file *file)
{
    const safetensors_tensor *w_xh = safetensors_find(file, "w_xh");
    const bool b_h = safetensors_find(file, "b_h") != NULL, b_y = safetensors_find(file, "b_y") != NULL;
    if (w_xh == NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor w_xh is missing", path);
    if (w_xh->rank != 3 || w_xh->shape[0] > UINT32_MAX || w_xh->shape[2] > UINT32_MAX)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor w_xh: shape is not [networks, inputs, hidden]", path);
    if (b_h != b_y)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor %s is missing; b_h and b_y belong together", path,
                        b_h ? "b_y" : "b_h");
    settings->networks = (uint32_t)w_xh->shape[0];
    settings->shape.hidden = (uint32_t)w_xh->shape[2];
    settings->shape.bias = b_h;
    settings->shape.initial_state = safetensors_find(file, "h_0") != NULL;
    if (carrynet_settings_check(settings) != CARRYNET_OK)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: settings: %s", path, carrynet_message());
    return CARRYNET_OK;
}

static carrynet_status check_names(const char *path, const safetensors_file *file, const carrynet_shape *shape)
{
    for (size_t i = 0; i < file->tensor_count; ++i) {
        bool known = false;
        for (int p = 0; p < CARRYNET_PARAMETERS && !known; ++p)
            known = strcmp(file->tensors[i].name, carrynet_shape_tensor(shape, (carrynet_parameter)p).name) == 0;
        char quote[SAFETENSORS_QUOTE];
        if (!known)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor '%s' is unknown", path,
                            safetensors_quote(quote, file->tensors[i].name));
    }
    return CARRYNET_OK;
}

static carrynet_status check_tensor(const safetensors_tensor *tensor, const char *path,
                                    const carrynet_settings *settings, const carrynet_tensor *parameter_tensor)
{
    const bool single = settings->precision == CARRYNET_FP32;
    const uint64_t wanted[] = {settings->networks,
                               parameter_tensor->vector ? parameter_tensor->columns : parameter_tensor->rows,
                               parameter_tensor->columns};
    const size_t rank = parameter_tensor->vector ? 2 : 3;
    if (tensor == NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor %s is missing", path, parameter_tensor->name);
    if (tensor->type != (single ? SAFETENSORS_F32 : SAFETENSORS_F64))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor %s: dtype %s does not match precision %s", path,
                        parameter_tensor->name, tensor->dtype, single ? "fp32" : "fp64");
    char text[64];
    (void)snprintf(text, sizeof text,
                   parameter_tensor->vector ? "[%" PRIu64 ", %" PRIu64 "]" : "[%" PRIu64 ", %" PRIu64 ", %" PRIu64 "]",
                   wanted[0], wanted[1], wanted[2]);
    bool equal = tensor->rank == rank;
    for (size_t i = 0; i < rank && equal; ++i)
        equal = tensor->shape[i] == wanted[i];
    if (!equal)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: tensor %s: shape must be %s", path, parameter_tensor->name, text);
    return CARRYNET_OK;
}

static carrynet_status scatter(carrynet_model *model, const safetensors_tensor *tensor, const char *path,
                               const carrynet_tensor *parameter_tensor)
{
    const carrynet_settings *settings = &model->settings;
    const size_t stride = carrynet_shape_size(&settings->shape), width = (size_t)settings->precision / 8;
    carrynet_status status = CARRYNET_OK;
    for (size_t n = 0; n < settings->networks && status == CARRYNET_OK; ++n)
        for (size_t i = 0; i < parameter_tensor->size && status == CARRYNET_OK; ++i) {
            const size_t index = n * stride + parameter_tensor->offset + i;
            value_from_bytes(model->values, settings->precision, index,
                             tensor->data + (n * parameter_tensor->size + i) * width);
            status = check_value(net_value(model->values, settings->precision, index), path, parameter_tensor, n, i,
                                 CARRYNET_ERROR_FORMAT);
        }
    return status;
}

carrynet_status carrynet_model_load(carrynet_model **model, const char *path)
{
    carrynet_model *made = NULL;
    carrynet_settings settings;
    safetensors_file file;
    *model = NULL;
    carrynet_status status = safetensors_read(&file, path);
    if (status == CARRYNET_OK)
        status = metadata_read(&settings, path, &file);
    if (status == CARRYNET_OK)
        status = read_sizes(&settings, path, &file);
    if (status == CARRYNET_OK)
        status = check_names(path, &file, &settings.shape);
    /* All shapes before the first allocation: then the file's own size bounds the model's. */
    for (int p = 0; p < CARRYNET_PARAMETERS && status == CARRYNET_OK; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&settings.shape, (carrynet_parameter)p);
        if (tensor.size > 0)
            status = check_tensor(safetensors_find(&file, tensor.name), path, &settings, &tensor);
    }
    if (status == CARRYNET_OK)
        status = carrynet_model_create(&made, &settings);
    for (int p = 0; p < CARRYNET_PARAMETERS && status == CARRYNET_OK; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&settings.shape, (carrynet_parameter)p);
        if (tensor.size > 0)
            status = scatter(made, safetensors_find(&file, tensor.name), path, &tensor);
    }
    if (status == CARRYNET_OK)
        status = metadata_read_networks(made->networks, settings.networks, path, &file);
    if (status == CARRYNET_OK) {
        *model = made;
        made = NULL;
    }
    carrynet_model_free(made);
    safetensors_free(&file);
    return status;
}
