/*
 * The recipe of the original scripts, one problem at a time in binary64, as `carrynet replay` runs it: generator,
 * problems, forward, BPTT and update. Prints sequences per second, the median of seven windows with the slowest and the
 * fastest.
 *
 *     bench_replay [DEVICE]        DEVICE as --device takes it; the reference without it
 */
#include "platform/platform.h"
#include <carrynet/carrynet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WINDOWS = 7 };
static const double WINDOW_SECONDS = 0.5;

static double processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static int note(void *self, const carrynet_report *report)
{
    if (!report->last) /* the last one comes after the test of the finished network */
        *(double *)self = report->seconds;
    return 0;
}

/* Seconds that `iterations` of a recipe train. */
static double run(const carrynet_recipe *recipe, uint64_t iterations, const carrynet_engine_options *engine)
{
    carrynet_replay_options options;
    carrynet_train_options train;
    carrynet_model *model = NULL;
    double seconds = 0;
    carrynet_replay_options_init(&options, recipe);
    carrynet_train_options_init(&train);
    options.iterations = iterations;
    train.report = note;
    train.self = &seconds;
    if (carrynet_replay(&model, recipe, &options, engine, &train) != CARRYNET_OK) {
        (void)fprintf(stderr, "bench_replay: %s\n", carrynet_message());
        exit(1);
    }
    carrynet_model_free(model);
    return seconds;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"000", "003-cured"};
    carrynet_engine_options engine;
    carrynet_engine_options_init(&engine);
    engine.device = argc > 1 ? argv[1] : "host";
    (void)printf("%-10s %6s  %12s  %25s  %8s\n", "recipe", "hidden", "sequences/s", "slowest to fastest", "cpu/wall");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        const carrynet_recipe *recipe = NULL;
        double speed[WINDOWS];
        if (carrynet_recipe_find(&recipe, names[i]) != CARRYNET_OK)
            return 1;
        (void)run(recipe, 1000, &engine); /* compiles, where there is something to compile */
        const uint64_t iterations = (uint64_t)(10000 * WINDOW_SECONDS / run(recipe, 10000, &engine)) + 1;
        const double wall = sys_seconds(), processor = processor_seconds();
        for (int w = 0; w < WINDOWS; ++w)
            speed[w] = (double)iterations / run(recipe, iterations, &engine);
        const double share = (processor_seconds() - processor) / (sys_seconds() - wall);
        qsort(speed, WINDOWS, sizeof speed[0], by_value);
        (void)printf("%-10s %6u  %12.0f  %12.0f to %9.0f  %8.2f\n", recipe->name, recipe->hidden, speed[WINDOWS / 2],
                     speed[0], speed[WINDOWS - 1], share);
    }
    return 0;
}
