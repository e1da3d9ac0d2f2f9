/*
 * The tree in which the sums of blocks are reduced (kernels/ARITHMETIC.md 5): the sum of a run of n > 1 blocks is that of its
 * first p, p the largest power of two below n, plus that of the rest. A partial sum is the sum of one such run.
 */
#ifndef BACKEND_REDUCTION_TREE_H
#define BACKEND_REDUCTION_TREE_H

#include <carrynet/net.h>
#include <stddef.h>
#include <stdint.h>

struct block_range {
    uint64_t first, count;
};

/* Most partial sums that cover a range: two a level. */
enum { REDUCTION_TREE_COVER = 128 };

/* The fewest partial sums of the reduction tree over `blocks` blocks that cover `range`, in order; returns their number. */
size_t reduction_tree_cover(struct block_range partials[REDUCTION_TREE_COVER], uint64_t blocks,
                            struct block_range range);

/*
 * Reduces to `partial` the partial sums that cover it, from number *next on; values[i] is the sum that is partials[i], `size` reals. The
 * result replaces the values of the first of them, the values of the others are lost, and *next is the number of the partial sum
 * after them.
 */
void reduction_tree_reduce(void *const *values, const struct block_range *partials, size_t *next,
                           struct block_range partial, size_t size, carrynet_precision precision);

#endif
