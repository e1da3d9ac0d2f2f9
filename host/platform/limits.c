/*
 * The cores and memory that a cgroup allows this process: cpu.max and memory.max of version 2, cpu.cfs_quota_us and
 * memory.limit_in_bytes of version 1; the least on the path from the process's group up to the mount. /proc/self/cgroup
 * names the group, /proc/self/mountinfo its mount point.
 */
#include "platform/platform.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1 << 16, PATH_BYTES = 4096 };

typedef struct cgroup_mount {
    char root[PATH_BYTES];  /* of the hierarchy: what of it is mounted */
    char point[PATH_BYTES]; /* where */
} cgroup_mount;

/* The start of a file as a text; false if it cannot be read. Its size may be stated as 0, as in /proc. */
static bool read_start(char *text, size_t size, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    const size_t count = fread(text, 1, size - 1, file);
    text[count] = '\0';
    return fclose(file) == 0 && count > 0;
}

/* Whether a list with commas between its words, which ends at a blank, ':' or the end of the line, has the word. */
static bool has_word(const char *list, const char *word)
{
    for (const char *p = list;;) {
        const size_t length = strcspn(p, ",: \n");
        if (length == strlen(word) && strncmp(p, word, length) == 0)
            return true;
        p += length;
        if (*p != ',')
            return false;
        ++p;
    }
}

/* "31 23 0:28 ROOT POINT options ... - TYPE source OPTIONS"; version 1 has the controller in its OPTIONS. */
static bool find_mount(cgroup_mount *mount, const char *mounts, const char *controller)
{
    for (const char *line = mounts; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n' ? 1 : 0) {
        char type[32], options[1024];
        if (sscanf(line, "%*s %*s %*s %4095s %4095s", mount->root, mount->point) != 2)
            continue;
        const char *dash = strstr(line, " - ");
        if (dash == NULL || dash > line + strcspn(line, "\n") || sscanf(dash, " - %31s %*s %1023s", type, options) != 2)
            continue;
        if (controller == NULL ? strcmp(type, "cgroup2") == 0
                               : strcmp(type, "cgroup") == 0 && has_word(options, controller))
            return true;
    }
    return false;
}

/* "4:cpu,cpuacct:/path", or "0::/path" of version 2. */
static bool find_group(char path[PATH_BYTES], const char *groups, const char *controller)
{
    for (const char *line = groups; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n' ? 1 : 0) {
        const char *list = strchr(line, ':');
        const char *rest = list != NULL ? strchr(list + 1, ':') : NULL;
        if (rest == NULL || rest > line + strcspn(line, "\n"))
            continue;
        if (controller == NULL ? rest != list + 1 : !has_word(list + 1, controller))
            continue;
        (void)snprintf(path, PATH_BYTES, "%.*s", (int)strcspn(rest + 1, "\n"), rest + 1);
        return true;
    }
    return false;
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

/* The number that a file begins with; false for "max", -1 and a file that is not there. */
static bool read_number(uint64_t *number, const char *folder, const char *name, char rest[64])
{
    char path[PATH_BYTES + 64], text[64] = "";
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!read_start(text, sizeof text, path))
        return false;
    text[strcspn(text, "\n")] = '\0';
    const char *end = sys_read_whole(number, text, UINT64_MAX);
    if (end != NULL && rest != NULL)
        (void)snprintf(rest, 64, "%s", end);
    return end != NULL;
}

static uint64_t rounded_up(uint64_t quota, uint64_t period)
{
    return quota == 0 || period == 0 ? 0 : (quota - 1) / period + 1;
}

/* Of one group; 0 without a limit. */
static uint64_t cores_2(const char *folder)
{
    char rest[64];
    uint64_t quota = 0, period = 100000;
    if (!read_number(&quota, folder, "cpu.max", rest))
        return 0;
    (void)sys_read_whole(&period, rest + strspn(rest, " "), UINT64_MAX);
    return rounded_up(quota, period);
}

static uint64_t cores_1(const char *folder)
{
    uint64_t quota = 0, period = 0;
    if (!read_number(&quota, folder, "cpu.cfs_quota_us", NULL) ||
        !read_number(&period, folder, "cpu.cfs_period_us", NULL))
        return 0;
    return rounded_up(quota, period);
}

static uint64_t memory_2(const char *folder)
{
    uint64_t bytes = 0;
    return read_number(&bytes, folder, "memory.max", NULL) ? bytes : 0;
}

static uint64_t memory_1(const char *folder)
{
    uint64_t bytes = 0;
    /* No limit is a number near 2^63 there. */
    return read_number(&bytes, folder, "memory.limit_in_bytes", NULL) && bytes < (uint64_t)1 << 62 ? bytes : 0;
}

/* The least limit of the process's group and those above it; 0 without one. */
static uint64_t least_limit(const char *root, const char *groups, const char *mounts, const char *controller,
                            uint64_t (*limit)(const char *folder))
{
    cgroup_mount mount;
    char group[PATH_BYTES], folder[PATH_BYTES];
    uint64_t least = 0;
    if (!find_mount(&mount, mounts, controller) || !find_group(group, groups, controller))
        return 0;
    const size_t length = strcmp(mount.root, "/") == 0 ? 0 : strlen(mount.root);
    /* A container may see its own group alone, mounted as if it were the whole. */
    const char *within = strncmp(group, mount.root, length) == 0 && strncmp(group, "/..", 3) != 0 ? group + length : "";
    const int size = snprintf(folder, sizeof folder, "%s%s%s", root, mount.point, within);
    const size_t top = strlen(root) + strlen(mount.point);
    if (size < 0 || (size_t)size >= sizeof folder)
        return 0;
    for (;;) {
        const uint64_t here = limit(folder);
        if (here != 0 && (least == 0 || here < least))
            least = here;
        char *slash = strrchr(folder, '/');
        if (slash == NULL || (size_t)(slash - folder) < top)
            return least;
        *slash = '\0';
    }
}

static uint64_t either_limit(const char *root, const char *controller, uint64_t (*limit_1)(const char *folder),
                             uint64_t (*limit_2)(const char *folder))
{
    char path[PATH_BYTES], *groups = malloc(TEXT_BYTES), *mounts = malloc(TEXT_BYTES);
    uint64_t least = 0;
    if (groups == NULL || mounts == NULL)
        goto done;
    (void)snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!read_start(groups, TEXT_BYTES, path))
        goto done;
    (void)snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    if (!read_start(mounts, TEXT_BYTES, path))
        goto done;
    least = least_limit(root, groups, mounts, NULL, limit_2);
    const uint64_t other = least_limit(root, groups, mounts, controller, limit_1);
    if (least == 0 || (other != 0 && other < least))
        least = other;
done:
    free(groups);
    free(mounts);
    return least;
}

size_t sys_cgroup_cores(const char *root)
{
    return (size_t)either_limit(root, "cpu", cores_1, cores_2);
}

uint64_t sys_cgroup_memory(const char *root)
{
    return either_limit(root, "memory", memory_1, memory_2);
}

uint64_t sys_memory(void)
{
    const uint64_t machine = sys_physical_memory(), group = sys_cgroup_memory("");
    const uint64_t there = machine == 0 || (group != 0 && group < machine) ? group : machine;
    return there < SIZE_MAX ? there : SIZE_MAX; /* what addresses reach */
}
