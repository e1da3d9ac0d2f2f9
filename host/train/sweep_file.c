/*
 * The results file of a sweep: CSV, a header with the names of the columns below, then a line a row, in order. `of` is
 * the number of rows of the whole sweep and `sweep` its number; numbers and digests have 16 hexadecimal digits; reals
 * are the shortest decimals that give the number back. A sweep until proved has two columns more: prover (its version)
 * and proved. Beside results.csv lies results.times.csv: row,seconds.
 */
#include "kernels/arithmetic.h"
#include "train/sweep_rows.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROW(field) offsetof(carrynet_sweep_row, field)

const struct sweep_column sweep_columns[SWEEP_COLUMNS] = {
    {"row", SWEEP_U64, ROW(row), false},
    {"of", SWEEP_U64, ROW(rows), false},
    {"sweep", SWEEP_HEX, ROW(sweep), false},
    {"task", SWEEP_TASK, ROW(settings.task), false},
    {"bits", SWEEP_U32, ROW(settings.steps), false},
    {"hidden", SWEEP_U32, ROW(settings.shape.hidden), false},
    {"bias", SWEEP_FLAG, ROW(settings.shape.bias), false},
    {"precision", SWEEP_PRECISION, ROW(settings.precision), false},
    {"batch", SWEEP_U32, ROW(settings.batch), false},
    {"loss", SWEEP_LOSS, ROW(settings.loss), false},
    {"optimizer", SWEEP_OPTIMIZER, ROW(settings.optimizer), false},
    {"schedule", SWEEP_SCHEDULE, ROW(settings.schedule), false},
    {"lr", SWEEP_REAL, ROW(settings.rate), false},
    {"momentum", SWEEP_REAL, ROW(settings.momentum), false},
    {"decay", SWEEP_REAL, ROW(settings.decay), false},
    {"epsilon", SWEEP_REAL, ROW(settings.epsilon), false},
    {"clip", SWEEP_REAL, ROW(settings.clip), false},
    {"noise", SWEEP_REAL, ROW(settings.noise), false},
    {"scale", SWEEP_REAL, ROW(settings.scale), false},
    {"seed", SWEEP_U64, ROW(settings.seed), false},
    {"check_every", SWEEP_U32, ROW(settings.check_every), false},
    {"max_updates", SWEEP_U64, ROW(settings.updates), false},
    {"arithmetic", SWEEP_ARITHMETIC, 0, false},
    {"defaults", SWEEP_U32, ROW(settings.defaults_version), false},
    {"prover", SWEEP_U32, ROW(settings.until_proved), true},
    {"exact", SWEEP_FLAG, ROW(result.exact), false},
    {"proved", SWEEP_FLAG, ROW(result.proved), true},
    {"updates", SWEEP_U64, ROW(result.updates), false},
    {"sequences", SWEEP_SEQUENCES, 0, false},
    {"bit_error", SWEEP_REAL, ROW(result.bit_error), false},
    {"digest", SWEEP_HEX, ROW(result.digest), false},
};

const char sweep_times_header[] = "row,seconds\n";

bool sweep_has_column(size_t column, bool proofs)
{
    return proofs || !sweep_columns[column].of_proof;
}

size_t sweep_column_at(size_t place, bool proofs)
{
    size_t column = 0;
    for (;; ++column)
        if (sweep_has_column(column, proofs) && place-- == 0)
            return column;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

const char *sweep_field(char text[SWEEP_FIELD], const carrynet_sweep_row *row, size_t column)
{
    const void *value = (const char *)row + sweep_columns[column].offset;
    const carrynet_settings *settings = &row->settings;
    const char *name = NULL;
    switch (sweep_columns[column].kind) {
    case SWEEP_U32:
        (void)snprintf(text, SWEEP_FIELD, "%" PRIu32, *(const uint32_t *)value);
        break;
    case SWEEP_U64:
        (void)snprintf(text, SWEEP_FIELD, "%" PRIu64, *(const uint64_t *)value);
        break;
    case SWEEP_FLAG:
        name = *(const bool *)value ? "1" : "0";
        break;
    case SWEEP_REAL:
        return base_real_text(text, *(const double *)value);
    case SWEEP_HEX:
        (void)snprintf(text, SWEEP_FIELD, "%016" PRIx64, *(const uint64_t *)value);
        break;
    case SWEEP_TASK:
        name = settings->task.name;
        break;
    case SWEEP_PRECISION:
        name = settings->precision == CARRYNET_FP32 ? "fp32" : "fp64";
        break;
    case SWEEP_LOSS:
        name = carrynet_loss_name(settings->loss);
        break;
    case SWEEP_OPTIMIZER:
        name = carrynet_optimizer_name(settings->optimizer);
        break;
    case SWEEP_SCHEDULE:
        name = carrynet_schedule_name(settings->schedule);
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

void sweep_add_header(base_text *text, bool proofs)
{
    for (size_t i = 0; i < SWEEP_COLUMNS; ++i)
        if (sweep_has_column(i, proofs))
            base_text_add(text, "%s%c", sweep_columns[i].name, i + 1 < SWEEP_COLUMNS ? ',' : '\n');
}

void sweep_add_row(base_text *text, const carrynet_sweep_row *row)
{
    char field[SWEEP_FIELD];
    for (size_t i = 0; i < SWEEP_COLUMNS; ++i)
        if (sweep_has_column(i, row->settings.until_proved != 0))
            base_text_add(text, "%s%c", sweep_field(field, row, i), i + 1 < SWEEP_COLUMNS ? ',' : '\n');
}

carrynet_status sweep_times_path(base_text *name, const char *path)
{
    static const char ending[] = ".csv";
    const size_t length = strlen(path), tail = sizeof ending - 1;
    const bool has_ending = length > tail && strcmp(path + length - tail, ending) == 0;
    base_text_add(name, "%.*s.times.csv", (int)(has_ending ? length - tail : length), path);
    return name->failed ? base_fail(CARRYNET_ERROR_MEMORY, "cannot allocate a file name") : CARRYNET_OK;
}

/* ---- saving ---------------------------------------------------------------------------------------------------- */

static carrynet_status write_text(const char *path, const base_text *text)
{
    if (text->failed)
        return base_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for its text", path);
    return base_write_file(path, (const void *const[]){text->data}, &text->size, 1);
}

carrynet_status carrynet_sweep_save(carrynet_sweep *sweep, const char *path)
{
    base_text rows = {0}, times = {0}, times_path = {0};
    carrynet_sweep_row *row = NULL;
    uint64_t count = 0;
    carrynet_status status = sweep_times_path(&times_path, path);
    if (status == CARRYNET_OK)
        status = base_allocate(&row, 1, sizeof *row);
    if (status != CARRYNET_OK)
        goto done;
    row->settings = sweep->shared;
    sweep_add_header(&rows, sweep->shared.until_proved != 0);
    base_text_add(&times, "%s", sweep_times_header);
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
        base_point(seconds);
        base_text_add(&times, "%" PRIu64 ",%s\n", r, seconds);
    }
    status = write_text(path, &rows);
    if (status == CARRYNET_OK) {
        sweep->saved = count;
        status = write_text(times_path.data, &times);
    }
done:
    base_free(row);
    base_text_free(&times_path);
    base_text_free(&times);
    base_text_free(&rows);
    return status;
}

uint64_t carrynet_sweep_saved(const carrynet_sweep *sweep)
{
    return sweep->saved;
}

carrynet_status carrynet_sweep_reserve(carrynet_sweep *sweep, const char *path)
{
    base_text header = {0};
    bool made = false;
    sweep_add_header(&header, sweep->shared.until_proved != 0);
    carrynet_status status = header.failed ? base_fail(CARRYNET_ERROR_MEMORY, "%s: no memory for its header", path)
                                           : base_create_file(&made, path, header.data, header.size);
    if (status == CARRYNET_OK && !made)
        status = base_fail(CARRYNET_ERROR_ARGUMENT, "%s is there already", path);
    if (status == CARRYNET_OK && !base_identify(&sweep->reserved, path))
        status = base_fail(CARRYNET_ERROR_IO, "%s: was removed at once", path);
    base_text_free(&header);
    return status;
}

void carrynet_sweep_release(const carrynet_sweep *sweep, const char *path)
{
    base_identity here;
    /* Every saving puts a new file there: this one has no row. */
    if (base_identify(&here, path) && here.device == sweep->reserved.device && here.number == sweep->reserved.number)
        (void)unlink(path);
}
