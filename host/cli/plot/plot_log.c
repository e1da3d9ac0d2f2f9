/*
 * The log of a training (train --log, replay --log: one JSON object per line) as two areas over the updates: the loss;
 * and the share of right sequences of the batch, with that of the held-out problems if there are any, and the share of
 * exact networks if there are several.
 */
#include "cli/plot/plot_charts.h"
#include "cli/training_log.h"
#include <math.h>

enum { TITLE = 48, LEFT = 76, RIGHT = 18, AREA = 190, BETWEEN = 14, BELOW = 56, LEGEND = 20 };

/* ---- drawing --------------------------------------------------------------------------------------------------- */

static void add_number(sys_text *script, double number)
{
    if (isfinite(number))
        sys_text_add(script, " %.10g", number);
    else
        sys_text_add(script, " NaN");
}

static void log_block(plot_page *page, const training_log *log)
{
    sys_text_add(&page->script, "$log << EOD\n# updates, loss, shares: of the batch right, of networks exact, of the "
                                "held-out right\n");
    for (size_t i = 0; i < log->count; ++i) {
        /* An empty line ends the curve where the next network batch begins. */
        if (i > 0 && log->reports[i].updates < log->reports[i - 1].updates)
            sys_text_add(&page->script, "\n");
        sys_text_add(&page->script, "%.10g", log->reports[i].updates);
        add_number(&page->script, log->reports[i].loss);
        add_number(&page->script, log->reports[i].right);
        add_number(&page->script, log->reports[i].exact);
        add_number(&page->script, 1 - log->reports[i].held_out_wrong);
        sys_text_add(&page->script, "\n");
    }
    sys_text_add(&page->script, "EOD\n");
}

/* One of the curves of the lower area; the first has colour 0. */
static void add_curve(sys_text *script, int column, const char *style, size_t colour, const char *title)
{
    sys_text_add(script, "%s$log using 1:%d with %s linewidth 2 linecolor rgb '#%06x' title '%s'",
                 colour == 0 ? "" : ", \\\n     ", column, style, plot_colour(colour, 3, false), title);
}

static void draw_log(plot_page *page, const training_log *log)
{
    const plot_area above = {LEFT, TITLE, PLOT_WIDTH - LEFT - RIGHT, AREA};
    const plot_area below = {LEFT, TITLE + AREA + BETWEEN + LEGEND, above.width, AREA};
    double most = 0, least_loss = INFINITY, most_loss = -INFINITY;
    for (size_t i = 0; i < log->count; ++i) {
        most = fmax(most, log->reports[i].updates);
        if (isfinite(log->reports[i].loss)) {
            least_loss = fmin(least_loss, log->reports[i].loss);
            most_loss = fmax(most_loss, log->reports[i].loss);
        }
    }
    if (least_loss > most_loss)
        least_loss = most_loss = 1; /* none was a number: the area stays empty */
    plot_axis x = plot_axis_for('x', false, 0, most, above.width, NULL);
    x.least = 0;
    x.most = most > 0 ? most : 1;
    const plot_axis y = plot_axis_for('y', true, least_loss, most_loss, above.height, log->loss);
    plot_page_area(page, &above);
    log_block(page, log);
    plot_page_axis(page, &x);
    plot_page_axis(page, &y);
    sys_text_add(&page->script, "plot $log using 1:2 with lines linewidth 2 linecolor rgb '#%06x' notitle\n",
                 plot_colour(0, 2, false));
    plot_page_area(page, &below);
    x.title = "updates";
    plot_page_axis(page, &x);
    plot_page_shares(page, "share");
    sys_text_add(&page->script, "set key at graph 0, graph 1.03 left bottom horizontal Left reverse samplen 1.5 width "
                                "-2 textcolor rgb '#333333'\nplot ");
    add_curve(&page->script, 3, "lines", 0, "batch right");
    if (log->says_held_out)
        add_curve(&page->script, 5, "lines", 2, "held-out right");
    if (log->several && log->says_exact)
        add_curve(&page->script, 4, "steps", 1, "networks exact");
    sys_text_add(&page->script, "\n");
}

carrynet_status plot_log_script(plot_page *page, const char *path, const char *text, bool png)
{
    training_log log = {0};
    carrynet_status status = training_log_read(&log, path, text);
    if (status == CARRYNET_OK) {
        plot_page_begin(page, png, TITLE + 2 * AREA + BETWEEN + LEGEND + BELOW,
                        log.title.data != NULL ? log.title.data : path, NULL);
        draw_log(page, &log);
        status = plot_page_end(page);
    }
    training_log_free(&log);
    return status;
}
