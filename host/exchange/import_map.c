/*
 * The option --map, which assigns arrays to parameters: KEY=NAME,KEY=NAME,... A key is a parameter; NAME.T is a matrix
 * to transpose; b_h may be the sum of two arrays, NAME+NAME; skip=NAME, or skip=START*, ignores arrays. A name may
 * itself contain commas, dots and plus signs.
 */
#include "exchange/import_parts.h"
#include <string.h>

static const char *const keys[] = {"w_xh", "w_hh", "w_hy", "b_h", "b_y", "h_0"};
enum { KEYS = sizeof keys / sizeof keys[0] };
static const char skip[] = "skip";

static const foreign_array *find(const foreign_file *file, const char *name, size_t length)
{
    for (size_t i = 0; i < file->count; ++i)
        if (strlen(file->arrays[i].name) == length && memcmp(file->arrays[i].name, name, length) == 0)
            return &file->arrays[i];
    return NULL;
}

/* A name, with .T behind it or not; a name of the file that ends so is that one. */
static const foreign_array *find_turned(bool *turned, const foreign_file *file, const char *name, size_t length)
{
    const foreign_array *array = find(file, name, length);
    *turned = array == NULL && length > 2 && memcmp(name + length - 2, ".T", 2) == 0;
    return *turned ? find(file, name, length - 2) : array;
}

static carrynet_status fail_word(const char *path, const foreign_file *file, const char *word, size_t length)
{
    sys_text text = {0};
    sys_text_add(&text, "lack '%.*s', which --map names", (int)(length < 100 ? length : 100), word);
    const carrynet_status status = import_fail_names(path, file, NULL, text.failed ? "lack one of --map" : text.data);
    sys_text_free(&text);
    return status == CARRYNET_ERROR_FORMAT ? CARRYNET_ERROR_ARGUMENT : status;
}

static carrynet_status take(import_parts *parts, const char *path, const foreign_file *file, int place,
                            const char *name, size_t length)
{
    bool turned = false;
    const foreign_array *array = find_turned(&turned, file, name, length);
    const char *plus = place == CARRYNET_B_H && array == NULL ? memchr(name, '+', length) : NULL;
    if (plus != NULL) {
        const size_t first = (size_t)(plus - name);
        const carrynet_status status = take(parts, path, file, place, name, first);
        return status == CARRYNET_OK ? take(parts, path, file, IMPORT_SECOND_BIAS, plus + 1, length - first - 1)
                                     : status;
    }
    if (array == NULL)
        return fail_word(path, file, name, length);
    if (parts->arrays[place] != NULL)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "--map names %s twice", keys[place]);
    if (parts->uses[array - file->arrays] == IMPORT_USED)
        return sys_fail(CARRYNET_ERROR_ARGUMENT, "--map names array '%.*s' twice", (int)(length < 100 ? length : 100),
                        name);
    parts->arrays[place] = array;
    parts->uses[array - file->arrays] = IMPORT_USED;
    if (place < IMPORT_MATRICES) {
        parts->turned[place] = turned;
        parts->turns_said = true;
    }
    return CARRYNET_OK;
}

static carrynet_status pass_over(import_parts *parts, const char *path, const foreign_file *file, const char *name,
                                 size_t length)
{
    const bool start = length > 0 && name[length - 1] == '*';
    size_t count = 0;
    for (size_t i = 0; i < file->count; ++i) {
        const char *one = file->arrays[i].name;
        if ((start || strlen(one) == length) && strncmp(one, name, start ? length - 1 : length) == 0 &&
            parts->uses[i] != IMPORT_USED) {
            parts->uses[i] = IMPORT_PASSED_OVER;
            ++count;
        }
    }
    return count > 0 ? CARRYNET_OK : fail_word(path, file, name, length);
}

/* The end of a value: the comma before the next KEY=, or the end of the text. */
static const char *value_end(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    for (const char *comma = strchr(text, ','); comma != NULL; comma = strchr(comma + 1, ',')) {
        const size_t word = strspn(comma + 1, letters);
        if (word > 0 && comma[1 + word] == '=')
            return comma;
    }
    return text + strlen(text);
}

carrynet_status import_take_map(import_parts *parts, const char *path, const foreign_file *file, const char *map)
{
    carrynet_status status = CARRYNET_OK;
    for (const char *at = map; *at != '\0' && status == CARRYNET_OK;) {
        const size_t length = strcspn(at, "=");
        int place = 0;
        while (place < KEYS && (strlen(keys[place]) != length || memcmp(at, keys[place], length) != 0))
            ++place;
        const bool passes = length == sizeof skip - 1 && memcmp(at, skip, length) == 0;
        if (at[length] != '=' || (place == KEYS && !passes))
            return sys_fail(
                CARRYNET_ERROR_ARGUMENT,
                "--map has '%.*s', must be KEY=NAME, the key one of w_xh, w_hh, w_hy, b_h, b_y, h_0 and skip",
                (int)(length < 100 ? length : 100), at);
        const char *const value = at + length + 1, *const end = value_end(value);
        const size_t size = (size_t)(end - value);
        status = passes ? pass_over(parts, path, file, value, size) : take(parts, path, file, place, value, size);
        at = *end == ',' ? end + 1 : end;
    }
    return status;
}
