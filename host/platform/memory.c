/* Allocation of aligned, zeroed memory, and the memory of the machine. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "platform/platform.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#include <unistd.h>

enum {
    ALIGNMENT = 64,           /* a cache line, and the widest vector */
    HUGE_ALIGNMENT = 2 << 20, /* a huge page */
    HUGE_FROM = 4 << 20       /* bytes from which they save more time than they waste memory */
};

/* Memory in huge pages, where the system has them for the asking: tables that are read at random miss fewer addresses. */
static void *allocate(size_t bytes)
{
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_FROM && bytes <= SIZE_MAX - HUGE_ALIGNMENT) {
        void *huge = aligned_alloc(HUGE_ALIGNMENT, (bytes + HUGE_ALIGNMENT - 1) / HUGE_ALIGNMENT * HUGE_ALIGNMENT);
        if (huge != NULL)
            (void)madvise(huge, bytes, MADV_HUGEPAGE);
        return huge;
    }
#endif
    return aligned_alloc(ALIGNMENT, bytes);
}

carrynet_status sys_allocate(void *pointer, uint64_t count, uint64_t size)
{
    void **out = pointer;
    *out = NULL;
    if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size)
        return sys_fail(CARRYNET_ERROR_MEMORY,
                        "%" PRIu64 " items of %" PRIu64 " bytes do not fit in this machine's address space", count,
                        size);
    const size_t bytes = (size_t)(count * size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    *out = allocate(bytes);
    if (*out == NULL)
        return sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate %zu bytes", bytes);
    memset(*out, 0, bytes);
    return CARRYNET_OK;
}

void sys_free(void *pointer)
{
    free(pointer);
}

carrynet_status sys_reserve(void *pointer, size_t *capacity, uint64_t count, uint64_t size)
{
    void **held = pointer;
    if (count <= *capacity)
        return CARRYNET_OK;
    sys_free(*held); /* first, since both may be more than there is */
    *capacity = 0;
    const carrynet_status status = sys_allocate(held, count, size);
    if (status == CARRYNET_OK)
        *capacity = (size_t)count;
    return status;
}

carrynet_status sys_grow(void *pointer, size_t used, uint64_t count, uint64_t size)
{
    void **held = pointer, *larger = NULL;
    const carrynet_status status = sys_allocate(&larger, count, size);
    if (status != CARRYNET_OK)
        return status;
    if (used > 0)
        memcpy(larger, *held, used * (size_t)size);
    sys_free(*held);
    *held = larger;
    return CARRYNET_OK;
}

uint64_t sys_physical_memory(void)
{
#ifdef _SC_PHYS_PAGES
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
#else
    return 0;
#endif
}
