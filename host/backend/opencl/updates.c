/*
 * From summed gradients to weights: constants, clipping, optimizer. Also many updates in a row with problems generated
 * on the device, and the choice of their launches.
 */
#include "backend/opencl/trainer.h"
#include "model/value.h"
#include <math.h>
#include <string.h>

/* Hidden values of lane-interleaved networks that a core's caches hold; sequences of a batch that is mostly update. */
enum { INTERLEAVED_BYTES = 3 << 20, SMALL_BATCH = 32 };

/* Multiplications that a worker does in the time in which a kernel is compiled. */
static const double COMPILE_WORK = 1e10;

/* Multiplications of a forward pass up to which one worker alone trains a network. */
static const double WHOLE_WORK = 1 << 21;

/* What all networks' updates share, made anew where the number of sequences changes. */
static carrynet_status write_constants(struct opencl_trainer *t, uint64_t sequences)
{
    union {
        float single[CARRYNET_CONSTANTS];
        double twice[CARRYNET_CONSTANTS];
    } constants;
    if (t->averaged == sequences)
        return CARRYNET_OK;
    memset(&constants, 0, sizeof constants);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_AVERAGE, 1.0 / (double)sequences);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_CLIP, t->settings.clip);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_MOMENTUM, t->settings.momentum);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_MOMENTUM_REST, 1 - t->settings.momentum);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_DECAY, t->settings.decay);
    net_put_value(&constants, t->settings.precision, CARRYNET_CONSTANT_DECAY_REST, 1 - t->settings.decay);
    const carrynet_status status = opencl_write(t, &t->constants, &constants, CARRYNET_CONSTANTS * t->value);
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
        status = sys_reserve(&slot->rates, &slot->rates_capacity, bytes, 1);
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

/* Launches the update of all networks from their sums, with the slot's rates from real number first_rate on. */
static carrynet_status launch_update(struct opencl_trainer *t, struct opencl_slot *slot, uint32_t first_rate)
{
    const size_t networks = t->settings.networks;
    const struct carrynet_step step = opencl_update_step(t, first_rate);
    carrynet_status status = CARRYNET_OK;
    if (step.clipped) {
        const struct opencl_argument arguments[] = {STRUCT(step), BUFFER(t->sums), BUFFER(t->constants),
                                                    BUFFER(t->factors)};
        status = DISTRIBUTE(t, OPENCL_CLIP, arguments, networks);
    }
    if (status == CARRYNET_OK) {
        const struct opencl_argument arguments[] = {
            STRUCT(step),       BUFFER(t->sums),       BUFFER(slot->rates_buffer), BUFFER(t->constants),
            BUFFER(t->factors), BUFFER(t->parameters), BUFFER(t->moments[0]),      BUFFER(t->moments[1])};
        status = DISTRIBUTE(t, OPENCL_APPLY, arguments, networks * ((t->trained + t->lanes - 1) / t->lanes));
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
 * By how much a lane a network is slower than a network after the other, in fused multiply-adds of an update's forward
 * pass on the busiest worker; not above 0: no slower.
 */
static double interleaved_lag(const struct opencl_trainer *t)
{
    const carrynet_settings *s = &t->settings;
    const uint64_t units = t->about.compute_units > 0 ? t->about.compute_units : 1, lanes = t->lanes;
    const uint64_t rows = s->batch < CARRYNET_BLOCK ? s->batch : CARRYNET_BLOCK;
    const uint64_t groups = (s->networks + lanes - 1) / lanes;
    /* What the busiest worker has to do, in columns of a network; measured for batches of 1 to 256, H = 4 to 64. */
    const double times = s->batch < SMALL_BATCH ? 0.75 : s->shape.hidden <= 24 ? 0.97 : 1.15;
    const double interleaved = times * (double)((groups + units - 1) / units * lanes * s->shape.hidden);
    const double apart = (double)((s->networks + units - 1) / units * t->columns);
    const bool possible =
        !t->blocks_interleaved && (s->steps + 1) * rows * s->shape.hidden * lanes * t->value <= INTERLEAVED_BYTES;
    const double work = (double)s->batch * s->steps * s->shape.hidden;
    return possible ? work * (interleaved - apart) : INFINITY;
}

void opencl_choose_launches(struct opencl_trainer *t)
{
    const double hidden = t->settings.shape.hidden;
    const double work = (double)t->settings.batch * t->settings.steps * hidden * (hidden + 2);
    const bool asked = t->launches != CARRYNET_LAUNCHES_AUTO;
    const double lag = t->simd && !asked ? interleaved_lag(t) : 0;
    /* The other kernel is compiled when as much time has been lost without it. */
    const bool stays = t->networks_interleaved && t->kernels[OPENCL_TRAIN] == NULL && t->lagged < COMPILE_WORK;
    const bool ready = t->kernels[OPENCL_TRAIN] == NULL || t->kernels[OPENCL_NETWORKS] != NULL;
    t->networks_interleaved =
        t->simd && (asked ? t->launches == CARRYNET_LAUNCHES_INTERLEAVED : (lag <= 0 && ready) || stays);
    t->lag = lag > 0 ? lag : 0;
    t->fused_updates = t->networks_interleaved ||
                       (t->simd && (asked ? t->launches == CARRYNET_LAUNCHES_FUSED
                                          : work <= WHOLE_WORK || t->settings.networks >= t->about.compute_units));
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
    cl_kernel reduce = NULL;
    carrynet_status status = opencl_plan_pass(&plan, t, &slot->pass, OPENCL_CUT_FORWARD);
    struct opencl_buffer *const outputs[] = {&t->y, &t->z, &t->h, &t->state};
    plan.pass.networks = 0;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0] && status == CARRYNET_OK; ++i)
        status = opencl_reserve(t, outputs[i], 0, "an output");
    if (status == CARRYNET_OK)
        status = opencl_need(&reduce, t, OPENCL_REDUCE);
    return status == CARRYNET_OK ? opencl_launch_forward(t, &plan, slot) : status;
}

/* The kernel of fused updates runs over no network, since some runtimes compile at a launch. */
carrynet_status opencl_trainer_prepare(struct backend *backend, const struct net_pass *pass)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    const enum opencl_kernel_id gradient = !t->simd && t->tiles.two_stages ? OPENCL_DELTAS : OPENCL_GRADIENT;
    const enum opencl_kernel_id steps[] = {OPENCL_GENERATE, gradient, OPENCL_REDUCE, OPENCL_APPLY};
    struct opencl_slot *slot = NULL;
    cl_kernel kernel = NULL;
    carrynet_status status = begin(&slot, t, pass);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == CARRYNET_OK && !t->fused_updates; ++i)
        status = opencl_need(&kernel, t, steps[i]);
    if (status != CARRYNET_OK || !t->fused_updates)
        return status;
    slot->plan.pass.networks = 0;
    status = t->networks_interleaved ? opencl_launch_networks(t, slot, 0) : opencl_launch_fused(t, slot, 0);
    if (status == CARRYNET_OK && t->networks_interleaved) /* which does not measure */
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
    if (t->networks_interleaved)
        return opencl_launch_networks(t, slot, updates);
    if (t->fused_updates)
        return opencl_launch_fused(t, slot, updates);
    /* Launches of steps: queued here, since all read the rates and the networks' data that were written once. */
    for (uint32_t u = 0; u < updates && status == CARRYNET_OK; ++u) {
        slot->plan.pass.update = u;
        status = opencl_launch_gradient(t, slot);
        if (status == CARRYNET_OK)
            status = launch_update(t, slot, u * t->settings.networks * CARRYNET_RATES);
    }
    return status;
}
