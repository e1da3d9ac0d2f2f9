/* The part of `carrynet doctor` that needs OpenCL: loader, drivers, devices, each asked in a process of its own. */
#ifndef CLI_DOCTOR_OPENCL_H
#define CLI_DOCTOR_OPENCL_H

#include "backend/opencl/installation.h"
#include "cli/kernel_cache.h"
#include <jansson.h>

typedef struct doctor_opencl {
    opencl_loader loader;
    opencl_driver *drivers; /* [count] */
    size_t count;
    enum { DRIVER_UNUSABLE = 0, DRIVER_DEADLY, DRIVER_EMPTY, DRIVER_GOOD } * states; /* [count]; EMPTY: no device */
    bool host;             /* this host computes as it should, so that a device that differs is to blame */
    bool apart;            /* every driver is used alone, since all together end the program */
    bool unasked;          /* no process could be made for some question, of which nothing can be concluded */
    size_t devices, works; /* how many there are, and how many of them compute as plain C does */
    const kernel_cache *cache;
    json_t *advice; /* an array, to which is added */
} doctor_opencl;

/* The loader and its drivers. */
json_t *doctor_about_opencl(doctor_opencl *found);

/* The devices, once the drivers are known. */
json_t *doctor_about_devices(doctor_opencl *found);

void doctor_opencl_free(doctor_opencl *found);

#endif
