/*
 * Tests for the arithmetic in which the checker's bounds hold: plain binary64, rounded to nearest, with subnormal
 * numbers, infinities and NaN. With other compiler options, or on a processor without it, the checker could accept a
 * wrong certificate; so this test runs first.
 */
#include "platform/platform.h"
#include "verify/checker.h"
#include <float.h>
#include <math.h>

carrynet_status verify_host(void)
{
    /* From memory, so that no compiler computes them beforehand. */
    volatile const double from[] = {1, 0x1p-53, 0x1.002p-53, 0x1p-1000, 0x1p1000, 0, 3};
    const double one = from[0], half = from[1], above = from[2], tiny = from[3], huge = from[4], zero = from[5],
                 three = from[6], none = zero / zero;
    const bool rounds = one + half == one && one + above == 1 + DBL_EPSILON && -one - above == -1 - DBL_EPSILON;
    const bool each = (one + half) - one == 0; /* operation of an expression */
    const bool divides = one / three == 0x1.5555555555555p-2 && sqrt(three) == 0x1.bb67ae8584caap0;
    const bool small = tiny * half != 0 && tiny * half * huge == half, large = huge * huge > DBL_MAX;
    const bool not_numbers = !(none <= one) && !(none > one) && none != none; /* as the bounds are compared */
    if (rounds && each && divides && small && large && not_numbers)
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_DEVICE,
                    "this build of carrynet does not compute by IEEE 754 on this host, so that it can check no "
                    "certificate; build it without options that change floating-point arithmetic, or with another "
                    "compiler or C library");
}
