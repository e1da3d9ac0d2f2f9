/* Memory and growing text. */
#include "base/base.h"
#include <stdio.h>
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

void base_text_add(base_text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    const size_t need = text->size + (size_t)(length < 0 ? 0 : length) + 1;
    if (length < 0)
        text->failed = 1;
    if (!text->failed && need > text->room) {
        const size_t room = need > 2 * text->room ? need : 2 * text->room;
        char *data = realloc(text->data, room);
        if (data == NULL) {
            text->failed = 1;
        } else {
            text->data = data;
            text->room = room;
        }
    }
    if (!text->failed) {
        (void)vsnprintf(text->data + text->size, text->room - text->size, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
}

void base_text_free(base_text *text)
{
    free(text->data);
    *text = (base_text){0};
}
