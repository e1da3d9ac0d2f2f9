/*
 * A team whose batches are cut along their blocks: each worker sums the nodes of the block tree that its blocks make up, they
 * meet (team_meeting.c), and every worker makes the same update of the same weights.
 */
#include "engine/team_blocks.h"
#include "base/base.h"
#include "net/value.h"
#include <string.h>

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
    const carrynet_status status = member->backend->operations->set_sums(member->backend, team->blocks->sum);
    return status == CARRYNET_OK ? member->backend->operations->update(member->backend, c->rates, c->sequences)
                                 : status;
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
        status = base_reserve(&member->scratch, &member->scratch_room, member->networks * sizeof(carrynet_metrics), 1);
    memset(member->counts, 0, member->networks * 2 * sizeof *member->counts);
    for (size_t i = 0; i < member->covers && status == CARRYNET_OK; ++i) {
        struct net_pass part = part_of(c->pass, member->cover[i]);
        carrynet_metrics *metrics = (carrynet_metrics *)(void *)member->scratch;
        char *node = member->nodes + i * team->blocks->vector * team->value;
        if (c->task != NULL && member->backend->operations->gradient_generated != NULL) {
            status = member->backend->operations->gradient_generated(member->backend, &part, c->task, c->individuals);
        } else {
            part.makes = false;
            status = c->task != NULL ? team_make(member, &part, c->task, c->individuals)
                                     : team_hand_out(team, member, c->pass, &part,
                                                     (size_t)member->cover[i].first * CARRYNET_BLOCK, NULL);
            if (status == CARRYNET_OK)
                status = member->backend->operations->gradient(member->backend, &part, c->individuals);
        }
        if (status == CARRYNET_OK)
            status = member->backend->operations->get_sums(member->backend, node, metrics);
        if (status == CARRYNET_OK)
            keep_metrics(team, member, node, gradients, metrics);
    }
    return status;
}

static carrynet_status sum_gradients(struct team *team, struct blocks_call *call)
{
    blocks_cut(team, blocks_in(call->pass->sequences));
    carrynet_status status = blocks_make_room(team, blocks_vector(team));
    /* The sums of the last update are in use until the workers have read them, so none is written here. */
    if (status == CARRYNET_OK)
        status = team_run(team, gradient_of_member, call);
    return blocks_meet(team, status);
}

static carrynet_status blocks_gradient(struct backend *backend, const struct net_pass *pass,
                                       const carrynet_individual *individuals)
{
    return sum_gradients((struct team *)backend, &(struct blocks_call){.pass = pass, .individuals = individuals});
}

static carrynet_status update_all(struct team *team, const struct net_rates *rates, uint64_t sequences)
{
    return team_run(team, update_member, &(struct blocks_call){.rates = rates, .sequences = sequences});
}

static carrynet_status blocks_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct team *team = (struct team *)backend;
    return comm_allreduce_status(team->comm, update_all(team, rates, sequences));
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
    return member->backend->operations->train != NULL
               ? member->backend->operations->train(member->backend, &part, c->task, c->individuals, c->rates, 0)
               : CARRYNET_OK;
}

static carrynet_status blocks_train(struct backend *backend, const struct net_pass *pass, const carrynet_task *task,
                                    const carrynet_individual *individuals, const struct net_rates *rates,
                                    uint32_t updates)
{
    struct team *team = (struct team *)backend;
    const size_t networks = team->settings.networks;
    carrynet_individual *const now = team->blocks->now;
    carrynet_status status = CARRYNET_OK;
    memcpy(now, individuals, networks * sizeof *now);
    if (updates == 0) {
        blocks_cut(team, blocks_in(pass->sequences));
        status = team_run(team, get_ready, &(struct ready_call){pass, task, individuals, rates});
        status = comm_allreduce_status(team->comm, status);
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
        status = comm_allreduce_status(team->comm,
                                       update_all(team, rates + (size_t)(updates - 1) * networks, pass->sequences));
    return status;
}

/* Before a first pass the sums are zeros. */
static carrynet_status make_sums(struct team *team)
{
    if (team->blocks->blocks == 0)
        blocks_cut(team, blocks_in(team->settings.batch));
    return blocks_make_room(team, blocks_vector(team));
}

static carrynet_status blocks_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct team *team = (struct team *)backend;
    const size_t gradients = team->settings.networks * team->trained;
    carrynet_status status = make_sums(team);
    if (values != NULL && status == CARRYNET_OK)
        memcpy(values, team->blocks->sum, gradients * team->value);
    if (metrics == NULL)
        return status;
    const carrynet_status same = blocks_same_weights(team);
    status = blocks_meet_counts(team, status != CARRYNET_OK ? status : same);
    if (status == CARRYNET_OK)
        blocks_put_metrics(metrics, team, gradients);
    return status;
}

static carrynet_status blocks_set_sums(struct backend *backend, const void *values)
{
    struct team *team = (struct team *)backend;
    const carrynet_status status = make_sums(team);
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
        status = base_reserve(&member->scratch, &member->scratch_room, need, 1);
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
            status = member->backend->operations->forward(member->backend, &part, &mine);
        for (int a = 0; a < 4 && status == CARRYNET_OK; ++a)
            copy_rows(team, arrays[a], whole[a], true, &part, pass, first, per[a]);
        if (status == CARRYNET_OK && outputs->metrics != NULL)
            keep_metrics(team, member, member->nodes + i * team->blocks->vector * team->value, 0, metrics);
    }
    return status;
}

/* What is only measured is shared out among all ranks; arrays, which every rank wants whole, each makes itself. */
static carrynet_status blocks_forward(struct backend *backend, const struct net_pass *pass,
                                      const carrynet_forward *outputs)
{
    struct team *team = (struct team *)backend;
    const uint64_t blocks = blocks_in(pass->sequences);
    if (outputs->y != NULL || outputs->z != NULL || outputs->h != NULL || outputs->state != NULL)
        blocks_cut_alone(team, blocks);
    else
        blocks_cut(team, blocks);
    carrynet_status status = blocks_make_room(team, (size_t)2 * team->settings.networks);
    if (status == CARRYNET_OK)
        status = team_run(team, forward_of_member, &(struct blocks_call){.pass = pass, .outputs = outputs});
    const bool alone = team->blocks->alone;
    if (outputs->metrics == NULL)
        return comm_allreduce_status(team->comm, status);
    if (alone || !pass->until_wrong) /* else all that is asked for are the counts */
        status = blocks_meet(team, status);
    status = blocks_meet_counts(team, status);
    if (alone) /* which nobody has been told of */
        status = comm_allreduce_status(team->comm, status);
    if (status == CARRYNET_OK)
        blocks_put_metrics(outputs->metrics, team, 0);
    return status;
}

/* ---- the networks' state ---------------------------------------------------------------------------------------- */

static carrynet_status blocks_get(struct backend *backend, carrynet_part part, size_t first, size_t count, void *values)
{
    struct team *team = (struct team *)backend;
    struct team_member *member = &team->members[0];
    return comm_allreduce_status(team->comm,
                                 member->backend->operations->get(member->backend, part, first, count, values));
}

static carrynet_status blocks_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                  const void *values)
{
    struct team *team = (struct team *)backend;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i)
        status = team->members[i].backend->operations->set(team->members[i].backend, part, first, count, values);
    return comm_allreduce_status(team->comm, status);
}

static carrynet_status blocks_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct team *team = (struct team *)backend;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        status = team->members[i].backend->operations->compact(team->members[i].backend, from, count);
        team->members[i].networks = count;
    }
    team->settings.networks = count;
    return comm_allreduce_status(team->comm, status);
}

static void blocks_wants(struct backend *backend, const struct net_pass *pass, uint32_t network, size_t *first,
                         size_t *count)
{
    struct team *team = (struct team *)backend;
    struct team_blocks *b = team->blocks;
    const size_t rank = carrynet_comm_rank(team->comm);
    (void)network; /* every worker has all */
    blocks_cut(team, blocks_in(pass->sequences));
    const size_t from = (size_t)b->first[team->first_worker[rank]] * CARRYNET_BLOCK;
    const size_t end = (size_t)b->first[team->first_worker[rank + 1]] * CARRYNET_BLOCK;
    *first = from < pass->sequences ? from : pass->sequences;
    *count = (end < pass->sequences ? end : pass->sequences) - *first;
}

const struct backend_operations team_blocks_operations = {
    .free = team_free,
    .memory = team_memory,
    .need = team_need,
    .get = blocks_get,
    .set = blocks_set,
    .compact = blocks_compact,
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
