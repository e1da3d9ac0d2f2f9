/* The host's side of the start-up vectors (kernels/admission.cl). */
#include "reference/formulas/training_step.h"

void compute_start_vectors(void *results_, const void *operands_, size_t count)
{
    real *results = results_;
    const real *operands = operands_;
    for (size_t i = 0; i < count; ++i) {
        const real a = operands[CARRYNET_OPERANDS * i], b = operands[CARRYNET_OPERANDS * i + 1],
                   c = operands[CARRYNET_OPERANDS * i + 2];
        real *out = results + CARRYNET_RESULTS * i;
        out[0] = fused(a, b, c);
        const real separate = a * b;
        out[1] = separate + c;
        out[2] = a + b;
        out[3] = quotient(a, b);
        out[4] = square_root(c < 0 ? -c : c);
        out[5] = real_from_word((uint32_t)bits_of(a));
        out[6] = sigmoid(c);
        out[7] = flush(a * c);
        real total = 0;
        for (size_t k = 0; k < CARRYNET_SUMMED; ++k)
            total += operands[(CARRYNET_OPERANDS * i + k) % (CARRYNET_OPERANDS * count)];
        out[8] = total;
        out[9] = ((a + b) - c) * b;
    }
}
