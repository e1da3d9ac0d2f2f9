/*
 * The installed parts of OpenCL: the loader, the drivers that it finds, and their platforms. These are for reports, so
 * nothing here is an error. No OpenCL header is included.
 */
#ifndef OPENCL_INSTALLATION_H
#define OPENCL_INSTALLATION_H

#include "platform/platform.h"

/* What is known of the loader (libOpenCL) that the program uses, without a call of it. */
typedef struct opencl_loader {
    char library[512]; /* its file; "" where the system does not say */
    bool ocl_icd;      /* ocl-icd, else the Khronos loader or one like it */
    bool vendor_path;  /* it knows OPENCL_VENDOR_PATH */
    bool filenames;    /* it knows OCL_ICD_FILENAMES */
} opencl_loader;

/* A driver as an .icd file or a variable names it. */
typedef struct opencl_driver {
    char file[512];    /* the .icd file, or the variable */
    char library[512]; /* as the loader takes it from there; "" if it finds none */
    char hint[256];    /* what is odd about that name; "": nothing */
    char reason[512];  /* why the driver cannot be used; "": not known to be unusable */
} opencl_driver;

typedef struct opencl_platform {
    char name[128];
    char vendor[128];
    char version[128]; /* CL_PLATFORM_VERSION */
    uint32_t devices;
} opencl_platform;

void opencl_loader_find(opencl_loader *loader);

/*
 * Where the loader looks for drivers: "/etc/OpenCL/vendors", or what a variable says, and its name. Returns text.
 */
char *opencl_drivers_source(char *text, size_t size, const opencl_loader *loader);

/* All drivers, none of them opened, in alphabetical order of the files; to be freed with sys_free. MEMORY. */
carrynet_status opencl_drivers_list(opencl_driver **drivers, size_t *count, const opencl_loader *loader);

/* ---- These run the drivers' code, which may crash, hang or end the program. ------------------------------------- */

/* Opens the library; reason says why it cannot be used. */
void opencl_driver_open(opencl_driver *driver);

/* From the next call of OpenCL on, if it is the first, the loader knows this driver alone. */
void opencl_driver_alone(const opencl_driver *driver, const opencl_loader *loader);

/* All platforms; to be freed with sys_free. MEMORY. */
carrynet_status opencl_platforms_list(opencl_platform **platforms, size_t *count);

/* "ocl-icd 2.3.1, OpenCL 3.0"; "unknown" where the loader does not say. Returns text. */
char *opencl_loader_version(char *text, size_t size);

#endif
