/*
 * Proves the bounds of the binary32 sigmoid (kernels/ARITHMETIC.md 3.1) by running all 2^32 inputs. On demand, about
 * two minutes:
 *
 *     cmake --build build --target sigmoid_bound && build/tests/sigmoid_bound
 *
 *     e_S   the largest |sigmoid(x) - 1 / (1 + e^-x)|
 *     tau   the largest |x| with sigmoid(x) on the wrong side of 1/2: not above it for x > 0, not below it for x < 0
 *
 * The judge is binary64, whose own error is below 2^-51; the worst inputs are judged again in long double. With
 * CARRYNET_DIVIDE_BY_NEWTON defined the division is the one without a divide instruction: the digest must be the same.
 */
#define CARRYNET_REAL_BITS 32
#include "kernels/arithmetic.h"
#include "tests/fast_fma.h"
#include <stdio.h>
#include <time.h>

struct findings {
    double error;        /* e_S as the judge sees it, and where it is */
    uint32_t error_at;   /* bits */
    uint64_t near;       /* inputs whose error is within 2^-48 of e_S */
    float tau;           /* 0 where no input is on the wrong side */
    uint64_t nan_inputs; /* and how many of them did not give a NaN */
    uint64_t nan_lost;
    float least, largest; /* over all inputs that are numbers */
    uint64_t descents;    /* neighbours x < x' with sigmoid(x) > sigmoid(x') */
    uint64_t
        digest; /* FNV-1a, 32 bits at a time, over the outputs in the order of the inputs' bits, NaN as 0x7fc00000 */
};

/* The outputs for inputs high * 2^16, ..., + 2^16 - 1. */
static inline int outputs_plain(float *y, uint32_t high)
{
    for (uint32_t low = 0; low < 65536; ++low)
        y[low] = sigmoid(real_of((vbits)(high << 16 | low)));
    return 0;
}
WITH_FMA(int, outputs, (float *y, uint32_t high), (y, high))

static void judge(struct findings *f, const float *y, uint32_t high)
{
    for (uint32_t low = 0; low < 65536; ++low) {
        const uint32_t bits = high << 16 | low;
        const float x = real_of((vbits)bits);
        f->digest = (f->digest ^ (uint32_t)bits_of(isnan(y[low]) ? real_of(0x7fc00000) : y[low])) * 0x100000001b3u;
        if (isnan(x)) {
            ++f->nan_inputs;
            f->nan_lost += isnan(y[low]) ? 0 : 1;
            continue;
        }
        const double error = fabs((double)y[low] - 1.0 / (1.0 + exp(-(double)x)));
        if (!(error <= f->error)) {
            f->near = error <= f->error + 0x1p-48 ? f->near : 0;
            f->error = error;
            f->error_at = bits;
        }
        f->near += error > f->error - 0x1p-48;
        f->least = y[low] < f->least ? y[low] : f->least;
        f->largest = y[low] > f->largest ? y[low] : f->largest;
        if ((x > 0.0f && !(y[low] > 0.5f)) || (x < 0.0f && !(y[low] < 0.5f)))
            f->tau = fabsf(x) > f->tau ? fabsf(x) : f->tau;
        /* Within one sign the inputs' bits grow with |x|. */
        if (low > 0)
            f->descents += x > 0.0f ? y[low] < y[low - 1] : y[low] > y[low - 1];
    }
}

int main(void)
{
    static float y[65536];
    struct findings f = {.least = 2.0f, .digest = 0xcbf29ce484222325u};
    for (uint32_t high = 0; high < 65536; ++high) {
        outputs(y, high);
        judge(&f, y, high);
    }
    const float worst = real_of((vbits)f.error_at);
    const long double error = fabsl((long double)sigmoid(worst) - 1.0L / (1.0L + expl(-(long double)worst)));
    const time_t now = time(NULL);
    char date[32] = "";
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
#ifdef CARRYNET_DIVIDE_BY_NEWTON
    const char *division = "Newton";
#else
    const char *division = "instruction";
#endif
    printf("sigmoid, binary32, arithmetic version %d, all 2^32 inputs\n", CARRYNET_ARITHMETIC_VERSION);
#ifdef __clang__
    const char *compiler = "";
#else
    const char *compiler = "GCC ";
#endif
    printf("date %s, compiler %s%s, division by %s\n", date, compiler, __VERSION__, division);
    printf("e_S       %.10Le = %La at x = %a (%08x); judged in binary64 %.10e\n", error, error, (double)worst,
           (unsigned)f.error_at, f.error);
    printf("          proved bound: e_S + 2^-51 (the judge) <= %.4e; %llu inputs within 2^-48 of it\n",
           f.error + 0x1p-51, (unsigned long long)f.near);
    printf("tau       %a = %.10e\n", (double)f.tau, (double)f.tau);
    printf("range     %a to %a\n", (double)f.least, (double)f.largest);
    printf("NaN       %llu inputs, %llu of them gave a number\n", (unsigned long long)f.nan_inputs,
           (unsigned long long)f.nan_lost);
    printf("descents  %llu neighbouring inputs where sigmoid goes down (not monotone in the last place)\n",
           (unsigned long long)f.descents);
    printf("digest    %016llx\n", (unsigned long long)f.digest);
    return f.nan_lost > 0 || !(f.error < 0x1p-22);
}
