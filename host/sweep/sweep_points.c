/*
 * The rows of a sweep: the grid (hidden, batch, optimizer, loss, rate, noise, seed; the last varies fastest) or the
 * random points of kernels/ARITHMETIC.md 6, and the number that identifies the sweep in its results file.
 */
#include "kernels/arithmetic.h"
#include "platform/environment.h"
#include "sweep/sweep_rows.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_WORDS = 8, CHECK_SEQUENCES = 1024 };

static const double LEAST_NOISE = 0x1p-30; /* below it noise must be 0 (settings.h) */

void carrynet_sweep_spec_init(carrynet_sweep_spec *spec, const carrynet_settings *settings)
{
    *spec = (carrynet_sweep_spec){.settings = *settings, .seeds = 1, .sequences = 1000000, .shard = 1, .shards = 1};
    spec->hidden = &spec->settings.shape.hidden;
    spec->batches = &spec->settings.batch;
    spec->optimizers = &spec->settings.optimizer;
    spec->losses = &spec->settings.loss;
    spec->noises = &spec->settings.noise;
    spec->hidden_count = spec->batch_count = spec->optimizer_count = spec->loss_count = spec->noise_count = 1;
}

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

static carrynet_status check_range(const char *name, const double *ends, size_t count, bool random)
{
    if (!random)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "%s is a range, from which only random points are drawn", name);
    if (count != 2 || !(ends[0] >= 0 && ends[0] <= ends[1]))
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "%s is no range from a number to a larger one", name);
    return CARRYNET_OK;
}

/* The number of points; ARGUMENT if they or their rows are too many, or a list is empty. */
static carrynet_status count_points(size_t *points, const carrynet_sweep_spec *spec)
{
    const bool random = spec->points > 0;
    const struct {
        const char *name;
        size_t count;
    } lists[] = {
        {"hidden", spec->hidden_count},
        {"batch", spec->batch_count},
        {"optimizer", spec->optimizer_count},
        {"loss", spec->loss_count},
        {"lr", spec->rates == NULL ? 1 : spec->rate_count},
        {"noise", spec->noise_count},
        {"seeds", spec->seeds},
    };
    double rows = random ? (double)spec->points * spec->seeds : 1; /* exact up to far more than is allowed */
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; ++i) {
        if (lists[i].count == 0)
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "the list of %s is empty", lists[i].name);
        /* Points of equal lists share a group, whose number must not overflow. */
        if (random && i < 4 && lists[i].count > UINT16_MAX)
            return sys_fail(CARRYNET_ERROR_ARGUMENT, "%zu are too many entries of %s", lists[i].count, lists[i].name);
        rows *= random ? 1 : (double)lists[i].count;
    }
    if (spec->rates != NULL && spec->rate_range)
        status = check_range("lr", spec->rates, spec->rate_count, random);
    if (status == CARRYNET_OK && spec->noise_range)
        status = check_range("noise", spec->noises, spec->noise_count, random);
    if (status == CARRYNET_OK && rows > CARRYNET_SWEEP_ROWS)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "%.0f networks are more than the %d that a sweep can have", rows,
                          CARRYNET_SWEEP_ROWS);
    if (status == CARRYNET_OK && spec->settings.seed > UINT64_MAX - (spec->seeds - 1))
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "seed %" PRIu64 " leaves no seeds for %" PRIu32 " networks",
                          spec->settings.seed, spec->seeds);
    if (status == CARRYNET_OK && spec->sequences == 0)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "sequences is 0, must be at least 1");
    if (status == CARRYNET_OK && (spec->shard == 0 || spec->shard > spec->shards))
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "there is no shard %" PRIu32 " of %" PRIu32 "; they count from 1",
                          spec->shard, spec->shards);
    if (status == CARRYNET_OK)
        *points = (size_t)rows / spec->seeds;
    return status;
}

/* ---- the number ------------------------------------------------------------------------------------------------ */

static void add_reals(sys_text *text, const char *name, const double *values, size_t count, bool range)
{
    char number[SYS_NUMBER];
    sys_text_add(text, "%s%s", name, count == 0 ? " default" : range ? " range" : "");
    for (size_t i = 0; i < count; ++i)
        sys_text_add(text, " %s", sys_real_text(number, values[i]));
    sys_text_add(text, "\n");
}

static void add_counts(sys_text *text, const char *name, const uint32_t *values, size_t count)
{
    sys_text_add(text, "%s", name);
    for (size_t i = 0; i < count; ++i)
        sys_text_add(text, " %" PRIu32, values[i]);
    sys_text_add(text, "\n");
}

/* The digest of the specification as a text: whatever shapes a row is in it. */
static carrynet_status number_of(uint64_t *id, const carrynet_sweep_spec *spec, const char *task)
{
    const carrynet_settings *s = &spec->settings;
    const double shared[] = {s->momentum, s->decay, s->epsilon, s->clip, s->scale};
    sys_text text = {0};
    sys_text_add(&text, "carrynet sweep\narithmetic %d\ndefaults %" PRIu32 "\n", CARRYNET_ARITHMETIC_VERSION,
                 s->defaults_version);
    sys_text_add(&text, "task %s\nbits %" PRIu32 "\nbias %d\nprecision %d\nschedule %s\n", task, s->steps,
                 s->shape.bias ? 1 : 0, (int)s->precision, carrynet_schedule_name(s->schedule));
    add_reals(&text, "momentum, decay, epsilon, clip, scale", shared, sizeof shared / sizeof shared[0], false);
    sys_text_add(&text, "points %" PRIu64 "\nseed %" PRIu64 "\nseeds %" PRIu32 "\n", spec->points, s->seed,
                 spec->seeds);
    sys_text_add(&text, "sequences %" PRIu64 "\ncheck_every %" PRIu32 "\n", spec->sequences, spec->check_every);
    add_counts(&text, "hidden", spec->hidden, spec->hidden_count);
    add_counts(&text, "batch", spec->batches, spec->batch_count);
    sys_text_add(&text, "optimizer");
    for (size_t i = 0; i < spec->optimizer_count; ++i)
        sys_text_add(&text, " %s", carrynet_optimizer_name(spec->optimizers[i]));
    sys_text_add(&text, "\nloss");
    for (size_t i = 0; i < spec->loss_count; ++i)
        sys_text_add(&text, " %s", carrynet_loss_name(spec->losses[i]));
    sys_text_add(&text, "\n");
    add_reals(&text, "rate", spec->rates, spec->rates == NULL ? 0 : spec->rate_count, spec->rate_range);
    add_reals(&text, "noise", spec->noises, spec->noise_count, spec->noise_range);
    if (s->until_proved != 0)
        sys_text_add(&text, "until proved %" PRIu32 "\n", s->until_proved);
    if (s->weight_decay != 0)
        add_reals(&text, "weight decay", &s->weight_decay, 1, false);
    *id = SYS_DIGEST;
    for (size_t i = 0; i < text.size; ++i)
        *id = sys_digest(*id, (unsigned char)text.data[i], 1);
    const bool failed = text.failed != 0;
    sys_text_free(&text);
    return failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the specification of the sweep") : CARRYNET_OK;
}

/* ---- points ---------------------------------------------------------------------------------------------------- */

/* Where a point stands in each list. */
struct choice {
    size_t hidden, batch, optimizer, loss, rate, noise;
};

static void put_point(carrynet_sweep *sweep, size_t index, const carrynet_sweep_spec *spec, const struct choice *c,
                      double rate, double noise)
{
    sweep->points[index] = (struct sweep_point){
        .rate = rate,
        .noise = noise,
        .hidden = spec->hidden[c->hidden],
        .batch = spec->batches[c->batch],
        .optimizer = spec->optimizers[c->optimizer],
        .loss = spec->losses[c->loss],
    };
    sweep->places[index] = (struct sweep_place){
        .group = ((c->hidden * spec->batch_count + c->batch) * spec->optimizer_count + c->optimizer) *
                     (uint64_t)spec->loss_count +
                 c->loss,
        .point = index,
    };
}

static double rate_of(const carrynet_sweep_spec *spec, const struct choice *c)
{
    if (spec->rates != NULL)
        return spec->rates[c->rate];
    carrynet_settings settings = spec->settings;
    settings.optimizer = spec->optimizers[c->optimizer];
    settings.loss = spec->losses[c->loss];
    settings.rate = carrynet_default_rate(settings.optimizer, settings.loss);
    if (settings.until_proved != 0)
        carrynet_settings_until_proved(&settings);
    return settings.rate;
}

static void make_grid(carrynet_sweep *sweep, const carrynet_sweep_spec *spec)
{
    const size_t counts[6] = {spec->hidden_count,
                              spec->batch_count,
                              spec->optimizer_count,
                              spec->loss_count,
                              spec->rates == NULL ? 1 : spec->rate_count,
                              spec->noise_count};
    for (size_t i = 0; i < sweep->point_count; ++i) {
        size_t at[6], rest = i;
        for (size_t k = 6; k-- > 0; rest /= counts[k])
            at[k] = rest % counts[k];
        const struct choice c = {at[0], at[1], at[2], at[3], at[4], at[5]};
        put_point(sweep, i, spec, &c, rate_of(spec, &c), spec->noises[c.noise]);
    }
}

/* A number of [low, high] by halving, the cut a geometric mean or the plain one, then 4 significant digits. */
static double draw(uint32_t random, double low, double high, bool geometric)
{
    char text[SYS_NUMBER];
    double a = low, b = high;
    for (int bit = 31; bit >= 0; --bit) {
        const double cut = geometric ? sqrt(a * b) : (a + b) / 2;
        if (random >> bit & 1u)
            a = cut;
        else
            b = cut;
    }
    (void)snprintf(text, sizeof text, "%.3e", a);
    a = strtod(text, NULL);
    return a < low ? low : a > high ? high : a;
}

static size_t pick(uint32_t random, size_t count)
{
    return (size_t)((uint64_t)random * count >> 32);
}

static void make_random(carrynet_sweep *sweep, const carrynet_sweep_spec *spec)
{
    const uint64_t seed = spec->settings.seed;
    for (size_t i = 0; i < sweep->point_count; ++i) {
        uint32_t words[POINT_WORDS];
        for (uint32_t k = 0; k < POINT_WORDS; k += 4) {
            const uint64_t block = (uint64_t)i * POINT_WORDS / 4 + k / 4;
            uint32_t *c = words + k;
            c[0] = (uint32_t)block;
            c[1] = (uint32_t)(block >> 32);
            c[2] = 0;
            c[3] = CARRYNET_STREAM_SWEEP;
            philox4x32(&c[0], &c[1], &c[2], &c[3], (uint32_t)seed, (uint32_t)(seed >> 32));
        }
        const struct choice c = {
            pick(words[0], spec->hidden_count),    pick(words[1], spec->batch_count),
            pick(words[2], spec->optimizer_count), pick(words[3], spec->loss_count),
            pick(words[4], spec->rate_count),      pick(words[5], spec->noise_count),
        };
        const bool rate_range = spec->rates != NULL && spec->rate_range;
        const double rate = rate_range ? draw(words[4], spec->rates[0], spec->rates[1], true) : rate_of(spec, &c);
        double noise = spec->noises[c.noise];
        if (spec->noise_range)
            noise = draw(words[5], spec->noises[0], spec->noises[1], false);
        put_point(sweep, i, spec, &c, rate, spec->noise_range && noise < LEAST_NOISE ? 0 : noise);
    }
}

static int by_group(const void *a, const void *b)
{
    const struct sweep_place *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->point < y->point ? -1 : x->point > y->point ? 1 : 0;
}

/* Puts a row's own values over the shared ones. */
static void put_row(carrynet_settings *settings, const carrynet_sweep *sweep, uint64_t row)
{
    const struct sweep_point *point = &sweep->points[(row - 1) / sweep->seeds];
    const uint64_t updates = sweep->sequences / (point->batch > 0 ? point->batch : 1);
    const uint32_t check = (uint32_t)(CHECK_SEQUENCES / (point->batch > 0 ? point->batch : 1));
    settings->shape.hidden = point->hidden;
    settings->batch = point->batch;
    settings->optimizer = point->optimizer;
    settings->loss = point->loss;
    settings->rate = point->rate;
    settings->noise = point->noise;
    settings->seed = sweep->shared.seed + (row - 1) % sweep->seeds;
    settings->updates = updates > 0 ? updates : 1;
    settings->check_every = sweep->check_every > 0                             ? sweep->check_every
                            : (uint64_t)check * point->batch < CHECK_SEQUENCES ? check + 1
                                                                               : check;
}

/* The ends of ranges and every point must be what carrynet_settings_check takes. */
static carrynet_status check_points(const carrynet_sweep *sweep, const carrynet_sweep_spec *spec)
{
    carrynet_settings settings = sweep->shared;
    carrynet_status status = CARRYNET_OK;
    for (size_t i = 0; i < 2 && status == CARRYNET_OK; ++i) {
        put_row(&settings, sweep, 1);
        settings.updates = 1; /* looked at below */
        if (spec->rates != NULL && spec->rate_range)
            settings.rate = spec->rates[i];
        settings.noise = spec->noise_range ? spec->noises[i] : 0;
        status = carrynet_settings_check(&settings);
    }
    for (size_t i = 0; i < sweep->point_count && status == CARRYNET_OK; ++i) {
        put_row(&settings, sweep, (uint64_t)i * sweep->seeds + 1);
        if (settings.updates > UINT32_MAX)
            return sys_fail(CARRYNET_ERROR_ARGUMENT,
                            "sequences is %" PRIu64 ", must be below %" PRIu64 " with batch %" PRIu32, sweep->sequences,
                            (UINT32_MAX + UINT64_C(1)) * settings.batch, settings.batch);
        status = carrynet_settings_check(&settings);
    }
    return status;
}

carrynet_status carrynet_sweep_create(carrynet_sweep **out, const carrynet_sweep_spec *spec)
{
    carrynet_sweep *sweep = NULL;
    size_t points = 0;
    const fenv_t environment = sys_enter_arithmetic();
    *out = NULL;
    carrynet_status status = count_points(&points, spec);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sweep, 1, sizeof *sweep);
    if (status != CARRYNET_OK)
        goto done;
    sweep->shared = spec->settings;
    sweep->shared.networks = 1;
    sweep->shared.until_exact = true;
    sweep->sequences = spec->sequences;
    sweep->check_every = spec->check_every;
    sweep->seeds = spec->seeds;
    sweep->shard = spec->shard;
    sweep->shards = spec->shards;
    sweep->point_count = points;
    sweep->row_count = points * spec->seeds;
    sweep_name_task(&sweep->shared.task);
    status = number_of(&sweep->id, spec, sweep->shared.task.name);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sweep->points, sweep->point_count, sizeof *sweep->points);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sweep->places, sweep->point_count, sizeof *sweep->places);
    if (status == CARRYNET_OK)
        status = sys_allocate(&sweep->results, sweep->row_count, sizeof *sweep->results);
    if (status != CARRYNET_OK)
        goto done;
    if (spec->points > 0)
        make_random(sweep, spec);
    else
        make_grid(sweep, spec);
    status = check_points(sweep, spec);
    if (status != CARRYNET_OK)
        goto done;
    qsort(sweep->places, sweep->point_count, sizeof *sweep->places, by_group);
    *out = sweep;
    sweep = NULL;
done:
    carrynet_sweep_free(sweep);
    return sys_leave_arithmetic(&environment, status);
}

void carrynet_sweep_free(carrynet_sweep *sweep)
{
    if (sweep == NULL)
        return;
    sys_free(sweep->points);
    sys_free(sweep->places);
    sys_free(sweep->results);
    sys_free(sweep);
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

uint64_t carrynet_sweep_rows(const carrynet_sweep *sweep)
{
    return sweep->row_count;
}

uint64_t carrynet_sweep_id(const carrynet_sweep *sweep)
{
    return sweep->id;
}

bool sweep_wants(const carrynet_sweep *sweep, uint64_t row)
{
    return (row - 1) % sweep->shards == sweep->shard - 1;
}

void carrynet_sweep_settings(carrynet_settings *settings, const carrynet_sweep *sweep, uint64_t row)
{
    *settings = sweep->shared;
    put_row(settings, sweep, row);
}

const carrynet_sweep_result *carrynet_sweep_result_of(const carrynet_sweep *sweep, uint64_t row)
{
    return &sweep->results[row - 1];
}

void sweep_fill_row(carrynet_sweep_row *filled, const carrynet_sweep *sweep, uint64_t row)
{
    filled->row = row;
    filled->rows = sweep->row_count;
    filled->sweep = sweep->id;
    put_row(&filled->settings, sweep, row);
    filled->result = sweep->results[row - 1];
}

carrynet_sweep_tally carrynet_sweep_count(const carrynet_sweep *sweep)
{
    carrynet_sweep_tally tally = {0};
    for (uint64_t row = sweep->shard; row <= sweep->row_count; row += sweep->shards) {
        const carrynet_sweep_result *result = &sweep->results[row - 1];
        ++tally.networks;
        tally.finished += result->finished ? 1 : 0;
        tally.exact += result->finished && result->exact ? 1 : 0;
        tally.proved += result->finished && result->proved ? 1 : 0;
    }
    return tally;
}
