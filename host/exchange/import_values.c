/*
 * The parameters of an imported network: converts tanh cells to sigmoid cells (carrynet/import.h has the formulas), and
 * tests whether the bounds of "any arithmetic" cover the other program's computation.
 *
 * Over the reals both networks are the same function of h and g = 2 h - 1, so that an error of g counts half in h. The
 * other program rounds a sum of n = I + H + 2 terms (two biases), each term at most n times, with unit roundoff u. With
 * s the sum of the magnitudes of one unit's weights and biases in the file, tanh having slope 1 and sigmoid slope 1/4,
 * the error
 *
 *     tanh:    1/2 1.02 n u s        sigmoid:  1/4 1.02 n u s
 *
 * plus the error of importing, which rounds once (weights, bias, h_0) and flushes to zero (binary32 below 2^-40), must
 * be at most the bound 1/4 c (I + H + 1) u (|w_xh| + |w_hh| + |b_h|) of host/verify/bounds.h. The same holds for a
 * logit with n = H + 2 and slope 1. The test fails where two biases of a unit cancel, where the model is wider than the
 * file, or where the weights of two logits of a bit cancel: the file has the magnitudes of both, the model those of the
 * difference.
 */
#include "exchange/import_parts.h"
#include "kernels/arithmetic.h"
#include "model/value.h"
#include "verify/bounds.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LARGEST = 0x1p60;
enum { NAMED = 2 * SAFETENSORS_QUOTE + 16 };

/* Rows and columns of a parameter in the file, which has two outputs for one of ours where there are two logits. */
static void file_sizes(uint64_t sizes[2], const import_parts *parts, int place)
{
    sizes[0] = place == CARRYNET_W_XH ? parts->inputs : place < IMPORT_MATRICES ? parts->hidden : 1;
    sizes[1] = place == CARRYNET_W_HY || place == CARRYNET_B_Y ? parts->outputs : parts->hidden;
}

/* The file's value at [row][column] of a network, in our order of dimensions; 0 where there is no array. */
static double file_value(const import_parts *parts, int place, size_t network, size_t row, size_t column)
{
    const foreign_array *array = parts->arrays[place];
    uint64_t sizes[2];
    if (array == NULL)
        return 0;
    file_sizes(sizes, parts, place);
    const bool turned = place < IMPORT_MATRICES && parts->turned[place];
    const uint64_t index = turned ? column * sizes[0] + row : row * sizes[1] + column;
    return foreign_value(array, (size_t)(network * sizes[0] * sizes[1] + index));
}

static bool is_difference(const import_parts *parts, int place)
{
    return parts->two_logits && (place == CARRYNET_W_HY || place == CARRYNET_B_Y);
}

/* The same of the network that has one output a bit. */
static double value_at(const import_parts *parts, int place, size_t network, size_t row, size_t column)
{
    if (is_difference(parts, place))
        return file_value(parts, place, network, row, 1) - file_value(parts, place, network, row, 0);
    return file_value(parts, place, network, row, column);
}

/* The magnitudes that the other program adds up for it. */
static double magnitude_at(const import_parts *parts, int place, size_t network, size_t row, size_t column)
{
    if (is_difference(parts, place))
        return fabs(file_value(parts, place, network, row, 0)) + fabs(file_value(parts, place, network, row, 1));
    return fabs(file_value(parts, place, network, row, column));
}

/* The sum of a matrix's column. */
static double column_sum(const import_parts *parts, int place, size_t network, size_t column, bool magnitudes)
{
    double sum = 0;
    for (size_t i = 0; i < (place == CARRYNET_W_XH ? parts->inputs : parts->hidden); ++i)
        sum += magnitudes ? magnitude_at(parts, place, network, i, column) : value_at(parts, place, network, i, column);
    return sum;
}

/* A parameter's value before it is rounded. */
static double exact_value(const import_parts *parts, int place, size_t network, size_t row, size_t column)
{
    const bool tanh_cell = parts->cell == CARRYNET_CELL_TANH;
    const double value = value_at(parts, place, network, row, column);
    switch ((carrynet_parameter)place) {
    case CARRYNET_W_XH:
    case CARRYNET_W_HY:
        return tanh_cell ? 2 * value : value;
    case CARRYNET_W_HH:
        return tanh_cell ? 4 * value : value;
    case CARRYNET_B_H: {
        const double bias = value + value_at(parts, IMPORT_SECOND_BIAS, network, row, column);
        return tanh_cell ? 2 * (bias - column_sum(parts, CARRYNET_W_HH, network, column, false)) : bias;
    }
    case CARRYNET_B_Y:
        return tanh_cell ? value - column_sum(parts, CARRYNET_W_HY, network, column, false) : value;
    case CARRYNET_H_0:
        return tanh_cell ? (1 + value) / 2 : value;
    case CARRYNET_PARAMETERS:
        break;
    }
    return 0;
}

/* A value as a model holds it: rounded to its precision; in binary32 0 if below 2^-40. */
static double model_value(carrynet_precision precision, double value)
{
    return precision == CARRYNET_FP32 ? (double)flush((float)value) : value;
}

/* ---- what the bounds cover ------------------------------------------------------------------------------------- */

/* Sums over what goes into one hidden unit or output: of the file's magnitudes, the model's, and what became 0. */
struct column {
    double theirs, ours, lost;
};

static void add_matrix(struct column *sums, const import_parts *parts, int place, const carrynet_shape *shape,
                       carrynet_precision precision, size_t network, size_t column)
{
    const carrynet_tensor at = carrynet_shape_tensor(shape, (carrynet_parameter)place);
    sums->theirs += column_sum(parts, place, network, column, true);
    for (size_t i = 0; i < at.rows; ++i) {
        const double value = fabs(exact_value(parts, place, network, i, column));
        sums->ours += value;
        sums->lost += precision == CARRYNET_FP32 && value < 0x1p-40 ? value : 0;
    }
}

static void add_bias(struct column *sums, const import_parts *parts, int place, const carrynet_shape *shape,
                     carrynet_precision precision, size_t network, size_t column)
{
    const carrynet_tensor at = carrynet_shape_tensor(shape, (carrynet_parameter)place);
    const double value = at.size > 0 ? fabs(exact_value(parts, place, network, 0, column)) : 0;
    sums->theirs += magnitude_at(parts, place, network, 0, column);
    if (place == CARRYNET_B_H)
        sums->theirs += magnitude_at(parts, IMPORT_SECOND_BIAS, network, 0, column);
    sums->ours += value;
    sums->lost += precision == CARRYNET_FP32 && value < 0x1p-40 ? value : 0;
}

/* Whether the bounds hold for one unit; `slope` turns an error of the file's sum into one of the model's. */
static bool holds(const struct column *sums, double slope, double terms, double theirs, const carrynet_settings *of)
{
    const struct verify_arithmetic any = verify_arithmetic(of->precision, CARRYNET_BOUNDS_ANY);
    const double up = 1 + 0x1p-36; /* more than the roundings of these sums */
    const double error = slope * 1.02 * (terms + 1) * theirs * sums->theirs + 2 * any.unit * sums->ours + sums->lost;
    return error * up <= any.factor * terms * any.unit * sums->ours;
}

static void check_bounds(carrynet_imported *imported, const import_parts *parts, const carrynet_settings *settings)
{
    const carrynet_shape *shape = &settings->shape;
    const bool tanh_cell = parts->cell == CARRYNET_CELL_TANH;
    const double unit = verify_arithmetic(parts->narrow, CARRYNET_BOUNDS_ANY).unit;
    imported->covered = true;
    if (parts->half) {
        imported->covered = false;
        (void)snprintf(imported->uncovered, sizeof imported->uncovered,
                       "the file has float16 or bfloat16 values; if it computes in float32, save them so");
        return;
    }
    if (settings->precision > parts->narrow) {
        imported->covered = false;
        (void)snprintf(imported->uncovered, sizeof imported->uncovered,
                       "the model is fp64, and the file has fp32 values; import it as fp32");
        return;
    }
    for (size_t n = 0; n < settings->networks && imported->covered; ++n) {
        for (size_t j = 0; j < shape->hidden && imported->covered; ++j) {
            struct column sums = {0};
            add_matrix(&sums, parts, CARRYNET_W_XH, shape, settings->precision, n, j);
            add_matrix(&sums, parts, CARRYNET_W_HH, shape, settings->precision, n, j);
            add_bias(&sums, parts, CARRYNET_B_H, shape, settings->precision, n, j);
            /* Both sides times 4, the slope of our sigmoid: tanh's 1/2 is 2. */
            imported->covered = holds(&sums, tanh_cell ? 2 : 1, shape->hidden + shape->inputs + 1.0, unit, settings);
            if (!imported->covered)
                (void)snprintf(imported->uncovered, sizeof imported->uncovered,
                               "hidden unit %zu of network %zu has two biases that nearly cancel", j, n);
        }
        for (size_t o = 0; o < shape->outputs && imported->covered; ++o) {
            struct column sums = {0};
            add_matrix(&sums, parts, CARRYNET_W_HY, shape, settings->precision, n, o);
            add_bias(&sums, parts, CARRYNET_B_Y, shape, settings->precision, n, o);
            imported->covered = holds(&sums, 1, shape->hidden + 2.0, unit, settings);
            if (!imported->covered)
                (void)snprintf(imported->uncovered, sizeof imported->uncovered,
                               parts->two_logits ? "the two logits of bit %zu of network %zu nearly cancel"
                                                 : "the weights of output %zu of network %zu are too small for it",
                               o, n);
        }
    }
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

/* An array by name; of two logits the difference, as NumPy has it. */
static void name_array(char name[NAMED], const import_parts *parts, int place)
{
    char quote[SAFETENSORS_QUOTE] = "0";
    if (parts->arrays[place] != NULL)
        (void)safetensors_quote(quote, parts->arrays[place]->name);
    const char *const part = place == CARRYNET_W_HY && !parts->turned[place] ? ":, " : "";
    if (is_difference(parts, place) && parts->arrays[place] != NULL)
        (void)snprintf(name, NAMED, "%s[%s1] - %s[%s0]", quote, part, quote, part);
    else
        (void)snprintf(name, NAMED, "%s", quote);
}

/* "2 * rnn.weight_ih_l0 transposed". */
static carrynet_status describe(char text[CARRYNET_IMPORT_TEXT], const import_parts *parts, int place)
{
    char own[NAMED], second[NAMED], summed[NAMED];
    const bool tanh_cell = parts->cell == CARRYNET_CELL_TANH, more = parts->arrays[IMPORT_SECOND_BIAS] != NULL;
    const int matrix = place == CARRYNET_B_H ? CARRYNET_W_HH : CARRYNET_W_HY;
    name_array(own, parts, place);
    name_array(second, parts, IMPORT_SECOND_BIAS);
    name_array(summed, parts, matrix);
    const bool differs = is_difference(parts, place);
    const char *const sums = is_difference(parts, matrix) ? "sum" : parts->turned[matrix] ? "row sums" : "column sums";
    const char *const factor = !tanh_cell ? "" : place == CARRYNET_W_HH ? "4 * " : "2 * ";
    sys_text made = {0};
    switch ((carrynet_parameter)place) {
    case CARRYNET_W_XH:
    case CARRYNET_W_HH:
    case CARRYNET_W_HY:
        sys_text_add(&made, differs && tanh_cell ? "%s(%s)%s" : "%s%s%s", factor, own,
                     parts->turned[place] && !differs ? " transposed" : "");
        break;
    case CARRYNET_B_H:
        sys_text_add(&made, "%s%s%s%s", tanh_cell ? "2 * (" : "", own, more ? " + " : "", more ? second : "");
        if (tanh_cell)
            sys_text_add(&made, " - %s of %s)", sums, summed);
        break;
    case CARRYNET_B_Y:
        sys_text_add(&made, "%s", own);
        if (tanh_cell)
            sys_text_add(&made, differs ? " - %s of (%s)" : " - %s of %s", sums, summed);
        break;
    case CARRYNET_H_0:
        sys_text_add(&made, tanh_cell ? "(1 + %s) / 2" : "%s", own);
        break;
    case CARRYNET_PARAMETERS:
        break;
    }
    const carrynet_status status =
        made.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for what the parameters are made of") : CARRYNET_OK;
    (void)snprintf(text, CARRYNET_IMPORT_TEXT, "%s", made.data == NULL ? "" : made.data);
    sys_text_free(&made);
    return status;
}

/* Whether a - b is a number of the precision: in binary64 by the error of the difference, which is one. */
static bool is_exact(double a, double b, carrynet_precision precision)
{
    const double difference = a - b, minus_b = difference - a;
    const double error = (a - (difference - minus_b)) - (b + minus_b);
    return fabs(error) <= 0 && (precision == CARRYNET_FP64 || fabs((double)flush((float)difference) - difference) <= 0);
}

/* How many of the differences of two logits' weights and biases are rounded. */
static size_t count_rounded(const import_parts *parts, const carrynet_settings *settings)
{
    size_t count = 0;
    for (size_t n = 0; n < settings->networks && parts->two_logits; ++n)
        for (size_t i = 0; i <= parts->hidden; ++i) {
            const int place = i < parts->hidden ? CARRYNET_W_HY : CARRYNET_B_Y;
            const size_t row = i < parts->hidden ? i : 0;
            count += !is_exact(file_value(parts, place, n, row, 1), file_value(parts, place, n, row, 0),
                               settings->precision);
        }
    return count;
}

carrynet_status import_values(carrynet_model *model, carrynet_imported *imported, const char *path,
                              const import_parts *parts)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const carrynet_shape *shape = &settings->shape;
    const size_t size = carrynet_shape_size(shape);
    void *const values = carrynet_model_values(model);
    for (size_t n = 0; n < settings->networks; ++n)
        for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
            const carrynet_tensor at = carrynet_shape_tensor(shape, (carrynet_parameter)p);
            for (size_t i = 0; i < at.size; ++i) {
                const double exact = exact_value(parts, p, n, i / at.columns, i % at.columns);
                const double value = model_value(settings->precision, exact);
                net_put_value(values, settings->precision, n * size + at.offset + i, value);
                if (!(fabs(value) <= LARGEST))
                    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: %s[%zu] would be %g, the largest allowed is 2^60", path,
                                    at.name, i, value);
            }
        }
    carrynet_status status = CARRYNET_OK;
    for (int p = 0; p < CARRYNET_PARAMETERS && status == CARRYNET_OK; ++p)
        if (carrynet_shape_tensor(shape, (carrynet_parameter)p).size > 0)
            status = describe(imported->from[p], parts, p);
    imported->rounded = count_rounded(parts, settings);
    check_bounds(imported, parts, settings);
    return status;
}
