/*
 * OpenCL devices, as clinfo numbers them, with what matters here, and the choice among them.
 */
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
    int error; /* OpenCL's, of a query about the device, which is then not available; 0: none */
} carrynet_device;

/*
 * Lists all devices: *devices, *count; free with carrynet_devices_free. No platform, or a platform without devices, is
 * no error: the list is then shorter or empty (and *devices may be NULL).
 */
CARRYNET_API carrynet_status carrynet_devices_list(carrynet_device **devices, size_t *count);
CARRYNET_API void carrynet_devices_free(carrynet_device *devices);

/*
 * The OpenCL device that a device spec names: NULL or "auto" (GPU, then CPU), "gpu", "cpu", "P:D", or part of a name, that of
 * the first device in the list whose name or platform's name has it, else whose vendor or platform's vendor; or
 * "P:D/N.i", part i, from 0 to N - 1, of a device cut into N equal ones (1 to 64), each with floor(units / N) of its
 * compute units. DEVICE, with the list, if there is none; if it cannot be cut so, with the reason. ARGUMENT for another
 * number after "/", and for "P:D/N", which is N devices. Letters may be of either case.
 */
CARRYNET_API carrynet_status carrynet_device_find(carrynet_device *device, const char *spec);

/*
 * Whether this build computes on this host as the arithmetic says (kernels/ARITHMETIC.md 9): known answers of single
 * operations and of small updates. Engines and carrynet_device_admit ask too. DEVICE, with a message that names this host
 * and what it lacks; MEMORY.
 */
CARRYNET_API carrynet_status carrynet_host_admit(void);

/*
 * Whether kernels on this device give the promised bits (kernels/ARITHMETIC.md 9): builds and runs the start-up
 * vectors. OK: admitted. DEVICE: not, and the message names the vector, or what this host lacks. precision FP64 also asks for binary64
 * (UNSUPPORTED without it).
 */
CARRYNET_API carrynet_status carrynet_device_admit(uint32_t platform, uint32_t index, carrynet_precision precision);

/* Writes the kernels and their shared headers, as embedded, to the folder, which is created. IO. */
CARRYNET_API carrynet_status carrynet_kernels_dump(const char *folder);

#ifdef __cplusplus
}
#endif

#endif
