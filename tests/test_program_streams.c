/*
 * Outputs that are not regular files: writing to /dev/stdout, /dev/fd/N or a link to them appends to the open file and does not
 * replace it; pipes, terminals and devices are written straight through, inputs read once; "-" is a standard stream where a
 * command has one file to read or write, and is refused elsewhere.
 */
#include "program_run.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

TestSuite(program_streams, .init = program_enter, .fini = program_leave, .timeout = 400);

/* A line of the shell, in which $0 is the program. */
static struct program_result shell(const char *line)
{
    return program_run("", (const char *const[]){"CARRYNET_DEVICE=reference", NULL},
                       (const char *const[]){"/bin/sh", "-c", line, CARRYNET_PROGRAM, NULL});
}

#define EXPECT_SHELL(expected, part, line)                                                                             \
    do {                                                                                                               \
        struct program_result shell_result = shell(line);                                                              \
        EXPECT_CODE(shell_result, expected);                                                                           \
        EXPECT_SAYS(shell_result.err, part);                                                                           \
        program_done(&shell_result);                                                                                   \
    } while (0)

/* A network t that is proved at once. */
static void train_provable(void)
{
    struct program_result result = PROGRAM("train", "--task", "tomita1", "-q", "-o", "t");
    EXPECT_CODE(result, 0);
    program_done(&result);
}

static bool has_descriptors(void)
{
    return access("/proc/self/fd/0", F_OK) == 0 || access("/dev/fd/0", F_OK) == 0;
}

/* ---- output ---------------------------------------------------------------------------------------------------- */

Test(program_streams, what_stands_before_and_follows_stays)
{
    static const char *const names[] = {
        "-o -",
        "-o /dev/stdout",
        "-o /dev/fd/1",
        "-o /proc/self/fd/1",
        "-o /proc/thread-self/fd/1",
        "-o link",
        "-o second",
        "-o folder/1",
        "-o relative/fd/1",
        "-o /dev/fd/7 7>&1 >/dev/null",
        "-o /dev/stderr 2>&1",
    };
    if (!has_descriptors())
        cr_skip_test("no /proc");
    program_train("m");
    struct program_result result =
        shell("ln -s /dev/stdout link; ln -s link second; ln -s /dev/fd folder; ln -s /proc/self relative; "
              "\"$0\" export m --format c -o - | cat > plain");
    EXPECT_CODE(result, 0);
    program_done(&result);
    size_t size = 0, got = 0;
    char *plain = program_file("plain", &size);
    cr_assert_gt(size, 5000u);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        for (int append = 0; append < 2; ++append) {
            char line[512];
            (void)snprintf(line, sizeof line,
                           "echo first > all; { echo second; \"$0\" export m --format c %s; echo third; } %s all",
                           names[i], append ? ">>" : ">");
            result = shell(line);
            EXPECT_CODE(result, 0);
            program_done(&result);
            char *all = program_file("all", &got);
            const char *start = append ? "first\nsecond\n" : "second\n";
            cr_expect_eq(strncmp(all, start, strlen(start)), 0, "%s: %.60s", line, all);
            cr_expect_eq(memcmp(all + strlen(start), plain, size), 0, "%s", line);
            cr_expect_not_null(strstr(all + strlen(start) + size, "third\n"), "%s", line);
            /* Nothing else but messages to where standard error was led. */
            if (strstr(names[i], "2>") == NULL)
                cr_expect_eq(got, strlen(start) + size + strlen("third\n"), "%s", line);
            free(all);
        }
    free(plain);
}

Test(program_streams, every_command_that_writes_one_file)
{
    static const char *const lines[][2] = {
        {"train -q -o", "st"},
        {"export m --format npz -o", "npz"},
        {"export m --format onnx -o", "onnx"},
        {"export m --format c -o", ""},
        {"import m -o", "st"},
        {"states m -o", "npz"},
        {"report m --budget 1 --states 1 -o", "html"},
        {"prove t -o", "cert"},
        {"reproduce s.csv 1 -o", "st"},
        {"plot s.csv -o", "svg"},
    };
    if (!has_descriptors())
        cr_skip_test("no /proc");
    program_train("m");
    train_provable();
    struct program_result result = PROGRAM("sweep", "--hidden", "8", "--seeds", "2", "-q", "-o", "s.csv");
    EXPECT_CODE(result, 0);
    program_done(&result);
    if (system("gnuplot --version > /dev/null 2>&1") != 0)
        cr_log_warn("no gnuplot");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; ++i) {
        char line[512], part[64];
        if (strncmp(lines[i][0], "plot", 4) == 0 && system("gnuplot --version > /dev/null 2>&1") != 0)
            continue;
        /* By a pipe, in place of another file, and to a name: the same bytes; what is said goes to standard error. */
        (void)snprintf(line, sizeof line,
                       "\"$0\" %s - 2>said | cat > piped && \"$0\" %s /dev/stdout > placed && \"$0\" %s network.%s",
                       lines[i][0], lines[i][0], lines[i][0], lines[i][1][0] != '\0' ? lines[i][1] : "c");
        result = shell(line);
        EXPECT_CODE(result, 0);
        program_done(&result);
        size_t sizes[3] = {0};
        (void)snprintf(part, sizeof part, "network.%s", lines[i][1][0] != '\0' ? lines[i][1] : "c");
        char *piped = program_file("piped", &sizes[0]), *placed = program_file("placed", &sizes[1]);
        char *named = program_file(part, &sizes[2]), *said = program_file("said", NULL);
        cr_assert(piped != NULL && placed != NULL && named != NULL && said != NULL, "%s", line);
        cr_expect(sizes[0] == sizes[1] && memcmp(piped, placed, sizes[0]) == 0, "%s: %zu, %zu bytes", line, sizes[0],
                  sizes[1]);
        if (strncmp(lines[i][0], "import", 6) != 0) /* which notes the name */
            cr_expect(sizes[0] == sizes[2] && memcmp(piped, named, sizes[0]) == 0, "%s: %zu, %zu bytes", line, sizes[0],
                      sizes[2]);
        EXPECT_SAYS(said, "Wrote /dev/stdout");
        cr_expect_null(strstr(said, "Next:"), "%s", said);
        free(piped);
        free(placed);
        free(named);
        free(said);
    }
}

Test(program_streams, pipes_and_devices)
{
    struct stat about;
    if (!has_descriptors())
        cr_skip_test("no /proc");
    program_train("m");
    EXPECT_SHELL(0, "",
                 "mkfifo f; cat f > a & \"$0\" export m -o f --format npz && wait && \"$0\" export m -o b.npz && "
                 "cmp a b.npz");
    cr_expect(lstat("f", &about) == 0 && S_ISFIFO(about.st_mode));
    EXPECT_SHELL(4, "cannot write: Broken pipe",
                 "cat f > /dev/null & exec 5> f; kill $!; wait $!; \"$0\" export m -o /dev/fd/5 --format c");
    EXPECT_SHELL(0, "", "\"$0\" export m -o /dev/null --format c && \"$0\" train -q -o /dev/null --log /dev/null");
    cr_expect(lstat("/dev/null", &about) == 0 && S_ISCHR(about.st_mode));
    if (access("/dev/full", W_OK) == 0)
        EXPECT_SHELL(4, "/dev/full: cannot write: No space left", "\"$0\" export m -o /dev/full --format c");
    EXPECT_SHELL(4, "is not open for writing", "\"$0\" export m -o - --format c >&-");
    EXPECT_SHELL(4, "is not open for writing", "\"$0\" export m -o /dev/fd/5 --format c 5< in.txt");
    EXPECT_SHELL(4, "descriptor 77 is not open", "\"$0\" export m -o /dev/fd/77 --format c");
    EXPECT_SHELL(0, "", "\"$0\" export m -o - --format c 2>&- > g && test -s g");
    EXPECT_SHELL(4, ".: cannot write there: is a folder", "\"$0\" export m -o . --format c");
    /* Another process's file can be named, a pipe of it be written. */
    EXPECT_SHELL(4, "is a file that another process has open",
                 "echo kept > k; exec 5>> k; \"$0\" export m --format c -o /proc/$$/fd/5");
    EXPECT_SHELL(0, "", "test \"$(cat k)\" = kept");
    EXPECT_SHELL(0, "",
                 "cat f > p & exec 5> f; \"$0\" export m --format c -o /proc/$$/fd/5; exec 5>&-; wait; test -s p");
    cr_assert_eq(system("ls -A | grep -c tmp- > none; true"), 0);
    char *none = program_file("none", NULL);
    cr_expect_str_eq(none, "0\n", "temporary files stay behind");
    free(none);
}

Test(program_streams, a_terminal_gets_no_binary_file)
{
    int number = 0, unlock = 0;
    char name[64];
    const int other = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    if (other < 0 || ioctl(other, TIOCSPTLCK, &unlock) != 0 || ioctl(other, TIOCGPTN, &number) != 0)
        cr_skip_test("no terminal can be made");
    (void)snprintf(name, sizeof name, "/dev/pts/%d", number);
    if (access(name, W_OK) != 0)
        cr_skip_test("no /dev/pts");
    program_train("m");
    EXPECT_ERROR(2, "-o is a terminal, and the file is not text", "train", "-q", "-o", name);
    EXPECT_ERROR(2, "is a terminal", "export", "m", "--format", "npz", "-o", name);
    (void)close(other);
}

Test(program_streams, logs)
{
    if (!has_descriptors())
        cr_skip_test("no /proc");
    EXPECT_SHELL(0, "Wrote m",
                 "{ echo first; \"$0\" train -q --log - -o m; echo last; } > all; \"$0\" train -q --log l -o m");
    char *all = program_file("all", NULL), *log = program_file("l", NULL);
    cr_expect_eq(strncmp(all, "first\n{\"settings\"", 17), 0);
    cr_expect_str_eq(all + strlen(all) - 5, "last\n");
    cr_expect_null(strstr(all, "right\n"));
    free(all);
    free(log);
    /* It goes on in a stream without a look behind. */
    EXPECT_SHELL(
        0, "",
        "\"$0\" train -q --updates 20 --checkpoint c --checkpoint-every 10 -o m --log /dev/stdout > two && "
        "echo kept > two && \"$0\" train -q --updates 20 --checkpoint c --resume -o m --log /dev/stdout >> two && "
        "head -n 1 two | grep kept && grep -c '^.\"settings' two | grep 1");
}

Test(program_streams, what_cannot_go_to_a_stream_is_refused)
{
    if (!has_descriptors())
        cr_skip_test("no /proc");
    program_train("m");
    EXPECT_ERROR(2, "the JSON of --json goes there", "export", "m", "--format", "c", "--json", "-o", "-");
    EXPECT_ERROR(2, "the JSON of --json goes there", "train", "--json", "--log", "/dev/stdout");
    EXPECT_ERROR(2, "-o and --log both name /dev/stdout", "train", "-o", "-", "--log", "-");
    EXPECT_ERROR(2, "--until proved writes a certificate beside", "train", "--until", "proved", "-o", "-");
    EXPECT_ERROR(2, "--snapshot-at writes files beside", "train", "--snapshot-at", "1", "-o", "/dev/null");
    EXPECT_ERROR(2, "takes the place of the one before", "train", "--checkpoint", "-");
    EXPECT_ERROR(2, "takes the place of the one before", "train", "--checkpoint", "/dev/null");
    EXPECT_ERROR(2, "NAME.times.csv", "sweep", "-o", "-");
    EXPECT_ERROR(2, "NAME.times.csv", "merge", "x.csv", "-o", "/dev/stdout");
    EXPECT_ERROR(2, "the transcript goes there", "replay", "000", "-o", "-");
    EXPECT_ERROR(2, "the transcript goes there", "replay", "000", "--log", "/dev/stdout");
    EXPECT_ERROR(2, "it is a folder", "compare", "--bisect", "-o", "-");
    EXPECT_ERROR(2, "say with --format", "export", "m", "-o", "-");
    EXPECT_ERROR(2, "the script goes there", "plot", "m", "--script", "-o", "-");
}

/* ---- input ----------------------------------------------------------------------------------------------------- */

Test(program_streams, files_come_through_pipes)
{
    static const char *const lines[] = {
        "cat m | \"$0\" eval -",
        "cat m | \"$0\" eval /dev/stdin",
        "exec 5< m; \"$0\" eval /dev/fd/5",
        "cat m > f & \"$0\" eval f",
        "\"$0\" show - 93 38 < m",
        "test \"$(\"$0\" run - 93 38 < m)\" = 131",
        "cat t | \"$0\" prove - -o - > c",
        "cat c | \"$0\" verify t -",
        "cat t > f & cat c | \"$0\" verify f -",
        "cat c | " CARRYNET_CHECKER " t -",
        "cat c | \"$0\" eval t --proof -",
        "cat m | \"$0\" export - --format npz -o - | \"$0\" import - -o - | \"$0\" eval -",
        "cat m | \"$0\" states - -o - > h.npz",
        "cat m > f & cat l | \"$0\" report f - --budget 1 --states 1 -o r",
        "cat m > f & \"$0\" report l f --budget 1 --states 1 -o r",
        "cat l > f & \"$0\" report f m --budget 1 --states 1 -o r",
        "cat l | \"$0\" plot - --script | grep -q EOD",
        "cat h.npz | \"$0\" plot - --script | grep -q EOD",
        "\"$0\" sweep --hidden 8 --seeds 2 -q -o s.csv && cat s.csv | \"$0\" plot - --script | grep -q EOD",
        "cat s.csv | \"$0\" reproduce - 1 -o /dev/null",
        "cat s.csv > f & \"$0\" merge f -o j.csv && cmp s.csv j.csv",
        "\"$0\" task parity --json | \"$0\" train -q --task - -o p",
        "\"$0\" task parity --json | \"$0\" task --equal parity -",
        "\"$0\" replay 000 -q --updates 300 > t && cat t | \"$0\" replay 000 -q --updates 300 --against -",
        /* From where it is. */
        "{ echo before; cat m; } > b; { read -r line; \"$0\" eval -; } < b",
    };
    if (!has_descriptors())
        cr_skip_test("no /proc");
    train_provable();
    struct program_result result = shell("mkfifo f; \"$0\" train -q --seed 1 -o m --log l");
    EXPECT_CODE(result, 0);
    program_done(&result);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; ++i) {
        result = shell(lines[i]);
        cr_expect_eq(result.code, 0, "%s: %d:\n%s%s", lines[i], result.code, result.out, result.err);
        program_done(&result);
    }
}

Test(program_streams, inputs_that_are_no_files)
{
    if (!has_descriptors())
        cr_skip_test("no /proc");
    program_train("m");
    EXPECT_ERROR(2, "two of its files are standard input", "verify", "-", "/dev/stdin");
    EXPECT_ERROR(2, "two of its files are standard input", "prove", "-", "--task", "-");
    EXPECT_ERROR(2, "the model is standard input", "run", "-");
    EXPECT_SHELL(2, "name a file with -o FILE.cert", "cat m | \"$0\" prove -");
    EXPECT_ERROR(4, "may have no end", "eval", "/dev/zero");
    EXPECT_ERROR(4, "more than the 1048576 bytes", "train", "--task", "/dev/zero");
    EXPECT_ERROR(4, "an empty file", "eval", "/dev/null");
    EXPECT_ERROR(4, ".: is a folder", "eval", ".");
    EXPECT_SHELL(4, "more than the 1048576 bytes", "yes | \"$0\" train --task -");
    EXPECT_SHELL(4, "cannot read: Bad file descriptor", "\"$0\" eval - <&-");
    if (access("/proc/self/status", R_OK) == 0) /* it has no size, but is not empty */
        EXPECT_ERROR(4, "not a task's table but a text file", "train", "--task", "/proc/self/status");
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0);
    EXPECT_ERROR(4, "socket: cannot open: is a socket", "eval", "socket");
    EXPECT_ERROR(4, "socket: cannot write there: is a socket", "export", "m", "--format", "c", "-o", "socket");
    (void)close(listener);
}
