/*
 * SIMD variant: packs each network's weights as simd_block.cl reads them.
 * Item (network, k): rows k to k + 15 of w_hh and of its transpose; the items of k = 0 also pack the rest. Work-items
 * distribute the items.
 */
#pragma OPENCL FP_CONTRACT OFF

INLINE void pack_rows(const struct carrynet_pass *pass, const global real *parameters, global real *packed,
                      const uint network, const uint first)
{
    const global real *p = parameters + (size_t)network * pass->parameter_stride;
    global real *to = packed + (size_t)network * PACKED_SIZE * LANES;
    const global real *w_xh = p, *w_hh = w_xh + I * H, *w_hy = w_hh + H * H, *rest = w_hy + H * O;
    const uint end = first + OUTPUT_PARTIALS < H ? first + OUTPUT_PARTIALS : H;
    uint width;
    for (uint j = 0; j < COLUMNS; ++j) {
        const size_t at = panel_column(j, &width);
        for (uint k = first; k < end; ++k) {
            to[PACKED_HH * LANES + at + k * width] = j < H ? w_hh[k * H + j] : 0;
            to[PACKED_HH_TRANSPOSED * LANES + at + k * width] = j < H ? w_hh[j * H + k] : 0;
        }
    }
    if (first != 0)
        return;
    const global real *b_h = rest, *b_y = rest + H; /* where there are biases */
    if (pass->bias)
        rest += H + O;
    for (uint j = 0; j < COLUMNS; ++j) {
        for (uint a = 0; a < SYMBOLS; ++a) {
            real sum = 0;
            if (j < H) {
                if (pass->bias)
                    sum = b_h[j];
                for (uint i = 0; i < I; ++i)
                    if (a >> i & 1)
                        sum = plus_real(sum, w_xh[i * H + j]);
            }
            to[PACKED_ROWS * LANES + a * COLUMNS + j] = sum;
        }
        for (uint o = 0; o < O; ++o)
            to[PACKED_HY * LANES + o * COLUMNS + j] = j < H ? w_hy[j * O + o] : 0;
        to[PACKED_H_0 * LANES + j] = pass->initial_state && j < H ? rest[j] : 0;
    }
    global vreal *rows = (global vreal *)to + PACKED_ROWS, *sigmoids = (global vreal *)to + PACKED_FIRST;
    for (uint v = 0; v < SYMBOLS * VECTORS; ++v)
        sigmoids[v] = sigmoid(rows[v]);
    for (uint o = 0; o < O; ++o)
        to[(PACKED_B_Y + o) * LANES] = pass->bias ? b_y[o] : 0;
}

#if !CARRYNET_FUSED
kernel void simd_pack(const struct carrynet_pass pass, const global real *parameters, global real *packed)
{
    const uint each = COLUMNS / OUTPUT_PARTIALS;
    const size_t items = (size_t)pass.networks * each;
    for (size_t i = get_global_id(0); i < items; i += get_global_size(0))
        pack_rows(&pass, parameters, packed, (uint)(i / each), (uint)(i % each) * OUTPUT_PARTIALS);
}
#endif
