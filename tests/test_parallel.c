/*
 * Several devices as one engine: data parallel, where a batch is split at its blocks, and population parallel. The bits of
 * one device, whatever is asked, and however the work is split. The devices are the reference several times over, and an
 * OpenCL device beside it, if there is one: workers of other speeds.
 */
#include "backend/device_group.h"
#include "backend/reduction_tree.h"
#include "conformance/cases.h"
#include "draws.h"
#include "each_backend.h"
#include "engine/backends.h"
#include "engine/device_list.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* ---- the tree --------------------------------------------------------------------------------------------------- */

enum { MOST_BLOCKS = 70, CUTS = 4 };

/* The sum as kernels/ARITHMETIC.md 5 says it: what remains of a binary counter is joined from the smallest level up. */
static float counter_sum(const float *blocks, size_t count)
{
    float level[8] = {0}, sum = 0;
    bool any = false;
    for (size_t i = 0; i < count; ++i) {
        float node = blocks[i];
        size_t l = 0;
        for (; i >> l & 1; ++l)
            node = level[l] + node;
        level[l] = node;
    }
    for (size_t l = 0; count >> l != 0; ++l)
        if (count >> l & 1) {
            sum = any ? level[l] + sum : level[l];
            any = true;
        }
    return sum;
}

/* The sum of blocks first, ..., first + count - 1 alone, in the order of the tree. */
static float run_sum(const float *blocks, uint64_t first, uint64_t count)
{
    return counter_sum(blocks + first, count);
}

Test(parallel, partials_of_any_cut_reduce_as_blocks_do)
{
    uint64_t draws = 1;
    for (size_t count = 1; count <= MOST_BLOCKS; ++count) {
        float blocks[MOST_BLOCKS];
        for (size_t i = 0; i < count; ++i) {
            draws = draws * 6364136223846793005u + 1442695040888963407u;
            blocks[i] = (float)(draws >> 40) / 3.0f;
        }
        for (int cut = 0; cut < 20; ++cut) {
            struct block_range nodes[CUTS * REDUCTION_TREE_COVER];
            float sums[CUTS * REDUCTION_TREE_COVER];
            void *values[CUTS * REDUCTION_TREE_COVER];
            uint64_t places[CUTS + 1] = {0};
            size_t found = 0, next = 0;
            for (int i = 1; i < CUTS; ++i) {
                draws = draws * 6364136223846793005u + 1442695040888963407u;
                places[i] = (draws >> 33) % (count + 1);
                places[i] = places[i] < places[i - 1] ? places[i - 1] : places[i];
            }
            places[CUTS] = count;
            for (int i = 0; i < CUTS; ++i)
                found += reduction_tree_cover(nodes + found, count,
                                              (struct block_range){places[i], places[i + 1] - places[i]});
            uint64_t covered = 0;
            for (size_t i = 0; i < found; ++i) {
                cr_assert_eq(nodes[i].first, covered);
                covered += nodes[i].count;
                sums[i] = run_sum(blocks, nodes[i].first, nodes[i].count);
                values[i] = &sums[i];
            }
            cr_assert_eq(covered, count);
            reduction_tree_reduce(values, nodes, &next, (struct block_range){0, count}, 1, CARRYNET_FP32);
            cr_assert_eq(next, found);
            cr_assert_eq(sums[0], counter_sum(blocks, count), "%zu blocks", count);
        }
    }
}

Test(parallel, whole_trees_are_one_partial)
{
    struct block_range nodes[REDUCTION_TREE_COVER];
    cr_assert_eq(reduction_tree_cover(nodes, 1000, (struct block_range){0, 1000}), 1u);
    cr_assert_eq(reduction_tree_cover(nodes, 1000, (struct block_range){512, 488}), 1u);
    cr_assert_eq(reduction_tree_cover(nodes, 1000, (struct block_range){512, 256}), 1u);
    cr_assert_eq(reduction_tree_cover(nodes, 1000, (struct block_range){7, 0}), 0u);
    cr_assert_eq(reduction_tree_cover(nodes, 1000, (struct block_range){1, 999}),
                 10u); /* 1, 2-3, ..., 256-511, 512-999 */
}

Test(parallel, cuts_are_fair_and_cut_few_partials)
{
    uint64_t first[6];
    struct block_range nodes[REDUCTION_TREE_COVER];
    const double even[5] = {1, 1, 1, 1, 1}, uneven[3] = {3, 1, 0.001};
    group_split(first, 1024, even, 4);
    for (size_t w = 0; w <= 4; ++w)
        cr_assert_eq(first[w], 256 * w);
    group_split(first, 3, even, 5); /* as many workers as there are blocks have one */
    for (size_t w = 0; w < 5; ++w)
        cr_assert_leq(first[w + 1] - first[w], 1u);
    cr_assert_eq(first[5], 3u);
    group_split(first, 100, even, 5);
    for (size_t w = 0; w < 5; ++w)
        cr_assert_eq(first[w + 1] - first[w], 20u);
    group_split(first, 400, uneven, 3);
    cr_assert_geq(first[1], 292u);
    cr_assert_leq(first[1], 308u);
    cr_assert_geq(first[2], 396u);
    group_split(first, 100000, even, 3);
    for (size_t w = 0; w < 3; ++w) {
        const uint64_t share = first[w + 1] - first[w];
        cr_assert(share > 32500 && share < 34200, "%zu of 100000", (size_t)share);
        cr_assert_leq(reduction_tree_cover(nodes, 100000, (struct block_range){first[w], share}), 12u);
    }
}

/* ---- device specs ------------------------------------------------------------------------------------------------ */

static void expect_refused(const char *spec, carrynet_status expected, const char *part)
{
    struct device_list list;
    cr_assert_eq(device_list_create(&list, spec, NULL), expected, "%s", spec);
    cr_assert_not_null(strstr(carrynet_message(), part), "%s: %s", spec, carrynet_message());
    cr_assert_null(list.specs);
}

Test(parallel, specs_are_taken_apart)
{
    struct device_list list;
    MUST(device_list_create(&list, "reference,1:2,0:0/3,Some name", NULL));
    static const char *const expected[] = {"reference", "1:2", "0:0/3.0", "0:0/3.1", "0:0/3.2", "Some name"};
    cr_assert_eq(list.count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < list.count; ++i)
        cr_assert_str_eq(list.specs[i], expected[i]);
    sys_free(list.specs);
    MUST(device_list_create(&list, NULL, NULL));
    cr_assert_eq(list.count, 1u);
    cr_assert_str_eq(list.specs[0], "auto");
    sys_free(list.specs);
    expect_refused("reference,,reference", CARRYNET_ERROR_ARGUMENT, "empty");
    expect_refused("reference,", CARRYNET_ERROR_ARGUMENT, "empty");
    expect_refused("0:0/0", CARRYNET_ERROR_ARGUMENT, "parts");
    expect_refused("0:0/65", CARRYNET_ERROR_ARGUMENT, "parts");
    expect_refused("gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu,gpu", CARRYNET_ERROR_DEVICE, "gpu");
}

/* ---- equal bits -------------------------------------------------------------------------------------------------- */

static const char THREE[] = "reference,reference,reference";

/* One OpenCL device twice, or NULL without one; and with the reference, of another speed. */
static const char *opencl_team(bool mixed)
{
    carrynet_device device;
    static char spec[2][48];
    if (carrynet_device_find(&device, NULL) != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device: only teams of the reference were tested\n");
        (void)fflush(stdout);
        return NULL;
    }
    (void)snprintf(spec[mixed], sizeof spec[mixed], mixed ? "%u:%u,reference" : "%u:%u,%u:%u", device.platform,
                   device.index, device.platform, device.index);
    return spec[mixed];
}

static void compare_case(const char *spec, size_t index, carrynet_kernel_variant variant)
{
    carrynet_engine_options options;
    carrynet_case_result result;
    carrynet_engine_options_init(&options);
    options.device = spec;
    options.kernel_variant = variant;
    MUST(carrynet_case_compare(&result, index, &options));
    cr_assert_gt(result.values, 0u);
    cr_assert_eq(result.equal, result.values, "%s on %s: %zu of %zu bits equal, worst at %s[%zu]", result.name, spec,
                 (size_t)result.equal, (size_t)result.values, result.worst_tensor, (size_t)result.worst_index);
}

Test(parallel, every_case_on_three_workers)
{
    for (size_t i = 0; i < carrynet_case_count(); ++i)
        compare_case(THREE, i, CARRYNET_KERNEL_VARIANT_AUTO);
}

Test(parallel, cases_on_opencl)
{
    static const char *const names[] = {"odd",      "start-state", "noise-odd",      "blocks",
                                        "fp64-odd", "networks",    "networks-blocks"};
    for (size_t i = 0; i < carrynet_case_count(); ++i)
        for (size_t n = 0; n < sizeof names / sizeof names[0]; ++n)
            if (strcmp(carrynet_case_name(i), names[n]) == 0)
                for (int mixed = 0; mixed < 2; ++mixed) {
                    const char *spec = opencl_team(mixed != 0);
                    if (spec == NULL)
                        return;
                    compare_case(spec, i, CARRYNET_KERNEL_VARIANT_SIMD);
                    if (n < 2)
                        compare_case(spec, i, CARRYNET_KERNEL_VARIANT_SIMT);
                }
}

static carrynet_settings settings_of(uint32_t networks, uint32_t batch)
{
    carrynet_settings settings;
    const carrynet_task *add = NULL;
    MUST(carrynet_task_find(&add, "add"));
    carrynet_settings_init(&settings, add);
    settings.networks = networks;
    settings.batch = batch;
    settings.shape.hidden = 5;
    settings.steps = 5;
    settings.optimizer = CARRYNET_OPTIMIZER_ADAM;
    settings.rate = 0.07;
    return settings;
}

/* Every part of the state of two engines is the same. */
static void expect_same_state(carrynet_engine *a, carrynet_engine *b)
{
    const carrynet_settings *s = carrynet_engine_settings(a);
    const size_t capacity = s->networks * carrynet_shape_size(&s->shape) * sizeof(double);
    char *values[2] = {malloc(capacity), malloc(capacity)};
    cr_assert_eq(s->networks, carrynet_engine_settings(b)->networks);
    for (int part = CARRYNET_PART_PARAMETERS; part <= CARRYNET_PART_SECOND_MOMENT; ++part) {
        memset(values[0], 0, capacity);
        memset(values[1], 0, capacity);
        MUST(carrynet_engine_get(a, (carrynet_part)part, 0, s->networks, values[0]));
        MUST(carrynet_engine_get(b, (carrynet_part)part, 0, s->networks, values[1]));
        cr_assert_eq(memcmp(values[0], values[1], capacity), 0, "part %d", part);
    }
    for (uint32_t n = 0; n < s->networks; ++n)
        cr_assert_eq(carrynet_engine_network_configs(a)[n].seed, carrynet_engine_network_configs(b)[n].seed);
    free(values[0]);
    free(values[1]);
}

static void make_two(carrynet_engine *engines[2], const carrynet_settings *settings, const char *spec)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "reference";
    MUST(carrynet_engine_create(&engines[0], settings, &options));
    options.device = spec;
    MUST(carrynet_engine_create(&engines[1], settings, &options));
}

/* Trains, compacts the networks, goes on, with problems of the counter, of a split, and of one batch again and again. */
static void train_and_leave(const char *spec, uint32_t networks, uint32_t batch)
{
    const carrynet_settings settings = settings_of(networks, batch);
    carrynet_engine *engines[2];
    carrynet_metrics metrics[2][64];
    const carrynet_split split = {.task = &settings.task, .seed = 3, .fraction = 0.5};
    const carrynet_source sources[] = {carrynet_counter_source(&settings.task), carrynet_split_source(&split)};
    uint32_t from[64], count[2];
    make_two(engines, &settings, spec);
    for (uint32_t round = 0; carrynet_engine_settings(engines[0])->networks > 0 && round < 6; ++round) {
        const uint32_t running = carrynet_engine_settings(engines[0])->networks;
        bool stays[64];
        for (int e = 0; e < 2; ++e) {
            MUST(carrynet_engine_train(engines[e], &sources[round % 2], 0, NULL));
            MUST(carrynet_engine_train(engines[e], &sources[round % 2], 3 + round, metrics[e]));
        }
        for (uint32_t n = 0; n < running; ++n) {
            cr_assert_eq(metrics[0][n].loss, metrics[1][n].loss);
            cr_assert_eq(metrics[0][n].absolute_error, metrics[1][n].absolute_error);
            cr_assert_eq(metrics[0][n].wrong_bits, metrics[1][n].wrong_bits);
            cr_assert_eq(metrics[0][n].wrong_sequences, metrics[1][n].wrong_sequences);
            /* Round 1 takes all of the first worker but one; at the end one network is left. */
            stays[n] = round == 1 ? n >= running / 3 || n == 1 : (n * 7 + round) % 3 != 0 || (round > 3 && n == 0);
        }
        expect_same_state(engines[0], engines[1]);
        stays[running - 1] = true;
        for (int e = 0; e < 2; ++e)
            MUST(carrynet_engine_compact(engines[e], stays, from, &count[e]));
        cr_assert_eq(count[0], count[1]);
        expect_same_state(engines[0], engines[1]);
    }
    carrynet_engine_free(engines[0]);
    carrynet_engine_free(engines[1]);
}

Test(parallel, populations_are_cut_along_networks)
{
    train_and_leave(THREE, 37, 70);
    train_and_leave("reference,reference,reference,reference,reference", 11, 64);
    train_and_leave("reference,reference,reference", 2, 10); /* fewer networks than workers */
    const char *spec = opencl_team(true);
    if (spec != NULL)
        train_and_leave(spec, 37, 70);
}

Test(parallel, few_networks_are_cut_along_blocks)
{
    train_and_leave(THREE, 1, 500);
    train_and_leave(THREE, 4, 1000);
    train_and_leave("reference,reference,reference,reference,reference", 1, 130); /* workers without blocks */
    const char *spec = opencl_team(true);
    if (spec != NULL)
        train_and_leave(spec, 3, 700);
}

/* Arrays of forward passes, with a state that goes on, and gradients and updates apart. */
static void pass_by_pass(const char *spec, uint32_t networks, uint32_t batch)
{
    enum { SEQUENCES = 300, STEPS = 7, MOST = 8 * SEQUENCES * STEPS * 5 };
    const carrynet_settings settings = settings_of(networks, batch);
    const size_t trained = carrynet_shape_trained(&settings.shape);
    carrynet_engine *engines[2];
    carrynet_batch problems;
    carrynet_metrics metrics[2][8];
    float *arrays[2][5];
    make_two(engines, &settings, spec);
    MUST(carrynet_batch_create(&problems, &settings.task, SEQUENCES, STEPS));
    for (size_t s = 0; s < SEQUENCES; ++s)
        carrynet_evaluation_problem(&settings.task, s, STEPS, problems.symbols + s * problems.symbol_words,
                                    problems.targets + s * problems.target_words);
    for (int e = 0; e < 2; ++e) {
        for (int a = 0; a < 5; ++a)
            arrays[e][a] = calloc(MOST, sizeof(float));
        /* What is measured first leaves room for sums. */
        MUST(carrynet_engine_forward(engines[e], &problems, &(carrynet_forward){.metrics = metrics[e]}));
        MUST(carrynet_engine_update(engines[e], arrays[e][4], SEQUENCES));
        for (int round = 0; round < 2; ++round)
            MUST(carrynet_engine_forward(engines[e], &problems,
                                         &(carrynet_forward){.metrics = metrics[e],
                                                             .y = arrays[e][0],
                                                             .z = arrays[e][1],
                                                             .h = arrays[e][2],
                                                             .state = arrays[e][3],
                                                             .resume = round > 0}));
        MUST(carrynet_engine_gradient(engines[e], &problems, 4, 128, arrays[e][4], NULL));
        MUST(carrynet_engine_update(engines[e], arrays[e][4], SEQUENCES));
    }
    cr_assert_eq(memcmp(metrics[0], metrics[1], networks * sizeof metrics[0][0]), 0);
    for (int a = 0; a < 5; ++a)
        cr_assert_eq(memcmp(arrays[0][a], arrays[1][a], MOST * sizeof(float)), 0, "array %d", a);
    cr_assert_neq(arrays[1][4][networks * trained - 1], 0);
    expect_same_state(engines[0], engines[1]);
    for (int e = 0; e < 2; ++e) {
        for (int a = 0; a < 5; ++a)
            free(arrays[e][a]);
        carrynet_engine_free(engines[e]);
    }
    carrynet_batch_free(&problems);
}

Test(parallel, passes_give_every_array)
{
    pass_by_pass(THREE, 1, 500);
    pass_by_pass(THREE, 2, 500);
    pass_by_pass(THREE, 8, 64);
    const char *spec = opencl_team(true);
    if (spec != NULL) {
        pass_by_pass(spec, 2, 500);
        pass_by_pass(spec, 8, 64);
    }
}

/* ---- what is told ------------------------------------------------------------------------------------------------ */

static void expect_description(const char *spec, uint32_t networks, uint32_t batch, const char *part)
{
    const carrynet_settings settings = settings_of(networks, batch);
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_engine_options_init(&options);
    options.device = spec;
    MUST(carrynet_engine_create(&engine, &settings, &options));
    cr_assert_not_null(strstr(carrynet_engine_description(engine), part), "%s", carrynet_engine_description(engine));
    cr_assert_gt(carrynet_engine_memory(engine), 0u);
    cr_assert_geq(carrynet_engine_need(engine), carrynet_engine_memory(engine) / 2);
    carrynet_engine_free(engine);
}

Test(parallel, idle_workers_are_told)
{
    expect_description(THREE, 1, 1000, "3 devices, batch shared out");
    expect_description(THREE, 1, 100, "1 of them idle (the batch has 2 blocks of 64 sequences)");
    expect_description(THREE, 2, 64, "1 of them idle (2 networks)");
    expect_description(THREE, 6, 64, "networks shared out");
}

Test(parallel, a_device_that_is_not_there)
{
    const carrynet_settings settings = settings_of(1, 500);
    carrynet_engine_options options;
    carrynet_engine *engine = NULL;
    carrynet_engine_options_init(&options);
    options.device = "reference,99:0";
    cr_assert_eq(carrynet_engine_create(&engine, &settings, &options), CARRYNET_ERROR_DEVICE);
    cr_assert_null(engine);
    cr_assert_not_null(strstr(carrynet_message(), "99:0"), "%s", carrynet_message());
}

/* Weights of one worker that are not the others' are found out when the batch is measured; NaN is NaN. */
Test(parallel, a_worker_that_errs)
{
    const carrynet_settings settings = settings_of(2, 500);
    const size_t size = carrynet_shape_size(&settings.shape);
    carrynet_engine_options options;
    carrynet_metrics metrics[2];
    char description[BACKEND_DESCRIPTION];
    struct backend *backend = NULL;
    float *values = calloc(2 * size, sizeof *values);
    carrynet_engine_options_init(&options);
    options.device = THREE;
    MUST(engine_open_backend(&backend, &settings, &options, description));
    struct backend *second = ((const struct device_group *)backend)->local[1].backend;
    values[3] = NAN;
    MUST(backend->operations->set(backend, CARRYNET_PART_PARAMETERS, 0, 2, values));
    values[3] = -NAN;
    MUST(second->operations->set(second, CARRYNET_PART_PARAMETERS, 0, 2, values));
    MUST(backend->operations->get_sums(backend, NULL, metrics));
    values[2 * size - 1] = 0x1p-39f;
    MUST(second->operations->set(second, CARRYNET_PART_PARAMETERS, 0, 2, values));
    cr_assert_eq(backend->operations->get_sums(backend, NULL, metrics), CARRYNET_ERROR_DEVICE);
    cr_assert_not_null(strstr(carrynet_message(), "different weights"), "%s", carrynet_message());
    backend_free(backend);
    free(values);
}
