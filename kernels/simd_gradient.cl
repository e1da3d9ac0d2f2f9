/*
 * SIMD variant: forward, BPTT and summed gradient of one chunk of blocks after another, all in one launch.
 *
 * Work-group size 1. Work-item g runs items g, g + groups, ...; item = network * chunks + chunk.
 */
#pragma OPENCL FP_CONTRACT OFF

__attribute__((reqd_work_group_size(1, 1, 1))) kernel void
simd_gradient(const struct carrynet_pass pass, const global real *packed, const global uint *staged,
             global real *scratch, global real *partials, global ulong *counts)
{
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    const ulong items = (ulong)pass.networks * pass.chunks;
    for (ulong item = get_group_id(0); item < items; item += get_num_groups(0)) {
        const uint network = (uint)(item / pass.chunks);
        const struct chunk chunk = {.packed = (const global vreal *)packed + (size_t)network * PACKED_SIZE,
                                    .staged = staged,
                                    .network = network,
                                    .part = network,
                                    .number = (uint)(item % pass.chunks),
                                    .update_offset = pass.update,
                                    .learn = 1,
                                    .partial = partials + item * pass.partial_stride,
                                    .counts = counts + 2 * item};
        run_chunk(&pass, &g, &chunk);
    }
}
