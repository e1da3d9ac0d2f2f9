/*
 * The output of demo: a terminal on which a picture can be drawn over the last one, or any other stream, which gets
 * plain text. The cursor is hidden while pictures move and restored however the program ends.
 */
#ifndef CLI_DEMO_SCREEN_H
#define CLI_DEMO_SCREEN_H

#include "platform/platform.h"

typedef struct demo_screen {
    bool plain;    /* no escape sequences, ASCII only */
    bool animated; /* pictures are drawn over one another */
    bool unicode, colour;
    bool pauses;
    size_t columns, rows; /* of the terminal; 80 x 24 without one */
} demo_screen;

/*
 * Examines standard output; the caller can force plain and fast. From now on SIGINT, SIGTERM and SIGHUP end the program
 * at once, with 128 + their number and the cursor restored.
 */
void screen_open(demo_screen *screen, bool plain, bool fast);
void screen_close(void);

/* Writes a picture of `lines` lines, over the last one if `over`; then pauses. */
void screen_draw(const demo_screen *screen, const char *picture, size_t lines, bool over, double seconds);

/* Pauses if a person may be watching. */
void screen_pause(const demo_screen *screen, double seconds);

/* Prints a heading. */
void screen_heading(const demo_screen *screen, const char *text);

#endif
