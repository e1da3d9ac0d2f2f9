/*
 * Evaluates a linear probe for the carry (linear_probe.h) on many states, and their position along the output's
 * weights.
 */
#include "cli/demo/demo_probe.h"
#include "platform/platform.h"
#include <carrynet/linear_probe.h>
#include <math.h>

static void place(probe_view *view, const double *h, size_t hidden, const double *weights, const float *w_hy)
{
    double length = 0, sums[2] = {0}, squares[2] = {0}, counts[2] = {0};
    for (size_t j = 0; j < hidden; ++j)
        length += (double)w_hy[j] * (double)w_hy[j];
    length = length > 0 ? sqrt(length) : 1;
    for (size_t p = 0; p < view->count; ++p) {
        probe_point *point = &view->points[p];
        point->probe = carrynet_linear_probe_at(weights, h + p * hidden, hidden);
        point->output = 0;
        for (size_t j = 0; j < hidden; ++j)
            point->output += (double)w_hy[j] / length * h[p * hidden + j];
        view->probe_errors += (point->probe > 0.5) != (point->carry != 0) ? 1 : 0;
        counts[point->carry] += 1;
        sums[point->carry] += point->output;
        squares[point->carry] += point->output * point->output;
    }
    for (size_t c = 0; c < 2; ++c)
        if (counts[c] > 0) {
            view->means[c] = sums[c] / counts[c];
            const double variance = squares[c] / counts[c] - view->means[c] * view->means[c];
            view->spread[c] = variance > 0 ? sqrt(variance) : 0;
        }
}

carrynet_status probe_look(probe_view *view, carrynet_engine *engine, const carrynet_task *task,
                           const carrynet_source *sums, size_t count, size_t steps)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t hidden = settings->shape.hidden;
    carrynet_states states = {0};
    float *values = NULL;
    double *h = NULL, *target = NULL, *weights = NULL;
    carrynet_linear_probe probe = {0};
    *view = (probe_view){.count = count * steps};
    if (task->states != 2 || settings->shape.outputs != 1 || settings->precision != CARRYNET_FP32)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "the probe is for one output in fp32 and a task with two states");
    carrynet_status status = carrynet_states_collect(&states, engine, task, 0, steps, count, sums);
    if (status == CARRYNET_OK)
        status = sys_allocate(&view->points, view->count, sizeof *view->points);
    if (status == CARRYNET_OK)
        status = sys_allocate(&h, view->count, hidden * sizeof *h);
    if (status == CARRYNET_OK)
        status = sys_allocate(&target, view->count, sizeof *target);
    if (status == CARRYNET_OK)
        status = sys_allocate(&values, carrynet_shape_size(&settings->shape), sizeof *values);
    if (status == CARRYNET_OK)
        status = sys_allocate(&weights, hidden + 1, sizeof *weights);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
    if (status == CARRYNET_OK) {
        for (size_t p = 0; p < view->count; ++p) {
            view->points[p].bit = states.target[p];
            view->points[p].carry = (uint8_t)carrynet_states_after(&states, task, p);
            target[p] = view->points[p].carry;
        }
        for (size_t i = 0; i < view->count * hidden; ++i)
            h[i] = carrynet_value(states.h, settings->precision, i);
        status = carrynet_linear_probe_open(&probe, h, view->count, hidden);
    }
    if (status == CARRYNET_OK) {
        carrynet_linear_probe_fit(weights, &probe, target);
        place(view, h, hidden, weights, values + carrynet_shape_tensor(&settings->shape, CARRYNET_W_HY).offset);
    }
    carrynet_linear_probe_close(&probe);
    carrynet_states_free(&states);
    sys_free(h);
    sys_free(target);
    sys_free(values);
    sys_free(weights);
    return status;
}

void probe_free(probe_view *view)
{
    sys_free(view->points);
    *view = (probe_view){0};
}
