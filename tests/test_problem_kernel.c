/*
 * kernels/problems.h on a device: a kernel that makes problems of sub gives the words of the host's counter-based
 * source.
 */
#include "kernels/arithmetic.h"
#include "opencl/opencl.h"
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

Test(problem_kernel, gives_the_words_of_the_host)
{
    static const char *const files[] = {"arithmetic.h", "problems.h", "make_problems.cl", NULL};
    char folder[] = "/tmp/carrynet-problems-XXXXXX", path[64], command[64];
    uint32_t expected[PROBLEMS], got[PROBLEMS], targets[PROBLEMS];
    const size_t items = PROBLEMS / 4;
    carrynet_device device;
    cl_device_id id = NULL;
    cl_context context = NULL;
    cl_command_queue queue = NULL;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    const carrynet_task *task = NULL;
    if (opencl_device_find(&id, &device, "0:0") != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device\n");
        (void)fflush(stdout);
        return;
    }
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(carrynet_kernels_dump(folder), CARRYNET_OK);
    (void)snprintf(path, sizeof path, "%s/make_problems.cl", folder);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(kernel_text, file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(setenv("CARRYNET_KERNEL_DIR", folder, 1), 0);

    cr_assert_eq(carrynet_task_find(&task, "sub"), CARRYNET_OK);
    const carrynet_source source = carrynet_counter_source(task);
    cr_assert_eq(source.fill(source.self, 77, 5, 0, PROBLEMS, STEPS, expected, targets), CARRYNET_OK);
    cr_assert_eq(opencl_open(&context, &queue, id, false), CARRYNET_OK);
    cr_assert_eq(opencl_build(&program, context, id, &device, files, "", false), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(opencl_kernel(&kernel, program, "make_problems"), CARRYNET_OK);
    cl_int code = CL_SUCCESS;
    cl_mem buffer = clCreateBuffer(context, CL_MEM_WRITE_ONLY, sizeof got, NULL, &code);
    cr_assert_eq(code, CL_SUCCESS);
    cr_assert_eq(clSetKernelArg(kernel, 0, sizeof buffer, &buffer), CL_SUCCESS);
    cr_assert_eq(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL), CL_SUCCESS);
    cr_assert_eq(clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof got, got, 0, NULL, NULL), CL_SUCCESS);
    for (size_t p = 0; p < PROBLEMS; ++p)
        cr_assert_eq(got[p], expected[p], "problem %zu: %08x, host %08x", p, got[p], expected[p]);
    (void)clReleaseMemObject(buffer);
    (void)clReleaseKernel(kernel);
    (void)clReleaseProgram(program);
    (void)clReleaseCommandQueue(queue);
    (void)clReleaseContext(context);
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}
