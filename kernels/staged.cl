/*
 * Reading what is staged for a pass (arguments.h): symbols and targets, packed by the host or made on the device, and a
 * network's noise. Both variants use it.
 */
#pragma OPENCL FP_CONTRACT OFF

/* The training noise of a network. */
static inline real noise_of(const global uint *config)
{
    const global uint *words = config + CARRYNET_CONFIG_NOISE;
#if CARRYNET_REAL_BITS == 32
    return as_float(words[0]);
#else
    return as_double((ulong)words[1] << 32 | words[0]);
#endif
}

/* Packed sequences, symbols or targets: word w of sequence s is words[w * word_stride + s * sequence_stride]. */
struct sequences {
    const global uint *words;
    uint word_stride;
    uint sequence_stride;
};

/* Symbol or target `step` of sequence s. */
static inline uint unpacked(const struct sequences *from, const uint bits, const uint s, const uint step)
{
    const uint per_word = 32 / bits;
    const uint word = from->words[(size_t)(step / per_word) * from->word_stride + (size_t)s * from->sequence_stride];
    return word >> (bits * (step % per_word)) & ((1u << bits) - 1);
}

/*
 * The symbols and targets of a block that begins with sequence `first` of part `part`: of a network, or of whoever made
 * them. Not returned, since Oclgrind does not know what its compiler makes of returned structs in large kernels.
 */
static inline void block_symbols(struct sequences *to, const struct carrynet_pass *pass, const global uint *staged,
                                 const uint part, const ulong first)
{
    const global uint *words = staged + pass->first_symbol + part * pass->symbol_stride + first * pass->symbol_words;
    const struct sequences s = {words, pass->generated ? CARRYNET_BLOCK : 1, pass->generated ? 1 : pass->symbol_words};
    *to = s;
}

static inline void block_targets(struct sequences *to, const struct carrynet_pass *pass, const global uint *staged,
                                 const uint part, const ulong first)
{
    const global uint *words = staged + pass->first_target + part * pass->target_stride + first * pass->target_words;
    const struct sequences s = {words, pass->generated ? CARRYNET_BLOCK : 1, pass->generated ? 1 : pass->target_words};
    *to = s;
}
