/*
 * The search proceeds level by level, in batches. The engine steps some states by all symbols; threads judge the
 * outputs and hash the successors by chunks, look them up by shards, and copy the new ones by chunks. Successor i of a
 * batch belongs to state first + i / symbols and symbol i % symbols, so successors are in order of discovery.
 */
#include "prove/reach.h"
#include "platform/platform.h"
#include "prove/reach_states.h"
#include "task/task_fit.h"
#include <math.h>
#include <string.h>

enum { BATCH_BYTES = 2 << 20, LEAST_BATCH = 1024, SHARED_FROM = 4 * REACH_CHUNK };

/* What a chunk's outputs say, or those of its first steps. */
struct judgement {
    double margin;
    bool wrong;
    size_t at; /* successor */
    uint32_t output, right;
    double logit;
};

struct search {
    carrynet_engine *engine;
    const carrynet_task *task;
    carrynet_precision precision;
    uint32_t inputs, symbols; /* 2^inputs */
    struct sys_pool *pool;
    uint64_t limit;
    struct reach_store store;
    struct reach_batch batch;
    carrynet_batch input;
    char *z;                  /* [batch][outputs] */
    uint64_t first;           /* state of the batch */
    struct judgement *judged; /* [chunks] */
    bool full[REACH_SHARDS];  /* a shard could not grow */
};

static size_t value_bytes(carrynet_precision precision)
{
    return precision == CARRYNET_FP32 ? sizeof(float) : sizeof(double);
}

/* Steps of a pass: as much as stays in a cache, all symbols of each state. */
static size_t batch_capacity(size_t asked, size_t bytes, uint32_t symbols)
{
    size_t capacity = asked;
    if (capacity == 0) {
        capacity = BATCH_BYTES / bytes;
        capacity = capacity < LEAST_BATCH ? LEAST_BATCH : capacity;
    }
    capacity = capacity > REACH_BATCH ? REACH_BATCH : capacity;
    return capacity < symbols ? symbols : capacity / symbols * symbols;
}

uint64_t reach_memory(const carrynet_shape *shape, carrynet_precision precision, uint64_t states)
{
    const size_t value = value_bytes(precision), bytes = shape->hidden * value;
    const size_t capacity = batch_capacity(0, bytes, 1u << shape->inputs);
    return reach_store_memory(bytes, states) + reach_batch_memory(bytes, capacity) +
           capacity * (shape->outputs * value + 2 * sizeof(uint32_t));
}

/* ---- judging ---------------------------------------------------------------------------------------------------- */

static double logit_at(const struct search *s, size_t i)
{
    return s->precision == CARRYNET_FP32 ? (double)((const float *)(const void *)s->z)[i]
                                         : ((const double *)(const void *)s->z)[i];
}

/* Output o of successor i: a wrong bit, unless there was one before it; the least margin, NaN if one is. */
static void judge_bit(struct judgement *judged, size_t i, uint32_t o, uint32_t right, double z)
{
    const double margin = right != 0 ? z : 0 - z;
    if (!judged->wrong && (isnan(z) || (z > 0) != (right != 0)))
        *judged = (struct judgement){
            .margin = judged->margin, .wrong = true, .at = i, .output = o, .right = right, .logit = z};
    if (isnan(margin) || margin < judged->margin)
        judged->margin = margin;
}

/* Successors begin, ..., end - 1, up to the first wrong bit and the other outputs of its step. */
static void judge(struct judgement *judged, const struct search *s, size_t begin, size_t end)
{
    const uint32_t outputs = s->task->outputs;
    const size_t mask = s->symbols - 1;
    const uint8_t *out = NULL;
    *judged = (struct judgement){.margin = INFINITY};
    for (size_t i = begin; i < end && !judged->wrong; ++i) {
        if (out == NULL || (i & mask) == 0)
            out = s->task->out[reach_automaton(&s->store, s->first + (i >> s->inputs))];
        for (uint32_t o = 0; o < outputs; ++o) {
            const uint32_t right = out[i & mask] >> o & 1;
            const double z = logit_at(s, i * outputs + o), margin = right != 0 ? z : 0 - z;
            if (!(margin > 0 && margin >= judged->margin))
                judge_bit(judged, i, o, right, z);
        }
    }
}

static size_t chunk_end(const struct search *s, size_t chunk)
{
    const size_t begin = chunk * REACH_CHUNK;
    return s->batch.count - begin < REACH_CHUNK ? s->batch.count : begin + REACH_CHUNK;
}

/* ---- what threads do -------------------------------------------------------------------------------------------- */

static void expand_chunk(void *self, size_t chunk)
{
    struct search *s = self;
    const size_t bytes = s->store.bytes;
    for (size_t i = chunk * REACH_CHUNK; i < chunk_end(s, chunk); ++i) {
        const uint64_t state = s->first + (i >> s->inputs);
        memcpy(s->batch.hidden + i * bytes, reach_hidden(&s->store, state), bytes);
        s->batch.automaton[i] = s->task->next[reach_automaton(&s->store, state)][i & (s->symbols - 1)];
    }
}

static void judge_chunk(void *self, size_t chunk)
{
    struct search *s = self;
    judge(&s->judged[chunk], s, chunk * REACH_CHUNK, chunk_end(s, chunk));
    reach_sort_chunk(&s->batch, &s->store, chunk);
}

static void insert_shard(void *self, size_t shard)
{
    struct search *s = self;
    s->full[shard] = !reach_insert_shard(&s->store, &s->batch, shard);
}

static void keep_chunk(void *self, size_t chunk)
{
    struct search *s = self;
    reach_keep_chunk(&s->store, &s->batch, chunk, s->first, s->inputs);
}

static void distribute(struct search *s, size_t count, void (*function)(void *self, size_t i))
{
    sys_pool_run(s->batch.count < SHARED_FROM ? NULL : s->pool, count, function, s);
}

/* ---- a batch ---------------------------------------------------------------------------------------------------- */

static carrynet_status out_of_memory(const struct search *s)
{
    const carrynet_settings *settings = carrynet_engine_settings(s->engine);
    const uint64_t need = reach_memory(&settings->shape, settings->precision, s->limit);
    return sys_fail(CARRYNET_ERROR_MEMORY,
                    "no memory left after %.0f reachable states; all %.0f of --states need %.2f GB: use fewer --states",
                    (double)s->store.count, (double)s->limit, (double)need / 1e9);
}

/* The first wrong step of the batch, or the step whose new state is one too many; else the end. */
static size_t end_of_batch(const struct search *s, uint64_t found, const struct judgement **wrong, bool *limited)
{
    const size_t chunks = (s->batch.count + REACH_CHUNK - 1) / REACH_CHUNK;
    size_t end = s->batch.count;
    *wrong = NULL;
    *limited = false;
    for (size_t c = chunks; c-- > 0;)
        if (s->judged[c].wrong)
            *wrong = &s->judged[c];
    if (*wrong != NULL)
        end = (*wrong)->at + 1;
    if (found <= s->limit - s->store.count)
        return end;
    /* Up to, not including, a wrong step: it adds no state. */
    uint64_t left = s->limit - s->store.count;
    uint32_t slots[REACH_CHUNK];
    for (size_t i = 0; i + (*wrong != NULL) < end; ++i) {
        if (i % REACH_CHUNK == 0)
            reach_chunk_slots(slots, &s->batch, i / REACH_CHUNK);
        if (slots[i % REACH_CHUNK] != REACH_NO_SLOT && left-- == 0) {
            *wrong = NULL;
            *limited = true;
            return i + 1;
        }
    }
    return end;
}

/* How many of the batch's first steps led to a new state. */
static uint64_t new_before(const struct search *s, size_t end)
{
    uint64_t count = 0;
    uint32_t slots[REACH_CHUNK];
    for (size_t i = 0; i < end; ++i) {
        if (i % REACH_CHUNK == 0)
            reach_chunk_slots(slots, &s->batch, i / REACH_CHUNK);
        count += slots[i % REACH_CHUNK] != REACH_NO_SLOT;
    }
    return count;
}

/* The word that leads to state `from`, and one symbol more. */
static carrynet_status spell(struct prove_word *word, const struct search *s, uint64_t from, uint8_t last)
{
    uint8_t symbol;
    size_t length = 1;
    for (uint64_t at = from; at != 0; at = reach_parent(&s->store, at, &symbol))
        ++length;
    const carrynet_status status = sys_allocate(&word->symbols, length, sizeof *word->symbols);
    if (status != CARRYNET_OK)
        return status;
    word->length = length;
    word->symbols[--length] = last;
    for (uint64_t at = from; at != 0;) {
        at = reach_parent(&s->store, at, &symbol);
        word->symbols[--length] = symbol;
    }
    return CARRYNET_OK;
}

/* Takes the batch's steps into the result: all of them, or those before its end. */
static carrynet_status take_batch(struct reach *reach, struct search *s)
{
    const size_t chunks = (s->batch.count + REACH_CHUNK - 1) / REACH_CHUNK;
    const struct judgement *wrong;
    bool limited;
    uint64_t found = reach_rank(&s->batch);
    const size_t end = end_of_batch(s, found, &wrong, &limited);
    struct judgement all = {0};
    carrynet_status status = CARRYNET_OK;
    if (wrong == NULL && !limited) {
        status = reach_reserve(&s->store, s->store.count + found);
        if (status != CARRYNET_OK)
            return out_of_memory(s);
        distribute(s, chunks, keep_chunk);
        for (size_t c = 0; c < chunks; ++c)
            if (s->judged[c].margin < reach->margin)
                reach->margin = s->judged[c].margin;
    } else {
        judge(&all, s, 0, end);
        if (!(all.margin >= reach->margin))
            reach->margin = all.margin;
        found = new_before(s, end - 1);
    }
    if (wrong != NULL) {
        reach->wrong = true;
        reach->output = all.output;
        reach->right = all.right;
        reach->logit = all.logit;
        status = spell(&reach->word, s, s->first + ((end - 1) >> s->inputs), (uint8_t)((end - 1) & (s->symbols - 1)));
    }
    s->store.count += found;
    reach->states = s->store.count;
    reach->stepped += end;
    reach->limited = limited;
    return status;
}

/* Steps `count` states from `first` on by every symbol. */
static carrynet_status step_batch(struct reach *reach, struct search *s, uint64_t first, size_t count)
{
    const double start = sys_seconds();
    s->first = first;
    s->batch.count = count * s->symbols;
    const size_t chunks = (s->batch.count + REACH_CHUNK - 1) / REACH_CHUNK;
    distribute(s, chunks, expand_chunk);
    const double ready = sys_seconds();
    s->input.sequences = s->batch.count;
    /* The first state is the engine's own start. */
    const carrynet_forward outputs = {.z = s->z, .state = s->batch.hidden, .resume = first > 0};
    const carrynet_status status = carrynet_engine_forward(s->engine, &s->input, &outputs);
    const double stepped = sys_seconds();
    reach->engine_seconds += stepped - ready;
    if (status != CARRYNET_OK)
        return status;
    distribute(s, chunks, judge_chunk);
    distribute(s, REACH_SHARDS, insert_shard);
    for (size_t i = 0; i < REACH_SHARDS; ++i)
        if (s->full[i])
            return out_of_memory(s);
    const carrynet_status taken = take_batch(reach, s);
    reach->table_seconds += sys_seconds() - stepped + ready - start;
    return taken;
}

/* ---- the search ------------------------------------------------------------------------------------------------- */

/* Memory for batches, and the first state: h_0, or zero without one. */
static carrynet_status open_search(struct search *s, const struct reach_options *options)
{
    const carrynet_settings *settings = carrynet_engine_settings(s->engine);
    const carrynet_shape *shape = &settings->shape;
    const size_t value = value_bytes(s->precision), bytes = shape->hidden * value;
    const size_t capacity = batch_capacity(options->batch, bytes, s->symbols);
    const carrynet_tensor h_0 = carrynet_shape_tensor(shape, CARRYNET_H_0);
    char *parameters = NULL, *start = NULL;
    reach_store_create(&s->store, bytes);
    carrynet_status status = sys_pool_create(&s->pool, options->threads);
    if (status == CARRYNET_OK)
        status = reach_batch_create(&s->batch, bytes, capacity);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->judged, s->batch.chunks, sizeof *s->judged);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s->z, capacity, shape->outputs * value);
    if (status == CARRYNET_OK)
        status = carrynet_batch_create(&s->input, s->task, capacity, 1);
    for (size_t i = 0; i < capacity && status == CARRYNET_OK; ++i)
        s->input.symbols[i] = (uint32_t)(i % s->symbols);
    if (status == CARRYNET_OK)
        status = sys_allocate(&parameters, carrynet_shape_size(shape), value);
    if (status == CARRYNET_OK)
        status = sys_allocate(&start, shape->hidden, value);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(s->engine, CARRYNET_PART_PARAMETERS, 0, 1, parameters);
    if (status == CARRYNET_OK && h_0.size > 0)
        memcpy(start, parameters + h_0.offset * value, bytes);
    if (status == CARRYNET_OK)
        status = reach_store_root(&s->store, start, (uint8_t)s->task->start);
    sys_free(start);
    sys_free(parameters);
    return status;
}

static void close_search(struct search *s)
{
    sys_pool_free(s->pool);
    reach_store_free(&s->store);
    reach_batch_free(&s->batch);
    carrynet_batch_free(&s->input);
    sys_free(s->judged);
    sys_free(s->z);
    sys_free(s);
}

static carrynet_status check(const carrynet_engine *engine, const carrynet_task *task,
                             const struct reach_options *options)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const uint64_t limit = sys_memory(), states = options->states;
    if (settings->networks != 1)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "a search is of one network, not %u", settings->networks);
    const carrynet_status fits = task_check_fit(task, settings->shape.inputs, settings->shape.outputs);
    if (fits != CARRYNET_OK)
        return fits;
    if (states < 1 || states > REACH_MOST_STATES)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "--states must be 1 to %.0f", (double)REACH_MOST_STATES);
    const uint64_t need = reach_memory(&settings->shape, settings->precision, states);
    if (limit > 0 && need > limit)
        return sys_fail(CARRYNET_ERROR_MEMORY,
                        "%.0f reachable states need %.2f GB, there are %.2f GB: use fewer --states", (double)states,
                        (double)need / 1e9, (double)limit / 1e9);
    return CARRYNET_OK;
}

carrynet_status reach_search(struct reach *reach, carrynet_engine *engine, const carrynet_task *task,
                             const struct reach_options *options, const struct prove_stop *stop)
{
    struct search *s = NULL;
    *reach = (struct reach){.margin = INFINITY};
    carrynet_status status = check(engine, task, options);
    if (status == CARRYNET_OK)
        status = sys_allocate(&s, 1, sizeof *s);
    if (status != CARRYNET_OK)
        return status;
    s->engine = engine;
    s->task = task;
    s->precision = carrynet_engine_settings(engine)->precision;
    s->inputs = task->inputs;
    s->symbols = 1u << task->inputs;
    s->limit = options->states;
    status = open_search(s, options);
    if (status == CARRYNET_ERROR_MEMORY)
        status = out_of_memory(s);
    const uint64_t most = s->batch.capacity / s->symbols;
    reach->states = status == CARRYNET_OK;
    uint64_t first = 0;
    while (first < s->store.count && status == CARRYNET_OK && !reach->wrong && !reach->limited && !reach->stopped) {
        const uint64_t level = s->store.count;
        for (uint64_t count; first < level && status == CARRYNET_OK; first += count) {
            count = level - first < most ? level - first : most;
            prove_notify(stop, first);
            reach->stopped = prove_stopped(stop);
            if (reach->stopped)
                break;
            status = step_batch(reach, s, first, (size_t)count);
            if (reach->wrong || reach->limited)
                break;
        }
        reach->levels += s->store.count > level;
    }
    reach->closed = status == CARRYNET_OK && !reach->wrong && !reach->limited && !reach->stopped;
    close_search(s);
    return status;
}

void reach_free(struct reach *reach)
{
    sys_free(reach->word.symbols);
    *reach = (struct reach){0};
}
