/*
 * Checkpoints that are not what they should be: cut, damaged, or of a right hash over a state that no training can have.
 * Each is refused, and says what is wrong with it.
 */
#include "platform/platform.h"
#include "train/checkpoint_state.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { NETWORKS = 3, BEFORE = 22, LENGTH = 8, HASH = sizeof(XXH128_canonical_t) };

static char folder[64], path[96], previous[112];
static char *file; /* [size]: a good checkpoint, after 4 updates of 8 */
static size_t size, begins;
static carrynet_settings settings;

static int interrupted(void *self)
{
    return --*(int *)self <= 0;
}

static carrynet_status train(bool resume, int calls)
{
    const carrynet_checkpoints checkpoints = {.path = path, .resume = resume};
    const carrynet_engine_options device = {.device = "reference"};
    carrynet_train_options options;
    carrynet_model *model = NULL;
    carrynet_train_options_init(&options);
    options.checkpoints = &checkpoints;
    options.interrupted = interrupted;
    options.self = &calls;
    const carrynet_status status = carrynet_train(&model, &settings, &device, &options);
    carrynet_model_free(model);
    return status;
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/carrynet-checkpoint-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/c", folder);
    (void)snprintf(previous, sizeof previous, "%s.previous", path);
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.shape.hidden = 2;
    settings.steps = 3;
    settings.batch = 4;
    settings.updates = 8;
    settings.check_every = 2;
    settings.networks = NETWORKS;
    cr_assert_eq(train(false, 2), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(sys_read_file(&file, &size, path, UINT32_MAX), CARRYNET_OK, "%s", carrynet_message());
    begins = BEFORE + LENGTH;
    for (unsigned i = 0; i < LENGTH; ++i)
        begins += (size_t)(unsigned char)file[BEFORE + i] << (8 * i);
}

static void tear_down(void)
{
    sys_free(file);
    (void)unlink(path);
    (void)unlink(previous);
    cr_assert_eq(rmdir(folder), 0);
}

static void write_file(const char *bytes, size_t count)
{
    FILE *to = fopen(path, "wb");
    cr_assert_not_null(to);
    cr_assert_eq(fwrite(bytes, 1, count, to), count);
    cr_assert_eq(fclose(to), 0);
}

/* The first `count` bytes of the file as they are now, with the right hash behind them. */
static void write_whole(size_t count)
{
    XXH128_canonical_t hash;
    char *bytes = malloc(count + HASH);
    cr_assert_not_null(bytes);
    XXH128_canonicalFromHash(&hash, XXH3_128bits(file, count));
    memcpy(bytes, file, count);
    memcpy(bytes + count, hash.digest, HASH);
    write_file(bytes, count + HASH);
    free(bytes);
}

static void expect_refused(const char *says)
{
    const carrynet_status status = train(true, 100);
    cr_expect_eq(status, CARRYNET_ERROR_FORMAT, "'%s', not refused as '%s': %s", carrynet_status_name(status), says,
                 carrynet_message());
    cr_expect(strstr(carrynet_message(), path) != NULL && strstr(carrynet_message(), says) != NULL,
              "'%s' is not in: %s", says, carrynet_message());
}

TestSuite(hostile_checkpoints, .init = set_up, .fini = tear_down);

Test(hostile_checkpoints, the_good_one_is_taken)
{
    write_whole(size - HASH);
    cr_expect_eq(train(true, 100), CARRYNET_OK, "%s", carrynet_message());
}

Test(hostile_checkpoints, cut_or_damaged_anywhere)
{
    for (size_t count = 0; count < size; count += count < 100 ? 1 : 7) {
        write_file(file, count);
        expect_refused("");
    }
    for (size_t i = 0; i < size; i += i < 100 ? 1 : 7) {
        file[i] = (char)(file[i] ^ 4);
        write_file(file, size);
        expect_refused("");
        file[i] = (char)(file[i] ^ 4);
    }
}

Test(hostile_checkpoints, sizes_and_headers_under_a_right_hash)
{
    write_whole(size - HASH - 1);
    expect_refused("bytes of state, not");
    write_whole(begins + 8);
    expect_refused("ends before its counters");
    file[BEFORE + 7] = (char)0x80;
    write_whole(size - HASH);
    expect_refused("is beyond the end of the file");
    file[BEFORE + 7] = 0;
    file[begins - 1] = '[';
    write_whole(size - HASH);
    expect_refused("the header is not a JSON object");
    file[begins - 2] = '\0';
    write_whole(size - HASH);
    expect_refused("the header is not a JSON object");
}

/* ---- states ---------------------------------------------------------------------------------------------------- */

typedef struct forgery {
    int part; /* of enum checkpoint_part_id */
    size_t offset;
    double real;    /* is written if it is not 0, */
    uint64_t whole; /* else this, */
    size_t width;   /* of so many bytes */
    char says[64];
} forgery;

#define COUNTER(field) PART_COUNTERS, offsetof(struct checkpoint_counters, field)

ParameterizedTestParameters(hostile_checkpoints, states)
{
    static forgery forgeries[] = {
        {COUNTER(batch_first), 0, NETWORKS, 8, "its counters"},
        {COUNTER(batch_first), 0, UINT64_MAX, 8, "its counters"},
        {COUNTER(batch_count), 0, 0, 8, "its counters"},
        {COUNTER(batch_count), 0, NETWORKS + 1, 8, "its counters"},
        {COUNTER(running), 0, 0, 8, "its counters"},
        {COUNTER(running), 0, (UINT64_C(1) << 32) + NETWORKS, 8, "its counters"},
        {COUNTER(running), 0, 1, 8, "bytes of state, not"},
        {COUNTER(updates), 0, 9, 8, "its counters"},
        {COUNTER(check_due), 0, 2, 8, "its counters"},
        {COUNTER(seconds), -1, 0, 8, "its counters"},
        {COUNTER(seconds), (double)NAN, 0, 8, "its counters"},
        {COUNTER(share_seconds), (double)NAN, 0, 8, "its counters"},
        {COUNTER(loss), -1, 0, 8, "its counters"},
        {COUNTER(records_loss), (double)NAN, 0, 8, "its counters"},
        {COUNTER(wrong_share), 2, 0, 8, "its counters"},
        {COUNTER(held_wrong_share), 2, 0, 8, "its counters"},
        {COUNTER(records_wrong_share), 4, 0, 8, "its counters"},
        {COUNTER(most_updates), 0, 9, 8, "its counters"},
        {COUNTER(exact), 0, 1, 8, "counts other networks"},
        {COUNTER(proved), 0, 1, 8, "counts other networks"},
        {COUNTER(diverged), 0, UINT64_MAX, 8, "counts other networks"},
        {COUNTER(finished), 0, 1, 8, "counts other networks"},
        {COUNTER(measured), 0, NETWORKS + 1, 8, "counts other networks"},
        {PART_FLAGS, 1, 0, 1, 1, "counts other networks"},
        {PART_FLAGS, 1, 0, 16, 1, "its records"},
        {PART_FLAGS, 1, 0, 4, 1, "its records"},
        {PART_FLAGS, 1, 0, 9, 1, "its records"},
        {PART_UPDATES, 8, 0, 9, 8, "its records"},
        {PART_WRONG_BITS, 16, 0, 1, 8, "its records"},
        {PART_SECONDS, 0, (double)INFINITY, 0, 8, "its records"},
        {PART_VALUES, 4, 0, 0x7f800000, 4, "a weight that is no number"},
        {PART_NUMBERS, 4, 0, 0, 4, "not those of the run, each once"},
        {PART_NUMBERS, 4, 0, NETWORKS, 4, "not those of the run, each once"},
        {PART_NUMBERS, 4, 0, UINT32_MAX, 4, "not those of the run, each once"},
        {PART_METRICS, offsetof(carrynet_metrics, wrong_sequences), 0, 5, 8, "its losses"},
        {PART_METRICS, offsetof(carrynet_metrics, sequences), 0, UINT64_MAX, 8, "its losses"},
        {PART_METRICS, offsetof(carrynet_metrics, loss), -1, 0, 8, "its losses"},
    };
    return cr_make_param_array(forgery, forgeries, sizeof forgeries / sizeof forgeries[0]);
}

ParameterizedTest(forgery *forged, hostile_checkpoints, states)
{
    struct checkpoint_state state;
    size_t at = begins + forged->offset;
    cr_assert_eq(checkpoint_state_create(&state, &settings, NETWORKS, false), CARRYNET_OK);
    for (int part = 0; part < forged->part; ++part)
        at += state.parts[part].size;
    cr_assert(at + forged->width <= size - HASH);
    if (forged->real != 0)
        memcpy(file + at, &forged->real, sizeof forged->real);
    for (size_t i = 0; i < forged->width && forged->real == 0; ++i)
        file[at + i] = (char)(unsigned char)(forged->whole >> (8 * i));
    write_whole(size - HASH);
    expect_refused(forged->says);
}
