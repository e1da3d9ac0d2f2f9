/*
 * kernels/problems.h and generated.cl on a device: a kernel that makes problems of sub gives the words of the host's
 * counter-based source, and words are drawn on both sides of 2^32 blocks.
 */
#include "backend/opencl/opencl.h"
#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include "kernels/problems.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROBLEMS = 256, STEPS = 8 };

/* Four problems of one word each from a block, as ARITHMETIC.md 6 has it. */
static const char kernel_text[] =
    "kernel void make_problems(global uint *symbols)\n"
    "{\n"
    "    const uint block = (uint)get_global_id(0);\n"
    "    vword words[4];\n"
    "    problem_block(words, block, 0, 5, CARRYNET_STREAM_PROBLEMS, 77, 0);\n"
    "    for (uint i = 0; i < 4; ++i) {\n"
    "        const vword kept = problem_symbols(words[i], 2, 7), difference = problem_difference(kept, 2);\n"
    "        const bool less = difference != 0 && (kept & difference) == 0;\n"
    "        symbols[4 * block + i] = less ? problem_exchanged(kept, 2) : kept;\n"
    "    }\n"
    "}\n";

/* Words beyond the first 2^32 blocks of four: the counter's low word wraps around within a vector's lanes. */
static const char words_text[] =
    "kernel void draw_words(global uint *words, const global uint *individual)\n"
    "{\n"
    "    const ulong first = 17179869184ul - 24 + 12 * get_global_id(0);\n"
    "    STORE_WORDS(words, 4 * get_global_id(0), random_words(first, 3, 5, individual));\n"
    "}\n";

struct opened {
    carrynet_device device;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    char folder[64];
};

/* The device, and a folder for kernels with one more, `text` as `name`; false, and says so, without a device. */
static bool open_device(struct opened *o, const char *name, const char *text)
{
    char path[128];
    *o = (struct opened){.folder = "/tmp/carrynet-problems-XXXXXX"};
    if (opencl_device_find(&o->id, &o->device, "0:0") != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device\n");
        (void)fflush(stdout);
        return false;
    }
    cr_assert_not_null(mkdtemp(o->folder));
    cr_assert_eq(carrynet_kernels_dump(o->folder), CARRYNET_OK);
    (void)snprintf(path, sizeof path, "%s/%s", o->folder, name);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
    /* The changed ones of whoever set it already (mutate.py) stay as they are. */
    const char *changed = getenv("CARRYNET_KERNEL_DIR");
    if (changed != NULL) {
        char command[512];
        (void)snprintf(command, sizeof command, "cp '%s'/*.cl '%s'/*.h '%s'", changed, changed, o->folder);
        cr_assert_eq(system(command), 0);
    }
    cr_assert_eq(setenv("CARRYNET_KERNEL_DIR", o->folder, 1), 0);
    cr_assert_eq(opencl_open(&o->context, &o->queue, o->id, false), CARRYNET_OK);
    return true;
}

static void close_device(struct opened *o)
{
    char command[128];
    (void)clReleaseCommandQueue(o->queue);
    (void)clReleaseContext(o->context);
    (void)snprintf(command, sizeof command, "rm -r '%s'", o->folder);
    cr_assert_eq(system(command), 0);
}

/* Runs kernel `name` of the files over `items` items, and reads its words [count]. */
static void run_kernel(uint32_t *got, size_t count, struct opened *o, const char *const *files, const char *options,
                       const char *name, size_t items, const uint32_t *given, size_t given_count)
{
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    cl_int code = CL_SUCCESS;
    cr_assert_eq(opencl_build(&program, o->context, o->id, &o->device, files, options, false), CARRYNET_OK, "%s",
                 carrynet_message());
    cr_assert_eq(opencl_kernel(&kernel, program, name), CARRYNET_OK);
    cl_mem buffer = clCreateBuffer(o->context, CL_MEM_WRITE_ONLY, count * sizeof *got, NULL, &code);
    cr_assert_eq(code, CL_SUCCESS);
    cr_assert_eq(clSetKernelArg(kernel, 0, sizeof buffer, &buffer), CL_SUCCESS);
    cl_mem in = NULL;
    if (given != NULL) {
        in = clCreateBuffer(o->context, CL_MEM_READ_ONLY, given_count * sizeof *given, NULL, &code);
        cr_assert_eq(code, CL_SUCCESS);
        cr_assert_eq(clEnqueueWriteBuffer(o->queue, in, CL_TRUE, 0, given_count * sizeof *given, given, 0, NULL, NULL),
                     CL_SUCCESS);
        cr_assert_eq(clSetKernelArg(kernel, 1, sizeof in, &in), CL_SUCCESS);
    }
    cr_assert_eq(clEnqueueNDRangeKernel(o->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL), CL_SUCCESS);
    cr_assert_eq(clEnqueueReadBuffer(o->queue, buffer, CL_TRUE, 0, count * sizeof *got, got, 0, NULL, NULL),
                 CL_SUCCESS);
    if (in != NULL)
        (void)clReleaseMemObject(in);
    (void)clReleaseMemObject(buffer);
    (void)clReleaseKernel(kernel);
    (void)clReleaseProgram(program);
}

Test(problem_kernel, gives_the_words_of_the_host)
{
    static const char *const files[] = {"arithmetic.h", "problems.h", "make_problems.cl", NULL};
    uint32_t expected[PROBLEMS], got[PROBLEMS], targets[PROBLEMS];
    const carrynet_task *task = NULL;
    struct opened o;
    if (!open_device(&o, "make_problems.cl", kernel_text))
        return;
    cr_assert_eq(carrynet_task_find(&task, "sub"), CARRYNET_OK);
    const carrynet_source source = carrynet_counter_source(task);
    cr_assert_eq(source.fill(source.self, 77, 5, 0, PROBLEMS, STEPS, expected, targets), CARRYNET_OK);
    run_kernel(got, PROBLEMS, &o, files, "", "make_problems", PROBLEMS / 4, NULL, 0);
    for (size_t p = 0; p < PROBLEMS; ++p)
        cr_assert_eq(got[p], expected[p], "problem %zu: %08x, host %08x", p, got[p], expected[p]);
    close_device(&o);
}

Test(problem_kernel, draws_words_beyond_a_counter_word)
{
    enum { ITEMS = 4, WORDS = 4 * ITEMS };
    static const char *const files[] = {"arithmetic.h", "arguments.h",   "problems.h",
                                        "generated.cl", "draw_words.cl", NULL};
    static const uint32_t config[CARRYNET_CONFIG] = {[CARRYNET_CONFIG_PROBLEMS] = 77};
    uint32_t got[WORDS];
    struct opened o;
    if (!open_device(&o, "draw_words.cl", words_text))
        return;
    run_kernel(got, WORDS, &o, files,
               "-DCARRYNET_REAL_BITS=32 -DCARRYNET_INPUTS=2 -DCARRYNET_OUTPUTS=1 -DCARRYNET_LANES=4", "draw_words",
               ITEMS, config, CARRYNET_CONFIG);
    for (size_t i = 0; i < WORDS; ++i) {
        const uint64_t place = (1ull << 34) - 24 + 3 * i, block = place / 4;
        uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), 5, CARRYNET_STREAM_PROBLEMS};
        philox4x32(&c[0], &c[1], &c[2], &c[3], 77, 0);
        cr_assert_eq(got[i], c[place % 4], "word %zu: %08x, must be %08x", i, got[i], c[place % 4]);
    }
    close_device(&o);
}

/* The random strings of the evaluation set: stream 3 under key 0 and update T, from the block after their choices. */
Test(problem_kernel, evaluation_problems_have_words_of_their_own)
{
    static const size_t lengths[] = {40, 80, 200}; /* 3, 5 and 13 words */
    const carrynet_task *task = carrynet_task_at(0);
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; ++l) {
        const size_t steps = lengths[l], words = carrynet_packed_words(2, steps - 1);
        uint32_t symbols[16], targets[16];
        for (uint32_t p = 0; p < 24; p += 4) { /* random strings */
            carrynet_evaluation_problem(task, p, steps, symbols, targets);
            for (uint32_t w = 0; w < words; ++w) {
                uint32_t c[4] = {p * ((uint32_t)words / 4 + 2) + 1 + w / 4, 0, (uint32_t)steps,
                                 CARRYNET_STREAM_EVALUATION};
                philox4x32(&c[0], &c[1], &c[2], &c[3], 0, 0);
                const uint32_t left = (uint32_t)(steps - 1) - 16 * w;
                const uint32_t expected = problem_symbols(c[w % 4], 2, left < 16 ? left : 16);
                cr_assert_eq(symbols[w], expected, "%zu steps, problem %u, word %u: %08x", steps, p, w, symbols[w]);
            }
        }
    }
}

/* The highest symbol in which two operands differ, whatever lies below it. */
Test(problem_kernel, the_highest_difference_decides)
{
    for (uint32_t inputs = 2; inputs <= 4; ++inputs)
        for (uint32_t high = 0; high < 32 / inputs; ++high)
            for (uint32_t low = 0; low <= high; ++low)
                for (uint32_t bit = 0; bit < 2; ++bit) {
                    const uint32_t symbols =
                        1u << (high * inputs + bit) | 1u << (low * inputs + (low == high ? bit : 0));
                    const uint32_t difference = problem_difference(symbols, inputs);
                    cr_assert_eq(difference, 1u << high * inputs, "%08x, %u inputs: %08x", symbols, inputs, difference);
                }
}
