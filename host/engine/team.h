/*
 * A team: several devices of this process, and of the other ranks, as one backend of the engine. A batch is cut along its
 * blocks: every worker has all networks, and gives the sums of whole nodes of the block tree (team_blocks.c). A
 * population is cut along its networks: every worker has some of them, and nothing is exchanged while they train
 * (team_networks.c). team.c makes both, by measured speed. A worker is a device of a rank.
 */
#ifndef ENGINE_TEAM_H
#define ENGINE_TEAM_H

#include "comm/collectives.h"
#include "engine/backends.h"
#include "engine/block_tree.h"
#include "engine/device_list.h"

/* A worker of this process. */
struct team_member {
    struct backend *backend;
    char description[BACKEND_DESCRIPTION];
    uint32_t networks; /* of the team's: all, or its own; a backend keeps one where it has none any more */
    uint32_t *numbers; /* [networks] of its own, if the team is cut along networks: which they are of the team's */
    struct block_range cover[BLOCK_TREE_COVER]; /* if it is cut along blocks: the nodes that it sums */
    size_t covers;
    char *nodes; /* [covers][vector] reals of the team */
    size_t nodes_room;
    char *scratch; /* of calls */
    size_t scratch_room;
    uint64_t *counts; /* [networks][2]: wrong bits and sequences of the last gradient or forward pass */
    carrynet_status status;
    char message[1024]; /* of a status that is not OK: messages are of their thread */
};

struct team {
    struct backend base;
    carrynet_settings settings;
    size_t value;   /* bytes of a real */
    size_t size;    /* parameters of a network */
    size_t trained; /* of which trained */
    carrynet_comm *comm;
    struct team_member *members; /* [count] */
    size_t count;
    size_t workers;       /* of all ranks */
    size_t *first_worker; /* [ranks + 1]: of each rank */
    double *speeds;       /* [workers], of any unit */
    uint64_t *first;      /* [workers + 1]: where the networks, or the blocks of a batch, were first cut */
    struct base_crew *crew;
    bool along_networks;
    uint32_t *words; /* staged symbols, then targets */
    size_t words_room;
    struct team_blocks *blocks;     /* what team_blocks.c keeps, or */
    struct team_networks *networks; /* team_networks.c */
};

static inline size_t team_ranks(const struct team *team)
{
    return carrynet_comm_size(team->comm);
}

/* The number of a member of this process among all workers. */
static inline size_t team_worker(const struct team *team, size_t member)
{
    return team->first_worker[carrynet_comm_rank(team->comm)] + member;
}

/* One of this process's workers at its task. */
typedef carrynet_status team_task(struct team *team, struct team_member *member, void *call);

/* All of them at once; the first error. Members without networks have nothing to do. */
carrynet_status team_run(struct team *team, team_task *task, void *call);

/* Room for a pass's sequences on the host. */
carrynet_status team_stage(struct backend *backend, const struct net_pass *pass, uint32_t **symbols,
                           uint32_t **targets);

/* Sequences first, ... of a staged pass (as many as `part` has), of networks which [member->networks] (NULL: all), into a member. */
carrynet_status team_hand_out(struct team *team, struct team_member *member, const struct net_pass *pass,
                              const struct net_pass *part, size_t first, const uint32_t *which);

/* The same of problems that the host makes for a member, from the counter-based source of `task`. */
carrynet_status team_make(struct team_member *member, const struct net_pass *part, const carrynet_task *task,
                          const carrynet_individual *individuals);

/* The operations, and what they keep: made after the speeds are known, before the members; freed with NULL inside too. */
extern const struct backend_operations team_blocks_operations, team_networks_operations;
carrynet_status team_blocks_create(struct team *team);
void team_blocks_free(struct team *team);
carrynet_status team_networks_create(struct team *team);
carrynet_status team_networks_number(struct team *team); /* the members, when they are there */
void team_networks_free(struct team *team);

/* Networks, and sequences of a batch, that worker number `worker` has; the settings of its backend. */
carrynet_settings team_blocks_share(const struct team *team, size_t worker);
carrynet_settings team_networks_share(const struct team *team, size_t worker);

/* Of operations that both kinds have alike. */
void team_free(struct backend *backend);
uint64_t team_memory(struct backend *backend);
uint64_t team_need(struct backend *backend);
carrynet_status team_profile(struct backend *backend, carrynet_profile *profile);
carrynet_status team_peak(struct backend *backend, double *flops);

/*
 * Cuts `items` for workers of these speeds: worker w has first[w], ..., first[w + 1] - 1. Places are multiples of a power of
 * two, so that few nodes of the block tree are cut.
 */
void team_cut(uint64_t *first, uint64_t items, const double *speeds, size_t workers);

/* Makes a team of the devices of a list, as engine_open_backend does. Collective. */
carrynet_status team_create(struct backend **backend, const carrynet_settings *settings,
                            const carrynet_engine_options *options, const struct device_list *list,
                            char description[BACKEND_DESCRIPTION]);

#endif
