/*
 * Work distributed among threads: every item once, whatever the number of threads, call after call; and how many threads
 * a cgroup and a scheduler allow, from made-up files.
 */
#include "each_backend.h"
#include "platform/platform.h"
#include <stdlib.h>
#include <sys/stat.h>

enum { MOST = 5000 };

static void count_item(void *self, size_t i)
{
    ++((unsigned char *)self)[i];
}

static void expect_once(const unsigned char *items, size_t count, unsigned times)
{
    for (size_t i = 0; i < MOST; ++i)
        cr_expect_eq(items[i], i < count ? times : 0u, "item %zu of %zu: %u times", i, count, (unsigned)items[i]);
}

Test(threads, every_item_once)
{
    static const size_t counts[] = {0, 1, 2, 7, 64, MOST}, threads[] = {0, 1, 2, 5, 1000};
    cr_expect_geq(sys_cores(), 1u);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; ++c) {
        unsigned char items[MOST] = {0};
        sys_parallel(counts[c], count_item, items);
        expect_once(items, counts[c], 1);
        sys_pool_run(NULL, counts[c], count_item, items);
        expect_once(items, counts[c], 2);
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; ++t) {
            struct sys_pool *pool = NULL;
            memset(items, 0, sizeof items);
            MUST(sys_pool_create(&pool, threads[t]));
            for (int call = 0; call < 100; ++call)
                sys_pool_run(pool, counts[c], count_item, items);
            expect_once(items, counts[c], 100);
            sys_pool_free(pool);
        }
    }
    sys_pool_free(NULL);
}

/* ---- limits ---------------------------------------------------------------------------------------------------- */

static char root[256];

static void make_root(void)
{
    (void)snprintf(root, sizeof root, "/tmp/carrynet-limits-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
    char command[320];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", root);
    cr_assert_eq(system(command), 0);
}

/* Writes a file under the root, with the folders on the way. */
static void put(const char *path, const char *text)
{
    char whole[512];
    (void)snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *p = whole + strlen(root) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        (void)mkdir(whole, 0700);
    }
    FILE *file = fopen(whole, "w");
    cr_assert_not_null(file, "%s", whole);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

#define MOUNT_2 "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT_1(root)                                                                                                  \
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"                                                                \
    "32 31 0:29 " root " /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"                      \
    "33 31 0:30 " root " /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

TestSuite(limits, .init = make_root, .fini = remove_root);

Test(limits, version_2)
{
    put("/proc/self/mountinfo", MOUNT_2);
    put("/proc/self/cgroup", "0::/job/step\n");
    cr_expect_eq(sys_cgroup_cores(root), 0u);
    put("/sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/job/step/memory.max", "max\n");
    cr_expect_eq(sys_cgroup_cores(root), 0u);
    cr_expect_eq(sys_cgroup_memory(root), 0u);
    put("/sys/fs/cgroup/job/cpu.max", "350000 100000\n"); /* of the group above */
    cr_expect_eq(sys_cgroup_cores(root), 4u);
    put("/sys/fs/cgroup/job/step/cpu.max", "200000 100000\n");
    put("/sys/fs/cgroup/job/memory.max", "1073741824\n");
    cr_expect_eq(sys_cgroup_cores(root), 2u);
    cr_expect_eq(sys_cgroup_memory(root), 1073741824u);
    put("/sys/fs/cgroup/job/step/cpu.max", "1000 100000\n");
    cr_expect_eq(sys_cgroup_cores(root), 1u);
    put("/sys/fs/cgroup/job/step/cpu.max", "nonsense\n");
    cr_expect_eq(sys_cgroup_cores(root), 4u);
    put("/proc/self/cgroup", "0::/../other\n"); /* outside of what is mounted here */
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    cr_expect_eq(sys_cgroup_cores(root), 3u);
}

Test(limits, version_1)
{
    put("/proc/self/mountinfo", MOUNT_1("/"));
    put("/proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "9223372036854771712\n");
    cr_expect_eq(sys_cgroup_cores(root), 0u);
    cr_expect_eq(sys_cgroup_memory(root), 0u);
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4096000\n");
    cr_expect_eq(sys_cgroup_cores(root), 2u);
    cr_expect_eq(sys_cgroup_memory(root), 4096000u);
}

Test(limits, container_that_sees_its_own_group_alone)
{
    put("/proc/self/mountinfo", MOUNT_1("/docker/abc"));
    put("/proc/self/cgroup", "4:cpu,cpuacct:/docker/abc\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "300000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    cr_expect_eq(sys_cgroup_cores(root), 3u);
}

Test(limits, nothing_to_read)
{
    cr_expect_eq(sys_cgroup_cores(root), 0u);
    cr_expect_eq(sys_cgroup_memory(root), 0u);
    put("/proc/self/cgroup", "\n::\n:\n4\n");
    put("/proc/self/mountinfo", "\n - \na b c d e - cgroup2\nx\n - cgroup2 x y\n");
    cr_expect_eq(sys_cgroup_cores(root), 0u);
}

Test(limits, cores_of_a_task)
{
    const size_t all = sys_cores();
    cr_assert_eq(setenv("SLURM_CPUS_PER_TASK", "1", 1), 0);
    cr_expect_eq(sys_cores(), 1u);
    static const char *const others[] = {"65536", "0", "", "x", "1x", "-1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; ++i) {
        cr_assert_eq(setenv("SLURM_CPUS_PER_TASK", others[i], 1), 0);
        cr_expect_eq(sys_cores(), all, "SLURM_CPUS_PER_TASK=%s", others[i]);
    }
    cr_assert_eq(unsetenv("SLURM_CPUS_PER_TASK"), 0);
}
