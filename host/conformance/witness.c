/* The reference, step by step (witness.h). */
#include "conformance/witness.h"
#include "engine/rates.h"
#include "kernels/arguments.h"
#include "platform/platform.h"
#include <string.h>

carrynet_status witness_open(struct witness *w, const carrynet_settings *settings)
{
    const size_t networks = settings->networks;
    *w = (struct witness){.settings = *settings, .reference = reference_of(settings->precision)};
    w->value = settings->precision / 8;
    w->size = carrynet_shape_size(&settings->shape);
    w->trained = carrynet_shape_trained(&settings->shape);
    carrynet_status status = sys_allocate(&w->parameters, networks, w->size * w->value);
    for (int i = 0; i < 2 && status == CARRYNET_OK; ++i)
        status = sys_allocate(&w->moments[i], networks, w->trained * w->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&w->sums, networks, (w->trained + 2) * w->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&w->counts, networks, sizeof *w->counts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&w->factors, networks, w->value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&w->batches, networks, sizeof *w->batches);
    if (status == CARRYNET_OK)
        status =
            sys_allocate(&w->trace_scratch, w->reference->trace_bytes(settings, settings->steps, CARRYNET_BLOCK), 1);
    return status;
}

static void free_batches(struct witness *w)
{
    for (size_t n = 0; n < w->batch_count; ++n)
        carrynet_batch_free(&w->batches[n]);
    w->batch_count = 0;
}

void witness_close(struct witness *w)
{
    free_batches(w);
    sys_free(w->parameters);
    sys_free(w->moments[0]);
    sys_free(w->moments[1]);
    sys_free(w->sums);
    sys_free(w->counts);
    sys_free(w->factors);
    sys_free(w->batches);
    sys_free(w->scratch);
    sys_free(w->trace_scratch);
    *w = (struct witness){0};
}

/* ---- problems -------------------------------------------------------------------------------------------------- */

/* `count` batches of `sequences`, each from its own seed. */
static carrynet_status fill(struct witness *w, const carrynet_source *source, size_t count, size_t sequences,
                            uint64_t u)
{
    const carrynet_settings *s = &w->settings;
    carrynet_status status = CARRYNET_OK;
    free_batches(w);
    sys_free(w->scratch);
    w->scratch = NULL;
    status =
        sys_allocate(&w->scratch, w->reference->operations.scratch_bytes(s, s->steps, sequences, REFERENCE_TRAINS), 1);
    for (size_t n = 0; n < count && status == CARRYNET_OK; ++n) {
        carrynet_batch *batch = &w->batches[n];
        status = carrynet_batch_create(batch, &s->task, sequences, s->steps);
        if (status != CARRYNET_OK)
            break;
        ++w->batch_count;
        status = source->fill(source->self, carrynet_network_config_of(s, (uint32_t)n).problem_seed, u, 0, sequences,
                              batch->steps, batch->symbols, batch->targets);
    }
    return status;
}

carrynet_status witness_problems(struct witness *w, const carrynet_source *source, uint64_t u)
{
    w->noisy = true;
    w->first_sequence = 0;
    w->update = u;
    return fill(w, source, w->settings.networks, w->settings.batch, u);
}

carrynet_status witness_shared(struct witness *w, const carrynet_source *source, size_t sequences, uint64_t u)
{
    w->noisy = false;
    w->first_sequence = 0;
    w->update = u;
    return fill(w, source, 1, sequences, u);
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

static struct net_pass pass_of(struct witness *w, size_t network, size_t first, size_t sequences)
{
    const carrynet_batch *batch = witness_batch(w, network);
    w->config = carrynet_network_config_of(&w->settings, (uint32_t)network);
    w->config.noise = w->noisy ? w->config.noise : 0;
    w->config.updates = w->update;
    return (struct net_pass){
        .symbols = batch->symbols + first * batch->symbol_words,
        .targets = batch->targets + first * batch->target_words,
        .sequences = sequences,
        .steps = batch->steps,
        .symbol_words = batch->symbol_words,
        .target_words = batch->target_words,
        .first_sequence = w->first_sequence + first,
        .configs = &w->config,
    };
}

void witness_partial(struct witness *w, size_t network, size_t first, size_t sequences, void *partial,
                     struct reference_counts *counts)
{
    const struct net_pass pass = pass_of(w, network, first, sequences);
    w->reference->operations.gradient(partial, counts, w->parameters + network * w->size * w->value, &w->settings,
                                      &pass, w->scratch);
}

void witness_sums(struct witness *w)
{
    for (size_t n = 0; n < w->settings.networks; ++n)
        witness_partial(w, n, 0, witness_batch(w, n)->sequences, w->sums + n * (w->trained + 2) * w->value,
                        &w->counts[n]);
}

void witness_trace_free(struct reference_trace *trace)
{
    sys_free(trace->rows);
    sys_free(trace->first);
    sys_free(trace->h);
    sys_free(trace->z);
    sys_free(trace->y);
    sys_free(trace->dy);
    sys_free(trace->dh);
    sys_free(trace->buckets);
    sys_free(trace->partial);
    *trace = (struct reference_trace){0};
}

carrynet_status witness_trace(struct reference_trace *trace, struct witness *w, size_t network, size_t first,
                              size_t sequences)
{
    const carrynet_shape *shape = &w->settings.shape;
    const size_t T = w->settings.steps, H = shape->hidden, O = shape->outputs, symbols = (size_t)1 << shape->inputs;
    const size_t steps = T * sequences;
    *trace = (struct reference_trace){0};
    void **const parts[] = {&trace->rows, &trace->first, &trace->h,       &trace->z,      &trace->y,
                            &trace->dy,   &trace->dh,    &trace->buckets, &trace->partial};
    const size_t counts[] = {symbols * H, symbols * H, steps * H + sequences * H,
                             steps * O,   steps * O,   steps * O,
                             steps * H,   symbols * H, w->trained + 2};
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == CARRYNET_OK; ++i)
        status = sys_allocate(parts[i], counts[i], w->value);
    const struct net_pass pass = pass_of(w, network, first, sequences);
    if (status == CARRYNET_OK)
        w->reference->trace(trace, w->parameters + network * w->size * w->value, &w->settings, &pass, w->trace_scratch);
    else
        witness_trace_free(trace);
    return status;
}

void witness_forward(struct witness *w, const struct reference_outputs *outputs, void *metrics,
                     struct reference_counts *counts, size_t network, size_t first, size_t sequences, bool resume)
{
    struct net_pass pass = pass_of(w, network, first, sequences);
    pass.resume = resume;
    w->reference->operations.forward(outputs, metrics, counts, w->parameters + network * w->size * w->value,
                                     &w->settings, &pass, w->scratch);
}

void witness_factors(struct witness *w)
{
    for (size_t n = 0; n < w->settings.networks; ++n) {
        const double factor = w->reference->clip_factor(w->sums + n * (w->trained + 2) * w->value, &w->settings,
                                                        witness_batch(w, n)->sequences);
        const float single = (float)factor;
        memcpy(w->factors + n * w->value, w->value == sizeof single ? (const void *)&single : (const void *)&factor,
               w->value);
    }
}

void witness_update(struct witness *w, uint64_t u)
{
    const carrynet_settings *s = &w->settings;
    witness_factors(w);
    for (size_t n = 0; n < s->networks; ++n) {
        const size_t state = n * w->trained * w->value, sequences = witness_batch(w, n)->sequences;
        const char *sums = w->sums + n * (w->trained + 2) * w->value;
        const struct net_rates rates = engine_rates(s, carrynet_network_config_of(s, (uint32_t)n).rate, u);
        w->reference->operations.update(w->parameters + n * w->size * w->value, w->moments[0] + state,
                                        w->moments[1] + state, sums, s, sequences, rates);
    }
}
