/* Groups, shares and quartiles of the networks of a sweep. */
#include "cli/plot/plot_summary.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t TIMES_BYTES = UINT64_C(1) << 33;

carrynet_status plot_results_read(plot_results *results, const plot_table *table, const char *by)
{
    *results = (plot_results){.table = table};
    carrynet_status status = plot_values_read(&results->by, table, by);
    if (status == CARRYNET_OK)
        status = plot_table_numbers(&results->exact, table, "exact", 0, 1);
    if (status == CARRYNET_OK)
        status = plot_table_numbers(&results->sequences, table, "sequences", 0, DBL_MAX);
    for (size_t r = 0; r < table->rows && status == CARRYNET_OK; ++r)
        if (results->exact[r] != 0 && results->exact[r] != 1)
            status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu, column 'exact': %.64s is neither 0 nor 1",
                              table->path, table->row[r].line, plot_table_field(table, r, "exact"));
    return status;
}

void plot_results_free(plot_results *results)
{
    plot_values_free(&results->by);
    sys_free(results->exact);
    sys_free(results->sequences);
    *results = (plot_results){0};
}

plot_share plot_share_of(const plot_results *results, size_t group)
{
    plot_share share = {0};
    for (size_t r = 0; r < results->table->rows; ++r)
        if (results->by.of[r] == group) {
            ++share.networks;
            share.exact += results->exact[r] == 1 ? 1 : 0;
        }
    return share;
}

/* ---- quartiles ------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

size_t plot_sorted(double *sorted, const plot_results *results, size_t group, const double *value)
{
    size_t count = 0;
    for (size_t r = 0; r < results->table->rows; ++r)
        if (results->by.of[r] == group && !isnan(value[r]))
            sorted[count++] = results->exact[r] == 1 ? value[r] : (double)INFINITY;
    qsort(sorted, count, sizeof *sorted, by_value);
    return count;
}

double plot_quantile(const double *sorted, size_t count, double share)
{
    if (count == 0)
        return (double)NAN;
    const double place = share * (double)(count - 1);
    const size_t below = (size_t)place;
    const double part = place - (double)below;
    if (part == 0)
        return sorted[below];
    if (isinf(sorted[below + 1]))
        return (double)INFINITY;
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

plot_quartiles plot_quartiles_of(double *scratch, const plot_results *results, size_t group, const double *value)
{
    const size_t count = plot_sorted(scratch, results, group, value);
    return (plot_quartiles){.count = count,
                            .low = plot_quantile(scratch, count, 0.25),
                            .median = plot_quantile(scratch, count, 0.5),
                            .high = plot_quantile(scratch, count, 0.75)};
}

const char *plot_percent(char *text, size_t size, plot_share share)
{
    const size_t percent = share.networks == 0 ? 0 : (size_t)(100 * (uint64_t)share.exact / share.networks);
    if (percent == 0 && share.exact > 0)
        (void)snprintf(text, size, "<1%%");
    else
        (void)snprintf(text, size, "%zu%%", percent);
    return text;
}

/* ---- seconds --------------------------------------------------------------------------------------------------- */

typedef struct timed_row {
    double row, seconds;
    size_t place; /* in the file: of a row that is there twice the last counts */
} timed_row;

static int by_row(const void *a, const void *b)
{
    const timed_row *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* The last of those with that row, or NULL. */
static const timed_row *find_time(const timed_row *times, size_t count, double row)
{
    size_t least = 0, most = count; /* the first that is larger lies in [least, most] */
    while (least < most) {
        const size_t middle = least + (most - least) / 2;
        if (times[middle].row <= row)
            least = middle + 1;
        else
            most = middle;
    }
    return least > 0 && times[least - 1].row == row ? &times[least - 1] : NULL;
}

carrynet_status plot_times_path(char **path, const char *results)
{
    const size_t length = strlen(results);
    const size_t stem = length > 4 && strcmp(results + length - 4, ".csv") == 0 ? length - 4 : length;
    const carrynet_status status = sys_allocate(path, stem + sizeof ".times.csv", 1);
    if (status == CARRYNET_OK)
        (void)snprintf(*path, stem + sizeof ".times.csv", "%.*s.times.csv", (int)stem, results);
    return status;
}

carrynet_status plot_seconds_read(double **seconds, const plot_table *table)
{
    plot_table beside = {0};
    char *path = NULL, *text = NULL;
    double *rows = NULL, *taken = NULL, *own = NULL;
    timed_row *times = NULL;
    size_t size = 0;
    *seconds = NULL;
    carrynet_status status = plot_times_path(&path, table->path);
    if (status != CARRYNET_OK || access(path, F_OK) != 0)
        goto done;
    status = sys_read_text(&text, &size, path, TIMES_BYTES);
    if (status == CARRYNET_OK)
        status = plot_table_read(&beside, path, text, size);
    if (status == CARRYNET_OK)
        status = plot_table_numbers(&rows, &beside, "row", 0, DBL_MAX);
    if (status == CARRYNET_OK)
        status = plot_table_numbers(&taken, &beside, "seconds", 0, DBL_MAX);
    if (status == CARRYNET_OK)
        status = plot_table_numbers(&own, table, "row", 0, DBL_MAX);
    if (status == CARRYNET_OK)
        status = sys_allocate(&times, beside.rows, sizeof *times);
    if (status == CARRYNET_OK)
        status = sys_allocate(seconds, table->rows, sizeof **seconds);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t i = 0; i < beside.rows; ++i)
        times[i] = (timed_row){.row = rows[i], .seconds = taken[i], .place = i};
    qsort(times, beside.rows, sizeof *times, by_row);
    for (size_t r = 0; r < table->rows; ++r) {
        const timed_row *time = find_time(times, beside.rows, own[r]);
        (*seconds)[r] = time != NULL ? time->seconds : (double)NAN;
    }
done:
    plot_table_free(&beside);
    sys_free(path);
    sys_free(rows);
    sys_free(taken);
    sys_free(own);
    sys_free(times);
    return status;
}
