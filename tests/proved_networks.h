/*
 * What the tests of the prover's soundness share: models of small networks, words stepped by a loop that owes nothing to
 * the engine but the scalar functions, and what a proof must be worth.
 */
#ifndef TESTS_PROVED_NETWORKS_H
#define TESTS_PROVED_NETWORKS_H

#include "small_networks.h"

#include "kernels/arithmetic.h"

/* The caller's, to free with carrynet_model_free. */
static inline carrynet_model *small_model(const struct small_network *net)
{
    carrynet_model *model = NULL;
    MUST(carrynet_model_create(&model, &net->settings));
    memcpy(carrynet_model_values(model), net->values, carrynet_shape_size(&net->settings.shape) * net->value);
    return model;
}

static inline struct small_network small_copy(const struct small_network *net)
{
    struct small_network copy = *net;
    const size_t size = carrynet_shape_size(&net->settings.shape);
    copy.values = calloc(size, net->value);
    cr_assert(copy.values != NULL);
    memcpy(copy.values, net->values, size * net->value);
    return copy;
}

static inline carrynet_tensor small_tensor(const struct small_network *net, carrynet_parameter parameter)
{
    return carrynet_shape_tensor(&net->settings.shape, parameter);
}

/* One step in binary32 as kernels/ARITHMETIC.md 4 writes it: hidden [H] in and out, z [O]. */
static inline void plain_step(float *z, float *hidden, const struct small_network *net, uint32_t symbol)
{
    const float *values = net->values;
    const uint32_t I = net->settings.shape.inputs, H = net->settings.shape.hidden, O = net->settings.shape.outputs;
    const float *w_xh = values + small_tensor(net, CARRYNET_W_XH).offset;
    const float *w_hh = values + small_tensor(net, CARRYNET_W_HH).offset;
    const float *w_hy = values + small_tensor(net, CARRYNET_W_HY).offset;
    const bool bias = net->settings.shape.bias;
    float next[CARRYNET_HIDDEN];
    for (uint32_t j = 0; j < H; ++j) {
        float sum = bias ? values[small_tensor(net, CARRYNET_B_H).offset + j] : 0;
        for (uint32_t i = 0; i < I; ++i)
            if (symbol >> i & 1)
                sum = sum + w_xh[i * H + j];
        for (uint32_t k = 0; k < H; ++k)
            sum = fmaf(hidden[k], w_hh[k * H + j], sum);
        next[j] = flush(sigmoid(sum));
    }
    memcpy(hidden, next, H * sizeof *hidden);
    for (uint32_t o = 0; o < O; ++o) {
        float partial[16] = {0};
        for (uint32_t j = 0; j < H; ++j)
            partial[j % 16] = fmaf(hidden[j], w_hy[j * O + o], partial[j % 16]);
        for (int width = 8; width > 0; width /= 2)
            for (int k = 0; k < width; ++k)
                partial[k] += partial[k + width];
        z[o] = bias ? values[small_tensor(net, CARRYNET_B_Y).offset + o] + partial[0] : partial[0];
    }
}

/* The hidden values before the first symbol, of either precision. */
static inline void small_start(void *hidden, const struct small_network *net)
{
    const carrynet_tensor h_0 = small_tensor(net, CARRYNET_H_0);
    memset(hidden, 0, net->settings.shape.hidden * net->value);
    if (h_0.size > 0)
        memcpy(hidden, (const char *)net->values + h_0.offset * net->value, h_0.size * net->value);
}

/* The lowest output whose bit is wrong, or the number of outputs. */
static inline uint32_t first_wrong(const double *z, uint32_t right, uint32_t outputs)
{
    for (uint32_t o = 0; o < outputs; ++o)
        if (isnan(z[o]) || (z[o] > 0) != (right >> o & 1))
            return o;
    return outputs;
}

/* Whether the word of a counterexample is wrong as it says: in binary32 by plain_step, in binary64 by the engine. */
static inline bool wrong_as_said(const carrynet_counterexample *wrong, const struct small_network *net,
                                 const carrynet_task *task, const carrynet_engine_options *options)
{
    const uint32_t O = net->settings.shape.outputs;
    double z[CARRYNET_TASK_OUTPUTS] = {0};
    float logits[CARRYNET_TASK_OUTPUTS];
    uint32_t automaton = task->start, right = 0;
    bool as_said = wrong->symbols != NULL && wrong->steps > 0;
    void *hidden = calloc(net->settings.shape.hidden, net->value);
    carrynet_engine *engine = NULL;
    cr_assert(hidden != NULL);
    small_start(hidden, net);
    if (net->value != sizeof(float) || options != NULL) {
        carrynet_engine_options reference;
        carrynet_engine_options_init(&reference);
        reference.device = "reference";
        engine = small_engine(net, options != NULL ? options : &reference);
    }
    for (size_t t = 0; t < wrong->steps && as_said; ++t) {
        const uint32_t symbol = carrynet_packed_get(wrong->symbols, task->inputs, t);
        right = carrynet_task_step(task, &automaton, symbol);
        if (engine != NULL) {
            uint32_t own = net->settings.task.start;
            (void)small_step(z, hidden, &own, net, engine, symbol, t == 0);
        } else {
            plain_step(logits, hidden, net, symbol);
            for (uint32_t o = 0; o < O; ++o)
                z[o] = logits[o];
        }
        as_said = (first_wrong(z, right, O) < O) == (t + 1 == wrong->steps);
    }
    const uint32_t o = first_wrong(z, right, O);
    as_said = as_said && o == wrong->output && (right >> o & 1) == wrong->right &&
              (isnan(wrong->logit) ? isnan(z[o]) : wrong->logit == z[o]);
    carrynet_engine_free(engine);
    free(hidden);
    return as_said;
}

/* Whether a batch has a wrong bit. Targets are filled here. */
static inline bool any_wrong(carrynet_engine *engine, const carrynet_task *task, const carrynet_batch *batch)
{
    carrynet_metrics metrics;
    for (size_t s = 0; s < batch->sequences; ++s)
        (void)carrynet_targets(task, task->start, batch->symbols + s * batch->symbol_words, batch->steps,
                               batch->targets + s * batch->target_words);
    MUST(carrynet_engine_forward(engine, batch, &(carrynet_forward){.metrics = &metrics, .until_wrong = true}));
    return metrics.wrong_sequences != 0;
}

/* Whether the network gets one of all words of so many bits wrong. */
static inline bool short_word_wrong(carrynet_engine *engine, const carrynet_task *task, uint32_t bits)
{
    const size_t steps = bits / task->inputs, most = (size_t)1 << 14;
    const uint64_t words = (uint64_t)1 << steps * task->inputs;
    const size_t chunk = words < most ? (size_t)words : most;
    carrynet_batch batch;
    bool wrong = false;
    MUST(carrynet_batch_create(&batch, task, chunk, steps));
    for (uint64_t first = 0; first < words && !wrong; first += chunk) {
        for (size_t s = 0; s < chunk; ++s)
            for (size_t t = 0; t < steps; ++t)
                carrynet_packed_set(batch.symbols + s * batch.symbol_words, task->inputs, t,
                                    (uint32_t)((first + s) >> t * task->inputs) & ((1u << task->inputs) - 1));
        wrong = any_wrong(engine, task, &batch);
    }
    carrynet_batch_free(&batch);
    return wrong;
}

/* A proof's parts fit together, its certificate is accepted, its counterexample wrong. */
static inline void expect_sound(const carrynet_proof *proof, const struct small_network *net,
                                const carrynet_model *model, const carrynet_task *task, const char *label)
{
    task = task != NULL ? task : &net->settings.task;
    const bool certified = proof->certificate != NULL;
    cr_expect_eq(certified, proof->by_ellipsoids, "%s", label);
    cr_expect_eq(proof->verdict == CARRYNET_VERDICT_PROVED, proof->by_ellipsoids || proof->by_exhaustion, "%s", label);
    cr_expect_eq(proof->verdict == CARRYNET_VERDICT_REFUTED, proof->wrong.symbols != NULL, "%s", label);
    cr_expect(proof->verdict != CARRYNET_VERDICT_UNKNOWN || proof->reason[0] != '\0', "%s: no reason", label);
    if (proof->verdict == CARRYNET_VERDICT_REFUTED)
        cr_expect(wrong_as_said(&proof->wrong, net, task, NULL), "%s: the counterexample is not wrong as it says",
                  label);
    if (certified) {
        carrynet_checked checked;
        MUST(carrynet_verify(&checked, model, 0, task, proof->certificate, proof->certificate_size));
        cr_expect(checked.accepted, "%s: %s", label, checked.reason);
        cr_expect(checked.margin > 0 && checked.margin == proof->checked.margin, "%s: %g, %g", label, checked.margin,
                  proof->checked.margin);
        cr_expect_eq(checked.consumed, proof->certificate_size, "%s", label);
    }
    if (certified && proof->by_exhaustion)
        cr_expect(proof->checked.margin <= proof->exact_margin, "%s: certified %g, exact %g", label,
                  proof->checked.margin, proof->exact_margin);
}

/* Options that take a moment for a network of some units. */
static inline carrynet_prove_options quick_options(carrynet_prove_by by)
{
    carrynet_prove_options options;
    carrynet_prove_options_init(&options);
    options.by = by;
    options.budget = 100000;
    options.effort = 100000;
    options.states = 50000;
    return options;
}

/* Proves in plain C and expects the proof to be sound; free it. */
static inline carrynet_proof small_proof(const struct small_network *net, const carrynet_task *task,
                                         const carrynet_prove_options *options, const char *label)
{
    carrynet_proof proof;
    carrynet_engine_options reference;
    carrynet_model *model = small_model(net);
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    const carrynet_status status = carrynet_prove(&proof, model, 0, task, &reference, options);
    cr_assert_eq(status, CARRYNET_OK, "%s: %s", label, carrynet_message());
    expect_sound(&proof, net, model, task, label);
    carrynet_model_free(model);
    return proof;
}

static inline const char *verdict_text(const carrynet_proof *proof)
{
    return proof->verdict == CARRYNET_VERDICT_REFUTED     ? "refuted"
           : proof->verdict == CARRYNET_VERDICT_UNKNOWN   ? "unknown"
           : proof->by_ellipsoids && proof->by_exhaustion ? "proved twice"
           : proof->by_ellipsoids                         ? "proved by ellipsoids"
                                                          : "proved by exhaustion";
}

#endif
