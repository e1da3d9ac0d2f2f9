/* carrynet plot of what `bench --json` measured and of what `states` wrote: their scripts, and files that are neither. */
#include "exchange/npz.h"
#include "program_run.h"
#include <math.h>

TestSuite(plot_measured, .init = program_enter, .fini = program_leave, .timeout = 120);

static const char bench[] =
    "{\"case\":\"train\",\"hidden\":16,\"bits\":8,\"batch\":4096,\"nets\":1,\"device\":\"a device\","
    "\"sequences_per_second\":4e6,\"windows\":[3e6,4e6,5e6],\"share_of_peak\":0.5}\n"
    "\n"
    "{\"case\":\"train\",\"hidden\":7,\"bits\":8,\"batch\":64,\"nets\":3,\"device\":\"a device\","
    "\"sequences_per_second\":1e7,\"windows\":[],\"share_of_peak\":0.25}\n";

static void write_text(const char *name, const char *text)
{
    program_write(name, text, strlen(text));
}

Test(plot_measured, a_case_of_bench_is_a_point)
{
    write_text("bench.jsonl", bench);
    struct program_result result = PROGRAM("plot", "bench.jsonl", "--script");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "\n0 4000000 3000000 5000000 0.5\n1 10000000 10000000 10000000 0.25\nEOD\n");
    EXPECT_SAYS(result.out, "'16 8 4096' 0, '7 8 64 x3' 1)");
    EXPECT_SAYS(result.out, "a device");
    program_done(&result);
    EXPECT_ERROR(2, "is what bench measured", "plot", "bench.jsonl", "--by", "lr", "--script");
}

Test(plot_measured, refuses_what_bench_does_not_write)
{
    write_text("bench.jsonl", "{\"sequences_per_second\":4e6,\"hidden\":16}\n");
    EXPECT_ERROR(4, "line 1: hidden, bits, batch, nets, sequences_per_second and share_of_peak must be positive",
                 "plot", "bench.jsonl", "--script");
    write_text("bench.jsonl",
               "{\"sequences_per_second\":4e6,\"hidden\":16,\"bits\":8,\"batch\":1,\"nets\":1,\"share_of_peak\":1,"
               "\"windows\":[0]}\n");
    EXPECT_ERROR(4, "line 1: a window is no positive number", "plot", "bench.jsonl", "--script");
    write_text("bench.jsonl", "{\"sequences_per_second\":4e6,\n");
    EXPECT_ERROR(4, "line 1: ", "plot", "bench.jsonl", "--script");
}

/* A network of the original scripts' recipe, which has both carries and both bits among its states. */
static void write_states(const char *task)
{
    struct program_result result =
        PROGRAM("train", "--task", task, "--device", "reference", "--updates", "3", "--hidden", "4", "-q", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("states", "m", "--problems", "50", "-o", "h.npz");
    EXPECT_CODE(result, 0);
    program_done(&result);
}

Test(plot_measured, states_are_points_by_state_and_bit)
{
    write_states("add");
    struct program_result result = PROGRAM("plot", "h.npz", "--script");
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "350 of 400 states, 4 hidden units");
    size_t points = 0;
    for (const char *at = strstr(result.out, "$s0_0 << EOD\n"); at != NULL && *at != '\0'; ++at) {
        double x, y;
        points += at[0] == '\n' && sscanf(at + 1, "%lf %lf", &x, &y) == 2;
    }
    cr_expect_eq(points, 350);
    const char *const titles[] = {"state 0, bit 0", "state 0, bit 1", "state 1, bit 0", "state 1, bit 1"};
    for (size_t i = 0; i < 4; ++i)
        EXPECT_SAYS(result.out, titles[i]);
    program_done(&result);
    result = PROGRAM("plot", "h.npz", "-o", "h.svg");
    EXPECT_CODE(result, 0);
    program_done(&result);
    EXPECT_ERROR(2, "h.npz is a file of states", "plot", "h.npz", "--chart", "map", "--script");
}

Test(plot_measured, refuses_other_arrays)
{
    struct program_result result =
        PROGRAM("train", "--device", "reference", "--updates", "1", "--hidden", "4", "-q", "-o", "m");
    EXPECT_CODE(result, 0);
    program_done(&result);
    result = PROGRAM("export", "m", "-o", "w.npz");
    EXPECT_CODE(result, 0);
    program_done(&result);
    EXPECT_ERROR(4, "w.npz: has no array h: plot draws what `carrynet states` writes", "plot", "w.npz", "--script");
    program_write("torn.npz", "PK\3\4 and no more", 16);
    EXPECT_ERROR(4, "torn.npz", "plot", "torn.npz", "--script");
}

/* Two steps of one problem with one unit; each value that cannot be is named. */
Test(plot_measured, refuses_states_that_cannot_be)
{
    static const struct {
        float h, y;
        double state;
        const char *says;
    } wrong[] = {
        {NAN, 0.5F, 1, "step 0 of problem 0"},
        {0.5F, NAN, 1, "step 0 of problem 0"},
        {0.5F, 1.5F, 1, "step 0 of problem 0"},
        {0.5F, 0.5F, 0.5, "array state has a value that is no state, 0.5"},
        {0.5F, 0.5F, 1000, "array state has a value that is no state, 1000"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        const float h[] = {wrong[i].h, 0.25F}, y[] = {wrong[i].y, 0.25F};
        const double state[] = {0, wrong[i].state};
        const uint8_t target[] = {1, 0};
        const npz_array arrays[] = {
            {"h", NPZ_FLOAT, sizeof *h, 3, {1, 2, 1}, h, sizeof h},
            {"y", NPZ_FLOAT, sizeof *y, 3, {1, 2, 1}, y, sizeof y},
            {"target", NPZ_UNSIGNED, 1, 3, {1, 2, 1}, target, sizeof target},
            {"state", NPZ_FLOAT, sizeof *state, 2, {1, 2}, state, sizeof state},
        };
        cr_assert_eq(npz_write("h.npz", arrays, sizeof arrays / sizeof arrays[0]), CARRYNET_OK);
        EXPECT_ERROR(4, wrong[i].says, "plot", "h.npz", "--script");
    }
}
