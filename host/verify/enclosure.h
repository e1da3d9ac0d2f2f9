/*
 * Sets of hidden values and their images under a step of the network, rigorously in binary64.
 *
 *     X = { c + u G + v E : |u|_2 <= 1, |v|_inf <= 1 }        row vectors: c [H], G [H][H], E [boxes][H]
 *
 * The stored doubles define the set: rounding errors are added to the next set as boxes.
 */
#ifndef VERIFY_ENCLOSURE_H
#define VERIFY_ENCLOSURE_H

#include <carrynet/verify.h>

/* A network in binary64, which holds its parameters exactly, with the error bounds of its arithmetic (bounds.h). */
struct verify_network {
    uint32_t inputs, hidden, outputs;
    double *w_hh, *w_hy; /* [H][H], [H][O] */
    double *rows;        /* [2^I][H]: b_h + x w_xh, rounded */
    double *row_sizes;   /* [H]: |b_h| + sum |w_xh| */
    double *b_y, *h_0;   /* [O], [H] */
    double *state_error; /* [H] */
    double *logit_error; /* [O] */
    double *memory;      /* owns all these */
};

struct verify_set {
    size_t boxes;
    double *centre; /* c [H] */
    double *rows;   /* [H + boxes][H]: G, then E */
    double *low;    /* [H]: bounds of each unit, within 0 to 1 */
    double *high;
};

/* The image of a set under a matrix [H][columns], without rounding errors. */
struct verify_image {
    double *centre; /* [columns] */
    double *rows;   /* [H + boxes][columns] */
    double *ball;   /* [columns]: 2-norm of G's columns */
    double *box;    /* [columns]: 1-norm of E's columns */
    double *size;   /* [columns]: sum of the magnitudes of all products */
    double *spread; /* [H]: of the set: |c| + sum |G| + sum |E| */
    double *slopes; /* [H]: of the sigmoid, for a step */
};

/* The ellipsoid of a cell: { centre + radius u B }. M is an approximate inverse of B; ||I - B M||_2 <= residual. */
struct verify_basis {
    const double *basis; /* B [H][H] */
    double *inverse;     /* M [H][H] */
    double residual;
};

/* y [rows][columns] = x [rows][inner] w [inner][columns]: sums of at most `inner` products. */
void verify_product(double *y, const double *x, const double *w, size_t rows, size_t inner, size_t columns);

/* The image of { centre + ... }, with the set's G and E. */
void verify_image(struct verify_image *image, const double *centre, const struct verify_set *set, const double *matrix,
                  size_t hidden, size_t columns);

/*
 * Sets next to an enclosure of one step, under the symbol, of the set whose image under w_hh is given, errors of the
 * network's arithmetic included; next has H more boxes. False if the numbers leave the range in which the bounds hold.
 */
bool verify_step(struct verify_set *next, const struct verify_image *image, const struct verify_set *set,
                 const struct verify_network *network, uint32_t symbol);

/*
 * The least of z_o (of -z_o if right is false) over the set whose image under w_hy is given, less the error of the
 * logit. NaN or negative where nothing is known.
 */
double verify_margin(const struct verify_image *image, const struct verify_set *set,
                     const struct verify_network *network, uint32_t output, bool right);

/* Whether the set lies inside the ellipsoid. Overwrites image and scratch (3 matrices [H][H]). */
bool verify_inside(struct verify_image *image, double *scratch, const struct verify_set *set, const double *centre,
                   double radius, const struct verify_basis *basis, size_t hidden);

/*
 * Computes M, as exact as possible, and a residual that holds whatever M is: if it is NaN or not below 1, M is of no
 * use. scratch [H][2H].
 */
void verify_invert(struct verify_basis *basis, double *scratch, size_t hidden);
void verify_residual(struct verify_basis *basis, double *scratch, size_t hidden);

/* An upper bound of the 2-norm of a [n][n]; scratch: 3 matrices [n][n]. */
double verify_norm(const double *a, double *scratch, size_t n);

#endif
