/*
 * What the charts show of a sweep: networks in groups, the share of each that became exact, quartiles in which a
 * network that did not counts as infinite, and the table of times beside the results.
 */
#ifndef CLI_PLOT_SUMMARY_H
#define CLI_PLOT_SUMMARY_H

#include "cli/plot/plot_table.h"

/* The results, a network a row, in the groups that --by makes. */
typedef struct plot_results {
    const plot_table *table;
    plot_values by;
    double *exact;     /* [rows]: 0 or 1 */
    double *sequences; /* [rows]: until exact, else seen in all */
} plot_results;

carrynet_status plot_results_read(plot_results *results, const plot_table *table, const char *by);
void plot_results_free(plot_results *results);

/* How many networks are in group `group`, and how many of them became exact. */
typedef struct plot_share {
    size_t networks, exact;
} plot_share;
plot_share plot_share_of(const plot_results *results, size_t group);

/*
 * The values of a group in ascending order in sorted [rows], infinity for networks that did not become exact; those
 * whose value is NaN (not known) are left out. Returns how many there are.
 */
size_t plot_sorted(double *sorted, const plot_results *results, size_t group, const double *value);

/*
 * The value below which `share` of them lie: linear between neighbours, as NumPy's default; infinity where it would
 * need an infinite one.
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
 * `row` and `seconds`. NaN where a row is missing there; *seconds is NULL if there is no such file.
 */
carrynet_status plot_times_path(char **path, const char *results); /* sys_free it */
carrynet_status plot_seconds_read(double **seconds, const plot_table *table);

/* "97%": rounded down, 100% only if it is all of them, "<1%" if it is not none. */
const char *plot_percent(char *text, size_t size, plot_share share);

#endif
