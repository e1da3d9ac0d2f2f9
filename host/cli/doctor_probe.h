/*
 * The queries of `carrynet doctor` to OpenCL drivers, each in a process of its own: a driver that crashes, hangs or
 * calls exit ends only that process.
 */
#ifndef CLI_DOCTOR_PROBE_H
#define CLI_DOCTOR_PROBE_H

#include "backend/opencl/installation.h"
#include "platform/platform.h"
#include <jansson.h>

/* An answer, or in `how` the fate of the process, such as "ended by SIGABRT (Aborted) while ...". */
typedef struct doctor_answer {
    json_t *value;  /* NULL: none; else the caller's, to free with json_decref */
    char how[256];  /* "": the process ended by itself */
    bool died;      /* true: `how` has the process's end; false: no query was possible, through no fault of a driver */
    char said[400]; /* its last output in that case; may be "" */
} doctor_answer;

/* The loader's name and version, as text. */
doctor_answer doctor_ask_loader(void);

/* One driver without the others: {"reason": why it cannot be used} or {"platforms", "devices"}, the numbers of each. */
doctor_answer doctor_ask_driver(const opencl_driver *driver, const opencl_loader *loader);

/*
 * {"platforms": [{name, ...}], "devices": [{"platform", "index", "pocl"}]} of all drivers; alone: only of that driver,
 * NULL: of all.
 */
doctor_answer doctor_ask_all(const opencl_driver *alone, const opencl_loader *loader);

/*
 * The description of a device for the report, with whether it computes as plain C does. pocl's kernels are in the
 * folder `cache`; NULL: in the folder in use.
 */
doctor_answer doctor_ask_device(const opencl_driver *alone, const opencl_loader *loader, uint32_t platform,
                                uint32_t index, const char *cache);

#endif
