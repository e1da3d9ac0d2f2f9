/* Partial sums of the reduction tree: those that cover a range of blocks, and their sums. */
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

static size_t cover(struct block_range *partials, size_t found, struct block_range partial, struct block_range range)
{
    const uint64_t end = partial.first + partial.count, range_end = range.first + range.count;
    if (range.first >= end || partial.first >= range_end)
        return found;
    if (range.first <= partial.first && end <= range_end) {
        assert(found < REDUCTION_TREE_COVER);
        partials[found] = partial;
        return found + 1;
    }
    const uint64_t part = first_part(partial.count);
    found = cover(partials, found, (struct block_range){partial.first, part}, range);
    return cover(partials, found, (struct block_range){partial.first + part, partial.count - part}, range);
}

size_t reduction_tree_cover(struct block_range partials[REDUCTION_TREE_COVER], uint64_t blocks,
                            struct block_range range)
{
    return range.count == 0 ? 0 : cover(partials, 0, (struct block_range){0, blocks}, range);
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

void reduction_tree_reduce(void *const *values, const struct block_range *partials, size_t *next,
                           struct block_range partial, size_t size, carrynet_precision precision)
{
    const size_t at = *next;
    assert(partials[at].first == partial.first && partials[at].count <= partial.count);
    if (partials[at].count == partial.count) {
        ++*next;
        return;
    }
    const uint64_t part = first_part(partial.count);
    reduction_tree_reduce(values, partials, next, (struct block_range){partial.first, part}, size, precision);
    const size_t higher = *next;
    reduction_tree_reduce(values, partials, next, (struct block_range){partial.first + part, partial.count - part},
                          size, precision);
    add(values[at], values[higher], size, precision);
}
