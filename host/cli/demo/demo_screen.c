/* The terminal of demo: its size and capabilities, the cursor, signals, pauses. */
#include "cli/demo/demo_screen.h"
#include "cli/console.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { COLUMNS = 80, ROWS = 24, NARROW = 60, LOW = 22 };

static const char RESTORE[] = "\033[0m\033[?25h";

/* ---- the cursor, and how it comes back ------------------------------------------------------------------------- */

static volatile sig_atomic_t cursor_hidden;

/* Nothing is to be saved: the program ends here. Only calls that a signal handler may make. */
static void end_now(int number)
{
    if (cursor_hidden != 0) {
        const ssize_t written = write(STDOUT_FILENO, RESTORE, sizeof RESTORE - 1);
        (void)written;
    }
    _exit(128 + number);
}

/* Ctrl-Z: the shell gets its cursor back; after fg the next picture hides it again. */
static void rest(int number)
{
    (void)number;
    if (cursor_hidden != 0) {
        const ssize_t written = write(STDOUT_FILENO, RESTORE, sizeof RESTORE - 1);
        (void)written;
        cursor_hidden = 0;
    }
    (void)raise(SIGSTOP);
}

static void show_cursor(bool shown)
{
    (void)fputs(shown ? RESTORE : "\033[?25l", stdout);
    (void)fflush(stdout);
    cursor_hidden = shown ? 0 : 1;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static void measure(demo_screen *screen)
{
    screen->columns = COLUMNS;
    screen->rows = ROWS;
#ifdef TIOCGWINSZ
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        screen->columns = size.ws_col;
        screen->rows = size.ws_row;
    }
#endif
}

void screen_open(demo_screen *screen, bool plain, bool fast)
{
    *screen = (demo_screen){.plain = plain || !console_can_rewrite(stdout)};
    measure(screen);
    screen->unicode = !screen->plain && console_is_unicode(stdout);
    screen->colour = !screen->plain && console_has_colour(stdout);
    screen->animated = !screen->plain && screen->columns >= NARROW && screen->rows >= LOW;
    screen->pauses = !screen->plain && !fast;
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
        struct sigaction action = {.sa_handler = numbers[i] == SIGTSTP ? rest : end_now, .sa_flags = SA_RESTART};
        struct sigaction before;
        (void)sigemptyset(&action.sa_mask);
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup stays what it is */
            (void)sigaction(numbers[i], &action, NULL);
    }
}

void screen_close(void)
{
    if (cursor_hidden != 0)
        show_cursor(true);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

void screen_pause(const demo_screen *screen, double seconds)
{
    if (!screen->pauses)
        return;
    (void)fflush(stdout);
    const struct timespec moment = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&moment, NULL);
}

void screen_draw(const demo_screen *screen, const char *picture, size_t lines, bool over, double seconds)
{
    if (!screen->animated) {
        (void)fputs(picture, stdout);
        return;
    }
    if (cursor_hidden == 0)
        show_cursor(false);
    if (over)
        (void)printf("\033[%zuA", lines);
    for (const char *line = picture; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        (void)printf("%.*s\033[K\n", (int)length, line);
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    (void)fflush(stdout);
    screen_pause(screen, seconds);
}

void screen_heading(const demo_screen *screen, const char *text)
{
    screen_close();
    (void)printf(screen->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}
