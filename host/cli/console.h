/*
 * What the program says: messages on standard error, one rewritten progress line on a terminal, exit codes, near
 * matches. The only code beside the commands that prints.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "platform/platform.h"
#include <stdbool.h>
#include <stdio.h>

/* The exit codes of every command; 128 + the signal's number (130, 143) after SIGINT and SIGTERM, 129 after SIGHUP. */
typedef enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_CHECK = 1, /* a check failed: wrong sums, refuted, rejected, bits differ */
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_DEVICE = 3,
    EXIT_CODE_FILE = 4,       /* input, output, a bad file */
    EXIT_CODE_NOT_REACHED = 5 /* training ended without an exact network, proving without a verdict */
} exit_code;

/* The exit code for a status of the library. */
int console_exit_code(carrynet_status status);

/* "carrynet: ..." on standard error, folded at the width of the terminal, if it is one. */
void console_error(const char *format, ...) SYS_PRINTF(1, 2);

/* The last such message, "" before the first. */
const char *console_last_error(void);

/* Says the library's message and returns the exit code for the status. */
int console_status(carrynet_status status);

/* A line on standard error, folded likewise. */
void console_note(const char *format, ...) SYS_PRINTF(1, 2);

/* A line on standard output, folded likewise whether that is a terminal or not; at most 1,999 bytes. */
void console_say(const char *format, ...) SYS_PRINTF(1, 2);

/*
 * On a terminal: replaces the progress line on standard error, and returns true; else does nothing. Every other
 * message clears it first.
 */
bool console_progress(const char *format, ...) SYS_PRINTF(1, 2);
void console_progress_clear(void);

/* Whether the stream is a terminal, and whether it is one that shows UTF-8; whether colours are welcome there. */
bool console_is_terminal(FILE *stream);
bool console_is_unicode(FILE *stream);
bool console_has_colour(FILE *stream);
/* Whether it is a terminal that can move its cursor and clear a line: not "dumb", nor one without a name. */
bool console_can_rewrite(FILE *stream);

/*
 * Prints text folded into lines of at most 79 columns; the first goes on at column `column`, the others start at
 * `indent`.
 */
void console_fold(FILE *stream, size_t column, size_t indent, const char *text);

/* The one of `names` [count] that `word` was probably meant to be, or NULL. */
const char *console_nearest(const char *word, const char *const *names, size_t count);

/* Writes "there is no WHAT 'WORD'", with a near match and all the names, to *message. */
void console_unknown(sys_text *message, const char *what, const char *word, const char *const *names, size_t count);

/* Says that memory is short for `what`, which is not printed; the program's exit code is then DEVICE. */
void console_no_memory(const char *what);

/* Prints a line on standard output, folded, and frees its text; `what` it says if memory was short for it. */
void console_put(sys_text *line, const char *what);

/* Flushes standard output; FILE exit code, with a message, if anything could not be written, else `code`. */
int console_finish(int code);

/* In `text`, which they return: "1.3 s", "4 min", "2 h"; "190 k", "1.9 M". */
const char *console_duration(char *text, size_t size, double seconds);
const char *console_rate(char *text, size_t size, double per_second);

#endif
