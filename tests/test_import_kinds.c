/*
 * What the arrays of a foreign network may be: types of numbers, shapes of vectors and of matrices of one column, and
 * heads of two classes for a bit.
 */
#include "foreign_files.h"
#include <math.h>

TestSuite(import_kinds, .init = foreign_enter, .fini = foreign_leave);

static double value(const carrynet_model *model, carrynet_parameter parameter, size_t i)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const size_t at = carrynet_shape_tensor(&s->shape, parameter).offset + i;
    const void *values = carrynet_model_values_const(model);
    return s->precision == CARRYNET_FP32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
}

static carrynet_model *import(carrynet_imported *imported, const carrynet_import_options *options)
{
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_import(&model, imported, path, options), CARRYNET_OK, "%s", carrynet_message());
    return model;
}

static void expect_refused(const carrynet_import_options *options, carrynet_status status, const char *says)
{
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_import(&model, NULL, path, options), status, "for '%s'", says);
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
    carrynet_model_free(model);
}

static const carrynet_import_options plain = {.cell = CARRYNET_CELL_SIGMOID};

/* w_xh, w_hh, w_hy of two inputs and one hidden unit, as 5 values: [2,1], [1,1], [1,1]; and w_hy a second time, as `more`. */
static void write_small(npz_kind kind, size_t width, const void *values)
{
    const char *bytes = values;
    const npz_array arrays[] = {{"w_xh", kind, width, 2, {2, 1}, bytes, 2 * width},
                                {"w_hh", kind, width, 2, {1, 1}, bytes + 2 * width, width},
                                {"w_hy", kind, width, 2, {1, 1}, bytes + 3 * width, width}};
    cr_assert_eq(npz_write(path, arrays, 3), CARRYNET_OK, "%s", carrynet_message());
}

static void expect_small(const double wanted[4], carrynet_precision precision)
{
    carrynet_imported imported;
    carrynet_model *model = import(&imported, &plain);
    const carrynet_settings *s = carrynet_model_settings(model);
    cr_expect_eq(s->precision, precision);
    cr_expect_eq(value(model, CARRYNET_W_XH, 0), wanted[0]);
    cr_expect_eq(value(model, CARRYNET_W_XH, 1), wanted[1]);
    cr_expect_eq(value(model, CARRYNET_W_HH, 0), wanted[2]);
    cr_expect_eq(value(model, CARRYNET_W_HY, 0), wanted[3]);
    carrynet_model_free(model);
}

/* ---- types ----------------------------------------------------------------------------------------------------- */

Test(import_kinds, types_of_numpy)
{
    const int8_t bytes[] = {1, -1, 100, -128};
    const uint8_t bits[] = {1, 0, 1, 1};
    const int64_t wide[] = {1, -3, 16777217, 5}; /* one that binary32 has not */
    const int64_t narrow[] = {1, -3, 16777216, 5}, large[] = {1, -3, (INT64_C(1) << 53) + 2, 5};
    const uint16_t halves[] = {0x3c00, 0xc000, 0x3555, 0x0400};
    write_small(NPZ_SIGNED, 1, bytes);
    expect_small((const double[]){1, -1, 100, -128}, CARRYNET_FP32);
    write_small(NPZ_BOOLEAN, 1, bits);
    expect_small((const double[]){1, 0, 1, 1}, CARRYNET_FP32);
    write_small(NPZ_SIGNED, 8, narrow);
    expect_small((const double[]){1, -3, 16777216, 5}, CARRYNET_FP32);
    write_small(NPZ_SIGNED, 8, wide);
    expect_small((const double[]){1, -3, 16777217, 5}, CARRYNET_FP64);
    write_small(NPZ_SIGNED, 8, large);
    expect_refused(&plain, CARRYNET_ERROR_FORMAT,
                   "array 'w_hh': [0, 0] is 9.0072e+15, the largest allowed is 2^53 of whole");
    write_small(NPZ_FLOAT, 2, halves);
    expect_small((const double[]){1, -2, 0x1.554p-2, 0x1p-14}, CARRYNET_FP32);
    const uint16_t bad[] = {0x3c00, 0xfc00, 0x3c00, 0x3c00};
    write_small(NPZ_FLOAT, 2, bad);
    expect_refused(&plain, CARRYNET_ERROR_FORMAT, "array 'w_xh': [1, 0] is -inf");
}

/* float16 and bfloat16 say nothing of what the other program computes in. */
Test(import_kinds, types_of_safetensors)
{
    static const struct {
        safetensors_type type;
        size_t width;
        uint64_t bits[4];
        double wanted[4];
        bool covered;
    } cases[] = {
        {SAFETENSORS_BF16, 2, {0x3f80, 0xc000, 0x3eab, 0x4049}, {1, -2, 0x1.56p-2, 0x1.92p1}, false},
        {SAFETENSORS_F16, 2, {0x3c00, 0xc000, 0x3555, 0x7bff}, {1, -2, 0x1.554p-2, 65504}, false},
        {SAFETENSORS_I32, 4, {1, 0xfffffffe, 7, 0}, {1, -2, 7, 0}, true},
        {SAFETENSORS_U8, 1, {1, 2, 255, 0}, {1, 2, 255, 0}, true},
        {SAFETENSORS_I64, 8, {1, UINT64_MAX, 3, 4}, {1, -1, 3, 4}, true},
        {SAFETENSORS_BOOL, 1, {1, 0, 1, 1}, {1, 0, 1, 1}, true},
        {SAFETENSORS_U16, 2, {1, 65535, 1, 1}, {1, 65535, 1, 1}, true},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; ++c) {
        unsigned char bytes[32];
        carrynet_imported imported;
        const size_t width = cases[c].width;
        for (size_t i = 0; i < 4; ++i)
            for (size_t k = 0; k < width; ++k)
                bytes[i * width + k] = (unsigned char)(cases[c].bits[i] >> (8 * k));
        const safetensors_tensor tensors[] = {
            {.name = "w_xh", .type = cases[c].type, .rank = 2, .shape = {2, 1}, .data = bytes, .size = 2 * width},
            {.name = "w_hh",
             .type = cases[c].type,
             .rank = 2,
             .shape = {1, 1},
             .data = bytes + 2 * width,
             .size = width},
            {.name = "w_hy",
             .type = cases[c].type,
             .rank = 2,
             .shape = {1, 1},
             .data = bytes + 3 * width,
             .size = width}};
        cr_assert_eq(safetensors_write(path, tensors, 3, NULL, 0), CARRYNET_OK, "%s", carrynet_message());
        expect_small(cases[c].wanted, CARRYNET_FP32);
        carrynet_model_free(import(&imported, &plain));
        if (!cases[c].covered)
            cr_expect_not_null(strstr(imported.uncovered, "float16 or bfloat16"));
    }
}

/* A type that cannot be read is an error where the array is needed, and else is passed over. */
Test(import_kinds, types_that_are_not_read)
{
    static const char header[] = "{\"w_xh\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                                 "\"w_hh\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[8,12]},"
                                 "\"w_hy\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[12,16]},"
                                 "\"more\":{\"dtype\":\"F8_E4M3\",\"shape\":[2,2],\"data_offsets\":[16,20]},"
                                 "\"odd\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[20,24]}}";
    char file[sizeof header + 40] = {0};
    const size_t size = sizeof header - 1 + 8 + 24;
    carrynet_imported imported;
    file[0] = (char)(sizeof header - 1 - 256);
    file[1] = 1;
    cr_assert(sizeof header - 1 >= 256 && sizeof header - 1 < 512);
    memcpy(file + 8, header, sizeof header - 1);
    MUST(sys_write_file(path, (const void *const[]){file}, &size, 1));
    carrynet_model_free(import(&imported, &plain));
    cr_expect_str_eq(imported.passed_over, "more, odd");
    expect_refused(&(carrynet_import_options){.map = "w_xh=more,w_hh=w_hh,w_hy=w_hy"}, CARRYNET_ERROR_FORMAT,
                   "array 'more': its dtype must be F16, BF16, F32, F64, or one of whole numbers");
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

Test(import_kinds, shapes_of_vectors)
{
    static const uint64_t shapes[][4] = {{1, 3}, {2, 1, 3}, {2, 3, 1}, {3, 1, 1, 3}, {3, 1, 3, 1}, {3, 3, 1, 1}};
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; ++k)
        for (size_t head = 0; head < 5; ++head) {
            static const uint64_t heads[][4] = {{2, 3, 1}, {1, 3}, {3, 1, 3, 1}, {2, 1, 3}, {4, 1, 1, 3}};
            struct made made = {0};
            add(&made, "w_xh", 2, 3, 0);
            add(&made, "w_hh", 1, 3, 3);
            add(&made, "w_hy", 3, 1, 0);
            add(&made, "b_h", 3, 0, 0);
            add(&made, "b_y", 1, 0, 0);
            made.arrays[3].rank = shapes[k][0];
            memcpy(made.arrays[3].shape, shapes[k] + 1, 3 * sizeof(uint64_t));
            made.arrays[2].rank = heads[head][0];
            memcpy(made.arrays[2].shape, heads[head] + 1, 3 * sizeof(uint64_t));
            if (head == 4) { /* [1,1,3,1] */
                made.arrays[2].shape[3] = 1;
            }
            made.arrays[4].rank = k % 3; /* a scalar, [1], [1,1] */
            made.arrays[4].shape[1] = 1;
            write_npz(&made);
            if (head == 3) { /* [O,H] among [I,H] */
                expect_refused(&plain, CARRYNET_ERROR_FORMAT, "one of them is transposed");
                continue;
            }
            carrynet_model *model = import(NULL, &plain);
            for (size_t j = 0; j < 3; ++j) {
                cr_expect_eq(value(model, CARRYNET_W_HY, j), made.wide[2][j]);
                cr_expect_eq(value(model, CARRYNET_B_H, j), made.wide[3][j]);
            }
            cr_expect_eq(value(model, CARRYNET_B_Y, 0), made.wide[4][0]);
            carrynet_model_free(model);
        }
}

/* One input, one hidden unit: matrices may be vectors and scalars. */
Test(import_kinds, matrices_of_one)
{
    struct made made = {0};
    const carrynet_import_options parity = {.cell = CARRYNET_CELL_SIGMOID};
    const carrynet_task *task = NULL;
    cr_assert_eq(carrynet_task_find(&task, "parity"), CARRYNET_OK);
    carrynet_import_options options = parity;
    options.task = task;
    add(&made, "w_xh", 3, 0, 0);
    add(&made, "w_hh", 3, 3, 0);
    add(&made, "w_hy", 3, 0, 0);
    write_npz(&made);
    carrynet_imported imported;
    carrynet_model *model = import(&imported, &options);
    cr_expect(imported.either);
    for (size_t j = 0; j < 3; ++j)
        cr_expect_eq(value(model, CARRYNET_W_XH, j), made.wide[0][j]);
    carrynet_model_free(model);
    struct made tiny = {0};
    add(&tiny, "w_xh", 2, 0, 0);
    add(&tiny, "w_hh", 1, 0, 0);
    add(&tiny, "w_hy", 1, 0, 0);
    tiny.arrays[1].rank = tiny.arrays[2].rank = 0;
    write_npz(&tiny);
    model = import(&imported, &plain);
    cr_expect(!imported.either && carrynet_model_settings(model)->shape.hidden == 1);
    cr_expect_eq(value(model, CARRYNET_W_XH, 1), tiny.wide[0][1]);
    carrynet_model_free(model);
}

/* ---- two logits a bit ------------------------------------------------------------------------------------------ */

static void write_two_logits(struct made *made, bool as_double, bool turned)
{
    static const char *const names[2][5] = {
        {"w_xh", "w_hh", "w_hy", "b_h", "b_y"},
        {"weight_ih_l0", "weight_hh_l0", "fc.weight", "bias_ih_l0", "fc.bias"},
    };
    *made = (struct made){.as_double = as_double};
    add(made, names[turned][0], turned ? 3 : 2, turned ? 2 : 3, 0);
    add(made, names[turned][1], 3, 3, 0);
    add(made, names[turned][2], turned ? 2 : 3, turned ? 3 : 2, 0);
    add(made, names[turned][3], 3, 0, 0);
    add(made, names[turned][4], 2, 0, 0);
    if (turned)
        add(made, "bias_hh_l0", 3, 0, 0);
}

static void expect_difference(const struct made *made, bool turned, carrynet_cell cell)
{
    carrynet_imported imported;
    const carrynet_import_options options = {.cell = cell};
    carrynet_model *model = import(&imported, &options);
    const carrynet_settings *s = carrynet_model_settings(model);
    cr_expect(imported.two_logits && imported.rounded == 0);
    cr_assert(s->shape.outputs == 1);
    cr_expect_str_eq(s->task.name, "add");
    double sum = 0;
    for (size_t j = 0; j < 3; ++j) {
        const double difference =
            turned ? made->wide[2][3 + j] - made->wide[2][j] : made->wide[2][2 * j + 1] - made->wide[2][2 * j];
        sum += difference;
        cr_expect_eq(value(model, CARRYNET_W_HY, j), cell == CARRYNET_CELL_TANH ? 2 * difference : difference);
    }
    const double bias = made->wide[4][1] - made->wide[4][0];
    cr_expect_eq(value(model, CARRYNET_B_Y, 0), cell == CARRYNET_CELL_TANH ? bias - sum : bias);
    if (turned && cell == CARRYNET_CELL_TANH) {
        cr_expect_str_eq(imported.from[CARRYNET_W_HY], "2 * (fc.weight[1] - fc.weight[0])");
        cr_expect_str_eq(imported.from[CARRYNET_B_Y], "fc.bias[1] - fc.bias[0] - sum of (fc.weight[1] - fc.weight[0])");
    }
    carrynet_model_free(model);
}

Test(import_kinds, two_logits_are_a_difference)
{
    for (int turned = 0; turned < 2; ++turned)
        for (int wide = 0; wide < 2; ++wide) {
            struct made made;
            write_two_logits(&made, wide, turned);
            (wide ? write_npz : write_safetensors)(&made);
            expect_difference(&made, turned, CARRYNET_CELL_SIGMOID);
            expect_difference(&made, turned, CARRYNET_CELL_TANH);
        }
}

/* A difference that is no number of the precision is counted; in a wider one it is exact. */
Test(import_kinds, two_logits_that_do_not_subtract_exactly)
{
    struct made made;
    carrynet_imported imported;
    write_two_logits(&made, false, true);
    made.narrow[2][0] = 1e-9f;
    made.narrow[2][3] = 1;
    made.narrow[4][0] = -0x1p-24f;
    made.narrow[4][1] = 1;
    write_safetensors(&made);
    carrynet_import_options options = {.cell = CARRYNET_CELL_TANH};
    carrynet_model_free(import(&imported, &options));
    cr_expect_eq(imported.rounded, 2);
    options.precision = CARRYNET_FP64;
    carrynet_model *model = import(&imported, &options);
    cr_expect_eq(imported.rounded, 0);
    cr_expect_eq(value(model, CARRYNET_W_HY, 0), 2 * (1 - (double)1e-9f));
    carrynet_model_free(model);
    /* Doubles may not subtract exactly either. */
    write_two_logits(&made, true, true);
    made.wide[2][0] = 1e-30;
    write_npz(&made);
    carrynet_model_free(import(&imported, &options));
    cr_expect_eq(imported.rounded, 1);
    /* Where the two nearly cancel, a proof does not speak of the other program. */
    write_two_logits(&made, false, true);
    for (size_t i = 0; i < 6; ++i)
        made.narrow[2][i] = i < 3 ? 1000 : 1000.0625f;
    for (size_t i = 0; i < 2; ++i)
        made.narrow[4][i] = 0;
    write_safetensors(&made);
    carrynet_model_free(import(&imported, &(carrynet_import_options){.cell = CARRYNET_CELL_SIGMOID}));
    cr_expect(!imported.covered);
    cr_expect_str_eq(imported.uncovered, "the two logits of bit 0 of network 0 nearly cancel");
}

/* A task of two outputs has two bits, and four logits for two bits are not told apart. */
Test(import_kinds, two_outputs_of_a_task)
{
    struct made made;
    carrynet_imported imported;
    carrynet_task task = *carrynet_task_at(0);
    task.outputs = 2;
    carrynet_import_options options = {.cell = CARRYNET_CELL_SIGMOID, .task = &task};
    write_two_logits(&made, false, false);
    write_npz(&made);
    carrynet_model *model = import(&imported, &options);
    cr_expect(!imported.two_logits && carrynet_model_settings(model)->shape.outputs == 2);
    carrynet_model_free(model);
    struct made four = {0};
    add(&four, "w_xh", 2, 3, 0);
    add(&four, "w_hh", 3, 3, 0);
    add(&four, "w_hy", 3, 4, 0);
    write_npz(&four);
    expect_refused(
        &options, CARRYNET_ERROR_ARGUMENT,
        "2 inputs and 4 outputs, task add has 2 and 2; of two classes for each of several bits no file says");
    expect_refused(&plain, CARRYNET_ERROR_ARGUMENT,
                   "none, so give a file with a table; a table of two outputs means two bits");
}
