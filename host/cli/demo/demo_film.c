/*
 * The film. The observer stores the weights at regular intervals of updates. When the memory is full, it drops every
 * second frame and doubles the interval, so that any training fits. Horizontally the pictures show the probe for the
 * carry, 0 on the left and 1 on the right; vertically, the direction that the output reads.
 */
#include "cli/demo/demo_film.h"
#include "cli/demo/demo_canvas.h"
#include <inttypes.h>
#include <string.h>

enum {
    SUMS = 256, /* whose states are shown */
    FIRST_EVERY = 2,
    SIDE = 26, /* characters beside the picture */
    NARROWEST = 20,
    WIDEST = 72,
    HIGHEST = 18,
    PLAIN_WIDTH = 50,
    PLAIN_HEIGHT = 12,
    PLAIN_FRAMES = 3
};

static const double PROBE_LEFT = -0.5, PROBE_RIGHT = 1.5;
static const double FRAME_SECONDS = 0.075;

/* ---- while it trains ------------------------------------------------------------------------------------------- */

static void drop_every_second(demo_film *film)
{
    for (size_t f = 0; 2 * f < film->count; ++f) {
        memmove(film->values + f * film->size, film->values + 2 * f * film->size, film->size * sizeof *film->values);
        film->updates[f] = film->updates[2 * f];
    }
    film->count = (film->count + 1) / 2;
    film->every *= 2;
}

static carrynet_status observe(void *self, carrynet_engine *engine, uint64_t updates, uint64_t *next)
{
    demo_film *film = self;
    if (film->count == FILM_FRAMES)
        drop_every_second(film);
    float *values = film->values + film->count * film->size;
    film->updates[film->count++] = updates;
    *next = updates + film->every;
    return carrynet_engine_get(engine, CARRYNET_PART_PARAMETERS, 0, 1, values);
}

carrynet_status film_open(demo_film *film, const carrynet_settings *settings)
{
    *film =
        (demo_film){.size = carrynet_shape_size(&settings->shape), .every = FIRST_EVERY, .observer = {observe, film}};
    return sys_allocate(&film->values, (FILM_FRAMES + 1) * film->size, sizeof *film->values);
}

void film_free(demo_film *film)
{
    for (size_t f = 0; f <= FILM_FRAMES; ++f)
        probe_free(&film->views[f]);
    carrynet_engine_free(film->engine);
    sys_free(film->values);
    *film = (demo_film){0};
}

/* ---- what is in the frames ------------------------------------------------------------------------------------- */

static void find_range(demo_film *film)
{
    film->low = film->high = 0;
    for (size_t f = 0; f < film->count; ++f)
        for (size_t p = 0; p < film->views[f].count; ++p) {
            const double output = film->views[f].points[p].output;
            film->low = output < film->low ? output : film->low;
            film->high = output > film->high ? output : film->high;
        }
    film->high += film->high > film->low ? 0 : 1;
}

static carrynet_status put_frame(demo_film *film, size_t frame)
{
    return carrynet_engine_set(film->engine, CARRYNET_PART_PARAMETERS, 0, 1, film->values + frame * film->size);
}

carrynet_status film_develop(demo_film *film, const carrynet_model *model)
{
    const carrynet_settings *settings = carrynet_model_settings(model);
    const uint64_t updates = carrynet_model_networks_const(model)[0].updates;
    const carrynet_engine_options plain = {.device = "host"};
    film->task = &settings->task;
    film->steps = settings->steps;
    while (film->count > 0 && film->updates[film->count - 1] >= updates)
        --film->count;
    memcpy(film->values + film->count * film->size, carrynet_model_values_const(model),
           film->size * sizeof *film->values);
    film->updates[film->count++] = updates;
    const carrynet_source source = carrynet_counter_source(film->task);
    carrynet_status status = carrynet_model_engine(&film->engine, model, 0, 1, &plain);
    for (size_t f = 0; f < film->count && status == CARRYNET_OK; ++f) {
        status = put_frame(film, f);
        if (status == CARRYNET_OK)
            status = probe_look(&film->views[f], film->engine, film->task, &source, SUMS, film->steps);
    }
    find_range(film);
    return status;
}

/* ---- a picture ------------------------------------------------------------------------------------------------- */

/* Carry and bit: cyan and blue without a carry, yellow and red with one; colours that every terminal has. */
static const char *const colours[CANVAS_KINDS] = {"\033[96m", "\033[94m", "\033[93m", "\033[91m"};
static const char marks[] = ".ox#";

static void style_of(canvas_style *style, const demo_screen *screen)
{
    *style = (canvas_style){.braille = screen->unicode && screen->colour, .marks = marks};
    for (size_t k = 0; k < CANVAS_KINDS && screen->colour; ++k)
        style->colours[k] = colours[k];
}

static void add_legend(sys_text *text, const canvas_style *style, unsigned kind)
{
    const char *colour = style->colours[kind];
    sys_text_add(text, "%s", colour != NULL ? colour : "");
    if (style->braille)
        sys_text_add(text, "\u28ff");
    else
        sys_text_add(text, "%c", style->marks[kind]);
    sys_text_add(text, "%s carry %u, sum bit %u", colour != NULL ? "\033[0m" : "", kind >> 1, kind & 1u);
}

/* Line `line` of what stands beside frame f. */
static void add_side(sys_text *text, const demo_film *film, size_t f, uint64_t wrong, uint64_t problems, size_t line,
                     const canvas_style *style)
{
    const probe_view *view = &film->views[f];
    switch (line) {
    case 0:
        sys_text_add(text, "after %" PRIu64 " updates", film->updates[f]);
        break;
    case 2:
        sys_text_add(text, "wrong sums    %5" PRIu64, wrong);
        break;
    case 3:
        sys_text_add(text, "  of          %5" PRIu64, problems);
        break;
    case 4:
        sys_text_add(text, "probe errors  %5zu", view->probe_errors);
        break;
    case 5:
        sys_text_add(text, "  of states   %5zu", view->count);
        break;
    case 7:
    case 8:
    case 9:
    case 10:
        add_legend(text, style, (unsigned)(line - 7));
        break;
    default:
        break;
    }
}

/* The lines of frame f: the picture with a line below it. */
static carrynet_status add_frame(sys_text *text, demo_film *film, size_t f, demo_canvas *canvas,
                                 const demo_screen *screen)
{
    canvas_style style;
    carrynet_evaluation evaluation = {0};
    const probe_view *view = &film->views[f];
    style_of(&style, screen);
    carrynet_status status = put_frame(film, f);
    if (status == CARRYNET_OK)
        status = carrynet_evaluate(&evaluation, film->engine, film->task, 0, film->steps, 0);
    canvas_clear(canvas);
    for (size_t p = 0; p < view->count; ++p)
        canvas_point(canvas, view->points[p].probe, view->points[p].output,
                     2u * view->points[p].carry + view->points[p].bit);
    for (size_t row = 0; row < canvas->rows; ++row) {
        sys_text_add(text, screen->unicode ? "\u2502" : "|");
        canvas_add_row(text, canvas, row, &style);
        sys_text_add(text, "  ");
        add_side(text, film, f, evaluation.wrong, evaluation.problems, row, &style);
        while (text->failed == 0 && text->data[text->size - 1] == ' ')
            text->data[--text->size] = '\0';
        sys_text_add(text, "\n");
    }
    sys_text_add(text, screen->unicode ? "\u2514" : "+");
    for (size_t c = 0; c < canvas->columns; ++c)
        sys_text_add(text, screen->unicode ? "\u2500" : "-");
    sys_text_add(text, "\n");
    carrynet_evaluation_free(&evaluation);
    if (status == CARRYNET_OK && text->failed)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for a picture");
    return status;
}

carrynet_status film_show(demo_film *film, const demo_screen *screen)
{
    const size_t room = screen->columns > SIDE + 3 + NARROWEST ? screen->columns - SIDE - 3 : NARROWEST;
    size_t width = screen->animated || room < PLAIN_WIDTH ? room : PLAIN_WIDTH;
    size_t height = screen->animated ? screen->rows - 8 : PLAIN_HEIGHT;
    demo_canvas canvas = {0};
    width = width > WIDEST ? WIDEST : width;
    height = height > HIGHEST ? HIGHEST : height;
    carrynet_status status = canvas_create(&canvas, width, height);
    canvas.left = PROBE_LEFT;
    canvas.right = PROBE_RIGHT;
    canvas.bottom = film->low;
    canvas.top = film->high;
    const size_t frames = screen->animated || film->count < PLAIN_FRAMES ? film->count : PLAIN_FRAMES;
    for (size_t i = 0; i < frames && status == CARRYNET_OK; ++i) {
        const size_t f = frames > 1 ? i * (film->count - 1) / (frames - 1) : 0;
        sys_text picture = {0};
        status = add_frame(&picture, film, f, &canvas, screen);
        if (status == CARRYNET_OK)
            screen_draw(screen, picture.data, height + 1, i > 0, FRAME_SECONDS);
        sys_text_free(&picture);
    }
    canvas_free(&canvas);
    return status;
}
