/*
 * A model file opened for the commands that query it. One engine serves all networks of a file in turn, since building
 * kernels takes longer than most queries.
 */
#include "cli/saved_network.h"
#include "cli/console.h"
#include "cli/device_options.h"

bool saved_network_load(saved_network *saved, const cli_arguments *arguments, const cli_value *net, int *code)
{
    const char *path = arguments->operands[0];
    *saved = (saved_network){0};
    const carrynet_status status = carrynet_model_load(&saved->model, path);
    if (status != CARRYNET_OK) {
        *code = console_status(status);
        return false;
    }
    saved->settings = carrynet_model_settings(saved->model);
    saved->networks = carrynet_model_networks_const(saved->model);
    if (net != NULL && net->given && net->count >= saved->settings->networks) {
        if (saved->settings->networks == 1)
            *code = arguments_wrong(arguments, "--net is %llu, but %s has one network, number 0",
                                    (unsigned long long)net->count, path);
        else
            *code = arguments_wrong(arguments, "--net is %llu, but %s has networks 0 to %lu",
                                    (unsigned long long)net->count, path, (unsigned long)saved->settings->networks - 1);
        return false;
    }
    saved->network = net != NULL && net->given ? (size_t)net->count : 0;
    *code = EXIT_CODE_DONE;
    return true;
}

bool saved_network_open(saved_network *saved, const cli_arguments *arguments, const cli_value *net, const char *device,
                        int *code)
{
    carrynet_engine_options options;
    engine_from_options(&options, device); /* before anything else of the library */
    if (!saved_network_load(saved, arguments, net, code))
        return false;
    saved->options = options;
    const carrynet_status status =
        carrynet_model_engine(&saved->engine, saved->model, saved->network, 1, &saved->options);
    if (status != CARRYNET_OK)
        *code = engine_status(status, &saved->options);
    return status == CARRYNET_OK;
}

void saved_network_close(saved_network *saved)
{
    carrynet_engine_free(saved->engine);
    carrynet_model_free(saved->model);
    *saved = (saved_network){0};
}

carrynet_status saved_network_choose(saved_network *saved, size_t network)
{
    const size_t size = carrynet_shape_size(&saved->settings->shape);
    const size_t bytes = size * (saved->settings->precision / 8);
    const char *values = carrynet_model_values_const(saved->model);
    const carrynet_status status =
        carrynet_engine_set(saved->engine, CARRYNET_PART_PARAMETERS, 0, 1, values + network * bytes);
    if (status == CARRYNET_OK)
        saved->network = network;
    return status;
}

carrynet_status saved_network_outputs(saved_network *saved, const uint32_t *symbols, size_t steps, uint32_t *outputs,
                                      double *logits)
{
    /* A multiple of the symbols of a word for every width, so that each piece starts with a whole word. */
    enum { PIECE = 4000 };
    const carrynet_task *task = &saved->settings->task;
    const carrynet_precision precision = saved->settings->precision;
    const size_t size = precision / 8, most = steps < PIECE ? steps : PIECE;
    void *z = NULL, *state = NULL;
    uint32_t *targets = NULL;
    carrynet_status status = sys_allocate(&z, most * task->outputs, size);
    if (status == CARRYNET_OK)
        status = sys_allocate(&state, saved->settings->shape.hidden, size);
    if (status == CARRYNET_OK)
        status = sys_allocate(&targets, carrynet_packed_words(task->outputs, most), sizeof *targets);
    for (size_t first = 0; first < steps && status == CARRYNET_OK; first += PIECE) {
        const size_t count = steps - first < PIECE ? steps - first : PIECE;
        const carrynet_batch batch = {
            .sequences = 1,
            .steps = count,
            .symbol_words = carrynet_packed_words(task->inputs, count),
            .target_words = carrynet_packed_words(task->outputs, count),
            /* Forward passes only read the batch. */
            .symbols = (uint32_t *)(uintptr_t)(symbols + carrynet_packed_words(task->inputs, first)),
            .targets = targets,
        };
        const carrynet_forward forward = {.z = z, .state = state, .resume = first > 0};
        status = carrynet_engine_forward(saved->engine, &batch, &forward);
        for (size_t t = 0; t < count && status == CARRYNET_OK; ++t) {
            uint32_t bits = 0;
            for (uint32_t o = 0; o < task->outputs; ++o) {
                const size_t at = t * task->outputs + o;
                const double logit = carrynet_value(z, precision, at);
                bits |= (uint32_t)(logit > 0) << o;
                if (logits != NULL)
                    logits[first * task->outputs + at] = logit;
            }
            carrynet_packed_set(outputs, task->outputs, first + t, bits);
        }
    }
    sys_free(z);
    sys_free(state);
    sys_free(targets);
    return status;
}
