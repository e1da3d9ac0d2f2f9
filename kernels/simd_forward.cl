/*
 * SIMD variant: forward alone, with metrics and, where asked for, y, z, h and the state of every sequence.
 * Work-group size 1; tasks as in simd_gradient.cl. Only two steps of hidden values are kept.
 */
#pragma OPENCL FP_CONTRACT OFF

/* [n] reals of each sequence of a block from [rows][PITCH], to a stride of `stride` reals. */
INLINE void copy_rows(global real *to, const size_t stride, const global real *from, const uint sequences)
{
    for (uint s = 0; s < sequences; ++s)
        for (uint j = 0; j < H; ++j)
            to[s * stride + j] = from[s * PITCH + j];
}

__attribute__((reqd_work_group_size(1, 1, 1))) kernel void
simd_forward(const struct carrynet_pass pass, const global real *packed, const global uint *staged,
            global real *scratch, global real *partials, global ulong *counts, global real *y_out, global real *z_out,
            global real *h_out, global real *state)
{
    const uint rows = pass.rows;
    const size_t step = (size_t)rows * PITCH;
    const struct carrynet_sizes sizes = SIZES;
    const struct carrynet_forward_scratch places = carrynet_forward_scratch(&sizes, &pass);
    global real *base = scratch + get_group_id(0) * pass.scratch_stride;
    global real *hidden = base + places.h, *partial = base + places.partial, *levels = base + places.levels;
    const ulong tasks = (ulong)pass.networks * pass.chunks;
    for (ulong task = get_group_id(0); task < tasks; task += get_num_groups(0)) {
        const uint network = (uint)(task / pass.chunks), chunk = (uint)(task % pass.chunks);
        const global vreal *mine = (const global vreal *)packed + (size_t)network * PACKED_SIZE;
        const uint chunk_sequences = pass.chunk_blocks * BLOCK;
        struct wrong wrong = {0, 0};
        uint blocks = 0;
        for (uint in_chunk = 0; in_chunk < chunk_sequences; in_chunk += BLOCK, ++blocks) {
            const ulong first = (ulong)chunk * chunk_sequences + in_chunk;
            if (first >= pass.sequences || (pass.until_wrong && wrong.sequences > 0))
                break;
            const uint sequences = pass.sequences - first < BLOCK ? (uint)(pass.sequences - first) : BLOCK;
            struct sequences symbols;
            block_symbols(&symbols, &pass, staged, network, first);
            struct sequences targets;
            block_targets(&targets, &pass, staged, network, first);
            const size_t place = (size_t)network * pass.sequences + first; /* of the block's first sequence */
            uint symbol[BLOCK], target[BLOCK];
            struct measures measures;
            measures_start(&measures, pass.loss);
            for (uint s = 0; s < rows; ++s)
                for (uint j = 0; j < COLUMNS; ++j)
                    hidden[s * PITCH + j] = pass.resume && s < sequences && j < H
                                                  ? state[(place + s) * H + j]
                                                  : ((const global real *)(mine + PACKED_H_0))[j];
            for (uint t = 0; t < pass.steps; ++t) {
                global real *h = hidden + (t % 2) * step, *next = hidden + ((t + 1) % 2) * step;
                unpack_step(symbol, &symbols, I, t, sequences, rows);
                unpack_step(target, &targets, O, t, sequences, rows);
                hidden_forward(next, h, t > 0 || pass.resume || pass.initial_state, symbol, mine, rows);
                for (uint s = 0; s < rows; s += LANES)
                    for (uint o = 0; o < O; ++o) {
                        vreal z = logits(next + s * PITCH, mine + PACKED_HY + o * VECTORS);
                        if (pass.bias)
                            z = (vreal)(((const global real *)(mine + PACKED_B_Y + o))[0]) + z;
                        const vreal y = sigmoid(z);
                        (void)measure(&measures, s / LANES, z, y, targets_of(target + s, o));
                        real ys[LANES], zs[LANES];
                        CARRYNET_PASTE(vstore, LANES)(y, 0, ys);
                        CARRYNET_PASTE(vstore, LANES)(z, 0, zs);
                        for (uint i = 0; i < LANES && s + i < sequences; ++i) {
                            const size_t at = ((place + s + i) * pass.steps + t) * O + o;
                            if (pass.outputs & CARRYNET_WRITE_Y)
                                y_out[at] = ys[i];
                            if (pass.outputs & CARRYNET_WRITE_Z)
                                z_out[at] = zs[i];
                        }
                    }
                if (pass.outputs & CARRYNET_WRITE_H)
                    copy_rows(h_out + (place * pass.steps + t) * H, (size_t)pass.steps * H, next, sequences);
            }
            if (pass.outputs & CARRYNET_WRITE_STATE)
                copy_rows(state + place * H, H, hidden + (pass.steps % 2) * step, sequences);
            for (uint i = 2; i < pass.partial_stride; ++i)
                partial[i] = 0;
            measures_end(&measures, sequences, partial, &wrong);
            push_partial(levels, partial, pass.partial_stride, blocks);
        }
        collapse_partials(partials + task * pass.partial_stride, levels, pass.partial_stride, blocks);
        counts[2 * task] = wrong.bits;
        counts[2 * task + 1] = wrong.sequences;
    }
}
