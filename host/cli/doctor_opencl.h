/*
 * The part of `carrynet doctor` that needs OpenCL: loader, drivers and devices, each queried in a process of its own.
 */
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
    bool host;             /* this host computes correctly, so a device that differs is at fault */
    bool apart;            /* every driver is used alone, since all drivers together crash the program */
    bool unasked;          /* for some query no process could be created, so nothing is known */
    size_t devices, works; /* number of devices, and of devices that compute as plain C does */
    const kernel_cache *cache;
    json_t *advice; /* array to append to */
} doctor_opencl;

/* Queries the loader and its drivers. */
json_t *doctor_about_opencl(doctor_opencl *found);

/* Queries the devices, once the drivers are known. */
json_t *doctor_about_devices(doctor_opencl *found);

void doctor_opencl_free(doctor_opencl *found);

#endif
