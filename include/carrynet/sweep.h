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

/* What a sweep varies, and what its networks share. The lists are the caller's; all have an entry or more. */
typedef struct carrynet_sweep_spec {
    /*
     * What all share. hidden, batch, loss, optimizer, rate and noise are replaced, as are updates and check_every; seed
     * is that of the first network of each point, networks is ignored.
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
    uint32_t seeds;               /* networks of a point, with settings.seed and those after it */
    uint64_t sequences;           /* most training sequences of a network; at least one update is made */
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
    bool finished;    /* the others hold only then */
    bool exact;       /* right on the whole validation set */
    bool proved;      /* and right for every length, where a proof is the goal */
    uint64_t updates; /* until exact or proved, lost or the end of the budget */
    double bit_error; /* share of the validation set's bits that are wrong; 1 if the network diverged to NaN */
    uint64_t digest;  /* of the final weights: FNV-1a 64 over their bits in file order, lowest byte first */
    double seconds;   /* its share of the time; below 0 where unknown; no result */
} carrynet_sweep_result;

typedef struct carrynet_sweep carrynet_sweep;

/*
 * Makes the list of rows; the specification is copied. *sweep is the caller's, to free with carrynet_sweep_free.
 * ARGUMENT, naming what is wrong: an empty list, a value out of range, more than CARRYNET_SWEEP_ROWS rows, a shard that
 * does not exist.
 */
CARRYNET_API carrynet_status carrynet_sweep_create(carrynet_sweep **sweep, const carrynet_sweep_spec *spec);
CARRYNET_API void carrynet_sweep_free(carrynet_sweep *sweep);

/* Rows of the whole sweep, numbered from 1, and its number: of the specification, the same for equal sweeps alone. */
CARRYNET_API uint64_t carrynet_sweep_rows(const carrynet_sweep *sweep);
CARRYNET_API uint64_t carrynet_sweep_id(const carrynet_sweep *sweep);

/* The settings of the one network of a row, 1 to carrynet_sweep_rows, and how it ended. */
CARRYNET_API void carrynet_sweep_settings(carrynet_settings *settings, const carrynet_sweep *sweep, uint64_t row);
CARRYNET_API const carrynet_sweep_result *carrynet_sweep_result_of(const carrynet_sweep *sweep, uint64_t row);

/* The state of the rows that are asked for: the shard's. */
typedef struct carrynet_sweep_tally {
    uint64_t networks; /* all */
    uint64_t finished; /* of these */
    uint64_t exact;    /* of these */
    uint64_t proved;   /* of these */
} carrynet_sweep_tally;
CARRYNET_API carrynet_sweep_tally carrynet_sweep_count(const carrynet_sweep *sweep);

/* The most networks that train together, of those that are not finished; MEMORY gives 0. */
CARRYNET_API uint32_t carrynet_sweep_together(const carrynet_sweep *sweep);

/* What is said now and then; the pointers are valid during the call. */
typedef struct carrynet_sweep_report {
    const char *device; /* the engine's description */
    carrynet_sweep_tally tally;
    double seconds;      /* since the run began */
    double left;         /* seconds left, if the rest behaves like what is done; below 0 where unknown */
    const char *unsaved; /* why the last saving failed, which is tried again; NULL: it did not */
    bool last;           /* the final report */
} carrynet_sweep_report;

typedef struct carrynet_sweep_options {
    /*
     * Called about every report_seconds and at the end, with ranks on rank 0 and from another thread too, but never from two
     * at once; a return other than 0 ends the sweep there.
     */
    int (*report)(void *self, const carrynet_sweep_report *report);
    /* Asked between updates; a return other than 0 ends the sweep there. NULL: never. */
    int (*interrupted)(void *self);
    void *self; /* of both */
    double report_seconds;
    uint32_t
        network_batch; /* most networks on the device at once, which changes no result; 0: all that train together */
    const char *path;  /* the results are saved there now and then and at the end; NULL: nowhere */
    /*
     * NULL: this process alone. Else the networks are dispatched to the ranks as these become free, each of which has an
     * engine of its own (the engine options' ranks are NULL); the results are rank 0's, which alone saves them. Rows that
     * are finished before the run are taken from rank 0.
     */
    carrynet_comm *comm;
} carrynet_sweep_options;

/* No reports, nothing saved. */
CARRYNET_API void carrynet_sweep_options_init(carrynet_sweep_options *options);

/*
 * Trains the rows that are asked for and not finished. Networks of one shape, batch, optimizer and loss train together.
 * OK also if the caller ended it: carrynet_sweep_count tells. Errors of carrynet_train, and IO where the last saving
 * fails; what was finished before an error is saved all the same.
 */
CARRYNET_API carrynet_status carrynet_sweep_run(carrynet_sweep *sweep, const carrynet_engine_options *engine,
                                                const carrynet_sweep_options *options);

/* What a run would take. */
typedef struct carrynet_sweep_estimate {
    char device[512];
    uint64_t networks; /* to be trained */
    uint64_t groups;   /* in which they train together */
    uint64_t memory;   /* bytes of the device at most */
    double seconds;    /* if no network becomes exact before its budget ends */
} carrynet_sweep_estimate;

/*
 * Measures for about a second: sets the groups up that need most memory and most work and trains a little, by which no
 * row is finished. Errors of the engine.
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
 * Makes such a file without a row before a run, so that no other run takes the name: of several, one can. ARGUMENT if
 * there is one already; IO. carrynet_sweep_release removes it again where it is still that file.
 */
CARRYNET_API carrynet_status carrynet_sweep_reserve(carrynet_sweep *sweep, const char *path);
CARRYNET_API void carrynet_sweep_release(const carrynet_sweep *sweep, const char *path);

/*
 * Takes the rows of such a file as finished. IO; FORMAT, naming line and column, if it is no such file, belongs to
 * another sweep, or has a row that is not asked for.
 */
CARRYNET_API carrynet_status carrynet_sweep_load(carrynet_sweep *sweep, const char *path);

/*
 * Joins the files of the shards of a sweep: `path` is then the file of the whole sweep, byte for byte. FORMAT, naming
 * the first row, if a row is in two of them or in none, not as a sweep writes it, or of another sweep.
 */
CARRYNET_API carrynet_status carrynet_sweep_merge(const char *path, const char *const *parts, size_t count);

/* A row as a file has it. */
typedef struct carrynet_sweep_row {
    uint64_t row, rows; /* its number, from 1, of how many the sweep has */
    uint64_t sweep;     /* the number of the sweep */
    carrynet_settings settings;
    carrynet_sweep_result result;
} carrynet_sweep_row;

/* Reads a row of a results file. IO; FORMAT, naming line and column, if it is no such file or lacks the row. */
CARRYNET_API carrynet_status carrynet_sweep_read(carrynet_sweep_row *found, const char *path, uint64_t row);

/*
 * A row names its task; one that is not built in as NAME:DIGEST, without its table: then settings.task.states is 0, and
 * the row is trained again only after this has given it the table. ARGUMENT if it is another task.
 */
CARRYNET_API carrynet_status carrynet_sweep_supply(carrynet_sweep_row *row, const carrynet_task *task);

/*
 * Trains the one network of such settings as a sweep does. *model is the caller's, to free with carrynet_model_free;
 * result->finished is false where the caller ended the training. options may be NULL. Errors of carrynet_train.
 */
CARRYNET_API carrynet_status carrynet_sweep_reproduce(carrynet_model **model, carrynet_sweep_result *result,
                                                      const carrynet_settings *settings,
                                                      const carrynet_engine_options *engine,
                                                      const carrynet_train_options *options);

#ifdef __cplusplus
}
#endif

#endif
