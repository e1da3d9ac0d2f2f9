/* The choice among the compiled variants of the backend `host`. */
#include "backend/host.h"

extern const struct network_operations tiled_32_portable, tiled_64_portable;
#ifdef CARRYNET_X86_FMA
extern const struct network_operations tiled_32_fma, tiled_64_fma;
#endif

const struct network_operations *host_operations(carrynet_precision precision)
{
#ifdef CARRYNET_X86_FMA
    if (reference_has_fma())
        return precision == CARRYNET_FP32 ? &tiled_32_fma : &tiled_64_fma;
#endif
    return precision == CARRYNET_FP32 ? &tiled_32_portable : &tiled_64_portable;
}
