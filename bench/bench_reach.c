/*
 * The rate of exhaustion: states stepped per second, and the time shares of the engine and of the hash tables.
 *
 *     bench_reach MODEL [DEVICE [STATES [BATCH [THREADS]]]]
 */
#include "platform/platform.h"
#include "prove/reach.h"
#include <carrynet/carrynet.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
    carrynet_model *model = NULL;
    carrynet_engine *engine = NULL;
    carrynet_engine_options options;
    struct reach reach = {0};
    if (count < 2) {
        fprintf(stderr, "usage: bench_reach MODEL [DEVICE [STATES [BATCH [THREADS]]]]\n");
        return 2;
    }
    carrynet_engine_options_init(&options);
    options.device = count > 2 ? words[2] : "auto";
    const struct reach_options wanted = {
        .states = count > 3 ? strtoull(words[3], NULL, 10) : 2000000,
        .batch = count > 4 ? strtoul(words[4], NULL, 10) : 0,
        .threads = count > 5 ? strtoul(words[5], NULL, 10) : 0,
    };
    carrynet_status status = carrynet_model_load(&model, words[1]);
    if (status == CARRYNET_OK) {
        carrynet_settings settings = *carrynet_model_settings(model);
        settings.networks = 1;
        status = carrynet_engine_create(&engine, &settings, &options);
    }
    if (status == CARRYNET_OK)
        status = carrynet_engine_set(engine, CARRYNET_PART_PARAMETERS, 0, 1, carrynet_model_values_const(model));
    const double start = sys_seconds();
    if (status == CARRYNET_OK)
        status = reach_search(&reach, engine, &carrynet_model_settings(model)->task, &wanted, NULL);
    const double seconds = sys_seconds() - start;
    if (status == CARRYNET_OK)
        printf("%s\n%llu states, %llu steps, %u levels, margin %g, %s\n%.3f s, %.2f million steps/s, engine %.0f%%, "
               "tables %.0f%%\n",
               carrynet_engine_description(engine), (unsigned long long)reach.states, (unsigned long long)reach.stepped,
               reach.levels, reach.margin,
               reach.closed    ? "closed"
               : reach.wrong   ? "wrong"
               : reach.limited ? "limited"
                               : "stopped",
               seconds, (double)reach.stepped / seconds / 1e6, 100 * reach.engine_seconds / seconds,
               100 * reach.table_seconds / seconds);
    else
        fprintf(stderr, "%s\n", carrynet_message());
    reach_free(&reach);
    carrynet_engine_free(engine);
    carrynet_model_free(model);
    return status == CARRYNET_OK ? 0 : 3;
}
