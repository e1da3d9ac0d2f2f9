/* Files of other programs: which of the two they are, and their arrays under one form. */
#include "exchange/foreign.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static carrynet_status take_tensors(foreign_file *file)
{
    const safetensors_file *from = &file->tensors;
    const carrynet_status status = base_allocate(&file->arrays, from->tensor_count, sizeof *file->arrays);
    for (size_t i = 0; i < from->tensor_count && status == CARRYNET_OK; ++i) {
        const safetensors_tensor *tensor = &from->tensors[i];
        foreign_array *array = &file->arrays[file->count++];
        *array = (foreign_array){.name = tensor->name, .real = true, .width = tensor->type, .rank = tensor->rank};
        (void)snprintf(array->type, sizeof array->type, "float%d", 8 * (int)tensor->type);
        memcpy(array->shape, tensor->shape, sizeof array->shape);
        array->size = tensor->size / array->width;
        array->values = (npz_array){.kind = NPZ_FLOAT, .width = array->width, .data = tensor->data};
    }
    const char *format = safetensors_metadata(from, "format");
    if (format != NULL && strcmp(format, "carrynet") == 0)
        file->task = safetensors_metadata(from, "task");
    return status;
}

static carrynet_status take_arrays(foreign_file *file)
{
    const npz_file *from = &file->zipped;
    const carrynet_status status = base_allocate(&file->arrays, from->count, sizeof *file->arrays);
    for (size_t i = 0; i < from->count && status == CARRYNET_OK; ++i) {
        const npz_array *one = &from->arrays[i];
        foreign_array *array = &file->arrays[file->count++];
        *array = (foreign_array){.name = one->name, .width = one->width, .rank = one->rank, .values = *one};
        array->real = one->kind == NPZ_FLOAT;
        (void)npz_type_name(array->type, one->kind, one->width);
        memcpy(array->shape, one->shape, sizeof array->shape);
        array->size = one->size / one->width;
    }
    return status;
}

carrynet_status foreign_read(foreign_file *file, const char *path)
{
    size_t size = 0;
    *file = (foreign_file){0};
    carrynet_status status = base_read_file(&file->bytes, &size, path, INT64_MAX);
    if (status != CARRYNET_OK)
        return status;
    if (size >= 6 && memcmp(file->bytes, "\x93NUMPY", 6) == 0)
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "%s: a lone NumPy array; numpy.savez writes several under their names, which are needed",
                         path);
    /* "PK" may also be the length of a safetensors header, which begins at byte 8, where a zip never has a brace. */
    if (size >= 2 && memcmp(file->bytes, "PK", 2) == 0 && !(size > 8 && file->bytes[8] == '{')) {
        status = npz_parse(&file->zipped, path, file->bytes, size);
        return status == CARRYNET_OK ? take_arrays(file) : status;
    }
    status = safetensors_parse(&file->tensors, path, file->bytes, size);
    return status == CARRYNET_OK ? take_tensors(file) : status;
}

void foreign_free(foreign_file *file)
{
    base_free(file->arrays);
    safetensors_free(&file->tensors);
    npz_free(&file->zipped);
    base_free(file->bytes);
    *file = (foreign_file){0};
}

const foreign_array *foreign_find(const foreign_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; ++i)
        if (strcmp(file->arrays[i].name, name) == 0)
            return &file->arrays[i];
    return NULL;
}

double foreign_value(const foreign_array *array, size_t i)
{
    return npz_real(&array->values, i);
}

const char *foreign_shape(char text[FOREIGN_SHAPE], const uint64_t *shape, size_t rank)
{
    size_t length = (size_t)snprintf(text, FOREIGN_SHAPE, "[");
    for (size_t i = 0; i < rank; ++i)
        length += (size_t)snprintf(text + length, FOREIGN_SHAPE - length, "%s%" PRIu64, i > 0 ? ", " : "", shape[i]);
    (void)snprintf(text + length, FOREIGN_SHAPE - length, "]");
    return text;
}
