/* Making a team: its workers' speeds, its members; and what batches and populations do alike. */
#include "engine/team.h"
#include "base/environment.h"
#include "kernels/arguments.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Multiplications of the pass that measures a worker, about, and for how long it is repeated. */
static const double SPEED_WORK = 1 << 26, SPEED_SECONDS = 0.01;
enum { SPEED_WINDOWS = 3, CUTS_A_WORKER = 32 };

/* ---- running ---------------------------------------------------------------------------------------------------- */

struct team_call {
    struct team *team;
    team_task *task;
    void *call;
};

static void run_one(void *self, size_t i)
{
    const struct team_call *call = self;
    struct team_member *member = &call->team->members[i];
    member->status = CARRYNET_OK;
    if (member->networks == 0)
        return;
    const fenv_t environment = base_enter_arithmetic();
    member->status = base_leave_arithmetic(&environment, call->task(call->team, member, call->call));
    if (member->status != CARRYNET_OK)
        (void)snprintf(member->message, sizeof member->message, "%s", carrynet_message());
}

carrynet_status team_run(struct team *team, team_task *task, void *call)
{
    struct team_call all = {team, task, call};
    base_crew_run(team->crew, team->count, run_one, &all);
    for (size_t i = 0; i < team->count; ++i)
        if (team->members[i].status != CARRYNET_OK)
            return base_fail(team->members[i].status, "%s", team->members[i].message);
    return CARRYNET_OK;
}

/* ---- sequences -------------------------------------------------------------------------------------------------- */

static size_t staged(const struct team *team, const struct net_pass *pass)
{
    return (pass->shared ? 1 : team->settings.networks) * pass->sequences;
}

carrynet_status team_stage(struct backend *backend, const struct net_pass *pass, uint32_t **symbols, uint32_t **targets)
{
    struct team *team = (struct team *)backend;
    const size_t sequences = staged(team, pass), need = sequences * (pass->symbol_words + pass->target_words);
    carrynet_status status = CARRYNET_OK;
    if (need > team->words_room) { /* which is so on all ranks at once */
        base_free(team->words);
        team->words = NULL;
        status = comm_allreduce_status(team->comm, base_allocate(&team->words, need, sizeof *team->words));
        team->words_room = status == CARRYNET_OK ? need : 0;
    }
    if (status == CARRYNET_OK) {
        *symbols = team->words;
        *targets = team->words + sequences * pass->symbol_words;
    }
    return status;
}

carrynet_status team_hand_out(struct team *team, struct team_member *member, const struct net_pass *pass,
                              const struct net_pass *part, size_t first, const uint32_t *which)
{
    const uint32_t *all_symbols = team->words, *all_targets = team->words + staged(team, pass) * pass->symbol_words;
    uint32_t *symbols = NULL, *targets = NULL;
    const carrynet_status status = member->backend->operations->stage(member->backend, part, &symbols, &targets);
    for (uint32_t n = 0; n < (part->shared ? 1 : member->networks) && status == CARRYNET_OK; ++n) {
        const size_t network = pass->shared ? 0 : which != NULL ? which[n] : n;
        const size_t from = network * pass->sequences + first, to = n * part->sequences;
        memcpy(symbols + to * pass->symbol_words, all_symbols + from * pass->symbol_words,
               part->sequences * pass->symbol_words * sizeof *symbols);
        memcpy(targets + to * pass->target_words, all_targets + from * pass->target_words,
               part->sequences * pass->target_words * sizeof *targets);
    }
    return status;
}

carrynet_status team_make(struct team_member *member, const struct net_pass *part, const carrynet_task *task,
                          const carrynet_individual *individuals)
{
    const carrynet_source source = carrynet_counter_source(task);
    uint32_t *symbols = NULL, *targets = NULL;
    carrynet_status status = member->backend->operations->stage(member->backend, part, &symbols, &targets);
    for (uint32_t n = 0; n < member->networks && status == CARRYNET_OK; ++n)
        status =
            source.fill(source.self, individuals[n].problem_seed, individuals[n].updates, (size_t)part->first_sequence,
                        part->sequences, part->steps, symbols + n * part->sequences * part->symbol_words,
                        targets + n * part->sequences * part->target_words);
    return status;
}

/* ---- cutting ---------------------------------------------------------------------------------------------------- */

void team_cut(uint64_t *first, uint64_t items, const double *speeds, size_t workers)
{
    uint64_t grain = 1;
    double all = 0, before = 0;
    while (grain * 2 * CUTS_A_WORKER * workers <= items)
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

/* ---- making ----------------------------------------------------------------------------------------------------- */

static void close_members(struct team *team)
{
    for (size_t i = 0; i < team->count && team->members != NULL; ++i) {
        struct team_member *member = &team->members[i];
        backend_free(member->backend);
        base_free(member->numbers);
        base_free(member->nodes);
        base_free(member->scratch);
        base_free(member->counts);
        *member = (struct team_member){0};
    }
}

static void free_team(struct team *team)
{
    if (team == NULL)
        return;
    base_crew_free(team->crew);
    close_members(team);
    team_blocks_free(team);
    team_networks_free(team);
    base_free(team->members);
    base_free(team->first_worker);
    base_free(team->speeds);
    base_free(team->first);
    base_free(team->words);
    base_free(team);
}

void team_free(struct backend *backend)
{
    free_team((struct team *)backend);
}

/* How many workers each rank has; all count as equally fast until they are measured. */
static carrynet_status count_workers(struct team *team, carrynet_status status)
{
    const size_t ranks = team_ranks(team);
    const uint64_t mine = team->count;
    uint64_t *bytes = NULL, *counts = NULL;
    if (status == CARRYNET_OK)
        status = base_allocate(&team->first_worker, ranks + 1, sizeof *team->first_worker);
    if (status == CARRYNET_OK)
        status = base_allocate(&bytes, ranks, sizeof *bytes);
    if (status == CARRYNET_OK)
        status = base_allocate(&counts, ranks, sizeof *counts);
    status = comm_allreduce_status(team->comm, status);
    for (size_t r = 0; r < ranks && status == CARRYNET_OK; ++r)
        bytes[r] = sizeof mine;
    if (status == CARRYNET_OK)
        status = comm_allgather(team->comm, CARRYNET_OK, counts, bytes, &mine);
    for (size_t r = 0; r < ranks && status == CARRYNET_OK; ++r)
        team->first_worker[r + 1] = team->first_worker[r] + (size_t)counts[r];
    if (status == CARRYNET_OK) {
        team->workers = team->first_worker[ranks];
        status = base_allocate(&team->speeds, team->workers, sizeof *team->speeds);
        if (status == CARRYNET_OK)
            status = base_allocate(&team->first, team->workers + 1, sizeof *team->first);
        status = comm_allreduce_status(team->comm, status);
    }
    for (size_t w = 0; w < team->workers && status == CARRYNET_OK; ++w)
        team->speeds[w] = 1;
    base_free(bytes);
    base_free(counts);
    return status;
}

/* One number of each worker of this process, to one of each of all: [count] to [workers]. */
static carrynet_status gather_of_workers(struct team *team, carrynet_status status, double *all, const double *mine)
{
    const size_t ranks = team_ranks(team);
    uint64_t *bytes = NULL;
    const carrynet_status allocated = base_allocate(&bytes, ranks, sizeof *bytes);
    for (size_t r = 0; r < ranks && allocated == CARRYNET_OK; ++r)
        bytes[r] = (team->first_worker[r + 1] - team->first_worker[r]) * sizeof *mine;
    status = comm_allreduce_status(team->comm, status != CARRYNET_OK ? status : allocated);
    if (status == CARRYNET_OK)
        status = comm_allgather(team->comm, CARRYNET_OK, all, bytes, mine);
    base_free(bytes);
    return status;
}

static carrynet_status open_members(struct team *team, const carrynet_engine_options *options,
                                    const struct device_list *list)
{
    carrynet_engine_options one = *options;
    carrynet_status status =
        comm_allreduce_status(team->comm, team->along_networks ? team_networks_create(team) : team_blocks_create(team));
    one.comm = NULL;
    if (!team->along_networks)
        one.launches = CARRYNET_LAUNCHES_STEPS; /* which the sums of a part of a batch are made by */
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        const size_t worker = team_worker(team, i);
        const carrynet_settings share =
            team->along_networks ? team_networks_share(team, worker) : team_blocks_share(team, worker);
        one.device = list->wishes[i];
        member->networks = share.networks;
        if (status == CARRYNET_OK)
            status = engine_one_backend(&member->backend, &share, &one, member->description);
        if (status == CARRYNET_OK)
            status = base_allocate(&member->counts, share.networks, 2 * sizeof *member->counts);
    }
    if (status == CARRYNET_OK && team->along_networks)
        status = team_networks_number(team);
    return comm_allreduce_status(team->comm, status);
}

/* Sequences a second of a gradient, all networks together. */
static carrynet_status measure(struct team *team, struct team_member *member, void *call)
{
    double *speeds = call;
    const double hidden = team->settings.shape.hidden, networks = member->networks;
    const double affordable = SPEED_WORK / (networks * team->settings.steps * hidden * (hidden + 16));
    struct net_pass pass = net_training_pass(&team->settings, false);
    carrynet_individual *individuals = NULL;
    carrynet_metrics *metrics = NULL;
    uint32_t *symbols = NULL, *targets = NULL;
    double best = 0;
    if (affordable < (double)pass.sequences)
        pass.sequences = affordable < CARRYNET_BLOCK ? CARRYNET_BLOCK : (size_t)affordable;
    pass.shared = true;
    carrynet_status status = base_allocate(&individuals, member->networks, sizeof *individuals);
    if (status == CARRYNET_OK)
        status = base_allocate(&metrics, member->networks, sizeof *metrics);
    for (int window = -1; window < SPEED_WINDOWS && status == CARRYNET_OK; ++window) { /* the first compiles */
        const double start = base_seconds();
        uint64_t done = 0;
        do {
            status = member->backend->operations->stage(member->backend, &pass, &symbols, &targets);
            if (status != CARRYNET_OK)
                break;
            memset(symbols, 0, pass.sequences * pass.symbol_words * sizeof *symbols);
            memset(targets, 0, pass.sequences * pass.target_words * sizeof *targets);
            status = member->backend->operations->gradient(member->backend, &pass, individuals);
            if (status == CARRYNET_OK)
                status = member->backend->operations->get_sums(member->backend, NULL, metrics);
            ++done;
        } while (status == CARRYNET_OK && window >= 0 && base_seconds() - start < SPEED_SECONDS);
        const double rate = (double)done * (double)pass.sequences * networks / (base_seconds() - start);
        best = window >= 0 && rate > best ? rate : best;
    }
    speeds[member - team->members] = best > 0 ? best : 1;
    base_free(individuals);
    base_free(metrics);
    return status;
}

/* Whether the workers are not all of one kind. */
static carrynet_status compare_workers(bool *uneven, struct team *team)
{
    double *mine = NULL, *all = NULL;
    carrynet_status status = base_allocate(&mine, team->count, sizeof *mine);
    if (status == CARRYNET_OK)
        status = base_allocate(&all, team->workers, sizeof *all);
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        struct team_member *member = &team->members[i];
        const char *name = strchr(member->description, ' '); /* behind "P:D" */
        carrynet_profile profile;
        uint64_t digest = BASE_DIGEST;
        for (const char *p = name != NULL ? name : member->description; *p != '\0'; ++p)
            digest = base_digest(digest, (unsigned char)*p, 1);
        status = member->backend->operations->profile(member->backend, &profile);
        mine[i] = (double)(base_digest(digest, profile.threads, sizeof profile.threads) >> 12);
    }
    status = gather_of_workers(team, status, all, mine);
    *uneven = false;
    for (size_t w = 1; w < team->workers && status == CARRYNET_OK; ++w)
        *uneven = *uneven || all[w] != all[0];
    base_free(mine);
    base_free(all);
    return status;
}

static carrynet_status measure_speeds(struct team *team)
{
    double *mine = NULL;
    carrynet_status status = base_allocate(&mine, team->count, sizeof *mine);
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i)
        mine[i] = 1;
    if (status == CARRYNET_OK)
        status = team_run(team, measure, mine);
    status = gather_of_workers(team, status, team->speeds, mine);
    base_free(mine);
    return status;
}

/* Whether networks are shared out: where there are enough of them, or the batch cannot be cut. */
static bool cuts_networks(const struct team *team)
{
    const carrynet_settings *s = &team->settings;
    return s->networks >= 2 * team->workers || (s->networks > 1 && s->batch <= CARRYNET_BLOCK);
}

static void describe(const struct team *team, char description[BACKEND_DESCRIPTION])
{
    const uint32_t ranks = carrynet_comm_size(team->comm);
    const uint64_t blocks = (team->settings.batch + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
    size_t idle = 0;
    base_text text = {0};
    for (size_t w = 0; w < team->workers; ++w)
        idle += team->first[w + 1] == team->first[w] ? 1 : 0;
    if (ranks > 1)
        base_text_add(&text, "%u ranks, ", ranks);
    if (ranks == 1 || team->workers > ranks)
        base_text_add(&text, "%zu devices, ", team->workers);
    if (idle > 0 && team->along_networks)
        base_text_add(&text, "%zu of them idle (%u networks), ", idle, team->settings.networks);
    else if (idle > 0)
        base_text_add(&text, "%zu of them idle (the batch has %llu block%s of %u sequences), ", idle,
                      (unsigned long long)blocks, blocks == 1 ? "" : "s", CARRYNET_BLOCK);
    base_text_add(&text, "%s shared out: ", team->along_networks ? "networks" : "batch");
    for (size_t i = 0; i < team->count; ++i)
        base_text_add(&text, "%s%s", i > 0 ? " + " : "", team->members[i].description);
    if (ranks > 1)
        base_text_add(&text, " on rank 0");
    (void)snprintf(description, BACKEND_DESCRIPTION, "%s", text.failed ? "several devices" : text.data);
    base_text_free(&text);
}

carrynet_status team_create(struct backend **backend, const carrynet_settings *settings,
                            const carrynet_engine_options *options, const struct device_list *list,
                            char description[BACKEND_DESCRIPTION])
{
    struct team *team = NULL;
    bool uneven = false;
    *backend = NULL;
    carrynet_status status = comm_allreduce_status(options->comm, base_allocate(&team, 1, sizeof *team));
    if (status != CARRYNET_OK)
        goto done;
    team->settings = *settings;
    team->value = settings->precision / 8;
    team->size = carrynet_shape_size(&settings->shape);
    team->trained = carrynet_shape_trained(&settings->shape);
    team->comm = options->comm;
    team->count = list->count;
    status = base_allocate(&team->members, team->count, sizeof *team->members);
    if (status == CARRYNET_OK && team->count > 1)
        status = base_crew_create(&team->crew, team->count);
    status = count_workers(team, status);
    if (status != CARRYNET_OK)
        goto done;
    team->along_networks = cuts_networks(team);
    status = open_members(team, options, list);
    if (status == CARRYNET_OK)
        status = compare_workers(&uneven, team);
    if (status == CARRYNET_OK && uneven) {
        status = measure_speeds(team);
        close_members(team);
        team_blocks_free(team);
        team_networks_free(team);
        if (status == CARRYNET_OK)
            status = open_members(team, options, list);
    }
    if (status != CARRYNET_OK)
        goto done;
    describe(team, description);
    team->base.operations = team->along_networks ? &team_networks_operations : &team_blocks_operations;
    *backend = &team->base;
    team = NULL;
done:
    free_team(team);
    return status;
}

/* ---- measuring -------------------------------------------------------------------------------------------------- */

uint64_t team_memory(struct backend *backend)
{
    const struct team *team = (const struct team *)backend;
    uint64_t bytes = 0;
    for (size_t i = 0; i < team->count; ++i)
        bytes += team->members[i].backend->operations->memory(team->members[i].backend);
    return bytes;
}

uint64_t team_need(struct backend *backend)
{
    const struct team *team = (const struct team *)backend;
    uint64_t bytes = 0;
    for (size_t i = 0; i < team->count; ++i)
        bytes += team->members[i].backend->operations->need(team->members[i].backend);
    return bytes;
}

/* Kernels of one name together, of this process's devices. */
carrynet_status team_profile(struct backend *backend, carrynet_profile *profile)
{
    struct team *team = (struct team *)backend;
    carrynet_status status = CARRYNET_OK;
    *profile = (carrynet_profile){0};
    for (size_t i = 0; i < team->count && status == CARRYNET_OK; ++i) {
        carrynet_profile one;
        status = team->members[i].backend->operations->profile(team->members[i].backend, &one);
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

static carrynet_status peak_of(struct team *team, struct team_member *member, void *call)
{
    double *peaks = call;
    return member->backend->operations->peak(member->backend, &peaks[member - team->members]);
}

/* At the same time, since they may share a machine; those of all ranks. */
carrynet_status team_peak(struct backend *backend, double *flops)
{
    struct team *team = (struct team *)backend;
    double *mine = NULL, *all = NULL;
    *flops = 0;
    carrynet_status status = base_allocate(&mine, team->count, sizeof *mine);
    if (status == CARRYNET_OK)
        status = base_allocate(&all, team->workers, sizeof *all);
    status = comm_allreduce_status(team->comm, status);
    if (status == CARRYNET_OK)
        status = gather_of_workers(team, team_run(team, peak_of, mine), all, mine);
    for (size_t w = 0; w < team->workers && status == CARRYNET_OK; ++w)
        *flops += all[w];
    base_free(mine);
    base_free(all);
    return status;
}
