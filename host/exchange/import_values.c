/*
 * The parameters of an imported network: cells of tanh made into ones of sigmoid (import.h has the formulas), and
 * whether the bounds of "any arithmetic" cover what the other program computes.
 *
 * Over the reals both networks are the same function of h and g = 2 h - 1, so that an error of g counts half in h. The
 * other program rounds a sum of n = I + H + 2 terms (two biases): each term at most n times, its unit being u. With the
 * sums s of the file's magnitudes of one unit's weights and biases, tanh having slope 1 and sigmoid slope 1/4,
 *
 *     tanh:    1/2 1.02 n u s        sigmoid:  1/4 1.02 n u s
 *
 * must, with what import rounds once (weights, bias, h_0) and takes for zero (binary32 below 2^-40), be at most the
 * bound's 1/4 c (I + H + 1) u (|w_xh| + |w_hh| + |b_h|), host/verify/bounds.h; for a logit likewise with n = H + 2 and
 * slope 1. It fails where two biases of a unit cancel, or where the model is wider than the file.
 */
#include "exchange/import_parts.h"
#include "kernels/arithmetic.h"
#include "verify/bounds.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LARGEST = 0x1p60;

/* The array's value at [row][column] of a network, in our order of dimensions; 0 where there is no array. */
static double value_at(const import_parts *parts, int place, const carrynet_place *at, size_t network, size_t row,
                       size_t column)
{
    const foreign_array *array = parts->arrays[place];
    if (array == NULL)
        return 0;
    const size_t index = parts->transposed && !at->vector ? column * at->rows + row : row * at->columns + column;
    return foreign_value(array, network * at->rows * at->columns + index);
}

/* The sum of a matrix's column. */
static double column_sum(const import_parts *parts, int place, const carrynet_shape *shape, size_t network,
                         size_t column, bool magnitudes)
{
    const carrynet_place at = carrynet_shape_place(shape, (carrynet_parameter)place);
    double sum = 0;
    for (size_t i = 0; i < at.rows; ++i) {
        const double value = value_at(parts, place, &at, network, i, column);
        sum += magnitudes ? fabs(value) : value;
    }
    return sum;
}

/* A parameter's value before it is rounded. */
static double exact_value(const import_parts *parts, int place, const carrynet_shape *shape, size_t network, size_t row,
                          size_t column)
{
    const carrynet_place at = carrynet_shape_place(shape, (carrynet_parameter)place);
    const bool tanh_cell = parts->cell == CARRYNET_CELL_TANH;
    const double value = value_at(parts, place, &at, network, row, column);
    switch ((carrynet_parameter)place) {
    case CARRYNET_W_XH:
    case CARRYNET_W_HY:
        return tanh_cell ? 2 * value : value;
    case CARRYNET_W_HH:
        return tanh_cell ? 4 * value : value;
    case CARRYNET_B_H: {
        const double bias = value + value_at(parts, IMPORT_SECOND_BIAS, &at, network, row, column);
        return tanh_cell ? 2 * (bias - column_sum(parts, CARRYNET_W_HH, shape, network, column, false)) : bias;
    }
    case CARRYNET_B_Y:
        return tanh_cell ? value - column_sum(parts, CARRYNET_W_HY, shape, network, column, false) : value;
    case CARRYNET_H_0:
        return tanh_cell ? (1 + value) / 2 : value;
    case CARRYNET_PARAMETERS:
        break;
    }
    return 0;
}

/* Rounds a value to the model's precision and puts it there; what is below 2^-40 in binary32 is 0, as in its file. */
static double put_value(void *values, carrynet_precision precision, size_t i, double value)
{
    if (precision == CARRYNET_FP64)
        return ((double *)values)[i] = value;
    const float rounded = flush((float)value);
    ((float *)values)[i] = rounded;
    return (double)rounded;
}

/* ---- what the bounds cover ------------------------------------------------------------------------------------- */

/* Sums over what goes into one hidden unit or output: of the file's magnitudes, the model's, and what became 0. */
struct column {
    double theirs, ours, lost;
};

static void add_matrix(struct column *sums, const import_parts *parts, int place, const carrynet_shape *shape,
                       carrynet_precision precision, size_t network, size_t column)
{
    const carrynet_place at = carrynet_shape_place(shape, (carrynet_parameter)place);
    sums->theirs += column_sum(parts, place, shape, network, column, true);
    for (size_t i = 0; i < at.rows; ++i) {
        const double value = fabs(exact_value(parts, place, shape, network, i, column));
        sums->ours += value;
        sums->lost += precision == CARRYNET_FP32 && value < 0x1p-40 ? value : 0;
    }
}

static void add_bias(struct column *sums, const import_parts *parts, int place, const carrynet_shape *shape,
                     carrynet_precision precision, size_t network, size_t column)
{
    const carrynet_place at = carrynet_shape_place(shape, (carrynet_parameter)place);
    const double value = at.size > 0 ? fabs(exact_value(parts, place, shape, network, 0, column)) : 0;
    sums->theirs += fabs(value_at(parts, place, &at, network, 0, column));
    if (place == CARRYNET_B_H)
        sums->theirs += fabs(value_at(parts, IMPORT_SECOND_BIAS, &at, network, 0, column));
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
                               "the weights of output %zu of network %zu are too small for it", o, n);
        }
    }
}

/* ---- the model ------------------------------------------------------------------------------------------------- */

/* "2 * rnn.weight_ih_l0 transposed". */
static void describe(char text[CARRYNET_IMPORT_TEXT], const import_parts *parts, int place)
{
    char quotes[3][SAFETENSORS_QUOTE] = {"", "", ""};
    const bool tanh_cell = parts->cell == CARRYNET_CELL_TANH;
    const int used[] = {place, place == CARRYNET_B_H ? IMPORT_SECOND_BIAS : -1,
                        place == CARRYNET_B_H ? CARRYNET_W_HH : CARRYNET_W_HY};
    for (int i = 0; i < 3; ++i)
        if (used[i] >= 0 && parts->arrays[used[i]] != NULL)
            (void)safetensors_quote(quotes[i], parts->arrays[used[i]]->name);
    const char *const turned = parts->transposed ? " transposed" : "", *const sums =
                                                                           parts->transposed ? "row" : "column";
    char bias[2 * SAFETENSORS_QUOTE + 8];
    (void)snprintf(bias, sizeof bias, "%s%s%s", quotes[0][0] != '\0' ? quotes[0] : "0",
                   quotes[1][0] != '\0' ? " + " : "", quotes[1]);
    switch ((carrynet_parameter)place) {
    case CARRYNET_W_XH:
    case CARRYNET_W_HH:
    case CARRYNET_W_HY:
        (void)snprintf(text, CARRYNET_IMPORT_TEXT, "%s%s%s",
                       !tanh_cell               ? ""
                       : place == CARRYNET_W_HH ? "4 * "
                                                : "2 * ",
                       quotes[0], turned);
        break;
    case CARRYNET_B_H:
        (void)snprintf(text, CARRYNET_IMPORT_TEXT, tanh_cell ? "2 * (%s - %s sums of %s)" : "%s", bias, sums,
                       quotes[2]);
        break;
    case CARRYNET_B_Y:
        (void)snprintf(text, CARRYNET_IMPORT_TEXT, tanh_cell ? "%s - %s sums of %s" : "%s", bias, sums, quotes[2]);
        break;
    case CARRYNET_H_0:
        (void)snprintf(text, CARRYNET_IMPORT_TEXT, tanh_cell ? "(1 + %s) / 2" : "%s", bias);
        break;
    case CARRYNET_PARAMETERS:
        break;
    }
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
            const carrynet_place at = carrynet_shape_place(shape, (carrynet_parameter)p);
            for (size_t i = 0; i < at.size; ++i) {
                const double exact = exact_value(parts, p, shape, n, i / at.columns, i % at.columns);
                const double value = put_value(values, settings->precision, n * size + at.offset + i, exact);
                if (!(fabs(value) <= LARGEST))
                    return base_fail(CARRYNET_ERROR_FORMAT, "%s: %s[%zu] would be %g, the largest allowed is 2^60",
                                     path, at.name, i, value);
            }
        }
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p)
        if (carrynet_shape_place(shape, (carrynet_parameter)p).size > 0)
            describe(imported->from[p], parts, p);
    check_bounds(imported, parts, settings);
    return CARRYNET_OK;
}
