/*
 * The work queue of collectives.h. On rank 0 a server thread dispatches items and is the only one that calls MPI meanwhile,
 * while the caller's thread runs items too. The other ranks send a request, with the result of their last item, and get
 * an item as the answer; when none is left, the answer comes at the end, with the status of the whole.
 *     request: struct request, then `size` bytes in chunks: the result, or the message of an error
 *     answer:  struct answer, then the message of an error, likewise
 * Waiting is polling with exponential back-off, since items take long and there may be more ranks than cores.
 */
#include "comm/transport.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

struct request {
    uint64_t item, size;
    int32_t status;
    uint8_t has_result, stopped, unused[2];
};

struct answer {
    uint64_t item, size;
    int32_t status;
    uint8_t has_item, unused[3];
};

/* Shared by the two threads of rank 0. */
struct queue {
    carrynet_comm *comm;
    const struct comm_work *work;
    pthread_mutex_t lock, collecting;
    uint64_t next;
    bool ended;
    bool unthreaded;        /* the caller's thread is the server: it runs no items, and polls work->stop */
    carrynet_status status; /* the first error, and its message */
    sys_text message;
};

/* Sleeps, twice as long with every turn, up to a millisecond. */
static void back_off(unsigned *turn)
{
    const long nanoseconds = *turn < 6 ? 20000L << *turn : 1000000L;
    ++*turn;
    (void)nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

static bool is_stopped(const struct comm_work *work)
{
    return work->stop != NULL && work->stop(work->self);
}

/* Runs one item; MEMORY if there was none for its result. */
static carrynet_status run_item(const struct comm_work *work, uint64_t item, sys_text *result)
{
    const carrynet_status status = work->run(work->self, item, result);
    if (status == CARRYNET_OK && result->failed)
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a result");
    return status;
}

static carrynet_status run_alone(const struct comm_work *work)
{
    carrynet_status status = CARRYNET_OK;
    for (uint64_t item = 0; item < work->count && status == CARRYNET_OK && !is_stopped(work); ++item) {
        sys_text result = {0};
        status = run_item(work, item, &result);
        if (status == CARRYNET_OK)
            status = work->collect(work->self, item, result.data, result.size);
        sys_text_free(&result);
    }
    return status;
}

/* ---- rank 0 ----------------------------------------------------------------------------------------------------- */

static void end_queue(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->ended = true;
    (void)pthread_mutex_unlock(&queue->lock);
}

static void fail_queue(struct queue *queue, carrynet_status status, uint32_t rank, const char *message)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->ended = true;
    if (queue->status == CARRYNET_OK) {
        queue->status = status;
        sys_text_add(&queue->message, "rank %u: %s", rank, message);
    }
    (void)pthread_mutex_unlock(&queue->lock);
}

static bool dispatch(struct queue *queue, uint64_t *item)
{
    (void)pthread_mutex_lock(&queue->lock);
    const bool is = !queue->ended && queue->next < queue->work->count;
    if (is)
        *item = queue->next++;
    (void)pthread_mutex_unlock(&queue->lock);
    return is;
}

static void collect(struct queue *queue, uint64_t item, const sys_text *result)
{
    (void)pthread_mutex_lock(&queue->collecting);
    const carrynet_status status = queue->work->collect(queue->work->self, item, result->data, result->size);
    if (status != CARRYNET_OK)
        fail_queue(queue, status, 0, carrynet_message());
    (void)pthread_mutex_unlock(&queue->collecting);
}

/* Items in the caller's thread, until none is left. */
static void run_local_items(struct queue *queue)
{
    uint64_t item;
    for (;;) {
        if (is_stopped(queue->work))
            end_queue(queue);
        if (!dispatch(queue, &item))
            return;
        sys_text result = {0};
        const carrynet_status status = run_item(queue->work, item, &result);
        if (status == CARRYNET_OK)
            collect(queue, item, &result);
        else
            fail_queue(queue, status, 0, carrynet_message());
        sys_text_free(&result);
    }
}

/* If memory is short, text->failed says so, and the rest is received all the same. */
static carrynet_status receive_text(carrynet_comm *comm, uint32_t from, sys_text *text, uint64_t size)
{
    carrynet_status status = CARRYNET_OK;
    while (size > 0 && status == CARRYNET_OK) {
        const size_t now = size < comm->chunk ? (size_t)size : comm->chunk;
        status = transport_receive(comm, from, comm->recv, now);
        if (status == CARRYNET_OK)
            sys_text_append(text, (const char *)comm->recv, now);
        size -= now;
    }
    return status;
}

static carrynet_status send_text(carrynet_comm *comm, uint32_t to, const char *text, uint64_t size)
{
    carrynet_status status = CARRYNET_OK;
    while (size > 0 && status == CARRYNET_OK) {
        const size_t now = size < comm->chunk ? (size_t)size : comm->chunk;
        status = transport_send(comm, to, text, now);
        text += now;
        size -= now;
    }
    return status;
}

/* Receives one request and answers it with an item; *idle: none is left, so the answer has to wait. */
static carrynet_status answer_one(struct queue *queue, uint32_t from, bool *idle)
{
    carrynet_comm *comm = queue->comm;
    struct answer answer = {.has_item = 1};
    struct request request;
    sys_text text = {0};
    carrynet_status status = transport_receive(comm, from, &request, sizeof request);
    if (status == CARRYNET_OK)
        status = receive_text(comm, from, &text, request.size);
    if (status == CARRYNET_OK && request.stopped)
        end_queue(queue);
    if (status == CARRYNET_OK && request.status != CARRYNET_OK)
        fail_queue(queue, (carrynet_status)request.status, from,
                   text.data != NULL ? text.data : "no memory for its message");
    else if (status == CARRYNET_OK && request.has_result && text.failed)
        fail_queue(queue, CARRYNET_ERROR_MEMORY, 0, "no memory for a result");
    else if (status == CARRYNET_OK && request.has_result)
        collect(queue, request.item, &text);
    sys_text_free(&text);
    *idle = status == CARRYNET_OK && !dispatch(queue, &answer.item);
    if (status == CARRYNET_OK && !*idle)
        status = transport_send(comm, from, &answer, sizeof answer);
    return status;
}

/* The server: until every other rank is idle. */
static void *answer_requests(void *shared)
{
    struct queue *queue = shared;
    uint32_t idle = 0;
    unsigned turn = 0;
    while (idle + 1 < queue->comm->count) {
        bool waits = false, is_idle = false;
        uint32_t from = UINT32_MAX;
        if (queue->unthreaded && is_stopped(queue->work))
            end_queue(queue);
        carrynet_status status = transport_probe(queue->comm, &waits, &from);
        if (status == CARRYNET_OK && waits)
            status = answer_one(queue, from, &is_idle);
        if (status != CARRYNET_OK) {
            fail_queue(queue, status, 0, carrynet_message());
            break;
        }
        idle += is_idle ? 1 : 0;
        if (waits)
            turn = 0;
        else
            back_off(&turn);
    }
    return NULL;
}

/* The whole of rank 0. */
static carrynet_status run_queue(carrynet_comm *comm, const struct comm_work *work)
{
    struct queue queue = {.comm = comm, .work = work};
    sigset_t all, before;
    pthread_t server;
    (void)pthread_mutex_init(&queue.lock, NULL);
    (void)pthread_mutex_init(&queue.collecting, NULL);
    /* Signals are delivered to the caller's thread. */
    const bool quiet = sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    const bool threaded = comm->threads && pthread_create(&server, NULL, answer_requests, &queue) == 0;
    if (quiet)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (threaded) {
        run_local_items(&queue);
        (void)pthread_join(server, NULL);
    } else {
        queue.unthreaded = true;
        (void)answer_requests(&queue);
    }
    const char *message = queue.message.data != NULL ? queue.message.data : "no memory for the message";
    const struct answer answer = {.status = (int32_t)queue.status,
                                  .size = queue.status == CARRYNET_OK ? 0 : strlen(message)};
    carrynet_status status = CARRYNET_OK;
    for (uint32_t r = 1; r < comm->count && status == CARRYNET_OK; ++r) {
        status = transport_send(comm, r, &answer, sizeof answer);
        if (status == CARRYNET_OK)
            status = send_text(comm, r, message, answer.size);
    }
    if (queue.status != CARRYNET_OK)
        status = sys_fail(queue.status, "%s", message);
    sys_text_free(&queue.message);
    (void)pthread_mutex_destroy(&queue.collecting);
    (void)pthread_mutex_destroy(&queue.lock);
    return status;
}

/* ---- other ranks ------------------------------------------------------------------------------------------------ */

static carrynet_status wait_for_answer(carrynet_comm *comm, struct answer *answer)
{
    carrynet_status status = CARRYNET_OK;
    bool waits = false;
    unsigned turn = 0;
    while (status == CARRYNET_OK && !waits) {
        uint32_t from = 0;
        status = transport_probe(comm, &waits, &from);
        if (status == CARRYNET_OK && !waits)
            back_off(&turn);
    }
    return status == CARRYNET_OK ? transport_receive(comm, 0, answer, sizeof *answer) : status;
}

static carrynet_status run_dispatched_items(carrynet_comm *comm, const struct comm_work *work)
{
    struct request request = {0};
    struct answer answer;
    sys_text text = {0};
    carrynet_status status;
    for (;;) {
        request.stopped = is_stopped(work);
        request.size = request.status == CARRYNET_OK ? text.size : strlen(carrynet_message());
        status = transport_send(comm, 0, &request, sizeof request);
        if (status == CARRYNET_OK)
            status = send_text(comm, 0, request.status == CARRYNET_OK ? text.data : carrynet_message(), request.size);
        sys_text_free(&text);
        if (status == CARRYNET_OK)
            status = wait_for_answer(comm, &answer);
        if (status != CARRYNET_OK || !answer.has_item)
            break;
        request = (struct request){.item = answer.item, .has_result = 1};
        request.status = (int32_t)run_item(work, answer.item, &text);
    }
    if (status == CARRYNET_OK && answer.status != CARRYNET_OK) {
        status = receive_text(comm, 0, &text, answer.size);
        if (status == CARRYNET_OK)
            status = sys_fail((carrynet_status)answer.status, "%s", text.data != NULL ? text.data : "no memory");
        sys_text_free(&text);
    }
    return status;
}

carrynet_status comm_distribute(carrynet_comm *comm, const struct comm_work *work)
{
    if (carrynet_comm_size(comm) == 1)
        return run_alone(work);
    return carrynet_comm_rank(comm) == 0 ? run_queue(comm, work) : run_dispatched_items(comm, work);
}
