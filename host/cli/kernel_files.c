/*
 * Damaged files in pocl's kernel cache, left by a full disk or a power loss: pocl opens a kernel with dlopen and aborts
 * if that fails, or reads past its end. A kernel is an ELF file, a program LLVM bitcode (.bc); both state their length.
 * The file carrynet-run remains if a run does not end by itself; each run holds a lock on it, which ends with the
 * process.
 */
#include "cli/kernel_files.h"
#include "platform/platform.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEEPEST = 6, NAME = 1024, TRIES = 10 };

static bool ends_with(const char *name, const char *end)
{
    const size_t length = strlen(name), size = strlen(end);
    return length > size && strcmp(name + length - size, end) == 0;
}

/* ---- one file -------------------------------------------------------------------------------------------------- */

/* `bytes` bytes at an offset as a number of this machine; 0 if they are not there. */
static uint64_t number_at(int file, uint64_t offset, size_t bytes)
{
    uint64_t eight = 0;
    uint32_t four = 0;
    uint16_t two = 0;
    void *const to = bytes == 8 ? (void *)&eight : bytes == 4 ? (void *)&four : (void *)&two;
    if (pread(file, to, bytes, (off_t)offset) != (ssize_t)bytes)
        return 0;
    return bytes == 8 ? eight : bytes == 4 ? four : two;
}

/* The table of sections is the last of an ELF file. */
static bool is_whole_elf(int file, uint64_t size)
{
    unsigned char start[5] = {0};
    if (pread(file, start, sizeof start, 0) != (ssize_t)sizeof start || memcmp(start, "\177ELF", 4) != 0)
        return false;
    const bool wide = start[4] == 2;
    if (size < (wide ? 64u : 52u)) /* its header */
        return false;
    const uint64_t sections = number_at(file, wide ? 40 : 32, wide ? 8 : 4);
    const uint64_t bytes = number_at(file, wide ? 58 : 46, 2) * number_at(file, wide ? 60 : 48, 2);
    return sections <= size && bytes <= size - sections;
}

/* Blocks, each of which begins with two little-endian words, the second its length in words. pocl makes empty ones anew. */
static bool is_whole_bitcode(int file, uint64_t size)
{
    unsigned char words[8];
    uint64_t at = 4;
    if (size == 0)
        return true;
    if (pread(file, words, 4, 0) != 4 || memcmp(words, "BC\xc0\xde", 4) != 0)
        return false;
    while (at < size) {
        if (pread(file, words, sizeof words, (off_t)at) != (ssize_t)sizeof words)
            return false;
        if ((words[0] & 3) != 1) /* none that starts a block: not for us to judge */
            return true;
        at += 8 +
              4 * ((uint64_t)words[4] | (uint64_t)words[5] << 8 | (uint64_t)words[6] << 16 | (uint64_t)words[7] << 24);
    }
    return at == size;
}

static bool is_whole(const char *path)
{
    struct stat about;
    const bool kernel = ends_with(path, ".so");
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return true; /* gone, or another's: pocl says so */
    const bool whole =
        fstat(file, &about) != 0 || !S_ISREG(about.st_mode) ||
        (kernel ? is_whole_elf(file, (uint64_t)about.st_size) : is_whole_bitcode(file, (uint64_t)about.st_size));
    (void)close(file);
    return whole;
}

/* ---- all files ------------------------------------------------------------------------------------------------- */

static bool find_damaged(char path[NAME], int depth)
{
    DIR *entries = opendir(path);
    const struct dirent *entry;
    const size_t length = strlen(path);
    bool found = false;
    while (entries != NULL && !found && (entry = readdir(entries)) != NULL) {
        const bool file = ends_with(entry->d_name, ".so") || ends_with(entry->d_name, ".bc");
        /* What is being made, and what is passed over for the folder itself. */
        if (strncmp(entry->d_name, "temp", 4) == 0 || (depth == 0 && strncmp(entry->d_name, "carrynet-", 9) == 0))
            continue;
        if (entry->d_name[0] == '.' || length + 1 + strlen(entry->d_name) >= NAME)
            continue;
        (void)snprintf(path + length, NAME - length, "/%.255s", entry->d_name);
        if (file)
            found = !is_whole(path);
        else if (strchr(entry->d_name, '.') == NULL && depth < DEEPEST) /* what is no folder has no entries */
            found = find_damaged(path, depth + 1);
        if (!found)
            path[length] = '\0';
    }
    if (entries != NULL)
        (void)closedir(entries);
    return found;
}

bool kernel_files_damaged(char *file, size_t size, const char *folder)
{
    char path[NAME];
    (void)snprintf(path, sizeof path, "%s", folder);
    const bool found = find_damaged(path, 0);
    if (found)
        (void)snprintf(file, size, "%s", path);
    return found;
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static int run_file = -1;
static char run_path[NAME];

static bool lock(short kind)
{
    struct flock whole = {.l_type = kind, .l_whence = SEEK_SET};
    return fcntl(run_file, F_SETLK, &whole) == 0;
}

/* Whether the file that is open still has its name: a run that was the last may just have removed it. */
static bool has_name(void)
{
    struct stat file, named;
    return fstat(run_file, &file) == 0 && stat(run_path, &named) == 0 && file.st_ino == named.st_ino &&
           file.st_dev == named.st_dev;
}

/* A folder and those that lead to it. */
static void make_folders(const char *folder)
{
    char path[NAME];
    (void)snprintf(path, sizeof path, "%s", folder);
    for (char *p = path + 1; *p != '\0'; ++p)
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(path, 0777);
            *p = '/';
        }
    (void)mkdir(path, 0700);
}

/* Opens the file and locks it. *again: another run was in the way for a moment. */
static bool enter(const char *folder, bool *again)
{
    *again = false;
    (void)snprintf(run_path, sizeof run_path, "%.900s/carrynet-run", folder);
    run_file = open(run_path, O_RDWR | O_CLOEXEC);
    const bool there = run_file >= 0;
    /* Alone, and somebody has been here: he did not come to his end. */
    const bool died = there && lock(F_WRLCK) && has_name();
    if (!there)
        run_file = open(run_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (run_file < 0 && errno == ENOENT) {
        make_folders(folder);
        run_file = open(run_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (run_file >= 0)
        *again = lock(F_RDLCK) ? !has_name() : errno == EAGAIN || errno == EACCES;
    return died;
}

bool kernel_files_enter(const char *folder)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    bool again, died;
    kernel_files_left();
    for (int i = 0; (died = enter(folder, &again), again) && i < TRIES; ++i) {
        (void)close(run_file);
        (void)nanosleep(&moment, NULL);
    }
    return died;
}

void kernel_files_left(void)
{
    /* The last that leaves takes the file along. */
    if (run_file >= 0 && lock(F_WRLCK))
        (void)unlink(run_path);
    if (run_file >= 0)
        (void)close(run_file);
    run_file = -1;
}
