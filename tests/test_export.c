/*
 * Exported networks: the C file gives the bits of the plain C reference, for hidden values and z, in every shape, through
 * every compiler's eyes; formats and endings; what is not exported. ONNX and NPZ are read by their own programs in
 * export_onnx.py and export_npz.py.
 */
#include "draws.h"
#include "each_backend.h"
#include "program_run.h"
#include <math.h>

#define STRICT                                                                                                         \
    "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror"

TestSuite(export, .init = program_enter, .fini = program_leave);

enum { SEQUENCES = 100, STEPS = 33 };

/* A shape and the task that it is for. */
struct sample {
    const char *label, *task; /* NULL: one of 4 inputs and 3 outputs, with a name that would end a comment */
    uint32_t hidden;
    carrynet_precision precision;
    bool bias, start;
    double scale;
    const char *flags;
};

static carrynet_task sample_task(const char *name)
{
    const carrynet_task *task = NULL;
    if (name != NULL) {
        MUST(carrynet_task_find(&task, name));
        return *task;
    }
    return (carrynet_task){.name = "a */ b /* c", .inputs = 4, .outputs = 3, .states = 1};
}

/* A model of three networks with weights, biases and h_0 drawn at random. */
static carrynet_model *sample_model(const struct sample *sample)
{
    carrynet_settings settings;
    carrynet_model *model = NULL;
    const carrynet_task task = sample_task(sample->task);
    carrynet_settings_init(&settings, &task);
    settings.shape.hidden = sample->hidden;
    settings.shape.bias = sample->bias;
    settings.shape.initial_state = sample->start;
    settings.precision = sample->precision;
    settings.networks = 3;
    MUST(carrynet_model_create(&model, &settings));
    for (size_t i = 0; i < 3 * carrynet_shape_size(&settings.shape); ++i) {
        const double value = drawn(-sample->scale, sample->scale);
        if (sample->precision == CARRYNET_FP32)
            ((float *)carrynet_model_values(model))[i] = (float)value;
        else
            ((double *)carrynet_model_values(model))[i] = value;
    }
    return model;
}

/*
 * What the C file computes: it is compiled with a main that reads symbols, 255 to start anew, and writes h and z of every
 * step. *size bytes, to free.
 */
static char *run_c_file(const struct sample *sample, const char *name, const unsigned char *input, size_t count,
                        size_t *size)
{
    static const char driver[] =
        "#include FILE_NAME\n"
        "#include <stdio.h>\n"
        "int main(void)\n"
        "{\n"
        "    REAL h[HIDDEN], z[OUTPUTS], twin[HIDDEN];\n"
        "    for (int c = getchar(); c != EOF; c = getchar()) {\n"
        "        unsigned bits = 0;\n"
        "        if (c == 255) {\n"
        "            START(h);\n"
        "            continue;\n"
        "        }\n"
        "        memcpy(twin, h, sizeof h);\n"
        "        FORWARD(z, h, (unsigned)c);\n"
        "        for (int o = 0; o < OUTPUTS; ++o)\n"
        "            bits |= (unsigned)(z[o] > 0) << o;\n"
        "        if (STEP(twin, (unsigned)c) != bits || memcmp(twin, h, sizeof h) != 0)\n"
        "            return 1;\n"
        "        if (fwrite(h, sizeof h, 1, stdout) != 1 || fwrite(z, sizeof z, 1, stdout) != 1)\n"
        "            return 2;\n"
        "    }\n"
        "    return 0;\n"
        "}\n";
    char command[2048];
    const carrynet_task task = sample_task(sample->task);
    program_write("driver.c", driver, strlen(driver));
    program_write("in.bin", input, count);
    (void)snprintf(command, sizeof command,
                   "%s " STRICT " %s -DFILE_NAME='\"%s.c\"' -DREAL=%s -DHIDDEN=%u -DOUTPUTS=%u -DSTART=%s_start "
                   "-DFORWARD=%s_forward -DSTEP=%s_step driver.c -o driver -lm && ./driver < in.bin > out.bin",
                   CARRYNET_CC, sample->flags, name, sample->precision == CARRYNET_FP32 ? "float" : "double",
                   (unsigned)sample->hidden, (unsigned)task.outputs, name, name, name);
    cr_assert_eq(system(command), 0, "%s: %s", sample->label, command);
    return program_file("out.bin", size);
}

static void expect_equal_bits(const struct sample *sample)
{
    const carrynet_task task = sample_task(sample->task);
    const size_t H = sample->hidden, O = task.outputs, width = sample->precision / 8, network = 2;
    carrynet_model *model = sample_model(sample);
    carrynet_engine *engine = NULL;
    carrynet_engine_options options;
    carrynet_batch batch;
    size_t fed = 0, size = 0;
    unsigned char *input = malloc((STEPS + 1) * SEQUENCES);
    char *h = malloc(STEPS * SEQUENCES * H * width), *z = malloc(STEPS * SEQUENCES * O * width);
    cr_assert(input != NULL && h != NULL && z != NULL);
    MUST(carrynet_export(model, network, "net.c", CARRYNET_FORMAT_C));
    carrynet_engine_options_init(&options);
    options.device = "reference";
    MUST(carrynet_model_engine(&engine, model, network, 1, &options));
    MUST(carrynet_batch_create(&batch, &task, SEQUENCES, STEPS));
    for (size_t s = 0; s < SEQUENCES; ++s) {
        input[fed++] = 255;
        for (size_t t = 0; t < STEPS; ++t) {
            const uint32_t symbol = (uint32_t)drawn(0, 1u << task.inputs);
            carrynet_packed_set(batch.symbols + s * batch.symbol_words, task.inputs, t, symbol);
            input[fed++] = (unsigned char)symbol;
        }
    }
    MUST(carrynet_engine_forward(engine, &batch, &(carrynet_forward){.h = h, .z = z}));
    char *computed = run_c_file(sample, "net", input, fed, &size);
    cr_assert_not_null(computed);
    cr_assert_eq(size, STEPS * SEQUENCES * (H + O) * width, "%s: %zu bytes", sample->label, size);
    size_t differing = 0;
    for (size_t i = 0; i < STEPS * SEQUENCES; ++i) {
        const char *at = computed + i * (H + O) * width;
        differing +=
            memcmp(at, h + i * H * width, H * width) != 0 || memcmp(at + H * width, z + i * O * width, O * width) != 0;
    }
    cr_expect_eq(differing, 0, "%s: %zu of %d steps differ", sample->label, differing, STEPS * SEQUENCES);
    free(computed);
    free(input);
    free(h);
    free(z);
    carrynet_batch_free(&batch);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
}

Test(export, the_c_file_has_the_bits_of_the_reference)
{
    /* Weights of 30 reach both ends of the sigmoid. */
    static const struct sample samples[] = {
        {"seeds", "add", 16, CARRYNET_FP32, false, false, 3, "-O1 -ffp-contract=off"},
        {"one unit", "add", 1, CARRYNET_FP32, true, true, 30, "-O0 -ffp-contract=off"},
        {"biases and a start", "sub", 21, CARRYNET_FP32, true, true, 30, "-O3 -ffp-contract=fast"},
        {"three inputs", "add3", 33, CARRYNET_FP32, false, true, 2, "-O2"},
        {"three outputs", NULL, 7, CARRYNET_FP32, true, false, 5, "-O1 -ffp-contract=off"},
        {"fp64", "add", 16, CARRYNET_FP64, false, false, 3, "-O1 -ffp-contract=off"},
        {"fp64, biases and a start", "add3", 9, CARRYNET_FP64, true, true, 100, "-O3 -ffp-contract=fast"},
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; ++i)
        expect_equal_bits(&samples[i]);
#if defined(__GNUC__) && defined(__x86_64__)
    /* Where the compiler has fma to contract to, it has nothing to contract. */
    const struct sample contracted = {"contracted", "add", 18, CARRYNET_FP32,
                                      true,         true,  4,  "-O3 -mfma -ffp-contract=fast"};
    if (__builtin_cpu_supports("fma"))
        expect_equal_bits(&contracted);
#endif
}

/* How a compiler takes an exported file with a main: 0, and then the program's exit code; 256 where it refuses the file. */
static int compiled(const char *cc, const char *flags, const char *name)
{
    char command[1024];
    (void)snprintf(command, sizeof command, "%s %s -w -D%s_MAIN %s.c -o program -lm > said.txt 2>&1", cc, flags, name,
                   name);
    if (system(command) != 0)
        return 256;
    const int status = system("./program 1 1 > out.txt 2> said.txt");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool said(const char *words)
{
    char *text = program_file("said.txt", NULL);
    const bool found = text != NULL && strstr(text, words) != NULL;
    free(text);
    return found;
}

/* Whether the compiler takes these options at all, for anything. */
static bool takes(const char *cc, const char *flags)
{
    char command[512];
    program_write("any.c", "int main(void) { return 0; }\n", 29);
    (void)snprintf(command, sizeof command, "%s %s -Werror -c any.c -o any.o > said.txt 2>&1", cc, flags);
    return system(command) == 0;
}

Test(export, the_c_file_refuses_what_changes_its_bits)
{
    static const struct sample samples[] = {{"F32", "add", 4, CARRYNET_FP32, true, false, 2, ""},
                                            {"F64", "add", 4, CARRYNET_FP64, true, false, 2, ""}};
    enum { RUNS, STOPS, NARROW_RUNS };
    static const struct {
        const char *flags;
        int outcome;
    } tried[] = {
        {"-O2", RUNS},
        {"-std=c99 -O2 -ffp-contract=fast", RUNS},
        {"-std=gnu11 -O3", RUNS},
        {"-O2 -mavx512fp16", RUNS}, /* FLT_EVAL_METHOD 16; it may not run, but has to compile */
        {"-std=c99 -mavx512fp16", RUNS},
        {"-march=native -O3 -ffp-contract=fast", RUNS},
        {"-O2 -frounding-math", RUNS},
        {"-O2 -fno-trapping-math -fno-math-errno", RUNS},
        {"-O2 -ffast-math", STOPS},
        {"-Ofast", STOPS},
        {"-O2 -ffast-math -fno-finite-math-only", STOPS},
        {"-O2 -funsafe-math-optimizations", STOPS},
        {"-O2 -fassociative-math -fno-signed-zeros -fno-trapping-math", STOPS},
        {"-O2 -mfpmath=387", STOPS},
        {"-O2 -mfpmath=both", STOPS},
        {"-O2 -fsingle-precision-constant", NARROW_RUNS},
    };
    for (size_t s = 0; s < 2; ++s) {
        char path[16];
        carrynet_model *model = sample_model(&samples[s]);
        (void)snprintf(path, sizeof path, "%s.c", samples[s].label);
        MUST(carrynet_export(model, 0, path, CARRYNET_FORMAT_C));
        carrynet_model_free(model);
        for (size_t i = 0; i < sizeof tried / sizeof tried[0]; ++i) {
            if (!takes(CARRYNET_CC, tried[i].flags))
                continue;
            const int code = compiled(CARRYNET_CC, tried[i].flags, samples[s].label);
            if (tried[i].outcome == STOPS || (tried[i].outcome == NARROW_RUNS && s == 1))
                cr_expect(code == 256 || (code == 3 && said("change the results")), "%s %s: %d", samples[s].label,
                          tried[i].flags, code);
            else if (strstr(tried[i].flags, "fp16") != NULL)
                cr_expect_neq(code, 256, "%s %s", samples[s].label, tried[i].flags);
            else
                cr_expect_eq(code, 0, "%s %s: %d", samples[s].label, tried[i].flags, code);
        }
    }
}

/* What other compilers' headers would say: the constants that the file looks at are given on the command line. */
Test(export, the_c_file_says_which_numbers_it_needs)
{
    static const struct sample samples[] = {{"F32", "add", 4, CARRYNET_FP32, true, false, 2, ""},
                                            {"F64", "add", 4, CARRYNET_FP64, true, false, 2, ""}};
    static const char head[] = "#include <float.h>\n#undef FLT_EVAL_METHOD\n#define FLT_EVAL_METHOD METHOD\n"
                               "#undef DBL_MANT_DIG\n#define DBL_MANT_DIG DIGITS\n#undef FLT_MANT_DIG\n"
                               "#define FLT_MANT_DIG NARROW\n";
    static const struct {
        int method, digits, narrow;
        const char *said[2]; /* of the network in fp32 and in fp64; NULL: it compiles */
    } hosts[] = {
        {0, 53, 24, {NULL, NULL}},
        {16, 53, 24, {NULL, NULL}},
        {1, 53, 24, {"rounded to its own type", NULL}},
        {2, 53, 24, {"rounded to its own type", "rounded to its own type"}},
        {-1, 53, 24, {"rounded to its own type", "rounded to its own type"}},
        {0, 24, 24, {NULL, "double with 64 bits"}}, /* AVR, RX, C2000 */
        {0, 56, 24, {NULL, "double with 64 bits"}},
        {0, 53, 11, {"float with 32 bits", NULL}},
    };
    program_write("head.h", head, strlen(head));
    for (size_t s = 0; s < 2; ++s) {
        char path[16], flags[256];
        carrynet_model *model = sample_model(&samples[s]);
        (void)snprintf(path, sizeof path, "%s.c", samples[s].label);
        MUST(carrynet_export(model, 0, path, CARRYNET_FORMAT_C));
        carrynet_model_free(model);
        for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; ++i) {
            (void)snprintf(flags, sizeof flags, "-include head.h -DMETHOD=%d -DDIGITS=%d -DNARROW=%d", hosts[i].method,
                           hosts[i].digits, hosts[i].narrow);
            const int code = compiled(CARRYNET_CC, flags, samples[s].label);
            cr_expect_eq(code, hosts[i].said[s] != NULL ? 256 : 0, "%s %s: %d", samples[s].label, flags, code);
            cr_expect(hosts[i].said[s] == NULL || said(hosts[i].said[s]), "%s %s", samples[s].label, flags);
        }
        if (system("command -v avr-gcc > avr.txt 2>&1") == 0) {
            (void)snprintf(flags, sizeof flags, "avr-gcc -mmcu=atmega328p -std=c99 -Os -c %s -o avr.o > said.txt 2>&1",
                           path);
            cr_expect_eq(system(flags) == 0, s == 0, "avr-gcc, %s", path);
            cr_expect(s == 0 || said("double with 64 bits"));
        }
    }
}

Test(export, equal_networks_give_equal_files_and_others_do_not)
{
    static const char *const names[] = {"net.onnx", "net.npz", "net.c"};
    static const struct sample sample = {"", "add", 5, CARRYNET_FP32, true, true, 1, ""};
    carrynet_model *model = sample_model(&sample);
    for (int f = 0; f <= CARRYNET_FORMAT_C; ++f) {
        size_t sizes[3];
        char *bytes[3];
        for (size_t i = 0; i < 3; ++i) {
            MUST(carrynet_export(model, i == 2, names[f], (carrynet_format)f));
            bytes[i] = program_file(names[f], &sizes[i]);
            cr_assert_not_null(bytes[i]);
        }
        cr_expect(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0, "%s", names[f]);
        cr_expect(sizes[0] != sizes[2] || memcmp(bytes[0], bytes[2], sizes[0]) != 0, "%s", names[f]);
        for (size_t i = 0; i < 3; ++i)
            free(bytes[i]);
    }
    carrynet_model_free(model);
}

Test(export, formats_have_names_and_endings)
{
    carrynet_format format = CARRYNET_FORMAT_ONNX;
    cr_expect_str_eq(carrynet_format_name(CARRYNET_FORMAT_NPZ), "npz");
    cr_expect_null(carrynet_format_name((carrynet_format)3));
    MUST(carrynet_format_find(&format, "c"));
    cr_expect_eq(format, CARRYNET_FORMAT_C);
    cr_expect_eq(carrynet_format_find(&format, "C"), CARRYNET_ERROR_ARGUMENT);
    EXPECT_SAYS(carrynet_message(), "onnx, npz, c");
    MUST(carrynet_format_of_path(&format, "a.b/adder.ONNX"));
    cr_expect_eq(format, CARRYNET_FORMAT_ONNX);
    static const char *const bad[] = {"adder", "x.c/adder", ".c", "x/.npz", "adder.onnx ", "adder.", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i)
        cr_expect_eq(carrynet_format_of_path(&format, bad[i]), CARRYNET_ERROR_ARGUMENT, "'%s'", bad[i]);
}

Test(export, what_cannot_be_exported_leaves_the_old_file)
{
    static const struct sample sample = {"", "add", 4, CARRYNET_FP64, false, false, 1, ""};
    carrynet_model *model = sample_model(&sample);
    const size_t size = carrynet_shape_size(&carrynet_model_settings(model)->shape);
    double *values = carrynet_model_values(model);
    program_write("old.c", "old", 3);
    cr_expect_eq(carrynet_export(model, 3, "old.c", CARRYNET_FORMAT_C), CARRYNET_ERROR_ARGUMENT);
    cr_expect_eq(carrynet_export(model, 0, "old.c", (carrynet_format)3), CARRYNET_ERROR_ARGUMENT);
    cr_expect_eq(carrynet_export(model, 0, "no/such/folder.c", CARRYNET_FORMAT_C), CARRYNET_ERROR_IO);
    EXPECT_SAYS(carrynet_message(), "no/such/folder.c");
    values[size + 9] = NAN;
    for (int f = 0; f <= CARRYNET_FORMAT_C; ++f)
        cr_expect_eq(carrynet_export(model, 1, "old.c", (carrynet_format)f), CARRYNET_ERROR_NUMERIC);
    EXPECT_SAYS(carrynet_message(), "network 1: w_hh: value 1 of 16 is NaN");
    values[size + 9] = INFINITY;
    cr_expect_eq(carrynet_export(model, 1, "old.c", CARRYNET_FORMAT_C), CARRYNET_ERROR_NUMERIC);
    char *old = program_file("old.c", NULL);
    cr_expect_str_eq(old, "old");
    free(old);
    carrynet_model_free(model);
}
