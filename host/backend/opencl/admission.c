/*
 * Admission of a device (kernels/ARITHMETIC.md 9): the properties that it must report, and vectors of operations whose
 * results must equal the host's.
 */
#include "backend/opencl/opencl.h"
#include "kernels/arguments.h"
#include "platform/environment.h"
#include "reference/reference.h"
#include <stdio.h>
#include <string.h>

/* What the results of a vector are, in the order of kernels/admission.cl. */
static const char *const operations[CARRYNET_RESULTS] = {"fma",
                                                         "a product and a sum apart (contraction)",
                                                         "addition",
                                                         "division",
                                                         "square root",
                                                         "conversion from an integer",
                                                         "sigmoid",
                                                         "flush",
                                                         "a running sum (order)",
                                                         "an expression of several operations"};

enum { DIVISION = 3, SQUARE_ROOT = 4, SIGMOID = 6, EDGES = 13, VECTORS = 4096 };

static carrynet_status check_statement(const carrynet_device *about, carrynet_precision precision)
{
    const char *lacks = !about->available          ? "is not available, or has no compiler"
                        : !about->full_profile     ? "has not the full profile"
                        : !about->round_to_nearest ? "does not round to nearest"
                        : !about->inf_nan          ? "has no infinities and NaN"
                                                   : NULL;
    if (about->error != CL_SUCCESS) {
        char call[64];
        (void)snprintf(call, sizeof call, "clGetDeviceInfo of device %u:%u", about->platform, about->index);
        return opencl_fail(call, about->error);
    }
    if (lacks != NULL)
        return sys_fail(CARRYNET_ERROR_DEVICE, "device %u:%u %s is not admitted: it %s", about->platform, about->index,
                        about->name, lacks);
    if (precision == CARRYNET_FP64 && !about->fp64)
        return sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                        "device %u:%u %s has no fp64; use --precision fp32 or another device", about->platform,
                        about->index, about->name);
    return CARRYNET_OK;
}

/*
 * Operands: edges known to expose double rounding, contraction and ties, then a plain sequence over the ranges that
 * the arithmetic uses. b > 0 and within the range of division, c within that of the square root.
 */
static void fill_operands(double operands[VECTORS][CARRYNET_OPERANDS])
{
    static const double edges[EDGES][CARRYNET_OPERANDS] = {
        {0x1.001p0, 0x1.001p0, 0x1p-60},
        {0x1.000002p0, 0x1.000002p0, -0x1.000004p0},
        {0x1p0, 0x1.8p0, 0x1p24},
        {0x1.fffffep0, 0x1.fffffep0, 0x1p-40},
        {0x1p0, 0x1.fffffep0, 0x1.fffffep-1},
        {0x1.000002p0, 0x1.fffffcp-1, -0x1p0},
        {0x1.555556p-2, 0x1.8p1, -0x1p0},
        {0x1p-40, 0x1p0, 0x1p-40},
        {0x1p-1000, 0x1p-60, 0x0p0},
        {0x1.fffffep-41, 0x1p0, 0x1p0},
        {0x1.0000002p0, 0x1.0000004p0, 0x1p-120},
        {0x1.0000000000001p0, 0x1.0000000000001p0, -0x1.0000000000002p0},
        {0x1.921fb6p1, 0x1.5bf0a8p1, -0x1.114584p3},
    };
    memcpy(operands, edges, sizeof edges);
    uint64_t state = 0x9e3779b97f4a7c15u; /* a linear congruential sequence (Knuth's MMIX constants) */
    for (size_t i = EDGES; i < VECTORS; ++i)
        for (size_t k = 0; k < CARRYNET_OPERANDS; ++k) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            double value = 1 + (double)(state >> 12) * 0x1p-52;
            for (uint64_t e = state % 41; e > 20; --e)
                value *= 2;
            for (uint64_t e = state % 41; e < 20; ++e)
                value /= 2;
            operands[i][k] = k != 1 && (state >> 11 & 1) ? -value : value;
        }
}

static bool equal_bits(const void *a, const void *b, size_t size)
{
    if (memcmp(a, b, size) == 0)
        return true;
    if (size == sizeof(float))
        return *(const float *)a != *(const float *)a && *(const float *)b != *(const float *)b;
    return *(const double *)a != *(const double *)a && *(const double *)b != *(const double *)b;
}

/* Runs the vectors; *wrong is the first operation that differs (-1: none), *vector the vector. */
static carrynet_status run_vectors(int *wrong, size_t *vector, cl_context context, cl_command_queue queue,
                                   cl_kernel kernel, carrynet_precision precision)
{
    const size_t value = precision / 8;
    double(*operands)[CARRYNET_OPERANDS] = NULL;
    char *given = NULL, *expected = NULL, *got = NULL;
    cl_mem in = NULL, out = NULL;
    cl_int code = CL_SUCCESS;
    char what[64];
    const cl_uint count = VECTORS;
    const size_t items = VECTORS / 64, group = 1;
    carrynet_status status = sys_allocate(&operands, VECTORS, sizeof *operands);
    if (status == CARRYNET_OK)
        status = sys_allocate(&given, VECTORS * CARRYNET_OPERANDS, value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&expected, VECTORS * CARRYNET_RESULTS, value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&got, VECTORS * CARRYNET_RESULTS, value);
    if (status != CARRYNET_OK)
        goto done;
    fill_operands(operands);
    for (size_t i = 0; i < (size_t)VECTORS * CARRYNET_OPERANDS; ++i)
        if (precision == CARRYNET_FP32)
            ((float *)(void *)given)[i] = (float)(&operands[0][0])[i];
        else
            ((double *)(void *)given)[i] = (&operands[0][0])[i];
    reference_of(precision)->start_vectors(expected, given, VECTORS);
    const char *call = "clCreateBuffer";
    in = clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, VECTORS * CARRYNET_OPERANDS * value, given,
                        &code);
    if (code == CL_SUCCESS)
        out = clCreateBuffer(context, CL_MEM_WRITE_ONLY, VECTORS * CARRYNET_RESULTS * value, NULL, &code);
    const struct {
        size_t size;
        const void *value;
    } arguments[] = {{sizeof count, &count}, {sizeof in, &in}, {sizeof out, &out}};
    for (cl_uint i = 0; i < sizeof arguments / sizeof arguments[0] && code == CL_SUCCESS; ++i) {
        call = "clSetKernelArg";
        code = clSetKernelArg(kernel, i, arguments[i].size, arguments[i].value);
    }
    if (code == CL_SUCCESS) {
        call = "clEnqueueNDRangeKernel";
        code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &group, 0, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        call = "clEnqueueReadBuffer";
        code = clEnqueueReadBuffer(queue, out, CL_TRUE, 0, VECTORS * CARRYNET_RESULTS * value, got, 0, NULL, NULL);
    }
    if (code != CL_SUCCESS) {
        (void)snprintf(what, sizeof what, "%s of the start-up kernel", call);
        status = opencl_fail(what, code);
        goto done;
    }
    *wrong = -1;
    for (size_t i = 0; i < (size_t)VECTORS * CARRYNET_RESULTS && *wrong < 0; ++i)
        if (!equal_bits(expected + i * value, got + i * value, value)) {
            *wrong = (int)(i % CARRYNET_RESULTS);
            *vector = i / CARRYNET_RESULTS;
        }
done:
    if (in != NULL)
        (void)clReleaseMemObject(in);
    if (out != NULL)
        (void)clReleaseMemObject(out);
    sys_free(got);
    sys_free(expected);
    sys_free(given);
    sys_free(operands);
    return status;
}

/*
 * Whether the sigmoid's reciprocals may be made from the device's approximate ones: none of all significands may have other
 * bits than by division. The kernel is in the program of the start-up kernel, so it divides as that does.
 */
static carrynet_status check_seeds(bool *right, cl_context context, cl_command_queue queue,
                                   const carrynet_device *about, const struct opencl_admission *admission)
{
    enum { ITEMS = 4096, GROUP = 64 };
    cl_uint differing[ITEMS] = {0}, count = 0;
    const size_t items = ITEMS;
    size_t group = 0;
    cl_device_id device = NULL;
    cl_kernel kernel = NULL;
    cl_mem out = NULL;
    char what[64];
    *right = false;
    /* A simulator takes a minute for what a device does in a millisecond. */
    if (strcmp(about->platform_name, "Oclgrind") == 0)
        return CARRYNET_OK;
    carrynet_status status = admission->reciprocal(admission->self, &kernel);
    if (status != CARRYNET_OK)
        return status;
    const char *call = "clGetCommandQueueInfo";
    cl_int code = clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
    if (code == CL_SUCCESS) {
        call = "clGetKernelWorkGroupInfo";
        code = clGetKernelWorkGroupInfo(kernel, device, CL_KERNEL_WORK_GROUP_SIZE, sizeof group, &group, NULL);
    }
    group = group < GROUP ? 1 : GROUP;
    if (code == CL_SUCCESS) {
        call = "clCreateBuffer";
        out = clCreateBuffer(context, CL_MEM_WRITE_ONLY, sizeof differing, NULL, &code);
    }
    if (code == CL_SUCCESS) {
        call = "clSetKernelArg";
        code = clSetKernelArg(kernel, 0, sizeof out, &out);
    }
    if (code == CL_SUCCESS) {
        call = "clEnqueueNDRangeKernel";
        code = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &group, 0, NULL, NULL);
    }
    if (code == CL_SUCCESS) {
        call = "clEnqueueReadBuffer";
        code = clEnqueueReadBuffer(queue, out, CL_TRUE, 0, sizeof differing, differing, 0, NULL, NULL);
    }
    if (code != CL_SUCCESS) {
        (void)snprintf(what, sizeof what, "%s of the test of reciprocals", call);
        status = opencl_fail(what, code);
    }
    for (size_t i = 0; i < ITEMS; ++i)
        count += differing[i];
    *right = status == CARRYNET_OK && count == 0;
    if (out != NULL)
        (void)clReleaseMemObject(out);
    return status;
}

carrynet_status opencl_admit(cl_context context, cl_command_queue queue, const carrynet_device *about,
                             carrynet_precision precision, const struct opencl_admission *admission)
{
    int wrong = -1;
    size_t vector = 0;
    cl_kernel kernel = NULL;
    bool divide_by_newton = precision == CARRYNET_FP32 && !about->correct_division;
    /* What the device is compared with comes first, so that a host that computes wrong is not the device's fault. */
    carrynet_status status = reference_admit();
    if (status == CARRYNET_OK)
        status = check_statement(about, precision);
    if (status == CARRYNET_OK)
        status = admission->kernel(admission->self, &kernel, divide_by_newton);
    if (status == CARRYNET_OK)
        status = run_vectors(&wrong, &vector, context, queue, kernel, precision);
    const bool division = wrong == DIVISION || wrong == SQUARE_ROOT || wrong == SIGMOID;
    if (status == CARRYNET_OK && division && precision == CARRYNET_FP32 && !divide_by_newton) {
        /* The device states correct division, and is wrong: its own instructions are not used. */
        divide_by_newton = true;
        status = admission->kernel(admission->self, &kernel, divide_by_newton);
        if (status == CARRYNET_OK)
            status = run_vectors(&wrong, &vector, context, queue, kernel, precision);
    }
    if (status == CARRYNET_OK && wrong >= 0)
        status =
            sys_fail(CARRYNET_ERROR_DEVICE,
                     "device %u:%u %s is not admitted: %s differs from IEEE 754 in start-up vector %zu; use another "
                     "device, or --allow-inexact to go on without the promise of equal bits",
                     about->platform, about->index, about->name, operations[wrong], vector);
    if (status == CARRYNET_OK && admission->reciprocal_by_seed != NULL)
        status = check_seeds(admission->reciprocal_by_seed, context, queue, about, admission);
    return status;
}

/* The start-up kernel alone, for a device that is only looked at. */
struct lone_kernel {
    cl_context context;
    cl_device_id device;
    const carrynet_device *about;
    carrynet_precision precision;
    uint32_t lanes;
    cl_kernel kernel;
};

static carrynet_status lone_kernel(void *self, cl_kernel *kernel, bool divide_by_newton)
{
    static const char *const files[] = {"arithmetic.h", "arguments.h", "admission.cl", NULL};
    struct lone_kernel *lone = self;
    char options[96];
    cl_program program = NULL;
    if (lone->kernel != NULL)
        (void)clReleaseKernel(lone->kernel);
    lone->kernel = NULL;
    (void)snprintf(options, sizeof options, "-DCARRYNET_REAL_BITS=%d -DCARRYNET_LANES=%u", (int)lone->precision,
                   lone->lanes);
    carrynet_status status =
        opencl_build(&program, lone->context, lone->device, lone->about, files, options, divide_by_newton);
    if (status == CARRYNET_OK)
        status = opencl_kernel(&lone->kernel, program, "admit");
    if (program != NULL)
        (void)clReleaseProgram(program);
    *kernel = lone->kernel;
    return status;
}

carrynet_status carrynet_device_admit(uint32_t platform, uint32_t index, carrynet_precision precision)
{
    cl_device_id id = NULL;
    carrynet_device about;
    cl_context context = NULL;
    cl_command_queue queue = NULL;
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status = reference_admit();
    if (status == CARRYNET_OK)
        status = opencl_device_at(&id, &about, platform, index);
    if (status == CARRYNET_OK)
        status = check_statement(&about, precision);
    if (status == CARRYNET_OK)
        status = opencl_open(&context, &queue, id, false);
    /* As the SIMT variant computes, and in the widest vectors of the SIMD variant. */
    static const uint32_t lanes[] = {1, 16};
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0] && status == CARRYNET_OK; ++i) {
        struct lone_kernel lone = {context, id, &about, precision, lanes[i], NULL};
        status =
            opencl_admit(context, queue, &about, precision, &(struct opencl_admission){lone_kernel, NULL, &lone, NULL});
        if (lone.kernel != NULL)
            (void)clReleaseKernel(lone.kernel);
    }
    if (queue != NULL)
        (void)clReleaseCommandQueue(queue);
    if (context != NULL)
        (void)clReleaseContext(context);
    return sys_leave_arithmetic(&environment, status);
}
