/*
 * The program's output: messages on standard error, one progress line that a terminal rewrites, exit codes, near
 * matches. Besides the commands, no other code prints.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include "platform/platform.h"
#include <stdbool.h>
#include <stdio.h>

/* The exit codes of all commands; after a signal 128 + its number: SIGINT 130, SIGTERM 143, SIGHUP 129. */
typedef enum exit_code {
    EXIT_CODE_DONE = 0,
    EXIT_CODE_CHECK = 1, /* a check failed: wrong sums, refuted, rejected, bits differ */
    EXIT_CODE_USAGE = 2,
    EXIT_CODE_DEVICE = 3,
    EXIT_CODE_FILE = 4,       /* input, output, a bad file */
    EXIT_CODE_NOT_REACHED = 5 /* training ended without an exact network, or a proof without a verdict */
} exit_code;

/* The exit code for a library status. */
int console_exit_code(carrynet_status status);

/* Prints "carrynet: ..." on standard error, folded to the terminal's width if it is a terminal. */
void console_error(const char *format, ...) SYS_PRINTF(1, 2);

/* The last such message; "" before the first. */
const char *console_last_error(void);

/* Prints the library's message and returns the exit code for the status. */
int console_status(carrynet_status status);

/* Prints a line on standard error, folded likewise. */
void console_note(const char *format, ...) SYS_PRINTF(1, 2);

/* Prints a line on standard output, folded likewise whether or not it is a terminal; at most 1,999 bytes. */
void console_say(const char *format, ...) SYS_PRINTF(1, 2);

/*
 * On a terminal, replaces the progress line on standard error and returns true; else does nothing. Every other message
 * clears the progress line first.
 */
bool console_progress(const char *format, ...) SYS_PRINTF(1, 2);
void console_progress_clear(void);

/* Whether the stream is a terminal; a terminal that shows UTF-8; a stream on which colours are welcome. */
bool console_is_terminal(FILE *stream);
bool console_is_unicode(FILE *stream);
bool console_has_colour(FILE *stream);
/* Whether the stream is a terminal that can move its cursor and clear a line: not "dumb", nor unnamed. */
bool console_can_rewrite(FILE *stream);

/*
 * Prints text folded into lines of at most 79 columns. The first line continues at `column`; the others start at
 * `indent`.
 */
void console_fold(FILE *stream, size_t column, size_t indent, const char *text);

/* The entry of `names` [count] that `word` probably means, or NULL. */
const char *console_nearest(const char *word, const char *const *names, size_t count);

/* Writes "there is no WHAT 'WORD'", with a near match and all names, to *message. */
void console_unknown(sys_text *message, const char *what, const char *word, const char *const *names, size_t count);

/* Reports that memory is short for `what`, which is therefore not printed; the program's exit code is then DEVICE. */
void console_no_memory(const char *what);

/*
 * Prints the text as a folded line on standard output and frees it. If memory was short for the text, reports that for
 * `what`.
 */
void console_put(sys_text *line, const char *what);

/* Flushes standard output. Returns FILE, after a message, if anything could not be written; else `code`. */
int console_finish(int code);

/* Formatted into `text`, which is returned: "1.3 s", "4 min", "2 h"; "190 k", "1.9 M". */
const char *console_duration(char *text, size_t size, double seconds);
const char *console_rate(char *text, size_t size, double per_second);

#endif
