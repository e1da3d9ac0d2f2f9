/*
 * The library in a caller who rounds otherwise, or flushes subnormal numbers: every file and every number is the same, and
 * the caller's environment is as it was.
 */
#include "each_backend.h"
#include "platform/json_text.h"
#include "platform/platform.h"
#include "program_run.h"
#include <fenv.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

TestSuite(rounding, .init = program_enter, .fini = program_leave, .timeout = 300);

enum { NEAREST, UPWARD, DOWNWARD, TOWARDS_ZERO, FLUSHED, ENVIRONMENTS };

/* False where this processor has it not. */
static bool enter(int environment)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    if (environment < FLUSHED) {
        cr_assert_eq(fesetround(modes[environment]), 0);
        return true;
    }
#ifdef __SSE__
    _mm_setcsr(_mm_getcsr() | 0x8040u); /* results and operands */
    return true;
#else
    return false;
#endif
}

static void leave(int environment)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST};
    const int now = fegetround();
#ifdef __SSE__
    const bool flushes = (_mm_getcsr() & 0x8040u) == 0x8040u;
    cr_expect_eq(flushes, environment == FLUSHED, "flushing was changed in environment %d", environment);
#endif
    (void)fesetenv(FE_DFL_ENV);
    cr_expect_eq(now, modes[environment], "the rounding of environment %d was changed", environment);
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static const struct {
    double value;
    const char *text;
} numbers[] = {{0.07, "0.07"},
               {-0.07, "-0.07"},
               {0.1, "0.1"},
               {1.0 / 3, "0.3333333333333333"},
               {0x1p-40, "9.094947017729282e-13"},
               {1e300, "1e+300"},
               {0.3, "0.3"},
               {2.0 / 3, "0.6666666666666666"},
               {5e-324, "4.94065645841247e-324"},
               {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
               {123456789.125, "123456789.125"},
               {0.049999999999999996, "0.049999999999999996"}};

Test(rounding, numbers_become_text_and_text_numbers)
{
    for (int environment = 0; environment < ENVIRONMENTS; ++environment)
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && enter(environment); ++i) {
            char text[SYS_NUMBER], *json = NULL;
            size_t size = 0;
            double value = 0;
            json_t *object = NULL;
            json_error_t error;
            (void)sys_real_text(text, numbers[i].value);
            const bool read = sys_read_real(&value, numbers[i].text);
            json_t *real = json_real(numbers[i].value);
            const carrynet_status written =
                sys_json_write(&json, &size, real, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
            const carrynet_status again = sys_json_read(&object, &error, json, size, JSON_DECODE_ANY);
            leave(environment);
            json_decref(real);
            cr_expect_str_eq(text, numbers[i].text, "%s, not %s, in environment %d", text, numbers[i].text,
                             environment);
            cr_expect(read && value == numbers[i].value, "%s is read as %a in environment %d", numbers[i].text, value,
                      environment);
            cr_expect(written == CARRYNET_OK && again == CARRYNET_OK);
            cr_expect_eq(json_real_value(object), numbers[i].value, "JSON: %.*s in environment %d", (int)size, json,
                         environment);
            json_decref(object);
            sys_free(json);
        }
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* Writes files of many kinds; each name begins with `mark`. */
typedef void writer(const char *mark);

static const char *name_of(char name[64], const char *mark, const char *rest)
{
    (void)snprintf(name, 64, "%s-%s", mark, rest);
    return name;
}

static void train_some(carrynet_model **model, carrynet_precision precision, uint64_t updates)
{
    carrynet_engine_options engine;
    carrynet_settings settings;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    settings.precision = precision;
    settings.shape.hidden = 5;
    settings.batch = 65;
    settings.noise = 0.07;
    settings.rate = 0.03;
    settings.momentum = 0.9;
    settings.optimizer = CARRYNET_OPTIMIZER_ADAM;
    settings.schedule = CARRYNET_SCHEDULE_COSINE;
    settings.networks = 2;
    settings.updates = updates;
    settings.until_exact = false;
    settings.train_fraction = 0.7;
    settings.check_every = 3;
    MUST(carrynet_train(model, &settings, &engine, NULL));
}

static void write_models(const char *mark)
{
    static const carrynet_precision precisions[] = {CARRYNET_FP32, CARRYNET_FP64};
    for (size_t i = 0; i < 2; ++i) {
        carrynet_model *model = NULL, *again = NULL;
        char name[64];
        train_some(&model, precisions[i], 7);
        MUST(carrynet_model_save(model, name_of(name, mark, i == 0 ? "32.safetensors" : "64.safetensors")));
        MUST(carrynet_model_load(&again, name));
        MUST(carrynet_model_save(again, name_of(name, mark, i == 0 ? "again-32" : "again-64")));
        MUST(carrynet_export(model, 1, name_of(name, mark, i == 0 ? "32.onnx" : "64.onnx"), CARRYNET_FORMAT_ONNX));
        carrynet_model_free(again);
        carrynet_model_free(model);
    }
}

static void write_weights(const char *mark)
{
    enum { COUNT = 2 * 9 + 9 * 9 + 9 };
    const carrynet_shape shape = {.inputs = 2, .hidden = 9, .outputs = 1};
    float narrow[COUNT];
    double wide[COUNT];
    char name[64];
    cr_assert_eq(carrynet_shape_size(&shape), COUNT);
    carrynet_initialize(narrow, &shape, CARRYNET_FP32, 7, 0.3f);
    carrynet_initialize(wide, &shape, CARRYNET_FP64, 7, 0.3);
    program_write(name_of(name, mark, "weights"), narrow, sizeof narrow);
    program_write(name_of(name, mark, "weights-64"), wide, sizeof wide);
}

static void write_sweep(const char *mark)
{
    const double rates[] = {0.001, 1}, noises[] = {0.001, 0.1};
    carrynet_engine_options engine;
    carrynet_sweep_spec spec;
    carrynet_settings settings;
    carrynet_sweep *sweep = NULL;
    char name[64];
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.steps = 4;
    settings.shape.hidden = 2;
    carrynet_sweep_spec_init(&spec, &settings);
    spec.points = 6;
    spec.sequences = 640;
    spec.rates = rates;
    spec.rate_count = 2;
    spec.rate_range = true;
    spec.noises = noises;
    spec.noise_count = 2;
    spec.noise_range = true;
    MUST(carrynet_sweep_create(&sweep, &spec));
    MUST(carrynet_sweep_run(sweep, &engine, NULL));
    MUST(carrynet_sweep_save(sweep, name_of(name, mark, "sweep.csv")));
    carrynet_sweep_free(sweep);
}

static void write_proof(const char *mark)
{
    carrynet_proof proof;
    carrynet_model *model = NULL;
    carrynet_settings settings;
    carrynet_engine_options engine;
    char name[64];
    carrynet_settings_init(&settings, carrynet_task_at(0));
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    carrynet_settings_until_proved(&settings);
    MUST(carrynet_train(&model, &settings, &engine, NULL));
    MUST(carrynet_prove(&proof, model, 0, NULL, &engine, NULL));
    cr_assert_eq(proof.verdict, CARRYNET_VERDICT_PROVED);
    program_write(name_of(name, mark, "certificate"), proof.certificate, proof.certificate_size);
    carrynet_checked checked;
    MUST(carrynet_verify(&checked, model, 0, NULL, proof.certificate, proof.certificate_size));
    cr_expect(checked.accepted);
    carrynet_proof_free(&proof);
    carrynet_model_free(model);
}

/* A tanh network, whose weights become a sigmoid one's. */
static void write_import(const char *mark)
{
    carrynet_import_options options = {.cell = CARRYNET_CELL_TANH};
    carrynet_model *model = NULL;
    char name[64];
    MUST(carrynet_import(&model, NULL, "nearest-32.npz", &options));
    MUST(carrynet_model_save(model, name_of(name, mark, "imported")));
    carrynet_model_free(model);
}

static const char *const marks[ENVIRONMENTS] = {"nearest", "upward", "downward", "zero", "flushed"};

static void expect_same(writer *write, const char *const *names)
{
    for (int environment = 0; environment < ENVIRONMENTS; ++environment) {
        if (!enter(environment))
            continue;
        write(marks[environment]);
        leave(environment);
        for (const char *const *rest = names; *rest != NULL; ++rest) {
            char path[64];
            size_t size = 0, right_size = 0;
            char *bytes = program_file(name_of(path, marks[environment], *rest), &size);
            char *right = program_file(name_of(path, marks[NEAREST], *rest), &right_size);
            cr_assert(bytes != NULL && right != NULL, "%s was not written", path);
            cr_expect(size == right_size && memcmp(bytes, right, size) == 0, "%s differs in environment %s", *rest,
                      marks[environment]);
            free(right);
            free(bytes);
        }
    }
}

Test(rounding, models_and_exports)
{
    expect_same(write_models, (const char *const[]){"32.safetensors", "64.safetensors", "again-32", "again-64",
                                                    "32.onnx", "64.onnx", NULL});
}

Test(rounding, initial_weights)
{
    expect_same(write_weights, (const char *const[]){"weights", "weights-64", NULL});
}

Test(rounding, sweeps)
{
    expect_same(write_sweep, (const char *const[]){"sweep.csv", NULL});
}

Test(rounding, proofs)
{
    expect_same(write_proof, (const char *const[]){"certificate", NULL});
}

Test(rounding, imports)
{
    carrynet_model *model = NULL;
    train_some(&model, CARRYNET_FP32, 3);
    MUST(carrynet_export(model, 0, "nearest-32.npz", CARRYNET_FORMAT_NPZ));
    carrynet_model_free(model);
    expect_same(write_import, (const char *const[]){"imported", NULL});
}

/* A device is judged alike, since it is compared with the reference. */
Test(rounding, devices_are_admitted)
{
    carrynet_device *devices = NULL;
    size_t count = 0;
    MUST(carrynet_devices_list(&devices, &count));
    if (count == 0)
        printf("\nSKIP: no OpenCL device\n");
    for (size_t i = 0; i < count && i < 1; ++i) {
        const carrynet_status right = carrynet_device_admit(devices[i].platform, devices[i].index, CARRYNET_FP32);
        for (int environment = 0; environment < ENVIRONMENTS; ++environment) {
            if (!enter(environment))
                continue;
            const carrynet_status status = carrynet_device_admit(devices[i].platform, devices[i].index, CARRYNET_FP32);
            leave(environment);
            cr_expect_eq(status, right, "environment %s: %s", marks[environment], carrynet_message());
        }
    }
    carrynet_devices_free(devices);
}
