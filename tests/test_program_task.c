/*
 * Tasks on the command line: the table as text, JSON and drawing; --minimise and --equal; training, eval, run and show
 * with built-in tasks and files; and files that are no tasks, each refused with its name and field.
 */
#include "program_run.h"
#include <jansson.h>

TestSuite(program_task, .init = program_enter, .fini = program_leave);

static void write_text(const char *path, const char *text)
{
    program_write(path, text, strlen(text));
}

/* One state, one bit in and out: what the tests change. */
static const char negate[] = "{\"name\": \"not\", \"inputs\": 1, \"outputs\": 1, \"states\": 1, \"start\": 0,\n"
                             " \"next\": [[0, 0]], \"out\": [[1, 0]]}\n";

/* ---- the command ----------------------------------------------------------------------------------------------- */

Test(program_task, list_and_table)
{
    struct program_result result = PROGRAM("task");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "tomita7 ");
    EXPECT_SAYS(result.out, "a + b + c");
    program_done(&result);
    result = PROGRAM("task", "add");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "  state   00   10   01   11\n      0  0/0  0/1  0/1  1/0\n      1  0/1  1/0  1/0  1/1\n");
    program_done(&result);
    result = PROGRAM("task", "sub", "--dot");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "digraph \"sub\" {");
    EXPECT_SAYS(result.out, "0 -> 1 [label=\"01/1\"];");
    EXPECT_SAYS(result.out, "0 -> 0 [label=\"00/0\\n10/1\\n11/0\"];");
    program_done(&result);
    result = PROGRAM("task", "compare", "--minimise");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "2 states");
    program_done(&result);
}

/* What --json prints is what a file holds, for every built-in task; tables are 79 columns wide. */
Test(program_task, json_is_the_form_of_a_file)
{
    static const char *const names[] = {"add",     "sub",     "add3",    "compare", "times3",  "parity",  "delay2",
                                        "tomita1", "tomita2", "tomita3", "tomita4", "tomita5", "tomita6", "tomita7"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        struct program_result one = PROGRAM("task", names[i], "--json");
        EXPECT_CODE(one, 0);
        write_text("mine.json", one.out);
        struct program_result again = PROGRAM("task", "mine.json", "--json");
        EXPECT_CODE(again, 0);
        cr_expect_str_eq(again.out, one.out);
        program_done(&again);
        again = PROGRAM("task", "--equal", names[i], "mine.json");
        EXPECT_CODE(again, 0);
        EXPECT_SAYS(again.out, "Equal");
        program_done(&again);
        again = PROGRAM("task", names[i]);
        for (char *line = strtok(again.out, "\n"); line != NULL; line = strtok(NULL, "\n"))
            cr_expect_leq(strlen(line), 79u, "%s", line);
        program_done(&again);
        program_done(&one);
    }
}

Test(program_task, equal_shows_a_shortest_word)
{
    struct program_result result = PROGRAM("task", "--equal", "add", "sub");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "after 2 symbols: 01 00\nThen add writes 0, sub writes 1");
    program_done(&result);
    result = PROGRAM("task", "--equal", "add", "sub", "--json");
    EXPECT_CODE(result, 1);
    json_t *object = json_loads(result.out, 0, NULL);
    cr_assert(json_is_false(json_object_get(object, "equal")));
    cr_assert_eq(json_array_size(json_object_get(object, "word")), 2u);
    json_decref(object);
    program_done(&result);
    result = PROGRAM("task", "--equal", "add", "parity");
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "add reads 2 bits a step");
    program_done(&result);
}

Test(program_task, wrong_command_lines)
{
    EXPECT_ERROR(2, "did you mean 'parity'", "task", "party");
    EXPECT_ERROR(2, "neither a built-in task nor a file", "train", "--task", "multiply");
    EXPECT_ERROR(4, "nowhere.json: cannot open", "train", "--task", "nowhere.json");
    EXPECT_ERROR(4, "is a folder", "task", ".");
    EXPECT_ERROR(2, "--equal needs two tasks", "task", "--equal", "add");
    EXPECT_ERROR(2, "one task too many", "task", "add", "sub");
    EXPECT_ERROR(2, "leave one out", "task", "add", "--dot", "--json");
    EXPECT_ERROR(2, "leave out --dot", "task", "--equal", "add", "sub", "--dot");
    EXPECT_ERROR(2, "which task", "task", "--minimise");
}

/* ---- the whole way --------------------------------------------------------------------------------------------- */

/* Trains, counts, asks and shows; `answer` is that to the words of `number` and its end. */
static void check_task(const char *task, const char *updates, const char *number, const char *answer, const char *shown)
{
    struct program_result result = PROGRAM("train", "--task", task, "--seed", "1", "--max-updates", updates, "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("eval", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("run", "m", number);
    EXPECT_CODE(result, 0);
    cr_expect_str_eq(result.out, answer, "%s", task);
    program_done(&result);
    result = PROGRAM("show", "m", number);
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, shown);
    program_done(&result);
}

Test(program_task, one_operand)
{
    write_text("not.json", negate);
    check_task("parity", "5000", "93", "75\n", "93 -> 75, and so says the network.");
    check_task("delay2", "5000", "93", "116\n", "93 -> 116");
    check_task("tomita1", "5000", "55", "7\n", "55 -> 7");
    check_task("times3", "5000", "93", "279\n", "  carry  ");
    check_task("./not.json", "5000", "5", "2\n", "  state  ");
    EXPECT_ERROR(2, "more than one number; write one number, such as 93", "run", "m", "1", "2");
    EXPECT_ERROR(2, "'x' is not a whole number; write one number", "run", "m", "x");
}

Test(program_task, several_operands)
{
    check_task("compare", "5000", "93 38", "89\n", "93 38 -> 89");
    struct program_result result =
        PROGRAM("train", "--task", "add3", "--bits", "5", "--updates", "20", "-o", "m", "--seed", "1");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.err, "3-bit operands, 5 steps");
    program_done(&result);
    result = PROGRAM("show", "m", "1", "2", "+", "3");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "1 + 2 + 3 = 6");
    program_done(&result);
    EXPECT_ERROR(2, "too few numbers; write 3 numbers, such as 29 + 38 + 21", "run", "m", "1", "2");
    EXPECT_ERROR(2, "bits", "train", "--task", "add3", "--bits", "2");
}

/* Four operands and four outputs: each output is an operand, the last one step late and 1 at first. */
Test(program_task, widest_symbols)
{
    FILE *file = fopen("wide.json", "w");
    cr_assert_not_null(file);
    (void)fprintf(file, "{\"name\": \"wide\", \"inputs\": 4, \"outputs\": 4, \"states\": 2, \"start\": 1, \"next\": [");
    for (int q = 0; q < 2; ++q)
        for (int a = 0; a < 16; ++a)
            (void)fprintf(file, "%s%d%s", a == 0 ? "[" : ",", a >> 3, a == 15 ? q == 0 ? "]," : "]" : "");
    (void)fprintf(file, "], \"out\": [");
    for (int q = 0; q < 2; ++q)
        for (int a = 0; a < 16; ++a)
            (void)fprintf(file, "%s%d%s", a == 0 ? "[" : ",", (a & 7) | q << 3, a == 15 ? q == 0 ? "]," : "]" : "");
    (void)fprintf(file, "]}");
    (void)fclose(file);
    struct program_result result = PROGRAM("task", "wide.json");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "      1    1111       1/1111\n");
    program_done(&result);
    result = PROGRAM("train", "--task", "wide.json", "--bits", "4", "--updates", "20", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("show", "m", "1", "2", "3", "4");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "1 2 3 4 -> 1 2 3 1");
    program_done(&result);
}

/* Writes a table of random entries. */
static void write_random(const char *path, unsigned inputs, unsigned outputs, unsigned states)
{
    uint64_t random = states;
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fprintf(file, "{\"name\": \"random\", \"inputs\": %u, \"outputs\": %u, \"states\": %u, \"start\": %u,\n",
                  inputs, outputs, states, states - 1);
    (void)fprintf(file, " \"closing\": [1, 0]");
    for (int table = 0; table < 2; ++table) {
        (void)fprintf(file, ",\n \"%s\": [", table == 0 ? "next" : "out");
        for (unsigned i = 0; i < states << inputs; ++i) {
            const unsigned symbol = i & ((1u << inputs) - 1);
            random = random * 6364136223846793005u + 1442695040888963407u;
            (void)fprintf(file, "%s%s%u",
                          i == 0        ? ""
                          : symbol == 0 ? "],\n"
                                        : ", ",
                          symbol == 0 ? "[" : "", (unsigned)(random >> 33) % (table == 0 ? states : 1u << outputs));
        }
        (void)fprintf(file, "]]");
    }
    (void)fprintf(file, "}\n");
    (void)fclose(file);
}

/* Tables of all sizes, in both ways that kernels hold them, give a device the bits of the reference. */
Test(program_task, same_bits_on_a_device)
{
    static const struct {
        const char *task;
        unsigned inputs, outputs, states; /* of a file */
    } tasks[] = {{"add3", 0, 0, 0}, {"r.json", 4, 4, 200}, {"r.json", 1, 1, 256}, {"r.json", 1, 3, 16}};
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; ++i) {
        if (tasks[i].inputs > 0)
            write_random(tasks[i].task, tasks[i].inputs, tasks[i].outputs, tasks[i].states);
        for (int device = 0; device < 2; ++device) {
            struct program_result result =
                PROGRAM("sweep", "--task", tasks[i].task, "--hidden", "5", "--sequences", "1000", "-q", "--device",
                        device == 0 ? "reference" : "0:0", "-o", device == 0 ? "reference.csv" : "device.csv");
            if (device == 1 && result.code == 3) {
                program_done(&result);
                (void)printf("\nSKIP: no OpenCL device\n");
                (void)fflush(stdout);
                return;
            }
            EXPECT_CODE(result, 0);
            program_done(&result);
        }
        char *one = program_file("reference.csv", NULL), *other = program_file("device.csv", NULL);
        cr_assert_not_null(one);
        cr_expect_str_eq(one, other, "%s with %u states", tasks[i].task, tasks[i].states);
        free(one);
        free(other);
        cr_assert_eq(system("rm reference*.csv device*.csv"), 0);
    }
}

/* A row names a table from a file by its digest; who makes it again brings the file. */
Test(program_task, sweep_of_a_file)
{
    static const char *const sweep[] = {CARRYNET_PROGRAM, "sweep", "--task", "not.json", "--hidden", "2,3",
                                        "--seeds",        "2",     "-q",     NULL};
    static const char *const device[] = {"CARRYNET_DEVICE=reference", NULL};
    write_text("not.json", negate);
    struct program_result result = program_run("", device, sweep);
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *table = program_file("sweep.csv", NULL);
    const char *task = strstr(table, ",not:");
    cr_assert_not_null(task);
    EXPECT_ERROR(2, "is not in sweep.csv: give its file with --task", "reproduce", "sweep.csv", "3");
    EXPECT_ERROR(2, "row 3 is of task not:", "reproduce", "sweep.csv", "3", "--task", "parity");
    result = PROGRAM("reproduce", "sweep.csv", "3", "--task", "not.json", "-o", "m");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "the same bits");
    program_done(&result);
    result = PROGRAM("run", "m", "5");
    cr_expect_str_eq(result.out, "2\n");
    program_done(&result);
    /* The rest of a table that was cut short, and two shards joined, give the same file. */
    char *row = strstr(strstr(table, "\n") + 1, "\n") + 1;
    program_write("sweep.csv", table, (size_t)(row - table));
    result = PROGRAM("sweep", "--task", "not.json", "--hidden", "2,3", "--seeds", "2", "-q", "--resume");
    EXPECT_CODE(result, 0);
    program_done(&result);
    for (int shard = 1; shard <= 2; ++shard) {
        const char *const part = shard == 1 ? "1/2" : "2/2", *const name = shard == 1 ? "1.csv" : "2.csv";
        result = PROGRAM("sweep", "--task", "not.json", "--hidden", "2,3", "--seeds", "2", "-q", "--shard", part, "-o",
                         name);
        EXPECT_CODE(result, 0);
        program_done(&result);
    }
    result = PROGRAM("merge", "1.csv", "2.csv", "-o", "merged.csv");
    EXPECT_CODE(result, 0);
    program_done(&result);
    char *resumed = program_file("sweep.csv", NULL), *merged = program_file("merged.csv", NULL);
    cr_expect_str_eq(resumed, table);
    cr_expect_str_eq(merged, table);
    free(resumed);
    free(merged);
    /* A changed table is another task; the name alone is none. */
    write_text("not.json", "{\"name\": \"not\", \"inputs\": 1, \"outputs\": 1, \"states\": 1, \"start\": 0,"
                           " \"next\": [[0, 0]], \"out\": [[0, 1]]}");
    EXPECT_ERROR(2, "but this table is not:", "reproduce", "sweep.csv", "3", "--task", "not.json");
    for (char *place = table; (place = strstr(place, ",not:")) != NULL; ++place)
        place[4] = ';';
    write_text("bad.csv", table);
    EXPECT_ERROR(4, "column task is 'not;", "reproduce", "bad.csv", "3");
    free(table);
}

/* ---- files that are no tasks ----------------------------------------------------------------------------------- */

static void expect_refused(const char *old, const char *new_text, const char *part)
{
    char text[4096];
    const char *place = strstr(negate, old);
    cr_assert_not_null(place, "%s", old);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(place - negate), negate, new_text, place + strlen(old));
    write_text("bad.json", text);
    EXPECT_ERROR(4, "bad.json: ", "task", "bad.json");
    EXPECT_ERROR(4, part, "train", "--task", "bad.json");
}

Test(program_task, files_that_are_no_tasks)
{
    static const char *const changes[][3] = {
        {"{\"name\"", "{\"nome\"", "there is no field 'nome'"},
        {"\"name\": \"not\", ", "", "name is missing"},
        {"\"not\"", "\"\"", "name is missing or not"},
        {"\"not\"", "\"a/b\"", "name is 'a/b'"},
        {"\"not\"", "\"a,b\"", "name is 'a,b'"},
        {"\"not\"", "\"-o\"", "begin with neither"},
        {"\"not\"", "\"\\u001b[2J\"", "printable"},
        {"\"not\"", "\"0123456789012345678901234567890123\"", "1 to 31"},
        {"\"inputs\": 1", "\"inputs\": 0", "inputs is missing or not a whole number from 1 to 4"},
        {"\"inputs\": 1", "\"inputs\": 5", "inputs"},
        {"\"inputs\": 1", "\"inputs\": 1.5", "inputs"},
        {"\"inputs\": 1", "\"inputs\": 2", "next, state 0"},
        {"\"outputs\": 1", "\"outputs\": 5", "outputs"},
        {"\"states\": 1", "\"states\": 257", "states is missing or not a whole number from 1 to 256"},
        {"\"states\": 1", "\"states\": 2", "next is missing or not an array of 2 rows"},
        {"\"start\": 0", "\"start\": 1", "start"},
        {"\"start\": 0,", "", "start is missing"},
        {"\"start\": 0", "\"start\": 0, \"closing\": [2]", "closing: entry 0 is not a whole number below 2"},
        {"\"start\": 0", "\"start\": 0, \"closing\": 0", "closing"},
        {"\"start\": 0", "\"start\": 0, \"closing\": [0,0,0,0,0,0,0,0,0]", "closing has more than 8"},
        {"\"start\": 0", "\"start\": 0, \"constraint\": \"odd\"", "constraint is neither"},
        {"\"start\": 0", "\"start\": 0, \"constraint\": \"not-less\"", "needs two operands"},
        {"\"start\": 0", "\"start\": 0, \"constraint\": 0", "constraint"},
        {"\"start\": 0", "\"start\": 0, \"sign\": \"++\"", "sign"},
        {"\"start\": 0", "\"start\": 0, \"sign\": \"7\"", "the sign must be"},
        {"\"start\": 0", "\"start\": 0, \"start\": 0", "not a JSON object"},
        {"[[0, 0]]", "[[0, 1]]", "next, state 0: entry 1 is not a whole number below 1"},
        {"[[0, 0]]", "[0, 0]", "next"},
        {"[[0, 0]]", "[[0, 0], [0, 0]]", "next is missing or not an array of 1 rows"},
        {"[[1, 0]]", "[[2, 0]]", "out, state 0: entry 0 is not a whole number below 2"},
        {"[[1, 0]]", "[[1]]", "out, state 0"},
        {"[[1, 0]]", "[[1, -1]]", "out, state 0: entry 1"},
        {"]}", "]", "line 3"},
        {"{", "[", "not a JSON object"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; ++i)
        expect_refused(changes[i][0], changes[i][1], changes[i][2]);
    program_write("bad.json", "", 0);
    EXPECT_ERROR(4, "bad.json: ", "task", "bad.json");
    program_write("bad.json", negate, sizeof negate); /* with its zero byte */
    EXPECT_ERROR(4, "zero byte", "task", "bad.json");
    char *large = calloc(1, 1 << 20);
    cr_assert_not_null(large);
    memset(large, '[', (1 << 20) - 1);
    program_write("bad.json", large, (1 << 20) - 1);
    EXPECT_ERROR(4, "bad.json: ", "task", "bad.json");
    memset(large, ' ', 1 << 20);
    program_write("bad.json", large, 1 << 20);
    EXPECT_ERROR(4, "bad.json: ", "task", "bad.json");
    free(large);
    program_train("m.safetensors"); /* a model is no task */
    EXPECT_ERROR(4, "m.safetensors: ", "task", "m.safetensors");
}

/* No cut and no changed byte of a good file does more than be refused, or give a table. */
Test(program_task, damaged_files)
{
    char text[sizeof negate];
    for (size_t i = 0; i + 2 < sizeof negate; i += 7) {
        struct program_result result;
        program_write("bad.json", negate, i);
        EXPECT_ERROR(4, "bad.json: ", "task", "bad.json");
        memcpy(text, negate, sizeof negate);
        text[i] = (char)(text[i] ^ 0x91);
        program_write("bad.json", text, sizeof text - 1);
        result = PROGRAM("task", "bad.json");
        cr_expect(result.code == 0 || result.code == 4, "exit code %d: %s", result.code, result.err);
        program_done(&result);
    }
}
