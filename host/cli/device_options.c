/* The device options, and their conversion to the library's engine options. */
#include "cli/device_options.h"
#include "cli/console.h"
#include "cli/drivers.h"
#include "cli/job.h"
#include "cli/job_ranks.h"
#include <stdlib.h>

device_given given_device;

/* In the order of carrynet_kernel_variant, which has the automatic choice before them. */
const char *const kernel_shapes[] = {"cpu", "gpu", NULL};

const char *device_offer(size_t index)
{
    static const char *const names[] = {"gpu", "cpu", "host", "reference"};
    return index < sizeof names / sizeof names[0] ? names[index] : NULL;
}

const cli_option device_options[] = {
    {OPT_ANY_DEVICE},
    {OPT_KERNEL_SHAPE("what suits the device")},
    {.include = other_device_options},
    {0},
};

const cli_option host_device_options[] = {
    {OPT_DEVICE(DEVICE_NAMES "also by the variable CARRYNET_DEVICE; all give the same answer",
                "host, which starts at once")},
    {OPT_KERNEL_SHAPE("what suits the device")},
    {.include = other_device_options},
    {0},
};

const cli_option other_device_options[] = {
    {.heading = "Where to compute",
     .name = "threads",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = JOB_MOST_THREADS,
     .meaning = "threads of an OpenCL CPU device",
     .fallback = "the cores that the process may use",
     .value = &given_device.threads},
    {.name = "work-group-size",
     .kind = OPTION_COUNT,
     .argument = "N",
     .least = 1,
     .most = 65536,
     .meaning = "work-items of a group in the gpu shape",
     .fallback = "what suits the device",
     .value = &given_device.work_group_size},
    {.name = "allow-inexact",
     .meaning = "go on with a device that fails the start-up check; its bits may then differ",
     .flag = &given_device.allow_inexact},
    {0},
};

bool device_in_c(const char *device)
{
    return device != NULL && (sys_same_word(device, "host") || sys_same_word(device, "reference"));
}

void device_wish(carrynet_engine_options *options, const char *device)
{
    const char *variable = getenv("CARRYNET_DEVICE");
    carrynet_engine_options_init(options);
    options->comm = job_ranks();
    options->device = given_device.device != NULL               ? given_device.device
                      : variable != NULL && variable[0] != '\0' ? variable
                                                                : device;
    if (given_device.kernel_variant.given)
        options->kernel_variant = (carrynet_kernel_variant)(given_device.kernel_variant.name + 1);
    options->work_group_size = (uint32_t)given_device.work_group_size.count;
    options->allow_inexact = given_device.allow_inexact;
    if (given_device.threads.given)
        job_set_threads(given_device.threads.text); /* OpenCL has no call for this */
}

void engine_from_options(carrynet_engine_options *options, const char *device)
{
    device_wish(options, device);
    if (!device_in_c(options->device))
        drivers_prepare(true);
}

int engine_status(carrynet_status status, const carrynet_engine_options *options)
{
    static const char *const words[] = {"gpu", "cpu", "host", "reference", "auto"};
    const size_t count = sizeof words / sizeof words[0];
    const char *near = NULL;
    if (status == CARRYNET_ERROR_DEVICE && options->device != NULL) {
        near = console_nearest(options->device, words, count);
        for (size_t i = 0; i < count; ++i)
            if (sys_same_word(options->device, words[i]))
                near = NULL; /* spelt well: it is not there, or does not work */
    }
    if (near == NULL)
        return console_status(status);
    console_error("%s\nDid you mean '%s'?", carrynet_message(), near);
    return console_exit_code(status);
}
