/*
 * What stands between collective.h and MPI: calls of few bytes among the job's processes. link_mpi.c has MPI behind it,
 * link_alone.c one process; one of them is compiled, and mpi.h is included there alone.
 *
 * The bytes of a call are in two stages, which are made when the job is joined, so that no call can lack memory while
 * others wait for it.
 */
#ifndef COMM_TRANSPORT_H
#define COMM_TRANSPORT_H

#include "comm/collectives.h"

/* What a rank says beside its bytes: its status; length and digest of its message, if it is not OK. */
struct comm_rank_status {
    int8_t status;
    uint8_t unused;
    uint16_t length;
    uint32_t digest;
};

struct carrynet_comm {
    uint32_t count, rank, local_count, local_rank;
    bool measured;
    carrynet_traffic traffic;
    double patience;         /* seconds that a rank with an error of its own waits for the others at the end */
    bool threads;            /* another thread may call MPI while this one does not */
    void *mpi;               /* link_mpi.c's */
    unsigned char *in, *out; /* the stages: what comes, what goes where it is not in its place in `in` */
    size_t portion;          /* bytes of a stage that a call uses at most: its size; in tests 16 a rank or more */
    struct comm_rank_status *stands; /* [count] */
    uint64_t *sizes;                 /* [count], of a call */
};

/* Joins: fills count, rank, the local ones, threads and mpi. UNSUPPORTED, DEVICE. */
carrynet_status transport_open(carrynet_comm *comm);

/* Takes what transport_open has left; `end` ends MPI, collectively, where that has begun it. */
void transport_close(carrynet_comm *comm, bool end);

/* Everybody's bytes to everybody: sizes [count] bytes of each, one after another in `in`, where one's own are. DEVICE. */
carrynet_status transport_allgather(carrynet_comm *comm, const uint64_t *sizes);

/* From `out` [count][size], by receiver, to `in` [count][size], by sender. DEVICE. */
carrynet_status transport_alltoall(carrynet_comm *comm, size_t size);

/* The first bytes of `in`, from one rank to all. DEVICE. */
carrynet_status transport_broadcast(carrynet_comm *comm, uint32_t from, size_t size);

/* How many ranks on this machine have the same number, this one with them. DEVICE. */
carrynet_status transport_count_equal(carrynet_comm *comm, uint64_t number, size_t *alike);

/* Tells all others a code and waits for theirs; so many seconds, or, below 0, as long as it takes. False: in vain. */
bool transport_exit_codes(carrynet_comm *comm, int code, int *codes, double seconds);

/* Messages from one to one, apart from the calls above: not more than `in` has room for. DEVICE. */
carrynet_status transport_send(carrynet_comm *comm, uint32_t to, const void *bytes, size_t size);
carrynet_status transport_receive(carrynet_comm *comm, uint32_t from, void *bytes, size_t size);

/* Whether a message waits: of any rank if `from` is not below count, and then of which. DEVICE. */
carrynet_status transport_probe(carrynet_comm *comm, bool *waits, uint32_t *from);

/* Ends the job. */
void transport_abort(carrynet_comm *comm, int code);

#endif
