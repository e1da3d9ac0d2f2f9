/*
 * From random words to problems (ARITHMETIC.md 6): one text for the host's sources and for the kernels' (generated.cl). A word
 * holds floor(32 / I) symbols of I bits, the first lowest; bit i of a symbol is a bit of operand i. Lane by lane
 * where vword is a vector.
 */
#ifndef CARRYNET_PROBLEMS_H
#define CARRYNET_PROBLEMS_H

/* Bit 0 of every symbol of a word. */
#define CARRYNET_FIRST_BITS(inputs)                                                                                    \
    ((inputs) == 1 ? 0xffffffffu : (inputs) == 2 ? 0x55555555u : (inputs) == 3 ? 0x09249249u : 0x11111111u)

/* The words of one block of a problem stream, in counter order; block holds the block's number, low and high word. */
static inline void problem_block(vword words[4], vword block_low, vword block_high, vword update, word stream,
                                 vword key_low, vword key_high)
{
    words[0] = block_low;
    words[1] = block_high;
    words[2] = update;
    words[3] = (vword)(stream);
    philox4x32(&words[0], &words[1], &words[2], &words[3], key_low, key_high);
}

/* The first `count` symbols of a word; the bits above are ignored. */
static inline vword problem_symbols(vword symbols, word inputs, word count)
{
    const word bits = inputs * count;
    return bits >= 32 ? symbols : symbols & (vword)((1u << bits) - 1);
}

/* Bit 0 of the highest symbol in which operands 0 and 1 differ; 0 where they are equal in the whole word. */
static inline vword problem_difference(vword symbols, word inputs)
{
    vword d = (symbols ^ symbols >> 1) & (vword)(CARRYNET_FIRST_BITS(inputs));
    d |= d >> 1;
    d |= d >> 2;
    d |= d >> 4;
    d |= d >> 8;
    d |= d >> 16;
    return d ^ d >> 1;
}

/* The word with operands 0 and 1 exchanged in every symbol. */
static inline vword problem_exchanged(vword symbols, word inputs)
{
    const vword first = (vword)(CARRYNET_FIRST_BITS(inputs));
    return (symbols & ~(first | first << 1)) | (symbols & first) << 1 | (symbols >> 1 & first);
}

#endif
