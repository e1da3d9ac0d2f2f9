/*
 * The expected content of a launch's buffers, from the reference: a list of tensors, each at a position in one of the
 * kernel's arguments, in the order of computation. The first value that differs is the fault.
 */
#ifndef CONFORMANCE_LAUNCH_CHECKS_H
#define CONFORMANCE_LAUNCH_CHECKS_H

#include "backend/opencl/record.h"
#include "conformance/witness.h"

enum check_kind {
    CHECK_REAL, /* of the case's precision */
    CHECK_WORD, /* 32 bits */
    CHECK_COUNT /* 64 bits */
};

/* One tensor: value [i][k][l] is at offset + i stride[0] + k stride[1] + l stride[2] of the argument, in its kind. */
struct launch_check {
    const char *operation; /* "backward step" */
    const char *tensor;    /* "dh" */
    const char *axes[3];   /* what the indices count: "step", ..., or NULL: nothing */
    uint64_t base[3];      /* added to the indices where they are shown */
    uint64_t offset, count[3], stride[3];
    size_t argument;
    size_t bytes;     /* of a value */
    uint32_t network; /* that it is of, where no index counts networks */
    enum check_kind kind;
    char *expected; /* [count[0]][count[1]][count[2]] */
};

struct launch_checks {
    struct launch_check *all;
    size_t count, capacity;
    uint32_t network; /* of the checks that are added now */
};

/* What has gone before in the pass that a launch belongs to. */
struct launch_place {
    enum { PASS_FORWARD, PASS_GRADIENT, PASS_TRAINING } phase;
    uint64_t update;   /* the next update to be made, PASS_TRAINING */
    bool resume;       /* PASS_FORWARD: the second window */
    const char *start; /* its h[0]: [networks][sequences][hidden] */
};

/*
 * Adds what the launch must have left. The witness moves on as the launch did: problems, sums, updates. `place` likewise.
 */
carrynet_status launch_expect(struct launch_checks *checks, struct witness *witness, struct launch_place *place,
                              const struct opencl_record *record, const carrynet_source *source);
void launch_checks_free(struct launch_checks *checks);

/* The first value that differs: true, with the check's number and the indices. A NaN is equal to a NaN. */
bool launch_differs(size_t *check, uint64_t index[3], const struct launch_checks *checks,
                    const struct opencl_record *record);

/* The bits of a value, with every NaN as one, and whether it is one. */
uint64_t launch_bits(const char *value, size_t bytes, enum check_kind kind, bool *nan);

/* Where in bytes a value of a check is in its argument, and in what is expected. */
size_t launch_at(const struct launch_check *check, const uint64_t index[3]);
size_t launch_expected_at(const struct launch_check *check, const uint64_t index[3]);

/* ---- launch_layouts.c ------------------------------------------------------------------------------------------ */

/* A new check at the end of the list, expecting zeros. */
carrynet_status launch_add(struct launch_check **check, struct launch_checks *checks, const struct launch_check *like);

/* Where a worker's scratch has the values of a block, in reals from the scratch's start. */
struct scratch_layout {
    uint64_t h, h_step, h_sequence, h_unit;
    uint64_t dy, dy_step, dy_sequence, dy_output;
    uint64_t dh, dh_step, dh_sequence, dh_unit;
    uint64_t bucket, bucket_symbol, bucket_unit;
    uint64_t dw_hh, hh_row, hh_column;
    uint64_t dw_hy, hy_unit, hy_output;
    uint64_t db_y, y_output;
    uint64_t symbols, targets; /* of lane-interleaved networks, words */
    bool sums_hidden;          /* the sums of a block stand nowhere; */
    bool dh_hidden;            /* nor do its deltas */
};

struct carrynet_pass;
struct scratch_layout launch_layout(const struct witness *witness, const struct opencl_record *record,
                                    const struct carrynet_pass *pass, bool interleaved);

/*
 * The array of scratch behind which a launch with a gap (opencl_recorder) has written, and the worker; NULL: none, or a
 * launch without scratch, or of the SIMT variant.
 */
const char *launch_missed(size_t *worker, const carrynet_settings *settings, const struct opencl_record *record);

/* What a block that was traced has left in scratch, at `base` reals (a lane of a vector included) of the argument. */
carrynet_status launch_expect_block(struct launch_checks *checks, const struct witness *witness,
                                    const struct reference_trace *trace, const struct scratch_layout *layout,
                                    size_t argument, uint64_t base, uint64_t first, uint64_t sequences);

/* The packed weights of the SIMD variant (simd_block.cl). */
carrynet_status launch_expect_packed(struct launch_checks *checks, struct witness *witness,
                                     const struct opencl_record *record, size_t argument);

#endif
