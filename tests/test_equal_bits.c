/*
 * Equal bits: every case of the table on the OpenCL device, in both kernel variants, and on the backend `host` against the reference; and a few
 * awkward cases for every vector width, work-group size, number of workers, form of division, and cut into launches.
 */
#include "conformance/cases.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

struct variant {
    char name[24]; /* of a case */
    int shape;
    unsigned lanes, group, workers;
    bool newton;
    int launches;
};

static bool has_device(void)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    (void)carrynet_devices_list(&devices, &count);
    carrynet_devices_free(devices);
    if (count == 0) {
        (void)printf("SKIP: no OpenCL device; install pocl-opencl-icd\n");
        (void)fflush(stdout);
    }
    return count > 0;
}

static void check(const struct variant *variant)
{
    carrynet_engine_options options;
    carrynet_case_result result;
    size_t index = 0;
    if (!has_device())
        cr_skip_test("no OpenCL device");
    while (carrynet_case_name(index) != NULL && strcmp(carrynet_case_name(index), variant->name) != 0)
        ++index;
    cr_assert_lt(index, carrynet_case_count(), "no case %s", variant->name);
    carrynet_engine_options_init(&options);
    options.kernel_variant = (carrynet_kernel_variant)variant->shape;
    options.lanes = variant->lanes;
    options.work_group_size = variant->group;
    options.work_items = variant->workers;
    options.divide_by_newton = variant->newton;
    options.launches = (carrynet_launches)variant->launches;
    /* Not the reference by way of "auto": a comparison with itself would prove nothing. */
    options.device = getenv("CARRYNET_DEVICE") != NULL ? getenv("CARRYNET_DEVICE") : "0:0";
    cr_assert_eq(carrynet_case_compare(&result, index, &options), CARRYNET_OK, "%s", carrynet_message());
    if (result.skipped)
        cr_skip_test("%s", result.reason);
    cr_assert_gt(result.values, 0u);
    cr_assert_eq(result.equal, result.values, "%s: %zu of %zu bits equal, worst %zu ulp at %s[%zu]", result.name,
                 (size_t)result.equal, (size_t)result.values, (size_t)result.worst_ulp, result.worst_tensor,
                 (size_t)result.worst_index);
}

enum { CASES = 64 };
static struct variant all[2 * CASES];

static size_t fill_all(int shape, size_t count)
{
    for (size_t i = 0; carrynet_case_name(i) != NULL; ++i) {
        all[count] = (struct variant){.shape = shape};
        (void)snprintf(all[count++].name, sizeof all[0].name, "%s", carrynet_case_name(i));
    }
    return count;
}

ParameterizedTestParameters(equal_bits, every_case)
{
    const size_t count = fill_all(CARRYNET_KERNEL_VARIANT_SIMT, fill_all(CARRYNET_KERNEL_VARIANT_SIMD, 0));
    return cr_make_param_array(struct variant, all, count);
}

ParameterizedTest(const struct variant *variant, equal_bits, every_case)
{
    check(variant);
}

/* The backend `host`, in one test: it has nothing to compile. */
Test(equal_bits, every_case_on_the_host)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "host";
    for (size_t i = 0; carrynet_case_name(i) != NULL; ++i) {
        carrynet_case_result result;
        cr_assert_eq(carrynet_case_compare(&result, i, &options), CARRYNET_OK, "%s", carrynet_message());
        cr_assert(!result.skipped && result.values > 0, "%s", result.name);
        cr_expect_eq(result.equal, result.values, "%s: %zu of %zu bits equal, worst %zu ulp at %s[%zu]", result.name,
                     (size_t)result.equal, (size_t)result.values, (size_t)result.worst_ulp, result.worst_tensor,
                     (size_t)result.worst_index);
    }
}

ParameterizedTestParameters(equal_bits, every_variant)
{
    enum { CPU = CARRYNET_KERNEL_VARIANT_SIMD, GPU = CARRYNET_KERNEL_VARIANT_SIMT };
    enum { AUTO = CARRYNET_LAUNCHES_AUTO, STEPS = CARRYNET_LAUNCHES_STEPS, FUSED = CARRYNET_LAUNCHES_FUSED };
    enum { INTERLEAVED = CARRYNET_LAUNCHES_INTERLEAVED };
    static struct variant variants[] = {
        {"abreast", CPU, 4, 0, 3, false, STEPS},         {"abreast", CPU, 8, 0, 1, false, FUSED},
        {"noise-odd", CPU, 4, 0, 0, false, AUTO},        {"noise-odd", CPU, 8, 0, 0, false, AUTO},
        {"noise-odd", CPU, 16, 0, 0, false, AUTO},       {"four-inputs", CPU, 4, 0, 0, false, AUTO},
        {"wide-93", CPU, 8, 0, 0, false, AUTO},          {"fp64-odd", CPU, 4, 0, 0, false, AUTO},
        {"fp64-odd", CPU, 16, 0, 0, false, AUTO},        {"clip-adam", CPU, 0, 0, 0, true, AUTO},
        {"clip-adam", GPU, 0, 0, 0, true, AUTO},         {"blocks", CPU, 0, 0, 1, false, AUTO},
        {"blocks", CPU, 0, 0, 3, false, AUTO},           {"many-blocks", CPU, 0, 0, 100, false, AUTO},
        {"many-blocks", GPU, 0, 0, 1, false, AUTO},      {"noise-odd", GPU, 0, 1, 0, false, AUTO},
        {"noise-odd", GPU, 0, 7, 0, false, AUTO},        {"bias", GPU, 0, 64, 0, false, AUTO},
        {"population", GPU, 0, 1, 3, false, AUTO},       {"start-state", GPU, 0, 100, 0, false, AUTO},
        {"subtract", CPU, 0, 0, 0, false, FUSED},        {"four-inputs", CPU, 0, 0, 0, false, FUSED},
        {"many-blocks", CPU, 0, 0, 0, false, FUSED},     {"population", CPU, 0, 0, 0, false, FUSED},
        {"clip-adam", CPU, 0, 0, 0, false, FUSED},       {"noise-odd", CPU, 0, 0, 0, false, FUSED},
        {"networks", CPU, 4, 0, 3, false, INTERLEAVED},  {"networks", CPU, 8, 0, 1, true, INTERLEAVED},
        {"noise-odd", CPU, 0, 0, 0, false, INTERLEAVED}, {"networks", CPU, 0, 0, 0, false, STEPS},
    };
    return cr_make_param_array(struct variant, variants, sizeof variants / sizeof variants[0]);
}

ParameterizedTest(const struct variant *variant, equal_bits, every_variant)
{
    check(variant);
}
