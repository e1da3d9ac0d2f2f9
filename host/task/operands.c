/*
 * Converts decimal numbers of any length to and from packed symbols.
 *
 * A number passes through limbs, least significant first, in base 10^9 (nine digits each) or 2^32. Horner's rule
 * converts either base into the other, most significant limb first: value = value * from + limb. The cost is quadratic.
 * Four limbs are added per pass, so that their carry chains run in parallel: a million bits take a quarter of a second
 * in and half a second out, with less code than fast multiplication needs.
 */
#include "platform/platform.h"
#include <carrynet/operands.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 9, GROUP = 4, SHOWN = 40 };
static const uint64_t decimal_base = 1000000000, binary_base = (uint64_t)1 << 32;

typedef struct limbs {
    uint32_t *data; /* [capacity], zero beyond count */
    size_t count;
    size_t capacity; /* a multiple of GROUP, so that the first group can be filled up with zeros */
} limbs;

static carrynet_status limbs_create(limbs *number, size_t capacity)
{
    *number = (limbs){.capacity = (capacity + GROUP - 1) / GROUP * GROUP};
    return sys_allocate(&number->data, number->capacity, sizeof *number->data);
}

static void limbs_free(limbs *number)
{
    sys_free(number->data);
    *number = (limbs){0};
}

/* ---- from base to base ----------------------------------------------------------------------------------------- */

/*
 * out, zero at first, becomes the number of `in` in base `to`. Called with constant bases, so that a copy of it without
 * divide instructions is made for each direction.
 */
static inline void change_base(limbs *out, const limbs *in, const uint64_t from, const uint64_t to)
{
    for (size_t left = (in->count + GROUP - 1) / GROUP * GROUP; left > 0; left -= GROUP) {
        const uint32_t *group = in->data + left - GROUP;
        uint64_t a = group[3], b = group[2], c = group[1], d = group[0];
        size_t i = 0;
        for (; i < out->count || (a | b | c | d) != 0; ++i) {
            /* limb * from + carry stays below from * to, hence below 2^64. */
            uint64_t sum = out->data[i] * from + a;
            a = sum / to;
            sum = sum % to * from + b;
            b = sum / to;
            sum = sum % to * from + c;
            c = sum / to;
            sum = sum % to * from + d;
            d = sum / to;
            out->data[i] = (uint32_t)(sum % to);
        }
        out->count = i;
    }
}

/* ---- decimal text ---------------------------------------------------------------------------------------------- */

/* A foreign text for a message: shortened, control and non-ASCII bytes as '?'. Returns shown. */
static const char *show(char shown[SHOWN], const char *text)
{
    const size_t length = strlen(text), count = length < SHOWN ? length : SHOWN - 4;
    for (size_t i = 0; i < count; ++i)
        shown[i] = (char)(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
    (void)snprintf(shown + count, SHOWN - count, "%s", length < SHOWN ? "" : "...");
    return shown;
}

/* The digits of operand `which` without sign and leading zeros. */
static carrynet_status find_digits(const char **digits, size_t *count, const char *text, size_t which)
{
    char shown[SHOWN];
    if (text == NULL || text[0] == '\0')
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "operand %zu is empty: give a whole number from 0", which + 1);
    if (text[0] == '-')
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "operand %zu, '%s', is negative: give a whole number from 0",
                        which + 1, show(shown, text));
    const char *first = text + (text[0] == '+' ? 1 : 0);
    const size_t length = strspn(first, "0123456789");
    if (length == 0 || first[length] != '\0')
        return sys_fail(CARRYNET_ERROR_ARGUMENT,
                        "operand %zu, '%s', is no whole number: character %zu is not a decimal digit", which + 1,
                        show(shown, text), (size_t)(first - text) + length + 1);
    const size_t zeros = strspn(first, "0");
    *digits = first + zeros;
    *count = length - zeros;
    return CARRYNET_OK;
}

static carrynet_status read_decimal(limbs *number, const char *text, size_t which)
{
    limbs nines = {0};
    const char *digits = NULL;
    size_t count = 0;
    *number = (limbs){0};
    carrynet_status status = find_digits(&digits, &count, text, which);
    if (status == CARRYNET_OK)
        status = limbs_create(&nines, count / DIGITS + 1);
    /* 10^9 < 2^32: no more limbs than nines. */
    if (status == CARRYNET_OK)
        status = limbs_create(number, count / DIGITS + 1);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t end = count; end > 0; end -= end < DIGITS ? end : DIGITS) {
        uint32_t limb = 0;
        for (size_t i = end < DIGITS ? 0 : end - DIGITS; i < end; ++i)
            limb = 10 * limb + (uint32_t)(digits[i] - '0');
        nines.data[nines.count++] = limb;
    }
    change_base(number, &nines, decimal_base, binary_base);
done:
    limbs_free(&nines);
    return status;
}

/* ---- bits ------------------------------------------------------------------------------------------------------ */

static size_t bit_length(const limbs *number)
{
    size_t length = 32 * number->count;
    if (length > 0)
        for (uint32_t top = number->data[number->count - 1]; top >> 31 == 0; top <<= 1)
            --length;
    return length;
}

static uint32_t bit_at(const limbs *number, size_t bit)
{
    return bit / 32 < number->count ? number->data[bit / 32] >> (bit % 32) & 1 : 0;
}

static bool is_less(const limbs *a, const limbs *b)
{
    if (a->count != b->count)
        return a->count < b->count;
    for (size_t i = a->count; i-- > 0;)
        if (a->data[i] != b->data[i])
            return a->data[i] < b->data[i];
    return false;
}

carrynet_status carrynet_operands_pack(uint32_t **symbols, size_t *steps, const carrynet_task *task,
                                       const char *const *operands, size_t min_steps)
{
    limbs numbers[CARRYNET_TASK_INPUTS] = {{0}};
    uint32_t *packed = NULL;
    size_t length = 1;
    carrynet_status status = CARRYNET_OK;
    *symbols = NULL;
    *steps = 0;
    for (uint32_t i = 0; i < task->inputs; ++i) {
        status = read_decimal(&numbers[i], operands[i], i);
        if (status != CARRYNET_OK)
            goto done;
        if (bit_length(&numbers[i]) > length)
            length = bit_length(&numbers[i]);
    }
    if (task->constraint == CARRYNET_CONSTRAINT_NOT_LESS && is_less(&numbers[0], &numbers[1])) {
        char first[SHOWN], second[SHOWN];
        status = sys_fail(CARRYNET_ERROR_ARGUMENT,
                          "task %s needs a first operand that is not less than the second, but %s is less than %s: "
                          "exchange them",
                          task->name, show(first, operands[0]), show(second, operands[1]));
        goto done;
    }
    if (length + task->closing_count < min_steps)
        length = min_steps - task->closing_count;
    status = sys_allocate(&packed, carrynet_packed_words(task->inputs, length + task->closing_count), sizeof *packed);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t t = 0; t < length; ++t) {
        uint32_t symbol = 0;
        for (uint32_t i = 0; i < task->inputs; ++i)
            symbol |= bit_at(&numbers[i], t) << i;
        carrynet_packed_set(packed, task->inputs, t, symbol);
    }
    for (uint32_t i = 0; i < task->closing_count; ++i)
        carrynet_packed_set(packed, task->inputs, length + i, task->closing[i]);
    *symbols = packed;
    *steps = length + task->closing_count;
done:
    for (size_t i = 0; i < CARRYNET_TASK_INPUTS; ++i)
        limbs_free(&numbers[i]);
    return status;
}

void carrynet_operands_free(uint32_t *symbols)
{
    sys_free(symbols);
}

carrynet_status carrynet_operand_unpack(char **decimal, const uint32_t *words, uint32_t bits, uint32_t which,
                                        size_t steps)
{
    limbs number = {0}, nines = {0};
    char *text = NULL;
    *decimal = NULL;
    carrynet_status status = limbs_create(&number, steps / 32 + 1);
    /* 2^32 is below (10^9)^(15/14). */
    if (status == CARRYNET_OK)
        status = limbs_create(&nines, number.capacity + number.capacity / 14 + 1);
    if (status == CARRYNET_OK)
        status = sys_allocate(&text, DIGITS * nines.capacity + 1, 1);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t t = 0; t < steps; ++t)
        number.data[t / 32] |= (carrynet_packed_get(words, bits, t) >> which & 1) << (t % 32);
    number.count = number.capacity;
    change_base(&nines, &number, binary_base, decimal_base);
    size_t used = (size_t)snprintf(text, DIGITS + 1, "%u", nines.count > 0 ? nines.data[nines.count - 1] : 0);
    for (size_t i = nines.count > 0 ? nines.count - 1 : 0; i-- > 0; used += DIGITS)
        (void)snprintf(text + used, DIGITS + 1, "%09u", nines.data[i]);
    *decimal = text;
    text = NULL;
done:
    limbs_free(&number);
    limbs_free(&nines);
    sys_free(text);
    return status;
}

void carrynet_decimal_free(char *decimal)
{
    sys_free(decimal);
}
