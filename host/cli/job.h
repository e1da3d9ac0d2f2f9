/* What the program tells drivers about threads by their environment variables, before they are loaded. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * To be called before anything of OpenCL: threads as far as the process may use cores. What the user has set stays,
 * but for numbers of threads that crash pocl, and an empty POCL_CACHE_DIR, which does, too.
 */
void job_prepare(void);

/* More threads than that crash pocl. */
enum { JOB_MOST_THREADS = 1024 };

/* Tells the drivers for CPUs how many threads they make. */
void job_set_threads(const char *count);

/* The variable that says that this is a job of a scheduler, such as SLURM_JOB_ID; NULL if it is none. */
const char *job_variable(void);

/* What was wrong with a variable that says how many threads drivers make, which was then taken out; "" if nothing. */
const char *job_wrong_threads(void);

#endif
