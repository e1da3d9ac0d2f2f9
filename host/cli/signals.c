/* Signals are stored in a variable, so that only code that queries it stops, at a safe point. */
#include "cli/signals.h"
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static volatile sig_atomic_t
    asked; /* somebody looks at it: until then a driver may be in the way, and nothing is lost */

static void catch_signal(int number)
{
    if (caught != 0 || !asked)
        _exit(128 + number);
    caught = number;
}

void signals_open_device(void)
{
    asked = 0;
}

void signals_catch(void)
{
    struct sigaction action = {.sa_handler = catch_signal, .sa_flags = SA_RESTART};
    signals_open_device();
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    struct sigaction before;
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup stays what it is */
        (void)sigaction(SIGHUP, &action, NULL);
    /* A reader of our messages that has gone away is no reason to lose what was learnt. */
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

int signals_caught(void)
{
    asked = 1;
    return (int)caught;
}

int signals_code(int code)
{
    return signals_caught() != 0 ? 128 + signals_caught() : code;
}

void signals_assume(int number)
{
    if (caught == 0)
        caught = number;
}

void signals_release(void)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    struct sigaction now;
    if (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler == catch_signal)
        (void)signal(SIGHUP, SIG_DFL);
}
