/*
 * The sets of certificates hold what the theorem says: points on the rim of every cell, stepped along every path of its
 * tree by the engine, and over the reals with bad errors, end inside the cells that are named and have the right outputs
 * all the way, by the certified margin. Then certificates that are changed: whichever are accepted still hold.
 */
#include "platform/platform.h"
#include "verify/bounds.h"

#include "certificate_sets.h"
#include "certificate_text.h"

/* What is tried, and the worst that was found. */
struct trial {
    const struct sets *sets;
    const struct small_network *net;
    carrynet_engine *engine; /* NULL: over the reals, with errors */
    size_t points;           /* of a cell */
    double state_error[CARRYNET_HIDDEN], logit_error[CARRYNET_TASK_OUTPUTS];
    size_t at; /* token */
    uint64_t tried, leaves;
    long double largest;  /* norm at a leaf */
    double least;         /* logit of the right sign, negative for a wrong one; over the reals less its error */
    unsigned wrong_state; /* leaves of another automaton state */
};

/* Over the reals, one point by one symbol; the errors at their largest, in the direction that leads out of cell `aim`. */
static void real_step(double *logits, long double *h, const struct trial *trial, uint32_t symbol, long aim)
{
    const struct small_network *net = trial->net;
    const size_t H = trial->sets->hidden, O = trial->sets->outputs;
    const bool bias = net->settings.shape.bias;
    const size_t w_xh = small_tensor(net, CARRYNET_W_XH).offset, w_hh = small_tensor(net, CARRYNET_W_HH).offset,
                 w_hy = small_tensor(net, CARRYNET_W_HY).offset, b_h = small_tensor(net, CARRYNET_B_H).offset,
                 b_y = small_tensor(net, CARRYNET_B_Y).offset;
    long double exact[CARRYNET_HIDDEN], next[CARRYNET_HIDDEN];
    for (size_t j = 0; j < H; ++j) {
        long double sum = bias ? small_get(net, b_h + j) : 0;
        for (size_t i = 0; i < trial->sets->inputs; ++i)
            sum += symbol >> i & 1 ? small_get(net, w_xh + i * H + j) : 0;
        for (size_t k = 0; k < H; ++k)
            sum += h[k] * small_get(net, w_hh + k * H + j);
        exact[j] = 1 / (1 + expl(-sum));
        next[j] = exact[j] + (drawn(0, 1) < 0.5 ? -1 : 1) * trial->state_error[j];
    }
    for (size_t j = 0; j < H && aim >= 0; ++j) {
        const long double one = next[j], before = sets_norm(trial->sets, (size_t)aim, next);
        next[j] = 2 * exact[j] - one;
        if (sets_norm(trial->sets, (size_t)aim, next) < before)
            next[j] = one;
    }
    memcpy(h, next, H * sizeof *h);
    for (size_t o = 0; o < O; ++o) {
        long double z = bias ? small_get(net, b_y + o) : 0;
        for (size_t j = 0; j < H; ++j)
            z += h[j] * small_get(net, w_hy + j * O + o);
        logits[o] = (double)z;
    }
}

/* The same by the engine, for all points at once. */
static void engine_step(double *logits, long double *points, size_t count, const struct trial *trial, uint32_t symbol)
{
    const size_t H = trial->sets->hidden, O = trial->sets->outputs, value = trial->net->value;
    carrynet_batch batch;
    char *state = calloc(count * H, value), *z = calloc(count * O, value);
    cr_assert(state != NULL && z != NULL);
    MUST(carrynet_batch_create(&batch, &trial->net->settings.task, count, 1));
    for (size_t p = 0; p < count; ++p)
        carrynet_packed_set(batch.symbols + p * batch.symbol_words, trial->sets->inputs, 0, symbol);
    for (size_t i = 0; i < count * H; ++i)
        if (value == sizeof(float))
            ((float *)(void *)state)[i] = (float)points[i];
        else
            ((double *)(void *)state)[i] = (double)points[i];
    MUST(carrynet_engine_forward(trial->engine, &batch, &(carrynet_forward){.z = z, .state = state, .resume = true}));
    for (size_t i = 0; i < count * H; ++i)
        points[i] = value == sizeof(float) ? ((float *)(void *)state)[i] : ((double *)(void *)state)[i];
    for (size_t i = 0; i < count * O; ++i)
        logits[i] = value == sizeof(float) ? (double)((float *)(void *)z)[i] : ((double *)(void *)z)[i];
    carrynet_batch_free(&batch);
    free(state);
    free(z);
}

/* The children of the word that led the points [count][H] here; trial->at is behind its '*'. */
static void follow(struct trial *trial, const long double *points, size_t count, uint32_t automaton)
{
    const struct sets *sets = trial->sets;
    const size_t H = sets->hidden, O = sets->outputs;
    const carrynet_task *task = &trial->net->settings.task;
    long double *next = calloc(count * H, sizeof *next);
    double *logits = calloc(count * O, sizeof *logits);
    cr_assert(next != NULL && logits != NULL);
    for (uint32_t symbol = 0; symbol < 1u << sets->inputs; ++symbol) {
        uint32_t after = automaton;
        const uint32_t right = carrynet_task_step(task, &after, symbol);
        cr_assert(trial->at < sets->count);
        const char *token = sets->tokens[trial->at++];
        const long leaf = token[0] == '*' ? -1 : strtol(token, NULL, 10);
        memcpy(next, points, count * H * sizeof *next);
        if (trial->engine != NULL)
            engine_step(logits, next, count, trial, symbol);
        for (size_t p = 0; p < count; ++p) {
            if (trial->engine == NULL)
                real_step(logits + p * O, next + p * H, trial, symbol, leaf);
            for (size_t o = 0; o < O; ++o) {
                const double z = (right >> o & 1 ? 1 : -1) * logits[p * O + o];
                trial->least = fmin(trial->least, trial->engine == NULL ? z - trial->logit_error[o] : z);
            }
            trial->tried += 1;
            if (leaf >= 0)
                trial->largest = fmaxl(trial->largest, sets_norm(sets, (size_t)leaf, next + p * H));
        }
        if (leaf < 0)
            follow(trial, next, count, after);
        else {
            ++trial->leaves;
            trial->wrong_state += sets->cell[leaf].state != after;
        }
    }
    free(next);
    free(logits);
}

/* Whether the points are values that an engine can hold, inside cell n; they are rounded. */
static bool storable(long double *h, const struct trial *trial, size_t n)
{
    for (size_t j = 0; j < trial->sets->hidden; ++j) {
        h[j] = trial->net->value == sizeof(float) ? (float)h[j] : (double)h[j];
        h[j] = fminl(fmaxl(h[j], 0), 1);
    }
    return sets_norm(trial->sets, n, h) <= 1;
}

/* All nodes. Without an engine the points may be anywhere in a cell, with one they are what it can store. */
static void try_sets(struct trial *trial)
{
    const struct sets *sets = trial->sets;
    const struct small_network *net = trial->net;
    const size_t H = sets->hidden;
    long double *points = calloc((trial->points + 1) * H, sizeof *points);
    cr_assert(points != NULL);
    verify_errors(trial->state_error, trial->logit_error, net->values, &net->settings.shape, net->settings.precision,
                  CARRYNET_BOUNDS_OWN);
    trial->least = INFINITY;
    random_state = 5;
    for (size_t j = 0; j < H && net->settings.shape.initial_state; ++j)
        points[j] = small_get(net, small_tensor(net, CARRYNET_H_0).offset + j);
    trial->at = sets->tree[0] + 1;
    follow(trial, points, 1, sets->start);
    for (size_t n = 0; n < sets->cells; ++n) {
        size_t count = 0;
        for (size_t which = 0; which < trial->points; ++which) {
            long double *h = points + count * H;
            double size = 1 - 1e-12;
            sets_point(h, sets, n, which, size);
            for (int again = 0; trial->engine != NULL && again < 8 && !storable(h, trial, n); ++again)
                sets_point(h, sets, n, which, size *= again == 0 ? 1 - 1e-5 : 0.8);
            count += trial->engine == NULL || storable(h, trial, n);
        }
        trial->at = sets->tree[n + 1] + 1;
        if (count > 0)
            follow(trial, points, count, sets->cell[n].state);
    }
    free(points);
}

static void expect_holds(const struct trial *trial, double margin, const char *label)
{
    cr_expect(trial->largest <= 1, "%s: a point leaves its cell: %.9Lg", label, trial->largest);
    cr_expect(trial->least >= margin - 1e-12, "%s: a logit of %.9g, margin %.9g", label, trial->least, margin);
    cr_expect_eq(trial->wrong_state, 0u, "%s: %u leaves in another state", label, trial->wrong_state);
}

static struct small_network network(int which, char label[80])
{
    static const struct {
        const char *task;
        uint32_t hidden;
        int bits;
        bool bias;
        uint64_t seed, updates;
    } nets[] = {{"add", 8, 32, false, 2, 1000},
                {"sub", 8, 32, true, 1, 800},
                {"add", 6, 64, true, 5, 1000},
                {"compare", 8, 32, false, 3, 900},
                {"parity", 8, 32, false, 1, 1000}};
    (void)snprintf(label, 80, "%s, %u hidden, fp%d", nets[which].task, nets[which].hidden, nets[which].bits);
    return small_trained(nets[which].task, nets[which].hidden, (carrynet_precision)nets[which].bits, nets[which].bias,
                         nets[which].seed, nets[which].updates, strcmp(nets[which].task, "parity") == 0 ? 0 : 0.08);
}
enum { NETWORKS = 5 };

Test(prove_sets, points_stay_where_the_certificate_has_them)
{
    for (int i = 0; i < NETWORKS; ++i) {
        char label[80], text[160];
        struct small_network net = network(i, label);
        struct test_backend backends[TEST_BACKENDS];
        const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
        carrynet_proof proof = small_proof(&net, NULL, &options, label);
        cr_assert(proof.by_ellipsoids, "%s: %s", label, proof.reason);
        struct sets sets = sets_read(proof.certificate, proof.certificate_size);
        cr_assert_eq(sets.cells, proof.checked.cells);
        const size_t count = test_backends(backends, net.settings.precision);
        for (size_t b = 0; b < 1 + (i < 2 ? (count < 2 ? count : 2) : 1); ++b) {
            struct trial trial = {.sets = &sets, .net = &net, .points = b == 0 ? 40 : 100};
            trial.engine = b == 0 ? NULL : small_engine(&net, &backends[b - 1].options);
            (void)snprintf(text, sizeof text, "%s, %s", label, b == 0 ? "over the reals" : backends[b - 1].label);
            try_sets(&trial);
            expect_holds(&trial, proof.checked.margin, text);
            cr_expect(trial.tried > 1000 && trial.leaves > sets.cells, "%s: %u points", text, (unsigned)trial.tried);
            carrynet_engine_free(trial.engine);
        }
        sets_free(&sets);
        carrynet_proof_free(&proof);
        free(net.values);
    }
}

/* ---- certificates that are changed ----------------------------------------------------------------------------- */

/* text with `count` tokens from number `at` on replaced; sealed. The caller's. */
static char *replaced(const struct sets *sets, const char *text, size_t size, size_t at, size_t count, const char *by)
{
    const size_t first = (size_t)(sets->tokens[at] - sets->text);
    const char *last = sets->tokens[at + count - 1];
    const size_t behind = (size_t)(last - sets->text) + strlen(last), capacity = size + strlen(by) + 100;
    char *changed = calloc(capacity, 1);
    cr_assert(changed != NULL);
    (void)snprintf(changed, capacity, "%.*s%s%.*s", (int)first, text, by, (int)(size - behind), text + behind);
    seal(changed, capacity);
    return changed;
}

/* The token behind the tree or subtree that begins at token `at`. */
static size_t tree_end(const struct sets *sets, size_t at)
{
    for (size_t open = 1; open > 0; ++at)
        open += sets->tokens[at][0] == '*' ? ((size_t)1 << sets->inputs) - 1 : (size_t)-1;
    return at;
}

enum change { CENTRE, RADIUS, BASIS, LEAF, STATE, SHAPE, DEEPER, CUT, TREE, HEAD, CHANGES };

/* A random change of one kind. */
static char *mutant(enum change kind, const struct sets *sets, const char *text, size_t size)
{
    const size_t H = sets->hidden, cell = (size_t)drawn(0, sets->cells), node = (size_t)drawn(0, sets->cells + 1.0);
    const size_t line = sets->cell_at + cell * (4 + H), begin = sets->tree[node], end = tree_end(sets, begin);
    const double sizes[] = {0.25, 0.5, 2, 4};
    char by[64];
    size_t at, count = 1;
    switch (kind) {
    case CENTRE:
        at = line + 4 + (size_t)drawn(0, (double)H);
        (void)snprintf(by, sizeof by, "%a", strtod(sets->tokens[at], NULL) + drawn_size(-5, 0));
        break;
    case RADIUS:
        at = line + 3;
        (void)snprintf(by, sizeof by, "%a", sets->cell[cell].radius * sizes[(int)drawn(0, 4)]);
        break;
    case BASIS:
        at = sets->basis_at + (size_t)drawn(0, sets->bases) * (2 + H * H) + 2 + (size_t)drawn(0, (double)(H * H));
        (void)snprintf(by, sizeof by, "%a",
                       strtod(sets->tokens[at], NULL) * (1 + drawn_size(-2, 1)) + drawn_size(-5, -1));
        break;
    case STATE:
    case SHAPE:
        at = line + (kind == STATE ? 1 : 2);
        (void)snprintf(by, sizeof by, "%u", (sets_whole(sets, at) + 1) % sets->states);
        break;
    case HEAD:
        at = (size_t)drawn(0, (double)sets->basis_at);
        (void)snprintf(by, sizeof by, "%.60s", sets->tokens[at]);
        by[strlen(by) - 1] = (char)(by[strlen(by) - 1] == '1' ? '0' : '1');
        break;
    case TREE: { /* that of another */
        const size_t other = sets->tree[(size_t)drawn(0, sets->cells + 1.0)], behind = tree_end(sets, other);
        char *tree = calloc(size, 1);
        cr_assert(tree != NULL);
        for (size_t i = other; i < behind; ++i)
            (void)strcat(strcat(tree, i > other ? " " : ""), sets->tokens[i]);
        char *changed = replaced(sets, text, size, begin, end - begin, tree);
        free(tree);
        return changed;
    }
    default: /* a leaf, or for CUT an inner word and all behind it */
        do
            at = begin + 1 + (size_t)drawn(0, (double)(end - begin - 1));
        while (kind != CUT && sets->tokens[at][0] == '*');
        count = tree_end(sets, at) - at;
        if (kind == DEEPER && sets->inputs <= 2) /* the leaf's place goes on as cells that have nothing to do with it */
            (void)snprintf(by, sizeof by, sets->inputs == 1 ? "* %u %u" : "* %u %u %u %u", (unsigned)cell,
                           (unsigned)drawn(0, sets->cells), (unsigned)drawn(0, sets->cells),
                           (unsigned)drawn(0, sets->cells));
        else
            (void)snprintf(by, sizeof by, "%u", (unsigned)cell);
    }
    return replaced(sets, text, size, at, count, by);
}

Test(prove_sets, changed_certificates)
{
    enum { EACH = 24 };
    char label[80], text[160];
    struct small_network net = network(1, label);
    const carrynet_prove_options options = quick_options(CARRYNET_BY_ELLIPSOIDS);
    carrynet_proof proof = small_proof(&net, NULL, &options, label);
    cr_assert(proof.by_ellipsoids, "%s", proof.reason);
    struct sets sets = sets_read(proof.certificate, proof.certificate_size);
    carrynet_model *model = small_model(&net);
    unsigned accepted[CHANGES] = {0}, refused[CHANGES] = {0}, seen = 0;
    for (int i = 0; i < EACH * CHANGES; ++i) {
        const enum change kind = (enum change)(i % CHANGES);
        random_state = (uint64_t)i * 977 + 3;
        (void)drawn(0, 1);
        char *changed = mutant(kind, &sets, proof.certificate, proof.certificate_size);
        carrynet_checked checked;
        const carrynet_status status = carrynet_verify(&checked, model, 0, NULL, changed, strlen(changed));
        cr_assert(status == CARRYNET_OK || status == CARRYNET_ERROR_FORMAT);
        if (strcmp(changed, proof.certificate) != 0)
            ++*(checked.accepted ? &accepted[kind] : &refused[kind]);
        /* What is accepted holds; of what is not, some is seen not to, or this would be no test. */
        if (checked.accepted || (kind <= LEAF && i / CHANGES % 4 == 0)) {
            struct sets other = sets_read(changed, strlen(changed));
            struct trial trial = {.sets = &other, .net = &net, .points = 2 * other.hidden + 4};
            (void)snprintf(text, sizeof text, "change %d, kind %d", i, (int)kind);
            try_sets(&trial);
            if (checked.accepted)
                expect_holds(&trial, checked.margin, text);
            else
                seen += trial.largest > 1 || !(trial.least > 0) || trial.wrong_state > 0;
            sets_free(&other);
        }
        free(changed);
    }
    cr_expect(seen > 0, "no change is seen to be wrong");
    cr_expect(accepted[CENTRE] > 0 && refused[CENTRE] > 0 && refused[RADIUS] > 0 && refused[BASIS] > 0);
    cr_expect_eq(accepted[STATE] + accepted[HEAD], 0u);
    /* A set may lie inside a cell that was made after it. */
    cr_expect(refused[CUT] > EACH / 2);
    cr_expect(refused[LEAF] > EACH / 2 && refused[TREE] > EACH / 2 && refused[DEEPER] > EACH / 2);
    carrynet_model_free(model);
    sets_free(&sets);
    carrynet_proof_free(&proof);
    free(net.values);
}
