/* Times of kernels by their events, and the device's peak (peak.cl). */
#include "opencl/trainer.h"
#include <string.h>

enum { PEAK_WINDOWS = 5, PEAK_CHAINS = 12 };
static const double PEAK_SECONDS = 0.02;

/* ---- times ----------------------------------------------------------------------------------------------------- */

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

/* ---- the peak -------------------------------------------------------------------------------------------------- */

/* Seconds of one launch of the peak kernel, by the host's clock. */
static carrynet_status time_peak(double *seconds, struct opencl_trainer *t, const struct opencl_buffer *out,
                                 cl_uint rounds)
{
    const struct opencl_argument arguments[] = {STRUCT(rounds), BUFFER(*out)};
    const double start = base_seconds();
    const carrynet_status status = LAUNCH(t, OPENCL_PEAK, arguments, t->workers);
    const cl_int code = clFinish(t->queue);
    *seconds = base_seconds() - start;
    return status == CARRYNET_OK && code != CL_SUCCESS ? opencl_fail("clFinish", code) : status;
}

carrynet_status opencl_trainer_peak(struct backend *backend, double *flops)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_buffer out = {0};
    cl_kernel kernel = NULL;
    size_t group = 1;
    cl_uint rounds = 1000;
    double seconds = 0, best = 0;
    *flops = 0;
    carrynet_status status = opencl_need(&kernel, t, OPENCL_PEAK);
    if (status == CARRYNET_OK)
        status = opencl_group(&group, t, kernel);
    const size_t items = t->workers * group;
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &out, items * t->value, "the peak's results");
    if (status == CARRYNET_OK) /* compiles */
        status = time_peak(&seconds, t, &out, rounds);
    while (status == CARRYNET_OK) {
        status = time_peak(&seconds, t, &out, rounds);
        if (seconds >= PEAK_SECONDS || rounds >= 1u << 30)
            break;
        rounds *= 2;
    }
    for (int i = 0; i < PEAK_WINDOWS && status == CARRYNET_OK; ++i) {
        status = time_peak(&seconds, t, &out, rounds);
        const double rate = 2.0 * (double)PEAK_CHAINS * (double)rounds * (double)items * t->lanes / seconds;
        best = rate > best ? rate : best;
    }
    *flops = best;
    if (out.memory != NULL)
        (void)clReleaseMemObject(out.memory);
    return status;
}
