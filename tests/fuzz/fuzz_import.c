/*
 * Files of other programs (host/exchange/foreign.c, import*.c): safetensors and NPZ under foreign names. What is imported
 * is saved and read. How, modulo 4: 0 as it is, 1 safetensors with the right length, 2 and 3 a zip of whole entries,
 * stored and deflated; divided by 4, modulo 3: the cell; divided by 12, modulo 4: no map, one of two, or the first line.
 */
#include "exchange/npz.h"
#include "fuzz.h"
#include "model/safetensors.h"
#include <string.h>

enum { ARRAYS = 7 };

static const char *path, *again;

void fuzz_prepare(void)
{
    path = fuzz_path("foreign");
    again = fuzz_path("again");
}

/* w_xh, w_hh, w_hy, then biases and h_0; PyTorch's matrices are the other way round. */
static const struct set {
    const char *name, *arrays[ARRAYS];
    bool transposed;
    uint64_t outputs;
} sets[] = {
    {"own", {"w_xh", "w_hh", "w_hy", "b_h", "b_y", "h_0"}, false, 1},
    {"seeds", {"synapse_0", "synapse_h", "synapse_1"}, false, 1},
    {"letters", {"U", "W", "V"}, false, 2},
    {"order", {"arr_0", "arr_1", "arr_2", "arr_3", "arr_4"}, false, 1},
    {"script", {"Wxh", "Whh", "Why", "bh", "by"}, true, 2},
    {"keras", {"r/kernel:0", "r/recurrent_kernel:0", "d/kernel:0", "r/bias:0", "d/bias:0"}, false, 1},
    {"flax", {"['c']['i']['kernel']", "c/h/kernel", "d/kernel", "c/i/bias", "d/bias"}, false, 1},
    {"torch",
     {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "fc.weight", "rnn.bias_ih_l0", "fc.bias", "h0", "rnn.bias_hh_l0"},
     true,
     1},
};

void fuzz_seeds(void)
{
    enum { INPUTS = 2, HIDDEN = 3 };
    static const float narrow[HIDDEN * HIDDEN] = {0.5f, -1, 2, 0.25f, -0.125f, 3, 1, -2, 0.75f};
    static const double wide[HIDDEN * HIDDEN] = {0.5, -1, 2, 0.25, -0.125, 3, 1, -2, 0.75};
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; ++s) {
        const uint64_t rows[ARRAYS] = {INPUTS, HIDDEN, HIDDEN}, outputs = sets[s].outputs,
                       columns[ARRAYS] = {HIDDEN, HIDDEN, outputs, HIDDEN, outputs, HIDDEN, HIDDEN};
        npz_array arrays[ARRAYS];
        safetensors_tensor tensors[ARRAYS];
        size_t count = 0, size = 0;
        sys_text name = {0};
        for (size_t a = 0; a < ARRAYS && sets[s].arrays[a] != NULL; ++a, ++count) {
            const bool matrix = a < 3, turned = sets[s].transposed;
            const uint64_t one = turned ? columns[a] : rows[a], two = turned ? rows[a] : columns[a];
            const size_t values = (size_t)(matrix ? rows[a] * columns[a] : columns[a]);
            arrays[a] = (npz_array){sets[s].arrays[a], NPZ_FLOAT, 8, matrix ? 2 : 1, {one, two}, wide, 8 * values};
            tensors[a] = (safetensors_tensor){.name = sets[s].arrays[a],
                                              .type = SAFETENSORS_F32,
                                              .rank = matrix ? 2 : 1,
                                              .shape = {one, two},
                                              .data = (const unsigned char *)narrow,
                                              .size = 4 * values};
            if (!matrix)
                arrays[a].shape[0] = tensors[a].shape[0] = columns[a];
        }
        const uint8_t cell = sets[s].transposed ? 8 : 0; /* tanh */
        fuzz_must(npz_write(path, arrays, count) == CARRYNET_OK, "a seed is written");
        uint8_t *parts = fuzz_take_zip(&size, path);
        sys_text_add(&name, "%s-zip", sets[s].name);
        fuzz_seed(name.data, cell + 2 + s % 2, parts, size);
        sys_free(parts);
        fuzz_must(safetensors_write(path, tensors, count, NULL, 0) == CARRYNET_OK, "a seed is written");
        parts = fuzz_take_tensors(&size, path);
        fuzz_seed(sets[s].name, cell + 1, parts, size);
        sys_free(parts);
        sys_text_free(&name);
    }
    /* Other types, and a map in the first line. */
    static const char typed[] =
        "w_xh=a.T,w_hh=b,w_hy=c,b_h=d+e,b_y=f,skip=x*\n"
        "{\"__metadata__\":null,\"a\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[0,4]},"
        "\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[4,6]},"
        "\"c\":{\"dtype\":\"I8\",\"shape\":[1,1],\"data_offsets\":[6,7]},"
        "\"d\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[7,8]},"
        "\"e\":{\"dtype\":\"BOOL\",\"shape\":[1,1,1],\"data_offsets\":[8,9]},"
        "\"f\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[9,11]},"
        "\"x\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[11,12]}}\0abcdefghijkl";
    fuzz_seed("typed", 3 * 12 + 4 + 1, typed, sizeof typed - 1);
    static const char old[] = "\x89HDF\r\n\x1a\n";
    fuzz_seed("other", 0, old, sizeof old - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    carrynet_import_options options = {.cell = CARRYNET_CELL_UNSAID};
    carrynet_imported imported;
    carrynet_model *model = NULL, *same = NULL;
    if (size < 1)
        return 0;
    static const char *const maps[] = {NULL, "w_xh=a,w_hh=b,w_hy=c", "skip=b*,h_0=a"};
    char line[100] = "";
    const uint8_t *bytes = data + 1, *end = data + size;
    options.cell = (carrynet_cell)(data[0] / 4 % 3);
    if (data[0] / 12 % 4 < 3)
        options.map = maps[data[0] / 12 % 4];
    else {
        for (size_t i = 0; bytes < end && *bytes != '\n' && *bytes != '\0' && i < sizeof line - 1; ++i)
            line[i] = (char)*bytes++;
        bytes += bytes < end;
        options.map = line;
    }
    if (data[0] % 4 == 0)
        fuzz_write(path, bytes, (size_t)(end - bytes));
    else if (data[0] % 4 == 1)
        fuzz_write_tensors(path, bytes, (size_t)(end - bytes));
    else
        fuzz_write_zip(path, bytes, (size_t)(end - bytes), data[0] % 4 == 3);
    const carrynet_status status = carrynet_import(&model, &imported, path, &options);
    fuzz_answered(status);
    if (status != CARRYNET_OK)
        return 0;
    fuzz_must(carrynet_model_save(model, again) == CARRYNET_OK, "what was imported can be saved");
    fuzz_must(carrynet_model_load(&same, again) == CARRYNET_OK, "what was saved can be read");
    carrynet_model_free(model);
    carrynet_model_free(same);
    return 0;
}
