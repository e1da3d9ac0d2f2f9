/*
 * The device's peak: fused multiply-adds a second of a kernel that does nothing else (peak.cl). The number of launches
 * grows until the clock resolves it; the result is the best of several windows.
 */
#include "backend/opencl/trainer.h"

enum { PEAK_WINDOWS = 5, PEAK_CHAINS = 12 };
static const double PEAK_SECONDS = 0.02;

/* Seconds of one launch of the peak kernel, by the host's clock. */
static carrynet_status time_peak(double *seconds, struct opencl_trainer *t, const struct opencl_buffer *out,
                                 cl_uint rounds)
{
    const struct opencl_argument arguments[] = {STRUCT(rounds), BUFFER(*out)};
    const double start = sys_seconds();
    const carrynet_status status = LAUNCH(t, OPENCL_PEAK, arguments, t->workers);
    const cl_int code = clFinish(t->queue);
    *seconds = sys_seconds() - start;
    return status == CARRYNET_OK && code != CL_SUCCESS ? opencl_fail("clFinish", code) : status;
}

carrynet_status opencl_trainer_peak(struct backend *backend, double *flops)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_buffer out = {0};
    cl_kernel kernel = NULL;
    cl_uint rounds = 1000;
    double seconds = 0, best = 0;
    *flops = 0;
    carrynet_status status = opencl_need(&kernel, t, OPENCL_PEAK);
    const size_t items = t->workers * opencl_group(t, OPENCL_PEAK);
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
