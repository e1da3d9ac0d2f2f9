/* Error messages for a foreign network: the contents of its file, and an example of --map that may be right. */
#include "exchange/import_parts.h"
#include <string.h>

/* Whether it can be a matrix: two dimensions beside leading ones. */
static bool matrix_shape(uint64_t shape[2], const foreign_array *array)
{
    size_t first = 0;
    while (array->rank > 2 + first && array->shape[first] == 1)
        ++first;
    if (array->values.kind == NPZ_OTHER || array->rank != first + 2)
        return false;
    memcpy(shape, array->shape + first, 2 * sizeof *shape);
    return true;
}

/* A command line that may be right, as far as shapes tell: the first square matrix, and two that fit it. */
static void add_example(sys_text *text, const foreign_file *file)
{
    const foreign_array *square = NULL, *others[2] = {NULL, NULL};
    uint64_t shape[2], hidden = 0;
    bool turned[2] = {false, false};
    char quotes[3][SAFETENSORS_QUOTE];
    for (size_t i = 0; i < file->count && square == NULL; ++i)
        if (matrix_shape(shape, &file->arrays[i]) && shape[0] == shape[1] && shape[0] > 1) {
            square = &file->arrays[i];
            hidden = shape[0];
        }
    size_t count = 0;
    for (size_t i = 0; i < file->count && count < 2 && square != NULL; ++i) {
        const bool input = count == 0;
        if (&file->arrays[i] == square || !matrix_shape(shape, &file->arrays[i]))
            continue;
        if ((shape[0] == hidden && shape[1] <= 4) || (shape[1] == hidden && shape[0] <= 4)) {
            turned[count] = input ? shape[1] != hidden : shape[0] != hidden;
            others[count++] = &file->arrays[i];
        }
    }
    if (count == 2)
        sys_text_add(text, "--map w_xh=%s%s,w_hh=%s%s,w_hy=%s%s", safetensors_quote(quotes[0], others[0]->name),
                     turned[0] ? ".T" : "", safetensors_quote(quotes[1], square->name),
                     turned[0] || turned[1] ? ".T" : "", safetensors_quote(quotes[2], others[1]->name),
                     turned[1] ? ".T" : "");
    else
        sys_text_add(text, "--map w_xh=NAME,w_hh=NAME,w_hy=NAME");
}

carrynet_status import_fail_names(const char *path, const foreign_file *file, const char *name, const char *what)
{
    enum { MOST = 12 };
    char quote[SAFETENSORS_QUOTE], shape[FOREIGN_SHAPE];
    sys_text text = {0};
    sys_text_add(&text, "; found: %s", file->count == 0 ? "no array" : "");
    for (size_t i = 0; i < file->count && i < MOST; ++i)
        sys_text_add(&text, "%s%s %s", i > 0 ? ", " : "", safetensors_quote(quote, file->arrays[i].name),
                     foreign_shape(shape, file->arrays[i].shape, file->arrays[i].rank));
    if (file->count > MOST)
        sys_text_add(&text, ", and %zu more", file->count - MOST);
    if (file->count > 0) {
        sys_text_add(&text, "; --map says which array is what, for example ");
        add_example(&text, file);
        sys_text_add(&text, " (NAME.T is a transposed one; b_h, b_y, h_0 likewise)");
    }
    const carrynet_status status =
        sys_fail(CARRYNET_ERROR_FORMAT, "%s: %s%s%s %s%s", path, name != NULL ? "array '" : "",
                 name != NULL ? safetensors_quote(quote, name) : "the arrays", name != NULL ? "'" : "", what,
                 text.failed ? "" : text.data);
    sys_text_free(&text);
    return status;
}
