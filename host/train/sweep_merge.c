/*
 * Results files that are there already: taken up by a sweep that goes on (load), and the parts of a sweep joined to
 * its whole (merge).
 */
#include "train/sweep_rows.h"
#include <inttypes.h>
#include <string.h>

/* ---- going on -------------------------------------------------------------------------------------------------- */

/* That a line of the file is what this sweep has in that row. expected is the row of this sweep. */
static carrynet_status check_row(const struct sweep_reader *reader, const carrynet_sweep *sweep,
                                 carrynet_sweep_row *expected)
{
    const carrynet_sweep_row *row = &reader->row;
    char here[SWEEP_FIELD], there[SWEEP_FIELD];
    if (row->sweep != sweep->id || row->rows != sweep->row_count)
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "%s: line %zu is of sweep %016" PRIx64 ", with %" PRIu64
                         " rows; the options ask for sweep %016" PRIx64 ", with %zu",
                         reader->lines.path, reader->lines.line, row->sweep, row->rows, sweep->id, sweep->row_count);
    if (!sweep_wants(sweep, row->row))
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "%s: line %zu: row %" PRIu64 " belongs to shard %" PRIu64 " of %" PRIu32 ", not to %" PRIu32,
                         reader->lines.path, reader->lines.line, row->row, (row->row - 1) % sweep->shards + 1,
                         sweep->shards, sweep->shard);
    sweep_fill_row(expected, sweep, row->row);
    for (size_t i = 0; i < SWEEP_SETTINGS; ++i)
        if (strcmp(sweep_field(here, row, i), sweep_field(there, expected, i)) != 0)
            return base_fail(CARRYNET_ERROR_FORMAT, "%s: line %zu: column %s is %s, but %s in this sweep",
                             reader->lines.path, reader->lines.line, sweep_columns[i].name, here, there);
    return CARRYNET_OK;
}

carrynet_status carrynet_sweep_load(carrynet_sweep *sweep, const char *path)
{
    struct sweep_reader *reader = NULL;
    struct sweep_times times = {0};
    carrynet_sweep_row *expected = NULL;
    carrynet_sweep_result *results = NULL;
    carrynet_status status = base_allocate(&reader, 1, sizeof *reader);
    if (status == CARRYNET_OK)
        status = base_allocate(&expected, 1, sizeof *expected);
    if (status == CARRYNET_OK)
        status = base_allocate(&results, sweep->row_count, sizeof *results);
    if (status != CARRYNET_OK)
        goto done;
    expected->settings = sweep->shared;
    memcpy(results, sweep->results, sweep->row_count * sizeof *results);
    status = sweep_reader_open(reader, path);
    while (status == CARRYNET_OK && reader->row.row != 0) {
        status = check_row(reader, sweep, expected);
        if (status != CARRYNET_OK)
            break;
        results[reader->row.row - 1] = reader->row.result;
        status = sweep_reader_next(reader);
    }
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
    base_free(reader);
    base_free(expected);
    base_free(results);
    return status;
}

/* ---- joining --------------------------------------------------------------------------------------------------- */

/* A file of a shard and its seconds, each standing at a row. */
struct part {
    struct sweep_reader reader;
    struct sweep_times times;
};

/* Adds a line as it stands. */
static void add_line(base_text *text, const char *line, size_t length)
{
    base_text_add(text, "%.*s\n", (int)length, line);
}

static carrynet_status open_parts(struct part *parts, const char *const *paths, size_t count)
{
    carrynet_status status = CARRYNET_OK;
    const struct part *first = NULL;
    for (size_t i = 0; i < count && status == CARRYNET_OK; ++i) {
        status = sweep_reader_open(&parts[i].reader, paths[i]);
        if (status == CARRYNET_OK)
            status = sweep_times_open(&parts[i].times, paths[i]);
        if (status != CARRYNET_OK || parts[i].reader.row.row == 0)
            continue; /* a shard may have no row */
        if (first == NULL)
            first = &parts[i];
        const carrynet_sweep_row *a = &first->reader.row, *b = &parts[i].reader.row;
        if (a->sweep != b->sweep || a->rows != b->rows)
            status = base_fail(CARRYNET_ERROR_FORMAT,
                               "%s is of sweep %016" PRIx64 ", with %" PRIu64 " rows, but %s of sweep %016" PRIx64
                               ", with %" PRIu64 "; only parts of one sweep can be joined",
                               first->reader.lines.path, a->sweep, a->rows, paths[i], b->sweep, b->rows);
    }
    return status;
}

/* Adds the row from the part that has it, and moves that on. */
static carrynet_status take_row(base_text *rows, base_text *times, struct part *parts, size_t count, uint64_t row,
                                uint64_t all)
{
    struct part *owner = NULL;
    for (size_t i = 0; i < count; ++i) {
        if (parts[i].reader.row.row != row)
            continue;
        if (owner != NULL)
            return base_fail(CARRYNET_ERROR_FORMAT,
                             "row %" PRIu64 " is in %s and in %s; give each shard once, all cut by the same --shard "
                             "I/N",
                             row, owner->reader.lines.path, parts[i].reader.lines.path);
        owner = &parts[i];
    }
    if (owner == NULL)
        return base_fail(CARRYNET_ERROR_FORMAT,
                         "row %" PRIu64 " of %" PRIu64 " is in none of the files; add the shard that has it, or "
                         "finish it with --resume",
                         row, all);
    add_line(rows, owner->reader.lines.text, owner->reader.lines.length);
    carrynet_status status = sweep_reader_next(&owner->reader);
    while (status == CARRYNET_OK && owner->times.row != 0 && owner->times.row <= row) {
        if (owner->times.row == row)
            add_line(times, owner->times.lines.text, owner->times.lines.length);
        status = sweep_times_next(&owner->times);
    }
    return status;
}

carrynet_status carrynet_sweep_merge(const char *path, const char *const *paths, size_t count)
{
    base_text rows = {0}, times = {0}, times_path = {0};
    struct part *parts = NULL;
    uint64_t all = 0;
    carrynet_status status = sweep_times_path(&times_path, path);
    if (status == CARRYNET_OK)
        status = base_allocate(&parts, count, sizeof *parts);
    if (status == CARRYNET_OK)
        status = open_parts(parts, paths, count);
    if (status != CARRYNET_OK)
        goto done;
    sweep_add_header(&rows);
    base_text_add(&times, "%s", sweep_times_header);
    const size_t no_seconds = times.size;
    for (size_t i = 0; i < count; ++i)
        if (parts[i].reader.row.row != 0)
            all = parts[i].reader.row.rows;
    if (all == 0)
        status =
            base_fail(CARRYNET_ERROR_FORMAT, "%s: has no row%s", paths[0], count > 1 ? ", nor have the others" : "");
    for (uint64_t row = 1; row <= all && status == CARRYNET_OK; ++row)
        status = take_row(&rows, &times, parts, count, row, all);
    if (status == CARRYNET_OK && (rows.failed || times.failed))
        status = base_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for %" PRIu64 " rows", path, all);
    if (status == CARRYNET_OK)
        status = base_write_file(path, (const void *const[]){rows.data}, &rows.size, 1);
    if (status == CARRYNET_OK && times.size > no_seconds)
        status = base_write_file(times_path.data, (const void *const[]){times.data}, &times.size, 1);
done:
    for (size_t i = 0; parts != NULL && i < count; ++i) {
        sweep_reader_close(&parts[i].reader);
        sweep_times_close(&parts[i].times);
    }
    base_free(parts);
    base_text_free(&times_path);
    base_text_free(&times);
    base_text_free(&rows);
    return status;
}
