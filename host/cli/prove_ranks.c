/*
 * Networks are proved in chunks of as many networks as rank 0 has cores, or fewer, so that every rank gets some chunks.
 * The proofs of a chunk are sent as its result:
 *     for each network: u64 size, then so many bytes (proof_bytes.h)
 */
#include "cli/prove_ranks.h"
#include "cli/job_ranks.h"
#include "comm/collectives.h"
#include "prove/proof_bytes.h"
#include <stdio.h>
#include <string.h>

enum { CHUNKS = 4 }; /* of a rank, at least */

struct shared {
    const prove_work *work;
    uint64_t chunk;
};

/* One network of a chunk. */
struct proved {
    carrynet_proof proof;
    carrynet_status status;
    char message[512]; /* of a status that is not OK: messages are of their thread */
};

struct chunk {
    const prove_work *work;
    size_t first;
    struct proved *proved;
};

static void prove_one(void *self, size_t i)
{
    const struct chunk *chunk = self;
    struct proved *one = &chunk->proved[i];
    one->status = chunk->work->prove(chunk->work->self, &one->proof, chunk->first + i);
    if (one->status != CARRYNET_OK)
        (void)snprintf(one->message, sizeof one->message, "%s", carrynet_message());
}

static size_t networks_of(const struct shared *s, uint64_t item)
{
    const uint64_t left = s->work->count - item * s->chunk;
    return (size_t)(left < s->chunk ? left : s->chunk);
}

static carrynet_status prove_chunk(void *self, uint64_t item, sys_text *result)
{
    const struct shared *s = self;
    const size_t count = networks_of(s, item);
    struct chunk chunk = {.work = s->work, .first = (size_t)(item * s->chunk)};
    carrynet_status status = sys_allocate(&chunk.proved, count, sizeof *chunk.proved);
    if (status == CARRYNET_OK)
        sys_parallel(count, prove_one, &chunk);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        sys_text bytes = {0};
        if (chunk.proved[i].status != CARRYNET_OK)
            status = sys_fail(chunk.proved[i].status, "%s", chunk.proved[i].message);
        else
            proof_put(&bytes, &chunk.proved[i].proof, s->work->task);
        const uint64_t size = bytes.size;
        if (bytes.failed && status == CARRYNET_OK)
            status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a proof");
        sys_text_append(result, (const char *)&size, sizeof size);
        if (status == CARRYNET_OK)
            sys_text_append(result, bytes.data, bytes.size);
        sys_text_free(&bytes);
    }
    for (size_t i = 0; i < count && chunk.proved != NULL; ++i)
        carrynet_proof_free(&chunk.proved[i].proof);
    sys_free(chunk.proved);
    return status;
}

static carrynet_status take_chunk(void *self, uint64_t item, const char *bytes, size_t size)
{
    const struct shared *s = self;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0, count = networks_of(s, item); i < count && status == CARRYNET_OK; ++i) {
        carrynet_proof proof = {0};
        uint64_t one = 0;
        if (size >= sizeof one)
            memcpy(&one, bytes, sizeof one);
        status = size < sizeof one || size - sizeof one < one
                     ? sys_fail(CARRYNET_ERROR_FORMAT, "a rank sent half a proof")
                     : proof_take(&proof, bytes + sizeof one, (size_t)one, s->work->task);
        status = s->work->take(s->work->self, (size_t)(item * s->chunk) + i, status, &proof);
        bytes += sizeof one + one;
        size -= sizeof one + (size_t)one;
    }
    return status;
}

static bool is_stopped(void *self)
{
    const struct shared *s = self;
    return s->work->stopped(s->work->self);
}

carrynet_status prove_on_ranks(const prove_work *work)
{
    const uint64_t least = (uint64_t)CHUNKS * carrynet_comm_size(job_ranks());
    struct shared s = {.work = work, .chunk = sys_cores()};
    if (s.chunk > work->count / least)
        s.chunk = work->count / least > 0 ? work->count / least : 1;
    if (!comm_broadcast_number(job_ranks(), &s.chunk))
        return sys_fail(CARRYNET_ERROR_DEVICE, "%s", carrynet_message());
    const struct comm_work shared = {(work->count + s.chunk - 1) / s.chunk, prove_chunk, take_chunk, is_stopped, &s};
    return comm_distribute(job_ranks(), &shared);
}
