/*
 * Model files: round trips bit for bit, equal bytes for equal models, the format as a small parser of this file's own
 * reads it, and outputs that cannot be written. Hostile files are in test_hostile_files.c.
 */
#include "model/safetensors.h"
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/carrynet-files-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static const char *in_folder(char path[128], const char *name)
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
    return path;
}

/* A whole file, malloc'd; NULL if there is none. */
static unsigned char *read_all(const char *path, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    cr_assert_eq(fstat(fileno(file), &about), 0);
    *size = (size_t)about.st_size;
    unsigned char *bytes = malloc(*size + 1);
    cr_assert_not_null(bytes);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    (void)fclose(file);
    return bytes;
}

/* Files in the folder: temporary ones must not stay behind. */
static int count_files(void)
{
    char command[96];
    int count = -1;
    (void)snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    cr_assert_eq(fscanf(pipe, "%d", &count), 1);
    (void)pclose(pipe);
    return count;
}

/* ---- models to save -------------------------------------------------------------------------------------------- */

typedef struct file_case {
    unsigned task; /* index of the built-in task */
    unsigned hidden, networks, precision;
    bool bias, initial_state;
} file_case;

static carrynet_settings settings_of(const file_case *shape)
{
    carrynet_settings settings;
    carrynet_settings_init(&settings, carrynet_task_at(shape->task));
    settings.shape.hidden = shape->hidden;
    settings.shape.bias = shape->bias;
    settings.shape.initial_state = shape->initial_state;
    settings.networks = shape->networks;
    settings.precision = (carrynet_precision)shape->precision;
    settings.rate = 0.1;
    settings.momentum = 1.0 / 3.0;
    settings.epsilon = 0x1.23456789abcdep-30;
    settings.clip = 100;
    settings.noise = 0x1p-30;
    settings.seed = UINT64_MAX - 1; /* the second network's seed is the largest, the third's wraps around */
    settings.until_exact = shape->hidden % 2 == 0;
    settings.until_proved = !settings.until_exact ? 0 : shape->hidden % 4 == 0 ? CARRYNET_PROVER_VERSION : UINT32_MAX;
    settings.optimizer = CARRYNET_OPTIMIZER_RMSPROP;
    settings.schedule = CARRYNET_SCHEDULE_COSINE;
    settings.train_fraction = shape->hidden % 2 == 0 ? 0 : 1.0 / 3.0;
    settings.split_seed = shape->hidden % 2 == 0 ? 0 : UINT64_MAX;
    settings.loss = CARRYNET_LOSS_SQUARED;
    if (shape->task == 1)
        (void)snprintf(settings.origin, sizeof settings.origin,
                       "a note of %d characters, no more than so many fit here ~~", CARRYNET_ORIGIN - 1);
    return settings;
}

static double some_value(size_t index)
{
    static const double special[] = {0.0, -0x1.8p-3, 0x1p60, -0x1p60, 0x1p-40, -0x1p-40, 1.0, -0x1.fffffep-1};
    return index % 11 < 8 ? special[index % 11] : (double)(index * 2654435761u % 1000003) / 499.0 - 1000.0;
}

static carrynet_model *make_model(const file_case *shape)
{
    const carrynet_settings settings = settings_of(shape);
    carrynet_model *model = NULL;
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_OK, "%s", carrynet_message());
    const size_t count = settings.networks * carrynet_shape_size(&settings.shape);
    for (size_t i = 0; i < count; ++i)
        if (settings.precision == CARRYNET_FP32)
            ((float *)carrynet_model_values(model))[i] = (float)some_value(i);
        else
            ((double *)carrynet_model_values(model))[i] = some_value(i) / 3;
    for (size_t n = 0; n < settings.networks; ++n) {
        carrynet_model_networks(model)[n].updates = 1000 + 17 * n;
        carrynet_model_networks(model)[n].exact = n % 2 == 0;
    }
    return model;
}

static file_case cases[] = {
    {0, 16, 1, 32, false, false}, {0, 16, 3, 32, false, false}, {1, 7, 3, 32, true, true},
    {0, 1, 1, 64, false, false},  {1, 31, 3, 64, true, false},  {0, 5, 3, 64, false, true},
    {0, 93, 2, 32, true, true},   {0, 1024, 1, 32, true, true},
};

ParameterizedTestParameters(files, round_trip)
{
    return cr_make_param_array(file_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(file_case *shape, files, round_trip, .init = make_folder, .fini = remove_folder)
{
    char path[128], again[128];
    carrynet_model *model = make_model(shape), *read = NULL;
    cr_assert_eq(carrynet_model_save(model, in_folder(path, "a")), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(carrynet_model_load(&read, path), CARRYNET_OK, "%s", carrynet_message());

    const carrynet_settings *wrote = carrynet_model_settings(model), *got = carrynet_model_settings(read);
    cr_assert_eq(memcmp(&wrote->task, &got->task, sizeof wrote->task), 0, "the task");
    cr_assert_eq(wrote->shape.hidden, got->shape.hidden);
    cr_assert_eq(wrote->shape.bias, got->shape.bias);
    cr_assert_eq(wrote->shape.initial_state, got->shape.initial_state);
    cr_assert_eq(wrote->precision, got->precision);
    cr_assert_eq(wrote->steps, got->steps);
    cr_assert_eq(wrote->batch, got->batch);
    cr_assert_eq(wrote->loss, got->loss);
    cr_assert_eq(wrote->optimizer, got->optimizer);
    cr_assert_eq(wrote->schedule, got->schedule);
    const double one[] = {wrote->rate, wrote->momentum, wrote->decay, wrote->epsilon,
                          wrote->clip, wrote->noise,    wrote->scale};
    const double two[] = {got->rate, got->momentum, got->decay, got->epsilon, got->clip, got->noise, got->scale};
    cr_assert_eq(memcmp(one, two, sizeof one), 0, "the numbers bit for bit");
    cr_assert_eq(wrote->seed, got->seed);
    cr_assert_eq(wrote->networks, got->networks);
    cr_assert_eq(wrote->updates, got->updates);
    cr_assert_eq(wrote->until_exact, got->until_exact);
    cr_assert_eq(wrote->until_proved, got->until_proved);
    cr_assert(wrote->train_fraction == got->train_fraction && wrote->split_seed == got->split_seed);
    cr_assert_eq(wrote->check_every, got->check_every);
    cr_assert_eq(wrote->defaults_version, got->defaults_version);
    cr_assert_str_eq(wrote->origin, got->origin);

    const size_t bytes = wrote->networks * carrynet_shape_size(&wrote->shape) * (size_t)wrote->precision / 8;
    cr_assert_eq(memcmp(carrynet_model_values_const(model), carrynet_model_values_const(read), bytes), 0);
    for (size_t n = 0; n < wrote->networks; ++n) {
        const carrynet_network *a = &carrynet_model_networks(model)[n], *b = &carrynet_model_networks(read)[n];
        cr_assert(a->seed == b->seed && a->updates == b->updates && a->exact == b->exact, "network %zu", n);
        cr_assert_eq(b->seed, wrote->seed + n);
    }

    size_t size = 0, size_again = 0;
    cr_assert_eq(carrynet_model_save(read, in_folder(again, "b")), CARRYNET_OK);
    unsigned char *first = read_all(path, &size), *second = read_all(again, &size_again);
    cr_assert(size == size_again && memcmp(first, second, size) == 0, "the bytes of equal models are equal");
    cr_assert_eq(count_files(), 2);
    free(first);
    free(second);
    carrynet_model_free(model);
    carrynet_model_free(read);
}

/* ---- the format, read by another hand -------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static double stored(const unsigned char *bytes, unsigned precision)
{
    const uint64_t bits = little(bytes, precision / 8);
    const uint32_t narrow = (uint32_t)bits;
    float single;
    double value;
    memcpy(&single, &narrow, sizeof single);
    memcpy(&value, &bits, sizeof value);
    return precision == 32 ? (double)single : value;
}

ParameterizedTestParameters(files, format)
{
    return cr_make_param_array(file_case, cases, sizeof cases / sizeof cases[0]);
}

ParameterizedTest(file_case *shape, files, format, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    carrynet_model *model = make_model(shape);
    size_t size = 0, covered = 0;
    cr_assert_eq(carrynet_model_save(model, in_folder(path, "a")), CARRYNET_OK);
    unsigned char *bytes = read_all(path, &size);
    const uint64_t length = little(bytes, 8);
    cr_assert(length % 8 == 0 && 8 + length <= size);
    json_t *header = json_loadb((const char *)bytes + 8, (size_t)length, 0, NULL);
    cr_assert_not_null(header);
    const carrynet_settings *settings = carrynet_model_settings(model);
    const size_t stride = carrynet_shape_size(&settings->shape), width = shape->precision / 8;
    size_t tensors = 0;
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(&settings->shape, (carrynet_parameter)p);
        json_t *info = json_object_get(header, tensor.name);
        cr_assert_eq(info != NULL, tensor.size > 0, "%s", tensor.name);
        if (info == NULL)
            continue;
        ++tensors;
        json_t *dimensions = json_object_get(info, "shape"), *offsets = json_object_get(info, "data_offsets");
        cr_assert_str_eq(json_string_value(json_object_get(info, "dtype")), shape->precision == 32 ? "F32" : "F64");
        cr_assert_eq(json_array_size(dimensions), tensor.vector ? 2 : 3);
        cr_assert_eq(json_integer_value(json_array_get(dimensions, 0)), shape->networks);
        cr_assert_eq((size_t)json_integer_value(json_array_get(dimensions, json_array_size(dimensions) - 1)),
                     tensor.columns);
        if (!tensor.vector)
            cr_assert_eq((size_t)json_integer_value(json_array_get(dimensions, 1)), tensor.rows);
        const size_t begin = (size_t)json_integer_value(json_array_get(offsets, 0));
        const size_t end = (size_t)json_integer_value(json_array_get(offsets, 1));
        cr_assert(begin == covered && end == begin + shape->networks * tensor.size * width);
        covered = end;
        const void *values = carrynet_model_values_const(model);
        for (size_t n = 0; n < shape->networks; ++n)
            for (size_t i = 0; i < tensor.size; ++i) {
                const size_t index = n * stride + tensor.offset + i;
                const double wanted =
                    shape->precision == 32 ? (double)((const float *)values)[index] : ((const double *)values)[index];
                const double found =
                    stored(bytes + 8 + length + begin + (n * tensor.size + i) * width, shape->precision);
                cr_assert(found == wanted, "%s %zu %zu", tensor.name, n, i);
            }
    }
    cr_assert_eq(8 + length + covered, size);
    json_t *metadata = json_object_get(header, "__metadata__");
    cr_assert_eq(json_object_size(header), tensors + 1);
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "format")), "carrynet");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "arithmetic")), "1");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "rate")), "0.1");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "momentum")), "0.3333333333333333");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "clip")), "100");
    cr_assert_str_eq(json_string_value(json_object_get(metadata, "seed")), "18446744073709551614");
    if (shape->networks == 3) {
        cr_assert_str_eq(json_string_value(json_object_get(metadata, "network_seeds")),
                         "[18446744073709551614,18446744073709551615,0]");
        cr_assert_str_eq(json_string_value(json_object_get(metadata, "network_updates")), "[1000,1017,1034]");
        cr_assert_str_eq(json_string_value(json_object_get(metadata, "network_exact")), "[1,0,1]");
    }
    if (shape->task == 1)
        cr_assert_str_eq(json_string_value(json_object_get(metadata, "task")),
                         "{\"name\":\"sub\",\"inputs\":2,\"outputs\":1,\"states\":2,\"start\":0,\"closing\":[0],"
                         "\"constraint\":\"not-less\",\"sign\":\"-\",\"next\":[[0,0,1,0],[1,0,1,1]],"
                         "\"out\":[[0,1,1,0],[1,0,0,1]]}");
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(metadata, key, value)
    {
        cr_assert(json_is_string(value), "%s", key);
    }
    json_decref(header);
    free(bytes);
    carrynet_model_free(model);
}

Test(files, a_large_task_table_comes_back, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    carrynet_task task = {.name = "~ \"largest\" \\task/ here, 31 char", .inputs = 4, .outputs = 4, .states = 256};
    carrynet_settings settings;
    carrynet_model *model = NULL, *read = NULL;
    task.start = 255;
    task.closing_count = CARRYNET_TASK_CLOSING;
    for (unsigned i = 0; i < CARRYNET_TASK_CLOSING; ++i)
        task.closing[i] = (uint8_t)(2 * i + 1);
    for (unsigned q = 0; q < 256; ++q)
        for (unsigned a = 0; a < 16; ++a) {
            task.next[q][a] = (uint8_t)(q * 7 + a * 13);
            task.out[q][a] = (uint8_t)((q + a) % 16);
        }
    task.name[31] = '\0';
    carrynet_settings_init(&settings, &task);
    settings.steps = 20;
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(carrynet_model_save(model, in_folder(path, "a")), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(carrynet_model_load(&read, path), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(memcmp(&carrynet_model_settings(read)->task, &task, sizeof task), 0);
    carrynet_model_free(model);
    carrynet_model_free(read);
}

/* ---- safetensors in general ------------------------------------------------------------------------------------ */

Test(files, scalars_empty_tensors_and_no_metadata, .init = make_folder, .fini = remove_folder)
{
    static const unsigned char bytes[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    const safetensors_tensor tensors[] = {
        {.name = "scalar", .type = SAFETENSORS_F64, .data = bytes, .size = 8},
        {.name = "empty", .type = SAFETENSORS_F32, .rank = 2, .shape = {3, 0}, .data = bytes + 8},
        {.name = "\"\\ \xc3\xa9",
         .type = SAFETENSORS_F32,
         .rank = 8,
         .shape = {1, 1, 1, 7, 1, 1, 1, 1},
         .data = bytes + 8,
         .size = 28},
    };
    const safetensors_entry note = {"note", "two\nlines"};
    char path[128];
    safetensors_file file;
    for (size_t count = 0; count <= 3; ++count) {
        cr_assert_eq(safetensors_write(in_folder(path, "a"), tensors, count, &note, count % 2), CARRYNET_OK);
        cr_assert_eq(safetensors_read(&file, path), CARRYNET_OK, "%s", carrynet_message());
        cr_assert_eq(file.tensor_count, count);
        cr_assert_eq(file.metadata_count, count % 2);
        if (count % 2 == 1)
            cr_assert_str_eq(safetensors_metadata(&file, "note"), note.value);
        for (size_t i = 0; i < count; ++i) {
            const safetensors_tensor *found = safetensors_find(&file, tensors[i].name);
            cr_assert(found != NULL && found->type == tensors[i].type && found->rank == tensors[i].rank);
            cr_assert_eq(memcmp(found->shape, tensors[i].shape, sizeof found->shape), 0);
            cr_assert(found->size == tensors[i].size && memcmp(found->data, tensors[i].data, found->size) == 0);
        }
        cr_assert_null(safetensors_find(&file, "other"));
        safetensors_free(&file);
    }
}

Test(files, text_that_is_not_utf8_is_refused, .init = make_folder, .fini = remove_folder)
{
    const safetensors_entry note = {"note", "\xff"};
    char path[128];
    cr_assert_eq(safetensors_write(in_folder(path, "a"), NULL, 0, &note, 1), CARRYNET_ERROR_ARGUMENT);
    cr_assert_eq(count_files(), 0);
}

/* ---- what cannot be saved -------------------------------------------------------------------------------------- */

Test(files, settings_out_of_range_make_no_model)
{
    carrynet_settings settings = settings_of(&cases[0]);
    carrynet_model *model = NULL;
    settings.networks = 0;
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_ERROR_ARGUMENT);
    cr_assert_null(model);
    settings = settings_of(&cases[0]);
    (void)snprintf(settings.origin, sizeof settings.origin, "two\nlines");
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_ERROR_ARGUMENT);
    memset(settings.origin, 'x', sizeof settings.origin); /* without an end */
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_ERROR_ARGUMENT);
    cr_assert_null(model);
    carrynet_model_free(NULL);
}

Test(files, diverged_weights_are_not_saved_over_the_old_file, .init = make_folder, .fini = remove_folder)
{
    static const double wrong[] = {NAN, INFINITY, -INFINITY, 0x1.000002p60};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        char path[128];
        size_t before = 0, after = 0;
        carrynet_model *model = make_model(&cases[1]);
        cr_assert_eq(carrynet_model_save(model, in_folder(path, "a")), CARRYNET_OK);
        unsigned char *old = read_all(path, &before);
        const size_t stride = carrynet_shape_size(&carrynet_model_settings(model)->shape);
        ((float *)carrynet_model_values(model))[2 * stride + 32 + 3 * 16 + 5] = (float)wrong[i];
        cr_assert_eq(carrynet_model_save(model, path), CARRYNET_ERROR_NUMERIC);
        cr_assert_not_null(strstr(carrynet_message(), "w_hh: [2,3,5]"), "%s", carrynet_message());
        unsigned char *now = read_all(path, &after);
        cr_assert(before == after && memcmp(old, now, before) == 0);
        cr_assert_eq(count_files(), 1);
        free(old);
        free(now);
        carrynet_model_free(model);
    }
}

typedef struct bad_output {
    char path[64]; /* in the folder */
    char part[48]; /* of the message */
} bad_output;

ParameterizedTestParameters(files, unwritable_outputs)
{
    static bad_output outputs[] = {{"missing/a", "No such file"},
                                   {"a-folder", "is a folder"},
                                   {"a-file/a", "Not a directory"},
                                   {"a-socket", "is a socket"}};
    return cr_make_param_array(bad_output, outputs, sizeof outputs / sizeof outputs[0]);
}

ParameterizedTest(bad_output *output, files, unwritable_outputs, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    cr_assert_eq(mkdir(in_folder(path, "a-folder"), 0755), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.100s", in_folder(path, "a-socket"));
    cr_assert(listener >= 0 && bind(listener, (const struct sockaddr *)&address, sizeof address) == 0);
    (void)close(listener);
    FILE *file = fopen(in_folder(path, "a-file"), "w");
    cr_assert_not_null(file);
    (void)fclose(file);
    carrynet_model *model = make_model(&cases[0]);
    cr_assert_eq(carrynet_writable(in_folder(path, output->path)), CARRYNET_ERROR_IO);
    cr_assert_not_null(strstr(carrynet_message(), output->part), "%s", carrynet_message());
    cr_assert_eq(carrynet_model_save(model, path), CARRYNET_ERROR_IO);
    cr_assert_not_null(strstr(carrynet_message(), output->part), "%s", carrynet_message());
    cr_assert_eq(count_files(), 3);
    carrynet_model_free(model);
}

Test(files, a_folder_without_permission_keeps_the_old_file, .init = make_folder, .fini = remove_folder)
{
    char path[128], closed[128];
    size_t before = 0, after = 0;
    if (geteuid() == 0)
        cr_skip_test("root may write everywhere");
    cr_assert_eq(mkdir(in_folder(closed, "closed"), 0755), 0);
    carrynet_model *model = make_model(&cases[0]);
    cr_assert_eq(carrynet_model_save(model, in_folder(path, "closed/a")), CARRYNET_OK);
    unsigned char *old = read_all(path, &before);
    cr_assert_eq(chmod(closed, 0555), 0);
    cr_assert_eq(carrynet_writable(path), CARRYNET_ERROR_IO);
    cr_assert_eq(carrynet_model_save(model, path), CARRYNET_ERROR_IO);
    cr_assert_eq(chmod(closed, 0755), 0);
    unsigned char *now = read_all(path, &after);
    cr_assert(before == after && memcmp(old, now, before) == 0);
    free(old);
    free(now);
    carrynet_model_free(model);
}

Test(files, writable_leaves_nothing_behind, .init = make_folder, .fini = remove_folder)
{
    char path[128];
    cr_assert_eq(carrynet_writable(in_folder(path, "a")), CARRYNET_OK);
    cr_assert_eq(count_files(), 0);
    cr_assert_eq(carrynet_writable(""), CARRYNET_ERROR_IO);
}
