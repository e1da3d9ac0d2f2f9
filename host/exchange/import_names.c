/*
 * Which array of a foreign file is what: the sets of names of import.h, their shapes, and what is said of a file that
 * has others.
 */
#include "exchange/import_parts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most that a value may be, as in a model file. */
#define LARGEST 0x1p60

static const char known[] = "known are w_xh, w_hh, w_hy, b_h, b_y, h_0; synapse_0, synapse_h, synapse_1; U, W, V; "
                            "weight_i2h, weight_h2h, weight_h2o; and of PyTorch weight_ih_l0, weight_hh_l0, "
                            "bias_ih_l0, bias_hh_l0 of one nn.RNN with the weight and bias of one linear head";

static const struct name_set {
    carrynet_names names;
    const char *array[CARRYNET_PARAMETERS]; /* NULL: it has none */
} sets[] = {
    {CARRYNET_NAMES_OWN, {"w_xh", "w_hh", "w_hy", "b_h", "b_y", "h_0"}},
    {CARRYNET_NAMES_SEEDS, {"synapse_0", "synapse_h", "synapse_1"}},
    {CARRYNET_NAMES_SEEDS, {"U", "W", "V"}},
    {CARRYNET_NAMES_SEEDS, {"weight_i2h", "weight_h2h", "weight_h2o"}},
};

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* The names of the file, the first of them if there are many. */
static void add_found(base_text *text, const foreign_file *file)
{
    enum { MOST = 12 };
    char quote[SAFETENSORS_QUOTE];
    base_text_add(text, "; found: %s", file->count == 0 ? "no array" : "");
    for (size_t i = 0; i < file->count && i < MOST; ++i)
        base_text_add(text, "%s%s", i > 0 ? ", " : "", safetensors_quote(quote, file->arrays[i].name));
    if (file->count > MOST)
        base_text_add(text, ", and %zu more", file->count - MOST);
    base_text_add(text, "; %s", known);
}

/* FORMAT: "FILE: array 'NAME' WHAT; found: ...". */
static carrynet_status fail_name(const char *path, const foreign_file *file, const char *name, const char *what)
{
    char quote[SAFETENSORS_QUOTE];
    base_text text = {0};
    add_found(&text, file);
    const carrynet_status status =
        base_fail(CARRYNET_ERROR_FORMAT, "%s: %s%s%s %s%s", path, name != NULL ? "array '" : "",
                  name != NULL ? safetensors_quote(quote, name) : "the arrays", name != NULL ? "'" : "", what,
                  text.failed ? "" : text.data);
    base_text_free(&text);
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), last = strlen(end);
    return length >= last && strcmp(text + length - last, end) == 0;
}

/* An array that no set has: what is known of such names is said. */
static carrynet_status fail_unknown(const char *path, const foreign_file *file, const char *name)
{
    const char *what = "is unknown";
    if (strstr(name, "_reverse") != NULL)
        what = "is of a second direction (bidirectional=True): a network that adds reads its digits once, from the "
               "lowest; train it with one direction";
    else if (strstr(name, "weight_hr_l") != NULL)
        what = "is a projection (proj_size), which only an LSTM has; an nn.RNN is needed";
    else if (strstr(name, "_l1") != NULL || strstr(name, "_l2") != NULL)
        what = "is of another layer: one layer can be imported (num_layers=1)";
    return fail_name(path, file, name, what);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static carrynet_status find_plain(import_parts *parts, const char *path, const foreign_file *file,
                                  const struct name_set *set)
{
    parts->names = set->names;
    for (size_t i = 0; i < file->count; ++i) {
        int p = 0;
        while (p < CARRYNET_PARAMETERS && (set->array[p] == NULL || strcmp(file->arrays[i].name, set->array[p]) != 0))
            ++p;
        if (p == CARRYNET_PARAMETERS)
            return fail_unknown(path, file, file->arrays[i].name);
        parts->arrays[p] = &file->arrays[i];
    }
    for (int p = 0; p <= CARRYNET_W_HY; ++p)
        if (parts->arrays[p] == NULL)
            return fail_name(path, file, set->array[p], "is missing");
    const bool b_h = parts->arrays[CARRYNET_B_H] != NULL, b_y = parts->arrays[CARRYNET_B_Y] != NULL;
    if (b_h != b_y)
        return fail_name(path, file, b_h ? "b_y" : "b_h", "is missing; b_h and b_y belong together");
    return CARRYNET_OK;
}

/* Whether a name is `prefix` [length] and then `rest`. */
static bool is_name(const char *name, const char *prefix, size_t length, const char *rest)
{
    return strncmp(name, prefix, length) == 0 && strcmp(name + length, rest) == 0;
}

/* The recurrent arrays of PyTorch, after the prefix of weight_ih; `layer` is "_l0", or "" for an nn.RNNCell. */
static int recurrent_place(const char *name, const char *prefix, size_t length, const char *layer)
{
    static const struct {
        const char *word;
        int place;
    } words[] = {{"weight_ih", CARRYNET_W_XH},
                 {"weight_hh", CARRYNET_W_HH},
                 {"bias_ih", CARRYNET_B_H},
                 {"bias_hh", IMPORT_SECOND_BIAS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; ++i) {
        char rest[24];
        (void)snprintf(rest, sizeof rest, "%s%s", words[i].word, layer);
        if (is_name(name, prefix, length, rest))
            return words[i].place;
    }
    return -1;
}

/* A linear layer's "weight" or "bias", or h_0, with any prefix; -1 if it is none. */
static int head_place(const char *name)
{
    const char *point = strrchr(name, '.'), *last = point != NULL ? point + 1 : name;
    if (strcmp(last, "weight") == 0)
        return CARRYNET_W_HY;
    if (strcmp(last, "bias") == 0)
        return CARRYNET_B_Y;
    return strcmp(last, "h_0") == 0 || strcmp(last, "h0") == 0 ? CARRYNET_H_0 : -1;
}

static carrynet_status find_pytorch(import_parts *parts, const char *path, const foreign_file *file,
                                    const char *weight_ih)
{
    const char *const layer = ends_with(weight_ih, "_l0") ? "_l0" : "";
    const size_t length = strlen(weight_ih) - strlen("weight_ih") - strlen(layer);
    parts->names = CARRYNET_NAMES_PYTORCH;
    parts->transposed = true;
    for (size_t i = 0; i < file->count; ++i) {
        const foreign_array *array = &file->arrays[i];
        int place = recurrent_place(array->name, weight_ih, length, layer);
        if (place < 0)
            place = head_place(array->name);
        if (place < 0)
            return fail_unknown(path, file, array->name);
        if (parts->arrays[place] != NULL)
            return fail_name(path, file, array->name,
                             place == CARRYNET_H_0 ? "is a second h_0"
                                                   : "is of a second linear layer: one head can be imported");
        parts->arrays[place] = array;
    }
    const foreign_array *weight = parts->arrays[CARRYNET_W_HY], *bias = parts->arrays[CARRYNET_B_Y];
    if (parts->arrays[CARRYNET_W_HH] == NULL)
        return fail_name(path, file, NULL, "lack weight_hh_l0, beside weight_ih_l0");
    if ((parts->arrays[CARRYNET_B_H] == NULL) != (parts->arrays[IMPORT_SECOND_BIAS] == NULL))
        return fail_name(path, file, NULL, "have one of bias_ih_l0 and bias_hh_l0, which belong together");
    if (weight == NULL)
        return fail_name(path, file, NULL,
                         "lack a linear head, such as fc.weight with fc.bias: save the whole model's state_dict");
    if (bias != NULL && (strlen(bias->name) - strlen("bias") != strlen(weight->name) - strlen("weight") ||
                         strncmp(bias->name, weight->name, strlen(bias->name) - strlen("bias")) != 0))
        return fail_name(path, file, bias->name, "is no bias of the head");
    return CARRYNET_OK;
}

static carrynet_status find_names(import_parts *parts, const char *path, const foreign_file *file)
{
    /* PyTorch's first: its files may have an h_0 too. */
    for (size_t i = 0; i < file->count; ++i)
        if (ends_with(file->arrays[i].name, "weight_ih_l0") || ends_with(file->arrays[i].name, "weight_ih"))
            return find_pytorch(parts, path, file, file->arrays[i].name);
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; ++s)
        for (int p = 0; p <= CARRYNET_W_HY; ++p)
            if (foreign_find(file, sets[s].array[p]) != NULL)
                return find_plain(parts, path, file, &sets[s]);
    return fail_name(path, file, NULL, "are of no known network");
}

/* ---- types, shapes, values ------------------------------------------------------------------------------------- */

static carrynet_status fail_shape(const char *path, const foreign_array *array, const char *what)
{
    char quote[SAFETENSORS_QUOTE], shape[FOREIGN_SHAPE];
    return base_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': shape is %s, %s", path,
                     safetensors_quote(quote, array->name), foreign_shape(shape, array->shape, array->rank), what);
}

/* A leading 1 counts for nothing where there are no several networks: PyTorch's h_0 has two, a row of NumPy's one. */
static void strip_ones(uint64_t *shape, size_t *rank, size_t least)
{
    while (*rank > least && shape[0] == 1)
        memmove(shape, shape + 1, --*rank * sizeof *shape);
}

static carrynet_status check_shape(const char *path, const import_parts *parts, int place, bool several)
{
    const foreign_array *array = parts->arrays[place];
    const uint64_t rows[] = {parts->inputs, parts->hidden, parts->hidden, 1, 1, 1, 1};
    const uint64_t columns[] = {parts->hidden,  parts->hidden, parts->outputs, parts->hidden,
                                parts->outputs, parts->hidden, parts->hidden};
    const bool vector = place > CARRYNET_W_HY;
    uint64_t wanted[3], shape[FOREIGN_RANK];
    size_t count = 0, rank = array->rank;
    char text[FOREIGN_SHAPE], must[FOREIGN_SHAPE + 16];
    memcpy(shape, array->shape, sizeof shape);
    if (several)
        wanted[count++] = parts->networks;
    else if (vector)
        strip_ones(shape, &rank, 1);
    if (!vector)
        wanted[count++] = parts->transposed ? columns[place] : rows[place];
    wanted[count++] = !vector && parts->transposed ? rows[place] : columns[place];
    if (rank == count && memcmp(shape, wanted, count * sizeof *wanted) == 0)
        return CARRYNET_OK;
    (void)snprintf(must, sizeof must, "must be %s", foreign_shape(text, wanted, count));
    return fail_shape(path, array, must);
}

/* The sizes, from the last dimensions of the matrices; every array against them. */
static carrynet_status check_shapes(import_parts *parts, const char *path)
{
    const foreign_array *w_xh = parts->arrays[CARRYNET_W_XH], *w_hh = parts->arrays[CARRYNET_W_HH];
    const foreign_array *w_hy = parts->arrays[CARRYNET_W_HY];
    const size_t rank = w_xh->rank;
    const bool several = rank == 3, back = parts->transposed;
    for (int p = 0; p <= CARRYNET_W_HY; ++p)
        if (parts->arrays[p]->rank != (several ? 3 : 2))
            return fail_shape(path, parts->arrays[p],
                              several ? "must have 3 dimensions, as the input weights have, the first for the networks"
                                      : "must have 2 dimensions; or 3, the first for several networks, in all arrays");
    parts->networks = several ? w_xh->shape[0] : 1;
    parts->inputs = w_xh->shape[back ? rank - 1 : rank - 2];
    parts->hidden = w_hh->shape[rank - 1];
    parts->outputs = w_hy->shape[back ? rank - 2 : rank - 1];
    const uint64_t gates = back && parts->hidden > 0 ? w_hh->shape[rank - 2] / parts->hidden : 1;
    if ((gates == 3 || gates == 4) && w_hh->shape[rank - 2] == gates * parts->hidden)
        return fail_shape(path, w_hh,
                          gates == 4 ? "as an LSTM's; only an nn.RNN can be imported"
                                     : "as a GRU's; only an nn.RNN can be imported");
    for (int p = 0; p < IMPORT_ARRAYS; ++p)
        if (parts->arrays[p] != NULL) {
            const carrynet_status status = check_shape(path, parts, p, several);
            if (status != CARRYNET_OK)
                return status;
        }
    if (parts->networks < 1 || parts->networks > 16777216)
        return fail_shape(path, w_xh, "must be of 1 to 16777216 networks");
    if (parts->inputs < 1 || parts->inputs > CARRYNET_TASK_INPUTS)
        return fail_shape(path, w_xh, "must be of 1 to 4 inputs");
    if (parts->outputs < 1 || parts->outputs > CARRYNET_TASK_OUTPUTS)
        return fail_shape(path, w_hy, "must be of 1 to 4 outputs");
    if (parts->hidden < 1 || parts->hidden > CARRYNET_HIDDEN)
        return fail_shape(path, w_hh, "must be of 1 to 1024 hidden units");
    return CARRYNET_OK;
}

static carrynet_status check_type(const char *path, const foreign_array *array)
{
    char quote[SAFETENSORS_QUOTE];
    if (array->real)
        return CARRYNET_OK;
    return base_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': its type is %s, must be float32 or float64", path,
                     safetensors_quote(quote, array->name), array->type);
}

static carrynet_status check_values(const char *path, const foreign_array *array)
{
    char quote[SAFETENSORS_QUOTE], place[FOREIGN_SHAPE];
    uint64_t index[FOREIGN_RANK] = {0};
    size_t i = 0;
    while (i < array->size && fabs(foreign_value(array, i)) <= LARGEST)
        ++i;
    if (i == array->size)
        return CARRYNET_OK;
    const double value = foreign_value(array, i);
    for (size_t d = array->rank; d-- > 0; i /= (size_t)array->shape[d])
        index[d] = i % array->shape[d];
    (void)foreign_shape(place, index, array->rank);
    (void)safetensors_quote(quote, array->name);
    if (isnan(value))
        return base_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s is NaN", path, quote, place);
    return base_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s is %g, the largest allowed is 2^60", path, quote, place,
                     value);
}

carrynet_status import_find(import_parts *parts, const char *path, const foreign_file *file, carrynet_cell cell)
{
    *parts = (import_parts){.narrow = CARRYNET_FP64, .wide = CARRYNET_FP32};
    carrynet_status status = find_names(parts, path, file);
    for (int p = 0; p < IMPORT_ARRAYS && status == CARRYNET_OK; ++p)
        if (parts->arrays[p] != NULL) {
            status = check_type(path, parts->arrays[p]);
            if (parts->arrays[p]->width == sizeof(float))
                parts->narrow = CARRYNET_FP32;
            else
                parts->wide = CARRYNET_FP64;
        }
    if (status == CARRYNET_OK)
        status = check_shapes(parts, path);
    for (int p = 0; p < IMPORT_ARRAYS && status == CARRYNET_OK; ++p)
        if (parts->arrays[p] != NULL)
            status = check_values(path, parts->arrays[p]);
    if (status == CARRYNET_OK && parts->names == CARRYNET_NAMES_PYTORCH && cell == CARRYNET_CELL_UNSAID)
        status =
            base_fail(CARRYNET_ERROR_ARGUMENT,
                      "%s: no file says what its cell computes; name it, with --cell tanh (what nn.RNN has without "
                      "more) or --cell sigmoid; nonlinearity='relu' cannot be imported",
                      path);
    parts->cell = cell == CARRYNET_CELL_UNSAID ? CARRYNET_CELL_SIGMOID : cell;
    return status;
}
