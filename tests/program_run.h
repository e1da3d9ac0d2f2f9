/*
 * Runs the built program in a folder of its own and keeps what it said: for the tests of the command line. Every test
 * starts in an empty temporary folder (program_enter) and leaves nothing behind (program_leave).
 */
#ifndef TESTS_PROGRAM_RUN_H
#define TESTS_PROGRAM_RUN_H

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { PROGRAM_VARIABLES = 8 };

/*
 * What a run left: its exit code (128 + the signal that ended it), and the two streams as texts of the caller's, to
 * free.
 */
struct program_result {
    int code;
    char *out, *err;
};

static char program_folder[256];

static inline void program_enter(void)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(program_folder, sizeof program_folder, "%s/carrynet-program-XXXXXX",
                   base != NULL && base[0] != '\0' ? base : "/tmp");
    cr_assert_not_null(mkdtemp(program_folder));
    cr_assert_eq(chdir(program_folder), 0);
    /* A device chosen by whoever runs the tests is theirs; these name their own. */
    (void)unsetenv("CARRYNET_DEVICE");
}

static inline void program_leave(void)
{
    char command[320];
    cr_assert_eq(chdir("/"), 0);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", program_folder);
    cr_assert_eq(system(command), 0);
}

/* The whole file, with a NUL after it; NULL if there is none. size may be NULL. */
static inline char *program_file(const char *path, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    cr_assert_eq(fstat(fileno(file), &about), 0);
    char *bytes = malloc((size_t)about.st_size + 1);
    cr_assert_not_null(bytes);
    cr_assert_eq(fread(bytes, 1, (size_t)about.st_size, file), (size_t)about.st_size);
    bytes[about.st_size] = '\0';
    (void)fclose(file);
    if (size != NULL)
        *size = (size_t)about.st_size;
    return bytes;
}

static inline void program_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/*
 * Starts the program with its standard streams in files; variables ("NAME=value", NULL after the last, or NULL) go
 * before the environment.
 */
static inline pid_t program_start(const char *const *variables, const char *const *words)
{
    posix_spawn_file_actions_t actions;
    char *environment[4096];
    size_t count = 0;
    pid_t child = -1;
    for (; variables != NULL && variables[count] != NULL; ++count) {
        cr_assert_lt(count, PROGRAM_VARIABLES);
        environment[count] = (char *)(uintptr_t)variables[count];
    }
    const size_t own = count;
    for (char **variable = environ; *variable != NULL && count < 4095; ++variable) {
        size_t i = 0;
        while (i < own && strncmp(*variable, environment[i], strcspn(environment[i], "=") + 1) != 0)
            ++i;
        if (i == own)
            environment[count++] = *variable;
    }
    environment[count] = NULL;
    cr_assert_eq(posix_spawn_file_actions_init(&actions), 0);
    cr_assert_eq(posix_spawn_file_actions_addopen(&actions, 0, "in.txt", O_RDONLY, 0), 0);
    cr_assert_eq(posix_spawn_file_actions_addopen(&actions, 1, "out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
    cr_assert_eq(posix_spawn_file_actions_addopen(&actions, 2, "err.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
    cr_assert_eq(posix_spawn(&child, words[0], &actions, NULL, (char *const *)(uintptr_t)words, environment), 0,
                 "cannot start %s", words[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    return child;
}

static inline struct program_result program_wait(pid_t child)
{
    struct program_result result = {0};
    int status = 0;
    pid_t ended;
    do
        ended = waitpid(child, &status, 0);
    while (ended < 0 && errno == EINTR);
    cr_assert_eq(ended, child);
    result.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    result.out = program_file("out.txt", NULL);
    result.err = program_file("err.txt", NULL);
    cr_assert(result.out != NULL && result.err != NULL);
    return result;
}

/* Waits until the program that runs has said the words, at most a minute. */
static inline void program_wait_until_said(const char *words)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    for (int i = 0; i < 3000; ++i) {
        char *said = program_file("err.txt", NULL);
        const bool there = said != NULL && strstr(said, words) != NULL;
        free(said);
        if (there)
            return;
        (void)nanosleep(&moment, NULL);
    }
    cr_assert_fail("it never said '%s'", words);
}

static inline struct program_result program_run(const char *input, const char *const *variables,
                                                const char *const *words)
{
    program_write("in.txt", input, strlen(input));
    return program_wait(program_start(variables, words));
}

static inline void program_done(struct program_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct program_result){0};
}

#define PROGRAM_WORDS(...) ((const char *const[]){CARRYNET_PROGRAM, __VA_ARGS__, NULL})
/* On the reference, which starts at once and is everywhere. */
#define PROGRAM(...)                                                                                                   \
    program_run("", (const char *const[]){"CARRYNET_DEVICE=reference", NULL}, PROGRAM_WORDS(__VA_ARGS__))
/* With an input, or as on a machine without OpenCL. */
#define PROGRAM_READS(input, ...)                                                                                      \
    program_run(input, (const char *const[]){"CARRYNET_DEVICE=reference", NULL}, PROGRAM_WORDS(__VA_ARGS__))
#define PROGRAM_WITHOUT_OPENCL(...)                                                                                    \
    program_run("", (const char *const[]){"OCL_ICD_VENDORS=/nonexistent/vendors", "OCL_ICD_FILENAMES=", NULL},         \
                PROGRAM_WORDS(__VA_ARGS__))

/* The exit code, and that the message has all of the given parts. */
#define EXPECT_CODE(result, expected)                                                                                  \
    cr_expect_eq((result).code, expected, "exit code %d, not %d; it said:\n%s%s", (result).code, expected,             \
                 (result).out, (result).err)
#define EXPECT_SAYS(text, part) cr_expect(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text)

/* Runs, expects the code and a part of the message, and that nothing came out. */
#define EXPECT_ERROR(expected, part, ...)                                                                              \
    do {                                                                                                               \
        struct program_result error_result = PROGRAM(__VA_ARGS__);                                                     \
        EXPECT_CODE(error_result, expected);                                                                           \
        EXPECT_SAYS(error_result.err, part);                                                                           \
        cr_expect_str_empty(error_result.out);                                                                         \
        program_done(&error_result);                                                                                   \
    } while (0)

/* Trains a small exact adder into `path`. */
static inline void program_train(const char *path)
{
    struct program_result result = PROGRAM("train", "--seed", "1", "-o", path);
    cr_assert_eq(result.code, 0, "training failed:\n%s%s", result.out, result.err);
    program_done(&result);
}

#endif
