/*
 * The charts of plot, as a script for gnuplot: of a sweep's results, of the log of a training, of bench output, and of
 * hidden states. Data that cannot be drawn are skipped with a note on standard error, unless they were asked for by
 * name.
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

/* The columns by which results can be grouped: the task, and settings; NULL after the last. */
const char *plot_column(size_t index);

/* Writes the script to page->script, in groups by the values of column `by`. */
carrynet_status plot_results_script(plot_page *page, const plot_table *table, plot_chart chart, const char *by,
                                    bool png);

/* The same for the log `text`, the contents of `path`. */
carrynet_status plot_log_script(plot_page *page, const char *path, const char *text, bool png);

/* The same for bench output; and whether a text is bench output. */
carrynet_status plot_bench_script(plot_page *page, const char *path, const char *text, bool png);
bool plot_is_bench(const char *text);

/* The same for the states in the NPZ file `bytes` [size], the contents of `path`. */
carrynet_status plot_states_script(plot_page *page, const char *path, const char *bytes, size_t size, bool png);

/*
 * The scripts of the areas, for plot_results_script: each draws into `area` and takes its data from the results.
 * `value` [rows] is the value until exact.
 */
void plot_curve(plot_page *page, const plot_area *area, const plot_results *results, double *scratch);
void plot_quartile_chart(plot_page *page, const plot_area *area, const plot_results *results, const char *name,
                         const char *title, const double *value, double *scratch);
void plot_map(plot_page *page, const plot_area *area, const plot_results *results, const plot_values *rates);

/* Whether any group has a median. */
bool plot_has_median(const plot_results *results, const double *value, double *scratch);

#endif
