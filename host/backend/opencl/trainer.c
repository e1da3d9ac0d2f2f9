/*
 * The trainer: opens the device, chooses the kernel variant and sizes, holds parameters and moments of N networks on
 * the device, and has the table of operations of this backend.
 */
#include "backend/opencl/trainer.h"
#include <stdio.h>
#include <string.h>

enum { CPU_WORKERS = 4, GPU_WORKERS = 4 }; /* a compute unit */

/* Most hidden units with which blocks are lane-interleaved; beyond, lanes of units waste little, and their data are smaller. */
enum { INTERLEAVED_HIDDEN = 12 };

/* ---- making ---------------------------------------------------------------------------------------------------- */

/* Vector width of the SIMD variant: the device's own, 4 to 16; the widest where it has none (GPUs, simulators). */
static carrynet_status choose_lanes(struct opencl_trainer *t, uint32_t asked)
{
    cl_uint lanes = 0;
    const bool single = t->settings.precision == CARRYNET_FP32;
    if (asked != 0 && asked != 4 && asked != 8 && asked != 16)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "lanes is %u, must be 4, 8 or 16", asked);
    t->lanes = 1;
    if (!t->simd)
        return CARRYNET_OK;
    if (asked == 0 &&
        clGetDeviceInfo(t->device, single ? CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT : CL_DEVICE_NATIVE_VECTOR_WIDTH_DOUBLE,
                        sizeof lanes, &lanes, NULL) != CL_SUCCESS)
        lanes = 8;
    lanes = asked != 0 ? asked : lanes;
    t->lanes = lanes <= 1 || lanes >= 16 ? 16 : lanes >= 8 ? 8 : 4;
    return CARRYNET_OK;
}

carrynet_status opencl_choose_sizes(struct opencl_trainer *t, const carrynet_engine_options *options)
{
    const carrynet_shape *shape = &t->settings.shape;
    const bool gpu = t->about.type != CARRYNET_DEVICE_CPU;
    t->simd = options->kernel_variant == CARRYNET_KERNEL_VARIANT_AUTO
                  ? !gpu
                  : options->kernel_variant == CARRYNET_KERNEL_VARIANT_SIMD;
    t->value = t->settings.precision / 8;
    t->size = carrynet_shape_size(shape);
    t->trained = carrynet_shape_trained(shape);
    t->parameter_stride = (uint32_t)opencl_rounded(t->size);
    t->partial_stride = (uint32_t)opencl_rounded(t->trained + 2);
    t->group_asked = options->work_group_size;
    t->columns = t->simd ? (size_t)opencl_rounded(shape->hidden) : shape->hidden;
    const size_t units = t->about.compute_units > 0 ? t->about.compute_units : 1;
    t->workers = options->work_items != 0 ? options->work_items : units * (t->simd ? CPU_WORKERS : GPU_WORKERS);
    t->launches = options->launches;
    const carrynet_status status = choose_lanes(t, options->lanes);
    t->blocks_interleaved =
        t->simd && shape->hidden <= INTERLEAVED_HIDDEN && t->settings.batch >= t->lanes * CARRYNET_BLOCK;
    opencl_choose_launches(t);
    const uint64_t symbols = (uint64_t)1 << shape->inputs;
    if (t->simd)
        t->packed_size = CARRYNET_PACKED_SIZE(t->columns, symbols, shape->hidden, shape->outputs, t->lanes);
    if (t->simd || status != CARRYNET_OK)
        return status;
    const carrynet_status chosen = opencl_choose_tiles(&t->tiles, &t->about, &t->settings, options->work_group_size);
    if (t->tiles.two_stages || !t->tiles.forward.weights_local)
        t->packed_size = CARRYNET_SIMT_PACKED(shape->inputs, (uint64_t)shape->hidden, (uint64_t)shape->outputs);
    return chosen;
}

/* The start-up kernel, from the trainer's own program. */
static carrynet_status admission_kernel(void *self, cl_kernel *kernel, bool divide_by_newton)
{
    struct opencl_trainer *t = self;
    opencl_release_kernels(t);
    t->divide_by_newton = divide_by_newton || t->newton_asked;
    return opencl_need(kernel, t, OPENCL_ADMIT);
}

static carrynet_status reciprocal_kernel(void *self, cl_kernel *kernel)
{
    return opencl_need(kernel, self, OPENCL_ADMIT_RECIPROCAL);
}

static carrynet_status fill_zero(struct opencl_trainer *t, struct opencl_buffer *buffer)
{
    const cl_uint zero = 0;
    const cl_int code =
        clEnqueueFillBuffer(t->queue, buffer->memory, &zero, sizeof zero, 0, buffer->bytes, 0, NULL, NULL);
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueFillBuffer", code);
}

static carrynet_status make_state(struct opencl_trainer *t)
{
    const uint64_t networks = t->settings.networks, bytes = networks * t->parameter_stride * t->value;
    const bool first = net_first_moment(t->settings.optimizer), second = net_second_moment(t->settings.optimizer);
    struct opencl_buffer *const made[] = {&t->parameters, &t->moments[0], &t->moments[1], &t->sums,
                                          &t->totals,     &t->factors,    &t->constants,  &t->task};
    const uint64_t sizes[] = {bytes,
                              first ? bytes : 0,
                              second ? bytes : 0,
                              networks * t->partial_stride * t->value,
                              networks * 2 * sizeof(cl_ulong),
                              networks * t->value,
                              CARRYNET_CONSTANTS * t->value,
                              sizeof(uint32_t)};
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < sizeof made / sizeof made[0] && status == CARRYNET_OK; ++i) {
        status = opencl_reserve(t, made[i], sizes[i], "the networks' state");
        if (status == CARRYNET_OK)
            status = fill_zero(t, made[i]);
    }
    return status;
}

static void free_trainer(struct opencl_trainer *t)
{
    if (t == NULL)
        return;
    if (t->queue != NULL)
        (void)clFinish(t->queue);
    struct opencl_buffer *buffers[OPENCL_BUFFERS];
    const size_t count = opencl_all_buffers(t, buffers);
    for (size_t i = 0; i < count; ++i)
        if (buffers[i]->memory != NULL)
            (void)clReleaseMemObject(buffers[i]->memory);
    for (int i = 0; i < OPENCL_SLOTS; ++i) {
        struct opencl_slot *slot = &t->slots[i];
        if (slot->written != NULL)
            (void)clReleaseEvent(slot->written);
        sys_free(slot->words);
        sys_free(slot->rates);
        sys_free(slot->sums);
    }
    for (size_t i = 0; i < t->profile.events; ++i)
        if (t->profile.event[i] != NULL)
            (void)clReleaseEvent(t->profile.event[i]);
    sys_free(t->results);
    opencl_release_kernels(t);
    const bool part_goes = t->about.parts > 1 && (t->queue == NULL || opencl_queue_is_free(t->queue));
    if (t->queue != NULL)
        (void)clReleaseCommandQueue(t->queue);
    if (t->context != NULL)
        (void)clReleaseContext(t->context);
    if (part_goes)
        opencl_device_release(t->device, &t->about);
    sys_free(t);
}

carrynet_status opencl_trainer_create(struct backend **backend, const carrynet_settings *settings,
                                      const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION])
{
    struct opencl_trainer *t = NULL;
    char part[64] = "";
    *backend = NULL;
    carrynet_status status = sys_allocate(&t, 1, sizeof *t);
    if (status != CARRYNET_OK)
        return status;
    t->base.operations = &opencl_operations;
    t->settings = *settings;
    t->newton_asked = options->divide_by_newton;
    t->profile.on = options->profile;
    status = opencl_device_find(&t->device, &t->about, options->device);
    if (status == CARRYNET_OK)
        status = opencl_choose_sizes(t, options);
    if (status == CARRYNET_OK)
        status = opencl_open(&t->context, &t->queue, t->device, options->profile);
    const bool seeds = !t->simd && settings->precision == CARRYNET_FP32 && !options->reciprocal_by_quotient;
    if (status == CARRYNET_OK)
        status = opencl_admit(
            t->context, t->queue, &t->about, settings->precision,
            &(struct opencl_admission){admission_kernel, reciprocal_kernel, t, seeds ? &t->reciprocal_by_seed : NULL});
    const bool inexact = status == CARRYNET_ERROR_DEVICE && t->queue != NULL && options->allow_inexact;
    if (inexact)
        status = CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = opencl_check_memory(t);
    if (status == CARRYNET_OK)
        status = make_state(t);
    if (status != CARRYNET_OK)
        goto done;
    if (t->about.parts > 0)
        (void)snprintf(part, sizeof part, ", part %u of %u, %u compute unit%s", t->about.part + 1, t->about.parts,
                       t->about.compute_units, t->about.compute_units == 1 ? "" : "s");
    (void)snprintf(description, BACKEND_DESCRIPTION, "%u:%u %s (%s)%s, %s kernel shape, fp%d%s", t->about.platform,
                   t->about.index, t->about.name, t->about.platform_name, part, t->simd ? "cpu" : "gpu",
                   (int)settings->precision, inexact ? ", not admitted: bits may differ" : "");
    *backend = &t->base;
    t = NULL;
done:
    free_trainer(t);
    return status;
}

/* ---- the networks' state --------------------------------------------------------------------------------------- */

/* Copies rows between the padded buffer and packed values: [count][columns] from row `first` on, by one rectangle. */
static carrynet_status transfer(struct opencl_trainer *t, carrynet_part part, size_t first, size_t count, void *read_to,
                                const void *write_from)
{
    const struct opencl_buffer *buffer = part == CARRYNET_PART_PARAMETERS ? &t->parameters : &t->moments[part - 1];
    const size_t columns = (part == CARRYNET_PART_PARAMETERS ? t->size : t->trained) * t->value;
    const size_t stride = t->parameter_stride * t->value;
    const size_t there[3] = {0, first, 0}, here[3] = {0, 0, 0}, region[3] = {columns, count, 1};
    if (count == 0)
        return CARRYNET_OK;
    const cl_int code = read_to != NULL
                            ? clEnqueueReadBufferRect(t->queue, buffer->memory, CL_TRUE, there, here, region, stride, 0,
                                                      columns, 0, read_to, 0, NULL, NULL)
                            : clEnqueueWriteBufferRect(t->queue, buffer->memory, CL_TRUE, there, here, region, stride,
                                                       0, columns, 0, write_from, 0, NULL, NULL);
    if (code != CL_SUCCESS)
        return opencl_fail(read_to != NULL ? "clEnqueueReadBufferRect" : "clEnqueueWriteBufferRect", code);
    return CARRYNET_OK;
}

static carrynet_status trainer_get(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                   void *values)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    return transfer(t, part, first, count, values, NULL);
}

static carrynet_status trainer_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                   const void *values)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    t->packed_is_current = false;
    return transfer(t, part, first, count, NULL, values);
}

static carrynet_status trainer_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    const struct opencl_buffer *parts[] = {&t->parameters, &t->moments[0], &t->moments[1]};
    const bool present[] = {true, net_first_moment(t->settings.optimizer), net_second_moment(t->settings.optimizer)};
    const size_t row = t->parameter_stride * t->value;
    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; ++part)
        for (uint32_t n = 0, rows; n < count && present[part]; n += rows) {
            /* Neighbours that come from neighbours at once: from beyond the last that stays, so they do not overlap. */
            for (rows = 1; from[n] != n && n + rows < count && from[n + rows] == from[n] + rows;)
                ++rows;
            if (from[n] == n)
                continue;
            const cl_mem memory = parts[part]->memory;
            const cl_int code =
                clEnqueueCopyBuffer(t->queue, memory, memory, from[n] * row, n * row, rows * row, 0, NULL, NULL);
            if (code != CL_SUCCESS)
                return opencl_fail("clEnqueueCopyBuffer", code);
        }
    t->settings.networks = count;
    t->packed_is_current = false;
    return CARRYNET_OK;
}

/* ---- the backend ------------------------------------------------------------------------------------------------ */

static void trainer_free(struct backend *backend)
{
    free_trainer((struct opencl_trainer *)backend);
}

const struct backend_operations opencl_operations = {
    .free = trainer_free,
    .memory = opencl_trainer_memory,
    .need = opencl_trainer_need,
    .get = trainer_get,
    .set = trainer_set,
    .compact = trainer_compact,
    .stage = opencl_trainer_stage,
    .gradient = opencl_trainer_gradient,
    .train = opencl_trainer_train,
    .prepare = opencl_trainer_prepare,
    .get_sums = opencl_trainer_get_sums,
    .set_sums = opencl_trainer_set_sums,
    .update = opencl_trainer_update,
    .forward = opencl_trainer_forward,
    .profile = opencl_trainer_profile,
    .peak = opencl_trainer_peak,
};

bool opencl_trainer_reciprocal_by_seed(const struct backend *backend)
{
    return backend->operations == &opencl_operations && ((const struct opencl_trainer *)backend)->reciprocal_by_seed;
}

void opencl_record_launches(struct backend *backend, const struct opencl_recorder *recorder)
{
    if (backend->operations == &opencl_operations) {
        struct opencl_trainer *t = (struct opencl_trainer *)backend;
        t->recorder = recorder;
        t->gap = recorder != NULL ? recorder->gap : 0;
    }
}
