/* Nodes of the reduction tree: those that cover a range of blocks, and their sums. */
#include "backend/reduction_tree.h"
#include <assert.h>
#include <stdbool.h>

/* How many blocks of a run of `count` > 1 are its first part: the largest power of two below. */
static uint64_t first_part(uint64_t count)
{
    uint64_t part = 1;
    while (part < count - part)
        part *= 2;
    return part;
}

static size_t cover(struct block_range *nodes, size_t found, struct block_range node, struct block_range range)
{
    const uint64_t end = node.first + node.count, range_end = range.first + range.count;
    if (range.first >= end || node.first >= range_end)
        return found;
    if (range.first <= node.first && end <= range_end) {
        assert(found < REDUCTION_TREE_COVER);
        nodes[found] = node;
        return found + 1;
    }
    const uint64_t part = first_part(node.count);
    found = cover(nodes, found, (struct block_range){node.first, part}, range);
    return cover(nodes, found, (struct block_range){node.first + part, node.count - part}, range);
}

size_t reduction_tree_cover(struct block_range nodes[REDUCTION_TREE_COVER], uint64_t blocks, struct block_range range)
{
    return range.count == 0 ? 0 : cover(nodes, 0, (struct block_range){0, blocks}, range);
}

static void add(void *lower, const void *higher, size_t size, carrynet_precision precision)
{
    if (precision == CARRYNET_FP32) {
        float *sum = lower;
        const float *other = higher;
        for (size_t i = 0; i < size; ++i)
            sum[i] = sum[i] + other[i];
    } else {
        double *sum = lower;
        const double *other = higher;
        for (size_t i = 0; i < size; ++i)
            sum[i] = sum[i] + other[i];
    }
}

void reduction_tree_reduce(void *const *values, const struct block_range *nodes, size_t *next, struct block_range node,
                           size_t size, carrynet_precision precision)
{
    const size_t at = *next;
    assert(nodes[at].first == node.first && nodes[at].count <= node.count);
    if (nodes[at].count == node.count) {
        ++*next;
        return;
    }
    const uint64_t part = first_part(node.count);
    reduction_tree_reduce(values, nodes, next, (struct block_range){node.first, part}, size, precision);
    const size_t higher = *next;
    reduction_tree_reduce(values, nodes, next, (struct block_range){node.first + part, node.count - part}, size,
                          precision);
    add(values[at], values[higher], size, precision);
}
