/*
 * The three kinds of charts of a sweep: the share of exact networks against what they have seen, the quartiles of what
 * it took, and a map of the shares. Each chart writes its data as blocks of the script.
 */
#include "cli/plot/plot_charts.h"
#include <math.h>
#include <stdio.h>

enum { CURVE_POINTS = 400, LEGEND_ROWS = 16 };

/* ---- the curve ------------------------------------------------------------------------------------------------- */

/* The most that any network of the group has seen, exact or not; the axis starts above 0. */
static double most_seen(const plot_results *results, size_t group)
{
    double most = 1;
    for (size_t r = 0; r < results->table->rows; ++r)
        if (results->by.of[r] == group && results->sequences[r] > most)
            most = results->sequences[r];
    return most;
}

/*
 * A step for every network that becomes exact, but no more than can be told apart; from the left edge to the most seen.
 */
static void curve_block(plot_page *page, const plot_results *results, size_t group, double left, double *scratch)
{
    const size_t count = plot_sorted(scratch, results, group, results->sequences);
    const plot_share share = plot_share_of(results, group);
    const size_t stride = share.exact / CURVE_POINTS + 1;
    size_t drawn = 0;
    sys_text_add(&page->script, "$curve_%zu << EOD\n# %s %s: sequences, share of %zu networks\n%.10g 0\n", group + 1,
                 results->by.name, results->by.label[group], count, left);
    for (size_t i = 1; i <= share.exact; ++i)
        if (i == share.exact || (scratch[i - 1] != scratch[i] && i - drawn >= stride)) {
            sys_text_add(&page->script, "%.10g %.6g\n", fmax(scratch[i - 1], 1), (double)i / (double)count);
            drawn = i;
        }
    sys_text_add(&page->script, "%.10g %.6g\nEOD\n", most_seen(results, group), (double)drawn / (double)count);
}

void plot_curve(plot_page *page, const plot_area *area, const plot_results *results, double *scratch)
{
    const plot_values *by = &results->by;
    const size_t every = (by->count + LEGEND_ROWS - 1) / LEGEND_ROWS; /* that the legend names */
    double least = INFINITY, most = 1;
    for (size_t r = 0; r < results->table->rows; ++r) {
        if (results->exact[r] == 1)
            least = fmin(least, fmax(results->sequences[r], 1));
        most = fmax(most, results->sequences[r]);
    }
    if (isinf(least))
        least = most / 10;
    plot_axis x = plot_axis_for('x', true, fmin(least, most / 2), most, area->width, "training sequences seen");
    x.most = most;
    plot_page_area(page, area);
    for (size_t g = 0; g < by->count; ++g)
        curve_block(page, results, g, x.least, scratch);
    plot_page_axis(page, &x);
    plot_page_shares(page, "share of networks exact");
    plot_page_words(page, area, area->width + 16, 4, "left", plot_column_title(by->name));
    sys_text_add(&page->script,
                 "set key at screen %.6f, screen %.6f left top Left reverse samplen 1.5 textcolor rgb '#333333'\nplot ",
                 (area->left + area->width + 8.0) / (double)PLOT_WIDTH, 1 - (area->top + 12.0) / page->height);
    for (size_t g = 0; g < by->count; ++g) {
        sys_text_add(&page->script, "%s$curve_%zu using 1:2 with steps linewidth 2 linecolor rgb '#%06x' dashtype %zu",
                     g == 0 ? "" : ", \\\n     ", g + 1, plot_colour(g, by->count, by->numeric),
                     by->numeric ? 1 : 1 + g / 7);
        sys_text_add(&page->script, g % every == 0 ? " title " : " notitle");
        if (g % every == 0)
            plot_page_quote(page, by->label[g]);
    }
    sys_text_add(&page->script, "\n");
}

/* ---- quartiles ------------------------------------------------------------------------------------------------- */

bool plot_has_median(const plot_results *results, const double *value, double *scratch)
{
    for (size_t g = 0; g < results->by.count; ++g)
        if (isfinite(plot_quartiles_of(scratch, results, g, value).median))
            return true;
    return false;
}

/* The share exact of each group, above the area; those without a median first, the others where there is room. */
static void share_row(plot_page *page, const plot_area *area, const plot_axis *x, const plot_results *results,
                      const plot_quartiles *quartiles)
{
    double placed[PLOT_VALUES], half[PLOT_VALUES];
    size_t count = 0;
    plot_page_words(page, area, -8, -12, "right", "exact");
    for (int round = 0; round < 2; ++round)
        for (size_t g = 0; g < results->by.count; ++g) {
            char text[32];
            const double place = plot_axis_place(x, results->by.number[g]);
            bool fits = isfinite(quartiles[g].median) == (round == 1);
            (void)plot_percent(text, sizeof text, plot_share_of(results, g));
            half[count] = plot_text_width(text) / 2;
            for (size_t k = 0; k < count && fits; ++k)
                fits = fabs(place - placed[k]) >= half[count] + half[k] + 5;
            if (!fits)
                continue;
            placed[count++] = place;
            plot_page_words(page, area, place, -12, "center", text);
        }
}

/* Narrower where the values are close. */
static double bar_width(const plot_axis *x, const plot_values *values)
{
    double gap = 10;
    for (size_t i = 1; i < values->count; ++i)
        gap = fmin(gap, plot_axis_place(x, values->number[i]) - plot_axis_place(x, values->number[i - 1]));
    return fmax(0.6 * gap, 1.5);
}

static double or_missing(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

static void add_real(plot_page *page, double value)
{
    if (isfinite(value))
        sys_text_add(&page->script, " %.10g", value);
    else
        sys_text_add(&page->script, " %s", isnan(value) ? "NaN" : "Inf");
}

static void quartile_blocks(plot_page *page, const plot_results *results, const char *name, double top,
                            const plot_quartiles *quartiles)
{
    sys_text_add(&page->script,
                 "$%s << EOD\n# %s, networks, exact, quartiles and median of %s until exact, upper end of the bar\n",
                 name, results->by.name, name);
    for (size_t g = 0; g < results->by.count; ++g) {
        const plot_share share = plot_share_of(results, g);
        const plot_quartiles *q = &quartiles[g];
        sys_text_add(&page->script, "%.10g %zu %zu", results->by.number[g], share.networks, share.exact);
        add_real(page, q->low);
        add_real(page, q->median);
        add_real(page, q->high);
        add_real(page, isinf(q->high) ? top : q->high);
        sys_text_add(&page->script, "\n");
    }
    sys_text_add(&page->script, "EOD\n");
}

void plot_quartile_chart(plot_page *page, const plot_area *area, const plot_results *results, const char *name,
                         const char *title, const double *value, double *scratch)
{
    plot_quartiles quartiles[PLOT_VALUES];
    double least = INFINITY, most = -INFINITY;
    bool open = false;
    for (size_t g = 0; g < results->by.count; ++g) {
        const plot_quartiles q = quartiles[g] = plot_quartiles_of(scratch, results, g, value);
        const double ends[] = {q.low, q.median, q.high};
        for (size_t i = 0; i < 3; ++i) {
            least = fmin(least, or_missing(ends[i]));
            most = fmax(most, or_missing(ends[i]));
        }
        open = open || (isfinite(q.low) && isinf(q.high));
    }
    const plot_axis x = plot_values_axis('x', &results->by, area->width, true);
    const plot_axis y = plot_axis_for('y', true, least, most, area->height, title);
    plot_page_area(page, area);
    quartile_blocks(page, results, name, y.most, quartiles);
    plot_page_values(page, &x, &results->by);
    plot_page_axis(page, &y);
    share_row(page, area, &x, results, quartiles);
    plot_page_words(page, area, area->width, -30, "right",
                    open ? "median and quartiles; arrow: no upper quartile" : "median and quartiles");
    /* Bars end where the upper quartile is, or, where fewer than three quarters are exact, in an arrow at the top. */
    const double width = bar_width(&x, &results->by);
    sys_text_add(&page->script,
                 "plot $%s using 1:4:(0):($6 < 1e300 ? $6 - $4 : NaN) with vectors nohead linewidth %.3g linecolor rgb "
                 "'#9ecae1' notitle, \\\n",
                 name, width);
    if (open)
        sys_text_add(&page->script,
                     "     $%s using 1:4:(0):($4 < 1e300 && !($6 < 1e300) ? $7 - $4 : NaN) with vectors head filled "
                     "size screen 0.012,22 linewidth %.3g linecolor rgb '#9ecae1' notitle, \\\n",
                     name, width / 2);
    sys_text_add(&page->script,
                 "     $%s using 1:($5 < 1e300 ? $5 : NaN) with %s linewidth 1.5 linecolor rgb '#08519c' pointtype 7 "
                 "pointsize 0.7 notitle\n",
                 name, results->by.numeric ? "linespoints" : "points");
}

/* ---- the map --------------------------------------------------------------------------------------------------- */

void plot_map(plot_page *page, const plot_area *area, const plot_results *results, const plot_values *rates)
{
    plot_share cells[PLOT_VALUES * PLOT_VALUES] = {{0, 0}};
    /* Cells of one size: the values are names here. */
    plot_values across = results->by, up = *rates;
    across.numeric = up.numeric = false;
    for (size_t i = 0; i < PLOT_VALUES; ++i)
        across.number[i] = up.number[i] = (double)i;
    for (size_t r = 0; r < results->table->rows; ++r) {
        plot_share *cell = &cells[up.of[r] * across.count + across.of[r]];
        ++cell->networks;
        cell->exact += results->exact[r] == 1 ? 1 : 0;
    }
    /* Where there is no room for the shares the words say what the colours mean. */
    const bool written = area->width / (int)across.count >= 34 && area->height / (int)up.count >= 15;
    const plot_axis x = plot_values_axis('x', &across, area->width, false);
    const plot_axis y = plot_values_axis('y', &up, area->height, false);
    plot_page_area(page, area);
    sys_text_add(&page->script, "$map << EOD\n# %s, %s, share exact, networks, colour, text, colour of the text\n",
                 across.name, up.name);
    for (size_t u = 0; u < up.count; ++u)
        for (size_t a = 0; a < across.count; ++a) {
            char text[32];
            const plot_share cell = cells[u * across.count + a];
            if (cell.networks == 0)
                continue;
            const double share = (double)cell.exact / (double)cell.networks;
            sys_text_add(&page->script, "%zu %zu %.6g %zu %u \"%s\" %u\n", a, u, share, cell.networks,
                         plot_shade(share), plot_percent(text, sizeof text, cell), share < 0.55 ? 0xffffffu : 0u);
        }
    sys_text_add(&page->script, "EOD\n");
    plot_page_values(page, &x, &across);
    plot_page_values(page, &y, &up);
    sys_text_add(&page->script, "unset grid\nset style fill solid 1 border rgb 'white'\n");
    plot_page_words(page, area, 0, -12, "left",
                    written ? "share of networks exact" : "share of networks exact, from 0% (dark) to 100% (yellow)");
    sys_text_add(&page->script, "plot $map using 1:2:(0.5):(0.5):5 with boxxyerror linecolor rgb variable notitle%s\n",
                 written ? ", \\\n     $map using 1:2:6:7 with labels textcolor rgb variable notitle" : "");
}
