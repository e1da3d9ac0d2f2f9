/*
 * The loader, drivers and devices for `carrynet doctor`, with advice if one crashes the program, is unusable or has no
 * device. If the drivers cannot be used together, each is examined alone, selected by OCL_ICD_VENDORS.
 */
#include "cli/doctor_opencl.h"
#include "cli/console.h"
#include "cli/doctor_probe.h"
#include "cli/json_values.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void advise(doctor_opencl *found, const char *format, ...) SYS_PRINTF(2, 3);

static void advise(doctor_opencl *found, const char *format, ...)
{
    char text[3000];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_append(found->advice, json_of_text(text));
}

static const char *set_value(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The variables with which the loader sees one driver alone. */
static const char *alone(char *text, size_t size, const opencl_driver *driver, const opencl_loader *loader)
{
    const bool file = strchr(driver->file, '/') != NULL;
    if (loader->ocl_icd)
        (void)snprintf(text, size, "OCL_ICD_VENDORS=%s", file ? driver->file : driver->library);
    else
        (void)snprintf(text, size, "OCL_ICD_VENDORS=/nonexistent OCL_ICD_FILENAMES=%s", driver->library);
    return text;
}

static bool is_pocl(const opencl_driver *driver)
{
    return strstr(driver->library, "pocl") != NULL;
}

/* ---- one driver ------------------------------------------------------------------------------------------------ */

static void put_death(json_t *object, const doctor_answer *answer)
{
    json_put(object, "reason", json_of_text(answer->how));
    if (answer->said[0] != '\0')
        json_put(object, "it_wrote", json_of_text(answer->said));
}

static json_t *about_driver(doctor_opencl *found, size_t i)
{
    opencl_driver *driver = &found->drivers[i];
    json_t *object = json_object();
    doctor_answer answer = {0};
    (void)console_progress("Opening %s ...", driver->library);
    if (driver->reason[0] == '\0')
        answer = doctor_ask_driver(driver, &found->loader);
    console_progress_clear();
    const char *reason = json_string_value(json_object_get(answer.value, "reason"));
    const bool asked = answer.how[0] == '\0' || answer.died;
    if (!asked) {
        reason = answer.how;
        found->unasked = true;
    }
    if (reason != NULL)
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", reason);
    const json_int_t devices = json_integer_value(json_object_get(answer.value, "devices"));
    found->states[i] = answer.died                 ? DRIVER_DEADLY
                       : driver->reason[0] != '\0' ? DRIVER_UNUSABLE
                       : devices == 0              ? DRIVER_EMPTY
                                                   : DRIVER_GOOD;
    json_put(object, "file", json_of_text(driver->file));
    json_put(object, "library", json_of_text(driver->library));
    json_put(object, "opened", json_boolean(found->states[i] >= DRIVER_EMPTY));
    if (answer.died)
        put_death(object, &answer);
    else if (driver->reason[0] != '\0')
        json_put(object, "reason", json_of_text(driver->reason));
    if (driver->hint[0] != '\0')
        json_put(object, "hint", json_of_text(driver->hint));
    if (found->states[i] >= DRIVER_EMPTY) {
        json_put(object, "platforms", json_incref(json_object_get(answer.value, "platforms")));
        json_put(object, "devices", json_of_count((uint64_t)devices));
    }
    if (found->states[i] == DRIVER_DEADLY)
        advise(
            found,
            "the driver %s (of %s) stops every program that uses OpenCL (%s). Install its package again, or rename or "
            "remove %s",
            driver->library, driver->file, answer.how, driver->file);
    else if (!asked)
        advise(found, "the driver of %s was %s", driver->file, driver->reason);
    else if (found->states[i] == DRIVER_UNUSABLE && driver->hint[0] != '\0')
        advise(found, "the driver of %s cannot be used (%s): %s", driver->file, driver->reason, driver->hint);
    else if (found->states[i] == DRIVER_UNUSABLE)
        advise(found, "the driver of %s cannot be used (%s); install its package again, or remove what is left of it",
               driver->file, driver->reason);
    json_decref(answer.value);
    return object;
}

/* How to go on with the drivers that do no harm. */
static void advise_others(doctor_opencl *found)
{
    char variables[1200];
    size_t good = 0;
    for (size_t i = 0; i < found->count; ++i)
        if (found->states[i] == DRIVER_GOOD) {
            ++good;
            advise(found, "until then, to use %s alone: %s carrynet train, and likewise every other command",
                   found->drivers[i].library, alone(variables, sizeof variables, &found->drivers[i], &found->loader));
        }
    if (good == 0)
        advise(found, "no other driver has a device; until then: carrynet train --device host");
}

/* ---- no device ------------------------------------------------------------------------------------------------- */

/* What of pocl's variables the user has set, beside those that say where and with how many threads. */
static void advise_pocl_variables(doctor_opencl *found)
{
    for (char **v = environ; *v != NULL; ++v)
        if (strncmp(*v, "POCL_", 5) == 0 && strncmp(*v, "POCL_CACHE_DIR=", 15) != 0 &&
            strncmp(*v, "POCL_MAX_PTHREAD_COUNT=", 23) != 0 && strncmp(*v, "POCL_CPU_MAX_CU_COUNT=", 22) != 0)
            advise(found, "%.300s is set for pocl: try without it", *v);
}

static void advise_empty(doctor_opencl *found, const opencl_driver *driver)
{
    if (!is_pocl(driver)) {
        advise(found,
               "the driver of %s has no device: a GPU's needs its kernel module and the right to open /dev/dri or "
               "/dev/nvidia*, which members of the groups render and video have",
               driver->file);
    } else if (set_value("POCL_DEVICES") != NULL) {
        advise(found,
               "POCL_DEVICES is set to '%.200s': pocl (%s) makes only devices of the kinds that it names, and there is "
               "none; unset it",
               set_value("POCL_DEVICES"), driver->file);
    } else if (found->cache->fault[0] == '\0' || found->cache->instead[0] != '\0') {
        advise(found, "pocl (%s) has no device; POCL_DEBUG=all carrynet devices shows what it says", driver->file);
        advise_pocl_variables(found);
    }
}

/* Variables that lead the loader somewhere, or that it does not know. */
static void advise_variables(doctor_opencl *found)
{
    const char *vendors = set_value("OCL_ICD_VENDORS"), *path = set_value("OPENCL_VENDOR_PATH");
    if (vendors != NULL)
        advise(found, "OCL_ICD_VENDORS is set to '%.500s': OpenCL looks for drivers only there", vendors);
    else if (path != NULL && found->loader.vendor_path)
        advise(found, "OPENCL_VENDOR_PATH is set to '%.500s': OpenCL looks for drivers only there", path);
}

static void advise_none(doctor_opencl *found)
{
    size_t opened = 0;
    for (size_t i = 0; i < found->count; ++i)
        opened += found->states[i] >= DRIVER_EMPTY ? 1 : 0;
    if (opened == 0 || found->count == 0)
        advise_variables(found);
    if (found->count == 0)
        advise(found,
               "there is no OpenCL driver; for OpenCL on the processor: apt-get install pocl-opencl-icd; for a GPU "
               "install its vendor's: nvidia-opencl-icd, intel-opencl-icd, mesa-opencl-icd or rocm-opencl-icd");
    else if (opened == 0)
        advise(found, "there is no OpenCL driver that can be opened; pocl, for OpenCL on the processor, is the package "
                      "pocl-opencl-icd");
    for (size_t i = 0; i < found->count; ++i)
        if (found->states[i] == DRIVER_EMPTY)
            advise_empty(found, &found->drivers[i]);
}

/* ---- loader and drivers ---------------------------------------------------------------------------------------- */

json_t *doctor_about_opencl(doctor_opencl *found)
{
    json_t *object = json_object(), *list = json_array();
    char source[1200];
    size_t deadly = 0;
    opencl_loader_find(&found->loader);
    doctor_answer version = doctor_ask_loader();
    json_put(object, "loader", version.value != NULL ? version.value : json_of_text(version.how));
    if (found->loader.library[0] != '\0')
        json_put(object, "loader_library", json_of_text(found->loader.library));
    json_put(object, "drivers_folder", json_of_text(opencl_drivers_source(source, sizeof source, &found->loader)));
    if (opencl_drivers_list(&found->drivers, &found->count, &found->loader) != CARRYNET_OK ||
        sys_allocate(&found->states, found->count + 1, sizeof *found->states) != CARRYNET_OK)
        found->count = 0;
    for (size_t i = 0; i < found->count; ++i) {
        json_append(list, about_driver(found, i));
        deadly += found->states[i] == DRIVER_DEADLY ? 1 : 0;
    }
    json_put(object, "drivers", list);
    if (set_value("OCL_ICD_FILENAMES") != NULL && !found->loader.filenames)
        advise(found,
               "OCL_ICD_FILENAMES is set, which the loader in use does not know; OCL_ICD_VENDORS takes a folder, "
               "an .icd file or the name of one library");
    if (set_value("OPENCL_VENDOR_PATH") != NULL && !found->loader.vendor_path)
        advise(found,
               "OPENCL_VENDOR_PATH is set, which the loader in use does not know; OCL_ICD_VENDORS takes a folder");
    doctor_answer all = {0};
    if (deadly == 0)
        all = doctor_ask_all(NULL, &found->loader);
    if (all.how[0] != '\0') {
        json_t *together = json_object();
        put_death(together, &all);
        json_put(object, "all_drivers_together", together);
    }
    if (all.died)
        advise(found, "the drivers cannot be used together, though each can alone (%s)%s%s", all.how,
               set_value("OPENCL_LAYERS") != NULL ? "; or a layer is the cause: OPENCL_LAYERS=" : "",
               set_value("OPENCL_LAYERS") != NULL ? set_value("OPENCL_LAYERS") : "");
    found->unasked = found->unasked || (all.how[0] != '\0' && !all.died);
    found->apart = deadly > 0 || all.died;
    if (found->apart) {
        advise_pocl_variables(found);
        advise_others(found);
    } else if (all.value != NULL) {
        json_put(object, "platforms", json_incref(json_object_get(all.value, "platforms")));
    }
    json_decref(all.value);
    return object;
}

/* ---- devices --------------------------------------------------------------------------------------------------- */

static void remove_folder(const char *path)
{
    sys_text output = {0}, errors = {0};
    int code;
    (void)sys_run(&output, &errors, &code, (const char *const[]){"rm", "-rf", "--", path, NULL}, "", 0);
    sys_text_free(&output);
    sys_text_free(&errors);
}

/* A device that died, with pocl's kernels in another folder: if it works there, the folder is at fault. */
static void try_other_cache(doctor_opencl *found, const opencl_driver *driver, uint32_t platform, uint32_t index)
{
    char folder[KERNEL_CACHE_PATH], other[KERNEL_CACHE_PATH + 32];
    if (!kernel_cache_temporary(folder))
        return;
    (void)snprintf(other, sizeof other, "%s/carrynet-try-XXXXXX", folder);
    if (mkdtemp(other) == NULL)
        return;
    doctor_answer answer = doctor_ask_device(driver, &found->loader, platform, index, other);
    remove_folder(other);
    if (answer.value != NULL && json_is_true(json_object_get(answer.value, "works"))) {
        advise(found,
               "pocl's kernel cache is damaged: with another folder the device works. Remove %s; until then carrynet "
               "keeps its kernels in another folder",
               kernel_cache_folder(folder, sizeof folder));
        kernel_cache_suspect();
    } else {
        advise(found,
               "with another folder for compiled kernels it is the same: the driver is the cause. Another version "
               "of it may help");
    }
    json_decref(answer.value);
}

/* The folder that is passed over, where an earlier run had ended: is it damaged? */
static void try_suspect_cache(doctor_opencl *found, const opencl_driver *driver, uint32_t platform, uint32_t index)
{
    doctor_answer answer = doctor_ask_device(driver, &found->loader, platform, index, found->cache->passed);
    if (answer.died)
        advise(found, "pocl's kernel cache %s is damaged, and passed over (with it: %s). Remove the folder",
               found->cache->passed, answer.how);
    else if (json_is_true(json_object_get(answer.value, "works")))
        advise(
            found,
            "the kernels in %s were found damaged, and are passed over since. Those that were tried now work; remove "
            "%s, or the whole folder, to have it used again",
            found->cache->passed, found->cache->instead);
    json_decref(answer.value);
}

static json_t *about_device(doctor_opencl *found, const opencl_driver *driver, const json_t *entry)
{
    const uint32_t platform = (uint32_t)json_integer_value(json_object_get(entry, "platform"));
    const uint32_t index = (uint32_t)json_integer_value(json_object_get(entry, "index"));
    const bool pocl = json_is_true(json_object_get(entry, "pocl"));
    char place[32], variables[1200];
    (void)snprintf(place, sizeof place, "%u:%u", platform, index);
    (void)console_progress("Checking device %s ...", place);
    doctor_answer answer = doctor_ask_device(driver, &found->loader, platform, index, NULL);
    console_progress_clear();
    json_t *object = answer.value != NULL ? answer.value : json_object();
    if (answer.value == NULL) {
        json_put(object, "device", json_of_text(place));
        put_death(object, &answer);
        json_put(object, "works", json_false());
    }
    if (driver != NULL)
        json_put(object, "with", json_of_text(alone(variables, sizeof variables, driver, &found->loader)));
    const bool works = json_is_true(json_object_get(object, "works"));
    ++found->devices;
    found->works += works ? 1 : 0;
    if (answer.value == NULL && !answer.died) {
        advise(found, "device %s was %s", place, answer.how);
    } else if (answer.value == NULL) {
        advise(found, "device %s stops the program (%s)", place, answer.how);
        if (pocl)
            try_other_cache(found, driver, platform, index);
    } else if (!works && found->host) {
        advise(found,
               "device %s does not work; the report says why. A newer driver may help; `carrynet compare --device %s` "
               "says more",
               place, place);
    } else if (pocl && found->cache->suspect && found->cache->damaged[0] == '\0') {
        try_suspect_cache(found, driver, platform, index);
    }
    return object;
}

static void add_devices(doctor_opencl *found, json_t *list, const opencl_driver *driver)
{
    doctor_answer all = doctor_ask_all(driver, &found->loader);
    const char *reason = json_string_value(json_object_get(all.value, "reason"));
    const json_t *devices = json_object_get(all.value, "devices");
    if (reason != NULL)
        advise(found, "%s", reason);
    for (size_t i = 0; i < json_array_size(devices); ++i)
        json_append(list, about_device(found, driver, json_array_get(devices, i)));
    json_decref(all.value);
}

json_t *doctor_about_devices(doctor_opencl *found)
{
    json_t *list = json_array();
    if (!found->apart)
        add_devices(found, list, NULL);
    for (size_t i = 0; i < found->count && found->apart; ++i)
        if (found->states[i] == DRIVER_GOOD)
            add_devices(found, list, &found->drivers[i]);
    if (found->devices == 0 && !found->apart && !found->unasked)
        advise_none(found);
    return list;
}

void doctor_opencl_free(doctor_opencl *found)
{
    sys_free(found->drivers);
    sys_free(found->states);
}
