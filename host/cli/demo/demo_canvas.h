/*
 * A picture of points in text: each in one of a few kinds. In Braille a character holds 2 x 4 dots, in ASCII one mark.
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
    uint32_t *points;                /* [rows][columns][CANVAS_KINDS]: how many of each kind */
    double left, right, bottom, top; /* what the picture shows; a point outside lies on its edge */
} demo_canvas;

/* An empty picture. MEMORY. Free with canvas_free, which takes what is left of a failure. */
carrynet_status canvas_create(demo_canvas *canvas, size_t columns, size_t rows);
void canvas_free(demo_canvas *canvas);
void canvas_clear(demo_canvas *canvas);

/* Sets the point (x, y) of a kind; NaN is left out. */
void canvas_point(demo_canvas *canvas, double x, double y, unsigned kind);

/* How a picture is written. */
typedef struct canvas_style {
    bool braille;                      /* else one of the marks */
    const char *marks;                 /* [CANVAS_KINDS] characters */
    const char *colours[CANVAS_KINDS]; /* escape sequences; NULL: none */
} canvas_style;

/* Adds one row, `columns` characters and its escapes; a character shows the kind that has most points in it. */
void canvas_add_row(sys_text *text, const demo_canvas *canvas, size_t row, const canvas_style *style);

#endif
