/* Which body an engine gets: one device's, the best there is, or a team of several. */
#include "base/base.h"
#include "engine/device_list.h"
#include "engine/team.h"
#include <stdio.h>
#include <string.h>

carrynet_status engine_one_body(void **body, const struct engine_operations **operations,
                                const carrynet_settings *settings, const carrynet_engine_options *options,
                                char description[ENGINE_DESCRIPTION])
{
    const char *wish = options->device;
    const bool automatic = wish == NULL || wish[0] == '\0' || base_same_word(wish, "auto");
    const bool reference = !automatic && base_same_word(wish, "reference");
    const bool host = reference || (!automatic && base_same_word(wish, "host"));
    static const char *const best[] = {"gpu", "cpu"};
    carrynet_engine_options tried = *options;
    for (size_t i = 0; i < (automatic ? 2u : 1u) && !host; ++i) {
        tried.device = automatic ? best[i] : wish;
        const carrynet_status status =
            engine_opencl_body(body, operations, settings, &tried, description, ENGINE_DESCRIPTION);
        /* What a lesser device might do is tried there; bad settings and too little memory are not. */
        if (status == CARRYNET_OK || !automatic ||
            (status != CARRYNET_ERROR_DEVICE && status != CARRYNET_ERROR_UNSUPPORTED))
            return status;
    }
    (void)snprintf(description, ENGINE_DESCRIPTION, "%s C on one core, fp%d (%s)",
                   reference ? "reference, plain" : "host, tiled", (int)settings->precision,
                   host ? "as asked" : carrynet_message());
    return engine_host_body(body, operations, settings, reference);
}

carrynet_status engine_open_body(void **body, const struct engine_operations **operations,
                                 const carrynet_settings *settings, const carrynet_engine_options *options,
                                 char description[ENGINE_DESCRIPTION])
{
    struct device_list list;
    carrynet_engine_options one = *options;
    carrynet_status status = ranks_agree(options->ranks, device_list_create(&list, options->device, options->ranks));
    if (status == CARRYNET_OK && (list.count > 1 || carrynet_ranks_count(options->ranks) > 1)) {
        status = engine_team_body(body, operations, settings, options, &list, description);
    } else if (status == CARRYNET_OK) {
        one.device = list.wishes[0];
        status = engine_one_body(body, operations, settings, &one, description);
    }
    base_free(list.wishes);
    return status;
}
