/* Whose calls count, which of them fails, and the failing calls of memory and threads. */
#if defined(__linux__)
#define _GNU_SOURCE /* RTLD_NEXT, dl_iterate_phdr */
#endif
#include "faults.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- whose calls ------------------------------------------------------------------------------------------------ */

/* The code of the program, and of libraries that ask for memory and write files in its place. */
static const char *const workers[] = {"libjansson", "libzip", "libxxhash", "libprotobuf-c", "libmd"};
enum { MOST_RANGES = 64 };
static struct {
    uintptr_t first, end;
} ranges[MOST_RANGES];
static size_t range_count;
static uintptr_t program_base;

static int add_object(struct dl_phdr_info *about, size_t size, void *first)
{
    const bool program = *(bool *)first;
    bool wanted = program;
    (void)size;
    *(bool *)first = false;
    for (size_t i = 0; i < sizeof workers / sizeof workers[0]; ++i)
        wanted = wanted || strstr(about->dlpi_name, workers[i]) != NULL;
    if (program)
        program_base = about->dlpi_addr;
    for (size_t i = 0; i < about->dlpi_phnum && wanted && range_count < MOST_RANGES; ++i) {
        if (about->dlpi_phdr[i].p_type != PT_LOAD || (about->dlpi_phdr[i].p_flags & PF_X) == 0)
            continue;
        ranges[range_count].first = about->dlpi_addr + about->dlpi_phdr[i].p_vaddr;
        ranges[range_count].end = ranges[range_count].first + about->dlpi_phdr[i].p_memsz;
        ++range_count;
    }
    return 0;
}

static bool is_ours(const void *caller)
{
    for (size_t i = 0; i < range_count; ++i)
        if ((uintptr_t)caller >= ranges[i].first && (uintptr_t)caller < ranges[i].end)
            return true;
    return false;
}

/* ---- which of them ---------------------------------------------------------------------------------------------- */

static fault_class class_asked;
static fault_kind kind_asked;
static uint64_t at;
static const char *log_name;
static atomic_uint_fast64_t calls;

/* Past what this library stands before. */
static void log_line(const char *line)
{
    const long file =
        log_name == NULL ? -1 : syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0)
        return;
    (void)syscall(SYS_write, file, line, strlen(line));
    (void)syscall(SYS_close, file);
}

__attribute__((constructor)) static void read_wishes(void)
{
    static const char *const classes[] = {"none", "memory", "file", "thread", "opencl"};
    static const char *const kinds[] = {"error", "forever", "memory", "short", "interrupt", "kill"};
    const char *name = getenv("FAULT_CLASS"), *kind = getenv("FAULT_KIND"), *number = getenv("FAULT_AT");
    bool first = true;
    log_name = getenv("FAULT_LOG");
    at = number == NULL ? 0 : strtoull(number, NULL, 10);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; ++i)
        if (kind != NULL && strcmp(kind, kinds[i]) == 0)
            kind_asked = (fault_kind)i;
    (void)dl_iterate_phdr(add_object, &first);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; ++i)
        if (name != NULL && strcmp(name, classes[i]) == 0)
            class_asked = (fault_class)i;
    /* What the program starts in its turn is left alone. */
    (void)unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void tell_count(void)
{
    char line[64];
    (void)snprintf(line, sizeof line, "calls %llu\n", (unsigned long long)atomic_load(&calls));
    log_line(line);
}

bool fault_due(fault_kind *kind, fault_class of, const void *caller, const char *call)
{
    char line[160];
    if (of != class_asked || !is_ours(caller))
        return false;
    const uint64_t now = atomic_fetch_add(&calls, 1) + 1;
    *kind = kind_asked;
    if (at == 0 || now < at || (now > at && kind_asked != KIND_FOREVER))
        return false;
    if (now == at) {
        (void)snprintf(line, sizeof line, "fault %llu %s %#llx\n", (unsigned long long)now, call,
                       (unsigned long long)((uintptr_t)caller - program_base));
        log_line(line);
    }
    if (kind_asked == KIND_KILL)
        (void)raise(SIGKILL);
    return true;
}

void *fault_next(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);
    if (next == NULL)
        _exit(99);
    return next;
}

/* ---- memory ----------------------------------------------------------------------------------------------------- */

static bool no_memory(const void *caller, const char *call)
{
    fault_kind kind;
    if (!fault_due(&kind, FAULT_MEMORY, caller, call))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    FAULT_NEXT(void *, "malloc", (size_t));
    return no_memory(FAULT_CALLER, "malloc") ? NULL : next(size);
}

/* The linker may ask for memory while it looks for the next calloc: it gets a piece of this, once. */
void *calloc(size_t count, size_t size)
{
    static char early[1024];
    static bool looking;
    if (looking)
        return count * size <= sizeof early ? early : NULL;
    looking = true;
    FAULT_NEXT(void *, "calloc", (size_t, size_t));
    looking = false;
    return no_memory(FAULT_CALLER, "calloc") ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
    FAULT_NEXT(void *, "realloc", (void *, size_t));
    return no_memory(FAULT_CALLER, "realloc") ? NULL : next(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    FAULT_NEXT(void *, "aligned_alloc", (size_t, size_t));
    return no_memory(FAULT_CALLER, "aligned_alloc") ? NULL : next(alignment, size);
}

int posix_memalign(void **made, size_t alignment, size_t size)
{
    FAULT_NEXT(int, "posix_memalign", (void **, size_t, size_t));
    return no_memory(FAULT_CALLER, "posix_memalign") ? ENOMEM : next(made, alignment, size);
}

char *strdup(const char *text)
{
    FAULT_NEXT(char *, "strdup", (const char *));
    return no_memory(FAULT_CALLER, "strdup") ? NULL : next(text);
}

char *strndup(const char *text, size_t most)
{
    FAULT_NEXT(char *, "strndup", (const char *, size_t));
    return no_memory(FAULT_CALLER, "strndup") ? NULL : next(text, most);
}

/* ---- threads ---------------------------------------------------------------------------------------------------- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    fault_kind kind;
    FAULT_NEXT(int, "pthread_create", (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *));
    return fault_due(&kind, FAULT_THREAD, FAULT_CALLER, "pthread_create") ? EAGAIN
                                                                          : next(thread, attributes, start, argument);
}

int pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
    fault_kind kind;
    FAULT_NEXT(int, "pthread_mutex_init", (pthread_mutex_t *, const pthread_mutexattr_t *));
    return fault_due(&kind, FAULT_THREAD, FAULT_CALLER, "pthread_mutex_init") ? ENOMEM : next(lock, attributes);
}
