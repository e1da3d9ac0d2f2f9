/*
 * Resolves paths. The descriptors of this process are links in /proc to their files. Opening such a link would open the
 * file anew, at its beginning, and renaming over it would replace the file; so the descriptor itself is read and
 * written.
 */
#include "platform/path.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { NO_DESCRIPTOR = -1, FOREIGN = -2 };

static int output = STDOUT_FILENO; /* where standard output is */

carrynet_status sys_take_output(void)
{
    const int flags = fcntl(STDERR_FILENO, F_GETFL);
    const bool closed = flags < 0 || (flags & O_ACCMODE) == O_RDONLY;
    const int text = closed ? open("/dev/null", O_WRONLY | O_CLOEXEC) : STDERR_FILENO;
    const int moved = text < 0 ? -1 : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const bool taken = moved >= 0 && dup2(text, STDOUT_FILENO) >= 0;
    const int error = errno;
    if (closed && text >= 0)
        (void)close(text);
    if (taken) {
        output = moved;
        return CARRYNET_OK;
    }
    if (moved >= 0)
        (void)close(moved);
    return sys_fail(CARRYNET_ERROR_IO, "cannot duplicate standard output: %s", strerror(error));
}

const char *sys_cut_folder(sys_text *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    sys_text_add(folder, "%.*s", slash == NULL ? 1 : (int)(slash + 1 - path), slash == NULL ? "." : path);
    return slash == NULL ? path : slash + 1;
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

/* Whether the folder is that of this process's descriptors, by whichever name. */
static bool is_own_folder(const char *folder)
{
    static const char *const names[] = {"/proc/self/fd", "/proc/thread-self/fd", "/dev/fd"};
    struct stat own, about;
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; ++i) {
        /* Held open, so that the system does not number it anew between the two questions. */
        const int file = open(names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (file < 0)
            continue;
        found = fstat(file, &own) == 0 && stat(folder, &about) == 0 && own.st_dev == about.st_dev &&
                own.st_ino == about.st_ino;
        (void)close(file);
    }
    return found;
}

/* The descriptor that a name means, links not followed. */
static int descriptor_of(const char *path)
{
    static const char *const streams[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
    struct stat about, proc;
    uint64_t number = 0;
    sys_text folder = {0}, by_process = {0};
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; ++i)
        if (strcmp(path, streams[i]) == 0)
            return i;
    const char *name = sys_cut_folder(&folder, path), *end = sys_read_whole(&number, name, INT_MAX);
    int found = NO_DESCRIPTOR;
    if (folder.failed || end == NULL || *end != '\0' || (name[0] == '0' && name[1] != '\0'))
        goto done;
    sys_text_add(&by_process, "/proc/%ld/fd/", (long)getpid());
    bool own = !by_process.failed && strcmp(folder.data, by_process.data) == 0;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !own; ++i)
        own = strcmp(folder.data, folders[i]) == 0;
    if (own || (lstat(path, &about) == 0 && S_ISLNK(about.st_mode) && stat("/proc", &proc) == 0 &&
                about.st_dev == proc.st_dev))
        found = own || is_own_folder(folder.data) ? (int)number : FOREIGN;
done:
    sys_text_free(&folder);
    sys_text_free(&by_process);
    return found;
}

/* ---- places ---------------------------------------------------------------------------------------------------- */

/* Follows links, so that they stay what they are, up to a file or a descriptor. */
static carrynet_status follow(sys_path *place, const char *path)
{
    enum { LINKS = 40 /* as many as Linux follows */ };
    sys_text *target = &place->target;
    char link[4096];
    sys_text_add(target, "%s", path);
    for (unsigned i = 0; i <= LINKS && !target->failed; ++i) {
        place->descriptor = descriptor_of(target->data);
        if (place->descriptor != NO_DESCRIPTOR)
            return CARRYNET_OK;
        const ssize_t length = readlink(target->data, link, sizeof link);
        if (length < 0)
            return CARRYNET_OK; /* no link; what else is wrong, opening it will say */
        if (length == (ssize_t)sizeof link)
            return sys_fail(CARRYNET_ERROR_IO, "%s: cannot follow its link: %s", path, strerror(ENAMETOOLONG));
        const char *slash = link[0] == '/' ? NULL : strrchr(target->data, '/');
        target->size = slash != NULL ? (size_t)(slash + 1 - target->data) : 0;
        sys_text_append(target, link, (size_t)length);
    }
    return target->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name")
                          : sys_fail(CARRYNET_ERROR_IO, "%s: cannot follow its links: %s", path, strerror(ELOOP));
}

carrynet_status sys_path_find(sys_path *place, const char *path)
{
    *place = (sys_path){.descriptor = NO_DESCRIPTOR};
    const carrynet_status status = follow(place, path);
    if (status != CARRYNET_OK)
        return status;
    place->foreign = place->descriptor == FOREIGN;
    if (place->foreign)
        place->descriptor = NO_DESCRIPTOR;
    if (place->descriptor == STDOUT_FILENO)
        place->descriptor = output;
    if (place->descriptor >= 0 && fstat(place->descriptor, &place->about) != 0)
        return sys_fail(CARRYNET_ERROR_IO, "%s: descriptor %d is not open", path, place->descriptor);
    place->there = place->descriptor >= 0 || stat(place->target.data, &place->about) == 0;
    place->error = place->there ? 0 : errno;
    place->stream =
        place->descriptor >= 0 || (place->there && !S_ISREG(place->about.st_mode) && !S_ISDIR(place->about.st_mode));
    return CARRYNET_OK;
}

void sys_path_free(sys_path *place)
{
    sys_text_free(&place->target);
}

bool sys_is_stream(const char *path)
{
    sys_path place;
    const bool stream = sys_path_find(&place, path) == CARRYNET_OK && place.stream;
    sys_path_free(&place);
    return stream;
}

static bool is_terminal(const sys_path *place)
{
    if (place->descriptor >= 0 || !place->stream || !S_ISCHR(place->about.st_mode))
        return place->descriptor >= 0 && isatty(place->descriptor) == 1;
    const int file = open(place->target.data, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const bool terminal = file >= 0 && isatty(file) == 1;
    if (file >= 0)
        (void)close(file);
    return terminal;
}

carrynet_status sys_find_stream(sys_stream *stream, const char *path)
{
    sys_path place;
    struct stat about;
    *stream = (sys_stream){0};
    const carrynet_status status = sys_path_find(&place, path);
    stream->is = status == CARRYNET_OK && place.stream;
    if (stream->is) {
        stream->terminal = is_terminal(&place);
        stream->input = place.descriptor == STDIN_FILENO;
        /* By another name it is the same pipe or file, but no device. */
        stream->output =
            place.descriptor == output || (!S_ISCHR(place.about.st_mode) && fstat(output, &about) == 0 &&
                                           about.st_dev == place.about.st_dev && about.st_ino == place.about.st_ino);
    }
    sys_path_free(&place);
    return status;
}

/* ---- which file it is ------------------------------------------------------------------------------------------ */

carrynet_status sys_identify(sys_identity *identity, bool *there, const char *path)
{
    sys_path place;
    const carrynet_status status = sys_path_find(&place, path);
    *there = status == CARRYNET_OK && place.there;
    if (*there)
        *identity = (sys_identity){.device = (uint64_t)place.about.st_dev, .number = (uint64_t)place.about.st_ino};
    sys_path_free(&place);
    return status;
}

/* Whether both are there and are one; a device takes and gives what is not the same. */
static bool is_same(const sys_path *a, const sys_path *b)
{
    return a->there && b->there && a->about.st_dev == b->about.st_dev && a->about.st_ino == b->about.st_ino &&
           !S_ISCHR(a->about.st_mode);
}

bool sys_same_file(const char *a, const char *b)
{
    sys_path one, other = {0};
    const bool same =
        sys_path_find(&one, a) == CARRYNET_OK && sys_path_find(&other, b) == CARRYNET_OK && is_same(&one, &other);
    sys_path_free(&one);
    sys_path_free(&other);
    return same;
}

bool sys_same_path(const char *a, const char *b)
{
    sys_path one, other = {0};
    sys_text folder_a = {0}, folder_b = {0};
    bool same = false;
    if (sys_path_find(&one, a) != CARRYNET_OK || sys_path_find(&other, b) != CARRYNET_OK) {
        same = strcmp(a, b) == 0;
    } else if (one.there || other.there) {
        same = is_same(&one, &other) || (one.descriptor >= 0 && one.descriptor == other.descriptor);
    } else {
        const char *const name_a = sys_cut_folder(&folder_a, one.target.data);
        const char *const name_b = sys_cut_folder(&folder_b, other.target.data);
        same = strcmp(one.target.data, other.target.data) == 0 ||
               (!folder_a.failed && !folder_b.failed && strcmp(name_a, name_b) == 0 &&
                sys_same_file(folder_a.data, folder_b.data));
    }
    sys_text_free(&folder_a);
    sys_text_free(&folder_b);
    sys_path_free(&one);
    sys_path_free(&other);
    return same;
}
