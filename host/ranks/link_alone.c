/* One process, where the library is built without MPI: it has nobody to talk to, so most of link.h has nothing to do. */
#include "ranks/link.h"
#include <stdlib.h>

bool carrynet_ranks_built(void)
{
    return false;
}

const char *carrynet_ranks_library(void)
{
    return NULL;
}

carrynet_status link_open(carrynet_ranks *ranks)
{
    uint32_t count = 1;
    ranks->count = ranks->local_count = 1;
    if (carrynet_ranks_launched(&count) && count > 1)
        return base_fail(CARRYNET_ERROR_UNSUPPORTED,
                         "started by an MPI launcher, but built without MPI, so that each process would do the whole "
                         "work. To build with it: apt-get install libopenmpi-dev openmpi-bin (Debian, Ubuntu), then "
                         "cmake -DCARRYNET_MPI=ON; or start one process, without the launcher");
    return CARRYNET_OK;
}

void link_close(carrynet_ranks *ranks, bool end)
{
    (void)ranks;
    (void)end;
}

carrynet_status link_gather(carrynet_ranks *ranks, const uint64_t *sizes)
{
    (void)ranks;
    (void)sizes;
    return CARRYNET_OK;
}

carrynet_status link_exchange(carrynet_ranks *ranks, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        ranks->in[i] = ranks->out[i];
    return CARRYNET_OK;
}

carrynet_status link_broadcast(carrynet_ranks *ranks, uint32_t from, size_t size)
{
    (void)ranks;
    (void)from;
    (void)size;
    return CARRYNET_OK;
}

carrynet_status link_count_alike(carrynet_ranks *ranks, uint64_t number, size_t *alike)
{
    (void)ranks;
    (void)number;
    *alike = 1;
    return CARRYNET_OK;
}

bool link_farewell(carrynet_ranks *ranks, int code, int *codes, double seconds)
{
    (void)ranks;
    (void)seconds;
    codes[0] = code;
    return true;
}

static carrynet_status nobody(void)
{
    return base_fail(CARRYNET_ERROR_UNSUPPORTED, "no other process to send to: built without MPI");
}

carrynet_status link_send(carrynet_ranks *ranks, uint32_t to, const void *bytes, size_t size)
{
    (void)ranks;
    (void)to;
    (void)bytes;
    (void)size;
    return nobody();
}

carrynet_status link_receive(carrynet_ranks *ranks, uint32_t from, void *bytes, size_t size)
{
    (void)ranks;
    (void)from;
    (void)bytes;
    (void)size;
    return nobody();
}

carrynet_status link_probe(carrynet_ranks *ranks, bool *waits, uint32_t *from)
{
    (void)ranks;
    (void)from;
    *waits = false;
    return nobody();
}

void link_abort(carrynet_ranks *ranks, int code)
{
    (void)ranks;
    _Exit(code);
}
