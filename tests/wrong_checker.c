/*
 * The program as a compiler would make it whose arithmetic is not that of the checker's bounds: linked before the library,
 * this takes the place of host/verify/verify_host.c. test_program_host.c runs it.
 */
#include "platform/platform.h"
#include "verify/checker.h"

carrynet_status verify_host(void)
{
    return sys_fail(CARRYNET_ERROR_DEVICE,
                    "this build of carrynet does not compute by IEEE 754 on this host, so that it can check no "
                    "certificate: tried");
}
