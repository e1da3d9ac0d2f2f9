/*
 * Held-out problems of the validation set (kernels/ARITHMETIC.md 6 and 7): selected once, then run forward for each
 * report. No result depends on them, so they are only measured if there is a report.
 */
#include "eval/held_out.h"
#include "platform/platform.h"
#include <string.h>

carrynet_status held_out_open(struct held_out *held, const carrynet_settings *settings, const carrynet_batch *check)
{
    const carrynet_task *task = &settings->task;
    carrynet_batch *batch = &held->batch;
    *held = (struct held_out){{task, settings->split_seed, settings->train_fraction}, {0}};
    if (settings->train_fraction == 0)
        return CARRYNET_OK;
    carrynet_status status = carrynet_batch_create(batch, task, check->sequences, check->steps);
    if (status != CARRYNET_OK)
        return status;
    batch->sequences = 0;
    for (size_t s = 0; s < check->sequences; ++s) {
        const uint32_t *symbols = check->symbols + s * check->symbol_words;
        if (!carrynet_held_out(&held->split, symbols, check->steps))
            continue;
        memcpy(batch->symbols + batch->sequences * batch->symbol_words, symbols,
               batch->symbol_words * sizeof *batch->symbols);
        memcpy(batch->targets + batch->sequences * batch->target_words, check->targets + s * check->target_words,
               batch->target_words * sizeof *batch->targets);
        ++batch->sequences;
    }
    const bool every = check->sequences == carrynet_problem_count(task, check->steps);
    if (every && (batch->sequences == 0 || batch->sequences == check->sequences))
        status = sys_fail(CARRYNET_ERROR_ARGUMENT,
                          "split seed %llu with train-fraction %g %s of all %zu problems; choose another split-seed, "
                          "another train-fraction or more bits",
                          (unsigned long long)settings->split_seed, settings->train_fraction,
                          batch->sequences == 0 ? "holds out none" : "leaves none to draw", check->sequences);
    return status;
}

void held_out_close(struct held_out *held)
{
    carrynet_batch_free(&held->batch);
}

/* The sum of the shares of the engine's networks. */
static carrynet_status add_shares(double *sum, const struct held_out *held, carrynet_engine *engine)
{
    const uint32_t networks = carrynet_engine_settings(engine)->networks;
    carrynet_metrics *metrics = NULL;
    carrynet_status status = sys_allocate(&metrics, networks, sizeof *metrics);
    if (status == CARRYNET_OK)
        status = carrynet_engine_forward(engine, &held->batch, &(carrynet_forward){.metrics = metrics});
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
        *sum += (double)metrics[n].wrong_sequences / (double)held->batch.sequences;
    sys_free(metrics);
    return status;
}

carrynet_status held_out_measure(double *wrong_share, const struct held_out *held, carrynet_engine *engine)
{
    double sum = 0;
    const carrynet_status status = add_shares(&sum, held, engine);
    *wrong_share = sum / carrynet_engine_settings(engine)->networks;
    return status;
}

/* Whether a network diverged: no training ends with weights that are all zero. */
static bool is_diverged(const carrynet_model *model, uint32_t network)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const size_t bytes = carrynet_shape_trained(&settings->shape) * (settings->precision / 8);
    const size_t stride = carrynet_shape_size(&settings->shape) * (settings->precision / 8);
    const char *values = (const char *)carrynet_model_values_const(model) + network * stride;
    for (size_t i = 0; i < bytes; ++i)
        if (values[i] != 0)
            return false;
    return true;
}

carrynet_status held_out_measure_model(double *wrong_share, const struct held_out *held, const carrynet_model *model,
                                       uint32_t most, const carrynet_engine_options *options)
{
    const uint32_t networks = carrynet_model_settings(model)->networks;
    carrynet_model *sound = NULL;
    uint32_t *which = NULL, count = 0;
    double sum = 0;
    carrynet_status status = sys_allocate(&which, networks, sizeof *which);
    for (uint32_t n = 0; n < networks && status == CARRYNET_OK; ++n)
        if (!is_diverged(model, n))
            which[count++] = n;
    if (status == CARRYNET_OK && count > 0)
        status = carrynet_model_select(&sound, model, which, count);
    for (uint32_t first = 0; first < count && status == CARRYNET_OK; first += most) {
        carrynet_engine *engine = NULL;
        status = carrynet_model_engine(&engine, sound, first, count - first < most ? count - first : most, options);
        if (status == CARRYNET_OK)
            status = add_shares(&sum, held, engine);
        carrynet_engine_free(engine);
    }
    *wrong_share = (sum + (networks - count)) / networks;
    carrynet_model_free(sound);
    sys_free(which);
    return status;
}
