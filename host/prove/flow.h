/*
 * Sets of hidden states and their images under the network: X = { c + u G + v E : |u|_2 <= 1, |v|_inf <= 1 }, row
 * vectors. A step encloses every sigmoid between two lines of one slope k on the range of its argument:
 *
 *     z = c w_hh + row_a;  r_j = |(G w_hh)_j|_2 + |(E w_hh)_j|_1;  sigma(t) - k t in [m - d, m + d] for |t - z| <= r
 *     c' = k z + m;  G' = G w_hh diag(k);  E' = [E w_hh diag(k); diag(d + error of the arithmetic)]
 *
 * The prover searches with these sets, with a small margin; the checker repeats the steps with all rounding errors
 * included.
 */
#ifndef PROVE_FLOW_H
#define PROVE_FLOW_H

#include <carrynet/prove.h>

/* A network in doubles, and the error bounds of its arithmetic. */
struct flow_network {
    const carrynet_task *task;
    size_t inputs, hidden, outputs, symbols; /* I, H, O, 2^I */
    double *w_hh;                            /* [H][H] */
    double *rows;                            /* [2^I][H]: b_h + x_a w_xh */
    double *w_hy;                            /* [O][H], transposed */
    double *b_y;                             /* [O] */
    double *h_0;                             /* [H] */
    double *state_error;                     /* [H] */
    double *logit_error;                     /* [O] */
    double *memory;                          /* of all these */
};
carrynet_status flow_network_create(struct flow_network *net, const void *values, const carrynet_shape *shape,
                                    carrynet_precision precision, const carrynet_task *task, carrynet_bounds bounds);
void flow_network_free(struct flow_network *net);

/* One step over the reals: h_next [H] and the slopes of sigma there, slope [H] (or NULL), from h [H]. */
void flow_point(double *h_next, double *slope, const struct flow_network *net, const double *h, uint32_t symbol);

/* A set, and the products of its step that are the same for all symbols. */
struct flow_set {
    size_t rows; /* rows of E */
    double *c;   /* [H] */
    double *g;   /* [H][H] */
    double *e;   /* [capacity][H] */
    double *z;   /* [H]: c w_hh */
    double *a;   /* [H][H]: g w_hh */
    double *d;   /* [capacity][H]: e w_hh */
    double *r;   /* [H] */
    double *memory;
};

/* Creates a set with capacity for `capacity` rows of E. MEMORY. */
carrynet_status flow_set_create(struct flow_set *set, size_t hidden, size_t capacity);
void flow_set_free(struct flow_set *set);

/* Computes z, a, d and r from c, g and e. */
void flow_expand(struct flow_set *set, const struct flow_network *net);

/*
 * The image of an expanded set under a symbol. Returns the least margin: (2 out_o - 1) z_o less the error of the
 * arithmetic, for the right outputs `out`. `next` needs capacity for `hidden` more rows.
 */
double flow_step(struct flow_set *next, const struct flow_set *set, const struct flow_network *net, uint32_t symbol,
                 uint32_t out);

#endif
