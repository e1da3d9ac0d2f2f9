/*
 * The operations of population_parallel.h. Each worker trains its networks as an engine of its own would, without
 * communication. Weights and metrics are gathered from the workers to all ranks as rows, one a network.
 */
#include "backend/population_parallel.h"
#include "kernels/arguments.h"
#include "platform/platform.h"
#include <string.h>

struct population_parallel {
    struct device_group group;
    uint32_t *worker;   /* [networks]: which of all workers has it */
    uint32_t *place;    /* [networks]: its number among the worker's */
    uint32_t **numbers; /* [group.count][networks of the worker]: their numbers among all */
    uint64_t *bytes;    /* [ranks]: of an allgather */
    size_t *cursor;     /* [ranks] */
    char *mine, *all;   /* rows */
    size_t mine_capacity, all_capacity;
};

/* The worker of this process that has a network, or NULL: another rank has it. */
static const struct device_worker *worker_of(const struct population_parallel *pp, size_t network)
{
    const size_t worker = pp->worker[network], first = group_worker(&pp->group, 0);
    return worker >= first && worker < first + pp->group.count ? &pp->group.local[worker - first] : NULL;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* The rank that has a network. */
static size_t rank_of(const struct population_parallel *pp, size_t network)
{
    size_t rank = 0;
    while (pp->worker[network] >= pp->group.first_worker[rank + 1])
        ++rank;
    return rank;
}

/* Rows [count][size] of networks first, ...: each rank passes them with its own filled in, and returns with all. */
static carrynet_status allgather_rows(struct population_parallel *pp, carrynet_status status, char *rows, size_t first,
                                      size_t count, size_t size)
{
    const size_t ranks = group_ranks(&pp->group), rank = carrynet_comm_rank(pp->group.comm);
    size_t own = 0;
    if (ranks == 1)
        return status;
    memset(pp->bytes, 0, ranks * sizeof *pp->bytes);
    for (size_t n = 0; n < count; ++n)
        pp->bytes[rank_of(pp, first + n)] += size;
    if (status == CARRYNET_OK)
        status = sys_reserve(&pp->mine, &pp->mine_capacity, (size_t)pp->bytes[rank], 1);
    if (status == CARRYNET_OK)
        status = sys_reserve(&pp->all, &pp->all_capacity, count * size, 1);
    for (size_t n = 0; n < count && status == CARRYNET_OK; ++n)
        if (rank_of(pp, first + n) == rank)
            memcpy(pp->mine + own++ * size, rows + n * size, size);
    status = comm_allgather(pp->group.comm, status, pp->all, pp->bytes, pp->mine);
    if (status != CARRYNET_OK)
        return status;
    pp->cursor[0] = 0;
    for (size_t r = 1; r < ranks; ++r)
        pp->cursor[r] = pp->cursor[r - 1] + (size_t)pp->bytes[r - 1];
    for (size_t n = 0; n < count; ++n) {
        size_t *cursor = &pp->cursor[rank_of(pp, first + n)];
        memcpy(rows + n * size, pp->all + *cursor, size);
        *cursor += size;
    }
    return CARRYNET_OK;
}

/* Copies worker i's rows [networks of the worker][size] to or from an array of all networks' rows, which may be NULL. */
static void copy_rows(const struct population_parallel *pp, size_t i, char *own, char *rows, size_t size, bool out)
{
    for (uint32_t n = 0; n < pp->group.local[i].networks && rows != NULL; ++n) {
        char *here = own + n * size, *there = rows + pp->numbers[i][n] * size;
        memcpy(out ? there : here, out ? here : there, size);
    }
}

/* ---- state ------------------------------------------------------------------------------------------------------ */

/* How many networks from `n` on, before `end`, follow one another in one worker. */
static size_t run_of(const struct population_parallel *pp, size_t n, size_t end)
{
    size_t run = 1;
    while (n + run < end && pp->worker[n + run] == pp->worker[n] && pp->place[n + run] == pp->place[n] + run)
        ++run;
    return run;
}

static size_t row_of(const struct population_parallel *pp, carrynet_part part)
{
    return (part == CARRYNET_PART_PARAMETERS ? pp->group.size : pp->group.trained) * pp->group.value;
}

/* Reads the rows of this process's networks among first, ..., or writes them: one of the two arrays is NULL. */
static carrynet_status transfer(struct population_parallel *pp, carrynet_part part, size_t first, size_t count,
                                char *read_to, const char *write_from)
{
    const size_t row = row_of(pp, part);
    carrynet_status status = CARRYNET_OK;
    for (size_t n = first, run; n < first + count && status == CARRYNET_OK; n += run) {
        const struct device_worker *worker = worker_of(pp, n);
        const size_t at = (n - first) * row;
        run = run_of(pp, n, first + count);
        if (worker == NULL)
            continue;
        const uint32_t place = pp->place[n];
        status = read_to != NULL ? worker->backend->operations->get(worker->backend, part, place, run, read_to + at)
                                 : worker->backend->operations->set(worker->backend, part, place, run, write_from + at);
    }
    return status;
}

static carrynet_status population_get(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                      void *values)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    const carrynet_status status = transfer(pp, part, first, count, values, NULL);
    return allgather_rows(pp, status, values, first, count, row_of(pp, part));
}

static carrynet_status population_set(struct backend *backend, carrynet_part part, size_t first, size_t count,
                                      const void *values)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    return comm_allreduce_status(pp->group.comm, transfer(pp, part, first, count, NULL, values));
}

/* Compacts worker i's networks as carrynet_engine_compact does; renumbered [networks]: new numbers, or UINT32_MAX. */
static carrynet_status compact_own(struct population_parallel *pp, size_t i, const uint32_t *renumbered)
{
    struct device_worker *worker = &pp->group.local[i];
    uint32_t *const numbers = pp->numbers[i];
    uint32_t *from = NULL, kept = 0;
    for (uint32_t n = 0; n < worker->networks; ++n)
        kept += renumbered[numbers[n]] != UINT32_MAX ? 1 : 0;
    carrynet_status status = sys_allocate(&from, worker->networks + 1, sizeof *from);
    if (status != CARRYNET_OK)
        return status;
    for (uint32_t n = 0, late = kept; n < kept; ++n) {
        from[n] = n;
        if (renumbered[numbers[n]] != UINT32_MAX)
            continue;
        while (renumbered[numbers[late]] == UINT32_MAX)
            ++late;
        from[n] = late++;
    }
    /* A backend holds one at least; an idle one is not run. */
    if (worker->networks > 0 && kept < worker->networks)
        status = worker->backend->operations->compact(worker->backend, from, kept > 0 ? kept : 1);
    for (uint32_t n = 0; n < kept; ++n)
        numbers[n] = renumbered[numbers[from[n]]];
    worker->networks = kept;
    sys_free(from);
    return status;
}

static carrynet_status population_compact(struct backend *backend, const uint32_t *from, uint32_t count)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    const uint32_t networks = pp->group.settings.networks;
    uint32_t *renumbered = NULL;
    carrynet_status status =
        comm_allreduce_status(pp->group.comm, sys_allocate(&renumbered, networks, sizeof *renumbered));
    if (status != CARRYNET_OK)
        return status;
    memset(renumbered, 0xff, networks * sizeof *renumbered);
    for (uint32_t n = 0; n < count; ++n) {
        renumbered[from[n]] = n;
        pp->worker[n] = pp->worker[from[n]]; /* from[n] >= n: not overwritten yet */
    }
    for (size_t i = 0; i < pp->group.count && status == CARRYNET_OK; ++i) {
        status = compact_own(pp, i, renumbered);
        for (uint32_t n = 0; n < pp->group.local[i].networks && status == CARRYNET_OK; ++n)
            pp->place[pp->numbers[i][n]] = n;
    }
    pp->group.settings.networks = count;
    sys_free(renumbered);
    return comm_allreduce_status(pp->group.comm, status);
}

static void population_wants(struct backend *backend, const struct net_pass *pass, uint32_t network, size_t *first,
                             size_t *count)
{
    *first = 0;
    *count = worker_of((const struct population_parallel *)backend, network) != NULL ? pass->sequences : 0;
}

/* ---- gradients and updates -------------------------------------------------------------------------------------- */

struct pass_call {
    const struct net_pass *pass;
    const struct net_rates *rates; /* [updates][all networks] */
    uint32_t updates;
    uint64_t sequences;
    const carrynet_forward *outputs;
};

/* Network configs, and rates of `updates` updates, of worker i's networks: copied to its scratch memory. */
static carrynet_status take_own(struct population_parallel *pp, size_t i, const struct pass_call *call,
                                carrynet_network_config **configs, struct net_rates **rates)
{
    struct device_worker *worker = &pp->group.local[i];
    const size_t all = pp->group.settings.networks, own = worker->networks;
    const carrynet_status status =
        sys_reserve(&worker->scratch, &worker->scratch_capacity,
                    own * (sizeof **configs + (call->updates > 0 ? call->updates : 1) * sizeof **rates), 1);
    if (status != CARRYNET_OK)
        return status;
    *configs = (carrynet_network_config *)(void *)worker->scratch;
    *rates = (struct net_rates *)(void *)(*configs + own);
    for (size_t n = 0; n < own; ++n) {
        if (call->pass != NULL && call->pass->configs != NULL)
            (*configs)[n] = call->pass->configs[pp->numbers[i][n]];
        for (size_t u = 0; u < call->updates && call->rates != NULL; ++u)
            (*rates)[u * own + n] = call->rates[u * all + pp->numbers[i][n]];
    }
    return CARRYNET_OK;
}

static carrynet_status gradient_of_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct pass_call *c = call;
    struct net_pass own = *c->pass, *staged = NULL;
    carrynet_network_config *configs = NULL;
    struct net_rates *rates = NULL;
    carrynet_status status = take_own(pp, i, c, &configs, &rates);
    own.configs = configs;
    if (status == CARRYNET_OK)
        status = group_stage_part(group, i, &staged, c->pass, &own, 0, pp->numbers[i]);
    return status == CARRYNET_OK ? worker->backend->operations->gradient(worker->backend, staged) : status;
}

static carrynet_status population_gradient(struct backend *backend, struct net_pass *staged)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    return comm_allreduce_status(pp->group.comm,
                                 group_run(&pp->group, gradient_of_worker, &(struct pass_call){.pass = staged}));
}

static carrynet_status update_of_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct pass_call *c = call;
    carrynet_network_config *configs = NULL;
    struct net_rates *rates = NULL;
    const carrynet_status status = take_own(pp, i, c, &configs, &rates);
    return status == CARRYNET_OK ? worker->backend->operations->update(worker->backend, rates, c->sequences) : status;
}

static carrynet_status population_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    return comm_allreduce_status(pp->group.comm,
                                 group_run(&pp->group, update_of_worker,
                                           &(struct pass_call){.rates = rates, .updates = 1, .sequences = sequences}));
}

static carrynet_status train_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct pass_call *c = call;
    const carrynet_source source = carrynet_counter_source(c->pass->task);
    struct net_pass own = *c->pass;
    carrynet_network_config *configs = NULL;
    struct net_rates *rates = NULL;
    const carrynet_status status = take_own(pp, i, c, &configs, &rates);
    own.configs = configs;
    return status == CARRYNET_OK
               ? backend_train(worker->backend, NULL, &own, configs, worker->networks, &source, rates, c->updates)
               : status;
}

static carrynet_status population_train(struct backend *backend, const struct net_pass *pass,
                                        const struct net_rates *rates, uint32_t updates)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    return comm_allreduce_status(
        pp->group.comm,
        group_run(&pp->group, train_worker, &(struct pass_call){.pass = pass, .rates = rates, .updates = updates}));
}

static carrynet_status population_prepare(struct backend *backend, const struct net_pass *pass)
{
    return population_train(backend, pass, NULL, 0);
}

struct sums_call {
    char *values;     /* [networks][trained], or NULL */
    const char *sums; /* the same, to set */
    carrynet_metrics *metrics;
};

static carrynet_status sums_of_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct sums_call *c = call;
    const size_t row = pp->group.trained * pp->group.value, metrics = worker->networks * sizeof(carrynet_metrics);
    carrynet_status status = sys_reserve(&worker->scratch, &worker->scratch_capacity,
                                         metrics + (c->values != NULL ? worker->networks * row : 0), 1);
    if (status != CARRYNET_OK)
        return status;
    carrynet_metrics *const own = (carrynet_metrics *)(void *)worker->scratch;
    status = worker->backend->operations->get_sums(
        worker->backend, c->values != NULL ? worker->scratch + metrics : NULL, c->metrics != NULL ? own : NULL);
    if (status == CARRYNET_OK) {
        copy_rows(pp, i, worker->scratch + metrics, c->values, row, true);
        copy_rows(pp, i, (char *)own, (char *)c->metrics, sizeof *own, true);
    }
    return status;
}

static carrynet_status population_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    const size_t networks = pp->group.settings.networks;
    carrynet_status status =
        group_run(&pp->group, sums_of_worker, &(struct sums_call){.values = values, .metrics = metrics});
    if (values != NULL)
        status = allgather_rows(pp, status, values, 0, networks, pp->group.trained * pp->group.value);
    if (metrics != NULL)
        status = allgather_rows(pp, status, (char *)metrics, 0, networks, sizeof *metrics);
    return status;
}

static carrynet_status set_sums_of_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct sums_call *c = call;
    const size_t row = pp->group.trained * pp->group.value;
    const carrynet_status status = sys_reserve(&worker->scratch, &worker->scratch_capacity, worker->networks * row, 1);
    for (uint32_t n = 0; n < worker->networks && status == CARRYNET_OK; ++n)
        memcpy(worker->scratch + n * row, c->sums + pp->numbers[i][n] * row, row);
    return status == CARRYNET_OK ? worker->backend->operations->set_sums(worker->backend, worker->scratch) : status;
}

static carrynet_status population_set_sums(struct backend *backend, const void *values)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    return group_run(&pp->group, set_sums_of_worker, &(struct sums_call){.sums = values});
}

/* ---- forward ---------------------------------------------------------------------------------------------------- */

static carrynet_status forward_of_worker(struct device_group *group, size_t i, void *call)
{
    struct population_parallel *pp = (struct population_parallel *)group;
    struct device_worker *worker = &group->local[i];
    const struct pass_call *c = call;
    struct net_pass *staged = NULL;
    carrynet_forward mine;
    char *whole[FORWARD_ARRAYS], *own[FORWARD_ARRAYS];
    size_t bytes[FORWARD_ARRAYS];
    group_forward_arrays(whole, c->outputs);
    group_forward_bytes(bytes, group, c->pass);
    carrynet_status status = group_forward_scratch(group, i, c->pass, c->outputs, &mine);
    if (status == CARRYNET_OK)
        status = group_stage_part(group, i, &staged, c->pass, c->pass, 0, pp->numbers[i]);
    if (status != CARRYNET_OK)
        return status;
    group_forward_arrays(own, &mine);
    if (c->pass->resume)
        copy_rows(pp, i, own[3], whole[3], bytes[3], false);
    status = worker->backend->operations->forward(worker->backend, staged, &mine);
    for (int a = 0; a < FORWARD_ARRAYS && status == CARRYNET_OK; ++a)
        copy_rows(pp, i, own[a], whole[a], bytes[a], true);
    if (status == CARRYNET_OK)
        copy_rows(pp, i, (char *)mine.metrics, (char *)c->outputs->metrics, sizeof *mine.metrics, true);
    return status;
}

static carrynet_status population_forward(struct backend *backend, struct net_pass *pass,
                                          const carrynet_forward *outputs)
{
    struct population_parallel *pp = (struct population_parallel *)backend;
    const size_t networks = pp->group.settings.networks;
    char *whole[FORWARD_ARRAYS];
    size_t bytes[FORWARD_ARRAYS];
    group_forward_arrays(whole, outputs);
    group_forward_bytes(bytes, &pp->group, pass);
    carrynet_status status =
        group_run(&pp->group, forward_of_worker, &(struct pass_call){.pass = pass, .outputs = outputs});
    for (int a = 0; a < FORWARD_ARRAYS; ++a)
        if (whole[a] != NULL)
            status = allgather_rows(pp, status, whole[a], 0, networks, bytes[a]);
    if (outputs->metrics != NULL)
        status = allgather_rows(pp, status, (char *)outputs->metrics, 0, networks, sizeof *outputs->metrics);
    return status;
}

/* ---- creating --------------------------------------------------------------------------------------------------- */

static void free_population(struct population_parallel *pp)
{
    if (pp == NULL)
        return;
    for (size_t i = 0; i < pp->group.count && pp->numbers != NULL; ++i)
        sys_free(pp->numbers[i]);
    sys_free(pp->numbers);
    sys_free(pp->worker);
    sys_free(pp->place);
    sys_free(pp->bytes);
    sys_free(pp->cursor);
    sys_free(pp->mine);
    sys_free(pp->all);
    group_release(&pp->group);
    sys_free(pp);
}

static void population_free(struct backend *backend)
{
    free_population((struct population_parallel *)backend);
}

static const struct backend_operations operations = {
    .free = population_free,
    .memory = group_memory,
    .need = group_need,
    .get = population_get,
    .set = population_set,
    .compact = population_compact,
    .stage = group_stage,
    .wants = population_wants,
    .gradient = population_gradient,
    .train = population_train,
    .prepare = population_prepare,
    .get_sums = population_get_sums,
    .set_sums = population_set_sums,
    .update = population_update,
    .forward = population_forward,
    .profile = group_profile,
    .peak = group_peak,
};

carrynet_settings population_parallel_share(const struct device_group *group, size_t worker)
{
    carrynet_settings share = group->settings;
    const uint64_t networks = group->first[worker + 1] - group->first[worker];
    share.networks = networks > 0 ? (uint32_t)networks : 1; /* a backend has one at least */
    return share;
}

carrynet_status population_parallel_create(struct backend **backend, struct device_group *group)
{
    const size_t networks = group->settings.networks, ranks = group_ranks(group);
    struct population_parallel *pp = NULL;
    *backend = NULL;
    carrynet_status status = sys_allocate(&pp, 1, sizeof *pp);
    if (status != CARRYNET_OK)
        return status;
    pp->group.count = group->count; /* of pp->numbers */
    status = sys_allocate(&pp->worker, networks, sizeof *pp->worker);
    if (status == CARRYNET_OK)
        status = sys_allocate(&pp->place, networks, sizeof *pp->place);
    if (status == CARRYNET_OK)
        status = sys_allocate(&pp->bytes, ranks, sizeof *pp->bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&pp->cursor, ranks, sizeof *pp->cursor);
    if (status == CARRYNET_OK)
        status = sys_allocate(&pp->numbers, group->count, sizeof *pp->numbers);
    for (size_t w = 0; w < group->workers && status == CARRYNET_OK; ++w)
        for (uint64_t n = group->first[w]; n < group->first[w + 1]; ++n) {
            pp->worker[n] = (uint32_t)w;
            pp->place[n] = (uint32_t)(n - group->first[w]);
        }
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i) {
        const uint32_t own = group->local[i].networks;
        status = sys_allocate(&pp->numbers[i], (uint64_t)own + 1, sizeof *pp->numbers[i]);
        for (uint32_t n = 0; n < own && status == CARRYNET_OK; ++n)
            pp->numbers[i][n] = (uint32_t)group->first[group_worker(group, i)] + n;
    }
    if (status == CARRYNET_OK) {
        pp->group = *group;
        pp->group.base.operations = &operations;
        *group = (struct device_group){0};
        *backend = &pp->group.base;
        pp = NULL;
    }
    free_population(pp);
    return status;
}
