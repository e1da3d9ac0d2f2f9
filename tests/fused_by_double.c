/*
 * The float fma of processors without an instruction for it (kernels/arithmetic.h), bit for bit against an exact one: the
 * processor's, or else the C library's.
 *
 *     fused_by_double [COUNT]        so many fma of numbers drawn in four ways (4000000; the long tier has 10^9)
 *
 * Drawn are any bits; an addend near the product's negative; few digits, so that ties abound, with an addend up to 40 binary
 * places away; small numbers, with a subnormal addend. Exit code 0 if all bits are equal, 1 if not.
 */
#define CARRYNET_REAL_BITS 32
#include "fast_fma.h"
#include "kernels/arithmetic.h"
#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 4096, WAYS = 4 };

struct operands {
    float a[CHUNK], b[CHUNK], c[CHUNK];
};

static uint64_t drawn(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static float number(uint64_t bits)
{
    return real_of((vbits)(uint32_t)bits);
}

static uint32_t exponent_of(float x)
{
    return (uint32_t)bits_of(x) >> 23 & 0xff;
}

static void draw_all(struct operands *o, uint64_t *state, int way)
{
    for (int i = 0; i < CHUNK; ++i) {
        const uint64_t x = drawn(state), y = drawn(state);
        const uint32_t kept = 0xff800000u | (0x7fffffu << (y % 24) & 0x7fffffu); /* some digits of a significand */
        o->a[i] = number(x);
        o->b[i] = number(x >> 32);
        o->c[i] = number(y >> 20);
        if (way == 1)
            o->c[i] = number((uint32_t)bits_of(-(o->a[i] * o->b[i])) + (uint32_t)(y >> 60) - 8);
        if (way == 2) {
            o->a[i] = number(x & kept);
            o->b[i] = number(x >> 32 & kept);
            int exponent = (int)(exponent_of(o->a[i]) + exponent_of(o->b[i])) - 127 + (int)(y >> 40 & 0x7f) % 80 - 40;
            exponent = exponent < 0 ? 0 : exponent > 254 ? 254 : exponent;
            o->c[i] = number((uint32_t)exponent << 23 | ((uint32_t)(y >> 8) & kept & 0x807fffffu));
        }
        if (way == 3) {
            const uint32_t exponent = (uint32_t)(x >> 58);
            o->a[i] = number((x & 0x807fffffu) | (exponent + 30) << 23);
            o->b[i] = number((y & 0x807fffffu) | (63 - exponent) << 23);
            o->c[i] = number(y >> 32 & 0x81ffffffu);
        }
    }
}

/* Returns how many. */
static int exact_all_plain(float *results, const struct operands *o)
{
    for (int i = 0; i < CHUNK; ++i)
        results[i] = fmaf(o->a[i], o->b[i], o->c[i]);
    return CHUNK;
}
WITH_FMA(int, exact_all, (float *results, const struct operands *o), (results, o))

int main(int argc, char **argv)
{
    static struct operands operands;
    static float results[CHUNK], exact[CHUNK];
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;
    uint64_t state = 88172645463325252u, wrong = 0, done = 0;
    for (int way = 0; done < count; done += CHUNK, way = (way + 1) % WAYS) {
        draw_all(&operands, &state, way);
        (void)exact_all(exact, &operands);
        for (int i = 0; i < CHUNK; ++i)
            results[i] = carrynet_fused_by_double(operands.a[i], operands.b[i], operands.c[i]);
        for (int i = 0; i < CHUNK; ++i)
            if (bits_of(results[i]) != bits_of(exact[i]) && !(isnan(results[i]) && isnan(exact[i])) && wrong++ < 10)
                (void)printf("fma(%a, %a, %a) is %a, not %a\n", (double)operands.a[i], (double)operands.b[i],
                             (double)operands.c[i], (double)results[i], (double)exact[i]);
    }
    (void)printf("%llu of %llu float fma by way of double are wrong\n", (unsigned long long)wrong,
                 (unsigned long long)done);
    return wrong != 0;
}
