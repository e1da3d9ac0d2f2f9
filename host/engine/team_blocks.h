/*
 * What team_blocks.c (operations) and team_meeting.c (the cut of a batch, and how the sums of its parts meet) share.
 */
#ifndef ENGINE_TEAM_BLOCKS_H
#define ENGINE_TEAM_BLOCKS_H

#include "engine/team.h"
#include "kernels/arguments.h"

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

static inline uint64_t blocks_in(size_t sequences)
{
    return (sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
}

/*
 * Cuts a batch of so many blocks: which nodes each rank has, and each worker of this process. For all workers, or for those
 * of this process alone, which then exchanges nothing.
 */
void blocks_cut(struct team *team, uint64_t blocks);
void blocks_cut_alone(struct team *team, uint64_t blocks);

/* Room for nodes of `vector` reals in this cut; and how many those of a gradient have. MEMORY. */
carrynet_status blocks_make_room(struct team *team, size_t vector);
size_t blocks_vector(const struct team *team);

/* The sums of all workers' nodes into b->sum. Collective; `status` is that of this process's workers. */
carrynet_status blocks_meet(struct team *team, carrynet_status status);

/* Wrong bits and sequences of all workers, into b->counts; likewise. */
carrynet_status blocks_meet_counts(struct team *team, carrynet_status status);

/* DEVICE unless all workers have the same weights, as they must: a device that errs is found out. Collective. */
carrynet_status blocks_same_weights(struct team *team);

/* What was measured, where losses and absolute errors stand at reals [first + 2 n] of b->sum. */
void blocks_put_metrics(carrynet_metrics *metrics, const struct team *team, size_t first);

#endif
