/* How the search for a cover keeps its cells, and finds them again. */
#ifndef PROVE_COVER_CELLS_H
#define PROVE_COVER_CELLS_H

#include "prove/cover.h"

#define COVER_NONE (-1) /* no cell; in a tree, an inner word */

/*
 * One more cell: state, kind, level, parent and steps of *cell, with centre [H], its image [H] in the kind's shape, and
 * the word [cell->steps] from its parent. MEMORY.
 */
carrynet_status cover_add_cell(struct cover *cover, const struct cover_cell *cell, const double *centre,
                               const double *image, const uint8_t *word);

/*
 * The cell of a kind that a set of this size at this image lies inside, with most room, or COVER_NONE; and the level at
 * which a new cell there would stand: below the dead ones that it would touch.
 */
int32_t cover_find_cell(const struct cover *cover, uint32_t kind, const double *image, double size, uint32_t *level);

#endif
