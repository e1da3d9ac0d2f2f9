/* The options that select a device, shared by all commands that compute, and the engine that they select. */
#ifndef CLI_DEVICE_OPTIONS_H
#define CLI_DEVICE_OPTIONS_H

#include "cli/options.h"

/* The given values. */
typedef struct device_given {
    const char *device;
    cli_value kernel_variant, threads, work_group_size;
    bool allow_inexact;
} device_given;
extern device_given given_device;

/*
 * All of the options: for training and similar work, with the best device as default; for small work, with the host
 * backend as default, which starts at once; and the options without --device and --kernel-shape, for commands that give
 * these two another meaning.
 */
extern const cli_option device_options[], host_device_options[], other_device_options[];

extern const char *const kernel_shapes[];
const char *device_offer(size_t index);

#define OPT_DEVICE(means, otherwise)                                                                                   \
    .heading = "Where to compute", .name = "device", .kind = OPTION_TEXT, .argument = "D", .offer = device_offer,      \
    .meaning = (means), .fallback = (otherwise), .text = &given_device.device
#define OPT_KERNEL_SHAPE(otherwise)                                                                                    \
    .heading = "Where to compute", .name = "kernel-shape", .kind = OPTION_NAME, .argument = "S",                       \
    .names = kernel_shapes, .meaning = "kernels with vectors, or with work-groups", .fallback = (otherwise),           \
    .value = &given_device.kernel_variant
#define DEVICE_NAMES                                                                                                   \
    "gpu, cpu, host (C), reference (plain C), P:D as `carrynet devices` lists them, or part of a name; "
#define OPT_ANY_DEVICE                                                                                                 \
    OPT_DEVICE(DEVICE_NAMES "P:D/N: N equal parts; gpu,cpu or all: together; also by the variable CARRYNET_DEVICE",    \
               "the best there is")

/* Whether a --device is one of the backends in C, host or reference, which need no OpenCL driver; false for NULL. */
bool device_in_c(const char *device);

/*
 * Sets the engine options for --device (else CARRYNET_DEVICE, else `device`, which may be NULL), --kernel-shape,
 * --threads, ..., and prepares the drivers. Call it before any other library function, for the number of threads.
 * device_wish does not prepare the drivers.
 */
void engine_from_options(carrynet_engine_options *options, const char *device);
void device_wish(carrynet_engine_options *options, const char *device);

/* Reports why an engine could not be created, with a near match for a misspelt device, and returns the exit code. */
int engine_status(carrynet_status status, const carrynet_engine_options *options);

#endif
