/*
 * Joining and leaving a job. All processes must be of one build, or their results could differ in bits. Each process
 * gets an equal share of the machine's cores.
 */
#include "comm/transport.h"
#include "platform/embedded.h"
#include <carrynet/prove.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file embedded_kernels[];

enum {
    BUFFER = 2 << 20,     /* bytes */
    BUFFER_OF_RANK = 1024 /* at least, for each rank */
};

enum { SIGNALS = 128 }; /* exit codes above it are a signal's */

static const double error_timeout = 5; /* seconds, as in transport.h */

/* Equal release, arithmetic, prover and kernels. */
static carrynet_status compare_builds(carrynet_comm *comm)
{
    char number[24], kernels[24];
    uint64_t digest = SYS_DIGEST;
    for (const struct embedded_file *file = embedded_kernels; file->name != NULL; ++file)
        for (const char *p = file->text; *p != '\0'; ++p)
            digest = sys_digest(digest, (unsigned char)*p, 1);
    (void)snprintf(kernels, sizeof kernels, "%016llx", (unsigned long long)digest);
    carrynet_status status = comm_check_same(comm, CARRYNET_OK, "the release of carrynet", carrynet_version());
    (void)snprintf(number, sizeof number, "%d", carrynet_arithmetic_version());
    if (status == CARRYNET_OK)
        status = comm_check_same(comm, status, "the version of the arithmetic", number);
    (void)snprintf(number, sizeof number, "%d", CARRYNET_PROVER_VERSION);
    if (status == CARRYNET_OK)
        status = comm_check_same(comm, status, "the version of the prover", number);
    if (status == CARRYNET_OK)
        status = comm_check_same(comm, status, "the kernels", kernels);
    return status;
}

static void release(carrynet_comm *comm, bool end)
{
    sys_share_cores(1, 1);
    transport_close(comm, end);
    sys_free(comm->recv);
    sys_free(comm->send);
    sys_free(comm->statuses);
    sys_free(comm->sizes);
    sys_free(comm);
}

carrynet_status carrynet_comm_create(carrynet_comm **out)
{
    carrynet_comm *comm = NULL;
    size_t alike = 1;
    *out = NULL;
    carrynet_status status = sys_allocate(&comm, 1, sizeof *comm);
    if (status != CARRYNET_OK)
        return status;
    comm->error_timeout = error_timeout;
    status = transport_open(comm);
    const size_t count = comm->count;
    comm->chunk = count * BUFFER_OF_RANK > BUFFER ? count * BUFFER_OF_RANK : BUFFER;
    if (status == CARRYNET_OK)
        status = sys_allocate(&comm->recv, comm->chunk, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&comm->send, comm->chunk, 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&comm->statuses, count, sizeof *comm->statuses);
    if (status == CARRYNET_OK)
        status = sys_allocate(&comm->sizes, count, sizeof *comm->sizes);
    /* From here on an error is every rank's. Before, a process that ends makes its launcher end the others. */
    const bool together = status == CARRYNET_OK || count == 1;
    if (status == CARRYNET_OK)
        status = compare_builds(comm);
    if (status == CARRYNET_OK)
        status = transport_count_equal(comm, sys_cores_identity(), &alike);
    if (status == CARRYNET_OK) {
        sys_share_cores(alike, comm->local_count);
        *out = comm;
    } else {
        release(comm, together);
    }
    return status;
}

bool carrynet_comm_free(carrynet_comm *comm, int code, int *codes)
{
    if (comm == NULL) {
        if (codes != NULL)
            codes[0] = code;
        return true;
    }
    /* After a signal the others may still have a result to save. */
    const double seconds = code == 0 || code > SIGNALS ? -1 : comm->error_timeout;
    /* recv has room for the codes of all. */
    if (!transport_exit_codes(comm, code, (int *)(void *)comm->recv, seconds))
        return false;
    if (codes != NULL)
        memcpy(codes, comm->recv, comm->count * sizeof *codes);
    release(comm, true);
    return true;
}

void carrynet_comm_abort(carrynet_comm *comm, int code)
{
    transport_abort(comm, code);
}

uint32_t carrynet_comm_size(const carrynet_comm *comm)
{
    return comm == NULL ? 1 : comm->count;
}

uint32_t carrynet_comm_rank(const carrynet_comm *comm)
{
    return comm == NULL ? 0 : comm->rank;
}

uint32_t carrynet_comm_local_size(const carrynet_comm *comm)
{
    return comm == NULL ? 1 : comm->local_count;
}

uint32_t carrynet_comm_local_rank(const carrynet_comm *comm)
{
    return comm == NULL ? 0 : comm->local_rank;
}

void carrynet_comm_measure(carrynet_comm *comm, bool on)
{
    if (comm == NULL)
        return;
    comm->measured = on;
    comm->traffic = (carrynet_traffic){0};
}

carrynet_traffic carrynet_comm_traffic(const carrynet_comm *comm)
{
    const carrynet_traffic none = {0};
    return comm == NULL ? none : comm->traffic;
}
