/*
 * The folder of compiled kernels: whether pocl can use it, and its replacement if not. A folder must be creatable,
 * writable and executable, on a disk with free space. A batch job that compiles kernels into a home folder shares that
 * folder, over a network, with every other job; so a job's cache goes to the job's own temporary folder.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* ST_NOEXEC */
#endif
#include "cli/kernel_cache.h"
#include "cli/job.h"
#include "cli/kernel_files.h"
#include "platform/platform.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    MOST_FRESH = 99,
    LEAST_FREE = 4 << 20,
    LONGEST = 700
}; /* bytes on the disk, and of a folder's name: pocl's names are longer */

static const char fresh_name[] = "/carrynet-fresh";

static const char *value_of(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

char *kernel_cache_folder(char *text, size_t size)
{
    const char *own = value_of("POCL_CACHE_DIR"), *cache = value_of("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own != NULL)
        (void)snprintf(text, size, "%s", own);
    else if (cache != NULL)
        (void)snprintf(text, size, "%s/pocl/kcache", cache);
    else
        (void)snprintf(text, size, "%s%s", home != NULL ? home : "/tmp",
                       home != NULL ? "/.cache/pocl/kcache" : "/pocl/kcache");
    return text;
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

/* What of the folder is there: itself, or the deepest of those that lead to it. False if that is no folder. */
static bool find_existing(char there[KERNEL_CACHE_PATH], const char *folder)
{
    struct stat about;
    char *slash;
    (void)snprintf(there, KERNEL_CACHE_PATH, "%s", folder);
    while (stat(there, &about) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        slash = strrchr(there, '/');
        if (slash == NULL)
            (void)snprintf(there, KERNEL_CACHE_PATH, ".");
        else
            slash[slash == there ? 1 : 0] = '\0';
    }
    return stat(there, &about) != 0 || S_ISDIR(about.st_mode);
}

char *kernel_cache_fault(char fault[KERNEL_CACHE_FAULT], const char *folder)
{
    char there[KERNEL_CACHE_PATH];
    struct statvfs disk;
    fault[0] = '\0';
    if (strlen(folder) > LONGEST) {
        (void)snprintf(fault, KERNEL_CACHE_FAULT, "its name has more than %d bytes", (int)LONGEST);
    } else if (!find_existing(there, folder)) {
        (void)snprintf(fault, KERNEL_CACHE_FAULT, "%s",
                       strcmp(there, folder) == 0 ? "it is no folder" : strerror(ENOTDIR));
    } else if (access(there, R_OK | W_OK | X_OK) != 0) {
        (void)snprintf(fault, KERNEL_CACHE_FAULT, "%s", strerror(errno));
    } else if (statvfs(there, &disk) == 0) {
        const double bytes = (double)disk.f_bavail * (double)disk.f_frsize;
        bool runs = true;
#if defined(ST_NOEXEC)
        runs = (disk.f_flag & ST_NOEXEC) == 0;
#endif
        if (!runs)
            (void)snprintf(fault, KERNEL_CACHE_FAULT, "its disk is mounted noexec: code cannot be run from there");
        else if (bytes < (double)LEAST_FREE)
            (void)snprintf(fault, KERNEL_CACHE_FAULT, "its disk is full: %.0f KiB are free", bytes / 1024);
        else if (disk.f_files > 0 && disk.f_favail < 16)
            (void)snprintf(fault, KERNEL_CACHE_FAULT, "its disk is full: it has no room for more files");
    }
    return fault;
}

/* ---- the choice ------------------------------------------------------------------------------------------------ */

static bool is_private(const char *path)
{
    struct stat about;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    return lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid() &&
           (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void take_job_folder(void)
{
    const char *job = job_variable();
    const char *folder = value_of("SLURM_TMPDIR") != NULL ? value_of("SLURM_TMPDIR") : value_of("TMPDIR");
    sys_text path = {0};
    if (job == NULL || folder == NULL || value_of("POCL_CACHE_DIR") != NULL)
        return;
    sys_text_add(&path, "%s/carrynet-pocl-%lu-", folder, (unsigned long)geteuid());
    for (const char *p = value_of(job); *p != '\0'; ++p) /* "12.server[3]" */
        sys_text_add(&path, "%c", *p == '/' ? '-' : *p);
    if (!path.failed && is_private(path.data)) /* kernels in it are code */
        (void)setenv("POCL_CACHE_DIR", path.data, 1);
    sys_text_free(&path);
}

bool kernel_cache_temporary(char instead[KERNEL_CACHE_PATH])
{
    const char *const folders[] = {value_of("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"};
    char fault[KERNEL_CACHE_FAULT];
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; ++i) {
        if (folders[i] == NULL)
            continue;
        (void)snprintf(instead, KERNEL_CACHE_PATH, "%.900s/carrynet-pocl-%lu", folders[i], (unsigned long)geteuid());
        if (kernel_cache_fault(fault, instead)[0] == '\0' && is_private(instead))
            return true;
    }
    instead[0] = '\0';
    return false;
}

static const char *in_use(const kernel_cache *cache)
{
    return cache->instead[0] != '\0' ? cache->instead : cache->folder;
}

/* The fresh folder of a number, 1 to MOST_FRESH, below another; of number 0 that itself. */
static void name_fresh(char path[KERNEL_CACHE_PATH], const char *folder, int number)
{
    if (number < 2)
        (void)snprintf(path, KERNEL_CACHE_PATH, "%.900s%s", folder, number == 0 ? "" : fresh_name);
    else
        (void)snprintf(path, KERNEL_CACHE_PATH, "%.900s%s-%d", folder, fresh_name, number);
}

/*
 * Takes the last of the fresh folders below this one, or where there is none this one itself. False: that cannot be used,
 * and so the damaged one is left.
 */
static bool take_below(kernel_cache *cache, const char *folder)
{
    char path[KERNEL_CACHE_PATH];
    struct stat about;
    (void)snprintf(cache->root, sizeof cache->root, "%s", folder);
    for (cache->fresh = 0; cache->fresh < MOST_FRESH; ++cache->fresh) {
        name_fresh(path, folder, cache->fresh + 1);
        if (lstat(path, &about) != 0)
            break;
    }
    const int last = cache->fresh;
    name_fresh(path, folder, last);
    const bool mine = last == 0 || is_private(path);
    if (!mine)
        name_fresh(path, folder, --cache->fresh);
    cache->instead[0] = '\0';
    if (strcmp(path, cache->folder) != 0)
        (void)snprintf(cache->instead, sizeof cache->instead, "%s", path);
    if (last > 0) {
        name_fresh(cache->passed, folder, last - 1);
        cache->suspect = true;
    }
    return mine;
}

/* The same with the folder for temporary files, unless it is that already. */
static bool take_temporary(kernel_cache *cache)
{
    char folder[KERNEL_CACHE_PATH];
    return kernel_cache_temporary(folder) && strcmp(folder, cache->root) != 0 && take_below(cache, folder);
}

/* Makes the fresh folder that comes after the one in use. The same one in all processes that find this one damaged. */
static bool make_next(char path[KERNEL_CACHE_PATH], const kernel_cache *cache)
{
    if (cache->root[0] == '\0' || cache->fresh >= MOST_FRESH)
        return false;
    name_fresh(path, cache->root, cache->fresh + 1);
    return is_private(path);
}

/* Passes the folder in use over, which is damaged: for a fresh one, or else a temporary one. False: there is none. */
static bool pass_over(kernel_cache *cache)
{
    char path[KERNEL_CACHE_PATH], damaged[KERNEL_CACHE_PATH];
    (void)snprintf(damaged, sizeof damaged, "%s", in_use(cache));
    const bool next = make_next(path, cache);
    if (next) {
        (void)snprintf(cache->instead, sizeof cache->instead, "%s", path);
        ++cache->fresh;
    }
    const bool passed = next || take_temporary(cache);
    (void)snprintf(cache->passed, sizeof cache->passed, "%s", damaged);
    cache->suspect = true;
    return passed;
}

static kernel_cache chosen;

const kernel_cache *kernel_cache_prepare(bool look)
{
    kernel_cache *cache = &chosen;
    if (cache->folder[0] != '\0')
        return cache;
    take_job_folder();
    (void)kernel_cache_folder(cache->folder, sizeof cache->folder);
    const bool usable = kernel_cache_fault(cache->fault, cache->folder)[0] == '\0';
    if (!usable || !take_below(cache, cache->folder))
        (void)take_temporary(cache);
    while ((look || kernel_files_enter(in_use(cache))) &&
           kernel_files_damaged(cache->damaged, sizeof cache->damaged, in_use(cache)))
        if (!pass_over(cache))
            break;
    if (cache->instead[0] != '\0')
        (void)setenv("POCL_CACHE_DIR", cache->instead, 1);
    return cache;
}

const char *kernel_cache_note(char *text, size_t size, const kernel_cache *cache)
{
    text[0] = '\0';
    if (cache->fault[0] != '\0' && cache->instead[0] == '\0') {
        (void)snprintf(
            text, size,
            "pocl cannot write compiled kernels to %s (%s), nor to a temporary folder, and has no device without "
            "such a folder. Set POCL_CACHE_DIR to one that can be written",
            cache->folder, cache->fault);
        return text;
    }
    if (cache->fault[0] != '\0')
        (void)snprintf(
            text, size,
            "pocl cannot write compiled kernels to %s (%s), and has no device without such a folder; they go to %s. "
            "POCL_CACHE_DIR names another",
            cache->folder, cache->fault, cache->instead);
    const size_t length = strlen(text);
    if (cache->suspect)
        (void)snprintf(text + length, size - length,
                       "%sthe compiled kernels of pocl in %s are damaged%s%s%s, and passed over; new ones go to %s. "
                       "Remove the folder %s to start anew",
                       length > 0 ? ". And " : "", cache->passed, cache->damaged[0] != '\0' ? " (" : "", cache->damaged,
                       cache->damaged[0] != '\0' ? " is not whole)" : "", in_use(cache), cache->root);
    return text;
}

void kernel_cache_suspect(void)
{
    char path[KERNEL_CACHE_PATH];
    (void)make_next(path, &chosen);
}
