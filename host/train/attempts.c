/*
 * Proofs of exact networks in training. The search is a small one: who is right for every length mostly needs little of
 * it, and who is not yet will be asked again after some more updates.
 */
#include "train/attempts.h"
#include "base/base.h"
#include <stdio.h>
#include <string.h>

/* BUDGET steps of sets the first time, twice as many every other time, DOUBLINGS times (kernels/ARITHMETIC.md 7). */
enum { PORTION = 256, BUDGET = 8000, DOUBLINGS = 3, EFFORT = 20000 };

void carrynet_train_proof(carrynet_prove_options *options)
{
    carrynet_prove_options_init(options);
    options->budget = (uint64_t)BUDGET << DOUBLINGS;
    options->effort = EFFORT;
    options->states = 0;
}

bool attempts_ended(struct attempts_stop *stop)
{
    return atomic_load(&stop->ended);
}

static int ask(void *self)
{
    struct attempts_stop *stop = self;
    if (stop->interrupted != NULL && !atomic_load(&stop->ended) && !atomic_exchange(&stop->asking, true)) {
        if (stop->interrupted(stop->self) != 0)
            atomic_store(&stop->ended, true);
        atomic_store(&stop->asking, false);
    }
    return atomic_load(&stop->ended) ? 1 : 0;
}

/* One network, and how its attempt ended. */
struct attempt {
    carrynet_status status;
    bool proved;
    char message[256]; /* of a status that is no OK: messages are of their thread */
};

struct attempts {
    const carrynet_model *model;
    struct attempts_stop *stop;
    struct attempt *attempt; /* [networks of the model] */
    const uint32_t *which;   /* [networks of the model] */
    const uint32_t *had;     /* [networks of the engine], or NULL */
};

static void attempt_one(void *self, size_t i)
{
    const struct attempts *all = self;
    struct attempt *attempt = &all->attempt[i];
    carrynet_prove_options options;
    carrynet_proof proof;
    *attempt = (struct attempt){0};
    if (ask(all->stop) != 0)
        return;
    carrynet_train_proof(&options);
    if (all->had != NULL && all->had[all->which[i]] < DOUBLINGS)
        options.budget = (uint64_t)BUDGET << all->had[all->which[i]];
    options.interrupted = ask;
    options.self = all->stop;
    attempt->status = carrynet_prove(&proof, all->model, i, NULL, NULL, &options);
    attempt->proved = attempt->status == CARRYNET_OK && proof.verdict == CARRYNET_VERDICT_PROVED;
    if (attempt->status == CARRYNET_ERROR_UNSUPPORTED)
        attempt->status = CARRYNET_OK;
    if (attempt->status != CARRYNET_OK)
        (void)snprintf(attempt->message, sizeof attempt->message, "%s", carrynet_message());
    carrynet_proof_free(&proof);
}

/* A model of networks which [count] of the engine. */
static carrynet_status take_networks(carrynet_model **model, carrynet_engine *engine, const uint32_t *which,
                                     uint32_t count)
{
    carrynet_settings settings = *carrynet_engine_settings(engine);
    const size_t bytes = carrynet_shape_size(&settings.shape) * (settings.precision / 8);
    settings.networks = count;
    carrynet_status status = carrynet_model_create(model, &settings);
    for (uint32_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, which[i], 1,
                                     (char *)carrynet_model_values(*model) + i * bytes);
    return status;
}

carrynet_status attempts_prove(bool *proved, carrynet_engine *engine, const uint32_t *which, uint32_t count,
                               const uint32_t *had, struct attempts_stop *stop)
{
    struct attempt *attempt = NULL;
    carrynet_status status = base_allocate(&attempt, PORTION, sizeof *attempt);
    for (uint32_t first = 0; first < count && status == CARRYNET_OK && !attempts_ended(stop); first += PORTION) {
        const uint32_t some = count - first < PORTION ? count - first : PORTION;
        carrynet_model *model = NULL;
        status = take_networks(&model, engine, which + first, some);
        if (status == CARRYNET_OK)
            base_parallel(some, attempt_one,
                          &(struct attempts){
                              .model = model, .stop = stop, .attempt = attempt, .which = which + first, .had = had});
        for (uint32_t i = 0; i < some && status == CARRYNET_OK; ++i) {
            proved[which[first + i]] = attempt[i].proved;
            if (attempt[i].status != CARRYNET_OK)
                status = base_fail(attempt[i].status, "while proving: %s", attempt[i].message);
        }
        carrynet_model_free(model);
    }
    base_free(attempt);
    return status;
}
