/*
 * Exhaustion finds what a search as plain as can be finds, on every backend, for any batch and number of threads; its limit
 * counts exactly; a NaN is wrong.
 */
#include "platform/platform.h"
#include "prove/reach.h"
#include "small_networks.h"

enum { MOST = 2500 };

static void expect_same(const struct reach *reach, const struct small_search *plain, const char *label)
{
    cr_expect_eq(reach->closed, plain->closed, "%s", label);
    cr_expect_eq(reach->limited, plain->limited, "%s", label);
    cr_expect_eq(reach->wrong, plain->wrong, "%s", label);
    cr_expect_eq(reach->states, plain->states, "%s: %llu states, not %llu", label, (unsigned long long)reach->states,
                 (unsigned long long)plain->states);
    cr_expect_eq(reach->stepped, plain->stepped, "%s: %llu steps, not %llu", label, (unsigned long long)reach->stepped,
                 (unsigned long long)plain->stepped);
    cr_expect_eq(reach->levels, plain->levels, "%s: %u levels, not %u", label, reach->levels, plain->levels);
    cr_expect(isnan(plain->margin) ? isnan(reach->margin) : reach->margin == plain->margin, "%s: margin %g, not %g",
              label, reach->margin, plain->margin);
    if (!plain->wrong)
        return;
    cr_expect_eq(reach->output, plain->output, "%s", label);
    cr_expect_eq(reach->right, plain->right, "%s", label);
    cr_expect(isnan(plain->logit) ? isnan(reach->logit) : reach->logit == plain->logit, "%s", label);
    cr_assert_eq(reach->word.length, plain->length, "%s: a word of %zu, not %zu", label, reach->word.length,
                 plain->length);
    cr_expect_eq(memcmp(reach->word.symbols, plain->word, plain->length), 0, "%s", label);
}

/* Against the plain search, on backends and with several batches and threads; returns what that found. */
static struct small_search compare(const struct small_network *net, uint64_t limit, const char *label)
{
    /* The first, a state at a time, in plain C alone: devices are slow at it. */
    static const struct reach_options cuts[] = {{.batch = 1, .threads = 1},
                                                {.batch = 0, .threads = 0},
                                                {.batch = 100, .threads = 3},
                                                {.batch = 5000, .threads = 7}};
    struct small_search *plain = calloc(1, sizeof *plain);
    struct test_backend backends[TEST_BACKENDS];
    /* Some on devices too: building their kernels for so many sizes takes minutes. */
    static size_t turn;
    const size_t all = test_backends(backends, net->settings.precision), count = turn++ % 8 == 0 ? all : 1;
    cr_assert(plain != NULL);
    small_exhaust(plain, net, limit);
    for (size_t b = 0; b < count; ++b) {
        carrynet_engine *engine = small_engine(net, &backends[b].options);
        for (size_t i = b == 0 ? 0 : 1; i < sizeof cuts / sizeof cuts[0]; ++i) {
            struct reach_options options = cuts[i];
            struct reach reach;
            char text[600];
            (void)snprintf(text, sizeof text, "%s, %s, limit %llu, cut %zu", label, backends[b].label,
                           (unsigned long long)limit, i);
            options.states = limit;
            MUST(reach_search(&reach, engine, &net->settings.task, &options, NULL));
            expect_same(&reach, plain, text);
            reach_free(&reach);
        }
        carrynet_engine_free(engine);
    }
    const struct small_search found = *plain;
    free(plain);
    return found;
}

static void compare_trained(const char *task, uint32_t hidden, carrynet_precision precision, bool bias, uint64_t seed,
                            uint64_t updates)
{
    char label[80];
    struct small_network net = small_trained(task, hidden, precision, bias, seed, updates, 0);
    (void)snprintf(label, sizeof label, "%s, %u hidden, fp%d, seed %llu, %llu updates", task, hidden, (int)precision,
                   (unsigned long long)seed, (unsigned long long)updates);
    (void)compare(&net, MOST, label);
    free(net.values);
}

Test(reach, as_a_plain_search)
{
    static const char *const tasks[] = {"add", "sub", "parity", "add3"};
    for (size_t i = 0; i < 4; ++i)
        for (uint32_t hidden = 2; hidden <= 5; ++hidden) {
            const bool twice = (i + hidden) % 2 == 0;
            compare_trained(tasks[i], hidden, twice ? CARRYNET_FP64 : CARRYNET_FP32, hidden % 2 == 0, 7 + hidden,
                            400 * (hidden - 2));
        }
}

/* Hidden values that forget ever more of each symbol, for a task whose outputs are all 0: such a search closes. */
Test(reach, networks_that_contract)
{
    static const struct {
        const char *task;
        uint32_t hidden;
        carrynet_precision precision;
        bool bias;
        double scale;
    } cases[] = {
        {"add", 2, CARRYNET_FP32, false, 0x1p-6},    {"add", 5, CARRYNET_FP32, true, 0x1p-7},
        {"sub", 3, CARRYNET_FP64, true, 0x1p-16},    {"parity", 4, CARRYNET_FP32, true, 0x1p-3},
        {"parity", 5, CARRYNET_FP64, false, 0x1p-6}, {"add3", 3, CARRYNET_FP32, false, 0x1p-10},
        {"add", 33, CARRYNET_FP32, false, 0x1p-10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        char label[80];
        struct small_network net =
            small_trained(cases[i].task, cases[i].hidden, cases[i].precision, cases[i].bias, 5 + i, 0, 0);
        const carrynet_tensor w_hh = carrynet_shape_tensor(&net.settings.shape, CARRYNET_W_HH);
        const carrynet_tensor w_hy = carrynet_shape_tensor(&net.settings.shape, CARRYNET_W_HY);
        const carrynet_tensor h_0 = carrynet_shape_tensor(&net.settings.shape, CARRYNET_H_0);
        for (size_t j = 0; j < w_hh.size; ++j)
            small_set(&net, w_hh.offset + j, cases[i].scale * small_get(&net, w_hh.offset + j));
        for (size_t j = 0; j < w_hy.size; ++j)
            small_set(&net, w_hy.offset + j, -1);
        for (size_t j = 0; j < h_0.size; ++j)
            small_set(&net, h_0.offset + j, 0.25 + 0.125 * (double)j);
        memset(net.settings.task.out, 0, sizeof net.settings.task.out);
        (void)snprintf(label, sizeof label, "contracting, case %zu", i);
        const struct small_search found = compare(&net, MOST, label);
        cr_expect(found.closed && found.states > 30 && found.levels > 2, "%s: %llu states, %u levels", label,
                  (unsigned long long)found.states, found.levels);
        free(net.values);
    }
}

/* Hidden values that forget: every unit reads the symbol alone, so there are as many states as symbols, and the start. */
static struct small_network forgetful(const char *task, uint32_t hidden, carrynet_precision precision)
{
    struct small_network net = small_trained(task, hidden, precision, false, 3, 0, 0);
    const carrynet_tensor w_hh = carrynet_shape_tensor(&net.settings.shape, CARRYNET_W_HH);
    for (size_t i = 0; i < w_hh.size; ++i)
        small_set(&net, w_hh.offset + i, 0);
    return net;
}

/* A task of one state that such a network can do: the output is 1 unless all bits are 0. */
static void make_any(struct small_network *net)
{
    carrynet_task *task = &net->settings.task;
    const carrynet_tensor w_xh = carrynet_shape_tensor(&net->settings.shape, CARRYNET_W_XH);
    const carrynet_tensor w_hy = carrynet_shape_tensor(&net->settings.shape, CARRYNET_W_HY);
    task->states = 1;
    task->start = 0;
    for (uint32_t a = 0; a < CARRYNET_TASK_SYMBOLS; ++a) {
        task->next[0][a] = 0;
        task->out[0][a] = a != 0;
    }
    for (size_t i = 0; i < w_xh.size; ++i)
        small_set(net, w_xh.offset + i, i % net->settings.shape.hidden == 0 ? 2 + (double)i : 0);
    for (size_t j = 0; j < w_hy.size; ++j) /* h_0 is 1/2 for symbol 0 and more for others; the other units are 1/2 */
        small_set(net, w_hy.offset + j, j == 0 ? 4 : j == 1 ? -4.5 : 0);
}

Test(reach, a_network_that_forgets)
{
    for (int bits = 32; bits <= 64; bits += 32) {
        struct small_network net = forgetful("add", 3, (carrynet_precision)bits);
        struct test_backend backends[TEST_BACKENDS];
        struct reach reach;
        const struct reach_options options = {.states = 5};
        (void)test_backends(backends, CARRYNET_FP32);
        make_any(&net);
        carrynet_engine *engine = small_engine(&net, &backends[0].options);
        MUST(reach_search(&reach, engine, &net.settings.task, &options, NULL));
        cr_expect(reach.closed && !reach.wrong && !reach.limited && !reach.stopped);
        cr_expect_eq(reach.states, 5u, "the start and one a symbol: %llu", (unsigned long long)reach.states);
        cr_expect_eq(reach.stepped, 20u);
        cr_expect_eq(reach.levels, 1u);
        cr_expect_float_eq(reach.margin, 0.25, 1e-6); /* 4 / 2 - 4.5 / 2 */
        reach_free(&reach);
        carrynet_engine_free(engine);
        (void)compare(&net, 5, "forgetful");
        (void)compare(&net, 4, "forgetful");
        (void)compare(&net, 1, "forgetful");
        free(net.values);
    }
}

Test(reach, its_limit_counts_exactly)
{
    struct small_network net = small_trained("add", 16, CARRYNET_FP32, false, 1, 400, 0.05);
    static const uint64_t limits[] = {1, 2, 3, 4, 5, 6, 20, 21, 22, 23, 84, 85, 86, 300, 341, 1000, 1365, 3000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; ++i)
        (void)compare(&net, limits[i], "a good network");
    free(net.values);
}

Test(reach, a_nan_is_wrong)
{
    const carrynet_parameter parameters[] = {CARRYNET_W_XH, CARRYNET_W_HH, CARRYNET_W_HY};
    for (int i = 0; i < 3; ++i)
        for (size_t at = 0; at < 4; ++at) {
            struct small_network net = small_trained("add", 16, CARRYNET_FP32, false, 1, 400, 0.05);
            small_set(&net, carrynet_shape_tensor(&net.settings.shape, parameters[i]).offset + 5 * at, NAN);
            (void)compare(&net, 2000, "with a NaN");
            struct small_search *plain = calloc(1, sizeof *plain);
            cr_assert(plain != NULL);
            small_exhaust(plain, &net, 2000);
            cr_expect(plain->wrong && isnan(plain->logit));
            free(plain);
            free(net.values);
        }
}

static int stop_at_once(void *self)
{
    ++*(int *)self;
    return 1;
}

Test(reach, what_it_refuses)
{
    struct small_network net = small_trained("add", 4, CARRYNET_FP32, false, 1, 0, 0);
    struct test_backend backends[TEST_BACKENDS];
    struct reach reach;
    int asked = 0;
    const struct prove_stop stop = {.interrupted = stop_at_once, .self = &asked};
    struct reach_options options = {.states = 100};
    (void)test_backends(backends, CARRYNET_FP32);
    carrynet_engine *engine = small_engine(&net, &backends[0].options);
    MUST(reach_search(&reach, engine, &net.settings.task, &options, &stop));
    cr_expect(reach.stopped && !reach.closed && !reach.wrong && asked == 1);
    cr_expect_eq(reach_search(&reach, engine, small_task("add3"), &options, NULL), CARRYNET_ERROR_ARGUMENT);
    options.states = 0;
    cr_expect_eq(reach_search(&reach, engine, &net.settings.task, &options, NULL), CARRYNET_ERROR_ARGUMENT);
    options.states = 4000000000u;
    if (sys_memory() > 0 && reach_memory(&net.settings.shape, CARRYNET_FP32, options.states) > sys_memory()) {
        cr_expect_eq(reach_search(&reach, engine, &net.settings.task, &options, NULL), CARRYNET_ERROR_MEMORY);
        cr_expect(strstr(carrynet_message(), "--states") != NULL);
    }
    const carrynet_shape shape = {.inputs = 2, .hidden = 16, .outputs = 1};
    const uint64_t million = reach_memory(&shape, CARRYNET_FP32, 1000000);
    cr_expect(million > 70000000 && million < 110000000, "%llu bytes", (unsigned long long)million);
    carrynet_engine_free(engine);
    free(net.values);
}
