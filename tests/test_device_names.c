/* Devices by name: kinds, parts of names and vendors, in letters of either case. */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The device that a device spec names, as "P:D"; "" if none. */
static const char *found(const char *spec)
{
    static char place[32];
    carrynet_device device;
    place[0] = '\0';
    if (carrynet_device_find(&device, spec) == CARRYNET_OK)
        (void)snprintf(place, sizeof place, "%u:%u", device.platform, device.index);
    return place;
}

static void expect_same(const char *spec, const char *other)
{
    char first[32];
    (void)snprintf(first, sizeof first, "%s", found(spec));
    cr_expect_str_eq(found(other), first, "'%s' is %s, '%s' is %s", spec, first, other, found(other));
}

Test(device_names, kinds_in_either_case)
{
    expect_same("cpu", "CPU");
    expect_same("cpu", "Cpu");
    expect_same("gpu", "GPU");
    expect_same("auto", "AUTO");
    expect_same("auto", "");
    expect_same("auto", NULL);
}

Test(device_names, parts_of_names)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    cr_assert_eq(carrynet_devices_list(&devices, &count), CARRYNET_OK);
    if (count == 0)
        (void)printf("SKIP: no OpenCL device\n");
    for (size_t i = 0; i < count; ++i) {
        char small[128], large[128], part[16];
        for (size_t k = 0; k < sizeof small; ++k) {
            small[k] = (char)tolower((unsigned char)devices[i].name[k]);
            large[k] = (char)toupper((unsigned char)devices[i].name[k]);
        }
        cr_expect_str_neq(found(small), "");
        expect_same(devices[i].name, small);
        expect_same(devices[i].name, large);
        (void)snprintf(part, sizeof part, "%.12s", large); /* the first that has it */
        cr_expect_str_neq(found(part), "");
        if (strcmp(devices[i].platform_name, "Portable Computing Language") != 0)
            continue;
        static const char *const pocl[] = {"pocl", "POCL", "PoCL", "portable", "the pocl project"};
        for (size_t k = 0; k < sizeof pocl / sizeof pocl[0]; ++k)
            expect_same("Portable Computing Language", pocl[k]);
    }
    cr_expect_str_eq(found("no such device"), "");
    cr_expect_str_eq(found("cpuu"), "");
    cr_expect_str_eq(found(" cpu"), "");
    carrynet_devices_free(devices);
}

/* How the description of an engine on this device begins; "" if there is none. */
static const char *engine_on(const char *spec)
{
    static char text[64];
    carrynet_settings settings;
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    carrynet_engine_options_init(&options);
    options.device = spec;
    text[0] = '\0';
    if (carrynet_engine_create(&engine, &settings, &options) == CARRYNET_OK)
        (void)snprintf(text, sizeof text, "%.60s", carrynet_engine_description(engine));
    carrynet_engine_free(engine);
    return text;
}

Test(device_names, engines)
{
    char first[64];
    static const char *const references[] = {"reference", "Reference", "REFERENCE"};
    static const char *const pairs[][2] = {{"cpu", "CPU"}, {"all", "ALL"}, {"cpu,reference", "Cpu,Reference"}};
    for (size_t i = 0; i < sizeof references / sizeof references[0]; ++i)
        cr_expect(strstr(engine_on(references[i]), "reference, plain C") != NULL, "%s", references[i]);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; ++i) {
        (void)snprintf(first, sizeof first, "%s", engine_on(pairs[i][0]));
        cr_expect_str_eq(engine_on(pairs[i][1]), first, "%s", pairs[i][1]);
    }
}
