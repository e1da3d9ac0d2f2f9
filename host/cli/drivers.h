/*
 * OpenCL drivers in the program: third-party code that may end the process. Preparation before drivers are loaded, and
 * messages when a driver crashes or calls exit.
 */
#ifndef CLI_DRIVERS_H
#define CLI_DRIVERS_H

#include <stdbool.h>

/*
 * Corrects the environment for drivers and reports what was wrong in it; opens the drivers if they are certainly
 * needed. Call it before any OpenCL function and before signals are caught; each of the two steps is done once.
 */
void drivers_prepare(bool open);

/* After a device error: reports if pocl's folder of compiled kernels may be the cause. */
void drivers_explain(void);

/* For terse output: prints a line if the engine with this description computes in C because no device is usable. */
void drivers_say_fallback(const char *description);

/* Call this when the program ends normally. */
void drivers_leave(void);

/* Whether pocl is among the drivers known to the loader; *any: whether there is a driver at all. Opens no driver. */
bool drivers_have_pocl(bool *any);

#endif
