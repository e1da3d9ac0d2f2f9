/*
 * The trainer's memory: buffers followed by guard words, the division of a pass into chunks and workers, and the total
 * need, computed before anything is allocated.
 */
#include "backend/opencl/trainer.h"

enum { GUARD_BYTES = 64 };

/* Stands behind every buffer, so that a kernel that writes too far can be found. */
static const cl_ulong guard = 0xa5c3965aa5c3965au;

static carrynet_status too_large(const struct opencl_trainer *trainer, const char *what, double need, double limit)
{
    return sys_fail(CARRYNET_ERROR_MEMORY,
                    "%s: hidden %u, %u bits, batch %u, %u networks need %.2f GB, device %u:%u %s allows %.2f GB; use "
                    "fewer or smaller networks, fewer bits or a smaller batch",
                    what, trainer->settings.shape.hidden, trainer->settings.steps, trainer->settings.batch,
                    trainer->settings.networks, need / 1e9, trainer->about.platform, trainer->about.index,
                    trainer->about.name, limit / 1e9);
}

carrynet_status opencl_reserve(struct opencl_trainer *trainer, struct opencl_buffer *buffer, uint64_t bytes,
                               const char *what)
{
    if (buffer->memory != NULL && bytes <= buffer->bytes)
        return CARRYNET_OK;
    /* A device may have more memory than a host of 32 bits has addresses. */
    const uint64_t most = SIZE_MAX - sizeof(cl_ulong) - GUARD_BYTES, largest = trainer->about.largest_buffer;
    if (bytes > largest || bytes > most)
        return too_large(trainer, what, (double)bytes, (double)(largest < most ? largest : most));
    if (buffer->memory != NULL)
        (void)clReleaseMemObject(buffer->memory);
    cl_int code = CL_SUCCESS;
    /* What nobody writes is the guard too: all of a buffer that is recorded, else what rounding adds. */
    const size_t words = (size_t)bytes / sizeof(cl_ulong),
                 filled = trainer->recorder != NULL ? 0 : words * sizeof(cl_ulong);
    const size_t all = (words + 1) * sizeof(cl_ulong); /* never empty */
    buffer->bytes = 0;
    buffer->memory = clCreateBuffer(trainer->context, CL_MEM_READ_WRITE, all + GUARD_BYTES, NULL, &code);
    if (code != CL_SUCCESS) {
        buffer->memory = NULL;
        return opencl_fail("clCreateBuffer", code);
    }
    buffer->bytes = all;
    code = clEnqueueFillBuffer(trainer->queue, buffer->memory, &guard, sizeof guard, filled, all - filled + GUARD_BYTES,
                               0, NULL, NULL);
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueFillBuffer", code);
}

carrynet_status opencl_poison(struct opencl_trainer *t, const struct opencl_buffer *buffer)
{
    const cl_int code =
        clEnqueueFillBuffer(t->queue, buffer->memory, &guard, sizeof guard, 0, buffer->bytes, 0, NULL, NULL);
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueFillBuffer", code);
}

carrynet_status opencl_write(struct opencl_trainer *t, const struct opencl_buffer *to, const void *from, size_t bytes)
{
    const cl_int code = clEnqueueWriteBuffer(t->queue, to->memory, CL_TRUE, 0, bytes, from, 0, NULL, NULL);
    t->profile.counted.bytes_written += bytes;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueWriteBuffer", code);
}

carrynet_status opencl_read(struct opencl_trainer *t, const struct opencl_buffer *from, void *to, size_t bytes)
{
    const cl_int code = clEnqueueReadBuffer(t->queue, from->memory, CL_TRUE, 0, bytes, to, 0, NULL, NULL);
    t->profile.counted.bytes_read += bytes;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueReadBuffer", code);
}

carrynet_status opencl_read_rows(struct opencl_trainer *t, const struct opencl_buffer *from, size_t first, size_t width,
                                 size_t stride, size_t rows, void *to)
{
    const size_t nowhere[3] = {0, 0, 0}, place[3] = {first, 0, 0}, region[3] = {width, rows, 1};
    const cl_int code = clEnqueueReadBufferRect(t->queue, from->memory, CL_FALSE, place, nowhere, region, stride, 0,
                                                width, 0, to, 0, NULL, NULL);
    t->profile.counted.bytes_read += width * rows;
    return code == CL_SUCCESS ? CARRYNET_OK : opencl_fail("clEnqueueReadBufferRect", code);
}

size_t opencl_all_buffers(struct opencl_trainer *t, struct opencl_buffer *buffers[OPENCL_BUFFERS])
{
    struct opencl_buffer *const single[] = {
        &t->parameters, &t->moments[0], &t->moments[1], &t->sums, &t->totals, &t->constants, &t->factors, &t->packed,
        &t->scratch,    &t->partials,   &t->counts,     &t->y,    &t->z,      &t->h,         &t->state,   &t->task};
    size_t count = 0;
    for (; count < sizeof single / sizeof single[0]; ++count)
        buffers[count] = single[count];
    for (int i = 0; i < OPENCL_SLOTS; ++i) {
        buffers[count++] = &t->slots[i].staged;
        buffers[count++] = &t->slots[i].rates_buffer;
    }
    return count;
}

uint64_t opencl_trainer_memory(struct backend *backend)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_buffer *buffers[OPENCL_BUFFERS] = {NULL};
    const size_t count = opencl_all_buffers(t, buffers);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; ++i)
        bytes += buffers[i]->bytes;
    return bytes;
}

carrynet_status opencl_trainer_check_guards(struct backend *backend)
{
    struct opencl_trainer *t = (struct opencl_trainer *)backend;
    struct opencl_buffer *buffers[OPENCL_BUFFERS] = {NULL};
    const size_t count = opencl_all_buffers(t, buffers);
    for (size_t i = 0; i < count; ++i) {
        cl_ulong words[GUARD_BYTES / sizeof(cl_ulong)];
        if (buffers[i]->memory == NULL)
            continue;
        const cl_int code = clEnqueueReadBuffer(t->queue, buffers[i]->memory, CL_TRUE, buffers[i]->bytes, GUARD_BYTES,
                                                words, 0, NULL, NULL);
        if (code != CL_SUCCESS)
            return opencl_fail("clEnqueueReadBuffer", code);
        for (size_t w = 0; w < sizeof words / sizeof words[0]; ++w)
            if (words[w] != guard)
                return sys_fail(CARRYNET_ERROR_DEVICE, "a kernel wrote behind buffer %zu, %zu bytes long", i,
                                buffers[i]->bytes);
    }
    return CARRYNET_OK;
}

uint64_t opencl_rounded(uint64_t count)
{
    return CARRYNET_ROUNDED(count);
}

/* Reals of scratch of one worker (layout.h). */
static uint64_t scratch_reals(const struct opencl_trainer *trainer, const struct carrynet_pass *pass,
                              enum opencl_cut cut)
{
    const bool training = cut != OPENCL_CUT_FORWARD;
    const carrynet_shape *shape = &trainer->settings.shape;
    const struct carrynet_sizes sizes = {shape->inputs, shape->hidden, shape->outputs, trainer->lanes, trainer->gap};
    if (cut == OPENCL_CUT_LANES)
        return carrynet_abreast_scratch(&sizes, pass).rest + carrynet_networks_rest(&sizes, pass).end;
    if (training && trainer->blocks_interleaved)
        return carrynet_abreast_scratch(&sizes, pass).rest + carrynet_blocks_rest(&sizes, pass).end;
    if (trainer->simd)
        return training ? carrynet_rows_scratch(&sizes, pass).end : carrynet_forward_scratch(&sizes, pass).end;
    return training ? carrynet_group_scratch(&sizes, pass).end : carrynet_metrics_scratch(pass);
}

enum opencl_cut opencl_update_cut(const struct opencl_trainer *trainer)
{
    return trainer->networks_interleaved ? OPENCL_CUT_LANES
           : trainer->fused_updates      ? OPENCL_CUT_NETWORKS
                                         : OPENCL_CUT_GRADIENT;
}

carrynet_status opencl_plan_pass(struct opencl_plan *plan, const struct opencl_trainer *trainer,
                                 const struct net_pass *s, enum opencl_cut cut)
{
    const bool training = cut != OPENCL_CUT_FORWARD, lanes = cut == OPENCL_CUT_LANES;
    const bool fused_updates = lanes || cut == OPENCL_CUT_NETWORKS;
    const uint64_t networks = trainer->settings.networks;
    const uint64_t blocks = (s->sequences + CARRYNET_BLOCK - 1) / CARRYNET_BLOCK;
    struct carrynet_pass *pass = &plan->pass;
    plan->cut = cut;
    *pass = (struct carrynet_pass){
        .first_symbol = networks * CARRYNET_CONFIG,
        .first_sequence = s->first_sequence,
        .networks = (uint32_t)networks,
        .sequences = (uint32_t)s->sequences,
        .steps = (uint32_t)s->steps,
        .symbol_words = (uint32_t)s->symbol_words,
        .target_words = (uint32_t)s->target_words,
        .chunk_blocks = training && trainer->blocks_interleaved ? trainer->lanes : 1,
        .rows = (uint32_t)opencl_rounded(s->sequences < CARRYNET_BLOCK ? s->sequences : CARRYNET_BLOCK),
        .parameter_stride = trainer->parameter_stride,
        .partial_stride = training ? trainer->partial_stride : CARRYNET_OUTPUT_PARTIALS,
        .resume = s->resume,
        .until_wrong = s->until_wrong,
        .generated = s->task != NULL,
        .loss = (uint32_t)trainer->settings.loss,
        .bias = trainer->settings.shape.bias,
        .initial_state = trainer->settings.shape.initial_state,
        .two_stages = training && !trainer->simd && trainer->tiles.two_stages,
    };
    /* Chunks as large as leaves every worker about two of them; or one that holds a whole network. */
    while (fused_updates && pass->chunk_blocks < blocks)
        pass->chunk_blocks *= 2;
    while (pass->chunk_blocks < blocks &&
           networks * ((blocks + 2 * pass->chunk_blocks - 1) / (2 * pass->chunk_blocks)) >= 2 * trainer->workers)
        pass->chunk_blocks *= 2;
    pass->chunks = (uint32_t)((blocks + pass->chunk_blocks - 1) / pass->chunk_blocks);
    const uint64_t tasks = lanes ? (networks + trainer->lanes - 1) / trainer->lanes : networks * pass->chunks;
    pass->scratch_stride = opencl_rounded(scratch_reals(trainer, pass, cut));
    const uint64_t one = pass->scratch_stride * trainer->value;
    const uint64_t limit = trainer->about.largest_buffer < trainer->about.global_memory / 2
                               ? trainer->about.largest_buffer
                               : trainer->about.global_memory / 2;
    if (one > limit)
        return too_large(trainer, "scratch of one worker", (double)one, (double)limit);
    plan->workers = trainer->workers < tasks ? trainer->workers : (size_t)tasks;
    if (plan->workers > limit / one)
        plan->workers = (size_t)(limit / one);
    /* Parts of what is staged: all networks', each network's, or each worker's; none where it stands in scratch. */
    const uint64_t parts = s->shared ? 1 : lanes ? 0 : fused_updates ? plan->workers : networks;
    const uint64_t capacity = s->task != NULL ? blocks * CARRYNET_BLOCK : s->sequences;
    pass->symbol_stride = s->shared ? 0 : capacity * s->symbol_words;
    pass->target_stride = s->shared ? 0 : capacity * s->target_words;
    pass->first_target = pass->first_symbol + parts * capacity * s->symbol_words;
    plan->staged_words = pass->first_target + parts * capacity * s->target_words;
    plan->scratch_bytes = plan->workers * one;
    plan->partials_bytes = tasks * pass->partial_stride * trainer->value;
    plan->counts_bytes = tasks * 2 * sizeof(cl_ulong);
    return CARRYNET_OK;
}

/* The most of each part. */
static void take_most(struct opencl_plan *most, const struct opencl_plan *one, bool stages)
{
    most->scratch_bytes = one->scratch_bytes > most->scratch_bytes ? one->scratch_bytes : most->scratch_bytes;
    most->partials_bytes = one->partials_bytes > most->partials_bytes ? one->partials_bytes : most->partials_bytes;
    most->counts_bytes = one->counts_bytes > most->counts_bytes ? one->counts_bytes : most->counts_bytes;
    if (stages && one->staged_words > most->staged_words)
        most->staged_words = one->staged_words;
}

/* As networks are trained now, as fewer are, and as they are measured. */
static carrynet_status plan_all(struct opencl_plan *most, const struct opencl_trainer *trainer)
{
    const enum opencl_cut update = opencl_update_cut(trainer);
    const struct net_pass trains = net_training_pass(&trainer->settings, &trainer->settings.task, NULL);
    const struct net_pass measures = net_measuring_pass(&trainer->settings);
    struct opencl_plan one;
    *most = (struct opencl_plan){0};
    carrynet_status status = opencl_plan_pass(&one, trainer, &trains, update);
    if (status != CARRYNET_OK)
        return status;
    take_most(most, &one, true);
    if (update == OPENCL_CUT_LANES && status == CARRYNET_OK) {
        status = opencl_plan_pass(&one, trainer, &trains, OPENCL_CUT_NETWORKS);
        if (status == CARRYNET_OK)
            take_most(most, &one, true);
    }
    if (status == CARRYNET_OK)
        status = opencl_plan_pass(&one, trainer, &measures, OPENCL_CUT_FORWARD);
    if (status == CARRYNET_OK)
        take_most(most, &one, true);
    if (status != CARRYNET_OK || update == OPENCL_CUT_GRADIENT)
        return status;
    if (opencl_plan_pass(&one, trainer, &measures, OPENCL_CUT_NETWORKS) == CARRYNET_OK &&
        one.scratch_bytes <= OPENCL_MEASURE_BYTES)
        take_most(most, &one, true);
    return CARRYNET_OK;
}

carrynet_status opencl_check_memory(struct opencl_trainer *trainer)
{
    const carrynet_settings *settings = &trainer->settings;
    struct opencl_plan plan;
    const carrynet_status status = plan_all(&plan, trainer);
    if (status != CARRYNET_OK)
        return status;
    /* In binary64, which does not wrap around. */
    const double each = (double)settings->networks * (double)trainer->value;
    const double state = each * trainer->parameter_stride, packed = each * (double)trainer->packed_size;
    const double sums = each * trainer->partial_stride, totals = 2.0 * sizeof(cl_ulong) * settings->networks;
    const double staged = 4.0 * (double)plan.staged_words;
    const double moments = (double)(net_first_moment(settings->optimizer) + net_second_moment(settings->optimizer));
    const double need = (1 + moments) * state + sums + totals + packed + (double)plan.scratch_bytes +
                        (double)plan.partials_bytes + (double)plan.counts_bytes + (double)OPENCL_SLOTS * staged +
                        each * (1 + OPENCL_SLOTS * CARRYNET_RATES);
    if (need > (double)trainer->about.global_memory)
        return too_large(trainer, "training", need, (double)trainer->about.global_memory);
    const double parts[] = {state, packed, (double)plan.partials_bytes, staged};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i)
        if (parts[i] > (double)trainer->about.largest_buffer)
            return too_large(trainer, "one buffer", parts[i], (double)trainer->about.largest_buffer);
    /* The slots' words stand on the host too. */
    const double here = net_host_need(settings) + (double)OPENCL_SLOTS * staged +
                        (trainer->about.type == CARRYNET_DEVICE_CPU ? need : 0);
    const uint64_t limit = sys_memory();
    if (limit != 0 && here > (double)limit)
        return too_large(trainer, "training, on this machine,", here, (double)limit);
    trainer->need = (uint64_t)need;
    return CARRYNET_OK;
}

uint64_t opencl_trainer_need(struct backend *backend)
{
    const struct opencl_trainer *trainer = (const struct opencl_trainer *)backend;
    return trainer->need;
}
