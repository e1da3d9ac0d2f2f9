/* OpenCL devices: what there is, what it can do, and the choice by a wish such as "gpu", "0:1" or part of a name. */
#include "opencl/opencl.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PLATFORMS = 64, MOST_DEVICES = 64, NO_PLATFORM = -1001 };

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static const char *error_name(cl_int code)
{
    static const struct {
        cl_int code;
        const char *name;
    } names[] = {
        {CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND"},
        {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"},
        {CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE"},
        {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
        {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
        {CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY"},
        {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
        {CL_MAP_FAILURE, "CL_MAP_FAILURE"},
        {CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
        {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
        {CL_INVALID_DEVICE_TYPE, "CL_INVALID_DEVICE_TYPE"},
        {CL_INVALID_PLATFORM, "CL_INVALID_PLATFORM"},
        {CL_INVALID_DEVICE, "CL_INVALID_DEVICE"},
        {CL_INVALID_CONTEXT, "CL_INVALID_CONTEXT"},
        {CL_INVALID_QUEUE_PROPERTIES, "CL_INVALID_QUEUE_PROPERTIES"},
        {CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE"},
        {CL_INVALID_MEM_OBJECT, "CL_INVALID_MEM_OBJECT"},
        {CL_INVALID_BINARY, "CL_INVALID_BINARY"},
        {CL_INVALID_BUILD_OPTIONS, "CL_INVALID_BUILD_OPTIONS"},
        {CL_INVALID_PROGRAM, "CL_INVALID_PROGRAM"},
        {CL_INVALID_PROGRAM_EXECUTABLE, "CL_INVALID_PROGRAM_EXECUTABLE"},
        {CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME"},
        {CL_INVALID_KERNEL, "CL_INVALID_KERNEL"},
        {CL_INVALID_ARG_INDEX, "CL_INVALID_ARG_INDEX"},
        {CL_INVALID_ARG_VALUE, "CL_INVALID_ARG_VALUE"},
        {CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE"},
        {CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS"},
        {CL_INVALID_WORK_DIMENSION, "CL_INVALID_WORK_DIMENSION"},
        {CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE"},
        {CL_INVALID_WORK_ITEM_SIZE, "CL_INVALID_WORK_ITEM_SIZE"},
        {CL_INVALID_EVENT_WAIT_LIST, "CL_INVALID_EVENT_WAIT_LIST"},
        {CL_INVALID_EVENT, "CL_INVALID_EVENT"},
        {CL_INVALID_OPERATION, "CL_INVALID_OPERATION"},
        {CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"},
        {CL_INVALID_GLOBAL_WORK_SIZE, "CL_INVALID_GLOBAL_WORK_SIZE"},
        {NO_PLATFORM, "CL_PLATFORM_NOT_FOUND_KHR"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        if (names[i].code == code)
            return names[i].name;
    return "an unknown error";
}

carrynet_status opencl_fail(const char *call, cl_int code)
{
    const bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY;
    return base_fail(memory ? CARRYNET_ERROR_MEMORY : CARRYNET_ERROR_DEVICE, "%s failed: %s (%d)", call,
                     error_name(code), (int)code);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* An error is remembered; a value that the device does not know, or a text longer than ours, is none. */
static bool answered(carrynet_device *about, cl_int code)
{
    if (code != CL_SUCCESS && code != CL_INVALID_VALUE)
        about->error = code;
    return code == CL_SUCCESS;
}

static void device_text(char *text, size_t size, carrynet_device *about, cl_device_id id, cl_device_info what)
{
    text[0] = '\0';
    (void)answered(about, clGetDeviceInfo(id, what, size, text, NULL));
    text[size - 1] = '\0';
}

static uint64_t device_number(carrynet_device *about, cl_device_id id, cl_device_info what, size_t size)
{
    uint64_t number = 0; /* little-endian: a 4-byte answer fills the low half */
    return answered(about, clGetDeviceInfo(id, what, size, &number, NULL)) ? number : 0;
}

static void describe(carrynet_device *about, cl_platform_id platform, cl_device_id id, uint32_t p, uint32_t d)
{
    char profile[64];
    *about = (carrynet_device){.platform = p, .index = d};
    if (!answered(about, clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof about->platform_name,
                                           about->platform_name, NULL)))
        about->platform_name[0] = '\0';
    device_text(about->name, sizeof about->name, about, id, CL_DEVICE_NAME);
    device_text(about->version, sizeof about->version, about, id, CL_DEVICE_VERSION);
    device_text(about->driver, sizeof about->driver, about, id, CL_DRIVER_VERSION);
    device_text(profile, sizeof profile, about, id, CL_DEVICE_PROFILE);
    const cl_device_type type = device_number(about, id, CL_DEVICE_TYPE, sizeof(cl_device_type));
    const cl_device_fp_config single =
        device_number(about, id, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(cl_device_fp_config));
    const cl_device_fp_config twice = device_number(about, id, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof(cl_device_fp_config));
    about->type = type & CL_DEVICE_TYPE_GPU   ? CARRYNET_DEVICE_GPU
                  : type & CL_DEVICE_TYPE_CPU ? CARRYNET_DEVICE_CPU
                                              : CARRYNET_DEVICE_OTHER;
    about->full_profile = strcmp(profile, "FULL_PROFILE") == 0;
    about->available = device_number(about, id, CL_DEVICE_AVAILABLE, sizeof(cl_bool)) != 0 &&
                       device_number(about, id, CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_bool)) != 0;
    about->round_to_nearest = (single & CL_FP_ROUND_TO_NEAREST) != 0;
    about->inf_nan = (single & CL_FP_INF_NAN) != 0;
    about->fma = (single & CL_FP_FMA) != 0;
    about->subnormals = (single & CL_FP_DENORM) != 0;
    about->correct_division = (single & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    about->fp64 = (twice & CL_FP_FMA) != 0 && (twice & CL_FP_DENORM) != 0;
    about->compute_units = (uint32_t)device_number(about, id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    about->global_memory = device_number(about, id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    about->largest_buffer = device_number(about, id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    about->work_group_size = device_number(about, id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));
    about->available = about->available && about->error == CL_SUCCESS;
}

struct found {
    cl_device_id id;
    carrynet_device about;
};

/*
 * All devices of all platforms; no platform (-1001) and platforms without devices are no errors. Nor is one that does not
 * tell its devices, as long as another does.
 */
static carrynet_status list(struct found **devices, size_t *count)
{
    cl_platform_id platforms[MOST_PLATFORMS];
    cl_uint platform_count = 0;
    struct found *found = NULL;
    cl_int lost = CL_SUCCESS;
    *devices = NULL;
    *count = 0;
    cl_int code = clGetPlatformIDs(MOST_PLATFORMS, platforms, &platform_count);
    if (code != CL_SUCCESS)
        return code == NO_PLATFORM ? CARRYNET_OK : opencl_fail("clGetPlatformIDs", code);
    platform_count = platform_count < MOST_PLATFORMS ? platform_count : MOST_PLATFORMS;
    carrynet_status status = base_allocate(&found, (size_t)platform_count * MOST_DEVICES + 1, sizeof *found);
    for (cl_uint p = 0; p < platform_count && status == CARRYNET_OK; ++p) {
        cl_device_id ids[MOST_DEVICES];
        cl_uint ids_count = 0;
        code = clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MOST_DEVICES, ids, &ids_count);
        if (code != CL_SUCCESS) {
            lost = code == CL_DEVICE_NOT_FOUND ? lost : code;
            continue;
        }
        for (cl_uint d = 0; d < ids_count && d < MOST_DEVICES; ++d) {
            found[*count].id = ids[d];
            describe(&found[(*count)++].about, platforms[p], ids[d], p, d);
        }
    }
    if (status == CARRYNET_OK && *count == 0 && lost != CL_SUCCESS)
        status = opencl_fail("clGetDeviceIDs", lost);
    if (status != CARRYNET_OK) {
        base_free(found);
        found = NULL;
    }
    *devices = found;
    return status;
}

carrynet_status carrynet_devices_list(carrynet_device **devices, size_t *count)
{
    struct found *found = NULL;
    *devices = NULL;
    carrynet_status status = list(&found, count);
    if (status == CARRYNET_OK && *count > 0)
        status = base_allocate(devices, *count, sizeof **devices);
    for (size_t i = 0; i < *count && status == CARRYNET_OK; ++i)
        (*devices)[i] = found[i].about;
    base_free(found);
    return status;
}

void carrynet_devices_free(carrynet_device *devices)
{
    base_free(devices);
}

/* ---- the choice ------------------------------------------------------------------------------------------------ */

static void add_list(base_text *text, const struct found *found, size_t count)
{
    if (count == 0)
        base_text_add(text, "no OpenCL device was found; for a CPU install pocl-opencl-icd, for a GPU its vendor's "
                            "OpenCL driver, or use --device reference");
    else
        base_text_add(text, "there are: reference");
    for (size_t i = 0; i < count; ++i)
        base_text_add(text, "; %u:%u %s%s", found[i].about.platform, found[i].about.index, found[i].about.name,
                      found[i].about.type == CARRYNET_DEVICE_GPU   ? " (gpu)"
                      : found[i].about.type == CARRYNET_DEVICE_CPU ? " (cpu)"
                                                                   : "");
}

static carrynet_status not_found(const char *wish, const struct found *found, size_t count)
{
    base_text text = {0};
    add_list(&text, found, count);
    const carrynet_status status =
        count == 0 ? base_fail(CARRYNET_ERROR_DEVICE, "%s", text.failed ? "no OpenCL device was found" : text.data)
                   : base_fail(CARRYNET_ERROR_DEVICE, "no device '%.64s'; %s", wish,
                               text.failed ? "no memory for the list of those that there are" : text.data);
    base_text_free(&text);
    return status;
}

/* Whether `part` is in `whole`, letters in either case. */
static bool contains(const char *whole, const char *part)
{
    for (; *whole != '\0'; ++whole) {
        size_t i = 0;
        while (part[i] != '\0' && tolower((unsigned char)whole[i]) == tolower((unsigned char)part[i]))
            ++i;
        if (part[i] == '\0')
            return true;
    }
    return false;
}

static bool of_type(const carrynet_device *about, carrynet_device_type type)
{
    return about->type == type && about->available;
}

carrynet_status opencl_device_find(cl_device_id *id, carrynet_device *about, const char *wish_)
{
    const char *wish = wish_ == NULL || wish_[0] == '\0' ? "auto" : wish_;
    struct found *found = NULL, *chosen = NULL;
    char call[64];
    size_t count = 0;
    carrynet_status status = list(&found, &count);
    if (status != CARRYNET_OK)
        return status;
    const bool automatic = strcmp(wish, "auto") == 0, gpu = strcmp(wish, "gpu") == 0, cpu = strcmp(wish, "cpu") == 0;
    char *end = NULL;
    const unsigned long platform = strtoul(wish, &end, 10);
    const bool numbered = isdigit((unsigned char)wish[0]) && *end == ':' && isdigit((unsigned char)end[1]);
    char *rest = NULL;
    const unsigned long index = numbered ? strtoul(end + 1, &rest, 10) : 0;
    for (size_t i = 0; i < count && chosen == NULL && (automatic || gpu); ++i)
        if (of_type(&found[i].about, CARRYNET_DEVICE_GPU))
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && (automatic || cpu); ++i)
        if (of_type(&found[i].about, CARRYNET_DEVICE_CPU))
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && numbered && *rest == '\0'; ++i)
        if (found[i].about.platform == platform && found[i].about.index == index)
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && !automatic && !gpu && !cpu && !numbered; ++i)
        if (contains(found[i].about.name, wish) || contains(found[i].about.platform_name, wish))
            chosen = &found[i];
    if (chosen != NULL && chosen->about.error != CL_SUCCESS) {
        (void)snprintf(call, sizeof call, "clGetDeviceInfo of device %u:%u", chosen->about.platform,
                       chosen->about.index);
        status = opencl_fail(call, chosen->about.error);
    } else if (chosen != NULL) {
        *id = chosen->id;
        *about = chosen->about;
    } else {
        status = not_found(wish, found, count);
    }
    base_free(found);
    return status;
}

carrynet_status opencl_device_at(cl_device_id *id, carrynet_device *about, uint32_t platform, uint32_t index)
{
    char wish[32];
    (void)snprintf(wish, sizeof wish, "%u:%u", platform, index);
    return opencl_device_find(id, about, wish);
}

carrynet_status carrynet_device_find(carrynet_device *device, const char *wish)
{
    cl_device_id id = NULL;
    return opencl_device_find(&id, device, wish);
}
