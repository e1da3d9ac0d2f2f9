/*
 * The start-up vectors of a device (ARITHMETIC.md 9): operations on operands that come through a buffer, so that no
 * compiler can fold them. Results of vector i, [count][CARRYNET_RESULTS]; the host compares their bits with its own
 * (host/reference/loops/start_vectors.c).
 */
#pragma OPENCL FP_CONTRACT OFF

static inline void compute_vector(const uint count, const global real *operands, global real *results, const uint i)
{
    const global real *mine = operands + CARRYNET_OPERANDS * i;
    const real a = mine[0], b = mine[1], c = mine[2];
    global real *out = results + CARRYNET_RESULTS * i;
    out[0] = fma(a, b, c);
    /* A product and a sum apart: a device that contracts them fails here. */
    const real separate = a * b;
    out[1] = separate + c;
    out[2] = a + b;
    out[3] = quotient(a, b);
    out[4] = square_root(c < 0 ? -c : c);
    out[5] = real_from_word((uint)bits_of(a));
    out[6] = sigmoid(c);
    out[7] = flush(a * c);
    /* A running sum over neighbouring operands: a compiler that reorders it fails here. */
    real total = 0;
    for (uint k = 0; k < CARRYNET_SUMMED; ++k)
        total = plus(total, operands[(CARRYNET_OPERANDS * i + k) % (CARRYNET_OPERANDS * count)]);
    out[8] = total;
}

kernel void admit(const uint count, const global real *operands /* [count][3] */, global real *results)
{
    for (uint i = (uint)get_global_id(0); i < count; i += (uint)get_global_size(0))
        compute_vector(count, operands, results, i);
}
