/*
 * How the SIMT variant's kernels are cut into work-groups and register tiles: the build constants of kernels/simt_*.cl. No choice
 * changes a bit.
 */
#ifndef OPENCL_TILES_H
#define OPENCL_TILES_H

#include <carrynet/device.h>
#include <carrynet/settings.h>

/* The cut of one program. */
struct opencl_tile {
    uint32_t group;       /* work-items of a work-group */
    uint32_t sequences;   /* that it works on at once; divides 64 */
    uint32_t tile;        /* sequences of a register tile; divides sequences */
    bool weights_local;   /* weights are copied to local memory, else packed in global memory */
    uint64_t local_bytes; /* of a group */
};

struct opencl_tiles {
    bool two_stages;             /* of the gradient: simt_stages.cl, else simt_gradient.cl */
    struct opencl_tile gradient; /* of the one stage, or of the first */
    struct opencl_tile forward;
    uint32_t side;     /* one stage: weights of w_hh of a register tile, each way */
    uint32_t from, to; /* two stages: weights of w_hh of a group's tile */
    uint32_t jobs;     /* two stages: groups of the second, a block */
};

/*
 * The cut for a device and settings; `group` work-items a group where it is not 0. ARGUMENT: the device allows fewer. DEVICE: not even the smallest cut
 * fits in its local memory; the message says how much it takes.
 */
carrynet_status opencl_choose_tiles(struct opencl_tiles *tiles, const carrynet_device *about,
                                    const carrynet_settings *settings, uint32_t group);

#endif
