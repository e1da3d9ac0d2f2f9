/*
 * The network's shape and its parameters. An Elman network, read least significant bit first: h[0] = h_0 (zero without
 * one); h[t+1] = sigmoid(b_h + x[t] w_xh + h[t] w_hh); y[t] = sigmoid(b_y + h[t+1] w_hy) The parameters of a network
 * are one flat array in the order of carrynet_parameter; absent ones take no space.
 */
#ifndef CARRYNET_NET_H
#define CARRYNET_NET_H

#include <carrynet/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_HIDDEN 1024 /* most hidden units */

typedef enum carrynet_precision {
    CARRYNET_FP32 = 32, /* IEEE binary32: arrays of float */
    CARRYNET_FP64 = 64  /* IEEE binary64: arrays of double */
} carrynet_precision;

typedef struct carrynet_shape {
    uint32_t inputs;    /* I: 1 to 4 */
    uint32_t hidden;    /* H: 1 to 1024 */
    uint32_t outputs;   /* O: 1 to 4 */
    bool bias;          /* b_h and b_y are present, and trained */
    bool initial_state; /* h_0 is present; it is a constant and not trained */
} carrynet_shape;

typedef enum carrynet_parameter {
    CARRYNET_W_XH = 0, /* [I][H] */
    CARRYNET_W_HH,     /* [H][H], from row to column */
    CARRYNET_W_HY,     /* [H][O] */
    CARRYNET_B_H,      /* [H] */
    CARRYNET_B_Y,      /* [O] */
    CARRYNET_H_0,      /* [H] */
    CARRYNET_PARAMETERS
} carrynet_parameter;

/* The position of a parameter in the flat array of a network, in values. size is 0 if it is absent. */
typedef struct carrynet_tensor {
    const char *name; /* "w_xh", ... */
    size_t rows;      /* 1 for vectors */
    size_t columns;
    size_t offset;
    size_t size; /* rows * columns, or 0 */
    bool vector; /* one dimension: b_h, b_y, h_0 */
} carrynet_tensor;

/* ARGUMENT, naming the field, if a size is out of range. */
CARRYNET_API carrynet_status carrynet_shape_check(const carrynet_shape *shape);

/* The position of a parameter. The shape must be valid. */
CARRYNET_API carrynet_tensor carrynet_shape_tensor(const carrynet_shape *shape, carrynet_parameter parameter);

/* The number of parameters of a network, and of those that are trained (all but h_0; they come first). */
CARRYNET_API size_t carrynet_shape_size(const carrynet_shape *shape);
CARRYNET_API size_t carrynet_shape_trained(const carrynet_shape *shape);

/*
 * Initial parameters of the network `seed`, uniform in [-scale, scale), biases and h_0 zero: values [size] of
 * precision.
 */
CARRYNET_API void carrynet_initialize(void *values, const carrynet_shape *shape, carrynet_precision precision,
                                      uint64_t seed, double scale);

/* values[i] of an array of float or double, by the precision; exact. */
CARRYNET_API double carrynet_value(const void *values, carrynet_precision precision, size_t i);

#ifdef __cplusplus
}
#endif

#endif
