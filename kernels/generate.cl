/*
 * Makes the problems of one update of all networks, or those from pass.first_sequence on, where the gradient will read
 * them. SIMD variant: an item is a block of a network; SIMT variant: a problem. Work-items distribute the items.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Where a block's symbols, targets begin: network, first sequence. */
#define MADE_SYMBOLS(network, first)                                                                                  \
    (staged + pass.first_symbol + (network) * pass.symbol_stride + (first) * pass.symbol_words)
#define MADE_TARGETS(network, first)                                                                                  \
    (staged + pass.first_target + (network) * pass.target_stride + (first) * pass.target_words)

kernel void generate(const struct carrynet_pass pass, const global uint *task, global uint *staged)
{
#if CARRYNET_LANES > 1
    const ulong each = (pass.sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK; /* blocks */
#else
    const ulong each = pass.sequences;
#endif
    for (ulong i = get_global_id(0); i < each * pass.networks; i += get_global_size(0)) {
        const ulong network = i / each, place = i % each;
        const global uint *config = staged + CARRYNET_CONFIG * network;
        const uint update = config[CARRYNET_CONFIG_UPDATE] + pass.update;
#if CARRYNET_LANES > 1
        const ulong first = place * CARRYNET_BLOCK;
        generate_block(MADE_SYMBOLS(network, first), MADE_TARGETS(network, first), &pass, task, config, update,
                   pass.first_sequence + first);
#else
        const ulong first = place / CARRYNET_BLOCK * CARRYNET_BLOCK, within = place - first;
        generate_problems(MADE_SYMBOLS(network, first) + within, MADE_TARGETS(network, first) + within, &pass, task,
                      config, update, pass.first_sequence + place);
#endif
    }
}
