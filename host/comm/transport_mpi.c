/*
 * transport.h with MPI, on three communicators of its own: `all` for collectives and messages; `leaving` for the exit codes,
 * which must not be matched with a collective that other ranks still wait in; `local` for the ranks of this machine. MPI's
 * errors are returned as a status.
 */
#include "comm/transport.h"
#include <mpi.h>
#include <string.h>
#include <time.h>

struct transport_mpi {
    MPI_Comm all, leaving, local;
    bool initialized;       /* MPI was initialized here, and is finalized here */
    int *counts, *displays; /* [count] */
};

enum { TAG = 1 };

bool carrynet_comm_built(void)
{
    return true;
}

const char *carrynet_comm_library(void)
{
    /* The first line. Threads may race to fill it, all with the same text. */
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int size = 0;
    if (text[0] == '\0' && MPI_Get_library_version(text, &size) != MPI_SUCCESS)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    for (char *blank = strchr(text, '\t'); blank != NULL; blank = strchr(blank, '\t'))
        *blank = ' ';
    return text;
}

static carrynet_status checked(int error, const char *call)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int size = 0;
    if (error == MPI_SUCCESS)
        return CARRYNET_OK;
    if (MPI_Error_string(error, text, &size) != MPI_SUCCESS)
        text[0] = '\0';
    return sys_fail(CARRYNET_ERROR_DEVICE, "%s failed: %s", call, text[0] != '\0' ? text : "no reason is known");
}

/* Initializes MPI if the caller has not; *threads: whether any one thread at a time may call it. */
static carrynet_status initialize(struct transport_mpi *mpi, bool *threads)
{
    int given = 0, is = 0;
    carrynet_status status = checked(MPI_Finalized(&is), "MPI_Finalized");
    if (status == CARRYNET_OK && is)
        return sys_fail(CARRYNET_ERROR_DEVICE, "MPI has been ended in this process and cannot begin again");
    if (status == CARRYNET_OK)
        status = checked(MPI_Initialized(&is), "MPI_Initialized");
    if (status == CARRYNET_OK && !is) {
        status = checked(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given), "MPI_Init_thread");
        mpi->initialized = status == CARRYNET_OK;
        if (mpi->initialized)
            (void)MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    } else if (status == CARRYNET_OK) {
        status = checked(MPI_Query_thread(&given), "MPI_Query_thread");
    }
    *threads = given >= MPI_THREAD_SERIALIZED;
    return status;
}

/* A communicator that was created, or not: its errors come back as codes. */
static carrynet_status created(const MPI_Comm *communicator, const char *call, int error)
{
    const carrynet_status status = checked(error, call);
    if (status == CARRYNET_OK)
        (void)MPI_Comm_set_errhandler(*communicator, MPI_ERRORS_RETURN);
    return status;
}

carrynet_status transport_open(carrynet_comm *comm)
{
    struct transport_mpi *mpi = NULL;
    int count = 1, rank = 0, local_count = 1, local_rank = 0;
    uint32_t launched = 1;
    carrynet_status status = sys_allocate(&mpi, 1, sizeof *mpi);
    if (status != CARRYNET_OK)
        return status;
    mpi->all = mpi->leaving = mpi->local = MPI_COMM_NULL;
    comm->mpi = mpi;
    status = initialize(mpi, &comm->threads);
    if (status == CARRYNET_OK)
        status = created(&mpi->all, "MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &mpi->all));
    if (status == CARRYNET_OK)
        status = created(&mpi->leaving, "MPI_Comm_dup", MPI_Comm_dup(MPI_COMM_WORLD, &mpi->leaving));
    if (status == CARRYNET_OK)
        status = checked(MPI_Comm_size(mpi->all, &count), "MPI_Comm_size");
    if (status == CARRYNET_OK)
        status = checked(MPI_Comm_rank(mpi->all, &rank), "MPI_Comm_rank");
    if (status == CARRYNET_OK)
        status = created(&mpi->local, "MPI_Comm_split_type",
                         MPI_Comm_split_type(mpi->all, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &mpi->local));
    if (status == CARRYNET_OK)
        status = checked(MPI_Comm_size(mpi->local, &local_count), "MPI_Comm_size");
    if (status == CARRYNET_OK)
        status = checked(MPI_Comm_rank(mpi->local, &local_rank), "MPI_Comm_rank");
    if (status == CARRYNET_OK && count == 1 && carrynet_comm_launched(&launched) && launched > 1)
        status = sys_fail(CARRYNET_ERROR_DEVICE,
                          "the launcher started %u processes, of which each finds itself alone: start them with the "
                          "mpirun of the MPI that this program is built with, %.40s",
                          launched, carrynet_comm_library());
    if (status == CARRYNET_OK)
        status = sys_allocate(&mpi->counts, (size_t)count, sizeof *mpi->counts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&mpi->displays, (size_t)count, sizeof *mpi->displays);
    comm->count = (uint32_t)count;
    comm->rank = (uint32_t)rank;
    comm->local_count = (uint32_t)local_count;
    comm->local_rank = (uint32_t)local_rank;
    return status;
}

static void free_communicator(MPI_Comm *communicator)
{
    if (*communicator != MPI_COMM_NULL)
        (void)MPI_Comm_free(communicator);
}

void transport_close(carrynet_comm *comm, bool end)
{
    struct transport_mpi *mpi = comm->mpi;
    if (mpi == NULL)
        return;
    if (end) {
        free_communicator(&mpi->local);
        free_communicator(&mpi->leaving);
        free_communicator(&mpi->all);
        if (mpi->initialized)
            (void)MPI_Finalize();
    }
    sys_free(mpi->displays);
    sys_free(mpi->counts);
    sys_free(mpi);
    comm->mpi = NULL;
}

/* ---- collective calls ------------------------------------------------------------------------------------------- */

/* Called before and after each: they count carrynet_traffic. */
static double begin_collective(carrynet_comm *comm)
{
    const struct transport_mpi *mpi = comm->mpi;
    if (!comm->measured)
        return 0;
    const double start = sys_seconds();
    (void)MPI_Barrier(mpi->all);
    const double met = sys_seconds();
    comm->traffic.waiting += met - start;
    return met;
}

static void end_collective(carrynet_comm *comm, double met, uint64_t bytes)
{
    ++comm->traffic.exchanges;
    comm->traffic.bytes += bytes;
    if (comm->measured)
        comm->traffic.sending += sys_seconds() - met;
}

carrynet_status transport_allgather(carrynet_comm *comm, const uint64_t *sizes)
{
    const struct transport_mpi *mpi = comm->mpi;
    bool equal = true;
    int at = 0;
    for (uint32_t r = 0; r < comm->count; ++r) {
        mpi->counts[r] = (int)sizes[r];
        mpi->displays[r] = at;
        at += (int)sizes[r];
        equal = equal && sizes[r] == sizes[0];
    }
    const double met = begin_collective(comm);
    /* MPI has faster algorithms for equal parts. */
    const int error =
        equal ? MPI_Allgather(MPI_IN_PLACE, 0, MPI_BYTE, comm->recv, (int)sizes[0], MPI_BYTE, mpi->all)
              : MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, comm->recv, mpi->counts, mpi->displays, MPI_BYTE, mpi->all);
    end_collective(comm, met, sizes[comm->rank] * (comm->count - 1));
    return checked(error, "MPI_Allgatherv");
}

carrynet_status transport_alltoall(carrynet_comm *comm, size_t size)
{
    const struct transport_mpi *mpi = comm->mpi;
    const double met = begin_collective(comm);
    const int error = MPI_Alltoall(comm->send, (int)size, MPI_BYTE, comm->recv, (int)size, MPI_BYTE, mpi->all);
    end_collective(comm, met, (uint64_t)size * (comm->count - 1));
    return checked(error, "MPI_Alltoall");
}

carrynet_status transport_broadcast(carrynet_comm *comm, uint32_t from, size_t size)
{
    const struct transport_mpi *mpi = comm->mpi;
    const double met = begin_collective(comm);
    const int error = MPI_Bcast(comm->recv, (int)size, MPI_BYTE, (int)from, mpi->all);
    end_collective(comm, met, from == comm->rank ? (uint64_t)size * (comm->count - 1) : 0);
    return checked(error, "MPI_Bcast");
}

carrynet_status transport_count_equal(carrynet_comm *comm, uint64_t number, size_t *alike)
{
    const struct transport_mpi *mpi = comm->mpi;
    uint64_t other;
    const carrynet_status status =
        checked(MPI_Allgather(&number, sizeof number, MPI_BYTE, comm->recv, sizeof number, MPI_BYTE, mpi->local),
                "MPI_Allgather");
    *alike = 0;
    for (uint32_t r = 0; r < comm->local_count && status == CARRYNET_OK; ++r) {
        memcpy(&other, comm->recv + r * sizeof other, sizeof other);
        *alike += other == number ? 1 : 0;
    }
    return status;
}

bool transport_exit_codes(carrynet_comm *comm, int code, int *codes, double seconds)
{
    const struct transport_mpi *mpi = comm->mpi;
    const double start = sys_seconds();
    MPI_Request request;
    long pause = 50000; /* nanoseconds, doubled with every turn: a long wait leaves the core to other processes */
    int done = 0;
    if (MPI_Iallgather(&code, 1, MPI_INT, codes, 1, MPI_INT, mpi->leaving, &request) != MPI_SUCCESS)
        return false;
    while (MPI_Test(&request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done &&
           (seconds < 0 || sys_seconds() - start < seconds)) {
        (void)nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
        if (pause < 5000000)
            pause *= 2;
    }
    return done != 0;
}

/* ---- point to point --------------------------------------------------------------------------------------------- */

carrynet_status transport_send(carrynet_comm *comm, uint32_t to, const void *bytes, size_t size)
{
    const struct transport_mpi *mpi = comm->mpi;
    return checked(MPI_Send(bytes, (int)size, MPI_BYTE, (int)to, TAG, mpi->all), "MPI_Send");
}

carrynet_status transport_receive(carrynet_comm *comm, uint32_t from, void *bytes, size_t size)
{
    const struct transport_mpi *mpi = comm->mpi;
    return checked(MPI_Recv(bytes, (int)size, MPI_BYTE, (int)from, TAG, mpi->all, MPI_STATUS_IGNORE), "MPI_Recv");
}

carrynet_status transport_probe(carrynet_comm *comm, bool *waits, uint32_t *from)
{
    const struct transport_mpi *mpi = comm->mpi;
    MPI_Status about;
    int is = 0;
    const int error = MPI_Iprobe(*from < comm->count ? (int)*from : MPI_ANY_SOURCE, TAG, mpi->all, &is, &about);
    *waits = error == MPI_SUCCESS && is;
    if (*waits)
        *from = (uint32_t)about.MPI_SOURCE;
    return checked(error, "MPI_Iprobe");
}

void transport_abort(carrynet_comm *comm, int code)
{
    const struct transport_mpi *mpi = comm->mpi;
    (void)MPI_Abort(mpi->all, code);
}
