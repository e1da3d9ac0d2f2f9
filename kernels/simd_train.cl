/*
 * SIMD variant: fused updates in one launch, for networks that are small or many. A work-item trains one network after
 * another: pack, then per update the gradient of all its blocks, clipping, optimizer, and pack again. The functions are
 * those of the kernels of single steps. For no updates it measures the networks on the sequences that are staged.
 *
 * Work-group size 1. Work-item g trains networks g, g + groups, ...
 */
#pragma OPENCL FP_CONTRACT OFF

INLINE void pack_network(const struct carrynet_pass *pass, const global real *parameters, global real *packed,
                         const uint network)
{
    for (uint k = 0; k < H; k += OUTPUT_PARTIALS)
        pack_rows(pass, parameters, packed, network, k);
}

/* The problems of a network's update, in the worker's part. */
INLINE void generate_part(const struct carrynet_pass *pass, global uint *staged, const global uint *task,
                      const uint network, const uint part, const uint update_offset)
{
    const global uint *config = staged + CARRYNET_CONFIG * network;
    const uint update = config[CARRYNET_CONFIG_UPDATE] + update_offset;
    for (ulong first = 0; first < pass->sequences; first += BLOCK)
        generate_block(staged + pass->first_symbol + part * pass->symbol_stride + first * pass->symbol_words,
                   staged + pass->first_target + part * pass->target_stride + first * pass->target_words, pass, task,
                   config, update, first);
}

__attribute__((reqd_work_group_size(1, 1, 1))) kernel void
simd_train(const struct carrynet_pass pass, const struct carrynet_step step, const uint updates,
          global uint *staged, const global uint *task, const global real *rates, const global real *constants,
          global real *parameters, global real *first_moments, global real *second_moments, global real *packed,
          global real *scratch, global real *sums, global ulong *totals, global real *factors)
{
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    const uint part = (uint)get_group_id(0); /* of what is staged: this worker's own problems */
    const uint vectors = (step.trained + LANES - 1) / LANES;
    for (uint network = (uint)get_group_id(0); network < pass.networks; network += (uint)get_num_groups(0)) {
        struct chunk chunk = {.packed = (const global vreal *)packed + (size_t)network * PACKED_SIZE,
                              .staged = staged,
                              .network = network,
                              .part = part,
                              .learn = updates > 0,
                              .partial = sums + (size_t)network * pass.partial_stride,
                              .counts = totals + 2 * network};
        struct carrynet_step now = step;
        for (uint u = 0;; ++u) {
            pack_network(&pass, parameters, packed, network);
            if (updates > 0 && u == updates)
                break;
            if (updates > 0)
                generate_part(&pass, staged, task, network, part, u);
            chunk.update_offset = u;
            run_chunk(&pass, &g, &chunk);
            if (updates == 0)
                break;
            now.first_rate = u * pass.networks * CARRYNET_RATES;
            if (now.clipped)
                clip_item(&now, sums, constants, factors, network);
            for (uint i = 0; i < vectors; ++i)
                apply_item(&now, sums, rates, constants, factors, parameters, first_moments, second_moments, network,
                           i);
        }
    }
}
