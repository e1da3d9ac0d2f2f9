/*
 * Files read as a whole. Input of unknown size, such as a pipe or a file of /proc, is read once to its end, within the
 * limit.
 */
#include "platform/path.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static const uint64_t DEVICE_LIMIT = UINT64_C(1) << 26; /* bytes of a device that may have no end, as /dev/zero */
static const size_t FIRST_CAPACITY = 65536;             /* bytes for what has no size */

/* A file, open, or a descriptor that is open already. */
typedef struct input {
    const char *path;
    int file;
    bool opened;   /* here, to be closed */
    uint64_t size; /* of a regular file; may be 0 for one that has more */
    bool device;
} input;

static carrynet_status open_input(input *in, const char *path, int flags)
{
    sys_path place;
    struct stat about;
    *in = (input){.path = path, .file = -1};
    carrynet_status status = sys_path_find(&place, path);
    if (status != CARRYNET_OK)
        goto done;
    in->opened = place.descriptor < 0;
    in->file = in->opened ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags) : place.descriptor;
    if (in->file < 0 && place.there && S_ISSOCK(place.about.st_mode))
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot open: is a socket", path);
    else if (in->file < 0)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot open: %s", path, strerror(errno));
    else if (fstat(in->file, &about) != 0)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: cannot read its size: %s", path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = sys_fail(CARRYNET_ERROR_IO, "%s: is a folder", path);
    if (status == CARRYNET_OK) {
        in->size = S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
        in->device = S_ISBLK(about.st_mode) || (S_ISCHR(about.st_mode) && isatty(in->file) != 1);
    }
done:
    sys_path_free(&place);
    return status;
}

static void close_input(const input *in)
{
    if (in->opened && in->file >= 0)
        (void)close(in->file);
}

/* Up to *size bytes, which then says how many there were. */
static carrynet_status read_up_to(char *bytes, size_t *size, const input *in)
{
    size_t got = 0;
    while (got < *size) {
        const ssize_t n = read(in->file, bytes + got, *size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !in->opened) {
            struct pollfd wait = {.fd = in->file, .events = POLLIN}; /* somebody else has made it so */
            (void)poll(&wait, 1, -1);
            continue;
        }
        if (n < 0)
            return sys_fail(CARRYNET_ERROR_IO, "%s: cannot read: %s", in->path, strerror(errno));
        if (n == 0)
            break;
        got += (size_t)n;
    }
    *size = got;
    return CARRYNET_OK;
}

carrynet_status sys_read_start(char *bytes, size_t *size, const char *path)
{
    input in;
    carrynet_status status = open_input(&in, path, O_NONBLOCK); /* a FIFO must not hold us up */
    if (status == CARRYNET_OK && (!in.opened || sys_is_stream(path)))
        status = sys_fail(CARRYNET_ERROR_IO, "%s: is not a regular file", path);
    if (status == CARRYNET_OK)
        status = read_up_to(bytes, size, &in);
    close_input(&in);
    return status;
}

/* Doubles the space for the bytes that there are. */
static carrynet_status double_space(char **bytes, size_t *capacity, size_t held)
{
    if (*capacity > SIZE_MAX / 2 - 1)
        return sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate twice %zu bytes", *capacity);
    const carrynet_status status = sys_grow(bytes, held, 2 * *capacity + 1, 1);
    if (status == CARRYNET_OK)
        *capacity *= 2;
    return status;
}

static carrynet_status too_large(const input *in, uint64_t limit, uint64_t asked)
{
    if (in->size > limit)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: %llu bytes are more than the %llu that such a file can have",
                        in->path, (unsigned long long)in->size, (unsigned long long)limit);
    if (limit == asked)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: has more than the %llu bytes that such a file can have", in->path,
                        (unsigned long long)limit);
    return sys_fail(CARRYNET_ERROR_IO, "%s: has more than %llu bytes%s", in->path, (unsigned long long)limit,
                    in->device ? ", and may have no end; name a file" : ", half of this machine's memory");
}

carrynet_status sys_read_inspected(char **data, size_t *size, const char *path, uint64_t limit, sys_inspect *look,
                                   void *self)
{
    input in;
    char *bytes = NULL;
    size_t capacity = 0, held = 0;
    const uint64_t asked = limit, memory = sys_physical_memory();
    bool looked = look == NULL, ended = false;
    *data = NULL;
    *size = 0;
    carrynet_status status = open_input(&in, path, 0);
    if (status == CARRYNET_OK && in.size > limit)
        status = too_large(&in, limit, asked);
    /* A file with holes can have any size; zeroing its memory would bring the machine down. */
    if (status == CARRYNET_OK && memory != 0 && in.size >= memory)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: %llu bytes do not fit in the %llu of this machine's memory", path,
                          (unsigned long long)in.size, (unsigned long long)memory);
    if (in.device && limit > DEVICE_LIMIT)
        limit = DEVICE_LIMIT;
    if (in.size == 0 && memory != 0 && limit > memory / 2)
        limit = memory / 2;
    capacity = in.size > 0 ? (size_t)in.size + 1 : FIRST_CAPACITY;
    if (status == CARRYNET_OK)
        status = sys_allocate(&bytes, capacity + 1, 1);
    while (status == CARRYNET_OK && !ended) {
        const size_t wanted = !looked && capacity > SYS_START ? SYS_START : capacity - held;
        size_t got = wanted;
        status = read_up_to(bytes + held, &got, &in);
        held += got;
        ended = got < wanted;
        if (status == CARRYNET_OK && held > limit)
            status = too_large(&in, limit, asked);
        if (status == CARRYNET_OK && !looked)
            status = look(self, bytes, held);
        looked = true;
        if (status == CARRYNET_OK && !ended && held == capacity)
            status = double_space(&bytes, &capacity, held);
    }
    if (status == CARRYNET_OK) {
        bytes[held] = '\0';
        *data = bytes;
        *size = held;
        bytes = NULL;
    }
    close_input(&in);
    sys_free(bytes);
    return status;
}

carrynet_status sys_read_file(char **data, size_t *size, const char *path, uint64_t limit)
{
    return sys_read_inspected(data, size, path, limit, NULL, NULL);
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

carrynet_status sys_plain_text(char *text, size_t *size, const char *path)
{
    const size_t mark = sizeof BYTE_ORDER_MARK - 1;
    if (*size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: is UTF-16, as > of Windows PowerShell writes it; save it as UTF-8 (there: | Set-Content "
                        "-Encoding utf8 FILE)",
                        path);
    size_t from = *size >= mark && memcmp(text, BYTE_ORDER_MARK, mark) == 0 ? mark : 0, to = 0;
    if (from == 0 && memchr(text, '\r', *size) == NULL)
        return CARRYNET_OK;
    if (memchr(text, '\0', *size) != NULL)
        return CARRYNET_OK; /* no text: left as it is, so that its first bytes say what it is */
    for (; from < *size; ++from)
        if (text[from] != '\r' || from + 1 == *size || text[from + 1] != '\n')
            text[to++] = text[from];
    text[to] = '\0';
    *size = to;
    return CARRYNET_OK;
}

carrynet_status sys_read_text(char **text, size_t *size, const char *path, uint64_t limit)
{
    carrynet_status status = sys_read_file(text, size, path, limit);
    if (status == CARRYNET_OK)
        status = sys_plain_text(*text, size, path);
    if (status != CARRYNET_OK) {
        sys_free(*text);
        *text = NULL;
    }
    return status;
}
