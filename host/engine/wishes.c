/* Which rank has which devices is decided in one place, device_list.c; this writes it down as a wish. */
#include "engine/wishes.h"
#include "engine/device_list.h"

carrynet_status engine_local_wish(base_text *local, const char *wish, const carrynet_ranks *ranks)
{
    struct device_list list;
    carrynet_status status = device_list_create(&list, wish, ranks);
    if (status != CARRYNET_OK)
        return status;
    for (size_t i = 0; i < list.count; ++i)
        base_text_add(local, "%s%s", i > 0 ? "," : "", list.wishes[i]);
    base_free(list.wishes);
    return local->failed ? base_fail(CARRYNET_ERROR_MEMORY, "no memory for the name of a device") : CARRYNET_OK;
}
