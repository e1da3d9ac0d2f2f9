/*
 * Which array is what: the names of many programs and scripts, with any prefix and in either order of dimensions; arrays
 * without names; --map; and what is passed over. What is refused is in test_import_bad.c.
 */
#include "foreign_files.h"

TestSuite(import_names, .init = foreign_enter, .fini = foreign_leave);

enum { I = 2, H = 3, NONE = -1, PLACES = CARRYNET_PARAMETERS + 1 };

static double value(const carrynet_model *model, int parameter, size_t i)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const size_t at = carrynet_shape_tensor(&s->shape, (carrynet_parameter)parameter).offset + i;
    const void *values = carrynet_model_values_const(model);
    return s->precision == CARRYNET_FP32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
}

/*
 * The network of two inputs, three hidden units and one output whose arrays are those of `made` at `places`: w_xh, w_hh,
 * w_hy, b_h, b_y, h_0, the second bias; NONE where there is none.
 */
static void expect_network(const carrynet_model *model, const struct made *made, const int places[PLACES], bool turned)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    cr_assert(s->shape.inputs == I && s->shape.hidden == H && s->shape.outputs == 1 && s->networks == 1);
    for (size_t row = 0; row < H; ++row)
        for (size_t column = 0; column < H; ++column) {
            cr_expect_eq(value(model, CARRYNET_W_HH, row * H + column),
                         made->wide[places[1]][turned ? column * H + row : row * H + column]);
            if (row < I)
                cr_expect_eq(value(model, CARRYNET_W_XH, row * H + column),
                             made->wide[places[0]][turned ? column * I + row : row * H + column]);
        }
    cr_expect_eq(s->shape.bias, places[3] != NONE || places[4] != NONE);
    cr_expect_eq(s->shape.initial_state, places[5] != NONE);
    for (size_t j = 0; j < H; ++j) {
        cr_expect_eq(value(model, CARRYNET_W_HY, j), made->wide[places[2]][j]);
        if (places[3] != NONE)
            cr_expect_eq(value(model, CARRYNET_B_H, j),
                         made->wide[places[3]][j] + (places[6] != NONE ? made->wide[places[6]][j] : 0));
        if (places[5] != NONE)
            cr_expect_eq(value(model, CARRYNET_H_0, j), made->wide[places[5]][j]);
    }
    if (places[4] != NONE)
        cr_expect_eq(value(model, CARRYNET_B_Y, 0), made->wide[places[4]][0]);
}

static carrynet_model *import(carrynet_imported *imported, const char *map)
{
    carrynet_model *model = NULL;
    const carrynet_import_options options = {.cell = CARRYNET_CELL_SIGMOID, .map = map};
    cr_assert_eq(carrynet_import(&model, imported, path, &options), CARRYNET_OK, "%s: %s", map == NULL ? "" : map,
                 carrynet_message());
    return model;
}

static void expect_refused(const char *map, carrynet_status status, const char *says)
{
    carrynet_model *model = NULL;
    const carrynet_import_options options = {.cell = CARRYNET_CELL_SIGMOID, .map = map};
    cr_expect_eq(carrynet_import(&model, NULL, path, &options), status, "for '%s'", says);
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
    carrynet_model_free(model);
}

/* ---- conventions ----------------------------------------------------------------------------------------------- */

/* The arrays of a network, in our order of dimensions or the other. */
static void add_network(struct made *made, const char *const names[PLACES], bool turned)
{
    static const uint64_t rows[] = {I, H, H, H, 1, H, H}, columns[] = {H, H, 1, 0, 0, 0, 0};
    for (int p = 0; p < PLACES; ++p)
        if (names[p] != NULL)
            add(made, names[p], turned && p < 3 ? columns[p] : rows[p], turned && p < 3 ? rows[p] : columns[p], 0);
}

static void find_places(int places[PLACES], const struct made *made, const char *const names[PLACES])
{
    for (int p = 0; p < PLACES; ++p) {
        places[p] = NONE;
        for (size_t i = 0; i < made->count && names[p] != NULL; ++i)
            if (strcmp(made->arrays[i].name, names[p]) == 0)
                places[p] = (int)i;
    }
}

static const struct known {
    const char *says;
    const char *names[PLACES];
    bool turned, tanh_by_names;
} known[] = {
    {"Carrynet's", {"net/w_xh", "net/w_hh", "net/w_hy", "net/b_h", "net/b_y", "net/h_0"}, false, false},
    {"Carrynet's", {"a.b.w_xh", "a.b.w_hh", "a.b.w_hy"}, false, false},
    {"the seeds'", {"W/U", "W/W", "W/V"}, false, false},
    {"Karpathy's", {"Wxh", "Whh", "Why", "bh", "by"}, true, true},
    {"Karpathy's", {"model:Wxh", "model:Whh", "model:Why"}, true, true},
    {"Coursera's", {"Wax", "Waa", "Wya", "ba", "by"}, true, true},
    {"d2l's", {"W_xh", "W_hh", "W_hq", "b_h", "b_q"}, false, true},
    {"textbooks'", {"W_xh", "W_hh", "W_hy", "b_h", "b_y", "h0"}, false, false},
    {"PyTorch's", {"i2h.weight", "h2h.weight", "h2o.weight", "i2h.bias", "h2o.bias", NULL, "h2h.bias"}, true, false},
    {"PyTorch's",
     {"_orig_mod.r.weight_ih_l0", "_orig_mod.r.weight_hh_l0", "_orig_mod.o.weight", "_orig_mod.r.bias_ih_l0",
      "_orig_mod.o.bias", "h_0", "_orig_mod.r.bias_hh_l0"},
     true,
     false},
    {"Keras'",
     {"simple_rnn/kernel", "simple_rnn/recurrent_kernel", "dense/kernel", "simple_rnn/bias", "dense/bias"},
     false,
     true},
    {"Keras'",
     {"simple_rnn_3/simple_rnn_cell/kernel:0", "simple_rnn_3/simple_rnn_cell/recurrent_kernel:0", "dense_7/kernel:0",
      "simple_rnn_3/simple_rnn_cell/bias:0", "dense_7/bias:0"},
     false,
     true},
    {"Keras'", {"r/kernel", "r/recurrent_kernel", "d/kernel"}, false, true},
    {"Keras'",
     {"layers/simple_rnn/cell/vars/0", "layers/simple_rnn/cell/vars/1", "layers/dense/vars/0",
      "layers/simple_rnn/cell/vars/2", "layers/dense/vars/1"},
     false,
     true},
    {"Flax'",
     {"SimpleCell_0/i/kernel", "SimpleCell_0/h/kernel", "Dense_0/kernel", "SimpleCell_0/i/bias", "Dense_0/bias"},
     false,
     true},
    {"Flax'",
     {"['params']['c']['i']['kernel']", "['params']['c']['h']['kernel']", "['params']['d']['kernel']",
      "['params']['c']['i']['bias']", "['params']['d']['bias']"},
     false,
     true},
    {"Flax'",
     {"rnn.cell.dense_i.kernel.value", "rnn.cell.dense_h.kernel.value", "out.kernel.value",
      "rnn.cell.dense_i.bias.value", "out.bias.value"},
     false,
     true},
};

Test(import_names, of_other_programs)
{
    for (size_t k = 0; k < sizeof known / sizeof known[0]; ++k)
        for (int kind = 0; kind < 4; ++kind) { /* either file; the matrices as such names have them, or the other way */
            const bool turned = known[k].turned != (kind >= 2);
            struct made made = {0};
            carrynet_imported imported;
            carrynet_model *model = NULL;
            int places[PLACES];
            add_network(&made, known[k].names, turned);
            find_places(places, &made, known[k].names);
            (kind % 2 == 0 ? write_npz : write_safetensors)(&made);
            model = import(&imported, NULL);
            cr_expect_eq(strncmp(imported.names, known[k].says, strlen(known[k].says)), 0, "%s, not %s", imported.names,
                         known[k].says);
            cr_expect_eq(imported.transposed, turned);
            cr_expect_eq(imported.turned_by_shape, kind >= 2);
            cr_expect(!imported.either && !imported.cell_by_names && imported.passed_over[0] == '\0');
            expect_network(model, &made, places, turned);
            carrynet_model_free(model);
            if (known[k].tanh_by_names) {
                cr_assert_eq(carrynet_import(&model, &imported, path, &(carrynet_import_options){0}), CARRYNET_OK);
                cr_expect(imported.cell == CARRYNET_CELL_TANH && imported.cell_by_names);
                carrynet_model_free(model);
            }
        }
}

/* Where no file says the cell, and the names neither. */
Test(import_names, some_say_no_cell)
{
    struct made made = {0};
    add_network(&made, (const char *const[PLACES]){"W_xh", "W_hh", "W_hy"}, false);
    write_npz(&made);
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_import(&model, NULL, path, &(carrynet_import_options){0}), CARRYNET_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(carrynet_message(), "no file says what its cell computes"));
}

/* Square matrices fit either way: the names say it, and the user is told. */
Test(import_names, square_matrices_fit_either_way)
{
    static const struct {
        const char *names[3];
        bool turned;
    } sets[] = {{{"w_xh", "w_hh", "w_hy"}, false}, {{"Wxh", "Whh", "Why"}, true}};
    for (size_t k = 0; k < 2; ++k) {
        struct made made = {0};
        carrynet_imported imported;
        carrynet_model *model = NULL;
        carrynet_task task = *carrynet_task_at(0);
        task.outputs = 2;
        for (size_t i = 0; i < 3; ++i)
            add(&made, sets[k].names[i], 2, 2, 0);
        write_npz(&made);
        const carrynet_import_options options = {.cell = CARRYNET_CELL_SIGMOID, .task = &task};
        cr_assert_eq(carrynet_import(&model, &imported, path, &options), CARRYNET_OK, "%s", carrynet_message());
        cr_expect(imported.either && !imported.turned_by_shape);
        cr_expect_eq(imported.transposed, sets[k].turned);
        for (int p = 0; p < 3; ++p)
            cr_expect_eq(value(model, p, 1), made.wide[p][sets[k].turned ? 2 : 1]);
        carrynet_model_free(model);
    }
}

/* ---- without names --------------------------------------------------------------------------------------------- */

Test(import_names, arrays_in_order)
{
    static const struct {
        int places[PLACES]; /* of the array of each place */
        bool turned, columns;
    } orders[] = {
        {{0, 1, 2, NONE, NONE, NONE, NONE}, false, false}, {{0, 1, 3, 2, 4, NONE, NONE}, false, false},
        {{0, 1, 2, 3, 4, NONE, NONE}, false, false},       {{0, 1, 2, 3, 4, NONE, NONE}, true, true},
        {{0, 1, 4, 2, 5, NONE, 3}, true, false},           {{0, 1, 3, 2, 4, 5, NONE}, false, false},
        {{0, 1, 2, 3, 4, 5, NONE}, true, false},
    };
    static const char *const names[] = {"arr_0", "arr_1", "arr_2", "arr_3", "arr_4", "arr_5"};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; ++o) {
        static const uint64_t rows[] = {I, H, H, H, 1, H, H}, columns[] = {H, H, 1, 0, 0, 0, 0};
        struct made made = {0};
        carrynet_imported imported;
        for (int i = 0; i < 6; ++i)
            for (int p = 0; p < PLACES; ++p)
                if (orders[o].places[p] == i)
                    add(&made, names[i], orders[o].turned && p < 3 ? columns[p] : rows[p],
                        p >= 3             ? orders[o].columns
                        : orders[o].turned ? rows[p]
                                           : columns[p],
                        0);
        write_npz(&made);
        carrynet_model *model = import(&imported, NULL);
        cr_expect_not_null(strstr(imported.names, "without names"));
        expect_network(model, &made, orders[o].places, orders[o].turned);
        carrynet_model_free(model);
    }
    /* Beside state of a training. */
    struct made more = {0};
    carrynet_imported imported;
    add(&more, "epoch", 1, 0, 0);
    add(&more, "arr_0", 2, 3, 0);
    add(&more, "arr_1", 3, 3, 0);
    add(&more, "arr_2", 3, 1, 0);
    write_npz(&more);
    carrynet_model *model = import(&imported, NULL);
    expect_network(model, &more, (const int[PLACES]){1, 2, 3, NONE, NONE, NONE, NONE}, false);
    cr_expect_str_eq(imported.passed_over, "epoch");
    carrynet_model_free(model);
    struct made made = {0};
    add(&made, "arr_0", 2, 3, 0);
    add(&made, "arr_1", 3, 3, 0);
    add(&made, "arr_2", 3, 3, 0);
    add(&made, "arr_3", 3, 1, 0);
    write_npz(&made);
    expect_refused(NULL, CARRYNET_ERROR_FORMAT, "have no names, and fit no known order; found: arr_0 [2, 3], arr_1");
}

/* ---- a map ----------------------------------------------------------------------------------------------------- */

Test(import_names, as_a_map_has_them)
{
    static const char *const odd[PLACES] = {"enc,x", "a=b", "head.T", "b+c", "bias", "start", "b2"};
    struct made made = {0};
    carrynet_imported imported;
    int places[PLACES];
    add_network(&made, odd, false);
    add(&made, "more", 4, 5, 0);
    find_places(places, &made, odd);
    write_npz(&made);
    carrynet_model *model = import(&imported, "w_xh=enc,x,w_hh=a=b,w_hy=head.T,b_h=b+c,b_y=bias,h_0=start");
    places[6] = NONE;
    expect_network(model, &made, places, false);
    cr_expect_str_eq(imported.names, "names as --map has them");
    cr_expect_str_eq(imported.passed_over, "b2, more");
    carrynet_model_free(model);
    expect_refused("w_xh=enc,x,w_hh=a=b", CARRYNET_ERROR_FORMAT, "are of no known network");
    expect_refused("w_xh=nothing", CARRYNET_ERROR_ARGUMENT,
                   "the arrays lack 'nothing', which --map names; found: enc,x [2, 3]");
    expect_refused("w_hx=bias", CARRYNET_ERROR_ARGUMENT, "--map has 'w_hx', must be KEY=NAME, the key one of w_xh");
    expect_refused("w_xh", CARRYNET_ERROR_ARGUMENT, "--map has 'w_xh', must be KEY=NAME");
    expect_refused("w_xh=,w_hh=a=b", CARRYNET_ERROR_ARGUMENT, "lack '', which --map names");
    expect_refused("w_xh=bias,w_hh=bias", CARRYNET_ERROR_ARGUMENT, "--map names array 'bias' twice");
    expect_refused("w_xh=bias,w_xh=b2", CARRYNET_ERROR_ARGUMENT, "--map names w_xh twice");
    expect_refused("w_xh=enc,x,w_hh=a=b,w_hy=more", CARRYNET_ERROR_FORMAT,
                   "array 'more': shape is [4, 5], must be [3, O]");
    /* Two biases, and the other order of dimensions. */
    static const char *const other[PLACES] = {"one", "two", "three", "four", "five", NULL, "six"};
    struct made turned = {0};
    add_network(&turned, other, true);
    find_places(places, &turned, other);
    write_safetensors(&turned);
    model = import(&imported, "w_xh=one.T,w_hh=two.T,w_hy=three.T,b_h=four+six,b_y=five");
    expect_network(model, &turned, places, true);
    cr_expect_str_eq(imported.from[CARRYNET_B_H], "four + six");
    carrynet_model_free(model);
    expect_refused("w_xh=one,w_hh=two,w_hy=three", CARRYNET_ERROR_FORMAT,
                   "array 'one': shape is [3, 2], must be [I, 3]; --map transposes NAME.T, and no other");
}

/* A map of some arrays, the rest by their names. */
Test(import_names, as_a_map_has_some)
{
    static const char *const names[PLACES] = {
        "rnn.weight_ih_l0", "rnn.weight_hh_l0", "proj", "rnn.bias_ih_l0", "proj_bias", "first", "rnn.bias_hh_l0"};
    struct made made = {0};
    carrynet_imported imported;
    int places[PLACES];
    add_network(&made, names, true);
    find_places(places, &made, names);
    write_npz(&made);
    carrynet_model *model = import(&imported, "w_hy=proj.T,b_y=proj_bias,h_0=first");
    expect_network(model, &made, places, true);
    cr_expect_str_eq(imported.names, "PyTorch's names");
    carrynet_model_free(model);
    expect_refused("w_hy=proj.T,b_y=proj_bias", CARRYNET_ERROR_FORMAT, "'first' is unknown");
    model = import(&imported, "w_hy=proj.T,b_y=proj_bias,skip=first");
    cr_expect_str_eq(imported.passed_over, "first");
    carrynet_model_free(model);
    model = import(&imported, "skip=fi*,w_hy=proj.T,b_y=proj_bias");
    carrynet_model_free(model);
    expect_refused("skip=nobody*", CARRYNET_ERROR_ARGUMENT, "lack 'nobody*', which --map names");
}

/* Two networks of the same names in one file. */
Test(import_names, two_networks)
{
    static const char *const one[PLACES] = {"a/w_xh", "a/w_hh", "a/w_hy"}, *const two[PLACES] = {"b/w_xh", "b/w_hh",
                                                                                                 "b/w_hy"};
    struct made made = {0};
    carrynet_imported imported;
    int places[PLACES];
    add_network(&made, one, false);
    add_network(&made, two, false);
    find_places(places, &made, two);
    write_npz(&made);
    expect_refused(NULL, CARRYNET_ERROR_FORMAT,
                   "two networks or layers, with 'a/w_xh' and 'b/w_xh': one can be imported");
    carrynet_model *model = import(&imported, "w_xh=b/w_xh,w_hh=b/w_hh,w_hy=b/w_hy");
    expect_network(model, &made, places, false);
    carrynet_model_free(model);
    model = import(&imported, "skip=a/*");
    expect_network(model, &made, places, false);
    cr_expect_str_eq(imported.passed_over, "a/w_xh, a/w_hh, a/w_hy");
    carrynet_model_free(model);
}

/* ---- what is no part of the network ---------------------------------------------------------------------------- */

Test(import_names, state_of_a_training_is_passed_over)
{
    static const char *const beside[] = {
        "epoch",      "mWxh",  "dWhh", "smooth_loss", "optimizer/vars/3", "opt_state.mu.Wxh",
        "train/Loss", "hprev", "best", "adam/Wxh"};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; ++i) {
        struct made made = {0};
        carrynet_imported imported;
        int places[PLACES];
        add(&made, beside[i], strcmp(beside[i], "best") == 0 ? 1 : 3, 2, 0);
        if (strcmp(beside[i], "best") == 0)
            made.arrays[0] = (npz_array){"best", NPZ_FLOAT, 4, 0, {0}, made.narrow[0], 4};
        add_network(&made, known[3].names, true);
        find_places(places, &made, known[3].names);
        write_npz(&made);
        carrynet_model *model = import(&imported, NULL);
        expect_network(model, &made, places, true);
        cr_expect_str_eq(imported.passed_over, beside[i]);
        carrynet_model_free(model);
    }
}
