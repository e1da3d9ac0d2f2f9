/*
 * The charts of plot, as a script for gnuplot: of a sweep's results, and of the log of a training. What cannot be drawn
 * is left out with a note on standard error, unless it was asked for by name.
 */
#ifndef CLI_PLOT_CHARTS_H
#define CLI_PLOT_CHARTS_H

#include "cli/plot/plot_page.h"
#include "cli/plot/plot_summary.h"

typedef enum plot_chart {
    PLOT_CHART_CURVE = 0,
    PLOT_CHART_SEQUENCES,
    PLOT_CHART_UPDATES,
    PLOT_CHART_SECONDS,
    PLOT_CHART_MAP,
    PLOT_CHARTS,
    PLOT_CHART_ALL = PLOT_CHARTS /* that the results have data for, but for updates, which say what sequences say */
} plot_chart;

/* What results can be drawn by: the task, and settings; NULL after the last. */
const char *plot_column(size_t index);

/* The script in page->script, in groups by the values of column `by`. */
carrynet_status plot_results_script(plot_page *page, const plot_table *table, plot_chart chart, const char *by,
                                    bool png);

/* The same of the log `text`, which is the contents of `path`. */
carrynet_status plot_log_script(plot_page *page, const char *path, const char *text, bool png);

/* The same of what bench measured; and whether that is what a text holds. */
carrynet_status plot_bench_script(plot_page *page, const char *path, const char *text, bool png);
bool plot_is_bench(const char *text);

/* The same of the states in the NPZ file `bytes` [size], which are the contents of `path`. */
carrynet_status plot_states_script(plot_page *page, const char *path, const char *bytes, size_t size, bool png);

/*
 * The areas' script, for plot_results_script: each draws into `area`, and takes what it needs from the results. `value`
 * [rows] is what is until exact.
 */
void plot_curve(plot_page *page, const plot_area *area, const plot_results *results, double *scratch);
void plot_quartile_chart(plot_page *page, const plot_area *area, const plot_results *results, const char *name,
                         const char *title, const double *value, double *scratch);
void plot_map(plot_page *page, const plot_area *area, const plot_results *results, const plot_values *rates);

/* Whether any group has a median. */
bool plot_has_median(const plot_results *results, const double *value, double *scratch);

#endif
