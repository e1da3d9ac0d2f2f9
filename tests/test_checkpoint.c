/*
 * Checkpoints: a training that is stopped anywhere, and goes on as often as one likes, on whichever backend, ends with the
 * bits of one that was never stopped; and what is not whole, or of another run, is refused.
 */
#include "each_backend.h"
#include "platform/platform.h"
#include <stdlib.h>
#include <unistd.h>

static const char PATH[] = "checkpoint";
static const char PREVIOUS[] = "checkpoint.previous";

static void in_a_folder(void)
{
    char folder[] = "/tmp/carrynet-checkpoint-XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(chdir(folder), 0);
}

static void leave_the_folder(void)
{
    char folder[256];
    cr_assert_not_null(getcwd(folder, sizeof folder));
    (void)unlink(PATH);
    (void)unlink(PREVIOUS);
    cr_expect_eq(chdir("/"), 0);
    cr_expect_eq(rmdir(folder), 0, "%s: something is left there", folder);
}

TestSuite(checkpoint, .init = in_a_folder, .fini = leave_the_folder);

/* A training that is stopped at a call, from 1; 0: never. */
struct training {
    carrynet_settings settings;
    const carrynet_engine_options *engine;
    uint32_t network_batch;
    int at, calls;
    carrynet_checkpoints checkpoints;
    carrynet_resumption resumption;
    uint64_t mark, marked;
    int failures;
};

static int stop_there(void *self)
{
    struct training *training = self;
    return ++training->calls == training->at;
}

static void mark(void *self, uint64_t *marks)
{
    struct training *training = self;
    marks[1] = ++training->mark;
}

static void resumed(void *self, const carrynet_resumption *resumption)
{
    struct training *training = self;
    training->resumption = *resumption;
    training->marked = resumption->marks != NULL ? resumption->marks[1] : 0;
}

static carrynet_status failed(void *self, carrynet_status status, uint64_t updates)
{
    struct training *training = self;
    (void)updates;
    cr_expect_eq(status, CARRYNET_ERROR_IO);
    ++training->failures;
    return CARRYNET_OK;
}

static struct training a_training(const char *task)
{
    struct training training = {.checkpoints = {.path = PATH, .resume = true, .mark = mark, .resumed = resumed}};
    const carrynet_task *found = NULL;
    MUST(carrynet_task_find(&found, task));
    carrynet_settings_init(&training.settings, found);
    training.settings.steps = 5;
    training.settings.shape.hidden = 5;
    training.settings.batch = 32;
    training.settings.updates = 64;
    training.settings.until_exact = false;
    return training;
}

static carrynet_status train(carrynet_model **model, struct training *training)
{
    carrynet_train_options options;
    carrynet_train_options_init(&options);
    training->checkpoints.self = training;
    training->calls = 0;
    options.interrupted = stop_there;
    options.self = training;
    options.network_batch = training->network_batch;
    options.checkpoints = training->checkpoints.path != NULL ? &training->checkpoints : NULL;
    return carrynet_train(model, &training->settings, training->engine, &options);
}

static carrynet_model *trained(struct training *training)
{
    carrynet_model *model = NULL;
    MUST(train(&model, training));
    return model;
}

/* The run that no checkpoint has to do with. */
static carrynet_model *whole(const struct training *training)
{
    struct training alone = *training;
    alone.checkpoints.path = NULL;
    alone.at = 0;
    return trained(&alone);
}

static void expect_same(const carrynet_model *a, const carrynet_model *b, const char *label)
{
    const carrynet_settings *s = carrynet_model_settings(a);
    const size_t bytes = s->networks * carrynet_shape_size(&s->shape) * (s->precision / 8);
    const carrynet_network *one = carrynet_model_networks_const(a), *other = carrynet_model_networks_const(b);
    cr_expect_eq(memcmp(carrynet_model_values_const(a), carrynet_model_values_const(b), bytes), 0, "%s: weights",
                 label);
    for (uint32_t n = 0; n < s->networks; ++n) {
        cr_expect_eq(one[n].updates, other[n].updates, "%s, network %u: updates", label, n);
        cr_expect_eq(one[n].exact, other[n].exact, "%s, network %u: exact", label, n);
        cr_expect_eq(one[n].seed, other[n].seed, "%s, network %u: seed", label, n);
    }
}

/* Stopped after one interval, two, three, or with patience ever later, going on from where it was each time, on one backend after the other. */
static void stop_and_go_on(struct training training, int patience, const char *label)
{
    struct test_backend backends[TEST_BACKENDS];
    const size_t count = test_backends(backends, training.settings.precision);
    training.engine = &backends[0].options;
    carrynet_model *expected = whole(&training), *model = NULL;
    uint64_t before = 0;
    int turns = 0;
    do {
        carrynet_model_free(model);
        training.engine = &backends[(size_t)turns % count].options;
        training.at = 1 + turns % 3 + patience * turns;
        const uint64_t last = training.mark;
        model = trained(&training);
        if (turns > 0) {
            cr_assert_not_null(training.resumption.path, "%s", label);
            cr_expect_eq(training.marked, last, "%s: marks", label);
            cr_expect_geq(training.resumption.sequences, before, "%s", label);
            before = training.resumption.sequences;
        }
    } while (training.calls >= training.at && ++turns < 500);
    cr_expect_geq(turns, 3, "%s: stopped %d times alone", label, turns);
    expect_same(model, expected, label);
    carrynet_model_free(model);
    carrynet_model_free(expected);
}

Test(checkpoint, of_a_network_with_each_optimizer)
{
    for (int optimizer = CARRYNET_OPTIMIZER_SGD; optimizer <= CARRYNET_OPTIMIZER_ADAM; ++optimizer) {
        struct training training = a_training("sub");
        training.settings.optimizer = (carrynet_optimizer)optimizer;
        training.settings.precision = optimizer % 2 == 0 ? CARRYNET_FP32 : CARRYNET_FP64;
        training.settings.schedule = CARRYNET_SCHEDULE_COSINE;
        training.settings.noise = 0.05;
        training.settings.check_every = 5;
        training.checkpoints.every_updates = 7; /* strides end there, and may be stopped */
        (void)unlink(PATH);
        (void)unlink(PREVIOUS);
        stop_and_go_on(training, 0, carrynet_optimizer_name(training.settings.optimizer));
    }
}

Test(checkpoint, of_a_population_that_some_leave)
{
    struct training training = a_training("add");
    training.settings.networks = 7;
    training.settings.shape.hidden = 8;
    training.settings.steps = 4;
    training.settings.updates = 150;
    training.settings.check_every = 10;
    training.settings.until_exact = true;
    training.settings.shape.bias = true;
    training.checkpoints.every_updates = 6;
    stop_and_go_on(training, 0, "population");
}

Test(checkpoint, of_waves_and_held_out_problems)
{
    struct training training = a_training("add");
    training.settings.networks = 5;
    training.network_batch = 2;
    training.settings.train_fraction = 0.8;
    training.settings.updates = 40;
    training.checkpoints.every_updates = 11;
    stop_and_go_on(training, 0, "waves");
}

Test(checkpoint, of_proofs_that_are_ended_in_the_middle)
{
    struct training training = a_training("parity");
    training.settings.networks = 3;
    training.settings.shape.hidden = 4;
    training.settings.seed = 11;
    carrynet_settings_until_proved(&training.settings);
    training.settings.until_exact = true;
    training.settings.updates = 400;
    training.settings.check_every = 16;
    training.checkpoints.every_updates = 50;
    /* A proof asks often, and one that is ended begins again: only who waits longer each time comes to the end. */
    stop_and_go_on(training, 2, "proofs");
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void write_over(const char *path, size_t at, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "r+b");
    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, (long)at, SEEK_SET), 0);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* A run with two checkpoints behind it. */
static struct training a_stopped_training(const carrynet_engine_options *engine)
{
    struct training training = a_training("add");
    training.engine = engine;
    training.settings.check_every = 8;
    training.checkpoints.every_updates = 16;
    training.at = 7;
    carrynet_model_free(trained(&training));
    cr_assert_eq(access(PATH, F_OK), 0);
    cr_assert_eq(access(PREVIOUS, F_OK), 0);
    return training;
}

static const carrynet_engine_options on_reference = {.device = "reference"};

Test(checkpoint, that_is_damaged_gives_way_to_the_one_before)
{
    struct training training = a_stopped_training(&on_reference);
    carrynet_model *expected = whole(&training);
    training.at = 0;
    write_over(PATH, 2000, "?", 1);
    carrynet_model *model = trained(&training);
    cr_expect(training.resumption.previous);
    expect_same(model, expected, "after a damaged checkpoint");
    carrynet_model_free(model);
    carrynet_model_free(expected);
}

Test(checkpoint, of_which_none_is_whole_is_an_error)
{
    struct training training = a_stopped_training(&on_reference);
    carrynet_model *model = NULL;
    cr_assert_eq(truncate(PATH, 100), 0);
    cr_assert_eq(truncate(PREVIOUS, 0), 0);
    cr_expect_eq(train(&model, &training), CARRYNET_ERROR_FORMAT);
    cr_expect_null(model);
    cr_expect_not_null(strstr(carrynet_message(), PREVIOUS), "%s", carrynet_message());
}

Test(checkpoint, of_another_run_is_refused_with_the_differences)
{
    struct training training = a_stopped_training(&on_reference);
    struct training other = training;
    carrynet_model *model = NULL;
    other.settings.seed = 5;
    other.settings.shape.hidden = 6;
    cr_expect_eq(train(&model, &other), CARRYNET_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(carrynet_message(), "seed is 0 there, 5 here"), "%s", carrynet_message());
    cr_expect_not_null(strstr(carrynet_message(), "hidden is 5 there, 6 here"), "%s", carrynet_message());
    other = training;
    other.settings.train_fraction = 0.5;
    cr_expect_eq(train(&model, &other), CARRYNET_ERROR_ARGUMENT);
    cr_expect_not_null(strstr(carrynet_message(), "train_fraction is absent there, 0.5 here"), "%s",
                       carrynet_message());
    /* The files are as they were. */
    training.at = 0;
    model = trained(&training);
    cr_expect_not_null(training.resumption.path);
    carrynet_model_free(model);
}

Test(checkpoint, is_not_taken_of_a_foreign_source)
{
    struct training training = a_training("add");
    const carrynet_source source = carrynet_counter_source(&training.settings.task);
    const carrynet_train_options options = {.source = &source, .checkpoints = &training.checkpoints};
    carrynet_model *model = NULL;
    cr_expect_eq(carrynet_train(&model, &training.settings, &on_reference, &options), CARRYNET_ERROR_UNSUPPORTED);
}

Test(checkpoint, that_cannot_be_written_is_for_the_caller_to_judge)
{
    struct training training = a_training("add");
    training.engine = &on_reference;
    training.checkpoints.path = "missing/checkpoint";
    training.checkpoints.every_updates = 32;
    carrynet_model *model = NULL;
    cr_expect_eq(train(&model, &training), CARRYNET_ERROR_IO);
    training.checkpoints.failed = failed;
    model = trained(&training);
    cr_expect_eq(training.failures, 2); /* after 32 and 64 updates */
    carrynet_model *expected = whole(&training);
    expect_same(model, expected, "without its checkpoints");
    carrynet_model_free(expected);
    carrynet_model_free(model);
}

/* Every byte of the header and the counters, and some of the rest, changed: refused, or its hash would not be one. */
Test(checkpoint, of_which_any_byte_is_changed_is_refused)
{
    struct training training = a_stopped_training(&on_reference);
    char *bytes = NULL;
    size_t size = 0;
    MUST(sys_read_file(&bytes, &size, PATH, UINT64_MAX));
    (void)unlink(PREVIOUS);
    for (size_t i = 0; i < size; i += i < 1600 ? 7 : 131) {
        const char changed = (char)(bytes[i] ^ (1 << i % 8));
        carrynet_model *model = NULL;
        write_over(PATH, i, &changed, 1);
        cr_expect_eq(train(&model, &training), CARRYNET_ERROR_FORMAT, "byte %zu of %zu", i, size);
        cr_expect_null(model);
        write_over(PATH, i, &bytes[i], 1);
    }
    sys_free(bytes);
}
