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

/* The first value in which a device differs from the reference, and the shape of the networks that show it. */
typedef struct carrynet_difference {
    bool found;
    char pass[16];      /* "forward", "gradient" or "training" */
    uint64_t update;    /* of the training, from 0 */
    char kernel[32];    /* the OpenCL kernel of the first wrong launch */
    char operation[48]; /* "backward step", "update", ... */
    char tensor[48];    /* "dh", "weights", ... */
    char element[128];  /* "step 1, sequence 0, unit 3" */
    char expected[64];  /* the value and its bits */
    char given[64];
    uint32_t inputs, hidden, outputs, steps, batch, networks, updates; /* batch: sequences of the pass */
} carrynet_difference;

/*
 * Finds the first difference of a case: compares every launch with the reference, in the order of computation, down to
 * the value. Then, unless smallest is NULL, finds the smallest shape in which the same kernel is wrong. The device need
 * not be admitted. If folder is not NULL and a difference is found, writes a program that reproduces it alone to the
 * folder, which is created if missing: repro.c, kernel.cl, inputs, expected and given values. found is false if no
 * single launch is wrong. ARGUMENT: no such case. IO. Errors of the engine.
 */
CARRYNET_API carrynet_status carrynet_case_bisect(carrynet_difference *first, carrynet_difference *smallest,
                                                  size_t index, const carrynet_engine_options *options,
                                                  const char *folder);

#ifdef __cplusplus
}
#endif

#endif
