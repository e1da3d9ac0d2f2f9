/*
 * What ranks agree on and exchange. Beside its bytes each rank sends a word about its status (struct comm_rank_status), so
 * that data and agreement are one call; only where some status is not OK does its message follow in a second one.
 * What does not fit into a stage goes in portions, after an agreement of its own.
 */
#include "comm/transport.h"
#include <stdio.h>
#include <string.h>

enum { STAND = sizeof(struct comm_rank_status) };
_Static_assert(STAND == 8, "a word");

static bool alone(const carrynet_comm *comm)
{
    return comm == NULL || comm->count == 1;
}

static size_t less(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

static struct comm_rank_status stand_of(carrynet_status status)
{
    struct comm_rank_status stand = {.status = (int8_t)status};
    if (status != CARRYNET_OK) {
        const char *message = carrynet_message();
        const size_t length = less(strlen(message), UINT16_MAX);
        uint64_t digest = BASE_DIGEST;
        for (size_t i = 0; i < length; ++i)
            digest = base_digest(digest, (unsigned char)message[i], 1);
        stand.length = (uint16_t)length;
        stand.digest = (uint32_t)(digest ^ digest >> 32);
    }
    return stand;
}

/* Whether a message already says whose it is. */
static bool is_signed(const char *message)
{
    uint64_t rank = 0;
    const char *end = strncmp(message, "rank ", 5) == 0 ? base_read_whole(&rank, message + 5, UINT32_MAX) : NULL;
    return end != NULL && end[0] == ':';
}

/* What follows from ranks->stands: OK, or the lowest bad rank's status with its message. */
static carrynet_status settle(carrynet_comm *comm)
{
    const struct comm_rank_status *stands = comm->stands;
    bool equal = true;
    uint32_t first = 0;
    while (first < comm->count && stands[first].status == CARRYNET_OK)
        ++first;
    if (first == comm->count)
        return CARRYNET_OK;
    for (uint32_t r = 0; r < comm->count; ++r)
        equal = equal && memcmp(&stands[r], &stands[first], STAND) == 0;
    const size_t length = stands[first].length;
    if (comm->rank == first)
        memcpy(comm->in, carrynet_message(), length);
    const carrynet_status status = length > 0 ? transport_broadcast(comm, first, length) : CARRYNET_OK;
    if (status != CARRYNET_OK)
        return status;
    comm->in[length] = '\0';
    const char *message = (const char *)comm->in;
    /* What has befallen all alike is nobody's own. */
    if (equal || is_signed(message))
        return base_fail((carrynet_status)stands[first].status, "%s", message);
    return base_fail((carrynet_status)stands[first].status, "rank %u: %s", first, message);
}

/* A number of bytes, not many, of each rank to all, with their stands; they are then in `in`, one after another. */
static carrynet_status gather_equal(carrynet_comm *comm, carrynet_status mine, const void *bytes, size_t size)
{
    const struct comm_rank_status stand = stand_of(mine);
    unsigned char *place = comm->in + comm->rank * (STAND + size);
    for (uint32_t r = 0; r < comm->count; ++r)
        comm->sizes[r] = STAND + size;
    memcpy(place, &stand, STAND);
    if (size > 0)
        memcpy(place + STAND, bytes, size);
    const carrynet_status status = transport_allgather(comm, comm->sizes);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        memcpy(&comm->stands[r], comm->in + r * (STAND + size), STAND);
        memmove(comm->in + r * size, comm->in + r * (STAND + size) + STAND, size);
    }
    return status;
}

carrynet_status comm_allreduce_status(carrynet_comm *comm, carrynet_status mine)
{
    if (alone(comm))
        return mine;
    const carrynet_status status = gather_equal(comm, mine, NULL, 0);
    return status == CARRYNET_OK ? settle(comm) : status;
}

bool comm_allreduce_or(carrynet_comm *comm, bool mine)
{
    const unsigned char byte = mine ? 1 : 0;
    if (alone(comm))
        return mine;
    bool any = gather_equal(comm, CARRYNET_OK, &byte, 1) != CARRYNET_OK;
    for (uint32_t r = 0; r < comm->count && !any; ++r)
        any = comm->in[r] != 0;
    return any;
}

bool comm_broadcast_flag(carrynet_comm *comm, bool mine)
{
    if (alone(comm))
        return mine;
    comm->in[0] = mine ? 1 : 0;
    return transport_broadcast(comm, 0, 1) == CARRYNET_OK ? comm->in[0] != 0 : mine;
}

bool comm_broadcast_number(carrynet_comm *comm, uint64_t *number)
{
    if (alone(comm))
        return true;
    memcpy(comm->in, number, sizeof *number);
    if (transport_broadcast(comm, 0, sizeof *number) != CARRYNET_OK)
        return false;
    memcpy(number, comm->in, sizeof *number);
    return true;
}

/* ---- the same text ---------------------------------------------------------------------------------------------- */

enum { SHOWN = 80 }; /* bytes of texts that are shown where they differ, with their ends */

static carrynet_status show_text(carrynet_comm *comm, char shown[SHOWN], uint32_t from, const char *text)
{
    memset(shown, 0, SHOWN);
    if (comm->rank == from && strlen(text) < SHOWN)
        memcpy(shown, text, strlen(text));
    memcpy(comm->in, shown, SHOWN);
    const carrynet_status status = transport_broadcast(comm, from, SHOWN);
    memcpy(shown, comm->in, SHOWN);
    return status;
}

carrynet_status comm_check_same(carrynet_comm *comm, carrynet_status mine, const char *what, const char *text)
{
    uint64_t digest = BASE_DIGEST, first, other;
    char shown[2][SHOWN];
    if (alone(comm))
        return mine;
    const size_t length = mine == CARRYNET_OK ? strlen(text) : 0;
    for (size_t i = 0; i < length; ++i)
        digest = base_digest(digest, (unsigned char)text[i], 1);
    carrynet_status status = gather_equal(comm, mine, &digest, sizeof digest);
    uint32_t r = 0;
    bool same = true;
    memcpy(&first, comm->in, sizeof first);
    while (same && ++r < comm->count) {
        memcpy(&other, comm->in + r * sizeof other, sizeof other);
        same = other == first;
    }
    if (status == CARRYNET_OK)
        status = settle(comm);
    if (status != CARRYNET_OK || same)
        return status;
    status = show_text(comm, shown[0], 0, text);
    if (status == CARRYNET_OK)
        status = show_text(comm, shown[1], r, text);
    if (status != CARRYNET_OK)
        return status;
    if (shown[0][0] == '\0' || shown[1][0] == '\0')
        return base_fail(CARRYNET_ERROR_ARGUMENT, "ranks 0 and %u differ in %s, which must be the same on all", r,
                         what);
    return base_fail(CARRYNET_ERROR_ARGUMENT, "ranks 0 and %u differ in %s, which must be the same on all: %s and %s",
                     r, what, shown[0], shown[1]);
}

/* ---- data ------------------------------------------------------------------------------------------------------- */

/* All of it in one call. */
static carrynet_status gather_once(carrynet_comm *comm, carrynet_status mine, unsigned char *all,
                                   const uint64_t *counts, const void *bytes)
{
    const struct comm_rank_status stand = stand_of(mine);
    unsigned char *place = comm->in;
    for (uint32_t r = 0; r < comm->count; ++r) {
        comm->sizes[r] = STAND + counts[r];
        if (r < comm->rank)
            place += STAND + counts[r];
    }
    memcpy(place, &stand, STAND);
    if (mine == CARRYNET_OK && counts[comm->rank] > 0)
        memcpy(place + STAND, bytes, (size_t)counts[comm->rank]);
    carrynet_status status = transport_allgather(comm, comm->sizes);
    place = comm->in;
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        memcpy(&comm->stands[r], place, STAND);
        place += STAND + counts[r];
    }
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        if (comm->stands[r].status != CARRYNET_OK)
            return settle(comm);
    place = comm->in;
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
        if (counts[r] > 0)
            memcpy(all, place + STAND, (size_t)counts[r]);
        all += counts[r];
        place += STAND + counts[r];
    }
    return status;
}

carrynet_status comm_allgather(carrynet_comm *comm, carrynet_status mine, void *all, const uint64_t *counts,
                               const void *bytes)
{
    uint64_t total = 0, longest = 0;
    if (alone(comm)) {
        if (mine == CARRYNET_OK && counts[0] > 0)
            memmove(all, bytes, (size_t)counts[0]);
        return mine;
    }
    for (uint32_t r = 0; r < comm->count; ++r) {
        total += counts[r] + STAND;
        longest = counts[r] > longest ? counts[r] : longest;
    }
    if (total <= comm->portion)
        return gather_once(comm, mine, all, counts, bytes);
    const size_t piece = comm->portion / comm->count;
    carrynet_status status = comm_allreduce_status(comm, mine);
    for (uint64_t done = 0; done < longest && status == CARRYNET_OK; done += piece) {
        unsigned char *place = comm->in, *to = all;
        for (uint32_t r = 0; r < comm->count; ++r) {
            comm->sizes[r] = done < counts[r] ? less(counts[r] - done, piece) : 0;
            if (r == comm->rank && comm->sizes[r] > 0)
                memcpy(place, (const unsigned char *)bytes + done, (size_t)comm->sizes[r]);
            place += comm->sizes[r];
        }
        status = transport_allgather(comm, comm->sizes);
        place = comm->in;
        for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r) {
            if (comm->sizes[r] > 0)
                memcpy(to + done, place, (size_t)comm->sizes[r]);
            place += comm->sizes[r];
            to += counts[r];
        }
    }
    return status;
}

static carrynet_status exchange_once(carrynet_comm *comm, carrynet_status mine, unsigned char *received,
                                     const unsigned char *sent, size_t size)
{
    const struct comm_rank_status stand = stand_of(mine);
    for (uint32_t r = 0; r < comm->count; ++r) {
        unsigned char *place = comm->out + r * (STAND + size);
        memcpy(place, &stand, STAND);
        if (mine == CARRYNET_OK && size > 0)
            memcpy(place + STAND, sent + r * size, size);
    }
    const carrynet_status status = transport_alltoall(comm, STAND + size);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        memcpy(&comm->stands[r], comm->in + r * (STAND + size), STAND);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
        if (comm->stands[r].status != CARRYNET_OK)
            return settle(comm);
    for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK && size > 0; ++r)
        memcpy(received + r * size, comm->in + r * (STAND + size) + STAND, size);
    return status;
}

carrynet_status comm_alltoall(carrynet_comm *comm, carrynet_status mine, void *received, const void *sent,
                              uint64_t size)
{
    if (alone(comm)) {
        if (mine == CARRYNET_OK && size > 0)
            memmove(received, sent, (size_t)size);
        return mine;
    }
    const size_t piece = comm->portion / comm->count;
    if (size <= piece - STAND)
        return exchange_once(comm, mine, received, sent, (size_t)size);
    carrynet_status status = comm_allreduce_status(comm, mine);
    for (uint64_t done = 0; done < size && status == CARRYNET_OK; done += piece) {
        const size_t now = less(size - done, piece);
        for (uint32_t r = 0; r < comm->count; ++r)
            memcpy(comm->out + r * now, (const unsigned char *)sent + r * size + done, now);
        status = transport_alltoall(comm, now);
        for (uint32_t r = 0; r < comm->count && status == CARRYNET_OK; ++r)
            memcpy((unsigned char *)received + r * size + done, comm->in + r * now, now);
    }
    return status;
}
