/*
 * The start-up vectors of a device (ARITHMETIC.md 9): operations on operands that come through a buffer, so that no
 * compiler can fold them; CARRYNET_LANES vectors at a time, in the width that the trainer's kernels use.
 * Results of vector i: [count][CARRYNET_RESULTS]; the host compares their bits with its own
 * (host/reference/formulas/start_vectors.c).
 */
#pragma OPENCL FP_CONTRACT OFF

#if CARRYNET_LANES == 1
#define LOAD(values) (values)[0]
#define STORE(value, values) (values)[0] = (value)
#define TO_WORD(bits) ((uint)(bits))
#else
#define LOAD(values) CARRYNET_PASTE(vload, CARRYNET_LANES)(0, values)
#define STORE(value, values) CARRYNET_PASTE(vstore, CARRYNET_LANES)(value, 0, values)
#define TO_WORD(bits) CARRYNET_VECTOR(convert_uint)(bits)
#endif

/* Operand `which` of vectors first, ..., first + CARRYNET_LANES - 1. */
static inline vreal operand(const global real *operands, const uint count, const uint first, const uint which)
{
    real values[CARRYNET_LANES];
    for (uint lane = 0; lane < CARRYNET_LANES; ++lane)
        values[lane] = operands[(CARRYNET_OPERANDS * (first + lane) + which) % (CARRYNET_OPERANDS * count)];
    return LOAD(values);
}

static inline void result(global real *results, const uint first, const uint which, const vreal value)
{
    real values[CARRYNET_LANES];
    STORE(value, values);
    for (uint lane = 0; lane < CARRYNET_LANES; ++lane)
        results[CARRYNET_RESULTS * (first + lane) + which] = values[lane];
}

static inline void compute_vectors(const uint count, const global real *operands, global real *results,
                                   const uint first)
{
    const vreal zero = REAL(0x0p0);
    const vreal a = operand(operands, count, first, 0), b = operand(operands, count, first, 1);
    const vreal c = operand(operands, count, first, 2);
    result(results, first, 0, fma(a, b, c));
    /* A product and a sum apart: a device that contracts them fails here. */
    const vreal separate = a * b;
    result(results, first, 1, separate + c);
    result(results, first, 2, a + b);
    result(results, first, 3, quotient(a, b));
    result(results, first, 4, square_root(c < zero ? -c : c));
    result(results, first, 5, real_from_word(TO_WORD(bits_of(a))));
    result(results, first, 6, sigmoid(c));
    result(results, first, 7, flush(a * c));
    /* A running sum over neighbouring operands: a compiler that reorders it fails here. */
    vreal total = zero;
    for (uint k = 0; k < CARRYNET_SUMMED; ++k)
        total = plus(total, operand(operands, count, first, k));
    result(results, first, 8, total);
    /* No step assigned: a compiler that keeps more digits within an expression, or reorders it, fails here. */
    result(results, first, 9, ((a + b) - c) * b);
}

/* count is a multiple of CARRYNET_LANES. */
kernel void admit(const uint count, const global real *operands /* [count][CARRYNET_OPERANDS] */, global real *results)
{
    for (uint i = (uint)get_global_id(0) * CARRYNET_LANES; i < count; i += (uint)get_global_size(0) * CARRYNET_LANES)
        compute_vectors(count, operands, results, i);
}

#if CARRYNET_REAL_BITS == 32 && CARRYNET_LANES == 1
/*
 * Of all significands x in [1, 2), how many have another reciprocal by the device's seed than by division, or a seed that
 * is more than 1,024 ulp from it: differing [global size], each work-item's count.
 */
kernel void admit_reciprocal(global uint *differing)
{
    uint count = 0;
    for (uint i = (uint)get_global_id(0); i < 1u << 23; i += (uint)get_global_size(0)) {
        const real x = real_of((vbits)(0x3f800000u | i)), seed = reciprocal_seed(x);
        const uint right = (uint)bits_of(quotient(REAL(0x1p0), x));
        const uint given = (uint)bits_of(reciprocal_from_seed(x, seed));
        const uint off = (uint)bits_of(seed) - right + CARRYNET_SEED_ULP;
        count += given != right || off > 2 * CARRYNET_SEED_ULP;
    }
    differing[get_global_id(0)] = count;
}
#endif
