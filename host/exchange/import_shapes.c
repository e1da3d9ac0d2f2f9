/*
 * Sizes of a foreign network, from the shapes of its arrays, and whether its matrices are [rows][columns], as in
 * Carrynet, or transposed: by its names, unless the shapes fit only the other order. Leading dimensions of 1 are
 * ignored, for a vector all dimensions of 1; a matrix of one column or row may be a vector. Also checks types and
 * values.
 */
#include "exchange/import_parts.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most that a value may be, as in a model file, and the whole numbers that a double has. */
#define LARGEST 0x1p60
#define LARGEST_WHOLE 0x1p53

static carrynet_status fail_shape(const char *path, const foreign_array *array, const char *what)
{
    char quote[SAFETENSORS_QUOTE], shape[FOREIGN_SHAPE];
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': shape is %s, %s", path,
                    safetensors_quote(quote, array->name), foreign_shape(shape, array->shape, array->rank), what);
}

/* ---- matrices -------------------------------------------------------------------------------------------------- */

/* A matrix without the dimension of the networks. */
typedef struct matrix {
    uint64_t size[2];
    size_t rank;           /* of the array, 2; below 2 the other sizes are 1 */
    bool straight, turned; /* which order fits: ours, [rows][columns], or the other */
} matrix;

/* False if it has more dimensions, or those of other networks. */
static bool take_matrix(matrix *taken, const foreign_array *array, uint64_t networks)
{
    const size_t most = networks > 1 ? 3 : 2;
    size_t first = 0;
    while (array->rank - first > most && array->shape[first] == 1)
        ++first;
    if (networks > 1 && (array->rank == first || array->shape[first++] != networks))
        return false;
    *taken = (matrix){.size = {1, 1}, .rank = array->rank - first};
    if (taken->rank > 2)
        return false;
    memcpy(taken->size, array->shape + first, taken->rank * sizeof *taken->size);
    return true;
}

/* How many networks and hidden units the square matrix is for. */
static carrynet_status read_square(import_parts *parts, const char *path, bool strict)
{
    const foreign_array *w_hh = parts->arrays[CARRYNET_W_HH];
    matrix square;
    size_t first = 0;
    while (w_hh->rank - first > 2 && w_hh->shape[first] == 1)
        ++first;
    parts->networks = w_hh->rank - first == 3 ? w_hh->shape[first] : 1;
    if (!take_matrix(&square, w_hh, parts->networks) || (strict && square.rank != 2))
        return fail_shape(path, w_hh, "must have 2 dimensions; or 3, the first for several networks");
    for (uint64_t gates = 3; gates <= 4; ++gates)
        if (square.size[0] > 0 && square.size[1] > 0 &&
            (square.size[0] == gates * square.size[1] || square.size[1] == gates * square.size[0]))
            return fail_shape(path, w_hh,
                              gates == 4 ? "as an LSTM's; only a simple recurrent cell, such as nn.RNN, can be imported"
                                         : "as a GRU's; only a simple recurrent cell, such as nn.RNN, can be imported");
    parts->hidden = square.size[1];
    if (square.size[0] != square.size[1])
        return fail_shape(path, w_hh, "must be square");
    if (parts->networks < 1 || parts->networks > 16777216)
        return fail_shape(path, w_hh, "must be of 1 to 16777216 networks");
    if (parts->hidden < 1 || parts->hidden > CARRYNET_HIDDEN)
        return fail_shape(path, w_hh, "must be of 1 to 1024 hidden units");
    return CARRYNET_OK;
}

/* Says which shape a matrix must have: "[I, 3]", or that of several networks. */
static carrynet_status fail_matrix(const char *path, const import_parts *parts, int place)
{
    char networks[32] = "", text[160];
    const bool input = place == CARRYNET_W_XH, hidden_last = input != parts->turned[place];
    if (parts->networks > 1)
        (void)snprintf(networks, sizeof networks, "%" PRIu64 ", ", parts->networks);
    (void)snprintf(text, sizeof text, "must be [%s", networks);
    const size_t length = strlen(text);
    if (hidden_last)
        (void)snprintf(text + length, sizeof text - length, "%s, %" PRIu64 "]%s", input ? "I" : "O", parts->hidden,
                       parts->turns_said ? "; --map transposes NAME.T, and no other" : "");
    else
        (void)snprintf(text + length, sizeof text - length, "%" PRIu64 ", %s]%s", parts->hidden, input ? "I" : "O",
                       parts->turns_said ? "; --map transposes NAME.T, and no other" : "");
    return fail_shape(path, parts->arrays[place], text);
}

/* The order that both matrices have: as the names have it, if the shapes allow it. */
static carrynet_status choose_order(import_parts *parts, const char *path, const matrix *w_xh, const matrix *w_hy)
{
    const bool straight = w_xh->straight && w_hy->straight, turned = w_xh->turned && w_hy->turned;
    char what[3 * FOREIGN_SHAPE], shape[FOREIGN_SHAPE], quote[SAFETENSORS_QUOTE];
    const foreign_array *head = parts->arrays[CARRYNET_W_HY];
    if (!straight && !turned) {
        (void)snprintf(what, sizeof what,
                       "as %s, but that of '%s' is %s, as %s: one of them is transposed; --map NAME.T says which",
                       w_xh->straight ? "[I, H]" : "[H, I]", safetensors_quote(quote, head->name),
                       foreign_shape(shape, head->shape, head->rank), w_hy->straight ? "[H, O]" : "[O, H]");
        return fail_shape(path, parts->arrays[CARRYNET_W_XH], what);
    }
    const bool usual = parts->turned[CARRYNET_W_HH];
    const bool chosen = usual ? turned : !straight;
    parts->either = straight && turned && parts->hidden > 1;
    parts->turned_by_shape = chosen != usual;
    for (int p = 0; p < IMPORT_MATRICES; ++p)
        parts->turned[p] = chosen;
    return CARRYNET_OK;
}

static carrynet_status read_matrices(import_parts *parts, const char *path, bool strict)
{
    matrix matrices[IMPORT_MATRICES];
    for (int p = 0; p < IMPORT_MATRICES; p += CARRYNET_W_HY) {
        matrix *m = &matrices[p];
        const bool input = p == CARRYNET_W_XH;
        if (!take_matrix(m, parts->arrays[p], parts->networks) || (strict && m->rank != 2))
            return fail_matrix(path, parts, p);
        const bool first = m->size[0] == parts->hidden, last = m->size[1] == parts->hidden;
        const bool line = m->rank < 2 && (first || parts->hidden == 1); /* of one input or output, or one hidden unit */
        m->straight = line || (input ? last : first);
        m->turned = line || (input ? first : last);
        if (m->rank < 2 && !line)
            m->straight = m->turned = false;
        if (parts->turns_said ? !(parts->turned[p] ? m->turned : m->straight) : !m->straight && !m->turned)
            return fail_matrix(path, parts, p);
    }
    carrynet_status status = CARRYNET_OK;
    if (!parts->turns_said)
        status = choose_order(parts, path, &matrices[CARRYNET_W_XH], &matrices[CARRYNET_W_HY]);
    for (int p = 0; p < IMPORT_MATRICES; p += CARRYNET_W_HY) {
        const matrix *m = &matrices[p];
        const bool input = p == CARRYNET_W_XH, second = input == parts->turned[p];
        uint64_t *size = input ? &parts->inputs : &parts->outputs;
        *size = m->size[second];
        if (m->rank < 2)
            *size = parts->hidden == m->size[0] ? 1 : m->size[0];
    }
    return status;
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

/* A vector, [networks][columns] without any ones. */
static carrynet_status check_vector(const import_parts *parts, const char *path, int place, bool strict)
{
    const foreign_array *array = parts->arrays[place];
    const uint64_t columns = place == CARRYNET_B_Y ? parts->outputs : parts->hidden;
    const uint64_t wanted[] = {parts->networks, columns};
    const size_t skipped = parts->networks > 1 ? 0 : 1;
    uint64_t bare[2] = {0}, found[FOREIGN_RANK] = {0};
    size_t bare_rank = 0, rank = 0;
    char text[FOREIGN_SHAPE], must[FOREIGN_SHAPE + 16];
    for (size_t i = 0; i < 2; ++i)
        if (wanted[i] != 1)
            bare[bare_rank++] = wanted[i];
    for (size_t i = 0; i < array->rank; ++i)
        if (array->shape[i] != 1)
            found[rank++] = array->shape[i];
    if (rank == bare_rank && memcmp(found, bare, rank * sizeof *bare) == 0 && (!strict || array->rank == 2 - skipped))
        return CARRYNET_OK;
    (void)snprintf(must, sizeof must, "must be %s", foreign_shape(text, wanted + skipped, 2 - skipped));
    return fail_shape(path, array, must);
}

carrynet_status import_shapes(import_parts *parts, const char *path, bool strict)
{
    carrynet_status status = read_square(parts, path, strict);
    if (status == CARRYNET_OK)
        status = read_matrices(parts, path, strict);
    if (status != CARRYNET_OK)
        return status;
    if (parts->inputs < 1 || parts->inputs > CARRYNET_TASK_INPUTS)
        return fail_shape(path, parts->arrays[CARRYNET_W_XH], "must be of 1 to 4 inputs");
    if (parts->outputs < 1 || parts->outputs > CARRYNET_TASK_OUTPUTS)
        return fail_shape(path, parts->arrays[CARRYNET_W_HY], "must be of 1 to 4 outputs");
    for (int p = IMPORT_MATRICES; p < IMPORT_ARRAYS && status == CARRYNET_OK; ++p)
        if (parts->arrays[p] != NULL)
            status = check_vector(parts, path, p, strict);
    return status;
}

/* ---- types and values ------------------------------------------------------------------------------------------ */

carrynet_status import_check_types(import_parts *parts, const char *path)
{
    char quote[SAFETENSORS_QUOTE];
    bool floats = false;
    parts->narrow = CARRYNET_FP64;
    parts->wide = CARRYNET_FP32;
    for (int p = 0; p < IMPORT_ARRAYS; ++p) {
        const foreign_array *array = parts->arrays[p];
        if (array == NULL)
            continue;
        if (array->values.kind == NPZ_OTHER)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s", path, safetensors_quote(quote, array->name),
                            (const char *)array->values.data);
        const bool real = array->values.kind == NPZ_FLOAT || array->values.kind == NPZ_BFLOAT;
        floats = floats || real;
        parts->half = parts->half || (real && array->values.width == 2);
        if (real && array->values.width < sizeof(double))
            parts->narrow = CARRYNET_FP32;
        if (real && array->values.width == sizeof(double))
            parts->wide = CARRYNET_FP64;
        /* Whole numbers that binary32 has not: as doubles. */
        for (size_t i = 0; !real && i < array->size && parts->wide == CARRYNET_FP32; ++i)
            if ((double)(float)foreign_value(array, i) != foreign_value(array, i))
                parts->wide = CARRYNET_FP64;
    }
    if (!floats)
        parts->narrow = parts->wide;
    return CARRYNET_OK;
}

static carrynet_status check_values(const char *path, const foreign_array *array)
{
    const bool real = array->values.kind == NPZ_FLOAT || array->values.kind == NPZ_BFLOAT;
    const double largest = real ? LARGEST : LARGEST_WHOLE;
    char quote[SAFETENSORS_QUOTE], place[FOREIGN_SHAPE];
    uint64_t index[FOREIGN_RANK] = {0};
    size_t i = 0;
    while (i < array->size && fabs(foreign_value(array, i)) <= largest)
        ++i;
    if (i == array->size)
        return CARRYNET_OK;
    const double value = foreign_value(array, i);
    for (size_t d = array->rank; d-- > 0; i /= (size_t)array->shape[d])
        index[d] = i % array->shape[d];
    (void)foreign_shape(place, index, array->rank);
    (void)safetensors_quote(quote, array->name);
    if (isnan(value))
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s is NaN", path, quote, place);
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array '%s': %s is %g, the largest allowed is %s", path, quote, place,
                    value, real ? "2^60" : "2^53 of whole numbers");
}

carrynet_status import_check_values(const import_parts *parts, const char *path)
{
    carrynet_status status = CARRYNET_OK;
    for (int p = 0; p < IMPORT_ARRAYS && status == CARRYNET_OK; ++p)
        if (parts->arrays[p] != NULL)
            status = check_values(path, parts->arrays[p]);
    return status;
}
