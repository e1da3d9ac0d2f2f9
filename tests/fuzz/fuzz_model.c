/*
 * Model files: safetensors, metadata, the networks' records (host/model). What is read is saved, read again, and asked
 * for an answer. How: 0 as it is, else header and data with the right length before them.
 */
#include "fuzz.h"
#include <string.h>

static const char *path, *again;

void fuzz_prepare(void)
{
    path = fuzz_path("model");
    again = fuzz_path("again");
}

void fuzz_seeds(void)
{
    static const struct {
        const char *task;
        uint32_t hidden, networks;
        bool bias;
        carrynet_precision precision;
    } kinds[] = {{"add", 2, 1, false, CARRYNET_FP32},
                 {"sub", 1, 3, true, CARRYNET_FP64},
                 {"add3", 3, 2, true, CARRYNET_FP32},
                 {"tomita7", 17, 1, false, CARRYNET_FP64}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
        size_t size = 0;
        carrynet_model *model =
            fuzz_model(kinds[i].task, kinds[i].hidden, kinds[i].networks, kinds[i].bias, kinds[i].precision);
        fuzz_must(carrynet_model_save(model, path) == CARRYNET_OK, "a seed is saved");
        char *file = fuzz_read(&size, path);
        fuzz_seed(kinds[i].task, 0, file, size);
        sys_free(file);
        uint8_t *parts = fuzz_take_tensors(&size, path);
        sys_text name = {0};
        sys_text_add(&name, "%s-parts", kinds[i].task);
        fuzz_seed(name.data, 1, parts, size);
        sys_text_free(&name);
        sys_free(parts);
        carrynet_model_free(model);
    }
}

static void ask(const carrynet_model *model)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const char *const operands[CARRYNET_TASK_INPUTS] = {"13", "6", "5", "4"};
    const carrynet_engine_options options = {.device = "reference"};
    carrynet_engine *engine = NULL;
    char **answers = NULL;
    if (carrynet_model_engine(&engine, model, settings->networks - 1, 1, &options) == CARRYNET_OK &&
        carrynet_solve(&answers, engine, &settings->task, 0, operands, 1) == CARRYNET_OK)
        carrynet_answers_free(answers, 1);
    carrynet_engine_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    carrynet_model *model = NULL, *same = NULL;
    char digests[2][CARRYNET_DIGEST_TEXT];
    if (size < 1)
        return 0;
    if (data[0] == 0)
        fuzz_write(path, data + 1, size - 1);
    else
        fuzz_write_tensors(path, data + 1, size - 1);
    const carrynet_status status = carrynet_model_load(&model, path);
    fuzz_answered(status);
    if (status != CARRYNET_OK)
        return 0;
    const size_t last = carrynet_model_settings(model)->networks - 1;
    fuzz_must(carrynet_model_save(model, again) == CARRYNET_OK, "what was read can be saved");
    fuzz_must(carrynet_model_load(&same, again) == CARRYNET_OK, "what was saved can be read");
    fuzz_must(carrynet_network_digest(digests[0], model, last) == CARRYNET_OK, "a digest");
    fuzz_must(carrynet_network_digest(digests[1], same, last) == CARRYNET_OK, "a digest");
    fuzz_must(strcmp(digests[0], digests[1]) == 0, "the same network comes back");
    ask(model);
    carrynet_model_free(model);
    carrynet_model_free(same);
    return 0;
}
