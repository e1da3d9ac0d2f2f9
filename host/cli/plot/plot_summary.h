/*
 * The data of a sweep's charts: networks in groups, the share of each group that became exact, quartiles in which a
 * network that never became exact counts as infinite, and the table of times beside the results.
 */
#ifndef CLI_PLOT_SUMMARY_H
#define CLI_PLOT_SUMMARY_H

#include "cli/plot/plot_table.h"

/* The results, one network per row, in the groups of --by. */
typedef struct plot_results {
    const plot_table *table;
    plot_values by;
    double *exact;     /* [rows]: 0 or 1 */
    double *sequences; /* [rows]: until exact, else all that was seen */
} plot_results;

carrynet_status plot_results_read(plot_results *results, const plot_table *table, const char *by);
void plot_results_free(plot_results *results);

/* The number of networks in group `group`, and of those that became exact. */
typedef struct plot_share {
    size_t networks, exact;
} plot_share;
plot_share plot_share_of(const plot_results *results, size_t group);

/*
 * Writes the values of a group in ascending order to sorted [rows], infinity for networks that never became exact;
 * skips values that are NaN (unknown). Returns their number.
 */
size_t plot_sorted(double *sorted, const plot_results *results, size_t group, const double *value);

/*
 * The quantile `share` of the values: linear between neighbours, as NumPy's default; infinity if it would need an
 * infinite value.
 */
double plot_quantile(const double *sorted, size_t count, double share);

/* The quartiles of a group; NaN if it has no values. */
typedef struct plot_quartiles {
    size_t count;
    double low, median, high;
} plot_quartiles;
plot_quartiles plot_quartiles_of(double *scratch, const plot_results *results, size_t group, const double *value);

/*
 * Seconds of each row, from the file beside the results: results.csv has its times in results.times.csv, with columns
 * `row` and `seconds`. NaN for a row that is missing there; *seconds is NULL if there is no such file.
 */
carrynet_status plot_times_path(char **path, const char *results); /* free with sys_free */
carrynet_status plot_seconds_read(double **seconds, const plot_table *table);

/* "97%": rounded down; 100% only for all, "<1%" for few but not none. */
const char *plot_percent(char *text, size_t size, plot_share share);

#endif
