/*
 * --until proved as a user meets it: the certificate beside the model, which the checker accepts; what is said where a
 * proof is not reached; sweeps and reproduce.
 */
#include "program_run.h"
#include <carrynet/prove.h>
#include <jansson.h>

TestSuite(program_proved, .init = program_enter, .fini = program_leave, .timeout = 300);

/* Proved after some hundred updates; and a network that cannot learn its task. */
#define SMALL "train", "--until", "proved", "--task", "tomita1", "--hidden", "6"
#define HOPELESS "train", "--until", "proved", "--task", "tomita1", "--hidden", "1", "--max-updates", "40"

static struct program_result check(const char *model, const char *certificate)
{
    return program_run("", NULL, (const char *const[]){CARRYNET_CHECKER, model, certificate, NULL});
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static json_t *expect_json(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, 0, &error);
    cr_assert_not_null(value, "no JSON: %s in:\n%s", error.text, text);
    return value;
}

Test(program_proved, writes_a_certificate_beside_the_model)
{
    struct program_result result = PROGRAM(SMALL, "-o", "a model.st", "--log", "log.jsonl");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, ", until proved or 20000 updates");
    EXPECT_SAYS(result.err, ", noise 0.0");
    EXPECT_SAYS(result.err, "Next: carrynet verify 'a model.st' 'a model.st'.cert");
    EXPECT_SAYS(result.out, "PROVED for every length: ");
    EXPECT_SAYS(result.out, "Wrote a model.st\nWrote a model.st.cert\n");
    program_done(&result);
    char *log = program_file("log.jsonl", NULL);
    EXPECT_SAYS(log, "\"proved\": 1");
    free(log);
    result = check("a model.st", "a model.st.cert");
    EXPECT_CODE(result, 0);
    program_done(&result);

    result = PROGRAM(SMALL, "-q", "--json");
    EXPECT_CODE(result, 0);
    cr_expect_str_empty(result.err);
    json_t *value = expect_json(result.out);
    const json_t *settings = json_object_get(value, "settings");
    cr_expect_eq(json_integer_value(json_object_get(value, "proved")), 1);
    cr_expect_str_eq(json_string_value(json_object_get(value, "certificate")), "tomita1.safetensors.cert");
    cr_expect_str_eq(json_string_value(json_object_get(settings, "until")), "proved");
    cr_expect_eq(json_integer_value(json_object_get(settings, "prover")), CARRYNET_PROVER_VERSION);
    json_decref(value);
    program_done(&result);
    for (int part = 0; part < 2; ++part) {
        size_t sizes[2] = {0};
        char *here = program_file(part == 0 ? "a model.st" : "a model.st.cert", &sizes[0]);
        char *there = program_file(part == 0 ? "tomita1.safetensors" : "tomita1.safetensors.cert", &sizes[1]);
        cr_assert(here != NULL && there != NULL);
        cr_expect(sizes[0] == sizes[1] && memcmp(here, there, sizes[0]) == 0, "part %d differs", part);
        free(here);
        free(there);
    }
}

Test(program_proved, of_several_networks_all_certificates_stand_in_one_file)
{
    struct program_result result = PROGRAM(SMALL, "--nets", "8", "--max-updates", "64", "-o", "all.st");
    EXPECT_CODE(result, 5);
    EXPECT_SAYS(result.out, " PROVED for every length\n");
    EXPECT_SAYS(result.err, " of 8 proved, ");
    program_done(&result);
    result = check("all.st", "all.st.cert");
    EXPECT_CODE(result, 1); /* some are not proved */
    EXPECT_SAYS(result.out, " of 8 networks of all.st are proved");
    cr_expect(strstr(result.out, "rejected") == NULL, "%s", result.out);
    program_done(&result);

    /* The best is proved, where one is. */
    result = PROGRAM(SMALL, "--nets", "8", "--max-updates", "100", "-o", "best.st", "--keep", "best", "-q");
    EXPECT_SAYS(result.out, "Kept the one with seed ");
    EXPECT_SAYS(result.out, "PROVED for every length: ");
    program_done(&result);
    result = check("best.st", "best.st.cert");
    EXPECT_CODE(result, 0);
    program_done(&result);
}

Test(program_proved, says_what_to_try_where_none_is_reached)
{
    struct program_result result = PROGRAM(HOPELESS, "-o", "none.st", "-q");
    EXPECT_CODE(result, 5);
    EXPECT_SAYS(result.err, "after 40 updates; try more --max-updates");
    EXPECT_SAYS(result.out, "Wrote none.st\n");
    cr_expect(strstr(result.out, "PROVED") == NULL);
    program_done(&result);
    cr_expect(is_there("none.st") && !is_there("none.st.cert"));

    result = PROGRAM(HOPELESS, "-o", "none.st", "-q", "--json");
    EXPECT_CODE(result, 5);
    json_t *value = expect_json(result.out);
    cr_expect_eq(json_integer_value(json_object_get(value, "proved")), 0);
    cr_expect(json_is_null(json_object_get(value, "certificate")));
    json_decref(value);
    program_done(&result);
}

Test(program_proved, refuses_before_it_trains)
{
    cr_assert_eq(mkdir("model.st.cert", 0700), 0);
    EXPECT_ERROR(4, "model.st.cert", SMALL, "-o", "model.st");
    cr_expect_not(is_there("model.st"));
    EXPECT_ERROR(2, "where the certificate goes", SMALL, "-o", "b.st", "--log", "b.st.cert");
    EXPECT_ERROR(2, "leave out --until", SMALL, "--updates", "7");
    EXPECT_ERROR(2, "exact, proved", "train", "--until", "sure");
}

Test(program_proved, given_noise_and_rate_stand)
{
    struct program_result result = PROGRAM(HOPELESS, "--noise", "0", "--lr", "0.5", "-q", "--json");
    json_t *value = expect_json(result.out);
    const json_t *settings = json_object_get(value, "settings");
    cr_expect_eq(json_real_value(json_object_get(settings, "noise")), 0);
    cr_expect_eq(json_real_value(json_object_get(settings, "lr")), 0.5);
    json_decref(value);
    program_done(&result);
}

Test(program_proved, sweeps_and_reproduces)
{
#define SWEEP                                                                                                          \
    "sweep", "--until", "proved", "--task", "tomita1", "--hidden", "1,4", "--seeds", "3", "--sequences", "16000"
    struct program_result result = PROGRAM(SWEEP, "-o", "whole.csv");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, " of them proved right for every length\n");
    EXPECT_SAYS(result.err, " exact, ");
    EXPECT_SAYS(result.err, " proved");
    program_done(&result);
    char *table = program_file("whole.csv", NULL), row[8];
    EXPECT_SAYS(table, ",defaults,prover,exact,proved,updates,");
    for (int i = 1; i <= 6; ++i) {
        (void)snprintf(row, sizeof row, "%d", i);
        result = PROGRAM("reproduce", "whole.csv", row, "-q");
        EXPECT_CODE(result, 0);
        EXPECT_SAYS(result.out, "the same bits");
        program_done(&result);
    }

    /* A row that says it was proved, and was not: the first, of a network that is too small. */
    char *at = strstr(table, ",2,0,0,250,"), *error = strstr(table, ",250,16000,");
    cr_assert(at != NULL && error != NULL && strchr(strchr(table, '\n') + 1, '\n') > error, "%s", table);
    memcpy(at, ",2,1,1,250,", 11);
    memset(error + 11, '0', strcspn(error + 11, ","));
    program_write("forged.csv", table, strlen(table));
    result = PROGRAM("reproduce", "forged.csv", "1", "-q");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.err, "proved is 1, but training gives 0");
    program_done(&result);

    /* Of another prover: readable, but no promise. */
    at[1] = '7';
    program_write("other.csv", table, strlen(table));
    result = PROGRAM("reproduce", "other.csv", "1", "-q");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.err, "version 7 of the prover");
    program_done(&result);
    free(table);
}
