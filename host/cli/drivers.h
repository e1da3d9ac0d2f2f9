/*
 * OpenCL drivers as the program meets them: code of others that may end it. What can be done before one is loaded, and
 * what is said when one crashes or calls exit.
 */
#ifndef CLI_DRIVERS_H
#define CLI_DRIVERS_H

#include <stdbool.h>

/*
 * Makes the environment of drivers what they can bear, says what was wrong in it, and opens them, if they are needed for
 * sure. To be called before anything of OpenCL, and before signals are caught; each of the two is done once.
 */
void drivers_prepare(bool open);

/* After an error of a device: says so if pocl's folder of compiled kernels may be the cause. */
void drivers_explain(void);

/* Where less is said: a line if the engine with this description computes in C because no device can be used. */
void drivers_say_fallback(const char *description);

/* To be called when the program ends by itself. */
void drivers_leave(void);

/* Whether pocl is among the drivers that the loader knows; *any: whether there is one at all. Opens none. */
bool drivers_have_pocl(bool *any);

#endif
