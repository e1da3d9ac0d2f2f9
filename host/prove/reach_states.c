/*
 * States in parts that never move, and 64 hash tables with linear probing: slot = tag * capacity / 2^32, so that a
 * table grows from its slots alone. A state found in the current batch is numbered by its successor until it is copied.
 */
#include "prove/reach_states.h"
#include <string.h>

enum { SHARD_BITS = 6, SLOTS_AHEAD = 48, KEYS_AHEAD = 24 };

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) (void)(address)
#endif

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static uint32_t part_shift(size_t bytes)
{
    uint32_t shift = 4;
    while (shift < 20 && ((size_t)2 << shift) * bytes <= REACH_PART)
        ++shift;
    return shift;
}

/* A part of `room` states, with what an old one of fewer holds. */
static carrynet_status make_part(struct reach_part *part, size_t bytes, size_t capacity)
{
    struct reach_part made = {.capacity = capacity};
    const carrynet_status status = sys_allocate(&made.hidden, capacity, bytes + REACH_LINK);
    if (status != CARRYNET_OK)
        return status;
    made.parent = (uint32_t *)(void *)(made.hidden + capacity * bytes);
    made.symbol = (uint8_t *)(made.parent + capacity);
    made.automaton = made.symbol + capacity;
    if (part->capacity > 0) {
        memcpy(made.hidden, part->hidden, part->capacity * bytes);
        memcpy(made.parent, part->parent, part->capacity * sizeof *part->parent);
        memcpy(made.symbol, part->symbol, part->capacity);
        memcpy(made.automaton, part->automaton, part->capacity);
    }
    sys_free(part->hidden);
    *part = made;
    return CARRYNET_OK;
}

carrynet_status reach_reserve(struct reach_store *store, uint64_t states)
{
    const size_t whole = (size_t)1 << store->shift;
    carrynet_status status = CARRYNET_OK;
    if (store->parts == 1 && store->part[0].capacity < states && store->part[0].capacity < whole) {
        size_t capacity = store->part[0].capacity;
        while (capacity < whole && capacity < states)
            capacity *= 4;
        status = make_part(&store->part[0], store->bytes, capacity < whole ? capacity : whole);
    }
    while (((uint64_t)store->parts << store->shift) < states && status == CARRYNET_OK) {
        if (store->parts == store->parts_capacity) {
            const size_t capacity = store->parts_capacity == 0 ? 16 : 2 * store->parts_capacity;
            struct reach_part *more = NULL;
            status = sys_allocate(&more, capacity, sizeof *more);
            if (status != CARRYNET_OK)
                break;
            if (store->parts > 0)
                memcpy(more, store->part, store->parts * sizeof *more);
            sys_free(store->part);
            store->part = more;
            store->parts_capacity = capacity;
        }
        const size_t capacity = store->parts == 0 && whole > REACH_FIRST && states <= REACH_FIRST ? REACH_FIRST : whole;
        status = make_part(&store->part[store->parts], store->bytes, capacity);
        store->parts += status == CARRYNET_OK;
    }
    return status;
}

void reach_store_create(struct reach_store *store, size_t bytes)
{
    *store = (struct reach_store){.bytes = bytes, .shift = part_shift(bytes)};
}

void reach_store_free(struct reach_store *store)
{
    for (size_t i = 0; i < store->parts; ++i)
        sys_free(store->part[i].hidden);
    sys_free(store->part);
    for (size_t i = 0; i < REACH_SHARDS; ++i)
        sys_free(store->shards[i].slots);
    *store = (struct reach_store){0};
}

uint64_t reach_store_memory(size_t bytes, uint64_t states)
{
    const uint64_t part = (uint64_t)1 << part_shift(bytes), parts = (states + part - 1) / part;
    const uint64_t shard = states / REACH_SHARDS;
    uint64_t slots = REACH_LEAST_SLOTS;
    while (slots / 4 * 3 < shard)
        slots *= 2;
    /* At the worst a table is copied in every thread; here one in eight shards. */
    slots *= REACH_SHARDS + REACH_SHARDS / 8;
    return parts * part * (bytes + REACH_LINK) + slots * sizeof(struct reach_slot);
}

/* ---- batches ---------------------------------------------------------------------------------------------------- */

static size_t chunks_of(size_t count)
{
    return (count + REACH_CHUNK - 1) / REACH_CHUNK;
}

carrynet_status reach_batch_create(struct reach_batch *batch, size_t bytes, size_t capacity)
{
    const size_t chunks = chunks_of(capacity);
    *batch = (struct reach_batch){.capacity = capacity, .chunks = chunks};
    carrynet_status status = sys_allocate(&batch->hidden, capacity, bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->automaton, capacity, sizeof *batch->automaton);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->shard, capacity, sizeof *batch->shard);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->sorted, capacity, sizeof *batch->sorted);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->listed, capacity, sizeof *batch->listed);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->starts, chunks, sizeof *batch->starts);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->news, chunks * REACH_SHARDS, sizeof *batch->news);
    if (status == CARRYNET_OK)
        status = sys_allocate(&batch->ranks, chunks, sizeof *batch->ranks);
    return status;
}

void reach_batch_free(struct reach_batch *batch)
{
    sys_free(batch->hidden);
    sys_free(batch->automaton);
    sys_free(batch->shard);
    sys_free(batch->sorted);
    sys_free(batch->listed);
    sys_free(batch->starts);
    sys_free(batch->news);
    sys_free(batch->ranks);
    *batch = (struct reach_batch){0};
}

uint64_t reach_batch_memory(size_t bytes, size_t capacity)
{
    const struct reach_batch *batch = NULL;
    return capacity * (bytes + sizeof *batch->automaton + sizeof *batch->shard + 2 * sizeof *batch->sorted) +
           chunks_of(capacity) * (sizeof *batch->starts + REACH_SHARDS * sizeof *batch->news + sizeof *batch->ranks);
}

/* ---- hashing ---------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
    return (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
}

/* A sum of products of the halves of 64-bit words, each with a number of its own added: no product waits for another. */
static uint64_t hash_state(const char *hidden, size_t bytes, uint8_t automaton)
{
    uint64_t sum = automaton, key = 0x243f6a8885a308d3u, word;
    size_t i = 0;
    for (; bytes - i >= sizeof word; i += sizeof word, key += 0x9e3779b97f4a7c15u) {
        memcpy(&word, hidden + i, sizeof word);
        sum += (uint64_t)(uint32_t)(word + key) * (uint32_t)((word >> 32) + (key >> 32));
    }
    word = 0;
    if (i < bytes)
        memcpy(&word, hidden + i, bytes - i);
    return mix(sum + (uint64_t)(uint32_t)(word + key) * (uint32_t)((word >> 32) + (key >> 32)));
}

static size_t shard_of(uint64_t hash)
{
    return (size_t)(hash >> 32 & (REACH_SHARDS - 1));
}

static uint32_t tag_of(uint64_t hash, uint8_t automaton)
{
    return (uint32_t)(hash >> 40) << 8 | automaton;
}

static uint32_t first_slot(const struct reach_shard *shard, uint32_t tag)
{
    return (uint32_t)((uint64_t)tag * shard->capacity >> 32);
}

void reach_sort_chunk(struct reach_batch *batch, const struct reach_store *store, size_t chunk)
{
    const size_t first = chunk * REACH_CHUNK;
    const size_t count = batch->count - first < REACH_CHUNK ? batch->count - first : REACH_CHUNK;
    uint32_t *starts = batch->starts[chunk], next[REACH_SHARDS];
    uint64_t hashes[REACH_CHUNK];
    memset(starts, 0, sizeof batch->starts[chunk]);
    for (size_t i = 0; i < count; ++i) {
        hashes[i] = hash_state(batch->hidden + (first + i) * store->bytes, store->bytes, batch->automaton[first + i]);
        batch->shard[first + i] = (uint8_t)shard_of(hashes[i]);
        ++starts[shard_of(hashes[i]) + 1];
    }
    starts[0] = (uint32_t)first;
    for (size_t s = 0; s < REACH_SHARDS; ++s) {
        next[s] = starts[s];
        starts[s + 1] += starts[s];
    }
    for (size_t i = 0; i < count; ++i)
        batch->sorted[next[batch->shard[first + i]]++] =
            (uint64_t)tag_of(hashes[i], batch->automaton[first + i]) << 32 | (first + i);
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

/* Puts a slot that is known to be new into the table; returns its place. */
static uint32_t put_slot(struct reach_shard *shard, struct reach_slot slot)
{
    uint32_t at = first_slot(shard, slot.tag);
    while (shard->slots[at].number != 0)
        at = at + 1 < shard->capacity ? at + 1 : 0;
    shard->slots[at] = slot;
    ++shard->used;
    return at;
}

/* Room for so many more, at most three quarters full. */
static bool grow_shard(struct reach_shard *shard, size_t more)
{
    struct reach_shard grown = {.capacity = shard->capacity == 0 ? REACH_LEAST_SLOTS : shard->capacity};
    while (grown.capacity / 4 * 3 < shard->used + more)
        grown.capacity *= 2;
    if (grown.capacity == shard->capacity)
        return true;
    if (sys_allocate(&grown.slots, grown.capacity, sizeof *grown.slots) != CARRYNET_OK)
        return false;
    for (uint32_t i = 0; i < shard->capacity; ++i)
        if (shard->slots[i].number != 0)
            (void)put_slot(&grown, shard->slots[i]);
    sys_free(shard->slots);
    *shard = grown;
    return true;
}

carrynet_status reach_store_root(struct reach_store *store, const void *hidden, uint8_t automaton)
{
    carrynet_status status = reach_reserve(store, 1);
    if (status != CARRYNET_OK)
        return status;
    const uint64_t hash = hash_state(hidden, store->bytes, automaton);
    struct reach_shard *shard = &store->shards[shard_of(hash)];
    memcpy(store->part[0].hidden, hidden, store->bytes);
    store->part[0].automaton[0] = automaton;
    store->part[0].parent[0] = 0;
    store->count = 1;
    if (!grow_shard(shard, 1))
        return CARRYNET_ERROR_MEMORY;
    (void)put_slot(shard, (struct reach_slot){.tag = tag_of(hash, automaton), .number = 1});
    return CARRYNET_OK;
}

/* Whether successor i of the batch has the hidden values of the state `index`, which may be a successor itself. */
static bool same_hidden(const struct reach_store *store, const struct reach_batch *batch, size_t i, uint32_t index)
{
    const char *other = index < store->count ? reach_hidden(store, index)
                                             : batch->hidden + (index - (size_t)store->count) * store->bytes;
    return memcmp(other, batch->hidden + i * store->bytes, store->bytes) == 0;
}

/* Brings the hidden values that a tag will most likely be compared with. */
static void fetch_key(const struct reach_store *store, const struct reach_batch *batch, const struct reach_shard *shard,
                      uint64_t entry)
{
    const uint32_t tag = (uint32_t)(entry >> 32);
    uint32_t at = first_slot(shard, tag);
    while (shard->slots[at].number != 0 && shard->slots[at].tag != tag)
        at = at + 1 < shard->capacity ? at + 1 : 0;
    const uint32_t number = shard->slots[at].number;
    if (number == 0)
        return;
    PREFETCH(batch->hidden + (uint32_t)entry * store->bytes);
    if (number <= store->count)
        PREFETCH(reach_hidden(store, number - 1));
}

/* The slot of successor i if it is new, which it then gets; REACH_NO_SLOT for an old one. */
static uint32_t look_up(struct reach_store *store, const struct reach_batch *batch, struct reach_shard *shard,
                        uint32_t tag, uint32_t i)
{
    uint32_t at = first_slot(shard, tag);
    for (; shard->slots[at].number != 0; at = at + 1 < shard->capacity ? at + 1 : 0)
        if (shard->slots[at].tag == tag && same_hidden(store, batch, i, shard->slots[at].number - 1))
            return REACH_NO_SLOT;
    shard->slots[at] = (struct reach_slot){.tag = tag, .number = (uint32_t)store->count + i + 1};
    ++shard->used;
    return at;
}

bool reach_insert_shard(struct reach_store *store, struct reach_batch *batch, size_t s)
{
    struct reach_shard *shard = &store->shards[s];
    const size_t chunks = chunks_of(batch->count);
    uint32_t *news = batch->news + s * batch->chunks;
    size_t start = 0, end = 0;
    for (size_t c = 0; c < chunks; ++c) {
        start += batch->starts[c][s] - batch->starts[c][0];
        end += batch->starts[c][s + 1] - batch->starts[c][0];
        news[c] = 0;
    }
    if (start == end)
        return true;
    if (!grow_shard(shard, end - start))
        return false;
    uint64_t *list = batch->listed + start;
    const size_t count = end - start;
    for (size_t c = 0, at = 0; c < chunks; ++c) {
        const size_t from = batch->starts[c][s], many = batch->starts[c][s + 1] - from;
        memcpy(list + at, batch->sorted + from, many * sizeof *list);
        at += many;
    }
    for (size_t i = 0; i < count + SLOTS_AHEAD; ++i) {
        if (i < count)
            PREFETCH(&shard->slots[first_slot(shard, (uint32_t)(list[i] >> 32))]);
        if (i >= KEYS_AHEAD && i - KEYS_AHEAD < count) {
            fetch_key(store, batch, shard, list[i - KEYS_AHEAD]);
        }
        if (i >= SLOTS_AHEAD) {
            uint64_t *entry = &list[i - SLOTS_AHEAD];
            const uint32_t successor = (uint32_t)*entry;
            const uint32_t slot = look_up(store, batch, shard, (uint32_t)(*entry >> 32), successor);
            news[successor / REACH_CHUNK] += slot != REACH_NO_SLOT;
            *entry = (uint64_t)slot << 32 | successor;
        }
    }
    /* Back to their chunks in one go: threads that wrote successor by successor would share every line of the cache. */
    for (size_t c = 0, at = 0; c < chunks; ++c) {
        const size_t from = batch->starts[c][s], many = batch->starts[c][s + 1] - from;
        memcpy(batch->sorted + from, list + at, many * sizeof *list);
        at += many;
    }
    return true;
}

uint64_t reach_rank(struct reach_batch *batch)
{
    uint64_t total = 0;
    for (size_t c = 0; c < chunks_of(batch->count); ++c) {
        batch->ranks[c] = total;
        for (size_t s = 0; s < REACH_SHARDS; ++s)
            total += batch->news[s * batch->chunks + c];
    }
    return total;
}

void reach_chunk_slots(uint32_t slots[REACH_CHUNK], const struct reach_batch *batch, size_t chunk)
{
    const size_t begin = chunk * REACH_CHUNK;
    const size_t end = batch->count - begin < REACH_CHUNK ? batch->count : begin + REACH_CHUNK;
    for (size_t i = begin; i < end; ++i)
        slots[(uint32_t)batch->sorted[i] - begin] = (uint32_t)(batch->sorted[i] >> 32);
}

void reach_keep_chunk(struct reach_store *store, const struct reach_batch *batch, size_t chunk, uint64_t first,
                      uint32_t inputs)
{
    const size_t begin = chunk * REACH_CHUNK;
    const size_t end = batch->count - begin < REACH_CHUNK ? batch->count : begin + REACH_CHUNK;
    uint64_t state = store->count + batch->ranks[chunk];
    uint32_t slots[REACH_CHUNK];
    reach_chunk_slots(slots, batch, chunk);
    for (size_t i = begin; i < end; ++i) {
        if (slots[i - begin] == REACH_NO_SLOT)
            continue;
        const struct reach_part *part = reach_part_of(store, state);
        const size_t at = reach_in_part(store, state);
        memcpy(part->hidden + at * store->bytes, batch->hidden + i * store->bytes, store->bytes);
        part->automaton[at] = batch->automaton[i];
        part->parent[at] = (uint32_t)(first + (i >> inputs));
        part->symbol[at] = (uint8_t)(i & ((1u << inputs) - 1));
        store->shards[batch->shard[i]].slots[slots[i - begin]].number = (uint32_t)state + 1;
        ++state;
    }
}
