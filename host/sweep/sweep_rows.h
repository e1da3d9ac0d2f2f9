/*
 * What the files of a sweep share: its points in row order, the same points by the group that trains together, the
 * results, and the reader of a results file. Row r (from 1) is seed (r - 1) mod seeds of point (r - 1) div seeds.
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

/* A point and its group: the places of hidden, batch, optimizer and loss in their lists. */
struct sweep_place {
    uint64_t group;
    size_t point;
};

struct carrynet_sweep {
    carrynet_settings shared; /* of all networks, until a row's own are put in */
    uint64_t sequences, id;
    uint32_t check_every, seeds, shard, shards;
    size_t point_count, row_count;
    struct sweep_point *points;     /* [point_count] */
    struct sweep_place *places;     /* [point_count], by group */
    carrynet_sweep_result *results; /* [row_count] */
    uint64_t saved;                 /* rows in the file */
    sys_identity reserved;          /* the file without a row that carrynet_sweep_reserve made */
};

/* Whether a row, from 1, is asked for. */
bool sweep_wants(const carrynet_sweep *sweep, uint64_t row);

/* A row of the sweep as its file has it. filled->settings starts as sweep->shared: only what can differ is put there. */
void sweep_fill_row(carrynet_sweep_row *filled, const carrynet_sweep *sweep, uint64_t row);

/* ---- tasks of rows (sweep_task.c) ------------------------------------------------------------------------------ */

/* Renames a task that is not built in, so that its name tells its table. */
void sweep_name_task(carrynet_task *task);

/*
 * The task of a row's text: a built-in one, or a stand-in for one whose table is not in the file; false if it is
 * neither. Once the row is read, the stand-in gets 0 states, so that nothing takes it for the task.
 */
bool sweep_find_task(carrynet_task *task, const char *text);
void sweep_forget_stand_in(carrynet_task *task);

/* ---- what trains together (sweep_chunk.c) -------------------------------------------------------------------- */

/*
 * Networks of a chunk at most: fills every device, and bounds what a power cut can lose. No more than the second number
 * where all their work is large.
 */
enum { SWEEP_TOGETHER = 16384, SWEEP_LEAST_TOGETHER = 1024 };

struct sweep_chunk {
    uint64_t *rows; /* [SWEEP_TOGETHER], the caller's */
    uint32_t count;
    size_t place; /* where the next one starts: a place and one of its seeds */
    uint32_t seed;
    double work;   /* if all train for their whole budget */
    double enough; /* of that, about; 0: no limit but the above */
};

/* Multiplications of a network of that point that trains for its whole budget, but for a factor. */
double sweep_work(const carrynet_sweep *sweep, size_t point);

/* Collects the next rows that are asked for and not finished; count is 0 when there are no more. */
void sweep_next_chunk(struct sweep_chunk *chunk, const carrynet_sweep *sweep);

/* How a network of a chunk ended. */
carrynet_sweep_result sweep_result(const carrynet_model *model, uint32_t network, const carrynet_outcome *outcome);

/* Multiplications, likewise, of all rows that are asked for and not finished. */
double sweep_work_left(const carrynet_sweep *sweep);

/* carrynet_sweep_run among several ranks (sweep_ranks.c). */
carrynet_status sweep_run_ranks(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                const carrynet_sweep_options *options);

/* Seconds between two savings, at least; and at least so many times what one takes. */
#define SWEEP_SAVE_SECONDS 10.0
#define SWEEP_SAVE_SHARE 20.0

/* The settings of the first `count` networks of a chunk together, and what each has of its own: [count]. */
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
    size_t offset;               /* in carrynet_sweep_row, where the value lies there */
    const char *only;            /* key of the field that a sweep must set to have it in its table; NULL: all have it */
    const carrynet_field *field; /* of the settings */
};

/* A column; how many there are; and how many of them, the first ones, say what the row is, not how it ended. */
struct sweep_column sweep_column(size_t index);
size_t sweep_column_count(void);
size_t sweep_setting_columns(void);
extern const char sweep_times_header[];

/* The columns of the table of a sweep with these settings: bit i is column i; whether one is of them; and which one is number `place`. */
uint64_t sweep_columns(const carrynet_settings *settings);
bool sweep_has_column(size_t column, uint64_t columns);
size_t sweep_column_at(size_t place, uint64_t columns);

/* What a row has in a column. Returns text. */
enum { SWEEP_FIELD = 48 };
const char *sweep_field(char text[SWEEP_FIELD], const carrynet_sweep_row *row, size_t column);

/* The header line of a table with these columns, and that of a row. */
void sweep_add_header(sys_text *text, uint64_t columns);
void sweep_add_row(sys_text *text, const carrynet_sweep_row *row);

/* Puts the name of the file with the seconds into *name (sys_text_free). MEMORY. */
carrynet_status sweep_times_path(sys_text *name, const char *path);

/* A file in memory, taken line by line. */
struct sweep_lines {
    const char *path;
    char *data;
    size_t size, next; /* where the next line starts */
    size_t line;       /* the number of this one, from 1; its text, without its end, or NULL behind the last: */
    const char *text;
    size_t length;
};

/* A results file, and the row where it stands. */
struct sweep_reader {
    struct sweep_lines lines;
    uint64_t columns;       /* that its header names */
    carrynet_sweep_row row; /* row.row is 0 behind the last */
};

/* Opens it and reads the header and the first row. sweep_reader_close in any case. IO, FORMAT, MEMORY. */
carrynet_status sweep_reader_open(struct sweep_reader *reader, const char *path);
carrynet_status sweep_reader_next(struct sweep_reader *reader);
void sweep_reader_close(struct sweep_reader *reader);

/* The file of seconds that belongs to a results file, likewise; one that is not there is empty. */
struct sweep_times {
    sys_text path;
    struct sweep_lines lines;
    uint64_t row; /* 0 behind the last */
    double seconds;
};
carrynet_status sweep_times_open(struct sweep_times *times, const char *path);
carrynet_status sweep_times_next(struct sweep_times *times);
void sweep_times_close(struct sweep_times *times);

#endif
