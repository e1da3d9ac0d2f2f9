/*
 * carrynet report: what the page holds, that it asks no other place for anything, that names cannot break out of it, the
 * order of the operands, and bad files and command lines. report_in_browser.py opens such pages.
 */
#include "program_run.h"

#include <carrynet/carrynet.h>
#include <jansson.h>

TestSuite(program_report, .init = program_enter, .fini = program_leave, .timeout = 120);

#define MADE(...) made_page((const char *const[]){CARRYNET_PROGRAM, "report", __VA_ARGS__, NULL})

/* Runs the program, which must write report.html, and returns the page; the caller frees it. */
static char *made_page(const char *const *words)
{
    struct program_result result = program_run("", (const char *const[]){"CARRYNET_DEVICE=reference", NULL}, words);
    cr_assert_eq(result.code, 0, "it said:\n%s%s", result.out, result.err);
    EXPECT_SAYS(result.out, "Wrote report.html\n");
    program_done(&result);
    char *page = program_file("report.html", NULL);
    cr_assert_not_null(page);
    return page;
}

/* A network of a small task that has learnt next to nothing, which is soon done. */
static void train_little(const char *task, const char *path, const char *log)
{
    struct program_result result = PROGRAM("train", "--task", task, "--updates", "5", "-q", "-o", path, "--log", log);
    EXPECT_CODE(result, 0);
    program_done(&result);
}

/* The page's data, after what holds for every page; the caller's reference. */
static json_t *data_of(const char *page)
{
    static const char before[] = "<script type=\"application/json\" id=\"data\">";
    for (const char *p = page; (p = strstr(p, "http")) != NULL; ++p)
        if (strncmp(p, "http://", 7) == 0 || strncmp(p, "https://", 8) == 0)
            cr_expect_eq(strncmp(p, "http://www.w3.org/2000/svg", 26), 0, "it names %.60s", p);
    cr_expect_null(strstr(page, "src="));
    cr_expect_null(strstr(page, "@import"));
    cr_expect_null(strstr(page, "@DATA@"));
    cr_expect_null(strstr(page, "@SCRIPT@"));
    const char *start = strstr(page, before);
    cr_assert_not_null(start);
    start += strlen(before);
    const char *end = strstr(start, "</script>");
    cr_assert_not_null(end);
    json_error_t error;
    json_t *data = json_loadb(start, (size_t)(end - start), 0, &error);
    cr_assert_not_null(data, "the data does not parse: %s at %d", error.text, error.position);
    return data;
}

static const char *text_of(const json_t *data, const char *object, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(data, object), name));
    return text != NULL ? text : "(none)";
}

static json_int_t count_of(const json_t *data, const char *object, const char *name)
{
    return json_integer_value(json_object_get(json_object_get(data, object), name));
}

/* Every weight in the page reads back to the model's. */
static void expect_weights(const json_t *data, const char *path)
{
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_model_load(&model, path), CARRYNET_OK);
    const carrynet_shape *shape = &carrynet_model_settings(model)->shape;
    const float *values = carrynet_model_values_const(model);
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(shape, (carrynet_parameter)p);
        const json_t *list = json_object_get(json_object_get(data, "parameters"), tensor.name);
        cr_expect_eq(json_array_size(list), tensor.size);
        for (size_t i = 0; i < tensor.size; ++i)
            cr_expect((float)json_real_value(json_array_get(list, i)) == values[tensor.offset + i], "%s, value %zu",
                      tensor.name, i);
    }
    carrynet_model_free(model);
}

Test(program_report, tells_of_a_proved_adder)
{
    struct program_result result =
        PROGRAM("train", "--hidden", "8", "--until", "proved", "-q", "-o", "m.st", "--log", "m.jsonl");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *page = MADE("m.st", "m.jsonl");
    json_t *data = data_of(page);
    EXPECT_SAYS(page, "<title>m.st");
    EXPECT_SAYS(text_of(data, "proof", "text"), "PROVED for every length");
    cr_expect_str_eq(text_of(data, "settings", "task"), "add");
    cr_expect_eq(count_of(data, "evaluation", "problems"), 16384);
    cr_expect_eq(count_of(data, "evaluation", "wrong"), 0);
    const json_t *course = json_object_get(data, "course"), *samples = json_object_get(data, "samples");
    const json_t *states = json_object_get(data, "states");
    const size_t reports = json_array_size(json_object_get(course, "sequences"));
    cr_expect_gt(reports, 2);
    cr_expect_eq(json_array_size(json_object_get(course, "loss")), reports);
    cr_expect_eq(json_array_size(json_object_get(course, "wrong")), reports);
    cr_expect_eq(json_array_size(json_object_get(data, "notes")), 0);
    cr_expect_eq(json_array_size(samples), 3);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(samples, 0), "question")), "93 + 38");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(samples, 0), "given")), "131");
    cr_expect_eq(json_array_size(json_object_get(states, "states")), 1600);
    cr_expect_eq(json_array_size(json_object_get(states, "z")), 1600);
    const json_t *probe = json_array_get(json_object_get(states, "probes"), 0);
    cr_expect_eq(json_array_size(json_object_get(probe, "weights")), 9);
    /* A proved network keeps the carry apart, and a line can tell. */
    cr_expect_lt(json_integer_value(json_object_get(probe, "errors")), 32);
    expect_weights(data, "m.st");
    json_decref(data);
    free(page);
}

Test(program_report, tells_of_a_refuted_adder)
{
    struct program_result result = PROGRAM("train", "--seed", "2", "-q", "-o", "m.st");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *page = MADE("m.st");
    json_t *data = data_of(page);
    EXPECT_SAYS(text_of(data, "proof", "text"), "REFUTED\n244 + 192 = 436, but the network says 308");
    cr_expect_str_eq(text_of(data, "proof", "verdict"), "refuted");
    cr_expect_null(json_object_get(data, "course"));
    const json_t *sample = json_array_get(json_object_get(data, "samples"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(sample, "question")), "244 + 192");
    cr_expect_str_eq(json_string_value(json_object_get(sample, "given")), "308");
    json_decref(data);
    free(page);
}

Test(program_report, tells_of_one_operand_and_of_one_network_of_several)
{
    struct program_result result =
        PROGRAM("train", "--task", "tomita4", "--nets", "2", "-q", "--log", "m.jsonl", "-o", "m.st");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *page = MADE("m.st", "m.jsonl", "--net", "1", "--budget", "1", "--states", "1");
    json_t *data = data_of(page);
    cr_expect_eq(json_integer_value(json_object_get(data, "network")), 1);
    cr_expect_str_eq(json_string_value(json_object_get(data, "seed")), "1");
    cr_expect(json_is_true(json_object_get(json_object_get(data, "course"), "several")));
    cr_expect_eq(count_of(data, "shape", "inputs"), 1);
    /* The state's number, and each of the four states against the others. */
    cr_expect_eq(json_array_size(json_object_get(json_object_get(data, "states"), "probes")), 5);
    json_decref(data);
    free(page);
    EXPECT_ERROR(2, "m.st has networks 0 to 1", "report", "m.st", "--net", "2");
}

Test(program_report, says_that_it_does_not_know)
{
    struct program_result result = PROGRAM("train", "--task", "parity", "--precision", "fp64", "-q", "-o", "m.st");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *page = MADE("m.st", "--budget", "1", "--states", "1");
    json_t *data = data_of(page);
    cr_expect_str_eq(text_of(data, "proof", "verdict"), "unknown");
    EXPECT_SAYS(text_of(data, "proof", "text"), "UNKNOWN: ");
    json_decref(data);
    free(page);
}

Test(program_report, keeps_names_from_breaking_out)
{
    cr_assert_eq(mkdir("<", 0700), 0);
    train_little("parity", "</script><b>&.st", "p.jsonl");
    char *page = MADE("</script><b>&.st", "--budget", "1", "--states", "1");
    json_t *data = data_of(page);
    cr_expect_str_eq(json_string_value(json_object_get(data, "model")), "</script><b>&.st");
    EXPECT_SAYS(page, "<title>&lt;/script&gt;&lt;b&gt;&amp;.st");
    cr_expect_null(strstr(page, "<b>"));
    json_decref(data);
    free(page);
}

Test(program_report, refuses_what_is_wrong)
{
    train_little("delay2", "m.st", "m.jsonl");
    train_little("parity", "p.st", "p.jsonl");
    program_write("bad.jsonl", "{\"updates\": 1}\n{}\n", 18);
    EXPECT_ERROR(2, "the name of a model file is missing", "report");
    EXPECT_ERROR(2, "p.jsonl is the log of a training", "report", "p.jsonl");
    EXPECT_ERROR(2, "m.st and p.st are both models", "report", "m.st", "p.st");
    EXPECT_ERROR(2, "are both logs", "report", "p.jsonl", "bad.jsonl");
    EXPECT_ERROR(2, "-o names m.st, which it reads", "report", "m.st", "-o", "m.st");
    EXPECT_ERROR(2, "-o names p.jsonl, which it reads", "report", "m.st", "p.jsonl", "-o", "p.jsonl");
    EXPECT_ERROR(4, "nowhere.st: cannot open", "report", "nowhere.st");
    EXPECT_ERROR(4, "nowhere/report.html", "report", "m.st", "-o", "nowhere/report.html");
    EXPECT_ERROR(4, "bad.jsonl: line 1: updates, loss", "report", "m.st", "bad.jsonl");
    program_write("text.st", "these are words, not weights", 28);
    EXPECT_ERROR(4, "text.st: ", "report", "p.jsonl", "text.st");
    cr_expect_neq(access("report.html", F_OK), 0);
    struct program_result result = PROGRAM("report", "p.jsonl", "m.st", "--budget", "1", "--states", "1");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "p.jsonl is the log of another training than that of m.st: its task differs");
    program_done(&result);
    char *page = program_file("report.html", NULL);
    cr_assert_not_null(page);
    json_t *data = data_of(page);
    cr_expect_eq(json_array_size(json_object_get(data, "notes")), 1);
    json_decref(data);
    free(page);
    /* Either order of the operands gives the same page. */
    page = MADE("p.jsonl", "p.st");
    char *other = MADE("p.st", "p.jsonl");
    cr_expect_str_eq(page, other);
    free(other);
    free(page);
}
