/* Small networks for the tests of the prover: trained ones, set ones, and a search of their states as plain as can be. */
#ifndef TESTS_SMALL_NETWORKS_H
#define TESTS_SMALL_NETWORKS_H

#include "each_backend.h"
#include <math.h>
#include <stdlib.h>

struct small_network {
    carrynet_settings settings;
    void *values; /* [carrynet_shape_size] */
    size_t value; /* bytes of one */
};

static inline const carrynet_task *small_task(const char *name)
{
    const carrynet_task *task = NULL;
    MUST(carrynet_task_find(&task, name));
    return task;
}

/* Trained in plain C for so many updates; none: as it starts. */
static inline struct small_network small_trained(const char *task, uint32_t hidden, carrynet_precision precision,
                                                 bool bias, uint64_t seed, uint64_t updates, double noise)
{
    struct small_network net = {.value = precision == CARRYNET_FP32 ? sizeof(float) : sizeof(double)};
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_settings_init(&net.settings, small_task(task));
    net.settings.shape.hidden = hidden;
    net.settings.shape.bias = bias;
    net.settings.shape.initial_state = bias;
    net.settings.precision = precision;
    net.settings.noise = noise;
    net.settings.rate = 0.03;
    net.settings.steps = 12;
    net.settings.seed = seed;
    net.settings.networks = 1;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    net.values = calloc(carrynet_shape_size(&net.settings.shape), net.value);
    cr_assert(net.values != NULL);
    MUST(carrynet_engine_create(&engine, &net.settings, &options));
    const carrynet_source source = carrynet_counter_source(&net.settings.task);
    MUST(carrynet_engine_train(engine, &source, updates, NULL));
    MUST(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, net.values));
    carrynet_engine_free(engine);
    return net;
}

static inline double small_get(const struct small_network *net, size_t i)
{
    return net->value == sizeof(float) ? (double)((const float *)net->values)[i] : ((const double *)net->values)[i];
}

static inline void small_set(const struct small_network *net, size_t i, double value)
{
    if (net->value == sizeof(float))
        ((float *)net->values)[i] = (float)value;
    else
        ((double *)net->values)[i] = value;
}

static inline carrynet_engine *small_engine(const struct small_network *net, const carrynet_engine_options *options)
{
    carrynet_engine *engine = NULL;
    MUST(carrynet_engine_create(&engine, &net->settings, options));
    MUST(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, net->values));
    return engine;
}

/*
 * One state by one symbol, in plain C by the engine of one sequence: hidden in and out, the logits, and the automaton's
 * outputs. start: from h_0.
 */
static inline uint32_t small_step(double *z, void *hidden, uint32_t *automaton, const struct small_network *net,
                                  carrynet_engine *engine, uint32_t symbol, bool start)
{
    uint32_t word = symbol, target = 0;
    double logits[CARRYNET_TASK_OUTPUTS];
    carrynet_batch batch = {.sequences = 1, .steps = 1, .symbol_words = 1, .target_words = 1};
    batch.symbols = &word;
    batch.targets = &target;
    MUST(carrynet_engine_forward(engine, &batch, &(carrynet_forward){.z = logits, .state = hidden, .resume = !start}));
    for (uint32_t o = 0; o < net->settings.task.outputs; ++o)
        z[o] = net->value == sizeof(float) ? (double)((const float *)(const void *)logits)[o] : logits[o];
    return carrynet_task_step(&net->settings.task, automaton, symbol);
}

/* What the plain search found. */
struct small_search {
    bool closed, limited, wrong;
    uint64_t states, stepped;
    uint32_t levels;
    double margin, logit;
    uint32_t output, right;
    size_t length;
    uint8_t word[4096];
};

/* State after state, symbol after symbol; every state is compared with all before it. */
static inline void small_exhaust(struct small_search *found, const struct small_network *net, uint64_t limit)
{
    struct node {
        uint32_t automaton, depth;
        size_t parent;
        uint8_t symbol;
    } *nodes = calloc(limit + 1, sizeof *nodes);
    carrynet_engine_options options;
    const size_t bytes = net->settings.shape.hidden * net->value;
    char *hidden = calloc(limit + 1, bytes), *next = calloc(1, bytes);
    const carrynet_tensor h_0 = carrynet_shape_tensor(&net->settings.shape, CARRYNET_H_0);
    carrynet_engine_options_init(&options);
    options.device = "reference";
    carrynet_engine *engine = small_engine(net, &options);
    cr_assert(nodes != NULL && hidden != NULL && next != NULL);
    *found = (struct small_search){.states = 1, .margin = INFINITY};
    nodes[0].automaton = net->settings.task.start;
    if (h_0.size > 0)
        memcpy(hidden, (char *)net->values + h_0.offset * net->value, bytes);
    for (size_t i = 0; i < found->states; ++i)
        for (uint32_t a = 0; a < 1u << net->settings.task.inputs; ++a) {
            double z[CARRYNET_TASK_OUTPUTS];
            uint32_t automaton = nodes[i].automaton;
            memcpy(next, hidden + i * bytes, bytes);
            const uint32_t right = small_step(z, next, &automaton, net, engine, a, i == 0);
            ++found->stepped;
            for (uint32_t o = 0; o < net->settings.task.outputs; ++o) {
                const bool bit = right >> o & 1;
                const double margin = bit ? z[o] : 0 - z[o];
                if (isnan(margin) || margin < found->margin)
                    found->margin = margin;
                if (!found->wrong && (isnan(z[o]) || (z[o] > 0) != bit)) {
                    found->wrong = true;
                    found->output = o;
                    found->right = bit;
                    found->logit = z[o];
                }
            }
            if (found->wrong) {
                found->length = nodes[i].depth + 1;
                found->word[nodes[i].depth] = (uint8_t)a;
                for (size_t at = i; at != 0; at = nodes[at].parent)
                    found->word[nodes[at].depth - 1] = nodes[at].symbol;
                goto done;
            }
            size_t same = 0;
            while (same < found->states &&
                   (nodes[same].automaton != automaton || memcmp(hidden + same * bytes, next, bytes) != 0))
                ++same;
            if (same < found->states)
                continue;
            if (found->states == limit) {
                found->limited = true;
                goto done;
            }
            memcpy(hidden + same * bytes, next, bytes);
            nodes[same].automaton = automaton;
            nodes[same].depth = nodes[i].depth + 1;
            nodes[same].parent = i;
            nodes[same].symbol = (uint8_t)a;
            found->levels = nodes[same].depth;
            ++found->states;
        }
    found->closed = true;
done:
    carrynet_engine_free(engine);
    free(next);
    free(hidden);
    free(nodes);
}

#endif
