/*
 * NPZ: zip, headers, values (host/exchange/npz*.c), and the states that plot draws from one. What is read is written and
 * read again. How: 0 as it is; else whole entries, 1 stored or 2 deflated (containers.c), so that no checksum is wrong.
 */
#include "cli/plot/plot_charts.h"
#include "exchange/npz.h"
#include "fuzz.h"
#include <string.h>

static const char *path, *again;

void fuzz_prepare(void)
{
    path = fuzz_path("arrays.npz");
    again = fuzz_path("again.npz");
}

/* Every kind of array, and names that state plots look for. */
static void write_arrays(const char *to)
{
    static const float h[2 * 3 * 2] = {0.1f, 0.9f, 0.2f, 0.8f, 0.3f, 0.7f, 0.4f, 0.6f, 0.5f, 0.5f, 0.6f, 0.4f};
    static const double y[2 * 3] = {0.5, 0.25, 1, 0, 0.125, 0.75};
    static const uint8_t bits[2 * 3 * 2] = {1, 0, 1, 1, 0, 0, 0, 1};
    static const uint64_t operands[2 * 2] = {3, 1, 2, UINT64_MAX};
    const npz_array arrays[] = {
        {"h", NPZ_FLOAT, 4, 3, {2, 3, 2}, h, sizeof h},
        {"y", NPZ_FLOAT, 8, 3, {2, 3, 1}, y, sizeof y},
        {"x", NPZ_UNSIGNED, 1, 3, {2, 3, 2}, bits, 12},
        {"target", NPZ_UNSIGNED, 1, 3, {2, 3, 1}, bits, 6},
        {"state", NPZ_UNSIGNED, 1, 2, {2, 3}, bits, 6},
        {"operands", NPZ_UNSIGNED, 8, 2, {2, 2}, operands, sizeof operands},
        {"exhaustive", NPZ_BOOLEAN, 1, 0, {0}, bits, 1},
        {"task", NPZ_UNSIGNED, 1, 1, {3}, "add", 3},
    };
    fuzz_must(npz_write(to, arrays, sizeof arrays / sizeof arrays[0]) == CARRYNET_OK, "a seed is written");
}

void fuzz_seeds(void)
{
    size_t size = 0;
    write_arrays(path);
    char *file = fuzz_read(&size, path);
    fuzz_seed("stored", 0, file, size);
    sys_free(file);
    uint8_t *parts = fuzz_take_zip(&size, path);
    fuzz_seed("parts", 1, parts, size);
    fuzz_seed("parts-deflated", 2, parts, size);
    fuzz_write_zip(path, parts, size, true);
    sys_free(parts);
    file = fuzz_read(&size, path);
    fuzz_seed("deflated", 0, file, size);
    sys_free(file);
    static const char swapped[] = "\x05\x90\0a.npy\x93NUMPY\1\0\x86\0"
                                  "{'descr': '>i2', 'fortran_order': True, 'shape': (1, 2, 2), }";
    uint8_t entry[8 + 0x90] = {0};
    memset(entry, ' ', sizeof entry);
    memcpy(entry, swapped, sizeof swapped - 1);
    fuzz_seed("swapped", 1, entry, sizeof entry);
    static const char half[] = "\x05\x92\0a.npy\x93NUMPY\3\0\x86\0\0\0"
                               "{'descr': 'float16', 'fortran_order': False, 'shape': (2L, 1L), }";
    memset(entry, ' ', sizeof entry);
    memcpy(entry, half, sizeof half - 1);
    fuzz_seed("half", 1, entry, sizeof entry);
    static const char object[] = "\x05\x90\0a.npy\x93NUMPY\1\0\x86\0"
                                 "{'descr': [('a', '<f4', (2,))], 'fortran_order': True, 'shape': (1, 2, 2), }";
    memset(entry, ' ', sizeof entry);
    memcpy(entry, object, sizeof object - 1);
    fuzz_seed("object", 1, entry, sizeof entry);
}

static void read_and_write(const char *bytes, size_t size)
{
    npz_file file, same;
    size_t others = 0; /* of types that are not read */
    const carrynet_status status = npz_parse(&file, "arrays.npz", bytes, size);
    fuzz_answered(status);
    for (size_t i = 0; i < file.count; ++i) {
        const npz_array *array = &file.arrays[i];
        double sum = 0;
        others += array->kind == NPZ_OTHER;
        for (size_t v = 0; v < array->size / array->width; ++v)
            sum += npz_real(array, v);
        char type[16];
        fuzz_must(npz_type_name(type, array->kind, array->width)[0] != '\0' && (sum <= 0 || !(sum <= 0)), "a type");
        fuzz_must(npz_find(&file, array->name) != NULL, "a name");
    }
    if (status == CARRYNET_OK && file.count > 0 && others == 0 &&
        npz_write(again, file.arrays, file.count) == CARRYNET_OK) {
        fuzz_must(npz_read(&same, again) == CARRYNET_OK && same.count == file.count, "what was written can be read");
        for (size_t i = 0; i < file.count; ++i)
            fuzz_must(same.arrays[i].size == file.arrays[i].size &&
                          memcmp(same.arrays[i].data, file.arrays[i].data, file.arrays[i].size) == 0,
                      "the same values come back");
        npz_free(&same);
    }
    npz_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plot_page page = {.height = 0};
    size_t bytes = 0;
    if (size < 1)
        return 0;
    if (data[0] == 0)
        fuzz_write(path, data + 1, size - 1);
    else
        fuzz_write_zip(path, data + 1, size - 1, data[0] % 2 == 0);
    char *file = fuzz_read(&bytes, path);
    read_and_write(file, bytes);
    fuzz_answered(plot_states_script(&page, "states.npz", file, bytes, false));
    plot_page_free(&page);
    sys_free(file);
    return 0;
}
