/*
 * SIMT variant: forward alone, with metrics and, where asked for, y, z, h and the state of every sequence. Work-groups and tasks as in
 * simt_gradient.cl; a block's sequences are worked on SEQUENCES at a time.
 */
#pragma OPENCL FP_CONTRACT OFF

__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void
simt_forward(const struct carrynet_pass pass, const global real *parameters, const global uint *staged, global real *scratch,
             global real *partials, global ulong *counts, global real *y_out, global real *z_out, global real *h_out,
             global real *state, const global real *packed)
{
    local real4 hidden[2 * STEP];
    local real loss[BLOCK], absolute[BLOCK];
    local uint symbols[2 * SEQUENCES], wrong[BLOCK];
#if CARRYNET_WEIGHTS_LOCAL
    local real4 row[SYMBOLS * QUADS], weights[H * QUADS], w_hy[O * QUADS];
#endif
    (void)packed; /* where the weights are local */
    global real *levels = scratch + get_group_id(0) * pass.scratch_stride;
    const ulong tasks = (ulong)pass.networks * pass.chunks;
    for (ulong task = get_group_id(0); task < tasks; task += get_num_groups(0)) {
        const uint network = (uint)(task / pass.chunks), chunk = (uint)(task % pass.chunks);
        const global real *p = parameters + (size_t)network * pass.parameter_stride;
        const int chunk_sequences = (int)pass.chunk_blocks * BLOCK;
        ulong wrong_bits = 0, wrong_sequences = 0;
        uint blocks = 0;
#if CARRYNET_WEIGHTS_LOCAL
        const struct work g = {row, weights, w_hy, hidden, symbols, loss, absolute, wrong};
        EACH(e, SYMBOLS * COLUMNS)
        ((local real *)row)[e] = packed_row(p, pass.bias, e);
        EACH(e, H * COLUMNS)
        ((local real *)weights)[e] = packed_hh(p, 0, e);
        EACH(e, O * COLUMNS)
        ((local real *)w_hy)[e] = packed_hy(p, e);
#else
        const global real *w = packed + (size_t)network * CARRYNET_SIMT_PACKED(I, H, O);
        const struct work g = {(const global real4 *)w, (const global real4 *)(w + CARRYNET_SIMT_HH(I, H)),
                               (const global real4 *)(w + CARRYNET_SIMT_HY(I, H)), hidden, symbols, loss, absolute, wrong};
#endif
        for (int in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK) {
            const ulong first = (ulong)chunk * chunk_sequences + in_chunk;
            if (first >= pass.sequences || (pass.until_wrong && wrong_sequences > 0))
                break;
            const int block_count = pass.sequences - first < BLOCK ? (int)(pass.sequences - first) : BLOCK;
            clear_metrics(&g, BLOCK);
            for (int offset = 0; offset < block_count; offset += SEQUENCES) {
                const size_t place = (size_t)network * pass.sequences + first + offset; /* of the group's first sequence */
                struct block b;
                block_symbols(&b.symbols, &pass, staged, network, first);
                block_targets(&b.targets, &pass, staged, network, first);
                b.symbols.words += offset * b.symbols.sequence_stride;
                b.targets.words += offset * b.targets.sequence_stride;
                b.count = block_count - offset < SEQUENCES ? block_count - offset : SEQUENCES;
                stage_symbols(&g, &b, 0);
                if (pass.resume)
                    EACH(e, b.count * H)
                    ((local real *)hidden)[e / H * 4 * PITCH + e % H] = state[place * H + e];
                else if (pass.initial_state)
                    load_start(&g, p, pass.bias);
                barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE); /* the state may be written in its place */
                for (int t = 0; t < (int)pass.steps; ++t) {
                    local real4 *next = hidden + (t + 1) % 2 * STEP;
                    EACH_TILE(tile)
                    {
                        const int quad = tile % QUADS, from = tile / QUADS;
                        real sum[TILE][4];
                        hidden_tile(sum, &g, t > 0 || pass.resume || pass.initial_state, t, from, quad);
#pragma unroll UNROLL
                        for (int r = 0; r < TILE; ++r) {
                            const int s = from + r * ACROSS;
                            next[s * PITCH + quad] = quad_of(sum[r]);
#pragma unroll UNROLL
                            for (int c = 0; c < 4; ++c) {
                                const int j = 4 * quad + c;
                                if (s < b.count && j < H && pass.outputs & CARRYNET_WRITE_H)
                                    h_out[((place + s) * pass.steps + t) * H + j] = sum[r][c];
                                if (s < b.count && j < H && pass.outputs & CARRYNET_WRITE_STATE && t + 1 == (int)pass.steps)
                                    state[(place + s) * H + j] = sum[r][c];
                            }
                        }
                    }
                    if (t + 1 < (int)pass.steps)
                        stage_symbols(&g, &b, t + 1);
                    barrier(CLK_LOCAL_MEM_FENCE);
                    EACH(s, b.count)
                    {
                        const uint target = unpacked(&b.targets, O, s, t);
                        for (int o = 0; o < O; ++o) {
                            const real logit_ = logit(next + s * PITCH, g.w_hy + o * QUADS);
                            const real z = pass.bias ? p[B_Y + o] + logit_ : logit_, y = sigmoid(z);
                            const size_t at = ((place + s) * pass.steps + t) * O + o;
                            (void)measure(&g, pass.loss, offset + s, z, y, target >> o & 1);
                            if (pass.outputs & CARRYNET_WRITE_Y)
                                y_out[at] = y;
                            if (pass.outputs & CARRYNET_WRITE_Z)
                                z_out[at] = z;
                        }
                    }
                    BARRIER_ENDS_LOOP;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
            }
            EACH(e, pass.partial_stride)
            push_element(levels, pass.partial_stride, e, e < 2 ? metric_of(&g, block_count, e) : 0, blocks);
            if (LOCAL_ID == 0 || pass.until_wrong) /* then each must know */
                for (int s = 0; s < block_count; ++s) {
                    wrong_bits += wrong[s];
                    wrong_sequences += wrong[s] > 0;
                }
            ++blocks;
            barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
        }
        EACH(e, pass.partial_stride)
        partials[task * pass.partial_stride + e] = collapsed_element(levels, pass.partial_stride, e, blocks);
        if (LOCAL_ID == 0) {
            counts[2 * task] = wrong_bits;
            counts[2 * task + 1] = wrong_sequences;
        }
        barrier(CLK_GLOBAL_MEM_FENCE | CLK_LOCAL_MEM_FENCE);
    }
}
