/*
 * One problem, step by step: inputs, hidden values and outputs of the network, and the automaton's targets and states.
 */
#include "engine/stream.h"
#include "model/value.h"
#include "platform/platform.h"
#include <carrynet/evaluate.h>
#include <string.h>

static carrynet_status allocate(carrynet_sample *sample)
{
    carrynet_status status = sys_allocate(&sample->symbols, sample->steps, sizeof *sample->symbols);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sample->targets, sample->steps, sizeof *sample->targets);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sample->bits, sample->steps, sizeof *sample->bits);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sample->states, sample->steps, sizeof *sample->states);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sample->y, sample->steps * sample->outputs, sizeof *sample->y);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sample->h, sample->steps * sample->hidden, sizeof *sample->h);
    return status;
}

carrynet_status carrynet_sample_run(carrynet_sample *sample, carrynet_engine *engine, const carrynet_task *task,
                                    size_t network, const uint32_t *symbols, size_t steps)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t networks = settings->networks, value = settings->precision / 8;
    carrynet_batch batch = {0};
    char *y = NULL, *z = NULL, *h = NULL;
    *sample = (carrynet_sample){
        .steps = steps,
        .inputs = task->inputs,
        .outputs = task->outputs,
        .hidden = settings->shape.hidden,
    };
    carrynet_status status = stream_fits(engine, task, network);
    if (status != CARRYNET_OK)
        return status;
    status = carrynet_batch_create(&batch, task, 1, steps);
    if (status == CARRYNET_OK)
        status = allocate(sample);
    if (status == CARRYNET_OK)
        status = sys_allocate(&y, networks * steps, sample->outputs * value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&z, networks * steps, sample->outputs * value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&h, networks * steps, sample->hidden * value);
    if (status != CARRYNET_OK)
        goto done;
    memcpy(batch.symbols, symbols, batch.symbol_words * sizeof *symbols);
    (void)carrynet_targets(task, task->start, batch.symbols, steps, batch.targets);
    status = carrynet_engine_forward(engine, &batch, &(carrynet_forward){.y = y, .z = z, .h = h});
    uint32_t state = task->start;
    for (size_t t = 0; t < steps && status == CARRYNET_OK; ++t) {
        sample->symbols[t] = carrynet_packed_get(batch.symbols, task->inputs, t);
        sample->targets[t] = carrynet_task_step(task, &state, sample->symbols[t]);
        sample->states[t] = state;
        for (uint32_t o = 0; o < sample->outputs; ++o) {
            const size_t i = (network * steps + t) * sample->outputs + o;
            const double answer = net_value(y, settings->precision, i);
            const double target = (double)(sample->targets[t] >> o & 1);
            sample->y[t * sample->outputs + o] = answer;
            sample->bits[t] |= (uint32_t)(net_value(z, settings->precision, i) > 0) << o;
            sample->error += target > answer ? target - answer : answer - target;
        }
        for (uint32_t j = 0; j < sample->hidden; ++j)
            sample->h[t * sample->hidden + j] =
                net_value(h, settings->precision, (network * steps + t) * sample->hidden + j);
    }
done:
    sys_free(h);
    sys_free(z);
    sys_free(y);
    carrynet_batch_free(&batch);
    if (status != CARRYNET_OK)
        carrynet_sample_free(sample);
    return status;
}

void carrynet_sample_free(carrynet_sample *sample)
{
    sys_free(sample->symbols);
    sys_free(sample->targets);
    sys_free(sample->bits);
    sys_free(sample->states);
    sys_free(sample->y);
    sys_free(sample->h);
    *sample = (carrynet_sample){0};
}
