/* Automata against integer arithmetic; problems: packing, counter-based source, enumeration, evaluation set. */
#include <carrynet/carrynet.h>
#include <criterion/criterion.h>
#include <string.h>

/* Bits of operand `which` of a packed problem as an integer. */
static uint64_t operand(const uint32_t *words, uint32_t bits, uint32_t which, size_t steps)
{
    uint64_t value = 0;
    for (size_t t = 0; t < steps; ++t)
        value |= (uint64_t)(carrynet_packed_get(words, bits, t) >> which & 1) << t;
    return value;
}

static const carrynet_task *task_named(const char *name)
{
    const carrynet_task *task = NULL;
    cr_assert_eq(carrynet_task_find(&task, name), CARRYNET_OK);
    return task;
}

Test(tasks, built_in_tables_are_valid)
{
    cr_assert_geq(carrynet_task_count(), 2u);
    for (size_t i = 0; i < carrynet_task_count(); ++i)
        cr_assert_eq(carrynet_task_check(carrynet_task_at(i)), CARRYNET_OK, "%s", carrynet_message());
    cr_assert_null(carrynet_task_at(carrynet_task_count()));
}

Test(tasks, unknown_name_is_answered_with_the_list)
{
    const carrynet_task *task = NULL;
    cr_assert_eq(carrynet_task_find(&task, "multiply"), CARRYNET_ERROR_ARGUMENT);
    cr_assert_not_null(strstr(carrynet_message(), "add, sub"));
}

Test(tasks, broken_tables_are_refused)
{
    const carrynet_task good = *carrynet_task_at(0);
    carrynet_task task = good;
    task.next[1][2] = 2;
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
    task = good;
    task.out[0][3] = 2;
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
    task = good;
    task.inputs = 5;
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
    task = good;
    task.start = 2;
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
    task = good;
    task.closing[0] = 4;
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
    task = good;
    memset(task.name, 'x', sizeof task.name);
    cr_assert_eq(carrynet_task_check(&task), CARRYNET_ERROR_ARGUMENT);
}

/* Every problem up to 7 steps: the automaton's output is the integer's sum or difference. */
static void check_arithmetic(const char *name)
{
    const carrynet_task *task = task_named(name);
    for (size_t steps = 2; steps <= 7; ++steps) {
        carrynet_batch batch;
        uint64_t cursor = 0, seen = 0;
        cr_assert_eq(carrynet_batch_create(&batch, task, 37, steps), CARRYNET_OK);
        for (size_t count; (batch.sequences = 37, count = carrynet_enumerate(task, &cursor, &batch)) > 0; seen += count)
            for (size_t s = 0; s < count; ++s) {
                const uint32_t *symbols = batch.symbols + s * batch.symbol_words;
                const uint64_t a = operand(symbols, 2, 0, steps), b = operand(symbols, 2, 1, steps);
                const uint64_t out = operand(batch.targets + s * batch.target_words, 1, 0, steps);
                cr_assert_lt(a, 1u << (steps - 1));
                cr_assert_eq(out, task->sign == '-' ? a - b : a + b);
                cr_assert(task->sign != '-' || a >= b);
            }
        cr_assert_eq(seen, carrynet_problem_count(task, steps));
        carrynet_batch_free(&batch);
    }
}

Test(tasks, add_adds)
{
    check_arithmetic("add");
    cr_assert_eq(carrynet_problem_count(task_named("add"), 8), 16384u);
}

Test(tasks, sub_subtracts)
{
    check_arithmetic("sub");
    cr_assert_eq(carrynet_problem_count(task_named("sub"), 8), 8256u);
}

Test(problems, packing_round_trips)
{
    for (uint32_t bits = 1; bits <= 4; ++bits) {
        uint32_t words[64];
        memset(words, 0xff, sizeof words);
        cr_assert_leq(carrynet_packed_words(bits, 100), sizeof words / sizeof words[0]);
        for (size_t t = 0; t < 100; ++t)
            carrynet_packed_set(words, bits, t, (uint32_t)(t * 7 + 3) % (1u << bits));
        for (size_t t = 0; t < 100; ++t)
            cr_assert_eq(carrynet_packed_get(words, bits, t), (t * 7 + 3) % (1u << bits));
    }
}

/* Any problem alone is the same as in its batch, for one word and for many. */
Test(problems, counter_source_needs_no_neighbours)
{
    const size_t lengths[] = {2, 8, 17, 18, 64, 65, 300};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
        const carrynet_task *task = task_named(i % 2 ? "sub" : "add");
        const carrynet_source source = carrynet_counter_source(task);
        carrynet_batch batch, one;
        cr_assert_eq(carrynet_batch_create(&batch, task, 50, lengths[i]), CARRYNET_OK);
        cr_assert_eq(carrynet_batch_create(&one, task, 1, lengths[i]), CARRYNET_OK);
        cr_assert_eq(source.fill(source.self, 9, 4, 0, 50, lengths[i], batch.symbols, batch.targets), CARRYNET_OK);
        for (size_t p = 0; p < 50; ++p) {
            cr_assert_eq(source.fill(source.self, 9, 4, p, 1, lengths[i], one.symbols, one.targets), CARRYNET_OK);
            cr_assert_arr_eq(one.symbols, batch.symbols + p * batch.symbol_words, 4 * batch.symbol_words);
            cr_assert_arr_eq(one.targets, batch.targets + p * batch.target_words, 4 * batch.target_words);
        }
        carrynet_batch_free(&one);
        carrynet_batch_free(&batch);
    }
}

/* Another seed, update or problem is another string; each operand bit is 1 about half of the time. */
Test(problems, counter_source_is_random)
{
    const carrynet_task *task = task_named("add");
    const carrynet_source source = carrynet_counter_source(task);
    uint32_t symbols[4096], targets[4096], others[4096];
    unsigned ones = 0, same = 0;
    cr_assert_eq(source.fill(source.self, 1, 0, 0, 4096, 8, symbols, targets), CARRYNET_OK);
    for (int other = 0; other < 3; ++other) {
        cr_assert_eq(
            source.fill(source.self, other == 0 ? 2 : 1, other == 1, other == 2 ? 4096 : 0, 4096, 8, others, targets),
            CARRYNET_OK);
        for (size_t p = 0; p < 4096; ++p)
            same += symbols[p] == others[p];
    }
    for (size_t p = 0; p < 4096; ++p)
        for (int bit = 0; bit < 14; ++bit)
            ones += symbols[p] >> bit & 1;
    cr_assert_lt(same, 20u);                                                       /* 0.75 expected */
    cr_assert(ones > 28672 - 600 && ones < 28672 + 600, "%u ones of 57344", ones); /* five standard deviations */
}

Test(problems, evaluation_set_obeys_the_task)
{
    for (size_t steps = 2; steps < 200; steps = steps * 2 + 1)
        for (int which = 0; which < 2; ++which) {
            const carrynet_task *task = task_named(which ? "sub" : "add");
            carrynet_batch batch;
            cr_assert_eq(carrynet_batch_create(&batch, task, 1, steps), CARRYNET_OK);
            for (uint64_t p = 0; p < 64; ++p) {
                uint32_t expected[16];
                carrynet_evaluation_problem(task, p, steps, batch.symbols, batch.targets);
                (void)carrynet_targets(task, task->start, batch.symbols, steps, expected);
                cr_assert_arr_eq(expected, batch.targets, 4 * batch.target_words);
                cr_assert_eq(carrynet_packed_get(batch.symbols, 2, steps - 1), 0u);
                if (which && steps <= 64)
                    cr_assert_geq(operand(batch.symbols, 2, 0, steps), operand(batch.symbols, 2, 1, steps));
            }
            carrynet_batch_free(&batch);
        }
}

Test(problems, explicit_source_checks_its_bounds)
{
    carrynet_batch batch;
    uint32_t symbols[8], targets[8];
    cr_assert_eq(carrynet_batch_create(&batch, task_named("add"), 4, 8), CARRYNET_OK);
    const carrynet_source source = carrynet_explicit_source(&batch);
    cr_assert_eq(source.fill(source.self, 0, 0, 0, 4, 8, symbols, targets), CARRYNET_OK);
    cr_assert_eq(source.fill(source.self, 0, 0, 1, 4, 8, symbols, targets), CARRYNET_ERROR_ARGUMENT);
    cr_assert_eq(source.fill(source.self, 0, 0, 0, 4, 9, symbols, targets), CARRYNET_ERROR_ARGUMENT);
    carrynet_batch_free(&batch);
}
