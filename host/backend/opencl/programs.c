/*
 * Programs from the embedded kernel files, or from files of the same names in the folder CARRYNET_KERNEL_DIR. #line
 * directives make the compiler's messages name file and line.
 */
#include "backend/opencl/opencl.h"
#include "platform/embedded.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_KERNEL_BYTES = 1 << 20 };

extern const struct embedded_file embedded_kernels[];

/* Adds one file to the source, from the override folder where it has it. */
static carrynet_status add_file(sys_text *source, const char *name)
{
    const char *folder = getenv("CARRYNET_KERNEL_DIR");
    sys_text path = {0};
    char *replaced = NULL;
    size_t size = 0;
    carrynet_status status = CARRYNET_OK;
    if (folder != NULL && folder[0] != '\0') {
        sys_text_add(&path, "%s/%s", folder, name);
        if (path.failed)
            status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name");
        else
            status = sys_read_file(&replaced, &size, path.data, MOST_KERNEL_BYTES);
    }
    const char *text = replaced != NULL ? replaced : sys_embedded(embedded_kernels, name);
    if (status == CARRYNET_OK && text == NULL)
        status = sys_fail(CARRYNET_ERROR_DEVICE, "no kernel file is called %s", name);
    if (status == CARRYNET_OK)
        sys_text_add(source, "#line 1 \"%s\"\n%s\n", name, text);
    sys_free(replaced);
    sys_text_free(&path);
    return status;
}

/* DEVICE with the compiler's whole log. */
static carrynet_status build_failed(cl_program program, cl_device_id device, const carrynet_device *about,
                                    const char *file, const char *options, cl_int code)
{
    size_t size = 0;
    char *log = NULL;
    (void)opencl_fail("clBuildProgram", code);
    sys_text first = {0};
    sys_text_add(&first, "%s", carrynet_message());
    if (clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS && size > 0 &&
        sys_allocate(&log, size + 1, 1) == CARRYNET_OK)
        (void)clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    const carrynet_status status =
        sys_fail(CARRYNET_ERROR_DEVICE, "%s does not build on %s: %s\noptions: %s\n%s", file, about->name,
                 first.failed ? "clBuildProgram" : first.data, options, log != NULL ? log : "(no log)");
    sys_text_free(&first);
    sys_free(log);
    return status;
}

carrynet_status opencl_source(struct opencl_source *to, const carrynet_device *about, const char *const *files,
                              const char *options, bool divide_by_newton, bool declared)
{
    const char *const division = divide_by_newton          ? " -DCARRYNET_DIVIDE_BY_NEWTON"
                                 : about->correct_division ? " -cl-fp32-correctly-rounded-divide-sqrt"
                                                           : "";
    *to = (struct opencl_source){.last_file = files[0]};
    /* Clang's header guards itself with this name. */
    sys_text_add(&to->options, "-cl-std=CL1.2 -w %s%s%s", options, division, declared ? " -D_OPENCL_H_" : "");
    carrynet_status status = declared ? add_file(&to->text, "builtins.h") : CARRYNET_OK;
    for (size_t i = 0; files[i] != NULL && status == CARRYNET_OK; ++i) {
        status = add_file(&to->text, files[i]);
        to->last_file = files[i];
    }
    if (status == CARRYNET_OK && (to->text.failed || to->options.failed))
        status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a kernel's source");
    if (status != CARRYNET_OK)
        opencl_source_free(to);
    return status;
}

void opencl_source_free(struct opencl_source *source)
{
    sys_text_free(&source->text);
    sys_text_free(&source->options);
}

static carrynet_status build(cl_program *program, cl_context context, cl_device_id device, const carrynet_device *about,
                             const struct opencl_source *source)
{
    carrynet_status status = CARRYNET_OK;
    cl_int code = CL_SUCCESS;
    cl_program made =
        clCreateProgramWithSource(context, 1, (const char *[]){source->text.data}, &source->text.size, &code);
    if (code != CL_SUCCESS)
        return opencl_fail("clCreateProgramWithSource", code);
    code = clBuildProgram(made, 1, &device, source->options.data, NULL, NULL);
    if (code != CL_SUCCESS) {
        status = build_failed(made, device, about, source->last_file, source->options.data, code);
        (void)clReleaseProgram(made);
        return status;
    }
    *program = made;
    return CARRYNET_OK;
}

carrynet_status opencl_build(cl_program *program, cl_context context, cl_device_id device, const carrynet_device *about,
                             const char *const *files, const char *options, bool divide_by_newton)
{
    struct opencl_source source = {0};
    const bool pocl = strcmp(about->platform_name, "Portable Computing Language") == 0;
    carrynet_status status = CARRYNET_ERROR_DEVICE;
    /* A pocl that goes another way about its header gets the second. */
    for (int declared = pocl; declared >= 0 && status == CARRYNET_ERROR_DEVICE; --declared) {
        status = opencl_source(&source, about, files, options, divide_by_newton, declared);
        if (status == CARRYNET_OK)
            status = build(program, context, device, about, &source);
        opencl_source_free(&source);
    }
    return status;
}

carrynet_status opencl_kernel(cl_kernel *kernel, cl_program program, const char *name)
{
    cl_int code = CL_SUCCESS;
    *kernel = clCreateKernel(program, name, &code);
    if (code == CL_SUCCESS)
        return CARRYNET_OK;
    *kernel = NULL;
    (void)opencl_fail("clCreateKernel", code);
    sys_text first = {0};
    sys_text_add(&first, "%s", carrynet_message());
    const carrynet_status status =
        sys_fail(CARRYNET_ERROR_DEVICE, "kernel %s: %s", name, first.failed ? "clCreateKernel" : first.data);
    sys_text_free(&first);
    return status;
}

carrynet_status opencl_open(cl_context *context, cl_command_queue *queue, cl_device_id device, bool profile)
{
    cl_int code = CL_SUCCESS;
    *queue = NULL;
    *context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
    if (code != CL_SUCCESS) {
        *context = NULL;
        return opencl_fail("clCreateContext", code);
    }
    *queue = clCreateCommandQueue(*context, device, profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    if (code != CL_SUCCESS) {
        *queue = NULL;
        (void)clReleaseContext(*context);
        *context = NULL;
        return opencl_fail("clCreateCommandQueue", code);
    }
    return CARRYNET_OK;
}

carrynet_status carrynet_kernels_dump(const char *folder)
{
    carrynet_status status = CARRYNET_OK;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return sys_fail(CARRYNET_ERROR_IO, "%s: cannot make this folder: %s", folder, strerror(errno));
    for (const struct embedded_file *file = embedded_kernels; file->name != NULL && status == CARRYNET_OK; ++file) {
        sys_text path = {0};
        sys_text_add(&path, "%s/%s", folder, file->name);
        if (path.failed)
            status = sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name");
        else
            status = sys_write_file(path.data, (const void *[]){file->text}, (size_t[]){strlen(file->text)}, 1);
        sys_text_free(&path);
    }
    return status;
}
