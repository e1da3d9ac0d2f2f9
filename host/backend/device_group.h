/*
 * A device group: the devices of this process, and with a communicator those of all other ranks, that compute together as
 * one backend. A worker is one device of one rank. Two backends begin with a group: data_parallel.c splits each batch
 * among the workers, population_parallel.c the networks; parallel.c creates them. Here is what both need.
 */
#ifndef BACKEND_DEVICE_GROUP_H
#define BACKEND_DEVICE_GROUP_H

#include "backend/backend.h"
#include "comm/collectives.h"

/* A worker of this process. */
struct device_worker {
    struct backend *backend;
    char description[BACKEND_DESCRIPTION];
    uint32_t
        networks;  /* that it computes: all of the group's or its own; 0: it is idle, though its backend holds one */
    char *scratch; /* of calls */
    size_t scratch_capacity;
    carrynet_status status; /* of the last call, and its message, since messages belong to their thread */
    char message[1024];
};

struct device_group {
    struct backend base;
    carrynet_settings settings;
    size_t value;   /* bytes of a real */
    size_t size;    /* parameters of a network */
    size_t trained; /* of which trained */
    carrynet_comm *comm;
    struct device_worker *local; /* [count]: the workers of this process */
    size_t count;
    size_t workers;       /* of all ranks */
    size_t *first_worker; /* [ranks + 1]: rank r has workers first_worker[r], ..., first_worker[r + 1] - 1 */
    double *speeds;       /* [workers], relative */
    uint64_t *first;      /* [workers + 1]: how the blocks of a full batch, or the networks, were first split */
    struct sys_pool *pool;
    struct net_pass pass; /* that is staged */
    uint32_t *staged;     /* its symbols, then targets, of all networks' sequences; unused where there is a task */
    size_t staged_capacity;
};

static inline size_t group_ranks(const struct device_group *group)
{
    return carrynet_comm_size(group->comm);
}

/* The number of worker i of this process among all workers. */
static inline size_t group_worker(const struct device_group *group, size_t i)
{
    return group->first_worker[carrynet_comm_rank(group->comm)] + i;
}

/* Worker i of this process at one operation. */
typedef carrynet_status worker_task(struct device_group *group, size_t i, void *call);

/* Runs a task on all workers of this process at once, but idle ones; the first error. */
carrynet_status group_run(struct device_group *group, worker_task *task, void *call);

/*
 * Stages part of the group's staged pass with worker i: the part's sequences, which begin at sequence `first` of the pass,
 * of networks which [worker's networks] (NULL: all). Problems of a task that the worker does not generate are generated on
 * the host.
 */
carrynet_status group_stage_part(struct device_group *group, size_t i, struct net_pass **staged,
                                 const struct net_pass *pass, const struct net_pass *part, size_t first,
                                 const uint32_t *which);

/* The arrays of a forward pass: y, z, h, state; and bytes of a network in each. */
enum { FORWARD_ARRAYS = 4 };
void group_forward_arrays(char *arrays[FORWARD_ARRAYS], const carrynet_forward *forward);
void group_forward_bytes(size_t bytes[FORWARD_ARRAYS], const struct device_group *group, const struct net_pass *pass);

/* *own is `outputs` with metrics and arrays, as far as there are some, in worker i's scratch, for its networks. MEMORY. */
carrynet_status group_forward_scratch(struct device_group *group, size_t i, const struct net_pass *pass,
                                      const carrynet_forward *outputs, carrynet_forward *own);

/* Allgather of a number of each worker: all [workers], mine [count]. */
carrynet_status group_allgather(struct device_group *group, carrynet_status status, double *all, const double *mine);

/*
 * Splits `items` in proportion to speeds: worker w gets first[w], ..., first[w + 1] - 1. The places are multiples of a power
 * of two, so that few partial sums of the reduction tree are split.
 */
void group_split(uint64_t *first, uint64_t items, const double *speeds, size_t workers);

/* Closes the workers; and frees all that a group has, after what its backend keeps beside. */
void group_close(struct device_group *group);
void group_release(struct device_group *group);

/* Operations that both backends share (backend.h). */
carrynet_status group_stage(struct backend *backend, struct net_pass **staged, const struct net_pass *pass);
uint64_t group_memory(struct backend *backend);
uint64_t group_need(struct backend *backend);
carrynet_status group_profile(struct backend *backend, carrynet_profile *profile);
carrynet_status group_peak(struct backend *backend, double *flops);

#endif
