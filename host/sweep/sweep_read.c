/*
 * Reads results files (sweep_file.c) strictly: every column is complete and in range, rows ascend, all rows are of one
 * sweep. Messages name file, line and column. No allocation depends on a number in the file.
 */
#include "kernels/arithmetic.h"
#include "sweep/sweep_rows.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static const uint64_t LONGEST_LINE = 1024; /* bytes: 31 columns of at most 24, and names */

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static carrynet_status next_line(struct sweep_lines *lines)
{
    lines->text = NULL;
    if (lines->next >= lines->size)
        return CARRYNET_OK;
    const char *start = lines->data + lines->next, *end = memchr(start, '\n', lines->size - lines->next);
    ++lines->line;
    if (end == NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is cut short", lines->path, lines->line);
    lines->text = start;
    lines->length = (size_t)(end - start);
    lines->next += lines->length + 1;
    return CARRYNET_OK;
}

/* What a file has where it should have something else, printable. */
static const char *quote(char shown[SWEEP_FIELD], const char *text, size_t length)
{
    const size_t most = SWEEP_FIELD - 4, count = length < most ? length : most;
    for (size_t i = 0; i < count; ++i)
        shown[i] = (char)(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
    (void)snprintf(shown + count, SWEEP_FIELD - count, "%s", length > most ? "..." : "");
    return shown;
}

/* ---- fields ---------------------------------------------------------------------------------------------------- */

static bool read_hex(uint64_t *value, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    *value = 0;
    if (strlen(text) != 16 || text[strspn(text, digits)] != '\0')
        return false;
    for (; *text != '\0'; ++text)
        *value = *value << 4 | (uint64_t)(strchr(digits, *text) - digits);
    return true;
}

static bool read_count(uint64_t *value, const char *text, uint64_t most)
{
    const char *end = sys_read_whole(value, text, most);
    return end != NULL && *end == '\0';
}

/* Reads one field; NULL if it is right, else what it must be. A count that is derived goes to *derived. */
static const char *read_field(carrynet_sweep_row *row, uint64_t *derived, size_t column, const char *text)
{
    const struct sweep_column c = sweep_column(column);
    void *value = (char *)row + c.offset;
    carrynet_settings *settings = &row->settings;
    carrynet_task task;
    uint64_t count = 0;
    switch (c.kind) {
    case SWEEP_U64:
        return read_count(value, text, UINT64_MAX) ? NULL : "a whole number below 2^64";
    case SWEEP_FLAG:
        *(bool *)value = text[0] == '1';
        return strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ? NULL : "0 or 1";
    case SWEEP_REAL:
        return sys_read_real(value, text) ? NULL : "a decimal number";
    case SWEEP_HEX:
        return read_hex(value, text) ? NULL : "16 hexadecimal digits";
    case SWEEP_SETTING:
        return carrynet_field_read(settings, c.field, text, CARRYNET_MEDIUM_CSV);
    case SWEEP_TASK:
        if (!sweep_find_task(&task, text))
            return "the name of a task of this program, or NAME:DIGEST";
        carrynet_settings_init(settings, &task);
        return NULL;
    case SWEEP_ARITHMETIC:
        return read_count(&count, text, UINT32_MAX) && count == CARRYNET_ARITHMETIC_VERSION
                   ? NULL
                   : TEXT(CARRYNET_ARITHMETIC_VERSION) ", the version that this program computes";
    case SWEEP_SEQUENCES:
        return read_count(derived, text, UINT64_MAX) ? NULL : "a whole number below 2^64";
    }
    return NULL;
}

/* What columns say together; NULL if it is right, else what is wrong. */
static const char *disagreement(const carrynet_sweep_row *row, uint64_t sequences)
{
    const carrynet_sweep_result *result = &row->result;
    if (row->rows > CARRYNET_SWEEP_ROWS)
        return "of is more than a sweep can have";
    if (row->row == 0 || row->row > row->rows)
        return "row must be from 1 to of";
    if (carrynet_settings_check(&row->settings) != CARRYNET_OK)
        return carrynet_message();
    if (result->updates > row->settings.updates)
        return "updates is more than max_updates";
    if (sequences != result->updates * row->settings.batch)
        return "sequences is not updates times batch";
    if (!(result->bit_error >= 0 && result->bit_error <= 1))
        return "bit_error must be from 0 to 1";
    if (result->proved && !result->exact)
        return "exact must be 1 where proved is 1";
    if (result->exact && result->bit_error != 0)
        return "bit_error must be 0 where exact is 1";
    return NULL;
}

static size_t columns_of(uint64_t columns)
{
    size_t count = 0;
    for (size_t i = 0; i < sweep_column_count(); ++i)
        count += sweep_has_column(i, columns);
    return count;
}

/* What a column that only some tables have must be, where the row has 0 there. */
static const char *unset_column(const struct sweep_reader *reader)
{
    const uint64_t unset = reader->columns & ~sweep_columns(&reader->row.settings);
    size_t column = 0;
    while (!sweep_has_column(column, unset))
        ++column;
    return strcmp(sweep_column(column).only, "until_proved") == 0 ? "prover must be the version of a prover, from 1"
                                                                  : "weight_decay must be more than 0";
}

static carrynet_status read_row(struct sweep_reader *reader)
{
    const struct sweep_lines *lines = &reader->lines;
    const char *at = lines->text, *end = at + lines->length;
    carrynet_sweep_row *row = &reader->row;
    uint64_t sequences = 0;
    char text[2 * SWEEP_FIELD], shown[SWEEP_FIELD];
    const size_t count = sweep_column_count();
    if (lines->length > LONGEST_LINE)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is too long", lines->path, lines->line);
    for (size_t i = 0; i < count; ++i) {
        if (!sweep_has_column(i, reader->columns))
            continue;
        const bool last = i + 1 == count;
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        const size_t length = (size_t)(stop - at);
        if ((comma == NULL) != last)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu has %s than %zu columns", lines->path, lines->line,
                            last ? "more" : "fewer", columns_of(reader->columns));
        const char *wanted = "shorter";
        if (length < sizeof text) {
            memcpy(text, at, length);
            text[length] = '\0';
            wanted = strlen(text) == length ? read_field(row, &sequences, i, text) : "a text without zero bytes";
        }
        if (wanted != NULL)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: column %s is '%s', must be %s", lines->path,
                            lines->line, sweep_column(i).name, quote(shown, at, length), wanted);
        at = stop + 1;
    }
    const char *wrong = disagreement(row, sequences);
    if (wrong == NULL && (reader->columns & ~sweep_columns(&row->settings)) != 0)
        wrong = unset_column(reader);
    if (wrong != NULL)
        return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: %s", lines->path, lines->line, wrong);
    sweep_forget_stand_in(&row->settings.task);
    row->result.finished = true;
    row->result.seconds = -1;
    return CARRYNET_OK;
}

/* ---- the results file ------------------------------------------------------------------------------------------ */

/* Why what a file begins with is not the header. */
static const char *not_the_header(const char *start, size_t size)
{
    if (size == 0)
        return "it is empty";
    if (size >= 4 && (memcmp(start, "row;", 4) == 0 || memcmp(start, "row\t", 4) == 0))
        return "it has no commas between its columns; take the file as carrynet wrote it";
    if (size >= 5 && (memcmp(start, ",row,", 5) == 0 || memcmp(start, "\"\",\"r", 5) == 0))
        return "its first column has no name, as pandas writes it; write the file with index=False";
    return "it does not begin with row,of,sweep,task,...";
}

/* Whether a table has all the columns that come with a field, or none of them. */
static bool has_alike(uint64_t columns, const char *only)
{
    uint64_t with = 0;
    for (size_t i = 0; i < sweep_column_count(); ++i) {
        const char *key = sweep_column(i).only;
        if (key != NULL && strcmp(key, only) == 0)
            with |= UINT64_C(1) << i;
    }
    return (columns & with) == with || (columns & with) == 0;
}

/* The columns that a header names, and where the first row begins; 0 if it is no header. */
static uint64_t read_header(size_t *end, const char *start, size_t size)
{
    const size_t count = sweep_column_count();
    uint64_t columns = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; ++i) {
        const struct sweep_column c = sweep_column(i);
        const size_t length = strlen(c.name);
        const bool here = size - at > length && memcmp(start + at, c.name, length) == 0 &&
                          start[at + length] == (i + 1 < count ? ',' : '\n');
        if (here) {
            columns |= UINT64_C(1) << i;
            at += length + 1;
        } else if (c.only == NULL) {
            return 0;
        }
    }
    for (size_t i = 0; i < count; ++i) {
        const char *only = sweep_column(i).only;
        if (only != NULL && !has_alike(columns, only))
            return 0;
    }
    *end = at;
    return columns;
}

/* Looked at before the whole file is read, which may be any file. */
static carrynet_status check_header(void *self, const char *bytes, size_t size)
{
    struct sweep_reader *reader = self;
    const char *path = reader->lines.path;
    char start[SYS_START + 1];
    memcpy(start, bytes, size);
    carrynet_status status = sys_plain_text(start, &size, path);
    if (status != CARRYNET_OK)
        return status;
    reader->columns = read_header(&reader->lines.next, start, size);
    if (reader->columns == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line 1 is not the header of a sweep's results: %s", path,
                          not_the_header(start, size));
    return status;
}

carrynet_status sweep_reader_open(struct sweep_reader *reader, const char *path)
{
    struct sweep_lines *lines = &reader->lines;
    *reader = (struct sweep_reader){.lines = {.path = path, .line = 1}};
    carrynet_status status = sys_read_inspected(
        &lines->data, &lines->size, path, (CARRYNET_SWEEP_ROWS + UINT64_C(1)) * LONGEST_LINE, check_header, reader);
    if (status == CARRYNET_OK)
        status = sys_plain_text(lines->data, &lines->size, path);
    if (status == CARRYNET_ERROR_MEMORY)
        status = sys_fail(CARRYNET_ERROR_MEMORY, "%s: not enough memory to read it", path);
    return status == CARRYNET_OK ? sweep_reader_next(reader) : status;
}

carrynet_status sweep_reader_next(struct sweep_reader *reader)
{
    struct sweep_lines *lines = &reader->lines;
    const uint64_t before = reader->row.row, rows = reader->row.rows, sweep = reader->row.sweep;
    const bool first = lines->line == 1;
    carrynet_status status = next_line(lines);
    reader->row.row = 0;
    if (status == CARRYNET_OK && lines->text != NULL)
        status = read_row(reader);
    if (status != CARRYNET_OK || lines->text == NULL || first)
        return status;
    if (reader->row.sweep != sweep || reader->row.rows != rows)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is of another sweep than the lines before", lines->path,
                          lines->line);
    else if (reader->row.row <= before)
        status = sys_fail(CARRYNET_ERROR_FORMAT,
                          "%s: line %zu: row %" PRIu64 " comes after row %" PRIu64 "; the lines are out of order",
                          lines->path, lines->line, reader->row.row, before);
    return status;
}

void sweep_reader_close(struct sweep_reader *reader)
{
    sys_free(reader->lines.data);
    reader->lines.data = NULL;
}

carrynet_status carrynet_sweep_read(carrynet_sweep_row *found, const char *path, uint64_t row)
{
    struct sweep_reader *reader = NULL;
    uint64_t rows = 0;
    bool seen = false;
    carrynet_status status = sys_allocate(&reader, 1, sizeof *reader);
    if (status != CARRYNET_OK)
        return status;
    status = sweep_reader_open(reader, path);
    /* The whole file is read, so that one that is damaged anywhere is not trusted. */
    while (status == CARRYNET_OK && reader->row.row != 0) {
        rows = reader->row.rows;
        if (reader->row.row == row) {
            *found = reader->row;
            seen = true;
        }
        status = sweep_reader_next(reader);
    }
    if (status == CARRYNET_OK && !seen && rows == 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no rows", path);
    else if (status == CARRYNET_OK && !seen)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: row %" PRIu64 " is not in it; the sweep has rows 1 to %" PRIu64,
                          path, row, rows);
    sweep_reader_close(reader);
    sys_free(reader);
    return status;
}

/* ---- the file of seconds --------------------------------------------------------------------------------------- */

carrynet_status sweep_times_open(struct sweep_times *times, const char *path)
{
    const size_t header = strlen(sweep_times_header);
    struct sweep_lines *lines = &times->lines;
    *times = (struct sweep_times){.lines = {.next = header, .line = 1}};
    carrynet_status status = sweep_times_path(&times->path, path);
    if (status != CARRYNET_OK)
        return status;
    lines->path = times->path.data;
    status = sys_read_text(&lines->data, &lines->size, lines->path, (CARRYNET_SWEEP_ROWS + UINT64_C(1)) * LONGEST_LINE);
    if (status == CARRYNET_ERROR_IO) /* most likely it is not there, and no promise hangs on it */
        return CARRYNET_OK;
    if (status == CARRYNET_OK && (lines->size < header || memcmp(lines->data, sweep_times_header, header) != 0))
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line 1 is not row,seconds; remove the file, or bring it back",
                          lines->path);
    return status == CARRYNET_OK ? sweep_times_next(times) : status;
}

carrynet_status sweep_times_next(struct sweep_times *times)
{
    struct sweep_lines *lines = &times->lines;
    const uint64_t before = times->row;
    const char *rest = NULL;
    char text[2 * SYS_NUMBER];
    carrynet_status status = next_line(lines);
    times->row = 0;
    if (status != CARRYNET_OK || lines->text == NULL)
        return status;
    if (lines->length < sizeof text) {
        memcpy(text, lines->text, lines->length);
        text[lines->length] = '\0';
        rest = sys_read_whole(&times->row, text, CARRYNET_SWEEP_ROWS);
    }
    if (rest == NULL || *rest != ',' || times->row <= before || !sys_read_real(&times->seconds, rest + 1) ||
        times->seconds < 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu is not a later row and its seconds; remove the file",
                          lines->path, lines->line);
    return status;
}

void sweep_times_close(struct sweep_times *times)
{
    sys_text_free(&times->path);
    sys_free(times->lines.data);
    times->lines.data = NULL;
}
