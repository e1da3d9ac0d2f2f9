/*
 * Where the program writes, asked clumsily: names that are links, that stand for the same file twice, that an option
 * reads, or that mean standard output elsewhere; streams that are closed; texts that a terminal would obey.
 */
#include "program_run.h"

TestSuite(program_outputs, .init = program_enter, .fini = program_leave);

static const char task[] = "{\"name\": \"mine\", \"inputs\": 1, \"outputs\": 1, \"states\": 2, \"start\": 0, "
                           "\"next\": [[0, 1], [1, 0]], \"out\": [[0, 1], [1, 0]]}\n";

static void expect_file(const char *path, const char *text)
{
    char *bytes = program_file(path, NULL);
    cr_expect_str_eq(bytes, text);
    free(bytes);
}

Test(program_outputs, links_stay_and_permissions_too)
{
    struct stat about;
    cr_assert_eq(mkdir("there", 0755), 0);
    cr_assert_eq(symlink("there/a", "link"), 0);
    cr_assert_eq(symlink("../link", "there/second"), 0);
    struct program_result result = PROGRAM("train", "--updates", "1", "-q", "-o", "there/second");
    EXPECT_CODE(result, 0);
    program_done(&result);
    cr_assert(lstat("link", &about) == 0 && S_ISLNK(about.st_mode));
    cr_assert(lstat("there/second", &about) == 0 && S_ISLNK(about.st_mode));
    cr_assert(lstat("there/a", &about) == 0 && S_ISREG(about.st_mode));
    cr_assert_eq(chmod("there/a", 0600), 0);
    result = PROGRAM("train", "--updates", "2", "-q", "-o", "link");
    EXPECT_CODE(result, 0);
    program_done(&result);
    cr_assert(lstat("link", &about) == 0 && S_ISLNK(about.st_mode));
    cr_assert(stat("there/a", &about) == 0 && (about.st_mode & 0777) == 0600);
    cr_assert_eq(symlink("round", "round"), 0);
    EXPECT_ERROR(4, "round: cannot follow its links", "train", "-q", "-o", "round");
    EXPECT_ERROR(4, "make its folder first", "train", "-q", "-o", "nowhere/a");
}

Test(program_outputs, names_that_are_taken)
{
    program_write("mine.json", task, sizeof task - 1);
    EXPECT_ERROR(2, "-o names ./mine.json, which --task reads", "train", "-q", "--task", "mine.json", "-o",
                 "./mine.json");
    EXPECT_ERROR(2, "--log names mine.json, which --task reads", "train", "-q", "--task", "mine.json", "--log",
                 "mine.json");
    expect_file("mine.json", task);
    EXPECT_ERROR(2, "-o and --log both name", "train", "-q", "-o", "a", "--log", "./a");
    EXPECT_ERROR(2, "where a snapshot goes", "train", "-q", "-o", "a.safetensors", "--snapshot-at", "1", "--log",
                 "./a.at-1.safetensors");
    EXPECT_ERROR(2, "where the certificate goes", "train", "-q", "--until", "proved", "-o", "a", "--log", "./a.cert");
    /* A file that has the name of a built-in task is not read. */
    program_write("parity", "", 0);
    struct program_result result = PROGRAM("train", "-q", "--updates", "1", "--task", "parity", "-o", "parity");
    EXPECT_CODE(result, 0);
    program_done(&result);
}

Test(program_outputs, closed_streams)
{
    /* A file that came to stand in the place of standard error would get its messages. */
    struct program_result result =
        program_run("", (const char *const[]){"CARRYNET_DEVICE=reference", NULL},
                    (const char *const[]){"/bin/sh", "-c", "exec \"$0\" train --updates 3 --log l -o m <&- >&- 2>&-",
                                          CARRYNET_PROGRAM, NULL});
    EXPECT_CODE(result, 4); /* what it prints is lost, and it notices */
    program_done(&result);
    char *log = program_file("l", NULL);
    cr_assert_not_null(log);
    for (char *line = log; *line != '\0'; line += strcspn(line, "\n") + 1)
        cr_expect_eq(*line, '{', "in the log: %s", line);
    free(log);
    result = PROGRAM("eval", "m");
    EXPECT_CODE(result, 1);
    program_done(&result);
}

Test(program_outputs, foreign_text_moves_no_cursor)
{
    static const char log[] = "{\"settings\": {}}\n\033[31m\033]0;title\007\n{}\n", cut[] = "{\"updates\": 1}\n\0{}\n";
    static const char quote[] = "row,hidden\n1,\"2\n1,2\n";
    program_write("log", log, sizeof log - 1);
    struct program_result result = PROGRAM("plot", "log", "-o", "a.svg");
    EXPECT_CODE(result, 4);
    EXPECT_SAYS(result.err, "log: line 2: ");
    cr_expect_null(strchr(result.err, '\033'));
    program_done(&result);
    result = PROGRAM("eval", "\033[2J\302\233");
    EXPECT_CODE(result, 4);
    EXPECT_SAYS(result.err, "?[2J??: cannot open");
    program_done(&result);
    program_write("log", cut, sizeof cut - 1);
    EXPECT_ERROR(4, "log: is not a text file", "plot", "log", "-o", "a.svg");
    program_write("log", quote, sizeof quote - 1);
    EXPECT_ERROR(4, "log: line 2: a quote '\"' is not closed", "plot", "log", "-o", "a.svg");
}
