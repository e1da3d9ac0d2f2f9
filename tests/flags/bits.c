/*
 * What this build computes: whether it flushes subnormal numbers from the start, what the check of the host says of every
 * variant, and a digest of forward passes, updates, rates and numbers as text. Equal builds print the same.
 */
#include "backend/host.h"
#include "engine/rates.h"
#include "platform/platform.h"
#include "reference/reference.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

extern const struct reference reference_32_portable;
extern const struct reference reference_64_portable;
extern const struct network_operations tiled_32_portable;

enum { HIDDEN = 37, STEPS = 7, SEQUENCES = 130, UPDATES = 3, MOST = 4 * HIDDEN * HIDDEN };

static uint64_t digest_values(uint64_t digest, const void *values, size_t count, carrynet_precision precision)
{
    for (size_t i = 0; i < count; ++i) {
        uint64_t wide = 0;
        uint32_t narrow = 0;
        if (precision == CARRYNET_FP32)
            memcpy(&narrow, (const float *)values + i, sizeof narrow);
        else
            memcpy(&wide, (const double *)values + i, sizeof wide);
        digest = sys_digest(digest, wide + narrow, precision / 8);
    }
    return digest;
}

/* Some updates of a network, at the rates of a schedule. */
static uint64_t digest_training(const struct network_operations *operations, carrynet_precision precision,
                                carrynet_optimizer optimizer)
{
    static double parameters[MOST], first[MOST], second[MOST], partial[MOST], y[SEQUENCES * STEPS];
    static uint32_t symbols[SEQUENCES], targets[SEQUENCES];
    carrynet_settings settings = {.shape = {.inputs = 2, .hidden = HIDDEN, .outputs = 1, .bias = true},
                                  .precision = precision,
                                  .steps = STEPS,
                                  .batch = SEQUENCES,
                                  .loss = CARRYNET_LOSS_CROSS_ENTROPY,
                                  .optimizer = optimizer,
                                  .schedule = CARRYNET_SCHEDULE_COSINE,
                                  .updates = 10,
                                  .momentum = 0.9,
                                  .decay = 0.999,
                                  .epsilon = 1e-8,
                                  .clip = 0.01};
    const carrynet_network_config config = {.noise = 0.07};
    const struct net_pass pass = {.symbols = symbols,
                                  .targets = targets,
                                  .sequences = SEQUENCES,
                                  .steps = STEPS,
                                  .symbol_words = 1,
                                  .target_words = 1,
                                  .configs = &config};
    const size_t size = carrynet_shape_size(&settings.shape);
    struct reference_counts counts;
    char *scratch = NULL;
    uint64_t digest = SYS_DIGEST;
    if (sys_allocate(&scratch, 1, operations->scratch_bytes(&settings, STEPS, SEQUENCES, REFERENCE_TRAINS)) !=
        CARRYNET_OK)
        return 0;
    for (uint32_t i = 0; i < SEQUENCES; ++i) {
        symbols[i] = i * 2654435761u >> 18;
        targets[i] = i * 2246822519u >> 25;
    }
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    carrynet_initialize(parameters, &settings.shape, precision, 3, 1);
    for (uint64_t update = 0; update < UPDATES; ++update) {
        const struct net_rates rates = engine_rates(&settings, 0.07, update);
        operations->gradient(partial, &counts, parameters, &settings, &pass, scratch);
        operations->update(parameters, first, second, partial, &settings, SEQUENCES, rates);
        digest = digest_values(digest, partial, size + 2, precision);
        digest = digest_values(digest, &rates.rate, 1, CARRYNET_FP64);
    }
    operations->forward(&(struct reference_outputs){.y = y}, partial, &counts, parameters, &settings, &pass, scratch);
    digest = digest_values(digest, partial, 2, precision);
    digest = digest_values(digest, y, SEQUENCES * STEPS, precision);
    sys_free(scratch);
    return digest_values(digest, parameters, size, precision);
}

int main(void)
{
    volatile double least = DBL_MIN;
    char text[SYS_NUMBER];
    (void)printf("subnormal numbers: %s\n", least / 2 != 0 ? "kept" : "flushed");
    (void)printf("portable: %s\n", reference_check(&reference_32_portable, &reference_64_portable) == CARRYNET_OK
                                       ? "right"
                                       : carrynet_message());
    (void)printf("chosen: %s\n", reference_admit() == CARRYNET_OK ? "right" : carrynet_message());
    const struct {
        const struct network_operations *operations;
        carrynet_precision precision;
    } variants[] = {{&reference_32_portable.operations, CARRYNET_FP32},
                    {&reference_of(CARRYNET_FP32)->operations, CARRYNET_FP32},
                    {&reference_of(CARRYNET_FP64)->operations, CARRYNET_FP64},
                    {&tiled_32_portable, CARRYNET_FP32},
                    {host_operations(CARRYNET_FP32), CARRYNET_FP32},
                    {host_operations(CARRYNET_FP64), CARRYNET_FP64}};
    for (int optimizer = 0; optimizer < 4; ++optimizer) {
        (void)printf("optimizer %d:", optimizer);
        for (size_t i = 0; i < sizeof variants / sizeof variants[0]; ++i)
            (void)printf(" %016llx", (unsigned long long)digest_training(variants[i].operations, variants[i].precision,
                                                                         (carrynet_optimizer)optimizer));
        (void)printf("\n");
    }
    (void)printf("0.07 is %s\n", sys_real_text(text, 0.07));
    return 0;
}
