/*
 * The bounds that the checker stands on: norms against power iteration, steps, logits and ellipsoids against points of
 * the sets in long double. Each test can see its bound's error terms left out (mutate_checker.py).
 */
#include "draws.h"
#include "verify/bounds.h"
#include "verify/enclosure.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { H = 6, BOXES = 5, INPUTS = 2, OUTPUTS = 2, SYMBOLS = 4 };

/* ---- the network's arithmetic ---------------------------------------------------------------------------------- */

Test(verify_bounds, errors_of_the_arithmetic_by_hand)
{
    const carrynet_shape shape = {.inputs = 1, .hidden = 2, .outputs = 1, .bias = true};
    /* w_xh, w_hh, w_hy, b_h, b_y */
    const float single[] = {1, -2, 3, -4, 5, 6, -7, 8, -9, 10, 11};
    double values[11], state[2], logit[1];
    const struct {
        carrynet_precision precision;
        carrynet_bounds bounds;
        double factor, unit, sigmoid, side;
    } cases[] = {{CARRYNET_FP32, CARRYNET_BOUNDS_OWN, 1.02, 0x1p-24, 9.4644e-8, 0x1p-22},
                 {CARRYNET_FP32, CARRYNET_BOUNDS_ANY, 2.04, 0x1p-24, 1e-6, 5e-6},
                 {CARRYNET_FP64, CARRYNET_BOUNDS_OWN, 1.02, 0x1p-53, 0x1p-51, 0x1p-50},
                 {CARRYNET_FP64, CARRYNET_BOUNDS_ANY, 2.04, 0x1p-53, 1e-6, 5e-6}};
    for (size_t i = 0; i < 11; ++i)
        values[i] = single[i];
    for (size_t i = 0; i < 4; ++i) {
        const bool half = cases[i].precision == CARRYNET_FP32;
        verify_errors(state, logit, half ? (const void *)single : values, &shape, cases[i].precision, cases[i].bounds);
        for (size_t j = 0; j < 2; ++j) {
            const double sum = j == 0 ? 1 + 3 + 5 + 9 : 2 + 4 + 6 + 10;
            const double exact = cases[i].factor * 4 * cases[i].unit / 4 * sum + cases[i].sigmoid + 1e-12;
            cr_assert(state[j] > exact && state[j] < exact * (1 + 1e-9), "%zu: %g, %g", i, state[j], exact);
        }
        const double exact = cases[i].factor * 4 * cases[i].unit * (7 + 8 + 11) + cases[i].side + 1e-30;
        cr_assert(logit[0] > exact && logit[0] < exact * (1 + 1e-9), "%zu: %g, %g", i, logit[0], exact);
    }
}

/* ---- norms ----------------------------------------------------------------------------------------------------- */

/* From below, by power iteration. */
static double power_norm(const double *a, size_t n)
{
    long double x[64], y[64], norm = 0;
    for (size_t j = 0; j < n; ++j)
        x[j] = drawn(-1, 1);
    for (int round = 0; round < 400; ++round) {
        long double length = 0, squares = 0;
        for (size_t j = 0; j < n; ++j)
            length += x[j] * x[j];
        length = sqrtl(length);
        for (size_t i = 0; i < n; ++i) {
            y[i] = 0;
            for (size_t j = 0; j < n; ++j)
                y[i] += (long double)a[i * n + j] * (x[j] /= i == 0 ? length : 1);
            squares += y[i] * y[i];
        }
        norm = fmaxl(norm, sqrtl(squares));
        for (size_t j = 0; j < n; ++j) {
            x[j] = 0;
            for (size_t i = 0; i < n; ++i)
                x[j] += a[i * n + j] * y[i];
        }
    }
    return (double)norm;
}

Test(verify_bounds, norms_against_power_iteration)
{
    static double a[64 * 64], scratch[3 * 64 * 64];
    for (int round = 0; round < 300; ++round) {
        const size_t n = (size_t)drawn(1, 17);
        const double scale = ldexp(1, (int)drawn(-40, 40));
        const int kind = round % 4;
        for (size_t i = 0; i < n; ++i)
            for (size_t j = 0; j < n; ++j)
                a[i * n + j] = scale * (kind == 0   ? drawn(-1, 1)
                                        : kind == 1 ? (i == j ? drawn_size(-3, 0) : 0)
                                        : kind == 2 ? (double)(i + 1) / (double)(j + 1) * drawn(0.9, 1)
                                                    : (i == j) * 1.0);
        const double below = power_norm(a, n), bound = verify_norm(a, scratch, n);
        cr_assert(bound >= below * (1 - 1e-15), "kind %d, n %zu: %a below %a", kind, n, bound, below);
        cr_assert(bound <= below * pow((double)n, 1.0 / 16) * (kind == 1 ? 1.02 : 1.001), "kind %d, n %zu: %g, %g",
                  kind, n, bound, below);
    }
    memset(a, 0, sizeof a);
    cr_assert(verify_norm(a, scratch, 16) < 0x1p-60);
    a[3] = NAN;
    cr_assert(!(verify_norm(a, scratch, 16) < 1e300));
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

static double w_hh[H * H], w_hy[H * OUTPUTS], w_xh[INPUTS * H], b_h[H], b_y[OUTPUTS], rows[SYMBOLS * H], row_sizes[H];
static double state_error[H], logit_error[OUTPUTS], h_0[H];
static struct verify_network network = {.inputs = INPUTS,
                                        .hidden = H,
                                        .outputs = OUTPUTS,
                                        .w_hh = w_hh,
                                        .w_hy = w_hy,
                                        .rows = rows,
                                        .row_sizes = row_sizes,
                                        .b_y = b_y,
                                        .h_0 = h_0,
                                        .state_error = state_error,
                                        .logit_error = logit_error};

static double numbers[16][(H + BOXES + H) * H];
static struct verify_set set = {
    .boxes = BOXES, .centre = numbers[0], .rows = numbers[1], .low = numbers[2], .high = numbers[3]};
static struct verify_set stepped = {.centre = numbers[4], .rows = numbers[5], .low = numbers[6], .high = numbers[7]};
static struct verify_image image = {.centre = numbers[8],
                                    .rows = numbers[9],
                                    .ball = numbers[10],
                                    .box = numbers[11],
                                    .size = numbers[12],
                                    .spread = numbers[13],
                                    .slopes = numbers[14]};

/* The rows of the symbols from w_xh and b_h, as the checker forms them. */
static void form_rows(void)
{
    for (size_t j = 0; j < H; ++j) {
        row_sizes[j] = fabs(b_h[j]) + fabs(w_xh[j]) + fabs(w_xh[H + j]);
        for (size_t a = 0; a < SYMBOLS; ++a)
            rows[a * H + j] = b_h[j] + ((a & 1) != 0 ? w_xh[j] : 0) + ((a & 2) != 0 ? w_xh[H + j] : 0);
    }
}

static void draw_values(double *values, size_t count, double size)
{
    for (size_t i = 0; i < count; ++i)
        values[i] = drawn(-size, size);
}

/* A point of the set: u on the sphere or inside, v at corners or inside. */
static void draw_point(long double h[H], double u[H], double v[BOXES], int round)
{
    double length = 0;
    draw_values(u, H, 1);
    draw_values(v, BOXES, 1);
    for (size_t i = 0; i < H; ++i)
        length += u[i] * u[i];
    length = sqrt(length) * (1 + 1e-12) * (round % 3 == 0 ? 2 : 1);
    for (size_t i = 0; i < H; ++i)
        u[i] /= length;
    for (size_t i = 0; i < BOXES && round % 2 == 0; ++i)
        v[i] = v[i] < 0 ? -1 : 1;
    for (size_t j = 0; j < H; ++j) {
        h[j] = set.centre[j];
        for (size_t i = 0; i < H; ++i)
            h[j] += (long double)u[i] * set.rows[i * H + j];
        for (size_t i = 0; i < BOXES; ++i)
            h[j] += (long double)v[i] * set.rows[(H + i) * H + j];
    }
}

/*
 * Steps the set under every symbol and points of it exactly, with the largest errors of the state: what is neither in the new
 * centre nor in the old rows' images must be within the new boxes.
 */
static void check_step(int points)
{
    verify_image(&image, set.centre, &set, w_hh, H, H);
    for (uint32_t a = 0; a < SYMBOLS; ++a) {
        cr_assert(verify_step(&stepped, &image, &set, &network, a));
        cr_assert_eq(stepped.boxes, (size_t)(BOXES + H));
        for (int round = 0; round < points; ++round) {
            long double h[H];
            double u[H], v[BOXES];
            draw_point(h, u, v, round);
            for (size_t j = 0; j < H; ++j) {
                long double t = b_h[j] + ((a & 1) != 0 ? w_xh[j] : 0.0L) + ((a & 2) != 0 ? w_xh[H + j] : 0.0L);
                for (size_t k = 0; k < H; ++k)
                    t += h[k] * w_hh[k * H + j];
                const long double y = 1 / (1 + expl(-t));
                long double rest = y - stepped.centre[j];
                for (size_t i = 0; i < H; ++i)
                    rest -= (long double)u[i] * stepped.rows[i * H + j];
                for (size_t i = 0; i < BOXES; ++i)
                    rest -= (long double)v[i] * stepped.rows[(H + i) * H + j];
                const double box = stepped.rows[(H + BOXES + j) * H + j];
                cr_assert(fabsl(rest) + state_error[j] <= box, "unit %zu: %Lg and %g, box %g", j, rest, state_error[j],
                          box);
                cr_assert(stepped.low[j] >= 0 && stepped.high[j] <= 1);
                cr_assert(stepped.low[j] <= fmaxl(0, y - state_error[j]) &&
                              stepped.high[j] >= fminl(1, y + state_error[j]),
                          "unit %zu", j);
            }
        }
        for (size_t i = 0; i < H; ++i)
            for (size_t j = 0; j < H; ++j)
                cr_assert(i == j || stepped.rows[(H + BOXES + i) * H + j] == 0);
    }
}

Test(verify_bounds, steps_hold_every_point)
{
    for (int round = 0; round < 2000; ++round) {
        draw_values(w_hh, H * H, 3);
        draw_values(w_xh, INPUTS * H, 5);
        draw_values(b_h, H, 5);
        form_rows();
        for (size_t j = 0; j < H; ++j) {
            set.centre[j] = drawn(0, 1);
            state_error[j] = round % 2 == 0 ? fabs(drawn_size(-12, -3)) : 0;
        }
        draw_values(set.rows, (H + BOXES) * H, fabs(drawn_size(-9, -0.5)));
        check_step(10);
    }
}

/* Sums whose large terms cancel, so that rounding is all that is left of them: of the centre, the ball and the boxes. */
Test(verify_bounds, steps_hold_what_rounding_loses)
{
    for (int round = 0; round < 3000; ++round) {
        memset(set.rows, 0, (H + BOXES) * H * sizeof *set.rows);
        memset(state_error, 0, sizeof state_error);
        draw_values(w_xh, INPUTS * H, 2);
        draw_values(b_h, H, 2);
        const double sign = round % 2 == 0 ? 1 : -1;
        for (size_t j = 0; j < H; ++j)
            for (size_t k = 0; k < H; k += 2) {
                w_hh[k * H + j] = drawn(0x1p19, 0x1p20) * (round % 5 == 0 ? 1 : sign);
                w_hh[(k + 1) * H + j] = 3 * w_hh[k * H + j];
            }
        for (size_t k = 0; k < H; k += 2) {
            set.centre[k] = sign * (round % 4 < 3 ? drawn(0.1, 1) : 0);
            set.centre[k + 1] = -set.centre[k] / 3;
        }
        /* In a third of the rounds one row of the ball, in a third one box. */
        double *row = set.rows + (round % 3 == 1 ? 2 : H + 1) * H;
        for (size_t k = 0; k < H && round % 3 > 0; k += 2) {
            row[k] = sign * drawn(0.1, 1);
            row[k + 1] = -row[k] / 3;
        }
        for (size_t j = 0; j < H && round % 5 == 4; ++j) { /* of the input's row, alone */
            w_xh[j] = drawn(0x1p18, 0x1p20);
            w_xh[H + j] = drawn(0x1p18, 0x1p20);
            b_h[j] = -(w_xh[j] + w_xh[H + j]);
            for (size_t k = 0; k < H; ++k)
                w_hh[k * H + j] = 0;
        }
        form_rows();
        check_step(6);
    }
}

Test(verify_bounds, steps_that_are_no_numbers_are_refused)
{
    memset(numbers, 0, sizeof numbers);
    for (size_t i = 0; i < (1 + H + BOXES) * H; ++i)
        for (int kind = 0; kind < 3; ++kind) {
            double *value = i < H ? &set.centre[i] : &set.rows[i - H];
            *value = kind == 0 ? NAN : kind == 1 ? INFINITY : 0x1p60;
            memset(w_hh, 0, sizeof w_hh);
            for (size_t j = 0; j < H; ++j)
                w_hh[i % H * H + j] = 1;
            verify_image(&image, set.centre, &set, w_hh, H, H);
            cr_assert(!verify_step(&stepped, &image, &set, &network, 0), "%zu, %d", i, kind);
            *value = 0;
        }
}

/* The logit over points, and over the corner of ball and boxes that is worst for it. */
Test(verify_bounds, margins_are_below_every_logit)
{
    for (int round = 0; round < 5000; ++round) {
        const bool cancel = round % 2 == 1;
        double best = 0;
        draw_values(w_hy, H * OUTPUTS, cancel ? 0x1p20 : 3);
        draw_values(b_y, OUTPUTS, cancel ? 1 : 3);
        draw_values(set.rows, (H + BOXES) * H, cancel ? 0 : fabs(drawn_size(-9, -0.5)));
        logit_error[0] = logit_error[1] = cancel ? 0 : fabs(drawn_size(-9, -2));
        for (size_t j = 0; j < H; ++j)
            set.centre[j] = drawn(0.2, 0.8);
        if (cancel) /* what is left is rounding: of the centre, a ball or a box */
            for (size_t j = 0; j < H; j += 2) {
                const double size = drawn(0.1, 0.5);
                double *row = round % 3 == 0 ? set.centre : set.rows + (round % 3 == 1 ? 1 : H + 1) * H;
                for (size_t o = 0; o < OUTPUTS; ++o)
                    w_hy[(j + 1) * OUTPUTS + o] = -3 * w_hy[j * OUTPUTS + o];
                row[j] = size;
                row[j + 1] = size / 3;
                if (round % 3 != 0)
                    set.centre[j] = set.centre[j + 1] = 0;
            }
        for (size_t j = 0; j < H; ++j) {
            set.low[j] = round % 3 == 0 ? set.centre[j] : 0;
            set.high[j] = round % 3 == 0 ? set.centre[j] : 1;
        }
        verify_image(&image, set.centre, &set, w_hy, H, OUTPUTS);
        for (uint32_t o = 0; o < OUTPUTS; ++o)
            for (int right = 0; right < 2; ++right) {
                const double margin = verify_margin(&image, &set, &network, o, right);
                const long double sign = right ? 1 : -1;
                long double z = sign * b_y[o], squares = 0, boxes = 0, apart = z;
                for (size_t i = 0; i < H + BOXES; ++i) {
                    long double p = 0;
                    for (size_t j = 0; j < H; ++j)
                        p += (long double)set.rows[i * H + j] * w_hy[j * OUTPUTS + o];
                    squares += i < H ? p * p : 0;
                    boxes += i < H ? 0 : fabsl(p);
                }
                for (size_t j = 0; j < H; ++j) {
                    const long double w = sign * w_hy[j * OUTPUTS + o];
                    z += w * set.centre[j];
                    apart += w * (w > 0 ? set.low[j] : set.high[j]);
                }
                const long double least = z - sqrtl(squares) - boxes - logit_error[o];
                apart -= logit_error[o];
                cr_assert(margin <= fmaxl(least, apart), "%g, %Lg, %Lg", margin, least, apart);
                cr_assert(margin >= fmaxl(least, apart) - (cancel ? 0x1p-26 : 1e-7), "%g, %Lg", margin, least);
                best = fmax(best, margin);
            }
        cr_assert(cancel || best > -100);
    }
}

/* ---- ellipsoids ------------------------------------------------------------------------------------------------ */

static double inverse[H * H], basis_numbers[H * H], scratch[3 * H * H];
static struct verify_basis basis = {.basis = basis_numbers, .inverse = inverse};

static void invert(void)
{
    verify_invert(&basis, scratch, H);
    verify_residual(&basis, scratch, H);
}

/*
 * A set along one direction of length 1 in the basis, so that it just fits: the centre alone, or a quarter each of the
 * centre, a row of the ball and two boxes.
 */
static void draw_line(const double centre[H], double radius, bool centre_alone)
{
    double u[H], length = 0;
    memset(set.rows, 0, (H + BOXES) * H * sizeof *set.rows);
    draw_values(u, H, 1);
    for (size_t i = 0; i < H; ++i)
        length += u[i] * u[i];
    const double share = centre_alone ? 1 : 0.25;
    for (size_t j = 0; j < H; ++j) {
        double direction = 0;
        for (size_t i = 0; i < H; ++i)
            direction += radius * u[i] / sqrt(length) * basis_numbers[i * H + j];
        set.centre[j] = centre[j] + share * direction;
        if (!centre_alone) {
            set.rows[3 * H + j] = share * direction;
            set.rows[(H + 1) * H + j] = -share * direction;
            set.rows[(H + 4) * H + j] = share * direction;
        }
    }
}

static void scale_set(const double centre[H], double by)
{
    for (size_t j = 0; j < H; ++j)
        set.centre[j] = centre[j] + by * (set.centre[j] - centre[j]);
    for (size_t i = 0; i < (H + BOXES) * H; ++i)
        set.rows[i] *= by;
}

Test(verify_bounds, inside_is_decided_at_the_rim)
{
    double centre[H];
    for (int round = 0; round < 2000; ++round) {
        draw_values(basis_numbers, H * H, 0.1);
        draw_values(centre, H, 1);
        const double radius = ldexp(1, (int)drawn(-6, 2)), off = round % 2 == 0 ? 1e-7 : 1e-3;
        for (size_t i = 0; i < H; ++i)
            basis_numbers[i * H + i] += drawn(0.5, 2);
        invert();
        cr_assert(basis.residual < 1e-12, "%g", basis.residual);
        draw_line(centre, radius, round % 4 == 0);
        scale_set(centre, 1 - off);
        cr_assert(verify_inside(&image, scratch, &set, centre, radius, &basis, H), "round %d", round);
        scale_set(centre, (1 + off) / (1 - off));
        cr_assert(!verify_inside(&image, scratch, &set, centre, radius, &basis, H), "round %d", round);
        /* The whole ball, for which the Frobenius norm is too large. */
        memcpy(set.centre, centre, sizeof centre);
        memset(set.rows, 0, (H + BOXES) * H * sizeof *set.rows);
        memcpy(set.rows, basis_numbers, sizeof basis_numbers);
        scale_set(centre, 0.89 * radius); /* H^(1/16) = 1.12 */
        cr_assert(verify_inside(&image, scratch, &set, centre, radius, &basis, H), "round %d", round);
        scale_set(centre, 1.001 / 0.89);
        cr_assert(!verify_inside(&image, scratch, &set, centre, radius, &basis, H), "round %d", round);
    }
}

Test(verify_bounds, what_rounding_hides_is_not_inside)
{
    /* x M is 0 as computed, by cancellation, but y = x / B is not small: the residual of so flat a basis tells. */
    static const double centre[H];
    for (int round = 0; round < 100; ++round) {
        for (size_t i = 0; i < H; ++i)
            for (size_t j = 0; j < H; ++j) /* rank 2, as far as doubles can say so */
                basis_numbers[i * H + j] = round % 2 == 0 ? (double)(i * H + j + 1) / 7 + 0.01 * round
                                                          : (double)((i + 1) * (j + 1)) * 0.1 * (1 + 0.1 * round);
        invert();
        cr_assert(!(basis.residual < 1), "%g", basis.residual);
        memset(set.rows, 0, (H + BOXES) * H * sizeof *set.rows);
        memset(set.centre, 0, H * sizeof *set.centre);
        cr_assert(!verify_inside(&image, scratch, &set, centre, 1, &basis, H));
        set.centre[round % H] = 0x1p-60;
        cr_assert(!verify_inside(&image, scratch, &set, centre, 1, &basis, H));
    }
}

/* With a poor inverse the residual must make good for it: M = I / 2, B = I. */
Test(verify_bounds, a_poor_inverse_counts_against_the_cell)
{
    static const double centre[1];
    double identity = 1, half = 0.5;
    struct verify_set point = {.boxes = 0, .centre = numbers[0], .rows = numbers[1]};
    struct verify_basis poor = {.basis = &identity, .inverse = &half, .residual = 0.5};
    point.rows[0] = 0;
    for (int i = 0; i < 200; ++i) {
        point.centre[0] = 0.01 * i;
        cr_assert_eq(verify_inside(&image, scratch, &point, centre, 1, &poor, 1), i < 100, "%d", i);
    }
    poor.residual = 0;
    verify_residual(&poor, scratch, 1);
    cr_assert(poor.residual >= 0.5 && poor.residual < 0.5 + 1e-9);
    verify_invert(&poor, scratch, 1);
    verify_residual(&poor, scratch, 1);
    cr_assert(half == 1 && poor.residual < 1e-14 && poor.residual > 0);
    double zero = 0;
    poor.basis = &zero;
    verify_invert(&poor, scratch, 1);
    verify_residual(&poor, scratch, 1);
    cr_assert(!(poor.residual < 1));
}

/* Nothing that is no number is inside. */
Test(verify_bounds, nan_is_outside)
{
    static const double centre[H];
    memset(basis_numbers, 0, sizeof basis_numbers);
    for (size_t i = 0; i < H; ++i)
        basis_numbers[i * H + i] = 1;
    invert();
    memset(numbers[0], 0, sizeof numbers[0]);
    memset(numbers[1], 0, sizeof numbers[1]);
    cr_assert(verify_inside(&image, scratch, &set, centre, 1, &basis, H));
    for (size_t i = 0; i < (1 + H + BOXES) * H; ++i)
        for (int kind = 0; kind < 2; ++kind) {
            double *value = i < H ? &set.centre[i] : &set.rows[i - H];
            *value = kind == 0 ? NAN : INFINITY;
            cr_assert(!verify_inside(&image, scratch, &set, centre, 1, &basis, H));
            *value = 0;
        }
    for (size_t i = 0; i < H * H; ++i) {
        const double kept = basis_numbers[i];
        basis_numbers[i] = NAN;
        invert();
        cr_assert(!(basis.residual < 1));
        basis_numbers[i] = kept;
    }
}
