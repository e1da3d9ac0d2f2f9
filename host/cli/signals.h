/* Signals as a stop request, for commands that save their results so far. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * From now on the first SIGINT, SIGTERM or SIGHUP is stored for signals_caught and for the training to stop; a second
 * one exits at once. SIGPIPE is ignored.
 */
void signals_catch(void);

/* The signal received, or 0. From the first call on, the caller is responsible for ending the program. */
int signals_caught(void);

/* Records the signal as received, unless another was: another rank received it. */
void signals_assume(int number);

/* The exit code of the received signal, or else `code`. */
int signals_code(int code);

/*
 * Call this before a device is opened, since a driver that hangs would not stop: until the next query for a signal, a
 * signal ends the program at once, as from signals_catch on.
 */
void signals_open_device(void);

/* Stops catching signals, once the results are saved. */
void signals_release(void);

#endif
