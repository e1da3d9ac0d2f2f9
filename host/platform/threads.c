/*
 * Work shared out among the processor's cores. A crew's threads wait between calls; a call waits only for those that have
 * begun to work at it, so that a thread that the system leaves waiting delays nobody.
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

struct base_crew {
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
        cores = base_cgroup_cores("");
        cores = cores == 0 ? SIZE_MAX : cores;
        atomic_store(&known, cores);
    }
    return cores;
}

/* How many processes share the cores and the cgroup. */
static atomic_size_t cores_alike = 1, cores_here = 1;

void base_share_cores(size_t alike, size_t here)
{
    atomic_store(&cores_alike, alike > 0 ? alike : 1);
    atomic_store(&cores_here, here > 0 ? here : 1);
}

uint64_t base_cores_identity(void)
{
    uint64_t digest = BASE_DIGEST;
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (size_t core = 0; core < CPU_SETSIZE; ++core)
            digest = base_digest(digest, CPU_ISSET(core, &set) ? 1 : 0, 1);
#endif
    return digest;
}

/* A part of something, at least 1. */
static size_t part(size_t whole, size_t parts)
{
    return parts == 0 || whole <= parts ? 1 : whole / parts;
}

size_t base_cores(void)
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
    const char *end = variable != NULL ? base_read_whole(&task, variable, UINT32_MAX) : NULL;
    if (end != NULL && *end == '\0' && task > 0 && task < least)
        least = (size_t)task;
    return least;
}

static void take_items(struct base_crew *crew, void (*function)(void *self, size_t i), void *self, size_t count)
{
    for (size_t i = atomic_fetch_add(&crew->next, 1); i < count; i = atomic_fetch_add(&crew->next, 1))
        function(self, i);
}

static void *help(void *shared)
{
    struct base_crew *crew = shared;
    uint64_t seen = 0;
    (void)pthread_mutex_lock(&crew->lock);
    while (!crew->ended) {
        if (crew->function == NULL || crew->call == seen) {
            (void)pthread_cond_wait(&crew->called, &crew->lock);
            continue;
        }
        void (*const function)(void *self, size_t i) = crew->function;
        void *const self = crew->self;
        const size_t count = crew->count;
        seen = crew->call;
        ++crew->working;
        (void)pthread_mutex_unlock(&crew->lock);
        take_items(crew, function, self, count);
        (void)pthread_mutex_lock(&crew->lock);
        if (--crew->working == 0)
            (void)pthread_cond_signal(&crew->idle);
    }
    (void)pthread_mutex_unlock(&crew->lock);
    return NULL;
}

carrynet_status base_crew_create(struct base_crew **out, size_t threads)
{
    struct base_crew *crew = NULL;
    sigset_t all, before;
    *out = NULL;
    const carrynet_status status = base_allocate(&crew, 1, sizeof *crew);
    if (status != CARRYNET_OK)
        return status;
    if (threads == 0)
        threads = base_cores();
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    if (pthread_mutex_init(&crew->lock, NULL) != 0) {
        base_free(crew);
        return base_fail(CARRYNET_ERROR_MEMORY, "cannot make a lock for threads");
    }
    (void)pthread_cond_init(&crew->called, NULL);
    (void)pthread_cond_init(&crew->idle, NULL);
    atomic_init(&crew->next, 0);
    /* Signals stay with the caller. A thread that cannot be had leaves its share to the others. */
    const bool quiet = threads > 1 && sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    while (crew->helpers + 1 < threads && pthread_create(&crew->helper[crew->helpers], NULL, help, crew) == 0)
        ++crew->helpers;
    if (quiet)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    *out = crew;
    return CARRYNET_OK;
}

void base_crew_free(struct base_crew *crew)
{
    if (crew == NULL)
        return;
    (void)pthread_mutex_lock(&crew->lock);
    crew->ended = true;
    (void)pthread_cond_broadcast(&crew->called);
    (void)pthread_mutex_unlock(&crew->lock);
    for (size_t i = 0; i < crew->helpers; ++i)
        (void)pthread_join(crew->helper[i], NULL);
    (void)pthread_cond_destroy(&crew->called);
    (void)pthread_cond_destroy(&crew->idle);
    (void)pthread_mutex_destroy(&crew->lock);
    base_free(crew);
}

void base_crew_run(struct base_crew *crew, size_t count, void (*function)(void *self, size_t i), void *self)
{
    if (crew == NULL || crew->helpers == 0 || count < 2) {
        for (size_t i = 0; i < count; ++i)
            function(self, i);
        return;
    }
    (void)pthread_mutex_lock(&crew->lock);
    atomic_store(&crew->next, 0);
    crew->function = function;
    crew->self = self;
    crew->count = count;
    ++crew->call;
    (void)pthread_cond_broadcast(&crew->called);
    (void)pthread_mutex_unlock(&crew->lock);
    take_items(crew, function, self, count);
    (void)pthread_mutex_lock(&crew->lock);
    crew->function = NULL;
    while (crew->working > 0)
        (void)pthread_cond_wait(&crew->idle, &crew->lock);
    (void)pthread_mutex_unlock(&crew->lock);
}

void base_parallel(size_t count, void (*function)(void *self, size_t i), void *self)
{
    struct base_crew *crew = NULL;
    if (count > 1)
        (void)base_crew_create(&crew, 0); /* without one the caller does it all */
    base_crew_run(crew, count, function, self);
    base_crew_free(crew);
}
