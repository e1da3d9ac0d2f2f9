/*
 * No kernel writes behind a buffer, nor, in the SIMD variant, behind an array of scratch: every pass and update of awkward
 * shapes, then the guard words of all buffers, and with gaps between the arrays of scratch what stands there.
 */
#include "backend/opencl/opencl.h"
#include "conformance/launch_checks.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* What the recorder looks for, and how many launches had gaps. */
struct watch {
    const carrynet_settings *settings;
    size_t launches;
};

static carrynet_status launched(void *self, const struct opencl_record *record)
{
    struct watch *watch = self;
    size_t worker = 0;
    const char *missed = launch_missed(&worker, watch->settings, record);
    for (size_t i = 0; i < record->count; ++i)
        watch->launches += record->arguments[i].name != NULL && strcmp(record->arguments[i].name, "scratch") == 0;
    return missed == NULL
               ? CARRYNET_OK
               : sys_fail(CARRYNET_ERROR_DEVICE, "%s, worker %zu: written behind %s", record->kernel, worker, missed);
}

/* Every pass; gap: between the arrays of scratch. */
static void check(const carrynet_settings *settings, carrynet_kernel_variant variant, carrynet_launches launches,
                  uint32_t gap)
{
    struct watch watch = {.settings = settings};
    const struct opencl_recorder recorder = {launched, &watch, gap};
    struct backend *trainer = NULL;
    carrynet_engine_options options;
    char description[BACKEND_DESCRIPTION];
    const struct net_pass pass = {
        .sequences = settings->batch,
        .steps = settings->steps,
        .symbol_words = carrynet_packed_words(settings->shape.inputs, settings->steps),
        .target_words = carrynet_packed_words(settings->shape.outputs, settings->steps),
        .shared = true,
    };
    const carrynet_network_config configs[2] = {{.seed = 1, .noise = 0.1}, {.seed = 2}};
    struct net_pass passes[2] = {pass, pass}, generated = pass, *staged = NULL;
    struct net_rates rates[2 * 3];                                            /* [updates][networks] */
    static float y[2 * 1100 * 5], h[2 * 1100 * 5 * 17], state[2 * 1100 * 17]; /* of the largest of each */
    passes[0].configs = generated.configs = configs;
    generated.shared = false;
    generated.task = &settings->task;
    for (int i = 0; i < 2 * 3; ++i)
        rates[i] = (struct net_rates){.rate = 0.1, .epsilon = 1e-8};
    carrynet_engine_options_init(&options);
    options.kernel_variant = variant;
    options.launches = launches;
    options.device = "0:0";
    cr_assert_eq(opencl_trainer_create(&trainer, settings, &options, description), CARRYNET_OK, "%s",
                 carrynet_message());
    if (gap > 0)
        opencl_record_launches(trainer, &recorder);
    for (int which = 0; which < 2; ++which) {
        cr_assert_eq(trainer->operations->stage(trainer, &staged, &passes[which]), CARRYNET_OK);
        memset(staged->symbols, 0x5a, pass.sequences * pass.symbol_words * sizeof(uint32_t));
        memset(staged->targets, 0x33, pass.sequences * pass.target_words * sizeof(uint32_t));
        if (which == 0) {
            cr_assert_eq(trainer->operations->gradient(trainer, staged), CARRYNET_OK, "%s", carrynet_message());
            cr_assert_eq(trainer->operations->update(trainer, rates, pass.sequences), CARRYNET_OK);
        } else {
            const carrynet_forward outputs = {.y = y, .z = y, .h = h, .state = state};
            cr_assert_eq(trainer->operations->forward(trainer, staged, &outputs), CARRYNET_OK, "%s",
                         carrynet_message());
        }
        cr_assert_eq(opencl_trainer_check_guards(trainer), CARRYNET_OK, "%s", carrynet_message());
    }
    cr_assert_eq(trainer->operations->train(trainer, &generated, rates, 3), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(opencl_trainer_check_guards(trainer), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_gt(trainer->operations->memory(trainer), 0u);
    cr_assert(gap == 0 || watch.launches >= 3, "%zu launches with scratch", watch.launches);
    backend_free(trainer);
}

static void check_all(bool gaps)
{
    /* Shapes of the table of cases, whose programs there are already; each launches differently. */
    const uint32_t hidden[] = {16, 1, 17, 4}, batches[] = {70, 1, 70, 1100};
    const carrynet_launches launches[] = {CARRYNET_LAUNCHES_FUSED, CARRYNET_LAUNCHES_STEPS,
                                          CARRYNET_LAUNCHES_INTERLEAVED, CARRYNET_LAUNCHES_STEPS};
    carrynet_device device;
    if (carrynet_device_find(&device, "0:0") != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device\n");
        (void)fflush(stdout);
        return;
    }
    for (int i = 0; i < 4; ++i) {
        carrynet_settings settings;
        carrynet_settings_init(&settings, carrynet_task_at(0));
        settings.networks = 2;
        settings.steps = 5;
        settings.clip = 0.1;
        settings.shape.hidden = hidden[i];
        settings.batch = batches[i];
        settings.shape.bias = i % 2 == 0;
        settings.shape.initial_state = i == 0;
        check(&settings, CARRYNET_KERNEL_VARIANT_SIMD, launches[i], gaps ? 16 : 0);
        if (!gaps)
            check(&settings, CARRYNET_KERNEL_VARIANT_SIMT, CARRYNET_LAUNCHES_STEPS, 0);
    }
}

Test(guards, stay_whole)
{
    check_all(false);
}

Test(guards, stay_whole_in_scratch)
{
    check_all(true);
}
