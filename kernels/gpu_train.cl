/*
 * GPU shape: whole updates in one launch, for networks that are small or many, as in cpu_train.cl.
 *
 * Work-group g trains networks g, g + groups, ...; barriers part gradient, clipping and optimizer.
 */
#pragma OPENCL FP_CONTRACT OFF

kernel void gpu_train(const struct carrynet_pass pass, const struct carrynet_step step, const uint updates,
                      const global uint *staged, const global uint *task, const global real *rates,
                      const global real *constants, global real *parameters, global real *first_moments,
                      global real *second_moments, global real *packed, global real *scratch, global real *sums,
                      global ulong *totals, global real *factors)
{
    local real loss[BLOCK], absolute[BLOCK];
    local uint wrong[BLOCK];
    const struct measures m = {loss, absolute, wrong};
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    for (uint network = (uint)get_group_id(0); network < pass.networks; network += (uint)get_num_groups(0)) {
        struct carrynet_step now = step;
        for (uint u = 0; u < updates; ++u) {
            run_chunk(&pass, &g, &m, parameters + (size_t)network * pass.parameter_stride, staged, task, network, 0,
                      pass.update + u, sums + (size_t)network * pass.node_stride, totals + 2 * network);
            now.first_rate = u * pass.networks * CARRYNET_RATES;
            if (now.clipped) {
                if (get_local_id(0) == 0)
                    clip_item(&now, sums, constants, factors, network);
                barrier(CLK_GLOBAL_MEM_FENCE);
            }
            EACH(i, step.trained)
            apply_item(&now, sums, rates, constants, factors, parameters, first_moments, second_moments, network, i);
            barrier(CLK_GLOBAL_MEM_FENCE);
        }
    }
}
