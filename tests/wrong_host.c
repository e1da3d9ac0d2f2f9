/*
 * The program as a compiler would make it that computes wrong: linked before the library, this takes the place of the
 * check of the host (host/reference/known_answers.c). test_program_host.c runs it.
 */
#include "platform/platform.h"
#include "reference/reference.h"

static carrynet_status wrong(void)
{
    return sys_fail(CARRYNET_ERROR_DEVICE, "this build of carrynet does not compute by IEEE 754 on this host: tried");
}

carrynet_status reference_admit(void)
{
    return wrong();
}

carrynet_status reference_check(const struct reference *narrow, const struct reference *wide)
{
    (void)narrow;
    (void)wide;
    return wrong();
}

carrynet_status reference_check_updates(const struct network_operations *operations, carrynet_precision precision)
{
    (void)operations;
    (void)precision;
    return wrong();
}
