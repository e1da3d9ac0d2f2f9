/*
 * What a test of the engine runs on: the reference, the first OpenCL device, if there is one, in both kernel variants, and the
 * backend `host`. Where there is none, a line "SKIP: why" is printed, which ctest reports and CI does not accept.
 */
#ifndef TESTS_EACH_BACKEND_H
#define TESTS_EACH_BACKEND_H

#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct test_backend {
    char label[48];
    char device[32];
    carrynet_engine_options options; /* options.device points into the struct: use it where it stands */
};

enum { TEST_BACKENDS = 4 };

/* Fills backends, the reference first, and returns how many there are: 2 without a device of that precision, else 4. */
static inline size_t test_backends(struct test_backend backends[TEST_BACKENDS], carrynet_precision precision)
{
    carrynet_device *devices = NULL;
    size_t count = 0, chosen = 0, filled = 0;
    char place[32];
    cr_assert_eq(carrynet_devices_list(&devices, &count), CARRYNET_OK, "%s", carrynet_message());
    while (chosen < count && (!devices[chosen].available || (precision == CARRYNET_FP64 && !devices[chosen].fp64)))
        ++chosen;
    const bool has_device = chosen < count;
    if (has_device)
        (void)snprintf(place, sizeof place, "%u:%u", (unsigned)devices[chosen].platform,
                       (unsigned)devices[chosen].index);
    carrynet_devices_free(devices);
    const struct {
        const char *label, *device;
        carrynet_kernel_variant shape;
    } all[TEST_BACKENDS] = {{"reference", "reference", CARRYNET_KERNEL_VARIANT_AUTO},
                            {"OpenCL, cpu shape", has_device ? place : NULL, CARRYNET_KERNEL_VARIANT_SIMD},
                            {"OpenCL, gpu shape", has_device ? place : NULL, CARRYNET_KERNEL_VARIANT_SIMT},
                            {"host", "host", CARRYNET_KERNEL_VARIANT_AUTO}};
    for (size_t i = 0; i < TEST_BACKENDS; ++i) {
        if (all[i].device == NULL)
            continue;
        struct test_backend *backend = &backends[filled++];
        (void)snprintf(backend->label, sizeof backend->label, "%s", all[i].label);
        (void)snprintf(backend->device, sizeof backend->device, "%s", all[i].device);
        carrynet_engine_options_init(&backend->options);
        backend->options.device = backend->device;
        backend->options.kernel_variant = all[i].shape;
    }
    if (!has_device)
        printf("\nSKIP: no OpenCL device with binary%d: only C was tested\n", (int)precision);
    (void)fflush(stdout);
    return filled;
}

/* Fails the test, with the library's message, unless the status is OK. */
#define MUST(call)                                                                                                     \
    do {                                                                                                               \
        const carrynet_status must_status = (call);                                                                    \
        cr_assert_eq(must_status, CARRYNET_OK, "%s: %s: %s", #call, carrynet_status_name(must_status),                 \
                     carrynet_message());                                                                              \
    } while (0)

#endif
