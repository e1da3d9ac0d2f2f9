/*
 * Long sequences in windows of steps, so that memory on the device does not grow with their length: the hidden state is
 * carried from window to window, which gives the same bits as one pass.
 */
#include "engine/stream.h"
#include "model/value.h"
#include "platform/platform.h"
#include "task/task_fit.h"
#include <string.h>

/* A multiple of the symbols a word for 1, 2, 3 and 4 bits (32, 16, 10, 8), so that windows begin with whole words. */
enum { WINDOW = 960 };

/* Words first, ..., first + width - 1 of every sequence: to [sequences][width] from [sequences][words]. */
static void cut(uint32_t *to, size_t width, const uint32_t *from, size_t words, size_t first, size_t sequences)
{
    for (size_t s = 0; s < sequences; ++s)
        memcpy(to + s * width, from + s * words + first, width * sizeof *to);
}

carrynet_status stream_fits(const carrynet_engine *engine, const carrynet_task *task, size_t network)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    carrynet_status status = task_check_fit(task, settings->shape.inputs, settings->shape.outputs);
    if (status == CARRYNET_OK && network >= settings->networks)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "network %zu of %u", network, settings->networks);
    return status;
}

carrynet_status stream_bits(uint32_t *bits, carrynet_engine *engine, size_t network, const carrynet_batch *batch)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t sequences = batch->sequences, networks = settings->networks, value = settings->precision / 8;
    const uint32_t inputs = settings->shape.inputs, outputs = settings->shape.outputs;
    const size_t widest = batch->steps < WINDOW ? batch->steps : WINDOW;
    carrynet_batch window = {0};
    char *z = NULL, *state = NULL;
    carrynet_status status = carrynet_batch_create(&window, &settings->task, sequences, widest);
    if (status == CARRYNET_OK)
        status = sys_allocate(&z, networks * sequences, widest * outputs * value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&state, networks * sequences, settings->shape.hidden * value);
    memset(bits, 0, sequences * batch->target_words * sizeof *bits);
    for (size_t first = 0; first < batch->steps && status == CARRYNET_OK; first += widest) {
        window.steps = batch->steps - first < widest ? batch->steps - first : widest;
        window.symbol_words = carrynet_packed_words(inputs, window.steps);
        window.target_words = carrynet_packed_words(outputs, window.steps);
        cut(window.symbols, window.symbol_words, batch->symbols, batch->symbol_words, first / (32 / inputs), sequences);
        status =
            carrynet_engine_forward(engine, &window, &(carrynet_forward){.z = z, .state = state, .resume = first > 0});
        for (size_t s = 0; s < sequences && status == CARRYNET_OK; ++s)
            for (size_t t = 0; t < window.steps; ++t) {
                uint32_t symbol = 0;
                for (uint32_t o = 0; o < outputs; ++o) {
                    const size_t i = (((network * sequences + s) * window.steps) + t) * outputs + o;
                    symbol |= (uint32_t)(net_value(z, settings->precision, i) > 0) << o;
                }
                carrynet_packed_set(bits + s * batch->target_words, outputs, first + t, symbol);
            }
    }
    sys_free(state);
    sys_free(z);
    carrynet_batch_free(&window);
    return status;
}
