/* Kernel launches, and the host memory that is handed over while the device still works. */
#include "backend/opencl/trainer.h"
#include <stdio.h>

static carrynet_status enqueue(struct opencl_trainer *t, cl_kernel kernel, const char *name, size_t items, size_t group)
{
    char call[96];
    const cl_int code =
        clEnqueueNDRangeKernel(t->queue, kernel, 1, NULL, &items, &group, 0, NULL, opencl_timed(t, name));
    if (code == CL_SUCCESS)
        return CARRYNET_OK;
    (void)snprintf(call, sizeof call, "clEnqueueNDRangeKernel(%s)", name);
    return opencl_fail(call, code);
}

/* Sets the arguments in order and launches `groups` work-groups of a kernel. */
carrynet_status opencl_launch(struct opencl_trainer *t, enum opencl_kernel_id id,
                              const struct opencl_argument *arguments, size_t count, size_t groups)
{
    const char *name = opencl_kernel_name(t, id);
    cl_kernel kernel = NULL;
    char call[96];
    carrynet_status status = opencl_need(&kernel, t, id);
    if (status != CARRYNET_OK)
        return status;
    const size_t group = opencl_group(t, id), items = groups * group;
    for (size_t i = 0; i < count; ++i) {
        const cl_int code = clSetKernelArg(kernel, (cl_uint)i, arguments[i].size, arguments[i].value);
        if (code != CL_SUCCESS) {
            (void)snprintf(call, sizeof call, "clSetKernelArg(%s, %zu)", name, i);
            return opencl_fail(call, code);
        }
    }
    if (t->recorder == NULL)
        return enqueue(t, kernel, name, items, group);
    struct opencl_record *record = NULL;
    status = opencl_record(&record, t, id, kernel, arguments, count, items, group);
    if (status == CARRYNET_OK)
        status = enqueue(t, kernel, name, items, group);
    return opencl_recorded(t, record, arguments, status);
}

/*
 * Launches a kernel whose work-items distribute `items` items: about 64 a group in the SIMT variant. Groups have a fixed
 * size, so that a runtime that compiles for each size (pocl) compiles once.
 */
carrynet_status opencl_distribute(struct opencl_trainer *t, enum opencl_kernel_id id,
                                  const struct opencl_argument *arguments, size_t count, size_t items)
{
    const size_t share = t->simd ? 1 : 64, needed = (items + share - 1) / share;
    return opencl_launch(t, id, arguments, count, needed < t->workers ? needed : t->workers);
}

/* Waits until the device has taken what the slot last wrote. */
carrynet_status opencl_wait(struct opencl_slot *slot)
{
    if (slot->written == NULL)
        return CARRYNET_OK;
    const cl_int code = clWaitForEvents(1, &slot->written);
    (void)clReleaseEvent(slot->written);
    slot->written = NULL;
    slot->rates_queued = slot->sums_queued = false;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clWaitForEvents", code);
}

/* Queues a write from the slot's memory, and remembers it as the slot's last. */
carrynet_status opencl_write_slot(struct opencl_trainer *t, struct opencl_slot *slot, const struct opencl_buffer *to,
                                  const void *from, size_t bytes)
{
    cl_event event = NULL;
    const cl_int code = clEnqueueWriteBuffer(t->queue, to->memory, CL_FALSE, 0, bytes, from, 0, NULL, &event);
    if (code != CL_SUCCESS)
        return opencl_fail("clEnqueueWriteBuffer", code);
    t->profile.counted.bytes_written += bytes;
    if (slot->written != NULL)
        (void)clReleaseEvent(slot->written);
    slot->written = event;
    return CARRYNET_OK;
}
