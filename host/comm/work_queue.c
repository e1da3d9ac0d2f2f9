/*
 * Work handed out as ranks become free. Rank 0 has a desk: a thread that alone calls MPI meanwhile, while the caller's
 * works at items too. The others ask, with the result of their last item; who finds nothing more is answered at the end.
 *     question: struct ask, then `size` bytes, the result or the message of an error, in pieces of a stage
 *     answer:   struct answer, then the message of an error, likewise
 * Whoever waits sleeps between looks, since items take long and cores may be short.
 */
#include "comm/transport.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

struct ask {
    uint64_t item, size;
    int32_t status;
    uint8_t has_result, stopped, unused[2];
};

struct answer {
    uint64_t item, size;
    int32_t status;
    uint8_t has_item, unused[3];
};

/* What the two threads of rank 0 share. */
struct desk {
    carrynet_comm *comm;
    const struct comm_work *work;
    pthread_mutex_t lock, taking;
    uint64_t next;
    bool ended;
    bool alone;             /* the desk has no thread of its own: it does not work, and asks for the wish to stop */
    carrynet_status status; /* the first error, and its message */
    base_text message;
};

/* Some time for others, more with every turn. */
static void rest(unsigned *turn)
{
    const long nanoseconds = *turn < 6 ? 20000L << *turn : 1000000L;
    ++*turn;
    (void)nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

static bool is_stopped(const struct comm_work *work)
{
    return work->stop != NULL && work->stop(work->self);
}

/* One item here: its status, which a result that memory was short for changes. */
static carrynet_status work_at(const struct comm_work *work, uint64_t item, base_text *result)
{
    const carrynet_status status = work->work(work->self, item, result);
    if (status == CARRYNET_OK && result->failed)
        return base_fail(CARRYNET_ERROR_MEMORY, "no memory for a result");
    return status;
}

static carrynet_status alone(const struct comm_work *work)
{
    carrynet_status status = CARRYNET_OK;
    for (uint64_t item = 0; item < work->count && status == CARRYNET_OK && !is_stopped(work); ++item) {
        base_text result = {0};
        status = work_at(work, item, &result);
        if (status == CARRYNET_OK)
            status = work->take(work->self, item, result.data, result.size);
        base_text_free(&result);
    }
    return status;
}

/* ---- the desk --------------------------------------------------------------------------------------------------- */

static void end(struct desk *desk)
{
    (void)pthread_mutex_lock(&desk->lock);
    desk->ended = true;
    (void)pthread_mutex_unlock(&desk->lock);
}

static void end_with(struct desk *desk, carrynet_status status, uint32_t rank, const char *message)
{
    (void)pthread_mutex_lock(&desk->lock);
    desk->ended = true;
    if (desk->status == CARRYNET_OK) {
        desk->status = status;
        base_text_add(&desk->message, "rank %u: %s", rank, message);
    }
    (void)pthread_mutex_unlock(&desk->lock);
}

static bool hand_out(struct desk *desk, uint64_t *item)
{
    (void)pthread_mutex_lock(&desk->lock);
    const bool is = !desk->ended && desk->next < desk->work->count;
    if (is)
        *item = desk->next++;
    (void)pthread_mutex_unlock(&desk->lock);
    return is;
}

static void take(struct desk *desk, uint64_t item, const base_text *result)
{
    (void)pthread_mutex_lock(&desk->taking);
    const carrynet_status status = desk->work->take(desk->work->self, item, result->data, result->size);
    if (status != CARRYNET_OK)
        end_with(desk, status, 0, carrynet_message());
    (void)pthread_mutex_unlock(&desk->taking);
}

/* Items in the caller's thread, until there are no more. */
static void work_at_desk(struct desk *desk)
{
    uint64_t item;
    for (;;) {
        if (is_stopped(desk->work))
            end(desk);
        if (!hand_out(desk, &item))
            return;
        base_text result = {0};
        const carrynet_status status = work_at(desk->work, item, &result);
        if (status == CARRYNET_OK)
            take(desk, item, &result);
        else
            end_with(desk, status, 0, carrynet_message());
        base_text_free(&result);
    }
}

static carrynet_status receive_text(carrynet_comm *comm, uint32_t from, base_text *text, uint64_t size)
{
    carrynet_status status = CARRYNET_OK;
    while (size > 0 && status == CARRYNET_OK) {
        const size_t now = size < comm->portion ? (size_t)size : comm->portion;
        status = transport_receive(comm, from, comm->in, now);
        if (status == CARRYNET_OK)
            base_text_append(text, (const char *)comm->in, now); /* what memory is short for goes by */
        size -= now;
    }
    return status;
}

static carrynet_status send_text(carrynet_comm *comm, uint32_t to, const char *text, uint64_t size)
{
    carrynet_status status = CARRYNET_OK;
    while (size > 0 && status == CARRYNET_OK) {
        const size_t now = size < comm->portion ? (size_t)size : comm->portion;
        status = transport_send(comm, to, text, now);
        text += now;
        size -= now;
    }
    return status;
}

/* One question and, unless there is nothing more, its answer; *parked otherwise. */
static carrynet_status serve_one(struct desk *desk, uint32_t from, bool *parked)
{
    carrynet_comm *comm = desk->comm;
    struct answer answer = {.has_item = 1};
    struct ask ask;
    base_text text = {0};
    carrynet_status status = transport_receive(comm, from, &ask, sizeof ask);
    if (status == CARRYNET_OK)
        status = receive_text(comm, from, &text, ask.size);
    if (status == CARRYNET_OK && ask.stopped)
        end(desk);
    if (status == CARRYNET_OK && ask.status != CARRYNET_OK)
        end_with(desk, (carrynet_status)ask.status, from, text.data != NULL ? text.data : "no memory for its message");
    else if (status == CARRYNET_OK && ask.has_result && text.failed)
        end_with(desk, CARRYNET_ERROR_MEMORY, 0, "no memory for a result");
    else if (status == CARRYNET_OK && ask.has_result)
        take(desk, ask.item, &text);
    base_text_free(&text);
    *parked = status == CARRYNET_OK && !hand_out(desk, &answer.item);
    if (status == CARRYNET_OK && !*parked)
        status = transport_send(comm, from, &answer, sizeof answer);
    return status;
}

/* The desk's thread: until nobody has an item any more. */
static void *serve(void *shared)
{
    struct desk *desk = shared;
    uint32_t parked = 0;
    unsigned turn = 0;
    while (parked + 1 < desk->comm->count) {
        bool waits = false, is_parked = false;
        uint32_t from = UINT32_MAX;
        if (desk->alone && is_stopped(desk->work))
            end(desk);
        carrynet_status status = transport_probe(desk->comm, &waits, &from);
        if (status == CARRYNET_OK && waits)
            status = serve_one(desk, from, &is_parked);
        if (status != CARRYNET_OK) {
            end_with(desk, status, 0, carrynet_message());
            break;
        }
        parked += is_parked ? 1 : 0;
        if (waits)
            turn = 0;
        else
            rest(&turn);
    }
    return NULL;
}

/* All at rank 0. */
static carrynet_status desk_run(carrynet_comm *comm, const struct comm_work *work)
{
    struct desk desk = {.comm = comm, .work = work};
    sigset_t all, before;
    pthread_t server;
    (void)pthread_mutex_init(&desk.lock, NULL);
    (void)pthread_mutex_init(&desk.taking, NULL);
    /* Signals stay with the caller. */
    const bool quiet = sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    const bool threaded = comm->threads && pthread_create(&server, NULL, serve, &desk) == 0;
    if (quiet)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (threaded) {
        work_at_desk(&desk);
        (void)pthread_join(server, NULL);
    } else {
        desk.alone = true;
        (void)serve(&desk); /* and what is left, where nobody else is: nothing */
    }
    const char *message = desk.message.data != NULL ? desk.message.data : "no memory for the message";
    const struct answer answer = {.status = (int32_t)desk.status,
                                  .size = desk.status == CARRYNET_OK ? 0 : strlen(message)};
    carrynet_status status = CARRYNET_OK;
    for (uint32_t r = 1; r < comm->count && status == CARRYNET_OK; ++r) {
        status = transport_send(comm, r, &answer, sizeof answer);
        if (status == CARRYNET_OK)
            status = send_text(comm, r, message, answer.size);
    }
    if (desk.status != CARRYNET_OK)
        status = base_fail(desk.status, "%s", message);
    base_text_free(&desk.message);
    (void)pthread_mutex_destroy(&desk.taking);
    (void)pthread_mutex_destroy(&desk.lock);
    return status;
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

static carrynet_status wait_for_answer(carrynet_comm *comm, struct answer *answer)
{
    carrynet_status status = CARRYNET_OK;
    bool waits = false;
    unsigned turn = 0;
    while (status == CARRYNET_OK && !waits) {
        uint32_t from = 0;
        status = transport_probe(comm, &waits, &from);
        if (status == CARRYNET_OK && !waits)
            rest(&turn);
    }
    return status == CARRYNET_OK ? transport_receive(comm, 0, answer, sizeof *answer) : status;
}

static carrynet_status work_for_desk(carrynet_comm *comm, const struct comm_work *work)
{
    struct ask ask = {0};
    struct answer answer;
    base_text text = {0};
    carrynet_status status;
    for (;;) {
        ask.stopped = is_stopped(work);
        ask.size = ask.status == CARRYNET_OK ? text.size : strlen(carrynet_message());
        status = transport_send(comm, 0, &ask, sizeof ask);
        if (status == CARRYNET_OK)
            status = send_text(comm, 0, ask.status == CARRYNET_OK ? text.data : carrynet_message(), ask.size);
        base_text_free(&text);
        if (status == CARRYNET_OK)
            status = wait_for_answer(comm, &answer);
        if (status != CARRYNET_OK || !answer.has_item)
            break;
        ask = (struct ask){.item = answer.item, .has_result = 1};
        ask.status = (int32_t)work_at(work, answer.item, &text);
    }
    if (status == CARRYNET_OK && answer.status != CARRYNET_OK) {
        status = receive_text(comm, 0, &text, answer.size);
        if (status == CARRYNET_OK)
            status = base_fail((carrynet_status)answer.status, "%s", text.data != NULL ? text.data : "no memory");
        base_text_free(&text);
    }
    return status;
}

carrynet_status comm_distribute(carrynet_comm *comm, const struct comm_work *work)
{
    if (carrynet_comm_size(comm) == 1)
        return alone(work);
    return carrynet_comm_rank(comm) == 0 ? desk_run(comm, work) : work_for_desk(comm, work);
}
