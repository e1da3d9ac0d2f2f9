/*
 * Operations of kernels/arithmetic.h on every OpenCL device, bit for bit against the host's: divisions and square roots
 * of numbers drawn over the ranges that the arithmetic uses, with the device's own instructions and by Newton's steps,
 * and the functions that take anything, at zeros of both signs, saturation, infinities, NaN and around the flush limit.
 *
 *     device_arithmetic [COUNT]        so many divisions and square roots of each kind (100000; the long tier has 10^9)
 *
 * Then the reciprocals by the device's own seeds (kernels/ARITHMETIC.md 2, rule 7), of all significands, and how far off the
 * seeds are: one that is too far off is no fault, a wrong reciprocal from seeds that are near enough is.
 *
 * The judge is the host's own division and square root. Exit code 0 if all bits are equal, 1 if not.
 */
#define CARRYNET_REAL_BITS 32
#include "backend/opencl/opencl.h"
#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include <float.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 1 << 20, SPECIALS = 30, RESULTS = 3, MOST_SOURCE = 1 << 20 };

/* Shared by the kernel and the host: operands of problem i. b in [2^-60, 2^64), a likewise with a sign, as bits. */
#define DRAW_TEXT                                                                                                      \
    "ulong drawn(ulong i) { ulong z = i * 0x9e3779b97f4a7c15ul; z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;"             \
    " z = (z ^ z >> 27) * 0x94d049bb133111ebul; return z ^ z >> 31; }\n"

static const char kernel_text[] = DRAW_TEXT
    "vreal number(uint r, uint e, uint s) {"
    " return real_of((vbits)(s << 31 | (67u + e % 124u) << 23 | (r & 0x7fffffu))); }\n"
    "kernel void roots(const ulong first, const uint count, global real *q, global real *r) {"
    " for (uint i = get_global_id(0); i < count; i += get_global_size(0)) {"
    "  const ulong a = drawn(2 * (first + i)), b = drawn(2 * (first + i) + 1);"
    "  const vreal x = number((uint)a, (uint)(a >> 32) & 0xffffffu, (uint)(a >> 63));"
    "  const vreal y = number((uint)b, (uint)(b >> 32) & 0xffffffu, 0);"
    "  q[i] = quotient(x, y); r[i] = square_root(y); } }\n"
    "kernel void seeds(global uint *given, global uint *from) {"
    " for (uint i = get_global_id(0); i < 1u << 23; i += get_global_size(0)) {"
    "  const real x = real_of((vbits)(0x3f800000u | i)), seed = reciprocal_seed(x);"
    "  given[i] = (uint)bits_of(reciprocal_from_seed(x, seed)); from[i] = (uint)bits_of(seed); } }\n"
    "kernel void special(const uint count, global const real *in, global real *out) {"
    " for (uint i = get_global_id(0); i < count; i += get_global_size(0)) {"
    "  const vreal x = in[i];"
    "  out[3 * i] = sigmoid(x); out[3 * i + 1] = flush(x); out[3 * i + 2] = flush(product(x, REAL(0x1p-1))); } }\n";

static uint64_t drawn(uint64_t i)
{
    uint64_t z = i * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static float number(uint64_t r, int negative)
{
    const uint32_t exponent = 67u + ((uint32_t)(r >> 32) & 0xffffffu) % 124u;
    return real_of((vbits)((negative ? 1u << 31 : 0) | exponent << 23 | ((uint32_t)r & 0x7fffffu)));
}

static bool equal(float a, float b)
{
    return bits_of(a) == bits_of(b) || (isnan(a) && isnan(b));
}

/* An open device and its program. */
struct device {
    cl_context context;
    cl_command_queue queue;
    cl_program program;
};

static carrynet_status call(cl_int code, const char *name)
{
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail(name, code);
}

/* The program: kernels/arithmetic.h, then the kernels above. */
static carrynet_status build(struct device *d, cl_device_id id, const carrynet_device *about, bool newton)
{
    char *header = NULL;
    size_t size = 0;
    cl_int code = CL_SUCCESS;
    sys_text options = {0};
    carrynet_status status = sys_read_file(&header, &size, TESTS_DIR "/../kernels/arithmetic.h", MOST_SOURCE);
    sys_text_add(&options, "-cl-std=CL1.2 -DCARRYNET_REAL_BITS=32 -DCARRYNET_LANES=1%s",
                 newton                    ? " -DCARRYNET_DIVIDE_BY_NEWTON"
                 : about->correct_division ? " -cl-fp32-correctly-rounded-divide-sqrt"
                                           : "");
    if (status == CARRYNET_OK && options.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a compiler's options");
    if (status == CARRYNET_OK) {
        const char *const texts[] = {"#pragma OPENCL FP_CONTRACT OFF\n", header, "\n", kernel_text};
        d->program = clCreateProgramWithSource(d->context, 4, (const char **)(uintptr_t)texts, NULL, &code);
        status = call(code, "clCreateProgramWithSource");
    }
    if (status == CARRYNET_OK)
        status = call(clBuildProgram(d->program, 1, &id, options.data, NULL, NULL), "clBuildProgram");
    sys_text_free(&options);
    sys_free(header);
    return status;
}

static carrynet_status buffer(cl_mem *memory, const struct device *d, size_t bytes)
{
    cl_int code = CL_SUCCESS;
    *memory = clCreateBuffer(d->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    return call(code, "clCreateBuffer");
}

static void release(cl_kernel kernel, cl_mem one, cl_mem two)
{
    if (kernel != NULL)
        (void)clReleaseKernel(kernel);
    if (one != NULL)
        (void)clReleaseMemObject(one);
    if (two != NULL)
        (void)clReleaseMemObject(two);
}

/* `count` divisions and square roots; *wrong of them differ, the first are printed. */
static carrynet_status check_roots(uint64_t *wrong, const struct device *d, uint64_t count)
{
    static float quotients[CHUNK], roots[CHUNK];
    cl_kernel kernel = NULL;
    cl_mem q = NULL, r = NULL;
    const size_t items = 4096;
    carrynet_status status = opencl_kernel(&kernel, d->program, "roots");
    if (status == CARRYNET_OK)
        status = buffer(&q, d, sizeof quotients);
    if (status == CARRYNET_OK)
        status = buffer(&r, d, sizeof roots);
    for (uint64_t first = 0; first < count && status == CARRYNET_OK; first += CHUNK) {
        const cl_ulong start = first;
        const cl_uint part = count - first < CHUNK ? (cl_uint)(count - first) : CHUNK;
        cl_int code = clSetKernelArg(kernel, 0, sizeof start, &start);
        code |= clSetKernelArg(kernel, 1, sizeof part, &part);
        code |= clSetKernelArg(kernel, 2, sizeof q, &q);
        code |= clSetKernelArg(kernel, 3, sizeof r, &r);
        status = call(code, "clSetKernelArg");
        if (status == CARRYNET_OK)
            status = call(clEnqueueNDRangeKernel(d->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL), "a launch");
        if (status == CARRYNET_OK)
            status = call(clEnqueueReadBuffer(d->queue, q, CL_TRUE, 0, part * sizeof(float), quotients, 0, NULL, NULL),
                          "clEnqueueReadBuffer");
        if (status == CARRYNET_OK)
            status = call(clEnqueueReadBuffer(d->queue, r, CL_TRUE, 0, part * sizeof(float), roots, 0, NULL, NULL),
                          "clEnqueueReadBuffer");
        for (uint32_t i = 0; i < part && status == CARRYNET_OK; ++i) {
            const uint64_t a = drawn(2 * (first + i)), b = drawn(2 * (first + i) + 1);
            const float x = number(a, (int)(a >> 63)), y = number(b, 0);
            if (equal(quotients[i], x / y) && equal(roots[i], sqrtf(y)))
                continue;
            if (++*wrong <= 5)
                printf("  %a / %a = %a, not %a; sqrt(%a) = %a, not %a\n", (double)x, (double)y, (double)quotients[i],
                       (double)(x / y), (double)y, (double)roots[i], (double)sqrtf(y));
        }
    }
    release(kernel, q, r);
    return status;
}

/* All reciprocals by the device's seeds. */
static carrynet_status check_seeds(uint64_t *wrong, const struct device *d, const carrynet_device *about)
{
    enum { ALL = 1 << 23 };
    static uint32_t given[ALL], from[ALL];
    uint32_t differ = 0, farthest = 0;
    cl_kernel kernel = NULL;
    cl_mem one = NULL, two = NULL;
    const size_t items = 4096;
    carrynet_status status = opencl_kernel(&kernel, d->program, "seeds");
    if (status == CARRYNET_OK)
        status = buffer(&one, d, sizeof given);
    if (status == CARRYNET_OK)
        status = buffer(&two, d, sizeof from);
    if (status == CARRYNET_OK) {
        cl_int code = clSetKernelArg(kernel, 0, sizeof one, &one);
        code |= clSetKernelArg(kernel, 1, sizeof two, &two);
        code |= clEnqueueNDRangeKernel(d->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
        code |= clEnqueueReadBuffer(d->queue, one, CL_TRUE, 0, sizeof given, given, 0, NULL, NULL);
        code |= clEnqueueReadBuffer(d->queue, two, CL_TRUE, 0, sizeof from, from, 0, NULL, NULL);
        status = call(code, "the reciprocals");
    }
    for (uint32_t i = 0; i < ALL && status == CARRYNET_OK; ++i) {
        const uint32_t right = (uint32_t)bits_of(1.0f / real_of((vbits)(0x3f800000u | i)));
        const uint32_t off = from[i] > right ? from[i] - right : right - from[i];
        differ += given[i] != right;
        farthest = off > farthest ? off : farthest;
    }
    if (status == CARRYNET_OK)
        printf("%u:%u %s: its approximate reciprocals are within %u ulp; by these seeds, %u of 2^23 differ%s\n",
               about->platform, about->index, about->name, (unsigned)farthest, (unsigned)differ,
               farthest > CARRYNET_SEED_ULP ? ", so they are not used" : "");
    *wrong += farthest <= CARRYNET_SEED_ULP ? differ : 0;
    release(kernel, one, two);
    return status;
}

static carrynet_status check_specials(uint64_t *wrong, const struct device *d)
{
    static const float plus[SPECIALS / 2] = {0x0p0f,   0x1p-149f,       0x1p-126f, 0x1.fffffep-42f, 0x1.fffffep-41f,
                                             0x1p-40f, 0x1.000002p-40f, 0x1p-39f,  0x1.bp4f,        0x1.b00002p4f,
                                             0x1.4p5f, 0x1.62e43p6f,    FLT_MAX,   INFINITY,        NAN};
    static const char *const names[RESULTS] = {"sigmoid", "flush", "flush of the half"};
    float in[SPECIALS], out[SPECIALS * RESULTS];
    const cl_uint count = SPECIALS;
    const size_t items = SPECIALS;
    cl_kernel kernel = NULL;
    cl_mem from = NULL, to = NULL;
    for (size_t i = 0; i < SPECIALS; ++i)
        in[i] = i % 2 == 0 ? plus[i / 2] : -plus[i / 2];
    carrynet_status status = opencl_kernel(&kernel, d->program, "special");
    if (status == CARRYNET_OK)
        status = buffer(&from, d, sizeof in);
    if (status == CARRYNET_OK)
        status = buffer(&to, d, sizeof out);
    if (status == CARRYNET_OK) {
        cl_int code = clSetKernelArg(kernel, 0, sizeof count, &count);
        code |= clSetKernelArg(kernel, 1, sizeof from, &from);
        code |= clSetKernelArg(kernel, 2, sizeof to, &to);
        code |= clEnqueueWriteBuffer(d->queue, from, CL_TRUE, 0, sizeof in, in, 0, NULL, NULL);
        code |= clEnqueueNDRangeKernel(d->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
        code |= clEnqueueReadBuffer(d->queue, to, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL);
        status = call(code, "the special values");
    }
    for (size_t i = 0; i < SPECIALS && status == CARRYNET_OK; ++i) {
        const float expected[RESULTS] = {sigmoid(in[i]), flush(in[i]), flush(product(in[i], 0x1p-1f))};
        for (size_t k = 0; k < RESULTS; ++k)
            if (!equal(out[RESULTS * i + k], expected[k])) {
                ++*wrong;
                printf("  %s(%a) = %a, not %a\n", names[k], (double)in[i], (double)out[RESULTS * i + k],
                       (double)expected[k]);
            }
    }
    release(kernel, from, to);
    return status;
}

/* Both forms of division on one device; those that it does not state to be right are by Newton's steps alone. */
static carrynet_status check_device(uint64_t *wrong, const carrynet_device *about, uint64_t count)
{
    cl_device_id id = NULL;
    carrynet_device again;
    carrynet_status status = opencl_device_at(&id, &again, about->platform, about->index);
    for (int newton = about->correct_division ? 0 : 1; newton < 2 && status == CARRYNET_OK; ++newton) {
        struct device d = {NULL, NULL, NULL};
        uint64_t here = 0;
        status = opencl_open(&d.context, &d.queue, id, false);
        if (status == CARRYNET_OK)
            status = build(&d, id, about, newton);
        if (status == CARRYNET_OK)
            status = check_specials(&here, &d);
        if (status == CARRYNET_OK)
            status = check_roots(&here, &d, count);
        printf("%u:%u %s, %s: %llu divisions, %llu square roots, %d special values: %llu differ\n", about->platform,
               about->index, about->name, newton ? "by Newton's steps" : "its own division", (unsigned long long)count,
               (unsigned long long)count, SPECIALS, (unsigned long long)here);
        *wrong += here;
        if (status == CARRYNET_OK && newton)
            status = check_seeds(wrong, &d, about);
        if (d.program != NULL)
            (void)clReleaseProgram(d.program);
        if (d.queue != NULL)
            (void)clReleaseCommandQueue(d.queue);
        if (d.context != NULL)
            (void)clReleaseContext(d.context);
    }
    return status;
}

int main(int argc, char **argv)
{
    carrynet_device *devices = NULL;
    size_t found = 0;
    uint64_t count = 100000, wrong = 0;
    if (argc > 1 && (sys_read_whole(&count, argv[1], UINT64_MAX) == NULL || count < 1)) {
        printf("usage: device_arithmetic [COUNT]\n");
        return 2;
    }
    carrynet_status status = carrynet_devices_list(&devices, &found);
    for (size_t i = 0; i < found && status == CARRYNET_OK; ++i)
        if (devices[i].available)
            status = check_device(&wrong, &devices[i], count);
    carrynet_devices_free(devices);
    if (status == CARRYNET_OK && found == 0)
        printf("SKIP: no OpenCL device\n");
    if (status != CARRYNET_OK)
        printf("failed: %s\n", carrynet_message());
    return status != CARRYNET_OK || wrong > 0;
}
