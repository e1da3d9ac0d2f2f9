/*
 * Records of launches (record.h): source and options as the driver has them, and every buffer of the kernel before and
 * after. Each recorded launch is waited for, so recording is slow.
 */
#include "backend/opencl/record.h"
#include "backend/opencl/trainer.h"
#include <string.h>

/* The names of opencl_all_buffers, in its order; the slots' follow. */
static const char *const names[] = {
    "parameters", "first_moments", "second_moments", "sums", "totals", "constants", "factors", "packed",
    "scratch",    "nodes",         "counts",         "y",    "z",      "h",         "state",   "task"};
enum { SINGLE = sizeof names / sizeof names[0] };

/* The trainer's buffer that an argument is, and its name; NULL where it is a value. */
static const struct opencl_buffer *buffer_of(const char **name, struct opencl_trainer *t,
                                             const struct opencl_argument *argument)
{
    struct opencl_buffer *buffers[OPENCL_BUFFERS];
    const size_t count = opencl_all_buffers(t, buffers);
    *name = NULL;
    for (size_t i = 0; i < count; ++i)
        if (argument->value == (const void *)&buffers[i]->memory) {
            *name = i < SINGLE ? names[i] : (i - SINGLE) % 2 == 0 ? "staged" : "rates";
            return buffers[i];
        }
    return NULL;
}

static carrynet_status copy(char **content, struct opencl_trainer *t, const struct opencl_buffer *buffer)
{
    const carrynet_status status = sys_allocate(content, buffer->bytes, 1);
    const cl_int code = status != CARRYNET_OK ? CL_SUCCESS
                                              : clEnqueueReadBuffer(t->queue, buffer->memory, CL_TRUE, 0, buffer->bytes,
                                                                    *content, 0, NULL, NULL);
    return status == CARRYNET_OK && code != CL_SUCCESS ? opencl_fail("clEnqueueReadBuffer", code) : status;
}

/* A text that the driver has about a program: in two calls, the first for its size. */
static carrynet_status program_text(char **text, cl_program program, cl_device_id device)
{
    size_t size = 0;
    cl_int code = device == NULL ? clGetProgramInfo(program, CL_PROGRAM_SOURCE, 0, NULL, &size)
                                 : clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_OPTIONS, 0, NULL, &size);
    carrynet_status status = sys_allocate(text, size + 1, 1);
    if (code == CL_SUCCESS && status == CARRYNET_OK)
        code = device == NULL ? clGetProgramInfo(program, CL_PROGRAM_SOURCE, size, *text, NULL)
                              : clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_OPTIONS, size, *text, NULL);
    return status == CARRYNET_OK && code != CL_SUCCESS
               ? opencl_fail(device == NULL ? "clGetProgramInfo" : "clGetProgramBuildInfo", code)
               : status;
}

static void record_free(struct opencl_record *record)
{
    if (record == NULL)
        return;
    for (size_t i = 0; i < record->count; ++i) {
        sys_free(record->arguments[i].before);
        sys_free(record->arguments[i].after);
    }
    sys_free((char *)(uintptr_t)record->source);
    sys_free((char *)(uintptr_t)record->options);
    sys_free(record);
}

/* Whether a launch reads in scratch what the one before has left: stages of a gradient. */
static bool goes_on(enum opencl_kernel_id id, const struct carrynet_pass *pass)
{
    return id == OPENCL_SUMS || (id == OPENCL_DELTAS && pass->chunk_block > 0);
}

carrynet_status opencl_record(struct opencl_record **out, struct opencl_trainer *t, enum opencl_kernel_id id,
                              cl_kernel kernel, const struct opencl_argument *arguments, size_t count, size_t items,
                              size_t group)
{
    cl_program program = NULL;
    char *source = NULL, *options = NULL;
    struct opencl_record *record = NULL;
    *out = NULL;
    const cl_int code = clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof program, &program, NULL);
    if (code != CL_SUCCESS)
        return opencl_fail("clGetKernelInfo", code);
    carrynet_status status = sys_allocate(&record, 1, sizeof *record);
    if (status != CARRYNET_OK)
        return status;
    *out = record;
    status = program_text(&source, program, NULL);
    record->source = source;
    if (status == CARRYNET_OK)
        status = program_text(&options, program, t->device);
    record->options = options;
    record->id = id;
    record->kernel = opencl_kernel_name(t, id);
    record->platform = t->about.platform_name;
    record->device = t->about.name;
    record->driver = t->about.driver;
    record->items = items;
    record->group = group;
    record->count = count;
    record->simd = t->simd;
    record->blocks_interleaved = t->blocks_interleaved;
    record->lanes = t->lanes;
    record->gap = t->gap;
    record->groups_a_slot = id == OPENCL_SUMS     ? t->tiles.jobs
                            : id == OPENCL_DELTAS ? CARRYNET_BLOCK / t->tiles.gradient.sequences
                                                  : 0;
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        struct opencl_recorded_argument *to = &record->arguments[i];
        const struct opencl_buffer *buffer = buffer_of(&to->name, t, &arguments[i]);
        if (buffer == &t->scratch && t->gap > 0 && !goes_on(id, arguments[0].value))
            status = opencl_poison(t, buffer);
        to->bytes = buffer != NULL ? buffer->bytes : arguments[i].size;
        to->value = buffer != NULL ? NULL : arguments[i].value;
        if (buffer != NULL && status == CARRYNET_OK)
            status = copy(&to->before, t, buffer);
    }
    return status;
}

carrynet_status opencl_recorded(struct opencl_trainer *t, struct opencl_record *record,
                                const struct opencl_argument *arguments, carrynet_status status)
{
    for (size_t i = 0; record != NULL && i < record->count && status == CARRYNET_OK; ++i) {
        const char *name;
        const struct opencl_buffer *buffer = buffer_of(&name, t, &arguments[i]);
        if (buffer != NULL)
            status = copy(&record->arguments[i].after, t, buffer);
    }
    if (status == CARRYNET_OK)
        status = t->recorder->launched(t->recorder->self, record);
    record_free(record);
    return status;
}
