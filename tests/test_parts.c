/*
 * Equal parts of a device as devices of their own: what they are called, that each trains to the bits of the whole, and
 * what is said of parts that there are not. pocl is told of four compute units, however many the machine has.
 */
#include "each_backend.h"
#include "program_run.h"

enum { NAME = 32, UPDATES = 5 };

/* The first device as "P:D", and its compute units; "" where there is none. */
static uint32_t first_device(char name[NAME])
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    uint32_t units = 0;
    name[0] = '\0';
    cr_assert_eq(setenv("POCL_MAX_PTHREAD_COUNT", "4", 1), 0);
    MUST(carrynet_devices_list(&devices, &count));
    if (count > 0) {
        (void)snprintf(name, NAME, "%u:%u", (unsigned)devices[0].platform, (unsigned)devices[0].index);
        units = devices[0].compute_units;
        cr_expect_eq(devices[0].parts, 0u);
    } else {
        (void)printf("\nSKIP: no OpenCL device to cut into parts\n");
        (void)fflush(stdout);
    }
    carrynet_devices_free(devices);
    return units;
}

/* Whether the device can be cut at all; the message says why not. */
static bool makes_parts(const char *name)
{
    char spec[NAME + 8];
    carrynet_device part;
    (void)snprintf(spec, sizeof spec, "%s/2.0", name);
    const carrynet_status status = carrynet_device_find(&part, spec);
    if (status == CARRYNET_OK)
        return true;
    cr_assert_eq(status, CARRYNET_ERROR_DEVICE);
    cr_expect(strstr(carrynet_message(), "cannot be cut into 2 parts: ") != NULL, "%s", carrynet_message());
    return false;
}

/* Weights after a few updates on the device; `says` stands in its description. */
static void train(float *weights, const char *device, const char *says)
{
    carrynet_settings settings;
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.batch = 200;
    carrynet_engine_options_init(&options);
    options.device = device;
    options.launches = CARRYNET_LAUNCHES_STEPS;
    MUST(carrynet_engine_create(&engine, &settings, &options));
    cr_expect(strstr(carrynet_engine_description(engine), says) != NULL, "no '%s' in '%s'", says,
              carrynet_engine_description(engine));
    const carrynet_source source = carrynet_counter_source(&carrynet_engine_settings(engine)->task);
    MUST(carrynet_engine_train(engine, &source, UPDATES, NULL));
    MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
    carrynet_engine_free(engine);
}

Test(parts, train_to_the_same_bits)
{
    char name[NAME], spec[NAME + 8], says[64];
    static float want[1024], got[1024];
    const uint32_t units = first_device(name);
    if (name[0] == '\0')
        return;
    const uint32_t most = makes_parts(name) ? 2 : 1;
    train(want, "reference", "reference");
    for (uint32_t parts = 1; parts <= most; ++parts)
        for (uint32_t i = 0; i < parts; ++i) {
            carrynet_device part;
            (void)snprintf(spec, sizeof spec, "%s/%u.%u", name, (unsigned)parts, (unsigned)i);
            MUST(carrynet_device_find(&part, spec));
            cr_expect(part.parts == parts && part.part == i && part.compute_units == units / parts,
                      "%s: %u of %u units", spec, (unsigned)part.compute_units, (unsigned)units);
            (void)snprintf(says, sizeof says, ", part %u of %u, %u compute unit", (unsigned)(i + 1), (unsigned)parts,
                           (unsigned)(units / parts));
            train(got, spec, says);
            cr_expect(memcmp(got, want, sizeof got) == 0, "%s: weights differ from the reference's", spec);
        }
}

static void expect_refused(const char *spec, carrynet_status expected, const char *says)
{
    carrynet_device part;
    cr_expect_eq(carrynet_device_find(&part, spec), expected, "%s", spec);
    cr_expect(strstr(carrynet_message(), says) != NULL, "%s: no '%s' in '%s'", spec, says, carrynet_message());
}

Test(parts, refuse_what_is_not_there)
{
    char name[NAME], spec[NAME + 8];
    const uint32_t units = first_device(name);
    /* What is wrong with the words is said without a device. */
    expect_refused("0:0/2", CARRYNET_ERROR_ARGUMENT, "these are 2, where one is asked for, 0:0/2.0 to 0:0/2.1");
    expect_refused("0:0/2.2", CARRYNET_ERROR_ARGUMENT, "of 2 parts the last is 0:0/2.1");
    static const char *const wrong[] = {"0:0/",    "0:0/x",     "0:0/0.0",  "0:0/65.0",         "0:0/2.",
                                        "0:0/2.x", "0:0/2.1 ",  "0:0/-1.0", "0:0/4294967298.0", "0:0/2.4294967296",
                                        "0:0/2/2", "0:0/2.1.0", "0:0/ 2.1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i)
        expect_refused(wrong[i], CARRYNET_ERROR_ARGUMENT, "parts of a device are P:D/N.I with N from 1 to 64");
    if (name[0] == '\0')
        return;
    expect_refused("99:7/2.1", CARRYNET_ERROR_DEVICE, "no device '99:7/2.1'");
    (void)snprintf(spec, sizeof spec, "%s/64.63", name);
    if (units < 64 && makes_parts(name))
        expect_refused(spec, CARRYNET_ERROR_DEVICE, "cannot be cut into 64 parts: each needs one");
}

Test(parts, in_the_program, .init = program_enter, .fini = program_leave)
{
    char name[NAME], spec[NAME + 8];
    (void)first_device(name);
    EXPECT_ERROR(2, "of 2 parts the last is 0:0/2.1", "train", "--device", "0:0/2.2");
    if (name[0] == '\0' || !makes_parts(name))
        return;
    (void)snprintf(spec, sizeof spec, "%s/2.1", name);
    struct program_result result = PROGRAM("train", "--updates", "50", "-o", "whole", "--device", "reference");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("train", "--updates", "50", "-o", "part", "--device", spec);
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "part 2 of 2, ");
    program_done(&result);
    size_t whole_size = 0, part_size = 0;
    char *whole = program_file("whole", &whole_size), *part = program_file("part", &part_size);
    cr_expect(whole_size == part_size && memcmp(whole, part, whole_size) == 0, "the files differ");
    free(whole);
    free(part);
    result = PROGRAM("compare", "--device", spec, "--case", "smallest");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, spec);
    program_done(&result);
}
