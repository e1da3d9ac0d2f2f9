/*
 * The operations of data_parallel.h: gradients of parts of a batch, their reduction (data_parallel_reduce.c), and the same
 * update on every replica.
 */
#include "backend/data_parallel.h"
#include "model/value.h"
#include "platform/platform.h"
#include <string.h>

/* ---- gradients and updates -------------------------------------------------------------------------------------- */

struct pass_call {
    const struct net_pass *pass;
    const carrynet_forward *outputs;
};

static carrynet_status update_worker(struct device_group *group, size_t i, void *call)
{
    const struct data_parallel *dp = (const struct data_parallel *)group;
    const struct device_worker *worker = &group->local[i];
    const carrynet_status status = worker->backend->operations->set_sums(worker->backend, dp->sum);
    (void)call;
    return status == CARRYNET_OK ? worker->backend->operations->update(worker->backend, dp->rates, dp->averaged)
                                 : status;
}

/*
 * An update is made together with the workers' next gradient, so that they are started once an update. Where something
 * else comes next, this makes it.
 */
static carrynet_status finish_update(struct data_parallel *dp)
{
    const carrynet_status status = dp->averaged > 0 ? group_run(&dp->group, update_worker, NULL) : CARRYNET_OK;
    dp->averaged = 0;
    return status;
}

/* The pass of a partial sum's sequences. */
static struct net_pass pass_of_node(const struct net_pass *pass, struct block_range partial)
{
    struct net_pass part = *pass;
    const size_t first = (size_t)partial.first * CARRYNET_BLOCK, most = (size_t)partial.count * CARRYNET_BLOCK;
    part.first_sequence += first;
    part.sequences = pass->sequences - first < most ? pass->sequences - first : most;
    return part;
}

/* Adds the metrics of a pass of one partial sum: sums at reals `first` of the partial sum, counts to the replica's. */
static void keep_metrics(const struct data_parallel *dp, struct replica *replica, char *partial, size_t first,
                         const carrynet_metrics *metrics)
{
    for (size_t n = 0; n < dp->group.settings.networks; ++n) {
        const double two[2] = {metrics[n].loss, metrics[n].absolute_error};
        for (size_t i = 0; i < 2; ++i)
            net_put_value(partial, dp->group.settings.precision, first + 2 * n + i, two[i]);
        replica->counts[2 * n] += metrics[n].wrong_bits;
        replica->counts[2 * n + 1] += metrics[n].wrong_sequences;
    }
}

static carrynet_status gradient_of_worker(struct device_group *group, size_t i, void *call)
{
    struct data_parallel *dp = (struct data_parallel *)group;
    struct device_worker *worker = &group->local[i];
    struct replica *replica = &dp->replicas[i];
    const struct pass_call *c = call;
    const size_t gradients = worker->networks * dp->group.trained;
    struct net_pass *staged = NULL;
    carrynet_status status = dp->averaged > 0 ? update_worker(group, i, NULL) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status =
            sys_reserve(&worker->scratch, &worker->scratch_capacity, worker->networks * sizeof(carrynet_metrics), 1);
    memset(replica->counts, 0, worker->networks * 2 * sizeof *replica->counts);
    for (size_t k = 0; k < replica->covers && status == CARRYNET_OK; ++k) {
        const struct net_pass part = pass_of_node(c->pass, replica->cover[k]);
        carrynet_metrics *metrics = (carrynet_metrics *)(void *)worker->scratch;
        char *partial = replica->partials + k * dp->vector * dp->group.value;
        status =
            group_stage_part(group, i, &staged, c->pass, &part, (size_t)replica->cover[k].first * CARRYNET_BLOCK, NULL);
        if (status == CARRYNET_OK)
            status = worker->backend->operations->gradient(worker->backend, staged);
        if (status == CARRYNET_OK)
            status = worker->backend->operations->get_sums(worker->backend, partial, metrics);
        if (status == CARRYNET_OK)
            keep_metrics(dp, replica, partial, gradients, metrics);
    }
    return status;
}

static carrynet_status data_parallel_gradient(struct backend *backend, struct net_pass *staged)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    data_parallel_split(dp, data_parallel_blocks(staged->sequences));
    carrynet_status status = data_parallel_reserve(dp, data_parallel_vector(dp));
    /* dp->sum is not written here: the workers may have to read those of the last update first. */
    if (status == CARRYNET_OK)
        status = group_run(&dp->group, gradient_of_worker, &(struct pass_call){.pass = staged});
    dp->averaged = 0;
    return data_parallel_reduce(dp, status);
}

static carrynet_status data_parallel_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    carrynet_status status = CARRYNET_OK;
    if (dp->averaged > 0) /* on all ranks at once */
        status = comm_allreduce_status(dp->group.comm, finish_update(dp));
    memcpy(dp->rates, rates, dp->group.settings.networks * sizeof *rates);
    dp->averaged = sequences;
    return status;
}

static carrynet_status prepare_worker(struct device_group *group, size_t i, void *call)
{
    const struct device_worker *worker = &group->local[i];
    const struct replica *replica = &((const struct data_parallel *)group)->replicas[i];
    const struct pass_call *c = call;
    struct net_pass part = *c->pass;
    part.sequences = replica->covers > 0 ? pass_of_node(c->pass, replica->cover[0]).sequences : 1;
    return worker->backend->operations->prepare != NULL ? worker->backend->operations->prepare(worker->backend, &part)
                                                        : CARRYNET_OK;
}

static carrynet_status data_parallel_prepare(struct backend *backend, const struct net_pass *pass)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    data_parallel_split(dp, data_parallel_blocks(pass->sequences));
    return comm_allreduce_status(dp->group.comm,
                                 group_run(&dp->group, prepare_worker, &(struct pass_call){.pass = pass}));
}

/* Before a first pass the sums are zeros. */
static carrynet_status reserve_sums(struct data_parallel *dp)
{
    if (dp->blocks == 0)
        data_parallel_split(dp, data_parallel_blocks(dp->group.settings.batch));
    return data_parallel_reserve(dp, data_parallel_vector(dp));
}

static carrynet_status data_parallel_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    const size_t gradients = dp->group.settings.networks * dp->group.trained;
    carrynet_status status = finish_update(dp);
    if (status == CARRYNET_OK)
        status = reserve_sums(dp);
    if (values != NULL && status == CARRYNET_OK)
        memcpy(values, dp->sum, gradients * dp->group.value);
    if (metrics == NULL)
        return status;
    const carrynet_status same = data_parallel_check_weights(dp);
    status = data_parallel_reduce_counts(dp, status != CARRYNET_OK ? status : same);
    if (status == CARRYNET_OK)
        data_parallel_get_metrics(metrics, dp, gradients);
    return status;
}

static carrynet_status data_parallel_set_sums(struct backend *backend, const void *values)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    carrynet_status status = finish_update(dp);
    if (status == CARRYNET_OK)
        status = reserve_sums(dp);
    if (status == CARRYNET_OK)
        memcpy(dp->sum, values, dp->group.settings.networks * dp->group.trained * dp->group.value);
    return status;
}

/* ---- forward ---------------------------------------------------------------------------------------------------- */

/* Copies a partial sum's sequences between an array of all networks' sequences and one of a part, `bytes` a network. */
static void copy_rows(const struct data_parallel *dp, char *part_values, char *values, bool out,
                      const struct net_pass *part, const struct net_pass *pass, size_t first, size_t bytes)
{
    const size_t row = bytes / part->sequences;
    for (size_t n = 0; n < dp->group.settings.networks && values != NULL; ++n) {
        char *here = part_values + n * bytes, *there = values + (n * pass->sequences + first) * row;
        memcpy(out ? there : here, out ? here : there, bytes);
    }
}

static carrynet_status forward_of_worker(struct device_group *group, size_t i, void *call)
{
    struct data_parallel *dp = (struct data_parallel *)group;
    const struct device_worker *worker = &group->local[i];
    struct replica *replica = &dp->replicas[i];
    const struct pass_call *c = call;
    const struct net_pass *pass = c->pass;
    const carrynet_forward *outputs = c->outputs;
    struct net_pass *staged = NULL;
    char *whole[FORWARD_ARRAYS], *own[FORWARD_ARRAYS];
    size_t bytes[FORWARD_ARRAYS];
    carrynet_status status = CARRYNET_OK;
    group_forward_arrays(whole, outputs);
    memset(replica->counts, 0, worker->networks * 2 * sizeof *replica->counts);
    for (size_t k = 0; k < replica->covers && status == CARRYNET_OK; ++k) {
        const struct net_pass part = pass_of_node(pass, replica->cover[k]);
        const size_t first = (size_t)(part.first_sequence - pass->first_sequence);
        carrynet_forward mine;
        status = group_forward_scratch(group, i, &part, outputs, &mine);
        if (status != CARRYNET_OK)
            break;
        group_forward_arrays(own, &mine);
        group_forward_bytes(bytes, group, &part);
        if (pass->resume)
            copy_rows(dp, own[3], whole[3], false, &part, pass, first, bytes[3]);
        status = group_stage_part(group, i, &staged, pass, &part, first, NULL);
        if (status == CARRYNET_OK)
            status = worker->backend->operations->forward(worker->backend, staged, &mine);
        for (int a = 0; a < FORWARD_ARRAYS && status == CARRYNET_OK; ++a)
            copy_rows(dp, own[a], whole[a], true, &part, pass, first, bytes[a]);
        if (status == CARRYNET_OK && outputs->metrics != NULL)
            keep_metrics(dp, replica, replica->partials + k * dp->vector * dp->group.value, 0, mine.metrics);
    }
    return status;
}

/* Metrics alone: split among all ranks. Arrays, which every rank needs whole: each rank computes all. */
static carrynet_status data_parallel_forward(struct backend *backend, struct net_pass *pass,
                                             const carrynet_forward *outputs)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    const uint64_t blocks = data_parallel_blocks(pass->sequences);
    if (outputs->y != NULL || outputs->z != NULL || outputs->h != NULL || outputs->state != NULL)
        data_parallel_split_locally(dp, blocks);
    else
        data_parallel_split(dp, blocks);
    carrynet_status status = finish_update(dp);
    if (status == CARRYNET_OK)
        status = data_parallel_reserve(dp, (size_t)2 * dp->group.settings.networks);
    if (status == CARRYNET_OK)
        status = group_run(&dp->group, forward_of_worker, &(struct pass_call){.pass = pass, .outputs = outputs});
    const bool locally = dp->locally;
    if (outputs->metrics == NULL)
        return comm_allreduce_status(dp->group.comm, status);
    if (locally || !pass->until_wrong) /* else only the counts are asked for */
        status = data_parallel_reduce(dp, status);
    status = data_parallel_reduce_counts(dp, status);
    if (locally) /* the other ranks do not know this one's status */
        status = comm_allreduce_status(dp->group.comm, status);
    if (status == CARRYNET_OK)
        data_parallel_get_metrics(outputs->metrics, dp, 0);
    return status;
}

/* ---- the networks' state ---------------------------------------------------------------------------------------- */

static carrynet_status data_parallel_get(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                         void *values)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    const struct device_worker *worker = &dp->group.local[0];
    carrynet_status status = finish_update(dp);
    if (status == CARRYNET_OK)
        status = worker->backend->operations->get(worker->backend, part, first, count, values);
    return comm_allreduce_status(dp->group.comm, status);
}

static carrynet_status data_parallel_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                         const void *values)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    carrynet_status status = finish_update(dp);
    for (size_t i = 0; i < dp->group.count && status == CARRYNET_OK; ++i) {
        const struct device_worker *worker = &dp->group.local[i];
        status = worker->backend->operations->set(worker->backend, part, first, count, values);
    }
    return comm_allreduce_status(dp->group.comm, status);
}

static carrynet_status data_parallel_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    carrynet_status status = finish_update(dp);
    for (size_t i = 0; i < dp->group.count && status == CARRYNET_OK; ++i) {
        const struct device_worker *worker = &dp->group.local[i];
        status = worker->backend->operations->compact(worker->backend, from, count);
        dp->group.local[i].networks = count;
    }
    dp->group.settings.networks = count;
    return comm_allreduce_status(dp->group.comm, status);
}

static void data_parallel_wants(struct backend *backend, const struct net_pass *pass, uint32_t network, size_t *first,
                                size_t *count)
{
    struct data_parallel *dp = (struct data_parallel *)backend;
    const size_t rank = carrynet_comm_rank(dp->group.comm);
    (void)network; /* every worker has all networks */
    data_parallel_split(dp, data_parallel_blocks(pass->sequences));
    const size_t from = (size_t)dp->first[dp->group.first_worker[rank]] * CARRYNET_BLOCK;
    const size_t end = (size_t)dp->first[dp->group.first_worker[rank + 1]] * CARRYNET_BLOCK;
    *first = from < pass->sequences ? from : pass->sequences;
    *count = (end < pass->sequences ? end : pass->sequences) - *first;
}

/* ---- creating --------------------------------------------------------------------------------------------------- */

static void free_data_parallel(struct data_parallel *dp)
{
    if (dp == NULL)
        return;
    for (size_t i = 0; i < dp->group.count && dp->replicas != NULL; ++i) {
        sys_free(dp->replicas[i].partials);
        sys_free(dp->replicas[i].counts);
    }
    sys_free(dp->replicas);
    sys_free(dp->first);
    sys_free(dp->partials);
    sys_free(dp->first_partial);
    sys_free(dp->sent);
    sys_free(dp->received);
    sys_free(dp->sum);
    sys_free(dp->values);
    sys_free(dp->own_partials);
    sys_free(dp->own_values);
    sys_free(dp->bytes);
    sys_free(dp->rates);
    sys_free(dp->counts);
    sys_free(dp->all_counts);
    group_release(&dp->group);
    sys_free(dp);
}

static void data_parallel_free(struct backend *backend)
{
    free_data_parallel((struct data_parallel *)backend);
}

static const struct backend_operations operations = {
    .free = data_parallel_free,
    .memory = group_memory,
    .need = group_need,
    .get = data_parallel_get,
    .set = data_parallel_set,
    .compact = data_parallel_compact,
    .stage = group_stage,
    .wants = data_parallel_wants,
    .gradient = data_parallel_gradient,
    .prepare = data_parallel_prepare,
    .get_sums = data_parallel_get_sums,
    .set_sums = data_parallel_set_sums,
    .update = data_parallel_update,
    .forward = data_parallel_forward,
    .profile = group_profile,
    .peak = group_peak,
};

carrynet_settings data_parallel_share(const struct device_group *group, size_t worker)
{
    carrynet_settings share = group->settings;
    const uint64_t sequences = (group->first[worker + 1] - group->first[worker]) * CARRYNET_BLOCK;
    if (sequences < share.batch)
        share.batch = sequences > CARRYNET_BLOCK ? (uint32_t)sequences : CARRYNET_BLOCK;
    if (share.batch > group->settings.batch)
        share.batch = group->settings.batch;
    return share;
}

carrynet_status data_parallel_create(struct backend **backend, struct device_group *group)
{
    const size_t networks = group->settings.networks, ranks = group_ranks(group), workers = group->workers;
    struct data_parallel *dp = NULL;
    *backend = NULL;
    carrynet_status status = sys_allocate(&dp, 1, sizeof *dp);
    if (status != CARRYNET_OK)
        return status;
    dp->group.count = group->count; /* of dp->replicas */
    dp->capacity = REDUCTION_TREE_COVER * (workers > ranks ? workers : ranks);
    status = sys_allocate(&dp->replicas, group->count, sizeof *dp->replicas);
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i)
        status = sys_allocate(&dp->replicas[i].counts, networks, 2 * sizeof *dp->replicas[i].counts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->first, workers + 1, sizeof *dp->first);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->partials, dp->capacity, sizeof *dp->partials);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->first_partial, ranks + 1, sizeof *dp->first_partial);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->values, dp->capacity, sizeof *dp->values);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->own_partials, dp->capacity, sizeof *dp->own_partials);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->own_values, dp->capacity, sizeof *dp->own_values);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->bytes, ranks, sizeof *dp->bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->rates, networks, sizeof *dp->rates);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->counts, networks, 2 * sizeof *dp->counts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&dp->all_counts, ranks * networks, 2 * sizeof *dp->all_counts);
    if (status == CARRYNET_OK) {
        dp->group = *group;
        dp->group.base.operations = &operations;
        *group = (struct device_group){0};
        *backend = &dp->group.base;
        dp = NULL;
    }
    free_data_parallel(dp);
    return status;
}
