/*
 * Passes: sequences are staged in slots, then packed and run through gradient and reduction, or forward. Work is queued
 * in order; only reading results back waits.
 */
#include "backend/opencl/trainer.h"
#include "model/value.h"
#include <assert.h>
#include <string.h>

enum { RESULTS_KEPT = 1 << 20 }; /* bytes read back up to which their room is kept for the next */

/* ---- staging --------------------------------------------------------------------------------------------------- */

/* Words of a staged pass that the host writes: all, or the networks' own data alone, which stand first. */
static uint64_t host_words(const struct opencl_trainer *t, const struct opencl_slot *slot)
{
    return slot->pass.task != NULL ? (uint64_t)t->settings.networks * CARRYNET_CONFIG : slot->plan.staged_words;
}

carrynet_status opencl_take_slot(struct opencl_slot **out, struct opencl_trainer *t, const struct net_pass *pass,
                                 enum opencl_cut cut)
{
    struct opencl_plan plan;
    carrynet_status status = opencl_plan_pass(&plan, t, pass, cut);
    if (status != CARRYNET_OK)
        return status;
    if (pass->task != NULL) {
        plan.pass.drawn_steps = plan.pass.steps - pass->task->closing_count;
        plan.pass.drawn_words = (uint32_t)carrynet_packed_words(pass->task->inputs, plan.pass.drawn_steps);
    }
    t->slot = (t->slot + 1) % OPENCL_SLOTS;
    struct opencl_slot *slot = *out = &t->slots[t->slot];
    slot->pass = *pass;
    slot->plan = plan;
    status = opencl_wait(slot);
    if (status == CARRYNET_OK)
        status = sys_reserve(&slot->words, &slot->words_capacity, host_words(t, slot), sizeof *slot->words);
    return status == CARRYNET_OK ? opencl_reserve(t, &slot->staged, plan.staged_words * sizeof(uint32_t), "the batch")
                                 : status;
}

/* Whether the kernel of fused updates is at hand for a forward pass that measures, with room for it. */
static bool measures_fused(const struct opencl_trainer *t, const struct net_pass *pass)
{
    struct opencl_plan plan;
    return pass->measures && !pass->resume && t->fused_updates && t->kernels[OPENCL_TRAIN] != NULL &&
           opencl_plan_pass(&plan, t, pass, OPENCL_CUT_NETWORKS) == CARRYNET_OK &&
           (plan.scratch_bytes <= OPENCL_MEASURE_BYTES || plan.scratch_bytes <= t->scratch.bytes);
}

carrynet_status opencl_trainer_stage(struct backend *backend, struct net_pass **staged, const struct net_pass *pass)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = NULL;
    assert(pass->task == NULL || pass->first_sequence % CARRYNET_BLOCK == 0);
    const carrynet_status status = opencl_take_slot(&slot, t, pass,
                                                    pass->configs != NULL     ? OPENCL_CUT_GRADIENT
                                                    : measures_fused(t, pass) ? OPENCL_CUT_NETWORKS
                                                                              : OPENCL_CUT_FORWARD);
    if (status != CARRYNET_OK)
        return status;
    slot->pass.symbols = pass->task == NULL ? slot->words + slot->plan.pass.first_symbol : NULL;
    slot->pass.targets = pass->task == NULL ? slot->words + slot->plan.pass.first_target : NULL;
    *staged = &slot->pass;
    return CARRYNET_OK;
}

/* The networks' own data as the kernels read them: words [networks][CARRYNET_CONFIG]. */
static void put_configs(const struct opencl_trainer *t, uint32_t *words, const carrynet_network_config *configs)
{
    for (uint32_t n = 0; n < t->settings.networks; ++n, words += CARRYNET_CONFIG) {
        words[CARRYNET_CONFIG_SEED] = (uint32_t)configs[n].seed;
        words[CARRYNET_CONFIG_SEED + 1] = (uint32_t)(configs[n].seed >> 32);
        words[CARRYNET_CONFIG_UPDATE] = (uint32_t)configs[n].updates;
        net_put_value(words + CARRYNET_CONFIG_NOISE, t->settings.precision, 0, configs[n].noise);
        words[CARRYNET_CONFIG_PROBLEMS] = (uint32_t)configs[n].problem_seed;
        words[CARRYNET_CONFIG_PROBLEMS + 1] = (uint32_t)(configs[n].problem_seed >> 32);
    }
}

/* The automaton as the kernels read it (arguments.h), where it is another than the last. */
static carrynet_status write_task(struct opencl_trainer *t, const carrynet_task *task)
{
    uint32_t words[CARRYNET_AUTOMATON_TABLE + CARRYNET_TASK_STATES * CARRYNET_TASK_SYMBOLS] = {0};
    const uint32_t entries = task->states << task->inputs;
    uint32_t state_bits = 1;
    /* Padding that differs costs a write, and nothing else. */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    if (memcmp(task, &t->task_written, sizeof *task) == 0)
        return CARRYNET_OK;
    words[CARRYNET_AUTOMATON_START] = task->start;
    words[CARRYNET_AUTOMATON_NOT_LESS] = task->constraint == CARRYNET_CONSTRAINT_NOT_LESS;
    for (uint32_t i = 0; i < task->closing_count; ++i)
        words[CARRYNET_AUTOMATON_CLOSING] |= (uint32_t)task->closing[i] << 4 * i;
    while (task->states > 1u << state_bits)
        ++state_bits;
    words[CARRYNET_AUTOMATON_STATE_BITS] = entries <= 32 ? state_bits : 0;
    for (uint32_t q = 0; q < task->states; ++q)
        for (uint32_t a = 0; a < 1u << task->inputs; ++a) {
            const uint32_t i = q << task->inputs | a, next = task->next[q][a], out = task->out[q][a];
            words[CARRYNET_AUTOMATON_TABLE + i] = next | out << 8;
            for (uint32_t b = 0; b < state_bits && entries <= 32; ++b)
                words[CARRYNET_AUTOMATON_NEXT + b] |= (next >> b & 1) << i;
            for (uint32_t o = 0; o < task->outputs && entries <= 32; ++o)
                words[CARRYNET_AUTOMATON_OUT + o] |= (out >> o & 1) << i;
        }
    carrynet_status status = opencl_reserve(t, &t->task, sizeof words, "the task");
    if (status == CARRYNET_OK)
        status = opencl_write(t, &t->task, words, sizeof words);
    if (status == CARRYNET_OK)
        t->task_written = *task;
    return status;
}

carrynet_status opencl_write_pass(struct opencl_trainer *t, struct opencl_slot *slot)
{
    carrynet_status status = slot->pass.task != NULL ? write_task(t, slot->pass.task) : CARRYNET_OK;
    if (status != CARRYNET_OK)
        return status;
    if (slot->pass.configs != NULL)
        put_configs(t, slot->words, slot->pass.configs);
    return opencl_write_slot(t, slot, &slot->staged, slot->words, (size_t)host_words(t, slot) * sizeof(uint32_t));
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

carrynet_status opencl_prepare(struct opencl_trainer *t, const struct opencl_plan *plan)
{
    carrynet_status status = opencl_reserve(t, &t->scratch, plan->scratch_bytes, "scratch");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->partials, plan->partials_bytes, "the gradient's partial sums");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->counts, plan->counts_bytes, "the counts");
    if (status != CARRYNET_OK || t->packed_size == 0 || t->packed_is_current)
        return status;
    status = opencl_reserve(t, &t->packed, t->settings.networks * t->packed_size * t->value, "packed weights");
    if (status == CARRYNET_OK) {
        const struct opencl_argument arguments[] = {STRUCT(plan->pass), BUFFER(t->parameters), BUFFER(t->packed)};
        const size_t each = t->simd ? t->columns / CARRYNET_OUTPUT_PARTIALS : (size_t)t->packed_size;
        status = DISTRIBUTE(t, OPENCL_PACK, arguments, t->settings.networks * each);
    }
    t->packed_is_current = status == CARRYNET_OK && plan->pass.networks > 0; /* a pass that compiles alone packs none */
    return status;
}

/* Partial sums of chunks to sums of networks. */
static carrynet_status reduce(struct opencl_trainer *t, const struct carrynet_pass *pass)
{
    const struct carrynet_step step = {
        .networks = pass->networks,
        .chunks = pass->chunks,
        .parameter_stride = t->parameter_stride,
        .partial_stride = pass->partial_stride,
    };
    const struct opencl_argument arguments[] = {STRUCT(step), BUFFER(t->partials), BUFFER(t->counts), BUFFER(t->sums),
                                                BUFFER(t->totals)};
    return DISTRIBUTE(t, OPENCL_REDUCE, arguments, (size_t)pass->networks * (pass->partial_stride / t->lanes));
}

static carrynet_status launch_make(struct opencl_trainer *t, const struct opencl_slot *slot)
{
    const struct carrynet_pass *pass = &slot->plan.pass;
    const struct opencl_argument arguments[] = {STRUCT(*pass), BUFFER(t->task), BUFFER(slot->staged)};
    const size_t blocks = (pass->sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
    return DISTRIBUTE(t, OPENCL_GENERATE, arguments, pass->networks * (t->simd ? blocks : pass->sequences));
}

/* The gradient in two stages, for block after block of each chunk (simt_stages.cl). */
static carrynet_status launch_stages(struct opencl_trainer *t, const struct opencl_slot *slot)
{
    const struct opencl_plan *plan = &slot->plan;
    const size_t tasks = (size_t)plan->pass.networks * plan->pass.chunks,
                 parts = CARRYNET_BLOCK / t->tiles.gradient.sequences;
    struct carrynet_pass pass = plan->pass;
    carrynet_status status = CARRYNET_OK;
    for (size_t first = 0; first < tasks; first += plan->workers)
        for (uint32_t block = 0; block < pass.chunk_blocks && status == CARRYNET_OK; ++block) {
            const size_t slots = tasks - first < plan->workers ? tasks - first : plan->workers;
            pass.first_task = (uint32_t)first;
            pass.chunk_block = block;
            const struct opencl_argument deltas[] = {STRUCT(pass), BUFFER(t->parameters), BUFFER(t->packed),
                                                     BUFFER(slot->staged), BUFFER(t->scratch)};
            const struct opencl_argument sums[] = {STRUCT(pass), BUFFER(slot->staged), BUFFER(t->scratch),
                                                   BUFFER(t->partials), BUFFER(t->counts)};
            status = LAUNCH(t, OPENCL_DELTAS, deltas, slots * parts);
            if (status == CARRYNET_OK)
                status = LAUNCH(t, OPENCL_SUMS, sums, slots * t->tiles.jobs);
        }
    return status;
}

carrynet_status opencl_launch_gradient(struct opencl_trainer *t, const struct opencl_slot *slot)
{
    const struct opencl_plan *plan = &slot->plan;
    carrynet_status status = opencl_prepare(t, plan);
    if (status == CARRYNET_OK && slot->pass.task != NULL)
        status = launch_make(t, slot);
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),   t->simd ? BUFFER(t->packed) : BUFFER(t->parameters),
        BUFFER(slot->staged), BUFFER(t->scratch),
        BUFFER(t->partials),  BUFFER(t->counts)};
    if (status == CARRYNET_OK)
        status = plan->pass.two_stages ? launch_stages(t, slot) : LAUNCH(t, OPENCL_GRADIENT, arguments, plan->workers);
    return status == CARRYNET_OK ? reduce(t, &plan->pass) : status;
}

carrynet_status opencl_trainer_gradient(struct backend *backend, struct net_pass *staged)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = (struct opencl_slot *)staged;
    const carrynet_status status = opencl_write_pass(t, slot);
    return status == CARRYNET_OK ? opencl_launch_gradient(t, slot) : status;
}

/*
 * Reads what the last pass left in partial sums of `stride` reals: their first `trained` reals as values, and the metrics at
 * real `at`; either may be NULL. One wait for all.
 */
static carrynet_status read_partials(struct opencl_trainer *t, void *values, carrynet_metrics *metrics, size_t stride,
                                     size_t at)
{
    const size_t networks = t->settings.networks, totals_bytes = networks * 2 * sizeof(cl_ulong);
    /* Whole partial sums, or the metrics alone. */
    const size_t from = values != NULL ? 0 : at, reals = values != NULL ? stride : 2, row = reals * t->value;
    carrynet_status status = sys_reserve(&t->results, &t->results_capacity, totals_bytes + networks * row, 1);
    const cl_ulong *totals = (const cl_ulong *)(const void *)t->results;
    char *partials = t->results + totals_bytes;
    if (status == CARRYNET_OK)
        status = opencl_read_rows(t, &t->sums, from * t->value, row, stride * t->value, networks, partials);
    if (status == CARRYNET_OK)
        status = opencl_read(t, &t->totals, t->results, totals_bytes);
    for (size_t n = 0; n < networks && status == CARRYNET_OK; ++n, partials += row) {
        if (values != NULL)
            memcpy((char *)values + n * t->trained * t->value, partials, t->trained * t->value);
        if (metrics != NULL)
            metrics[n] = (carrynet_metrics){
                .loss = net_value(partials, t->settings.precision, at - from),
                .absolute_error = net_value(partials, t->settings.precision, at - from + 1),
                .wrong_bits = totals[2 * n],
                .wrong_sequences = totals[2 * n + 1],
            };
    }
    if (status != CARRYNET_OK)
        (void)clFinish(t->queue); /* what is queued may still write */
    if (t->results_capacity > RESULTS_KEPT) {
        sys_free(t->results);
        t->results = NULL;
        t->results_capacity = 0;
    }
    return status;
}

carrynet_status opencl_trainer_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    return read_partials(t, values, metrics, t->partial_stride, t->trained);
}

carrynet_status opencl_trainer_set_sums(struct backend *backend, const void *values)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = &t->slots[t->slot];
    const size_t networks = t->settings.networks, stride = t->partial_stride * t->value, row = t->trained * t->value;
    carrynet_status status = slot->sums_queued ? opencl_wait(slot) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = sys_reserve(&slot->sums, &slot->sums_capacity, networks * stride, 1);
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

carrynet_status opencl_launch_forward(struct opencl_trainer *t, const struct opencl_plan *plan,
                                      const struct opencl_slot *slot)
{
    carrynet_status status = opencl_prepare(t, plan);
    if (status == CARRYNET_OK && t->packed.memory == NULL) /* the SIMT variant takes it, and may not read it */
        status = opencl_reserve(t, &t->packed, 0, "packed weights");
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),   t->simd ? BUFFER(t->packed) : BUFFER(t->parameters),
        BUFFER(slot->staged), BUFFER(t->scratch),
        BUFFER(t->partials),  BUFFER(t->counts),
        BUFFER(t->y),         BUFFER(t->z),
        BUFFER(t->h),         BUFFER(t->state),
        BUFFER(t->packed)};
    if (status != CARRYNET_OK)
        return status;
    return opencl_launch(t, OPENCL_FORWARD, arguments, sizeof arguments / sizeof arguments[0] - t->simd, plan->workers);
}

carrynet_status opencl_trainer_forward(struct backend *backend, struct net_pass *staged,
                                       const carrynet_forward *outputs)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = (struct opencl_slot *)staged;
    struct opencl_plan *plan = &slot->plan;
    const carrynet_shape *shape = &t->settings.shape;
    const size_t networks = t->settings.networks, sequences = networks * staged->sequences;
    const size_t output_bytes = sequences * staged->steps * shape->outputs * t->value;
    const size_t hidden_bytes = sequences * staged->steps * shape->hidden * t->value;
    const size_t state_bytes = sequences * shape->hidden * t->value;
    if (plan->cut == OPENCL_CUT_NETWORKS) {
        carrynet_status measured = opencl_write_pass(t, slot);
        if (measured == CARRYNET_OK)
            measured = opencl_launch_fused(t, slot, 0);
        return measured == CARRYNET_OK ? read_partials(t, NULL, outputs->metrics, t->partial_stride, t->trained)
                                       : measured;
    }
    carrynet_status status = opencl_reserve(t, &t->y, outputs->y != NULL ? output_bytes : 0, "y");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->z, outputs->z != NULL ? output_bytes : 0, "z");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->h, outputs->h != NULL ? hidden_bytes : 0, "h");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->state, outputs->state != NULL ? state_bytes : 0, "the state");
    if (status == CARRYNET_OK)
        status = opencl_write_pass(t, slot);
    if (status == CARRYNET_OK && staged->resume)
        status = opencl_write(t, &t->state, outputs->state, state_bytes);
    if (status != CARRYNET_OK)
        return status;
    plan->pass.outputs = (outputs->y != NULL ? CARRYNET_WRITE_Y : 0) | (outputs->z != NULL ? CARRYNET_WRITE_Z : 0) |
                         (outputs->h != NULL ? CARRYNET_WRITE_H : 0) |
                         (outputs->state != NULL ? CARRYNET_WRITE_STATE : 0);
    status = opencl_launch_forward(t, plan, slot);
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
    status = reduce(t, &plan->pass);
    return status == CARRYNET_OK ? read_partials(t, NULL, outputs->metrics, plan->pass.partial_stride, 0) : status;
}
