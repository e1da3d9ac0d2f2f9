/*
 * Words along which the search for a cover failed: a word from the start to a cell, then the branch of the cell's tree
 * that reached both signs of a logit or did not shrink. Where a network is wrong, it is often wrong along these words:
 * the refuter steps them.
 */
#ifndef PROVE_BRANCHES_H
#define PROVE_BRANCHES_H

#include "prove/prover.h"

/* Number of words kept, the newest ones, and the length beyond which a word is not kept. */
enum { BRANCHES = 64, BRANCH_LONGEST = 1000 };

struct branch {
    struct prove_word word; /* the whole word, from the start */
    size_t own;             /* number of last symbols that lie in the failed tree: at least 1 */
};

struct branches {
    struct branch kept[BRANCHES]; /* ring buffer */
    size_t count, next;           /* number kept; position of the next one */
};

/*
 * Takes ownership of a word and sets word->symbols to NULL. Discards a word that is already kept or is too long. `own`
 * as in struct branch.
 */
void branches_keep(struct branches *branches, struct prove_word *word, size_t own);

/* The branch with this number, from the newest, which is 0. */
const struct branch *branches_newest(const struct branches *branches, size_t number);
void branches_free(struct branches *branches);

#endif
