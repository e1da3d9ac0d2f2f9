/*
 * GPU shape: whole updates in one launch, for networks that are small or many, as in cpu_train.cl.
 *
 * Work-group g trains networks g, g + groups, ...; barriers part gradient, clipping and optimizer.
 */
#pragma OPENCL FP_CONTRACT OFF

/* The problems of a network's update, in the group's part; a barrier must follow. */
static inline void make_part(const struct carrynet_pass *pass, global uint *staged, const global uint *task,
                             const uint network, const uint part, const uint update_offset)
{
    const global uint *individual = staged + CARRYNET_INDIVIDUAL * network;
    const uint update = individual[CARRYNET_INDIVIDUAL_UPDATE] + update_offset;
    EACH(s, pass->sequences)
    {
        const uint first = s / BLOCK * BLOCK, within = s - first;
        make_problems(staged + pass->first_symbol + part * pass->symbol_stride + first * pass->symbol_words + within,
                      staged + pass->first_target + part * pass->target_stride + first * pass->target_words + within,
                      pass, task, individual, update, s);
    }
}

kernel void gpu_train(const struct carrynet_pass pass, const struct carrynet_step step, const uint updates,
                      global uint *staged, const global uint *task, const global real *rates,
                      const global real *constants, global real *parameters, global real *first_moments,
                      global real *second_moments, global real *packed, global real *scratch, global real *sums,
                      global ulong *totals, global real *factors)
{
    const uint part = (uint)get_group_id(0); /* of what is staged: this group's own problems */
    local real loss[BLOCK], absolute[BLOCK];
    local uint wrong[BLOCK];
    const struct measures m = {loss, absolute, wrong};
    const struct scratch g = scratch_of(scratch + get_group_id(0) * pass.scratch_stride, &pass);
    for (uint network = (uint)get_group_id(0); network < pass.networks; network += (uint)get_num_groups(0)) {
        struct carrynet_step now = step;
        for (uint u = 0; u < updates; ++u) {
            make_part(&pass, staged, task, network, part, u);
            barrier(CLK_GLOBAL_MEM_FENCE);
            run_chunk(&pass, &g, &m, parameters + (size_t)network * pass.parameter_stride, staged, network, part, 0,
                      u, sums + (size_t)network * pass.node_stride, totals + 2 * network);
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
