/*
 * The refuter finds the errors of bad networks, each the shortest where it says so, all of them wrong in plain C when
 * they are stepped again; it finds none in networks that are right.
 */
#include "prove/reach.h"
#include "prove/refute.h"
#include "small_networks.h"

enum { EFFORT = 400000, WORDS = 5 };

/* Whether the word of a counterexample is right until its last step, and wrong there as it says, in plain C. */
static void expect_wrong(const carrynet_counterexample *wrong, const struct small_network *net, const char *label)
{
    carrynet_engine_options options;
    double z[CARRYNET_TASK_OUTPUTS];
    uint32_t automaton = net->settings.task.start;
    void *hidden = calloc(net->settings.shape.hidden, net->value);
    carrynet_engine_options_init(&options);
    options.device = "reference";
    carrynet_engine *engine = small_engine(net, &options);
    for (size_t t = 0; t < wrong->steps; ++t) {
        const uint32_t symbol = carrynet_packed_get(wrong->symbols, net->settings.task.inputs, t);
        const uint32_t right = small_step(z, hidden, &automaton, net, engine, symbol, t == 0);
        uint32_t first = net->settings.task.outputs;
        for (uint32_t o = net->settings.task.outputs; o-- > 0;)
            if (isnan(z[o]) || (z[o] > 0) != (right >> o & 1))
                first = o;
        if (t + 1 < wrong->steps) {
            cr_expect_eq(first, net->settings.task.outputs, "%s: wrong at step %zu of %zu", label, t, wrong->steps);
            continue;
        }
        cr_expect_eq(first, wrong->output, "%s", label);
        cr_expect_eq(right >> wrong->output & 1, wrong->right, "%s", label);
        cr_expect(isnan(wrong->logit) ? isnan(z[wrong->output]) : wrong->logit == z[wrong->output], "%s", label);
    }
    carrynet_engine_free(engine);
    free(hidden);
}

static void expect_equal(const carrynet_counterexample *a, const carrynet_counterexample *b, uint32_t inputs,
                         const char *label)
{
    cr_assert_eq(a->steps, b->steps, "%s", label);
    cr_expect_eq(a->shortest, b->shortest, "%s", label);
    for (size_t t = 0; t < a->steps; ++t)
        cr_expect_eq(carrynet_packed_get(a->symbols, inputs, t), carrynet_packed_get(b->symbols, inputs, t), "%s",
                     label);
}

/* Searches on all backends, or on some; returns the length of the word, 0 without one. */
static size_t search(const struct small_network *net, const char *label, bool *shortest, bool on_all)
{
    struct test_backend backends[TEST_BACKENDS];
    carrynet_counterexample first = {0};
    /* On a device every third of those that are not for all: building kernels for so many sizes takes minutes. */
    static size_t turn;
    const size_t all = test_backends(backends, net->settings.precision);
    const size_t count = on_all || all < 2 ? all : turn++ % 3 == 0 ? 2 : 1;
    for (size_t b = 0; b < count; ++b) {
        carrynet_counterexample wrong;
        carrynet_engine *engine = small_engine(net, &backends[b].options);
        MUST(refute_search(&wrong, engine, &net->settings.task, EFFORT, NULL));
        if (wrong.symbols != NULL)
            expect_wrong(&wrong, net, label);
        if (b == 0)
            first = wrong;
        else
            expect_equal(&wrong, &first, net->settings.task.inputs, label);
        if (b > 0)
            refute_free(&wrong);
        carrynet_engine_free(engine);
    }
    const size_t steps = first.steps;
    *shortest = first.shortest;
    refute_free(&first);
    return steps;
}

/* The length of the shortest wrong word of up to `most` symbols, by stepping every one of them; 0: none. */
static size_t brute_force(const struct small_network *net, uint32_t most)
{
    carrynet_engine_options options;
    const carrynet_task *task = &net->settings.task;
    const size_t symbols = (size_t)1 << task->inputs, words = (size_t)1 << task->inputs * most;
    carrynet_batch batch;
    size_t shortest = 0;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    carrynet_engine *engine = small_engine(net, &options);
    char *z = calloc(words * most * task->outputs, net->value);
    MUST(carrynet_batch_create(&batch, task, words, most));
    for (size_t i = 0; i < words; ++i)
        for (size_t t = 0; t < most; ++t)
            carrynet_packed_set(batch.symbols + i * batch.symbol_words, task->inputs, t,
                                (uint32_t)(i >> t * task->inputs & (symbols - 1)));
    MUST(carrynet_engine_forward(engine, &batch, &(carrynet_forward){.z = z}));
    for (size_t i = 0; i < words; ++i) {
        uint32_t state = task->start;
        for (size_t t = 0; t < most; ++t) {
            const uint32_t right = carrynet_task_step(
                task, &state, carrynet_packed_get(batch.symbols + i * batch.symbol_words, task->inputs, t));
            for (uint32_t o = 0; o < task->outputs; ++o) {
                const size_t at = (i * most + t) * task->outputs + o;
                const double logit =
                    net->value == sizeof(float) ? (double)((float *)(void *)z)[at] : ((double *)(void *)z)[at];
                if ((isnan(logit) || (logit > 0) != (right >> o & 1)) && (shortest == 0 || t + 1 < shortest))
                    shortest = t + 1;
            }
        }
    }
    carrynet_batch_free(&batch);
    free(z);
    carrynet_engine_free(engine);
    return shortest;
}

Test(refute, shortest_words_of_bad_networks)
{
    static const char *const tasks[] = {"add", "sub", "parity", "add3"};
    uint32_t lengths[WORDS + 1] = {0};
    for (uint64_t i = 0; i < 24; ++i) {
        char label[80];
        bool shortest;
        const carrynet_precision precision = i % 3 == 0 ? CARRYNET_FP64 : CARRYNET_FP32;
        struct small_network net = small_trained(tasks[i % 4], 6, precision, i % 2 == 0, 50 + i, 40 * i, 0.02);
        (void)snprintf(label, sizeof label, "network %u", (unsigned)i);
        const size_t wanted = brute_force(&net, WORDS), found = search(&net, label, &shortest, i < 1);
        ++lengths[wanted];
        cr_expect(wanted > 0 ? found == wanted && shortest : found == 0 || found > WORDS,
                  "%s: %zu symbols, by force %zu", label, found, wanted);
        free(net.values);
    }
    cr_expect(lengths[1] > 0 && lengths[2] + lengths[3] > 0, "too much alike: %u %u %u %u", lengths[0], lengths[1],
              lengths[2], lengths[3]);
}

/* A network that is right, and the same with one hidden unit's output turned, weights moved, or one lost. */
Test(refute, good_networks_and_damaged_ones)
{
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        bool shortest;
        struct small_network net = small_trained("add", 16, CARRYNET_FP32, false, seed, 600, 0.05);
        const carrynet_tensor w_hy = carrynet_shape_tensor(&net.settings.shape, CARRYNET_W_HY);
        const size_t good = search(&net, "good", &shortest, seed == 1);
        cr_expect_eq(good, 0u, "seed %u: %zu symbols", (unsigned)seed, good);
        size_t largest = w_hy.offset;
        for (size_t j = 0; j < w_hy.size; ++j)
            if (fabs(small_get(&net, w_hy.offset + j)) > fabs(small_get(&net, largest)))
                largest = w_hy.offset + j;
        const double before = small_get(&net, largest);
        small_set(&net, largest, -before);
        const size_t turned = search(&net, "turned", &shortest, true);
        cr_expect(turned > 0 && turned == brute_force(&net, WORDS) && shortest, "%zu symbols", turned);
        small_set(&net, largest, NAN);
        cr_expect_eq(search(&net, "a NaN", &shortest, true), 1u);
        cr_expect(shortest);
        free(net.values);
    }
}

/* Original script 004 runs 10,001 times; with its w_hh times 0.99883 a carry is lost after some 390 bits. */
static struct small_network slow_network(double factor, carrynet_precision precision)
{
    struct small_network net = {.value = precision == CARRYNET_FP32 ? sizeof(float) : sizeof(double)};
    const carrynet_recipe *recipe = NULL;
    carrynet_replay_options options;
    carrynet_engine_options engine;
    carrynet_model *model = NULL;
    MUST(carrynet_recipe_find(&recipe, "004"));
    carrynet_replay_options_init(&options, recipe);
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    MUST(carrynet_replay(&model, recipe, &options, &engine, NULL));
    net.settings = *carrynet_model_settings(model);
    net.settings.precision = precision;
    const size_t size = carrynet_shape_size(&net.settings.shape);
    const carrynet_tensor w_hh = carrynet_shape_tensor(&net.settings.shape, CARRYNET_W_HH);
    net.values = calloc(size, net.value);
    cr_assert(net.values != NULL);
    for (size_t i = 0; i < size; ++i) {
        const double value = ((const double *)carrynet_model_values_const(model))[i];
        small_set(&net, i, i >= w_hh.offset && i < w_hh.offset + w_hh.size ? factor * value : value);
    }
    carrynet_model_free(model);
    return net;
}

Test(refute, an_error_after_hundreds_of_symbols)
{
    for (int bits = 32; bits <= 64; bits += 32) {
        struct small_network bad = slow_network(0.99883, (carrynet_precision)bits);
        struct small_network good = slow_network(1, (carrynet_precision)bits);
        struct test_backend backends[TEST_BACKENDS];
        carrynet_counterexample wrong;
        bool shortest;
        const size_t steps = search(&bad, "slow", &shortest, bits == 32);
        cr_expect(steps > 300 && steps <= 394 && !shortest, "fp%d: %zu symbols", bits, steps);
        cr_expect_eq(search(&good, "as trained", &shortest, false), 0u);
        (void)test_backends(backends, CARRYNET_FP32);
        carrynet_engine *engine = small_engine(&bad, &backends[0].options);
        MUST(refute_lassos(&wrong, engine, &bad.settings.task, EFFORT, NULL));
        cr_expect(wrong.symbols != NULL && wrong.steps < 400);
        refute_free(&wrong);
        MUST(refute_cells(&wrong, engine, &bad.settings.task, EFFORT, NULL));
        cr_expect(wrong.symbols != NULL && wrong.steps < 400);
        refute_free(&wrong);
        /* Stepped at full length, through many windows; then shortened. */
        enum { LENGTH = 5000 };
        uint8_t *word = calloc(LENGTH, 1);
        cr_assert(word != NULL);
        for (size_t t = 0; t < LENGTH; ++t)
            word[t] = t < 2000 ? 0 : t < 2002 ? 3 : 1;
        MUST(refute_replay(&wrong, engine, &bad.settings.task, word, LENGTH));
        cr_assert(wrong.symbols != NULL && wrong.steps > 2300 && wrong.steps < 2400);
        expect_wrong(&wrong, &bad, "replayed");
        refute_free(&wrong);
        MUST(refute_replay(&wrong, engine, &bad.settings.task, word, 2300));
        cr_expect(wrong.symbols == NULL && wrong.steps == 0);
        const struct prove_word words[] = {{.symbols = word, .length = 2000}, {.symbols = word, .length = LENGTH}};
        MUST(refute_words(&wrong, engine, &bad.settings.task, words, 2, NULL));
        cr_assert(wrong.symbols != NULL && wrong.steps < 400, "%zu symbols", wrong.steps);
        expect_wrong(&wrong, &bad, "shortened");
        refute_free(&wrong);
        word[7] = 4;
        cr_expect_eq(refute_replay(&wrong, engine, &bad.settings.task, word, LENGTH), CARRYNET_ERROR_ARGUMENT);
        free(word);
        carrynet_engine_free(engine);
        free(bad.values);
        free(good.values);
    }
}
