/* From sums to weights: constants, clipping, optimizer; and many updates in a row with problems made on the device. */
#include "net/value.h"
#include "opencl/trainer.h"
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

/*
 * All updates in one launch, or none and the metrics of the staged sequences; the packed weights are those of the last.
 */
static carrynet_status launch_whole(struct opencl_trainer *t, const struct opencl_slot *slot, uint32_t updates)
{
    const struct opencl_plan *plan = &slot->plan;
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
static carrynet_status launch_networks(struct opencl_trainer *t, const struct opencl_slot *slot, uint32_t updates)
{
    const struct opencl_plan *plan = &slot->plan;
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

carrynet_status opencl_measure_whole(struct opencl_trainer *t, const struct opencl_slot *slot)
{
    return launch_whole(t, slot, 0);
}

/* The slot of a training that is planned and written but for its rates; how it is launched is chosen anew. */
static carrynet_status begin(struct opencl_slot **slot, struct opencl_trainer *t, const struct net_pass *pass)
{
    opencl_choose_launches(t);
    carrynet_status status = opencl_take_slot(slot, t, pass, opencl_update_cut(t));
    if (status == CARRYNET_OK)
        status = opencl_write_pass(t, *slot);
    return status == CARRYNET_OK ? write_constants(t, pass->sequences) : status;
}

/* Builds the kernels of a forward pass that measures, and runs it over no network. */
static carrynet_status prepare_forward(struct opencl_trainer *t, const struct opencl_slot *slot)
{
    struct opencl_plan plan;
    cl_kernel join = NULL;
    carrynet_status status = opencl_plan_pass(&plan, t, &slot->pass, OPENCL_CUT_FORWARD);
    struct opencl_buffer *const outputs[] = {&t->y, &t->z, &t->h, &t->state};
    plan.pass.networks = 0;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0] && status == CARRYNET_OK; ++i)
        status = opencl_reserve(t, outputs[i], 0, "an output");
    if (status == CARRYNET_OK)
        status = opencl_need(&join, t, OPENCL_JOIN);
    return status == CARRYNET_OK ? opencl_launch_forward(t, &plan, slot) : status;
}

/* The kernel of whole updates runs over no network, since some runtimes compile at a launch. */
carrynet_status opencl_trainer_prepare(struct backend *backend, const struct net_pass *pass)
{
    static const enum opencl_kernel_id steps[] = {OPENCL_MAKE, OPENCL_GRADIENT, OPENCL_JOIN, OPENCL_APPLY};
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = NULL;
    cl_kernel kernel = NULL;
    carrynet_status status = begin(&slot, t, pass);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == CARRYNET_OK && !t->whole; ++i)
        status = opencl_need(&kernel, t, steps[i]);
    if (status != CARRYNET_OK || !t->whole)
        return status;
    slot->plan.pass.networks = 0;
    status = t->networks_abreast ? launch_networks(t, slot, 0) : launch_whole(t, slot, 0);
    if (status == CARRYNET_OK && t->networks_abreast) /* which does not measure */
        status = prepare_forward(t, slot);
    const cl_int code = clFinish(t->queue);
    return status == CARRYNET_OK && code != CL_SUCCESS ? opencl_fail("clFinish", code) : status;
}

carrynet_status opencl_trainer_train(struct backend *backend, const struct net_pass *pass,
                                     const struct net_rates *rates, uint32_t updates)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_slot *slot = NULL;
    carrynet_status status = begin(&slot, t, pass);
    if (status == CARRYNET_OK)
        status = write_rates(t, slot, rates, (size_t)updates * t->settings.networks);
    if (status != CARRYNET_OK)
        return status;
    t->lagged += t->lag * updates;
    if (t->networks_abreast)
        return launch_networks(t, slot, updates);
    if (t->whole)
        return launch_whole(t, slot, updates);
    /* Launches of steps: queued here, since all read the rates and the networks' data that were written once. */
    for (uint32_t u = 0; u < updates && status == CARRYNET_OK; ++u) {
        slot->plan.pass.update = u;
        status = opencl_launch_gradient(t, slot);
        if (status == CARRYNET_OK)
            status = launch_update(t, slot, u * t->settings.networks * CARRYNET_RATES);
    }
    return status;
}
