/* Selects the compiled variant of the backend `host`, and tests this host's arithmetic. */
#include "backend/host.h"
#include <carrynet/device.h>
#include <stdatomic.h>

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

carrynet_status tiled_admit(void)
{
    static atomic_bool right; /* the answer stays */
    if (atomic_load(&right))
        return CARRYNET_OK;
    carrynet_status status = reference_check_updates(host_operations(CARRYNET_FP32), CARRYNET_FP32);
    if (status == CARRYNET_OK)
        status = reference_check_updates(host_operations(CARRYNET_FP64), CARRYNET_FP64);
    if (status == CARRYNET_OK)
        atomic_store(&right, true);
    return status;
}

carrynet_status carrynet_host_admit(void)
{
    const carrynet_status status = reference_admit();
    return status == CARRYNET_OK ? tiled_admit() : status;
}
