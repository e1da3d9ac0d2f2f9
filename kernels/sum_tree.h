/*
 * A sum as a balanced tree of its parts (ARITHMETIC.md 5): a binary counter, of which levels[l stride] holds the sum of
 * an aligned run of 2^l parts while bit l of their number is set. So blocks meet, chunks of blocks, and runs of squares,
 * lane by lane; neighbours first, the earlier on the left.
 *
 * Macros, since the levels lie in private or in global memory, and a pointer in OpenCL C 1.2 is to one of them.
 */
#ifndef CARRYNET_SUM_TREE_H
#define CARRYNET_SUM_TREE_H

/* Takes part number `before`, a variable, which is lost. */
#define CARRYNET_TREE_PUSH(levels, stride, before, part)                                                               \
    do {                                                                                                               \
        uint level = 0;                                                                                                \
        for (uint full = before; full & 1; full >>= 1, ++level)                                                        \
            part = plus((levels)[(size_t)level * (stride)], part);                                                     \
        (levels)[(size_t)level * (stride)] = part;                                                                     \
    } while (0)

/* The sum of `count` parts that were taken: what stands in the levels, reduced from the smallest up. */
#define CARRYNET_TREE_SUM(sum, levels, stride, count)                                                                  \
    do {                                                                                                               \
        uint started = 0;                                                                                              \
        for (uint level = 0; (count) >> level != 0; ++level)                                                           \
            if ((count) >> level & 1) {                                                                                \
                sum = started ? plus((levels)[(size_t)level * (stride)], sum) : (levels)[(size_t)level * (stride)];    \
                started = 1;                                                                                           \
            }                                                                                                          \
    } while (0)

#endif
