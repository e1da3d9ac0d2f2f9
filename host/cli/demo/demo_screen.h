/*
 * Where demo shows itself: a terminal on which a picture can be drawn over the last, or anything else, which gets plain
 * text. The cursor is hidden while pictures move and is back however the program ends.
 */
#ifndef CLI_DEMO_SCREEN_H
#define CLI_DEMO_SCREEN_H

#include "platform/platform.h"

typedef struct demo_screen {
    bool plain;    /* no escape sequences, ASCII alone */
    bool animated; /* pictures are drawn over one another */
    bool unicode, colour;
    bool pauses;
    size_t columns, rows; /* of the terminal; 80 x 24 where there is none */
} demo_screen;

/*
 * Looks at standard output; plain and fast are what the caller wants at least. From now on SIGINT, SIGTERM and SIGHUP end
 * the program at once, with 128 + their number and the cursor back.
 */
void screen_open(demo_screen *screen, bool plain, bool fast);
void screen_close(void);

/* Writes a picture of `lines` lines, over the last if `over`; then waits. */
void screen_draw(const demo_screen *screen, const char *picture, size_t lines, bool over, double seconds);

/* Waits, where somebody watches. */
void screen_pause(const demo_screen *screen, double seconds);

/* A heading. */
void screen_heading(const demo_screen *screen, const char *text);

#endif
