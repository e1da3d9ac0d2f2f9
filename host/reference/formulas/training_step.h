/*
 * The formulas of kernels/ARITHMETIC.md 4 and 5, one function each, as training_step.c has them and batches.c calls them. Both are
 * compiled once a precision and variant; REFERENCE makes the names of the copies. Time runs forwards in every array.
 */
#ifndef REFERENCE_TRAINING_STEP_H
#define REFERENCE_TRAINING_STEP_H

#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include "reference/reference.h"

#define REFERENCE_PASTE_(name, bits, variant) reference_##bits##_##variant##name
#define REFERENCE_PASTE(name, bits, variant) REFERENCE_PASTE_(name, bits, variant)
#define REFERENCE(name) REFERENCE_PASTE(name, CARRYNET_REAL_BITS, C_VARIANT)

#define input_row REFERENCE(_input_row)
#define sequence_forward REFERENCE(_sequence_forward)
#define sequence_backward REFERENCE(_sequence_backward)
#define block_gradient REFERENCE(_block_gradient)
#define sequence_measure REFERENCE(_sequence_measure)
#define tree_add REFERENCE(_tree_add)
#define tree_total REFERENCE(_tree_total)
#define update_network REFERENCE(_update_network)
#define norm_factor REFERENCE(_norm_factor)
#define run_peak REFERENCE(_run_peak)
#define compute_start_vectors REFERENCE(_compute_start_vectors)

enum { BLOCK = CARRYNET_BLOCK, TREE_LEVELS = 64 };

/* A network's sizes and parameters; absent parameters are NULL. */
struct network {
    size_t I, H, O;
    const real *w_xh;            /* [I][H] */
    const real *w_hh;            /* [H][H] */
    const real *w_hh_transposed; /* [H][H], for sequence_backward alone */
    const real *w_hy;            /* [H][O] */
    const real *b_h;             /* [H] */
    const real *b_y;             /* [O] */
    const real *h_0;             /* [H] */
};

/* What is known of one sequence after T steps. */
struct sequence {
    uint32_t *symbol; /* [T]: bit i drives row i of w_xh */
    uint32_t *target; /* [T]: bit o is the target of output o */
    real *h;          /* [T + 1][H] */
    real *z;          /* [T][O] */
    real *y;          /* [T][O] */
    real *dy;         /* [T][O] */
    real *dh;         /* [T][H] */
    bool has_start;   /* h[0] is given, so step 0 has a chain over it */
};

/* Sums of blocks as a binary counter has them: level l holds the sum of 2^l blocks where bit l of their number is set. */
struct tree {
    real *levels; /* [as many as the number of blocks has bits][size] */
    size_t size;
    uint64_t blocks;
};

/* row[j] = b_h[j], then + w_xh[i][j] for every set bit i of the symbol, ascending. */
void input_row(real *row /* [H] */, uint32_t symbol, const struct network *n);

/* Problem p of the update's batch through all steps: h[1..T], z and y of the sequence from h[0] and its symbols. */
void sequence_forward(struct sequence *sequence, uint64_t p, const struct network *n, const struct net_pass *pass);

/* dy and dh of a sequence that went forward, from the last of T steps to the first. */
void sequence_backward(struct sequence *sequence, const struct network *n, carrynet_loss loss, size_t T);

/* The gradient of S sequences, summed, in file order; `bucket` is left with the sums of dh by symbol. */
void block_gradient(real *gradient /* [trained] */, real *bucket /* [2^I][H] */,
                    const struct sequence *sequences /* [S] */, size_t S, const struct network *n, size_t T);

/* Loss and absolute error of a sequence, each from +0. Returns its wrong bits. */
uint64_t sequence_measure(real metrics[2], const struct sequence *sequence, size_t O, carrynet_loss kind, size_t T);

/* Adds the next block to the tree; its values are used up. */
void tree_add(struct tree *tree, real *block /* [size] */);

/* The sum of all blocks: what remains, from the smallest level up; +0 without blocks. */
void tree_total(real *total /* [size] */, const struct tree *tree);

/* The factor of clipping by norm for these sums, r = 1/B; 1 where the settings do not clip or the norm is small enough. */
real norm_factor(const real *sums /* [trained] */, const carrynet_settings *settings, real r);

/* One update of parameters [size] and moments [trained] (NULL where the optimizer has none), as in reference.h. */
void update_network(void *parameters, void *first_moment, void *second_moment, const void *sums,
                    const carrynet_settings *settings, uint64_t sequences, struct net_rates rates);

/* What reference.h calls peak and start_vectors: peak.c, start_vectors.c. */
double run_peak(double *result, uint64_t rounds);
void compute_start_vectors(void *results, const void *operands, size_t count);

#endif
