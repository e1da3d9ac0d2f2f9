/*
 * The transport below collectives.h: collectives and messages of limited size. transport_mpi.c implements it with MPI,
 * transport_single.c for one process; one of them is compiled. Only transport_mpi.c includes mpi.h.
 *
 * Data passes through two buffers that are allocated on joining, so that no rank runs out of memory inside a call while
 * the others wait for it.
 */
#ifndef COMM_TRANSPORT_H
#define COMM_TRANSPORT_H

#include "comm/collectives.h"

/* Travels with each rank's data: its status and, unless that is OK, length and digest of its message. */
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
    double error_timeout;       /* seconds that a rank that leaves with an error waits for the others */
    bool threads;               /* any one thread at a time may call MPI (MPI_THREAD_SERIALIZED) */
    void *mpi;                  /* transport_mpi.c's state */
    unsigned char *recv, *send; /* [chunk]: the buffers; an allgather sends from its place in recv */
    size_t chunk;               /* most bytes of a call: the size of a buffer; tests set less, at least 16 a rank */
    struct comm_rank_status *statuses; /* [count] */
    uint64_t *sizes;                   /* [count]: of the call at hand */
};

/* Joins the job: sets count, rank, local_count, local_rank, threads and mpi. UNSUPPORTED, DEVICE. */
carrynet_status transport_open(carrynet_comm *comm);

/* Frees what transport_open made; `end`: also finalizes MPI, collectively, if transport_open initialized it. */
void transport_close(carrynet_comm *comm, bool end);

/* In place in recv: sizes [count] bytes of each rank, in rank order. DEVICE. */
carrynet_status transport_allgather(carrynet_comm *comm, const uint64_t *sizes);

/* From send [count][size], by receiver, to recv [count][size], by sender. DEVICE. */
carrynet_status transport_alltoall(carrynet_comm *comm, size_t size);

/* The first `size` bytes of recv, from rank `from` to all. DEVICE. */
carrynet_status transport_broadcast(carrynet_comm *comm, uint32_t from, size_t size);

/* How many ranks on this machine, this one included, pass the same number. DEVICE. */
carrynet_status transport_count_equal(carrynet_comm *comm, uint64_t number, size_t *alike);

/*
 * Allgather of exit codes, codes [count]: waits so many seconds, or without limit if below 0. False: some rank's code
 * has not come.
 */
bool transport_exit_codes(carrynet_comm *comm, int code, int *codes, double seconds);

/* Point to point, apart from the collectives: at most `chunk` bytes. DEVICE. */
carrynet_status transport_send(carrynet_comm *comm, uint32_t to, const void *bytes, size_t size);
carrynet_status transport_receive(carrynet_comm *comm, uint32_t from, void *bytes, size_t size);

/* Whether a message from rank *from waits; if *from >= count, from any rank, which *from then names. DEVICE. */
carrynet_status transport_probe(carrynet_comm *comm, bool *waits, uint32_t *from);

/* Ends all processes of the job. */
void transport_abort(carrynet_comm *comm, int code);

#endif
