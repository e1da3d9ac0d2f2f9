/*
 * The choice of work-groups and tiles of the SIMT variant. Small networks have their gradient in one stage, a group a block,
 * where two steps of hidden values and deltas of 64 sequences fit in local memory; others in two stages, a few sequences a group.
 * The numbers come from a model of a multiprocessor (tests/gpu_code/model.py); no GPU has confirmed them.
 */
#include "backend/opencl/tiles.h"
#include "kernels/layout.h"
#include "platform/platform.h"

enum { MOST_TILE = 8, LARGEST_GROUP = 256, WARP = 32 };

/* What local memory depends on. */
struct sizes {
    uint64_t symbols, hidden, outputs, columns, pitch; /* pitch: reals from sequence to sequence */
    uint64_t value;                                    /* bytes of a real */
};

static struct sizes sizes_of(const carrynet_settings *settings)
{
    const carrynet_shape *shape = &settings->shape;
    return (struct sizes){
        .symbols = (uint64_t)1 << shape->inputs,
        .hidden = shape->hidden,
        .outputs = shape->outputs,
        .columns = CARRYNET_SIMT_COLUMNS((uint64_t)shape->hidden),
        .pitch = 4 * CARRYNET_LOCAL_PITCH((uint64_t)shape->hidden),
        .value = settings->precision / 8,
    };
}

/* ---- local memory, as the kernels declare it ----------------------------------------------------------------------- */

static uint64_t weights_reals(const struct sizes *n)
{
    return (n->symbols + n->hidden + n->outputs) * n->columns;
}

/* simt_gradient.cl */
static uint64_t gradient_bytes(const struct sizes *n)
{
    const uint64_t S = CARRYNET_BLOCK;
    return (weights_reals(n) + 4 * S * n->pitch + 2 * S * n->outputs + n->symbols * n->hidden + 2 * S) * n->value +
           3 * S * sizeof(uint32_t);
}

/* simt_deltas */
static uint64_t deltas_bytes(const struct sizes *n, uint64_t sequences)
{
    return (2 * sequences * n->pitch + 2 * sequences * n->outputs + 2 * sequences) * n->value +
           3 * sequences * sizeof(uint32_t);
}

/* simt_sums, whose panels are padded so that every item loads as many quads */
static uint64_t sums_bytes(const struct sizes *n, uint64_t from, uint64_t to, uint64_t group)
{
    const uint64_t panel = (CARRYNET_PANEL_DEPTH * (from + to) / 4 + group - 1) / group * group;
    return (2 * 4 * panel + 2 * CARRYNET_BLOCK * n->outputs) * n->value + 2 * CARRYNET_BLOCK * sizeof(uint32_t);
}

/* simt_forward.cl */
static uint64_t forward_bytes(const struct sizes *n, uint64_t sequences, bool weights)
{
    return (2 * sequences * n->pitch + 2 * CARRYNET_BLOCK + (weights ? weights_reals(n) : 0)) * n->value +
           (2 * sequences + CARRYNET_BLOCK) * sizeof(uint32_t);
}

/* ---- the choice --------------------------------------------------------------------------------------------------- */

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* The smallest power of two that is not below `count`, at most `most`. */
static uint32_t power_from(uint64_t count, uint32_t most)
{
    uint32_t power = 1;
    while (power < count && power < most)
        power *= 2;
    return power;
}

/* Whole warps for so many register tiles. */
static uint32_t group_for(uint64_t tiles, uint64_t most)
{
    return least(least((tiles + WARP - 1) / WARP * WARP, LARGEST_GROUP), most);
}

/* The cut of a program that works on a few sequences at a time; sequences: as many as would be good. */
static void cut(struct opencl_tile *tile, const struct sizes *n, uint32_t sequences, uint32_t group, uint64_t most)
{
    tile->sequences = sequences;
    tile->tile = least(sequences, 4);
    tile->group = group != 0 ? group : group_for(n->columns / 4 * (sequences / tile->tile), most);
}

static void choose_stages(struct opencl_tiles *tiles, const struct sizes *n, const carrynet_device *about,
                          uint64_t blocks, uint32_t group)
{
    const uint64_t limit = about->local_memory;
    uint32_t sequences = 16;
    /* So few that there are groups for all compute units, and that they fit; but a weight should serve several. */
    while (sequences > 8 && blocks * (CARRYNET_BLOCK / sequences) < about->compute_units)
        sequences /= 2;
    while (sequences > 1 && deltas_bytes(n, sequences) > limit)
        sequences /= 2;
    cut(&tiles->gradient, n, sequences, group, about->work_group_size);
    const uint32_t items = tiles->gradient.group;
    tiles->gradient.weights_local = false;
    tiles->to = n->columns <= 32 ? 32 : 64;
    tiles->from = 32;
    while (tiles->from < 128 && tiles->from / CARRYNET_ITEM_FROM * (tiles->to / CARRYNET_ITEM_TO) < items &&
           tiles->from < n->columns)
        tiles->from *= 2;
    while (tiles->to > 32 && sums_bytes(n, tiles->from, tiles->to, items) > limit)
        tiles->to /= 2;
    while (tiles->from > 32 && sums_bytes(n, tiles->from, tiles->to, items) > limit)
        tiles->from /= 2;
    const uint64_t deltas = deltas_bytes(n, sequences), sums = sums_bytes(n, tiles->from, tiles->to, items);
    tiles->gradient.local_bytes = deltas > sums ? deltas : sums;
    tiles->jobs = (uint32_t)((n->hidden + tiles->from - 1) / tiles->from * ((n->hidden + tiles->to - 1) / tiles->to) +
                             (n->hidden + items - 1) / items + 1);
}

static void choose_forward(struct opencl_tile *tile, const struct sizes *n, const carrynet_device *about, bool small,
                           uint32_t group)
{
    const uint64_t limit = about->local_memory;
    uint32_t sequences = small ? CARRYNET_BLOCK : 16;
    tile->weights_local = small && forward_bytes(n, 16, true) <= limit;
    while (sequences > 1 && forward_bytes(n, sequences, tile->weights_local) > limit)
        sequences /= 2;
    cut(tile, n, sequences, group, about->work_group_size);
    tile->local_bytes = forward_bytes(n, sequences, tile->weights_local);
}

carrynet_status opencl_choose_tiles(struct opencl_tiles *tiles, const carrynet_device *about,
                                    const carrynet_settings *settings, uint32_t group)
{
    const struct sizes n = sizes_of(settings);
    const uint64_t units = about->compute_units > 0 ? about->compute_units : 1;
    const uint64_t blocks = (uint64_t)settings->networks * ((settings->batch + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK);
    const bool single = settings->precision == CARRYNET_FP32, small = n.hidden <= (single ? 32 : 16);
    *tiles = (struct opencl_tiles){.side = n.hidden <= 16 ? 2 : 4, .from = 32, .to = 32};
    if (group > about->work_group_size)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "work-group size %u: device %u:%u %s allows at most %llu", group,
                        about->platform, about->index, about->name, (unsigned long long)about->work_group_size);
    tiles->two_stages = !small || gradient_bytes(&n) > about->local_memory;
    if (tiles->two_stages) {
        choose_stages(tiles, &n, about, blocks, group);
    } else {
        struct opencl_tile *tile = &tiles->gradient;
        /* With fewer blocks than compute units, more items on each block shorten its way. */
        const bool few = about->type != CARRYNET_DEVICE_CPU && blocks < 2 * units;
        const uint32_t good = n.hidden <= 16 ? (few ? 128 : 64) : few ? 256 : 128;
        tile->group = group != 0 ? group : least(good, about->work_group_size);
        tile->sequences = CARRYNET_BLOCK;
        tile->tile = power_from((n.columns / 4 * CARRYNET_BLOCK + tile->group - 1) / tile->group, MOST_TILE);
        tile->weights_local = true;
        tile->local_bytes = gradient_bytes(&n);
    }
    choose_forward(&tiles->forward, &n, about, small, group);
    const uint64_t need = tiles->gradient.local_bytes > tiles->forward.local_bytes ? tiles->gradient.local_bytes
                                                                                   : tiles->forward.local_bytes;
    if (need > about->local_memory)
        return sys_fail(CARRYNET_ERROR_DEVICE,
                        "hidden %u needs %llu bytes of local memory, device %u:%u %s has %llu; use fewer hidden units",
                        settings->shape.hidden, (unsigned long long)need, about->platform, about->index, about->name,
                        (unsigned long long)about->local_memory);
    return CARRYNET_OK;
}
