/* The program's bench command: its JSON is whole and its figures fit together. How fast anything is, no test asks. */
#include "each_backend.h"
#include "program_run.h"
#include <jansson.h>
#include <math.h>

TestSuite(bench, .init = program_enter, .fini = program_leave, .timeout = 300);

static double number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_number(value), "no number '%s'", name);
    return json_number_value(value);
}

static json_t *benched(const char *device)
{
    struct program_result result =
        PROGRAM("bench", "--hidden", "6", "--bits", "5", "--batch", "70", "--nets", "2", "--json", "--device", device);
    EXPECT_CODE(result, 0);
    json_t *object = json_loads(result.out, 0, NULL);
    cr_assert_not_null(object, "no JSON: %s", result.out);
    program_done(&result);
    cr_expect_str_eq(json_string_value(json_object_get(object, "case")), "train");
    cr_expect_eq(number_of(object, "hidden"), 6);
    cr_expect_eq(number_of(object, "bits"), 5);
    cr_expect_eq(number_of(object, "batch"), 70);
    cr_expect_eq(number_of(object, "nets"), 2);
    cr_expect(json_is_string(json_object_get(object, "device")));
    const double speed = number_of(object, "sequences_per_second"), peak = number_of(object, "peak_gflops");
    const double share = number_of(object, "share_of_peak");
    cr_expect(speed > 0 && peak > 0 && share > 0 && share <= 1);
    cr_expect_lt(fabs(share - speed * 5 * (6 * 36 + 12 * 6) / (peak * 1e9)), 1e-6);
    cr_expect_geq(json_array_size(json_object_get(object, "windows")), 5);
    cr_expect_gt(number_of(object, "cpu_over_wall"), 0);
    cr_expect_gt(number_of(object, "peak_process_bytes"), 0);
    cr_expect_gt(number_of(object, "device_bytes"), 0);
    return object;
}

Test(bench, on_the_reference)
{
    json_t *object = benched("reference");
    cr_expect_eq(json_object_size(json_object_get(object, "kernels")), 0);
    json_decref(object);
}

Test(bench, on_a_device)
{
    struct test_backend backends[TEST_BACKENDS];
    if (test_backends(backends, CARRYNET_FP32) < 3)
        return;
    json_t *object = benched(backends[1].device), *kernels = json_object_get(object, "kernels"), *kernel;
    const char *name;
    double shares = 0;
    cr_expect_geq(json_object_size(kernels), 1);
    json_object_foreach(kernels, name, kernel)
    {
        shares += number_of(kernel, "share");
        cr_expect_geq(number_of(kernel, "launches"), 1);
    }
    cr_expect_lt(fabs(shares - 1), 1e-9);
    json_decref(object);
}
