/*
 * The probe: weights w and a constant c that minimise sum (w h + c - carry)^2 + r |w|^2 over all points, by the normal
 * equations and Cholesky's method; the small r makes them solvable where units agree. For the eye alone: no result of a
 * training depends on it.
 */
#include "cli/demo_probe.h"
#include "base/base.h"
#include <math.h>

static const double RIDGE = 1e-6; /* r, for each point */

/*
 * Solves a x = b for a symmetric positive definite a [n][n], of which the lower half is read and overwritten; x is left
 * in b [n]. False if a is not positive definite.
 */
static bool solve(double *a, double *b, size_t n)
{
    for (size_t j = 0; j < n; ++j)
        for (size_t i = j; i < n; ++i) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; ++k)
                sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0))
                return false;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    for (size_t i = 0; i < n; ++i) {
        for (size_t k = 0; k < i; ++k)
            b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; ++k)
            b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
    return true;
}

/* Fits the probe [hidden + 1], the constant last, to points with the hidden values h [count][hidden]. */
static carrynet_status fit(double *probe, const probe_view *view, const float *h, size_t hidden)
{
    const size_t n = hidden + 1;
    double *squares = NULL;
    carrynet_status status = base_allocate(&squares, n * n, sizeof *squares);
    for (size_t p = 0; p < view->count && status == CARRYNET_OK; ++p)
        for (size_t i = 0; i < n; ++i) {
            const double hi = i < hidden ? (double)h[p * hidden + i] : 1;
            for (size_t j = 0; j <= i; ++j)
                squares[i * n + j] += hi * (j < hidden ? (double)h[p * hidden + j] : 1);
            probe[i] += hi * view->points[p].carry;
        }
    for (size_t i = 0; i < n && status == CARRYNET_OK; ++i)
        squares[i * n + i] += RIDGE * (double)view->count;
    if (status == CARRYNET_OK && !solve(squares, probe, n))
        status = base_fail(CARRYNET_ERROR_NUMERIC, "no probe fits: a hidden value is NaN or infinite");
    base_free(squares);
    return status;
}

/* Carry and bit of every step, as the task has them. */
static void label(probe_view *view, const carrynet_task *task, const carrynet_batch *batch)
{
    for (size_t s = 0; s < batch->sequences; ++s) {
        uint32_t state = task->start;
        for (size_t t = 0; t < batch->steps; ++t) {
            probe_point *point = &view->points[s * batch->steps + t];
            const uint32_t symbol = carrynet_packed_get(batch->symbols + s * batch->symbol_words, task->inputs, t);
            point->bit = (uint8_t)carrynet_task_step(task, &state, symbol);
            point->carry = (uint8_t)state;
        }
    }
}

static void place(probe_view *view, const float *h, size_t hidden, const double *probe, const float *w_hy)
{
    double length = 0, sums[2] = {0}, squares[2] = {0}, counts[2] = {0};
    for (size_t j = 0; j < hidden; ++j)
        length += (double)w_hy[j] * (double)w_hy[j];
    length = length > 0 ? sqrt(length) : 1;
    for (size_t p = 0; p < view->count; ++p) {
        probe_point *point = &view->points[p];
        point->probe = probe[hidden];
        point->output = 0;
        for (size_t j = 0; j < hidden; ++j) {
            point->probe += probe[j] * (double)h[p * hidden + j];
            point->output += (double)w_hy[j] / length * (double)h[p * hidden + j];
        }
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
                           const carrynet_batch *batch)
{
    const carrynet_settings *settings = carrynet_engine_settings(engine);
    const size_t hidden = settings->shape.hidden, networks = settings->networks;
    float *h = NULL, *values = NULL;
    double *probe = NULL;
    *view = (probe_view){.count = batch->sequences * batch->steps};
    if (task->states != 2 || settings->shape.outputs != 1 || settings->precision != CARRYNET_FP32)
        return base_fail(CARRYNET_ERROR_ARGUMENT, "the probe is for one output in fp32 and a task with two states");
    carrynet_status status = base_allocate(&view->points, view->count, sizeof *view->points);
    if (status == CARRYNET_OK)
        status = base_allocate(&h, networks * view->count, hidden * sizeof *h);
    if (status == CARRYNET_OK)
        status = base_allocate(&values, carrynet_shape_size(&settings->shape), sizeof *values);
    if (status == CARRYNET_OK)
        status = base_allocate(&probe, hidden + 1, sizeof *probe);
    if (status == CARRYNET_OK)
        status = carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
    if (status == CARRYNET_OK)
        status = carrynet_engine_forward(engine, batch, &(carrynet_forward){.h = h});
    if (status == CARRYNET_OK) {
        label(view, task, batch);
        status = fit(probe, view, h, hidden);
    }
    if (status == CARRYNET_OK)
        place(view, h, hidden, probe, values + carrynet_shape_place(&settings->shape, CARRYNET_W_HY).offset);
    base_free(h);
    base_free(values);
    base_free(probe);
    return status;
}

void probe_free(probe_view *view)
{
    base_free(view->points);
    *view = (probe_view){0};
}
