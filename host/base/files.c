/* Files: read whole, written whole. The old file stays until the new one is complete and synced. */
#include "base/base.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".tmp-" /* then the process and a number; beside the target */

/* A regular file, open, and its size. */
static carrynet_status open_regular(int *file, uint64_t *size, const char *path)
{
    struct stat about;
    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (*file < 0)
        return base_fail(CARRYNET_ERROR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fstat(*file, &about) != 0)
        return base_fail(CARRYNET_ERROR_IO, "%s: cannot read its size: %s", path, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return base_fail(CARRYNET_ERROR_IO, "%s: is a folder", path);
    if (!S_ISREG(about.st_mode))
        return base_fail(CARRYNET_ERROR_IO, "%s: is not a regular file", path);
    *size = (uint64_t)about.st_size;
    return CARRYNET_OK;
}

/* Up to *size bytes, which then says how many there were. */
static carrynet_status read_up_to(char *bytes, size_t *size, int file, const char *path)
{
    size_t got = 0;
    while (got < *size) {
        const ssize_t n = read(file, bytes + got, *size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *size = got;
    return CARRYNET_OK;
}

static void close_file(int file)
{
    if (file >= 0)
        (void)close(file);
}

carrynet_status base_read_start(char *bytes, size_t *size, const char *path)
{
    int file = -1;
    uint64_t all = 0;
    carrynet_status status = open_regular(&file, &all, path);
    if (status == CARRYNET_OK)
        status = read_up_to(bytes, size, file, path);
    close_file(file);
    return status;
}

carrynet_status base_read_file(char **data, size_t *size, const char *path, uint64_t limit)
{
    char *bytes = NULL;
    int file = -1;
    uint64_t all = 0;
    *data = NULL;
    *size = 0;
    carrynet_status status = open_regular(&file, &all, path);
    if (status == CARRYNET_OK && all > limit)
        status = base_fail(CARRYNET_ERROR_FORMAT, "%s: %llu bytes are more than the %llu that such a file can have",
                           path, (unsigned long long)all, (unsigned long long)limit);
    /* A file with holes can have any size; zeroing its memory would bring the machine down. */
    const uint64_t memory = base_physical_memory();
    if (status == CARRYNET_OK && memory != 0 && all >= memory)
        status = base_fail(CARRYNET_ERROR_IO, "%s: %llu bytes do not fit in the %llu of this machine's memory", path,
                           (unsigned long long)all, (unsigned long long)memory);
    size_t got = (size_t)all;
    if (status == CARRYNET_OK)
        status = base_allocate(&bytes, got + 1, 1);
    if (status == CARRYNET_OK)
        status = read_up_to(bytes, &got, file, path);
    if (status == CARRYNET_OK) {
        *data = bytes;
        *size = got;
        bytes = NULL;
    }
    close_file(file);
    base_free(bytes);
    return status;
}

/* The folder of a name and, returned, what follows it. */
static const char *cut_folder(base_text *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    base_text_add(folder, "%.*s", slash == NULL ? 1 : (int)(slash + 1 - path), slash == NULL ? "." : path);
    return slash == NULL ? path : slash + 1;
}

/* The file that a name stands for, behind symbolic links, so that they stay what they are. */
static carrynet_status behind_links(base_text *target, const char *path)
{
    enum { LINKS = 40 /* as many as Linux follows */ };
    char link[4096];
    base_text_add(target, "%s", path);
    for (unsigned i = 0; i <= LINKS && !target->failed; ++i) {
        const ssize_t length = readlink(target->data, link, sizeof link);
        if (length < 0)
            return CARRYNET_OK; /* no link; what else is wrong, opening it will say */
        if (length == (ssize_t)sizeof link)
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(ENAMETOOLONG));
        const char *slash = link[0] == '/' ? NULL : strrchr(target->data, '/');
        target->size = slash != NULL ? (size_t)(slash + 1 - target->data) : 0;
        base_text_append(target, link, (size_t)length);
    }
    return target->failed ? base_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name")
                          : base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(ELOOP));
}

/* Beside the target, so that the rename stays on one file system; made with the user's umask. */
static carrynet_status open_temporary(int *file, char **name, const char *path)
{
    base_text text = {0};
    for (unsigned attempt = 0; attempt < 1000; ++attempt) {
        text.size = 0;
        base_text_add(&text, "%s" TEMPORARY "%ld-%u", path, (long)getpid(), attempt);
        if (text.failed) {
            base_text_free(&text);
            return base_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name");
        }
        *file = open(text.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (*file >= 0 || errno != EEXIST)
            break;
    }
    if (*file < 0) {
        const carrynet_status status = base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s%s", path,
                                                 strerror(errno), errno == ENOENT ? "; make its folder first" : "");
        base_text_free(&text);
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
        if (n < 0)
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot write: %s", path, strerror(errno));
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
    base_text folder = {0};
    (void)cut_folder(&folder, path);
    const int file = folder.failed ? -1 : open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
    base_text_free(&folder);
}

carrynet_status base_write_file(const char *path, const void *const *parts, const size_t *sizes, size_t count)
{
    base_text target = {0};
    struct stat about;
    char *name = NULL;
    int file = -1;
    carrynet_status status = base_writable(path);
    if (status == CARRYNET_OK)
        status = behind_links(&target, path);
    if (status == CARRYNET_OK)
        status = open_temporary(&file, &name, target.data);
    if (status != CARRYNET_OK)
        goto done;
    if (stat(target.data, &about) == 0) /* what only its owner may read stays so, where the file system knows modes */
        (void)fchmod(file, about.st_mode & 0777);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = write_all(file, path, parts[i], sizes[i]);
    if (status == CARRYNET_OK && fsync(file) != 0)
        status = base_fail(CARRYNET_ERROR_IO, "%s: cannot sync: %s", path, strerror(errno));
    if (close(file) != 0 && status == CARRYNET_OK)
        status = base_fail(CARRYNET_ERROR_IO, "%s: cannot close: %s", path, strerror(errno));
    if (status == CARRYNET_OK && rename(name, target.data) != 0)
        status = base_fail(CARRYNET_ERROR_IO, "%s: cannot rename the finished file: %s", path, strerror(errno));
    if (status != CARRYNET_OK)
        (void)unlink(name);
    else
        sync_folder(target.data);
done:
    base_text_free(&target);
    free(name);
    return status;
}

carrynet_status base_keep_previous(const char *path, const char *previous)
{
    base_text target = {0};
    char *name = NULL;
    int file = -1;
    if (access(path, F_OK) != 0)
        return CARRYNET_OK;
    carrynet_status status = behind_links(&target, path);
    if (status == CARRYNET_OK)
        status = open_temporary(&file, &name, previous);
    if (status != CARRYNET_OK)
        goto done;
    (void)close(file);
    /* A second name for it; a copy where the file system has no links. */
    (void)unlink(name);
    if (link(target.data, name) != 0) {
        char *bytes = NULL;
        size_t size = 0;
        status = base_read_file(&bytes, &size, path, UINT64_MAX);
        if (status == CARRYNET_OK)
            status = base_write_file(previous, (const void *[]){bytes}, &size, 1);
        base_free(bytes);
    } else if (rename(name, previous) != 0) {
        status = base_fail(CARRYNET_ERROR_IO, "%s: cannot rename to it: %s", previous, strerror(errno));
    }
    (void)unlink(name); /* still there if it failed, or if both are names of one file already */
done:
    free(name);
    base_text_free(&target);
    return status;
}

/* "path.tmp-PID-N" of a process that is no more. */
static bool is_leftover(const char *name, const char *file)
{
    uint64_t process, number;
    const size_t length = strlen(file);
    if (strncmp(name, file, length) != 0 || strncmp(name + length, TEMPORARY, strlen(TEMPORARY)) != 0)
        return false;
    const char *end = base_read_whole(&process, name + length + strlen(TEMPORARY), INT_MAX);
    if (end == NULL || *end != '-' || process < 1)
        return false;
    end = base_read_whole(&number, end + 1, INT_MAX);
    return end != NULL && *end == '\0' && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

void base_remove_leftovers(const char *path)
{
    base_text target = {0}, folder = {0}, leftover = {0};
    DIR *entries = NULL;
    if (behind_links(&target, path) == CARRYNET_OK) {
        const char *name = cut_folder(&folder, target.data);
        entries = folder.failed ? NULL : opendir(folder.data);
        for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
            leftover.size = 0;
            base_text_add(&leftover, "%s/%s", folder.data, entry->d_name);
            if (is_leftover(entry->d_name, name) && !leftover.failed)
                (void)unlink(leftover.data);
        }
    }
    if (entries != NULL)
        (void)closedir(entries);
    base_text_free(&target);
    base_text_free(&folder);
    base_text_free(&leftover);
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

carrynet_status base_create_file(bool *made, const char *path, const char *bytes, size_t size)
{
    char *name = NULL;
    int file = -1;
    *made = false;
    carrynet_status status = open_temporary(&file, &name, path);
    if (name == NULL)
        return status;
    status = write_all(file, path, bytes, size);
    if (close(file) != 0 && status == CARRYNET_OK)
        status = base_fail(CARRYNET_ERROR_IO, "%s: cannot close: %s", path, strerror(errno));
    if (status == CARRYNET_OK) {
        *made = link(name, path) == 0;
        if (!*made && errno != EEXIST && !create_alone(made, path, bytes, size))
            status = base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(errno));
    }
    (void)unlink(name);
    free(name);
    return status;
}

bool base_identify(base_identity *identity, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return false;
    *identity = (base_identity){.device = (uint64_t)about.st_dev, .number = (uint64_t)about.st_ino};
    return true;
}

bool base_same_file(const char *a, const char *b)
{
    base_identity one, other;
    return base_identify(&one, a) && base_identify(&other, b) && one.device == other.device &&
           one.number == other.number;
}

bool base_same_place(const char *a, const char *b)
{
    base_identity found;
    base_text folder_a = {0}, folder_b = {0};
    bool same = strcmp(a, b) == 0 || base_same_file(a, b);
    if (!same && !base_identify(&found, a) && !base_identify(&found, b)) {
        const char *const name_a = cut_folder(&folder_a, a), *const name_b = cut_folder(&folder_b, b);
        same = !folder_a.failed && !folder_b.failed && strcmp(name_a, name_b) == 0 &&
               base_same_file(folder_a.data, folder_b.data);
        base_text_free(&folder_a);
        base_text_free(&folder_b);
    }
    return same;
}

carrynet_status base_writable(const char *path)
{
    struct stat about;
    if (path[0] == '\0')
        return base_fail(CARRYNET_ERROR_IO, "the name of the output file is empty");
    if (stat(path, &about) == 0) {
        if (S_ISDIR(about.st_mode))
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: is a folder", path);
        if (!S_ISREG(about.st_mode))
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: is not a regular file", path);
        if (access(path, W_OK) != 0)
            return base_fail(CARRYNET_ERROR_IO, "%s: cannot write there: %s", path, strerror(errno));
    }
    base_text target = {0};
    int file = -1;
    char *name = NULL;
    carrynet_status status = behind_links(&target, path);
    if (status == CARRYNET_OK)
        status = open_temporary(&file, &name, target.data);
    if (status == CARRYNET_OK) {
        (void)close(file);
        (void)unlink(name);
        free(name);
    }
    base_text_free(&target);
    return status;
}
