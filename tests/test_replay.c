/*
 * The original scripts: every transcript to the byte, on the reference and on OpenCL in both kernel variants; weights along
 * the way within 1e-12 of NumPy's; NumPy's random numbers and its printing against NumPy's own (data/PROVENANCE.md).
 */
#include "each_backend.h"
#include "known_answers.h"
#include "platform/platform.h"
#include "replay/numpy_random.h"
#include "replay/numpy_text.h"

/* ---- transcripts ----------------------------------------------------------------------------------------------- */

static const carrynet_recipe *recipe_named(const char *name)
{
    const carrynet_recipe *recipe = NULL;
    MUST(carrynet_recipe_find(&recipe, name));
    return recipe;
}

static carrynet_status keep(void *self, const char *text)
{
    sys_text_add(self, "%s", text);
    return CARRYNET_OK;
}

/* The transcript of a recipe, to be freed; iterations 0: the document's. */
static sys_text replayed(const char *name, uint64_t iterations, const carrynet_engine_options *engine,
                         carrynet_model **model)
{
    const carrynet_recipe *recipe = recipe_named(name);
    carrynet_replay_options options;
    carrynet_model *made = NULL;
    sys_text text = {0};
    carrynet_replay_options_init(&options, recipe);
    if (iterations != 0)
        options.iterations = iterations;
    options.write = keep;
    options.self = &text;
    MUST(carrynet_replay(&made, recipe, &options, engine, NULL));
    cr_assert(!text.failed);
    if (model != NULL)
        *model = made;
    else
        carrynet_model_free(made);
    return text;
}

static void check_text(const char *got, const char *expected, const char *name, const char *label)
{
    size_t at = 0, line = 1;
    cr_assert_not_null(got, "%s on %s printed nothing", name, label);
    for (; got[at] == expected[at] && got[at] != '\0'; ++at)
        line += got[at] == '\n';
    cr_assert_eq(got[at], expected[at], "%s on %s differs in line %zu: '%.40s', expected '%.40s'", name, label, line,
                 got + at, expected + at);
}

static void check_transcripts(const struct test_backend *backend)
{
    size_t known = 0;
    for (size_t i = 0; i < carrynet_recipe_count(); ++i) {
        const carrynet_recipe *recipe = carrynet_recipe_at(i);
        const char *expected = carrynet_recipe_transcript(recipe);
        if (expected == NULL)
            continue;
        sys_text text = replayed(recipe->name, 0, &backend->options, NULL);
        check_text(text.data, expected, recipe->name, backend->label);
        sys_text_free(&text);
        ++known;
    }
    cr_assert_eq(known, 5);
}

Test(replay, transcripts)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP64);
    for (size_t b = 0; b < count; ++b)
        check_transcripts(&backends[b]);
}

static void check_against_file(const char *name, uint64_t iterations, const char *file,
                               const struct test_backend *backend)
{
    char *expected = load_text(file);
    sys_text text = replayed(name, iterations, &backend->options, NULL);
    check_text(text.data, expected, name, backend->label);
    sys_text_free(&text);
    free(expected);
}

Test(replay, the_notebook_to_its_planned_end)
{
    struct test_backend backends[TEST_BACKENDS];
    (void)test_backends(backends, CARRYNET_FP64);
    check_against_file("000", 100000, "000-100000.txt", &backends[0]);
}

/* What the program of 003 prints with numpy.random.seed(0) before it, and with its mistake mended. */
Test(replay, the_mistake_and_its_cure)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP64);
    for (size_t b = 0; b < count; ++b) {
        check_against_file("003", 0, "003-seed0.txt", &backends[b]);
        check_against_file("003-cured", 0, "003-cured-seed0.txt", &backends[b]);
    }
}

/* ---- weights along the way ------------------------------------------------------------------------------------- */

static void check_weights(const carrynet_model *model, const json_t *point, const char *label)
{
    const carrynet_shape *shape = &carrynet_model_settings(model)->shape;
    for (int p = CARRYNET_W_XH; p <= CARRYNET_W_HY; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(shape, (carrynet_parameter)p);
        double *expected = capacity(tensor.size);
        numbers(expected, point, tensor.name, tensor.size);
        compare((const double *)carrynet_model_values_const(model) + tensor.offset, expected, tensor.size, tensor.name,
                label);
        free(expected);
    }
}

static void check_trajectory(const char *name, const char *key)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP64);
    json_t *root = load("trajectories.json");
    const json_t *points = json_object_get(root, key);
    size_t checked = 0;
    cr_assert_geq(json_array_size(points), 4);
    for (size_t b = 0; b < count; ++b)
        for (size_t p = 0; p < json_array_size(points); ++p) {
            const json_t *point = json_array_get(points, p);
            const size_t iterations = integer(point, "iterations");
            carrynet_model *model = NULL;
            char label[640];
            if (strcmp(name, "001-sub") == 0 && iterations == 1)
                continue; /* its first iteration has a < b: nothing is trained */
            (void)snprintf(label, sizeof label, "%s after %zu iterations, %s", key, iterations, backends[b].label);
            sys_text text = replayed(name, iterations, &backends[b].options, &model);
            check_weights(model, point, label);
            sys_text_free(&text);
            carrynet_model_free(model);
            ++checked;
        }
    cr_assert_geq(checked, 4 * count);
    json_decref(root);
}

Test(replay, weights_of_addition)
{
    check_trajectory("000", "add_h16_seed0");
}

Test(replay, weights_of_subtraction)
{
    check_trajectory("001-sub", "sub_h16_seed0");
}

Test(replay, weights_with_two_outputs)
{
    check_trajectory("003-cured", "add_h32_o2_seed0");
}

/* ---- what a replay leaves -------------------------------------------------------------------------------------- */

Test(replay, settings_say_what_was_done)
{
    const carrynet_recipe *recipe = recipe_named("001-sub");
    carrynet_replay_options options;
    carrynet_settings settings;
    carrynet_engine_options engine;
    carrynet_model *model = NULL;
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    carrynet_replay_options_init(&options, recipe);
    options.hidden = 5;
    options.seed = 4294967295u;
    options.iterations = 3000;
    MUST(carrynet_replay_settings(&settings, recipe, &options));
    MUST(carrynet_replay(&model, recipe, &options, &engine, NULL));
    cr_assert_eq(settings.shape.hidden, 5);
    cr_assert(settings.updates > 1300 && settings.updates < 1700, "%llu", (unsigned long long)settings.updates);
    cr_assert_eq(carrynet_model_networks(model)[0].updates, settings.updates);
    cr_assert_str_eq(carrynet_model_settings(model)->origin, "replay 001-sub");
    cr_assert_eq(carrynet_model_settings(model)->seed, 4294967295u);
    carrynet_model_free(model);
}

static carrynet_status refuse_second(void *self, const char *text)
{
    int *pieces = self;
    (void)text;
    return ++*pieces == 2 ? CARRYNET_ERROR_IO : CARRYNET_OK;
}

Test(replay, errors)
{
    const carrynet_recipe *recipe = NULL;
    carrynet_replay_options options;
    carrynet_settings settings;
    carrynet_engine_options engine;
    carrynet_model *model = NULL;
    int pieces = 0;
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    cr_assert_eq(carrynet_recipe_find(&recipe, "005"), CARRYNET_ERROR_ARGUMENT);
    cr_assert(recipe == NULL && strstr(carrynet_message(), "003-cured") != NULL, "%s", carrynet_message());
    recipe = recipe_named("001-sub");
    carrynet_replay_options_init(&options, recipe);
    options.iterations = 1;
    cr_assert_eq(carrynet_replay_settings(&settings, recipe, &options), CARRYNET_ERROR_ARGUMENT);
    cr_assert(strstr(carrynet_message(), "a < b") != NULL, "%s", carrynet_message());
    options.iterations = 0;
    cr_assert_eq(carrynet_replay(&model, recipe, &options, &engine, NULL), CARRYNET_ERROR_ARGUMENT);
    options.iterations = 1ull << 32;
    cr_assert_eq(carrynet_replay_settings(&settings, recipe, &options), CARRYNET_ERROR_ARGUMENT);
    carrynet_replay_options_init(&options, recipe);
    options.hidden = 0;
    cr_assert_eq(carrynet_replay_settings(&settings, recipe, &options), CARRYNET_ERROR_ARGUMENT);
    carrynet_replay_options_init(&options, recipe);
    options.write = refuse_second;
    options.self = &pieces;
    cr_assert_eq(carrynet_replay(&model, recipe, &options, &engine, NULL), CARRYNET_ERROR_IO);
    cr_assert(model == NULL && pieces == 2);
}

/* ---- NumPy's random numbers ------------------------------------------------------------------------------------ */

static void check_integers(const json_t *root, const char *key, const uint32_t *got, size_t count)
{
    const json_t *expected = json_object_get(root, key);
    cr_assert_eq(json_array_size(expected), count, "%s", key);
    for (size_t i = 0; i < count; ++i)
        cr_assert_eq(got[i], json_integer_value(json_array_get(expected, i)), "%s, draw %zu: %u", key, i,
                     (unsigned)got[i]);
}

Test(replay, random_numbers_of_numpy)
{
    json_t *root = load("numpy_legacy_rng.json");
    struct numpy_random random;
    uint32_t draws[16];
    numpy_random_seed(&random, 0);
    const json_t *samples = json_object_get(root, "seed0_random_sample_first8");
    cr_assert_eq(json_array_size(samples), 8);
    for (size_t i = 0; i < 8; ++i)
        cr_assert_eq(numpy_random_sample(&random), number(json_array_get(samples, i)), "sample %zu", i);
    for (size_t i = 8; i < 304; ++i)
        (void)numpy_random_sample(&random);
    for (size_t i = 0; i < 8; ++i)
        draws[i] = numpy_random_below(&random, 128);
    check_integers(root, "seed0_after_304_doubles_randint128_first8", draws, 8);
    numpy_random_seed(&random, 0);
    for (size_t i = 0; i < 16; ++i)
        draws[i] = numpy_random_below(&random, 128);
    check_integers(root, "seed0_randint128_first16", draws, 16);
    numpy_random_seed(&random, 0);
    cr_assert_eq(numpy_random_below(&random, 1), 0); /* and draws nothing */
    for (size_t i = 0; i < 16; ++i)
        draws[i] = numpy_random_below(&random, 100);
    check_integers(root, "seed0_randint100_first16_masked_rejection", draws, 16);
    numpy_random_seed(&random, 12345);
    for (size_t i = 0; i < 8; ++i)
        draws[i] = numpy_random_word(&random);
    check_integers(root, "seed12345_raw32_first8", draws, 8);
    json_decref(root);
}

/* ---- NumPy's printing ------------------------------------------------------------------------------------------ */

Test(replay, arrays_as_numpy_prints_them)
{
    char *known = load_text("numpy_array_text.txt"), *rest = NULL;
    size_t lines = 0;
    for (char *line = strtok_r(known, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        double values[NUMPY_TEXT_VALUES];
        size_t count = 0;
        sys_text text = {0};
        if (line[0] == '#')
            continue;
        const bool old = strncmp(line, "old ", 4) == 0;
        const char *expected = strstr(line, "= ");
        cr_assert_not_null(expected, "%s", line);
        for (char *at = line + 4; at < expected; ++count) {
            cr_assert_lt(count, NUMPY_TEXT_VALUES);
            values[count] = strtod(at, &at);
            ++at;
        }
        numpy_text_floats(&text, values, count, old);
        cr_assert_str_eq(text.data, expected + 2, "%s", line);
        sys_text_free(&text);
        ++lines;
    }
    cr_assert_geq(lines, 400);
    free(known);
    sys_text bits = {0};
    numpy_text_bits(&bits, 0x2d, 8);
    cr_assert_str_eq(bits.data, "[0 0 1 0 1 1 0 1]");
    sys_text_free(&bits);
}
