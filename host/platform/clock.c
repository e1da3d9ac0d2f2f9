/* A monotonic clock, for progress and benchmarks; no result depends on it. */
#include "platform/platform.h"
#include <time.h>

double sys_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
