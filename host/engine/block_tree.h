/*
 * The tree in which the sums of blocks meet (kernels/ARITHMETIC.md 5): a run of n > 1 blocks is the sum of its first p, p
 * the largest power of two below n, and of the rest. Which nodes lie within a range of blocks, and how nodes meet.
 */
#ifndef ENGINE_BLOCK_TREE_H
#define ENGINE_BLOCK_TREE_H

#include <carrynet/net.h>
#include <stddef.h>
#include <stdint.h>

struct block_range {
    uint64_t first, count;
};

/* Most nodes that a range needs: two a level. */
enum { BLOCK_TREE_COVER = 128 };

/* The fewest nodes of the tree over `blocks` blocks that make up `range`, in order: how many. */
size_t block_tree_cover(struct block_range nodes[BLOCK_TREE_COVER], uint64_t blocks, struct block_range range);

/*
 * Joins nodes, in order, into `node`, which they make up: values[i] are the sums of nodes[i], `size` reals. The result is in the
 * array of the first, whose index is *next; *next is then that of the first node behind. What the others hold is lost.
 */
void block_tree_join(void *const *values, const struct block_range *nodes, size_t *next, struct block_range node,
                     size_t size, carrynet_precision precision);

#endif
