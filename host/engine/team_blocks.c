/*
 * A team whose batches are cut along their blocks. Each worker sums the nodes of the block tree that its blocks make up;
 * a rank joins those of its workers as far as they go. Then every rank is sent one slice of the values of all these nodes,
 * joins it in the order of the tree, and sends the sum to all: two exchanges an update, of twice the gradient's size, for
 * any number of ranks. Every worker then makes the same update of the same weights.
 */
#include "base/base.h"
#include "engine/team.h"
#include "kernels/arguments.h"
#include "net/value.h"
#include <string.h>

/* The nodes of one cut, those of all ranks in order. */
struct team_blocks {
    uint64_t blocks;           /* that the batch was cut of; 0: not yet */
    uint64_t *first;           /* [workers + 1] */
    struct block_range *nodes; /* [room] */
    size_t room;
    size_t *first_node; /* [ranks + 1]: of each rank */
    size_t most;        /* nodes of a rank */
    size_t vector;      /* reals of a node: the gradients of all networks, then of each loss and absolute error */
    size_t slice;       /* of these, of which each rank joins as many */
    char *sent, *received, *sum; /* [ranks][most][slice]; the same; [ranks * slice] */
    size_t sent_room, received_room, sum_room;
    void **values;                 /* [room] */
    struct block_range *own_nodes; /* [room]: of this process's workers, and their values */
    void **own_values;
    bool alone;                    /* the last cut was one for this process's workers alone */
    uint64_t *bytes;               /* [ranks]: of a gathering of equal parts */
    uint64_t *counts, *all_counts; /* [networks][2] of this process; [ranks][networks][2] */
};

/* ---- the cut ---------------------------------------------------------------------------------------------------- */

static size_t ranks_of(const struct team *team)
{
    return carrynet_ranks_count(team->ranks);
}

static size_t my_worker(const struct team *team, size_t member)
{
    return team->first_worker[carrynet_ranks_rank(team->ranks)] + member;
}

static uint64_t blocks_in(size_t sequences)
{
    return (sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
}

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
    base_free(b->counts);
    base_free(b->all_counts);
    base_free(b);
    team->blocks = NULL;
}

carrynet_status team_blocks_create(struct team *team)
{
    const size_t networks = team->settings.networks, ranks = ranks_of(team);
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
        status = base_allocate(&b->counts, networks, 2 * sizeof *b->counts);
    if (status == CARRYNET_OK)
        status = base_allocate(&b->all_counts, ranks * networks, 2 * sizeof *b->all_counts);
    team_cut(team->first, blocks_in(team->settings.batch), team->speeds, team->workers);
    return status;
}

/* Cuts a batch of so many blocks for all workers: which nodes each rank has, and each worker of this process. */
static void cut_batch(struct team *team, uint64_t blocks)
{
    struct team_blocks *b = team->blocks;
    if (b->blocks == blocks)
        return;
    b->blocks = blocks;
    b->alone = false;
    b->most = 0;
    team_cut(b->first, blocks, team->speeds, team->workers);
    for (size_t r = 0; r < ranks_of(team); ++r) {
        const uint64_t first = b->first[team->first_worker[r]], end = b->first[team->first_worker[r + 1]];
        const size_t count =
            block_tree_cover(b->nodes + b->first_node[r], blocks, (struct block_range){first, end - first});
        b->first_node[r + 1] = b->first_node[r] + count;
        b->most = count > b->most ? count : b->most;
    }
    for (size_t i = 0; i < team->count; ++i) {
        const size_t w = my_worker(team, i);
        team->members[i].covers = block_tree_cover(team->members[i].cover, blocks,
                                                   (struct block_range){b->first[w], b->first[w + 1] - b->first[w]});
    }
}

/* The vectors of this cut, of `vector` reals. */
static carrynet_status make_room(struct team *team, size_t vector)
{
    struct team_blocks *b = team->blocks;
    const size_t ranks = ranks_of(team);
    carrynet_status status = CARRYNET_OK;
    b->vector = vector;
    b->slice = (vector + ranks - 1) / ranks;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        status = team_grow(&member->nodes, &member->nodes_room, member->covers * vector * team->value);
    }
    if (status == CARRYNET_OK)
        status = team_grow(&b->sum, &b->sum_room, ranks * b->slice * team->value);
    if (status == CARRYNET_OK && ranks > 1)
        status = team_grow(&b->sent, &b->sent_room, ranks * b->most * b->slice * team->value);
    if (status == CARRYNET_OK && ranks > 1)
        status = team_grow(&b->received, &b->received_room, ranks * b->most * b->slice * team->value);
    return status;
}

static size_t vector_of(const struct team *team)
{
    return team->settings.networks * (team->trained + 2);
}

/* ---- meeting ---------------------------------------------------------------------------------------------------- */

/* Joins the nodes of this process's workers into those of its rank, whose values are then b->values [so many]. */
static size_t join_own(struct team *team)
{
    struct team_blocks *b = team->blocks;
    const size_t rank = b->alone ? 0 : carrynet_ranks_rank(team->ranks);
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
    for (size_t r = 0; r < ranks_of(team); ++r)
        team->blocks->bytes[r] = size;
    return ranks_gather(team->ranks, status, all, team->blocks->bytes, mine);
}

/* The sums of all workers' nodes into b->sum; `status` is that of this process's workers. */
static carrynet_status meet(struct team *team, carrynet_status status)
{
    struct team_blocks *b = team->blocks;
    const size_t ranks = ranks_of(team), value = team->value, part = b->most * b->slice * value;
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
            const size_t first = r * b->slice, left = b->vector > first ? b->vector - first : 0;
            memcpy(b->sent + r * part + node * b->slice * value, (char *)b->values[node] + first * value,
                   (left < b->slice ? left : b->slice) * value);
        }
    status = ranks_exchange(team->ranks, status, b->received, b->sent, part);
    if (status != CARRYNET_OK)
        return status;
    for (size_t r = 0, i = 0; r < ranks; ++r)
        for (size_t node = 0; node < b->first_node[r + 1] - b->first_node[r]; ++node)
            b->values[i++] = b->received + r * part + node * b->slice * value;
    block_tree_join(b->values, b->nodes, &next, batch, b->slice, team->settings.precision);
    return gather_equal(team, status, b->sum, b->values[0], b->slice * value);
}

/* Wrong bits and sequences of all workers, [networks][2] in b->counts. */
static carrynet_status meet_counts(struct team *team, carrynet_status status)
{
    struct team_blocks *b = team->blocks;
    const size_t numbers = (size_t)2 * team->settings.networks, ranks = ranks_of(team);
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
static void put_metrics(carrynet_metrics *metrics, const struct team *team, size_t first)
{
    const struct team_blocks *b = team->blocks;
    for (size_t n = 0; n < team->settings.networks; ++n) {
        metrics[n].loss = net_value(b->sum, team->settings.precision, first + 2 * n);
        metrics[n].absolute_error = net_value(b->sum, team->settings.precision, first + 2 * n + 1);
        metrics[n].wrong_bits = b->counts[2 * n];
        metrics[n].wrong_sequences = b->counts[2 * n + 1];
    }
}

/* ---- gradients and updates -------------------------------------------------------------------------------------- */

struct blocks_call {
    const struct net_pass *pass;
    const carrynet_task *task; /* problems are made; NULL: they are staged */
    const carrynet_individual *individuals;
    const struct net_rates *rates; /* before the gradient: an update from b->sum; or NULL */
    uint64_t sequences;            /* of that update */
    const carrynet_forward *outputs;
};

static carrynet_status update_member(struct team *team, struct team_member *member, void *call)
{
    const struct blocks_call *c = call;
    const carrynet_status status = member->does->set_sums(member->body, team->blocks->sum);
    return status == CARRYNET_OK ? member->does->update(member->body, c->rates, c->sequences) : status;
}

/* The part of a pass that a node is. */
static struct net_pass part_of(const struct net_pass *pass, struct block_range node)
{
    struct net_pass part = *pass;
    const size_t first = (size_t)node.first * CARRYNET_BLOCK, most = (size_t)node.count * CARRYNET_BLOCK;
    part.first_sequence += first;
    part.sequences = pass->sequences - first < most ? pass->sequences - first : most;
    return part;
}

/* Adds what a pass of one node has measured: sums at reals `first` of the node, counts to the member's. */
static void keep_metrics(const struct team *team, struct team_member *member, char *node, size_t first,
                         const carrynet_metrics *metrics)
{
    for (size_t n = 0; n < member->networks; ++n) {
        const double two[2] = {metrics[n].loss, metrics[n].absolute_error};
        for (size_t i = 0; i < 2; ++i)
            net_put_value(node, team->settings.precision, first + 2 * n + i, two[i]);
        member->counts[2 * n] += metrics[n].wrong_bits;
        member->counts[2 * n + 1] += metrics[n].wrong_sequences;
    }
}

static carrynet_status gradient_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct blocks_call *c = call;
    const size_t gradients = member->networks * team->trained;
    carrynet_status status = c->rates != NULL ? update_member(team, member, call) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = team_grow(&member->scratch, &member->scratch_room, member->networks * sizeof(carrynet_metrics));
    memset(member->counts, 0, member->networks * 2 * sizeof *member->counts);
    for (size_t i = 0; i < member->covers && status == CARRYNET_OK; ++i) {
        struct net_pass part = part_of(c->pass, member->cover[i]);
        carrynet_metrics *metrics = (carrynet_metrics *)(void *)member->scratch;
        char *node = member->nodes + i * team->blocks->vector * team->value;
        if (c->task != NULL && member->does->gradient_made != NULL) {
            status = member->does->gradient_made(member->body, &part, c->task, c->individuals);
        } else {
            part.makes = false;
            status = c->task != NULL ? team_make(member, &part, c->task, c->individuals)
                                     : team_hand_out(team, member, c->pass, &part,
                                                     (size_t)member->cover[i].first * CARRYNET_BLOCK, NULL);
            if (status == CARRYNET_OK)
                status = member->does->gradient(member->body, &part, c->individuals);
        }
        if (status == CARRYNET_OK)
            status = member->does->get_sums(member->body, node, metrics);
        if (status == CARRYNET_OK)
            keep_metrics(team, member, node, gradients, metrics);
    }
    return status;
}

static carrynet_status sum_gradients(struct team *team, struct blocks_call *call)
{
    cut_batch(team, blocks_in(call->pass->sequences));
    carrynet_status status = make_room(team, vector_of(team));
    /* The sums of the last update are in use until the workers have read them, so none is written here. */
    if (status == CARRYNET_OK)
        status = team_run(team, gradient_of_member, call);
    return meet(team, status);
}

static carrynet_status blocks_gradient(void *self, const struct net_pass *pass, const carrynet_individual *individuals)
{
    return sum_gradients(self, &(struct blocks_call){.pass = pass, .individuals = individuals});
}

static carrynet_status update_all(struct team *team, const struct net_rates *rates, uint64_t sequences)
{
    return team_run(team, update_member, &(struct blocks_call){.rates = rates, .sequences = sequences});
}

static carrynet_status blocks_update(void *self, const struct net_rates *rates, uint64_t sequences)
{
    struct team *team = self;
    return ranks_agree(team->ranks, update_all(team, rates, sequences));
}

struct ready_call {
    const struct net_pass *pass;
    const carrynet_task *task;
    const carrynet_individual *individuals;
    const struct net_rates *rates;
};

static carrynet_status get_ready(struct team *team, struct team_member *member, void *call)
{
    const struct ready_call *c = call;
    struct net_pass part = *c->pass;
    (void)team;
    part.sequences = member->covers > 0 ? part_of(c->pass, member->cover[0]).sequences : 1;
    return member->does->train != NULL ? member->does->train(member->body, &part, c->task, c->individuals, c->rates, 0)
                                       : CARRYNET_OK;
}

static carrynet_status blocks_train(void *self, const struct net_pass *pass, const carrynet_task *task,
                                    const carrynet_individual *individuals, const struct net_rates *rates,
                                    uint32_t updates)
{
    struct team *team = self;
    const size_t networks = team->settings.networks;
    carrynet_individual *now = NULL;
    carrynet_status status = base_allocate(&now, networks, sizeof *now);
    status = ranks_agree(team->ranks, status);
    if (status != CARRYNET_OK)
        goto done;
    memcpy(now, individuals, networks * sizeof *now);
    if (updates == 0) {
        cut_batch(team, blocks_in(pass->sequences));
        status = team_run(team, get_ready, &(struct ready_call){pass, task, individuals, rates});
        status = ranks_agree(team->ranks, status);
    }
    for (uint32_t u = 0; u < updates && status == CARRYNET_OK; ++u) {
        struct blocks_call call = {.pass = pass,
                                   .task = task,
                                   .individuals = now,
                                   .rates = u > 0 ? rates + (size_t)(u - 1) * networks : NULL,
                                   .sequences = pass->sequences};
        status = sum_gradients(team, &call);
        for (size_t n = 0; n < networks; ++n)
            ++now[n].updates;
    }
    if (status == CARRYNET_OK && updates > 0)
        status = ranks_agree(team->ranks, update_all(team, rates + (size_t)(updates - 1) * networks, pass->sequences));
done:
    base_free(now);
    return status;
}

static carrynet_status blocks_get_sums(void *self, void *values, carrynet_metrics *metrics)
{
    struct team *team = self;
    const size_t gradients = team->settings.networks * team->trained;
    carrynet_status status = CARRYNET_OK;
    if (values != NULL)
        memcpy(values, team->blocks->sum, gradients * team->value);
    if (metrics != NULL)
        status = meet_counts(team, CARRYNET_OK);
    if (metrics != NULL && status == CARRYNET_OK)
        put_metrics(metrics, team, gradients);
    return status;
}

static carrynet_status blocks_set_sums(void *self, const void *values)
{
    struct team *team = self;
    cut_batch(team, blocks_in(team->settings.batch));
    const carrynet_status status = make_room(team, vector_of(team));
    if (status == CARRYNET_OK)
        memcpy(team->blocks->sum, values, team->settings.networks * team->trained * team->value);
    return status;
}

/* ---- forward ---------------------------------------------------------------------------------------------------- */

/* Copies the rows of a node between an array [networks][sequences][per] and one [networks][part sequences][per]. */
static void copy_rows(const struct team *team, char *part_values, char *values, bool out, const struct net_pass *part,
                      const struct net_pass *pass, size_t first, size_t per)
{
    const size_t row = per * team->value;
    for (size_t n = 0; n < team->settings.networks && values != NULL; ++n) {
        char *here = part_values + n * part->sequences * row, *there = values + (n * pass->sequences + first) * row;
        memcpy(out ? there : here, out ? here : there, part->sequences * row);
    }
}

static carrynet_status forward_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct blocks_call *c = call;
    const struct net_pass *pass = c->pass;
    const carrynet_forward *outputs = c->outputs;
    const size_t networks = member->networks, steps = pass->steps;
    const size_t out = steps * team->settings.shape.outputs, hidden = team->settings.shape.hidden;
    char *const whole[4] = {outputs->y, outputs->z, outputs->h, outputs->state};
    const size_t per[4] = {out, out, steps * hidden, hidden};
    carrynet_status status = CARRYNET_OK;
    memset(member->counts, 0, networks * 2 * sizeof *member->counts);
    for (size_t i = 0; i < member->covers && status == CARRYNET_OK; ++i) {
        const struct net_pass part = part_of(pass, member->cover[i]);
        const size_t first = (size_t)(part.first_sequence - pass->first_sequence);
        size_t need = networks * sizeof(carrynet_metrics);
        for (int a = 0; a < 4; ++a)
            need += whole[a] != NULL ? networks * part.sequences * per[a] * team->value : 0;
        status = team_grow(&member->scratch, &member->scratch_room, need);
        if (status != CARRYNET_OK)
            break;
        carrynet_metrics *metrics = (carrynet_metrics *)(void *)member->scratch;
        char *arrays[4] = {NULL, NULL, NULL, NULL}, *free_bytes = (char *)(metrics + networks);
        for (int a = 0; a < 4; ++a)
            if (whole[a] != NULL) {
                arrays[a] = free_bytes;
                free_bytes += networks * part.sequences * per[a] * team->value;
            }
        if (pass->resume)
            copy_rows(team, arrays[3], whole[3], false, &part, pass, first, per[3]);
        carrynet_forward mine = *outputs;
        mine.metrics = outputs->metrics != NULL ? metrics : NULL;
        mine.y = arrays[0];
        mine.z = arrays[1];
        mine.h = arrays[2];
        mine.state = arrays[3];
        status = team_hand_out(team, member, pass, &part, first, NULL);
        if (status == CARRYNET_OK)
            status = member->does->forward(member->body, &part, &mine);
        for (int a = 0; a < 4 && status == CARRYNET_OK; ++a)
            copy_rows(team, arrays[a], whole[a], true, &part, pass, first, per[a]);
        if (status == CARRYNET_OK && outputs->metrics != NULL)
            keep_metrics(team, member, member->nodes + i * team->blocks->vector * team->value, 0, metrics);
    }
    return status;
}

/* The whole batch for the workers of this process alone, without messages. */
static void cut_alone(struct team *team, uint64_t blocks)
{
    struct team_blocks *b = team->blocks;
    b->blocks = 0; /* the next cut is made anew */
    b->alone = true;
    b->nodes[0] = (struct block_range){0, blocks};
    b->first_node[0] = 0;
    b->first_node[1] = 1;
    team_cut(b->first, blocks, team->speeds + my_worker(team, 0), team->count);
    for (size_t i = 0; i < team->count; ++i)
        team->members[i].covers = block_tree_cover(team->members[i].cover, blocks,
                                                   (struct block_range){b->first[i], b->first[i + 1] - b->first[i]});
}

/* What is only measured is shared out among all ranks; arrays, which every rank wants whole, each makes itself. */
static carrynet_status blocks_forward(void *self, const struct net_pass *pass, const carrynet_forward *outputs)
{
    struct team *team = self;
    const uint64_t blocks = blocks_in(pass->sequences);
    if (outputs->y != NULL || outputs->z != NULL || outputs->h != NULL || outputs->state != NULL)
        cut_alone(team, blocks);
    else
        cut_batch(team, blocks);
    carrynet_status status = make_room(team, (size_t)2 * team->settings.networks);
    if (status == CARRYNET_OK)
        status = team_run(team, forward_of_member, &(struct blocks_call){.pass = pass, .outputs = outputs});
    if (outputs->metrics == NULL)
        return ranks_agree(team->ranks, status);
    status = meet(team, status);
    status = meet_counts(team, status);
    if (status == CARRYNET_OK)
        put_metrics(outputs->metrics, team, 0);
    return ranks_agree(team->ranks, status);
}

/* ---- the networks' state ---------------------------------------------------------------------------------------- */

static carrynet_status blocks_get(void *self, carrynet_part part, size_t first, size_t count, void *values)
{
    struct team *team = self;
    struct team_member *member = &team->members[0];
    return ranks_agree(team->ranks, member->does->get(member->body, part, first, count, values));
}

static carrynet_status blocks_set(void *self, carrynet_part part, size_t first, size_t count, const void *values)
{
    struct team *team = self;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i)
        status = team->members[i].does->set(team->members[i].body, part, first, count, values);
    return ranks_agree(team->ranks, status);
}

static carrynet_status blocks_keep(void *self, const uint32_t *from, uint32_t count)
{
    struct team *team = self;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        status = team->members[i].does->keep(team->members[i].body, from, count);
        team->members[i].networks = count;
    }
    team->settings.networks = count;
    return ranks_agree(team->ranks, status);
}

static void blocks_wants(void *self, const struct net_pass *pass, uint32_t network, size_t *first, size_t *count)
{
    struct team *team = self;
    struct team_blocks *b = team->blocks;
    const size_t rank = carrynet_ranks_rank(team->ranks);
    (void)network; /* every worker has all */
    cut_batch(team, blocks_in(pass->sequences));
    const size_t from = (size_t)b->first[team->first_worker[rank]] * CARRYNET_BLOCK;
    const size_t end = (size_t)b->first[team->first_worker[rank + 1]] * CARRYNET_BLOCK;
    *first = from < pass->sequences ? from : pass->sequences;
    *count = (end < pass->sequences ? end : pass->sequences) - *first;
}

const struct engine_operations team_blocks_operations = {
    .free = team_free,
    .memory = team_memory,
    .need = team_need,
    .get = blocks_get,
    .set = blocks_set,
    .keep = blocks_keep,
    .stage = team_stage,
    .wants = blocks_wants,
    .gradient = blocks_gradient,
    .train = blocks_train,
    .get_sums = blocks_get_sums,
    .set_sums = blocks_set_sums,
    .update = blocks_update,
    .forward = blocks_forward,
    .profile = team_profile,
    .peak = team_peak,
};
