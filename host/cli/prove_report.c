/* Verdicts in words and as JSON. Only a network that is PROVED is called "right". */
#include "cli/prove_report.h"
#include "cli/console.h"
#include <inttypes.h>

void prove_result_free(prove_result *result)
{
    carrynet_proof_free(&result->proof);
    wrong_sum_free(&result->wrong);
}

/* In the order of carrynet_bounds. */
const char *const prove_arithmetics[] = {"carrynet", "any", NULL};

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static carrynet_status print(sys_text *text, carrynet_status status)
{
    if (status == CARRYNET_OK && text->failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "not enough memory to write a verdict down");
    if (status == CARRYNET_OK) {
        console_progress_clear();
        console_fold(stdout, 0, 0, text->data);
        (void)putchar('\n');
    }
    sys_text_free(text);
    return status;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

void prove_report_cells(sys_text *text, const carrynet_checked *checked)
{
    sys_text_add(text, "%" PRIu32 " cell%s, depth %" PRIu32 ", margin %.3g", checked->cells, plural(checked->cells),
                 checked->depth, checked->margin);
}

static void add_states(sys_text *text, const carrynet_proof *proof)
{
    sys_text_add(text, "%" PRIu64 " reachable state%s, the farthest after %" PRIu32 " symbol%s, least |logit| %.9g",
                 proof->states, plural(proof->states), proof->levels, plural(proof->levels), proof->exact_margin);
}

static void add_place(sys_text *text, const carrynet_counterexample *wrong, const carrynet_task *task)
{
    sys_text_add(text, "bit %zu", wrong->steps - 1);
    if (task->outputs > 1)
        sys_text_add(text, " of output %" PRIu32, wrong->output);
    sys_text_add(text, " must be %" PRIu32 ", its logit is %.4g", wrong->right, wrong->logit);
}

static void add_proved(sys_text *text, const carrynet_proof *proof)
{
    sys_text_add(text, "PROVED for every length");
    if (proof->by_ellipsoids && proof->checked.bounds == CARRYNET_BOUNDS_ANY)
        sys_text_add(text, ", in any program's arithmetic");
    if (proof->by_ellipsoids) {
        sys_text_add(text, "\nBy ellipsoids: ");
        prove_report_cells(text, &proof->checked);
        sys_text_add(text, ", with an error of %.2g allowed in every hidden value of every step", proof->checked.error);
    }
    if (proof->by_exhaustion) {
        sys_text_add(text, "\nBy exhaustion: ");
        add_states(text, proof);
    } else if (proof->stepped > 0) {
        sys_text_add(text, "\nBy exhaustion: open, more than %" PRIu64 " reachable states", proof->states);
    }
}

static carrynet_status add_refuted(sys_text *text, const prove_result *result, const carrynet_task *task)
{
    const carrynet_counterexample *wrong = &result->proof.wrong;
    sys_text_add(text, "REFUTED\n");
    const carrynet_status status = wrong_sum_text(text, &result->wrong, task);
    sys_text_add(text, "\nCounted from 0, ");
    add_place(text, wrong, task);
    sys_text_add(text, "; %s", wrong->shortest ? "no shorter word goes wrong" : "the shortest that was found");
    return status;
}

carrynet_status prove_report_text(sys_text *text, const prove_result *result, const carrynet_task *task)
{
    switch (result->proof.verdict) {
    case CARRYNET_VERDICT_PROVED:
        add_proved(text, &result->proof);
        return CARRYNET_OK;
    case CARRYNET_VERDICT_REFUTED:
        return add_refuted(text, result, task);
    case CARRYNET_VERDICT_UNKNOWN:
        break;
    }
    sys_text_add(text, "UNKNOWN: %s", result->proof.reason);
    return CARRYNET_OK;
}

carrynet_status prove_report_alone(const prove_result *result, const carrynet_task *task)
{
    sys_text text = {0};
    const carrynet_status status = prove_report_text(&text, result, task);
    return print(&text, status);
}

carrynet_status prove_report_row(const prove_result *result, const carrynet_task *task, bool whole)
{
    const carrynet_proof *proof = &result->proof;
    carrynet_status status = CARRYNET_OK;
    sys_text text = {0};
    sys_text_add(&text, "Network %zu, seed %" PRIu64 ": ", result->network, result->seed);
    switch (proof->verdict) {
    case CARRYNET_VERDICT_PROVED:
        sys_text_add(&text, "PROVED, ");
        if (proof->by_ellipsoids)
            prove_report_cells(&text, &proof->checked);
        if (proof->by_exhaustion) {
            sys_text_add(&text, proof->by_ellipsoids ? "; " : "");
            add_states(&text, proof);
        }
        break;
    case CARRYNET_VERDICT_REFUTED:
        sys_text_add(&text, "REFUTED, ");
        if (whole) {
            status = wrong_sum_text(&text, &result->wrong, task);
            sys_text_add(&text, "; ");
        }
        add_place(&text, &proof->wrong, task);
        if (whole)
            sys_text_add(&text, proof->wrong.shortest ? " (shortest)" : " (shortest found)");
        break;
    case CARRYNET_VERDICT_UNKNOWN:
        sys_text_add(&text, "UNKNOWN, %s", proof->reason);
        break;
    }
    return print(&text, status);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

void prove_report_checked(json_t *object, const carrynet_checked *checked)
{
    json_put(object, "arithmetic", json_of_text(prove_arithmetics[checked->bounds]));
    json_put(object, "cells", json_of_count(checked->cells));
    json_put(object, "depth", json_of_count(checked->depth));
    json_put(object, "steps", json_of_count(checked->steps));
    json_put(object, "margin", json_of_real(checked->margin));
    json_put(object, "error", json_of_real(checked->error));
}

static carrynet_status put_wrong(json_t *object, const prove_result *result, const carrynet_task *task)
{
    const carrynet_counterexample *wrong = &result->proof.wrong;
    json_t *found = json_object();
    const carrynet_status status = wrong_sum_json(found, &result->wrong, task);
    json_put(found, "symbols", json_of_count(wrong->steps));
    json_put(found, "bit", json_of_count(wrong->steps - 1));
    json_put(found, "output", json_of_count(wrong->output));
    json_put(found, "right_bit", json_of_count(wrong->right));
    json_put(found, "logit", json_of_real(wrong->logit));
    json_put(found, "shortest", json_boolean(wrong->shortest));
    json_put(object, "wrong", found);
    return status;
}

carrynet_status prove_report_json(json_t *array, const prove_result *result, const carrynet_task *task)
{
    static const char *const verdicts[] = {"unknown", "proved", "refuted"};
    const carrynet_proof *proof = &result->proof;
    carrynet_status status = CARRYNET_OK;
    json_t *object = json_object();
    json_put(object, "network", json_of_count(result->network));
    json_put(object, "seed", json_of_count(result->seed));
    json_put(object, "verdict", json_of_text(verdicts[proof->verdict]));
    json_put(object, "by_ellipsoids", json_boolean(proof->by_ellipsoids));
    json_put(object, "by_exhaustion", json_boolean(proof->by_exhaustion));
    json_put(object, "aborted", json_boolean(proof->aborted));
    if (proof->verdict == CARRYNET_VERDICT_UNKNOWN)
        json_put(object, "reason", json_of_text(proof->reason));
    if (result->wrong.given != NULL)
        status = put_wrong(object, result, task);
    json_put(object, "steps_tried", json_of_count(proof->steps));
    if (proof->by_ellipsoids) {
        json_t *certificate = json_object();
        json_put(certificate, "digest", json_of_text(proof->checked.network));
        json_put(certificate, "bytes", json_of_count(proof->certificate_size));
        prove_report_checked(certificate, &proof->checked);
        json_put(object, "certificate", certificate);
    }
    if (proof->stepped > 0) {
        json_t *exhaustion = json_object();
        json_put(exhaustion, "states", json_of_count(proof->states));
        json_put(exhaustion, "stepped", json_of_count(proof->stepped));
        json_put(exhaustion, "symbols", json_of_count(proof->levels));
        json_put(exhaustion, "margin", json_of_real(proof->exact_margin));
        json_put(object, "exhaustion", exhaustion);
    }
    json_append(array, object);
    return status;
}
