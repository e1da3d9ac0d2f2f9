/*
 * Decimal operands to packed symbols and back: every small pair against integers, known large numbers, long random
 * digits, and what must be refused. Large numbers are checked by an arithmetic of the test's own, digit by digit.
 */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const carrynet_task *task_named(const char *name)
{
    const carrynet_task *task = NULL;
    cr_assert_eq(carrynet_task_find(&task, name), CARRYNET_OK);
    return task;
}

/* Operand `which` of packed symbols as an integer. */
static uint64_t integer_of(const uint32_t *symbols, uint32_t bits, uint32_t which, size_t steps)
{
    uint64_t value = 0;
    for (size_t t = 0; t < steps; ++t)
        value |= (uint64_t)(carrynet_packed_get(symbols, bits, t) >> which & 1) << t;
    return value;
}

/* Reproducible digits. */
static unsigned next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*state >> 33);
}

static char *random_digits(size_t count, uint64_t seed)
{
    char *text = malloc(count + 1);
    cr_assert_not_null(text);
    for (size_t i = 0; i < count; ++i)
        text[i] = (char)('0' + (i == 0 ? 1 + next_random(&seed) % 9 : next_random(&seed) % 10));
    text[count] = '\0';
    return text;
}

/* ---- small numbers --------------------------------------------------------------------------------------------- */

static unsigned bits_of_integer(unsigned value)
{
    unsigned bits = 0;
    for (; value >> bits != 0; ++bits) {
    }
    return bits;
}

Test(operands, every_small_pair)
{
    const carrynet_task *task = task_named("add");
    for (unsigned a = 0; a < 130; ++a)
        for (unsigned b = 0; b < 130; ++b) {
            char first[16], second[16];
            (void)snprintf(first, sizeof first, "%s%u", a % 3 == 1 ? "000" : "", a);
            (void)snprintf(second, sizeof second, "%s%u", b % 3 == 2 ? "+0" : "", b);
            const char *operands[] = {first, second};
            uint32_t *symbols = NULL;
            size_t steps = 0;
            cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task, operands, 0), CARRYNET_OK);
            const unsigned longest = bits_of_integer(a | b);
            cr_assert_eq(steps, (longest == 0 ? 1 : longest) + 1, "%u and %u: %zu steps", a, b, steps);
            cr_assert_eq(integer_of(symbols, 2, 0, steps), a);
            cr_assert_eq(integer_of(symbols, 2, 1, steps), b);
            for (unsigned which = 0; which < 2; ++which) {
                char *decimal = NULL, expected[16];
                cr_assert_eq(carrynet_operand_unpack(&decimal, symbols, 2, which, steps), CARRYNET_OK);
                (void)snprintf(expected, sizeof expected, "%u", which == 0 ? a : b);
                cr_assert_str_eq(decimal, expected);
                carrynet_decimal_free(decimal);
            }
            carrynet_operands_free(symbols);
        }
}

Test(operands, the_automaton_adds_what_was_packed)
{
    const carrynet_task *task = task_named("add");
    const char *operands[] = {"93", "38"};
    uint32_t *symbols = NULL, targets[4];
    size_t steps = 0;
    char *decimal = NULL;
    cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task, operands, 0), CARRYNET_OK);
    (void)carrynet_targets(task, task->start, symbols, steps, targets);
    cr_assert_eq(carrynet_operand_unpack(&decimal, targets, 1, 0, steps), CARRYNET_OK);
    cr_assert_str_eq(decimal, "131");
    carrynet_decimal_free(decimal);
    carrynet_operands_free(symbols);
}

Test(operands, at_least_the_steps_asked_for_and_closing_symbols_last)
{
    carrynet_task task = *task_named("add");
    task.closing_count = 3;
    task.closing[0] = 1;
    task.closing[1] = 2;
    task.closing[2] = 3;
    const char *operands[] = {"5", "2"};
    for (size_t least = 0; least < 80; ++least) {
        uint32_t *symbols = NULL;
        size_t steps = 0;
        cr_assert_eq(carrynet_operands_pack(&symbols, &steps, &task, operands, least), CARRYNET_OK);
        cr_assert_eq(steps, least < 6 ? 6 : least);
        cr_assert_eq(integer_of(symbols, 2, 0, steps - 3 > 64 ? 64 : steps - 3), 5);
        cr_assert_eq(integer_of(symbols, 2, 1, steps - 3 > 64 ? 64 : steps - 3), 2);
        for (uint32_t i = 0; i < 3; ++i)
            cr_assert_eq(carrynet_packed_get(symbols, 2, steps - 3 + i), i + 1);
        carrynet_operands_free(symbols);
    }
}

/* ---- one to four operands, powers of two, known numbers -------------------------------------------------------- */

Test(operands, one_to_four_operands_of_different_length)
{
    static const char *const operands[] = {"1", "4294967296", "18446744073709551615", "999999999"};
    static const uint64_t values[] = {1, 4294967296u, 18446744073709551615u, 999999999};
    static const size_t lengths[] = {1, 33, 64, 64};
    for (uint32_t inputs = 1; inputs <= 4; ++inputs) {
        const carrynet_task task = {.name = "any", .inputs = inputs, .outputs = 1, .states = 1};
        uint32_t *symbols = NULL;
        size_t steps = 0;
        cr_assert_eq(carrynet_operands_pack(&symbols, &steps, &task, operands, 0), CARRYNET_OK);
        cr_assert_eq(steps, lengths[inputs - 1]);
        for (uint32_t i = 0; i < inputs; ++i)
            cr_assert_eq(integer_of(symbols, inputs, i, steps), values[i]);
        carrynet_operands_free(symbols);
    }
}

typedef struct known_number {
    char decimal[160];
    unsigned power;  /* the number is 2^power - 1 or 2^power */
    unsigned is_one; /* of one bit: 2^power */
} known_number;

ParameterizedTestParameters(operands, known_large_numbers)
{
    static known_number known[] = {
        {"4294967295", 32, 0},
        {"4294967296", 32, 1},
        {"18446744073709551615", 64, 0},
        {"18446744073709551616", 64, 1},
        {"340282366920938463463374607431768211455", 128, 0},
        {"340282366920938463463374607431768211456", 128, 1},
        {"115792089237316195423570985008687907853269984665640564039457584007913129639935", 256, 0},
        {"1267650600228229401496703205376", 100, 1},
        {"6864797660130609714981900799081393217269435300143305409394463459185543183397656052122559640661454554977296311"
         "391"
         "480858037121987999716643812574028291115057151",
         521, 0},
    };
    return cr_make_param_array(known_number, known, sizeof known / sizeof known[0]);
}

ParameterizedTest(known_number *known, operands, known_large_numbers)
{
    const carrynet_task task = {.name = "one", .inputs = 1, .outputs = 1, .states = 1};
    const char *operands[] = {known->decimal};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    char *decimal = NULL;
    cr_assert_eq(carrynet_operands_pack(&symbols, &steps, &task, operands, 0), CARRYNET_OK);
    cr_assert_eq(steps, known->power + known->is_one);
    for (size_t t = 0; t < steps; ++t)
        cr_assert_eq(carrynet_packed_get(symbols, 1, t), !known->is_one || t == known->power, "bit %zu", t);
    cr_assert_eq(carrynet_operand_unpack(&decimal, symbols, 1, 0, steps), CARRYNET_OK);
    cr_assert_str_eq(decimal, known->decimal);
    carrynet_decimal_free(decimal);
    carrynet_operands_free(symbols);
}

/* Powers of ten around every boundary of limbs and groups: 10^n - 1, 10^n, 10^n + 1. */
Test(operands, powers_of_ten_come_back)
{
    const carrynet_task task = {.name = "one", .inputs = 1, .outputs = 1, .states = 1};
    for (size_t n = 1; n < 200; ++n)
        for (int what = -1; what <= 1; ++what) {
            char text[256], *decimal = NULL;
            memset(text, what < 0 ? '9' : '0', n + 1);
            text[0] = what < 0 ? '9' : '1';
            text[what < 0 ? n : n + 1] = '\0';
            if (what > 0)
                text[n] = '1';
            const char *operands[] = {text};
            uint32_t *symbols = NULL;
            size_t steps = 0;
            cr_assert_eq(carrynet_operands_pack(&symbols, &steps, &task, operands, 0), CARRYNET_OK);
            cr_assert_eq(carrynet_packed_get(symbols, 1, steps - 1), 1, "the highest bit is set");
            cr_assert_eq(carrynet_operand_unpack(&decimal, symbols, 1, 0, steps), CARRYNET_OK);
            cr_assert_str_eq(decimal, text);
            carrynet_decimal_free(decimal);
            carrynet_operands_free(symbols);
        }
}

/* ---- long numbers ---------------------------------------------------------------------------------------------- */

/* a + b by hand, in decimal: malloc'd. */
static char *decimal_sum(const char *a, const char *b)
{
    const size_t m = strlen(a), n = strlen(b), length = (m > n ? m : n) + 1;
    char *sum = malloc(length + 1);
    cr_assert_not_null(sum);
    int carry = 0;
    for (size_t i = 0; i < length; ++i) {
        const int digit = (i < m ? a[m - 1 - i] - '0' : 0) + (i < n ? b[n - 1 - i] - '0' : 0) + carry;
        sum[length - 1 - i] = (char)('0' + digit % 10);
        carry = digit / 10;
    }
    sum[length] = '\0';
    if (sum[0] == '0')
        memmove(sum, sum + 1, length);
    return sum;
}

/* Both operands back, and their sum through the automaton: all three must agree with decimal arithmetic. */
static void check_long(size_t first_digits, size_t second_digits, uint64_t seed)
{
    const carrynet_task *task = task_named("add");
    char *first = random_digits(first_digits, seed), *second = random_digits(second_digits, seed + 1);
    char *sum = decimal_sum(first, second), *decimal = NULL;
    const char *operands[] = {first, second};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task, operands, 0), CARRYNET_OK);
    for (uint32_t which = 0; which < 2; ++which) {
        cr_assert_eq(carrynet_operand_unpack(&decimal, symbols, 2, which, steps), CARRYNET_OK);
        cr_assert(strcmp(decimal, operands[which]) == 0, "operand %u of %zu digits", which, strlen(operands[which]));
        carrynet_decimal_free(decimal);
    }
    uint32_t *targets = calloc(carrynet_packed_words(1, steps), sizeof *targets);
    cr_assert_not_null(targets);
    (void)carrynet_targets(task, task->start, symbols, steps, targets);
    cr_assert_eq(carrynet_operand_unpack(&decimal, targets, 1, 0, steps), CARRYNET_OK);
    cr_assert(strcmp(decimal, sum) == 0, "the sum of %zu and %zu digits", first_digits, second_digits);
    carrynet_decimal_free(decimal);
    carrynet_operands_free(symbols);
    free(targets);
    free(first);
    free(second);
    free(sum);
}

Test(operands, random_numbers_of_many_lengths)
{
    for (size_t digits = 1; digits < 400; ++digits)
        check_long(digits, 1 + digits * 7 % 91, digits);
    check_long(5000, 4999, 11);
    check_long(9 * 4 * 77, 9 * 4 * 77 + 1, 12);
}

Test(operands, three_hundred_thousand_digits, .timeout = 120)
{
    check_long(300000, 299993, 13);
}

/* ---- what is refused ------------------------------------------------------------------------------------------- */

typedef struct refused_operand {
    char task[8];
    char first[96];
    char second[96];
    char part[64]; /* of the message */
} refused_operand;

ParameterizedTestParameters(operands, refusals)
{
    static refused_operand refused[] = {
        {"add", "", "1", "operand 1 is empty"},
        {"add", "1", "", "operand 2 is empty"},
        {"add", "12x4", "1", "'12x4'"},
        {"add", "12x4", "1", "character 3"},
        {"add", "1", "abc", "operand 2, 'abc'"},
        {"add", "-5", "1", "negative"},
        {"add", "+", "1", "is no whole number"},
        {"add", "++1", "1", "character 2"},
        {"add", "+-1", "1", "character 2"},
        {"add", "1.5", "1", "character 2"},
        {"add", "1e3", "1", "character 2"},
        {"add", "0x10", "1", "character 2"},
        {"add", " 1", "1", "character 1"},
        {"add", "1 ", "1", "character 2"},
        {"add", "1,000", "1", "character 2"},
        {"add", "7\n", "1", "'7?'"},
        {"add", "\x1b[31m", "1", "'?[31m'"},
        {"add", "12345678901234567890123456789012345678901234567890z", "1",
         "'123456789012345678901234567890123456...'"},
        {"sub", "5", "7", "5 is less than 7: exchange them"},
        {"sub", "0", "1", "exchange"},
        {"sub", "99999999999999999999", "100000000000000000000", "exchange"},
        {"sub", "18446744073709551615", "18446744073709551616", "exchange"},
    };
    return cr_make_param_array(refused_operand, refused, sizeof refused / sizeof refused[0]);
}

ParameterizedTest(refused_operand *refused, operands, refusals)
{
    const char *operands[] = {refused->first, refused->second};
    uint32_t guard = 0, *symbols = &guard;
    size_t steps = 99;
    cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task_named(refused->task), operands, 0),
                 CARRYNET_ERROR_ARGUMENT);
    cr_assert_null(symbols);
    cr_assert_eq(steps, 0);
    cr_assert_not_null(strstr(carrynet_message(), refused->part), "'%s' is not in: %s", refused->part,
                       carrynet_message());
}

Test(operands, a_missing_operand_is_refused)
{
    const char *operands[] = {"1", NULL};
    uint32_t *symbols = NULL;
    size_t steps = 0;
    cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task_named("add"), operands, 0), CARRYNET_ERROR_ARGUMENT);
    carrynet_operands_free(NULL);
    carrynet_decimal_free(NULL);
}

Test(operands, equal_and_larger_first_operands_may_be_subtracted)
{
    static const char *const pairs[][2] = {{"0", "0"}, {"7", "7"}, {"0007", "6"}, {"4294967296", "4294967295"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; ++i) {
        uint32_t *symbols = NULL;
        size_t steps = 0;
        cr_assert_eq(carrynet_operands_pack(&symbols, &steps, task_named("sub"), pairs[i], 0), CARRYNET_OK);
        carrynet_operands_free(symbols);
    }
}
