/*
 * Launches of the kernels for fused updates: one worker a network (which can also only measure), or one lane a network.
 * passes.c and updates.c both use them.
 */
#include "backend/opencl/trainer.h"

struct carrynet_step opencl_update_step(const struct opencl_trainer *t, uint32_t first_rate)
{
    return (struct carrynet_step){
        .networks = t->settings.networks,
        .parameter_stride = t->parameter_stride,
        .partial_stride = t->partial_stride,
        .trained = (uint32_t)t->trained,
        .clipped = t->settings.clip > 0,
        .first_rate = first_rate,
        .optimizer = (uint32_t)t->settings.optimizer,
    };
}

carrynet_status opencl_launch_fused(struct opencl_trainer *t, const struct opencl_slot *slot, uint32_t updates)
{
    const struct opencl_plan *plan = &slot->plan;
    const struct carrynet_step step = opencl_update_step(t, 0);
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

carrynet_status opencl_launch_networks(struct opencl_trainer *t, const struct opencl_slot *slot, uint32_t updates)
{
    const struct opencl_plan *plan = &slot->plan;
    const struct carrynet_step step = opencl_update_step(t, 0);
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
