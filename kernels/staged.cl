/*
 * Reading what the host stages for a pass (arguments.h): packed symbols and targets, and a network's noise. Both shapes
 * use it.
 */
#pragma OPENCL FP_CONTRACT OFF

/* The training noise of a network. */
static inline real noise_of(const global uint *individual)
{
    const global uint *words = individual + CARRYNET_INDIVIDUAL_NOISE;
#if CARRYNET_REAL_BITS == 32
    return as_float(words[0]);
#else
    return as_double((ulong)words[1] << 32 | words[0]);
#endif
}

/* Symbol or target `step` of a packed sequence. */
static inline uint unpacked(const global uint *words, const uint bits, const uint step)
{
    const uint per_word = 32 / bits;
    return words[step / per_word] >> (bits * (step % per_word)) & ((1u << bits) - 1);
}
