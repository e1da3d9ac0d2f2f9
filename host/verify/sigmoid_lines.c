/*
 * g(t) = sigma(t) - k t is concave for t >= 0. On an interval there, g is at least the lesser of its values at the
 * ends, and at most any of its tangents. The tangent at s is best where g'(s) = 0; a wrong s makes the bound wider, not
 * invalid. Below 0, g(-t) = 1 - g(t). u = 2^-53 is the relative error of an operation.
 */
#include "verify/sigmoid_lines.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * sigma(t), t >= 0. e^-t = 2^-n e^f with f = n log 2 - t, |f| < 0.35. log 2 = HIGH + LOW within 2^-86, and n HIGH is
 * exact as n <= 58 has 6 bits and HIGH 33: f has two roundings of at most 0.35 u. Taylor's rest is below 0.35^14 / 14! e^0.35
 * < 0.1 u. Horner: let e_k be the error of the partial sum p_k = 1/k! + f p_(k+1). A product, a sum and the constant are
 * rounded, so e_k <= |f| e_(k+1) + u (|f| p_(k+1) + p_k + 1/k!): e_3 < 0.6 u, e_2 < u, e_1 < 1.9 u, e_0 < 2.6 u (1/0!, 1/1! and
 * 1/2! are exact), relative to e^f > 0.7. In all e^-t is within 5 u relatively, so that sigma is within 5 u / 4; the sum
 * 1 + e^-t and the quotient are rounded by at most u each. Together below 4 u = 2^-51. From 40 on 1 is within e^-40 < 2^-57.
 */
static double above(double t)
{
    static const double c[] = {
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0,         1.0};
    if (!(t < 40))
        return t >= 40 ? 1 : t;
    const int n = (int)(t * 0x1.71547652b82fep+0 + 0.5);
    const double f = n * 0x1.a39ef35793c76p-33 - (t - n * 0x1.62e42feep-1);
    double e = c[0];
    for (int k = 1; k < 14; ++k)
        e = c[k] + f * e;
    const uint64_t bits = (uint64_t)(1023 - n) << 52; /* of 2^-n */
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return 1 / (1 + e * scale);
}

double verify_sigmoid(double t)
{
    const double s = above(fabs(t));
    return t < 0 ? 1 - s : s;
}

/*
 * Bounds of g on [p, q], 0 <= p <= q, from sigma as `above` has it at p and q. Errors: sigma 2^-50; the products with k and
 * the sums at most 4 u (1 + k q), one of them for the caller's 1 - g; the slope of the tangent 2^-50 and 2 u, times
 * q - p, and its product 2 u (q - p). Together below 2^-48 (1 + k q + q - p).
 */
static void part(double *least, double *most, double k, double s, double p, double q, double at_p, double at_q)
{
    s = s > p ? s : p;
    s = s < q ? s : q;
    const double at_s = above(s), tilt = at_s * (1 - at_s) - k;
    const double g_p = at_p - k * p, g_q = at_q - k * q, g_s = at_s - k * s;
    const double error = 0x1p-48 * (1 + k * q + (q - p));
    *least = (g_p < g_q ? g_p : g_q) - error;
    *most = g_s + tilt * (tilt > 0 ? q - s : p - s) + error;
}

struct verify_lines verify_lines_along(double low, double high, double slope, double guess)
{
    const double at_low = above(fabs(low)), at_high = above(fabs(high)); /* of |t|: of -t it is 1 - sigma(t) */
    double least = INFINITY, most = -INFINITY, a, b;
    if (!(high < 0))
        part(&least, &most, slope, guess, low > 0 ? low : 0, high, low > 0 ? at_low : 0.5, at_high);
    if (low < 0) {
        part(&a, &b, slope, guess, high < 0 ? -high : 0, -low, high < 0 ? at_high : 0.5, at_low);
        least = least < 1 - b ? least : 1 - b;
        most = most > 1 - a ? most : 1 - a;
    }
    struct verify_lines lines = {.slope = slope,
                                 .middle = 0.5 * (least + most),
                                 .at_low = low < 0 ? 1 - at_low : at_low,
                                 .at_high = high < 0 ? 1 - at_high : at_high};
    lines.half = most - lines.middle > lines.middle - least ? most - lines.middle : lines.middle - least;
    lines.half += 0x1p-50 * lines.half;
    return lines;
}

struct verify_lines verify_lines(double low, double high)
{
    const double at_low = verify_sigmoid(low), width = high - low;
    double slope = width > 0x1p-20 ? (verify_sigmoid(high) - at_low) / width : at_low * (1 - at_low);
    slope = slope > 0 ? slope : 0;
    slope = slope < 0.25 ? slope : 0.25;
    const double root = sqrt(1 - 4 * slope); /* sigma (1 - sigma) = slope, sigma = (1 + root) / 2 */
    return verify_lines_along(low, high, slope, root < 1 ? log((1 + root) / (1 - root)) : fabs(high));
}
