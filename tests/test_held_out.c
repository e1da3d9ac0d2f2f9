/*
 * train_fraction: no held-out problem is ever drawn, the split is a function of operands and its seed alone, the shares
 * told are those of a direct evaluation, all backends give the same bits, and files and messages say what was done.
 */
#include "program_run.h"
#include <carrynet/carrynet.h>

#define MUST(call) cr_assert_eq(call, CARRYNET_OK, "%s", carrynet_message())

enum { ALL = 16384, MOST_STEPS = 400 };

/* A split source whose every problem is looked at on its way to the training. */
typedef struct watched {
    carrynet_split split;
    carrynet_source source;
    size_t drawn, bad;
} watched;

static carrynet_status fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t count, size_t steps,
                            uint32_t *symbols, uint32_t *targets)
{
    watched *w = self;
    const carrynet_task *task = w->split.task;
    const size_t words = carrynet_packed_words(task->inputs, steps), out = carrynet_packed_words(task->outputs, steps);
    const carrynet_status status = w->source.fill(w->source.self, seed, update, first, count, steps, symbols, targets);
    uint32_t *alone = malloc((words + 2 * out) * sizeof *alone);
    cr_assert(status == CARRYNET_OK && alone != NULL);
    for (size_t p = 0; p < count; ++p) {
        w->bad += carrynet_held_out(&w->split, symbols + p * words, steps) ? 1 : 0;
        /* Alone it is the same, and its targets are right. */
        MUST(w->source.fill(w->source.self, seed, update, first + p, 1, steps, alone, alone + words));
        (void)carrynet_targets(task, task->start, alone, steps, alone + words + out);
        cr_assert_eq(memcmp(alone, symbols + p * words, words * sizeof *alone), 0);
        cr_assert_eq(memcmp(alone + words, targets + p * out, out * sizeof *alone), 0);
        cr_assert_eq(memcmp(alone + words, alone + words + out, out * sizeof *alone), 0);
    }
    w->drawn += count;
    free(alone);
    return CARRYNET_OK;
}

static void split_settings(carrynet_settings *settings, const char *task_name, double fraction, uint64_t split_seed)
{
    const carrynet_task *task = NULL;
    MUST(carrynet_task_find(&task, task_name));
    carrynet_settings_init(settings, task);
    settings->train_fraction = fraction;
    settings->split_seed = split_seed;
}

static carrynet_model *train(const carrynet_settings *settings, const char *device,
                             const carrynet_train_options *options)
{
    carrynet_model *model = NULL;
    carrynet_engine_options engine;
    carrynet_engine_options_init(&engine);
    engine.device = device;
    MUST(carrynet_train(&model, settings, &engine, options));
    return model;
}

static void expect_same(const carrynet_model *a, const carrynet_model *b)
{
    for (uint32_t n = 0; n < carrynet_model_settings(a)->networks; ++n) {
        char digest[2][CARRYNET_DIGEST_TEXT];
        MUST(carrynet_network_digest(digest[0], a, n));
        MUST(carrynet_network_digest(digest[1], b, n));
        cr_expect_str_eq(digest[0], digest[1], "network %u", n);
    }
}

/* Every batch of whole runs, with constraints, several networks, and words enough that some are 0. */
Test(held_out, is_never_drawn)
{
    static const struct {
        const char *task;
        double fraction;
        uint32_t steps, networks;
    } cases[] = {
        {"add", 0.5, 8, 1}, {"add", 0.05, 8, 2}, {"sub", 0.3, 7, 3}, {"add3", 0.9, 23, 1}, {"add", 0.01, 40, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        carrynet_settings s;
        carrynet_train_options options;
        watched w = {0};
        split_settings(&s, cases[i].task, cases[i].fraction, 7 + i);
        s.steps = cases[i].steps;
        s.networks = cases[i].networks;
        s.updates = 20;
        s.until_exact = false;
        w.split = (carrynet_split){&s.task, s.split_seed, s.train_fraction};
        w.source = carrynet_split_source(&w.split);
        carrynet_train_options_init(&options);
        const carrynet_source looked_at = {.fill = fill, .self = &w};
        options.source = &looked_at;
        carrynet_model *watched_one = train(&s, "reference", &options), *plain = train(&s, "reference", NULL);
        cr_expect_eq(w.bad, 0, "%s: %zu of %zu problems are held out", cases[i].task, w.bad, w.drawn);
        cr_expect_eq(w.drawn, 20u * 64u * cases[i].networks);
        expect_same(watched_one, plain);
        carrynet_model_free(watched_one);
        carrynet_model_free(plain);
    }
}

/* A share of the problems near that asked for; the length does not matter, the seed of the split does. */
Test(held_out, is_a_function_of_operands_and_seed)
{
    const carrynet_task *add = NULL;
    carrynet_batch all = {0}, longer = {0};
    uint64_t cursor = 0;
    size_t held[2] = {0}, both = 0;
    MUST(carrynet_task_find(&add, "add"));
    const carrynet_split split[] = {{add, 3, 0.75}, {add, 4, 0.75}};
    MUST(carrynet_batch_create(&all, add, ALL, 8));
    MUST(carrynet_batch_create(&longer, add, 1, MOST_STEPS));
    cr_assert_eq(carrynet_enumerate(add, &cursor, &all), ALL);
    for (size_t s = 0; s < ALL; ++s) {
        const bool is[] = {carrynet_held_out(&split[0], &all.symbols[s], 8),
                           carrynet_held_out(&split[1], &all.symbols[s], 8)};
        held[0] += is[0];
        held[1] += is[1];
        both += is[0] && is[1];
        longer.symbols[0] = all.symbols[s];
        for (size_t steps = 9; s % 16 == 0 && steps <= MOST_STEPS; steps += 97)
            cr_assert_eq(carrynet_held_out(&split[0], longer.symbols, steps), is[0], "problem %zu, %zu steps", s,
                         steps);
    }
    for (size_t i = 0; i < 2; ++i)
        cr_expect(held[i] > 3900 && held[i] < 4300, "%zu of %d are held out", held[i], ALL);
    cr_expect(both > 850 && both < 1200, "%zu are held out by both seeds", both);
    carrynet_batch_free(&all);
    carrynet_batch_free(&longer);
}

/* ---- what is told ---------------------------------------------------------------------------------------------- */

typedef struct told {
    carrynet_report last;
    size_t reports;
} told;

static int note(void *self, const carrynet_report *report)
{
    told *t = self;
    t->last = *report;
    ++t->reports;
    return 0;
}

/* Wrong among the held-out problems of 8 steps, counted one by one. */
static double count_wrong(carrynet_model *model, uint32_t network, size_t *held)
{
    const carrynet_settings *s = carrynet_model_settings(model);
    const carrynet_split split = {&s->task, s->split_seed, s->train_fraction};
    carrynet_batch all = {0};
    carrynet_engine *engine = NULL;
    uint64_t cursor = 0;
    size_t wrong = 0;
    float *z = malloc(ALL * 8 * sizeof *z);
    cr_assert_not_null(z);
    MUST(carrynet_batch_create(&all, &s->task, ALL, 8));
    cr_assert_eq(carrynet_enumerate(&s->task, &cursor, &all), ALL);
    MUST(carrynet_model_engine(&engine, model, network, 1, &(carrynet_engine_options){.device = "reference"}));
    MUST(carrynet_engine_forward(engine, &all, &(carrynet_forward){.z = z}));
    *held = 0;
    for (size_t p = 0; p < ALL; ++p) {
        bool right = true;
        if (!carrynet_held_out(&split, &all.symbols[p], 8))
            continue;
        for (size_t t = 0; t < 8; ++t)
            right = right && (z[p * 8 + t] > 0) == (carrynet_packed_get(&all.targets[p], 1, t) != 0);
        ++*held;
        wrong += right ? 0 : 1;
    }
    carrynet_engine_free(engine);
    carrynet_batch_free(&all);
    free(z);
    return (double)wrong / (double)*held;
}

Test(held_out, is_told_as_a_direct_evaluation_has_it)
{
    carrynet_settings s;
    carrynet_train_options options;
    split_settings(&s, "add", 0.8, 1);
    s.networks = 3;
    s.until_exact = false;
    s.updates = 80;
    carrynet_train_options_init(&options);
    options.report = note;
    for (uint32_t network_batch = 0; network_batch < 3; network_batch += 2) {
        told t = {0};
        options.self = &t;
        options.network_batch = network_batch;
        carrynet_model *model = train(&s, "reference", &options);
        double sum = 0;
        size_t held = 0;
        for (uint32_t n = 0; n < 3; ++n)
            sum += count_wrong(model, n, &held);
        cr_expect_eq(t.last.held_out, held);
        cr_expect_float_eq(t.last.held_out_wrong_share, sum / 3, 1e-12);
        cr_expect(sum > 0, "all are right: train for fewer updates");
        carrynet_model_free(model);
    }
}

Test(held_out, gives_the_same_bits_on_a_device)
{
    carrynet_settings s;
    split_settings(&s, "add", 0.3, 0);
    s.networks = 3;
    s.updates = 48;
    s.until_exact = false;
    carrynet_engine *engine = NULL;
    if (carrynet_engine_create(&engine, &s, &(carrynet_engine_options){.device = "cpu"}) != CARRYNET_OK) {
        (void)printf("SKIP: no OpenCL CPU device\n");
        return;
    }
    carrynet_engine_free(engine);
    carrynet_model *a = train(&s, "reference", NULL), *b = train(&s, "cpu", NULL);
    expect_same(a, b);
    carrynet_model_free(a);
    carrynet_model_free(b);
}

/* ---- the program ----------------------------------------------------------------------------------------------- */

Test(held_out, is_in_log_file_and_messages, .init = program_enter, .fini = program_leave)
{
    struct program_result result = PROGRAM("train", "--train-fraction", "0.8", "--split-seed", "9", "--log", "l.jsonl");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "About 0.8 of all problems are drawn; the others are held out, split seed 9");
    EXPECT_SAYS(result.err, "100.0% right, 100.0% of the held-out");
    program_done(&result);
    char *log = program_file("l.jsonl", NULL);
    cr_assert_not_null(log);
    EXPECT_SAYS(log, "\"train_fraction\": 0.8");
    EXPECT_SAYS(log, "\"held_out_wrong_share\": 0.0");
    free(log);
    carrynet_model *model = NULL, *again;
    MUST(carrynet_model_load(&model, "add.safetensors"));
    cr_expect_eq(carrynet_model_settings(model)->train_fraction, 0.8);
    cr_expect_eq(carrynet_model_settings(model)->split_seed, 9);
    again = train(carrynet_model_settings(model), "reference", NULL); /* from its record */
    expect_same(model, again);
    carrynet_model_free(model);
    carrynet_model_free(again);
    EXPECT_ERROR(2, "from 0.01 to 0.99", "train", "--train-fraction", "1");
    EXPECT_ERROR(2, "it needs --train-fraction", "train", "--split-seed", "1");
    EXPECT_ERROR(2, "leaves none to draw", "train", "--bits", "2", "--train-fraction", "0.01");
    EXPECT_ERROR(2, "holds out none", "train", "--bits", "2", "--train-fraction", "0.99");
}
