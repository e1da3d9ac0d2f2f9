/* Memory. */
#include "base/base.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALIGNMENT = 64 }; /* a cache line, and the widest vector */

carrynet_status base_allocate(void *pointer, size_t count, size_t size)
{
    void **out = pointer;
    *out = NULL;
    if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size)
        return base_fail(CARRYNET_ERROR_MEMORY, "%zu items of %zu bytes do not fit in this machine's address space",
                         count, size);
    const size_t bytes = (count * size + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    *out = aligned_alloc(ALIGNMENT, bytes);
    if (*out == NULL)
        return base_fail(CARRYNET_ERROR_MEMORY, "cannot allocate %zu bytes", bytes);
    memset(*out, 0, bytes);
    return CARRYNET_OK;
}

void base_free(void *pointer)
{
    free(pointer);
}

uint64_t base_physical_memory(void)
{
#ifdef _SC_PHYS_PAGES
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
#else
    return 0;
#endif
}
