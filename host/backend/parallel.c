/*
 * Creates the backend of a device group: counts the workers, splits the work evenly, and, if the workers differ,
 * measures their speeds and splits it again. The settings alone decide between data_parallel and population_parallel.
 */
#include "backend/parallel.h"
#include "backend/data_parallel.h"
#include "backend/population_parallel.h"
#include <stdio.h>
#include <string.h>

/* Multiplications of the pass that measures a worker, about, and for how long it is repeated. */
static const double SPEED_WORK = 1 << 26, SPEED_SECONDS = 0.01;
enum { SPEED_WINDOWS = 3 };

/* How many workers each rank has; their speeds count as equal until they are measured. */
static carrynet_status count_workers(struct device_group *group, carrynet_status status)
{
    const size_t ranks = group_ranks(group);
    const uint64_t mine = group->count;
    uint64_t *bytes = NULL, *counts = NULL;
    if (status == CARRYNET_OK)
        status = sys_allocate(&group->first_worker, ranks + 1, sizeof *group->first_worker);
    if (status == CARRYNET_OK)
        status = sys_allocate(&bytes, ranks, sizeof *bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&counts, ranks, sizeof *counts);
    status = comm_allreduce_status(group->comm, status);
    for (size_t r = 0; r < ranks && status == CARRYNET_OK; ++r)
        bytes[r] = sizeof mine;
    if (status == CARRYNET_OK)
        status = comm_allgather(group->comm, CARRYNET_OK, counts, bytes, &mine);
    for (size_t r = 0; r < ranks && status == CARRYNET_OK; ++r)
        group->first_worker[r + 1] = group->first_worker[r] + (size_t)counts[r];
    if (status == CARRYNET_OK) {
        group->workers = group->first_worker[ranks];
        status = sys_allocate(&group->speeds, group->workers, sizeof *group->speeds);
        if (status == CARRYNET_OK)
            status = sys_allocate(&group->first, group->workers + 1, sizeof *group->first);
        status = comm_allreduce_status(group->comm, status);
    }
    for (size_t w = 0; w < group->workers && status == CARRYNET_OK; ++w)
        group->speeds[w] = 1;
    sys_free(bytes);
    sys_free(counts);
    return status;
}

/* Whether the networks are split: there are enough of them, or the batch cannot be split. */
static bool splits_networks(const struct device_group *group)
{
    const carrynet_settings *s = &group->settings;
    return s->networks >= 2 * group->workers || (s->networks > 1 && s->batch <= CARRYNET_BLOCK);
}

static carrynet_status open_workers(struct device_group *group, const carrynet_engine_options *options,
                                    const struct parallel_devices *devices)
{
    const bool networks = splits_networks(group);
    carrynet_engine_options one = *options;
    carrynet_status status = CARRYNET_OK;
    one.comm = NULL;
    if (!networks)
        one.launches = CARRYNET_LAUNCHES_STEPS; /* fused launches cannot give the sums of part of a batch */
    group_split(group->first, networks ? group->settings.networks : data_parallel_blocks(group->settings.batch),
                group->speeds, group->workers);
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i) {
        struct device_worker *worker = &group->local[i];
        const size_t w = group_worker(group, i);
        const carrynet_settings share = networks ? population_parallel_share(group, w) : data_parallel_share(group, w);
        worker->networks = networks ? (uint32_t)(group->first[w + 1] - group->first[w]) : share.networks;
        status = devices->open(devices->self, i, &worker->backend, &share, &one, worker->description);
    }
    return comm_allreduce_status(group->comm, status);
}

/* ---- speeds ----------------------------------------------------------------------------------------------------- */

/* Sequences a second of a gradient, all networks together. */
static carrynet_status measure(struct device_group *group, size_t i, void *call)
{
    struct device_worker *worker = &group->local[i];
    double *speeds = call;
    const double hidden = group->settings.shape.hidden, networks = worker->networks;
    const double affordable = SPEED_WORK / (networks * group->settings.steps * hidden * (hidden + 16));
    struct net_pass pass = net_training_pass(&group->settings, NULL, NULL), *staged = NULL;
    carrynet_network_config *configs = NULL;
    carrynet_metrics *metrics = NULL;
    double best = 0;
    if (affordable < (double)pass.sequences)
        pass.sequences = affordable < CARRYNET_BLOCK ? CARRYNET_BLOCK : (size_t)affordable;
    pass.shared = true;
    carrynet_status status = sys_allocate(&configs, worker->networks, sizeof *configs);
    pass.configs = configs;
    if (status == CARRYNET_OK)
        status = sys_allocate(&metrics, worker->networks, sizeof *metrics);
    for (int window = -1; window < SPEED_WINDOWS && status == CARRYNET_OK; ++window) { /* the first compiles */
        const double start = sys_seconds();
        uint64_t done = 0;
        do {
            status = worker->backend->operations->stage(worker->backend, &staged, &pass);
            if (status != CARRYNET_OK)
                break;
            memset(staged->symbols, 0, pass.sequences * pass.symbol_words * sizeof *staged->symbols);
            memset(staged->targets, 0, pass.sequences * pass.target_words * sizeof *staged->targets);
            status = worker->backend->operations->gradient(worker->backend, staged);
            if (status == CARRYNET_OK)
                status = worker->backend->operations->get_sums(worker->backend, NULL, metrics);
            ++done;
        } while (status == CARRYNET_OK && window >= 0 && sys_seconds() - start < SPEED_SECONDS);
        const double rate = (double)done * (double)pass.sequences * networks / (sys_seconds() - start);
        best = window >= 0 && rate > best ? rate : best;
    }
    speeds[i] = best > 0 ? best : 1;
    sys_free(configs);
    sys_free(metrics);
    return status;
}

/* Whether the workers are not all of one kind. */
static carrynet_status compare_workers(bool *uneven, struct device_group *group)
{
    double *mine = NULL, *all = NULL;
    carrynet_status status = sys_allocate(&mine, group->count, sizeof *mine);
    if (status == CARRYNET_OK)
        status = sys_allocate(&all, group->workers, sizeof *all);
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i) {
        struct device_worker *worker = &group->local[i];
        const char *name = strchr(worker->description, ' '); /* behind "P:D" */
        carrynet_profile profile;
        uint64_t digest = SYS_DIGEST;
        for (const char *p = name != NULL ? name : worker->description; *p != '\0'; ++p)
            digest = sys_digest(digest, (unsigned char)*p, 1);
        status = worker->backend->operations->profile(worker->backend, &profile);
        mine[i] = (double)(sys_digest(digest, profile.threads, sizeof profile.threads) >> 12);
    }
    status = group_allgather(group, status, all, mine);
    *uneven = false;
    for (size_t w = 1; w < group->workers && status == CARRYNET_OK; ++w)
        *uneven = *uneven || all[w] != all[0];
    sys_free(mine);
    sys_free(all);
    return status;
}

static carrynet_status measure_speeds(struct device_group *group)
{
    double *mine = NULL;
    carrynet_status status = sys_allocate(&mine, group->count, sizeof *mine);
    for (size_t i = 0; i < group->count && status == CARRYNET_OK; ++i)
        mine[i] = 1;
    if (status == CARRYNET_OK)
        status = group_run(group, measure, mine);
    status = group_allgather(group, status, group->speeds, mine);
    sys_free(mine);
    return status;
}

/* ---- creating --------------------------------------------------------------------------------------------------- */

static void describe(const struct device_group *group, char description[BACKEND_DESCRIPTION])
{
    const uint32_t ranks = carrynet_comm_size(group->comm);
    const uint64_t blocks = data_parallel_blocks(group->settings.batch);
    const bool networks = splits_networks(group);
    size_t idle = 0;
    sys_text text = {0};
    for (size_t w = 0; w < group->workers; ++w)
        idle += group->first[w + 1] == group->first[w] ? 1 : 0;
    if (ranks > 1)
        sys_text_add(&text, "%u ranks, ", ranks);
    if (ranks == 1 || group->workers > ranks)
        sys_text_add(&text, "%zu devices, ", group->workers);
    if (idle > 0 && networks)
        sys_text_add(&text, "%zu of them idle (%u networks), ", idle, group->settings.networks);
    else if (idle > 0)
        sys_text_add(&text, "%zu of them idle (the batch has %llu block%s of %u sequences), ", idle,
                     (unsigned long long)blocks, blocks == 1 ? "" : "s", CARRYNET_BLOCK);
    sys_text_add(&text, "%s shared out: ", networks ? "networks" : "batch");
    for (size_t i = 0; i < group->count; ++i)
        sys_text_add(&text, "%s%s", i > 0 ? " + " : "", group->local[i].description);
    if (ranks > 1)
        sys_text_add(&text, " on rank 0");
    (void)snprintf(description, BACKEND_DESCRIPTION, "%s", text.failed ? "several devices" : text.data);
    sys_text_free(&text);
}

carrynet_status parallel_create(struct backend **backend, const carrynet_settings *settings,
                                const carrynet_engine_options *options, const struct parallel_devices *devices,
                                char description[BACKEND_DESCRIPTION])
{
    struct device_group group = {.settings = *settings,
                                 .value = settings->precision / 8,
                                 .size = carrynet_shape_size(&settings->shape),
                                 .trained = carrynet_shape_trained(&settings->shape),
                                 .comm = options->comm,
                                 .count = devices->count};
    bool uneven = false;
    *backend = NULL;
    carrynet_status status = sys_allocate(&group.local, group.count, sizeof *group.local);
    if (status == CARRYNET_OK && group.count > 1)
        status = sys_pool_create(&group.pool, group.count);
    status = count_workers(&group, status);
    if (status == CARRYNET_OK)
        status = open_workers(&group, options, devices);
    if (status == CARRYNET_OK)
        status = compare_workers(&uneven, &group);
    if (status == CARRYNET_OK && uneven) {
        status = measure_speeds(&group);
        group_close(&group);
        if (status == CARRYNET_OK)
            status = open_workers(&group, options, devices);
    }
    if (status == CARRYNET_OK) {
        describe(&group, description);
        status = splits_networks(&group) ? population_parallel_create(backend, &group)
                                         : data_parallel_create(backend, &group);
        status = comm_allreduce_status(options->comm, status);
    }
    if (status != CARRYNET_OK) {
        backend_free(*backend);
        *backend = NULL;
    }
    group_release(&group);
    return status;
}
