/* The cells of a cover: storage, lookup, and the word that leads to each. */
#include "prove/cover_cells.h"
#include "platform/platform.h"
#include <math.h>
#include <string.h>

/* Slack for the checker's roundings. */
static const double WHOLE = 1 - 1e-9;
/* Within so many radii of a dead cell a new one is smaller. */
static const double NEAR = 1.5;

static carrynet_status grow_cells(struct cover *cover)
{
    const size_t H = cover->net->hidden, capacity = cover->capacity * 2 + 64;
    struct cover_cell *cells = NULL;
    double *centres = NULL;
    uint8_t *words = NULL;
    carrynet_status status = sys_allocate(&cells, capacity, sizeof *cells);
    if (status == CARRYNET_OK)
        status = sys_allocate(&centres, 2 * capacity, H * sizeof *centres);
    if (status == CARRYNET_OK)
        status = sys_allocate(&words, capacity, cover->effort.depth);
    if (status != CARRYNET_OK) {
        sys_free(cells);
        sys_free(centres);
        return status;
    }
    if (cover->count > 0) {
        memcpy(cells, cover->cells, cover->count * sizeof *cells);
        memcpy(centres, cover->centres, cover->count * H * sizeof *centres);
        memcpy(centres + capacity * H, cover->images, cover->count * H * sizeof *centres);
        memcpy(words, cover->words, cover->count * cover->effort.depth);
    }
    sys_free(cover->cells);
    sys_free(cover->centres);
    sys_free(cover->words);
    cover->cells = cells;
    cover->words = words;
    cover->centres = centres;
    cover->images = centres + capacity * H;
    cover->capacity = capacity;
    return CARRYNET_OK;
}

/* Room for one more entry. */
static carrynet_status grow_index(struct cover_index *index)
{
    struct cover_entry *entries = NULL;
    if (index->count < index->capacity)
        return CARRYNET_OK;
    const size_t capacity = 2 * index->capacity + 64;
    const carrynet_status status = sys_allocate(&entries, capacity, sizeof *entries);
    if (status != CARRYNET_OK)
        return status;
    if (index->count > 0)
        memcpy(entries, index->entries, index->count * sizeof *entries);
    sys_free(index->entries);
    index->entries = entries;
    index->capacity = capacity;
    return CARRYNET_OK;
}

carrynet_status cover_add_cell(struct cover *cover, const struct cover_cell *cell, const double *centre,
                               const double *image, const uint8_t *word)
{
    const size_t H = cover->net->hidden;
    struct cover_index *index = &cover->index[cell->kind];
    carrynet_status status = cover->count == cover->capacity ? grow_cells(cover) : CARRYNET_OK;
    if (status == CARRYNET_OK)
        status = grow_index(index);
    if (status != CARRYNET_OK)
        return status;
    cover->cells[cover->count] = *cell;
    cover->cells[cover->count].radius = ldexp(1, -(int)cell->level);
    if (cell->steps > 0)
        memcpy(cover->words + cover->count * cover->effort.depth, word, cell->steps);
    memcpy(cover->centres + cover->count * H, centre, H * sizeof *centre);
    memcpy(cover->images + cover->count * H, image, H * sizeof *image);
    if (cover->count > 0) { /* the start is no set */
        struct cover_entry *entry = &index->entries[index->count++];
        entry->cell = cover->count;
        memcpy(entry->image, image, (H < COVER_FEW ? H : COVER_FEW) * sizeof *image);
    }
    ++cover->count;
    return CARRYNET_OK;
}

int32_t cover_find_cell(const struct cover *cover, uint32_t kind, const double *image, double size, uint32_t *level)
{
    const size_t H = cover->net->hidden;
    const struct cover_index *index = &cover->index[kind];
    int32_t found = COVER_NONE;
    double most = 0;
    *level = 0;
    for (size_t n = 0; n < index->count; ++n) {
        const struct cover_entry *entry = &index->entries[n];
        double few = 0, squares = 0;
        for (size_t j = 0; j < H && j < COVER_FEW; ++j)
            few += (image[j] - entry->image[j]) * (image[j] - entry->image[j]);
        if (!(few < NEAR * NEAR))
            continue;
        const size_t k = entry->cell;
        const struct cover_cell *cell = &cover->cells[k];
        const double *other = cover->images + k * H, radius = cell->radius;
        for (size_t j = 0; j < H; ++j)
            squares += (image[j] - other[j]) * (image[j] - other[j]);
        if (!(squares < NEAR * NEAR * radius * radius))
            continue;
        if (cell->dead) {
            if (cell->level + 1 > *level)
                *level = cell->level + 1;
            continue;
        }
        const double room = radius * WHOLE - size - sqrt(squares);
        if (room > most) {
            most = room;
            found = (int32_t)k;
        }
    }
    return found;
}

carrynet_status cover_word(struct prove_word *word, const struct cover *cover, size_t cell, const uint8_t *on,
                           size_t length)
{
    *word = (struct prove_word){.length = length};
    for (size_t k = cell; k != 0; k = cover->cells[k].parent)
        word->length += cover->cells[k].steps;
    const carrynet_status status = sys_allocate(&word->symbols, word->length, 1);
    if (status != CARRYNET_OK)
        return status;
    uint8_t *end = word->symbols + word->length - length;
    if (length > 0)
        memcpy(end, on, length);
    for (size_t k = cell; k != 0; k = cover->cells[k].parent) {
        end -= cover->cells[k].steps;
        memcpy(end, cover->words + k * cover->effort.depth, cover->cells[k].steps);
    }
    return CARRYNET_OK;
}

void cover_free(struct cover *cover)
{
    for (size_t k = 0; k < cover->count; ++k)
        sys_free(cover->cells[k].tree);
    for (size_t q = 0; cover->index != NULL && q < cover->basis->count; ++q)
        sys_free(cover->index[q].entries);
    sys_free(cover->index);
    sys_free(cover->cells);
    sys_free(cover->centres);
    sys_free(cover->words);
    *cover = (struct cover){0};
}
