/*
 * From a network to a verdict. First every short word, since a wrong network mostly fails there; then the cheap
 * attempts by ellipsoids; then the refuter's whole effort and the words along which those attempts failed; then the
 * other attempts and their words; then exhaustion. Small searches run in plain C, which starts at once.
 */
#include "platform/environment.h"
#include "platform/platform.h"
#include "prove/ellipsoids.h"
#include "prove/reach.h"
#include "prove/refute.h"
#include "task/task_fit.h"
#include "verify/bounds.h"
#include <carrynet/evaluate.h>
#include <math.h>
#include <stdio.h>

/* Steps of states before anything else, and states for which a device is worth starting. */
enum { FIRST_EFFORT = 20000, PLAIN_STATES = 100000 };

struct attack {
    carrynet_proof *proof;
    const carrynet_model *model;
    size_t network;
    const carrynet_task *task;
    const carrynet_engine_options *device;
    const carrynet_prove_options *options;
    struct prove_stop stop;
    carrynet_engine *plain;
    size_t attempt;           /* at ellipsoids, to come next */
    struct branches branches; /* at which attempts failed, not stepped yet */
};

void carrynet_prove_options_init(carrynet_prove_options *options)
{
    *options = (carrynet_prove_options){.budget = 1000000, .effort = REFUTE_EFFORT, .states = 4000000};
}

uint64_t carrynet_prove_memory(const carrynet_settings *settings, uint64_t states)
{
    return reach_memory(&settings->shape, settings->precision, states);
}

void carrynet_proof_free(carrynet_proof *proof)
{
    refute_free(&proof->wrong);
    sys_free(proof->certificate);
    *proof = (carrynet_proof){0};
}

/* ---- the ways -------------------------------------------------------------------------------------------------- */

/* What is begun. The parts of the refuter do not count. */
static void begin(struct attack *attack, carrynet_prove_part part, uint64_t most)
{
    attack->stop.before = (carrynet_prove_progress){.part = part, .most = most};
    prove_notify(&attack->stop, 0);
}

/* A wrong word settles it, unless there is a proof too. */
static carrynet_status settle(struct attack *attack)
{
    carrynet_proof *proof = attack->proof;
    if (proof->wrong.symbols == NULL)
        return CARRYNET_OK;
    proof->verdict = CARRYNET_VERDICT_REFUTED;
    proof->reason[0] = '\0';
    if (proof->by_ellipsoids || proof->by_exhaustion)
        return sys_fail(CARRYNET_ERROR_NUMERIC,
                        "network %zu is both proved and refuted: a defect of the prover or of "
                        "the device; please report it with the model",
                        attack->network);
    return CARRYNET_OK;
}

static bool undecided(const struct attack *attack)
{
    return attack->proof->verdict == CARRYNET_VERDICT_UNKNOWN;
}

static bool refuted(const struct attack *attack)
{
    return attack->proof->wrong.symbols != NULL;
}

static carrynet_status by_ellipsoids(struct attack *attack, size_t last)
{
    carrynet_proof *proof = attack->proof;
    carrynet_status status = ellipsoids_prove(proof, &attack->branches, &attack->attempt, last, attack->model,
                                              attack->network, attack->task, attack->options, &attack->stop);
    if (status == CARRYNET_OK && proof->by_ellipsoids)
        proof->verdict = CARRYNET_VERDICT_PROVED;
    return status == CARRYNET_OK ? settle(attack) : status;
}

/* The word that exhaustion found, stepped once more in plain C. */
static carrynet_status take_word(struct attack *attack, const struct reach *reach)
{
    carrynet_counterexample *wrong = &attack->proof->wrong;
    carrynet_counterexample found = {0};
    carrynet_status status =
        refute_replay(&found, attack->plain, attack->task, reach->word.symbols, reach->word.length);
    if (status == CARRYNET_OK && (found.symbols == NULL || found.steps != reach->word.length))
        status = sys_fail(CARRYNET_ERROR_DEVICE, "the device finds a word wrong that the reference gets right: run "
                                                 "carrynet compare");
    found.shortest = true;
    if (status == CARRYNET_OK) {
        refute_free(wrong);
        *wrong = found;
        return CARRYNET_OK;
    }
    refute_free(&found);
    return status;
}

static carrynet_status by_exhaustion(struct attack *attack)
{
    carrynet_proof *proof = attack->proof;
    carrynet_engine *engine = NULL;
    struct reach reach = {0};
    const struct reach_options options = {.states = attack->options->states};
    carrynet_status status = CARRYNET_OK;
    if (attack->options->states == 0 || attack->options->bounds != CARRYNET_BOUNDS_OWN) {
        (void)snprintf(proof->reason, sizeof proof->reason, "no exhaustion for %s",
                       attack->options->states == 0 ? "0 states" : "any arithmetic: it steps this one's");
        return CARRYNET_OK;
    }
    begin(attack, CARRYNET_PROVE_STATES, attack->options->states); /* said before a device is opened */
    if (attack->options->states > PLAIN_STATES)
        status = carrynet_model_engine(&engine, attack->model, attack->network, 1, attack->device);
    if (status == CARRYNET_OK)
        status = reach_search(&reach, engine != NULL ? engine : attack->plain, attack->task, &options, &attack->stop);
    if (status == CARRYNET_OK) {
        proof->states = reach.states;
        proof->stepped = reach.stepped;
        proof->levels = reach.levels;
        proof->exact_margin = reach.margin;
        proof->by_exhaustion = reach.closed && !reach.wrong && reach.margin > 0;
        if (proof->by_exhaustion) {
            proof->verdict = CARRYNET_VERDICT_PROVED;
            proof->reason[0] = '\0';
        } else if (reach.wrong)
            status = take_word(attack, &reach);
        else if (!proof->by_ellipsoids && reach.closed)
            (void)snprintf(proof->reason, sizeof proof->reason, "a logit of 0 among the reachable states");
        else if (!proof->by_ellipsoids)
            (void)snprintf(proof->reason, sizeof proof->reason, "more than %llu reachable states",
                           (unsigned long long)attack->options->states);
    }
    reach_free(&reach);
    carrynet_engine_free(engine);
    return status == CARRYNET_OK ? settle(attack) : status;
}

static carrynet_status by_refuter(struct attack *attack, uint64_t effort)
{
    carrynet_status status = CARRYNET_OK;
    begin(attack, CARRYNET_PROVE_WORDS, 0);
    if (!refuted(attack) && effort > 0)
        status = effort <= FIRST_EFFORT
                     ? refute_short_words(&attack->proof->wrong, attack->plain, attack->task, effort, &attack->stop)
                     : refute_search(&attack->proof->wrong, attack->plain, attack->task, effort, &attack->stop);
    return status == CARRYNET_OK ? settle(attack) : status;
}

/* The words at which ellipsoids failed since this was asked last; to the proof that others find it is one more test. */
static carrynet_status by_branches(struct attack *attack)
{
    carrynet_status status = CARRYNET_OK;
    begin(attack, CARRYNET_PROVE_WORDS, 0);
    if (!refuted(attack))
        status = refute_branches(&attack->proof->wrong, attack->plain, attack->task, &attack->branches,
                                 attack->options->effort / 2, &attack->stop);
    branches_free(&attack->branches);
    return status == CARRYNET_OK ? settle(attack) : status;
}

/* Every way, even when the verdict is there. */
static carrynet_status by_all(struct attack *attack)
{
    carrynet_proof *proof = attack->proof;
    carrynet_status status = by_refuter(attack, attack->options->effort);
    if (status == CARRYNET_OK)
        status = by_ellipsoids(attack, ELLIPSOID_ATTEMPTS);
    if (status == CARRYNET_OK)
        status = by_branches(attack);
    if (status == CARRYNET_OK && attack->options->states > 0 && attack->options->bounds == CARRYNET_BOUNDS_OWN)
        status = by_exhaustion(attack);
    if (status == CARRYNET_OK && proof->by_exhaustion && proof->by_ellipsoids &&
        !(proof->checked.margin <= proof->exact_margin))
        status = sys_fail(CARRYNET_ERROR_NUMERIC,
                          "network %zu: the certified margin %g is above the exact one, %g: a "
                          "defect of the prover; please report it with the model",
                          attack->network, proof->checked.margin, proof->exact_margin);
    return status;
}

static carrynet_status by_auto(struct attack *attack)
{
    const carrynet_prove_options *options = attack->options;
    const uint64_t first = options->effort < FIRST_EFFORT ? options->effort : FIRST_EFFORT;
    carrynet_status status = by_refuter(attack, first);
    if (status == CARRYNET_OK && undecided(attack))
        status = by_ellipsoids(attack, ELLIPSOID_CHEAP);
    if (status == CARRYNET_OK && undecided(attack) && options->effort > first)
        status = by_refuter(attack, options->effort); /* before the branches: its words are often the shortest */
    if (status == CARRYNET_OK && undecided(attack))
        status = by_branches(attack);
    if (status == CARRYNET_OK && undecided(attack))
        status = by_ellipsoids(attack, ELLIPSOID_ATTEMPTS);
    if (status == CARRYNET_OK && undecided(attack))
        status = by_branches(attack);
    if (status == CARRYNET_OK && undecided(attack) && options->states > 0 && options->bounds == CARRYNET_BOUNDS_OWN)
        status = by_exhaustion(attack);
    return status;
}

/* ---- the verdict ----------------------------------------------------------------------------------------------- */

static carrynet_status check_task(const carrynet_model *model, size_t network, const carrynet_task *task)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    if (network >= settings->networks)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "network %zu: the model has %u, numbered from 0", network,
                        settings->networks);
    carrynet_status status = task_check_fit(task, settings->shape.inputs, settings->shape.outputs);
    if (status == CARRYNET_OK)
        status = carrynet_task_check(task);
    if (status != CARRYNET_OK)
        return status;
    const size_t bytes = carrynet_shape_size(&settings->shape) * (settings->precision / 8);
    return verify_values((const char *)carrynet_model_values_const(model) + network * bytes, &settings->shape,
                         settings->precision);
}

/* What stood in the way, and what to try. */
static void explain(carrynet_proof *proof, const carrynet_prove_options *options)
{
    char why[CARRYNET_REASON];
    const bool sets = options->by != CARRYNET_BY_EXHAUSTION, states = options->by != CARRYNET_BY_ELLIPSOIDS;
    (void)snprintf(why, sizeof why, "%s", proof->reason[0] != '\0' ? proof->reason : "nothing was tried");
    if (proof->aborted)
        (void)snprintf(proof->reason, sizeof proof->reason, "stopped before the end");
    else
        (void)snprintf(proof->reason, sizeof proof->reason, "%.100s; try a larger %s%s%s, or train on with --noise",
                       why, sets ? "--budget" : "", sets && states ? " or " : "", states ? "--states" : "");
}

carrynet_status carrynet_prove(carrynet_proof *proof, const carrynet_model *model, size_t network,
                               const carrynet_task *task, const carrynet_engine_options *engine,
                               const carrynet_prove_options *options)
{
    carrynet_prove_options defaults;
    carrynet_prove_options_init(&defaults);
    const double start = sys_seconds();
    struct attack attack = {.proof = proof, .model = model, .network = network, .device = engine};
    attack.options = options != NULL ? options : &defaults;
    attack.task = task != NULL ? task : &carrynet_model_settings(model)->task;
    attack.stop = (struct prove_stop){.deadline = attack.options->seconds > 0 ? start + attack.options->seconds : 0,
                                      .interrupted = attack.options->interrupted,
                                      .progress = attack.options->progress,
                                      .self = attack.options->self};
    const carrynet_engine_options plain = {.device = "host"};
    const fenv_t environment = sys_enter_arithmetic(); /* so that the search is the same, however the caller rounds */
    *proof = (carrynet_proof){.exact_margin = NAN};
    carrynet_status status = check_task(model, network, attack.task);
    if (status == CARRYNET_OK)
        status = carrynet_model_engine(&attack.plain, model, network, 1, &plain);
    if (status == CARRYNET_OK) {
        const carrynet_prove_by by = attack.options->by;
        status = by == CARRYNET_BY_EXHAUSTION   ? by_exhaustion(&attack)
                 : by == CARRYNET_BY_ELLIPSOIDS ? by_ellipsoids(&attack, ELLIPSOID_ATTEMPTS)
                 : by == CARRYNET_BY_ALL        ? by_all(&attack)
                                                : by_auto(&attack);
    }
    if (status != CARRYNET_OK)
        proof->verdict = CARRYNET_VERDICT_UNKNOWN;
    else if (proof->verdict == CARRYNET_VERDICT_UNKNOWN) {
        proof->aborted = prove_stopped(&attack.stop);
        explain(proof, attack.options);
    }
    branches_free(&attack.branches);
    carrynet_engine_free(attack.plain);
    proof->seconds = sys_seconds() - start;
    return sys_leave_arithmetic(&environment, status);
}
