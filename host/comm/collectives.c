/*
 * The collectives on top of the transport. Each rank's status travels in the same call as its data (struct
 * comm_rank_status); only if some status is not OK does a second call broadcast its message. Data that does not fit into
 * the transport's buffer is sent in chunks, after a status reduction.
 */
#include "comm/transport.h"
#include <stdio.h>
#include <string.h>

enum { PACKED = sizeof(struct comm_rank_status) };
_Static_assert(PACKED == 8, "no padding, since it is compared and sent as bytes");

static bool is_single(const carrynet_comm *comm)
{
    return comm == NULL || comm->count == 1;
}

static size_t smaller(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

static struct comm_rank_status pack_status(carrynet_status status)
{
    struct comm_rank_status own = {.status = (int8_t)status};
    if (status != CARRYNET_OK) {
        const char *message = carrynet_message();
        const size_t length = smaller(strlen(message), UINT16_MAX);
        uint64_t digest = SYS_DIGEST;
        for (size_t i = 0; i < length; ++i)
            digest = sys_digest(digest, (unsigned char)message[i], 1);
        own.length = (uint16_t)length;
        own.digest = (uint32_t)(digest ^ digest >> 32);
    }
    return own;
}

/* Whether a message begins with a rank's number. */
static bool names_a_rank(const char *message)
{
    uint64_t rank = 0;
    const char *end = strncmp(message, "rank ", 5) == 0 ? sys_read_whole(&rank, message + 5, UINT32_MAX) : NULL;
    return end != NULL && end[0] == ':';
}

/* The result of comm->statuses: OK, or status and message of the lowest rank with an error. */
static carrynet_status reduce_statuses(carrynet_comm *comm)
{
    const struct comm_rank_status *statuses = comm->statuses;
    bool equal = true;
    uint32_t first = 0;
    while (first < comm->count && statuses[first].status == CARRYNET_OK)
        ++first;
    if (first == comm->count)
        return CARRYNET_OK;
    for (uint32_t r = 0; r < comm->count; ++r)
        equal = equal && memcmp(&statuses[r], &statuses[first], PACKED) == 0;
    const size_t length = statuses[first].length;
    if (comm->rank == first)
        memcpy(comm->recv, carrynet_message(), length);
    const carrynet_status status = length > 0 ? transport_broadcast(comm, first, length) : CARRYNET_OK;
    if (status != CARRYNET_OK)
        return status;
    comm->recv[length] = '\0';
    const char *message = (const char *)comm->recv;
    /* An error that all ranks share is not attributed to one. */
    if (equal || names_a_rank(message))
        return sys_fail((carrynet_status)statuses[first].status, "%s", message);
    return sys_fail((carrynet_status)statuses[first].status, "rank %u: %s", first, message);
}

/* Allgather of `size` bytes of each rank, few enough for one call, and of the statuses; the data is then in recv. */
static carrynet_status allgather_equal(carrynet_comm *comm, carrynet_status mine, const void *bytes, size_t size)
{
    const struct comm_rank_status own = pack_status(mine);
    unsigned char *place = comm->recv + comm->rank * (PACKED + size);
    for (uint32_t r = 0; r < comm->count; ++r)
        comm->sizes[r] = PACKED + size;
    memcpy(place, &own, PACKED);
    if (size > 0)
        memcpy(place + PACKED, bytes, size);
    const carrynet_status status = transport_allgather(comm, comm->sizes);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        memcpy(&comm->statuses[r], comm->recv + r * (PACKED + size), PACKED);
        memmove(comm->recv + r * size, comm->recv + r * (PACKED + size) + PACKED, size);
    }
    return status;
}

carrynet_status comm_allreduce_status(carrynet_comm *comm, carrynet_status mine)
{
    if (is_single(comm))
        return mine;
    const carrynet_status status = allgather_equal(comm, mine, NULL, 0);
    return status == CARRYNET_OK ? reduce_statuses(comm) : status;
}

bool comm_allreduce_or(carrynet_comm *comm, bool mine)
{
    const unsigned char byte = mine ? 1 : 0;
    if (is_single(comm))
        return mine;
    bool any = allgather_equal(comm, CARRYNET_OK, &byte, 1) != CARRYNET_OK;
    for (uint32_t r = 0; r < comm->count && !any; ++r)
        any = comm->recv[r] != 0;
    return any;
}

bool comm_broadcast_flag(carrynet_comm *comm, bool mine)
{
    if (is_single(comm))
        return mine;
    comm->recv[0] = mine ? 1 : 0;
    return transport_broadcast(comm, 0, 1) == CARRYNET_OK ? comm->recv[0] != 0 : mine;
}

bool comm_broadcast_number(carrynet_comm *comm, uint64_t *number)
{
    if (is_single(comm))
        return true;
    memcpy(comm->recv, number, sizeof *number);
    if (transport_broadcast(comm, 0, sizeof *number) != CARRYNET_OK)
        return false;
    memcpy(number, comm->recv, sizeof *number);
    return true;
}

/* ---- equal texts ------------------------------------------------------------------------------------------------- */

enum { SHOWN = 80 }; /* texts shorter than this are shown where they differ */

static carrynet_status broadcast_text(carrynet_comm *comm, char shown[SHOWN], uint32_t from, const char *text)
{
    memset(shown, 0, SHOWN);
    if (comm->rank == from && strlen(text) < SHOWN)
        memcpy(shown, text, strlen(text));
    memcpy(comm->recv, shown, SHOWN);
    const carrynet_status status = transport_broadcast(comm, from, SHOWN);
    memcpy(shown, comm->recv, SHOWN);
    return status;
}

carrynet_status comm_check_same(carrynet_comm *comm, carrynet_status mine, const char *what, const char *text)
{
    uint64_t digest = SYS_DIGEST, first, other;
    char shown[2][SHOWN];
    if (is_single(comm))
        return mine;
    const size_t length = mine == CARRYNET_OK ? strlen(text) : 0;
    for (size_t i = 0; i < length; ++i)
        digest = sys_digest(digest, (unsigned char)text[i], 1);
    carrynet_status status = allgather_equal(comm, mine, &digest, sizeof digest);
    uint32_t r = 0;
    bool same = true;
    memcpy(&first, comm->recv, sizeof first);
    while (same && ++r < comm->count) {
        memcpy(&other, comm->recv + r * sizeof other, sizeof other);
        same = other == first;
    }
    if (status == CARRYNET_OK)
        status = reduce_statuses(comm);
    if (status != CARRYNET_OK || same)
        return status;
    status = broadcast_text(comm, shown[0], 0, text);
    if (status == CARRYNET_OK)
        status = broadcast_text(comm, shown[1], r, text);
    if (status != CARRYNET_OK)
        return status;
    if (shown[0][0] == '\0' || shown[1][0] == '\0')
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "ranks 0 and %u differ in %s, which must be the same on all", r, what);
    return sys_fail(CARRYNET_ERROR_ARGUMENT, "ranks 0 and %u differ in %s, which must be the same on all: %s and %s", r,
                    what, shown[0], shown[1]);
}

/* ---- data ------------------------------------------------------------------------------------------------------- */

/* Data and statuses in one call. */
static carrynet_status allgather_once(carrynet_comm *comm, carrynet_status mine, unsigned char *all,
                                      const uint64_t *counts, const void *bytes)
{
    const struct comm_rank_status own = pack_status(mine);
    unsigned char *place = comm->recv;
    for (uint32_t r = 0; r < comm->count; ++r) {
        comm->sizes[r] = PACKED + counts[r];
        if (r < comm->rank)
            place += PACKED + counts[r];
    }
    memcpy(place, &own, PACKED);
    if (mine == CARRYNET_OK && counts[comm->rank] > 0)
        memcpy(place + PACKED, bytes, (size_t)counts[comm->rank]);
    carrynet_status status = transport_allgather(comm, comm->sizes);
    place = comm->recv;
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        memcpy(&comm->statuses[r], place, PACKED);
        place += PACKED + counts[r];
    }
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        if (comm->statuses[r].status != CARRYNET_OK)
            return reduce_statuses(comm);
    place = comm->recv;
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        if (counts[r] > 0)
            memcpy(all, place + PACKED, (size_t)counts[r]);
        all += counts[r];
        place += PACKED + counts[r];
    }
    return status;
}

carrynet_status comm_allgather(carrynet_comm *comm, carrynet_status mine, void *all, const uint64_t *counts,
                               const void *bytes)
{
    uint64_t total = 0, longest = 0;
    if (is_single(comm)) {
        if (mine == CARRYNET_OK && counts[0] > 0)
            memmove(all, bytes, (size_t)counts[0]);
        return mine;
    }
    for (uint32_t r = 0; r < comm->count; ++r) {
        total += counts[r] + PACKED;
        longest = counts[r] > longest ? counts[r] : longest;
    }
    if (total <= comm->chunk)
        return allgather_once(comm, mine, all, counts, bytes);
    const size_t piece = comm->chunk / comm->count;
    carrynet_status status = comm_allreduce_status(comm, mine);
    for (uint64_t done = 0; done < longest && status == CARRYNET_OK; done += piece) {
        unsigned char *place = comm->recv, *to = all;
        for (uint32_t r = 0; r < comm->count; ++r) {
            comm->sizes[r] = done < counts[r] ? smaller(counts[r] - done, piece) : 0;
            if (r == comm->rank && comm->sizes[r] > 0)
                memcpy(place, (const unsigned char *)bytes + done, (size_t)comm->sizes[r]);
            place += comm->sizes[r];
        }
        status = transport_allgather(comm, comm->sizes);
        place = comm->recv;
        for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
            if (comm->sizes[r] > 0)
                memcpy(to + done, place, (size_t)comm->sizes[r]);
            place += comm->sizes[r];
            to += counts[r];
        }
    }
    return status;
}

static carrynet_status alltoall_once(carrynet_comm *comm, carrynet_status mine, unsigned char *received,
                                     const unsigned char *sent, size_t size)
{
    const struct comm_rank_status own = pack_status(mine);
    for (uint32_t r = 0; r < comm->count; ++r) {
        unsigned char *place = comm->send + r * (PACKED + size);
        memcpy(place, &own, PACKED);
        if (mine == CARRYNET_OK && size > 0)
            memcpy(place + PACKED, sent + r * size, size);
    }
    const carrynet_status status = transport_alltoall(comm, PACKED + size);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        memcpy(&comm->statuses[r], comm->recv + r * (PACKED + size), PACKED);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        if (comm->statuses[r].status != CARRYNET_OK)
            return reduce_statuses(comm);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK && size > 0; ++r)
        memcpy(received + r * size, comm->recv + r * (PACKED + size) + PACKED, size);
    return status;
}

carrynet_status comm_alltoall(carrynet_comm *comm, carrynet_status mine, void *received, const void *sent,
                              uint64_t size)
{
    if (is_single(comm)) {
        if (mine == CARRYNET_OK && size > 0)
            memmove(received, sent, (size_t)size);
        return mine;
    }
    const size_t piece = comm->chunk / comm->count;
    if (size <= piece - PACKED)
        return alltoall_once(comm, mine, received, sent, (size_t)size);
    carrynet_status status = comm_allreduce_status(comm, mine);
    for (uint64_t done = 0; done < size && status == CARRYNET_OK; done += piece) {
        const size_t now = smaller(size - done, piece);
        for (uint32_t r = 0; r < comm->count; ++r)
            memcpy(comm->send + r * now, (const unsigned char *)sent + r * size + done, now);
        status = transport_alltoall(comm, now);
        for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
            memcpy((unsigned char *)received + r * size + done, comm->recv + r * now, now);
    }
    return status;
}
