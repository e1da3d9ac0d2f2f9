/*
 * The hidden states of many problems in two coordinates: a linear probe across (linear_probe.h), a logit upwards.
 *
 * The targets of probes: the number of the automaton's state; with more than two states also, for each of the first, 1 in it and 0
 * in the others; the number of the symbol, where there is one state alone.
 */
#include "cli/linear_probe.h"
#include "cli/report_data.h"
#include "net/value.h"
#include <math.h>

enum { POINTS_MOST = 1600, SEQUENCES_LEAST = 8, STEPS_MOST = 64, PROBES_MOST = 9 };

static const double GRID = 1e-4; /* coordinates are rounded to it, which no eye sees */

typedef struct looked {
    size_t sequences, steps, points, hidden, outputs, probes;
    double *h;                          /* [points][hidden] */
    double *z;                          /* [points][outputs] */
    uint32_t *states, *symbols, *right; /* [points]: after the step; read in it; the right output bits */
    double *target;                     /* [points] */
    double *weights;                    /* [hidden + 1], of one probe */
    linear_probe probe;
} looked;

static void looked_free(looked *look)
{
    base_free(look->h);
    base_free(look->z);
    base_free(look->states);
    base_free(look->symbols);
    base_free(look->right);
    base_free(look->target);
    base_free(look->weights);
    linear_probe_close(&look->probe);
}

static carrynet_status looked_create(looked *look, const saved_network *saved)
{
    const carrynet_settings *s = saved->settings;
    look->steps = s->steps < STEPS_MOST ? s->steps : STEPS_MOST;
    look->sequences = POINTS_MOST / look->steps;
    if (look->sequences < SEQUENCES_LEAST)
        look->sequences = SEQUENCES_LEAST;
    look->points = look->sequences * look->steps;
    look->hidden = s->shape.hidden;
    look->outputs = s->shape.outputs;
    look->probes = s->task.states <= 2 ? 1 : 1 + s->task.states;
    if (look->probes > PROBES_MOST)
        look->probes = PROBES_MOST;
    carrynet_status status = base_allocate(&look->h, look->points, look->hidden * sizeof *look->h);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->z, look->points * look->outputs, sizeof *look->z);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->states, look->points, sizeof *look->states);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->symbols, look->points, sizeof *look->symbols);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->right, look->points, sizeof *look->right);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->target, look->points, sizeof *look->target);
    if (status == CARRYNET_OK)
        status = base_allocate(&look->weights, look->hidden + 1, sizeof *look->weights);
    return status;
}

/* ---- what the network does ------------------------------------------------------------------------------------- */

static void widen(double *wide, const void *values, size_t count, carrynet_precision precision)
{
    for (size_t i = 0; i < count; ++i)
        wide[i] = net_value(values, precision, i);
}

static void label(looked *look, const carrynet_task *task, const carrynet_batch *batch)
{
    for (size_t s = 0; s < look->sequences; ++s) {
        uint32_t state = task->start;
        for (size_t t = 0; t < look->steps; ++t) {
            const size_t p = s * look->steps + t;
            look->symbols[p] = carrynet_packed_get(batch->symbols + s * batch->symbol_words, task->inputs, t);
            look->right[p] = carrynet_task_step(task, &state, look->symbols[p]);
            look->states[p] = state;
        }
    }
}

static carrynet_status run(looked *look, saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    const carrynet_source source = carrynet_counter_source(task);
    const carrynet_precision precision = saved->settings->precision;
    const size_t size = precision / 8;
    carrynet_batch batch = {0};
    void *h = NULL, *z = NULL;
    carrynet_status status = carrynet_batch_create(&batch, task, look->sequences, look->steps);
    if (status == CARRYNET_OK)
        status = base_allocate(&h, look->points, look->hidden * size);
    if (status == CARRYNET_OK)
        status = base_allocate(&z, look->points, look->outputs * size);
    if (status == CARRYNET_OK)
        status = source.fill(source.self, 0, 0, 0, look->sequences, look->steps, batch.symbols, batch.targets);
    if (status == CARRYNET_OK)
        status = carrynet_engine_forward(saved->engine, &batch, &(carrynet_forward){.z = z, .h = h});
    if (status == CARRYNET_OK) {
        widen(look->h, h, look->points * look->hidden, precision);
        widen(look->z, z, look->points * look->outputs, precision);
        label(look, task, &batch);
    }
    base_free(h);
    base_free(z);
    carrynet_batch_free(&batch);
    return status;
}

/* ---- as JSON --------------------------------------------------------------------------------------------------- */

static json_t *rounded(double value)
{
    return json_of_real(fabs(value) < 1e9 ? round(value / GRID) * GRID : value);
}

/* Fits probe number `which` and appends what it sees: its weights, and where it puts every point. */
static void append_probe(json_t *probes, looked *look, size_t which, const carrynet_task *task)
{
    json_t *object = json_object(), *weights = json_array(), *at = json_array();
    size_t errors = 0;
    for (size_t p = 0; p < look->points; ++p)
        look->target[p] = task->states == 1 ? look->symbols[p]
                          : which == 0      ? look->states[p]
                                            : (double)(look->states[p] == which - 1);
    linear_probe_fit(look->weights, &look->probe, look->target);
    for (size_t i = 0; i <= look->hidden; ++i)
        json_append(weights, json_of_real(look->weights[i]));
    for (size_t p = 0; p < look->points; ++p) {
        const double value = linear_probe_at(look->weights, look->h + p * look->hidden, look->hidden);
        json_append(at, rounded(value));
        errors += fabs(value - look->target[p]) < 0.5 ? 0 : 1;
    }
    json_put(object, "of", json_of_text(task->states == 1 ? "symbol" : "state"));
    if (which > 0)
        json_put(object, "state", json_of_count(which - 1));
    json_put(object, "weights", weights);
    json_put(object, "at", at);
    json_put(object, "errors", json_of_count(errors));
    json_append(probes, object);
}

carrynet_status report_put_states(json_t *page, saved_network *saved)
{
    const carrynet_task *task = &saved->settings->task;
    looked look = {0};
    carrynet_status status = looked_create(&look, saved);
    if (status == CARRYNET_OK)
        status = run(&look, saved);
    if (status == CARRYNET_OK)
        status = linear_probe_open(&look.probe, look.h, look.points, look.hidden);
    if (status == CARRYNET_OK) {
        json_t *object = json_object(), *probes = json_array(), *states = json_array(), *right = json_array();
        json_t *z = json_array();
        for (size_t which = 0; which < look.probes; ++which)
            append_probe(probes, &look, which, task);
        for (size_t p = 0; p < look.points; ++p) {
            json_append(states, json_of_count(look.states[p]));
            json_append(right, json_of_count(look.right[p]));
        }
        for (size_t i = 0; i < look.points * look.outputs; ++i)
            json_append(z, rounded(look.z[i]));
        json_put(object, "sequences", json_of_count(look.sequences));
        json_put(object, "steps", json_of_count(look.steps));
        json_put(object, "probes", probes);
        json_put(object, "states", states);
        json_put(object, "right", right);
        json_put(object, "z", z);
        json_put(page, "states", object);
    }
    looked_free(&look);
    return status;
}
