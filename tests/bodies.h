/*
 * What a test of the engine runs on: the reference, and the first OpenCL device, if there is one, in both kernel
 * shapes. Where there is none, a line "SKIP: why" is printed, which ctest reports and CI does not accept.
 */
#ifndef TESTS_BODIES_H
#define TESTS_BODIES_H

#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct test_body {
    char label[48];
    char device[32];
    carrynet_engine_options options; /* options.device points into the struct: use it where it stands */
};

/* Fills bodies [3] and returns how many there are: 1 without a device of that precision, else 3. */
static inline size_t test_bodies(struct test_body bodies[3], carrynet_precision precision)
{
    static const char *const labels[3] = {"reference", "OpenCL, cpu shape", "OpenCL, gpu shape"};
    static const carrynet_kernel_shape shapes[3] = {CARRYNET_KERNEL_SHAPE_AUTO, CARRYNET_KERNEL_SHAPE_CPU,
                                                    CARRYNET_KERNEL_SHAPE_GPU};
    carrynet_device *devices = NULL;
    size_t count = 0, chosen = 0;
    cr_assert_eq(carrynet_devices_list(&devices, &count), CARRYNET_OK, "%s", carrynet_message());
    while (chosen < count && (!devices[chosen].available || (precision == CARRYNET_FP64 && !devices[chosen].fp64)))
        ++chosen;
    for (int i = 0; i < 3; ++i) {
        (void)snprintf(bodies[i].label, sizeof bodies[i].label, "%s", labels[i]);
        (void)snprintf(bodies[i].device, sizeof bodies[i].device, "reference");
        if (i > 0 && chosen < count)
            (void)snprintf(bodies[i].device, sizeof bodies[i].device, "%u:%u", (unsigned)devices[chosen].platform,
                           (unsigned)devices[chosen].index);
        carrynet_engine_options_init(&bodies[i].options);
        bodies[i].options.device = bodies[i].device;
        bodies[i].options.kernel_shape = shapes[i];
    }
    carrynet_devices_free(devices);
    if (chosen < count)
        return 3;
    printf("\nSKIP: no OpenCL device with binary%d: only the reference was tested\n", (int)precision);
    (void)fflush(stdout);
    return 1;
}

/* Fails the test, with the library's message, unless the status is OK. */
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        const carrynet_status must_status = (call);                                                                    \
        cr_assert_eq(must_status, CARRYNET_OK, "%s: %s: %s", #call, carrynet_status_name(must_status),                 \
                     carrynet_message());                                                                              \
    } while (0)

#endif
