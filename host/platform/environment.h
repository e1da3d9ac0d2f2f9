/*
 * The floating-point environment in which everything computes, and in which numbers become text and text numbers: to
 * nearest and with subnormals, whatever the caller runs with. Every public function that does so enters it, and gives the
 * caller's back. Threads have the environment of the thread that starts them.
 */
#ifndef PLATFORM_ENVIRONMENT_H
#define PLATFORM_ENVIRONMENT_H

#include <carrynet/status.h>
#include <fenv.h>

/* Returns the caller's, for sys_leave_arithmetic. */
static inline fenv_t sys_enter_arithmetic(void)
{
    fenv_t environment;
    (void)fegetenv(&environment);
    (void)fesetenv(FE_DFL_ENV);
    return environment;
}

/* Returns the status, so that a function can end with it. */
static inline carrynet_status sys_leave_arithmetic(const fenv_t *environment, carrynet_status status)
{
    (void)fesetenv(environment);
    return status;
}

#endif
