/*
 * SIMT variant: forward alone, with metrics and, where asked for, y, z, h and the state of every sequence.
 * Work-groups and tasks as in simt_gradient.cl. Only two steps of hidden values are kept.
 */
#pragma OPENCL FP_CONTRACT OFF

kernel void simt_forward(const struct carrynet_pass pass, const global real *parameters, const global uint *staged,
                        global real *scratch, global real *partials, global ulong *counts, global real *y_out,
                        global real *z_out, global real *h_out, global real *state)
{
    local real loss[BLOCK], absolute[BLOCK];
    local uint wrong[BLOCK];
    const struct measures m = {loss, absolute, wrong, pass.loss};
    const size_t step = (size_t)pass.rows * H;
    global real *hidden = scratch + get_group_id(0) * pass.scratch_stride, *row = hidden + 2 * step;
    global real *levels = row + SYMBOLS * H;
    const ulong tasks = (ulong)pass.networks * pass.chunks;
    for (ulong task = get_group_id(0); task < tasks; task += get_num_groups(0)) {
        const uint network = (uint)(task / pass.chunks), chunk = (uint)(task % pass.chunks);
        const global real *p = parameters + (size_t)network * pass.parameter_stride;
        const uint chunk_sequences = pass.chunk_blocks * BLOCK;
        ulong wrong_bits = 0, wrong_sequences = 0;
        uint blocks = 0;
        symbol_rows(row, p, pass.bias);
        for (uint in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK) {
            const ulong first = (ulong)chunk * chunk_sequences + in_chunk;
            if (first >= pass.sequences || (pass.until_wrong && wrong_sequences > 0))
                break;
            struct block b;
            block_symbols(&b.symbols, &pass, staged, network, first);
            block_targets(&b.targets, &pass, staged, network, first);
            b.sequences = pass.sequences - first < BLOCK ? (uint)(pass.sequences - first) : BLOCK;
            const size_t place = (size_t)network * pass.sequences + first; /* of the block's first sequence */
            EACH(s, BLOCK)
            {
                loss[s] = absolute[s] = 0;
                wrong[s] = 0;
            }
            if (pass.resume)
                EACH(e, b.sequences * H)
                hidden[e] = state[place * H + e];
            else if (pass.initial_state)
                EACH(e, b.sequences * H)
                hidden[e] = p[H_0(pass.bias) + e % H];
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
            for (uint t = 0; t < pass.steps; ++t) {
                const global real *h = hidden + (t % 2) * step;
                global real *next = hidden + ((t + 1) % 2) * step;
                const int chained = t > 0 || pass.resume || pass.initial_state;
                EACH(e, TILES(b.sequences) * H)
                {
                    const uint tile = e / H * ROWS, j = e % H;
                    real value[ROWS];
                    hidden_tile(value, &b, row, h, p, chained, t, tile, j);
                    for (uint r = 0; r < ROWS && tile + r < b.sequences; ++r) {
                        const size_t s = place + tile + r;
                        next[(tile + r) * H + j] = value[r];
                        if (pass.outputs & CARRYNET_WRITE_H)
                            h_out[(s * pass.steps + t) * H + j] = value[r];
                        if ((pass.outputs & CARRYNET_WRITE_STATE) && t + 1 == pass.steps)
                            state[s * H + j] = value[r];
                    }
                }
                barrier(CLK_GLOBAL_MEM_FENCE);
                EACH(s, b.sequences)
                {
                    const uint target = target_at(&b, s, t);
                    for (uint o = 0; o < O; ++o) {
                        const real z = logit(next + s * H, p, o, pass.bias), y = sigmoid(z);
                        const size_t at = ((place + s) * pass.steps + t) * O + o;
                        (void)measure(&m, s, z, y, target >> o & 1);
                        if (pass.outputs & CARRYNET_WRITE_Y)
                            y_out[at] = y;
                        if (pass.outputs & CARRYNET_WRITE_Z)
                            z_out[at] = z;
                    }
                }
                /* The next step overwrites h, which no one reads any more, and reads `next`, which is complete. */
            }
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
            EACH(e, pass.partial_stride)
            push_element(levels, pass.partial_stride, e, e < 2 ? measured(&m, b.sequences, e) : 0, blocks);
            if (get_local_id(0) == 0 || pass.until_wrong) /* then each must know */
                for (uint s = 0; s < b.sequences; ++s) {
                    wrong_bits += wrong[s];
                    wrong_sequences += wrong[s] > 0;
                }
            ++blocks;
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
        }
        EACH(e, pass.partial_stride)
        partials[task * pass.partial_stride + e] = collapsed_element(levels, pass.partial_stride, e, blocks);
        if (get_local_id(0) == 0) {
            counts[2 * task] = wrong_bits;
            counts[2 * task + 1] = wrong_sequences;
        }
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
}
