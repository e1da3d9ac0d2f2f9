/*
 * What ranks agree on, exchange and distribute (host/comm/collectives.h), and that engines keep to it, for any number of ranks: every rank checks what it gets, and
 * ends with an exit code other than 0 at the first thing that is wrong. Run by mpirun; alone it is one rank.
 *     ranks_calls [large]     large: a gather of more than 2 GiB
 */
#include "comm/transport.h"
#include <carrynet/train.h>
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
    return is ? sys_fail(CARRYNET_ERROR_IO, "the disk of %u", rank) : CARRYNET_OK;
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

static void check_agreement(carrynet_comm *comm)
{
    const uint32_t last = count - 1;
    CHECK(comm_allreduce_status(comm, CARRYNET_OK) == CARRYNET_OK);
    CHECK(comm_allreduce_status(comm, failed(rank == last)) == CARRYNET_ERROR_IO);
    CHECK(says(last, "the disk of"));
    /* What is agreed on stays as it is when it is agreed on again. */
    CHECK(comm_allreduce_status(comm, CARRYNET_ERROR_IO) == CARRYNET_ERROR_IO && says(last, "the disk of"));
    CHECK(comm_allreduce_status(comm, failed(rank >= last / 2)) == CARRYNET_ERROR_IO);
    CHECK(says(last / 2, "the disk of"));
    CHECK(comm_allreduce_status(comm, sys_fail(CARRYNET_ERROR_DEVICE, "no such device")) == CARRYNET_ERROR_DEVICE);
    CHECK(strcmp(carrynet_message(), "no such device") == 0);
    CHECK(!comm_allreduce_or(comm, false) && comm_allreduce_or(comm, rank == last) && comm_allreduce_or(comm, true));
    CHECK(comm_broadcast_flag(comm, rank == 0) && (count == 1 || !comm_broadcast_flag(comm, rank != 0)));
    CHECK(comm_check_same(comm, CARRYNET_OK, "the text", "text") == CARRYNET_OK);
    CHECK(comm_check_same(comm, failed(rank == 0), "the text", "text") == CARRYNET_ERROR_IO);
    if (count > 1) {
        char expected[100];
        CHECK(comm_check_same(comm, CARRYNET_OK, "the text", rank == last ? "b" : "a") == CARRYNET_ERROR_ARGUMENT);
        (void)snprintf(expected, sizeof expected,
                       "ranks 0 and %u differ in the text, which must be the same on all: a and b", last);
        CHECK(strcmp(carrynet_message(), expected) == 0);
    }
}

static unsigned char byte_of(uint32_t from, uint32_t to, uint64_t i)
{
    return (unsigned char)(from * 31 + to * 7 + i * 13 + i / 251);
}

static void check_gather(carrynet_comm *comm, const uint64_t *counts)
{
    uint64_t total = 0;
    unsigned char *all = NULL, *bytes = NULL;
    for (uint32_t r = 0; r < count; ++r)
        total += counts[r];
    CHECK(sys_allocate(&all, (size_t)total + 1, 1) == CARRYNET_OK);
    CHECK(sys_allocate(&bytes, (size_t)counts[rank] + 1, 1) == CARRYNET_OK);
    const uint64_t step = total < 1 << 28 ? 1 : 4099; /* of very many some */
    for (uint64_t i = 0; i < counts[rank]; i += step)
        bytes[i] = byte_of(rank, 0, i);
    memset(all, 0xee, (size_t)total + 1);
    CHECK(comm_allgather(comm, failed(rank == count - 1), all, counts, bytes) == CARRYNET_ERROR_IO);
    CHECK(says(count - 1, "the disk of"));
    CHECK(comm_allgather(comm, CARRYNET_OK, all, counts, bytes) == CARRYNET_OK);
    uint64_t at = 0;
    for (uint32_t r = 0; r < count; ++r) {
        for (uint64_t i = 0; i < counts[r]; i += step)
            CHECK(all[at + i] == byte_of(r, 0, i));
        at += counts[r];
    }
    CHECK(all[total] == 0xee);
    sys_free(bytes);
    sys_free(all);
}

static void check_exchange(carrynet_comm *comm, uint64_t size)
{
    unsigned char *sent = NULL, *received = NULL;
    CHECK(sys_allocate(&sent, count, (size_t)size + 1) == CARRYNET_OK);
    CHECK(sys_allocate(&received, count, (size_t)size + 1) == CARRYNET_OK);
    const uint64_t step = size < 1 << 28 ? 1 : 4099;
    for (uint32_t r = 0; r < count; ++r)
        for (uint64_t i = 0; i < size; i += step)
            sent[r * size + i] = byte_of(rank, r, i);
    CHECK(comm_alltoall(comm, failed(rank == 0), received, sent, size) == CARRYNET_ERROR_IO && says(0, "the disk of"));
    CHECK(comm_alltoall(comm, CARRYNET_OK, received, sent, size) == CARRYNET_OK);
    for (uint32_t r = 0; r < count; ++r)
        for (uint64_t i = 0; i < size; i += step)
            CHECK(received[r * size + i] == byte_of(r, rank, i));
    sys_free(sent);
    sys_free(received);
}

static void check_data(carrynet_comm *comm)
{
    uint64_t counts[64];
    for (uint64_t step = 0; step < 4; ++step) { /* 0: none has any */
        for (uint32_t r = 0; r < count; ++r)
            counts[r] = step * (r % 3) * 17;
        check_gather(comm, counts);
    }
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = 1000;
    check_gather(comm, counts);
    for (uint64_t size = 0; size < 400; size = size * 3 + 1)
        check_exchange(comm, size);
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

static carrynet_status work(void *self, uint64_t item, sys_text *result)
{
    struct shared *shared = self;
    ++shared->done;
    (void)nanosleep(&(struct timespec){.tv_nsec = shared->slow ? 40000000 : 1000000}, NULL);
    if (item == shared->fails)
        return sys_fail(CARRYNET_ERROR_NUMERIC, "item %u", (unsigned)item);
    shared->stopped = shared->stopped || item >= shared->stops;
    sys_text_add(result, "%u.", (unsigned)item);
    for (size_t i = 0; i < shared->bytes; ++i)
        sys_text_append(result, (const char[]){(char)byte_of(0, (uint32_t)item, i)}, 1);
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
        return sys_fail(CARRYNET_ERROR_IO, "no room for %u", (unsigned)item);
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
static carrynet_status share(carrynet_comm *comm, struct shared *shared, uint64_t items)
{
    const struct comm_work all = {items, work, take, stop, shared};
    return comm_distribute(comm, &all);
}

static void check_share_out(carrynet_comm *comm)
{
    struct shared shared = fresh();
    uint64_t each[64], counts[64];
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = sizeof each[0];
    CHECK(share(comm, &shared, 0) == CARRYNET_OK && shared.done == 0);
    shared = fresh();
    shared.slow = rank == count - 1 && count > 1;
    shared.bytes = 300;
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_OK);
    CHECK(rank != 0 || shared.taken == ITEMS);
    CHECK(comm_allgather(comm, CARRYNET_OK, each, counts, &shared.done) == CARRYNET_OK);
    uint64_t sum = 0;
    for (uint32_t r = 0; r < count; ++r)
        sum += each[r];
    CHECK(sum == ITEMS);
    CHECK(count == 1 || each[count - 1] < each[0]); /* who is slow gets fewer */
    shared = fresh();
    shared.fails = 7;
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_ERROR_NUMERIC && strstr(carrynet_message(), "item 7") != NULL);
    CHECK(shared.taken < ITEMS);
    shared = fresh();
    shared.takes_not = 3;
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_ERROR_IO && strstr(carrynet_message(), "no room for 3") != NULL);
    shared = fresh();
    shared.stops = 5; /* on whichever rank has it */
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_OK);
    CHECK(shared.taken < ITEMS && (rank != 0 || shared.taken > 5));
    /* An MPI without threads: rank 0 dispatches, no more, and hears its caller all the same. */
    const bool threads = comm->threads;
    comm->threads = false;
    shared = fresh();
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_OK && (rank != 0 || shared.taken == ITEMS));
    CHECK(count == 1 || rank != 0 || shared.done == 0);
    shared = fresh();
    shared.stopped = rank == 0;
    CHECK(share(comm, &shared, ITEMS) == CARRYNET_OK && shared.done == 0);
    comm->threads = threads;
}

/* ---- engines ---------------------------------------------------------------------------------------------------- */

/* A source that fails on the last rank at an update. */
enum { FAILS_AT = 2 };

static carrynet_status fill(void *self, uint64_t seed, uint64_t update, size_t first, size_t sequences, size_t steps,
                            uint32_t *symbols, uint32_t *targets)
{
    const carrynet_source *counter = self;
    if (rank == count - 1 && update == FAILS_AT)
        return sys_fail(CARRYNET_ERROR_IO, "the disk of %u", rank);
    return counter->fill(counter->self, seed, update, first, sequences, steps, symbols, targets);
}

static uint64_t exchanges(carrynet_comm *comm)
{
    return carrynet_comm_traffic(comm).exchanges;
}

/* Along blocks (one network), and along networks. */
static void check_engine(carrynet_comm *comm, uint32_t networks)
{
    const carrynet_engine_options options = {.device = "reference", .comm = comm};
    carrynet_settings settings;
    carrynet_engine *engine = NULL;
    carrynet_metrics metrics[64];
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.networks = networks;
    settings.shape.hidden = 3;
    settings.batch = 64 * count;
    CHECK(networks <= 64 && carrynet_engine_create(&engine, &settings, &options) == CARRYNET_OK);
    carrynet_source counter = carrynet_counter_source(&settings.task);
    const carrynet_source source = {.fill = fill, .self = &counter};
    CHECK(carrynet_engine_train(engine, &source, FAILS_AT + 5, metrics) == CARRYNET_ERROR_IO);
    CHECK(says(count - 1, "the disk of"));
    CHECK(carrynet_engine_network_configs(engine)[0].updates == FAILS_AT);
    CHECK(carrynet_engine_train(engine, &counter, 3, metrics) == CARRYNET_OK);
    /* What is nothing needs no exchange; many updates of a population need one, of a batch two each. */
    const uint64_t before = exchanges(comm);
    CHECK(carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 0, NULL) == CARRYNET_OK);
    CHECK(carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 0, NULL) == CARRYNET_OK);
    CHECK(exchanges(comm) == before);
    CHECK(carrynet_engine_train(engine, &counter, 3, NULL) == CARRYNET_OK);
    CHECK(count == 1 || exchanges(comm) - before == (networks == 1 ? 6 : 1));
    carrynet_engine_free(engine);
}

static int report(void *self, const carrynet_report *told)
{
    *(uint64_t *)self = told->updates;
    return told->updates >= 20 ? 1 : 0;
}

/* Rank 0 alone is told how it goes, and ends it. */
static void check_train(carrynet_comm *comm)
{
    const carrynet_engine_options engine = {.device = "reference", .comm = comm};
    carrynet_train_options options;
    carrynet_settings settings;
    carrynet_model *model = NULL;
    uint64_t told = 0;
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.shape.hidden = 3;
    settings.updates = 1000000;
    settings.check_every = 10;
    carrynet_train_options_init(&options);
    options.report = rank == 0 ? report : NULL;
    options.self = &told;
    CHECK(carrynet_train(&model, &settings, &engine, &options) == CARRYNET_OK);
    CHECK(told == (rank == 0 ? 20 : 0) && carrynet_model_networks_const(model)[0].updates == 20);
    carrynet_model_free(model);
}

/* More bytes than an int counts. */
static void check_large(carrynet_comm *comm)
{
    uint64_t counts[64];
    for (uint32_t r = 0; r < count; ++r)
        counts[r] = r == 0 ? ((uint64_t)1 << 31) + 12345 : 3 * r;
    check_gather(comm, counts);
    check_exchange(comm, ((uint64_t)1 << 30) + 7);
}

int main(int argc, char **argv)
{
    carrynet_comm *comm = NULL;
    uint32_t launched = 1;
    int codes[64] = {0};
    if (carrynet_comm_launched(&launched) && !carrynet_comm_built()) {
        printf("SKIP: built without MPI\n");
        return 77;
    }
    CHECK(carrynet_comm_size(NULL) == 1 && carrynet_comm_rank(NULL) == 0);
    const size_t cores = sys_cores();
    CHECK(carrynet_comm_create(&comm) == CARRYNET_OK);
    count = carrynet_comm_size(comm);
    rank = carrynet_comm_rank(comm);
    CHECK(count <= 64 && rank < count && (launched == 0 || count == launched));
    CHECK(carrynet_comm_local_size(comm) == count && carrynet_comm_local_rank(comm) == rank);
    CHECK(sys_cores() == (cores > count ? cores / count : 1)); /* not bound to cores, so all have the same */
    check_agreement(comm);
    check_data(comm);
    check_share_out(comm);
    const size_t whole = comm->chunk;
    comm->chunk = (size_t)count * 16;
    check_data(comm);
    check_share_out(comm);
    comm->chunk = whole;
    check_engine(comm, 1);
    check_engine(comm, 2 * count);
    check_train(comm);
    if (argc > 1 && strcmp(argv[1], "large") == 0)
        check_large(comm);
    carrynet_comm_measure(comm, true);
    CHECK(comm_allreduce_status(comm, CARRYNET_OK) == CARRYNET_OK);
    const carrynet_traffic traffic = carrynet_comm_traffic(comm);
    CHECK(count == 1 || (traffic.exchanges == 1 && traffic.bytes == 8 * (count - 1) && traffic.waiting >= 0));
    /* Rank 0 has something to save after a signal that the last has seen. */
    comm->error_timeout = 0.05;
    if (rank == 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    CHECK(carrynet_comm_free(comm, rank == count - 1 ? 130 : 0, codes));
    for (uint32_t r = 0; r < count; ++r)
        CHECK(codes[r] == (r == count - 1 ? 130 : 0));
    CHECK(sys_cores() == cores);
    if (rank == 0)
        printf("%u ranks\n", count);
    return 0;
}
