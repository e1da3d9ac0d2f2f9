/*
 * The built-in automata against what they are said to be, for all short words: integers, bit strings, and regular
 * expressions; the smallest table and the shortest different word against brute force.
 */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 12 };

static const carrynet_task *task_named(const char *name)
{
    const carrynet_task *task = NULL;
    cr_assert_eq(carrynet_task_find(&task, name), CARRYNET_OK);
    return task;
}

/* The outputs' bit 0 for operands, after `closing` symbols of zeros more. */
static uint64_t answer(const carrynet_task *task, const uint64_t *operands, unsigned steps)
{
    uint32_t state = task->start;
    uint64_t out = 0;
    for (unsigned t = 0; t < steps; ++t) {
        uint32_t symbol = 0;
        for (uint32_t i = 0; i < task->inputs; ++i)
            symbol |= (uint32_t)(operands[i] >> t & 1) << i;
        out |= (uint64_t)carrynet_task_step(task, &state, symbol) << t;
    }
    return out;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

Test(automata, add3_adds_three)
{
    const carrynet_task *task = task_named("add3");
    cr_assert_eq(task->closing_count, 2u);
    for (uint64_t a = 0; a < 32; ++a)
        for (uint64_t b = 0; b < 32; ++b)
            for (uint64_t c = 0; c < 32; ++c)
                cr_assert_eq(answer(task, (const uint64_t[]){a, b, c}, 5 + task->closing_count), a + b + c);
}

Test(automata, times3_multiplies)
{
    const carrynet_task *task = task_named("times3");
    for (uint64_t a = 0; a < 4096; ++a)
        cr_assert_eq(answer(task, &a, LONGEST + task->closing_count), 3 * a);
}

Test(automata, compare_compares_what_was_read)
{
    const carrynet_task *task = task_named("compare");
    for (uint64_t a = 0; a < 128; ++a)
        for (uint64_t b = 0; b < 128; ++b)
            for (unsigned t = 0; t < 7; ++t) {
                const uint64_t mask = (2u << t) - 1;
                cr_assert_eq(answer(task, (const uint64_t[]){a, b}, 7) >> t & 1, (a & mask) > (b & mask));
            }
}

Test(automata, parity_and_delay2)
{
    for (uint64_t a = 0; a < 4096; ++a) {
        uint64_t odd = 0;
        for (unsigned t = 0; t < LONGEST; ++t)
            odd |= ((a >> t ^ (t == 0 ? 0 : odd >> (t - 1))) & 1) << t;
        cr_assert_eq(answer(task_named("parity"), &a, LONGEST), odd);
        cr_assert_eq(answer(task_named("delay2"), &a, LONGEST), a << 2 & 4095);
    }
}

/* ---- languages ------------------------------------------------------------------------------------------------- */

static bool even_counts(const char *word)
{
    unsigned count[2] = {0, 0};
    for (; *word != '\0'; ++word)
        ++count[*word - '0'];
    return count[0] % 2 == 0 && count[1] % 2 == 0;
}

static bool difference_of_three(const char *word)
{
    int difference = 0;
    for (; *word != '\0'; ++word)
        difference += *word == '0' ? 1 : -1;
    return difference % 3 == 0;
}

/* No odd run of zeros after an odd run of ones, run by run. */
static bool no_odd_after_odd(const char *word)
{
    bool odd_ones = false;
    while (*word != '\0') {
        const size_t run = strspn(word, word[0] == '1' ? "1" : "0");
        if (word[0] == '0' && run % 2 == 1 && odd_ones)
            return false;
        odd_ones = odd_ones || (word[0] == '1' && run % 2 == 1);
        word += run;
    }
    return true;
}

/* Every word up to LONGEST: by a rule, and by an expression for the language or for its complement. */
static void check_language(const char *name, bool (*rule)(const char *), const char *expression, bool complement)
{
    const carrynet_task *task = task_named(name);
    regex_t compiled;
    if (expression != NULL)
        cr_assert_eq(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    for (unsigned length = 1; length <= LONGEST; ++length)
        for (uint64_t bits = 0; bits < 1u << length; ++bits) {
            char word[LONGEST + 1];
            for (unsigned t = 0; t < length; ++t)
                word[t] = (char)('0' + (bits >> t & 1));
            word[length] = '\0';
            const bool accepted = (answer(task, &bits, length) >> (length - 1) & 1) != 0;
            if (rule != NULL)
                cr_assert_eq(accepted, rule(word), "%s: %s", name, word);
            if (expression != NULL)
                cr_assert_eq(accepted, (regexec(&compiled, word, 0, NULL, 0) == 0) != complement, "%s: %s", name, word);
        }
    if (expression != NULL)
        regfree(&compiled);
}

Test(automata, tomita_languages)
{
    check_language("tomita1", NULL, "^1*$", false);
    check_language("tomita2", NULL, "^(10)*$", false);
    check_language("tomita3", no_odd_after_odd, "^((0|1)*0)*1(11)*(0(0|1)*1)*0(00)*(1(0|1)*)*$", true);
    check_language("tomita4", NULL, "000", true);
    check_language("tomita5", even_counts, NULL, false);
    check_language("tomita6", difference_of_three, NULL, false);
    check_language("tomita7", NULL, "^0*1*0*1*$", false);
}

Test(automata, every_built_in_task_says_what_it_is)
{
    for (size_t i = 0; i < carrynet_task_count(); ++i)
        cr_assert_not_null(carrynet_task_meaning(i));
    cr_assert_null(carrynet_task_meaning(carrynet_task_count()));
}

/* ---- smallest tables ------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *state, uint32_t end)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % end;
}

static void draw(carrynet_task *task, uint64_t *random, uint32_t states)
{
    *task = (carrynet_task){.name = "drawn", .inputs = 1 + next_random(random, 2), .outputs = 1, .states = states};
    task->start = next_random(random, states);
    for (uint32_t q = 0; q < states; ++q)
        for (uint32_t a = 0; a < 1u << task->inputs; ++a) {
            task->next[q][a] = (uint8_t)next_random(random, states);
            task->out[q][a] = (uint8_t)(next_random(random, 5) == 0);
        }
}

/* How many classes of reachable states there are, by marking pairs that differ until nothing changes. */
static uint32_t count_classes(const carrynet_task *task)
{
    static bool differ[CARRYNET_TASK_STATES][CARRYNET_TASK_STATES];
    bool reached[CARRYNET_TASK_STATES] = {false};
    const uint32_t n = task->states, symbols = 1u << task->inputs;
    uint32_t classes = 0;
    reached[task->start] = true;
    for (uint32_t round = 0; round < n; ++round)
        for (uint32_t q = 0; q < n; ++q)
            for (uint32_t a = 0; a < symbols && reached[q]; ++a)
                reached[task->next[q][a]] = true;
    memset(differ, 0, sizeof differ);
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t p = 0; p < n; ++p)
            for (uint32_t q = 0; q < n; ++q)
                for (uint32_t a = 0; a < symbols && !differ[p][q]; ++a)
                    if (task->out[p][a] != task->out[q][a] || differ[task->next[p][a]][task->next[q][a]])
                        differ[p][q] = changed = true;
    }
    for (uint32_t q = 0; q < n; ++q) {
        bool first = reached[q];
        for (uint32_t p = 0; p < q; ++p)
            first = first && !(reached[p] && !differ[p][q]);
        classes += first ? 1 : 0;
    }
    return classes;
}

Test(automata, minimise_against_marked_pairs)
{
    uint64_t random = 5;
    static carrynet_task task, minimal, again;
    for (int round = 0; round < 300; ++round) {
        carrynet_task_difference found;
        draw(&task, &random, 1 + next_random(&random, 24));
        carrynet_task_minimise(&minimal, &task);
        cr_assert_eq(carrynet_task_check(&minimal), CARRYNET_OK, "%s", carrynet_message());
        cr_assert_eq(minimal.states, count_classes(&task));
        cr_assert_eq(carrynet_task_distinguish(&found, &task, &minimal), CARRYNET_OK);
        cr_assert_eq(found.length, 0u);
        carrynet_task_minimise(&again, &minimal);
        cr_assert_arr_eq(&again, &minimal, sizeof again);
    }
}

/* Renumbered states and a copy that cannot be reached change nothing. */
Test(automata, minimise_gives_one_table_for_all_that_answer_alike)
{
    static carrynet_task task, other, minimal, of_other;
    uint64_t random = 11;
    for (int round = 0; round < 100; ++round) {
        const uint32_t n = 1 + next_random(&random, 16);
        draw(&task, &random, n);
        other = task;
        other.states = 2 * n; /* each state twice, backwards, and either copy of the next one */
        other.start = 2 * n - 1 - task.start;
        for (uint32_t q = 0; q < n; ++q)
            for (uint32_t a = 0; a < 1u << task.inputs; ++a)
                for (uint32_t copy = 0; copy < 2; ++copy) {
                    const uint32_t r = task.next[q][a] + (next_random(&random, 2) == 0 ? 0 : n);
                    other.next[2 * n - 1 - (q + copy * n)][a] = (uint8_t)(2 * n - 1 - r);
                    other.out[2 * n - 1 - (q + copy * n)][a] = task.out[q][a];
                }
        carrynet_task_minimise(&minimal, &task);
        carrynet_task_minimise(&of_other, &other);
        cr_assert_arr_eq(&minimal, &of_other, sizeof minimal);
    }
}

/* A ring of all 256 states of which one is different: nothing to leave out, and the longest word. */
Test(automata, largest_tables)
{
    static carrynet_task ring, zero, minimal;
    carrynet_task_difference found;
    zero = (carrynet_task){.name = "zero", .inputs = 4, .outputs = 4, .states = 1};
    ring = (carrynet_task){.name = "ring", .inputs = 4, .outputs = 4, .states = 256};
    for (uint32_t q = 0; q < 256; ++q)
        for (uint32_t a = 0; a < 16; ++a)
            ring.next[q][a] = (uint8_t)(a == 15 ? q + 1 : q);
    ring.out[255][3] = 9;
    cr_assert_eq(carrynet_task_check(&ring), CARRYNET_OK);
    carrynet_task_minimise(&minimal, &ring);
    cr_assert_eq(minimal.states, 256u);
    cr_assert_eq(carrynet_task_distinguish(&found, &ring, &zero), CARRYNET_OK);
    cr_assert_eq(found.length, 256u);
    for (size_t i = 0; i < 255; ++i)
        cr_assert_eq(found.word[i], 15);
    cr_assert_eq(found.word[255], 3);
    cr_assert(found.outputs[0] == 9 && found.outputs[1] == 0);
}

/* ---- different words ------------------------------------------------------------------------------------------- */

/* The length of a shortest word that is answered differently, trying all up to `most`; 0 if there is none. */
static size_t shortest(const carrynet_task *a, const carrynet_task *b, size_t most)
{
    for (size_t length = 1; length <= most; ++length)
        for (uint64_t word = 0; word < 1ull << (length * a->inputs); ++word) {
            uint32_t p = a->start, q = b->start, x = 0, y = 0;
            for (size_t t = 0; t < length; ++t) {
                const uint32_t symbol = (uint32_t)(word >> (t * a->inputs)) & ((1u << a->inputs) - 1);
                x = carrynet_task_step(a, &p, symbol);
                y = carrynet_task_step(b, &q, symbol);
            }
            if (x != y)
                return length;
        }
    return 0;
}

Test(automata, distinguish_finds_a_shortest_word)
{
    static carrynet_task a, b;
    uint64_t random = 3;
    size_t longest = 0;
    for (int round = 0; round < 400; ++round) {
        carrynet_task_difference found;
        draw(&a, &random, 2 + next_random(&random, 5));
        b = a;
        const uint32_t q = next_random(&random, b.states);
        if (round % 2 == 0)
            b.out[q][0] ^= 1;
        else
            b.next[q][0] = (uint8_t)next_random(&random, b.states);
        cr_assert_eq(carrynet_task_distinguish(&found, &a, &b), CARRYNET_OK);
        cr_assert_lt(found.length, a.states + b.states);
        cr_assert_eq(shortest(&a, &b,
                              found.length == 0  ? 5
                              : found.length < 7 ? found.length
                                                 : 7),
                     found.length < 8 ? found.length : 0);
        uint32_t p = a.start, r = b.start, x = 0, y = 0;
        for (size_t t = 0; t < found.length; ++t) {
            cr_assert_eq(x, y);
            x = carrynet_task_step(&a, &p, found.word[t]);
            y = carrynet_task_step(&b, &r, found.word[t]);
        }
        cr_assert_eq(found.length > 0, x != y);
        cr_assert(found.length == 0 || (found.outputs[0] == x && found.outputs[1] == y));
        longest = found.length > longest ? found.length : longest;
    }
    cr_assert_gt(longest, 3u);
}

Test(automata, other_symbols_cannot_be_compared)
{
    carrynet_task_difference found;
    cr_assert_eq(carrynet_task_distinguish(&found, task_named("add"), task_named("parity")), CARRYNET_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(carrynet_message(), "task add reads 2"));
    cr_assert_eq(found.length, 0u);
}
