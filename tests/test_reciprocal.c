/*
 * The sigmoid's reciprocal from the device's approximation (kernels/ARITHMETIC.md 2, rule 7): where programs use it, and
 * that a device with another approximation, planted by way of CARRYNET_KERNEL_DIR, is admitted all the same and has equal
 * bits: from that seed if all of its values are near enough, else by division.
 */
#include "backend/opencl/opencl.h"
#include "tests/kernel_changes.h"
#include <unistd.h>

static char folder[] = "/tmp/carrynet-kernels-XXXXXX";

static const char seed[] = "native_recip(significand_of(x))";

/* Whether the tests can run: on pocl, whose approximation is known to be the rounded reciprocal. */
static bool has_known_seeds(void)
{
    carrynet_device device;
    const bool found = carrynet_device_find(&device, "0:0") == CARRYNET_OK;
    if (found && strcmp(device.platform_name, "Portable Computing Language") == 0)
        return true;
    (void)printf("\nSKIP: device 0:0 is not pocl\n");
    (void)fflush(stdout);
    return false;
}

static carrynet_engine_options options_of(carrynet_kernel_variant variant, bool by_quotient)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "0:0";
    options.kernel_variant = variant;
    options.reciprocal_by_quotient = by_quotient;
    return options;
}

static bool uses_seed(const carrynet_engine_options *options, carrynet_precision precision)
{
    struct backend *trainer = NULL;
    carrynet_settings settings;
    char description[BACKEND_DESCRIPTION];
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.precision = precision;
    cr_assert_eq(opencl_trainer_create(&trainer, &settings, options, description), CARRYNET_OK, "%s",
                 carrynet_message());
    const bool uses = opencl_trainer_reciprocal_by_seed(trainer);
    trainer->operations->free(trainer);
    return uses;
}

enum { SEQUENCES = 70, STEPS = 5 };

/* What an untrained network puts out: one kernel with sigmoids. */
static void forward(float y[SEQUENCES * STEPS], const carrynet_engine_options *options)
{
    carrynet_settings settings;
    carrynet_engine *engine = NULL;
    carrynet_batch batch = {0};
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.steps = STEPS;
    const carrynet_source source = carrynet_counter_source(&settings.task);
    const carrynet_forward outputs = {.y = y};
    cr_assert_eq(carrynet_batch_create(&batch, &settings.task, SEQUENCES, STEPS), CARRYNET_OK);
    source.fill(source.self, 1, 0, 0, batch.sequences, batch.steps, batch.symbols, batch.targets);
    cr_assert_eq(carrynet_engine_create(&engine, &settings, options), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(carrynet_engine_forward(engine, &batch, &outputs), CARRYNET_OK, "%s", carrynet_message());
    carrynet_engine_free(engine);
    carrynet_batch_free(&batch);
}

static bool bits_are_equal(const carrynet_engine_options *options)
{
    static float given[SEQUENCES * STEPS], expected[SEQUENCES * STEPS];
    carrynet_engine_options reference;
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    forward(given, options);
    forward(expected, &reference);
    cr_assert(expected[0] > 0 && expected[0] < 1);
    return memcmp(given, expected, sizeof given) == 0;
}

/* Dumps the kernels, with a change of arithmetic.h, and has them taken. */
static void plant(const char *from, const char *to)
{
    cr_assert_eq(carrynet_kernels_dump(folder), CARRYNET_OK, "%s", carrynet_message());
    kernel_change(folder, "arithmetic.h", from, to);
    cr_assert_eq(setenv("CARRYNET_KERNEL_DIR", folder, 1), 0);
}

static void end(void)
{
    char command[256];
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

Test(reciprocal, the_seed_is_used_where_it_serves)
{
    if (!has_known_seeds())
        return;
    const carrynet_engine_options simt = options_of(CARRYNET_KERNEL_VARIANT_SIMT, false),
                                  divided = options_of(CARRYNET_KERNEL_VARIANT_SIMT, true),
                                  simd = options_of(CARRYNET_KERNEL_VARIANT_SIMD, false);
    cr_expect(uses_seed(&simt, CARRYNET_FP32));
    cr_expect_not(uses_seed(&divided, CARRYNET_FP32));
    cr_expect_not(uses_seed(&simd, CARRYNET_FP32));
    cr_expect_not(uses_seed(&simt, CARRYNET_FP64));
}

/* Seeds as a device might have them. Those too far off, or wrong for one significand alone, are seen. */
Test(reciprocal, a_seed_serves_if_all_its_values_are_near_enough)
{
    static const struct {
        const char *text;
        bool serves;
    } seeds[] = {
        {"as_float(as_int(native_recip(significand_of(x))) + 1024)", true},
        {"as_float(as_int(native_recip(significand_of(x))) + 1025)", false},
        {"as_int(x) == 0x3fd55555 ? 0x1p-1f : native_recip(significand_of(x))", false},
        {"-native_recip(significand_of(x))", false},
        {"0x0p0f", false},
        {"as_float(0x7fc00000)", false},
    };
    const carrynet_engine_options simt = options_of(CARRYNET_KERNEL_VARIANT_SIMT, false);
    if (!has_known_seeds())
        return;
    cr_assert_not_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; ++i) {
        plant(seed, seeds[i].text);
        cr_expect_eq(uses_seed(&simt, CARRYNET_FP32), seeds[i].serves, "%s", seeds[i].text);
    }
    end();
}

Test(reciprocal, bits_do_not_depend_on_the_seed)
{
    const carrynet_engine_options simt = options_of(CARRYNET_KERNEL_VARIANT_SIMT, false),
                                  divided = options_of(CARRYNET_KERNEL_VARIANT_SIMT, true);
    if (!has_known_seeds())
        return;
    cr_assert_not_null(mkdtemp(folder));
    plant(seed, "as_float(as_int(native_recip(significand_of(x))) - 1024)");
    cr_expect(bits_are_equal(&simt));
    /* Of no use, so division is used. */
    plant(seed, "0x1.6p-1f");
    cr_expect_not(uses_seed(&simt, CARRYNET_FP32));
    cr_expect(bits_are_equal(&simt));
    /* What only programs by seed have shows that there are such, and that the option makes others. */
    plant("return reciprocal_from_seed(x, reciprocal_seed(x));",
          "return -reciprocal_from_seed(x, reciprocal_seed(x));");
    cr_expect_not(bits_are_equal(&simt));
    cr_expect(bits_are_equal(&divided));
    end();
}
