/*
 * The communicator: the processes of one job (ranks), on one machine or many, that compute one result together over MPI.
 * Every rank makes the same calls with the same settings in the same order; each call returns the same on every rank, bit
 * for bit, as it would in one process. Only times differ. An engine of several ranks (carrynet_engine_options.comm) splits
 * a batch by blocks of sequences, or a population by networks.
 *
 * A rank that dies ends the job (its launcher sees to that). A call that fails on one rank fails on all, with that rank's
 * message.
 */
#ifndef CARRYNET_COMM_H
#define CARRYNET_COMM_H

#include <carrynet/status.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct carrynet_comm carrynet_comm;

/* Whether the library was built with MPI; and MPI's name and version in its own words, or NULL. */
CARRYNET_API bool carrynet_comm_built(void);
CARRYNET_API const char *carrynet_comm_library(void);

/* Whether an MPI launcher started this process; *count: of how many processes in all (0: unknown). */
CARRYNET_API bool carrynet_comm_launched(uint32_t *count);

/*
 * Joins the job, and initializes MPI if the caller has not. Collective, once in a process; to free with
 * carrynet_comm_free. ARGUMENT, on every rank: some rank, which is named, has another release, arithmetic, prover or other
 * kernels. UNSUPPORTED: built without MPI; the message says how to build with it. DEVICE: MPI fails.
 */
CARRYNET_API carrynet_status carrynet_comm_create(carrynet_comm **comm);

/*
 * Leaves the job: collective; finalizes MPI if carrynet_comm_create initialized it. Takes NULL. `code` is the caller's
 * exit code: with 0, or a signal's (above 128), it waits for the other ranks without limit; with an error, for some
 * seconds. Returns whether all came; then codes [size], if not NULL, receives the exit codes of all. If false, others
 * still wait in a collective: carrynet_comm_abort ends them.
 */
CARRYNET_API bool carrynet_comm_free(carrynet_comm *comm, int code, int *codes);

/* Ends the processes of all ranks, this one too, with an exit code. */
CARRYNET_API void carrynet_comm_abort(carrynet_comm *comm, int code);

/* The number of ranks, and this one's, from 0. NULL: 1 and 0. */
CARRYNET_API uint32_t carrynet_comm_size(const carrynet_comm *comm);
CARRYNET_API uint32_t carrynet_comm_rank(const carrynet_comm *comm);

/* The same among the ranks of this machine. */
CARRYNET_API uint32_t carrynet_comm_local_size(const carrynet_comm *comm);
CARRYNET_API uint32_t carrynet_comm_local_rank(const carrynet_comm *comm);

/* Collectives of this rank since carrynet_comm_measure(comm, true). */
typedef struct carrynet_traffic {
    uint64_t exchanges; /* calls */
    uint64_t bytes;     /* sent by this rank, counted once for every receiver */
    double waiting;     /* seconds until the slowest rank arrived */
    double sending;     /* seconds from then on */
} carrynet_traffic;

/*
 * On: each collective begins with a barrier, so that waiting and sending can be told apart. Off: no longer. Either resets
 * the counts to 0.
 */
CARRYNET_API void carrynet_comm_measure(carrynet_comm *comm, bool on);
CARRYNET_API carrynet_traffic carrynet_comm_traffic(const carrynet_comm *comm);

#ifdef __cplusplus
}
#endif

#endif
