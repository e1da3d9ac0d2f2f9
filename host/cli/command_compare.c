/*
 * carrynet compare: runs every case on an OpenCL device and in plain C and prints a line for each: number of equal bits
 * and of all, the worst difference and its place, a digest that is the same on every machine. Exit code 1 if a bit
 * differs; --bisect then locates the difference, in the case that compares the fewest values.
 */
#include "cli/compare_bisect.h"
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/job_ranks.h"
#include "cli/json_values.h"
#include "cli/options.h"
#include "engine/device_list.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES_MOST = 2 };

/* What has been counted so far. */
typedef struct comparison {
    size_t equal, different, skipped;
    bool heading;
    json_t *cases;
    size_t worst; /* the smallest case that differs, its values and its kernels */
    uint64_t worst_values;
    carrynet_kernel_variant worst_variant;
} comparison;

static const char *variant_word(carrynet_kernel_variant variant)
{
    return variant == CARRYNET_KERNEL_VARIANT_SIMD ? "cpu" : variant == CARRYNET_KERNEL_VARIANT_SIMT ? "gpu" : "-";
}

static bool case_wanted(const char *name, const char *wanted, bool exactly)
{
    return wanted == NULL || (exactly ? strcmp(name, wanted) == 0 : strstr(name, wanted) != NULL);
}

/* How many cases --case names: one of exactly that name, else those whose name contains it. */
static size_t count_wanted(const char *wanted, bool *exactly)
{
    size_t within = 0;
    *exactly = false;
    for (size_t i = 0; i < carrynet_case_count(); ++i) {
        if (wanted != NULL && strcmp(carrynet_case_name(i), wanted) == 0) {
            *exactly = true;
            return 1;
        }
        within += case_wanted(carrynet_case_name(i), wanted, false) ? 1 : 0;
    }
    return within;
}

static int no_such_case(const cli_arguments *arguments, const char *wanted)
{
    const size_t count = carrynet_case_count();
    const char **names = calloc(count, sizeof *names);
    sys_text message = {0};
    for (size_t i = 0; i < count && names != NULL; ++i)
        names[i] = carrynet_case_name(i);
    console_unknown(&message, "case", wanted, names, names != NULL ? count : 0);
    const int code = arguments_wrong(arguments, "%s", message.data != NULL ? message.data : wanted);
    sys_text_free(&message);
    free((void *)names);
    return code;
}

/*
 * The OpenCL device to compare, as P:D or P:D/N.I: the one asked for, else the best that is admitted, or if inexact the
 * first that is there. False, after a message, if there is none; *code is then the exit code.
 */
static bool find_device(char *place, size_t size, const char *spec, bool inexact, int *code)
{
    static const char *const best[] = {"gpu", "cpu"};
    const bool automatic = spec == NULL || spec[0] == '\0' || sys_same_word(spec, "auto");
    carrynet_device device;
    carrynet_status status = CARRYNET_ERROR_DEVICE;
    if (!automatic)
        status = carrynet_device_find(&device, spec);
    for (size_t i = 0; automatic && i < sizeof best / sizeof best[0] && status != CARRYNET_OK; ++i) {
        status = carrynet_device_find(&device, best[i]);
        if (status == CARRYNET_OK)
            status = carrynet_device_admit(device.platform, device.index, CARRYNET_FP32);
    }
    for (size_t i = 0; automatic && inexact && i < sizeof best / sizeof best[0] && status != CARRYNET_OK; ++i)
        status = carrynet_device_find(&device, best[i]);
    if (status != CARRYNET_OK) {
        *code = console_status(status);
        return false;
    }
    if (device.parts > 0)
        (void)snprintf(place, size, "%u:%u/%u.%u", device.platform, device.index, device.parts, device.part);
    else
        (void)snprintf(place, size, "%u:%u", device.platform, device.index);
    console_note("Device: %s, %s", place, device.name);
    return true;
}

/* The same of several ranks, each of which has one of the devices on its machine. */
static bool find_own_device(char *place, size_t size, const carrynet_engine_options *options, int *code)
{
    sys_text spec = {0};
    if (options->comm == NULL)
        return find_device(place, size, options->device, options->allow_inexact, code);
    const carrynet_status status = device_list_text(&spec, options->device, options->comm);
    if (status != CARRYNET_OK)
        *code = console_status(status);
    const bool found = status == CARRYNET_OK && find_device(place, size, spec.data, options->allow_inexact, code);
    sys_text_free(&spec);
    return found;
}

/* ---- one case -------------------------------------------------------------------------------------------------- */

static void print_case(comparison *counted, const carrynet_case_result *r, carrynet_kernel_variant variant)
{
    char equal[64], worst[96] = "", ulp[24];
    if (!counted->heading)
        (void)printf("%-18s %-5s  %-25s  %s\n", "case", "shape", "equal bits", "digest");
    counted->heading = true;
    if (r->skipped) {
        (void)printf("%-18s %-5s  skipped: %s\n", r->name, variant_word(variant), r->reason);
        return;
    }
    (void)snprintf(equal, sizeof equal, "%" PRIu64 " of %" PRIu64, r->equal, r->values);
    if (r->equal != r->values) {
        (void)snprintf(ulp, sizeof ulp, "%" PRIu64 " ulp", r->worst_ulp);
        (void)snprintf(worst, sizeof worst, "  DIFFERENT, worst: %s at %s[%" PRIu64 "]\n",
                       r->worst_ulp == UINT64_MAX ? "NaN" : ulp, r->worst_tensor, r->worst_index);
    }
    (void)printf("%-18s %-5s  %-25s  %016" PRIx64 "\n%s", r->name, variant_word(variant), equal, r->digest, worst);
    (void)fflush(stdout);
}

static void put_case(json_t *cases, const carrynet_case_result *r, carrynet_kernel_variant variant)
{
    json_t *object = json_object();
    char digest[24];
    json_put(object, "case", json_of_text(r->name));
    json_put(object, "kernel_shape",
             variant == CARRYNET_KERNEL_VARIANT_AUTO ? json_null() : json_of_text(variant_word(variant)));
    if (r->skipped) {
        json_put(object, "skipped", json_of_text(r->reason));
    } else {
        (void)snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
        json_put(object, "values", json_of_count(r->values));
        json_put(object, "equal", json_of_count(r->equal));
        if (r->equal != r->values) {
            json_put(object, "worst_ulp", r->worst_ulp == UINT64_MAX ? json_null() : json_of_count(r->worst_ulp));
            json_put(object, "worst_tensor", json_of_text(r->worst_tensor));
            json_put(object, "worst_index", json_of_count(r->worst_index));
        }
        json_put(object, "digest", json_of_text(digest));
    }
    json_append(cases, object);
}

static carrynet_status compare_case(comparison *counted, size_t index, const carrynet_engine_options *options)
{
    carrynet_case_result result = {0};
    (void)console_progress("Comparing %s ...", carrynet_case_name(index));
    const carrynet_status status = carrynet_case_compare(&result, index, options);
    console_progress_clear();
    if (status != CARRYNET_OK)
        return status;
    if (result.skipped)
        ++counted->skipped;
    else if (result.equal == result.values)
        ++counted->equal;
    else {
        if (counted->different++ == 0 || result.values < counted->worst_values) {
            counted->worst = index;
            counted->worst_values = result.values;
            counted->worst_variant = options->kernel_variant;
        }
    }
    if (counted->cases != NULL)
        put_case(counted->cases, &result, options->kernel_variant);
    else
        print_case(counted, &result, options->kernel_variant);
    return CARRYNET_OK;
}

/* Whether a device spec is of several devices that compute together: they are compared as one. */
static bool names_several(const carrynet_engine_options *options)
{
    const char *spec = options->device != NULL ? options->device : "";
    return strpbrk(spec, ",/") != NULL || sys_same_word(spec, "all");
}

static const char *case_offer(size_t index)
{
    return index < carrynet_case_count() ? carrynet_case_name(index) : NULL;
}

static struct {
    const char *wanted, *output;
    bool bisect, json;
} given;

const cli_option compare_options[] = {
    {.heading = "What to compare",
     .name = "case",
     .kind = OPTION_TEXT,
     .argument = "NAME",
     .offer = case_offer,
     .meaning = "only this case; else those whose name contains NAME",
     .fallback = "all",
     .text = &given.wanted},
    {.name = "bisect",
     .meaning = "where a bit differs, find the first kernel, tensor and value that does, and the smallest network that "
                "shows it, and write a folder with a program that shows it alone: a report for the driver's author. A "
                "device that is not admitted is compared too",
     .flag = &given.bisect},
    {OPT_DEVICE("gpu, cpu, host (C), P:D as `carrynet devices` lists them, or part of a name; also by the variable "
                "CARRYNET_DEVICE",
                "the best OpenCL device")},
    {OPT_KERNEL_SHAPE("both, one after the other")},
    {.include = other_device_options},
    {OPT_OUTPUT(&given.output, "FOLDER", "where --bisect writes its folder", "bisect-CASE"),
     .no_stream = "it is a folder"},
    {OPT_JSON(&given.json)},
    {0},
};

/* What --bisect and -o ask for that cannot be done: a message, and true. */
static bool wrong_bisect(const cli_arguments *arguments, bool in_c, bool together)
{
    if (given.output != NULL && !given.bisect)
        (void)arguments_wrong(arguments, "-o says where --bisect writes; there is nothing else to write");
    else if (given.bisect && in_c)
        (void)arguments_wrong(arguments, "--bisect compares an OpenCL device with the reference; name another device");
    else if (given.bisect && together)
        (void)arguments_wrong(arguments, "--bisect looks at one device in one process; name one");
    else
        return false;
    return true;
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

int command_compare(const cli_arguments *arguments)
{
    const char *wanted = given.wanted;
    carrynet_kernel_variant shapes[SHAPES_MOST] = {CARRYNET_KERNEL_VARIANT_SIMD, CARRYNET_KERNEL_VARIANT_SIMT};
    size_t shape_count = SHAPES_MOST;
    carrynet_engine_options options;
    comparison counted = {0};
    json_t *found = json_null();
    char place[32];
    bool exactly;
    int code = EXIT_CODE_DONE;
    engine_from_options(&options, NULL);
    if (given.bisect) /* a device that is not admitted is looked at all the same */
        options.allow_inexact = true;
    if (count_wanted(wanted, &exactly) == 0)
        return no_such_case(arguments, wanted != NULL ? wanted : "");
    const bool in_c = device_in_c(options.device);
    const bool several = names_several(&options);
    const bool together = several || carrynet_comm_size(options.comm) > 1;
    if (wrong_bisect(arguments, in_c, together))
        return EXIT_CODE_USAGE;
    if (several)
        console_note("Devices: %s", options.device);
    else if (!in_c) /* of each rank its own */
        (void)find_own_device(place, sizeof place, &options, &code);
    if (carrynet_comm_size(options.comm) > 1)
        console_note("%" PRIu32 " ranks", carrynet_comm_size(options.comm));
    if (!job_agree(&code))
        return code;
    if (!in_c && !together)
        options.device = place;
    if (in_c) {
        shapes[0] = CARRYNET_KERNEL_VARIANT_AUTO; /* has no kernels: once */
        shape_count = 1;
    } else if (given_device.kernel_variant.given) {
        shapes[0] = options.kernel_variant;
        shape_count = 1;
    }
    counted.cases = given.json ? json_array() : NULL;
    for (size_t i = 0; i < carrynet_case_count(); ++i) {
        if (!case_wanted(carrynet_case_name(i), wanted, exactly))
            continue;
        for (size_t k = 0; k < shape_count; ++k) {
            options.kernel_variant = shapes[k];
            const carrynet_status status = compare_case(&counted, i, &options);
            if (status != CARRYNET_OK) {
                if (counted.equal + counted.different + counted.skipped > 0) /* else it is the device, not the case */
                    console_error("case %s, kernel shape %s:", carrynet_case_name(i), variant_word(shapes[k]));
                code = engine_status(status, &options);
                goto done;
            }
        }
    }
    code = counted.different == 0 ? EXIT_CODE_DONE : EXIT_CODE_CHECK;
    if (given.bisect && counted.different > 0) {
        options.kernel_variant = counted.worst_variant;
        options.comm = NULL; /* one device shows it */
        if (!job_is_first())
            goto done;
        const carrynet_status status =
            compare_bisect(counted.cases != NULL ? &found : NULL, counted.worst, &options, given.output);
        if (status != CARRYNET_OK) {
            code = engine_status(status, &options);
            goto done;
        }
    }
    if (counted.cases != NULL) {
        json_t *object = json_object();
        json_put(object, "device", json_of_text(options.device != NULL ? options.device : "auto"));
        json_put(object, "cases", json_incref(counted.cases));
        json_put(object, "equal", json_of_count(counted.equal));
        json_put(object, "different", json_of_count(counted.different));
        json_put(object, "skipped", json_of_count(counted.skipped));
        if (given.bisect)
            json_put(object, "bisect", json_incref(found));
        (void)json_line(stdout, object, JSON_DIGITS);
    } else {
        (void)printf("%zu equal, %zu different, %zu skipped: %s\n", counted.equal, counted.different, counted.skipped,
                     counted.different != 0 ? "this device does NOT give the same bits as plain C"
                     : counted.equal != 0   ? "the same bits as plain C"
                                            : "nothing was compared");
    }
done:
    json_decref(found);
    json_decref(counted.cases);
    return code;
}
