/*
 * The scalar arithmetic of Carrynet, version 1: one text for C11 (the reference) and for OpenCL C (the kernels).
 * Formulas, constants and orders are specified in kernels/ARITHMETIC.md; this file is their only implementation.
 *
 * CARRYNET_REAL_BITS  32 or 64: binary32 (default) or binary64
 * CARRYNET_LANES      1 (default), and in OpenCL C 4, 8 or 16: the functions then work on vectors, lane by lane
 *
 * No function here may be replaced by a built-in exp, log or fused variant: the bits are the specification.
 */
#ifndef CARRYNET_ARITHMETIC_H
#define CARRYNET_ARITHMETIC_H

#define CARRYNET_ARITHMETIC_VERSION 1

#ifndef CARRYNET_REAL_BITS
#define CARRYNET_REAL_BITS 32
#endif
#ifndef CARRYNET_LANES
#define CARRYNET_LANES 1
#endif

/* ---- types: real and its vector, the signed integer of the same width, and 32-bit words ------------------------ */

#ifdef __OPENCL_VERSION__

#pragma OPENCL FP_CONTRACT OFF
#if CARRYNET_REAL_BITS == 64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

#define CARRYNET_PASTE_(a, b) a##b
#define CARRYNET_PASTE(a, b) CARRYNET_PASTE_(a, b)
#if CARRYNET_LANES == 1
#define CARRYNET_VECTOR(type) type
#else
#define CARRYNET_VECTOR(type) CARRYNET_PASTE(type, CARRYNET_LANES)
#endif

/* The number of each lane, to fill a vector with. */
#if CARRYNET_LANES == 16
#define CARRYNET_LANE_NUMBERS 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#elif CARRYNET_LANES == 8
#define CARRYNET_LANE_NUMBERS 0, 1, 2, 3, 4, 5, 6, 7
#elif CARRYNET_LANES == 4
#define CARRYNET_LANE_NUMBERS 0, 1, 2, 3
#else
#define CARRYNET_LANE_NUMBERS 0
#endif

typedef uint word;
typedef CARRYNET_VECTOR(uint) vword;
#if CARRYNET_REAL_BITS == 32
typedef float real;
typedef CARRYNET_VECTOR(float) vreal;
typedef CARRYNET_VECTOR(int) vbits;
#define bits_of CARRYNET_VECTOR(as_int)
#define real_of CARRYNET_VECTOR(as_float)
#define real_from_bits CARRYNET_VECTOR(convert_float)
#define real_from_word CARRYNET_VECTOR(convert_float)
#else
typedef double real;
typedef CARRYNET_VECTOR(double) vreal;
typedef CARRYNET_VECTOR(long) vbits;
#define bits_of CARRYNET_VECTOR(as_long)
#define real_of CARRYNET_VECTOR(as_double)
#define real_from_bits CARRYNET_VECTOR(convert_double)
#define real_from_word CARRYNET_VECTOR(convert_double)
#endif
#define fused fma
#define builtin_square_root sqrt
#define word_high mul_hi
#define shifted(bits, places) ((bits) << (places))

#else /* C11 */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* 16: _Float16 is computed in its own type too, so float and double are. */
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error                                                                                                                 \
    "every operation must be rounded to its own type: compile with -msse2 -mfpmath=sse (x86) or -fexcess-precision=fast (s390x)"
#endif

typedef uint32_t word;
typedef uint32_t vword;

/*
 * a b + c rounded once, where fmaf would be a function of the C library: 13 times as fast in the loops, and the bits are
 * those of an exact one (ARITHMETIC.md 1).
 */
static inline float carrynet_fused_by_double(float a, float b, float c)
{
    const double exact = (double)a * (double)b, sum = exact + (double)c;
    const double given = sum - exact, error = (exact - (sum - given)) + ((double)c - given);
    uint64_t bits, error_bits;
    double odd;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&error_bits, &error, sizeof error_bits);
    bits = (bits - ((bits ^ error_bits) >> 63)) | 1; /* towards zero, then odd, so that (float) rounds as if once */
    memcpy(&odd, &bits, sizeof odd);
    /* Without an error the sum is exact, infinite, or NaN; then the error is NaN, which is on neither side of 0. */
    odd = error > 0 ? odd : error < 0 ? odd : sum;
    return (float)odd;
}

#if CARRYNET_REAL_BITS == 32
typedef float real;
typedef float vreal;
typedef int32_t vbits;
typedef uint32_t carrynet_unsigned_bits;
/* Whether fmaf is an instruction: what gcc says, and for others the processors that have it. */
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__aarch64__) || defined(__ARM_FEATURE_FMA) ||               \
    defined(__riscv_flen) || defined(__powerpc__) || defined(__s390x__)
#define fused fmaf
#else
#define fused carrynet_fused_by_double
#endif
#define builtin_square_root sqrtf
#else
typedef double real;
typedef double vreal;
typedef int64_t vbits;
typedef uint64_t carrynet_unsigned_bits;
#define fused fma
#define builtin_square_root sqrt
#endif

static inline vbits bits_of(vreal x)
{
    vbits b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static inline vreal real_of(vbits b)
{
    vreal x;
    memcpy(&x, &b, sizeof x);
    return x;
}

/* To the left, out of the sign too, which C leaves undefined for signed integers. */
static inline vbits shifted(vbits bits, int places)
{
    return (vbits)((carrynet_unsigned_bits)bits << places);
}

static inline vreal real_from_bits(vbits i)
{
    return (vreal)i;
}

static inline vreal real_from_word(vword i)
{
    return (vreal)i;
}

static inline vword word_high(vword a, vword b)
{
    return (vword)(((uint64_t)a * b) >> 32);
}

#endif

#if CARRYNET_REAL_BITS == 32
#define REAL(constant) ((vreal)(constant##f))
#define BITS(constant) ((vbits)(constant))
#else
#define REAL(constant) ((vreal)(constant))
#define BITS(constant) ((vbits)(constant##L))
#endif

/* ---- rounding and flushing ------------------------------------------------------------------------------------- */

/* A product rounded on its own, so that no compiler can fuse it into a later addition (ARITHMETIC.md 2, rule 1). */
static inline vreal product(vreal a, vreal b)
{
    return fused(a, b, REAL(0x0p0));
}

/*
 * total + x, for running sums: as an fma, since a vectorizer that reorders the additions of a loop leaves chains of fma
 * alone (ARITHMETIC.md 2, rule 6). The same bits as total + x.
 */
static inline vreal plus(vreal total, vreal x)
{
    return fused(x, REAL(0x1p0), total);
}

/* The same for one value where vreal is a vector. */
static inline real plus_real(real total, real x)
{
    return fused(x, (real)1, total);
}

/* Values of magnitude below 2^-40 become +0 in binary32 (ARITHMETIC.md 2, rule 4); NaN and binary64 pass unchanged. */
static inline vreal flush(vreal x)
{
#if CARRYNET_REAL_BITS == 32
    const vbits b = bits_of(x);
    return real_of((b & BITS(0x7fffffff)) < BITS(0x2b800000) ? BITS(0) : b);
#else
    return x;
#endif
}

/* ---- division and square root, correctly rounded --------------------------------------------------------------- */

#if CARRYNET_REAL_BITS == 32
/*
 * a / b for b in [2^-60, 2^64] and a = +0 or |a| in [2^-60, 2^64], without a divide instruction: integer seed, Newton
 * steps for the reciprocal, then the quotient with Markstein's correction by the exact remainder.
 */
static inline vreal quotient_by_newton(vreal a, vreal b)
{
    const vreal one = REAL(0x1p0);
    vreal r = real_of(BITS(0x7ef311c7) - bits_of(b));
    r = fused(fused(-b, r, one), r, r);
    r = fused(fused(-b, r, one), r, r);
    r = fused(fused(-b, r, one), r, r);
    r = fused(fused(-b, r, one), r, r);
    /* Now r is 1/b rounded to nearest, except under an all-ones significand, where it is one unit too low. */
    r = real_of(bits_of(r) | (((bits_of(b) & BITS(0x007fffff)) + BITS(1)) >> 23));
    const vreal q = product(a, r);
    return fused(fused(-b, q, a), r, q);
}

/* The square root of 0 or of x in [2^-60, 2^100]: integer seed, Newton steps for 1/sqrt(x), then the exact residual. */
static inline vreal square_root_by_newton(vreal x)
{
    const vreal half_x = product(REAL(0x1p-1), x);
    vreal r = real_of(BITS(0x5f375a86) - (bits_of(x) >> 1));
    r = fused(fused(-half_x, product(r, r), REAL(0x1p-1)), r, r);
    r = fused(fused(-half_x, product(r, r), REAL(0x1p-1)), r, r);
    r = fused(fused(-half_x, product(r, r), REAL(0x1p-1)), r, r);
    r = fused(fused(-half_x, product(r, r), REAL(0x1p-1)), r, r);
    vreal s = product(x, r);
    s = fused(fused(-s, s, x), product(REAL(0x1p-1), r), s);
    return x == REAL(0x0p0) ? x : s;
}
#endif

static inline vreal quotient(vreal a, vreal b)
{
#if CARRYNET_REAL_BITS == 32 && defined(CARRYNET_DIVIDE_BY_NEWTON)
    return quotient_by_newton(a, b);
#else
    return a / b;
#endif
}

static inline vreal square_root(vreal x)
{
#if CARRYNET_REAL_BITS == 32 && defined(CARRYNET_DIVIDE_BY_NEWTON)
    return square_root_by_newton(x);
#else
    return builtin_square_root(x);
#endif
}

/* ---- the reciprocal of the sigmoid ----------------------------------------------------------------------------- */

#if CARRYNET_REAL_BITS == 32 && CARRYNET_LANES == 1
/* The significand of x > 0, in [1, 2). */
static inline vreal significand_of(vreal x)
{
    return real_of((bits_of(x) & BITS(0x007fffff)) | BITS(0x3f800000));
}

/*
 * 1 / x, correctly rounded, for x in [1, 2^41), and NaN of a NaN, if the seed is within 1,024 ulp of the reciprocal of x's
 * significand (ARITHMETIC.md 2, rule 7). Of a worse seed it makes some number, an infinity or NaN, and nothing else.
 */
static inline vreal reciprocal_from_seed(vreal x, vreal seed)
{
    const vreal one = REAL(0x1p0);
    vreal r = real_of(bits_of(seed) - ((bits_of(x) & BITS(0x7f800000)) - BITS(0x3f800000)));
    r = fused(fused(-x, r, one), r, r);
    r = fused(fused(-x, r, one), r, r);
    /* As in quotient_by_newton: one unit too low under an all-ones significand. */
    return real_of(bits_of(r) | (((bits_of(x) & BITS(0x007fffff)) + BITS(1)) >> 23));
}

#ifdef __OPENCL_VERSION__
/* The device's own approximation, the one operation whose bits are not specified: for reciprocal_from_seed alone. */
static inline real reciprocal_seed(const real x)
{
    return native_recip(significand_of(x));
}
#endif
#endif

/*
 * quotient(1, x) for x in [1, 2^41) or NaN. CARRYNET_RECIPROCAL_BY_SEED is defined in programs of the SIMT variant whose
 * device passed the test of all significands (admission.cl): the same bits, without a branch.
 */
static inline vreal reciprocal(vreal x)
{
#if defined(CARRYNET_RECIPROCAL_BY_SEED) && defined(__OPENCL_VERSION__) && CARRYNET_REAL_BITS == 32 &&                 \
    CARRYNET_LANES == 1
    return reciprocal_from_seed(x, reciprocal_seed(x));
#else
    return quotient(REAL(0x1p0), x);
#endif
}

/* ---- functions ------------------------------------------------------------------------------------------------- */

/*
 * 1 / (1 + e^-x), ARITHMETIC.md 3.1. The low bits of m are the sign, 0, and the exponent of 2^n: magic holds the
 * exponent's bias, and c's range keeps the sum below the sign.
 */
static inline vreal sigmoid(vreal x)
{
#if CARRYNET_REAL_BITS == 32
    const vreal low = REAL(-0x1.bp4), high = REAL(0x1.4p5), minus_log2_e = REAL(-0x1.715476p+0),
                magic = REAL(0x1.8000fep23);
    vreal c = x < low ? low : x;
    c = c > high ? high : c;
    const vreal m = fused(c, minus_log2_e, magic);
    const vreal n = m - magic;
    const vreal f = fused(c, minus_log2_e, -n);
    vreal p = REAL(0x1.5bda4p-10);
    p = fused(p, f, REAL(0x1.3ce8acp-7));
    p = fused(p, f, REAL(0x1.c6b6d8p-5));
    p = fused(p, f, REAL(0x1.ebf9c2p-3));
    p = fused(p, f, REAL(0x1.62e42ap-1));
    p = fused(p, f, REAL(0x1p0));
    const vreal scale = real_of(shifted(bits_of(m), 23));
#else
    const vreal low = REAL(-0x1.62p9), high = REAL(0x1.62p9), minus_log2_e = REAL(-0x1.71547652b82fep+0),
                magic = REAL(0x1.80000000003ffp52);
    vreal c = x < low ? low : x;
    c = c > high ? high : c;
    const vreal m = fused(c, minus_log2_e, magic);
    const vreal n = m - magic;
    const vreal f = fused(c, REAL(-0x1.777d0ffda0d24p-56), fused(c, minus_log2_e, -n));
    vreal p = REAL(0x1.c0615294089c9p-32);
    p = fused(p, f, REAL(0x1.e605f99f6daa1p-28));
    p = fused(p, f, REAL(0x1.b5416923e760bp-24));
    p = fused(p, f, REAL(0x1.62bfd49eb7facp-20));
    p = fused(p, f, REAL(0x1.ffcbee3a4c898p-17));
    p = fused(p, f, REAL(0x1.4309130961210p-13));
    p = fused(p, f, REAL(0x1.5d87fe7bbc07ep-10));
    p = fused(p, f, REAL(0x1.3b2ab6fba1e1cp-7));
    p = fused(p, f, REAL(0x1.c6b08d7048f30p-5));
    p = fused(p, f, REAL(0x1.ebfbdff82c598p-3));
    p = fused(p, f, REAL(0x1.62e42fefa39f3p-1));
    p = fused(p, f, REAL(0x1p0));
    const vreal scale = real_of(shifted(bits_of(m), 52));
#endif
    /* p * scale is exact, so this is 1 + e^-x with one rounding; a NaN survives, whatever its payload did to scale. */
    return reciprocal(fused(p, scale, REAL(0x1p0)));
}

/* The natural logarithm of a normal x > 0, ARITHMETIC.md 3.2: x = m 2^k, log x = k log 2 + 2 atanh((m - 1)/(m + 1)). */
static inline vreal logarithm(vreal x)
{
#if CARRYNET_REAL_BITS == 32
    const vbits i = bits_of(x) - BITS(0x3f3504f3);
    const vreal k = real_from_bits(i >> 23);
    const vreal m = real_of((i & BITS(0x007fffff)) + BITS(0x3f3504f3));
    const vreal ln2_high = REAL(0x1.62e43p-1), ln2_low = REAL(-0x1.05c61p-29);
#else
    const vbits i = bits_of(x) - BITS(0x3fe6a09e667f3bcd);
    const vreal k = real_from_bits(i >> 52);
    const vreal m = real_of((i & BITS(0x000fffffffffffff)) + BITS(0x3fe6a09e667f3bcd));
    const vreal ln2_high = REAL(0x1.62e42fefa39efp-1), ln2_low = REAL(0x1.abc9e3b39803fp-56);
#endif
    const vreal s = quotient(m - REAL(0x1p0), m + REAL(0x1p0));
    const vreal s2 = s + s;
    const vreal z = product(s, s);
    /* The series 1/3 + z/5 + z^2/7 + ... with its coefficients rounded to nearest. */
#if CARRYNET_REAL_BITS == 32
    vreal p = REAL(0x1.745d18p-4);
    p = fused(p, z, REAL(0x1.c71c72p-4));
    p = fused(p, z, REAL(0x1.24924ap-3));
    p = fused(p, z, REAL(0x1.99999ap-3));
    p = fused(p, z, REAL(0x1.555556p-2));
#else
    vreal p = REAL(0x1.642c8590b2164p-5);
    p = fused(p, z, REAL(0x1.8618618618618p-5));
    p = fused(p, z, REAL(0x1.af286bca1af28p-5));
    p = fused(p, z, REAL(0x1.e1e1e1e1e1e1ep-5));
    p = fused(p, z, REAL(0x1.1111111111111p-4));
    p = fused(p, z, REAL(0x1.3b13b13b13b14p-4));
    p = fused(p, z, REAL(0x1.745d1745d1746p-4));
    p = fused(p, z, REAL(0x1.c71c71c71c71cp-4));
    p = fused(p, z, REAL(0x1.2492492492492p-3));
    p = fused(p, z, REAL(0x1.999999999999ap-3));
    p = fused(p, z, REAL(0x1.5555555555555p-2));
#endif
    const vreal result = fused(k, ln2_high, fused(k, ln2_low, fused(product(s2, z), p, s2)));
    /* The integer operations would make a number of a NaN, and another on each device. */
    return x == x ? result : x;
}

/* ---- random numbers: Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11) --------- */

/* What the words of a network's generator are for: the last word of the counter (ARITHMETIC.md 6). */
#define CARRYNET_STREAM_WEIGHTS 0u
#define CARRYNET_STREAM_PROBLEMS 1u
#define CARRYNET_STREAM_NOISE 2u
#define CARRYNET_STREAM_EVALUATION 3u
#define CARRYNET_STREAM_SWEEP 4u
#define CARRYNET_STREAM_SPLIT 5u
#define CARRYNET_STREAM_REDRAW 6u

/* Replaces the counter c0..c3 by the four words of its block under the key (key_low, key_high). */
static inline void philox4x32(vword *c0, vword *c1, vword *c2, vword *c3, vword key_low, vword key_high)
{
    const vword multiplier_0 = (vword)(0xd2511f53u), multiplier_1 = (vword)(0xcd9e8d57u);
    for (int round = 0; round < 10; ++round) {
        const vword low_0 = multiplier_0 * *c0, high_0 = word_high(multiplier_0, *c0);
        const vword low_1 = multiplier_1 * *c2, high_1 = word_high(multiplier_1, *c2);
        *c0 = high_1 ^ *c1 ^ key_low;
        *c1 = low_1;
        *c2 = high_0 ^ *c3 ^ key_high;
        *c3 = low_0;
        key_low += (vword)(0x9e3779b9u);
        key_high += (vword)(0xbb67ae85u);
    }
}

/* Uniform in [-scale, scale): 24 bits of the word in binary32, all 32 in binary64; scale is 0 or at least 2^-40. */
static inline vreal uniform(vword random, vreal scale)
{
#if CARRYNET_REAL_BITS == 32
    return fused(real_from_word(random >> 8), scale * (vreal)(0x1p-23f), -scale);
#else
    return fused(real_from_word(random), scale * (vreal)(0x1p-31), -scale);
#endif
}

#endif
