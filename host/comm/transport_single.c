/* transport.h for one process, where the library is built without MPI: most calls have nothing to do. */
#include "comm/transport.h"
#include <stdlib.h>

bool carrynet_comm_built(void)
{
    return false;
}

const char *carrynet_comm_library(void)
{
    return NULL;
}

carrynet_status transport_open(carrynet_comm *comm)
{
    uint32_t count = 1;
    comm->count = comm->local_count = 1;
    if (carrynet_comm_launched(&count) && count > 1)
        return sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                        "started by an MPI launcher, but built without MPI, so that each process would do the whole "
                        "work. To build with it: apt-get install libopenmpi-dev openmpi-bin (Debian, Ubuntu), then "
                        "cmake -DCARRYNET_MPI=ON; or start one process, without the launcher");
    return CARRYNET_OK;
}

void transport_close(carrynet_comm *comm, bool end)
{
    (void)comm;
    (void)end;
}

carrynet_status transport_allgather(carrynet_comm *comm, const uint64_t *sizes)
{
    (void)comm;
    (void)sizes;
    return CARRYNET_OK;
}

carrynet_status transport_alltoall(carrynet_comm *comm, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        comm->recv[i] = comm->send[i];
    return CARRYNET_OK;
}

carrynet_status transport_broadcast(carrynet_comm *comm, uint32_t from, size_t size)
{
    (void)comm;
    (void)from;
    (void)size;
    return CARRYNET_OK;
}

carrynet_status transport_count_equal(carrynet_comm *comm, uint64_t number, size_t *alike)
{
    (void)comm;
    (void)number;
    *alike = 1;
    return CARRYNET_OK;
}

bool transport_exit_codes(carrynet_comm *comm, int code, int *codes, double seconds)
{
    (void)comm;
    (void)seconds;
    codes[0] = code;
    return true;
}

static carrynet_status nobody(void)
{
    return sys_fail(CARRYNET_ERROR_UNSUPPORTED, "no other process to send to: built without MPI");
}

carrynet_status transport_send(carrynet_comm *comm, uint32_t to, const void *bytes, size_t size)
{
    (void)comm;
    (void)to;
    (void)bytes;
    (void)size;
    return nobody();
}

carrynet_status transport_receive(carrynet_comm *comm, uint32_t from, void *bytes, size_t size)
{
    (void)comm;
    (void)from;
    (void)bytes;
    (void)size;
    return nobody();
}

carrynet_status transport_probe(carrynet_comm *comm, bool *waits, uint32_t *from)
{
    (void)comm;
    (void)from;
    *waits = false;
    return nobody();
}

void transport_abort(carrynet_comm *comm, int code)
{
    (void)comm;
    _Exit(code);
}
