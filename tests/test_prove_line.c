/*
 * From a good network to a bad one in small steps: nowhere on the way is a network both proved and refuted, and what is
 * proved stays right when long words are tried.
 */
#include "draws.h"
#include "prove/refute.h"

#include "proved_networks.h"

/* All the ways of the prover to their ends, and a longer search for a wrong word where there is a proof. */
static carrynet_verdict verdict_at(const struct small_network *net, uint64_t effort, const char *label)
{
    carrynet_prove_options options = quick_options(CARRYNET_BY_ALL);
    options.budget = 20000;
    options.states = 5000;
    carrynet_proof proof = small_proof(net, NULL, &options, label);
    const carrynet_verdict verdict = proof.verdict;
    if (verdict == CARRYNET_VERDICT_PROVED) {
        carrynet_engine_options reference;
        carrynet_counterexample wrong;
        carrynet_engine_options_init(&reference);
        reference.device = "reference";
        carrynet_engine *engine = small_engine(net, &reference);
        MUST(refute_search(&wrong, engine, &net->settings.task, effort, NULL));
        cr_expect_null(wrong.symbols, "%s: %s, and wrong after %zu symbols", label, verdict_text(&proof), wrong.steps);
        refute_free(&wrong);
        carrynet_engine_free(engine);
    }
    carrynet_proof_free(&proof);
    return verdict;
}

/* The network at `share` of the way from `good` to `bad`. */
static void between(const struct small_network *net, const struct small_network *good, const struct small_network *bad,
                    double share)
{
    for (size_t i = 0; i < carrynet_shape_size(&net->settings.shape); ++i)
        small_set(net, i, (1 - share) * small_get(good, i) + share * small_get(bad, i));
}

static struct small_network bad_end(const struct small_network *good, int kind)
{
    struct small_network bad = small_copy(good);
    const carrynet_tensor w_hh = small_tensor(good, CARRYNET_W_HH), w_hy = small_tensor(good, CARRYNET_W_HY);
    size_t largest = w_hy.offset;
    random_state = 7;
    switch (kind) {
    case 0: /* a weak memory */
        for (size_t i = 0; i < w_hh.size; ++i)
            small_set(&bad, w_hh.offset + i, 0.5 * small_get(&bad, w_hh.offset + i));
        break;
    case 1: /* another direction */
        for (size_t i = 0; i < carrynet_shape_size(&good->settings.shape); ++i)
            small_set(&bad, i, small_get(&bad, i) + drawn(-3, 3));
        break;
    case 2: /* the unit that counts most turned */
        for (size_t j = 0; j < w_hy.size; ++j)
            largest =
                fabs(small_get(good, w_hy.offset + j)) > fabs(small_get(good, largest)) ? w_hy.offset + j : largest;
        small_set(&bad, largest, -small_get(good, largest));
        break;
    default: /* as it was before training */
        free(bad.values);
        bad = small_trained(good->settings.task.name, good->settings.shape.hidden, good->settings.precision,
                            good->settings.shape.bias, good->settings.seed, 0, 0);
    }
    return bad;
}

static void walk(const char *task, uint32_t hidden, carrynet_precision precision, uint64_t seed, int kind)
{
    enum { STEPS = 4, HALVINGS = 6 };
    struct small_network good = small_trained(task, hidden, precision, false, seed, 1000, 0.08);
    struct small_network bad = bad_end(&good, kind), net = small_copy(&good);
    unsigned seen[3] = {0};
    char label[80];
    double proved = 0, refuted = 1;
    for (int i = 0; i <= STEPS + HALVINGS; ++i) {
        /* First the whole way, then about where proofs end. */
        const double share = i <= STEPS ? (double)i / (double)STEPS : (proved + refuted) / 2;
        (void)snprintf(label, sizeof label, "%s, %u hidden, fp%d, kind %d, at %.9g", task, hidden, (int)precision, kind,
                       share);
        between(&net, &good, &bad, share);
        const carrynet_verdict verdict = verdict_at(&net, 150000, label);
        ++seen[verdict];
        if (verdict == CARRYNET_VERDICT_PROVED && share > proved && share < refuted)
            proved = share;
        if (verdict != CARRYNET_VERDICT_PROVED && share < refuted && share > proved)
            refuted = share;
    }
    cr_expect(seen[CARRYNET_VERDICT_PROVED] > 0, "%s: nothing is proved", label);
    cr_expect(seen[CARRYNET_VERDICT_REFUTED] > 0, "%s: nothing is refuted", label);
    free(net.values);
    free(bad.values);
    free(good.values);
}

Test(prove_line, an_adder)
{
    for (int kind = 0; kind < 4; ++kind)
        walk("add", 8, CARRYNET_FP32, 2, kind);
}

Test(prove_line, other_tasks)
{
    walk("sub", 8, CARRYNET_FP64, 2, 0);
    walk("compare", 6, CARRYNET_FP32, 3, 0);
    walk("delay2", 6, CARRYNET_FP32, 2, 1);
}

/* The network of original script 004: with its w_hh times 0.99883 it is right until a carry is lost after some 390 symbols. */
Test(prove_line, a_network_that_is_wrong_after_hundreds_of_symbols)
{
    static const double factors[] = {1, 0.9995, 0.999, 0.99883, 0.998};
    const carrynet_recipe *recipe = NULL;
    carrynet_replay_options options;
    carrynet_engine_options engine;
    carrynet_model *model = NULL;
    MUST(carrynet_recipe_find(&recipe, "004"));
    carrynet_replay_options_init(&options, recipe);
    carrynet_engine_options_init(&engine);
    engine.device = "reference";
    MUST(carrynet_replay(&model, recipe, &options, &engine, NULL));
    struct small_network net = {.settings = *carrynet_model_settings(model), .value = sizeof(float)};
    net.settings.precision = CARRYNET_FP32;
    const size_t size = carrynet_shape_size(&net.settings.shape);
    const carrynet_tensor w_hh = small_tensor(&net, CARRYNET_W_HH);
    net.values = calloc(size, sizeof(float));
    cr_assert(net.values != NULL);
    carrynet_verdict worst = CARRYNET_VERDICT_PROVED;
    for (size_t k = 0; k < sizeof factors / sizeof *factors; ++k) {
        char label[40];
        (void)snprintf(label, sizeof label, "004 times %g", factors[k]);
        for (size_t i = 0; i < size; ++i) {
            const double value = ((const double *)carrynet_model_values_const(model))[i];
            small_set(&net, i, i >= w_hh.offset && i < w_hh.offset + w_hh.size ? factors[k] * value : value);
        }
        const carrynet_verdict verdict = verdict_at(&net, 300000, label);
        cr_expect(factors[k] > 0.99883 || verdict == CARRYNET_VERDICT_REFUTED, "%s is not refuted", label);
        worst = verdict;
    }
    cr_expect_eq(worst, CARRYNET_VERDICT_REFUTED);
    free(net.values);
    carrynet_model_free(model);
}
