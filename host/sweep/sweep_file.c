/*
 * The results file of a sweep: CSV with a header of column names (sweep_column), then one line per row, in order. `of`
 * is the number of rows of the whole sweep, `sweep` its identifying number. Numbers of sweeps and digests have 16
 * hexadecimal digits; reals are the shortest decimals that round-trip. A sweep until proved adds the columns prover
 * (its version) and proved; a sweep with weight decay adds weight_decay. results.times.csv lies beside results.csv:
 * row,seconds.
 */
#include "kernels/arithmetic.h"
#include "sweep/sweep_rows.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROW(field) offsetof(carrynet_sweep_row, field)

/* Columns before the fields of the settings, which model/fields.c has in their order; between those; and behind them. */
static const struct sweep_column first_columns[] = {
    {.name = "row", .kind = SWEEP_U64, .offset = ROW(row)},
    {.name = "of", .kind = SWEEP_U64, .offset = ROW(rows)},
    {.name = "sweep", .kind = SWEEP_HEX, .offset = ROW(sweep)},
    {.name = "task", .kind = SWEEP_TASK},
};
static const struct sweep_column arithmetic_column = {.name = "arithmetic", .kind = SWEEP_ARITHMETIC};
static const struct sweep_column last_columns[] = {
    {.name = "exact", .kind = SWEEP_FLAG, .offset = ROW(result.exact)},
    {.name = "proved", .kind = SWEEP_FLAG, .offset = ROW(result.proved), .only = "until_proved"},
    {.name = "updates", .kind = SWEEP_U64, .offset = ROW(result.updates)},
    {.name = "sequences", .kind = SWEEP_SEQUENCES},
    {.name = "bit_error", .kind = SWEEP_REAL, .offset = ROW(result.bit_error)},
    {.name = "digest", .kind = SWEEP_HEX, .offset = ROW(result.digest)},
};
/* Place of the first field behind the version of the arithmetic. */
enum {
    FIRST = sizeof first_columns / sizeof first_columns[0],
    LAST = sizeof last_columns / sizeof last_columns[0],
    VERSIONS = 19
};

size_t sweep_setting_columns(void)
{
    static atomic_uint fields; /* counted once: this is asked for every value of a table */
    unsigned count = atomic_load(&fields);
    if (count != 0)
        return FIRST + count + 1;
    while (carrynet_field_in(CARRYNET_MEDIUM_CSV, count + 1) != NULL)
        ++count;
    atomic_store(&fields, count);
    return FIRST + count + 1;
}

size_t sweep_column_count(void)
{
    return sweep_setting_columns() + LAST;
}

struct sweep_column sweep_column(size_t index)
{
    if (index < FIRST)
        return first_columns[index];
    if (index >= sweep_setting_columns())
        return last_columns[index - sweep_setting_columns()];
    const unsigned place = (unsigned)(index - FIRST) + 1;
    if (place == VERSIONS)
        return arithmetic_column;
    const carrynet_field *field = carrynet_field_in(CARRYNET_MEDIUM_CSV, place < VERSIONS ? place : place - 1);
    return (struct sweep_column){.name = field->in[CARRYNET_MEDIUM_CSV].key,
                                 .kind = SWEEP_SETTING,
                                 .only = (field->traits & CARRYNET_FIELD_OPTIONAL) != 0 ? field->key : NULL,
                                 .field = field};
}

const char sweep_times_header[] = "row,seconds\n";

uint64_t sweep_columns(const carrynet_settings *settings)
{
    const size_t count = sweep_column_count();
    uint64_t columns = 0;
    for (size_t i = 0; i < count; ++i) {
        const char *only = sweep_column(i).only;
        if (only == NULL || carrynet_field_is_set(settings, carrynet_field_find(only)))
            columns |= UINT64_C(1) << i;
    }
    return columns;
}

bool sweep_has_column(size_t column, uint64_t columns)
{
    return columns >> column & 1;
}

size_t sweep_column_at(size_t place, uint64_t columns)
{
    size_t column = 0;
    for (;; ++column)
        if (sweep_has_column(column, columns) && place-- == 0)
            return column;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

const char *sweep_field(char text[SWEEP_FIELD], const carrynet_sweep_row *row, size_t column)
{
    const struct sweep_column c = sweep_column(column);
    const void *value = (const char *)row + c.offset;
    const carrynet_settings *settings = &row->settings;
    const char *name = NULL;
    switch (c.kind) {
    case SWEEP_U64:
        (void)snprintf(text, SWEEP_FIELD, "%" PRIu64, *(const uint64_t *)value);
        break;
    case SWEEP_FLAG:
        name = *(const bool *)value ? "1" : "0";
        break;
    case SWEEP_REAL:
        return sys_real_text(text, *(const double *)value);
    case SWEEP_HEX:
        (void)snprintf(text, SWEEP_FIELD, "%016" PRIx64, *(const uint64_t *)value);
        break;
    case SWEEP_SETTING:
        return carrynet_field_text(text, settings, c.field, CARRYNET_MEDIUM_CSV);
    case SWEEP_TASK:
        name = settings->task.name;
        break;
    case SWEEP_ARITHMETIC:
        (void)snprintf(text, SWEEP_FIELD, "%d", CARRYNET_ARITHMETIC_VERSION);
        break;
    case SWEEP_SEQUENCES:
        (void)snprintf(text, SWEEP_FIELD, "%" PRIu64, row->result.updates * settings->batch);
        break;
    }
    if (name != NULL)
        (void)snprintf(text, SWEEP_FIELD, "%s", name);
    return text;
}

void sweep_add_header(sys_text *text, uint64_t columns)
{
    const size_t count = sweep_column_count();
    for (size_t i = 0; i < count; ++i)
        if (sweep_has_column(i, columns))
            sys_text_add(text, "%s%c", sweep_column(i).name, i + 1 < count ? ',' : '\n');
}

void sweep_add_row(sys_text *text, const carrynet_sweep_row *row)
{
    char field[SWEEP_FIELD];
    const size_t count = sweep_column_count();
    const uint64_t columns = sweep_columns(&row->settings);
    for (size_t i = 0; i < count; ++i)
        if (sweep_has_column(i, columns))
            sys_text_add(text, "%s%c", sweep_field(field, row, i), i + 1 < count ? ',' : '\n');
}

carrynet_status sweep_times_path(sys_text *name, const char *path)
{
    static const char ending[] = ".csv";
    const size_t length = strlen(path), tail = sizeof ending - 1;
    const bool has_ending = length > tail && strcmp(path + length - tail, ending) == 0;
    sys_text_add(name, "%.*s.times.csv", (int)(has_ending ? length - tail : length), path);
    return name->failed ? sys_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name") : CARRYNET_OK;
}

/* ---- saving ---------------------------------------------------------------------------------------------------- */

static carrynet_status write_text(const char *path, const sys_text *text)
{
    if (text->failed)
        return sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for its text", path);
    return sys_write_file(path, (const void *const[]){text->data}, &text->size, 1);
}

carrynet_status carrynet_sweep_save(carrynet_sweep *sweep, const char *path)
{
    sys_text rows = {0}, times = {0}, times_path = {0};
    carrynet_sweep_row *row = NULL;
    uint64_t count = 0;
    carrynet_status status = sweep_times_path(&times_path, path);
    if (status == CARRYNET_OK)
        status = sys_allocate(&row, 1, sizeof *row);
    if (status != CARRYNET_OK)
        goto done;
    row->settings = sweep->shared;
    sweep_add_header(&rows, sweep_columns(&sweep->shared));
    sys_text_add(&times, "%s", sweep_times_header);
    for (uint64_t r = sweep->shard; r <= sweep->row_count; r += sweep->shards) {
        char seconds[64];
        if (!sweep->results[r - 1].finished)
            continue;
        sweep_fill_row(row, sweep, r);
        sweep_add_row(&rows, row);
        ++count;
        if (!(row->result.seconds >= 0))
            continue;
        (void)snprintf(seconds, sizeof seconds, "%.6f", row->result.seconds < 1e9 ? row->result.seconds : 1e9);
        sys_point(seconds);
        sys_text_add(&times, "%" PRIu64 ",%s\n", r, seconds);
    }
    status = write_text(path, &rows);
    if (status == CARRYNET_OK) {
        sweep->saved = count;
        status = write_text(times_path.data, &times);
    }
done:
    sys_free(row);
    sys_text_free(&times_path);
    sys_text_free(&times);
    sys_text_free(&rows);
    return status;
}

uint64_t carrynet_sweep_saved(const carrynet_sweep *sweep)
{
    return sweep->saved;
}

carrynet_status carrynet_sweep_reserve(carrynet_sweep *sweep, const char *path)
{
    sys_text header = {0};
    bool made = false;
    sweep_add_header(&header, sweep_columns(&sweep->shared));
    carrynet_status status = header.failed ? sys_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for its header", path)
                                           : sys_create_file(&made, path, header.data, header.size);
    if (status == CARRYNET_OK && !made)
        status = sys_fail(CARRYNET_ERROR_ARGUMENT, "%s is there already", path);
    if (status == CARRYNET_OK)
        status = sys_identify(&sweep->reserved, &made, path);
    if (status == CARRYNET_OK && !made)
        status = sys_fail(CARRYNET_ERROR_IO, "%s: was removed at once", path);
    sys_text_free(&header);
    return status;
}

void carrynet_sweep_release(const carrynet_sweep *sweep, const char *path)
{
    sys_identity here;
    bool there;
    /* Every saving puts a new file there: this one has no row. */
    if (sys_identify(&here, &there, path) == CARRYNET_OK && there && here.device == sweep->reserved.device &&
        here.number == sweep->reserved.number)
        (void)unlink(path);
}
