/* The environment variables by which the program tells drivers the number of threads, before the drivers are loaded. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Call this before any OpenCL function: limits threads to the cores that the process may use. The user's values stay,
 * except numbers of threads that crash pocl and an empty POCL_CACHE_DIR, which also crashes it.
 */
void job_prepare(void);

/* Larger numbers of threads crash pocl. */
enum { JOB_MOST_THREADS = 1024 };

/* Tells the drivers for CPUs how many threads to create. */
void job_set_threads(const char *count);

/* The variable that shows a scheduler's job, such as SLURM_JOB_ID; NULL if this is no job. */
const char *job_variable(void);

/* What was wrong with a variable for drivers' threads, which was then removed; "" if nothing. */
const char *job_wrong_threads(void);

#endif
