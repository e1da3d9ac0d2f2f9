/* The program's replay command: bytes on standard output and nothing else there, comparison, table, files, bad input. */
#include "program_run.h"
#include <jansson.h>

TestSuite(program_replay, .init = program_enter, .fini = program_leave, .timeout = 300);

Test(program_replay, lists)
{
    static const char *const names[] = {"000 ", "001-add ", "001-sub ", "002 ", "003 ", "003-cured ", "004 "};
    struct program_result result = PROGRAM("replay", "--list");
    EXPECT_CODE(result, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i)
        EXPECT_SAYS(result.out, names[i]);
    cr_expect_str_empty(result.err);
    program_done(&result);
}

Test(program_replay, prints_the_transcript_alone)
{
    struct program_result result = PROGRAM("replay", "000", "--updates", "1001");
    EXPECT_CODE(result, 0);
    cr_expect_str_eq(result.out, "Error:[ 3.45638663]\nPred:[0 0 0 0 0 0 0 1]\nTrue:[0 1 0 0 0 1 0 1]\n9 + 60 = 1\n"
                                 "------------\n"
                                 "Error:[ 3.63389116]\nPred:[1 1 1 1 1 1 1 1]\nTrue:[0 0 1 1 1 1 1 1]\n28 + 35 = 255\n"
                                 "------------\n");
    EXPECT_SAYS(result.err, "sums right");
    EXPECT_SAYS(result.err, "reference");
    program_done(&result);
    result = PROGRAM("replay", "000", "--updates", "1001", "--quiet");
    cr_expect(strncmp(result.out, "Error:[ 3.45638663]\n", 20) == 0);
    program_done(&result);
}

Test(program_replay, explains_the_mistake)
{
    struct program_result result = PROGRAM("replay", "003", "--updates", "3000");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "= 255\n");
    EXPECT_SAYS(result.err, "0 of 16384 sums right");
    EXPECT_SAYS(result.err, "What went wrong");
    program_done(&result);
}

Test(program_replay, compares_with_a_file)
{
    struct program_result result = PROGRAM("replay", "004");
    char *text = strdup(result.out);
    cr_assert_not_null(text);
    EXPECT_CODE(result, 0);
    program_done(&result);
    program_write("right", text, strlen(text));
    result = PROGRAM("replay", "004", "--against", "right");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "Equal to right");
    program_done(&result);
    strstr(text, "81 + 113 = 162")[0] = '9';
    program_write("wrong", text, strlen(text));
    result = PROGRAM("replay", "004", "--against", "wrong");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.err, "line 29: '81 + 113 = 162', where the file has '91 + 113 = 162'");
    program_done(&result);
    program_write("short", text, 30);
    result = PROGRAM("replay", "004", "--against", "short", "--updates", "10");
    EXPECT_CODE(result, 1);
    program_done(&result);
    free(text);
}

static void expect_table(const char *out)
{
    static const char *const rows[] = {"\n000 ", "\n001-add ", "\n001-sub ", "\n002 ", "\n004 "};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
        const char *row = strstr(out, rows[i]);
        cr_assert_not_null(row, "no '%s' in:\n%s", rows[i] + 1, out);
        const char *equal = strstr(row, " equal ");
        cr_expect(equal != NULL && equal < strchr(row + 1, '\n'), "%s", row);
    }
    EXPECT_SAYS(out, "no transcript");
}

Test(program_replay, runs_them_all)
{
    struct program_result result = PROGRAM("replay", "--all");
    EXPECT_CODE(result, 0);
    expect_table(result.out);
    program_done(&result);
    result = PROGRAM("replay", "--all", "--json");
    EXPECT_CODE(result, 0);
    json_t *object = json_loads(result.out, 0, NULL);
    const json_t *replays = json_object_get(object, "replays");
    cr_assert_eq(json_array_size(replays), 7);
    const json_t *first = json_array_get(replays, 0), *faulty = json_array_get(replays, 4);
    cr_expect_str_eq(json_string_value(json_object_get(first, "transcript")), "equal");
    cr_expect_eq(json_integer_value(json_object_get(first, "right")), 16384);
    cr_expect(json_is_null(json_object_get(faulty, "transcript")));
    cr_expect_eq(json_integer_value(json_object_get(faulty, "right")), 0);
    json_decref(object);
    program_done(&result);
}

Test(program_replay, writes_model_and_log)
{
    struct program_result result = PROGRAM("replay", "001-sub", "-o", "m", "--log", "run.jsonl", "--hidden", "12");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "Wrote m");
    program_done(&result);
    result = PROGRAM("eval", "m");
    EXPECT_SAYS(result.err, "Origin: replay 001-sub");
    program_done(&result);
    result = PROGRAM("run", "m", "93", "38");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *log = program_file("run.jsonl", NULL), *rest = NULL;
    size_t lines = 0;
    for (char *line = strtok_r(log, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        json_t *value = json_loads(line, 0, NULL);
        cr_assert_not_null(value, "%s", line);
        if (lines == 0)
            cr_expect_str_eq(json_string_value(json_object_get(json_object_get(value, "settings"), "origin")),
                             "replay 001-sub");
        json_decref(value);
        ++lines;
    }
    cr_expect_geq(lines, 7); /* settings, at least five thousands of updates, the result */
    free(log);
}

Test(program_replay, refuses_bad_input)
{
    EXPECT_ERROR(2, "There are: 000, 001-add, 001-sub, 002, 003, 003-cured, 004", "replay", "005");
    EXPECT_ERROR(2, "did you mean '001-add'", "replay", "001-ad");
    EXPECT_ERROR(2, "--list", "replay");
    EXPECT_ERROR(2, "one of", "replay", "000", "--all");
    EXPECT_ERROR(2, "one of", "replay", "--list", "--all");
    EXPECT_ERROR(2, "--seed is for one script", "replay", "--all", "--seed", "1");
    EXPECT_ERROR(2, "--json is for --all", "replay", "000", "--json");
    EXPECT_ERROR(2, "--updates is '0', but must be a whole number from 1", "replay", "000", "--updates", "0");
    EXPECT_ERROR(2, "from 0 to 4294967295", "replay", "000", "--seed", "4294967296");
    EXPECT_ERROR(2, "from 0 to 4294967295", "replay", "000", "--seed", "-1");
    EXPECT_ERROR(2, "--hidden", "replay", "000", "--hidden", "0");
    EXPECT_ERROR(2, "a < b", "replay", "001-sub", "--updates", "1");
    EXPECT_ERROR(4, "nothere", "replay", "000", "--against", "nothere");
    EXPECT_ERROR(4, "nowhere/m", "replay", "000", "-o", "nowhere/m");
    EXPECT_ERROR(4, "nowhere/log", "replay", "000", "--log", "nowhere/log");
    EXPECT_ERROR(2, "each its own file", "replay", "000", "-o", "x", "--log", "x");
    EXPECT_ERROR(3, "zzz", "replay", "000", "--device", "zzz");
}

Test(program_replay, notices_when_its_output_is_lost)
{
    if (access("/dev/full", W_OK) != 0)
        return; /* only some systems have it */
    cr_expect_eq(WEXITSTATUS(system(CARRYNET_PROGRAM " replay 000 >/dev/full 2>err.txt")), 4);
    char *text = program_file("err.txt", NULL);
    EXPECT_SAYS(text, "standard output");
    free(text);
}
