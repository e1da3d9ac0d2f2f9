/*
 * One network as an NPZ file, the arrays of NumPy's numpy.load by their names here: w_xh [I][H], w_hh [H][H], w_hy [H][O],
 * and b_h [H], b_y [O], h_0 [H] where present, float32 or float64.
 */
#include "exchange/exports.h"
#include "exchange/npz.h"

carrynet_status export_npz(const exported *net, const char *path)
{
    npz_array arrays[CARRYNET_PARAMETERS];
    const size_t width = (size_t)net->settings->precision / 8;
    size_t count = 0;
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_place place = carrynet_shape_place(&net->settings->shape, (carrynet_parameter)p);
        if (place.size > 0)
            arrays[count++] = (npz_array){
                .name = place.name,
                .kind = NPZ_FLOAT,
                .width = width,
                .rank = place.vector ? 1 : 2,
                .shape = {place.vector ? place.columns : place.rows, place.columns},
                .data = net->values + place.offset * width,
                .size = place.size * width,
            };
    }
    return npz_write(path, arrays, count);
}
