/*
 * A certificate as the tests read it, apart from the library's reader, and points of its sets: what the theorem says of
 * every point is tried on some. Everything in long double but the engine's own steps.
 */
#ifndef TESTS_CERTIFICATE_SETS_H
#define TESTS_CERTIFICATE_SETS_H

#include "draws.h"

#include "proved_networks.h"

#define INNER (-1)

struct set_cell {
    uint32_t state, basis;
    double radius;
};

struct sets {
    char *text;
    char **tokens; /* [count] of the text, blanks and line ends taken as one */
    size_t count;
    uint32_t inputs, outputs, states, start, hidden, bases, cells;
    double *basis; /* [bases][H][H] */
    long double *inverse;
    struct set_cell *cell;    /* [cells] */
    double *centre;           /* [cells][H] */
    size_t *tree;             /* [cells + 1]: the token behind "tree", of the root, then of the cells */
    size_t basis_at, cell_at; /* tokens: "basis 0", "cell" */
};

static inline size_t sets_seek(const struct sets *sets, size_t from, const char *token)
{
    while (from < sets->count && strcmp(sets->tokens[from], token) != 0)
        ++from;
    cr_assert(from < sets->count, "no '%s' in the certificate", token);
    return from;
}

static inline uint32_t sets_whole(const struct sets *sets, size_t at)
{
    return (uint32_t)strtoul(sets->tokens[at], NULL, 10);
}

/* M of B by elimination with the largest pivots. */
static inline void sets_invert(long double *inverse, const double *basis, size_t n)
{
    long double *work = calloc(2 * n * n, sizeof *work);
    cr_assert(work != NULL);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            work[i * 2 * n + j] = basis[i * n + j];
            work[i * 2 * n + n + j] = i == j;
        }
    for (size_t k = 0; k < n; ++k) {
        size_t best = k;
        for (size_t i = k; i < n; ++i)
            best = fabsl(work[i * 2 * n + k]) > fabsl(work[best * 2 * n + k]) ? i : best;
        for (size_t j = 0; j < 2 * n; ++j) {
            const long double kept = work[k * 2 * n + j];
            work[k * 2 * n + j] = work[best * 2 * n + j];
            work[best * 2 * n + j] = kept;
        }
        const long double pivot = work[k * 2 * n + k];
        for (size_t j = 0; j < 2 * n; ++j)
            work[k * 2 * n + j] /= pivot;
        for (size_t i = 0; i < n; ++i)
            for (size_t j = 2 * n; i != k && j-- > k;)
                work[i * 2 * n + j] -= work[i * 2 * n + k] * work[k * 2 * n + j];
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            inverse[i * n + j] = work[i * 2 * n + n + j];
    free(work);
}

static inline struct sets sets_read(const char *text, size_t size)
{
    struct sets sets = {.text = calloc(size + 1, 1), .tokens = calloc(size / 2 + 1, sizeof(char *))};
    cr_assert(sets.text != NULL && sets.tokens != NULL);
    memcpy(sets.text, text, size);
    for (char *token = strtok(sets.text, " \n"); token != NULL; token = strtok(NULL, " \n"))
        sets.tokens[sets.count++] = token;
    const size_t task = sets_seek(&sets, 0, "task"), hidden = sets_seek(&sets, task, "hidden");
    sets.inputs = sets_whole(&sets, task + 1);
    sets.outputs = sets_whole(&sets, task + 2);
    sets.states = sets_whole(&sets, task + 3);
    sets.start = sets_whole(&sets, task + 4);
    const size_t H = sets.hidden = sets_whole(&sets, hidden + 1);
    sets.bases = sets_whole(&sets, hidden + 3);
    sets.basis_at = hidden + 4;
    sets.basis = calloc(sets.bases * H * H, sizeof(double));
    sets.inverse = calloc(sets.bases * H * H, sizeof(long double));
    cr_assert(sets.basis != NULL && sets.inverse != NULL);
    size_t at = sets.basis_at;
    for (size_t k = 0; k < sets.bases; ++k, at += 2 + H * H) {
        for (size_t i = 0; i < H * H; ++i)
            sets.basis[k * H * H + i] = strtod(sets.tokens[at + 2 + i], NULL);
        sets_invert(sets.inverse + k * H * H, sets.basis + k * H * H, H);
    }
    sets.cells = sets_whole(&sets, at + 1);
    sets.cell_at = at + 2;
    sets.cell = calloc(sets.cells, sizeof *sets.cell);
    sets.centre = calloc(sets.cells * H, sizeof(double));
    sets.tree = calloc(sets.cells + 1, sizeof *sets.tree);
    cr_assert(sets.cell != NULL && sets.centre != NULL && sets.tree != NULL);
    at += 2;
    for (size_t n = 0; n < sets.cells; ++n, at += 4 + H) {
        sets.cell[n] =
            (struct set_cell){sets_whole(&sets, at + 1), sets_whole(&sets, at + 2), strtod(sets.tokens[at + 3], NULL)};
        for (size_t j = 0; j < H; ++j)
            sets.centre[n * H + j] = strtod(sets.tokens[at + 4 + j], NULL);
    }
    for (size_t n = 0; n <= sets.cells; ++n)
        sets.tree[n] = at = sets_seek(&sets, at, "tree") + 1;
    return sets;
}

static inline void sets_free(struct sets *sets)
{
    free(sets->text);
    free(sets->tokens);
    free(sets->basis);
    free(sets->inverse);
    free(sets->cell);
    free(sets->centre);
    free(sets->tree);
}

/* |u|_2 where h = c + r u B in cell n: at most 1 inside. */
static inline long double sets_norm(const struct sets *sets, size_t n, const long double *h)
{
    const size_t H = sets->hidden;
    const long double *m = sets->inverse + sets->cell[n].basis * H * H;
    long double squares = 0;
    for (size_t j = 0; j < H; ++j) {
        long double u = 0;
        for (size_t k = 0; k < H; ++k)
            u += (h[k] - sets->centre[n * H + k]) * m[k * H + j];
        squares += u * u;
    }
    return sqrtl(squares) / sets->cell[n].radius;
}

/* c + r u B for a u of length `size`: the first 2 H along the axes, the others anywhere. */
static inline void sets_point(long double *h, const struct sets *sets, size_t n, size_t which, double size)
{
    const size_t H = sets->hidden;
    const double *b = sets->basis + sets->cell[n].basis * H * H;
    double u[CARRYNET_HIDDEN], squares = 0;
    for (size_t j = 0; j < H; ++j) {
        u[j] = which >= 2 * H || j != which / 2 ? 0 : which % 2 == 0 ? -1 : 1;
        for (int k = 0; k < 6 && which >= 2 * H; ++k)
            u[j] += drawn(-1, 1);
        squares += u[j] * u[j];
    }
    for (size_t j = 0; j < H; ++j) {
        h[j] = sets->centre[n * H + j];
        for (size_t k = 0; k < H; ++k)
            h[j] += (long double)sets->cell[n].radius * (size * u[k] / sqrt(squares)) * b[k * H + j];
    }
}

#endif
