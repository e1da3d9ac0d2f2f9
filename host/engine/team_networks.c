/*
 * A team whose population is cut along its networks: each worker trains some, as an engine of its own would, and nothing is
 * exchanged while they train. What is asked of networks (weights, metrics) goes from their workers to all ranks as rows, a
 * row a network.
 */
#include "base/base.h"
#include "engine/team.h"
#include "kernels/arguments.h"
#include <string.h>

/* Where the networks are. */
struct team_networks {
    uint32_t *worker; /* [networks] */
    uint32_t *place;  /* [networks]: its number among the worker's */
    uint64_t *bytes;  /* [ranks] of a gathering */
    size_t *cursor;   /* [ranks] */
    char *mine, *all; /* rows */
    size_t mine_room, all_room;
};

/* The member that has a network, or NULL: another rank has it. */
static struct team_member *member_of(const struct team *team, size_t network)
{
    const size_t worker = team->networks->worker[network], first = team_worker(team, 0);
    return worker >= first && worker < first + team->count ? &team->members[worker - first] : NULL;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

carrynet_settings team_networks_share(const struct team *team, size_t worker)
{
    carrynet_settings share = team->settings;
    const uint64_t networks = team->first[worker + 1] - team->first[worker];
    share.networks = networks > 0 ? (uint32_t)networks : 1; /* a backend has one at least */
    return share;
}

void team_networks_free(struct team *team)
{
    struct team_networks *t = team->networks;
    if (t == NULL)
        return;
    base_free(t->worker);
    base_free(t->place);
    base_free(t->bytes);
    base_free(t->cursor);
    base_free(t->mine);
    base_free(t->all);
    base_free(t);
    team->networks = NULL;
}

carrynet_status team_networks_create(struct team *team)
{
    struct team_networks *t = NULL;
    const size_t networks = team->settings.networks;
    carrynet_status status = base_allocate(&t, 1, sizeof *t);
    if (status != CARRYNET_OK)
        return status;
    team->networks = t;
    status = base_allocate(&t->worker, networks, sizeof *t->worker);
    if (status == CARRYNET_OK)
        status = base_allocate(&t->place, networks, sizeof *t->place);
    if (status == CARRYNET_OK)
        status = base_allocate(&t->bytes, team_ranks(team), sizeof *t->bytes);
    if (status == CARRYNET_OK)
        status = base_allocate(&t->cursor, team_ranks(team), sizeof *t->cursor);
    team_cut(team->first, networks, team->speeds, team->workers);
    for (size_t w = 0; w < team->workers && status == CARRYNET_OK; ++w)
        for (uint64_t n = team->first[w]; n < team->first[w + 1]; ++n) {
            t->worker[n] = (uint32_t)w;
            t->place[n] = (uint32_t)(n - team->first[w]);
        }
    return status;
}

carrynet_status team_networks_number(struct team *team)
{
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        const uint64_t first = team->first[team_worker(team, 0) + i];
        member->networks = (uint32_t)(team->first[team_worker(team, 0) + i + 1] - first);
        status = base_allocate(&member->numbers, member->networks + 1, sizeof *member->numbers);
        for (uint32_t n = 0; n < member->networks && status == CARRYNET_OK; ++n)
            member->numbers[n] = (uint32_t)first + n;
    }
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* The rank that has a network. */
static size_t rank_of(const struct team *team, size_t network)
{
    size_t rank = 0;
    while (team->networks->worker[network] >= team->first_worker[rank + 1])
        ++rank;
    return rank;
}

/*
 * Rows [count][size] of networks first, ...: each rank has filled in those of its own, afterwards every rank has all.
 * `status` is this rank's.
 */
static carrynet_status share_rows(struct team *team, carrynet_status status, char *rows, size_t first, size_t count,
                                  size_t size)
{
    struct team_networks *t = team->networks;
    const size_t ranks = team_ranks(team), rank = carrynet_comm_rank(team->comm);
    size_t own = 0;
    if (ranks == 1)
        return status;
    memset(t->bytes, 0, ranks * sizeof *t->bytes);
    for (size_t n = 0; n < count; ++n)
        t->bytes[rank_of(team, first + n)] += size;
    if (status == CARRYNET_OK)
        status = base_reserve(&t->mine, &t->mine_room, (size_t)t->bytes[rank], 1);
    if (status == CARRYNET_OK)
        status = base_reserve(&t->all, &t->all_room, count * size, 1);
    for (size_t n = 0; n < count && status == CARRYNET_OK; ++n)
        if (rank_of(team, first + n) == rank)
            memcpy(t->mine + own++ * size, rows + n * size, size);
    status = comm_allgather(team->comm, status, t->all, t->bytes, t->mine);
    if (status != CARRYNET_OK)
        return status;
    t->cursor[0] = 0;
    for (size_t r = 1; r < ranks; ++r)
        t->cursor[r] = t->cursor[r - 1] + (size_t)t->bytes[r - 1];
    for (size_t n = 0; n < count; ++n) {
        size_t *cursor = &t->cursor[rank_of(team, first + n)];
        memcpy(rows + n * size, t->all + *cursor, size);
        *cursor += size;
    }
    return CARRYNET_OK;
}

/* Copies rows [networks of the member][size] to or from an array of all networks' rows; NULL stays so. */
static void copy_rows(const struct team_member *member, char *own, char *rows, size_t size, bool out)
{
    for (uint32_t n = 0; n < member->networks && rows != NULL; ++n) {
        char *here = own + n * size, *there = rows + member->numbers[n] * size;
        memcpy(out ? there : here, out ? here : there, size);
    }
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

/* Networks from `n` on, before `end`, that stand behind one another in one member: how many. */
static size_t run_of(const struct team *team, size_t n, size_t end)
{
    const struct team_networks *t = team->networks;
    size_t run = 1;
    while (n + run < end && t->worker[n + run] == t->worker[n] && t->place[n + run] == t->place[n] + run)
        ++run;
    return run;
}

static size_t row_of(const struct team *team, carrynet_part part)
{
    return (part == CARRYNET_PART_PARAMETERS ? team->size : team->trained) * team->value;
}

/* Reads the rows of this process's networks among first, ..., or writes them: one of the two arrays is NULL. */
static carrynet_status transfer(struct team *team, carrynet_part part, size_t first, size_t count, char *read_to,
                                const char *write_from)
{
    const size_t row = row_of(team, part);
    carrynet_status status = CARRYNET_OK;
    for (size_t n = first, run; n < first + count && status == CARRYNET_OK; n += run) {
        const struct team_member *member = member_of(team, n);
        const size_t at = (n - first) * row;
        run = run_of(team, n, first + count);
        if (member == NULL)
            continue;
        const uint32_t place = team->networks->place[n];
        status = read_to != NULL ? member->backend->operations->get(member->backend, part, place, run, read_to + at)
                                 : member->backend->operations->set(member->backend, part, place, run, write_from + at);
    }
    return status;
}

static carrynet_status networks_get(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                    void *values)
{
    struct team *team = (struct team *)backend;
    const carrynet_status status = transfer(team, part, first, count, values, NULL);
    return share_rows(team, status, values, first, count, row_of(team, part));
}

static carrynet_status networks_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                    const void *values)
{
    struct team *team = (struct team *)backend;
    return comm_allreduce_status(team->comm, transfer(team, part, first, count, NULL, values));
}

/* A worker's networks close up as an engine's do (carrynet_engine_keep): new [networks] is a network's new number, or UINT32_MAX. */
static carrynet_status keep_own(struct team_member *member, const uint32_t *renumbered)
{
    uint32_t *from = NULL, kept = 0;
    for (uint32_t n = 0; n < member->networks; ++n)
        kept += renumbered[member->numbers[n]] != UINT32_MAX ? 1 : 0;
    carrynet_status status = base_allocate(&from, member->networks + 1, sizeof *from);
    if (status != CARRYNET_OK)
        return status;
    for (uint32_t n = 0, late = kept; n < kept; ++n) {
        from[n] = n;
        if (renumbered[member->numbers[n]] != UINT32_MAX)
            continue;
        while (renumbered[member->numbers[late]] == UINT32_MAX)
            ++late;
        from[n] = late++;
    }
    /* A backend keeps one; it is not run any more. */
    if (member->networks > 0 && kept < member->networks)
        status = member->backend->operations->compact(member->backend, from, kept > 0 ? kept : 1);
    for (uint32_t n = 0; n < kept; ++n)
        member->numbers[n] = renumbered[member->numbers[from[n]]];
    member->networks = kept;
    base_free(from);
    return status;
}

static carrynet_status networks_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct team *team = (struct team *)backend;
    struct team_networks *t = team->networks;
    const uint32_t networks = team->settings.networks;
    uint32_t *renumbered = NULL;
    carrynet_status status =
        comm_allreduce_status(team->comm, base_allocate(&renumbered, networks, sizeof *renumbered));
    if (status != CARRYNET_OK)
        return status;
    memset(renumbered, 0xff, networks * sizeof *renumbered);
    for (uint32_t n = 0; n < count; ++n) {
        renumbered[from[n]] = n;
        t->worker[n] = t->worker[from[n]]; /* from[n] >= n: not overwritten yet */
    }
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        status = keep_own(member, renumbered);
        for (uint32_t n = 0; n < member->networks && status == CARRYNET_OK; ++n)
            t->place[member->numbers[n]] = n;
    }
    team->settings.networks = count;
    base_free(renumbered);
    return comm_allreduce_status(team->comm, status);
}

static void networks_wants(struct backend *backend, const struct net_pass *pass, uint32_t network, size_t *first,
                           size_t *count)
{
    *first = 0;
    *count = member_of((const struct team *)backend, network) != NULL ? pass->sequences : 0;
}

/* ---- gradients and updates -------------------------------------------------------------------------------------- */

struct networks_call {
    const struct net_pass *pass;
    const carrynet_task *task;
    const carrynet_individual *individuals; /* [networks of the team], as all that follows */
    const struct net_rates *rates;          /* [updates][networks] */
    uint32_t updates;
    uint64_t sequences;
    const carrynet_forward *outputs;
};

/* What a member's networks have of their own, in its scratch: individuals, then the rates of `updates` updates. */
static carrynet_status take_own(const struct team *team, struct team_member *member, const struct networks_call *call,
                                carrynet_individual **individuals, struct net_rates **rates)
{
    const size_t all = team->settings.networks, own = member->networks;
    const carrynet_status status =
        base_reserve(&member->scratch, &member->scratch_room,
                     own * (sizeof **individuals + (call->updates > 0 ? call->updates : 1) * sizeof **rates), 1);
    if (status != CARRYNET_OK)
        return status;
    *individuals = (carrynet_individual *)(void *)member->scratch;
    *rates = (struct net_rates *)(void *)(*individuals + own);
    for (size_t n = 0; n < own; ++n) {
        if (call->individuals != NULL)
            (*individuals)[n] = call->individuals[member->numbers[n]];
        for (size_t u = 0; u < call->updates && call->rates != NULL; ++u)
            (*rates)[u * own + n] = call->rates[u * all + member->numbers[n]];
    }
    return CARRYNET_OK;
}

static carrynet_status gradient_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct networks_call *c = call;
    carrynet_individual *individuals = NULL;
    struct net_rates *rates = NULL;
    carrynet_status status = team_hand_out(team, member, c->pass, c->pass, 0, member->numbers);
    if (status == CARRYNET_OK)
        status = take_own(team, member, c, &individuals, &rates);
    return status == CARRYNET_OK ? member->backend->operations->gradient(member->backend, c->pass, individuals)
                                 : status;
}

static carrynet_status networks_gradient(struct backend *backend, const struct net_pass *pass,
                                         const carrynet_individual *individuals)
{
    struct team *team = (struct team *)backend;
    return comm_allreduce_status(
        team->comm,
        team_run(team, gradient_of_member, &(struct networks_call){.pass = pass, .individuals = individuals}));
}

static carrynet_status update_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct networks_call *c = call;
    carrynet_individual *individuals = NULL;
    struct net_rates *rates = NULL;
    const carrynet_status status = take_own(team, member, c, &individuals, &rates);
    return status == CARRYNET_OK ? member->backend->operations->update(member->backend, rates, c->sequences) : status;
}

static carrynet_status networks_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct team *team = (struct team *)backend;
    return comm_allreduce_status(
        team->comm, team_run(team, update_of_member,
                             &(struct networks_call){.rates = rates, .updates = 1, .sequences = sequences}));
}

static carrynet_status train_member(struct team *team, struct team_member *member, void *call)
{
    const struct networks_call *c = call;
    carrynet_individual *individuals = NULL;
    struct net_rates *rates = NULL;
    carrynet_status status = take_own(team, member, c, &individuals, &rates);
    if (status != CARRYNET_OK)
        return status;
    if (member->backend->operations->train != NULL)
        return member->backend->operations->train(member->backend, c->pass, c->task, individuals, rates, c->updates);
    struct net_pass pass = *c->pass;
    pass.makes = false;
    for (uint32_t u = 0; u < c->updates && status == CARRYNET_OK; ++u) {
        status = team_make(member, &pass, c->task, individuals);
        if (status == CARRYNET_OK)
            status = member->backend->operations->gradient(member->backend, &pass, individuals);
        if (status == CARRYNET_OK)
            status = member->backend->operations->update(member->backend, rates + (size_t)u * member->networks,
                                                         pass.sequences);
        for (uint32_t n = 0; n < member->networks; ++n)
            ++individuals[n].updates;
    }
    return status;
}

static carrynet_status networks_train(struct backend *backend, const struct net_pass *pass, const carrynet_task *task,
                                      const carrynet_individual *individuals, const struct net_rates *rates,
                                      uint32_t updates)
{
    struct team *team = (struct team *)backend;
    return comm_allreduce_status(
        team->comm,
        team_run(team, train_member,
                 &(struct networks_call){
                     .pass = pass, .task = task, .individuals = individuals, .rates = rates, .updates = updates}));
}

struct sums_call {
    char *values;     /* [networks][trained], or NULL */
    const char *sums; /* the same, to set */
    carrynet_metrics *metrics;
};

static carrynet_status sums_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct sums_call *c = call;
    const size_t row = team->trained * team->value, metrics = member->networks * sizeof(carrynet_metrics);
    carrynet_status status = base_reserve(&member->scratch, &member->scratch_room,
                                          metrics + (c->values != NULL ? member->networks * row : 0), 1);
    if (status != CARRYNET_OK)
        return status;
    carrynet_metrics *const own = (carrynet_metrics *)(void *)member->scratch;
    status = member->backend->operations->get_sums(
        member->backend, c->values != NULL ? member->scratch + metrics : NULL, c->metrics != NULL ? own : NULL);
    if (status == CARRYNET_OK) {
        copy_rows(member, member->scratch + metrics, c->values, row, true);
        copy_rows(member, (char *)own, (char *)c->metrics, sizeof *own, true);
    }
    return status;
}

static carrynet_status networks_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct team *team = (struct team *)backend;
    const size_t networks = team->settings.networks;
    carrynet_status status = team_run(team, sums_of_member, &(struct sums_call){.values = values, .metrics = metrics});
    if (values != NULL)
        status = share_rows(team, status, values, 0, networks, team->trained * team->value);
    if (metrics != NULL)
        status = share_rows(team, status, (char *)metrics, 0, networks, sizeof *metrics);
    return status;
}

static carrynet_status set_sums_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct sums_call *c = call;
    const size_t row = team->trained * team->value;
    const carrynet_status status = base_reserve(&member->scratch, &member->scratch_room, member->networks * row, 1);
    for (uint32_t n = 0; n < member->networks && status == CARRYNET_OK; ++n)
        memcpy(member->scratch + n * row, c->sums + member->numbers[n] * row, row);
    return status == CARRYNET_OK ? member->backend->operations->set_sums(member->backend, member->scratch) : status;
}

static carrynet_status networks_set_sums(struct backend *backend, const void *values)
{
    struct team *team = (struct team *)backend;
    return team_run(team, set_sums_of_member, &(struct sums_call){.sums = values});
}

/* ---- forward ---------------------------------------------------------------------------------------------------- */

enum { ARRAYS = 4 };

/* Bytes of a network in each of the arrays y, z, h, state. */
static void rows_of_forward(size_t rows[ARRAYS], const struct team *team, const struct net_pass *pass)
{
    const size_t out = pass->steps * team->settings.shape.outputs, hidden = team->settings.shape.hidden;
    const size_t per[ARRAYS] = {out, out, pass->steps * hidden, hidden};
    for (int a = 0; a < ARRAYS; ++a)
        rows[a] = pass->sequences * per[a] * team->value;
}

static carrynet_status forward_of_member(struct team *team, struct team_member *member, void *call)
{
    const struct networks_call *c = call;
    const carrynet_forward *outputs = c->outputs;
    char *const whole[ARRAYS] = {outputs->y, outputs->z, outputs->h, outputs->state};
    char *own[ARRAYS] = {NULL, NULL, NULL, NULL};
    size_t rows[ARRAYS], need = member->networks * sizeof(carrynet_metrics);
    rows_of_forward(rows, team, c->pass);
    for (int a = 0; a < ARRAYS; ++a)
        need += whole[a] != NULL ? member->networks * rows[a] : 0;
    carrynet_status status = base_reserve(&member->scratch, &member->scratch_room, need, 1);
    if (status == CARRYNET_OK)
        status = team_hand_out(team, member, c->pass, c->pass, 0, member->numbers);
    if (status != CARRYNET_OK)
        return status;
    carrynet_metrics *const metrics = (carrynet_metrics *)(void *)member->scratch;
    char *free_bytes = (char *)(metrics + member->networks);
    for (int a = 0; a < ARRAYS; ++a)
        if (whole[a] != NULL) {
            own[a] = free_bytes;
            free_bytes += member->networks * rows[a];
        }
    carrynet_forward mine = *outputs;
    mine.metrics = outputs->metrics != NULL ? metrics : NULL;
    mine.y = own[0];
    mine.z = own[1];
    mine.h = own[2];
    mine.state = own[3];
    if (c->pass->resume)
        copy_rows(member, own[3], whole[3], rows[3], false);
    status = member->backend->operations->forward(member->backend, c->pass, &mine);
    for (int a = 0; a < ARRAYS && status == CARRYNET_OK; ++a)
        copy_rows(member, own[a], whole[a], rows[a], true);
    if (status == CARRYNET_OK)
        copy_rows(member, (char *)metrics, (char *)outputs->metrics, sizeof *metrics, true);
    return status;
}

static carrynet_status networks_forward(struct backend *backend, const struct net_pass *pass,
                                        const carrynet_forward *outputs)
{
    struct team *team = (struct team *)backend;
    char *const whole[ARRAYS] = {outputs->y, outputs->z, outputs->h, outputs->state};
    const size_t networks = team->settings.networks;
    size_t rows[ARRAYS];
    rows_of_forward(rows, team, pass);
    carrynet_status status =
        team_run(team, forward_of_member, &(struct networks_call){.pass = pass, .outputs = outputs});
    for (int a = 0; a < ARRAYS; ++a)
        if (whole[a] != NULL)
            status = share_rows(team, status, whole[a], 0, networks, rows[a]);
    if (outputs->metrics != NULL)
        status = share_rows(team, status, (char *)outputs->metrics, 0, networks, sizeof *outputs->metrics);
    return status;
}

const struct backend_operations team_networks_operations = {
    .free = team_free,
    .memory = team_memory,
    .need = team_need,
    .get = networks_get,
    .set = networks_set,
    .compact = networks_compact,
    .stage = team_stage,
    .wants = networks_wants,
    .gradient = networks_gradient,
    .train = networks_train,
    .get_sums = networks_get_sums,
    .set_sums = networks_set_sums,
    .update = networks_update,
    .forward = networks_forward,
    .profile = team_profile,
    .peak = team_peak,
};
