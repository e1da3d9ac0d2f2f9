/*
 * The header of an NPY array: a Python dictionary with three keys, in any order:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * descr is the byte order ('<' or '>'; '=', '|' or nothing for the machine's), kind and width; or the name of a type.
 */
#include "exchange/npz_header.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAGIC = 6, PREFIX = 10, PREFIX_2 = 12, ALIGNMENT = 64, QUOTE = 48 };
static const char magic[] = "\x93NUMPY";

/* ---- reading --------------------------------------------------------------------------------------------------- */

typedef struct reader {
    const char *at, *end;
    char *why; /* [NPZ_WHY] */
} reader;

static bool fail(reader *r, const char *what)
{
    (void)snprintf(r->why, NPZ_WHY, "%s", what);
    return false;
}

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        ++r->at;
}

/* Takes the character, if it is the next after blanks. */
static bool take(reader *r, char c)
{
    skip_blanks(r);
    if (r->at >= r->end || *r->at != c)
        return false;
    ++r->at;
    return true;
}

static bool take_word(reader *r, const char *word)
{
    const size_t length = strlen(word);
    skip_blanks(r);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

/* A string in either quotes, without escapes, shortened to QUOTE; what does not print as '?'. */
static bool take_string(reader *r, char text[QUOTE])
{
    size_t length = 0;
    skip_blanks(r);
    if (r->at >= r->end || (*r->at != '\'' && *r->at != '"'))
        return false;
    const char quote = *r->at++;
    for (; r->at < r->end && *r->at != quote; ++r->at)
        if (length < QUOTE - 1)
            text[length++] = (char)(*r->at < ' ' || *r->at > '~' ? '?' : *r->at);
    text[length] = '\0';
    return take(r, quote);
}

/* Whether this machine has the most significant byte first. */
static bool big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

/* What stands in brackets of any kind, with these; no bracket in a string counts. */
static bool skip_brackets(reader *r)
{
    size_t depth = 0;
    char quote = '\0';
    for (; r->at < r->end; ++r->at)
        if (quote != '\0')
            quote = *r->at == quote ? '\0' : quote;
        else if (*r->at == '\'' || *r->at == '"')
            quote = *r->at;
        else if (strchr("[({", *r->at) != NULL && *r->at != '\0')
            ++depth;
        else if (strchr("])}", *r->at) != NULL && *r->at != '\0' && --depth == 0) {
            ++r->at;
            return true;
        }
    return false;
}

/* A type without its byte order, "f4" or "float32"; false if it is none that is read. */
static bool known_type(npz_layout *layout, const char *type)
{
    static const struct {
        const char *word;
        npz_kind kind;
    } words[] = {{"float", NPZ_FLOAT}, {"int", NPZ_SIGNED}, {"uint", NPZ_UNSIGNED}};
    uint64_t width = 0;
    const char *rest = NULL;
    layout->kind = (npz_kind)type[0];
    if (strcmp(type, "bool") == 0 || strcmp(type, "?") == 0) {
        layout->kind = NPZ_BOOLEAN;
        width = 1;
        rest = "";
    } else if (type[0] != '\0')
        rest = sys_read_whole(&width, type + 1, 64);
    for (size_t i = 0; i < sizeof words / sizeof words[0] && rest == NULL; ++i)
        if (strncmp(type, words[i].word, strlen(words[i].word)) == 0) {
            layout->kind = words[i].kind;
            rest = sys_read_whole(&width, type + strlen(words[i].word), 64);
            rest = width % 8 == 0 ? rest : NULL;
            width /= 8;
        }
    layout->width = (size_t)width;
    if (rest == NULL || *rest != '\0')
        return false;
    switch (layout->kind) {
    case NPZ_BOOLEAN:
        return width == 1;
    case NPZ_SIGNED:
    case NPZ_UNSIGNED:
        return width == 1 || width == 2 || width == 4 || width == 8;
    case NPZ_FLOAT:
        return width == 2 || width == 4 || width == 8;
    case NPZ_BFLOAT:
    case NPZ_OTHER:
        break;
    }
    return false;
}

/* The type of the values. One that is not known is no error: nobody may need the array. */
static bool read_descr(npz_layout *layout, reader *r)
{
    char text[QUOTE] = "";
    skip_blanks(r);
    if (r->at < r->end && *r->at == '[') {
        layout->kind = NPZ_OTHER;
        (void)fail(r, "descr is a structure of fields, must be a plain type, such as '<f4'");
        return skip_brackets(r);
    }
    if (!take_string(r, text))
        return fail(r, "descr is no string, must be a type such as '<f4'");
    /* Without an order, or with '=' or '|', values are in that of the machine, as NumPy has it. */
    const bool ordered = text[0] != '\0' && strchr("<>|=", text[0]) != NULL;
    const char *const type = text + (ordered ? 1 : 0);
    layout->swapped = ordered && text[0] == '<' ? false : ordered && text[0] == '>' ? true : big_endian();
    if (known_type(layout, type))
        return true;
    layout->kind = NPZ_OTHER;
    layout->width = 0;
    if (type[0] == 'O')
        (void)fail(r, "descr is an object, which only Python can read; save plain numbers (allow_pickle=False)");
    else
        (void)snprintf(r->why, NPZ_WHY,
                       "descr is '%s'%s, must be float16, float32 or float64 ('f2', 'f4', 'f8'), or a whole number "
                       "('i', 'u') of 1, 2, 4 or 8 bytes",
                       text,
                       strcmp(type, "V2") == 0
                           ? ", two raw bytes, as NumPy saves bfloat16 (save it with .astype(numpy.float32))"
                           : "");
    return true;
}

static bool read_order(npz_layout *layout, reader *r)
{
    layout->fortran = take_word(r, "True");
    return layout->fortran || take_word(r, "False") || fail(r, "fortran_order is neither True nor False");
}

static bool read_shape(npz_layout *layout, reader *r)
{
    bool comma = true; /* before the next, or the first */
    if (!take(r, '('))
        return fail(r, "shape is no tuple, such as (3, 4)");
    while (!take(r, ')')) {
        char digits[24] = "";
        size_t length = 0;
        uint64_t value = 0;
        skip_blanks(r);
        while (r->at < r->end && *r->at >= '0' && *r->at <= '9' && length < sizeof digits - 1)
            digits[length++] = *r->at++;
        if (length > 0 && r->at < r->end && *r->at == 'L') /* a long of Python 2 */
            ++r->at;
        if (!comma || sys_read_whole(&value, digits, INT64_MAX) == NULL)
            return fail(r, "shape is not a tuple of whole numbers from 0, such as (3, 4)");
        if (layout->rank == NPZ_RANK) {
            (void)snprintf(r->why, NPZ_WHY, "shape has more than %d dimensions", NPZ_RANK);
            return false;
        }
        layout->shape[layout->rank++] = value;
        comma = take(r, ',');
    }
    return true;
}

/* The dictionary; every key once. */
static bool read_dictionary(npz_layout *layout, reader *r)
{
    static const char *const names[] = {"descr", "fortran_order", "shape"};
    static bool (*const read[])(npz_layout *, reader *) = {read_descr, read_order, read_shape};
    enum { KEYS = sizeof names / sizeof names[0] };
    bool seen[KEYS] = {false}, comma = true;
    if (!take(r, '{'))
        return fail(r, "the header does not begin with '{'");
    while (!take(r, '}')) {
        char key[QUOTE];
        size_t k = 0;
        if (!comma || !take_string(r, key) || !take(r, ':'))
            return fail(r, "the header is no dictionary of descr, fortran_order and shape");
        while (k < KEYS && strcmp(key, names[k]) != 0)
            ++k;
        if (k == KEYS || seen[k]) {
            (void)snprintf(r->why, NPZ_WHY, "the header has '%s'%s", key, k == KEYS ? ", which is unknown" : " twice");
            return false;
        }
        seen[k] = true;
        if (!read[k](layout, r))
            return false;
        comma = take(r, ',');
    }
    for (size_t k = 0; k < KEYS; ++k)
        if (!seen[k]) {
            (void)snprintf(r->why, NPZ_WHY, "the header has no %s", names[k]);
            return false;
        }
    skip_blanks(r);
    return r->at == r->end || fail(r, "the header goes on after its '}'");
}

bool npz_header_read(npz_layout *layout, char why[NPZ_WHY], const char *bytes, size_t size)
{
    reader r = {.why = why};
    *layout = (npz_layout){0};
    if (size < PREFIX || memcmp(bytes, magic, MAGIC) != 0)
        return fail(&r, "not an NPY array: it does not begin with \\x93NUMPY");
    const unsigned char *const prefix = (const unsigned char *)bytes;
    const unsigned major = prefix[MAGIC], minor = prefix[MAGIC + 1];
    if (major < 1 || major > 3 || minor != 0) {
        (void)snprintf(why, NPZ_WHY, "format %u.%u, must be 1.0, 2.0 or 3.0", major, minor);
        return false;
    }
    const size_t begins = major == 1 ? PREFIX : PREFIX_2;
    uint64_t length = 0;
    for (size_t i = begins; i > 8 && size >= begins; --i)
        length = length << 8 | prefix[i - 1];
    if (size < begins || length > size - begins) {
        (void)snprintf(why, NPZ_WHY, "%s", size < NPZ_HEADER ? "truncated in its header" : "its header is too long");
        return false;
    }
    r.at = bytes + begins;
    r.end = r.at + length;
    layout->data_begins = begins + (size_t)length;
    if (!read_dictionary(layout, &r))
        return false;
    layout->bytes = layout->width;
    for (size_t i = 0; i < layout->rank; ++i) {
        if (layout->shape[i] != 0 && layout->bytes > (uint64_t)INT64_MAX / layout->shape[i])
            return fail(&r, "shape: too many values");
        layout->bytes *= layout->shape[i];
    }
    layout->fortran = layout->fortran && layout->rank > 1;
    return true;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

size_t npz_header_write(char header[NPZ_HEADER], const npz_array *array)
{
    char shape[NPZ_RANK * 24] = "";
    size_t length = 0;
    for (size_t i = 0; i < array->rank; ++i)
        length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%" PRIu64 "%s", i > 0 ? " " : "",
                                   array->shape[i], i + 1 < array->rank || array->rank == 1 ? "," : "");
    memset(header, ' ', NPZ_HEADER);
    const int text =
        snprintf(header + PREFIX, NPZ_HEADER - PREFIX, "{'descr': '%c%c%zu', 'fortran_order': False, 'shape': (%s), }",
                 array->width == 1 ? '|' : '<', (char)array->kind, array->width, shape);
    const size_t end = PREFIX + (size_t)text, size = (end + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    header[end] = ' '; /* snprintf's NUL */
    header[size - 1] = '\n';
    memcpy(header, magic, MAGIC);
    header[MAGIC] = 1;
    header[MAGIC + 1] = 0;
    header[MAGIC + 2] = (char)(unsigned char)((size - PREFIX) & 0xff);
    header[MAGIC + 3] = (char)(unsigned char)((size - PREFIX) >> 8);
    return size;
}
