/*
 * The launches: sequences staged in slots, then pack, gradient and join; update; forward. Work is queued in order; only
 * what is read back waits. The trainer's clSetKernelArg calls are all here.
 */
#include "opencl/trainer.h"
#include <stdio.h>
#include <string.h>

struct argument {
    size_t size;
    const void *value;
};

#define BUFFER(buffer)                                                                                                 \
    {                                                                                                                  \
        sizeof(cl_mem), &(buffer).memory                                                                               \
    }
#define STRUCT(value)                                                                                                  \
    {                                                                                                                  \
        sizeof(value), &(value)                                                                                        \
    }

/* Sets the arguments in order and launches `groups` work-groups of a kernel. */
static carrynet_status launch(struct opencl_trainer *t, enum opencl_kernel_id id, const struct argument *arguments,
                              size_t count, size_t groups)
{
    const char *name = opencl_kernel_name(t, id);
    cl_kernel kernel = NULL;
    char call[96];
    size_t group = 1;
    carrynet_status status = opencl_need(&kernel, t, id);
    if (status == CARRYNET_OK)
        status = opencl_group(&group, t, kernel);
    if (status != CARRYNET_OK)
        return status;
    const size_t items = groups * group;
    for (size_t i = 0; i < count; ++i) {
        const cl_int code = clSetKernelArg(kernel, (cl_uint)i, arguments[i].size, arguments[i].value);
        if (code != CL_SUCCESS) {
            (void)snprintf(call, sizeof call, "clSetKernelArg(%s, %zu)", name, i);
            return opencl_fail(call, code);
        }
    }
    const cl_int code =
        clEnqueueNDRangeKernel(t->queue, kernel, 1, NULL, &items, &group, 0, NULL, opencl_timed(t, name));
    if (code != CL_SUCCESS) {
        (void)snprintf(call, sizeof call, "clEnqueueNDRangeKernel(%s)", name);
        return opencl_fail(call, code);
    }
    return CARRYNET_OK;
}

#define LAUNCH(t, id, arguments, groups) launch(t, id, arguments, sizeof(arguments) / sizeof(arguments)[0], groups)

/*
 * Launches a kernel whose work-items share out `items` items: about 64 a group in the GPU shape. Groups have a fixed
 * size, so that a runtime that compiles for each size (pocl) compiles once.
 */
static carrynet_status share_out(struct opencl_trainer *t, enum opencl_kernel_id id, const struct argument *arguments,
                                 size_t count, size_t items)
{
    const size_t share = t->cpu_shape ? 1 : 64, needed = (items + share - 1) / share;
    return launch(t, id, arguments, count, needed < t->workers ? needed : t->workers);
}

#define SHARE_OUT(t, id, arguments, items) share_out(t, id, arguments, sizeof(arguments) / sizeof(arguments)[0], items)

/* ---- staging --------------------------------------------------------------------------------------------------- */

/* Waits until the device has taken what the slot last wrote. */
static carrynet_status wait_for(struct opencl_slot *slot)
{
    if (slot->written == NULL)
        return CARRYNET_OK;
    const cl_int code = clWaitForEvents(1, &slot->written);
    (void)clReleaseEvent(slot->written);
    slot->written = NULL;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clWaitForEvents", code);
}

/* Queues a write from the slot's memory, and remembers it as the slot's last. */
static carrynet_status write_slot(struct opencl_trainer *t, struct opencl_slot *slot, const struct opencl_buffer *to,
                                  const void *from, size_t bytes)
{
    cl_event event = NULL;
    const cl_int code = clEnqueueWriteBuffer(t->queue, to->memory, CL_FALSE, 0, bytes, from, 0, NULL, &event);
    if (code != CL_SUCCESS)
        return opencl_fail("clEnqueueWriteBuffer", code);
    t->profile.counted.bytes_written += bytes;
    if (slot->written != NULL)
        (void)clReleaseEvent(slot->written);
    slot->written = event;
    return CARRYNET_OK;
}

static size_t staged_words(const struct opencl_trainer *t, const struct net_pass *s)
{
    const size_t sequences = (s->shared ? 1 : t->settings.networks) * s->sequences;
    return t->settings.networks * (size_t)CARRYNET_INDIVIDUAL + sequences * (s->symbol_words + s->target_words);
}

carrynet_status opencl_trainer_stage(struct opencl_trainer *t, const struct net_pass *s, uint32_t **symbols,
                                     uint32_t **targets)
{
    t->slot = (t->slot + 1) % OPENCL_SLOTS;
    struct opencl_slot *slot = &t->slots[t->slot];
    const size_t words = staged_words(t, s), rates = t->settings.networks * CARRYNET_RATES * t->value;
    carrynet_status status = wait_for(slot);
    if (status == CARRYNET_OK && words > slot->words_room) {
        base_free(slot->words);
        slot->words_room = 0;
        status = base_allocate(&slot->words, words, sizeof *slot->words);
        if (status == CARRYNET_OK)
            slot->words_room = words;
    }
    if (status == CARRYNET_OK && slot->rates == NULL)
        status = base_allocate(&slot->rates, rates, 1);
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &slot->staged, words * sizeof(uint32_t), "the batch");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &slot->rates_buffer, rates, "the rates");
    if (status == CARRYNET_OK) {
        struct opencl_plan plan; /* only for where the symbols and targets begin */
        status = opencl_plan_pass(&plan, t, s, false);
        *symbols = slot->words + plan.pass.first_symbol;
        *targets = slot->words + plan.pass.first_target;
    }
    return status;
}

/* A real of this trainer's precision. */
static void put_real(const struct opencl_trainer *t, void *values, size_t i, double value)
{
    if (t->value == sizeof(float))
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

static double get_real(const struct opencl_trainer *t, const void *values, size_t i)
{
    return t->value == sizeof(float) ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

/* ---- passes ---------------------------------------------------------------------------------------------------- */

/* Room for a pass, and the packed weights of the CPU shape. */
static carrynet_status prepare(struct opencl_trainer *t, const struct opencl_plan *plan)
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
        const struct argument arguments[] = {STRUCT(plan->pass), BUFFER(t->parameters), BUFFER(t->packed)};
        status = SHARE_OUT(t, OPENCL_PACK, arguments, (size_t)t->settings.networks * t->settings.shape.hidden);
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
    const struct argument arguments[] = {STRUCT(step), BUFFER(t->nodes), BUFFER(t->counts), BUFFER(t->sums),
                                         BUFFER(t->totals)};
    return SHARE_OUT(t, OPENCL_JOIN, arguments, (size_t)pass->networks * (pass->node_stride / t->lanes));
}

carrynet_status opencl_trainer_gradient(struct opencl_trainer *t, const struct net_pass *s,
                                        const carrynet_individual *individuals)
{
    struct opencl_slot *slot = &t->slots[t->slot];
    struct opencl_plan plan;
    carrynet_status status = opencl_plan_pass(&plan, t, s, true);
    if (status == CARRYNET_OK)
        status = prepare(t, &plan);
    if (status != CARRYNET_OK)
        return status;
    for (uint32_t n = 0; n < t->settings.networks; ++n) {
        uint32_t *words = slot->words + (size_t)n * CARRYNET_INDIVIDUAL;
        words[CARRYNET_INDIVIDUAL_SEED] = (uint32_t)individuals[n].seed;
        words[CARRYNET_INDIVIDUAL_SEED + 1] = (uint32_t)(individuals[n].seed >> 32);
        words[CARRYNET_INDIVIDUAL_UPDATE] = (uint32_t)individuals[n].updates;
        put_real(t, words + CARRYNET_INDIVIDUAL_NOISE, 0, individuals[n].noise);
    }
    status = write_slot(t, slot, &slot->staged, slot->words, staged_words(t, s) * sizeof(uint32_t));
    if (status == CARRYNET_OK) {
        const struct argument arguments[] = {
            STRUCT(plan.pass),
            t->cpu_shape ? (struct argument)BUFFER(t->packed) : (struct argument)BUFFER(t->parameters),
            BUFFER(slot->staged),
            BUFFER(t->scratch),
            BUFFER(t->nodes),
            BUFFER(t->counts)};
        status = LAUNCH(t, OPENCL_GRADIENT, arguments, plan.workers);
    }
    if (status == CARRYNET_OK)
        status = join(t, &plan.pass);
    return status;
}

/* Reads the sums of the last pass, nodes of `stride` reals with the metrics at `at`. */
static carrynet_status read_metrics(struct opencl_trainer *t, carrynet_metrics *metrics, const char *sums,
                                    size_t stride, size_t at)
{
    cl_ulong *totals = NULL;
    const size_t networks = t->settings.networks, bytes = networks * 2 * sizeof *totals;
    carrynet_status status = base_allocate(&totals, networks, 2 * sizeof *totals);
    if (status != CARRYNET_OK)
        return status;
    status = opencl_read(t, &t->totals, totals, bytes);
    for (size_t n = 0; n < networks && status == CARRYNET_OK; ++n)
        metrics[n] = (carrynet_metrics){
            .loss = get_real(t, sums, n * stride + at),
            .absolute_error = get_real(t, sums, n * stride + at + 1),
            .wrong_bits = totals[2 * n],
            .wrong_sequences = totals[2 * n + 1],
        };
    base_free(totals);
    return status;
}

carrynet_status opencl_trainer_get_sums(struct opencl_trainer *t, void *values, carrynet_metrics *metrics)
{
    char *sums = NULL;
    const size_t networks = t->settings.networks, stride = t->node_stride * t->value;
    carrynet_status status = base_allocate(&sums, networks, stride);
    if (status != CARRYNET_OK)
        return status;
    status = opencl_read(t, &t->sums, sums, networks * stride);
    for (size_t n = 0; n < networks && status == CARRYNET_OK && values != NULL; ++n)
        memcpy((char *)values + n * t->trained * t->value, sums + n * stride, t->trained * t->value);
    if (status == CARRYNET_OK && metrics != NULL)
        status = read_metrics(t, metrics, sums, t->node_stride, t->trained);
    base_free(sums);
    return status;
}

carrynet_status opencl_trainer_set_sums(struct opencl_trainer *t, const void *values)
{
    char *sums = NULL;
    const size_t networks = t->settings.networks, stride = t->node_stride * t->value;
    carrynet_status status = base_allocate(&sums, networks, stride);
    if (status != CARRYNET_OK)
        return status;
    for (size_t n = 0; n < networks; ++n)
        memcpy(sums + n * stride, (const char *)values + n * t->trained * t->value, t->trained * t->value);
    status = opencl_write(t, &t->sums, sums, networks * stride);
    base_free(sums);
    return status;
}

/* ---- the update ------------------------------------------------------------------------------------------------ */

/* What all networks' updates share, made anew where the number of sequences changes. */
static carrynet_status write_constants(struct opencl_trainer *t, uint64_t sequences)
{
    union {
        float single[CARRYNET_CONSTANTS];
        double twice[CARRYNET_CONSTANTS];
    } room;
    if (t->averaged == sequences)
        return CARRYNET_OK;
    memset(&room, 0, sizeof room);
    put_real(t, &room, CARRYNET_CONSTANT_AVERAGE, 1.0 / (double)sequences);
    put_real(t, &room, CARRYNET_CONSTANT_CLIP, t->settings.clip);
    put_real(t, &room, CARRYNET_CONSTANT_MOMENTUM, t->settings.momentum);
    put_real(t, &room, CARRYNET_CONSTANT_MOMENTUM_REST, 1 - t->settings.momentum);
    put_real(t, &room, CARRYNET_CONSTANT_DECAY, t->settings.decay);
    put_real(t, &room, CARRYNET_CONSTANT_DECAY_REST, 1 - t->settings.decay);
    const carrynet_status status = opencl_write(t, &t->constants, &room, CARRYNET_CONSTANTS * t->value);
    t->averaged = status == CARRYNET_OK ? sequences : 0;
    return status;
}

carrynet_status opencl_trainer_update(struct opencl_trainer *t, const struct net_rates *rates, uint64_t sequences)
{
    struct opencl_slot *slot = &t->slots[t->slot];
    const size_t networks = t->settings.networks, bytes = networks * CARRYNET_RATES * t->value;
    const struct carrynet_step step = {
        .networks = (uint32_t)networks,
        .parameter_stride = t->parameter_stride,
        .node_stride = t->node_stride,
        .trained = (uint32_t)t->trained,
        .clipped = t->settings.clip > 0,
    };
    carrynet_status status = CARRYNET_OK;
    if (slot->rates == NULL) /* an update before any pass */
        status = base_allocate(&slot->rates, bytes, 1);
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &slot->rates_buffer, bytes, "the rates");
    if (status == CARRYNET_OK)
        status = write_constants(t, sequences);
    if (status != CARRYNET_OK)
        return status;
    for (size_t n = 0; n < networks; ++n) {
        put_real(t, slot->rates, CARRYNET_RATES * n + CARRYNET_RATE, rates[n].rate);
        put_real(t, slot->rates, CARRYNET_RATES * n + CARRYNET_EPSILON, rates[n].epsilon);
    }
    status = write_slot(t, slot, &slot->rates_buffer, slot->rates, bytes);
    if (status == CARRYNET_OK && step.clipped) {
        const struct argument arguments[] = {STRUCT(step), BUFFER(t->sums), BUFFER(t->constants), BUFFER(t->factors)};
        status = SHARE_OUT(t, OPENCL_CLIP, arguments, networks);
    }
    if (status == CARRYNET_OK) {
        const struct argument arguments[] = {STRUCT(step),          BUFFER(t->sums),      BUFFER(slot->rates_buffer),
                                             BUFFER(t->constants),  BUFFER(t->factors),   BUFFER(t->parameters),
                                             BUFFER(t->moments[0]), BUFFER(t->moments[1])};
        status = SHARE_OUT(t, OPENCL_APPLY, arguments, networks * ((t->trained + t->lanes - 1) / t->lanes));
    }
    t->packed_is_current = false;
    return status;
}

/* ---- forward --------------------------------------------------------------------------------------------------- */

static carrynet_status read_back(struct opencl_trainer *t, const struct opencl_buffer *buffer, void *values,
                                 size_t bytes)
{
    return values == NULL ? CARRYNET_OK : opencl_read(t, buffer, values, bytes);
}

carrynet_status opencl_trainer_forward(struct opencl_trainer *t, const struct net_pass *s,
                                       const carrynet_forward *outputs)
{
    struct opencl_slot *slot = &t->slots[t->slot];
    struct opencl_plan plan;
    const carrynet_shape *shape = &t->settings.shape;
    const size_t networks = t->settings.networks, sequences = networks * s->sequences;
    const size_t output_bytes = sequences * s->steps * shape->outputs * t->value;
    const size_t hidden_bytes = sequences * s->steps * shape->hidden * t->value;
    const size_t state_bytes = sequences * shape->hidden * t->value;
    char *sums = NULL;
    carrynet_status status = opencl_plan_pass(&plan, t, s, false);
    if (status == CARRYNET_OK)
        status = prepare(t, &plan);
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->y, outputs->y != NULL ? output_bytes : 0, "y");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->z, outputs->z != NULL ? output_bytes : 0, "z");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->h, outputs->h != NULL ? hidden_bytes : 0, "h");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->state, outputs->state != NULL ? state_bytes : 0, "the state");
    if (status == CARRYNET_OK)
        status = write_slot(t, slot, &slot->staged, slot->words, staged_words(t, s) * sizeof(uint32_t));
    if (status == CARRYNET_OK && s->resume)
        status = opencl_write(t, &t->state, outputs->state, state_bytes);
    if (status != CARRYNET_OK)
        return status;
    plan.pass.outputs = (outputs->y != NULL ? CARRYNET_WRITE_Y : 0) | (outputs->z != NULL ? CARRYNET_WRITE_Z : 0) |
                        (outputs->h != NULL ? CARRYNET_WRITE_H : 0) |
                        (outputs->state != NULL ? CARRYNET_WRITE_STATE : 0);
    const struct argument arguments[] = {
        STRUCT(plan.pass),
        t->cpu_shape ? (struct argument)BUFFER(t->packed) : (struct argument)BUFFER(t->parameters),
        BUFFER(slot->staged),
        BUFFER(t->scratch),
        BUFFER(t->nodes),
        BUFFER(t->counts),
        BUFFER(t->y),
        BUFFER(t->z),
        BUFFER(t->h),
        BUFFER(t->state)};
    status = LAUNCH(t, OPENCL_FORWARD, arguments, plan.workers);
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
    const size_t stride = plan.pass.node_stride;
    status = join(t, &plan.pass);
    if (status == CARRYNET_OK)
        status = base_allocate(&sums, networks, stride * t->value);
    if (status == CARRYNET_OK)
        status = read_back(t, &t->sums, sums, networks * stride * t->value);
    if (status == CARRYNET_OK)
        status = read_metrics(t, outputs->metrics, sums, stride, 0);
    base_free(sums);
    return status;
}
