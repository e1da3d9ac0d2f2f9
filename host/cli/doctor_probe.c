/*
 * Queries OpenCL drivers in child processes. A child writes lines to its parent: each next action, and at last its
 * answer in JSON. Other output of the drivers is kept, since it often tells why they die.
 */
#include "cli/doctor_probe.h"
#include "cli/json_values.h"
#include <carrynet/carrynet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A driver answers at once, but its library may be large and the disk slow; kernels are compiled, and may run on a GPU. */
static const sys_child_limits for_driver = {.idle = 5, .most = 60}, for_device = {.idle = 30, .most = 900};

/* A question. */
struct question {
    void (*ask)(const struct question *question, int to);
    const opencl_driver *driver; /* the one that is asked; NULL: all */
    const opencl_loader *loader;
    uint32_t platform, index;
    const char *cache;
};

/* ---- in the child ---------------------------------------------------------------------------------------------- */

static void put_line(int to, const char *text)
{
    (void)!write(to, text, strlen(text));
    (void)!write(to, "\n", 1);
}

static void answer(int to, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text != NULL)
        put_line(to, text);
    free(text);
    json_decref(value);
}

static void ask_loader(const struct question *question, int to)
{
    char version[256];
    (void)question;
    (void)setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    (void)setenv("OCL_ICD_FILENAMES", "", 1);
    (void)unsetenv("OPENCL_LAYERS");
    put_line(to, "its version was asked for");
    answer(to, json_of_text(opencl_loader_version(version, sizeof version)));
}

static void ask_driver(const struct question *question, int to)
{
    opencl_driver driver = *question->driver;
    opencl_platform *platforms = NULL;
    size_t count = 0;
    uint64_t devices = 0;
    json_t *object = json_object();
    put_line(to, "its library was opened");
    opencl_driver_open(&driver);
    if (driver.reason[0] != '\0') {
        json_put(object, "reason", json_of_text(driver.reason));
    } else {
        opencl_driver_alone(&driver, question->loader);
        put_line(to, "its platforms and devices were listed");
        if (opencl_platforms_list(&platforms, &count) != CARRYNET_OK)
            count = 0;
        for (size_t i = 0; i < count; ++i)
            devices += platforms[i].devices;
        json_put(object, "platforms", json_of_count(count));
        json_put(object, "devices", json_of_count(devices));
        sys_free(platforms);
    }
    answer(to, object);
}

static bool is_pocl(const carrynet_device *device)
{
    return strcmp(device->platform_name, "Portable Computing Language") == 0;
}

static void ask_all(const struct question *question, int to)
{
    json_t *object = json_object(), *platform_list = json_array(), *device_list = json_array();
    opencl_platform *platforms = NULL;
    carrynet_device *devices = NULL;
    size_t count = 0;
    if (question->driver != NULL)
        opencl_driver_alone(question->driver, question->loader);
    put_line(to, "platforms and devices were listed");
    if (opencl_platforms_list(&platforms, &count) != CARRYNET_OK)
        count = 0;
    for (size_t i = 0; i < count; ++i) {
        json_t *platform = json_object();
        json_put(platform, "platform", json_of_count(i));
        json_put(platform, "name", json_of_text(platforms[i].name));
        json_put(platform, "vendor", json_of_text(platforms[i].vendor));
        json_put(platform, "version", json_of_text(platforms[i].version));
        json_put(platform, "devices", json_of_count(platforms[i].devices));
        json_append(platform_list, platform);
    }
    if (carrynet_devices_list(&devices, &count) != CARRYNET_OK) {
        json_put(object, "reason", json_of_text(carrynet_message()));
        count = 0;
    }
    for (size_t i = 0; i < count; ++i) {
        json_t *device = json_object();
        json_put(device, "platform", json_of_count(devices[i].platform));
        json_put(device, "index", json_of_count(devices[i].index));
        json_put(device, "pocl", json_boolean(is_pocl(&devices[i])));
        json_append(device_list, device);
    }
    json_put(object, "platforms", platform_list);
    json_put(object, "devices", device_list);
    sys_free(platforms);
    carrynet_devices_free(devices);
    answer(to, object);
}

/* "admitted", or why not. */
static json_t *admission_of(const carrynet_device *device, carrynet_precision precision, bool *admitted, int to)
{
    put_line(to, precision == CARRYNET_FP32 ? "the start-up check ran in fp32" : "the start-up check ran in fp64");
    *admitted = carrynet_device_admit(device->platform, device->index, precision) == CARRYNET_OK;
    return json_of_text(*admitted ? "admitted" : carrynet_message());
}

/* A few small cases, as `carrynet compare` has them: "2 of 2 equal to plain C", or what went wrong. */
static json_t *cases_of(const carrynet_device *device, bool *good, int to)
{
    static const char *const small[] = {"smallest", "seeds"};
    enum { SMALL = sizeof small / sizeof small[0] };
    carrynet_engine_options options;
    carrynet_case_result result = {0};
    char place[32], text[600], stage[64];
    size_t equal = 0;
    (void)snprintf(place, sizeof place, "%u:%u", device->platform, device->index);
    carrynet_engine_options_init(&options);
    options.device = place;
    *good = false;
    for (size_t k = 0; k < SMALL; ++k)
        for (size_t i = 0; i < carrynet_case_count(); ++i) {
            if (strcmp(carrynet_case_name(i), small[k]) != 0)
                continue;
            (void)snprintf(stage, sizeof stage, "case %s ran", small[k]);
            put_line(to, stage);
            if (carrynet_case_compare(&result, i, &options) != CARRYNET_OK) {
                (void)snprintf(text, sizeof text, "case %s: %.500s", small[k], carrynet_message());
                return json_of_text(text);
            }
            if (result.skipped || result.equal != result.values) {
                (void)snprintf(text, sizeof text, "case %s: %llu of %llu values equal to plain C", small[k],
                               (unsigned long long)result.equal, (unsigned long long)result.values);
                return json_of_text(text);
            }
            ++equal;
        }
    *good = equal == SMALL;
    (void)snprintf(text, sizeof text, "%zu of %d equal to plain C, bit by bit", equal, SMALL);
    return json_of_text(text);
}

static void ask_device(const struct question *question, int to)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    char text[64];
    bool found = false;
    const double start = sys_seconds();
    if (question->cache != NULL)
        (void)setenv("POCL_CACHE_DIR", question->cache, 1);
    if (question->driver != NULL)
        opencl_driver_alone(question->driver, question->loader);
    put_line(to, "devices were listed");
    const carrynet_status status = carrynet_devices_list(&devices, &count);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        const carrynet_device *d = &devices[i];
        bool single = false, wide = false, good = false;
        if (d->platform != question->platform || d->index != question->index)
            continue;
        json_t *object = json_object();
        (void)snprintf(text, sizeof text, "%u:%u", d->platform, d->index);
        json_put(object, "device", json_of_text(text));
        json_put(object, "name", json_of_text(d->name));
        json_put(object, "version", json_of_text(d->version));
        json_put(object, "driver", json_of_text(d->driver));
        json_put(object, "compute_units", json_of_count(d->compute_units));
        (void)snprintf(text, sizeof text, "%.1f GiB", (double)d->global_memory / 0x1p30);
        json_put(object, "memory", json_of_text(text));
        json_put(object, "fp32", admission_of(d, CARRYNET_FP32, &single, to));
        json_put(object, "fp64", d->fp64 ? admission_of(d, CARRYNET_FP64, &wide, to) : json_of_text("not there"));
        json_put(object, "cases", single ? cases_of(d, &good, to) : json_of_text("not run"));
        json_put(object, "seconds", json_of_real(sys_seconds() - start));
        json_put(object, "works", json_boolean(good));
        answer(to, object);
        found = true;
    }
    if (!found) {
        json_t *object = json_object();
        (void)snprintf(text, sizeof text, "%u:%u", question->platform, question->index);
        json_put(object, "device", json_of_text(text));
        json_put(object, "reason",
                 json_of_text(status != CARRYNET_OK ? carrynet_message() : "it is not listed any more"));
        json_put(object, "works", json_false());
        answer(to, object);
    }
    carrynet_devices_free(devices);
}

/* ---- in the parent --------------------------------------------------------------------------------------------- */

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGABRT, "SIGABRT"}, {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
                 {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGTRAP, "SIGTRAP"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        if (names[i].number == number)
            return names[i].name;
    return "a signal";
}

/* The last line of a text, without its end, cut off from it; "" if there is none. */
static const char *cut_last_line(char *text)
{
    size_t size = strlen(text);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        text[--size] = '\0';
    char *end = strrchr(text, '\n');
    if (end == NULL)
        return text;
    *end = '\0';
    return end + 1;
}

static void child(void *self, int result)
{
    const struct question *question = self;
    question->ask(question, result);
}

static doctor_answer ask(struct question question, const sys_child_limits *patience)
{
    doctor_answer got = {0};
    sys_text result = {0}, said = {0};
    sys_child_end ending;
    const carrynet_status status = sys_run_child(&result, &said, &ending, child, &question, patience);
    const char *line = result.data != NULL ? cut_last_line(result.data) : "";
    if (status != CARRYNET_OK)
        (void)snprintf(got.how, sizeof got.how, "not asked: %.200s", carrynet_message());
    else if (ending.endless)
        (void)snprintf(got.how, sizeof got.how, "it wrote without end while %.100s", line);
    else if (ending.late)
        (void)snprintf(got.how, sizeof got.how, "no answer for %.0f s while %.100s", ending.seconds, line);
    else if (ending.signal != 0)
        (void)snprintf(got.how, sizeof got.how, "ended by %s (%.60s) while %.100s", signal_name(ending.signal),
                       strsignal(ending.signal), line);
    else if (ending.code != 0 || (got.value = json_loads(line, JSON_DECODE_ANY, NULL)) == NULL)
        (void)snprintf(got.how, sizeof got.how, "it called exit (code %d) while %.100s", ending.code, line);
    got.died = status == CARRYNET_OK && got.how[0] != '\0';
    if (got.how[0] != '\0' && said.data != NULL)
        (void)snprintf(got.said, sizeof got.said, "%s", sys_printable((char *)(uintptr_t)cut_last_line(said.data)));
    sys_text_free(&result);
    sys_text_free(&said);
    return got;
}

doctor_answer doctor_ask_loader(void)
{
    return ask((struct question){.ask = ask_loader}, &for_driver);
}

doctor_answer doctor_ask_driver(const opencl_driver *driver, const opencl_loader *loader)
{
    return ask((struct question){.ask = ask_driver, .driver = driver, .loader = loader}, &for_driver);
}

doctor_answer doctor_ask_all(const opencl_driver *alone, const opencl_loader *loader)
{
    return ask((struct question){.ask = ask_all, .driver = alone, .loader = loader}, &for_driver);
}

doctor_answer doctor_ask_device(const opencl_driver *alone, const opencl_loader *loader, uint32_t platform,
                                uint32_t index, const char *cache)
{
    return ask((struct question){ask_device, alone, loader, platform, index, cache}, &for_device);
}
