/*
 * Messages, the progress line, exit codes and near matches. All text for people on standard error passes through this
 * file, so that it never mixes with the progress line.
 */
#include "cli/console.h"
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { COLUMNS = 79 };

int console_exit_code(carrynet_status status)
{
    switch (status) {
    case CARRYNET_OK:
        return EXIT_CODE_DONE;
    case CARRYNET_ERROR_ARGUMENT:
        return EXIT_CODE_USAGE;
    case CARRYNET_ERROR_MEMORY: /* what was asked for does not fit on the device or the host */
    case CARRYNET_ERROR_DEVICE:
    case CARRYNET_ERROR_UNSUPPORTED:
        return EXIT_CODE_DEVICE;
    case CARRYNET_ERROR_IO:
    case CARRYNET_ERROR_FORMAT:
        return EXIT_CODE_FILE;
    case CARRYNET_ERROR_NUMERIC: /* training ran into NaN or infinity: the goal is out of reach */
        return EXIT_CODE_NOT_REACHED;
    }
    return EXIT_CODE_USAGE;
}

bool console_is_terminal(FILE *stream)
{
    return isatty(fileno(stream)) == 1;
}

bool console_is_unicode(FILE *stream)
{
    return console_is_terminal(stream) && strcasecmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool console_can_rewrite(FILE *stream)
{
    const char *kind = getenv("TERM");
    return console_is_terminal(stream) && kind != NULL && kind[0] != '\0' && strcmp(kind, "dumb") != 0;
}

bool console_has_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return console_can_rewrite(stream) && (refused == NULL || refused[0] == '\0');
}

/* ---- the progress line ----------------------------------------------------------------------------------------- */

static bool progress_shown;

static int terminal_columns(void)
{
#ifdef TIOCGWINSZ
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_col <= COLUMNS)
        return (int)size.ws_col - 1;
#endif
    return COLUMNS;
}

void console_progress_clear(void)
{
    if (!progress_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress_shown = false;
}

bool console_progress(const char *format, ...)
{
    char line[512];
    if (!console_can_rewrite(stderr))
        return false;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    /* A line that reached the edge would wrap, and could not be rewritten. */
    (void)fprintf(stderr, "\r%.*s\033[K", terminal_columns(), line);
    (void)fflush(stderr);
    progress_shown = true;
    return true;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

void console_fold(FILE *stream, size_t column, size_t indent, const char *text)
{
    bool blank_due = false;
    for (const char *word = text; *word != '\0';) {
        if (*word == '\n') {
            (void)fputc('\n', stream);
            column = 0;
            blank_due = false;
            ++word;
            continue;
        }
        if (*word == ' ' && column != 0) {
            blank_due = true;
            ++word;
            continue;
        }
        /* A blank at the start of a line belongs to the line's layout: it is kept as part of the word. */
        size_t length = strspn(word, " ");
        length += strcspn(word + length, " \n");
        if (column + (blank_due ? 1 : 0) + length > COLUMNS && column > indent) {
            (void)fputc('\n', stream);
            column = 0;
            blank_due = false;
        }
        if (column == 0 && indent != 0) {
            (void)fprintf(stream, "%*s", (int)indent, "");
            column = indent;
        }
        if (blank_due) {
            (void)fputc(' ', stream);
            ++column;
            blank_due = false;
        }
        column += length;
        for (const char *const end = word + length; word < end;) {
            const size_t count = sys_unprintable(word);
            (void)fputc(count > 0 ? '?' : *word, stream);
            word += count > 0 ? count : 1;
        }
    }
}

static void say(char *text)
{
    console_progress_clear();
    (void)sys_printable(text);
    (void)fflush(stdout); /* in order, where both streams go to the same place */
    if (console_is_terminal(stderr)) {
        (void)fputs("carrynet: ", stderr);
        console_fold(stderr, strlen("carrynet: "), 0, text);
    } else {
        (void)fprintf(stderr, "carrynet: %s", text);
    }
    (void)fputc('\n', stderr);
}

static char last_error[20000]; /* more than the longest message of the library */

void console_error(const char *format, ...)
{
    char text[sizeof last_error];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    say(text);
    (void)snprintf(last_error, sizeof last_error, "%s", text);
}

const char *console_last_error(void)
{
    return last_error;
}

int console_status(carrynet_status status)
{
    console_error("%s", carrynet_message());
    return console_exit_code(status);
}

void console_note(const char *format, ...)
{
    char text[4000];
    console_progress_clear();
    (void)fflush(stdout);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)sys_printable(text);
    if (console_is_terminal(stderr))
        console_fold(stderr, 0, 0, text);
    else
        (void)fputs(text, stderr);
    (void)fputc('\n', stderr);
}

void console_say(const char *format, ...)
{
    char text[2000];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    console_fold(stdout, 0, 0, text);
    (void)fputc('\n', stdout);
    (void)fflush(stdout); /* before what takes long */
}

static bool memory_was_short;

void console_no_memory(const char *what)
{
    console_error("not enough memory for %s", what);
    memory_was_short = true;
}

void console_put(sys_text *line, const char *what)
{
    if (line->failed) {
        console_no_memory(what);
    } else {
        console_fold(stdout, 0, 0, line->data);
        (void)fputc('\n', stdout);
    }
    sys_text_free(line);
}

int console_finish(int code)
{
    const bool failed_before = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed_before)
        return memory_was_short ? EXIT_CODE_DEVICE : code;
    console_error("cannot write to standard output%s%s", errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
    return EXIT_CODE_FILE;
}

/* ---- near matches ---------------------------------------------------------------------------------------------- */

enum { WORD = 40 };

/* Edits (insert, delete, replace, exchange neighbours) that turn one word into the other. */
static size_t distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    size_t rows[3][WORD + 1];
    if (n > WORD || m > WORD)
        return WORD;
    for (size_t j = 0; j <= m; ++j)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; ++i) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; ++j) {
            size_t least = above[j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0);
            if (above[j] + 1 < least)
                least = above[j] + 1;
            if (row[j - 1] + 1 < least)
                least = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && second[j - 2] + 1 < least)
                least = second[j - 2] + 1;
            row[j] = least;
        }
    }
    return rows[n % 3][m];
}

const char *console_nearest(const char *word, const char *const *names, size_t count)
{
    const char *best = NULL;
    const size_t length = strlen(word);
    size_t least = length < 3 ? 1 : length < 6 ? 2 : 3; /* one more edit is no near match */
    for (size_t i = 0; i < count; ++i) {
        size_t edits = distance(word, names[i]);
        if (edits == strlen(names[i])) /* nothing of the name is in the word */
            continue;
        /* The start of a name is close to it, however much is missing. */
        if (length >= 2 && strncmp(word, names[i], length) == 0)
            edits = 1;
        if (edits < least || (edits == least && best == NULL)) {
            least = edits;
            best = names[i];
        }
    }
    return best;
}

void console_unknown(sys_text *message, const char *what, const char *word, const char *const *names, size_t count)
{
    const char *near = console_nearest(word, names, count);
    sys_text_add(message, "there is no %s '%.64s'", what, word);
    if (near != NULL)
        sys_text_add(message, "; did you mean '%s'?", near);
    sys_text_add(message, "%s There are: ", near != NULL ? "" : ".");
    for (size_t i = 0; i < count; ++i)
        sys_text_add(message, "%s%s", i == 0 ? "" : ", ", names[i]);
}

/* ---- numbers for people ---------------------------------------------------------------------------------------- */

const char *console_duration(char *text, size_t size, double seconds)
{
    if (!(seconds >= 0 && seconds < 1e9))
        (void)snprintf(text, size, "a long time");
    else if (seconds < 9.95)
        (void)snprintf(text, size, "%.1f s", seconds);
    else if (seconds < 99.5)
        (void)snprintf(text, size, "%.0f s", seconds);
    else if (seconds < 5400)
        (void)snprintf(text, size, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        (void)snprintf(text, size, "%.0f h", seconds / 3600);
    else
        (void)snprintf(text, size, "%.0f days", seconds / 86400);
    return text;
}

const char *console_rate(char *text, size_t size, double per_second)
{
    if (!(per_second >= 0 && per_second < 1e18))
        (void)snprintf(text, size, "?");
    else if (per_second < 9999.5)
        (void)snprintf(text, size, "%.0f", per_second);
    else if (per_second < 999.5e3)
        (void)snprintf(text, size, "%.0f k", per_second / 1e3);
    else if (per_second < 99.95e6)
        (void)snprintf(text, size, "%.1f M", per_second / 1e6);
    else
        (void)snprintf(text, size, "%.0f M", per_second / 1e6);
    return text;
}
