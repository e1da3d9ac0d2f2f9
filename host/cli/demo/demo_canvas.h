/*
 * A picture of points as text; each point has one of a few kinds. In Braille a character holds 2 x 4 dots, in ASCII one
 * mark.
 *
 *     column c, row r of dots: character (c / 2, r / 4), bit of the dot as Unicode numbers them (U+2800 + bits)
 */
#ifndef CLI_DEMO_CANVAS_H
#define CLI_DEMO_CANVAS_H

#include "platform/platform.h"
#include <stddef.h>
#include <stdint.h>

enum { CANVAS_KINDS = 4 };

typedef struct demo_canvas {
    size_t columns, rows;            /* characters */
    uint8_t *dots;                   /* [rows][columns]: Braille bits that are set */
    uint32_t *points;                /* [rows][columns][CANVAS_KINDS]: number of points of each kind */
    double left, right, bottom, top; /* the visible range; points outside are drawn on the edge */
} demo_canvas;

/* Creates an empty picture. MEMORY. Free with canvas_free, also after a failure. */
carrynet_status canvas_create(demo_canvas *canvas, size_t columns, size_t rows);
void canvas_free(demo_canvas *canvas);
void canvas_clear(demo_canvas *canvas);

/* Adds the point (x, y) of a kind; NaN is skipped. */
void canvas_point(demo_canvas *canvas, double x, double y, unsigned kind);

/* The output format of a picture. */
typedef struct canvas_style {
    bool braille;                      /* else ASCII marks */
    const char *marks;                 /* [CANVAS_KINDS] characters */
    const char *colours[CANVAS_KINDS]; /* escape sequences; NULL: none */
} canvas_style;

/* Adds one row, `columns` characters and their escapes; a character shows the kind with most points in it. */
void canvas_add_row(sys_text *text, const demo_canvas *canvas, size_t row, const canvas_style *style);

#endif
