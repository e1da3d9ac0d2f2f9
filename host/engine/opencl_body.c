/* The engine's body on an OpenCL device: the table's calls handed to the trainer of host/opencl. */
#include "base/base.h"
#include "engine/body.h"
#include "opencl/opencl.h"

static void body_free(void *self)
{
    opencl_trainer_free(self);
}

static uint64_t body_memory(void *self)
{
    return opencl_trainer_memory(self);
}

static uint64_t body_need(void *self)
{
    return opencl_trainer_need(self);
}

static carrynet_status body_get(void *self, carrynet_part part, size_t first, size_t count, void *values)
{
    return opencl_trainer_get(self, part, first, count, values);
}

static carrynet_status body_set(void *self, carrynet_part part, size_t first, size_t count, const void *values)
{
    return opencl_trainer_set(self, part, first, count, values);
}

static carrynet_status body_keep(void *self, const uint32_t *from, uint32_t count)
{
    return opencl_trainer_keep(self, from, count);
}

static carrynet_status body_stage(void *self, const struct net_pass *pass, uint32_t **symbols, uint32_t **targets)
{
    return opencl_trainer_stage(self, pass, symbols, targets);
}

static carrynet_status body_gradient(void *self, const struct net_pass *pass, const carrynet_individual *individuals)
{
    return opencl_trainer_gradient(self, pass, individuals);
}

static carrynet_status body_gradient_made(void *self, const struct net_pass *pass, const carrynet_task *task,
                                          const carrynet_individual *individuals)
{
    return opencl_trainer_gradient_made(self, pass, task, individuals);
}

static carrynet_status body_train(void *self, const struct net_pass *pass, const carrynet_task *task,
                                  const carrynet_individual *individuals, const struct net_rates *rates,
                                  uint32_t updates)
{
    return opencl_trainer_train(self, pass, task, individuals, rates, updates);
}

static carrynet_status body_get_sums(void *self, void *values, carrynet_metrics *metrics)
{
    return opencl_trainer_get_sums(self, values, metrics);
}

static carrynet_status body_set_sums(void *self, const void *values)
{
    return opencl_trainer_set_sums(self, values);
}

static carrynet_status body_update(void *self, const struct net_rates *rates, uint64_t sequences)
{
    return opencl_trainer_update(self, rates, sequences);
}

static carrynet_status body_forward(void *self, const struct net_pass *pass, const carrynet_forward *outputs)
{
    return opencl_trainer_forward(self, pass, outputs);
}

static void body_record(void *self, const struct opencl_recorder *recorder)
{
    opencl_trainer_record(self, recorder);
}

static carrynet_status body_profile(void *self, carrynet_profile *profile)
{
    return opencl_trainer_profile(self, profile);
}

static carrynet_status body_peak(void *self, double *flops)
{
    return opencl_trainer_peak(self, flops);
}

static const struct engine_operations operations_of_opencl = {
    .free = body_free,
    .memory = body_memory,
    .need = body_need,
    .get = body_get,
    .set = body_set,
    .keep = body_keep,
    .stage = body_stage,
    .gradient = body_gradient,
    .gradient_made = body_gradient_made,
    .train = body_train,
    .get_sums = body_get_sums,
    .set_sums = body_set_sums,
    .update = body_update,
    .forward = body_forward,
    .record = body_record,
    .profile = body_profile,
    .peak = body_peak,
};

carrynet_status engine_opencl_body(void **body, const struct engine_operations **operations,
                                   const carrynet_settings *settings, const carrynet_engine_options *options,
                                   char *description, size_t description_size)
{
    struct opencl_trainer *trainer = NULL;
    const carrynet_status status = opencl_trainer_create(&trainer, settings, options, description, description_size);
    *operations = &operations_of_opencl;
    *body = trainer;
    return status;
}
