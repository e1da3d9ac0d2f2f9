/*
 * Shared by the files of a sweep: its points in row order and by group (points that train together), the results, and
 * the reader of results files. Row r (from 1) is seed (r - 1) mod seeds of point (r - 1) div seeds.
 */
#ifndef SWEEP_ROWS_H
#define SWEEP_ROWS_H

#include "platform/platform.h"
#include <carrynet/fields.h>
#include <carrynet/sweep.h>

struct sweep_point {
    double rate, noise;
    uint32_t hidden, batch;
    carrynet_optimizer optimizer;
    carrynet_loss loss;
};

/* A point and its group: the positions of hidden, batch, optimizer and loss in their lists. */
struct sweep_place {
    uint64_t group;
    size_t point;
};

struct carrynet_sweep {
    carrynet_settings shared; /* of all networks; a row's own values are put in later */
    uint64_t sequences, id;
    uint32_t check_every, seeds, shard, shards;
    size_t point_count, row_count;
    struct sweep_point *points;     /* [point_count] */
    struct sweep_place *places;     /* [point_count], by group */
    carrynet_sweep_result *results; /* [row_count] */
    uint64_t saved;                 /* rows in the file */
    sys_identity reserved;          /* the file without rows that carrynet_sweep_reserve made */
};

/* Whether row `row`, from 1, is asked for. */
bool sweep_wants(const carrynet_sweep *sweep, uint64_t row);

/*
 * Fills in a row of the sweep as its file has it. filled->settings starts as sweep->shared; only fields that can differ
 * are set.
 */
void sweep_fill_row(carrynet_sweep_row *filled, const carrynet_sweep *sweep, uint64_t row);

/* ---- tasks of rows (sweep_task.c) ------------------------------------------------------------------------------ */

/* Renames a task that is not built in, so that its name identifies its table. */
void sweep_name_task(carrynet_task *task);

/*
 * Finds the task of a row's text: a built-in task, or a stand-in for a task whose table is not in the file; false if
 * the text is neither. Once the row is read, sweep_forget_stand_in gives the stand-in 0 states, so that no code
 * mistakes it for the task.
 */
bool sweep_find_task(carrynet_task *task, const char *text);
void sweep_forget_stand_in(carrynet_task *task);

/* ---- what trains together (sweep_chunk.c) -------------------------------------------------------------------- */

/*
 * Most networks of a chunk: enough to fill every device, and a bound on the work that a power cut can lose. The second
 * number is the limit if the networks' work is large.
 */
enum { SWEEP_TOGETHER = 16384, SWEEP_LEAST_TOGETHER = 1024 };

struct sweep_chunk {
    uint64_t *rows; /* [SWEEP_TOGETHER], the caller's */
    uint32_t count;
    size_t place; /* where the next chunk starts: a place and one of its seeds */
    uint32_t seed;
    double work;   /* if all networks train for their whole budget */
    double enough; /* target for `work`, about; 0: only the limits above */
};

/* Multiplications, up to a constant factor, of one network of this point that trains for its whole budget. */
double sweep_work(const carrynet_sweep *sweep, size_t point);

/* Collects the next rows that are asked for and not finished; count is 0 when none are left. */
void sweep_next_chunk(struct sweep_chunk *chunk, const carrynet_sweep *sweep);

/* The outcome of one network of a chunk. */
carrynet_sweep_result sweep_result(const carrynet_model *model, uint32_t network, const carrynet_outcome *outcome);

/* Multiplications, up to the same factor, of all rows that are asked for and not finished. */
double sweep_work_left(const carrynet_sweep *sweep);

/* carrynet_sweep_run on several ranks (sweep_ranks.c). */
carrynet_status sweep_run_ranks(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                const carrynet_sweep_options *options);

/* Least seconds between two saves, and the least ratio of that interval to the duration of a save. */
#define SWEEP_SAVE_SECONDS 10.0
#define SWEEP_SAVE_SHARE 20.0

/* Sets the settings that the first `count` networks of a chunk share, and each network's own configs [count]. */
void sweep_chunk_settings(carrynet_settings *settings, carrynet_network_config *configs, uint32_t count,
                          const carrynet_sweep *sweep, const struct sweep_chunk *chunk);

/* ---- the file (sweep_file.c writes, sweep_read.c reads) -------------------------------------------------------- */

typedef enum sweep_kind {
    SWEEP_U64,
    SWEEP_FLAG, /* a bool as 0 or 1 */
    SWEEP_REAL,
    SWEEP_HEX,     /* a uint64_t */
    SWEEP_SETTING, /* a field of the settings */
    SWEEP_TASK,
    SWEEP_ARITHMETIC, /* of this program */
    SWEEP_SEQUENCES   /* updates times batch */
} sweep_kind;

struct sweep_column {
    const char *name;
    sweep_kind kind;
    size_t offset;    /* offset of the value in carrynet_sweep_row */
    const char *only; /* key of the field that a sweep must set for its table to have the column; NULL: always */
    const carrynet_field *field; /* of the settings */
};

/*
 * Column `index`; the number of columns; and the number of leading columns that say what the row is, not how it ended.
 */
struct sweep_column sweep_column(size_t index);
size_t sweep_column_count(void);
size_t sweep_setting_columns(void);
extern const char sweep_times_header[];

/*
 * The columns in the table of a sweep with these settings, as a set: bit i is column i; whether a column is in the set;
 * and the column at position `place` of the set.
 */
uint64_t sweep_columns(const carrynet_settings *settings);
bool sweep_has_column(size_t column, uint64_t columns);
size_t sweep_column_at(size_t place, uint64_t columns);

/* The text of a row in a column. Returns `text`. */
enum { SWEEP_FIELD = 48 };
const char *sweep_field(char text[SWEEP_FIELD], const carrynet_sweep_row *row, size_t column);

/* Adds the header line of a table with these columns, or the line of a row. */
void sweep_add_header(sys_text *text, uint64_t columns);
void sweep_add_row(sys_text *text, const carrynet_sweep_row *row);

/* Puts the name of the file of seconds into *name (free with sys_text_free). MEMORY. */
carrynet_status sweep_times_path(sys_text *name, const char *path);

/* A file in memory, read line by line. */
struct sweep_lines {
    const char *path;
    char *data;
    size_t size, next; /* where the next line starts */
    size_t line;       /* the number of this line, from 1; its text without the line end, NULL after the last line: */
    const char *text;
    size_t length;
};

/* A results file and the current row. */
struct sweep_reader {
    struct sweep_lines lines;
    uint64_t columns;       /* named by the header */
    carrynet_sweep_row row; /* row.row is 0 after the last */
};

/*
 * Opens a results file and reads its header and first row. Call sweep_reader_close in any case. IO, FORMAT, MEMORY.
 */
carrynet_status sweep_reader_open(struct sweep_reader *reader, const char *path);
carrynet_status sweep_reader_next(struct sweep_reader *reader);
void sweep_reader_close(struct sweep_reader *reader);

/* The file of seconds that belongs to a results file, read likewise; a missing file counts as empty. */
struct sweep_times {
    sys_text path;
    struct sweep_lines lines;
    uint64_t row; /* 0 after the last */
    double seconds;
};
carrynet_status sweep_times_open(struct sweep_times *times, const char *path);
carrynet_status sweep_times_next(struct sweep_times *times);
void sweep_times_close(struct sweep_times *times);

#endif
