/*
 * Failing calls of OpenCL: an error that a device that is lost, or out of memory, gives; nothing is made or queued then, and
 * no result is written. Waiting waits all the same, and releasing releases, before they say that they failed: a device
 * that is gone no longer reads the program's memory.
 */
#include "faults.h"
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

/* The error of a call that is to fail, else CL_SUCCESS. */
static cl_int failure(const void *caller, const char *call, cl_int lost, cl_int memory)
{
    fault_kind kind;
    if (!fault_due(&kind, FAULT_OPENCL, caller, call))
        return CL_SUCCESS;
    return kind == KIND_MEMORY ? memory : lost;
}

/* A call that returns its error. */
#define RETURNS_CODE(name, lost, parameters, arguments)                                                                \
    CL_API_ENTRY cl_int CL_API_CALL name parameters                                                                    \
    {                                                                                                                  \
        FAULT_NEXT(cl_int, #name, parameters);                                                                         \
        const cl_int code = failure(FAULT_CALLER, #name, lost, CL_OUT_OF_HOST_MEMORY);                                 \
        return code != CL_SUCCESS ? code : next arguments;                                                             \
    }

/* One that does its work even so. */
#define RETURNS_CODE_AFTER(name, lost, parameters, arguments)                                                          \
    CL_API_ENTRY cl_int CL_API_CALL name parameters                                                                    \
    {                                                                                                                  \
        FAULT_NEXT(cl_int, #name, parameters);                                                                         \
        const cl_int code = failure(FAULT_CALLER, #name, lost, CL_OUT_OF_HOST_MEMORY), result = next arguments;        \
        return code != CL_SUCCESS ? code : result;                                                                     \
    }

/* One that returns an object, and its error in *error. */
#define RETURNS_OBJECT(type, name, lost, memory, parameters, arguments)                                                \
    CL_API_ENTRY type CL_API_CALL name parameters                                                                      \
    {                                                                                                                  \
        FAULT_NEXT(type, #name, parameters);                                                                           \
        const cl_int code = failure(FAULT_CALLER, #name, lost, memory);                                                \
        if (code == CL_SUCCESS)                                                                                        \
            return next arguments;                                                                                     \
        if (error != NULL)                                                                                             \
            *error = code;                                                                                             \
        return NULL;                                                                                                   \
    }

#define WAITS cl_uint waits, const cl_event *list, cl_event *event
#define WAIT_ARGUMENTS waits, list, event

/* ---- what there is ---------------------------------------------------------------------------------------------- */

RETURNS_CODE(clGetPlatformIDs, CL_OUT_OF_HOST_MEMORY, (cl_uint capacity, cl_platform_id *platforms, cl_uint *count),
             (capacity, platforms, count))
RETURNS_CODE(clGetPlatformInfo, CL_OUT_OF_HOST_MEMORY,
             (cl_platform_id platform, cl_platform_info what, size_t capacity, void *value, size_t *size),
             (platform, what, capacity, value, size))
RETURNS_CODE(clGetDeviceIDs, CL_OUT_OF_RESOURCES,
             (cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id *devices, cl_uint *count),
             (platform, type, capacity, devices, count))
RETURNS_CODE(clGetDeviceInfo, CL_OUT_OF_RESOURCES,
             (cl_device_id device, cl_device_info what, size_t capacity, void *value, size_t *size),
             (device, what, capacity, value, size))

RETURNS_CODE(clCreateSubDevices, CL_OUT_OF_RESOURCES,
             (cl_device_id device, const cl_device_partition_property *properties, cl_uint capacity,
              cl_device_id *devices, cl_uint *count),
             (device, properties, capacity, devices, count))

/* ---- context, queue, programs ----------------------------------------------------------------------------------- */

typedef void(CL_CALLBACK *context_notified)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK *program_told)(cl_program, void *);

RETURNS_OBJECT(cl_context, clCreateContext, CL_DEVICE_NOT_AVAILABLE, CL_OUT_OF_HOST_MEMORY,
               (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
                context_notified told, void *self, cl_int *error),
               (properties, count, devices, told, self, error))
RETURNS_OBJECT(cl_command_queue, clCreateCommandQueue, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
               (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *error),
               (context, device, properties, error))
RETURNS_OBJECT(cl_program, clCreateProgramWithSource, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
               (cl_context context, cl_uint count, const char **texts, const size_t *sizes, cl_int *error),
               (context, count, texts, sizes, error))
RETURNS_CODE(clBuildProgram, CL_BUILD_PROGRAM_FAILURE,
             (cl_program program, cl_uint count, const cl_device_id *devices, const char *options, program_told told,
              void *self),
             (program, count, devices, options, told, self))
RETURNS_CODE(clGetProgramBuildInfo, CL_OUT_OF_RESOURCES,
             (cl_program program, cl_device_id device, cl_program_build_info what, size_t capacity, void *value,
              size_t *size),
             (program, device, what, capacity, value, size))
RETURNS_OBJECT(cl_kernel, clCreateKernel, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
               (cl_program program, const char *name, cl_int *error), (program, name, error))
RETURNS_CODE(clGetKernelInfo, CL_OUT_OF_RESOURCES,
             (cl_kernel kernel, cl_kernel_info what, size_t capacity, void *value, size_t *size),
             (kernel, what, capacity, value, size))
RETURNS_CODE(clGetKernelWorkGroupInfo, CL_OUT_OF_RESOURCES,
             (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t capacity, void *value,
              size_t *size),
             (kernel, device, what, capacity, value, size))
RETURNS_CODE(clSetKernelArg, CL_OUT_OF_RESOURCES, (cl_kernel kernel, cl_uint number, size_t size, const void *value),
             (kernel, number, size, value))
RETURNS_OBJECT(cl_mem, clCreateBuffer, CL_OUT_OF_RESOURCES, CL_MEM_OBJECT_ALLOCATION_FAILURE,
               (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error),
               (context, flags, size, host, error))

/* ---- commands --------------------------------------------------------------------------------------------------- */

RETURNS_CODE(clEnqueueNDRangeKernel, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *items,
              const size_t *group, WAITS),
             (queue, kernel, dimensions, offset, items, group, WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueReadBuffer, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size, void *to, WAITS),
             (queue, memory, blocking, offset, size, to, WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueWriteBuffer, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t size, const void *from,
              WAITS),
             (queue, memory, blocking, offset, size, from, WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueReadBufferRect, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_mem memory, cl_bool blocking, const size_t *there, const size_t *here,
              const size_t *region, size_t there_row, size_t there_slice, size_t here_row, size_t here_slice, void *to,
              WAITS),
             (queue, memory, blocking, there, here, region, there_row, there_slice, here_row, here_slice, to,
              WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueWriteBufferRect, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_mem memory, cl_bool blocking, const size_t *there, const size_t *here,
              const size_t *region, size_t there_row, size_t there_slice, size_t here_row, size_t here_slice,
              const void *from, WAITS),
             (queue, memory, blocking, there, here, region, there_row, there_slice, here_row, here_slice, from,
              WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueCopyBuffer, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_mem from, cl_mem to, size_t first, size_t place, size_t size, WAITS),
             (queue, from, to, first, place, size, WAIT_ARGUMENTS))
RETURNS_CODE(clEnqueueFillBuffer, CL_MEM_OBJECT_ALLOCATION_FAILURE,
             (cl_command_queue queue, cl_mem memory, const void *pattern, size_t width, size_t offset, size_t size,
              WAITS),
             (queue, memory, pattern, width, offset, size, WAIT_ARGUMENTS))
RETURNS_CODE(clGetCommandQueueInfo, CL_OUT_OF_RESOURCES,
             (cl_command_queue queue, cl_command_queue_info what, size_t capacity, void *value, size_t *size),
             (queue, what, capacity, value, size))
RETURNS_CODE_AFTER(clFinish, CL_OUT_OF_RESOURCES, (cl_command_queue queue), (queue))
RETURNS_CODE_AFTER(clWaitForEvents, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
                   (cl_uint count, const cl_event *events), (count, events))
RETURNS_CODE(clGetEventProfilingInfo, CL_OUT_OF_RESOURCES,
             (cl_event event, cl_profiling_info what, size_t capacity, void *value, size_t *size),
             (event, what, capacity, value, size))

/* ---- the end ---------------------------------------------------------------------------------------------------- */

RETURNS_CODE_AFTER(clReleaseEvent, CL_OUT_OF_RESOURCES, (cl_event event), (event))
RETURNS_CODE_AFTER(clReleaseMemObject, CL_OUT_OF_RESOURCES, (cl_mem memory), (memory))
RETURNS_CODE_AFTER(clReleaseKernel, CL_OUT_OF_RESOURCES, (cl_kernel kernel), (kernel))
RETURNS_CODE_AFTER(clReleaseProgram, CL_OUT_OF_RESOURCES, (cl_program program), (program))
RETURNS_CODE_AFTER(clReleaseCommandQueue, CL_OUT_OF_RESOURCES, (cl_command_queue queue), (queue))
RETURNS_CODE_AFTER(clReleaseContext, CL_OUT_OF_RESOURCES, (cl_context context), (context))
RETURNS_CODE_AFTER(clReleaseDevice, CL_OUT_OF_RESOURCES, (cl_device_id device), (device))
