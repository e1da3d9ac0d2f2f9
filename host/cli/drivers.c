/*
 * Before and after OpenCL drivers: prepares the environment that they read, and prints a last message if one ends the
 * program. A fatal signal still ends it; a driver's call of exit (by LLVM, when a disk is full) yields the exit code
 * for devices.
 */
#include "cli/drivers.h"
#include "backend/opencl/installation.h"
#include "cli/console.h"
#include "cli/job.h"
#include "cli/job_ranks.h"
#include "cli/kernel_cache.h"
#include "cli/kernel_files.h"
#include "platform/platform.h"
#include <carrynet/device.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool prepared;
static volatile sig_atomic_t opening; /* the drivers are asked for their devices */
static bool opened;
static volatile sig_atomic_t left;

bool drivers_have_pocl(bool *any)
{
    opencl_loader loader;
    opencl_driver *drivers = NULL;
    size_t count = 0;
    bool pocl = false;
    opencl_loader_find(&loader);
    if (opencl_drivers_list(&drivers, &count, &loader) != CARRYNET_OK)
        count = 0;
    for (size_t i = 0; i < count; ++i)
        pocl = pocl || strstr(drivers[i].library, "pocl") != NULL;
    *any = count > 0;
    sys_free(drivers);
    return pocl;
}

/* ---- last words ------------------------------------------------------------------------------------------------ */

/* LLVM catches some signals itself, once it compiles: abort then ends the program without these words. */
static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL};
enum { FATAL = sizeof fatal / sizeof fatal[0] };

/* Only what a signal handler may call. */
static void last_words(int number)
{
    static const char open[] = "\ncarrynet: an OpenCL driver ended the program when it was opened; `carrynet doctor` "
                               "says which, and how to go on without it\n";
    static const char later[] =
        "\ncarrynet: a signal ended the program: the cause is carrynet itself, an OpenCL driver or a damaged kernel "
        "cache; `carrynet doctor` says whether it is one of the last two\n";
    (void)!write(STDERR_FILENO, opening ? open : later, opening ? sizeof open - 1 : sizeof later - 1);
    (void)raise(number); /* the handler was for once */
}

static void catch_fatal(void)
{
    struct sigaction action = {.sa_handler = last_words, .sa_flags = (int)SA_RESETHAND}, before;
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FATAL; ++i)
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) /* else a sanitizer's */
            (void)sigaction(fatal[i], &action, NULL);
}

/* What pocl lacks for its kernels, if it lacks something. */
static bool cache_fault(sys_text *text)
{
    char folder[KERNEL_CACHE_PATH], fault[KERNEL_CACHE_FAULT];
    if (kernel_cache_fault(fault, kernel_cache_folder(folder, sizeof folder))[0] == '\0')
        return false;
    sys_text_add(text, "pocl cannot write compiled kernels to %s (%s)", folder, fault);
    return true;
}

/* exit was called, and not by the program. */
static void exit_by_driver(void)
{
    sys_text text = {0};
    if (left)
        return;
    const bool cache = cache_fault(&text);
    console_error("an OpenCL driver ended the program%s%s; `carrynet doctor` says more", cache ? ": " : "",
                  cache && !text.failed ? text.data : "");
    (void)fflush(stdout);
    _exit(EXIT_CODE_DEVICE);
}

/* ---- before, and after ----------------------------------------------------------------------------------------- */

static void prepare(void)
{
    char note[2 * KERNEL_CACHE_PATH + KERNEL_CACHE_PATH];
    bool any;
    prepared = true;
    const kernel_cache *cache = kernel_cache_prepare(false);
    if (job_wrong_threads()[0] != '\0')
        console_note("carrynet: %s", job_wrong_threads());
    if (kernel_cache_note(note, sizeof note, cache)[0] != '\0' && drivers_have_pocl(&any))
        console_note("carrynet: %s", note);
    catch_fatal();
    if (job_ranks() == NULL) /* MPI ends processes that way, too */
        (void)atexit(exit_by_driver);
}

void drivers_prepare(bool open)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    if (!prepared)
        prepare();
    if (!open || opened)
        return;
    /* Here, where the default action of signals still ends the program, if a driver hangs. */
    opening = 1;
    (void)carrynet_devices_list(&devices, &count);
    carrynet_devices_free(devices);
    opening = 0;
    opened = true;
}

void drivers_explain(void)
{
    sys_text text = {0};
    bool any;
    if (prepared && cache_fault(&text) && drivers_have_pocl(&any))
        console_note("%s; POCL_CACHE_DIR names another folder.", text.failed ? "" : text.data);
    sys_text_free(&text);
}

void drivers_say_fallback(const char *description)
{
    static const char name[] = "host", asked[] = "(as asked)";
    if (strncmp(description, name, sizeof name - 1) == 0 && strstr(description, asked) == NULL)
        console_note("carrynet: no OpenCL device is used; this is slower: %s", description);
}

void drivers_leave(void)
{
    left = 1;
    kernel_files_left();
}
