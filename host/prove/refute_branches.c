/*
 * Branches at which ellipsoids failed, as lassos: the whole word from the start, then its last symbols repeated. Which
 * symbols make the sets grow is unknown, so several ends are tried, including the whole part in the failed tree: its
 * cell, entered again, fails the same way.
 */
#include "platform/platform.h"
#include "prove/refute_parts.h"
#include <string.h>

enum { ENDS = 6, SPARE = 240 }; /* ends of 1 to ENDS symbols; steps that a lasso should have left behind its u */

/* u v^n with the least u and v that make the same infinite word. */
static bool make_lasso(struct lasso *lasso, const struct branch *branch, size_t end)
{
    const struct prove_word *word = &branch->word;
    if (end > word->length || refute_is_power(word->symbols + word->length - end, end))
        return false;
    /* The end moves forward as long as the symbol before it is its last one: that turns v. */
    size_t from = word->length - end;
    while (from > 0 && word->symbols[from - 1] == word->symbols[from + end - 1])
        --from;
    *lasso = (struct lasso){
        .u = word->symbols, .u_length = from, .v = word->symbols + from, .v_length = end}; /* both in the branch */
    return true;
}

static bool is_same(const struct lasso *a, const struct lasso *b)
{
    return a->u_length == b->u_length && a->v_length == b->v_length && memcmp(a->v, b->v, a->v_length) == 0 &&
           memcmp(a->u, b->u, a->u_length) == 0;
}

static void add_lasso(struct lasso *lassos, size_t *count, const struct branch *branch, size_t end)
{
    struct lasso *lasso = &lassos[*count];
    if (!make_lasso(lasso, branch, end))
        return;
    for (size_t i = 0; i < *count; ++i)
        if (is_same(&lassos[i], lasso))
            return;
    ++*count;
}

/* The lassos of as many branches, from the newest on, as can be stepped with the effort. */
static size_t list_lassos(struct lasso *lassos, const struct branches *branches, uint64_t effort)
{
    size_t count = 0, longest = 0;
    for (size_t i = 0; i < branches->count; ++i) {
        const struct branch *branch = branches_newest(branches, i);
        size_t more = count;
        for (size_t end = 1; end <= ENDS; ++end)
            add_lasso(lassos, &more, branch, end);
        if (branch->own > ENDS)
            add_lasso(lassos, &more, branch, branch->own);
        longest = branch->word.length > longest ? branch->word.length : longest;
        if ((uint64_t)more * (longest + SPARE) > effort)
            break;
        count = more;
    }
    return count;
}

carrynet_status refute_branches(carrynet_counterexample *wrong, carrynet_engine *engine, const carrynet_task *task,
                                const struct branches *branches, uint64_t effort, const struct prove_stop *stop)
{
    struct lasso *lassos = NULL;
    struct prove_word word = {0};
    uint64_t steps = 0;
    *wrong = (carrynet_counterexample){0};
    carrynet_status status = sys_allocate(&lassos, BRANCHES * (ENDS + 1), sizeof *lassos);
    if (status == CARRYNET_OK)
        status =
            refute_lasso_list(&word, &steps, engine, task, lassos, list_lassos(lassos, branches, effort), effort, stop);
    if (status == CARRYNET_OK && word.symbols != NULL)
        status = refute_found(wrong, engine, task, &word, stop);
    sys_free(word.symbols);
    sys_free(lassos);
    return status;
}
