/* No kernel writes behind a buffer: every pass and update of awkward shapes, then the guard words of all buffers. */
#include "opencl/opencl.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void check(const carrynet_settings *settings, carrynet_kernel_shape shape, carrynet_launches launches)
{
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
    const carrynet_individual individuals[2] = {{.seed = 1, .noise = 0.1}, {.seed = 2}};
    struct net_pass made = pass;
    struct net_rates rates[2 * 3];                                            /* [updates][networks] */
    static float y[2 * 1100 * 5], h[2 * 1100 * 5 * 17], state[2 * 1100 * 17]; /* of the largest of each */
    uint32_t *symbols = NULL, *targets = NULL;
    made.shared = false;
    made.makes = true;
    for (int i = 0; i < 2 * 3; ++i)
        rates[i] = (struct net_rates){.rate = 0.1, .epsilon = 1e-8};
    carrynet_engine_options_init(&options);
    options.kernel_shape = shape;
    options.launches = launches;
    options.device = "0:0";
    cr_assert_eq(opencl_trainer_create(&trainer, settings, &options, description), CARRYNET_OK, "%s",
                 carrynet_message());
    for (int which = 0; which < 2; ++which) {
        cr_assert_eq(trainer->operations->stage(trainer, &pass, &symbols, &targets), CARRYNET_OK);
        memset(symbols, 0x5a, pass.sequences * pass.symbol_words * sizeof *symbols);
        memset(targets, 0x33, pass.sequences * pass.target_words * sizeof *targets);
        if (which == 0) {
            cr_assert_eq(trainer->operations->gradient(trainer, &pass, individuals), CARRYNET_OK);
            cr_assert_eq(trainer->operations->update(trainer, rates, pass.sequences), CARRYNET_OK);
        } else {
            const carrynet_forward outputs = {.y = y, .z = y, .h = h, .state = state};
            cr_assert_eq(trainer->operations->forward(trainer, &pass, &outputs), CARRYNET_OK);
        }
        cr_assert_eq(opencl_trainer_check_guards(trainer), CARRYNET_OK, "%s", carrynet_message());
    }
    cr_assert_eq(trainer->operations->train(trainer, &made, &settings->task, individuals, rates, 3), CARRYNET_OK, "%s",
                 carrynet_message());
    cr_assert_eq(opencl_trainer_check_guards(trainer), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_gt(trainer->operations->memory(trainer), 0u);
    backend_free(trainer);
}

Test(guards, stay_whole)
{
    /* Shapes of the table of cases, whose programs there are already; each launches differently. */
    const uint32_t hidden[] = {16, 1, 17, 4}, batches[] = {70, 1, 70, 1100};
    const carrynet_launches launches[] = {CARRYNET_LAUNCHES_WHOLE, CARRYNET_LAUNCHES_STEPS, CARRYNET_LAUNCHES_ABREAST,
                                          CARRYNET_LAUNCHES_STEPS};
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
        check(&settings, CARRYNET_KERNEL_SHAPE_CPU, launches[i]);
        check(&settings, CARRYNET_KERNEL_SHAPE_GPU, CARRYNET_LAUNCHES_STEPS);
    }
}
