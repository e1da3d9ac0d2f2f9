/*
 * Certificates of a training. A proof depends on counts and weights alone, so it is repeated after the training with
 * the same outcome, and need not be kept until the model is saved.
 */
#include "cli/train_proof.h"
#include "cli/job_ranks.h"
#include <carrynet/prove.h>
#include <inttypes.h>
#include <stdio.h>

carrynet_status train_proof_prepare(train_proof *proof, const char *model_path)
{
    *proof = (train_proof){0};
    sys_text_add(&proof->path, "%s.cert", model_path);
    return proof->path.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name")
                              : job_writable(proof->path.data);
}

void train_proof_free(train_proof *proof)
{
    sys_text_free(&proof->path);
}

/* ---- once more ------------------------------------------------------------------------------------------------- */

/* A network's proof, and why there is none; messages are of their thread. */
struct again {
    size_t network;
    carrynet_proof proof;
    carrynet_status status;
    char message[256];
};

struct task {
    const carrynet_model *model;
    struct again *again;
};

static void prove_again(void *self, size_t i)
{
    const struct task *task = self;
    struct again *again = &task->again[i];
    carrynet_prove_options options;
    carrynet_train_proof(&options);
    again->status = carrynet_prove(&again->proof, task->model, again->network, NULL, NULL, &options);
    if (again->status != CARRYNET_OK)
        (void)snprintf(again->message, sizeof again->message, "%s", carrynet_message());
}

static carrynet_status take(train_proof *proof, sys_text *text, const struct again *again)
{
    const carrynet_checked *checked = &again->proof.checked;
    if (again->status != CARRYNET_OK)
        return sys_fail(again->status, "%s", again->message);
    if (!again->proof.by_ellipsoids)
        return sys_fail(CARRYNET_ERROR_NUMERIC,
                        "network %zu was proved in training, but not again: a defect of the prover or of this machine; "
                        "please report it with the model",
                        again->network);
    sys_text_append(text, again->proof.certificate, again->proof.certificate_size);
    proof->cells += checked->cells;
    proof->depth = checked->depth > proof->depth ? checked->depth : proof->depth;
    proof->margin = proof->proved == 0 || checked->margin < proof->margin ? checked->margin : proof->margin;
    ++proof->proved;
    return CARRYNET_OK;
}

carrynet_status train_proof_write(train_proof *proof, const carrynet_model *model, const bool *proved)
{
    enum { CHUNK = 256 };
    const uint32_t networks = carrynet_model_settings(model)->networks;
    struct again *again = NULL;
    sys_text text = {0};
    carrynet_status status = sys_allocate(&again, CHUNK, sizeof *again);
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK;) {
        size_t count = 0;
        for (; n < networks && count < CHUNK; ++n)
            if (proved[n])
                again[count++] = (struct again){.network = n};
        sys_parallel(count, prove_again, &(struct task){model, again});
        for (size_t i = 0; i < count; ++i) {
            if (status == CARRYNET_OK)
                status = take(proof, &text, &again[i]);
            carrynet_proof_free(&again[i].proof);
        }
    }
    if (status == CARRYNET_OK && text.failed)
        status =
            sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the certificates of %" PRIu32 " networks", proof->proved);
    if (status == CARRYNET_OK && proof->proved > 0) {
        status = sys_write_file(proof->path.data, (const void *const[]){text.data}, &text.size, 1);
        proof->written = status == CARRYNET_OK;
    }
    sys_text_free(&text);
    sys_free(again);
    return status;
}
