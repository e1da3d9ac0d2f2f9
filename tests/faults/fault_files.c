/*
 * Failing calls of files: each with an error that it can have (a full disk, a read-only folder, a bad disk), reads and
 * writes that do half, or are interrupted. What goes to standard error does not count: it is how a fault is told.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* _unlocked names are not used, but RTLD_NEXT's header asks */
#endif
#include "faults.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that fails as a whole. */
static bool fails(const void *caller, const char *call, int error)
{
    fault_kind kind;
    if (!fault_due(&kind, FAULT_FILE, caller, call) || kind == KIND_SHORT || kind == KIND_INTERRUPT)
        return false;
    errno = error;
    return true;
}

/* ---- descriptors ------------------------------------------------------------------------------------------------ */

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, int) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    FAULT_NEXT(int, "open", (const char *, int, ...));
    return fails(FAULT_CALLER, "open", (flags & O_CREAT) != 0 ? EROFS : EACCES) ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    FAULT_NEXT(int, "open64", (const char *, int, ...));
    return fails(FAULT_CALLER, "open64", (flags & O_CREAT) != 0 ? EROFS : EACCES) ? -1 : next(path, flags, mode);
}

/* How many bytes to move, or -1 for an error. */
static ssize_t allowed(const void *caller, const char *call, size_t size, int error)
{
    fault_kind kind;
    if (!fault_due(&kind, FAULT_FILE, caller, call))
        return (ssize_t)size;
    if (kind == KIND_SHORT)
        return (ssize_t)(size > 1 ? size / 2 : size);
    errno = kind == KIND_INTERRUPT ? EINTR : error;
    return -1;
}

ssize_t read(int file, void *bytes, size_t size)
{
    FAULT_NEXT(ssize_t, "read", (int, void *, size_t));
    const ssize_t now = allowed(FAULT_CALLER, "read", size, EIO);
    return now < 0 ? now : next(file, bytes, (size_t)now);
}

ssize_t write(int file, const void *bytes, size_t size)
{
    FAULT_NEXT(ssize_t, "write", (int, const void *, size_t));
    const ssize_t now = allowed(FAULT_CALLER, "write", size, ENOSPC);
    return now < 0 ? now : next(file, bytes, (size_t)now);
}

ssize_t send(int socket, const void *bytes, size_t size, int flags)
{
    FAULT_NEXT(ssize_t, "send", (int, const void *, size_t, int));
    const ssize_t now = allowed(FAULT_CALLER, "send", size, EPIPE);
    return now < 0 ? now : next(socket, bytes, (size_t)now, flags);
}

int fsync(int file)
{
    FAULT_NEXT(int, "fsync", (int));
    return fails(FAULT_CALLER, "fsync", EIO) ? -1 : next(file);
}

/* Closes all the same, as Linux does. */
int close(int file)
{
    FAULT_NEXT(int, "close", (int));
    const bool bad = fails(FAULT_CALLER, "close", EIO);
    const int result = next(file);
    if (bad)
        errno = EIO;
    return bad ? -1 : result;
}

int ftruncate(int file, off_t size)
{
    FAULT_NEXT(int, "ftruncate", (int, off_t));
    return fails(FAULT_CALLER, "ftruncate", EIO) ? -1 : next(file, size);
}

int fstat(int file, struct stat *about)
{
    FAULT_NEXT(int, "fstat", (int, struct stat *));
    return fails(FAULT_CALLER, "fstat", EIO) ? -1 : next(file, about);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

int stat(const char *path, struct stat *about)
{
    FAULT_NEXT(int, "stat", (const char *, struct stat *));
    return fails(FAULT_CALLER, "stat", EACCES) ? -1 : next(path, about);
}

int lstat(const char *path, struct stat *about)
{
    FAULT_NEXT(int, "lstat", (const char *, struct stat *));
    return fails(FAULT_CALLER, "lstat", EACCES) ? -1 : next(path, about);
}

int access(const char *path, int mode)
{
    FAULT_NEXT(int, "access", (const char *, int));
    return fails(FAULT_CALLER, "access", (mode & W_OK) != 0 ? EROFS : EACCES) ? -1 : next(path, mode);
}

int rename(const char *from, const char *to)
{
    FAULT_NEXT(int, "rename", (const char *, const char *));
    return fails(FAULT_CALLER, "rename", EROFS) ? -1 : next(from, to);
}

int link(const char *from, const char *to)
{
    FAULT_NEXT(int, "link", (const char *, const char *));
    return fails(FAULT_CALLER, "link", EPERM) ? -1 : next(from, to);
}

int unlink(const char *path)
{
    FAULT_NEXT(int, "unlink", (const char *));
    return fails(FAULT_CALLER, "unlink", EROFS) ? -1 : next(path);
}

int mkdir(const char *path, mode_t mode)
{
    FAULT_NEXT(int, "mkdir", (const char *, mode_t));
    return fails(FAULT_CALLER, "mkdir", EROFS) ? -1 : next(path, mode);
}

DIR *opendir(const char *path)
{
    FAULT_NEXT(DIR *, "opendir", (const char *));
    return fails(FAULT_CALLER, "opendir", EMFILE) ? NULL : next(path);
}

struct dirent *readdir(DIR *entries)
{
    FAULT_NEXT(struct dirent *, "readdir", (DIR *));
    return fails(FAULT_CALLER, "readdir", EIO) ? NULL : next(entries);
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */

/* A stream that fails remembers it, as glibc's do: ferror() is what many callers ask at the end. */
static bool stream_fails(const void *caller, const char *call, FILE *stream)
{
    enum { GLIBC_ERROR_SEEN = 0x20 };
    if (stream == stderr || !fails(caller, call, ENOSPC))
        return false;
    stream->_flags |= GLIBC_ERROR_SEEN;
    return true;
}

FILE *fopen(const char *path, const char *mode)
{
    FAULT_NEXT(FILE *, "fopen", (const char *, const char *));
    return fails(FAULT_CALLER, "fopen", EACCES) ? NULL : next(path, mode);
}

int fclose(FILE *stream)
{
    FAULT_NEXT(int, "fclose", (FILE *));
    const bool bad = stream_fails(FAULT_CALLER, "fclose", stream);
    const int result = next(stream);
    if (bad)
        errno = ENOSPC;
    return bad ? EOF : result;
}

int fflush(FILE *stream)
{
    FAULT_NEXT(int, "fflush", (FILE *));
    return stream != NULL && stream_fails(FAULT_CALLER, "fflush", stream) ? EOF : next(stream);
}

size_t fread(void *bytes, size_t size, size_t count, FILE *stream)
{
    FAULT_NEXT(size_t, "fread", (void *, size_t, size_t, FILE *));
    return stream_fails(FAULT_CALLER, "fread", stream) ? 0 : next(bytes, size, count, stream);
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *stream)
{
    FAULT_NEXT(size_t, "fwrite", (const void *, size_t, size_t, FILE *));
    return stream_fails(FAULT_CALLER, "fwrite", stream) ? 0 : next(bytes, size, count, stream);
}

int fputs(const char *text, FILE *stream)
{
    FAULT_NEXT(int, "fputs", (const char *, FILE *));
    return stream_fails(FAULT_CALLER, "fputs", stream) ? EOF : next(text, stream);
}

int puts(const char *text)
{
    FAULT_NEXT(int, "puts", (const char *));
    return stream_fails(FAULT_CALLER, "puts", stdout) ? EOF : next(text);
}

int fputc(int letter, FILE *stream)
{
    FAULT_NEXT(int, "fputc", (int, FILE *));
    return stream_fails(FAULT_CALLER, "fputc", stream) ? EOF : next(letter, stream);
}

int putc(int letter, FILE *stream)
{
    FAULT_NEXT(int, "putc", (int, FILE *));
    return stream_fails(FAULT_CALLER, "putc", stream) ? EOF : next(letter, stream);
}

int putchar(int letter)
{
    FAULT_NEXT(int, "putchar", (int));
    return stream_fails(FAULT_CALLER, "putchar", stdout) ? EOF : next(letter);
}

int printf(const char *format, ...)
{
    va_list arguments;
    if (stream_fails(FAULT_CALLER, "printf", stdout))
        return -1;
    va_start(arguments, format);
    const int result = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return result;
}

int fprintf(FILE *stream, const char *format, ...)
{
    va_list arguments;
    if (stream_fails(FAULT_CALLER, "fprintf", stream))
        return -1;
    va_start(arguments, format);
    const int result = vfprintf(stream, format, arguments);
    va_end(arguments);
    return result;
}

int fseeko(FILE *stream, off_t place, int from)
{
    FAULT_NEXT(int, "fseeko", (FILE *, off_t, int));
    return fails(FAULT_CALLER, "fseeko", EIO) ? -1 : next(stream, place, from);
}

off_t ftello(FILE *stream)
{
    FAULT_NEXT(off_t, "ftello", (FILE *));
    return fails(FAULT_CALLER, "ftello", EIO) ? -1 : next(stream);
}

/* ---- other programs --------------------------------------------------------------------------------------------- */

int pipe(int ends[2])
{
    FAULT_NEXT(int, "pipe", (int *));
    return fails(FAULT_CALLER, "pipe", EMFILE) ? -1 : next(ends);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
    FAULT_NEXT(int, "socketpair", (int, int, int, int *));
    return fails(FAULT_CALLER, "socketpair", EMFILE) ? -1 : next(domain, type, protocol, ends);
}

int fcntl(int file, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *const argument = va_arg(arguments, void *);
    va_end(arguments);
    FAULT_NEXT(int, "fcntl", (int, int, ...));
    return fails(FAULT_CALLER, "fcntl", EMFILE) ? -1 : next(file, command, argument);
}

int posix_spawn_file_actions_init(posix_spawn_file_actions_t *actions)
{
    FAULT_NEXT(int, "posix_spawn_file_actions_init", (posix_spawn_file_actions_t *));
    return fails(FAULT_CALLER, "posix_spawn_file_actions_init", ENOMEM) ? ENOMEM : next(actions);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int from, int to)
{
    FAULT_NEXT(int, "posix_spawn_file_actions_adddup2", (posix_spawn_file_actions_t *, int, int));
    return fails(FAULT_CALLER, "posix_spawn_file_actions_adddup2", ENOMEM) ? ENOMEM : next(actions, from, to);
}

int posix_spawnp(pid_t *child, const char *name, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const words[], char *const environment[])
{
    FAULT_NEXT(int, "posix_spawnp",
               (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                char *const *));
    return fails(FAULT_CALLER, "posix_spawnp", EAGAIN) ? EAGAIN
                                                       : next(child, name, actions, attributes, words, environment);
}

int poll(struct pollfd *waits, nfds_t count, int timeout)
{
    fault_kind kind;
    FAULT_NEXT(int, "poll", (struct pollfd *, nfds_t, int));
    if (!fault_due(&kind, FAULT_FILE, FAULT_CALLER, "poll") || kind == KIND_SHORT)
        return next(waits, count, timeout);
    errno = kind == KIND_INTERRUPT ? EINTR : ENOMEM;
    return -1;
}

pid_t waitpid(pid_t child, int *state, int options)
{
    fault_kind kind;
    FAULT_NEXT(pid_t, "waitpid", (pid_t, int *, int));
    if (!fault_due(&kind, FAULT_FILE, FAULT_CALLER, "waitpid") || kind == KIND_SHORT)
        return next(child, state, options);
    errno = kind == KIND_INTERRUPT ? EINTR : ECHILD;
    return -1;
}
