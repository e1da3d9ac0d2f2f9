/* Encloses the sigmoid between two parallel lines, rigorously, in binary64. */
#ifndef VERIFY_SIGMOID_LINES_H
#define VERIFY_SIGMOID_LINES_H

/* Largest error of verify_sigmoid. */
#define VERIFY_SIGMOID_ERROR 0x1p-50

/* sigma(t) = 1 / (1 + e^-t), within VERIFY_SIGMOID_ERROR; NaN for NaN. */
double verify_sigmoid(double t);

/*
 * |sigma(t) - (slope t + middle)| <= half for every t in [low, high]; also the values of verify_sigmoid at the ends.
 */
struct verify_lines {
    double slope; /* in [0, 1/4] */
    double middle;
    double half;
    double at_low, at_high;
};

/* low <= high, of magnitude at most 2^41. The slope is that of the chord, or near it. */
struct verify_lines verify_lines(double low, double high);

/*
 * The same with a given slope in [0, 1/4]. guess: a |t| at which sigma has about that slope; a bad guess gives a large
 * half.
 */
struct verify_lines verify_lines_along(double low, double high, double slope, double guess);

#endif
