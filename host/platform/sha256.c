/* SHA-256, for digests that must resist forgery: libmd's. */
#include "platform/platform.h"
#include <sys/types.h>

#include <sha256.h>

char *sys_sha256(char text[SYS_SHA256], const void *const *parts, const size_t *sizes, size_t count)
{
    SHA256_CTX context;
    SHA256_Init(&context);
    for (size_t i = 0; i < count; ++i)
        SHA256_Update(&context, parts[i], sizes[i]);
    return SHA256_End(&context, text);
}
