/*
 * What a search for ellipsoids leaves where it fails: words from the start into cells, by which the network itself goes
 * into those cells, and branches, which the refuter steps. It finds with them what it does not find without.
 */
#include "platform/platform.h"
#include "prove/cover.h"
#include "prove/refute.h"

#include "proved_networks.h"

static struct small_network scaled(const char *task, uint64_t seed, uint64_t updates, double factor)
{
    struct small_network net = small_trained(task, 8, CARRYNET_FP32, false, seed, updates, 0.05);
    const carrynet_tensor w_hh = small_tensor(&net, CARRYNET_W_HH);
    for (size_t i = w_hh.offset; i < w_hh.offset + w_hh.size; ++i)
        small_set(&net, i, factor * small_get(&net, i));
    return net;
}

/* The state after a word, and whether every bit was right. */
static uint32_t step_word(float *hidden, bool *right, const struct small_network *net, const struct prove_word *path)
{
    const carrynet_task *task = &net->settings.task;
    float z[CARRYNET_TASK_OUTPUTS];
    uint32_t automaton = task->start;
    small_start(hidden, net);
    *right = true;
    for (size_t t = 0; t < path->length; ++t) {
        const uint32_t out = carrynet_task_step(task, &automaton, path->symbols[t]);
        plain_step(z, hidden, net, path->symbols[t]);
        for (uint32_t o = 0; o < task->outputs; ++o)
            *right = *right && (z[o] > 0) == (out >> o & 1);
    }
    return automaton;
}

/* |(h - c) M|_2, at most the cell's radius for what is in it. */
static double distance(const struct cover *cover, size_t k, const float *hidden)
{
    const size_t H = cover->net->hidden;
    const double *m = cover->basis->m + cover->cells[k].state * H * H, *centre = cover->centres + k * H;
    double squares = 0;
    for (size_t j = 0; j < H; ++j) {
        double sum = 0;
        for (size_t i = 0; i < H; ++i)
            sum += (hidden[i] - centre[i]) * m[i * H + j];
        squares += sum * sum;
    }
    return sqrt(squares);
}

/* Whether a branch is the word into some cell and then symbols of its own. */
static bool starts_at_a_cell(const struct branch *branch, const struct cover *cover)
{
    bool starts = false;
    for (size_t k = 0; k < cover->count && !starts; ++k) {
        struct prove_word path = {0};
        const uint8_t *own = branch->word.symbols + branch->word.length - branch->own;
        MUST(cover_word(&path, cover, k, own, branch->own));
        starts =
            path.length == branch->word.length && memcmp(path.symbols, branch->word.symbols, branch->word.length) == 0;
        sys_free(path.symbols);
    }
    return starts;
}

static void search_and_look(const struct small_network *net, const char *label)
{
    const struct basis_effort shapes = {.samples = 600, .length = 1, .rounds = 120};
    const struct cover_effort effort = {
        .levels = 3, .depth = 40, .rim = 0.6, .shrink = 0.8, .words = 1000, .cells = 100000};
    struct flow_network flow = {0};
    struct basis basis = {0};
    struct cover cover = {0};
    struct branches branches = {0};
    float hidden[CARRYNET_HIDDEN];
    size_t longest = 0;
    bool right = true;
    MUST(flow_network_create(&flow, net->values, &net->settings.shape, net->settings.precision, &net->settings.task,
                             CARRYNET_BOUNDS_OWN));
    MUST(basis_seek(&basis, &flow, &shapes));
    for (size_t i = 0; i < basis.count * flow.hidden * flow.hidden; ++i) {
        basis.b[i] *= 0.3;
        basis.m[i] /= 0.3;
    }
    MUST(cover_seek(&cover, &branches, &flow, &basis, &effort, 20000, NULL));
    for (size_t k = 0; k < cover.count; ++k) {
        struct prove_word path = {0};
        MUST(cover_word(&path, &cover, k, NULL, 0));
        cr_expect((path.length == 0) == (k == 0), "%s: cell %zu after %zu symbols", label, k, path.length);
        const uint32_t state = step_word(hidden, &right, net, &path);
        cr_expect_eq(state, cover.cells[k].state, "%s: cell %zu", label, k);
        cr_expect(right, "%s: the sets on the way to cell %zu were right", label, k);
        cr_expect(k == 0 || distance(&cover, k, hidden) <= cover.cells[k].radius, "%s: %g from cell %zu", label,
                  distance(&cover, k, hidden), k);
        longest = cover.cells[k].parent != 0 ? path.length : longest;
        sys_free(path.symbols);
    }
    cr_expect_gt(longest, 0, "%s: no cell is made from another", label);
    cr_expect(cover.whole || branches.count > 0, "%s: %s, and no branch", label, cover.failure);
    for (size_t i = 0; i < branches.count; ++i) {
        const struct branch *branch = branches_newest(&branches, i);
        cr_expect(branch->own > 0 && branch->own <= branch->word.length && starts_at_a_cell(branch, &cover),
                  "%s: branch %zu of %zu starts nowhere", label, i, branches.count);
    }
    cover_free(&cover);
    basis_free(&basis);
    flow_network_free(&flow);
    branches_free(&branches);
}

Test(prove_branches, words_lead_into_the_cells)
{
    static const struct {
        const char *task;
        double factor;
    } nets[] = {{"compare", 0.942108}, {"sub", 0.91}, {"add", 0.98}, {"parity", 1}};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; ++i) {
        struct small_network net = scaled(nets[i].task, 2, 800, nets[i].factor);
        search_and_look(&net, nets[i].task);
        free(net.values);
    }
}

/* A state that fades slowly: it is lost after 149 symbols, which the other searches find with more than they have here. */
Test(prove_branches, find_with_little_effort)
{
    enum { EFFORT = 10000 };
    struct small_network net = scaled("compare", 2, 800, 0.942108);
    carrynet_engine_options reference;
    carrynet_counterexample wrong;
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    carrynet_engine *engine = small_engine(&net, &reference);
    MUST(refute_search(&wrong, engine, &net.settings.task, EFFORT, NULL));
    cr_expect_null(wrong.symbols, "found without branches, with %zu symbols: take another network", wrong.steps);
    refute_free(&wrong);
    MUST(refute_short_words(&wrong, engine, &net.settings.task, EFFORT, NULL));
    cr_expect_null(wrong.symbols);
    refute_free(&wrong);
    carrynet_prove_options options = quick_options(CARRYNET_BY_AUTO);
    options.states = 0;
    options.effort = EFFORT;
    size_t steps = 0;
    for (int again = 0; again < 2; ++again) {
        carrynet_proof proof = small_proof(&net, NULL, &options, "with branches");
        cr_assert_eq(proof.verdict, CARRYNET_VERDICT_REFUTED, "%s", proof.reason);
        cr_expect(proof.wrong.steps > 100 && proof.wrong.steps < 200 && !proof.wrong.shortest, "%zu symbols",
                  proof.wrong.steps);
        cr_expect(again == 0 || proof.wrong.steps == steps);
        steps = proof.wrong.steps;
        carrynet_proof_free(&proof);
    }
    options.by = CARRYNET_BY_ALL;
    carrynet_proof proof = small_proof(&net, NULL, &options, "by all");
    cr_expect_eq(proof.verdict, CARRYNET_VERDICT_REFUTED, "%s", proof.reason);
    carrynet_proof_free(&proof);
    options.by = CARRYNET_BY_AUTO;
    options.effort = 0; /* no search, no steps */
    proof = small_proof(&net, NULL, &options, "no effort");
    cr_expect_eq(proof.verdict, CARRYNET_VERDICT_UNKNOWN);
    carrynet_proof_free(&proof);
    carrynet_engine_free(engine);
    free(net.values);
}

/* Branches alone, in every end and place: words of a held symbol, the error far behind. */
Test(prove_branches, are_repeated_until_they_are_wrong)
{
    static const uint8_t held[] = {3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct small_network net = scaled("compare", 2, 800, 0.942108);
    struct branches branches = {0};
    carrynet_engine_options reference;
    carrynet_counterexample wrong;
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    carrynet_engine *engine = small_engine(&net, &reference);
    MUST(refute_branches(&wrong, engine, &net.settings.task, &branches, 100000, NULL));
    cr_expect_null(wrong.symbols, "a wrong word from none");
    size_t found = 0;
    for (uint8_t a = 0; a < 4; ++a)
        for (uint8_t b = 0; b < 4; ++b) {
            struct prove_word path = {.length = sizeof held};
            MUST(sys_allocate(&path.symbols, path.length, 1));
            for (size_t t = 0; t < path.length; ++t)
                path.symbols[t] = held[t] == 3 ? a : b;
            branches_keep(&branches, &path, path.length);
            MUST(refute_branches(&wrong, engine, &net.settings.task, &branches, 100000, NULL));
            found += wrong.symbols != NULL ? 1 : 0;
            if (wrong.symbols != NULL)
                cr_expect(wrong_as_said(&wrong, &net, &net.settings.task, NULL) && wrong.steps > sizeof held);
            refute_free(&wrong);
            MUST(refute_branches(&wrong, engine, &net.settings.task, &branches, 100, NULL));
            cr_expect_null(wrong.symbols, "no effort for one");
            branches_free(&branches);
        }
    cr_expect(found > 0 && found < 16, "%zu of 16", found);
    carrynet_engine_free(engine);
    free(net.values);
}

static void keep(struct branches *branches, size_t length, uint32_t number)
{
    struct prove_word path = {.length = length};
    MUST(sys_allocate(&path.symbols, length, 1));
    for (size_t t = 0; t < length; ++t)
        path.symbols[t] = (uint8_t)(number >> t % 16 * 2 & 3);
    branches_keep(branches, &path, 1);
    cr_expect_null(path.symbols);
}

Test(prove_branches, the_last_ones_are_kept_once)
{
    struct branches branches = {0};
    for (uint32_t i = 0; i < 3; ++i)
        keep(&branches, 16, 7);
    cr_expect_eq(branches.count, 1u);
    keep(&branches, 17, 7);
    cr_expect_eq(branches.count, 2u);
    keep(&branches, BRANCH_LONGEST + 1, 7);
    cr_expect_eq(branches.count, 2u);
    for (uint32_t i = 0; i < 3 * BRANCHES; ++i)
        keep(&branches, 16, 100 + i);
    cr_expect_eq(branches.count, (size_t)BRANCHES);
    for (uint32_t i = 0; i < BRANCHES; ++i) {
        const struct branch *branch = branches_newest(&branches, i);
        uint32_t number = 0;
        for (size_t t = 0; t < 16; ++t)
            number |= (uint32_t)branch->word.symbols[t] << t * 2;
        cr_expect_eq(number, 100 + 3 * BRANCHES - 1 - i);
    }
    branches_free(&branches);
    cr_expect_eq(branches.count, 0u);
}
