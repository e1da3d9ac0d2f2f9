/*
 * The hidden states of many problems in two coordinates: a linear probe horizontally (linear_probe.h), a logit
 * vertically.
 *
 * The targets of the probes: the number of the automaton's state; with more than two states also, for each of the
 * first, 1 in that state and 0 in the others; with a single state, the number of the symbol.
 */
#include "cli/report/report_data.h"
#include <carrynet/linear_probe.h>
#include <math.h>

enum { POINTS_MOST = 1600, PROBLEMS_LEAST = 8, STEPS_MOST = 64, PROBES_MOST = 9 };

static const double GRID = 1e-4; /* coordinates are rounded to it, which no eye sees */

typedef struct looked {
    carrynet_states states;
    size_t points;
    double *h;       /* [points][hidden] */
    double *target;  /* [points], of one probe */
    double *weights; /* [hidden + 1], of one probe */
    carrynet_linear_probe probe;
} looked;

static void looked_free(looked *look)
{
    carrynet_states_free(&look->states);
    sys_free(look->h);
    sys_free(look->target);
    sys_free(look->weights);
    carrynet_linear_probe_close(&look->probe);
}

/* Runs the network on problems that are drawn as for training. */
static carrynet_status look_at(looked *look, const saved_network *saved)
{
    const carrynet_settings *s = saved->settings;
    const carrynet_source source = carrynet_counter_source(&s->task);
    const size_t steps = s->steps < STEPS_MOST ? s->steps : STEPS_MOST, hidden = s->shape.hidden;
    const size_t problems = POINTS_MOST / steps < PROBLEMS_LEAST ? PROBLEMS_LEAST : POINTS_MOST / steps;
    look->points = problems * steps;
    carrynet_status status =
        carrynet_states_collect(&look->states, saved->engine, &s->task, 0, steps, problems, &source);
    if (status == CARRYNET_OK)
        status = sys_allocate(&look->h, look->points, hidden * sizeof *look->h);
    if (status == CARRYNET_OK)
        status = sys_allocate(&look->target, look->points, sizeof *look->target);
    if (status == CARRYNET_OK)
        status = sys_allocate(&look->weights, hidden + 1, sizeof *look->weights);
    for (size_t i = 0; status == CARRYNET_OK && i < look->points * hidden; ++i)
        look->h[i] = carrynet_value(look->states.h, s->precision, i);
    return status == CARRYNET_OK ? carrynet_linear_probe_open(&look->probe, look->h, look->points, hidden) : status;
}

/* What an output says of a point before its sigmoid; for the eye, so that the order of the sum is of no matter. */
static double logit_at(const looked *look, const saved_network *saved, size_t point, uint32_t output)
{
    const carrynet_settings *s = saved->settings;
    const carrynet_tensor w_hy = carrynet_shape_tensor(&s->shape, CARRYNET_W_HY);
    const carrynet_tensor b_y = carrynet_shape_tensor(&s->shape, CARRYNET_B_Y);
    const void *values = carrynet_model_values_const(saved->model);
    const size_t first = saved->network * carrynet_shape_size(&s->shape);
    double sum = b_y.size > 0 ? carrynet_value(values, s->precision, first + b_y.offset + output) : 0;
    for (size_t j = 0; j < w_hy.rows; ++j)
        sum += look->h[point * w_hy.rows + j] *
               carrynet_value(values, s->precision, first + w_hy.offset + j * w_hy.columns + output);
    return sum;
}

/* ---- as JSON --------------------------------------------------------------------------------------------------- */

static json_t *rounded(double value)
{
    return json_of_real(fabs(value) < 1e9 ? round(value / GRID) * GRID : value);
}

/* Fits probe number `which` and appends what it sees: its weights, and where it puts every point. */
static void append_probe(json_t *probes, looked *look, size_t which, const carrynet_task *task)
{
    const size_t hidden = look->states.hidden;
    json_t *object = json_object(), *weights = json_array(), *at = json_array();
    size_t errors = 0;
    for (size_t p = 0; p < look->points; ++p) {
        const uint32_t state = carrynet_states_after(&look->states, task, p);
        look->target[p] = task->states == 1 ? carrynet_states_word(look->states.x, task->inputs, p)
                          : which == 0      ? state
                                            : (double)(state == which - 1);
    }
    carrynet_linear_probe_fit(look->weights, &look->probe, look->target);
    for (size_t i = 0; i <= hidden; ++i)
        json_append(weights, json_of_real(look->weights[i]));
    for (size_t p = 0; p < look->points; ++p) {
        const double value = carrynet_linear_probe_at(look->weights, look->h + p * hidden, hidden);
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
    const size_t wanted = task->states <= 2 ? 1 : 1 + task->states;
    looked look = {0};
    const carrynet_status status = look_at(&look, saved);
    if (status == CARRYNET_OK) {
        json_t *object = json_object(), *probes = json_array(), *states = json_array(), *right = json_array();
        json_t *z = json_array();
        for (size_t which = 0; which < wanted && which < PROBES_MOST; ++which)
            append_probe(probes, &look, which, task);
        for (size_t p = 0; p < look.points; ++p) {
            json_append(states, json_of_count(carrynet_states_after(&look.states, task, p)));
            json_append(right, json_of_count(carrynet_states_word(look.states.target, task->outputs, p)));
            for (uint32_t o = 0; o < task->outputs; ++o)
                json_append(z, rounded(logit_at(&look, saved, p, o)));
        }
        json_put(object, "sequences", json_of_count(look.states.problems));
        json_put(object, "steps", json_of_count(look.states.steps));
        json_put(object, "probes", probes);
        json_put(object, "states", states);
        json_put(object, "right", right);
        json_put(object, "z", z);
        json_put(page, "states", object);
    }
    looked_free(&look);
    return status;
}
