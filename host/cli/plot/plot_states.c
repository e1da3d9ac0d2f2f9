/*
 * The hidden states written by `carrynet states`, as points: horizontally the value of a linear probe for the
 * automaton's state, vertically the logit of output 0. Colours are states after the step; filled points are those where
 * the output should be 1.
 */
#include "cli/plot/plot_charts.h"
#include "exchange/npz.h"
#include <carrynet/linear_probe.h>
#include <carrynet/task.h>
#include <math.h>
#include <stdio.h>

enum { TITLE = 48, LEFT = 76, RIGHT = 18, AREA = 420, LEGEND = 28, BELOW = 56, MOST_POINTS = 6000, MOST_STATES = 12 };
static const double MOST_LOGIT = 40; /* of a y that is 0 or 1 */

/* What is drawn: some points of the file. */
typedef struct plotted {
    size_t problems, steps, hidden, outputs, points;
    uint32_t states;
    double *h, *probed, *logit; /* [points][hidden], [points], [points] */
    uint32_t *state, *right;    /* [points]: after the step; the right bit */
} plotted;

static void plotted_free(plotted *plot)
{
    sys_free(plot->h);
    sys_free(plot->probed);
    sys_free(plot->logit);
    sys_free(plot->state);
    sys_free(plot->right);
}

/* The array of that name and rank, whose first two dimensions are those of h. */
static carrynet_status find(const npz_array **array, const npz_file *file, const char *path, const char *name,
                            size_t rank)
{
    *array = npz_find(file, name);
    if (*array == NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no array %s: plot draws what `carrynet states` writes", path,
                        name);
    const npz_array *h = npz_find(file, "h");
    if ((*array)->kind == NPZ_OTHER)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array %s: %s", path, name, (const char *)(*array)->data);
    if ((*array)->rank != rank || (rank == 3 && (*array)->shape[2] == 0) || h == NULL || h->rank != 3 ||
        (*array)->shape[0] != h->shape[0] || (*array)->shape[1] != h->shape[1])
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array %s must have %zu dimensions, the first two those of h", path,
                        name, rank);
    return CARRYNET_OK;
}

/* Takes every so many-th step but the last of each problem, after which the file has no state. */
static carrynet_status take_points(plotted *plot, const npz_file *file, const char *path)
{
    const npz_array *h, *y, *target, *state;
    carrynet_status status = find(&h, file, path, "h", 3);
    if (status == CARRYNET_OK)
        status = find(&y, file, path, "y", 3);
    if (status == CARRYNET_OK)
        status = find(&target, file, path, "target", 3);
    if (status == CARRYNET_OK)
        status = find(&state, file, path, "state", 2);
    if (status != CARRYNET_OK)
        return status;
    plot->problems = (size_t)h->shape[0];
    plot->steps = (size_t)h->shape[1];
    plot->hidden = (size_t)h->shape[2];
    plot->outputs = (size_t)y->shape[2];
    if (plot->problems == 0 || plot->steps < 2)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no two steps of a problem to draw", path);
    const size_t all = plot->problems * (plot->steps - 1), stride = (all - 1) / MOST_POINTS + 1;
    const size_t most = (all - 1) / stride + 1;
    status = sys_allocate(&plot->h, most, plot->hidden * sizeof *plot->h);
    if (status == CARRYNET_OK)
        status = sys_allocate(&plot->probed, most, sizeof *plot->probed);
    if (status == CARRYNET_OK)
        status = sys_allocate(&plot->logit, most, sizeof *plot->logit);
    if (status == CARRYNET_OK)
        status = sys_allocate(&plot->state, most, sizeof *plot->state);
    if (status == CARRYNET_OK)
        status = sys_allocate(&plot->right, most, sizeof *plot->right);
    for (size_t i = 0; i < all && status == CARRYNET_OK; i += stride) {
        const size_t at = i / (plot->steps - 1) * plot->steps + i % (plot->steps - 1), p = plot->points++;
        const double y_0 = npz_real(y, at * plot->outputs), next = npz_real(state, at + 1);
        const double logit = log(y_0 / (1 - y_0));
        bool finite = true;
        for (size_t j = 0; j < plot->hidden; ++j) {
            plot->h[p * plot->hidden + j] = npz_real(h, at * plot->hidden + j);
            finite = finite && isfinite(plot->h[p * plot->hidden + j]);
        }
        if (!finite || !(y_0 >= 0 && y_0 <= 1))
            return sys_fail(CARRYNET_ERROR_FORMAT,
                            "%s: step %zu of problem %zu: a hidden value is not finite, or an output not from 0 to 1",
                            path, at % plot->steps, at / plot->steps);
        plot->logit[p] = logit > MOST_LOGIT ? MOST_LOGIT : logit < -MOST_LOGIT ? -MOST_LOGIT : logit;
        plot->right[p] = npz_real(target, at * (size_t)target->shape[2]) > 0.5 ? 1 : 0;
        if (!(next >= 0 && next < CARRYNET_TASK_STATES) || next != floor(next))
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: array state has a value that is no state, %g", path, next);
        plot->state[p] = (uint32_t)next;
        if (plot->state[p] >= plot->states)
            plot->states = plot->state[p] + 1;
    }
    return status;
}

/* What a probe for the state's number says of every point. */
static carrynet_status look(plotted *plot, const char *path)
{
    carrynet_linear_probe probe = {0};
    double *weights = NULL;
    carrynet_status status = sys_allocate(&weights, plot->hidden + 1, sizeof *weights);
    if (status == CARRYNET_OK)
        status = carrynet_linear_probe_open(&probe, plot->h, plot->points, plot->hidden);
    if (status == CARRYNET_ERROR_NUMERIC)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: array h has a value that is NaN or infinite", path);
    if (status == CARRYNET_OK) {
        for (size_t p = 0; p < plot->points; ++p)
            plot->probed[p] = plot->state[p];
        double *target = plot->probed;
        carrynet_linear_probe_fit(weights, &probe, target);
        for (size_t p = 0; p < plot->points; ++p)
            plot->probed[p] = carrynet_linear_probe_at(weights, plot->h + p * plot->hidden, plot->hidden);
    }
    carrynet_linear_probe_close(&probe);
    sys_free(weights);
    return status;
}

/* The points of one state and right bit, as a block of data; false if there are none. */
static bool add_block(plot_page *page, const plotted *plot, uint32_t state, uint32_t right)
{
    bool any = false;
    for (size_t p = 0; p < plot->points; ++p) {
        if (plot->state[p] != state || plot->right[p] != right)
            continue;
        if (!any)
            sys_text_add(&page->script, "$s%u_%u << EOD\n", state, right);
        any = true;
        sys_text_add(&page->script, "%.5g %.5g\n", plot->probed[p], plot->logit[p]);
    }
    if (any)
        sys_text_add(&page->script, "EOD\n");
    return any;
}

static void draw(plot_page *page, const plotted *plot)
{
    const plot_area area = {LEFT, TITLE + LEGEND, PLOT_WIDTH - LEFT - RIGHT, AREA};
    double low = INFINITY, high = -INFINITY, least = INFINITY, most = -INFINITY;
    sys_text curves = {0};
    for (size_t p = 0; p < plot->points; ++p) {
        low = fmin(low, plot->probed[p]);
        high = fmax(high, plot->probed[p]);
        least = fmin(least, plot->logit[p]);
        most = fmax(most, plot->logit[p]);
    }
    const plot_axis x = plot_axis_for('x', false, low, high, area.width, "a linear probe for the state");
    const plot_axis y = plot_axis_for('y', false, least, most, area.height, "logit of the output");
    plot_page_area(page, &area);
    for (uint32_t q = 0; q < plot->states && q < MOST_STATES; ++q)
        for (uint32_t right = 0; right < 2; ++right)
            if (add_block(page, plot, q, right))
                sys_text_add(&curves,
                             "%s$s%u_%u using 1:2 with points pointtype %u pointsize 0.5 linewidth %s linecolor rgb "
                             "'#%06x' title 'state %u, bit %u'",
                             curves.size == 0 ? "plot " : ", \\\n     ", q, right, right != 0 ? 7 : 6,
                             right != 0 ? "1" : "0.7", plot_colour(q, plot->states, plot->states > 8), q, right);
    plot_page_axis(page, &x);
    plot_page_axis(page, &y);
    sys_text_add(&page->script,
                 "set key at graph 0, graph 1.02 left bottom horizontal Left reverse samplen 0.5 width -2 "
                 "textcolor rgb '#333333'\n%s\n",
                 curves.data != NULL ? curves.data : "");
    if (curves.failed)
        page->script.failed = 1;
    sys_text_free(&curves);
}

carrynet_status plot_states_script(plot_page *page, const char *path, const char *bytes, size_t size, bool png)
{
    npz_file file = {0};
    plotted plot = {0};
    carrynet_status status = npz_parse(&file, path, bytes, size);
    if (status == CARRYNET_OK)
        status = take_points(&plot, &file, path);
    if (status == CARRYNET_OK)
        status = look(&plot, path);
    if (status == CARRYNET_OK) {
        char second[96];
        (void)snprintf(second, sizeof second, "%zu of %zu states, %zu hidden units", plot.points,
                       plot.problems * plot.steps, plot.hidden);
        plot_page_begin(page, png, TITLE + LEGEND + AREA + BELOW, "hidden states after each step", second);
        draw(page, &plot);
        status = plot_page_end(page);
    }
    plotted_free(&plot);
    npz_free(&file);
    return status;
}
