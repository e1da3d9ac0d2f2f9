/*
 * The split of a batch at its blocks, and the reduction of the parts. Each rank first reduces its workers' partial sums
 * as far as possible. An all-to-all then gives every rank one slice of all ranks' partial sums; the rank reduces the
 * slice in the order of the tree, and an allgather distributes the results. This moves twice the bytes of a gradient,
 * for any number of ranks.
 */
#include "backend/data_parallel.h"
#include "model/value.h"
#include "platform/platform.h"
#include <math.h>
#include <string.h>

/* ---- the split -------------------------------------------------------------------------------------------------- */

void data_parallel_split(struct data_parallel *dp, uint64_t blocks)
{
    if (dp->blocks == blocks)
        return;
    dp->blocks = blocks;
    dp->locally = false;
    dp->most = 0;
    group_split(dp->first, blocks, dp->group.speeds, dp->group.workers);
    for (size_t r = 0; r < group_ranks(&dp->group); ++r) {
        const uint64_t first = dp->first[dp->group.first_worker[r]], end = dp->first[dp->group.first_worker[r + 1]];
        const size_t count =
            reduction_tree_cover(dp->partials + dp->first_partial[r], blocks, (struct block_range){first, end - first});
        dp->first_partial[r + 1] = dp->first_partial[r] + count;
        dp->most = count > dp->most ? count : dp->most;
    }
    for (size_t i = 0; i < dp->group.count; ++i) {
        const size_t w = group_worker(&dp->group, i);
        dp->replicas[i].covers = reduction_tree_cover(
            dp->replicas[i].cover, blocks, (struct block_range){dp->first[w], dp->first[w + 1] - dp->first[w]});
    }
}

carrynet_status data_parallel_reserve(struct data_parallel *dp, size_t vector)
{
    const size_t ranks = group_ranks(&dp->group);
    carrynet_status status = CARRYNET_OK;
    dp->vector = vector;
    dp->slice = (vector + ranks - 1) / ranks;
    for (size_t i = 0; i < dp->group.count && status == CARRYNET_OK; ++i) {
        struct replica *replica = &dp->replicas[i];
        status =
            sys_reserve(&replica->partials, &replica->nodes_capacity, replica->covers * vector * dp->group.value, 1);
    }
    if (status == CARRYNET_OK)
        status = sys_reserve(&dp->sum, &dp->sum_capacity, ranks * dp->slice * dp->group.value, 1);
    if (status == CARRYNET_OK && ranks > 1)
        status = sys_reserve(&dp->sent, &dp->sent_capacity, ranks * dp->most * dp->slice * dp->group.value, 1);
    if (status == CARRYNET_OK && ranks > 1)
        status = sys_reserve(&dp->received, &dp->received_capacity, ranks * dp->most * dp->slice * dp->group.value, 1);
    return status;
}

size_t data_parallel_vector(const struct data_parallel *dp)
{
    return dp->group.settings.networks * (dp->group.trained + 2);
}

void data_parallel_split_locally(struct data_parallel *dp, uint64_t blocks)
{
    dp->blocks = 0; /* the next split is not this one */
    dp->locally = true;
    dp->partials[0] = (struct block_range){0, blocks};
    dp->first_partial[0] = 0;
    dp->first_partial[1] = 1;
    group_split(dp->first, blocks, dp->group.speeds + group_worker(&dp->group, 0), dp->group.count);
    for (size_t i = 0; i < dp->group.count; ++i)
        dp->replicas[i].covers = reduction_tree_cover(
            dp->replicas[i].cover, blocks, (struct block_range){dp->first[i], dp->first[i + 1] - dp->first[i]});
}

/* ---- the reduction ---------------------------------------------------------------------------------------------- */

/* Reduces the partial sums of this process's workers to those of its rank: their number, and values in dp->values. */
static size_t reduce_own(struct data_parallel *dp)
{
    const size_t rank = dp->locally ? 0 : carrynet_comm_rank(dp->group.comm);
    size_t count = 0, next = 0, reduced = 0;
    for (size_t i = 0; i < dp->group.count; ++i)
        for (size_t c = 0; c < dp->replicas[i].covers; ++c) {
            dp->own_partials[count] = dp->replicas[i].cover[c];
            dp->own_values[count++] = dp->replicas[i].partials + c * dp->vector * dp->group.value;
        }
    /* Each partial sum of the rank is made up of consecutive partial sums of its workers. */
    for (size_t r = dp->first_partial[rank]; r < dp->first_partial[rank + 1]; ++r) {
        const size_t at = next;
        reduction_tree_reduce(dp->own_values, dp->own_partials, &next, dp->partials[r], dp->vector,
                              dp->group.settings.precision);
        dp->values[reduced++] = dp->own_values[at];
    }
    return reduced;
}

/* Allgather of `size` bytes of each rank. */
static carrynet_status allgather_equal(struct data_parallel *dp, carrynet_status status, void *all, const void *mine,
                                       size_t size)
{
    for (size_t r = 0; r < group_ranks(&dp->group); ++r)
        dp->bytes[r] = size;
    return comm_allgather(dp->group.comm, status, all, dp->bytes, mine);
}

carrynet_status data_parallel_reduce(struct data_parallel *dp, carrynet_status status)
{
    const size_t ranks = group_ranks(&dp->group), value = dp->group.value, part = dp->most * dp->slice * value;
    const struct block_range batch = {0, dp->blocks};
    const size_t own = status == CARRYNET_OK ? reduce_own(dp) : 0;
    size_t next = 0;
    if (ranks == 1 || dp->locally) {
        if (status == CARRYNET_OK)
            memcpy(dp->sum, dp->values[0], dp->vector * value);
        return status;
    }
    for (size_t r = 0; r < ranks; ++r)
        for (size_t partial = 0; partial < own; ++partial) {
            const size_t first = r * dp->slice < dp->vector ? r * dp->slice : dp->vector, left = dp->vector - first;
            memcpy(dp->sent + r * part + partial * dp->slice * value, (char *)dp->values[partial] + first * value,
                   (left < dp->slice ? left : dp->slice) * value);
        }
    status = comm_alltoall(dp->group.comm, status, dp->received, dp->sent, part);
    if (status != CARRYNET_OK)
        return status;
    for (size_t r = 0, i = 0; r < ranks; ++r)
        for (size_t partial = 0; partial < dp->first_partial[r + 1] - dp->first_partial[r]; ++partial)
            dp->values[i++] = dp->received + r * part + partial * dp->slice * value;
    reduction_tree_reduce(dp->values, dp->partials, &next, batch, dp->slice, dp->group.settings.precision);
    return allgather_equal(dp, status, dp->sum, dp->values[0], dp->slice * value);
}

carrynet_status data_parallel_reduce_counts(struct data_parallel *dp, carrynet_status status)
{
    const size_t numbers = (size_t)2 * dp->group.settings.networks, ranks = group_ranks(&dp->group);
    memset(dp->counts, 0, numbers * sizeof *dp->counts);
    for (size_t i = 0; i < dp->group.count; ++i)
        for (size_t n = 0; n < numbers && dp->replicas[i].covers > 0; ++n)
            dp->counts[n] += dp->replicas[i].counts[n];
    if (ranks == 1 || dp->locally)
        return status;
    status = allgather_equal(dp, status, dp->all_counts, dp->counts, numbers * sizeof *dp->counts);
    for (size_t n = 0; n < numbers && status == CARRYNET_OK; ++n) {
        dp->counts[n] = 0;
        for (size_t r = 0; r < ranks; ++r)
            dp->counts[n] += dp->all_counts[r * numbers + n];
    }
    return status;
}

void data_parallel_get_metrics(carrynet_metrics *metrics, const struct data_parallel *dp, size_t first)
{
    for (size_t n = 0; n < dp->group.settings.networks; ++n) {
        metrics[n].loss = net_value(dp->sum, dp->group.settings.precision, first + 2 * n);
        metrics[n].absolute_error = net_value(dp->sum, dp->group.settings.precision, first + 2 * n + 1);
        metrics[n].wrong_bits = dp->counts[2 * n];
        metrics[n].wrong_sequences = dp->counts[2 * n + 1];
    }
}

/* ---- equal weights ---------------------------------------------------------------------------------------------- */

static carrynet_status digest_of_worker(uint64_t *digest, struct data_parallel *dp, struct device_worker *worker)
{
    const size_t bytes = dp->group.settings.networks * dp->group.size * dp->group.value;
    carrynet_status status = sys_reserve(&worker->scratch, &worker->scratch_capacity, bytes, 1);
    if (status == CARRYNET_OK)
        status = worker->backend->operations->get(worker->backend, CARRYNET_PART_PARAMETERS, 0,
                                                  dp->group.settings.networks, worker->scratch);
    *digest = SYS_DIGEST;
    for (size_t i = 0; i < dp->group.settings.networks * dp->group.size && status == CARRYNET_OK; ++i) {
        const double value = net_value(worker->scratch, dp->group.settings.precision, i);
        uint64_t word = 0; /* for a NaN, whose bits differ between devices */
        if (!isnan(value))
            memcpy(&word, &value, sizeof word);
        *digest = sys_digest(*digest, word, sizeof word);
    }
    return status;
}

carrynet_status data_parallel_check_weights(struct data_parallel *dp)
{
    uint64_t first = 0;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < dp->group.count && status == CARRYNET_OK; ++i) {
        uint64_t digest = 0;
        status = digest_of_worker(&digest, dp, &dp->group.local[i]);
        if (status == CARRYNET_OK && i > 0 && digest != first)
            status = sys_fail(CARRYNET_ERROR_DEVICE,
                              "devices have come to different weights, so one of them does not give the promised "
                              "bits; `carrynet compare` tells which: %s, or %s",
                              dp->group.local[0].description, dp->group.local[i].description);
        first = i == 0 ? digest : first;
    }
    if (group_ranks(&dp->group) == 1)
        return status;
    status = allgather_equal(dp, status, dp->all_counts, &first, sizeof first);
    for (size_t r = 1; r < group_ranks(&dp->group) && status == CARRYNET_OK; ++r)
        if (dp->all_counts[r] != dp->all_counts[0])
            status = sys_fail(CARRYNET_ERROR_DEVICE,
                              "ranks 0 and %zu have come to different weights, so a device of one of them does not "
                              "give the promised bits; `carrynet compare` tells which",
                              r);
    return status;
}
