/*
 * The ends of the arithmetic's ranges, where a case of the table seldom comes (kernels/ARITHMETIC.md): averages and
 * moments that saturate, norms too large to be one, values at the flush limit, saturated outputs, logits of zero, noise
 * beyond 2^32 words. Updates against the formulas of section 5 written out here, rates in binary64 against theirs; passes
 * on the device against the reference.
 */
#include "each_backend.h"
#include <math.h>
#include <stdlib.h>

static bool same(const float *a, const float *b, size_t count, size_t *first)
{
    for (*first = 0; *first < count; ++*first) {
        uint32_t x, y;
        memcpy(&x, a + *first, sizeof x);
        memcpy(&y, b + *first, sizeof y);
        if (x != y && !(isnan(a[*first]) && isnan(b[*first])))
            return false;
    }
    return true;
}

static void expect_same(const float *given, const float *expected, size_t count, const char *what, const char *label)
{
    size_t i;
    if (!same(given, expected, count, &i))
        cr_expect_fail("%s, %s: number %zu is %a, must be %a", label, what, i, (double)given[i], (double)expected[i]);
}

/* ---- updates: section 5, value by value ------------------------------------------------------------------------ */

static float flushed(float x)
{
    return fabsf(x) < 0x1p-40f ? 0 : x;
}

static float mean_of(float sum, uint64_t sequences)
{
    const float g = flushed(sum * (float)(1.0 / (double)sequences));
    return g > 0x1p60f ? 0x1p60f : g < -0x1p60f ? -0x1p60f : g;
}

/* Runs of 64, as a tree: the first 2^k of them, then the rest. */
static float squares_of(const float *g, size_t count)
{
    const size_t runs = (count + 63) / 64;
    size_t half = 1;
    float chain = 0;
    if (runs > 1) {
        while (2 * half < runs)
            half *= 2;
        return squares_of(g, 64 * half) + squares_of(g + 64 * half, count - 64 * half);
    }
    for (size_t i = 0; i < count; ++i)
        chain = fmaf(0x1p20f * g[i], 0x1p20f * g[i], chain);
    return chain;
}

static void update_by_hand(float *w, float *m, float *v, const float *sums, size_t count, const carrynet_settings *s,
                           uint64_t sequences)
{
    float *g = malloc(count * sizeof *g);
    cr_assert_not_null(g);
    const float mu = (float)s->momentum, mu_rest = (float)(1 - s->momentum);
    const float rho = (float)s->decay, rho_rest = (float)(1 - s->decay);
    double rate = s->rate, epsilon = s->epsilon;
    const float decay = (float)(s->weight_decay * rate);
    if (s->optimizer == CARRYNET_OPTIMIZER_ADAM) {
        rate *= sqrt(1 - s->decay) / (1 - s->momentum);
        epsilon *= sqrt(1 - s->decay);
    }
    for (size_t i = 0; i < count; ++i)
        g[i] = mean_of(sums[i], sequences);
    if (s->clip > 0) {
        const float squares = squares_of(g, count), c = (float)s->clip;
        const float norm = squares <= 0x1p100f ? 0x1p-20f * sqrtf(squares) : (float)NAN;
        for (size_t i = 0; i < count && !(norm <= c); ++i)
            g[i] = flushed(g[i] * (c / norm));
    }
    for (size_t i = 0; i < count; ++i) {
        const float q = 0x1p20f * g[i];
        const float square = q * q, part = rho_rest * square, kept = mu_rest * g[i];
        const float next = flushed(fmaf(rho, v[i], part));
        const bool second = s->optimizer == CARRYNET_OPTIMIZER_RMSPROP || s->optimizer == CARRYNET_OPTIMIZER_ADAM;
        v[i] = second ? (next > 0x1p100f ? 0x1p100f : next) : 0;
        m[i] = s->optimizer == CARRYNET_OPTIMIZER_MOMENTUM ? flushed(fmaf(mu, m[i], g[i]))
               : s->optimizer == CARRYNET_OPTIMIZER_ADAM   ? flushed(fmaf(mu, m[i], kept))
                                                           : g[i];
        w[i] = decay > 0 ? fmaf(-decay, w[i], w[i]) : w[i];
        w[i] = flushed(fmaf((float)rate, second ? m[i] / fmaf(sqrtf(v[i]), 0x1p-20f, (float)epsilon) : m[i], w[i]));
    }
    free(g);
}

/* Sums of `sequences` sequences: usual ones, and in some places `edge`. */
static void fill_sums(float *sums, size_t count, uint64_t sequences, float edge)
{
    for (size_t i = 0; i < count; ++i) {
        const float usual = (float)((double)((i * 2654435761u) % 2000003u) / 1000001.5 - 1) * 0.01f;
        sums[i] = (i % 7 == 3 ? (i % 2 == 1 ? edge : -edge) : usual) * (float)sequences;
    }
}

static void set_zero(carrynet_engine *engine, carrynet_part part, const float *zeros, bool present)
{
    if (present)
        MUST(carrynet_engine_set(engine, part, 0, 1, zeros));
}

static void expect_part(carrynet_engine *engine, carrynet_part part, float *capacity, const float *expected,
                        size_t count, bool present, const char *what, const char *label)
{
    if (!present)
        return;
    MUST(carrynet_engine_get(engine, part, 0, 1, capacity));
    expect_same(capacity, expected, count, what, label);
}

/* One update from the same weights, for gradients with each of these values in some places. */
static void check_updates(const carrynet_settings *s, const struct test_backend *backend, const float *edges,
                          size_t count)
{
    enum { SEQUENCES = 48 };
    const bool adam = s->optimizer == CARRYNET_OPTIMIZER_ADAM;
    const bool first = adam || s->optimizer == CARRYNET_OPTIMIZER_MOMENTUM;
    const bool second = adam || s->optimizer == CARRYNET_OPTIMIZER_RMSPROP;
    const size_t size = carrynet_shape_size(&s->shape);
    char label[512];
    carrynet_engine *engine = NULL;
    float *w = calloc(7 * size, sizeof *w), *m = w + size, *v = m + size, *sums = v + size, *start = sums + size;
    float *given = start + size, *zeros = given + size;
    cr_assert_not_null(w);
    carrynet_initialize(start, &s->shape, CARRYNET_FP32, 5, 1);
    MUST(carrynet_engine_create(&engine, s, &backend->options));
    for (size_t e = 0; e < count; ++e) {
        (void)snprintf(label, sizeof label, "%s, %s, clip %g, weight decay %g, gradients of %a", backend->label,
                       carrynet_optimizer_name(s->optimizer), s->clip, s->weight_decay, (double)edges[e]);
        memcpy(w, start, size * sizeof *w);
        memset(m, 0, 2 * size * sizeof *m);
        fill_sums(sums, size, SEQUENCES, edges[e]);
        update_by_hand(w, m, v, sums, size, s, SEQUENCES);
        set_zero(engine, CARRYNET_PART_FIRST_MOMENT, zeros, first);
        set_zero(engine, CARRYNET_PART_SECOND_MOMENT, zeros, second);
        carrynet_engine_network_configs(engine)[0].updates = 0;
        MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, start));
        MUST(carrynet_engine_update(engine, sums, SEQUENCES));
        expect_part(engine, CARRYNET_PART_PARAMETERS, given, w, size, true, "weights", label);
        expect_part(engine, CARRYNET_PART_FIRST_MOMENT, given, m, size, first, "first moment", label);
        expect_part(engine, CARRYNET_PART_SECOND_MOMENT, given, v, size, second, "second moment", label);
    }
    carrynet_engine_free(engine);
    free(w);
}

/* backend: which of test_backends. The kernels of an update are the same in both shapes but for their vectors. */
static void check_optimizers(const char *label)
{
    enum { EDGES = 10, USUAL = 24 };
    float edges[EDGES + USUAL] = {0.5f,      0x1p-39f, 0x1.8p-41f, 0x1p32f, 0x1p49f,
                                  0x1.8p59f, 0x1p70f,  INFINITY,   NAN,     0x1.fffffep-41f};
    for (int i = 0; i < USUAL; ++i) /* for the order of the norm's sums, which only some of them show */
        edges[EDGES + i] = 0.001f + 0.0013f * (float)i;
    /* Clips that no norm reaches, that all exceed, and so small that a part of the gradient is flushed. */
    static const double clips[] = {0, 1000, 0.05, 0x1p-30};
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    size_t backend = 0;
    carrynet_settings s;
    while (backend < count && strcmp(backends[backend].label, label) != 0)
        ++backend;
    carrynet_settings_init(&s, carrynet_task_at(0));
    s.rate = 0.5;
    for (int o = CARRYNET_OPTIMIZER_SGD; o <= CARRYNET_OPTIMIZER_ADAM && backend < count; ++o)
        for (size_t c = 0; c < sizeof clips / sizeof clips[0]; ++c) {
            s.optimizer = (carrynet_optimizer)o;
            s.clip = clips[c];
            s.weight_decay = c % 2 == 1 ? 0.3 : 0; /* the product must not be exact */
            check_updates(&s, &backends[backend], edges, EDGES + USUAL);
        }
}

Test(edges, updates)
{
    check_optimizers("reference");
}

Test(edges, updates_on_the_host)
{
    check_optimizers("host");
}

Test(edges, updates_on_the_device)
{
    check_optimizers("OpenCL, cpu shape");
}

/* ---- rates: in binary64, on the reference ----------------------------------------------------------------------- */

/* The first weight after one update, number `update`, from w by a mean gradient of g. */
static double step_from(double w, carrynet_settings *s, uint64_t update, double g)
{
    static const carrynet_engine_options options = {.device = "reference"};
    carrynet_engine *engine = NULL;
    s->precision = CARRYNET_FP64;
    const size_t size = carrynet_shape_size(&s->shape);
    double *values = calloc(size, sizeof *values);
    cr_assert_not_null(values);
    for (size_t i = 0; i < size; ++i)
        values[i] = w;
    MUST(carrynet_engine_create(&engine, s, &options));
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, values));
    carrynet_engine_network_configs(engine)[0].updates = update;
    for (size_t i = 0; i < size; ++i)
        values[i] = g;
    MUST(carrynet_engine_update(engine, values, 1));
    MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values));
    const double moved = values[0];
    carrynet_engine_free(engine);
    free(values);
    return moved;
}

static double step_by(carrynet_settings *s, uint64_t update, double g)
{
    return step_from(0, s, update, g);
}

static void expect_near(double given, double expected, const char *what, uint64_t update)
{
    cr_expect(fabs(given - expected) <= 1e-12 * fabs(expected) + 1e-15, "%s, update %llu: %.17g, must be %.17g", what,
              (unsigned long long)update, given, expected);
}

Test(edges, rates)
{
    static const uint64_t updates[] = {0, 1, 2, 9, 249, 250, 333, 500, 501, 700, 999};
    carrynet_settings s;
    carrynet_settings_init(&s, carrynet_task_at(0));
    s.shape.hidden = 2;
    s.updates = 1000;
    s.rate = 0.5;
    for (size_t i = 0; i < sizeof updates / sizeof updates[0]; ++i) {
        const double u = (double)updates[i];
        s.optimizer = CARRYNET_OPTIMIZER_SGD;
        s.schedule = CARRYNET_SCHEDULE_COSINE;
        expect_near(step_by(&s, updates[i], 1), 0.5 * (1 + cos(3.14159265358979323846 * u / 1000)) / 2, "cosine",
                    updates[i]);
        s.optimizer = CARRYNET_OPTIMIZER_ADAM;
        s.schedule = CARRYNET_SCHEDULE_CONSTANT;
        /* Moments of one update from zero: m = 0.1 g, v = 0.001 g^2. */
        const double second = sqrt(1 - pow(0.999, u + 1)), rate = 0.5 * second / (1 - pow(0.9, u + 1));
        const double rest = 1 - 0.9, scale = sqrt(1 - 0.999);
        expect_near(step_by(&s, updates[i], 1), rate * rest / (scale + 1e-8 * second), "adam", updates[i]);
    }
    /* From a weight of 1, without a gradient: the scheduled rate alone, which adam's factor leaves as it is. */
    s.weight_decay = 0.25;
    for (int o = CARRYNET_OPTIMIZER_SGD; o <= CARRYNET_OPTIMIZER_ADAM; ++o)
        for (size_t i = 0; i < sizeof updates / sizeof updates[0]; ++i) {
            s.optimizer = (carrynet_optimizer)o;
            s.schedule = i % 2 == 0 ? CARRYNET_SCHEDULE_COSINE : CARRYNET_SCHEDULE_CONSTANT;
            const double turn = 3.14159265358979323846 * (double)updates[i] / 1000;
            const double rate = s.schedule == CARRYNET_SCHEDULE_COSINE ? 0.5 * (1 + cos(turn)) / 2 : 0.5;
            expect_near(step_from(1, &s, updates[i], 0), 1 - 0.25 * rate, "weight decay", updates[i]);
        }
    /* Below 2^-40 there is none, in binary64 too; and without it a zero keeps its sign. */
    s.schedule = CARRYNET_SCHEDULE_CONSTANT;
    s.weight_decay = 0x1.8p-40;
    cr_expect_eq(step_from(1, &s, 0, 0), 1);
    s.weight_decay = 0x1p-39;
    cr_expect_eq(step_from(1, &s, 0, 0), 1 - 0x1p-40);
    s.weight_decay = 0;
    s.optimizer = CARRYNET_OPTIMIZER_SGD;
    cr_expect(signbit(step_from(-0.0, &s, 0, -0.0)));
    /* epsilon, times sqrt(0.001), is at least 2^-40: a gradient so small that nothing else stands below it. */
    s.optimizer = CARRYNET_OPTIMIZER_ADAM;
    s.epsilon = 1e-12;
    const double tiny = 0x1p-70, root = sqrt(1 - 0.999), moment = (1 - 0.9) * tiny;
    expect_near(step_by(&s, 0, tiny) * 0x1p40, 0.5 * root / (1 - 0.9) * moment / (root * tiny + 0x1p-40) * 0x1p40,
                "epsilon", 0);
}

/* ---- weights ----------------------------------------------------------------------------------------------------- */

Test(edges, initial_weights_are_flushed)
{
    const carrynet_shape shape = {.inputs = 2, .hidden = 64, .outputs = 1};
    const size_t size = carrynet_shape_size(&shape);
    float *values = malloc(size * sizeof *values);
    size_t zeros = 0;
    cr_assert_not_null(values);
    carrynet_initialize(values, &shape, CARRYNET_FP32, 3, 0x1p-38);
    for (size_t i = 0; i < size; ++i) {
        cr_expect(values[i] == 0 || fabsf(values[i]) >= 0x1p-40f, "weight %zu is %a", i, (double)values[i]);
        zeros += values[i] == 0;
    }
    /* A quarter of what is uniform in [-2^-38, 2^-38) is below the limit. */
    cr_expect(zeros > size / 5 && zeros < size / 3, "%zu of %zu are 0", zeros, size);
    free(values);
}

/* ---- passes: the device as the reference ------------------------------------------------------------------------ */

/* What a pass measured and its gradient, of every backend the same; the reference's metrics. */
static carrynet_metrics check_pass(const carrynet_settings *s, const float *weights, uint64_t first_sequence,
                                   const char *what)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32), trained = carrynet_shape_trained(&s->shape);
    const carrynet_source source = carrynet_counter_source(&s->task);
    carrynet_metrics expected = {0}, given;
    carrynet_batch batch = {0};
    char label[640];
    float *sums = calloc(2 * trained, sizeof *sums);
    cr_assert_not_null(sums);
    MUST(carrynet_batch_create(&batch, &s->task, s->batch, s->steps));
    MUST(source.fill(source.self, 1, 0, 0, batch.sequences, batch.steps, batch.symbols, batch.targets));
    for (size_t b = 0; b < count; ++b) {
        carrynet_engine *engine = NULL;
        (void)snprintf(label, sizeof label, "%s, %s", backends[b].label, what);
        MUST(carrynet_engine_create(&engine, s, &backends[b].options));
        MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
        MUST(carrynet_engine_gradient(engine, &batch, 3, first_sequence, b == 0 ? sums : sums + trained,
                                      b == 0 ? &expected : &given));
        carrynet_engine_free(engine);
        if (b == 0)
            continue;
        expect_same(sums + trained, sums, trained, "gradient", label);
        const float losses[] = {(float)expected.loss, (float)given.loss};
        expect_same(&losses[1], &losses[0], 1, "loss", label);
        cr_expect_eq(given.wrong_bits, expected.wrong_bits, "%s", label);
        cr_expect_eq(given.wrong_sequences, expected.wrong_sequences, "%s", label);
    }
    carrynet_batch_free(&batch);
    free(sums);
    return expected;
}

static void pass_settings(carrynet_settings *s, uint32_t hidden, uint32_t steps)
{
    carrynet_settings_init(s, carrynet_task_at(0));
    s->task.closing_count = 0; /* one step is a problem too */
    s->shape.hidden = hidden;
    s->steps = steps;
    s->batch = 64;
}

/* With weights of w_hy all w, the others from a seed and large. */
static void make_weights(float *weights, const carrynet_settings *s, double scale, float w)
{
    const carrynet_tensor tensor = carrynet_shape_tensor(&s->shape, CARRYNET_W_HY);
    carrynet_initialize(weights, &s->shape, CARRYNET_FP32, 9, scale);
    for (size_t i = 0; i < tensor.size; ++i)
        weights[tensor.offset + i] = w;
}

Test(edges, saturated_outputs)
{
    carrynet_settings s;
    pass_settings(&s, 4, 6);
    float *weights = calloc(carrynet_shape_size(&s.shape), sizeof *weights);
    cr_assert_not_null(weights);
    /* y is 1 or 2^-39: the loss of a wrong bit is the logarithm of 2^-40 or of 2^-39. */
    for (int sign = -1; sign <= 1; sign += 2) {
        make_weights(weights, &s, 1, (float)sign * 0x1p20f);
        const carrynet_metrics m = check_pass(&s, weights, 0, "saturated outputs");
        const double worst = m.loss / (double)m.wrong_bits / log(2);
        cr_expect(worst > 38 && worst < 40.001, "a wrong bit costs %g bits", worst);
    }
    /* z = 0 is no one: y = 1/2, and every bit that should be 1 is wrong. */
    make_weights(weights, &s, 1, 0);
    const carrynet_metrics half = check_pass(&s, weights, 0, "logits of zero");
    cr_expect(fabs(half.loss - 64 * 6 * log(2)) < 1e-3, "loss %g", half.loss);
    cr_expect(half.wrong_bits > 64 * 2 && half.wrong_bits < 64 * 4, "%llu wrong bits",
              (unsigned long long)half.wrong_bits);
    free(weights);
}

/* Hidden values at the lower end of the sigmoid, 2^-39, and the least noise: some of 12,288 sums are flushed. */
Test(edges, flushed_noise)
{
    carrynet_settings s;
    pass_settings(&s, 16, 12);
    s.noise = 0x1p-30;
    s.shape.bias = true;
    const size_t size = carrynet_shape_size(&s.shape);
    float *weights = calloc(size, sizeof *weights);
    cr_assert_not_null(weights);
    const carrynet_tensor b_h = carrynet_shape_tensor(&s.shape, CARRYNET_B_H);
    make_weights(weights, &s, 1, 0x1p30f); /* so that what is left of h is seen */
    for (size_t i = 0; i < b_h.size; ++i)
        weights[b_h.offset + i] = -100;
    (void)check_pass(&s, weights, 0, "flushed noise");
    free(weights);
}

/* Blocks of the noise's generator on both sides of 2^32: 5 a step, so that one sequence's lie on both. */
Test(edges, noise_beyond_a_counter_word)
{
    carrynet_settings s;
    pass_settings(&s, 20, 1);
    s.noise = 0.1;
    float *weights = calloc(carrynet_shape_size(&s.shape), sizeof *weights);
    cr_assert_not_null(weights);
    carrynet_initialize(weights, &s.shape, CARRYNET_FP32, 9, 1);
    (void)check_pass(&s, weights, 858993408, "noise about 2^32");
    free(weights);
}

/* Seven blocks leave three partial sums to be reduced, of which the smallest meet first: two would say nothing about that. */
Test(edges, three_nodes_remain)
{
    static const carrynet_engine_options plain = {.device = "reference"};
    enum { BLOCKS = 7, BLOCK = 64 };
    carrynet_settings s;
    pass_settings(&s, 5, 3);
    s.batch = BLOCKS * BLOCK;
    const size_t trained = carrynet_shape_trained(&s.shape);
    const carrynet_source source = carrynet_counter_source(&s.task);
    float *weights = calloc(trained, sizeof *weights), *partials = calloc((BLOCKS + 1) * trained, sizeof *partials);
    cr_assert(weights != NULL && partials != NULL);
    carrynet_initialize(weights, &s.shape, CARRYNET_FP32, 9, 1);
    (void)check_pass(&s, weights, 0, "seven blocks");
    carrynet_engine *engine = NULL;
    MUST(carrynet_engine_create(&engine, &s, &plain));
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights));
    for (size_t b = 0; b <= BLOCKS; ++b) {
        carrynet_batch batch = {0};
        const size_t sequences = b < BLOCKS ? BLOCK : BLOCKS * BLOCK, first = b < BLOCKS ? b * BLOCK : 0;
        MUST(carrynet_batch_create(&batch, &s.task, sequences, s.steps));
        MUST(source.fill(source.self, 1, 0, first, sequences, batch.steps, batch.symbols, batch.targets));
        MUST(carrynet_engine_gradient(engine, &batch, 0, first, partials + b * trained, NULL));
        carrynet_batch_free(&batch);
    }
    for (size_t i = 0; i < trained; ++i) {
        const float *n = partials + i, all = n[BLOCKS * trained];
        const float four = (n[0] + n[trained]) + (n[2 * trained] + n[3 * trained]);
        const float joined = four + ((n[4 * trained] + n[5 * trained]) + n[6 * trained]);
        cr_expect_eq(all, joined, "%zu: %a, must be %a", i, (double)all, (double)joined);
    }
    carrynet_engine_free(engine);
    free(partials);
    free(weights);
}

/* ---- problems ----------------------------------------------------------------------------------------------------- */

/* Closing symbols that are not 0, which the device appends to the problems that it makes. */
Test(edges, closing_symbols_are_appended)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, CARRYNET_FP32);
    carrynet_settings s;
    carrynet_settings_init(&s, carrynet_task_at(0));
    s.task.closing_count = 2;
    s.task.closing[0] = 3;
    s.task.closing[1] = 1;
    s.shape.hidden = 4;
    s.steps = 6;
    s.batch = 20;
    const carrynet_source source = carrynet_counter_source(&s.task);
    const size_t size = carrynet_shape_size(&s.shape);
    float *weights = calloc(2 * size, sizeof *weights);
    cr_assert_not_null(weights);
    for (size_t b = 0; b < count; ++b) {
        carrynet_engine *engine = NULL;
        backends[b].options.launches = CARRYNET_LAUNCHES_STEPS;
        MUST(carrynet_engine_create(&engine, &s, &backends[b].options));
        MUST(carrynet_engine_train(engine, &source, 2, NULL));
        MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, weights + (b > 0 ? size : 0)));
        carrynet_engine_free(engine);
        if (b > 0)
            expect_same(weights + size, weights, size, "weights", backends[b].label);
    }
    free(weights);
}
