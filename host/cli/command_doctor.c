/*
 * carrynet doctor: what a report of an error needs, and what to do where something is missing. The report is made as
 * JSON and printed from that, so that both say the same. Nothing found wrong ends it early.
 */
#include "cli/console.h"
#include "cli/doctor_report.h"
#include "cli/job.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include "opencl/installation.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static json_t *text_of(const char *format, ...) BASE_PRINTF(1, 2);

static json_t *text_of(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return json_of_text(text);
}

static json_t *of_memory(uint64_t bytes)
{
    return text_of("%.1f GiB", (double)bytes / 0x1p30);
}

/* ---- the program and the system -------------------------------------------------------------------------------- */

static json_t *about_program(void)
{
    json_t *object = json_object();
    json_put(object, "version", json_of_text(carrynet_version()));
    json_put(object, "arithmetic_version", json_integer(carrynet_arithmetic_version()));
    json_put(object, "defaults_version", json_integer(CARRYNET_DEFAULTS_VERSION));
    json_put(object, "prover_version", json_integer(CARRYNET_PROVER_VERSION));
#if defined(__clang__)
    json_put(object, "compiler", json_of_text(__VERSION__));
#elif defined(__GNUC__)
    json_put(object, "compiler", json_of_text("gcc " __VERSION__));
#else
    json_put(object, "compiler", json_of_text("unknown"));
#endif
    return object;
}

/* What devices are compared with: whether this build computes on this host as it should. */
static json_t *about_arithmetic(json_t *advice, bool *good)
{
    *good = carrynet_host_admit() == CARRYNET_OK;
    if (!*good)
        json_append(advice, json_of_text(carrynet_message()));
    return json_of_text(*good ? "as it should be, by known answers in fp32 and fp64" : carrynet_message());
}

/* The processor's name as Linux has it, else the machine's. */
static void processor_name(char *text, size_t size, const char *machine)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    (void)snprintf(text, size, "%s", machine);
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "model name", strlen("model name")) == 0 && strstr(line, ": ") != NULL) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(text, size, "%s", strstr(line, ": ") + 2);
            break;
        }
    if (file != NULL)
        (void)fclose(file);
}

static json_t *about_system(void)
{
    json_t *object = json_object();
    struct utsname name = {0};
    char library[128] = "unknown", processor[256];
    (void)uname(&name);
#ifdef _CS_GNU_LIBC_VERSION
    if (confstr(_CS_GNU_LIBC_VERSION, library, sizeof library) == 0)
        (void)snprintf(library, sizeof library, "unknown");
#endif
    processor_name(processor, sizeof processor, name.machine);
    json_put(object, "kernel", text_of("%s %s %s", name.sysname, name.release, name.machine));
    json_put(object, "C_library", json_of_text(library));
    json_put(object, "processor", json_of_text(processor));
#ifdef _SC_NPROCESSORS_ONLN
    json_put(object, "cores", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
#endif
    json_put(object, "cores_of_this_process", json_of_count(base_cores()));
    if (base_cgroup_cores("") != 0)
        json_put(object, "cores_of_its_cgroup", json_of_count(base_cgroup_cores("")));
    json_put(object, "memory", of_memory(base_physical_memory()));
    if (base_cgroup_memory("") != 0)
        json_put(object, "memory_of_its_cgroup", of_memory(base_cgroup_memory("")));
    json_put(object, "job",
             job_variable() != NULL ? text_of("%s=%s", job_variable(), getenv(job_variable()))
                                    : json_of_text("of no scheduler"));
    return object;
}

static json_t *about_variables(void)
{
    json_t *object = json_object();
    for (const cli_meaning *m = variable_meanings; m->name != NULL; ++m) {
        const char *value = getenv(m->name);
        json_put(object, m->name, value != NULL ? text_of("%.1000s", value) : json_of_text("not set"));
    }
    return object;
}

/* The folder of compiled kernels: of those that lead to it, the deepest that is there must be writable. */
static json_t *about_cache(json_t *advice)
{
    json_t *object = json_object();
    char folder[1024], there[1024];
    char *slash;
    job_kernel_cache(folder, sizeof folder);
    (void)snprintf(there, sizeof there, "%s", folder);
    while (access(there, F_OK) != 0 && (slash = strrchr(there, '/')) != NULL && slash != there)
        *slash = '\0';
    const bool writable = access(there, W_OK | X_OK) == 0;
    const char *reason = writable ? "" : strerror(errno);
    json_put(object, "folder", json_of_text(folder));
    json_put(object, "is_there", json_boolean(strcmp(there, folder) == 0));
    json_put(object, "writable", json_boolean(writable));
    if (!writable)
        json_append(advice,
                    text_of("pocl cannot write compiled kernels to %s (%s), and compiles them in every run; set "
                            "POCL_CACHE_DIR to a folder that can be written to",
                            folder, reason));
    return object;
}

/* ---- OpenCL ---------------------------------------------------------------------------------------------------- */

static json_t *about_opencl(json_t *advice, size_t *opened)
{
    json_t *object = json_object(), *list = json_array(), *platform_list = json_array();
    opencl_driver *drivers = NULL;
    opencl_platform *platforms = NULL;
    size_t count = 0, platform_count = 0;
    char loader[256];
    bool exists;
    const char *folder = opencl_drivers_folder(&exists);
    json_put(object, "loader", json_of_text(opencl_loader(loader, sizeof loader)));
    json_put(object, "drivers_folder", text_of("%s%s", folder, exists ? "" : ", which is not there"));
    if (opencl_drivers_list(&drivers, &count) == CARRYNET_OK)
        for (size_t i = 0; i < count; ++i) {
            json_t *driver = json_object();
            json_put(driver, "file", json_of_text(drivers[i].file));
            json_put(driver, "library", json_of_text(drivers[i].library));
            json_put(driver, "opened", json_boolean(drivers[i].opened));
            if (!drivers[i].opened) {
                json_put(driver, "reason", json_of_text(drivers[i].reason));
                json_append(advice,
                            text_of("the driver of %s cannot be used (%s); install its package again, or remove "
                                    "what is left of it",
                                    drivers[i].file, drivers[i].reason));
            }
            *opened += drivers[i].opened ? 1 : 0;
            json_append(list, driver);
        }
    if (opencl_platforms_list(&platforms, &platform_count) == CARRYNET_OK)
        for (size_t i = 0; i < platform_count; ++i) {
            json_t *platform = json_object();
            json_put(platform, "platform", json_of_count(i));
            json_put(platform, "name", json_of_text(platforms[i].name));
            json_put(platform, "vendor", json_of_text(platforms[i].vendor));
            json_put(platform, "version", json_of_text(platforms[i].version));
            json_put(platform, "devices", json_of_count(platforms[i].devices));
            json_append(platform_list, platform);
        }
    json_put(object, "drivers", list);
    json_put(object, "platforms", platform_list);
    base_free(drivers);
    base_free(platforms);
    return object;
}

/* "admitted", or why not. */
static json_t *admission_of(const carrynet_device *device, carrynet_precision precision, bool *admitted)
{
    (void)console_progress("Checking device %u:%u in fp%d ...", device->platform, device->index, (int)precision);
    *admitted = carrynet_device_admit(device->platform, device->index, precision) == CARRYNET_OK;
    console_progress_clear();
    return json_of_text(*admitted ? "admitted" : carrynet_message());
}

/* A few small cases, as `carrynet compare` has them: "2 of 2 equal to plain C", or what went wrong. */
static json_t *cases_of(const carrynet_device *device, bool *good)
{
    static const char *const small[] = {"smallest", "seeds"};
    enum { SMALL = sizeof small / sizeof small[0] };
    carrynet_engine_options options;
    carrynet_case_result result = {0};
    char place[32];
    size_t equal = 0;
    (void)snprintf(place, sizeof place, "%u:%u", device->platform, device->index);
    carrynet_engine_options_init(&options);
    options.device = place;
    *good = false;
    for (size_t k = 0; k < SMALL; ++k)
        for (size_t i = 0; i < carrynet_case_count(); ++i) {
            if (strcmp(carrynet_case_name(i), small[k]) != 0)
                continue;
            (void)console_progress("Comparing %s on device %s ...", small[k], place);
            const carrynet_status status = carrynet_case_compare(&result, i, &options);
            console_progress_clear();
            if (status != CARRYNET_OK)
                return text_of("case %s: %s", small[k], carrynet_message());
            if (result.skipped || result.equal != result.values)
                return text_of("case %s: %llu of %llu values equal to plain C", small[k],
                               (unsigned long long)result.equal, (unsigned long long)result.values);
            ++equal;
        }
    *good = equal == SMALL;
    return text_of("%zu of %d equal to plain C, bit by bit", equal, SMALL);
}

static json_t *about_devices(json_t *advice, bool host, size_t *count, size_t *working)
{
    json_t *list = json_array();
    carrynet_device *devices = NULL;
    *count = 0;
    if (carrynet_devices_list(&devices, count) != CARRYNET_OK) {
        json_append(advice, json_of_text(carrynet_message()));
        *count = 0;
    }
    for (size_t i = 0; i < *count; ++i) {
        const carrynet_device *d = &devices[i];
        const double start = base_seconds();
        bool single = false, wide = false, good = false;
        json_t *object = json_object();
        json_put(object, "device", text_of("%u:%u", d->platform, d->index));
        json_put(object, "name", json_of_text(d->name));
        json_put(object, "version", json_of_text(d->version));
        json_put(object, "driver", json_of_text(d->driver));
        json_put(object, "compute_units", json_of_count(d->compute_units));
        json_put(object, "memory", of_memory(d->global_memory));
        json_put(object, "fp32", admission_of(d, CARRYNET_FP32, &single));
        json_put(object, "fp64", d->fp64 ? admission_of(d, CARRYNET_FP64, &wide) : json_of_text("not there"));
        json_put(object, "cases", single ? cases_of(d, &good) : json_of_text("not run"));
        json_put(object, "seconds", json_of_real(base_seconds() - start));
        json_put(object, "works", json_boolean(good));
        *working += good ? 1 : 0;
        if (!good && host)
            json_append(advice, text_of("device %u:%u does not work; the report says why. A newer driver may help; "
                                        "`carrynet compare --device %u:%u` says more",
                                        d->platform, d->index, d->platform, d->index));
        json_append(list, object);
    }
    carrynet_devices_free(devices);
    return list;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* What to do where there is no device at all. */
static void advise(json_t *advice, size_t devices, size_t opened)
{
    const char *variable = getenv("OCL_ICD_VENDORS");
    if (devices > 0)
        return;
    if (variable != NULL && variable[0] != '\0')
        json_append(advice,
                    text_of("OCL_ICD_VENDORS is set to '%.500s': OpenCL looks for drivers only there", variable));
    if (opened == 0)
        json_append(advice, json_of_text("there is no OpenCL driver; for OpenCL on the processor: apt-get install "
                                         "pocl-opencl-icd; for a GPU install its vendor's: nvidia-opencl-icd, "
                                         "intel-opencl-icd, mesa-opencl-icd or rocm-opencl-icd"));
    else
        json_append(advice, json_of_text("the drivers have no device: a GPU's needs its kernel module and the right to "
                                         "open /dev/dri or /dev/nvidia*, for which groups render and video stand"));
}

int command_doctor(const cli_arguments *arguments)
{
    json_t *report = json_object(), *advice = json_array();
    size_t devices = 0, working = 0, opened = 0;
    bool host = false;
    json_put(report, "carrynet", about_program());
    json_put(report, "system", about_system());
    json_put(report, "arithmetic_of_this_host", about_arithmetic(advice, &host));
    json_put(report, "OpenCL", about_opencl(advice, &opened));
    json_put(report, "devices", about_devices(advice, host, &devices, &working));
    json_put(report, "kernel_cache_of_pocl", about_cache(advice));
    json_put(report, "environment", about_variables());
    advise(advice, devices, opened);
    json_put(report, "what_to_do", json_incref(advice));
    json_put(report, "working_devices", json_of_count(working));
    if (arguments->values[OPTION_JSON].given) {
        (void)json_line(stdout, json_incref(report), JSON_DIGITS);
    } else {
        doctor_print(stdout, report);
        (void)printf("\n%zu of %zu OpenCL devices give the same bits as plain C%s\n", working, devices,
                     !host          ? ", since this build computes\nwrongly on this host, as said above"
                     : working == 0 ? "; training works all the\nsame, with --device reference"
                                    : "");
    }
    json_decref(advice);
    json_decref(report);
    return working > 0 ? EXIT_CODE_DONE : EXIT_CODE_DEVICE;
}
