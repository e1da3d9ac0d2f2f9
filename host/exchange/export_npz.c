/*
 * One network as an NPZ file, for numpy.load. Its arrays have Carrynet's names: w_xh [I][H], w_hh [H][H], w_hy [H][O],
 * and b_h [H], b_y [O], h_0 [H] if present, in float32 or float64.
 */
#include "exchange/exports.h"
#include "exchange/npz.h"

carrynet_status export_npz(const exported *net, const char *path)
{
    npz_array arrays[CARRYNET_PARAMETERS];
    const size_t width = (size_t)net->settings->precision / 8;
    size_t count = 0;
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&net->settings->shape, (carrynet_parameter)p);
        if (tensor.size > 0)
            arrays[count++] = (npz_array){
                .name = tensor.name,
                .kind = NPZ_FLOAT,
                .width = width,
                .rank = tensor.vector ? 1 : 2,
                .shape = {tensor.vector ? tensor.columns : tensor.rows, tensor.columns},
                .data = net->values + tensor.offset * width,
                .size = tensor.size * width,
            };
    }
    return npz_write(path, arrays, count);
}
