/*
 * import and states on the command line: what is said, which files are left, exit codes; and that eval, show and prove
 * work on what was imported. What NumPy and PyTorch make of it is in check_numpy.py and import_torch.py.
 */
#include "exchange/npz.h"
#include "program_run.h"

TestSuite(program_import, .init = program_enter, .fini = program_leave);

enum { HIDDEN = 3 };

/*
 * An adder by hand, as PyTorch would save it: unit k is high where a + b + carry is above k, the carry being unit 1; the
 * bit is unit 0 - unit 1 + unit 2. Large weights make tanh a switch.
 */
static void write_adder(const char *path)
{
    const float steep = 8;
    float w_ih[HIDDEN][2], w_hh[HIDDEN][HIDDEN] = {{0}}, b_ih[HIDDEN], b_hh[HIDDEN];
    const float w_o[HIDDEN] = {3, -3, 3}, b_o[1] = {0}, start[HIDDEN] = {-1, -1, -1};
    for (int k = 0; k < HIDDEN; ++k) {
        w_ih[k][0] = w_ih[k][1] = steep;
        w_hh[k][1] = steep / 2.0f;                       /* the carry is (1 + g) / 2 */
        b_ih[k] = steep / 2.0f - steep * ((float)k + 1); /* and a + b + carry from k + 1/2 on is above k */
        b_hh[k] = steep / 2.0f;
    }
    const npz_array arrays[] = {
        {"rnn.weight_ih_l0", NPZ_FLOAT, 4, 2, {HIDDEN, 2}, w_ih, sizeof w_ih},
        {"rnn.weight_hh_l0", NPZ_FLOAT, 4, 2, {HIDDEN, HIDDEN}, w_hh, sizeof w_hh},
        {"rnn.bias_ih_l0", NPZ_FLOAT, 4, 1, {HIDDEN}, b_ih, sizeof b_ih},
        {"rnn.bias_hh_l0", NPZ_FLOAT, 4, 1, {HIDDEN}, b_hh, sizeof b_hh},
        {"fc.weight", NPZ_FLOAT, 4, 2, {1, HIDDEN}, w_o, sizeof w_o},
        {"fc.bias", NPZ_FLOAT, 4, 1, {1}, b_o, sizeof b_o},
        {"h0", NPZ_FLOAT, 4, 3, {1, 1, HIDDEN}, start, sizeof start},
    };
    cr_assert_eq(npz_write(path, arrays, sizeof arrays / sizeof arrays[0]), CARRYNET_OK);
}

Test(program_import, imported_evaluated_and_proved)
{
    write_adder("adder.npz");
    struct program_result result = PROGRAM("import", "adder.npz", "--cell", "tanh", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "PyTorch's names; 1 network of 2 inputs, 3 hidden units, 1 output, fp32\n");
    EXPECT_SAYS(result.out, "Cell tanh, made into one of sigmoid");
    EXPECT_SAYS(result.out, "  w_hh = 4 * rnn.weight_hh_l0 transposed\n");
    EXPECT_SAYS(result.out, "Task add (by its sizes; --task names another): lowest bit first, input 0 is a");
    EXPECT_SAYS(result.out, "`carrynet prove --arithmetic any` speaks of the other program's float32");
    EXPECT_SAYS(result.out, "\nWrote m\n");
    EXPECT_SAYS(result.err, "Next: carrynet eval m\n");
    program_done(&result);
    result = PROGRAM("eval", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "16384 of 16384 sums right\n");
    EXPECT_SAYS(result.err, "Origin: import of adder.npz\n");
    program_done(&result);
    result = PROGRAM("eval", "m", "--bits", "200");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("show", "m", "127", "1");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "127 + 1 = 128, and so says the network.");
    program_done(&result);
    result = PROGRAM("prove", "m", "--arithmetic", "any");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "PROVED for every length, in any program's arithmetic\n");
    program_done(&result);
    result = program_run("", NULL, (const char *const[]){CARRYNET_CHECKER, "m", "m.cert", NULL});
    EXPECT_CODE(result, 0);
    program_done(&result);
    /* As another task it is wrong, and in double precision a proof would claim too much. */
    result = PROGRAM("import", "adder.npz", "--cell", "tanh", "--task", "sub", "--precision", "fp64", "--bits", "5",
                     "-o", "m64");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Task sub: lowest bit first");
    EXPECT_SAYS(result.out, "does not speak of the other program's");
    program_done(&result);
    result = PROGRAM("eval", "m64", "--json");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "\"task\": \"sub\"");
    EXPECT_SAYS(result.out, "\"bits\": 5");
    program_done(&result);
    /* A model is a safetensors file like another, and keeps its task. */
    result = PROGRAM("import", "m64", "--precision", "fp32", "-o", "again");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Carrynet's names; 1 network");
    EXPECT_SAYS(result.out, "Task sub: ");
    program_done(&result);
}

Test(program_import, what_is_refused)
{
    write_adder("adder.npz");
    EXPECT_ERROR(2, "say where the model goes, with -o", "import", "adder.npz");
    EXPECT_ERROR(2, "is the file to import", "import", "adder.npz", "-o", "./adder.npz");
    EXPECT_ERROR(2, "name it, with --cell tanh", "import", "adder.npz", "-o", "m");
    EXPECT_ERROR(2, "It can be: sigmoid, tanh", "import", "adder.npz", "--cell", "relu", "-o", "m");
    EXPECT_ERROR(2, "task add3 has 3 and 1", "import", "adder.npz", "--cell", "tanh", "--task", "add3", "-o", "m");
    EXPECT_ERROR(4, "nowhere: cannot open", "import", "nowhere", "--cell", "tanh", "-o", "m");
    EXPECT_ERROR(4, "nowhere/m", "import", "adder.npz", "--cell", "tanh", "-o", "nowhere/m");
    program_write("garbage", "garbage, and more of it", 23);
    EXPECT_ERROR(4, "garbage: not a safetensors or NPZ file but a text file", "import", "garbage", "-o", "m");
    cr_expect_neq(access("m", F_OK), 0, "an error left a file behind");
}

/* Names, orders and types of other programs: what is said of them, and what comes out. */
Test(program_import, of_other_programs)
{
    static const float in[HIDDEN][2] = {{16, 16}, {16, 16}, {16, 16}},
                       rec[HIDDEN][HIDDEN] = {{0, 16, 0}, {0, 16, 0}, {0, 16, 0}},
                       two[2][HIDDEN] = {{-3, 3, -3}, {3, -3, 3}}, bias[HIDDEN] = {-8, -24, -40},
                       halves[2] = {1.5f, -1.5f};
    const int32_t epoch = 3;
    npz_array arrays[] = {
        {"Wxh", NPZ_FLOAT, 4, 2, {HIDDEN, 2}, in, sizeof in},
        {"Whh", NPZ_FLOAT, 4, 2, {HIDDEN, HIDDEN}, rec, sizeof rec},
        {"Why", NPZ_FLOAT, 4, 2, {2, HIDDEN}, two, sizeof two},
        {"bh", NPZ_FLOAT, 4, 2, {HIDDEN, 1}, bias, sizeof bias},
        {"by", NPZ_FLOAT, 4, 2, {2, 1}, halves, sizeof halves},
        {"epoch", NPZ_SIGNED, 4, 0, {0}, &epoch, sizeof epoch},
    };
    cr_assert_eq(npz_write("k.npz", arrays, 6), CARRYNET_OK);
    struct program_result result = PROGRAM("import", "k.npz", "--cell", "sigmoid", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Karpathy's names; 1 network of 2 inputs, 3 hidden units, 1 output, fp32\n");
    EXPECT_SAYS(result.out, "  w_hy = Why[1] - Why[0]\n");
    EXPECT_SAYS(result.out, "Two logits a bit: a bit is 1 where the second is above the first");
    EXPECT_SAYS(result.err, "Passed over, as no part of the network: epoch\n");
    program_done(&result);
    result = PROGRAM("eval", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "16384 of 16384 sums right\n");
    program_done(&result);
    result = PROGRAM("import", "k.npz", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Cell tanh (as such names have without more; --cell sigmoid names the other)");
    program_done(&result);
    result = PROGRAM("import", "k.npz", "--map", "w_xh=Wxh.T,w_hh=Whh.T,w_hy=Why.T,b_h=bh,b_y=by", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "Names as --map has them; 1 network");
    EXPECT_SAYS(result.out, "Cell sigmoid (nothing says it; --cell tanh names the other)\n");
    program_done(&result);
    result = PROGRAM("eval", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    EXPECT_ERROR(2, "k.npz: the arrays lack 'Wx', which --map names", "import", "k.npz", "--map", "w_xh=Wx", "-o", "m");
    EXPECT_ERROR(2, "must be KEY=NAME", "import", "k.npz", "--map", "Wxh", "-o", "m");
    EXPECT_ERROR(4, "`carrynet import` makes a model of it", "run", "k.npz", "1", "2");
    EXPECT_ERROR(4, "`carrynet import` makes a model of it", "eval", "k.npz");
    EXPECT_ERROR(4, "`carrynet import` makes a model of it", "export", "k.npz", "-o", "c.c");
    EXPECT_ERROR(4, "not a certificate but an NPZ file", "verify", "m", "k.npz");
    /* Ours the other way round, and logits whose difference has no float. */
    arrays[0].name = "w_xh", arrays[1].name = "w_hh", arrays[2].name = "w_hy";
    const float near[2][HIDDEN] = {{1e-9f, 0, 0}, {1, 1, 1}};
    arrays[2].data = near;
    cr_assert_eq(npz_write("o.npz", arrays, 3), CARRYNET_OK);
    result = PROGRAM("import", "o.npz", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "The matrices are taken as [H, I], [H, H] and [O, H], the only way");
    EXPECT_SAYS(result.err, "1 difference of weights of the two logits is no number of fp32 and was rounded");
    EXPECT_SAYS(result.err, "--precision fp64 rounds less");
    program_done(&result);
}

Test(program_import, states_of_a_network)
{
    npz_file file = {0};
    write_adder("adder.npz");
    struct program_result result = PROGRAM("import", "adder.npz", "--cell", "tanh", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("states", "m", "-o", "h.npz");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "16384 problems of 8 steps, all there are\nh [16384,8,3] after each step, h_0 [3]");
    EXPECT_SAYS(result.out, "operands [16384,2]: uint64\nWrote h.npz\n");
    program_done(&result);
    cr_assert_eq(npz_read(&file, "h.npz"), CARRYNET_OK);
    const npz_array *h = npz_find(&file, "h"), *state = npz_find(&file, "state");
    cr_assert(h != NULL && state != NULL && h->shape[2] == HIDDEN);
    /* This adder keeps the carry in unit 1. */
    for (size_t s = 0; s < 16384; s += 77)
        for (size_t t = 0; t + 1 < 8; ++t)
            cr_expect_eq(npz_real(h, (s * 8 + t) * HIDDEN + 1) > 0.5, npz_real(state, s * 8 + t + 1) > 0);
    npz_free(&file);
    result = PROGRAM("states", "m", "--bits", "70", "--problems", "5", "-o", "h.npz");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "5 problems of 70 steps, of the evaluation set\n");
    cr_expect_null(strstr(result.out, "operands"));
    program_done(&result);
    EXPECT_ERROR(2, "say where the arrays go, with -o", "states", "m");
    EXPECT_ERROR(2, "is the model itself", "states", "m", "-o", "m");
    EXPECT_ERROR(2, "--net is 1, but m has one network", "states", "m", "--net", "1", "-o", "h.npz");
    EXPECT_ERROR(4, "nowhere/h.npz", "states", "m", "-o", "nowhere/h.npz");
    EXPECT_ERROR(3, "the states of 1000000000 problems", "states", "m", "--bits", "100000", "--problems", "1000000000",
                 "-o", "h.npz");
    EXPECT_ERROR(4, "adder.npz: ", "states", "adder.npz", "-o", "h.npz");
}
