/*
 * Reads certificates strictly: one space between words, integers without sign or leading zeros, ranges checked on
 * reading, and no allocation larger than the text justifies. Numbers are read exactly, in any locale.
 */
#include "platform/platform.h"
#include "verify/certificate.h"
#include <math.h>
#include <string.h>

struct reader {
    const char *at, *end;
    size_t line;
    bool failed;
};

/* Says once what the line lacks, up to the end of a line in it; false. */
static bool fail(struct reader *reader, const char *what)
{
    if (!reader->failed)
        (void)sys_fail(CARRYNET_ERROR_FORMAT, "line %zu: %.*s expected", reader->line, (int)strcspn(what, "\n"), what);
    reader->failed = true;
    return false;
}

/* The next byte, or NUL at the end. */
static char next(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static size_t left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* Exactly this text; if there is a line's end in it, then the last byte is one. */
static bool expect(struct reader *reader, const char *text)
{
    const size_t length = strlen(text);
    if (left(reader) < length || memcmp(reader->at, text, length) != 0)
        return fail(reader, text[0] == '\n' ? "the end of the line" : text[0] == ' ' ? "one space" : text);
    reader->at += length;
    reader->line += text[length - 1] == '\n';
    return true;
}

static bool whole(struct reader *reader, uint32_t *value, uint32_t least, uint32_t most, const char *what)
{
    const char *const start = reader->at;
    uint64_t all = 0;
    for (; next(reader) >= '0' && next(reader) <= '9' && all <= most; ++reader->at)
        all = 10 * all + (uint64_t)(*reader->at - '0');
    if (reader->at == start || all < least || all > most || (*start == '0' && reader->at > start + 1))
        return fail(reader, what);
    *value = (uint32_t)all;
    return true;
}

/* An integer that the text before has made certain. */
static bool number(struct reader *reader, uint32_t value, const char *what)
{
    uint32_t found;
    return whole(reader, &found, value, value, what);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* [-]0xH.HHHp[+-]D: 0, or at most 53 bits in [2^-200, 2^200], so that a double holds it exactly. */
static bool real(struct reader *reader, double *value)
{
    static const char what[] = "a hexadecimal number, 0 or of size 2^-200 to 2^200,";
    const bool minus = next(reader) == '-';
    uint64_t bits = 0;
    int digits = 0, behind = 0, exponent = 0, exponent_digits = 0;
    bool point = false;
    reader->at += minus ? 1 : 0;
    if (left(reader) < 2 || memcmp(reader->at, "0x", 2) != 0)
        return fail(reader, what);
    for (reader->at += 2;; ++reader->at) {
        const int d = digit(next(reader));
        if (d >= 0 && digits < 16) {
            bits = 16 * bits + (uint64_t)d;
            ++digits;
            behind += point ? 1 : 0;
        } else if (next(reader) == '.' && !point && digits > 0)
            point = true;
        else
            break;
    }
    if (digits == 0 || (point && behind == 0) || bits >> 53 != 0 || next(reader) != 'p')
        return fail(reader, what);
    ++reader->at;
    const bool below = next(reader) == '-';
    if (!below && next(reader) != '+')
        return fail(reader, what);
    ++reader->at;
    for (; next(reader) >= '0' && next(reader) <= '9' && exponent_digits < 4; ++reader->at, ++exponent_digits)
        exponent = 10 * exponent + (*reader->at - '0');
    const double size = ldexp((double)bits, (below ? -exponent : exponent) - 4 * behind);
    if (exponent_digits == 0 || !(bits == 0 || (size >= 0x1p-200 && size <= 0x1p200)))
        return fail(reader, what);
    *value = minus ? -size : size;
    return true;
}

/* count numbers, a space before each but maybe the first. */
static bool reals(struct reader *reader, double *values, size_t count, bool space)
{
    for (size_t i = 0; i < count; ++i)
        if ((i > 0 || space ? !expect(reader, " ") : false) || !real(reader, &values[i]))
            return false;
    return true;
}

static bool sha256(struct reader *reader, char text[CARRYNET_DIGEST_TEXT])
{
    for (size_t i = 0; i + 1 < CARRYNET_DIGEST_TEXT; ++i, ++reader->at) {
        if (digit(next(reader)) < 0)
            return fail(reader, "64 hexadecimal digits");
        text[i] = *reader->at;
    }
    text[CARRYNET_DIGEST_TEXT - 1] = '\0';
    return true;
}

static bool read_head(struct reader *reader, struct certificate *c)
{
    if (!expect(reader, "carrynet certificate 1\n") || !expect(reader, "arithmetic "))
        return false;
    c->bounds = next(reader) == 'a' ? CARRYNET_BOUNDS_ANY : CARRYNET_BOUNDS_OWN;
    return (c->bounds == CARRYNET_BOUNDS_ANY ? expect(reader, "any")
                                             : whole(reader, &c->arithmetic, 1, UINT16_MAX, "a version or any")) &&
           expect(reader, "\n") && expect(reader, "network ") && sha256(reader, c->network) && expect(reader, "\n");
}

static bool read_entries(struct reader *reader, uint8_t *entries, uint32_t symbols, uint32_t below, const char *what)
{
    for (uint32_t a = 0; a < symbols; ++a) {
        uint32_t entry = 0;
        if (!expect(reader, " ") || !whole(reader, &entry, 0, below - 1, what))
            return false;
        entries[a] = (uint8_t)entry;
    }
    return true;
}

static bool read_table(struct reader *reader, carrynet_task *table)
{
    if (!expect(reader, "task ") || !whole(reader, &table->inputs, 1, CARRYNET_TASK_INPUTS, "input bits") ||
        !expect(reader, " ") || !whole(reader, &table->outputs, 1, CARRYNET_TASK_OUTPUTS, "output bits") ||
        !expect(reader, " ") || !whole(reader, &table->states, 1, CARRYNET_TASK_STATES, "states") ||
        !expect(reader, " ") || !whole(reader, &table->start, 0, table->states - 1, "the start state") ||
        !expect(reader, "\n"))
        return false;
    for (uint32_t q = 0; q < table->states; ++q)
        if (!expect(reader, "state ") || !number(reader, q, "the next state's number") || !expect(reader, " next") ||
            !read_entries(reader, table->next[q], 1u << table->inputs, table->states, "a state") ||
            !expect(reader, " out") ||
            !read_entries(reader, table->out[q], 1u << table->inputs, 1u << table->outputs, "output bits") ||
            !expect(reader, "\n"))
            return false;
    return true;
}

static bool read_bases(struct reader *reader, struct certificate *c, carrynet_status *status)
{
    const size_t h = c->hidden;
    if (!expect(reader, "bases ") || !whole(reader, &c->basis_count, 1, UINT32_MAX - 1, "a number of bases") ||
        !expect(reader, "\n"))
        return false;
    if (c->basis_count > left(reader) / (h * h))
        return fail(reader, "as many bases");
    *status = sys_allocate(&c->bases, c->basis_count * h * h, sizeof *c->bases);
    for (uint32_t k = 0; k < c->basis_count && *status == CARRYNET_OK; ++k) {
        if (!expect(reader, "basis ") || !number(reader, k, "the next basis's number") || !expect(reader, "\n"))
            return false;
        for (size_t i = 0; i < h; ++i)
            if (!reals(reader, c->bases + (k * h + i) * h, h, false) || !expect(reader, "\n"))
                return false;
    }
    return *status == CARRYNET_OK;
}

static bool read_cells(struct reader *reader, struct certificate *c, carrynet_status *status)
{
    const size_t h = c->hidden;
    int exponent;
    if (!expect(reader, "cells ") || !whole(reader, &c->cell_count, 1, UINT32_MAX - 1, "a number of cells") ||
        !expect(reader, "\n"))
        return false;
    if (c->cell_count > left(reader) / h)
        return fail(reader, "as many cells");
    *status = sys_allocate(&c->cells, c->cell_count, sizeof *c->cells);
    if (*status == CARRYNET_OK)
        *status = sys_allocate(&c->centres, c->cell_count * h, sizeof *c->centres);
    for (uint32_t n = 0; n < c->cell_count && *status == CARRYNET_OK; ++n) {
        struct certificate_cell *cell = &c->cells[n];
        if (!expect(reader, "cell ") || !whole(reader, &cell->state, 0, c->table.states - 1, "a state") ||
            !expect(reader, " ") || !whole(reader, &cell->basis, 0, c->basis_count - 1, "a basis") ||
            !expect(reader, " ") || !real(reader, &cell->radius))
            return false;
        if (!(cell->radius >= 0x1p-40 && cell->radius <= 0x1p40 && frexp(cell->radius, &exponent) == 0.5))
            return fail(reader, "a power of two from 2^-40 to 2^40");
        if (!reals(reader, c->centres + n * h, h, true) || !expect(reader, "\n"))
            return false;
    }
    return *status == CARRYNET_OK;
}

static bool read_trees(struct reader *reader, struct certificate *c, carrynet_status *status)
{
    const uint64_t nodes = (uint64_t)c->cell_count + 1;
    size_t count = 0;
    *status = sys_allocate(&c->trees, nodes + 1, sizeof *c->trees);
    if (*status == CARRYNET_OK)
        *status = sys_allocate(&c->words, left(reader) / 2 + 1, sizeof *c->words);
    c->tree_line = reader->line;
    for (uint64_t n = 0; n < nodes && *status == CARRYNET_OK; ++n) {
        if (!expect(reader, "tree"))
            return false;
        while (next(reader) != '\n') {
            c->words[count] = CERTIFICATE_INNER;
            if (!expect(reader, " ") ||
                (next(reader) == '*' ? !expect(reader, "*")
                                     : !whole(reader, &c->words[count], 0, c->cell_count - 1, "* or a cell")))
                return false;
            ++count;
        }
        ++reader->at;
        ++reader->line;
        c->trees[n + 1] = count;
    }
    return *status == CARRYNET_OK;
}

carrynet_status certificate_read(struct certificate *certificate, const char *text, size_t size, size_t line)
{
    struct reader reader = {.at = text, .end = text + size, .line = line};
    carrynet_status status = CARRYNET_OK;
    *certificate = (struct certificate){0};
    bool read = read_head(&reader, certificate) && read_table(&reader, &certificate->table) &&
                expect(&reader, "hidden ") &&
                whole(&reader, &certificate->hidden, 1, CARRYNET_HIDDEN, "a number of hidden units") &&
                expect(&reader, "\n") && read_bases(&reader, certificate, &status) &&
                read_cells(&reader, certificate, &status) && read_trees(&reader, certificate, &status);
    certificate->body = (size_t)(reader.at - text);
    read = read && expect(&reader, "digest ") && sha256(&reader, certificate->digest) && expect(&reader, "\n");
    certificate->size = (size_t)(reader.at - text);
    certificate->lines = reader.line - line;
    return read || status != CARRYNET_OK ? status : CARRYNET_ERROR_FORMAT;
}

void certificate_free(struct certificate *certificate)
{
    sys_free(certificate->bases);
    sys_free(certificate->cells);
    sys_free(certificate->centres);
    sys_free(certificate->words);
    sys_free(certificate->trees);
    *certificate = (struct certificate){0};
}
