/*
 * Ranks: the processes of one job, on one machine or many, that compute one result together over MPI. Every rank makes
 * the same calls with the same settings in the same order; what a call returns is the same on every rank, bit for bit, and
 * the same as in one process; times alone are each rank's own. An engine of several ranks (carrynet_engine_options.ranks) cuts a batch along its blocks, a
 * population along its networks.
 *
 * A rank that dies ends the job (its launcher sees to that); a call that fails on one rank fails on all, with that rank's
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

/* Whether the library was built with MPI; and MPI's own line about itself, or NULL. */
CARRYNET_API bool carrynet_comm_built(void);
CARRYNET_API const char *carrynet_comm_library(void);

/* Whether an MPI launcher has started this process, and beside how many others in all (0: it does not tell). */
CARRYNET_API bool carrynet_comm_launched(uint32_t *count);

/*
 * Joins the other processes of the job; MPI is initialised where the caller has not done so. Collective, and once in a
 * process; to free with carrynet_comm_free. ARGUMENT, on every rank: another release, arithmetic, prover or other
 * kernels on some rank, which is named. UNSUPPORTED: built without MPI, and how to build with it. DEVICE: MPI fails.
 */
CARRYNET_API carrynet_status carrynet_comm_create(carrynet_comm **ranks);

/*
 * Leaves: collective, and ends MPI where carrynet_comm_create has begun it. Takes NULL. `code` is the caller's exit
 * code: with 0, or one above 128, which a signal's is, it waits for the others as long as they take; with another, an
 * error, for some seconds. Returns whether they came; then codes [count of ranks], if not NULL, is filled with theirs.
 * False: the others still wait for this one; carrynet_comm_abort ends them.
 */
CARRYNET_API bool carrynet_comm_free(carrynet_comm *comm, int code, int *codes);

/* Ends the processes of all ranks, this one too, with an exit code. For who cannot go on while others wait. */
CARRYNET_API void carrynet_comm_abort(carrynet_comm *comm, int code);

/* How many ranks there are, and which of them this is, from 0; NULL: this process alone. */
CARRYNET_API uint32_t carrynet_comm_size(const carrynet_comm *comm);
CARRYNET_API uint32_t carrynet_comm_rank(const carrynet_comm *comm);

/* The same among the ranks on this machine. */
CARRYNET_API uint32_t carrynet_comm_local_size(const carrynet_comm *comm);
CARRYNET_API uint32_t carrynet_comm_local_rank(const carrynet_comm *comm);

/* What this rank's messages have taken since carrynet_comm_measure(comm, true). */
typedef struct carrynet_traffic {
    uint64_t exchanges; /* collective calls */
    uint64_t bytes;     /* that this rank has sent, each once for every rank that it went to */
    double waiting;     /* seconds until the slowest rank had come */
    double sending;     /* seconds from then on */
} carrynet_traffic;

/*
 * From now on, or no longer, each exchange begins with a barrier, so that waiting and sending can be told apart; the
 * counts begin at 0.
 */
CARRYNET_API void carrynet_comm_measure(carrynet_comm *comm, bool on);
CARRYNET_API carrynet_traffic carrynet_comm_traffic(const carrynet_comm *comm);

#ifdef __cplusplus
}
#endif

#endif
