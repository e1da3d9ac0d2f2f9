/* Where a command computes: the group of options that every command which does has, and the engine that they ask for. */
#ifndef CLI_DEVICE_OPTIONS_H
#define CLI_DEVICE_OPTIONS_H

#include "cli/options.h"

/* What was given. */
typedef struct device_given {
    const char *device;
    cli_value kernel_variant, threads, work_group_size;
    bool allow_inexact;
} device_given;
extern device_given given_device;

/*
 * All of them: for training and the like on the best device there is, and for small things on the host backend, which
 * starts at once; and those but --device and --kernel-shape, for commands that mean something else by these.
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

/* Whether a --device names one of the backends in C, host or reference, which need no OpenCL driver; NULL names none. */
bool device_in_c(const char *device);

/*
 * The engine options that --device (else CARRYNET_DEVICE, else `device`, which may be NULL), --kernel-shape,
 * --threads, ... ask for, and the drivers made ready. To be called before anything else of the library, for the number
 * of threads. device_wish leaves the drivers alone.
 */
void engine_from_options(carrynet_engine_options *options, const char *device);
void device_wish(carrynet_engine_options *options, const char *device);

/* Says why an engine could not be made, with a near match for a misspelt device, and returns the exit code. */
int engine_status(carrynet_status status, const carrynet_engine_options *options);

#endif
