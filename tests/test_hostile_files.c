/*
 * Model files that are not what they should be: every one is refused with the right status and a message that names the
 * field, and none crashes the reader. The files are a valid one with its header or data changed.
 */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATA = 60, LARGEST_FILE = 1 << 21 }; /* bytes of data of the valid file: 15 values */

static char folder[64], path[128];

/* A file in parts: its header's text, and its data. */
static char header[LARGEST_FILE];
static unsigned char data[DATA + 64];
static size_t data_size;

static void write_bytes(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/* Length, header, data into bytes; returns their size. */
static size_t assemble(unsigned char bytes[LARGEST_FILE])
{
    const size_t length = strlen(header);
    cr_assert(8 + length + data_size <= LARGEST_FILE);
    for (unsigned i = 0; i < 8; ++i)
        bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, data_size);
    return 8 + length + data_size;
}

static void write_parts(void)
{
    static unsigned char bytes[LARGEST_FILE];
    write_bytes(bytes, assemble(bytes));
}

/* One network of 2 hidden units with everything that a file can hold: values 1, 2, ..., 15. */
static void set_up(void)
{
    static unsigned char bytes[LARGEST_FILE];
    carrynet_settings settings;
    carrynet_model *model = NULL;
    (void)snprintf(folder, sizeof folder, "/tmp/carrynet-hostile-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/model", folder);
    carrynet_settings_init(&settings, carrynet_task_at(0));
    settings.shape.hidden = 2;
    settings.shape.bias = settings.shape.initial_state = true;
    settings.until_proved = CARRYNET_PROVER_VERSION;
    cr_assert_eq(carrynet_model_create(&model, &settings), CARRYNET_OK, "%s", carrynet_message());
    for (unsigned i = 0; i < DATA / 4; ++i)
        ((float *)carrynet_model_values(model))[i] = (float)(i + 1);
    cr_assert_eq(carrynet_model_save(model, path), CARRYNET_OK, "%s", carrynet_message());
    carrynet_model_free(model);
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    const size_t length = bytes[0] + 256u * bytes[1];
    cr_assert_eq(size, 8 + length + DATA);
    memcpy(header, bytes + 8, length);
    header[length] = '\0';
    memcpy(data, bytes + 8 + length, DATA);
    data_size = DATA;
}

static void tear_down(void)
{
    (void)chmod(path, 0600);
    (void)remove(path);
    cr_assert_eq(rmdir(folder), 0);
}

/* Replaces the first `old` in the header. */
static void replace(const char *old, const char *new_text)
{
    char *place = strstr(header, old);
    cr_assert_not_null(place, "'%s' is not in the header %s", old, header);
    cr_assert_lt(strlen(header) + strlen(new_text), sizeof header);
    memmove(place + strlen(new_text), place + strlen(old), strlen(place + strlen(old)) + 1);
    memcpy(place, new_text, strlen(new_text));
}

static void expect(carrynet_status status, const char *part)
{
    carrynet_model *model = (carrynet_model *)(void *)folder;
    const carrynet_status got = carrynet_model_load(&model, path);
    cr_assert_eq(got, status, "'%s' instead of '%s': %s", carrynet_status_name(got), carrynet_status_name(status),
                 carrynet_message());
    if (status == CARRYNET_OK) {
        carrynet_model_free(model);
        return;
    }
    cr_assert_null(model);
    cr_assert_not_null(strstr(carrynet_message(), path), "the path is not in: %s", carrynet_message());
    cr_assert_not_null(strstr(carrynet_message(), part), "'%s' is not in: %s", part, carrynet_message());
}

/* ---- the header's text ----------------------------------------------------------------------------------------- */

typedef struct changed_header {
    char old[64];
    char new_text[192];
    char part[96]; /* of the message; "": the file stays good */
} changed_header;

ParameterizedTestParameters(hostile, headers)
{
    static changed_header changes[] = {
        /* not JSON, or not an object of objects */
        {"{\"__metadata__\"", "[\"__metadata__\"", "does not begin with '{'"},
        {"{\"__metadata__\"", " \n\t{\"__metadata__\"", ""}, /* as the format's own library reads it */
        {"{\"__metadata__\"", "\f{\"__metadata__\"", "does not begin with '{'"},
        {"\"w_xh\":{", "\"w_xh\":", "not valid JSON"},
        {"\"w_xh\":{", "\"w_xh\":{\"a\":\"\\u0000\",", "not valid JSON"},
        {"\"w_xh\":{", "\"w_xh\":{\"a\":\"\xff\",", "not valid JSON"},
        {"\"w_xh\":{", "\"w_xh\":{},\"w_xh\":{", "duplicate"},
        {"\"w_xh\":{\"dtype\"", "\"w_xh\":{\"dtype\":\"F32\",\"dtype\"", "duplicate"},
        {"\"rate\":", "\"rate\":\"1\",\"rate\":", "duplicate"},
        {"\"w_xh\":{", "\"x\":7,\"w_xh\":{", "tensor 'x': is not an object"},
        {"\"w_xh\":{", "\"x\":{},\"w_xh\":{", "tensor 'x': dtype"},
        {"\"w_xh\":{", "\"w_xh\":{\"note\":[[{}]],", ""},
        {"\"rate\":", "\"origin\":\"somewhere else\",\"rate\":", ""},
        {"\"rate\":", "\"origin\":\"\\u001b[31m\",\"rate\":", "origin must be printable"},
        {"\"rate\":", "\"origin\":\"1234567890123456789012345678901234567890123456789012345678901234\",\"rate\":",
         "at most 63 characters"},
        {"\"rate\":", "\"train_fraction\":\"0.5\",\"split_seed\":\"7\",\"rate\":", ""},
        {"\"rate\":", "\"train_fraction\":\"0.5\",\"rate\":", "split_seed is missing beside train_fraction"},
        {"\"rate\":", "\"split_seed\":\"5\",\"rate\":", "train_fraction is missing beside split_seed"},
        {"\"rate\":", "\"train_fraction\":\"0\",\"split_seed\":\"7\",\"rate\":", "train_fraction is '0'"},
        {"\"rate\":", "\"train_fraction\":\"x\",\"split_seed\":\"7\",\"rate\":", "train_fraction is 'x'"},
        {"\"rate\":", "\"train_fraction\":\"1\",\"split_seed\":\"7\",\"rate\":", "train_fraction is 1"},
        {"\"rate\":", "\"train_fraction\":\"0.5\",\"split_seed\":\"-7\",\"rate\":", "split_seed is '-7'"},
        /* dtype */
        {"\"F32\"", "\"F64\"", "tensor 'w_xh': data_offsets [0, 16] hold 16 bytes"},
        {"\"F32\"", "\"I32\"", "tensor w_xh: dtype I32 does not match precision fp32"},
        {"\"F32\"", "\"\\u001b[31m\"", "dtype is '?[31m'"},
        {"\"F32\"", "32", "tensor 'w_xh': dtype"},
        {"\"dtype\":\"F32\",", "", "tensor 'w_xh': dtype"},
        /* shape */
        {"\"shape\":[1,2,2]", "\"shape\":[1,2,3]", "tensor 'w_xh': data_offsets"},
        {"\"shape\":[1,2,2]", "\"shape\":[1,4,1]", "must be [1, 2, 1]"},
        {"\"shape\":[1,2,2]", "\"shape\":[4,1]", "w_xh: shape is not [networks, inputs, hidden]"},
        {"\"shape\":[1,2,2]", "\"shape\":[2,1,2]", "w_xh: shape must be [2, 2, 2]"},
        {"\"shape\":[1,2,2]", "\"shape\":[]", "data_offsets"},
        {"\"shape\":[1,2,2]", "\"shape\":[1,1,1,1,1,1,1,2,2]", "shape has 9 dimensions"},
        {"\"shape\":[1,2,2]", "\"shape\":[0,2,2]", "data_offsets"},
        {"\"shape\":[1,2,2]", "\"shape\":[-1,-2,2]", "shape[0]"},
        {"\"shape\":[1,2,2]", "\"shape\":[1,2.0,2]", "shape[1]"},
        {"\"shape\":[1,2,2]", "\"shape\":[1,\"2\",2]", "shape[1]"},
        {"\"shape\":[1,2,2]", "\"shape\":[4294967296,4294967296,2]", "too many values"},
        {"\"shape\":[1,2,2]", "\"shape\":[4611686018427387904,4,1]", "too many values"},
        {"\"shape\":[1,2,2]", "\"shape\":[9223372036854775807,2,2]", "too many values"},
        {"\"shape\":[1,2,2]", "\"shape\":[9223372036854775808,2,2]", "not valid JSON"},
        {"\"shape\":[1,2,2]", "\"shape\":{}", "tensor 'w_xh': shape"},
        {"\"shape\":[1,2,2],", "", "tensor 'w_xh': shape"},
        {"\"shape\":[1,2]", "\"shape\":[2,1]", "tensor b_h: shape must be [1, 2]"},
        {"\"shape\":[1,2]", "\"shape\":[1,1,2]", "tensor b_h: shape must be [1, 2]"},
        /* data_offsets */
        {"[0,16]", "[-16,0]", "tensor 'w_xh': data_offsets [-16, 0]"},
        {"[0,16]", "[16,0]", "tensor 'w_xh': data_offsets [16, 0]"},
        {"[0,16]", "[0,61]", "not inside the file's 60 bytes"},
        {"[0,16]", "[0,9223372036854775807]", "not inside"},
        {"[0,16]", "[9223372036854775791,9223372036854775807]", "not inside"},
        {"[0,16]", "[0,15]", "hold 15 bytes"},
        {"[0,16]", "[4,20]", "data_offsets begin at 4"},
        {"[16,32]", "[12,28]", "overlap"},
        {"[16,32]", "[0,16]", "overlap"},
        {"[0,16]", "[16,32]", "data_offsets begin at 16"},
        {"[0,16]", "[0]", "data_offsets"},
        {"[0,16]", "[0,16,16]", "data_offsets"},
        {"[0,16]", "[0.0,16]", "data_offsets"},
        {"[0,16]", "\"0,16\"", "data_offsets"},
        {",\"data_offsets\":[0,16]", "", "data_offsets"},
        /* the tensors together */
        {"\"w_xh\":{", "\"w_x\":{", "tensor w_xh is missing"},
        {"\"w_hh\":{", "\"w_h\":{", "tensor 'w_h' is unknown"},
        {"\"b_h\":{", "\"b_z\":{", "tensor b_h is missing; b_h and b_y belong together"},
        {"\"b_y\":{", "\"b_z\":{", "tensor b_y is missing; b_h and b_y belong together"},
        {"\"h_0\":{", "\"h_1\":{", "tensor 'h_1' is unknown"},
        {"\"w_xh\":{", "\"extra\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"w_xh\":{",
         "tensor 'extra' is unknown"},
        /* metadata: its form, its versions */
        {"\"__metadata__\":{", "\"__metadata__\":7,\"x\":{", "__metadata__ is not an object"},
        {"\"__metadata__\":{", "\"__metadata__\":{\"n\":7,", "__metadata__ 'n' is not a string"},
        {"\"__metadata__\":{", "\"__metadata__\":{\"note\":\"mine\",", ""},
        {"\"format\":\"carrynet\"", "\"format\":\"pt\"", "not a Carrynet model"},
        {"\"format\":\"carrynet\",", "", "not a Carrynet model"},
        {"\"arithmetic\":\"1\"", "\"arithmetic\":\"2\"",
         "made with arithmetic version 2; this program computes version 1"},
        {"\"arithmetic\":\"1\"", "\"arithmetic\":\"one\"", "arithmetic is 'one'"},
        {"\"arithmetic\":\"1\",", "", "arithmetic is missing"},
        /* metadata: settings */
        {"\"precision\":\"fp32\"", "\"precision\":\"fp64\"", "tensor w_xh: dtype F32 does not match precision fp64"},
        {"\"precision\":\"fp32\"", "\"precision\":\"fp16\"", "precision is 'fp16'"},
        {"\"batch\":\"", "\"batch\":\"-", "batch is '-"},
        {"\"batch\":\"", "\"batch\":\"99999999999999999999", "batch is '9999"},
        {"\"bits\":\"8\"", "\"bits\":\"0\"", "settings: bits is 0"},
        {"\"bits\":\"8\"", "\"bits\":\"4294967304\"", "bits is '4294967304'"},
        {"\"bits\":\"8\"", "\"bits\":\"\"", "bits is ''"},
        {"\"bits\":\"8\"", "\"bits\":\"8 \"", "bits is '8 '"},
        {"\"bits\":\"8\",", "", "bits is missing"},
        {"\"rate\":\"", "\"rate\":\"nan", "rate is 'nan"},
        {"\"rate\":\"", "\"rate\":\"1e999", "rate is"},
        {"\"rate\":\"", "\"rate\":\"0x", "rate is '0x"},
        {"\"rate\":\"", "\"rate\":\"-", "settings: lr is -"},
        {"\"noise\":\"0\"", "\"noise\":\"2\"", "settings: noise is 2"},
        {"\"seed\":\"0\"", "\"seed\":\"18446744073709551616\"", "seed is '18446744073709551616'"},
        {"\"until_exact\":\"true\"", "\"until_exact\":\"yes\"", "until_exact is 'yes'"},
        {"\"until_proved\":\"2\"", "\"until_proved\":\"0\"", "until_proved is '0', must be a version number from 1"},
        {"\"until_proved\":\"2\"", "\"until_proved\":\"-1\"", "until_proved is '-1'"},
        {"\"until_proved\":\"2\"", "\"until_proved\":\"4294967296\"", "until_proved is '4294967296'"},
        {"\"until_exact\":\"true\"", "\"until_exact\":\"false\"", "settings: until proved"},
        {"\"loss\":\"", "\"loss\":\"no", "loss is 'no"},
        {"\"optimizer\":\"", "\"optimizer\":\"no", "optimizer is 'no"},
        {"\"schedule\":\"", "\"schedule\":\"no", "schedule is 'no"},
        {"\"network_seeds\":\"[0]\"", "\"network_seeds\":\"[0,1]\"", "network_seeds"},
        {"\"network_seeds\":\"[0]\"", "\"network_seeds\":\"[]\"", "network_seeds"},
        {"\"network_seeds\":\"[0]\"", "\"network_seeds\":\"0\"", "network_seeds"},
        {"\"network_updates\":\"[0]\"", "\"network_updates\":\"[-1]\"", "network_updates"},
        {"\"network_exact\":\"[0]\"", "\"network_exact\":\"[2]\"", "network_exact"},
        {"\"network_exact\":\"[0]\"", "\"network_exact\":\"[0\"", "network_exact"},
        {"\"network_exact\":", "\"network_\":", "network_exact is missing"},
        /* metadata: the task's table */
        {"\"task\":\"{", "\"task\":\"[", "task: the table is not a JSON object"},
        {"\"task\":\"{", "\"tusk\":\"{", "task is missing"},
        {"\\\"name\\\":\\\"add\\\"", "\\\"name\\\":\\\"0123456789012345678901234567890123\\\"", "task: name"},
        {"\\\"name\\\":\\\"add\\\"", "\\\"name\\\":\\\"\\\\u001b[2J\\\"", "task: name"},
        {"\\\"name\\\":\\\"add\\\"", "\\\"name\\\":\\\"\\\"", "name"},
        {"\\\"name\\\":\\\"add\\\"", "\\\"name\\\":7", "task: name"},
        {"\\\"inputs\\\":2", "\\\"inputs\\\":5", "task: inputs"},
        {"\\\"inputs\\\":2", "\\\"inputs\\\":3", "task: next"},
        {"\\\"inputs\\\":2", "\\\"inputs\\\":\\\"2\\\"", "task: inputs"},
        {"\\\"outputs\\\":1", "\\\"outputs\\\":0", "task: outputs"},
        {"\\\"outputs\\\":1", "\\\"outputs\\\":2", "tensor w_hy: shape must be [1, 2, 2]"},
        {"\\\"states\\\":2", "\\\"states\\\":257", "task: states"},
        {"\\\"states\\\":2", "\\\"states\\\":1", "task: next"},
        {"\\\"states\\\":2", "\\\"states\\\":-2", "task: states"},
        {"\\\"start\\\":0", "\\\"start\\\":2", "task: start"},
        {"\\\"start\\\":0", "\\\"stort\\\":0", "task: there is no field 'stort'"},
        {"\\\"closing\\\":[0]", "\\\"closing\\\":[4]", "task: closing"},
        {"\\\"closing\\\":[0]", "\\\"closing\\\":[0,0,0,0,0,0,0,0,0]", "task: closing"},
        {"\\\"closing\\\":[0]", "\\\"closing\\\":{}", "task: closing"},
        {"\\\"constraint\\\":\\\"none\\\"", "\\\"constraint\\\":\\\"odd\\\"", "task: constraint"},
        {"\\\"sign\\\":\\\"+\\\"", "\\\"sign\\\":\\\"++\\\"", "task: sign"},
        {"[[0,0,0,1]", "[[0,0,0,2]", "task: next, state 0: entry 3"},
        {"[[0,0,0,1]", "[[0,0,0]", "task: next"},
        {"[[0,0,0,1]", "[[0,0,0,1,0]", "task: next"},
        {"[[0,0,0,1]", "[7", "task: next"},
        {"[[0,1,1,0]", "[[0,1,1,-1]", "task: out, state 0: entry 3"},
        {"[[0,1,1,0]", "[[0,1,1,256]", "task: out, state 0: entry 3"},
    };
    return cr_make_param_array(changed_header, changes, sizeof changes / sizeof changes[0]);
}

ParameterizedTest(changed_header *change, hostile, headers, .init = set_up, .fini = tear_down)
{
    replace(change->old, change->new_text);
    write_parts();
    expect(change->part[0] == '\0' ? CARRYNET_OK : CARRYNET_ERROR_FORMAT, change->part);
}

/* ---- the values ------------------------------------------------------------------------------------------------ */

typedef struct stored_value {
    uint32_t bits;
    uint32_t place; /* of the file's 15 values */
    char part[64];  /* of the message; "": accepted */
    uint32_t read;  /* the bits that are then read */
} stored_value;

ParameterizedTestParameters(hostile, values)
{
    static stored_value values[] = {
        {0x7fc00000, 0, "tensor w_xh: [0,0,0] is NaN", 0},
        {0xffc00001, 7, "tensor w_hh: [0,1,1] is NaN", 0},
        {0x7f800001, 9, "tensor w_hy: [0,1,0] is NaN", 0},
        {0x7f800000, 11, "tensor b_h: [0,1] is inf", 0},
        {0xff800000, 12, "tensor b_y: [0,0] is -inf", 0},
        {0x5d800001, 14, "tensor h_0: [0,1] is 1.15292e+18, the largest allowed is 2^60", 0},
        {0xdd800001, 1, "tensor w_xh: [0,0,1]", 0},
        {0x5d800000, 3, "", 0x5d800000}, /* 2^60 */
        {0x2b800000, 3, "", 0x2b800000}, /* 2^-40 */
        {0x2b7fffff, 3, "", 0},          /* below it */
        {0xab7fffff, 3, "", 0},
        {0x00000001, 3, "", 0},
        {0x80000000, 3, "", 0}, /* -0 */
    };
    return cr_make_param_array(stored_value, values, sizeof values / sizeof values[0]);
}

ParameterizedTest(stored_value *value, hostile, values, .init = set_up, .fini = tear_down)
{
    carrynet_model *model = NULL;
    for (unsigned i = 0; i < 4; ++i)
        data[4 * value->place + i] = (unsigned char)(value->bits >> (8 * i));
    write_parts();
    if (value->part[0] != '\0') {
        expect(CARRYNET_ERROR_FORMAT, value->part);
        return;
    }
    cr_assert_eq(carrynet_model_load(&model, path), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_eq(memcmp((const float *)carrynet_model_values(model) + value->place, &value->read, sizeof value->read),
                 0);
    carrynet_model_free(model);
}

/* ---- the file as a whole --------------------------------------------------------------------------------------- */

Test(hostile, the_valid_file_is_read, .init = set_up, .fini = tear_down)
{
    write_parts();
    expect(CARRYNET_OK, "");
}

Test(hostile, missing_folder_unreadable, .init = set_up, .fini = tear_down)
{
    cr_assert_eq(chmod(path, 0), 0);
    if (geteuid() != 0)
        expect(CARRYNET_ERROR_IO, "cannot open");
    cr_assert_eq(remove(path), 0);
    expect(CARRYNET_ERROR_IO, "No such file");
    cr_assert_eq(mkdir(path, 0755), 0);
    expect(CARRYNET_ERROR_IO, "folder");
    cr_assert_eq(rmdir(path), 0);
}

Test(hostile, cut_at_every_length, .init = set_up, .fini = tear_down)
{
    static unsigned char bytes[LARGEST_FILE];
    const size_t size = assemble(bytes);
    for (size_t length = 0; length < size; ++length) {
        write_bytes(bytes, length);
        expect(CARRYNET_ERROR_FORMAT, length == 0                   ? "an empty file"
                                      : length < 8                  ? "too few"
                                      : length < 8 + strlen(header) ? "truncated"
                                                                    : "data");
    }
    bytes[size] = 0;
    write_bytes(bytes, size + 1);
    expect(CARRYNET_ERROR_FORMAT, "the data has 61 bytes, but data_offsets end at 60");
}

Test(hostile, header_lengths, .init = set_up, .fini = tear_down)
{
    static unsigned char bytes[LARGEST_FILE];
    static const uint64_t lengths[] = {0,         1,          2,          7,          100000000,
                                       100000001, UINT32_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 7};
    const size_t size = assemble(bytes);
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; ++k) {
        for (unsigned i = 0; i < 8; ++i)
            bytes[i] = (unsigned char)(lengths[k] >> (8 * i));
        write_bytes(bytes, size);
        expect(CARRYNET_ERROR_FORMAT, "header");
    }
}

Test(hostile, other_kinds_of_files, .init = set_up, .fini = tear_down)
{
    static const char *const texts[] = {"x", "[1, 2]\n", "{\"format\": \"carrynet\"}\n", "\177ELF\2\1\1",
                                        "PK\3\4 a zip archive"};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; ++k) {
        write_bytes(texts[k], strlen(texts[k]));
        expect(CARRYNET_ERROR_FORMAT, "");
    }
    (void)snprintf(header, sizeof header, "{}");
    data_size = 0;
    write_parts();
    expect(CARRYNET_ERROR_FORMAT, "not a Carrynet model");
    data_size = 1;
    write_parts();
    expect(CARRYNET_ERROR_FORMAT, "the data has 1 bytes");
}

Test(hostile, nested_too_deeply, .init = set_up, .fini = tear_down)
{
    enum { DEPTH = 5000 };
    (void)snprintf(header, sizeof header, "{\"a\":");
    memset(header + 5, '[', DEPTH);
    memset(header + 5 + DEPTH, ']', DEPTH);
    (void)snprintf(header + 5 + (size_t)2 * DEPTH, sizeof header - 5 - (size_t)2 * DEPTH, "}");
    write_parts();
    expect(CARRYNET_ERROR_FORMAT, "not valid JSON");
}

/* A value takes more memory than its letters: many of them are refused before they are parsed. */
Test(hostile, too_many_values, .init = set_up, .fini = tear_down)
{
    enum { VALUES = 1000001, SIZE = 8 + 6 + 2 * VALUES };
    unsigned char *bytes = malloc(SIZE);
    cr_assert_not_null(bytes);
    memset(bytes, 0, 8);
    for (unsigned i = 0; i < 4; ++i)
        bytes[i] = (unsigned char)((SIZE - 8u) >> (8 * i));
    memcpy(bytes + 8, "{\"a\":[", 6);
    for (size_t i = 0; i < VALUES; ++i)
        memcpy(bytes + 14 + 2 * i, "1,", 2);
    write_bytes(bytes, SIZE);
    expect(CARRYNET_ERROR_FORMAT, "the header has more than 1000000 values");
    memset(bytes + 14, ',', 2 * VALUES); /* within a string they are letters */
    memcpy(bytes + 14, "\"\\\"", 3);
    memcpy(bytes + SIZE - 3, "\"]}", 3);
    write_bytes(bytes, SIZE);
    expect(CARRYNET_ERROR_FORMAT, "tensor 'a': is not an object");
    free(bytes);
}

/* Texts within the header that would be parsed again. */
Test(hostile, texts_of_any_length, .init = set_up, .fini = tear_down)
{
    enum { LONG = 1100000 };
    char *text = malloc(LONG);
    cr_assert_not_null(text);
    memset(text, ' ', LONG);
    text[LONG - 1] = '\0';
    memcpy(text, "\"task\":\"{", 9);
    replace("\"task\":\"{", text);
    write_parts();
    expect(CARRYNET_ERROR_FORMAT, "task: the table is longer than 1048576 bytes");
    replace(text, "\"task\":\"{");
    text[500] = '\0';
    memcpy(text, "\"rate\":\"", 8);
    text[8] = ' ';
    replace("\"rate\":\"", text);
    write_parts();
    expect(CARRYNET_ERROR_FORMAT, "rate is '");
    free(text);
}

/* ---- chance ---------------------------------------------------------------------------------------------------- */

static unsigned next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

/*
 * Flips, replacements by telling characters, and cuts in header and length: whatever comes of it, no crash and a
 * message.
 */
Test(hostile, random_damage, .init = set_up, .fini = tear_down)
{
    static unsigned char good[LARGEST_FILE], bytes[LARGEST_FILE];
    static const char telling[] = "0123456789[]{}\",:-.eE\\u \t\n";
    const size_t size = assemble(good);
    uint64_t state = 1;
    unsigned refused = 0, accepted = 0;
    for (unsigned round = 0; round < 12000; ++round) {
        memcpy(bytes, good, size);
        for (unsigned k = 0; k <= next_random(&state) % 3; ++k) {
            const size_t place = next_random(&state) % (size - DATA);
            if (next_random(&state) % 2 == 0)
                bytes[place] ^= (unsigned char)(1u << next_random(&state) % 8);
            else
                bytes[place] = (unsigned char)telling[next_random(&state) % (sizeof telling - 1)];
        }
        write_bytes(bytes, size - (next_random(&state) % 8 == 0 ? next_random(&state) % 64 : 0));
        carrynet_model *model = NULL;
        const carrynet_status status = carrynet_model_load(&model, path);
        cr_assert(status == CARRYNET_OK || status == CARRYNET_ERROR_FORMAT, "round %u: %s", round, carrynet_message());
        cr_assert_eq(model != NULL, status == CARRYNET_OK);
        if (status == CARRYNET_OK)
            ++accepted;
        else
            cr_assert_eq(strncmp(carrynet_message(), path, strlen(path)), 0, "%s", carrynet_message());
        refused += status != CARRYNET_OK;
        carrynet_model_free(model);
    }
    cr_assert(refused > 9000 && accepted > 0, "%u refused, %u accepted", refused, accepted);
}
