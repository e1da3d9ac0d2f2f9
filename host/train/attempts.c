/*
 * Proofs of exact networks during training, with a small budget: a network that is right for every length mostly needs
 * few steps, and a network that is not yet right is tried again after more updates.
 */
#include "train/attempts.h"
#include "platform/platform.h"
#include <stdio.h>
#include <string.h>

/* BUDGET steps of sets the first time, twice as many every other time, DOUBLINGS times (kernels/ARITHMETIC.md 7). */
enum { CHUNK = 256, BUDGET = 8000, DOUBLINGS = 3, EFFORT = 20000 };

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
    uint32_t first, step;    /* this rank's are every so manyth */
};

static void attempt_one(void *self, size_t number)
{
    const struct attempts *all = self;
    const size_t i = all->first + number * all->step;
    struct attempt *attempt = &all->attempt[i];
    carrynet_prove_options options;
    carrynet_proof proof;
    if (ask(all->stop) != 0)
        return;
    carrynet_train_proof(&options);
    if (all->had != NULL && all->had[all->which[i]] < DOUBLINGS)
        options.budget = (uint64_t)BUDGET << all->had[all->which[i]];
    options.interrupted = ask;
    options.self = all->stop;
    attempt->status = carrynet_prove(&proof, all->model, i, NULL, NULL, &options);
    attempt->proved = attempt->status == CARRYNET_OK && proof.verdict == CARRYNET_VERDICT_PROVED;
    if (attempt->status ==
        CARRYNET_ERROR_UNSUPPORTED) /* weights beyond the bounds: those may change, other errors stay */
        attempt->status = CARRYNET_OK;
    if (attempt->status != CARRYNET_OK)
        (void)snprintf(attempt->message, sizeof attempt->message, "%s", carrynet_message());
    carrynet_proof_free(&proof);
}

/* A model of networks which [count] of the engine. */
static carrynet_status take_networks(carrynet_model **model, carrynet_engine *engine, const uint32_t *which,
                                     uint32_t count, carrynet_comm *comm)
{
    carrynet_settings settings = *carrynet_engine_settings(engine);
    const size_t bytes = carrynet_shape_size(&settings.shape) * (settings.precision / 8);
    settings.networks = count;
    carrynet_status status = comm_allreduce_status(comm, carrynet_model_create(model, &settings));
    for (uint32_t i = 0; i < count && status == CARRYNET_OK; ++i)
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, which[i], 1,
                                     (char *)carrynet_model_values(*model) + i * bytes);
    return status;
}

/* What each rank has found of its own attempts becomes known to all; the first error is everyone's. */
static carrynet_status share(struct attempts *all, uint32_t count, carrynet_status status)
{
    carrynet_comm *comm = all->stop->comm;
    uint64_t *counts = NULL;
    char *mine = NULL, *found = NULL;
    for (uint32_t i = 0; i < count && status == CARRYNET_OK; ++i)
        if (all->attempt[i].status != CARRYNET_OK)
            status = sys_fail(all->attempt[i].status, "while proving: %s", all->attempt[i].message);
    if (comm_allreduce_or(comm, attempts_ended(all->stop)))
        atomic_store(&all->stop->ended, true);
    if (all->step == 1)
        return status;
    if (status == CARRYNET_OK)
        status = sys_allocate(&counts, all->step, sizeof *counts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&mine, count, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&found, count, 1);
    for (uint32_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        mine[i / all->step] = i % all->step == all->first ? all->attempt[i].proved : mine[i / all->step];
        ++counts[i % all->step];
    }
    status = comm_allreduce_status(comm, status);
    if (status == CARRYNET_OK)
        status = comm_allgather(comm, status, found, counts, mine);
    for (uint32_t r = 0, at = 0; r < all->step && status == CARRYNET_OK; ++r)
        for (uint32_t i = r; i < count; i += all->step)
            all->attempt[i].proved = found[at++] != 0;
    sys_free(counts);
    sys_free(mine);
    sys_free(found);
    return status;
}

carrynet_status attempts_prove(bool *proved, carrynet_engine *engine, const uint32_t *which, uint32_t count,
                               const uint32_t *had, struct attempts_stop *stop)
{
    const uint32_t ranks = carrynet_comm_size(stop->comm), rank = carrynet_comm_rank(stop->comm);
    struct attempt *attempt = NULL;
    carrynet_status status = comm_allreduce_status(stop->comm, sys_allocate(&attempt, CHUNK, sizeof *attempt));
    for (uint32_t first = 0; first < count && status == CARRYNET_OK && !attempts_ended(stop); first += CHUNK) {
        const uint32_t some = count - first < CHUNK ? count - first : CHUNK;
        carrynet_model *model = NULL;
        struct attempts all = {
            .stop = stop, .attempt = attempt, .which = which + first, .had = had, .first = rank, .step = ranks};
        status = take_networks(&model, engine, which + first, some, stop->comm);
        all.model = model;
        memset(attempt, 0, CHUNK * sizeof *attempt);
        if (status == CARRYNET_OK)
            sys_parallel(some > rank ? (some - rank - 1) / ranks + 1 : 0, attempt_one, &all);
        status = share(&all, some, status);
        for (uint32_t i = 0; i < some && status == CARRYNET_OK; ++i)
            proved[which[first + i]] = attempt[i].proved;
        carrynet_model_free(model);
    }
    sys_free(attempt);
    return status;
}
