/* Joining the job and leaving it. Those who join must be of one build, or their bits would not be the same. */
#include "base/embedded.h"
#include "ranks/link.h"
#include <carrynet/prove.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file embedded_kernels[];

enum {
    STAGE = 2 << 20,     /* bytes */
    STAGE_OF_RANK = 1024 /* at least, for each */
};

static const double patience = 5; /* seconds that a rank with an error of its own waits for the others */

/* The same release, arithmetic, prover, kernels. */
static carrynet_status compare_builds(carrynet_ranks *ranks)
{
    char number[24], kernels[24];
    uint64_t digest = BASE_DIGEST;
    for (const struct embedded_file *file = embedded_kernels; file->name != NULL; ++file)
        for (const char *p = file->text; *p != '\0'; ++p)
            digest = base_digest(digest, (unsigned char)*p, 1);
    (void)snprintf(kernels, sizeof kernels, "%016llx", (unsigned long long)digest);
    carrynet_status status = ranks_same(ranks, CARRYNET_OK, "the release of carrynet", carrynet_version());
    (void)snprintf(number, sizeof number, "%d", carrynet_arithmetic_version());
    if (status == CARRYNET_OK)
        status = ranks_same(ranks, status, "the version of the arithmetic", number);
    (void)snprintf(number, sizeof number, "%d", CARRYNET_PROVER_VERSION);
    if (status == CARRYNET_OK)
        status = ranks_same(ranks, status, "the version of the prover", number);
    if (status == CARRYNET_OK)
        status = ranks_same(ranks, status, "the kernels", kernels);
    return status;
}

static void release(carrynet_ranks *ranks, bool end)
{
    base_share_cores(1, 1);
    link_close(ranks, end);
    base_free(ranks->in);
    base_free(ranks->out);
    base_free(ranks->stands);
    base_free(ranks->sizes);
    base_free(ranks);
}

carrynet_status carrynet_ranks_create(carrynet_ranks **out)
{
    carrynet_ranks *ranks = NULL;
    size_t alike = 1;
    *out = NULL;
    carrynet_status status = base_allocate(&ranks, 1, sizeof *ranks);
    if (status != CARRYNET_OK)
        return status;
    status = link_open(ranks);
    const size_t count = ranks->count;
    ranks->portion = count * STAGE_OF_RANK > STAGE ? count * STAGE_OF_RANK : STAGE;
    if (status == CARRYNET_OK)
        status = base_allocate(&ranks->in, ranks->portion, 1);
    if (status == CARRYNET_OK)
        status = base_allocate(&ranks->out, ranks->portion, 1);
    if (status == CARRYNET_OK)
        status = base_allocate(&ranks->stands, count, sizeof *ranks->stands);
    if (status == CARRYNET_OK)
        status = base_allocate(&ranks->sizes, count, sizeof *ranks->sizes);
    /* From here on what fails fails on all. Before, one process that ends has its launcher end the others. */
    const bool together = status == CARRYNET_OK || count == 1;
    if (status == CARRYNET_OK)
        status = compare_builds(ranks);
    if (status == CARRYNET_OK)
        status = link_count_alike(ranks, base_cores_identity(), &alike);
    if (status == CARRYNET_OK) {
        base_share_cores(alike, ranks->local_count);
        *out = ranks;
    } else {
        release(ranks, together);
    }
    return status;
}

bool carrynet_ranks_free(carrynet_ranks *ranks, int code, int *codes)
{
    if (ranks == NULL) {
        if (codes != NULL)
            codes[0] = code;
        return true;
    }
    /* The stage has room for the codes of all. */
    if (!link_farewell(ranks, code, (int *)(void *)ranks->in, code == 0 ? -1 : patience))
        return false;
    if (codes != NULL)
        memcpy(codes, ranks->in, ranks->count * sizeof *codes);
    release(ranks, true);
    return true;
}

void carrynet_ranks_abort(carrynet_ranks *ranks, int code)
{
    link_abort(ranks, code);
}

uint32_t carrynet_ranks_count(const carrynet_ranks *ranks)
{
    return ranks == NULL ? 1 : ranks->count;
}

uint32_t carrynet_ranks_rank(const carrynet_ranks *ranks)
{
    return ranks == NULL ? 0 : ranks->rank;
}

uint32_t carrynet_ranks_local_count(const carrynet_ranks *ranks)
{
    return ranks == NULL ? 1 : ranks->local_count;
}

uint32_t carrynet_ranks_local_rank(const carrynet_ranks *ranks)
{
    return ranks == NULL ? 0 : ranks->local_rank;
}

void carrynet_ranks_measure(carrynet_ranks *ranks, bool on)
{
    if (ranks == NULL)
        return;
    ranks->measured = on;
    ranks->traffic = (carrynet_traffic){0};
}

carrynet_traffic carrynet_ranks_traffic(const carrynet_ranks *ranks)
{
    const carrynet_traffic none = {0};
    return ranks == NULL ? none : ranks->traffic;
}
