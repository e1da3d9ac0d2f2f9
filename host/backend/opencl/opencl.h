/*
 * OpenCL: devices, programs, and a trainer that holds N networks on one device. This folder is the only one that
 * includes CL/cl.h.
 */
#ifndef OPENCL_H
#define OPENCL_H

#include "backend/backend.h"
#include "platform/platform.h"
#include <CL/cl.h>

/* DEVICE (MEMORY where the code says so), with the call and the error's name. */
carrynet_status opencl_fail(const char *call, cl_int code);

/* ---- devices (devices.c, admission.c) -------------------------------------------------------------------------- */

/* A device by platform and number, which needs no release. DEVICE, with the list, if there is none. */
carrynet_status opencl_device_at(cl_device_id *id, carrynet_device *about, uint32_t platform, uint32_t index);

/* The device that a device spec names, as carrynet_device_find says; opencl_device_release is the caller's. */
carrynet_status opencl_device_find(cl_device_id *id, carrynet_device *about, const char *spec);

/* Gives a part of a device back; a whole one, or NULL, is left as it is. */
void opencl_device_release(cl_device_id id, const carrynet_device *about);

/*
 * Whether nothing but the caller holds the queue, whose events he has released; waits for it a while. pocl's threads hold
 * the queue and use its device for a moment after clFinish: a part of a device must not go before.
 */
bool opencl_queue_is_free(cl_command_queue queue);

/* ---- programs (programs.c) ------------------------------------------------------------------------------------- */

/* What a program is built from. */
struct opencl_source {
    sys_text text, options;
    const char *last_file; /* the one that a message names */
};

/*
 * Kernel files (names, ending with NULL), one after another as one text, and `options` with those that the device needs
 * for correctly rounded division; no call of OpenCL. declared: with our own declarations of the built-in functions
 * (kernels/builtins.h) in place of the compiler's header of all. The caller frees it. IO if a file is missing in
 * CARRYNET_KERNEL_DIR; DEVICE if no such file is embedded; MEMORY. After a failure nothing is to be freed.
 */
carrynet_status opencl_source(struct opencl_source *to, const carrynet_device *about, const char *const *files,
                              const char *options, bool divide_by_newton, bool declared);
void opencl_source_free(struct opencl_source *source);

/*
 * Builds the program of these files and options, as opencl_source has them. DEVICE with the log if it does not build;
 * other errors of opencl_source.
 */
carrynet_status opencl_build(cl_program *program, cl_context context, cl_device_id device, const carrynet_device *about,
                             const char *const *files, const char *options, bool divide_by_newton);

/* A kernel of a program. DEVICE. */
carrynet_status opencl_kernel(cl_kernel *kernel, cl_program program, const char *name);

/*
 * Where the start-up kernel comes from: kernel(self, ...) gives it, built with the device's own division or with
 * Newton's; it stays the giver's.
 */
struct opencl_admission {
    carrynet_status (*kernel)(void *self, cl_kernel *kernel, bool divide_by_newton);
    carrynet_status (*reciprocal)(
        void *self, cl_kernel *kernel); /* the test of reciprocals, of the same program; the giver's too */
    void *self;
    bool *reciprocal_by_seed; /* set if the device's approximate reciprocals serve as seeds; NULL: not asked */
};

/*
 * Checks the start-up vectors on an open device (admission.c), with Newton's division where its own does not pass.
 * DEVICE, naming what differs.
 */
carrynet_status opencl_admit(cl_context context, cl_command_queue queue, const carrynet_device *about,
                             carrynet_precision precision, const struct opencl_admission *admission);

/* Context and in-order queue on a device; profile: its events are timed. DEVICE. The caller releases both. */
carrynet_status opencl_open(cl_context *context, cl_command_queue *queue, cl_device_id device, bool profile);

/* ---- the trainer (trainer.c, buffers.c, passes.c, updates.c) ---------------------------------------------------- */

struct opencl_trainer;

/*
 * The backend: opens the device and makes the buffers; description is a line about both. Errors of
 * carrynet_engine_create.
 */
carrynet_status opencl_trainer_create(struct backend **backend, const carrynet_settings *settings,
                                      const carrynet_engine_options *options, char description[BACKEND_DESCRIPTION]);

/* Of such a backend: whether its kernels make the sigmoid's reciprocal from the device's approximation. */
bool opencl_trainer_reciprocal_by_seed(const struct backend *backend);

/* Of such a backend: DEVICE if a kernel has written behind a buffer. */
carrynet_status opencl_trainer_check_guards(struct backend *backend);

#endif
