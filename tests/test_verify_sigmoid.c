/* The checker's sigmoid, and the two lines that hold it, against MPFR: on a million intervals. */
#include "draws.h"
#include "verify/sigmoid_lines.h"
#include <criterion/criterion.h>
#include <math.h>
#include <mpfr.h>

static void exact_sigmoid(mpfr_t y, double t)
{
    mpfr_set_d(y, -t, MPFR_RNDN);
    mpfr_exp(y, y, MPFR_RNDN);
    mpfr_add_ui(y, y, 1, MPFR_RNDN);
    mpfr_ui_div(y, 1, y, MPFR_RNDN);
}

Test(verify_sigmoid, sigmoid_within_its_error)
{
    mpfr_t y;
    double worst = 0;
    mpfr_init2(y, 120);
    for (int i = 0; i < 500000; ++i) {
        const double t = i < 3 ? (double[]){0, 40, -40}[i] : i % 3 == 0 ? drawn_size(-12, 3) : drawn(-42, 42);
        exact_sigmoid(y, t);
        mpfr_sub_d(y, y, verify_sigmoid(t), MPFR_RNDN);
        worst = fmax(worst, fabs(mpfr_get_d(y, MPFR_RNDN)));
    }
    cr_assert(worst <= 0x1p-51, "%g", worst);
    cr_assert(worst > 0x1p-54 && VERIFY_SIGMOID_ERROR >= 2 * 0x1p-51);
    cr_assert(isnan(verify_sigmoid(NAN)));
    cr_assert(verify_sigmoid(INFINITY) == 1 && verify_sigmoid(-INFINITY) == 0 && verify_sigmoid(0) == 0.5);
    mpfr_clear(y);
}

/* Of every width from 0 and 1e-12 to 100, somewhere, across 0, from 0, in the tails, far out. */
static void draw_interval(double *low, double *high, int i)
{
    const double width = i % 11 == 0 ? 0 : fabs(drawn_size(-12, 2));
    const double at = i % 5 == 0   ? drawn(-width, 0)
                      : i % 5 == 1 ? drawn_size(-12, 1)
                      : i % 5 == 2 ? drawn_size(1, i % 15 == 2 ? 10 : 2)
                      : i % 5 == 3 ? drawn(-4, 4)
                                   : (i % 2 == 0 ? 0 : -width);
    *low = at;
    *high = at + width;
}

/* sigma(t) - (slope t + middle) is within half. */
static void check_line_at(mpfr_t y, mpfr_t line, const struct verify_lines *lines, double t)
{
    exact_sigmoid(y, t);
    mpfr_set_d(line, lines->slope, MPFR_RNDN);
    mpfr_mul_d(line, line, t, MPFR_RNDN);
    mpfr_add_d(line, line, lines->middle, MPFR_RNDN);
    mpfr_sub(y, y, line, MPFR_RNDN);
    mpfr_abs(y, y, MPFR_RNDN);
    cr_assert(mpfr_cmp_d(y, lines->half) <= 0, "slope %a: off by %g at %a, half %g", lines->slope,
              mpfr_get_d(y, MPFR_RNDN), t, lines->half);
}

static void check_lines(int from, int to)
{
    mpfr_t y, line;
    mpfr_init2(y, 160);
    mpfr_init2(line, 160);
    random_state = (uint64_t)to;
    for (int i = from; i < to; ++i) {
        double low, high;
        draw_interval(&low, &high, i);
        const bool chord = i % 4 > 0; /* else any slope and any guess */
        const struct verify_lines lines =
            chord ? verify_lines(low, high)
                  : verify_lines_along(low, high, drawn(0, 0.25), i % 8 == 0 ? fabs(drawn_size(-12, 12)) : drawn(0, 5));
        cr_assert(lines.slope >= 0 && lines.slope <= 0.25 && lines.half >= 0);
        cr_assert(lines.at_low == verify_sigmoid(low) && lines.at_high == verify_sigmoid(high));
        /* The ends, a point inside, and where the tangent has the slope: there the line is nearest. */
        const double root = sqrt(1 - 4 * lines.slope), rim = log((1 + root) / (1 - root));
        const double points[] = {low, high, drawn(low, high), rim, -rim};
        for (size_t k = 0; k < 5; ++k)
            if (points[k] >= low && points[k] <= high)
                check_line_at(y, line, &lines, points[k]);
        const double rounding = 0x1p-46 * (1 + lines.slope * fmax(-low, high) + (high - low));
        cr_assert(!chord || lines.half <= 0.5 * (lines.at_high - lines.at_low) + rounding, "[%a, %a]: half %g", low,
                  high, lines.half);
    }
    mpfr_clear(y);
    mpfr_clear(line);
}

Test(verify_sigmoid, lines_hold_the_sigmoid_1)
{
    check_lines(0, 500000);
}

Test(verify_sigmoid, lines_hold_the_sigmoid_2)
{
    check_lines(500000, 1000000);
}
