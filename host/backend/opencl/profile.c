/*
 * Kernel times from OpenCL events. launch.c gets the place for a launch's event here, and the engine reads the totals.
 * This file launches nothing.
 */
#include "backend/opencl/trainer.h"
#include <string.h>

/* Reads the events so far, which waits for them. */
static carrynet_status collect(struct opencl_trainer *t)
{
    struct opencl_profile *profile = &t->profile;
    cl_int code = clFinish(t->queue);
    const char *call = code == CL_SUCCESS ? "clGetEventProfilingInfo" : "clFinish";
    for (size_t i = 0; i < profile->events; ++i) {
        cl_ulong start = 0, end = 0;
        if (profile->event[i] == NULL) /* of a launch that failed */
            continue;
        if (code == CL_SUCCESS)
            code = clGetEventProfilingInfo(profile->event[i], CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
        if (code == CL_SUCCESS)
            code = clGetEventProfilingInfo(profile->event[i], CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
        (void)clReleaseEvent(profile->event[i]);
        profile->counted.kernel[profile->kernel[i]].launches += 1;
        profile->counted.kernel[profile->kernel[i]].seconds += (double)(end - start) * 1e-9;
    }
    profile->events = 0;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail(call, code);
}

cl_event *opencl_timed(struct opencl_trainer *t, const char *name)
{
    struct opencl_profile *profile = &t->profile;
    size_t i = 0;
    if (!profile->on || (profile->events == OPENCL_EVENTS && collect(t) != CARRYNET_OK))
        return NULL;
    while (i < profile->counted.kernels && strcmp(profile->counted.kernel[i].name, name) != 0)
        ++i;
    if (i == CARRYNET_PROFILE_KERNELS)
        return NULL;
    if (i == profile->counted.kernels)
        profile->counted.kernel[profile->counted.kernels++].name = name;
    profile->kernel[profile->events] = i;
    profile->event[profile->events] = NULL;
    return &profile->event[profile->events++];
}

carrynet_status opencl_trainer_profile(struct backend *backend, carrynet_profile *profile)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    const carrynet_status status = collect(t);
    *profile = t->profile.counted;
    profile->threads = t->about.compute_units;
    t->profile.counted = (carrynet_profile){0};
    return status;
}
