/*
 * carrynet devices: lists the OpenCL devices with clinfo's numbers, the properties that matter for equal bits, and
 * whether each passes the start-up check. A machine without OpenCL is no error: it can train in plain C.
 */
#include "cli/console.h"
#include "cli/drivers.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The outcome of the start-up check in one precision. */
typedef struct admission {
    bool admitted;
    char reason[512];
} admission;

static const char *type_word(carrynet_device_type type)
{
    switch (type) {
    case CARRYNET_DEVICE_REFERENCE:
        return "host";
    case CARRYNET_DEVICE_CPU:
        return "CPU";
    case CARRYNET_DEVICE_GPU:
        return "GPU";
    case CARRYNET_DEVICE_OTHER:
        break;
    }
    return "other";
}

static admission admit(const carrynet_device *device, carrynet_precision precision)
{
    admission outcome = {0};
    if (device->error != 0) {
        (void)snprintf(outcome.reason, sizeof outcome.reason, "it does not say what it is: OpenCL error %d",
                       device->error);
        return outcome;
    }
    if (precision == CARRYNET_FP64 && !device->fp64) {
        (void)snprintf(outcome.reason, sizeof outcome.reason, "the device has no fp64");
        return outcome;
    }
    (void)console_progress("Checking device %u:%u in fp%d ...", device->platform, device->index, (int)precision);
    outcome.admitted = carrynet_device_admit(device->platform, device->index, precision) == CARRYNET_OK;
    console_progress_clear();
    if (!outcome.admitted)
        (void)snprintf(outcome.reason, sizeof outcome.reason, "%s", carrynet_message());
    return outcome;
}

static const char *yes(bool value)
{
    return value ? "yes" : "no";
}

static void print_device(const carrynet_device *d, const admission *single, const admission *wide)
{
    static const char indent[] = "         ";
    char place[24], memory[24];
    (void)snprintf(place, sizeof place, "%u:%u", d->platform, d->index);
    (void)snprintf(memory, sizeof memory, "%.1f GiB", (double)d->global_memory / 0x1p30);
    (void)printf("%-8s %-6s %-9s %-5s %-11s %-9s %-5s %10s  %s\n", place, type_word(d->type),
                 d->full_profile ? "full" : "embedded", yes(d->fma), yes(d->subnormals),
                 d->correct_division ? "exact" : "not", yes(d->fp64), memory,
                 single->admitted && wide->admitted ? "yes"
                 : single->admitted                 ? "fp32"
                                                    : "NO");
    (void)printf("%s%.68s\n%s%.68s\n", indent, d->name, indent, d->version);
    if (!single->admitted) {
        (void)printf("%snot admitted: ", indent);
        console_fold(stdout, strlen(indent) + strlen("not admitted: "), strlen(indent), single->reason);
        (void)putchar('\n');
    } else if (!wide->admitted) {
        (void)printf("%sfp64: ", indent);
        console_fold(stdout, strlen(indent) + strlen("fp64: "), strlen(indent), wide->reason);
        (void)putchar('\n');
    }
}

static void put_admission(json_t *object, const char *name, const admission *outcome)
{
    json_t *value = json_object();
    json_put(value, "admitted", json_boolean(outcome->admitted));
    if (!outcome->admitted)
        json_put(value, "reason", json_of_text(outcome->reason));
    json_put(object, name, value);
}

static void put_device(json_t *devices, const carrynet_device *d, const admission *single, const admission *wide)
{
    json_t *object = json_object();
    char place[24];
    (void)snprintf(place, sizeof place, "%u:%u", d->platform, d->index);
    json_put(object, "device", json_of_text(place));
    json_put(object, "type", json_of_text(type_word(d->type)));
    json_put(object, "platform", json_of_text(d->platform_name));
    json_put(object, "name", json_of_text(d->name));
    json_put(object, "version", json_of_text(d->version));
    json_put(object, "driver", json_of_text(d->driver));
    json_put(object, "available", json_boolean(d->available));
    json_put(object, "full_profile", json_boolean(d->full_profile));
    json_put(object, "round_to_nearest", json_boolean(d->round_to_nearest));
    json_put(object, "inf_nan", json_boolean(d->inf_nan));
    json_put(object, "fma", json_boolean(d->fma));
    json_put(object, "subnormals", json_boolean(d->subnormals));
    json_put(object, "correct_division", json_boolean(d->correct_division));
    json_put(object, "fp64", json_boolean(d->fp64));
    json_put(object, "compute_units", json_of_count(d->compute_units));
    json_put(object, "work_group_size", json_of_count(d->work_group_size));
    json_put(object, "local_memory", json_of_count(d->local_memory));
    json_put(object, "global_memory", json_of_count(d->global_memory));
    json_put(object, "largest_buffer", json_of_count(d->largest_buffer));
    json_t *both = json_object();
    put_admission(both, "fp32", single);
    put_admission(both, "fp64", wide);
    json_put(object, "admission", both);
    json_append(devices, object);
}

static void print_none(void)
{
    const char *variable = getenv("OCL_ICD_VENDORS");
    bool any;
    (void)drivers_have_pocl(&any);
    if (any) {
        (void)fputs("An OpenCL driver is installed, but it has no device that can be used: `carrynet\n"
                    "doctor` says why. Training works all the same, in plain C.\n",
                    stdout);
        return;
    }
    (void)fputs("There is no OpenCL device on this machine. Training works all the same, in\n"
                "plain C. For OpenCL on the processor, install pocl:\n"
                "\n"
                "  sudo apt-get install pocl-opencl-icd\n"
                "\n"
                "For a GPU, install its vendor's OpenCL driver.\n",
                stdout);
    if (variable != NULL && variable[0] != '\0')
        (void)printf("OCL_ICD_VENDORS is set to '%.200s': OpenCL looks for drivers only there.\n", variable);
}

static int dump_kernels(const char *folder, bool as_json)
{
    const carrynet_status status = carrynet_kernels_dump(folder);
    if (status != CARRYNET_OK)
        return console_status(status);
    if (as_json) {
        json_t *object = json_object();
        json_put(object, "kernels", json_of_text(folder));
        (void)json_line(stdout, object, JSON_DIGITS);
    } else {
        (void)printf("Wrote the kernels to %s. To use them from there, changed or not:\n\n"
                     "  CARRYNET_KERNEL_DIR=%s carrynet train\n",
                     folder, folder);
    }
    return EXIT_CODE_DONE;
}

static struct {
    const char *dump_kernels;
    bool json;
} given;

const cli_option devices_options[] = {
    {.heading = "Kernels",
     .name = "dump-kernels",
     .kind = OPTION_TEXT,
     .argument = "FOLDER",
     .meaning = "write the OpenCL kernels to FOLDER and stop; CARRYNET_KERNEL_DIR=FOLDER then uses them from there",
     .text = &given.dump_kernels},
    {OPT_JSON(&given.json)},
    {0},
};

int command_devices(const cli_arguments *arguments)
{
    const bool as_json = given.json;
    carrynet_device *devices = NULL;
    size_t count = 0;
    (void)arguments;
    if (given.dump_kernels != NULL)
        return dump_kernels(given.dump_kernels, as_json);
    carrynet_status status = carrynet_host_admit(); /* which no device is to be blamed for */
    drivers_prepare(true);
    if (status == CARRYNET_OK)
        status = carrynet_devices_list(&devices, &count);
    if (status != CARRYNET_OK)
        return console_status(status);
    json_t *list = json_array();
    for (size_t i = 0; i < count; ++i) {
        const carrynet_device *d = &devices[i];
        const admission single = admit(d, CARRYNET_FP32);
        const admission wide = admit(d, CARRYNET_FP64);
        if (as_json) {
            put_device(list, d, &single, &wide);
            continue;
        }
        if (i == 0)
            (void)printf("%-8s %-6s %-9s %-5s %-11s %-9s %-5s %10s  %s\n", "device", "type", "profile", "fma",
                         "subnormals", "division", "fp64", "memory", "admitted");
        if (i == 0 || devices[i - 1].platform != d->platform)
            (void)printf("\n%.79s\n", d->platform_name);
        print_device(d, &single, &wide);
        (void)fflush(stdout);
    }
    if (as_json) {
        json_t *object = json_object();
        json_put(object, "devices", json_incref(list));
        (void)json_line(stdout, object, JSON_DIGITS);
    } else if (count == 0) {
        print_none();
    } else {
        (void)printf("\nChoose one with --device: P:D, cpu, gpu or part of its name. All admitted\n"
                     "devices give the same bits, and so does C, --device host or, plain and slower, reference.\n");
    }
    json_decref(list);
    carrynet_devices_free(devices);
    return EXIT_CODE_DONE;
}
