/*
 * Runs a function in a child process, so that the code that it calls may crash, hang or end the process without harm to
 * the caller. The outputs of the function and of the libraries that it loads come back as texts, with how the process
 * ended. A child that uses no processor time for a while counts as hung; a child that uses some is given longer.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* sys/prctl.h */
#endif
#include "platform/platform.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

enum { RESULT = 0, SAID, STREAMS, TICK = 20 /* milliseconds */, AT_ONCE = 1 << 16 /* bytes: a pipe holds no more */ };

static const double busy_seconds = 0.01; /* less processor time than this within the idle limit is none */

static void run_child(const int ends[STREAMS][2], void (*function)(void *self, int result), void *self)
{
    const struct rlimit no_core = {0, 0};
    static const int defaults[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    const int nowhere = open("/dev/null", O_RDONLY);
#if defined(__linux__)
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a child that hangs does not outlive the program */
#endif
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; ++i)
        (void)signal(defaults[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)dup2(nowhere, STDIN_FILENO);
    (void)dup2(ends[SAID][1], STDOUT_FILENO);
    (void)dup2(ends[SAID][1], STDERR_FILENO);
    (void)close(ends[RESULT][0]);
    (void)close(ends[SAID][0]);
    function(self, ends[RESULT][1]);
}

/* Reads what there is, so much at once; closes the end when there will be no more. Returns how many bytes came. */
static size_t take(sys_text *text, int *end)
{
    char bytes[4096];
    size_t taken = 0;
    ssize_t got = 1;
    while (taken < AT_ONCE && (got = read(*end, bytes, sizeof bytes)) > 0) {
        taken += (size_t)got;
        if (text->size > SYS_CHILD_BYTES) { /* the last of it tells most */
            memmove(text->data, text->data + text->size - SYS_CHILD_BYTES / 2, SYS_CHILD_BYTES / 2);
            text->size = SYS_CHILD_BYTES / 2;
        }
        sys_text_append(text, bytes, (size_t)got);
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
        (void)close(*end);
        *end = -1;
    }
    return taken;
}

/* Seconds of processor time of a process; less than 0 where the system does not say. */
static double processor_seconds(pid_t child)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return -1;
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* Reads until the child ends, or ends it when its time is up. */
static void watch(sys_text *result, sys_text *said, sys_child_end *ending, pid_t child, int ends[STREAMS],
                  const sys_child_limits *patience)
{
    const double start = sys_seconds();
    double busy = start, used = processor_seconds(child);
    uint64_t written = 0;
    int state = 0;
    pid_t ended = 0;
    while (ended == 0) {
        struct pollfd waits[] = {{.fd = ends[RESULT], .events = POLLIN}, {.fd = ends[SAID], .events = POLLIN}};
        (void)poll(waits, STREAMS, TICK); /* passes over those that are -1 */
        ended = waitpid(child, &state, WNOHANG);
        ended = ended < 0 && errno == EINTR ? 0 : ended;
        for (int s = 0; s < STREAMS; ++s)
            if (ends[s] >= 0)
                written += take(s == RESULT ? result : said, &ends[s]);
        const double now = sys_seconds(), later = processor_seconds(child);
        if (later < 0 || later - used > busy_seconds) {
            busy = now;
            used = later;
        }
        if (ended == 0 && !ending->late && !ending->endless &&
            (now - start > patience->most || now - busy > patience->idle || written > SYS_CHILD_MOST)) {
            ending->endless = written > SYS_CHILD_MOST;
            ending->late = !ending->endless;
            ending->seconds = now - start;
            (void)kill(child, SIGKILL);
        }
    }
    ending->signal = ended == child && WIFSIGNALED(state) && !ending->late && !ending->endless ? WTERMSIG(state) : 0;
    ending->code = ended == child && WIFEXITED(state) ? WEXITSTATUS(state) : 0;
}

carrynet_status sys_run_child(sys_text *result, sys_text *said, sys_child_end *ending,
                              void (*function)(void *self, int result), void *self, const sys_child_limits *patience)
{
    int ends[STREAMS][2] = {{-1, -1}, {-1, -1}}, reads[STREAMS];
    carrynet_status status = CARRYNET_OK;
    pid_t child = -1;
    *ending = (sys_child_end){0};
    for (int s = 0; s < STREAMS && status == CARRYNET_OK; ++s)
        if (pipe(ends[s]) != 0)
            status = sys_fail(CARRYNET_ERROR_IO, "cannot make a pipe: %s", strerror(errno));
    if (status == CARRYNET_OK) {
        child = fork();
        if (child == 0) {
            run_child((const int(*)[2])ends, function, self);
            _exit(0);
        }
        if (child < 0)
            status = sys_fail(CARRYNET_ERROR_IO, "cannot make a process: %s", strerror(errno));
    }
    for (int s = 0; s < STREAMS; ++s) {
        if (ends[s][1] >= 0)
            (void)close(ends[s][1]);
        reads[s] = ends[s][0];
        if (reads[s] >= 0)
            (void)fcntl(reads[s], F_SETFL, fcntl(reads[s], F_GETFL) | O_NONBLOCK);
    }
    if (status == CARRYNET_OK)
        watch(result, said, ending, child, reads, patience);
    for (int s = 0; s < STREAMS; ++s)
        if (reads[s] >= 0)
            (void)close(reads[s]);
    if (status == CARRYNET_OK && (result->failed || said->failed))
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for what a process wrote");
    return status;
}
