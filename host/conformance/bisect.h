/* Parts of carrynet_case_bisect: the fault found in a launch, and the folder that reproduces it alone. */
#ifndef CONFORMANCE_BISECT_H
#define CONFORMANCE_BISECT_H

#include "conformance/cases.h"
#include "conformance/launch_checks.h"

/* The first value of a launch that differs. */
struct bisect_fault {
    const struct opencl_record *record;
    const struct launch_checks *checks;
    size_t check;
    uint64_t index[3];
};

/* "network 1, step 0, unit 3", of a value of a check. Returns text. */
const char *bisect_element(char *text, size_t size, const struct launch_check *check, const uint64_t index[3]);

/* "0.25 (0x3e800000)". Returns text. */
const char *bisect_value(char *text, size_t size, const struct launch_check *check, const char *value);

/* Writes the folder (reproduction.c). IO. */
carrynet_status bisect_write(const char *folder, const struct bisect_fault *fault,
                             const carrynet_difference *difference);

#endif
