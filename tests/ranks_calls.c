/*
 * What ranks agree on, exchange and share out (host/ranks/collective.h), for any number of ranks: every rank checks what it gets, and
 * ends with an exit code other than 0 at the first thing that is wrong. Run by mpirun; alone it is one rank.
 *     ranks_calls [large]     large: a gather of more than 2 GiB
 */
#include "ranks/link.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint32_t rank, count;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            (void)fprintf(stderr, "rank %u of %u: line %d: %s; %s\n", rank, count, __LINE__, #condition,               \
                          carrynet_message());                                                                         \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static carrynet_status failed(bool is)
{
    return is ? base_fail(CARRYNET_ERROR_IO, "the disk of %u", rank) : CARRYNET_OK;
}

/* "rank R: the disk of R", or without its head among one. */
static bool says(uint32_t who, const char *what)
{
    char text[200];
    if (count > 1)
        (void)snprintf(text, sizeof text, "rank %u: %s %u", who, what, who);
    else
        (void)snprintf(text, sizeof text, "%s %u", what, who);
    return strcmp(carrynet_message(), text) == 0;
}

static void check_agreement(carrynet_ranks *ranks)
{
    const uint32_t last = count - 1;
    CHECK(ranks_agree(ranks, CARRYNET_OK) == CARRYNET_OK);
    CHECK(ranks_agree(ranks, failed(rank == last)) == CARRYNET_ERROR_IO);
    CHECK(says(last, "the disk of"));
    /* What is agreed on stays as it is when it is agreed on again. */
    CHECK(ranks_agree(ranks, CARRYNET_ERROR_IO) == CARRYNET_ERROR_IO && says(last, "the disk of"));
    CHECK(ranks_agree(ranks, failed(rank >= last / 2)) == CARRYNET_ERROR_IO);
    CHECK(says(last / 2, "the disk of"));
    CHECK(ranks_agree(ranks, base_fail(CARRYNET_ERROR_DEVICE, "no such device")) == CARRYNET_ERROR_DEVICE);
    CHECK(strcmp(carrynet_message(), "no such device") == 0);
    CHECK(!ranks_any(ranks, false) && ranks_any(ranks, rank == last) && ranks_any(ranks, true));
    CHECK(ranks_first(ranks, rank == 0) && (count == 1 || !ranks_first(ranks, rank != 0)));
    CHECK(ranks_same(ranks, CARRYNET_OK, "the text", "text") == CARRYNET_OK);
    CHECK(ranks_same(ranks, failed(rank == 0), "the text", "text") == CARRYNET_ERROR_IO);
    if (count > 1) {
        char expected[100];
        CHECK(ranks_same(ranks, CARRYNET_OK, "the text", rank == last ? "b" : "a") == CARRYNET_ERROR_ARGUMENT);
        (void)snprintf(expected, sizeof expected,
                       "ranks 0 and %u differ in the text, which must be the same on all: a and b", last);
        CHECK(strcmp(carrynet_message(), expected) == 0);
    }
}

static unsigned char byte_of(uint32_t from, uint32_t to, uint64_t i)
{
    return (unsigned char)(from * 31 + to * 7 + i * 13 + i / 251);
}

static void check_gather(carrynet_ranks *ranks, const uint64_t *counts)
{
    uint64_t total = 0;
    unsigned char *all = NULL, *bytes = NULL;
    for (uint32_t r = 0; r < count; ++r)
        total += counts[r];
    CHECK(base_allocate(&all, (size_t)total + 1, 1) == CARRYNET_OK);
    CHECK(base_allocate(&bytes, (size_t)counts[rank] + 1, 1) == CARRYNET_OK);
    const uint64_t step = total < 1 << 28 ? 1 : 4099; /* of very many some */
    for (uint64_t i = 0; i < counts[rank]; i += step)
        bytes[i] = byte_of(rank, 0, i);
    memset(all, 0xee, (size_t)total + 1);
    CHECK(ranks_gather(ranks, failed(rank == count - 1), all, counts, bytes) == CARRYNET_ERROR_IO);
    CHECK(says(count - 1, "the disk of"));
    CHECK(ranks_gather(ranks, CARRYNET_OK, all, counts, bytes) == CARRYNET_OK);
    uint64_t at = 0;
    for (uint32_t r = 0; r < count; ++r) {
        for (uint64_t i = 0; i < counts[r]; i += step)
            CHECK(all[at + i] == byte_of(r, 0, i));
        at += counts[r];
    }
    CHECK(all[total] == 0xee);
    base_free(bytes);
    base_free(all);
}

static void check_exchange(carrynet_ranks *ranks, uint64_t size)
{
    unsigned char *sent = NULL, *received = NULL;
    CHECK(base_allocate(&sent, count, (size_t)size + 1) == CARRYNET_OK);
    CHECK(base_allocate(&received, count, (size_t)size + 1) == CARRYNET_OK);
    const uint64_t step = size < 1 << 28 ? 1 : 4099;
    for (uint32_t r = 0; r < count; ++r)
        for (uint64_t i = 0; i < size; i += step)
            sent[r * size + i] = byte_of(rank, r, i);
    CHECK(ranks_exchange(ranks, failed(rank == 0), received, sent, size) == CARRYNET_ERROR_IO &&
          says(0, "the disk of"));
    CHECK(ranks_exchange(ranks, CARRYNET_OK, received, sent, size) == CARRYNET_OK);
    for (uint32_t r = 0; r < count; ++r)
        for (uint64_t i = 0; i < size; i += step)
            CHECK(received[r * size + i] == byte_of(r, rank, i));
    base_free(sent);
    base_free(received);
}

static void check_data(carrynet_ranks *ranks)
{
    uint64_t counts[64];
    for (uint64_t step = 0; step < 4; ++step) { /* 0: none has any */
        for (uint32_t r = 0; r < count; ++r)
            counts[r] = step * (r % 3) * 17;
        check_gather(ranks, counts);
    }
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = 1000;
    check_gather(ranks, counts);
    for (uint64_t size = 0; size < 400; size = size * 3 + 1)
        check_exchange(ranks, size);
}

/* ---- shared work ------------------------------------------------------------------------------------------------ */

enum { ITEMS = 20 };

struct shared {
    uint64_t fails, takes_not, stops; /* the item at which it does so */
    uint64_t done, taken;
    bool seen[ITEMS], stopped;
    size_t bytes;
    bool slow;
};

static carrynet_status work(void *self, uint64_t item, base_text *result)
{
    struct shared *shared = self;
    ++shared->done;
    (void)nanosleep(&(struct timespec){.tv_nsec = shared->slow ? 40000000 : 1000000}, NULL);
    if (item == shared->fails)
        return base_fail(CARRYNET_ERROR_NUMERIC, "item %u", (unsigned)item);
    shared->stopped = shared->stopped || item >= shared->stops;
    base_text_add(result, "%u.", (unsigned)item);
    for (size_t i = 0; i < shared->bytes; ++i)
        base_text_append(result, (const char[]){(char)byte_of(0, (uint32_t)item, i)}, 1);
    return CARRYNET_OK;
}

static carrynet_status take(void *self, uint64_t item, const char *result, size_t size)
{
    struct shared *shared = self;
    char head[24];
    CHECK(rank == 0 && item < ITEMS && !shared->seen[item]);
    (void)snprintf(head, sizeof head, "%u.", (unsigned)item);
    CHECK(size == strlen(head) + shared->bytes && memcmp(result, head, strlen(head)) == 0);
    for (size_t i = 0; i < shared->bytes; ++i)
        CHECK((unsigned char)result[strlen(head) + i] == byte_of(0, (uint32_t)item, i));
    if (item == shared->takes_not)
        return base_fail(CARRYNET_ERROR_IO, "no room for %u", (unsigned)item);
    shared->seen[item] = true;
    ++shared->taken;
    return CARRYNET_OK;
}

static bool stop(void *self)
{
    const struct shared *shared = self;
    return shared->stopped;
}

static struct shared fresh(void)
{
    return (struct shared){.fails = UINT64_MAX, .takes_not = UINT64_MAX, .stops = UINT64_MAX};
}

/* Returns how many items each rank has worked at, as a sum, and checks that it is all of them where all was well. */
static carrynet_status share(carrynet_ranks *ranks, struct shared *shared, uint64_t items)
{
    const struct ranks_work all = {items, work, take, stop, shared};
    return ranks_share_out(ranks, &all);
}

static void check_share_out(carrynet_ranks *ranks)
{
    struct shared shared = fresh();
    uint64_t each[64], counts[64];
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = sizeof each[0];
    CHECK(share(ranks, &shared, 0) == CARRYNET_OK && shared.done == 0);
    shared = fresh();
    shared.slow = rank == count - 1 && count > 1;
    shared.bytes = 300;
    CHECK(share(ranks, &shared, ITEMS) == CARRYNET_OK);
    CHECK(rank != 0 || shared.taken == ITEMS);
    CHECK(ranks_gather(ranks, CARRYNET_OK, each, counts, &shared.done) == CARRYNET_OK);
    uint64_t sum = 0;
    for (uint32_t r = 0; r < count; ++r)
        sum += each[r];
    CHECK(sum == ITEMS);
    CHECK(count == 1 || each[count - 1] < each[0]); /* who is slow gets fewer */
    shared = fresh();
    shared.fails = 7;
    CHECK(share(ranks, &shared, ITEMS) == CARRYNET_ERROR_NUMERIC && strstr(carrynet_message(), "item 7") != NULL);
    CHECK(shared.taken < ITEMS);
    shared = fresh();
    shared.takes_not = 3;
    CHECK(share(ranks, &shared, ITEMS) == CARRYNET_ERROR_IO && strstr(carrynet_message(), "no room for 3") != NULL);
    shared = fresh();
    shared.stops = 5; /* on whichever rank has it */
    CHECK(share(ranks, &shared, ITEMS) == CARRYNET_OK);
    CHECK(shared.taken < ITEMS && (rank != 0 || shared.taken > 5));
}

/* More bytes than an int counts. */
static void check_large(carrynet_ranks *ranks)
{
    uint64_t counts[64];
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = r == 0 ? ((uint64_t)1 << 31) + 12345 : 3 * r;
    check_gather(ranks, counts);
    check_exchange(ranks, ((uint64_t)1 << 30) + 7);
}

int main(int argc, char **argv)
{
    carrynet_ranks *ranks = NULL;
    uint32_t launched = 1;
    int codes[64] = {0};
    if (carrynet_ranks_launched(&launched) && !carrynet_ranks_built()) {
        printf("SKIP: built without MPI\n");
        return 77;
    }
    CHECK(carrynet_ranks_count(NULL) == 1 && carrynet_ranks_rank(NULL) == 0);
    const size_t cores = base_cores();
    CHECK(carrynet_ranks_create(&ranks) == CARRYNET_OK);
    count = carrynet_ranks_count(ranks);
    rank = carrynet_ranks_rank(ranks);
    CHECK(count <= 64 && rank < count && (launched == 0 || count == launched));
    CHECK(carrynet_ranks_local_count(ranks) == count && carrynet_ranks_local_rank(ranks) == rank);
    CHECK(base_cores() == (cores > count ? cores / count : 1)); /* not bound to cores, so all have the same */
    check_agreement(ranks);
    check_data(ranks);
    check_share_out(ranks);
    const size_t whole = ranks->portion;
    ranks->portion = (size_t)count * 16;
    check_data(ranks);
    check_share_out(ranks);
    ranks->portion = whole;
    if (argc > 1 && strcmp(argv[1], "large") == 0)
        check_large(ranks);
    carrynet_ranks_measure(ranks, true);
    CHECK(ranks_agree(ranks, CARRYNET_OK) == CARRYNET_OK);
    const carrynet_traffic traffic = carrynet_ranks_traffic(ranks);
    CHECK(count == 1 || (traffic.exchanges == 1 && traffic.bytes == 8 * (count - 1) && traffic.waiting >= 0));
    CHECK(carrynet_ranks_free(ranks, rank == count - 1 ? 5 : 0, codes));
    for (uint32_t r = 0; r < count; ++r)
        CHECK(codes[r] == (r == count - 1 ? 5 : 0));
    CHECK(base_cores() == cores);
    if (rank == 0)
        printf("%u ranks\n", count);
    return 0;
}
