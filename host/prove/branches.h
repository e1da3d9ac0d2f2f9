/*
 * Words along which a search for a cover failed: from the start to a cell, and on by the branch of its tree that reached
 * both signs of a logit or did not shrink. Where a network is wrong, it is often wrong there: the refuter steps them.
 */
#ifndef PROVE_BRANCHES_H
#define PROVE_BRANCHES_H

#include "prove/prover.h"

/* The last so many are kept; longer words are not. */
enum { BRANCHES = 64, BRANCH_LONGEST = 1000 };

struct branch {
    struct prove_word word; /* from the start */
    size_t own;             /* its last symbols, in the tree that failed: at least 1 */
};

struct branches {
    struct branch kept[BRANCHES]; /* in a ring */
    size_t count, next;           /* kept; where the next one goes */
};

/*
 * Takes over a word, which may be kept already or too long; word->symbols is then NULL. `own` as in struct branch.
 */
void branches_keep(struct branches *branches, struct prove_word *word, size_t own);

/* The word that was kept last is number 0. */
const struct branch *branches_newest(const struct branches *branches, size_t number);
void branches_free(struct branches *branches);

#endif
