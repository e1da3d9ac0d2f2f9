/*
 * Distributes work among the processor's cores. The threads of a pool wait between calls. A call waits only for threads
 * that have begun to work on it, so a thread that the system has not scheduled delays nobody.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "platform/platform.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 256 };

struct sys_pool {
    pthread_mutex_t lock;
    pthread_cond_t called, idle;
    /* Under the lock: */
    void (*function)(void *self, size_t i); /* NULL between calls */
    void *self;
    size_t count;
    uint64_t call;
    size_t working; /* helpers */
    bool ended;
    /* Free of it: */
    atomic_size_t next;
    size_t helpers;
    pthread_t helper[MOST_THREADS];
};

/* What the cgroup allows, asked once: SIZE_MAX without a limit. */
static size_t cgroup_cores(void)
{
    static atomic_size_t known; /* 0: not asked yet */
    size_t cores = atomic_load(&known);
    if (cores == 0) {
        cores = sys_cgroup_cores("");
        cores = cores == 0 ? SIZE_MAX : cores;
        atomic_store(&known, cores);
    }
    return cores;
}

/* How many processes share the cores and the cgroup. */
static atomic_size_t cores_alike = 1, cores_here = 1;

void sys_share_cores(size_t alike, size_t here)
{
    atomic_store(&cores_alike, alike > 0 ? alike : 1);
    atomic_store(&cores_here, here > 0 ? here : 1);
}

uint64_t sys_cores_identity(void)
{
    uint64_t digest = SYS_DIGEST;
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (size_t core = 0; core < CPU_SETSIZE; ++core)
            digest = sys_digest(digest, CPU_ISSET(core, &set) ? 1 : 0, 1);
#endif
    return digest;
}

/* A part of something, at least 1. */
static size_t part(size_t whole, size_t parts)
{
    return parts == 0 || whole <= parts ? 1 : whole / parts;
}

size_t sys_cores(void)
{
    const char *variable = getenv("SLURM_CPUS_PER_TASK");
    uint64_t task = 0;
    long cores = 0;
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cores = CPU_COUNT(&set);
#endif
#ifdef _SC_NPROCESSORS_ONLN
    if (cores < 1)
        cores = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    size_t least = part(cores < 1 ? 1 : (size_t)cores, atomic_load(&cores_alike));
    const size_t allowed = cgroup_cores() == SIZE_MAX ? SIZE_MAX : part(cgroup_cores(), atomic_load(&cores_here));
    if (allowed < least)
        least = allowed;
    const char *end = variable != NULL ? sys_read_whole(&task, variable, UINT32_MAX) : NULL;
    if (end != NULL && *end == '\0' && task > 0 && task < least)
        least = (size_t)task;
    return least;
}

static void take_items(struct sys_pool *pool, void (*function)(void *self, size_t i), void *self, size_t count)
{
    for (size_t i = atomic_fetch_add(&pool->next, 1); i < count; i = atomic_fetch_add(&pool->next, 1))
        function(self, i);
}

static void *help(void *shared)
{
    struct sys_pool *pool = shared;
    uint64_t seen = 0;
    (void)pthread_mutex_lock(&pool->lock);
    while (!pool->ended) {
        if (pool->function == NULL || pool->call == seen) {
            (void)pthread_cond_wait(&pool->called, &pool->lock);
            continue;
        }
        void (*const function)(void *self, size_t i) = pool->function;
        void *const self = pool->self;
        const size_t count = pool->count;
        seen = pool->call;
        ++pool->working;
        (void)pthread_mutex_unlock(&pool->lock);
        take_items(pool, function, self, count);
        (void)pthread_mutex_lock(&pool->lock);
        if (--pool->working == 0)
            (void)pthread_cond_signal(&pool->idle);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

carrynet_status sys_pool_create(struct sys_pool **out, size_t threads)
{
    struct sys_pool *pool = NULL;
    sigset_t all, before;
    *out = NULL;
    const carrynet_status status = sys_allocate(&pool, 1, sizeof *pool);
    if (status != CARRYNET_OK)
        return status;
    if (threads == 0)
        threads = sys_cores();
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        sys_free(pool);
        return sys_fail(CARRYNET_ERROR_MEMORY, "cannot make a lock for threads");
    }
    (void)pthread_cond_init(&pool->called, NULL);
    (void)pthread_cond_init(&pool->idle, NULL);
    atomic_init(&pool->next, 0);
    /* Signals stay with the caller. A thread that cannot be had leaves its share to the others. */
    const bool quiet = threads > 1 && sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    while (pool->helpers + 1 < threads && pthread_create(&pool->helper[pool->helpers], NULL, help, pool) == 0)
        ++pool->helpers;
    if (quiet)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    *out = pool;
    return CARRYNET_OK;
}

void sys_pool_free(struct sys_pool *pool)
{
    if (pool == NULL)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    pool->ended = true;
    (void)pthread_cond_broadcast(&pool->called);
    (void)pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->helpers; ++i)
        (void)pthread_join(pool->helper[i], NULL);
    (void)pthread_cond_destroy(&pool->called);
    (void)pthread_cond_destroy(&pool->idle);
    (void)pthread_mutex_destroy(&pool->lock);
    sys_free(pool);
}

void sys_pool_run(struct sys_pool *pool, size_t count, void (*function)(void *self, size_t i), void *self)
{
    if (pool == NULL || pool->helpers == 0 || count < 2) {
        for (size_t i = 0; i < count; ++i)
            function(self, i);
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->next, 0);
    pool->function = function;
    pool->self = self;
    pool->count = count;
    ++pool->call;
    (void)pthread_cond_broadcast(&pool->called);
    (void)pthread_mutex_unlock(&pool->lock);
    take_items(pool, function, self, count);
    (void)pthread_mutex_lock(&pool->lock);
    pool->function = NULL;
    while (pool->working > 0)
        (void)pthread_cond_wait(&pool->idle, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

void sys_parallel(size_t count, void (*function)(void *self, size_t i), void *self)
{
    struct sys_pool *pool = NULL;
    if (count > 1)
        (void)sys_pool_create(&pool, 0); /* without one the caller does it all */
    sys_pool_run(pool, count, function, self);
    sys_pool_free(pool);
}
