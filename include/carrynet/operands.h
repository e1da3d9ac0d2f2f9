/*
 * Decimal numbers of any length to and from the packed symbols of problem.h.
 */
#ifndef CARRYNET_OPERANDS_H
#define CARRYNET_OPERANDS_H

#include <carrynet/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Packs operands [inputs], strings of decimal digits of any length, into symbols: *steps is the length of the longest
 * operand in bits (at least 1) plus the closing symbols, and at least min_steps; shorter operands are zero-padded.
 * *symbols [carrynet_packed_words(inputs, *steps)] is the caller's, to free with carrynet_operands_free. ARGUMENT: an
 * operand is empty or has characters other than digits, or the operands violate the task's constraint (5 - 7); the
 * message shows the operand, shortened, and says what to do.
 */
CARRYNET_API carrynet_status carrynet_operands_pack(uint32_t **symbols, size_t *steps, const carrynet_task *task,
                                                    const char *const *operands, size_t min_steps);
CARRYNET_API void carrynet_operands_free(uint32_t *symbols);

/*
 * Bit `which` of `steps` packed symbols of `bits` bits, first symbol least significant, as a decimal number: *decimal
 * is the caller's, to free with carrynet_decimal_free. Serves operands (bits = inputs) and results (bits = outputs).
 * MEMORY.
 */
CARRYNET_API carrynet_status carrynet_operand_unpack(char **decimal, const uint32_t *words, uint32_t bits,
                                                     uint32_t which, size_t steps);
CARRYNET_API void carrynet_decimal_free(char *decimal);

#ifdef __cplusplus
}
#endif

#endif
