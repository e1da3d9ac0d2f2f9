/* The store of a cover's cells, and the search for a cell that contains a set. */
#ifndef PROVE_COVER_CELLS_H
#define PROVE_COVER_CELLS_H

#include "prove/cover.h"

#define COVER_NONE (-1) /* no cell; in a tree, an inner word */

/*
 * Adds a cell: state, kind, level, parent and steps of *cell, with centre [H], its image [H] in the kind's shape, and
 * the word [cell->steps] from its parent. MEMORY.
 */
carrynet_status cover_add_cell(struct cover *cover, const struct cover_cell *cell, const double *centre,
                               const double *image, const uint8_t *word);

/*
 * The cell of a kind that contains the set of this size at this image with most room, or COVER_NONE. Also gives the
 * level for a new cell there: below the dead cells that it would touch.
 */
int32_t cover_find_cell(const struct cover *cover, uint32_t kind, const double *image, double size, uint32_t *level);

#endif
