/* From sums to weights: constants, clipping, optimizer; and many updates in a row with problems made on the device. */
#include "net/value.h"
#include "opencl/trainer.h"
#include <assert.h>
#include <string.h>

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
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_AVERAGE, 1.0 / (double)sequences);
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_CLIP, t->settings.clip);
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_MOMENTUM, t->settings.momentum);
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_MOMENTUM_REST, 1 - t->settings.momentum);
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_DECAY, t->settings.decay);
    net_put_value(&room, t->settings.precision, CARRYNET_CONSTANT_DECAY_REST, 1 - t->settings.decay);
    const carrynet_status status = opencl_write(t, &t->constants, &room, CARRYNET_CONSTANTS * t->value);
    t->averaged = status == CARRYNET_OK ? sequences : 0;
    return status;
}

/* Queues the rates of `count` updates of a network. */
static carrynet_status write_rates(struct opencl_trainer *t, struct opencl_slot *slot, const struct net_rates *rates,
                                   size_t count)
{
    const size_t bytes = count * CARRYNET_RATES * t->value;
    carrynet_status status = slot->rates_queued ? opencl_wait(slot) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = base_reserve(&slot->rates, &slot->rates_room, bytes, 1);
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &slot->rates_buffer, bytes, "the rates");
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        net_put_value(slot->rates, t->settings.precision, CARRYNET_RATES * i + CARRYNET_RATE, rates[i].rate);
        net_put_value(slot->rates, t->settings.precision, CARRYNET_RATES * i + CARRYNET_EPSILON, rates[i].epsilon);
        net_put_value(slot->rates, t->settings.precision, CARRYNET_RATES * i + CARRYNET_WEIGHT_DECAY, rates[i].decay);
    }
    slot->rates_queued = status == CARRYNET_OK;
    return status == CARRYNET_OK ? opencl_write_slot(t, slot, &slot->rates_buffer, slot->rates, bytes) : status;
}

static struct carrynet_step update_step(const struct opencl_trainer *t, uint32_t first_rate)
{
    return (struct carrynet_step){
        .networks = t->settings.networks,
        .parameter_stride = t->parameter_stride,
        .node_stride = t->node_stride,
        .trained = (uint32_t)t->trained,
        .clipped = t->settings.clip > 0,
        .first_rate = first_rate,
        .optimizer = (uint32_t)t->settings.optimizer,
    };
}

/* Launches the update of all networks from their sums, with the slot's rates from real number first_rate on. */
static carrynet_status launch_update(struct opencl_trainer *t, struct opencl_slot *slot, uint32_t first_rate)
{
    const size_t networks = t->settings.networks;
    const struct carrynet_step step = update_step(t, first_rate);
    carrynet_status status = CARRYNET_OK;
    if (step.clipped) {
        const struct opencl_argument arguments[] = {STRUCT(step), BUFFER(t->sums), BUFFER(t->constants),
                                                    BUFFER(t->factors)};
        status = SHARE_OUT(t, OPENCL_CLIP, arguments, networks);
    }
    if (status == CARRYNET_OK) {
        const struct opencl_argument arguments[] = {
            STRUCT(step),       BUFFER(t->sums),       BUFFER(slot->rates_buffer), BUFFER(t->constants),
            BUFFER(t->factors), BUFFER(t->parameters), BUFFER(t->moments[0]),      BUFFER(t->moments[1])};
        status = SHARE_OUT(t, OPENCL_APPLY, arguments, networks * ((t->trained + t->lanes - 1) / t->lanes));
    }
    t->packed_is_current = false;
    return status;
}

carrynet_status opencl_trainer_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = &t->slots[t->slot];
    carrynet_status status = write_constants(t, sequences);
    if (status == CARRYNET_OK)
        status = write_rates(t, slot, rates, t->settings.networks);
    return status == CARRYNET_OK ? launch_update(t, slot, 0) : status;
}

/* ---- many updates ---------------------------------------------------------------------------------------------- */

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

static carrynet_status launch_make(struct opencl_trainer *t, const struct opencl_plan *plan,
                                   const struct opencl_slot *slot)
{
    const struct opencl_argument arguments[] = {STRUCT(plan->pass), BUFFER(t->task), BUFFER(slot->staged)};
    const size_t blocks = (plan->pass.sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
    return SHARE_OUT(t, OPENCL_MAKE, arguments, plan->pass.networks * (t->cpu_shape ? blocks : plan->pass.sequences));
}

/*
 * All updates in one launch, or none and the metrics of the staged sequences; the packed weights are those of the last.
 */
static carrynet_status launch_whole(struct opencl_trainer *t, const struct opencl_plan *plan,
                                    const struct opencl_slot *slot, uint32_t updates)
{
    const struct carrynet_step step = update_step(t, 0);
    const cl_uint count = updates;
    carrynet_status status = opencl_reserve(t, &t->scratch, plan->scratch_bytes, "scratch");
    if (status == CARRYNET_OK)
        status = opencl_reserve(t, &t->packed, t->settings.networks * t->packed_size * t->value, "packed weights");
    if (status != CARRYNET_OK)
        return status;
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),    STRUCT(step),          STRUCT(count),
        BUFFER(slot->staged),  BUFFER(t->task),       BUFFER(slot->rates_buffer),
        BUFFER(t->constants),  BUFFER(t->parameters), BUFFER(t->moments[0]),
        BUFFER(t->moments[1]), BUFFER(t->packed),     BUFFER(t->scratch),
        BUFFER(t->sums),       BUFFER(t->totals),     BUFFER(t->factors)};
    status = LAUNCH(t, OPENCL_TRAIN, arguments, plan->workers);
    t->packed_is_current = status == CARRYNET_OK && plan->pass.networks > 0;
    return status;
}

/* All updates in one launch, a network a lane. */
static carrynet_status launch_networks(struct opencl_trainer *t, const struct opencl_plan *plan,
                                       const struct opencl_slot *slot, uint32_t updates)
{
    const struct carrynet_step step = update_step(t, 0);
    const cl_uint count = updates;
    const carrynet_status status = opencl_reserve(t, &t->scratch, plan->scratch_bytes, "scratch");
    if (status != CARRYNET_OK)
        return status;
    const struct opencl_argument arguments[] = {
        STRUCT(plan->pass),    STRUCT(step),          STRUCT(count),
        BUFFER(slot->staged),  BUFFER(t->task),       BUFFER(slot->rates_buffer),
        BUFFER(t->constants),  BUFFER(t->parameters), BUFFER(t->moments[0]),
        BUFFER(t->moments[1]), BUFFER(t->scratch),    BUFFER(t->sums),
        BUFFER(t->totals)};
    t->packed_is_current = false;
    return LAUNCH(t, OPENCL_NETWORKS, arguments, plan->workers);
}

carrynet_status opencl_measure_whole(struct opencl_trainer *t, const struct net_pass *s)
{
    struct opencl_slot *slot = &t->slots[t->slot];
    struct opencl_plan plan;
    carrynet_status status = opencl_plan_pass(&plan, t, s, OPENCL_CUT_NETWORKS);
    if (status == CARRYNET_OK)
        status = opencl_write_slot(t, slot, &slot->staged, slot->words, (size_t)plan.staged_words * sizeof(uint32_t));
    return status == CARRYNET_OK ? launch_whole(t, &plan, slot, 0) : status;
}

/* Builds the kernels of a forward pass that measures, and runs it over no network. */
static carrynet_status get_forward_ready(struct opencl_trainer *t, const struct net_pass *s,
                                         const struct opencl_slot *slot)
{
    struct opencl_plan plan;
    cl_kernel join = NULL;
    carrynet_status status = opencl_plan_pass(&plan, t, s, OPENCL_CUT_FORWARD);
    struct opencl_buffer *const outputs[] = {&t->y, &t->z, &t->h, &t->state};
    plan.pass.networks = 0;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0] && status == CARRYNET_OK; ++i)
        status = opencl_reserve(t, outputs[i], 0, "an output");
    if (status == CARRYNET_OK)
        status = opencl_need(&join, t, OPENCL_JOIN);
    return status == CARRYNET_OK ? opencl_launch_forward(t, &plan, slot) : status;
}

/* Builds the kernels of updates; that of whole ones runs over no network, since some runtimes compile at a launch. */
static carrynet_status get_ready(struct opencl_trainer *t, const struct net_pass *s, struct opencl_plan *plan,
                                 const struct opencl_slot *slot)
{
    static const enum opencl_kernel_id steps[] = {OPENCL_MAKE, OPENCL_GRADIENT, OPENCL_JOIN, OPENCL_APPLY};
    cl_kernel kernel = NULL;
    carrynet_status status = CARRYNET_OK;
    if (t->whole) {
        plan->pass.networks = 0;
        status = t->networks_abreast ? launch_networks(t, plan, slot, 0) : launch_whole(t, plan, slot, 0);
        if (status == CARRYNET_OK && t->networks_abreast) /* which does not measure */
            status = get_forward_ready(t, s, slot);
        const cl_int code = clFinish(t->queue);
        return status == CARRYNET_OK && code != CL_SUCCESS ? opencl_fail("clFinish", code) : status;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == CARRYNET_OK; ++i)
        status = opencl_need(&kernel, t, steps[i]);
    return status;
}

/* What a planned pass needs whose problems the device makes, in the next slot: the task, and who trains. */
static carrynet_status begin_made(struct opencl_trainer *t, struct opencl_plan *plan, const carrynet_task *task,
                                  const carrynet_individual *individuals)
{
    const size_t words = t->settings.networks * CARRYNET_INDIVIDUAL;
    carrynet_status status = opencl_take_slot(t, plan, words);
    struct opencl_slot *slot = &t->slots[t->slot];
    if (status == CARRYNET_OK)
        status = write_task(t, task);
    if (status != CARRYNET_OK)
        return status;
    plan->pass.drawn_steps = plan->pass.steps - task->closing_count;
    plan->pass.drawn_words = (uint32_t)carrynet_packed_words(task->inputs, plan->pass.drawn_steps);
    opencl_put_individuals(t, slot->words, individuals);
    return opencl_write_slot(t, slot, &slot->staged, slot->words, words * sizeof(uint32_t));
}

/* One update's problems and their gradient, by the kernels of single steps. */
static carrynet_status launch_made(struct opencl_trainer *t, const struct opencl_plan *plan, struct opencl_slot *slot)
{
    carrynet_status status = opencl_prepare(t, plan);
    if (status == CARRYNET_OK)
        status = launch_make(t, plan, slot);
    return status == CARRYNET_OK ? opencl_launch_gradient(t, plan, slot) : status;
}

carrynet_status opencl_trainer_gradient_generated(struct backend *backend, const struct net_pass *s,
                                                  const carrynet_task *task, const carrynet_individual *individuals)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct net_pass made = *s;
    struct opencl_plan plan;
    assert(s->first_sequence % CARRYNET_BLOCK == 0);
    made.shared = false;
    made.makes = true;
    carrynet_status status = opencl_plan_pass(&plan, t, &made, OPENCL_CUT_GRADIENT);
    if (status == CARRYNET_OK)
        status = begin_made(t, &plan, task, individuals);
    return status == CARRYNET_OK ? launch_made(t, &plan, &t->slots[t->slot]) : status;
}

carrynet_status opencl_trainer_train(struct backend *backend, const struct net_pass *s, const carrynet_task *task,
                                     const carrynet_individual *individuals, const struct net_rates *rates,
                                     uint32_t updates)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_plan plan;
    opencl_choose_launches(t);
    carrynet_status status = opencl_plan_pass(&plan, t, s, opencl_update_cut(t));
    if (status == CARRYNET_OK)
        status = begin_made(t, &plan, task, individuals);
    struct opencl_slot *slot = &t->slots[t->slot];
    if (status == CARRYNET_OK)
        status = write_constants(t, s->sequences);
    if (status == CARRYNET_OK && updates > 0)
        status = write_rates(t, slot, rates, (size_t)updates * t->settings.networks);
    if (status == CARRYNET_OK && updates == 0)
        return get_ready(t, s, &plan, slot);
    if (status != CARRYNET_OK)
        return status;
    t->lagged += t->lag * updates;
    if (t->networks_abreast)
        return launch_networks(t, &plan, slot, updates);
    if (t->whole)
        return launch_whole(t, &plan, slot, updates);
    for (uint32_t u = 0; u < updates && status == CARRYNET_OK; ++u) {
        plan.pass.update = u;
        status = launch_made(t, &plan, slot);
        if (status == CARRYNET_OK)
            status = launch_update(t, slot, u * t->settings.networks * CARRYNET_RATES);
    }
    return status;
}
