/* Joining the job and leaving it. Those who join must be of one build, or their bits would not be the same. */
#include "base/embedded.h"
#include "comm/transport.h"
#include <carrynet/prove.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file embedded_kernels[];

enum {
    STAGE = 2 << 20,     /* bytes */
    STAGE_OF_RANK = 1024 /* at least, for each */
};

enum { SIGNALS = 128 }; /* exit codes above are those of a signal */

static const double patience = 5; /* seconds that a rank with an error of its own waits for the others */

/* The same release, arithmetic, prover, kernels. */
static carrynet_status compare_builds(carrynet_comm *comm)
{
    char number[24], kernels[24];
    uint64_t digest = BASE_DIGEST;
    for (const struct embedded_file *file = embedded_kernels; file->name != NULL; ++file)
        for (const char *p = file->text; *p != '\0'; ++p)
            digest = base_digest(digest, (unsigned char)*p, 1);
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
    base_share_cores(1, 1);
    transport_close(comm, end);
    base_free(comm->in);
    base_free(comm->out);
    base_free(comm->stands);
    base_free(comm->sizes);
    base_free(comm);
}

carrynet_status carrynet_comm_create(carrynet_comm **out)
{
    carrynet_comm *comm = NULL;
    size_t alike = 1;
    *out = NULL;
    carrynet_status status = base_allocate(&comm, 1, sizeof *comm);
    if (status != CARRYNET_OK)
        return status;
    comm->patience = patience;
    status = transport_open(comm);
    const size_t count = comm->count;
    comm->portion = count * STAGE_OF_RANK > STAGE ? count * STAGE_OF_RANK : STAGE;
    if (status == CARRYNET_OK)
        status = base_allocate(&comm->in, comm->portion, 1);
    if (status == CARRYNET_OK)
        status = base_allocate(&comm->out, comm->portion, 1);
    if (status == CARRYNET_OK)
        status = base_allocate(&comm->stands, count, sizeof *comm->stands);
    if (status == CARRYNET_OK)
        status = base_allocate(&comm->sizes, count, sizeof *comm->sizes);
    /* From here on what fails fails on all. Before, one process that ends has its launcher end the others. */
    const bool together = status == CARRYNET_OK || count == 1;
    if (status == CARRYNET_OK)
        status = compare_builds(comm);
    if (status == CARRYNET_OK)
        status = transport_count_equal(comm, base_cores_identity(), &alike);
    if (status == CARRYNET_OK) {
        base_share_cores(alike, comm->local_count);
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
    /* Who has seen a signal has come as far as all others, which may have a result to save. */
    const double seconds = code == 0 || code > SIGNALS ? -1 : comm->patience;
    /* The stage has room for the codes of all. */
    if (!transport_exit_codes(comm, code, (int *)(void *)comm->in, seconds))
        return false;
    if (codes != NULL)
        memcpy(codes, comm->in, comm->count * sizeof *codes);
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
