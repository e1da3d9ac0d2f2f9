/*
 * Assigns arrays of a foreign file to parameters: by the convention that matches most of the file's arrays, with one
 * prefix before the names, or by the order of unnamed arrays. Each remaining array must be known not to belong to the
 * network, or be named by --map.
 */
#include "exchange/import_parts.h"
#include <stdio.h>
#include <string.h>

/* The array of a place is missing: what it is called, beside which. */
static carrynet_status fail_missing(const char *path, const foreign_file *file, const import_convention *names,
                                    const foreign_array *beside, int place)
{
    sys_text text = {0};
    char quote[SAFETENSORS_QUOTE];
    const char *word = names->words[place];
    if (names->head_apart && place == CARRYNET_W_HY)
        sys_text_add(&text, "lack a linear head, such as %s%s: save the whole network",
                     names->turned ? "fc." : "dense/", word);
    else
        sys_text_add(&text, "lack %.*s beside '%s'%s", (int)strcspn(word, "|"), word,
                     safetensors_quote(quote, beside->name),
                     place > CARRYNET_W_HY ? ": there are both biases, or none" : "");
    const carrynet_status status = import_fail_names(path, file, NULL, text.failed ? "are incomplete" : text.data);
    sys_text_free(&text);
    return status;
}

/* ---- a convention ---------------------------------------------------------------------------------------------- */

/* Whether the place has the prefix of the recurrent arrays, not that of a head. */
static bool shares_prefix(const import_convention *names, int place)
{
    return !names->head_apart || (place != CARRYNET_W_HY && place != CARRYNET_B_Y && place != CARRYNET_H_0);
}

/* The free array of the place with this prefix; the file's count if there is none. */
static size_t find_word(const import_parts *parts, const foreign_file *file, const import_convention *names, int place,
                        const char *prefix, size_t length)
{
    size_t i = 0, before = 0;
    while (i < file->count &&
           !(parts->uses[i] == IMPORT_FREE && import_ends_with(&before, file->arrays[i].path, names->words[place]) &&
             before == length && memcmp(file->arrays[i].path, prefix, length) == 0))
        ++i;
    return i;
}

/* A convention with a prefix, a part of some array's path. */
typedef struct candidate {
    const import_convention *names;
    const foreign_array *beside; /* the array whose path begins with the prefix */
    size_t length;               /* bytes of the prefix */
    size_t score;                /* arrays that it finds */
    bool complete;               /* among them the recurrent matrices, and the head's if it is not apart */
} candidate;

static candidate try_prefix(const import_parts *parts, const foreign_file *file, const import_convention *names,
                            const foreign_array *beside, size_t length)
{
    candidate found = {.names = names, .beside = beside, .length = length, .complete = true};
    for (int p = 0; p < IMPORT_ARRAYS; ++p) {
        if (names->words[p] == NULL || !shares_prefix(names, p) ||
            (p < CARRYNET_PARAMETERS && parts->arrays[p] != NULL))
            continue;
        const bool there = find_word(parts, file, names, p, beside->path, length) < file->count;
        found.score += there;
        found.complete = found.complete && (there || p > CARRYNET_W_HY);
    }
    return found;
}

/*
 * The convention and the prefix that find most; the first of equals. *other gets another prefix with which the same
 * convention finds a whole network; its score is 0 if there is none.
 */
static candidate find_best(candidate *other, const import_parts *parts, const foreign_file *file)
{
    candidate best = {.score = 0};
    *other = best;
    for (size_t c = 0; c < import_convention_count; ++c)
        for (int p = 0; p <= CARRYNET_W_HY; ++p)
            for (size_t i = 0; i < file->count; ++i) {
                const import_convention *names = &import_conventions[c];
                size_t length = 0;
                if (!shares_prefix(names, p) || parts->uses[i] != IMPORT_FREE ||
                    !import_ends_with(&length, file->arrays[i].path, names->words[p]))
                    continue;
                const candidate one = try_prefix(parts, file, names, &file->arrays[i], length);
                const bool same = best.names == names && best.length == length &&
                                  memcmp(best.beside->path, one.beside->path, length) == 0;
                if (one.score > best.score || (one.complete && !best.complete)) {
                    *other = best.names == names && best.complete ? best : (candidate){.score = 0};
                    best = one;
                } else if (!same && best.names == names && one.complete && best.complete && other->score == 0)
                    *other = one;
            }
    return best;
}

static void use(import_parts *parts, const foreign_file *file, int place, size_t i)
{
    parts->arrays[place] = &file->arrays[i];
    parts->uses[i] = IMPORT_USED;
}

/* The arrays of a head: a matrix with any other prefix, its bias with the same; and h_0 with any. */
static void take_head(import_parts *parts, const foreign_file *file, const import_convention *names)
{
    size_t length = 0, h_0 = 0;
    const char *prefix = NULL;
    for (size_t i = 0; i < file->count; ++i) {
        if (parts->uses[i] != IMPORT_FREE)
            continue;
        if (parts->arrays[CARRYNET_W_HY] == NULL &&
            import_ends_with(&length, file->arrays[i].path, names->words[CARRYNET_W_HY])) {
            prefix = file->arrays[i].path;
            use(parts, file, CARRYNET_W_HY, i);
        } else if (names->words[CARRYNET_H_0] != NULL && parts->arrays[CARRYNET_H_0] == NULL &&
                   import_ends_with(&h_0, file->arrays[i].path, names->words[CARRYNET_H_0]))
            use(parts, file, CARRYNET_H_0, i);
    }
    if (prefix == NULL || parts->arrays[CARRYNET_B_Y] != NULL)
        return;
    (void)import_ends_with(&length, prefix, names->words[CARRYNET_W_HY]);
    const size_t bias = find_word(parts, file, names, CARRYNET_B_Y, prefix, length);
    if (bias < file->count)
        use(parts, file, CARRYNET_B_Y, bias);
}

static carrynet_status take_convention(import_parts *parts, const char *path, const foreign_file *file,
                                       const candidate *found, const candidate *other)
{
    const import_convention *names = found->names;
    if (other->score > 0) {
        char quotes[2][SAFETENSORS_QUOTE], what[3 * SAFETENSORS_QUOTE];
        (void)snprintf(what, sizeof what, "are of two networks or layers, with '%s' and '%s': one can be imported",
                       safetensors_quote(quotes[0], found->beside->name),
                       safetensors_quote(quotes[1], other->beside->name));
        return import_fail_names(path, file, NULL, what);
    }
    const bool bias_said = parts->arrays[CARRYNET_B_H] != NULL; /* by --map, and so the second */
    for (int p = 0; p < IMPORT_MATRICES; ++p)
        if (parts->arrays[p] == NULL) /* --map has said it of the others */
            parts->turned[p] = names->turned;
    for (int p = 0; p < IMPORT_ARRAYS; ++p)
        if (names->words[p] != NULL && shares_prefix(names, p) && parts->arrays[p] == NULL &&
            !(p == IMPORT_SECOND_BIAS && bias_said)) {
            const size_t i = find_word(parts, file, names, p, found->beside->path, found->length);
            if (i < file->count)
                use(parts, file, p, i);
        }
    if (names->head_apart)
        take_head(parts, file, names);
    for (int p = 0; p <= CARRYNET_W_HY; ++p)
        if (parts->arrays[p] == NULL)
            return fail_missing(path, file, names, found->beside, p);
    const bool b_h = parts->arrays[CARRYNET_B_H] != NULL, b_y = parts->arrays[CARRYNET_B_Y] != NULL;
    if (!names->head_apart && b_h != b_y)
        return fail_missing(path, file, names, found->beside, b_h ? CARRYNET_B_Y : CARRYNET_B_H);
    const char *second = names->words[IMPORT_SECOND_BIAS];
    if (!bias_said && second != NULL && strncmp(second, "bias_hh", 7) == 0 &&
        b_h != (parts->arrays[IMPORT_SECOND_BIAS] != NULL))
        return fail_missing(path, file, names, found->beside, b_h ? IMPORT_SECOND_BIAS : CARRYNET_B_H);
    parts->names = names->names;
    if (parts->cell == CARRYNET_CELL_UNSAID) {
        parts->cell = names->cell;
        parts->cell_by_names = names->cell == CARRYNET_CELL_TANH;
    }
    return CARRYNET_OK;
}

/* ---- arrays without names -------------------------------------------------------------------------------------- */

/* arr_0, arr_1, ... in order; 0 if there are others that nothing has taken. */
static size_t unnamed(const foreign_array *arrays[IMPORT_ARRAYS], const import_parts *parts, const foreign_file *file)
{
    char name[16];
    size_t count = 0, unused = 0;
    for (size_t i = 0; i < file->count; ++i)
        unused += parts->uses[i] == IMPORT_FREE && file->arrays[i].values.kind != NPZ_OTHER;
    for (; count < IMPORT_ARRAYS; ++count) {
        (void)snprintf(name, sizeof name, "arr_%zu", count);
        arrays[count] = foreign_find(file, name);
        if (arrays[count] == NULL || parts->uses[arrays[count] - file->arrays] != IMPORT_FREE)
            break;
    }
    return count == unused ? count : 0;
}

/* The orders that fit the shapes: how many, and the last of them in *found. */
static size_t fitting_orders(const import_order **found, const import_parts *parts, const char *path,
                             const foreign_array *const arrays[IMPORT_ARRAYS], size_t count, bool strict)
{
    size_t fitting = 0;
    for (size_t o = 0; o < import_order_count; ++o) {
        import_parts tried = *parts;
        for (size_t i = 0; i < count; ++i)
            if (import_orders[o].count == count)
                tried.arrays[import_orders[o].places[i]] = arrays[i];
        if (import_orders[o].count != count || import_shapes(&tried, path, strict) != CARRYNET_OK)
            continue;
        *found = &import_orders[o];
        ++fitting;
    }
    return fitting;
}

/* Takes them in the one order that fits the shapes; *taken is false, with OK, if the arrays have names. */
static carrynet_status take_order(bool *taken, import_parts *parts, const char *path, const foreign_file *file)
{
    const foreign_array *arrays[IMPORT_ARRAYS];
    const import_order *order = NULL;
    const size_t count = unnamed(arrays, parts, file);
    *taken = count > 0;
    if (count == 0)
        return CARRYNET_OK;
    size_t fitting = fitting_orders(&order, parts, path, arrays, count, true);
    if (fitting == 0)
        fitting = fitting_orders(&order, parts, path, arrays, count, false);
    if (fitting != 1)
        return import_fail_names(path, file, NULL,
                                 fitting == 0 ? "have no names, and fit no known order"
                                              : "have no names, and can be in more than one order");
    for (size_t i = 0; i < count; ++i)
        use(parts, file, order->places[i], (size_t)(arrays[i] - file->arrays));
    parts->names = "arrays without names, in order";
    parts->cell_guessed = parts->cell == CARRYNET_CELL_UNSAID;
    if (parts->cell_guessed)
        parts->cell = CARRYNET_CELL_SIGMOID;
    return CARRYNET_OK;
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

/* What no place took: no part of the network, or an error. */
static carrynet_status check_rest(import_parts *parts, const char *path, const foreign_file *file,
                                  const import_convention *names)
{
    size_t length = 0;
    for (size_t i = 0; i < file->count; ++i) {
        const foreign_array *array = &file->arrays[i];
        if (parts->uses[i] != IMPORT_FREE)
            continue;
        const bool head = names != NULL && names->head_apart;
        if (head && import_ends_with(&length, array->path, names->words[CARRYNET_W_HY]))
            return import_fail_names(path, file, array->name, "is of a second linear layer: one head can be imported");
        if (head && import_ends_with(&length, array->path, names->words[CARRYNET_B_Y]))
            return import_fail_names(path, file, array->name, "is no bias of the head");
        if (names != NULL && names->words[CARRYNET_H_0] != NULL &&
            import_ends_with(&length, array->path, names->words[CARRYNET_H_0]))
            return import_fail_names(path, file, array->name, "is a second h_0");
        if (array->values.kind != NPZ_OTHER && array->size != 1) {
            sys_text text = {0};
            sys_text_add(&text, "is unknown (if it is no part of the network: --map skip=%.100s)", array->name);
            const carrynet_status status =
                import_fail_names(path, file, array->name, text.failed ? "is unknown" : text.data);
            sys_text_free(&text);
            return status;
        }
        parts->uses[i] = IMPORT_PASSED_OVER;
    }
    return CARRYNET_OK;
}

static carrynet_status find_names(import_parts *parts, const char *path, const foreign_file *file)
{
    enum { MOST = 1000 }; /* arrays; every one is compared with every other */
    bool taken = false;
    candidate other;
    if (file->count > MOST)
        return import_fail_names(path, file, NULL, "are too many to know which are meant");
    for (size_t i = 0; i < file->count; ++i) {
        if (parts->uses[i] != IMPORT_FREE)
            continue;
        const char *obstacle = NULL;
        if (import_is_beside(&file->arrays[i]))
            parts->uses[i] = IMPORT_PASSED_OVER;
        else if ((obstacle = import_obstacle(&file->arrays[i])) != NULL)
            return import_fail_names(path, file, file->arrays[i].name, obstacle);
    }
    const candidate best = find_best(&other, parts, file);
    if (best.score > 0) {
        const carrynet_status status = take_convention(parts, path, file, &best, &other);
        return status == CARRYNET_OK ? check_rest(parts, path, file, best.names) : status;
    }
    const carrynet_status status = take_order(&taken, parts, path, file);
    if (status == CARRYNET_OK && taken)
        return check_rest(parts, path, file, NULL);
    return status != CARRYNET_OK ? status : import_fail_names(path, file, NULL, "are of no known network");
}

carrynet_status import_find(import_parts *parts, const char *path, const foreign_file *file, const char *map)
{
    carrynet_status status = sys_allocate(&parts->uses, file->count, sizeof *parts->uses);
    if (status == CARRYNET_OK && map != NULL)
        status = import_take_map(parts, path, file, map);
    if (status != CARRYNET_OK)
        return status;
    bool whole = true;
    for (int p = 0; p <= CARRYNET_W_HY; ++p)
        whole = whole && parts->arrays[p] != NULL;
    if (!whole)
        return find_names(parts, path, file);
    /* What --map does not name is then no part of the network. */
    for (size_t i = 0; i < file->count; ++i)
        if (parts->uses[i] == IMPORT_FREE)
            parts->uses[i] = IMPORT_PASSED_OVER;
    parts->names = "names as --map has them";
    parts->cell_guessed = parts->cell == CARRYNET_CELL_UNSAID;
    if (parts->cell_guessed)
        parts->cell = CARRYNET_CELL_SIGMOID;
    return CARRYNET_OK;
}
