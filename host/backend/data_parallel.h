/*
 * The backend that splits each batch among the workers of a group, at blocks of 64 sequences. Every worker has all
 * networks (a replica). It computes the partial sums of the reduction tree that its blocks cover, and after the
 * reduction does the same update as all others. data_parallel.c has the operations, data_parallel_reduce.c the split of
 * a batch and the reduction.
 */
#ifndef BACKEND_DATA_PARALLEL_H
#define BACKEND_DATA_PARALLEL_H

#include "backend/device_group.h"
#include "backend/reduction_tree.h"
#include "kernels/arguments.h"

/* A worker of this process. */
struct replica {
    struct block_range cover[REDUCTION_TREE_COVER]; /* [covers]: the partial sums that it sums */
    size_t covers;
    char *partials; /* [covers][vector] reals: the sums */
    size_t nodes_capacity;
    uint64_t *counts; /* [networks][2]: wrong bits and sequences of the last gradient or forward pass */
};

struct data_parallel {
    struct device_group group;
    struct replica *replicas;     /* [group.count] */
    uint64_t blocks;              /* of the batch that was split last; 0: none */
    bool locally;                 /* it was split among this process's workers alone */
    uint64_t *first;              /* [workers + 1]: worker w has blocks first[w], ..., first[w + 1] - 1 */
    struct block_range *partials; /* [capacity]: of all ranks, in order */
    size_t capacity;
    size_t *first_partial; /* [ranks + 1]: of each rank */
    size_t most;           /* partial sums of a rank */
    size_t vector; /* reals of a partial sum: the gradients of all networks, then loss and absolute error of each */
    size_t slice;  /* of these, that one rank reduces for all */
    char *sent, *received; /* [ranks][most][slice] reals */
    char *sum;             /* [ranks * slice] reals: the reduced vector */
    size_t sent_capacity, received_capacity, sum_capacity;
    void **values;                    /* [capacity]: of partial sums */
    struct block_range *own_partials; /* [capacity]: of this process's workers, and their values */
    void **own_values;
    uint64_t *bytes;               /* [ranks]: of an allgather of equal parts */
    struct net_rates *rates;       /* [networks]: of an update that the workers have yet to make, from `sum`, */
    uint64_t averaged;             /* over so many sequences; 0: none */
    uint64_t *counts, *all_counts; /* [networks][2] of this process; [ranks][networks][2] */
};

/* Blocks of so many sequences. */
static inline uint64_t data_parallel_blocks(size_t sequences)
{
    return (sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
}

/* The settings of worker `worker` of all, by group->first, which splits the blocks of a full batch. */
carrynet_settings data_parallel_share(const struct device_group *group, size_t worker);

/* *group, with open workers, moves into *backend if the call succeeds, and is then empty. MEMORY. */
carrynet_status data_parallel_create(struct backend **backend, struct device_group *group);

/* ---- data_parallel_reduce.c ------------------------------------------------------------------------------------- */

/* Splits a batch of so many blocks among all workers; or among this process's alone, without communication. */
void data_parallel_split(struct data_parallel *dp, uint64_t blocks);
void data_parallel_split_locally(struct data_parallel *dp, uint64_t blocks);

/* Memory for this split's partial sums of `vector` reals; and how many reals those of a gradient have. MEMORY. */
carrynet_status data_parallel_reserve(struct data_parallel *dp, size_t vector);
size_t data_parallel_vector(const struct data_parallel *dp);

/* Allreduce of all workers' partial sums, in the order of the tree, into dp->sum. `status` is this process's so far. */
carrynet_status data_parallel_reduce(struct data_parallel *dp, carrynet_status status);

/* Allreduce of wrong bits and sequences into dp->counts; likewise. */
carrynet_status data_parallel_reduce_counts(struct data_parallel *dp, carrynet_status status);

/* DEVICE unless all replicas have equal weights: this finds a device that errs. Collective. */
carrynet_status data_parallel_check_weights(struct data_parallel *dp);

/* The metrics, where losses and absolute errors stand at reals [first + 2 n] of dp->sum. */
void data_parallel_get_metrics(carrynet_metrics *metrics, const struct data_parallel *dp, size_t first);

#endif
