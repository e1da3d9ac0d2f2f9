/* The request to stop that a signal leaves, for commands that save what there is. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/*
 * From now on the first SIGINT, SIGTERM or SIGHUP is kept for signals_caught, and for the training to stop; a second
 * one exits at once. SIGPIPE is ignored.
 */
void signals_catch(void);

/* The signal that has come, or 0; from the first question on it is the asker who ends. */
int signals_caught(void);

/* As if this signal had come, unless another has: another rank had one. */
void signals_assume(int number);

/* The exit code of the signal that has come, or else this one. */
int signals_code(int code);

/*
 * A device is about to be opened, which a driver that hangs would not end: until somebody next asks for a signal, it
 * ends the program at once, as from signals_catch on.
 */
void signals_open_device(void);

/* An end to the catching, once what there is is safe. */
void signals_release(void);

#endif
