/*
 * Texts as other programs save them (a byte order mark, CR LF, UTF-16, an index column without a name), and seeds above
 * 2^53 in JSON, which are numbers as the small ones are.
 */
#include "platform/json_text.h"
#include "platform/platform.h"
#include "program_run.h"

TestSuite(program_texts, .init = program_enter, .fini = program_leave, .timeout = 400);

static const char MARK[] = "\xef\xbb\xbf";

/* The file as Windows programs save it. */
static void save_as_windows(const char *to, const char *from)
{
    char *text = program_file(from, NULL);
    FILE *file = fopen(to, "wb");
    cr_assert(text != NULL && file != NULL);
    (void)fputs(MARK, file);
    for (const char *p = text; *p != '\0'; ++p) {
        if (*p == '\n')
            (void)fputc('\r', file);
        (void)fputc(*p, file);
    }
    cr_assert_eq(fclose(file), 0);
    free(text);
}

/* The same as UTF-16, little end first. */
static void save_as_utf_16(const char *to, const char *from)
{
    char *text = program_file(from, NULL);
    FILE *file = fopen(to, "wb");
    cr_assert(text != NULL && file != NULL);
    (void)fputs("\xff\xfe", file);
    for (const char *p = text; *p != '\0'; ++p) {
        (void)fputc(*p, file);
        (void)fputc('\0', file);
    }
    cr_assert_eq(fclose(file), 0);
    free(text);
}

#define EXPECT_DONE(...)                                                                                               \
    do {                                                                                                               \
        struct program_result done_result = PROGRAM(__VA_ARGS__);                                                      \
        EXPECT_CODE(done_result, 0);                                                                                   \
        program_done(&done_result);                                                                                    \
    } while (0)

static void keep_output(const char *path, struct program_result result)
{
    EXPECT_CODE(result, 0);
    program_write(path, result.out, strlen(result.out));
    program_done(&result);
}

Test(program_texts, a_byte_order_mark_and_the_line_ends_of_windows)
{
    static const char *const texts[] = {"task.json",       "log.jsonl", "table.csv",
                                        "table.times.csv", "t.cert",    "bench.jsonl"};
    EXPECT_DONE("train", "--seed", "1", "-q", "-o", "m", "--log", "log.jsonl");
    keep_output("task.json", PROGRAM("task", "parity", "--json"));
    EXPECT_DONE("sweep", "--hidden", "8", "--seeds", "2", "-q", "-o", "table.csv");
    EXPECT_DONE("train", "--task", "tomita1", "-q", "-o", "t");
    EXPECT_DONE("prove", "t"); /* at once */
    keep_output("bench.jsonl", PROGRAM("bench", "--hidden", "2", "--batch", "64", "--bits", "4", "--json"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) {
        char windows[64], wide[64];
        (void)snprintf(windows, sizeof windows, "windows.%s", texts[i]);
        (void)snprintf(wide, sizeof wide, "wide.%s", texts[i]);
        save_as_windows(windows, texts[i]);
        save_as_utf_16(wide, texts[i]);
    }
    EXPECT_DONE("task", "--equal", "parity", "windows.task.json");
    EXPECT_DONE("train", "--task", "windows.task.json", "-q", "-o", "p");
    EXPECT_DONE("verify", "t", "windows.t.cert");
    EXPECT_DONE("eval", "t", "--proof", "windows.t.cert");
    EXPECT_DONE("reproduce", "windows.table.csv", "1", "-o", "n");
    EXPECT_DONE("merge", "windows.table.csv", "-o", "joined.csv");
    EXPECT_DONE("report", "windows.log.jsonl", "m", "--budget", "1", "--states", "1", "-o", "r.html");
    /* A script names the file, and is else the same. */
    for (size_t i = 1; i < sizeof texts / sizeof texts[0]; ++i) {
        char line[256];
        if (strcmp(texts[i], "t.cert") == 0 || strcmp(texts[i], "table.times.csv") == 0)
            continue;
        (void)snprintf(
            line, sizeof line,
            "\"$0\" plot %s --script > a 2> /dev/null && \"$0\" plot windows.%s --script > b 2> /dev/null && cmp a b",
            texts[i], texts[i]);
        struct program_result result =
            program_run("", NULL, (const char *const[]){"/bin/sh", "-c", line, CARRYNET_PROGRAM, NULL});
        EXPECT_CODE(result, 0);
        program_done(&result);
    }
    EXPECT_ERROR(4, "wide.task.json: is UTF-16", "train", "--task", "wide.task.json");
    EXPECT_ERROR(4, "save it as UTF-8", "plot", "wide.log.jsonl", "--script");
    EXPECT_ERROR(4, "is UTF-16", "plot", "wide.table.csv", "--script");
    EXPECT_ERROR(4, "is UTF-16", "reproduce", "wide.table.csv", "1");
    EXPECT_ERROR(4, "is UTF-16", "verify", "t", "wide.t.cert");
}

Test(program_texts, tables_as_pandas_and_spreadsheets_save_them)
{
    static const char table[] = "row,hidden,lr,exact,sequences,updates,bit_error,seed,task\n"
                                "1,2,0.04,1,100,10,0,1,add\n2,4,0.04,0,200,20,0.5,2,add\n";
    static const char *const same[] = {
        ",row,hidden,lr,exact,sequences,updates,bit_error,seed,task\n"
        "0,1,2,0.04,1,100,10,0,1,add\n1,2,4,0.04,0,200,20,0.5,2,add\n",
        "Unnamed: 0,row,hidden,lr,exact,sequences,updates,bit_error,seed,task\n"
        "0,1,2,0.04,1,100,10,0,1,add\n1,2,4,0.04,0,200,20,0.5,2,add\n",
        "\"\",\"row\",\"hidden\",\"lr\",\"exact\",\"sequences\",\"updates\",\"bit_error\",\"seed\",\"task\"\n"
        "\"1\",1,2,0.04,1,100,10,0,1,\"add\"\n\"2\",2,4,0.04,0,200,20,0.5,2,\"add\"\n",
        "\"row\",\"hidden\",\"lr\",\"exact\",\"sequences\",\"updates\",\"bit_error\",\"seed\",\"task\"\r\n"
        "\"1\",\"2\",\"0.04\",\"1\",\"100\",\"10\",\"0\",\"1\",\"add\"\r\n\"2\",\"4\",\"0.04\",\"0\",\"200\",\"20\","
        "\"0.5\",\"2\",\"add\"\r\n",
        "task,seed,note,bit_error,updates,sequences,exact,lr,hidden,row\n"
        "add,1,x,0,10,100,1,0.04,2,1\nadd,2,y,0.5,20,200,0,0.04,4,2\n",
        "row,hidden,lr,exact,sequences,updates,bit_error,seed,task,\n"
        "1.0,2.0,4e-2,1.0,100.0,10.0,0.0,1,add,\n2.0,4.0,0.04,0.0,200.0,20.0,0.5,2,add,\n",
    };
    program_write("t.csv", table, sizeof table - 1);
    struct program_result right = PROGRAM("plot", "t.csv", "--script");
    EXPECT_CODE(right, 0);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; ++i) {
        program_write("t.csv", same[i], strlen(same[i]));
        struct program_result result = PROGRAM("plot", "t.csv", "--script");
        EXPECT_CODE(result, 0);
        cr_expect_str_eq(result.out, right.out, "table %zu", i);
        program_done(&result);
    }
    program_done(&right);
    program_write("t.csv", "row;hidden;lr\n1;2;0,04\n", 23);
    EXPECT_ERROR(4, "t.csv: line 1: there is ';' between its columns; save it with commas", "plot", "t.csv",
                 "--script");
    program_write("t.csv", "row\thidden\n1\t2\n", 15);
    EXPECT_ERROR(4, "there is a tab between its columns", "plot", "t.csv", "--script");
    program_write("t.csv", "\nrow,hidden\n1,2\n", 16);
    EXPECT_ERROR(4, "line 1: the names of the columns are missing", "plot", "t.csv", "--script");
    program_write("t.csv", ",row,of,sweep,task\n", 19);
    EXPECT_ERROR(4, "write the file with index=False", "reproduce", "t.csv", "1");
}

/* ---- seeds ----------------------------------------------------------------------------------------------------- */

Test(program_texts, seeds_are_numbers_in_json)
{
    static const char *const seeds[] = {"0", "9007199254740993", "9223372036854775807", "9223372036854775808",
                                        "18446744073709551615"};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; ++i) {
        char member[64], page[64], line[256];
        (void)snprintf(member, sizeof member, "\"seed\": %s,", seeds[i]);
        (void)snprintf(page, sizeof page, "\"seed\":\"%s\"", seeds[i]);
        struct program_result result =
            PROGRAM("train", "-q", "--updates", "20", "--seed", seeds[i], "-o", "m", "--log", "l", "--json");
        EXPECT_CODE(result, 0);
        EXPECT_SAYS(result.out, member);
        program_done(&result);
        char *log = program_file("l", NULL);
        EXPECT_SAYS(log, member);
        free(log);
        result = PROGRAM("eval", "m", "--json");
        EXPECT_SAYS(result.out, member);
        program_done(&result);
        /* The log is read again, and so is one of an earlier version, where a large seed was a string. */
        (void)snprintf(line, sizeof line, "sed 's/\"seed\": \\([0-9]*\\)/\"seed\": \"\\1\"/' l > old");
        cr_assert_eq(system(line), 0);
        for (int old = 0; old < 2; ++old) {
            result = PROGRAM("report", "m", old ? "old" : "l", "--budget", "1", "--states", "1", "-o", "r.html");
            EXPECT_CODE(result, 0);
            cr_expect_str_empty(result.err, "%s", result.err);
            program_done(&result);
            char *html = program_file("r.html", NULL);
            EXPECT_SAYS(html, page);
            free(html);
        }
    }
    /* Neighbours that a double does not tell apart. */
    EXPECT_DONE("train", "-q", "--updates", "20", "--seed", "9007199254740992", "-o", "n", "--log", "l");
    EXPECT_DONE("train", "-q", "--updates", "20", "--seed", "9007199254740993", "-o", "m");
    struct program_result result = PROGRAM("report", "m", "l", "--budget", "1", "--states", "1", "-o", "r.html");
    EXPECT_SAYS(result.err, "its seed differs");
    program_done(&result);
}

Test(program_texts, wide_numbers)
{
    static const struct {
        const char *text, *again; /* NULL: no JSON */
    } cases[] = {
        {"[9223372036854775808]", "[9223372036854775808]"},
        {"[18446744073709551615, 1]", "[18446744073709551615,1]"},
        {"[18446744073709551616]", NULL},
        {"[9223372036854775807]", "[9223372036854775807]"},
        {"[-9223372036854775809]", NULL},
        {"{\"a\": 18446744073709551615}", "{\"a\":18446744073709551615}"},
        {"{\"18446744073709551615\": 9999999999999999999}", "{\"18446744073709551615\":9999999999999999999}"},
        {"[\"18446744073709551615\"]", "[\"18446744073709551615\"]"},
        {"[\"x\\\"18446744073709551615\"]", "[\"x\\\"18446744073709551615\"]"},
        {"[\"x\\\\\", 18446744073709551615]", "[\"x\\\\\",18446744073709551615]"},
        {"[018446744073709551615]", NULL},
        {"[18446744073709551615e1]", "[1.8446744073709552e20]"},
        {"[1844674407370955161.5]", "[1.8446744073709553e18]"},
        {"\xef\xbb\xbf[10000000000000000000]", "[10000000000000000000]"},
        {"[1\xef\xbb\xbf]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        json_t *value = NULL;
        json_error_t error;
        char *text = NULL;
        size_t size = 0;
        const carrynet_status status =
            sys_json_read(&value, &error, cases[i].text, strlen(cases[i].text), SYS_JSON_COUNTS);
        cr_expect_eq(status, cases[i].again != NULL ? CARRYNET_OK : CARRYNET_ERROR_FORMAT, "%s", cases[i].text);
        if (status == CARRYNET_OK && cases[i].again != NULL) {
            cr_expect_eq(sys_json_write(&text, &size, value, JSON_COMPACT), CARRYNET_OK);
            cr_expect_str_eq(text, cases[i].again);
            cr_expect_eq(size, strlen(cases[i].again));
        }
        sys_free(text);
        json_decref(value);
    }
    uint64_t count = 1;
    json_t *numbers =
        json_pack("[o, o, s, s, i, f, n]", sys_json_of_count(UINT64_MAX), sys_json_of_count(7), "12", "1x", -1, 2.0);
    cr_expect(sys_json_count(&count, json_array_get(numbers, 0)) && count == UINT64_MAX);
    cr_expect(sys_json_count(&count, json_array_get(numbers, 1)) && count == 7);
    cr_expect(sys_json_count(&count, json_array_get(numbers, 2)) && count == 12);
    for (size_t i = 3; i < 8; ++i)
        cr_expect_not(sys_json_count(&count, json_array_get(numbers, i)), "%zu", i);
    json_decref(numbers);
}
