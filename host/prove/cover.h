/*
 * Covers what a network reaches by cells { c + r u B_q : |u|_2 <= 1 }, each for a state of the automaton, such that from
 * the start and from every cell a finite tree of words leads into cells again, with every output bit right on the way
 * (host/verify/CERTIFICATE.md).
 */
#ifndef PROVE_COVER_H
#define PROVE_COVER_H

#include "prove/basis.h"
#include "prove/branches.h"
#include "prove/prover.h"

struct cover_effort {
    uint32_t levels; /* a cell that fails is tried at half the radius, so many times */
    uint32_t depth;  /* of a tree */
    double rim;      /* a set becomes a cell where its size is at most this share of the cell's */
    double shrink;   /* a set that is not smaller than this times what it was 8 symbols before is given up */
    uint32_t words;  /* of a tree of a cell of full radius; twice as many for each halving */
    uint32_t cells;
};

struct cover_cell {
    uint32_t state;
    uint32_t kind; /* whose shape it has */
    uint32_t level;
    double radius;  /* 2^-level */
    bool done;      /* its tree stands */
    bool dead;      /* its tree could not be made */
    uint32_t named; /* leaves that name it */
    size_t parent;  /* the cell whose tree made it, or would have; of the start the start */
    size_t steps;   /* symbols of its word from there */
    int32_t *tree;  /* [length], in preorder: -1 an inner word, else a leaf's cell; the root of the cover is cell 0 */
    size_t length;
};

/* The cells of a kind, with what shows fast that most of them are far away. */
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
    uint8_t *words;           /* [count][depth]: every cell's from its parent */
    size_t count, capacity;
    struct cover_index *index; /* [kinds] */
    uint64_t steps, budget;
    bool whole;          /* all that is reached is covered */
    const char *failure; /* else why not: static text */
    struct branches *branches;
};

/*
 * Seeks a cover within `budget` steps, and keeps the branches at which trees failed, unless `branches` is NULL. OK also
 * where there is none (cover->whole). MEMORY.
 */
carrynet_status cover_seek(struct cover *cover, struct branches *branches, const struct flow_network *net,
                           const struct basis *basis, const struct cover_effort *effort, uint64_t budget,
                           const struct prove_stop *stop);

/*
 * The word from the start into a cell, and on by a word [length]: the network itself goes into the cell by it, since the
 * sets on the way hold what it does. The caller frees word->symbols with sys_free. MEMORY.
 */
carrynet_status cover_word(struct prove_word *word, const struct cover *cover, size_t cell, const uint8_t *on,
                           size_t length);
void cover_free(struct cover *cover);

#endif
