/*
 * The installed parts of OpenCL, according to the file system, the dynamic linker and the loader. Drivers are searched
 * for as the loader in use does it; ocl-icd and Khronos' loader differ.
 */
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS /* clGetExtensionFunctionAddress, which needs no platform */
#include "backend/opencl/installation.h"
#include "backend/opencl/opencl.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_DRIVERS = 64, MOST_PLATFORMS = 64, MOST_LOADER = 1 << 24 };

static const char default_folder[] = "/etc/OpenCL/vendors";

/* ---- the loader ------------------------------------------------------------------------------------------------ */

static bool has_bytes(const char *bytes, size_t size, const char *word)
{
    const size_t length = strlen(word);
    for (const char *p = bytes; size >= length; ++p, --size) {
        const char *next = memchr(p, word[0], size - length + 1);
        if (next == NULL)
            return false;
        size -= (size_t)(next - p);
        p = next;
        if (memcmp(p, word, length) == 0)
            return true;
    }
    return false;
}

/* The file of the libOpenCL that this process has loaded. */
static void find_library(char *path, size_t size)
{
    char line[1024];
    FILE *maps = fopen("/proc/self/maps", "r");
    path[0] = '\0';
    while (maps != NULL && path[0] == '\0' && fgets(line, sizeof line, maps) != NULL) {
        const char *file = strchr(line, '/'), *name = file != NULL ? strrchr(file, '/') : NULL;
        line[strcspn(line, "\n")] = '\0';
        if (name != NULL && strncmp(name, "/libOpenCL.so", strlen("/libOpenCL.so")) == 0)
            (void)snprintf(path, size, "%s", file);
    }
    if (maps != NULL)
        (void)fclose(maps);
}

void opencl_loader_find(opencl_loader *loader)
{
    char *bytes = NULL;
    size_t size = 0;
    *loader = (opencl_loader){.ocl_icd = true, .vendor_path = true};
    find_library(loader->library, sizeof loader->library);
    if (loader->library[0] == '\0' || sys_read_file(&bytes, &size, loader->library, MOST_LOADER) != CARRYNET_OK)
        return;
    /* A variable whose name is not in the library is one that it does not read. */
    loader->ocl_icd = has_bytes(bytes, size, "OCL_ICD_ASSUME_ICD_EXTENSION");
    loader->vendor_path = has_bytes(bytes, size, "OPENCL_VENDOR_PATH");
    loader->filenames = has_bytes(bytes, size, "OCL_ICD_FILENAMES");
    sys_free(bytes);
}

/* What a variable says, if the loader knows the variable and takes what it says for an answer. */
static const char *variable(const char *name, bool known)
{
    const char *value = known ? getenv(name) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Where drivers are looked for: a folder, one .icd file, or the name of one library. */
struct source {
    const char *variable; /* that says so; NULL: none does */
    const char *path;
    enum { FOLDER, ICD_FILE, LIBRARY } kind;
    char file[512]; /* the .icd file */
};

static bool ends_with_icd(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".icd") == 0;
}

static void find_source(struct source *source, const opencl_loader *loader)
{
    const char *vendors = variable("OCL_ICD_VENDORS", true);
    const char *folder = variable("OPENCL_VENDOR_PATH", loader->vendor_path);
    struct stat about;
    *source = (struct source){.variable = folder != NULL ? "OPENCL_VENDOR_PATH" : NULL,
                              .path = folder != NULL ? folder : default_folder,
                              .kind = FOLDER};
    if (vendors == NULL)
        return;
    folder = source->path;
    source->variable = "OCL_ICD_VENDORS";
    source->path = vendors;
    if (!loader->ocl_icd || (stat(vendors, &about) == 0 && S_ISDIR(about.st_mode)))
        return; /* Khronos' loader takes a folder only */
    source->kind = ends_with_icd(vendors) ? ICD_FILE : LIBRARY;
    (void)snprintf(source->file, sizeof source->file, "%s", vendors);
    if (source->kind == ICD_FILE && strchr(vendors, '/') == NULL) { /* of the usual folder, if it is there */
        (void)snprintf(source->file, sizeof source->file, "%.250s/%.250s", folder, vendors);
        if (stat(source->file, &about) != 0)
            (void)snprintf(source->file, sizeof source->file, "%s", vendors);
    }
}

char *opencl_drivers_source(char *text, size_t size, const opencl_loader *loader)
{
    struct source source;
    struct stat about;
    find_source(&source, loader);
    const bool file = source.kind == ICD_FILE || strchr(source.path, '/') != NULL;
    const bool there = stat(source.kind == ICD_FILE ? source.file : source.path, &about) == 0;
    const char *state = file && !there                                              ? ", which is not there"
                        : there && source.kind == FOLDER && !S_ISDIR(about.st_mode) ? ", which is no folder"
                        : source.kind == LIBRARY                                    ? ", taken for a driver's library"
                                                                                    : "";
    (void)snprintf(text, size, "%.900s%s%s%s%s", source.path, state, source.variable != NULL ? " (" : "",
                   source.variable != NULL ? source.variable : "", source.variable != NULL ? ")" : "");
    return text;
}

/* ---- drivers --------------------------------------------------------------------------------------------------- */

/* What a person would not see in a name, and the loader takes as a part of it. */
static const char *odd_name(const char *name)
{
    const char last = name[strlen(name) - 1];
    return last == '\r'                        ? "its line ends with a carriage return, as on Windows"
           : strchr(name, '\n') != NULL        ? "it has more than one line"
           : last == ' ' || last == '\t'       ? "its line ends with a blank"
           : name[0] == ' ' || name[0] == '\t' ? "its line begins with a blank"
           : name[0] == '#'                    ? "its first line is a comment, which loaders do not know"
           : name[0] == '"' || name[0] == '\'' ? "the name is in quotation marks"
           : (unsigned char)name[0] == 0xef    ? "it begins with a byte order mark"
                                               : NULL;
}

static void set_library(opencl_driver *driver, const char *library)
{
    (void)snprintf(driver->library, sizeof driver->library, "%s", library);
    const char *odd = library[0] != '\0' ? odd_name(driver->library) : NULL;
    if (library[0] == '\0')
        (void)snprintf(driver->reason, sizeof driver->reason, "the file names no library");
    else if (odd != NULL)
        (void)snprintf(driver->hint, sizeof driver->hint,
                       "%s, and the loader takes that as part of the name; one plain line with the name of the library "
                       "is right",
                       odd);
}

/* An .icd file holds the name of a library. ocl-icd takes its first line, Khronos' loader all but a last newline. */
static void read_icd(opencl_driver *driver, const char *path, const opencl_loader *loader)
{
    char text[sizeof driver->library];
    size_t size = sizeof text - 1;
    *driver = (opencl_driver){0};
    (void)snprintf(driver->file, sizeof driver->file, "%s", path);
    if (sys_read_start(text, &size, path) != CARRYNET_OK) {
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", carrynet_message());
        return;
    }
    text[size] = '\0';
    size = strlen(text);
    if (loader->ocl_icd)
        text[strcspn(text, "\n")] = '\0';
    else if (size > 0 && text[size - 1] == '\n')
        text[size - 1] = '\0';
    set_library(driver, text);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const opencl_driver *)a)->file, ((const opencl_driver *)b)->file);
}

static size_t list_folder(opencl_driver *found, const char *folder, const opencl_loader *loader)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    size_t count = 0;
    while (entries != NULL && count < MOST_DRIVERS && (entry = readdir(entries)) != NULL) {
        char path[512];
        if (!ends_with_icd(entry->d_name))
            continue;
        (void)snprintf(path, sizeof path, "%.250s/%.250s", folder, entry->d_name);
        read_icd(&found[count++], path, loader);
    }
    if (entries != NULL)
        (void)closedir(entries);
    qsort(found, count, sizeof *found, by_file);
    return count;
}

carrynet_status opencl_drivers_list(opencl_driver **drivers, size_t *count, const opencl_loader *loader)
{
    const char *names = variable("OCL_ICD_FILENAMES", loader->filenames);
    struct source source;
    struct stat about;
    opencl_driver *found = NULL;
    *drivers = NULL;
    *count = 0;
    const carrynet_status status = sys_allocate(&found, MOST_DRIVERS, sizeof *found);
    if (status != CARRYNET_OK)
        return status;
    find_source(&source, loader);
    if (source.kind == FOLDER) {
        *count = list_folder(found, source.path, loader);
    } else if (source.kind == ICD_FILE && stat(source.file, &about) == 0) {
        read_icd(&found[(*count)++], source.file, loader);
    } else if (source.kind == LIBRARY && (strchr(source.path, '/') == NULL || stat(source.path, &about) == 0)) {
        (void)snprintf(found[0].file, sizeof found[0].file, "%s", source.variable);
        set_library(&found[(*count)++], source.path);
    }
    while (names != NULL && *names != '\0' && *count < MOST_DRIVERS) {
        const size_t length = strcspn(names, ":");
        if (length > 0) {
            char name[sizeof found->library];
            opencl_driver *driver = &found[(*count)++];
            (void)snprintf(driver->file, sizeof driver->file, "OCL_ICD_FILENAMES");
            (void)snprintf(name, sizeof name, "%.*s", (int)(length < 500 ? length : 500), names);
            set_library(driver, name);
        }
        names += length + (names[length] == ':' ? 1 : 0);
    }
    *drivers = found;
    return CARRYNET_OK;
}

void opencl_driver_open(opencl_driver *driver)
{
    if (driver->library[0] == '\0')
        return;
    void *library = dlopen(driver->library, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        (void)snprintf(driver->reason, sizeof driver->reason, "%s", reason != NULL ? reason : "it cannot be opened");
        return;
    }
    /* It stays open: drivers keep threads of their own, and the loader has it open anyhow. */
    if (dlsym(library, "clIcdGetPlatformIDsKHR") == NULL && dlsym(library, "clGetExtensionFunctionAddress") == NULL)
        (void)snprintf(driver->reason, sizeof driver->reason, "it is no OpenCL driver");
}

void opencl_driver_alone(const opencl_driver *driver, const opencl_loader *loader)
{
    (void)setenv("OCL_ICD_VENDORS", loader->ocl_icd ? driver->library : "/nonexistent", 1);
    (void)setenv("OCL_ICD_FILENAMES", loader->ocl_icd ? "" : driver->library, 1);
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
    const carrynet_status status = sys_allocate(platforms, found, sizeof **platforms);
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

char *opencl_loader_version(char *text, size_t size)
{
    /* The extension cl_loader_info, which loaders have and headers need not. */
    typedef cl_int(CL_API_CALL * loader_info)(cl_uint what, size_t capacity, void *value, size_t *needed);
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
