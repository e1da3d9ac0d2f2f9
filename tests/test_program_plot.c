/*
 * carrynet plot: the medians, quartiles and shares in its scripts against ones worked out by hand, what it leaves out
 * and says so, bad files and command lines, and pictures, by gnuplot itself and by stand-ins for it that fail.
 */
#include "program_run.h"

TestSuite(program_plot, .init = program_enter, .fini = program_leave, .timeout = 120);

/*
 * Until exact: 2 hidden units: 100, 200, 300, never; 4: 64, 128, 1024; 8: 50, never. The order of the columns is not
 * the sweep's, some lines end as on Windows, and a field is quoted.
 */
static const char results[] = "digest,lr,sequences,exact,hidden,row,of,updates,task,bit_error\n"
                              "a0,0.04,300,1,2,0,9,30,add,0\n"
                              "a1,0.04,100,1,2,1,9,10,\"add\",0\r\n"
                              "a2,0.04,400,0,2,2,9,40,add,nan\n"
                              "a3,0.04,200,1,2,3,9,20,add,0\n"
                              "\n"
                              "b0,0.04,64,1,4,4,9,64,add,0\n"
                              "b1,0.04,1024,1,4,5,9,1024,add,0\n"
                              "b2,0.005,128,1,4,6,9,128,add,0\n"
                              "c0,0.04,50,1,8,7,9,5,add,0\n"
                              "c1,0.005,400,0,8,8,9,40,add,nan\n";
/* In another order; row 5 is there twice and the last one counts; row 0 is missing. */
static const char times[] = "row,seconds\n8,9\n7,0.5\n5,77\n4,1\n6,2\n5,4\n3,0.25\n2,9\n1,0.125\n";

static const char training[] =
    "{\"settings\": {\"task\": \"add\", \"bits\": 8, \"hidden\": 16, \"nets\": 4, \"batch\": 64, \"lr\": 0.04, "
    "\"optimizer\": \"adam\", \"loss\": \"cross-entropy\"}, \"device\": \"x\", \"version\": \"0\"}\n"
    "{\"updates\": 16, \"sequences\": 4096, \"loss\": 5.5, \"wrong_share\": 1.0, \"exact\": 0, \"networks\": 4, "
    "\"seconds\": 0.1}\n"
    "{\"updates\": 32, \"sequences\": 8192, \"loss\": null, \"wrong_share\": 0.25, \"exact\": 3, \"networks\": 4, "
    "\"seconds\": 0.2}\n"
    "{\"result\": {\"updates\": 32, \"exact\": 3}}\n";

static void write_text(const char *path, const char *text)
{
    program_write(path, text, strlen(text));
}

/* The script for results.csv; the caller frees it. */
#define SCRIPT(...) script_of((const char *const[]){CARRYNET_PROGRAM, "plot", __VA_ARGS__, "--script", NULL})
static char *script_of(const char *const *words)
{
    struct program_result result = program_run("", NULL, words);
    EXPECT_CODE(result, 0);
    free(result.err);
    return result.out;
}

/* ---- scripts --------------------------------------------------------------------------------------------------- */

Test(program_plot, finds_quartiles_by_column_name)
{
    write_text("results.csv", results);
    write_text("results.times.csv", times);
    struct program_result result = PROGRAM("plot", "results.csv", "--script");
    EXPECT_CODE(result, 0);
    /* Value, networks, exact, quartile, median, quartile: linear between neighbours, never as infinite. */
    EXPECT_SAYS(result.out, "\n2 4 3 175 250 Inf ");
    EXPECT_SAYS(result.out, "\n4 3 3 96 128 576 576\n");
    EXPECT_SAYS(result.out, "\n8 2 1 Inf Inf Inf ");
    /* Seconds: 2 has 0.125, 0.25 and never; 4 has 1, 2, 4; 8 has 0.5 and never. */
    EXPECT_SAYS(result.out, "$seconds << EOD\n");
    EXPECT_SAYS(result.out, "\n2 4 3 0.1875 0.25 Inf ");
    EXPECT_SAYS(result.out, "\n4 3 3 1.5 2 3 3\n");
    EXPECT_SAYS(result.err, "results.times.csv: has no seconds for 1 of 9 networks");
    EXPECT_SAYS(result.out, "9 networks, task add");
    EXPECT_SAYS(result.out, "drawn together: 2 values of lr (but for the map)");
    program_done(&result);
}

Test(program_plot, draws_a_step_for_each_network)
{
    write_text("results.csv", results);
    char *script = SCRIPT("results.csv", "--chart", "curve");
    EXPECT_SAYS(script, "\n100 0.25\n200 0.5\n300 0.75\n400 0.75\nEOD\n");
    EXPECT_SAYS(script, "\n64 0.333333\n128 0.666667\n1024 1\n1024 1\nEOD\n");
    EXPECT_SAYS(script, "\n50 0.5\n400 0.5\nEOD\n");
    EXPECT_SAYS(script, "title '4'");
    cr_expect_null(strstr(script, "$sequences"));
    cr_expect_null(strstr(script, "$map"));
    free(script);
}

Test(program_plot, maps_shares)
{
    write_text("results.csv", results);
    char *script = SCRIPT("results.csv", "--chart", "map");
    /* Column, row, share, networks, colour, text: 0.005 is below 0.04, and has no network with 2 hidden units. */
    EXPECT_SAYS(script, "\n1 0 1 1 16639781 \"100%\" 0\n");
    EXPECT_SAYS(script, "\n2 0 0 1 4456788 \"0%\" 16777215\n");
    EXPECT_SAYS(script, "\n0 1 0.75 4 ");
    EXPECT_SAYS(script, "\"75%\"");
    EXPECT_SAYS(script, "\n2 1 1 1 ");
    cr_expect_null(strstr(script, "\n0 0 "));
    EXPECT_SAYS(script, "'0.005' 0, '0.04' 1)");
    EXPECT_SAYS(script, "'2' 0, '4' 1, '8' 2)");
    free(script);
    script = SCRIPT("results.csv", "--chart", "map", "--by", "lr");
    EXPECT_SAYS(script, "\n1 0 0.75 4 ");
    EXPECT_SAYS(script, "set ylabel 'hidden units'");
    free(script);
}

Test(program_plot, rounds_shares_down)
{
    FILE *file = fopen("many.csv", "w");
    cr_assert_not_null(file);
    (void)fputs("hidden,lr,exact,sequences\n", file);
    for (int i = 0; i < 2000; ++i) /* 1999 of 2000, and 1 of 2000 */
        (void)fprintf(file, "4,0.04,%d,%d\n8,0.04,%d,%d\n", i != 7, 100 + i, i == 7, 100 + i);
    cr_assert_eq(fclose(file), 0);
    char *script = SCRIPT("many.csv", "--chart", "map");
    EXPECT_SAYS(script, "\"99%\"");
    EXPECT_SAYS(script, "\"<1%\"");
    cr_expect_null(strstr(script, "100%"));
    free(script);
    /* Steps that nobody could tell apart are left out, but the last is there. */
    script = SCRIPT("many.csv", "--chart", "curve");
    size_t lines = 0;
    for (const char *p = script; *p != '\0'; ++p)
        lines += *p == '\n' ? 1 : 0;
    cr_expect_lt(lines, 600, "%zu lines", lines);
    EXPECT_SAYS(script, "\n2099 0.9995\n2099 0.9995\nEOD\n");
    free(script);
}

Test(program_plot, keeps_what_is_asked_for)
{
    write_text("results.csv", results);
    char *script = SCRIPT("results.csv", "--chart", "sequences", "--where", "lr=4e-2,hidden=2,hidden=4");
    EXPECT_SAYS(script, "\n2 4 3 175 250 Inf ");
    EXPECT_SAYS(script, "\n4 2 2 304 544 784 784\n");
    cr_expect_null(strstr(script, "\n8 "));
    EXPECT_SAYS(script, "6 networks, task add, lr 0.04");
    free(script);
    script = SCRIPT("results.csv", "--chart", "updates", "--by", "task", "--where", "digest=b1");
    EXPECT_SAYS(script, "\n0 1 1 1024 1024 1024 1024\n");
    EXPECT_SAYS(script, "'add' 0)");
    free(script);
    EXPECT_ERROR(4, "results.csv: no row has hidden=3", "plot", "results.csv", "--where", "hidden=3", "--script");
    EXPECT_ERROR(4, "results.csv: line 1: there is no column 'hiden'", "plot", "results.csv", "--where", "hiden=3",
                 "--script");
    EXPECT_ERROR(2, "COLUMN=VALUE", "plot", "results.csv", "--where", "hidden", "--script");
    EXPECT_ERROR(2, "COLUMN=VALUE", "plot", "results.csv", "--where", "hidden=4,", "--script");
}

Test(program_plot, draws_part_of_a_sweep)
{
    char torn[sizeof results + 16];
    (void)snprintf(torn, sizeof torn, "%sc2,0.0", results);
    write_text("torn.csv", torn);
    struct program_result result = PROGRAM("plot", "torn.csv", "--script");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "torn.csv: its last line is not finished");
    EXPECT_SAYS(result.err, "torn.times.csv: is not there, so seconds are not drawn");
    EXPECT_SAYS(result.out, "9 networks");
    cr_expect_null(strstr(result.out, "$seconds"));
    program_done(&result);
    write_text("part.csv", "hidden,exact,sequences,of\n4,0,100,7\n4,1,60,7\n");
    result = PROGRAM("plot", "part.csv", "--script");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "part.csv: has 2 of the sweep's 7 networks");
    EXPECT_SAYS(result.err, "sequences until exact are not drawn");
    cr_expect_null(strstr(result.out, "$sequences"));
    EXPECT_SAYS(result.out, "$curve_1");
    program_done(&result);
    EXPECT_ERROR(4, "there is no median to draw", "plot", "part.csv", "--chart", "sequences", "--script");
    EXPECT_ERROR(4, "part.times.csv: is not there", "plot", "part.csv", "--chart", "seconds", "--script");
}

Test(program_plot, draws_a_training)
{
    write_text("run.jsonl", training);
    char *script = SCRIPT("run.jsonl");
    EXPECT_SAYS(script, "\n16 5.5 0 0 NaN\n32 NaN 0.75 0.75 NaN\nEOD\n");
    cr_expect_null(strstr(script, "'held-out right'"));
    EXPECT_SAYS(script,
                "4 networks, task add, bits 8, hidden 16, batch 64, loss cross-entropy, optimizer adam, lr 0.04");
    EXPECT_SAYS(script, "'loss (cross-entropy)'");
    EXPECT_SAYS(script, "'networks exact'");
    free(script);
    struct program_result result = PROGRAM("train", "--updates", "20", "-q", "-o", "m", "--log", "own.jsonl");
    EXPECT_CODE(result, 0);
    program_done(&result);
    script = SCRIPT("own.jsonl");
    EXPECT_SAYS(script, "\n20 ");
    cr_expect_null(strstr(script, "networks exact'")); /* of one alone there is no share */
    free(script);
    result = PROGRAM("train", "--nets", "2", "--train-fraction", "0.5", "--updates", "32", "-q", "-o", "m", "--log",
                     "own.jsonl");
    EXPECT_CODE(result, 0);
    program_done(&result);
    script = SCRIPT("own.jsonl");
    EXPECT_SAYS(script, "'held-out right'");
    cr_expect_null(strstr(script, "networks exact'")); /* which are is not known before the end */
    free(script);
    char unfinished[sizeof training + 16];
    (void)snprintf(unfinished, sizeof unfinished, "%s{\"updates\": 4", training);
    write_text("killed.jsonl", unfinished);
    result = PROGRAM("plot", "killed.jsonl", "--script");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "killed.jsonl: line 5 is not finished");
    program_done(&result);
    EXPECT_ERROR(2, "is the log of a training", "plot", "run.jsonl", "--by", "lr", "--script");
}

/* Names in quotes only, a quote in them as another; a percent sign is no format. */
Test(program_plot, quotes_names)
{
    write_text("odd.csv", "optimizer,exact,sequences\n\"it's `id` %d, \"\"\\\",1,5\nsgd,1,7\n");
    char *script = SCRIPT("odd.csv", "--by", "optimizer");
    EXPECT_SAYS(script, "title 'it`s `id` %d, \"\\'");
    EXPECT_SAYS(script, "'it`s `id` %%d, \"\\' 0");
    free(script);
    write_text("odd.jsonl", "{\"settings\": {\"task\": \"a'\\nprint 'no\"}}\n{\"updates\": 1, \"loss\": 1, "
                            "\"wrong_share\": 0, \"exact\": 0, \"networks\": 1}\n");
    script = SCRIPT("odd.jsonl");
    EXPECT_SAYS(script, "'1 network, task a`?print `no'");
    free(script);
}

/* ---- bad files and command lines ------------------------------------------------------------------------------- */

Test(program_plot, refuses_bad_tables)
{
    static const char *const bad[][2] = {
        {"", "bad.csv: is empty"},
        {" \n\n", "bad.csv: is empty"},
        {"hidden,exact,sequences\n", "bad.csv: there is no row"},
        {"hidden,exact,seq\n4,1,100\n", "bad.csv: line 1: there is no column 'sequences'"},
        {"exact,sequences\n1,100\n", "bad.csv: line 1: there is no column 'hidden'"},
        {"hidden,exact,sequences\n4,1,100\n4,1\n4,1,100\n", "bad.csv: line 3: 2 fields, but line 1 names 3 columns"},
        {"hidden,exact,sequences\n4,1,100\n4,1,nan\n", "bad.csv: line 3, column 'sequences': 'nan' is not a number"},
        {"hidden,exact,sequences\n4,1,inf\n", "bad.csv: line 2, column 'sequences': 'inf' is not a number"},
        {"hidden,exact,sequences\n4,1,1e999\n", "bad.csv: line 2, column 'sequences': '1e999' is not a number"},
        {"hidden,exact,sequences\n4,1,-3\n", "bad.csv: line 2, column 'sequences': -3 is not from 0"},
        {"hidden,exact,sequences\n4,1,12x\n", "bad.csv: line 2, column 'sequences': '12x' is not a number"},
        {"hidden,exact,sequences\n\n4,0.5,100\n", "bad.csv: line 3, column 'exact': 0.5 is neither 0 nor 1"},
        {"hidden,exact,sequences\n4,2,100\n", "bad.csv: line 2, column 'exact': 2 is not from 0 to 1"},
        {"{\"updates\": 3}\n", "bad.csv: line 1: updates, loss, wrong_share, exact and networks must be numbers"},
        {"{\"updates\": -3, \"loss\": 1, \"wrong_share\": 0, \"exact\": 0, \"networks\": 1}\n",
         "line 1: updates -3, loss 1"},
        {"{\"updates\": 3, \"loss\": -1, \"wrong_share\": 0, \"exact\": 0, \"networks\": 1}\n", "updates 3, loss -1"},
        {"{\"updates\": 3, \"loss\": 1, \"wrong_share\": 2, \"exact\": 0, \"networks\": 1}\n", "wrong_share 2"},
        {"{\"updates\": 3, \"loss\": 1, \"wrong_share\": 0, \"exact\": 2, \"networks\": 1}\n", "exact 2 of 1 networks"},
        {"{\"updates\": 3\n{}\n", "bad.csv: line 1: "},
        {"{\"settings\": {}}\n", "bad.csv: has no report of a training"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
        write_text("bad.csv", bad[i][0]);
        EXPECT_ERROR(4, bad[i][1], "plot", "bad.csv", "-o", "bad.svg");
        cr_expect_null(program_file("bad.svg", NULL));
    }
    program_write("bad.csv", "hidden,exact\0,sequences\n", 24);
    EXPECT_ERROR(4, "bad.csv: is not a text file", "plot", "bad.csv", "--script");
    EXPECT_ERROR(4, "missing.csv: cannot open", "plot", "missing.csv", "--script");
    FILE *file = fopen("bad.csv", "w");
    cr_assert_not_null(file);
    (void)fputs("hidden,exact,sequences\n", file);
    for (int i = 0; i < 65; ++i)
        (void)fprintf(file, "%d,1,100\n", i + 1);
    cr_assert_eq(fclose(file), 0);
    EXPECT_ERROR(4, "column 'hidden' has more than 64 values", "plot", "bad.csv", "--script");
    write_text("good.csv", results);
    write_text("good.times.csv", "row,seconds\n0,fast\n");
    EXPECT_ERROR(4, "good.times.csv: line 2, column 'seconds': 'fast' is not a number", "plot", "good.csv", "--script");
}

Test(program_plot, refuses_bad_command_lines)
{
    write_text("results.csv", results);
    EXPECT_ERROR(2, "the name of a file is missing", "plot");
    EXPECT_ERROR(2, "-o FILE.svg", "plot", "results.csv");
    EXPECT_ERROR(2, "must end in .svg or .png", "plot", "results.csv", "-o", "results.pdf");
    EXPECT_ERROR(2, "must end in .svg or .png", "plot", "results.csv", "-o", "results.csv");
    EXPECT_ERROR(2, "must end in .svg or .png", "plot", "results.csv", "-o", ".svg");
    write_text("odd.svg", results);
    EXPECT_ERROR(2, "-o names what is to be drawn", "plot", "odd.svg", "-o", "./odd.svg");
    EXPECT_ERROR(2, "did you mean 'curve'", "plot", "results.csv", "--chart", "curv", "-o", "a.svg");
    EXPECT_ERROR(2, "did you mean 'hidden'", "plot", "results.csv", "--by", "hiden", "-o", "a.svg");
    EXPECT_ERROR(4, "there is no column 'noise'", "plot", "results.csv", "--by", "noise", "-o", "a.svg");
    EXPECT_ERROR(4, "cannot write there", "plot", "results.csv", "-o", "no/such/folder/a.svg");
    char *file = program_file("results.csv", NULL);
    cr_expect_str_eq(file, results);
    free(file);
}

/* ---- pictures -------------------------------------------------------------------------------------------------- */

static bool folder_has(const char *part)
{
    char command[128];
    (void)snprintf(command, sizeof command, "ls -a | grep -q -e '%s'", part);
    return system(command) == 0;
}

Test(program_plot, says_what_to_install_without_gnuplot)
{
    write_text("results.csv", results);
    write_text("old.svg", "old");
    struct program_result result = program_run("", (const char *const[]){"PATH=/nonexistent", NULL},
                                               PROGRAM_WORDS("plot", "results.csv", "-o", "old.svg"));
    EXPECT_CODE(result, 4);
    EXPECT_SAYS(result.err, "cannot start gnuplot");
    EXPECT_SAYS(result.err, "apt-get install gnuplot-nox");
    cr_expect_str_empty(result.out);
    program_done(&result);
    char *file = program_file("old.svg", NULL);
    cr_expect_str_eq(file, "old");
    free(file);
}

/* Runs with a shell script in place of gnuplot, in the locale of a container. */
static struct program_result run_with(const char *body)
{
    char path[512];
    char text[1024];
    (void)mkdir("bin", 0700);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    write_text("bin/gnuplot", text);
    cr_assert_eq(chmod("bin/gnuplot", 0700), 0);
    (void)snprintf(path, sizeof path, "PATH=%s/bin:/usr/bin:/bin", program_folder);
    return program_run("", (const char *const[]){path, "LC_ALL=C", NULL},
                       PROGRAM_WORDS("plot", "results.csv", "-o", "a.svg"));
}

Test(program_plot, keeps_the_old_picture_when_gnuplot_fails)
{
    static const char *const failing[][2] = {
        {"echo '<svg>half'; echo 'line 3: no such thing' >&2; exit 1", "line 3: no such thing"},
        {"cat > /dev/null", "gnuplot drew nothing (exit code 0)"},
        {"exit 7", "exit code 7"}, /* without reading the script */
        {"kill -9 $$", "exit code 137"},
    };
    write_text("results.csv", results);
    write_text("a.svg", "old");
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; ++i) {
        struct program_result result = run_with(failing[i][0]);
        EXPECT_CODE(result, 4);
        EXPECT_SAYS(result.err, failing[i][1]);
        program_done(&result);
        char *file = program_file("a.svg", NULL);
        cr_expect_str_eq(file, "old");
        free(file);
        cr_expect_not(folder_has("tmp-"));
    }
}

/* What gnuplot is given is the script, without arguments but -d, and a UTF-8 locale; much of both is no reason to wait for ever. */
Test(program_plot, writes_what_gnuplot_draws)
{
    write_text("results.csv", results);
    struct program_result result = run_with(
        "echo \"$# $1 $LC_ALL\" > words; head -c 300000 /dev/zero | tr '\\0' x >&2\n"
        "echo '<title>Gnuplot</title>'; echo '<desc>Produced by GNUPLOT 9.9</desc>'; head -c 300000 /dev/zero | "
        "tr '\\0' y; cat > given");
    EXPECT_CODE(result, 0);
    cr_expect_str_eq(result.out, "Wrote a.svg\n");
    program_done(&result);
    size_t size = 0;
    char *file = program_file("a.svg", &size), *given = program_file("given", NULL),
         *words = program_file("words", NULL);
    char *script = SCRIPT("results.csv");
    cr_expect_eq(strncmp(file, "<title></title>\n<desc></desc>\nyyy", 33), 0, "%.60s", file);
    cr_expect_eq(size, 30 + 300000);
    cr_expect_str_eq(given, script);
    cr_expect_str_eq(words, "1 -d C.UTF-8\n");
    free(file);
    free(given);
    free(words);
    free(script);
}

Test(program_plot, draws_with_gnuplot)
{
    cr_assert_eq(system("gnuplot --version > /dev/null 2>&1"), 0,
                 "this test draws with gnuplot. Debian, Ubuntu: apt-get install gnuplot-nox");
    static const char *const said[] = {"<svg",
                                       "hidden units",
                                       "learning rate",
                                       "share of networks exact",
                                       "75%",
                                       "seconds until exact",
                                       "9 networks, task add",
                                       "</svg>",
                                       "sequences until exact",
                                       "training sequences seen"};
    static const char odd[] = "it's \"a\" `b` $c\\.svg";
    write_text("results.csv", results);
    write_text("results.times.csv", times);
    write_text("run.jsonl", training);
    struct program_result result =
        program_run("", (const char *const[]){"LC_ALL=C", NULL}, PROGRAM_WORDS("plot", "results.csv", "-o", odd));
    EXPECT_CODE(result, 0);
    cr_expect_null(strstr(result.err, "gnuplot"), "it said: %s", result.err);
    program_done(&result);
    char *picture = program_file(odd, NULL);
    cr_assert_not_null(picture);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; ++i)
        EXPECT_SAYS(picture, said[i]);
    cr_expect_null(strstr(picture, "GNUPLOT"));
    /* The same picture again. */
    result = PROGRAM("plot", "results.csv", "-o", "again.svg");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *again = program_file("again.svg", NULL);
    cr_expect_str_eq(again, picture);
    free(again);
    free(picture);
    /* A PNG's signature and width. */
    size_t size = 0;
    result = PROGRAM("plot", "run.jsonl", "-o", "run.png");
    EXPECT_CODE(result, 0);
    cr_expect_str_empty(result.err);
    program_done(&result);
    picture = program_file("run.png", &size);
    cr_assert(picture != NULL && size > 1000);
    cr_expect_eq(memcmp(picture, "\x89PNG\r\n\x1a\n", 8), 0);
    cr_expect_eq(memcmp(picture + 16, "\0\0\x06\x40", 4), 0, "not 1600 pixels wide");
    free(picture);
    /* Each chart alone, of a table where little is known. */
    static const char *const charts[] = {"curve", "sequences", "updates", "map"};
    write_text("one.csv", "hidden,exact,sequences,updates,lr\n0,1,0,0,0\n");
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; ++i) {
        result = PROGRAM("plot", "one.csv", "--chart", charts[i], "-o", "one.svg");
        EXPECT_CODE(result, 0);
        cr_expect_str_empty(result.err);
        program_done(&result);
    }
    cr_expect_not(folder_has("tmp-"));
}
