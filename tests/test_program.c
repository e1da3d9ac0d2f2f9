/*
 * The program's words: help, and a clear error with the right exit code for every bad command line, file and device,
 * which loses nothing. What good commands print is in test_program_results.c.
 */
#include "program_run.h"

TestSuite(program, .init = program_enter, .fini = program_leave, .timeout = 120);

/* ---- help ------------------------------------------------------------------------------------------------------ */

static void expect_80_columns(const char *text)
{
    for (const char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        cr_expect_lt(length, 80, "%zu columns: %.*s", length, (int)length, line);
        line += length + (line[length] == '\n' ? 1 : 0);
    }
}

Test(program, helps)
{
    static const char *const commands[] = {"train",   "eval",   "run",     "show", "sweep", "merge",  "reproduce",
                                           "devices", "doctor", "compare", "plot", "demo",  "import", "states",
                                           "export",  "prove",  "verify",  "task", "help"};
    struct program_result result = PROGRAM("--help");
    EXPECT_CODE(result, 0);
    expect_80_columns(result.out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; ++i) {
        EXPECT_SAYS(result.out, commands[i]);
        struct program_result one = PROGRAM(commands[i], "--help"), same = PROGRAM("help", commands[i]);
        EXPECT_CODE(one, 0);
        EXPECT_CODE(same, 0);
        EXPECT_SAYS(one.out, "Usage: carrynet ");
        EXPECT_SAYS(one.out, "--help");
        cr_expect_str_eq(one.out, same.out);
        expect_80_columns(one.out);
        program_done(&one);
        program_done(&same);
    }
    program_done(&result);
}

Test(program, tells_its_versions)
{
    struct program_result result = PROGRAM("--version");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "carrynet ");
    EXPECT_SAYS(result.out, "arithmetic version ");
    EXPECT_SAYS(result.out, "defaults version ");
    EXPECT_SAYS(result.out, "prover version ");
    EXPECT_SAYS(result.out, "model format ");
    EXPECT_SAYS(result.out, "OpenCL loader ");
    EXPECT_SAYS(result.out, "\nMPI ");
    expect_80_columns(result.out);
    program_done(&result);
    result = PROGRAM_WITHOUT_OPENCL("--version");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "no OpenCL platform");
    program_done(&result);
}

/* ---- commands and options -------------------------------------------------------------------------------------- */

Test(program, refuses_unknown_commands)
{
    EXPECT_ERROR(2, "did you mean 'train'", "trian");
    EXPECT_ERROR(2, "train, eval, prove, verify, run, show, replay, sweep, merge, reproduce, devices, doctor, compare",
                 "fly");
    EXPECT_ERROR(2, "did you mean 'show'", "help", "shwo");
    EXPECT_ERROR(2, "the command comes first", "--seed", "3");
    struct program_result result = program_run("", NULL, (const char *const[]){CARRYNET_PROGRAM, NULL});
    EXPECT_CODE(result, 2);
    EXPECT_SAYS(result.err, "Usage: carrynet COMMAND");
    program_done(&result);
}

Test(program, refuses_unknown_options)
{
    EXPECT_ERROR(2, "did you mean '--hidden'", "train", "--hiden", "3");
    EXPECT_ERROR(2, "--bits", "train", "--zebra");
    EXPECT_ERROR(2, "there is no option '-x'", "train", "-x");
    EXPECT_ERROR(2, "write --hidden", "train", "-hidden", "3");
    EXPECT_ERROR(2, "there is no option '--hidden'", "eval", "m", "--hidden", "3");
    EXPECT_ERROR(2, "--hidden needs a value", "train", "--hidden");
    EXPECT_ERROR(2, "--json takes no value", "train", "--json=yes");
    EXPECT_ERROR(2, "--output is empty", "train", "-o", "");
    EXPECT_ERROR(2, "'add' is not expected", "train", "add");
    EXPECT_ERROR(2, "'y' is not expected after 'x'", "eval", "x", "y");
    EXPECT_ERROR(2, "model file is missing", "eval");
    EXPECT_ERROR(2, "model file is missing", "run");
}

Test(program, refuses_unknown_names)
{
    EXPECT_ERROR(2, "did you mean 'add'", "train", "--task", "ad");
    EXPECT_ERROR(2, "add, sub", "train", "--task", "multiply");
    EXPECT_ERROR(2, "did you mean 'squared'", "train", "--loss", "sqared");
    EXPECT_ERROR(2, "sgd, momentum, rmsprop, adam", "train", "--optimizer", "newton");
    EXPECT_ERROR(2, "constant, cosine", "train", "--schedule", "x");
    EXPECT_ERROR(2, "fp32, fp64", "train", "--precision", "fp16");
    EXPECT_ERROR(2, "cpu, gpu", "train", "--kernel-shape", "tpu");
    EXPECT_ERROR(2, "exact", "train", "--until", "tired");
    EXPECT_ERROR(2, "there is no case 'nothing'", "compare", "--case", "nothing");
}

Test(program, refuses_wrong_numbers)
{
    static const char *const counts[] = {"--hidden",  "--bits",        "--batch",       "--nets",
                                         "--updates", "--max-updates", "--check-every", "--threads"};
    static const char *const wrong[] = {"0", "-1", "x", "16x", "1.5", "1e3", " 7", "+7", "", "99999999999999999999"};
    static const char *const reals[] = {"--lr", "--scale", "--epsilon"};
    static const char *const unreal[] = {"0", "-1", "x", "nan", "inf", "0x10", "1e400", "1,5", "0.1 "};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; ++i)
        for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; ++k)
            EXPECT_ERROR(2, counts[i], "train", counts[i], wrong[k]);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; ++i)
        for (size_t k = 0; k < sizeof unreal / sizeof unreal[0]; ++k)
            EXPECT_ERROR(2, reals[i], "train", reals[i], unreal[k]);
    EXPECT_ERROR(2, "--hidden is '1025', but must be a whole number from 1 to 1024", "train", "--hidden", "1025");
    EXPECT_ERROR(2, "1000000", "train", "--bits", "1000001");
    EXPECT_ERROR(2, "--noise", "train", "--noise", "1.5");
    EXPECT_ERROR(2, "--momentum", "train", "--momentum", "1");
    EXPECT_ERROR(2, "such as 8,16,32", "eval", "m", "--lengths", "8,,16");
    EXPECT_ERROR(2, "such as 8,16,32", "eval", "m", "--lengths", "8,x");
    EXPECT_ERROR(2, "leaves no seeds", "train", "--seed", "18446744073709551615", "--nets", "2");
    cr_expect_neq(access("add.safetensors", F_OK), 0, "a refused command wrote a file");
}

Test(program, refuses_options_that_do_not_go_together)
{
    EXPECT_ERROR(2, "--updates", "train", "--updates", "5", "--until", "exact");
    EXPECT_ERROR(2, "--max-updates", "train", "--updates", "5", "--max-updates", "9");
    EXPECT_ERROR(2, "--momentum means nothing to --optimizer sgd", "train", "--optimizer", "sgd", "--momentum", "0.5");
    EXPECT_ERROR(2, "both name x", "train", "-o", "x", "--log", "x");
    EXPECT_ERROR(2, "leave one out", "eval", "m", "--bits", "9", "--lengths", "8,9");
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

Test(program, refuses_bad_model_files)
{
    size_t size = 0;
    program_train("add.safetensors");
    char *bytes = program_file("add.safetensors", &size);
    program_write("empty", "", 0);
    program_write("short", bytes, 7);
    program_write("header", bytes, size / 4);
    program_write("cut", bytes, size - 1);
    program_write("text", "not a model\n", 12);
    bytes[0] = '\xff'; /* a header longer than the file */
    bytes[5] = '\x7f';
    program_write("long", bytes, size);
    static const char *const files[] = {"missing", "empty", "short", "header", "cut", "text", "long", "."};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        EXPECT_ERROR(4, files[i], "eval", files[i]);
        EXPECT_ERROR(4, files[i], "run", files[i], "93", "38");
        EXPECT_ERROR(4, files[i], "show", files[i], "93", "38");
    }
    free(bytes);
}

Test(program, checks_the_output_before_training)
{
    /* Each would train for hours if it were not refused at once. */
    program_write("file", "x", 1);
    EXPECT_ERROR(4, "nowhere/x", "train", "--updates", "4000000000", "-o", "nowhere/x");
    EXPECT_ERROR(4, "file/x", "train", "--updates", "4000000000", "-o", "file/x");
    EXPECT_ERROR(4, "folder", "train", "--updates", "4000000000", "-o", ".");
    EXPECT_ERROR(4, "nowhere/log", "train", "--updates", "4000000000", "--log", "nowhere/log");
    cr_expect_neq(access("add.safetensors", F_OK), 0, "a refused command wrote a file");
}

Test(program, keeps_the_old_file_when_it_fails)
{
    size_t size = 0;
    program_write("add.safetensors", "precious", 8);
    program_write("run.jsonl", "old log", 7);
    struct program_result result = PROGRAM_WITHOUT_OPENCL("train", "--device", "gpu", "--log", "run.jsonl");
    EXPECT_CODE(result, 3);
    program_done(&result);
    char *model = program_file("add.safetensors", &size), *log = program_file("run.jsonl", NULL);
    cr_expect_str_eq(model, "precious");
    cr_expect_str_eq(log, "old log");
    free(model);
    free(log);
}

Test(program, notices_when_its_output_is_lost)
{
    if (access("/dev/full", W_OK) != 0)
        return; /* only some systems have it */
    program_train("add.safetensors");
    cr_expect_eq(WEXITSTATUS(system(CARRYNET_PROGRAM " run add.safetensors 93 38 >/dev/full 2>err.txt")), 4);
    cr_expect_eq(WEXITSTATUS(system(CARRYNET_PROGRAM " --help >/dev/full 2>err.txt")), 4);
    char *text = program_file("err.txt", NULL);
    EXPECT_SAYS(text, "standard output");
    free(text);
}

/* ---- operands -------------------------------------------------------------------------------------------------- */

Test(program, refuses_bad_operands)
{
    program_train("m");
    EXPECT_ERROR(2, "'x' is not a whole number", "run", "m", "93", "x");
    EXPECT_ERROR(2, "'9x' is not a whole number", "run", "m", "9x", "38");
    EXPECT_ERROR(2, "'1.5' is not a whole number", "run", "m", "1.5", "38");
    EXPECT_ERROR(2, "'-38' has a minus sign", "run", "m", "93", "-38");
    EXPECT_ERROR(2, "only one number", "run", "m", "93");
    EXPECT_ERROR(2, "more than 2 numbers", "run", "m", "1", "2", "3");
    EXPECT_ERROR(2, "is not a whole number", "run", "m", "93", "-", "38");
    EXPECT_ERROR(2, "is not a whole number", "run", "m", "93", "+");
    EXPECT_ERROR(2, "'x' is not a whole number", "show", "m", "93", "x");
    EXPECT_ERROR(2, "the numbers", "show", "m");
    EXPECT_ERROR(2, "network, number 0", "run", "m", "93", "38", "--net", "1");
}

Test(program, answers_good_lines_between_bad_ones)
{
    program_train("m");
    struct program_result result =
        PROGRAM_READS("93 + 38\n\n5 x\n  127 1\r\n1 2 3\n7\n0+0\n-1 3\n127\t127", "run", "m");
    EXPECT_CODE(result, 2);
    cr_expect_str_eq(result.out, "131\n128\n0\n254\n");
    EXPECT_SAYS(result.err, "line 3: 'x' is not a whole number");
    EXPECT_SAYS(result.err, "line 5: more than 2 numbers");
    EXPECT_SAYS(result.err, "line 6: only one number");
    EXPECT_SAYS(result.err, "line 8: '-1'");
    program_done(&result);
}

/* ---- devices --------------------------------------------------------------------------------------------------- */

Test(program, refuses_unknown_devices)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("train", "--device", "gpu");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.err, "pocl-opencl-icd");
    program_done(&result);
    EXPECT_ERROR(3, "Did you mean 'gpu'?", "train", "--device", "gppu");
    EXPECT_ERROR(3, "reference", "train", "--device", "no such device");
    EXPECT_ERROR(3, "99:7", "train", "--device", "99:7");
    cr_expect_neq(access("add.safetensors", F_OK), 0, "a refused command wrote a file");
}

Test(program, says_what_to_install_without_opencl)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("devices");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "pocl-opencl-icd");
    program_done(&result);
    result = PROGRAM_WITHOUT_OPENCL("compare");
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.err, "pocl-opencl-icd");
    program_done(&result);
}

Test(program, obeys_the_flag_before_the_variable)
{
    struct program_result result = program_run("", (const char *const[]){"CARRYNET_DEVICE=no such device", NULL},
                                               PROGRAM_WORDS("train", "--updates", "1", "-o", "m"));
    EXPECT_CODE(result, 3);
    program_done(&result);
    result = program_run("", (const char *const[]){"CARRYNET_DEVICE=no such device", NULL},
                         PROGRAM_WORDS("train", "--updates", "1", "-o", "m", "--device", "reference"));
    EXPECT_CODE(result, 0);
    program_done(&result);
}
