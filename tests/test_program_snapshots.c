/*
 * train --snapshot-at: the files that appear, what they hold, that they change no bit of the model, that they
 * go on after a checkpoint, and what is refused.
 */
#include "program_run.h"
#include <carrynet/carrynet.h>

TestSuite(snapshots, .init = program_enter, .fini = program_leave, .timeout = 120);

/* A model file that must be there. */
static carrynet_model *load(const char *path)
{
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_model_load(&model, path), CARRYNET_OK, "%s", carrynet_message());
    return model;
}

static bool equal_files(const char *a, const char *b)
{
    size_t size[2] = {0};
    char *bytes[2] = {program_file(a, &size[0]), program_file(b, &size[1])};
    cr_assert(bytes[0] != NULL && bytes[1] != NULL, "%s or %s is not there", a, b);
    const bool equal = size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return equal;
}

/* As many networks as `first`, and the parameters of a training of exactly so many updates. */
static void expect_weights_of(const char *path, uint64_t updates, const char *first)
{
    carrynet_model *snapshot = load(path), *alone = load(first);
    const carrynet_settings *s = carrynet_model_settings(snapshot);
    cr_assert_eq(s->networks, carrynet_model_settings(alone)->networks);
    for (uint32_t n = 0; n < s->networks; ++n) {
        char digest[2][CARRYNET_DIGEST_TEXT];
        const carrynet_network *records[] = {&carrynet_model_networks(snapshot)[n], &carrynet_model_networks(alone)[n]};
        cr_assert_eq(carrynet_network_digest(digest[0], snapshot, n), CARRYNET_OK);
        cr_assert_eq(carrynet_network_digest(digest[1], alone, n), CARRYNET_OK);
        cr_expect_str_eq(digest[0], digest[1], "%s, network %u", path, n);
        cr_expect_eq(records[0]->updates, updates);
        cr_expect_eq(records[0]->seed, records[1]->seed);
    }
    carrynet_model_free(snapshot);
    carrynet_model_free(alone);
}

Test(snapshots, hold_the_weights_of_that_update_and_change_no_bit)
{
    struct program_result result = PROGRAM("train", "--snapshot-at", "60,0,60", "-o", "a.safetensors");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "Wrote a.at-0.safetensors, a.at-60.safetensors");
    program_done(&result);
    result = PROGRAM("train", "-q", "-o", "plain.safetensors");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("train", "-q", "--updates", "60", "-o", "b.safetensors");
    EXPECT_CODE(result, 0);
    program_done(&result);
    cr_expect(equal_files("a.safetensors", "plain.safetensors"));
    expect_weights_of("a.at-60.safetensors", 60, "b.safetensors");
    carrynet_model *start = load("a.at-0.safetensors");
    const carrynet_settings *s = carrynet_model_settings(start);
    float *values = malloc(carrynet_shape_size(&s->shape) * sizeof *values);
    cr_assert_not_null(values);
    carrynet_initialize(values, &s->shape, s->precision, s->seed, s->scale);
    cr_expect_eq(memcmp(values, carrynet_model_values(start), carrynet_shape_size(&s->shape) * sizeof *values), 0,
                 "the first snapshot is not what the seed gives");
    free(values);
    carrynet_model_free(start);
}

/* Of several networks those that train so long, in the order of their seeds; on the device too, where there is one. */
Test(snapshots, hold_the_networks_that_still_train)
{
    struct program_result result =
        PROGRAM("train", "--nets", "5", "--seed", "3", "--snapshot-at", "120,200,1k", "-q", "-o", "a.safetensors");
    EXPECT_CODE(result, 0);
    program_done(&result);
    carrynet_model *all = load("a.safetensors"), *late = load("a.at-200.safetensors");
    uint32_t left = 0;
    for (uint32_t n = 0; n < 5; ++n)
        if (carrynet_model_networks(all)[n].updates >= 200) {
            cr_assert_lt(left, carrynet_model_settings(late)->networks);
            cr_expect_eq(carrynet_model_networks(late)[left++].seed, carrynet_model_networks(all)[n].seed);
        }
    cr_expect_eq(left, carrynet_model_settings(late)->networks);
    cr_expect(left > 0 && left < 5, "%u of 5 train for 200 updates: choose other seeds", left);
    cr_expect_null(program_file("a.at-1000.safetensors", NULL), "none trains so long");
    const uint32_t tried[] = {0, left - 1};
    for (size_t i = 0; i < 2; ++i) {
        const uint32_t n = tried[i];
        char seed[32], digest[2][CARRYNET_DIGEST_TEXT];
        (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)carrynet_model_networks(late)[n].seed);
        result = PROGRAM("train", "-q", "--updates", "200", "--seed", seed, "-o", "one.safetensors");
        EXPECT_CODE(result, 0);
        program_done(&result);
        carrynet_model *one = load("one.safetensors");
        cr_expect_eq(carrynet_network_digest(digest[0], late, n), CARRYNET_OK);
        cr_expect_eq(carrynet_network_digest(digest[1], one, 0), CARRYNET_OK);
        cr_expect_str_eq(digest[0], digest[1], "seed %s", seed);
        carrynet_model_free(one);
    }
    carrynet_model_free(all);
    carrynet_model_free(late);
}

/* Removes the snapshots of a training of `path` after update 8, as one leaves it that is killed before. */
static void forget_the_later(const char *path)
{
    static const char *const later[] = {"10", "12"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; ++i) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s.at-%s.safetensors", path, later[i]);
        cr_assert_eq(unlink(name), 0, "%s", name);
    }
}

#define CUT(...)                                                                                                       \
    PROGRAM("train", "-q", "--bits", "4", "--hidden", "4", "--batch", "3", "--updates", "12", "--nets", "2",           \
            "--optimizer", "adam", "--snapshot-at", "3,6,8,10,12", __VA_ARGS__)

/*
 * A run that goes on from its checkpoint of update 8 has passed the first counts: the others are written as in a run
 * that was never stopped, those before stay as they are.
 */
Test(snapshots, go_on_after_a_checkpoint)
{
    static const char *const counts[] = {"3", "6", "8", "10", "12"};
    struct program_result result = CUT("-o", "whole.safetensors");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = CUT("-o", "cut.safetensors", "--checkpoint", "state", "--checkpoint-every", "4");
    EXPECT_CODE(result, 0);
    program_done(&result);
    cr_assert_eq(rename("state.previous", "state"), 0);
    forget_the_later("cut");
    result = CUT("-o", "cut.safetensors", "--checkpoint", "state", "--checkpoint-every", "4", "--resume", "--json");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "\"cut.at-10.safetensors\", \"cut.at-12.safetensors\"]");
    cr_expect_null(strstr(result.out, "cut.at-6.safetensors"), "it begins again:\n%s", result.out);
    program_done(&result);
    cr_expect(equal_files("cut.safetensors", "whole.safetensors"));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; ++i) {
        char names[2][64];
        (void)snprintf(names[0], sizeof names[0], "cut.at-%s.safetensors", counts[i]);
        (void)snprintf(names[1], sizeof names[1], "whole.at-%s.safetensors", counts[i]);
        cr_expect(equal_files(names[0], names[1]), "%s is another", names[0]);
    }
}

Test(snapshots, refuse_what_cannot_be)
{
    EXPECT_ERROR(2, "--snapshot-at has 2000, but the training ends after 1000 updates; raise --updates", "train",
                 "--updates", "1k", "--snapshot-at", "0,2k", "-o", "a.safetensors");
    EXPECT_ERROR(2, "raise --max-updates", "train", "--max-updates", "50", "--snapshot-at", "51");
    EXPECT_ERROR(2, "leave one of them out", "train", "--nets", "4", "--wave", "2", "--snapshot-at", "5");
    EXPECT_ERROR(2, "whole numbers", "train", "--snapshot-at", "1,,2");
    EXPECT_ERROR(2, "whole numbers", "train", "--snapshot-at", "1kk");
    EXPECT_ERROR(2, "where a snapshot goes", "train", "--snapshot-at", "5", "-o", "a", "--log", "a.at-5.safetensors");
    cr_assert_eq(mkdir("a.at-7.safetensors", 0700), 0);
    EXPECT_ERROR(4, "a.at-7.safetensors", "train", "--snapshot-at", "0,7", "-o", "a.safetensors");
    cr_expect_null(program_file("a.safetensors", NULL));
    cr_expect_null(program_file("a.at-0.safetensors", NULL));
}

Test(snapshots, are_named_in_the_json)
{
    struct program_result result =
        PROGRAM("train", "--snapshot-at", "2,1", "--updates", "3", "--json", "-q", "-o", "odd.name");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "\"snapshots\": [\"odd.name.at-1.safetensors\", \"odd.name.at-2.safetensors\"]");
    program_done(&result);
    char *bytes = program_file("odd.name.at-2.safetensors", NULL);
    cr_expect_not_null(bytes);
    free(bytes);
}
