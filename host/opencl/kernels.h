/* The kernel files that CMake embeds (kernels/embed.cmake), by name. */
#ifndef OPENCL_KERNELS_H
#define OPENCL_KERNELS_H

struct kernel_file {
    const char *name; /* "arithmetic.h" */
    const char *text;
};

/* Ends with a NULL name. */
extern const struct kernel_file kernel_files[];

#endif
