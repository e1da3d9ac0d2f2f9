/*
 * The states that a search has found, bit-identical ones once: pairs of automaton state and hidden values, numbered in
 * the order of discovery, each with its parent state and symbol. Hash tables find a state again. Their number of shards
 * is fixed, so that threads share the work without changing the result.
 */
#ifndef PROVE_REACH_STATES_H
#define PROVE_REACH_STATES_H

#include "platform/platform.h"

#define REACH_MOST_STATES UINT64_C(4000000000) /* states and the successors of a batch are numbered in 32 bits */

enum {
    REACH_SHARDS = 64,
    REACH_CHUNK = 1024,     /* successors that a thread takes at a time */
    REACH_BATCH = 1 << 18,  /* most successors of a batch */
    REACH_PART = 8 << 20,   /* bytes of hidden values in a part of the store, about */
    REACH_FIRST = 1024,     /* initial capacity of the first part, in states */
    REACH_LEAST_SLOTS = 64, /* of a shard */
    REACH_LINK = 6          /* bytes of a state beside its hidden values: parent, symbol, automaton state */
};
#define REACH_NO_SLOT UINT32_MAX

struct reach_slot {
    uint32_t tag;    /* 24 bits of the hash, at which probing starts, and the automaton state */
    uint32_t number; /* of a state, from 1; 0: free */
};

/* Consecutive states in one block of memory. */
struct reach_part {
    char *hidden;       /* [capacity][bytes] */
    uint32_t *parent;   /* [capacity] */
    uint8_t *symbol;    /* [capacity] symbol that led here */
    uint8_t *automaton; /* [capacity] */
    size_t capacity;
};

struct reach_shard {
    struct reach_slot *slots; /* [capacity] */
    uint32_t capacity, used;
};

struct reach_store {
    size_t bytes;   /* of one state's hidden values */
    uint32_t shift; /* 2^shift states per part */
    size_t parts, parts_capacity;
    struct reach_part *part; /* [parts] of 2^shift states */
    uint64_t count;
    struct reach_shard shards[REACH_SHARDS];
};

/* The successors of some states, and the result of their lookup. */
struct reach_batch {
    size_t capacity, chunks; /* of the capacity */
    size_t count;
    char *hidden;       /* [count][bytes] */
    uint8_t *automaton; /* [count] */
    uint8_t *shard;     /* [count] */
    uint64_t *sorted;   /* [count] tag << 32 | number, each chunk sorted by shard; then slot instead of tag */
    uint64_t *listed;   /* [count] the same, by shard */
    uint32_t (*starts)[REACH_SHARDS + 1]; /* [chunks] offsets in sorted */
    uint32_t *news;                       /* [REACH_SHARDS][chunks] new states */
    uint64_t *ranks;                      /* [chunks] new states before the chunk */
};

/* Creates an empty store of states with `bytes` bytes of hidden values each. */
void reach_store_create(struct reach_store *store, size_t bytes);
void reach_store_free(struct reach_store *store);

/* Approximate bytes of a store of so many states: how full the tables are depends on chance. */
uint64_t reach_store_memory(size_t bytes, uint64_t states);

/* Creates a batch for `capacity` successors. MEMORY. */
carrynet_status reach_batch_create(struct reach_batch *batch, size_t bytes, size_t capacity);
void reach_batch_free(struct reach_batch *batch);
uint64_t reach_batch_memory(size_t bytes, size_t capacity);

static inline const struct reach_part *reach_part_of(const struct reach_store *store, uint64_t state)
{
    return &store->part[state >> store->shift];
}

static inline size_t reach_in_part(const struct reach_store *store, uint64_t state)
{
    return (size_t)(state & (((uint64_t)1 << store->shift) - 1));
}

static inline char *reach_hidden(const struct reach_store *store, uint64_t state)
{
    return reach_part_of(store, state)->hidden + reach_in_part(store, state) * store->bytes;
}

static inline uint8_t reach_automaton(const struct reach_store *store, uint64_t state)
{
    return reach_part_of(store, state)->automaton[reach_in_part(store, state)];
}

/* The parent of a state; *symbol becomes the symbol that led from the parent to the state. */
static inline uint32_t reach_parent(const struct reach_store *store, uint64_t state, uint8_t *symbol)
{
    const size_t at = reach_in_part(store, state);
    *symbol = reach_part_of(store, state)->symbol[at];
    return reach_part_of(store, state)->parent[at];
}

/* Puts the first state into the empty store. MEMORY. */
carrynet_status reach_store_root(struct reach_store *store, const void *hidden, uint8_t automaton);

/* Sorts the successors of a chunk by shard. */
void reach_sort_chunk(struct reach_batch *batch, const struct reach_store *store, size_t chunk);

/* Reserves room in the store for all states that a batch may add. MEMORY. */
carrynet_status reach_reserve(struct reach_store *store, uint64_t states);

/*
 * Looks up the successors of a shard in order of their numbers and inserts the new ones. False if memory is short.
 */
bool reach_insert_shard(struct reach_store *store, struct reach_batch *batch, size_t shard);

/* Prefix sums of the new states before every chunk; returns their total. */
uint64_t reach_rank(struct reach_batch *batch);

/* The slots of a chunk's new states in their shards, by successor; REACH_NO_SLOT: a known state. */
void reach_chunk_slots(uint32_t slots[REACH_CHUNK], const struct reach_batch *batch, size_t chunk);

/*
 * Copies the new states of a chunk to the store, which must have room. Successor i has parent first + (i >> inputs).
 */
void reach_keep_chunk(struct reach_store *store, const struct reach_batch *batch, size_t chunk, uint64_t first,
                      uint32_t inputs);

#endif
