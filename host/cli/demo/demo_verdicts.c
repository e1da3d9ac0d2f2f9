/*
 * Proof, twin and digests of demo. All output is computed in this run: the engine answers the wrong sum again, and both
 * digests are of trainings that ran.
 */
#include "cli/demo/demo_verdicts.h"
#include "cli/console.h"
#include "cli/device_options.h"
#include "cli/drivers.h"
#include "cli/options.h"
#include "cli/prove_report.h"
#include "cli/wrong_sum.h"
#include <inttypes.h>
#include <string.h>

enum { TWINS = 32 /* seeds that are tried */, TWIN_BUDGET = 1000 /* a moment for each: many are not refuted */ };

/* ---- training -------------------------------------------------------------------------------------------------- */

typedef struct line_context {
    char *device;
    size_t size;
    uint64_t seed;
} line_context;

static int note(void *self, const carrynet_report *report)
{
    const line_context *t = self;
    if (report->updates == 0)
        (void)snprintf(t->device, t->size, "%s", report->device);
    (void)console_progress("Learning: seed %" PRIu64 ", %" PRIu64 " updates, %.0f%% right", t->seed, report->updates,
                           100 * (1 - report->wrong_share));
    return 0;
}

carrynet_status demo_train(carrynet_model **model, char *device, size_t size, const carrynet_settings *settings,
                           const carrynet_engine_options *options, const carrynet_observer *observer)
{
    line_context t = {device, size, settings->seed};
    carrynet_train_options train;
    carrynet_train_options_init(&train);
    train.report = note;
    train.self = &t;
    train.report_seconds = 0.1;
    train.observer = observer;
    (void)console_progress("Preparing the device ...");
    const carrynet_status status = carrynet_train(model, settings, options, &train);
    console_progress_clear();
    return status;
}

/* ---- the proof ------------------------------------------------------------------------------------------------- */

/* quick: for a refutation that is found at once, with no patience for a proof. */
static carrynet_status prove(carrynet_proof *proof, const carrynet_model *model, bool quick)
{
    const carrynet_engine_options plain = {.device = "host"};
    carrynet_prove_options options;
    carrynet_prove_options_init(&options);
    if (quick) {
        options.budget = TWIN_BUDGET;
        options.states = 0;
    }
    (void)console_progress(quick ? "Looking for a wrong sum ..." : "Proving ...");
    const carrynet_status status = carrynet_prove(proof, model, 0, NULL, &plain, &options);
    console_progress_clear();
    return status;
}

bool demo_prove(const carrynet_model *model, int *code)
{
    carrynet_proof proof = {0};
    sys_text text = {0};
    const carrynet_network *record = carrynet_model_networks_const(model);
    const carrynet_status status = prove(&proof, model, false);
    if (status != CARRYNET_OK) {
        *code = console_status(status);
    } else if (proof.verdict != CARRYNET_VERDICT_PROVED) {
        console_error("the network of seed %" PRIu64 " is not proved after %" PRIu64 " updates; try another --seed",
                      record->seed, record->updates);
        *code = EXIT_CODE_NOT_REACHED;
    } else {
        *code = EXIT_CODE_DONE;
        sys_text_add(&text, "PROVED");
        if (proof.by_ellipsoids) {
            sys_text_add(&text, ": ");
            prove_report_cells(&text, &proof.checked);
        }
        console_say("%s", text.failed ? "PROVED" : text.data);
        console_say("Every sum of numbers of every length is right, in the very float32 arithmetic that the kernels "
                    "compute. %s",
                    proof.by_ellipsoids ? "The certificate was accepted by the checker, which shares no search with "
                                          "the prover."
                                        : "Every state that it can reach was tried.");
    }
    sys_text_free(&text);
    carrynet_proof_free(&proof);
    return *code == EXIT_CODE_DONE;
}

/* ---- its twin -------------------------------------------------------------------------------------------------- */

/* The wrong sum of a refuted network, as the engine answers it; again: its seed is the one that was proved. */
static carrynet_status show_wrong_sum(carrynet_model *model, const carrynet_proof *proof, bool again)
{
    const carrynet_engine_options plain = {.device = "host"};
    saved_network saved = {.model = model,
                           .settings = carrynet_model_settings(model),
                           .networks = carrynet_model_networks(model),
                           .options = plain};
    const carrynet_task *task = &saved.settings->task;
    carrynet_evaluation evaluation = {0};
    wrong_sum sum = {0};
    sys_text text = {0};
    carrynet_status status = carrynet_model_engine(&saved.engine, model, 0, 1, &plain);
    if (status == CARRYNET_OK)
        status = carrynet_evaluate(&evaluation, saved.engine, task, 0, saved.settings->steps, 0);
    if (status == CARRYNET_OK)
        status = wrong_sum_replay(&sum, &saved, task, &proof->wrong);
    if (status == CARRYNET_OK)
        status = wrong_sum_text(&text, &sum, task);
    if (status == CARRYNET_OK && text.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a wrong sum");
    if (status == CARRYNET_OK) {
        console_say("Seed %" PRIu64 "%s, without noise until it is exact, %" PRIu64 " updates: %" PRIu64 " of %" PRIu64
                    " sums of %" PRIu32 "-bit numbers right. And yet:",
                    saved.networks[0].seed, again ? " again" : "", saved.networks[0].updates,
                    evaluation.problems - evaluation.wrong, evaluation.problems,
                    saved.settings->steps - task->closing_count);
        console_say("REFUTED: %s", text.data);
    }
    carrynet_evaluation_free(&evaluation);
    wrong_sum_free(&sum);
    sys_text_free(&text);
    carrynet_engine_free(saved.engine);
    return status;
}

bool demo_twin(const carrynet_settings *settings, const carrynet_engine_options *options, int *code)
{
    carrynet_settings twin = *settings;
    bool found = false;
    char device[512];
    carrynet_status status = CARRYNET_OK;
    for (uint32_t i = 0; i < TWINS && !found && status == CARRYNET_OK; ++i) {
        carrynet_model *model = NULL;
        carrynet_proof proof = {0};
        twin.seed = settings->seed + i;
        status = demo_train(&model, device, sizeof device, &twin, options, NULL);
        if (status == CARRYNET_OK && carrynet_model_networks(model)[0].exact)
            status = prove(&proof, model, true);
        found = status == CARRYNET_OK && proof.verdict == CARRYNET_VERDICT_REFUTED;
        if (found)
            status = show_wrong_sum(model, &proof, i == 0);
        carrynet_proof_free(&proof);
        carrynet_model_free(model);
    }
    *code = EXIT_CODE_DONE;
    if (status != CARRYNET_OK)
        *code = engine_status(status, options);
    if (status == CARRYNET_OK && !found) {
        console_error("of the seeds %" PRIu64 " to %" PRIu64
                      " none gives an exact network that is refuted; try another "
                      "--seed",
                      settings->seed, settings->seed + TWINS - 1);
        *code = EXIT_CODE_NOT_REACHED;
    }
    return *code == EXIT_CODE_DONE;
}

/* ---- the same bits --------------------------------------------------------------------------------------------- */

bool demo_digests(const carrynet_model *model, const char *device, const carrynet_engine_options *options, int *code)
{
    /* The same updates without the tests and proofs in between, which change no bit. */
    carrynet_settings again = *carrynet_model_settings(model);
    carrynet_engine_options other = *options;
    carrynet_model *twice = NULL;
    char digests[2][CARRYNET_DIGEST_TEXT], second[512] = "";
    again.updates = carrynet_model_networks_const(model)[0].updates;
    again.until_exact = false;
    again.until_proved = 0;
    /* The other of the two is the reference, or where that was asked for the best device that there is. */
    other.device = strncmp(device, "reference", strlen("reference")) == 0 ? NULL : "reference";
    if (other.device == NULL)
        drivers_prepare(true);
    *code = EXIT_CODE_DONE;
    carrynet_status status = carrynet_network_digest(digests[0], model, 0);
    if (status == CARRYNET_OK)
        status = demo_train(&twice, second, sizeof second, &again, &other, NULL);
    if (status == CARRYNET_OK)
        status = carrynet_network_digest(digests[1], twice, 0);
    carrynet_model_free(twice);
    if (status != CARRYNET_OK) {
        *code = engine_status(status, &other);
        return false;
    }
    console_say("SHA-256 of the weights after %" PRIu64 " updates:", again.updates);
    console_say("%s\n    %s", device, digests[0]);
    console_say("%s\n    %s", second, digests[1]);
    if (strcmp(digests[0], digests[1]) != 0) {
        console_error("the two devices give different weights: run `carrynet compare`");
        *code = EXIT_CODE_CHECK;
        return false;
    }
    console_say("Equal, bit for bit.");
    return true;
}
