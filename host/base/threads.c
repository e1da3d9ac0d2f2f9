/* Work shared out among the processor's cores: threads for one call, all of them ended when it returns. */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/base.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MOST_THREADS = 256 };

struct shared_work {
    void (*function)(void *self, size_t i);
    void *self;
    size_t count;
    atomic_size_t next;
};

size_t base_cores(void)
{
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
    return cores < 1 ? 1 : (size_t)cores;
}

static void *take_items(void *shared)
{
    struct shared_work *work = shared;
    for (size_t i = atomic_fetch_add(&work->next, 1); i < work->count; i = atomic_fetch_add(&work->next, 1))
        work->function(work->self, i);
    return NULL;
}

void base_parallel_on(size_t threads, size_t count, void (*function)(void *self, size_t i), void *self)
{
    struct shared_work work = {.function = function, .self = self, .count = count};
    pthread_t helpers[MOST_THREADS];
    sigset_t all, before;
    size_t helping = 0;
    atomic_init(&work.next, 0);
    if (threads > count)
        threads = count;
    if (threads > MOST_THREADS)
        threads = MOST_THREADS;
    /* Signals stay with the caller. A thread that cannot be had leaves its share to the others. */
    const bool quiet = threads > 1 && sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    while (helping + 1 < threads && pthread_create(&helpers[helping], NULL, take_items, &work) == 0)
        ++helping;
    if (quiet)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)take_items(&work);
    for (size_t i = 0; i < helping; ++i)
        (void)pthread_join(helpers[i], NULL);
}

void base_parallel(size_t count, void (*function)(void *self, size_t i), void *self)
{
    base_parallel_on(count > 1 ? base_cores() : 1, count, function, self);
}
