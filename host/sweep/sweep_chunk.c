/*
 * Which rows of a sweep train together: rows of one group, at most SWEEP_TOGETHER at a time and of limited work. Points
 * are traversed by group (sweep->places), and within a group in row order.
 */
#include "sweep/sweep_rows.h"

static const double PORTION_WORK = 1e13; /* as sweep_work counts: a quarter of an hour or so of a few cores */

double sweep_work(const carrynet_sweep *sweep, size_t point)
{
    const struct sweep_point *p = &sweep->points[point];
    const double hidden = p->hidden, sides = sweep->shared.shape.inputs + sweep->shared.shape.outputs;
    const double sequences = sweep->sequences > p->batch ? (double)sweep->sequences : p->batch;
    return sequences * sweep->shared.steps * hidden * (hidden + sides + 16);
}

double sweep_work_left(const carrynet_sweep *sweep)
{
    double work = 0;
    for (uint64_t row = sweep->shard; row <= sweep->row_count; row += sweep->shards)
        if (!sweep->results[row - 1].finished)
            work += sweep_work(sweep, (size_t)((row - 1) / sweep->seeds));
    return work;
}

void sweep_next_chunk(struct sweep_chunk *chunk, const carrynet_sweep *sweep)
{
    uint64_t group = 0;
    chunk->count = 0;
    chunk->work = 0;
    for (; chunk->place < sweep->point_count; ++chunk->place, chunk->seed = 0) {
        const struct sweep_place *place = &sweep->places[chunk->place];
        if (chunk->count > 0 && place->group != group)
            return;
        for (; chunk->seed < sweep->seeds; ++chunk->seed) {
            const uint64_t row = (uint64_t)place->point * sweep->seeds + chunk->seed + 1;
            if (!sweep_wants(sweep, row) || sweep->results[row - 1].finished)
                continue;
            if (chunk->count == SWEEP_TOGETHER ||
                (chunk->count >= SWEEP_LEAST_TOGETHER && chunk->work >= PORTION_WORK) ||
                (chunk->count > 0 && chunk->enough > 0 && chunk->work >= chunk->enough))
                return;
            group = place->group;
            chunk->rows[chunk->count++] = row;
            chunk->work += sweep_work(sweep, place->point);
        }
    }
}

void sweep_chunk_settings(carrynet_settings *settings, carrynet_network_config *configs, uint32_t count,
                          const carrynet_sweep *sweep, const struct sweep_chunk *chunk)
{
    for (uint32_t n = count; n-- > 0;) { /* the first last: the others need no whole copy */
        carrynet_sweep_settings(settings, sweep, chunk->rows[n]);
        configs[n] = (carrynet_network_config){
            .seed = settings->seed,
            .problem_seed = settings->seed,
            .rate = settings->rate,
            .noise = settings->noise,
            .scale = settings->scale,
        };
    }
    settings->networks = count;
}

uint32_t carrynet_sweep_together(const carrynet_sweep *sweep)
{
    struct sweep_chunk chunk = {0};
    uint32_t most = 0;
    if (sys_allocate(&chunk.rows, SWEEP_TOGETHER, sizeof *chunk.rows) != CARRYNET_OK)
        return 0;
    do {
        sweep_next_chunk(&chunk, sweep);
        most = chunk.count > most ? chunk.count : most;
    } while (chunk.count > 0);
    sys_free(chunk.rows);
    return most;
}
