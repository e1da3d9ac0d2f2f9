/*
 * Learning rates and weight decay, in binary64 with + - * / sqrt and fma alone, so that every host forms the same (kernels/ARITHMETIC.md
 * 5): schedules, and Adam's correction of its moments for their start at zero (Kingma and Ba, 2015, end of section 2).
 */
#include "engine/rates.h"
#include <math.h>

/* cos(pi x) for x in [0, 1]. */
static double cosine_of_pi(double x)
{
    const bool upper = x > 0.5;
    const double angle = 3.14159265358979323846 * (upper ? 1 - x : x), square = angle * angle;
    /* Taylor: 1 - a^2/2! + a^4/4! - ..., to a^22. */
    double sum = 1;
    for (int n = 22; n >= 2; n -= 2)
        sum = fma(-square / (n * (n - 1)), sum, 1);
    return upper ? -sum : sum;
}

/* base^exponent by squaring from the highest bit. */
static double power(double base, uint64_t exponent)
{
    double result = 1;
    for (int bit = 63; bit >= 0; --bit) {
        result = fma(result, result, 0); /* rounded on its own: it feeds a subtraction */
        if (exponent >> bit & 1)
            result = fma(result, base, 0);
    }
    return result;
}

struct net_rates engine_rates(const carrynet_settings *settings, double rate, uint64_t update)
{
    struct net_rates rates = {.rate = rate, .epsilon = settings->epsilon};
    if (settings->schedule == CARRYNET_SCHEDULE_COSINE) {
        const double done = settings->updates > 0 ? (double)update / (double)settings->updates : 0;
        rates.rate *= (1 + cosine_of_pi(done < 1 ? done : 1)) / 2;
    }
    rates.decay = settings->weight_decay * rates.rate; /* Adam's factor is of the moments, not of the weights */
    if (settings->optimizer == CARRYNET_OPTIMIZER_ADAM) {
        const double second = sqrt(1 - power(settings->decay, update + 1));
        rates.rate *= second / (1 - power(settings->momentum, update + 1));
        rates.epsilon *= second;
    }
    /* Below the flush limit of binary32 a rate is none; epsilon keeps the denominator above zero. */
    if (rates.rate < 0x1p-40)
        rates.rate = 0;
    if (rates.decay < 0x1p-40)
        rates.decay = 0;
    if (rates.epsilon < 0x1p-40)
        rates.epsilon = 0x1p-40;
    return rates;
}
