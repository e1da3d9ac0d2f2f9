/*
 * The trainer's kernels: which files make a program, which constants they are compiled with, and the work-groups that
 * suit them. A program is built when one of its kernels is first needed.
 */
#include "backend/opencl/trainer.h"
#include <stdio.h>
#include <string.h>

enum { CPU_GROUP = 32, GPU_GROUP = 256, MOST_FILES = 16, MOST_OPTIONS = 512 };

struct program {
    const char *simd[MOST_FILES]; /* files of the SIMD variant, NULL after the last */
    const char *simt[MOST_FILES];
    bool shapeless; /* knows no hidden units: a compiler's cache serves many networks */
};

/* In place of the first, where blocks are lane-interleaved, the others. */
static const char rows_file[] = "simd_rows.cl";
static const char *const interleaved_files[] = {"simd_interleaved_block.cl", "simd_interleaved.cl"};

/*
 * A program for each step, since a compiler's time for a kernel grows with the program around it, and a run needs few
 * of them.
 */
static const struct program programs[] = {
    [OPENCL_PROGRAM_ADMIT] = {{"arithmetic.h", "arguments.h", "admission.cl"},
                              {"arithmetic.h", "arguments.h", "admission.cl"},
                              true},
    [OPENCL_PROGRAM_PACK] = {{"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simd_block.cl",
                              "simd_pack.cl"},
                             {"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simt_block.cl",
                              "simt_pack.cl"},
                             false},
    [OPENCL_PROGRAM_FORWARD] = {{"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simd_block.cl",
                                 "simd_forward.cl"},
                                {"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simt_block.cl",
                                 "simt_forward.cl"},
                                false},
    [OPENCL_PROGRAM_GENERATE] = {{"arithmetic.h", "arguments.h", "problems.h", "generated.cl", "generate.cl"},
                                 {"arithmetic.h", "arguments.h", "problems.h", "generated.cl", "generate.cl"},
                                 true},
    [OPENCL_PROGRAM_GRADIENT] = {{"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simd_block.cl",
                                  rows_file, "simd_gradient.cl"},
                                 {"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simt_block.cl",
                                  "simt_sequences.cl", "simt_gradient.cl"},
                                 false},
    [OPENCL_PROGRAM_STAGES] = {{NULL},
                               {"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "staged.cl", "simt_block.cl",
                                "simt_sequences.cl", "simt_stages.cl"},
                               false},
    [OPENCL_PROGRAM_UPDATE] = {{"arithmetic.h", "arguments.h", "sum_tree.h", "update.cl"},
                               {"arithmetic.h", "arguments.h", "sum_tree.h", "update.cl"},
                               true},
    [OPENCL_PROGRAM_TRAIN] = {{"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "problems.h", "staged.cl",
                               "generated.cl", "simd_block.cl", "simd_pack.cl", rows_file, "update.cl",
                               "simd_train.cl"},
                              {NULL},
                              false},
    [OPENCL_PROGRAM_NETWORKS] = {{"arithmetic.h", "arguments.h", "layout.h", "sum_tree.h", "problems.h", "staged.cl",
                                  "generated.cl", "simd_block.cl", "simd_interleaved_block.cl", "update.cl",
                                  "simd_networks.cl"},
                                 {NULL},
                                 false},
    [OPENCL_PROGRAM_PEAK] = {{"arithmetic.h", "peak.cl"}, {"arithmetic.h", "peak.cl"}, true},
};

static const struct {
    enum opencl_program program;
    const char *simd, *simt; /* the kernel's name; NULL where the shape has none */
} kernels[OPENCL_KERNELS] = {
    [OPENCL_ADMIT] = {OPENCL_PROGRAM_ADMIT, "admit", "admit"},
    [OPENCL_ADMIT_RECIPROCAL] = {OPENCL_PROGRAM_ADMIT, NULL, "admit_reciprocal"},
    [OPENCL_PACK] = {OPENCL_PROGRAM_PACK, "simd_pack", "simt_pack"},
    [OPENCL_GENERATE] = {OPENCL_PROGRAM_GENERATE, "generate", "generate"},
    [OPENCL_GRADIENT] = {OPENCL_PROGRAM_GRADIENT, "simd_gradient", "simt_gradient"},
    [OPENCL_DELTAS] = {OPENCL_PROGRAM_STAGES, NULL, "simt_deltas"},
    [OPENCL_SUMS] = {OPENCL_PROGRAM_STAGES, NULL, "simt_sums"},
    [OPENCL_FORWARD] = {OPENCL_PROGRAM_FORWARD, "simd_forward", "simt_forward"},
    [OPENCL_TRAIN] = {OPENCL_PROGRAM_TRAIN, "simd_train", NULL},
    [OPENCL_NETWORKS] = {OPENCL_PROGRAM_NETWORKS, "simd_networks", NULL},
    [OPENCL_REDUCE] = {OPENCL_PROGRAM_UPDATE, "reduce", "reduce"},
    [OPENCL_CLIP] = {OPENCL_PROGRAM_UPDATE, "clip", "clip"},
    [OPENCL_APPLY] = {OPENCL_PROGRAM_UPDATE, "apply", "apply"},
    [OPENCL_PEAK] = {OPENCL_PROGRAM_PEAK, "peak", "peak"},
};

const char *opencl_kernel_name(const struct opencl_trainer *t, enum opencl_kernel_id id)
{
    /* Of binary32 alone. */
    if (id == OPENCL_ADMIT_RECIPROCAL && t->settings.precision != CARRYNET_FP32)
        return NULL;
    return t->simd ? kernels[id].simd : kernels[id].simt;
}

/* The tiles that a program is compiled for; NULL: it has none. */
static const struct opencl_tile *tile_of(const struct opencl_trainer *t, enum opencl_program program)
{
    return t->simd                                                                  ? NULL
           : program == OPENCL_PROGRAM_GRADIENT || program == OPENCL_PROGRAM_STAGES ? &t->tiles.gradient
           : program == OPENCL_PROGRAM_FORWARD || program == OPENCL_PROGRAM_PACK    ? &t->tiles.forward
                                                                                    : NULL;
}

/* What a program is compiled with. */
static void program_options(char *options, size_t size, const struct opencl_trainer *t, enum opencl_program program)
{
    const carrynet_shape *shape = &t->settings.shape;
    const bool networks = program == OPENCL_PROGRAM_NETWORKS,
               fused_updates = networks || program == OPENCL_PROGRAM_TRAIN;
    const bool learns = program == OPENCL_PROGRAM_GRADIENT || program == OPENCL_PROGRAM_TRAIN;
    const int length =
        snprintf(options, size, "-DCARRYNET_REAL_BITS=%d -DCARRYNET_LANES=%u%s", (int)t->settings.precision, t->lanes,
                 t->reciprocal_by_seed ? " -DCARRYNET_RECIPROCAL_BY_SEED" : "");
    char *rest = options + length;
    size -= (size_t)length;
    if (program == OPENCL_PROGRAM_UPDATE)
        (void)snprintf(rest, size, " -DCARRYNET_FUSED=0");
    else if (program == OPENCL_PROGRAM_GENERATE)
        (void)snprintf(rest, size, " -DCARRYNET_INPUTS=%u -DCARRYNET_OUTPUTS=%u", shape->inputs, shape->outputs);
    else if (!programs[program].shapeless)
        (void)snprintf(rest, size,
                       " -DCARRYNET_INPUTS=%u -DCARRYNET_HIDDEN=%u -DCARRYNET_OUTPUTS=%u -DCARRYNET_FUSED=%d "
                       "-DCARRYNET_INTERLEAVED=%d",
                       shape->inputs, shape->hidden, shape->outputs, fused_updates,
                       networks || (t->blocks_interleaved && learns));
}

/* The same of its tiles, added to them. */
static void tile_options(char *options, size_t size, const struct opencl_trainer *t, enum opencl_program program)
{
    const struct opencl_tile *tile = tile_of(t, program);
    const size_t used = strlen(options);
    if (tile != NULL)
        (void)snprintf(options + used, size - used,
                       " -DCARRYNET_GROUP=%u -DCARRYNET_SEQUENCES=%u -DCARRYNET_TILE=%u -DCARRYNET_WEIGHTS_LOCAL=%d "
                       "-DCARRYNET_SIDE=%u -DCARRYNET_FROM=%u -DCARRYNET_TO=%u",
                       tile->group, tile->sequences, tile->tile, tile->weights_local, t->tiles.side, t->tiles.from,
                       t->tiles.to);
}

/* The program's files, NULL after the last. */
static void program_files(const char *files[MOST_FILES], const struct opencl_trainer *t, enum opencl_program program)
{
    memcpy(files, t->simd ? programs[program].simd : programs[program].simt, MOST_FILES * sizeof *files);
    for (size_t i = 0; i + 1 < MOST_FILES; ++i)
        if (t->blocks_interleaved && files[i] == rows_file) {
            memmove(&files[i + 2], &files[i + 1], (MOST_FILES - i - 2) * sizeof *files);
            memcpy(&files[i], interleaved_files, sizeof interleaved_files);
        }
}

/* A program's files and options, before those that opencl_source adds for the device. */
static void program_parts(const char *files[MOST_FILES], char *options, size_t size, const struct opencl_trainer *t,
                          enum opencl_program program)
{
    program_files(files, t, program);
    program_options(options, size, t, program);
    tile_options(options, size, t, program);
    const size_t length = strlen(options);
    if (t->gap > 0)
        (void)snprintf(options + length, size - length, " -DCARRYNET_GAP=%u", t->gap);
}

carrynet_status opencl_program_source(struct opencl_source *to, const struct opencl_trainer *t,
                                      enum opencl_program program)
{
    const char *files[MOST_FILES];
    char options[MOST_OPTIONS];
    program_parts(files, options, sizeof options, t, program);
    return opencl_source(to, &t->about, files, options, t->divide_by_newton, false);
}

bool opencl_program_used(const struct opencl_trainer *t, enum opencl_program program)
{
    return program == OPENCL_PROGRAM_GRADIENT ? t->simd || !t->tiles.two_stages
           : program == OPENCL_PROGRAM_STAGES ? !t->simd && t->tiles.two_stages
           : program == OPENCL_PROGRAM_PACK   ? t->packed_size > 0
                                              : true;
}

enum opencl_program opencl_program_of(enum opencl_kernel_id id)
{
    return kernels[id].program;
}

carrynet_status opencl_need(cl_kernel *kernel, struct opencl_trainer *t, enum opencl_kernel_id id)
{
    const char *files[MOST_FILES];
    char options[MOST_OPTIONS];
    cl_program program = NULL;
    carrynet_status status = CARRYNET_OK;
    if (t->kernels[id] == NULL) {
        program_parts(files, options, sizeof options, t, kernels[id].program);
        status = opencl_build(&program, t->context, t->device, &t->about, files, options, t->divide_by_newton);
    }
    /* All kernels of the program at once, so that it is built once. */
    for (int i = 0; i < OPENCL_KERNELS && program != NULL && status == CARRYNET_OK; ++i) {
        const char *name = opencl_kernel_name(t, (enum opencl_kernel_id)i);
        if (kernels[i].program == kernels[id].program && name != NULL)
            status = opencl_kernel(&t->kernels[i], program, name);
    }
    if (program != NULL)
        (void)clReleaseProgram(program);
    *kernel = t->kernels[id];
    return status;
}

void opencl_release_kernels(struct opencl_trainer *t)
{
    for (int i = 0; i < OPENCL_KERNELS; ++i) {
        if (t->kernels[i] != NULL)
            (void)clReleaseKernel(t->kernels[i]);
        t->kernels[i] = NULL;
    }
}

size_t opencl_group(const struct opencl_trainer *t, enum opencl_kernel_id id)
{
    const struct opencl_tile *tile = id == OPENCL_PACK ? NULL : tile_of(t, kernels[id].program);
    const size_t suits = t->about.type == CARRYNET_DEVICE_CPU ? CPU_GROUP : GPU_GROUP;
    return t->simd                            ? 1
           : tile != NULL                     ? tile->group
           : t->group_asked != 0              ? t->group_asked
           : suits < t->about.work_group_size ? suits
                                              : t->about.work_group_size;
}
