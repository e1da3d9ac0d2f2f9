/*
 * The search for a cover: a work list of cells, and for each a tree of words, built depth first. A set inside a cell is
 * a leaf; a set that is small enough becomes a cell; any other set is stepped on. A cell whose tree cannot be built
 * dies; the trees that named it are repaired with smaller cells there.
 */
#include "prove/cover.h"
#include "platform/platform.h"
#include "prove/cover_cells.h"
#include "prove/dense.h"
#include <math.h>
#include <string.h>

/* Slack for the checker's roundings. */
static const double LEAST_MARGIN = 1e-9;

/* Sizes are measured up to this one; those of a word are judged from this many symbols on, against 8 before. */
static const double LARGEST = 3;
enum { STOP_EVERY = 256, PATIENCE = 12, BACK = 8 };

/* What the growth of one tree works with. */
struct growth {
    struct cover *cover;
    const struct prove_stop *stop;
    struct flow_set *sets; /* [depth + 1], made when first reached */
    size_t sets_made;
    int32_t *tree;       /* [words] */
    size_t length, most; /* words, and how many there may be */
    const int32_t *old;  /* the tree that this one replaces, where there was one: at its next word */
    size_t cell;         /* whose tree it is */
    uint8_t *word;       /* [depth + 1], from the cell to the set at hand */
    size_t branch;       /* symbols of the word at which the tree failed, where that says something of the network */
    double *sizes;       /* [depth + 1], of the sets of the word */
    double *scratch;     /* [3][H][H], [H] and [(depth + 1) H][H] */
    carrynet_status status;
    const char *failure;
};

/* ---- a tree ---------------------------------------------------------------------------------------------------- */

static bool fail(struct growth *growth, const char *failure)
{
    growth->failure = failure;
    return false;
}

/* Where the sets themselves are at fault, not what the search may spend. */
static bool fail_branch(struct growth *growth, size_t depth, const char *failure)
{
    growth->branch = depth;
    return fail(growth, failure);
}

static bool put(struct growth *growth, int32_t word)
{
    if (growth->length == growth->most)
        return fail(growth, "a tree of words grew too large");
    growth->tree[growth->length++] = word;
    return true;
}

/* The set of a frame, made when first needed. */
static struct flow_set *frame(struct growth *growth, size_t depth)
{
    const size_t H = growth->cover->net->hidden;
    while (growth->sets_made <= depth && growth->status == CARRYNET_OK) {
        growth->status = flow_set_create(&growth->sets[growth->sets_made], H, growth->sets_made * H);
        if (growth->status == CARRYNET_OK)
            ++growth->sets_made;
    }
    return growth->status == CARRYNET_OK ? &growth->sets[depth] : NULL;
}

/*
 * The size of a set in the shape of a kind: sup |(x - c) M|_2; infinite, for less work, where it is surely above
 * `limit`.
 */
static double size_of(struct growth *growth, const struct flow_set *set, const double *m, double limit)
{
    const size_t H = growth->cover->net->hidden;
    double *image = growth->scratch, *sums = image + 3 * H * H, *boxes = sums + H;
    double frobenius = 0, longest = 0, squares = 0;
    memset(sums, 0, H * sizeof *sums);
    dense_multiply(image, set->g, m, H, H, H);
    for (size_t i = 0; i < H; ++i) {
        const double length = dense_dot(image + i * H, image + i * H, H);
        frobenius += length;
        longest = length > longest ? length : longest;
    }
    if (!(sqrt(longest) <= limit) || !(sqrt(frobenius / (double)H) <= limit))
        return INFINITY;
    dense_multiply(boxes, set->e, m, set->rows, H, H);
    for (size_t i = 0; i < set->rows; ++i)
        for (size_t j = 0; j < H; ++j)
            sums[j] += fabs(boxes[i * H + j]);
    for (size_t j = 0; j < H; ++j)
        squares += sums[j] * sums[j];
    const double box = sqrt(squares);
    if (!(sqrt(longest) + box <= limit))
        return INFINITY;
    return dense_norm(image, H, image + H * H) + box;
}

static bool grow(struct growth *growth, uint32_t state, size_t depth);

/* The set in frame `depth`, after `symbol`: a leaf, a new cell, or further on. */
static bool place(struct growth *growth, uint32_t state, uint32_t symbol, size_t depth)
{
    struct cover *cover = growth->cover;
    const size_t H = cover->net->hidden;
    struct flow_set *set = &growth->sets[depth];
    const uint32_t kind = basis_kind(cover->basis, state, symbol);
    const double *m = cover->basis->m + kind * H * H;
    const double size = size_of(growth, set, m, LARGEST);
    growth->sizes[depth] = size;
    if (size < 1) {
        double *image = growth->scratch;
        uint32_t level;
        dense_row_times(image, set->c, m, H, H);
        const int32_t cell = cover_find_cell(cover, kind, image, size, &level);
        if (cell != COVER_NONE)
            return put(growth, cell);
        if (level <= cover->effort.levels && size <= cover->effort.rim * ldexp(1, -(int)level)) {
            if (cover->count > cover->effort.cells)
                return fail(growth, "too many cells");
            const struct cover_cell made = {
                .state = state, .kind = kind, .level = level, .parent = growth->cell, .steps = depth};
            growth->status = cover_add_cell(cover, &made, set->c, image, growth->word);
            return growth->status == CARRYNET_OK && put(growth, (int32_t)(cover->count - 1));
        }
    }
    if (depth == cover->effort.depth ||
        (depth >= PATIENCE && !(size < cover->effort.shrink * growth->sizes[depth - BACK])))
        return fail_branch(growth, depth, "a set did not shrink");
    return grow(growth, state, depth);
}

/* The words of a subtree of the old tree, and whether none of them names a dead cell. */
static size_t subtree(const struct growth *growth, bool *stands)
{
    const struct cover *cover = growth->cover;
    size_t open = 1, length = 0;
    *stands = true;
    for (; open > 0; ++length, --open) {
        const int32_t word = growth->old[length];
        if (word == COVER_NONE)
            open += cover->net->symbols;
        else if (cover->cells[word].dead)
            *stands = false;
    }
    return length;
}

/* Copies the next subtree of the old tree, with no set computed, where it still stands: *copied. */
static bool copy_old(struct growth *growth, bool *copied)
{
    *copied = false;
    if (growth->old == NULL)
        return true;
    const size_t length = subtree(growth, copied);
    if (!*copied)
        return true;
    if (length > growth->most - growth->length)
        return fail(growth, "a tree of words grew too large");
    memcpy(growth->tree + growth->length, growth->old, length * sizeof *growth->tree);
    growth->length += length;
    growth->old += length;
    return true;
}

/* The children of the set in frame `depth`; where there was a tree, only those that lead to dead cells are made anew. */
static bool grow(struct growth *growth, uint32_t state, size_t depth)
{
    struct cover *cover = growth->cover;
    const struct flow_network *net = cover->net;
    struct flow_set *set = frame(growth, depth), *next = frame(growth, depth + 1);
    if (next == NULL || !put(growth, COVER_NONE))
        return false;
    growth->old = growth->old != NULL ? growth->old + 1 : NULL;
    flow_expand(set, net);
    for (uint32_t a = 0; a < net->symbols; ++a) {
        uint32_t after = state;
        const uint32_t out = carrynet_task_step(net->task, &after, a);
        bool copied;
        if (!copy_old(growth, &copied))
            return false;
        if (copied)
            continue;
        if (++cover->steps > cover->budget)
            return fail(growth, "the budget is spent");
        if (cover->steps % STOP_EVERY == 0) {
            prove_notify(growth->stop, cover->steps);
            if (prove_stopped(growth->stop))
                return fail(growth, "stopped");
        }
        growth->word[depth] = (uint8_t)a;
        if (!(flow_step(next, set, net, a, out) > LEAST_MARGIN))
            return fail_branch(growth, depth + 1, "a set reaches both signs of a logit");
        const int32_t *old = growth->old;
        const bool goes_on = old != NULL && *old == COVER_NONE;
        growth->old = goes_on ? old : NULL; /* below a dead leaf there is no old tree */
        if (!(goes_on ? grow(growth, after, depth + 1) : place(growth, after, a, depth + 1)))
            return false;
        if (!goes_on && old != NULL)
            growth->old = old + 1;
    }
    return true;
}

/* Grows the tree of a cell; on failure growth->failure or ->status says why. */
static bool grow_cell(struct growth *growth, size_t k)
{
    struct cover *cover = growth->cover;
    const size_t H = cover->net->hidden;
    struct flow_set *set = frame(growth, 0);
    if (set == NULL)
        return false;
    const double *shape = cover->basis->b + cover->cells[k].kind * H * H, radius = cover->cells[k].radius;
    set->rows = 0;
    growth->length = 0;
    growth->most = (size_t)cover->effort.words << cover->cells[k].level;
    growth->old = cover->cells[k].tree;
    growth->failure = NULL;
    growth->cell = k;
    growth->branch = 0;
    growth->sizes[0] = radius;
    memcpy(set->c, cover->centres + k * H, H * sizeof(double));
    for (size_t i = 0; i < H * H; ++i)
        set->g[i] = k == 0 ? 0 : radius * shape[i];
    return grow(growth, cover->cells[k].state, 0);
}

/* ---- the work list --------------------------------------------------------------------------------------------- */

/* Counts the cells that a tree names, up or down. */
static void name_cells(struct cover *cover, const struct cover_cell *cell, bool more)
{
    for (size_t i = 0; i < cell->length; ++i)
        if (cell->tree[i] != COVER_NONE)
            cover->cells[cell->tree[i]].named += more ? 1 : (uint32_t)-1;
}

static carrynet_status keep_tree(struct growth *growth, size_t k)
{
    struct cover_cell *cell = &growth->cover->cells[k];
    int32_t *tree = NULL;
    const carrynet_status status = sys_allocate(&tree, growth->length, sizeof *tree);
    if (status != CARRYNET_OK)
        return status;
    memcpy(tree, growth->tree, growth->length * sizeof *tree);
    sys_free(cell->tree);
    cell->tree = tree;
    cell->length = growth->length;
    cell->done = true;
    name_cells(growth->cover, cell, true);
    return CARRYNET_OK;
}

/* A cell dies: the trees that name it are to be mended. */
static void bury(struct cover *cover, size_t dead)
{
    cover->cells[dead].dead = true;
    for (size_t k = 0; k < cover->count; ++k) {
        struct cover_cell *cell = &cover->cells[k];
        bool names = false;
        for (size_t i = 0; i < cell->length && !names; ++i)
            names = cell->tree[i] == (int32_t)dead;
        if (!names || !cell->done)
            continue;
        name_cells(cover, cell, false);
        cell->done = false;
    }
}

/* The next cell to do: the start, else the first that a tree names; COVER_NONE when all is done. */
static int32_t next_cell(const struct cover *cover)
{
    for (size_t k = 0; k < cover->count; ++k)
        if (!cover->cells[k].done && !cover->cells[k].dead && (k == 0 || cover->cells[k].named > 0))
            return (int32_t)k;
    return COVER_NONE;
}
/* Keeps the word at which the tree of a cell failed. */
static carrynet_status keep_branch(const struct growth *growth)
{
    struct prove_word word = {0};
    if (growth->branch == 0 || growth->cover->branches == NULL)
        return CARRYNET_OK;
    const carrynet_status status = cover_word(&word, growth->cover, growth->cell, growth->word, growth->branch);
    if (status == CARRYNET_OK)
        branches_keep(growth->cover->branches, &word, growth->branch);
    return status;
}

static carrynet_status seek(struct growth *growth)
{
    struct cover *cover = growth->cover;
    int32_t k;
    while ((k = next_cell(cover)) != COVER_NONE) {
        if (grow_cell(growth, (size_t)k))
            growth->status = keep_tree(growth, (size_t)k);
        if (growth->status != CARRYNET_OK)
            return growth->status;
        if (growth->failure == NULL)
            continue;
        growth->status = keep_branch(growth);
        if (growth->status != CARRYNET_OK)
            return growth->status;
        const struct cover_cell *cell = &cover->cells[k];
        if (k == 0 || cell->level == cover->effort.levels || cover->steps > cover->budget ||
            cover->count > cover->effort.cells || prove_stopped(growth->stop)) {
            cover->failure = growth->failure;
            return CARRYNET_OK;
        }
        bury(cover, (size_t)k);
    }
    cover->whole = true;
    return CARRYNET_OK;
}

carrynet_status cover_seek(struct cover *cover, struct branches *branches, const struct flow_network *net,
                           const struct basis *basis, const struct cover_effort *effort, uint64_t budget,
                           const struct prove_stop *stop)
{
    const size_t H = net->hidden;
    struct growth growth = {.cover = cover, .stop = stop};
    *cover = (struct cover){.net = net, .basis = basis, .effort = *effort, .budget = budget, .branches = branches};
    carrynet_status status = sys_allocate(&growth.sets, effort->depth + 2, sizeof *growth.sets);
    if (status == CARRYNET_OK)
        status = sys_allocate(&growth.tree, (size_t)effort->words << effort->levels, sizeof *growth.tree);
    if (status == CARRYNET_OK)
        status = sys_allocate(&growth.sizes, effort->depth + 1, sizeof *growth.sizes);
    if (status == CARRYNET_OK)
        status = sys_allocate(&growth.word, effort->depth + 1, sizeof *growth.word);
    if (status == CARRYNET_OK)
        status = sys_allocate(&growth.scratch, (effort->depth + 4) * H + 1, H * sizeof *growth.scratch);
    if (status == CARRYNET_OK)
        status = sys_allocate(&cover->index, basis->count, sizeof *cover->index);
    if (status == CARRYNET_OK)
        status = cover_add_cell(cover, &(struct cover_cell){.state = net->task->start}, net->h_0, net->h_0, NULL);
    if (status == CARRYNET_OK)
        status = seek(&growth);
    for (size_t i = 0; i < growth.sets_made; ++i)
        flow_set_free(&growth.sets[i]);
    sys_free(growth.sets);
    sys_free(growth.sizes);
    sys_free(growth.word);
    sys_free(growth.tree);
    sys_free(growth.scratch);
    return status;
}
