/*
 * Sweeps: many networks that differ in shape, optimizer, rates and seeds, each trained as if alone, and their results
 * as a table. A sweep is a list of points (a grid, or drawn at random), each with the same seeds; a row is one network.
 *
 * With settings.until_proved, networks train until they are proved, and the table says so in two more columns.
 *
 * The results are a CSV file: the header, then a line a row, in order (the columns stand in host/sweep/sweep_file.c).
 * Equal sweeps give equal files on every device, whether run at once, stopped and resumed, or in parts that are merged.
 * Beside it (results.csv, results.times.csv) lie the seconds of each row, which are no part of that.
 */
#ifndef CARRYNET_SWEEP_H
#define CARRYNET_SWEEP_H

#include <carrynet/train.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CARRYNET_SWEEP_ROWS 16777216 /* most networks of a sweep */

/*
 * The values that a sweep varies, and the settings that its networks share. The caller owns the lists; each has at
 * least one entry.
 */
typedef struct carrynet_sweep_spec {
    /*
     * The shared settings. hidden, batch, loss, optimizer, rate, noise, updates and check_every are replaced; seed is
     * that of the first network of each point; networks is ignored.
     */
    carrynet_settings settings;
    const uint32_t *hidden;
    const uint32_t *batches;
    const carrynet_optimizer *optimizers;
    const carrynet_loss *losses;
    const double *rates; /* none: carrynet_default_rate */
    const double *noises;
    size_t hidden_count, batch_count, optimizer_count, loss_count, rate_count, noise_count;
    bool rate_range, noise_range; /* the list is the two ends of a range, for random points */
    uint64_t points;              /* drawn at random (kernels/ARITHMETIC.md 6); 0: the grid */
    uint32_t seeds;               /* networks of a point, with seeds from settings.seed on */
    uint64_t sequences;           /* most training sequences of a network; at least one update is done */
    uint32_t check_every;         /* updates between tests of exactness; 0: as many as 1024 sequences take */
    uint32_t shard, shards;       /* only rows shard, shard + shards, ... (from 1), which changes no row */
} carrynet_sweep_spec;

/*
 * The settings' own values as lists of one (spec then points into itself), the default rates, one seed, 1,000,000
 * sequences, all rows.
 */
CARRYNET_API void carrynet_sweep_spec_init(carrynet_sweep_spec *spec, const carrynet_settings *settings);

/* How a network of a sweep ended. */
typedef struct carrynet_sweep_result {
    bool finished;    /* the other fields are valid only then */
    bool exact;       /* right on the whole validation set */
    bool proved;      /* and right for every length, where a proof is the goal */
    uint64_t updates; /* until exact, proved, diverged or the end of the budget */
    double bit_error; /* share of the validation set's bits that are wrong; 1 if the network diverged to NaN */
    uint64_t digest;  /* of the final weights: FNV-1a 64 over their bits in file order, lowest byte first */
    double seconds;   /* its share of the time, negative if unknown; not a result */
} carrynet_sweep_result;

typedef struct carrynet_sweep carrynet_sweep;

/*
 * Makes the list of rows; the specification is copied. *sweep is the caller's, to free with carrynet_sweep_free.
 * ARGUMENT, naming what is wrong: an empty list, a value out of range, more than CARRYNET_SWEEP_ROWS rows, a shard that
 * does not exist.
 */
CARRYNET_API carrynet_status carrynet_sweep_create(carrynet_sweep **sweep, const carrynet_sweep_spec *spec);
CARRYNET_API void carrynet_sweep_free(carrynet_sweep *sweep);

/* The number of rows of the whole sweep, and its identifier, a digest of the specification. */
CARRYNET_API uint64_t carrynet_sweep_rows(const carrynet_sweep *sweep);
CARRYNET_API uint64_t carrynet_sweep_id(const carrynet_sweep *sweep);

/* The settings of the one network of a row, 1 to carrynet_sweep_rows, and how it ended. */
CARRYNET_API void carrynet_sweep_settings(carrynet_settings *settings, const carrynet_sweep *sweep, uint64_t row);
CARRYNET_API const carrynet_sweep_result *carrynet_sweep_result_of(const carrynet_sweep *sweep, uint64_t row);

/* Counts over the rows of the shard. */
typedef struct carrynet_sweep_tally {
    uint64_t networks; /* all */
    uint64_t finished; /* of these */
    uint64_t exact;    /* of these */
    uint64_t proved;   /* of these */
} carrynet_sweep_tally;
CARRYNET_API carrynet_sweep_tally carrynet_sweep_count(const carrynet_sweep *sweep);

/* The largest number of unfinished networks that train together; 0 if memory ran out. */
CARRYNET_API uint32_t carrynet_sweep_together(const carrynet_sweep *sweep);

/* A progress report. The pointers are valid during the call. */
typedef struct carrynet_sweep_report {
    const char *device; /* the engine's description */
    carrynet_sweep_tally tally;
    double seconds;      /* since the run began */
    double left;         /* estimated seconds left, at the rate so far; negative if unknown */
    const char *unsaved; /* why the last attempt to save failed (it is repeated); NULL: it did not */
    bool last;           /* the final report */
} carrynet_sweep_report;

typedef struct carrynet_sweep_options {
    /*
     * Called about every report_seconds and at the end; with several ranks on rank 0 only, also from another thread,
     * but never from two at once. A return value other than 0 ends the sweep.
     */
    int (*report)(void *self, const carrynet_sweep_report *report);
    /* Polled between updates. A return value other than 0 ends the sweep. NULL: never. */
    int (*interrupted)(void *self);
    void *self; /* of both */
    double report_seconds;
    uint32_t
        network_batch; /* most networks on the device at once, which changes no result; 0: all that train together */
    const char *path;  /* where the results are saved, during the run and at the end; NULL: nowhere */
    /*
     * NULL: this process alone. Otherwise free ranks are handed networks from a work queue, and each rank has an engine
     * of its own (the engine options' comm must be NULL). Rank 0 collects and saves the results. Rows that were
     * finished before the run are those of rank 0.
     */
    carrynet_comm *comm;
} carrynet_sweep_options;

/* No reports, nothing saved. */
CARRYNET_API void carrynet_sweep_options_init(carrynet_sweep_options *options);

/*
 * Trains the unfinished rows of the shard. Networks of equal shape, batch, optimizer and loss train together. OK also
 * if the caller ended the run: carrynet_sweep_count says how far it came. Errors of carrynet_train; IO if the final
 * save fails. Rows that were finished before an error are saved.
 */
CARRYNET_API carrynet_status carrynet_sweep_run(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                                const carrynet_sweep_options *options);

/* The estimated cost of a run. */
typedef struct carrynet_sweep_estimate {
    char device[512];
    uint64_t networks; /* to be trained */
    uint64_t groups;   /* of networks that train together */
    uint64_t memory;   /* bytes of the device at most */
    double seconds;    /* if every network uses its whole budget */
} carrynet_sweep_estimate;

/*
 * Measures for about a second: sets up the groups with the most memory and the most work and trains them briefly. It
 * finishes no row. Errors of the engine.
 */
CARRYNET_API carrynet_status carrynet_sweep_probe(carrynet_sweep_estimate *estimate, const carrynet_sweep *sweep,
                                                  const carrynet_engine_options *engine, uint32_t network_batch);

/*
 * Writes the finished rows to `path`, and their seconds beside it. IO, MEMORY. carrynet_sweep_run does so with
 * options->path.
 */
CARRYNET_API carrynet_status carrynet_sweep_save(carrynet_sweep *sweep, const char *path);

/* Rows in the file that was saved or loaded last. */
CARRYNET_API uint64_t carrynet_sweep_saved(const carrynet_sweep *sweep);

/*
 * Creates an empty results file before a run, so that only one of several runs gets the name. ARGUMENT if the file
 * exists; IO. carrynet_sweep_release removes the file if it is still the one that was created.
 */
CARRYNET_API carrynet_status carrynet_sweep_reserve(carrynet_sweep *sweep, const char *path);
CARRYNET_API void carrynet_sweep_release(const carrynet_sweep *sweep, const char *path);

/*
 * Loads the finished rows of a results file. IO; FORMAT, naming line and column, if it is not a results file, belongs
 * to another sweep, or has a row outside the shard.
 */
CARRYNET_API carrynet_status carrynet_sweep_load(carrynet_sweep *sweep, const char *path);

/*
 * Merges the files of a sweep's shards into `path`, which equals the file of an unsharded run byte for byte. FORMAT,
 * naming the first such row, if a row is missing, duplicate, malformed or of another sweep.
 */
CARRYNET_API carrynet_status carrynet_sweep_merge(const char *path, const char *const *parts, size_t count);

/* A row of a results file. */
typedef struct carrynet_sweep_row {
    uint64_t row, rows; /* its number, from 1, of how many the sweep has */
    uint64_t sweep;     /* the number of the sweep */
    carrynet_settings settings;
    carrynet_sweep_result result;
} carrynet_sweep_row;

/* Reads one row of a results file. IO; FORMAT, naming line and column, if it is not a results file or lacks the row. */
CARRYNET_API carrynet_status carrynet_sweep_read(carrynet_sweep_row *found, const char *path, uint64_t row);

/*
 * Gives a row the table of its task. A results file names a task that is not built in as NAME:DIGEST, without its
 * table; settings.task.states is then 0, and the row cannot be reproduced before this call. ARGUMENT if it is another
 * task.
 */
CARRYNET_API carrynet_status carrynet_sweep_supply(carrynet_sweep_row *row, const carrynet_task *task);

/*
 * Trains one network with these settings as a sweep does. *model is the caller's, to free with carrynet_model_free;
 * result->finished is false if the caller ended the training. options may be NULL. Errors of carrynet_train.
 */
CARRYNET_API carrynet_status carrynet_sweep_reproduce(carrynet_model **model, carrynet_sweep_result *result,
                                                      const carrynet_settings *settings,
                                                      const carrynet_engine_options *engine,
                                                      const carrynet_train_options *options);

#ifdef __cplusplus
}
#endif

#endif
