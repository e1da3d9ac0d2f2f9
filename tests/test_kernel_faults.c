/*
 * Faults of kernels and devices, made by files in CARRYNET_KERNEL_DIR: a kernel that does not build is reported with
 * name, call and log; a device whose operations are wrong is not admitted, and the operation is named.
 */
#include "tests/kernel_changes.h"
#include <unistd.h>

static char folder[] = "/tmp/carrynet-kernels-XXXXXX";

static void change(const char *name, const char *from, const char *to)
{
    kernel_change(folder, name, from, to);
}

static bool begin(void)
{
    carrynet_device device;
    if (carrynet_device_find(&device, "0:0") != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device\n");
        (void)fflush(stdout);
        return false;
    }
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(carrynet_kernels_dump(folder), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(setenv("CARRYNET_KERNEL_DIR", folder, 1), 0);
    return true;
}

static void end(void)
{
    char command[256];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static carrynet_status train_once(bool allow_inexact, char *description, size_t size)
{
    carrynet_settings settings;
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.steps = 3;
    settings.batch = 4;
    carrynet_engine_options_init(&options);
    options.device = "0:0";
    options.allow_inexact = allow_inexact;
    options.launches = CARRYNET_LAUNCHES_STEPS; /* update.cl alone is then a program */
    carrynet_status status = carrynet_engine_create(&engine, &settings, &options);
    const carrynet_source source = carrynet_counter_source(&settings.task);
    if (status == CARRYNET_OK)
        (void)snprintf(description, size, "%s", carrynet_engine_description(engine));
    if (status == CARRYNET_OK)
        status = carrynet_engine_train(engine, &source, 1, NULL);
    carrynet_engine_free(engine);
    return status;
}

static void expect_message(const char *part)
{
    cr_expect_not_null(strstr(carrynet_message(), part), "no '%s' in: %s", part, carrynet_message());
}

Test(kernel_faults, dumped_kernels_work_in_place_of_the_embedded_ones)
{
    char description[512];
    if (!begin())
        return;
    cr_assert_eq(train_once(false, description, sizeof description), CARRYNET_OK, "%s", carrynet_message());
    end();
}

Test(kernel_faults, a_kernel_that_does_not_build_is_named_with_its_log)
{
    char description[512];
    if (!begin())
        return;
    change("update.cl", "kernel void apply(", "kernel void apply(no_such_type x, ");
    cr_expect_eq(train_once(false, description, sizeof description), CARRYNET_ERROR_DEVICE);
    expect_message("update.cl does not build");
    expect_message("clBuildProgram");
    expect_message("no_such_type");
    end();
}

Test(kernel_faults, a_missing_kernel_file_is_named)
{
    char description[512], path[256];
    if (!begin())
        return;
    (void)snprintf(path, sizeof path, "%s/update.cl", folder);
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(train_once(false, description, sizeof description), CARRYNET_ERROR_IO);
    expect_message("update.cl");
    end();
}

Test(kernel_faults, a_wrong_operation_is_named_and_refused)
{
    char description[512];
    if (!begin())
        return;
    change("admission.cl", "result(results, first, 0, fma(a, b, c));", "result(results, first, 0, a * b + c);");
    cr_expect_eq(train_once(false, description, sizeof description), CARRYNET_ERROR_DEVICE);
    expect_message("not admitted: fma");
    expect_message("start-up vector");
    cr_expect_eq(carrynet_device_admit(0, 0, CARRYNET_FP32), CARRYNET_ERROR_DEVICE);
    cr_expect_eq(train_once(true, description, sizeof description), CARRYNET_OK, "%s", carrynet_message());
    cr_expect_not_null(strstr(description, "not admitted"), "%s", description);
    end();
}

/* Division that is wrong in spite of what the device states is replaced by the form without divide instructions. */
Test(kernel_faults, wrong_division_is_replaced)
{
    char description[512];
    carrynet_device device;
    if (!begin())
        return;
    cr_assert_eq(carrynet_device_find(&device, "0:0"), CARRYNET_OK);
    change("arithmetic.h", "    return a / b;", "    return a / b * REAL(0x1.000002p0);");
    cr_expect_eq(train_once(false, description, sizeof description), CARRYNET_OK, "%s", carrynet_message());
    end();
}
