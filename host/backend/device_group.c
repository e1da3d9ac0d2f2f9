/* What the backends of several devices share: running workers, distributing sequences, splitting work by speed. */
#include "backend/device_group.h"
#include "platform/environment.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A split has at least so many places for each worker, if there are as many items. */
enum { PLACES_A_WORKER = 32 };

/* ---- running ---------------------------------------------------------------------------------------------------- */

struct group_call {
    struct device_group *group;
    worker_task *task;
    void *call;
};

static void run_one(void *self, size_t i)
{
    const struct group_call *call = self;
    struct device_worker *worker = &call->group->local[i];
    worker->status = CARRYNET_OK;
    if (worker->networks == 0)
        return;
    const fenv_t environment = sys_enter_arithmetic();
    worker->status = sys_leave_arithmetic(&environment, call->task(call->group, i, call->call));
    if (worker->status != CARRYNET_OK)
        (void)snprintf(worker->message, sizeof worker->message, "%s", carrynet_message());
}

carrynet_status group_run(struct device_group *group, worker_task *task, void *call)
{
    struct group_call all = {group, task, call};
    sys_pool_run(group->pool, group->count, run_one, &all);
    for (size_t i = 0; i < group->count; ++i)
        if (group->local[i].status != CARRYNET_OK)
            return sys_fail(group->local[i].status, "%s", group->local[i].message);
    return CARRYNET_OK;
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

carrynet_status group_stage(struct backend *backend, struct net_pass **staged, const struct net_pass *pass)
{
    struct device_group *group = (struct device_group *)backend;
    const size_t sequences = pass->task != NULL ? 0 : (pass->shared ? 1 : group->settings.networks) * pass->sequences;
    const size_t need = sequences * (pass->symbol_words + pass->target_words);
    carrynet_status status = CARRYNET_OK;
    if (need > group->staged_capacity) { /* on all ranks at once */
        status = sys_reserve(&group->staged, &group->staged_capacity, need, sizeof *group->staged);
        status = comm_allreduce_status(group->comm, status);
        if (status != CARRYNET_OK)
            group->staged_capacity = 0; /* so that the ranks go on alike */
    }
    if (status != CARRYNET_OK)
        return status;
    group->pass = *pass;
    group->pass.symbols = pass->task != NULL ? NULL : group->staged;
    group->pass.targets = pass->task != NULL ? NULL : group->staged + sequences * pass->symbol_words;
    *staged = &group->pass;
    return CARRYNET_OK;
}

carrynet_status group_stage_part(struct device_group *group, size_t i, struct net_pass **staged,
                                 const struct net_pass *pass, const struct net_pass *part, size_t first,
                                 const uint32_t *which)
{
    const struct device_worker *worker = &group->local[i];
    if (part->task != NULL) {
        const carrynet_source source = carrynet_counter_source(part->task);
        return backend_stage(worker->backend, NULL, staged, part, worker->networks, &source);
    }
    const carrynet_status status = worker->backend->operations->stage(worker->backend, staged, part);
    for (uint32_t n = 0; n < (part->shared ? 1 : worker->networks) && status == CARRYNET_OK; ++n) {
        const size_t network = pass->shared ? 0 : which != NULL ? which[n] : n;
        const size_t from = network * pass->sequences + first, to = n * part->sequences;
        memcpy((*staged)->symbols + to * pass->symbol_words, pass->symbols + from * pass->symbol_words,
               part->sequences * pass->symbol_words * sizeof *pass->symbols);
        memcpy((*staged)->targets + to * pass->target_words, pass->targets + from * pass->target_words,
               part->sequences * pass->target_words * sizeof *pass->targets);
    }
    return status;
}

void group_forward_arrays(char *arrays[FORWARD_ARRAYS], const carrynet_forward *forward)
{
    arrays[0] = forward->y;
    arrays[1] = forward->z;
    arrays[2] = forward->h;
    arrays[3] = forward->state;
}

void group_forward_bytes(size_t bytes[FORWARD_ARRAYS], const struct device_group *group, const struct net_pass *pass)
{
    const size_t out = pass->steps * group->settings.shape.outputs, hidden = group->settings.shape.hidden;
    const size_t reals[FORWARD_ARRAYS] = {out, out, pass->steps * hidden, hidden};
    for (int a = 0; a < FORWARD_ARRAYS; ++a)
        bytes[a] = pass->sequences * reals[a] * group->value;
}

carrynet_status group_forward_scratch(struct device_group *group, size_t i, const struct net_pass *pass,
                                      const carrynet_forward *outputs, carrynet_forward *own)
{
    struct device_worker *worker = &group->local[i];
    char *arrays[FORWARD_ARRAYS];
    size_t bytes[FORWARD_ARRAYS], need = worker->networks * sizeof(carrynet_metrics);
    group_forward_arrays(arrays, outputs);
    group_forward_bytes(bytes, group, pass);
    for (int a = 0; a < FORWARD_ARRAYS; ++a)
        need += arrays[a] != NULL ? worker->networks * bytes[a] : 0;
    const carrynet_status status = sys_reserve(&worker->scratch, &worker->scratch_capacity, need, 1);
    if (status != CARRYNET_OK)
        return status;
    char *next = worker->scratch + worker->networks * sizeof(carrynet_metrics);
    for (int a = 0; a < FORWARD_ARRAYS; ++a)
        if (arrays[a] != NULL) {
            arrays[a] = next;
            next += worker->networks * bytes[a];
        }
    *own = *outputs;
    own->metrics = outputs->metrics != NULL ? (carrynet_metrics *)(void *)worker->scratch : NULL;
    own->y = arrays[0];
    own->z = arrays[1];
    own->h = arrays[2];
    own->state = arrays[3];
    return CARRYNET_OK;
}

/* ---- all workers ------------------------------------------------------------------------------------------------ */

carrynet_status group_allgather(struct device_group *group, carrynet_status status, double *all, const double *mine)
{
    const size_t ranks = group_ranks(group);
    uint64_t *bytes = NULL;
    const carrynet_status allocated = sys_allocate(&bytes, ranks, sizeof *bytes);
    for (size_t r = 0; r < ranks && allocated == CARRYNET_OK; ++r)
        bytes[r] = (group->first_worker[r + 1] - group->first_worker[r]) * sizeof *mine;
    status = comm_allreduce_status(group->comm, status != CARRYNET_OK ? status : allocated);
    if (status == CARRYNET_OK)
        status = comm_allgather(group->comm, CARRYNET_OK, all, bytes, mine);
    sys_free(bytes);
    return status;
}

void group_split(uint64_t *first, uint64_t items, const double *speeds, size_t workers)
{
    uint64_t grain = 1;
    double all = 0, before = 0;
    while (grain * 2 * PLACES_A_WORKER * workers <= items)
        grain *= 2;
    const double grains = (double)((items + grain - 1) / grain);
    for (size_t w = 0; w < workers; ++w)
        all += speeds[w];
    for (size_t w = 0; w < workers; ++w) {
        const uint64_t place = grain * (uint64_t)floor(grains * before / all + 0.5);
        first[w] = place < items ? place : items;
        before += speeds[w];
    }
    first[workers] = items;
}

/* ---- the end ---------------------------------------------------------------------------------------------------- */

void group_close(struct device_group *group)
{
    for (size_t i = 0; i < group->count && group->local != NULL; ++i) {
        backend_free(group->local[i].backend);
        sys_free(group->local[i].scratch);
        group->local[i] = (struct device_worker){0};
    }
}

void group_release(struct device_group *group)
{
    sys_pool_free(group->pool);
    group_close(group);
    sys_free(group->local);
    sys_free(group->first_worker);
    sys_free(group->speeds);
    sys_free(group->first);
    sys_free(group->staged);
    *group = (struct device_group){0};
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

uint64_t group_memory(struct backend *backend)
{
    const struct device_group *group = (const struct device_group *)backend;
    uint64_t bytes = 0;
    for (size_t i = 0; i < group->count; ++i)
        bytes += group->local[i].backend->operations->memory(group->local[i].backend);
    return bytes;
}

uint64_t group_need(struct backend *backend)
{
    const struct device_group *group = (const struct device_group *)backend;
    uint64_t bytes = 0;
    for (size_t i = 0; i < group->count; ++i)
        bytes += group->local[i].backend->operations->need(group->local[i].backend);
    return bytes;
}

/* Of this process's devices: kernels of one name are added up. */
carrynet_status group_profile(struct backend *backend, carrynet_profile *profile)
{
    struct device_group *group = (struct device_group *)backend;
    carrynet_status status = CARRYNET_OK;
    *profile = (carrynet_profile){0};
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i) {
        carrynet_profile one;
        status = group->local[i].backend->operations->profile(group->local[i].backend, &one);
        profile->threads += one.threads;
        profile->bytes_written += one.bytes_written;
        profile->bytes_read += one.bytes_read;
        for (size_t k = 0; k < one.kernels && status == CARRYNET_OK; ++k) {
            size_t at = 0;
            while (at < profile->kernels && strcmp(profile->kernel[at].name, one.kernel[k].name) != 0)
                ++at;
            if (at == CARRYNET_PROFILE_KERNELS)
                continue;
            if (at == profile->kernels)
                profile->kernel[profile->kernels++].name = one.kernel[k].name;
            profile->kernel[at].launches += one.kernel[k].launches;
            profile->kernel[at].seconds += one.kernel[k].seconds;
        }
    }
    return status;
}

static carrynet_status peak_of(struct device_group *group, size_t i, void *call)
{
    double *peaks = call;
    return group->local[i].backend->operations->peak(group->local[i].backend, &peaks[i]);
}

/* Measured on all workers at once, since they may share a machine; summed over the ranks. */
carrynet_status group_peak(struct backend *backend, double *flops)
{
    struct device_group *group = (struct device_group *)backend;
    double *mine = NULL, *all = NULL;
    *flops = 0;
    carrynet_status status = sys_allocate(&mine, group->count, sizeof *mine);
    if (status == CARRYNET_OK)
        status = sys_allocate(&all, group->workers, sizeof *all);
    status = comm_allreduce_status(group->comm, status);
    if (status == CARRYNET_OK)
        status = group_allgather(group, group_run(group, peak_of, mine), all, mine);
    for (size_t w = 0; w < group->workers && status == CARRYNET_OK; ++w)
        *flops += all[w];
    sys_free(mine);
    sys_free(all);
    return status;
}
