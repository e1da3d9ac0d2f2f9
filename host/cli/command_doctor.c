/*
 * carrynet doctor: the information for a bug report, and advice where something is missing. The report is built as JSON
 * and printed from it part by part, so that both forms agree. A defect does not end the report early. This process
 * loads no driver.
 */
#include "cli/console.h"
#include "cli/doctor_opencl.h"
#include "cli/doctor_report.h"
#include "cli/drivers.h"
#include "cli/job.h"
#include "cli/json_values.h"
#include "cli/kernel_cache.h"
#include "cli/options.h"
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

static json_t *text_of(const char *format, ...) SYS_PRINTF(1, 2);

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
    json_put(object, "cores_of_this_process", json_of_count(sys_cores()));
    if (sys_cgroup_cores("") != 0)
        json_put(object, "cores_of_its_cgroup", json_of_count(sys_cgroup_cores("")));
    json_put(object, "memory", of_memory(sys_physical_memory()));
    if (sys_cgroup_memory("") != 0)
        json_put(object, "memory_of_its_cgroup", of_memory(sys_cgroup_memory("")));
    json_put(object, "job",
             job_variable() != NULL ? text_of("%s=%s", job_variable(), getenv(job_variable()))
                                    : json_of_text("of no scheduler"));
    return object;
}

/* The variables that have a meaning here; and others of loaders, drivers and the linker, where they are set. */
static json_t *about_variables(void)
{
    static const char *const others[] = {"OCL_ICD_", "OPENCL_", "POCL_", "LD_PRELOAD=", "LD_LIBRARY_PATH="};
    json_t *object = json_object();
    for (const cli_meaning *m = variable_meanings; m->name != NULL; ++m) {
        const char *value = getenv(m->name);
        json_put(object, m->name, value != NULL ? text_of("%.1000s", value) : json_of_text("not set"));
    }
    for (char **v = environ; *v != NULL; ++v) {
        char name[64];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(*v, "="), *v);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i)
            if (strncmp(*v, others[i], strlen(others[i])) == 0 && json_object_get(object, name) == NULL)
                json_put(object, name, text_of("%.1000s", *v + strcspn(*v, "=") + ((*v)[strcspn(*v, "=")] != '\0')));
    }
    return object;
}

/* The folder of compiled kernels. */
static json_t *about_cache(const kernel_cache *cache)
{
    json_t *object = json_object();
    json_put(object, "folder", json_of_text(cache->folder));
    json_put(object, "is_there", json_boolean(access(cache->folder, F_OK) == 0));
    json_put(object, "writable", json_boolean(cache->fault[0] == '\0'));
    if (cache->fault[0] != '\0')
        json_put(object, "reason", json_of_text(cache->fault));
    if (cache->instead[0] != '\0')
        json_put(object, "used_instead", json_of_text(cache->instead));
    return object;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* A part of the report, printed at once where that is text: what comes after it may take long. */
static void put_part(json_t *report, const char *name, json_t *part, bool as_json)
{
    json_put(report, name, part);
    json_t *alone = json_object();
    json_put(alone, name, json_incref(part));
    if (!as_json)
        doctor_print(stdout, alone);
    (void)fflush(stdout);
    json_decref(alone);
}

static bool as_json;

const cli_option doctor_options[] = {{OPT_JSON(&as_json)}, {0}};

int command_doctor(const cli_arguments *arguments)
{
    json_t *report = json_object();
    char note[3 * KERNEL_CACHE_PATH];
    bool any, host = false;
    (void)arguments;
    doctor_opencl found = {.cache = kernel_cache_prepare(true), .advice = json_array()};
    put_part(report, "carrynet", about_program(), as_json);
    put_part(report, "system", about_system(), as_json);
    put_part(report, "arithmetic_of_this_host", about_arithmetic(found.advice, &host), as_json);
    found.host = host;
    put_part(report, "kernel_cache_of_pocl", about_cache(found.cache), as_json);
    put_part(report, "environment", about_variables(), as_json);
    if (job_wrong_threads()[0] != '\0')
        json_append(found.advice, json_of_text(job_wrong_threads()));
    if (kernel_cache_note(note, sizeof note, found.cache)[0] != '\0' &&
        (!found.cache->suspect || found.cache->damaged[0] != '\0') && drivers_have_pocl(&any))
        json_append(found.advice, json_of_text(note));
    put_part(report, "OpenCL", doctor_about_opencl(&found), as_json);
    put_part(report, "devices", doctor_about_devices(&found), as_json);
    const size_t working = found.apart ? 0 : found.works;
    json_put(report, "working_devices", json_of_count(working));
    put_part(report, "what_to_do", found.advice, as_json);
    if (as_json) {
        (void)json_line(stdout, json_incref(report), JSON_DIGITS);
    } else {
        (void)printf("\n%zu of %zu OpenCL devices give the same bits as plain C%s\n", found.works, found.devices,
                     !host ? ", since this build computes\nwrongly on this host, as said above"
                     : working == found.works && working > 0 ? ""
                     : found.works > 0
                         ? ", but only\nwith the variable above; until it is set, or the driver gone, every command "
                           "ends"
                         : "; training works all the\nsame, with --device host");
    }
    doctor_opencl_free(&found);
    json_decref(report);
    return working > 0 ? EXIT_CODE_DONE : EXIT_CODE_DEVICE;
}
