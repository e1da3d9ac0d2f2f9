/*
 * What `carrynet doctor` asks of OpenCL drivers, each question in a process of its own: a driver that crashes, hangs or
 * calls exit ends that process alone.
 */
#ifndef CLI_DOCTOR_PROBE_H
#define CLI_DOCTOR_PROBE_H

#include "backend/opencl/installation.h"
#include "platform/platform.h"
#include <jansson.h>

/* An answer; or in `how` what became of the process, such as "ended by SIGABRT (Aborted) while ...". */
typedef struct doctor_answer {
    json_t *value;  /* NULL: none; else the caller's, to json_decref */
    char how[256];  /* "": it ended by itself */
    bool died;      /* how: it did not; else nothing could be asked, which no driver is to blame for */
    char said[400]; /* the last that it wrote, if so; perhaps "" */
} doctor_answer;

/* The loader's name and version, a text. */
doctor_answer doctor_ask_loader(void);

/*
 * Of one driver, without the others: {"reason": why it cannot be used} or {"platforms", "devices"}, numbers of them.
 */
doctor_answer doctor_ask_driver(const opencl_driver *driver, const opencl_loader *loader);

/*
 * {"platforms": [{name, ...}], "devices": [{"platform", "index", "pocl"}]} of all drivers; alone: of that one only,
 * NULL: of all.
 */
doctor_answer doctor_ask_all(const opencl_driver *alone, const opencl_loader *loader);

/*
 * What a device is and whether it computes as plain C does, as the report has it; with pocl's kernels in the folder
 * `cache`, NULL: where they are.
 */
doctor_answer doctor_ask_device(const opencl_driver *alone, const opencl_loader *loader, uint32_t platform,
                                uint32_t index, const char *cache);

#endif
