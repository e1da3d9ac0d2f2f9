/*
 * The common parts of scripts. This file, not gnuplot, chooses ranges and tick marks, so that they are the same with
 * every version of gnuplot and labels do not overlap.
 */
#include "cli/plot/plot_page.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TITLE_LETTERS = 110, MARKS = 200, FONT = 12, SMALL_FONT = 11 };

/* ---- the page -------------------------------------------------------------------------------------------------- */

void plot_page_quote(plot_page *page, const char *text)
{
    sys_text_add(&page->script, "'");
    for (; *text != '\0'; ++text) {
        const unsigned char letter = (unsigned char)*text;
        /* The end of a line would end the string, and what follows would be a command. */
        if (letter == '\'') /* some versions of gnuplot misread one at the start, doubled or not */
            sys_text_add(&page->script, "`");
        else
            sys_text_add(&page->script, "%c", letter < 0x20 || letter >= 0x7f ? '?' : letter);
    }
    sys_text_add(&page->script, "'");
}

static void title_line(plot_page *page, const char *line, int y, int size)
{
    char shown[TITLE_LETTERS + 1];
    if (line == NULL)
        return;
    (void)snprintf(shown, sizeof shown, "%s", line);
    if (strlen(line) > TITLE_LETTERS)
        memcpy(shown + TITLE_LETTERS - 3, "...", 3);
    sys_text_add(&page->script, "set label ");
    plot_page_quote(page, shown);
    sys_text_add(&page->script, " at screen %.6f, screen %.6f left font ',%d' textcolor rgb '#333333'\n",
                 16.0 / (double)PLOT_WIDTH, 1 - (double)y / page->height, size);
}

void plot_page_begin(plot_page *page, bool png, int height, const char *title, const char *second)
{
    *page = (plot_page){.height = height};
    if (png)
        sys_text_add(&page->script,
                     "set terminal pngcairo size %d,%d noenhanced font 'sans,%d' fontscale 1.5 linewidth 2 "
                     "pointscale 2 background rgb 'white'\n",
                     2 * PLOT_WIDTH, 2 * height, FONT);
    else
        sys_text_add(&page->script,
                     "set terminal svg size %d,%d fixed noenhanced font 'sans-serif,%d' background rgb 'white'\n",
                     PLOT_WIDTH, height, FONT);
    sys_text_add(&page->script, "set encoding utf8\nset multiplot\n");
    title_line(page, title, 20, FONT);
    title_line(page, second, 37, SMALL_FONT);
}

carrynet_status plot_page_end(plot_page *page)
{
    sys_text_add(&page->script, "unset multiplot\n");
    return page->script.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the plot") : CARRYNET_OK;
}

void plot_page_free(plot_page *page)
{
    sys_text_free(&page->script);
}

void plot_page_area(plot_page *page, const plot_area *area)
{
    const double width = PLOT_WIDTH, height = page->height;
    sys_text_add(&page->script,
                 "\nset lmargin at screen %.6f\nset rmargin at screen %.6f\nset tmargin at screen %.6f\n"
                 "set bmargin at screen %.6f\n",
                 area->left / width, (area->left + area->width) / width, 1 - area->top / height,
                 1 - (area->top + area->height) / height);
    if (page->areas++ > 0)
        sys_text_add(&page->script, "unset label\n"); /* the title stays with the first */
    sys_text_add(&page->script, "unset logscale\nunset grid\nunset key\nset border 3 linecolor rgb '#808080'\n");
}

void plot_page_words(plot_page *page, const plot_area *area, double x, double y, const char *justify, const char *text)
{
    sys_text_add(&page->script, "set label ");
    plot_page_quote(page, text);
    sys_text_add(&page->script, " at screen %.6f, screen %.6f %s font ',%d' textcolor rgb '#555555'\n",
                 (area->left + x) / (double)PLOT_WIDTH, 1 - (area->top + y) / page->height, justify, (int)SMALL_FONT);
}

double plot_text_width(const char *text)
{
    return 7.0 * (double)strlen(text);
}

double plot_labels_width(const plot_values *values)
{
    double widest = 0;
    for (size_t i = 0; i < values->count; ++i)
        widest = fmax(widest, plot_text_width(values->label[i]));
    return widest;
}

/* ---- axes ------------------------------------------------------------------------------------------------------ */

/* What a file says is any number, what is drawn is within these, and has a part in 10^9 between its ends. */
static const double LARGEST = 1e100, SMALLEST = 1e-100;

plot_axis plot_axis_for(char which, bool log, double least, double most, int pixels, const char *title)
{
    plot_axis axis = {.which = which, .log = log && least >= SMALLEST, .pixels = pixels, .title = title};
    least = fmax(fmin(least, LARGEST), -LARGEST);
    most = fmax(fmin(most, LARGEST), -LARGEST);
    const double apart = fmax(1e-9 * fmax(fabs(least), fabs(most)), SMALLEST);
    if (axis.log) {
        const double room = most > 1.01 * least ? pow(most / least, 0.06) : 1.5;
        axis.least = least / room;
        axis.most = most * room;
    } else {
        double room = most > least ? 0.06 * (most - least) : most != 0 ? fabs(most) / 2 : 0.5;
        room = fmax(room, apart);
        axis.least = least - room;
        axis.most = most + room;
    }
    return axis;
}

double plot_axis_place(const plot_axis *axis, double value)
{
    const double share = axis->log ? log(value / axis->least) / log(axis->most / axis->least)
                                   : (value - axis->least) / (axis->most - axis->least);
    return share * axis->pixels;
}

/* "20 k" */
static const char *number_label(char *text, size_t size, double number)
{
    static const char *const powers[] = {"", " k", " M", " G", " T"};
    size_t power = 0;
    while (fabs(number) >= 999.5 && power + 1 < sizeof powers / sizeof powers[0]) {
        number /= 1000;
        ++power;
    }
    (void)snprintf(text, size, "%.4g%s", number, powers[power]);
    return text;
}

typedef struct mark_list {
    double at[MARKS];
    size_t count;
} mark_list;

static void add_mark(mark_list *marks, const plot_axis *axis, double at)
{
    if (at >= axis->least * (axis->log ? 1 - 1e-9 : 1) && at <= axis->most && marks->count < MARKS)
        marks->at[marks->count++] = at;
}

static bool far_apart(const mark_list *marks, const plot_axis *axis, double gap)
{
    for (size_t i = 1; i < marks->count; ++i)
        if (plot_axis_place(axis, marks->at[i]) - plot_axis_place(axis, marks->at[i - 1]) < gap)
            return false;
    return true;
}

/* 1, 2 or 5 times a power of ten. */
static void linear_marks(mark_list *marks, const plot_axis *axis, double gap)
{
    const double wanted = (axis->most - axis->least) * gap / axis->pixels;
    const double power = pow(10, floor(log10(wanted)));
    const double step = power * (wanted <= power ? 1 : wanted <= 2 * power ? 2 : wanted <= 5 * power ? 5 : 10);
    marks->count = 0;
    const double first = ceil(axis->least / step);
    for (int i = 0; (first + i) * step <= axis->most && marks->count < MARKS; ++i)
        add_mark(marks, axis, (first + i) * step);
}

/* Powers of ten, with their multiples where there is room, every other one where there is not. */
static void log_marks(mark_list *marks, const plot_axis *axis, double gap)
{
    static const char *const multiples[] = {"123456789", "125", "13", "1"};
    const int first = (int)floor(log10(axis->least)), last = (int)ceil(log10(axis->most));
    for (int set = 0, stride = 1; stride <= last - first + 1; stride += set == 3 ? 1 : 0, set += set < 3 ? 1 : 0) {
        marks->count = 0;
        for (int power = first; power <= last; ++power)
            for (const char *m = multiples[set]; *m != '\0' && power % stride == 0; ++m)
                add_mark(marks, axis, (*m - '0') * pow(10, power));
        if (far_apart(marks, axis, gap) && marks->count >= 2)
            return;
    }
    linear_marks(marks, axis, gap);
}

static void set_range(plot_page *page, const plot_axis *axis)
{
    sys_text_add(&page->script, "set %crange [%.10g:%.10g]\n", axis->which, axis->least, axis->most);
    if (axis->log)
        sys_text_add(&page->script, "set logscale %c\n", axis->which);
    sys_text_add(&page->script, "set %clabel ", axis->which);
    plot_page_quote(page, axis->title != NULL ? axis->title : "");
    sys_text_add(&page->script, " textcolor rgb '#333333'%s\n", axis->which == 'x' ? " offset 0,0.3" : "");
    sys_text_add(&page->script, "set grid %ctics back linetype 1 linewidth 1 linecolor rgb '#e6e6e6'\n", axis->which);
}

/* A mark's label is a format: a percent sign is written twice. */
static void quote_mark(plot_page *page, const char *label)
{
    char twice[2 * sizeof((plot_values *)0)->label[0]], *p = twice;
    for (; *label != '\0' && p + 2 < twice + sizeof twice; ++label) {
        if (*label == '%')
            *p++ = '%';
        *p++ = *label;
    }
    *p = '\0';
    plot_page_quote(page, twice);
}

static void begin_marks(plot_page *page, char which)
{
    sys_text_add(&page->script, "set %ctics nomirror out scale 0.5 textcolor rgb '#333333' (", which);
}

void plot_page_axis(plot_page *page, const plot_axis *axis)
{
    char label[32];
    mark_list marks = {.count = 0};
    const double gap = axis->which == 'x' ? 55 : 28;
    if (axis->log)
        log_marks(&marks, axis, gap);
    else
        linear_marks(&marks, axis, gap);
    set_range(page, axis);
    begin_marks(page, axis->which);
    for (size_t i = 0; i < marks.count; ++i)
        sys_text_add(&page->script, "%s'%s' %.10g", i == 0 ? "" : ", ",
                     axis->title != NULL ? number_label(label, sizeof label, marks.at[i]) : "", marks.at[i]);
    sys_text_add(&page->script, ")\n");
}

void plot_page_shares(plot_page *page, const char *title)
{
    set_range(page, &(plot_axis){.which = 'y', .most = 1, .title = title});
    begin_marks(page, 'y');
    sys_text_add(&page->script, "'0%%%%' 0, '25%%%%' 0.25, '50%%%%' 0.5, '75%%%%' 0.75, '100%%%%' 1)\n");
}

plot_axis plot_values_axis(char which, const plot_values *values, int pixels, bool log)
{
    const char *title = plot_column_title(values->name);
    if (values->numeric)
        return plot_axis_for(which, log, values->number[0], values->number[values->count - 1], pixels, title);
    return (plot_axis){
        .which = which, .least = -0.5, .most = (double)values->count - 0.5, .pixels = pixels, .title = title};
}

void plot_page_values(plot_page *page, const plot_axis *axis, const plot_values *values)
{
    double end = -1e9; /* of the last label */
    set_range(page, axis);
    begin_marks(page, axis->which);
    for (size_t i = 0; i < values->count; ++i) {
        const double place = plot_axis_place(axis, values->number[i]);
        const double half = axis->which == 'x' ? plot_text_width(values->label[i]) / 2 + 3 : 8;
        const bool fits = place - half >= end;
        if (fits)
            end = place + half;
        sys_text_add(&page->script, i == 0 ? "" : ", ");
        quote_mark(page, fits ? values->label[i] : "");
        sys_text_add(&page->script, " %.10g%s", values->number[i], fits ? "" : " 1"); /* 1: a small mark, no line */
    }
    sys_text_add(&page->script, ")\n");
}

const char *plot_column_title(const char *name)
{
    static const char *const titles[][2] = {{"hidden", "hidden units"}, {"lr", "learning rate"}};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; ++i)
        if (strcmp(name, titles[i][0]) == 0)
            return titles[i][1];
    return name;
}

/* ---- colours --------------------------------------------------------------------------------------------------- */

unsigned plot_shade(double share)
{
    static const unsigned char stops[][3] = {{68, 1, 84},    {72, 37, 118},  {65, 68, 135},  {53, 96, 141},
                                             {42, 120, 142}, {33, 145, 140}, {34, 168, 132}, {68, 191, 112},
                                             {122, 209, 81}, {189, 223, 38}, {253, 231, 37}};
    const size_t last = sizeof stops / sizeof stops[0] - 1;
    const double place = (share < 0 ? 0 : share > 1 ? 1 : share) * (double)last;
    const size_t below = place >= (double)last ? last - 1 : (size_t)place;
    unsigned colour = 0;
    for (int c = 0; c < 3; ++c) {
        const double from = stops[below][c], to = stops[below + 1][c];
        colour = colour << 8 | (unsigned)(from + (place - (double)below) * (to - from) + 0.5);
    }
    return colour;
}

unsigned plot_colour(size_t i, size_t count, bool ordered)
{
    static const unsigned names[] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000};
    if (!ordered)
        return names[i % (sizeof names / sizeof names[0])];
    /* The brightest yellow is too faint for a line on white. */
    return plot_shade(count > 1 ? 0.88 * (double)i / (double)(count - 1) : 0.3);
}
