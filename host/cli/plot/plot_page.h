/*
 * A picture as a script for gnuplot: terminal, title, areas, axes with tick marks, colours. Units are pixels of a page
 * of width PLOT_WIDTH; a PNG has twice as many. Names are passed to gnuplot only in single quotes.
 */
#ifndef CLI_PLOT_PAGE_H
#define CLI_PLOT_PAGE_H

#include "cli/plot/plot_table.h"

enum { PLOT_WIDTH = 800 };

typedef struct plot_page {
    sys_text script;
    int height;
    int areas; /* areas begun so far */
} plot_page;

/* A rectangle in which data are drawn, without the surrounding text; coordinates from the page's upper left corner. */
typedef struct plot_area {
    int left, top, width, height;
} plot_area;

/* Starts the script; the title has one or two lines (NULL: none). */
void plot_page_begin(plot_page *page, bool png, int height, const char *title, const char *second);
/* MEMORY if memory for the script was short. */
carrynet_status plot_page_end(plot_page *page);
void plot_page_free(plot_page *page);

/* Resets axes, text and legend for the next area. */
void plot_page_area(plot_page *page, const plot_area *area);

/*
 * Adds text in gnuplot's single quotes: a single quote in the text becomes `, and characters other than printable ASCII
 * become '?'.
 */
void plot_page_quote(plot_page *page, const char *text);

/* Adds small grey text at a position in the area, from its upper left corner; justify is left, center or right. */
void plot_page_words(plot_page *page, const plot_area *area, double x, double y, const char *justify, const char *text);

typedef struct plot_axis {
    char which; /* 'x' or 'y' */
    bool log;
    double least, most;
    int pixels;
    const char *title; /* NULL: neither title nor labels, since the area below has them */
} plot_axis;

/* The axis for data from least to most, with some margin: logarithmic if `log` is set and all data are positive. */
plot_axis plot_axis_for(char which, bool log, double least, double most, int pixels, const char *title);
/* The position of a value in pixels from the start of the axis. */
double plot_axis_place(const plot_axis *axis, double value);
/* Sets the axis with tick marks at round numbers. */
void plot_page_axis(plot_page *page, const plot_axis *axis);
/* Sets an axis with tick marks from 0% to 100%. */
void plot_page_shares(plot_page *page, const char *title);
/* The axis for the values of a column; sets it with a tick mark at each value, and labels at as many as fit. */
plot_axis plot_values_axis(char which, const plot_values *values, int pixels, bool log);
void plot_page_values(plot_page *page, const plot_axis *axis, const plot_values *values);

/* The approximate width of a text in pixels, and of the widest label. */
double plot_text_width(const char *text);
double plot_labels_width(const plot_values *values);

/* Viridis, from 0 (dark) to 1 (yellow), as 0xrrggbb: perceptually uniform, also for the colour-blind. */
unsigned plot_shade(double share);
/* The colour of series i of `count`: shades for numbers, which are ordered; Okabe and Ito's colours for names. */
unsigned plot_colour(size_t i, size_t count, bool ordered);

/* The label of a column on an axis. */
const char *plot_column_title(const char *name);

#endif
