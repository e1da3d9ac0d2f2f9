/*
 * Runs another program to its end without a shell. Its standard input is a text; its standard output and error come
 * back as texts. All three are transferred concurrently, so that neither side waits for the other.
 */
#include "platform/platform.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { INPUT = 0, OUTPUT, ERRORS, STREAMS };

/* The two ends of each stream: [0] ours, [1] the child's; -1 where closed. */
typedef struct process_streams {
    int ends[STREAMS][2];
} process_streams;

static void close_end(int *end)
{
    if (*end >= 0)
        (void)close(*end);
    *end = -1;
}

/* Closed in the child, and above its three standard streams, so that none is overwritten when those are set. */
static int keep_apart(int *end)
{
    const int moved = fcntl(*end, F_DUPFD_CLOEXEC, 3);
    (void)close(*end);
    *end = moved;
    return moved >= 0;
}

static int open_streams(process_streams *streams)
{
    int good = 1;
    for (int s = 0; s < STREAMS; ++s)
        streams->ends[s][0] = streams->ends[s][1] = -1;
    for (int s = 0; s < STREAMS && good; ++s) {
        int two[2];
        /* A socket in place of a pipe can be written to without a signal when the child has closed it. */
        if ((s == INPUT ? socketpair(AF_UNIX, SOCK_STREAM, 0, two) : pipe(two)) != 0)
            return 0;
        good = keep_apart(&two[0]) & keep_apart(&two[1]);
        streams->ends[s][0] = two[0];
        streams->ends[s][1] = two[1];
    }
    return good;
}

static void close_streams(process_streams *streams)
{
    for (int s = 0; s < STREAMS; ++s) {
        close_end(&streams->ends[s][0]);
        close_end(&streams->ends[s][1]);
    }
}

/* Reads what there is; closes the end when there will be no more. The error, or 0. */
static int take(sys_text *text, int *end)
{
    char bytes[65536];
    const ssize_t got = read(*end, bytes, sizeof bytes);
    const int error = got < 0 && errno != EINTR ? errno : 0;
    if (got > 0)
        sys_text_append(text, bytes, (size_t)got);
    else if (got == 0 || error != 0)
        close_end(end);
    return error;
}

/* Feeds and reads until the child has closed both of its outputs. The error that ended it before, or 0. */
static int converse(process_streams *streams, sys_text *output, sys_text *errors, const char *input, size_t size)
{
    int *in = &streams->ends[INPUT][0], *out = &streams->ends[OUTPUT][0], *err = &streams->ends[ERRORS][0], error = 0;
    if (size == 0)
        close_end(in);
    while ((*out >= 0 || *err >= 0) && error == 0) {
        struct pollfd waits[] = {{.fd = *in, .events = POLLOUT}, {.fd = *out, .events = POLLIN}, {*err, POLLIN, 0}};
        if (poll(waits, STREAMS, -1) < 0) {
            error = errno == EINTR ? 0 : errno;
            continue;
        }
        if (*in >= 0 && waits[INPUT].revents != 0) {
            const ssize_t sent = send(*in, input, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) {
                input += sent;
                size -= (size_t)sent;
            }
            if (size == 0 || (sent < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
                close_end(in); /* all said, or the child reads no more: its exit code tells why */
        }
        if (*out >= 0 && waits[OUTPUT].revents != 0)
            error = take(output, out);
        if (*err >= 0 && waits[ERRORS].revents != 0 && error == 0)
            error = take(errors, err);
    }
    return error;
}

carrynet_status sys_run(sys_text *output, sys_text *errors, int *code, const char *const *words, const char *input,
                        size_t size)
{
    posix_spawn_file_actions_t actions;
    process_streams streams;
    pid_t child = -1;
    int result = 0, state = 0, made = 0, error = 0;
    carrynet_status status = CARRYNET_OK;
    if (!open_streams(&streams)) {
        status = sys_fail(CARRYNET_ERROR_IO, "cannot start %s: %s", words[0], strerror(errno));
        goto done;
    }
    result = posix_spawn_file_actions_init(&actions);
    made = result == 0;
    for (int s = 0; s < STREAMS && result == 0; ++s)
        result = posix_spawn_file_actions_adddup2(&actions, streams.ends[s][1], s);
    if (result == 0)
        result = posix_spawnp(&child, words[0], &actions, NULL, (char *const *)(uintptr_t)words, environ);
    if (result != 0) {
        status = sys_fail(CARRYNET_ERROR_IO, "cannot start %s: %s", words[0], strerror(result));
        goto done;
    }
    for (int s = 0; s < STREAMS; ++s)
        close_end(&streams.ends[s][1]);
    error = converse(&streams, output, errors, input, size);
    close_streams(&streams);
    pid_t ended;
    do
        ended = waitpid(child, &state, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != child)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: lost while it ran: %s", words[0], strerror(errno));
    else if (error != 0)
        status = sys_fail(CARRYNET_ERROR_IO, "cannot read what %s writes: %s", words[0], strerror(error));
    else if (output->failed || errors->failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for what %s wrote", words[0]);
    *code = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
done:
    if (made)
        (void)posix_spawn_file_actions_destroy(&actions);
    close_streams(&streams);
    return status;
}
