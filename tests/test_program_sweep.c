/*
 * carrynet sweep, merge and reproduce as a user meets them: tables that do not depend on how they were made, refusals that
 * lose nothing, rows that are checked. What the tables hold is tested in test_sweep.c.
 */
#include "program_run.h"
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

TestSuite(program_sweep, .init = program_enter, .fini = program_leave, .timeout = 300);

/* A sweep of 12 small networks. */
#define SMALL "sweep", "--bits", "4", "--batch", "16", "--hidden", "2,12", "--lr", "0.05,0.1", "--seeds", "3"
#define SHORT SMALL, "--sequences", "3200"

#define EXPECT_DONE(...)                                                                                               \
    do {                                                                                                               \
        struct program_result done_result = PROGRAM(__VA_ARGS__);                                                      \
        EXPECT_CODE(done_result, 0);                                                                                   \
        program_done(&done_result);                                                                                    \
    } while (0)

static void expect_same(const char *a, const char *b)
{
    size_t sizes[2] = {0};
    char *bytes[2] = {program_file(a, &sizes[0]), program_file(b, &sizes[1])};
    cr_assert(bytes[0] != NULL && bytes[1] != NULL, "%s or %s is not there", a, b);
    cr_expect(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%s and %s differ", a, b);
    free(bytes[0]);
    free(bytes[1]);
}

static json_t *expect_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    cr_assert_not_null(value, "no JSON: %s in:\n%s", error.text, text);
    return value;
}

static json_int_t whole(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    cr_assert(json_is_integer(value), "no whole number '%s'", name);
    return json_integer_value(value);
}

/* ---- good ones ------------------------------------------------------------------------------------------------- */

Test(program_sweep, writes_one_table_however_it_is_made)
{
    struct program_result result = PROGRAM(SHORT, "-o", "whole.csv");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "Device: reference");
    EXPECT_SAYS(result.err, "12 of 12 networks done");
    EXPECT_SAYS(result.out, " of 12 networks exact\nWrote whole.csv\n");
    program_done(&result);
    char *table = program_file("whole.csv", NULL), *times = program_file("whole.times.csv", NULL);
    cr_assert(table != NULL && times != NULL);
    cr_expect_eq(strncmp(table,
                         "row,of,sweep,task,bits,hidden,bias,precision,batch,loss,optimizer,schedule,lr,momentum,decay,"
                         "epsilon,clip,noise,scale,seed,check_every,max_updates,arithmetic,defaults,exact,updates,"
                         "sequences,bit_error,digest\n1,12,",
                         206),
                 0, "%s", table);
    EXPECT_SAYS(table, ",add,4,2,0,fp32,16,cross-entropy,adam,constant,0.05,0.9,0.999,1e-08,0,0,1,0,64,200,1,");
    EXPECT_SAYS(times, "row,seconds\n1,");
    free(table);
    free(times);

    EXPECT_DONE(SHORT, "-o", "waves.csv", "--wave", "2", "-q");
    expect_same("whole.csv", "waves.csv");
    static const char *const shards[] = {"1/3", "2/3", "3/3"}, *const parts[] = {"p1.csv", "p2.csv", "p3.csv"};
    for (size_t i = 0; i < 3; ++i)
        EXPECT_DONE(SHORT, "-o", parts[i], "--shard", shards[i], "-q");
    EXPECT_DONE("merge", "p3.csv", "p1.csv", "p2.csv", "-o", "joined.csv");
    expect_same("whole.csv", "joined.csv");
    EXPECT_DONE("merge", "whole.csv", "-o", "alone.csv", "--json", "-q");
    expect_same("whole.csv", "alone.csv");

    /* A table that is whole stays as it is. */
    EXPECT_DONE(SHORT, "-o", "joined.csv", "--resume");
    expect_same("whole.csv", "joined.csv");
    EXPECT_DONE(SHORT, "-o", "new.csv", "--resume", "-q");
    expect_same("whole.csv", "new.csv");
}

Test(program_sweep, speaks_json)
{
    struct program_result result = PROGRAM(SHORT, "--json", "-q");
    EXPECT_CODE(result, 0);
    cr_expect_str_empty(result.err);
    json_t *value = expect_json(result.out);
    cr_expect_str_eq(json_string_value(json_object_get(value, "results")), "sweep.csv");
    cr_expect_eq(whole(value, "rows"), 12);
    cr_expect_eq(whole(value, "finished"), 12);
    cr_expect_geq(whole(value, "exact"), 1);
    cr_expect(json_is_false(json_object_get(value, "stopped")));
    cr_expect_eq(strlen(json_string_value(json_object_get(value, "sweep"))), 16);
    json_decref(value);
    program_done(&result);

    result = PROGRAM("reproduce", "sweep.csv", "12", "--json", "-q");
    EXPECT_CODE(result, 0);
    value = expect_json(result.out);
    cr_expect(json_is_true(json_object_get(value, "equal")));
    cr_expect_str_eq(json_string_value(json_object_get(value, "model")), "row-12.safetensors");
    json_decref(value);
    program_done(&result);

    result = PROGRAM(SHORT, "--dry-run", "--json");
    EXPECT_CODE(result, 0);
    value = expect_json(result.out);
    cr_expect_eq(whole(value, "networks"), 12);
    cr_expect_eq(whole(value, "groups"), 2);
    cr_expect_gt(whole(value, "memory"), 0);
    cr_expect(json_is_real(json_object_get(value, "seconds_at_most")));
    json_decref(value);
    program_done(&result);
}

Test(program_sweep, says_what_it_would_take)
{
    struct program_result result =
        PROGRAM("sweep", "--bits", "4", "--random", "20", "--lr", "0.01..1", "--noise", "0..0.1", "--optimizer",
                "sgd,adam", "--loss", "squared,cross-entropy", "--seeds", "5", "--dry-run");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Device: reference");
    EXPECT_SAYS(result.out, "100 networks to train, in 4 groups");
    EXPECT_SAYS(result.out, "Memory: ");
    EXPECT_SAYS(result.out, "Time: about ");
    EXPECT_SAYS(result.out, "plus the time to build kernels for 4 groups");
    cr_expect_neq(access("sweep.csv", F_OK), 0, "a dry run wrote a file");
    program_done(&result);
}

/* ---- remaking -------------------------------------------------------------------------------------------------- */

/* The table with `to` in place of the first `from` of a line, counted from 0 at the header. */
static void forge(const char *path, const char *text, size_t line, const char *from, const char *to)
{
    const char *start = text;
    for (; line > 0; --line)
        start = strchr(start, '\n') + 1;
    const char *at = strstr(start, from);
    cr_assert_not_null(at);
    const size_t size = strlen(text) - strlen(from) + strlen(to);
    char *forged = malloc(size + 1);
    (void)snprintf(forged, size + 1, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    program_write(path, forged, size);
    free(forged);
}

Test(program_sweep, reproduces_and_exposes_forgeries)
{
    struct program_result devices = PROGRAM("devices", "--json");
    json_t *listed = expect_json(devices.out);
    const char *device =
        json_string_value(json_object_get(json_array_get(json_object_get(listed, "devices"), 0), "device"));
    program_done(&devices);
    EXPECT_DONE(SHORT, "-q");
    struct program_result result = PROGRAM("reproduce", "sweep.csv", "8");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Row 8: the same bits");
    EXPECT_SAYS(result.out, "Wrote row-8.safetensors");
    program_done(&result);
    if (device == NULL) {
        printf("\nSKIP: no OpenCL device: rows were reproduced on the reference alone\n");
        (void)fflush(stdout);
    } else {
        EXPECT_DONE("reproduce", "sweep.csv", "8", "-o", "device", "--device", device, "-q");
        expect_same("row-8.safetensors", "device");
    }
    /* As the same command line of train has it. */
    result = PROGRAM("train", "--bits", "4", "--batch", "16", "--hidden", "12", "--lr", "0.05", "--seed", "1",
                     "--max-updates", "200", "--check-every", "64", "-o", "trained", "-q");
    program_done(&result);
    expect_same("row-8.safetensors", "trained");

    char *text = program_file("sweep.csv", NULL), *line = text, digest[17];
    for (int i = 0; i < 8; ++i)
        line = strchr(line, '\n') + 1;
    const char *end = strchr(line, '\n');
    (void)snprintf(digest, sizeof digest, "%.16s", end - 16);
    forge("digest.csv", text, 8, digest, "0123456789abcdef");
    forge("seed.csv", text, 8, ",1,64,200,", ",5,64,200,");
    forge("rate.csv", text, 8, ",0.05,", ",0.050000000000000003,");
    forge("noise.csv", text, 8, ",0,1,1,64,", ",0.01,1,1,64,");
    result = PROGRAM("reproduce", "digest.csv", "8");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.err, "row 8 of digest.csv: digest is 0123456789abcdef, but training gives ");
    EXPECT_SAYS(result.out, "NOT what the table says");
    program_done(&result);
    result = PROGRAM("reproduce", "seed.csv", "8", "-q");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.err, "digest is ");
    program_done(&result);
    result = PROGRAM("reproduce", "noise.csv", "8", "-q", "--json");
    EXPECT_CODE(result, 1);
    json_t *value = expect_json(result.out);
    cr_expect(json_is_false(json_object_get(value, "equal")));
    cr_expect_geq(json_array_size(json_object_get(value, "different")), 1);
    json_decref(value);
    program_done(&result);
    EXPECT_DONE("reproduce", "rate.csv", "8", "-q"); /* the same number in more digits */
    forge("task.csv", text, 8, ",add,", ",mul,");
    EXPECT_ERROR(4, "task.csv: line 9: column task is 'mul'", "reproduce", "task.csv", "8");
    forge("version.csv", text, 8, ",200,1,", ",200,7,");
    EXPECT_ERROR(4, "version.csv: line 9: column arithmetic is '7'", "reproduce", "version.csv", "8");
    EXPECT_ERROR(4, "row 13 is not in it; the sweep has rows 1 to 12", "reproduce", "sweep.csv", "13");
    EXPECT_ERROR(4, "line 1 is not the header", "reproduce", "row-8.safetensors", "1");
    EXPECT_ERROR(4, "nothing.csv: cannot open", "reproduce", "nothing.csv", "1");
    EXPECT_ERROR(2, "-o names the table", "reproduce", "sweep.csv", "1", "-o", "./sweep.csv");
    result = PROGRAM("reproduce", "sweep.csv", "01", "-q");
    EXPECT_SAYS(result.out, "Row 1: ");
    program_done(&result);
    EXPECT_ERROR(2, "ROW is '0'", "reproduce", "sweep.csv", "0");
    EXPECT_ERROR(2, "ROW is 'one'", "reproduce", "sweep.csv", "one");
    EXPECT_ERROR(2, "the number of a row", "reproduce", "sweep.csv");
    free(text);
    json_decref(listed);
}

/* ---- stopping -------------------------------------------------------------------------------------------------- */

/* Stopped before any row is finished; test_sweep.c stops in between. */
Test(program_sweep, keeps_what_is_finished_when_it_is_stopped)
{
    static const int signals[] = {SIGINT, SIGTERM};
#define LONG "sweep", "--bits", "4", "--hidden", "2,3", "--batch", "16,64", "--check-every", "1000000"
    for (size_t i = 0; i < 2; ++i) {
        (void)unlink("sweep.csv");
        (void)unlink("sweep.times.csv");
        (void)unlink("err.txt");
        program_write("in.txt", "", 0);
        const pid_t child = program_start((const char *const[]){"CARRYNET_DEVICE=reference", NULL},
                                          PROGRAM_WORDS(LONG, "--sequences", "4000000000"));
        program_wait_until_said("networks done");
        cr_assert_eq(kill(child, signals[i]), 0);
        struct program_result result = program_wait(child);
        EXPECT_CODE(result, 128 + signals[i]);
        EXPECT_SAYS(result.out, "Stopped early; wrote what is finished to sweep.csv");
        EXPECT_SAYS(result.err, "--resume goes on: 4 of 4 networks are left");
        program_done(&result);
        struct program_result again = PROGRAM(LONG, "--sequences", "100", "--resume");
        EXPECT_CODE(again, 0); /* nothing of the other sweep is in it */
        program_done(&again);
    }
}

/* ---- bad ones -------------------------------------------------------------------------------------------------- */

Test(program_sweep, refuses_wrong_options)
{
    static const char *const options[] = {"--hidden", "--lr", "--optimizer", "--loss", "--noise", "--batch"};
    static const char *const lists[][3] = {{"2,", ",2", "2,,3"},       {"0.1,", ",0.1", "0.1,,1"},
                                           {"sgd,", ",sgd", "a,,b"},   {"squared,", ",squared", "x,,y"},
                                           {"0.1,", ",0.1", "0.1,,1"}, {"64,", ",64", "64,,32"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; ++i) {
        EXPECT_ERROR(2, options[i], "sweep", options[i], "");
        for (size_t k = 0; k < 3; ++k)
            EXPECT_ERROR(2, options[i], "sweep", options[i], lists[i][k]);
    }
    static const char *const rates[] = {
        "nan",   "0.1,nan", "inf",      "0x1",           "0",      "-1",           "1e400",
        "0.1..", "..0.1",   "0.3..0.1", "0.1..0.2..0.3", "nan..1", "0.1..0.2,0.3", "0.1 ,0.2"};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; ++i)
        EXPECT_ERROR(2, "--lr is '", "sweep", "--lr", rates[i], "--random", "3");
    EXPECT_ERROR(2, "but must be numbers from 1e-12 to 1000000 with commas between them, such as 0.1,0.3", "sweep",
                 "--lr", "0.1,nan");
    EXPECT_ERROR(2, "the first is larger", "sweep", "--lr", "1..0.1", "--random", "3");
    EXPECT_ERROR(2, "--hidden is '2..4', but takes a list, such as 2,3,4", "sweep", "--hidden", "2..4");
    EXPECT_ERROR(2, "--momentum is '1', but must be a number from 0 to below 1", "sweep", "--momentum", "1");
    EXPECT_ERROR(2, "must be 0 or at least 2^-30", "sweep", "--noise", "0..1e-12", "--random", "3");
    EXPECT_ERROR(2, "sequences is 4294967296000, must be below 274877906944 with batch 64", "sweep", "--sequences",
                 "4294967296000");
    EXPECT_ERROR(2, "--noise is 'nan', but must be numbers from 0 to 1", "sweep", "--noise", "nan");
    EXPECT_ERROR(2, "--hidden is '2,1025', but must be whole numbers from 1 to 1024", "sweep", "--hidden", "2,1025");
    EXPECT_ERROR(2, "did you mean 'adam'?", "sweep", "--optimizer", "sgd,adm");
    EXPECT_ERROR(2, "--loss is '', which is not known", "sweep", "--loss", "squared,,squared");
    EXPECT_ERROR(2, "--lr 0.01..1 is a range, from which --random N draws; without --random give a list", "sweep",
                 "--lr", "0.01..1");
    EXPECT_ERROR(2, "--noise 0..1 is a range", "sweep", "--noise", "0..1");
    EXPECT_ERROR(2, "--momentum means nothing to --optimizer sgd,rmsprop", "sweep", "--optimizer", "sgd,rmsprop",
                 "--momentum", "0.5");
    EXPECT_ERROR(2, "--seeds is '0'", "sweep", "--seeds", "0");
    EXPECT_ERROR(2, "--random is '0'", "sweep", "--random", "0");
    EXPECT_ERROR(2, "--sequences is '0'", "sweep", "--sequences", "0");
    EXPECT_ERROR(2, "33554432 networks are more than the 16777216 that a sweep can have", "sweep", "--seeds",
                 "16777216", "--hidden", "2,3");
    EXPECT_ERROR(2, "leaves no seeds", "sweep", "--seed", "18446744073709551615", "--seeds", "2");
    static const char *const shards[] = {"0/3", "4/3", "1/0", "0/0", "1", "/3", "1/", "a/b", "1/3/5", "-1/3", "1/ 3"};
    for (size_t i = 0; i < sizeof shards / sizeof shards[0]; ++i)
        EXPECT_ERROR(2, "but must be I/N with I from 1 to N, such as 1/4", "sweep", "--shard", shards[i]);
    EXPECT_ERROR(2, "the names of the parts are missing", "merge");
    EXPECT_ERROR(4, "cannot write there", "sweep", "--sequences", "1", "-o", "nowhere/x.csv");
    EXPECT_ERROR(4, "cannot open", "merge", "nothing.csv");
    cr_expect_neq(access("sweep.csv", F_OK), 0, "a refused command wrote a file");
}

/* Little work, so that all would train together. */
#define HUGE_SWEEP "sweep", "--hidden", "1024", "--seeds", "16384", "--bits", "2", "--sequences", "1"

Test(program_sweep, refuses_more_than_memory)
{
    static const char *const tried[][2] = {{"-q", "-q"}, {"--dry-run", "-q"}};
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_ERROR(3, "16384 networks, hidden 1024", HUGE_SWEEP, tried[i][0]);
        EXPECT_ERROR(3, "--wave W trains at most W networks at a time", HUGE_SWEEP, tried[i][0]);
    }
    /* Alone already. */
    struct program_result result = PROGRAM("sweep", "--hidden", "1024", "--batch", "1000000", "--bits", "100000");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.err, "Try a smaller --hidden");
    cr_expect_null(strstr(result.err, "--wave"));
    program_done(&result);
    cr_expect_neq(access("sweep.csv", F_OK), 0, "nothing was finished, but a file was written");
}

Test(program_sweep, takes_no_name_that_is_taken)
{
#define QUICK "sweep", "--bits", "3", "--hidden", "2", "--sequences", "64", "-q"
    EXPECT_ERROR(2, "must be NAME.csv", QUICK, "-o", "x.times.csv");
    EXPECT_ERROR(2, "must be NAME.csv", QUICK, "-o", "x");
    EXPECT_ERROR(2, "must be NAME.csv", QUICK, "-o", ".csv");
    EXPECT_ERROR(2, "-o is /dev/null, but the table is written with NAME.times.csv beside it", QUICK, "-o",
                 "/dev/null");
    EXPECT_ERROR(4, ".: cannot write there: is a folder", QUICK, "-o", ".");
    program_write("x.times.csv", "mine", 4);
    EXPECT_ERROR(2, "x.times.csv is there already; choose another -o", QUICK, "-o", "x.csv");
    EXPECT_DONE(QUICK, "-o", "y.csv");
    EXPECT_ERROR(2, "x.times.csv is there already; choose another -o", "merge", "y.csv", "-o", "x.csv");
    EXPECT_ERROR(4, ".: cannot write there: is a folder", "merge", "y.csv", "-o", ".");
    EXPECT_ERROR(2, "must be NAME.csv", "merge", "y.csv", "-o", "z");
    char *kept = program_file("x.times.csv", NULL);
    cr_expect_str_eq(kept, "mine");
    free(kept);
    cr_assert_eq(mkdir("d.times.csv", 0700), 0);
    EXPECT_ERROR(2, "d.times.csv is there already", QUICK, "-o", "d.csv");

    /* While one runs, another is refused. */
    (void)unlink("err.txt");
    program_write("in.txt", "", 0);
    const pid_t child = program_start((const char *const[]){"CARRYNET_DEVICE=reference", NULL},
                                      PROGRAM_WORDS(LONG, "--sequences", "4000000000", "-o", "a.csv"));
    program_wait_until_said("networks done");
    cr_assert_eq(rename("out.txt", "out1.txt"), 0);
    cr_assert_eq(rename("err.txt", "err1.txt"), 0);
    EXPECT_ERROR(2, "a.csv is there already", QUICK, "-o", "a.csv");
    cr_assert_eq(kill(child, SIGHUP), 0);
    cr_assert_eq(rename("out1.txt", "out.txt"), 0);
    cr_assert_eq(rename("err1.txt", "err.txt"), 0);
    struct program_result result = program_wait(child);
    EXPECT_CODE(result, 128 + SIGHUP);
    program_done(&result);
}

/* No file may grow beyond the header and a row. */
Test(program_sweep, says_once_that_saving_failed)
{
    const struct rlimit limit = {512, 512};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct program_result result = PROGRAM(SHORT, "-q");
    EXPECT_CODE(result, 4);
    cr_expect_str_eq(result.err, "carrynet: sweep.csv: cannot write: File too large\n");
    cr_expect_str_empty(result.out);
    program_done(&result);
    cr_expect_neq(access("sweep.csv", F_OK), 0, "a file without a row was left");
}

Test(program_sweep, refuses_tables_that_do_not_fit)
{
#define TINY "sweep", "--bits", "3", "--hidden", "2", "--seeds", "4", "--sequences", "64", "-q"
    EXPECT_DONE(TINY);
    EXPECT_DONE(TINY, "-o", "copy.csv");
    EXPECT_ERROR(2, "sweep.csv is there already; --resume goes on with it, or choose another -o", TINY);
    EXPECT_ERROR(2, "sweep.csv is there already", "merge", "copy.csv");
    EXPECT_ERROR(4, "sweep.csv: line 2: column seed is 0 in the file, 1 by these options", TINY, "--resume", "--seed",
                 "1");
    EXPECT_ERROR(4, "sweep.csv: line 3: row 2 belongs to shard 2 of 2, not to 1", TINY, "--resume", "--shard", "1/2");
    expect_same("sweep.csv", "copy.csv");
    program_write("other.csv", "a,b\n1,2\n", 8);
    EXPECT_ERROR(4, "other.csv: line 1 is not the header of a sweep's results", TINY, "--resume", "-o", "other.csv");
    EXPECT_ERROR(4, "other.csv: line 1 is not the header", "merge", "sweep.csv", "other.csv", "-o", "new.csv");

    EXPECT_DONE(TINY, "-o", "p1.csv", "--shard", "1/3");
    EXPECT_DONE(TINY, "-o", "p2.csv", "--shard", "2/3");
    EXPECT_DONE(TINY, "-o", "q2.csv", "--shard", "2/2");
    EXPECT_DONE(TINY, "-o", "x3.csv", "--shard", "3/3", "--seed", "9");
    EXPECT_ERROR(4, "1 of 4 rows is in none of the files, the first is row 3; add the shard that has it", "merge",
                 "p1.csv", "p2.csv", "-o", "new.csv");
    EXPECT_ERROR(4, "row 2 is in p2.csv and in q2.csv; give each shard once", "merge", "p1.csv", "p2.csv", "q2.csv",
                 "-o", "new.csv");
    EXPECT_ERROR(4, "p1.csv is given twice", "merge", "p1.csv", "p1.csv", "-o", "new.csv");
    EXPECT_ERROR(4, "only parts of one sweep can be joined", "merge", "p1.csv", "p2.csv", "x3.csv", "-o", "new.csv");
    EXPECT_ERROR(4, "p1.csv and ./p1.csv are one file", "merge", "p1.csv", "./p1.csv", "-o", "new.csv");
    EXPECT_DONE(TINY, "-o", "more.csv", "--sequences", "128", "--shard", "2/3");
    EXPECT_ERROR(4, "max_updates is 1 in p1.csv, 2 in more.csv", "merge", "p1.csv", "more.csv", "-o", "new.csv");
    cr_expect_neq(access("new.csv", F_OK), 0, "a refused merge wrote a file");
}
