/*
 * The environment of drivers. A batch job that compiles kernels into a home folder shares it, over a network, with every
 * other job; so pocl's cache goes to the job's own temporary folder, into a folder that nobody else can write to.
 */
#include "cli/job.h"
#include "base/base.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read when a driver is loaded: by pocl, newer pocl, Intel's runtime. */
static const char *const thread_variables[] = {"POCL_MAX_PTHREAD_COUNT", "POCL_CPU_MAX_CU_COUNT", "DPCPP_CPU_NUM_CUS"};
enum { THREAD_VARIABLES = sizeof thread_variables / sizeof thread_variables[0] };

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

static void prepare_threads(void)
{
    const size_t cores = base_cores();
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

/* A folder of this user that no other can write to: kernels in it are code. */
static bool is_private_folder(const char *path)
{
    struct stat about;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    return lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid() &&
           (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void prepare_cache(void)
{
    const char *job = job_variable();
    const char *folder = value_of("SLURM_TMPDIR") != NULL ? value_of("SLURM_TMPDIR") : value_of("TMPDIR");
    base_text path = {0};
    if (job == NULL || folder == NULL || value_of("POCL_CACHE_DIR") != NULL)
        return;
    base_text_add(&path, "%s/carrynet-pocl-%lu-", folder, (unsigned long)geteuid());
    for (const char *p = value_of(job); *p != '\0'; ++p) /* "12.server[3]" */
        base_text_add(&path, "%c", *p == '/' ? '-' : *p);
    if (!path.failed && is_private_folder(path.data))
        (void)setenv("POCL_CACHE_DIR", path.data, 1);
    base_text_free(&path);
}

void job_prepare(void)
{
    prepare_threads();
    prepare_cache();
}

char *job_kernel_cache(char *text, size_t size)
{
    const char *own = value_of("POCL_CACHE_DIR"), *cache = value_of("XDG_CACHE_HOME"), *home = value_of("HOME");
    if (own != NULL)
        (void)snprintf(text, size, "%s", own);
    else if (cache != NULL)
        (void)snprintf(text, size, "%s/pocl/kcache", cache);
    else
        (void)snprintf(text, size, "%s%s", home != NULL ? home : "/tmp",
                       home != NULL ? "/.cache/pocl/kcache" : "/pocl/kcache");
    return text;
}
