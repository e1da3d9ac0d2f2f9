/*
 * Takes the state of a training and restores it. Restoring checks every value that later code relies on: the hash shows
 * that a file is complete, not that this program wrote it.
 */
#include "train/checkpoint_state.h"
#include "model/optimizer.h"
#include "model/value.h"
#include "platform/platform.h"
#include <math.h>
#include <string.h>

enum { EXACT = 1, FINISHED = 2, PROVED = 4, DIVERGED = 8 };
static const double LONGEST = 1e12; /* seconds */

/* ---- sizes ------------------------------------------------------------------------------------------------------ */

/* The sizes of all parts; their data is not there yet. */
static void set_sizes(struct checkpoint_state *state, const carrynet_settings *s, uint64_t running)
{
    const size_t networks = s->networks, value = s->precision / 8, some = (size_t)running;
    const size_t size = carrynet_shape_size(&s->shape) * value, trained = carrynet_shape_trained(&s->shape) * value;
    *state =
        (struct checkpoint_state){.parts = {
                                      [PART_COUNTERS] = {.size = sizeof(struct checkpoint_counters)},
                                      [PART_VALUES] = {.size = networks * size},
                                      [PART_SEEDS] = {.size = networks * sizeof(uint64_t)},
                                      [PART_UPDATES] = {.size = networks * sizeof(uint64_t)},
                                      [PART_FLAGS] = {.size = networks},
                                      [PART_WRONG_BITS] = {.size = networks * sizeof(uint64_t)},
                                      [PART_BITS] = {.size = networks * sizeof(uint64_t)},
                                      [PART_SECONDS] = {.size = networks * sizeof(double)},
                                      [PART_NUMBERS] = {.size = some * sizeof(uint32_t)},
                                      [PART_METRICS] = {.size = some * sizeof(carrynet_metrics)},
                                      [PART_DUE] = {.size = some * sizeof(uint64_t)},
                                      [PART_HAD] = {.size = some * sizeof(uint32_t)},
                                      [PART_PARAMETERS] = {.size = some * size},
                                      [PART_FIRST] = {.size = net_first_moment(s->optimizer) ? some * trained : 0},
                                      [PART_SECOND] = {.size = net_second_moment(s->optimizer) ? some * trained : 0},
                                  }};
}

carrynet_status checkpoint_state_create(struct checkpoint_state *state, const carrynet_settings *settings,
                                        uint64_t running, bool memory)
{
    carrynet_status status = CARRYNET_OK;
    set_sizes(state, settings, running);
    for (int p = 0; p < CHECKPOINT_PARTS && memory && status == CARRYNET_OK; ++p)
        status = sys_allocate(&state->parts[p].data, state->parts[p].size, 1);
    return status;
}

void checkpoint_state_free(struct checkpoint_state *state)
{
    for (int p = 0; p < CHECKPOINT_PARTS; ++p)
        sys_free(state->parts[p].data);
    *state = (struct checkpoint_state){0};
}

/* ---- taking ----------------------------------------------------------------------------------------------------- */

static void take_counters(struct checkpoint_counters *c, const struct training *t)
{
    const struct population_records *records = &t->records;
    *c = (struct checkpoint_counters){
        .batch_first = t->batch_first,
        .batch_count = t->batch_count,
        .running = t->population.running,
        .updates = t->updates,
        .look = t->look,
        .check_due = t->check_due,
        .trained = t->trained,
        .exact = records->exact,
        .proved = records->proved,
        .diverged = records->diverged,
        .finished = records->finished,
        .most_updates = records->updates,
        .measured = records->measured,
        .records_loss = records->loss,
        .records_wrong_share = records->wrong_share,
        .held_wrong_share = t->held_wrong_share,
        .loss = t->loss,
        .wrong_share = t->wrong_share,
        .seconds = sys_seconds() - t->start,
        .share_seconds = t->population.seconds + (sys_seconds() - t->population.clock) / t->population.running,
    };
    if (t->options->checkpoints->mark != NULL)
        t->options->checkpoints->mark(t->options->checkpoints->self, c->marks);
}

static void take_records(struct checkpoint_state *state, const struct training *t)
{
    const carrynet_network *networks = carrynet_model_networks(t->records.model);
    const carrynet_outcome *outcomes = t->records.outcomes;
    uint64_t *seeds = state->parts[PART_SEEDS].data, *updates = state->parts[PART_UPDATES].data;
    uint64_t *wrong = state->parts[PART_WRONG_BITS].data, *bits = state->parts[PART_BITS].data;
    double *seconds = state->parts[PART_SECONDS].data;
    uint8_t *flags = state->parts[PART_FLAGS].data;
    memcpy(state->parts[PART_VALUES].data, carrynet_model_values(t->records.model), state->parts[PART_VALUES].size);
    for (uint32_t n = 0; n < t->settings->networks; ++n) {
        seeds[n] = networks[n].seed;
        updates[n] = networks[n].updates;
        wrong[n] = outcomes[n].wrong_bits;
        bits[n] = outcomes[n].bits;
        seconds[n] = outcomes[n].seconds;
        flags[n] = (uint8_t)((networks[n].exact ? EXACT : 0) | (outcomes[n].finished ? FINISHED : 0) |
                             (outcomes[n].proved ? PROVED : 0) | (outcomes[n].diverged ? DIVERGED : 0));
    }
}

static void copy_to(struct checkpoint_state *state, enum checkpoint_part_id part, const void *from)
{
    memcpy(state->parts[part].data, from, state->parts[part].size);
}

static carrynet_status take_networks(struct checkpoint_state *state, const struct training *t)
{
    const struct population *p = &t->population;
    copy_to(state, PART_NUMBERS, p->number);
    copy_to(state, PART_METRICS, p->metrics);
    copy_to(state, PART_DUE, p->due);
    copy_to(state, PART_HAD, p->had);
    carrynet_status status =
        carrynet_engine_get(t->engine, CARRYNET_PART_PARAMETERS, 0, p->running, state->parts[PART_PARAMETERS].data);
    if (status == CARRYNET_OK && state->parts[PART_FIRST].size > 0)
        status =
            carrynet_engine_get(t->engine, CARRYNET_PART_FIRST_MOMENT, 0, p->running, state->parts[PART_FIRST].data);
    if (status == CARRYNET_OK && state->parts[PART_SECOND].size > 0)
        status =
            carrynet_engine_get(t->engine, CARRYNET_PART_SECOND_MOMENT, 0, p->running, state->parts[PART_SECOND].data);
    return status;
}

carrynet_status checkpoint_state_take(struct checkpoint_state *state, const struct training *training)
{
    take_counters(&state->counters, training);
    copy_to(state, PART_COUNTERS, &state->counters);
    take_records(state, training);
    return take_networks(state, training);
}

/* ---- giving back --------------------------------------------------------------------------------------------------- */

static carrynet_status refuse(const struct training *t, const char *what)
{
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: %s", t->options->checkpoints->path, what);
}

/* A number that a sum, a share or a time can be. */
static bool in_range(double value, double most)
{
    return value >= 0 && value <= most;
}

/* What is recorded of the networks that have left, and that the counters count them. */
static carrynet_status check_records(const struct training *t, const struct checkpoint_state *state)
{
    const struct checkpoint_counters *c = &state->counters;
    const carrynet_settings *s = t->settings;
    const uint64_t *updates = state->parts[PART_UPDATES].data, *wrong = state->parts[PART_WRONG_BITS].data;
    const uint64_t *bits = state->parts[PART_BITS].data;
    const double *seconds = state->parts[PART_SECONDS].data;
    const uint8_t *flags = state->parts[PART_FLAGS].data;
    uint64_t exact = 0, proved = 0, diverged = 0, finished = 0;
    for (uint32_t n = 0; n < s->networks; ++n) {
        const bool well = (flags[n] & EXACT) != 0, ill = (flags[n] & DIVERGED) != 0;
        if (flags[n] >= 2 * DIVERGED || (well && ill) || ((flags[n] & PROVED) != 0 && !well) ||
            updates[n] > s->updates || wrong[n] > bits[n] || !in_range(seconds[n], LONGEST))
            return refuse(t, "its records are not those of a training");
        exact += well ? 1 : 0;
        proved += (flags[n] & PROVED) != 0 ? 1 : 0;
        diverged += ill ? 1 : 0;
        finished += (flags[n] & FINISHED) != 0 ? 1 : 0;
    }
    if (exact != c->exact || proved != c->proved || diverged != c->diverged || finished != c->finished ||
        c->measured > s->networks)
        return refuse(t, "counts other networks than its records have");
    if (c->most_updates > s->updates || !in_range(c->records_loss, INFINITY) || !in_range(c->loss, INFINITY) ||
        !in_range(c->records_wrong_share, s->networks) || !in_range(c->held_wrong_share, 1) ||
        !in_range(c->wrong_share, 1 + 1e-6) || !in_range(c->share_seconds, LONGEST)) /* a mean is rounded */
        return refuse(t, "its counters are not those of a training");
    for (size_t i = 0; i < s->networks * carrynet_shape_size(&s->shape); ++i)
        if (!isfinite(net_value(state->parts[PART_VALUES].data, s->precision, i)))
            return refuse(t, "a network that has left has a weight that is no number");
    return CARRYNET_OK;
}

static void restore_counters(struct training *t, const struct checkpoint_counters *c)
{
    struct population_records *records = &t->records;
    t->batch_first = (uint32_t)c->batch_first;
    t->batch_count = (uint32_t)c->batch_count;
    t->updates = t->saved_updates = c->updates;
    t->look = c->look;
    t->check_due = c->check_due != 0;
    t->trained = c->trained;
    t->held_wrong_share = c->held_wrong_share;
    t->loss = c->loss;
    t->wrong_share = c->wrong_share;
    records->exact = (uint32_t)c->exact;
    records->proved = (uint32_t)c->proved;
    records->diverged = (uint32_t)c->diverged;
    records->finished = (uint32_t)c->finished;
    records->updates = c->most_updates;
    records->measured = (uint32_t)c->measured;
    records->loss = c->records_loss;
    records->wrong_share = c->records_wrong_share;
}

static void restore_records(struct training *t, const struct checkpoint_state *state)
{
    carrynet_network *networks = carrynet_model_networks(t->records.model);
    carrynet_outcome *outcomes = t->records.outcomes;
    const uint64_t *seeds = state->parts[PART_SEEDS].data, *updates = state->parts[PART_UPDATES].data;
    const uint64_t *wrong = state->parts[PART_WRONG_BITS].data, *bits = state->parts[PART_BITS].data;
    const double *seconds = state->parts[PART_SECONDS].data;
    const uint8_t *flags = state->parts[PART_FLAGS].data;
    memcpy(carrynet_model_values(t->records.model), state->parts[PART_VALUES].data, state->parts[PART_VALUES].size);
    for (uint32_t n = 0; n < t->settings->networks; ++n) {
        networks[n] = (carrynet_network){.seed = seeds[n], .updates = updates[n], .exact = (flags[n] & EXACT) != 0};
        outcomes[n] = (carrynet_outcome){
            .finished = (flags[n] & FINISHED) != 0,
            .proved = (flags[n] & PROVED) != 0,
            .diverged = (flags[n] & DIVERGED) != 0,
            .wrong_bits = wrong[n],
            .bits = bits[n],
            .seconds = seconds[n],
        };
    }
}

/* Numbers of the network batch, each once, of networks that have not left; their last metrics. */
static carrynet_status check_networks(const struct training *t, const struct checkpoint_state *state, size_t count)
{
    const uint32_t *numbers = state->parts[PART_NUMBERS].data;
    const carrynet_metrics *metrics = state->parts[PART_METRICS].data;
    const uint8_t *flags = state->parts[PART_FLAGS].data;
    bool *seen = NULL;
    carrynet_status status = sys_allocate(&seen, t->batch_count, sizeof *seen);
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        const uint32_t place = numbers[i] - t->batch_first;
        if (numbers[i] < t->batch_first || place >= t->batch_count || seen[place] || flags[numbers[i]] != 0)
            status = refuse(t, "its networks are not those of the run, each once");
        else if (metrics[i].sequences > t->settings->batch || metrics[i].wrong_sequences > metrics[i].sequences ||
                 metrics[i].loss < 0)
            status = refuse(t, "its losses are not those of a training");
        else
            seen[place] = true;
    }
    sys_free(seen);
    return status;
}

static carrynet_status restore_networks(struct training *t, const struct checkpoint_state *state, size_t count)
{
    struct population *p = &t->population;
    carrynet_status status = check_networks(t, state, count);
    if (status == CARRYNET_OK)
        status = population_open(p, t->engine, &t->check, &t->records, t->batch_first, (uint32_t)count);
    if (status != CARRYNET_OK)
        return status;
    memcpy(p->number, state->parts[PART_NUMBERS].data, state->parts[PART_NUMBERS].size);
    memcpy(p->metrics, state->parts[PART_METRICS].data, state->parts[PART_METRICS].size);
    memcpy(p->due, state->parts[PART_DUE].data, state->parts[PART_DUE].size);
    memcpy(p->had, state->parts[PART_HAD].data, state->parts[PART_HAD].size);
    /* What is a network's own follows from the settings, or is the caller's. */
    carrynet_network_config *configs = carrynet_engine_network_configs(t->engine);
    for (uint32_t n = 0; n < count; ++n) {
        const uint32_t number = p->number[n];
        configs[n] =
            t->options->configs != NULL ? t->options->configs[number] : carrynet_network_config_of(t->settings, number);
        configs[n].updates = t->updates;
    }
    status = carrynet_engine_set(t->engine, CARRYNET_PART_PARAMETERS, 0, count, state->parts[PART_PARAMETERS].data);
    if (status == CARRYNET_OK && state->parts[PART_FIRST].size > 0)
        status = carrynet_engine_set(t->engine, CARRYNET_PART_FIRST_MOMENT, 0, count, state->parts[PART_FIRST].data);
    if (status == CARRYNET_OK && state->parts[PART_SECOND].size > 0)
        status = carrynet_engine_set(t->engine, CARRYNET_PART_SECOND_MOMENT, 0, count, state->parts[PART_SECOND].data);
    return status;
}

carrynet_status checkpoint_state_give(struct checkpoint_state *state, struct training *t)
{
    struct checkpoint_counters *counters = &state->counters;
    memcpy(counters, state->parts[PART_COUNTERS].data, sizeof *counters);
    carrynet_status status = check_records(t, state);
    if (status != CARRYNET_OK)
        return status;
    restore_counters(t, counters);
    restore_records(t, state);
    status = restore_networks(t, state, (size_t)counters->running);
    t->population.seconds = counters->share_seconds;
    return status;
}
