/*
 * Covers the reachable hidden states by cells { c + r u B_q : |u|_2 <= 1 }, each for one state of the automaton. From
 * the start and from every cell, a finite tree of words leads into cells again, with every output bit right on the way
 * (host/verify/CERTIFICATE.md).
 */
#ifndef PROVE_COVER_H
#define PROVE_COVER_H

#include "prove/basis.h"
#include "prove/branches.h"
#include "prove/prover.h"

struct cover_effort {
    uint32_t levels; /* most halvings of the radius of a cell that fails */
    uint32_t depth;  /* of a tree */
    double rim;      /* a set becomes a cell if its size is at most this share of the cell's */
    double shrink;   /* a set is given up unless it is smaller than this times its size 8 symbols before */
    uint32_t words;  /* most words in the tree of a cell of full radius; doubles with each halving */
    uint32_t cells;
};

struct cover_cell {
    uint32_t state;
    uint32_t kind; /* whose ellipsoid is its shape */
    uint32_t level;
    double radius;  /* radius 2^-level */
    bool done;      /* its tree is complete */
    bool dead;      /* its tree could not be built */
    uint32_t named; /* leaves that name it */
    size_t parent;  /* the cell whose tree led here; the start is its own parent */
    size_t steps;   /* symbols of the word from the parent */
    int32_t *tree;  /* [length], in preorder: -1 an inner word, else a leaf's cell; the root of the cover is cell 0 */
    size_t length;
};

/* The cells of a kind, with the first units of each image, by which distant cells are rejected fast. */
enum { COVER_FEW = 4 };
struct cover_entry {
    double image[COVER_FEW]; /* the first units of the cell's image */
    size_t cell;
};
struct cover_index {
    struct cover_entry *entries; /* [count] */
    size_t count, capacity;
};

struct cover {
    const struct flow_network *net;
    const struct basis *basis;
    struct cover_effort effort;
    struct cover_cell *cells; /* [count]; 0 is the start, which has no set */
    double *centres;          /* [count][H] */
    double *images;           /* [count][H]: centre times M */
    uint8_t *words;           /* [count][depth]: each cell's word from its parent */
    size_t count, capacity;
    struct cover_index *index; /* [kinds] */
    uint64_t steps, budget;
    bool whole;          /* all that is reachable is covered */
    const char *failure; /* else why not: static text */
    struct branches *branches;
};

/*
 * Searches for a cover within `budget` steps. Keeps the branches at which trees failed, unless `branches` is NULL. OK
 * also if no cover is found (cover->whole is false). MEMORY.
 */
carrynet_status cover_seek(struct cover *cover, struct branches *branches, const struct flow_network *net,
                           const struct basis *basis, const struct cover_effort *effort, uint64_t budget,
                           const struct prove_stop *stop);

/*
 * The word from the start into a cell, followed by a word [length]. The network itself enters the cell along the word,
 * since the sets along the word contain its hidden values. The caller frees word->symbols with sys_free. MEMORY.
 */
carrynet_status cover_word(struct prove_word *word, const struct cover *cover, size_t cell, const uint8_t *on,
                           size_t length);
void cover_free(struct cover *cover);

#endif
