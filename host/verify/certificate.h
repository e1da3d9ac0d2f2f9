/* A certificate in memory, as its text states it (CERTIFICATE.md): parsed, not yet checked. */
#ifndef VERIFY_CERTIFICATE_H
#define VERIFY_CERTIFICATE_H

#include <carrynet/verify.h>

#define CERTIFICATE_INNER UINT32_MAX /* the word '*' of a tree */

struct certificate_cell {
    uint32_t state, basis;
    double radius;
};

struct certificate {
    carrynet_bounds bounds;
    uint32_t arithmetic; /* version; of CARRYNET_BOUNDS_OWN */
    char network[CARRYNET_DIGEST_TEXT];
    carrynet_task table; /* only sizes, start, next and out are set */
    uint32_t hidden;     /* H */
    uint32_t basis_count, cell_count;
    double *bases; /* [basis_count][H][H] */
    struct certificate_cell *cells;
    double *centres; /* [cell_count][H] */
    uint32_t *words; /* of all trees: CERTIFICATE_INNER or a cell */
    size_t *trees;   /* [cell_count + 2]: where the tree of the root, of cell 0, ... begins in words; then the end */
    size_t tree_line;
    char digest[CARRYNET_DIGEST_TEXT]; /* as the last line states it */
    size_t body;                       /* bytes before that line */
    size_t size;                       /* bytes of the whole certificate */
    size_t lines;
};

/*
 * Reads the certificate at the start of text [size], whose first line has the number `line`. FORMAT, naming the line;
 * MEMORY. Free the certificate in any case.
 */
carrynet_status certificate_read(struct certificate *certificate, const char *text, size_t size, size_t line);
void certificate_free(struct certificate *certificate);

#endif
