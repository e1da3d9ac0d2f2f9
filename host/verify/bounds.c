/* The bounds of bounds.h, from the constants of kernels/ARITHMETIC.md 3.1. */
#include "verify/bounds.h"
#include "model/value.h"
#include "platform/platform.h"
#include <math.h>

struct verify_arithmetic verify_arithmetic(carrynet_precision precision, carrynet_bounds bounds)
{
    struct verify_arithmetic a = {.factor = 1.02};
    if (precision == CARRYNET_FP32) {
        /* All 2^32 inputs: tests/bounds/sigmoid_bound.txt. */
        a.unit = 0x1p-24;
        a.sigmoid = 9.4644e-8;
        a.side = 0x1p-22;
    } else {
        /*
         * By hand. f = c (-log2 e) - n has |f| <= 1/2 + 2^-46 and two roundings, of at most 2^-55 and 2^-54; the rest of
         * log2 e beyond its two parts gives |c| 2^-107 < 2^-97. So 2^f is off by a factor within 1.5 2^-54 log 2 <
         * 2^-53.9. The polynomial of it is within 1.8e-17 < 2^-55.6, Horner's last rounding within 2^-53, the one before,
         * times |f|, within 2^-54.5, and the others within half of that together. In all e^-c is within 2^-51.5
         * relatively (the sum is below 4.4 2^-54).
         * sigma (1 - sigma) <= 1/4 of that, and half an ulp of 1 + e^-c and of the quotient, both relative 2^-53:
         * 2^-53.5 + 2^-53 + 2^-53 < 2^-51. For x > 2^-50: 1 + e^-x < 2 - 2^-50 + 2^-51.5 rounds to at most 2 - 2^-51,
         * whose quotient is above 1/2; for x < -2^-50: 1 + e^-x > 2 + 2^-50 - 2^-51.5 rounds to at least 2 + 2^-51, whose
         * quotient is below. Outside the clamp sigma is within e^-708 of 0 or 1.
         */
        a.unit = 0x1p-53;
        a.sigmoid = 0x1p-51;
        a.side = 0x1p-50;
    }
    if (bounds == CARRYNET_BOUNDS_ANY) {
        /*
         * sigma(side) > 1/2 + e_S. A tanh network has tanh(v) = 2 sigma(2 v) - 1: its sums have terms of half the size
         * and its biases are rounded once more on their way here, which the doubled factor covers.
         */
        a.factor = 2 * a.factor;
        a.sigmoid = 1e-6;
        a.side = 5e-6;
    }
    return a;
}

/* sums [columns] += |column sums| of a parameter; nothing where it is absent. */
static void add_columns(double *sums, size_t columns, carrynet_parameter parameter, const void *values,
                        const carrynet_shape *shape, carrynet_precision precision)
{
    const carrynet_tensor tensor = carrynet_shape_tensor(shape, parameter);
    for (size_t i = 0; i < tensor.size; ++i)
        sums[i % columns] += fabs(net_value(values, precision, tensor.offset + i));
}

/*
 * The same of binary32 values below 2^-40 alone, times `slope`: an engine takes them for 0, a model may hold them as
 * they are.
 */
static void add_flushed(double *sums, size_t columns, carrynet_parameter parameter, const void *values,
                        const carrynet_shape *shape, carrynet_precision precision, double slope)
{
    const carrynet_tensor tensor = carrynet_shape_tensor(shape, parameter);
    for (size_t i = 0; i < tensor.size && precision == CARRYNET_FP32; ++i) {
        const double size = fabs(net_value(values, precision, tensor.offset + i));
        sums[i % columns] += size < 0x1p-40 ? slope * size : 0;
    }
}

void verify_errors(double *state, double *logit, const void *values, const carrynet_shape *shape,
                   carrynet_precision precision, carrynet_bounds bounds)
{
    const struct verify_arithmetic a = verify_arithmetic(precision, bounds);
    const double up = 1 + 0x1p-36; /* more than the roundings of these sums, of which none has over 4096 terms */
    for (size_t j = 0; j < shape->hidden; ++j)
        state[j] = 0;
    add_columns(state, shape->hidden, CARRYNET_W_XH, values, shape, precision);
    add_columns(state, shape->hidden, CARRYNET_W_HH, values, shape, precision);
    add_columns(state, shape->hidden, CARRYNET_B_H, values, shape, precision);
    for (size_t j = 0; j < shape->hidden; ++j)
        state[j] = up * (0.25 * a.factor * (shape->hidden + shape->inputs + 1) * a.unit * state[j] + a.sigmoid + 1e-12);
    add_flushed(state, shape->hidden, CARRYNET_W_XH, values, shape, precision, 0.25);
    add_flushed(state, shape->hidden, CARRYNET_W_HH, values, shape, precision, 0.25);
    add_flushed(state, shape->hidden, CARRYNET_B_H, values, shape, precision, 0.25);
    for (size_t o = 0; o < shape->outputs; ++o)
        logit[o] = 0;
    add_columns(logit, shape->outputs, CARRYNET_W_HY, values, shape, precision);
    add_columns(logit, shape->outputs, CARRYNET_B_Y, values, shape, precision);
    for (size_t o = 0; o < shape->outputs; ++o)
        logit[o] = up * (a.factor * (shape->hidden + 2) * a.unit * logit[o] + a.side + 1e-30);
    add_flushed(logit, shape->outputs, CARRYNET_W_HY, values, shape, precision, 1);
    add_flushed(logit, shape->outputs, CARRYNET_B_Y, values, shape, precision, 1);
}

carrynet_status verify_values(const void *values, const carrynet_shape *shape, carrynet_precision precision)
{
    if (shape->hidden + shape->inputs > VERIFY_TERMS)
        return sys_fail(CARRYNET_ERROR_UNSUPPORTED, "%u hidden units: the bounds hold for %d", shape->hidden,
                        VERIFY_TERMS);
    for (int p = 0; p < CARRYNET_PARAMETERS; ++p) {
        const carrynet_tensor tensor = carrynet_shape_tensor(shape, (carrynet_parameter)p);
        for (size_t i = 0; i < tensor.size; ++i) {
            const double value = net_value(values, precision, tensor.offset + i);
            if (p == CARRYNET_H_0 && !(value >= 0 && value <= 1))
                return sys_fail(CARRYNET_ERROR_UNSUPPORTED, "h_0[%zu] is %g: the bounds hold for 0 to 1", i, value);
            if (!(fabs(value) <= VERIFY_WEIGHT))
                return sys_fail(CARRYNET_ERROR_UNSUPPORTED,
                                "%s[%zu] is %g: the bounds of the arithmetic hold for weights up to 2^20", tensor.name,
                                i, value);
        }
    }
    return CARRYNET_OK;
}
