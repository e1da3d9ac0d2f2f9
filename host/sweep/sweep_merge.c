/* Existing results files: a resumed sweep loads its rows (load), and the parts of a sweep are joined (merge). */
#include "sweep/sweep_rows.h"
#include <inttypes.h>
#include <string.h>

/* ---- going on -------------------------------------------------------------------------------------------------- */

enum { COLUMN_ROW = 0, COLUMN_SWEEP = 2 };

/* What to do where the file is of another sweep, or says to be of this one. */
static const char *advice(const carrynet_sweep_row *row, const carrynet_sweep *sweep)
{
    return row->sweep == sweep->id ? "it was changed after it was written"
                                   : "give the options that it was made with, or another -o";
}

/*
 * That a line of the file is what this sweep has in that row, but for the number of the sweep, which says nothing to a
 * person. expected is the row of this sweep.
 */
static carrynet_status check_row(const struct sweep_reader *reader, const carrynet_sweep *sweep,
                                 carrynet_sweep_row *expected)
{
    const carrynet_sweep_row *row = &reader->row;
    char here[SWEEP_FIELD], there[SWEEP_FIELD];
    sweep_fill_row(expected, sweep, row->row <= sweep->row_count ? row->row : sweep->row_count);
    expected->row = row->row;
    for (size_t i = 0; i < sweep_setting_columns(); ++i)
        if (i != COLUMN_SWEEP && strcmp(sweep_field(here, row, i), sweep_field(there, expected, i)) != 0)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: column %s is %s in the file, %s by these options; %s",
                            reader->lines.path, reader->lines.line, sweep_column(i).name, here, there,
                            advice(row, sweep));
    if (!sweep_wants(sweep, row->row))
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "%s: line %zu: row %" PRIu64 " belongs to shard %" PRIu64 " of %" PRIu32 ", not to %" PRIu32,
                        reader->lines.path, reader->lines.line, row->row, (row->row - 1) % sweep->shards + 1,
                        sweep->shards, sweep->shard);
    return CARRYNET_OK;
}

carrynet_status carrynet_sweep_load(carrynet_sweep *sweep, const char *path)
{
    struct sweep_reader *reader = NULL;
    struct sweep_times times = {0};
    carrynet_sweep_row *expected = NULL;
    carrynet_sweep_result *results = NULL;
    carrynet_status status = sys_allocate(&reader, 1, sizeof *reader);
    if (status == CARRYNET_OK)
        status = sys_allocate(&expected, 1, sizeof *expected);
    if (status == CARRYNET_OK)
        status = sys_allocate(&results, sweep->row_count, sizeof *results);
    if (status != CARRYNET_OK)
        goto done;
    expected->settings = sweep->shared;
    memcpy(results, sweep->results, sweep->row_count * sizeof *results);
    status = sweep_reader_open(reader, path);
    const bool ours = status != CARRYNET_OK || reader->row.row == 0 || reader->row.sweep == sweep->id;
    while (status == CARRYNET_OK && reader->row.row != 0) {
        status = check_row(reader, sweep, expected);
        if (status != CARRYNET_OK)
            break;
        results[reader->row.row - 1] = reader->row.result;
        status = sweep_reader_next(reader);
    }
    if (status == CARRYNET_OK && !ours)
        status = sys_fail(CARRYNET_ERROR_FORMAT,
                          "%s: is of another sweep, which differs in rows that are not in it; give the options that "
                          "it was made with, or another -o",
                          path);
    if (status == CARRYNET_OK)
        status = sweep_times_open(&times, path);
    while (status == CARRYNET_OK && times.row != 0) {
        if (times.row <= sweep->row_count && results[times.row - 1].finished)
            results[times.row - 1].seconds = times.seconds;
        status = sweep_times_next(&times);
    }
    if (status == CARRYNET_OK) {
        memcpy(sweep->results, results, sweep->row_count * sizeof *results);
        sweep->saved = carrynet_sweep_count(sweep).finished;
    }
done:
    sweep_times_close(&times);
    if (reader != NULL)
        sweep_reader_close(reader);
    sys_free(reader);
    sys_free(expected);
    sys_free(results);
    return status;
}

/* ---- joining --------------------------------------------------------------------------------------------------- */

/* A file of a shard and its seconds, each standing at a row. */
struct part {
    struct sweep_reader reader;
    struct sweep_times times;
};

/* Adds a line as it stands. */
static void add_line(sys_text *text, const char *line, size_t length)
{
    sys_text_add(text, "%.*s\n", (int)length, line);
}

/* Whether rows of one sweep may differ in a column. */
static bool may_differ(const carrynet_sweep_row *a, const carrynet_sweep_row *b, size_t column)
{
    const struct sweep_column c = sweep_column(column);
    const unsigned traits = c.field != NULL ? c.field->traits : 0;
    if (column == COLUMN_SWEEP)
        return true;
    return (a->row != b->row && (column == COLUMN_ROW || (traits & CARRYNET_FIELD_VARIES) != 0)) ||
           (a->settings.batch != b->settings.batch && (traits & CARRYNET_FIELD_FOLLOWS_BATCH) != 0);
}

/* Two parts that are not of one sweep: the first column that shows it, if one does. */
static carrynet_status different(const struct sweep_reader *a, const struct sweep_reader *b)
{
    char here[SWEEP_FIELD], there[SWEEP_FIELD];
    for (size_t i = 0; i < sweep_setting_columns(); ++i)
        if (!may_differ(&a->row, &b->row, i) &&
            strcmp(sweep_field(here, &a->row, i), sweep_field(there, &b->row, i)) != 0)
            return sys_fail(CARRYNET_ERROR_FORMAT,
                            "%s is %s in %s, %s in %s; only parts of one sweep can be joined, made with the same "
                            "options but --shard",
                            sweep_column(i).name, here, a->lines.path, there, b->lines.path);
    return sys_fail(CARRYNET_ERROR_FORMAT,
                    "%s and %s are of two sweeps, whose seeds or lists differ; only parts of one sweep can be joined, "
                    "made with the same options but --shard",
                    a->lines.path, b->lines.path);
}

static carrynet_status open_parts(struct part *parts, const char *const *paths, size_t count)
{
    carrynet_status status = CARRYNET_OK;
    const struct sweep_reader *first = NULL;
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        const struct sweep_reader *reader = &parts[i].reader;
        status = sweep_reader_open(&parts[i].reader, paths[i]);
        if (status == CARRYNET_OK)
            status = sweep_times_open(&parts[i].times, paths[i]);
        if (status != CARRYNET_OK || reader->row.row == 0)
            continue; /* a shard may have no row */
        if (first == NULL)
            first = reader;
        if (first->row.sweep != reader->row.sweep || first->row.rows != reader->row.rows)
            status = different(first, reader);
    }
    return status;
}

/* The part that has the row; NULL if none has. */
static carrynet_status find_owner(struct part **owner, struct part *parts, size_t count, uint64_t row)
{
    *owner = NULL;
    for (size_t i = 0; i < count; ++i) {
        if (parts[i].reader.row.row != row)
            continue;
        if (*owner == NULL) {
            *owner = &parts[i];
            continue;
        }
        const char *a = (*owner)->reader.lines.path, *b = parts[i].reader.lines.path;
        if (strcmp(a, b) == 0)
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s is given twice", a);
        if (sys_same_file(a, b))
            return sys_fail(CARRYNET_ERROR_FORMAT, "%s and %s are one file, given twice", a, b);
        return sys_fail(CARRYNET_ERROR_FORMAT,
                        "row %" PRIu64 " is in %s and in %s; give each shard once, all cut by the same --shard I/N",
                        row, a, b);
    }
    return CARRYNET_OK;
}

/* Adds the line as a sweep writes it, which must be how it stands. */
static carrynet_status add_same(sys_text *rows, const struct sweep_reader *reader)
{
    const struct sweep_lines *lines = &reader->lines;
    const size_t before = rows->size;
    size_t place = 0, same = 0;
    sweep_add_row(rows, &reader->row);
    if (rows->failed)
        return sys_fail(CARRYNET_ERROR_MEMORY, "no memory for the joined rows");
    const char *written = rows->data + before;
    for (; same < lines->length && written[same] == lines->text[same]; ++same)
        place += written[same] == ',' ? 1 : 0;
    if (same == lines->length && written[same] == '\n')
        return CARRYNET_OK;
    return sys_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: column %s is not as a sweep writes it", lines->path,
                    lines->line, sweep_column(sweep_column_at(place, reader->columns)).name);
}

/* Adds the owner's row and its seconds, and moves it on. */
static carrynet_status take_row(sys_text *rows, sys_text *times, struct part *owner)
{
    const uint64_t row = owner->reader.row.row;
    carrynet_status status = add_same(rows, &owner->reader);
    if (status == CARRYNET_OK)
        status = sweep_reader_next(&owner->reader);
    while (status == CARRYNET_OK && owner->times.row != 0 && owner->times.row <= row) {
        if (owner->times.row == row)
            add_line(times, owner->times.lines.text, owner->times.lines.length);
        status = sweep_times_next(&owner->times);
    }
    return status;
}

/* All rows, each from the part that has it. */
static carrynet_status take_rows(sys_text *rows, sys_text *times, struct part *parts, size_t count, uint64_t all)
{
    carrynet_status status = CARRYNET_OK;
    uint64_t missing = 0, first = 0;
    for (uint64_t row = 1; row <= all && status == CARRYNET_OK; ++row) {
        struct part *owner = NULL;
        status = find_owner(&owner, parts, count, row);
        if (status == CARRYNET_OK && owner != NULL)
            status = take_row(rows, times, owner);
        else if (status == CARRYNET_OK && missing++ == 0)
            first = row;
    }
    if (status == CARRYNET_OK && missing > 0)
        status = sys_fail(CARRYNET_ERROR_FORMAT,
                          "%" PRIu64 " of %" PRIu64 " rows %s in none of the files, the first is row %" PRIu64
                          "; add the shard that has it, or finish it with --resume",
                          missing, all, missing == 1 ? "is" : "are", first);
    if (status == CARRYNET_OK && (rows->failed || times->failed))
        status = sys_fail(CARRYNET_ERROR_MEMORY, "no memory for %" PRIu64 " rows", all);
    return status;
}

carrynet_status carrynet_sweep_merge(const char *path, const char *const *paths, size_t count)
{
    sys_text rows = {0}, times = {0}, times_path = {0};
    struct part *parts = NULL;
    uint64_t all = 0;
    uint64_t columns = 0;
    carrynet_status status = sweep_times_path(&times_path, path);
    if (status == CARRYNET_OK)
        status = sys_allocate(&parts, count, sizeof *parts);
    if (status == CARRYNET_OK)
        status = open_parts(parts, paths, count);
    if (status != CARRYNET_OK)
        goto done;
    for (size_t i = 0; i < count; ++i)
        if (parts[i].reader.row.row != 0) {
            all = parts[i].reader.row.rows;
            columns = parts[i].reader.columns;
        }
    sweep_add_header(&rows, columns);
    sys_text_add(&times, "%s", sweep_times_header);
    const size_t no_seconds = times.size;
    if (all == 0)
        status =
            sys_fail(CARRYNET_ERROR_FORMAT, "%s: has no row%s", paths[0], count > 1 ? ", nor have the others" : "");
    if (status == CARRYNET_OK)
        status = take_rows(&rows, &times, parts, count, all);
    if (status == CARRYNET_OK)
        status = sys_write_file(path, (const void *const[]){rows.data}, &rows.size, 1);
    if (status == CARRYNET_OK && times.size > no_seconds)
        status = sys_write_file(times_path.data, (const void *const[]){times.data}, &times.size, 1);
done:
    for (size_t i = 0; parts != NULL && i < count; ++i) {
        sweep_reader_close(&parts[i].reader);
        sweep_times_close(&parts[i].times);
    }
    sys_free(parts);
    sys_text_free(&times_path);
    sys_text_free(&times);
    sys_text_free(&rows);
    return status;
}
