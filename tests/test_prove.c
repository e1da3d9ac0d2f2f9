/*
 * Verdicts on trained networks: proved where exhaustion, the checker and every replay agree; nothing wrong is proved, in
 * whatever way it is wrong.
 */
#include "platform/platform.h"
#include "proved_networks.h"
#include <fenv.h>

/* Networks that both ways can decide, and others of every kind that there is. */
static const struct {
    const char *task;
    uint32_t hidden;
    int bits;
    bool bias;
    uint64_t seed, updates;
} trained[] = {
    {"add", 8, 32, false, 2, 1000},    {"add", 16, 32, false, 1, 700},    {"sub", 8, 32, false, 2, 1000},
    {"compare", 8, 32, false, 3, 900}, {"parity", 8, 32, false, 1, 1000}, {"delay2", 8, 32, false, 1, 700},
    {"add3", 16, 32, true, 2, 4000},   {"add", 8, 64, true, 5, 1000},     {"times3", 12, 32, true, 2, 1200},
    {"add", 4, 32, true, 3, 1500},
};
enum { TRAINED = sizeof trained / sizeof *trained };

static struct small_network train(size_t i, char label[80])
{
    (void)snprintf(label, 80, "%s, %u hidden, fp%d, seed %u", trained[i].task, trained[i].hidden, trained[i].bits,
                   (unsigned)trained[i].seed);
    return small_trained(trained[i].task, trained[i].hidden, (carrynet_precision)trained[i].bits, trained[i].bias,
                         trained[i].seed, trained[i].updates, strcmp(trained[i].task, "parity") == 0 ? 0 : 0.08);
}

Test(prove, trained_networks)
{
    unsigned proved = 0;
    for (size_t i = 0; i < TRAINED; ++i) {
        char label[80];
        struct small_network net = train(i, label);
        carrynet_prove_options options = quick_options(CARRYNET_BY_AUTO);
        carrynet_proof proof = small_proof(&net, NULL, &options, label);
        proved += proof.verdict == CARRYNET_VERDICT_PROVED && proof.by_ellipsoids;
        carrynet_proof_free(&proof);
        free(net.values);
    }
    cr_expect(proved >= TRAINED - 2, "%u of %u proved", proved, TRAINED);
}

/* ---- two ways, one verdict ------------------------------------------------------------------------------------- */

/* A trained network whose sums are larger: its units are mostly 0 or 1, so that it has few states. */
static struct small_network sharpened(const char *task, uint32_t hidden, int bits, bool bias, uint64_t seed,
                                      double factor)
{
    struct small_network net =
        small_trained(task, hidden, (carrynet_precision)bits, bias, seed, 1000, strcmp(task, "parity") == 0 ? 0 : 0.08);
    const carrynet_tensor w_hy = small_tensor(&net, CARRYNET_W_HY);
    for (size_t i = 0; i < carrynet_shape_trained(&net.settings.shape); ++i)
        if (i < w_hy.offset || i >= w_hy.offset + w_hy.size)
            small_set(&net, i, factor * small_get(&net, i));
    return net;
}

Test(prove, ellipsoids_and_exhaustion_agree)
{
    static const char *const tasks[] = {"add", "sub", "parity", "delay2", "compare"};
    unsigned both = 0, refuted = 0;
    for (unsigned i = 0; i < 30; ++i) {
        char label[80];
        const double factor = 1.5 + i / 10;
        struct small_network net =
            sharpened(tasks[i % 5], 3 + i % 6, i % 4 == 3 ? 64 : 32, i % 2 == 0, 10 + i % 10, factor);
        carrynet_prove_options options = quick_options(CARRYNET_BY_ALL);
        (void)snprintf(label, sizeof label, "sharpened %u: %s, %u hidden, times %.1f", i, tasks[i % 5], 3 + i % 6,
                       factor);
        carrynet_proof proof = small_proof(&net, NULL, &options, label);
        both += proof.by_ellipsoids && proof.by_exhaustion;
        refuted += proof.verdict == CARRYNET_VERDICT_REFUTED;
        carrynet_proof_free(&proof);
        free(net.values);
    }
    cr_expect(both >= 5 && refuted >= 3, "%u proved in both ways, %u refuted", both, refuted);
}

/* For every arithmetic alike: the same network, the checker's error 10 times as large. */
Test(prove, any_arithmetic)
{
    for (int bits = 32; bits <= 64; bits += 32) {
        struct small_network net = small_trained("add", 16, (carrynet_precision)bits, true, 1, 700, 0.08);
        carrynet_prove_options options = quick_options(CARRYNET_BY_AUTO);
        carrynet_proof own = small_proof(&net, NULL, &options, "own");
        options.bounds = CARRYNET_BOUNDS_ANY;
        carrynet_proof any = small_proof(&net, NULL, &options, "any");
        cr_assert(own.by_ellipsoids && any.by_ellipsoids, "%s, %s", own.reason, any.reason);
        cr_expect(own.checked.bounds == CARRYNET_BOUNDS_OWN && any.checked.bounds == CARRYNET_BOUNDS_ANY);
        cr_expect(any.checked.error > own.checked.error && any.checked.error >= 1e-6);
        carrynet_proof_free(&own);
        carrynet_proof_free(&any);
        /* Exhaustion speaks of the engine's arithmetic alone. */
        options.by = CARRYNET_BY_ALL;
        any = small_proof(&net, NULL, &options, "any, in all ways");
        cr_expect(!any.by_exhaustion);
        carrynet_proof_free(&any);
        free(net.values);
    }
}

Test(prove, exhaustion_is_no_proof_for_any_arithmetic)
{
    struct small_network net = sharpened("compare", 3, 32, true, 14, 3.5);
    carrynet_prove_options options = quick_options(CARRYNET_BY_EXHAUSTION);
    carrynet_proof proof = small_proof(&net, NULL, &options, "own");
    cr_expect(proof.by_exhaustion, "%s", proof.reason);
    carrynet_proof_free(&proof);
    options.bounds = CARRYNET_BOUNDS_ANY;
    proof = small_proof(&net, NULL, &options, "any");
    cr_expect_eq(proof.verdict, CARRYNET_VERDICT_UNKNOWN, "%s", verdict_text(&proof));
    carrynet_proof_free(&proof);
    free(net.values);
}

/*
 * The certificate of one network as a digest, the same from every compiler, level of optimisation and processor. Another
 * version of the prover may find another certificate: take the digest that this test then prints.
 */
static const char known_certificate[] = "203b504891a58ab35745169c0f5b67a3c1d10efab9cd4e036609c01f58d637a3";

Test(prove, the_same_certificate_everywhere)
{
    char digests[3][SYS_SHA256];
    struct test_backend backends[TEST_BACKENDS];
    struct small_network net = small_trained("add", 8, CARRYNET_FP32, true, 5, 600, 0.08);
    carrynet_model *model = small_model(&net);
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
    const size_t count = test_backends(backends, CARRYNET_FP32);
    for (size_t i = 0; i < 3; ++i) {
        carrynet_proof proof;
        MUST(carrynet_prove(&proof, model, 0, NULL, &backends[i % count].options, &options));
        cr_assert(proof.by_ellipsoids, "%s", proof.reason);
        (void)sys_sha256(digests[i], (const void *const[]){proof.certificate}, &proof.certificate_size, 1);
        cr_expect_str_eq(digests[i], digests[0]);
        carrynet_proof_free(&proof);
    }
    cr_expect_str_eq(digests[0], known_certificate, "the certificate's digest is now %s", digests[0]);
    carrynet_model_free(model);
    free(net.values);
}

Test(prove, does_not_depend_on_the_callers_rounding)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    struct small_network net = small_trained("add", 8, CARRYNET_FP32, true, 5, 600, 0.08);
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ALL);
    carrynet_proof first = small_proof(&net, NULL, &options, "to nearest");
    for (size_t i = 1; i < sizeof modes / sizeof *modes; ++i) {
        cr_assert_eq(fesetround(modes[i]), 0);
        carrynet_proof proof = small_proof(&net, NULL, &options, "rounded otherwise");
        cr_expect_eq(fegetround(), modes[i]);
        cr_assert_eq(fesetround(FE_TONEAREST), 0);
        cr_expect(proof.verdict == first.verdict && proof.states == first.states &&
                  proof.exact_margin == first.exact_margin);
        cr_expect(proof.certificate_size == first.certificate_size &&
                      memcmp(proof.certificate, first.certificate, first.certificate_size) == 0,
                  "another certificate under mode %zu", i);
        carrynet_proof_free(&proof);
    }
    carrynet_proof_free(&first);
    free(net.values);
}

/* ---- what the header says of the parts of a proof -------------------------------------------------------------- */

Test(prove, reasons_are_for_unknown_alone)
{
    struct small_network net = small_trained("add", 8, CARRYNET_FP32, false, 2, 1000, 0.08);
    for (int by = CARRYNET_BY_AUTO; by <= CARRYNET_BY_ALL; ++by) {
        carrynet_prove_options options = quick_options((carrynet_prove_by)by);
        options.states = 1000;
        carrynet_proof proof = small_proof(&net, NULL, &options, "few states");
        cr_expect_eq(proof.verdict == CARRYNET_VERDICT_UNKNOWN, proof.reason[0] != '\0', "way %d: %s, '%s'", by,
                     verdict_text(&proof), proof.reason);
        carrynet_proof_free(&proof);
    }
    free(net.values);
}

/* 0 states: no exhaustion; no budget: no ellipsoids; no effort: no search. None is an error. */
Test(prove, nothing_to_spend)
{
    struct small_network net = small_trained("add", 8, CARRYNET_FP32, false, 2, 1000, 0.08);
    carrynet_engine_options reference;
    carrynet_model *model = small_model(&net);
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    for (int by = CARRYNET_BY_AUTO; by <= CARRYNET_BY_ALL; ++by) {
        carrynet_prove_options options = quick_options((carrynet_prove_by)by);
        carrynet_proof proof;
        options.budget = options.effort = options.states = 0;
        const carrynet_status status = carrynet_prove(&proof, model, 0, NULL, &reference, &options);
        cr_expect_eq(status, CARRYNET_OK, "way %d: %s", by, carrynet_message());
        cr_expect(proof.verdict == CARRYNET_VERDICT_UNKNOWN && !proof.by_ellipsoids && !proof.by_exhaustion);
        carrynet_proof_free(&proof);
    }
    carrynet_model_free(model);
    free(net.values);
}

static int stop_later(void *self)
{
    return --*(int *)self < 0;
}

/* Stopped at any time there is no verdict, or one that stands. */
Test(prove, stopped)
{
    struct small_network nets[2] = {small_trained("add", 8, CARRYNET_FP32, false, 2, 1000, 0.08),
                                    small_trained("add", 8, CARRYNET_FP32, false, 2, 150, 0)};
    for (int by = CARRYNET_BY_AUTO; by <= CARRYNET_BY_ALL; ++by)
        for (int i = 0; i < 2; ++i)
            for (int calls = 0; calls < 40; calls = 2 * calls + 1) {
                carrynet_prove_options options = quick_options((carrynet_prove_by)by);
                int left = calls;
                options.interrupted = stop_later;
                options.self = &left;
                carrynet_proof proof = small_proof(&nets[i], NULL, &options, "stopped");
                cr_expect_neq(proof.verdict, i == 0 ? CARRYNET_VERDICT_REFUTED : CARRYNET_VERDICT_PROVED);
                cr_expect(!proof.aborted || proof.verdict == CARRYNET_VERDICT_UNKNOWN);
                cr_expect(calls > 0 || proof.verdict != CARRYNET_VERDICT_PROVED, "way %d", by);
                carrynet_proof_free(&proof);
            }
    free(nets[0].values);
    free(nets[1].values);
}

/* ---- what the caller is told ----------------------------------------------------------------------------------- */

struct told {
    unsigned calls[CARRYNET_PROVE_STATES + 1];
    uint64_t done[CARRYNET_PROVE_STATES + 1];
    bool in_order;
};

static void take_progress(void *self, const carrynet_prove_progress *progress)
{
    struct told *told = self;
    const bool counted = progress->part == CARRYNET_PROVE_ELLIPSOIDS || progress->part == CARRYNET_PROVE_STATES;
    told->in_order = told->in_order && progress->done >= told->done[progress->part] &&
                     counted == (progress->most > 0) && progress->done <= progress->most;
    told->done[progress->part] = progress->done;
    ++told->calls[progress->part];
}

/* Counts that only rise, of all that is begun; the proof is the same as untold. */
Test(prove, tells_how_far_it_is)
{
    struct told told = {.in_order = true};
    struct small_network net = small_trained("add", 8, CARRYNET_FP32, true, 5, 600, 0.08);
    carrynet_prove_options options = quick_options(CARRYNET_BY_ALL);
    carrynet_proof untold = small_proof(&net, NULL, &options, "untold");
    options.progress = take_progress;
    options.self = &told;
    carrynet_proof proof = small_proof(&net, NULL, &options, "told");
    for (size_t part = 0; part <= CARRYNET_PROVE_STATES; ++part)
        cr_expect_gt(told.calls[part], 0, "nothing of part %zu", part);
    cr_expect(told.in_order);
    cr_expect_leq(told.done[CARRYNET_PROVE_ELLIPSOIDS], proof.steps);
    cr_expect_gt(told.done[CARRYNET_PROVE_STATES], 0);
    cr_assert(proof.by_ellipsoids && untold.by_ellipsoids);
    cr_expect(proof.certificate_size == untold.certificate_size &&
              memcmp(proof.certificate, untold.certificate, proof.certificate_size) == 0);
    carrynet_proof_free(&proof);
    carrynet_proof_free(&untold);
    free(net.values);
}
