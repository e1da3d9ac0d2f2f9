/*
 * The tree in which the sums of blocks are reduced (kernels/ARITHMETIC.md 5): the sum of a run of n > 1 blocks is that of its
 * first p, p the largest power of two below n, plus that of the rest. A node is the sum of one such run.
 */
#ifndef BACKEND_REDUCTION_TREE_H
#define BACKEND_REDUCTION_TREE_H

#include <carrynet/net.h>
#include <stddef.h>
#include <stdint.h>

struct block_range {
    uint64_t first, count;
};

/* Most nodes that cover a range: two a level. */
enum { REDUCTION_TREE_COVER = 128 };

/* The fewest nodes of the tree over `blocks` blocks that cover `range`, in order; returns their number. */
size_t reduction_tree_cover(struct block_range nodes[REDUCTION_TREE_COVER], uint64_t blocks, struct block_range range);

/*
 * Reduces to `node` the nodes that cover it, from number *next on; values[i] is the sum that is nodes[i], `size` reals. The
 * result replaces the values of the first of them, the values of the others are lost, and *next is the number of the node
 * after them.
 */
void reduction_tree_reduce(void *const *values, const struct block_range *nodes, size_t *next, struct block_range node,
                           size_t size, carrynet_precision precision);

#endif
