/*
 * What the rest of the library asks of ranks: agreement, exchange, and the sharing out of work. Each call is collective,
 * in the same order on every rank, but comm_distribute's `work` and `take`. With NULL, or one rank, each does at once
 * what it would do among several.
 *
 * A status that goes in is this rank's of what went before: if any rank's is not OK, none of the data is valid and every
 * rank gets the status and the message of the lowest such rank, "rank 2: ..." before it, but where it is already there,
 * or where the same has befallen all.
 */
#ifndef COMM_COLLECTIVES_H
#define COMM_COLLECTIVES_H

#include "base/base.h"
#include <carrynet/comm.h>

/* OK where every rank's is. */
carrynet_status comm_allreduce_status(carrynet_comm *comm, carrynet_status mine);

/* Whether it is so on any rank. Where MPI fails: true. */
bool comm_allreduce_or(carrynet_comm *comm, bool mine);

/* The decision of rank 0. Where MPI fails: its own. */
bool comm_broadcast_flag(carrynet_comm *comm, bool mine);

/* The same of a number, *number. Where MPI fails: false. */
bool comm_broadcast_number(carrynet_comm *comm, uint64_t *number);

/* ARGUMENT, naming the first rank whose text is not that of rank 0: `what` says what differs ("the settings"). */
carrynet_status comm_check_same(carrynet_comm *comm, carrynet_status mine, const char *what, const char *text);

/*
 * Everybody's bytes to everybody: all receives those of rank 0, then those of rank 1, and so on; counts [ranks] says how
 * many each has, the same on all.
 */
carrynet_status comm_allgather(carrynet_comm *comm, carrynet_status mine, void *all, const uint64_t *counts,
                               const void *bytes);

/* `size` bytes from each rank to each: sent [ranks][size] by receiver, received [ranks][size] by sender. */
carrynet_status comm_alltoall(carrynet_comm *comm, carrynet_status mine, void *received, const void *sent,
                              uint64_t size);

/*
 * Work handed out as ranks become free: items 0, ..., count - 1 in order. work runs on any rank, in the caller's thread,
 * and adds the item's result to `result`; take runs on rank 0 alone, for every result as it comes, in any order of items,
 * never two at once, but beside work and perhaps in another thread. An error of either, or stop (asked between items, on
 * every rank: true ends the handing out), lets ranks finish their items and then ends it. Returns, the same on every
 * rank: the first error, else OK.
 */
struct comm_work {
    uint64_t count;
    carrynet_status (*work)(void *self, uint64_t item, base_text *result);
    carrynet_status (*take)(void *self, uint64_t item, const char *result, size_t size);
    bool (*stop)(void *self); /* or NULL */
    void *self;
};
carrynet_status comm_distribute(carrynet_comm *comm, const struct comm_work *work);

#endif
