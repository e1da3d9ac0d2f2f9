/*
 * Points in Braille: dots 1 2 3 7 go down on the left of a character, 4 5 6 8 on the right, bit n - 1 for dot n. UTF-8
 * of U+2800 + b is E2, A0 + (b >> 6), 80 + (b & 3F).
 */
#include "cli/demo/demo_canvas.h"
#include <math.h>
#include <string.h>

enum { DOTS_ACROSS = 2, DOTS_DOWN = 4 };

carrynet_status canvas_create(demo_canvas *canvas, size_t columns, size_t rows)
{
    *canvas = (demo_canvas){.columns = columns, .rows = rows, .right = 1, .top = 1};
    carrynet_status status = sys_allocate(&canvas->dots, columns * rows, sizeof *canvas->dots);
    if (status == CARRYNET_OK)
        status = sys_allocate(&canvas->points, columns * rows * CANVAS_KINDS, sizeof *canvas->points);
    return status;
}

void canvas_free(demo_canvas *canvas)
{
    sys_free(canvas->dots);
    sys_free(canvas->points);
    *canvas = (demo_canvas){0};
}

void canvas_clear(demo_canvas *canvas)
{
    memset(canvas->dots, 0, canvas->columns * canvas->rows * sizeof *canvas->dots);
    memset(canvas->points, 0, canvas->columns * canvas->rows * CANVAS_KINDS * sizeof *canvas->points);
}

/* The dot, of `dots`, in which a value lies between two ends. */
static size_t dot_of(double value, double from, double to, size_t dots)
{
    const double place = (value - from) / (to - from) * (double)dots;
    return place <= 0 ? 0 : place >= (double)dots ? dots - 1 : (size_t)place;
}

void canvas_point(demo_canvas *canvas, double x, double y, unsigned kind)
{
    static const uint8_t bits[DOTS_DOWN][DOTS_ACROSS] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (isnan(x) || isnan(y) || kind >= CANVAS_KINDS)
        return;
    const size_t across = dot_of(x, canvas->left, canvas->right, canvas->columns * DOTS_ACROSS);
    const size_t down = dot_of(y, canvas->top, canvas->bottom, canvas->rows * DOTS_DOWN);
    const size_t character = down / DOTS_DOWN * canvas->columns + across / DOTS_ACROSS;
    canvas->dots[character] |= bits[down % DOTS_DOWN][across % DOTS_ACROSS];
    ++canvas->points[character * CANVAS_KINDS + kind];
}

/* The kind with most points in a character; CANVAS_KINDS if it has none. */
static unsigned main_kind(const uint32_t points[CANVAS_KINDS])
{
    unsigned kind = CANVAS_KINDS;
    for (unsigned k = 0; k < CANVAS_KINDS; ++k)
        if (points[k] > (kind < CANVAS_KINDS ? points[kind] : 0))
            kind = k;
    return kind;
}

void canvas_add_row(sys_text *text, const demo_canvas *canvas, size_t row, const canvas_style *style)
{
    const char *colour = NULL;
    for (size_t c = 0; c < canvas->columns; ++c) {
        const size_t character = row * canvas->columns + c;
        const unsigned kind = main_kind(canvas->points + character * CANVAS_KINDS);
        const unsigned dots = canvas->dots[character];
        const char *wanted = kind < CANVAS_KINDS ? style->colours[kind] : colour;
        if (wanted != colour && wanted != NULL)
            sys_text_add(text, "%s", wanted);
        colour = wanted;
        if (kind == CANVAS_KINDS)
            sys_text_add(text, " ");
        else if (style->braille)
            sys_text_add(text, "\xe2%c%c", (int)(0xa0 + (dots >> 6)), (int)(0x80 + (dots & 0x3f)));
        else
            sys_text_add(text, "%c", style->marks[kind]);
    }
    if (colour != NULL)
        sys_text_add(text, "\033[0m");
}
