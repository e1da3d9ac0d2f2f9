/*
 * A picture as a script for gnuplot: terminal, title, areas, axes with their marks, colours. Everything is in pixels of
 * a page that is PLOT_WIDTH wide; a PNG has twice as many of them. Names reach gnuplot in single quotes only.
 */
#ifndef CLI_PLOT_PAGE_H
#define CLI_PLOT_PAGE_H

#include "cli/plot/plot_table.h"

enum { PLOT_WIDTH = 800 };

typedef struct plot_page {
    sys_text script;
    int height;
    int areas; /* begun so far */
} plot_page;

/* A rectangle in which data is drawn, without the words around it; from the page's upper left corner. */
typedef struct plot_area {
    int left, top, width, height;
} plot_area;

/* Starts the script; the title has one or two lines (NULL for none). */
void plot_page_begin(plot_page *page, bool png, int height, const char *title, const char *second);
/* MEMORY if there was none for the script. */
carrynet_status plot_page_end(plot_page *page);
void plot_page_free(plot_page *page);

/* Makes way for the next area: nothing of the last one's axes, words and legend stays. */
void plot_page_area(plot_page *page, const plot_area *area);

/* Adds text in gnuplot's single quotes; one in it becomes `, and what is not printable ASCII '?'. */
void plot_page_quote(plot_page *page, const char *text);

/* Small grey words at a place in the area, from its upper left corner; justify is left, center or right. */
void plot_page_words(plot_page *page, const plot_area *area, double x, double y, const char *justify, const char *text);

typedef struct plot_axis {
    char which; /* 'x' or 'y' */
    bool log;
    double least, most;
    int pixels;
    const char *title; /* NULL: neither title nor labels, since the area below has them */
} plot_axis;

/*
 * The axis for data from least to most, with some room: logarithmic if all of it is positive and `log` is asked for.
 */
plot_axis plot_axis_for(char which, bool log, double least, double most, int pixels, const char *title);
/* Pixels from the axis' start. */
double plot_axis_place(const plot_axis *axis, double value);
/* Sets the axis with marks at round numbers. */
void plot_page_axis(plot_page *page, const plot_axis *axis);
/* Sets an axis with marks from 0% to 100%. */
void plot_page_shares(plot_page *page, const char *title);
/* The axis for the values of a column, and sets it with a mark at each, as many of them with labels as fit. */
plot_axis plot_values_axis(char which, const plot_values *values, int pixels, bool log);
void plot_page_values(plot_page *page, const plot_axis *axis, const plot_values *values);

/* How many pixels wide a text is, and the widest of the labels, about. */
double plot_text_width(const char *text);
double plot_labels_width(const plot_values *values);

/* Viridis, from 0 (dark) to 1 (yellow), as 0xrrggbb: even in lightness, and for the colour-blind too. */
unsigned plot_shade(double share);
/* The colour of series i of `count`: shades for numbers, which have an order; Okabe and Ito's colours for names. */
unsigned plot_colour(size_t i, size_t count, bool ordered);

/* What axes call a column. */
const char *plot_column_title(const char *name);

#endif
