/* Profiles of an engine, and the peak of its device, for benchmarks. */
#ifndef CARRYNET_PROFILE_H
#define CARRYNET_PROFILE_H

#include <carrynet/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_PROFILE_KERNELS 12

/* Counts since the engine was created or last profiled. */
typedef struct carrynet_profile {
    struct {
        const char *name; /* "gradient" */
        uint64_t launches;
        double seconds; /* on the device, by its own events */
    } kernel[CARRYNET_PROFILE_KERNELS];
    size_t kernels;
    uint32_t threads;       /* of a CPU device, else its compute units; 1 on the reference */
    uint64_t bytes_written; /* from the host to the device */
    uint64_t bytes_read;
} carrynet_profile;

/*
 * Waits for the device, returns the counts and resets them. Kernel times need options.profile; without it, and on the
 * reference, no kernels are listed.
 */
CARRYNET_API carrynet_status carrynet_engine_profile(carrynet_engine *engine, carrynet_profile *profile);

/*
 * Floating-point operations a second that the engine's workers reach with fused multiply-adds alone, two operations
 * each, in the engine's precision: the best of several windows, some 0.1 s in all.
 */
CARRYNET_API carrynet_status carrynet_engine_peak(carrynet_engine *engine, double *flops);

#ifdef __cplusplus
}
#endif

#endif
