/*
 * OpenCL drivers that do what bad drivers do, one for each value of PLANTED. All but the one that ends at once say when
 * they are opened.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPENED_EMPTY 0 /* has no platform */
#define ABORTS 1       /* in its constructor, as two copies of LLVM do */
#define HANGS 2        /* when it is asked for its platforms */
#define HANGS_OPENED 3 /* in its constructor */
#define CRASHES 4      /* when it is asked for its platforms */
#define EXITS 5        /* likewise, with the code of success */
#define PRINTS 6       /* likewise, and does not stop */

static const char opened[] = "planted: opened\n";

__attribute__((constructor)) static void open_driver(void)
{
    (void)!write(STDERR_FILENO, opened, sizeof opened - 1);
#if PLANTED == ABORTS
    abort();
#elif PLANTED == HANGS_OPENED
    for (;;)
        (void)pause();
#endif
}

static int get_platforms(unsigned count, void *platforms, unsigned *found)
{
    (void)count;
    (void)platforms;
    *found = 0;
#if PLANTED == HANGS
    static const char asked[] = "planted: asked\n";
    (void)!write(STDERR_FILENO, asked, sizeof asked - 1);
    for (;;)
        (void)pause();
#elif PLANTED == CRASHES
    (void)raise(SIGSEGV);
#elif PLANTED == EXITS
    exit(0);
#elif PLANTED == PRINTS
    static const char line[4096] = "planted: a line\n";
    for (;;)
        (void)!write(STDERR_FILENO, line, sizeof line);
#endif
    return -1001; /* CL_PLATFORM_NOT_FOUND_KHR */
}

__attribute__((visibility("default"))) void *clGetExtensionFunctionAddress(const char *name)
{
    union {
        int (*call)(unsigned, void *, unsigned *);
        void *address;
    } platforms = {.call = get_platforms};
    return strcmp(name, "clIcdGetPlatformIDsKHR") == 0 ? platforms.address : NULL;
}

__attribute__((visibility("default"))) void *clGetPlatformInfo(void)
{
    return NULL;
}
