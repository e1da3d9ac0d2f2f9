/*
 * compare --bisect: kernels that are changed, one operation at a time, are each located to that operation; a right
 * device shows nothing; and the folder that is written shows the fault alone, with no Carrynet.
 *
 * CARRYNET_ALL_CHANGES=1 in the environment locates those of the second list too, in a minute or two.
 */
#include "tests/kernel_changes.h"
#include "tests/program_run.h"

/* A change of a kernel, a case that shows it, and what is to be found. */
struct change {
    const char *file, *from, *to, *in_case;
    carrynet_kernel_variant shape;
    const char *kernel, *operation, *tensor;
};

#define CPU CARRYNET_KERNEL_VARIANT_SIMD
#define GPU CARRYNET_KERNEL_VARIANT_SIMT

static const struct change changes[] = {
    {"simd_pack.cl", "sum = plus_real(sum, w_xh[i * H + j]);", "sum = sum - w_xh[i * H + j];", "one-unit", CPU,
     "simd_pack", "packing of the weights", "packed input rows"},
    {"simd_forward.cl", "y_out[at] = ys[i];", "y_out[at] = ys[i] * 0.9999999f;", "one-unit", CPU, "simd_forward",
     "sigmoid of the logits", "y"},
    {"simd_rows.cl", "flush(acc[r][v] * (x * (REAL(0x1p0) - x)))", "flush(acc[r][v] * x * (REAL(0x1p0) - x))",
     "one-unit", CPU, "simd_gradient", "backward step", "dh"},
    {"sum_tree.h", "part = plus((levels)[(size_t)level * (stride)], part);",
     "part = (levels)[(size_t)level * (stride)];", "one-unit", CPU, "reduce", "reduction tree", "loss"},
    {"update.cl", "bits += counts[2 * ((size_t)network * step->chunks + chunk)];",
     "bits += counts[2 * ((size_t)network * step->chunks + chunk)] + 1;", "one-unit", CPU, "reduce", "metrics",
     "wrong bits, wrong sequences"},
    {"update.cl", "product(rest, product(q, q))", "product(product(rest, q), q)", "one-unit", CPU, "apply", "update",
     "second moment"},
    {"update.cl", "fma(square_root(v), REAL(0x1p-20), epsilon)", "fma(square_root(v), REAL(0x1p-20), REAL(0x0p0))",
     "one-unit", CPU, "apply", "update", "weights"},
    {"generated.cl", "next |= ((vword)(task[CARRYNET_AUTOMATON_NEXT + b]) >> index",
     "next |= ((vword)(task[CARRYNET_AUTOMATON_NEXT + b]) << index", "one-unit", CPU, "generate",
     "generation of the problems", "targets"},
};

/* These compile more. */
static const struct change more_changes[] = {
    {"simd_rows.cl", "bucket[v] = plus(bucket[v], d[v]);", "bucket[v] = bucket[v] + d[v] * REAL(0x1.000002p0);",
     "one-unit", CPU, "simd_gradient", "gradient of a block", "buckets of dw_xh"},
    {"simd_forward.cl", "z = (vreal)(((const global real *)(mine + PACKED_B_Y + o))[0]) + z;", "z = z + z;", "one-unit",
     CPU, "simd_forward", "logits", "z"},
    {"arithmetic.h", "p = fused(p, f, REAL(0x1.62e42ap-1));", "p = fused(p, f, REAL(0x1.62f42ap-1));", "smallest", CPU,
     "simd_pack", "sigmoid", "sigmoids of the input rows"},
    {"simd_block.cl", "acc[r][v] = fma(x, w[v], acc[r][v]);", "acc[r][v] = fma(x, -w[v], acc[r][v]);", "smallest", CPU,
     "simd_forward", "forward step", "h"},
    {"simd_block.cl", "slope = e * (output * (one - output));", "slope = e * output * (one - output);", "odd", CPU,
     "simd_gradient", "output and its delta", "dy"},
    {"simd_rows.cl", "out[o][v] = fma(h_next[v], (vreal)(step->dy[o * step->rows + s]), out[o][v]);",
     "out[o][v] = h_next[v];", "odd", CPU, "simd_gradient", "gradient of a block", "dw_hy"},
    {"simd_rows.cl", "row[v] = flush(row[v] + CARRYNET_PASTE(vload, LANES)(v, noise));", "row[v] = flush(row[v]);",
     "noise-odd", CPU, "simd_gradient", "forward step", "h"},
    {"update.cl", "chain = fma(q, q, chain);", "chain = product(q, q);", "clip", CPU, "clip", "clipping", "factor"},
    {"update.cl", "return norm <= c ? REAL(0x1p0) : quotient(c, norm);", "return REAL(0x1p0);", "clip", CPU, "clip",
     "clipping", "factor"},
    {"sum_tree.h", "part = plus((levels)[(size_t)level * (stride)], part);", "part = part + part;", "many-blocks", CPU,
     "reduce", "reduction tree", "loss"},
    {"simd_interleaved_block.cl", "out[o][u] = fma(h[s * H + u], dy[s * O + o], out[o][u]);",
     "out[o][u] = fma(h[s * H + u], -dy[s * O + o], out[o][u]);", "abreast", CPU, "simd_gradient",
     "gradient of a block", "dw_hy"},
    {"simd_networks.cl", "g->w_hy[o * H + j] = w_hy[j * O + o];", "g->w_hy[o * H + j] = w_hy[j * O];", "networks", CPU,
     "simd_networks", "output and its delta", "dy"},
    {"simd_train.cl", "now.first_rate = u * pass.networks * CARRYNET_RATES;", "now.first_rate = 0;", "default", CPU,
     "simd_train", "update", "weights"},
    {"simt_sequences.cl", "flush(sum[0] * (x.s0 * (one - x.s0)))", "flush(sum[0] * x.s0 * (one - x.s0))", "wide-64",
     GPU, "simt_deltas", "backward step", "dh"},
    {"simt_gradient.cl", "sum = fma(*from, *to, sum);", "sum = sum + *from * *to * 1.0000001f;", "one-unit", GPU,
     "simt_gradient", "reduction tree in a chunk", "sum of dw_hy"},
    {"simt_stages.cl", "w_hy[o] = fma(x, slopes", "w_hy[o] = fma(-x, slopes", "wide-64", GPU, "simt_sums",
     "reduction tree in a chunk", "sum of dw_hy"},
    {"simt_pack.cl", "packed_hh(p, 1, e", "packed_hh(p, 0, e", "wide-64", GPU, "simt_pack", "packing of the weights",
     "packed transpose of w_hh"},
};

static size_t case_index(const char *name)
{
    size_t i = 0;
    while (i < carrynet_case_count() && strcmp(carrynet_case_name(i), name) != 0)
        ++i;
    return i;
}

static bool begin(void)
{
    carrynet_device device;
    if (carrynet_device_find(&device, "0:0") != CARRYNET_OK) {
        (void)printf("\nSKIP: no OpenCL device\n");
        (void)fflush(stdout);
        return false;
    }
    program_enter();
    return true;
}

static carrynet_engine_options options_of(carrynet_kernel_variant variant)
{
    carrynet_engine_options options;
    carrynet_engine_options_init(&options);
    options.device = "0:0";
    options.kernel_variant = variant;
    return options;
}

static void expect_located(const struct change *c)
{
    carrynet_difference first, smallest, found;
    /* Of many updates in a launch only the last can be looked into: the fewest that show it tell more. */
    const bool whole = strcmp(c->file, "simd_train.cl") == 0 || strcmp(c->file, "simd_networks.cl") == 0;
    const carrynet_engine_options options = options_of(c->shape);
    cr_assert_eq(carrynet_kernels_dump("kernels"), CARRYNET_OK, "%s", carrynet_message());
    kernel_change("kernels", c->file, c->from, c->to);
    cr_assert_eq(setenv("CARRYNET_KERNEL_DIR", "kernels", 1), 0);
    cr_assert_eq(carrynet_case_bisect(&first, whole ? &smallest : NULL, case_index(c->in_case), &options, NULL),
                 CARRYNET_OK, "%s: %s", c->from, carrynet_message());
    found = whole ? smallest : first;
    cr_assert_eq(unsetenv("CARRYNET_KERNEL_DIR"), 0);
    cr_expect(found.found, "%s", c->from);
    cr_expect_str_eq(found.kernel, c->kernel, "%s: in %s, %s", c->from, found.kernel, found.tensor);
    cr_expect_str_eq(found.operation, c->operation, "%s: in %s, %s", c->from, found.kernel, found.tensor);
    cr_expect_str_eq(found.tensor, c->tensor, "%s: in %s, %s", c->from, found.kernel, found.tensor);
}

Test(bisect, a_changed_kernel_is_located_to_the_operation)
{
    if (!begin())
        return;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; ++i)
        expect_located(&changes[i]);
    const char *all = getenv("CARRYNET_ALL_CHANGES");
    for (size_t i = 0; all != NULL && i < sizeof more_changes / sizeof more_changes[0]; ++i)
        expect_located(&more_changes[i]);
    program_leave();
}

/* The launches of every cut, by the layouts that the checks know. */
Test(bisect, a_right_device_shows_nothing)
{
    static const struct {
        const char *name;
        carrynet_kernel_variant shape;
    } right[] = {{"one-unit", CPU}, {"one-unit", GPU}, {"seeds", CPU}, {"abreast", CPU}, {"networks", CPU}};
    if (!begin())
        return;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; ++i) {
        carrynet_difference first, smallest;
        const carrynet_engine_options options = options_of(right[i].shape);
        cr_expect_eq(carrynet_case_bisect(&first, &smallest, case_index(right[i].name), &options, "nothing"),
                     CARRYNET_OK, "%s", carrynet_message());
        cr_expect_not(first.found, "%s: %s, %s, %s", right[i].name, first.kernel, first.tensor, first.element);
        cr_expect_neq(access("nothing", F_OK), 0);
    }
    program_leave();
}

/* Compiles and runs the program that was written, in its folder; its exit code. */
static int reproduce(const char *folder)
{
    char command[512];
    (void)snprintf(command, sizeof command, "cd %s && %s repro.c -o repro -lOpenCL && ./repro > said.txt 2>&1", folder,
                   CARRYNET_CC);
    const int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(bisect, the_folder_shows_the_difference_alone)
{
    const char *const variables[] = {"CARRYNET_KERNEL_DIR=kernels", NULL};
    const char *const words[] = {CARRYNET_PROGRAM, "compare",  "--device", "0:0", "--kernel-shape", "cpu",
                                 "--case",         "smallest", "--bisect", "-o",  "report",         NULL};
    if (!begin())
        return;
    cr_assert_eq(carrynet_kernels_dump("kernels"), CARRYNET_OK, "%s", carrynet_message());
    kernel_change("kernels", "update.cl", "flush(fma(rate, numerator, kept))", "flush(fma(rate, -numerator, kept))");
    struct program_result result = program_run("", variables, words);
    EXPECT_CODE(result, 1);
    EXPECT_SAYS(result.out, "kernel     apply\n  operation  update\n  tensor     weights\n");
    EXPECT_SAYS(result.out, "2 inputs, 1 hidden, 1 outputs; 2 steps, ");
    EXPECT_SAYS(result.out, "batch 1, 1 network, 1 update\n");
    EXPECT_SAYS(result.out, "Wrote report: cc repro.c -lOpenCL && ./a.out there shows it alone");
    program_done(&result);
    cr_assert_eq(reproduce("report"), 1);
    char *said = program_file("report/said.txt", NULL);
    EXPECT_SAYS(said, "weights differs at [0][");
    free(said);
    /* The same kernel as it should be, as on a right device. */
    kernel_change("report", "kernel.cl", "flush(fma(rate, -numerator, kept))", "flush(fma(rate, numerator, kept))");
    cr_assert_eq(reproduce("report"), 0);
    said = program_file("report/said.txt", NULL);
    EXPECT_SAYS(said, " values are right\n");
    free(said);
    program_leave();
}

Test(bisect, a_right_device_and_wrong_words)
{
    if (!begin())
        return;
    struct program_result result = program_run(
        "", NULL,
        PROGRAM_WORDS("compare", "--device", "0:0", "--kernel-shape", "cpu", "--case", "one-unit", "--bisect"));
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "the same bits as plain C");
    program_done(&result);
    cr_expect_neq(access("bisect-one-unit", F_OK), 0);
    EXPECT_ERROR(2, "name another device", "compare", "--bisect");
    EXPECT_ERROR(2, "-o says where --bisect writes", "compare", "-o", "report");
    program_leave();
}

/* Where --device names none, too. */
Test(bisect, a_device_that_is_not_admitted_is_looked_at)
{
    const char *const variables[] = {"CARRYNET_KERNEL_DIR=kernels", NULL};
    if (!begin())
        return;
    cr_assert_eq(carrynet_kernels_dump("kernels"), CARRYNET_OK, "%s", carrynet_message());
    kernel_change("kernels", "admission.cl", "result(results, first, 2, a + b);", "result(results, first, 2, a - b);");
    struct program_result result =
        program_run("", variables, PROGRAM_WORDS("compare", "--kernel-shape", "cpu", "--case", "smallest"));
    EXPECT_CODE(result, 3);
    EXPECT_SAYS(result.err, "addition differs from IEEE 754");
    program_done(&result);
    result =
        program_run("", variables, PROGRAM_WORDS("compare", "--kernel-shape", "cpu", "--case", "smallest", "--bisect"));
    EXPECT_CODE(result, 0);
    EXPECT_SAYS(result.out, "the same bits as plain C");
    program_done(&result);
    program_leave();
}
