/*
 * Many networks, good ones and bad ones, each proved or refuted and then tried: what is PROVED must be right in every
 * short word and in long random ones, what is REFUTED wrong in the word that is shown. On demand:
 *
 *     prove_campaign [NETWORKS [WORDS [FIRST]]]      1000 networks from number 0, 1,000,000 random words for all the proved
 *
 * Network i and all that is done to it follow from i. Exit code 1 on a disagreement.
 */
#include "draws.h"

#include "proved_networks.h"

enum { KINDS = 4, VERDICTS = 5, SHORT_BITS = 20, LONG_STEPS = 2000, LONG_WORDS = 256 };

static const char *const kinds[KINDS] = {"plain", "with noise", "under-trained", "perturbed"};
static const char *const verdicts[VERDICTS] = {"refuted", "by ellipsoids", "by exhaustion", "by both", "unknown"};

struct member {
    struct small_network net;
    int kind;
    char label[160];
};

static uint32_t chosen(uint32_t below)
{
    return (uint32_t)drawn(0, below);
}

/* A small or a large injury, after which the network may or may not be right. */
static const char *perturb(const struct small_network *net)
{
    const carrynet_tensor w_hh = small_tensor(net, CARRYNET_W_HH), w_hy = small_tensor(net, CARRYNET_W_HY);
    const size_t size = carrynet_shape_trained(&net->settings.shape);
    const uint32_t how = chosen(6);
    const double factor = how == 0 ? drawn(0.8, 1.1) : pow(2, -1 - (double)chosen(8)),
                 grid = pow(2, -(double)chosen(6));
    const size_t one = chosen((uint32_t)size), unit = w_hy.offset + chosen((uint32_t)w_hy.size);
    switch (how) {
    case 0:
        for (size_t i = w_hh.offset; i < w_hh.offset + w_hh.size; ++i)
            small_set(net, i, factor * small_get(net, i));
        return "w_hh scaled";
    case 1:
        for (size_t i = 0; i < size; ++i)
            small_set(net, i, small_get(net, i) + drawn(-1, 1) * factor);
        return "weights moved";
    case 2:
        for (size_t i = 0; i < size; ++i)
            small_set(net, i, round(small_get(net, i) / grid) * grid);
        return "quantised";
    case 3:
        small_set(net, unit, -small_get(net, unit));
        return "unit turned";
    case 4:
        small_set(net, one, 0);
        return "weight lost";
    default:
        small_set(net, one, small_get(net, one) + drawn_size(-4, 2));
        return "weight moved";
    }
}

static struct member make_member(uint64_t i)
{
    static const char *const tasks[] = {"add",    "sub",  "add",    "compare", "parity",
                                        "delay2", "add3", "times3", "tomita4"};
    static const uint32_t sizes[] = {3, 4, 6, 8, 8, 12, 16};
    random_state = i * 0x9e3779b97f4a7c15u + 1;
    (void)drawn(0, 1);
    struct member member = {.kind = (int)(i % KINDS)};
    const char *task = tasks[chosen(sizeof tasks / sizeof *tasks)], *how = "";
    const uint32_t hidden = sizes[chosen(sizeof sizes / sizeof *sizes)];
    const carrynet_precision precision = chosen(8) == 0 ? CARRYNET_FP64 : CARRYNET_FP32;
    const bool bias = chosen(2) == 0;
    const bool slow = strcmp(task, "add3") == 0 || strcmp(task, "tomita4") == 0, parity = strcmp(task, "parity") == 0;
    const uint64_t updates = member.kind == 2 ? chosen(250) : (uint64_t)(slow ? 3 : 1) * (600 + chosen(900));
    const bool noise = member.kind == 1 || (member.kind == 3 && chosen(4) > 0);
    member.net = small_trained(task, hidden, precision, bias, 1000 + i, updates, noise && !parity ? 0.08 : 0);
    if (bias && chosen(2) == 0)
        for (size_t j = 0; j < hidden; ++j)
            small_set(&member.net, small_tensor(&member.net, CARRYNET_H_0).offset + j, chosen(3) / 2.0);
    if (member.kind == 3)
        how = perturb(&member.net);
    (void)snprintf(member.label, sizeof member.label, "network %llu: %s, %u hidden, fp%d%s, %llu updates, %s %s",
                   (unsigned long long)i, task, hidden, (int)precision, bias ? ", bias" : "",
                   (unsigned long long)updates, kinds[member.kind], how);
    return member;
}

/* Random words, some with long runs of one symbol, some with few symbols. */
static bool long_word_wrong(carrynet_engine *engine, const carrynet_task *task)
{
    const uint32_t symbols = 1u << task->inputs;
    carrynet_batch batch;
    MUST(carrynet_batch_create(&batch, task, LONG_WORDS, LONG_STEPS));
    for (size_t s = 0; s < LONG_WORDS; ++s) {
        const double turn = s % 4 == 0 ? 1 : pow(2, -(double)chosen(10));
        const uint32_t mask = s % 3 == 0 ? chosen(symbols) : symbols - 1;
        uint32_t symbol = chosen(symbols);
        for (size_t t = 0; t < LONG_STEPS; ++t) {
            symbol = drawn(0, 1) < turn ? chosen(symbols) & mask : symbol;
            carrynet_packed_set(batch.symbols + s * batch.symbol_words, task->inputs, t, symbol);
        }
    }
    const bool wrong = any_wrong(engine, task, &batch);
    carrynet_batch_free(&batch);
    return wrong;
}

/* What is wrong with a proof, or NULL. */
static const char *disagreement(const carrynet_proof *proof, const struct member *member, const carrynet_model *model,
                                uint64_t long_batches, bool *missed)
{
    const carrynet_task *task = &member->net.settings.task;
    const char *said = NULL;
    carrynet_engine_options options;
    carrynet_checked checked;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    if (proof->verdict == CARRYNET_VERDICT_REFUTED)
        return wrong_as_said(&proof->wrong, &member->net, task, NULL) ? NULL : "its counterexample is not wrong";
    carrynet_engine *engine = small_engine(&member->net, &options);
    const bool wrong = short_word_wrong(engine, task, SHORT_BITS);
    if (proof->verdict == CARRYNET_VERDICT_UNKNOWN)
        *missed = wrong;
    else if (wrong)
        said = "a short word is wrong";
    for (uint64_t i = 0; i < long_batches && proof->verdict == CARRYNET_VERDICT_PROVED && said == NULL; ++i)
        if (long_word_wrong(engine, task))
            said = "a long word is wrong";
    if (said == NULL && proof->by_ellipsoids) {
        MUST(carrynet_verify(&checked, model, 0, NULL, proof->certificate, proof->certificate_size));
        if (!checked.accepted)
            said = "its certificate is not accepted";
        if (proof->by_exhaustion && !(checked.margin <= proof->exact_margin))
            said = "the certified margin is above the exact one";
    }
    carrynet_engine_free(engine);
    return said;
}

static int column(const carrynet_proof *proof)
{
    return proof->verdict == CARRYNET_VERDICT_REFUTED ? 0
           : proof->verdict == CARRYNET_VERDICT_UNKNOWN
               ? 4
               : (proof->by_ellipsoids ? 1 : 0) + (proof->by_exhaustion ? 2 : 0);
}

static void print_table(unsigned counts[KINDS][VERDICTS], unsigned missed)
{
    printf("%-14s", "");
    for (int v = 0; v < VERDICTS; ++v)
        printf("%15s", verdicts[v]);
    for (int k = 0; k < KINDS; ++k) {
        printf("\n%-14s", kinds[k]);
        for (int v = 0; v < VERDICTS; ++v)
            printf("%15u", counts[k][v]);
    }
    printf("\nunknown, though wrong in a word of %d bits: %u\n", SHORT_BITS, missed);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    const uint64_t networks = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
    const uint64_t words = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
    const uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    const uint64_t batches = networks > 0 ? (words + networks * LONG_WORDS - 1) / (networks * LONG_WORDS) : 0;
    unsigned counts[KINDS][VERDICTS] = {{0}}, missed = 0, bad = 0;
    carrynet_engine_options reference;
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    for (uint64_t i = first; i < first + networks; ++i) {
        struct member member = make_member(i);
        carrynet_prove_options options = quick_options(i % 5 == 0 ? CARRYNET_BY_ALL : CARRYNET_BY_AUTO);
        carrynet_model *model = small_model(&member.net);
        carrynet_proof proof;
        bool short_missed = false;
        const carrynet_status status = carrynet_prove(&proof, model, 0, NULL, &reference, &options);
        const char *said =
            status != CARRYNET_OK ? carrynet_message() : disagreement(&proof, &member, model, batches, &short_missed);
        ++counts[member.kind][column(&proof)];
        missed += short_missed;
        bad += said != NULL;
        if (said != NULL)
            printf("DISAGREEMENT: %s: %s: %s\n", member.label, verdict_text(&proof), said);
        else if (getenv("CAMPAIGN_VERBOSE") != NULL)
            printf("%s: %s, %.2f s, %u cells, %llu states%s %s\n", member.label, verdict_text(&proof), proof.seconds,
                   proof.checked.cells, (unsigned long long)proof.states, short_missed ? ", missed" : "", proof.reason);
        (void)fflush(stdout);
        carrynet_proof_free(&proof);
        carrynet_model_free(model);
        free(member.net.values);
    }
    print_table(counts, missed);
    printf("%u disagreements\n", bad);
    return bad > 0 ? 1 : 0;
}
