/* Proofs as bytes. Both processes run the same build (carrynet_comm_create checks), so the struct itself is sent. */
#include "prove/proof_bytes.h"
#include <string.h>

static size_t symbol_bytes(const carrynet_counterexample *wrong, const carrynet_task *task)
{
    return carrynet_packed_words(task->inputs, wrong->steps) * sizeof *wrong->symbols;
}

void proof_put(sys_text *bytes, const carrynet_proof *proof, const carrynet_task *task)
{
    sys_text_append(bytes, (const char *)proof, sizeof *proof);
    if (proof->wrong.symbols != NULL)
        sys_text_append(bytes, (const char *)proof->wrong.symbols, symbol_bytes(&proof->wrong, task));
    if (proof->certificate != NULL)
        sys_text_append(bytes, proof->certificate, proof->certificate_size);
}

carrynet_status proof_take(carrynet_proof *proof, const char *bytes, size_t size, const carrynet_task *task)
{
    *proof = (carrynet_proof){0};
    if (size < sizeof *proof)
        return sys_fail(CARRYNET_ERROR_FORMAT, "a proof of another rank has %zu bytes", size);
    memcpy(proof, bytes, sizeof *proof);
    /* Where these were not NULL, what they pointed to follows. */
    const bool wrong = proof->wrong.symbols != NULL, certified = proof->certificate != NULL;
    const size_t symbols = wrong ? symbol_bytes(&proof->wrong, task) : 0;
    const size_t certificate = certified ? proof->certificate_size : 0;
    proof->wrong.symbols = NULL;
    proof->certificate = NULL;
    if (size - sizeof *proof < symbols || size - sizeof *proof - symbols != certificate)
        return sys_fail(CARRYNET_ERROR_FORMAT, "a proof of another rank has %zu bytes", size);
    carrynet_status status = CARRYNET_OK;
    if (wrong)
        status = sys_allocate(&proof->wrong.symbols, symbols, 1);
    if (status == CARRYNET_OK && wrong)
        memcpy(proof->wrong.symbols, bytes + sizeof *proof, symbols);
    if (status == CARRYNET_OK && certified)
        status = sys_allocate(&proof->certificate, certificate + 1, 1);
    if (status == CARRYNET_OK && certified)
        memcpy(proof->certificate, bytes + sizeof *proof + symbols, certificate);
    return status;
}
