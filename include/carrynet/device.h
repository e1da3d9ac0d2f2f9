/* OpenCL devices, numbered as by clinfo: their properties, selection and admission. */
#ifndef CARRYNET_DEVICE_H
#define CARRYNET_DEVICE_H

#include <carrynet/net.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum carrynet_device_type {
    CARRYNET_DEVICE_REFERENCE = 0, /* plain C on the host; no OpenCL */
    CARRYNET_DEVICE_CPU,
    CARRYNET_DEVICE_GPU,
    CARRYNET_DEVICE_OTHER /* an accelerator or a custom device */
} carrynet_device_type;

typedef enum carrynet_kernel_variant {
    CARRYNET_KERNEL_VARIANT_AUTO = 0, /* simd for CPUs, simt for everything else */
    CARRYNET_KERNEL_VARIANT_SIMD,     /* explicit vectors, work-group size 1 */
    CARRYNET_KERNEL_VARIANT_SIMT      /* a work-group of co-operating work-items */
} carrynet_kernel_variant;

typedef struct carrynet_device {
    uint32_t platform; /* P and D of "P:D", from 0 */
    uint32_t index;
    uint32_t parts; /* N and i of "P:D/N.i", part i (from 0) of N equal ones; N is 0 for a whole device */
    uint32_t part;
    carrynet_device_type type;
    char platform_name[128];
    char name[128];
    char version[128]; /* CL_DEVICE_VERSION */
    char driver[128];
    bool full_profile;
    bool available;        /* CL_DEVICE_AVAILABLE, and a compiler */
    bool round_to_nearest; /* binary32 */
    bool inf_nan;          /* binary32 */
    bool fma;              /* CL_FP_FMA, binary32 */
    bool subnormals;       /* CL_FP_DENORM, binary32 */
    bool correct_division; /* CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT */
    bool fp64;             /* binary64 is there */
    uint32_t compute_units;
    uint64_t global_memory;  /* bytes */
    uint64_t largest_buffer; /* bytes */
    uint64_t work_group_size;
    uint64_t local_memory; /* bytes, of a work-group */
    int error;             /* OpenCL error code of a query that failed, which makes the device unavailable; 0: none */
} carrynet_device;

/*
 * Lists all devices: *devices, *count; free with carrynet_devices_free. A missing platform, or a platform without
 * devices, is not an error: the list is then shorter or empty (and *devices may be NULL).
 */
CARRYNET_API carrynet_status carrynet_devices_list(carrynet_device **devices, size_t *count);
CARRYNET_API void carrynet_devices_free(carrynet_device *devices);

/*
 * Finds the OpenCL device that a device spec names, in any case: NULL or "auto" (a GPU, else a CPU), "gpu", "cpu",
 * "P:D", part of a name, or "P:D/N.i". Part of a name selects the first device in the list whose name or platform name
 * contains it, else the first whose vendor or platform vendor does. "P:D/N.i" is part i (0 to N - 1) of a device
 * partitioned into N equal ones (1 to 64), each with floor(units / N) of its compute units. DEVICE: no device matches
 * (the message lists them), or it cannot be partitioned (the message says why). ARGUMENT: a number after "/" that is
 * out of range, or "P:D/N", which names N devices.
 */
CARRYNET_API carrynet_status carrynet_device_find(carrynet_device *device, const char *spec);

/*
 * Tests whether this build on this host follows the arithmetic (kernels/ARITHMETIC.md 9), by known answers of single
 * operations and of small updates. Creating an engine and carrynet_device_admit run it too. DEVICE: the message names
 * this host and what it lacks. MEMORY.
 */
CARRYNET_API carrynet_status carrynet_host_admit(void);

/*
 * Tests whether kernels on this device give the promised bits (kernels/ARITHMETIC.md 9), by building and running the
 * start-up vectors. OK: the device is admitted. DEVICE: it is not; the message names the vector that failed, or what
 * this host lacks. UNSUPPORTED: precision is FP64 and the device lacks it.
 */
CARRYNET_API carrynet_status carrynet_device_admit(uint32_t platform, uint32_t index, carrynet_precision precision);

/* Writes the embedded kernels and their shared headers to the folder, which is created if missing. IO. */
CARRYNET_API carrynet_status carrynet_kernels_dump(const char *folder);

#ifdef __cplusplus
}
#endif

#endif
