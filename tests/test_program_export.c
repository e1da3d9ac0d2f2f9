/* carrynet export, as a user types it: what it writes and says, the adder in C as a program, and bad input. */
#include "program_run.h"

TestSuite(program_export, .init = program_enter, .fini = program_leave);

/* The exit code of a command of the shell. */
static int shell(const char *command)
{
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The exit code of a program given these numbers; what it says is in printed.txt. */
static int with_numbers(const char *program, const char *numbers)
{
    char command[256];
    (void)snprintf(command, sizeof command, "./%s %s > printed.txt 2>&1", program, numbers);
    return shell(command);
}

static void expect_printed(const char *text)
{
    char *printed = program_file("printed.txt", NULL);
    cr_assert_not_null(printed);
    cr_expect_str_eq(printed, text);
    free(printed);
}

Test(program_export, the_ending_says_what_to_write)
{
    static const struct {
        const char *name, *start;
        size_t size;
    } files[] = {
        {"a.onnx",
         "\x08\x07\x12\x08"
         "carrynet",
         12},
        {"a.npz", "PK\x03\x04", 4},
        {"a.c", "/*\n * a + b (task add)\n", 23},
    };
    program_train("add.safetensors");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        char said[64];
        size_t size = 0;
        struct program_result result = PROGRAM("export", "add.safetensors", "-o", files[i].name);
        EXPECT_CODE(result, 0);
        (void)snprintf(said, sizeof said, "Wrote %s\n", files[i].name);
        cr_expect_str_eq(result.out, said);
        program_done(&result);
        char *bytes = program_file(files[i].name, &size);
        cr_assert_not_null(bytes);
        cr_expect(size > files[i].size && memcmp(bytes, files[i].start, files[i].size) == 0, "%s", files[i].name);
        free(bytes);
    }
    struct program_result result = PROGRAM("export", "add.safetensors", "--format", "npz", "-o", "a.onnx", "--json");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "\"format\": \"npz\", \"file\": \"a.onnx\"}");
    EXPECT_SAYS(result.out, "{\"model\": \"add.safetensors\", \"network\": 0, \"digest\": \"");
    program_done(&result);
    char *bytes = program_file("a.onnx", NULL);
    cr_assert_not_null(bytes);
    cr_expect_eq(memcmp(bytes, "PK", 2), 0);
    free(bytes);
}

Test(program_export, the_c_file_is_a_program_that_adds)
{
    program_train("add.safetensors");
    struct program_result result = PROGRAM("export", "add.safetensors", "-o", "16 bits/../2nd adder.x.c");
    EXPECT_CODE(result, 4);
    program_done(&result);
    result = PROGRAM("export", "add.safetensors", "-o", "./2nd adder.x.c");
    EXPECT_CODE(result, 0);
    program_done(&result);
    /* Its names are made from the file's; nothing else of it is seen outside. */
    cr_expect_eq(
        shell(CARRYNET_CC
              " -std=c99 -Wall -Wextra -Wpedantic -Werror -DNET_2ND_ADDER_X_MAIN '2nd adder.x.c' -o adder -lm"),
        0);
    cr_expect_eq(with_numbers("adder", "93 38"), 0);
    expect_printed("131\n");
    cr_expect_eq(with_numbers("adder", "0 0"), 0);
    expect_printed("0\n");
    static const char *const bad[] = {
        "", "93", "93 38 1", "93 x", "93 -1", "93 38.5", "9223372036854775808 1", "99999999999999999999999 1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i)
        cr_expect_eq(with_numbers("adder", bad[i]), 2, "%s", bad[i]);
}

Test(program_export, a_network_of_several)
{
    struct program_result result = PROGRAM("train", "--task", "sub", "--nets", "3", "--updates", "400", "--bits", "4",
                                           "-q", "-o", "sub.safetensors");
    cr_assert(result.code == 0 || result.code == 5);
    program_done(&result);
    result = PROGRAM("export", "sub.safetensors", "--net", "2", "-o", "two.c");
    EXPECT_CODE(result, 0);
    cr_expect_str_eq(result.out, "Wrote two.c, network 2 of 0 to 2\n");
    program_done(&result);
    cr_expect_eq(shell(CARRYNET_CC " -std=c99 -DTWO_MAIN two.c -o two -lm"), 0);
    /* The network may be wrong: then so is its file. */
    for (int i = 0; i < 8; ++i) {
        char numbers[8];
        const char a[] = {(char)('0' + i), '\0'};
        result = PROGRAM("run", "sub.safetensors", "--net", "2", a, "0");
        EXPECT_CODE(result, 0);
        (void)snprintf(numbers, sizeof numbers, "%d 0", i);
        cr_expect_eq(with_numbers("two", numbers), 0);
        expect_printed(result.out);
        program_done(&result);
    }
    cr_expect_eq(with_numbers("two", "3 5"), 2);
    EXPECT_ERROR(2, "has networks 0 to 2", "export", "sub.safetensors", "--net", "3", "-o", "two.c");
}

Test(program_export, bad_input_is_named)
{
    program_train("add.safetensors");
    EXPECT_ERROR(2, "where does the network go?", "export", "add.safetensors");
    EXPECT_ERROR(2, "the name of a model file is missing", "export", "-o", "a.c");
    EXPECT_ERROR(2, "ends in none of .onnx, .npz, .c", "export", "add.safetensors", "-o", "a.pt");
    EXPECT_ERROR(2, "did you mean 'onnx'", "export", "add.safetensors", "-o", "a.pt", "--format", "onx");
    EXPECT_ERROR(2, "has one network, number 0", "export", "add.safetensors", "-o", "a.c", "--net", "1");
    EXPECT_ERROR(2, "-o names the model itself", "export", "add.safetensors", "-o", "./add.safetensors", "--format",
                 "c");
    EXPECT_ERROR(4, "no/a.c", "export", "add.safetensors", "-o", "no/a.c");
    EXPECT_ERROR(4, "none.safetensors", "export", "none.safetensors", "-o", "a.c");
    cr_expect_eq(access("a.c", F_OK), -1);
}
