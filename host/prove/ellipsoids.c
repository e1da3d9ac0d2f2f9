/* Successive attempts to cover the reachable hidden states, each with a share of the budget. */
#include "prove/ellipsoids.h"
#include "platform/platform.h"
#include "prove/certificate_write.h"
#include <stdio.h>
#include <string.h>

struct attempt {
    struct basis_effort basis;
    double rim, shrink; /* as in cover_effort */
    double scale;       /* half width of the widest cell */
    uint64_t steps;     /* of sets, at most */
    uint32_t words;     /* of a tree */
};

/* The cheapest first: networks that were trained with noise need little more, others finer cells and better shapes. */
static const struct attempt attempts[ELLIPSOID_ATTEMPTS] = {
    {{300, 1, 30, false}, 0.6, 0.8, 0.4, 4000, 1000},
    {{600, 1, 120, false}, 0.6, 0.8, 0.3, 30000, 1000},
    {{1000, 1, 250, true}, 0.7, 0.85, 0.15, 200000, 1000},
    {{2000, 1, 400, true}, 0.7, 0.95, 0.1, UINT64_MAX, 3000},
};

enum { LEVELS = 5, DEPTH = 40, CELLS = 100000 };

/* Makes the shapes as wide as the attempt has them. */
static void widen(struct basis *basis, size_t hidden, double scale)
{
    for (size_t i = 0; i < basis->count * hidden * hidden; ++i) {
        basis->b[i] *= scale;
        basis->m[i] /= scale;
    }
}

/* Writes the cover and has it checked. */
static carrynet_status certify(carrynet_proof *proof, const struct cover *cover, const carrynet_model *model,
                               size_t network, const carrynet_task *task, carrynet_bounds bounds)
{
    sys_text text = {0};
    char digest[CARRYNET_DIGEST_TEXT];
    carrynet_status status = carrynet_network_digest(digest, model, network);
    if (status == CARRYNET_OK)
        status = certificate_write(&text, cover, digest, bounds);
    if (status == CARRYNET_OK)
        status = carrynet_verify(&proof->checked, model, network, task, text.data, text.size);
    if (status == CARRYNET_OK && proof->checked.accepted) {
        proof->by_ellipsoids = true;
        proof->reason[0] = '\0';
        status = sys_allocate(&proof->certificate, text.size + 1, 1);
        if (status == CARRYNET_OK) {
            memcpy(proof->certificate, text.data, text.size);
            proof->certificate_size = text.size;
        }
    } else if (status == CARRYNET_OK) {
        (void)snprintf(proof->reason, sizeof proof->reason,
                       "the checker does not accept the cells that were found: %.120s", proof->checked.reason);
    }
    sys_text_free(&text);
    return status;
}

static carrynet_status try_once(carrynet_proof *proof, struct branches *branches, const struct flow_network *net,
                                const struct attempt *attempt, const carrynet_model *model, size_t network,
                                const carrynet_prove_options *options, const struct prove_stop *stop)
{
    struct basis basis = {0};
    struct cover cover = {0};
    const uint64_t left = options->budget - proof->steps;
    struct prove_stop part = *stop;
    part.before = (carrynet_prove_progress){CARRYNET_PROVE_ELLIPSOIDS, proof->steps, options->budget};
    prove_notify(&part, 0);
    const struct cover_effort effort = {.levels = LEVELS,
                                        .depth = DEPTH,
                                        .rim = attempt->rim,
                                        .shrink = attempt->shrink,
                                        .words = attempt->words,
                                        .cells = CELLS};
    carrynet_status status = basis_seek(&basis, net, &attempt->basis);
    if (status == CARRYNET_OK) {
        widen(&basis, net->hidden, attempt->scale);
        status =
            cover_seek(&cover, branches, net, &basis, &effort, attempt->steps < left ? attempt->steps : left, &part);
    }
    if (status == CARRYNET_OK) {
        proof->steps += cover.steps;
        if (cover.whole) {
            part.before = (carrynet_prove_progress){.part = CARRYNET_PROVE_CHECK};
            prove_notify(&part, 0);
            status = certify(proof, &cover, model, network, net->task, options->bounds);
        } else {
            (void)snprintf(proof->reason, sizeof proof->reason, "%s", cover.failure);
        }
    }
    cover_free(&cover);
    basis_free(&basis);
    return status;
}

carrynet_status ellipsoids_prove(carrynet_proof *proof, struct branches *branches, size_t *attempt, size_t last,
                                 const carrynet_model *model, size_t network, const carrynet_task *task,
                                 const carrynet_prove_options *options, const struct prove_stop *stop)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const size_t bytes = carrynet_shape_size(&settings->shape) * (settings->precision / 8);
    struct flow_network net;
    carrynet_status status =
        flow_network_create(&net, (const char *)carrynet_model_values_const(model) + network * bytes, &settings->shape,
                            settings->precision, task, options->bounds);
    for (; *attempt < last; ++*attempt) {
        if (status != CARRYNET_OK || proof->by_ellipsoids || proof->steps >= options->budget || prove_stopped(stop))
            break;
        status = try_once(proof, branches, &net, &attempts[*attempt], model, network, options, stop);
    }
    flow_network_free(&net);
    return status;
}
