/*
 * Tries the reciprocal from an approximate seed (kernels/ARITHMETIC.md 2, rule 7) with every seed from 1,024 ulp below the
 * rounded reciprocal to 1,024 above it, for all 2^23 significands. On demand, one to three minutes:
 *
 *     cmake --build build --target reciprocal_bound && build/tests/reciprocal_bound
 *
 * Also, as information: how far off the first Newton step is at the ends (u = 2^-24, judged in binary64, where it is exact but
 * for one division), and from which offset on a reciprocal is wrong.
 */
#define CARRYNET_REAL_BITS 32
#include "kernels/arguments.h"
#include "kernels/arithmetic.h"
#include "tests/fast_fma.h"
#include <stdio.h>
#include <time.h>

enum { CHUNK = 4096, CHUNKS = (1 << 23) / CHUNK, PROVED = (int)CARRYNET_SEED_ULP, FARTHEST = 4096 };

/* Some significands, and their reciprocals as the processor divides. */
struct chunk {
    float x[CHUNK], right[CHUNK];
};

static void fill(struct chunk *chunk, int number)
{
    for (int i = 0; i < CHUNK; ++i) {
        chunk->x[i] = real_of((vbits)(0x3f800000 + number * CHUNK + i));
        chunk->right[i] = 1.0f / chunk->x[i];
    }
}

/* How many of them are wrong from seeds `off` ulp away. */
static inline uint32_t wrong_of_plain(const struct chunk *chunk, int32_t off)
{
    uint32_t wrong = 0;
    for (int i = 0; i < CHUNK; ++i) {
        const float given = reciprocal_from_seed(chunk->x[i], real_of(bits_of(chunk->right[i]) + off));
        wrong += bits_of(given) != bits_of(chunk->right[i]);
    }
    return wrong;
}
WITH_FMA(uint32_t, wrong_of, (const struct chunk *chunk, int32_t off), (chunk, off))

/* The largest distance of the first step from the exact reciprocal, in u. */
static inline double first_step_plain(const struct chunk *chunk, int32_t off)
{
    double most = 0;
    for (int i = 0; i < CHUNK; ++i) {
        const float x = chunk->x[i], seed = real_of(bits_of(chunk->right[i]) + off);
        const float step = fused(fused(-x, seed, 1.0f), seed, seed);
        const double error = fabs((1 - (double)x * (double)step) / (double)x) * 0x1p24;
        most = error > most ? error : most;
    }
    return most;
}
WITH_FMA(double, first_step, (const struct chunk *chunk, int32_t off), (chunk, off))

/* Wrong ones of all significands. */
static uint32_t wrong_of_all(struct chunk *chunk, int32_t off)
{
    uint32_t wrong = 0;
    for (int number = 0; number < CHUNKS; ++number) {
        fill(chunk, number);
        wrong += wrong_of(chunk, off);
    }
    return wrong;
}

int main(void)
{
    static struct chunk chunk;
    static uint32_t wrong[2 * PROVED + 1];
    uint64_t tried = 0, failed = 0;
    double most = 0;
    for (int number = 0; number < CHUNKS; ++number) {
        fill(&chunk, number);
        for (int32_t off = -PROVED; off <= PROVED; ++off) {
            wrong[off + PROVED] += wrong_of(&chunk, off);
            tried += CHUNK;
        }
        for (int32_t off = -PROVED; off <= PROVED; off += 2 * PROVED) {
            const double error = first_step(&chunk, off);
            most = error > most ? error : most;
        }
    }
    for (int32_t off = -PROVED; off <= PROVED; ++off) {
        failed += wrong[off + PROVED];
        if (wrong[off + PROVED] > 0)
            printf("seeds off by %d ulp: %u of 2^23 reciprocals are wrong\n", (int)off, (unsigned)wrong[off + PROVED]);
    }
    const time_t now = time(NULL);
    char date[32] = "";
    strftime(date, sizeof date, "%Y-%m-%d", gmtime(&now));
#ifdef __clang__
    const char *compiler = "";
#else
    const char *compiler = "GCC ";
#endif
    printf("reciprocal by seed, binary32, arithmetic version %d, all 2^23 significands, seeds off by -%d to %d ulp\n",
           CARRYNET_ARITHMETIC_VERSION, PROVED, PROVED);
    printf("date %s, compiler %s%s\n", date, compiler, __VERSION__);
    printf("wrong     %llu of %llu\n", (unsigned long long)failed, (unsigned long long)tried);
    printf("step      the first is within %.6f u of the exact reciprocal\n", most);
    uint32_t far_wrong = 0;
    for (int sign = -1; sign <= 1; sign += 2) {
        int32_t off = PROVED;
        uint32_t first = 0;
        while (first == 0 && off < FARTHEST)
            first = wrong_of_all(&chunk, sign * ++off);
        const uint32_t at_half = wrong_of_all(&chunk, sign * FARTHEST / 2),
                       at_end = wrong_of_all(&chunk, sign * FARTHEST);
        printf("beyond    first wrong at %d ulp: %u; at %d: %u, at %d: %u\n", (int)(sign * off), (unsigned)first,
               sign * FARTHEST / 2, (unsigned)at_half, sign * FARTHEST, (unsigned)at_end);
        far_wrong += at_end;
    }
    /* Seeds that far off must show that wrong reciprocals are seen. */
    return failed > 0 || !(most < 0.76) || far_wrong == 0;
}
