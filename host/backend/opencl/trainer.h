/*
 * The trainer's state, shared by its files. Each file calls only those after it: trainer.c (creation, the networks'
 * state), device_peak.c, updates.c, passes.c and fused.c (sequences of launches), launch.c (one launch), record.c
 * (copies of launches), profile.c (their times), kernels.c (programs), buffers.c (memory).
 */
#ifndef OPENCL_TRAINER_H
#define OPENCL_TRAINER_H

#include "backend/opencl/opencl.h"
#include "backend/opencl/record.h"
#include "backend/opencl/tiles.h"
#include "kernels/layout.h"

/* A device buffer and its capacity. Content is lost when it grows. */
struct opencl_buffer {
    cl_mem memory;
    size_t bytes;
};

/* What a pass does, and how its work is cut. */
enum opencl_cut {
    OPENCL_CUT_FORWARD,  /* forward alone, in chunks */
    OPENCL_CUT_GRADIENT, /* gradient, in chunks */
    OPENCL_CUT_NETWORKS, /* gradient or metrics, a worker a network */
    OPENCL_CUT_LANES     /* updates, a lane a network */
};

/* How a pass is cut and what it needs, in the device's terms. */
struct opencl_plan {
    enum opencl_cut cut;
    struct carrynet_pass pass;
    size_t workers;         /* work-items or groups to launch */
    uint64_t scratch_bytes; /* of all workers */
    uint64_t partials_bytes;
    uint64_t counts_bytes;
    uint64_t staged_words;
};

/*
 * A staged pass, and what the host fills while the device still reads its predecessors: one update's sequences, sums and
 * rates.
 */
struct opencl_slot {
    struct net_pass pass; /* as the engine has asked; the first, since it stands for the slot there */
    struct opencl_plan plan;
    uint32_t *words; /* network configs, symbols, targets */
    size_t words_capacity;
    char *rates; /* [updates][networks][CARRYNET_RATES] reals */
    size_t rates_capacity;
    char *sums; /* [networks][partial_stride] reals */
    size_t sums_capacity;
    struct opencl_buffer staged;
    struct opencl_buffer rates_buffer;
    cl_event written;               /* of the last write from this slot */
    bool rates_queued, sums_queued; /* whether that write or one before it, not waited for, reads them */
};

enum { OPENCL_SLOTS = 3, OPENCL_BUFFERS = 32, OPENCL_EVENTS = 512 };

enum opencl_program {
    OPENCL_PROGRAM_ADMIT,
    OPENCL_PROGRAM_PACK,
    OPENCL_PROGRAM_FORWARD,
    OPENCL_PROGRAM_GENERATE,
    OPENCL_PROGRAM_GRADIENT,
    OPENCL_PROGRAM_STAGES,
    OPENCL_PROGRAM_UPDATE,
    OPENCL_PROGRAM_TRAIN,
    OPENCL_PROGRAM_NETWORKS,
    OPENCL_PROGRAM_PEAK
};

/* Launches whose events have not been read yet, and what was counted before. */
struct opencl_profile {
    bool on;
    carrynet_profile counted;
    cl_event event[OPENCL_EVENTS];
    size_t kernel[OPENCL_EVENTS]; /* index in counted.kernel */
    size_t events;
};

struct opencl_trainer {
    struct backend base;
    carrynet_settings settings;
    carrynet_device about;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    bool simd;
    bool newton_asked; /* whatever the device can do */
    bool divide_by_newton;
    bool reciprocal_by_seed;    /* SIMT variant, fp32: admitted (admission.c) */
    uint32_t lanes;             /* of the SIMD variant; 1 in the SIMT variant */
    size_t group_asked;         /* work-items of a work-group of the SIMT variant, as asked; 0: what suits */
    struct opencl_tiles tiles;  /* SIMT variant */
    size_t workers;             /* most work-items (SIMD variant) or work-groups (SIMT variant) of a pass */
    size_t value;               /* bytes of a real */
    size_t size;                /* parameters of a network */
    size_t trained;             /* of which trained */
    uint32_t parameter_stride;  /* reals a network */
    uint32_t partial_stride;    /* reals a partial gradient */
    size_t columns;             /* hidden units, padded in the SIMD variant */
    uint64_t packed_size;       /* reals of packed weights of a network; 0: none */
    uint32_t gap;               /* reals between the arrays of scratch; SIMD variant, the recorder's */
    bool blocks_interleaved;    /* lanes are blocks (simd_interleaved.cl) */
    carrynet_launches launches; /* as asked */
    bool fused_updates;         /* one worker trains whole networks, many updates a launch */
    bool networks_interleaved;  /* likewise, lanes are networks (simd_networks.cl) */
    double lag, lagged;         /* multiplications that lane-interleaved networks lose an update, and have lost */
    bool packed_is_current;     /* the packed weights are those of the parameters */

    cl_kernel kernels[OPENCL_KERNELS]; /* made when first needed */

    struct opencl_buffer parameters, moments[2]; /* [networks][parameter_stride] */
    struct opencl_buffer sums, totals;           /* [networks][partial_stride]; ulong [networks][2] */
    struct opencl_buffer constants, factors;     /* [CARRYNET_CONSTANTS]; [networks] */
    struct opencl_buffer packed, scratch, partials, counts;
    struct opencl_buffer task; /* of generated problems: CARRYNET_AUTOMATON_ words */
    carrynet_task task_written;
    struct opencl_buffer y, z, h, state; /* of forward passes */
    uint64_t need;                       /* bytes that the buffers may come to hold */
    uint64_t averaged;                   /* sequences that the constants are made for */

    struct opencl_profile profile;
    const struct opencl_recorder *recorder; /* NULL: nothing is recorded */

    struct opencl_slot slots[OPENCL_SLOTS];
    int slot; /* of the current pass */

    char *results; /* read back: totals and partial sums of a pass */
    size_t results_capacity;
};

/* An argument of a launch. */
struct opencl_argument {
    size_t size;
    const void *value;
};

#define BUFFER(buffer) ((struct opencl_argument){sizeof(cl_mem), &(buffer).memory})
#define STRUCT(value) ((struct opencl_argument){sizeof(value), &(value)})

/* ---- the backend's operations (backend.h), by file -------------------------------------------------------------- */

extern const struct backend_operations opencl_operations;

/* buffers.c */
uint64_t opencl_trainer_memory(struct backend *backend);
uint64_t opencl_trainer_need(struct backend *backend);

/* passes.c */
carrynet_status opencl_trainer_stage(struct backend *backend, struct net_pass **staged, const struct net_pass *pass);
carrynet_status opencl_trainer_gradient(struct backend *backend, struct net_pass *staged);
carrynet_status opencl_trainer_get_sums(struct backend *backend, void *values, carrynet_metrics *metrics);
carrynet_status opencl_trainer_set_sums(struct backend *backend, const void *values);
carrynet_status opencl_trainer_forward(struct backend *backend, struct net_pass *staged,
                                       const carrynet_forward *outputs);

/* updates.c */
carrynet_status opencl_trainer_update(struct backend *backend, const struct net_rates *rates, uint64_t sequences);
carrynet_status opencl_trainer_train(struct backend *backend, const struct net_pass *pass,
                                     const struct net_rates *rates, uint32_t updates);
carrynet_status opencl_trainer_prepare(struct backend *backend, const struct net_pass *pass);

/* profile.c */
carrynet_status opencl_trainer_profile(struct backend *backend, carrynet_profile *profile);

/* device_peak.c */
carrynet_status opencl_trainer_peak(struct backend *backend, double *flops);

/* ---- trainer.c -------------------------------------------------------------------------------------------------- */

/*
 * Sets all that follows from a trainer's settings and device (settings, about), and from the options: kernel variant,
 * strides, workers, work-group. No call of OpenCL in the SIMT variant. ARGUMENT.
 */
carrynet_status opencl_choose_sizes(struct opencl_trainer *trainer, const carrynet_engine_options *options);

/* ---- buffers.c -------------------------------------------------------------------------------------------------- */

/* Makes room for at least `bytes`. MEMORY states the need and the device's limit. */
carrynet_status opencl_reserve(struct opencl_trainer *trainer, struct opencl_buffer *buffer, uint64_t bytes,
                               const char *what);

/* Fills a buffer with the words that stand behind each. */
carrynet_status opencl_poison(struct opencl_trainer *trainer, const struct opencl_buffer *buffer);

/* Copies to and from the start of a buffer; both wait, and are counted. */
carrynet_status opencl_write(struct opencl_trainer *trainer, const struct opencl_buffer *to, const void *from,
                             size_t bytes);
carrynet_status opencl_read(struct opencl_trainer *trainer, const struct opencl_buffer *from, void *to, size_t bytes);

/*
 * Queues a copy of `rows` rows of `width` bytes, `stride` bytes apart from byte `first` on, side by side. Done when a
 * later opencl_read is; `to` must live until then, whatever happens.
 */
carrynet_status opencl_read_rows(struct opencl_trainer *trainer, const struct opencl_buffer *from, size_t first,
                                 size_t width, size_t stride, size_t rows, void *to);

/* All buffers of the trainer, slots included: how many. */
size_t opencl_all_buffers(struct opencl_trainer *trainer, struct opencl_buffer *buffers[OPENCL_BUFFERS]);

/*
 * Scratch up to which the kernel of fused updates measures; beyond, the forward kernel does, which keeps fewer steps.
 */
enum { OPENCL_MEASURE_BYTES = 1 << 26 };

/*
 * All that training and measuring take on the device (need), against what it has, before anything is allocated; and on the host, of which a CPU's
 * memory is a part. MEMORY states both.
 */
carrynet_status opencl_check_memory(struct opencl_trainer *trainer);

/* The next multiple of 16. */
uint64_t opencl_rounded(uint64_t count);

/* How updates are cut whose problems the device generates. */
enum opencl_cut opencl_update_cut(const struct opencl_trainer *trainer);

/* Plans a pass. MEMORY if not even one worker's scratch fits. */
carrynet_status opencl_plan_pass(struct opencl_plan *plan, const struct opencl_trainer *trainer,
                                 const struct net_pass *pass, enum opencl_cut cut);

/* ---- kernels.c ------------------------------------------------------------------------------------------------- */

/* The kernel, built where it is not there yet; the trainer's. And its name in messages and profiles. */
carrynet_status opencl_need(cl_kernel *kernel, struct opencl_trainer *trainer, enum opencl_kernel_id id);
void opencl_release_kernels(struct opencl_trainer *trainer);
const char *opencl_kernel_name(const struct opencl_trainer *trainer, enum opencl_kernel_id id);

/* The text and options of a program, for this trainer's device; no call of OpenCL. Errors of opencl_source. */
carrynet_status opencl_program_source(struct opencl_source *to, const struct opencl_trainer *trainer,
                                      enum opencl_program program);
enum opencl_program opencl_program_of(enum opencl_kernel_id id);

/* Whether the trainer ever builds the program: gradients are made in one stage or in two. */
bool opencl_program_used(const struct opencl_trainer *trainer, enum opencl_program program);

/* Work-items of a work-group: 1 in the SIMD variant; in the SIMT variant that of the kernel's tiles, or for kernels without tiles what suits. */
size_t opencl_group(const struct opencl_trainer *trainer, enum opencl_kernel_id id);

/* ---- profile.c ------------------------------------------------------------------------------------------------- */

/* Where the event of a launch of the kernel `name` (a literal) goes: NULL where nothing is timed. */
cl_event *opencl_timed(struct opencl_trainer *trainer, const char *name);

/* ---- record.c -------------------------------------------------------------------------------------------------- */

/*
 * Copies what a launch takes before it, and what it left after it, and calls the recorder. opencl_recorded frees the
 * record, whatever the status that it is given, of the launch, and returns that or its own.
 */
carrynet_status opencl_record(struct opencl_record **record, struct opencl_trainer *trainer, enum opencl_kernel_id id,
                              cl_kernel kernel, const struct opencl_argument *arguments, size_t count, size_t items,
                              size_t group);
carrynet_status opencl_recorded(struct opencl_trainer *trainer, struct opencl_record *record,
                                const struct opencl_argument *arguments, carrynet_status status);

/* ---- launch.c -------------------------------------------------------------------------------------------------- */

/* Sets the arguments in order and launches `groups` work-groups of a kernel. */
carrynet_status opencl_launch(struct opencl_trainer *trainer, enum opencl_kernel_id id,
                              const struct opencl_argument *arguments, size_t count, size_t groups);

/*
 * Launches a kernel whose work-items distribute `items` items: about 64 a group in the SIMT variant. Groups have a fixed
 * size, so that a runtime that compiles for each size (pocl) compiles once.
 */
carrynet_status opencl_distribute(struct opencl_trainer *trainer, enum opencl_kernel_id id,
                                  const struct opencl_argument *arguments, size_t count, size_t items);

#define LAUNCH(t, id, arguments, groups)                                                                               \
    opencl_launch(t, id, arguments, sizeof(arguments) / sizeof(arguments)[0], groups)
#define DISTRIBUTE(t, id, arguments, items)                                                                            \
    opencl_distribute(t, id, arguments, sizeof(arguments) / sizeof(arguments)[0], items)

/* Waits until the device has taken what the slot last wrote. */
carrynet_status opencl_wait(struct opencl_slot *slot);

/* Queues a write from the slot's memory, and remembers it as the slot's last. */
carrynet_status opencl_write_slot(struct opencl_trainer *trainer, struct opencl_slot *slot,
                                  const struct opencl_buffer *to, const void *from, size_t bytes);

/* ---- fused.c --------------------------------------------------------------------------------------------------- */

/* What an update's kernels take of the trainer, with its rates from real number first_rate on. */
struct carrynet_step opencl_update_step(const struct opencl_trainer *trainer, uint32_t first_rate);

/*
 * All updates in one launch, a worker a network; or none, and the metrics of the staged sequences into sums and totals.
 * The packed weights are those of the last.
 */
carrynet_status opencl_launch_fused(struct opencl_trainer *trainer, const struct opencl_slot *slot, uint32_t updates);

/* All updates in one launch, a network a lane. */
carrynet_status opencl_launch_networks(struct opencl_trainer *trainer, const struct opencl_slot *slot,
                                       uint32_t updates);

/* ---- passes.c -------------------------------------------------------------------------------------------------- */

/* The next slot becomes that of the pass: planned, with room for what is staged on the device and on the host. */
carrynet_status opencl_take_slot(struct opencl_slot **slot, struct opencl_trainer *trainer, const struct net_pass *pass,
                                 enum opencl_cut cut);

/*
 * Queues the write of what the device reads of a staged pass: the networks' own data, and the sequences, or the task that
 * it generates them of.
 */
carrynet_status opencl_write_pass(struct opencl_trainer *trainer, struct opencl_slot *slot);

/* Room for a planned pass, and the packed weights of the SIMD variant. */
carrynet_status opencl_prepare(struct opencl_trainer *trainer, const struct opencl_plan *plan);

/* Launches the gradient of a pass that is written, with its problems where the device generates them. */
carrynet_status opencl_launch_gradient(struct opencl_trainer *trainer, const struct opencl_slot *slot);

/* Launches a planned forward pass, staged in the slot; the arrays that it writes are reserved. */
carrynet_status opencl_launch_forward(struct opencl_trainer *trainer, const struct opencl_plan *plan,
                                      const struct opencl_slot *slot);

/* ---- updates.c ------------------------------------------------------------------------------------------------- */

/*
 * How the networks that there are now are trained: small updates cost less than their launches, many networks keep all
 * workers busy, and fill the lanes.
 */
void opencl_choose_launches(struct opencl_trainer *trainer);

#endif
