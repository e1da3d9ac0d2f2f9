/*
 * Files written atomically: the old file stays until the new file is complete and synced. Streams (platform/path.h) are
 * written directly, since no file can be renamed over them.
 */
#include "platform/path.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".tmp-" /* then the process and a number; beside the target */

/* Beside the target, so that the rename stays on one file system; made with the user's umask. */
static carrynet_status open_temporary(int *file, char **name, const char *path)
{
    sys_text text = {0};
    for (unsigned attempt = 0; attempt < 1000; ++attempt) {
        text.size = 0;
        sys_text_add(&text, "%s" TEMPORARY "%ld-%u", path, (long)getpid(), attempt);
        if (text.failed) {
            sys_text_free(&text);
            return sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name");
        }
        *file = open(text.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*file >= 0 || errno != EEXIST)
            break;
    }
    if (*file < 0) {
        const carrynet_status status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s%s", path,
                                                strerror(errno), errno == ENOENT ? "; make its folder first" : "");
        sys_text_free(&text);
        return status;
    }
    *name = text.data;
    return CARRYNET_OK;
}

static carrynet_status write_all(int file, const char *path, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t n = write(file, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) { /* a pipe that somebody else has made so */
            struct pollfd wait = {.fd = file, .events = POLLOUT};
            (void)poll(&wait, 1, -1);
            continue;
        }
        if (n < 0)
            return sys_fail(CARRYNET_ERROR_IO, "%s: cannot write: %s", path, strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return CARRYNET_OK;
}

/*
 * The new name outlives a loss of power too; where a folder cannot be synced, the file is as safe as it can be there.
 */
static void sync_folder(const char *path)
{
    sys_text folder = {0};
    (void)sys_cut_folder(&folder, path);
    const int file = folder.failed ? -1 : open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
    sys_text_free(&folder);
}

/* IO, with the reason, if it cannot be written now. */
static carrynet_status check_place(const sys_path *place, const char *path)
{
    const mode_t mode = place->about.st_mode;
    const char *what = NULL;
    if (place->there && S_ISDIR(mode))
        what = "is a folder";
    else if (!place->there && place->error != ENOENT) /* what is there may be no file, so nothing is put in its place */
        what = strerror(place->error);
    else if (place->foreign && place->there && S_ISREG(mode))
        what = "is a file that another process has open; name the file itself";
    else if (place->descriptor < 0 && place->there && S_ISSOCK(mode))
        what = "is a socket";
    else if (place->there && S_ISBLK(mode))
        what = "is a disk";
    else if (place->descriptor >= 0)
        what = (fcntl(place->descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY ? "is not open for writing" : NULL;
    else if (place->there && access(path, W_OK) != 0)
        what = strerror(errno);
    if (what != NULL)
        return sys_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, what);
    if (place->stream)
        return CARRYNET_OK;
    int file = -1;
    char *name = NULL;
    const carrynet_status status = open_temporary(&file, &name, place->target.data);
    if (status == CARRYNET_OK) {
        (void)close(file);
        (void)unlink(name);
        free(name);
    }
    return status;
}

/* What a path leads to, if it can be written now. sys_path_free in every case. */
static carrynet_status find_output(sys_path *place, const char *path)
{
    *place = (sys_path){.descriptor = -1};
    if (path[0] == '\0')
        return sys_fail(CARRYNET_ERROR_IO, "the name of the output file is empty");
    const carrynet_status status = sys_path_find(place, path);
    return status == CARRYNET_OK ? check_place(place, path) : status;
}

carrynet_status sys_writable(const char *path)
{
    sys_path place;
    const carrynet_status status = find_output(&place, path);
    sys_path_free(&place);
    return status;
}

/* What is there already, or follows from somebody else, stays: a descriptor is written where it is. */
static carrynet_status write_stream(const sys_path *place, const char *path, const void *const *parts,
                                    const size_t *sizes, size_t count)
{
    const bool opened = place->descriptor < 0;
    const int file = opened ? open(place->target.data, O_WRONLY | O_CLOEXEC | O_NOCTTY) : place->descriptor;
    carrynet_status status =
        file < 0 ? sys_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(errno)) : CARRYNET_OK;
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = write_all(file, path, parts[i], sizes[i]);
    if (opened && file >= 0 && close(file) != 0 && status == CARRYNET_OK)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot close: %s", path, strerror(errno));
    return status;
}

carrynet_status sys_write_file(const char *path, const void *const *parts, const size_t *sizes, size_t count)
{
    sys_path place;
    char *name = NULL;
    int file = -1;
    carrynet_status status = find_output(&place, path);
    const char *const target = place.target.data;
    if (status == CARRYNET_OK && place.stream) {
        status = write_stream(&place, path, parts, sizes, count);
        goto done;
    }
    if (status == CARRYNET_OK)
        status = open_temporary(&file, &name, target);
    if (status != CARRYNET_OK)
        goto done;
    if (place.there) /* what only its owner may read stays so, where the file system knows modes */
        (void)fchmod(file, place.about.st_mode & 0777);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = write_all(file, path, parts[i], sizes[i]);
    if (status == CARRYNET_OK && fsync(file) != 0)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot sync: %s", path, strerror(errno));
    if (close(file) != 0 && status == CARRYNET_OK)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot close: %s", path, strerror(errno));
    if (status == CARRYNET_OK && rename(name, target) != 0)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot rename the finished file: %s", path, strerror(errno));
    if (status != CARRYNET_OK)
        (void)unlink(name);
    else
        sync_folder(target);
done:
    sys_path_free(&place);
    free(name);
    return status;
}

carrynet_status sys_open_stream(int *file, const char *path)
{
    sys_path place;
    *file = -1;
    carrynet_status status = sys_path_find(&place, path);
    if (status == CARRYNET_OK) {
        *file = place.descriptor >= 0 ? fcntl(place.descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                                      : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
        if (*file < 0)
            status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(errno));
    }
    sys_path_free(&place);
    return status;
}

carrynet_status sys_keep_previous(const char *path, const char *previous)
{
    sys_path place;
    char *name = NULL;
    int file = -1;
    if (access(path, F_OK) != 0)
        return CARRYNET_OK;
    carrynet_status status = sys_path_find(&place, path);
    if (status == CARRYNET_OK)
        status = open_temporary(&file, &name, previous);
    if (status != CARRYNET_OK)
        goto done;
    (void)close(file);
    /* A second name for it; a copy where the file system has no links. */
    (void)unlink(name);
    if (link(place.target.data, name) != 0) {
        char *bytes = NULL;
        size_t size = 0;
        status = sys_read_file(&bytes, &size, path, UINT64_MAX);
        if (status == CARRYNET_OK)
            status = sys_write_file(previous, (const void *[]){bytes}, &size, 1);
        sys_free(bytes);
    } else if (rename(name, previous) != 0) {
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot rename to it: %s", previous, strerror(errno));
    }
    (void)unlink(name); /* still there if it failed, or if both are names of one file already */
done:
    free(name);
    sys_path_free(&place);
    return status;
}

/* "path.tmp-PID-N" of a process that is no more. */
static bool is_leftover(const char *name, const char *file)
{
    uint64_t process, number;
    const size_t length = strlen(file);
    if (strncmp(name, file, length) != 0 || strncmp(name + length, TEMPORARY, strlen(TEMPORARY)) != 0)
        return false;
    const char *end = sys_read_whole(&process, name + length + strlen(TEMPORARY), INT_MAX);
    if (end == NULL || *end != '-' || process < 1)
        return false;
    end = sys_read_whole(&number, end + 1, INT_MAX);
    return end != NULL && *end == '\0' && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

void sys_remove_leftovers(const char *path)
{
    sys_path place;
    sys_text folder = {0}, leftover = {0};
    DIR *entries = NULL;
    if (sys_path_find(&place, path) == CARRYNET_OK && !place.stream) {
        const char *name = sys_cut_folder(&folder, place.target.data);
        entries = folder.failed ? NULL : opendir(folder.data);
        for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
            leftover.size = 0;
            sys_text_add(&leftover, "%s/%s", folder.data, entry->d_name);
            if (is_leftover(entry->d_name, name) && !leftover.failed)
                (void)unlink(leftover.data);
        }
    }
    if (entries != NULL)
        (void)closedir(entries);
    sys_path_free(&place);
    sys_text_free(&folder);
    sys_text_free(&leftover);
}

/* Where the file system has no links: never half a name, but for a moment half a file. */
static bool create_alone(bool *made, const char *path, const char *bytes, size_t size)
{
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        *made = false;
        return errno == EEXIST;
    }
    const bool good = write_all(file, path, bytes, size) == CARRYNET_OK;
    *made = close(file) == 0 && good;
    if (!*made)
        (void)unlink(path);
    return *made;
}

carrynet_status sys_create_file(bool *made, const char *path, const char *bytes, size_t size)
{
    char *name = NULL;
    int file = -1;
    *made = false;
    carrynet_status status = open_temporary(&file, &name, path);
    if (name == NULL)
        return status;
    status = write_all(file, path, bytes, size);
    if (close(file) != 0 && status == CARRYNET_OK)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot close: %s", path, strerror(errno));
    if (status == CARRYNET_OK) {
        *made = link(name, path) == 0;
        if (!*made && errno != EEXIST && !create_alone(made, path, bytes, size))
            status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(errno));
    }
    (void)unlink(name);
    free(name);
    return status;
}
