/*
 * The gradient of problems that the device generates, from any block of a batch on: the bits of the same problems staged by
 * the host, on the device and in the reference; and an update from such sums gives the weights that training gives.
 */
#include "backend/host.h"
#include "backend/opencl/opencl.h"
#include "each_backend.h"
#include "engine/rates.h"
#include <stdlib.h>

enum { NETWORKS = 2, BATCH = 200, UPDATE = 3, MOST = 1024 };

struct sums {
    double values[NETWORKS * MOST]; /* of either precision */
    carrynet_metrics metrics[NETWORKS];
};

static struct backend *open_backend(const carrynet_settings *settings, const struct test_backend *spec)
{
    struct backend *backend = NULL;
    char description[BACKEND_DESCRIPTION];
    char *weights = NULL;
    const size_t size = carrynet_shape_size(&settings->shape), value = settings->precision / 8;
    const bool plain = strcmp(spec->device, "reference") == 0;
    if (plain || strcmp(spec->device, "host") == 0)
        MUST(host_backend_create(&backend, settings, plain));
    else
        MUST(opencl_trainer_create(&backend, settings, &spec->options, description));
    weights = calloc(NETWORKS * size, value);
    cr_assert_not_null(weights);
    for (uint64_t n = 0; n < NETWORKS; ++n)
        carrynet_initialize(weights + n * size * value, &settings->shape, settings->precision, n, 1);
    MUST(backend->operations->set(backend, CARRYNET_PART_PARAMETERS, 0, NETWORKS, weights));
    free(weights);
    return backend;
}

static struct net_pass pass_of(const carrynet_settings *settings, const carrynet_network_config *configs, size_t first)
{
    struct net_pass pass = net_training_pass(settings, NULL, configs);
    pass.sequences = BATCH - first;
    pass.first_sequence = first;
    return pass;
}

/* The sums of problems that the host generates and stages. */
static void staged_sums(struct sums *sums, struct backend *backend, const carrynet_settings *settings,
                        const carrynet_network_config *configs, size_t first)
{
    const carrynet_source source = carrynet_counter_source(&settings->task);
    const struct net_pass pass = pass_of(settings, configs, first);
    struct net_pass *staged = NULL;
    MUST(backend_stage(backend, NULL, &staged, &pass, NETWORKS, &source));
    MUST(backend->operations->gradient(backend, staged));
    MUST(backend->operations->get_sums(backend, sums->values, sums->metrics));
}

/* The same of problems that the backend generates; false where it does not. */
static bool generated_sums(struct sums *sums, struct backend *backend, const carrynet_settings *settings,
                           const carrynet_network_config *configs, size_t first)
{
    struct net_pass pass = pass_of(settings, configs, first), *staged = NULL;
    pass.task = &settings->task;
    MUST(backend->operations->stage(backend, &staged, &pass));
    if (staged->symbols != NULL)
        return false;
    MUST(backend->operations->gradient(backend, staged));
    MUST(backend->operations->get_sums(backend, sums->values, sums->metrics));
    return true;
}

static void same_sums(const struct sums *got, const struct sums *want, const carrynet_settings *settings,
                      const char *label, size_t first)
{
    const size_t trained = carrynet_shape_trained(&settings->shape), value = settings->precision / 8;
    cr_assert(memcmp(got->values, want->values, NETWORKS * trained * value) == 0, "%s, from %zu: gradients differ",
              label, first);
    for (int n = 0; n < NETWORKS; ++n) {
        const carrynet_metrics *g = &got->metrics[n], *w = &want->metrics[n];
        cr_assert(memcmp(&g->loss, &w->loss, sizeof g->loss) == 0 &&
                      memcmp(&g->absolute_error, &w->absolute_error, sizeof g->loss) == 0 &&
                      g->wrong_bits == w->wrong_bits && g->wrong_sequences == w->wrong_sequences,
                  "%s, from %zu: metrics of network %d differ", label, first, n);
        cr_assert_gt(g->wrong_bits, 0);
    }
}

/* An update from sums that were read and set again, against one that the device makes alone. */
static void same_update(struct backend *backend, const carrynet_settings *settings,
                        const carrynet_network_config *configs, const char *label)
{
    const size_t size = carrynet_shape_size(&settings->shape), bytes = NETWORKS * size * settings->precision / 8;
    struct net_pass pass = pass_of(settings, configs, 0);
    struct net_rates rates[NETWORKS];
    struct sums sums;
    static double before[NETWORKS * MOST], want[NETWORKS * MOST], got[NETWORKS * MOST];
    for (int n = 0; n < NETWORKS; ++n)
        rates[n] = engine_rates(settings, configs[n].rate, UPDATE);
    MUST(backend->operations->get(backend, CARRYNET_PART_PARAMETERS, 0, NETWORKS, before));
    cr_assert(generated_sums(&sums, backend, settings, configs, 0));
    MUST(backend->operations->get_sums(backend, NULL, sums.metrics)); /* the metrics alone leave the rest as it is */
    MUST(backend->operations->set_sums(backend, sums.values));
    MUST(backend->operations->update(backend, rates, BATCH));
    MUST(backend->operations->get(backend, CARRYNET_PART_PARAMETERS, 0, NETWORKS, got));
    cr_assert(memcmp(got, before, bytes) != 0, "%s: nothing was learnt", label);
    MUST(backend->operations->set(backend, CARRYNET_PART_PARAMETERS, 0, NETWORKS, before));
    pass.task = &settings->task;
    MUST(backend->operations->train(backend, &pass, rates, 1));
    MUST(backend->operations->get(backend, CARRYNET_PART_PARAMETERS, 0, NETWORKS, want));
    cr_assert(memcmp(got, want, bytes) == 0, "%s: weights differ from those of training", label);
}

static void check(const carrynet_settings *settings, carrynet_launches launches)
{
    const carrynet_network_config configs[NETWORKS] = {
        {.seed = 5, .problem_seed = 0x123456789abcdefu, .rate = 0.5, .updates = UPDATE, .noise = 0.1},
        {.seed = 6, .problem_seed = 7, .rate = 0.25, .updates = UPDATE},
    };
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, settings->precision);
    static struct sums want, got;
    struct backend *reference = open_backend(settings, &backends[0]);
    cr_assert_not(generated_sums(&got, reference, settings, configs, 0));
    for (size_t b = 1; b < count; ++b) {
        backends[b].options.launches = launches;
        struct backend *backend = open_backend(settings, &backends[b]);
        for (size_t first = 0; first < BATCH; first += 64) {
            staged_sums(&want, reference, settings, configs, first);
            staged_sums(&got, backend, settings, configs, first);
            same_sums(&got, &want, settings, backends[b].label, first);
            const bool made = generated_sums(&got, backend, settings, configs, first);
            cr_assert_eq(made, backend->operations->train != NULL);
            if (made)
                same_sums(&got, &want, settings, backends[b].label, first);
        }
        if (backend->operations->train != NULL) {
            same_update(backend, settings, configs, backends[b].label);
            MUST(opencl_trainer_check_guards(backend));
        }
        backend_free(backend);
    }
    backend_free(reference);
}

/* The engine takes more sequences than a pass has here: so small networks have their blocks lane-interleaved. */
static carrynet_settings settings_of(uint32_t hidden, uint32_t steps, carrynet_precision precision)
{
    const carrynet_task *sub = NULL;
    carrynet_settings settings;
    MUST(carrynet_task_find(&sub, "sub"));
    carrynet_settings_init(&settings, sub);
    settings.networks = NETWORKS;
    settings.shape.hidden = hidden;
    settings.steps = steps;
    settings.precision = precision;
    settings.batch = 2048;
    settings.optimizer = CARRYNET_OPTIMIZER_SGD;
    return settings;
}

Test(generated_gradient, equals_staged_problems)
{
    /*
     * Two words a problem, and one; of the smaller networks the blocks are lane-interleaved. Where training would take fused updates, the gradient still takes single steps. Shapes of the table of cases, whose programs there are already.
     */
    const carrynet_settings small = settings_of(4, 20, CARRYNET_FP32), seeds = settings_of(16, 8, CARRYNET_FP32);
    const carrynet_settings twice = settings_of(7, 6, CARRYNET_FP64);
    check(&small, CARRYNET_LAUNCHES_STEPS);
    check(&seeds, CARRYNET_LAUNCHES_FUSED);
    check(&twice, CARRYNET_LAUNCHES_STEPS);
}

Test(generated_gradient, closes_problems)
{
    carrynet_settings settings = settings_of(16, 17, CARRYNET_FP32);
    settings.task.closing_count = 2;
    settings.task.closing[0] = 1;
    settings.task.closing[1] = 2;
    check(&settings, CARRYNET_LAUNCHES_STEPS);
}
