/*
 * Collectives: every rank makes the same calls in the same order. With a communicator that is NULL, or of one rank, each
 * call returns at once what it would return among several.
 *
 * `mine` is this rank's status so far, and is reduced together with the data. If any rank's is not OK, no data is valid and
 * every rank returns the status and message of the lowest such rank. The message then begins with "rank 2: ", unless it
 * names a rank already or all ranks have the same one.
 */
#ifndef COMM_COLLECTIVES_H
#define COMM_COLLECTIVES_H

#include "platform/platform.h"
#include <carrynet/comm.h>

/* Status reduction: OK if it is on every rank. */
carrynet_status comm_allreduce_status(carrynet_comm *comm, carrynet_status mine);

/* True if it is on any rank, or if MPI fails. */
bool comm_allreduce_or(carrynet_comm *comm, bool mine);

/* The flag of rank 0; this rank's own if MPI fails. */
bool comm_broadcast_flag(carrynet_comm *comm, bool mine);

/* *number becomes that of rank 0. False if MPI fails. */
bool comm_broadcast_number(carrynet_comm *comm, uint64_t *number);

/* ARGUMENT unless all ranks pass the same text; the message names the first rank that differs from rank 0, and `what` ("the settings"). */
carrynet_status comm_check_same(carrynet_comm *comm, carrynet_status mine, const char *what, const char *text);

/*
 * Every rank's bytes to every rank: `all` receives those of rank 0, then those of rank 1, and so on. counts [ranks], the
 * same on all ranks: bytes of each.
 */
carrynet_status comm_allgather(carrynet_comm *comm, carrynet_status mine, void *all, const uint64_t *counts,
                               const void *bytes);

/* `size` bytes from each rank to each: sent [ranks][size] by receiver, received [ranks][size] by sender. */
carrynet_status comm_alltoall(carrynet_comm *comm, carrynet_status mine, void *received, const void *sent,
                              uint64_t size);

/*
 * A work queue: items 0, ..., count - 1 are dispatched in order, each to the next free rank.
 *   run      on any rank, in the caller's thread: appends the item's result to `result`.
 *   collect  on rank 0, once for each result, in order of arrival: one call at a time, but beside `run` and perhaps in
 *            another thread.
 *   stop     on every rank, between items: true ends the dispatching. Or NULL.
 * After an error of run or collect, or a stop, the ranks finish the items that they have. Returns the first error, the
 * same on every rank, else OK.
 */
struct comm_work {
    uint64_t count;
    carrynet_status (*run)(void *self, uint64_t item, sys_text *result);
    carrynet_status (*collect)(void *self, uint64_t item, const char *result, size_t size);
    bool (*stop)(void *self);
    void *self;
};
carrynet_status comm_distribute(carrynet_comm *comm, const struct comm_work *work);

#endif
