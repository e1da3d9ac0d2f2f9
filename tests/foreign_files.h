/*
 * Files of other programs for the tests of import: arrays of any names and shapes, written as NPZ or safetensors into a
 * folder of the test's own (foreign_enter, foreign_leave).
 */
#ifndef TESTS_FOREIGN_FILES_H
#define TESTS_FOREIGN_FILES_H

#include "each_backend.h"
#include "exchange/npz.h"
#include "model/safetensors.h"
#include <carrynet/import.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64], path[80]; /* the file: path */

static inline void foreign_enter(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/carrynet-import-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/n", folder);
}

static inline void foreign_leave(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

enum { MOST = 8, VALUES = 64 };

/* A file to be written: names, shapes, and values that differ from one another. */
struct made {
    npz_array arrays[MOST];
    size_t count;
    float narrow[MOST][VALUES];
    double wide[MOST][VALUES];
    bool as_double;
};

/* Small multiples of 1/64, as a linear congruential generator has them: sums of them are exact. */
static inline double any_value(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return ((double)(*seed >> 24) - 128) / 64;
}

/* Dimensions of 0 end the shape. */
static inline void add(struct made *made, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    const size_t i = made->count++;
    const uint64_t shape[] = {a, b, c};
    uint32_t seed = (uint32_t)i * 977 + 5;
    npz_array *array = &made->arrays[i];
    *array = (npz_array){.name = name, .kind = NPZ_FLOAT, .width = made->as_double ? 8 : 4};
    size_t size = 1;
    for (; array->rank < 3 && shape[array->rank] > 0; ++array->rank)
        size *= array->shape[array->rank] = shape[array->rank];
    cr_assert_leq(size, VALUES);
    for (size_t k = 0; k < size; ++k)
        made->narrow[i][k] = (float)(made->wide[i][k] = any_value(&seed));
    array->size = size * array->width;
    array->data = made->as_double ? (const void *)made->wide[i] : made->narrow[i];
}

static inline void write_npz(const struct made *made)
{
    cr_assert_eq(npz_write(path, made->arrays, made->count), CARRYNET_OK, "%s", carrynet_message());
}

/* These tests run on little-endian machines, where the bytes are the file's. */
static inline void write_safetensors(const struct made *made)
{
    safetensors_tensor tensors[MOST];
    for (size_t i = 0; i < made->count; ++i) {
        const npz_array *array = &made->arrays[i];
        tensors[i] = (safetensors_tensor){.name = array->name,
                                          .type = array->width == 4 ? SAFETENSORS_F32 : SAFETENSORS_F64,
                                          .rank = array->rank,
                                          .data = array->data,
                                          .size = array->size};
        memcpy(tensors[i].shape, array->shape, sizeof tensors[i].shape);
    }
    const safetensors_entry entry = {"format", "pt"};
    cr_assert_eq(safetensors_write(path, tensors, made->count, &entry, 1), CARRYNET_OK, "%s", carrynet_message());
}

static inline void add_pytorch(struct made *made, const char *const names[6])
{
    add(made, names[0], 3, 2, 0); /* weight_ih */
    add(made, names[1], 3, 3, 0); /* weight_hh */
    add(made, names[2], 1, 3, 0); /* head */
    if (names[3] == NULL)
        return;
    add(made, names[3], 3, 0, 0); /* bias_ih */
    add(made, names[4], 3, 0, 0);
    add(made, names[5], 1, 0, 0);
}

static const char *const torch_names[] = {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "fc.weight",
                                          "rnn.bias_ih_l0",   "rnn.bias_hh_l0",   "fc.bias"};

#endif
