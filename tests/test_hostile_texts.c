/*
 * What texts in a file can do beyond being wrong: colour the terminal through a message, run a command through the
 * program that draws, ask for numbers that no picture has. Nothing of it happens.
 */
#include "program_run.h"
#include <carrynet/carrynet.h>

TestSuite(hostile_texts, .init = program_enter, .fini = program_leave, .timeout = 120);

/* That a message, which names what is wrong, shows no control characters. */
static void expect_plain(struct program_result result, int code, const char *part)
{
    EXPECT_CODE(result, code);
    EXPECT_SAYS(result.err, part);
    for (const char *p = result.err; *p != '\0'; ++p)
        cr_expect(((unsigned char)*p >= ' ' && *p != 0x7f) || *p == '\n', "byte %d in: %s", *p, result.err);
    program_done(&result);
}

static void write_text(const char *path, const char *text)
{
    program_write(path, text, strlen(text));
}

Test(hostile_texts, messages_are_plain)
{
    write_text("log", "{\"updates\": 1, \033[31m}\n{}\n");
    expect_plain(PROGRAM("plot", "log", "--script"), 4, "line 1: ");
    write_text("bench", "{\"command\":\"bench\",\"windows\":[\033]0;x\a\n");
    expect_plain(PROGRAM("plot", "bench", "--script"), 4, "line 1: ");
    write_text("t.csv", "hidden,exact,sequences\n8,\033[2J\302\2331m,3\n");
    expect_plain(PROGRAM("plot", "t.csv", "--script"), 4, "'?[2J??1m'");
    write_text("task.json", "{\"na\033[31mme\": 1}");
    expect_plain(PROGRAM("task", "task.json"), 4, "task.json: task: ");
    struct program_result result = PROGRAM("train", "--hidden", "1", "--updates", "1", "-o", "m");
    program_done(&result);
    expect_plain(PROGRAM_READS("\033[31m + 1\n", "run", "m"), 2, "line 1: '?[31m'");
}

/* Names and titles reach gnuplot in quotes; backquotes, quotes and ends of lines in them run nothing. */
Test(hostile_texts, nothing_in_a_file_is_executed)
{
    static const char *const tries[] = {"`touch ran`", "'; system 'touch ran'; '", "\\n! touch ran\\n", "@ran",
                                        "\\\"; system(\\\"touch ran\\\")"};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; ++i) {
        char text[1024];
        (void)snprintf(text, sizeof text,
                       "{\"settings\":{\"task\":\"%s\",\"loss\":\"%s\"}}\n"
                       "{\"updates\":1,\"loss\":1,\"wrong_share\":0,\"exact\":0,\"networks\":1}\n"
                       "{\"updates\":2,\"loss\":0.5,\"wrong_share\":0,\"exact\":0,\"networks\":1}\n",
                       tries[i], tries[i]);
        write_text("log", text);
        struct program_result result = PROGRAM("plot", "log", "-o", "log.svg");
        EXPECT_CODE(result, 0);
        program_done(&result);
        (void)snprintf(text, sizeof text, "hidden,lr,exact,sequences,task\n%s,0.1,1,64,%s\n8,0.1,1,32,%s\n", tries[i],
                       tries[i], tries[i]);
        write_text("t.csv", text);
        result = PROGRAM("plot", "t.csv", "-o", "t.svg");
        program_done(&result);
        cr_expect(access("ran", F_OK) != 0 && access("ran'", F_OK) != 0, "%s was executed", tries[i]);
    }
}

/* Numbers that a file can have, and an axis cannot. */
Test(hostile_texts, any_number_can_be_drawn)
{
    static const char *const losses[] = {"1e308", "1e-320", "5e-324", "1e-100", "0"};
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; ++i)
        for (size_t k = 0; k < sizeof losses / sizeof losses[0]; ++k) {
            char text[512];
            (void)snprintf(text, sizeof text,
                           "{\"updates\":1,\"loss\":%s,\"wrong_share\":0,\"exact\":0,\"networks\":1}\n"
                           "{\"updates\":4294967295,\"loss\":%s,\"wrong_share\":0,\"exact\":0,\"networks\":1}\n",
                           losses[i], losses[k]);
            write_text("log", text);
            struct program_result result = PROGRAM("plot", "log", "--script");
            EXPECT_CODE(result, 0);
            cr_expect(strstr(result.out, "nan") == NULL, "%s", text);
            program_done(&result);
        }
    write_text("log", "{\"updates\":1e-320,\"loss\":1,\"wrong_share\":0,\"exact\":0,\"networks\":1}\n");
    EXPECT_ERROR(4, "not what a training can report", "plot", "log", "--script");
}

/* A line is parsed whole, and takes far more memory than its letters. */
Test(hostile_texts, lines_of_a_log_have_an_end)
{
    enum { SIZE = (1 << 20) + 2 };
    char *line = malloc(SIZE);
    cr_assert_not_null(line);
    memset(line, '[', SIZE);
    memcpy(line, "{\"a\":", 5);
    program_write("log", line, SIZE);
    EXPECT_ERROR(4, "log: line 1 is too long for a report", "plot", "log", "--script");
    memcpy(line, "{\"sequences_per_second\":", 24);
    program_write("log", line, SIZE);
    EXPECT_ERROR(4, "log: line 1 is too long for a case", "plot", "log", "--script");
    free(line);
}

/* A file with holes can have any size. */
Test(hostile_texts, a_file_larger_than_memory)
{
    const int file = open("large", O_WRONLY | O_CREAT, 0600);
    cr_assert(file >= 0);
    const bool made = ftruncate(file, (off_t)1 << 43) == 0;
    cr_assert_eq(close(file), 0);
    if (made) { /* as far as the file system goes */
        EXPECT_ERROR(4, "large: 8796093022208 bytes do not fit", "eval", "large");
        EXPECT_ERROR(4, "large: 8796093022208 bytes do not fit", "import", "large", "-o", "m");
    }
}
