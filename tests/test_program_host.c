/*
 * A host that computes wrong is named as such, with the exit code of a device, whatever the command, and no OpenCL device
 * is blamed; and the program computes the same where a library has changed its floating-point environment.
 */
#include "program_run.h"

TestSuite(host_program, .init = program_enter, .fini = program_leave, .timeout = 300);

#define HOST "this build of carrynet does not compute by IEEE 754 on this host"

/* Of devices: the first one's, if there is one, and the reference. */
static void expect_host(const char *device, const char *const *words)
{
    char variable[64];
    (void)snprintf(variable, sizeof variable, "CARRYNET_DEVICE=%s", device);
    struct program_result result = program_run("", (const char *const[]){variable, NULL}, words);
    EXPECT_CODE(result, 3);
    cr_expect(strstr(result.err, HOST) != NULL || strstr(result.out, HOST) != NULL, "%s on %s said:\n%s%s", words[1],
              device, result.out, result.err);
    const char *const blaming[] = {"not admitted", "differs from IEEE 754", "does not work", "newer driver",
                                   "pocl-opencl"};
    for (size_t i = 0; i < sizeof blaming / sizeof blaming[0]; ++i)
        cr_expect(strstr(result.err, blaming[i]) == NULL && strstr(result.out, blaming[i]) == NULL,
                  "%s on %s blames a device:\n%s%s", words[1], device, result.out, result.err);
    program_done(&result);
}

#define WRONG(...) ((const char *const[]){CARRYNET_WRONG_HOST, __VA_ARGS__, NULL})

Test(host_program, that_computes_wrong_is_named)
{
    static const char *const devices[] = {"auto", "reference"};
    program_train("m.safetensors");
    struct program_result proved = PROGRAM("prove", "m.safetensors", "-o", "m.cert");
    program_done(&proved);
    for (size_t i = 0; i < 2; ++i) {
        expect_host(devices[i], WRONG("train", "--updates", "1", "-o", "t.safetensors"));
        expect_host(devices[i], WRONG("train", "--until", "proved", "-o", "t.safetensors"));
        expect_host(devices[i], WRONG("compare", "--case", "smallest"));
        expect_host(devices[i], WRONG("eval", "m.safetensors"));
        expect_host(devices[i], WRONG("run", "m.safetensors", "93", "38"));
        expect_host(devices[i], WRONG("prove", "m.safetensors"));
        expect_host(devices[i], WRONG("replay", "000", "--updates", "10"));
        expect_host(devices[i], WRONG("sweep", "--hidden", "2", "--bits", "3", "--sequences", "64", "-o", "s.csv"));
    }
    expect_host("auto", WRONG("devices"));
    expect_host("auto", WRONG("doctor"));
    expect_host("auto", WRONG("devices", "--json"));
    expect_host("auto", WRONG("doctor", "--json"));
    cr_expect_null(program_file("t.safetensors", NULL), "a model was written");
}

#define UNCHECKED(...) ((const char *const[]){CARRYNET_WRONG_CHECKER, __VA_ARGS__, NULL})

/* What cannot be checked is neither proved nor refuted, and no reason to go on training. */
Test(host_program, that_cannot_check_ends)
{
    struct program_result result =
        PROGRAM("train", "--until", "proved", "--task", "tomita1", "--hidden", "4", "-o", "m.safetensors");
    EXPECT_CODE(result, 0);
    program_done(&result);
    expect_host("reference", UNCHECKED("verify", "m.safetensors", "m.safetensors.cert"));
    expect_host("reference", (const char *const[]){CARRYNET_WRONG_VERIFY, "m.safetensors", "m.safetensors.cert", NULL});
    expect_host("reference", UNCHECKED("prove", "m.safetensors"));
    expect_host("reference", UNCHECKED("eval", "m.safetensors", "--proof", "m.safetensors.cert"));
    expect_host("reference",
                UNCHECKED("train", "--until", "proved", "--task", "tomita1", "--hidden", "4", "-o", "t.safetensors"));
    expect_host("reference", UNCHECKED("train", "--until", "proved", "--task", "tomita1", "--hidden", "4", "--nets",
                                       "3", "-o", "t.safetensors"));
    expect_host("reference",
                UNCHECKED("sweep", "--until", "proved", "--task", "tomita1", "--hidden", "4", "-o", "s.csv"));
    expect_host("reference", UNCHECKED("report", "m.safetensors", "-o", "r.html"));
    cr_expect_null(program_file("t.safetensors", NULL), "a model was written");
}

Test(host_program, that_computes_right_says_so)
{
    struct program_result result = PROGRAM_WITHOUT_OPENCL("doctor");
    EXPECT_SAYS(result.out, "arithmetic of this host   as it should be");
    program_done(&result);
}
