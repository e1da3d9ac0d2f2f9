/*
 * The engine: checks arguments, fills the sequences of each update from the source, and hands passes and updates to its
 * backend.
 */
#include "comm/collectives.h"
#include "engine/backends.h"
#include "engine/rates.h"
#include "kernels/arithmetic.h"
#include "model/value.h"
#include "platform/environment.h"
#include "platform/platform.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rates of updates that are handed to a device at once. */
enum { MOST_RATES = 1 << 16 };

struct carrynet_engine {
    carrynet_settings settings;
    carrynet_comm *comm; /* which go into an operation of the backend together, or not at all */
    struct backend *backend;
    carrynet_network_config *configs; /* [networks] */
    struct net_rates *rates;          /* [updates][networks], those that are handed on at once */
    size_t rates_capacity;
    carrynet_metrics *metrics; /* [networks], for the caller who gives none */
    char description[BACKEND_DESCRIPTION];
};

void carrynet_engine_options_init(carrynet_engine_options *options)
{
    *options = (carrynet_engine_options){0};
}

/* Weights of networks from their seeds and scales, moments zero, no updates. */
static carrynet_status initialize(carrynet_engine *engine, size_t first, size_t count)
{
    const carrynet_settings *settings = &engine->settings;
    const size_t size = carrynet_shape_size(&settings->shape), value = settings->precision / 8;
    /* A chunk at a time, so that a million networks need no second copy of themselves. */
    const size_t chunk = count < 1024 ? count : 1024;
    char *values = NULL, *zeros = NULL;
    carrynet_status status = sys_allocate(&values, chunk, size * value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&zeros, chunk, size * value);
    status = comm_allreduce_status(engine->comm, status);
    for (size_t done = 0; done < count && status == CARRYNET_OK; done += chunk) {
        const size_t part = count - done < chunk ? count - done : chunk;
        for (size_t n = 0; n < part; ++n) {
            carrynet_network_config *one = &engine->configs[first + done + n];
            one->updates = 0;
            carrynet_initialize(values + n * size * value, &settings->shape, settings->precision, one->seed,
                                one->scale);
        }
        status =
            engine->backend->operations->set(engine->backend, CARRYNET_PART_PARAMETERS, first + done, part, values);
        if (status == CARRYNET_OK && net_first_moment(settings->optimizer))
            status = engine->backend->operations->set(engine->backend, CARRYNET_PART_FIRST_MOMENT, first + done, part,
                                                      zeros);
        if (status == CARRYNET_OK && net_second_moment(settings->optimizer))
            status = engine->backend->operations->set(engine->backend, CARRYNET_PART_SECOND_MOMENT, first + done, part,
                                                      zeros);
    }
    sys_free(zeros);
    sys_free(values);
    return status;
}

carrynet_network_config carrynet_network_config_of(const carrynet_settings *settings, uint32_t network)
{
    return (carrynet_network_config){
        .seed = settings->seed + network,
        .problem_seed = settings->seed + network,
        .rate = settings->rate,
        .noise = settings->noise,
        .scale = settings->scale,
    };
}

carrynet_status carrynet_engine_create(carrynet_engine **out, const carrynet_settings *settings,
                                       const carrynet_engine_options *options)
{
    carrynet_engine *engine = NULL;
    carrynet_engine_options automatic;
    carrynet_engine_options_init(&automatic);
    *out = NULL;
    carrynet_status status = carrynet_settings_check(settings);
    if (status == CARRYNET_OK)
        status = sys_allocate(&engine, 1, sizeof *engine);
    if (status != CARRYNET_OK)
        return status;
    const fenv_t environment = sys_enter_arithmetic();
    engine->settings = *settings;
    engine->comm = options != NULL ? options->comm : NULL;
    /* The backend first: it computes what the networks take before anything is allocated. */
    status = engine_open_backend(&engine->backend, &engine->settings, options != NULL ? options : &automatic,
                                 engine->description);
    if (status == CARRYNET_OK)
        status = sys_allocate(&engine->configs, settings->networks, sizeof *engine->configs);
    if (status == CARRYNET_OK)
        status = sys_allocate(&engine->rates, settings->networks, sizeof *engine->rates);
    engine->rates_capacity = settings->networks;
    if (status == CARRYNET_OK)
        status = sys_allocate(&engine->metrics, settings->networks, sizeof *engine->metrics);
    status = comm_allreduce_status(engine->comm, status);
    for (uint32_t n = 0; n < settings->networks && status == CARRYNET_OK; ++n)
        engine->configs[n] = carrynet_network_config_of(settings, n);
    if (status == CARRYNET_OK)
        status = initialize(engine, 0, settings->networks);
    if (status == CARRYNET_OK)
        *out = engine;
    else
        carrynet_engine_free(engine);
    return sys_leave_arithmetic(&environment, status);
}

void carrynet_engine_free(carrynet_engine *engine)
{
    if (engine == NULL)
        return;
    backend_free(engine->backend);
    sys_free(engine->configs);
    sys_free(engine->rates);
    sys_free(engine->metrics);
    sys_free(engine);
}

const char *carrynet_engine_description(const carrynet_engine *engine)
{
    return engine->description;
}

const carrynet_settings *carrynet_engine_settings(const carrynet_engine *engine)
{
    return &engine->settings;
}

uint64_t carrynet_engine_memory(const carrynet_engine *engine)
{
    return engine->backend->operations->memory(engine->backend);
}

uint64_t carrynet_engine_need(const carrynet_engine *engine)
{
    return engine->backend->operations->need(engine->backend);
}

carrynet_network_config *carrynet_engine_network_configs(carrynet_engine *engine)
{
    return engine->configs;
}

static carrynet_status check_part(const carrynet_engine *engine, carrynet_part part, size_t first, size_t count)
{
    const carrynet_optimizer optimizer = engine->settings.optimizer;
    const bool present = part == CARRYNET_PART_PARAMETERS ||
                         (part == CARRYNET_PART_FIRST_MOMENT && net_first_moment(optimizer)) ||
                         (part == CARRYNET_PART_SECOND_MOMENT && net_second_moment(optimizer));
    if (!present)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "optimizer %s has no such state", carrynet_optimizer_name(optimizer));
    if (first > engine->settings.networks || count > engine->settings.networks - first)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "networks %zu to %zu of %u", first, first + count,
                        engine->settings.networks);
    return CARRYNET_OK;
}

carrynet_status carrynet_engine_get(carrynet_engine *engine, carrynet_part part, size_t first, size_t count,
                                    void *values)
{
    const carrynet_status status = check_part(engine, part, first, count);
    return status != CARRYNET_OK || count == 0
               ? status
               : engine->backend->operations->get(engine->backend, part, first, count, values);
}

carrynet_status carrynet_engine_set(carrynet_engine *engine, carrynet_part part, size_t first, size_t count,
                                    const void *values)
{
    const carrynet_shape *shape = &engine->settings.shape;
    const size_t size = part == CARRYNET_PART_PARAMETERS ? carrynet_shape_size(shape) : carrynet_shape_trained(shape);
    float *flushed = NULL;
    carrynet_status status = check_part(engine, part, first, count);
    if (status != CARRYNET_OK || count == 0)
        return status;
    if (engine->settings.precision == CARRYNET_FP64)
        return engine->backend->operations->set(engine->backend, part, first, count, values);
    status = comm_allreduce_status(engine->comm, sys_allocate(&flushed, count * size, sizeof *flushed));
    for (size_t i = 0; i < count * size && status == CARRYNET_OK; ++i)
        flushed[i] = flush(((const float *)values)[i]);
    if (status == CARRYNET_OK)
        status = engine->backend->operations->set(engine->backend, part, first, count, flushed);
    sys_free(flushed);
    return status;
}

carrynet_status carrynet_engine_initialize(carrynet_engine *engine, size_t first, size_t count)
{
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status = check_part(engine, CARRYNET_PART_PARAMETERS, first, count);
    if (status == CARRYNET_OK && count > 0)
        status = initialize(engine, first, count);
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status carrynet_engine_compact(carrynet_engine *engine, const bool *stays, uint32_t *from, uint32_t *count)
{
    const uint32_t networks = engine->settings.networks;
    uint32_t kept = 0;
    for (uint32_t n = 0; n < networks; ++n)
        kept += stays[n] ? 1 : 0;
    if (kept == 0)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "an engine keeps at least one network");
    for (uint32_t n = 0, late = kept; n < kept; ++n) {
        from[n] = n;
        if (stays[n])
            continue;
        while (!stays[late])
            ++late;
        from[n] = late++;
    }
    const carrynet_status status =
        kept == networks ? CARRYNET_OK : engine->backend->operations->compact(engine->backend, from, kept);
    if (status != CARRYNET_OK)
        return status;
    for (uint32_t n = 0; n < kept; ++n)
        engine->configs[n] = engine->configs[from[n]];
    engine->settings.networks = kept;
    *count = kept;
    return CARRYNET_OK;
}

struct backend *engine_backend(carrynet_engine *engine)
{
    return engine->backend;
}

/* ---- training -------------------------------------------------------------------------------------------------- */

/* "w_hh[3,4] is NaN", of the weight of network 0 that is the first NaN, else of the largest. */
static carrynet_status name_largest(char *text, size_t size, const carrynet_engine *engine)
{
    const carrynet_settings *settings = &engine->settings;
    const size_t count = carrynet_shape_size(&settings->shape);
    void *values = NULL;
    size_t largest = 0;
    carrynet_status status = comm_allreduce_status(engine->comm, sys_allocate(&values, count, settings->precision / 8));
    if (status == CARRYNET_OK)
        status = engine->backend->operations->get(engine->backend, CARRYNET_PART_PARAMETERS, 0, 1, values);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        const double found = net_value(values, settings->precision, largest);
        if (!isnan(found) && !(fabs(net_value(values, settings->precision, i)) <= fabs(found)))
            largest = i;
    }
    for (int p = 0; p < CARRYNET_PARAMETERS && status == CARRYNET_OK; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&settings->shape, (carrynet_parameter)p);
        const size_t i = largest - tensor.offset;
        if (largest < tensor.offset || i >= tensor.size)
            continue;
        const double value = net_value(values, settings->precision, largest);
        char number[SYS_NUMBER];
        (void)snprintf(number, sizeof number, "%.6g", value);
        sys_point(number);
        if (!isfinite(value))
            (void)snprintf(number, sizeof number, "%s", isnan(value) ? "NaN" : "infinite");
        if (tensor.vector)
            (void)snprintf(text, size, "%s[%zu] is %s", tensor.name, i, number);
        else
            (void)snprintf(text, size, "%s[%zu,%zu] is %s", tensor.name, i / tensor.columns, i % tensor.columns,
                           number);
    }
    sys_free(values);
    return status;
}

/* Sets the sequences; NUMERIC if no network has a finite loss any more. */
static carrynet_status check_metrics(const carrynet_engine *engine, carrynet_metrics *metrics, uint64_t sequences)
{
    uint32_t diverged = 0;
    char largest[96] = "unknown";
    for (uint32_t n = 0; n < engine->settings.networks; ++n) {
        metrics[n].sequences = sequences;
        diverged += isfinite(metrics[n].loss) ? 0 : 1;
    }
    if (diverged < engine->settings.networks)
        return CARRYNET_OK;
    const carrynet_status status = name_largest(largest, sizeof largest, engine);
    return status != CARRYNET_OK
               ? status
               : sys_fail(CARRYNET_ERROR_NUMERIC,
                          "the loss of the network with seed %llu%s is %s at update %llu; its largest weight, %s; use "
                          "a smaller learning rate or clip the gradient",
                          (unsigned long long)engine->configs[0].seed, diverged > 1 ? ", as of all others there," : "",
                          isnan(metrics[0].loss) ? "NaN" : "infinite",
                          (unsigned long long)engine->configs[0].updates - 1, largest);
}

/* Room for `count` rates, which grows on all ranks at once. */
static carrynet_status make_rates(carrynet_engine *engine, size_t count)
{
    struct net_rates *more = NULL;
    if (count <= engine->rates_capacity)
        return CARRYNET_OK;
    const carrynet_status status = comm_allreduce_status(engine->comm, sys_allocate(&more, count, sizeof *more));
    sys_free(status == CARRYNET_OK ? engine->rates : more);
    if (status != CARRYNET_OK)
        return status;
    engine->rates = more;
    engine->rates_capacity = count;
    return status;
}

/* As many updates at once as their rates leave room for. */
static carrynet_status train(carrynet_engine *engine, const carrynet_source *source, uint64_t updates)
{
    const carrynet_settings *settings = &engine->settings;
    const uint32_t networks = settings->networks;
    const uint64_t most = networks >= MOST_RATES ? 1 : MOST_RATES / networks;
    const struct net_pass pass = net_training_pass(settings, source->counter, engine->configs);
    uint64_t done = 0;
    carrynet_status status = make_rates(engine, (size_t)(updates < most ? updates : most) * networks);
    if (status != CARRYNET_OK)
        return status;
    do {
        const uint32_t count = (uint32_t)(updates - done < most ? updates - done : most);
        for (uint32_t u = 0; u < count; ++u)
            for (uint32_t n = 0; n < networks; ++n) {
                const carrynet_network_config *one = &engine->configs[n];
                engine->rates[(size_t)u * networks + n] = engine_rates(settings, one->rate, one->updates + u);
            }
        status = backend_train(engine->backend, engine->comm, &pass, engine->configs, networks, source, engine->rates,
                               count);
        done += count;
    } while (done < updates && status == CARRYNET_OK);
    return status;
}

carrynet_status carrynet_engine_train(carrynet_engine *engine, const carrynet_source *source, uint64_t updates,
                                      carrynet_metrics *metrics)
{
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status = train(engine, source, updates);
    if (status == CARRYNET_OK && metrics != NULL && updates > 0) {
        status = engine->backend->operations->get_sums(engine->backend, NULL, metrics);
        if (status == CARRYNET_OK)
            status = check_metrics(engine, metrics, engine->settings.batch);
    }
    return sys_leave_arithmetic(&environment, status);
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

carrynet_status carrynet_engine_profile(carrynet_engine *engine, carrynet_profile *profile)
{
    *profile = (carrynet_profile){0};
    return engine->backend->operations->profile(engine->backend, profile);
}

carrynet_status carrynet_engine_peak(carrynet_engine *engine, double *flops)
{
    const fenv_t environment = sys_enter_arithmetic();
    return sys_leave_arithmetic(&environment, engine->backend->operations->peak(engine->backend, flops));
}

/* ---- single passes --------------------------------------------------------------------------------------------- */

/* What a pass over a batch that all networks share is asked to do. */
static struct net_pass pass_over(const carrynet_batch *batch)
{
    return (struct net_pass){
        .sequences = batch->sequences,
        .steps = batch->steps,
        .symbol_words = batch->symbol_words,
        .target_words = batch->target_words,
        .shared = true,
    };
}

static carrynet_status stage_batch(struct net_pass **staged, carrynet_engine *engine, const struct net_pass *pass,
                                   const carrynet_batch *batch)
{
    if (batch->sequences < 1 || batch->sequences > NET_SEQUENCES)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a batch of %zu sequences, must be 1 to %d", batch->sequences,
                        NET_SEQUENCES);
    if (batch->steps < 1 || batch->steps > UINT32_MAX ||
        batch->symbol_words != carrynet_packed_words(engine->settings.shape.inputs, batch->steps) ||
        batch->target_words != carrynet_packed_words(engine->settings.shape.outputs, batch->steps))
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "the batch is not packed for %u inputs and %u outputs",
                        engine->settings.shape.inputs, engine->settings.shape.outputs);
    const carrynet_status status = engine->backend->operations->stage(engine->backend, staged, pass);
    if (status == CARRYNET_OK) {
        memcpy((*staged)->symbols, batch->symbols, batch->sequences * batch->symbol_words * sizeof(uint32_t));
        memcpy((*staged)->targets, batch->targets, batch->sequences * batch->target_words * sizeof(uint32_t));
    }
    return status;
}

carrynet_status carrynet_engine_gradient(carrynet_engine *engine, const carrynet_batch *batch, uint64_t update,
                                         uint64_t first_sequence, void *values, carrynet_metrics *metrics)
{
    struct net_pass pass = pass_over(batch), *staged = NULL;
    carrynet_network_config *configs = NULL;
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status = sys_allocate(&configs, engine->settings.networks, sizeof *configs);
    for (uint32_t n = 0; n < engine->settings.networks && status == CARRYNET_OK; ++n) {
        configs[n] = engine->configs[n];
        configs[n].updates = update;
    }
    pass.first_sequence = first_sequence;
    pass.configs = configs;
    status = comm_allreduce_status(engine->comm, status);
    if (status == CARRYNET_OK)
        status = stage_batch(&staged, engine, &pass, batch);
    carrynet_metrics *measured = metrics != NULL ? metrics : engine->metrics;
    if (status == CARRYNET_OK)
        status = engine->backend->operations->gradient(engine->backend, staged);
    if (status == CARRYNET_OK)
        status = engine->backend->operations->get_sums(engine->backend, values, measured);
    for (uint32_t n = 0; n < engine->settings.networks && status == CARRYNET_OK; ++n)
        measured[n].sequences = batch->sequences;
    sys_free(configs);
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status carrynet_engine_update(carrynet_engine *engine, const void *values, uint64_t sequences)
{
    if (sequences < 1)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "an update over no sequences");
    const fenv_t environment = sys_enter_arithmetic();
    carrynet_status status =
        comm_allreduce_status(engine->comm, engine->backend->operations->set_sums(engine->backend, values));
    for (uint32_t n = 0; n < engine->settings.networks; ++n)
        engine->rates[n] = engine_rates(&engine->settings, engine->configs[n].rate, engine->configs[n].updates);
    if (status == CARRYNET_OK)
        status = engine->backend->operations->update(engine->backend, engine->rates, sequences);
    for (uint32_t n = 0; n < engine->settings.networks && status == CARRYNET_OK; ++n)
        ++engine->configs[n].updates;
    return sys_leave_arithmetic(&environment, status);
}

carrynet_status carrynet_engine_forward(carrynet_engine *engine, const carrynet_batch *batch,
                                        const carrynet_forward *outputs)
{
    struct net_pass pass = pass_over(batch), *staged = NULL;
    const bool arrays = outputs->y != NULL || outputs->z != NULL || outputs->h != NULL || outputs->state != NULL;
    if (outputs->resume && outputs->state == NULL)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a forward pass that resumes needs a state");
    if (outputs->until_wrong && arrays)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a forward pass until a wrong sequence has metrics alone");
    const fenv_t environment = sys_enter_arithmetic();
    pass.measures = outputs->metrics != NULL && !arrays;
    pass.resume = outputs->resume;
    pass.until_wrong = outputs->until_wrong;
    carrynet_status status = stage_batch(&staged, engine, &pass, batch);
    if (status == CARRYNET_OK)
        status = engine->backend->operations->forward(engine->backend, staged, outputs);
    for (uint32_t n = 0; n < engine->settings.networks && status == CARRYNET_OK && outputs->metrics != NULL; ++n)
        outputs->metrics[n].sequences = batch->sequences;
    return sys_leave_arithmetic(&environment, status);
}
