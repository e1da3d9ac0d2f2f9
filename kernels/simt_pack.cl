/*
 * SIMT variant: the weights of each network as kernels read them that do not copy them to local memory: quads of units, padded
 * with 0 (layout.h). Work-items distribute the elements.
 */
#pragma OPENCL FP_CONTRACT OFF

kernel void simt_pack(const struct carrynet_pass pass, const global real *parameters, global real *packed)
{
    const size_t size = CARRYNET_SIMT_PACKED(I, H, O), items = pass.networks * size;
    for (size_t i = get_global_id(0); i < items; i += get_global_size(0)) {
        const global real *p = parameters + i / size * pass.parameter_stride;
        const int e = (int)(i % size);
        packed[i] = e < CARRYNET_SIMT_HH(I, H)              ? packed_row(p, pass.bias, e)
                    : e < CARRYNET_SIMT_HH_TRANSPOSED(I, H) ? packed_hh(p, 0, e - CARRYNET_SIMT_HH(I, H))
                    : e < CARRYNET_SIMT_HY(I, H)            ? packed_hh(p, 1, e - CARRYNET_SIMT_HH_TRANSPOSED(I, H))
                                                            : packed_hy(p, e - CARRYNET_SIMT_HY(I, H));
    }
}
