/*
 * What of OpenCL is installed: the loader, the drivers that it is told of, their platforms. For reports of what is
 * wrong, so nothing of it is an error; includes no OpenCL header.
 */
#ifndef OPENCL_INSTALLATION_H
#define OPENCL_INSTALLATION_H

#include "base/base.h"

/* A driver as an .icd file or OCL_ICD_FILENAMES names it. */
typedef struct opencl_driver {
    char file[512];    /* the .icd file, or "OCL_ICD_FILENAMES" */
    char library[512]; /* "" if the file cannot be read */
    bool opened;
    char reason[512]; /* why not */
} opencl_driver;

typedef struct opencl_platform {
    char name[128];
    char vendor[128];
    char version[128]; /* CL_PLATFORM_VERSION */
    uint32_t devices;
} opencl_platform;

/* The folder (or file) with the .icd files: OCL_ICD_VENDORS, else where they are by default. *exists: it is there. */
const char *opencl_drivers_folder(bool *exists);

/* All drivers, in alphabetical order of the files; to be freed with base_free. MEMORY. */
carrynet_status opencl_drivers_list(opencl_driver **drivers, size_t *count);

/* All platforms; to be freed with base_free. MEMORY. */
carrynet_status opencl_platforms_list(opencl_platform **platforms, size_t *count);

/* "ocl-icd 2.3.1, OpenCL 3.0"; "unknown" where the loader does not say. Returns text. */
char *opencl_loader(char *text, size_t size);

#endif
