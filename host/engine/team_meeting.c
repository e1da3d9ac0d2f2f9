/*
 * How a batch is cut along its blocks, and how the sums of its parts meet. A rank joins the nodes of its workers as far as
 * they go. Then every rank is sent one slice of the values of all ranks' nodes, joins it in the order of the tree, and sends
 * the sum to all: two exchanges, of twice the size of a gradient, for any number of ranks.
 */
#include "base/base.h"
#include "engine/team_blocks.h"
#include "net/value.h"
#include <math.h>
#include <string.h>

/* ---- the cut ---------------------------------------------------------------------------------------------------- */

carrynet_settings team_blocks_share(const struct team *team, size_t worker)
{
    carrynet_settings share = team->settings;
    const uint64_t sequences = (team->first[worker + 1] - team->first[worker]) * CARRYNET_BLOCK;
    if (sequences < share.batch)
        share.batch = sequences > CARRYNET_BLOCK ? (uint32_t)sequences : CARRYNET_BLOCK;
    if (share.batch > team->settings.batch)
        share.batch = team->settings.batch;
    return share;
}

void team_blocks_free(struct team *team)
{
    struct team_blocks *b = team->blocks;
    if (b == NULL)
        return;
    base_free(b->first);
    base_free(b->nodes);
    base_free(b->first_node);
    base_free(b->sent);
    base_free(b->received);
    base_free(b->sum);
    base_free(b->values);
    base_free(b->own_nodes);
    base_free(b->own_values);
    base_free(b->bytes);
    base_free(b->now);
    base_free(b->counts);
    base_free(b->all_counts);
    base_free(b);
    team->blocks = NULL;
}

carrynet_status team_blocks_create(struct team *team)
{
    const size_t networks = team->settings.networks, ranks = team_ranks(team);
    struct team_blocks *b = NULL;
    carrynet_status status = base_allocate(&b, 1, sizeof *b);
    if (status != CARRYNET_OK)
        return status;
    team->blocks = b;
    b->room = BLOCK_TREE_COVER * (team->workers > ranks ? team->workers : ranks);
    status = base_allocate(&b->first, team->workers + 1, sizeof *b->first);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->nodes, b->room, sizeof *b->nodes);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->first_node, ranks + 1, sizeof *b->first_node);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->values, b->room, sizeof *b->values);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->own_nodes, b->room, sizeof *b->own_nodes);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->own_values, b->room, sizeof *b->own_values);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->bytes, ranks, sizeof *b->bytes);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->now, networks, sizeof *b->now);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->counts, networks, 2 * sizeof *b->counts);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->all_counts, ranks * networks, 2 * sizeof *b->all_counts);
    team_cut(team->first, blocks_in(team->settings.batch), team->speeds, team->workers);
    return status;
}

/* Cuts a batch of so many blocks for all workers: which nodes each rank has, and each worker of this process. */
void blocks_cut(struct team *team, uint64_t blocks)
{
    struct team_blocks *b = team->blocks;
    if (b->blocks == blocks)
        return;
    b->blocks = blocks;
    b->alone = false;
    b->most = 0;
    team_cut(b->first, blocks, team->speeds, team->workers);
    for (size_t r = 0; r < team_ranks(team); ++r) {
        const uint64_t first = b->first[team->first_worker[r]], end = b->first[team->first_worker[r + 1]];
        const size_t count =
            block_tree_cover(b->nodes + b->first_node[r], blocks, (struct block_range){first, end - first});
        b->first_node[r + 1] = b->first_node[r] + count;
        b->most = count > b->most ? count : b->most;
    }
    for (size_t i = 0; i < team->count; ++i) {
        const size_t w = team_worker(team, i);
        team->members[i].covers = block_tree_cover(team->members[i].cover, blocks,
                                                   (struct block_range){b->first[w], b->first[w + 1] - b->first[w]});
    }
}

/* The vectors of this cut, of `vector` reals. */
carrynet_status blocks_make_room(struct team *team, size_t vector)
{
    struct team_blocks *b = team->blocks;
    const size_t ranks = team_ranks(team);
    carrynet_status status = CARRYNET_OK;
    b->vector = vector;
    b->slice = (vector + ranks - 1) / ranks;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        status = base_reserve(&member->nodes, &member->nodes_room, member->covers * vector * team->value, 1);
    }
    if (status == CARRYNET_OK)
        status = base_reserve(&b->sum, &b->sum_room, ranks * b->slice * team->value, 1);
    if (status == CARRYNET_OK && ranks > 1)
        status = base_reserve(&b->sent, &b->sent_room, ranks * b->most * b->slice * team->value, 1);
    if (status == CARRYNET_OK && ranks > 1)
        status = base_reserve(&b->received, &b->received_room, ranks * b->most * b->slice * team->value, 1);
    return status;
}

size_t blocks_vector(const struct team *team)
{
    return team->settings.networks * (team->trained + 2);
}

/* The whole batch for the workers of this process alone, without messages. */
void blocks_cut_alone(struct team *team, uint64_t blocks)
{
    struct team_blocks *b = team->blocks;
    b->blocks = 0; /* the next cut is made anew */
    b->alone = true;
    b->nodes[0] = (struct block_range){0, blocks};
    b->first_node[0] = 0;
    b->first_node[1] = 1;
    team_cut(b->first, blocks, team->speeds + team_worker(team, 0), team->count);
    for (size_t i = 0; i < team->count; ++i)
        team->members[i].covers = block_tree_cover(team->members[i].cover, blocks,
                                                   (struct block_range){b->first[i], b->first[i + 1] - b->first[i]});
}

/* ---- meeting ---------------------------------------------------------------------------------------------------- */

/* Joins the nodes of this process's workers into those of its rank, whose values are then b->values [so many]. */
static size_t join_own(struct team *team)
{
    struct team_blocks *b = team->blocks;
    const size_t rank = b->alone ? 0 : carrynet_comm_rank(team->comm);
    size_t count = 0, next = 0, joined = 0;
    for (size_t i = 0; i < team->count; ++i)
        for (size_t c = 0; c < team->members[i].covers; ++c) {
            b->own_nodes[count] = team->members[i].cover[c];
            b->own_values[count++] = team->members[i].nodes + c * b->vector * team->value;
        }
    /* Nodes of workers lie within nodes of the rank, so each of these is made up by some that follow one another. */
    for (size_t r = b->first_node[rank]; r < b->first_node[rank + 1]; ++r) {
        const size_t at = next;
        block_tree_join(b->own_values, b->own_nodes, &next, b->nodes[r], b->vector, team->settings.precision);
        b->values[joined++] = b->own_values[at];
    }
    return joined;
}

/* Equal parts of all ranks. */
static carrynet_status gather_equal(struct team *team, carrynet_status status, void *all, const void *mine, size_t size)
{
    for (size_t r = 0; r < team_ranks(team); ++r)
        team->blocks->bytes[r] = size;
    return comm_allgather(team->comm, status, all, team->blocks->bytes, mine);
}

/* The sums of all workers' nodes into b->sum; `status` is that of this process's workers. */
carrynet_status blocks_meet(struct team *team, carrynet_status status)
{
    struct team_blocks *b = team->blocks;
    const size_t ranks = team_ranks(team), value = team->value, part = b->most * b->slice * value;
    const struct block_range batch = {0, b->blocks};
    const size_t own = status == CARRYNET_OK ? join_own(team) : 0;
    size_t next = 0;
    if (ranks == 1 || b->alone) {
        if (status == CARRYNET_OK)
            memcpy(b->sum, b->values[0], b->vector * value);
        return status;
    }
    for (size_t r = 0; r < ranks; ++r)
        for (size_t node = 0; node < own; ++node) {
            const size_t first = r * b->slice < b->vector ? r * b->slice : b->vector, left = b->vector - first;
            memcpy(b->sent + r * part + node * b->slice * value, (char *)b->values[node] + first * value,
                   (left < b->slice ? left : b->slice) * value);
        }
    status = comm_alltoall(team->comm, status, b->received, b->sent, part);
    if (status != CARRYNET_OK)
        return status;
    for (size_t r = 0, i = 0; r < ranks; ++r)
        for (size_t node = 0; node < b->first_node[r + 1] - b->first_node[r]; ++node)
            b->values[i++] = b->received + r * part + node * b->slice * value;
    block_tree_join(b->values, b->nodes, &next, batch, b->slice, team->settings.precision);
    return gather_equal(team, status, b->sum, b->values[0], b->slice * value);
}

/* Wrong bits and sequences of all workers, [networks][2] in b->counts. */
carrynet_status blocks_meet_counts(struct team *team, carrynet_status status)
{
    struct team_blocks *b = team->blocks;
    const size_t numbers = (size_t)2 * team->settings.networks, ranks = team_ranks(team);
    memset(b->counts, 0, numbers * sizeof *b->counts);
    for (size_t i = 0; i < team->count; ++i)
        for (size_t n = 0; n < numbers && team->members[i].covers > 0; ++n)
            b->counts[n] += team->members[i].counts[n];
    if (ranks == 1 || b->alone)
        return status;
    status = gather_equal(team, status, b->all_counts, b->counts, numbers * sizeof *b->counts);
    for (size_t n = 0; n < numbers && status == CARRYNET_OK; ++n) {
        b->counts[n] = 0;
        for (size_t r = 0; r < ranks; ++r)
            b->counts[n] += b->all_counts[r * numbers + n];
    }
    return status;
}

/* Losses and absolute errors stand at reals [first + 2 n] of b->sum. */
void blocks_put_metrics(carrynet_metrics *metrics, const struct team *team, size_t first)
{
    const struct team_blocks *b = team->blocks;
    for (size_t n = 0; n < team->settings.networks; ++n) {
        metrics[n].loss = net_value(b->sum, team->settings.precision, first + 2 * n);
        metrics[n].absolute_error = net_value(b->sum, team->settings.precision, first + 2 * n + 1);
        metrics[n].wrong_bits = b->counts[2 * n];
        metrics[n].wrong_sequences = b->counts[2 * n + 1];
    }
}

/* ---- the same weights ------------------------------------------------------------------------------------------- */

static carrynet_status digest_of_member(uint64_t *digest, struct team *team, struct team_member *member)
{
    const size_t bytes = team->settings.networks * team->size * team->value;
    carrynet_status status = base_reserve(&member->scratch, &member->scratch_room, bytes, 1);
    if (status == CARRYNET_OK)
        status = member->backend->operations->get(member->backend, CARRYNET_PART_PARAMETERS, 0, team->settings.networks,
                                                  member->scratch);
    *digest = BASE_DIGEST;
    for (size_t i = 0; i < team->settings.networks * team->size && status == CARRYNET_OK; ++i) {
        const double value = net_value(member->scratch, team->settings.precision, i);
        uint64_t word = 0; /* of a NaN, whose bits are a device's own */
        if (!isnan(value))
            memcpy(&word, &value, sizeof word);
        *digest = base_digest(*digest, word, sizeof word);
    }
    return status;
}

carrynet_status blocks_same_weights(struct team *team)
{
    struct team_blocks *b = team->blocks;
    uint64_t first = 0;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        uint64_t digest = 0;
        status = digest_of_member(&digest, team, &team->members[i]);
        if (status == CARRYNET_OK && i > 0 && digest != first)
            status = base_fail(CARRYNET_ERROR_DEVICE,
                               "devices have come to different weights, so one of them does not give the promised "
                               "bits; `carrynet compare` tells which: %s, or %s",
                               team->members[0].description, team->members[i].description);
        first = i == 0 ? digest : first;
    }
    if (team_ranks(team) == 1)
        return status;
    status = gather_equal(team, status, b->all_counts, &first, sizeof first);
    for (size_t r = 1; r < team_ranks(team) && status == CARRYNET_OK; ++r)
        if (b->all_counts[r] != b->all_counts[0])
            status = base_fail(CARRYNET_ERROR_DEVICE,
                               "ranks 0 and %zu have come to different weights, so a device of one of them does not "
                               "give the promised bits; `carrynet compare` tells which",
                               r);
    return status;
}
