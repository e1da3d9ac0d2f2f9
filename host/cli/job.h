/* What the program tells drivers by their environment variables, before they are loaded: threads, and a job's cache. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called before anything of OpenCL: threads as far as the process may use cores, and, in a job of a scheduler, a
 * cache of pocl's own in the job's temporary folder. What the user has set stays.
 */
void job_prepare(void);

/* Tells the drivers for CPUs how many threads they make. */
void job_set_threads(const char *count);

/* The variable that says that this is a job of a scheduler, such as SLURM_JOB_ID; NULL if it is none. */
const char *job_variable(void);

/* Where pocl keeps compiled kernels. Returns text. */
char *job_kernel_cache(char *text, size_t size);

#endif
