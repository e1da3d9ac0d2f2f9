/*
 * prove and verify on the command line: verdicts, exit codes, certificates as files, wrong sums that `carrynet run`
 * shows too, many networks of a file, and what is refused before any work. The prover itself has tests of its own.
 */
#include "program_run.h"
#include <jansson.h>
#include <signal.h>

TestSuite(program_prove, .init = program_enter, .fini = program_leave);

/* Trains networks of which the first, the third and the fourth are easily proved; the second is wrong on short sums. */
static void train_proved(const char *path, const char *nets)
{
    struct program_result result = PROGRAM("train", "--bits", "7", "--noise", "0.08", "--lr", "0.03", "--seed", "111",
                                           "--updates", "1000", "--nets", nets, "-o", path);
    cr_assert_eq(result.code, 0, "training failed:\n%s%s", result.out, result.err);
    program_done(&result);
}

/* A network that has learnt nothing yet. */
static void train_wrong(const char *path, const char *task)
{
    struct program_result result =
        PROGRAM("train", "--task", task, "--bits", "6", "--seed", "1", "--updates", "1", "-o", path);
    cr_assert_eq(result.code, 0, "training failed:\n%s%s", result.out, result.err);
    program_done(&result);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void expect_verified(int code, const char *says, const char *model, const char *certificate)
{
    struct program_result result = PROGRAM("verify", model, certificate);
    EXPECT_CODE(result, code);
    EXPECT_SAYS(result.out, says);
    program_done(&result);
    result = program_run("", NULL, (const char *const[]){CARRYNET_CHECKER, model, certificate, NULL});
    EXPECT_CODE(result, code);
    program_done(&result);
}

static json_t *json_result(struct program_result *result)
{
    json_t *object = json_loads(result->out, 0, NULL);
    cr_assert_not_null(object, "no JSON: %s", result->out);
    return object;
}

static const char *text_at(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    cr_assert_not_null(text, "no %s", name);
    return text;
}

/* ---- proved ---------------------------------------------------------------------------------------------------- */

Test(program_prove, proved_and_verified)
{
    train_proved("m", "1");
    struct program_result result = PROGRAM("prove", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "PROVED for every length\nBy ellipsoids: ");
    EXPECT_SAYS(result.out, "Wrote m.cert\n");
    program_done(&result);
    expect_verified(0, "network 0: accepted, ", "m", "m.cert");
    result = PROGRAM("prove", "m", "--by", "all", "--states", "1000", "-o", "all.cert");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "By exhaustion: open, more than 1000 reachable states");
    program_done(&result);
    expect_verified(0, "PROVED for every length", "m", "all.cert");
    result = PROGRAM("prove", "m", "--net", "0"); /* the only one there is */
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Wrote m.cert\n");
    program_done(&result);
    /* For any program's arithmetic as well; and on a task by another name. */
    result = PROGRAM("prove", "m", "--arithmetic", "any", "--task", "add", "-o", "any.cert");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "in any program's arithmetic");
    program_done(&result);
    expect_verified(0, "in any program's", "m", "any.cert");
    /* What one task's table proves is not another's. */
    result = PROGRAM("verify", "m", "m.cert", "--task", "sub");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "rejected: it is for another task");
    program_done(&result);
}

Test(program_prove, json_says_the_same)
{
    train_proved("m", "1");
    struct program_result result = PROGRAM("prove", "m", "--json");
    EXPECT_CODE(result, 0);
    json_t *proved = json_result(&result);
    program_done(&result);
    result = PROGRAM("verify", "m", "m.cert", "--json");
    EXPECT_CODE(result, 0);
    json_t *verified = json_result(&result);
    program_done(&result);
    json_t *network = json_array_get(json_object_get(proved, "networks"), 0);
    json_t *certificate = json_object_get(network, "certificate");
    json_t *checked = json_array_get(json_object_get(verified, "checked"), 0);
    cr_expect_str_eq(text_at(network, "verdict"), "proved");
    cr_expect_str_eq(text_at(proved, "certificates"), "m.cert");
    cr_expect_eq(json_integer_value(json_object_get(network, "seed")), 111);
    cr_expect_str_eq(text_at(certificate, "digest"), text_at(checked, "digest"));
    static const char *const same[] = {"arithmetic", "cells", "depth", "steps", "margin", "error"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; ++i)
        cr_expect(json_equal(json_object_get(certificate, same[i]), json_object_get(checked, same[i])), "%s", same[i]);
    size_t size = 0;
    free(program_file("m.cert", &size));
    cr_expect_eq((size_t)json_integer_value(json_object_get(certificate, "bytes")), size);
    json_decref(proved);
    json_decref(verified);
}

Test(program_prove, certificates_that_do_not_fit)
{
    train_proved("m", "1");
    train_wrong("other", "add");
    struct program_result result = PROGRAM("prove", "m", "-o", "c");
    EXPECT_CODE(result, 0);
    program_done(&result);
    expect_verified(1, "rejected: it is for another network", "other", "c");
    size_t size = 0;
    char *text = program_file("c", &size);
    program_write("short", text, size / 2);
    EXPECT_ERROR(4, "short: ", "verify", "m", "short");
    program_write("garbage", "garbage\n", 8);
    EXPECT_ERROR(4, "garbage: ", "verify", "m", "garbage");
    program_write("empty", "", 0);
    EXPECT_ERROR(4, "empty: is empty", "verify", "m", "empty");
    EXPECT_ERROR(4, "nowhere: cannot open", "verify", "m", "nowhere");
    EXPECT_ERROR(4, "nowhere: cannot open", "verify", "nowhere", "c");
    char *number = strstr(text + size / 2, "0x1.");
    cr_assert_not_null(number);
    number[4] = number[4] == '5' ? '7' : '5';
    program_write("changed", text, size);
    expect_verified(1, "rejected: its digest", "m", "changed");
    free(text);
}

Test(program_prove, eval_says_what_is_proved)
{
    train_proved("m", "1");
    train_wrong("other", "add");
    struct program_result result = PROGRAM("prove", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("eval", "m", "--proof", "m.cert");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "4096 of 4096 sums right\nProved for every length (");
    EXPECT_SAYS(result.out, "; m.cert)");
    program_done(&result);
    result = PROGRAM("eval", "m", "--proof", "m.cert", "--json");
    EXPECT_CODE(result, 0);
    json_t *object = json_result(&result);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(object, "proof"), "proved")), 1);
    json_decref(object);
    program_done(&result);
    result = PROGRAM("prove", "m", "--arithmetic", "any", "-o", "m.cert");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("eval", "other", "--proof", "m.cert");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "Rejected: m.cert, line 1: it is for another network");
    program_done(&result);
    EXPECT_ERROR(4, "nowhere: cannot open", "eval", "m", "--proof", "nowhere");
}

/* ---- refuted --------------------------------------------------------------------------------------------------- */

Test(program_prove, refuted)
{
    train_wrong("m", "add");
    program_write("m.cert", "old\n", 4);
    struct program_result result = PROGRAM("prove", "m");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "REFUTED\n");
    EXPECT_SAYS(result.out, ", but the network says ");
    cr_expect_null(strstr(result.out, "PROVED"));
    EXPECT_SAYS(result.err, "m.cert is left as it was");
    program_done(&result);
    char *old = program_file("m.cert", NULL);
    cr_expect_str_eq(old, "old\n");
    free(old);
}

/* `carrynet run` gives the wrong result that prove shows. */
static void expect_run_alike(const char *model, json_t *network)
{
    const char *words[] = {CARRYNET_PROGRAM, "run", model, NULL, NULL, NULL, NULL, NULL};
    json_t *wrong = json_object_get(network, "wrong"), *operands = json_object_get(wrong, "operands");
    json_t *given = json_object_get(wrong, "given"), *right = json_object_get(wrong, "right");
    cr_assert_not_null(wrong);
    cr_expect_not(json_equal(given, right));
    for (size_t i = 0; i < json_array_size(operands); ++i)
        words[3 + i] = json_string_value(json_array_get(operands, i));
    struct program_result result = program_run("", (const char *const[]){"CARRYNET_DEVICE=reference", NULL}, words);
    EXPECT_CODE(result, 0);
    result.out[strcspn(result.out, "\n")] = '\0';
    cr_expect_str_eq(result.out, json_string_value(json_array_get(given, 0)), "%s", model);
    program_done(&result);
}

Test(program_prove, wrong_sums_run)
{
    static const char *const tasks[] = {"add", "sub", "add3", "times3", "parity", "delay2"};
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) {
        train_wrong("m", tasks[i]);
        struct program_result result = PROGRAM("prove", "m", "--json");
        EXPECT_CODE(result, 1);
        json_t *object = json_result(&result);
        expect_run_alike("m", json_array_get(json_object_get(object, "networks"), 0));
        json_decref(object);
        program_done(&result);
    }
    /* Exact on all it was trained on, so that its wrong sums are long. */
    struct program_result result = PROGRAM("train", "--task", "sub", "--seed", "1", "--lr", "0.3", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("prove", "m", "--json", "--states", "1000", "--budget", "1000");
    cr_expect(result.code == 1 || result.code == 5 || result.code == 0);
    json_t *object = json_result(&result), *network = json_array_get(json_object_get(object, "networks"), 0);
    if (result.code == 1)
        expect_run_alike("m", network);
    json_decref(object);
    program_done(&result);
}

/* ---- unknown --------------------------------------------------------------------------------------------------- */

Test(program_prove, unknown)
{
    train_proved("m", "1");
    struct program_result result = PROGRAM("prove", "m", "--by", "exhaustion", "--states", "1000", "-o", "c");
    EXPECT_CODE(result, 5);
    EXPECT_SAYS(result.out, "UNKNOWN: more than 1000 reachable states; try ");
    cr_expect_not(is_there("c"));
    program_done(&result);
    result = PROGRAM("prove", "m", "--seconds", "0.000001");
    EXPECT_CODE(result, 5);
    EXPECT_SAYS(result.out, "UNKNOWN: stopped by --seconds 1e-06; try more");
    program_done(&result);
    result = PROGRAM("prove", "m", "--by", "ellipsoids", "--budget", "1", "--json");
    EXPECT_CODE(result, 5);
    json_t *object = json_result(&result), *network = json_array_get(json_object_get(object, "networks"), 0);
    cr_expect_str_eq(text_at(network, "verdict"), "unknown");
    EXPECT_SAYS(text_at(network, "reason"), "try ");
    cr_expect(json_is_null(json_object_get(object, "certificates")));
    json_decref(object);
    program_done(&result);
    cr_expect_not(is_there("m.cert"));
}

Test(program_prove, stops_at_a_signal)
{
    static const int signals[] = {SIGINT, SIGTERM};
    const struct timespec moment = {.tv_nsec = 500000000};
    train_proved("m", "1");
    for (size_t i = 0; i < 2; ++i) {
        program_write("in.txt", "", 0);
        const pid_t child = program_start((const char *const[]){"CARRYNET_DEVICE=reference", NULL},
                                          PROGRAM_WORDS("prove", "m", "--by", "exhaustion", "--states", "20000000"));
        program_wait_until_said("Exhaustion takes up to ");
        (void)nanosleep(&moment, NULL); /* until the device is open: before that a signal ends the program at once */
        cr_assert_eq(kill(child, signals[i]), 0);
        struct program_result result = program_wait(child);
        EXPECT_CODE(result, 128 + signals[i]);
        EXPECT_SAYS(result.out, "UNKNOWN: stopped before the end");
        program_done(&result);
    }
}

/* ---- many networks --------------------------------------------------------------------------------------------- */

Test(program_prove, many_networks)
{
    train_proved("m", "4");
    struct program_result result = PROGRAM("prove", "m", "-o", "c");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "Network 0, seed 111: PROVED, ");
    EXPECT_SAYS(result.out, "Network 1, seed 112: REFUTED, ");
    EXPECT_SAYS(result.out, "3 of 4 networks proved, 1 refuted, 0 unknown\nWrote 3 certificates to c\n");
    program_done(&result);
    expect_verified(1, "3 of 4 networks PROVED for every length\nNot proved: network 1\n", "m", "c");
    result = PROGRAM("eval", "m", "--proof", "c");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "3 of 4 networks proved for every length (c)");
    program_done(&result);
    result = PROGRAM("eval", "m", "--net", "3", "--proof", "c");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Proved for every length (");
    program_done(&result);
    result = PROGRAM("prove", "m", "--net", "2", "-o", "one");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Network 2, seed 113\nPROVED for every length");
    program_done(&result);
    /* One network's certificate is the same among many and alone. */
    char *all = program_file("c", NULL), *one = program_file("one", NULL);
    cr_expect_not_null(strstr(all, one));
    free(one);
    /* Without -o it has a file of its own, and that of all networks stays. */
    result = PROGRAM("prove", "m");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "Wrote 3 certificates to m.cert\n");
    program_done(&result);
    result = PROGRAM("prove", "m", "--net", "2");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Wrote m.2.cert\n");
    program_done(&result);
    one = program_file("m.cert", NULL);
    cr_expect_str_eq(one, all);
    free(all);
    free(one);
    expect_verified(1, "1 of 4 networks PROVED for every length", "m", "m.2.cert");
    result = PROGRAM("prove", "m", "--net", "3", "--json");
    EXPECT_CODE(result, 0);
    json_t *json = json_result(&result);
    program_done(&result);
    cr_expect_str_eq(text_at(json, "certificates"), "m.3.cert");
    json_decref(json);
}

Test(program_prove, the_first_wrong_sum_of_many)
{
    struct program_result result = PROGRAM("train", "--nets", "3", "--bits", "4", "--updates", "1", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    for (int all = 0; all < 2; ++all) {
        result = all != 0 ? PROGRAM("prove", "m", "--all") : PROGRAM("prove", "m");
        EXPECT_CODE(result, 1);
        int shown = 0;
        for (const char *at = result.out; (at = strstr(at, "the network says")) != NULL; ++at)
            ++shown;
        cr_expect_eq(shown, all != 0 ? 3 : 1, "%s", result.out);
        EXPECT_SAYS(result.out, "0 of 3 networks proved, 3 refuted, 0 unknown\n");
        program_done(&result);
    }
    cr_expect_not(is_there("m.cert"));
}

/* ---- refused --------------------------------------------------------------------------------------------------- */

Test(program_prove, refused_before_any_work)
{
    train_wrong("m", "add");
    EXPECT_ERROR(4, "nowhere/c", "prove", "m", "-o", "nowhere/c");
    EXPECT_ERROR(2, "-o names m, which it reads", "prove", "m", "-o", "m");
    EXPECT_ERROR(4, "nowhere: cannot open", "prove", "nowhere");
    EXPECT_ERROR(2, "task add3 has 3 and 1", "prove", "m", "--task", "add3");
    EXPECT_ERROR(2, "did you mean 'parity'", "prove", "m", "--task", "party");
    EXPECT_ERROR(2, "--net is 1, but m has one network", "prove", "m", "--net", "1");
    EXPECT_ERROR(2, "did you mean 'ellipsoids'", "prove", "m", "--by", "elipsoids");
    EXPECT_ERROR(2, "--arithmetic any needs ellipsoids", "prove", "m", "--by", "exhaustion", "--arithmetic", "any");
    EXPECT_ERROR(2, "--arithmetic is 'numpy'", "prove", "m", "--arithmetic", "numpy");
    EXPECT_ERROR(2, "--budget is '0'", "prove", "m", "--budget", "0");
    EXPECT_ERROR(2, "--states is '-1'", "prove", "m", "--states=-1");
    EXPECT_ERROR(2, "--seconds is 'soon'", "prove", "m", "--seconds", "soon");
    EXPECT_ERROR(2, "did you mean '--budget'", "prove", "m", "--bugdet", "9");
    EXPECT_ERROR(2, "did you mean 'prove'", "proof", "m");
    EXPECT_ERROR(2, "the name of a model file is missing", "prove");
    EXPECT_ERROR(2, "it needs a model file and a certificate", "verify", "m");
    EXPECT_ERROR(3, "no device", "prove", "m", "--device", "nosuch");
}
