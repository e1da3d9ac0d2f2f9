/*
 * Records of launches: the kernel, its source and build options, its arguments, and the buffers before and after.
 * host/conformance uses them to find the first wrong launch. Without a recorder nothing is copied. No OpenCL header is
 * needed here.
 */
#ifndef OPENCL_RECORD_H
#define OPENCL_RECORD_H

#include "backend/backend.h"
#include "platform/platform.h"

enum opencl_kernel_id {
    OPENCL_ADMIT,
    OPENCL_ADMIT_RECIPROCAL,
    OPENCL_PACK,
    OPENCL_GENERATE,
    OPENCL_GRADIENT,
    OPENCL_DELTAS,
    OPENCL_SUMS,
    OPENCL_FORWARD,
    OPENCL_TRAIN,
    OPENCL_NETWORKS,
    OPENCL_REDUCE,
    OPENCL_CLIP,
    OPENCL_APPLY,
    OPENCL_PEAK,
    OPENCL_KERNELS
};

enum { OPENCL_ARGUMENTS = 16 }; /* most that a kernel has */

struct opencl_recorded_argument {
    const char *name;     /* of the buffer; NULL: passed by value */
    size_t bytes;         /* of the buffer, or of the value */
    const void *value;    /* as it was passed; NULL: a buffer */
    char *before, *after; /* the buffer's content */
};

/* One launch, complete. The recorder's for the time of its call. */
struct opencl_record {
    enum opencl_kernel_id id;
    const char *kernel;
    const char *source;  /* as it was built */
    const char *options; /* likewise */
    const char *platform, *device, *driver;
    size_t items, group; /* global and local size */
    size_t count;
    struct opencl_recorded_argument arguments[OPENCL_ARGUMENTS];
    /* How the trainer lays its arrays out (trainer.h). */
    bool simd, blocks_interleaved;
    uint32_t lanes, gap;
    uint32_t groups_a_slot; /* of the gradient in two stages */
};

/* Called after each launch, which has then ended; a status other than OK ends what was launched. */
struct opencl_recorder {
    carrynet_status (*launched)(void *self, const struct opencl_record *record);
    void *self;
    uint32_t gap; /* reals between the arrays of scratch, a multiple of 16; 0: kernels and memory as ever */
};

/*
 * Records the launches of a backend from now on, NULL: no longer; the recorder must live as long, and one that wants a
 * gap comes before the first launch. Only OpenCL's has any.
 */
void opencl_record_launches(struct backend *backend, const struct opencl_recorder *recorder);

#endif
