/* Linear probes: L L^T = sum of (h, 1)^T (h, 1) + r, and then two triangular systems for every target. */
#include "platform/platform.h"
#include <carrynet/linear_probe.h>
#include <math.h>

static const double RIDGE = 1e-6; /* r, for each point */

static double extended(const carrynet_linear_probe *probe, size_t point, size_t unit)
{
    return unit < probe->hidden ? probe->h[point * probe->hidden + unit] : 1;
}

/* The lower half of a [n][n] becomes L; false if there is none. */
static bool factorise(double *a, size_t n)
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
    return true;
}

carrynet_status carrynet_linear_probe_open(carrynet_linear_probe *probe, const double *h, size_t points, size_t hidden)
{
    const size_t n = hidden + 1;
    *probe = (carrynet_linear_probe){.h = h, .points = points, .hidden = hidden};
    const carrynet_status status = sys_allocate(&probe->factor, n * n, sizeof *probe->factor);
    if (status != CARRYNET_OK)
        return status;
    for (size_t p = 0; p < points; ++p)
        for (size_t i = 0; i < n; ++i) {
            const double value = extended(probe, p, i);
            for (size_t j = 0; j <= i; ++j)
                probe->factor[i * n + j] += value * extended(probe, p, j);
        }
    for (size_t i = 0; i < n; ++i)
        probe->factor[i * n + i] += RIDGE * (double)points;
    return factorise(probe->factor, n)
               ? CARRYNET_OK
               : sys_fail(CARRYNET_ERROR_NUMERIC, "no probe fits the hidden states: a value is NaN or infinite");
}

void carrynet_linear_probe_close(carrynet_linear_probe *probe)
{
    sys_free(probe->factor);
    *probe = (carrynet_linear_probe){0};
}

void carrynet_linear_probe_fit(double *weights, const carrynet_linear_probe *probe, const double *target)
{
    const size_t n = probe->hidden + 1;
    for (size_t i = 0; i < n; ++i) {
        weights[i] = 0;
        for (size_t p = 0; p < probe->points; ++p)
            weights[i] += target[p] * extended(probe, p, i);
        for (size_t k = 0; k < i; ++k)
            weights[i] -= probe->factor[i * n + k] * weights[k];
        weights[i] /= probe->factor[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; ++k)
            weights[i] -= probe->factor[k * n + i] * weights[k];
        weights[i] /= probe->factor[i * n + i];
    }
}

double carrynet_linear_probe_at(const double *weights, const double *h, size_t hidden)
{
    double sum = weights[hidden];
    for (size_t i = 0; i < hidden; ++i)
        sum += weights[i] * h[i];
    return sum;
}
