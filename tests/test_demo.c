/*
 * carrynet demo: what it says in a pipe is true, its pictures have their points where they belong, and its probe is the
 * least-squares line.
 */
#include "../host/cli/demo/demo_canvas.c"
#include "../host/cli/demo/demo_probe.c"
#include "eval/linear_probe.c"
#include "program_run.h"

#define MUST(call) cr_assert_eq(call, CARRYNET_OK, "%s", carrynet_message())

/* ---- the canvas ------------------------------------------------------------------------------------------------ */

static void expect_row(const demo_canvas *canvas, size_t row, const canvas_style *style, const char *right)
{
    sys_text text = {0};
    canvas_add_row(&text, canvas, row, style);
    cr_assert_not(text.failed);
    cr_expect_str_eq(text.data, right, "row %zu: '%s', not '%s'", row, text.data, right);
    sys_text_free(&text);
}

Test(demo_canvas, puts_dots_where_unicode_has_them)
{
    const canvas_style braille = {.braille = true}, ascii = {.marks = ".ox#"};
    const canvas_style coloured = {.marks = ".ox#", .colours = {"<a>", "<b>", "<c>", "<d>"}};
    demo_canvas canvas;
    MUST(canvas_create(&canvas, 3, 2));
    canvas.right = 6;
    canvas.top = 8;
    expect_row(&canvas, 0, &braille, "   ");
    canvas_point(&canvas, 0.5, 7.5, 0);   /* dot 1 of the first character */
    canvas_point(&canvas, 3.5, 6.5, 1);   /* dot 5 of the second */
    canvas_point(&canvas, 2.5, 4.5, 1);   /* dot 7 of the second */
    canvas_point(&canvas, 5.5, 4.5, 2);   /* dot 8 of the third */
    canvas_point(&canvas, 5.5, 4.5, 3);   /* as many of another kind: the first stands */
    canvas_point(&canvas, -1e300, -5, 3); /* outside: on the edge, dot 7 of the lower left */
    canvas_point(&canvas, INFINITY, 1e9, 3);
    canvas_point(&canvas, INFINITY, 1e9, 3);
    canvas_point(&canvas, NAN, 1, 0);
    canvas_point(&canvas, 1, NAN, 0);
    expect_row(&canvas, 0, &braille, "\u2801\u2850\u2888");
    expect_row(&canvas, 1, &braille, "\u2840  ");
    expect_row(&canvas, 0, &ascii, ".o#");
    expect_row(&canvas, 0, &coloured, "<a>.<b>o<d>#\033[0m");
    canvas_clear(&canvas);
    expect_row(&canvas, 0, &ascii, "   ");
    canvas_free(&canvas);
    canvas_free(&canvas);
}

/* ---- the probe ------------------------------------------------------------------------------------------------- */

Test(linear_probe, fits_and_says_what_it_cannot)
{
    /* target = 3 h_0 - 2 h_1 + 0.5, and a third unit that is the first again. */
    double h[4 * 3] = {0, 0, 0, 1, 0, 1, 0, 1, 0, 0.25, 0.5, 0.25}, target[4], weights[4];
    carrynet_linear_probe probe;
    for (size_t p = 0; p < 4; ++p)
        target[p] = 3 * h[3 * p] - 2 * h[3 * p + 1] + 0.5;
    MUST(carrynet_linear_probe_open(&probe, h, 4, 3));
    carrynet_linear_probe_fit(weights, &probe, target);
    for (size_t p = 0; p < 4; ++p)
        cr_expect_float_eq(carrynet_linear_probe_at(weights, h + 3 * p, 3), target[p], 1e-4);
    cr_expect_float_eq(weights[0] + weights[2], 3, 1e-4);
    carrynet_linear_probe_close(&probe);
    h[7] = NAN;
    cr_expect_eq(carrynet_linear_probe_open(&probe, h, 4, 3), CARRYNET_ERROR_NUMERIC);
    carrynet_linear_probe_close(&probe);
}

Test(demo_probe, fits_the_carry_of_a_trained_network)
{
    carrynet_settings settings;
    carrynet_model *model = NULL;
    carrynet_engine *engine = NULL;
    carrynet_batch sums = {0};
    probe_view view = {0};
    const carrynet_engine_options plain = {.device = "reference"};
    const carrynet_task *task = carrynet_task_at(0);
    const carrynet_source source = carrynet_counter_source(task);
    carrynet_settings_init(&settings, task);
    MUST(carrynet_train(&model, &settings, &plain, NULL));
    MUST(carrynet_model_engine(&engine, model, 0, 1, &plain));
    MUST(carrynet_batch_create(&sums, task, 50, 8));
    MUST(source.fill(source.self, 0, 0, 0, 50, 8, sums.symbols, sums.targets));
    MUST(probe_look(&view, engine, task, &source, 50, 8));
    cr_expect_eq(view.count, 400);
    size_t errors = 0, carries = 0;
    double residual = 0, sum = 0;
    for (size_t p = 0; p < view.count; ++p) {
        const probe_point *point = &view.points[p];
        errors += (point->probe > 0.5) != (point->carry == 1);
        carries += point->carry;
        residual += point->probe - point->carry; /* of a fit with a constant: none on the whole */
        sum += point->carry == 1 ? point->output : 0;
        cr_expect_eq(point->bit, carrynet_packed_get(&sums.targets[p / 8], 1, p % 8));
    }
    cr_expect_eq(view.probe_errors, errors);
    cr_expect_lt(errors, 20);
    cr_expect_float_eq(residual / 400, 0, 1e-4);
    cr_expect_float_eq(view.means[1], sum / (double)carries, 1e-9);
    probe_free(&view);
    carrynet_batch_free(&sums);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

/* "A + B = C, but the network says D" of the line REFUTED. */
static void read_refuted(const char *out, char numbers[4][32])
{
    const char *line = strstr(out, "REFUTED: ");
    cr_assert_not_null(line, "nothing is refuted in:\n%s", out);
    cr_assert_eq(sscanf(line, "REFUTED: %31[0-9] + %31[0-9] = %31[0-9], but the network says %31[0-9]", numbers[0],
                        numbers[1], numbers[2], numbers[3]),
                 4, "%s", line);
}

Test(demo, says_in_a_pipe_what_is_true, .init = program_enter, .fini = program_leave, .timeout = 300)
{
    struct program_result result = PROGRAM("demo");
    char numbers[4][32];
    EXPECT_CODE(result, 0);
    cr_expect_null(strchr(result.out, '\033'));
    for (const char *c = result.out; *c != '\0'; ++c)
        cr_assert((unsigned char)*c < 0x80, "not ASCII: %.20s", c);
    EXPECT_SAYS(result.out, "after 0 updates");
    EXPECT_SAYS(result.out, "127 + 1 = 128, and so says the network.");
    EXPECT_SAYS(result.out, "\nPROVED: ");
    EXPECT_SAYS(result.out, "16384 of 16384\nsums of 7-bit numbers right");
    read_refuted(result.out, numbers);
    cr_expect_eq(strtoull(numbers[0], NULL, 10) + strtoull(numbers[1], NULL, 10), strtoull(numbers[2], NULL, 10));
    cr_expect_str_neq(numbers[2], numbers[3]);
    /* The digests, a line each with nothing else. */
    char digest[2][65] = {"", ""};
    size_t count = 0;
    for (const char *line = result.out; line != NULL; line = strchr(line + 1, '\n'))
        if (strspn(line, "\n ") == 5 && strspn(line + 5, "0123456789abcdef") == 64 && count < 2)
            memcpy(digest[count++], line + 5, 64);
    if (strstr(result.out, "No OpenCL device was found") == NULL) {
        cr_expect_eq(count, 2);
        cr_expect_str_eq(digest[0], digest[1]);
        EXPECT_SAYS(result.out, "Equal, bit for bit.");
    }
    /* The twin is made again by train, and gives that answer. */
    struct program_result twin = PROGRAM("train", "--seed", "14", "-q", "-o", "twin.safetensors");
    EXPECT_CODE(twin, 0);
    program_done(&twin);
    twin = PROGRAM("run", "twin.safetensors", numbers[0], numbers[1]);
    EXPECT_CODE(twin, 0);
    cr_expect_eq(strtoull(twin.out, NULL, 10), strtoull(numbers[3], NULL, 10));
    program_done(&twin);
    program_done(&result);
}

Test(demo, compares_both_backends_in_C, .init = program_enter, .fini = program_leave, .timeout = 300)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("demo", "--plain", "--fast");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "host, tiled C");
    EXPECT_SAYS(result.out, "reference, plain C");
    EXPECT_SAYS(result.out, "Equal, bit for bit.");
    program_done(&result);
    EXPECT_ERROR(2, "--seed", "demo", "--seed", "x");
    EXPECT_ERROR(2, "is not expected", "demo", "add");
    EXPECT_ERROR(3, "no device", "demo", "--device", "nonesuch");
}
