/*
 * A breadth-first search that merges similar states: states whose hidden values lie in the same cell of a grid. A
 * repeated symbol moves the hidden values less and less, so a state is never merged with an earlier state of the same
 * run of symbols; it replaces that state. Bit-identical states are always merged.
 */
#include "model/value.h"
#include "platform/platform.h"
#include "prove/refute_parts.h"
#include "prove/word.h"
#include <string.h>

enum { GRID = 100, AT_ONCE = 1024, MOST_BYTES = 256 << 20, ROOT = -1 };

struct cell_state {
    int64_t parent; /* ROOT: the start */
    uint8_t automaton, symbol;
};

struct cells {
    struct word_runs runs; /* one step of some states by all symbols */
    uint32_t symbols, hidden;
    carrynet_precision precision;
    size_t capacity, count, most;
    struct cell_state *state; /* [count] */
    char *values;             /* [count][bytes] */
    uint8_t *cell;            /* [count][hidden] */
    size_t slots;             /* a power of two */
    uint32_t *slot;           /* [slots] a state's number + 1; 0: free */
};

static void cell_of(uint8_t *cell, const struct cells *c, const char *values)
{
    for (uint32_t j = 0; j < c->hidden; ++j) {
        const double h = net_value(values, c->precision, j);
        cell[j] = h > 0 ? h < 1 ? (uint8_t)(h * (double)GRID) : GRID : 0;
    }
}

/* Where the state's cell stands in the table, or where it would. */
static size_t find_slot(const struct cells *c, const uint8_t *cell, uint8_t automaton)
{
    uint64_t hash = sys_digest(SYS_DIGEST, automaton, 1);
    for (uint32_t j = 0; j < c->hidden; ++j)
        hash = sys_digest(hash, cell[j], 1);
    size_t at = (size_t)(hash ^ hash >> 29) & (c->slots - 1);
    for (; c->slot[at] != 0; at = (at + 1) & (c->slots - 1)) {
        const size_t i = c->slot[at] - 1;
        if (c->state[i].automaton == automaton && memcmp(c->cell + i * c->hidden, cell, c->hidden) == 0)
            break;
    }
    return at;
}

/* Whether state `old` stands before one that `parent` leads to, with that symbol held all the way. */
static bool on_the_run(const struct cells *c, size_t old, int64_t parent, uint8_t symbol)
{
    while (parent != ROOT && (size_t)parent >= old) {
        if ((size_t)parent == old)
            return true;
        if (c->state[parent].symbol != symbol)
            return false;
        parent = c->state[parent].parent;
    }
    return false;
}

/* Room for so many states, and a table at most half full. */
static carrynet_status reserve(struct cells *c, size_t states)
{
    carrynet_status status = CARRYNET_OK;
    if (states <= c->capacity)
        return CARRYNET_OK;
    const size_t capacity = 2 * states;
    status = sys_grow(&c->state, c->count, capacity, sizeof *c->state);
    if (status == CARRYNET_OK)
        status = sys_grow(&c->values, c->count, capacity, c->runs.bytes);
    if (status == CARRYNET_OK)
        status = sys_grow(&c->cell, c->count, capacity, c->hidden);
    uint32_t *old = c->slot;
    const size_t slots = c->slots;
    c->slot = NULL;
    while (c->slots < 2 * capacity)
        c->slots = c->slots == 0 ? 4096 : 2 * c->slots;
    if (status == CARRYNET_OK)
        status = sys_allocate(&c->slot, c->slots, sizeof *c->slot);
    for (size_t i = 0; i < slots && status == CARRYNET_OK; ++i)
        if (old[i] != 0) {
            const size_t state = old[i] - 1;
            c->slot[find_slot(c, c->cell + state * c->hidden, c->state[state].automaton)] = old[i];
        }
    sys_free(old);
    if (status == CARRYNET_OK)
        c->capacity = capacity;
    return status;
}

/* Adds what sequence s of the step led to, unless it is like a state that is there. */
static void add(struct cells *c, size_t s, int64_t parent)
{
    const char *values = c->runs.hidden + s * c->runs.bytes;
    const uint8_t symbol = (uint8_t)(s % c->symbols), automaton = (uint8_t)c->runs.automaton[s];
    uint8_t *cell = c->cell + c->count * c->hidden;
    cell_of(cell, c, values);
    const size_t at = find_slot(c, cell, automaton);
    if (c->slot[at] != 0) {
        const size_t old = c->slot[at] - 1;
        if (memcmp(c->values + old * c->runs.bytes, values, c->runs.bytes) == 0 || !on_the_run(c, old, parent, symbol))
            return;
    }
    memcpy(c->values + c->count * c->runs.bytes, values, c->runs.bytes);
    c->state[c->count] = (struct cell_state){.parent = parent, .automaton = automaton, .symbol = symbol};
    c->slot[at] = (uint32_t)++c->count;
}

/* The word to a state, and one symbol more. */
static carrynet_status spell(struct prove_word *word, const struct cells *c, int64_t from, uint8_t last)
{
    size_t length = 1;
    for (int64_t at = from; at != ROOT; at = c->state[at].parent)
        ++length;
    const carrynet_status status = sys_allocate(&word->symbols, length, 1);
    if (status != CARRYNET_OK)
        return status;
    word->length = length;
    word->symbols[--length] = last;
    for (int64_t at = from; at != ROOT; at = c->state[at].parent)
        word->symbols[--length] = c->state[at].symbol;
    return CARRYNET_OK;
}

/* Steps `many` states from `first` on, or the start, by all symbols. */
static carrynet_status step(struct prove_word *word, struct cells *c, int64_t first, size_t many)
{
    struct word_runs *runs = &c->runs;
    runs->sequences = many * c->symbols;
    runs->steps = 1;
    word_runs_start(runs);
    for (size_t s = 0; s < runs->sequences; ++s) {
        runs->symbols[s] = (uint8_t)(s % c->symbols);
        if (first == ROOT)
            continue;
        const size_t state = (size_t)first + s / c->symbols;
        memcpy(runs->hidden + s * runs->bytes, c->values + state * runs->bytes, runs->bytes);
        runs->automaton[s] = c->state[state].automaton;
    }
    runs->done = first != ROOT;
    carrynet_status status = word_runs_step(runs);
    if (status == CARRYNET_OK)
        status = reserve(c, c->count + runs->sequences + 1);
    for (size_t s = 0; s < runs->sequences && status == CARRYNET_OK; ++s) {
        const int64_t parent = first == ROOT ? ROOT : first + (int64_t)(s / c->symbols);
        if (runs->errors[s].wrong)
            return spell(word, c, parent, runs->symbols[s]);
        if (c->count < c->most)
            add(c, s, parent);
    }
    return status;
}

carrynet_status refute_cells(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                             uint64_t effort, const struct prove_stop *stop)
{
    struct cells c = {0};
    struct prove_word word = {0};
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    *wrong = (carrynet_counterexample){0};
    c.symbols = 1u << task->inputs;
    c.hidden = settings->shape.hidden;
    c.precision = settings->precision;
    carrynet_status status = word_runs_create(&c.runs, engine, task, (size_t)AT_ONCE * c.symbols, 1);
    if (status != CARRYNET_OK)
        goto done;
    const uint64_t most = effort / c.symbols, held = MOST_BYTES / (c.runs.bytes + c.hidden + sizeof *c.state);
    c.most = (size_t)(most < held ? most : held);
    status = step(&word, &c, ROOT, 1);
    for (size_t first = 0; first < c.count && status == CARRYNET_OK && word.symbols == NULL;) {
        const size_t many = c.count - first < AT_ONCE ? c.count - first : AT_ONCE;
        if (prove_stopped(stop))
            break;
        status = step(&word, &c, (int64_t)first, many);
        first += many;
    }
    if (status == CARRYNET_OK && word.symbols != NULL)
        status = refute_found(wrong, engine, task, &word, stop);
done:
    sys_free(word.symbols);
    sys_free(c.state);
    sys_free(c.values);
    sys_free(c.cell);
    sys_free(c.slot);
    word_runs_free(&c.runs);
    return status;
}
