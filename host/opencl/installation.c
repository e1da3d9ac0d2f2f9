/* What of OpenCL is installed: asked of the file system, the dynamic linker and the loader. */
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS /* clGetExtensionFunctionAddress, which needs no platform */
#include "opencl/installation.h"
#include "opencl/opencl.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_DRIVERS = 64, MOST_PLATFORMS = 64 };

static const char default_folder[] = "/etc/OpenCL/vendors";

const char *opencl_drivers_folder(bool *exists)
{
    const char *variable = getenv("OCL_ICD_VENDORS");
    const char *folder = variable != NULL && variable[0] != '\0' ? variable : default_folder;
    struct stat about;
    *exists = stat(folder, &about) == 0;
    return folder;
}

/* ---- drivers --------------------------------------------------------------------------------------------------- */

static void try_library(opencl_driver *driver)
{
    void *library = dlopen(driver->library, RTLD_LAZY | RTLD_LOCAL);
    driver->opened = library != NULL;
    if (library == NULL) {
        const char *reason = dlerror();
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", reason != NULL ? reason : "it cannot be opened");
        return;
    }
    /* It stays open: drivers keep threads of their own, and the loader has it open anyhow. */
    if (dlsym(library, "clIcdGetPlatformIDsKHR") == NULL && dlsym(library, "clGetExtensionFunctionAddress") == NULL) {
        driver->opened = false;
        (void)snprintf(driver->reason, sizeof driver->reason, "it is no OpenCL driver");
    }
}

static bool ends_with_icd(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".icd") == 0;
}

/* An .icd file holds the name of a library. */
static void read_icd(opencl_driver *driver, const char *path)
{
    size_t size = sizeof driver->library - 1;
    *driver = (opencl_driver){0};
    (void)snprintf(driver->file, sizeof driver->file, "%s", path);
    if (base_read_start(driver->library, &size, path) != CARRYNET_OK) {
        driver->library[0] = '\0';
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", carrynet_message());
        return;
    }
    driver->library[size] = '\0';
    driver->library[strcspn(driver->library, " \t\r\n")] = '\0';
    if (driver->library[0] == '\0')
        (void)snprintf(driver->reason, sizeof driver->reason, "the file names no library");
    else
        try_library(driver);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const opencl_driver *)a)->file, ((const opencl_driver *)b)->file);
}

carrynet_status opencl_drivers_list(opencl_driver **drivers, size_t *count)
{
    bool exists;
    const char *folder = opencl_drivers_folder(&exists), *names = getenv("OCL_ICD_FILENAMES");
    opencl_driver *found = NULL;
    DIR *entries = NULL;
    *drivers = NULL;
    *count = 0;
    const carrynet_status status = base_allocate(&found, MOST_DRIVERS, sizeof *found);
    if (status != CARRYNET_OK)
        return status;
    if (ends_with_icd(folder) && exists)
        read_icd(&found[(*count)++], folder);
    else
        entries = opendir(folder);
    const struct dirent *entry;
    while (entries != NULL && *count < MOST_DRIVERS && (entry = readdir(entries)) != NULL) {
        char path[512];
        if (!ends_with_icd(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%.250s/%.250s", folder, entry->d_name);
        read_icd(&found[(*count)++], path);
    }
    if (entries != NULL)
        (void)closedir(entries);
    qsort(found, *count, sizeof *found, by_file);
    while (names != NULL && *names != '\0' && *count < MOST_DRIVERS) {
        const size_t length = strcspn(names, ":");
        if (length > 0) {
            opencl_driver *driver = &found[(*count)++];
            (void)snprintf(driver->file, sizeof driver->file, "OCL_ICD_FILENAMES");
            (void)snprintf(driver->library, sizeof driver->library, "%.*s", (int)(length < 500 ? length : 500), names);
            try_library(driver);
        }
        names += length + (names[length] == ':' ? 1 : 0);
    }
    *drivers = found;
    return CARRYNET_OK;
}

/* ---- platforms and the loader ---------------------------------------------------------------------------------- */

static void platform_text(char *text, size_t size, cl_platform_id id, cl_platform_info what)
{
    text[0] = '\0';
    (void)clGetPlatformInfo(id, what, size, text, NULL);
    text[size - 1] = '\0';
}

carrynet_status opencl_platforms_list(opencl_platform **platforms, size_t *count)
{
    cl_platform_id ids[MOST_PLATFORMS];
    cl_uint found = 0;
    *platforms = NULL;
    *count = 0;
    if (clGetPlatformIDs(MOST_PLATFORMS, ids, &found) != CL_SUCCESS || found == 0)
        return CARRYNET_OK;
    found = found < MOST_PLATFORMS ? found : MOST_PLATFORMS;
    const carrynet_status status = base_allocate(platforms, found, sizeof **platforms);
    for (cl_uint i = 0; i < found && status == CARRYNET_OK; ++i) {
        opencl_platform *platform = &(*platforms)[i];
        cl_uint devices = 0;
        platform_text(platform->name, sizeof platform->name, ids[i], CL_PLATFORM_NAME);
        platform_text(platform->vendor, sizeof platform->vendor, ids[i], CL_PLATFORM_VENDOR);
        platform_text(platform->version, sizeof platform->version, ids[i], CL_PLATFORM_VERSION);
        if (clGetDeviceIDs(ids[i], CL_DEVICE_TYPE_ALL, 0, NULL, &devices) == CL_SUCCESS)
            platform->devices = devices;
        *count = i + 1;
    }
    return status;
}

char *opencl_loader(char *text, size_t size)
{
    /* The extension cl_loader_info, which loaders have and headers need not. */
    typedef cl_int(CL_API_CALL * loader_info)(cl_uint what, size_t room, void *value, size_t *needed);
    enum { OPENCL_VERSION = 1, VERSION = 2, NAME = 3 };
    union {
        void *address;
        loader_info call;
    } info = {.address = clGetExtensionFunctionAddress("clGetICDLoaderInfoOCLICD")};
    char name[64] = "", version[64] = "", opencl[64] = "";
    (void)snprintf(text, size, "unknown");
    if (info.address == NULL || info.call(NAME, sizeof name, name, NULL) != CL_SUCCESS ||
        info.call(VERSION, sizeof version, version, NULL) != CL_SUCCESS ||
        info.call(OPENCL_VERSION, sizeof opencl, opencl, NULL) != CL_SUCCESS)
        return text;
    (void)snprintf(text, size, "%.60s %.60s, %.60s", name, version, opencl);
    return text;
}
