/*
 * Many chains of fma at once (kernels/ARITHMETIC.md 4). Each chain keeps its one order. The chains of a tile are
 * interleaved, so that their totals stay in registers and no chain waits for its last fma. The size of a tile changes
 * no bit.
 */
#include "backend/tiled/loops.h"

/* WIDTH: columns of a tile of four rows. A row left over is cut into four runs of columns instead. */
enum { WIDTH = 64 / sizeof(real) };

/* What four runs of chains read and write: run i of the tile is i * next away from the first. */
struct runs {
    real *total;
    const real *a;
    const real *b;
    size_t total_next, a_next, b_next;
    size_t a_link, b_link; /* from one link of a chain to the next */
    size_t links;
};

/*
 * Four runs of `width` chains side by side. The width has to be a constant where this is compiled, hence always inline;
 * the first link reads the totals from memory, the last writes them back.
 */
static inline __attribute__((always_inline)) void add_runs(const struct runs *runs, size_t width)
{
    const size_t a_next = runs->a_next, b_next = runs->b_next, next = runs->total_next, bytes = width * sizeof(real);
    const real *restrict a = runs->a, *restrict b = runs->b;
    real *restrict total = runs->total;
    real sum0[WIDTH], sum1[WIDTH], sum2[WIDTH], sum3[WIDTH];
    for (size_t j = 0; j < width; ++j) {
        sum0[j] = fused(a[0], b[j], total[j]);
        sum1[j] = fused(a[a_next], b[b_next + j], total[next + j]);
        sum2[j] = fused(a[2 * a_next], b[2 * b_next + j], total[2 * next + j]);
        sum3[j] = fused(a[3 * a_next], b[3 * b_next + j], total[3 * next + j]);
    }
    for (size_t n = 1; n < runs->links; ++n) {
        a += runs->a_link;
        b += runs->b_link;
        const real a0 = a[0], a1 = a[a_next], a2 = a[2 * a_next], a3 = a[3 * a_next];
        for (size_t j = 0; j < width; ++j) {
            sum0[j] = fused(a0, b[j], sum0[j]);
            sum1[j] = fused(a1, b[b_next + j], sum1[j]);
            sum2[j] = fused(a2, b[2 * b_next + j], sum2[j]);
            sum3[j] = fused(a3, b[3 * b_next + j], sum3[j]);
        }
    }
    memcpy(total, sum0, bytes);
    memcpy(total + next, sum1, bytes);
    memcpy(total + 2 * next, sum2, bytes);
    memcpy(total + 3 * next, sum3, bytes);
}

/* The few columns that no tile covers, in memory. */
static void add_rest(real *restrict total, size_t width, const real *restrict a, size_t a_link, const real *restrict b,
                     size_t b_link, size_t links)
{
    for (size_t n = 0; n < links; ++n)
        for (size_t j = 0; j < width; ++j)
            total[j] = fused(a[n * a_link], b[n * b_link + j], total[j]);
}

/* Four rows of all columns. */
static void add_four_rows(real *total, size_t columns, const real *a, size_t a_row, size_t a_link, const real *b,
                          size_t links)
{
    struct runs runs = {total, a, b, columns, a_row, 0, a_link, columns, links};
    size_t j = 0;
    for (; columns - j >= WIDTH; j += WIDTH, runs.total += WIDTH, runs.b += WIDTH)
        add_runs(&runs, WIDTH);
    for (; columns - j >= WIDTH / 2; j += WIDTH / 2, runs.total += WIDTH / 2, runs.b += WIDTH / 2)
        add_runs(&runs, WIDTH / 2);
    for (size_t r = 0; r < 4 && j < columns; ++r)
        add_rest(total + r * columns + j, columns - j, a + r * a_row, a_link, b + j, columns, links);
}

/* One row of all columns: four neighbouring runs of them at a time. */
static void add_row(real *total, size_t columns, const real *a, size_t a_link, const real *b, size_t links)
{
    size_t j = 0;
    for (; columns - j >= 4 * WIDTH; j += 4 * WIDTH)
        add_runs(&(struct runs){total + j, a, b + j, WIDTH, 0, WIDTH, a_link, columns, links}, WIDTH);
    for (; columns - j >= 2 * WIDTH; j += 2 * WIDTH)
        add_runs(&(struct runs){total + j, a, b + j, WIDTH / 2, 0, WIDTH / 2, a_link, columns, links}, WIDTH / 2);
    for (; columns - j >= WIDTH; j += WIDTH)
        add_runs(&(struct runs){total + j, a, b + j, WIDTH / 4, 0, WIDTH / 4, a_link, columns, links}, WIDTH / 4);
    if (j < columns)
        add_rest(total + j, columns - j, a, a_link, b + j, columns, links);
}

void add_chains(real *total, size_t rows, size_t columns, const real *a, size_t a_row, size_t a_link, const real *b,
                size_t links)
{
    size_t r = 0;
    if (links == 0)
        return;
    for (; rows - r >= 4; r += 4)
        add_four_rows(total + r * columns, columns, a + r * a_row, a_row, a_link, b, links);
    for (; r < rows; ++r)
        add_row(total + r * columns, columns, a + r * a_row, a_link, b, links);
}
