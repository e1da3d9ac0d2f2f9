/*
 * Words u v^n w: n grows until the hidden values repeat or there are 100,000 symbols; w follows after every doubling of
 * n. All short u and v of one |v| run side by side, or lassos that other parts suggest. Window lengths are multiples of
 * every short |v|; states at window ends that are bit-identical, at the same position in v, continue equally.
 */
#include "platform/platform.h"
#include "prove/refute_parts.h"
#include "prove/word.h"
#include <string.h>

enum { LONGEST = 100000, WINDOW = 60, TAIL = 2, PARTS = 8 };

/* Most symbols of u and of v, for 1 to 4 input bits; every |v| divides WINDOW. */
static const uint32_t most_u[] = {4, 2, 1, 1}, most_v[] = {6, 3, 2, 2};

struct lassos {
    struct word_runs runs;
    struct lasso *lasso;      /* [sequences], the caller's */
    char *kept;               /* [sequences][bytes] hidden values some windows ago */
    uint32_t *kept_automaton; /* [sequences] */
    uint64_t kept_at;         /* steps before them */
    uint64_t steps;           /* of the effort */
};

/* Word number i of so many symbols, first symbol in the lowest bits. */
static void spell(uint8_t *word, uint32_t length, uint32_t i, uint32_t inputs)
{
    for (uint32_t t = 0; t < length; ++t)
        word[t] = (uint8_t)(i >> t * inputs & ((1u << inputs) - 1));
}

bool refute_is_power(const uint8_t *word, size_t length)
{
    for (size_t period = 1; period < length; ++period)
        if (length % period == 0 && memcmp(word, word + period, length - period) == 0)
            return true;
    return false;
}

/*
 * Writes the lassos of a |v| and their symbols [lassos][2 PARTS], or with NULL only counts them. u that ends as v does
 * is a shorter u with a turned v.
 */
static size_t list_lassos(struct lasso *lassos, uint8_t *symbols, uint32_t inputs, uint32_t v_length)
{
    size_t count = 0;
    for (uint32_t u_length = 0; u_length <= most_u[inputs - 1]; ++u_length)
        for (uint32_t i = 0; i >> v_length * inputs == 0; ++i)
            for (uint32_t j = 0; j >> u_length * inputs == 0; ++j) {
                uint8_t v[PARTS], u[PARTS];
                spell(v, v_length, i, inputs);
                spell(u, u_length, j, inputs);
                if (refute_is_power(v, v_length) || (u_length > 0 && u[u_length - 1] == v[v_length - 1]))
                    continue;
                if (lassos != NULL) {
                    uint8_t *to = symbols + count * 2 * PARTS;
                    memcpy(to, u, u_length);
                    memcpy(to + PARTS, v, v_length);
                    lassos[count] =
                        (struct lasso){.u = to, .v = to + PARTS, .u_length = u_length, .v_length = v_length};
                }
                ++count;
            }
    return count;
}

static uint8_t symbol_of(const struct lasso *lasso, uint64_t step)
{
    return step < lasso->u_length ? lasso->u[step] : lasso->v[(step - lasso->u_length) % lasso->v_length];
}

/* The first `steps` symbols of a lasso, and a tail. */
static carrynet_status make_word(struct prove_word *word, const struct lasso *lasso, uint64_t steps,
                                 const uint8_t *tail, size_t tail_length)
{
    const carrynet_status status = sys_allocate(&word->symbols, (size_t)steps + tail_length, 1);
    if (status != CARRYNET_OK)
        return status;
    word->length = (size_t)steps + tail_length;
    for (size_t t = 0; t < steps; ++t)
        word->symbols[t] = symbol_of(lasso, t);
    for (size_t t = 0; t < tail_length; ++t)
        word->symbols[steps + t] = tail[t];
    return CARRYNET_OK;
}

/* The sequence with the earliest error, or the number of them. */
static size_t earliest(const struct word_runs *runs)
{
    size_t best = runs->sequences;
    for (size_t s = 0; s < runs->sequences; ++s)
        if (runs->errors[s].wrong && (best == runs->sequences || runs->errors[s].at < runs->errors[best].at))
            best = s;
    return best;
}

/* Every tail after every lasso, from where the lassos are now. */
static carrynet_status try_tails(struct prove_word *word, struct lassos *l)
{
    struct word_runs tails = {0};
    const struct word_runs *runs = &l->runs;
    const uint32_t inputs = runs->task->inputs, count = 1u << TAIL * inputs;
    carrynet_status status = word_runs_create(&tails, runs->engine, runs->task, runs->sequences * count, TAIL);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t s = 0; s < tails.sequences; ++s) {
        memcpy(tails.hidden + s * tails.bytes, runs->hidden + s / count * tails.bytes, tails.bytes);
        tails.automaton[s] = runs->automaton[s / count];
        spell(tails.symbols + s * TAIL, TAIL, (uint32_t)(s % count), inputs);
    }
    tails.done = runs->done;
    status = word_runs_step(&tails);
    l->steps += tails.sequences * TAIL;
    const size_t s = status == CARRYNET_OK ? earliest(&tails) : tails.sequences;
    if (s < tails.sequences)
        status = make_word(word, &l->lasso[s / count], runs->done, tails.symbols + s * TAIL,
                           (size_t)(tails.errors[s].at + 1 - runs->done));
done:
    word_runs_free(&tails);
    return status;
}

/* Leaves out the lassos that repeat themselves; keeps the state of the others at every doubling of the windows. */
static void drop_repeating(struct lassos *l, bool keep)
{
    struct word_runs *runs = &l->runs;
    size_t left = 0;
    for (size_t s = 0; s < runs->sequences; ++s) {
        const struct lasso *lasso = &l->lasso[s];
        const bool in_turn = l->kept_at >= lasso->u_length && (runs->done - l->kept_at) % lasso->v_length == 0;
        if (in_turn && runs->automaton[s] == l->kept_automaton[s] &&
            memcmp(runs->hidden + s * runs->bytes, l->kept + s * runs->bytes, runs->bytes) == 0)
            continue;
        word_runs_copy(runs, left, s);
        l->lasso[left] = l->lasso[s];
        if (keep || left != s) {
            memcpy(l->kept + left * runs->bytes, (keep ? runs->hidden + left * runs->bytes : l->kept + s * runs->bytes),
                   runs->bytes);
            l->kept_automaton[left] = keep ? runs->automaton[left] : l->kept_automaton[s];
        }
        ++left;
    }
    runs->sequences = left;
    l->kept_at = keep ? runs->done : l->kept_at;
}

static carrynet_status step_window(struct prove_word *word, struct lassos *l)
{
    struct word_runs *runs = &l->runs;
    for (size_t s = 0; s < runs->sequences; ++s)
        for (size_t t = 0; t < runs->steps; ++t)
            runs->symbols[s * runs->steps + t] = symbol_of(&l->lasso[s], runs->done + t);
    const carrynet_status status = word_runs_step(runs);
    l->steps += runs->sequences * runs->steps;
    const size_t s = status == CARRYNET_OK ? earliest(runs) : runs->sequences;
    if (s == runs->sequences)
        return status;
    return make_word(word, &l->lasso[s], runs->errors[s].at + 1, NULL, 0);
}

carrynet_status refute_lasso_list(struct prove_word *word, uint64_t *steps, carrynet_engine *engine,
                                  const carrynet_task *task, struct lasso *lassos, size_t count, uint64_t effort,
                                  const struct prove_stop *stop)
{
    struct lassos l = {.lasso = lassos};
    *word = (struct prove_word){0};
    if (count == 0)
        return CARRYNET_OK;
    carrynet_status status = word_runs_create(&l.runs, engine, task, count, WINDOW);
    if (status == CARRYNET_OK)
        status = sys_allocate(&l.kept, count, l.runs.bytes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&l.kept_automaton, count, sizeof *l.kept_automaton);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t s = 0; s < count; ++s)
        l.kept_automaton[s] = UINT32_MAX;
    for (uint64_t windows = 1; status == CARRYNET_OK; ++windows) {
        status = step_window(word, &l);
        const bool doubled = (windows & (windows - 1)) == 0;
        if (status == CARRYNET_OK && word->symbols == NULL && doubled)
            status = try_tails(word, &l);
        if (status != CARRYNET_OK || word->symbols != NULL)
            break;
        drop_repeating(&l, doubled);
        if (l.runs.sequences == 0 || l.runs.done >= LONGEST || l.steps >= effort || prove_stopped(stop))
            break;
    }
    *steps += l.steps;
done:
    sys_free(l.kept_automaton);
    sys_free(l.kept);
    word_runs_free(&l.runs);
    return status;
}

/* All lassos of a |v|. */
static carrynet_status search(struct prove_word *word, uint64_t *steps, carrynet_engine *engine,
                              const carrynet_task *task, uint32_t v_length, uint64_t effort,
                              const struct prove_stop *stop)
{
    const size_t count = list_lassos(NULL, NULL, task->inputs, v_length);
    struct lasso *lassos = NULL;
    uint8_t *symbols = NULL;
    carrynet_status status = sys_allocate(&lassos, count, sizeof *lassos);
    if (status == CARRYNET_OK)
        status = sys_allocate(&symbols, count, (size_t)2 * PARTS);
    if (status == CARRYNET_OK) {
        (void)list_lassos(lassos, symbols, task->inputs, v_length);
        status = refute_lasso_list(word, steps, engine, task, lassos, count, effort, stop);
    }
    sys_free(symbols);
    sys_free(lassos);
    return status;
}

carrynet_status refute_lassos(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                              uint64_t effort, const struct prove_stop *stop)
{
    struct prove_word word = {0};
    carrynet_status status = CARRYNET_OK;
    *wrong = (carrynet_counterexample){0};
    /* Held symbols first: they are few, and what most often goes wrong late. */
    for (uint32_t v = 1; v <= most_v[task->inputs - 1] && status == CARRYNET_OK && word.symbols == NULL; ++v) {
        uint64_t steps = 0;
        if (effort == 0 || prove_stopped(stop))
            break;
        status = search(&word, &steps, engine, task, v, effort, stop);
        effort -= steps < effort ? steps : effort;
    }
    if (status == CARRYNET_OK && word.symbols != NULL)
        status = refute_found(wrong, engine, task, &word, stop);
    sys_free(word.symbols);
    return status;
}
