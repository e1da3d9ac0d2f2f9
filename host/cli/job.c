/*
 * The environment of drivers: the number of threads that they create. pocl crashes or aborts on numbers that are not
 * valid or too large, so only valid ones are passed on.
 */
#include "cli/job.h"
#include "platform/platform.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Read when a driver is loaded: by pocl, newer pocl, Intel's runtime. */
static const char *const thread_variables[] = {"POCL_MAX_PTHREAD_COUNT", "POCL_CPU_MAX_CU_COUNT", "DPCPP_CPU_NUM_CUS"};
enum { THREAD_VARIABLES = sizeof thread_variables / sizeof thread_variables[0] };

/* Likewise, and least numbers of threads. */
static const char *const least_variables[] = {"POCL_PTHREAD_MIN_THREADS", "POCL_CPU_MIN_CU_COUNT"};

static char wrong[512]; /* what is not used, and why */

static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *job_variable(void)
{
    /* Slurm, PBS and Torque, LSF, Grid Engine. */
    static const char *const names[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "SGE_TASK_ID"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        if (value_of(names[i]) != NULL)
            return names[i];
    return NULL;
}

void job_set_threads(const char *count)
{
    for (size_t i = 0; i < THREAD_VARIABLES; ++i)
        (void)setenv(thread_variables[i], count, 1);
}

/* A number of threads that is none is taken out of the environment; so is an empty one, which pocl takes for 0. */
static void check_variable(const char *name)
{
    const char *value = getenv(name);
    uint64_t threads = 0;
    if (value == NULL)
        return;
    const char *end = sys_read_whole(&threads, value, UINT32_MAX);
    if (end != NULL && *end == '\0' && threads >= 1 && threads <= JOB_MOST_THREADS)
        return;
    if (value[0] != '\0')
        (void)snprintf(wrong, sizeof wrong,
                       "%s is '%.100s', which is no number of threads from 1 to %d, and is not used", name, value,
                       (int)JOB_MOST_THREADS);
    (void)unsetenv(name);
}

static void check_threads(void)
{
    for (size_t i = 0; i < THREAD_VARIABLES; ++i)
        check_variable(thread_variables[i]);
    for (size_t i = 0; i < sizeof least_variables / sizeof least_variables[0]; ++i)
        check_variable(least_variables[i]);
}

static void prepare_threads(void)
{
    const size_t cores = sys_cores();
    char count[24];
    for (size_t i = 0; i < THREAD_VARIABLES; ++i)
        if (value_of(thread_variables[i]) != NULL)
            return;
#ifdef _SC_NPROCESSORS_ONLN
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (online > 0 && cores < (size_t)online) {
        (void)snprintf(count, sizeof count, "%zu", cores);
        job_set_threads(count);
    }
#else
    (void)cores;
    (void)count;
#endif
}

const char *job_wrong_threads(void)
{
    return wrong;
}

void job_prepare(void)
{
    if (value_of("POCL_CACHE_DIR") == NULL)
        (void)unsetenv("POCL_CACHE_DIR"); /* an empty one ends the program in pocl */
    check_threads();
    prepare_threads();
}
