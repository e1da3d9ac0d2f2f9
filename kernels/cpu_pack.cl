/*
 * CPU shape: packs each network's weights as cpu_block.cl reads them.
 * Item (network, k): row k of w_hh and of its transpose; the items of k = 0 also pack the rest. Work-items share the
 * items out.
 */
#pragma OPENCL FP_CONTRACT OFF

/* Where element (row, column) of a panelled [H][COLUMNS] matrix lies, in reals. */
INLINE size_t panelled(const uint row, const uint column)
{
    const uint panel = column / (TILE_VECTORS * LANES), within = column % (TILE_VECTORS * LANES);
    const uint left = COLUMNS - panel * TILE_VECTORS * LANES;
    const uint width = left < TILE_VECTORS * LANES ? left : TILE_VECTORS * LANES;
    return (size_t)panel * TILE_VECTORS * LANES * H + (size_t)row * width + within;
}

INLINE void pack_row(const struct carrynet_pass *pass, const global real *parameters, global real *packed,
                     const uint network, const uint k)
{
    const global real *p = parameters + (size_t)network * pass->parameter_stride;
    global real *to = packed + (size_t)network * PACKED_SIZE * LANES;
    const global real *w_xh = p, *w_hh = w_xh + I * H, *w_hy = w_hh + H * H, *rest = w_hy + H * O;
    for (uint j = 0; j < COLUMNS; ++j) {
        to[PACKED_HH * LANES + panelled(k, j)] = j < H ? w_hh[k * H + j] : 0;
        to[PACKED_HH_TRANSPOSED * LANES + panelled(k, j)] = j < H ? w_hh[j * H + k] : 0;
    }
    if (k != 0)
        return;
#if CARRYNET_BIAS
    const global real *b_h = rest, *b_y = rest + H;
    rest += H + O;
#endif
    for (uint j = 0; j < COLUMNS; ++j) {
        for (uint a = 0; a < SYMBOLS; ++a) {
            real sum = 0;
            if (j < H) {
#if CARRYNET_BIAS
                sum = b_h[j];
#endif
                for (uint i = 0; i < I; ++i)
                    if (a >> i & 1)
                        sum = plus_real(sum, w_xh[i * H + j]);
            }
            to[PACKED_ROWS * LANES + a * COLUMNS + j] = sum;
        }
        for (uint o = 0; o < O; ++o)
            to[PACKED_HY * LANES + o * COLUMNS + j] = j < H ? w_hy[j * O + o] : 0;
#if CARRYNET_INITIAL_STATE
        to[PACKED_H_0 * LANES + j] = j < H ? rest[j] : 0;
#else
        to[PACKED_H_0 * LANES + j] = 0;
#endif
    }
    global vreal *rows = (global vreal *)to + PACKED_ROWS, *first = (global vreal *)to + PACKED_FIRST;
    for (uint v = 0; v < SYMBOLS * VECTORS; ++v)
        first[v] = sigmoid(rows[v]);
    for (uint o = 0; o < O; ++o)
#if CARRYNET_BIAS
        to[(PACKED_B_Y + o) * LANES] = b_y[o];
#else
        to[(PACKED_B_Y + o) * LANES] = 0;
#endif
}

#if !CARRYNET_WHOLE
kernel void cpu_pack(const struct carrynet_pass pass, const global real *parameters, global real *packed)
{
    const size_t items = (size_t)pass.networks * H;
    for (size_t i = get_global_id(0); i < items; i += get_global_size(0))
        pack_row(&pass, parameters, packed, (uint)(i / H), (uint)(i % H));
}
#endif
