/*
 * Declarations shared by the files with loops. Each file is compiled once a precision (CARRYNET_REAL_BITS) and variant
 * (C_VARIANT); LOOP makes the names of the copies.
 */
#ifndef TILED_LOOPS_H
#define TILED_LOOPS_H

#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include "reference/reference.h"

#define LOOP_PASTE_(name, bits, variant) tiled_##bits##_##variant##_##name
#define LOOP_PASTE(name, bits, variant) LOOP_PASTE_(name, bits, variant)
#define LOOP(name) LOOP_PASTE(name, CARRYNET_REAL_BITS, C_VARIANT)

/* LEVELS: partial sums that the tree of NET_SEQUENCES / BLOCK blocks, or of runs of a gradient, can hold at once. */
enum { BLOCK = CARRYNET_BLOCK, OUTPUT_PARTIALS = 16, RUN = 64, LEVELS = 20 };

/* A network's parameters by name; absent ones are NULL. */
struct parameters {
    const real *w_xh; /* [I][H] */
    const real *w_hh; /* [H][H] */
    const real *w_hy; /* [H][O] */
    const real *b_h;  /* [H] */
    const real *b_y;  /* [O] */
    const real *h_0;  /* [H] */
};

/*
 * One block of S <= 64 sequences over T steps. Arrays in scratch. Those over T have the last step first (place), so that
 * the chains of the gradient, steps descending, run along memory.
 */
struct block {
    size_t S, T, I, H, O;
    size_t window;         /* steps whose dh are kept, for their part of the gradient */
    bool start;            /* h[0] is given: by the model's h_0 or by a state */
    bool keeps;            /* h has all steps, else the last two */
    uint32_t *symbol;      /* [T][S] */
    uint32_t *target;      /* [T][S] */
    real *h;               /* [T + 1 or 2][S][H]: h[t + 1] at the hidden place of step t, h[0] behind them all */
    real *z;               /* [T][S][O] */
    real *y;               /* [T][S][O] */
    real *dy;              /* [T][S][O] */
    real *dh;              /* [1 + window][S][H]: first that of the step after the window */
    real *row;             /* [2^I][H] */
    real *w_hh_transposed; /* [H][H], so that the chain of the deltas runs along rows */
    real *w_hy_transposed; /* [O][H] */
    real *dw_hy;           /* [O][H], transposed */
};

/* Where step t of sequence s is in the arrays of a block. */
static inline size_t place(const struct block *b, size_t t, size_t s)
{
    return (b->T - 1 - t) * b->S + s;
}

/* Where the h of sequence s is that `later` steps follow: where not all are kept, the last is at 0 and two take turns. */
static inline size_t hidden_place(const struct block *b, size_t later, size_t s)
{
    return (b->keeps ? later : later % 2) * b->S + s;
}

static inline void add_values(real *restrict total, const real *restrict values, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        total[i] += values[i];
}

#define add_chains LOOP(add_chains)
#define forward_block LOOP(forward_block)
#define measure_block LOOP(measure_block)
#define backward_block LOOP(backward_block)
#define update_network LOOP(update_network)

/*
 * total[r][j] = chain over n ascending: fma(a[r][n], b[n][j], total[r][j]), for total [rows][columns] and
 * b [links][columns]; a[r][n] is a[r * a_row + n * a_link].
 */
void add_chains(real *total, size_t rows, size_t columns, const real *a, size_t a_row, size_t a_link, const real *b,
                size_t links);

void forward_block(struct block *block, const struct parameters *p, const struct net_pass *pass, size_t first);

/* loss and absolute error of the block, summed over its sequences; adds to counts. */
void measure_block(real metrics[2], struct reference_counts *counts, const struct block *block, carrynet_loss loss);

/* gradient [trained] of the block, in the order of the parameters. */
void backward_block(real *gradient, struct block *block, const struct parameters *p, carrynet_loss loss);

void update_network(void *parameters, void *first_moment, void *second_moment, const void *sums,
                    const carrynet_settings *settings, uint64_t sequences, struct net_rates rates);

#endif
