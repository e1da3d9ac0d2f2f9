/*
 * Comparison of a device with the reference, case by case: the same operations, shapes and seeds that the tests and the
 * benchmark use.
 */
#ifndef CARRYNET_COMPARE_H
#define CARRYNET_COMPARE_H

#include <carrynet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct carrynet_case_result {
    char name[64]; /* of the case */
    bool skipped;  /* the device lacks something (fp64); reason says what */
    char reason[128];
    uint64_t values;    /* compared */
    uint64_t equal;     /* with equal bits; a NaN is never equal */
    uint64_t worst_ulp; /* largest distance in units in the last place; UINT64_MAX for a NaN */
    uint64_t worst_index;
    char worst_tensor[32]; /* what worst_index counts in: "gradient", "parameters", "y", ... */
    uint64_t digest;       /* of the device's bits: equal on every device that keeps the promise */
} carrynet_case_result;

/* The cases, index 0 to carrynet_case_count() - 1. NULL beyond. */
CARRYNET_API size_t carrynet_case_count(void);
CARRYNET_API const char *carrynet_case_name(size_t index);

/* Runs one case on the device and on the reference. ARGUMENT: no such case. Errors of the engine. */
CARRYNET_API carrynet_status carrynet_case_compare(carrynet_case_result *result, size_t index,
                                                   const carrynet_engine_options *options);

#ifdef __cplusplus
}
#endif

#endif
