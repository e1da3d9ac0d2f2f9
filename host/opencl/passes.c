/*
 * Passes: sequences staged in slots, then pack, gradient and join, or forward. Work is queued in order; only what is
 * read back waits.
 */
#include "net/value.h"
#include "opencl/trainer.h"
#include <string.h>

enum { RESULTS_KEPT = 1 << 20 }; /* bytes read back up to which their room is kept for the next */

/* ---- staging --------------------------------------------------------------------------------------------------- */

carrynet_status opencl_take_slot(struct opencl_trainer *t, const struct opencl_plan *plan, uint64_t words)
{
    t->slot = (t->slot + 1) % OPENCL_SLOTS;
    struct opencl_slot *slot = &t->slots[t->slot];
    carrynet_status status = opencl_wait(slot);
    if (status == CARRYNET_OK && words > slot->words_room) {
        base_free(slot->words);
        slot->words_room = 0;
        status = base_allocate(&slot->words, words, sizeof *slot->words);
        if (status == CARRYNET_OK)
            slot->words_room = words;
    }
    return status == CARRYNET_OK ? opencl_reserve(t, &slot->staged, plan->staged_words * sizeof(uint32_t), "the batch")
                                 : status;
}

carrynet_status opencl_trainer_stage(struct backend *backend, const struct net_pass *s, uint32_t **symbols,
                                     uint32_t **targets)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_plan plan; /* only for what is staged where */
    carrynet_status status = opencl_plan_pass(&plan, t, s, OPENCL_CUT_FORWARD);
    if (status == CARRYNET_OK)
        status = opencl_take_slot(t, &plan, plan.staged_words);
    if (status == CARRYNET_OK) {
        *symbols = t->slots[t->slot].words + plan.pass.first_symbol;
        *targets = t->slots[t->slot].words + plan.pass.first_target;
    }
    return status;
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

carrynet_status opencl_prepare(struct opencl_trainer *t, const struct opencl_plan *plan)
{
    carrynet_status status = opencl_reserve(t, &t->scratch, plan->scratch_bytes, "scratch");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->nodes, plan->nodes_bytes, "the gradient's nodes");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->counts, plan->counts_bytes, "the counts");
    if (status != CARRYNET_OK || !t->cpu_shape || t->packed_is_current)
        return status;
    status = opencl_reserve(t, &t->packed, t->settings.networks * t->packed_size * t->value, "packed weights");
    if (status == CARRYNET_OK) {
        const struct opencl_argument arguments[] = {STRUCT(plan->pass), BUFFER(t->parameters), BUFFER(t->packed)};
        status = SHARE_OUT(t, OPENCL_PACK, arguments, t->settings.networks * (t->columns / CARRYNET_STRIPES));
    }
    t->packed_is_current = status == CARRYNET_OK;
    return status;
}

/* Nodes of chunks to sums of networks. */
static carrynet_status join(struct opencl_trainer *t, const struct carrynet_pass *pass)
{
    const struct carrynet_step step = {
        .networks = pass->networks,
        .chunks = pass->chunks,
        .parameter_stride = t->parameter_stride,
        .node_stride = pass->node_stride,
    };
    const struct opencl_argument arguments[] = {STRUCT(step), BUFFER(t->nodes), BUFFER(t->counts), BUFFER(t->sums),
                                                BUFFER(t->totals)};
    return SHARE_OUT(t, OPENCL_JOIN, arguments, (size_t)pass->networks * (pass->node_stride / t->lanes));
}

void opencl_put_individuals(const struct opencl_trainer *t, uint32_t *words, const carrynet_individual *individuals)
{
    for (uint32_t n = 0; n < t->settings.networks; ++n, words += CARRYNET_INDIVIDUAL) {
        words[CARRYNET_INDIVIDUAL_SEED] = (uint32_t)individuals[n].seed;
        words[CARRYNET_INDIVIDUAL_SEED + 1] = (uint32_t)(individuals[n].seed >> 32);
        words[CARRYNET_INDIVIDUAL_UPDATE] = (uint32_t)individuals[n].updates;
        net_put_value(words + CARRYNET_INDIVIDUAL_NOISE, t->settings.precision, 0, individuals[n].noise);
        words[CARRYNET_INDIVIDUAL_PROBLEMS] = (uint32_t)individuals[n].problem_seed;
        words[CARRYNET_INDIVIDUAL_PROBLEMS + 1] = (uint32_t)(individuals[n].problem_seed >> 32);
    }
}

carrynet_status opencl_launch_gradient(struct opencl_trainer *t, const struct opencl_plan *plan,
                                       struct opencl_slot *slot)
{
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),   t->cpu_shape ? BUFFER(t->packed) : BUFFER(t->parameters),
        BUFFER(slot->staged), BUFFER(t->scratch),
        BUFFER(t->nodes),     BUFFER(t->counts)};
    const carrynet_status status = LAUNCH(t, OPENCL_GRADIENT, arguments, plan->workers);
    return status == CARRYNET_OK ? join(t, &plan->pass) : status;
}

carrynet_status opencl_trainer_gradient(struct backend *backend, const struct net_pass *s,
                                        const carrynet_individual *individuals)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = &t->slots[t->slot];
    struct opencl_plan plan;
    carrynet_status status = opencl_plan_pass(&plan, t, s, OPENCL_CUT_GRADIENT);
    if (status == CARRYNET_OK)
        status = opencl_prepare(t, &plan);
    if (status != CARRYNET_OK)
        return status;
    opencl_put_individuals(t, slot->words, individuals);
    status = opencl_write_slot(t, slot, &slot->staged, slot->words, (size_t)plan.staged_words * sizeof(uint32_t));
    return status == CARRYNET_OK ? opencl_launch_gradient(t, &plan, slot) : status;
}

/*
 * Reads what the last pass left in nodes of `stride` reals: their first `trained` reals as values, and the metrics at
 * real `at`; either may be NULL. One wait for all.
 */
static carrynet_status read_nodes(struct opencl_trainer *t, void *values, carrynet_metrics *metrics, size_t stride,
                                  size_t at)
{
    const size_t networks = t->settings.networks, totals_bytes = networks * 2 * sizeof(cl_ulong);
    /* Whole nodes, or the metrics alone. */
    const size_t from = values != NULL ? 0 : at, reals = values != NULL ? stride : 2, row = reals * t->value;
    carrynet_status status = base_reserve(&t->results, &t->results_room, totals_bytes + networks * row, 1);
    const cl_ulong *totals = (const cl_ulong *)(const void *)t->results;
    char *nodes = t->results + totals_bytes;
    if (status == CARRYNET_OK)
        status = opencl_read_rows(t, &t->sums, from * t->value, row, stride * t->value, networks, nodes);
    if (status == CARRYNET_OK)
        status = opencl_read(t, &t->totals, t->results, totals_bytes);
    for (size_t n = 0; n < networks && status == CARRYNET_OK; ++n, nodes += row) {
        if (values != NULL)
            memcpy((char *)values + n * t->trained * t->value, nodes, t->trained * t->value);
        if (metrics != NULL)
            metrics[n] = (carrynet_metrics){
                .loss = net_value(nodes, t->settings.precision, at - from),
                .absolute_error = net_value(nodes, t->settings.precision, at - from + 1),
                .wrong_bits = totals[2 * n],
                .wrong_sequences = totals[2 * n + 1],
            };
    }
    if (status != CARRYNET_OK)
        (void)clFinish(t->queue); /* what is queued may still write */
    if (t->results_room > RESULTS_KEPT) {
        base_free(t->results);
        t->results = NULL;
        t->results_room = 0;
    }
    return status;
}

carrynet_status opencl_trainer_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    return read_nodes(t, values, metrics, t->node_stride, t->trained);
}

carrynet_status opencl_trainer_set_sums(struct backend *backend, const void *values)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = &t->slots[t->slot];
    const size_t networks = t->settings.networks, stride = t->node_stride * t->value, row = t->trained * t->value;
    carrynet_status status = slot->sums_queued ? opencl_wait(slot) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = base_reserve(&slot->sums, &slot->sums_room, networks * stride, 1);
    for (size_t n = 0; n < networks && status == CARRYNET_OK; ++n) {
        memcpy(slot->sums + n * stride, (const char *)values + n * row, row);
        memset(slot->sums + n * stride + row, 0, stride - row);
    }
    slot->sums_queued = status == CARRYNET_OK;
    return status == CARRYNET_OK ? opencl_write_slot(t, slot, &t->sums, slot->sums, networks * stride) : status;
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

static carrynet_status read_back(struct opencl_trainer *t, const struct opencl_buffer *buffer, void *values,
                                 size_t bytes)
{
    return values == NULL ? CARRYNET_OK : opencl_read(t, buffer, values, bytes);
}

/* Whether a forward pass wants metrics alone, and the kernel of whole updates is at hand for them, with room for it. */
static bool measures_whole(const struct opencl_trainer *t, const struct net_pass *s, const carrynet_forward *outputs)
{
    struct opencl_plan plan;
    return t->whole && t->kernels[OPENCL_TRAIN] != NULL && !s->resume && outputs->y == NULL && outputs->z == NULL &&
           outputs->h == NULL && outputs->state == NULL && outputs->metrics != NULL &&
           opencl_plan_pass(&plan, t, s, OPENCL_CUT_NETWORKS) == CARRYNET_OK &&
           (plan.scratch_bytes <= OPENCL_MEASURE_BYTES || plan.scratch_bytes <= t->scratch.bytes);
}

carrynet_status opencl_launch_forward(struct opencl_trainer *t, const struct opencl_plan *plan,
                                      const struct opencl_slot *slot)
{
    const carrynet_status status = opencl_prepare(t, plan);
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),   t->cpu_shape ? BUFFER(t->packed) : BUFFER(t->parameters),
        BUFFER(slot->staged), BUFFER(t->scratch),
        BUFFER(t->nodes),     BUFFER(t->counts),
        BUFFER(t->y),         BUFFER(t->z),
        BUFFER(t->h),         BUFFER(t->state)};
    return status == CARRYNET_OK ? LAUNCH(t, OPENCL_FORWARD, arguments, plan->workers) : status;
}

carrynet_status opencl_trainer_forward(struct backend *backend, const struct net_pass *s,
                                       const carrynet_forward *outputs)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = &t->slots[t->slot];
    struct opencl_plan plan;
    const carrynet_shape *shape = &t->settings.shape;
    const size_t networks = t->settings.networks, sequences = networks * s->sequences;
    const size_t output_bytes = sequences * s->steps * shape->outputs * t->value;
    const size_t hidden_bytes = sequences * s->steps * shape->hidden * t->value;
    const size_t state_bytes = sequences * shape->hidden * t->value;
    if (measures_whole(t, s, outputs)) {
        const carrynet_status measured = opencl_measure_whole(t, s);
        return measured == CARRYNET_OK ? opencl_trainer_get_sums(backend, NULL, outputs->metrics) : measured;
    }
    carrynet_status status = opencl_plan_pass(&plan, t, s, OPENCL_CUT_FORWARD);
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->y, outputs->y != NULL ? output_bytes : 0, "y");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->z, outputs->z != NULL ? output_bytes : 0, "z");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->h, outputs->h != NULL ? hidden_bytes : 0, "h");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->state, outputs->state != NULL ? state_bytes : 0, "the state");
    if (status == CARRYNET_OK)
        status = opencl_write_slot(t, slot, &slot->staged, slot->words, (size_t)plan.staged_words * sizeof(uint32_t));
    if (status == CARRYNET_OK && s->resume)
        status = opencl_write(t, &t->state, outputs->state, state_bytes);
    if (status != CARRYNET_OK)
        return status;
    plan.pass.outputs = (outputs->y != NULL ? CARRYNET_WRITE_Y : 0) | (outputs->z != NULL ? CARRYNET_WRITE_Z : 0) |
                        (outputs->h != NULL ? CARRYNET_WRITE_H : 0) |
                        (outputs->state != NULL ? CARRYNET_WRITE_STATE : 0);
    status = opencl_launch_forward(t, &plan, slot);
    if (status == CARRYNET_OK)
        status = read_back(t, &t->y, outputs->y, output_bytes);
    if (status == CARRYNET_OK)
        status = read_back(t, &t->z, outputs->z, output_bytes);
    if (status == CARRYNET_OK)
        status = read_back(t, &t->h, outputs->h, hidden_bytes);
    if (status == CARRYNET_OK)
        status = read_back(t, &t->state, outputs->state, state_bytes);
    if (status != CARRYNET_OK || outputs->metrics == NULL)
        return status;
    status = join(t, &plan.pass);
    return status == CARRYNET_OK ? read_nodes(t, NULL, outputs->metrics, plan.pass.node_stride, 0) : status;
}
