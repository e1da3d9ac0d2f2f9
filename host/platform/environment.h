/*
 * The floating-point environment of all computation and of conversions between numbers and text: rounding to nearest,
 * with subnormals, whatever the caller has set. Every public function that needs it enters it and restores the
 * caller's. A thread inherits the environment of the thread that starts it.
 */
#ifndef PLATFORM_ENVIRONMENT_H
#define PLATFORM_ENVIRONMENT_H

#include <carrynet/status.h>
#include <fenv.h>

/* Enters the environment; returns the caller's, for sys_leave_arithmetic. */
static inline fenv_t sys_enter_arithmetic(void)
{
    fenv_t environment;
    (void)fegetenv(&environment);
    (void)fesetenv(FE_DFL_ENV);
    return environment;
}

/* Restores the caller's environment; returns `status`, so that a function can end with the call. */
static inline carrynet_status sys_leave_arithmetic(const fenv_t *environment, carrynet_status status)
{
    (void)fesetenv(environment);
    return status;
}

#endif
