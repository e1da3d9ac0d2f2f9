/*
 * The checker: whether a certificate proves its claim about a network (CERTIFICATE.md, "What is checked"). The checker
 * walks every tree depth first, with one set per level. enclosure.c has the sets, bounds.c the errors of the
 * arithmetic.
 */
#include "platform/environment.h"
#include "platform/platform.h"
#include "task/task_fit.h"
#include "verify/bounds.h"
#include "verify/checker.h"
#include "verify/enclosure.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEPTH 64 /* longest word of a tree */

/* One level of a tree: the set that the word so far leads to, and its image. */
struct level {
    struct verify_set set;
    struct verify_image image;
    double *memory;
};

struct check {
    carrynet_checked *found;
    const struct certificate *certificate;
    struct verify_network network;
    struct verify_basis *bases; /* [basis_count] */
    double *inverses;           /* [basis_count][H][H] */
    double *scratch;            /* [3][H][H] */
    struct level levels[DEPTH + 1];
    carrynet_status status;
    uint32_t node; /* 0: the root; n + 1: cell n */
    size_t at;     /* in words: the next of the node's tree */
    char word[DEPTH + 1];
};

/* ---- what is needed -------------------------------------------------------------------------------------------- */

static void network_free(struct verify_network *network)
{
    sys_free(network->memory);
    *network = (struct verify_network){0};
}

/* A parameter in binary64, zeros where it is absent. */
static void widen(double *to, const void *values, carrynet_precision precision, const carrynet_shape *shape,
                  carrynet_parameter parameter)
{
    const carrynet_tensor tensor = carrynet_shape_tensor(shape, parameter);
    for (size_t i = 0; i < tensor.size; ++i)
        to[i] = precision == CARRYNET_FP32 ? (double)((const float *)values)[tensor.offset + i]
                                           : ((const double *)values)[tensor.offset + i];
}

static carrynet_status network_read(struct verify_network *network, const carrynet_model *model, size_t which,
                                    carrynet_bounds bounds)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const carrynet_shape *shape = &settings->shape;
    const carrynet_precision precision = settings->precision;
    const size_t i = shape->inputs, h = shape->hidden, o = shape->outputs, symbols = (size_t)1 << i;
    const char *values = carrynet_model_values_const(model);
    values += which * carrynet_shape_size(shape) * (precision / 8);
    carrynet_status status = verify_values(values, shape, precision);
    if (status == CARRYNET_OK)
        status = sys_allocate(&network->memory, h * (h + o + symbols + i + 4) + 2 * o, sizeof *network->memory);
    if (status != CARRYNET_OK)
        return status;
    network->inputs = shape->inputs;
    network->hidden = shape->hidden;
    network->outputs = shape->outputs;
    double *const w_xh = network->memory, *const b_h = w_xh + i * h;
    network->w_hh = b_h + h;
    network->w_hy = network->w_hh + h * h;
    network->rows = network->w_hy + h * o;
    network->row_sizes = network->rows + symbols * h;
    network->h_0 = network->row_sizes + h;
    network->state_error = network->h_0 + h;
    network->b_y = network->state_error + h;
    network->logit_error = network->b_y + o;
    widen(w_xh, values, precision, shape, CARRYNET_W_XH);
    widen(b_h, values, precision, shape, CARRYNET_B_H);
    widen(network->w_hh, values, precision, shape, CARRYNET_W_HH);
    widen(network->w_hy, values, precision, shape, CARRYNET_W_HY);
    widen(network->b_y, values, precision, shape, CARRYNET_B_Y);
    widen(network->h_0, values, precision, shape, CARRYNET_H_0);
    verify_errors(network->state_error, network->logit_error, values, shape, precision, bounds);
    for (size_t j = 0; j < h; ++j) {
        network->row_sizes[j] = fabs(b_h[j]);
        for (size_t bit = 0; bit < i; ++bit)
            network->row_sizes[j] += fabs(w_xh[bit * h + j]);
        for (size_t a = 0; a < symbols; ++a) {
            network->rows[a * h + j] = b_h[j];
            for (size_t bit = 0; bit < i; ++bit)
                network->rows[a * h + j] += (a >> bit & 1) != 0 ? w_xh[bit * h + j] : 0;
        }
    }
    return CARRYNET_OK;
}

/* Room for the set after `depth` symbols: H boxes each. */
static bool level_make(struct check *check, size_t depth)
{
    struct level *level = &check->levels[depth];
    const size_t h = check->network.hidden, outputs = check->network.outputs, wide = h > outputs ? h : outputs;
    const size_t rows = h * (depth + 1);
    if (level->memory != NULL)
        return true;
    check->status = sys_allocate(&level->memory, rows * (h + wide) + 5 * h + 4 * wide, sizeof *level->memory);
    if (check->status != CARRYNET_OK)
        return false;
    double *place = level->memory;
    level->set.rows = place, place += rows * h;
    level->set.centre = place, place += h;
    level->set.low = place, place += h;
    level->set.high = place, place += h;
    level->image.spread = place, place += h;
    level->image.slopes = place, place += h;
    level->image.rows = place, place += rows * wide;
    level->image.centre = place, place += wide;
    level->image.ball = place, place += wide;
    level->image.box = place, place += wide;
    level->image.size = place;
    return true;
}

/* ---- the trees ------------------------------------------------------------------------------------------------- */

/* Rejects; the first reason stands. */
static bool reject(struct check *check, size_t depth, const char *what)
{
    char node[32] = "the root";
    if (check->node > 0)
        (void)snprintf(node, sizeof node, "cell %u", check->node - 1);
    check->word[depth] = '\0';
    (void)snprintf(check->found->reason, sizeof check->found->reason, "line %zu: the tree of %s, word '%s': %s",
                   check->certificate->tree_line + check->node, node, check->word, what);
    return false;
}

/* Every output's bit is the right one on the set, which is `depth` symbols from the node. */
static bool check_bits(struct check *check, size_t depth, uint32_t bits)
{
    const struct verify_network *network = &check->network;
    struct level *level = &check->levels[depth];
    verify_image(&level->image, level->set.centre, &level->set, network->w_hy, network->hidden, network->outputs);
    for (uint32_t o = 0; o < network->outputs; ++o) {
        const double margin = verify_margin(&level->image, &level->set, network, o, (bits >> o & 1) != 0);
        if (!(margin > 0)) {
            char what[96];
            (void)snprintf(what, sizeof what, "output %u is not certain (margin %g)", o, margin);
            return reject(check, depth, what);
        }
        check->found->margin = margin < check->found->margin ? margin : check->found->margin;
    }
    return true;
}

/* The set lies in the cell, and the automaton is in its state. */
static bool check_leaf(struct check *check, size_t depth, uint32_t state, uint32_t cell)
{
    const struct certificate *c = check->certificate;
    struct level *level = &check->levels[depth];
    const size_t h = check->network.hidden;
    char what[96];
    if (depth == 0)
        return reject(check, depth, "the empty word is a leaf");
    (void)snprintf(what, sizeof what, "cell %u is of another state", cell);
    if (c->cells[cell].state != state)
        return reject(check, depth, what);
    (void)snprintf(what, sizeof what, "the set is not inside cell %u", cell);
    return verify_inside(&level->image, check->scratch, &level->set, c->centres + cell * h, c->cells[cell].radius,
                         &check->bases[c->cells[cell].basis], h) ||
           reject(check, depth, what);
}

/* The rest of the tree behind a word of `depth` symbols, which leaves the automaton in `state`. */
static bool check_tree(struct check *check, size_t depth, uint32_t state)
{
    const struct certificate *c = check->certificate;
    const struct verify_network *network = &check->network;
    if (check->at >= c->trees[check->node + 1])
        return reject(check, depth, "the tree ends early");
    const uint32_t entry = c->words[check->at++];
    if (entry != CERTIFICATE_INNER)
        return check_leaf(check, depth, state, entry);
    if (depth == DEPTH)
        return reject(check, depth, "longer words are not followed");
    struct level *const level = &check->levels[depth];
    if (!level_make(check, depth + 1))
        return false;
    check->found->depth = check->found->depth > depth ? check->found->depth : (uint32_t)depth + 1;
    verify_image(&level->image, level->set.centre, &level->set, network->w_hh, network->hidden, network->hidden);
    for (uint32_t symbol = 0; symbol < 1u << network->inputs; ++symbol) {
        check->word[depth] = "0123456789abcdef"[symbol];
        ++check->found->steps;
        if (!verify_step(&check->levels[depth + 1].set, &level->image, &level->set, network, symbol))
            return reject(check, depth + 1, "the set is too wide");
        if (!check_bits(check, depth + 1, c->table.out[state][symbol]) ||
            !check_tree(check, depth + 1, c->table.next[state][symbol]))
            return false;
    }
    return true;
}

/* The tree of the root (node 0) or a cell (node - 1), from the set that belongs to it. */
static bool check_node(struct check *check, uint32_t node)
{
    const struct certificate *c = check->certificate;
    const size_t h = check->network.hidden;
    struct verify_set *set = &check->levels[0].set;
    const struct certificate_cell *cell = node > 0 ? &c->cells[node - 1] : NULL;
    check->node = node;
    check->at = c->trees[node];
    set->boxes = 0;
    memcpy(set->centre, cell != NULL ? c->centres + (node - 1) * h : check->network.h_0, h * sizeof *set->centre);
    for (size_t i = 0; i < h * h; ++i) /* exact, as the radius is a power of two and no number is very small */
        set->rows[i] = cell != NULL ? cell->radius * c->bases[cell->basis * h * h + i] : 0;
    return check_tree(check, 0, cell != NULL ? cell->state : c->table.start) &&
           (check->at == c->trees[node + 1] || reject(check, 0, "the tree goes on after its end"));
}

/* ---- the certificate ------------------------------------------------------------------------------------------- */

static bool same_table(const carrynet_task *a, const carrynet_task *b)
{
    bool same = a->inputs == b->inputs && a->outputs == b->outputs && a->states == b->states && a->start == b->start;
    for (uint32_t q = 0; q < b->states && same; ++q)
        same = memcmp(a->next[q], b->next[q], (size_t)1 << b->inputs) == 0 &&
               memcmp(a->out[q], b->out[q], (size_t)1 << b->inputs) == 0;
    return same;
}

/* What the certificate is for, against what it is wanted for; NULL if all is well. */
static const char *mismatch(const struct certificate *c, const carrynet_settings *settings, const carrynet_task *task,
                            const char *network, const char *text)
{
    char body[SYS_SHA256];
    if (strcmp(sys_sha256(body, (const void *const[]){text}, &c->body, 1), c->digest) != 0)
        return "its digest is not that of its text";
    if (c->bounds == CARRYNET_BOUNDS_OWN && c->arithmetic != (uint32_t)carrynet_arithmetic_version())
        return "it is for another version of the arithmetic";
    if (network == NULL || strcmp(network, c->network) != 0)
        return "it is for another network";
    if (!task_fits(task, settings->shape.inputs, settings->shape.outputs))
        return "the network reads or writes other numbers of bits than the task";
    if (!same_table(&c->table, task))
        return "it is for another task";
    if (c->hidden != settings->shape.hidden)
        return "the network has another number of hidden units";
    return NULL;
}

static carrynet_status bases_read(struct check *check)
{
    const struct certificate *c = check->certificate;
    const size_t h = c->hidden;
    carrynet_status status = sys_allocate(&check->bases, c->basis_count, sizeof *check->bases);
    if (status == CARRYNET_OK)
        status = sys_allocate(&check->inverses, c->basis_count * h * h, sizeof *check->inverses);
    if (status == CARRYNET_OK)
        status = sys_allocate(&check->scratch, 3 * h * h, sizeof *check->scratch);
    for (size_t k = 0; k < c->basis_count && status == CARRYNET_OK; ++k) {
        check->bases[k] = (struct verify_basis){c->bases + k * h * h, check->inverses + k * h * h, 0};
        verify_invert(&check->bases[k], check->scratch, h);
        verify_residual(&check->bases[k], check->scratch, h);
    }
    return status;
}

static bool check_nodes(struct check *check)
{
    check->found->margin = INFINITY;
    bool good = level_make(check, 0);
    for (uint32_t node = 0; good && node <= check->certificate->cell_count; ++node)
        good = check_node(check, node);
    return good;
}

static carrynet_status check_all(carrynet_checked *checked, const struct certificate *certificate,
                                 const carrynet_model *model, size_t network)
{
    struct check check = {.found = checked, .certificate = certificate};
    carrynet_status status = network_read(&check.network, model, network, certificate->bounds);
    if (status == CARRYNET_ERROR_UNSUPPORTED) {
        (void)snprintf(checked->reason, sizeof checked->reason, "%s", carrynet_message());
        status = CARRYNET_OK;
        goto done;
    }
    if (status == CARRYNET_OK)
        status = bases_read(&check);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t j = 0; j < certificate->hidden; ++j)
        checked->error = fmax(checked->error, check.network.state_error[j]);
    const bool good = check_nodes(&check);
    status = check.status;
    checked->accepted = good && status == CARRYNET_OK;
done:
    if (!checked->accepted)
        checked->margin = 0;
    for (size_t depth = 0; depth <= DEPTH; ++depth)
        sys_free(check.levels[depth].memory);
    network_free(&check.network);
    sys_free(check.bases);
    sys_free(check.inverses);
    sys_free(check.scratch);
    return status;
}

carrynet_status verify_certificate(carrynet_checked *checked, const struct certificate *certificate, const char *text,
                                   const carrynet_model *model, size_t network, const char *digest,
                                   const carrynet_task *task)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    task = task != NULL ? task : &settings->task;
    *checked = (carrynet_checked){
        .bounds = certificate->bounds, .line = 1, .cells = certificate->cell_count, .consumed = certificate->size};
    memcpy(checked->network, certificate->network, sizeof checked->network);
    carrynet_status status = carrynet_task_check(task);
    if (status != CARRYNET_OK)
        return status;
    const char *wrong = mismatch(certificate, settings, task, digest, text);
    if (wrong != NULL) {
        (void)snprintf(checked->reason, sizeof checked->reason, "%s", wrong);
        return CARRYNET_OK;
    }
    /* The bounds are of binary64 itself, rounded to nearest, whatever the caller runs with. */
    const fenv_t environment = sys_enter_arithmetic();
    status = verify_host();
    if (status == CARRYNET_OK)
        status = check_all(checked, certificate, model, network);
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status carrynet_verify(carrynet_checked *checked, const carrynet_model *model, size_t network,
                                const carrynet_task *task, const char *text, size_t size)
{
    struct certificate certificate = {0};
    char digest[CARRYNET_DIGEST_TEXT];
    *checked = (carrynet_checked){0};
    carrynet_status status = carrynet_network_digest(digest, model, network);
    if (status == CARRYNET_OK)
        status = certificate_read(&certificate, text, size, 1);
    if (status == CARRYNET_OK)
        status = verify_certificate(checked, &certificate, text, model, network, digest, task);
    checked->number = strcmp(checked->network, digest) == 0 ? network : carrynet_model_settings(model)->networks;
    certificate_free(&certificate);
    return status;
}
