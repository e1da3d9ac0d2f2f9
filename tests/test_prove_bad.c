/*
 * Networks that are wrong in many ways: what is proved of them is right after all, and what refutes them is wrong on every
 * backend. Weights that no proof speaks of; certificates of other networks.
 */
#include "draws.h"
#include "verify/bounds.h"

#include "proved_networks.h"

/* Refuted, with a word that is wrong by the plain loop, by the reference and by a device. */
static bool expect_refuted(const struct small_network *net, const carrynet_task *task, const char *label)
{
    const carrynet_prove_options options = quick_options(CARRYNET_BY_AUTO);
    carrynet_proof proof = small_proof(net, task, &options, label);
    const bool refuted = proof.verdict == CARRYNET_VERDICT_REFUTED;
    if (proof.verdict == CARRYNET_VERDICT_PROVED) {
        carrynet_engine_options reference;
        carrynet_engine_options_init(&reference);
        reference.device = "reference";
        carrynet_engine *engine = small_engine(net, &reference);
        cr_expect(!short_word_wrong(engine, task != NULL ? task : &net->settings.task, 18), "%s: proved, but wrong",
                  label);
        carrynet_engine_free(engine);
    }
    if (refuted) {
        struct test_backend backends[TEST_BACKENDS];
        const size_t count = test_backends(backends, net->settings.precision);
        for (size_t b = 0; b < count && b < 2; ++b)
            cr_expect(wrong_as_said(&proof.wrong, net, task != NULL ? task : &net->settings.task, &backends[b].options),
                      "%s: right on %s", label, backends[b].label);
    }
    carrynet_proof_free(&proof);
    return refuted;
}

static struct small_network good_adder(void)
{
    return small_trained("add", 8, CARRYNET_FP32, false, 2, 1000, 0.08);
}

Test(prove_bad, damaged_networks)
{
    unsigned refuted = 0, all = 0;
    struct small_network good = good_adder();
    const carrynet_tensor w_hh = small_tensor(&good, CARRYNET_W_HH), w_hy = small_tensor(&good, CARRYNET_W_HY);
    const size_t size = carrynet_shape_size(&good.settings.shape);
    for (unsigned i = 0; i < 40; ++i) {
        struct small_network bad =
            i < 4 ? small_trained("add", 8, CARRYNET_FP32, false, 60 + i, 1 + 4 * i, 0) : small_copy(&good);
        size_t large = w_hy.offset;
        char label[40];
        random_state = i + 1;
        (void)snprintf(label, sizeof label, "damaged %u", i);
        for (size_t j = 0; j < w_hy.size; ++j)
            if (fabs(small_get(&bad, w_hy.offset + j)) > fabs(small_get(&bad, large)))
                large = w_hy.offset + j;
        if (i >= 4 && i < 12) /* moved by as much as a weight is large */
            for (size_t j = 0; j < size; ++j)
                small_set(&bad, j, small_get(&bad, j) + drawn(-4, 4));
        else if (i >= 12 && i < 16) /* to multiples of 8 */
            for (size_t j = 0; j < size; ++j)
                small_set(&bad, j, (4 << i % 4) * round(small_get(&bad, j) / (4 << i % 4)));
        else if (i >= 16 && i < 24) /* the largest output weights turned */
            small_set(&bad, large, (0.5 - i % 8) * small_get(&bad, large));
        else if (i >= 24 && i < 32) /* a weak memory */
            for (size_t j = 0; j < w_hh.size; ++j)
                small_set(&bad, w_hh.offset + j, (i % 8) / 16.0 * small_get(&bad, w_hh.offset + j));
        else if (i >= 32) /* the units' rows in another order */
            for (size_t j = 0; j < 8; ++j)
                small_set(&bad, w_hh.offset + i % 8 * 8 + j, small_get(&good, w_hh.offset + (i + 1) % 8 * 8 + j));
        refuted += expect_refuted(&bad, NULL, label);
        ++all;
        free(bad.values);
    }
    cr_expect(refuted >= all - all / 8, "%u of %u refuted", refuted, all);
    free(good.values);
}

/* ---- another task ---------------------------------------------------------------------------------------------- */

Test(prove_bad, the_table_of_another_task)
{
    static const char *const pairs[][2] = {
        {"sub", "add"}, {"add", "sub"}, {"compare", "add"}, {"parity", "delay2"}, {"delay2", "parity"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
        struct small_network net =
            small_trained(pairs[i][0], 8, CARRYNET_FP32, false, 3, 1000, strcmp(pairs[i][0], "parity") == 0 ? 0 : 0.08);
        cr_expect(expect_refuted(&net, small_task(pairs[i][1]), pairs[i][1]), "%s as %s", pairs[i][0], pairs[i][1]);
        free(net.values);
    }
}

/* Each entry of the table turned: the network no longer does it. The first error is then often inside a tree. */
Test(prove_bad, every_entry_of_the_table)
{
    struct small_network net = good_adder();
    for (unsigned at = 0; at < 16; ++at) {
        carrynet_task task = net.settings.task;
        char label[32];
        (void)snprintf(label, sizeof label, "entry %u", at);
        *(at < 8 ? &task.next[at / 4][at % 4] : &task.out[at / 4 % 2][at % 4]) ^= 1;
        cr_expect(expect_refuted(&net, &task, label), "%s", label);
    }
    free(net.values);
}

/* The adder's task with another output, `odd` in its states; the network gives it or its opposite, or noise. */
Test(prove_bad, two_outputs_one_of_them_wrong)
{
    struct small_network adder = good_adder(), two = adder;
    two.settings.task.outputs = two.settings.shape.outputs = 2;
    two.values = calloc(carrynet_shape_size(&two.settings.shape), two.value);
    cr_assert(two.values != NULL);
    const carrynet_tensor from = small_tensor(&adder, CARRYNET_W_HY), to = small_tensor(&two, CARRYNET_W_HY);
    memcpy(two.values, adder.values, from.offset * sizeof(float));
    for (int kind = 0; kind < 4; ++kind) { /* both right; the second, the first, the second at once wrong */
        char label[32];
        (void)snprintf(label, sizeof label, "two outputs %d", kind);
        for (size_t j = 0; j < from.size; ++j) {
            const double w = small_get(&adder, from.offset + j);
            small_set(&two, to.offset + 2 * j, kind == 2 ? -w : w);
            small_set(&two, to.offset + 2 * j + 1, kind == 1 ? -w : kind == 3 ? 0 : w);
        }
        for (uint32_t q = 0; q < 2; ++q)
            for (uint32_t a = 0; a < 4; ++a)
                two.settings.task.out[q][a] = (uint8_t)(3 * adder.settings.task.out[q][a]);
        if (kind > 0) {
            cr_expect(expect_refuted(&two, NULL, label), "%s", label);
            continue;
        }
        const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
        carrynet_proof proof = small_proof(&two, NULL, &options, label);
        cr_expect_eq(proof.verdict, CARRYNET_VERDICT_PROVED, "%s", proof.reason);
        /* One entry of one output turned, deep in a state: that alone refutes. */
        two.settings.task.out[1][2] ^= 2;
        cr_expect(expect_refuted(&two, NULL, "one entry of the second output"));
        two.settings.task.out[1][2] ^= 2;
        carrynet_proof_free(&proof);
    }
    free(two.values);
    free(adder.values);
}

/* ---- weights that no proof speaks of --------------------------------------------------------------------------- */

static carrynet_status prove_status(carrynet_proof *proof, const struct small_network *net, carrynet_prove_by by)
{
    carrynet_engine_options reference;
    carrynet_model *model = small_model(net);
    const carrynet_prove_options options = quick_options(by);
    carrynet_engine_options_init(&reference);
    reference.device = "reference";
    const carrynet_status status = carrynet_prove(proof, model, 0, NULL, &reference, &options);
    carrynet_model_free(model);
    return status;
}

Test(prove_bad, no_weight_is_nan_infinite_or_huge)
{
    static const double values[] = {NAN, INFINITY, -INFINITY, 0x1.000002p20, -0x1p30, 3e38};
    for (int bits = 32; bits <= 64; bits += 32) {
        struct small_network net = small_trained("add", 8, (carrynet_precision)bits, true, 5, 1000, 0.08);
        for (int p = 0; p < CARRYNET_PARAMETERS; ++p)
            for (size_t k = 0; k < sizeof values / sizeof *values; ++k)
                for (int by = CARRYNET_BY_AUTO; by <= CARRYNET_BY_ALL; ++by) {
                    const size_t at = small_tensor(&net, (carrynet_parameter)p).offset;
                    const double kept = small_get(&net, at);
                    carrynet_proof proof;
                    small_set(&net, at, values[k]);
                    const carrynet_status status = prove_status(&proof, &net, (carrynet_prove_by)by);
                    cr_expect(proof.verdict != CARRYNET_VERDICT_PROVED, "parameter %d is %g", p, values[k]);
                    cr_expect_eq(status, CARRYNET_ERROR_UNSUPPORTED, "parameter %d is %g, way %d: %s", p, values[k], by,
                                 carrynet_status_name(status));
                    carrynet_proof_free(&proof);
                    small_set(&net, at, kept);
                }
        free(net.values);
    }
}

/* Every state of a network of zeros is 1/2 and every logit 0, which is no 1 and, as y, no 0 either. */
Test(prove_bad, a_network_of_zeros)
{
    for (int by = CARRYNET_BY_AUTO; by <= CARRYNET_BY_ALL; ++by)
        for (int outputs = 0; outputs < 2; ++outputs) {
            struct small_network net = small_trained("add", 8, CARRYNET_FP32, true, 1, 0, 0);
            memset(net.values, 0, carrynet_shape_size(&net.settings.shape) * sizeof(float));
            if (outputs == 0) /* a task that always answers 0, as the logit 0 does */
                memset(net.settings.task.out, 0, sizeof net.settings.task.out);
            carrynet_prove_options options = quick_options((carrynet_prove_by)by);
            carrynet_proof proof = small_proof(&net, NULL, &options, "zeros");
            cr_expect(proof.verdict != CARRYNET_VERDICT_PROVED, "%s", verdict_text(&proof));
            cr_expect(strstr(proof.reason, "more than") == NULL || proof.states >= options.states, "%u states: %s",
                      (unsigned)proof.states, proof.reason);
            cr_expect(outputs == 0 || by == CARRYNET_BY_ELLIPSOIDS || proof.verdict == CARRYNET_VERDICT_REFUTED);
            carrynet_proof_free(&proof);
            free(net.values);
        }
}

/* Logits within the error of the arithmetic, of the right sign: only exhaustion can tell. */
Test(prove_bad, tiny_logits)
{
    struct small_network net = good_adder();
    const carrynet_tensor w_hy = small_tensor(&net, CARRYNET_W_HY);
    for (size_t j = 0; j < w_hy.size; ++j)
        small_set(&net, w_hy.offset + j, 0x1p-26 * small_get(&net, w_hy.offset + j));
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
    carrynet_proof proof = small_proof(&net, NULL, &options, "tiny logits");
    cr_expect_eq(proof.verdict, CARRYNET_VERDICT_UNKNOWN);
    carrynet_proof_free(&proof);
    free(net.values);
}

/* Weights that an engine takes for 0, as a model that was never in a file may hold them: the bounds allow for that. */
Test(prove_bad, weights_below_the_flush_limit)
{
    struct small_network net = small_trained("add", 64, CARRYNET_FP32, true, 1, 0, 0);
    double state[2][64], logit[2][1];
    const carrynet_shape *shape = &net.settings.shape;
    for (int tiny = 0; tiny < 2; ++tiny) {
        for (size_t i = 0; i < carrynet_shape_trained(shape); ++i)
            small_set(&net, i, tiny == 0 ? 0 : (i % 2 == 0 ? 0x1.8p-41 : -0x1.8p-41));
        verify_errors(state[tiny], logit[tiny], net.values, shape, CARRYNET_FP32, CARRYNET_BOUNDS_OWN);
    }
    for (size_t j = 0; j < 64; ++j)
        cr_expect(state[1][j] - state[0][j] >= 0.25 * 67 * 0x1.8p-41, "%g", state[1][j] - state[0][j]);
    cr_expect(logit[1][0] - logit[0][0] >= 65 * 0x1.8p-41, "%g", logit[1][0] - logit[0][0]);
    verify_errors(state[0], logit[0], net.values, shape, CARRYNET_FP32, CARRYNET_BOUNDS_ANY);
    cr_expect(state[0][0] > state[1][0]);
    /* One such weight in a network that is proved changes next to nothing. */
    struct small_network good = good_adder();
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
    small_set(&good, small_tensor(&good, CARRYNET_W_HH).offset, 0x1p-100);
    carrynet_proof proof = small_proof(&good, NULL, &options, "a tiny weight");
    cr_expect(proof.verdict != CARRYNET_VERDICT_REFUTED);
    carrynet_proof_free(&proof);
    free(good.values);
    free(net.values);
}

Test(prove_bad, a_start_outside_0_to_1)
{
    static const double values[] = {-1e-3, 1.001, -5, 100, NAN};
    for (size_t k = 0; k < sizeof values / sizeof *values; ++k) {
        struct small_network net = small_trained("add", 8, CARRYNET_FP32, true, 5, 1000, 0.08);
        carrynet_proof proof;
        small_set(&net, small_tensor(&net, CARRYNET_H_0).offset + 3, values[k]);
        cr_expect_eq(prove_status(&proof, &net, CARRYNET_BY_ELLIPSOIDS), CARRYNET_ERROR_UNSUPPORTED, "%g", values[k]);
        cr_expect(proof.verdict != CARRYNET_VERDICT_PROVED);
        carrynet_proof_free(&proof);
        free(net.values);
    }
}

/* ---- certificates of others ------------------------------------------------------------------------------------ */

static void expect_rejected(const struct small_network *net, const carrynet_task *task, const carrynet_proof *proof,
                            const char *label)
{
    carrynet_checked checked;
    carrynet_model *model = small_model(net);
    MUST(carrynet_verify(&checked, model, 0, task, proof->certificate, proof->certificate_size));
    cr_expect(!checked.accepted && checked.reason[0] != '\0', "%s", label);
    carrynet_model_free(model);
}

Test(prove_bad, the_certificate_of_another)
{
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
    struct small_network net = good_adder(), other = small_copy(&net);
    carrynet_proof proof = small_proof(&net, NULL, &options, "own");
    cr_assert(proof.by_ellipsoids, "%s", proof.reason);
    for (size_t i = 0; i < carrynet_shape_size(&net.settings.shape);
         ++i) { /* one unit in the last place of one weight */
        const float kept = ((float *)other.values)[i];
        ((float *)other.values)[i] = nextafterf(kept, 100);
        expect_rejected(&other, NULL, &proof, "a weight's last bit");
        ((float *)other.values)[i] = kept;
    }
    expect_rejected(&net, small_task("sub"), &proof, "task");
    expect_rejected(&net, small_task("parity"), &proof, "task of other sizes");
    free(other.values);
    other = small_trained("add", 8, CARRYNET_FP64, false, 2, 0, 0);
    for (size_t i = 0; i < carrynet_shape_size(&net.settings.shape); ++i)
        small_set(&other, i, small_get(&net, i)); /* the same weights in binary64 */
    expect_rejected(&other, NULL, &proof, "precision");
    free(other.values);
    other = small_trained("add", 8, CARRYNET_FP32, true, 2, 0, 0);
    memset(other.values, 0, carrynet_shape_size(&other.settings.shape) * sizeof(float));
    memcpy(other.values, net.values, carrynet_shape_size(&net.settings.shape) * sizeof(float));
    expect_rejected(&other, NULL, &proof, "biases of 0");
    free(other.values);
    carrynet_proof_free(&proof);
    free(net.values);
}
