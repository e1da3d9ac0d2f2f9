/* Every way in which a file of another program can be wrong: names, shapes, values, types, each named in the message. */
#include "foreign_files.h"
#include <math.h>

TestSuite(import_bad, .init = foreign_enter, .fini = foreign_leave);

static void expect_bad(const struct made *made, carrynet_cell cell, carrynet_status status, const char *says)
{
    for (int kind = 0; kind < 2; ++kind) {
        carrynet_model *model = NULL;
        const carrynet_import_options options = {.cell = cell};
        (kind == 0 ? write_npz : write_safetensors)(made);
        cr_expect_eq(carrynet_import(&model, NULL, path, &options), status, "for '%s'", says);
        cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
        cr_expect_not_null(strstr(carrynet_message(), path), "no name of the file in: %s", carrynet_message());
        cr_expect_null(model);
        carrynet_model_free(model);
    }
}

static void expect_bad_tanh(const struct made *made, const char *says)
{
    expect_bad(made, CARRYNET_CELL_TANH, CARRYNET_ERROR_FORMAT, says);
}

Test(import_bad, names)
{
    static const struct {
        const char *more, *says;
        uint64_t a, b;
    } cases[] = {
        {"rnn.weight_ih_l1", "'rnn.weight_ih_l1' is of another layer: one layer can be imported (num_layers=1)", 3, 3},
        {"rnn.weight_ih_l0_reverse", "'rnn.weight_ih_l0_reverse' is of a second direction (bidirectional=True)", 3, 2},
        {"rnn.weight_hr_l0", "'rnn.weight_hr_l0' is a projection", 3, 3},
        {"embedding",
         "'embedding' is unknown (if it is no part of the network: --map skip=embedding); found: "
         "rnn.weight_ih_l0 [3, 2], rnn.weight_hh_l0 [3, 3], fc.weight [1, 3]",
         4, 2},
        {"fc2.weight", "'fc2.weight' is of a second linear layer", 1, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct made made = {0};
        add_pytorch(&made, torch_names);
        add(&made, cases[i].more, cases[i].a, cases[i].b, 0);
        expect_bad_tanh(&made, cases[i].says);
    }
    struct made made = {0};
    add_pytorch(&made, torch_names);
    expect_bad(&made, CARRYNET_CELL_UNSAID, CARRYNET_ERROR_ARGUMENT, "no file says what its cell computes");
    made.arrays[5].name = "other.bias";
    expect_bad_tanh(&made, "'other.bias' is no bias of the head");
    made.count = 4;
    expect_bad_tanh(&made, "lack bias_hh_l0 beside 'rnn.weight_ih_l0': there are both biases, or none");
    made.count = 2;
    expect_bad_tanh(&made, "lack a linear head, such as fc.weight");
    made.count = 1;
    expect_bad_tanh(&made, "the arrays lack weight_hh_l0 beside 'rnn.weight_ih_l0'");
    made.arrays[0].name = "anything";
    expect_bad_tanh(&made,
                    "are of no known network; found: anything [3, 2]; --map says which array is what, for example "
                    "--map w_xh=NAME,w_hh=NAME,w_hy=NAME (NAME.T is a transposed one; b_h, b_y, h_0 likewise)");
    made.arrays[0].name = "synapse_0";
    expect_bad_tanh(&made, "lack synapse_h beside 'synapse_0'; found: synapse_0");
    struct made ours = {0};
    add(&ours, "w_xh", 2, 3, 0);
    add(&ours, "w_hh", 3, 3, 0);
    add(&ours, "w_hy", 3, 1, 0);
    add(&ours, "b_h", 3, 0, 0);
    expect_bad_tanh(&ours, "lack b_y beside 'w_xh'");
    ours.arrays[3].name = "W";
    expect_bad_tanh(&ours, "'W' is unknown (if it is no part of the network: --map skip=W); found: w_xh");
}

/* Layers that change what the network computes, each with what to do. */
Test(import_bad, other_networks)
{
    static const char weight_norm[] =
        "under weight_norm; before you save, take it off: torch.nn.utils.remove_weight_norm";
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"fc.weight_g", weight_norm},
        {"fc.weight_v", weight_norm},
        {"rnn.weight_hh_l0_g", weight_norm},
        {"rnn.weight_ih_l0_v", weight_norm},
        {"cell.weight_hh_g", weight_norm},
        {"fc.parametrizations.weight.original0", weight_norm},
        {"rnn.parametrizations.weight_hh_l0.original1", "parametrize.remove_parametrizations(module"},
        {"fc.parametrizations.weight.original", "is a weight under a parametrization"},
        {"fc.weight_orig", "is a weight under spectral_norm or pruning"},
        {"rnn.weight_hh_l0_mask", "is of a pruning"},
        {"rnn.weight_hh_l1", "is of another layer"},
        {"rnn.bias_ih_l2", "is of another layer"},
        {"norm.running_mean", "is of a normalization"},
        {"layer_normalization/gamma:0", "is of a normalization"},
        {"LayerNorm_0/scale", "is of a normalization"},
        {"bidirectional/backward_simple_rnn/kernel", "is of a second direction (Bidirectional)"},
        {"rnn.bias_ih_l0_reverse", "is of a second direction (bidirectional=True)"},
        {"lstm/lstm_cell/kernel", "is of an LSTM"},
        {"OptimizedLSTMCell_0/hf/kernel", "is of an LSTM"},
        {"GRUCell_0/hr/kernel", "is of a GRU"},
        {"embedding.weight", "is of an embedding"},
        {"token_embed/embeddings:0", "is of an embedding"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct made made = {0};
        add_pytorch(&made, torch_names);
        add(&made, cases[i].name, 3, 3, 0);
        expect_bad_tanh(&made, cases[i].says);
    }
    /* With weight_norm the weight itself is not there. */
    struct made made = {0};
    add_pytorch(&made, torch_names);
    made.arrays[2].name = "fc.weight_g";
    add(&made, "fc.weight_v", 1, 3, 0);
    expect_bad_tanh(&made, weight_norm);
}

/* What may be meant, as far as shapes tell. */
Test(import_bad, examples_of_a_map)
{
    struct made made = {0};
    add(&made, "hidden", 3, 3, 0);
    add(&made, "in", 3, 2, 0);
    add(&made, "out", 1, 3, 0);
    expect_bad_tanh(&made,
                    "found: hidden [3, 3], in [3, 2], out [1, 3]; --map says which array is what, for example --map "
                    "w_xh=in.T,w_hh=hidden.T,w_hy=out.T (");
    struct made ours = {0};
    add(&ours, "in", 2, 3, 0);
    add(&ours, "hidden", 3, 3, 0);
    add(&ours, "out", 3, 1, 0);
    expect_bad_tanh(&ours, "for example --map w_xh=in,w_hh=hidden,w_hy=out (");
}

Test(import_bad, shapes)
{
    struct made made = {0};
    add_pytorch(&made, torch_names);
    struct made bad = made;
    for (size_t i = 0; i < MOST; ++i)
        bad.arrays[i].data = bad.narrow[i];
    const struct made good = bad;
    bad.arrays[4].shape[0] = 2;
    bad.arrays[4].size = 8;
    expect_bad_tanh(&bad, "array 'rnn.bias_hh_l0': shape is [2], must be [3]");
    bad = good;
    bad.arrays[0].shape[0] = 2;
    bad.arrays[0].shape[1] = 3;
    expect_bad_tanh(&bad, "array 'rnn.weight_ih_l0': shape is [2, 3], as [I, H], but that of 'fc.weight' is [1, 3], as "
                          "[O, H]: one of them is transposed; --map NAME.T says which");
    bad = good;
    bad.arrays[2].shape[1] = 2;
    bad.arrays[2].size = 8;
    expect_bad_tanh(&bad, "array 'fc.weight': shape is [1, 2], must be [O, 3]");
    bad.arrays[2].rank = 3;
    bad.arrays[2].shape[0] = 2;
    bad.arrays[2].shape[1] = bad.arrays[2].shape[2] = 1;
    expect_bad_tanh(&bad, "array 'fc.weight': shape is [2, 1, 1], must be [O, 3]");
    for (uint64_t gates = 3; gates <= 4; ++gates) {
        struct made gated = {0};
        add(&gated, "weight_ih_l0", gates * 2, 2, 0);
        add(&gated, "weight_hh_l0", gates * 2, 2, 0);
        add(&gated, "fc.weight", 1, 2, 0);
        expect_bad_tanh(&gated, gates == 4 ? "[8, 2], as an LSTM's; only a simple recurrent cell, such as nn.RNN"
                                           : "[6, 2], as a GRU's");
    }
    struct made wide = {0};
    add(&wide, "U", 5, 3, 0);
    add(&wide, "W", 3, 3, 0);
    add(&wide, "V", 3, 1, 0);
    expect_bad_tanh(&wide, "array 'U': shape is [5, 3], must be of 1 to 4 inputs");
    struct made many = {0};
    add(&many, "U", 2, 3, 0);
    add(&many, "W", 3, 3, 0);
    add(&many, "V", 3, 3, 0);
    expect_bad(&many, 0, CARRYNET_ERROR_ARGUMENT, "2 inputs and 3 outputs: name its task");
    struct made one = {0};
    add(&one, "U", 1, 3, 0);
    add(&one, "W", 3, 3, 0);
    add(&one, "V", 3, 1, 0);
    expect_bad(&one, 0, CARRYNET_ERROR_ARGUMENT, "times3, parity");
    const carrynet_import_options options = {.task = carrynet_task_at(0)};
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_import(&model, NULL, path, &options), CARRYNET_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(carrynet_message(), "the network has 1 inputs and 1 outputs, task add has 2 and 1"));
}

Test(import_bad, values)
{
    static const struct {
        float value;
        const char *says;
    } cases[] = {{NAN, "array 'rnn.weight_hh_l0': [1, 2] is NaN"},
                 {INFINITY, "array 'rnn.weight_hh_l0': [1, 2] is inf, the largest allowed is 2^60"},
                 {-0x1.8p60f, "the largest allowed is 2^60"},
                 {0x1p60f, "the largest allowed is 2^60"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        struct made made = {0};
        add_pytorch(&made, torch_names);
        made.narrow[1][5] = cases[i].value;
        expect_bad_tanh(&made, cases[i].says);
    }
}

static void expect_bad_file(const char *bytes, size_t size, carrynet_status status, const char *says)
{
    carrynet_model *model = NULL;
    const carrynet_import_options options = {.cell = CARRYNET_CELL_TANH};
    MUST(sys_write_file(path, (const void *const[]){bytes}, &size, 1));
    cr_expect_eq(carrynet_import(&model, NULL, path, &options), status);
    cr_expect_not_null(strstr(carrynet_message(), says), "no '%s' in: %s", says, carrynet_message());
}

Test(import_bad, types)
{
    static const char *const types[] = {"F15", "C128", "I4", "f32"};
    for (size_t i = 0; i < 4; ++i) {
        char bytes[160] = {0}, says[96];
        const int length =
            snprintf(bytes + 8, sizeof bytes - 8,
                     "{\"fc.weight\": {\"dtype\": \"%s\", \"shape\": [0], \"data_offsets\": [0, 0]}}", types[i]);
        bytes[0] = (char)length;
        (void)snprintf(says, sizeof says, "tensor 'fc.weight': dtype is '%s', which is no type of safetensors",
                       types[i]);
        expect_bad_file(bytes, (size_t)length + 8, CARRYNET_ERROR_FORMAT, says);
    }
    expect_bad_file("\x93NUMPY", 6, CARRYNET_ERROR_FORMAT, "a lone NumPy array");
    expect_bad_file("PK", 2, CARRYNET_ERROR_FORMAT, "2 bytes are too few");
    expect_bad_file("", 0, CARRYNET_ERROR_FORMAT, "not a safetensors or NPZ file but an empty file");
    /* "PK" is how a zip begins, and the length of this header. */
    char long_header[8 + 0x4b50];
    memset(long_header, ' ', sizeof long_header);
    memcpy(long_header, "PK\0\0\0\0\0\0{}", 10);
    expect_bad_file(long_header, sizeof long_header, CARRYNET_ERROR_FORMAT, "no array");
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_import(&model, NULL, "/nonexistent/n", &(carrynet_import_options){0}), CARRYNET_ERROR_IO);
}
