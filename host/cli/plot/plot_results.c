/*
 * A page of a sweep's charts: their selection, their layout, and the title, which states what all networks have in
 * common and what differs among networks that are drawn together.
 */
#include "cli/console.h"
#include "cli/plot/plot_charts.h"
#include <carrynet/fields.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TITLE = 48,       /* height of the two lines */
    BELOW = 56,       /* room for an axis' words */
    LEFT = 76,        /* likewise */
    RIGHT = 18,       /* of an area */
    LEGEND = 120,     /* right of the curves, at least */
    LEGEND_LINE = 60, /* of it beside the names */
    CURVE_ABOVE = 10,
    CURVE = 270,
    QUARTILES = 210,
    QUARTILES_ABOVE = 46,
    MAP_ABOVE = 30
};

/* The values that the charts need, read where there is a chart for them. */
typedef struct page_data {
    plot_results results;
    plot_values rates;         /* the other side of the map */
    double *updates, *seconds; /* [rows] */
    double *scratch;           /* [rows] */
    bool drawn[PLOT_CHARTS];
} page_data;

/* ---- the title ------------------------------------------------------------------------------------------------- */

static const char *grouped_digits(char *text, size_t size, size_t number)
{
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%zu", number);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < size; ++i) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* "task add, bits 8, ...", and for the second line "5 values of lr"; a map has `other` apart, if there is one. */
static carrynet_status say_settings(sys_text *common, sys_text *mixed, const plot_results *results, const char *other,
                                    bool only_map)
{
    const carrynet_field *field = NULL;
    for (unsigned place = 0; place == 0 || (field = carrynet_field_in(CARRYNET_MEDIUM_CSV, place)) != NULL; ++place) {
        const char *name = field == NULL ? "task" : field->in[CARRYNET_MEDIUM_CSV].key;
        const unsigned traits = field == NULL ? CARRYNET_FIELD_TITLE : field->traits;
        if ((traits & CARRYNET_FIELD_VARIES) != 0 && (traits & CARRYNET_FIELD_AXIS) == 0)
            continue; /* seeds always differ */
        plot_values values = {0};
        const bool mapped = other != NULL && strcmp(name, other) == 0;
        if (strcmp(name, results->by.name) == 0 || (mapped && only_map) || !plot_table_has(results->table, name))
            continue;
        const carrynet_status status = plot_values_read(&values, results->table, name);
        if (status == CARRYNET_ERROR_FORMAT) /* they are many */
            sys_text_add(mixed, "%smany values of %s", mixed->size == 0 ? "" : ", ", name);
        else if (status == CARRYNET_OK && values.count > 1)
            sys_text_add(mixed, "%s%zu values of %s%s", mixed->size == 0 ? "" : ", ", values.count, name,
                         mapped ? " (but for the map)" : "");
        else if (status == CARRYNET_OK && (traits & CARRYNET_FIELD_TITLE) != 0)
            sys_text_add(common, ", %s %s", name, values.label[0]);
        plot_values_free(&values);
        if (status != CARRYNET_OK && status != CARRYNET_ERROR_FORMAT)
            return status;
    }
    return common->failed || mixed->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the title") : CARRYNET_OK;
}

static carrynet_status begin_page(plot_page *page, const page_data *data, int height, bool png)
{
    const plot_results *results = &data->results;
    char digits[32];
    sys_text common = {0}, mixed = {0}, second = {0};
    sys_text_add(&common, "%s network%s", grouped_digits(digits, sizeof digits, results->table->rows),
                 results->table->rows == 1 ? "" : "s");
    carrynet_status status =
        say_settings(&common, &mixed, results, data->drawn[PLOT_CHART_MAP] ? data->rates.name : NULL,
                     !data->drawn[PLOT_CHART_CURVE]);
    if (mixed.size > 0)
        sys_text_add(&second, "drawn together: %s", mixed.data);
    if (status == CARRYNET_OK && second.failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the title");
    if (status == CARRYNET_OK)
        plot_page_begin(page, png, height, common.data, second.data);
    sys_text_free(&common);
    sys_text_free(&mixed);
    sys_text_free(&second);
    return status;
}

/* ---- what is drawn --------------------------------------------------------------------------------------------- */

static const double *quartile_values(const page_data *data, plot_chart chart)
{
    return chart == PLOT_CHART_UPDATES   ? data->updates
           : chart == PLOT_CHART_SECONDS ? data->seconds
                                         : data->results.sequences;
}

/* Reads the times; without any the chart of seconds is left out, or refused if it was asked for. */
static carrynet_status read_seconds(page_data *data, const plot_table *table, bool asked)
{
    char *path = NULL;
    size_t unknown = 0;
    carrynet_status status = plot_seconds_read(&data->seconds, table);
    if (status == CARRYNET_OK)
        status = plot_times_path(&path, table->path);
    if (status != CARRYNET_OK)
        return status;
    for (size_t r = 0; r < table->rows && data->seconds != NULL; ++r)
        unknown += isnan(data->seconds[r]) ? 1 : 0;
    if (data->seconds != NULL && unknown < table->rows) {
        data->drawn[PLOT_CHART_SECONDS] = true;
        if (unknown > 0)
            console_note("%s: has no seconds for %zu of %zu networks, which are left out of the seconds", path, unknown,
                         table->rows);
    } else if (asked) {
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: %s, so there are no seconds to draw", path,
                          data->seconds == NULL ? "is not there" : "has none of these networks");
    } else if (!sys_is_stream(table->path)) { /* there is nothing beside a pipe */
        console_note("%s: %s, so seconds are not drawn", path,
                     data->seconds == NULL ? "is not there" : "has none of these networks");
    }
    sys_free(path);
    return status;
}

static carrynet_status read_data(page_data *data, const plot_table *table, plot_chart chart, const char *by)
{
    static const char *const names[] = {
        [PLOT_CHART_SEQUENCES] = "sequences", [PLOT_CHART_UPDATES] = "updates", [PLOT_CHART_SECONDS] = "seconds"};
    const bool all = chart == PLOT_CHART_ALL;
    const char *other = strcmp(by, "lr") == 0 ? "hidden" : "lr";
    carrynet_status status = plot_results_read(&data->results, table, by);
    if (status == CARRYNET_OK)
        status = sys_allocate(&data->scratch, table->rows, sizeof *data->scratch);
    if (status == CARRYNET_OK && chart == PLOT_CHART_UPDATES)
        status = plot_table_numbers(&data->updates, table, "updates", 0, DBL_MAX);
    if (status == CARRYNET_OK && (chart == PLOT_CHART_MAP || (all && plot_table_has(table, other))))
        status = plot_values_read(&data->rates, table, other);
    data->drawn[PLOT_CHART_CURVE] = all || chart == PLOT_CHART_CURVE;
    data->drawn[PLOT_CHART_SEQUENCES] = all || chart == PLOT_CHART_SEQUENCES;
    data->drawn[PLOT_CHART_UPDATES] = chart == PLOT_CHART_UPDATES;
    data->drawn[PLOT_CHART_MAP] = chart == PLOT_CHART_MAP || (all && data->rates.count > 1);
    if (status == CARRYNET_OK && (all || chart == PLOT_CHART_SECONDS))
        status = read_seconds(data, table, !all);
    for (int c = PLOT_CHART_SEQUENCES; c <= PLOT_CHART_SECONDS && status == CARRYNET_OK; ++c)
        if (data->drawn[c] && !plot_has_median(&data->results, quartile_values(data, (plot_chart)c), data->scratch)) {
            data->drawn[c] = false;
            if (!all)
                return sys_fail(
                    CARRYNET_ERROR_FORMAT,
                    "%s: no value of %s has more than half of its networks exact, so there is no median to draw",
                    table->path, by);
            console_note("No value of %s has more than half of its networks exact: %s until exact are not drawn", by,
                         names[c]);
        }
    return status;
}

/* ---- where it stands ------------------------------------------------------------------------------------------- */

static int map_height(const page_data *data)
{
    const int wanted = 34 * (int)data->rates.count;
    return wanted < 60 ? 60 : wanted > 600 ? 600 : wanted;
}

static void draw(plot_page *page, const page_data *data, int top)
{
    static const char *const names[] = {
        [PLOT_CHART_SEQUENCES] = "sequences", [PLOT_CHART_UPDATES] = "updates", [PLOT_CHART_SECONDS] = "seconds"};
    static const char *const titles[] = {[PLOT_CHART_SEQUENCES] = "sequences until exact",
                                         [PLOT_CHART_UPDATES] = "updates until exact",
                                         [PLOT_CHART_SECONDS] = "seconds until exact"};
    int quartiles = 0, drawn = 0;
    if (data->drawn[PLOT_CHART_CURVE]) {
        const int wanted = LEGEND_LINE + (int)plot_labels_width(&data->results.by);
        const int legend = wanted > LEGEND ? wanted : LEGEND;
        const plot_area area = {LEFT, top + CURVE_ABOVE, PLOT_WIDTH - LEFT - legend, CURVE};
        plot_curve(page, &area, &data->results, data->scratch);
        top += CURVE_ABOVE + CURVE + BELOW;
    }
    for (int c = PLOT_CHART_SEQUENCES; c <= PLOT_CHART_SECONDS; ++c)
        quartiles += data->drawn[c] ? 1 : 0;
    for (int c = PLOT_CHART_SEQUENCES; c <= PLOT_CHART_SECONDS; ++c) {
        if (!data->drawn[c])
            continue;
        const int width = PLOT_WIDTH / quartiles;
        const plot_area area = {drawn++ * width + LEFT, top + QUARTILES_ABOVE, width - LEFT - RIGHT, QUARTILES};
        plot_quartile_chart(page, &area, &data->results, names[c], titles[c], quartile_values(data, (plot_chart)c),
                            data->scratch);
    }
    top += quartiles > 0 ? QUARTILES_ABOVE + QUARTILES + BELOW : 0;
    if (data->drawn[PLOT_CHART_MAP]) {
        const int wide = (int)plot_labels_width(&data->rates) - 40;
        const int left = LEFT + (wide > 0 ? wide : 0);
        const plot_area area = {left, top + MAP_ABOVE, PLOT_WIDTH - left - RIGHT, map_height(data)};
        plot_map(page, &area, &data->results, &data->rates);
    }
}

static int page_height(const page_data *data)
{
    const bool *drawn = data->drawn;
    int height = TITLE;
    height += drawn[PLOT_CHART_CURVE] ? CURVE_ABOVE + CURVE + BELOW : 0;
    if (drawn[PLOT_CHART_SEQUENCES] || drawn[PLOT_CHART_UPDATES] || drawn[PLOT_CHART_SECONDS])
        height += QUARTILES_ABOVE + QUARTILES + BELOW;
    height += drawn[PLOT_CHART_MAP] ? MAP_ABOVE + map_height(data) + BELOW : 0;
    return height;
}

carrynet_status plot_results_script(plot_page *page, const plot_table *table, plot_chart chart, const char *by,
                                    bool png)
{
    page_data data = {.scratch = NULL};
    carrynet_status status = read_data(&data, table, chart, by);
    if (status == CARRYNET_OK)
        status = begin_page(page, &data, page_height(&data), png);
    if (status == CARRYNET_OK) {
        draw(page, &data, TITLE);
        status = plot_page_end(page);
    }
    plot_results_free(&data.results);
    plot_values_free(&data.rates);
    sys_free(data.updates);
    sys_free(data.seconds);
    sys_free(data.scratch);
    return status;
}
