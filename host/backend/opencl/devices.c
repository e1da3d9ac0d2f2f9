/*
 * OpenCL devices: listing, properties, and selection by a device spec such as "gpu", "0:1", part of a name, or
 * "0:1/4.2", the third of four equal parts of a device.
 */
#include "backend/opencl/opencl.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_PLATFORMS = 64, MOST_DEVICES = 64, NO_PLATFORM = -1001 };

/* Parts of a device that may be asked for; a rest of units may make twice as many. */
enum { MOST_PARTS = 64, MOST_MADE = 2 * MOST_PARTS };

enum { MOST_MOMENTS = 10000 }; /* of 0.1 ms, that are waited for a queue */

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
        {CL_DEVICE_PARTITION_FAILED, "CL_DEVICE_PARTITION_FAILED"},
        {CL_INVALID_DEVICE_PARTITION_COUNT, "CL_INVALID_DEVICE_PARTITION_COUNT"},
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
    return sys_fail(memory ? CARRYNET_ERROR_MEMORY : CARRYNET_ERROR_DEVICE, "%s failed: %s (%d)", call,
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
    uint64_t number = 0;
    uint32_t word = 0; /* in one of 64 bits its place would depend on the byte order */
    void *const answer = size == sizeof word ? (void *)&word : (void *)&number;
    if (!answered(about, clGetDeviceInfo(id, what, size, answer, NULL)))
        return 0;
    return size == sizeof word ? word : number;
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
    about->local_memory = device_number(about, id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    about->available = about->available && about->error == CL_SUCCESS;
}

struct found {
    cl_device_id id;
    carrynet_device about;
    char vendors[2][128]; /* the platform's, the device's */
};

/* Only names that help to find a device: that one is not told is no error. */
static void describe_vendors(struct found *found, cl_platform_id platform)
{
    found->vendors[0][0] = found->vendors[1][0] = '\0';
    (void)clGetPlatformInfo(platform, CL_PLATFORM_VENDOR, sizeof found->vendors[0], found->vendors[0], NULL);
    (void)clGetDeviceInfo(found->id, CL_DEVICE_VENDOR, sizeof found->vendors[1], found->vendors[1], NULL);
    for (size_t i = 0; i < 2; ++i)
        found->vendors[i][sizeof found->vendors[i] - 1] = '\0';
}

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
    carrynet_status status = sys_allocate(&found, (size_t)platform_count * MOST_DEVICES + 1, sizeof *found);
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
            describe_vendors(&found[*count], platforms[p]);
            describe(&found[(*count)++].about, platforms[p], ids[d], p, d);
        }
    }
    if (status == CARRYNET_OK && *count == 0 && lost != CL_SUCCESS)
        status = opencl_fail("clGetDeviceIDs", lost);
    if (status != CARRYNET_OK) {
        sys_free(found);
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
        status = sys_allocate(devices, *count, sizeof **devices);
    for (size_t i = 0; i < *count && status == CARRYNET_OK; ++i)
        (*devices)[i] = found[i].about;
    sys_free(found);
    return status;
}

void carrynet_devices_free(carrynet_device *devices)
{
    sys_free(devices);
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

/* Whether text begins with a number of one to four digits, which it moves behind. */
static bool take_number(const char **text, uint32_t *number)
{
    int digits = 0;
    for (*number = 0; digits < 4 && isdigit((unsigned char)**text); ++digits)
        *number = 10 * *number + (uint32_t)(*(*text)++ - '0');
    return digits > 0;
}

/* What follows "P:D" in a device spec, from its "/" on: "/parts.part". */
static carrynet_status read_parts(uint32_t *parts, uint32_t *part, const char *spec, const char *rest)
{
    const int length = (int)(rest - spec) < 32 ? (int)(rest - spec) : 32; /* of "P:D" */
    ++rest;
    const bool counted = take_number(&rest, parts) && *parts >= 1 && *parts <= MOST_PARTS;
    if (counted && *rest == '\0')
        return sys_fail(CARRYNET_ERROR_ARGUMENT,
                        "device '%.64s': these are %u, where one is asked for, %.*s/%u.0 to %.*s/%u.%u", spec, *parts,
                        length, spec, *parts, length, spec, *parts, *parts - 1);
    if (!counted || *rest++ != '.' || !take_number(&rest, part) || *rest != '\0')
        return sys_fail(
            CARRYNET_ERROR_ARGUMENT,
            "device '%.64s': parts of a device are P:D/N.I with N from 1 to %d and I from 0, as in %.*s/2.0", spec,
            (int)MOST_PARTS, length, spec);
    if (*part >= *parts)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "device '%.64s': of %u parts the last is %.*s/%u.%u", spec, *parts,
                        length, spec, *parts, *parts - 1);
    return CARRYNET_OK;
}

/* Whether a device makes parts of equal size. An OpenCL before 1.2 does not know the question. */
static carrynet_status makes_parts(bool *does, cl_device_id id)
{
    cl_device_partition_property properties[16];
    size_t bytes = 0;
    *does = false;
    const cl_int code = clGetDeviceInfo(id, CL_DEVICE_PARTITION_PROPERTIES, sizeof properties, properties, &bytes);
    if (code != CL_SUCCESS)
        return code == CL_INVALID_VALUE ? CARRYNET_OK
                                        : opencl_fail("clGetDeviceInfo(CL_DEVICE_PARTITION_PROPERTIES)", code);
    for (size_t i = 0; i < bytes / sizeof properties[0] && i < sizeof properties / sizeof properties[0]; ++i)
        *does = *does || properties[i] == CL_DEVICE_PARTITION_EQUALLY;
    return CARRYNET_OK;
}

/* Cuts a device into equal parts and leaves one of them in its place. The only one is the device itself. */
static carrynet_status take_part(cl_device_id *id, carrynet_device *about, uint32_t parts, uint32_t part)
{
    const uint32_t units = about->compute_units, each = units / parts;
    const cl_device_partition_property properties[] = {CL_DEVICE_PARTITION_EQUALLY, (cl_device_partition_property)each,
                                                       0};
    cl_device_id made[MOST_MADE];
    cl_uint count = 0;
    bool does = false;
    about->parts = parts;
    about->part = part;
    if (parts == 1)
        return CARRYNET_OK;
    const carrynet_status status = makes_parts(&does, *id);
    if (status != CARRYNET_OK)
        return status;
    if (!does || each == 0)
        return sys_fail(CARRYNET_ERROR_DEVICE, "device %u:%u %s, of %u compute unit%s, cannot be cut into %u parts: %s",
                        about->platform, about->index, about->name, units, units == 1 ? "" : "s", parts,
                        does ? "each needs one" : "its driver makes no sub-devices of equal size");
    cl_int code = clCreateSubDevices(*id, properties, MOST_MADE, made, &count);
    if (code != CL_SUCCESS)
        return opencl_fail("clCreateSubDevices", code);
    for (cl_uint i = 0; i < count && i < MOST_MADE; ++i)
        if (i != part)
            (void)clReleaseDevice(made[i]);
    if (part >= count)
        return sys_fail(CARRYNET_ERROR_DEVICE, "device %u:%u %s was cut into %u parts, not %u", about->platform,
                        about->index, about->name, (unsigned)count, parts);
    *id = made[part];
    about->compute_units = (uint32_t)device_number(about, *id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    if (about->error == CL_SUCCESS)
        return CARRYNET_OK;
    opencl_device_release(*id, about);
    return opencl_fail("clGetDeviceInfo(CL_DEVICE_MAX_COMPUTE_UNITS)", about->error);
}

void opencl_device_release(cl_device_id id, const carrynet_device *about)
{
    if (id != NULL && about->parts > 1)
        (void)clReleaseDevice(id);
}

bool opencl_queue_is_free(cl_command_queue queue)
{
    const struct timespec moment = {.tv_nsec = 100000};
    cl_uint holders = 0;
    for (int i = 0; i < MOST_MOMENTS; ++i) {
        if (clGetCommandQueueInfo(queue, CL_QUEUE_REFERENCE_COUNT, sizeof holders, &holders, NULL) != CL_SUCCESS)
            return false;
        if (holders <= 1)
            return true;
        (void)nanosleep(&moment, NULL);
    }
    return false;
}

/* ---- the choice ------------------------------------------------------------------------------------------------ */

static void add_list(sys_text *text, const struct found *found, size_t count)
{
    if (count == 0)
        sys_text_add(text, "no OpenCL device was found; for a CPU install pocl-opencl-icd, for a GPU its vendor's "
                           "OpenCL driver, or use --device host");
    else
        sys_text_add(text, "there are: host; reference");
    for (size_t i = 0; i < count; ++i)
        sys_text_add(text, "; %u:%u %s%s", found[i].about.platform, found[i].about.index, found[i].about.name,
                     found[i].about.type == CARRYNET_DEVICE_GPU   ? " (gpu)"
                     : found[i].about.type == CARRYNET_DEVICE_CPU ? " (cpu)"
                                                                  : "");
}

static carrynet_status not_found(const char *spec, const struct found *found, size_t count)
{
    sys_text text = {0};
    add_list(&text, found, count);
    const carrynet_status status =
        count == 0 ? sys_fail(CARRYNET_ERROR_DEVICE, "%s", text.failed ? "no OpenCL device was found" : text.data)
                   : sys_fail(CARRYNET_ERROR_DEVICE, "no device '%.64s'; %s", spec,
                              text.failed ? "no memory for the list of those that there are" : text.data);
    sys_text_free(&text);
    return status;
}

static bool of_type(const carrynet_device *about, carrynet_device_type type)
{
    return about->type == type && about->available;
}

carrynet_status opencl_device_find(cl_device_id *id, carrynet_device *about, const char *spec_)
{
    const char *spec = spec_ == NULL || spec_[0] == '\0' ? "auto" : spec_;
    struct found *found = NULL, *chosen = NULL;
    char call[64];
    size_t count = 0;
    uint32_t parts = 0, part = 0;
    char *end = NULL;
    const unsigned long platform = strtoul(spec, &end, 10);
    const bool numbered = isdigit((unsigned char)spec[0]) && *end == ':' && isdigit((unsigned char)end[1]);
    const bool automatic = sys_same_word(spec, "auto"), gpu = sys_same_word(spec, "gpu"),
               cpu = sys_same_word(spec, "cpu"), named = !automatic && !gpu && !cpu && !numbered;
    char *rest = NULL;
    const unsigned long index = numbered ? strtoul(end + 1, &rest, 10) : 0;
    const bool whole = !numbered || *rest != '/';
    carrynet_status status = whole ? CARRYNET_OK : read_parts(&parts, &part, spec, rest);
    if (status == CARRYNET_OK)
        status = list(&found, &count);
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = 0; i < count && chosen == NULL && (automatic || gpu); ++i)
        if (of_type(&found[i].about, CARRYNET_DEVICE_GPU))
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && (automatic || cpu); ++i)
        if (of_type(&found[i].about, CARRYNET_DEVICE_CPU))
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && numbered && (*rest == '\0' || parts > 0); ++i)
        if (found[i].about.platform == platform && found[i].about.index == index)
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && named; ++i)
        if (sys_has_word(found[i].about.name, spec) || sys_has_word(found[i].about.platform_name, spec))
            chosen = &found[i];
    for (size_t i = 0; i < count && chosen == NULL && named; ++i) /* "pocl" is only there */
        if (sys_has_word(found[i].vendors[0], spec) || sys_has_word(found[i].vendors[1], spec))
            chosen = &found[i];
    if (chosen != NULL && chosen->about.error != CL_SUCCESS) {
        (void)snprintf(call, sizeof call, "clGetDeviceInfo of device %u:%u", chosen->about.platform,
                       chosen->about.index);
        status = opencl_fail(call, chosen->about.error);
    } else if (chosen != NULL) {
        status = parts > 0 ? take_part(&chosen->id, &chosen->about, parts, part) : CARRYNET_OK;
        if (status == CARRYNET_OK) {
            *id = chosen->id;
            *about = chosen->about;
        }
    } else {
        status = not_found(spec, found, count);
    }
    sys_free(found);
    return status;
}

carrynet_status opencl_device_at(cl_device_id *id, carrynet_device *about, uint32_t platform, uint32_t index)
{
    char spec[32];
    (void)snprintf(spec, sizeof spec, "%u:%u", platform, index);
    return opencl_device_find(id, about, spec);
}

carrynet_status carrynet_device_find(carrynet_device *device, const char *spec)
{
    cl_device_id id = NULL;
    const carrynet_status status = opencl_device_find(&id, device, spec);
    if (status == CARRYNET_OK)
        opencl_device_release(id, device);
    return status;
}
