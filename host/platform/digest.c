/* FNV-1a of 64 bits (Fowler, Noll, Vo), for digests that a person compares by eye; not secure against forgery. */
#include "platform/platform.h"

uint64_t sys_digest(uint64_t digest, uint64_t value, size_t bytes)
{
    for (size_t byte = 0; byte < bytes; ++byte)
        digest = (digest ^ (value >> (8 * byte) & 0xff)) * 0x100000001b3u;
    return digest;
}
