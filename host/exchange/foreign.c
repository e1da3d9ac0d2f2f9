/* Files of other programs: detects the format, safetensors or NPZ, and converts the arrays to one form. */
#include "exchange/foreign.h"
#include "model/file_kind.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A tensor's type as NumPy has it. */
static npz_array numbers_of(const safetensors_tensor *tensor)
{
    static const npz_array kinds[] = {
        [SAFETENSORS_BOOL] = {.kind = NPZ_BOOLEAN, .width = 1}, [SAFETENSORS_U8] = {.kind = NPZ_UNSIGNED, .width = 1},
        [SAFETENSORS_I8] = {.kind = NPZ_SIGNED, .width = 1},    [SAFETENSORS_U16] = {.kind = NPZ_UNSIGNED, .width = 2},
        [SAFETENSORS_I16] = {.kind = NPZ_SIGNED, .width = 2},   [SAFETENSORS_F16] = {.kind = NPZ_FLOAT, .width = 2},
        [SAFETENSORS_BF16] = {.kind = NPZ_BFLOAT, .width = 2},  [SAFETENSORS_U32] = {.kind = NPZ_UNSIGNED, .width = 4},
        [SAFETENSORS_I32] = {.kind = NPZ_SIGNED, .width = 4},   [SAFETENSORS_F32] = {.kind = NPZ_FLOAT, .width = 4},
        [SAFETENSORS_U64] = {.kind = NPZ_UNSIGNED, .width = 8}, [SAFETENSORS_I64] = {.kind = NPZ_SIGNED, .width = 8},
        [SAFETENSORS_F64] = {.kind = NPZ_FLOAT, .width = 8},    [SAFETENSORS_OTHER] = {.kind = NPZ_OTHER, .width = 1},
    };
    npz_array array = kinds[tensor->type];
    array.data = tensor->data;
    array.size = tensor->size;
    return array;
}

static carrynet_status take_tensors(foreign_file *file)
{
    const safetensors_file *from = &file->tensors;
    const carrynet_status status = sys_allocate(&file->arrays, from->tensor_count, sizeof *file->arrays);
    for (size_t i = 0; i < from->tensor_count && status == CARRYNET_OK; ++i) {
        const safetensors_tensor *tensor = &from->tensors[i];
        foreign_array *array = &file->arrays[file->count++];
        *array = (foreign_array){.name = tensor->name, .rank = tensor->rank, .values = numbers_of(tensor)};
        memcpy(array->shape, tensor->shape, sizeof array->shape);
        if (array->values.kind == NPZ_OTHER) {
            (void)snprintf(array->type, sizeof array->type, "%s", tensor->dtype);
            array->values.data = "its dtype must be F16, BF16, F32, F64, or one of whole numbers";
        } else {
            (void)npz_type_name(array->type, array->values.kind, array->values.width);
            array->size = array->values.size / array->values.width;
        }
    }
    const char *format = safetensors_metadata(from, "format");
    if (format != NULL && strcmp(format, "carrynet") == 0)
        file->task = safetensors_metadata(from, "task");
    return status;
}

static carrynet_status take_arrays(foreign_file *file)
{
    const npz_file *from = &file->zipped;
    const carrynet_status status = sys_allocate(&file->arrays, from->count, sizeof *file->arrays);
    for (size_t i = 0; i < from->count && status == CARRYNET_OK; ++i) {
        const npz_array *one = &from->arrays[i];
        foreign_array *array = &file->arrays[file->count++];
        *array = (foreign_array){.name = one->name, .rank = one->rank, .values = *one};
        (void)npz_type_name(array->type, one->kind, one->width);
        memcpy(array->shape, one->shape, sizeof array->shape);
        array->size = one->size / one->width;
    }
    return status;
}

/* What stands behind a name in TensorFlow (":0") and in Flax' nnx (".value"). */
static size_t without_end(const char *path, size_t length)
{
    static const char *const ends[] = {":0", "/value"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; ++i) {
        const size_t end = strlen(ends[i]);
        if (length > end && memcmp(path + length - end, ends[i], end) == 0)
            length -= end;
    }
    return length;
}

/* Every array's path; none is longer than its name. */
static carrynet_status make_paths(foreign_file *file)
{
    size_t size = 0;
    for (size_t i = 0; i < file->count; ++i)
        size += strlen(file->arrays[i].name) + 1;
    const carrynet_status status = sys_allocate(&file->paths, size, 1);
    char *path = file->paths;
    for (size_t i = 0; i < file->count && status == CARRYNET_OK; ++i) {
        size_t length = 0;
        for (const char *at = file->arrays[i].name; *at != '\0'; ++at)
            if (strchr("./\\[]'\"", *at) == NULL)
                path[length++] = *at;
            else if (length > 0 && path[length - 1] != '/')
                path[length++] = '/';
        while (length > 0 && path[length - 1] == '/')
            --length;
        length = without_end(path, length);
        path[length] = '\0';
        for (size_t k = 0; k < length; ++k)
            path[k] = path[k] == ':' ? '/' : path[k];
        file->arrays[i].path = path;
        path += strlen(file->arrays[i].name) + 1;
    }
    return status;
}

/* The arrays of the file whose bytes are there. */
static carrynet_status read_arrays(foreign_file *file, const char *path, size_t size)
{
    carrynet_status status = CARRYNET_OK;
    if (file_kind_is_npz(file->bytes, size)) {
        status = npz_parse(&file->zipped, path, file->bytes, size);
        return status == CARRYNET_OK ? take_arrays(file) : status;
    }
    if (!file_kind_is_safetensors(file->bytes, size))
        status = file_kind_refuse(path, "a safetensors or NPZ file", file->bytes, size);
    if (status == CARRYNET_OK)
        status = safetensors_parse(&file->tensors, path, file->bytes, size);
    return status == CARRYNET_OK ? take_tensors(file) : status;
}

carrynet_status foreign_read(foreign_file *file, const char *path)
{
    size_t size = 0;
    *file = (foreign_file){0};
    carrynet_status status = sys_read_file(&file->bytes, &size, path, INT64_MAX);
    if (status == CARRYNET_OK)
        status = read_arrays(file, path, size);
    return status == CARRYNET_OK ? make_paths(file) : status;
}

void foreign_free(foreign_file *file)
{
    sys_free(file->arrays);
    safetensors_free(&file->tensors);
    npz_free(&file->zipped);
    sys_free(file->bytes);
    sys_free(file->paths);
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
